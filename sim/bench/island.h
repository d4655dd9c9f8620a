#ifndef SIM_BENCH_ISLAND_H
#define SIM_BENCH_ISLAND_H
/*
 * island - the world that the bench measures, written as a spec.
 *
 *   domain 0:  server + clients on a LAN --+
 *   domain 1:  server + clients on a LAN --+-- core router -- name server (all zones)
 *   ...                                    |
 *
 * The server of a domain is its MTA and mail store; every user has a client host. Addresses are those
 * of RFC 2544, 198.18.0.0/15: 64 for each LAN. Extensions are as a plain 2024 server has them, but without
 * PIPELINING, so that the exchange is the one that the references speak.
 */
#include "sim/core/pool.h"
#include "sim/hosts/spec.h"

#define ISLAND_DOMAINS_MAX 2000
#define ISLAND_USERS_MAX   50 /* of a domain */

struct island {
    struct core_arena arena;
    struct spec_world spec;
    struct spec_host *hosts; /* 0: core, 1: name server, then for each domain its server and its clients */
    struct spec_message message;
    char **address;          /* of user u of domain d: address[d * users + u] */
    uint32_t domains, users; /* users of each domain */
};

void island_make(struct island *is, uint32_t domains, uint32_t users, uint64_t seed);
void island_free(struct island *is);

/* Index in spec.hosts. */
static inline uint32_t island_server(const struct island *is, uint32_t domain)
{
    return 2 + domain * (1 + is->users);
}
static inline uint32_t island_client(const struct island *is, uint32_t mailbox)
{
    return island_server(is, mailbox / is->users) + 1 + mailbox % is->users;
}
#endif
