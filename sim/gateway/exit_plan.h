#ifndef SIM_GATEWAY_EXIT_PLAN_H
#define SIM_GATEWAY_EXIT_PLAN_H
/*
 * exit_plan - the part of the plan that leads out: which hosts stand for real servers, and how they are
 * found.
 *
 *   --forward example.org=...            exit-1, named exit-1.example.org; the zone that has example.org says
 *                                        MX 10 exit-1.example.org, and nothing of the MX that it had
 *   --forward mail.example.org:587=...   exit-2, named mail.example.org; its zone gives exit-2's addresses
 * for the name, in place of those that it had. More ports of the name: the same host
 *
 * A domain that no zone of the scenario has for itself is put into the one above it, up to the root.
 */
#include "sim/gateway/plan.h"

/* Sets p->nexit_hosts. */
void plan_exits_count(struct plan *p, const struct forwards *f);

/* When p has its hosts: names them, fills p->exit, and adds the records to p->world.zones. */
bool plan_exits(struct plan *p, const struct forwards *f, char error[PLAN_ERROR_MAX]);
#endif
