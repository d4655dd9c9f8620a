/* What came of each item, in words. */
#include "scenarios/load/expect_internal.h"

#include <stdarg.h>
#include <string.h>

#include "sim/hosts/units.h"

struct words {
    char text[400];
    size_t len;
};

static void say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *w, const char *fmt, ...)
{
    va_list args;
    int n;
    va_start(args, fmt);
    n = vsnprintf(w->text + w->len, sizeof w->text - w->len, fmt, args);
    va_end(args);
    if (n > 0)
        w->len += (size_t)n < sizeof w->text - w->len ? (size_t)n : sizeof w->text - w->len - 1;
}

static void say_if(struct words *w, const char *before, const char *value)
{
    if (value)
        say(w, "%s%s%s", w->len ? ", " : "", before, value);
}

static void say_expected(struct words *w, const struct expect_item *i)
{
    char buf[UNITS_TEXT_MAX];
    if (i->never)
        say(w, "never");
    if (i->kind == EXPECT_MAILBOX)
        say(w, "%lu message%s", (unsigned long)i->messages, i->messages == 1 ? "" : "s");
    say_if(w, "", i->message);
    say_if(w, "", i->action);
    say_if(w, "from ", i->kind == EXPECT_CONNECTION ? i->host : NULL);
    say_if(w, "on ", i->kind != EXPECT_CONNECTION ? i->host : NULL);
    say_if(w, i->kind == EXPECT_BOUNCED ? "back to " : "to ", i->to);
    say_if(w, "for ", i->recipient);
    say_if(w, "of ", i->user);
    say_if(w, "in ", i->mailbox);
    say_if(w, "via ", i->via);
    say_if(w, "",
           i->intact == EXPECT_INTACT_YES  ? "intact"
           : i->intact == EXPECT_INTACT_NO ? "changed"
                                           : NULL);
    say_if(w, "", i->command);
    if (i->port)
        say(w, "%sport %d", w->len ? ", " : "", i->port);
    if (i->code)
        say(w, "%s%d", w->len ? ", " : "", i->code);
    say_if(w, "", i->status);
    say_if(w, "", i->result);
    say_if(w, "", i->flag);
    say_if(w, "contains ", i->text);
    if (i->kind == EXPECT_RETRANSMISSIONS && i->min > 0)
        say(w, "%sat least %lu", w->len ? ", " : "", (unsigned long)i->min);
    if (i->kind == EXPECT_RETRANSMISSIONS && i->max < UINT32_MAX)
        say(w, "%sat most %lu", w->len ? ", " : "", (unsigned long)i->max);
    if (i->count != EXPECT_ANY)
        say(w, "%s%lu %s", w->len ? ", " : "", (unsigned long)i->count, i->count == 1 ? "time" : "times");
    if (i->within_ns != CORE_NEVER)
        say(w, "%swithin %s", w->len ? ", " : "", units_duration_text(i->within_ns, buf));
    if (w->len == 0)
        say(w, "yes");
}

static bool judge_queue(const struct expect *e, const struct expect_tally *t, struct words *got)
{
    size_t passed = 0, left = 0;
    const struct expect_map *m = &e->state->queues;
    for (size_t i = 0; i < m->cap; i++) {
        if (!m->slots[i].key || m->slots[i].host != t->host)
            continue;
        passed++;
        left += m->slots[i].number == 0;
    }
    /* An empty queue through which nothing went proves nothing. */
    if (passed == 0)
        say(got, "nothing was ever in it");
    else
        say(got, "%zu left of %zu", left, passed);
    return passed > 0 && left == 0;
}

/* A host's number in the trace; 0: unknown. */
static uint32_t number_of(const struct expect *e, const char *host)
{
    for (size_t h = 0; h < e->nhosts; h++)
        if (strcmp(e->hosts[h], host) == 0)
            return (uint32_t)h + 1;
    return 0;
}

/* What was there before the first record. */
static int64_t at_start(const struct expect *e, const struct expect_item *item)
{
    const struct spec_world *w = &e->scenario->world;
    if (!expect_same(item->mailbox, "INBOX"))
        return 0;
    for (size_t h = 0; h < w->nhosts; h++) {
        const struct spec_store *s = w->hosts[h].store;
        if (!s || (item->host && strcmp(item->host, w->hosts[h].name) != 0))
            continue;
        for (size_t u = 0; u < s->nusers; u++)
            if (expect_user_is(e, item->user, number_of(e, w->hosts[h].name), s->users[u].name, NULL))
                return (int64_t)s->users[u].nmessages;
    }
    return 0;
}

static bool judge_mailbox(const struct expect *e, const struct expect_item *item,
                          const struct expect_tally *t, struct words *got)
{
    int64_t messages = at_start(e, item);
    for (const struct expect_box *b = e->state->boxes; b; b = b->next)
        if ((!item->host || b->host == t->host) && expect_same(b->mailbox, item->mailbox) &&
            expect_user_is(e, item->user, b->host, b->user, b->address)) {
            messages = b->messages;
            break;
        }
    say(got, "%lld message%s", (long long)messages, messages == 1 ? "" : "s");
    return messages == item->messages;
}

static bool judge_count(const struct expect_item *item, const struct expect_tally *t, struct words *got)
{
    char buf[UNITS_TEXT_MAX];
    bool ok;
    if (item->kind == EXPECT_RETRANSMISSIONS)
        ok = t->count >= item->min && t->count <= item->max;
    else if (item->never)
        ok = t->count == 0;
    else
        ok = item->count == EXPECT_ANY ? t->count > 0 : t->count == item->count;
    if (t->count == 0)
        say(got, "none");
    else
        say(got, "%llu, first at %s", (unsigned long long)t->count, units_duration_text(t->first_ns, buf));
    if (item->kind == EXPECT_BOUNCED && item->to && !item->never && t->count > 0 && !t->returned) {
        say(got, ", but no bounce to %s", item->to);
        ok = false;
    }
    return ok;
}

const struct expect_result *expect_results(struct expect *e, size_t *count)
{
    size_t n = e->scenario->nexpect;
    *count = n;
    if (e->results)
        return e->results;
    e->results = core_arena_take(&e->arena, (n + 1) * sizeof *e->results);
    for (size_t i = 0; i < n; i++) {
        const struct expect_item *item = &e->scenario->expect[i];
        const struct expect_tally *t = &e->state->tally[i];
        struct words expected = { .text = "" }, got = { .text = "" };
        say_expected(&expected, item);
        e->results[i].ok = item->kind == EXPECT_QUEUE_EMPTY ? judge_queue(e, t, &got)
                           : item->kind == EXPECT_MAILBOX   ? judge_mailbox(e, item, t, &got)
                                                            : judge_count(item, t, &got);
        e->results[i].pointer = item->pointer;
        e->results[i].what = expect_kind_name(item->kind);
        e->results[i].expected = core_arena_copy(&e->arena, expected.text, expected.len);
        e->results[i].got = core_arena_copy(&e->arena, got.text, got.len);
    }
    return e->results;
}

bool expect_ok(const struct expect_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!results[i].ok)
            return false;
    return true;
}
