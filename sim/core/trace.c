/* The trace: numbering and handing out records. */
#include "sim/core/trace.h"

#include <assert.h>
#include <string.h>

#define X(name, json) [TRACE_##name] = json,
static const char *const proto_names[TRACE_PROTO_COUNT] = { TRACE_PROTOS(X) };
#undef X

static const struct kind_info {
    const char *name;
    enum trace_level level;
} kinds[TRACE_KIND_COUNT] = {
#define X(name, json, level) [TRACE_KIND_##name] = { json, level },
    TRACE_KINDS(X)
#undef X
};

const char *trace_proto_name(enum trace_proto proto)
{
    assert(proto < TRACE_PROTO_COUNT);
    return proto_names[proto];
}

const char *trace_kind_name(enum trace_kind kind)
{
    assert(kind < TRACE_KIND_COUNT);
    return kinds[kind].name;
}

enum trace_level trace_kind_level(enum trace_kind kind)
{
    assert(kind < TRACE_KIND_COUNT);
    return kinds[kind].level;
}

const char *trace_level_name(enum trace_level level)
{
    static const char *const names[TRACE_LEVELS] = { "phase", "line", "packet", "state" };
    assert(level < TRACE_LEVELS);
    return names[level];
}

void trace_init(struct trace *t)
{
    *t = (struct trace){ 0 };
}

void trace_add(struct trace *t, const struct trace_sink *sink)
{
    assert(t->nsinks < TRACE_SINKS_MAX && t->seq == 0);
    t->sink[t->nsinks++] = *sink;
    t->levels |= sink->levels & TRACE_ALL;
    t->tapped |= (sink->levels & TRACE_TAP) != 0;
}

void trace_open(struct trace *t, const struct trace_opening *opening)
{
    for (unsigned i = 0; i < t->nsinks; i++)
        if (t->sink[i].open)
            t->sink[i].open(t->sink[i].ctx, opening);
}

void trace_close(struct trace *t, uint64_t t_ns)
{
    for (unsigned i = 0; i < t->nsinks; i++)
        if (t->sink[i].close)
            t->sink[i].close(t->sink[i].ctx, t_ns);
}

uint64_t trace_emit(struct trace *t, struct trace_record *r)
{
    unsigned bits = TRACE_BIT(trace_kind_level(r->kind)) | (r->kind == TRACE_KIND_SENT ? TRACE_TAP : 0);
    r->seq = ++t->seq;
    if (r->cause == 0)
        r->cause = t->cause;
    assert(r->cause < r->seq);
    for (unsigned i = 0; i < t->nsinks; i++)
        if (t->sink[i].levels & bits)
            t->sink[i].record(t->sink[i].ctx, r);
    return r->seq;
}

void trace_attr_str(struct trace_record *r, const char *key, const char *value)
{
    assert(r->nattr < TRACE_ATTRS_MAX);
    r->attr[r->nattr++] = (struct trace_attr){ .key = key, .value = value ? value : "" };
}

void trace_attr_num(struct trace_record *r, const char *key, int64_t number)
{
    assert(r->nattr < TRACE_ATTRS_MAX);
    r->attr[r->nattr++] = (struct trace_attr){ .key = key, .number = number };
}

const char *trace_attr_get(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return r->attr[i].value;
    return NULL;
}

int64_t trace_attr_number(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return r->attr[i].number;
    return 0;
}
