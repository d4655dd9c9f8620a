/* ARP for IPv4 over Ethernet (RFC 826).
 *
 *   0     2     4  5  6      8          14         18         24         28
 *   | hw  | ip  | 6| 4| op   | sender MAC | sender IP | target MAC | target IP |
 */
#include "sim/net/ether.h"

#include "sim/net/net_record.h"
#include "sim/net/octets.h"

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static struct net_packet *arp_build(struct net_iface *iface, uint16_t op, const uint8_t target_mac[6],
                                    const uint8_t target_ip[4])
{
    static const uint8_t start[6] = { 0, 1, 8, 0, 6, 4 }; /* Ethernet, IPv4, address lengths */
    struct net_packet *p = net_packet_raw(iface->host->net, NET_ARP_LEN);
    uint8_t *arp = p->octets + p->l3;
    memcpy(arp, start, sizeof start);
    net_put16(arp + 6, op);
    memcpy(arp + 8, iface->mac, 6);
    memcpy(arp + 14, iface->ip4.b + 12, 4);
    memcpy(arp + 18, target_mac, 6);
    memcpy(arp + 24, target_ip, 4);
    return p;
}

void net_arp_request(struct net_iface *iface, const struct net_addr *addr, uint64_t cause)
{
    static const uint8_t nobody[6];
    struct net_packet *p = arp_build(iface, ARP_REQUEST, nobody, addr->b + 12);
    p->cause = cause;
    net_ether_seal(iface, p, broadcast, NET_TYPE_ARP);
    net_link_flood(iface, p);
}

void net_arp_input(struct net_iface *iface, struct net_packet *p)
{
    static const uint8_t start[6] = { 0, 1, 8, 0, 6, 4 };
    struct net *net = iface->host->net;
    const uint8_t *arp = p->octets + p->l3;
    struct net_addr sender = net_addr4(arp[14], arp[15], arp[16], arp[17]);
    uint16_t op = net_get16(arp + 6);
    struct net_packet *reply;
    if (memcmp(arp, start, sizeof start) != 0 || !iface->bits4 || memcmp(arp + 24, iface->ip4.b + 12, 4) != 0)
        return;
    net_record_packet(net, TRACE_KIND_DELIVERED, iface->host, iface->link, p);
    net_neighbour_learn(iface, &sender, arp + 8, op == ARP_REQUEST);
    if (op != ARP_REQUEST)
        return;
    reply = arp_build(iface, ARP_REPLY, arp + 8, arp + 14);
    reply->cause = p->cause;
    net_ether_seal(iface, reply, arp + 8, NET_TYPE_ARP);
    net_link_send(iface, reply, NULL);
}
