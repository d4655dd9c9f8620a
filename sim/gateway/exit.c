/* Sessions of virtual hosts with real servers. */
#include "sim/gateway/exit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/pump.h"
#include "sim/hosts/server_lines.h"
#include "sim/hosts/tell.h"

struct exit_session {
    struct pump pump;
    struct server_lines lines;
    struct exit_way *way;
    struct exit_session *next;
    void *app;
    uint64_t cause; /* seq of the record of its beginning */
    size_t credit;
    uint32_t id;
    bool joined, closed, all; /* all: no credit is needed any more */
};

struct exit_way { /* one port of one exit host */
    struct exits *exits;
    const struct plan_exit *plan;
    struct host *host;
};

struct exits {
    struct world *world;
    const struct exits_ops *ops;
    void *ctx;
    struct exit_way way[FORWARDS_MAX];
    struct exit_session *first;
    unsigned sessions;
    uint32_t last_id;
    struct core_pool pool;
    struct wire_out *out;
    struct pump_ops pump_ops[TRACE_PROTO_COUNT];
    bool mute;
};

static const struct exits_ops silent;

static const struct exits_ops *ops_of(const struct exit_session *s)
{
    return s->way->exits->mute ? &silent : s->way->exits->ops;
}

static void *ctx_of(const struct exit_session *s)
{
    return s->way->exits->ctx;
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* The record of an input. It is the cause of what follows from it. */
static void tell_input(struct exit_session *s, const char *event, const char *text)
{
    struct host *h = s->way->host;
    struct trace_record r;
    h->world->trace.cause = s->cause;
    if (!tell_state(&r, h, TRACE_KIND_INPUT, event))
        return;
    r.peer = s->pump.peer;
    r.conn = pump_number(&s->pump);
    r.text = text;
    r.text_len = strlen(text);
    trace_attr_num(&r, "exit", s->id);
    trace_attr_str(&r, "server", s->way->plan->forward->address);
    trace_attr_num(&r, "port", s->way->plan->forward->real_port);
    tell_send(&r, h, true);
}

/* ---- what the pump calls ------------------------------------------------------------------------------- */

static struct exit_session *of(const struct pump *p)
{
    return CORE_OWNER((struct pump *)(uintptr_t)p, struct exit_session, pump);
}

static void on_opened(struct pump *p)
{
    struct exit_session *s = of(p);
    const struct forward *f = s->way->plan->forward;
    bool six = strchr(f->address, ':') != NULL;
    tell_phase(s->way->host, PHASE_EXIT, p->peer, pump_number(p),
               "%s, port %u, is the real server at %s%s%s, port %u.", s->way->host->spec->fqdn,
               s->way->plan->port, six ? "[" : "", f->address, six ? "]" : "", f->real_port);
    s->cause = s->way->exits->world->trace.cause;
    if (ops_of(s)->begun)
        ops_of(s)->begun(ctx_of(s), s);
}

static size_t on_octets(struct pump *p, const char *in, size_t len)
{
    struct exit_session *s = of(p);
    size_t n = s->all || len < s->credit ? len : s->credit;
    if (n == 0)
        return 0;
    server_lines_hear(&s->lines, in, n);
    s->credit -= n < s->credit ? n : s->credit;
    if (ops_of(s)->octets)
        ops_of(s)->octets(ctx_of(s), s, in, n);
    return n;
}

static bool on_pull(struct pump *p)
{
    (void)p;
    return false;
}

/* What still lies in the receive buffer is at most a window; it is taken now, because nothing more comes. */
static void on_peer_closed(struct pump *p)
{
    struct exit_session *s = of(p);
    s->all = true;
    tcp_read(p->conn);
    pump_wait(p, EXIT_LINGER_NS);
    if (ops_of(s)->peer_closed)
        ops_of(s)->peer_closed(ctx_of(s), s);
}

static void on_expired(struct pump *p)
{
    pump_abort(p);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct exit_session *s = of(p), **at = &s->way->exits->first;
    struct exits *x = s->way->exits;
    if (ops_of(s)->ended)
        ops_of(s)->ended(ctx_of(s), s, why);
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    x->sessions--;
    core_pool_give(&x->pool, s);
}

static bool on_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return server_lines_is_content(why);
}

static bool accepted(struct net_host *host, void *ctx, struct tcp_conn *conn, const struct tcp_ops **ops,
                     void **app)
{
    struct exit_way *way = ctx;
    struct exits *x = way->exits;
    struct exit_session *s;
    (void)host;
    if (x->sessions == EXIT_SESSIONS_MAX || x->world->ending)
        return false;
    s = core_pool_take(&x->pool);
    memset(s, 0, sizeof *s);
    s->way = way;
    s->id = ++x->last_id;
    s->credit = EXIT_CREDIT;
    s->next = x->first;
    x->first = s;
    x->sessions++;
    server_lines_init(&s->lines, way->plan->tls_first ? TRACE_TLS : way->plan->proto, true);
    pump_accept(&s->pump, way->host, &x->pump_ops[way->plan->proto], conn, ops, app);
    return true;
}

/* ---- the exits ----------------------------------------------------------------------------------------- */

struct exits *exits_new(struct world *w, const struct plan *plan, const struct exits_ops *ops, void *ctx)
{
    struct exits *x = core_alloc(sizeof *x);
    x->world = w;
    x->ops = ops ? ops : &silent;
    x->ctx = ctx;
    x->out = core_alloc(sizeof *x->out);
    core_pool_init(&x->pool, sizeof(struct exit_session), 0);
    for (int proto = 0; proto < TRACE_PROTO_COUNT; proto++)
        x->pump_ops[proto] = (struct pump_ops){ .proto = (enum trace_proto)proto,
                                                .dir = 'S',
                                                .step_while_pulling = true,
                                                .opened = on_opened,
                                                .step = on_octets,
                                                .pull = on_pull,
                                                .peer_closed = on_peer_closed,
                                                .expired = on_expired,
                                                .ended = on_ended,
                                                .content = on_content };
    for (size_t i = 0; i < plan->nexits; i++) {
        struct exit_way *way = &x->way[i];
        bool free_port;
        *way = (struct exit_way){ .exits = x, .plan = &plan->exit[i], .host = &w->hosts[plan->exit[i].host] };
        free_port = tcp_listen(way->host->net, way->plan->port, accepted, way);
        assert(free_port); /* forwards_add lets no port in twice, and the host has nothing else */
        (void)free_port;
    }
    return x;
}

void exits_mute(struct exits *x)
{
    x->mute = true;
}

void exits_free(struct exits *x)
{
    core_pool_free(&x->pool);
    free(x->out);
    free(x);
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

bool exit_joined(struct exit_session *s)
{
    if (s->joined)
        return false;
    s->joined = true;
    tell_input(s, "joined", "the real server takes the connection");
    return true;
}

bool exit_refused(struct exit_session *s)
{
    if (s->joined)
        return false;
    tell_input(s, "refused", "the real server cannot be reached, or takes no connection");
    pump_abort(&s->pump);
    return true;
}

size_t exit_room(const struct exit_session *s)
{
    return s->joined && !s->closed && s->pump.conn ? tcp_send_room(s->pump.conn) : 0;
}

bool exit_octets(struct exit_session *s, const char *octets, size_t len)
{
    struct exits *x = s->way->exits;
    struct tcp_conn *c = s->pump.conn;
    if (len == 0 || len > exit_room(s))
        return false;
    x->world->trace.cause = s->cause;
    tcp_cork(c);
    while (len > 0) {
        size_t n = len;
        if (s->lines.mode == SERVER_OPAQUE) { /* TLS, or no protocol of lines */
            size_t took = tcp_send(c, octets, n);
            assert(took == n);
            (void)took;
            break;
        }
        wire_out_reset(x->out);
        n = server_lines_say(&s->lines, octets, len, x->out);
        pump_say(&s->pump, x->out);
        octets += n;
        len -= n;
    }
    tcp_uncork(c);
    return true;
}

bool exit_credit(struct exit_session *s, size_t octets)
{
    if (!s->pump.conn || octets == 0 || octets > EXIT_CREDIT - s->credit)
        return false;
    s->way->exits->world->trace.cause = s->cause;
    s->credit += octets;
    tcp_read(s->pump.conn);
    return true;
}

bool exit_close(struct exit_session *s)
{
    if (!s->joined || s->closed || !s->pump.conn)
        return false;
    s->closed = true;
    tell_input(s, "close", "the real server will send no more");
    tcp_close(s->pump.conn);
    return true;
}

void exit_reset(struct exit_session *s)
{
    tell_input(s, "reset", "the real server has broken the connection");
    pump_abort(&s->pump);
}

/* ---- looking ------------------------------------------------------------------------------------------- */

struct exit_session *exit_find(const struct exits *x, uint32_t id)
{
    struct exit_session *s = x->first;
    while (s && s->id != id)
        s = s->next;
    return s;
}

uint32_t exit_id(const struct exit_session *s)
{
    return s->id;
}

const struct plan_exit *exit_way(const struct exit_session *s)
{
    return s->way->plan;
}

void exit_set_app(struct exit_session *s, void *app)
{
    s->app = app;
}

void *exit_app(const struct exit_session *s)
{
    return s->app;
}
