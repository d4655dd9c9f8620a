#include "ui/tape/record.h"
#include "ui/tape/causes.h"

#include <string.h>

#define FRAMES_BACK 4000 /* frames looked at for one that was lost */
#define CACHE_BACK  400  /* records of caches looked at for what was kept */

/* ---- beside ----------------------------------------------------------------------------------------------
 */

/* The setting that decided is told right before the reply, with the same cause: it need not be in the chain.
 */
static uint32_t setting(const struct tape *t, const struct trace_record *r)
{
    uint32_t cause = (uint32_t)r->cause;
    uint32_t seq = tape_before(tape_of_kind(t, TRACE_KIND_CONFIG), (uint32_t)r->seq);
    struct trace_record c;
    return seq > cause && tape_get(t, seq, &c) && c.host == r->host && (c.cause == cause || c.cause == r->seq)
               ? seq
               : 0;
}

/* A link's fault began earlier, by itself. */
static uint32_t fault(const struct tape *t, const struct trace_record *r, const char *name)
{
    const struct tape_list *faults = tape_of_kind(t, TRACE_KIND_FAULT);
    struct trace_record f;
    for (ptrdiff_t i = tape_find(faults, (uint32_t)r->seq); i >= 0; i--)
        if (tape_get(t, faults->seq[i], &f) && f.link == r->link && record_is(&f, "fault", name))
            return faults->seq[i];
    return 0;
}

/* The record that says that the host is switched off now. */
static uint32_t down(const struct tape *t, const struct trace_record *r)
{
    const struct tape_list *faults = tape_of_kind(t, TRACE_KIND_FAULT);
    struct trace_record f;
    for (ptrdiff_t i = tape_find(faults, (uint32_t)r->seq); i >= 0; i--)
        if (tape_get(t, faults->seq[i], &f) && record_is(&f, "name", tape_host(t, r->peer)) &&
            record_is(&f, "fault", "host down"))
            return record_is(&f, "event", "down") ? faults->seq[i] : 0;
    return 0;
}

/* The cache that an answer came from: told right before it, with the same cause. */
static uint32_t cached(const struct tape *t, const struct trace_record *r)
{
    uint32_t seq = tape_before(tape_of_kind(t, TRACE_KIND_CACHE), (uint32_t)r->seq);
    struct trace_record c;
    return seq && tape_get(t, seq, &c) && c.host == r->host && c.cause == r->cause &&
                   record_is(&c, "event", "CACHE_HIT")
               ? seq
               : 0;
}

uint32_t causes_kept(const struct tape *t, const struct trace_record *hit)
{
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_CACHE);
    const char *name = record_attr(hit, "name"), *type = record_attr(hit, "type");
    struct trace_record c;
    ptrdiff_t last = tape_find(list, (uint32_t)hit->seq);
    if (hit->kind != TRACE_KIND_CACHE)
        return 0;
    for (ptrdiff_t i = last; i >= 0 && i > last - CACHE_BACK; i--)
        if (list->seq[i] < hit->seq && tape_get(t, list->seq[i], &c) && c.host == hit->host &&
            (record_is(&c, "event", "stored") || record_is(&c, "event", "replaced")) &&
            record_is(&c, "name", name) && record_is(&c, "type", type))
            return list->seq[i];
    return 0;
}

uint32_t causes_beside(const struct tape *t, const struct trace_record *r)
{
    if (r->kind == TRACE_KIND_CONFIG)
        return 0;
    if (r->kind == TRACE_KIND_DROPPED)
        return trace_attr_get(r, "fault") ? fault(t, r, trace_attr_get(r, "fault"))
               : r->peer                  ? down(t, r)
                                          : 0;
    return r->kind == TRACE_KIND_ANSWER ? cached(t, r) : setting(t, r);
}

/* ---- before ----------------------------------------------------------------------------------------------
 */

/* The reply that a queue quotes: the last one of its conversation with these words. */
static uint32_t quoted(const struct tape *t, const struct trace_record *r)
{
    const char *text = r->kind == TRACE_KIND_QUEUE ? trace_attr_get(r, "status_text") : NULL;
    const struct tape_list *list = text && r->conn ? tape_of_conn(t, r->conn) : NULL;
    size_t len = text ? strlen(text) : 0;
    struct trace_record reply;
    for (ptrdiff_t i = len ? tape_find(list, (uint32_t)r->seq) : -1; i >= 0; i--)
        if (tape_kind(t, list->seq[i]) == TRACE_KIND_REPLY && tape_get(t, list->seq[i], &reply) &&
            reply.text_len >= len && memcmp(reply.text, text, len) == 0)
            return list->seq[i];
    return 0;
}

/* The last frame of the conversation that was lost. */
static uint32_t lost(const struct tape *t, const struct trace_record *r)
{
    const struct tape_list *packets = tape_packets(t);
    ptrdiff_t i = tape_find(packets, (uint32_t)r->seq);
    for (ptrdiff_t end = i > FRAMES_BACK ? i - FRAMES_BACK : -1; r->conn && i > end; i--)
        if (tape_kind(t, packets->seq[i]) == TRACE_KIND_DROPPED && tape_conn(t, packets->seq[i]) == r->conn)
            return packets->seq[i];
    return 0;
}

/* What a clock began has no cause of its own: what happened last in its conversation, else on its host. */
static uint32_t last_before(const struct tape *t, const struct trace_record *r)
{
    uint32_t seq = tape_before(tape_of_conn(t, r->conn), (uint32_t)r->seq), frame = lost(t, r);
    if (frame > seq)
        seq = frame;
    return seq ? seq : tape_before(tape_of_host(t, r->host), (uint32_t)r->seq);
}

static bool began_by_itself(const struct trace_record *r)
{
    switch (r->kind) {
    case TRACE_KIND_PHASE:
        return trace_attr_get(r, "step") == NULL; /* the scenario's own words: a person acts */
    case TRACE_KIND_COMMAND:                      /* typed by a person, when it was time */
    case TRACE_KIND_CONTENT:
    case TRACE_KIND_SESSION:
    case TRACE_KIND_QUEUE:
    case TRACE_KIND_CLIENT:
    case TRACE_KIND_ERROR:
    case TRACE_KIND_TCP_TIMER:
    case TRACE_KIND_TCP_STATE: /* given up when the last timer ran out */
        return false;
    default:
        return true;
    }
}

static uint32_t of_reply(const struct tape *t, const struct trace_record *r, uint32_t answered)
{
    if (tape_kind(t, (uint32_t)r->cause) == TRACE_KIND_CONFIG || !answered)
        return (uint32_t)r->cause;
    return answered;
}

uint32_t causes_before(const struct tape *t, const struct trace_record *r, uint32_t answered)
{
    uint32_t seq = 0;
    if (r->kind == TRACE_KIND_REPLY)
        seq = of_reply(t, r, answered);
    else if (r->kind == TRACE_KIND_QUEUE)
        seq = quoted(t, r);
    else if (r->kind == TRACE_KIND_PHASE && !trace_attr_get(r, "step"))
        return 0; /* a person acts; what the scenario lets them wait for is no cause */
    else if (r->kind == TRACE_KIND_SESSION &&
             (record_is(r, "event", "connect-failed") || record_is(r, "event", "timeout")))
        seq = lost(t, r);
    if (!seq)
        seq = (uint32_t)r->cause;
    if (!seq && !began_by_itself(r))
        seq = last_before(t, r);
    return seq < r->seq ? seq : 0;
}

/* ---- edited ----------------------------------------------------------------------------------------------
 */

/* "/hosts/mx/store" is above "/hosts/mx/store/users", and not above "/hosts/mx/storehouse". */
static bool is_above(const char *above, const char *pointer)
{
    size_t len = strlen(above);
    return strncmp(pointer, above, len) == 0 && (pointer[len] == '/' || pointer[len] == '\0');
}

uint32_t causes_edited(const struct tape *t, const char *pointer, uint32_t seq)
{
    const struct tape_list *configs = tape_of_kind(t, TRACE_KIND_CONFIG);
    struct trace_record r;
    for (ptrdiff_t i = tape_find(configs, seq); i >= 0; i--) {
        const char *set;
        if (configs->seq[i] >= seq || !tape_get(t, configs->seq[i], &r) || !record_is(&r, "event", "changed"))
            continue;
        set = trace_attr_get(&r, "set");
        if (set && (is_above(set, pointer) || is_above(pointer, set)))
            return configs->seq[i];
    }
    return 0;
}
