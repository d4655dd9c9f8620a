/* Messages as text. All writing goes through put(), which never passes the end. */
#include "protocols/dns/dns_text.h"

#include <assert.h>
#include <string.h>

#include "protocols/dns/dns_rdata.h"

#define LINE_ANSWERS 4 /* records shown in one line before "+3 more" */
#define LINE_EXTRAS  3

struct text {
    char *out;
    size_t cap, n;
};

static void put(struct text *t, const char *s, size_t len)
{
    size_t room = t->cap - 1 - t->n;
    len = len < room ? len : room;
    memcpy(t->out + t->n, s, len);
    t->n += len;
}

static void put_str(struct text *t, const char *s)
{
    put(t, s, strlen(s));
}

static void put_number(struct text *t, uint32_t value)
{
    char digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    put(t, digits + at, sizeof digits - at);
}

static void put_name(struct text *t, const uint8_t *name, bool dot)
{
    char buf[DNS_NAME_TEXT_MAX];
    put(t, buf, dns_name_to_text(name, buf, sizeof buf));
    if (dot && *name)
        put_str(t, ".");
}

static void put_type(struct text *t, uint16_t type)
{
    char buf[DNS_CODE_TEXT_MAX];
    put_str(t, dns_type_text(type, buf));
}

static void put_strings(struct text *t, const uint8_t *rdata, size_t rdlen)
{
    for (size_t at = 0; at < rdlen; at += rdata[at] + 1u) {
        put_str(t, at ? " \"" : "\"");
        for (unsigned i = 1; i <= rdata[at]; i++) {
            uint8_t c = rdata[at + i];
            char escaped[4] = { '\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
                                (char)('0' + c % 10) };
            if (c == '"' || c == '\\') {
                escaped[1] = (char)c;
                put(t, escaped, 2);
            } else if (c >= ' ' && c < 127) {
                put(t, (const char *)&rdata[at + i], 1);
            } else {
                put(t, escaped, 4);
            }
        }
        put_str(t, "\"");
    }
}

static void put_hex(struct text *t, const uint8_t *rdata, size_t rdlen)
{
    static const char digits[] = "0123456789abcdef";
    put_str(t, "\\# ");
    put_number(t, (uint32_t)rdlen);
    if (rdlen > 0)
        put_str(t, " ");
    for (size_t i = 0; i < rdlen; i++) {
        char pair[2] = { digits[rdata[i] >> 4], digits[rdata[i] & 15] };
        put(t, pair, 2);
    }
}

static void put_rdata(struct text *t, uint16_t type, const uint8_t *rdata, size_t rdlen, bool dot)
{
    struct dns_addr addr;
    char buf[DNS_ADDR_TEXT_MAX];
    if (type != DNS_TYPE_OPT && !dns_rdata_check(type, rdata, rdlen)) {
        put_hex(t, rdata, rdlen);
        return;
    }
    switch (type) {
    case DNS_TYPE_A:
    case DNS_TYPE_AAAA:
        dns_rdata_addr(type, rdata, &addr);
        put(t, buf, dns_addr_to_text(&addr, buf));
        break;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_DNAME:
        put_name(t, rdata, dot);
        break;
    case DNS_TYPE_MX:
        put_number(t, dns_rdata_mx_preference(rdata));
        put_str(t, " ");
        put_name(t, dns_rdata_name(type, rdata), dot);
        break;
    case DNS_TYPE_SRV:
        for (int i = 0; i < 6; i += 2) {
            put_number(t, dns_get16(rdata + i));
            put_str(t, " ");
        }
        put_name(t, dns_rdata_name(type, rdata), dot);
        break;
    case DNS_TYPE_SOA: {
        struct dns_soa soa;
        dns_rdata_soa(rdata, &soa);
        uint32_t number[] = { soa.serial, soa.refresh_s, soa.retry_s, soa.expire_s, soa.minimum_s };
        put_name(t, soa.mname, dot);
        put_str(t, " ");
        put_name(t, soa.rname, dot);
        for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
            put_str(t, " ");
            put_number(t, number[i]);
        }
        break;
    }
    case DNS_TYPE_TXT:
        put_strings(t, rdata, rdlen);
        break;
    default:
        put_hex(t, rdata, rdlen);
        break;
    }
}

static struct text open_text(char *out, size_t cap)
{
    assert(cap > 0);
    return (struct text){ .out = out, .cap = cap };
}

static size_t close_text(struct text *t)
{
    t->out[t->n] = '\0';
    return t->n;
}

size_t dns_text_rdata(char *out, size_t cap, uint16_t type, const uint8_t *rdata, size_t rdlen)
{
    struct text t = open_text(out, cap);
    put_rdata(&t, type, rdata, rdlen, false);
    return close_text(&t);
}

static void put_record(struct text *t, const uint8_t *owner, uint32_t ttl, uint16_t rclass, uint16_t type,
                       const uint8_t *rdata, size_t rdlen)
{
    char buf[DNS_CODE_TEXT_MAX];
    put_name(t, owner, true);
    put_str(t, " ");
    put_number(t, ttl);
    put_str(t, " ");
    put_str(t, dns_class_text(rclass, buf));
    put_str(t, " ");
    put_type(t, type);
    put_str(t, " ");
    put_rdata(t, type, rdata, rdlen, true);
}

size_t dns_text_record(char *out, size_t cap, const uint8_t *owner, uint32_t ttl, uint16_t rclass,
                       uint16_t type, const uint8_t *rdata, size_t rdlen)
{
    struct text t = open_text(out, cap);
    put_record(&t, owner, ttl, rclass, type, rdata, rdlen);
    return close_text(&t);
}

size_t dns_text_question(char *out, size_t cap, const uint8_t *name, uint16_t type)
{
    struct text t = open_text(out, cap);
    put_type(&t, type);
    put_str(&t, " ");
    put_name(&t, name, false);
    return close_text(&t);
}

size_t dns_text_cache(char *out, size_t cap, const struct dns_cache_entry *entry)
{
    struct text t = open_text(out, cap);
    const uint8_t *rdata;
    uint16_t rdlen;
    size_t at = 0;
    if (entry->kind == DNS_CACHE_NXDOMAIN)
        put_str(&t, "NXDOMAIN ");
    if (entry->kind == DNS_CACHE_NODATA)
        put_str(&t, "NODATA ");
    if (entry->kind != DNS_CACHE_NXDOMAIN) {
        put_type(&t, entry->type);
        put_str(&t, " ");
    }
    put_name(&t, entry->name, false);
    while ((rdata = dns_cache_record(entry, &at, &rdlen)) != NULL) {
        put_str(&t, at == 2 + (size_t)rdlen ? ": " : "; ");
        put_rdata(&t, entry->type, rdata, rdlen, false);
    }
    put_str(&t, ", ");
    put_number(&t, entry->left_s);
    put_str(&t, " s left");
    return close_text(&t);
}

/* ---- one line ---- */

struct shown { /* what a line has shown so far */
    unsigned answers, hidden, extras;
    uint32_t ttl, negative_ttl;
    bool soa, ns;
    struct dns_name cut;
};

static void line_record(struct text *t, struct shown *s, const struct dns_record *rr)
{
    bool referral = s->ns && s->answers == 0;
    if (rr->section == DNS_ANSWER) {
        s->ttl = s->answers == 0 || rr->ttl < s->ttl ? rr->ttl : s->ttl;
        if (s->answers++ >= LINE_ANSWERS) {
            s->hidden++;
            return;
        }
    } else if (rr->section == DNS_AUTHORITY) {
        if (rr->type == DNS_TYPE_SOA && rr->rclass == DNS_CLASS_IN) {
            struct dns_soa soa;
            dns_rdata_soa(rr->rdata, &soa);
            s->soa = true;
            s->negative_ttl = soa.minimum_s < rr->ttl ? soa.minimum_s : rr->ttl;
            return;
        }
        if (rr->type != DNS_TYPE_NS || s->answers > 0)
            return;
        if (!s->ns) {
            put_str(t, "referral to ");
            put_name(t, rr->owner.wire, false);
            put_str(t, ": ");
        }
        if (s->ns)
            put_str(t, "; ");
        s->ns = true;
        put_str(t, "NS ");
        put_rdata(t, rr->type, rr->rdata, rr->rdlen, false);
        return;
    } else if (rr->type == DNS_TYPE_OPT || (s->answers == 0 && !referral) || s->extras++ >= LINE_EXTRAS) {
        return;
    }
    if (s->answers + s->extras > 1 || referral)
        put_str(t, "; ");
    put_type(t, rr->type);
    put_str(t, " ");
    put_rdata(t, rr->type, rr->rdata, rr->rdlen, false);
}

static void line_reply(struct text *t, struct dns_reader *r)
{
    char buf[DNS_CODE_TEXT_MAX];
    struct shown s = { 0 };
    struct dns_record rr;
    uint16_t rcode = r->flags & DNS_FLAG_RCODE;
    bool aa = (r->flags & DNS_FLAG_AA) != 0;

    if (rcode != DNS_RCODE_NOERROR)
        put_str(t, dns_rcode_text(rcode, buf));
    while (dns_reader_next(r, &rr)) {
        if (rcode != DNS_RCODE_NOERROR && rr.section == DNS_ANSWER && s.answers == 0)
            put_str(t, "; ");
        line_record(t, &s, &rr);
    }
    if (s.hidden > 0) {
        put_str(t, "; +");
        put_number(t, s.hidden);
        put_str(t, " more");
    }
    if (rcode == DNS_RCODE_NOERROR && s.answers == 0 && !s.ns)
        put_str(t, r->flags & DNS_FLAG_TC ? "truncated" : "NODATA");
    if (aa)
        put_str(t, " (aa)");
    if (r->flags & DNS_FLAG_TC)
        put_str(t, " (tc), ask again over TCP");
    if (s.answers > 0) {
        put_str(t, " ttl ");
        put_number(t, s.ttl);
    } else if (s.soa) {
        put_str(t, rcode == DNS_RCODE_NXDOMAIN ? ", no such name for " : ", no such record for ");
        put_number(t, s.negative_ttl);
        put_str(t, " s");
    }
    if (r->malformed)
        put_str(t, " (malformed)");
}

size_t dns_text_line(char *out, size_t cap, const uint8_t *msg, size_t len)
{
    struct text t = open_text(out, cap);
    struct dns_reader r;
    if (!dns_reader_init(&r, msg, len)) {
        put_str(&t, "malformed");
    } else if (r.flags & DNS_FLAG_QR) {
        line_reply(&t, &r);
    } else if (r.question.name) {
        put_type(&t, r.question.type);
        put_str(&t, "? ");
        put_name(&t, r.question.name, false);
    } else {
        put_str(&t, "a query without a question");
    }
    return close_text(&t);
}

/* ---- as dig prints ---- */

static void dig_flags(struct text *t, const struct dns_reader *r)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } flags[] = {
        { DNS_FLAG_QR, " qr" }, { DNS_FLAG_AA, " aa" }, { DNS_FLAG_TC, " tc" }, { DNS_FLAG_RD, " rd" },
        { DNS_FLAG_RA, " ra" }, { DNS_FLAG_AD, " ad" }, { DNS_FLAG_CD, " cd" },
    };
    static const char *const counts[] = { "; QUERY: ", ", ANSWER: ", ", AUTHORITY: ", ", ADDITIONAL: " };
    put_str(t, ";; flags:");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (r->flags & flags[i].bit)
            put_str(t, flags[i].name);
    for (int i = 0; i < DNS_SECTIONS; i++) {
        put_str(t, counts[i]);
        put_number(t, r->count[i]);
    }
    put_str(t, "\n");
}

static void dig_header(struct text *t, const struct dns_reader *r, uint16_t rcode)
{
    char buf[DNS_CODE_TEXT_MAX];
    uint16_t number = (r->flags & DNS_FLAG_OPCODE) >> 11;
    const struct dns_code *opcode = dns_code_find(DNS_TABLE_OPCODE, number);
    put_str(t, ";; ->>HEADER<<- opcode: ");
    if (opcode)
        put_str(t, opcode->name);
    else
        put_number(t, number);
    put_str(t, ", status: ");
    put_str(t, dns_rcode_text(rcode, buf));
    put_str(t, ", id: ");
    put_number(t, r->id);
    put_str(t, "\n");
    dig_flags(t, r);
}

/* The rcode with its upper bits, and the OPT record's line. */
static uint16_t dig_edns(const struct dns_reader *r, struct dns_edns *edns, bool *found)
{
    struct dns_reader in = *r;
    struct dns_record rr;
    uint16_t rcode = r->flags & DNS_FLAG_RCODE;
    *found = false;
    while (dns_reader_next(&in, &rr))
        if (rr.type == DNS_TYPE_OPT) {
            dns_record_edns(&rr, edns);
            *found = true;
            rcode = (uint16_t)((rcode & DNS_FLAG_RCODE) | edns->rcode_high << 4);
        }
    return rcode;
}

size_t dns_text_dig(char *out, size_t cap, const uint8_t *msg, size_t len)
{
    static const char *const titles[] = { "", "\n;; ANSWER SECTION:\n", "\n;; AUTHORITY SECTION:\n",
                                          "\n;; ADDITIONAL SECTION:\n" };
    struct text t = open_text(out, cap);
    char buf[DNS_CODE_TEXT_MAX];
    struct dns_reader r;
    struct dns_record rr;
    struct dns_edns edns;
    bool has_edns;
    enum dns_section section = DNS_QUESTION;

    if (!dns_reader_init(&r, msg, len)) {
        put_str(&t, ";; malformed message\n");
        return close_text(&t);
    }
    dig_header(&t, &r, dig_edns(&r, &edns, &has_edns));
    if (has_edns) {
        put_str(&t, ";; EDNS: version ");
        put_number(&t, edns.version);
        put_str(&t, edns.dnssec_ok ? ", flags: do, udp: " : ", flags:, udp: ");
        put_number(&t, edns.udp_octets);
        put_str(&t, "\n");
    }
    if (r.question.name) {
        put_str(&t, "\n;; QUESTION SECTION:\n;");
        put_name(&t, r.question.name, true);
        put_str(&t, " ");
        put_str(&t, dns_class_text(r.question.qclass, buf));
        put_str(&t, " ");
        put_type(&t, r.question.type);
        put_str(&t, "\n");
    }
    while (dns_reader_next(&r, &rr)) {
        if (rr.type == DNS_TYPE_OPT)
            continue;
        if (rr.section != section)
            put_str(&t, titles[section = rr.section]);
        put_record(&t, rr.owner.wire, rr.ttl, rr.rclass, rr.type, rr.rdata, rr.rdlen);
        put_str(&t, "\n");
    }
    if (r.malformed)
        put_str(&t, ";; malformed from here on\n");
    return close_text(&t);
}
