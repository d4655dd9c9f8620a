#ifndef SIM_GATEWAY_TUN_ANNOUNCE_H
#define SIM_GATEWAY_TUN_ANNOUNCE_H
/* tun_announce - the TUN door told on stdout: addresses, the commands that the device needs, the servers. */
#include "sim/gateway/plan.h"

void tun_announce(const struct plan *p, const char *name, bool configured, bool jsonl);
#endif
