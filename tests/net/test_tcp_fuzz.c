/* Segments that no honest peer sends: nothing breaks, nothing leaks, and the same seed does the same. */
#include "tests/net/tcp_check.h"

#include "tests/check_main.h"

static uint32_t near(struct core_rng *rng, uint32_t x)
{
    static const int32_t steps[] = { 0, 0, 0, 1, -1, 100, -100, 1460, 65535, -65535, 70000 };
    uint64_t k = core_rng_below(rng, sizeof steps / sizeof steps[0] + 2);
    if (k < sizeof steps / sizeof steps[0])
        return x + (uint32_t)steps[k];
    return k % 2 ? (uint32_t)core_rng_next(rng) : x + (uint32_t)core_rng_below(rng, 3000);
}

/* A segment with a right checksum, options and all, towards connection c or its listener. */
static void inject_any(struct core_rng *rng, const struct tcp_conn *c, int to)
{
    uint32_t header = 20 + 4 * (uint32_t)core_rng_below(rng, 11), len = (uint32_t)core_rng_below(rng, 600);
    struct net_packet *p = net_packet_take(&wire.net, 4, header + len);
    uint8_t *h = net_packet_l4(p);
    uint16_t sum;
    core_rng_fill(rng, h, header + len);
    p->src = wire_addr(1 - to);
    p->dst = wire_addr(to);
    net_put16(h, c ? c->remote_port : (uint16_t)(5000 + core_rng_below(rng, 50)));
    net_put16(h + 2, c ? c->local_port : 25);
    if (c && core_rng_below(rng, 8) > 0)
        net_put32(h + 4, near(rng, c->rcv_nxt));
    if (c && core_rng_below(rng, 8) > 0)
        net_put32(h + 8, near(rng, core_rng_below(rng, 2) ? c->snd_max : c->snd_una));
    h[12] = (uint8_t)(core_rng_below(rng, 50) == 0 ? h[12] : header << 2);
    if (core_rng_below(rng, 3) > 0)
        h[13] = TCP_ACK;
    if (core_rng_below(rng, 2) == 0)
        h[13] &= (uint8_t) ~(TCP_RST | TCP_SYN); /* or nothing lives long */
    if (core_rng_below(rng, 4) == 0)
        net_put16(h + 14, 0);
    h[16] = h[17] = 0;
    sum = net_sum_finish(
        net_sum(h, header + len, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_TCP, header + len)));
    memcpy(h + 16, &sum, sizeof sum);
    net_tcp_input(&wire.host[to], p);
}

enum { PAIRS = 8 };

static struct user clients[PAIRS], servers[4096];
static int nservers;

/* Users that do not look at what they get: it is forged. */
static size_t careless_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct user *u = app;
    (void)octets;
    if (u->acts & USER_ABORTS_IN_DATA) {
        tcp_abort(c);
        return len;
    }
    if (u->acts & USER_ANSWERS)
        tcp_send(c, "ok", 2);
    if (u->acts & USER_CLOSES_IN_DATA)
        tcp_close(c);
    return u->acts & USER_KEEPS_ALL ? 0 : len;
}

static const struct tcp_ops careless_ops = { user_opened, careless_data, user_writable, user_peer_closed,
                                             user_ended };

static bool next_server(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                        void **app)
{
    struct core_rng *rng = ctx;
    struct user *u;
    (void)host;
    (void)c;
    if (nservers == 4096 || core_rng_below(rng, 20) == 0)
        return false;
    u = &servers[nservers++];
    *u = (struct user){ .acts = (unsigned)core_rng_below(rng, 128),
                        .to_send = core_rng_below(rng, 3) * 40000 };
    *ops = &careless_ops;
    *app = u;
    return true;
}

static uint64_t fuzz(uint64_t seed, int rounds)
{
    struct core_rng rng;
    uint64_t hash;
    wire_open(seed);
    core_rng_init(&rng, seed, "fuzz");
    nservers = 0;
    memset(clients, 0, sizeof clients);
    tcp_window(&wire.net, seed % 2 ? 65535 : 262144);
    tcp_listen(&wire.host[1], 25, next_server, &rng);
    for (int i = 0; i < rounds; i++) {
        struct user *u = &clients[core_rng_below(&rng, PAIRS)];
        const struct net_tcp *tcp = wire.net.tcp;
        const struct tcp_conn *c = tcp->slots[core_rng_below(&rng, tcp->mask + 1)].c;
        if (!u->c) {
            struct net_addr dst = wire_addr(1);
            *u = (struct user){ .acts = (unsigned)core_rng_below(&rng, 128) & ~(unsigned)USER_ABORTS_IN_DATA,
                                .to_send = core_rng_below(&rng, 5) * 30000,
                                .closes = core_rng_below(&rng, 2) == 0 };
            u->c = tcp_connect(&wire.host[0], &dst, 25, &careless_ops, u);
        } else if (core_rng_below(&rng, 10) == 0) {
            switch (core_rng_below(&rng, 6)) {
            case 0:
                tcp_close(u->c);
                break;
            case 1:
                tcp_abort(u->c);
                break;
            case 2:
                tcp_read(u->c);
                break;
            case 3:
                u->acts ^= USER_KEEPS_ALL;
                break;
            default:
                tcp_send(u->c, "some words\r\n", 12);
            }
        }
        if (c && core_rng_below(&rng, 3) > 0)
            inject_any(&rng, c, (int)(c->host - wire.host));
        else
            inject_any(&rng, NULL, 1);
        check_all();
        if (core_rng_below(&rng, 4) == 0)
            wire_run(core_rng_below(&rng, core_rng_below(&rng, 30) ? 20 * CORE_MS : 200 * CORE_S));
        check_all();
    }
    for (int i = 0; i < PAIRS; i++)
        if (clients[i].c)
            tcp_abort(clients[i].c);
    for (int j = 0; j < nservers; j++)
        if (servers[j].c)
            tcp_abort(servers[j].c);
    wire_drain();
    check_all();
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_time_wait, 0);
    ck_assert_uint_eq(wire.net.tcp->half_open, 0);
    hash = wire.hash.value ^ wire.trace.seq << 32;
    wire_close();
    return hash;
}

START_TEST(forged_segments_break_nothing)
{
    fuzz((uint64_t)_i, 3000);
}
END_TEST

START_TEST(the_same_seed_does_the_same)
{
    uint64_t first = fuzz(77, 1500), again = fuzz(77, 1500), other = fuzz(78, 1500);
    ck_assert_uint_eq(first, again);
    ck_assert_uint_ne(first, other);
}
END_TEST

START_TEST(an_open_connection_left_behind_is_freed_with_the_network)
{
    struct user a = { .to_send = 100000 }, b = { .acts = USER_KEEPS_ALL };
    wire_open(1);
    user_pair(&a, &b);
    wire_run(CORE_S);
    ck_assert_uint_gt(wire_held(), 0);
    wire_to(b.c, 0, 0, TCP_ACK, ""); /* and nothing in flight */
    wire_run(CORE_S);
    wire_close(); /* checks that nothing is held */
}
END_TEST

START_TEST(a_flood_of_syns_is_bounded)
{
    wire_open(1);
    tcp_listen(&wire.host[1], 25, user_accept, NULL);
    for (uint32_t i = 0; i < TCP_HALF_OPEN_MAX + 5000; i++)
        wire_inject(0, (uint16_t)(1024 + i % 60000), 25, i, 0, TCP_SYN, 100, "");
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, TCP_HALF_OPEN_MAX);
    wire_drain();
    ck_assert_uint_eq(tcp_stats(&wire.net)->now_open, 0);
    ck_assert_uint_eq(wire.net.tcp->half_open, 0);
    wire_close();
}
END_TEST

START_TEST(early_segments_are_bounded)
{
    struct user a = { 0 }, b = { .acts = USER_SINK };
    wire_open(1);
    user_pair(&a, &b);
    for (int32_t i = 0; i < 2000; i++)
        wire_to(b.c, 2 + i * 2, 0, TCP_ACK, "x");
    ck_assert_uint_eq(b.c->held, TCP_HELD_MAX);
    for (int32_t i = 0; i < 2000; i++)
        wire_to(b.c, 2, 0, TCP_ACK, "x"); /* repeated ones are not kept */
    ck_assert_uint_eq(b.c->held, TCP_HELD_MAX);
    wire_run(CORE_S);
    tcp_abort(b.c);
    wire_drain();
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp fuzz");
    TCase *t = tcase_create("forged");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, forged_segments_break_nothing, 0, 30);
    tcase_add_test(t, the_same_seed_does_the_same);
    tcase_add_test(t, an_open_connection_left_behind_is_freed_with_the_network);
    tcase_add_test(t, a_flood_of_syns_is_bounded);
    tcase_add_test(t, early_segments_are_bounded);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
