#ifndef SIM_HOSTS_WORLD_H
#define SIM_HOSTS_WORLD_H
/*
 * world - builds hosts and links from a spec, runs them, takes them down.
 *
 *   world_init -> trace_add(&w.trace, ...) for each reader -> world_build -> world_run -> world_free
 *
 * Routes come from the shape of the network: every host learns the way to every prefix over the fewest
 * routers; what the spec says itself comes on top.
 */
#include "sim/hosts/host.h"

#define WORLD_ERROR_MAX 512

struct world_error {
    char text[WORLD_ERROR_MAX]; /* what is wrong and what is allowed */
    const char *pointer;        /* JSON pointer into the scenario; NULL: none */
};

/* The spec is borrowed until world_free. */
void world_init(struct world *w, const struct spec_world *spec);

/* False: nothing can be run; *error says why. world_free is due in either case. Writes the trace's
 * opening. */
bool world_build(struct world *w, struct world_error *error);

/* Runs until nothing is left to happen, or the spec's until_ns, or `until_ns`, whichever is first. Does not
 * close the trace: records may still be added, world_end does. */
void world_run(struct world *w, uint64_t until_ns);
void world_end(struct world *w);
void world_free(struct world *w);

/* Switches a host off or on, now; `pointer` says why in the trace. */
void world_power(struct host *h, bool up, const char *pointer);

/* NULL: there is none with this short name. */
struct host *world_host_named(struct world *w, const char *name);
/* The user with the mailbox of an address, "bob@example.com", or of a bare name that only one store has;
 * NULL: there is none. Aliases are no users. */
struct user *world_user(struct world *w, const char *address);

/* Is any action of the scenario still to come or under way? */
bool world_busy(const struct world *w);
#endif
