/* A segment arrives: RFC 9293 section 3.10.7, in its order, with RFC 5961's care about forged ones. */
#include "sim/net/tcp_internal.h"

#include <assert.h>

bool tcp_may_challenge(struct net_tcp *tcp)
{
    uint64_t second = tcp->net->queue->now_ns / CORE_S;
    if (second != tcp->challenge_s) {
        tcp->challenge_s = second;
        tcp->challenges = 0;
    }
    if (tcp->challenges == TCP_CHALLENGES)
        return false;
    tcp->challenges++;
    return true;
}

static void challenge(struct tcp_conn *c)
{
    if (tcp_may_challenge(c->tcp))
        c->flags |= TCP_F_ACK_NOW;
}

/* ---- the handshake ------------------------------------------------------------------------------- */

/* Options of a SYN: Maximum Segment Size (RFC 9293 section 3.7.1) and Window Scale (RFC 7323 section 2).
 * Everything else is skipped by its length. */
static void take_options(struct tcp_conn *c, const struct tcp_segment *s)
{
    const uint8_t *at = net_packet_l4(s->p) + TCP_HEADER, *end = net_packet_l4(s->p) + s->header;
    uint32_t mss = c->family == 4 ? TCP_MSS_LEAST : TCP_MSS_LEAST6;
    c->flags &= ~(uint32_t)TCP_F_SCALED;
    while (at < end && *at != 0) {
        size_t len;
        if (*at == 1) {
            at++;
            continue;
        }
        if (end - at < 2 || (len = at[1]) < 2 || (size_t)(end - at) < len)
            break; /* the rest cannot be read */
        if (at[0] == 2 && len == 4)
            mss = tcp_most(net_get16(at + 2), TCP_MSS_FLOOR);
        if (at[0] == 3 && len == 3) {
            c->flags |= TCP_F_SCALED;
            c->snd_shift = (uint8_t)tcp_least(at[2], TCP_SCALE_MAX);
        }
        at += len;
    }
    c->mss = (uint16_t)tcp_least(tcp_own_mss(c), mss);
}

static void take_syn(struct tcp_conn *c, const struct tcp_segment *s)
{
    c->irs = s->seq;
    c->rcv_nxt = c->rcv_acked = s->seq + 1;
    c->rcv_adv = c->rcv_nxt + tcp_least(c->tcp->window, TCP_WINDOW_MAX);
    take_options(c, s);
}

/* Our SYN is acknowledged. */
static void establish(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (c->flags & TCP_F_TIMED)
        tcp_measure(c, (uint32_t)(tcp_now(c) / CORE_US) - c->rtt_at_us);
    c->flags &= ~(uint32_t)(TCP_F_TIMED | TCP_F_DOOMED);
    c->snd_una = c->snd_nxt;
    c->retries = 0;
    c->resend_at = CORE_NEVER;
    c->cwnd = tcp_initial_cwnd(c->mss);
    if (c->flags & TCP_F_SYN_LOST) {
        c->cwnd = c->mss; /* RFC 5681 section 3.1 */
        c->rto_us = TCP_RTO_LOST_US;
    }
    if (!(c->flags & TCP_F_SCALED))
        c->snd_shift = c->rcv_shift = 0;
    c->snd_wnd = s->flags & TCP_SYN ? s->wnd : s->wnd << c->snd_shift;
    c->max_wnd = c->snd_wnd;
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    tcp_enter(c, TCP_ESTABLISHED);
}

static void call_opened(struct tcp_conn *c)
{
    if (!tcp_gone(c) && c->ops && c->ops->opened)
        c->ops->opened(c, c->app);
}

static void refuse(struct tcp_conn *c, enum tcp_end why)
{
    tcp_send_reset(c);
    tcp_end(c, why);
}

/* RFC 9293 section 3.10.7.3. */
static void arrives_syn_sent(struct tcp_conn *c, struct tcp_segment *s)
{
    bool acks = (s->flags & TCP_ACK) != 0;
    if (acks && s->ack != c->snd_nxt) {
        tcp_answer_reset(c->host, s);
        return;
    }
    if (s->flags & TCP_RST) {
        if (acks)
            tcp_end(c, TCP_END_REFUSED);
        return;
    }
    if (!(s->flags & TCP_SYN))
        return;
    take_syn(c, s);
    if (!acks) { /* simultaneous open: figure 7 */
        c->retries = 0;
        tcp_enter(c, TCP_SYN_RECEIVED);
        tcp_send_syn(c);
        return;
    }
    establish(c, s);
    tcp_send_ack(c); /* the third of the handshake goes alone, whatever the user has to say */
    call_opened(c);
    if (!tcp_gone(c)) {
        s->seq++;
        s->flags &= (uint8_t)~TCP_SYN;
        tcp_take_data(c, s);
    }
}

/* The handshake's last ACK. The listener's user learns of the connection only now. */
static bool complete(struct tcp_conn *c, struct tcp_segment *s)
{
    if (s->ack != c->snd_nxt) {
        tcp_answer_reset(c->host, s);
        return false;
    }
    establish(c, s);
    if (c->flags & TCP_F_PASSIVE) {
        const struct tcp_listener *l = tcp_listener(c->tcp, c->host, c->local_port);
        const struct tcp_ops *ops = NULL;
        void *app = NULL;
        bool taken = l && l->accept(c->host, l->ctx, c, &ops, &app);
        if (tcp_gone(c))
            return false;
        if (!taken) {
            refuse(c, TCP_END_REFUSED);
            return false;
        }
        tcp_set_app(c, ops, app);
    }
    call_opened(c);
    return !tcp_gone(c);
}

/* Data in a SYN is not taken: the peer sends it again after the handshake. */
void tcp_arrives_listen(struct net_host *host, struct tcp_segment *s, const struct tcp_wait *before)
{
    const struct net_packet *p = s->p;
    struct tcp_conn *c;
    if (host->net->tcp->half_open >= TCP_HALF_OPEN_MAX)
        return;
    /* The number is not on the wire; the packet brings it for the trace. A real peer's has none. */
    c = tcp_open(host, &p->dst, s->dst_port, &p->src, s->src_port, true, p->conn);
    if (before && tcp_leq(c->iss, before->snd_nxt))
        c->iss = before->snd_nxt + 1; /* RFC 1122 section 4.2.2.13 (1) */
    tcp_join(c);
    take_syn(c, s);
    tcp_enter(c, TCP_SYN_RECEIVED);
    tcp_send_syn(c);
    tcp_leave(c);
}

/* ---- acknowledgments -------------------------------------------------------------------------------- */

/* RFC 5681 section 3.1, only while the window was what held the sender back. */
static void grow_cwnd(struct tcp_conn *c, uint32_t acked, uint32_t flight)
{
    if (flight < c->cwnd / 2 || c->cwnd >= c->tcp->send_max * 16)
        return;
    if (c->cwnd < c->ssthresh)
        c->cwnd += tcp_least(acked, c->mss); /* slow start, equation 2 */
    else
        c->cwnd += tcp_most((uint32_t)c->mss * c->mss / c->cwnd, 1); /* avoidance, equation 3 */
}

/* New data is acknowledged during fast recovery: RFC 6582 section 3.2. */
static void recover(struct tcp_conn *c, uint32_t acked)
{
    if (tcp_leq(c->recover, c->snd_una)) { /* full */
        c->flags &= ~(uint32_t)TCP_F_RECOVERY;
        c->dup_acks = 0;
        c->cwnd = tcp_least(c->ssthresh, tcp_most(c->snd_max - c->snd_una, c->mss) + c->mss);
        return;
    }
    c->cwnd = c->cwnd > acked ? c->cwnd - acked : 0; /* partial: the next hole is at snd_una */
    if (acked >= c->mss || c->cwnd < c->mss)
        c->cwnd += c->mss;
    tcp_resend(c);
}

static void fin_acknowledged(struct tcp_conn *c)
{
    switch ((enum tcp_state)c->state) {
    case TCP_FIN_WAIT_1:
        tcp_enter(c, TCP_FIN_WAIT_2);
        break;
    case TCP_CLOSING:
        tcp_enter(c, TCP_TIME_WAIT);
        break;
    case TCP_LAST_ACK:
        c->flags |= TCP_F_OVER;
        break;
    default:
        assert(false && "no FIN was sent");
    }
}

static void advance(struct tcp_conn *c, uint32_t ack)
{
    uint32_t acked = ack - c->snd_una, flight = c->snd_max - c->snd_una;
    bool fin = (c->flags & TCP_F_FIN_SENT) && ack == c->snd_max;
    if ((c->flags & TCP_F_TIMED) && tcp_lt(c->rtt_seq, ack)) {
        c->flags &= ~(uint32_t)TCP_F_TIMED;
        tcp_measure(c, (uint32_t)(tcp_now(c) / CORE_US) - c->rtt_at_us);
    }
    tcp_buffer_drop(c, acked - (fin ? 1 : 0));
    c->snd_una = ack;
    if (tcp_lt(c->snd_nxt, ack))
        c->snd_nxt = ack;
    if (tcp_lt(c->snd_small, ack))
        c->snd_small = ack;
    c->retries = 0;
    if (ack == c->snd_max) { /* RFC 6298 section 5.2 */
        c->resend_at = CORE_NEVER;
        c->flags &= ~(uint32_t)TCP_F_PERSIST;
    } else if (!(c->flags & TCP_F_PERSIST)) {
        tcp_resend_in(c, c->rto_us); /* section 5.3 */
    }
    if (c->flags & TCP_F_RECOVERY) {
        recover(c, acked);
    } else {
        c->dup_acks = 0;
        grow_cwnd(c, acked, flight);
        if (tcp_lt(c->recover, ack - 1))
            c->recover = ack - 1; /* so that it never gets old enough to look new */
    }
    if (fin)
        fin_acknowledged(c);
}

/* RFC 5681 section 3.2, RFC 6582 section 3.2. What limited transmit sent beyond cwnd does not count
 * as flight. */
static void duplicate(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (s->len > 0 || (s->flags & TCP_FIN) || s->wnd << c->snd_shift != c->snd_wnd ||
        c->snd_una == c->snd_max || (c->flags & TCP_F_PERSIST))
        return;
    c->tcp->stats.dup_acks++;
    if (c->dup_acks < UINT8_MAX)
        c->dup_acks++;
    if (c->flags & TCP_F_RECOVERY) {
        c->cwnd += c->mss; /* a segment has left the network */
    } else if (c->dup_acks == TCP_DUP_ACKS && tcp_lt(c->recover, c->snd_una)) {
        uint32_t flight = tcp_least(c->snd_max - c->snd_una, c->cwnd);
        c->ssthresh = tcp_most(flight / 2, 2u * c->mss);
        c->cwnd = c->ssthresh + TCP_DUP_ACKS * (uint32_t)c->mss;
        c->recover = c->snd_max;
        c->flags |= TCP_F_RECOVERY;
        c->tcp->stats.fast_retransmits++;
        tcp_trace_timer(c, "fast-retransmit", 0);
        tcp_resend(c);
    }
}

static void take_window(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (!tcp_lt(c->snd_wl1, s->seq) && (c->snd_wl1 != s->seq || tcp_lt(s->ack, c->snd_wl2)))
        return; /* older than what is known */
    c->snd_wnd = s->wnd << c->snd_shift;
    c->max_wnd = tcp_most(c->max_wnd, c->snd_wnd);
    c->snd_wl1 = s->seq;
    c->snd_wl2 = s->ack;
    if (c->snd_wnd > 0 && (c->flags & TCP_F_PERSIST)) {
        c->flags &= ~(uint32_t)TCP_F_PERSIST;
        c->resend_at = CORE_NEVER;
    }
}

/* RFC 9293 section 3.10.7.4, fifth. False: the segment is dropped. */
static bool take_ack(struct tcp_conn *c, struct tcp_segment *s)
{
    if (tcp_lt(c->snd_max, s->ack) || tcp_lt(s->ack, c->snd_una - c->max_wnd)) {
        challenge(c); /* never sent, or too old to be honest: RFC 5961 section 5.2 */
        return false;
    }
    if (c->flags & TCP_F_PERSIST)
        c->retries = 0; /* the peer is there, if only to say that its window is closed */
    if (tcp_lt(c->snd_una, s->ack))
        advance(c, s->ack);
    else if (s->ack == c->snd_una)
        duplicate(c, s);
    if (c->snd_una == s->ack)
        take_window(c, s);
    return true;
}

/* ---- synchronized states ---------------------------------------------------------------------------- */

/* RFC 9293 section 3.10.7.4, first, table 6, and two allowances: an ACK at the very edge is a sender's that
 * has filled the window; into a closed window, what starts at its edge may carry an ACK, and is a probe. */
static bool acceptable(const struct tcp_conn *c, const struct tcp_segment *s)
{
    uint32_t wnd = c->rcv_adv - c->rcv_nxt, at = s->seq - c->rcv_nxt;
    uint32_t span = s->len + (s->flags & TCP_SYN ? 1 : 0) + (s->flags & TCP_FIN ? 1 : 0);
    if (span == 0 || wnd == 0)
        return at <= wnd;
    return at < wnd || at + span - 1 < wnd;
}

/* Second: only an RST at the very next octet is believed (RFC 5961 section 3.2). */
static void take_reset(struct tcp_conn *c, const struct tcp_segment *s)
{
    if (s->seq != c->rcv_nxt)
        challenge(c);
    else if (c->state == TCP_SYN_RECEIVED)
        tcp_end(c, TCP_END_REFUSED); /* a passive one has no user yet: back to LISTEN, which never left */
    else if ((c->state == TCP_CLOSING || c->state == TCP_LAST_ACK) && c->snd_len == 0)
        tcp_end(c, TCP_END_NORMAL); /* only the acknowledgment of our FIN was missing */
    else
        tcp_end(c, TCP_END_RESET);
}

static void arrives_synchronized(struct tcp_conn *c, struct tcp_segment *s)
{
    if (c->state == TCP_SYN_RECEIVED && (s->flags & TCP_SYN) && !(s->flags & TCP_RST) && s->seq == c->irs) {
        if (!(s->flags & TCP_ACK)) {
            tcp_send_syn(c); /* ours was lost, or is still under way */
            return;
        }
        s->flags &= (uint8_t)~TCP_SYN; /* both sides opened: only its ACK is new */
        s->seq++;
    }
    if (!acceptable(c, s)) {
        if (s->flags & TCP_RST)
            return;
        if (s->len > 0 || (s->flags & (TCP_SYN | TCP_FIN)))
            c->flags |= TCP_F_ACK_NOW;
        else
            challenge(c); /* two ends that disagree could else answer each other for ever */
        return;
    }
    if (s->flags & TCP_RST) {
        take_reset(c, s);
        return;
    }
    if (s->flags & TCP_SYN) {
        challenge(c); /* fourth, and RFC 5961 section 4.2 */
        return;
    }
    if (!(s->flags & TCP_ACK))
        return;
    if (c->state == TCP_SYN_RECEIVED ? !complete(c, s) : !take_ack(c, s))
        return;
    tcp_take_data(c, s); /* sixth: the urgent pointer is not used */
    if ((c->flags & TCP_F_WANT_WRITE) && !tcp_gone(c) && c->snd_len <= c->tcp->send_max / 2) {
        c->flags &= ~(uint32_t)TCP_F_WANT_WRITE;
        if (c->ops && c->ops->writable)
            c->ops->writable(c, c->app);
    }
}

/* ---- from below -------------------------------------------------------------------------------------- */

static void arrives_closed(struct net_host *host, struct tcp_segment *s)
{
    if (s->flags & TCP_RST)
        return;
    if ((s->flags & (TCP_ACK | TCP_SYN)) == TCP_SYN && tcp_listener(host->net->tcp, host, s->dst_port))
        tcp_arrives_listen(host, s, NULL);
    else
        tcp_answer_reset(host, s);
}

static bool read_header(struct tcp_segment *s, struct net_packet *p)
{
    const uint8_t *h = net_packet_l4(p);
    if (p->l4_len < TCP_HEADER)
        return false;
    s->p = p;
    s->header = (uint8_t)((h[12] >> 4) * 4);
    if (s->header < TCP_HEADER || s->header > p->l4_len)
        return false;
    s->data = h + s->header;
    s->len = (uint32_t)(p->l4_len - s->header);
    s->src_port = net_get16(h);
    s->dst_port = net_get16(h + 2);
    s->seq = net_get32(h + 4);
    s->ack = net_get32(h + 8);
    s->flags = h[13];
    s->wnd = net_get16(h + 14);
    return true;
}

void net_tcp_input(struct net_host *host, struct net_packet *p)
{
    struct net *net = host->net;
    struct net_tcp *tcp = net->tcp;
    struct tcp_segment s;
    struct tcp_conn *c;
    uint32_t hash, pseudo;
    if (!read_header(&s, p)) {
        net_drop(net, host, p, NET_DROP_MALFORMED);
        return;
    }
    hash = tcp_hash(&p->dst, s.dst_port, &p->src, s.src_port);
    c = tcp_find(tcp, hash, host, &p->dst, s.dst_port, &p->src, s.src_port);
    pseudo = c ? c->pseudo : net_sum_pseudo(&p->src, &p->dst, NET_PROTO_TCP, 0);
    if (net_sum(net_packet_l4(p), p->l4_len, pseudo + tcp_sum_length(p->l4_len)) != 0xffff) {
        tcp->stats.bad_checksum++;
        net_drop(net, host, p, NET_DROP_CHECKSUM);
        return;
    }
    if (c) {
        tcp_join(c);
        if (c->state == TCP_SYN_SENT)
            arrives_syn_sent(c, &s);
        else
            arrives_synchronized(c, &s);
        tcp_leave(c);
    } else {
        struct tcp_wait *w = tcp_wait_find(tcp, hash, host, &p->dst, s.dst_port, &p->src, s.src_port);
        if (w)
            tcp_wait_arrives(tcp, w, hash, &s);
        else
            arrives_closed(host, &s);
    }
    if (s.p)
        net_packet_give(net, s.p);
}

/* A link on the way is narrower: from now on what every path must carry, and what was sent, again. It was
 * not congestion (RFC 1191 section 6.4), so the window stays. */
static void shrink(struct tcp_conn *c)
{
    uint16_t least = c->family == 4 ? TCP_MSS_LEAST : TCP_MSS_LEAST6;
    if (c->mss <= least || c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
        return;
    tcp_join(c);
    c->mss = least;
    c->snd_nxt = c->snd_una;
    c->flags &= ~(uint32_t)TCP_F_TIMED;
    tcp_leave(c);
}

/* RFC 1122 section 4.2.3.9, RFC 5927: believed only if it quotes something that is under way. While
 * connecting it ends the attempt; later it may be a passing fault of the path, and TCP goes on trying. */
void net_tcp_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *local,
                         const struct net_addr *remote, uint16_t local_port, uint16_t remote_port,
                         uint32_t tcp_seq)
{
    struct tcp_conn *c = tcp_find(host->net->tcp, tcp_hash(local, local_port, remote, remote_port), host,
                                  local, local_port, remote, remote_port);
    if (!c || tcp_lt(tcp_seq, c->snd_una) || !tcp_lt(tcp_seq, c->snd_max))
        return;
    if (reason == NET_UNREACH_TOO_BIG) {
        shrink(c);
        return;
    }
    if (reason == NET_UNREACH_TTL || (c->state != TCP_SYN_SENT && c->state != TCP_SYN_RECEIVED))
        return;
    c->flags |= TCP_F_DOOMED; /* by the timer, so that no callback runs inside a call of the user's */
    c->doom = reason == NET_UNREACH_ADMIN ? TCP_END_PROHIBITED : TCP_END_UNREACHABLE;
    c->resend_at = tcp_now(c);
    c->cause = host->net->trace->cause;
    tcp_arm(c);
}
