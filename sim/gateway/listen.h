#ifndef SIM_GATEWAY_LISTEN_H
#define SIM_GATEWAY_LISTEN_H
/*
 * listen - the real ports that lead into the simulated world.
 *
 *   doors of the scenario: HOST:PORT -> listen address, PORT + port base      --map: another port, or another
 * door port 53 of a DNS server: one TCP and one UDP port
 */
#include <stdbool.h>

#include "sim/gateway/options.h"

/* a scenario names 200 doors at most */
#define LISTENERS_MAX ((SERVE_MAPS_MAX + 200) * SERVE_LISTEN_MAX * 2)
#define LISTEN_QUEUE  1024 /* connections that wait to be accepted; the kernel may allow fewer */

struct listener {
    int fd;
    bool udp;
    int family;                   /* 4 or 6 */
    const struct spec_host *host; /* borrowed from the plan */
    uint16_t port, local_port;
    struct plan_service service;
    char address[SERVE_ADDRESS_TEXT]; /* "127.0.0.1" */
};

struct listeners {
    struct listener *all; /* owned */
    size_t count;
};

/* Opens all. Returns 0; 2: the options name what does not exist; 3: the machine refuses. Then nothing is
 * open, and what is wrong has been told. */
int listeners_open(struct listeners *l, const struct plan *p, const struct serve_options *o);
void listeners_close(struct listeners *l);

/* Makes a socket that never blocks and is not inherited. False: errno says why. */
bool socket_prepare(int fd);
#endif
