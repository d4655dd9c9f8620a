/*
 * Frames that arrive at hosts and a router: IP, ARP, Neighbor Discovery.
 *
 * Input: frames, each an octet (bits 0 and 1: IPv4, IPv6, ARP, another type; bit 2: to the router, not to
 * alice; bit 3: sums stay as they are; bit 4: time passes), an octet of length, the octets behind the
 * Ethernet header.
 */
#define WORLD_LOG 1
#include <check.h>

#include "tests/fuzz/fuzz.h"
#include "tests/net/net_world.h"

#define FRAMES_MAX 12

/* What our hosts send by themselves is always well-formed. A router passes on what it was given. */
static void sent(void *ctx, const struct trace_record *r)
{
    (void)ctx;
    if (r->kind == TRACE_KIND_SENT)
        world_check_frame(r->bytes, r->nbytes);
}

static void put_sum(uint8_t *at, uint16_t sum)
{
    memcpy(at, &sum, sizeof sum);
}

/* The checksums a hostile sender would put in. */
static void make_right(uint8_t *ip, size_t len, bool six)
{
    size_t header = six ? 40 : 20, l4;
    struct net_addr src, dst;
    uint8_t proto = six ? ip[6] : ip[9], *sum_at;
    if (len < header + 4)
        return;
    l4 = len - header;
    if (six) {
        memcpy(src.b, ip + 8, 16);
        memcpy(dst.b, ip + 24, 16);
        if (net_get16(ip + 4) < l4)
            l4 = net_get16(ip + 4);
    } else {
        src = net_addr4(ip[12], ip[13], ip[14], ip[15]);
        dst = net_addr4(ip[16], ip[17], ip[18], ip[19]);
        if (net_get16(ip + 2) < len)
            l4 = net_get16(ip + 2) > 20 ? net_get16(ip + 2) - 20u : 0;
        put_sum(ip + 10, 0);
        put_sum(ip + 10, net_sum_finish(net_sum(ip, 20, 0)));
    }
    sum_at = ip + header + (proto == NET_PROTO_TCP ? 16 : proto == NET_PROTO_UDP ? 6 : 2);
    if (sum_at + 2 > ip + header + l4)
        return;
    put_sum(sum_at, 0);
    put_sum(sum_at, net_sum_finish(net_sum(ip + header, l4,
                                           !six && proto == 1 ? 0 : net_sum_pseudo(&src, &dst, proto, l4))));
}

static void arrive(struct net_host *host, uint8_t how, struct fuzz_input octets)
{
    static const uint16_t types[] = { NET_TYPE_IP4, NET_TYPE_IP6, NET_TYPE_ARP, 0x88cc };
    struct net_iface *iface = host->ifaces[0];
    struct net_packet *p = net_packet_raw(&w.net, octets.len);
    uint8_t *ip = p->octets + p->l3;
    if (octets.len > 0)
        memcpy(ip, octets.at, octets.len);
    if (!(how & 8) && (how & 3) < 2)
        make_right(ip, octets.len, how & 1);
    net_ether_frame(p, iface->mac, net_outside_mac, types[how & 3]);
    p->frame = ++w.trace.frames;
    p->iface = iface;
    net_ether_input(p);
}

static size_t echo(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    (void)app;
    tcp_send(c, octets, len);
    return len;
}

static const struct tcp_ops echo_ops = { .data = echo };

static bool accept_all(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                       void **app)
{
    (void)host, (void)ctx, (void)c;
    *ops = &echo_ops;
    *app = NULL;
    return true;
}

static void hear(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                 const uint8_t *octets, size_t len)
{
    (void)ctx;
    udp_send_from(s, udp_received_at(s), src, sport, octets, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    struct trace_sink sink = { .levels = TRACE_ALL, .record = sent };
    struct udp_socket *s;
    world_routers();
    w.unchecked = true;
    trace_add(&w.trace, &sink);
    s = udp_bind(w.alice, 53, hear, NULL);
    HOLDS(s && tcp_listen(w.alice, 25, accept_all, NULL));
    for (int i = 0; i < FRAMES_MAX && in.len > 0; i++) {
        uint8_t how = fuzz_u8(&in), len = fuzz_u8(&in);
        arrive(how & 4 ? w.r1 : w.alice, how, fuzz_bytes(&in, len));
        if (how & 16)
            core_queue_run(&w.queue, w.queue.now_ns + 100 * CORE_MS);
    }
    core_queue_run(&w.queue, w.queue.now_ns + CORE_HOUR);
    HOLDS(w.net.small.in_use == 0 && w.net.large.in_use == 0); /* no packet is lost in a corner */
    HOLDS(w.net.neighbours->resolutions.in_use == 0);
    world_end();
    return 0;
}
