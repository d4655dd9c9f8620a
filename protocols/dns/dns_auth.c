/* The authoritative server. dns_auth_answer() judges the query; answer_name() is the
 * algorithm of RFC 1034 section 4.3.2, with the wildcards of RFC 4592. */
#include "protocols/dns/dns_auth.h"

#include <assert.h>
#include <string.h>

struct work { /* one query being answered */
    const struct dns_auth *auth;
    struct dns_step *out;
    struct dns_writer w;
    bool edns, dnssec_ok;
};

struct place { /* where a name leads in our zones */
    const struct dns_zone *zone;
    const struct dns_zone_node *node; /* NULL: the name does not exist */
    const struct dns_zone_node *cut;  /* not NULL: at or below this zone cut */
    bool wildcard;                    /* node is a "*" that stands for the name */
};

/* The node of "*" directly below an encloser. */
static const struct dns_zone_node *wildcard_of(const struct dns_zone *zone,
                                               const struct dns_zone_node *encloser)
{
    uint8_t name[2 + DNS_NAME_MAX] = { 1, '*' };
    if (!encloser->has_wildcard)
        return NULL;
    memcpy(name + 2, encloser->name, dns_name_len(encloser->name));
    return dns_zone_find(zone, name, dns_name_hash(name));
}

/* Finds a name: an exact node is the fast way; otherwise down from the apex, label by
 * label, to the closest encloser or to a cut. */
static struct place locate(const struct dns_auth *auth, const uint8_t *name)
{
    uint32_t hash[DNS_LABELS_MAX];
    uint8_t at[DNS_LABELS_MAX];
    unsigned labels = dns_name_hashes(name, hash, at);
    struct place p = { .zone = dns_zones_match(auth->zone, auth->zones, name, hash, at, labels) };
    if (!p.zone)
        return p;
    p.node = dns_zone_find(p.zone, name, hash[0]);
    if (p.node && !p.node->cut && !p.node->below_cut)
        return p;
    unsigned i = labels - 1 - p.zone->apex_labels;
    const struct dns_zone_node *encloser = dns_zone_find(p.zone, name + at[i], hash[i]);
    assert(encloser != NULL);
    while (i-- > 0) {
        const struct dns_zone_node *next = dns_zone_find(p.zone, name + at[i], hash[i]);
        if (!next)
            break;
        if (next->cut) {
            p.cut = next;
            return p;
        }
        encloser = next;
    }
    p.node = wildcard_of(p.zone, encloser);
    p.wildcard = p.node != NULL;
    return p;
}

/* Writes an RRset whole or not at all. */
static bool put_rrset(struct work *k, enum dns_section section, const uint8_t *owner,
                      const struct dns_zone_record *r, uint32_t count)
{
    struct dns_writer_mark mark = dns_writer_mark(&k->w);
    for (uint32_t i = 0; i < count; i++)
        if (!dns_writer_record(&k->w, section, owner, r[i].type, DNS_CLASS_IN, r[i].ttl, r[i].rdata,
                               r[i].rdlen)) {
            dns_writer_rollback(&k->w, mark);
            if (section != DNS_ADDITIONAL)
                k->w.truncated = true; /* RFC 2181 section 9 */
            return false;
        }
    return true;
}

/* Addresses of the hosts that an RRset names, as far as we know them (RFC 1035 section
 * 3.3.9). cut: the RRset delegates; then glue below the cut must be there, or TC says that
 * it is missing (RFC 9471 section 3). */
static void put_addresses(struct work *k, const struct dns_zone_record *r, uint32_t count, const uint8_t *cut)
{
    static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *host = dns_rdata_name(r[i].type, r[i].rdata);
        uint32_t hash[DNS_LABELS_MAX];
        uint8_t at[DNS_LABELS_MAX];
        bool seen = false;
        for (uint32_t j = 0; j < i && !seen; j++)
            seen = dns_name_equal(host, dns_rdata_name(r[j].type, r[j].rdata));
        if (seen)
            continue;
        unsigned labels = dns_name_hashes(host, hash, at);
        const struct dns_zone *zone = dns_zones_match(k->auth->zone, k->auth->zones, host, hash, at, labels);
        const struct dns_zone_node *node = zone ? dns_zone_find(zone, host, hash[0]) : NULL;
        for (size_t t = 0; node && t < sizeof types / sizeof types[0]; t++) {
            uint32_t n;
            const struct dns_zone_record *address = dns_zone_rrset(zone, node, types[t], &n);
            if (address && !put_rrset(k, DNS_ADDITIONAL, host, address, n) && cut &&
                dns_name_is_below(host, cut))
                k->w.truncated = true;
        }
    }
}

static bool names_hosts(uint16_t type)
{
    return type == DNS_TYPE_MX || type == DNS_TYPE_NS || type == DNS_TYPE_SRV;
}

static void put_soa(struct work *k, const struct dns_zone *zone)
{
    struct dns_zone_record soa = *zone->soa;
    soa.ttl = zone->negative_ttl; /* how long "no" may be believed, RFC 2308 section 3 */
    put_rrset(k, DNS_AUTHORITY, soa.owner, &soa, 1);
}

static void set_rcode(struct work *k, enum dns_rcode rcode)
{
    k->out->rcode = (uint16_t)rcode;
    k->w.msg[3] = (uint8_t)((k->w.msg[3] & 0xf0u) | ((unsigned)rcode & DNS_FLAG_RCODE));
}

static enum dns_verdict refer(struct work *k, const struct place *p)
{
    uint32_t count;
    const struct dns_zone_record *ns = dns_zone_rrset(p->zone, p->cut, DNS_TYPE_NS, &count);
    k->out->zone = p->cut->name;
    if (put_rrset(k, DNS_AUTHORITY, p->cut->name, ns, count))
        put_addresses(k, ns, count, p->cut->name);
    return DNS_REFERRAL;
}

static enum dns_verdict deny(struct work *k, const struct place *p)
{
    put_soa(k, p->zone);
    if (p->node)
        return DNS_NODATA;
    set_rcode(k, DNS_RCODE_NXDOMAIN);
    return DNS_NXDOMAIN;
}

/* The records of a node for a type; ANY gets one RRset of our choice (RFC 8482 section 4.1). */
static const struct dns_zone_record *pick(const struct place *p, uint16_t type, uint32_t *count)
{
    *count = 0;
    if (type == DNS_TYPE_ANY && p->node->count > 0)
        type = p->zone->record[p->node->first].type;
    return dns_zone_rrset(p->zone, p->node, type, count);
}

static enum dns_verdict answer_name(struct work *k)
{
    const uint8_t *name = k->out->name;
    uint16_t type = k->out->type;
    bool wildcard = false;
    uint32_t count;

    for (;;) {
        struct place p = locate(k->auth, name);
        if (k->out->aliases > 0 && (!p.zone || p.cut))
            return DNS_ALIASED; /* the target is not ours: the resolver goes on */
        if (!p.zone) {
            set_rcode(k, DNS_RCODE_REFUSED);
            return DNS_REFUSED;
        }
        if (k->out->aliases == 0)
            k->out->zone = p.zone->apex;
        if (p.cut)
            return refer(k, &p);
        k->w.msg[2] |= DNS_FLAG_AA >> 8;
        wildcard |= p.wildcard;
        if (!p.node)
            return deny(k, &p);
        const struct dns_zone_record *r = pick(&p, type, &count);
        if (r) {
            if (put_rrset(k, DNS_ANSWER, name, r, count) && names_hosts(r->type))
                put_addresses(k, r, count, NULL);
            if (k->out->aliases > 0)
                return DNS_ALIASED;
            if (type == DNS_TYPE_MX && dns_rdata_is_null_mx(r->rdata, r->rdlen))
                return DNS_NULL_MX;
            return wildcard ? DNS_WILDCARD : DNS_ANSWERED;
        }
        if (!p.node->alias)
            return deny(k, &p);
        if (k->out->aliases == DNS_AUTH_ALIASES_MAX)
            return DNS_LOOP;
        r = dns_zone_rrset(p.zone, p.node, DNS_TYPE_CNAME, &count);
        if (!put_rrset(k, DNS_ANSWER, name, r, 1))
            return DNS_ALIASED;
        k->out->aliases++;
        name = r->rdata;
    }
}

static const struct dns_fault *find_fault(const struct dns_auth *auth, const struct dns_step *q, bool tcp)
{
    for (size_t i = 0; i < auth->faults; i++) {
        const struct dns_fault *f = &auth->fault[i];
        if ((f->type == 0 || f->type == q->type) && !(f->kind == DNS_FAULT_TRUNCATE && tcp) &&
            dns_name_is_below(q->name, f->name))
            return f;
    }
    return NULL;
}

static enum dns_verdict forced(struct work *k, enum dns_fault_kind kind)
{
    switch (kind) {
    case DNS_FAULT_DROP:
        return DNS_DROPPED;
    case DNS_FAULT_REFUSED:
        set_rcode(k, DNS_RCODE_REFUSED);
        return DNS_REFUSED;
    case DNS_FAULT_TRUNCATE:
        k->w.truncated = true;
        return DNS_TRUNCATED;
    case DNS_FAULT_SERVFAIL:
    default:
        set_rcode(k, DNS_RCODE_SERVFAIL);
        return DNS_SERVFAIL;
    }
}

/* Reads what follows the question: an OPT record at most matters. */
static bool read_edns(struct dns_reader *r, struct dns_edns *edns, bool *found)
{
    struct dns_record rr;
    *found = false;
    while (dns_reader_next(r, &rr))
        if (rr.type == DNS_TYPE_OPT) {
            if (*found || rr.section != DNS_ADDITIONAL)
                return false;
            dns_record_edns(&rr, edns);
            *found = true;
        }
    return !r->malformed;
}

static size_t reply_limit(const struct dns_auth *auth, bool tcp, bool edns, uint16_t offered, size_t cap)
{
    size_t ours = auth->udp_octets_max ? auth->udp_octets_max : DNS_EDNS_OCTETS;
    size_t limit = DNS_UDP_MAX; /* an offer below 512 counts as 512, RFC 6891 section 6.2.3 */
    if (tcp)
        return cap;
    if (edns && offered > limit)
        limit = offered < ours ? offered : ours;
    return limit < cap ? limit : cap;
}

/* What is decided before any zone is looked at. DNS_VERDICTS: nothing, go on. */
static enum dns_verdict judge(struct work *k, const struct dns_reader *r, bool readable, uint8_t version)
{
    if (r->flags & DNS_FLAG_OPCODE) {
        set_rcode(k, DNS_RCODE_NOTIMP);
        return DNS_NOTIMP;
    }
    if (!readable || !r->question.name) {
        set_rcode(k, DNS_RCODE_FORMERR);
        return DNS_FORMERR;
    }
    if (k->edns && version > 0) {
        set_rcode(k, DNS_RCODE_BADVERS);
        return DNS_BADVERS;
    }
    if ((k->out->qclass != DNS_CLASS_IN && k->out->qclass != DNS_CLASS_ANY) ||
        k->out->type == DNS_TYPE_AXFR || k->out->type == DNS_TYPE_IXFR) {
        set_rcode(k, DNS_RCODE_REFUSED);
        return DNS_REFUSED;
    }
    return DNS_VERDICTS;
}

size_t dns_auth_answer(const struct dns_auth *auth, bool tcp, const uint8_t *query, size_t len,
                       uint8_t *reply, size_t cap, struct dns_step *out)
{
    struct dns_reader r;
    struct dns_edns edns = { 0 };
    struct work k = { .auth = auth, .out = out };
    bool readable = dns_reader_init(&r, query, len);

    assert(cap >= DNS_UDP_MAX);
    *out = (struct dns_step){ .verdict = DNS_DROPPED, .tcp = tcp };
    if (len < DNS_HEADER_OCTETS || r.flags & DNS_FLAG_QR) {
        out->answered = dns_verdict_lesson(DNS_DROPPED, 0);
        return 0; /* answering answers would let two servers talk forever */
    }
    readable = readable && read_edns(&r, &edns, &k.edns);
    k.edns = readable && k.edns && !auth->no_edns;
    dns_writer_init(&k.w, reply, reply_limit(auth, tcp, k.edns, edns.udp_octets, cap), r.id,
                    (uint16_t)(DNS_FLAG_QR | (r.flags & (DNS_FLAG_OPCODE | DNS_FLAG_RD))));
    if (k.edns)
        dns_writer_reserve_edns(&k.w);
    if (r.question.name) {
        out->name = r.question.name;
        out->type = r.question.type;
        out->qclass = r.question.qclass;
        out->asked = dns_query_lesson(out->type, (r.flags & DNS_FLAG_RD) != 0);
        dns_writer_question(&k.w, out->name, out->type, out->qclass);
    }
    out->verdict = judge(&k, &r, readable, edns.version);
    if (out->verdict == DNS_VERDICTS) {
        const struct dns_fault *fault = find_fault(auth, out, tcp);
        out->verdict = fault ? forced(&k, fault->kind) : answer_name(&k);
    }
    if (k.w.truncated)
        out->verdict = DNS_TRUNCATED;
    out->truncated = k.w.truncated;
    out->answered = dns_verdict_lesson(out->verdict, out->type);
    if (out->verdict == DNS_DROPPED)
        return 0;
    if (k.edns)
        dns_writer_edns(&k.w, auth->udp_octets_max ? auth->udp_octets_max : DNS_EDNS_OCTETS, out->rcode,
                        false);
    return dns_writer_finish(&k.w);
}
