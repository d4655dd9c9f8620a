/* Faults on links: each kind, windows, matching. */
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

static void say(int n)
{
    char text[16];
    snprintf(text, sizeof text, "%d", n);
    user_say(&alice, &w.bob4, 53, text);
}

static struct net_fault *add(struct net_fault_params p)
{
    if (!p.name)
        p.name = "mischief";
    return net_fault_add(w.home, &p);
}

START_TEST(the_nth_matching_frames_are_dropped)
{
    const struct world_record *r;
    line();
    add((struct net_fault_params){ .kind = NET_FAULT_DROP_NTH, .nth = { 2, 4 } });
    for (int i = 1; i <= 5; i++)
        say(i);
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    ck_assert_str_eq(bob.said[0], "1");
    ck_assert_str_eq(bob.said[1], "3");
    ck_assert_str_eq(bob.said[2], "5");
    r = world_get(TRACE_KIND_DROPPED, TRACE_UDP, NULL, 0);
    ck_assert_str_eq(r->why, "fault");
    ck_assert_str_eq(r->fault, "mischief");
    ck_assert_uint_eq(r->frame, 2);
    ck_assert_uint_eq(r->host, 0);
    world_end();
}
END_TEST

START_TEST(loss_is_about_as_frequent_as_its_chance)
{
    line();
    add((struct net_fault_params){ .kind = NET_FAULT_LOSS, .chance_ppm = 250000 });
    for (int i = 0; i < 1000; i++)
        say(i);
    world_run();
    ck_assert_uint_ge(bob.received, 690);
    ck_assert_uint_le(bob.received, 810);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_LOSS], 1000 - bob.received);
    world_end();
}
END_TEST

START_TEST(a_duplicate_arrives_twice)
{
    const struct world_record *r;
    line();
    add((struct net_fault_params){ .kind = NET_FAULT_DUPLICATE, .extra_ns = 100 });
    say(1);
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    ck_assert_uint_eq(bob.at_ns[1] - bob.at_ns[0], 100);
    ck_assert_uint_eq(w.trace.frames, 1); /* its maker sent it once */
    r = world_get(TRACE_KIND_FAULT, TRACE_UDP, NULL, 0);
    ck_assert_str_eq(r->event, "acted");
    ck_assert_uint_eq(r->frame, 1);
    world_end();
}
END_TEST

START_TEST(only_the_named_frame_is_duplicated)
{
    line();
    add((struct net_fault_params){ .kind = NET_FAULT_DUPLICATE, .extra_ns = 100, .nth = { 2 } });
    say(1);
    say(2);
    say(3);
    world_run();
    ck_assert_uint_eq(bob.received, 4);
    ck_assert_uint_eq(world_get(TRACE_KIND_FAULT, TRACE_UDP, NULL, 0)->frame, 2);
    world_end();
}
END_TEST

START_TEST(a_delayed_frame_is_overtaken)
{
    line();
    add((struct net_fault_params){
        .kind = NET_FAULT_REORDER, .extra_ns = CORE_MS, .until_ns = 1 }); /* what is sent at 0 */
    say(1);
    core_queue_run(&w.queue, CORE_US);
    w.queue.now_ns = CORE_US;
    say(2);
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    ck_assert_str_eq(bob.said[0], "2");
    ck_assert_str_eq(bob.said[1], "1");
    world_end();
}
END_TEST

START_TEST(a_changed_bit_fails_the_checksum)
{
    line();
    w.unchecked = true;
    add((struct net_fault_params){ .kind = NET_FAULT_CORRUPT });
    for (int i = 0; i < 50; i++)
        say(i);
    world_run();
    ck_assert_uint_eq(bob.received, 0);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_CHECKSUM] + w.net.stats.dropped[NET_DROP_MALFORMED], 50);
    ck_assert_uint_gt(w.net.stats.dropped[NET_DROP_CHECKSUM], 25);
    world_end();
}
END_TEST

START_TEST(a_cut_lasts_for_its_window)
{
    line();
    add((struct net_fault_params){
        .name = "digger", .kind = NET_FAULT_CUT, .from_ns = 10 * CORE_MS, .until_ns = 20 * CORE_MS });
    for (int i = 0; i < 4; i++) {
        w.queue.now_ns = (uint64_t)i * 5 * CORE_MS + (i == 3 ? 5 * CORE_MS : 0); /* 0, 5, 10, 20 ms */
        core_queue_run(&w.queue, w.queue.now_ns);
        say(i);
        core_queue_run(&w.queue, w.queue.now_ns + 2 * CORE_MS);
    }
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    ck_assert_str_eq(bob.said[2], "3");
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, NULL, 0)->why, "cut");
    ck_assert_str_eq(world_get(TRACE_KIND_FAULT, TRACE_NONE, NULL, 0)->event, "begin");
    ck_assert_uint_eq(world_get(TRACE_KIND_FAULT, TRACE_NONE, NULL, 0)->t_ns, 10 * CORE_MS);
    ck_assert_str_eq(world_get(TRACE_KIND_FAULT, TRACE_NONE, NULL, 1)->event, "end");
    ck_assert_uint_eq(world_get(TRACE_KIND_FAULT, TRACE_NONE, NULL, 1)->t_ns, 20 * CORE_MS);
    ck_assert_uint_eq(world_count(TRACE_KIND_FAULT, TRACE_NONE, NULL), 2);
    world_end();
}
END_TEST

START_TEST(a_fault_can_be_removed_while_it_lasts)
{
    struct net_fault *f;
    line();
    f = add((struct net_fault_params){ .kind = NET_FAULT_CUT });
    ck_assert_ptr_eq(net_fault_find(w.home, "mischief"), f);
    say(1);
    net_fault_remove(f);
    say(2);
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    ck_assert_str_eq(bob.said[0], "2");
    ck_assert_str_eq(world_get(TRACE_KIND_FAULT, TRACE_NONE, NULL, 1)->event, "end");
    ck_assert_ptr_null(w.home->faults);
    world_end();
}
END_TEST

START_TEST(a_fault_matches_direction_and_port)
{
    line();
    bob.answers = true;
    add((struct net_fault_params){ .kind = NET_FAULT_CUT, .match = { .sender = w.bob } });
    say(1);
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    ck_assert_uint_eq(alice.received, 0);
    net_fault_remove(w.home->faults);
    add((struct net_fault_params){ .kind = NET_FAULT_CUT, .match = { .proto = NET_PROTO_UDP, .dport = 54 } });
    say(2);
    world_run();
    ck_assert_uint_eq(alice.received, 1);
    net_fault_remove(w.home->faults);
    add((struct net_fault_params){ .kind = NET_FAULT_CUT, .match = { .port = 53 } });
    say(3);
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    world_end();
}
END_TEST

START_TEST(a_fault_matches_addresses_and_protocols)
{
    struct net_match to_bob6 = { .dst = addr("2001:db8:1::20") }, tcp = { .proto = NET_PROTO_TCP };
    struct net_match arp = { .proto = NET_MATCH_ARP }, from_alice4 = { .src = addr("192.0.2.10") };
    line();
    add((struct net_fault_params){ .name = "6", .kind = NET_FAULT_CUT, .match = to_bob6 });
    add((struct net_fault_params){ .name = "tcp", .kind = NET_FAULT_CUT, .match = tcp });
    add((struct net_fault_params){ .name = "arp", .kind = NET_FAULT_CUT, .match = arp });
    say(1);
    user_say(&alice, &w.bob6, 53, "six");
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, NULL, 0)->fault, "6");
    add((struct net_fault_params){ .name = "4", .kind = NET_FAULT_CUT, .match = from_alice4 });
    say(2);
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    world_end();
}
END_TEST

START_TEST(losing_the_arp_request_costs_a_second)
{
    world_line();
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
    add((struct net_fault_params){
        .kind = NET_FAULT_DROP_NTH, .match = { .proto = NET_MATCH_ARP }, .nth = { 1 } });
    say(1);
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    ck_assert_uint_gt(bob.at_ns[0], CORE_S);
    world_end();
}
END_TEST

static struct tcp_ops silent;

static bool accept_any(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                       void **app)
{
    (void)host, (void)ctx, (void)c;
    *ops = &silent;
    *app = NULL;
    return true;
}

static size_t take_all(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    (void)app, (void)octets;
    tcp_close(c);
    return len;
}

static void opened_speaks(struct tcp_conn *c, void *app)
{
    (void)app;
    tcp_send(c, "hello", 5);
    tcp_close(c);
}

static unsigned ends;
static enum tcp_end last_end;
static void count_end(struct tcp_conn *c, void *app, enum tcp_end why)
{
    (void)c, (void)app;
    ends++;
    last_end = why;
}

/* TCP over the real room: the SYN, then the data, is lost once; each is retransmitted and all ends well. */
START_TEST(tcp_flags_and_payload_can_be_matched)
{
    static const struct tcp_ops client = { .opened = opened_speaks, .data = take_all, .ended = count_end };
    silent = (struct tcp_ops){ .data = take_all, .ended = count_end };
    line();
    ends = 0;
    add((struct net_fault_params){ .name = "syn",
                                   .kind = NET_FAULT_DROP_NTH,
                                   .match = { .tcp_set = 2, .tcp_clear = 16, .sender = w.alice },
                                   .nth = { 1 } });
    add((struct net_fault_params){
        .name = "data", .kind = NET_FAULT_DROP_NTH, .match = { .has_payload = true }, .nth = { 1 } });
    ck_assert(tcp_listen(w.bob, 25, accept_any, NULL));
    ck_assert_ptr_nonnull(tcp_connect(w.alice, &w.bob4, 25, &client, NULL));
    world_run();
    ck_assert_uint_eq(ends, 2);
    ck_assert_int_eq(last_end, TCP_END_NORMAL);
    ck_assert_uint_eq(world_count(TRACE_KIND_DROPPED, TRACE_TCP, NULL), 2);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_TCP, NULL, 0)->fault, "syn");
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_TCP, NULL, 1)->fault, "data");
    ck_assert_ptr_nonnull(strstr(world_get(TRACE_KIND_SENT, TRACE_TCP, w.alice, 0)->text, "[SYN]"));
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fault");
    TCase *t = tcase_create("fault");
    tcase_add_test(t, the_nth_matching_frames_are_dropped);
    tcase_add_test(t, loss_is_about_as_frequent_as_its_chance);
    tcase_add_test(t, a_duplicate_arrives_twice);
    tcase_add_test(t, only_the_named_frame_is_duplicated);
    tcase_add_test(t, a_delayed_frame_is_overtaken);
    tcase_add_test(t, a_changed_bit_fails_the_checksum);
    tcase_add_test(t, a_cut_lasts_for_its_window);
    tcase_add_test(t, a_fault_can_be_removed_while_it_lasts);
    tcase_add_test(t, a_fault_matches_direction_and_port);
    tcase_add_test(t, a_fault_matches_addresses_and_protocols);
    tcase_add_test(t, losing_the_arp_request_costs_a_second);
    tcase_add_test(t, tcp_flags_and_payload_can_be_matched);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
