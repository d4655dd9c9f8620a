#ifndef SIM_NET_TAMPER_H
#define SIM_NET_TAMPER_H
/*
 * tamper - a router that changes what it passes on: somebody in the middle.
 *
 *   server --"250 STARTTLS"--> router with { find "STARTTLS", write "XXXXXXXA" } --"250 XXXXXXXA"--> client
 *
 * It looks into the data of TCP segments that it forwards, writes other octets over those that it finds, as
 * many as before, and mends the TCP checksum as far as its change goes (RFC 1624): neither end can tell.
 * Sequence numbers stay right because the length does. What a sender has cut in two is not found, as with the
 * real boxes. Inside TLS there is nothing to find. Each changed segment leaves a FAULT record, "rewrote",
 * that names rule and host, with the number of the frame that came in. What goes out is a frame of the
 * router's own making: it has a number of its own and a `sent` record of the router, so a capture has both,
 * the words as they were sent and the words as they arrive.
 *
 *   mail  sent 45 "250-STARTTLS"
 *   box   fault rewrote, frame 45: find STARTTLS, write XXXXXXXA
 *   box   sent 46 "250-XXXXXXXA", instead_of 45
 */
#include "sim/net/net_host.h"

#define NET_TAMPER_MAX   64 /* octets that one rule finds and writes */
#define NET_TAMPER_RULES 32 /* of one router: bits of net_packet.changed */

struct net_tamper {
    const char *name;           /* borrowed; for people */
    const char *pointer;        /* borrowed: JSON pointer of the rule in the scenario; NULL: none */
    uint16_t port;              /* either port; 0: any */
    const char *find, *write;   /* borrowed, of one length, 1 to NET_TAMPER_MAX octets */
    uint64_t from_ns, until_ns; /* when it is in force; until 0: to the end */
    uint64_t changed;           /* segments so far */
};

struct net_tampers {
    struct net_tamper *rule;          /* borrowed, and counted in */
    size_t n;                         /* up to NET_TAMPER_RULES */
    const struct net_tampers *before; /* borrowed: what these have replaced during the run; NULL: nothing */
    uint8_t number;                   /* one more than before's */
};

/* Lets the rules of `host` look at p, which it forwards: l3, l4, l4_len and proto are set. */
void net_tamper_apply(struct net_host *host, struct net_packet *p);

/* Instead of a `forwarded` record, for a packet whose `changed` is set: it gets the next frame number and is
 * told as `sent` by the router, with the attributes `instead_of`, the number it had, and `changed`, the
 * words. */
void net_tamper_seal(struct net_iface *iface, struct net_packet *p);
#endif
