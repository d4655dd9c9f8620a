/* IP on the way out: headers, routes, the loop through the own host. */
#include "sim/net/ip.h"

#include <assert.h>

#include "sim/net/ether.h"
#include "sim/net/firewall.h"
#include "sim/net/icmp.h"
#include "sim/net/net_link.h"
#include "sim/net/octets.h"

#define IP4_DF 0x4000u /* do not fragment */

/* ---- headers ------------------------------------------------------------------------------ */

static uint16_t fold16(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The words are summed before they are stored: reading back what was just written in smaller pieces is
 * slow. */
static void header4(struct net_packet *p, uint8_t proto, uint32_t src, uint32_t dst, uint8_t ttl, uint16_t id)
{
    uint32_t w[5];
    uint16_t sum;
    w[0] = net_be32(0x45000000u | (uint32_t)(NET_IP4_HEADER + p->l4_len));
    w[1] = net_be32((uint32_t)id << 16 | IP4_DF);
    w[2] = net_be32((uint32_t)ttl << 24 | (uint32_t)proto << 16);
    w[3] = src;
    w[4] = dst;
    sum = (uint16_t)~fold16((uint64_t)w[0] + w[1] + w[2] + src + dst);
    memcpy(p->octets + p->l3, w, sizeof w);
    memcpy(p->octets + p->l3 + 10, &sum, sizeof sum);
}

void net_ip_header(struct net_packet *p, uint8_t proto, const struct net_addr *src,
                   const struct net_addr *dst, uint8_t ttl, uint16_t id)
{
    uint8_t *ip = p->octets + p->l3;
    p->proto = proto;
    if (p->l4 - p->l3 == NET_IP4_HEADER) {
        header4(p, proto, src->w[3], dst->w[3], ttl, id);
        return;
    }
    net_put32(ip, 0x60000000u); /* no traffic class, flow label 0 */
    net_put32(ip + 4, (uint32_t)p->l4_len << 16 | (uint32_t)proto << 8 | ttl);
    memcpy(ip + 8, src->b, 16);
    memcpy(ip + 24, dst->b, 16);
}

void net_ip_addresses(struct net_packet *p)
{
    const uint8_t *ip = p->octets + p->l3;
    if (ip[0] >> 4 == 4) {
        p->src = net_addr4(ip[12], ip[13], ip[14], ip[15]);
        p->dst = net_addr4(ip[16], ip[17], ip[18], ip[19]);
    } else {
        memcpy(p->src.b, ip + 8, 16);
        memcpy(p->dst.b, ip + 24, 16);
    }
}

/* ---- sending -------------------------------------------------------------------------------- */

static void loop_arrive(struct core_queue *q, struct core_event *event)
{
    struct net_packet *p = CORE_OWNER(event, struct net_packet, event);
    struct net_host *host = p->iface->host;
    (void)q;
    host->net->trace->cause = p->cause;
    net_ip_deliver(host, p);
}

/* To one of the host's own addresses: no link, no frame, but the same upper layers. */
static bool loop(struct net_host *host, struct net_packet *p)
{
    if (host->nifaces == 0) {
        net_packet_give(host->net, p);
        return false;
    }
    net_ip_addresses(p);
    p->iface = host->ifaces[0];
    p->event.run = loop_arrive;
    core_post(host->net->queue, &p->event, host->net->queue->now_ns + NET_LOOP_NS);
    return true;
}

/* The neighbour that a packet to `dst` goes to next; NULL: no route. */
static struct net_neighbour *next_hop(struct net_host *host, const struct net_addr *dst)
{
    const struct net_route *r = net_route_find(host, dst);
    if (!r)
        return NULL;
    return r->via ? r->via : net_neighbour_get(r->iface, dst);
}

static bool filter_out(struct net_host *host, struct net_packet *p, unsigned flags)
{
    if (!host->firewall || (flags & NET_IP_UNFILTERED))
        return true;
    net_ip_addresses(p);
    return net_firewall_pass(host, NET_OUT, p);
}

bool net_ip_output(struct net_host *host, struct net_packet *p, uint8_t proto, const struct net_addr *src,
                   const struct net_addr *dst, uint8_t ttl, unsigned flags)
{
    struct net_neighbour *to;
    if (p->cause == 0)
        p->cause = host->net->trace->cause;
    net_ip_header(p, proto, src, dst, ttl, host->ip_id++);
    if (net_host_owns(host, dst))
        return loop(host, p);
    if (!(to = next_hop(host, dst))) {
        net_packet_give(host->net, p);
        return false;
    }
    if (filter_out(host, p, flags))
        net_neighbour_send(to, p);
    return true;
}

bool net_ip_send(struct net_host *host, struct net_packet *p, uint8_t proto, const struct net_addr *src,
                 const struct net_addr *dst, struct net_path *path)
{
    struct net *net = host->net;
    if (!path || path->version != net->version) {
        if (path && !net_host_owns(host, dst) && (path->to = next_hop(host, dst)))
            path->version = net->version;
        return net_ip_output(host, p, proto, src, dst, NET_TTL, 0);
    }
    if (p->cause == 0)
        p->cause = net->trace->cause;
    net_ip_header(p, proto, src, dst, NET_TTL, host->ip_id++);
    if (filter_out(host, p, 0))
        net_neighbour_send(path->to, p);
    return true;
}

/* ---- what did not arrive ---------------------------------------------------------------------- */

void net_ip_unreachable(struct net_host *host, enum net_unreachable reason, uint8_t proto,
                        const struct net_addr *local, const struct net_addr *remote, const uint8_t *l4)
{
    switch (proto) {
    case NET_PROTO_TCP:
        net_tcp_unreachable(host, reason, local, remote, net_get16(l4), net_get16(l4 + 2), net_get32(l4 + 4));
        break;
    case NET_PROTO_UDP:
        net_udp_unreachable(host, reason, local, remote, net_get16(l4), net_get16(l4 + 2));
        break;
    case NET_PROTO_ICMP:
    case NET_PROTO_ICMPV6:
        net_ping_unreachable(host, reason, NULL, l4);
        break;
    default:
        break;
    }
}
