#ifndef SIM_GATEWAY_OPTIONS_H
#define SIM_GATEWAY_OPTIONS_H
/* options - the command line of `mailwalk serve`. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/gateway/plan.h"
#include "sim/gateway/record.h"
#include "sim/gateway/start.h"
#include "sim/gateway/tun_plan.h"

#define SERVE_LISTEN_MAX   4
#define SERVE_MAPS_MAX     64
#define SERVE_PORT_BASE    10000 /* 25 -> 10025 */
#define SERVE_SPEED_MAX    1e6
#define SERVE_ADDRESS_TEXT 64

struct serve_map {  /* --map PORT=HOST:PORT */
    uint16_t local; /* 0: any free one */
    char host[SPEC_NAME_MAX + 1];
    uint16_t port;
};

struct serve_options {
    const char *scenario, *seed, *duration, *pcapng, *record; /* borrowed from argv; NULL: not given */
    const char *ca_file, *keylog;                             /* the same */
    const char *sets[RECORD_SETS_MAX];
    size_t nsets;
    const char *listen[SERVE_LISTEN_MAX];
    size_t nlisten; /* at least 1 after serve_arguments */
    bool allow_remote, jsonl, actions;
    unsigned port_base;
    struct serve_map map[SERVE_MAPS_MAX];
    size_t nmaps;
    struct forwards forwards;
    const char *trust; /* NULL: not given */
    double speed;
    unsigned max_connections; /* 0: not given */
    uint64_t duration_ns;     /* of virtual time, set by the caller; 0: until it is told to end */
    char seed_set[64], start_set[START_TEXT];
    const char *tun, *tun_link; /* NULL: not given */
    const char *control;        /* path of the control socket; NULL: none */
    struct tun_plan tun_plan;   /* off without --tun */
    bool tun_up;
};

/* Returns 0, or 2 or 3 after saying on stderr what is wrong. --seed becomes one of sets, and so does today's
 * date unless they name a start (start.h). */
int serve_arguments(struct serve_options *o, int argc, char **argv);
void serve_options_free(struct serve_options *o);
#endif
