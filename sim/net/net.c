/* The network as a whole: its packets, its addresses, its beginning and end. */
#include "sim/net/net.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/net/ether.h"
#include "sim/net/fault.h"
#include "sim/net/icmp.h"
#include "sim/net/neighbour.h"
#include "sim/net/net_record.h"
#include "sim/net/tcp.h"
#include "sim/net/udp.h"

#define PACKET_OCTETS(frame) (sizeof(struct net_packet) + 2 + (frame))

const char *net_drop_word(enum net_drop why)
{
#define X(name, word) [NET_DROP_##name] = word,
    static const char *const words[NET_DROP_COUNT] = { NET_DROPS(X) };
#undef X
    assert(why < NET_DROP_COUNT);
    return words[why];
}

void net_init(struct net *net, struct core_queue *queue, struct trace *trace, uint64_t seed)
{
    *net = (struct net){ .queue = queue, .trace = trace, .seed = seed, .version = 1 };
    queue->ahead = net_ahead;
    core_pool_init(&net->small, PACKET_OCTETS(NET_SMALL), 0);
    core_pool_init(&net->large, PACKET_OCTETS(NET_FRAME_MAX), 0);
    core_depot_init(&net->depot);
    net_neighbours_init(net);
    net_icmp_init(net);
    net_udp_init(net);
    net_tcp_init(net);
}

void net_free(struct net *net)
{
    net_tcp_free(net);
    net_udp_free(net);
    net_icmp_free(net);
    for (size_t i = 0; i < net->nlinks; i++)
        net_link_release(net->links[i]);
    for (size_t i = 0; i < net->nhosts; i++)
        net_host_release(net->hosts[i]);
    net_neighbours_free(net);
    free(net->hosts);
    free(net->links);
    free(net->owners);
    core_arena_free(&net->arena);
    core_depot_free(&net->depot);
    core_pool_free(&net->small);
    core_pool_free(&net->large);
    *net = (struct net){ 0 };
}

size_t net_octets(const struct net *net)
{
    size_t octets = net->arena.octets + net->max_owners * sizeof *net->owners +
                    net->max_hosts * sizeof *net->hosts + net->max_links * sizeof *net->links;
    for (size_t i = 0; i < net->nhosts; i++) {
        const struct net_host *h = net->hosts[i];
        octets += h->max_routes * sizeof *h->routes;
        if (h->ifaces != h->first)
            octets += h->max_ifaces * sizeof *h->ifaces;
    }
    for (size_t i = 0; i < net->nlinks; i++)
        if (net->links[i]->ports != net->links[i]->two)
            octets += net->links[i]->max_ports * sizeof *net->links[i]->ports;
    return octets + net_neighbours_octets(net);
}

/* ---- packets ------------------------------------------------------------------------------ */

static struct net_packet *take(struct net *net, size_t frame_octets)
{
    bool large = frame_octets > NET_SMALL;
    struct net_packet *p = core_pool_take(large ? &net->large : &net->small);
    assert(frame_octets <= NET_FRAME_MAX);
    p->iface = NULL;
    p->net = net;
    p->next = NULL;
    p->cause = 0;
    p->frame = 0;
    p->len = (uint16_t)frame_octets;
    p->l3 = 2 + NET_ETHER;
    p->large = large;
    p->proto = 0;
    p->has_relative = 0;
    p->conn = 0;
    p->flow = 0;
    p->changed = 0;
    return p;
}

struct net_packet *net_packet_take(struct net *net, int family, size_t l4_octets)
{
    size_t header = family == 4 ? NET_IP4_HEADER : NET_IP6_HEADER;
    struct net_packet *p = take(net, NET_ETHER + header + l4_octets);
    p->l4 = (uint16_t)(2 + NET_ETHER + header);
    p->l4_len = (uint16_t)l4_octets;
    return p;
}

struct net_packet *net_packet_raw(struct net *net, size_t octets)
{
    struct net_packet *p = take(net, NET_ETHER + octets);
    p->l4 = p->l3;
    p->l4_len = (uint16_t)octets;
    return p;
}

struct net_packet *net_packet_copy(struct net *net, const struct net_packet *p)
{
    struct net_packet *copy = core_pool_take(p->large ? &net->large : &net->small);
    memcpy(copy, p, PACKET_OCTETS(p->len));
    return copy;
}

void net_packet_give(struct net *net, struct net_packet *p)
{
    core_pool_give(p->large ? &net->large : &net->small, p);
}

/* ---- who has an address ------------------------------------------------------------------- */

static size_t owner_slot(const struct net *net, const struct net_addr *a)
{
    return (size_t)net_addr_hash(a, 0) & (net->max_owners - 1);
}

struct net_iface *net_owner(const struct net *net, const struct net_addr *a)
{
    if (net->nowners == 0 || (a->q[0] == 0 && a->q[1] == 0))
        return NULL;
    for (size_t i = owner_slot(net, a);; i = (i + 1) & (net->max_owners - 1)) {
        struct net_iface *iface = net->owners[i];
        if (!iface || net_addr_same(&iface->ip4, a) || net_addr_same(&iface->ip6, a))
            return iface;
    }
}

static void owner_put(struct net *net, const struct net_addr *a, struct net_iface *iface)
{
    size_t i = owner_slot(net, a);
    while (net->owners[i])
        i = (i + 1) & (net->max_owners - 1);
    net->owners[i] = iface;
}

void net_owner_add(struct net *net, const struct net_addr *a, struct net_iface *iface)
{
    if ((net->nowners + 1) * 2 > net->max_owners) {
        size_t old_max = net->max_owners;
        struct net_iface **old = net->owners;
        net->max_owners = old_max ? old_max * 2 : 64;
        net->owners = core_alloc(net->max_owners * sizeof *net->owners);
        /* An interface with two addresses is met twice, and put back by the first meeting. */
        for (size_t i = 0; i < old_max; i++) {
            struct net_iface *o = old[i];
            if (!o)
                continue;
            if (o->bits4 && net_owner(net, &o->ip4) != o)
                owner_put(net, &o->ip4, o);
            if (o->bits6 && net_owner(net, &o->ip6) != o)
                owner_put(net, &o->ip6, o);
        }
        free(old);
    }
    if (net_owner(net, a) != iface)
        owner_put(net, a, iface);
    net->nowners++;
}

bool net_host_owns(const struct net_host *host, const struct net_addr *a)
{
    static const struct net_addr loop6 = { .b = { [15] = 1 } };
    const struct net_iface *iface = host->nifaces ? host->ifaces[0] : NULL;
    if (iface && (net_addr_same(&iface->ip4, a) || net_addr_same(&iface->ip6, a)))
        return true;
    if ((net_addr_is4(a) && a->b[12] == 127) || net_addr_same(a, &loop6))
        return true;
    iface = host->nifaces > 1 ? net_owner(host->net, a) : NULL;
    return iface && iface->host == host;
}

/* ---- ends ----------------------------------------------------------------------------------- */

void net_drop(struct net *net, struct net_host *host, struct net_packet *p, enum net_drop why)
{
    net->stats.dropped[why]++;
    if (trace_wants(net->trace, TRACE_PACKET))
        net_record_wanted(net, TRACE_KIND_DROPPED, host, p->iface ? p->iface->link : NULL, p,
                          net_drop_word(why), NULL);
    else
        trace_skip(net->trace);
    net_packet_give(net, p);
}
