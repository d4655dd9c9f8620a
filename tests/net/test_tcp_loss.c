/* Whatever the wire does, everything arrives, and is sent again at the right times; what the trace says. */
#include "tests/net/tcp_timers.h"

#include "tests/check_main.h"

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

/* The tenth segment, and its fast retransmission. */
static enum wire_fate lose_tenth_twice(struct wire *w, const struct wire_seg *s)
{
    static uint32_t seq;
    if (s->len == 0)
        return WIRE_PASS;
    if (++w->count == 10)
        seq = s->seq;
    return w->count == 10 || (w->count < 100 && w->count > 10 && s->seq == seq) ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(a_lost_fast_retransmission_is_left_to_the_timer)
{
    struct user a = { .to_send = 200000, .closes = true },
                b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    open_logged(1);
    wire.fate = lose_tenth_twice;
    user_pair(&a, &b);
    while (tcp_stats(&wire.net)->timeouts == 0)
        ck_assert(core_queue_step(&wire.queue, CORE_NEVER - 1));
    ck_assert_int_eq(timers.n, 2);
    ck_assert_str_eq(timers.at[1].timer, "rto");
    ck_assert_uint_eq(a.c->cwnd, TCP_MSS4); /* from the beginning, not where recovery was */
    ck_assert(!(a.c->flags & TCP_F_RECOVERY));
    wire.fate = NULL;
    wire_drain();
    ck_assert_uint_eq(b.got_len, 200000);
    ck_assert_uint_eq(tcp_stats(&wire.net)->fast_retransmits, 1); /* duplicates of old data start none */
    wire_close();
}
END_TEST

static enum wire_fate lose_one_octet(struct wire *w, const struct wire_seg *s)
{
    (void)w;
    return s->len == 1 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(a_retransmission_takes_along_what_has_waited)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    wire.fate = lose_one_octet;
    user_pair(&a, &b);
    tcp_send(a.c, "x", 1);
    tcp_send(a.c, "yy", 2); /* Nagle */
    wire_run(2 * CORE_S);
    ck_assert(user_got(&b, "xyy"));
    ck_assert_uint_eq(tcp_stats(&wire.net)->retransmitted, 1);
    ck_assert_uint_eq(wire_sent(0, TCP_PSH, 1)->len, 3);
    wire_close();
}
END_TEST

START_TEST(a_window_that_is_not_used_does_not_grow)
{
    struct user a = { .acts = USER_ANSWERS }, b = { .acts = USER_ANSWERS };
    wire_open(1);
    user_pair(&a, &b);
    tcp_send(a.c, "go", 2);
    wire_run(10 * CORE_S);
    ck_assert_uint_gt(a.got_len, 900);
    ck_assert_uint_eq(a.c->cwnd, 14600);
    tcp_abort(a.c);
    wire_drain();
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

static uint64_t numbers(unsigned levels)
{
    struct user a = { .acts = USER_SINK, .to_send = 200000, .closes = true };
    struct user b = { .acts = USER_SINK, .to_send = 1000, .closes = true };
    uint64_t seq;
    wire_open(5);
    wire.trace.levels = levels;
    wire.fate = storm;
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    user_connect(&a, 0, 25);
    wire_drain();
    seq = wire.trace.seq;
    wire_close();
    return seq;
}

START_TEST(records_are_numbered_whether_or_not_anyone_reads)
{
    ck_assert_uint_eq(numbers(TRACE_ALL), numbers(0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp loss");
    TCase *t = tcase_create("tcp loss");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, one_loss_in_a_stream_is_one_fast_retransmission);
    tcase_add_test(t, several_losses_in_a_window_are_one_recovery);
    tcase_add_test(t, a_lost_fast_retransmission_is_left_to_the_timer);
    tcase_add_test(t, a_retransmission_takes_along_what_has_waited);
    tcase_add_test(t, a_window_that_is_not_used_does_not_grow);
    tcase_add_test(t, retransmission_backs_off_exactly_and_gives_up);
    tcase_add_test(t, rto_follows_the_round_trip);
    tcase_add_test(t, data_after_a_gap_is_acknowledged_at_once_and_kept);
    tcase_add_test(t, a_pause_makes_the_window_small_again);
    tcase_add_loop_test(t, a_megabyte_survives_every_nth_loss, 0, 7);
    tcase_add_loop_test(t, megabytes_survive_loss_duplication_disorder_and_damage, 0, 20);
    tcase_add_loop_test(t, ten_megabytes_arrive, 0, 2);
    tcase_add_test(t, marks_pass_once_with_the_segment_that_has_their_octet);
    tcase_add_test(t, a_retransmission_is_due_to_its_timer_and_that_to_the_line);
    tcase_add_test(t, records_are_numbered_whether_or_not_anyone_reads);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
