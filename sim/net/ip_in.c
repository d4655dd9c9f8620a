/* IP on the way in: checks, delivery, forwarding. */
#include "sim/net/ip.h"

#include "sim/net/ether.h"
#include "sim/net/firewall.h"
#include "sim/net/icmp.h"
#include "sim/net/net_link.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"
#include "sim/net/tamper.h"

#define IP4_FRAGMENT 0x3fffu /* more fragments, or an offset */

enum { EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_OPTIONS = 60 };

static void drop(struct net_packet *p, enum net_drop why)
{
    net_drop(p->iface->host->net, p->iface->host, p, why);
}

/* ---- forwarding ------------------------------------------------------------------------------- */

/* Takes one off the TTL and mends the checksum without summing the header again (RFC 1624). */
static void decrement_ttl(struct net_packet *p)
{
    uint8_t *ip = p->octets + p->l3;
    uint16_t before, after, sum;
    uint32_t s;
    if (ip[0] >> 4 == 6) {
        ip[7]--;
        return;
    }
    memcpy(&before, ip + 8, 2);
    ip[8]--;
    memcpy(&after, ip + 8, 2);
    memcpy(&sum, ip + 10, 2);
    s = (uint32_t)(uint16_t)~sum + (uint16_t)~before + after;
    s = (s & 0xffff) + (s >> 16);
    sum = (uint16_t) ~((s & 0xffff) + (s >> 16));
    memcpy(ip + 10, &sum, 2);
}

static void refuse(struct net_host *host, struct net_packet *p, enum net_unreachable reason, uint16_t mtu,
                   enum net_drop why)
{
    net_icmp_error(host, p, reason, mtu, 0);
    drop(p, why);
}

static void forward(struct net_host *host, struct net_packet *p)
{
    const struct net_route *r = NULL;
    struct net_neighbour *to = net_way_find(host, &p->dst);
    uint16_t mtu, size = (uint16_t)(p->l4 - p->l3 + p->l4_len);
    uint8_t ttl = p->octets[p->l3 + (p->octets[p->l3] >> 4 == 4 ? 8 : 7)];
    /* Multicast and broadcast stay on their link: ff00::/8, 224.0.0.0/3. */
    if (!host->forwards || p->dst.b[0] == 0xff || (p->dst.q[0] == 0 && p->dst.b[12] >= 224)) {
        drop(p, NET_DROP_NOT_MINE);
        return;
    }
    if (ttl <= 1) {
        refuse(host, p, NET_UNREACH_TTL, 0, NET_DROP_TTL);
        return;
    }
    if (!to && !(r = net_route_find(host, &p->dst))) {
        refuse(host, p, NET_UNREACH_NET, 0, NET_DROP_NO_ROUTE);
        return;
    }
    mtu = (to ? to->iface : r->iface)->link->params.mtu;
    if (size > mtu) {
        refuse(host, p, NET_UNREACH_TOO_BIG, mtu, NET_DROP_TOO_BIG);
        return;
    }
    if (host->firewall && !net_firewall_pass(host, NET_FORWARD, p))
        return;
    if (!to) {
        if (!(to = r->via ? r->via : net_neighbour_get(r->iface, &p->dst))) {
            drop(p, NET_DROP_NEIGHBOUR);
            return;
        }
        net_way_keep(host, &p->dst, to);
    }
    if (host->tampers)
        net_tamper_apply(host, p);
    decrement_ttl(p);
    net_neighbour_send(to, p);
}

/* ---- delivery ------------------------------------------------------------------------------------ */

void net_ip_deliver(struct net_host *host, struct net_packet *p)
{
    switch (p->proto) {
    case NET_PROTO_TCP:
        net_tcp_input(host, p);
        break;
    case NET_PROTO_UDP:
        net_udp_input(host, p);
        break;
    case NET_PROTO_ICMP:
    case NET_PROTO_ICMPV6:
        net_icmp_input(host, p);
        break;
    default:
        net_drop(host->net, host, p, NET_DROP_PROTOCOL);
    }
}

static inline void route_in(struct net_packet *p)
{
    struct net_iface *iface = p->iface;
    struct net_host *host = iface->host;
    if (!net_addr_same(&p->dst, &iface->ip4) && !net_addr_same(&p->dst, &iface->ip6) &&
        (net_way_find(host, &p->dst) || !net_host_owns(host, &p->dst))) {
        forward(host, p);
        return;
    }
    if (host->firewall && !net_firewall_pass(host, NET_IN, p))
        return;
    host->net->stats.delivered++;
    net_record_packet(host->net, TRACE_KIND_DELIVERED, host, iface->link, p);
    net_ip_deliver(host, p);
}

/* The checksum is good. Headers without options, nearly all, are five words. */
static inline bool header4_sound(const uint8_t *ip, size_t header)
{
    uint32_t w[5];
    uint64_t sum;
    if (header != sizeof w)
        return net_sum(ip, header, 0) == 0xffff;
    memcpy(w, ip, sizeof w);
    sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4];
    /* All ones in the end, and only then: a multiple of 65535 (RFC 1071 section 1). */
    return sum % 0xffff == 0;
}

void net_ip4_input(struct net_packet *p)
{
    const uint8_t *ip = p->octets + p->l3;
    size_t header = (size_t)(ip[0] & 15) * 4, total = net_get16(ip + 2);
    if (ip[0] >> 4 != 4 || header < NET_IP4_HEADER || total < header || total + NET_ETHER > p->len) {
        drop(p, NET_DROP_MALFORMED);
        return;
    }
    if (!header4_sound(ip, header)) {
        drop(p, NET_DROP_CHECKSUM);
        return;
    }
    p->l4 = (uint16_t)(p->l3 + header);
    p->l4_len = (uint16_t)(total - header);
    p->proto = ip[9];
    p->src.q[0] = p->dst.q[0] = 0;
    p->src.w[2] = p->dst.w[2] = net_be32(0xffff);
    memcpy(&p->src.w[3], ip + 12, 4);
    memcpy(&p->dst.w[3], ip + 16, 4);
    if (net_get16(ip + 6) & IP4_FRAGMENT) {
        drop(p, NET_DROP_FRAGMENT);
        return;
    }
    /* What is addressed or claims to come from a loopback network never was on a wire (RFC 1122 3.2.1.3). */
    if (ip[12] == 127 || ip[16] == 127) {
        drop(p, NET_DROP_MALFORMED);
        return;
    }
    route_in(p);
}

/* Skips extension headers that say nothing to us. False: it is a fragment, or they are broken. */
static bool skip_extensions(struct net_packet *p, uint8_t next)
{
    while (next == EXT_HOP_BY_HOP || next == EXT_ROUTING || next == EXT_OPTIONS) {
        const uint8_t *ext = net_packet_l4(p);
        size_t octets;
        if (p->l4_len < 8 || (octets = (ext[1] + 1u) * 8) > p->l4_len)
            return false;
        next = ext[0];
        p->l4 = (uint16_t)(p->l4 + octets);
        p->l4_len = (uint16_t)(p->l4_len - octets);
    }
    p->proto = next;
    return true;
}

/* ::, ::1 and mapped IPv4 addresses (RFC 4291 sections 2.5.2, 2.5.3, 2.5.5.2). */
static bool never_on_a_wire(const struct net_addr *a)
{
    return a->q[0] == 0 && (net_addr_is4(a) || net_get64(a->b + 8) <= 1);
}

void net_ip6_input(struct net_packet *p)
{
    const uint8_t *ip = p->octets + p->l3;
    size_t payload = net_get16(ip + 4);
    if (p->len < NET_ETHER + NET_IP6_HEADER || ip[0] >> 4 != 6 ||
        payload + NET_ETHER + NET_IP6_HEADER > p->len) {
        drop(p, NET_DROP_MALFORMED);
        return;
    }
    p->l4 = (uint16_t)(p->l3 + NET_IP6_HEADER);
    p->l4_len = (uint16_t)payload;
    memcpy(p->src.b, ip + 8, 16);
    memcpy(p->dst.b, ip + 24, 16);
    if (!skip_extensions(p, ip[6]) || ip[8] == 0xff || never_on_a_wire(&p->src) || never_on_a_wire(&p->dst)) {
        drop(p, NET_DROP_MALFORMED);
        return;
    }
    if (p->proto == EXT_FRAGMENT) {
        drop(p, NET_DROP_FRAGMENT);
        return;
    }
    route_in(p);
}
