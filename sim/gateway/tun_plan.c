/* The router that leads out, as a part of the world. */
#include "sim/gateway/tun_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/gateway/plan.h"
#include "sim/net/net_host.h"
#include "sim/net/tcp.h"

/* ---- addresses ----------------------------------------------------------------------------------------- */

bool tun_address_parse(struct spec_prefix *out, const char *text)
{
    const char *slash = strchr(text, '/');
    char address[NET_ADDR_TEXT];
    unsigned bits = 0;
    bool four;
    if (!slash || (size_t)(slash - text) >= sizeof address || strlen(slash) < 2 || strlen(slash) > 4)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    for (const char *at = slash + 1; *at; at++) {
        if (*at < '0' || *at > '9')
            return false;
        bits = bits * 10 + (unsigned)(*at - '0');
    }
    if (!net_addr_parse(&out->addr, address))
        return false;
    four = net_addr_is4(&out->addr);
    if (bits < 8 || bits > (four ? 30u : 126u))
        return false;
    out->bits = (uint8_t)bits;
    if (four) {
        uint32_t host = UINT32_MAX >> bits, mine = 0;
        for (unsigned i = 12; i < 16; i++)
            mine = mine << 8 | out->addr.b[i];
        return (mine & host) != 0 && (mine & host) != host && out->addr.b[12] != 127 && out->addr.b[12] > 0 &&
               out->addr.b[12] < 224;
    }
    return (out->addr.b[0] & 0xe0) == 0x20; /* global unicast, RFC 4291 section 2.5.4 */
}

const char *tun_address_text(const struct spec_prefix *p, char buf[TUN_ADDRESS_TEXT])
{
    char address[NET_ADDR_TEXT];
    snprintf(buf, TUN_ADDRESS_TEXT, "%s/%u", net_addr_text(&p->addr, address), p->bits);
    return buf;
}

bool tun_name_is_good(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > TUN_NAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *at = name; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("/:%\"\\'", *at))
            return false;
    return true;
}

void tun_plan_init(struct tun_plan *t)
{
    *t = (struct tun_plan){ .on = false };
    if (!tun_address_parse(&t->ip4, TUN_IP4) || !tun_address_parse(&t->ip6, TUN_IP6))
        abort();
}

bool tun_plan_read(struct tun_plan *t, const char *text)
{
    *t = (struct tun_plan){ .on = true };
    while (*text) {
        size_t len = strcspn(text, " ");
        char one[TUN_ADDRESS_TEXT];
        struct spec_prefix p, *to;
        if (len == 0 || len >= sizeof one)
            return false;
        memcpy(one, text, len);
        one[len] = '\0';
        if (!tun_address_parse(&p, one))
            return false;
        to = net_addr_is4(&p.addr) ? &t->ip4 : &t->ip6;
        if (to->bits)
            return false;
        *to = p;
        text += len + (text[len] == ' ');
    }
    return t->ip4.bits || t->ip6.bits;
}

const char *tun_plan_text(const struct tun_plan *t, char buf[2 * TUN_ADDRESS_TEXT])
{
    char four[TUN_ADDRESS_TEXT] = "", six[TUN_ADDRESS_TEXT] = "";
    if (t->ip4.bits)
        tun_address_text(&t->ip4, four);
    if (t->ip6.bits)
        tun_address_text(&t->ip6, six);
    snprintf(buf, 2 * TUN_ADDRESS_TEXT, "%s%s%s", four, four[0] && six[0] ? " " : "", six);
    return buf;
}

/* ---- networks ------------------------------------------------------------------------------------------ */

static bool overlap(const struct spec_prefix *a, const struct spec_prefix *b)
{
    return a->bits && b->bits && net_addr_within(&a->addr, &b->addr, a->bits < b->bits ? a->bits : b->bits);
}

/* The interface whose network holds addresses of `p`; NULL: none. */
static const struct spec_iface *occupied(const struct spec_world *w, const struct spec_prefix *p)
{
    for (size_t h = 0; h < w->nhosts; h++)
        for (size_t i = 0; i < w->hosts[h].nifaces; i++)
            if (overlap(p, &w->hosts[h].ifaces[i].ip4) || overlap(p, &w->hosts[h].ifaces[i].ip6))
                return &w->hosts[h].ifaces[i];
    return NULL;
}

static void clear_host_bits(struct spec_prefix *p)
{
    unsigned from = p->bits + (net_addr_is4(&p->addr) ? 96u : 0u);
    for (unsigned bit = from; bit < 128; bit++)
        p->addr.b[bit / 8] = (uint8_t)(p->addr.b[bit / 8] & ~(1u << (7 - bit % 8)));
}

static void add_route(struct spec_prefix *routes, size_t *n, struct spec_prefix p)
{
    if (p.bits == 0 || *n == TUN_ROUTES_MAX)
        return;
    clear_host_bits(&p);
    for (size_t i = 0; i < *n; i++)
        if (routes[i].bits == p.bits && net_addr_same(&routes[i].addr, &p.addr))
            return;
    routes[(*n)++] = p;
}

size_t tun_plan_routes(const struct spec_world *w, struct spec_prefix routes[TUN_ROUTES_MAX])
{
    size_t n = 0;
    for (int family = 4; family <= 6; family += 2)
        for (size_t h = 0; h < w->nhosts; h++)
            for (size_t i = 0; i < w->hosts[h].nifaces; i++) {
                const struct spec_iface *f = &w->hosts[h].ifaces[i];
                if (strcmp(f->link, TUN_LINK) != 0)
                    add_route(routes, &n, family == 4 ? f->ip4 : f->ip6);
            }
    return n;
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

static bool names_are_free(const struct spec_world *w, char error[TUN_ERROR_MAX])
{
    for (size_t i = 0; i < w->nlinks; i++)
        if (strcmp(w->links[i].name, TUN_LINK) == 0) {
            snprintf(error, TUN_ERROR_MAX,
                     "--tun: the scenario has a link \"%s\" already; the door's needs this name", TUN_LINK);
            return false;
        }
    for (size_t h = 0; h < w->nhosts; h++)
        if (strcmp(w->hosts[h].name, TUN_ROUTER) == 0 || strcmp(w->hosts[h].name, TUN_KERNEL) == 0) {
            snprintf(error, TUN_ERROR_MAX,
                     "--tun: the scenario has a host \"%s\" already; the door's needs this name",
                     w->hosts[h].name);
            return false;
        }
    return true;
}

static bool addresses_are_free(const struct spec_world *w, const struct spec_prefix *p,
                               char error[TUN_ERROR_MAX])
{
    const struct spec_iface *f = occupied(w, p);
    char text[TUN_ADDRESS_TEXT];
    if (f)
        snprintf(
            error, TUN_ERROR_MAX,
            "--tun-address %s: the scenario's link \"%.60s\" has addresses of this network; name another one",
            tun_address_text(p, text), f->link);
    return !f;
}

static struct spec_host *new_host(struct spec_host *h, const char *name, const char *label, const char *role,
                                  const struct spec_iface *ifaces, size_t nifaces)
{
    *h = (struct spec_host){
        .name = name, .label = label, .role = role, .pointer = "/doors", .ifaces = ifaces, .nifaces = nifaces
    };
    return h;
}

/* The addresses of tun-door on the doors' link and on its own. */
static bool find_addresses(struct tun_plan *t, const struct spec_world *w, const char *link,
                           struct spec_iface *inner, struct spec_iface *outer)
{
    struct spec_prefix ip4, ip6;
    plan_link_networks(w, link, &ip4, &ip6);
    if (t->ip4.bits && ip4.bits && plan_free_address(w, &ip4, &inner->ip4.addr) &&
        plan_free_address(w, &t->ip4, &t->gate4)) {
        inner->ip4.bits = ip4.bits;
        outer->ip4 = (struct spec_prefix){ t->gate4, t->ip4.bits };
    }
    if (t->ip6.bits && ip6.bits && plan_free_address(w, &ip6, &inner->ip6.addr) &&
        plan_free_address(w, &t->ip6, &t->gate6)) {
        inner->ip6.bits = ip6.bits;
        outer->ip6 = (struct spec_prefix){ t->gate6, t->ip6.bits };
    }
    /* A family that the link does not have leads nowhere. */
    if (!outer->ip4.bits)
        t->ip4.bits = 0;
    if (!outer->ip6.bits)
        t->ip6.bits = 0;
    return outer->ip4.bits || outer->ip6.bits;
}

bool tun_plan_add(struct tun_plan *t, struct spec_world *w, const char *link, struct core_arena *arena,
                  char error[TUN_ERROR_MAX])
{
    struct spec_link *links = core_arena_take(arena, (w->nlinks + 1) * sizeof *links);
    struct spec_host *hosts = core_arena_take(arena, (w->nhosts + 2) * sizeof *hosts);
    struct spec_iface *ifaces = core_arena_take(arena, 3 * sizeof *ifaces);
    if (!names_are_free(w, error) || !addresses_are_free(w, &t->ip4, error) ||
        !addresses_are_free(w, &t->ip6, error))
        return false;
    memcpy(links, w->links, w->nlinks * sizeof *links);
    links[w->nlinks] =
        (struct spec_link){ .name = TUN_LINK, .label = "the way out to the kernel", .pointer = "/doors" };
    memcpy(hosts, w->hosts, w->nhosts * sizeof *hosts);
    ifaces[0] = (struct spec_iface){ .link = link, .pointer = "/doors" };
    ifaces[1] = ifaces[2] = (struct spec_iface){ .link = TUN_LINK, .pointer = "/doors" };
    ifaces[2].ip4 = t->ip4;
    ifaces[2].ip6 = t->ip6;
    /* The router first: the link's first interface is the one that leads in. */
    new_host(&hosts[w->nhosts], TUN_ROUTER, "the TUN door", "router", ifaces, 2)->forwards = true;
    new_host(&hosts[w->nhosts + 1], TUN_KERNEL, "this machine's kernel", "kernel", &ifaces[2], 1);
    w->links = links;
    w->nlinks++;
    w->hosts = hosts;
    w->nhosts += 2;
    if (!find_addresses(t, w, link, &ifaces[0], &ifaces[1])) {
        snprintf(error, TUN_ERROR_MAX, "--tun: there is no free address on the link \"%.60s\"", link);
        return false;
    }
    ifaces[2].ip4 = t->ip4;
    ifaces[2].ip6 = t->ip6;
    return true;
}

/* ---- the built world ----------------------------------------------------------------------------------- */

struct net_link *tun_world_open(struct world *w, net_outside_fn *fn, void *ctx)
{
    struct net_link *link = net_link_find(&w->net, TUN_LINK);
    if (!link)
        return NULL;
    net_link_open(link, fn, ctx);
    tcp_window(&w->net, TUN_WINDOW);
    tcp_send_buffer(&w->net, TUN_WINDOW);
    return link;
}

bool tun_world_give(struct world *w, struct net_link *link, const uint8_t *ip, size_t len)
{
    w->trace.cause = 0; /* nothing in the world led to it */
    return net_link_inject(link, ip, len);
}
