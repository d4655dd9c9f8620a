#ifndef TESTS_NET_NET_WORLD_H
#define TESTS_NET_NET_WORLD_H
/*
 * net_world - a small internet for tests, and everything that its trace said.
 *
 *   alice 192.0.2.10 ---home--- r1 ---middle--- r2 ---office--- server 203.0.113.25
 *         2001:db8:1::10        .1   198.51.100.0/24   .1             2001:db8:3::25
 *
 * Every link: 8 Gbit/s (1 ns an octet) and 1 ms. world_line() has alice and bob (192.0.2.20) on one
 * link instead. The checker looks at every sent and forwarded frame: lengths, sums, padding.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/ether.h"
#include "sim/net/fault.h"
#include "sim/net/firewall.h"
#include "sim/net/icmp.h"
#include "sim/net/ip.h"
#include "sim/net/neighbour.h"
#include "sim/net/net_link.h"
#include "sim/net/octets.h"
#include "sim/net/tcp.h"
#include "sim/net/udp.h"

#ifndef WORLD_LOG
#define WORLD_LOG 4096 /* records kept */
#endif

struct world_record {
    enum trace_kind kind;
    enum trace_proto proto;
    uint64_t seq, cause, t_ns, frame, instead_of;
    uint32_t host, peer, link;
    char changed[100], text[160], why[24], fault[24], event[24], pointer[40], action[12];
    size_t nbytes;
    uint8_t bytes[NET_FRAME_MAX];
};

struct world {
    struct core_queue queue;
    struct trace trace;
    struct trace_hash hash;
    struct net net;
    struct net_link *home, *middle, *office;
    struct net_host *alice, *bob, *r1, *r2, *server;
    struct net_addr alice4, alice6, bob4, bob6, server4, server6;
    bool unchecked; /* frames may be broken on purpose */
    size_t n;
    struct world_record *log;
};

static struct world w; /* one at a time */

static struct net_addr addr(const char *text)
{
    struct net_addr a;
    ck_assert_msg(net_addr_parse(&a, text), "%s", text);
    return a;
}

static void world_check_frame(const uint8_t *f, size_t len)
{
    const uint8_t *ip = f + NET_ETHER;
    uint16_t type = net_get16(f + 12);
    ck_assert_uint_ge(len, NET_FRAME_MIN);
    ck_assert_uint_le(len, NET_FRAME_MAX);
    ck_assert_uint_eq(f[6], 0x02);
    if (type == NET_TYPE_IP4) {
        size_t total = net_get16(ip + 2);
        ck_assert_uint_eq(len, total + 14 < 60 ? 60 : total + 14);
        ck_assert_uint_eq(net_sum(ip, 20, 0), 0xffff);
        ck_assert_uint_eq(ip[6], 0x40);
        for (size_t i = total + 14; i < len; i++)
            ck_assert_uint_eq(f[i], 0);
        struct net_addr src = net_addr4(ip[12], ip[13], ip[14], ip[15]);
        struct net_addr dst = net_addr4(ip[16], ip[17], ip[18], ip[19]);
        size_t l4 = total - 20;
        ck_assert_uint_eq(net_sum(ip + 20, l4, ip[9] == 1 ? 0 : net_sum_pseudo(&src, &dst, ip[9], l4)),
                          0xffff);
    } else if (type == NET_TYPE_IP6) {
        size_t l4 = net_get16(ip + 4);
        struct net_addr src, dst;
        memcpy(src.b, ip + 8, 16);
        memcpy(dst.b, ip + 24, 16);
        ck_assert_uint_eq(len, l4 + 54 < 60 ? 60 : l4 + 54);
        ck_assert_uint_eq(net_get32(ip), 0x60000000);
        ck_assert_uint_eq(net_sum(ip + 40, l4, net_sum_pseudo(&src, &dst, ip[6], l4)), 0xffff);
    } else {
        ck_assert_uint_eq(type, NET_TYPE_ARP);
        ck_assert_uint_eq(len, 60);
    }
}

static void world_copy(char *out, size_t size, const char *s)
{
    snprintf(out, size, "%s", s ? s : "");
}

static void world_keep(void *ctx, const struct trace_record *r)
{
    struct world_record *k;
    (void)ctx;
    if ((r->kind == TRACE_KIND_SENT || r->kind == TRACE_KIND_FORWARDED) && !w.unchecked)
        world_check_frame(r->bytes, r->nbytes);
    if (w.n == WORLD_LOG)
        return;
    k = &w.log[w.n++];
    memset(k, 0, offsetof(struct world_record, bytes));
    k->kind = r->kind;
    k->proto = r->proto;
    k->seq = r->seq;
    k->cause = r->cause;
    k->t_ns = r->t_ns;
    k->frame = r->frame;
    k->instead_of = (uint64_t)trace_attr_number(r, "instead_of");
    world_copy(k->changed, sizeof k->changed, trace_attr_get(r, "changed"));
    k->host = r->host;
    k->peer = r->peer;
    k->link = r->link;
    if (r->text)
        snprintf(k->text, sizeof k->text, "%.*s", (int)r->text_len, r->text);
    world_copy(k->why, sizeof k->why, trace_attr_get(r, "why"));
    world_copy(k->fault, sizeof k->fault, trace_attr_get(r, "fault"));
    world_copy(k->event, sizeof k->event, trace_attr_get(r, "event"));
    world_copy(k->pointer, sizeof k->pointer, trace_attr_get(r, "pointer"));
    world_copy(k->action, sizeof k->action, trace_attr_get(r, "action"));
    k->nbytes = r->nbytes;
    if (r->nbytes)
        memcpy(k->bytes, r->bytes, r->nbytes);
}

static void world_begin(uint64_t seed)
{
    struct trace_sink log = { .levels = TRACE_ALL, .record = world_keep };
    struct trace_sink hash;
    memset(&w, 0, sizeof w);
    w.log = malloc(WORLD_LOG * sizeof *w.log);
    core_queue_init(&w.queue);
    trace_init(&w.trace);
    hash = trace_hash_sink(&w.hash);
    trace_add(&w.trace, &hash);
    trace_add(&w.trace, &log);
    net_init(&w.net, &w.queue, &w.trace, seed);
    w.alice4 = addr("192.0.2.10");
    w.alice6 = addr("2001:db8:1::10");
    w.bob4 = addr("192.0.2.20");
    w.bob6 = addr("2001:db8:1::20");
    w.server4 = addr("203.0.113.25");
    w.server6 = addr("2001:db8:3::25");
}

static const struct net_link_params world_params = { .rate_bps = 8000000000, .delay_ns = CORE_MS };

static inline struct net_iface *world_iface(struct net_host *h, struct net_link *l, const char *ip4,
                                            const char *ip6)
{
    struct net_addr a4 = addr(ip4), a6 = addr(ip6);
    struct net_iface *iface = net_iface_add(h, l, &a4, 24, &a6, 64);
    ck_assert_ptr_nonnull(iface);
    return iface;
}

static inline void world_via(struct net_host *h, const char *prefix, unsigned bits, const char *gateway)
{
    struct net_addr p = addr(prefix), g = addr(gateway);
    ck_assert(net_route_add(h, &p, bits, &g));
}

static inline void world_line_seeded(uint64_t seed)
{
    world_begin(seed);
    w.home = net_link_add(&w.net, "home", &world_params);
    w.alice = net_host_add(&w.net, "alice");
    w.bob = net_host_add(&w.net, "bob");
    world_iface(w.alice, w.home, "192.0.2.10", "2001:db8:1::10");
    world_iface(w.bob, w.home, "192.0.2.20", "2001:db8:1::20");
}

static inline void world_line(void)
{
    world_line_seeded(1);
}

static inline void world_routers(void)
{
    world_begin(1);
    w.home = net_link_add(&w.net, "home", &world_params);
    w.middle = net_link_add(&w.net, "middle", &world_params);
    w.office = net_link_add(&w.net, "office", &world_params);
    w.alice = net_host_add(&w.net, "alice");
    w.r1 = net_host_add(&w.net, "r1");
    w.r2 = net_host_add(&w.net, "r2");
    w.server = net_host_add(&w.net, "server");
    w.r1->forwards = w.r2->forwards = true;
    world_iface(w.alice, w.home, "192.0.2.10", "2001:db8:1::10");
    world_iface(w.r1, w.home, "192.0.2.1", "2001:db8:1::1");
    world_iface(w.r1, w.middle, "198.51.100.1", "2001:db8:2::1");
    world_iface(w.r2, w.middle, "198.51.100.2", "2001:db8:2::2");
    world_iface(w.r2, w.office, "203.0.113.1", "2001:db8:3::1");
    world_iface(w.server, w.office, "203.0.113.25", "2001:db8:3::25");
    world_via(w.alice, "0.0.0.0", 0, "192.0.2.1");
    world_via(w.alice, "::", 0, "2001:db8:1::1");
    world_via(w.r1, "203.0.113.0", 24, "198.51.100.2");
    world_via(w.r1, "2001:db8:3::", 64, "2001:db8:2::2");
    world_via(w.r2, "192.0.2.0", 24, "198.51.100.1");
    world_via(w.r2, "2001:db8:1::", 64, "2001:db8:2::1");
    world_via(w.server, "0.0.0.0", 0, "203.0.113.1");
    world_via(w.server, "::", 0, "2001:db8:3::1");
}

/* Runs until nothing is left to do (or for an hour), and finds that no packet has leaked. */
static inline void world_run(void)
{
    core_queue_run(&w.queue, w.queue.now_ns + CORE_HOUR);
    ck_assert_uint_eq(core_queue_next_ns(&w.queue), CORE_NEVER);
    ck_assert_uint_eq(w.net.small.in_use, 0);
    ck_assert_uint_eq(w.net.large.in_use, 0);
    ck_assert_uint_eq(w.net.neighbours->resolutions.in_use, 0);
}

static inline void world_end(void)
{
    net_free(&w.net);
    core_queue_free(&w.queue);
    free(w.log);
    w.log = NULL;
}

static inline void world_forget(void)
{
    w.n = 0;
}

/* The nth (from 0) record of that kind and protocol (TRACE_NONE: any) of that host (NULL: any), or NULL. */
static inline const struct world_record *world_find(enum trace_kind kind, enum trace_proto proto,
                                                    const struct net_host *host, size_t nth)
{
    for (size_t i = 0; i < w.n; i++) {
        const struct world_record *r = &w.log[i];
        if (r->kind == kind && (proto == TRACE_NONE || r->proto == proto) &&
            (!host || r->host == host->number) && nth-- == 0)
            return r;
    }
    return NULL;
}

static inline const struct world_record *world_get(enum trace_kind kind, enum trace_proto proto,
                                                   const struct net_host *host, size_t nth)
{
    const struct world_record *r = world_find(kind, proto, host, nth);
    ck_assert_msg(r != NULL, "no record %zu of kind %s", nth, trace_kind_name(kind));
    return r;
}

static inline size_t world_count(enum trace_kind kind, enum trace_proto proto, const struct net_host *host)
{
    size_t n = 0;
    while (world_find(kind, proto, host, n))
        n++;
    return n;
}

/* ---- a UDP user ------------------------------------------------------------------------- */

struct world_user {
    struct udp_socket *socket;
    unsigned received, unreachable;
    enum net_unreachable reason;
    uint64_t at_ns[64];
    char said[64][64];
    uint16_t sport;
    struct net_addr src;
    uint32_t exchange;
    bool answers;
};

static inline void user_receive(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                                const uint8_t *octets, size_t len)
{
    struct world_user *u = ctx;
    unsigned i = u->received++ % 64;
    u->at_ns[i] = w.queue.now_ns;
    snprintf(u->said[i], sizeof u->said[i], "%.*s", (int)len, (const char *)octets);
    u->src = *src;
    u->sport = sport;
    u->exchange = udp_exchange(s);
    if (u->answers)
        udp_send_from(s, udp_received_at(s), src, sport, octets, len);
}

static inline void user_unreachable(struct udp_socket *s, void *ctx, const struct net_addr *dst,
                                    uint16_t dport, enum net_unreachable reason)
{
    struct world_user *u = ctx;
    (void)s, (void)dst, (void)dport;
    u->unreachable++;
    u->reason = reason;
}

static inline void user_open(struct world_user *u, struct net_host *h, uint16_t port)
{
    memset(u, 0, sizeof *u);
    u->socket = udp_bind(h, port, user_receive, u);
    ck_assert_ptr_nonnull(u->socket);
    udp_on_unreachable(u->socket, user_unreachable);
}

static inline bool user_say(struct world_user *u, const struct net_addr *dst, uint16_t dport,
                            const char *text)
{
    return udp_send(u->socket, dst, dport, text, strlen(text));
}

/* Both sides of the line know each other already. */
static inline void world_meet(void)
{
    struct net_iface *a = w.alice->ifaces[0], *b = w.bob->ifaces[0];
    net_neighbour_learn(a, &w.bob4, b->mac, true);
    net_neighbour_learn(b, &w.alice4, a->mac, true);
    net_neighbour_learn(a, &w.bob6, b->mac, true);
    net_neighbour_learn(b, &w.alice6, a->mac, true);
    world_forget();
}
#endif
