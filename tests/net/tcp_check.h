#ifndef TESTS_NET_TCP_CHECK_H
#define TESTS_NET_TCP_CHECK_H
/* tcp_check - what holds for every connection between events, whatever has arrived. */
#include "tests/net/tcp_wire.h"

/* ck_assert without its record of every success: these are many. */
#ifndef HOLDS
#define HOLDS(claim)                                                                                         \
    do {                                                                                                     \
        if (!(claim))                                                                                        \
            ck_abort_msg("%s", #claim);                                                                      \
    } while (0)
#endif

/* What holds for every control block between events. */
static inline void check_block(const struct tcp_conn *c)
{
    const struct net *net = c->tcp->net;
    uint32_t held = 0, last = 0;
    uint64_t due = c->resend_at < c->ack_at ? c->resend_at : c->ack_at;
    HOLDS(tcp_leq(c->snd_una, c->snd_nxt) && tcp_leq(c->snd_nxt, c->snd_max));
    HOLDS(c->snd_len <= c->tcp->send_max);
    HOLDS(c->snd_len <= c->snd_cap);
    HOLDS((c->snd_buf != NULL) == (c->snd_len > 0));
    HOLDS((c->rx_buf != NULL) == (c->rx_len > 0));
    HOLDS(c->rx_head + c->rx_len <= c->rx_cap);
    HOLDS(c->rx_len <= c->tcp->window + 8);
    HOLDS(c->busy == 0);
    if (c->state >= TCP_ESTABLISHED) {
        HOLDS(c->cwnd >= c->mss);
        HOLDS(c->mss >= TCP_MSS_FLOOR);
        HOLDS(tcp_leq(c->rcv_nxt, c->rcv_adv));
        HOLDS(c->rcv_adv - c->rcv_nxt <= c->tcp->window + 8);
        HOLDS(c->snd_max - c->snd_una <= c->snd_len + (c->flags & TCP_F_FIN_SENT ? 1 : 0));
    }
    for (const struct net_packet *p = c->early; p; p = p->next) {
        uint32_t seq = net_get32(p->octets + p->l4 + 4);
        if (held++)
            HOLDS(tcp_leq(last, seq));
        last = seq;
    }
    HOLDS(held == c->held);
    HOLDS(c->rto_us >= TCP_RTO_LEAST_US);
    HOLDS(c->rto_us <= TCP_RTO_MOST_US);
    if (due != CORE_NEVER) {
        HOLDS(core_timer_armed(&c->timer));
        HOLDS(c->timer.at_ns <= due);
        HOLDS(due >= net->queue->now_ns);
    }
    if (c->snd_una != c->snd_max) /* something is under way: someone will ask about it */
        HOLDS(c->resend_at != CORE_NEVER);
}

static inline void check_all(void)
{
    const struct net_tcp *tcp = wire.net.tcp;
    size_t n = 0;
    for (size_t i = 0; i <= tcp->mask; i++)
        if (tcp->slots[i].c) {
            const struct tcp_conn *c = tcp->slots[i].c;
            n++;
            HOLDS(c == tcp_find(tcp, c->hash, c->host, &c->local, c->local_port, &c->remote, c->remote_port));
            check_block(c);
        }
    HOLDS(n == tcp->used);
    HOLDS(n == tcp->pool.in_use);
    HOLDS(n == tcp->stats.now_open);
}
#endif
