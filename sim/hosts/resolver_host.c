/* A caching recursive resolver on a host. */
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_cache.h"
#include "protocols/dns/dns_rdata.h"
#include "protocols/dns/dns_resolver.h"
#include "protocols/dns/dns_text.h"
#include "sim/hosts/dns_host.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"
#include "sim/net/udp.h"

#define TASKS         64   /* questions worked on at once */
#define CACHE_DEFAULT 1024 /* slots */
#define TCP_CLIENTS   16   /* connections of clients that may wait for an answer at once */

struct upstream { /* how a task reaches the server that it has asked */
    struct resolver_host *owner;
    struct udp_socket *socket;
    struct dns_tcp *tcp;
    struct core_timer
        no_way; /* the query could not leave: the engine hears of it when it has finished speaking */
    uint64_t cause;
};

struct resolver_host {
    struct host *host;
    struct udp_socket *socket; /* port 53 */
    struct dns_resolver resolver;
    struct dns_resolver_config config;
    struct dns_cache cache;
    struct core_timer timer;
    struct upstream up[TASKS];
    struct dns_tcp *client[TCP_CLIENTS];
    uint32_t exchange[TASKS]; /* of the clients' questions, by port: see note_client */
    uint16_t exchange_port[TASKS];
    uint32_t exchange_next;
};

static struct world *world_of(const struct resolver_host *rh)
{
    return rh->host->world;
}

static void arm(struct resolver_host *rh)
{
    uint64_t at = dns_resolver_deadline(&rh->resolver);
    if (at == UINT64_MAX)
        core_timer_cancel(&world_of(rh)->queue, &rh->timer);
    else if (!core_timer_armed(&rh->timer) || rh->timer.at_ns != at)
        core_timer_set(&world_of(rh)->queue, &rh->timer, at);
}

/* ---- towards servers ---------------------------------------------------------------------------- */

static void on_server_datagram(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                               const uint8_t *octets, size_t len)
{
    struct upstream *u = ctx;
    struct dns_addr from;
    dns_addr_from_net(&from, src);
    dns_resolver_reply(&u->owner->resolver, world_now(world_of(u->owner)), &from, sport, udp_port(s), false,
                       octets, len);
    arm(u->owner);
}

static void on_server_tcp(void *ctx, struct dns_tcp *t, const uint8_t *msg, size_t len)
{
    struct upstream *u = ctx;
    uint64_t now = world_now(world_of(u->owner));
    if (!msg) {
        u->tcp = NULL;
        dns_resolver_failed(&u->owner->resolver, now, (uint32_t)(u - u->owner->up));
    } else {
        struct net_addr addr;
        struct dns_addr from;
        uint16_t port;
        dns_tcp_peer(t, &addr, &port);
        dns_addr_from_net(&from, &addr);
        dns_resolver_reply(&u->owner->resolver, now, &from, port, 0, true, msg, len);
    }
    arm(u->owner);
}

static void on_no_way(struct core_queue *q, struct core_timer *timer)
{
    struct upstream *u = CORE_OWNER(timer, struct upstream, no_way);
    world_of(u->owner)->trace.cause = u->cause;
    dns_resolver_failed(&u->owner->resolver, q->now_ns, (uint32_t)(u - u->owner->up));
    arm(u->owner);
}

static void upstream_done(struct upstream *u)
{
    core_timer_cancel(&world_of(u->owner)->queue, &u->no_way);
    if (u->socket)
        udp_close(u->socket);
    if (u->tcp)
        dns_tcp_close(u->tcp);
    u->socket = NULL;
    u->tcp = NULL;
}

static void op_send(void *host, uint32_t task, const struct dns_server_try *to, const uint8_t *msg,
                    size_t len)
{
    struct resolver_host *rh = host;
    struct upstream *u = &rh->up[task];
    struct net_addr addr;
    uint32_t exchange;
    dns_addr_to_net(&addr, &to->addr);
    upstream_done(u);
    u->cause = world_of(rh)->trace.cause;
    if (to->tcp) {
        u->tcp = dns_tcp_open(rh->host, &addr, msg, len, on_server_tcp, u);
        if (!u->tcp)
            core_timer_set(&world_of(rh)->queue, &u->no_way, world_now(world_of(rh)));
        return;
    }
    u->socket = udp_bind(rh->host->net, to->source_port, on_server_datagram, u);
    if (!u->socket)
        return;
    exchange = net_exchange_next(&world_of(rh)->net);
    udp_set_exchange(u->socket, exchange);
    if (!udp_send(u->socket, &addr, DNS_PORT, msg, len))
        core_timer_set(&world_of(rh)->queue, &u->no_way, world_now(world_of(rh)));
}

static void op_done(void *host, uint32_t task, const struct dns_server_try *to)
{
    struct resolver_host *rh = host;
    (void)to;
    upstream_done(&rh->up[task]);
}

/* ---- towards clients ------------------------------------------------------------------------------ */

/* The trace's number of a client's exchange, kept by its port until it is answered. */
static void note_client(struct resolver_host *rh, uint16_t port, uint32_t exchange)
{
    uint32_t i = rh->exchange_next++ % TASKS;
    rh->exchange[i] = exchange;
    rh->exchange_port[i] = port;
}

static uint32_t noted_client(const struct resolver_host *rh, uint16_t port)
{
    for (uint32_t k = 1; k <= TASKS; k++) {
        uint32_t i = (rh->exchange_next - k) % TASKS;
        if (rh->exchange_port[i] == port)
            return rh->exchange[i];
    }
    return 0;
}

static void op_answer(void *host, const struct dns_client *client, const uint8_t *msg, size_t len,
                      const struct dns_step *step)
{
    struct resolver_host *rh = host;
    struct net_addr addr;
    (void)step;
    if (client->conn > 0) {
        struct dns_tcp *t = rh->client[client->conn - 1];
        if (t)
            dns_tcp_send(t, msg, len);
        return;
    }
    dns_addr_to_net(&addr, &client->addr);
    udp_set_exchange(rh->socket, noted_client(rh, client->port));
    udp_send(rh->socket, &addr, client->port, msg, len);
}

static uint32_t op_random(void *host)
{
    struct resolver_host *rh = host;
    return (uint32_t)core_rng_next(&world_of(rh)->rng_dns);
}

static void op_report(void *host, const struct dns_resolver_event *e)
{
    struct resolver_host *rh = host;
    struct trace_record r;
    char question[DNS_TEXT_LINE_MAX], name[DNS_NAME_TEXT_MAX] = "";
    char type[DNS_CODE_TEXT_MAX];
    if (e->kind != DNS_EV_CACHE_HIT && e->kind != DNS_EV_OUTSIDE && e->kind != DNS_EV_GAVE_UP &&
        e->kind != DNS_EV_REFERRAL)
        return;
    if (!tell_state(&r, rh->host, TRACE_KIND_CACHE, dns_resolver_event_name(e->kind)))
        return;
    r.text_len = e->name ? dns_text_question(question, sizeof question, e->name, e->type) : 0;
    r.text = question;
    r.title = e->why ? e->why->title : NULL;
    r.lesson = e->why ? e->why->lesson : NULL;
    r.section = e->why ? e->why->section : NULL;
    if (e->name)
        dns_name_to_text(e->name, name, sizeof name);
    trace_attr_str(&r, "name", name);
    trace_attr_str(&r, "type", dns_type_text(e->type, type));
    tell_send(&r, rh->host, false);
}

static void cache_report(void *host, enum dns_cache_change change, const struct dns_cache_entry *entry)
{
    static const char *const words[] = { "stored", "replaced", "expired", "evicted" };
    struct resolver_host *rh = host;
    struct trace_record r;
    char text[DNS_TEXT_LINE_MAX], name[DNS_NAME_TEXT_MAX], type[DNS_CODE_TEXT_MAX];
    if (!tell_state(&r, rh->host, TRACE_KIND_CACHE,
                    change == DNS_CACHE_INSERTED && entry->kind != DNS_CACHE_RRSET ? "negative"
                                                                                   : words[change]))
        return;
    r.text_len = dns_text_cache(text, sizeof text, entry);
    r.text = text;
    dns_name_to_text(entry->name, name, sizeof name);
    trace_attr_str(&r, "name", name);
    trace_attr_str(&r, "type", entry->type ? dns_type_text(entry->type, type) : "");
    trace_attr_num(&r, "ttl_s", entry->left_s);
    trace_attr_str(&r, "data", text);
    tell_send(&r, rh->host, false);
}

static void on_client_datagram(struct udp_socket *s, void *ctx, const struct net_addr *src, uint16_t sport,
                               const uint8_t *octets, size_t len)
{
    struct resolver_host *rh = ctx;
    struct dns_client client = { .port = sport };
    dns_addr_from_net(&client.addr, src);
    note_client(rh, sport, udp_exchange(s));
    dns_resolver_query(&rh->resolver, world_now(world_of(rh)), &client, octets, len);
    arm(rh);
}

static void on_client_tcp(void *ctx, struct dns_tcp *t, const uint8_t *msg, size_t len)
{
    struct resolver_host *rh = ctx;
    struct dns_client client = { 0 };
    struct net_addr addr;
    uint32_t i = 0, free_at = TCP_CLIENTS;
    for (i = 0; i < TCP_CLIENTS && rh->client[i] != t; i++)
        if (!rh->client[i] && free_at == TCP_CLIENTS)
            free_at = i;
    if (!msg) {
        if (i < TCP_CLIENTS)
            rh->client[i] = NULL;
        return;
    }
    if (i == TCP_CLIENTS) {
        if (free_at == TCP_CLIENTS) {
            dns_tcp_close(t);
            return;
        }
        i = free_at;
        rh->client[i] = t;
    }
    dns_tcp_peer(t, &addr, &client.port);
    dns_addr_from_net(&client.addr, &addr);
    client.conn = i + 1;
    dns_resolver_query(&rh->resolver, world_now(world_of(rh)), &client, msg, len);
    arm(rh);
}

static void on_timer(struct core_queue *q, struct core_timer *timer)
{
    struct resolver_host *rh = CORE_OWNER(timer, struct resolver_host, timer);
    world_of(rh)->trace.cause = 0;
    dns_resolver_expire(&rh->resolver, q->now_ns);
    arm(rh);
}

static const struct dns_resolver_ops resolver_ops = { op_send, op_done, op_answer, op_random, op_report };

void resolver_host_new(struct host *host, const struct spec_resolver *spec)
{
    struct world *w = host->world;
    struct resolver_host *rh = core_arena_take(&w->arena, sizeof *rh);
    struct dns_root_hint *roots = core_arena_take(&w->arena, (spec->nroots + 1) * sizeof *roots);
    uint32_t slots = spec->cache_slots ? spec->cache_slots : CACHE_DEFAULT;
    struct dns_cache_slot *slot = core_arena_take(&w->arena, slots * sizeof *slot);
    void *tasks = core_arena_take(&w->arena, TASKS * dns_task_octets());
    for (size_t i = 0; i < spec->nroots; i++)
        dns_addr_from_net(&roots[i].addr, &spec->roots[i]);
    rh->host = host;
    rh->timer.run = on_timer;
    rh->config = (struct dns_resolver_config){ .root = roots, .roots = spec->nroots };
    for (uint32_t i = 0; i < TASKS; i++) {
        rh->up[i].owner = rh;
        rh->up[i].no_way.run = on_no_way;
    }
    dns_cache_init(&rh->cache, slot, slots, cache_report, rh);
    dns_resolver_init(&rh->resolver, &rh->config, &resolver_ops, rh, &rh->cache, tasks, TASKS,
                      w->scratch->dns_resolver);
    rh->socket = udp_bind(host->net, DNS_PORT, on_client_datagram, rh);
    dns_tcp_listen(host, on_client_tcp, rh);
    host->resolver = rh;
}
