#ifndef SCENARIOS_LOAD_RUN_H
#define SCENARIOS_LOAD_RUN_H
/*
 * run - a scenario that is loaded, run to its end.
 *
 *   scenario --world_build--> world --world_run--> ... --expect--> one outcome record a line --> met or not
 *
 * Whoever wants to see it gives its sinks; `expect` is one of them, made here.
 */
#include <stdbool.h>

#include "scenarios/load/scenario.h"
#include "sim/core/trace.h"

struct scenario_run {
    const struct trace_sink *sinks; /* borrowed */
    size_t nsinks;                  /* at most TRACE_SINKS_MAX - 1 */
    void (*on_keylog)(void *ctx,
                      const char *line); /* a TLS secret, before the frames it opens; may be NULL */
    void *on_keylog_ctx;
    /* results */
    bool met;                       /* everything in `expect` holds */
    char error[SCENARIO_ERROR_MAX]; /* why nothing could be run: "FILE: /pointer: what" */
};

/* False: the world cannot be built; r->error says why. */
bool scenario_run(const struct scenario *s, struct scenario_run *r);
#endif
