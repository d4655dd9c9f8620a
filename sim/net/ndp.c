/* Neighbor Discovery (RFC 4861): solicitations and advertisements.
 *
 *   0     1     2      4                8            24     25  26        32
 *   |135  | 0   | sum  | 0 (NA: flags)  | target      | opt  | 1 | MAC     |   options 1: source, 2: target
 */
#include "sim/net/ether.h"

#include "sim/net/ip.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"

#define ND_LEN       32
#define ND_HOP_LIMIT 255 /* proves that no router has passed it on, RFC 4861 section 3.1 */

enum { ND_SOLICIT = 135, ND_ADVERTISE = 136, ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2 };
enum { ND_ROUTER = 0x80, ND_SOLICITED = 0x40, ND_OVERRIDE = 0x20 };

static struct net_packet *nd_build(struct net_iface *iface, uint8_t type, const struct net_addr *dst,
                                   const struct net_addr *target)
{
    struct net_packet *p = net_packet_take(iface->host->net, 6, ND_LEN);
    uint8_t *m = net_packet_l4(p);
    uint16_t sum;
    memset(m, 0, 8);
    m[0] = type;
    if (type == ND_ADVERTISE)
        m[4] = (uint8_t)(ND_SOLICITED | ND_OVERRIDE | (iface->host->forwards ? ND_ROUTER : 0));
    memcpy(m + 8, target->b, 16);
    m[24] = type == ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC;
    m[25] = 1; /* in units of 8 octets */
    memcpy(m + 26, iface->mac, 6);
    sum = net_sum_finish(net_sum(m, ND_LEN, net_sum_pseudo(&iface->ip6, dst, NET_PROTO_ICMPV6, ND_LEN)));
    memcpy(m + 2, &sum, 2);
    net_ip_header(p, NET_PROTO_ICMPV6, &iface->ip6, dst, ND_HOP_LIMIT, 0);
    return p;
}

void net_ndp_solicit(struct net_iface *iface, const struct net_addr *addr, uint64_t cause)
{
    /* The solicited-node group of the address, RFC 4291 section 2.7.1, and its MAC address, RFC 2464. */
    struct net_addr group = { .b = { 0xff, 0x02, [11] = 0x01, [12] = 0xff } };
    uint8_t mac[6] = { 0x33, 0x33, 0xff };
    struct net_packet *p;
    memcpy(group.b + 13, addr->b + 13, 3);
    memcpy(mac + 3, addr->b + 13, 3);
    p = nd_build(iface, ND_SOLICIT, &group, addr);
    p->cause = cause;
    net_ether_seal(iface, p, mac, NET_TYPE_IP6);
    net_link_flood(iface, p);
}

/* The MAC address in the first option of that type; NULL: there is none, or the options are broken. */
static const uint8_t *nd_option(const struct net_packet *p, uint8_t type)
{
    const uint8_t *m = p->octets + p->l4;
    for (size_t at = 24; at + 8 <= p->l4_len && m[at + 1] != 0; at += m[at + 1] * 8u)
        if (m[at] == type)
            return m + at + 2;
    return NULL;
}

static void answer(struct net_iface *iface, const struct net_packet *p, const uint8_t *mac)
{
    struct net_packet *reply = nd_build(iface, ND_ADVERTISE, &p->src, &iface->ip6);
    reply->cause = p->cause;
    net_ether_seal(iface, reply, mac, NET_TYPE_IP6);
    net_link_send(iface, reply, NULL);
}

void net_ndp_input(struct net_iface *iface, struct net_packet *p)
{
    const uint8_t *m = net_packet_l4(p), *mac;
    struct net_addr target;
    if (p->l4_len < 24 || p->octets[p->l3 + 7] != ND_HOP_LIMIT || m[1] != 0)
        return;
    memcpy(target.b, m + 8, sizeof target.b);
    if (m[0] == ND_SOLICIT && iface->bits6 && net_addr_same(&target, &iface->ip6)) {
        if (!(mac = nd_option(p, ND_SOURCE_MAC)))
            return;
        net_neighbour_learn(iface, &p->src, mac, true);
        answer(iface, p, mac);
    } else if (m[0] == ND_ADVERTISE && (mac = nd_option(p, ND_TARGET_MAC))) {
        net_neighbour_learn(iface, &target, mac, false);
    }
}

void net_ndp_flood_input(struct net_iface *iface, struct net_packet *p)
{
    const uint8_t *m = net_packet_l4(p);
    if (p->proto != NET_PROTO_ICMPV6 || p->l4_len < 24 || m[0] != ND_SOLICIT)
        return;
    net_ip_addresses(p);
    if (memcmp(m + 8, iface->ip6.b, 16) != 0) /* another address with the same last 24 bits */
        return;
    if (net_sum(m, p->l4_len, net_sum_pseudo(&p->src, &p->dst, NET_PROTO_ICMPV6, p->l4_len)) != 0xffff)
        return;
    net_record_packet(iface->host->net, TRACE_KIND_DELIVERED, iface->host, iface->link, p);
    net_ndp_input(iface, p);
}
