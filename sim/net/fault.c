/* Faults on links. */
#include "sim/net/fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/net/net_record.h"
#include "sim/net/octets.h"

#define TCP_HEADER_LEAST 20

const char *net_fault_kind_name(enum net_fault_kind kind)
{
#define X(name, word, what) [NET_FAULT_##name] = word,
    static const char *const words[NET_FAULT_KIND_COUNT] = { NET_FAULTS(X) };
#undef X
    assert(kind < NET_FAULT_KIND_COUNT);
    return words[kind];
}

/* ---- begin and end ------------------------------------------------------------------------ */

static bool in_window(const struct net_fault *f, uint64_t now_ns)
{
    return now_ns >= f->p.from_ns && now_ns < f->p.until_ns;
}

/* Records what has begun or ended, and waits for what is next. */
static void fault_update(struct net_fault *f)
{
    struct core_queue *q = f->link->net->queue;
    bool active = in_window(f, q->now_ns);
    if (active != f->active) {
        f->active = active;
        net_record_fault(f, active ? "begin" : "end");
    }
    if (q->now_ns < f->p.from_ns)
        core_timer_set(q, &f->timer, f->p.from_ns);
    else if (active && f->p.until_ns != CORE_NEVER)
        core_timer_set(q, &f->timer, f->p.until_ns);
}

static void fault_timer(struct core_queue *q, struct core_timer *timer)
{
    struct net_fault *f = CORE_OWNER(timer, struct net_fault, timer);
    (void)q;
    f->link->net->trace->cause = f->p.cause;
    fault_update(f);
}

struct net_fault *net_fault_add(struct net_link *link, const struct net_fault_params *params)
{
    struct net_fault *f = core_alloc(sizeof *f), **end = &link->faults;
    size_t len = strlen(params->name);
    char *name = core_alloc(len + 1), stream[120];
    memcpy(name, params->name, len);
    f->link = link;
    f->p = *params;
    f->p.name = name;
    if (f->p.until_ns == 0)
        f->p.until_ns = CORE_NEVER;
    if (f->p.chance_ppm == 0)
        f->p.chance_ppm = 1000000;
    f->timer.run = fault_timer;
    snprintf(stream, sizeof stream, "fault:%.40s:%.60s", link->name, name);
    core_rng_init(&f->rng, link->net->seed, stream);
    while (*end)
        end = &(*end)->next;
    *end = f;
    fault_update(f);
    return f;
}

struct net_fault *net_fault_find(const struct net_link *link, const char *name)
{
    for (struct net_fault *f = link->faults; f; f = f->next)
        if (strcmp(f->p.name, name) == 0)
            return f;
    return NULL;
}

static void fault_free(struct net_fault **at)
{
    struct net_fault *f = *at;
    *at = f->next;
    free((void *)(uintptr_t)f->p.name);
    free(f);
}

void net_fault_free(struct net_fault *first)
{
    assert(first->link->faults == first);
    fault_free(&first->link->faults);
}

void net_fault_remove(struct net_fault *fault)
{
    struct net_fault **at = &fault->link->faults;
    while (*at != fault)
        at = &(*at)->next;
    core_timer_cancel(fault->link->net->queue, &fault->timer);
    if (fault->active)
        net_record_fault(fault, "end");
    fault_free(at);
}

void net_fault_to_end(struct net_fault *fault)
{
    struct net_fault **at = &fault->link->faults;
    while (*at != fault)
        at = &(*at)->next;
    *at = fault->next;
    while (*at)
        at = &(*at)->next;
    *at = fault;
    fault->next = NULL;
}

/* ---- which frames -------------------------------------------------------------------------- */

static bool addr_set(const struct net_addr *a)
{
    return (a->q[0] | a->q[1]) != 0;
}

/* The packet's address at octet `at4` or `at6` of its IP header is `want`. */
static bool addr_is(const struct net_packet *p, size_t at4, size_t at6, const struct net_addr *want)
{
    const uint8_t *ip = p->octets + p->l3;
    if (net_addr_is4(want))
        return ip[0] >> 4 == 4 && memcmp(ip + at4, want->b + 12, 4) == 0;
    return ip[0] >> 4 == 6 && memcmp(ip + at6, want->b, 16) == 0;
}

static bool match_l4(const struct net_match *m, const struct net_packet *p)
{
    const uint8_t *l4 = p->octets + p->l4;
    uint16_t sport, dport;
    if (p->proto != NET_PROTO_TCP && p->proto != NET_PROTO_UDP)
        return false;
    sport = net_get16(l4);
    dport = net_get16(l4 + 2);
    if ((m->port && m->port != sport && m->port != dport) || (m->sport && m->sport != sport) ||
        (m->dport && m->dport != dport))
        return false;
    if (m->tcp_set || m->tcp_clear) {
        if (p->proto != NET_PROTO_TCP || p->l4_len < TCP_HEADER_LEAST)
            return false;
        if ((l4[13] & m->tcp_set) != m->tcp_set || (l4[13] & m->tcp_clear) != 0)
            return false;
    }
    if (m->has_payload)
        return p->l4_len > (p->proto == NET_PROTO_TCP ? l4[12] >> 4 << 2 : 8);
    return true;
}

bool net_match_frame(const struct net_match *m, const struct net_iface *from, const struct net_packet *p)
{
    if (m->sender && m->sender != from->host)
        return false;
    if (m->proto && (m->proto == NET_MATCH_ARP ? p->proto != 0 : p->proto != m->proto))
        return false;
    if ((addr_set(&m->src) || addr_set(&m->dst)) && p->proto == 0)
        return false;
    if (addr_set(&m->src) && !addr_is(p, 12, 8, &m->src))
        return false;
    if (addr_set(&m->dst) && !addr_is(p, 16, 24, &m->dst))
        return false;
    if (m->port || m->sport || m->dport || m->tcp_set || m->tcp_clear || m->has_payload)
        return match_l4(m, p);
    return true;
}

/* ---- what happens to them -------------------------------------------------------------------- */

static bool named(const struct net_fault *f)
{
    for (size_t i = 0; i < NET_FAULT_NTH_MAX && f->p.nth[i]; i++)
        if (f->p.nth[i] == f->seen)
            return true;
    return false;
}

static bool numbered(const struct net_fault *f, const struct net_packet *p)
{
    for (size_t i = 0; i < NET_FAULT_NTH_MAX && f->p.frames[i]; i++)
        if (f->p.frames[i] == p->frame)
            return true;
    return false;
}

/* Changes one bit of what IP carries: the sum of TCP, UDP or ICMP is then wrong. */
static void corrupt(struct net_fault *f, struct net_packet *p)
{
    uint64_t bit = core_rng_below(&f->rng, (uint64_t)p->l4_len * 8);
    p->octets[p->l4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void drop(struct net_fault *f, struct net_fate *fate, enum net_drop why)
{
    fate->dropped_by = f;
    fate->why = why;
}

static void fault_act(struct net_fault *f, struct net_packet *p, struct net_fate *fate)
{
    switch (f->p.kind) {
    case NET_FAULT_DROP_NTH:
        if (f->p.frames[0] ? !numbered(f, p) : !named(f))
            return;
        drop(f, fate, NET_DROP_FAULT);
        break;
    case NET_FAULT_CUT:
        drop(f, fate, NET_DROP_CUT);
        break;
    default:
        /* Frames named by their order, or by chance. */
        if (f->p.nth[0] ? !named(f) : !core_rng_chance(&f->rng, f->p.chance_ppm))
            return;
        if (f->p.kind == NET_FAULT_LOSS) {
            drop(f, fate, NET_DROP_LOSS);
        } else if (f->p.kind == NET_FAULT_DUPLICATE) {
            fate->copied = true;
            fate->copy_ns = f->p.extra_ns;
        } else if (f->p.kind == NET_FAULT_REORDER) {
            fate->extra_ns += f->p.extra_ns;
        } else if (p->proto != 0 && p->l4_len > 0) {
            corrupt(f, p);
        }
        if (!fate->dropped_by)
            net_record_fault_act(f, p);
    }
    f->acted++;
}

void net_fault_apply(struct net_link *link, const struct net_iface *from, struct net_packet *p,
                     struct net_fate *fate)
{
    uint64_t now = link->net->queue->now_ns;
    for (struct net_fault *f = link->faults; f && !fate->dropped_by; f = f->next) {
        if (!in_window(f, now) || !net_match_frame(&f->p.match, from, p))
            continue;
        f->seen++;
        fault_act(f, p, fate);
    }
}
