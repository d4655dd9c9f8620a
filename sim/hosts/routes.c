/* Routes from the shape of the network: a breadth-first search over links. */
#include "sim/hosts/routes.h"

#include <stdlib.h>
#include <string.h>

#include "sim/net/net_host.h"
#include "sim/net/net_link.h"

struct map { /* what the search needs to know of each link, by number */
    struct net *net;
    uint32_t *routers;         /* how many forwarding interfaces it has */
    struct net_iface **router; /* the first of them */
    struct net_iface **via;    /* of the search: the first router on the way; NULL: not reached */
    bool *reached;
    struct net_link **todo;
};

static void map_make(struct map *m, struct net *net)
{
    size_t n = net->nlinks + 1;
    *m = (struct map){ .net = net };
    m->routers = core_alloc(n * sizeof *m->routers);
    m->router = core_alloc(n * sizeof *m->router);
    m->via = core_alloc(n * sizeof *m->via);
    m->reached = core_alloc(n * sizeof *m->reached);
    m->todo = core_alloc(n * sizeof *m->todo);
    for (size_t i = 0; i < net->nhosts; i++) {
        struct net_host *h = net->hosts[i];
        for (unsigned k = 0; h->forwards && k < h->nifaces; k++) {
            uint32_t l = h->ifaces[k]->link->number;
            if (m->routers[l]++ == 0)
                m->router[l] = h->ifaces[k];
        }
    }
}

static void map_free(struct map *m)
{
    free(m->routers);
    free(m->router);
    free(m->via);
    free(m->reached);
    free(m->todo);
}

static bool same_prefix(const struct net_iface *a, const struct net_iface *b, int family)
{
    if (family == 4)
        return a->bits4 && a->bits4 == b->bits4 && net_addr_within(&a->ip4, &b->ip4, b->bits4);
    return a->bits6 && a->bits6 == b->bits6 && net_addr_within(&a->ip6, &b->ip6, b->bits6);
}

/* One route for each prefix of a link. */
static void add_link(struct net_host *h, const struct net_link *link, const struct net_iface *via)
{
    for (int family = 4; family <= 6; family += 2) {
        const struct net_addr *gateway = family == 4 ? &via->ip4 : &via->ip6;
        if (family == 4 ? !via->bits4 : !via->bits6)
            continue;
        for (uint32_t i = 0; i < link->nports; i++) {
            const struct net_iface *f = link->ports[i].iface;
            bool seen = family == 4 ? !f->bits4 : !f->bits6;
            for (uint32_t k = 0; k < i && !seen; k++)
                seen = same_prefix(link->ports[k].iface, f, family);
            if (!seen)
                net_route_add(h, family == 4 ? &f->ip4 : &f->ip6, family == 4 ? f->bits4 : f->bits6, gateway);
        }
    }
}

static void search(struct map *m, struct net_host *h)
{
    size_t head = 0, tail = 0;
    memset(m->reached, 0, (m->net->nlinks + 1) * sizeof *m->reached);
    for (unsigned i = 0; i < h->nifaces; i++) {
        struct net_link *l = h->ifaces[i]->link;
        if (m->reached[l->number])
            continue;
        m->reached[l->number] = true;
        m->via[l->number] = NULL;
        m->todo[tail++] = l;
    }
    while (head < tail) {
        struct net_link *l = m->todo[head++];
        for (uint32_t i = 0; i < l->nports && m->routers[l->number] > 0; i++) {
            struct net_iface *f = l->ports[i].iface;
            for (unsigned k = 0; f->host->forwards && f->host != h && k < f->host->nifaces; k++) {
                struct net_link *next = f->host->ifaces[k]->link;
                if (m->reached[next->number])
                    continue;
                m->reached[next->number] = true;
                m->via[next->number] = m->via[l->number] ? m->via[l->number] : f;
                m->todo[tail++] = next;
                add_link(h, next, m->via[next->number]);
            }
        }
    }
}

void routes_find(struct world *w)
{
    struct net *net = &w->net;
    static const uint8_t any[16] = { 0 };
    struct net_addr any6, any4 = net_addr4(0, 0, 0, 0);
    struct map m;
    memcpy(any6.b, any, sizeof any);
    map_make(&m, net);
    for (size_t i = 0; i < net->nhosts; i++) {
        struct net_host *h = net->hosts[i];
        if (!h->forwards && h->nifaces == 1 && m.routers[h->ifaces[0]->link->number] <= 1) {
            const struct net_iface *r = m.router[h->ifaces[0]->link->number];
            if (r && r->bits4 && h->ifaces[0]->bits4)
                net_route_add(h, &any4, 0, &r->ip4);
            if (r && r->bits6 && h->ifaces[0]->bits6)
                net_route_add(h, &any6, 0, &r->ip6);
        } else
            search(&m, h);
    }
    map_free(&m);
}
