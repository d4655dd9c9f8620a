#ifndef SIM_NET_UDP_H
#define SIM_NET_UDP_H
/*
 * udp - datagrams (RFC 768).
 *
 *   udp_bind(host, 53, ...)  server   <----   udp_bind(host, 0, ...), udp_send   client
 *
 * A socket receives what is sent to its port on any address of its host, in either family, and
 * answers from the address that fits the destination. Datagrams are never fragmented. Nobody on
 * the port: the sender is told "port unreachable".
 */
#include "sim/net/net.h"

#define UDP_HEADER          8
#define UDP_PAYLOAD_MAX     1452  /* octets: what fits one packet in both families */
#define UDP_EPHEMERAL_FIRST 49152 /* RFC 6335 section 6; up to 65535 */

struct udp_socket;

/* A datagram; `octets` are valid during the call. It may send, and may close `s`. */
typedef void udp_receive_fn(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                            const uint8_t *octets, size_t len);
/* What was sent to dst, dport did not arrive: ICMP or this host's own look-ups say so. */
typedef void udp_unreachable_fn(struct udp_socket *s, void *ctx, const struct net_addr *dst, uint16_t dport,
                                enum net_unreachable reason);

void net_udp_init(struct net *net);
void net_udp_free(struct net *net);

/* Takes `port` of the host; 0: a free one of the ephemeral ports, drawn from the seed.
 * NULL: it is taken. */
struct udp_socket *udp_bind(struct net_host *host, uint16_t port, udp_receive_fn *receive, void *ctx);
void udp_close(struct udp_socket *s);
void udp_on_unreachable(struct udp_socket *s, udp_unreachable_fn *fn);

/* Sends one datagram. False: no route, or len is over UDP_PAYLOAD_MAX. */
bool udp_send(struct udp_socket *s, const struct net_addr *dst, uint16_t dport, const void *octets,
              size_t len);
/* The same from `src`, one of the host's addresses: a server answers from the address that was asked. */
bool udp_send_from(struct udp_socket *s, const struct net_addr *src, const struct net_addr *dst,
                   uint16_t dport, const void *octets, size_t len);

uint16_t udp_port(const struct udp_socket *s);
struct net_host *udp_host(const struct udp_socket *s);

/* The address that the datagram which is being received was sent to. */
const struct net_addr *udp_received_at(const struct udp_socket *s);

/* The number that ties a question to its answer: the trace's conn of all datagrams that the socket sends.
 * During a receive call it is the number of the datagram received, so that an answer given at
 * once has its question's number. */
uint32_t udp_exchange(const struct udp_socket *s);
void udp_set_exchange(struct udp_socket *s, uint32_t exchange);
static inline uint32_t net_exchange_next(struct net *net)
{
    return ++net->conns;
}

struct udp_stats {
    uint64_t sent, received, bad_checksum, no_socket;
    size_t open; /* sockets */
};
const struct udp_stats *udp_stats(const struct net *net);
#endif
