/* UDP sockets. One hash finds them all, by host and port. */
#include "sim/net/udp.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/net/icmp.h"
#include "sim/net/net_host.h"
#include "sim/net/octets.h"

struct udp_socket {
    struct udp_socket *chain; /* in the hash */
    struct net_host *host;
    udp_receive_fn *receive;
    udp_unreachable_fn *unreachable;
    void *ctx;
    uint16_t port;
    uint32_t exchange;
    struct net_addr received_at;
    /* The last destination, with all that was found out about it. */
    struct net_addr src, dst;
    struct net_path path;
};

struct net_udp {
    struct udp_socket **bucket;
    size_t nbuckets;
    struct core_pool pool;
    struct udp_stats stats;
};

void net_udp_init(struct net *net)
{
    net->udp = core_alloc(sizeof *net->udp);
    core_pool_init(&net->udp->pool, sizeof(struct udp_socket), 0);
}

void net_udp_free(struct net *net)
{
    core_pool_free(&net->udp->pool);
    free(net->udp->bucket);
    free(net->udp);
}

const struct udp_stats *udp_stats(const struct net *net)
{
    return &net->udp->stats;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static size_t bucket_of(const struct net_udp *udp, uint32_t host, uint16_t port)
{
    uint64_t h = ((uint64_t)host << 16 | port) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h >> 32) & (udp->nbuckets - 1);
}

static struct udp_socket *find(const struct net_host *host, uint16_t port)
{
    const struct net_udp *udp = host->net->udp;
    if (udp->stats.open == 0)
        return NULL;
    for (struct udp_socket *s = udp->bucket[bucket_of(udp, host->number, port)]; s; s = s->chain)
        if (s->port == port && s->host == host)
            return s;
    return NULL;
}

static void grow(struct net_udp *udp)
{
    struct udp_socket **old = udp->bucket;
    size_t old_count = udp->nbuckets;
    udp->nbuckets = old_count ? old_count * 2 : 64;
    udp->bucket = core_alloc(udp->nbuckets * sizeof *udp->bucket);
    for (size_t i = 0; i < old_count; i++)
        for (struct udp_socket *s = old[i], *next; s; s = next) {
            size_t b = bucket_of(udp, s->host->number, s->port);
            next = s->chain;
            s->chain = udp->bucket[b];
            udp->bucket[b] = s;
        }
    free(old);
}

/* A free ephemeral port; 0: none is left. Drawn from the seed, the host and the number of draws, so that no
 * other host's draws change it; an attacker who does not know the seed cannot guess it. */
static uint16_t draw_port(struct net_host *host)
{
    const uint32_t count = 65536 - UDP_EPHEMERAL_FIRST;
    uint64_t x = host->net->seed ^ ((uint64_t)host->number << 32 | ++host->draws);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9); /* SplitMix64's finaliser */
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t port = (uint16_t)(UDP_EPHEMERAL_FIRST + (x + i) % count);
        if (!find(host, port))
            return port;
    }
    return 0;
}

struct udp_socket *udp_bind(struct net_host *host, uint16_t port, udp_receive_fn *receive, void *ctx)
{
    struct net_udp *udp = host->net->udp;
    struct udp_socket *s;
    size_t b;
    if (port == 0 ? !(port = draw_port(host)) : find(host, port) != NULL)
        return NULL;
    if (udp->stats.open == udp->nbuckets)
        grow(udp);
    s = core_pool_take(&udp->pool);
    b = bucket_of(udp, host->number, port);
    *s = (struct udp_socket){
        .chain = udp->bucket[b], .host = host, .receive = receive, .ctx = ctx, .port = port
    };
    udp->bucket[b] = s;
    udp->stats.open++;
    return s;
}

void udp_close(struct udp_socket *s)
{
    struct net_udp *udp = s->host->net->udp;
    struct udp_socket **at = &udp->bucket[bucket_of(udp, s->host->number, s->port)];
    while (*at != s)
        at = &(*at)->chain;
    *at = s->chain;
    udp->stats.open--;
    core_pool_give(&udp->pool, s);
}

void udp_on_unreachable(struct udp_socket *s, udp_unreachable_fn *fn)
{
    s->unreachable = fn;
}

uint16_t udp_port(const struct udp_socket *s)
{
    return s->port;
}

struct net_host *udp_host(const struct udp_socket *s)
{
    return s->host;
}

const struct net_addr *udp_received_at(const struct udp_socket *s)
{
    return &s->received_at;
}

uint32_t udp_exchange(const struct udp_socket *s)
{
    return s->exchange;
}

void udp_set_exchange(struct udp_socket *s, uint32_t exchange)
{
    s->exchange = exchange;
}

/* ---- out ----------------------------------------------------------------------------------------- */

bool udp_send_from(struct udp_socket *s, const struct net_addr *src, const struct net_addr *dst,
                   uint16_t dport, const void *octets, size_t len)
{
    struct net *net = s->host->net;
    struct net_packet *p;
    uint8_t *h;
    uint16_t sum;
    if (len > UDP_PAYLOAD_MAX)
        return false;
    if (!net_addr_same(&s->dst, dst)) {
        s->dst = *dst;
        s->path = (struct net_path){ 0 };
    }
    p = net_packet_take(net, net_addr_is4(dst) ? 4 : 6, UDP_HEADER + len);
    h = net_packet_l4(p);
    net_put16(h, s->port);
    net_put16(h + 2, dport);
    net_put16(h + 4, (uint16_t)(UDP_HEADER + len));
    net_put16(h + 6, 0);
    if (len > 0)
        memcpy(h + UDP_HEADER, octets, len);
    sum = net_sum_finish(
        net_sum(h, UDP_HEADER + len, net_sum_pseudo(src, dst, NET_PROTO_UDP, UDP_HEADER + len)));
    if (sum == 0) /* 0 would say: no checksum */
        sum = 0xffff;
    memcpy(h + 6, &sum, 2);
    p->conn = s->exchange;
    net->udp->stats.sent++;
    return net_ip_send(s->host, p, NET_PROTO_UDP, src, dst, &s->path);
}

bool udp_send(struct udp_socket *s, const struct net_addr *dst, uint16_t dport, const void *octets,
              size_t len)
{
    struct net_addr src;
    if (s->path.version == s->host->net->version && net_addr_same(&s->dst, dst))
        src = s->src;
    else if (!net_source_for(s->host, dst, &src))
        return false;
    s->src = src;
    return udp_send_from(s, &src, dst, dport, octets, len);
}

/* ---- in ------------------------------------------------------------------------------------------- */

static void deliver(struct udp_socket *s, struct net_packet *p, uint16_t sport, size_t len)
{
    s->received_at = p->dst;
    s->exchange = p->conn;
    s->host->net->udp->stats.received++;
    s->receive(s, s->ctx, &p->src, sport, net_packet_l4(p) + UDP_HEADER, len - UDP_HEADER);
}

void net_udp_input(struct net_host *host, struct net_packet *p)
{
    const uint8_t *h = net_packet_l4(p);
    struct net *net = host->net;
    size_t len = p->l4_len >= UDP_HEADER ? net_get16(h + 4) : 0;
    struct udp_socket *s;
    if (len < UDP_HEADER || len > p->l4_len) {
        net_drop(net, host, p, NET_DROP_MALFORMED);
        return;
    }
    /* Sent without a checksum: allowed in IPv4 only (RFC 8200 section 8.1). */
    if (!(net_get16(h + 6) == 0 && net_addr_is4(&p->src)) &&
        net_sum(h, len, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_UDP, len)) != 0xffff) {
        net->udp->stats.bad_checksum++;
        net_drop(net, host, p, NET_DROP_CHECKSUM);
        return;
    }
    s = find(host, net_get16(h + 2));
    if (!s) {
        net->udp->stats.no_socket++;
        net_icmp_error(host, p, NET_UNREACH_PORT, 0, 0);
        net_drop(net, host, p, NET_DROP_NO_SOCKET);
        return;
    }
    deliver(s, p, net_get16(h), len);
    net_packet_give(net, p);
}

void net_udp_unreachable(struct net_host *host, enum net_unreachable reason, const struct net_addr *local,
                         const struct net_addr *remote, uint16_t local_port, uint16_t remote_port)
{
    struct udp_socket *s = find(host, local_port);
    (void)local;
    if (s && s->unreachable)
        s->unreachable(s, s->ctx, remote, remote_port, reason);
}
