/* TIME-WAIT and ephemeral ports: when a four-tuple may be used again. */
#include "tests/net/tcp_wire.h"

#include "tests/check_main.h"

/* Host 0's side ends in TIME-WAIT. Returns the record. */
static struct tcp_wait *enter_time_wait(struct user *a, struct user *b)
{
    struct tcp_wait *w;
    b->acts = USER_CLOSES_WHEN_PEER_DOES;
    user_pair(a, b);
    tcp_close(a->c);
    wire_run(CORE_S);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1);
    w = &wire.net.tcp->wait[wire.net.tcp->wait_first & wire.net.tcp->wait_mask];
    wire.nlog = 0;
    return w;
}

START_TEST(time_wait_lasts_60_seconds)
{
    struct user a = { 0 }, b = { 0 };
    uint64_t ends;
    wire_open(1);
    ends = enter_time_wait(&a, &b)->until_ns;
    core_queue_run(&wire.queue, ends - 1);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1);
    core_queue_run(&wire.queue, ends);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    wire_close();
}
END_TEST

START_TEST(time_wait_acknowledges_a_repeated_fin_and_starts_again)
{
    struct user a = { 0 }, b = { 0 };
    struct tcp_wait *w;
    uint64_t ends;
    wire_open(1);
    w = enter_time_wait(&a, &b);
    ends = w->until_ns;
    wire_run(30 * CORE_S);
    wire_inject(1, 25, w->local_port, w->rcv_nxt - 1, w->snd_nxt, TCP_FIN | TCP_ACK, 100, "");
    ck_assert_uint_eq(wire.nlog, 1);
    ck_assert_uint_eq(wire.log[0].flags, TCP_ACK);
    core_queue_run(&wire.queue, ends + CORE_S);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1);
    wire_run(31 * CORE_S);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(time_wait_ignores_rst)
{
    struct user a = { 0 }, b = { 0 };
    struct tcp_wait *w;
    wire_open(1);
    w = enter_time_wait(&a, &b);
    wire_inject(1, 25, w->local_port, w->rcv_nxt, w->snd_nxt, TCP_RST | TCP_ACK, 100, "");
    wire_inject(1, 25, w->local_port, w->rcv_nxt + 9, w->snd_nxt, TCP_RST, 100, "");
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1); /* RFC 1337 */
    ck_assert_uint_eq(wire.nlog, 0);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(time_wait_makes_way_for_a_later_syn_only)
{
    struct user a = { 0 }, b = { .acts = USER_CLOSES_WHEN_PEER_DOES }, again = { 0 };
    struct tcp_wait *w, before;
    struct net_addr dst;
    wire_open(1);
    /* the server closes first: TIME-WAIT is on host 1, where the listener is */
    user_pair(&b, &a);
    tcp_close(a.c);
    wire_run(CORE_S);
    w = &wire.net.tcp->wait[wire.net.tcp->wait_first & wire.net.tcp->wait_mask];
    ck_assert_ptr_eq(w->host, &wire.host[1]);
    before = *w;
    wire.nlog = 0;
    wire_inject(0, w->remote_port, 25, w->rcv_nxt - 5, 0, TCP_SYN, 100, ""); /* an old duplicate */
    ck_assert_uint_eq(wire.log[0].flags, TCP_ACK);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1);
    wire_drain();
    wire_close();

    wire_open(1);
    a = (struct user){ 0 };
    b = (struct user){ .acts = USER_CLOSES_WHEN_PEER_DOES };
    user_pair(&b, &a);
    tcp_close(a.c);
    wire_run(CORE_S);
    tcp_unlisten(&wire.host[1], 25);
    a = (struct user){ 0 };
    tcp_listen(&wire.host[1], 25, user_accept, &a);
    dst = wire_addr(1);
    again.c = tcp_connect_from(&wire.host[0], before.remote_port, &dst, 25, &user_ops, &again);
    wire_run(CORE_S);
    ck_assert_int_eq(again.opened, 1);
    ck_assert_int_eq(a.opened, 1);
    ck_assert(tcp_lt(before.snd_nxt, a.c->iss));
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    wire_close();
}
END_TEST

START_TEST(ephemeral_ports_run_out_and_come_back)
{
    static struct user many[TCP_PORTS];
    struct user extra = { 0 };
    struct net_addr nobody = net_addr4(198, 51, 100, 9);
    uint8_t seen[65536 / 8] = { 0 };
    wire_open(1);
    memset(many, 0, sizeof many);
    for (size_t i = 0; i < TCP_PORTS; i++) {
        uint16_t port;
        many[i].c = tcp_connect(&wire.host[0], &nobody, 25, &user_ops, &many[i]);
        ck_assert_ptr_nonnull(many[i].c);
        port = many[i].c->local_port;
        ck_assert_uint_ge(port, 49152);
        ck_assert(!(seen[port / 8] & 1 << port % 8));
        seen[port / 8] |= (uint8_t)(1 << port % 8);
    }
    ck_assert_ptr_null(tcp_connect(&wire.host[0], &nobody, 25, &user_ops, &extra));
    ck_assert_ptr_nonnull((extra.c = tcp_connect(&wire.host[0], &nobody, 26, &user_ops, &extra)));
    wire_drain();
    ck_assert_int_eq(many[77].why, TCP_END_TIMED_OUT);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    wire_close();
}
END_TEST

START_TEST(time_wait_holds_thousands_and_forgets_all)
{
    enum { N = 3000 };
    static struct user a[N], b[N];
    wire_open(1);
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (int i = 0; i < N; i++) {
        b[i].acts = USER_CLOSES_WHEN_PEER_DOES;
        tcp_unlisten(&wire.host[1], 25);
        user_pair(&a[i], &b[i]);
        tcp_close(a[i].c);
        if (i % 3 == 0)
            wire_run(CORE_MS);
    }
    wire_run(CORE_S);
    ck_assert_uint_gt(tcp_stats(&wire.net)->now_time_wait, 1000);
    wire_drain();
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    for (size_t i = 0; i <= wire.net.tcp->wait_slot_mask; i++)
        ck_assert_uint_eq(wire.net.tcp->wait_slots[i].id, 0);
    for (int i = 0; i < N; i++)
        ck_assert(a[i].ended == 1 && b[i].ended == 1);
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp wait");
    TCase *t = tcase_create("tcp wait");
    tcase_add_test(t, time_wait_lasts_60_seconds);
    tcase_add_test(t, time_wait_acknowledges_a_repeated_fin_and_starts_again);
    tcase_add_test(t, time_wait_ignores_rst);
    tcase_add_test(t, time_wait_makes_way_for_a_later_syn_only);
    tcase_add_test(t, ephemeral_ports_run_out_and_come_back);
    tcase_add_test(t, time_wait_holds_thousands_and_forgets_all);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
