/* The eleven states: how connections begin and end. */
#include "tests/net/tcp_wire.h"

#include "tests/check_main.h"

/* ---- beginning ------------------------------------------------------------------------------------ */

START_TEST(control_blocks_are_small)
{
    wire_open(1);
    ck_assert_uint_le(sizeof(struct tcp_conn), 320);
    ck_assert_uint_le(sizeof(struct tcp_wait), 64);
    ck_assert_uint_eq(tcp_stats(&wire.net)->octets_per_conn, sizeof(struct tcp_conn));
    wire_close();
}
END_TEST

START_TEST(every_state_has_a_name_and_a_way_out)
{
    for (int from = 0; from < TCP_STATE_COUNT; from++) {
        int ways = 0;
        ck_assert_uint_gt(strlen(tcp_state_name((enum tcp_state)from)), 0);
        for (int to = 0; to < TCP_STATE_COUNT; to++)
            ways += tcp_move_legal((enum tcp_state)from, (enum tcp_state)to);
        ck_assert_int_gt(ways, 0);
        ck_assert(!tcp_move_legal((enum tcp_state)from, (enum tcp_state)from));
        if (from != TCP_CLOSED)
            ck_assert(tcp_move_legal((enum tcp_state)from, TCP_CLOSED));
    }
    ck_assert(!tcp_move_legal(TCP_ESTABLISHED, TCP_SYN_SENT));
    ck_assert(!tcp_move_legal(TCP_FIN_WAIT_2, TCP_ESTABLISHED));
    ck_assert(!tcp_move_legal(TCP_CLOSE_WAIT, TCP_TIME_WAIT));
    ck_assert(!tcp_move_legal(TCP_LAST_ACK, TCP_TIME_WAIT));
}
END_TEST

START_TEST(handshake_is_three_segments)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    ck_assert_uint_eq(wire.nlog, 3);
    ck_assert_uint_eq(wire.log[0].flags, TCP_SYN);
    ck_assert_uint_eq(wire.log[1].flags, TCP_SYN | TCP_ACK);
    ck_assert_uint_eq(wire.log[1].ack, wire.log[0].seq + 1);
    ck_assert_uint_eq(wire.log[2].flags, TCP_ACK);
    ck_assert_uint_eq(wire.log[2].seq, wire.log[0].seq + 1);
    ck_assert_uint_eq(wire.log[2].ack, wire.log[1].seq + 1);
    ck_assert_uint_eq(wire.log[2].t_ns, wire.log[0].t_ns + 2 * wire.delay_ns);
    ck_assert(tcp_state(a.c) == TCP_ESTABLISHED && tcp_state(b.c) == TCP_ESTABLISHED);
    ck_assert_uint_eq(a.c->mss, TCP_MSS4);
    ck_assert_uint_ge(a.c->local_port, 49152);
    ck_assert_uint_eq(a.c->rto_us, 1000000); /* the least */
    ck_assert_uint_eq(a.c->cwnd, 14600);     /* RFC 6928 */
    wire_close();
}
END_TEST

START_TEST(both_ends_have_one_number)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    wire.net.conns = 41;
    user_pair(&a, &b);
    ck_assert_uint_eq(tcp_number(a.c), 42);
    ck_assert_uint_eq(tcp_number(b.c), 42);
    for (size_t i = 0; i < wire.nlog; i++)
        ck_assert_uint_eq(wire.log[i].conn, 42);
    wire_close();
}
END_TEST

START_TEST(initial_sequence_numbers_follow_the_clock_and_the_seed)
{
    struct user a = { 0 }, b = { 0 };
    uint32_t first, later, other;
    struct net_addr dst;
    wire_open(1);
    dst = wire_addr(1);
    a.c = tcp_connect_from(&wire.host[0], 5000, &dst, 25, &user_ops, &a);
    first = a.c->iss;
    tcp_abort(a.c);
    wire_run(CORE_S);
    b.c = tcp_connect_from(&wire.host[0], 5000, &dst, 25, &user_ops, &b);
    later = b.c->iss;
    tcp_abort(b.c);
    wire_drain();
    wire_close();
    ck_assert_uint_eq(later - first, 250000); /* one each 4 us: RFC 6528 */
    wire_open(2);
    b = (struct user){ 0 };
    b.c = tcp_connect_from(&wire.host[0], 5000, &dst, 25, &user_ops, &b);
    other = b.c->iss;
    wire_drain();
    wire_close();
    ck_assert_uint_ne(first, other);
}
END_TEST

START_TEST(a_closed_port_answers_rst)
{
    struct user a = { 0 };
    wire_open(1);
    user_connect(&a, 0, 26);
    wire_drain();
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_REFUSED);
    ck_assert_uint_eq(wire.log[1].flags, TCP_RST | TCP_ACK);
    ck_assert_uint_eq(wire.log[1].seq, 0);
    ck_assert_uint_eq(wire.log[1].ack, wire.log[0].seq + 1);
    ck_assert_uint_eq(wire.log[1].conn, tcp_stats(&wire.net)->now_open == 0 ? 1 : 0);
    wire_close();
}
END_TEST

START_TEST(a_stray_ack_is_answered_by_rst_with_its_number)
{
    wire_open(1);
    wire_inject(0, 5000, 25, 1000, 7777, TCP_ACK, 100, "x");
    ck_assert_uint_eq(wire.nlog, 1);
    ck_assert_uint_eq(wire.log[0].flags, TCP_RST);
    ck_assert_uint_eq(wire.log[0].seq, 7777);
    wire_drain();
    ck_assert_uint_eq(wire.nlog, 1); /* an RST is not answered */
    wire_close();
}
END_TEST

START_TEST(a_listener_may_refuse)
{
    struct user a = { 0 };
    wire_open(1);
    tcp_listen(&wire.host[1], 25, user_accept, NULL);
    user_connect(&a, 0, 25);
    wire_drain();
    ck_assert_int_eq(a.opened, 1); /* it cannot know before the third segment arrives */
    ck_assert_int_eq(a.why, TCP_END_RESET);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    wire_close();
}
END_TEST

START_TEST(a_port_is_listened_on_once)
{
    struct core_rng rng;
    static bool open[65536];
    memset(open, 0, sizeof open);
    wire_open(1);
    core_rng_init(&rng, 1, "ports");
    for (int i = 0; i < 3000; i++) { /* any order of opening and closing */
        uint16_t port = (uint16_t)(1000 + core_rng_below(&rng, 300) * 77);
        if (core_rng_below(&rng, 2)) {
            ck_assert_int_eq(tcp_listen(&wire.host[0], port, user_accept, NULL), !open[port]);
            open[port] = true;
        } else {
            tcp_unlisten(&wire.host[0], port);
            open[port] = false;
        }
    }
    for (uint32_t port = 1; port < 65536; port++) {
        if ((tcp_listener(wire.net.tcp, &wire.host[0], (uint16_t)port) != NULL) != open[port])
            ck_abort_msg("port %u", port);
        tcp_unlisten(&wire.host[0], (uint16_t)port);
    }
    ck_assert_uint_eq(wire.net.tcp->nlisteners, 0);
    for (uint16_t port = 1; port <= 200; port++) {
        ck_assert(tcp_listen(&wire.host[0], port, user_accept, NULL));
        ck_assert(tcp_listen(&wire.host[1], port, user_accept, NULL));
        ck_assert(!tcp_listen(&wire.host[1], port, user_accept, NULL));
    }
    for (uint16_t port = 1; port <= 200; port += 2)
        tcp_unlisten(&wire.host[0], port);
    for (uint16_t port = 1; port <= 200; port++) {
        ck_assert_int_eq(tcp_listener(wire.net.tcp, &wire.host[0], port) != NULL, port % 2 == 0);
        ck_assert_ptr_nonnull(tcp_listener(wire.net.tcp, &wire.host[1], port));
    }
    wire_close();
}
END_TEST

START_TEST(an_unanswered_syn_is_given_up_after_127_seconds)
{
    struct user a = { 0 };
    struct net_addr nobody = net_addr4(198, 51, 100, 9);
    uint64_t start, at = 0;
    wire_open(1);
    start = wire.queue.now_ns;
    a.c = tcp_connect(&wire.host[0], &nobody, 25, &user_ops, &a);
    core_queue_run(&wire.queue, start + 127 * CORE_S - 1);
    ck_assert_int_eq(a.ended, 0);
    wire_drain();
    ck_assert_int_eq(a.why, TCP_END_TIMED_OUT);
    ck_assert_uint_eq(wire.queue.now_ns - start, 127 * CORE_S);
    ck_assert_uint_eq(wire.nlog, 7);
    for (size_t i = 0; i < 7; i++) { /* 0, 1, 3, 7, 15, 31, 63 s */
        ck_assert_uint_eq(wire.log[i].t_ns - start, at);
        ck_assert_uint_eq(wire.log[i].seq, wire.log[0].seq);
        at = at * 2 + CORE_S;
    }
    wire_close();
}
END_TEST

START_TEST(no_route_means_no_connection)
{
    struct user a = { 0 };
    struct net_addr dst;
    wire_open(1);
    dst = wire_addr(1);
    wire.no_route = true;
    ck_assert_ptr_null(tcp_connect(&wire.host[0], &dst, 25, &user_ops, &a));
    ck_assert_int_eq(a.ended, 0);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    wire_close();
}
END_TEST

START_TEST(a_route_that_vanishes_ends_the_attempt_but_not_from_inside)
{
    struct user a = { 0 };
    wire_open(1);
    wire.unplugged = true;
    user_connect(&a, 0, 25);
    ck_assert_int_eq(a.ended, 0);
    wire_run(0);
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_UNREACHABLE);
    wire_close();
}
END_TEST

START_TEST(a_connection_knows_its_ends)
{
    struct user a = { 0 }, b = { 0 };
    struct net_addr local, remote, own;
    uint16_t local_port, remote_port;
    wire_open(1);
    user_pair(&a, &b);
    own = wire_addr(1);
    tcp_endpoints(b.c, &local, &local_port, &remote, &remote_port);
    ck_assert(net_addr_same(&local, &own));
    ck_assert_uint_eq(local_port, 25);
    ck_assert_uint_eq(remote_port, a.c->local_port);
    ck_assert_ptr_eq(tcp_host(b.c), &wire.host[1]);
    ck_assert_ptr_eq(tcp_app(b.c), &b);
    wire_close();
}
END_TEST

START_TEST(icmp_ends_a_connection_only_while_connecting)
{
    static const struct {
        enum net_unreachable reason;
        int ended;
        enum tcp_end why;
    } rows[] = { { NET_UNREACH_NET, 1, TCP_END_UNREACHABLE },
                 { NET_UNREACH_HOST, 1, TCP_END_UNREACHABLE },
                 { NET_UNREACH_PORT, 1, TCP_END_UNREACHABLE },
                 { NET_UNREACH_ADMIN, 1, TCP_END_PROHIBITED },
                 { NET_UNREACH_TTL, 0, TCP_END_NORMAL } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct user a = { 0 }, b = { 0 };
        struct net_addr src, dst;
        uint16_t port;
        wire_open(1);
        src = wire_addr(0);
        dst = wire_addr(1);
        user_connect(&a, 0, 25);
        port = a.c->local_port;
        net_tcp_unreachable(&wire.host[0], rows[i].reason, &src, &dst, port, 25, a.c->iss + 1);
        wire_run(0);
        ck_assert_int_eq(a.ended, 0); /* it quotes something that was never sent */
        net_tcp_unreachable(&wire.host[0], rows[i].reason, &src, &dst, port, 25, a.c->iss);
        ck_assert_int_eq(a.ended, 0); /* not from inside the call */
        wire_run(0);
        ck_assert_int_eq(a.ended, rows[i].ended);
        if (a.ended)
            ck_assert_int_eq(a.why, rows[i].why);
        wire_drain();
        a = (struct user){ 0 };
        user_pair(&a, &b);
        tcp_send(a.c, "x", 1);
        net_tcp_unreachable(&wire.host[0], rows[i].reason, &src, &dst, a.c->local_port, 25, a.c->snd_una);
        wire_run(CORE_S);
        ck_assert_int_eq(a.ended, 0);
        ck_assert(user_got(&b, "x"));
        wire_close();
    }
}
END_TEST

START_TEST(a_lost_syn_ack_is_repeated_for_a_repeated_syn)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    user_connect(&a, 0, 25);
    wire_inject(0, a.c->local_port, 25, a.c->iss, 0, TCP_SYN, 1000, "");
    wire_run(5 * wire.delay_ns);
    ck_assert_int_eq(a.opened, 1);
    ck_assert_int_eq(b.opened, 1);
    ck_assert_ptr_nonnull(wire_sent(1, TCP_SYN | TCP_ACK, 1));
    wire_close();
}
END_TEST

static enum wire_fate lose_first_syn(struct wire *w, const struct wire_seg *s)
{
    return (s->flags & TCP_SYN) && w->count++ == 0 ? WIRE_LOSE : WIRE_PASS;
}

START_TEST(a_lost_syn_makes_the_start_careful)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    wire.fate = lose_first_syn;
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    user_connect(&a, 0, 25);
    wire_run(2 * CORE_S);
    ck_assert_int_eq(a.opened, 1);
    ck_assert_uint_eq(a.c->cwnd, TCP_MSS4);   /* RFC 5681 section 3.1 */
    ck_assert_uint_eq(a.c->rto_us, 3000000u); /* RFC 6298 section 5.7 */
    ck_assert_uint_eq(a.c->srtt_us, 0);       /* Karn */
    ck_assert_uint_eq(b.c->cwnd, 14600);
    wire_close();
}
END_TEST

START_TEST(simultaneous_open_makes_one_connection)
{
    struct user a = { 0 }, b = { 0 };
    struct net_addr dst_a, dst_b;
    wire_open(1);
    dst_a = wire_addr(0);
    dst_b = wire_addr(1);
    a.c = tcp_connect_from(&wire.host[0], 1000, &dst_b, 2000, &user_ops, &a);
    b.c = tcp_connect_from(&wire.host[1], 2000, &dst_a, 1000, &user_ops, &b);
    wire_run(wire.delay_ns);
    ck_assert(tcp_state(a.c) == TCP_SYN_RECEIVED && tcp_state(b.c) == TCP_SYN_RECEIVED);
    wire_run(CORE_S / 2);
    ck_assert_int_eq(a.opened, 1);
    ck_assert_int_eq(b.opened, 1);
    ck_assert_uint_eq(wire.nlog, 4);
    tcp_send(a.c, "to b", 4);
    tcp_send(b.c, "to a", 4);
    wire_run(CORE_S);
    ck_assert(user_got(&a, "to a") && user_got(&b, "to b"));
    wire_close();
}
END_TEST

/* ---- ending --------------------------------------------------------------------------------------- */

START_TEST(close_goes_through_the_states_of_figure_12)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_close(a.c);
    ck_assert(tcp_state(a.c) == TCP_FIN_WAIT_1);
    wire_run(wire.delay_ns);
    ck_assert(tcp_state(b.c) == TCP_CLOSE_WAIT);
    ck_assert_int_eq(b.peer_closed, 1);
    wire_run(wire.delay_ns);
    ck_assert(tcp_state(a.c) == TCP_FIN_WAIT_2);
    tcp_send(b.c, "late", 4); /* half-close: this way is still open */
    wire_run(CORE_S);
    ck_assert(user_got(&a, "late"));
    tcp_close(b.c);
    ck_assert(tcp_state(b.c) == TCP_LAST_ACK);
    wire_run(wire.delay_ns);
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_NORMAL);
    ck_assert_int_eq(a.peer_closed, 1);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1);
    ck_assert_int_eq(b.ended, 0);
    wire_run(wire.delay_ns);
    ck_assert_int_eq(b.why, TCP_END_NORMAL);
    ck_assert_int_eq(b.ended, 1);
    ck_assert_uint_eq(wire_held(), 0);
    wire_drain();
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    wire_close();
}
END_TEST

START_TEST(send_then_close_in_one_cork_is_one_segment)
{
    struct user a = { 0 }, b = { .acts = USER_CLOSES_WHEN_PEER_DOES };
    const struct wire_seg *fin;
    wire_open(1);
    user_pair(&a, &b);
    tcp_cork(a.c);
    tcp_send(a.c, "221 ", 4);
    tcp_send(a.c, "bye\r\n", 5);
    tcp_close(a.c);
    ck_assert_uint_eq(wire.nlog, 3);
    tcp_uncork(a.c);
    wire_run(CORE_S);
    fin = wire_sent(0, TCP_FIN, 0);
    ck_assert_uint_eq(fin->len, 9);
    ck_assert_uint_eq(fin->flags, TCP_FIN | TCP_PSH | TCP_ACK);
    /* data+FIN, FIN+ACK, ACK */
    ck_assert_uint_eq(wire.nlog, 6);
    ck_assert_uint_eq(wire.log[4].flags, TCP_FIN | TCP_ACK);
    ck_assert_uint_eq(wire.log[5].flags, TCP_ACK);
    ck_assert(user_got(&b, "221 bye\r\n"));
    ck_assert(a.ended == 1 && b.ended == 1);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(closing_in_data_that_came_with_fin_does_not_cross)
{
    struct user a = { 0 }, b = { .acts = USER_CLOSES_IN_DATA };
    wire_open(1);
    user_pair(&a, &b);
    tcp_cork(a.c);
    tcp_send(a.c, "bye", 3);
    tcp_close(a.c);
    tcp_uncork(a.c);
    wire_run(CORE_S);
    ck_assert(a.ended == 1 && b.ended == 1);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 1); /* only at the end that closed first */
    ck_assert_uint_eq(wire.nlog, 6);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(simultaneous_close_leaves_both_in_time_wait)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_close(a.c);
    tcp_close(b.c);
    wire_run(wire.delay_ns);
    ck_assert(tcp_state(a.c) == TCP_CLOSING && tcp_state(b.c) == TCP_CLOSING);
    wire_run(wire.delay_ns);
    ck_assert(a.ended == 1 && b.ended == 1);
    ck_assert(a.why == TCP_END_NORMAL && b.why == TCP_END_NORMAL);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 2);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(a_close_before_the_handshake_waits_for_it)
{
    struct user a = { 0 }, b = { .acts = USER_CLOSES_WHEN_PEER_DOES };
    wire_open(1);
    tcp_listen(&wire.host[1], 25, user_accept, &b);
    user_connect(&a, 0, 25);
    ck_assert_uint_eq(tcp_send(a.c, "early", 5), 5);
    tcp_close(a.c);
    ck_assert_uint_eq(tcp_send(a.c, "more", 4), 0);
    wire_run(CORE_S);
    ck_assert(user_got(&b, "early"));
    ck_assert(a.ended == 1 && b.ended == 1);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(abort_resets_the_peer)
{
    struct user a = { 0 }, b = { 0 };
    wire_open(1);
    user_pair(&a, &b);
    tcp_send(a.c, "x", 1);
    tcp_abort(a.c);
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_ABORTED);
    wire_drain();
    ck_assert_int_eq(b.why, TCP_END_RESET);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    wire_close();
}
END_TEST

START_TEST(abort_while_connecting_says_nothing)
{
    struct user a = { 0 };
    wire_open(1);
    user_connect(&a, 0, 25);
    tcp_abort(a.c);
    ck_assert_int_eq(a.why, TCP_END_ABORTED);
    ck_assert_uint_eq(wire.nlog, 1);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(abort_inside_data_is_safe)
{
    for (int kept = 0; kept < 2; kept++) { /* shown from the packet, and from the buffer */
        struct user a = { 0 }, b = { 0 };
        wire_open(1);
        user_pair(&a, &b);
        if (kept) {
            b.acts = USER_KEEPS_ALL;
            tcp_send(a.c, "first", 5);
            wire_run(CORE_S);
        }
        b.acts = USER_ABORTS_IN_DATA;
        tcp_send(a.c, "second", 6);
        wire_run(CORE_S);
        ck_assert_int_eq(b.ended, 1);
        ck_assert_int_eq(b.why, TCP_END_ABORTED);
        ck_assert_int_eq(a.why, TCP_END_RESET);
        ck_assert_uint_eq(wire_held(), 0);
        wire_close();
    }
}
END_TEST

START_TEST(what_was_not_taken_is_shown_before_the_end)
{
    struct user a = { 0 }, b = { .acts = USER_KEEPS_ALL };
    wire_open(1);
    user_pair(&a, &b);
    tcp_send(a.c, "kept", 4);
    tcp_close(a.c);
    wire_run(CORE_S);
    ck_assert_uint_eq(b.got_len, 0);
    b.acts = 0;
    tcp_close(b.c);
    wire_run(CORE_S);
    ck_assert(user_got(&b, "kept"));
    ck_assert_int_eq(b.ended, 1);
    ck_assert_uint_eq(wire_held(), 0);
    wire_drain();
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp states");
    TCase *t = tcase_create("tcp states");
    tcase_add_test(t, control_blocks_are_small);
    tcase_add_test(t, every_state_has_a_name_and_a_way_out);
    tcase_add_test(t, handshake_is_three_segments);
    tcase_add_test(t, both_ends_have_one_number);
    tcase_add_test(t, initial_sequence_numbers_follow_the_clock_and_the_seed);
    tcase_add_test(t, a_closed_port_answers_rst);
    tcase_add_test(t, a_stray_ack_is_answered_by_rst_with_its_number);
    tcase_add_test(t, a_listener_may_refuse);
    tcase_add_test(t, a_port_is_listened_on_once);
    tcase_add_test(t, an_unanswered_syn_is_given_up_after_127_seconds);
    tcase_add_test(t, no_route_means_no_connection);
    tcase_add_test(t, a_route_that_vanishes_ends_the_attempt_but_not_from_inside);
    tcase_add_test(t, a_connection_knows_its_ends);
    tcase_add_test(t, icmp_ends_a_connection_only_while_connecting);
    tcase_add_test(t, a_lost_syn_ack_is_repeated_for_a_repeated_syn);
    tcase_add_test(t, a_lost_syn_makes_the_start_careful);
    tcase_add_test(t, simultaneous_open_makes_one_connection);
    tcase_add_test(t, close_goes_through_the_states_of_figure_12);
    tcase_add_test(t, send_then_close_in_one_cork_is_one_segment);
    tcase_add_test(t, closing_in_data_that_came_with_fin_does_not_cross);
    tcase_add_test(t, simultaneous_close_leaves_both_in_time_wait);
    tcase_add_test(t, a_close_before_the_handshake_waits_for_it);
    tcase_add_test(t, abort_resets_the_peer);
    tcase_add_test(t, abort_while_connecting_says_nothing);
    tcase_add_test(t, abort_inside_data_is_safe);
    tcase_add_test(t, what_was_not_taken_is_shown_before_the_end);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
