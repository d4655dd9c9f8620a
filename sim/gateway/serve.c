#define _GNU_SOURCE /* ppoll: POSIX has it since 2024 */
/* The loop that keeps the simulated world at the pace of life. */
#include "sim/gateway/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sim/export/pcapng.h"
#include "sim/gateway/envoys.h"
#include "sim/gateway/secrets.h"
#include "sim/gateway/control_door.h"
#include "sim/gateway/tun.h"
#include "sim/gateway/visitors.h"
#include "sim/gateway/say.h"

#define STATUS_USAGE   2
#define STATUS_MACHINE 3
#define NAP_MAX_NS     (60 * CORE_S) /* nobody waits longer in one go */
#define SPARE_FILES    32            /* descriptors besides the programs' */
#define EVENTS_A_LOOK  32            /* run between two looks at the clock */

struct server {
    const struct serve_options *o;
    struct plan plan;
    struct world world;
    struct listeners listeners;
    struct visitors visitors;
    struct tun tun;
    bool behind;   /* the world has not done yet what is due */
    bool tun_more; /* packets wait that one round did not take */
    struct envoys envoys;
    struct trace_hash hash;
    struct export_pcapng *pcapng;
    struct secrets secrets;
    FILE *record;
    long recorded;    /* octets of it that are whole lines */
    int record_error; /* errno of the write that failed */
    bool told_record, told_pcapng, told_keylog;
    uint64_t start_real_ns, last_moment_ns;
    uint64_t ahead_ns;            /* virtual time that somebody has skipped */
    struct control_door *control; /* NULL: none */
    struct control_room room;
    struct transcripts *transcripts; /* NULL: none */
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
    (void)number;
    told_to_end = 1;
}

static int machine_refused(const char *what, int error)
{
    say_error("%s: %s", what, strerror(error));
    return STATUS_MACHINE;
}

/* ---- time
 * --------------------------------------------------------------------------------------------------- */

static uint64_t real_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * CORE_S + (uint64_t)t.tv_nsec;
}

static uint64_t virtual_at(const struct server *s, uint64_t real_ns)
{
    uint64_t t = (uint64_t)((double)(real_ns - s->start_real_ns) * s->o->speed) + s->ahead_ns;
    return s->o->duration_ns && t > s->o->duration_ns ? s->o->duration_ns : t;
}

/* Where sockets are ready at every look, ppoll returns before it lets a signal through: one that waits
 * counts. */
static bool told(void)
{
    sigset_t waiting;
    if (!told_to_end && sigpending(&waiting) == 0 &&
        (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
         sigismember(&waiting, SIGHUP) == 1))
        told_to_end = 1;
    return told_to_end != 0;
}

/* A duration is over when all that was due in it has happened; who tells us to end does not wait for that,
 * nor does a TUN door that leads nowhere any more. */
static bool over(const struct server *s, uint64_t virtual_ns)
{
    return told() || s->tun.gone || (!s->behind && s->o->duration_ns && virtual_ns >= s->o->duration_ns);
}

/* Runs what is due, but not so much that the sockets would starve. True: all of it. */
static bool catch_up(struct server *s, uint64_t until_ns)
{
    uint64_t end_ns = real_now() + SERVE_ROUND_NS;
    do {
        for (int i = 0; i < EVENTS_A_LOOK; i++)
            if (!core_queue_step(&s->world.queue, until_ns))
                return true;
    } while (real_now() < end_ns);
    return false;
}

/* A moment for this round's inputs: later than the last one, and the present if the world is not behind. */
static uint64_t next_moment(struct server *s, uint64_t virtual_ns, bool caught_up)
{
    uint64_t t = caught_up && virtual_ns > s->world.queue.now_ns ? virtual_ns : s->world.queue.now_ns;
    if (t <= s->last_moment_ns)
        t = s->last_moment_ns + 1;
    s->last_moment_ns = t;
    return t;
}

static struct timespec nap(const struct server *s, uint64_t real_ns, uint64_t virtual_ns)
{
    uint64_t next = core_queue_next_ns(&s->world.queue),
             end = s->o->duration_ns ? s->o->duration_ns : CORE_NEVER, ns = NAP_MAX_NS;
    if (end < next)
        next = end;
    if (next <= virtual_ns)
        ns = 0;
    else if (next != CORE_NEVER && (double)(next - virtual_ns) / s->o->speed < (double)NAP_MAX_NS)
        ns = (uint64_t)((double)(next - virtual_ns) / s->o->speed) + 1;
    if (s->visitors.npeers + s->envoys.n > 0 && ns > CORE_S) /* those that have left are looked after */
        ns = CORE_S;
    if (s->pcapng && export_pcapng_waits(s->pcapng) && ns > CORE_S)
        ns = CORE_S;
    if (real_ns < s->visitors.paused_until_ns && ns > VISITORS_PAUSE_NS)
        ns = VISITORS_PAUSE_NS;
    return (struct timespec){ .tv_sec = (time_t)(ns / CORE_S), .tv_nsec = (long)(ns % CORE_S) };
}

/* ---- the loop
 * -------------------------------------------------------------------------------------------------- */

/* Who watches, and what they say. `fds`: where theirs begin. */
static void control_round(struct server *s, const struct pollfd *fds, uint64_t moment)
{
    if (!s->control || !control_door_knocks(s->control, fds))
        return;
    s->room.now_ns = moment;
    control_door_round(s->control, fds, moment);
}

static void on_advance(void *ctx, uint64_t to_ns)
{
    struct server *s = ctx;
    uint64_t now = virtual_at(s, real_now());
    if (to_ns > now)
        s->ahead_ns += to_ns - now;
}

/* The lines of a round go to the file. What a full disk has taken of the last one goes again, and nothing
 * more is written: what is there can be replayed. */
static void keep_record(struct server *s)
{
    int nowhere;
    if (!s->record || s->record_error)
        return;
    s->record_error = fflush(s->record) != 0 ? errno : ferror(s->record) ? EIO : 0;
    if (!s->record_error) {
        s->recorded = ftell(s->record);
        return;
    }
    if (ftruncate(fileno(s->record), s->recorded) != 0)
        s->recorded = 0; /* a pipe cannot be cut */
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, fileno(s->record));
        close(nowhere);
    }
}

static void tell_full(bool *told, const char *path, int error)
{
    if (error && !*told)
        say_error("%s: %s; the file ends here, the doors stay open", path, strerror(error));
    *told |= error != 0;
}

/* A disk that is full is told when it happens: the world may go on for hours. */
static void look_after_files(struct server *s)
{
    keep_record(s);
    tell_full(&s->told_record, s->o->record, s->record_error);
    tell_full(&s->told_keylog, s->o->keylog, s->secrets.error);
    if (s->pcapng)
        tell_full(&s->told_pcapng, s->o->pcapng, export_pcapng_error(s->pcapng));
}

static int loop(struct server *s, const sigset_t *waiting)
{
    for (;;) {
        uint64_t real = real_now(), now = virtual_at(s, real);
        bool caught_up = catch_up(s, now), owing;
        size_t n, watchers;
        struct timespec sleep;
        int ready;
        if (s->control && caught_up) {
            s->room.now_ns = now;
            control_door_tick(s->control, now);
        }
        s->behind = !caught_up;
        visitors_sweep(&s->visitors, real);
        envoys_sweep(&s->envoys, real);
        if (s->pcapng)
            export_pcapng_now(s->pcapng, now);
        if (over(s, now))
            return 0;
        n = visitors_poll(&s->visitors, &owing);
        owing |= s->tun_more;
        s->visitors.fds[n++] = (struct pollfd){ .fd = s->tun.fd, .events = POLLIN };
        n += envoys_poll(&s->envoys, s->visitors.fds + n, &owing);
        watchers = n;
        if (s->control) {
            n += control_door_poll(s->control, s->visitors.fds + n);
            owing |= control_door_owing(s->control);
        }
        sleep = caught_up && !owing ? nap(s, real, now) : (struct timespec){ 0 };
        ready = ppoll(s->visitors.fds, n, &sleep, waiting);
        if (ready < 0 && errno != EINTR)
            return machine_refused("poll", errno);
        if (ready < 0)
            for (size_t i = 0; i < n; i++)
                s->visitors.fds[i].revents = 0;
        if (ready > 0 || owing) {
            uint64_t moment;
            real = real_now();
            moment = next_moment(s, virtual_at(s, real), caught_up);
            entrance_at(s->visitors.entrance, moment);
            visitors_round(&s->visitors, moment, real, !caught_up);
            s->tun_more = s->tun.fd >= 0 && tun_round(&s->tun, moment, real);
            envoys_round(&s->envoys, moment, real);
            control_round(s, s->visitors.fds + watchers, moment);
            look_after_files(s);
        }
    }
}

static int end(struct server *s)
{
    uint64_t t = next_moment(s, virtual_at(s, real_now()), !s->behind);
    int status = 0, error;
    core_queue_run(&s->world.queue, t);
    if (s->record) {
        struct record_input in = {
            .kind = RECORD_END, .t_ns = t, .hash = s->hash.value, .records = s->hash.records
        };
        record_input(s->record, &in);
        keep_record(s);
        error = s->record_error;
        if (fclose(s->record) != 0 && !error)
            error = errno;
        s->record = NULL;
        if (error && s->told_record)
            status = STATUS_MACHINE;
        else if (error)
            status = machine_refused(s->o->record, error);
    }
    if (!announce_done(s->o, t, s->visitors.connections, s->hash.value, s->hash.records) && status == 0)
        status = machine_refused("standard output", errno);
    return status;
}

/* ---- setting up
 * -------------------------------------------------------------------------------------------------- */

static const char *link_of_maps(const struct serve_options *o, const struct spec_world *spec)
{
    if (o->tun_link)
        return o->tun_link;
    for (size_t h = 0; !spec->doors && o->nmaps > 0 && h < spec->nhosts; h++)
        if (strcmp(spec->hosts[h].name, o->map[0].host) == 0 && spec->hosts[h].nifaces > 0)
            return spec->hosts[h].ifaces[0].link;
    return NULL;
}

/* Descriptors for all doors, as far as the machine allows. */
static void raise_limit(unsigned doors)
{
    struct rlimit r;
    rlim_t want = 2 * (rlim_t)doors + ENVOYS_MAX + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= want)
        return;
    r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > want ? want : r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static int open_files(struct server *s, uint64_t text_hash)
{
    const struct serve_options *o = s->o;
    struct trace_sink sink = trace_hash_sink(&s->hash);
    char tun[2 * TUN_ADDRESS_TEXT];
    FILE *f;
    int error;
    trace_add(&s->world.trace, &sink);
    if (o->pcapng) {
        if (!(f = fopen(o->pcapng, "wb")))
            return machine_refused(o->pcapng, errno);
        s->pcapng = export_pcapng_open(f, true);
        if (!s->pcapng)
            return machine_refused(o->pcapng, ENOMEM);
        sink = export_pcapng_sink(s->pcapng);
        trace_add(&s->world.trace, &sink);
    }
    if ((error = secrets_open(&s->secrets, o->keylog, s->pcapng, &s->world)) != 0)
        return machine_refused(o->keylog, error);
    if (o->control) {
        s->transcripts = core_alloc(sizeof *s->transcripts);
        sink = transcript_sink(s->transcripts);
        trace_add(&s->world.trace, &sink);
    }
    if (o->record) {
        struct record_header h = { .scenario = o->scenario,
                                   .link = s->plan.link,
                                   .text_hash = text_hash,
                                   .doors = s->plan.ndoors,
                                   .actions = o->actions,
                                   .tun = s->plan.tun.on ? tun_plan_text(&s->plan.tun, tun) : NULL,
                                   .nsets = o->nsets,
                                   .forwards = &o->forwards };
        if (!(s->record = fopen(o->record, "wb")))
            return machine_refused(o->record, errno);
        memcpy(h.sets, o->sets, o->nsets * sizeof h.sets[0]);
        record_header(s->record, &h, MAILWALK_VERSION);
    }
    return 0;
}

/* Whoever started us with nohup wants us to stay when the terminal is closed. */
static bool is_deaf_to(int signal)
{
    struct sigaction now;
    return signal == SIGHUP && sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void handle_signals(sigset_t *waiting)
{
    struct sigaction a = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
    static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
    sigset_t ends;
    sigemptyset(&ends);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        if (!is_deaf_to(ending[i]))
            sigaddset(&ends, ending[i]);
    sigprocmask(SIG_BLOCK, &ends, waiting); /* they come while we wait, and only then */
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        if (sigismember(&ends, ending[i]) != 1)
            continue;
        sigdelset(waiting, ending[i]);
        sigaction(ending[i], &a, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow is an error of write() */
}

static int open_tun(struct server *s)
{
    int status = tun_open(&s->tun, s->o->tun);
    if (status == 0 && s->o->tun_up)
        status = tun_up(&s->tun, &s->plan.tun, &s->plan.world);
    if (status == 0)
        tun_attach(&s->tun, &s->world, s->record);
    return status;
}

static int run(struct server *s)
{
    struct world_error error;
    sigset_t waiting;
    int status, refused;
    if (!world_build(&s->world, &error)) {
        say_error("%s: %s: %s", s->o->scenario, error.pointer ? error.pointer : "/", error.text);
        return STATUS_USAGE;
    }
    if (s->o->ca_file && (refused = secrets_write_ca(&s->world, s->o->ca_file)) != 0)
        return machine_refused(s->o->ca_file, refused);
    handle_signals(&waiting);
    raise_limit(s->plan.ndoors);
    status = listeners_open(&s->listeners, &s->plan, s->o);
    if (status != 0)
        return status;
    if (s->plan.tun.on && (status = open_tun(s)) != 0)
        return status;
    if (s->o->control && !(s->control = control_door_open(s->o->control, &status)))
        return status;
    visitors_init(&s->visitors, &s->world, &s->plan, s->o, &s->listeners, s->record);
    envoys_init(&s->envoys, &s->world, &s->plan, s->o, s->record);
    if (s->control) {
        s->room = (struct control_room){ .world = &s->world,
                                         .transcripts = s->transcripts,
                                         .end_ns = s->o->duration_ns,
                                         .advance = on_advance,
                                         .advance_ctx = s };
        control_door_begin(s->control, &s->room, s->record);
    }
    s->start_real_ns = real_now();
    if (!announce_ready(&s->plan, &s->listeners, s->o))
        status = machine_refused("standard output", errno);
    else
        status = loop(s, &waiting);
    visitors_leave(&s->visitors);
    envoys_leave(&s->envoys);
    if (s->control)
        control_door_close(s->control);
    if (status == 0)
        status = end(s);
    if (status == 0 && s->tun.gone)
        status = STATUS_MACHINE;
    world_end(&s->world);
    return status;
}

int serve_run(const struct serve_options *o, const struct spec_world *spec, uint64_t text_hash)
{
    struct server *s = core_alloc(sizeof *s);
    char text[PLAN_ERROR_MAX];
    int status, error;
    s->o = o;
    s->tun.fd = -1;
    if (!plan_make(&s->plan, spec, link_of_maps(o, spec), o->max_connections, o->actions, &o->forwards,
                   &o->tun_plan, text)) {
        say_error("%s: %s", o->scenario, text);
        free(s);
        return STATUS_USAGE;
    }
    if (o->ca_file && !secrets_world_has_tls(spec)) {
        say_error("--ca-file %s: no service of %s speaks TLS, so there is no certificate to trust; "
                  "give one "
                  "\"security\": \"starttls\" or \"tls\"",
                  o->ca_file, o->scenario);
        plan_free(&s->plan);
        free(s);
        return STATUS_USAGE;
    }
    world_init(&s->world, &s->plan.world);
    status = open_files(s, text_hash);
    if (status == 0)
        status = run(s);
    world_free(&s->world);
    if (s->transcripts)
        transcripts_free(s->transcripts);
    free(s->transcripts);
    if (s->visitors.entrance)
        visitors_free(&s->visitors);
    if (s->envoys.exits)
        envoys_free(&s->envoys);
    listeners_close(&s->listeners);
    tun_close(&s->tun);
    if (s->record)
        fclose(s->record);
    if (s->pcapng && (error = export_pcapng_close(s->pcapng)) != 0 && status == 0)
        status = s->told_pcapng ? STATUS_MACHINE : machine_refused(o->pcapng, error);
    if ((error = secrets_close(&s->secrets)) != 0 && status == 0)
        status = s->told_keylog ? STATUS_MACHINE : machine_refused(o->keylog, error);
    plan_free(&s->plan);
    free(s);
    return status;
}
