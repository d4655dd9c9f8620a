/* The one timer of a connection, and the times it goes by (RFC 6298, RFC 9293 section 3.8). */
#include "sim/net/tcp_internal.h"

#include <assert.h>

/* Deadlines move later with nearly every segment; the timer does not. It fires early, looks, and is set
 * again. */
void tcp_arm(struct tcp_conn *c)
{
    uint64_t at = c->resend_at < c->ack_at ? c->resend_at : c->ack_at;
    if (at != CORE_NEVER && (!core_timer_armed(&c->timer) || at < c->timer.at_ns))
        core_timer_set(c->tcp->net->queue, &c->timer, at);
}

/* RFC 6298 section 2, with a clock of 1 ms. */
void tcp_measure(struct tcp_conn *c, uint32_t rtt_us)
{
    uint32_t rto;
    if (c->srtt_us == 0) {
        c->srtt_us = tcp_most(rtt_us, 1);
        c->rttvar_us = rtt_us / 2;
    } else {
        uint32_t off = c->srtt_us > rtt_us ? c->srtt_us - rtt_us : rtt_us - c->srtt_us;
        c->rttvar_us = (uint32_t)(((uint64_t)c->rttvar_us * 3 + off) / 4);
        c->srtt_us = tcp_most((uint32_t)(((uint64_t)c->srtt_us * 7 + rtt_us) / 8), 1);
    }
    rto = c->rttvar_us < TCP_RTO_MOST_US / 4 ? tcp_most(TCP_CLOCK_US, 4 * c->rttvar_us) : TCP_RTO_MOST_US;
    rto = tcp_least(c->srtt_us, TCP_RTO_MOST_US) + rto;
    c->rto_us = tcp_least(tcp_most(rto, TCP_RTO_LEAST_US), TCP_RTO_MOST_US);
}

/* Records why something is sent again; what is sent then names this record as its cause. */
void tcp_trace_timer(struct tcp_conn *c, const char *timer, uint32_t after_us)
{
    struct trace *trace = c->tcp->net->trace;
    struct trace_record r;
    struct net_iface *peer;
    if (!trace_wants(trace, TRACE_STATE)) {
        trace->cause = trace_skip(trace);
        return;
    }
    peer = net_owner(c->tcp->net, &c->remote);
    r = (struct trace_record){ .kind = TRACE_KIND_TCP_TIMER,
                               .proto = TRACE_TCP,
                               .t_ns = tcp_now(c),
                               .host = c->host->number,
                               .peer = peer ? peer->host->number : 0,
                               .conn = c->number };
    trace_attr_str(&r, "timer", timer);
    trace_attr_num(&r, "after_ms", after_us / 1000);
    trace_attr_num(&r, "cwnd", c->cwnd);
    trace_attr_num(&r, "ssthresh", c->ssthresh);
    trace->cause = trace_emit(trace, &r);
}

static void back_off(struct tcp_conn *c)
{
    c->rto_us = tcp_least(c->rto_us * 2, TCP_RTO_MOST_US); /* RFC 6298 section 5.5 */
}

static void give_up(struct tcp_conn *c, uint32_t after_us)
{
    tcp_trace_timer(c, "give-up", after_us);
    tcp_end(c, TCP_END_TIMED_OUT);
}

static void resend_syn(struct tcp_conn *c)
{
    uint32_t waited = c->rto_us;
    c->tcp->stats.timeouts++;
    if (c->retries == TCP_SYN_RETRIES) {
        give_up(c, waited);
        return;
    }
    c->retries++;
    back_off(c);
    tcp_trace_timer(c, "rto", waited);
    tcp_send_syn(c);
}

/* The interval doubles from RTO, as for retransmission; a peer that still answers is never given up. */
static void probe(struct tcp_conn *c)
{
    uint32_t shift = tcp_least(c->probes, 6);
    uint64_t interval = (uint64_t)c->rto_us << shift;
    uint32_t waited = interval < TCP_RTO_MOST_US ? (uint32_t)interval : TCP_RTO_MOST_US;
    if (c->retries == TCP_RETRIES) {
        give_up(c, waited);
        return;
    }
    c->retries++;
    if (c->probes < UINT8_MAX)
        c->probes++;
    tcp_trace_timer(c, "persist", waited);
    tcp_send_probe(c);
    if (c->flags & TCP_F_PERSIST)
        tcp_resend_in(c, waited < TCP_RTO_MOST_US / 2 ? waited * 2 : TCP_RTO_MOST_US);
    else
        tcp_resend_in(c, c->rto_us);
}

/* RFC 6298 section 5.4 to 5.6, RFC 5681 section 3.1. */
static void resend_data(struct tcp_conn *c)
{
    uint32_t waited = c->rto_us, flight = c->snd_max - c->snd_una;
    c->tcp->stats.timeouts++;
    if (c->retries == TCP_RETRIES) {
        give_up(c, waited);
        return;
    }
    if (c->retries == 0) /* held while the same segment is sent again: RFC 5681 equation 4 */
        c->ssthresh = tcp_most(flight / 2, 2u * c->mss);
    c->retries++;
    c->cwnd = c->mss;
    c->recover = c->snd_max; /* RFC 6582 section 3.2 */
    c->flags &= ~(uint32_t)TCP_F_RECOVERY;
    c->dup_acks = 0;
    back_off(c);
    tcp_trace_timer(c, "rto", waited);
    c->snd_nxt = c->snd_una; /* all that was sent after it is taken for lost */
    tcp_resend(c);
    tcp_resend_in(c, c->rto_us);
}

static void expire(struct tcp_conn *c)
{
    if (c->flags & TCP_F_DOOMED) {
        tcp_end(c, (enum tcp_end)c->doom);
        return;
    }
    c->resend_at = CORE_NEVER;
    if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
        resend_syn(c);
    else if (c->flags & TCP_F_PERSIST)
        probe(c);
    else if (c->snd_una != c->snd_max)
        resend_data(c);
}

void tcp_timer_run(struct core_queue *q, struct core_timer *timer)
{
    struct tcp_conn *c = CORE_OWNER(timer, struct tcp_conn, timer);
    c->tcp->net->trace->cause = c->cause;
    tcp_join(c);
    if (c->resend_at <= q->now_ns)
        expire(c);
    if (!tcp_gone(c) && c->ack_at <= q->now_ns)
        c->flags |= TCP_F_ACK_NOW;
    tcp_leave(c);
}
