#ifndef SIM_GATEWAY_REPLAY_H
#define SIM_GATEWAY_REPLAY_H
/*
 * replay - a recorded session, run again in virtual time.
 *
 *   replay_open -> the scenario and its sets -> scenario_open -> replay_plan -> world_init, sinks
 *               -> world_build -> replay_run -> hash equal to the recorded one?
 *
 * Errors are told on stderr as "mailwalk: FILE:LINE: what is wrong"; functions return the exit status: 0; 1
 * the run was another one than the recorded; 2 the file is wrong or belongs to something else; 3 the machine
 * refused.
 */
#include "sim/core/trace.h"
#include "sim/gateway/entrance.h"
#include "sim/gateway/exit.h"
#include "sim/gateway/record.h"

struct replay {
    struct record_reader reader;
    struct record_header header;
    struct plan plan;
    struct entrance *entrance;
    struct net_link *tun; /* NULL: the recorded world had no TUN door */
    struct exits *exits;
    struct trace_hash hash; /* of the replay; its sink must be the trace's first */
    bool planned, ended;
    uint64_t recorded; /* the hash in the file, if it has an end */
};

/* Reads the whole file once, so that nothing runs before all of its lines are known to be right. */
int replay_open(struct replay *r, const char *path);

/* The world to build: replay->plan.world. `text_hash` is the scenario's. */
int replay_plan(struct replay *r, const struct spec_world *spec, uint64_t text_hash);

/* Runs the built world with all inputs; ended and recorded are set if the file has an end. */
int replay_run(struct replay *r, struct world *w);

/* The last line on stdout: the hash, and whether it is the recorded one. Returns the status to end with. */
int replay_report(const struct replay *r, int status, bool jsonl);

/* After world_free. */
void replay_close(struct replay *r);
#endif
