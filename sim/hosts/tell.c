/* How hosts write the trace. */
#include "sim/hosts/tell.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/hosts/pump.h"

#define SENTENCE_MAX 512 /* octets of a phase's sentence; what is longer is cut */
#define PLACE_MAX    320 /* of a host name and an address in it */

static const struct phase_info phases[PHASE_COUNT] = {
#define X(name, title, lesson, section) [PHASE_##name] = { #name, title, lesson, section },
    PHASES(X)
#undef X
};

const struct phase_info *phase_info(enum phase p)
{
    assert(p < PHASE_COUNT);
    return &phases[p];
}

void tell_begin(struct trace_record *r, const struct host *host, enum trace_kind kind)
{
    *r = (struct trace_record){ .kind = kind, .host = host->number, .t_ns = host->world->queue.now_ns };
}

void tell_phase(struct host *host, enum phase p, uint32_t peer, uint32_t conn, const char *fmt, ...)
{
    struct trace *t = &host->world->trace;
    struct trace_record r;
    char text[SENTENCE_MAX];
    va_list ap;
    int n;
    if (!trace_wants(t, TRACE_PHASE)) {
        if (t->levels)
            t->cause = trace_skip(t);
        return;
    }
    tell_begin(&r, host, TRACE_KIND_PHASE);
    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    r.text = text;
    r.text_len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    r.peer = peer;
    r.conn = conn;
    r.title = phases[p].title;
    r.lesson = phases[p].lesson;
    r.section = phases[p].section;
    trace_attr_str(&r, "step", phases[p].name);
    t->cause = trace_emit(t, &r);
}

void tell_words(struct host *host, const char *title, const char *lesson)
{
    struct trace *t = &host->world->trace;
    struct trace_record r;
    if (!t->levels)
        return;
    tell_begin(&r, host, TRACE_KIND_PHASE);
    r.title = title;
    r.lesson = lesson;
    t->cause = trace_emit(t, &r);
}

bool tell_state(struct trace_record *r, const struct host *host, enum trace_kind kind, const char *event)
{
    struct trace *t = &host->world->trace;
    if (!trace_wants(t, TRACE_STATE)) {
        if (t->levels)
            trace_skip(t);
        return false;
    }
    tell_begin(r, host, kind);
    if (event)
        trace_attr_str(r, "event", event);
    return true;
}

bool tell_session_begin(struct trace_record *r, const struct pump *p, const char *event, const char *daemon,
                        struct tell_ends *ends)
{
    const struct world *w = p->host->world;
    struct net_addr addr, here;
    uint16_t port, local;
    if (!tell_state(r, p->host, TRACE_KIND_SESSION, event))
        return false;
    pump_peer(p, &addr, &port);
    pump_local(p, &here, &local);
    r->conn = pump_number(p);
    r->peer = p->peer;
    r->proto = p->ops->proto;
    trace_attr_str(r, "daemon", daemon);
    trace_attr_str(r, "client", world_peer_text(w, &addr, 0, ends->client));
    trace_attr_str(r, "local", world_peer_text(w, &here, 0, ends->local));
    trace_attr_num(r, "port", local);
    return true;
}

uint64_t tell_send(struct trace_record *r, const struct host *host, bool leads)
{
    struct trace *t = &host->world->trace;
    uint64_t seq = trace_emit(t, r);
    if (leads)
        t->cause = seq;
    return seq;
}

const char *tell_addr(const struct net_addr *a)
{
    static char text[4][NET_ADDR_TEXT];
    static unsigned next;
    return net_addr_text(a, text[next++ % 4]);
}

const char *tell_place(const char *name, const struct net_addr *a)
{
    static char text[PLACE_MAX];
    const char *address = tell_addr(a);
    if (strcmp(name, address) == 0)
        return address;
    snprintf(text, sizeof text, "%s, %s", name, address);
    return text;
}

const char *tell_wait(uint64_t ns)
{
    static const struct {
        const char *name;
        uint64_t seconds;
    } unit[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
    static char text[48];
    const uint64_t s = ns / CORE_S;
    size_t i = 0;
    uint64_t rest;
    while (i < 3 && s < unit[i].seconds)
        i++;
    rest = i < 3 ? s % unit[i].seconds / unit[i + 1].seconds : 0;
    if (rest > 0)
        snprintf(text, sizeof text, "%llu %s %llu %s", (unsigned long long)(s / unit[i].seconds),
                 unit[i].name, (unsigned long long)rest, unit[i + 1].name);
    else
        snprintf(text, sizeof text, "%llu %s", (unsigned long long)(s / unit[i].seconds), unit[i].name);
    return text;
}
