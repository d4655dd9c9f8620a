/* What segments do that do not come from the peer, or not from this connection: RFC 5961. */
#include "tests/net/tcp_wire.h"

#include "tests/check_main.h"

START_TEST(an_rst_counts_only_at_the_next_octet)
{
    static const struct {
        int32_t off;
        bool answered, resets;
    } rows[] = { { 0, false, true },
                 { 1, true, false },
                 { 1000, true, false },
                 { -1, false, false },
                 { 70000, false, false } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct user a = { 0 }, b = { 0 };
        wire_open(1);
        user_pair(&a, &b);
        wire.nlog = 0;
        wire_to(b.c, rows[i].off, 0, TCP_RST | TCP_ACK, "");
        ck_assert_int_eq(b.ended, rows[i].resets);
        if (rows[i].resets)
            ck_assert_int_eq(b.why, TCP_END_RESET);
        ck_assert_uint_eq(wire.nlog, rows[i].answered);
        wire_drain();
        wire_close();
    }
}
END_TEST

START_TEST(an_rst_for_the_last_fin_is_a_normal_end)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_close(a.c);
    wire_run(wire.delay_ns);
    wire.fate = NULL;
    tcp_close(b.c);
    ck_assert(tcp_state(b.c) == TCP_LAST_ACK);
    wire_to(b.c, 0, 0, TCP_RST | TCP_ACK, "");
    ck_assert_int_eq(b.ended, 1);
    ck_assert_int_eq(b.why, TCP_END_NORMAL);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(an_rst_is_believed_by_a_connecting_host_only_with_its_ack)
{
    struct user a = { 0 };
    wire_open(1);
    wire.delay_ns = CORE_S / 2;
    user_connect(&a, 0, 25);
    wire_inject(1, 25, a.c->local_port, 5, a.c->iss, TCP_RST | TCP_ACK, 0, "");
    wire_inject(1, 25, a.c->local_port, 5, 0, TCP_RST, 0, "");
    ck_assert_int_eq(a.ended, 0);
    wire_inject(1, 25, a.c->local_port, 5, a.c->iss + 1, TCP_RST | TCP_ACK, 0, "");
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_REFUSED);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(a_syn_in_a_connection_is_challenged)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    wire.nlog = 0;
    wire_to(b.c, 10, 0, TCP_SYN, "");
    ck_assert_uint_eq(wire.nlog, 1);
    ck_assert_uint_eq(wire.log[0].flags, TCP_ACK);
    ck_assert(tcp_state(b.c) == TCP_ESTABLISHED);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(acknowledging_what_was_not_sent_is_challenged)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    wire.nlog = 0;
    wire_to(b.c, 0, 1, TCP_ACK, "lies");
    ck_assert_uint_eq(wire.nlog, 1);
    ck_assert_uint_eq(b.got_len, 0);
    wire_to(b.c, 0, -70000, TCP_ACK, "lies");
    ck_assert_uint_eq(wire.nlog, 2);
    ck_assert_uint_eq(b.got_len, 0);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(challenges_are_rationed)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    wire.nlog = 0;
    for (int i = 0; i < 500; i++)
        wire_to(b.c, 10, 0, TCP_SYN, "");
    ck_assert_uint_eq(wire.nlog, TCP_CHALLENGES);
    wire_run(CORE_S);
    wire_to(b.c, 10, 0, TCP_SYN, "");
    ck_assert_uint_eq(wire_sent(1, TCP_ACK, TCP_CHALLENGES)->flags, TCP_ACK);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(a_broken_checksum_is_dropped_in_silence)
{
    struct user a = { 0 }, b = { 0 };
    struct net_packet *p;
    wire_open(1);
    user_pair(&a, &b);
    wire.nlog = 0;
    p = net_packet_take(&wire.net, 4, TCP_HEADER + 1);
    memset(net_packet_l4(p), 0x50, TCP_HEADER + 1);
    p->src = wire_addr(0);
    p->dst = wire_addr(1);
    net_tcp_input(&wire.host[1], p);
    p = net_packet_take(&wire.net, 4, 7);
    memset(net_packet_l4(p), 0, 7);
    p->src = wire_addr(0);
    p->dst = wire_addr(1);
    net_tcp_input(&wire.host[1], p);
    ck_assert_uint_eq(tcp_stats(&wire.net)->bad_checksum, 1);
    ck_assert_uint_eq(wire.net.stats.dropped[NET_DROP_CHECKSUM], 1);
    ck_assert_uint_eq(wire.net.stats.dropped[NET_DROP_MALFORMED], 1);
    ck_assert_uint_eq(wire.nlog, 0);
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp strangers");
    TCase *t = tcase_create("tcp strangers");
    tcase_add_test(t, an_rst_counts_only_at_the_next_octet);
    tcase_add_test(t, an_rst_for_the_last_fin_is_a_normal_end);
    tcase_add_test(t, an_rst_is_believed_by_a_connecting_host_only_with_its_ack);
    tcase_add_test(t, a_syn_in_a_connection_is_challenged);
    tcase_add_test(t, acknowledging_what_was_not_sent_is_challenged);
    tcase_add_test(t, challenges_are_rationed);
    tcase_add_test(t, a_broken_checksum_is_dropped_in_silence);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
