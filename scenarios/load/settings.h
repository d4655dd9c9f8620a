#ifndef SCENARIOS_LOAD_SETTINGS_H
#define SCENARIOS_LOAD_SETTINGS_H
/*
 * settings - the values of a scenario that a person may change: every number, string and truth value in the
 * file, with its pointer, as --set takes it.
 *
 *   "/hosts/alice/client/accounts/0/submit/port" = 587
 *
 * Words for learners (titles, lessons, notes) and expectations are left out: they change nothing that
 * happens. They are told as they are at a moment of the run: what `changes` had edited by then is in.
 */
#include <stdbool.h>
#include <stddef.h>

#include "scenarios/load/scenario.h"

#define SETTINGS_MAX 20000 /* of one scenario; more are not listed */

struct setting {
    const char *pointer, *value; /* value as JSON */
};

struct settings {
    struct setting *setting; /* in the arena */
    size_t n;
    uint64_t from_ns, until_ns; /* so they are from that moment to before this one; CORE_NEVER: to the end */
    struct core_arena arena;
};

/* `name` and `sets` as in scenario_open; `at_ns` in virtual time. False: *errors says why. */
bool settings_open(struct settings *s, const char *name, const char *const *sets, size_t nsets,
                   uint64_t at_ns, struct scenario_errors *errors);
void settings_free(struct settings *s);
#endif
