/* How segments find connections and listeners: two tables of open addressing. */
#include "sim/net/tcp_internal.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the table of connections -------------------------------------------------------------- */

static uint64_t end_hash(const struct net_addr *a, uint16_t port)
{
    uint64_t x = (a->q[1] ^ a->q[0] * UINT64_C(0x9e3779b97f4a7c15)) + port;
    x = (x ^ (x >> 32)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 29);
}

uint32_t tcp_hash(const struct net_addr *local, uint16_t local_port, const struct net_addr *remote,
                  uint16_t remote_port)
{
    uint64_t x = (end_hash(local, local_port) + end_hash(remote, remote_port)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(x >> 32);
}

struct tcp_conn *tcp_find(const struct net_tcp *tcp, uint32_t hash, const struct net_host *host,
                          const struct net_addr *local, uint16_t local_port, const struct net_addr *remote,
                          uint16_t remote_port)
{
    for (size_t i = hash & tcp->mask; tcp->slots[i].c; i = (i + 1) & tcp->mask) {
        struct tcp_conn *c = tcp->slots[i].c;
        if (tcp->slots[i].hash == hash && c->local_port == local_port && c->remote_port == remote_port &&
            net_addr_same(&c->remote, remote) && net_addr_same(&c->local, local) &&
            (!host || c->host == host))
            return c;
    }
    return NULL;
}

void net_tcp_ahead(const struct net_packet *p, unsigned before)
{
    const struct net_tcp *tcp = p->net->tcp;
    const struct tcp_slot *slot = &tcp->slots[p->flow & tcp->mask];
    if (before == 2) {
        net_prefetch(slot, 0);
    } else if (before == 1) {
        if (slot->c && slot->hash == p->flow)
            for (size_t at = 0; at < TCP_CONN_HOT; at += 64)
                net_prefetch(slot->c, at);
    } else if (slot->c && slot->hash == p->flow) {
        const struct tcp_conn *c = slot->c;
        net_prefetch(c->path.to, 0);
        for (size_t at = 0; c->app && at < TCP_APP_HOT; at += 64)
            net_prefetch(c->app, at);
    }
}

static void slot_put(struct tcp_slot *slots, size_t mask, struct tcp_slot s)
{
    size_t i = s.hash & mask;
    while (slots[i].c)
        i = (i + 1) & mask;
    slots[i] = s;
}

void tcp_table_add(struct net_tcp *tcp, struct tcp_conn *c)
{
    if ((tcp->used + 1) * 2 > tcp->mask + 1) {
        size_t mask = tcp->mask * 2 + 1;
        struct tcp_slot *slots = core_alloc((mask + 1) * sizeof *slots);
        for (size_t i = 0; i <= tcp->mask; i++)
            if (tcp->slots[i].c)
                slot_put(slots, mask, tcp->slots[i]);
        free(tcp->slots);
        tcp->slots = slots;
        tcp->mask = mask;
    }
    slot_put(tcp->slots, tcp->mask, (struct tcp_slot){ c, c->hash });
    tcp->used++;
}

/* Empties c's slot and closes the gap, so that probing needs no tombstones. */
void tcp_table_remove(struct net_tcp *tcp, const struct tcp_conn *c)
{
    struct tcp_slot *slots = tcp->slots;
    size_t mask = tcp->mask, gap = c->hash & mask;
    while (slots[gap].c != c)
        gap = (gap + 1) & mask;
    for (size_t i = (gap + 1) & mask; slots[i].c; i = (i + 1) & mask) {
        size_t home = slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            slots[gap] = slots[i];
            gap = i;
        }
    }
    slots[gap].c = NULL;
    tcp->used--;
}

void tcp_each(const struct net *net, void (*see)(void *ctx, const struct tcp_conn *c), void *ctx)
{
    const struct net_tcp *tcp = net->tcp;
    for (size_t i = 0; i <= tcp->mask; i++)
        if (tcp->slots[i].c)
            see(ctx, tcp->slots[i].c);
}

/* ---- listeners ------------------------------------------------------------------------------ */

static size_t listener_home(const struct net_tcp *tcp, uint32_t number, uint16_t port)
{
    return ((uint64_t)(number * 65536u + port) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & tcp->listener_mask;
}

static struct tcp_listener *listener_slot(const struct net_tcp *tcp, const struct net_host *host,
                                          uint16_t port)
{
    size_t i = listener_home(tcp, host->number, port);
    while (tcp->listeners[i].host && (tcp->listeners[i].host != host || tcp->listeners[i].port != port))
        i = (i + 1) & tcp->listener_mask;
    return &tcp->listeners[i];
}

const struct tcp_listener *tcp_listener(const struct net_tcp *tcp, const struct net_host *host, uint16_t port)
{
    const struct tcp_listener *l = listener_slot(tcp, host, port);
    return l->host ? l : NULL;
}

static void listeners_grow(struct net_tcp *tcp)
{
    struct tcp_listener *old = tcp->listeners;
    size_t n = tcp->listener_mask + 1;
    tcp->listener_mask = n * 2 - 1;
    tcp->listeners = core_alloc(n * 2 * sizeof *old);
    for (size_t i = 0; i < n; i++)
        if (old[i].host)
            *listener_slot(tcp, old[i].host, old[i].port) = old[i];
    free(old);
}

bool tcp_listen(struct net_host *host, uint16_t port, tcp_accept_fn *accept, void *ctx)
{
    struct net_tcp *tcp = host->net->tcp;
    struct tcp_listener *l;
    assert(accept && port != 0);
    if ((tcp->nlisteners + 1) * 2 > tcp->listener_mask + 1)
        listeners_grow(tcp);
    l = listener_slot(tcp, host, port);
    if (l->host)
        return false;
    *l = (struct tcp_listener){ host, accept, ctx, port };
    tcp->nlisteners++;
    return true;
}

void tcp_unlisten(struct net_host *host, uint16_t port)
{
    struct net_tcp *tcp = host->net->tcp;
    struct tcp_listener *l = listener_slot(tcp, host, port);
    size_t mask = tcp->listener_mask, gap = (size_t)(l - tcp->listeners);
    if (!l->host)
        return;
    for (size_t i = (gap + 1) & mask; tcp->listeners[i].host; i = (i + 1) & mask) {
        size_t home = listener_home(tcp, tcp->listeners[i].host->number, tcp->listeners[i].port);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            tcp->listeners[gap] = tcp->listeners[i];
            gap = i;
        }
    }
    tcp->listeners[gap].host = NULL;
    tcp->nlisteners--;
}

void net_tcp_recognise(struct net *net, struct net_packet *p)
{
    const uint8_t *h = net_packet_l4(p);
    uint16_t local_port, remote_port;
    const struct tcp_conn *c;
    if (p->l4_len < TCP_HEADER)
        return;
    remote_port = net_get16(h);
    local_port = net_get16(h + 2);
    c = tcp_find(net->tcp, tcp_hash(&p->dst, local_port, &p->src, remote_port), NULL, &p->dst, local_port,
                 &p->src, remote_port);
    if (c) {
        p->conn = c->number;
        p->flow = c->hash;
        p->has_relative = c->state != TCP_SYN_SENT;
        p->seq_from = c->irs;
        p->ack_from = c->iss;
    } else if ((h[13] & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
        p->conn = ++net->conns;
        p->has_relative = 1;
        p->seq_from = net_get32(h + 4);
        p->ack_from = 0;
    }
}

void tcp_table_init(struct net_tcp *tcp)
{
    tcp->mask = 63;
    tcp->slots = core_alloc((tcp->mask + 1) * sizeof *tcp->slots);
    tcp->listener_mask = 15;
    tcp->listeners = core_alloc((tcp->listener_mask + 1) * sizeof *tcp->listeners);
}

void tcp_table_free(struct net_tcp *tcp)
{
    free(tcp->slots);
    free(tcp->listeners);
}
