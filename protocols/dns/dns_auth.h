#ifndef PROTOCOLS_DNS_AUTH_H
#define PROTOCOLS_DNS_AUTH_H
/*
 * dns_auth - the authoritative server: one query in, one reply out (RFC 1034 section 4.3.2).
 *
 *   the name                        rcode     AA  answer          authority   additional
 *   exists, has the type            NOERROR   1   the RRset       -           A, AAAA of targets
 *   exists, is an alias             NOERROR   1   CNAME, chased   -           same
 *   exists, lacks the type          NOERROR   1   -               SOA         -
 *   does not exist                  NXDOMAIN  1   -               SOA         -
 *   does not exist, * above it      NOERROR   1   the RRset, made from the *
 *   at or below a zone cut          NOERROR   0   -               NS          glue
 *   in none of our zones            REFUSED   0   -               -           -
 *
 * Works on one datagram or one TCP message (without its two octets of length). Keeps no
 * state: the same struct serves any number of sockets.
 */
#include "protocols/dns/dns_verdict.h"
#include "protocols/dns/dns_zone.h"

/* CNAMEs chased inside the server, ours; RFC 1034 section 3.6.2 asks for care */
#define DNS_AUTH_ALIASES_MAX 8

enum dns_fault_kind { DNS_FAULT_SERVFAIL, DNS_FAULT_DROP, DNS_FAULT_REFUSED, DNS_FAULT_TRUNCATE };

struct dns_fault {       /* a lesson on demand */
    const uint8_t *name; /* borrowed; at this name and below */
    uint16_t type;       /* 0: any type */
    enum dns_fault_kind kind;
};

struct dns_auth {
    const struct dns_zone *zone; /* borrowed; indexed, then dns_zones_sort() */
    size_t zones;
    const struct dns_fault *fault; /* borrowed; the first that fits is used */
    size_t faults;
    uint16_t udp_octets_max; /* longest UDP reply we send to EDNS0 clients; 0: DNS_EDNS_OCTETS */
    bool no_edns;            /* an old server: ignores OPT, replies of at most 512 octets */
};

/* Returns the octets of the reply, 0 if nothing is to be sent. reply holds cap octets: at
 * least DNS_UDP_MAX. tcp: the limit is cap; else 512 or what the client's EDNS0 offers. */
size_t dns_auth_answer(const struct dns_auth *auth, bool tcp, const uint8_t *query, size_t len,
                       uint8_t *reply, size_t cap, struct dns_step *out);
#endif
