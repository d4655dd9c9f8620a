/* DNS messages over TCP, and in the trace. */
#include "sim/hosts/dns_tcp.h"

#include <string.h>

#include "protocols/dns/dns_message.h"
#include "protocols/dns/dns_text.h"
#include "protocols/dns/dns_verdict.h"
#include "sim/hosts/tell.h"
#include "sim/net/ip.h"
#include "sim/net/udp.h"

struct dns_tcp {
    struct host *host;
    struct tcp_conn *conn;
    dns_tcp_fn *fn;
    void *ctx;
    uint8_t *first; /* the asker's message, until the connection is open; owned */
    size_t first_len, first_cap;
    uint8_t *left; /* what TCP had no room for: no further query is taken until it has; owned */
    size_t left_len, left_cap;
    struct core_timer timer; /* a server's, and of what has been closed */
    uint64_t until_ns;       /* when it counts; the timer is moved lazily */
    uint32_t waiting;        /* a server's: queries not answered yet */
    bool silent;             /* the user is gone: tell it nothing */
    bool closing;
    bool unread;      /* octets were shown and not taken */
    bool peer_closed; /* so do we, as soon as nobody waits for an answer */
    bool inside;      /* in a call from TCP: an abort waits for its end */
    bool aborting;
};

struct dns_tcp_listener {
    struct host *host;
    dns_tcp_fn *fn;
    void *ctx;
};

void dns_addr_to_net(struct net_addr *out, const struct dns_addr *in)
{
    if (in->family == 4)
        *out = net_addr4(in->ip[0], in->ip[1], in->ip[2], in->ip[3]);
    else
        memcpy(out->b, in->ip, 16);
}

void dns_addr_from_net(struct dns_addr *out, const struct net_addr *in)
{
    *out = (struct dns_addr){ .family = net_addr_is4(in) ? 4 : 6 };
    if (out->family == 4)
        memcpy(out->ip, in->b + 12, 4);
    else
        memcpy(out->ip, in->b, 16);
}

/* A message is about to leave: records it as a line. Returns the record's seq. */
static uint64_t tell(struct host *host, const struct net_addr *peer, uint32_t conn, uint64_t cause,
                     const uint8_t *msg, size_t len)
{
    struct world *w = host->world;
    const struct wire_lesson *why;
    struct trace_record r;
    char text[DNS_TEXT_LINE_MAX];
    bool query = len > 2 && (msg[2] & 0x80) == 0;
    if (!world_tells(w, TRACE_LINE))
        return trace_skip(&w->trace);
    tell_begin(&r, host, query ? TRACE_KIND_QUERY : TRACE_KIND_ANSWER);
    r.proto = TRACE_DNS;
    r.dir = query ? 'C' : 'S';
    r.peer = world_host_at(w, peer);
    r.conn = conn;
    r.cause = cause;
    r.frame = w->trace.frames + 1;
    r.text_len = dns_text_line(text, sizeof text, msg, len);
    r.text = text;
    r.eol = TRACE_EOL_NONE;
    why = dns_message_lesson(msg, len);
    r.title = why->title;
    r.lesson = why->lesson;
    r.section = why->section;
    return trace_emit(&w->trace, &r);
}

static void on_datagram(void *ctx, struct net_host *net_host, struct net_packet *p)
{
    const uint8_t *udp = net_packet_l4(p);
    (void)ctx;
    if (p->l4_len < UDP_HEADER || (dns_get16(udp) != DNS_PORT && dns_get16(udp + 2) != DNS_PORT))
        return;
    net_ip_addresses(p);
    p->cause = tell(net_host->app, &p->dst, p->conn, p->cause, udp + UDP_HEADER, p->l4_len - UDP_HEADER);
}

static void tell_tcp(struct dns_tcp *t, const struct net_addr *peer, const uint8_t *msg, size_t len)
{
    struct world *w = t->host->world;
    if (w->trace.levels)
        w->trace.cause = tell(t->host, peer, tcp_number(t->conn), 0, msg, len);
}

static void keep_for(struct dns_tcp *t, uint64_t ns)
{
    struct core_queue *q = &t->host->world->queue;
    t->until_ns = q->now_ns + ns;
    if (!core_timer_armed(&t->timer) || t->timer.at_ns > t->until_ns)
        core_timer_set(q, &t->timer, t->until_ns);
}

/* Nothing has happened for too long: FIN, and if that brings nothing either, RST. */
static void on_idle(struct core_queue *q, struct core_timer *timer)
{
    struct dns_tcp *t = CORE_OWNER(timer, struct dns_tcp, timer);
    if (t->until_ns > q->now_ns) {
        core_timer_set(q, timer, t->until_ns);
        return;
    }
    t->host->world->trace.cause = 0;
    if (t->closing) {
        tcp_abort(t->conn);
        return;
    }
    t->closing = true;
    keep_for(t, DNS_TCP_IDLE_NS);
    tcp_close(t->conn);
}

static void give_up(struct dns_tcp *t)
{
    if (t->inside)
        t->aborting = true;
    else
        tcp_abort(t->conn);
}

/* The end of a call from TCP. After an abort the session is gone. */
static void leave(struct dns_tcp *t)
{
    t->inside = false;
    if (t->aborting)
        tcp_abort(t->conn);
    else if (t->peer_closed && t->left_len == 0 && t->waiting == 0)
        tcp_close(t->conn);
}

static void left_free(struct dns_tcp *t)
{
    if (t->left)
        core_depot_give(&t->host->world->net.depot, t->left, t->left_cap);
    t->left = NULL;
    t->left_len = 0;
}

/* To TCP; what it has no room for waits here until writable() is called. */
static void say(struct dns_tcp *t, const uint8_t *octets, size_t len)
{
    struct core_depot *depot = &t->host->world->net.depot;
    size_t took = t->left_len == 0 ? tcp_send(t->conn, octets, len) : 0, cap;
    uint8_t *more;
    if (took == len)
        return;
    more = core_depot_take(depot, t->left_len + len - took, &cap);
    if (t->left_len > 0)
        memcpy(more, t->left, t->left_len);
    memcpy(more + t->left_len, octets + took, len - took);
    if (t->left)
        core_depot_give(depot, t->left, t->left_cap);
    t->left = more;
    t->left_cap = cap;
    t->left_len += len - took;
}

static void opened(struct tcp_conn *c, void *app)
{
    struct dns_tcp *t = app;
    (void)c;
    if (!t->first)
        return;
    t->inside = true;
    dns_tcp_send(t, t->first, t->first_len);
    core_depot_give(&t->host->world->net.depot, t->first, t->first_cap);
    t->first = NULL;
    leave(t);
}

static size_t data(struct tcp_conn *c, void *app, const char *octets, size_t len)
{
    struct dns_tcp *t = app;
    size_t used = 0;
    bool silent;
    (void)c;
    t->inside = true;
    while (!t->silent && !t->aborting && t->left_len == 0 && len - used >= DNS_TCP_PREFIX) {
        const uint8_t *at = (const uint8_t *)octets + used;
        size_t want = dns_get16(at);
        if (len - used < DNS_TCP_PREFIX + want)
            break;
        used += DNS_TCP_PREFIX + want;
        if (core_timer_armed(&t->timer)) {
            t->waiting++;
            keep_for(t, DNS_TCP_BUSY_NS);
        }
        t->fn(t->ctx, t, at + DNS_TCP_PREFIX, want);
    }
    silent = t->silent || t->aborting;
    t->unread = used < len;
    leave(t);
    return silent ? len : used;
}

static void writable(struct tcp_conn *c, void *app)
{
    struct dns_tcp *t = app;
    size_t took;
    if (t->left_len == 0)
        return;
    took = tcp_send(c, t->left, t->left_len);
    memmove(t->left, t->left + took, t->left_len - took);
    t->left_len -= took;
    if (t->left_len > 0)
        return;
    left_free(t);
    if (core_timer_armed(&t->timer) && t->waiting == 0)
        keep_for(t, DNS_TCP_IDLE_NS); /* it reads, so it is there */
    if (t->unread)
        tcp_read(c);
    else
        leave(t);
}

static void peer_closed(struct tcp_conn *c, void *app)
{
    struct dns_tcp *t = app;
    (void)c;
    t->inside = true;
    t->peer_closed = true;
    leave(t);
}

static void ended(struct tcp_conn *c, void *app, enum tcp_end why)
{
    struct dns_tcp *t = app;
    struct world *w = t->host->world;
    (void)c;
    (void)why;
    core_timer_cancel(&w->queue, &t->timer);
    if (!t->silent)
        t->fn(t->ctx, t, NULL, 0);
    if (t->first)
        core_depot_give(&w->net.depot, t->first, t->first_cap);
    left_free(t);
    core_pool_give(&w->dns_tcp, t);
}

static const struct tcp_ops dns_tcp_ops = { opened, data, writable, peer_closed, ended };

void dns_tcp_init_world(struct world *w)
{
    core_pool_init(&w->dns_tcp, sizeof(struct dns_tcp), 0);
    w->net.datagram = on_datagram;
}

static struct dns_tcp *make(struct host *host, dns_tcp_fn *fn, void *ctx)
{
    struct dns_tcp *t = core_pool_take(&host->world->dns_tcp);
    *t = (struct dns_tcp){ .host = host, .fn = fn, .ctx = ctx, .timer.run = on_idle };
    return t;
}

struct dns_tcp *dns_tcp_open(struct host *host, const struct net_addr *server, const uint8_t *msg, size_t len,
                             dns_tcp_fn *fn, void *ctx)
{
    struct dns_tcp *t = make(host, fn, ctx);
    t->conn = tcp_connect(host->net, server, DNS_PORT, &dns_tcp_ops, t);
    if (!t->conn) {
        core_pool_give(&host->world->dns_tcp, t);
        return NULL;
    }
    t->first = core_depot_take(&host->world->net.depot, len, &t->first_cap);
    t->first_len = len;
    memcpy(t->first, msg, len);
    return t;
}

static bool accepted(struct net_host *net_host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                     void **app)
{
    struct dns_tcp_listener *l = ctx;
    struct dns_tcp *t = make(l->host, l->fn, l->ctx);
    (void)net_host;
    t->conn = c;
    keep_for(t, DNS_TCP_IDLE_NS);
    *ops = &dns_tcp_ops;
    *app = t;
    return true;
}

bool dns_tcp_listen(struct host *host, dns_tcp_fn *fn, void *ctx)
{
    struct dns_tcp_listener *l = core_arena_take(&host->world->arena, sizeof *l);
    *l = (struct dns_tcp_listener){ host, fn, ctx };
    return tcp_listen(host->net, DNS_PORT, accepted, l);
}

void dns_tcp_send(struct dns_tcp *t, const uint8_t *msg, size_t len)
{
    uint8_t prefix[DNS_TCP_PREFIX];
    struct net_addr peer;
    uint16_t port;
    if (len > DNS_MESSAGE_MAX || t->closing || t->left_len > DNS_TCP_LEFT_MAX) {
        give_up(t); /* a peer that asks and never reads */
        return;
    }
    if (t->waiting > 0 && --t->waiting == 0)
        keep_for(t, DNS_TCP_IDLE_NS);
    dns_tcp_peer(t, &peer, &port);
    dns_put16(prefix, (unsigned)len);
    tcp_cork(t->conn);
    tell_tcp(t, &peer, msg, len);
    say(t, prefix, sizeof prefix);
    say(t, msg, len);
    tcp_uncork(t->conn);
    if (!t->inside)
        leave(t);
}

void dns_tcp_close(struct dns_tcp *t)
{
    t->silent = t->closing = true;
    keep_for(t, DNS_TCP_IDLE_NS);
    tcp_close(t->conn);
}

uint32_t dns_tcp_number(const struct dns_tcp *t)
{
    return tcp_number(t->conn);
}

void dns_tcp_peer(const struct dns_tcp *t, struct net_addr *addr, uint16_t *port)
{
    struct net_addr local;
    uint16_t local_port;
    tcp_endpoints(t->conn, &local, &local_port, addr, port);
}
