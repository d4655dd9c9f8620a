/* The stub resolver. dns_lookup_reply() decides whether octets are an answer to us at all;
 * settle() what the answer means; try_next() whom to ask instead. */
#include "protocols/dns/dns_stub.h"

#include <assert.h>
#include <string.h>

#define ALIASES_MAX 8 /* CNAMEs followed in one reply, ours */

static const struct wire_lesson class_lessons[DNS_RESULT_CLASSES] = {
    [DNS_RESULT_OK] = { "The lookup has an answer", "At least one record of the type that was asked for.",
                        "RFC 1034 section 5.2.1" },
    [DNS_RESULT_NXDOMAIN] = { "The name does not exist",
                              "Final. A mail server bounces the message with 5.1.2 instead of keeping it.",
                              "RFC 2308 section 2.1" },
    [DNS_RESULT_NODATA] = { "The name exists, but has no such record",
                            "Final for this type. After an MX question the sender goes on to A and AAAA.",
                            "RFC 2308 section 2.2" },
    [DNS_RESULT_SERVFAIL] = { "The lookup has failed for now",
                              "A server has answered, but with an error. It says nothing about the name: the "
                              "mail waits "
                              "in the queue.",
                              "RFC 5321 section 5.1" },
    [DNS_RESULT_TIMEOUT] = { "The lookup has failed: no resolver answers",
                             "All resolvers were asked, several times. Check the network, the firewall for "
                             "port 53, "
                             "and the address of the resolver.",
                             "RFC 1123 section 6.1.3.3" },
    [DNS_RESULT_MALFORMED] = { "The lookup has failed: the replies make no sense",
                               "Something that is no DNS server answers, or the replies are damaged on the "
                               "way.",
                               "RFC 1035 section 4.1" },
};

const struct wire_lesson dns_lesson_implicit_mx = {
    "No MX: the domain's own address takes the mail",
    "A domain without MX records still receives mail if it has an A or AAAA record. The sender behaves as if "
    "there "
    "were one MX with preference 0 that names the domain itself.",
    "RFC 5321 section 5.1",
};

/* Says what to send, for the current server and way. */
static void send_query(struct dns_lookup *l, uint64_t now_ns, bool tcp, struct dns_lookup_step *out)
{
    const struct dns_stub_config *c = l->config;
    uint16_t edns = c->no_edns || l->plain ? 0 : DNS_EDNS_OCTETS;
    l->state = tcp ? DNS_LOOKUP_WAIT_TCP : DNS_LOOKUP_WAIT_UDP;
    l->deadline_ns = now_ns + (c->timeout_ns ? c->timeout_ns : DNS_STUB_TIMEOUT_NS);
    out->action = tcp ? DNS_ACT_SEND_TCP : DNS_ACT_SEND_UDP;
    out->server = &c->server[l->server];
    out->query_len = dns_query_write(out->query, l->id, true, l->name.wire, l->type, edns);
}

static void finish(struct dns_lookup *l, struct dns_lookup_step *out)
{
    assert(l->state == DNS_LOOKUP_WAIT_UDP || l->state == DNS_LOOKUP_WAIT_TCP);
    l->state = DNS_LOOKUP_DONE;
    l->deadline_ns = UINT64_MAX;
    out->action = DNS_ACT_DONE;
    out->query_len = 0;
}

/* Clears what a step reports; the big arrays are left alone. */
static void begin_step(struct dns_lookup *l, struct dns_lookup_step *out)
{
    out->action = DNS_ACT_WAIT;
    out->server = &l->config->server[l->server];
    out->query_len = 0;
    out->verdict = DNS_ANSWERED;
    out->why = NULL;
}

static void blank_result(const struct dns_lookup *l, struct dns_result *res, const uint8_t *msg, size_t len)
{
    res->type = l->type;
    res->rcode = DNS_RCODE_NOERROR;
    res->authoritative = res->recursion_available = false;
    res->tcp = l->state == DNS_LOOKUP_WAIT_TCP;
    res->aliases = 0;
    res->records = 0;
    res->ttl = 0;
    res->msg = msg;
    res->len = len;
    res->canonical.len = l->name.len;
    memcpy(res->canonical.wire, l->name.wire, l->name.len);
}

/* Goes to the next server, or to the next round, or gives up. verdict, why of *out say
 * already what went wrong with the last one. */
static void try_next(struct dns_lookup *l, uint64_t now_ns, struct dns_lookup_step *out)
{
    unsigned attempts = l->config->attempts ? l->config->attempts : DNS_STUB_ATTEMPTS;
    struct dns_result *res = &out->result;
    l->plain = false;
    if (++l->server >= l->config->servers) {
        l->server = 0;
        l->attempt++;
    }
    if (l->attempt < attempts) {
        send_query(l, now_ns, l->config->always_tcp, out);
        return;
    }
    blank_result(l, res, NULL, 0);
    if (l->failure) {
        res->class_ = DNS_RESULT_SERVFAIL;
        res->verdict = (enum dns_verdict)l->failure;
    } else if (l->got_malformed) {
        res->class_ = DNS_RESULT_MALFORMED;
        res->verdict = DNS_MALFORMED;
    } else {
        res->class_ = DNS_RESULT_TIMEOUT;
        res->verdict = DNS_TIMEOUT;
    }
    res->rcode = dns_verdict_info(res->verdict)->rcode;
    finish(l, out);
}

void dns_lookup_start(struct dns_lookup *l, const struct dns_stub_config *config, const uint8_t *name,
                      uint16_t type, uint16_t id, uint64_t now_ns, struct dns_lookup_step *out)
{
    assert(config->servers > 0 && config->servers <= DNS_STUB_SERVERS_MAX);
    l->config = config;
    l->id = id;
    l->type = type;
    l->server = l->attempt = l->failure = 0;
    l->got_malformed = l->plain = false;
    dns_name_copy(&l->name, name);
    begin_step(l, out);
    out->why = dns_query_lesson(type, true);
    send_query(l, now_ns, config->always_tcp, out);
}

/* One pass over the answer: counts the records wanted at the canonical name; if there are
 * none and it is an alias, moves on to its target and returns true. */
static bool pass(struct dns_result *res, bool *malformed)
{
    struct dns_reader r;
    struct dns_record rr;
    struct dns_name target = { 0 };
    uint32_t ttl = UINT32_MAX, alias_ttl = 0;
    *malformed = !dns_reader_init(&r, res->msg, res->len);
    while (!*malformed && dns_reader_next(&r, &rr)) {
        if (rr.section != DNS_ANSWER || !dns_name_equal(rr.owner.wire, res->canonical.wire))
            continue;
        if (rr.type == res->type) {
            res->records++;
            ttl = rr.ttl < ttl ? rr.ttl : ttl;
        } else if (rr.type == DNS_TYPE_CNAME && target.len == 0) {
            dns_name_copy(&target, rr.rdata);
            alias_ttl = rr.ttl;
        }
    }
    *malformed |= r.malformed;
    if (res->records == 0 && target.len > 0) {
        res->canonical = target;
        ttl = alias_ttl;
    }
    if (ttl < res->ttl)
        res->ttl = ttl;
    return res->records == 0 && target.len > 0;
}

struct closing { /* what the rest of a reply without records says */
    bool soa, ns;
    uint32_t ttl;
};

static struct closing read_authority(const struct dns_result *res)
{
    struct closing c = { 0 };
    struct dns_reader r;
    struct dns_record rr;
    dns_reader_init(&r, res->msg, res->len);
    while (dns_reader_next(&r, &rr)) {
        if (rr.section != DNS_AUTHORITY)
            continue;
        c.ns |= rr.type == DNS_TYPE_NS;
        if (rr.type == DNS_TYPE_SOA && !c.soa) {
            struct dns_soa soa;
            dns_rdata_soa(rr.rdata, &soa);
            c.soa = true;
            c.ttl = soa.minimum_s < rr.ttl ? soa.minimum_s : rr.ttl;
        }
    }
    return c;
}

/* Gives the result its class. False: this server is of no use, ask the next. */
static bool classify(struct dns_result *res, uint16_t flags)
{
    bool malformed, more;
    res->rcode = flags & DNS_FLAG_RCODE;
    res->authoritative = (flags & DNS_FLAG_AA) != 0;
    res->recursion_available = (flags & DNS_FLAG_RA) != 0;
    res->ttl = UINT32_MAX;
    while ((more = pass(res, &malformed)) && !malformed && res->aliases < ALIASES_MAX)
        res->aliases++;
    if (malformed) {
        res->verdict = DNS_MALFORMED;
        return false;
    }
    if (more) {
        res->class_ = DNS_RESULT_SERVFAIL;
        res->verdict = DNS_LOOP;
    } else if (res->records > 0) {
        res->class_ = DNS_RESULT_OK;
        res->verdict = res->aliases                 ? DNS_ALIASED
                       : dns_result_is_null_mx(res) ? DNS_NULL_MX
                       : res->authoritative         ? DNS_ANSWERED
                                                    : DNS_RESOLVED;
    } else {
        struct closing end = read_authority(res);
        if (res->rcode == DNS_RCODE_NOERROR && end.ns && !end.soa && !res->authoritative) {
            res->verdict = DNS_REFERRAL; /* a stub cannot follow it, RFC 1123 section 6.1.3.1 */
            return false;
        }
        res->class_ = res->rcode == DNS_RCODE_NXDOMAIN ? DNS_RESULT_NXDOMAIN : DNS_RESULT_NODATA;
        res->verdict = res->rcode == DNS_RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_NODATA;
        res->ttl = end.soa && end.ttl < res->ttl ? end.ttl : res->ttl;
    }
    if (res->ttl == UINT32_MAX)
        res->ttl = 0;
    return true;
}

/* An answer to our question has arrived. */
static void settle(struct dns_lookup *l, uint64_t now_ns, const struct dns_reader *r,
                   struct dns_lookup_step *out)
{
    struct dns_result *res = &out->result;
    uint16_t rcode = r->flags & DNS_FLAG_RCODE;
    bool had_edns = !l->config->no_edns && !l->plain;
    if (r->flags & DNS_FLAG_TC && l->state == DNS_LOOKUP_WAIT_UDP) {
        out->verdict = DNS_TRUNCATED;
        out->why = dns_verdict_lesson(DNS_TRUNCATED, l->type);
        send_query(l, now_ns, true, out);
        return;
    }
    blank_result(l, res, r->msg, r->len);
    if (rcode == DNS_RCODE_NOERROR || rcode == DNS_RCODE_NXDOMAIN) {
        bool good = classify(res, r->flags);
        out->verdict = res->verdict;
        out->why = dns_verdict_lesson(out->verdict, l->type);
        if (good) {
            finish(l, out);
            return;
        }
    } else {
        out->verdict = dns_message_verdict(r->msg, r->len);
        out->why = dns_verdict_lesson(out->verdict, l->type);
        if (had_edns && (rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP)) {
            l->plain = true; /* a server from before EDNS0, RFC 6891 section 7 */
            send_query(l, now_ns, l->state == DNS_LOOKUP_WAIT_TCP, out);
            return;
        }
    }
    if (out->verdict == DNS_MALFORMED)
        l->got_malformed = true;
    else
        l->failure = (uint8_t)out->verdict;
    try_next(l, now_ns, out);
}

/* Which of our servers an address is; -1: none. */
static int server_of(const struct dns_lookup *l, const struct dns_addr *from)
{
    for (int i = 0; i < l->config->servers; i++)
        if (dns_addr_equal(&l->config->server[i], from))
            return i;
    return -1;
}

void dns_lookup_reply(struct dns_lookup *l, uint64_t now_ns, const struct dns_addr *from, uint16_t from_port,
                      bool tcp, const uint8_t *msg, size_t len, struct dns_lookup_step *out)
{
    struct dns_reader r;
    int server = server_of(l, from);
    bool waiting = l->state == (tcp ? DNS_LOOKUP_WAIT_TCP : DNS_LOOKUP_WAIT_UDP);
    bool readable = dns_reader_init(&r, msg, len);

    begin_step(l, out);
    out->verdict = DNS_MISMATCHED;
    out->why = dns_verdict_lesson(DNS_MISMATCHED, l->type);
    if (!waiting || server < 0 || from_port != DNS_PORT || len < DNS_HEADER_OCTETS || r.id != l->id ||
        !(r.flags & DNS_FLAG_QR))
        return;
    if (r.question.name && (r.question.type != l->type || r.question.qclass != DNS_CLASS_IN ||
                            !dns_name_equal(r.question.name, l->name.wire)))
        return;
    if (!r.question.name && readable && (r.flags & DNS_FLAG_RCODE) == DNS_RCODE_NOERROR)
        return; /* only a server that could not read us may leave the question out */
    l->server = (uint8_t)server;
    out->server = &l->config->server[server];
    if (!readable) {
        out->verdict = DNS_MALFORMED;
        out->why = dns_verdict_lesson(DNS_MALFORMED, l->type);
        l->got_malformed = true;
        try_next(l, now_ns, out);
        return;
    }
    settle(l, now_ns, &r, out);
}

void dns_lookup_failed(struct dns_lookup *l, uint64_t now_ns, struct dns_lookup_step *out)
{
    begin_step(l, out);
    out->verdict = DNS_TIMEOUT;
    out->why = dns_verdict_lesson(DNS_TIMEOUT, l->type);
    if (l->state == DNS_LOOKUP_WAIT_UDP || l->state == DNS_LOOKUP_WAIT_TCP)
        try_next(l, now_ns, out);
}

void dns_lookup_expire(struct dns_lookup *l, uint64_t now_ns, struct dns_lookup_step *out)
{
    if (now_ns >= l->deadline_ns) {
        dns_lookup_failed(l, now_ns, out);
        return;
    }
    begin_step(l, out);
    out->why = dns_query_lesson(l->type, true);
}

const char *dns_result_class_name(enum dns_result_class c)
{
    static const char *const names[DNS_RESULT_CLASSES] = {
        [DNS_RESULT_OK] = "OK",           [DNS_RESULT_NXDOMAIN] = "NXDOMAIN",
        [DNS_RESULT_NODATA] = "NODATA",   [DNS_RESULT_SERVFAIL] = "SERVFAIL",
        [DNS_RESULT_TIMEOUT] = "TIMEOUT", [DNS_RESULT_MALFORMED] = "MALFORMED",
    };
    assert((size_t)c < DNS_RESULT_CLASSES);
    return names[c];
}

const struct wire_lesson *dns_result_class_lesson(enum dns_result_class c)
{
    assert((size_t)c < DNS_RESULT_CLASSES);
    return &class_lessons[c];
}
