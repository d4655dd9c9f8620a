/* Who reloads what. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "sim/hosts/change_inside.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/services.h"
#include "sim/hosts/store.h"
#include "sim/hosts/world_net.h"

/* ---- finding things by pointer --------------------------------------------------------------------------
 */

/* The second step of "/hosts/mx/mta": "mx". */
const char *change_name(const char *pointer, char name[CHANGE_NAME_MAX])
{
    const char *at = strchr(pointer + 1, '/');
    size_t n = at ? strcspn(at + 1, "/") : 0;
    snprintf(name, CHANGE_NAME_MAX, "%.*s", (int)(n < CHANGE_NAME_MAX ? n : CHANGE_NAME_MAX - 1),
             at ? at + 1 : "");
    return name;
}

const struct spec_host *change_host(const struct spec_world *w, const struct spec_change *c)
{
    char name[CHANGE_NAME_MAX];
    change_name(c->what, name);
    for (size_t i = 0; i < w->nhosts; i++)
        if (strcmp(w->hosts[i].name, name) == 0)
            return &w->hosts[i];
    return NULL;
}

const struct spec_link *change_link(const struct spec_world *w, const struct spec_change *c)
{
    char name[CHANGE_NAME_MAX];
    change_name(c->what, name);
    for (size_t i = 0; i < w->nlinks; i++)
        if (strcmp(w->links[i].name, name) == 0)
            return &w->links[i];
    return NULL;
}

/* The place of the zone; nzones: there is none. */
size_t change_zone(const struct spec_world *w, const struct spec_change *c)
{
    char name[CHANGE_NAME_MAX];
    size_t i = 0;
    change_name(c->what, name);
    while (i < w->nzones && strcmp(w->zones[i].name, name) != 0)
        i++;
    return i;
}

/* "/actions/3" of "/actions/3/message". */
static const char *action_pointer(const struct spec_change *c, char pointer[CHANGE_NAME_MAX])
{
    char name[CHANGE_NAME_MAX];
    snprintf(pointer, CHANGE_NAME_MAX, "/actions/%.100s", change_name(c->what, name));
    return pointer;
}

const struct spec_action *change_action(const struct spec_world *w, const struct spec_change *c)
{
    char pointer[CHANGE_NAME_MAX];
    action_pointer(c, pointer);
    for (size_t i = 0; i < w->nactions; i++)
        if (strcmp(w->actions[i].pointer, pointer) == 0)
            return &w->actions[i];
    return NULL;
}

struct action_run *change_action_run(const struct change_run *c)
{
    char pointer[CHANGE_NAME_MAX];
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
    return change_host(c->spec->after, c->spec);
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
    w->zones[change_zone(w->spec, c->spec)] = c->zone;
    for (size_t i = 0; i < w->nhosts; i++)
        if (w->hosts[i].dns)
            dns_host_reload(&w->hosts[i]);
}

static void reload_link(struct change_run *c)
{
    struct net_link_params p;
    const struct spec_link *after = change_link(c->spec->after, c->spec);
    link_params(after, &p);
    net_link_change(net_link_find(&c->world->net, after->name), &p);
}

static void reload_faults(struct change_run *c)
{
    faults_reload(c->world, change_link(before_of(c), c->spec), change_link(c->spec->after, c->spec));
}

static void reload_action(struct change_run *c)
{
    action_reload(change_action_run(c), change_action(c->spec->after, c->spec));
}

/* ---- the table ------------------------------------------------------------------------------------------
 */

#define MTA(key)                                                                                             \
    {                                                                                                        \
        "/hosts/*/mta/" key, reload_mta, CHANGE_ADMINISTRATOR, false                                         \
    }

#define ACTION(key)                                                                                          \
    {                                                                                                        \
        "/actions/*/" key, reload_action, CHANGE_PLAN, false                                                 \
    }

static const struct change_rule rules[] = {
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
    { "/hosts/*/store/users", reload_store, CHANGE_ADMINISTRATOR, true },
    { "/hosts/*/store/users/*", reload_store, CHANGE_ADMINISTRATOR, true },
    { "/hosts/*/store/users/*/password", reload_store, CHANGE_ADMINISTRATOR, true },
    { "/hosts/*/store/users/*/quota", reload_store, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/store/services/**", reload_store, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/client/accounts", reload_client, CHANGE_USER, true },
    { "/hosts/*/client/accounts/*", reload_client, CHANGE_USER, true },
    { "/hosts/*/client/accounts/*/password", reload_client, CHANGE_USER, true },
    { "/hosts/*/client/accounts/*/submit", reload_client, CHANGE_USER, true },
    { "/hosts/*/client/accounts/*/submit/password", reload_client, CHANGE_USER, true },
    { "/hosts/*/client/accounts/*/**", reload_client, CHANGE_USER, false },
    { "/hosts/*/firewall/**", reload_firewall, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/rewrites/**", reload_rewrites, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/resolvers/**", reload_resolvers, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/down/**", reload_power, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/certificate/**", reload_certificate, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/dns/zones/**", reload_dns, CHANGE_ADMINISTRATOR, false },
    { "/hosts/*/dns/fault/**", reload_dns, CHANGE_ADMINISTRATOR, false },
    { "/zones/*", reload_zone, CHANGE_ZONE, false },
    { "/zones/*/ttl", reload_zone, CHANGE_ZONE, false },
    { "/zones/*/negative_ttl", reload_zone, CHANGE_ZONE, false },
    { "/zones/*/records/**", reload_zone, CHANGE_ZONE, false },
    { "/links/*/rate", reload_link, CHANGE_OPERATOR, false },
    { "/links/*/delay", reload_link, CHANGE_OPERATOR, false },
    { "/links/*/jitter", reload_link, CHANGE_OPERATOR, false },
    { "/links/*/queue", reload_link, CHANGE_OPERATOR, false },
    { "/links/*/faults/**", reload_faults, CHANGE_OPERATOR, false },
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

const struct change_rule *change_rule_for(const char *pointer)
{
    const char *last = strrchr(pointer, '/');
    if (last && strcmp(last, "/note") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (matches(rules[i].pattern, pointer))
            return &rules[i];
    return NULL;
}
