/*
 * TCP: connections of two hosts, and segments that somebody throws in between.
 *
 * Input: steps, each an opcode and its octets:
 *   0 user   a client connects, or one that has: what its user does next
 *   1 user   which client; what: send, close, abort, read, keep all
 *   2..8     a segment to connection n: seq and ack near what it expects, flags, window, options, data; sums
 * right 9 time   runs for so long
 */
#include <check.h>

#include "tests/fuzz/fuzz.h"
#include "tests/net/tcp_check.h"

#define STEPS_MAX 200
enum { CLIENTS = 4, SERVERS = 400 };

static struct user clients[CLIENTS], servers[SERVERS];
static size_t nservers;

/* A user that does not look at what it gets: it is forged. */
static size_t careless_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct user *u = app;
    char *copy = fuzz_exact(octets, len); /* all of it can be read */
    free(copy);
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
    struct user *u;
    (void)host, (void)ctx, (void)c;
    if (nservers == SERVERS)
        return false;
    u = &servers[nservers++];
    *u = (struct user){ .acts = (unsigned)(nservers * 37) & 127, .to_send = nservers % 3 * 40000 };
    *ops = &careless_ops;
    *app = u;
    return true;
}

static uint32_t near(uint8_t how, uint32_t x)
{
    static const int32_t steps[] = { 0, 1, -1, 4, 100, -100, 1460, -1460, 65535, -65535, 70000, 1 << 30 };
    return how < 12 ? x + (uint32_t)steps[how] : how < 128 ? x + how * 7u : how * UINT32_C(0x01234567);
}

static void segment(struct fuzz_input *in)
{
    const struct net_tcp *tcp = wire.net.tcp;
    const struct tcp_conn *c = NULL;
    uint8_t which = fuzz_u8(in), seq = fuzz_u8(in), ack = fuzz_u8(in), flags = fuzz_u8(in),
            shape = fuzz_u8(in);
    size_t header = 20 + 4 * (size_t)(shape % 11), len = shape / 11 * 16u + fuzz_u8(in), seen = 0;
    struct fuzz_input octets = fuzz_bytes(in, header - 20 + (len < 64 ? len : 64));
    struct net_packet *p;
    uint8_t *h;
    uint16_t sum;
    int to = 1;
    for (size_t i = 0; i <= tcp->mask; i++) /* the connection of that number */
        if (tcp->slots[i].c && (seen++ == which % 8u || !c))
            c = tcp->slots[i].c;
    if (which >= 240)
        c = NULL; /* a stranger's */
    if (c)
        to = (int)(c->host - wire.host);
    p = net_packet_take(&wire.net, 4, header + len);
    h = net_packet_l4(p);
    memset(h, 0, header + len);
    if (octets.len > 0)
        memcpy(h + 20, octets.at, octets.len);
    p->src = wire_addr(1 - to);
    p->dst = wire_addr(to);
    net_put16(h, c ? c->remote_port : (uint16_t)(5000 + which));
    net_put16(h + 2, c ? c->local_port : 25);
    net_put32(h + 4, near(seq, c ? c->rcv_nxt : 1000));
    net_put32(h + 8, near(ack, c ? (ack & 1 ? c->snd_una : c->snd_max) : 7));
    h[12] = (uint8_t)(header << 2);
    h[13] = flags & 63;
    net_put16(h + 14, flags & 64 ? 0 : flags & 128 ? 300 : 65535);
    sum = net_sum_finish(
        net_sum(h, header + len, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_TCP, header + len)));
    memcpy(h + 16, &sum, sizeof sum);
    net_tcp_input(&wire.host[to], p);
}

static void act(struct user *u, uint8_t what)
{
    switch (what % 8) {
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
    case 4:
        u->to_send += 50000;
        user_stream(u);
        break;
    default:
        tcp_send(u->c, "some words\r\n", what % 13u);
    }
}

static uint64_t run(struct fuzz_input in)
{
    uint64_t hash;
    wire_open(1);
    nservers = 0;
    memset(clients, 0, sizeof clients);
    tcp_listen(&wire.host[1], 25, next_server, NULL);
    for (int i = 0; i < STEPS_MAX && in.len > 0; i++) {
        uint8_t op = fuzz_u8(&in), arg;
        struct user *u;
        switch (op % 10) {
        case 0:
        case 1:
            arg = fuzz_u8(&in);
            u = &clients[arg % CLIENTS];
            if (!u->c) {
                struct net_addr dst = wire_addr(1);
                *u = (struct user){ .acts = (unsigned)(arg >> 1) & ~(unsigned)USER_ABORTS_IN_DATA,
                                    .to_send = arg >> 6 == 3 ? 90000 : 0,
                                    .closes = arg & 32 };
                u->c = tcp_connect(&wire.host[0], &dst, 25, &careless_ops, u);
            } else {
                act(u, arg >> 2);
            }
            break;
        case 9:
            arg = fuzz_u8(&in);
            wire_run(arg < 128 ? arg * CORE_MS : (uint64_t)(arg - 127) * CORE_S);
            break;
        default:
            segment(&in);
        }
        check_all();
    }
    for (int round = 0; round < 2; round++) { /* a server may have been opened after the first */
        for (size_t i = 0; i < CLIENTS; i++)
            if (clients[i].c)
                tcp_abort(clients[i].c);
        for (size_t i = 0; i < nservers; i++)
            if (servers[i].c)
                tcp_abort(servers[i].c);
        wire_drain();
        check_all();
    }
    HOLDS(tcp_stats(&wire.net)->now_open == 0 && tcp_stats(&wire.net)->now_time_wait == 0);
    HOLDS(wire.net.tcp->half_open == 0);
    hash = wire.hash.value;
    wire_close();
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint64_t first = run(in);
    if (size % 16 == 0) /* the same again does the same */
        HOLDS(run(in) == first);
    return 0;
}
