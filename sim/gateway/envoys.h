#ifndef SIM_GATEWAY_ENVOYS_H
#define SIM_GATEWAY_ENVOYS_H
/*
 * envoys - real connections to real servers, one for each session at an exit: sockets become inputs of the
 * simulated world, and are recorded.
 *
 *   envoys_poll    which sockets to wait for
 *   envoys_round   what they brought, given to the exits at one moment, in the order in which the sessions
 * began envoys_sweep   sockets of sessions that have ended
 */
#include <poll.h>

#include "sim/gateway/announce.h"
#include "sim/gateway/exit.h"
#include "sim/gateway/options.h"
#include "sim/gateway/peer.h"
#include "sim/gateway/record.h"

#define ENVOYS_MAX (2 * EXIT_SESSIONS_MAX) /* those that have ended may still have something to hand over */

struct envoy {
    struct peer peer;             /* its `session` is not used */
    struct exit_session *session; /* NULL: it has ended */
    const struct plan_exit *way;
    int error; /* why there is no connection: errno */
    bool due;  /* the connection stands, or never will: an input is due */
};

struct envoys {
    struct world *world; /* borrowed, like all but `one` */
    const struct serve_options *options;
    struct exits *exits;
    FILE *record;       /* NULL: none */
    struct envoy **one; /* n of them, in the order in which they set out */
    size_t n, polled;
    uint64_t moment_ns, real_ns, connections;
    struct pollfd *fds; /* of the last envoys_poll */
    struct announce_trouble trouble;
    char chunk[RECORD_CHUNK_MAX];
};

void envoys_init(struct envoys *v, struct world *w, const struct plan *plan, const struct serve_options *o,
                 FILE *record);
/* Before world_free. */
void envoys_leave(struct envoys *v);
/* After it. */
void envoys_free(struct envoys *v);

/* Fills fds, which has room for ENVOYS_MAX; returns how many. Sets *owing if something is to be given in a
 * round, whatever the sockets say. */
size_t envoys_poll(struct envoys *v, struct pollfd *fds, bool *owing);

/* After poll: gives the inputs. The caller has moved the world to moment_ns. */
void envoys_round(struct envoys *v, uint64_t moment_ns, uint64_t real_ns);

/* Closes what is over. */
void envoys_sweep(struct envoys *v, uint64_t real_ns);
#endif
