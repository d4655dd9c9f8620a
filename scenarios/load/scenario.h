#ifndef SCENARIOS_LOAD_SCENARIO_H
#define SCENARIOS_LOAD_SCENARIO_H
/*
 * scenario - a scenario file, read and checked: a world to build, and what it must lead to.
 *
 *   text --json_scan--> lines, syntax --json_tree--> values --sets--> values
 *        --json_get + fields_*--> spec_world, expect --check_*--> a world without contradictions
 *        changes: each "set", then the same again --> what the settings are from then on
 *
 *   struct scenario s;
 *   struct scenario_errors *errors = ...;            12 KB: not on a small stack
 *   if (!scenario_open(&s, argv[2], sets, nsets, errors)) {
 *       scenario_errors_print(errors, stderr);       "mailwalk: lunch.json:17: /hosts/alice/clint: unknown
 *       return 2;                                     key; did you mean \"client\"? allowed: ..."
 *   }
 *   world_build(..., &s.world, ...); expect_init(&expect, &s);
 *   ...
 *   scenario_free(&s);
 *
 * A file is hostile until it is loaded: every size has a limit here, and a refusal takes less than a
 * second. docs/SCENARIOS.md is the reference of the format; its tables and docs/scenario.schema.json are
 * written from the same tables that the loader uses.
 */
#include <stdio.h>

#include "sim/core/pool.h"
#include "sim/hosts/spec.h"

#define SCENARIO_FILE_MAX    (16u * 1024 * 1024) /* octets of a scenario file */
#define SCENARIO_BESIDE_MAX  (16u * 1024 * 1024) /* octets of a .eml or an attachment beside it */
#define SCENARIO_CONTENT_MAX (64u * 1024 * 1024) /* octets of all of them, and of generated attachments */
#define SCENARIO_DEPTH_MAX   32                  /* arrays and objects inside one another */
#define SCENARIO_VALUES_MAX  1000000             /* JSON values in a file */
#define SCENARIO_ERRORS_MAX  20                  /* told at once */
#define SCENARIO_ERROR_MAX   600                 /* octets of one, with NUL */
#define SCENARIO_SETS_MAX    1000                /* --set options */

struct scenario_errors {
    size_t count; /* in line[] */
    size_t total; /* found: those beyond SCENARIO_ERRORS_MAX are only counted */
    char line[SCENARIO_ERRORS_MAX][SCENARIO_ERROR_MAX]; /* "FILE:LINE: /pointer: what, and what is allowed" */
};

struct expect_item; /* scenarios/load/expect.h */

struct scenario {
    struct spec_world world;
    const char *source; /* name in the catalogue, or path */
    const struct expect_item *expect;
    size_t nexpect;
    uint64_t text_hash;      /* core_hash of the file's octets, before --set: is it the same scenario? */
    struct core_arena arena; /* owns all of the above */
};

/* `name` is a name in the catalogue, or the path of a file (it has a '/', ends in ".json", or is not in the
 * catalogue). `sets` are "/json/pointer=VALUE" as given to --set, applied in order before anything
 * is typed. False: *errors says why, and there is nothing to free. Errors of a set are told as "--set:N:",
 * N counting from 1. `errors` need not be initialised. */
bool scenario_open(struct scenario *s, const char *name, const char *const *sets, size_t nsets,
                   struct scenario_errors *errors);

/* The same for text that is already in memory. `source` is what errors call it. `folder` is
 * where the .eml and attachment files are that it names: a path ("" for the current one), or
 * NULL for the catalogue. `text` need not outlive the call. */
bool scenario_load(struct scenario *s, const char *source, const char *folder, const char *text, size_t len,
                   const char *const *sets, size_t nsets, struct scenario_errors *errors);

void scenario_free(struct scenario *s);

/* Each error on a line, "mailwalk: " in front. */
void scenario_errors_print(const struct scenario_errors *errors, FILE *to);

/* `mailwalk check FILE...`: loads each; a line about each good one to `out`, errors to `err`.
 * Returns the exit status: 0 all are good, 2 not. */
int scenario_check(const char *const *files, size_t nfiles, FILE *out, FILE *err);
#endif
