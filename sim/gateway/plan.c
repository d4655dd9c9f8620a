/* The world that is served. */
#include "sim/gateway/plan.h"

#include <stdio.h>
#include <string.h>

#include "sim/gateway/exit_plan.h"
#include "sim/net/net_host.h"

#define ADDRESSES_TRIED 70000 /* of a network, for free ones */

static bool fail(char error[PLAN_ERROR_MAX], const char *what, const char *name)
{
    snprintf(error, PLAN_ERROR_MAX, "%s%s%s%s", what, name ? " \"" : "", name ? name : "", name ? "\"" : "");
    return false;
}

/* ---- free addresses ------------------------------------------------------------------------------------ */

/* The address `n` places after the first of the network; false: it is outside, or the broadcast address. */
static bool nth_address(const struct spec_prefix *net, uint32_t n, struct net_addr *out)
{
    bool four = net_addr_is4(&net->addr);
    unsigned bits = net->bits + (four ? 96u : 0u);
    uint32_t carry = n;
    *out = net->addr;
    for (unsigned bit = bits; bit < 128; bit++)
        out->b[bit / 8] = (uint8_t)(out->b[bit / 8] & ~(1u << (7 - bit % 8)));
    for (unsigned i = 16; i > 0 && carry > 0; i--) {
        carry += out->b[i - 1];
        out->b[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    if (n == 0 || carry > 0 || !net_addr_within(out, &net->addr, net->bits))
        return false;
    for (unsigned bit = bits; four && bit < 128; bit++)
        if (!(out->b[bit / 8] >> (7 - bit % 8) & 1))
            return true;
    return !four;
}

static bool in_use(const struct spec_world *w, const struct net_addr *a)
{
    for (size_t h = 0; h < w->nhosts; h++)
        for (size_t i = 0; i < w->hosts[h].nifaces; i++) {
            const struct spec_iface *f = &w->hosts[h].ifaces[i];
            if ((f->ip4.bits && net_addr_same(a, &f->ip4.addr)) ||
                (f->ip6.bits && net_addr_same(a, &f->ip6.addr)))
                return true;
        }
    return false;
}

/* Gives up to `want` free addresses of the network to `door`, in ascending order. Returns how many. */
static unsigned hand_out(const struct spec_world *w, const struct spec_prefix *net, struct plan_door *door,
                         unsigned want)
{
    unsigned given = 0;
    for (uint32_t n = 1; net->bits && given < want && n < ADDRESSES_TRIED; n++) {
        struct net_addr a;
        bool four = net_addr_is4(&net->addr);
        if (!nth_address(net, n, &a)) /* broadcast, or the end */
            break;
        if (in_use(w, &a))
            continue;
        *(four ? &door[given].ip4 : &door[given].ip6) = a;
        *(four ? &door[given].has4 : &door[given].has6) = true;
        given++;
    }
    return given;
}

bool plan_free_address(const struct spec_world *w, const struct spec_prefix *net, struct net_addr *out)
{
    struct plan_door one = { .has4 = false };
    if (hand_out(w, net, &one, 1) == 0)
        return false;
    *out = one.has4 ? one.ip4 : one.ip6;
    return true;
}

void plan_link_networks(const struct spec_world *w, const char *link, struct spec_prefix *ip4,
                        struct spec_prefix *ip6)
{
    *ip4 = *ip6 = (struct spec_prefix){ .bits = 0 };
    for (size_t h = 0; h < w->nhosts; h++)
        for (size_t i = 0; i < w->hosts[h].nifaces; i++) {
            const struct spec_iface *f = &w->hosts[h].ifaces[i];
            if (strcmp(f->link, link) != 0)
                continue;
            if (f->ip4.bits)
                *ip4 = f->ip4;
            if (f->ip6.bits)
                *ip6 = f->ip6;
        }
}

/* ---- the served world
 * -------------------------------------------------------------------------------------- */

static void add_hosts(struct plan *p, const struct spec_world *spec, const struct spec_prefix *ip4,
                      const struct spec_prefix *ip6)
{
    unsigned exits = p->nexit_hosts, all = exits + p->ndoors;
    struct spec_host *hosts = core_arena_take(&p->arena, (spec->nhosts + all) * sizeof *hosts);
    struct spec_iface *ifaces = core_arena_take(&p->arena, all * sizeof *ifaces);
    memcpy(hosts, spec->hosts, spec->nhosts * sizeof *hosts);
    for (unsigned k = 0; k < all; k++) {
        const struct plan_door *d = &p->door[k];
        struct spec_host *h = &hosts[spec->nhosts + k];
        char name[32];
        int len = k < exits ? snprintf(name, sizeof name, "exit-%u", k + 1)
                            : snprintf(name, sizeof name, "door-%u", k - exits + 1);
        ifaces[k] = (struct spec_iface){ .link = p->link, .pointer = "/doors" };
        if (d->has4)
            ifaces[k].ip4 = (struct spec_prefix){ d->ip4, ip4->bits };
        if (d->has6)
            ifaces[k].ip6 = (struct spec_prefix){ d->ip6, ip6->bits };
        h->name = h->label = core_arena_copy(&p->arena, name, (size_t)len);
        h->role = k < exits ? "exit" : "door";
        h->pointer = "/doors";
        h->ifaces = &ifaces[k];
        h->nifaces = 1;
    }
    p->first_exit_host = spec->nhosts;
    p->first_host = spec->nhosts + exits;
    p->world.hosts = hosts;
    p->world.nhosts = spec->nhosts + all;
}

static const char *find_link(const struct spec_world *w, const char *name)
{
    for (size_t i = 0; i < w->nlinks; i++)
        if (strcmp(w->links[i].name, name) == 0)
            return w->links[i].name;
    return NULL;
}

static bool fail_for_room(struct plan *p, char error[PLAN_ERROR_MAX])
{
    snprintf(error, PLAN_ERROR_MAX,
             "free addresses for real programs on the link are fewer than --max-connections: there are %u",
             p->ndoors);
    plan_free(p);
    return false;
}

/* Where strangers stand if nobody says it: at the first link of the first router. */
static const char *some_link(const struct spec_world *w)
{
    for (int router = 1; router >= 0; router--)
        for (size_t h = 0; h < w->nhosts; h++)
            if (w->hosts[h].forwards == (router == 1) && w->hosts[h].nifaces > 0)
                return w->hosts[h].ifaces[0].link;
    return NULL;
}

bool plan_make(struct plan *p, const struct spec_world *spec, const char *link, unsigned doors, bool actions,
               const struct forwards *forwards, const struct tun_plan *tun, char error[PLAN_ERROR_MAX])
{
    struct spec_prefix ip4, ip6;
    unsigned want = doors ? doors : PLAN_DOORS_DEFAULT, four, six;
    memset(p, 0, sizeof *p);
    p->world = *spec;
    if (!actions)
        p->world.nactions = 0;
    if (!link && spec->doors)
        link = spec->doors->link;
    if (!link && forwards && forwards->n > 0)
        link = some_link(spec);
    if (!link)
        return fail(error,
                    "the scenario has no \"doors\": say what to open with --map PORT=HOST:PORT, or where to "
                    "stand with --tun-link LINK",
                    NULL);
    p->link = find_link(spec, link);
    if (!p->link)
        return fail(error, "there is no link", link);
    if (want > PLAN_DOORS_MAX)
        want = PLAN_DOORS_MAX;
    if (tun && tun->on) {
        p->tun = *tun;
        if (!tun_plan_add(&p->tun, &p->world, p->link, &p->arena, error)) {
            plan_free(p);
            return false;
        }
        spec = &p->world;
    }
    if (forwards)
        plan_exits_count(p, forwards);
    plan_link_networks(spec, p->link, &ip4, &ip6);
    p->door = core_arena_take(&p->arena, (p->nexit_hosts + want) * sizeof *p->door);
    four = hand_out(spec, &ip4, p->door, p->nexit_hosts + want);
    six = hand_out(spec, &ip6, p->door, p->nexit_hosts + want);
    p->ndoors = four > six ? four : six;
    if (spec->nhosts + p->ndoors > SPEC_HOSTS_MAX)
        p->ndoors = spec->nhosts < SPEC_HOSTS_MAX ? (unsigned)(SPEC_HOSTS_MAX - spec->nhosts) : 0;
    p->ndoors = p->ndoors > p->nexit_hosts ? p->ndoors - p->nexit_hosts : 0; /* exits come first */
    if (p->ndoors == 0 || (doors > 0 && p->ndoors < want))
        return fail_for_room(p, error);
    add_hosts(p, spec, &ip4, &ip6);
    p->door += p->nexit_hosts;
    if (forwards && !plan_exits(p, forwards, error)) {
        plan_free(p);
        return false;
    }
    return true;
}

void plan_free(struct plan *p)
{
    core_arena_free(&p->arena);
}

/* ---- looking
 * ---------------------------------------------------------------------------------------------------- */

const struct spec_host *plan_host(const struct plan *p, const char *name)
{
    for (size_t h = 0; h < p->world.nhosts; h++)
        if (strcmp(p->world.hosts[h].name, name) == 0)
            return &p->world.hosts[h];
    return NULL;
}

const struct spec_host *plan_owner(const struct plan *p, const struct net_addr *a)
{
    for (size_t h = 0; h < p->world.nhosts; h++)
        for (size_t i = 0; i < p->world.hosts[h].nifaces; i++) {
            const struct spec_iface *f = &p->world.hosts[h].ifaces[i];
            if ((f->ip4.bits && net_addr_same(a, &f->ip4.addr)) ||
                (f->ip6.bits && net_addr_same(a, &f->ip6.addr)))
                return &p->world.hosts[h];
        }
    return NULL;
}

static struct plan_service service_of(const struct spec_service *s)
{
    static const char *const names[][2] = { [SPEC_SMTP_RELAY] = { "smtp", "smtps" },
                                            [SPEC_SMTP_SUBMISSION] = { "submission", "submissions" },
                                            [SPEC_POP3] = { "pop3", "pop3s" },
                                            [SPEC_IMAP] = { "imap", "imaps" } };
    return (struct plan_service){ .name = names[s->kind][s->security == SPEC_TLS],
                                  .tls = s->security == SPEC_TLS        ? "implicit"
                                         : s->security == SPEC_STARTTLS ? "starttls"
                                                                        : NULL,
                                  .tls_first = s->security == SPEC_TLS,
                                  .proto = s->kind == SPEC_POP3   ? TRACE_POP3
                                           : s->kind == SPEC_IMAP ? TRACE_IMAP
                                                                  : TRACE_SMTP };
}

struct plan_service plan_service(const struct spec_host *h, uint16_t port)
{
    for (size_t i = 0; h->mta && i < h->mta->nservices; i++)
        if (h->mta->services[i].port == port)
            return service_of(&h->mta->services[i]);
    for (size_t i = 0; h->store && i < h->store->nservices; i++)
        if (h->store->services[i].port == port)
            return service_of(&h->store->services[i]);
    if ((h->dns || h->resolver) && port == 53)
        return (struct plan_service){ .name = "dns", .proto = TRACE_DNS };
    return (struct plan_service){ .name = "tcp", .proto = TRACE_TCP };
}

bool plan_address(const struct spec_host *h, const struct plan_door *door, int family, struct net_addr *out)
{
    for (int turn = 0; turn < 2; turn++, family = family == 4 ? 6 : 4)
        for (size_t i = 0; i < h->nifaces && (family == 4 ? door->has4 : door->has6); i++) {
            const struct spec_prefix *a = family == 4 ? &h->ifaces[i].ip4 : &h->ifaces[i].ip6;
            if (a->bits) {
                *out = a->addr;
                return true;
            }
        }
    return false;
}
