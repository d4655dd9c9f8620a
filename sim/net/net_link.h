#ifndef SIM_NET_NET_LINK_H
#define SIM_NET_NET_LINK_H
/*
 * net_link - an Ethernet segment: two interfaces or many, around an ideal switch.
 *
 *   net_link_send -> queue full? -> on the wire: octets * 8 / rate -> faults -> delay (+ jitter) -> receiver
 *
 * Every interface has its own transmitter and its own queue, in full duplex; the switch itself adds
 * nothing. Everything is computed when the frame is handed over, so a frame costs one event,
 * its arrival. Frames of one interface never overtake each other, whatever the jitter, unless a fault
 * delays some of them.
 *
 *   transmission time = octets * 8e9 / rate_bps ns, rounded up, of the frame from its destination
 *                       address to the end of its padding (no preamble, FCS or gap)
 *   arrival           = end of transmission + delay_ns + 0..jitter_ns
 */
#include "sim/net/net_host.h"

struct net_fault;

/* An IP packet for the world outside; `ip` is valid during the call. */
typedef void net_outside_fn(void *ctx, const uint8_t *ip, size_t len);

struct net_link_params {
    uint64_t rate_bps;      /* 0: infinitely fast */
    uint64_t delay_ns;      /* one way */
    uint64_t jitter_ns;     /* the most that is added, uniformly */
    uint32_t queue_packets; /* frames in a transmitter, the one on the wire among them; 0: no limit */
    uint32_t queue_octets; /* octets in a transmitter that are still to be sent; 0: no limit. Needs a rate. */
    uint16_t mtu;          /* octets of an IP packet, 1280..1500; 0: NET_MTU */
};

struct net_port {
    struct net_iface *iface;
    uint32_t ip4;      /* in memory order; 0: none */
    uint32_t ip6_last; /* the last 24 bits of its IPv6 address, as solicited-node groups have; ~0: none */
};

/* When the frames of one transmitter leave it: a ring that is as long as the queue's limit. */
struct net_departures {
    uint32_t first, count, size;
    uint64_t at_ns[];
};

struct net_link {
    /* what every frame needs */
    struct net *net;
    uint64_t octet_ns;        /* transmission time of an octet, if it is a whole number; else 0 */
    uint64_t queue_ns;        /* transmission time of queue_octets; 0: no limit */
    struct net_fault *faults; /* NULL: none */
    struct net_link_params params;
    uint64_t frames, octets; /* put on the wire */
    net_outside_fn *outside; /* NULL: a link like others */
    void *outside_ctx;

    const char *name;  /* the network's copy */
    const char *label; /* borrowed, for the opening; NULL: none */
    uint32_t number;   /* from 1, the trace's link */
    uint32_t nports, max_ports;
    struct net_port *ports;
    struct net_port two[2];
    struct core_rng rng; /* jitter */
    uint64_t dropped;    /* by a full queue or a fault */
};

/* Adds a link. `name` is copied; it also names the link's random stream. */
struct net_link *net_link_add(struct net *net, const char *name, const struct net_link_params *params);
struct net_link *net_link_find(const struct net *net, const char *name);

/* New parameters from the next frame on. */
void net_link_change(struct net_link *link, const struct net_link_params *params);

/* Makes a link a door to the world outside (a TUN device): what its first interface sends is handed to `fn`
 * without ARP or ND, when the link has carried it, and net_link_inject sends the other way. A second
 * interface, if there is one, stands for the outside: it has its name and address in the trace and in
 * captures, the link's delay and faults act on what it sends, and while it is down nothing passes; nothing
 * reaches its host. Without one, the outside is a neighbour with the MAC address 02:ff:ff:ff:ff:ff, and what
 * it sends is there at once. */
void net_link_open(struct net_link *link, net_outside_fn *fn, void *ctx);
const uint8_t *net_link_outside_mac(const struct net_link *link);

/* An IP packet from outside is sent to the link's first interface. Nothing in it is believed before it is
 * checked. False: it is no IP packet, or longer than the link's MTU. */
bool net_link_inject(struct net_link *link, const uint8_t *ip, size_t len);

/* Nanoseconds that a frame of so many octets is on the wire. */
uint64_t net_link_wire_ns(const struct net_link *link, uint64_t frame_octets);

/* For the layers above: puts p (a complete frame) into the transmitter of `from`; takes p over.
 * `to` has the frame's destination address; NULL: it is looked up. */
void net_link_send(struct net_iface *from, struct net_packet *p, struct net_iface *to);
/* The same for a frame to the broadcast or a multicast address. */
void net_link_flood(struct net_iface *from, struct net_packet *p);
/* For net.c: the queue's look ahead. */
core_ahead_fn net_ahead;
/* A second packet with the same frame. */
struct net_packet *net_packet_copy(struct net *net, const struct net_packet *p);
/* For net.c: frees what a link has outside the arena. */
void net_link_release(struct net_link *link);
/* Puts an interface on the link. */
void net_link_attach(struct net_link *link, struct net_iface *iface);
#endif
