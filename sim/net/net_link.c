/* Links: transmitters, the wire, the switch. */
#include "sim/net/net_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/net/ether.h"
#include "sim/net/fault.h"
#include "sim/net/ip.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"

#define NS_BITS (8 * CORE_S) /* octets * NS_BITS / rate_bps: nanoseconds */

struct net_link *net_link_add(struct net *net, const char *name, const struct net_link_params *params)
{
    struct net_link *l = core_arena_take(&net->arena, sizeof *l);
    char stream[80];
    l->net = net;
    l->name = core_arena_copy(&net->arena, name, strlen(name));
    l->number = (uint32_t)net->nlinks + 1;
    l->ports = l->two;
    l->max_ports = 2;
    snprintf(stream, sizeof stream, "link:%s", name);
    core_rng_init(&l->rng, net->seed, stream);
    net_link_change(l, params);
    if (net->nlinks == net->max_links) {
        net->max_links = net->max_links ? net->max_links * 2 : 16;
        net->links = core_realloc(net->links, net->max_links * sizeof *net->links);
    }
    net->links[net->nlinks++] = l;
    return l;
}

void net_link_release(struct net_link *l)
{
    while (l->faults)
        net_fault_free(l->faults);
    for (uint32_t i = 0; i < l->nports; i++)
        free(l->ports[i].iface->departures);
    if (l->ports != l->two)
        free(l->ports);
}

struct net_link *net_link_find(const struct net *net, const char *name)
{
    for (size_t i = 0; i < net->nlinks; i++)
        if (strcmp(net->links[i]->name, name) == 0)
            return net->links[i];
    return NULL;
}

uint64_t net_link_wire_ns(const struct net_link *l, uint64_t octets)
{
    if (l->octet_ns)
        return octets * l->octet_ns;
    return l->params.rate_bps ? (octets * NS_BITS + l->params.rate_bps - 1) / l->params.rate_bps : 0;
}

void net_link_change(struct net_link *l, const struct net_link_params *params)
{
    l->params = *params;
    if (l->params.mtu == 0 || l->params.mtu > NET_MTU)
        l->params.mtu = NET_MTU;
    l->octet_ns = params->rate_bps && NS_BITS % params->rate_bps == 0 ? NS_BITS / params->rate_bps : 0;
    l->queue_ns = net_link_wire_ns(l, params->queue_octets);
    l->net->version++;
}

void net_link_attach(struct net_link *l, struct net_iface *iface)
{
    struct net_port *port;
    if (l->nports == l->max_ports) {
        struct net_port *grown = core_alloc(l->max_ports * 2 * sizeof *grown);
        memcpy(grown, l->ports, l->nports * sizeof *grown);
        if (l->ports != l->two)
            free(l->ports);
        l->ports = grown;
        l->max_ports *= 2;
    }
    port = &l->ports[l->nports++];
    port->iface = iface;
    port->ip4 = iface->bits4 ? iface->ip4.w[3] : 0;
    port->ip6_last = iface->bits6 ? net_get32(iface->ip6.b + 12) & 0xffffff : UINT32_MAX;
}

/* ---- the transmitter ---------------------------------------------------------------------- */

/* The ring of departures, long enough for the limit. */
static struct net_departures *departures(struct net_iface *iface, uint32_t limit)
{
    struct net_departures *old = iface->departures, *d;
    if (old && old->size >= limit)
        return old;
    d = core_alloc(sizeof *d + limit * sizeof d->at_ns[0]);
    d->size = limit;
    for (uint32_t i = 0; old && i < old->count; i++)
        d->at_ns[d->count++] = old->at_ns[(old->first + i) % old->size];
    free(old);
    iface->departures = d;
    return d;
}

/* Notes that a frame leaves at `at_ns`. False: `limit` frames are in the transmitter already. */
static bool departures_add(struct net_iface *iface, uint32_t limit, uint64_t now_ns, uint64_t at_ns)
{
    struct net_departures *d = departures(iface, limit);
    while (d->count > 0 && d->at_ns[d->first] <= now_ns) {
        d->first = d->first + 1 == d->size ? 0 : d->first + 1;
        d->count--;
    }
    if (d->count >= limit)
        return false;
    d->at_ns[(d->first + d->count) % d->size] = at_ns;
    d->count++;
    return true;
}

/* When the last bit of p leaves `from`; CORE_NEVER: the queue is full. */
static inline uint64_t transmit(struct net_link *l, struct net_iface *from, const struct net_packet *p)
{
    uint64_t now = l->net->queue->now_ns;
    uint64_t start = from->free_ns > now ? from->free_ns : now;
    uint64_t wire = net_link_wire_ns(l, p->len), end = start + wire;
    if (l->queue_ns && end - now > l->queue_ns)
        return CORE_NEVER;
    if (l->params.queue_packets && wire > 0 && !departures_add(from, l->params.queue_packets, now, end))
        return CORE_NEVER;
    from->free_ns = end;
    l->frames++;
    l->octets += p->len;
    return end;
}

/* ---- the wire ------------------------------------------------------------------------------ */

static void arrive(struct core_queue *q, struct core_event *event)
{
    struct net_packet *p = CORE_OWNER(event, struct net_packet, event);
    struct net_iface *iface = p->iface;
    (void)q;
    p->net->trace->cause = p->cause;
    if (iface->up)
        net_ether_input(p);
    else
        net_drop(p->net, iface->host, p, NET_DROP_DOWN);
}

/* Each look follows one pointer that the look before has fetched. */
void net_ahead(const struct core_queue *q, struct core_event *const next[CORE_AHEAD])
{
    const struct net_packet *p;
    (void)q;
    if (next[3]) {
        net_prefetch(next[3], 0);
        net_prefetch(next[3], 64);
        net_prefetch(next[3], 128);
    }
    if (next[2] && next[2]->run == arrive) {
        p = CORE_OWNER(next[2], const struct net_packet, event);
        net_prefetch(p->iface, 0);
        net_prefetch(p->iface, 64);
        net_tcp_ahead(p, 2);
    }
    if (next[1] && next[1]->run == arrive) {
        p = CORE_OWNER(next[1], const struct net_packet, event);
        net_prefetch(p->iface->host, 0);
        net_prefetch(p->iface->host, 64);
        net_prefetch(p->iface->link, 0);
        net_prefetch(p->iface->link, 64);
        net_tcp_ahead(p, 1);
    }
    if (next[0] && next[0]->run == arrive) {
        p = CORE_OWNER(next[0], const struct net_packet, event);
        net_prefetch(p->iface->host->app, 0);
        net_tcp_ahead(p, 0);
    }
}

/* A broadcast or multicast frame is with all the others at the same moment: one event for all. */
static void arrive_everywhere(struct core_queue *q, struct core_event *event)
{
    struct net_packet *p = CORE_OWNER(event, struct net_packet, event);
    struct net_iface *from = p->iface;
    struct net_link *l = from->link;
    (void)q;
    for (uint32_t i = 0; i < l->nports; i++) {
        if (l->ports[i].iface == from)
            continue;
        l->net->trace->cause = p->cause;
        net_ether_flood_input(&l->ports[i], p);
    }
    net_packet_give(l->net, p);
}

/* Lets the faults act. False: p is gone. */
static bool suffer(struct net_link *l, struct net_iface *from, struct net_packet *p, uint64_t *arrival_ns)
{
    struct net_fate fate = { 0 };
    net_fault_apply(l, from, p, &fate);
    if (fate.dropped_by) {
        net_drop_on_link(l, NULL, p, fate.why, fate.dropped_by->p.name);
        return false;
    }
    if (fate.copied)
        core_post(l->net->queue, &net_packet_copy(l->net, p)->event, *arrival_ns + fate.copy_ns);
    *arrival_ns += fate.extra_ns;
    return true;
}

/* Carries p, whose event and receiver are set, from `from`. */
static inline void carry(struct net_link *l, struct net_iface *from, struct net_packet *p)
{
    uint64_t left = transmit(l, from, p), arrival;
    if (left == CORE_NEVER) {
        net_drop_on_link(l, from->host, p, NET_DROP_QUEUE, NULL);
        return;
    }
    arrival = left + l->params.delay_ns;
    if (l->params.jitter_ns)
        arrival += core_rng_below(&l->rng, l->params.jitter_ns + 1);
    if (arrival < from->last_arrival_ns)
        arrival = from->last_arrival_ns;
    from->last_arrival_ns = arrival;
    if (l->faults && !suffer(l, from, p, &arrival))
        return;
    core_post(l->net->queue, &p->event, arrival);
}

/* The interface that stands for the world outside; NULL: none does. */
static struct net_iface *outside_iface(const struct net_link *l)
{
    return l->nports > 1 ? l->ports[1].iface : NULL;
}

static void leave_world(struct core_queue *q, struct core_event *event)
{
    struct net_packet *p = CORE_OWNER(event, struct net_packet, event);
    const struct net_link *l = p->iface->link;
    const struct net_iface *there = outside_iface(l);
    (void)q;
    p->net->trace->cause = p->cause;
    if (there && !there->up) {
        net_drop(p->net, there->host, p, NET_DROP_DOWN);
        return;
    }
    l->outside(l->outside_ctx, p->octets + p->l3, (size_t)(p->l4 - p->l3) + p->l4_len);
    net_packet_give(l->net, p);
}

void net_link_send(struct net_iface *from, struct net_packet *p, struct net_iface *to)
{
    struct net_link *l = from->link;
    if (!to && l->outside && from->up) {
        p->iface = from;
        p->event.run = leave_world;
        carry(l, from, p);
        return;
    }
    if (!to)
        to = net_iface_by_mac(l, net_packet_frame(p));
    if (!from->up || !to) {
        net_drop_on_link(l, from->host, p, from->up ? NET_DROP_NO_SUCH_MAC : NET_DROP_DOWN, NULL);
        return;
    }
    p->iface = to;
    p->event.run = arrive;
    carry(l, from, p);
}

void net_link_flood(struct net_iface *from, struct net_packet *p)
{
    struct net_link *l = from->link;
    if (!from->up) {
        net_drop_on_link(l, from->host, p, NET_DROP_DOWN, NULL);
        return;
    }
    p->iface = from;
    p->event.run = arrive_everywhere;
    carry(l, from, p);
}

/* ---- the world outside ---------------------------------------------------------------------- */

void net_link_open(struct net_link *l, net_outside_fn *fn, void *ctx)
{
    l->outside = fn;
    l->outside_ctx = ctx;
}

const uint8_t *net_link_outside_mac(const struct net_link *l)
{
    return outside_iface(l) ? outside_iface(l)->mac : net_outside_mac;
}

/* What a sender in this network would have told the trace: which connection it is, what a datagram says. */
static void introduce(struct net_link *l, struct net_packet *p)
{
    struct net *net = l->net;
    const uint8_t *ip = p->octets + p->l3;
    bool six = ip[0] >> 4 == 6;
    if (!six && (ip[0] != 0x45 || (net_get16(ip + 6) & 0x1fff) != 0)) /* options, or a later fragment */
        return;
    net_ip_addresses(p);
    if (p->proto == NET_PROTO_TCP) {
        net_tcp_recognise(net, p);
    } else if (p->proto == NET_PROTO_UDP) {
        p->conn = ++net->conns;
        if (net->datagram && net->trace->levels && outside_iface(l))
            net->datagram(net->datagram_ctx, outside_iface(l)->host, p);
    }
}

bool net_link_inject(struct net_link *l, const uint8_t *ip, size_t len)
{
    struct net *net = l->net;
    struct net_iface *from = outside_iface(l);
    struct net_packet *p;
    unsigned version = len > 0 ? ip[0] >> 4 : 0;
    if (!l->outside || l->nports == 0 || len < NET_IP4_HEADER || len > l->params.mtu ||
        (version != 4 && (version != 6 || len < NET_IP6_HEADER)))
        return false;
    p = net_packet_raw(net, len);
    memcpy(p->octets + p->l3, ip, len);
    /* Enough for the records; the receive path reads it again, with care. */
    p->proto = version == 4 ? ip[9] : ip[6];
    p->l4 = (uint16_t)(p->l3 + (version == 4 ? NET_IP4_HEADER : NET_IP6_HEADER));
    p->l4_len = (uint16_t)(len - (size_t)(p->l4 - p->l3));
    p->cause = net->trace->cause;
    introduce(l, p);
    net_ether_frame(p, l->ports[0].iface->mac, net_link_outside_mac(l),
                    version == 4 ? NET_TYPE_IP4 : NET_TYPE_IP6);
    p->frame = ++net->trace->frames;
    net->packets++;
    net->segments += p->proto == NET_PROTO_TCP;
    net_record_packet(net, TRACE_KIND_SENT, from ? from->host : NULL, l, p);
    if (p->cause == 0)
        p->cause = net->trace->seq; /* nothing in here led to it: it is what leads to the rest */
    p->iface = l->ports[0].iface;
    p->event.run = arrive;
    if (from && !from->up)
        net_drop_on_link(l, from->host, p, NET_DROP_DOWN, NULL);
    else if (from)
        carry(l, from, p);
    else
        core_post(net->queue, &p->event, net->queue->now_ns);
    return true;
}
