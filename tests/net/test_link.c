/* Links: time on the wire, queues, switches. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

static struct world_user alice, bob;

static void line_with(struct net_link_params params)
{
    world_line();
    net_link_change(w.home, &params);
    world_meet();
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
}

/* A datagram whose frame has `octets` octets: 14 + 20 + 8 and the text. */
static void say_frame(size_t octets)
{
    static char text[UDP_PAYLOAD_MAX + 1];
    memset(text, 'x', sizeof text);
    udp_send(alice.socket, &w.bob4, 53, text, octets - 42);
}

START_TEST(arrival_is_transmission_time_plus_delay)
{
    line_with((struct net_link_params){ .rate_bps = 1000000, .delay_ns = 20 * CORE_MS });
    say_frame(1000); /* 8,000 bits at 1 Mbit/s: 8 ms */
    world_run();
    ck_assert_uint_eq(bob.at_ns[0], 28 * CORE_MS);
    world_end();
}
END_TEST

START_TEST(transmission_time_is_rounded_up)
{
    line_with((struct net_link_params){ .rate_bps = 7000000, .delay_ns = 0 });
    say_frame(100); /* 800 bits at 7 Mbit/s: 114285.714... ns */
    world_run();
    ck_assert_uint_eq(bob.at_ns[0], 114286);
    ck_assert_uint_eq(net_link_wire_ns(w.home, 100), 114286);
    world_end();
}
END_TEST

START_TEST(short_frames_are_padded_to_60_octets)
{
    line_with((struct net_link_params){ .rate_bps = 8000000 }); /* 1 us an octet */
    udp_send(alice.socket, &w.bob4, 53, "x", 1);
    world_run();
    ck_assert_uint_eq(bob.at_ns[0], 60 * CORE_US);
    ck_assert_uint_eq(world_get(TRACE_KIND_SENT, TRACE_UDP, NULL, 0)->nbytes, 60);
    world_end();
}
END_TEST

START_TEST(frames_of_one_sender_follow_each_other)
{
    line_with((struct net_link_params){ .rate_bps = 8000000, .delay_ns = CORE_MS });
    say_frame(100);
    say_frame(200);
    say_frame(300);
    world_run();
    ck_assert_uint_eq(bob.at_ns[0], CORE_MS + 100 * CORE_US);
    ck_assert_uint_eq(bob.at_ns[1], CORE_MS + 300 * CORE_US);
    ck_assert_uint_eq(bob.at_ns[2], CORE_MS + 600 * CORE_US);
    world_end();
}
END_TEST

START_TEST(both_directions_are_independent)
{
    line_with((struct net_link_params){ .rate_bps = 8000000 });
    say_frame(1000);
    udp_send(bob.socket, &w.alice4, udp_port(alice.socket), "x", 1);
    world_run();
    ck_assert_uint_eq(alice.at_ns[0], 60 * CORE_US);
    ck_assert_uint_eq(bob.at_ns[0], 1000 * CORE_US);
    world_end();
}
END_TEST

START_TEST(without_a_rate_only_the_delay_counts)
{
    line_with((struct net_link_params){ .delay_ns = 5 * CORE_MS, .queue_packets = 1 });
    say_frame(1000);
    say_frame(1000);
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    ck_assert_uint_eq(bob.at_ns[1], 5 * CORE_MS);
    world_end();
}
END_TEST

START_TEST(a_full_queue_of_packets_drops_the_last)
{
    const struct world_record *r;
    line_with((struct net_link_params){ .rate_bps = 8000000, .queue_packets = 3 });
    for (int i = 0; i < 5; i++)
        say_frame(100);
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_QUEUE], 2);
    ck_assert_uint_eq(w.home->dropped, 2);
    r = world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.alice, 0);
    ck_assert_str_eq(r->why, "queue");
    ck_assert_uint_eq(r->frame, 4);
    ck_assert_uint_eq(r->link, w.home->number);
    world_end();
}
END_TEST

static void say_later(struct core_queue *q, struct core_event *event)
{
    (void)q, (void)event;
    say_frame(100);
}

START_TEST(a_place_is_free_when_a_frame_has_left)
{
    struct core_event early = { .run = say_later }, late = { .run = say_later };
    line_with((struct net_link_params){ .rate_bps = 8000000, .queue_packets = 2 });
    say_frame(100); /* leaves at 100 us */
    say_frame(100); /* leaves at 200 us */
    core_post(&w.queue, &early, 100 * CORE_US - 1);
    core_post(&w.queue, &late, 100 * CORE_US);
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    ck_assert_uint_eq(bob.at_ns[2], 300 * CORE_US);
    world_end();
}
END_TEST

START_TEST(a_full_queue_of_octets_drops_the_last)
{
    line_with((struct net_link_params){ .rate_bps = 8000000, .queue_octets = 300 });
    say_frame(100);
    say_frame(200);
    say_frame(60); /* 360 octets would wait */
    world_run();
    ck_assert_uint_eq(bob.received, 2);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_QUEUE], 1);
    world_end();
}
END_TEST

START_TEST(a_longer_queue_keeps_what_was_in_the_shorter)
{
    line_with((struct net_link_params){ .rate_bps = 8000000, .queue_packets = 2 });
    say_frame(100);
    say_frame(100);
    net_link_change(w.home, &(struct net_link_params){ .rate_bps = 8000000, .queue_packets = 3 });
    say_frame(100);
    say_frame(100);
    world_run();
    ck_assert_uint_eq(bob.received, 3);
    world_end();
}
END_TEST

START_TEST(jitter_delays_but_never_reorders)
{
    bool varied = false;
    line_with((struct net_link_params){ .rate_bps = 8000000000, .delay_ns = CORE_MS, .jitter_ns = CORE_MS });
    for (int i = 0; i < 60; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        user_say(&alice, &w.bob4, 53, text);
    }
    world_run();
    ck_assert_uint_eq(bob.received, 60);
    for (int i = 0; i < 60; i++) {
        ck_assert_int_eq(atoi(bob.said[i]), i);
        ck_assert_uint_ge(bob.at_ns[i], CORE_MS);
        ck_assert_uint_le(bob.at_ns[i], 2 * CORE_MS + 60 * 60);
        varied |= i > 0 && bob.at_ns[i] - bob.at_ns[i - 1] > 60;
    }
    ck_assert(varied);
    world_end();
}
END_TEST

static uint64_t hash_of_a_run(uint64_t seed)
{
    struct net_link_params params = { .rate_bps = 8000000, .delay_ns = CORE_MS, .jitter_ns = CORE_MS };
    struct net_fault_params loss = { .name = "loss", .kind = NET_FAULT_LOSS, .chance_ppm = 100000 };
    uint64_t hash;
    world_line_seeded(seed);
    net_link_change(w.home, &params);
    net_fault_add(w.home, &loss);
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
    bob.answers = true;
    for (int i = 0; i < 50; i++)
        user_say(&alice, i % 2 ? &w.bob4 : &w.bob6, 53, "again");
    world_run();
    hash = w.hash.value;
    world_end();
    return hash;
}

START_TEST(one_seed_one_trace)
{
    ck_assert_uint_eq(hash_of_a_run(7), hash_of_a_run(7));
    ck_assert_uint_ne(hash_of_a_run(7), hash_of_a_run(8));
}
END_TEST

START_TEST(numbers_do_not_depend_on_who_reads)
{
    uint64_t seq, frames;
    line_with(world_params);
    say_frame(100);
    world_run();
    seq = w.trace.seq;
    frames = w.trace.frames;
    world_end();
    world_line();
    w.trace.nsinks = 0; /* nobody reads from here on */
    w.trace.levels = 0;
    world_meet();
    user_open(&alice, w.alice, 0);
    user_open(&bob, w.bob, 53);
    say_frame(100);
    world_run();
    ck_assert_uint_eq(w.n, 0);
    ck_assert_uint_eq(w.trace.seq, seq);
    ck_assert_uint_eq(w.trace.frames, frames);
    world_end();
}
END_TEST

START_TEST(an_interface_that_is_down_neither_sends_nor_receives)
{
    line_with(world_params);
    net_iface_set_up(w.bob->ifaces[0], false);
    say_frame(100);
    world_run();
    ck_assert_uint_eq(bob.received, 0);
    ck_assert_str_eq(world_get(TRACE_KIND_DROPPED, TRACE_UDP, w.bob, 0)->why, "down");
    udp_send(bob.socket, &w.alice4, udp_port(alice.socket), "x", 1);
    world_run();
    ck_assert_uint_eq(alice.received, 0);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_DOWN], 2);
    world_end();
}
END_TEST

START_TEST(an_unknown_mac_address_is_nobodys)
{
    static const uint8_t mac[6] = { 2, 0, 9, 9, 9, 9 };
    line_with(world_params);
    net_neighbour_learn(w.alice->ifaces[0], &w.bob4, mac, true);
    say_frame(100);
    world_run();
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_NO_SUCH_MAC], 1);
    world_end();
}
END_TEST

static uint8_t outside[4][NET_MTU];
static size_t outside_len[4], noutside;

static void keep_outside(void *ctx, const uint8_t *ip, size_t len)
{
    ck_assert_ptr_eq(ctx, outside);
    memcpy(outside[noutside], ip, len);
    outside_len[noutside++] = len;
}

START_TEST(a_door_carries_ip_packets_both_ways)
{
    struct net_addr stranger = addr("198.18.0.7"), door4 = addr("198.18.0.1");
    struct net_link *tun;
    uint8_t ip[NET_MTU];
    world_routers();
    tun = net_link_add(&w.net, "tun", &world_params);
    net_iface_add(w.r1, tun, &door4, 15, NULL, 0);
    net_link_open(tun, keep_outside, outside);
    world_via(w.r2, "198.18.0.0", 15, "198.51.100.1");
    user_open(&alice, w.server, 53);
    alice.answers = true;
    noutside = 0;
    user_say(&alice, &stranger, 9, "out");
    world_run();
    ck_assert_uint_eq(noutside, 1);
    ck_assert_uint_eq(outside_len[0], 31);
    ck_assert_mem_eq(outside[0] + 28, "out", 3);
    ck_assert_uint_eq(outside[0][8], 62);
    /* The same packet comes back with its ends exchanged. */
    memcpy(ip, outside[0], 31);
    memcpy(ip + 12, outside[0] + 16, 4);
    memcpy(ip + 16, outside[0] + 12, 4);
    memcpy(ip + 20, outside[0] + 22, 2);
    memcpy(ip + 22, outside[0] + 20, 2);
    ck_assert(net_link_inject(tun, ip, 31));
    world_run();
    ck_assert_uint_eq(alice.received, 1);
    ck_assert_uint_eq(noutside, 2);
    ck_assert_uint_eq(outside_len[1], 31);
    ck_assert_uint_eq(world_count(TRACE_KIND_SENT, TRACE_ARP, w.r1),
                      1); /* for the server's router, not outside */
    ck_assert(!net_link_inject(tun, ip, 0));
    ck_assert(!net_link_inject(tun, ip, 19));
    ck_assert(!net_link_inject(tun, ip, NET_MTU + 1));
    ck_assert(!net_link_inject(w.home, ip, 31));
    w.unchecked = true;
    for (uint8_t version = 4; version <= 6; version += 2) { /* hostile: every length is there, nothing else */
        struct core_rng rng;
        core_rng_init(&rng, version, "hostile");
        for (size_t len = version == 4 ? 20 : 40; len < 200; len++) {
            core_rng_fill(&rng, ip, len);
            ip[0] = (uint8_t)(version << 4 | (ip[0] & 15));
            ck_assert(net_link_inject(tun, ip, len));
        }
    }
    world_run();
    world_end();
}
END_TEST

START_TEST(faults_act_on_a_door_both_ways)
{
    struct net_addr door4 = addr("198.18.0.1"), there4 = addr("198.18.0.2");
    struct net_fault_params lag = { .name = "lag",
                                    .kind = NET_FAULT_REORDER,
                                    .until_ns = CORE_NEVER,
                                    .chance_ppm = 1000000,
                                    .extra_ns = 5 * CORE_MS };
    struct net_link_params ideal = { 0 };
    struct net_iface *outer;
    struct net_host *there;
    struct net_link *tun;
    uint8_t ip[31];
    uint64_t start;
    world_routers();
    tun = net_link_add(&w.net, "tun", &ideal);
    there = net_host_add(&w.net, "there");
    net_iface_add(w.r1, tun, &door4, 30, NULL, 0);
    outer = net_iface_add(there, tun, &there4, 30, NULL, 0);
    net_link_open(tun, keep_outside, outside);
    world_via(w.r2, "198.18.0.0", 15, "198.51.100.1");
    user_open(&alice, w.server, 53);
    noutside = 0;
    user_say(&alice, &there4, 9, "out");
    world_run();
    ck_assert_uint_eq(noutside, 1);
    memcpy(ip, outside[0], sizeof ip);
    memcpy(ip + 12, outside[0] + 16, 4);
    memcpy(ip + 16, outside[0] + 12, 4);
    memcpy(ip + 20, outside[0] + 22, 2);
    memcpy(ip + 22, outside[0] + 20, 2);
    start = w.queue.now_ns;
    ck_assert(net_link_inject(tun, ip, sizeof ip));
    world_run();
    ck_assert_uint_eq(alice.received, 1);
    start = w.queue.now_ns - start;
    net_fault_add(tun, &lag);
    start = w.queue.now_ns + start;
    ck_assert(net_link_inject(tun, ip, sizeof ip));
    world_run();
    ck_assert_uint_eq(alice.received, 2);
    ck_assert_uint_eq(w.queue.now_ns, start + lag.extra_ns);
    net_iface_set_up(outer, false);
    ck_assert(net_link_inject(tun, ip, sizeof ip));
    user_say(&alice, &there4, 9, "out");
    world_run();
    ck_assert_uint_eq(alice.received, 2);
    ck_assert_uint_eq(noutside, 1);
    ck_assert_uint_eq(w.net.stats.dropped[NET_DROP_DOWN], 2);
    world_end();
}
END_TEST

static void keep_nothing(void *ctx, const uint8_t *ip, size_t len)
{
    (void)ctx, (void)ip, (void)len;
    noutside++;
}

START_TEST(the_world_outside_may_have_a_name)
{
    struct net_addr inner = addr("198.18.0.1"), own = addr("198.18.0.2");
    struct net_link *tun;
    struct net_host *kernel;
    uint8_t ip[40] = { 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, NET_PROTO_TCP };
    const struct world_record *sent, *reply;
    uint16_t sum;
    world_routers();
    tun = net_link_add(&w.net, "tun", &world_params);
    kernel = net_host_add(&w.net, "kernel");
    net_iface_add(w.r1, tun, &inner, 30, NULL, 0);
    net_iface_add(kernel, tun, &own, 30, NULL, 0);
    net_link_open(tun, keep_nothing, NULL);
    world_via(w.r2, "198.18.0.0", 15, "198.51.100.1");
    memcpy(ip + 12, own.b + 12, 4);
    memcpy(ip + 16, w.server4.b + 12, 4);
    sum = net_sum_finish(net_sum(ip, 20, 0));
    memcpy(ip + 10, &sum, 2);
    net_put16(ip + 20, 40000);
    net_put16(ip + 22, 25);
    net_put32(ip + 24, 123456);
    ip[32] = 0x50;
    ip[33] = 2; /* SYN */
    sum = net_sum_finish(net_sum(ip + 20, 20, net_sum_pseudo(&own, &w.server4, NET_PROTO_TCP, 20)));
    memcpy(ip + 36, &sum, 2);
    noutside = 0;
    ck_assert(net_link_inject(tun, ip, 40));
    world_run();
    ck_assert_uint_eq(noutside, 1); /* nobody listens: RST */
    sent = world_find(TRACE_KIND_SENT, TRACE_TCP, kernel, 0);
    reply = world_find(TRACE_KIND_SENT, TRACE_TCP, w.server, 0);
    ck_assert(sent && reply);
    ck_assert_uint_eq(sent->peer, w.server->number);
    ck_assert_uint_eq(sent->link, tun->number);
    ck_assert_mem_eq(sent->bytes + 6, tun->ports[1].iface->mac, 6);
    ck_assert_ptr_nonnull(strstr(sent->text, "seq 0 ")); /* as analysers count */
    ck_assert_uint_eq(reply->peer, kernel->number);
    ck_assert_uint_eq(reply->cause, sent->seq);
    ck_assert_uint_eq(world_count(TRACE_KIND_DELIVERED, TRACE_TCP, kernel), 0);
    world_end();
}
END_TEST

START_TEST(the_opening_tells_hosts_and_links)
{
    struct trace_opening o = { 0 };
    world_routers();
    w.alice->fqdn = "alice.example.com";
    net_opening(&w.net, &o);
    ck_assert_uint_eq(o.nhosts, 4);
    ck_assert_uint_eq(o.nlinks, 3);
    ck_assert_str_eq(o.hosts[0].name, "alice");
    ck_assert_str_eq(o.hosts[0].fqdn, "alice.example.com");
    ck_assert_str_eq(o.hosts[1].role, "router");
    ck_assert_uint_eq(o.hosts[1].nifaces, 2);
    ck_assert_uint_eq(o.hosts[1].ifaces[1].link, w.middle->number);
    ck_assert_mem_eq(o.hosts[1].ifaces[1].mac, "\x02\x00\x00\x02\x00\x01", 6);
    ck_assert_mem_eq(o.hosts[1].ifaces[1].ip4, "\xc6\x33\x64\x01", 4);
    ck_assert_uint_eq(o.hosts[1].ifaces[1].ip6_prefix, 64);
    ck_assert_str_eq(o.links[2].name, "office");
    ck_assert_uint_eq(o.links[2].delay_ns, CORE_MS);
    world_end();
}
END_TEST

START_TEST(an_address_belongs_to_one_interface)
{
    world_line();
    ck_assert_ptr_null(net_iface_add(w.alice, w.home, &w.bob4, 24, NULL, 0));
    ck_assert_ptr_null(net_iface_add(w.alice, w.home, NULL, 0, &w.bob6, 64));
    ck_assert_uint_eq(w.alice->nifaces, 1);
    ck_assert_ptr_eq(net_owner(&w.net, &w.bob6), w.bob->ifaces[0]);
    world_end();
}
END_TEST

/* 512 octets a host: the name, one interface, routes and the neighbour it talks to; no link of its own. */
START_TEST(eleven_thousand_hosts_stay_small)
{
    enum { HOSTS = 11000 };
    struct net_addr hub = addr("10.0.0.1"), gateway = addr("10.0.0.1"), a;
    struct net_link *l;
    size_t before;
    world_begin(1);
    w.trace.levels = 0;
    l = net_link_add(&w.net, "hall", &world_params);
    net_iface_add(net_host_add(&w.net, "hub"), l, &hub, 8, NULL, 0);
    before = net_octets(&w.net);
    for (unsigned i = 0; i < HOSTS; i++) {
        struct net_host *h = net_host_add(&w.net, "host");
        a = net_addr4(10, 1, (uint8_t)(i >> 8), (uint8_t)i);
        ck_assert_ptr_nonnull(net_iface_add(h, l, &a, 8, NULL, 0));
        ck_assert(net_route_add(h, NULL, 0, &gateway));
    }
    ck_assert_uint_le((net_octets(&w.net) - before) / HOSTS, 512);
    ck_assert_ptr_eq(net_owner(&w.net, &a)->host, w.net.hosts[HOSTS]);
    world_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("link");
    TCase *t = tcase_create("time"), *h = tcase_create("hosts");
    tcase_add_test(t, arrival_is_transmission_time_plus_delay);
    tcase_add_test(t, transmission_time_is_rounded_up);
    tcase_add_test(t, short_frames_are_padded_to_60_octets);
    tcase_add_test(t, frames_of_one_sender_follow_each_other);
    tcase_add_test(t, both_directions_are_independent);
    tcase_add_test(t, without_a_rate_only_the_delay_counts);
    tcase_add_test(t, a_full_queue_of_packets_drops_the_last);
    tcase_add_test(t, a_place_is_free_when_a_frame_has_left);
    tcase_add_test(t, a_full_queue_of_octets_drops_the_last);
    tcase_add_test(t, a_longer_queue_keeps_what_was_in_the_shorter);
    tcase_add_test(t, jitter_delays_but_never_reorders);
    tcase_add_test(t, one_seed_one_trace);
    tcase_add_test(t, numbers_do_not_depend_on_who_reads);
    tcase_add_test(h, an_interface_that_is_down_neither_sends_nor_receives);
    tcase_add_test(h, an_unknown_mac_address_is_nobodys);
    tcase_add_test(h, a_door_carries_ip_packets_both_ways);
    tcase_add_test(h, faults_act_on_a_door_both_ways);
    tcase_add_test(h, the_opening_tells_hosts_and_links);
    tcase_add_test(h, the_world_outside_may_have_a_name);
    tcase_add_test(h, an_address_belongs_to_one_interface);
    tcase_add_test(h, eleven_thousand_hosts_stay_small);
    suite_add_tcase(s, t);
    suite_add_tcase(s, h);
    return s;
}

CHECK_MAIN(suite)
