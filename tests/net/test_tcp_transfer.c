/* Octets arrive, all of them, once and in order, whatever the wire does; and at the right times. */
#include "tests/net/tcp_wire.h"

#include "tests/check_main.h"

/* ---- what the timers record -------------------------------------------------------------------------- */

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

static void log_timer(void *ctx, const struct trace_record *r)
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

static void open_logged(uint64_t seed)
{
    struct trace_sink sink = { .levels = TRACE_BIT(TRACE_STATE), .record = log_timer };
    wire_open(seed);
    timers.n = 0;
    trace_add(&wire.trace, &sink);
}

/* ---- plain ------------------------------------------------------------------------------------------ */

START_TEST(data_goes_both_ways)
{
    struct user a = { 0 }, b = { .acts = USER_ECHOES };
    wire_open(1);
    user_pair(&a, &b);
    tcp_send(a.c, "there and back", 14);
    wire_run(CORE_S);
    ck_assert(user_got(&b, "there and back"));
    ck_assert(user_got(&a, "there and back"));
    ck_assert_uint_eq(wire_held(), 0); /* an idle connection holds no buffers */
    wire_close();
}
END_TEST

START_TEST(an_answer_carries_the_acknowledgment)
{
    struct user a = { 0 }, b = { .acts = USER_ANSWERS };
    wire_open(1);
    user_pair(&a, &b);
    for (int i = 0; i < 5; i++) {
        tcp_send(a.c, "NOOP\r\n", 6);
        wire_run(2 * wire.delay_ns);
    }
    ck_assert_uint_eq(wire.nlog, 3 + 10);
    wire_run(CORE_S);
    ck_assert_uint_eq(wire.nlog, 3 + 11); /* the last answer's, after 40 ms */
    wire_close();
}
END_TEST

START_TEST(a_lonely_segment_is_acknowledged_after_40_ms)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_send(a.c, "x", 1);
    wire_run(CORE_S);
    ck_assert_uint_eq(wire.nlog, 5);
    ck_assert_uint_eq(wire.log[4].t_ns - wire.log[3].t_ns, wire.delay_ns + 40 * CORE_MS);
    wire_close();
}
END_TEST

START_TEST(every_second_full_segment_is_acknowledged_at_once)
{
    struct user a = { .to_send = 4 * TCP_MSS4 }, b = { .acts = USER_SINK };
    wire_open(1);
    user_pair(&a, &b);
    wire_run(wire.delay_ns - 1);
    ck_assert_uint_eq(wire.nlog, 3 + 4 + 2);
    ck_assert_uint_eq(wire.log[7].ack, a.c->iss + 1 + 2 * TCP_MSS4);
    ck_assert_uint_eq(wire.log[8].ack, a.c->iss + 1 + 4 * TCP_MSS4);
    ck_assert_uint_eq(wire.log[7].t_ns, wire.log[3].t_ns + wire.delay_ns);
    wire_run(CORE_S);
    ck_assert_uint_eq(wire.nlog, 3 + 4 + 2);
    wire_close();
}
END_TEST

START_TEST(small_writes_wait_for_each_other_and_the_end_of_a_message_does_not)
{
    struct user a = { 0 }, b = { .acts = USER_SINK };
    char text[2100];
    wire_open(1);
    user_pair(&a, &b);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = user_octet(i);
    tcp_send(a.c, text, sizeof text); /* one full, one short: both at once */
    ck_assert_uint_eq(wire.nlog, 5);
    ck_assert_uint_eq(wire.log[4].len, 2100 - TCP_MSS4);
    ck_assert_uint_eq(wire.log[4].flags, TCP_PSH | TCP_ACK);
    wire_run(CORE_S);
    wire_close();

    wire_open(1);
    a = (struct user){ 0 };
    b = (struct user){ .acts = USER_SINK };
    user_pair(&a, &b);
    for (size_t i = 0; i < 50; i++)
        tcp_send(a.c, text + i, 1);
    ck_assert_uint_eq(wire.nlog, 4); /* Nagle */
    wire_run(CORE_S);
    ck_assert_uint_eq(wire_sent(0, TCP_PSH, 0)->len, 1);
    ck_assert_uint_eq(wire_sent(0, TCP_PSH, 1)->len, 49);
    ck_assert_uint_eq(b.got_len, 50);
    wire_close();
}
END_TEST

START_TEST(a_cork_gathers_lines)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_cork(a.c);
    tcp_cork(a.c);
    for (int i = 0; i < 10; i++)
        tcp_send(a.c, "250-LINE\r\n", 10);
    tcp_uncork(a.c);
    ck_assert_uint_eq(wire.nlog, 3);
    tcp_uncork(a.c);
    ck_assert_uint_eq(wire.nlog, 4);
    ck_assert_uint_eq(wire.log[3].len, 100);
    wire_run(CORE_S);
    ck_assert_uint_eq(b.got_len, 100);
    ck_assert_int_eq(b.shown, 1);
    wire_close();
}
END_TEST

START_TEST(what_is_not_taken_is_shown_again_in_one_piece)
{
    struct user a = { 0 }, b = { .acts = USER_KEEPS_ALL };
    wire_open(1);
    user_pair(&a, &b);
    for (int i = 0; i < 3; i++) {
        tcp_send(a.c, "part ", 5);
        wire_run(CORE_S);
    }
    ck_assert_int_eq(b.shown, 3);
    ck_assert_uint_eq(b.most_shown, 15);
    b.acts = 0;
    tcp_read(b.c);
    ck_assert(user_got(&b, "part part part "));
    tcp_read(b.c); /* nothing is left to show */
    ck_assert_int_eq(b.shown, 4);
    ck_assert_uint_eq(wire_held(), 0);
    wire_close();
}
END_TEST

static int ones_shown;

static size_t take_one(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    (void)c;
    (void)app;
    (void)octets;
    (void)len;
    ones_shown++;
    return 1;
}

static size_t take_one_and_ask(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    tcp_read(c); /* more of it, when this returns */
    return take_one(c, app, octets, len);
}

START_TEST(reading_inside_data_shows_the_rest_when_it_returns)
{
    static const struct tcp_ops ops = { .data = take_one_and_ask };
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_set_app(b.c, &ops, NULL);
    ones_shown = 0;
    tcp_send(a.c, "12345", 5);
    wire_run(CORE_S);
    ck_assert_int_eq(ones_shown, 5);
    ck_assert_uint_eq(wire_held(), 0);
    wire_close();
}
END_TEST

START_TEST(a_full_send_buffer_says_when_there_is_room)
{
    struct user a = { .to_send = 1000000, .closes = true },
                b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    wire_open(1);
    user_pair(&a, &b);
    ck_assert_uint_eq(a.sent, TCP_SEND_MAX);
    wire_drain();
    ck_assert_uint_eq(b.got_len, 1000000);
    ck_assert_int_ge(a.writable, 20);
    ck_assert_int_eq(a.ended, 1);
    ck_assert_uint_eq(tcp_stats(&wire.net)->retransmitted, 0);
    wire_close();
}
END_TEST

START_TEST(sequence_numbers_wrap)
{
    struct user a = { .acts = USER_KEEPS_ALL }, b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    struct net_addr dst;
    uint32_t iss;
    wire_open(1);
    dst = wire_addr(1);
    a.c = tcp_connect_from(&wire.host[0], 5000, &dst, 25, &user_ops, &a);
    iss = a.c->iss;
    tcp_abort(a.c);
    wire_drain();
    wire.queue.now_ns += (uint64_t)(UINT32_MAX - iss - 20000) * 4000;
    a = (struct user){ .to_send = 300000, .closes = true };
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    a.c = tcp_connect_from(&wire.host[0], 5000, &dst, 25, &user_ops, &a);
    ck_assert_uint_gt(a.c->iss, UINT32_MAX - 30000);
    wire_drain();
    ck_assert_uint_eq(b.got_len, 300000);
    ck_assert(a.ended == 1 && b.ended == 1);
    wire_close();
}
END_TEST

/* ---- the window --------------------------------------------------------------------------------------- */

START_TEST(a_closed_window_is_probed_and_opens_again)
{
    struct user a = { .to_send = 200000, .closes = true },
                b = { .acts = USER_KEEPS_ALL | USER_CLOSES_WHEN_PEER_DOES };
    uint64_t closed;
    size_t n;
    open_logged(1);
    user_pair(&a, &b);
    wire_run(CORE_S / 2);
    ck_assert_uint_eq(b.most_shown, 44 * TCP_MSS4); /* full segments only */
    ck_assert_uint_eq(a.c->snd_wnd, TCP_WINDOW_MAX - 44 * TCP_MSS4);
    ck_assert(a.c->flags & TCP_F_PERSIST);
    wire_run(CORE_S);
    ck_assert_uint_eq(b.most_shown, TCP_WINDOW_MAX); /* nothing better came in a second */
    ck_assert_uint_eq(a.c->snd_wnd, 0);
    ck_assert(a.c->flags & TCP_F_PERSIST);
    ck_assert_int_eq(timers.n, 1);
    timers.n = 0;
    closed = a.c->resend_at - CORE_S;
    wire_run(20 * CORE_S);
    ck_assert_int_ge(timers.n, 4);
    for (int i = 0; i < 4; i++) { /* after 1, 2, 4, 8 s more */
        ck_assert_str_eq(timers.at[i].timer, "persist");
        ck_assert_uint_eq(timers.at[i].t_ns, closed + ((UINT64_C(2) << i) - 1) * CORE_S);
        ck_assert_int_eq(timers.at[i].after_ms, 1000 << i);
    }
    ck_assert_uint_eq(b.most_shown, TCP_WINDOW_MAX); /* probes are not taken */
    b.acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES;
    n = wire.nlog;
    tcp_read(b.c);
    ck_assert_uint_eq(wire.nlog, n + 1); /* the window update */
    ck_assert_uint_eq(wire.log[n].wnd, TCP_WINDOW_MAX);
    wire_run(CORE_S);
    ck_assert_uint_eq(b.got_len, 200000);
    ck_assert_int_eq(b.ended, 1);
    ck_assert_int_eq(timers.n, 4);
    wire_drain();
    wire_close();
}
END_TEST

static bool lose_updates;

static enum wire_fate lose_from_server(struct wire *w, const struct wire_seg *s)
{
    (void)w;
    return lose_updates && s->from == 1 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(a_lost_window_update_costs_time_but_not_the_transfer)
{
    struct user a = { .to_send = 200000, .closes = true },
                b = { .acts = USER_KEEPS_ALL | USER_CLOSES_WHEN_PEER_DOES };
    wire_open(1);
    wire.fate = lose_from_server;
    lose_updates = false;
    user_pair(&a, &b);
    wire_run(CORE_S + CORE_S / 2);
    lose_updates = true;
    b.acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES;
    tcp_read(b.c);
    wire_run(CORE_S / 10);
    lose_updates = false;
    ck_assert_uint_eq(b.got_len, TCP_WINDOW_MAX);
    wire_run(5 * CORE_S);
    ck_assert_uint_eq(b.got_len, 200000);
    wire_drain();
    ck_assert_int_eq(b.ended, 1);
    wire_close();
}
END_TEST

START_TEST(a_peer_that_answers_probes_is_never_given_up)
{
    struct user a = { .to_send = 200000 }, b = { .acts = USER_KEEPS_ALL };
    wire_open(1);
    user_pair(&a, &b);
    wire_run(3 * CORE_HOUR);
    ck_assert_int_eq(a.ended, 0);
    wire.fate = lose_from_server;
    lose_updates = true;
    wire_run(3 * CORE_HOUR);
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_TIMED_OUT);
    wire_close();
}
END_TEST

START_TEST(small_reads_do_not_open_a_silly_window)
{
    struct user a = { .to_send = 200000 }, b = { .acts = USER_KEEPS_ALL };
    static const struct tcp_ops ops = { .data = take_one };
    size_t n;
    wire_open(1);
    user_pair(&a, &b);
    wire_run(CORE_S + CORE_S / 2);
    tcp_set_app(b.c, &ops, NULL);
    n = wire.nlog;
    ck_assert_uint_eq(b.c->rcv_adv, b.c->rcv_nxt);
    for (int i = 0; i < TCP_MSS4 - 1; i++)
        tcp_read(b.c);
    ck_assert_uint_eq(wire.nlog, n); /* a segment's room is not worth an update */
    wire_run(CORE_S / 2);            /* a probe's answer does not tell of it either: */
    for (size_t i = n; i < wire.nlog; i++)
        if (wire.log[i].from == 1)
            ck_assert_uint_eq(wire.log[i].wnd, 0);
    for (int i = 0; i < TCP_MSS4 + 1; i++)
        tcp_read(b.c);
    ck_assert_uint_eq(wire.log[wire.nlog - 1].wnd, 2 * TCP_MSS4); /* two are */
    wire_run(CORE_S);
    wire_close();
}
END_TEST

START_TEST(windows_scale_beyond_64_kib)
{
    struct user a = { .to_send = 400000 }, b = { .acts = USER_KEEPS_ALL };
    wire_open(1);
    tcp_window(&wire.net, 262144);
    user_pair(&a, &b);
    ck_assert_uint_eq(a.c->snd_shift, 3);
    ck_assert_uint_eq(wire.log[0].wnd, 65535); /* never scaled in a SYN */
    ck_assert_uint_eq(a.c->cwnd, 14600);
    wire_run(3 * CORE_S);
    ck_assert_uint_ge(b.most_shown, 262136);
    ck_assert_uint_le(b.most_shown, 262144);
    ck_assert_uint_eq(a.c->snd_wnd, 0);
    wire_close();
}
END_TEST

START_TEST(a_peer_without_options_gets_small_segments_and_unscaled_windows)
{
    struct user b = { .to_send = 5000 };
    wire_open(1);
    tcp_window(&wire.net, 262144);
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    wire_inject(0, 5000, 25, 100, 0, TCP_SYN, 4000, "");
    ck_assert_uint_eq(wire.nlog, 1);
    wire_inject(0, 5000, 25, 101, wire.log[0].seq + 1, TCP_ACK, 4000, "");
    ck_assert_int_eq(b.opened, 1);
    ck_assert_uint_eq(b.c->mss, TCP_MSS_LEAST);
    ck_assert_uint_eq(b.c->rcv_shift, 0);
    ck_assert_uint_eq(wire_sent(1, TCP_ACK, 1)->len, 536);
    ck_assert_uint_eq(b.c->snd_max - b.c->snd_una, 536 * 7); /* 4,000 octets of window, full segments only */
    wire_drain();
    wire_close();
}
END_TEST

/* ---- loss ---------------------------------------------------------------------------------------------- */

static enum wire_fate lose_tenth(struct wire *w, const struct wire_seg *s)
{
    return s->len > 0 && ++w->count == 10 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(one_loss_in_a_stream_is_one_fast_retransmission)
{
    struct user a = { .to_send = 200000, .closes = true },
                b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    const struct tcp_stats *s;
    open_logged(1);
    wire.fate = lose_tenth;
    user_pair(&a, &b);
    wire_drain();
    s = tcp_stats(&wire.net);
    ck_assert_uint_eq(b.got_len, 200000);
    ck_assert_uint_eq(s->fast_retransmits, 1);
    ck_assert_uint_eq(s->retransmitted, 1);
    ck_assert_uint_eq(s->timeouts, 0);
    ck_assert_uint_ge(s->dup_acks, 3);
    ck_assert_int_eq(timers.n, 1);
    ck_assert_str_eq(timers.at[0].timer, "fast-retransmit");
    ck_assert_int_eq(timers.at[0].cwnd, timers.at[0].ssthresh + 3 * TCP_MSS4);
    wire_close();
}
END_TEST

static enum wire_fate lose_three_of_a_window(struct wire *w, const struct wire_seg *s)
{
    if (s->len == 0)
        return WIRE_PASS;
    w->count++;
    return w->count == 20 || w->count == 22 || w->count == 25 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(several_losses_in_a_window_are_one_recovery)
{
    struct user a = { .to_send = 200000, .closes = true },
                b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    const struct tcp_stats *s;
    wire_open(1);
    wire.fate = lose_three_of_a_window;
    user_pair(&a, &b);
    wire_drain();
    s = tcp_stats(&wire.net);
    ck_assert_uint_eq(b.got_len, 200000);
    ck_assert_uint_eq(s->fast_retransmits, 1); /* NewReno: partial acknowledgments show the other two */
    ck_assert_uint_eq(s->retransmitted, 3);
    ck_assert_uint_eq(s->timeouts, 0);
    wire_close();
}
END_TEST

static uint64_t cut_at;

static enum wire_fate cut(struct wire *w, const struct wire_seg *s)
{
    (void)s;
    return w->queue.now_ns >= cut_at ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(retransmission_backs_off_exactly_and_gives_up)
{
    struct user a = { 0 }, b = { 0 };
    uint64_t start, at = 0, wait = CORE_S;
    size_t first;
    open_logged(1);
    user_pair(&a, &b);
    wire_run(CORE_S);
    cut_at = 0;
    wire.fate = cut;
    first = wire.nlog;
    start = wire.queue.now_ns;
    tcp_send(a.c, "x", 1);
    wire_drain();
    ck_assert_int_eq(a.why, TCP_END_TIMED_OUT);
    ck_assert_uint_eq(wire.nlog - first, 1 + TCP_RETRIES);
    for (size_t i = first; i < wire.nlog; i++) { /* 0, 1, 3, 7, ... 63, 127, then every 64 s */
        ck_assert_uint_eq(wire.log[i].t_ns - start, at);
        at += wait;
        wait = wait * 2 > 64 * CORE_S ? 64 * CORE_S : wait * 2;
    }
    ck_assert_uint_eq(wire.queue.now_ns - start, at);
    ck_assert_int_eq(timers.n, TCP_RETRIES + 1);
    ck_assert_str_eq(timers.at[0].timer, "rto");
    ck_assert_int_eq(timers.at[0].after_ms, 1000);
    ck_assert_int_eq(timers.at[0].cwnd, TCP_MSS4);
    ck_assert_int_eq(timers.at[0].ssthresh, 2 * TCP_MSS4);
    ck_assert_str_eq(timers.at[TCP_RETRIES].timer, "give-up");
    wire_close();
}
END_TEST

START_TEST(rto_follows_the_round_trip)
{
    struct user a = { 0 }, b = { .acts = USER_ANSWERS };
    wire_open(1);
    wire.delay_ns = 2 * CORE_S;
    user_pair(&a, &b);
    /* The first SYN timed out at 1 s and 3 s, so nothing was measured. */
    ck_assert_uint_eq(a.c->srtt_us, 0);
    tcp_send(a.c, "x", 1);
    wire_run(CORE_S * 20);
    tcp_send(a.c, "y", 1);
    wire_run(CORE_S * 20);
    ck_assert_uint_eq(a.c->srtt_us, 4000000);
    ck_assert_uint_eq(a.c->rttvar_us, 2000000);
    ck_assert_uint_eq(a.c->rto_us, 12000000); /* SRTT + 4 * RTTVAR */
    wire_close();
}
END_TEST

static enum wire_fate lose_middle(struct wire *w, const struct wire_seg *s)
{
    return s->len > 0 && ++w->count == 2 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(data_after_a_gap_is_acknowledged_at_once_and_kept)
{
    struct user a = { .to_send = 3 * TCP_MSS4 }, b = { .acts = USER_SINK };
    wire_open(1);
    wire.fate = lose_middle;
    user_pair(&a, &b);
    wire_run(wire.delay_ns / 2);
    ck_assert_uint_eq(b.c->held, 1);
    ck_assert_uint_eq(wire_sent(1, TCP_ACK, 1)->t_ns, wire.log[3].t_ns + wire.delay_ns);
    ck_assert_uint_eq(wire_sent(1, TCP_ACK, 1)->ack, a.c->iss + 1 + TCP_MSS4);
    wire_run(CORE_S + CORE_S / 2);
    ck_assert_uint_eq(b.got_len, 3 * TCP_MSS4);
    ck_assert_uint_eq(tcp_stats(&wire.net)->retransmitted, 1); /* the third was not sent again */
    ck_assert_uint_eq(wire_held(), 0);
    wire_close();
}
END_TEST

START_TEST(a_pause_makes_the_window_small_again)
{
    struct user a = { .to_send = 400000 }, b = { .acts = USER_SINK };
    wire_open(1);
    user_pair(&a, &b);
    wire_run(3 * CORE_S);
    ck_assert_uint_gt(a.c->cwnd, 14600);
    a.to_send += 1000;
    user_stream(&a);
    ck_assert_uint_eq(a.c->cwnd, 14600); /* RFC 5681 section 4.1 */
    wire_run(CORE_S);
    wire_close();
}
END_TEST

static uint32_t every;

static enum wire_fate lose_every_nth(struct wire *w, const struct wire_seg *s)
{
    (void)s;
    return ++w->count % every == 0 ? WIRE_LOSE : WIRE_PASS;
}

static enum wire_fate storm(struct wire *w, const struct wire_seg *s)
{
    uint64_t draw = core_rng_below(&w->rng, 100);
    (void)s;
    return draw < 4    ? WIRE_LOSE
           : draw < 8  ? WIRE_TWICE
           : draw < 14 ? WIRE_LATE
           : draw < 16 ? WIRE_BREAK
                       : WIRE_PASS;
}

static void transfer(uint64_t seed, wire_fate_fn *fate, uint64_t there, uint64_t back)
{
    struct user a = { .acts = USER_SINK, .to_send = there, .closes = true };
    struct user b = { .acts = USER_SINK, .to_send = back, .closes = true };
    wire_open(seed);
    wire.delay_ns = 2 * CORE_MS;
    wire.fate = fate;
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    user_connect(&a, 0, 25);
    wire_drain();
    ck_assert_uint_eq(b.got_len, there);
    ck_assert_uint_eq(a.got_len, back);
    ck_assert(a.ended == 1 && b.ended == 1);
    ck_assert_int_eq(a.why, TCP_END_NORMAL);
    ck_assert_int_eq(b.why, TCP_END_NORMAL);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    wire_close();
}

START_TEST(a_megabyte_survives_every_nth_loss)
{
    static const uint32_t n[] = { 5, 6, 7, 10, 23, 50, 101 };
    every = n[_i];
    transfer(1, lose_every_nth, 1000000, 1);
    transfer(2, lose_every_nth, 300000, 300000);
}
END_TEST

START_TEST(megabytes_survive_loss_duplication_disorder_and_damage)
{
    transfer((uint64_t)_i + 10, storm, 1000000, 50000);
    transfer((uint64_t)_i + 100, storm, 1, 400000);
}
END_TEST

START_TEST(ten_megabytes_arrive)
{
    every = 200;
    transfer(3, _i ? lose_every_nth : NULL, 10000000, 1);
}
END_TEST

/* ---- marks and causes ------------------------------------------------------------------------------------
 */

static struct {
    int n;
    uint64_t token[64], seq[64];
    size_t at[64];
} marked;

static void on_mark(void *ctx, struct tcp_conn *c, uint64_t token)
{
    (void)c;
    ck_assert_ptr_eq(ctx, &marked);
    marked.token[marked.n] = token;
    marked.at[marked.n] = wire.nlog; /* the segment that follows */
    marked.seq[marked.n++] = wire.trace.cause = trace_skip(&wire.trace);
}

static enum wire_fate lose_first_data(struct wire *w, const struct wire_seg *s)
{
    return s->len > 0 && w->count++ == 0 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(marks_pass_once_with_the_segment_that_has_their_octet)
{
    struct user a = { 0 }, b = { .acts = USER_SINK };
    char text[TCP_MSS4];
    wire_open(1);
    memset(&marked, 0, sizeof marked);
    tcp_on_mark(&wire.net, on_mark, &marked);
    user_pair(&a, &b);
    wire.fate = lose_first_data;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = user_octet(i);
    tcp_cork(a.c);
    for (uint64_t i = 0; i < 10; i++) { /* 10 lines of 292 octets: five in each segment */
        tcp_mark(a.c, 1000 + i);
        tcp_send(a.c, text, 292);
    }
    ck_assert_int_eq(marked.n, 0);
    b.acts = 0;
    tcp_uncork(a.c);
    ck_assert_int_eq(marked.n, 10);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(marked.token[i], 1000 + (uint64_t)i);
        ck_assert_uint_eq(marked.at[i], i < 5 ? 3 : 4);
    }
    wire_run(5 * CORE_S);
    ck_assert_int_eq(marked.n, 10); /* not for the retransmission */
    ck_assert_uint_eq(b.got_len, 2920);
    ck_assert_uint_eq(wire_held(), 0);
    wire_close();
}
END_TEST

START_TEST(a_retransmission_is_due_to_its_timer_and_that_to_the_line)
{
    struct user a = { 0 }, b = { 0 };
    open_logged(1);
    memset(&marked, 0, sizeof marked);
    tcp_on_mark(&wire.net, on_mark, &marked);
    user_pair(&a, &b);
    wire.fate = lose_first_data;
    tcp_mark(a.c, 7);
    tcp_send(a.c, "EHLO\r\n", 6);
    wire.trace.cause = 0; /* something else has happened since */
    wire_run(CORE_S + CORE_S / 10);
    ck_assert_int_eq(timers.n, 1);
    ck_assert_uint_eq(timers.at[0].cause, marked.seq[0]);
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp transfer");
    TCase *plain = tcase_create("plain"), *window = tcase_create("window"), *loss = tcase_create("loss"),
          *marks = tcase_create("marks");
    tcase_add_test(plain, data_goes_both_ways);
    tcase_add_test(plain, an_answer_carries_the_acknowledgment);
    tcase_add_test(plain, a_lonely_segment_is_acknowledged_after_40_ms);
    tcase_add_test(plain, every_second_full_segment_is_acknowledged_at_once);
    tcase_add_test(plain, small_writes_wait_for_each_other_and_the_end_of_a_message_does_not);
    tcase_add_test(plain, a_cork_gathers_lines);
    tcase_add_test(plain, what_is_not_taken_is_shown_again_in_one_piece);
    tcase_add_test(plain, reading_inside_data_shows_the_rest_when_it_returns);
    tcase_add_test(plain, a_full_send_buffer_says_when_there_is_room);
    tcase_add_test(plain, sequence_numbers_wrap);
    suite_add_tcase(s, plain);
    tcase_add_test(window, a_closed_window_is_probed_and_opens_again);
    tcase_add_test(window, a_lost_window_update_costs_time_but_not_the_transfer);
    tcase_add_test(window, a_peer_that_answers_probes_is_never_given_up);
    tcase_add_test(window, small_reads_do_not_open_a_silly_window);
    tcase_add_test(window, windows_scale_beyond_64_kib);
    tcase_add_test(window, a_peer_without_options_gets_small_segments_and_unscaled_windows);
    suite_add_tcase(s, window);
    tcase_set_timeout(loss, 60);
    tcase_add_test(loss, one_loss_in_a_stream_is_one_fast_retransmission);
    tcase_add_test(loss, several_losses_in_a_window_are_one_recovery);
    tcase_add_test(loss, retransmission_backs_off_exactly_and_gives_up);
    tcase_add_test(loss, rto_follows_the_round_trip);
    tcase_add_test(loss, data_after_a_gap_is_acknowledged_at_once_and_kept);
    tcase_add_test(loss, a_pause_makes_the_window_small_again);
    tcase_add_loop_test(loss, a_megabyte_survives_every_nth_loss, 0, 7);
    tcase_add_loop_test(loss, megabytes_survive_loss_duplication_disorder_and_damage, 0, 20);
    tcase_add_loop_test(loss, ten_megabytes_arrive, 0, 2);
    suite_add_tcase(s, loss);
    tcase_add_test(marks, marks_pass_once_with_the_segment_that_has_their_octet);
    tcase_add_test(marks, a_retransmission_is_due_to_its_timer_and_that_to_the_line);
    suite_add_tcase(s, marks);
    return s;
}

CHECK_MAIN(suite)
