#ifndef TESTS_NET_TCP_TIMERS_H
#define TESTS_NET_TCP_TIMERS_H
/* tcp_timers - tcp_wire with a reader of the trace that keeps what TCP's timers record. */
#include "tests/net/tcp_wire.h"

struct timer_log {
    int n;
    struct {
        uint64_t t_ns;
        char timer[20];
        int64_t after_ms, cwnd, ssthresh;
        uint64_t seq, cause;
    } at[64];
};

static struct timer_log timers;

static inline void log_timer(void *ctx, const struct trace_record *r)
{
    (void)ctx;
    if (r->kind != TRACE_KIND_TCP_TIMER || timers.n == 64)
        return;
    timers.at[timers.n].t_ns = r->t_ns;
    snprintf(timers.at[timers.n].timer, 20, "%s", trace_attr_get(r, "timer"));
    timers.at[timers.n].after_ms = r->attr[1].number;
    timers.at[timers.n].cwnd = r->attr[2].number;
    timers.at[timers.n].ssthresh = r->attr[3].number;
    timers.at[timers.n].seq = r->seq;
    timers.at[timers.n++].cause = r->cause;
}

static inline void open_logged(uint64_t seed)
{
    struct trace_sink sink = { .levels = TRACE_BIT(TRACE_STATE), .record = log_timer };
    wire_open(seed);
    timers.n = 0;
    trace_add(&wire.trace, &sink);
}
#endif
