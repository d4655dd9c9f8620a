/* What stands behind `mailwalk serve`. */
#include "sim/gateway/options.h"
#include "sim/gateway/say.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE   2
#define EXIT_MACHINE 3

__attribute__((format(printf, 1, 2))) static int bad_usage(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say_error_list(fmt, ap);
    va_end(ap);
    fputs("Try 'mailwalk --help'.\n", stderr);
    return EXIT_USAGE;
}

/* A whole number from least to most. */
static bool whole(const char *text, size_t len, unsigned least, unsigned most, unsigned *out)
{
    unsigned n = 0;
    if (len == 0 || len > 7)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text[i] - '0');
    }
    *out = n;
    return n >= least && n <= most;
}

/* "0.5", "1", "60": digits with at most one point. */
static bool decimal(const char *text, double *out)
{
    double scale = 0;
    unsigned digits = 0;
    *out = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '.' && scale == 0) {
            scale = 1;
            continue;
        }
        if (*at < '0' || *at > '9' || ++digits > 12)
            return false;
        *out = *out * 10 + (*at - '0');
        scale *= 10;
    }
    if (scale > 0)
        *out /= scale;
    return digits > 0;
}

static int take_map(struct serve_options *o, const char *value)
{
    const char *equals = strchr(value, '='), *colon = strrchr(value, ':');
    struct serve_map *m = &o->map[o->nmaps];
    unsigned local, port;
    if (o->nmaps == SERVE_MAPS_MAX)
        return bad_usage("more than %d --map", SERVE_MAPS_MAX);
    if (!equals || !colon || colon < equals + 2 || (size_t)(colon - equals - 1) > SPEC_NAME_MAX ||
        !whole(value, (size_t)(equals - value), 0, 65535, &local) ||
        !whole(colon + 1, strlen(colon + 1), 1, 65535, &port))
        return bad_usage("--map %s: must be PORT=HOST:PORT, like 2525=mail:25", value);
    m->local = (uint16_t)local;
    m->port = (uint16_t)port;
    memcpy(m->host, equals + 1, (size_t)(colon - equals - 1));
    m->host[colon - equals - 1] = '\0';
    o->nmaps++;
    return 0;
}

static int take_listen(struct serve_options *o, const char *value)
{
    struct in_addr four;
    struct in6_addr six;
    if (o->nlisten == SERVE_LISTEN_MAX)
        return bad_usage("more than %d --listen", SERVE_LISTEN_MAX);
    if (inet_pton(AF_INET, value, &four) != 1 && inet_pton(AF_INET6, value, &six) != 1)
        return bad_usage("--listen %s: must be an IP address of this machine, like 127.0.0.1 or ::1", value);
    o->listen[o->nlisten++] = value;
    return 0;
}

static bool is_loopback(const char *address)
{
    struct in_addr four;
    struct in6_addr six;
    static const struct in6_addr one = { .s6_addr = { [15] = 1 } };
    if (inet_pton(AF_INET, address, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && memcmp(&six, &one, sizeof six) == 0;
}

static int take_number(struct serve_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--port-base") == 0)
        return whole(value, strlen(value), 0, 65534, &o->port_base)
                   ? 0
                   : bad_usage("--port-base %s: 0 to 65534 is allowed", value);
    if (strcmp(name, "--max-connections") == 0)
        return whole(value, strlen(value), 1, PLAN_DOORS_MAX, &o->max_connections)
                   ? 0
                   : bad_usage("--max-connections %s: 1 to %d is allowed", value, PLAN_DOORS_MAX);
    if (!decimal(value, &o->speed) || o->speed < 0.001 || o->speed > SERVE_SPEED_MAX)
        return bad_usage("--speed %s: 0.001 to %.0f is allowed; 1 is as fast as life", value,
                         SERVE_SPEED_MAX);
    return 0;
}

static int take_tun(struct serve_options *o, const char *name, const char *value)
{
    struct spec_prefix p;
    if (strcmp(name, "--tun-link") == 0) {
        o->tun_link = value;
        return 0;
    }
    if (strcmp(name, "--tun-address") == 0) {
        if (!tun_address_parse(&p, value))
            return bad_usage(
                "--tun-address %s: must be the kernel's address and its network's length, like " TUN_IP4
                " or " TUN_IP6,
                value);
        *(net_addr_is4(&p.addr) ? &o->tun_plan.ip4 : &o->tun_plan.ip6) = p;
        return 0;
    }
    o->tun = value;
    o->tun_plan.on = true;
    return tun_name_is_good(value)
               ? 0
               : bad_usage("--tun %s: a device's name has 1 to %d letters, digits or signs, but no "
                           "space, slash, colon, quote or percent sign",
                           value, TUN_NAME_MAX);
}

static int take_format(struct serve_options *o, const char *value)
{
    o->jsonl = strcmp(value, "jsonl") == 0;
    return o->jsonl || strcmp(value, "text") == 0 ? 0
                                                  : bad_usage("--format %s: text or jsonl is allowed", value);
}

static int take_set(struct serve_options *o, const char *value)
{
    if (o->nsets == RECORD_SETS_MAX - 2)
        return bad_usage("more than %d --set", RECORD_SETS_MAX - 2);
    o->sets[o->nsets++] = value;
    return 0;
}

static int take_forward(struct serve_options *o, const char *value)
{
    char error[FORWARD_ERROR_MAX];
    return forwards_add(&o->forwards, value, error) ? 0 : bad_usage("%s", error);
}

static int take(struct serve_options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to; /* where it is kept as it is; else one of these two takes it */
        int (*take)(struct serve_options *o, const char *value);
        int (*take_named)(struct serve_options *o, const char *name, const char *value);
    } options[] = {
        { "--pcapng", &o->pcapng, NULL, NULL },     { "--record", &o->record, NULL, NULL },
        { "--ca-file", &o->ca_file, NULL, NULL },   { "--keylog", &o->keylog, NULL, NULL },
        { "--control", &o->control, NULL, NULL },   { "--duration", &o->duration, NULL, NULL },
        { "--trust", &o->trust, NULL, NULL },       { "--seed", &o->seed, NULL, NULL },
        { "--format", NULL, take_format, NULL },    { "--set", NULL, take_set, NULL },
        { "--map", NULL, take_map, NULL },          { "--forward", NULL, take_forward, NULL },
        { "--listen", NULL, take_listen, NULL },    { "--tun", NULL, NULL, take_tun },
        { "--tun-address", NULL, NULL, take_tun },  { "--tun-link", NULL, NULL, take_tun },
        { "--port-base", NULL, NULL, take_number }, { "--max-connections", NULL, NULL, take_number },
        { "--speed", NULL, NULL, take_number }
    };
    const size_t n = sizeof options / sizeof options[0];
    size_t i = 0;
    while (i < n && strcmp(name, options[i].name) != 0)
        i++;
    if (i == n)
        return bad_usage("unknown option '%s'", name);
    if (!value)
        return bad_usage("%s needs a value", name);
    if (options[i].take)
        return options[i].take(o, value);
    if (options[i].take_named)
        return options[i].take_named(o, name, value);
    *options[i].to = value;
    return 0;
}

static int finish_forwards(struct serve_options *o)
{
    char error[FORWARD_ERROR_MAX];
    bool machine;
    if (o->forwards.n == 0)
        return bad_usage("--trust is for real servers: it needs --forward");
    for (size_t i = 0; i < o->forwards.n && !o->allow_remote; i++)
        if (!forward_is_loopback(&o->forwards.one[i]))
            return bad_usage("--forward %s: virtual hosts would reach another machine; if that is meant, say "
                             "--allow-remote too",
                             o->forwards.one[i].text);
    if (o->trust && !forwards_trust_file(&o->forwards, o->trust, error, &machine)) {
        say_error("%s", error);
        return machine ? EXIT_MACHINE : EXIT_USAGE;
    }
    return 0;
}

/* Two writers of one file leave what neither of them wrote. */
static int files_differ(const struct serve_options *o)
{
    const char *name[] = { "--pcapng", "--record", "--ca-file", "--keylog" };
    const char *path[] = { o->pcapng, o->record, o->ca_file, o->keylog };
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        for (size_t k = 0; k < i; k++)
            if (path[i] && path[k] && strcmp(path[i], path[k]) == 0 && strncmp(path[i], "/dev/", 5) != 0)
                return bad_usage("%s %s: that is the file of %s already", name[i], path[i], name[k]);
    return 0;
}

static int finish(struct serve_options *o)
{
    int status;
    if (!o->scenario)
        return bad_usage("serve needs a scenario; mail-world is made for it");
    if (!o->tun && (o->tun_link || o->tun_up))
        return bad_usage("%s belongs to --tun NAME", o->tun_link ? "--tun-link" : "--tun-up");
    if ((status = files_differ(o)) != 0)
        return status;
    if (o->nlisten == 0)
        o->listen[o->nlisten++] = "127.0.0.1";
    for (size_t i = 0; i < o->nlisten && !o->allow_remote; i++)
        if (!is_loopback(o->listen[i]))
            return bad_usage(
                "--listen %s: other machines could come in; if that is meant, say --allow-remote too",
                o->listen[i]);
    if (o->forwards.n > 0 || o->trust) {
        status = finish_forwards(o);
        if (status)
            return status;
    }
    if (o->seed) {
        snprintf(o->seed_set, sizeof o->seed_set, "/seed=%s", o->seed);
        o->sets[o->nsets++] = o->seed_set;
    }
    if (start_today(o->sets, o->nsets, o->start_set))
        o->sets[o->nsets++] = o->start_set;
    return 0;
}

int serve_arguments(struct serve_options *o, int argc, char **argv)
{
    *o = (struct serve_options){ .port_base = SERVE_PORT_BASE, .speed = 1 };
    tun_plan_init(&o->tun_plan);
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
        if (strcmp(argv[i], "--allow-remote") == 0 || strcmp(argv[i], "--actions") == 0) {
            *(argv[i][3] == 'l' ? &o->allow_remote : &o->actions) = true;
            continue;
        }
        if (strcmp(argv[i], "--tun-up") == 0) {
            o->tun_up = true;
            continue;
        }
        if (equals && (size_t)(equals - argv[i]) < sizeof name) { /* --speed=10 */
            memcpy(name, argv[i], (size_t)(equals - argv[i]));
            name[equals - argv[i]] = '\0';
            wrong = take(o, name, equals + 1);
        } else {
            wrong = take(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
        if (wrong)
            return wrong;
    }
    return finish(o);
}

void serve_options_free(struct serve_options *o)
{
    forwards_free(&o->forwards);
}
