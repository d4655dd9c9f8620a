/* Routes: the longest prefix that matches decides (RFC 1812 section 5.2.4.3). */
#include "sim/net/net_host.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/net/neighbour.h"
#include "sim/net/net_link.h"
#include "sim/net/octets.h"

#define NET_WAYS_MAX 4096 /* destinations that a router remembers */

struct key {
    uint64_t high, low;
};

static struct key key_of(const struct net_addr *a)
{
    return (struct key){ net_get64(a->b), net_get64(a->b + 8) };
}

static struct key masked(struct key k, unsigned bits)
{
    if (bits < 64)
        return (struct key){ bits ? k.high & UINT64_MAX << (64 - bits) : 0, 0 };
    return (struct key){ k.high, bits == 64 ? 0 : k.low & UINT64_MAX << (128 - bits) };
}

/* Turns prefix/bits of one family into the form that routes have. */
static struct net_route route_of(const struct net_addr *prefix, unsigned bits)
{
    bool is4 = net_addr_is4(prefix);
    struct key k = masked(key_of(prefix), bits += is4 ? 96 : 0);
    return (struct net_route){ .high = k.high, .low = k.low, .bits = (uint8_t)bits, .family = is4 ? 4 : 6 };
}

static int compare_keys(uint64_t high_a, uint64_t low_a, uint64_t high_b, uint64_t low_b)
{
    if (high_a != high_b)
        return high_a < high_b ? -1 : 1;
    return low_a == low_b ? 0 : low_a < low_b ? -1 : 1;
}

/* By family, the longer prefix first, by prefix; of equals the one added last first. */
static int compare_routes(const void *va, const void *vb)
{
    const struct net_route *a = va, *b = vb;
    int order;
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->bits != b->bits)
        return a->bits > b->bits ? -1 : 1;
    order = compare_keys(a->high, a->low, b->high, b->low);
    return order ? order : a->run > b->run ? -1 : 1;
}

static bool same_prefix(const struct net_route *a, const struct net_route *b)
{
    return a->high == b->high && a->low == b->low && a->bits == b->bits && a->family == b->family;
}

/* Sorts, leaves out what was replaced, and counts the runs. */
static void sort_routes(struct net_host *h)
{
    uint32_t n = 0;
    /* What has not been sorted yet comes later than what has: `run` holds the order for a moment. */
    for (uint32_t i = 0; i < h->nroutes; i++)
        h->routes[i].run = i;
    if (h->nroutes > 1)
        qsort(h->routes, h->nroutes, sizeof *h->routes, compare_routes);
    for (uint32_t i = 0; i < h->nroutes; i++)
        if (n == 0 || !same_prefix(&h->routes[n - 1], &h->routes[i]))
            h->routes[n++] = h->routes[i];
    h->nroutes = n;
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n; end++)
            if (h->routes[end].bits != h->routes[i].bits || h->routes[end].family != h->routes[i].family)
                break;
        h->routes[i].run = end - i;
    }
    h->sorted = true;
}

static void append(struct net_host *h, const struct net_route *r)
{
    if (h->nroutes == h->max_routes) {
        h->max_routes = h->max_routes ? h->max_routes * 2 : 2;
        h->routes = core_realloc(h->routes, h->max_routes * sizeof *h->routes);
    }
    h->routes[h->nroutes++] = *r;
    h->sorted = false;
    h->net->version++;
}

void net_route_add_link(struct net_iface *iface, const struct net_addr *prefix, unsigned bits)
{
    struct net_route r = route_of(prefix, bits);
    r.iface = iface;
    append(iface->host, &r);
}

static struct net_iface *iface_towards(const struct net_host *h, const struct net_addr *gateway)
{
    for (size_t i = 0; i < h->nifaces; i++) {
        struct net_iface *iface = h->ifaces[i];
        if ((iface->bits4 && net_addr_within(gateway, &iface->ip4, iface->bits4)) ||
            (iface->bits6 && net_addr_within(gateway, &iface->ip6, iface->bits6)))
            return iface;
    }
    return NULL;
}

bool net_route_add(struct net_host *h, const struct net_addr *prefix, unsigned bits,
                   const struct net_addr *gateway)
{
    struct net_iface *iface = iface_towards(h, gateway);
    struct net_route r;
    if (!iface || bits > (net_addr_is4(gateway) ? 32u : 128u))
        return false;
    r = route_of(bits ? prefix : gateway, bits);
    r.iface = iface;
    if (!(r.via = net_neighbour_get(iface, gateway)))
        return false;
    append(h, &r);
    return true;
}

bool net_route_remove(struct net_host *h, const struct net_addr *prefix, unsigned bits)
{
    struct net_route r = route_of(prefix, bits);
    if (!h->sorted)
        sort_routes(h);
    for (uint32_t i = 0; i < h->nroutes; i++) {
        if (!same_prefix(&h->routes[i], &r))
            continue;
        h->routes[i] = h->routes[--h->nroutes];
        h->sorted = false;
        h->net->version++;
        return true;
    }
    return false;
}

/* Without branches in the loop, since half of them would be guessed wrong: *run is the last that may be
 * it. */
static const struct net_route *search4(const struct net_route *run, uint32_t n, uint64_t key)
{
    for (uint32_t half; n > 1; n -= half) {
        half = n / 2;
        run += run[half].low <= key ? half : 0;
    }
    return run->low == key ? run : NULL;
}

static const struct net_route *search6(const struct net_route *run, uint32_t n, struct key k)
{
    for (uint32_t half; n > 1; n -= half) {
        half = n / 2;
        run += compare_keys(run[half].high, run[half].low, k.high, k.low) <= 0 ? half : 0;
    }
    return run->high == k.high && run->low == k.low ? run : NULL;
}

const struct net_route *net_route_find(struct net_host *h, const struct net_addr *dst)
{
    struct key k = key_of(dst);
    uint8_t family = net_addr_is4(dst) ? 4 : 6;
    if (!h->sorted)
        sort_routes(h);
    for (uint32_t i = 0; i < h->nroutes; i += h->routes[i].run) {
        const struct net_route *run = &h->routes[i], *r;
        struct key prefix;
        if (run->family != family)
            continue;
        prefix = masked(k, run->bits);
        r = family == 4 ? search4(run, run->run, prefix.low) : search6(run, run->run, prefix);
        if (r)
            return r;
    }
    return NULL;
}

void net_way_keep(struct net_host *h, const struct net_addr *dst, struct net_neighbour *to)
{
    struct net_ways *w = h->ways;
    uint32_t i;
    if (!w || w->version != h->net->version) {
        size_t slots = 16, octets;
        while (slots < h->nroutes * (size_t)2 && slots < NET_WAYS_MAX)
            slots *= 2;
        octets = sizeof *w + slots * sizeof w->slot[0];
        if (!w || w->mask + 1 < slots) {
            free(w);
            w = h->ways = core_alloc(octets);
            w->mask = (uint32_t)slots - 1;
        }
        w->version = h->net->version;
        for (i = 0; i <= w->mask; i++)
            w->slot[i].to = NULL;
    }
    i = (uint32_t)net_addr_hash(dst, 0) & w->mask;
    w->slot[i].dst = *dst;
    w->slot[i].to = to;
}

bool net_source_for(struct net_host *h, const struct net_addr *dst, struct net_addr *src)
{
    bool is4 = net_addr_is4(dst);
    const struct net_route *r;
    if (net_host_owns(h, dst)) {
        *src = *dst;
        return true;
    }
    if (!(r = net_route_find(h, dst)) || !(is4 ? r->iface->bits4 : r->iface->bits6))
        return false;
    *src = is4 ? r->iface->ip4 : r->iface->ip6;
    return true;
}

unsigned net_mtu_for(struct net_host *h, const struct net_addr *dst)
{
    const struct net_route *r;
    if (net_host_owns(h, dst))
        return NET_MTU;
    r = net_route_find(h, dst);
    return r ? r->iface->link->params.mtu : 0;
}
