#ifndef SIM_HOSTS_SERVICE_AUTH_H
#define SIM_HOSTS_SERVICE_AUTH_H
/*
 * service_auth - the accounts of a store, offered to SMTP, POP3 and IMAP servers through SASL.
 *
 *   engine --wire_auth_server--> service_auth --> protocols/sasl --> store_user, password
 *
 * The name that is being proven takes memory only while the exchange lasts.
 */
#include "protocols/sasl/sasl.h"
#include "sim/hosts/store.h"

struct service_auth {
    struct sasl_server sasl;
    struct host *host;
    struct user *user; /* proven; NULL before */
    struct user *claimed;
    const char *method; /* of the proof: "PLAIN", "USER"; NULL before */
};

extern const struct wire_auth_server service_auth_ops; /* ctx is a struct service_auth */

/* For a service: mechanisms by name ("PLAIN LOGIN"); NULL: all. `tls_first`: the service offers STARTTLS, and
 * before it nobody can log in, not even without showing the password: whoever is on the way could change what
 * follows (RFC 8314 section 3.3). Memory is the world's. */
const struct sasl_server_config *service_auth_config(struct host *host, const char *mechanisms,
                                                     bool tls_first);

void service_auth_init(struct service_auth *a, const struct sasl_server_config *config, struct host *host);
/* The connection is inside TLS now: passwords may travel, and -PLUS is offered. */
struct pump;
void service_auth_secured(struct service_auth *a, const struct pump *p);
void service_auth_end(struct service_auth *a);
/* For the record of a failed login: by which mechanism, as which user, and what exactly was wrong with a
 * proof, which only this end ever learns. Valid at once. */
void service_auth_attr_failed(struct trace_record *r, const struct service_auth *a);
/* The name that was claimed last on this world's services: for the record of a failed login, at once. */
const char *service_auth_tried(const struct service_auth *a);
void service_auth_init_world(struct world *w);

/* A SCRAM nonce from the world's chance. Returns its octets. */
size_t service_auth_nonce(struct world *w, char out[SASL_NONCE_MAX]);

/* HMAC-MD5 and friends for protocols/sasl. */
extern const struct sasl_digest_ops service_digests;
#endif
