/* The resolver's face to its clients: their queries in, their replies out. */
#include "protocols/dns/dns_task.h"

#include <assert.h>
#include <string.h>

/* ---- replies ---- */

static bool put_entry(struct dns_writer *w, enum dns_section section, const uint8_t *owner,
                      const struct dns_cache_entry *entry)
{
    struct dns_writer_mark mark = dns_writer_mark(w);
    const uint8_t *rdata;
    uint16_t rdlen;
    size_t at = 0;
    while ((rdata = dns_cache_record(entry, &at, &rdlen)) != NULL)
        if (!dns_writer_record(w, section, owner, entry->type, DNS_CLASS_IN, entry->left_s, rdata, rdlen)) {
            dns_writer_rollback(w, mark);
            return false;
        }
    return true;
}

/* The CNAMEs on the way, from the client's own spelling of the name to the last target. */
static bool put_aliases(struct dns_writer *w, const struct dns_task *t, const uint8_t *owner)
{
    for (size_t at = 0; at < t->chain_len;) {
        const uint8_t *target = t->alias + at + 4;
        size_t len = dns_name_len(target);
        if (!dns_writer_record(w, DNS_ANSWER, owner, DNS_TYPE_CNAME, DNS_CLASS_IN, dns_get32(t->alias + at),
                               target, len))
            return false;
        owner = target;
        at += 4 + len;
    }
    return true;
}

/* Addresses of the hosts in an MX, SRV or NS answer, as far as the cache has them. */
static void put_extra(struct dns_resolver *r, uint64_t now_ns, struct dns_writer *w,
                      const struct dns_cache_entry *answer)
{
    static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
    const uint8_t *rdata;
    uint16_t rdlen;
    size_t at = 0;
    while ((rdata = dns_cache_record(answer, &at, &rdlen)) != NULL)
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            const uint8_t *host = dns_rdata_name(answer->type, rdata);
            struct dns_cache_entry entry;
            if (dns_cache_find(r->cache, host, types[i], now_ns, r->scratch + DNS_SCRATCH_EXTRA, &entry) &&
                entry.kind == DNS_CACHE_RRSET)
                put_entry(w, DNS_ADDITIONAL, host, &entry);
        }
}

static bool names_hosts(uint16_t type)
{
    return type == DNS_TYPE_MX || type == DNS_TYPE_SRV || type == DNS_TYPE_NS;
}

static void put_soa(struct dns_writer *w, const struct dns_cache_entry *entry)
{
    const uint8_t *owner, *rdata;
    uint16_t rdlen;
    if (dns_cache_soa(entry, &owner, &rdata, &rdlen) &&
        !dns_writer_record(w, DNS_AUTHORITY, owner, DNS_TYPE_SOA, DNS_CLASS_IN, entry->left_s, rdata, rdlen))
        w->truncated = true;
}

/* One client's reply. t: the task with aliases; c: the client's (t itself, or a twin). */
static void answer(struct dns_resolver *r, uint64_t now_ns, const struct dns_task *t,
                   const struct dns_task *c, enum dns_verdict verdict, const struct dns_cache_entry *entry)
{
    uint16_t rcode = entry && entry->kind == DNS_CACHE_NXDOMAIN ? DNS_RCODE_NXDOMAIN
                     : entry                                    ? DNS_RCODE_NOERROR
                                                                : DNS_RCODE_SERVFAIL;
    uint16_t flags = (uint16_t)(DNS_FLAG_QR | DNS_FLAG_RA | (c->recursion ? DNS_FLAG_RD : 0) | rcode);
    struct dns_writer w;
    struct dns_step step = { .verdict = verdict,
                             .rcode = rcode,
                             .type = c->type,
                             .qclass = DNS_CLASS_IN,
                             .aliases = t->aliases,
                             .tcp = c->client.conn != 0,
                             .from_cache = t->sent == 0,
                             .name = c->name.wire };

    dns_writer_init(&w, r->scratch + DNS_SCRATCH_REPLY, c->client_limit, c->client_id, flags);
    if (c->client_edns)
        dns_writer_reserve_edns(&w);
    dns_writer_question(&w, c->name.wire, c->type, DNS_CLASS_IN);
    if (entry) {
        const uint8_t *owner = t->aliases ? dns_task_name(t) : c->name.wire;
        if (!put_aliases(&w, t, c->name.wire) || !put_entry(&w, DNS_ANSWER, owner, entry))
            w.truncated = true;
        else if (entry->kind != DNS_CACHE_RRSET)
            put_soa(&w, entry);
        else if (names_hosts(entry->type))
            put_extra(r, now_ns, &w, entry);
    }
    if (w.truncated)
        step.verdict = DNS_TRUNCATED;
    step.truncated = w.truncated;
    if (c->client_edns)
        dns_writer_edns(&w, DNS_EDNS_OCTETS, rcode, false);
    step.asked = dns_query_lesson(c->type, c->recursion);
    step.answered = dns_verdict_lesson(step.verdict, c->type);
    size_t len = dns_writer_finish(&w);
    if (step.rcode == DNS_RCODE_SERVFAIL) {
        r->servfails++;
        dns_task_report(r, t, DNS_EV_GAVE_UP, c->name.wire, c->type, NULL, verdict);
    }
    dns_task_report(r, t, DNS_EV_ANSWER, c->name.wire, c->type, NULL, step.verdict);
    r->ops->answer(r->host, &c->client, r->scratch + DNS_SCRATCH_REPLY, len, &step);
}

void dns_task_finish(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t, enum dns_verdict verdict,
                     const struct dns_cache_entry *entry)
{
    uint32_t next;
    if (t->parent) {
        struct dns_task *parent = &r->task[t->parent - 1];
        assert(parent->state == DNS_TASK_WAIT_TASK);
        dns_walk_addresses(r, parent, entry);
        dns_task_free(r, t);
        return;
    }
    answer(r, now_ns, t, t, verdict, entry);
    for (uint32_t at = t->twin; at; at = next) {
        struct dns_task *twin = &r->task[at - 1];
        next = twin->twin;
        answer(r, now_ns, t, twin, verdict, entry);
        dns_task_free(r, twin);
    }
    dns_task_free(r, t);
}

/* ---- queries ---- */

/* Refuses a query without a task: the header, and the question if it could be read. */
static void refuse(struct dns_resolver *r, const struct dns_client *client, const struct dns_reader *q,
                   bool edns, enum dns_verdict verdict)
{
    const struct dns_verdict_info *info = dns_verdict_info(verdict);
    uint16_t flags = (uint16_t)(DNS_FLAG_QR | DNS_FLAG_RA | (q->flags & (DNS_FLAG_RD | DNS_FLAG_OPCODE)) |
                                (info->rcode & DNS_FLAG_RCODE));
    struct dns_step step = { .verdict = verdict,
                             .rcode = info->rcode,
                             .type = q->question.type,
                             .qclass = q->question.qclass,
                             .tcp = client->conn != 0,
                             .name = q->question.name };
    struct dns_writer w;
    dns_writer_init(&w, r->scratch + DNS_SCRATCH_REPLY, DNS_UDP_MAX, q->id, flags);
    if (q->question.name) {
        dns_writer_question(&w, q->question.name, q->question.type, q->question.qclass);
        step.asked = dns_query_lesson(q->question.type, (q->flags & DNS_FLAG_RD) != 0);
    }
    if (edns)
        dns_writer_edns(&w, DNS_EDNS_OCTETS, info->rcode, false);
    step.answered = dns_verdict_lesson(verdict, q->question.type);
    size_t len = dns_writer_finish(&w);
    dns_task_report(r, NULL, DNS_EV_ANSWER, q->question.name, q->question.type, NULL, verdict);
    r->ops->answer(r->host, client, r->scratch + DNS_SCRATCH_REPLY, len, &step);
}

static bool read_edns(const struct dns_reader *query, struct dns_edns *edns, bool *found)
{
    struct dns_reader in = *query;
    struct dns_record rr;
    *found = false;
    while (dns_reader_next(&in, &rr))
        if (rr.type == DNS_TYPE_OPT) {
            if (*found || rr.section != DNS_ADDITIONAL)
                return false;
            dns_record_edns(&rr, edns);
            *found = true;
        }
    return !in.malformed;
}

/* What needs no lookup at all. DNS_VERDICTS: go on. */
static enum dns_verdict judge(const struct dns_reader *q, bool readable, bool edns, uint8_t version)
{
    if (q->flags & DNS_FLAG_OPCODE)
        return DNS_NOTIMP;
    if (!readable || !q->question.name)
        return DNS_FORMERR;
    if (edns && version > 0)
        return DNS_BADVERS;
    if (q->question.qclass != DNS_CLASS_IN || q->question.type == DNS_TYPE_OPT ||
        (q->question.type >= 128 && q->question.type < DNS_TYPE_ANY))
        return DNS_REFUSED; /* other classes, zone transfers, types that are no questions */
    return DNS_VERDICTS;
}

static bool same_client(const struct dns_task *a, const struct dns_task *b)
{
    return a->client_id == b->client_id && a->client.port == b->client.port &&
           a->client.conn == b->client.conn && dns_addr_equal(&a->client.addr, &b->client.addr);
}

/* Lets a client wait for another's answer to the same question. False: nobody asks it.
 * A client that repeats itself is not asked for twice. */
static bool join(struct dns_resolver *r, struct dns_task *t)
{
    for (uint32_t i = 0; i < r->tasks; i++) {
        struct dns_task *other = &r->task[i];
        if (other == t || other->state == DNS_TASK_FREE || other->parent || other->is_twin ||
            other->name_hash != t->name_hash || other->type != t->type ||
            !dns_name_equal(other->name.wire, t->name.wire))
            continue;
        bool repeated = same_client(other, t);
        for (uint32_t at = other->twin; at && !repeated; at = r->task[at - 1].twin)
            repeated = same_client(&r->task[at - 1], t);
        dns_task_report(r, t, DNS_EV_JOINED, t->name.wire, t->type, NULL, DNS_ANSWERED);
        if (repeated) {
            dns_task_free(r, t);
            return true;
        }
        t->is_twin = true;
        t->state = DNS_TASK_WAIT_TASK;
        t->twin = other->twin;
        other->twin = dns_task_index(r, t) + 1;
        return true;
    }
    return false;
}

static void take_client(struct dns_task *t, const struct dns_client *client, const struct dns_reader *q,
                        bool edns, uint16_t offered)
{
    t->client = *client;
    t->client_id = q->id;
    t->recursion = (q->flags & DNS_FLAG_RD) != 0;
    t->client_edns = edns;
    t->client_limit = DNS_UDP_MAX;
    t->name_hash = dns_name_hash(t->name.wire);
    if (client->conn)
        t->client_limit = DNS_MESSAGE_MAX;
    else if (edns && offered > DNS_UDP_MAX)
        t->client_limit = offered < DNS_EDNS_OCTETS ? offered : DNS_EDNS_OCTETS;
}

void dns_resolver_query(struct dns_resolver *r, uint64_t now_ns, const struct dns_client *client,
                        const uint8_t *msg, size_t len)
{
    struct dns_reader q;
    struct dns_edns edns = { 0 };
    struct dns_cache_entry entry;
    struct dns_task *t;
    enum dns_verdict verdict;
    bool has_edns = false, readable = dns_reader_init(&q, msg, len);

    if (len < DNS_HEADER_OCTETS || q.flags & DNS_FLAG_QR)
        return; /* no query: answering answers would never end */
    readable = readable && read_edns(&q, &edns, &has_edns);
    has_edns = has_edns && readable;
    r->queries++;
    verdict = judge(&q, readable, has_edns, edns.version);
    if (verdict != DNS_VERDICTS) {
        refuse(r, client, &q, has_edns, verdict);
        return;
    }
    t = dns_task_new(r, q.question.name, q.question.type, now_ns + DNS_QUESTION_NS);
    if (!t) {
        dns_task_report(r, NULL, DNS_EV_BUSY, q.question.name, q.question.type, NULL, DNS_SERVFAIL);
        refuse(r, client, &q, has_edns, DNS_SERVFAIL);
        return;
    }
    take_client(t, client, &q, has_edns, edns.udp_octets);
    dns_task_report(r, t, DNS_EV_ASKED, t->name.wire, t->type, NULL, DNS_ANSWERED);
    if (dns_walk_cache(r, now_ns, t, &entry, &verdict)) {
        r->answers_from_cache++;
        r->cache->hits++;
        r->cache->negative_hits += verdict == DNS_NODATA_CACHED || verdict == DNS_NXDOMAIN_CACHED;
        dns_task_report(r, t, DNS_EV_CACHE_HIT, t->name.wire, t->type, NULL, verdict);
        dns_task_finish(r, now_ns, t, verdict, verdict == DNS_LOOP ? NULL : &entry);
        return;
    }
    r->cache->misses++;
    if (!t->recursion || r->active == r->tasks) {
        bool busy = t->recursion;
        if (busy)
            dns_task_report(r, t, DNS_EV_BUSY, t->name.wire, t->type, NULL, DNS_SERVFAIL);
        dns_task_free(r, t);
        refuse(r, client, &q, has_edns, busy ? DNS_SERVFAIL : DNS_REFUSED);
        return;
    }
    if (join(r, t))
        return;
    dns_task_report(r, t, DNS_EV_CACHE_MISS, t->name.wire, t->type, NULL, DNS_ANSWERED);
    dns_task_ready(r, t, DNS_RESUME_RUN);
    dns_resolver_drain(r, now_ns);
}
