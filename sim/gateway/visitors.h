#ifndef SIM_GATEWAY_VISITORS_H
#define SIM_GATEWAY_VISITORS_H
/*
 * visitors - real programs on their way in: sockets become inputs of the simulated world, and are recorded.
 *
 *   visitors_poll    which sockets to wait for
 *   visitors_round   what they brought, given to the entrance at one moment
 *   visitors_sweep   sockets of sessions that have ended
 */
#include <poll.h>

#include "sim/gateway/announce.h"
#include "sim/gateway/entrance.h"
#include "sim/gateway/peer.h"
#include "sim/gateway/record.h"

#define VISITORS_ACCEPT_MAX    64 /* connections taken from one door in a round */
#define VISITORS_DATAGRAMS_MAX 32
#define VISITORS_ROUND_OCTETS  262144 /* of all programs together in a round */
#define VISITORS_SHARE_LEAST   512    /* of one of them, however many there are */
#define VISITORS_LINES_MAX     1024   /* a line takes memory until it leaves: no more is read before */
#define VISITORS_FDS_MORE      560    /* room in `fds` for descriptors that the caller puts behind */
#define VISITORS_PAUSE_NS      (100 * CORE_MS) /* no new connections, when the machine has no more descriptors */

struct visitor_address { /* of a program that sends datagrams */
    _Alignas(8) unsigned char octets[128];
    unsigned len;
};

struct ask {
    struct session *session; /* NULL: free */
    const struct listener *at;
    uint32_t id;
    struct visitor_address from;
};

struct visitors {
    struct world *world; /* borrowed, like all but `peer` and `fds` */
    const struct plan *plan;
    const struct serve_options *options;
    struct listeners *listeners;
    struct entrance *entrance;
    FILE *record;       /* NULL: none */
    struct peer **peer; /* npeers of them, in the order in which they came */
    size_t npeers, max_peers;
    struct ask ask[ENTRANCE_ASKS_MAX];
    struct pollfd *fds; /* listeners, then peers, then VISITORS_FDS_MORE of the caller's */
    size_t polled;      /* peers in fds */
    uint64_t moment_ns; /* of this round's inputs */
    uint64_t connections;
    uint32_t last_id;
    uint64_t real_ns, paused_until_ns;
    struct announce_trouble trouble;
    size_t share; /* octets that a program may bring in this round */
    bool behind;
    char chunk[RECORD_CHUNK_MAX];
};

void visitors_init(struct visitors *v, struct world *w, const struct plan *plan,
                   const struct serve_options *o, struct listeners *l, FILE *record);
/* Before world_free. */
void visitors_leave(struct visitors *v);
/* After it. */
void visitors_free(struct visitors *v);

/* Fills v->fds; returns how many. *owing: something is to be given in a round, whatever the sockets say. */
size_t visitors_poll(struct visitors *v, bool *owing);

/* After poll: gives the inputs. The caller has moved the world to moment_ns. Programs that have something to
 * say share what a round takes. `behind`: the world has not done yet what is due; then only those are heard
 * whose last octets have arrived, so that a crowd cannot fill the simulated links in front of the others. */
void visitors_round(struct visitors *v, uint64_t moment_ns, uint64_t real_ns, bool behind);

/* Closes what is over. */
void visitors_sweep(struct visitors *v, uint64_t real_ns);
#endif
