/* Connections: what users call, their beginning and end, and the one setter of their state. */
#include "sim/net/tcp_internal.h"

#include <assert.h>
#include <stdlib.h>

#define TO(state) (1u << TCP_##state)

/* The arrows of RFC 9293 figure 5, with those that only its text has: every state may end in CLOSED, and
 * TIME-WAIT may make way for a new SYN. */
static const uint16_t moves[TCP_STATE_COUNT] = {
    [TCP_CLOSED] = TO(LISTEN) | TO(SYN_SENT),
    [TCP_LISTEN] = TO(SYN_RECEIVED) | TO(SYN_SENT) | TO(CLOSED),
    [TCP_SYN_SENT] = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED),
    [TCP_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(LISTEN) | TO(CLOSED),
    [TCP_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED),
    [TCP_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT) | TO(CLOSED),
    [TCP_FIN_WAIT_2] = TO(TIME_WAIT) | TO(CLOSED),
    [TCP_CLOSE_WAIT] = TO(LAST_ACK) | TO(CLOSED),
    [TCP_CLOSING] = TO(TIME_WAIT) | TO(CLOSED),
    [TCP_LAST_ACK] = TO(CLOSED),
    [TCP_TIME_WAIT] = TO(CLOSED) | TO(SYN_RECEIVED),
};

bool tcp_move_legal(enum tcp_state from, enum tcp_state to)
{
    assert(from < TCP_STATE_COUNT && to < TCP_STATE_COUNT);
    return (moves[from] & (1u << to)) != 0;
}

const char *tcp_state_name(enum tcp_state s)
{
#define X(name, text) [TCP_##name] = text,
    static const char *const names[TCP_STATE_COUNT] = { TCP_STATES(X) };
#undef X
    assert(s < TCP_STATE_COUNT);
    return names[s];
}

void tcp_trace_state(struct net_tcp *tcp, struct net_host *host, uint32_t number,
                     const struct net_addr *remote, enum tcp_state from, enum tcp_state to)
{
    struct trace *trace = tcp->net->trace;
    struct trace_record r;
    struct net_iface *peer;
    if (!trace_wants(trace, TRACE_STATE)) {
        trace_skip(trace);
        return;
    }
    peer = net_owner(tcp->net, remote);
    r = (struct trace_record){ .kind = TRACE_KIND_TCP_STATE,
                               .proto = TRACE_TCP,
                               .t_ns = tcp->net->queue->now_ns,
                               .host = host->number,
                               .peer = peer ? peer->host->number : 0,
                               .conn = number };
    trace_attr_str(&r, "from", tcp_state_name(from));
    trace_attr_str(&r, "to", tcp_state_name(to));
    trace_emit(trace, &r);
}

void tcp_enter(struct tcp_conn *c, enum tcp_state next)
{
    enum tcp_state from = (enum tcp_state)c->state;
    assert(tcp_move_legal(from, next));
    if ((c->flags & TCP_F_PASSIVE) && from == TCP_SYN_RECEIVED)
        c->tcp->half_open--;
    if ((c->flags & TCP_F_PASSIVE) && next == TCP_SYN_RECEIVED)
        c->tcp->half_open++;
    if (next == TCP_ESTABLISHED)
        c->tcp->stats.opened++;
    c->state = (uint8_t)next;
    tcp_trace_state(c->tcp, c->host, c->number, &c->remote, from, next);
}

/* ---- control blocks -------------------------------------------------------------------------- */

static uint64_t rotated(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static void sip_rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] = rotated(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] = rotated(v[2], 32);
    }
}

/* ISN = M + F(local, remote, key) of RFC 6528 section 3: M counts every 4 us, so that a new
 * connection between the same ports starts beyond the last; F, SipHash-2-4 by Aumasson and Bernstein,
 * keeps strangers from guessing. */
uint32_t tcp_first_seq(const struct tcp_conn *c)
{
    const uint64_t *key = c->tcp->key;
    uint64_t word[5] = { net_get64(c->local.b), net_get64(c->local.b + 8), net_get64(c->remote.b),
                         net_get64(c->remote.b + 8), (uint64_t)c->local_port << 16 | c->remote_port };
    uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                      key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
    for (int i = 0; i < 5; i++) {
        v[3] ^= word[i];
        sip_rounds(v, 2);
        v[0] ^= word[i];
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return (uint32_t)(tcp_now(c) / (4 * CORE_US)) + (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

struct tcp_conn *tcp_open(struct net_host *host, const struct net_addr *local, uint16_t local_port,
                          const struct net_addr *remote, uint16_t remote_port, bool passive, uint32_t number)
{
    struct net_tcp *tcp = host->net->tcp;
    struct tcp_conn *c = core_pool_take(&tcp->pool);
    memset(c, 0, sizeof *c);
    c->local = *local;
    c->remote = *remote;
    c->local_port = local_port;
    c->remote_port = remote_port;
    c->hash = tcp_hash(local, local_port, remote, remote_port);
    c->pseudo = net_sum_pseudo(local, remote, NET_PROTO_TCP, 0);
    c->number = number ? number : ++host->net->conns;
    c->host = host;
    c->tcp = tcp;
    c->flags = passive ? TCP_F_PASSIVE : 0;
    c->state = passive ? TCP_LISTEN : TCP_CLOSED;
    c->family = net_addr_is4(remote) ? 4 : 6;
    c->rcv_mss = TCP_MSS_ASSUMED;
    c->rto_us = TCP_RTO_FIRST_US;
    c->ssthresh = UINT32_MAX; /* arbitrarily high: RFC 5681 section 3.1 */
    c->resend_at = c->ack_at = CORE_NEVER;
    c->timer.run = tcp_timer_run;
    c->iss = tcp_first_seq(c);
    while (((uint32_t)TCP_WINDOW_MAX << c->rcv_shift) < tcp->window)
        c->rcv_shift++;
    tcp_table_add(tcp, c);
    tcp->stats.now_open++;
    return c;
}

/* Out of the table and of the timer heap; segments no longer find it. */
static void detach(struct tcp_conn *c)
{
    c->flags |= TCP_F_GONE;
    core_timer_cancel(c->tcp->net->queue, &c->timer);
    tcp_table_remove(c->tcp, c);
    c->tcp->stats.now_open--;
}

static void release(struct tcp_conn *c)
{
    assert(tcp_gone(c));
    tcp_tx_free(c);
    tcp_rx_free(c);
    core_pool_give(&c->tcp->pool, c);
}

void tcp_end(struct tcp_conn *c, enum tcp_end why)
{
    assert(!tcp_gone(c) && c->busy > 0);
    if (c->state != TCP_TIME_WAIT || why != TCP_END_NORMAL)
        tcp_enter(c, TCP_CLOSED); /* TIME-WAIT goes on in tcp_wait.c */
    detach(c);
    if (c->ops && c->ops->ended)
        c->ops->ended(c, c->app, why);
}

/* Both FINs are acknowledged. What the user has not taken is shown a last time. */
static void finish(struct tcp_conn *c)
{
    tcp_join(c);
    if (c->rx_len > 0)
        tcp_show(c);
    if (!tcp_gone(c)) {
        if (c->state == TCP_TIME_WAIT)
            tcp_wait_add(c);
        tcp_end(c, TCP_END_NORMAL);
    }
    c->busy--;
}

void tcp_leave(struct tcp_conn *c)
{
    assert(c->busy > 0);
    if (--c->busy > 0)
        return;
    if (!tcp_gone(c)) {
        tcp_output(c);
        if (c->state == TCP_TIME_WAIT || (c->flags & TCP_F_OVER))
            finish(c);
        else
            tcp_arm(c);
    }
    if (tcp_gone(c))
        release(c);
}

/* ---- what users call ------------------------------------------------------------------------- */

/* Picks a port as RFC 6056 section 3.3.1 does: from a random one upwards. 0: all are in use. */
static uint16_t ephemeral_port(struct net_host *host, const struct net_addr *local,
                               const struct net_addr *remote, uint16_t remote_port)
{
    struct net_tcp *tcp = host->net->tcp;
    uint32_t start = (uint32_t)core_rng_below(&tcp->ports, TCP_PORTS);
    for (uint32_t i = 0; i < TCP_PORTS; i++) {
        uint16_t port = (uint16_t)(TCP_PORT_LOW + (start + i) % TCP_PORTS);
        uint32_t hash = tcp_hash(local, port, remote, remote_port);
        if (!tcp_find(tcp, hash, host, local, port, remote, remote_port) &&
            !tcp_wait_find(tcp, hash, host, local, port, remote, remote_port) &&
            !tcp_listener(tcp, host, port))
            return port;
    }
    return 0;
}

struct tcp_conn *tcp_connect_from(struct net_host *host, uint16_t local_port, const struct net_addr *dst,
                                  uint16_t port, const struct tcp_ops *ops, void *app)
{
    struct net_tcp *tcp = host->net->tcp;
    struct net_addr local;
    struct tcp_conn *c;
    uint32_t hash;
    if (port == 0 || !net_source_for(host, dst, &local))
        return NULL;
    hash = tcp_hash(&local, local_port, dst, port);
    if (local_port == 0)
        local_port = ephemeral_port(host, &local, dst, port);
    else if (tcp_find(tcp, hash, host, &local, local_port, dst, port) ||
             tcp_wait_find(tcp, hash, host, &local, local_port, dst, port))
        return NULL;
    if (local_port == 0)
        return NULL;
    c = tcp_open(host, &local, local_port, dst, port, false, 0);
    c->ops = ops;
    c->app = app;
    tcp_join(c);
    tcp_enter(c, TCP_SYN_SENT);
    tcp_send_syn(c);
    tcp_leave(c);
    return c;
}

struct tcp_conn *tcp_connect(struct net_host *host, const struct net_addr *dst, uint16_t port,
                             const struct tcp_ops *ops, void *app)
{
    return tcp_connect_from(host, 0, dst, port, ops, app);
}

static void push(struct tcp_conn *c)
{
    if (c->busy == 0 && c->cork == 0) {
        tcp_output(c);
        tcp_arm(c);
    }
}

size_t tcp_send(struct tcp_conn *c, const void *octets, size_t len)
{
    size_t n;
    if (c->flags & (TCP_F_GONE | TCP_F_CLOSE))
        return 0;
    n = tcp_buffer_put(c, octets, len);
    if (n < len)
        c->flags |= TCP_F_WANT_WRITE;
    push(c);
    return n;
}

size_t tcp_send_room(const struct tcp_conn *c)
{
    return c->flags & (TCP_F_GONE | TCP_F_CLOSE) ? 0 : c->tcp->send_max - c->snd_len;
}

size_t tcp_send_waiting(const struct tcp_conn *c)
{
    return c->snd_len;
}

void tcp_cork(struct tcp_conn *c)
{
    assert(c->cork < UINT8_MAX);
    c->cork++;
}

void tcp_uncork(struct tcp_conn *c)
{
    assert(c->cork > 0);
    if (--c->cork == 0 && !tcp_gone(c))
        push(c);
}

/* RFC 9293 section 3.10.4. The state moves when the FIN leaves, which is when everything before it has:
 * after the last octet in the same segment, if the window allows. A FIN of the peer in between therefore
 * leads through CLOSE-WAIT, not through CLOSING. Before the handshake is complete the FIN waits for it. */
void tcp_close(struct tcp_conn *c)
{
    if (c->flags & (TCP_F_GONE | TCP_F_CLOSE))
        return;
    c->flags = (c->flags & ~(uint32_t)TCP_F_WANT_WRITE) | TCP_F_CLOSE;
    push(c);
}

/* RFC 9293 section 3.10.5: in SYN-SENT the peer knows of nothing that an RST could end. */
void tcp_abort(struct tcp_conn *c)
{
    if (tcp_gone(c))
        return;
    tcp_join(c);
    if (c->state != TCP_SYN_SENT && c->state != TCP_TIME_WAIT)
        tcp_send_reset(c);
    tcp_end(c, TCP_END_ABORTED);
    tcp_leave(c);
}

void tcp_read(struct tcp_conn *c)
{
    if (tcp_gone(c))
        return;
    if (c->flags & TCP_F_IN_DATA) {
        c->flags |= TCP_F_SHOW_AGAIN;
        return;
    }
    if (c->rx_len == 0)
        return;
    tcp_join(c);
    tcp_show(c);
    if (!(c->flags & (TCP_F_GONE | TCP_F_FIN_SEEN)) && tcp_window_grew(c))
        c->flags |= TCP_F_ACK_NOW;
    tcp_leave(c);
}

struct net_host *tcp_host(const struct tcp_conn *c)
{
    return c->host;
}

void *tcp_app(const struct tcp_conn *c)
{
    return c->app;
}

const struct tcp_ops *tcp_ops_of(const struct tcp_conn *c)
{
    return c->ops;
}

void tcp_set_app(struct tcp_conn *c, const struct tcp_ops *ops, void *app)
{
    c->ops = ops;
    c->app = app;
}

enum tcp_state tcp_state(const struct tcp_conn *c)
{
    return (enum tcp_state)c->state;
}

uint32_t tcp_number(const struct tcp_conn *c)
{
    return c->number;
}

void tcp_endpoints(const struct tcp_conn *c, struct net_addr *local, uint16_t *local_port,
                   struct net_addr *remote, uint16_t *remote_port)
{
    *local = c->local;
    *local_port = c->local_port;
    *remote = c->remote;
    *remote_port = c->remote_port;
}

void tcp_on_mark(struct net *net, tcp_mark_fn *fn, void *ctx)
{
    net->tcp->mark = fn;
    net->tcp->mark_ctx = ctx;
}

void tcp_window(struct net *net, size_t octets)
{
    assert(octets > 0 && octets <= TCP_WINDOW_LIMIT);
    net->tcp->window = (uint32_t)octets;
}

void tcp_send_buffer(struct net *net, size_t octets)
{
    assert(octets >= TCP_SEND_MAX && octets <= TCP_SEND_LIMIT);
    net->tcp->send_max = (uint32_t)octets;
}

const struct tcp_stats *tcp_stats(const struct net *net)
{
    return &net->tcp->stats;
}

void net_tcp_init(struct net *net)
{
    struct net_tcp *tcp = core_alloc(sizeof *tcp);
    struct core_rng rng;
    tcp->net = net;
    tcp_table_init(tcp);
    tcp->window = TCP_WINDOW_MAX;
    tcp->send_max = TCP_SEND_MAX;
    tcp->stats.octets_per_conn = sizeof(struct tcp_conn);
    core_pool_init(&tcp->pool, sizeof(struct tcp_conn), 0);
    core_rng_init(&rng, net->seed, "tcp-isn");
    tcp->key[0] = core_rng_next(&rng);
    tcp->key[1] = core_rng_next(&rng);
    core_rng_init(&tcp->ports, net->seed, "tcp-ports");
    tcp_wait_init(tcp);
    net->tcp = tcp;
}

void net_tcp_free(struct net *net)
{
    struct net_tcp *tcp = net->tcp;
    if (!tcp)
        return;
    while (tcp->used > 0)
        for (size_t i = 0; i <= tcp->mask; i++)
            while (tcp->slots[i].c) {
                struct tcp_conn *c = tcp->slots[i].c;
                detach(c);
                release(c);
            }
    tcp_wait_free(tcp);
    assert(tcp->pool.in_use == 0);
    core_pool_free(&tcp->pool);
    tcp_table_free(tcp);
    free(tcp);
    net->tcp = NULL;
}
