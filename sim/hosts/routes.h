#ifndef SIM_HOSTS_ROUTES_H
#define SIM_HOSTS_ROUTES_H
/*
 * routes - who sends what where, found from the shape of the network.
 *
 *   a host on one link with one router    a default route to it
 *   any other host, and every router      for each prefix elsewhere, the first router on a shortest way
 *
 * The way is the one over the fewest routers; among equals, over links and hosts in the order of the
 * scenario.
 */
#include "sim/hosts/host.h"

void routes_find(struct world *w);
#endif
