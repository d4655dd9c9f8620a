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
#include "tests/fuzz/fuzz_sums.h"
#include "tests/net/net_world.h"

#define FRAMES_MAX 12

/* What our hosts send by themselves is always well-formed. A router passes on what it was given. */
static void sent(void *ctx, const struct trace_record *r)
{
    (void)ctx;
    if (r->kind == TRACE_KIND_SENT)
        world_check_frame(r->bytes, r->nbytes);
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
        fuzz_make_right(ip, octets.len, how & 1);
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
