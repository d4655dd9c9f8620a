/* Links, addresses, routes and DNS. */
#include "scenarios/load/check.h"

#include <stdlib.h>
#include <string.h>

#define ROOTS_MAX    26
#define OWNERS_ASKED 2000 /* look-ups of an address among all hosts: more would take too long */

struct used_address {
    struct net_addr addr;
    const char *pointer;
    size_t order;
};

static int by_address(const void *a, const void *b)
{
    const struct used_address *x = a, *y = b;
    int order = memcmp(x->addr.b, y->addr.b, sizeof x->addr.b);
    return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* ---- addresses of one interface ----------------------------------------------------------------- */

/* All host bits 0, or all 1. */
static bool host_bits(const struct spec_prefix *p, uint8_t all)
{
    for (unsigned bit = 96u + p->bits; bit < 128; bit++)
        if ((p->addr.b[bit / 8] >> (7 - bit % 8) & 1) != all)
            return false;
    return true;
}

static const char *bad_address(const struct spec_prefix *p)
{
    static const uint8_t zero[16] = { 0 };
    const uint8_t *b = p->addr.b;
    if (net_addr_is4(&p->addr)) {
        if (b[12] == 0 || b[12] == 127 || b[12] >= 224)
            return "is not an address for an interface";
        if (p->bits <= 30 && host_bits(p, 0))
            return "is the address of the network itself: its host bits are all 0";
        if (p->bits <= 30 && host_bits(p, 1))
            return "is the broadcast address of the network: its host bits are all 1";
        return NULL;
    }
    if (b[0] == 0xff || memcmp(b, zero, 15) == 0 || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
        return "is not an address for an interface: multicast, loopback, unspecified and link-local ones are "
               "not";
    return NULL;
}

/* The first prefix that is seen on a link is the link's; the others must be the same. */
static void check_prefix(struct check *c, const struct spec_prefix *p, const char *pointer, const char *link,
                         const struct spec_prefix **first, const char **where)
{
    const char *bad = bad_address(p);
    char a[NET_ADDR_TEXT], b[NET_ADDR_TEXT];
    if (bad)
        json_error_at(c->g, pointer, "", "%s %s", net_addr_text(&p->addr, a), bad);
    if (!*first) {
        *first = p;
        *where = pointer;
    } else if ((*first)->bits != p->bits || !check_inside(&p->addr, *first)) {
        json_error_at(c->g, pointer, "",
                      "%s/%d is not in the network of link \"%s\", which is that of %s/%d at %s",
                      net_addr_text(&p->addr, a), p->bits, link, net_addr_text(&(*first)->addr, b),
                      (*first)->bits, *where);
    }
}

struct link_use {
    const struct spec_prefix *first[2];
    const char *where[2];
    size_t interfaces;
};

static void check_interfaces(struct check *c, struct link_use *use, struct used_address *used, size_t *nused)
{
    for (size_t h = 0; h < c->w->nhosts; h++) {
        const struct spec_host *host = &c->w->hosts[h];
        for (size_t i = 0; i < host->nifaces; i++) {
            const struct spec_iface *f = &host->ifaces[i];
            size_t l = check_ref(c, &c->links, f->link, f->pointer, "");
            const struct spec_prefix *both[2] = { &f->ip4, &f->ip6 };
            for (int family = 0; family < 2; family++) {
                if (both[family]->bits == 0)
                    continue;
                used[*nused] = (struct used_address){ both[family]->addr, f->pointer, *nused };
                ++*nused;
                if (l != CHECK_NONE)
                    check_prefix(c, both[family], f->pointer, f->link, &use[l].first[family],
                                 &use[l].where[family]);
            }
            if (l != CHECK_NONE)
                use[l].interfaces++;
        }
    }
}

static void check_addresses(struct check *c)
{
    struct link_use *use = core_alloc((c->w->nlinks + 1) * sizeof *use);
    struct used_address *used;
    size_t nused = 0, most = 1;
    for (size_t h = 0; h < c->w->nhosts; h++)
        most += 2 * c->w->hosts[h].nifaces;
    used = core_alloc(most * sizeof *used);
    check_interfaces(c, use, used, &nused);
    qsort(used, nused, sizeof *used, by_address);
    for (size_t i = 1; i < nused; i++) {
        char a[NET_ADDR_TEXT];
        if (net_addr_same(&used[i - 1].addr, &used[i].addr))
            json_error_at(c->g, used[i].pointer, "", "%s is here twice, first at %s",
                          net_addr_text(&used[i].addr, a), used[i - 1].pointer);
    }
    for (size_t l = 0; l < c->w->nlinks; l++)
        if (use[l].interfaces == 0)
            json_error_at(c->g, c->w->links[l].pointer, "", "no host has an interface on this link");
    free(use);
    free(used);
}

/* ---- routes, faults ------------------------------------------------------------------------------- */

static void check_routes(struct check *c, const struct spec_host *h)
{
    for (size_t r = 0; r < h->nroutes; r++) {
        bool near = false;
        for (size_t i = 0; i < h->nifaces; i++)
            near |= (h->ifaces[i].ip4.bits && check_inside(&h->routes[r].via, &h->ifaces[i].ip4)) ||
                    (h->ifaces[i].ip6.bits && check_inside(&h->routes[r].via, &h->ifaces[i].ip6));
        if (!near)
            json_error_at(c->g, h->routes[r].pointer, "/via", "is not on a link of this host");
    }
}

static void check_faults(struct check *c, const struct spec_link *l)
{
    for (size_t i = 0; i < l->nfaults; i++) {
        const struct spec_fault *f = &l->faults[i];
        size_t h = f->from_host ? check_ref(c, &c->hosts, f->from_host, f->pointer, "/sender") : CHECK_NONE;
        bool on = h == CHECK_NONE;
        for (size_t k = 0; h != CHECK_NONE && k < c->w->hosts[h].nifaces; k++)
            on |= strcmp(c->w->hosts[h].ifaces[k].link, l->name) == 0;
        if (!on)
            json_error_at(c->g, f->pointer, "/sender",
                          "host \"%s\" is not on this link: it never sends a frame here", f->from_host);
    }
}

/* ---- DNS --------------------------------------------------------------------------------------------- */

static size_t find_roots(struct check *c, struct net_addr roots[ROOTS_MAX])
{
    size_t n = 0;
    for (size_t h = 0; h < c->w->nhosts; h++) {
        const struct spec_host *host = &c->w->hosts[h];
        bool root = false;
        for (size_t z = 0; host->dns && z < host->dns->nzones; z++)
            root |= strcmp(host->dns->zones[z], ".") == 0;
        for (size_t i = 0; root && i < host->nifaces; i++) {
            if (host->ifaces[i].ip4.bits && n < ROOTS_MAX)
                roots[n++] = host->ifaces[i].ip4.addr;
            if (host->ifaces[i].ip6.bits && n < ROOTS_MAX)
                roots[n++] = host->ifaces[i].ip6.addr;
        }
    }
    return n;
}

static void check_resolvers(struct check *c)
{
    struct net_addr roots[ROOTS_MAX];
    size_t nroots = find_roots(c, roots), asked = 0;
    struct net_addr *kept = core_arena_take(c->g->arena, sizeof roots);
    memcpy(kept, roots, nroots * sizeof *roots);
    for (size_t h = 0; h < c->w->nhosts; h++) {
        const struct spec_host *host = &c->w->hosts[h];
        if (host->resolver && host->resolver->nroots == 0) {
            struct spec_resolver made = *host->resolver;
            made.roots = kept;
            made.nroots = nroots;
            memcpy((void *)(uintptr_t)host->resolver, &made, sizeof made); /* ours until it is handed over */
            if (nroots == 0)
                json_error_at(c->g, host->resolver->pointer, "",
                              "has nobody to ask: no host serves the zone \".\"");
        }
        for (size_t i = 0; i < host->nresolvers && asked < OWNERS_ASKED; i++, asked++) {
            char a[NET_ADDR_TEXT], tail[32];
            if (check_owner(c, &host->resolvers[i]) != CHECK_NONE)
                continue;
            snprintf(tail, sizeof tail, "/resolvers/%zu", i);
            json_error_at(c->g, host->pointer, tail, "no host has the address %s",
                          net_addr_text(&host->resolvers[i], a));
        }
    }
}

static void check_zones(struct check *c)
{
    bool *served = core_alloc(c->w->nzones + 1);
    for (size_t h = 0; h < c->w->nhosts; h++) {
        const struct spec_host *host = &c->w->hosts[h];
        for (size_t i = 0; host->dns && i < host->dns->nzones; i++) {
            char tail[32];
            size_t z;
            snprintf(tail, sizeof tail, "/zones/%zu", i);
            z = check_ref(c, &c->zones, host->dns->zones[i], host->dns->pointer, tail);
            if (z != CHECK_NONE)
                served[z] = true;
        }
    }
    for (size_t z = 0; z < c->w->nzones; z++)
        if (!served[z])
            json_error_at(c->g, c->w->zones[z].pointer, "",
                          "no host serves this zone: name it in the \"zones\" of a "
                          "\"dns\"");
    free(served);
}

void check_net(struct check *c)
{
    check_addresses(c);
    for (size_t l = 0; l < c->w->nlinks; l++)
        check_faults(c, &c->w->links[l]);
    for (size_t h = 0; h < c->w->nhosts; h++)
        check_routes(c, &c->w->hosts[h]);
    check_zones(c);
    check_resolvers(c);
}
