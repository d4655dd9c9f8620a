/* Firewalls: silence, refusal, and who says so. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

static struct world_user alice, server;

static struct net_rule rules[4];
static struct net_firewall fw;

static void guard(struct net_host *host, struct net_rule rule)
{
    memset(rules, 0, sizeof rules);
    memset(&fw, 0, sizeof fw);
    rules[0] = rule;
    rules[0].name = "the rule";
    rules[0].pointer = "/hosts/1/firewall/0";
    fw = (struct net_firewall){ .rules = rules, .nrules = 1 };
    host->firewall = &fw;
}

static void routers(void)
{
    world_routers();
    user_open(&alice, w.alice, 0);
    user_open(&server, w.server, 53);
}

static unsigned ended, opened;
static enum tcp_end why;
static uint64_t ended_ns;

static void on_opened(struct tcp_conn *c, void *app)
{
    (void)app;
    opened++;
    tcp_close(c);
}

static size_t on_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    (void)c, (void)app, (void)octets;
    return len;
}

static void on_peer_closed(struct tcp_conn *c, void *app)
{
    (void)app;
    tcp_close(c);
}

static void on_ended(struct tcp_conn *c, void *app, enum tcp_end end)
{
    (void)c, (void)app;
    ended++;
    why = end;
    ended_ns = w.queue.now_ns;
}

static const struct tcp_ops client = { .opened = on_opened, .data = on_data, .ended = on_ended };
static const struct tcp_ops listener = { .data = on_data, .peer_closed = on_peer_closed };

static bool accept_any(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                       void **app)
{
    (void)host, (void)ctx, (void)c;
    *ops = &listener;
    *app = NULL;
    return true;
}

static void connect_to(uint16_t port, const struct net_addr *dst)
{
    ended = opened = 0;
    if (!tcp_listen(w.server, port, accept_any, NULL))
        tcp_unlisten(w.server, port), tcp_listen(w.server, port, accept_any, NULL);
    ck_assert_ptr_nonnull(tcp_connect(w.alice, dst, port, &client, NULL));
    world_run();
    ck_assert_uint_eq(ended, 1);
}

START_TEST(drop_is_silence)
{
    const struct world_record *r;
    routers();
    guard(w.r1, (struct net_rule){ .direction = NET_FORWARD,
                                   .action = NET_ACTION_DROP,
                                   .proto = NET_PROTO_TCP,
                                   .dport = { 25, 25 } });
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_TIMED_OUT);
    ck_assert_uint_gt(ended_ns, 20 * CORE_S);
    ck_assert_uint_gt(rules[0].matched, 1);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_TCP, w.r1), 0);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ICMP, w.r1), 0);
    r = world_get(TRACE_KIND_FIREWALL, TRACE_TCP, w.r1, 0);
    ck_assert_str_eq(r->action, "drop");
    ck_assert_str_eq(r->pointer, "/hosts/1/firewall/0");
    ck_assert_uint_eq(world_get(TRACE_KIND_DROPPED, TRACE_TCP, w.r1, 0)->cause, r->seq);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_TCP, w.r1, 0)->why, "firewall");
    world_end();
}
END_TEST

static void reset_refuses(const struct net_addr *dst)
{
    const struct world_record *r, *rule;
    size_t l4 = net_addr_is4(dst) ? 34 : 54;
    routers();
    guard(w.r1, (struct net_rule){ .direction = NET_FORWARD,
                                   .action = NET_ACTION_RESET,
                                   .proto = NET_PROTO_TCP,
                                   .dport = { 20, 30 } });
    connect_to(25, dst);
    ck_assert_int_eq(why, TCP_END_REFUSED);
    ck_assert_uint_lt(ended_ns, CORE_S);
    rule = world_get(TRACE_KIND_FIREWALL, TRACE_TCP, w.r1, 0);
    r = world_get(TRACE_KIND_SENT, TRACE_TCP, w.r1, 0);
    ck_assert_uint_eq(r->cause, rule->seq);
    ck_assert_uint_eq(r->bytes[l4 + 13], 0x14);         /* RST, ACK */
    ck_assert_uint_eq(net_get32(r->bytes + l4 + 4), 0); /* SEQ=0 */
    ck_assert_uint_eq(net_get32(r->bytes + l4 + 8),     /* ACK=SEG.SEQ+SEG.LEN */
                      net_get32(world_get(TRACE_KIND_SENT, TRACE_TCP, w.alice, 0)->bytes + l4 + 4) + 1);
    ck_assert_uint_eq(net_get16(r->bytes + l4), 25); /* as if the server had answered */
    world_end();
}

START_TEST(reset_refuses_ipv4)
{
    struct net_addr dst = addr("203.0.113.25");
    reset_refuses(&dst);
}
END_TEST

START_TEST(reset_refuses_ipv6)
{
    struct net_addr dst = addr("2001:db8:3::25");
    reset_refuses(&dst);
}
END_TEST

START_TEST(prohibit_says_so_by_icmp)
{
    routers();
    guard(w.r1, (struct net_rule){ .direction = NET_FORWARD, .action = NET_ACTION_PROHIBIT });
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_PROHIBITED);
    ck_assert_str_eq(world_get(TRACE_KIND_SENT, TRACE_ICMP, w.r1, 0)->text,
                     "192.0.2.1 > 192.0.2.10 administratively prohibited");
    connect_to(25, &w.server6);
    ck_assert_int_eq(why, TCP_END_PROHIBITED);
    user_say(&alice, &w.server4, 53, "hello");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_int_eq(alice.reason, NET_UNREACH_ADMIN);
    world_end();
}
END_TEST

START_TEST(a_rule_is_in_force_only_in_its_time)
{
    routers();
    guard(w.server,
          (struct net_rule){
              .direction = NET_IN, .action = NET_ACTION_RESET, .proto = NET_PROTO_UDP, .until_ns = 1 });
    user_say(&alice, &w.server4, 53, "hello"); /* it arrives later than that */
    world_run();
    ck_assert_uint_eq(server.received, 1);
    ck_assert_uint_eq(alice.unreachable, 0);
    rules[0].from_ns = w.queue.now_ns + 1;
    rules[0].until_ns = CORE_NEVER;
    user_say(&alice, &w.server4, 53, "hello");
    world_run();
    ck_assert_uint_eq(server.received, 1);
    ck_assert_uint_eq(alice.unreachable, 1);
    world_end();
}
END_TEST

START_TEST(reset_of_a_datagram_is_prohibit)
{
    routers();
    guard(w.server,
          (struct net_rule){ .direction = NET_IN, .action = NET_ACTION_RESET, .proto = NET_PROTO_UDP });
    user_say(&alice, &w.server4, 53, "hello");
    world_run();
    ck_assert_uint_eq(server.received, 0);
    ck_assert_int_eq(alice.reason, NET_UNREACH_ADMIN);
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_uint_eq(world_count(TRACE_KIND_DELIVERED, TRACE_UDP, NULL), 0);
    world_end();
}
END_TEST

START_TEST(the_servers_own_rule_refuses_as_well)
{
    routers();
    guard(w.server,
          (struct net_rule){ .direction = NET_IN, .action = NET_ACTION_RESET, .dport = { 25, 25 } });
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_REFUSED);
    connect_to(587, &w.server4);
    ck_assert_uint_eq(opened, 1);
    ck_assert_int_eq(why, TCP_END_NORMAL);
    world_end();
}
END_TEST

START_TEST(rules_on_the_way_out_answer_at_home)
{
    uint64_t frames;
    routers();
    guard(w.alice,
          (struct net_rule){ .direction = NET_OUT, .action = NET_ACTION_RESET, .dport = { 25, 25 } });
    frames = w.trace.frames;
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_REFUSED);
    rules[0].action = NET_ACTION_PROHIBIT;
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_PROHIBITED);
    ck_assert_uint_eq(w.trace.frames, frames); /* nothing reached the wire */
    world_end();
}
END_TEST

START_TEST(the_first_rule_that_matches_decides)
{
    routers();
    guard(w.r1,
          (struct net_rule){ .direction = NET_FORWARD, .action = NET_ACTION_ACCEPT, .dport = { 53, 53 } });
    rules[1] = (struct net_rule){ .name = "rest", .direction = NET_FORWARD, .action = NET_ACTION_DROP };
    fw.nrules = 2;
    user_say(&alice, &w.server4, 53, "in");
    user_say(&alice, &w.server4, 54, "out");
    world_run();
    ck_assert_uint_eq(server.received, 1);
    ck_assert_uint_eq(rules[0].matched, 1);
    ck_assert_uint_eq(rules[1].matched, 1);
    world_end();
}
END_TEST

START_TEST(prefixes_limit_a_rule)
{
    routers();
    guard(w.r1, (struct net_rule){ .direction = NET_FORWARD,
                                   .action = NET_ACTION_DROP,
                                   .src = { addr("192.0.2.0"), 24, true },
                                   .dst = { addr("203.0.113.128"), 25, true } });
    user_say(&alice, &w.server4, 53, "below .128");
    world_run();
    ck_assert_uint_eq(server.received, 1);
    rules[0].dst.addr = addr("203.0.113.0");
    user_say(&alice, &w.server4, 53, "now inside");
    user_say(&alice, &w.server6, 53, "another family");
    world_run();
    ck_assert_uint_eq(server.received, 2);
    ck_assert_str_eq(server.said[1], "another family");
    world_end();
}
END_TEST

/* A host that opens connections itself and takes none. */
START_TEST(openings_can_be_refused_alone)
{
    const struct world_record *r;
    routers();
    guard(w.alice,
          (struct net_rule){
              .direction = NET_IN, .action = NET_ACTION_RESET, .proto = NET_PROTO_TCP, .opening = true });
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_NORMAL);
    tcp_listen(w.alice, 25, accept_any, NULL);
    ended = 0;
    tcp_connect(w.server, &w.alice4, 25, &client, NULL);
    world_run();
    ck_assert_uint_eq(ended, 1);
    ck_assert_int_eq(why, TCP_END_REFUSED);
    rules[0].action = NET_ACTION_ACCEPT;
    world_forget();
    tcp_connect(w.server, &w.alice4, 25, &client, NULL);
    world_run();
    ck_assert_int_eq(why, TCP_END_NORMAL);
    ck_assert_uint_eq(world_count(TRACE_KIND_FIREWALL, TRACE_TCP, w.alice), 1);
    r = world_get(TRACE_KIND_FIREWALL, TRACE_TCP, w.alice, 0);
    ck_assert_str_eq(r->action, "accept");
    world_end();
}
END_TEST

START_TEST(what_no_rule_matches_meets_the_policy)
{
    routers();
    guard(w.server,
          (struct net_rule){ .direction = NET_IN, .action = NET_ACTION_ACCEPT, .dport = { 53, 53 } });
    fw.otherwise[NET_IN] = NET_ACTION_DROP;
    fw.pointer = "/hosts/3/firewall";
    server.answers = true;
    user_say(&alice, &w.server4, 53, "in");
    user_say(&alice, &w.server4, 80, "out");
    world_run();
    ck_assert_uint_eq(server.received, 1);
    ck_assert_uint_eq(alice.received, 1); /* the way out is open */
    ck_assert_str_eq(world_get(TRACE_KIND_FIREWALL, TRACE_UDP, w.server, 0)->pointer, "/hosts/3/firewall");
    world_end();
}
END_TEST

START_TEST(an_established_connection_can_be_reset)
{
    const struct world_record *r;
    routers();
    guard(w.r1, (struct net_rule){ .direction = NET_FORWARD,
                                   .action = NET_ACTION_RESET,
                                   .dport = { 25, 25 },
                                   .src = { addr("192.0.2.10"), 32, true } });
    rules[1] = rules[0];
    rules[0].action = NET_ACTION_ACCEPT; /* the SYN passes, all that follows does not */
    rules[0].opening = true;
    fw.nrules = 2;
    connect_to(25, &w.server4);
    ck_assert_int_eq(why, TCP_END_RESET);
    r = world_get(TRACE_KIND_SENT, TRACE_TCP, w.r1, 0);
    ck_assert_uint_eq(r->bytes[34 + 13], 0x04); /* RST alone: SEQ=SEG.ACK */
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("firewall");
    TCase *t = tcase_create("firewall");
    tcase_add_test(t, drop_is_silence);
    tcase_add_test(t, a_rule_is_in_force_only_in_its_time);
    tcase_add_test(t, reset_refuses_ipv4);
    tcase_add_test(t, reset_refuses_ipv6);
    tcase_add_test(t, prohibit_says_so_by_icmp);
    tcase_add_test(t, reset_of_a_datagram_is_prohibit);
    tcase_add_test(t, the_servers_own_rule_refuses_as_well);
    tcase_add_test(t, rules_on_the_way_out_answer_at_home);
    tcase_add_test(t, the_first_rule_that_matches_decides);
    tcase_add_test(t, prefixes_limit_a_rule);
    tcase_add_test(t, openings_can_be_refused_alone);
    tcase_add_test(t, what_no_rule_matches_meets_the_policy);
    tcase_add_test(t, an_established_connection_can_be_reset);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
