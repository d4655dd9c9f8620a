#ifndef SIM_NET_ICMP_H
#define SIM_NET_ICMP_H
/*
 * icmp - ICMP (RFC 792) and ICMPv6 (RFC 4443): errors, echo, and ping.
 *
 *   reason       ICMP type, code      ICMPv6 type, code
 *   net          3, 0                 1, 0   no route
 *   host         3, 1                 1, 3   address unreachable
 *   port         3, 3                 1, 4
 *   admin        3, 13                1, 1   a firewall that says so
 *   ttl          11, 0                3, 0
 *   too big      3, 4                 2, 0
 *
 * An error is never sent about an ICMP error, a fragment, or a packet to or from a multicast or broadcast
 * address (RFC 1122 section 3.2.2, RFC 4443 section 2.4).
 */
#include "sim/net/net.h"

#define NET_ICMP_HEADER 8
#define NET_ICMP4_QUOTE 548  /* octets of the packet in an error: 576 in all, RFC 1812 section 4.3.2.3 */
#define NET_ICMP6_QUOTE 1232 /* 1280 in all, RFC 4443 section 2.4 */
#define NET_PING_MAX    1400 /* octets of data */

struct net_icmp {
    struct core_pool pings; /* echo requests that wait for an answer */
    struct net_ping *waiting;
    uint16_t next_id;
};

void net_icmp_init(struct net *net);
void net_icmp_free(struct net *net);

/* Answers p, which arrived at or was forwarded by `host`, with an error, if RFC rules allow one. p stays the
 * caller's. `mtu` for TOO_BIG. `cause`: the record that explains it; 0: what caused p. */
void net_icmp_error(struct net_host *host, struct net_packet *p, enum net_unreachable reason, uint16_t mtu,
                    uint64_t cause);

/* An ICMP or ICMPv6 message for `host`. Takes p over. */
void net_icmp_input(struct net_host *host, struct net_packet *p);

/* Writes the checksum of the message in p. */
void net_icmp_seal(struct net_packet *p, const struct net_addr *src, const struct net_addr *dst);
/* An echo request of `host` did not arrive: `message` is its ICMP header; `from` says so, NULL: this host. */
void net_ping_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *from,
                          const uint8_t *message);
/* An echo reply has arrived. p stays the caller's. */
void net_ping_reply(struct net_host *host, const struct net_packet *p);

enum net_ping_end { NET_PING_REPLY, NET_PING_ERROR, NET_PING_TIMEOUT };

struct net_ping_result {
    enum net_ping_end end;
    enum net_unreachable reason; /* ERROR */
    struct net_addr from;        /* who answered; all zero: nobody, or this host itself */
    uint64_t rtt_ns;
    uint16_t seq;
    uint8_t ttl; /* REPLY: of the reply when it arrived */
};
typedef void net_ping_fn(void *ctx, const struct net_ping_result *result);

struct net_ping_params {
    struct net_addr dst;
    uint8_t ttl;      /* 0: NET_TTL */
    uint16_t seq;     /* sequence number to send */
    uint16_t octets;  /* of data */
    uint64_t wait_ns; /* 0: 1 s */
};

/* Sends one echo request; `fn` is called once, never before this returns. False: no route. */
bool net_ping(struct net_host *host, const struct net_ping_params *params, net_ping_fn *fn, void *ctx);
#endif
