#ifndef SIM_HOSTS_SCRATCH_H
#define SIM_HOSTS_SCRATCH_H
/* scratch - the big objects that engines fill, one of each for a world: a step is used up before the next
 * one begins, so all sessions share them. */
#include "protocols/dns/dns_resolver.h"
#include "protocols/dns/dns_stub.h"
#include "protocols/imap/imap_client.h"
#include "protocols/imap/imap_server.h"
#include "protocols/pop3/pop3_client.h"
#include "protocols/pop3/pop3_server.h"
#include "protocols/smtp/smtp_client.h"
#include "protocols/smtp/smtp_server.h"
#include "protocols/tls/tls_session.h"

#define SCRATCH_TRIED 256 /* octets with NUL */
#define SCRATCH_UIDL  24  /* octets: 16 digits and a NUL */

struct scratch {
    struct dns_lookup_step lookup;
    struct smtp_server_step smtp_server;
    struct smtp_client_step smtp_client;
    struct pop3_step pop3_server;
    struct pop3_client_step pop3_client;
    struct imap_step imap_server;
    struct tls_step tls;
    struct wire_out heard; /* what a real program said inside TLS */
    struct imap_client_step imap_client;
    struct imap_client_scratch imap_client_scratch;
    struct imap_scratch *imap_server_scratch; /* owned */
    char uidl[SCRATCH_UIDL];
    char queued_as[32];
    char last_sender[WIRE_PATH_MAX + 1]; /* of the transaction that was given up last */
    char tried[SCRATCH_TRIED];           /* the name of the last login attempt */
    uint8_t dns_reply[DNS_MESSAGE_MAX];
    uint8_t dns_resolver[DNS_RESOLVER_SCRATCH];
};
#endif
