/* Octets on their way to the user: reassembly, the receive buffer and the window offered. */
#include "sim/net/tcp_internal.h"

#include <assert.h>

/* ---- the receive buffer: linear, so that the user sees one piece --------------------------------- */

static void rx_append(struct tcp_conn *c, const uint8_t *octets, uint32_t len)
{
    struct core_depot *depot = &c->tcp->net->depot;
    if (c->rx_head + c->rx_len + len > c->rx_cap) {
        uint32_t need = c->rx_len + len;
        /* Moving to the front is paid for by a quarter of the buffer that it frees. */
        if (need <= c->rx_cap - c->rx_cap / 4) {
            memmove(c->rx_buf, c->rx_buf + c->rx_head, c->rx_len);
        } else {
            size_t cap;
            char *bigger = core_depot_take(depot, tcp_most(need + need / 2, TCP_BUFFER_LEAST), &cap);
            if (c->rx_buf) {
                memcpy(bigger, c->rx_buf + c->rx_head, c->rx_len);
                core_depot_give(depot, c->rx_buf, c->rx_cap);
            }
            c->rx_buf = bigger;
            c->rx_cap = (uint32_t)cap;
        }
        c->rx_head = 0;
    }
    memcpy(c->rx_buf + c->rx_head + c->rx_len, octets, len);
    c->rx_len += len;
}

static void rx_take(struct tcp_conn *c, uint32_t octets)
{
    c->rx_head += octets;
    c->rx_len -= octets;
    if (c->rx_len == 0) {
        core_depot_give(&c->tcp->net->depot, c->rx_buf, c->rx_cap);
        c->rx_buf = NULL;
        c->rx_cap = c->rx_head = 0;
    }
}

void tcp_rx_free(struct tcp_conn *c)
{
    if (c->rx_buf)
        rx_take(c, c->rx_len);
    for (struct net_packet *p = c->early, *next; p; p = next) {
        next = p->next;
        net_packet_give(c->tcp->net, p);
    }
    c->early = NULL;
    c->held = 0;
}

/* ---- showing it to the user ------------------------------------------------------------------------ */

static uint32_t show(struct tcp_conn *c, const char *octets, uint32_t len)
{
    size_t took;
    if (!c->ops || !c->ops->data)
        return len;
    c->flags = (c->flags & ~(uint32_t)TCP_F_SHOW_AGAIN) | TCP_F_IN_DATA;
    took = c->ops->data(c, c->app, octets, len);
    c->flags &= ~(uint32_t)TCP_F_IN_DATA;
    assert(took <= len);
    return (uint32_t)took;
}

/* Shows it once; again only if data() took some and asked for more by calling tcp_read. */
void tcp_show(struct tcp_conn *c)
{
    uint32_t took;
    do {
        took = show(c, c->rx_buf + c->rx_head, c->rx_len);
        if (tcp_gone(c))
            return; /* the user aborted; release() gives the buffer back */
        rx_take(c, took);
    } while (took > 0 && c->rx_len > 0 && (c->flags & TCP_F_SHOW_AGAIN));
}

/* In-order octets go straight from the packet to the user; what is not taken is kept. */
static void deliver(struct tcp_conn *c, const uint8_t *octets, uint32_t len)
{
    uint32_t took = 0;
    if (c->rx_len == 0) {
        took = show(c, (const char *)octets, len);
        if (took == len || tcp_gone(c))
            return;
        rx_append(c, octets + took, len - took);
        if (took == 0 || !(c->flags & TCP_F_SHOW_AGAIN))
            return;
    } else {
        rx_append(c, octets, len);
    }
    tcp_show(c);
}

/* ---- the window ------------------------------------------------------------------------------------ */

/* The right edge that the buffer could take, which never moves left (RFC 9293 section 3.8.6). */
static uint32_t window_edge(const struct tcp_conn *c)
{
    uint32_t limit = c->tcp->window, edge = c->rcv_nxt + (c->rx_len < limit ? limit - c->rx_len : 0);
    return tcp_lt(c->rcv_adv, edge) ? edge : c->rcv_adv;
}

uint16_t tcp_offer_window(struct tcp_conn *c)
{
    uint32_t edge = window_edge(c), unit = 1u << c->rcv_shift, field;
    /* Silly window avoidance, RFC 9293 section 3.8.6.2.2: no small steps. */
    if (edge - c->rcv_adv >= tcp_least(c->tcp->window / 2, c->rcv_mss))
        field = (edge - c->rcv_nxt) >> c->rcv_shift;
    else
        field = (c->rcv_adv - c->rcv_nxt + unit - 1) >> c->rcv_shift; /* up: the edge may not go back */
    field = tcp_least(field, TCP_WINDOW_MAX);
    edge = c->rcv_nxt + (field << c->rcv_shift);
    if (tcp_lt(c->rcv_adv, edge))
        c->rcv_adv = edge;
    return (uint16_t)field;
}

bool tcp_window_grew(const struct tcp_conn *c)
{
    uint32_t gain = window_edge(c) - c->rcv_adv;
    return gain > 0 && gain >= tcp_least(c->tcp->window / 2, 2u * c->rcv_mss);
}

/* ---- reassembly -------------------------------------------------------------------------------------- */

struct span {
    const uint8_t *data;
    uint32_t seq, len;
    bool fin;
};

static struct span span_of(struct net_packet *p)
{
    const uint8_t *h = net_packet_l4(p);
    unsigned header = (h[12] >> 4) * 4u;
    return (struct span){ h + header, net_get32(h + 4), p->l4_len - header, (h[13] & TCP_FIN) != 0 };
}

/* Keeps a segment that is early, in order of its sequence number; takes it over if it adds something. */
static void keep(struct tcp_conn *c, struct tcp_segment *s)
{
    struct net_packet **at = &c->early;
    uint32_t end = s->seq + s->len;
    if (c->held == TCP_HELD_MAX)
        return; /* it will come again */
    for (; *at; at = &(*at)->next) {
        struct span e = span_of(*at);
        if (tcp_leq(e.seq, s->seq) && tcp_leq(end, e.seq + e.len) && (e.fin || !(s->flags & TCP_FIN)))
            return; /* nothing new */
        if (tcp_lt(s->seq, e.seq))
            break;
    }
    s->p->next = *at;
    *at = s->p;
    s->p = NULL;
    c->held++;
}

/* The peer's FIN is in order: RFC 9293 section 3.10.7.4, eighth. */
static void take_fin(struct tcp_conn *c)
{
    c->rcv_nxt++;
    c->flags |= TCP_F_FIN_SEEN | TCP_F_ACK_NOW;
    if (tcp_lt(c->rcv_adv, c->rcv_nxt))
        c->rcv_adv = c->rcv_nxt;
    switch ((enum tcp_state)c->state) {
    case TCP_ESTABLISHED:
        tcp_enter(c, TCP_CLOSE_WAIT);
        break;
    case TCP_FIN_WAIT_1: /* ours is not acknowledged, or the state were FIN-WAIT-2 by now */
        tcp_enter(c, TCP_CLOSING);
        break;
    case TCP_FIN_WAIT_2:
        tcp_enter(c, TCP_TIME_WAIT);
        break;
    default:
        assert(false && "a second FIN");
    }
    if (c->ops && c->ops->peer_closed)
        c->ops->peer_closed(c, c->app);
}

/* Takes what of the span is new and inside the window. False: nothing more can be taken. */
static bool take_span(struct tcp_conn *c, struct span s)
{
    uint32_t old = c->rcv_nxt - s.seq, room = c->rcv_adv - c->rcv_nxt;
    if (old > 0) {
        if (old > s.len || (old == s.len && !s.fin))
            return true; /* all of it is old */
        s.data += old;
        s.len -= old;
    }
    if (s.len > room) {
        s.len = room; /* beyond the window, its FIN with it */
        s.fin = false;
    }
    if (s.len > 0) {
        c->rcv_nxt += s.len;
        if (s.len > c->rcv_mss)
            c->rcv_mss = (uint16_t)s.len;
        deliver(c, s.data, s.len);
    }
    if (s.fin && !tcp_gone(c))
        take_fin(c);
    return !tcp_gone(c) && !(c->flags & TCP_F_FIN_SEEN);
}

static void take_early(struct tcp_conn *c)
{
    while (c->early) {
        struct net_packet *p = c->early;
        struct span s = span_of(p);
        bool more;
        if (tcp_lt(c->rcv_nxt, s.seq))
            return;
        c->early = p->next;
        c->held--;
        more = take_span(c, s);
        net_packet_give(c->tcp->net, p);
        if (!more)
            return;
    }
}

/* RFC 9293 section 3.10.7.4, seventh and eighth, after the sequence number has been checked. */
void tcp_take_data(struct tcp_conn *c, struct tcp_segment *s)
{
    if (s->len == 0 && !(s->flags & TCP_FIN))
        return;
    if (c->flags & TCP_F_FIN_SEEN) {
        c->flags |= TCP_F_ACK_NOW; /* a repeated FIN, or data after it: not believed */
        return;
    }
    if (tcp_lt(c->rcv_nxt, s->seq)) {
        c->flags |= TCP_F_ACK_NOW; /* a duplicate ACK tells of the gap: RFC 5681 section 4.2 */
        keep(c, s);
        return;
    }
    /* At once: when it repeats something, fills a gap, or every second full segment (RFC 9293 section
     * 3.8.6.3). Otherwise the acknowledgment may wait for data to travel with. */
    if (s->seq != c->rcv_nxt || c->early)
        c->flags |= TCP_F_ACK_NOW;
    if (take_span(c, (struct span){ s->data, s->seq, s->len, (s->flags & TCP_FIN) != 0 }) && c->early)
        take_early(c);
    if (tcp_gone(c))
        return;
    if (c->rcv_nxt - c->rcv_acked >= 2u * c->rcv_mss || tcp_window_grew(c) || c->rcv_adv == c->rcv_nxt)
        c->flags |= TCP_F_ACK_NOW;
    else if (c->rcv_nxt != c->rcv_acked)
        c->flags |= TCP_F_ACK_LATER;
}
