#ifndef SIM_NET_NET_H
#define SIM_NET_NET_H
/*
 * net - the simulated internet: hosts with interfaces on links, and the packets between them.
 *
 *   net_host --- net_iface ===== net_link ===== net_iface --- net_host (router) --- net_iface == ...
 *
 *   send:    tcp/udp/icmp fill p->l4 -> net_ip_send: route, IP header, ARP or ND, Ethernet -> link: queue,
 *            faults, delay -> one event for each receiver
 *   receive: event -> Ethernet -> ARP, or IP: for me? firewall -> tcp/udp/icmp; else forward: TTL,
 *            firewall, next link
 *
 * A link is an Ethernet segment with an ideal switch: a frame reaches the interface that has its
 * destination address, a broadcast or multicast reaches all others. Addresses are
 * one type: IPv4 is held as ::ffff:a.b.c.d. Everything comes from pools; a packet's memory is reused
 * last in, first out. Sizes: an idle host with one interface stays under 512 octets in this room.
 *
 * Here is what all layers share. Hosts, interfaces and routes: net_host.h. Links and their faults:
 * net_link.h, fault.h. Ping: icmp.h. Datagrams: udp.h. Connections: tcp.h. Rules: firewall.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sim/core/pool.h"
#include "sim/core/queue.h"
#include "sim/core/rng.h"
#include "sim/core/trace.h"

#define NET_MTU          1500 /* octets of IP on Ethernet, RFC 894 */
#define NET_ETHER        14   /* octets of Ethernet header */
#define NET_FRAME_MAX    (NET_ETHER + NET_MTU)
#define NET_FRAME_MIN    60  /* shorter frames are padded, IEEE 802.3, without FCS */
#define NET_SMALL        256 /* octets of a frame in a small packet */
#define NET_TTL          64  /* RFC 1700 */
#define NET_IP4_HEADER   20
#define NET_IP6_HEADER   40
#define NET_PROTO_ICMP   1
#define NET_PROTO_TCP    6
#define NET_PROTO_UDP    17
#define NET_PROTO_ICMPV6 58

struct net_addr {
    union {
        uint8_t b[16];
        uint32_t w[4];
        uint64_t q[2];
    };
};

static inline bool net_addr_same(const struct net_addr *a, const struct net_addr *b)
{
    return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

static inline bool net_addr_is4(const struct net_addr *a)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    return memcmp(a->b, mapped, sizeof mapped) == 0;
}

/* For hash tables; it differs between machines, so it decides where something is kept and nothing else. */
static inline uint64_t net_addr_hash(const struct net_addr *a, uint64_t salt)
{
    uint64_t h = (a->q[0] ^ salt) * UINT64_C(0x9e3779b97f4a7c15) ^ a->q[1];
    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

#define NET_ADDR_TEXT 46 /* with NUL */

struct net_addr net_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool net_addr_parse(struct net_addr *out, const char *text); /* "192.0.2.1" or "2001:db8::1" */
const char *net_addr_text(const struct net_addr *a, char buf[NET_ADDR_TEXT]); /* RFC 5952 */

struct net;
struct net_host;
struct net_iface;
struct net_link;
struct net_neighbour;

struct net_packet {
    struct core_event event; /* arrival at `iface` */
    struct net_iface *iface; /* receiving interface, or the sending one while it waits */
    struct net *net;
    struct net_packet *next; /* in a queue that waits for ARP or ND, or in a TCP list */
    uint64_t cause;          /* seq of the record that led to it; the current cause on arrival */
    uint64_t frame;          /* its number in the pcap; 0 before it is sent */
    uint16_t len;            /* octets of the frame, from frame() */
    uint16_t l3, l4;         /* offsets in octets[] of the IP header and of what follows it */
    uint16_t l4_len;         /* octets from l4 on (without Ethernet padding) */
    uint8_t large;           /* which pool it came from */
    uint8_t proto;           /* NET_PROTO_..., 0: not IP */
    uint8_t has_relative;    /* seq_from and ack_from are set */
    uint8_t changed_by;      /* which rules, where `changed` is set: the number of a net_tampers */
    uint32_t conn;           /* the trace's conn: TCP and UDP set it before sending; 0: none */
    /* TCP may set these to the initial sequence numbers of the two directions: the summary in the trace then
     * shows sequence and acknowledgement numbers that count from 0, as analysers do. */
    uint32_t seq_from, ack_from;
    uint32_t flow; /* where the receiver's TCP will look: a hint for net_tcp_ahead, never trusted; 0: none */
    uint32_t changed; /* a bit for each rule by which the router it is in has written into it: tamper.h */
    struct net_addr src, dst; /* set on receive */
    /* 2 octets of padding, so that the IP header is aligned to 4; then the frame */
    _Alignas(8) uint8_t octets[];
};

static inline uint8_t *net_packet_frame(struct net_packet *p)
{
    return p->octets + 2;
}

static inline uint8_t *net_packet_l4(struct net_packet *p)
{
    return p->octets + p->l4;
}

/* A way to one destination that a connection may keep: skips the route and neighbour look-up while
 * `version` is still the network's. Zero it before the first use. */
struct net_path {
    uint32_t version;
    struct net_neighbour *to;
};

/* Why a packet ends without being delivered: the attribute `why` of a DROPPED record.
 * X(enum suffix, word in the trace) */
#define NET_DROPS(X)                                                                                         \
    X(FAULT, "fault")             /* a fault that names the frames it drops */                               \
    X(LOSS, "loss")               /* a fault that drops by chance */                                         \
    X(CUT, "cut")                 /* a fault that drops everything */                                        \
    X(QUEUE, "queue")             /* the transmit queue was full */                                          \
    X(DOWN, "down")               /* the interface is switched off */                                        \
    X(NO_SUCH_MAC, "no-such-mac") /* nobody on the link has the frame's destination address */               \
    X(NEIGHBOUR, "neighbour")     /* ARP or ND got no answer, or too many packets waited for it */           \
    X(NOT_MINE, "not-mine")       /* reached a host that is not its destination and does not forward */      \
    X(NO_ROUTE, "no-route")                                                                                  \
    X(TTL, "ttl")                                                                                            \
    X(TOO_BIG, "too-big") /* for the next link, and it may not be fragmented */                              \
    X(FIREWALL, "firewall")                                                                                  \
    X(FRAGMENT, "fragment") /* fragments are not put together here */                                        \
    X(CHECKSUM, "checksum")                                                                                  \
    X(MALFORMED, "malformed") /* lengths or versions that contradict each other */                           \
    X(NO_SOCKET, "no-socket") /* UDP: nobody listens on the port */                                          \
    X(PROTOCOL, "protocol")   /* an IP protocol that no host here speaks */
#define X(name, word) NET_DROP_##name,
enum net_drop { NET_DROPS(X) NET_DROP_COUNT };
#undef X

const char *net_drop_word(enum net_drop why);

struct net_stats {
    uint64_t forwarded, delivered; /* IP packets */
    uint64_t dropped[NET_DROP_COUNT];
    uint64_t icmp_errors; /* ICMP errors sent */
};

struct net {
    struct core_queue *queue; /* borrowed */
    struct trace *trace;      /* borrowed */
    struct core_pool small,
        large;               /* packets with frames of up to NET_SMALL octets, and of up to a full frame */
    struct core_depot depot; /* buffers: TCP send and receive */
    uint32_t version;        /* from 1; counts changes of routes, interfaces and links: net_path */
    uint32_t conns;          /* numbers given to connections and exchanges so far */
    struct net_tcp *tcp;     /* sim/net/tcp.h */
    struct net_udp *udp;     /* sim/net/udp.h */
    struct net_icmp *icmp;   /* sim/net/icmp.h */
    struct net_neighbours *neighbours; /* sim/net/neighbour.h */
    struct net_host **hosts;           /* hosts[i] has number i + 1 */
    size_t nhosts, max_hosts;
    struct net_link **links; /* links[i] has number i + 1 */
    size_t nlinks, max_links;
    struct net_iface **owners; /* hash of all addresses: net_owner */
    size_t nowners, max_owners;
    struct core_arena arena; /* hosts, interfaces, links: they live as long as the network */
    /* Called for every datagram just before its maker sends it, if someone reads the trace: who knows what is
     * in it records that as a line, and makes it p->cause. NULL: nobody does. */
    void (*datagram)(void *ctx, struct net_host *host, struct net_packet *p);
    void *datagram_ctx;
    uint64_t seed;
    uint64_t packets;  /* frames sent by their makers */
    uint64_t segments; /* of them TCP */
    struct net_stats stats;
};

/* Sets up an empty network, with its UDP, ICMP and TCP (calls net_tcp_init). `queue` and `trace` are
 * borrowed. */
void net_init(struct net *net, struct core_queue *queue, struct trace *trace, uint64_t seed);

/* Frees everything (calls net_tcp_free). The queue must not be run after it: it may hold events of this
 * network. */
void net_free(struct net *net);

/* Octets that the hosts, interfaces, routes, neighbours and links take. */
size_t net_octets(const struct net *net);

/* The interface that has address `a`, or NULL. For records and checks, not for forwarding: packets
 * find their way by routes. */
struct net_iface *net_owner(const struct net *net, const struct net_addr *a);

/* Ends p here: counts it, records why, gives it back. `host` NULL: the network itself. */
void net_drop(struct net *net, struct net_host *host, struct net_packet *p, enum net_drop why);

/* Brings the line `at` octets after `p`, which may be NULL, into the cache. */
static inline void net_prefetch(const void *p, size_t at)
{
    __builtin_prefetch((const void *)((uintptr_t)p + at));
}

/* Packets. `family` 4 or 6; room for `l4_octets` at net_packet_l4(). */
struct net_packet *net_packet_take(struct net *net, int family, size_t l4_octets);
void net_packet_give(struct net *net, struct net_packet *p);

/* Sends p (its l4 part, p->l4_len octets, complete but for the checksum's pseudo-header, which the caller has
 * included) from `src` (an address of host) to `dst`. Takes p over. `path` may be NULL.
 * False: there is no route (p is given back); the caller tells its user. */
bool net_ip_send(struct net_host *host, struct net_packet *p, uint8_t proto, const struct net_addr *src,
                 const struct net_addr *dst, struct net_path *path);

/* The address of `host` to use towards `dst` (RFC 6724 in the small: same family, on the interface of
 * the route). False: no route. */
bool net_source_for(struct net_host *host, const struct net_addr *dst, struct net_addr *src);

/* True if `a` is one of host's own addresses (or loopback). */
bool net_host_owns(const struct net_host *host, const struct net_addr *a);

/* Octets of the largest IP packet that the first link towards `dst` carries; 0: no route. */
unsigned net_mtu_for(struct net_host *host, const struct net_addr *dst);

/* One's complement sum over octets, 16 bits, folded, in memory order; `start` from a pseudo-header. */
uint32_t net_sum(const void *octets, size_t len, uint32_t start);
/* The pseudo-header's part (RFC 9293 section 3.1, RFC 8200 section 8.1). */
uint32_t net_sum_pseudo(const struct net_addr *src, const struct net_addr *dst, uint8_t proto, size_t l4_len);
static inline uint16_t net_sum_finish(uint32_t sum)
{
    return (uint16_t)~sum;
}

/* Upper layers, called by the receive path with p->src, dst, proto, l4, l4_len set. They take p over. */
void net_tcp_input(struct net_host *host, struct net_packet *p);
void net_udp_input(struct net_host *host, struct net_packet *p);
/* p, whose addresses are set, comes from a sender outside this network: gives it the connection's number and
 * initial sequence numbers, for the trace; a SYN gets a new number. */
void net_tcp_recognise(struct net *net, struct net_packet *p);
/* p will arrive soon, after `before` other events: fetches into the cache what TCP will need. */
void net_tcp_ahead(const struct net_packet *p, unsigned before);
/* An ICMP error about a packet of ours: p->l4 points to the quoted IP payload's first 8 octets or more.
 * `reason`: */
enum net_unreachable {
    NET_UNREACH_NET,
    NET_UNREACH_HOST,
    NET_UNREACH_PORT,
    NET_UNREACH_ADMIN,
    NET_UNREACH_TTL,
    NET_UNREACH_TOO_BIG
};
void net_tcp_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *local,
                         const struct net_addr *remote, uint16_t local_port, uint16_t remote_port,
                         uint32_t tcp_seq);
void net_udp_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *local,
                         const struct net_addr *remote, uint16_t local_port, uint16_t remote_port);
#endif
