#ifndef SCENARIOS_LOAD_CHANGES_H
#define SCENARIOS_LOAD_CHANGES_H
/*
 * changes - what the settings are after each of a scenario's changes.
 *
 *   the file's values --typed, checked--> s->world                            from the start
 *        | "set" of the first, as --set would
 *        v
 *   other values      --typed, checked--> s->world.changes[0].after           from its "at" on
 *        | "set" of the second
 *        v ...
 *
 * The changes come in the order of time, those of one moment in the order of the list. An error is told at
 * "/changes/N/set" if the setting does not exist or cannot change during a run, and at "/changes/N/to" if
 * what comes of it contradicts itself.
 */
#include "scenarios/load/json_get.h"

#define CHANGES_VALUES_MAX 2000000 /* JSON values that are read for all changes together */

/* After the file itself was found good. `root` is changed; `scratch` owns what is added to it. */
void changes_read(struct json_get *g, struct scenario *s, struct json_node *root, struct core_arena *scratch);
#endif
