/* Settings that change while the world runs: whether they can, and the moment at which they do. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "sim/hosts/change_inside.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/units.h"
#include "sim/hosts/world.h"
#include "sim/net/fault.h"

#define SHOWN_MAX 160 /* octets of a value in a sentence */
#define VALUE_MAX 400 /* octets of a value in a record */
#define DOTS      4   /* "...", and a NUL */

bool change_allowed(const char *pointer, char why[CHANGE_WHY_MAX])
{
    if (change_rule_for(pointer))
        return true;
    snprintf(
        why, CHANGE_WHY_MAX,
        "%.120s holds for the whole run: change it from the start, with --set. During a run can change: "
        "single keys of a host's mta; store/users, with password and quota, and store/services; "
        "client/accounts; firewall, rewrites, resolvers, down, certificate, dns/zones, dns/fault; a zone, "
        "its ttl, negative_ttl, records; a link's rate, delay, jitter, queue, faults; how and "
        "when an action is done that has not begun",
        pointer);
    return false;
}

/* ---- what the table cannot say --------------------------------------------------------------------------
 */

__attribute__((format(printf, 2, 3))) static bool wrong(char *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, CHANGE_WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

static bool list_same(const char *const *a, size_t na, const char *const *b, size_t nb)
{
    for (size_t i = 0; na == nb && i < na; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return na == nb;
}

/* The search begins at *from, where the last one ended: both lists have nearly the same order, and are long.
 */
static const struct spec_user *user_named(const struct spec_store *s, const char *name, size_t *from)
{
    for (size_t n = 0; n < s->nusers; n++) {
        const struct spec_user *u = &s->users[(*from + n) % s->nusers];
        if (wire_equal_nocase(u->name, strlen(u->name), name, strlen(name))) {
            *from += n + 1;
            return u;
        }
    }
    return NULL;
}

/* A mailbox's mail is no setting once the run has begun. */
static bool users_fit(const struct spec_store *before, const struct spec_store *after, char *why)
{
    size_t from = 0;
    for (size_t i = 0; i < after->nusers; i++) {
        const struct spec_user *now = &after->users[i], *was = user_named(before, now->name, &from);
        if (!was && now->nmessages > 0)
            return wrong(why, "user \"%.80s\" is new: the INBOX begins without \"messages\"", now->name);
        if (now->full_from_ns != (was ? was->full_from_ns : 0) ||
            now->full_until_ns != (was ? was->full_until_ns : 0))
            return wrong(why,
                         "user \"%.80s\": \"full\" is said for the whole run, with a \"from\" and an "
                         "\"until\" of its own",
                         now->name);
        if (was && !(list_same(was->messages, was->nmessages, now->messages, now->nmessages) &&
                     list_same(was->mailboxes, was->nmailboxes, now->mailboxes, now->nmailboxes)))
            return wrong(why,
                         "user \"%.80s\" exists: \"messages\" and \"mailboxes\" are what there is at the "
                         "start of the run, and stay as they are there",
                         now->name);
    }
    return true;
}

/* A mail server stays one, however it is set. */
static bool roles_fit(const struct spec_host *was, const struct spec_host *now, char *why)
{
    if (!was->mta == !now->mta && !was->store == !now->store && !was->dns == !now->dns &&
        !was->client == !now->client && !was->resolver == !now->resolver)
        return true;
    return wrong(why, "what a host is can neither come nor go during a run");
}

static bool faults_fit(const struct spec_link *l, char *why)
{
    for (size_t i = 0; i < l->nfaults; i++)
        if (l->faults[i].nnth > NET_FAULT_NTH_MAX || l->faults[i].nframes > NET_FAULT_NTH_MAX)
            return wrong(why, "%.200s: at most %d frames can be named in one fault", l->faults[i].pointer,
                         NET_FAULT_NTH_MAX);
    return true;
}

/* Is it still to begin, and not in the past? What waits for another action is found out during the run. */
static bool action_fits(const struct spec_action *was, const struct spec_action *now, uint64_t at_ns,
                        char *why)
{
    char moment[UNITS_TEXT_MAX], change[UNITS_TEXT_MAX];
    units_duration_text(at_ns, change);
    if (was->after)
        return true;
    if (was->at_ns < at_ns && (was->every_ns == 0 || was->at_ns != now->at_ns))
        return wrong(why, "the action begins at %s, before this change at %s",
                     units_duration_text(was->at_ns, moment), change);
    if (now->at_ns < at_ns && now->at_ns != was->at_ns)
        return wrong(why, "the action cannot begin at %s, which is before this change at %s",
                     units_duration_text(now->at_ns, moment), change);
    return true;
}

bool change_fits(const struct spec_world *before, const struct spec_change *c, char why[CHANGE_WHY_MAX])
{
    const struct change_rule *rule = change_rule_for(c->what);
    if (before->nhosts != c->after->nhosts || before->nlinks != c->after->nlinks ||
        before->nzones != c->after->nzones)
        return wrong(why, "hosts, links and zones can neither come nor go during a run");
    if (rule->editor == CHANGE_ADMINISTRATOR) {
        const struct spec_host *a = change_host(before, c), *b = change_host(c->after, c);
        return roles_fit(a, b, why) && (!a->store || users_fit(a->store, b->store, why));
    }
    if (rule->editor == CHANGE_OPERATOR)
        return faults_fit(change_link(c->after, c), why);
    if (rule->editor == CHANGE_PLAN)
        return action_fits(change_action(before, c), change_action(c->after, c), c->at_ns, why);
    return true;
}

/* ---- telling --------------------------------------------------------------------------------------------
 */

/* "mta/refusals/0" of "/hosts/mx/mta/refusals/0". */
static const char *inside(const char *pointer)
{
    const char *at = strchr(pointer + 1, '/');
    at = at ? strchr(at + 1, '/') : NULL;
    return at ? at + 1 : "all of it";
}

/* A value, or as much of it as fits into `most` octets and three dots. */
static const char *shown(const char *value, size_t most, char *out)
{
    size_t n = strlen(value);
    if (n <= most)
        return value;
    for (n = most; n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80;) /* no half of a character */
        n--;
    memcpy(out, value, n);
    memcpy(out + n, "...", DOTS);
    return out;
}

static void sentence(const struct change_run *c, const char *value, char *out, size_t cap)
{
    static const char *const who[] = { [CHANGE_ADMINISTRATOR] = "The administrator of",
                                       [CHANGE_USER] = "The user of",
                                       [CHANGE_OPERATOR] = "The operator of the link",
                                       [CHANGE_ZONE] = "The administrator of the zone" };
    char name[CHANGE_NAME_MAX], some[SHOWN_MAX + DOTS];
    bool gone = strcmp(value, "null") == 0;
    const char *now = gone ? "" : shown(value, SHOWN_MAX, some);
    if (c->rule->editor == CHANGE_PLAN) {
        snprintf(out, cap, "What %s is going to do is changed: %s is %s%s%s", c->host->spec->name,
                 c->spec->what, gone ? "taken away" : "now ", now,
                 action_over(change_action_run(c)) ? ": too late, it has begun" : "");
        return;
    }
    change_name(c->spec->what, name);
    snprintf(out, cap, "%s %s %s %s%s%s%s", who[c->rule->editor], name, gone ? "takes away" : "sets",
             inside(c->spec->what), gone ? "" : " to ", now,
             c->rule->editor == CHANGE_OPERATOR || c->rule->editor == CHANGE_USER ? "" : " and reloads");
}

static void tell(struct change_run *c)
{
    const struct spec_change *s = c->spec;
    struct trace *t = &c->world->trace;
    bool hidden = c->rule->secret && c->world->spec->mask_passwords;
    const char *value = hidden && strcmp(s->value, "null") != 0 ? "\"***\"" : s->value;
    struct trace_record r;
    char text[1200], some[VALUE_MAX + DOTS], before[VALUE_MAX + DOTS];
    if (!t->levels)
        return;
    sentence(c, value, text, sizeof text);
    if (s->title)
        tell_words(c->host, s->title, s->lesson);
    else if (c->rule->editor != CHANGE_PLAN)
        tell_phase(c->host, c->rule->editor == CHANGE_ZONE ? PHASE_ZONE_EDITED : PHASE_RELOAD, 0, 0, "%s",
                   text);
    if (!tell_state(&r, c->host, TRACE_KIND_CONFIG, "changed"))
        return;
    r.text = text;
    r.text_len = strlen(text);
    trace_attr_str(&r, "pointer", s->pointer);
    trace_attr_str(&r, "set", s->what);
    trace_attr_str(&r, "value", shown(value, VALUE_MAX, some));
    if (c->rule->editor == CHANGE_PLAN && action_over(change_action_run(c)))
        trace_attr_str(&r, "late", "yes");
    trace_attr_str(&r, "was", !s->was ? "" : hidden ? "\"***\"" : shown(s->was, VALUE_MAX, before));
    tell_send(&r, c->host, true);
}

/* ---- the moment -----------------------------------------------------------------------------------------
 */

static void due(struct core_queue *q, struct core_timer *timer)
{
    struct change_run *c = CORE_OWNER(timer, struct change_run, timer);
    (void)q;
    c->world->trace.cause = 0;
    tell(c);
    c->rule->reload(c);
}

void changes_start(struct world *w)
{
    const struct spec_world *spec = w->spec;
    if (spec->nchanges == 0)
        return;
    w->changes = core_arena_take(&w->arena, spec->nchanges * sizeof *w->changes);
    for (size_t i = 0; i < spec->nchanges; i++) {
        struct change_run *c = &w->changes[i];
        c->world = w;
        c->spec = &spec->changes[i];
        c->rule = change_rule_for(c->spec->what);
        c->timer.run = due;
        assert(c->rule); /* the loader refuses it otherwise */
        if (c->rule->editor == CHANGE_PLAN && !change_action(spec, c->spec))
            continue; /* a world that is served without its people: nobody is going to do it */
        core_timer_set(&w->queue, &c->timer, c->spec->at_ns);
    }
}

static bool serves(const struct host *h, const char *zone)
{
    for (size_t i = 0; h->spec->dns && i < h->spec->dns->nzones; i++)
        if (strcmp(h->spec->dns->zones[i], zone) == 0)
            return true;
    return false;
}

static bool is_on(const struct host *h, const char *link)
{
    for (size_t i = 0; i < h->spec->nifaces; i++)
        if (strcmp(h->spec->ifaces[i].link, link) == 0)
            return true;
    return false;
}

/* Who tells of it: the host itself, the first that serves the zone, a router on the link, or whoever is. */
static struct host *teller(struct change_run *c)
{
    struct world *w = c->world;
    struct host *found = NULL;
    char name[CHANGE_NAME_MAX];
    if (c->rule->editor == CHANGE_PLAN)
        return world_host_named(w, change_action(c->spec->after, c->spec)->host);
    change_name(c->spec->what, name);
    if (c->rule->editor == CHANGE_ADMINISTRATOR || c->rule->editor == CHANGE_USER)
        return world_host_named(w, name);
    for (size_t i = 0; i < w->nhosts; i++) {
        struct host *h = &w->hosts[i];
        if (c->rule->editor == CHANGE_ZONE && serves(h, name))
            return h;
        if (c->rule->editor == CHANGE_OPERATOR && is_on(h, name) &&
            (!found || (!found->spec->forwards && h->spec->forwards)))
            found = h;
    }
    return found ? found : &w->hosts[0];
}

bool changes_prepare(struct world *w, struct zone_error *error)
{
    for (size_t i = 0; i < w->spec->nchanges; i++) {
        struct change_run *c = &w->changes[i];
        const struct spec_world *after = c->spec->after;
        c->host = teller(c);
        if (c->rule->editor == CHANGE_ZONE &&
            !dns_zone_build(w, &after->zones[change_zone(after, c->spec)], &c->zone, error)) {
            error->pointer = c->spec->pointer;
            return false;
        }
    }
    return true;
}
