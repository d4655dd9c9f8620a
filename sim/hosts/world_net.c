/* What a host and a link take from their settings, beside the roles: faults, rules, power, resolvers. */
#include "sim/hosts/world_net.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/tell.h"
#include "sim/net/fault.h"
#include "sim/net/firewall.h"
#include "sim/net/net_host.h"
#include "sim/net/tamper.h"

bool world_fail(struct world_error *e, const char *pointer, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    e->pointer = pointer;
    return false;
}

/* ---- links -------------------------------------------------------------------------------------------- */

static enum net_fault_kind fault_kind(enum spec_fault_kind k)
{
    static const enum net_fault_kind kinds[SPEC_FAULT_KIND_COUNT] = {
        [SPEC_FAULT_DROP] = NET_FAULT_DROP_NTH,       [SPEC_FAULT_LOSS] = NET_FAULT_LOSS,
        [SPEC_FAULT_DUPLICATE] = NET_FAULT_DUPLICATE, [SPEC_FAULT_REORDER] = NET_FAULT_REORDER,
        [SPEC_FAULT_LAG] = NET_FAULT_REORDER,         [SPEC_FAULT_CUT] = NET_FAULT_CUT
    };
    return kinds[k];
}

bool fault_build(struct world *w, struct net_link *link, const struct spec_fault *f, struct world_error *e)
{
    struct net_fault_params p = { .name = f->name ? f->name : "fault",
                                  .pointer = f->pointer,
                                  .kind = fault_kind(f->kind),
                                  .from_ns = f->from_ns,
                                  .until_ns = f->until_ns,
                                  .chance_ppm = f->ppm,
                                  .extra_ns = f->extra_ns,
                                  .cause = w->trace.cause };
    p.match.proto = f->proto;
    p.match.port = f->port;
    p.match.has_payload = f->data_only;
    if (f->from_host) {
        p.match.sender = net_host_find(&w->net, f->from_host);
        if (!p.match.sender)
            return world_fail(e, f->pointer, "there is no host '%s'", f->from_host);
    }
    if (f->nnth > NET_FAULT_NTH_MAX || f->nframes > NET_FAULT_NTH_MAX)
        return world_fail(e, f->pointer, "at most %d frames can be named in one fault", NET_FAULT_NTH_MAX);
    for (size_t i = 0; i < f->nnth; i++)
        p.nth[i] = f->nth[i];
    for (size_t i = 0; i < f->nframes; i++)
        p.frames[i] = f->frames[i];
    net_fault_add(link, &p);
    return true;
}

void link_params(const struct spec_link *l, struct net_link_params *p)
{
    *p = (struct net_link_params){ .rate_bps = l->rate_bps,
                                   .delay_ns = l->delay_ns,
                                   .jitter_ns = l->jitter_ns,
                                   .queue_octets =
                                       (l->queue_frames ? l->queue_frames : 1000) * NET_FRAME_MAX };
}

void links_build(struct world *w)
{
    for (size_t i = 0; i < w->spec->nlinks; i++) {
        struct net_link_params p;
        struct net_link *link;
        link_params(&w->spec->links[i], &p);
        link = net_link_add(&w->net, w->spec->links[i].name, &p);
        link->label = w->spec->links[i].label;
    }
}

bool faults_build(struct world *w, struct world_error *e)
{
    for (size_t i = 0; i < w->spec->nlinks; i++)
        for (size_t k = 0; k < w->spec->links[i].nfaults; k++)
            if (!fault_build(w, net_link_find(&w->net, w->spec->links[i].name), &w->spec->links[i].faults[k],
                             e))
                return false;
    return true;
}

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool numbers_same(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
    return na == nb && (na == 0 || memcmp(a, b, na * sizeof *a) == 0);
}

static bool fault_same(const struct spec_fault *a, const struct spec_fault *b)
{
    return text_same(a->name, b->name) && text_same(a->pointer, b->pointer) && a->kind == b->kind &&
           a->from_ns == b->from_ns && a->until_ns == b->until_ns && text_same(a->from_host, b->from_host) &&
           a->proto == b->proto && a->port == b->port && a->data_only == b->data_only &&
           numbers_same(a->nth, a->nnth, b->nth, b->nnth) &&
           numbers_same(a->frames, a->nframes, b->frames, b->nframes) && a->ppm == b->ppm &&
           a->extra_ns == b->extra_ns;
}

static const struct spec_fault *fault_at(const struct spec_link *l, const char *pointer)
{
    for (size_t i = 0; i < l->nfaults; i++)
        if (text_same(l->faults[i].pointer, pointer))
            return &l->faults[i];
    return NULL;
}

/* The one that a setting has made. */
static struct net_fault *fault_of(const struct net_link *link, const char *pointer)
{
    struct net_fault *f = link->faults;
    while (f && !text_same(f->p.pointer, pointer))
        f = f->next;
    return f;
}

/* The link asks its faults in their order: those of the settings first, as at the start, then the others. */
static void faults_order(struct net_link *link, const struct spec_link *l)
{
    struct net_fault *first = link->faults, *next;
    size_t n = 0;
    for (struct net_fault *f = first; f; f = f->next)
        n++;
    for (size_t i = 0; i < l->nfaults; i++)
        net_fault_to_end(fault_of(link, l->faults[i].pointer));
    for (struct net_fault *f = link->faults; f && n > 0; f = next, n--) {
        next = f->next;
        if (!fault_at(l, f->p.pointer))
            net_fault_to_end(f);
    }
}

void faults_reload(struct world *w, const struct spec_link *before, const struct spec_link *after)
{
    struct net_link *link = net_link_find(&w->net, after->name);
    struct world_error e;
    for (size_t i = 0; i < before->nfaults; i++) {
        const struct spec_fault *stays = fault_at(after, before->faults[i].pointer);
        if (!stays || !fault_same(stays, &before->faults[i]))
            net_fault_remove(fault_of(link, before->faults[i].pointer));
    }
    for (size_t i = 0; i < after->nfaults; i++)
        if (!fault_of(link, after->faults[i].pointer)) {
            bool built = fault_build(w, link, &after->faults[i], &e);
            assert(built); /* change_fits has seen to it */
            (void)built;
        }
    faults_order(link, after);
}

/* ---- routers ------------------------------------------------------------------------------------------ */

static void rule_build(struct net_rule *out, const struct spec_fw_rule *r, enum net_direction dir)
{
    *out = (struct net_rule){ .name = r->name ? r->name : "rule",
                              .pointer = r->pointer,
                              .direction = dir,
                              .action = r->action == SPEC_FW_ACCEPT ? NET_ACTION_ACCEPT
                                        : r->action == SPEC_FW_DROP ? NET_ACTION_DROP
                                        : r->reject_with_icmp       ? NET_ACTION_PROHIBIT
                                                                    : NET_ACTION_RESET,
                              .proto = r->proto,
                              .src = { r->src.addr, r->src.bits, r->src.bits > 0 },
                              .dst = { r->dst.addr, r->dst.bits, r->dst.bits > 0 },
                              .dport = { r->port_from, r->port_to },
                              .from_ns = r->from_ns,
                              .until_ns = r->until_ns };
}

/* "any direction" becomes one rule for each. */
void firewall_build(struct host *host)
{
    const struct spec_host *h = host->spec;
    struct world *w = host->world;
    struct net_firewall *fw;
    host->net->firewall = NULL;
    if (h->nfirewall == 0)
        return;
    fw = core_arena_take(&w->arena, sizeof *fw);
    fw->rules = core_arena_take(&w->arena, 3 * h->nfirewall * sizeof *fw->rules);
    for (size_t i = 0; i < h->nfirewall; i++) {
        const struct spec_fw_rule *r = &h->firewall[i];
        if (r->dir == SPEC_FW_ANY || r->dir == SPEC_FW_IN)
            rule_build(&fw->rules[fw->nrules++], r, NET_IN);
        if (r->dir == SPEC_FW_ANY || r->dir == SPEC_FW_OUT)
            rule_build(&fw->rules[fw->nrules++], r, NET_OUT);
        if (r->dir == SPEC_FW_ANY || r->dir == SPEC_FW_FORWARD)
            rule_build(&fw->rules[fw->nrules++], r, NET_FORWARD);
    }
    host->net->firewall = fw;
}

void rewrites_build(struct host *host)
{
    const struct spec_host *h = host->spec;
    struct world *w = host->world;
    struct net_tampers *t, *before = host->net->tampers;
    if (h->nrewrites == 0 && !before)
        return;
    t = core_arena_take(&w->arena, sizeof *t);
    t->before = before; /* what they have written into may not have left yet */
    t->number = (uint8_t)(before ? before->number + 1 : 0);
    t->rule = core_arena_take(&w->arena, (h->nrewrites + 1) * sizeof *t->rule);
    t->n = h->nrewrites;
    for (size_t i = 0; i < t->n; i++) {
        const struct spec_rewrite *r = &h->rewrites[i];
        t->rule[i] = (struct net_tamper){ .name = r->name ? r->name : "rewrite",
                                          .pointer = r->pointer,
                                          .port = r->port,
                                          .find = r->find,
                                          .write = r->with,
                                          .from_ns = r->from_ns,
                                          .until_ns = r->until_ns == CORE_NEVER ? 0 : r->until_ns };
    }
    host->net->tampers = t;
}

/* ---- being switched off ------------------------------------------------------------------------------- */

struct power { /* of a host that is switched off at some time */
    struct power *next;
    struct host *host;
    struct core_timer from, until; /* the two moments */
    bool off;
};

void world_power(struct host *h, bool up, const char *pointer)
{
    struct trace_record r;
    for (unsigned i = 0; i < h->net->nifaces; i++)
        net_iface_set_up(h->net->ifaces[i], up);
    if (tell_state(&r, h, TRACE_KIND_FAULT, up ? "up" : "down")) {
        trace_attr_str(&r, "name", h->spec->name);
        trace_attr_str(&r, "fault", "host down");
        trace_attr_str(&r, "pointer", pointer);
        tell_send(&r, h, false);
    }
}

static struct power *power_of(struct host *h)
{
    for (struct power *p = h->world->powers; p; p = p->next)
        if (p->host == h)
            return p;
    return NULL;
}

/* Switches to what the setting says about now. */
static void power_follow(struct power *p)
{
    const struct spec_host *s = p->host->spec;
    uint64_t now = world_now(p->host->world);
    bool off = now >= s->down_from_ns && now < s->down_until_ns;
    if (off == p->off)
        return;
    p->off = off;
    world_power(p->host, !off, s->pointer ? s->pointer : "");
}

static void power_off(struct core_queue *q, struct core_timer *timer)
{
    struct power *p = CORE_OWNER(timer, struct power, from);
    (void)q;
    p->host->world->trace.cause = 0;
    power_follow(p);
}

static void power_on(struct core_queue *q, struct core_timer *timer)
{
    struct power *p = CORE_OWNER(timer, struct power, until);
    (void)q;
    p->host->world->trace.cause = 0;
    power_follow(p);
}

static struct power *power_new(struct host *host)
{
    struct world *w = host->world;
    struct power *p = core_arena_take(&w->arena, sizeof *p);
    p->host = host;
    p->from.run = power_off;
    p->until.run = power_on;
    p->next = w->powers;
    w->powers = p;
    return p;
}

void power_build(struct host *host)
{
    const struct spec_host *h = host->spec;
    struct power *p;
    if (h->down_until_ns <= h->down_from_ns)
        return;
    p = power_new(host);
    core_timer_set(&host->world->queue, &p->from, h->down_from_ns);
    if (h->down_until_ns != CORE_NEVER)
        core_timer_set(&host->world->queue, &p->until, h->down_until_ns);
}

void power_reload(struct host *host)
{
    const struct spec_host *h = host->spec;
    struct power *p = power_of(host);
    struct core_queue *q = &host->world->queue;
    if (!p)
        p = power_new(host);
    core_timer_cancel(q, &p->from);
    core_timer_cancel(q, &p->until);
    power_follow(p);
    if (h->down_until_ns <= h->down_from_ns || h->down_until_ns <= q->now_ns)
        return;
    if (h->down_from_ns > q->now_ns)
        core_timer_set(q, &p->from, h->down_from_ns);
    if (h->down_until_ns != CORE_NEVER)
        core_timer_set(q, &p->until, h->down_until_ns);
}

/* ---- whom it asks -------------------------------------------------------------------------------------- */

void stub_build(struct host *host)
{
    const struct spec_host *h = host->spec;
    host->stub = NULL;
    if (h->nresolvers == 0)
        return;
    host->stub = core_arena_take(&host->world->arena, sizeof *host->stub);
    for (size_t i = 0; i < h->nresolvers && i < DNS_STUB_SERVERS_MAX; i++)
        dns_addr_from_net(&host->stub->server[host->stub->servers++], &h->resolvers[i]);
}
