#ifndef SIM_NET_NEIGHBOUR_H
#define SIM_NET_NEIGHBOUR_H
/*
 * neighbour - who on the link has an IP address: one cache for ARP (RFC 826) and Neighbor Discovery (RFC
 * 4861).
 *
 *                    a packet waits                  answer
 *   NONE, FAILED -------------------> ASKING ------------------> REACHABLE --60 s--> NONE
 *                                       |  no answer to 3 requests, 1 s apart
 *                                       `--------------------------------> FAILED
 *
 * Ageing needs no timer: an entry is fresh until `until_ns`; when it is next needed after that, it is used
 * once more and asked for at the same time. Entries stay where they are until the network is freed, so a
 * route or a path may point to one. While one is asked for, up to 128 packets wait; the oldest makes room. If
 * it fails, their senders are told "host unreachable": a local one at once, a distant one by ICMP.
 */
#include "sim/net/net_host.h"

#define NET_REACHABLE_NS   (60 * CORE_S) /* an entry's life without a new confirmation */
#define NET_RETRY_NS       CORE_S        /* between requests, RFC 4861 RETRANS_TIMER; RFC 1122 2.3.2.1 */
#define NET_REQUESTS_MAX   3             /* RFC 4861 MAX_MULTICAST_SOLICIT */
#define NET_VERIFY_NS      (NET_REQUESTS_MAX * NET_RETRY_NS) /* an old entry is used while it is asked for */
#define NET_WAITING_MAX    128                               /* packets that wait for one neighbour */

#define NET_NEIGHBOURS_MAX 1000000 /* entries in one network: a stranger may ask for any address of a /64 */

/* X(enum suffix, name in the trace) */
#define NET_NEIGHBOUR_STATES(X)                                                                              \
    X(NONE, "none")                                                                                          \
    X(ASKING, "asking")                                                                                      \
    X(REACHABLE, "reachable")                                                                                \
    X(FAILED, "failed")
#define X(name, word) NET_NEIGHBOUR_##name,
enum net_neighbour_state { NET_NEIGHBOUR_STATES(X) NET_NEIGHBOUR_STATE_COUNT };
#undef X

const char *net_neighbour_state_name(enum net_neighbour_state s);

struct net_neighbour {
    struct net_iface *iface; /* ours: on its link */
    struct net_iface *to;    /* the one that has `mac` */
    uint64_t until_ns;       /* usable before that; 0: not usable */
    uint8_t mac[6];
    uint8_t state;                 /* enum net_neighbour_state; REACHABLE holds only before until_ns */
    struct net_resolution *asking; /* in state ASKING: timer and waiting packets; else NULL */
    struct net_neighbour *chain;   /* in the hash */
    struct net_addr addr;
};

struct net_resolution {
    struct core_timer timer;
    struct net_neighbour *neighbour;
    struct net_packet *first, *last;
    uint64_t cause; /* of the packet that began it */
    unsigned waiting, requests;
};

struct net_neighbours {
    struct net_neighbour **bucket;
    size_t nbuckets, count;
    struct core_pool pool, resolutions;
};

void net_neighbours_init(struct net *net);
void net_neighbours_free(struct net *net);
size_t net_neighbours_octets(const struct net *net);

/* The entry for `addr` on the interface's link; made if there is none. On a link that is a door to the world
 * outside, all addresses have one. NULL: there are NET_NEIGHBOURS_MAX entries. */
struct net_neighbour *net_neighbour_get(struct net_iface *iface, const struct net_addr *addr);
/* The entry if there is one. */
struct net_neighbour *net_neighbour_find(const struct net_iface *iface, const struct net_addr *addr);

/* Sends p to the neighbour: at once if it is known, else when it has answered. Takes p over. */
void net_neighbour_send(struct net_neighbour *n, struct net_packet *p);

/* `addr` has `mac`: an answer or a request said so. `create`: make an entry if there is none. */
void net_neighbour_learn(struct net_iface *iface, const struct net_addr *addr, const uint8_t mac[6],
                         bool create);
#endif
