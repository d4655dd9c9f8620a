/* Reading the trace for what a scenario expects: the sink, and what it learns on the way. */
#include "scenarios/load/expect_internal.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"

const char *expect_kind_name(enum expect_kind kind)
{
#define X(name, json) [EXPECT_##name] = json,
    static const char *const names[] = { EXPECT_KINDS(X) };
#undef X
    return names[kind];
}

/* ---- a small map from text to text, with one number ------------------------------------------------- */

static uint64_t hash_of(uint32_t host, const char *text, size_t len)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ host; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return h;
}

static struct expect_entry *slot_of(struct expect_entry *slots, size_t cap, uint32_t host, const char *key,
                                    size_t len)
{
    size_t i = (size_t)hash_of(host, key, len) & (cap - 1);
    while (slots[i].key &&
           (slots[i].host != host || strlen(slots[i].key) != len || memcmp(slots[i].key, key, len)))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

struct expect_entry *expect_map_find(const struct expect_map *m, uint32_t host, const char *key, size_t len)
{
    struct expect_entry *e = m->cap ? slot_of(m->slots, m->cap, host, key, len) : NULL;
    return e && e->key ? e : NULL;
}

struct expect_entry *expect_map_add(struct expect_map *m, struct core_arena *arena, uint32_t host,
                                    const char *key, size_t len)
{
    struct expect_entry *e;
    if ((m->used + 1) * 2 > m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 64;
        struct expect_entry *grown = core_alloc(cap * sizeof *grown);
        for (size_t i = 0; i < m->cap; i++)
            if (m->slots[i].key)
                *slot_of(grown, cap, m->slots[i].host, m->slots[i].key, strlen(m->slots[i].key)) =
                    m->slots[i];
        free(m->slots);
        m->slots = grown;
        m->cap = cap;
    }
    e = slot_of(m->slots, m->cap, host, key, len);
    if (!e->key) {
        e->key = core_arena_copy(arena, key, len);
        e->host = host;
        m->used++;
    }
    return e;
}

/* ---- attributes ------------------------------------------------------------------------------------- */

bool expect_attr_is(const struct trace_record *r, const char *key, const char *value)
{
    const char *have = trace_attr_get(r, key);
    return have && strcmp(have, value) == 0;
}

bool expect_attr_number(const struct trace_record *r, const char *key, int64_t *out)
{
    for (unsigned i = 0; i < r->nattr; i++) {
        uint64_t value;
        if (strcmp(r->attr[i].key, key) != 0)
            continue;
        if (!r->attr[i].value) {
            *out = r->attr[i].number;
            return true;
        }
        if (!wire_parse_u64(wire_slice_str(r->attr[i].value), INT64_MAX, &value))
            return false;
        *out = (int64_t)value;
        return true;
    }
    return false;
}

/* The Message-ID of a record without its < >; empty: none. */
static struct wire_slice id_of(const struct trace_record *r)
{
    struct wire_slice id = wire_slice_str(trace_attr_get(r, "message_id"));
    if (id.len >= 2 && id.at[0] == '<' && id.at[id.len - 1] == '>')
        id = wire_slice(id.at + 1, id.len - 2);
    return id;
}

const char *expect_message_of(const struct expect *e, const struct trace_record *r)
{
    struct wire_slice id = id_of(r);
    const char *queue_id = trace_attr_get(r, "queue_id"), *name = trace_attr_get(r, "message");
    const struct expect_entry *entry;
    if (r->kind == TRACE_KIND_CLIENT && name)
        return name;
    if (id.len == 0 && queue_id) {
        entry = expect_map_find(&e->state->queues, r->host, queue_id, strlen(queue_id));
        id = wire_slice_str(entry ? entry->value : NULL);
    }
    entry = id.len > 0 ? expect_map_find(&e->state->ids, 0, id.at, id.len) : NULL;
    return entry ? entry->value : NULL;
}

/* ---- what is learnt --------------------------------------------------------------------------------- */

static void learn_client(struct expect *e, const struct trace_record *r)
{
    const char *event = trace_attr_get(r, "event"), *name = trace_attr_get(r, "message");
    struct wire_slice id = id_of(r);
    bool sends = event && (strcmp(event, "sending") == 0 || strcmp(event, "sent") == 0 ||
                           strcmp(event, "send-failed") == 0);
    struct expect_entry *entry;
    if (!sends || !name || id.len == 0 || expect_map_find(&e->state->ids, 0, id.at, id.len))
        return;
    entry = expect_map_add(&e->state->ids, &e->arena, 0, id.at, id.len);
    entry->value = core_arena_copy(&e->arena, name, strlen(name));
}

/* An entry is in the queue from its first record to "removed". */
static void learn_queue(struct expect *e, const struct trace_record *r)
{
    const char *queue_id = trace_attr_get(r, "queue_id");
    struct wire_slice id = id_of(r);
    struct expect_entry *entry;
    if (!queue_id)
        return;
    entry = expect_map_find(&e->state->queues, r->host, queue_id, strlen(queue_id));
    if (!entry)
        entry = expect_map_add(&e->state->queues, &e->arena, r->host, queue_id, strlen(queue_id));
    if (!entry->value && id.len > 0)
        entry->value = core_arena_copy(&e->arena, id.at, id.len);
    entry->number = expect_attr_is(r, "event", "removed");
}

static void learn_mailbox(struct expect *e, const struct trace_record *r)
{
    const char *user = trace_attr_get(r, "user"), *mailbox = trace_attr_get(r, "mailbox");
    const char *address = trace_attr_get(r, "address");
    struct expect_box *b;
    int64_t messages;
    if (!user || !mailbox || !expect_attr_number(r, "messages", &messages))
        return;
    for (b = e->state->boxes; b; b = b->next)
        if (b->host == r->host && strcmp(b->user, user) == 0 && strcmp(b->mailbox, mailbox) == 0)
            break;
    if (!b) {
        b = core_arena_take(&e->arena, sizeof *b);
        b->host = r->host;
        b->user = core_arena_copy(&e->arena, user, strlen(user));
        b->mailbox = core_arena_copy(&e->arena, mailbox, strlen(mailbox));
        b->next = e->state->boxes;
        e->state->boxes = b;
    }
    if (address && (!b->address || strcmp(b->address, address) != 0))
        b->address = core_arena_copy(&e->arena, address, strlen(address));
    b->messages = messages;
}

/* ---- the sink ---------------------------------------------------------------------------------------- */

static void sink_open(void *ctx, const struct trace_opening *opening)
{
    struct expect *e = ctx;
    const char **hosts = core_arena_take(&e->arena, (opening->nhosts + 1) * sizeof *hosts);
    for (size_t i = 0; i < opening->nhosts; i++)
        hosts[i] = core_arena_copy(&e->arena, opening->hosts[i].name, strlen(opening->hosts[i].name));
    e->hosts = hosts;
    e->nhosts = opening->nhosts;
    for (size_t i = 0; i < e->scenario->nexpect; i++) {
        const char *host = e->scenario->expect[i].host;
        for (size_t h = 0; host && h < e->nhosts; h++)
            if (strcmp(hosts[h], host) == 0)
                e->state->tally[i].host = (uint32_t)h + 1;
    }
}

static void sink_record(void *ctx, const struct trace_record *r)
{
    struct expect *e = ctx;
    if (r->kind == TRACE_KIND_CLIENT)
        learn_client(e, r);
    else if (r->kind == TRACE_KIND_QUEUE)
        learn_queue(e, r);
    else if (r->kind == TRACE_KIND_MAILBOX)
        learn_mailbox(e, r);
    for (size_t i = 0; i < e->scenario->nexpect; i++) {
        const struct expect_item *item = &e->scenario->expect[i];
        struct expect_tally *t = &e->state->tally[i];
        if (r->t_ns > item->within_ns)
            continue;
        if (item->to && item->kind == EXPECT_BOUNCED)
            t->returned |= expect_returned(item, t, r);
        if (!expect_matches(e, item, t, r))
            continue;
        if (t->count++ == 0)
            t->first_ns = r->t_ns;
    }
}

struct trace_sink expect_sink(struct expect *e)
{
    return (struct trace_sink){ .levels = TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_LINE),
                                .ctx = e,
                                .open = sink_open,
                                .record = sink_record };
}

void expect_init(struct expect *e, const struct scenario *scenario)
{
    *e = (struct expect){ .scenario = scenario };
    e->state = core_arena_take(&e->arena, sizeof *e->state);
    e->state->tally = core_arena_take(&e->arena, (scenario->nexpect + 1) * sizeof *e->state->tally);
}

void expect_free(struct expect *e)
{
    if (e->state) {
        free(e->state->ids.slots);
        free(e->state->queues.slots);
    }
    core_arena_free(&e->arena);
    *e = (struct expect){ 0 };
}
