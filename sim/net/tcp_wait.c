/*
 * TIME-WAIT: small records in a ring, in the order in which they end, with one timer for all.
 *
 *   id:   wait_first .. wait_end   place: id & wait_mask   host NULL: it ended before its time
 */
#include "sim/net/tcp_internal.h"

#include <assert.h>
#include <stdlib.h>

static struct tcp_wait *record(const struct net_tcp *tcp, uint32_t id)
{
    return &tcp->wait[id & tcp->wait_mask];
}

static uint32_t hash_of(const struct tcp_wait *w)
{
    return tcp_hash(&w->local, w->local_port, &w->remote, w->remote_port);
}

/* ---- the table of records -------------------------------------------------------------------- */

static void slot_put(struct tcp_wait_slot *slots, size_t mask, struct tcp_wait_slot s)
{
    size_t i = s.hash & mask;
    while (slots[i].id)
        i = (i + 1) & mask;
    slots[i] = s;
}

static void slot_remove(struct net_tcp *tcp, uint32_t hash, uint32_t id)
{
    struct tcp_wait_slot *slots = tcp->wait_slots;
    size_t mask = tcp->wait_slot_mask, gap = hash & mask;
    while (slots[gap].id != id)
        gap = (gap + 1) & mask;
    for (size_t i = (gap + 1) & mask; slots[i].id; i = (i + 1) & mask) {
        size_t home = slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            slots[gap] = slots[i];
            gap = i;
        }
    }
    slots[gap].id = 0;
}

static uint32_t wait_id(const struct net_tcp *tcp, uint32_t hash, const struct tcp_wait *w)
{
    size_t i = hash & tcp->wait_slot_mask;
    while (tcp->wait_slots[i].id == 0 || record(tcp, tcp->wait_slots[i].id) != w)
        i = (i + 1) & tcp->wait_slot_mask;
    return tcp->wait_slots[i].id;
}

struct tcp_wait *tcp_wait_find(struct net_tcp *tcp, uint32_t hash, const struct net_host *host,
                               const struct net_addr *local, uint16_t local_port,
                               const struct net_addr *remote, uint16_t remote_port)
{
    size_t mask = tcp->wait_slot_mask;
    for (size_t i = hash & mask; tcp->wait_slots[i].id; i = (i + 1) & mask) {
        struct tcp_wait *w = record(tcp, tcp->wait_slots[i].id);
        if (tcp->wait_slots[i].hash == hash && w->host == host && w->local_port == local_port &&
            w->remote_port == remote_port && net_addr_same(&w->remote, remote) &&
            net_addr_same(&w->local, local))
            return w;
    }
    return NULL;
}

/* ---- the ring ----------------------------------------------------------------------------------- */

/* Records move to their new places, slots are hashed anew: a record's id stays. */
static void grow(struct net_tcp *tcp)
{
    size_t mask = tcp->wait_mask * 2 + 1, slot_mask = mask * 2 + 1;
    struct tcp_wait *ring = core_alloc((mask + 1) * sizeof *ring);
    struct tcp_wait_slot *slots = core_alloc((slot_mask + 1) * sizeof *slots);
    for (uint32_t id = tcp->wait_first; id != tcp->wait_end; id++)
        ring[id & mask] = *record(tcp, id);
    for (size_t i = 0; i <= tcp->wait_slot_mask; i++)
        if (tcp->wait_slots[i].id)
            slot_put(slots, slot_mask, tcp->wait_slots[i]);
    free(tcp->wait);
    free(tcp->wait_slots);
    tcp->wait = ring;
    tcp->wait_mask = mask;
    tcp->wait_slots = slots;
    tcp->wait_slot_mask = slot_mask;
}

static uint32_t next_id(struct net_tcp *tcp)
{
    if (tcp->wait_end - tcp->wait_first == tcp->wait_mask + 1)
        grow(tcp);
    return tcp->wait_end++;
}

static void put(struct net_tcp *tcp, uint32_t hash, struct tcp_wait w)
{
    uint32_t id = next_id(tcp);
    if (id == 0) { /* means a free slot: once in 2^32 a place stays empty */
        record(tcp, id)->host = NULL;
        id = next_id(tcp);
    }
    w.until_ns = tcp->net->queue->now_ns + TCP_2MSL_NS;
    *record(tcp, id) = w;
    slot_put(tcp->wait_slots, tcp->wait_slot_mask, (struct tcp_wait_slot){ hash, id });
    tcp->stats.now_time_wait++;
    if (!core_timer_armed(&tcp->wait_timer))
        core_timer_set(tcp->net->queue, &tcp->wait_timer, w.until_ns);
}

static void drop(struct net_tcp *tcp, uint32_t hash, uint32_t id)
{
    slot_remove(tcp, hash, id);
    record(tcp, id)->host = NULL;
    tcp->stats.now_time_wait--;
}

static void run_out(struct core_queue *q, struct core_timer *timer)
{
    struct net_tcp *tcp = CORE_OWNER(timer, struct net_tcp, wait_timer);
    tcp->net->trace->cause = 0; /* due to nothing but time */
    for (; tcp->wait_first != tcp->wait_end; tcp->wait_first++) {
        struct tcp_wait *w = record(tcp, tcp->wait_first);
        if (!w->host)
            continue;
        if (w->until_ns > q->now_ns) {
            core_timer_set(q, timer, w->until_ns);
            return;
        }
        tcp_trace_state(tcp, w->host, w->number, &w->remote, TCP_TIME_WAIT, TCP_CLOSED);
        drop(tcp, hash_of(w), tcp->wait_first);
    }
}

void tcp_wait_add(struct tcp_conn *c)
{
    put(c->tcp, c->hash,
        (struct tcp_wait){ .local = c->local,
                           .remote = c->remote,
                           .local_port = c->local_port,
                           .remote_port = c->remote_port,
                           .snd_nxt = c->snd_max,
                           .rcv_nxt = c->rcv_nxt,
                           .number = c->number,
                           .host = c->host });
}

static void acknowledge(const struct tcp_wait *w, const struct tcp_segment *s)
{
    tcp_answer(w->host, s, w->snd_nxt, w->rcv_nxt, TCP_ACK, TCP_WINDOW_MAX, w->number);
}

/* RFC 9293 section 3.10.7.4 for TIME-WAIT. An RST is ignored (RFC 1337, fix F1): it could come from a
 * duplicate of the old connection and would let the port be used too early. */
void tcp_wait_arrives(struct net_tcp *tcp, struct tcp_wait *w, uint32_t hash, struct tcp_segment *s)
{
    if (s->flags & TCP_RST)
        return;
    if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && tcp_leq(w->rcv_nxt, s->seq) &&
        tcp_listener(tcp, w->host, s->dst_port)) {
        /* A new connection whose numbers begin beyond the old one's: nothing can be confused (RFC 6191
         * section 2, without timestamps; RFC 1122 section 4.2.2.13). */
        struct tcp_wait before = *w;
        drop(tcp, hash, wait_id(tcp, hash, w));
        tcp_trace_state(tcp, before.host, before.number, &before.remote, TCP_TIME_WAIT, TCP_CLOSED);
        tcp_arrives_listen(before.host, s, &before);
        return;
    }
    if ((s->flags & TCP_FIN) && s->seq + s->len + 1 == w->rcv_nxt) {
        /* The peer has not heard our last ACK: once more, and 2 MSL from now. */
        struct tcp_wait again = *w;
        drop(tcp, hash, wait_id(tcp, hash, w));
        put(tcp, hash, again);
        acknowledge(&again, s);
        return;
    }
    if (s->len > 0 || (s->flags & (TCP_SYN | TCP_FIN)) || (s->seq != w->rcv_nxt && tcp_may_challenge(tcp)))
        acknowledge(w, s);
}

void tcp_wait_init(struct net_tcp *tcp)
{
    tcp->wait_mask = 63;
    tcp->wait_slot_mask = 127;
    tcp->wait = core_alloc((tcp->wait_mask + 1) * sizeof *tcp->wait);
    tcp->wait_slots = core_alloc((tcp->wait_slot_mask + 1) * sizeof *tcp->wait_slots);
    tcp->wait_first = tcp->wait_end = 1;
    tcp->wait_timer.run = run_out;
}

void tcp_wait_free(struct net_tcp *tcp)
{
    core_timer_cancel(tcp->net->queue, &tcp->wait_timer);
    free(tcp->wait);
    free(tcp->wait_slots);
    tcp->wait = NULL;
    tcp->wait_slots = NULL;
}
