/* Between a TCP connection and a protocol engine. */
#include "sim/hosts/pump.h"

#include <assert.h>
#include <string.h>

#include "sim/hosts/tell.h"

/* One line that was said, until the segment with its first octet is sent. */
struct said {
    struct said              *next;
    struct pump              *pump;
    const struct wire_lesson *why;
    char                     *text; /* owned */
    size_t                    cap;
    uint64_t                  at; /* octet in the stream */
    uint64_t                  cause;
    uint32_t                  len;
    uint16_t                  code;
    enum trace_kind           kind;
    enum trace_eol            eol;
    bool                      masked;
    char                      status[10];
};

static struct world *world_of(const struct pump *p)
{
    return p->host->world;
}

/* ---- what is said, for the trace ---------------------------------------------------------- */

static void said_free(struct world *w, struct said *s)
{
    core_depot_give(&w->net.depot, s->text, s->cap);
    core_pool_give(&w->saids, s);
}

static void said_drop_all(struct pump *p)
{
    struct world *w = world_of(p);
    while (p->said_first) {
        struct said *s = p->said_first;
        p->said_first = s->next;
        said_free(w, s);
    }
    p->said_next = p->said_last = NULL;
}

static enum trace_kind said_kind(struct pump *p, const struct wire_line *line)
{
    if (p->ops->content && (line->why || p->ops->dir == 'C'))
        p->was_content = p->ops->content(p, line->why);
    if (p->was_content)
        return TRACE_KIND_CONTENT;
    return p->ops->dir == 'C' ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY;
}

/* Stars over the secret, if the scenario wants passwords hidden. */
static void said_mask(struct said *s, const struct wire_line *line)
{
    size_t from = line->secret_at, to = from + line->secret_len;
    for (size_t i = from; i < to && i < s->len; i++)
        s->text[i] = '*';
    s->masked = true;
}

static void said_add(struct pump *p, const struct wire_line *line, const char *at, size_t len, bool whole)
{
    struct world *w = world_of(p);
    struct said  *s = core_pool_take(&w->saids);
    *s = (struct said){ .pump = p, .why = line->why, .at = p->out_said, .cause = w->trace.cause, .code = line->code };
    s->text = core_depot_take(&w->net.depot, len ? len : 1, &s->cap);
    memcpy(s->text, at, len);
    s->len = (uint32_t)len;
    s->eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
    s->kind = said_kind(p, line);
    memcpy(s->status, line->status, sizeof s->status);
    if (line->secret_len > 0 && w->spec->mask_passwords)
        said_mask(s, line);
    if (p->said_last)
        p->said_last->next = s;
    else
        p->said_first = s;
    p->said_last = s;
    if (!p->said_next)
        p->said_next = s;
}

/* Splits one marked stretch into the lines that it holds. */
static void said_split(struct pump *p, const struct wire_line *line, const char *at, size_t len)
{
    while (len > 0) {
        const char *lf = at, *end = at + len;
        size_t      n;
        bool        whole;
        do {
            lf = memchr(lf, '\n', (size_t)(end - lf));
        } while (lf && lf > at && lf[-1] != '\r' && ++lf < end);
        whole = lf && lf < end && lf > at && lf[-1] == '\r';
        n = whole ? (size_t)(lf - at) + 1 : len;
        said_add(p, line, at, whole ? n - 2 : n, whole);
        p->out_said += n;
        at += n;
        len -= n;
    }
}

static void said_all(struct pump *p, const struct wire_out *out)
{
    static const struct wire_line none = { 0 };
    size_t first = out->lines > 0 ? out->line[0].at : out->len;
    if (first > 0)
        said_split(p, &none, out->text, first);
    for (uint32_t i = 0; i < out->lines; i++) {
        size_t at = out->line[i].at, end = i + 1 < out->lines ? out->line[i + 1].at : out->len;
        said_split(p, &out->line[i], out->text + at, end - at);
    }
}

/* TCP is about to send the segment with the first octet of a line. */
static void said_leaves(void *ctx, struct tcp_conn *conn, uint64_t token)
{
    struct world       *w = ctx;
    struct said        *s = (struct said *)(uintptr_t)token;
    struct pump        *p = s->pump;
    struct trace_record r;
    assert(p->said_first == s);
    tell_begin(&r, p->host, s->kind);
    r.proto = p->ops->proto;
    r.dir = p->ops->dir;
    r.peer = p->peer;
    r.conn = tcp_number(conn);
    r.frame = w->trace.frames + 1;
    r.text = s->text;
    r.text_len = s->len;
    r.eol = s->eol;
    r.masked = s->masked;
    r.code = s->code;
    r.cause = s->cause;
    memcpy(r.status, s->status, sizeof r.status);
    if (s->why) {
        r.title = s->why->title;
        r.lesson = s->why->lesson;
        r.section = s->why->section;
    }
    w->trace.cause = trace_emit(&w->trace, &r);
    p->said_first = s->next;
    if (!s->next)
        p->said_last = NULL;
    said_free(w, s);
}

void pump_init_world(struct world *w)
{
    core_pool_init(&w->saids, sizeof(struct said), 0);
    tcp_on_mark(&w->net, said_leaves, w);
}

/* ---- output -------------------------------------------------------------------------------- */

/* Hands octets to TCP, with a mark on each line's first one. Returns how many it took. */
static size_t push(struct pump *p, const char *at, size_t len)
{
    size_t done = 0;
    if (!p->said_next)
        return tcp_send(p->conn, at, len);
    while (done < len) {
        size_t chunk = len - done, took;
        if (p->said_next && p->said_next->at == p->out_sent) {
            tcp_mark(p->conn, (uint64_t)(uintptr_t)p->said_next);
            p->said_next = p->said_next->next;
        }
        if (p->said_next && p->said_next->at - p->out_sent < chunk)
            chunk = (size_t)(p->said_next->at - p->out_sent);
        took = tcp_send(p->conn, at + done, chunk);
        p->out_sent += took;
        done += took;
        if (took < chunk)
            break;
    }
    return done;
}

static void keep(struct pump *p, const char *at, size_t len)
{
    struct core_depot *depot = &world_of(p)->net.depot;
    if (p->left_cap - p->left_at - p->left_len < len) {
        size_t cap;
        char  *grown = core_depot_take(depot, p->left_len + len, &cap);
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

void pump_say(struct pump *p, const struct wire_out *out)
{
    size_t took = 0;
    assert(!out->full);
    if (out->len == 0 || !p->conn || p->closed)
        return;
    if (world_tells(world_of(p), TRACE_LINE))
        said_all(p, out);
    if (p->left_len == 0)
        took = push(p, out->text, out->len);
    if (took < out->len)
        keep(p, out->text + took, out->len - took);
}

static void finish_if_done(struct pump *p)
{
    if (p->closing && !p->closed && p->left_len == 0 && !p->more) {
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
            core_depot_give(&world_of(p)->net.depot, p->left, p->left_cap);
            p->left = NULL;
            p->left_cap = p->left_at = 0;
        }
    }
    while (p->more && p->left_len == 0 && !p->closed && !p->aborting) {
        bool was = p->inside;
        p->inside = true;
        if (!p->ops->pull(p))
            p->more = false;
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

static size_t on_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct pump *p = app;
    size_t       used = 0;
    if (p->closing)
        return len; /* whoever says goodbye no longer listens */
    tcp_cork(c);
    p->inside = true;
    while (used < len && !p->closing && (p->ops->step_while_pulling || (!p->more && p->left_len == 0))) {
        size_t n = p->ops->step(p, octets + used, len - used);
        if (n == 0)
            break;
        used += n;
        if (p->more && !p->ops->step_while_pulling)
            flush(p);
    }
    return leave(p, c) && !p->closing ? used : len;
}

static void on_writable(struct tcp_conn *c, void *app)
{
    struct pump *p = app;
    bool         waited = p->more || p->left_len > 0;
    tcp_cork(c);
    p->inside = true;
    if (leave(p, c) && waited && !p->closing && !p->more && p->left_len == 0)
        tcp_read(c);
}

static void on_peer_closed(struct tcp_conn *c, void *app)
{
    struct pump *p = app;
    tcp_cork(c);
    p->inside = true;
    p->ops->peer_closed(p);
    leave(p, c);
}

static void on_ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct pump  *p = app;
    struct world *w = world_of(p);
    (void)c;
    core_timer_cancel(&w->queue, &p->timer);
    said_drop_all(p);
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
    world_of(p)->trace.cause = 0;
    p->wait_until_ns = CORE_NEVER;
    tcp_cork(p->conn);
    p->inside = true;
    p->ops->expired(p);
    leave(p, p->conn);
}

void pump_wait(struct pump *p, uint64_t timeout_ns)
{
    struct core_queue *q = &world_of(p)->queue;
    if (timeout_ns == 0) {
        p->wait_until_ns = CORE_NEVER;
        return;
    }
    p->wait_until_ns = q->now_ns + timeout_ns;
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
}

bool pump_connect(struct pump *p, struct host *host, const struct pump_ops *ops, const struct net_addr *to,
                  uint16_t port)
{
    begin(p, host, ops);
    p->peer = world_host_at(host->world, to);
    p->conn = tcp_connect(host->net, to, port, &pump_tcp_ops, p);
    return p->conn != NULL;
}

void pump_accept(struct pump *p, struct host *host, const struct pump_ops *ops, struct tcp_conn *conn,
                 const struct tcp_ops **tcp_ops, void **app)
{
    struct net_addr addr;
    uint16_t        port;
    begin(p, host, ops);
    p->conn = conn;
    pump_peer(p, &addr, &port);
    p->peer = world_host_at(host->world, &addr);
    *tcp_ops = &pump_tcp_ops;
    *app = p;
}

void pump_peer(const struct pump *p, struct net_addr *addr, uint16_t *port)
{
    struct net_addr local;
    uint16_t        local_port;
    tcp_endpoints(p->conn, &local, &local_port, addr, port);
}

void pump_local(const struct pump *p, struct net_addr *addr, uint16_t *port)
{
    struct net_addr remote;
    uint16_t        remote_port;
    tcp_endpoints(p->conn, addr, port, &remote, &remote_port);
}
