#ifndef TESTS_HOSTS_WATCH_H
#define TESTS_HOSTS_WATCH_H
/*
 * watch - remembers what a run's trace said, and finds it again.
 *
 *   find(NULL, TRACE_KIND_QUEUE, "mx-b", "bounced", "to", "bob@b.test", "dsn", "5.1.1", NULL)
 *       the first `queue` record of host mx-b with that event and those attributes; NULL: there is none
 *   find(that, ...)          the first after that one
 *   count(...)               how many there are
 *   line(NULL, "mx-b", "250 2.1.5")   the first line that mx-b said and that begins so
 *
 * Host NULL: any host; event NULL: any event. Numbers in attributes are compared as their decimal text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/pool.h"
#include "sim/core/trace.h"
#include "tests/check_main.h"

struct seen {
    enum trace_kind kind;
    enum trace_proto proto;
    char dir;
    enum trace_eol eol;
    uint64_t seq, cause, t_ns, frame;
    uint32_t host, peer, conn; /* numbers in the trace */
    uint16_t code;
    char status[10];
    const char *text, *title;
    size_t text_len;
    struct trace_attr attr[TRACE_ATTRS_MAX]; /* all values are text */
    unsigned nattr;
};

struct watch {
    struct core_arena arena;
    const char **name;  /* of hosts, by number */
    struct seen **seen; /* pointers, so that they stay where they are */
    size_t n, cap;
    void (*also)(const struct seen *r); /* told of each record as it comes; NULL: nobody */
};

static struct watch watch;

static void watch_open(void *ctx, const struct trace_opening *o)
{
    (void)ctx;
    watch.name = core_arena_take(&watch.arena, (o->nhosts + 1) * sizeof *watch.name);
    for (size_t i = 0; i < o->nhosts; i++)
        watch.name[i + 1] = core_arena_copy(&watch.arena, o->hosts[i].name, strlen(o->hosts[i].name));
}

static void watch_record(void *ctx, const struct trace_record *r)
{
    struct seen *s = core_arena_take(&watch.arena, sizeof *s);
    (void)ctx;
    *s = (struct seen){ .kind = r->kind,
                        .proto = r->proto,
                        .dir = r->dir,
                        .eol = r->eol,
                        .seq = r->seq,
                        .cause = r->cause,
                        .frame = r->frame,
                        .t_ns = r->t_ns,
                        .host = r->host,
                        .peer = r->peer,
                        .conn = r->conn,
                        .code = r->code,
                        .text_len = r->text_len,
                        .title = r->title ? r->title : "",
                        .nattr = r->nattr };
    memcpy(s->status, r->status, sizeof s->status);
    s->text = core_arena_copy(&watch.arena, r->text ? r->text : "", r->text ? r->text_len : 0);
    for (unsigned i = 0; i < r->nattr; i++) {
        char number[24];
        const char *value = r->attr[i].value;
        if (!value) {
            snprintf(number, sizeof number, "%lld", (long long)r->attr[i].number);
            value = number;
        }
        s->attr[i] = (struct trace_attr){ .key = r->attr[i].key,
                                          .value = core_arena_copy(&watch.arena, value, strlen(value)) };
    }
    if (watch.n == watch.cap) {
        watch.cap = watch.cap ? watch.cap * 2 : 1024;
        watch.seen = core_realloc(watch.seen, watch.cap * sizeof(struct seen *));
    }
    watch.seen[watch.n++] = s;
    if (watch.also)
        watch.also(s);
}

static inline struct trace_sink watch_sink(unsigned levels)
{
    memset(&watch, 0, sizeof watch);
    return (struct trace_sink){ .levels = levels, .open = watch_open, .record = watch_record };
}

static inline void watch_free(void)
{
    core_arena_free(&watch.arena);
    free(watch.seen);
    memset(&watch, 0, sizeof watch);
}

/* ---- asking --------------------------------------------------------------------------------------- */

/* The attribute's value, "" if the record has none. */
static inline const char *attr(const struct seen *s, const char *key)
{
    for (unsigned i = 0; i < s->nattr; i++)
        if (strcmp(s->attr[i].key, key) == 0)
            return s->attr[i].value;
    return "";
}

static inline const char *host_name(const struct seen *s)
{
    return s->host ? watch.name[s->host] : "";
}

static inline bool seen_is(const struct seen *s, enum trace_kind kind, const char *host, const char *event,
                           va_list ap)
{
    const char *key;
    if (s->kind != kind || (host && strcmp(host_name(s), host) != 0) ||
        (event && strcmp(attr(s, "event"), event) != 0))
        return false;
    while ((key = va_arg(ap, const char *)) != NULL)
        if (strcmp(attr(s, key), va_arg(ap, const char *)) != 0)
            return false;
    return true;
}

static inline size_t index_after(const struct seen *after)
{
    size_t i = 0;
    while (after && watch.seen[i++] != after) {
    }
    return i;
}

static inline const struct seen *find(const struct seen *after, enum trace_kind kind, const char *host,
                                      const char *event, ...)
{
    for (size_t i = index_after(after); i < watch.n; i++) {
        va_list ap;
        bool is;
        va_start(ap, event);
        is = seen_is(watch.seen[i], kind, host, event, ap);
        va_end(ap);
        if (is)
            return watch.seen[i];
    }
    return NULL;
}

static inline unsigned count(enum trace_kind kind, const char *host, const char *event, ...)
{
    unsigned n = 0;
    for (size_t i = 0; i < watch.n; i++) {
        va_list ap;
        va_start(ap, event);
        n += seen_is(watch.seen[i], kind, host, event, ap);
        va_end(ap);
    }
    return n;
}

static inline bool is_line(const struct seen *s, const char *host, const char *prefix)
{
    return trace_kind_level(s->kind) == TRACE_LINE && (!host || strcmp(host_name(s), host) == 0) &&
           s->text_len >= strlen(prefix) && memcmp(s->text, prefix, strlen(prefix)) == 0;
}

static inline const struct seen *line(const struct seen *after, const char *host, const char *prefix)
{
    for (size_t i = index_after(after); i < watch.n; i++)
        if (is_line(watch.seen[i], host, prefix))
            return watch.seen[i];
    return NULL;
}

/* The first line of the host with `part` somewhere in it. */
static inline const struct seen *line_with(const char *host, const char *part)
{
    for (size_t i = 0; i < watch.n; i++)
        if (is_line(watch.seen[i], host, "") && strstr(watch.seen[i]->text, part))
            return watch.seen[i];
    return NULL;
}

static inline unsigned lines(const char *host, const char *prefix)
{
    unsigned n = 0;
    for (size_t i = 0; i < watch.n; i++)
        n += is_line(watch.seen[i], host, prefix);
    return n;
}

/* For a test that fails: what happened, on stderr. */
static inline void watch_print(void)
{
    for (size_t i = 0; i < watch.n; i++) {
        const struct seen *s = watch.seen[i];
        fprintf(stderr, "%10.3f %-8s %-8s %c %u %.*s", (double)s->t_ns / 1e9, host_name(s),
                trace_kind_name(s->kind), s->dir ? s->dir : ' ', s->conn, (int)s->text_len, s->text);
        for (unsigned k = 0; k < s->nattr; k++)
            fprintf(stderr, " %s=%s", s->attr[k].key, s->attr[k].value);
        fprintf(stderr, "\n");
    }
}
#endif
