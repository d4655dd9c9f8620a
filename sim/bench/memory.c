/* What an idle host and an idle connection take. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/bench/drive.h"
#include "sim/bench/island.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/world.h"
#include "sim/net/tcp.h"

#define DOMAINS 1000
#define USERS   10
/* connections opened at one moment: what opening takes for a while is not what idling costs */
#define BATCH    100
#define BATCH_NS (100 * CORE_MS)

/* What malloc has handed out, and of the slabs that pools share only those in use: what earlier worlds have
 * given back does not make this one look small. */
static double heap_octets(void)
{
    struct mallinfo2 m = mallinfo2();
    struct core_slab_use slabs = core_slab_use();
    return (double)m.uordblks + (double)m.hblkhd - (double)slabs.held + (double)slabs.used;
}

static void ignore(struct action_run *run, bool success)
{
    (void)run;
    (void)success;
}

bool drive_memory(struct drive_memory *out, char *error)
{
    struct island is;
    struct world w;
    struct world_error e = { .text = "" };
    struct action_run *runs;
    struct spec_action action = { .kind = SPEC_DO_FETCH };
    double start = drive_cpu_s(), before, described, fixed, idle;
    uint32_t n = DOMAINS * USERS;
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* nothing hides in the gaps between mappings */
    *out = (struct drive_memory){ .connections = n };
    before = heap_octets();
    island_make(&is, DOMAINS, USERS, 1);
    described = heap_octets();
    world_init(&w, &is.spec);
    fixed = heap_octets();
    if (!world_build(&w, &e)) {
        snprintf(error, 256, "%.250s", e.text);
        return false;
    }
    out->setup_cpu_s = drive_cpu_s() - start;
    out->hosts = w.nhosts;
    out->host_octets = (heap_octets() - fixed) / (double)w.nhosts;
    out->spec_octets = (described - before) / (double)w.nhosts;
    runs = core_alloc(n * sizeof *runs);
    idle = heap_octets();
    for (uint32_t i = 0; i < n; i++) {
        runs[i] = (struct action_run){
            .world = &w, .spec = &action, .host = &w.hosts[island_client(&is, i)], .done = ignore
        };
        mua_pop3_idle(&runs[i], &runs[i].host->mua->accounts[0]);
        if (i % BATCH == BATCH - 1)
            world_run(&w, (uint64_t)(i / BATCH + 1) * BATCH_NS);
    }
    out->connections_open = tcp_stats(&w.net)->now_open / 2;
    out->connection_octets = (heap_octets() - idle) / (double)n;
    world_free(&w);
    island_free(&is);
    free(runs);
    return true;
}
