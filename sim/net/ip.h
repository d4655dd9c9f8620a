#ifndef SIM_NET_IP_H
#define SIM_NET_IP_H
/*
 * ip - IPv4 (RFC 791) and IPv6 (RFC 8200): sending, receiving, forwarding.
 *
 *   net_ip_send -> firewall (out) -> route -> neighbour -> link
 *   net_ip_input -> header good? -> mine -> firewall (in) -> TCP, UDP, ICMP
 *                                `-> not mine, a router -> TTL -> route -> firewall (forward) -> neighbour
 *
 * Packets are sent with DF and never in fragments; fragments that arrive are dropped and counted.
 * A host talks to itself through a loop that is no link: such packets are not frames and not traced.
 */
#include "sim/net/net_host.h"

#define NET_LOOP_NS (10 * CORE_US) /* a packet's way through its own host */

enum net_ip_flags {
    NET_IP_UNFILTERED = 1 /* the firewall's own answers pass the firewall */
};

/* net_ip_send with a TTL and flags. */
bool net_ip_output(struct net_host *host, struct net_packet *p, uint8_t proto, const struct net_addr *src,
                   const struct net_addr *dst, uint8_t ttl, unsigned flags);

/* Writes p's IP header, in front of p->l4_len octets at p->l4, and sets p->proto. `id`: IPv4. */
void net_ip_header(struct net_packet *p, uint8_t proto, const struct net_addr *src,
                   const struct net_addr *dst, uint8_t ttl, uint16_t id);

/* A frame of type IPv4 or IPv6 has arrived at p->iface. Takes p over. */
void net_ip4_input(struct net_packet *p);
void net_ip6_input(struct net_packet *p);

/* Hands p, whose src, dst, proto, l4 and l4_len are set, to the upper layers of `host`. Takes p over. */
void net_ip_deliver(struct net_host *host, struct net_packet *p);

/* Reads the addresses of p's IP header, whose family l4 - l3 or the version tells, into p->src and p->dst. */
void net_ip_addresses(struct net_packet *p);

/* Tells the upper layer of `host` that the packet with this IP header and at least 8 octets after it, which
 * it had sent, did not arrive. */
void net_ip_unreachable(struct net_host *host, enum net_unreachable reason, uint8_t proto,
                        const struct net_addr *local, const struct net_addr *remote, const uint8_t *l4);
#endif
