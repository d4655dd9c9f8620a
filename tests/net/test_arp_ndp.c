/* ARP and Neighbor Discovery. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

static struct world_user alice, bob;

static void talk(void)
{
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
}

START_TEST(first_packet_waits_for_the_arp_reply)
{
    const struct world_record *r;
    world_line();
    talk();
    ck_assert(user_say(&alice, &w.bob4, 53, "hello"));
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    r = world_get(TRACE_KIND_SENT, TRACE_NONE, NULL, 0);
    ck_assert_str_eq(r->text, "who has 192.0.2.20? tell 192.0.2.10");
    ck_assert_int_eq(r->proto, TRACE_ARP);
    ck_assert_uint_eq(r->frame, 1);
    ck_assert_uint_eq(r->peer, w.bob->number);
    ck_assert_mem_eq(r->bytes, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x01\x00\x00\x08\x06", 14);
    r = world_get(TRACE_KIND_DELIVERED, TRACE_ARP, w.bob, 0);
    ck_assert_uint_eq(r->frame, 1);
    ck_assert_uint_eq(r->t_ns, CORE_MS + 60); /* 60 octets at 1 ns, and the delay */
    r = world_get(TRACE_KIND_SENT, TRACE_ARP, w.bob, 0);
    ck_assert_str_eq(r->text, "192.0.2.20 is at 02:00:00:02:00:00");
    ck_assert_mem_eq(r->bytes, "\x02\x00\x00\x01\x00\x00\x02\x00\x00\x02\x00\x00\x08\x06", 14); /* unicast */
    r = world_get(TRACE_KIND_SENT, TRACE_UDP, w.alice, 0);
    ck_assert_uint_eq(r->t_ns, 2 * CORE_MS + 120);
    ck_assert_uint_eq(r->frame, 3);
    world_end();
}
END_TEST

START_TEST(the_one_who_is_asked_learns_the_asker)
{
    world_line();
    talk();
    bob.answers = true;
    user_say(&alice, &w.bob4, 53, "hello");
    world_run();
    ck_assert_uint_eq(alice.received, 1);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, NULL), 2);
    ck_assert_str_eq(world_get(TRACE_KIND_NEIGHBOUR, TRACE_ARP, w.bob, 0)->event, "learnt");
    ck_assert_str_eq(world_get(TRACE_KIND_NEIGHBOUR, TRACE_ARP, w.alice, 0)->event, "asking");
    ck_assert_str_eq(world_get(TRACE_KIND_NEIGHBOUR, TRACE_ARP, w.alice, 1)->event, "learnt");
    world_end();
}
END_TEST

START_TEST(waiting_packets_leave_in_order)
{
    world_line();
    talk();
    user_say(&alice, &w.bob4, 53, "one");
    user_say(&alice, &w.bob4, 53, "two");
    user_say(&alice, &w.bob4, 53, "three");
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    ck_assert_str_eq(bob.said[0], "one");
    ck_assert_str_eq(bob.said[2], "three");
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, w.alice), 1);
    world_end();
}
END_TEST

START_TEST(the_oldest_waiting_packet_makes_room)
{
    world_line();
    talk();
    for (int i = 0; i < NET_WAITING_MAX + 2; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        user_say(&alice, &w.bob4, 53, text);
    }
    world_run();
    ck_assert_uint_eq(bob.received, NET_WAITING_MAX);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_NEIGHBOUR], 2);
    ck_assert_str_eq(bob.said[0], NET_WAITING_MAX == 128 ? "66" : ""); /* the ring of 64 holds 66..129 */
    world_end();
}
END_TEST

START_TEST(three_requests_a_second_apart_then_host_unreachable)
{
    struct net_addr nobody = addr("192.0.2.99");
    world_line();
    talk();
    user_say(&alice, &nobody, 53, "hello");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, w.alice), NET_REQUESTS_MAX);
    for (size_t i = 0; i < NET_REQUESTS_MAX; i++)
        ck_assert_uint_eq(world_get(TRACE_KIND_SENT, TRACE_ARP, w.alice, i)->t_ns, i * CORE_S);
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_int_eq(alice.reason, NET_UNREACH_HOST);
    ck_assert_uint_eq(w.queue.now_ns, 3 * CORE_S);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.alice, 0)->why, "neighbour");
    ck_assert_str_eq(world_get(TRACE_KIND_NEIGHBOUR, TRACE_ARP, w.alice, 1)->event, "failed");
    world_end();
}
END_TEST

START_TEST(an_entry_is_asked_for_again_after_60_seconds)
{
    world_line();
    talk();
    user_say(&alice, &w.bob4, 53, "one");
    world_run();
    w.queue.now_ns = 59 * CORE_S;
    user_say(&alice, &w.bob4, 53, "two");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, w.alice), 1);
    w.queue.now_ns = 62 * CORE_S + CORE_MS;
    user_say(&alice, &w.bob4, 53, "three");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, w.alice), 2);
    ck_assert_uint_eq(bob.received, 3);
    world_end();
}
END_TEST

START_TEST(a_failed_entry_is_asked_for_again)
{
    world_line();
    talk();
    net_iface_set_up(w.bob->ifaces[0], false);
    user_say(&alice, &w.bob4, 53, "one");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 1);
    net_iface_set_up(w.bob->ifaces[0], true);
    user_say(&alice, &w.bob4, 53, "two");
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    world_end();
}
END_TEST

START_TEST(only_the_host_that_is_asked_takes_the_broadcast)
{
    struct net_host *carol;
    world_line();
    carol = net_host_add(&w.net, "carol");
    world_iface(carol, w.home, "192.0.2.30", "2001:db8:1::30");
    talk();
    user_say(&alice, &w.bob4, 53, "hello");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_DELIVERED, TRACE_ARP, NULL),
                      2); /* request at bob, reply at alice */
    ck_assert_uint_eq(world_count(TRACE_KIND_NEIGHBOUR, TRACE_NONE, carol), 0);
    world_end();
}
END_TEST

START_TEST(ipv6_uses_solicitation_and_advertisement)
{
    const struct world_record *r;
    world_line();
    talk();
    ck_assert(user_say(&alice, &w.bob6, 53, "hello"));
    world_run();
    ck_assert_uint_eq(bob.received, 1);
    r = world_get(TRACE_KIND_SENT, TRACE_NDP, w.alice, 0);
    ck_assert_str_eq(r->text, "who has 2001:db8:1::20? tell 2001:db8:1::10");
    ck_assert_mem_eq(r->bytes, "\x33\x33\xff\x00\x00\x20", 6);
    ck_assert_uint_eq(r->bytes[14 + 7], 255);
    ck_assert_mem_eq(r->bytes + 14 + 24, "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff\x00\x00\x20", 16);
    r = world_get(TRACE_KIND_SENT, TRACE_NDP, w.bob, 0);
    ck_assert_str_eq(r->text, "2001:db8:1::20 is at 02:00:00:02:00:00");
    ck_assert_mem_eq(r->bytes, "\x02\x00\x00\x01\x00\x00", 6);
    ck_assert_uint_eq(r->bytes[14 + 40 + 4], 0x60); /* solicited, override; no router */
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_NDP, NULL), 2);
    world_end();
}
END_TEST

START_TEST(ipv6_neighbour_that_is_silent_is_unreachable)
{
    struct net_addr nobody = addr("2001:db8:1::99");
    world_line();
    talk();
    user_say(&alice, &nobody, 53, "hello");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_NDP, w.alice), NET_REQUESTS_MAX);
    ck_assert_int_eq(alice.reason, NET_UNREACH_HOST);
    ck_assert_uint_eq(alice.unreachable, 1);
    world_end();
}
END_TEST

START_TEST(same_last_24_bits_do_not_answer_for_another)
{
    struct net_addr twin = addr("2001:db8:1::1:0:20"); /* bob's group, not bob's address */
    world_line();
    talk();
    user_say(&alice, &twin, 53, "hello");
    world_run();
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_NDP, w.bob), 0);
    ck_assert_uint_eq(alice.unreachable, 1);
    world_end();
}
END_TEST

START_TEST(a_router_that_cannot_reach_the_host_says_so)
{
    struct net_addr nobody = addr("203.0.113.99");
    const struct world_record *r;
    world_routers();
    user_open(&alice, w.alice, 0);
    user_say(&alice, &nobody, 53, "hello");
    world_run();
    ck_assert_uint_eq(alice.unreachable, 1);
    ck_assert_int_eq(alice.reason, NET_UNREACH_HOST);
    r = world_get(TRACE_KIND_SENT, TRACE_ICMP, w.r2, 0);
    ck_assert_str_eq(r->text, "198.51.100.2 > 192.0.2.10 host unreachable");
    world_end();
}
END_TEST

START_TEST(many_hosts_on_one_link_find_each_other)
{
    static struct world_user users[100];
    struct net_link *l;
    struct world_user hub;
    struct net_addr a = addr("10.0.0.1");
    struct net_host *h;
    world_begin(1);
    l = net_link_add(&w.net, "hall", &world_params);
    h = net_host_add(&w.net, "hub");
    net_iface_add(h, l, &a, 16, NULL, 0);
    user_open(&hub, h, 53);
    hub.answers = true;
    for (int i = 0; i < 100; i++) {
        struct net_addr b = net_addr4(10, 0, 1, (uint8_t)i);
        h = net_host_add(&w.net, "guest");
        ck_assert_ptr_nonnull(net_iface_add(h, l, &b, 16, NULL, 0));
        user_open(&users[i], h, 0);
        user_say(&users[i], &a, 53, "hi");
    }
    world_run();
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(users[i].received, 1);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, NULL), 200);
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("arp_ndp");
    TCase *t = tcase_create("neighbours");
    tcase_add_test(t, first_packet_waits_for_the_arp_reply);
    tcase_add_test(t, the_one_who_is_asked_learns_the_asker);
    tcase_add_test(t, waiting_packets_leave_in_order);
    tcase_add_test(t, the_oldest_waiting_packet_makes_room);
    tcase_add_test(t, three_requests_a_second_apart_then_host_unreachable);
    tcase_add_test(t, an_entry_is_asked_for_again_after_60_seconds);
    tcase_add_test(t, a_failed_entry_is_asked_for_again);
    tcase_add_test(t, only_the_host_that_is_asked_takes_the_broadcast);
    tcase_add_test(t, ipv6_uses_solicitation_and_advertisement);
    tcase_add_test(t, ipv6_neighbour_that_is_silent_is_unreachable);
    tcase_add_test(t, same_last_24_bits_do_not_answer_for_another);
    tcase_add_test(t, a_router_that_cannot_reach_the_host_says_so);
    tcase_add_test(t, many_hosts_on_one_link_find_each_other);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
