/* A host asks the DNS. */
#include "sim/hosts/ask.h"

#include <string.h>

#include "protocols/dns/dns_rdata.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"
#include "sim/net/net_host.h"
#include "sim/net/udp.h"

struct ask {
    struct host *host;
    struct udp_socket *socket;
    struct dns_tcp *tcp;
    struct core_timer timer;
    uint64_t cause; /* what made it ask; a retry is due to it */
    ask_fn *fn;
    void *ctx;
    uint32_t exchange;
    struct dns_lookup lookup;
};

struct ask_both { /* A and AAAA of one name */
    struct host *host;
    ask_found_fn *fn;
    void *ctx;
    struct ask_found found;
    char name[DNS_NAME_TEXT_MAX];
    size_t len;
};

bool ask_has4(const struct host *host)
{
    for (unsigned i = 0; i < host->net->nifaces; i++)
        if (host->net->ifaces[i]->bits4)
            return true;
    return false;
}

bool ask_has6(const struct host *host)
{
    for (unsigned i = 0; i < host->net->nifaces; i++)
        if (host->net->ifaces[i]->bits6)
            return true;
    return false;
}

static void act(struct ask *a, struct dns_lookup_step *step);

static void arm(struct ask *a)
{
    struct core_queue *q = &a->host->world->queue;
    if (a->lookup.deadline_ns == UINT64_MAX)
        core_timer_cancel(q, &a->timer);
    else if (!core_timer_armed(&a->timer) || a->timer.at_ns != a->lookup.deadline_ns)
        core_timer_set(q, &a->timer, a->lookup.deadline_ns);
}

static void on_datagram(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                        const uint8_t *octets, size_t len)
{
    struct ask *a = ctx;
    struct dns_lookup_step *step = &a->host->world->scratch->lookup;
    struct dns_addr from;
    (void)s;
    dns_addr_from_net(&from, src);
    dns_lookup_reply(&a->lookup, world_now(a->host->world), &from, sport, false, octets, len, step);
    act(a, step);
}

static void on_unreachable(struct udp_socket *s, void *ctx, const struct net_addr *dst, uint16_t dport,
                           enum net_unreachable reason)
{
    struct ask *a = ctx;
    struct dns_lookup_step *step = &a->host->world->scratch->lookup;
    (void)s;
    (void)dst;
    (void)dport;
    (void)reason;
    dns_lookup_failed(&a->lookup, world_now(a->host->world), step);
    act(a, step);
}

static void on_tcp(void *ctx, struct dns_tcp *t, const uint8_t *msg, size_t len)
{
    struct ask *a = ctx;
    struct dns_lookup_step *step = &a->host->world->scratch->lookup;
    if (!msg) {
        a->tcp = NULL;
        dns_lookup_failed(&a->lookup, world_now(a->host->world), step);
    } else {
        struct net_addr addr;
        struct dns_addr from;
        uint16_t port;
        dns_tcp_peer(t, &addr, &port);
        dns_addr_from_net(&from, &addr);
        dns_lookup_reply(&a->lookup, world_now(a->host->world), &from, port, true, msg, len, step);
    }
    act(a, step);
}

static void on_timer(struct core_queue *q, struct core_timer *timer)
{
    struct ask *a = CORE_OWNER(timer, struct ask, timer);
    struct dns_lookup_step *step = &a->host->world->scratch->lookup;
    a->host->world->trace.cause = a->cause;
    dns_lookup_expire(&a->lookup, q->now_ns, step);
    act(a, step);
}

static void finish(struct ask *a, const struct dns_result *result)
{
    struct world *w = a->host->world;
    ask_fn *fn = a->fn;
    void *ctx = a->ctx;
    core_timer_cancel(&w->queue, &a->timer);
    if (a->socket)
        udp_close(a->socket);
    if (a->tcp)
        dns_tcp_close(a->tcp);
    core_pool_give(&w->asks, a);
    fn(ctx, result);
}

/* False: the question cannot leave at all. */
static bool send_udp(struct ask *a, const struct dns_lookup_step *step)
{
    struct net_addr to;
    dns_addr_to_net(&to, step->server);
    if (!a->socket) {
        a->socket = udp_bind(a->host->net, 0, on_datagram, a);
        if (!a->socket)
            return true; /* no port is free: the time-out will say so */
        udp_on_unreachable(a->socket, on_unreachable);
        udp_set_exchange(a->socket, a->exchange);
    }
    return udp_send(a->socket, &to, DNS_PORT, step->query, step->query_len);
}

static void act(struct ask *a, struct dns_lookup_step *step)
{
    struct net_addr to;
    switch (step->action) {
    case DNS_ACT_WAIT:
        break;
    case DNS_ACT_SEND_UDP:
        if (!send_udp(a, step)) { /* no way there: on to the next server; the engine counts the attempts */
            dns_lookup_failed(&a->lookup, world_now(a->host->world), step);
            act(a, step);
            return;
        }
        break;
    case DNS_ACT_SEND_TCP:
        dns_addr_to_net(&to, step->server);
        if (a->tcp)
            dns_tcp_close(a->tcp);
        a->tcp = dns_tcp_open(a->host, &to, step->query, step->query_len, on_tcp, a);
        break;
    case DNS_ACT_DONE:
        finish(a, &step->result);
        return;
    }
    arm(a);
}

static void answer_at_once(enum dns_result_class class_, uint16_t type, ask_fn *fn, void *ctx)
{
    struct dns_result r = { .class_ = class_, .verdict = DNS_SERVFAIL, .type = type };
    fn(ctx, &r);
}

void ask_start(struct host *host, const char *name, size_t len, uint16_t type, ask_fn *fn, void *ctx)
{
    ask_servers(host, host->stub, name, len, type, fn, ctx);
}

void ask_servers(struct host *host, const struct dns_stub_config *servers, const char *name, size_t len,
                 uint16_t type, ask_fn *fn, void *ctx)
{
    struct world *w = host->world;
    struct dns_lookup_step *step = &w->scratch->lookup;
    struct dns_name wire;
    struct ask *a;
    if (!servers || servers->servers == 0) {
        answer_at_once(DNS_RESULT_SERVFAIL, type, fn, ctx);
        return;
    }
    if (dns_name_from_text(&wire, name, len) != DNS_NAME_OK) {
        answer_at_once(DNS_RESULT_NXDOMAIN, type, fn, ctx);
        return;
    }
    a = core_pool_take(&w->asks);
    a->host = host;
    a->socket = NULL;
    a->tcp = NULL;
    a->timer = (struct core_timer){ .run = on_timer };
    a->cause = w->trace.cause;
    a->fn = fn;
    a->ctx = ctx;
    a->exchange = net_exchange_next(&w->net);
    dns_lookup_start(&a->lookup, servers, wire.wire, type, (uint16_t)core_rng_next(&w->rng_dns), world_now(w),
                     step);
    act(a, step);
}

void ask_init_world(struct world *w)
{
    core_pool_init(&w->asks, sizeof(struct ask), 0);
    core_pool_init(&w->ask_boths, sizeof(struct ask_both), 0);
}

/* ---- addresses ------------------------------------------------------------------------------------ */

static void take_addresses(struct ask_found *f, const struct dns_result *result)
{
    struct dns_addr addr[ASK_ADDRESSES_MAX];
    size_t n = 0;
    if (result->class_ == DNS_RESULT_OK)
        n = dns_result_addresses(result, addr, ASK_ADDRESSES_MAX - f->n);
    for (size_t i = 0; i < n; i++)
        dns_addr_to_net(&f->addr[f->n++], &addr[i]);
    if (f->n > 0)
        f->class_ = DNS_RESULT_OK;
    else if (f->class_ == DNS_RESULT_OK || f->class_ == DNS_RESULT_NODATA ||
             result->class_ > DNS_RESULT_NODATA)
        f->class_ = result->class_ == DNS_RESULT_OK ? DNS_RESULT_NODATA : result->class_;
}

static void both_done(struct ask_both *b)
{
    struct ask_found found = b->found;
    ask_found_fn *fn = b->fn;
    void *ctx = b->ctx;
    core_pool_give(&b->host->world->ask_boths, b);
    fn(ctx, &found);
}

static void got_a(void *ctx, const struct dns_result *result)
{
    struct ask_both *b = ctx;
    take_addresses(&b->found, result);
    both_done(b);
}

static void got_aaaa(void *ctx, const struct dns_result *result)
{
    struct ask_both *b = ctx;
    take_addresses(&b->found, result);
    if (ask_has4(b->host) && result->class_ != DNS_RESULT_NXDOMAIN)
        ask_start(b->host, b->name, b->len, DNS_TYPE_A, got_a, b);
    else
        both_done(b);
}

void ask_addresses(struct host *host, const char *name, size_t len, ask_found_fn *fn, void *ctx)
{
    struct ask_found found = { .class_ = DNS_RESULT_NXDOMAIN };
    struct ask_both *b;
    char text[NET_ADDR_TEXT] = "";
    if (len < sizeof text)
        memcpy(text, name, len);
    if (net_addr_parse(&found.addr[0], text)) {
        found.n = 1;
        found.class_ = DNS_RESULT_OK;
        fn(ctx, &found);
        return;
    }
    if (len >= DNS_NAME_TEXT_MAX) {
        fn(ctx, &found);
        return;
    }
    b = core_pool_take(&host->world->ask_boths);
    b->host = host;
    b->fn = fn;
    b->ctx = ctx;
    b->found.n = 0;
    b->found.class_ = DNS_RESULT_OK;
    b->len = len;
    memcpy(b->name, name, len);
    if (ask_has6(host))
        ask_start(host, b->name, len, DNS_TYPE_AAAA, got_aaaa, b);
    else
        ask_start(host, b->name, len, DNS_TYPE_A, got_a, b);
}
