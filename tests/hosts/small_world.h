#ifndef TESTS_HOSTS_SMALL_WORLD_H
#define TESTS_HOSTS_SMALL_WORLD_H
/*
 * small_world - worlds for tests, written in C as the loader would write them from a file.
 *
 *     every host on a link of its own, named like it       name servers that are always there:
 *       alice ---alice--- core ---mx-b--- mx-b               resolver   asked by all; asks names
 *       (198.18.N.2)       |.1           (198.18.M.2)        names      the root and every zone
 *
 *   small_begin();  mail_server("mx-b", "mx.b.test", "b.test");  user_add(...);  send_at(...);
 *   run_until(time);  find(...) what the trace says;  small_end();
 *
 * What a function returns may be changed until the first run_until(). One world at a time.
 */
#include "sim/hosts/mta.h"
#include "sim/hosts/store.h"
#include "sim/hosts/world.h"
#include "sim/net/fault.h"
#include "tests/hosts/watch.h"

#define SMALL_HOSTS    48
#define SMALL_ZONES    32
#define SMALL_RECORDS  64 /* of a zone */
#define SMALL_MESSAGES 128
#define SMALL_ACTIONS  512
#define SMALL_PARTS    64         /* users, accounts, aliases, faults ... of one host */
#define SMALL_EPOCH    1740992400 /* 2025-03-03 09:00:00 UTC */

struct part { /* one host, and all that it may have */
    struct spec_host *host;
    struct spec_link *link;
    struct spec_fault faults[SMALL_PARTS];
    struct spec_mta mta;
    struct spec_store store;
    struct spec_client client;
    struct spec_dns dns;
    struct spec_service smtp[4], reading[4];
    struct spec_user users[SMALL_PARTS];
    struct spec_account accounts[SMALL_PARTS];
    struct spec_alias aliases[SMALL_PARTS];
    struct spec_refusal refusals[SMALL_PARTS];
    struct spec_prefix networks[8];
    const char *zones[SMALL_ZONES], *relay_domains[8], *local_domains[8];
    struct net_addr address;
    char address_text[NET_ADDR_TEXT];
};

static struct small {
    struct core_arena arena;
    struct spec_world spec;
    struct spec_link links[SMALL_HOSTS];
    struct spec_host hosts[SMALL_HOSTS];
    struct part *parts[SMALL_HOSTS];
    struct spec_iface core[SMALL_HOSTS];
    struct spec_zone zones[SMALL_ZONES];
    struct spec_message messages[SMALL_MESSAGES];
    struct spec_action actions[SMALL_ACTIONS];
    struct spec_resolver resolver;
    struct part *resolver_part, *names;
    unsigned levels;
    struct world world;
    struct trace_hash hash;
    bool built;
} sm;

__attribute__((format(printf, 1, 2))) static inline const char *text_of(const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    int n;
    va_start(ap, fmt);
    n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    ck_assert(n >= 0 && (size_t)n < sizeof buf);
    return core_arena_copy(&sm.arena, buf, (size_t)n);
}

/* A list in the arena, from arguments up to NULL. *n: how many. */
static inline const char **list_of(size_t *n, const char *first, ...)
{
    const char **list = core_arena_take(&sm.arena, SMALL_PARTS * sizeof *list);
    va_list ap;
    *n = 0;
    va_start(ap, first);
    for (const char *at = first; at; at = va_arg(ap, const char *)) {
        ck_assert_uint_lt(*n, SMALL_PARTS);
        list[(*n)++] = at;
    }
    va_end(ap);
    return list;
}

/* ---- the network ---------------------------------------------------------------------------------- */

static inline struct part *host_add(const char *name)
{
    size_t i = sm.spec.nhosts++;
    struct part *p = core_arena_take(&sm.arena, sizeof *p);
    struct spec_iface *f = core_arena_take(&sm.arena, sizeof *f);
    ck_assert_uint_lt(i, SMALL_HOSTS);
    sm.parts[i] = p;
    p->host = &sm.hosts[i];
    p->link = &sm.links[i];
    p->address = net_addr4(198, 18, (uint8_t)i, 2);
    net_addr_text(&p->address, p->address_text);
    *p->link = (struct spec_link){
        .name = name, .rate_bps = 100000000, .delay_ns = 5 * CORE_MS, .faults = p->faults
    };
    *f = (struct spec_iface){ .link = name, .ip4 = { p->address, 24 } };
    *p->host = (struct spec_host){ .name = name, .ifaces = f, .nifaces = 1 };
    if (i > 0) {
        sm.core[sm.spec.nlinks] =
            (struct spec_iface){ .link = name, .ip4 = { net_addr4(198, 18, (uint8_t)i, 1), 24 } };
        sm.hosts[0].nifaces = ++sm.spec.nlinks;
        if (sm.resolver_part) {
            p->host->resolvers = &sm.resolver_part->address;
            p->host->nresolvers = 1;
        }
    }
    return p;
}

/* The host and its router get IPv6 too: 2001:db8:N::2. Returns the address as text. */
static inline const char *with_ip6(struct part *p)
{
    size_t i = (size_t)(p->host - sm.hosts);
    struct spec_iface *f = (struct spec_iface *)p->host->ifaces;
    const char *text = text_of("2001:db8:%zu::2", i);
    ck_assert(net_addr_parse(&f->ip6.addr, text));
    f->ip6.bits = 64;
    ck_assert(net_addr_parse(&sm.core[i - 1].ip6.addr, text_of("2001:db8:%zu::1", i)));
    sm.core[i - 1].ip6.bits = 64;
    return text;
}

static inline struct spec_fault *fault_add(struct part *p, enum spec_fault_kind kind, uint64_t from_ns,
                                           uint64_t until_ns)
{
    struct spec_fault *f = &p->faults[p->link->nfaults++];
    ck_assert_uint_le(p->link->nfaults, SMALL_PARTS);
    *f = (struct spec_fault){
        .name = text_of("fault %zu", p->link->nfaults), .kind = kind, .from_ns = from_ns, .until_ns = until_ns
    };
    return f;
}

/* ---- names ---------------------------------------------------------------------------------------- */

/* A zone served by `by`. */
static inline struct spec_zone *zone_add(struct part *by, const char *name)
{
    struct spec_zone *z = &sm.zones[sm.spec.nzones++];
    ck_assert_uint_le(sm.spec.nzones, SMALL_ZONES);
    *z = (struct spec_zone){ .name = name,
                             .records =
                                 core_arena_take(&sm.arena, SMALL_RECORDS * sizeof(struct spec_record)) };
    by->zones[by->dns.nzones++] = name;
    by->dns.zones = by->zones;
    by->host->dns = &by->dns;
    return z;
}

static inline struct spec_record *record_add(struct spec_zone *z, const char *name, const char *type,
                                             const char *data)
{
    struct spec_record *r = (struct spec_record *)&z->records[z->nrecords++];
    ck_assert_uint_le(z->nrecords, SMALL_RECORDS);
    *r = (struct spec_record){ .name = name, .type = type, .data = data };
    return r;
}

static inline struct spec_zone *zone_named(const char *name)
{
    for (size_t i = 0; i < sm.spec.nzones; i++)
        if (strcmp(sm.zones[i].name, name) == 0)
            return &sm.zones[i];
    ck_abort_msg("no zone %s", name);
    return NULL;
}

/* ---- servers -------------------------------------------------------------------------------------- */

static inline struct spec_user *user_add(struct part *p, const char *name)
{
    struct spec_user *u = &p->users[p->store.nusers++];
    ck_assert_uint_le(p->store.nusers, SMALL_PARTS);
    *u = (struct spec_user){ .name = name, .password = "secret", .pointer = text_of("/users/%s", name) };
    return u;
}

/* An MTA with a store behind it: ports 25, 587, 110, 143. `domain` NULL: none is delivered here. */
static inline struct part *mail_server_bare(const char *name, const char *fqdn, const char *domain)
{
    struct part *p = host_add(name);
    p->host->fqdn = fqdn;
    p->host->role = "mta";
    p->host->mta = &p->mta;
    p->host->store = &p->store;
    p->smtp[0] = (struct spec_service){ .kind = SPEC_SMTP_RELAY, .port = 25 };
    p->smtp[1] =
        (struct spec_service){ .kind = SPEC_SMTP_SUBMISSION, .port = 587, .auth = SPEC_AUTH_OFFERED };
    p->reading[0] = (struct spec_service){ .kind = SPEC_POP3, .port = 110 };
    p->reading[1] = (struct spec_service){ .kind = SPEC_IMAP, .port = 143 };
    p->local_domains[0] = domain;
    p->mta = (struct spec_mta){ .pointer = text_of("/hosts/%s/mta", name),
                                .local_domains = p->local_domains,
                                .nlocal_domains = domain ? 1 : 0,
                                .relay_domains = p->relay_domains,
                                .relay_networks = p->networks,
                                .services = p->smtp,
                                .nservices = 2,
                                .aliases = p->aliases,
                                .refusals = p->refusals };
    p->store = (struct spec_store){ .users = p->users, .services = p->reading, .nservices = 2 };
    return p;
}

/* The same, and a zone for the domain: MX 10 mx, and mx its address. */
static inline struct part *mail_server(const char *name, const char *fqdn, const char *domain)
{
    struct part *p = mail_server_bare(name, fqdn, domain);
    struct spec_zone *z = zone_add(sm.names, domain);
    record_add(z, "@", "MX", text_of("10 %s.", fqdn));
    record_add(z, text_of("%s.", fqdn), "A", p->address_text);
    return p;
}

static inline struct spec_alias *alias_add(struct part *p, const char *name, const char **targets, size_t n)
{
    struct spec_alias *a = &p->aliases[p->mta.naliases++];
    *a = (struct spec_alias){ .name = name, .targets = targets, .ntargets = n };
    return a;
}

static inline struct spec_refusal *refusal_add(struct part *p, const char *command, uint16_t code,
                                               const char *status)
{
    struct spec_refusal *r = &p->refusals[p->mta.nrefusals++];
    *r = (struct spec_refusal){ .command = command,
                                .code = code,
                                .status = status,
                                .until_ns = CORE_NEVER,
                                .pointer = text_of("/refusals/%zu", p->mta.nrefusals - 1) };
    return r;
}

/* Hosts of `who` may relay through `p`. */
static inline void relay_for(struct part *p, const struct part *who)
{
    p->networks[p->mta.nrelay_networks++] = (struct spec_prefix){ who->address, 32 };
}

/* ---- people --------------------------------------------------------------------------------------- */

static inline struct spec_account *account_add(struct part *p, const char *address, const struct part *server,
                                               enum spec_service_kind fetch)
{
    struct spec_account *a = &p->accounts[p->client.naccounts++];
    const char *at = strchr(address, '@');
    *a = (struct spec_account){ .address = address,
                                .user = text_of("%.*s", (int)(at - address), address),
                                .password = "secret",
                                .mechanisms = "PLAIN",
                                .submit_server = server->address_text,
                                .submit_port = 25,
                                .fetch_kind = fetch,
                                .fetch_server = server->address_text,
                                .fetch_port = fetch == SPEC_POP3 ? 110 : 143 };
    p->client.accounts = p->accounts;
    p->host->client = &p->client;
    return a;
}

/* The account submits on port 587, with its password. */
static inline void submits(struct part *p)
{
    p->accounts[0].submit_port = 587;
    p->accounts[0].submit_auth = SPEC_AUTH_OFFERED;
}

/* A client host whose account may send through its server without a password. */
static inline struct part *person(const char *name, const char *address, struct part *server,
                                  enum spec_service_kind fetch)
{
    struct part *p = host_add(name);
    account_add(p, address, server, fetch);
    relay_for(server, p);
    return p;
}

static inline struct spec_message *message_add(const char *name, const char *to)
{
    struct spec_message *m = &sm.messages[sm.spec.nmessages++];
    ck_assert_uint_le(sm.spec.nmessages, SMALL_MESSAGES);
    *m = (struct spec_message){ .name = name, .subject = name, .text = "Hello.\r\n.dots\r\n" };
    m->to = list_of(&m->nto, to, NULL);
    return m;
}

static inline struct spec_action *action_add(enum spec_action_kind kind, const struct part *who,
                                             uint64_t at_ns)
{
    struct spec_action *a = &sm.actions[sm.spec.nactions++];
    ck_assert_uint_le(sm.spec.nactions, SMALL_ACTIONS);
    *a = (struct spec_action){ .kind = kind, .host = who->host->name, .at_ns = at_ns };
    return a;
}

static inline struct spec_action *send_at(const struct part *who, const char *message, uint64_t at_ns)
{
    struct spec_action *a = action_add(SPEC_DO_SEND, who, at_ns);
    a->message = message;
    return a;
}

/* Writes a message to `to` and sends it. */
static inline struct spec_message *mail_at(const struct part *who, const char *name, const char *to,
                                           uint64_t at_ns)
{
    send_at(who, name, at_ns);
    return message_add(name, to);
}

static inline struct spec_action *fetch_at(const struct part *who, uint64_t at_ns)
{
    struct spec_action *a = action_add(SPEC_DO_FETCH, who, at_ns);
    a->name = text_of("fetch %zu", sm.spec.nactions);
    a->every_ns = CORE_S;
    a->times = 1;
    return a;
}

static inline struct spec_action *telnet_at(const struct part *who, const struct part *server, uint16_t port,
                                            uint64_t at_ns, const char **typed, size_t n)
{
    struct spec_action *a = action_add(SPEC_DO_TELNET, who, at_ns);
    a->server = server->address_text;
    a->port = port;
    a->lines = typed;
    a->nlines = n;
    return a;
}

/* The same with the lines as arguments, up to NULL. */
static inline struct spec_action *typed_at(const struct part *who, const struct part *server, uint16_t port,
                                           uint64_t at_ns, ...)
{
    const char **typed = core_arena_take(&sm.arena, 1024 * sizeof *typed);
    size_t n = 0;
    va_list ap;
    va_start(ap, at_ns);
    for (const char *one = va_arg(ap, const char *); one; one = va_arg(ap, const char *))
        typed[n++] = one;
    va_end(ap);
    return telnet_at(who, server, port, at_ns, typed, n);
}

static inline struct spec_action *lookup_at(const struct part *who, const char *name, const char *type,
                                            uint64_t at_ns)
{
    struct spec_action *a = action_add(SPEC_DO_LOOKUP, who, at_ns);
    a->dns_name = name;
    a->dns_type = type;
    return a;
}

/* ---- a world's life ------------------------------------------------------------------------------- */

static inline void small_begin(void)
{
    memset(&sm, 0, sizeof sm);
    sm.levels = TRACE_BIT(TRACE_PHASE) | TRACE_BIT(TRACE_LINE) | TRACE_BIT(TRACE_STATE);
    sm.spec = (struct spec_world){ .name = "small",
                                   .title = "small",
                                   .seed = 1,
                                   .epoch_s = SMALL_EPOCH,
                                   .links = sm.links + 1,
                                   .hosts = sm.hosts,
                                   .zones = sm.zones,
                                   .messages = sm.messages,
                                   .actions = sm.actions };
    host_add("core");
    sm.hosts[0].ifaces = sm.core;
    sm.hosts[0].nifaces = 0;
    sm.hosts[0].forwards = true;
    sm.resolver_part = host_add("resolver");
    sm.names = host_add("names");
    sm.resolver = (struct spec_resolver){ .roots = &sm.names->address, .nroots = 1 };
    sm.resolver_part->host->resolver = &sm.resolver;
    zone_add(sm.names, ".");
}

static inline void small_build(void)
{
    struct world_error error;
    struct trace_sink sink, hash;
    if (sm.built)
        return;
    sm.built = true;
    sink = watch_sink(sm.levels);
    hash = trace_hash_sink(&sm.hash);
    world_init(&sm.world, &sm.spec);
    hash.levels = sm.levels;
    trace_add(&sm.world.trace, &sink);
    trace_add(&sm.world.trace, &hash);
    ck_assert_msg(world_build(&sm.world, &error), "%s: %s", error.pointer ? error.pointer : "", error.text);
}

static inline void run_until(uint64_t until_ns)
{
    small_build();
    world_run(&sm.world, until_ns);
}

static inline void small_end(void)
{
    if (sm.built)
        world_free(&sm.world);
    watch_free();
    core_arena_free(&sm.arena);
    memset(&sm, 0, sizeof sm);
}

/* ---- looking inside, where the trace is not enough ------------------------------------------------ */

static inline struct host *host_of_part(const struct part *p)
{
    return &sm.world.hosts[p->host - sm.hosts];
}

static inline struct user *user_of(const struct part *p, const char *name)
{
    struct user *u = store_user(host_of_part(p)->store, wire_slice_str(name));
    ck_assert_ptr_nonnull(u);
    return u;
}

/* How many messages the user has in the INBOX. */
static inline unsigned inbox(const struct part *p, const char *name)
{
    return user_of(p, name)->inbox.count;
}

/* The text of message n (from 0) in the INBOX, with its Return-Path. */
static inline const char *letter(const struct part *p, const char *name, unsigned n)
{
    struct user *u = user_of(p, name);
    ck_assert_uint_lt(n, u->inbox.count);
    return core_arena_copy(&sm.arena, stored_octets(u->inbox.message[n]), stored_len(u->inbox.message[n]));
}

static inline unsigned queued(const struct part *p)
{
    return host_of_part(p)->mta->queued;
}

/* All that comes and goes has gone. */
static inline void nothing_is_left_open(void)
{
    struct world *w = &sm.world;
    const struct core_pool *pools[] = { &w->saids,      &w->asks,        &w->ask_boths, &w->errand_lookups,
                                        &w->identities, &w->smtp_in,     &w->smtp_out,  &w->pop3_in,
                                        &w->imap_in,    &w->queue_items, &w->muas_smtp, &w->muas_pop3,
                                        &w->muas_imap,  &w->dns_tcp };
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++)
        ck_assert_msg(pools[i]->in_use == 0, "pool %zu has %zu in use", i, pools[i]->in_use);
}

/* A in a.test writes, b.test receives: the cast of most tests. */
static struct part *alice, *mail_a, *mx_b, *bob;

static inline void two_domains(void)
{
    small_begin();
    mail_a = mail_server("mail-a", "mail.a.test", "a.test");
    mx_b = mail_server("mx-b", "mx.b.test", "b.test");
    user_add(mail_a, "alice");
    user_add(mx_b, "bob");
    user_add(mx_b, "carol");
    alice = person("alice", "alice@a.test", mail_a, SPEC_IMAP);
    bob = person("bob", "bob@b.test", mx_b, SPEC_POP3);
}
#endif
