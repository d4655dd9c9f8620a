/* The command line of mailwalk: reads arguments, binds rooms together, gives the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/wire/utf8.h"
#include "scenarios/load/catalogue.h"
#include "scenarios/load/run.h"
#include "scenarios/load/scenario.h"
#include "sim/hosts/units.h"
#include "sim/bench/bench.h"
#include "sim/export/jsonl.h"
#include "sim/export/maillog.h"
#include "sim/export/pcap.h"
#include "sim/export/pcapng.h"
#include "sim/gateway/control_client.h"
#include "sim/gateway/replay.h"
#include "sim/gateway/serve.h"
#include "sim/hosts/world.h"
#include "ui/explain.h"
#include "ui/explain_engines.h"
#include "ui/ladder_file.h"
#include "ui/narrator.h"
#include "ui/play.h"
#include "ui/screen/bench_ui.h"

enum exit_status { EXIT_MET, EXIT_NOT_MET, EXIT_USAGE, EXIT_MACHINE };

static int usage(FILE *to)
{
    fputs("usage: mailwalk COMMAND ...\n"
          "\n"
          "  play [SCENARIO]     the screen: step through it, forwards and back\n"
          "      --no-predict                do not ask what comes next\n"
          "      --plain                     a dialogue in plain text, nothing redrawn\n"
          "      --keys KEYS  --size 80x24   press these, print the screen, and end\n"
          "      --theme dark|light|mono|contrast  --ascii  --big  --seed N  --set ...\n"
          "  run SCENARIO        narrate a message's journey on stdout\n"
          "      --level phase|line|packet   how closely to look (line)\n"
          "      --format text|jsonl         text to read, or one JSON object a record\n"
          "      --seed N                    another seed, another run\n"
          "      --until DURATION            stop at this virtual time (90s, 5d)\n"
          "      --set /json/pointer=VALUE   change one value of the scenario (repeatable)\n"
          "      --pcap FILE  --pcapng FILE  what a network tap would record\n"
          "      --keylog FILE               TLS secrets, as SSLKEYLOGFILE has them\n"
          "      --logs DIR                  the mail log of every mail host\n"
          "      --ladder FILE.txt|.mmd|.svg who says what to whom: text, Mermaid, SVG\n"
          "      --replay FILE               what `serve --record` wrote, not SCENARIO\n"
          "  serve SCENARIO      open doors, so that real programs can use its servers\n"
          "      --port-base N               port 25 is N + 25 here (10000)\n"
          "      --map PORT=HOST:PORT        a door to another service (repeatable)\n"
          "      --listen ADDRESS  --allow-remote   where the doors are (127.0.0.1)\n"
          "      --max-connections N  --speed N  --duration DURATION\n"
          "      --tun NAME  --tun-up  --tun-address ADDRESS/BITS  --tun-link LINK\n"
          "                                  a TUN device: this machine's kernel joins in\n"
          "      --ca-file FILE  --keylog FILE      the CA to trust, and the TLS secrets\n"
          "      --pcapng FILE  --record FILE  --format text|jsonl  --seed N  --set ...\n"
          "      --actions                   the people of the scenario act too\n"
          "      --forward DOMAIN=ADDRESS:PORT       mail for it goes to a real server\n"
          "      --forward NAME:PORT=ADDRESS:PORT    mail programs use a real server\n"
          "      --trust FILE                CAs of real servers, PEM\n"
          "      --control PATH              a socket for faults and questions\n"
          "  ctl --socket PATH COMMAND ...   speaks to it; `mailwalk ctl help` says how\n"
          "  list                the catalogue of scenarios\n"
          "  check FILE...       is this scenario file right?\n"
          "  explain WORD...     what \"550 5.1.1\", \"RCPT\", \"NXDOMAIN\", \"143\" mean\n"
          "  bench               the speed of the simulator on this machine\n"
          "      --in-flight N  --messages M  --format text|jsonl|kv  --pcap FILE\n"
          "      --ui                        how fast the screen answers\n"
          "  help, --help        this text\n"
          "  --version           the version\n"
          "\n"
          "SCENARIO is a name from the catalogue or the path of a file.\n",
          to);
    return to == stdout ? EXIT_MET : EXIT_USAGE;
}

/* One line on stderr. What a user or a file says in it reaches the terminal without control characters. */
__attribute__((format(printf, 1, 0))) static void complain(const char *fmt, va_list ap)
{
    char said[2048], safe[4 * sizeof said];
    int n = vsnprintf(said, sizeof said, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof said ? (size_t)n : sizeof said - 1;
    len = wire_display_escape(safe, sizeof safe, said, len);
    fprintf(stderr, "mailwalk: %.*s\n", (int)(len < sizeof safe ? len : sizeof safe), safe);
}

__attribute__((format(printf, 1, 2))) static int bad_usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    complain(fmt, ap);
    va_end(ap);
    fputs("Try 'mailwalk --help'.\n", stderr);
    return EXIT_USAGE;
}

__attribute__((format(printf, 2, 3))) static int refuse(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    complain(fmt, ap);
    va_end(ap);
    return status;
}

static int machine_refused(const char *what, int error)
{
    return refuse(EXIT_MACHINE, "%s: %s", what, strerror(error));
}

/* ---- run ----------------------------------------------------------------------------------------------- */

struct run_options {
    const char *scenario, *pcap, *pcapng, *keylog, *logs, *until, *replay, *ladder;
    const char *sets[SCENARIO_SETS_MAX];
    size_t nsets;
    enum trace_level level;
    bool level_given, jsonl;
    const char *seed;
    uint64_t until_ns;
};

struct outputs {
    struct export_jsonl *jsonl;
    struct export_pcap *pcap;
    struct export_pcapng *pcapng;
    struct export_maillog *logs;
    struct ui_narrator *narrator;
    struct tape *tape; /* for the ladder */
    FILE *keylog;
    int keylog_error;
};

static bool level_named(const char *name, enum trace_level *out)
{
    for (int l = TRACE_PHASE; l <= TRACE_PACKET; l++)
        if (strcmp(name, trace_level_name((enum trace_level)l)) == 0) {
            *out = (enum trace_level)l;
            return true;
        }
    return false;
}

/* Takes one option with its value. Returns 0, or the exit status of a usage error. */
static int run_option(struct run_options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to; /* NULL: not kept as it is */
    } options[] = { { "--level", NULL },        { "--format", NULL },       { "--set", NULL },
                    { "--pcap", &o->pcap },     { "--pcapng", &o->pcapng }, { "--keylog", &o->keylog },
                    { "--logs", &o->logs },     { "--until", &o->until },   { "--seed", &o->seed },
                    { "--replay", &o->replay }, { "--ladder", &o->ladder } };
    const size_t n = sizeof options / sizeof options[0];
    size_t i = 0;
    while (i < n && strcmp(name, options[i].name) != 0)
        i++;
    if (i == n)
        return bad_usage("unknown option '%s'", name);
    if (!value)
        return bad_usage("%s needs a value", name);
    if (options[i].to) {
        *options[i].to = value;
        return 0;
    }
    if (strcmp(name, "--level") == 0) {
        o->level_given = true;
        return level_named(value, &o->level)
                   ? 0
                   : bad_usage("--level %s: phase, line or packet is allowed", value);
    }
    if (strcmp(name, "--format") == 0) {
        o->jsonl = strcmp(value, "jsonl") == 0;
        return o->jsonl || strcmp(value, "text") == 0
                   ? 0
                   : bad_usage("--format %s: text or jsonl is allowed", value);
    }
    if (o->nsets == SCENARIO_SETS_MAX)
        return bad_usage("more than %d --set", SCENARIO_SETS_MAX);
    o->sets[o->nsets++] = value;
    return 0;
}

static int run_arguments(struct run_options *o, int argc, char **argv)
{
    o->level = TRACE_LINE;
    for (int i = 0; i < argc; i++) {
        char name[32];
        char *equals = strchr(argv[i], '=');
        int wrong;
        if (strncmp(argv[i], "--", 2) != 0) {
            if (o->scenario)
                return bad_usage("one scenario at a time: '%s' and '%s'", o->scenario, argv[i]);
            o->scenario = argv[i];
            continue;
        }
        if (equals && (size_t)(equals - argv[i]) < sizeof name) { /* --level=phase */
            memcpy(name, argv[i], (size_t)(equals - argv[i]));
            name[equals - argv[i]] = '\0';
            wrong = run_option(o, name, equals + 1);
        } else {
            wrong = run_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
        if (wrong)
            return wrong;
    }
    if (o->ladder && !ui_ladder_file_known(o->ladder))
        return bad_usage("--ladder %s: a name that ends in .txt, .mmd or .svg is allowed", o->ladder);
    if (o->replay && (o->scenario || o->nsets || o->seed || o->until))
        return bad_usage(
            "--replay brings its own scenario, --set and --seed, and ends where the recording ends");
    if (o->replay)
        return 0;
    return o->scenario ? 0 : bad_usage("run needs a scenario; 'mailwalk list' names those of the catalogue");
}

/* Opens a file for writing; on failure says so and returns NULL. */
static FILE *create(const char *path)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        machine_refused(path, errno);
    return f;
}

static bool outputs_open(struct outputs *out, const struct run_options *o, struct trace *t)
{
    struct trace_sink sink;
    FILE *f;
    int error = 0;
    if (o->jsonl) {
        unsigned levels = TRACE_BIT(TRACE_PHASE) | TRACE_BIT(TRACE_STATE);
        if (o->level >= TRACE_LINE)
            levels |= TRACE_BIT(TRACE_LINE);
        if (o->level >= TRACE_PACKET)
            levels |= TRACE_BIT(TRACE_PACKET);
        out->jsonl = export_jsonl_open(stdout, levels, false);
        sink = export_jsonl_sink(out->jsonl);
    } else {
        struct ui_narrator_options options = ui_narrator_defaults(stdout);
        options.level = o->level;
        out->narrator = ui_narrator_open(stdout, &options);
        sink = ui_narrator_sink(out->narrator);
    }
    trace_add(t, &sink);
    if (o->pcap) {
        if (!(f = create(o->pcap)))
            return false;
        out->pcap = export_pcap_open(f, false, &error);
        if (!out->pcap)
            return machine_refused(o->pcap, error), false;
        sink = export_pcap_sink(out->pcap);
        trace_add(t, &sink);
    }
    if (o->pcapng) {
        if (!(f = create(o->pcapng)))
            return false;
        out->pcapng = export_pcapng_open(f, false);
        sink = export_pcapng_sink(out->pcapng);
        trace_add(t, &sink);
    }
    if (o->keylog && !(out->keylog = create(o->keylog))) /* present and empty when nothing was encrypted */
        return false;
    if (o->logs) {
        out->logs = export_maillog_open(o->logs, &error);
        if (!out->logs)
            return machine_refused(o->logs, error), false;
        sink = export_maillog_sink(out->logs);
        trace_add(t, &sink);
    }
    if (o->ladder) {
        out->tape = tape_new();
        sink = tape_sink(out->tape);
        trace_add(t, &sink);
    }
    return true;
}

/* A TLS secret: into the key log, and into the capture before the frames that it opens. */
static void outputs_keylog(void *ctx, const char *line)
{
    struct outputs *out = ctx;
    char text[512];
    int n = snprintf(text, sizeof text, "%s\n", line);
    if (n <= 0 || (size_t)n >= sizeof text)
        return;
    if (out->keylog && fputs(text, out->keylog) < 0)
        out->keylog_error = errno;
    if (out->pcapng)
        export_pcapng_secrets(out->pcapng, text, (size_t)n);
}

/* The diagram, if one is wanted and something was recorded. */
static bool outputs_ladder(struct outputs *out, const struct run_options *o)
{
    char error[UI_ERROR_MAX] = "";
    enum tape_grain grain = (enum tape_grain)o->level; /* phase, line, packet, as the grains */
    bool good =
        !out->tape || !tape_opening(out->tape) || ui_ladder_file_write(out->tape, grain, o->ladder, error);
    if (!good)
        refuse(EXIT_MACHINE, "%s", error);
    tape_free(out->tape);
    return good;
}

static int outputs_close(struct outputs *out, const struct run_options *o)
{
    int status = 0, error;
    if (out->jsonl && (error = export_jsonl_close(out->jsonl)) != 0)
        status = machine_refused("standard output", error);
    if (out->narrator && (error = ui_narrator_close(out->narrator)) != 0)
        status = machine_refused("standard output", error);
    if (out->pcap && (error = export_pcap_close(out->pcap)) != 0)
        status = machine_refused(o->pcap, error);
    if (out->pcapng && (error = export_pcapng_close(out->pcapng)) != 0)
        status = machine_refused(o->pcapng, error);
    if (out->keylog && (fclose(out->keylog) != 0 || out->keylog_error))
        status = machine_refused(o->keylog, out->keylog_error ? out->keylog_error : errno);
    if (out->logs && (error = export_maillog_close(out->logs)) != 0)
        status = machine_refused(o->logs, error);
    return outputs_ladder(out, o) ? status : EXIT_MACHINE;
}

static int run_world(struct scenario *s, const struct run_options *o)
{
    struct outputs out = { 0 };
    struct trace collected;
    struct scenario_run run = { .on_keylog = outputs_keylog, .on_keylog_ctx = &out };
    int status = EXIT_MACHINE, closed;
    trace_init(&collected);
    if (outputs_open(&out, o, &collected)) {
        run.sinks = collected.sink;
        run.nsinks = collected.nsinks;
        if (scenario_run(s, &run))
            status = run.met ? EXIT_MET : EXIT_NOT_MET;
        else
            status = refuse(EXIT_USAGE, "%s", run.error);
    }
    closed = outputs_close(&out, o);
    return closed ? closed : status;
}

/* Builds the recorded world in `w` and gives it the recorded inputs. */
static int replay_world(struct replay *r, struct world *w, struct outputs *out, const struct run_options *o)
{
    struct trace_sink sink = trace_hash_sink(&r->hash);
    struct world_error error;
    int status;
    world_init(w, &r->plan.world);
    w->on_keylog = outputs_keylog;
    w->on_keylog_ctx = out;
    trace_add(&w->trace, &sink);
    if (!outputs_open(out, o, &w->trace)) {
        status = EXIT_MACHINE;
    } else if (!world_build(w, &error)) {
        status = refuse(EXIT_USAGE, "%s: %s: %s", r->header.scenario, error.pointer ? error.pointer : "/",
                        error.text);
    } else {
        status = replay_run(r, w);
        world_end(w);
    }
    world_free(w);
    return status;
}

static int run_replay(const struct run_options *o, struct scenario_errors *errors)
{
    struct replay *r = core_alloc(sizeof *r);
    struct scenario s;
    struct world w;
    struct outputs out = { 0 };
    int status = replay_open(r, o->replay), closed;
    if (status == 0 && !scenario_open(&s, r->header.scenario, r->header.sets, r->header.nsets, errors)) {
        scenario_errors_print(errors, stderr);
        replay_close(r);
        status = EXIT_USAGE;
    } else if (status == 0) {
        status = replay_plan(r, &s.world, s.text_hash);
        if (status == 0)
            status = replay_world(r, &w, &out, o);
        closed = outputs_close(&out, o);
        status = closed ? closed : replay_report(r, status, o->jsonl);
        replay_close(r);
        scenario_free(&s);
    }
    free(r);
    return status;
}

static int command_run(int argc, char **argv)
{
    struct run_options *o = core_alloc(sizeof *o);
    struct scenario_errors *errors = core_alloc(sizeof *errors);
    struct scenario s;
    uint64_t number = 0;
    int status = run_arguments(o, argc, argv);
    if (status == 0 && o->seed && !wire_parse_u64(wire_slice_str(o->seed), UINT64_MAX, &number))
        status = bad_usage("--seed %s: a whole number is allowed, from 0 to %llu", o->seed,
                           (unsigned long long)UINT64_MAX);
    if (status == 0 && o->until && !units_duration(o->until, &o->until_ns))
        status = bad_usage("--until %s: a duration is allowed: 250ms, 90s, 4h, 5d", o->until);
    if (status == 0 && o->replay) {
        status = run_replay(o, errors);
    } else if (status == 0) {
        if (!scenario_open(&s, o->scenario, o->sets, o->nsets, errors)) {
            scenario_errors_print(errors, stderr);
            status = EXIT_USAGE;
        } else {
            if (o->seed)
                s.world.seed = number;
            if (o->until)
                s.world.until_ns = o->until_ns; /* earlier or later than the scenario's own end */
            status = run_world(&s, o);
            scenario_free(&s);
        }
    }
    free(errors);
    free(o);
    return status;
}

/* ---- serve
 * ------------------------------------------------------------------------------------------------- */

static int command_serve(int argc, char **argv)
{
    struct serve_options *o = core_alloc(sizeof *o);
    struct scenario_errors *errors = core_alloc(sizeof *errors);
    struct scenario s;
    uint64_t seed;
    int status = serve_arguments(o, argc, argv);
    if (status == 0 && o->seed && !wire_parse_u64(wire_slice_str(o->seed), UINT64_MAX, &seed))
        status = bad_usage("--seed %s: a whole number is allowed, from 0 to %llu", o->seed,
                           (unsigned long long)UINT64_MAX);
    if (status == 0 && o->duration && (!units_duration(o->duration, &o->duration_ns) || o->duration_ns == 0))
        status = bad_usage("--duration %s: a duration with a unit is needed, like 90s, 5m, 2h", o->duration);
    if (status == 0 && !scenario_open(&s, o->scenario, o->sets, o->nsets, errors)) {
        scenario_errors_print(errors, stderr);
        status = EXIT_USAGE;
    } else if (status == 0) {
        status = serve_run(o, &s.world, s.text_hash);
        scenario_free(&s);
    }
    serve_options_free(o);
    free(errors);
    free(o);
    return status;
}

/* ---- the other commands
 * ------------------------------------------------------------------------------------ */

static int command_list(int argc, char **argv)
{
    struct core_arena arena = { 0 };
    struct catalogue_entry e;
    if (argc > 0)
        return bad_usage("list takes no argument, but there is '%s'", argv[0]);
    for (size_t i = 0; catalogue_describe(i, &arena, &e); i++) {
        printf("%s\n    %s\n", e.name, e.title);
        for (size_t k = 0; k < e.nteaches; k++)
            printf("    - %s\n", e.teaches[k]);
    }
    core_arena_free(&arena);
    return EXIT_MET;
}

static int command_check(int argc, char **argv)
{
    if (argc == 0)
        return bad_usage("check needs at least one file");
    return scenario_check((const char *const *)argv, (size_t)argc, stdout, stderr);
}

static int command_explain(int argc, char **argv)
{
    size_t n;
    const struct explain_source *sources = ui_explain_engines(&n);
    if (argc == 0)
        return bad_usage("explain needs a word: a code, a command, a port, a record type, a term");
    return ui_explain(stdout, stderr, (const char *const *)argv, (size_t)argc, sources, n);
}

/* Writes what a tape holds up to a place as a capture, with the secrets that open it. */
static void capture_secret(void *ctx, const char *line)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s\n", line);
    if (n > 0 && (size_t)n < sizeof text)
        export_pcapng_secrets(ctx, text, (size_t)n);
}

static bool save_capture(void *ctx, const struct tape *tape, uint32_t upto, const char *path,
                         char error[UI_ERROR_MAX])
{
    FILE *f = fopen(path, "wb");
    struct export_pcapng *png;
    struct trace_sink sink;
    int wrong;
    (void)ctx;
    if (!f) {
        snprintf(error, UI_ERROR_MAX, "%s: %s", path, strerror(errno));
        return false;
    }
    png = export_pcapng_open(f, false);
    sink = export_pcapng_sink(png);
    tape_replay(tape, upto, &sink, capture_secret, png);
    wrong = export_pcapng_close(png);
    if (wrong)
        snprintf(error, UI_ERROR_MAX, "%s: %s", path, strerror(wrong));
    return wrong == 0;
}

static int command_play(int argc, char **argv)
{
    static const struct ui_play_files files = { .save_capture = save_capture };
    return ui_play_command(argc, argv, &files);
}

static int command_bench(int argc, char **argv)
{
    struct ui_play_program *p;
    int status;
    if (argc != 1 || strcmp(argv[0], "--ui") != 0)
        return bench_command(argc, argv);
    p = ui_play_program_new(NULL);
    status = ui_bench(ui_play_program(p), stdout);
    ui_play_program_free(p);
    return status;
}

static int command_version(int argc, char **argv)
{
    if (argc > 0)
        return bad_usage("--version takes no argument, but there is '%s'", argv[0]);
    puts("mailwalk " MAILWALK_VERSION);
    return EXIT_MET;
}

static int command_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return usage(stdout);
}

/* A standard stream that is closed would give its number to the next file, and what is said would go
 * there. */
static bool streams_open(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

/* What was said has arrived, or it was said in vain. */
static int said(int status)
{
    if (status != EXIT_MACHINE && (fflush(stdout) != 0 || ferror(stdout)))
        return machine_refused("standard output", errno ? errno : EIO);
    return status;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = { { "play", command_play },         { "run", command_run },
                     { "serve", command_serve },       { "ctl", control_client_run },
                     { "list", command_list },         { "check", command_check },
                     { "explain", command_explain },   { "bench", command_bench },
                     { "--version", command_version }, { "help", command_help },
                     { "--help", command_help },       { "-h", command_help } };
    if (!streams_open())
        return EXIT_MACHINE;
    if (argc < 2 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        return command_play(0, NULL);
    }
    if (argc < 2)
        return usage(stderr);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return said(commands[i].run(argc - 2, argv + 2));
    return bad_usage(
        "unknown command '%s': play, run, serve, ctl, list, check, explain, bench and help are known",
        argv[1]);
}
