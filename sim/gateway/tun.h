#ifndef SIM_GATEWAY_TUN_H
#define SIM_GATEWAY_TUN_H
/*
 * tun - the door for a whole kernel: IP packets between a TUN device of this machine and the simulated
 * network.
 *
 *   programs -- kernel's TCP/IP -- device --read--> tun_round --> link "tun" --> tun-door --> the scenario's
 * links
 *                                        <--write-------------------'
 *
 * Every packet that the kernel sends is an input at a moment of virtual time, and is recorded. What the
 * simulated network sends to the kernel is written to the device when the link has carried it (at once,
 * unless a fault was ordered for it). Packets are raw IPv4 and IPv6 (IFF_TUN | IFF_NO_PI); without a virtio
 * header the kernel computes all checksums itself, and cuts to the MTU.
 *
 * A packet that is longer than the link's MTU, or is none, does not come in; so do none while the queue of
 * the device is full: the kernel drops them and its TCP sends them again. Fragments come in, and are dropped
 * by the first router (why "fragment").
 */
#include <stdio.h>

#include "sim/gateway/announce.h"
#include "sim/gateway/tun_plan.h"
#include "sim/hosts/world.h"
#include "sim/net/net_link.h"

#define TUN_BATCH      64 /* packets taken in one round */
#define TUN_PACKET_MAX 65536

struct tun {
    int fd;    /* -1: none, or it has gone */
    bool gone; /* somebody has deleted the device; that has been said on stderr */
    const char *name;
    struct net_link *link;
    struct world *world;
    FILE *record; /* borrowed; NULL: none */
    uint64_t packets_in, packets_out, lost_out;
    uint64_t real_ns;
    uint32_t last_id;
    struct announce_trouble trouble;
    uint8_t packet[TUN_PACKET_MAX];
};

/* Attaches to the device, which is made if there is none. Returns 0, or 3 after saying on stderr why the
 * machine refuses. `name` is borrowed. */
int tun_open(struct tun *t, const char *name);

/* Gives the device its addresses, the MTU and routes, and brings it up (--tun-up). Returns 0 or 3; IPv6 that
 * the machine does not have is only told. */
int tun_up(const struct tun *t, const struct tun_plan *plan, const struct spec_world *w);

/* After world_build: from now on the two are connected. */
void tun_attach(struct tun *t, struct world *w, FILE *record);

/* Gives up to TUN_BATCH packets to the world, which stands at `moment_ns`. True: there may be more. A device
 * that is there no more sets `gone`. */
bool tun_round(struct tun *t, uint64_t moment_ns, uint64_t real_ns);

void tun_close(struct tun *t);
#endif
