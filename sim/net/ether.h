#ifndef SIM_NET_ETHER_H
#define SIM_NET_ETHER_H
/*
 * ether - Ethernet II framing, and the ARP and Neighbor Discovery messages that find MAC addresses.
 *
 *   0        6        12     14                         60
 *   | to     | from   | type | payload ... | zeros up to |      no FCS, as in a capture
 *
 * A frame gets its number when its maker hands it to the link; a router's copies keep it.
 */
#include "sim/net/neighbour.h"
#include "sim/net/net_link.h"

#define NET_TYPE_IP4 0x0800 /* RFC 894 */
#define NET_TYPE_ARP 0x0806 /* RFC 826 */
#define NET_TYPE_IP6 0x86dd /* RFC 2464 */
#define NET_ARP_LEN  28     /* octets of ARP for IPv4 over Ethernet */

extern const uint8_t net_outside_mac[6]; /* the MAC address of the world outside */

/* Writes the Ethernet header and pads. */
void net_ether_frame(struct net_packet *p, const uint8_t to[6], const uint8_t from[6], uint16_t type);

/* Frames p for a neighbour that is reachable and puts it on the link. Takes p over. */
void net_ether_send(struct net_neighbour *n, struct net_packet *p);

/* A frame has arrived at p->iface. Takes p over. */
void net_ether_input(struct net_packet *p);
/* A broadcast or multicast frame reaches `port`, one of several: p stays the caller's. True: it took it
 * in. */
bool net_ether_flood_input(const struct net_port *port, struct net_packet *p);

/* Asks who has `addr`; `cause` is the record that made it necessary. */
void net_arp_request(struct net_iface *iface, const struct net_addr *addr, uint64_t cause);
void net_ndp_solicit(struct net_iface *iface, const struct net_addr *addr, uint64_t cause);

/* An ARP message; a Neighbor Discovery message, its checksum and delivery already seen to; a frame to many
 * that may be a neighbour solicitation. p stays the caller's. */
void net_arp_input(struct net_iface *iface, struct net_packet *p);
void net_ndp_input(struct net_iface *iface, struct net_packet *p);
void net_ndp_flood_input(struct net_iface *iface, struct net_packet *p);

/* A packet with `octets` after the Ethernet header and no IP header: for ARP. */
struct net_packet *net_packet_raw(struct net *net, size_t octets);

/* Writes both MAC addresses and the type, pads, numbers the frame and records it as sent. */
void net_ether_seal(struct net_iface *iface, struct net_packet *p, const uint8_t to[6], uint16_t type);
#endif
