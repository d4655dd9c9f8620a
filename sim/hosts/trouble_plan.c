/* Faults of servers and mailboxes that the scenario orders. */
#include <stdio.h>
#include <string.h>

#include "sim/hosts/store.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"
#include "sim/hosts/units.h"
#include "sim/hosts/world.h"

#define WORDS_MAX 120 /* octets of an order in words, with NUL */

struct planned { /* one whose time has not come */
    struct core_timer timer;
    struct world *world;
    struct trouble_order order;
    char words[WORDS_MAX];
};

static void begins(struct core_queue *q, struct core_timer *timer)
{
    struct planned *p = CORE_OWNER(timer, struct planned, timer);
    (void)q;
    p->world->trace.cause = 0;
    trouble_add_kept(p->world, &p->order);
}

static bool plan(struct world *w, struct trouble_order *o, uint64_t from_ns, uint64_t until_ns,
                 const char **pointer, char *error)
{
    struct planned *p;
    *pointer = o->pointer;
    o->for_ns = until_ns == CORE_NEVER ? 0 : until_ns - from_ns;
    if (from_ns == 0)
        return trouble_add(w, o, error) != 0;
    if (!trouble_keep(w, o, error))
        return false;
    p = core_arena_take(&w->arena, sizeof *p);
    p->world = w;
    p->order = *o;
    snprintf(p->words, sizeof p->words, "%s", o->words);
    p->order.words = p->words;
    p->timer = (struct core_timer){ .run = begins };
    core_timer_set(&w->queue, &p->timer, from_ns);
    return true;
}

/* " on port 25, the first 2 times" */
static void put_limits(char words[WORDS_MAX], uint16_t port, uint32_t first)
{
    size_t len = strlen(words);
    if (port)
        len += (size_t)snprintf(words + len, WORDS_MAX - len, " on port %u", port);
    if (first)
        snprintf(words + len, WORDS_MAX - len, first == 1 ? ", once" : ", %u times", first);
}

/* Commands go by their names; CONTENT is none. */
static const char *after_words(const char *command)
{
    return strcmp(command, "CONTENT") == 0 ? "the message" : command;
}

static bool plan_delay(struct world *w, const struct spec_host *h, const struct spec_delay *d,
                       const char **pointer, char *error)
{
    char words[WORDS_MAX], by[UNITS_TEXT_MAX];
    struct trouble_order o = { .kind = TROUBLE_DELAY,
                               .where = h->name,
                               .command = d->after,
                               .delay_ns = d->by_ns,
                               .port = d->port,
                               .first = d->first,
                               .words = words,
                               .pointer = d->pointer };
    snprintf(words, sizeof words, "answers %s late%s%s", units_duration_text(d->by_ns, by),
             d->after ? " after " : "", d->after ? after_words(d->after) : "");
    put_limits(words, d->port, d->first);
    return plan(w, &o, d->from_ns, d->until_ns, pointer, error);
}

static bool plan_drop(struct world *w, const struct spec_host *h, const struct spec_drop *d,
                      const char **pointer, char *error)
{
    char words[WORDS_MAX];
    struct trouble_order o = { .kind = TROUBLE_DROP,
                               .where = h->name,
                               .command = d->after,
                               .octets = d->octets,
                               .reset = d->reset,
                               .port = d->port,
                               .first = d->first,
                               .words = words,
                               .pointer = d->pointer };
    if (d->octets)
        snprintf(words, sizeof words, "%s after %llu octets of the message",
                 d->reset ? "resets the connection" : "hangs up", (unsigned long long)d->octets);
    else
        snprintf(words, sizeof words, "%s after %s", d->reset ? "resets the connection" : "hangs up",
                 after_words(d->after));
    put_limits(words, d->port, d->first);
    return plan(w, &o, d->from_ns, d->until_ns, pointer, error);
}

static const char *full_pointer(struct world *w, const struct spec_user *u)
{
    static const char key[] = "/full";
    size_t len = u->pointer ? strlen(u->pointer) : 0;
    char *at = core_arena_take(&w->arena, len + sizeof key);
    if (len > 0)
        memcpy(at, u->pointer, len);
    memcpy(at + len, key, sizeof key);
    return at;
}

static bool plan_full(struct world *w, struct user *u, const char **pointer, char *error)
{
    char words[WORDS_MAX];
    struct trouble_order o = { .kind = TROUBLE_FILL, .where = u->spec->name, .user = u, .words = words };
    if (u->spec->full_until_ns <= u->spec->full_from_ns)
        return true;
    snprintf(words, sizeof words, "no room for %.60s", u->spec->name);
    o.pointer = full_pointer(w, u->spec);
    return plan(w, &o, u->spec->full_from_ns, u->spec->full_until_ns, pointer, error);
}

bool troubles_plan(struct world *w, const char **pointer, char error[TROUBLE_ERROR_MAX])
{
    for (size_t i = 0; i < w->nhosts; i++) {
        const struct spec_host *h = w->hosts[i].spec;
        struct store *s = w->hosts[i].store;
        for (size_t k = 0; k < h->ndelays; k++)
            if (!plan_delay(w, h, &h->delays[k], pointer, error))
                return false;
        for (size_t k = 0; k < h->ndrops; k++)
            if (!plan_drop(w, h, &h->drops[k], pointer, error))
                return false;
        for (size_t k = 0; s && k < s->nusers; k++)
            if (!plan_full(w, &s->users[k], pointer, error))
                return false;
    }
    return true;
}
