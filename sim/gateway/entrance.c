/* Sessions of real programs in the simulated world. */
#include "sim/gateway/entrance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/client_lines.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/tell.h"
#include "sim/net/udp.h"

struct session {
    struct pump pump; /* of a TCP session */
    struct client_lines lines;
    struct udp_socket *socket; /* of a session of datagrams; NULL: TCP */
    struct core_timer quiet;
    struct entrance *entrance;
    void *app;
    struct net_addr to;
    uint64_t cause; /* seq of the record of its beginning */
    size_t credit;
    uint32_t id;
    unsigned door;
    uint16_t port;
    bool open, all, closed; /* all: no credit is needed any more */
};

struct entrance_door {
    struct session *session; /* NULL: free */
    uint64_t freed;          /* in what order; 0: never used */
};

struct entrance {
    struct world *world;
    const struct plan *plan;
    const struct entrance_ops *ops;
    void *ctx;
    struct entrance_door *door; /* door[k - 1] is door k */
    struct core_pool sessions;
    struct wire_out *out;
    struct pump_ops pump_ops[TRACE_PROTO_COUNT];
    uint64_t freed;
    unsigned asks;
    bool mute;
};

static const struct entrance_ops silent;

static const struct entrance_ops *ops_of(const struct entrance *e)
{
    return e->mute ? &silent : e->ops;
}

static struct host *host_of(const struct entrance *e, unsigned door)
{
    return &e->world->hosts[e->plan->first_host + door - 1];
}

/* ---- beginning and end of a session
 * ------------------------------------------------------------------------- */

static struct session *session_new(struct entrance *e, uint32_t id, unsigned door, const struct net_addr *to,
                                   uint16_t port)
{
    struct session *s = core_pool_take(&e->sessions);
    memset(s, 0, sizeof *s);
    s->entrance = e;
    s->id = id;
    s->door = door;
    s->to = *to;
    s->port = port;
    s->credit = ENTRANCE_CREDIT;
    e->door[door - 1].session = s;
    return s;
}

static void session_free(struct session *s)
{
    struct entrance *e = s->entrance;
    e->door[s->door - 1] = (struct entrance_door){ .freed = ++e->freed };
    core_pool_give(&e->sessions, s);
}

/* The record of an input. It is the cause of what follows from it. */
static void tell_input(struct session *s, const char *event, const char *text)
{
    struct host *h = host_of(s->entrance, s->door);
    struct trace_record r;
    h->world->trace.cause = s->cause;
    if (!tell_state(&r, h, TRACE_KIND_INPUT, event))
        return;
    r.peer = world_host_at(h->world, &s->to);
    r.conn = pump_number(&s->pump);
    r.text = text;
    r.text_len = strlen(text);
    trace_attr_num(&r, "program", s->id);
    trace_attr_str(&r, "server", tell_addr(&s->to));
    trace_attr_num(&r, "port", s->port);
    tell_send(&r, h, true);
}

static void tell_beginning(struct session *s, const char *event, const char *text)
{
    struct host *h = host_of(s->entrance, s->door);
    const struct spec_host *server = plan_owner(s->entrance->plan, &s->to);
    struct plan_service service = { .name = "tcp" };
    if (server)
        service = plan_service(server, s->port);
    tell_input(s, event, text);
    tell_phase(h, PHASE_DOOR, world_host_at(h->world, &s->to), 0,
               "A real program uses %s at %s, port %u, as %s.", service.name,
               tell_place(server && server->fqdn ? server->fqdn
                          : server               ? server->name
                                                 : tell_addr(&s->to),
                          &s->to),
               s->port, h->spec->name);
    s->cause = h->world->trace.cause;
}

/* ---- what the pump calls
 * ---------------------------------------------------------------------------------------- */

static struct session *of(const struct pump *p)
{
    return CORE_OWNER((struct pump *)(uintptr_t)p, struct session, pump);
}

static void on_opened(struct pump *p)
{
    struct session *s = of(p);
    const struct entrance_ops *ops = ops_of(s->entrance);
    s->open = true;
    if (ops->opened)
        ops->opened(s->entrance->ctx, s);
}

static size_t on_octets(struct pump *p, const char *in, size_t len)
{
    struct session *s = of(p);
    const struct entrance_ops *ops = ops_of(s->entrance);
    size_t n = s->all || len < s->credit ? len : s->credit;
    if (n == 0)
        return 0;
    client_lines_hear(&s->lines, in, n);
    s->credit -= n < s->credit ? n : s->credit;
    if (ops->octets)
        ops->octets(s->entrance->ctx, s, in, n);
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
    struct session *s = of(p);
    const struct entrance_ops *ops = ops_of(s->entrance);
    s->all = true;
    tcp_read(p->conn);
    pump_wait(p, ENTRANCE_LINGER_NS);
    if (ops->peer_closed)
        ops->peer_closed(s->entrance->ctx, s);
}

static void on_expired(struct pump *p)
{
    pump_abort(p);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct session *s = of(p);
    const struct entrance_ops *ops = ops_of(s->entrance);
    if (ops->ended)
        ops->ended(s->entrance->ctx, s, why);
    session_free(s);
}

static bool on_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return client_lines_is_content(why);
}

static void pump_ops_make(struct entrance *e)
{
    for (int proto = 0; proto < TRACE_PROTO_COUNT; proto++)
        e->pump_ops[proto] = (struct pump_ops){ .proto = (enum trace_proto)proto,
                                                .dir = 'C',
                                                .step_while_pulling = true,
                                                .opened = on_opened,
                                                .step = on_octets,
                                                .pull = on_pull,
                                                .peer_closed = on_peer_closed,
                                                .expired = on_expired,
                                                .ended = on_ended,
                                                .content = on_content };
}

/* ---- the entrance
 * ---------------------------------------------------------------------------------------------------- */

struct entrance *entrance_new(struct world *w, const struct plan *plan, const struct entrance_ops *ops,
                              void *ctx)
{
    struct entrance *e = core_alloc(sizeof *e);
    e->world = w;
    e->plan = plan;
    e->ops = ops ? ops : &silent;
    e->ctx = ctx;
    e->door = core_alloc(plan->ndoors * sizeof *e->door);
    e->out = core_alloc(sizeof *e->out);
    w->mails.limit = ENTRANCE_MAIL_MAX;
    core_pool_init(&e->sessions, sizeof(struct session), 0);
    pump_ops_make(e);
    return e;
}

void entrance_mute(struct entrance *e)
{
    e->mute = true;
}

void entrance_free(struct entrance *e)
{
    core_pool_free(&e->sessions);
    free(e->door);
    free(e->out);
    free(e);
}

void entrance_at(struct entrance *e, uint64_t t_ns)
{
    struct core_queue *q = &e->world->queue;
    assert(t_ns >= q->now_ns);
    core_queue_run(q, t_ns);
    q->now_ns = t_ns;
    e->world->trace.cause = 0;
}

static bool suits(const struct plan_door *d, int family, int turn)
{
    if (turn == 0)
        return family == 4 ? d->has4 : !d->has4;
    return turn == 1 ? d->has6 : true;
}

unsigned entrance_free_door(const struct entrance *e, int family)
{
    for (int turn = 0; turn < 3; turn++) {
        unsigned best = 0;
        for (unsigned k = 0; k < e->plan->ndoors; k++)
            if (!e->door[k].session && suits(&e->plan->door[k], family, turn) &&
                (best == 0 || e->door[k].freed < e->door[best - 1].freed))
                best = k + 1;
        if (best)
            return best;
    }
    return 0;
}

static bool door_is_free(const struct entrance *e, unsigned door)
{
    return door >= 1 && door <= e->plan->ndoors && !e->door[door - 1].session;
}

/* ---- TCP
 * --------------------------------------------------------------------------------------------------------------
 */

bool entrance_connect(struct entrance *e, uint32_t id, unsigned door, const struct net_addr *to,
                      uint16_t port, struct session **out)
{
    const struct spec_host *server = plan_owner(e->plan, to);
    enum trace_proto proto = server ? plan_service(server, port).proto : TRACE_TCP;
    struct session *s;
    *out = NULL;
    if (!door_is_free(e, door))
        return false;
    s = session_new(e, id, door, to, port);
    client_lines_init(&s->lines, server && plan_service(server, port).tls_first ? TRACE_TLS : proto);
    tell_beginning(s, "connect", "a real program opens a connection");
    if (pump_connect(&s->pump, host_of(e, door), &e->pump_ops[proto], to, port))
        *out = s;
    else
        session_free(s);
    return true;
}

size_t entrance_room(const struct session *s)
{
    return s->open && !s->closed && s->pump.conn ? tcp_send_room(s->pump.conn) : 0;
}

size_t entrance_under_way(const struct session *s)
{
    return s->pump.conn ? tcp_send_waiting(s->pump.conn) : 0;
}

unsigned entrance_lines(const struct session *s)
{
    return pump_lines_waiting(&s->pump);
}

/* TLS, or no protocol of lines. */
static void send_untold(struct session *s, const char *octets, size_t len)
{
    size_t took = tcp_send(s->pump.conn, octets, len);
    assert(took == len);
    (void)took;
}

bool entrance_octets(struct session *s, const char *octets, size_t len)
{
    struct wire_out *out = s->entrance->out;
    struct tcp_conn *c = s->pump.conn;
    if (len == 0 || len > entrance_room(s))
        return false;
    s->entrance->world->trace.cause = s->cause;
    tcp_cork(c);
    while (len > 0) {
        size_t n;
        if (s->lines.mode == CLIENT_OPAQUE) {
            send_untold(s, octets, len);
            break;
        }
        wire_out_reset(out);
        n = client_lines_say(&s->lines, octets, len, out);
        pump_say(&s->pump, out);
        octets += n;
        len -= n;
    }
    tcp_uncork(c);
    return true;
}

bool entrance_credit(struct session *s, size_t octets)
{
    if (!s->pump.conn || s->socket || octets == 0 || octets > ENTRANCE_CREDIT - s->credit)
        return false;
    s->entrance->world->trace.cause = s->cause;
    s->credit += octets;
    tcp_read(s->pump.conn);
    return true;
}

bool entrance_close(struct session *s)
{
    if (s->socket || s->closed || !s->pump.conn)
        return false;
    s->closed = true;
    tell_input(s, "close", "the program will send no more");
    tcp_close(s->pump.conn);
    return true;
}

void entrance_reset(struct session *s)
{
    tell_input(s, "reset", "the program has broken the connection");
    pump_abort(&s->pump);
}

/* ---- datagrams
 * ---------------------------------------------------------------------------------------------------------
 */

static void ask_end(struct session *s)
{
    struct entrance *e = s->entrance;
    core_timer_cancel(&e->world->queue, &s->quiet);
    udp_close(s->socket);
    e->asks--;
    if (ops_of(e)->ended)
        ops_of(e)->ended(e->ctx, s, TCP_END_NORMAL);
    session_free(s);
}

static void on_quiet(struct core_queue *q, struct core_timer *t)
{
    (void)q;
    ask_end(CORE_OWNER(t, struct session, quiet));
}

static void on_datagram(struct udp_socket *socket, void *ctx, const struct net_addr *src, uint16_t sport,
                        const uint8_t *octets, size_t len)
{
    struct session *s = ctx;
    const struct entrance_ops *ops = ops_of(s->entrance);
    (void)socket;
    if (net_addr_same(src, &s->to) && sport == s->port && ops->datagram)
        ops->datagram(s->entrance->ctx, s, octets, len);
}

bool entrance_ask(struct entrance *e, uint32_t id, unsigned door, const struct net_addr *to, uint16_t port,
                  struct session **out)
{
    struct session *s;
    *out = NULL;
    if (!door_is_free(e, door) || e->asks == ENTRANCE_ASKS_MAX)
        return false;
    s = session_new(e, id, door, to, port);
    s->socket = udp_bind(host_of(e, door)->net, 0, on_datagram, s);
    if (!s->socket) {
        session_free(s);
        return true;
    }
    e->asks++;
    s->quiet.run = on_quiet;
    core_timer_set(&e->world->queue, &s->quiet, world_now(e->world) + ENTRANCE_QUIET_NS);
    tell_beginning(s, "ask", "a real program sends datagrams");
    *out = s;
    return true;
}

bool entrance_datagram(struct session *s, const uint8_t *octets, size_t len)
{
    struct world *w = s->entrance->world;
    if (!s->socket || len > UDP_PAYLOAD_MAX)
        return false;
    w->trace.cause = s->cause;
    udp_set_exchange(s->socket, net_exchange_next(&w->net));
    udp_send(s->socket, &s->to, s->port, octets, len);
    core_timer_set(&w->queue, &s->quiet, world_now(w) + ENTRANCE_QUIET_NS);
    return true;
}

void entrance_forget(struct session *s)
{
    ask_end(s);
}

/* ---- looking
 * --------------------------------------------------------------------------------------------------------------
 */

struct session *entrance_find(const struct entrance *e, uint32_t id)
{
    for (unsigned k = 0; k < e->plan->ndoors; k++)
        if (e->door[k].session && e->door[k].session->id == id)
            return e->door[k].session;
    return NULL;
}

struct session *entrance_oldest_ask(const struct entrance *e)
{
    struct session *oldest = NULL;
    if (e->asks < ENTRANCE_ASKS_MAX)
        return NULL;
    for (unsigned k = 0; k < e->plan->ndoors; k++) {
        struct session *s = e->door[k].session;
        if (s && s->socket && (!oldest || s->quiet.at_ns < oldest->quiet.at_ns))
            oldest = s;
    }
    return oldest;
}

uint32_t session_id(const struct session *s)
{
    return s->id;
}

bool session_is_ask(const struct session *s)
{
    return s->socket != NULL;
}

void session_set_app(struct session *s, void *app)
{
    s->app = app;
}

void *session_app(const struct session *s)
{
    return s->app;
}
