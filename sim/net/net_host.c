/* Hosts and interfaces, and how they introduce themselves to the trace. */
#include "sim/net/net_host.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/net/net_link.h"
#include "sim/net/octets.h"

#define IFACES_MAX 65535 /* the index has two octets of the MAC address */

struct net_host *net_host_add(struct net *net, const char *name)
{
    struct net_host *h = core_arena_take(&net->arena, sizeof *h);
    h->net = net;
    h->name = core_arena_copy(&net->arena, name, strlen(name));
    h->ifaces = h->first;
    h->max_ifaces = 1;
    h->number = (uint32_t)net->nhosts + 1;
    h->sorted = true;
    if (net->nhosts == net->max_hosts) {
        net->max_hosts = net->max_hosts ? net->max_hosts * 2 : 16;
        net->hosts = core_realloc(net->hosts, net->max_hosts * sizeof *net->hosts);
    }
    net->hosts[net->nhosts++] = h;
    return h;
}

void net_host_release(struct net_host *h)
{
    free(h->ways);
    free(h->routes);
    if (h->ifaces != h->first)
        free(h->ifaces);
}

struct net_host *net_host_find(const struct net *net, const char *name)
{
    for (size_t i = 0; i < net->nhosts; i++)
        if (strcmp(net->hosts[i]->name, name) == 0)
            return net->hosts[i];
    return NULL;
}

static void host_append(struct net_host *h, struct net_iface *iface)
{
    if (h->nifaces == h->max_ifaces) {
        size_t want = h->max_ifaces * 2u < IFACES_MAX ? h->max_ifaces * 2u : IFACES_MAX;
        struct net_iface **grown = core_alloc(want * sizeof *grown);
        memcpy(grown, h->ifaces, h->nifaces * sizeof *grown);
        if (h->ifaces != h->first)
            free(h->ifaces);
        h->ifaces = grown;
        h->max_ifaces = (uint16_t)want;
    }
    iface->index = h->nifaces;
    h->ifaces[h->nifaces++] = iface;
}

struct net_iface *net_iface_add(struct net_host *h, struct net_link *link, const struct net_addr *ip4,
                                unsigned bits4, const struct net_addr *ip6, unsigned bits6)
{
    struct net *net = h->net;
    struct net_iface *iface;
    assert(bits4 <= 32 && bits6 <= 128);
    if (h->nifaces == IFACES_MAX || (ip4 && net_owner(net, ip4)) || (ip6 && net_owner(net, ip6)))
        return NULL;
    iface = core_arena_take(&net->arena, sizeof *iface);
    iface->host = h;
    iface->link = link;
    iface->up = true;
    host_append(h, iface);
    iface->mac[0] = 0x02;
    net_put16(iface->mac + 2, (uint16_t)h->number);
    iface->mac[1] = (uint8_t)(h->number >> 16);
    net_put16(iface->mac + 4, iface->index);
    if (ip4) {
        iface->ip4 = *ip4;
        iface->bits4 = (uint8_t)bits4;
        net_owner_add(net, ip4, iface);
        net_route_add_link(iface, ip4, bits4);
    }
    if (ip6) {
        iface->ip6 = *ip6;
        iface->bits6 = (uint8_t)bits6;
        net_owner_add(net, ip6, iface);
        net_route_add_link(iface, ip6, bits6);
    }
    net_link_attach(link, iface);
    net->version++;
    return iface;
}

void net_iface_set_up(struct net_iface *iface, bool up)
{
    iface->up = up;
}

struct net_iface *net_iface_by_mac(const struct net_link *link, const uint8_t mac[6])
{
    struct net_host *h;
    unsigned index = net_get16(mac + 4);
    if (mac[0] != 0x02)
        return NULL;
    h = net_host_at(link->net, (uint32_t)mac[1] << 16 | net_get16(mac + 2));
    return h && index < h->nifaces && h->ifaces[index]->link == link ? h->ifaces[index] : NULL;
}

static void open_iface(struct trace_iface *out, const struct net_iface *iface)
{
    out->link = iface->link->number;
    memcpy(out->mac, iface->mac, sizeof out->mac);
    memcpy(out->ip4, iface->ip4.b + 12, sizeof out->ip4);
    memcpy(out->ip6, iface->ip6.b, sizeof out->ip6);
    out->ip4_prefix = iface->bits4;
    out->ip6_prefix = iface->bits6;
}

void net_opening(struct net *net, struct trace_opening *o)
{
    struct trace_host *hosts = core_arena_take(&net->arena, net->nhosts * sizeof *hosts);
    struct trace_link *links = core_arena_take(&net->arena, net->nlinks * sizeof *links);
    for (size_t i = 0; i < net->nhosts; i++) {
        const struct net_host *h = net->hosts[i];
        struct trace_iface *ifaces = core_arena_take(&net->arena, h->nifaces * sizeof *ifaces);
        for (size_t k = 0; k < h->nifaces; k++)
            open_iface(&ifaces[k], h->ifaces[k]);
        hosts[i] = (struct trace_host){ .name = h->name,
                                        .label = h->label ? h->label : h->name,
                                        .fqdn = h->fqdn ? h->fqdn : "",
                                        .role = h->role       ? h->role
                                                : h->forwards ? "router"
                                                              : "client",
                                        .ifaces = ifaces,
                                        .nifaces = h->nifaces };
    }
    for (size_t i = 0; i < net->nlinks; i++) {
        const struct net_link *l = net->links[i];
        links[i] = (struct trace_link){ .name = l->name,
                                        .label = l->label ? l->label : l->name,
                                        .rate_bps = l->params.rate_bps,
                                        .delay_ns = l->params.delay_ns };
    }
    o->hosts = hosts;
    o->nhosts = net->nhosts;
    o->links = links;
    o->nlinks = net->nlinks;
}
