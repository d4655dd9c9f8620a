/* UDP sockets. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

static struct world_user alice, bob;

static void line(void)
{
    world_line();
    world_meet();
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
}

START_TEST(a_datagram_and_its_answer)
{
    line();
    bob.answers = true;
    ck_assert(user_say(&alice, &w.bob4, 53, "question"));
    world_run();
    ck_assert_str_eq(bob.said[0], "question");
    ck_assert_str_eq(alice.said[0], "question");
    ck_assert_uint_eq(bob.sport, udp_port(alice.socket));
    ck_assert_uint_eq(alice.sport, 53);
    ck_assert(net_addr_same(&bob.src, &w.alice4));
    ck_assert_uint_eq(udp_stats(&w.net)->sent, 2);
    ck_assert_uint_eq(udp_stats(&w.net)->received, 2);
    ck_assert_uint_gt(strlen(world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 0)->text), 0);
    world_end();
}
END_TEST

START_TEST(summary_names_both_ends)
{
    char expected[100];
    line();
    user_say(&alice, &w.bob4, 53, "question");
    user_say(&alice, &w.bob6, 53, "question");
    world_run();
    snprintf(expected, sizeof expected, "192.0.2.10:%u > 192.0.2.20:53 UDP len 8", udp_port(alice.socket));
    ck_assert_str_eq(world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 0)->text, expected);
    snprintf(expected, sizeof expected, "[2001:db8:1::10]:%u > [2001:db8:1::20]:53 UDP len 8",
             udp_port(alice.socket));
    ck_assert_str_eq(world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 1)->text, expected);
    world_end();
}
END_TEST

START_TEST(question_and_answer_have_one_number)
{
    uint32_t n;
    line();
    bob.answers = true;
    n = net_exchange_next(&w.net);
    udp_set_exchange(alice.socket, n);
    user_say(&alice, &w.bob4, 53, "question");
    world_run();
    ck_assert_uint_eq(bob.exchange, n);
    ck_assert_uint_eq(alice.exchange, n);
    world_end();
}
END_TEST

START_TEST(a_closed_port_is_unreachable)
{
    line();
    user_say(&alice, &w.bob4, 54, "anybody?");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_int_eq(alice.reason, NET_UNREACH_PORT);
    ck_assert_str_eq(world_get(TRACE_KIND_SENT, TRACE_ICMP, w.bob, 0)->text,
                     "192.0.2.20 > 192.0.2.10 port unreachable");
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.bob, 0)->why, "no-socket");
    user_say(&alice, &w.bob6, 54, "anybody?");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 2);
    ck_assert_int_eq(alice.reason, NET_UNREACH_PORT);
    world_end();
}
END_TEST

START_TEST(a_closed_socket_hears_nothing)
{
    line();
    user_say(&alice, &w.bob4, 53, "late");
    udp_close(bob.socket);
    world_run();
    ck_assert_uint_eq(bob.received, 0);
    ck_assert_uint_eq(udp_stats(&w.net)->open, 1);
    ck_assert_ptr_nonnull(udp_bind(w.bob, 53, user_receive, &bob));
    world_end();
}
END_TEST

static void close_on_receive(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                             const uint8_t *octets, size_t len)
{
    unsigned *count = ctx;
    (void)src, (void)sport, (void)octets, (void)len;
    ++*count;
    udp_close(s);
}

START_TEST(a_socket_may_close_itself_while_it_receives)
{
    unsigned count = 0;
    line();
    ck_assert_ptr_nonnull(udp_bind(w.bob, 99, close_on_receive, &count));
    user_say(&alice, &w.bob4, 99, "one");
    user_say(&alice, &w.bob4, 99, "two");
    world_run();
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(alice.unreachable, 1);
    world_end();
}
END_TEST

START_TEST(a_port_belongs_to_one_socket_of_a_host)
{
    line();
    ck_assert_ptr_null(udp_bind(w.bob, 53, user_receive, &bob));
    ck_assert_ptr_nonnull(udp_bind(w.alice, 53, user_receive, &bob));
    world_end();
}
END_TEST

START_TEST(ephemeral_ports_are_distinct_and_run_out)
{
    static bool seen[65536];
    enum { ALL = 65536 - UDP_EPHEMERAL_FIRST };
    bool ascending = true;
    uint16_t before = 0;
    memset(seen, 0, sizeof seen);
    line();
    seen[udp_port(alice.socket)] = true;
    for (int i = 1; i < ALL; i++) {
        struct udp_socket *s = udp_bind(w.alice, 0, user_receive, &alice);
        uint16_t port = udp_port(s);
        ck_assert(port >= UDP_EPHEMERAL_FIRST && !seen[port]);
        seen[port] = true;
        ascending &= port > before;
        before = port;
    }
    ck_assert(!ascending);
    ck_assert_ptr_null(udp_bind(w.alice, 0, user_receive, &alice));
    ck_assert_ptr_nonnull(udp_bind(w.bob, 0, user_receive, &bob));
    world_end();
}
END_TEST

static uint16_t port_of_seed(uint64_t seed, bool other_draws)
{
    struct udp_socket *s;
    uint16_t port;
    world_line_seeded(seed);
    for (int i = 0; i < 5 && other_draws; i++)
        udp_bind(w.bob, 0, user_receive, &bob);
    s = udp_bind(w.alice, 0, user_receive, &alice);
    port = udp_port(s);
    world_end();
    return port;
}

START_TEST(ports_depend_on_the_seed_and_not_on_other_hosts)
{
    ck_assert_uint_eq(port_of_seed(1, false), port_of_seed(1, true));
    ck_assert_uint_ne(port_of_seed(1, false), port_of_seed(2, false));
}
END_TEST

START_TEST(the_longest_datagram_fits_both_families)
{
    static char text[UDP_PAYLOAD_MAX + 1];
    line();
    memset(text, 'x', sizeof text);
    ck_assert(udp_send(alice.socket, &w.bob4, 53, text, UDP_PAYLOAD_MAX));
    ck_assert(udp_send(alice.socket, &w.bob6, 53, text, UDP_PAYLOAD_MAX));
    ck_assert(!udp_send(alice.socket, &w.bob4, 53, text, UDP_PAYLOAD_MAX + 1));
    ck_assert(udp_send(alice.socket, &w.bob4, 53, NULL, 0));
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    world_end();
}
END_TEST

/* Sends a UDP header that lies, and looks what becomes of it. */
static void send_header(uint16_t length, uint16_t sum, enum net_drop why)
{
    struct net_packet *p;
    uint64_t before = w.net.stats.dropped[why];
    uint8_t *h;
    p = net_packet_take(&w.net, 4, 12);
    h = net_packet_l4(p);
    memset(h, 0, 12);
    net_put16(h + 2, 53);
    net_put16(h + 4, length);
    net_put16(h + 6, sum);
    net_ip_send(w.alice, p, NET_PROTO_UDP, &w.alice4, &w.bob4, NULL);
    world_run();
    ck_assert_uint_eq(w.net.stats.dropped[why], before + 1);
}

START_TEST(headers_that_lie_are_dropped)
{
    line();
    w.unchecked = true;
    send_header(7, 0, NET_DROP_MALFORMED);
    send_header(13, 0, NET_DROP_MALFORMED);
    send_header(12, 0x1234, NET_DROP_CHECKSUM);
    ck_assert_uint_eq(udp_stats(&w.net)->bad_checksum, 1);
    ck_assert_uint_eq(bob.received, 0);
    world_end();
}
END_TEST

START_TEST(no_checksum_is_allowed_in_ipv4)
{
    struct net_packet *p;
    line();
    w.unchecked = true;
    p = net_packet_take(&w.net, 4, 12);
    memcpy(net_packet_l4(p), "\x10\x00\x00\x35\x00\x0c\x00\x00word", 12);
    net_ip_send(w.alice, p, NET_PROTO_UDP, &w.alice4, &w.bob4, NULL);
    world_run();
    ck_assert_str_eq(bob.said[0], "word");
    world_end();
}
END_TEST

/* A sum of 0 would mean "no checksum": RFC 768 sends all ones instead. */
START_TEST(a_checksum_of_zero_is_sent_as_ones)
{
    const struct world_record *r;
    uint8_t word[2] = { 0, 0 };
    line();
    udp_send(alice.socket, &w.bob4, 53, word, 2);
    r = world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 0);
    memcpy(word, r->bytes + 34 + 6, 2); /* what lacks to a sum of all ones */
    udp_send(alice.socket, &w.bob4, 53, word, 2);
    r = world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 1);
    ck_assert_uint_eq(net_get16(r->bytes + 34 + 6), 0xffff);
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    world_end();
}
END_TEST

START_TEST(padding_does_not_leak_older_packets)
{
    line();
    user_say(&alice, &w.bob4, 53, "a long secret that fills more than sixty octets of a frame and then some");
    world_run();
    user_say(&alice, &w.bob4, 53, "x"); /* in the same memory; world_check_frame looks at the padding */
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    ck_assert_uint_eq(world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 1)->nbytes, 60);
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("udp");
    TCase *t = tcase_create("udp");
    tcase_add_test(t, a_datagram_and_its_answer);
    tcase_add_test(t, summary_names_both_ends);
    tcase_add_test(t, question_and_answer_have_one_number);
    tcase_add_test(t, a_closed_port_is_unreachable);
    tcase_add_test(t, a_closed_socket_hears_nothing);
    tcase_add_test(t, a_socket_may_close_itself_while_it_receives);
    tcase_add_test(t, a_port_belongs_to_one_socket_of_a_host);
    tcase_add_test(t, ephemeral_ports_are_distinct_and_run_out);
    tcase_add_test(t, ports_depend_on_the_seed_and_not_on_other_hosts);
    tcase_add_test(t, the_longest_datagram_fits_both_families);
    tcase_add_test(t, headers_that_lie_are_dropped);
    tcase_add_test(t, no_checksum_is_allowed_in_ipv4);
    tcase_add_test(t, a_checksum_of_zero_is_sent_as_ones);
    tcase_add_test(t, padding_does_not_leak_older_packets);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
