/* What a real kernel's TCP says to ours: the options of its SYN, keep-alive, larger buffers. */
#include "tests/check_main.h"
#include "tests/net/tcp_wire.h"

#define PORT 40000
#define ISS  7000

/* The SYN that Linux sends: MSS 1460, SACK permitted, timestamps, Window Scale 7; ECN-setup (RFC 3168 6.1.1).
 */
static void kernel_syn(void)
{
    static const uint8_t options[20] = { 2,    4,    0x05, 0xb4, 4, 2, 8, 10, 0, 0,
                                         0x12, 0x34, 0,    0,    0, 0, 1, 3,  3, 7 };
    struct net_packet *p = net_packet_take(&wire.net, 4, TCP_HEADER + sizeof options);
    uint8_t *h = net_packet_l4(p);
    uint16_t sum;
    memset(h, 0, TCP_HEADER);
    p->src = wire_addr(0);
    p->dst = wire_addr(1);
    net_put16(h, PORT);
    net_put16(h + 2, 25);
    net_put32(h + 4, ISS);
    h[12] = 10 << 4;
    h[13] = 0xc2; /* CWR, ECE, SYN */
    net_put16(h + 14, 64240);
    memcpy(h + TCP_HEADER, options, sizeof options);
    sum = net_sum_finish(net_sum(h, p->l4_len, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_TCP, p->l4_len)));
    memcpy(h + 16, &sum, sizeof sum);
    net_tcp_input(&wire.host[1], p);
}

static void connect_kernel(struct user *b)
{
    wire_open(1);
    tcp_window(&wire.net, 262144);
    tcp_listen(&wire.host[1], 25, user_accept, b);
    kernel_syn();
    wire_inject(0, PORT, 25, ISS + 1, wire.log[0].seq + 1, TCP_ACK, 502, "");
    ck_assert_int_eq(b->opened, 1);
}

START_TEST(a_kernels_syn_gets_scaling_and_nothing_else)
{
    struct user b = { .acts = 0 };
    connect_kernel(&b);
    ck_assert_uint_eq(wire.log[0].flags, TCP_SYN | TCP_ACK); /* no ECE: ECN is declined */
    ck_assert_uint_eq(b.c->mss, 1460);
    ck_assert_uint_eq(b.c->snd_shift, 7);
    ck_assert_uint_eq(b.c->rcv_shift, 3);
    ck_assert_uint_eq(b.c->snd_wnd, 502u << 7);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(keep_alive_is_answered_and_does_no_harm)
{
    struct user b = { .acts = 0 };
    size_t before;
    connect_kernel(&b);
    for (int i = 0; i < 3; i++) { /* before our other host hears of it, and says that it knows nothing */
        before = wire.nlog;
        wire_to(b.c, -1, 0, TCP_ACK, ""); /* no data, the octet before the next one: RFC 9293 section 3.8.4 */
        ck_assert_uint_eq(wire.nlog, before + 1);
        ck_assert_uint_eq(wire.log[before].flags, TCP_ACK);
        ck_assert_uint_eq(wire.log[before].ack, ISS + 1);
    }
    ck_assert_int_eq(b.ended, 0);
    wire_drain();
    wire_close();
}
END_TEST

START_TEST(a_larger_send_buffer_fills_a_larger_window)
{
    struct user a = { .to_send = 3000000, .closes = true },
                b = { .acts = USER_SINK | USER_CLOSES_WHEN_PEER_DOES };
    uint32_t most = 0;
    wire_open(1);
    tcp_window(&wire.net, 262144);
    tcp_send_buffer(&wire.net, 262144);
    user_pair(&a, &b);
    ck_assert_uint_eq(a.sent, 262144);
    for (int i = 0; i < 100 && a.ended == 0; i++) {
        wire_run(5 * CORE_MS);
        if (a.ended == 0)
            most = tcp_most(most, a.c->snd_max - a.c->snd_una);
    }
    ck_assert_uint_ge(most, 200000);
    wire_drain();
    ck_assert_uint_eq(b.got_len, 3000000);
    ck_assert_uint_eq(tcp_stats(&wire.net)->retransmitted, 0);
    wire_close();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("tcp kernel");
    TCase *t = tcase_create("tcp kernel");
    tcase_add_test(t, a_kernels_syn_gets_scaling_and_nothing_else);
    tcase_add_test(t, keep_alive_is_answered_and_does_no_harm);
    tcase_add_test(t, a_larger_send_buffer_fills_a_larger_window);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
