/* Between a TCP connection and a protocol engine. */
#include "sim/hosts/pump_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

/* ---- output -------------------------------------------------------------------------------- */

/* Hands octets to TCP, with a mark on each line's first one. Returns how many it took. */
static size_t push(struct pump *p, const char *at, size_t len)
{
    size_t done = 0;
    if (p->hold)
        return 0;
    if (!p->lines || !p->lines->next) {
        done = tcp_send(p->conn, at, len);
        if (p->lines)
            p->lines->sent += done;
        return done;
    }
    while (done < len) {
        size_t chunk = len - done, took;
        while (p->lines->next &&
               p->lines->next->at == p->lines->sent) { /* several, when they share a TLS record */
            tcp_mark(p->conn, (uint64_t)(uintptr_t)p->lines->next);
            p->lines->next = p->lines->next->next;
        }
        if (p->lines->next && p->lines->next->at - p->lines->sent < chunk)
            chunk = (size_t)(p->lines->next->at - p->lines->sent);
        took = tcp_send(p->conn, at + done, chunk);
        p->lines->sent += took;
        done += took;
        if (took < chunk)
            break;
    }
    return done;
}

static void keep(struct pump *p, const char *at, size_t len)
{
    struct core_depot *depot = &pump_world(p)->net.depot;
    if (p->left_cap - p->left_at - p->left_len < len) {
        size_t cap;
        char *grown = core_depot_take(depot, p->left_len + len, &cap);
        if (p->left_len > 0)
            memcpy(grown, p->left + p->left_at, p->left_len);
        core_depot_give(depot, p->left, p->left_cap);
        p->left = grown;
        p->left_cap = cap;
        p->left_at = 0;
    }
    memcpy(p->left + p->left_at + p->left_len, at, len);
    p->left_len += (uint32_t)len;
}

void pump_raw(struct pump *p, const char *octets, size_t len)
{
    size_t took = 0;
    if (p->left_len == 0)
        took = push(p, octets, len);
    if (took < len)
        keep(p, octets + took, len - took);
}

void pump_say(struct pump *p, const struct wire_out *out)
{
    assert(!out->full);
    if (out->len == 0 || !p->conn || p->closed)
        return;
    if (pump_world(p)->troubles && p->ops->dir == 'S' && !p->pulling && !p->hold)
        pump_hold(p, trouble_delay(p));
    heard_own(p, out->text, out->len);
    if (p->tls) {
        pump_tls_say(p, out);
        return;
    }
    if (world_tells(pump_world(p), TRACE_LINE))
        said_lines(p, out, 0);
    pump_raw(p, out->text, out->len);
}

static void finish_if_done(struct pump *p)
{
    if (p->closing && !p->closed && p->left_len == 0 && !p->more) {
        if (p->tls)
            pump_tls_close(p);
        if (p->left_len > 0)
            return; /* the last words do not fit yet */
        p->closed = true;
        tcp_close(p->conn);
    }
}

/* Sends what was kept, then what the engine still has, as long as TCP takes it. */
static void flush(struct pump *p)
{
    if (p->left_len > 0) {
        size_t took = push(p, p->left + p->left_at, p->left_len);
        p->left_at += (uint32_t)took;
        p->left_len -= (uint32_t)took;
        if (p->left_len == 0) {
            core_depot_give(&pump_world(p)->net.depot, p->left, p->left_cap);
            p->left = NULL;
            p->left_cap = p->left_at = 0;
        }
    }
    while (p->more && p->left_len == 0 && !p->closed && !p->aborting) {
        bool was = p->inside;
        p->inside = p->pulling = true;
        if (!p->ops->pull(p))
            p->more = false;
        p->pulling = false;
        p->inside = was;
    }
    if (!p->aborting)
        finish_if_done(p);
}

/* Ends every call from below: what was asked for inside is done now. False: the session is gone. */
static bool leave(struct pump *p, struct tcp_conn *c)
{
    p->inside = false;
    if (!p->aborting)
        flush(p);
    if (p->aborting) {
        p->closing = p->closed = true;
        tcp_abort(c);
        return false;
    }
    tcp_uncork(c);
    return true;
}

void pump_more(struct pump *p)
{
    p->more = true;
    if (!p->inside)
        flush(p);
}

void pump_close(struct pump *p)
{
    if (!p->conn || p->closing)
        return;
    p->closing = true;
    if (!p->inside)
        flush(p);
}

void pump_abort(struct pump *p)
{
    if (!p->conn || p->aborting)
        return;
    p->aborting = p->closing = true;
    if (!p->inside)
        tcp_abort(p->conn);
}

/* ---- TCP's calls --------------------------------------------------------------------------- */

static void on_opened(struct tcp_conn *c, void *app)
{
    struct pump *p = app;
    tcp_cork(c);
    p->inside = true;
    p->ops->opened(p);
    leave(p, c);
}

bool pump_hungry(const struct pump *p)
{
    return !p->closing && (p->ops->step_while_pulling || (!p->more && p->left_len == 0));
}

size_t pump_feed(struct pump *p, const char *octets, size_t len)
{
    bool sealed = p->tls != NULL;
    size_t used = 0;
    while (used < len && pump_hungry(p)) {
        size_t n = p->ops->step(p, octets + used, len - used);
        if (n == 0)
            break;
        used += n;
        if (!sealed && p->tls)
            return len; /* TLS begins: what came with the last words in clear is discarded, RFC 3207 4.2 */
        if (p->more && !p->ops->step_while_pulling)
            flush(p);
    }
    return used;
}

static size_t on_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct pump *p = app;
    size_t used;
    if (p->closing && !p->tls)
        return len; /* whoever says goodbye no longer listens */
    tcp_cork(c);
    p->inside = true;
    if (p->tls)
        used = pump_tls_data(p, octets, len);
    else {
        heard_clear(p, octets, len);
        used = pump_feed(p, octets, len);
        heard_taken(p, used);
    }
    return leave(p, c) && !p->closing ? used : len;
}

static void on_writable(struct tcp_conn *c, void *app)
{
    struct pump *p = app;
    bool waited = p->more || p->left_len > 0;
    tcp_cork(c);
    p->inside = true;
    if (!leave(p, c) || !waited || p->closing || p->more || p->left_len > 0)
        return;
    if (p->tls) {
        tcp_cork(c);
        p->inside = true;
        pump_tls_again(p);
        leave(p, c);
    } else
        tcp_read(c);
}

/* ---- what waits by order ---------------------------------------------------------------------- */

struct pump_hold {
    struct core_timer timer;
    struct pump *pump;
    uint64_t cause;
};

static void hold_free(struct pump *p)
{
    if (p->hold)
        core_timer_cancel(&pump_world(p)->queue, &p->hold->timer);
    free(p->hold);
    p->hold = NULL;
}

static void on_held(struct core_queue *q, struct core_timer *timer)
{
    struct pump_hold *hold = CORE_OWNER(timer, struct pump_hold, timer);
    struct pump *p = hold->pump;
    (void)q;
    pump_world(p)->trace.cause = hold->cause;
    hold_free(p);
    on_writable(p->conn, p);
}

void pump_hold(struct pump *p, uint64_t ns)
{
    struct core_queue *q = &pump_world(p)->queue;
    if (ns == 0 || p->hold || !p->conn)
        return;
    p->hold = core_alloc(sizeof *p->hold);
    p->hold->pump = p;
    p->hold->timer.run = on_held;
    p->hold->cause = pump_world(p)->trace.cause;
    core_timer_set(q, &p->hold->timer, q->now_ns + ns);
}

static void on_peer_closed(struct tcp_conn *c, void *app)
{
    struct pump *p = app;
    tcp_cork(c);
    p->inside = true;
    if (p->tls)
        pump_tls_eof(p);
    else
        p->ops->peer_closed(p);
    leave(p, c);
}

static void on_ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct pump *p = app;
    struct world *w = pump_world(p);
    (void)c;
    core_timer_cancel(&w->queue, &p->timer);
    hold_free(p);
    said_drop_all(p);
    pump_tls_free(p);
    if (p->left)
        core_depot_give(&w->net.depot, p->left, p->left_cap);
    p->left = NULL;
    p->left_len = 0;
    p->more = false;
    p->closing = p->closed = true;
    p->ops->ended(p, why);
}

static const struct tcp_ops pump_tcp_ops = { .opened = on_opened,
                                             .data = on_data,
                                             .writable = on_writable,
                                             .peer_closed = on_peer_closed,
                                             .ended = on_ended };

/* ---- time ----------------------------------------------------------------------------------- */

static void on_timer(struct core_queue *q, struct core_timer *timer)
{
    struct pump *p = CORE_OWNER(timer, struct pump, timer);
    if (p->wait_until_ns == CORE_NEVER)
        return;
    if (p->wait_until_ns > q->now_ns) {
        core_timer_set(q, timer, p->wait_until_ns);
        return;
    }
    pump_world(p)->trace.cause = 0;
    p->wait_until_ns = CORE_NEVER;
    tcp_cork(p->conn);
    p->inside = true;
    p->ops->expired(p);
    leave(p, p->conn);
}

void pump_wait(struct pump *p, uint64_t timeout_ns)
{
    struct core_queue *q = &pump_world(p)->queue;
    if (timeout_ns == 0) {
        p->wait_until_ns = CORE_NEVER;
        return;
    }
    p->wait_until_ns = (p->hold ? p->hold->timer.at_ns : q->now_ns) + timeout_ns;
    if (!core_timer_armed(&p->timer) || p->timer.at_ns > p->wait_until_ns)
        core_timer_set(q, &p->timer, p->wait_until_ns);
}

/* ---- opening -------------------------------------------------------------------------------- */

static void begin(struct pump *p, struct host *host, const struct pump_ops *ops)
{
    memset(p, 0, sizeof *p);
    p->host = host;
    p->ops = ops;
    p->wait_until_ns = CORE_NEVER;
    p->timer.run = on_timer;
    if (world_tells(host->world, TRACE_LINE)) {
        p->lines = core_pool_take(&host->world->lines);
        memset(p->lines, 0, sizeof *p->lines);
    }
}

bool pump_connect(struct pump *p, struct host *host, const struct pump_ops *ops, const struct net_addr *to,
                  uint16_t port)
{
    begin(p, host, ops);
    p->peer = world_host_at(host->world, to);
    heard_begin(p);
    p->conn = tcp_connect(host->net, to, port, &pump_tcp_ops, p);
    if (!p->conn)
        said_drop_all(p);
    return p->conn != NULL;
}

void pump_accept(struct pump *p, struct host *host, const struct pump_ops *ops, struct tcp_conn *conn,
                 const struct tcp_ops **tcp_ops, void **app)
{
    struct net_addr addr;
    uint16_t port;
    begin(p, host, ops);
    p->conn = conn;
    pump_peer(p, &addr, &port);
    p->peer = world_host_at(host->world, &addr);
    heard_begin(p);
    *tcp_ops = &pump_tcp_ops;
    *app = p;
}

const struct pump *pump_of(const struct tcp_conn *c)
{
    return tcp_ops_of(c) == &pump_tcp_ops ? tcp_app(c) : NULL;
}

void pump_peer(const struct pump *p, struct net_addr *addr, uint16_t *port)
{
    struct net_addr local;
    uint16_t local_port;
    tcp_endpoints(p->conn, &local, &local_port, addr, port);
}

void pump_local(const struct pump *p, struct net_addr *addr, uint16_t *port)
{
    struct net_addr remote;
    uint16_t remote_port;
    tcp_endpoints(p->conn, addr, port, &remote, &remote_port);
}
