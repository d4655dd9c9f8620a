/* Keeps messages in flight through an island and counts. */
#include "sim/bench/drive.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/bench/island.h"
#include "sim/export/pcap.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/store.h"
#include "sim/hosts/world.h"
#include "sim/net/tcp.h"

struct drive;

struct slot {
    struct drive *drive;
    struct action_run run;
    struct spec_action action;
    struct spec_message message;
    const char *to;
    uint32_t mailbox; /* of the recipient */
    uint32_t number;
    bool fetching, delivered;
};

struct drive {
    struct island island;
    struct world world;
    struct core_rng rng;
    struct slot *slot;        /* in_flight of them */
    struct slot **by_mailbox; /* who waits for a delivery there */
    const struct drive_params *p;
    uint64_t started, done, failed;
};

double drive_cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void begin(struct slot *s)
{
    struct drive *d = s->drive;
    uint32_t boxes = d->island.domains * d->island.users, mine, from;
    if (d->started == d->p->messages)
        return;
    d->started++;
    /* The recipients of slot i are the mailboxes i, i + in_flight, i + 2 in_flight ... */
    mine = (boxes - s->number + d->p->in_flight - 1) / d->p->in_flight;
    s->mailbox = s->number + (uint32_t)core_rng_below(&d->rng, mine) * d->p->in_flight;
    from = (uint32_t)core_rng_below(&d->rng, boxes);
    s->to = d->island.address[s->mailbox];
    s->message.to = &s->to;
    s->message.nto = 1;
    s->message.envelope_from = d->island.address[from];
    s->fetching = s->delivered = false;
    s->run.host = &d->world.hosts[island_client(&d->island, from)];
    s->action.kind = SPEC_DO_SEND;
    d->by_mailbox[s->mailbox] = s;
    mua_send(&s->run, &s->run.host->mua->accounts[0]);
}

static void fetch(struct slot *s)
{
    struct drive *d = s->drive;
    s->fetching = true;
    s->action.kind = SPEC_DO_FETCH;
    s->run.host = &d->world.hosts[island_client(&d->island, s->mailbox)];
    mua_fetch_pop3(&s->run, &s->run.host->mua->accounts[0]);
}

/* A session of the slot has ended. The submission may end before or after the delivery. */
static void on_done(struct action_run *run, bool success)
{
    struct slot *s = CORE_OWNER(run, struct slot, run);
    struct drive *d = s->drive;
    if (!success) {
        d->failed++;
        return;
    }
    if (!s->fetching) {
        s->fetching = true; /* submitted: from here on the delivery starts the fetch */
        if (s->delivered)
            fetch(s);
        return;
    }
    d->done++;
    begin(s);
}

static void on_delivered(void *ctx, struct user *u)
{
    struct drive *d = ctx;
    uint32_t domain = (u->store->host->number - 3) / (1 + d->island.users);
    struct slot *s = d->by_mailbox[domain * d->island.users + (uint32_t)(u - u->store->users)];
    s->delivered = true;
    if (s->fetching)
        fetch(s);
}

static void slots_make(struct drive *d)
{
    d->slot = core_alloc(d->p->in_flight * sizeof *d->slot);
    d->by_mailbox = core_alloc((size_t)d->island.domains * d->island.users * sizeof(struct slot *));
    for (uint32_t i = 0; i < d->p->in_flight; i++) {
        struct slot *s = &d->slot[i];
        s->drive = d;
        s->number = i;
        s->message = d->island.message;
        s->action.message_spec = &s->message;
        s->run = (struct action_run){ .world = &d->world, .spec = &s->action, .done = on_done };
    }
}

bool drive_run(const struct drive_params *p, struct drive_result *out, char *error)
{
    struct drive *d = core_alloc(sizeof *d);
    struct world_error e = { .text = "" };
    struct export_pcap *pcap = NULL;
    struct rusage usage;
    double start = drive_cpu_s();
    bool ok = true;
    int problem = 0;
    FILE *file = p->pcap ? fopen(p->pcap, "wb") : NULL;
    *out = (struct drive_result){ 0 };
    d->p = p;
    island_make(&d->island, p->domains, p->users, p->seed);
    core_rng_init(&d->rng, p->seed, "drive");
    world_init(&d->world, &d->island.spec);
    if (p->pcap) {
        struct trace_sink sink;
        if (!file || !(pcap = export_pcap_open(file, false, &problem))) {
            snprintf(error, 256, "%s: %s", p->pcap, strerror(file ? problem : errno));
            world_free(&d->world);
            island_free(&d->island);
            free(d);
            return false;
        }
        sink = export_pcap_sink(pcap);
        trace_add(&d->world.trace, &sink);
    }
    ok = ok && world_build(&d->world, &e);
    out->setup_cpu_s = drive_cpu_s() - start;
    if (ok) {
        slots_make(d);
        d->world.on_delivered = on_delivered;
        d->world.on_delivered_ctx = d;
        start = drive_cpu_s();
        for (uint32_t i = 0; i < p->in_flight; i++)
            begin(&d->slot[i]);
        while (d->done + d->failed < p->messages && core_queue_step(&d->world.queue, CORE_NEVER)) {
        }
        if (pcap && (problem = export_pcap_close(pcap)) != 0) {
            snprintf(error, 256, "%s: %s", p->pcap, strerror(problem));
            ok = false;
        }
        out->cpu_s = drive_cpu_s() - start;
        d->world.trace.levels = 0;
        d->world.trace.nsinks = 0;
        if (d->done != p->messages) {
            snprintf(error, 256, "only %llu of %llu messages arrived", (unsigned long long)d->done,
                     (unsigned long long)p->messages);
            ok = false;
        }
    } else
        snprintf(error, 256, "%.250s", e.text);
    getrusage(RUSAGE_SELF, &usage);
    out->messages = d->done;
    out->events = d->world.queue.ran;
    out->segments = d->world.net.segments;
    out->frames = d->world.net.packets;
    out->virtual_s = (double)d->world.queue.now_ns / 1e9;
    out->peak_rss_octets = (uint64_t)usage.ru_maxrss * 1024;
    out->hosts = d->world.nhosts;
    world_free(&d->world);
    island_free(&d->island);
    free(d->slot);
    free(d->by_mailbox);
    free(d);
    return ok;
}
