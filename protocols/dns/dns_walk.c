/* The walk from zone to zone: RFC 1034 section 5.3.3, steps 1 to 4. What a server says is
 * believed only for names at or below the zone that it was asked for. */
#include "protocols/dns/dns_task.h"

#include <assert.h>
#include <string.h>

#define EXTRAS_MAX 64 /* addresses looked at in an additional section: each costs a pass, ours */

/* Makes the target of a CNAME the current name. False: too many, or too long. */
static bool push_alias(struct dns_task *t, const uint8_t *target, uint32_t ttl)
{
    size_t len = dns_name_len(target);
    if (t->aliases == DNS_ALIASES_MAX || t->chain_len + 4 + len > DNS_CHAIN_OCTETS)
        return false;
    dns_put32(t->alias + t->chain_len, ttl);
    t->chain_last = (uint16_t)(t->chain_len + 4);
    memcpy(t->alias + t->chain_last, target, len);
    t->chain_len = (uint16_t)(t->chain_last + len);
    t->aliases++;
    t->zone_labels = 0; /* of the servers for the new name nothing is known yet */
    return true;
}

bool dns_walk_cache(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                    struct dns_cache_entry *entry, enum dns_verdict *verdict)
{
    uint8_t *scratch = r->scratch + DNS_SCRATCH_ENTRY;
    size_t at = 0;
    uint16_t rdlen;
    for (;;) {
        const uint8_t *name = dns_task_name(t);
        if (dns_cache_find(r->cache, name, t->type, now_ns, scratch, entry) &&
            entry->trust >= DNS_TRUST_ANSWER) {
            *verdict = entry->kind == DNS_CACHE_RRSET    ? DNS_CACHED
                       : entry->kind == DNS_CACHE_NODATA ? DNS_NODATA_CACHED
                                                         : DNS_NXDOMAIN_CACHED;
            return true;
        }
        if (t->type == DNS_TYPE_CNAME ||
            !dns_cache_find(r->cache, name, DNS_TYPE_CNAME, now_ns, scratch, entry) ||
            entry->kind != DNS_CACHE_RRSET || entry->trust < DNS_TRUST_ANSWER)
            return false;
        at = 0;
        if (!push_alias(t, dns_cache_record(entry, &at, &rdlen), entry->left_s)) {
            *verdict = DNS_LOOP;
            return true;
        }
    }
}

/* ---- which servers ---- */

static void forget_servers(struct dns_task *t)
{
    t->servers = t->server = t->start = t->tried = t->round = 0;
    t->useless = 0;
    t->ns_len = t->ns_at = 0;
    t->ask_aaaa = t->plain = false;
}

static void add_server(const struct dns_resolver *r, struct dns_task *t, const struct dns_addr *addr)
{
    if (t->servers == DNS_SERVERS_MAX || (addr->family == 4 ? r->config->no_ipv4 : r->config->no_ipv6))
        return;
    for (unsigned i = 0; i < t->servers; i++)
        if (dns_addr_equal(&t->server_addr[i], addr))
            return;
    t->server_addr[t->servers++] = *addr;
}

static bool add_addresses(const struct dns_resolver *r, struct dns_task *t,
                          const struct dns_cache_entry *entry)
{
    size_t at = 0;
    uint16_t rdlen;
    const uint8_t *rdata;
    struct dns_addr addr;
    if (entry->kind != DNS_CACHE_RRSET)
        return false;
    while ((rdata = dns_cache_record(entry, &at, &rdlen)) != NULL)
        if (dns_rdata_addr(entry->type, rdata, &addr))
            add_server(r, t, &addr);
    return true;
}

/* Remembers that a server's name needs a lookup. */
static void add_ns_name(struct dns_task *t, const uint8_t *name)
{
    size_t len = dns_name_len(name);
    if (t->ns_len + len <= DNS_NS_OCTETS) {
        memcpy(t->ns + t->ns_len, name, len);
        t->ns_len = (uint16_t)(t->ns_len + len);
    }
}

/* The addresses of one server from the cache; its name is kept if there are none, unless
 * it lies in the zone it serves: then only glue could tell. */
static void add_ns(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t, const uint8_t *name,
                   const uint8_t *zone)
{
    uint8_t *scratch = r->scratch + DNS_SCRATCH_EXTRA;
    struct dns_cache_entry entry;
    bool known =
        dns_cache_find(r->cache, name, DNS_TYPE_A, now_ns, scratch, &entry) && add_addresses(r, t, &entry);
    if (dns_cache_find(r->cache, name, DNS_TYPE_AAAA, now_ns, scratch, &entry))
        known |= add_addresses(r, t, &entry);
    if (!known && !dns_name_is_below(name, zone))
        add_ns_name(t, name);
}

/* Takes the servers of the deepest zone that the cache knows, else the root's. */
static void nearest_servers(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t)
{
    const uint8_t *zone = dns_task_name(t);
    struct dns_cache_entry entry;
    uint16_t rdlen;
    for (unsigned labels = dns_name_labels(zone); labels > 0; labels--, zone = dns_name_parent(zone)) {
        const uint8_t *name;
        size_t at = 0;
        if (!dns_cache_find(r->cache, zone, DNS_TYPE_NS, now_ns, r->scratch + DNS_SCRATCH_ENTRY, &entry) ||
            entry.kind != DNS_CACHE_RRSET)
            continue;
        forget_servers(t);
        t->zone_labels = (uint8_t)labels;
        for (unsigned i = 0; i < DNS_NS_MAX && (name = dns_cache_record(&entry, &at, &rdlen)) != NULL; i++)
            add_ns(r, now_ns, t, name, zone);
        if (t->servers > 0 || t->ns_len > 0)
            return;
    }
    forget_servers(t);
    t->zone_labels = 0;
    for (size_t i = 0; i < r->config->roots; i++)
        add_server(r, t, &r->config->root[i].addr);
}

static void start_round(struct dns_resolver *r, struct dns_task *t)
{
    t->tried = 0;
    t->start = 0;
    if (t->servers > 1)
        t->start = (uint8_t)(r->ops->random(r->host) % t->servers);
}

void dns_walk_run(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t)
{
    struct dns_cache_entry entry;
    enum dns_verdict verdict;
    if (dns_walk_cache(r, now_ns, t, &entry, &verdict)) {
        dns_task_finish(r, now_ns, t, verdict, verdict == DNS_LOOP ? NULL : &entry);
        return;
    }
    nearest_servers(r, now_ns, t);
    start_round(r, t);
    dns_walk_next_server(r, now_ns, t);
}

/* Starts a lookup for the address of the next server whose name we only know. False: there
 * is none, or no means to do it. */
static bool resolve_server(struct dns_resolver *r, struct dns_task *t)
{
    while (t->ns_at < t->ns_len) {
        const uint8_t *name = t->ns + t->ns_at;
        uint16_t type = t->ask_aaaa ? DNS_TYPE_AAAA : DNS_TYPE_A;
        if (t->ask_aaaa)
            t->ns_at = (uint16_t)(t->ns_at + dns_name_len(name));
        t->ask_aaaa = !t->ask_aaaa;
        if (t->depth >= DNS_DEPTH_MAX || (type == DNS_TYPE_A ? r->config->no_ipv4 : r->config->no_ipv6))
            continue;
        struct dns_task *child = dns_task_new(r, name, type, t->give_up_ns);
        if (!child)
            return false;
        child->depth = (uint8_t)(t->depth + 1);
        child->parent = dns_task_index(r, t) + 1;
        t->state = DNS_TASK_WAIT_TASK;
        dns_task_report(r, t, DNS_EV_NEED_ADDRESS, name, type, dns_task_zone(t), DNS_ANSWERED);
        dns_task_ready(r, child, DNS_RESUME_RUN);
        return true;
    }
    return false;
}

/* The task that a client waits for: it pays for its children's messages too. */
static struct dns_task *payer(struct dns_resolver *r, struct dns_task *t)
{
    while (t->parent)
        t = &r->task[t->parent - 1];
    return t;
}

void dns_walk_next_server(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t)
{
    struct dns_task *client = payer(r, t);
    while (client->sent < DNS_BUDGET && t->round < DNS_ROUNDS && now_ns < t->give_up_ns) {
        while (t->tried < t->servers) {
            t->server = (uint8_t)((t->start + t->tried++) % t->servers);
            if (t->useless >> t->server & 1)
                continue;
            client->sent++;
            t->plain = false;
            dns_task_send(r, now_ns, t, false);
            return;
        }
        if (resolve_server(r, t))
            return;
        t->round++;
        start_round(r, t);
        if (t->servers == 0 || t->useless == (1u << t->servers) - 1)
            break;
    }
    dns_task_finish(r, now_ns, t, DNS_SERVFAIL, NULL);
}

void dns_walk_addresses(struct dns_resolver *r, struct dns_task *t, const struct dns_cache_entry *entry)
{
    uint8_t before = t->servers;
    if (entry)
        add_addresses(r, t, entry);
    if (t->servers > before) { /* ask the new ones first, in this round */
        t->tried = before;
        t->start = 0;
        if (t->ask_aaaa) { /* its IPv4 address will do */
            t->ask_aaaa = false;
            t->ns_at = (uint16_t)(t->ns_at + dns_name_len(t->ns + t->ns_at));
        }
    }
    dns_task_ready(r, t, DNS_RESUME_NEXT_SERVER);
}

/* ---- what a reply says ---- */

/* One RRset out of a reply, as a cache entry in scratch. False if there is none, or it is
 * too big. *first is where its first record ends. */
static bool collect(struct dns_resolver *r, const struct dns_reader *reply, enum dns_section section,
                    const uint8_t *owner, uint16_t type, struct dns_cache_entry *entry, size_t *first)
{
    uint8_t *data = r->scratch + DNS_SCRATCH_COLLECT;
    size_t n = dns_name_len(owner);
    struct dns_reader in = *reply;
    struct dns_record rr;
    memcpy(data, owner, n);
    *entry =
        (struct dns_cache_entry){ .kind = DNS_CACHE_RRSET, .name = data, .type = type, .data = data + n };
    entry->ttl = DNS_CACHE_TTL_MAX_S;
    *first = 0;
    while (dns_reader_next(&in, &rr)) {
        if (rr.section != section || rr.type != type || rr.rclass != DNS_CLASS_IN ||
            !dns_name_equal(rr.owner.wire, owner))
            continue;
        if (n + 2 + rr.rdlen > DNS_MESSAGE_MAX)
            return false;
        dns_put16(data + n, rr.rdlen);
        memcpy(data + n + 2, rr.rdata, rr.rdlen);
        n += 2 + (size_t)rr.rdlen;
        if (entry->records++ == 0)
            *first = in.at;
        entry->ttl = rr.ttl < entry->ttl ? rr.ttl : entry->ttl;
    }
    entry->left_s = entry->ttl;
    entry->octets = n - (size_t)(entry->data - data);
    return entry->records > 0;
}

/* Reads the whole reply once: is it well-formed, and does it stay within its zone? */
static bool screen(struct dns_resolver *r, struct dns_task *t, const struct dns_reader *reply)
{
    struct dns_reader in = *reply;
    struct dns_record rr;
    while (dns_reader_next(&in, &rr))
        if (rr.type != DNS_TYPE_OPT && !dns_name_is_below(rr.owner.wire, dns_task_zone(t)))
            dns_task_report(r, t, DNS_EV_OUTSIDE, rr.owner.wire, rr.type, dns_task_zone(t), DNS_MISMATCHED);
    return !in.malformed;
}

static bool believed(const struct dns_resolver *r, const uint8_t *name, const uint8_t *zone)
{
    return r->config->no_ignore_outside || dns_name_is_below(name, zone);
}

/* Remembers the addresses in the additional section, for the next step of this walk and as
 * a courtesy to clients that ask for MX. */
static void keep_addresses(struct dns_resolver *r, uint64_t now_ns, const struct dns_reader *reply,
                           const uint8_t *zone)
{
    struct dns_reader in = *reply;
    struct dns_record rr;
    struct dns_cache_entry entry;
    size_t first;
    unsigned extras = 0;
    while (extras < EXTRAS_MAX && dns_reader_next(&in, &rr)) {
        if (rr.section != DNS_ADDITIONAL || (rr.type != DNS_TYPE_A && rr.type != DNS_TYPE_AAAA) ||
            !believed(r, rr.owner.wire, zone))
            continue;
        extras++;
        if (collect(r, reply, DNS_ADDITIONAL, rr.owner.wire, rr.type, &entry, &first) && first == in.at) {
            entry.trust = DNS_TRUST_ADDITIONAL;
            dns_cache_store(r->cache, &entry, now_ns);
        }
    }
}

/* The servers that a referral names, with the glue it brings; from the cache what it lacks. */
static void take_referral(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                          const struct dns_reader *reply, const uint8_t *above, const struct dns_name *cut)
{
    struct dns_reader in = *reply;
    struct dns_record rr;
    struct dns_cache_entry entry;
    size_t first;
    unsigned names = 0;
    keep_addresses(r, now_ns, reply, above);
    if (collect(r, reply, DNS_AUTHORITY, cut->wire, DNS_TYPE_NS, &entry, &first)) {
        entry.trust = DNS_TRUST_REFERRAL;
        dns_cache_store(r->cache, &entry, now_ns);
    }
    forget_servers(t);
    t->zone_labels = (uint8_t)dns_name_labels(cut->wire);
    while (names < DNS_NS_MAX && dns_reader_next(&in, &rr)) {
        if (rr.section != DNS_AUTHORITY || rr.type != DNS_TYPE_NS ||
            !dns_name_equal(rr.owner.wire, cut->wire))
            continue;
        uint8_t before = t->servers;
        if (believed(r, rr.rdata, above)) {
            if (collect(r, reply, DNS_ADDITIONAL, rr.rdata, DNS_TYPE_A, &entry, &first))
                add_addresses(r, t, &entry);
            if (collect(r, reply, DNS_ADDITIONAL, rr.rdata, DNS_TYPE_AAAA, &entry, &first))
                add_addresses(r, t, &entry);
        }
        if (t->servers == before)
            add_ns(r, now_ns, t, rr.rdata, cut->wire);
        names++;
    }
}

/* What the authority section says when there is no answer. */
struct closing {
    bool soa, referral;
    struct dns_name cut;
};

static void read_closing(struct dns_resolver *r, const struct dns_reader *reply, const uint8_t *name,
                         const uint8_t *zone, struct closing *c, struct dns_cache_entry *negative)
{
    struct dns_reader in = *reply;
    struct dns_record rr;
    uint8_t *data = r->scratch + DNS_SCRATCH_COLLECT;
    c->soa = c->referral = false;
    *negative = (struct dns_cache_entry){ .name = data };
    size_t n = dns_name_len(name);
    memcpy(data, name, n);
    negative->data = data + n;
    while (dns_reader_next(&in, &rr)) {
        if (rr.section != DNS_AUTHORITY || rr.rclass != DNS_CLASS_IN ||
            !dns_name_is_below(name, rr.owner.wire))
            continue;
        bool below = dns_name_is_below(rr.owner.wire, zone);
        if (rr.type == DNS_TYPE_NS && below && dns_name_labels(rr.owner.wire) > dns_name_labels(zone)) {
            c->referral = true;
            c->cut = rr.owner;
        } else if (rr.type == DNS_TYPE_SOA && below && !c->soa) {
            struct dns_soa soa;
            c->soa = true;
            dns_rdata_soa(rr.rdata, &soa);
            negative->ttl = soa.minimum_s < rr.ttl ? soa.minimum_s : rr.ttl;
            if (negative->ttl > DNS_CACHE_NEGATIVE_MAX_S)
                negative->ttl = DNS_CACHE_NEGATIVE_MAX_S;
            negative->left_s = negative->ttl;
            memcpy(data + n, rr.owner.wire, rr.owner.len);
            dns_put16(data + n + rr.owner.len, rr.rdlen);
            memcpy(data + n + rr.owner.len + 2, rr.rdata, rr.rdlen);
            negative->octets = (size_t)rr.owner.len + 2 + rr.rdlen;
        }
    }
}

static enum dns_verdict bad_server(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                                   enum dns_verdict verdict)
{
    dns_task_report(r, t, DNS_EV_BAD_SERVER, dns_task_name(t), t->type, dns_task_zone(t), verdict);
    t->useless |= (uint16_t)(1u << t->server);
    dns_walk_next_server(r, now_ns, t);
    return verdict;
}

/* No records for the current name: a definite no, a referral, or a useless server. */
static enum dns_verdict take_closing(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                                     const struct dns_reader *reply, const struct dns_name *zone,
                                     bool aliased)
{
    struct closing end;
    struct dns_cache_entry negative;
    const uint8_t *name = dns_task_name(t);
    bool no_name = (reply->flags & DNS_FLAG_RCODE) == DNS_RCODE_NXDOMAIN;
    bool authority = (reply->flags & DNS_FLAG_AA) != 0;

    read_closing(r, reply, name, zone->wire, &end, &negative);
    if (!no_name && !end.soa && end.referral) {
        struct dns_name above = *zone;
        dns_task_report(r, t, DNS_EV_REFERRAL, name, t->type, end.cut.wire, DNS_REFERRAL);
        take_referral(r, now_ns, t, reply, above.wire, &end.cut);
        start_round(r, t);
        dns_walk_next_server(r, now_ns, t);
        return DNS_REFERRAL;
    }
    if (!no_name && !end.soa && aliased) {
        dns_task_ready(r, t, DNS_RESUME_RUN); /* it has told of the alias only: ask for the target */
        return DNS_ALIASED;
    }
    if (!no_name && !end.soa && !authority)
        return bad_server(r, now_ns, t, DNS_LAME);
    negative.kind = no_name ? DNS_CACHE_NXDOMAIN : DNS_CACHE_NODATA;
    negative.type = t->type;
    negative.trust = authority ? DNS_TRUST_AUTHORITY : DNS_TRUST_ANSWER;
    if (end.soa) /* without an SOA a "no" must not be remembered, RFC 2308 section 5 */
        dns_cache_store(r->cache, &negative, now_ns);
    enum dns_verdict verdict = no_name ? DNS_NXDOMAIN : DNS_NODATA;
    dns_task_finish(r, now_ns, t, verdict, &negative);
    return verdict;
}

/* The type to look for in the answer: for ANY, the first one that is there (RFC 8482). */
static uint16_t wanted_type(const struct dns_task *t, const struct dns_reader *reply)
{
    struct dns_reader in = *reply;
    struct dns_record rr;
    if (t->type == DNS_TYPE_ANY)
        while (dns_reader_next(&in, &rr) && rr.section == DNS_ANSWER)
            if (dns_name_equal(rr.owner.wire, dns_task_name(t)))
                return rr.type;
    return t->type;
}

/* NOERROR or NXDOMAIN: follows the answer section from the current name on. */
static enum dns_verdict take_answer(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                                    const struct dns_reader *reply)
{
    struct dns_name zone;
    struct dns_cache_entry entry;
    size_t first, at;
    uint16_t rdlen;
    enum dns_trust trust = reply->flags & DNS_FLAG_AA ? DNS_TRUST_AUTHORITY : DNS_TRUST_ANSWER;
    dns_name_copy(&zone, dns_task_zone(t));
    if (reply->count[DNS_ANSWER] > 0)
        keep_addresses(r, now_ns, reply, zone.wire);
    for (bool aliased = false;; aliased = true) {
        const uint8_t *name = dns_task_name(t);
        if (aliased && !believed(r, name, zone.wire)) {
            dns_task_ready(r, t, DNS_RESUME_RUN); /* the target is another zone's to tell */
            return DNS_ALIASED;
        }
        if (collect(r, reply, DNS_ANSWER, name, wanted_type(t, reply), &entry, &first)) {
            entry.trust = trust;
            dns_cache_store(r->cache, &entry, now_ns);
            dns_task_finish(r, now_ns, t, DNS_RESOLVED, &entry);
            return DNS_RESOLVED;
        }
        if (t->type == DNS_TYPE_CNAME || !collect(r, reply, DNS_ANSWER, name, DNS_TYPE_CNAME, &entry, &first))
            return take_closing(r, now_ns, t, reply, &zone, aliased);
        entry.trust = trust;
        dns_cache_store(r->cache, &entry, now_ns);
        at = 0;
        if (!push_alias(t, dns_cache_record(&entry, &at, &rdlen), entry.left_s)) {
            dns_task_finish(r, now_ns, t, DNS_LOOP, NULL);
            return DNS_LOOP;
        }
        dns_task_report(r, t, DNS_EV_ALIAS, dns_task_name(t), t->type, NULL, DNS_ALIASED);
    }
}

enum dns_verdict dns_walk_reply(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                                const struct dns_reader *reply)
{
    uint16_t rcode = reply->flags & DNS_FLAG_RCODE;
    bool tcp = t->port == 0, had_edns = !t->plain && r->config->edns_octets != 1;
    if (reply->flags & DNS_FLAG_TC && !tcp) {
        dns_task_report(r, t, DNS_EV_TCP, dns_task_name(t), t->type, dns_task_zone(t), DNS_TRUNCATED);
        dns_task_send(r, now_ns, t, true);
        return DNS_TRUNCATED;
    }
    if (!screen(r, t, reply))
        return bad_server(r, now_ns, t, DNS_MALFORMED);
    if (rcode == DNS_RCODE_NOERROR || rcode == DNS_RCODE_NXDOMAIN)
        return take_answer(r, now_ns, t, reply);
    if (had_edns && (rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP)) {
        t->plain = true; /* a server from before EDNS0, RFC 6891 section 7 */
        dns_task_send(r, now_ns, t, tcp);
        return DNS_FORMERR;
    }
    enum dns_verdict verdict = dns_message_verdict(reply->msg, reply->len);
    return bad_server(r, now_ns, t, verdict == DNS_REFUSED ? DNS_LAME : verdict);
}
