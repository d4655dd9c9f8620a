/* The receive window: closing, probing, opening, scaling. */
#include "tests/net/tcp_timers.h"

#include "tests/check_main.h"

static size_t take_one(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    (void)c;
    (void)app;
    (void)octets;
    (void)len;
    return 1;
}

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
    ck_assert_uint_eq(wire.log[wire.nlog - 2].len, TCP_WINDOW_MAX - 44 * TCP_MSS4);
    ck_assert_int_eq(wire.log[wire.nlog - 3].from, 1); /* all of it in one segment */
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
    wire_run(CORE_S);                /* a probe's answer does not tell of it either: */
    ck_assert_uint_gt(wire.nlog, n);
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

static Suite *suite(void)
{
    Suite *s = suite_create("tcp window");
    TCase *t = tcase_create("tcp window");
    tcase_add_test(t, a_closed_window_is_probed_and_opens_again);
    tcase_add_test(t, a_lost_window_update_costs_time_but_not_the_transfer);
    tcase_add_test(t, a_peer_that_answers_probes_is_never_given_up);
    tcase_add_test(t, small_reads_do_not_open_a_silly_window);
    tcase_add_test(t, windows_scale_beyond_64_kib);
    tcase_add_test(t, a_peer_without_options_gets_small_segments_and_unscaled_windows);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
