#ifndef SIM_HOSTS_CHANGE_H
#define SIM_HOSTS_CHANGE_H
/*
 * change - a setting that somebody edits at a moment of the run, and the reload that follows.
 *
 *   14:00   an administrator edits /hosts/mx/store/users/bob/password and reloads
 *             record: phase, config "changed"
 *             the store takes over its other settings; sessions that are under way go on
 *   14:01   bob logs in with the new password
 *
 * What may change is a table: a pattern of pointers, and who reloads. Whatever is not in it holds from the
 * start of a run to its end, and a scenario that wants to change it is refused: a change is never ignored.
 * Before its moment a change leaves no trace: no record, no random number, no order of events is different.
 * At its moment it comes before everything else that happens then.
 */
#include "sim/hosts/dns_host.h"
#include "sim/hosts/host.h"

#define CHANGE_WHY_MAX 560 /* octets with NUL */

/* May the setting at this pointer change during a run? False: why says what may. */
bool change_allowed(const char *pointer, char why[CHANGE_WHY_MAX]);

/* Can a world that runs with the settings `before` go on with c->after? For the loader, when c->after is good
 * by itself. False: why says what cannot change. */
bool change_fits(const struct spec_world *before, const struct spec_change *c, char why[CHANGE_WHY_MAX]);

/* For world_build. The first thing that is done, so that at its moment a change comes first. */
void changes_start(struct world *w);
/* Compiles what can be wrong. False: *error says what. */
bool changes_prepare(struct world *w, struct zone_error *error);
#endif
