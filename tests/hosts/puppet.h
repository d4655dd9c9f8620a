#ifndef TESTS_HOSTS_PUPPET_H
#define TESTS_HOSTS_PUPPET_H
/*
 * puppet - an end of a TCP connection that does only what the test says.
 *
 *   struct puppet *p = puppet_call(stranger, mx_b, 25, at);   connects at that time
 *   puppet_says(p, at, "EHLO x\r\n");  puppet_cuts(p, at);    octets, RST, each at its time
 *   p->got                                                    all that it was told
 *
 *   struct puppet_server *v = puppet_serve(mx_b, 25, "220 hello\r\n", answer);
 *       greets (NULL: stays silent) and answers each line with what answer() returns (NULL: nothing)
 *
 * After small_build(), before run_until().
 */
#include "sim/net/tcp.h"
#include "tests/hosts/small_world.h"

#define PUPPET_GOT 262144

struct puppet {
    struct tcp_conn *conn; /* NULL before and after */
    struct host *host;
    struct net_addr to;
    uint16_t port;
    struct core_timer start;
    char *got; /* with a NUL */
    size_t n, taken;
    uint64_t opened_ns, ended_ns, peer_closed_ns; /* 0: has not happened */
    enum tcp_end why;
    bool opened, ended, peer_closed;
    bool stays;                   /* does not close when the peer does */
    bool deaf;                    /* takes nothing in: its window closes */
    struct puppet_server *server; /* NULL: a client */
    struct puppet *next;          /* of the same server */
};

struct puppet_server {
    struct host *host;
    const char *greeting;
    const char *(*answer)(struct puppet *p, const char *line);
    unsigned connections;
    struct puppet *first;
};

static void puppet_opened(struct tcp_conn *c, void *app)
{
    struct puppet *p = app;
    p->opened = true;
    p->opened_ns = world_now(&sm.world);
    if (p->server && p->server->greeting)
        tcp_send(c, p->server->greeting, strlen(p->server->greeting));
}

static void puppet_answers(struct puppet *p)
{
    char *lf;
    while ((lf = memchr(p->got + p->taken, '\n', p->n - p->taken)) != NULL) {
        char line[1024];
        size_t len = (size_t)(lf - p->got) + 1 - p->taken;
        const char *said;
        snprintf(line, sizeof line, "%.*s", (int)len, p->got + p->taken);
        line[strcspn(line, "\r\n")] = '\0';
        p->taken += len;
        said = p->server->answer ? p->server->answer(p, line) : NULL;
        if (said)
            tcp_send(p->conn, said, strlen(said));
    }
}

static size_t puppet_data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct puppet *p = app;
    size_t room = PUPPET_GOT - 1 - p->n, n = len < room ? len : room;
    (void)c;
    if (p->deaf)
        return 0;
    memcpy(p->got + p->n, octets, n);
    p->n += n;
    p->got[p->n] = '\0';
    if (p->server)
        puppet_answers(p);
    return len;
}

static void puppet_peer_closed(struct tcp_conn *c, void *app)
{
    struct puppet *p = app;
    p->peer_closed = true;
    p->peer_closed_ns = world_now(&sm.world);
    if (!p->stays)
        tcp_close(c);
}

static void puppet_ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct puppet *p = app;
    (void)c;
    p->ended = true;
    p->ended_ns = world_now(&sm.world);
    p->why = why;
    p->conn = NULL;
}

static const struct tcp_ops puppet_ops = { puppet_opened, puppet_data, NULL, puppet_peer_closed,
                                           puppet_ended };

static inline struct puppet *puppet_new(struct host *host)
{
    struct puppet *p = core_arena_take(&sm.arena, sizeof *p);
    p->host = host;
    p->got = core_arena_take(&sm.arena, PUPPET_GOT);
    return p;
}

static void puppet_starts(struct core_queue *q, struct core_timer *timer)
{
    struct puppet *p = CORE_OWNER(timer, struct puppet, start);
    (void)q;
    p->conn = tcp_connect(p->host->net, &p->to, p->port, &puppet_ops, p);
    ck_assert_ptr_nonnull(p->conn);
}

static inline struct puppet *puppet_call(const struct part *from, const struct part *to, uint16_t port,
                                         uint64_t at_ns)
{
    struct puppet *p = puppet_new(host_of_part(from));
    p->to = to->address;
    p->port = port;
    p->start.run = puppet_starts;
    core_timer_set(&sm.world.queue, &p->start, at_ns);
    return p;
}

struct puppet_act {
    struct core_timer timer;
    struct puppet *puppet;
    const char *text; /* NULL: cut, or close */
    size_t len;
    bool close;
};

static void puppet_acts(struct core_queue *q, struct core_timer *timer)
{
    struct puppet_act *a = CORE_OWNER(timer, struct puppet_act, timer);
    (void)q;
    if (!a->puppet->conn)
        return;
    if (a->text)
        tcp_send(a->puppet->conn, a->text, a->len);
    else if (a->close)
        tcp_close(a->puppet->conn);
    else
        tcp_abort(a->puppet->conn);
}

static inline struct puppet_act *puppet_act(struct puppet *p, uint64_t at_ns, const char *text)
{
    struct puppet_act *a = core_arena_take(&sm.arena, sizeof *a);
    *a = (struct puppet_act){
        .timer = { .run = puppet_acts }, .puppet = p, .text = text, .len = text ? strlen(text) : 0
    };
    core_timer_set(&sm.world.queue, &a->timer, at_ns);
    return a;
}

static inline void puppet_says(struct puppet *p, uint64_t at_ns, const char *text)
{
    puppet_act(p, at_ns, text);
}

/* The same with octets of any value, which must stay where they are. */
static inline void puppet_sends(struct puppet *p, uint64_t at_ns, const void *octets, size_t len)
{
    struct puppet_act *a = puppet_act(p, at_ns, "");
    a->text = octets;
    a->len = len;
}

static inline void puppet_cuts(struct puppet *p, uint64_t at_ns)
{
    puppet_act(p, at_ns, NULL);
}

static inline void puppet_closes(struct puppet *p, uint64_t at_ns)
{
    puppet_act(p, at_ns, NULL)->close = true;
}

static bool puppet_accepts(struct net_host *host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                           void **app)
{
    struct puppet_server *v = ctx;
    struct puppet *p = puppet_new(v->host);
    (void)host;
    p->conn = c;
    p->server = v;
    p->next = v->first;
    v->first = p;
    v->connections++;
    *ops = &puppet_ops;
    *app = p;
    return true;
}

static inline struct puppet_server *puppet_serve(const struct part *at, uint16_t port, const char *greeting,
                                                 const char *(*answer)(struct puppet *p, const char *line))
{
    struct puppet_server *v = core_arena_take(&sm.arena, sizeof *v);
    *v = (struct puppet_server){ .host = host_of_part(at), .greeting = greeting, .answer = answer };
    ck_assert(tcp_listen(v->host->net, port, puppet_accepts, v));
    return v;
}
#endif
