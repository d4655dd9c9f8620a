#ifndef SIM_BENCH_DRIVE_H
#define SIM_BENCH_DRIVE_H
/*
 * drive - keeps a number of messages in flight through an island and counts.
 *
 *   slot:  choose a sender and a recipient -> mua_send -> [A, DNS, B] -> delivered -> mua_fetch_pop3 -> again
 *
 * Every slot has recipients of its own, so no two fetches want one maildrop. That a fetch begins when the
 * message has been stored is the drive's knowledge, not the client's: it stands for a user's timing.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct drive_params {
    uint64_t messages;
    uint32_t in_flight, domains, users; /* users of each domain */
    uint64_t seed;
    const char *pcap; /* write every frame there; NULL: trace off */
};

struct drive_result {
    uint64_t messages, events, segments, frames;
    double cpu_s, setup_cpu_s;
    double virtual_s;
    uint64_t peak_rss_octets;
    uint64_t hosts;
};

/* False: something went wrong; `error` (256 octets) says what. */
bool drive_run(const struct drive_params *p, struct drive_result *out, char *error);

struct drive_memory {
    double host_octets;       /* one idle host with its share of the network, as the simulator holds it */
    double spec_octets;       /* and of the description that it is built from */
    double connection_octets; /* an idle connection: both ends, each with its session and its timer */
    uint64_t hosts, connections, connections_open; /* asked for, and there when it was measured */
    double setup_cpu_s;
};

/* Builds an island, and in it opens connections that then stay idle. */
bool drive_memory(struct drive_memory *out, char *error);

double drive_cpu_s(void);
#endif
