/* TCP over the real layers below it: routes, ARP and ND, faults, firewalls, both families, the loop. */
#include "tests/net/net_world.h"

#include "tests/check_main.h"

struct talker {
    struct tcp_conn *c;
    int opened, ended, peer_closed;
    enum tcp_end why;
    size_t got, to_send, sent;
    bool wrong;
};

static char octet_at(size_t i)
{
    return (char)(i * 13 + (i >> 9));
}

static void talk(struct talker *t)
{
    char piece[1000];
    while (t->sent < t->to_send) {
        size_t n = t->to_send - t->sent < sizeof piece ? t->to_send - t->sent : sizeof piece, took;
        for (size_t i = 0; i < n; i++)
            piece[i] = octet_at(t->sent + i);
        took = tcp_send(t->c, piece, n);
        t->sent += took;
        if (took < n)
            return;
    }
    tcp_close(t->c);
}

static void opened(struct tcp_conn *c, void *app)
{
    struct talker *t = app;
    t->c = c;
    t->opened++;
    if (t->to_send)
        talk(t);
}

static size_t data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct talker *t = app;
    (void)c;
    for (size_t i = 0; i < len; i++)
        t->wrong |= octets[i] != octet_at(t->got + i);
    t->got += len;
    return len;
}

static void writable(struct tcp_conn *c, void *app)
{
    (void)c;
    talk(app);
}

static void peer_closed(struct tcp_conn *c, void *app)
{
    struct talker *t = app;
    t->peer_closed++;
    tcp_close(c);
}

static void ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct talker *t = app;
    (void)c;
    t->ended++;
    t->why = why;
    t->c = NULL;
}

static const struct tcp_ops ops = { opened, data, writable, peer_closed, ended };

static bool take(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **o, void **app)
{
    (void)host;
    (void)c;
    *o = &ops;
    *app = ctx;
    return true;
}

static void start(struct talker *t, struct net_host *host, const struct net_addr *dst)
{
    t->c = tcp_connect(host, dst, 25, &ops, t);
    ck_assert_ptr_nonnull(t->c);
}

static void finish_well(const struct talker *a, const struct talker *b, size_t octets)
{
    ck_assert(a->ended == 1 && b->ended == 1);
    ck_assert_int_eq(a->why, TCP_END_NORMAL);
    ck_assert_int_eq(b->why, TCP_END_NORMAL);
    ck_assert_uint_eq(b->got, octets);
    ck_assert(!b->wrong);
}

START_TEST(a_message_crosses_two_routers_in_either_family)
{
    struct talker a = { .to_send = 50000 }, b = { 0 };
    world_routers();
    ck_assert(tcp_listen(w.server, 25, take, &b));
    start(&a, w.alice, _i ? &w.server6 : &w.server4);
    core_queue_run(&w.queue, CORE_S / 10);
    ck_assert_int_eq(a.opened, 1);
    ck_assert_int_eq(b.opened, 1);
    world_run();
    finish_well(&a, &b, 50000);
    ck_assert_uint_eq(tcp_stats(&w.net)->retransmitted, 0);
    ck_assert_uint_eq(tcp_stats(&w.net)->bad_checksum, 0);
    world_end();
}
END_TEST

START_TEST(a_host_talks_to_itself)
{
    struct talker a = { .to_send = 5000 }, b = { 0 };
    struct net_addr self = addr("127.0.0.1");
    world_line();
    tcp_listen(w.alice, 25, take, &b);
    start(&a, w.alice, _i ? &self : &w.alice4);
    world_run();
    finish_well(&a, &b, 5000);
    world_end();
}
END_TEST

START_TEST(two_hosts_may_talk_to_themselves_at_once)
{
    enum { N = 40 };
    struct talker a[N] = { { 0 } }, b[N] = { { 0 } }, one = { 0 }, two = { 0 };
    struct net_addr self = addr("127.0.0.1");
    world_line();
    tcp_listen(w.alice, 25, take, &one);
    tcp_listen(w.bob, 25, take, &two);
    for (uint16_t i = 0; i < N; i++) { /* the same four-tuples on both */
        a[i].to_send = 100;
        b[i].to_send = 200;
        a[i].c = tcp_connect_from(w.alice, (uint16_t)(4000 + i), &self, 25, &ops, &a[i]);
        b[i].c = tcp_connect_from(w.bob, (uint16_t)(4000 + i), &self, 25, &ops, &b[i]);
    }
    world_run();
    for (int i = 0; i < N; i++)
        ck_assert(a[i].why == TCP_END_NORMAL && b[i].why == TCP_END_NORMAL && a[i].ended == 1);
    ck_assert_uint_eq(one.got, N * 100);
    ck_assert_uint_eq(two.got, N * 200);
    world_end();
}
END_TEST

START_TEST(faults_on_a_link_are_survived)
{
    struct talker a = { .to_send = 300000 }, b = { 0 };
    struct net_fault_params loss = { .name = "loss", .kind = NET_FAULT_LOSS, .chance_ppm = 20000 },
                            late = { .name = "late",
                                     .kind = NET_FAULT_REORDER,
                                     .chance_ppm = 30000,
                                     .extra_ns = 4 * CORE_MS },
                            twice = { .name = "twice", .kind = NET_FAULT_DUPLICATE, .chance_ppm = 30000 },
                            bits = { .name = "bits", .kind = NET_FAULT_CORRUPT, .chance_ppm = 10000 };
    world_routers();
    w.unchecked = true;
    net_fault_add(w.middle, &loss);
    net_fault_add(w.middle, &late);
    net_fault_add(w.middle, &twice);
    net_fault_add(w.middle, &bits);
    tcp_listen(w.server, 25, take, &b);
    start(&a, w.alice, &w.server4);
    world_run();
    finish_well(&a, &b, 300000);
    ck_assert_uint_gt(tcp_stats(&w.net)->retransmitted, 0);
    ck_assert_uint_gt(tcp_stats(&w.net)->bad_checksum, 0);
    world_end();
}
END_TEST

START_TEST(an_address_that_nobody_has_is_unreachable)
{
    struct talker a = { 0 };
    struct net_addr nobody = addr("192.0.2.99"), nowhere = addr("203.0.113.1");
    world_line();
    start(&a, w.alice, &nobody);
    world_run();
    ck_assert_int_eq(a.ended, 1);
    ck_assert_int_eq(a.why, TCP_END_UNREACHABLE);
    ck_assert_ptr_null(tcp_connect(w.alice, &nowhere, 25, &ops, &a));
    world_end();
}
END_TEST

START_TEST(a_firewall_rejects_or_stays_silent)
{
    static const struct {
        enum net_action action;
        enum tcp_end why;
    } rows[] = { { NET_ACTION_DROP, TCP_END_TIMED_OUT },
                 { NET_ACTION_RESET, TCP_END_REFUSED },
                 { NET_ACTION_PROHIBIT, TCP_END_PROHIBITED } };
    for (int at_home = 0; at_home < 2; at_home++) /* on a router, and in the client's own host */
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct talker a = { 0 };
            struct net_rule rule = { .direction = at_home ? NET_OUT : NET_FORWARD,
                                     .action = rows[i].action,
                                     .proto = NET_PROTO_TCP,
                                     .dport = { 25, 25 } };
            struct net_firewall wall = { .rules = &rule, .nrules = 1 };
            world_routers();
            (at_home ? w.alice : w.r1)->firewall = &wall;
            start(&a, w.alice, &w.server4);
            world_run();
            ck_assert_int_eq(a.ended, 1);
            ck_assert_msg(a.why == rows[i].why, "at home %d, row %zu: %d", at_home, i, a.why);
            world_end();
        }
}
END_TEST

START_TEST(a_narrow_link_on_the_way_makes_segments_small)
{
    struct talker a = { .to_send = 100000 }, b = { 0 };
    struct net_link_params narrow = world_params;
    world_routers();
    narrow.mtu = 1280;
    net_link_change(w.middle, &narrow);
    tcp_listen(w.server, 25, take, &b);
    start(&a, w.alice, _i ? &w.server6 : &w.server4);
    world_run();
    finish_well(&a, &b, 100000);
    world_end();
}
END_TEST

START_TEST(the_first_link_bounds_the_segment_size)
{
    struct talker a = { .to_send = 10000 }, b = { 0 };
    struct net_link_params narrow = world_params;
    const struct world_record *syn;
    world_line();
    narrow.mtu = 1300;
    net_link_change(w.home, &narrow);
    tcp_listen(w.bob, 25, take, &b);
    start(&a, w.alice, &w.bob4);
    world_run();
    finish_well(&a, &b, 10000);
    syn = world_get(TRACE_KIND_SENT, TRACE_TCP, w.alice, 0);
    ck_assert_uint_eq(net_get16(syn->bytes + NET_ETHER + 20 + 22), 1260);
    world_end();
}
END_TEST

/* Every segment is due to something: going back by cause ends at the beginning. */
START_TEST(causes_lead_back)
{
    struct talker a = { .to_send = 3000 }, b = { 0 };
    size_t n = 0;
    world_line();
    tcp_listen(w.bob, 25, take, &b);
    start(&a, w.alice, &w.bob4);
    world_run();
    for (size_t i = 0; i < w.n; i++)
        if (w.log[i].kind == TRACE_KIND_SENT && w.log[i].proto == TRACE_TCP) {
            ck_assert_uint_lt(w.log[i].cause, w.log[i].seq);
            n++;
        }
    ck_assert_uint_eq(n, tcp_stats(&w.net)->segments_sent);
    ck_assert_uint_gt(world_count(TRACE_KIND_TCP_STATE, TRACE_TCP, w.alice), 5);
    world_end();
}
END_TEST

START_TEST(an_idle_connection_costs_less_than_2_kib)
{
    enum { N = 1000 };
    static struct talker a[N];
    struct talker b = { 0 };
    size_t before, after;
    world_line();
    memset(a, 0, sizeof a);
    tcp_listen(w.bob, 25, take, &b);
    before = w.queue.max_timers * sizeof *w.queue.timers;
    for (int i = 0; i < N; i++)
        start(&a[i], w.alice, &w.bob4);
    core_queue_run(&w.queue, 30 * CORE_S);
    after = w.queue.max_timers * sizeof *w.queue.timers;
    ck_assert_int_eq(b.opened, N);
    ck_assert_uint_eq(w.net.small.in_use + w.net.large.in_use, 0);
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++)
        ck_assert_uint_eq(w.net.depot.pool[i].in_use, 0);
    ck_assert_uint_eq(w.queue.ntimers, 0); /* an idle connection has no timer either */
    ck_assert_uint_lt(2 * tcp_stats(&w.net)->octets_per_conn + (after - before) / N, 1024);
    for (int i = 0; i < N; i++)
        tcp_abort(a[i].c);
    core_queue_run(&w.queue, CORE_MINUTE);
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp net");
    TCase *t = tcase_create("over IP");
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, a_message_crosses_two_routers_in_either_family, 0, 2);
    tcase_add_loop_test(t, a_host_talks_to_itself, 0, 2);
    tcase_add_test(t, two_hosts_may_talk_to_themselves_at_once);
    tcase_add_test(t, faults_on_a_link_are_survived);
    tcase_add_test(t, an_address_that_nobody_has_is_unreachable);
    tcase_add_test(t, a_firewall_rejects_or_stays_silent);
    tcase_add_loop_test(t, a_narrow_link_on_the_way_makes_segments_small, 0, 2);
    tcase_add_test(t, the_first_link_bounds_the_segment_size);
    tcase_add_test(t, causes_lead_back);
    tcase_add_test(t, an_idle_connection_costs_less_than_2_kib);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
