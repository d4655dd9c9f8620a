#ifndef SIM_HOSTS_WORLD_NET_H
#define SIM_HOSTS_WORLD_NET_H
/*
 * world_net - what links and hosts take from their settings, beside the roles: for world_build, and again for
 * changes while the world runs (sim/hosts/change.h).
 *
 *   links_build, link_params     rate, delay, queue          firewall_build   rules
 *   faults_build, faults_reload  what goes wrong on a link   rewrites_build   somebody in the middle
 *   power_build, power_reload    switched off, and on        stub_build       whom a host asks about names
 *
 * Each of a host reads host->spec.
 */
#include "sim/hosts/world.h"
#include "sim/net/net_link.h"

/* Says in *e what is wrong, and where. Returns false. */
__attribute__((format(printf, 3, 4))) bool world_fail(struct world_error *e, const char *pointer,
                                                      const char *fmt, ...);

void links_build(struct world *w);
void link_params(const struct spec_link *l, struct net_link_params *p);

bool faults_build(struct world *w, struct world_error *e);
/* One of them, added behind those that the link has. False: *e says why not. */
bool fault_build(struct world *w, struct net_link *link, const struct spec_fault *f, struct world_error *e);
/* From the faults of `before` to those of `after`. One that stays as it was goes on counting; what is new or
 * different begins anew, and counts frames from now on. */
void faults_reload(struct world *w, const struct spec_link *before, const struct spec_link *after);

void firewall_build(struct host *host);
void rewrites_build(struct host *host);

void power_build(struct host *host);
/* The host is on or off as its setting says about this moment, whatever it was. */
void power_reload(struct host *host);

void stub_build(struct host *host);
#endif
