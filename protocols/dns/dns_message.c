/* Reading messages, and looking into flat rdata. Everything that a peer can get wrong is
 * found here, once: behind dns_reader_next() rdata has the shape its type demands. */
#include "protocols/dns/dns_message.h"

#include <assert.h>
#include <string.h>

#define MX_FIXED  2  /* octets before the name, RFC 1035 section 3.3.9 */
#define SRV_FIXED 6  /* RFC 2782 */
#define SOA_FIXED 20 /* five numbers behind the two names, RFC 1035 section 3.3.13 */

bool dns_addr_equal(const struct dns_addr *a, const struct dns_addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16) == 0;
}

bool dns_reader_init(struct dns_reader *r, const uint8_t *msg, size_t len)
{
    r->msg = msg;
    r->len = len;
    r->question = (struct dns_question){ 0 };
    r->malformed = true;
    r->section = DNS_QUESTION;
    r->left = 0;
    r->id = r->flags = 0;
    memset(r->count, 0, sizeof r->count);
    if (len < DNS_HEADER_OCTETS)
        return false;
    r->id = dns_get16(msg);
    r->flags = dns_get16(msg + 2);
    for (int i = 0; i < DNS_SECTIONS; i++)
        r->count[i] = dns_get16(msg + 4 + 2 * i);
    r->at = DNS_HEADER_OCTETS;
    if (r->count[DNS_QUESTION] > 1)
        return false;
    if (r->count[DNS_QUESTION] == 1) {
        size_t name = dns_name_check(msg + r->at, len - r->at);
        if (name == 0 || r->at + name + 4 > len)
            return false;
        r->question.name = msg + r->at;
        r->question.type = dns_get16(msg + r->at + name);
        r->question.qclass = dns_get16(msg + r->at + name + 2);
        r->at += name + 4;
    }
    r->malformed = false;
    return true;
}

/* The rdata of types that hold names: fixed octets, names, fixed octets, to flat form. */
static bool flatten(const struct dns_reader *r, struct dns_record *rr, size_t before, unsigned names,
                    size_t behind)
{
    struct dns_name name;
    size_t end = r->at + rr->rdlen, at = r->at + before, n = before;
    if (at > end)
        return false;
    memcpy(rr->flat, r->msg + r->at, before);
    while (names-- > 0) {
        at = dns_name_read(&name, r->msg, end, at);
        if (at == 0)
            return false;
        memcpy(rr->flat + n, name.wire, name.len);
        n += name.len;
    }
    if (at + behind != end)
        return false;
    memcpy(rr->flat + n, r->msg + at, behind);
    rr->rdata = rr->flat;
    rr->rdlen = (uint16_t)(n + behind);
    return true;
}

static bool strings_fit(const uint8_t *rdata, size_t rdlen)
{
    size_t at = 0;
    while (at < rdlen)
        at += rdata[at] + 1u;
    return rdlen > 0 && at == rdlen;
}

static bool options_fit(const uint8_t *rdata, size_t rdlen)
{
    size_t at = 0;
    while (at + 4 <= rdlen)
        at += 4 + (size_t)dns_get16(rdata + at + 2);
    return at == rdlen;
}

/* Checks rdata in its message and makes it flat. r->at stands at its first octet. */
static bool take_rdata(const struct dns_reader *r, struct dns_record *rr)
{
    rr->rdata = r->msg + r->at;
    switch (rr->type) {
    case DNS_TYPE_A:
        return rr->rdlen == 4;
    case DNS_TYPE_AAAA:
        return rr->rdlen == 16;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_DNAME:
        return flatten(r, rr, 0, 1, 0);
    case DNS_TYPE_MX:
        return flatten(r, rr, MX_FIXED, 1, 0);
    case DNS_TYPE_SRV:
        return flatten(r, rr, SRV_FIXED, 1, 0);
    case DNS_TYPE_SOA:
        return flatten(r, rr, 0, 2, SOA_FIXED);
    case DNS_TYPE_TXT:
        return strings_fit(rr->rdata, rr->rdlen);
    case DNS_TYPE_OPT:
        return rr->owner.len == 1 && options_fit(rr->rdata, rr->rdlen);
    default:
        return true;
    }
}

bool dns_reader_next(struct dns_reader *r, struct dns_record *rr)
{
    size_t at;
    if (r->malformed)
        return false;
    while (r->left == 0) {
        if (r->section == DNS_ADDITIONAL) {
            r->malformed = r->at != r->len;
            return false;
        }
        r->left = r->count[++r->section];
    }
    r->malformed = true;
    at = dns_name_read(&rr->owner, r->msg, r->len, r->at);
    if (at == 0 || at + 10 > r->len)
        return false;
    rr->section = (enum dns_section)r->section;
    rr->type = dns_get16(r->msg + at);
    rr->rclass = dns_get16(r->msg + at + 2);
    rr->ttl = dns_get32(r->msg + at + 4);
    rr->rdlen = dns_get16(r->msg + at + 8);
    r->at = at + 10;
    if (rr->rdlen > r->len - r->at)
        return false;
    if (rr->ttl >> 31 && rr->type != DNS_TYPE_OPT)
        rr->ttl = 0; /* RFC 2181 section 8 */
    size_t end = r->at + rr->rdlen;
    if (!take_rdata(r, rr))
        return false;
    r->at = end;
    r->left--;
    r->malformed = false;
    return true;
}

/* ---- flat rdata ---- */

static bool names_fit(const uint8_t *rdata, size_t rdlen, size_t before, unsigned names, size_t behind)
{
    size_t at = before;
    if (rdlen < before)
        return false;
    while (names-- > 0) {
        size_t len = dns_name_check(rdata + at, rdlen - at);
        if (len == 0)
            return false;
        at += len;
    }
    return at + behind == rdlen;
}

bool dns_rdata_check(uint16_t type, const uint8_t *rdata, size_t rdlen)
{
    if (rdlen > UINT16_MAX)
        return false;
    switch (type) {
    case DNS_TYPE_A:
        return rdlen == 4;
    case DNS_TYPE_AAAA:
        return rdlen == 16;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_DNAME:
        return names_fit(rdata, rdlen, 0, 1, 0);
    case DNS_TYPE_MX:
        return names_fit(rdata, rdlen, MX_FIXED, 1, 0);
    case DNS_TYPE_SRV:
        return names_fit(rdata, rdlen, SRV_FIXED, 1, 0);
    case DNS_TYPE_SOA:
        return names_fit(rdata, rdlen, 0, 2, SOA_FIXED);
    case DNS_TYPE_TXT:
        return strings_fit(rdata, rdlen);
    default:
        return true;
    }
}

bool dns_rdata_addr(uint16_t type, const uint8_t *rdata, struct dns_addr *out)
{
    if (type != DNS_TYPE_A && type != DNS_TYPE_AAAA)
        return false;
    *out = (struct dns_addr){ .family = type == DNS_TYPE_A ? 4 : 6 };
    memcpy(out->ip, rdata, type == DNS_TYPE_A ? 4 : 16);
    return true;
}

const uint8_t *dns_rdata_name(uint16_t type, const uint8_t *rdata)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_DNAME:
        return rdata;
    case DNS_TYPE_MX:
        return rdata + MX_FIXED;
    case DNS_TYPE_SRV:
        return rdata + SRV_FIXED;
    default:
        return NULL;
    }
}

uint16_t dns_rdata_mx_preference(const uint8_t *rdata)
{
    return dns_get16(rdata);
}

bool dns_rdata_is_null_mx(const uint8_t *rdata, size_t rdlen)
{
    return rdlen == MX_FIXED + 1 && dns_get16(rdata) == 0 && rdata[MX_FIXED] == 0;
}

void dns_rdata_soa(const uint8_t *rdata, struct dns_soa *out)
{
    out->mname = rdata;
    out->rname = rdata + dns_name_len(rdata);
    const uint8_t *number = out->rname + dns_name_len(out->rname);
    out->serial = dns_get32(number);
    out->refresh_s = dns_get32(number + 4);
    out->retry_s = dns_get32(number + 8);
    out->expire_s = dns_get32(number + 12);
    out->minimum_s = dns_get32(number + 16);
}

void dns_rdata_srv(const uint8_t *rdata, struct dns_srv *out)
{
    out->priority = dns_get16(rdata);
    out->weight = dns_get16(rdata + 2);
    out->port = dns_get16(rdata + 4);
    out->target = rdata + SRV_FIXED;
}

size_t dns_rdata_txt(const uint8_t *rdata, size_t rdlen, char *out, size_t cap)
{
    size_t n = 0;
    assert(cap > 0);
    for (size_t at = 0; at < rdlen; at += rdata[at] + 1u) {
        size_t len = rdata[at], room = n < cap - 1 ? cap - 1 - n : 0;
        memcpy(out + (n < cap ? n : cap - 1), rdata + at + 1, len < room ? len : room);
        n += len;
    }
    out[n < cap ? n : cap - 1] = '\0';
    return n;
}

void dns_record_edns(const struct dns_record *opt, struct dns_edns *out)
{
    assert(opt->type == DNS_TYPE_OPT);
    out->udp_octets = opt->rclass;
    out->rcode_high = (uint8_t)(opt->ttl >> 24);
    out->version = (uint8_t)(opt->ttl >> 16);
    out->dnssec_ok = (opt->ttl & 0x8000) != 0;
}
