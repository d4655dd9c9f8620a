#ifndef SIM_NET_FIREWALL_H
#define SIM_NET_FIREWALL_H
/*
 * firewall - an ordered list of rules on a host or a router; the first one that matches decides.
 *
 *   accept   the packet goes on
 *   drop     it vanishes; the sender waits until it gives up
 *   reset    TCP: RST to the sender: "connection refused". Otherwise as prohibit
 *   prohibit ICMP "administratively prohibited" to the sender
 *
 * Rules look at one packet and remember nothing. To let a host open connections and refuse those of others, a
 * rule can be limited to packets that open a connection (SYN without ACK). Each decision to drop or
 * reject, and each accepted opening, leaves a FIREWALL record that points to the rule in the scenario.
 */
#include "sim/net/net_host.h"

enum net_direction { NET_IN, NET_OUT, NET_FORWARD, NET_DIRECTION_COUNT };

/* X(enum suffix, name in scenario and trace) */
#define NET_ACTIONS(X)                                                                                       \
    X(ACCEPT, "accept")                                                                                      \
    X(DROP, "drop")                                                                                          \
    X(RESET, "reset")                                                                                        \
    X(PROHIBIT, "prohibit")
#define X(name, word) NET_ACTION_##name,
enum net_action { NET_ACTIONS(X) NET_ACTION_COUNT };
#undef X

const char *net_action_name(enum net_action action);
const char *net_direction_name(enum net_direction direction);

struct net_prefix {
    struct net_addr addr;
    uint8_t bits; /* of 32 or 128 */
    bool set;     /* false: any address of either family */
};

struct net_port_range {
    uint16_t first, last; /* both 0: any */
};

struct net_rule {
    const char *name;    /* borrowed; for people */
    const char *pointer; /* borrowed: JSON pointer of the rule in the scenario; NULL: none */
    enum net_direction direction;
    enum net_action action;
    uint8_t proto; /* NET_PROTO_TCP, NET_PROTO_UDP, NET_PROTO_ICMP (either family's); 0: any */
    bool opening;  /* only packets that open a TCP connection */
    struct net_prefix src, dst;
    struct net_port_range sport, dport;
    uint64_t from_ns, until_ns; /* when it is in force; until 0: to the end */
    uint64_t matched;           /* packets so far */
};

struct net_firewall {
    struct net_rule *rules; /* borrowed, and counted in */
    size_t nrules;
    enum net_action otherwise[NET_DIRECTION_COUNT]; /* when no rule matches; ACCEPT unless set */
    const char *pointer;                            /* of `otherwise` in the scenario; NULL: none */
};

/* Asks the host's firewall about p, whose src, dst, proto, l4 and l4_len are set. True: it goes on. False: it
 * was dropped or answered, and given back. */
bool net_firewall_pass(struct net_host *host, enum net_direction direction, struct net_packet *p);

/* Answers a TCP segment with the RST that a closed port would send (RFC 9293 section 3.10.7.1), from its
 * destination address. Nothing for a RST. p stays the caller's. */
void net_tcp_reset_for(struct net_host *host, struct net_packet *p, uint64_t cause);
#endif
