/* Ethernet II framing. */
#include "sim/net/ether.h"

#include "sim/net/ip.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"
#include "sim/net/tamper.h"

const uint8_t net_outside_mac[6] = { 0x02, 0xff, 0xff, 0xff, 0xff, 0xff };

static inline void write_frame(struct net_packet *p, const uint8_t to[6], const uint8_t from[6],
                               uint16_t type)
{
    uint8_t *frame = net_packet_frame(p);
    size_t len = (size_t)(p->l4 + p->l4_len) - 2;
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    net_put16(frame + 12, type);
    if (len < NET_FRAME_MIN) {
        memset(frame + len, 0, NET_FRAME_MIN - len);
        len = NET_FRAME_MIN;
    }
    p->len = (uint16_t)len;
}

void net_ether_frame(struct net_packet *p, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
    write_frame(p, to, from, type);
}

void net_ether_seal(struct net_iface *iface, struct net_packet *p, const uint8_t to[6], uint16_t type)
{
    struct net *net = iface->host->net;
    write_frame(p, to, iface->mac, type);
    if (p->frame != 0 && p->changed != 0) {
        net->stats.forwarded++;
        net_tamper_seal(iface, p);
        return;
    }
    if (p->frame != 0) { /* a router passes it on */
        net->stats.forwarded++;
        net_record_packet(net, TRACE_KIND_FORWARDED, iface->host, iface->link, p);
        return;
    }
    if (net->datagram && p->proto == NET_PROTO_UDP && net->trace->levels)
        net->datagram(net->datagram_ctx, iface->host, p);
    p->frame = ++net->trace->frames;
    net->packets++;
    net->segments += p->proto == NET_PROTO_TCP;
    net_record_packet(net, TRACE_KIND_SENT, iface->host, iface->link, p);
}

void net_ether_send(struct net_neighbour *n, struct net_packet *p)
{
    net_ether_seal(n->iface, p, n->mac, p->octets[p->l3] >> 4 == 6 ? NET_TYPE_IP6 : NET_TYPE_IP4);
    net_link_send(n->iface, p, n->to);
}

void net_ether_input(struct net_packet *p)
{
    struct net_iface *iface = p->iface;
    switch (net_get16(net_packet_frame(p) + 12)) {
    case NET_TYPE_IP4:
        net_ip4_input(p);
        break;
    case NET_TYPE_IP6:
        net_ip6_input(p);
        break;
    case NET_TYPE_ARP:
        net_arp_input(iface, p);
        net_packet_give(iface->host->net, p);
        break;
    default:
        net_drop(iface->host->net, iface->host, p, NET_DROP_PROTOCOL);
    }
}

/* Only ARP requests and neighbour solicitations are sent to many. The interface looks at the address asked
 * for before it troubles its host. */
bool net_ether_flood_input(const struct net_port *port, struct net_packet *p)
{
    const uint8_t *frame = net_packet_frame(p);
    uint32_t target;
    if (!port->iface->up)
        return false;
    if (net_get16(frame + 12) == NET_TYPE_ARP) {
        memcpy(&target, frame + NET_ETHER + 24, sizeof target);
        if (target != port->ip4 || target == 0)
            return false;
        net_arp_input(port->iface, p);
        return true;
    }
    /* The group of RFC 4291 section 2.7.1 ends in the last 24 bits of the address. */
    if (frame[0] != 0x33 || frame[1] != 0x33 || (net_get32(frame + 2) & 0xffffff) != port->ip6_last)
        return false;
    net_ndp_flood_input(port->iface, p);
    return true;
}
