#ifndef SIM_NET_NET_HOST_H
#define SIM_NET_NET_HOST_H
/*
 * net_host - hosts, their interfaces and their routes.
 *
 *   net_host "alice" --- net_iface 192.0.2.10/24, 02:00:00:01:00:00 --- net_link "home"
 *        `-- routes:  192.0.2.0/24   on the link        added with the interface
 *                     0.0.0.0/0      via 192.0.2.1      added by net_route_add
 *
 * A host forwards packets that are not for it only if `forwards` is set: then it is a router.
 * A route is found by the longest prefix that matches. Routes are sorted when they are first used
 * after a change, by family, length and prefix: a look-up is a binary search for each length in use.
 * A MAC address is 02, three octets of the host's number, two of the interface's index: locally
 * administered, and whose it is can be read from it.
 */
#include "sim/net/net.h"

struct net_firewall;
struct net_tampers;

struct net_iface {
    struct net_host *host;
    struct net_link *link;
    uint64_t free_ns;         /* its transmitter has then sent all that it was given */
    uint64_t last_arrival_ns; /* of the frames it has sent: none may overtake another */
    struct net_departures
        *departures;              /* owned by the link: when the queued frames leave; NULL: not counted */
    struct net_neighbour *recent; /* the neighbour used last; NULL: none */
    struct net_addr ip4, ip6;     /* all zero: none */
    uint8_t mac[6];
    uint8_t bits4, bits6; /* prefix lengths */
    uint16_t index;       /* in host->ifaces */
    bool up;              /* an interface that is down neither sends nor receives */
};

struct net_route {
    uint64_t high, low;        /* prefix in host order; IPv4 as ::ffff:a.b.c.d */
    struct net_neighbour *via; /* the gateway; NULL: the destination is on the link */
    struct net_iface *iface;
    uint32_t run; /* once sorted: in the first route of one family and length, how many there are */
    uint8_t bits; /* 0..128; IPv4 counts from 96 */
    uint8_t family;
};

/* A router's memory of where packets went: slot[hash(dst)], for one state of the network. */
struct net_ways {
    uint32_t version, mask;
    struct {
        struct net_addr dst;
        struct net_neighbour *to; /* NULL: empty */
    } slot[];
};

struct net_host {
    struct net *net;
    struct net_iface **ifaces; /* ifaces[i]->index is i */
    struct net_iface *first[1];
    struct net_route *routes;
    struct net_firewall *firewall; /* borrowed; NULL: lets everything pass */
    struct net_tampers *tampers;   /* borrowed; NULL: passes everything on as it is */
    void *app;                     /* for sim/hosts */
    struct net_ways *ways;         /* owned; NULL: it has not forwarded anything */
    const char *name;              /* the network's copy */
    const char *label, *fqdn;      /* borrowed, for the opening; NULL: none */
    const char *role;
    uint32_t number; /* from 1, the trace's host */
    uint32_t nroutes, max_routes;
    uint32_t draws; /* ephemeral UDP ports drawn so far */
    uint16_t nifaces, max_ifaces;
    uint16_t ip_id;
    bool forwards; /* a router */
    bool sorted;   /* routes */
};

/* Adds a host that does not forward. `name` is copied. */
struct net_host *net_host_add(struct net *net, const char *name);

/* The host with that name or number; NULL: none. By name it is a search through all. */
struct net_host *net_host_find(const struct net *net, const char *name);

static inline struct net_host *net_host_at(const struct net *net, uint32_t number)
{
    return number >= 1 && number <= net->nhosts ? net->hosts[number - 1] : NULL;
}

/* Adds an interface on `link`, and a route for each prefix. An address may be NULL.
 * NULL: an address is already in use somewhere, or the host has 65,535 interfaces. */
struct net_iface *net_iface_add(struct net_host *host, struct net_link *link, const struct net_addr *ip4,
                                unsigned bits4, const struct net_addr *ip6, unsigned bits6);

/* Takes an interface out of service, as if its cable were pulled, or back. */
void net_iface_set_up(struct net_iface *iface, bool up);

/* The interface with that MAC address on `link`, or NULL. */
struct net_iface *net_iface_by_mac(const struct net_link *link, const uint8_t mac[6]);

/* Adds a route to prefix/bits through `gateway`, which must be on the link of one of the host's interfaces.
 * `bits` 0: the default route of the gateway's family. A route to the same prefix is replaced.
 * False: the gateway is not on any of its links, bits is too large, or there are too many neighbours. */
bool net_route_add(struct net_host *host, const struct net_addr *prefix, unsigned bits,
                   const struct net_addr *gateway);

/* For net_iface_add: the prefix is on the link. */
void net_route_add_link(struct net_iface *iface, const struct net_addr *prefix, unsigned bits);

/* Removes the route to prefix/bits. False: there was none. */
bool net_route_remove(struct net_host *host, const struct net_addr *prefix, unsigned bits);

/* The route that a packet to `dst` takes; NULL: none. */
const struct net_route *net_route_find(struct net_host *host, const struct net_addr *dst);

/* Where the last packet to `dst` was forwarded to, if nothing has changed in the network since; NULL: not
 * known. */
static inline struct net_neighbour *net_way_find(const struct net_host *host, const struct net_addr *dst)
{
    const struct net_ways *w = host->ways;
    uint32_t i;
    if (!w || w->version != host->net->version)
        return NULL;
    i = (uint32_t)net_addr_hash(dst, 0) & w->mask;
    return net_addr_same(&w->slot[i].dst, dst) ? w->slot[i].to : NULL;
}
void net_way_keep(struct net_host *host, const struct net_addr *dst, struct net_neighbour *to);

/* True if a and the prefix agree in the first `bits` bits (of 32 or 128, as the family says). */
bool net_addr_within(const struct net_addr *a, const struct net_addr *prefix, unsigned bits);

/* For net.c: enters an address into the table of net_owner; frees what a host has outside the arena. */
void net_owner_add(struct net *net, const struct net_addr *a, struct net_iface *iface);
void net_host_release(struct net_host *host);

/* Fills o->hosts and o->links from the network. What it points to lives until the network is freed. */
void net_opening(struct net *net, struct trace_opening *o);
#endif
