/* Segments leave: what may be sent now (RFC 9293 section 3.8, RFC 5681), and in which shape. */
#include "sim/net/tcp_internal.h"

#include <assert.h>

#define OPTIONS 8 /* octets after a SYN's header: Maximum Segment Size, no operation, Window Scale */

/* ---- the send buffer: a ring that grows by class and goes when it is empty ---------------------- */

static void ring_copy(const struct tcp_conn *c, uint32_t from, uint8_t *to, uint32_t len)
{
    uint32_t at = (c->snd_head + from) & (c->snd_cap - 1), first = tcp_least(len, c->snd_cap - at);
    memcpy(to, c->snd_buf + at, first);
    if (len > first)
        memcpy(to + first, c->snd_buf, len - first);
}

static void ring_grow(struct tcp_conn *c, uint32_t need)
{
    struct core_depot *depot = &c->tcp->net->depot;
    size_t cap;
    char *bigger = core_depot_take(depot, tcp_most(need, TCP_BUFFER_LEAST), &cap);
    assert((cap & (cap - 1)) == 0 && cap <= UINT32_MAX);
    if (c->snd_buf) {
        ring_copy(c, 0, (uint8_t *)bigger, c->snd_len);
        core_depot_give(depot, c->snd_buf, c->snd_cap);
    }
    c->snd_buf = bigger;
    c->snd_cap = (uint32_t)cap;
    c->snd_head = 0;
}

size_t tcp_buffer_put(struct tcp_conn *c, const void *octets, size_t len)
{
    uint32_t room = c->tcp->send_max - c->snd_len, n = len < room ? (uint32_t)len : room, at, first;
    if (n == 0)
        return 0;
    if (c->snd_len + n > c->snd_cap)
        ring_grow(c, c->snd_len + n);
    at = (c->snd_head + c->snd_len) & (c->snd_cap - 1);
    first = tcp_least(n, c->snd_cap - at);
    memcpy(c->snd_buf + at, octets, first);
    if (n > first)
        memcpy(c->snd_buf, (const char *)octets + first, n - first);
    c->snd_len += n;
    return n;
}

void tcp_buffer_drop(struct tcp_conn *c, uint32_t octets)
{
    assert(octets <= c->snd_len);
    c->snd_len -= octets;
    if (c->snd_len > 0) {
        c->snd_head = (c->snd_head + octets) & (c->snd_cap - 1);
    } else if (c->snd_buf) {
        core_depot_give(&c->tcp->net->depot, c->snd_buf, c->snd_cap);
        c->snd_buf = NULL;
        c->snd_cap = c->snd_head = 0;
    }
}

/* ---- marks --------------------------------------------------------------------------------------- */

static void marks_free(struct tcp_conn *c)
{
    if (c->marks)
        core_depot_give(&c->tcp->net->depot, c->marks, c->marks->cap);
    c->marks = NULL;
}

static void marks_grow(struct tcp_conn *c)
{
    struct tcp_marks *old = c->marks, *m;
    size_t cap, n = old ? (size_t)(old->end - old->first) : 0;
    m = core_depot_take(&c->tcp->net->depot, sizeof *m + 2 * (n + 1) * sizeof m->mark[0], &cap);
    m->cap = (uint32_t)cap;
    m->first = 0;
    m->end = (uint16_t)n;
    m->max = (uint16_t)tcp_least(UINT16_MAX, (uint32_t)((cap - sizeof *m) / sizeof m->mark[0]));
    if (old)
        memcpy(m->mark, old->mark + old->first, n * sizeof m->mark[0]);
    marks_free(c);
    c->marks = m;
}

/* The sequence number of octet 0 of the buffer. */
static uint32_t buffer_seq(const struct tcp_conn *c)
{
    return c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED ? c->iss + 1 : c->snd_una;
}

void tcp_mark(struct tcp_conn *c, uint64_t token)
{
    struct tcp_marks *m = c->marks;
    if ((c->flags & (TCP_F_GONE | TCP_F_CLOSE)) || !c->tcp->mark)
        return;
    if (!m || m->end == m->max) {
        marks_grow(c);
        m = c->marks;
    }
    m->mark[m->end].token = token;
    m->mark[m->end++].seq = buffer_seq(c) + c->snd_len;
}

/* Calls the mark function for what lies before `end` and is now sent for the first time. */
static void marks_pass(struct tcp_conn *c, uint32_t end)
{
    struct tcp_marks *m = c->marks;
    while (m->first < m->end && tcp_lt(m->mark[m->first].seq, end))
        c->tcp->mark(c->tcp->mark_ctx, c, m->mark[m->first++].token);
    if (m->first == m->end)
        marks_free(c);
}

void tcp_tx_free(struct tcp_conn *c)
{
    tcp_buffer_drop(c, c->snd_len);
    marks_free(c);
}

/* ---- shapes -------------------------------------------------------------------------------------- */

static void fill_header(uint8_t *h, uint16_t src_port, uint16_t dst_port, uint32_t seq, uint32_t ack,
                        unsigned header, unsigned flags, uint16_t window)
{
    net_put16(h, src_port);
    net_put16(h + 2, dst_port);
    net_put32(h + 4, seq);
    net_put32(h + 8, ack);
    h[12] = (uint8_t)(header << 2); /* in words of 4 octets, in the upper 4 bits */
    h[13] = (uint8_t)flags;
    net_put16(h + 14, window);
    net_put32(h + 16, 0); /* checksum, urgent pointer */
}

static void fill_sum(uint8_t *h, size_t len, uint32_t pseudo)
{
    uint16_t sum = net_sum_finish(net_sum(h, len, pseudo + tcp_sum_length(len)));
    memcpy(h + 16, &sum, sizeof sum);
}

static bool transmit(struct tcp_conn *c, struct net_packet *p, uint8_t *h, uint16_t len)
{
    fill_sum(h, len, c->pseudo);
    p->l4_len = len;
    p->conn = c->number;
    p->cause = c->tcp->net->trace->cause;
    p->has_relative = 1;
    p->seq_from = c->iss;
    p->ack_from = c->irs;
    p->flow = c->hash;
    c->tcp->stats.segments_sent++;
    return net_ip_send(c->host, p, NET_PROTO_TCP, &c->local, &c->remote, &c->path);
}

/* What every segment with ACK has done: it has acknowledged all, so nothing is due any more. */
static void acknowledged(struct tcp_conn *c)
{
    c->flags &= ~(uint32_t)(TCP_F_ACK_NOW | TCP_F_ACK_LATER);
    c->ack_at = CORE_NEVER;
    c->rcv_acked = c->rcv_nxt;
}

/* Sends `len` octets of the buffer from `seq`, which is at or after snd_una. Returns the octet after it. */
static uint32_t send_segment(struct tcp_conn *c, uint32_t seq, uint32_t len, unsigned flags)
{
    struct net *net = c->tcp->net;
    uint32_t end = seq + len + (flags & TCP_FIN ? 1 : 0);
    bool first_time = tcp_lt(c->snd_max, end);
    struct net_packet *p;
    uint8_t *h;
    if (c->marks)
        marks_pass(c, end); /* before the packet: it emits the lines that this segment carries */
    if (tcp_lt(seq, c->snd_max))
        c->tcp->stats.retransmitted++;
    p = net_packet_take(net, c->family, TCP_HEADER + len);
    h = net_packet_l4(p);
    fill_header(h, c->local_port, c->remote_port, seq, c->rcv_nxt, TCP_HEADER, flags | TCP_ACK,
                tcp_offer_window(c));
    if (len > 0) {
        ring_copy(c, seq - c->snd_una, h + TCP_HEADER, len);
        c->sent_at_ms = (uint32_t)(net->queue->now_ns / CORE_MS);
        if (len < c->mss)
            c->snd_small = end;
    }
    if (first_time && seq == c->snd_max && !(c->flags & TCP_F_TIMED)) {
        c->flags |= TCP_F_TIMED;
        c->rtt_seq = seq;
        c->rtt_at_us = (uint32_t)(net->queue->now_ns / CORE_US);
    }
    if (first_time)
        c->snd_max = end;
    acknowledged(c);
    transmit(c, p, h, (uint16_t)(TCP_HEADER + len));
    return end;
}

void tcp_send_ack(struct tcp_conn *c)
{
    struct net_packet *p = net_packet_take(c->tcp->net, c->family, TCP_HEADER);
    uint8_t *h = net_packet_l4(p);
    fill_header(h, c->local_port, c->remote_port, c->snd_max, c->rcv_nxt, TCP_HEADER, TCP_ACK,
                tcp_offer_window(c));
    acknowledged(c);
    transmit(c, p, h, TCP_HEADER);
}

/* At snd_max, where the peer expects it: elsewhere it would only be challenged (RFC 5961 section 3.2). */
void tcp_send_reset(struct tcp_conn *c)
{
    struct net_packet *p = net_packet_take(c->tcp->net, c->family, TCP_HEADER);
    uint8_t *h = net_packet_l4(p);
    /* A zero-window probe has gone beyond the peer's window; a RST there would not be believed (RFC 9293
     * section 3.10.7.4), so it says the window's end. */
    uint32_t edge = c->snd_una + c->snd_wnd;
    uint32_t seq = tcp_lt(edge, c->snd_max) ? edge : c->snd_max;
    fill_header(h, c->local_port, c->remote_port, seq, c->rcv_nxt, TCP_HEADER, TCP_RST | TCP_ACK, 0);
    c->tcp->stats.resets_sent++;
    transmit(c, p, h, TCP_HEADER);
}

/* What this end can receive in a segment (RFC 9293 section 3.7.1): the first link's MTU less headers. */
uint16_t tcp_own_mss(const struct tcp_conn *c)
{
    unsigned headers = TCP_HEADER + (c->family == 4 ? NET_IP4_HEADER : NET_IP6_HEADER);
    unsigned mtu = net_mtu_for(c->host, &c->remote);
    if (mtu == 0 || mtu > NET_MTU)
        mtu = NET_MTU;
    return (uint16_t)(mtu - headers);
}

/* The window in a SYN is never scaled, and Window Scale goes into a SYN,ACK only if the SYN had it (RFC
 * 7323 section 2.2). Timestamps are not offered: they would cost 12 octets in each segment, and their use
 * here, measuring every round trip, needs no help on a simulated network. */
void tcp_send_syn(struct tcp_conn *c)
{
    bool answer = c->state == TCP_SYN_RECEIVED, scale = !answer || (c->flags & TCP_F_SCALED);
    unsigned header = TCP_HEADER + (scale ? OPTIONS : 4u);
    uint32_t window = tcp_least(c->tcp->window, TCP_WINDOW_MAX);
    struct net_packet *p = net_packet_take(c->tcp->net, c->family, header);
    uint8_t *h = net_packet_l4(p);
    if (c->mss == 0)
        c->mss = tcp_own_mss(c);
    fill_header(h, c->local_port, c->remote_port, c->iss, answer ? c->rcv_nxt : 0, header,
                answer ? TCP_SYN | TCP_ACK : TCP_SYN, (uint16_t)window);
    h[20] = 2; /* Maximum Segment Size, 4 octets */
    h[21] = 4;
    net_put16(h + 22, answer ? tcp_own_mss(c) : c->mss);
    if (scale)
        net_put32(h + 24, UINT32_C(0x01030300) | c->rcv_shift); /* no operation; Window Scale, 3 octets */
    if (answer) {
        c->rcv_adv = c->rcv_nxt + window;
        acknowledged(c);
    }
    if (c->snd_max == c->iss + 1) { /* again: its answer says nothing about the round trip */
        c->flags = (c->flags & ~(uint32_t)TCP_F_TIMED) | TCP_F_SYN_LOST;
        c->tcp->stats.retransmitted++;
    } else {
        c->flags |= TCP_F_TIMED;
        c->rtt_seq = c->iss;
        c->rtt_at_us = (uint32_t)(tcp_now(c) / CORE_US);
    }
    c->snd_una = c->recover = c->snd_small = c->iss;
    c->snd_nxt = c->snd_max = c->iss + 1;
    tcp_resend_in(c, c->rto_us);
    c->cause = c->tcp->net->trace->cause;
    if (!transmit(c, p, h, (uint16_t)header) && c->state == TCP_SYN_SENT) {
        c->flags |= TCP_F_DOOMED;
        c->doom = TCP_END_UNREACHABLE;
        c->resend_at = tcp_now(c);
    }
}

void tcp_answer(struct net_host *host, const struct tcp_segment *s, uint32_t seq, uint32_t ack, uint8_t flags,
                uint16_t offer, uint32_t number)
{
    struct net *net = host->net;
    const struct net_packet *in = s->p;
    struct net_packet *p = net_packet_take(net, net_addr_is4(&in->src) ? 4 : 6, TCP_HEADER);
    uint8_t *h = net_packet_l4(p);
    fill_header(h, s->dst_port, s->src_port, seq, ack, TCP_HEADER, flags, offer);
    fill_sum(h, TCP_HEADER, net_sum_pseudo(&in->dst, &in->src, NET_PROTO_TCP, 0));
    p->l4_len = TCP_HEADER;
    p->conn = number;
    p->cause = net->trace->cause;
    p->has_relative = in->has_relative;
    p->seq_from = in->ack_from;
    p->ack_from = in->seq_from;
    net->tcp->stats.segments_sent++;
    if (flags & TCP_RST)
        net->tcp->stats.resets_sent++;
    net_ip_send(host, p, NET_PROTO_TCP, &in->dst, &in->src, NULL);
}

void tcp_answer_reset(struct net_host *host, const struct tcp_segment *s)
{
    uint32_t span = s->len + (s->flags & TCP_SYN ? 1 : 0) + (s->flags & TCP_FIN ? 1 : 0);
    if (s->flags & TCP_RST)
        return;
    if (s->flags & TCP_ACK)
        tcp_answer(host, s, s->ack, 0, TCP_RST, 0, s->p->conn);
    else
        tcp_answer(host, s, 0, s->seq + span, TCP_RST | TCP_ACK, 0, s->p->conn);
}

/* ---- what may be sent now ------------------------------------------------------------------------ */

/* RFC 5681 section 4.1: after a pause longer than RTO the old window says nothing about the path. */
static void restart_idle(struct tcp_conn *c)
{
    uint32_t now_ms = (uint32_t)(tcp_now(c) / CORE_MS);
    uint32_t initial = tcp_initial_cwnd(c->mss);
    if (c->sent_at_ms != 0 && now_ms - c->sent_at_ms > c->rto_us / 1000 && c->cwnd > initial)
        c->cwnd = initial;
}

/* The congestion window, and one segment for each of the first two duplicate acknowledgments (limited
 * transmit, RFC 3042). */
static uint32_t send_limit(const struct tcp_conn *c)
{
    uint32_t cwnd = c->cwnd;
    if (!(c->flags & TCP_F_RECOVERY) && c->dup_acks < TCP_DUP_ACKS)
        cwnd += (uint32_t)c->dup_acks * c->mss;
    return tcp_least(c->snd_wnd, cwnd);
}

/* True if a segment of len octets may go although more could follow it in a fuller one. `rest`: octets
 * from snd_nxt to the end of the buffer. */
static bool worth_sending(const struct tcp_conn *c, uint32_t len, uint32_t rest, bool fin)
{
    if (len == c->mss || fin)
        return true;
    if (len == 0)
        return false;
    if (tcp_lt(c->snd_nxt, c->snd_max))
        return true; /* a retransmission */
    /* Nagle (RFC 9293 section 3.7.4), in Minshall's form: a short segment waits only for another
     * short one, not for full ones, so that the end of a message does not wait for a delayed ACK. */
    if (len == rest)
        return tcp_leq(c->snd_small, c->snd_una);
    return len >= c->max_wnd / 2; /* silly window avoidance, RFC 9293 section 3.8.6.2.1 */
}

static void send_data(struct tcp_conn *c)
{
    if (c->snd_una == c->snd_max) {
        if (c->flags & TCP_F_FIN_SENT)
            return; /* it is acknowledged: there is nothing after it */
        restart_idle(c);
    }
    for (;;) {
        uint32_t off = c->snd_nxt - c->snd_una, limit = send_limit(c), rest, len;
        unsigned flags = 0;
        if (off > c->snd_len)
            break; /* the FIN is under way */
        rest = c->snd_len - off;
        len = tcp_least(tcp_least(rest, limit > off ? limit - off : 0), c->mss);
        if (len == rest && (c->flags & TCP_F_CLOSE))
            flags = TCP_FIN;
        if (!worth_sending(c, len, rest, flags != 0))
            break;
        if (len > 0 && len == rest)
            flags |= TCP_PSH; /* RFC 9293 section 3.9.1.2: the last of what is buffered */
        if ((flags & TCP_FIN) && !(c->flags & TCP_F_FIN_SENT)) {
            c->flags |= TCP_F_FIN_SENT;
            tcp_enter(c, c->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1);
        }
        c->snd_nxt = send_segment(c, c->snd_nxt, len, flags);
        if (c->resend_at == CORE_NEVER || (c->flags & TCP_F_PERSIST)) {
            c->flags &= ~(uint32_t)TCP_F_PERSIST;
            tcp_resend_in(c, c->rto_us);
        }
    }
}

/* With something to send, nothing under way and no window, nobody would speak again: the persist timer
 * asks (RFC 9293 section 3.8.6.1). */
static void consider_probing(struct tcp_conn *c)
{
    if (c->snd_len > 0 && c->snd_una == c->snd_max && c->resend_at == CORE_NEVER && c->cork == 0) {
        c->flags |= TCP_F_PERSIST;
        c->probes = c->retries = 0;
        tcp_resend_in(c, c->rto_us);
    }
}

void tcp_output(struct tcp_conn *c)
{
    switch ((enum tcp_state)c->state) {
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
    case TCP_FIN_WAIT_1:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        if (c->cork == 0 && (c->snd_len > 0 || (c->flags & TCP_F_CLOSE))) {
            send_data(c);
            consider_probing(c);
        }
        break;
    case TCP_SYN_RECEIVED: /* data waits for the handshake */
    case TCP_FIN_WAIT_2:
    case TCP_TIME_WAIT:
        break;
    default:
        return;
    }
    if (c->flags & TCP_F_ACK_NOW)
        tcp_send_ack(c);
    else if ((c->flags & TCP_F_ACK_LATER) && c->ack_at == CORE_NEVER)
        c->ack_at = tcp_now(c) + TCP_DELAY_ACK_NS;
    c->cause = c->tcp->net->trace->cause;
}

void tcp_resend(struct tcp_conn *c)
{
    uint32_t len = tcp_least(c->snd_len, c->mss), end;
    unsigned flags = len > 0 && len == c->snd_len ? TCP_PSH : 0;
    if (len == c->snd_len && (c->flags & TCP_F_FIN_SENT))
        flags |= TCP_FIN;
    c->flags &= ~(uint32_t)TCP_F_TIMED; /* Karn: RFC 6298 section 3 */
    end = send_segment(c, c->snd_una, len, flags);
    if (tcp_lt(c->snd_nxt, end))
        c->snd_nxt = end;
}

/* Into a closed window one octet, the same one each time: an answer tells the window, and if the octet is
 * taken it has been sent. Into a window that was too small to bother: what fits, now that nothing better has
 * come (RFC 9293 section 3.8.6.2.1, the override timeout). */
void tcp_send_probe(struct tcp_conn *c)
{
    assert(c->snd_len > 0);
    if (c->snd_wnd > 0) {
        uint32_t len = tcp_least(tcp_least(c->snd_len, c->snd_wnd), c->mss);
        c->flags &= ~(uint32_t)TCP_F_PERSIST;
        c->snd_nxt = send_segment(c, c->snd_una, len, len == c->snd_len ? TCP_PSH : 0);
    } else {
        send_segment(c, c->snd_una, 1, 0);
        c->flags &= ~(uint32_t)TCP_F_TIMED;
    }
}
