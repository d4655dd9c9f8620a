/* IP: forwarding, ICMP, what is thrown away. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

static struct world_user alice, server;

static void talk(void)
{
    user_open(&alice, w.alice, 0);
    user_open(&server, w.server, 53);
}

/* ---- forwarding ------------------------------------------------------------------------------ */

static void crosses_two_routers(const struct net_addr *dst, size_t ttl_at)
{
    const struct world_record *sent, *hop1, *hop2, *end;
    world_routers();
    talk();
    server.answers = true;
    ck_assert(user_say(&alice, dst, 53, "hello"));
    world_run();
    ck_assert_uint_eq(server.received, 1);
    ck_assert_uint_eq(alice.received, 1);
    ck_assert(net_addr_same(&alice.src, dst));
    sent = world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 0);
    hop1 = world_get(TRACE_KIND_FORWARDED, TRACE_UDP, w.r1, 0);
    hop2 = world_get(TRACE_KIND_FORWARDED, TRACE_UDP, w.r2, 0);
    end = world_get(TRACE_KIND_DELIVERED, TRACE_UDP, w.server, 0);
    ck_assert_uint_eq(sent->bytes[14 + ttl_at], 64);
    ck_assert_uint_eq(hop1->bytes[14 + ttl_at], 63);
    ck_assert_uint_eq(hop2->bytes[14 + ttl_at], 62); /* world_check_frame has verified every sum */
    ck_assert_uint_eq(hop1->frame, sent->frame);
    ck_assert_uint_eq(end->frame, sent->frame);
    ck_assert_uint_eq(sent->link, w.home->number);
    ck_assert_uint_eq(hop1->link, w.middle->number);
    ck_assert_uint_eq(hop2->link, w.office->number);
    ck_assert_uint_eq(sent->peer, w.server->number);
    ck_assert_uint_eq(end->peer, w.alice->number);
    ck_assert_uint_eq(w.net.stats.forwarded, 4);
    world_end();
}

START_TEST(ipv4_crosses_two_routers)
{
    struct net_addr dst = addr("203.0.113.25");
    crosses_two_routers(&dst, 8);
}
END_TEST

START_TEST(ipv6_crosses_two_routers)
{
    struct net_addr dst = addr("2001:db8:3::25");
    crosses_two_routers(&dst, 7);
}
END_TEST

START_TEST(causes_travel_with_the_packet)
{
    struct trace_record r = { .kind = TRACE_KIND_PHASE };
    uint64_t cause;
    world_routers();
    talk();
    cause = trace_emit(&w.trace, &r);
    w.trace.cause = cause;
    user_say(&alice, &w.server4, 53, "hello");
    w.trace.cause = 0;
    world_run();
    for (size_t i = 1; i < w.n; i++)
        ck_assert_uint_eq(w.log[i].cause, cause);
    ck_assert_uint_gt(w.n, 10); /* ARP on three links among them */
    world_end();
}
END_TEST

START_TEST(a_host_does_not_forward)
{
    world_routers();
    w.r1->forwards = false;
    talk();
    user_say(&alice, &w.server4, 53, "hello");
    world_run();
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.r1, 0)->why, "not-mine");
    world_end();
}
END_TEST

START_TEST(no_route_at_home_is_told_at_once)
{
    struct net_addr a = { 0 };
    world_line();
    user_open(&alice, w.alice, 0);
    ck_assert(!user_say(&alice, &w.server4, 53, "hello"));
    ck_assert(!net_source_for(w.alice, &w.server6, &a));
    world_run();
    world_end();
}
END_TEST

START_TEST(no_route_on_the_way_is_told_by_icmp)
{
    struct net_addr far = addr("198.18.0.1"), far6 = addr("2001:db8:99::1");
    world_routers();
    talk();
    user_say(&alice, &far, 53, "hello");
    user_say(&alice, &far6, 53, "hello");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 2);
    ck_assert_int_eq(alice.reason, NET_UNREACH_NET);
    ck_assert_str_eq(world_get(TRACE_KIND_SENT, TRACE_ICMP, w.r1, 0)->text,
                     "192.0.2.1 > 192.0.2.10 network unreachable");
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.r1, 0)->why, "no-route");
    world_end();
}
END_TEST

START_TEST(a_packet_too_big_for_the_next_link_is_refused)
{
    struct net_link_params narrow = world_params;
    static char text[1400];
    world_routers();
    narrow.mtu = 1280;
    net_link_change(w.middle, &narrow);
    talk();
    ck_assert(udp_send(alice.socket, &w.server4, 53, text, sizeof text));
    world_run();
    ck_assert_uint_eq(server.received, 0);
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_int_eq(alice.reason, NET_UNREACH_TOO_BIG);
    ck_assert_uint_eq(net_get16(world_get(TRACE_KIND_SENT, TRACE_ICMP, w.r1, 0)->bytes + 14 + 20 + 6), 1280);
    ck_assert_uint_eq(net_mtu_for(w.alice, &w.server4), 1500);
    ck_assert_uint_eq(net_mtu_for(w.r1, &w.server4), 1280);
    world_end();
}
END_TEST

/* ---- ping ---------------------------------------------------------------------------------------- */

static struct net_ping_result last;
static unsigned pings;

static void ping_end(void *ctx, const struct net_ping_result *result)
{
    (void)ctx;
    last = *result;
    pings++;
}

static void ping(const struct net_addr *dst, uint8_t ttl)
{
    struct net_ping_params p = { .dst = *dst, .ttl = ttl, .octets = 56, .seq = 3 };
    pings = 0;
    ck_assert(net_ping(w.alice, &p, ping_end, NULL));
    ck_assert_uint_eq(pings, 0);
    world_run();
    ck_assert_uint_eq(pings, 1);
    ck_assert_uint_eq(w.net.icmp->pings.in_use, 0);
}

START_TEST(ping_measures_the_way_there_and_back)
{
    world_routers();
    ping(&w.server4, 0); /* ARP on the way */
    ping(&w.server4, 0);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ck_assert_uint_eq(last.rtt_ns, 6 * (CORE_MS + 98)); /* 14 + 20 + 8 + 56 octets */
    ck_assert_uint_eq(last.ttl, 62);
    ck_assert_uint_eq(last.seq, 3);
    ck_assert(net_addr_same(&last.from, &w.server4));
    ping(&w.server6, 0);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ck_assert(net_addr_same(&last.from, &w.server6));
    world_end();
}
END_TEST

START_TEST(small_ttls_name_the_routers_one_by_one)
{
    struct net_addr hop4[2] = { addr("192.0.2.1"), addr("198.51.100.2") };
    struct net_addr hop6[2] = { addr("2001:db8:1::1"), addr("2001:db8:2::2") };
    world_routers();
    for (uint8_t i = 0; i < 2; i++) {
        ping(&w.server4, (uint8_t)(i + 1));
        ck_assert_int_eq(last.end, NET_PING_ERROR);
        ck_assert_int_eq(last.reason, NET_UNREACH_TTL);
        ck_assert(net_addr_same(&last.from, &hop4[i]));
        ping(&w.server6, (uint8_t)(i + 1));
        ck_assert_int_eq(last.reason, NET_UNREACH_TTL);
        ck_assert(net_addr_same(&last.from, &hop6[i]));
    }
    ping(&w.server4, 3);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_ICMP, w.r1, 0)->why, "ttl");
    world_end();
}
END_TEST

START_TEST(silence_ends_a_ping_after_its_wait)
{
    struct net_fault_params cut = { .name = "cut", .kind = NET_FAULT_CUT };
    world_routers();
    ping(&w.server4, 0);
    net_fault_add(w.office, &cut);
    uint64_t before = w.queue.now_ns;
    ping(&w.server4, 0);
    ck_assert_int_eq(last.end, NET_PING_TIMEOUT);
    ck_assert_uint_eq(w.queue.now_ns - before, CORE_S);
    world_end();
}
END_TEST

START_TEST(a_host_reaches_itself_without_a_frame)
{
    struct net_addr loop = addr("127.0.0.1"), loop6 = addr("::1");
    world_line();
    ping(&w.alice4, 0);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ping(&loop, 0);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ping(&loop6, 0);
    ck_assert_int_eq(last.end, NET_PING_REPLY);
    ck_assert_uint_eq(w.trace.frames, 0);
    world_end();
}
END_TEST

/* ---- what is thrown away --------------------------------------------------------------------------- */

/* Puts a datagram for bob on the wire after `change` has had its way with the frame. */
static void send_changed(void (*change)(uint8_t *ip), bool six)
{
    struct net_packet *p;
    uint8_t *h;
    world_line();
    world_meet();
    w.unchecked = true;
    p = net_packet_take(&w.net, six ? 6 : 4, 12);
    h = net_packet_l4(p);
    memset(h, 0, 12);
    net_put16(h + 2, 53);
    net_put16(h + 4, 12);
    p->iface = w.alice->ifaces[0];
    net_ip_send(w.alice, p, NET_PROTO_UDP, six ? &w.alice6 : &w.alice4, six ? &w.bob6 : &w.bob4, NULL);
    change(p->octets + p->l3); /* on the wire now */
    world_run();
}

static void resum(uint8_t *ip)
{
    uint16_t sum = 0;
    memcpy(ip + 10, &sum, 2);
    sum = net_sum_finish(net_sum(ip, 20, 0));
    memcpy(ip + 10, &sum, 2);
}

static void make_bad_sum(uint8_t *ip)
{
    ip[10] ^= 1;
}

static void make_fragment(uint8_t *ip)
{
    ip[6] = 0x20; /* more fragments */
    resum(ip);
}

static void make_long(uint8_t *ip)
{
    net_put16(ip + 2, 1000);
    resum(ip);
}

static void make_short_header(uint8_t *ip)
{
    ip[0] = 0x44;
    resum(ip);
}

static void make_strange(uint8_t *ip)
{
    ip[9] = 99;
    resum(ip);
}

static void make_loopback(uint8_t *ip)
{
    memcpy(ip + 12, "\x7f\0\0\1", 4);
    resum(ip);
}

static void make_long6(uint8_t *ip)
{
    net_put16(ip + 4, 1000);
}

static void make_fragment6(uint8_t *ip)
{
    ip[6] = 44;
}

static void make_endless6(uint8_t *ip)
{
    ip[6] = 0;
    ip[40] = 60;
    ip[41] = 255; /* an extension longer than the packet */
}

static void make_mapped6(uint8_t *ip)
{
    memset(ip + 8, 0, 16);
    ip[18] = ip[19] = 0xff;
}

START_TEST(broken_packets_are_dropped_for_the_right_reason)
{
    static const struct {
        void (*change)(uint8_t *ip);
        bool six;
        enum net_drop why;
    } cases[] = {
        { make_bad_sum, false, NET_DROP_CHECKSUM },  { make_fragment, false, NET_DROP_FRAGMENT },
        { make_long, false, NET_DROP_MALFORMED },    { make_short_header, false, NET_DROP_MALFORMED },
        { make_strange, false, NET_DROP_PROTOCOL },  { make_loopback, false, NET_DROP_MALFORMED },
        { make_long6, true, NET_DROP_MALFORMED },    { make_fragment6, true, NET_DROP_FRAGMENT },
        { make_endless6, true, NET_DROP_MALFORMED }, { make_mapped6, true, NET_DROP_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        send_changed(cases[i].change, cases[i].six);
        for (int why = 0; why < NET_DROP_COUNT; why++)
            ck_assert_msg(w.net.stats.dropped[why] == (why == (int)cases[i].why), "case %zu: %s", i,
                          net_drop_word((enum net_drop)why));
        world_end();
    }
}
END_TEST

START_TEST(no_error_answers_an_error)
{
    struct net_packet *p;
    world_routers();
    p = net_packet_take(&w.net, 4, 36); /* "port unreachable" from alice, with TTL 1 */
    memset(net_packet_l4(p), 0, 36);
    net_packet_l4(p)[0] = 3;
    net_packet_l4(p)[1] = 3;
    net_icmp_seal(p, &w.alice4, &w.server4);
    ck_assert(net_ip_output(w.alice, p, NET_PROTO_ICMP, &w.alice4, &w.server4, 1, 0));
    world_run();
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_TTL], 1);
    ck_assert_uint_eq(w.net.stats.icmp_errors, 0);
    world_end();
}
END_TEST

/* ---- routes ----------------------------------------------------------------------------------------- */

START_TEST(the_longest_prefix_decides)
{
    struct net_addr a = addr("203.0.113.25"), b = addr("203.0.113.200"), c = addr("198.18.0.1");
    struct net_addr g1 = addr("198.51.100.2"), g2 = addr("192.0.2.20"), any = addr("0.0.0.0");
    struct net_addr half = addr("203.0.113.128"), one = addr("203.0.113.200"), six = addr("2001:db8:3::1");
    world_routers();
    ck_assert(net_addr_same(&net_route_find(w.r1, &a)->via->addr, &g1));
    ck_assert_ptr_null(net_route_find(w.r1, &c));
    ck_assert(net_route_add(w.r1, &any, 0, &g2));
    ck_assert(net_addr_same(&net_route_find(w.r1, &c)->via->addr, &g2));
    ck_assert(net_addr_same(&net_route_find(w.r1, &b)->via->addr, &g1));
    ck_assert(net_route_add(w.r1, &half, 25, &g2));
    ck_assert(net_addr_same(&net_route_find(w.r1, &b)->via->addr, &g2));
    ck_assert(net_addr_same(&net_route_find(w.r1, &a)->via->addr, &g1));
    ck_assert(net_route_add(w.r1, &one, 32, &g1));
    ck_assert(net_addr_same(&net_route_find(w.r1, &b)->via->addr, &g1));
    ck_assert(net_route_remove(w.r1, &one, 32));
    ck_assert(!net_route_remove(w.r1, &one, 32));
    ck_assert(net_addr_same(&net_route_find(w.r1, &b)->via->addr, &g2));
    ck_assert_uint_eq(net_route_find(w.r1, &six)->bits, 64);
    world_end();
}
END_TEST

START_TEST(a_route_added_again_replaces_the_old_one)
{
    struct net_addr a = addr("203.0.113.25"), p = addr("203.0.113.0"), g2 = addr("192.0.2.20");
    struct net_addr off = addr("192.0.3.1");
    uint32_t n;
    world_routers();
    net_route_find(w.r1, &a);
    n = w.r1->nroutes;
    ck_assert(net_route_add(w.r1, &p, 24, &g2));
    ck_assert(net_addr_same(&net_route_find(w.r1, &a)->via->addr, &g2));
    ck_assert_uint_eq(w.r1->nroutes, n);
    ck_assert(!net_route_add(w.r1, &p, 24, &off)); /* nobody's link */
    ck_assert(!net_route_add(w.r1, &p, 33, &g2));
    world_end();
}
END_TEST

START_TEST(a_router_with_two_thousand_links_finds_each)
{
    struct net_host *hub;
    world_begin(1);
    w.trace.levels = 0;
    hub = net_host_add(&w.net, "hub");
    for (unsigned i = 0; i < 2000; i++) {
        struct net_addr a = net_addr4(10, (uint8_t)(i >> 8), (uint8_t)i, 1);
        struct net_addr six = addr("2001:db8::1");
        net_put16(six.b + 4, (uint16_t)i);
        ck_assert_ptr_nonnull(net_iface_add(hub, net_link_add(&w.net, "l", &world_params), &a, 24, &six, 64));
    }
    for (unsigned i = 0; i < 2000; i++) {
        struct net_addr a = net_addr4(10, (uint8_t)(i >> 8), (uint8_t)i, 99), six = addr("2001:db8::99");
        net_put16(six.b + 4, (uint16_t)i);
        ck_assert_ptr_eq(net_route_find(hub, &a)->iface, hub->ifaces[i]);
        ck_assert_ptr_eq(net_route_find(hub, &six)->iface, hub->ifaces[i]);
        ck_assert(net_host_owns(hub, &hub->ifaces[i]->ip4));
        ck_assert(!net_host_owns(hub, &a));
        ck_assert_ptr_eq(net_iface_by_mac(hub->ifaces[i]->link, hub->ifaces[i]->mac), hub->ifaces[i]);
    }
    struct net_addr outside = addr("10.99.0.1");
    ck_assert_ptr_null(net_route_find(hub, &outside));
    world_end();
}
END_TEST

START_TEST(a_new_route_ends_kept_paths)
{
    struct net_addr p = addr("203.0.113.0"), g = addr("192.0.2.20");
    world_routers();
    talk();
    user_say(&alice, &w.server4, 53, "one");
    world_run();
    user_say(&alice, &w.server4, 53, "two"); /* by the kept path */
    world_run();
    ck_assert_uint_eq(server.received, 2);
    net_route_add(w.alice, &p, 24, &g); /* nobody has that address */
    user_say(&alice, &w.server4, 53, "three");
    world_run();
    ck_assert_uint_eq(server.received, 2);
    ck_assert_uint_eq(alice.unreachable, 1);
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ip");
    TCase *t = tcase_create("forward"), *e = tcase_create("icmp"), *r = tcase_create("routes");
    tcase_add_test(t, ipv4_crosses_two_routers);
    tcase_add_test(t, ipv6_crosses_two_routers);
    tcase_add_test(t, causes_travel_with_the_packet);
    tcase_add_test(t, a_host_does_not_forward);
    tcase_add_test(t, no_route_at_home_is_told_at_once);
    tcase_add_test(t, no_route_on_the_way_is_told_by_icmp);
    tcase_add_test(t, a_packet_too_big_for_the_next_link_is_refused);
    tcase_add_test(e, ping_measures_the_way_there_and_back);
    tcase_add_test(e, small_ttls_name_the_routers_one_by_one);
    tcase_add_test(e, silence_ends_a_ping_after_its_wait);
    tcase_add_test(e, a_host_reaches_itself_without_a_frame);
    tcase_add_test(e, broken_packets_are_dropped_for_the_right_reason);
    tcase_add_test(e, no_error_answers_an_error);
    tcase_add_test(r, the_longest_prefix_decides);
    tcase_add_test(r, a_route_added_again_replaces_the_old_one);
    tcase_add_test(r, a_router_with_two_thousand_links_finds_each);
    tcase_add_test(r, a_new_route_ends_kept_paths);
    suite_add_tcase(s, t);
    suite_add_tcase(s, e);
    suite_add_tcase(s, r);
    return s;
}

CHECK_MAIN(suite)
