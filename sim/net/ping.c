/* Ping: echo requests and what becomes of them. */
#include "sim/net/icmp.h"

#include <stdlib.h>

#include "sim/net/ip.h"
#include "sim/net/octets.h"

enum { ECHO_REQUEST4 = 8, ECHO_REQUEST6 = 128 };

struct net_ping {
    struct net_ping *next;
    struct net_host *host;
    net_ping_fn *fn;
    void *ctx;
    struct core_timer timer;
    uint64_t sent_ns, cause;
    uint16_t id, seq;
};

void net_icmp_init(struct net *net)
{
    net->icmp = core_alloc(sizeof *net->icmp);
    core_pool_init(&net->icmp->pings, sizeof(struct net_ping), 16);
}

void net_icmp_free(struct net *net)
{
    core_pool_free(&net->icmp->pings);
    free(net->icmp);
}

/* Tells the user and forgets the request. */
static void finish(struct net_ping *ping, struct net_ping_result *result)
{
    struct net *net = ping->host->net;
    struct net_ping **at = &net->icmp->waiting;
    net_ping_fn *fn = ping->fn;
    void *ctx = ping->ctx;
    result->seq = ping->seq;
    result->rtt_ns = net->queue->now_ns - ping->sent_ns;
    while (*at != ping)
        at = &(*at)->next;
    *at = ping->next;
    core_timer_cancel(net->queue, &ping->timer);
    core_pool_give(&net->icmp->pings, ping);
    fn(ctx, result);
}

static void ping_timer(struct core_queue *q, struct core_timer *timer)
{
    struct net_ping *ping = CORE_OWNER(timer, struct net_ping, timer);
    struct net_ping_result result = { .end = NET_PING_TIMEOUT };
    (void)q;
    ping->host->net->trace->cause = ping->cause;
    finish(ping, &result);
}

/* The request of `host` that `message`, an ICMP header with identifier and sequence number, is about. */
static struct net_ping *find(const struct net_host *host, const uint8_t *message)
{
    for (struct net_ping *ping = host->net->icmp->waiting; ping; ping = ping->next)
        if (ping->host == host && ping->id == net_get16(message + 4) && ping->seq == net_get16(message + 6))
            return ping;
    return NULL;
}

void net_ping_reply(struct net_host *host, const struct net_packet *p)
{
    const uint8_t *ip = p->octets + p->l3;
    struct net_ping_result result = { .end = NET_PING_REPLY, .from = p->src };
    struct net_ping *ping = find(host, p->octets + p->l4);
    result.ttl = ip[0] >> 4 == 4 ? ip[8] : ip[7];
    if (ping)
        finish(ping, &result);
}

void net_ping_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *from,
                          const uint8_t *message)
{
    struct net_ping_result result = { .end = NET_PING_ERROR, .reason = reason };
    struct net_ping *ping;
    if (message[0] != ECHO_REQUEST4 && message[0] != ECHO_REQUEST6)
        return;
    if (from)
        result.from = *from;
    if ((ping = find(host, message)))
        finish(ping, &result);
}

bool net_ping(struct net_host *host, const struct net_ping_params *params, net_ping_fn *fn, void *ctx)
{
    struct net *net = host->net;
    bool is4 = net_addr_is4(&params->dst);
    size_t octets = params->octets < NET_PING_MAX ? params->octets : NET_PING_MAX;
    struct net_addr src;
    struct net_packet *p;
    struct net_ping *ping;
    uint8_t *m;
    if (host->nifaces == 0 || !net_source_for(host, &params->dst, &src))
        return false;
    ping = core_pool_take(&net->icmp->pings);
    *ping = (struct net_ping){ .next = net->icmp->waiting,
                               .host = host,
                               .fn = fn,
                               .ctx = ctx,
                               .timer = { .run = ping_timer },
                               .sent_ns = net->queue->now_ns,
                               .cause = net->trace->cause,
                               .id = ++net->icmp->next_id,
                               .seq = params->seq };
    net->icmp->waiting = ping;
    core_timer_set(net->queue, &ping->timer,
                   net->queue->now_ns + (params->wait_ns ? params->wait_ns : CORE_S));
    p = net_packet_take(net, is4 ? 4 : 6, NET_ICMP_HEADER + octets);
    m = net_packet_l4(p);
    m[0] = is4 ? ECHO_REQUEST4 : ECHO_REQUEST6;
    m[1] = 0;
    net_put16(m + 4, ping->id);
    net_put16(m + 6, ping->seq);
    for (size_t i = 0; i < octets; i++)
        m[NET_ICMP_HEADER + i] = (uint8_t)i;
    net_icmp_seal(p, &src, &params->dst);
    p->conn = ++net->conns;
    return net_ip_output(host, p, is4 ? NET_PROTO_ICMP : NET_PROTO_ICMPV6, &src, &params->dst,
                         params->ttl ? params->ttl : NET_TTL, 0);
}
