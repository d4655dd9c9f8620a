/* Octets arrive, all of them, once and in order, and segments are as few as can be. */
#include "tests/net/tcp_wire.h"

#include "tests/check_main.h"

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

static struct {
    size_t got, limit;
} reader;

/* Takes a part of what it is shown, sometimes nothing: as a program that parses lines does. */
static size_t take_some(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    size_t n = len > reader.limit ? reader.limit : len;
    (void)c;
    (void)app;
    for (size_t i = 0; i < n; i++)
        if (octets[i] != user_octet(reader.got + i))
            ck_abort_msg("octet %zu differs", reader.got + i);
    reader.got += n;
    return n;
}

START_TEST(a_slow_reader_gets_everything_in_order)
{
    static const struct tcp_ops ops = { .data = take_some };
    static const size_t limits[] = { 100, 1000, 1459, 1461, 5000, 30000 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct user a = { .to_send = 400000 }, b = { 0 };
        wire_open(1);
        memset(&reader, 0, sizeof reader);
        reader.limit = limits[i];
        tcp_listen(&wire.host[1], 25, user_accept, &b);
        user_connect(&a, 0, 25);
        while (b.opened == 0)
            core_queue_step(&wire.queue, CORE_NEVER - 1);
        tcp_set_app(b.c, &ops, &b);
        for (int step = 0; step < 10000 && reader.got < 400000; step++) {
            wire_run(CORE_MS);
            tcp_read(b.c);
        }
        ck_assert_uint_eq(reader.got, 400000);
        wire_run(CORE_S);
        ck_assert_uint_eq(wire_held(), 0);
        wire_close();
    }
}
END_TEST

START_TEST(a_deadline_that_moves_later_does_not_move_the_timer)
{
    struct user a = { .acts = USER_ANSWERS }, b = { .acts = USER_ANSWERS };
    uint64_t set_a, set_b;
    wire_open(1);
    user_pair(&a, &b);
    wire_run(CORE_S * 2);
    tcp_send(a.c, "go", 2); /* and then each answers the other */
    wire_run(2 * wire.delay_ns);
    set_a = a.c->timer.seq;
    set_b = b.c->timer.seq;
    wire_run(CORE_S * 9 / 10);
    ck_assert_uint_ge(a.got_len, 90);
    ck_assert_uint_eq(a.c->timer.seq, set_a);
    ck_assert_uint_eq(b.c->timer.seq, set_b);
    wire_run(CORE_S);
    ck_assert_uint_ne(a.c->timer.seq, set_a); /* it has looked once, and gone on */
    ck_assert_uint_eq(tcp_stats(&wire.net)->timeouts, 0);
    tcp_abort(a.c);
    wire_drain();
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

static Suite *suite(void)
{
    Suite *s = suite_create("tcp transfer");
    TCase *t = tcase_create("tcp transfer");
    tcase_add_test(t, data_goes_both_ways);
    tcase_add_test(t, an_answer_carries_the_acknowledgment);
    tcase_add_test(t, a_lonely_segment_is_acknowledged_after_40_ms);
    tcase_add_test(t, every_second_full_segment_is_acknowledged_at_once);
    tcase_add_test(t, small_writes_wait_for_each_other_and_the_end_of_a_message_does_not);
    tcase_add_test(t, a_cork_gathers_lines);
    tcase_add_test(t, what_is_not_taken_is_shown_again_in_one_piece);
    tcase_add_test(t, reading_inside_data_shows_the_rest_when_it_returns);
    tcase_add_test(t, a_slow_reader_gets_everything_in_order);
    tcase_add_test(t, a_deadline_that_moves_later_does_not_move_the_timer);
    tcase_add_test(t, a_full_send_buffer_says_when_there_is_room);
    tcase_add_test(t, sequence_numbers_wrap);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
