#ifndef SIM_GATEWAY_TUN_PLAN_H
#define SIM_GATEWAY_TUN_PLAN_H
/*
 * tun_plan - what `--tun` adds to a world: a router that leads to this machine's kernel.
 *
 *   street (the doors' link)                    link "tun"
 *   ---+------------------- tun-door -----------------------------.  kernel
 *      |  192.0.2.2/24      forwards    198.18.0.1/30             |  198.18.0.2/30
 *                                       2001:db8:ffff::1/64       |  2001:db8:ffff::2/64
 *
 * tun-door is a router like others: TTL, ICMP errors, ARP and Neighbor Discovery on its link. "kernel" is a
 * name and an address, so that the trace can say who speaks; the real kernel sends its packets (tun.h). All
 * hosts find the way to it as they find every other.
 */
#include "sim/hosts/spec.h"
#include "sim/hosts/world.h"
#include "sim/net/net_link.h"

#define TUN_LINK         "tun"
#define TUN_ROUTER       "tun-door"
#define TUN_KERNEL       "kernel"
#define TUN_IP4          "198.18.0.2/30" /* RFC 2544: for tests of networks, so nobody has it */
#define TUN_IP6          "2001:db8:ffff::2/64"
#define TUN_ADDRESS_TEXT (NET_ADDR_TEXT + 4) /* "2001:db8:ffff::2/64" */
#define TUN_NAME_MAX     15                  /* octets of a device's name: IFNAMSIZ less NUL */
#define TUN_WINDOW       262144              /* octets a connection may have under way, as with a kernel */
#define TUN_ROUTES_MAX   256
#define TUN_ERROR_MAX    200

struct tun_plan {
    bool on;
    struct spec_prefix ip4, ip6;  /* the kernel's */
    struct net_addr gate4, gate6; /* tun-door's on the link "tun" */
};

/* "198.18.0.2/30" for IPv4, "2001:db8:ffff::2/64" for IPv6: at most 30 and 126 bits, since two hosts need an
 * address, and none that a network cannot have. False: it is none. */
bool tun_address_parse(struct spec_prefix *out, const char *text);
const char *tun_address_text(const struct spec_prefix *p, char buf[TUN_ADDRESS_TEXT]);

/* True if a device can have this name: 1 to 15 octets, no space, slash, colon, quote or percent sign. */
bool tun_name_is_good(const char *name);

/* Off, with TUN_IP4 and TUN_IP6. */
void tun_plan_init(struct tun_plan *t);

/* The kernel's addresses as a recording has them: "198.18.0.2/30 2001:db8:ffff::2/64". A family that is
 * missing is off. False: they are none. */
bool tun_plan_read(struct tun_plan *t, const char *text);
const char *tun_plan_text(const struct tun_plan *t, char buf[2 * TUN_ADDRESS_TEXT]);

/* Adds link and hosts to `w`, on the link `link`, with memory of `arena`; finds the gateway's addresses.
 * False: error says why it does not fit into the scenario. */
bool tun_plan_add(struct tun_plan *t, struct spec_world *w, const char *link, struct core_arena *arena,
                  char error[TUN_ERROR_MAX]);

/* The networks that the kernel reaches through the door, without those of the door itself. Returns how many.
 */
size_t tun_plan_routes(const struct spec_world *w, struct spec_prefix routes[TUN_ROUTES_MAX]);

/* After world_build: what the world sends to the kernel goes to `fn`. NULL: the world was planned without. */
struct net_link *tun_world_open(struct world *w, net_outside_fn *fn, void *ctx);
/* A packet of the kernel's comes in now. False: it is no IP packet, or too long; nothing has happened. */
bool tun_world_give(struct world *w, struct net_link *link, const uint8_t *ip, size_t len);
#endif
