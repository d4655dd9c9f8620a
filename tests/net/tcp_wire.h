#ifndef TESTS_NET_TCP_WIRE_H
#define TESTS_NET_TCP_WIRE_H
/*
 * tcp_wire - two hosts and nothing else below TCP: tests see every segment and decide its fate.
 *
 *   tcp -> net_ip_send -> [log, fate] -> delay -> net_tcp_input -> tcp
 *
 * A test program includes this once. What IP would do is here; no routers, no ARP, exact times: a
 * segment sent at t arrives at t + delay_ns. An address that neither host has goes nowhere.
 */
#include <assert.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/tcp_internal.h"

#define WIRE_LOG   4096
#define WIRE_HOSTS 2

struct wire_seg {
    uint64_t t_ns;
    int from; /* 0, 1; index of the host that sent it; -1: made by the test */
    uint32_t seq, ack;
    uint32_t len;
    unsigned flags;
    uint16_t wnd;
    uint16_t src_port, dst_port;
    uint32_t conn;
    bool lost;
};

struct wire;
enum wire_fate { WIRE_PASS, WIRE_LOSE, WIRE_TWICE, WIRE_LATE, WIRE_BREAK };
typedef enum wire_fate wire_fate_fn(struct wire *w, const struct wire_seg *s);

struct wire {
    struct core_queue queue;
    struct trace trace;
    struct trace_hash hash;
    struct net net;
    struct net_host host[WIRE_HOSTS];
    struct net_iface iface[WIRE_HOSTS];
    struct net_host *hosts[WIRE_HOSTS];
    uint64_t delay_ns;
    wire_fate_fn *fate; /* NULL: all pass */
    struct core_rng rng;
    uint32_t count; /* for fate functions */
    bool no_route;  /* from the beginning */
    bool unplugged; /* only when it comes to sending */
    size_t nlog;
    uint64_t total;
    struct wire_seg log[WIRE_LOG]; /* the first so many */
};

static struct wire wire; /* one at a time */

static inline struct net_addr wire_addr(int host)
{
    return net_addr4(192, 0, 2, (uint8_t)(host + 1));
}

/* ---- what IP does ------------------------------------------------------------------------------- */

struct net_packet *net_packet_take(struct net *net, int family, size_t l4_octets)
{
    size_t l4 = 2 + NET_ETHER + (family == 4 ? NET_IP4_HEADER : NET_IP6_HEADER);
    bool large = l4 + l4_octets > NET_SMALL;
    struct net_packet *p = core_pool_take(large ? &net->large : &net->small);
    assert(l4 + l4_octets <= NET_FRAME_MAX + 2);
    memset(p, 0, sizeof *p);
    p->large = large;
    p->l4 = (uint16_t)l4;
    p->l4_len = (uint16_t)l4_octets;
    return p;
}

void net_packet_give(struct net *net, struct net_packet *p)
{
    core_pool_give(p->large ? &net->large : &net->small, p);
}

void net_drop(struct net *net, struct net_host *host, struct net_packet *p, enum net_drop why)
{
    (void)host;
    net->stats.dropped[why]++;
    net_packet_give(net, p);
}

struct net_iface *net_owner(const struct net *net, const struct net_addr *a)
{
    (void)net;
    for (int i = 0; i < WIRE_HOSTS; i++) {
        struct net_addr own = wire_addr(i);
        if (net_addr_same(&own, a))
            return &wire.iface[i];
    }
    return NULL;
}

bool net_source_for(struct net_host *host, const struct net_addr *dst, struct net_addr *src)
{
    (void)dst;
    *src = wire_addr((int)(host - wire.host));
    return !wire.no_route;
}

unsigned net_mtu_for(struct net_host *host, const struct net_addr *dst)
{
    (void)host;
    (void)dst;
    return NET_MTU;
}

static inline void wire_arrive(struct core_queue *q, struct core_event *event)
{
    struct net_packet *p = CORE_OWNER(event, struct net_packet, event);
    struct net_iface *to = net_owner(&wire.net, &p->dst);
    (void)q;
    wire.trace.cause = p->cause;
    net_tcp_input(to->host, p);
}

static inline struct wire_seg wire_read(const struct net_packet *p, int from)
{
    const uint8_t *h = p->octets + p->l4;
    return (struct wire_seg){ .t_ns = wire.queue.now_ns,
                              .from = from,
                              .src_port = net_get16(h),
                              .dst_port = net_get16(h + 2),
                              .seq = net_get32(h + 4),
                              .ack = net_get32(h + 8),
                              .len = (uint32_t)(p->l4_len - (h[12] >> 4) * 4),
                              .flags = h[13],
                              .wnd = net_get16(h + 14),
                              .conn = p->conn };
}

static inline void wire_post(struct net_packet *p, uint64_t after_ns)
{
    p->event.run = wire_arrive;
    core_post(&wire.queue, &p->event, wire.queue.now_ns + after_ns);
}

bool net_ip_send(struct net_host *host, struct net_packet *p, uint8_t proto, const struct net_addr *src,
                 const struct net_addr *dst, struct net_path *path)
{
    struct wire_seg s = wire_read(p, (int)(host - wire.host));
    enum wire_fate fate;
    (void)path;
    assert(proto == NET_PROTO_TCP);
    trace_skip(&wire.trace);
    if (wire.no_route || wire.unplugged) {
        net_packet_give(&wire.net, p);
        return false;
    }
    p->src = *src;
    p->dst = *dst;
    p->proto = proto;
    fate = wire.fate ? wire.fate(&wire, &s) : WIRE_PASS;
    if (!net_owner(&wire.net, dst))
        fate = WIRE_LOSE;
    s.lost = fate == WIRE_LOSE;
    wire.total++;
    if (wire.nlog < WIRE_LOG)
        wire.log[wire.nlog++] = s;
    if (fate == WIRE_TWICE) {
        struct net_packet *copy = core_pool_take(p->large ? &wire.net.large : &wire.net.small);
        memcpy(copy, p, sizeof *p + p->l4 + p->l4_len);
        wire_post(copy, wire.delay_ns + CORE_MS);
    }
    if (fate == WIRE_BREAK)
        p->octets[p->l4 + core_rng_below(&wire.rng, p->l4_len)] ^=
            (uint8_t)(1 + core_rng_below(&wire.rng, 255));
    if (fate == WIRE_LOSE)
        net_packet_give(&wire.net, p);
    else
        wire_post(p, wire.delay_ns * (fate == WIRE_LATE ? 3 : 1));
    return true;
}

/* ---- making segments ------------------------------------------------------------------------------ */

/* A segment from `from` to the other host, as if it came off the wire now. */
static inline void wire_inject(int from, uint16_t src_port, uint16_t dst_port, uint32_t seq, uint32_t ack,
                               unsigned flags, uint16_t wnd, const char *data)
{
    size_t len = strlen(data), all = TCP_HEADER + len;
    struct net_packet *p = net_packet_take(&wire.net, 4, all);
    uint8_t *h = net_packet_l4(p);
    uint16_t sum;
    memset(h, 0, TCP_HEADER);
    p->src = wire_addr(from);
    p->dst = wire_addr(1 - from);
    net_put16(h, src_port);
    net_put16(h + 2, dst_port);
    net_put32(h + 4, seq);
    net_put32(h + 8, ack);
    h[12] = 5 << 4;
    h[13] = (uint8_t)flags;
    net_put16(h + 14, wnd);
    memcpy(h + TCP_HEADER, data, len);
    sum = net_sum_finish(net_sum(h, all, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_TCP, all)));
    memcpy(h + 16, &sum, sizeof sum);
    net_tcp_input(&wire.host[1 - from], p);
}

/* The same for connection c's peer, by default exactly what c expects next. */
static inline void wire_to(const struct tcp_conn *c, int32_t seq_off, int32_t ack_off, unsigned flags,
                           const char *data)
{
    int from = c->host == &wire.host[0] ? 1 : 0;
    wire_inject(from, c->remote_port, c->local_port, c->rcv_nxt + (uint32_t)seq_off,
                c->snd_max + (uint32_t)ack_off, flags, TCP_WINDOW_MAX, data);
}

/* ---- set-up ----------------------------------------------------------------------------------------- */

static inline void wire_open(uint64_t seed)
{
    struct trace_sink sink;
    memset(&wire, 0, sizeof wire);
    core_queue_init(&wire.queue);
    trace_init(&wire.trace);
    wire.hash = (struct trace_hash){ 0 };
    sink = trace_hash_sink(&wire.hash);
    trace_add(&wire.trace, &sink);
    wire.net.queue = &wire.queue;
    wire.net.trace = &wire.trace;
    wire.net.seed = seed;
    core_pool_init(&wire.net.small, sizeof(struct net_packet) + 2 + NET_SMALL, 0);
    core_pool_init(&wire.net.large, sizeof(struct net_packet) + 2 + NET_FRAME_MAX, 0);
    core_depot_init(&wire.net.depot);
    for (int i = 0; i < WIRE_HOSTS; i++) {
        wire.host[i].net = &wire.net;
        wire.host[i].number = (uint32_t)i + 1;
        wire.iface[i].host = &wire.host[i];
    }
    wire.delay_ns = 10 * CORE_MS;
    core_rng_init(&wire.rng, seed, "wire");
    net_tcp_init(&wire.net);
    wire.queue.now_ns = CORE_S; /* so that no time is 0 */
}

/* Octets and packets that TCP still holds, besides control blocks. */
static inline size_t wire_held(void)
{
    size_t n = wire.net.small.in_use + wire.net.large.in_use;
    for (int i = 0; i < CORE_DEPOT_CLASSES; i++)
        n += wire.net.depot.pool[i].in_use;
    return n;
}

static inline void wire_close(void)
{
    ck_assert_uint_eq(wire.queue.nevents, 0);
    net_tcp_free(&wire.net);
    ck_assert_uint_eq(wire_held(), 0);
    core_pool_free(&wire.net.small);
    core_pool_free(&wire.net.large);
    core_depot_free(&wire.net.depot);
    core_queue_free(&wire.queue);
}

static inline uint64_t wire_run(uint64_t for_ns)
{
    uint64_t until = wire.queue.now_ns + for_ns, ran = core_queue_run(&wire.queue, until);
    wire.queue.now_ns = until; /* nothing is due before it */
    return ran;
}

/* Runs until nothing is left, TIME-WAIT included. */
static inline void wire_drain(void)
{
    core_queue_run(&wire.queue, CORE_NEVER - 1);
}

/* The n-th segment of the log (from 0) that `host` sent with these flags set. */
static inline const struct wire_seg *wire_sent(int host, unsigned flags, size_t n)
{
    for (size_t i = 0; i < wire.nlog; i++)
        if (wire.log[i].from == host && (wire.log[i].flags & flags) == flags && n-- == 0)
            return &wire.log[i];
    return NULL;
}

static inline void wire_print(void)
{
    for (size_t i = 0; i < wire.nlog; i++) {
        const struct wire_seg *s = &wire.log[i];
        printf("%12.6f %d %s%s%s%s%s seq %u ack %u len %u wnd %u%s\n", (double)s->t_ns / 1e9, s->from,
               s->flags & TCP_SYN ? "S" : "", s->flags & TCP_FIN ? "F" : "", s->flags & TCP_RST ? "R" : "",
               s->flags & TCP_PSH ? "P" : "", s->flags & TCP_ACK ? "." : "", s->seq, s->ack, s->len, s->wnd,
               s->lost ? " LOST" : "");
    }
}

/* ---- a user ------------------------------------------------------------------------------------------ */

enum user_act {
    USER_CLOSES_WHEN_PEER_DOES = 1 << 0,
    USER_ABORTS_IN_DATA = 1 << 1,
    USER_CLOSES_IN_DATA = 1 << 2,
    USER_ECHOES = 1 << 3,
    USER_KEEPS_ALL = 1 << 4, /* takes nothing */
    USER_SINK = 1 << 5,      /* counts and hashes, stores nothing */
    USER_ANSWERS = 1 << 6    /* each data() with "ok" */
};

struct user {
    struct tcp_conn *c; /* NULL once ended */
    unsigned acts;
    int opened, peer_closed, ended, writable, shown;
    enum tcp_end why;
    size_t got_len, most_shown;
    uint64_t got_hash;
    char got[4096];
    uint64_t to_send, sent; /* a stream of octets that depend on their place; then close */
    bool closes;
};

static inline char user_octet(uint64_t at)
{
    return (char)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

static inline void user_stream(struct user *u)
{
    char piece[3000];
    while (u->sent < u->to_send) {
        size_t n = sizeof piece, took;
        if (n > u->to_send - u->sent)
            n = (size_t)(u->to_send - u->sent);
        for (size_t i = 0; i < n; i++)
            piece[i] = user_octet(u->sent + i);
        took = tcp_send(u->c, piece, n);
        u->sent += took;
        if (took < n)
            return;
    }
    if (u->closes)
        tcp_close(u->c);
}

static inline void user_opened(struct tcp_conn *c, void *app)
{
    struct user *u = app;
    ck_assert(tcp_state(c) == TCP_ESTABLISHED);
    u->opened++;
    u->c = c;
    if (u->to_send)
        user_stream(u);
}

static inline size_t user_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct user *u = app;
    ck_assert_uint_gt(len, 0);
    u->shown++;
    if (len > u->most_shown)
        u->most_shown = len;
    if (u->acts & USER_KEEPS_ALL)
        return 0;
    if (u->acts & USER_ABORTS_IN_DATA) {
        tcp_abort(c);
        ck_assert_int_eq(octets[0], octets[0]); /* still readable */
        return len;
    }
    if (u->acts & USER_SINK) {
        for (size_t i = 0; i < len; i++)
            if (octets[i] != user_octet(u->got_len + i))
                ck_abort_msg("octet %zu differs", u->got_len + i);
    } else {
        ck_assert_uint_le(u->got_len + len, sizeof u->got);
        memcpy(u->got + u->got_len, octets, len);
    }
    u->got_len += len;
    if (u->acts & USER_ECHOES)
        tcp_send(c, octets, len);
    if (u->acts & USER_ANSWERS)
        tcp_send(c, "ok", 2);
    if (u->acts & USER_CLOSES_IN_DATA)
        tcp_close(c);
    return len;
}

static inline void user_writable(struct tcp_conn *c, void *app)
{
    struct user *u = app;
    u->writable++;
    ck_assert_uint_ge(tcp_send_room(c), TCP_SEND_MAX / 2);
    user_stream(u);
}

static inline void user_peer_closed(struct tcp_conn *c, void *app)
{
    struct user *u = app;
    u->peer_closed++;
    if (u->acts & USER_CLOSES_WHEN_PEER_DOES)
        tcp_close(c);
}

static inline void user_ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct user *u = app;
    (void)c;
    ck_assert_int_eq(u->ended, 0);
    u->ended++;
    u->why = why;
    u->c = NULL;
}

static const struct tcp_ops user_ops = { user_opened, user_data, user_writable, user_peer_closed,
                                         user_ended };

/* The listener's context is the user that the next connection gets; NULL refuses. */
static inline bool user_accept(struct net_host *host, void *ctx, struct tcp_conn *c,
                               const struct tcp_ops **ops, void **app)
{
    (void)host;
    (void)c;
    *ops = &user_ops;
    *app = ctx;
    return ctx != NULL;
}

static inline void user_connect(struct user *u, int host, uint16_t port)
{
    struct net_addr dst = wire_addr(1 - host);
    u->c = tcp_connect(&wire.host[host], &dst, port, &user_ops, u);
    ck_assert_ptr_nonnull(u->c);
}

/* Client on host 0, server on host 1, port 25, connected. */
static inline void user_pair(struct user *client, struct user *server)
{
    ck_assert(tcp_listen(&wire.host[1], 25, user_accept, server));
    user_connect(client, 0, 25);
    wire_run(2 * wire.delay_ns + wire.delay_ns);
    ck_assert_int_eq(client->opened, 1);
    ck_assert_int_eq(server->opened, 1);
}

static inline bool user_got(const struct user *u, const char *text)
{
    return u->got_len == strlen(text) && memcmp(u->got, text, u->got_len) == 0;
}
#endif
