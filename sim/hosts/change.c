/* Settings that change while the world runs. */
#include "sim/hosts/change.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_zone.h"
#include "protocols/wire/ascii.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/services.h"
#include "sim/hosts/store.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/units.h"
#include "sim/hosts/world_net.h"
#include "sim/net/fault.h"

#define NAME_MAX_OCTETS 300 /* of a host, link or zone in a pointer, with NUL */
#define SHOWN_MAX       160 /* octets of a value in a sentence */
#define VALUE_MAX       400 /* octets of a value in a record */
#define DOTS            4   /* "...", and a NUL */

struct change_run {
    struct core_timer timer;
    struct world *world;
    const struct spec_change *spec;
    const struct rule *rule;
    struct host *host;    /* whose setting it is; of a link or a zone: one who has to do with it */
    struct dns_zone zone; /* of a zone: compiled */
};

/* Who edits it, in a sentence. */
enum editor { ADMINISTRATOR, USER, OPERATOR, ZONE, PLAN };

struct rule {
    const char *pattern; /* "*" is any one step of the pointer; a final "**" any further ones, or none */
    void (*reload)(struct change_run *c);
    enum editor editor;
    bool secret; /* the value is, or holds, a password */
};

/* ---- finding things by pointer --------------------------------------------------------------------------
 */

/* The second step of "/hosts/mx/mta": "mx". */
static const char *name_in(const char *pointer, char name[NAME_MAX_OCTETS])
{
    const char *at = strchr(pointer + 1, '/');
    size_t n = at ? strcspn(at + 1, "/") : 0;
    snprintf(name, NAME_MAX_OCTETS, "%.*s", (int)(n < NAME_MAX_OCTETS ? n : NAME_MAX_OCTETS - 1),
             at ? at + 1 : "");
    return name;
}

static const struct spec_host *spec_host_of(const struct spec_world *w, const struct spec_change *c)
{
    char name[NAME_MAX_OCTETS];
    name_in(c->what, name);
    for (size_t i = 0; i < w->nhosts; i++)
        if (strcmp(w->hosts[i].name, name) == 0)
            return &w->hosts[i];
    return NULL;
}

static const struct spec_link *spec_link_of(const struct spec_world *w, const struct spec_change *c)
{
    char name[NAME_MAX_OCTETS];
    name_in(c->what, name);
    for (size_t i = 0; i < w->nlinks; i++)
        if (strcmp(w->links[i].name, name) == 0)
            return &w->links[i];
    return NULL;
}

/* The place of the zone; nzones: there is none. */
static size_t spec_zone_of(const struct spec_world *w, const struct spec_change *c)
{
    char name[NAME_MAX_OCTETS];
    size_t i = 0;
    name_in(c->what, name);
    while (i < w->nzones && strcmp(w->zones[i].name, name) != 0)
        i++;
    return i;
}

/* "/actions/3" of "/actions/3/message". */
static const char *action_pointer(const struct spec_change *c, char pointer[NAME_MAX_OCTETS])
{
    char name[NAME_MAX_OCTETS];
    snprintf(pointer, NAME_MAX_OCTETS, "/actions/%.100s", name_in(c->what, name));
    return pointer;
}

static const struct spec_action *spec_action_of(const struct spec_world *w, const struct spec_change *c)
{
    char pointer[NAME_MAX_OCTETS];
    action_pointer(c, pointer);
    for (size_t i = 0; i < w->nactions; i++)
        if (strcmp(w->actions[i].pointer, pointer) == 0)
            return &w->actions[i];
    return NULL;
}

static struct action_run *run_of(const struct change_run *c)
{
    char pointer[NAME_MAX_OCTETS];
    return action_at(c->world, action_pointer(c->spec, pointer));
}

/* The settings before this change: those after the one before it. */
static const struct spec_world *before_of(const struct change_run *c)
{
    const struct spec_world *base = c->world->spec;
    return c->spec == base->changes ? base : c->spec[-1].after;
}

/* ---- reloads --------------------------------------------------------------------------------------------
 */

/* The host's own copy of its settings, for one part of it to be exchanged: a gateway may have added to it. */
static struct spec_host *edit(struct host *h)
{
    struct spec_host *copy = core_arena_take(&h->world->arena, sizeof *copy);
    *copy = *h->spec;
    h->spec = copy;
    return copy;
}

static const struct spec_host *after_of(const struct change_run *c)
{
    return spec_host_of(c->spec->after, c->spec);
}

static void reload_mta(struct change_run *c)
{
    const struct spec_mta *before = c->host->spec->mta, *after = after_of(c)->mta;
    edit(c->host)->mta = after;
    mta_reload(c->host->mta, after);
    if (before->hostname != after->hostname &&
        (!before->hostname || !after->hostname || strcmp(before->hostname, after->hostname) != 0))
        secure_forget(c->host); /* it may be one of the certificate's names */
}

static void reload_store(struct change_run *c)
{
    const struct spec_store *before = c->host->spec->store, *after = after_of(c)->store;
    edit(c->host)->store = after;
    store_reload(c->host->store, after);
    services_reload(c->host->store, before, after);
}

static void reload_client(struct change_run *c)
{
    edit(c->host)->client = after_of(c)->client;
    mua_reload(c->host->mua, c->host->spec->client);
}

static void reload_firewall(struct change_run *c)
{
    struct spec_host *h = edit(c->host);
    h->firewall = after_of(c)->firewall;
    h->nfirewall = after_of(c)->nfirewall;
    firewall_build(c->host);
}

static void reload_rewrites(struct change_run *c)
{
    struct spec_host *h = edit(c->host);
    h->rewrites = after_of(c)->rewrites;
    h->nrewrites = after_of(c)->nrewrites;
    rewrites_build(c->host);
}

static void reload_resolvers(struct change_run *c)
{
    struct spec_host *h = edit(c->host);
    h->resolvers = after_of(c)->resolvers;
    h->nresolvers = after_of(c)->nresolvers;
    stub_build(c->host);
}

static void reload_power(struct change_run *c)
{
    struct spec_host *h = edit(c->host);
    h->down_from_ns = after_of(c)->down_from_ns;
    h->down_until_ns = after_of(c)->down_until_ns;
    power_reload(c->host);
}

static void reload_certificate(struct change_run *c)
{
    struct spec_host *h = edit(c->host);
    h->certificate_fault = after_of(c)->certificate_fault;
    h->certificate_names = after_of(c)->certificate_names;
    h->ncertificate_names = after_of(c)->ncertificate_names;
    secure_forget(c->host);
}

static void reload_dns(struct change_run *c)
{
    edit(c->host)->dns = after_of(c)->dns;
    dns_host_reload(c->host);
}

static void reload_zone(struct change_run *c)
{
    struct world *w = c->world;
    w->zones[spec_zone_of(w->spec, c->spec)] = c->zone;
    for (size_t i = 0; i < w->nhosts; i++)
        if (w->hosts[i].dns)
            dns_host_reload(&w->hosts[i]);
}

static void reload_link(struct change_run *c)
{
    struct net_link_params p;
    const struct spec_link *after = spec_link_of(c->spec->after, c->spec);
    link_params(after, &p);
    net_link_change(net_link_find(&c->world->net, after->name), &p);
}

static void reload_faults(struct change_run *c)
{
    faults_reload(c->world, spec_link_of(before_of(c), c->spec), spec_link_of(c->spec->after, c->spec));
}

static void reload_action(struct change_run *c)
{
    action_reload(run_of(c), spec_action_of(c->spec->after, c->spec));
}

/* ---- the table ------------------------------------------------------------------------------------------
 */

#define MTA(key)                                                                                             \
    {                                                                                                        \
        "/hosts/*/mta/" key, reload_mta, ADMINISTRATOR, false                                                \
    }

#define ACTION(key)                                                                                          \
    {                                                                                                        \
        "/actions/*/" key, reload_action, PLAN, false                                                        \
    }

static const struct rule rules[] = {
    MTA("hostname"),
    MTA("domains/**"),
    MTA("relay_domains/**"),
    MTA("relay_networks/**"),
    MTA("open_relay"),
    MTA("services/**"),
    MTA("aliases/**"),
    MTA("refusals/**"),
    MTA("size_max"),
    MTA("recipients_max"),
    MTA("hops_max"),
    MTA("retry_first"),
    MTA("retry_max"),
    MTA("delay_notice"),
    MTA("expire"),
    MTA("relayhost"),
    MTA("relay_port"),
    MTA("sender_must_match"),
    MTA("accepts_unknown_users"),
    MTA("helo_only"),
    MTA("no_pipelining"),
    MTA("no_8bitmime"),
    MTA("no_chunking"),
    MTA("no_smtputf8"),
    MTA("no_dsn"),
    MTA("no_enhanced"),
    { "/hosts/*/store/users", reload_store, ADMINISTRATOR, true },
    { "/hosts/*/store/users/*", reload_store, ADMINISTRATOR, true },
    { "/hosts/*/store/users/*/password", reload_store, ADMINISTRATOR, true },
    { "/hosts/*/store/users/*/quota", reload_store, ADMINISTRATOR, false },
    { "/hosts/*/store/services/**", reload_store, ADMINISTRATOR, false },
    { "/hosts/*/client/accounts", reload_client, USER, true },
    { "/hosts/*/client/accounts/*", reload_client, USER, true },
    { "/hosts/*/client/accounts/*/password", reload_client, USER, true },
    { "/hosts/*/client/accounts/*/submit", reload_client, USER, true },
    { "/hosts/*/client/accounts/*/submit/password", reload_client, USER, true },
    { "/hosts/*/client/accounts/*/**", reload_client, USER, false },
    { "/hosts/*/firewall/**", reload_firewall, ADMINISTRATOR, false },
    { "/hosts/*/rewrites/**", reload_rewrites, ADMINISTRATOR, false },
    { "/hosts/*/resolvers/**", reload_resolvers, ADMINISTRATOR, false },
    { "/hosts/*/down/**", reload_power, ADMINISTRATOR, false },
    { "/hosts/*/certificate/**", reload_certificate, ADMINISTRATOR, false },
    { "/hosts/*/dns/zones/**", reload_dns, ADMINISTRATOR, false },
    { "/hosts/*/dns/fault/**", reload_dns, ADMINISTRATOR, false },
    { "/zones/*", reload_zone, ZONE, false },
    { "/zones/*/ttl", reload_zone, ZONE, false },
    { "/zones/*/negative_ttl", reload_zone, ZONE, false },
    { "/zones/*/records/**", reload_zone, ZONE, false },
    { "/links/*/rate", reload_link, OPERATOR, false },
    { "/links/*/delay", reload_link, OPERATOR, false },
    { "/links/*/jitter", reload_link, OPERATOR, false },
    { "/links/*/queue", reload_link, OPERATOR, false },
    { "/links/*/faults/**", reload_faults, OPERATOR, false },
    ACTION("at"),
    ACTION("every"),
    ACTION("times"),
    ACTION("account"),
    ACTION("message"),
    ACTION("flag"),
    ACTION("mailbox"),
    ACTION("server"),
    ACTION("port"),
    ACTION("lines/**"),
    ACTION("stay"),
    ACTION("security"),
    ACTION("query"),
    ACTION("type"),
};

static bool matches(const char *pattern, const char *pointer)
{
    while (*pattern == '/') {
        size_t n, m;
        if (strcmp(pattern, "/**") == 0)
            return *pointer == '\0' || *pointer == '/';
        if (*pointer != '/')
            return false;
        n = strcspn(++pattern, "/");
        m = strcspn(++pointer, "/");
        if (!(n == 1 && *pattern == '*' && m > 0) && !wire_equal(pattern, n, pointer, m))
            return false;
        pattern += n;
        pointer += m;
    }
    return *pointer == '\0';
}

static const struct rule *rule_for(const char *pointer)
{
    const char *last = strrchr(pointer, '/');
    if (last && strcmp(last, "/note") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (matches(rules[i].pattern, pointer))
            return &rules[i];
    return NULL;
}

bool change_allowed(const char *pointer, char why[CHANGE_WHY_MAX])
{
    if (rule_for(pointer))
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

static const struct spec_user *user_named(const struct spec_store *s, const char *name)
{
    for (size_t i = 0; i < s->nusers; i++)
        if (wire_equal_nocase(s->users[i].name, strlen(s->users[i].name), name, strlen(name)))
            return &s->users[i];
    return NULL;
}

/* A mailbox's mail is no setting once the run has begun. */
static bool users_fit(const struct spec_store *before, const struct spec_store *after, char *why)
{
    for (size_t i = 0; i < after->nusers; i++) {
        const struct spec_user *now = &after->users[i], *was = user_named(before, now->name);
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
    const struct rule *rule = rule_for(c->what);
    if (before->nhosts != c->after->nhosts || before->nlinks != c->after->nlinks ||
        before->nzones != c->after->nzones)
        return wrong(why, "hosts, links and zones can neither come nor go during a run");
    if (rule->reload == reload_store) {
        const struct spec_host *a = spec_host_of(before, c), *b = spec_host_of(c->after, c);
        return (a->store && b->store) ? users_fit(a->store, b->store, why)
                                      : wrong(why, "\"store\" can neither come nor go during a run");
    }
    if (rule->reload == reload_faults)
        return faults_fit(spec_link_of(c->after, c), why);
    if (rule->reload == reload_action)
        return action_fits(spec_action_of(before, c), spec_action_of(c->after, c), c->at_ns, why);
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
    static const char *const who[] = { [ADMINISTRATOR] = "The administrator of",
                                       [USER] = "The user of",
                                       [OPERATOR] = "The operator of the link",
                                       [ZONE] = "The administrator of the zone" };
    char name[NAME_MAX_OCTETS], some[SHOWN_MAX + DOTS];
    bool gone = strcmp(value, "null") == 0;
    const char *now = gone ? "" : shown(value, SHOWN_MAX, some);
    if (c->rule->editor == PLAN) {
        snprintf(out, cap, "What %s is going to do is changed: %s is %s%s%s", c->host->spec->name,
                 c->spec->what, gone ? "taken away" : "now ", now,
                 action_over(run_of(c)) ? ": too late, it has begun" : "");
        return;
    }
    name_in(c->spec->what, name);
    snprintf(out, cap, "%s %s %s %s%s%s%s", who[c->rule->editor], name, gone ? "takes away" : "sets",
             inside(c->spec->what), gone ? "" : " to ", now,
             c->rule->editor == OPERATOR || c->rule->editor == USER ? "" : " and reloads");
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
    else if (c->rule->editor != PLAN)
        tell_phase(c->host, c->rule->editor == ZONE ? PHASE_ZONE_EDITED : PHASE_RELOAD, 0, 0, "%s", text);
    if (!tell_state(&r, c->host, TRACE_KIND_CONFIG, "changed"))
        return;
    r.text = text;
    r.text_len = strlen(text);
    trace_attr_str(&r, "pointer", s->pointer);
    trace_attr_str(&r, "set", s->what);
    trace_attr_str(&r, "value", shown(value, VALUE_MAX, some));
    if (c->rule->editor == PLAN && action_over(run_of(c)))
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
        c->rule = rule_for(c->spec->what);
        c->timer.run = due;
        assert(c->rule); /* the loader refuses it otherwise */
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
    char name[NAME_MAX_OCTETS];
    if (c->rule->editor == PLAN)
        return world_host_named(w, spec_action_of(c->spec->after, c->spec)->host);
    name_in(c->spec->what, name);
    if (c->rule->editor == ADMINISTRATOR || c->rule->editor == USER)
        return world_host_named(w, name);
    for (size_t i = 0; i < w->nhosts; i++) {
        struct host *h = &w->hosts[i];
        if (c->rule->editor == ZONE && serves(h, name))
            return h;
        if (c->rule->editor == OPERATOR && is_on(h, name) &&
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
        if (c->rule->reload == reload_zone &&
            !dns_zone_build(w, &after->zones[spec_zone_of(after, c->spec)], &c->zone, error)) {
            error->pointer = c->spec->pointer;
            return false;
        }
    }
    return true;
}
