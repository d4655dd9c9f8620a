/* The speed of the simulator on this machine. */
#include "sim/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/bench/drive.h"

enum format { FORMAT_TEXT, FORMAT_JSONL, FORMAT_KV };

struct options {
    struct drive_params p;
    enum format format;
    bool one; /* one measurement with these parameters */
};

static int bad(const char *what, const char *value, const char *allowed)
{
    fprintf(stderr, "mailwalk: bench: %s %s: %s\n", what, value ? value : "", allowed);
    return 2;
}

static int number(const char *name, const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    unsigned long long n = value && value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
    char allowed[80];
    snprintf(allowed, sizeof allowed, "a whole number from %llu to %llu is allowed",
             (unsigned long long)least, (unsigned long long)most);
    if (!end || *end || n < least || n > most)
        return bad(name, value, allowed);
    *out = n;
    return 0;
}

static int option(struct options *o, const char *name, const char *value)
{
    uint64_t n = 0;
    int wrong;
    if (strcmp(name, "--in-flight") == 0) {
        wrong = number(name, value, 1, 10000, &n);
        o->p.in_flight = (uint32_t)n;
        o->one = true;
        return wrong;
    }
    if (strcmp(name, "--messages") == 0) {
        o->one = true;
        return number(name, value, 1, 100000000, &o->p.messages);
    }
    if (strcmp(name, "--seed") == 0)
        return number(name, value, 0, UINT64_MAX, &o->p.seed);
    if ((strcmp(name, "--pcap") == 0 || strcmp(name, "--format") == 0) && !value)
        return bad(name, NULL, "needs a value");
    if (strcmp(name, "--pcap") == 0) {
        o->p.pcap = value;
        o->one = true;
        return 0;
    }
    if (strcmp(name, "--format") == 0) {
        if (strcmp(value, "text") == 0)
            o->format = FORMAT_TEXT;
        else if (strcmp(value, "jsonl") == 0)
            o->format = FORMAT_JSONL;
        else if (strcmp(value, "kv") == 0)
            o->format = FORMAT_KV;
        else
            return bad(name, value, "text, jsonl or kv is allowed");
        return 0;
    }
    return bad("unknown option", name, "--in-flight, --messages, --seed, --pcap and --format are known");
}

static void print_run(const struct drive_params *p, const struct drive_result *r, enum format f)
{
    double per = r->cpu_s > 0 ? (double)r->messages / r->cpu_s : 0;
    double events = r->cpu_s > 0 ? (double)r->events / r->cpu_s : 0;
    double n = (double)(r->messages ? r->messages : 1);
    switch (f) {
    case FORMAT_KV:
        printf("msg_per_cpus=%.0f\nevents_per_cpus=%.0f\nmessages=%llu\nin_flight=%u\nus_per_msg=%."
               "2f\nevents_per_msg=%.1f\n"
               "segments_per_msg=%.1f\nframes_per_msg=%.1f\npeak_rss_mb=%.1f\nsetup_cpus=%.3f\n",
               per, events, (unsigned long long)r->messages, p->in_flight, 1e6 * r->cpu_s / n,
               (double)r->events / n, (double)r->segments / n, (double)r->frames / n,
               (double)r->peak_rss_octets / 1e6, r->setup_cpu_s);
        break;
    case FORMAT_JSONL:
        printf(
            "{\"kind\":\"throughput\",\"messages\":%llu,\"in_flight\":%u,\"msg_per_cpus\":%.0f,\"events_per_"
            "cpus\":%.0f,"
            "\"us_per_msg\":%.2f,\"events_per_msg\":%.1f,\"segments_per_msg\":%.1f,\"frames_per_msg\":%.1f,"
            "\"peak_rss_mb\":%.1f,\"pcap\":%s}\n",
            (unsigned long long)r->messages, p->in_flight, per, events, 1e6 * r->cpu_s / n,
            (double)r->events / n, (double)r->segments / n, (double)r->frames / n,
            (double)r->peak_rss_octets / 1e6, p->pcap ? "true" : "false");
        break;
    default:
        printf("%9llu messages, %5u in flight%s: %8.0f messages and %9.0f events a CPU second, %.1f us, %.1f "
               "segments a message; "
               "peak %.0f MB\n",
               (unsigned long long)r->messages, p->in_flight, p->pcap ? ", pcap" : "", per, events,
               1e6 * r->cpu_s / n, (double)r->segments / n, (double)r->peak_rss_octets / 1e6);
    }
    fflush(stdout);
}

static int measure(struct drive_params p, enum format f, double *us)
{
    struct drive_result r;
    char error[256] = "";
    if (!drive_run(&p, &r, error)) {
        fprintf(stderr, "mailwalk: bench: %s\n", error);
        return 3;
    }
    print_run(&p, &r, f);
    *us = 1e6 * r.cpu_s / (double)r.messages;
    return 0;
}

static int print_memory(enum format f)
{
    struct drive_memory m;
    char error[256] = "";
    if (!drive_memory(&m, error)) {
        fprintf(stderr, "mailwalk: bench: %s\n", error);
        return 3;
    }
    if (m.connections_open != m.connections) {
        fprintf(stderr, "mailwalk: bench: only %llu of %llu connections are open\n",
                (unsigned long long)m.connections_open, (unsigned long long)m.connections);
        return 3;
    }
    if (f == FORMAT_JSONL)
        printf("{\"kind\":\"memory\",\"hosts\":%llu,\"host_octets\":%.0f,\"spec_octets\":%.0f,"
               "\"connections\":%llu,"
               "\"connection_octets\":%.0f,\"setup_cpus\":%.3f}\n",
               (unsigned long long)m.hosts, m.host_octets, m.spec_octets, (unsigned long long)m.connections,
               m.connection_octets, m.setup_cpu_s);
    else
        printf("%9llu hosts set up in %.3f CPU seconds, %.0f octets each and %.0f for its description; %llu "
               "idle connections, %.0f "
               "octets each with both sessions\n",
               (unsigned long long)m.hosts, m.setup_cpu_s, m.host_octets, m.spec_octets,
               (unsigned long long)m.connections, m.connection_octets);
    return 0;
}

/* The whole report: speed at two loads, memory, and how the cost changes with the number of messages. */
static int report(const struct options *o)
{
    struct drive_params p = o->p;
    double us = 0, first = 0;
    int status;
    static const struct {
        uint64_t messages;
        uint32_t in_flight;
    } runs[] = { { 20000, 100 }, { 20000, 1000 } };
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        p.messages = runs[i].messages;
        p.in_flight = runs[i].in_flight;
        if ((status = measure(p, o->format, &us)) != 0)
            return status;
    }
    if ((status = print_memory(o->format)) != 0)
        return status;
    p.in_flight = 100;
    for (p.messages = 1000; p.messages <= 1000000; p.messages *= 10) {
        if ((status = measure(p, o->format, &us)) != 0)
            return status;
        if (first == 0)
            first = us;
    }
    if (o->format == FORMAT_JSONL)
        printf("{\"kind\":\"flatness\",\"ratio\":%.3f}\n", us / first);
    else
        printf("A message of a million costs %.2f times one of a thousand.\n", us / first);
    return 0;
}

int bench_command(int argc, char **argv)
{
    struct options o = { .p = {
                             .messages = 20000, .in_flight = 100, .domains = 1000, .users = 10, .seed = 1 } };
    double us;
    for (int i = 0; i < argc; i += 2) {
        int wrong = option(&o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (wrong)
            return wrong;
    }
    if (o.p.messages < o.p.in_flight)
        o.p.in_flight = (uint32_t)o.p.messages;
    if (o.format == FORMAT_KV || o.one)
        return measure(o.p, o.format, &us);
    return report(&o);
}
