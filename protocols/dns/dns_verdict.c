/* How questions end, in words; and judging a message from its octets alone. */
#include "protocols/dns/dns_verdict.h"

#include <assert.h>

static const struct dns_verdict_info verdicts[DNS_VERDICTS] = {
    [DNS_ANSWERED] = { "ANSWERED",
                       DNS_RCODE_NOERROR,
                       { "The zone's own server answers",
                         "AA is set: this comes from the data itself, not from someone's memory.",
                         "RFC 1034 section 4.3.2" } },
    [DNS_ALIASED] = { "ALIASED",
                      DNS_RCODE_NOERROR,
                      { "The name is an alias, and the answer follows the alias",
                        "A CNAME points from the name asked for to another one. If the records of that name "
                        "are not in "
                        "the reply as well, the resolver asks for them next.",
                        "RFC 1034 section 3.6.2" } },
    [DNS_WILDCARD] = { "WILDCARD",
                       DNS_RCODE_NOERROR,
                       { "A wildcard answers for a name that does not exist",
                         "The zone has a record at * and makes the answer from it. The reply looks like any "
                         "other: "
                         "from outside nobody can tell.",
                         "RFC 4592 section 3.3" } },
    [DNS_CACHED] = { "CACHED",
                     DNS_RCODE_NOERROR,
                     { "The resolver answers from its cache",
                       "Someone has asked before, and the TTL has not run out: no other server hears of this "
                       "question. The TTL in the answer is what is left of it.",
                       "RFC 1034 section 5.3.3" } },
    [DNS_RESOLVED] = { "RESOLVED",
                       DNS_RCODE_NOERROR,
                       { "The resolver brings the answer",
                         "It has done the walk from server to server. AA is not set, because the data is not "
                         "its own; "
                         "RA says that it does this for its clients.",
                         "RFC 1034 section 4.3.1" } },
    [DNS_REFERRAL] = { "REFERRAL",
                       DNS_RCODE_NOERROR,
                       { "The server does not know, but says who does",
                         "It names the servers of the zone below, and gives their addresses as glue where it "
                         "must. "
                         "The resolver asks one of them the same question.",
                         "RFC 1034 section 4.3.2" } },
    [DNS_NODATA] = { "NODATA",
                     DNS_RCODE_NOERROR,
                     { "The name exists, but has no record of this type",
                       "NOERROR and an empty answer. The SOA record says for how long that may be "
                       "remembered.",
                       "RFC 2308 section 2.2" } },
    [DNS_NXDOMAIN] = { "NXDOMAIN",
                       DNS_RCODE_NXDOMAIN,
                       { "The name does not exist, with any type",
                         "A definite no from the zone itself. Asking again is useless until the time in the "
                         "SOA "
                         "record has passed, so a mail server bounces the message.",
                         "RFC 2308 section 2.1" } },
    [DNS_NODATA_CACHED] = { "NODATA_CACHED",
                            DNS_RCODE_NOERROR,
                            { "The resolver remembers: no record of this type",
                              "Also a \"no\" has a time to live. If the record has been added in the "
                              "meantime, this "
                              "resolver does not see it yet.",
                              "RFC 2308 section 5" } },
    [DNS_NXDOMAIN_CACHED] = { "NXDOMAIN_CACHED",
                              DNS_RCODE_NXDOMAIN,
                              { "The resolver remembers: no such name",
                                "It asks nobody until the time from the SOA record has passed. Whoever looks "
                                "up a name "
                                "before making it has to wait that long.",
                                "RFC 2308 section 5" } },
    [DNS_NULL_MX] = { "NULL_MX",
                      DNS_RCODE_NOERROR,
                      { "The domain says that it takes no mail",
                        "Its only MX is a dot with preference 0. The sender bounces the message at once, "
                        "with "
                        "status 5.1.10.",
                        "RFC 7505 section 3" } },
    [DNS_TRUNCATED] = { "TRUNCATED",
                        DNS_RCODE_NOERROR,
                        { "The reply does not fit: TC says ask again over TCP",
                          "A datagram has a limit, 512 octets or what EDNS0 offers. Only whole sets of "
                          "records are "
                          "sent; the client asks again over TCP, where 65535 octets fit.",
                          "RFC 7766 section 5" } },
    [DNS_FORMERR] = { "FORMERR",
                      DNS_RCODE_FORMERR,
                      { "The server cannot read the query",
                        "The octets break the format of RFC 1035. The fault is with the sender, or something "
                        "on the way "
                        "has changed the message.",
                        "RFC 1035 section 4.1.1" } },
    [DNS_SERVFAIL] = { "SERVFAIL",
                       DNS_RCODE_SERVFAIL,
                       { "The server could not find out",
                         "No statement about the name: perhaps all servers of the zone are down. Mail stays "
                         "in the "
                         "queue, and the lookup is tried again later.",
                         "RFC 1035 section 4.1.1" } },
    [DNS_NOTIMP] = { "NOTIMP",
                     DNS_RCODE_NOTIMP,
                     { "The server does not do this kind of request",
                       "It answers ordinary questions only. STATUS, NOTIFY and UPDATE need a server made for "
                       "them.",
                       "RFC 1035 section 4.1.1" } },
    [DNS_REFUSED] = { "REFUSED",
                      DNS_RCODE_REFUSED,
                      { "The server refuses to answer",
                        "It does not serve this zone, or does not serve this client. From a server that the "
                        "parent "
                        "zone names, it shows a broken delegation.",
                        "RFC 1035 section 4.1.1" } },
    [DNS_BADVERS] = { "BADVERS",
                      DNS_RCODE_BADVERS,
                      { "The server does not speak this version of EDNS",
                        "It names the highest version it knows, which is 0. The client asks again with that.",
                        "RFC 6891 section 6.1.3" } },
    [DNS_DROPPED] = { "DROPPED",
                      DNS_RCODE_NOERROR,
                      { "The server stays silent",
                        "The message is no query, or a fault is set for this name. To the client silence and "
                        "a lost "
                        "packet look the same: it waits and asks again.",
                        "RFC 1034 section 5.3.3" } },
    [DNS_TIMEOUT] = { "TIMEOUT",
                      DNS_RCODE_SERVFAIL,
                      { "Nobody has answered in time",
                        "UDP does not say whether the question or the answer was lost, or whether the server "
                        "is down. "
                        "The next server is asked; after the last round the lookup fails for now, not "
                        "forever.",
                        "RFC 1123 section 6.1.3.3" } },
    [DNS_MALFORMED] = { "MALFORMED",
                        DNS_RCODE_SERVFAIL,
                        { "The reply cannot be read",
                          "A length, a count or a compression pointer is wrong. Nothing of it is used: "
                          "guessing what "
                          "was meant is how parsers get broken into.",
                          "RFC 1035 section 4.1" } },
    [DNS_MISMATCHED] = { "MISMATCHED",
                         DNS_RCODE_NOERROR,
                         { "A reply that nobody waits for is ignored",
                           "Address, port, id and question must be those of an open query. It is a late "
                           "duplicate, or "
                           "someone tries to be faster than the real server with a forged answer.",
                           "RFC 5452 section 4" } },
    [DNS_LAME] = { "LAME",
                   DNS_RCODE_SERVFAIL,
                   { "The server named for the zone does not serve it",
                     "A lame delegation: the parent's NS records point to a server that knows nothing of the "
                     "zone. "
                     "The resolver goes on to the next server.",
                     "RFC 1912 section 2.8" } },
    [DNS_LOOP] = { "LOOP",
                   DNS_RCODE_SERVFAIL,
                   { "Aliases lead in a circle, or too far",
                     "One CNAME points to the next without an end. After eight of them the lookup fails; the "
                     "owner "
                     "of the zone must mend it.",
                     "RFC 1034 section 5.2.2" } },
};

/* Words for one type; the first row that fits is used. */
static const struct type_row {
    enum dns_verdict verdict;
    uint16_t type;
    struct wire_lesson why;
} type_rows[] = {
    { DNS_ANSWERED,
      DNS_TYPE_MX,
      { "The zone names the hosts that take its mail",
        "Lowest preference first; equal ones share the load. The sender now needs the addresses of these "
        "hosts, "
        "which are often in the additional section already.",
        "RFC 5321 section 5.1" } },
    { DNS_ANSWERED,
      DNS_TYPE_A,
      { "The zone gives the IPv4 addresses of the name",
        "Now a connection can be opened. If there are several addresses, the client tries the next one when "
        "the "
        "first does not answer.",
        "RFC 1035 section 3.4.1" } },
    { DNS_ANSWERED,
      DNS_TYPE_AAAA,
      { "The zone gives the IPv6 addresses of the name",
        "Clients with IPv6 usually try these before the IPv4 addresses.", "RFC 3596 section 2.1" } },
    { DNS_ANSWERED,
      DNS_TYPE_TXT,
      { "The zone gives the text records of the name",
        "The text begins with what it is for: v=spf1, v=DKIM1, v=DMARC1. Records with another beginning are "
        "passed over.",
        "RFC 1035 section 3.3.14" } },
    { DNS_ANSWERED,
      DNS_TYPE_PTR,
      { "The address's owner says which name it has",
        "Anyone can write any name there. Only if that name leads back to the same address does it prove "
        "something.",
        "RFC 1912 section 2.1" } },
    { DNS_ANSWERED,
      DNS_TYPE_NS,
      { "The zone names its own servers",
        "They should be the ones that the parent zone names too. Differences make lookups fail now and then.",
        "RFC 1034 section 4.2.2" } },
    { DNS_ANSWERED,
      DNS_TYPE_SOA,
      { "The zone shows its SOA record",
        "Secondary servers compare the serial number with theirs and copy the zone when it has grown.",
        "RFC 1035 section 3.3.13" } },
    { DNS_ANSWERED,
      DNS_TYPE_SRV,
      { "The zone gives host and port of the service",
        "Lowest priority first; weights share the load among equals. A dot as host says: no such service "
        "here.",
        "RFC 2782" } },
    { DNS_RESOLVED,
      DNS_TYPE_MX,
      { "The resolver brings the hosts that take the mail",
        "Lowest preference first. The same question from the next client is answered from the cache, until "
        "the TTL "
        "has run out.",
        "RFC 5321 section 5.1" } },
    { DNS_RESOLVED,
      DNS_TYPE_A,
      { "The resolver brings the IPv4 addresses",
        "What took several servers now lives in the cache, until the TTL has run out.",
        "RFC 1034 section 5.3.3" } },
    { DNS_RESOLVED,
      DNS_TYPE_PTR,
      { "The resolver brings the name of the address",
        "The receiving server looks next whether this name leads back to the same address.",
        "RFC 1912 section 2.1" } },
    { DNS_CACHED,
      DNS_TYPE_MX,
      { "The resolver remembers where the mail goes",
        "It asks nobody. If the domain has moved its mail a minute ago, this answer is still the old one, "
        "until "
        "its TTL has run out.",
        "RFC 1034 section 5.3.3" } },
    { DNS_NODATA,
      DNS_TYPE_MX,
      { "The domain exists, but has no MX record",
        "Then the sender asks for its A and AAAA records and delivers there: the implicit MX. A null MX "
        "would "
        "have forbidden it.",
        "RFC 5321 section 5.1" } },
    { DNS_NODATA,
      DNS_TYPE_AAAA,
      { "The name has no IPv6 address",
        "Quite ordinary: the client goes on with IPv4. Answering NXDOMAIN here would be a grave mistake, for "
        "it "
        "would deny the A record too.",
        "RFC 4074 section 4.2" } },
    { DNS_NODATA,
      DNS_TYPE_TXT,
      { "The name has no text records",
        "For SPF that means \"none\": the domain says nothing about who may send in its name.",
        "RFC 7208 section 4.5" } },
    { DNS_NODATA,
      DNS_TYPE_PTR,
      { "The address has no name",
        "Nothing forbids it, but many mail servers refuse or suspect mail from an address without a PTR "
        "record.",
        "RFC 1912 section 2.1" } },
    { DNS_NXDOMAIN,
      DNS_TYPE_MX,
      { "The domain does not exist: its mail must bounce",
        "Usually a typing error in the address. The answer is final, so the sender does not look for an A "
        "record, "
        "and does not wait.",
        "RFC 5321 section 5.1" } },
    { DNS_NXDOMAIN,
      DNS_TYPE_PTR,
      { "The address has no name",
        "Nobody has published a PTR record for it. Many mail servers refuse or suspect mail from there.",
        "RFC 1912 section 2.1" } },
    { DNS_NXDOMAIN,
      DNS_TYPE_TXT,
      { "There are no text records, nor such a name",
        "For SPF, DKIM and DMARC that means: nothing published.", "RFC 7208 section 4.3" } },
    { DNS_SERVFAIL,
      DNS_TYPE_MX,
      { "The lookup of the mail hosts fails for now",
        "Nothing is known, so nothing may be assumed: the sender keeps the message and must not fall back to "
        "the "
        "A record.",
        "RFC 5321 section 5.1" } },
};

static const struct query_row {
    uint16_t type; /* 0: any other */
    struct wire_lesson stub, server;
} query_rows[] = {
    { DNS_TYPE_MX,
      { "A client asks which hosts take mail for a domain",
        "The part after the @ is a domain, not a host. RD is set: the resolver shall do the whole search.",
        "RFC 5321 section 5.1" },
      { "The resolver asks a server for the domain's mail hosts",
        "RD is not set: the server shall answer from its own zones, or refer to the zone below.",
        "RFC 1034 section 5.3.3" } },
    { DNS_TYPE_A,
      { "A client asks for the IPv4 address of a name",
        "Packets carry addresses, not names, so this comes before every connection.",
        "RFC 1035 section 3.4.1" },
      { "The resolver asks a server for an IPv4 address",
        "The full name goes to each server on the way down, although the root needs only its end.",
        "RFC 1034 section 5.3.3" } },
    { DNS_TYPE_AAAA,
      { "A client asks for the IPv6 address of a name",
        "A question has one type only, so A and AAAA are asked for separately.", "RFC 3596 section 2.1" },
      { "The resolver asks a server for an IPv6 address",
        "The question is an ordinary one; it may well travel over IPv4.", "RFC 3596 section 2.1" } },
    { DNS_TYPE_TXT,
      { "A client asks for the text records of a name",
        "Receiving mail servers look for SPF at the domain, DKIM keys at selector._domainkey, DMARC at "
        "_dmarc.",
        "RFC 1035 section 3.3.14" },
      { "The resolver asks a server for text records",
        "The answers are often long: keys and lists of addresses. EDNS0 or TCP carries them.",
        "RFC 1034 section 5.3.3" } },
    { DNS_TYPE_PTR,
      { "A client asks which name belongs to an address",
        "The address is turned around and put under in-addr.arpa or ip6.arpa. Mail servers do it for each "
        "stranger that connects.",
        "RFC 1035 section 3.5" },
      { "The resolver asks a server for the name of an address",
        "Reverse names are delegated along with the addresses, from the root through arpa to the provider.",
        "RFC 1034 section 5.3.3" } },
    { DNS_TYPE_NS,
      { "A client asks which servers a zone has",
        "People do this to check a delegation; mail programs do not need it.", "RFC 1035 section 3.3.11" },
      { "The resolver asks a server for the servers of a zone",
        "Usually it learns them from referrals, without asking.", "RFC 1034 section 5.3.3" } },
    { DNS_TYPE_CNAME,
      { "A client asks whether a name is an alias",
        "Resolvers follow aliases by themselves, so this question is rare.", "RFC 1034 section 3.6.2" },
      { "The resolver asks a server whether a name is an alias",
        "Only the CNAME itself is wanted here, not what it leads to.", "RFC 1034 section 3.6.2" } },
    { 0,
      { "A client asks its resolver a question",
        "A name, a type and RD: please find out, however many servers that takes.",
        "RFC 1034 section 4.3.1" },
      { "The resolver asks a server a question",
        "RD is not set: the server answers from its own zones, or refers to the zone below.",
        "RFC 1034 section 5.3.3" } },
};

#define TYPE_ROWS  (sizeof type_rows / sizeof type_rows[0])
#define QUERY_ROWS (sizeof query_rows / sizeof query_rows[0])

const struct dns_verdict_info *dns_verdict_info(enum dns_verdict verdict)
{
    assert((size_t)verdict < DNS_VERDICTS);
    return &verdicts[verdict];
}

const struct wire_lesson *dns_query_lesson(uint16_t type, bool recursion)
{
    const struct query_row *row = query_rows;
    while (row->type != 0 && row->type != type)
        row++;
    return recursion ? &row->stub : &row->server;
}

const struct wire_lesson *dns_verdict_lesson(enum dns_verdict verdict, uint16_t type)
{
    assert((size_t)verdict < DNS_VERDICTS);
    for (size_t i = 0; i < TYPE_ROWS; i++)
        if (type_rows[i].verdict == verdict && type_rows[i].type == type)
            return &type_rows[i].why;
    return &verdicts[verdict].why;
}

const struct wire_lesson *dns_lesson_at(size_t i)
{
    if (i < DNS_VERDICTS)
        return &verdicts[i].why;
    i -= DNS_VERDICTS;
    if (i < TYPE_ROWS)
        return &type_rows[i].why;
    i -= TYPE_ROWS;
    if (i < 2 * QUERY_ROWS)
        return i % 2 ? &query_rows[i / 2].server : &query_rows[i / 2].stub;
    return NULL;
}

struct contents { /* what a reply holds, as far as its verdict depends on it */
    bool answer, alias, null_mx, ns, soa;
    uint16_t rcode;
};

static bool look_through(struct dns_reader *r, struct contents *c)
{
    struct dns_record rr;
    *c = (struct contents){ .rcode = r->flags & DNS_FLAG_RCODE };
    while (dns_reader_next(r, &rr)) {
        if (rr.type == DNS_TYPE_OPT) {
            struct dns_edns edns;
            dns_record_edns(&rr, &edns);
            c->rcode = (uint16_t)(c->rcode | edns.rcode_high << 4);
        } else if (rr.section == DNS_ANSWER) {
            bool wanted = rr.type == r->question.type || r->question.type == DNS_TYPE_ANY;
            c->answer |= wanted;
            c->alias |= !wanted && rr.type == DNS_TYPE_CNAME;
            c->null_mx |= wanted && rr.type == DNS_TYPE_MX && dns_rdata_is_null_mx(rr.rdata, rr.rdlen);
        } else if (rr.section == DNS_AUTHORITY) {
            c->ns |= rr.type == DNS_TYPE_NS;
            c->soa |= rr.type == DNS_TYPE_SOA;
        }
    }
    return !r->malformed;
}

enum dns_verdict dns_message_verdict(const uint8_t *msg, size_t len)
{
    struct dns_reader r;
    struct contents c;
    if (!dns_reader_init(&r, msg, len))
        return DNS_MALFORMED;
    if (!(r.flags & DNS_FLAG_QR))
        return DNS_DROPPED;
    if (r.flags & DNS_FLAG_TC)
        return DNS_TRUNCATED;
    if (!look_through(&r, &c))
        return DNS_MALFORMED;
    switch (c.rcode) {
    case DNS_RCODE_NOERROR:
        break;
    case DNS_RCODE_FORMERR:
        return DNS_FORMERR;
    case DNS_RCODE_NXDOMAIN:
        return DNS_NXDOMAIN;
    case DNS_RCODE_NOTIMP:
        return DNS_NOTIMP;
    case DNS_RCODE_REFUSED:
        return DNS_REFUSED;
    case DNS_RCODE_BADVERS:
        return DNS_BADVERS;
    default:
        return DNS_SERVFAIL;
    }
    if (c.null_mx)
        return DNS_NULL_MX;
    if (c.alias)
        return DNS_ALIASED;
    if (c.answer)
        return r.flags & DNS_FLAG_AA ? DNS_ANSWERED : DNS_RESOLVED;
    return c.ns && !c.soa && !(r.flags & DNS_FLAG_AA) ? DNS_REFERRAL : DNS_NODATA;
}

const struct wire_lesson *dns_message_lesson(const uint8_t *msg, size_t len)
{
    struct dns_reader r;
    enum dns_verdict verdict = dns_message_verdict(msg, len);
    dns_reader_init(&r, msg, len);
    if (verdict == DNS_DROPPED)
        return dns_query_lesson(r.question.type, (r.flags & DNS_FLAG_RD) != 0);
    return dns_verdict_lesson(verdict, r.question.type);
}
