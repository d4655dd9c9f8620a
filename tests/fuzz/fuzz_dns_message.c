/*
 * A DNS message from anywhere: read, shown, and written again.
 *
 * Input: the message.
 */
#include "protocols/dns/dns_text.h"
#include "protocols/dns/dns_verdict.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t len, size_t cap)
{
    HOLDS(len < cap && text[len] == '\0' && strlen(text) == len);
    for (size_t i = 0; i < len; i++)
        HOLDS((text[i] >= 0x20 && text[i] < 0x7f) || text[i] == '\n' || text[i] == '\t');
}

static void check_record(const struct dns_record *rr)
{
    static char text[4096];
    char cut[9];
    HOLDS(rr->section < DNS_SECTIONS);
    HOLDS(dns_name_check(rr->owner.wire, rr->owner.len) == rr->owner.len);
    HOLDS(rr->type == 41 || rr->ttl <= 0x7fffffff);
    HOLDS(rr->type == 41 || dns_rdata_check(rr->type, rr->rdata, rr->rdlen));
    check_text(text, dns_text_rdata(text, sizeof text, rr->type, rr->rdata, rr->rdlen), sizeof text);
    check_text(cut, dns_text_rdata(cut, sizeof cut, rr->type, rr->rdata, rr->rdlen), sizeof cut);
    check_text(text,
               dns_text_record(text, sizeof text, rr->owner.wire, rr->ttl, rr->rclass, rr->type, rr->rdata,
                               rr->rdlen),
               sizeof text);
    if (rr->type == 16) {
        char *joined = malloc(rr->rdlen + 1u);
        HOLDS(joined && dns_rdata_txt(rr->rdata, rr->rdlen, joined, rr->rdlen + 1u) <= rr->rdlen);
        free(joined);
    }
    if (rr->type == 41) {
        struct dns_edns edns;
        dns_record_edns(rr, &edns);
    } else {
        const uint8_t *name = dns_rdata_name(rr->type, rr->rdata);
        if (name)
            HOLDS(dns_name_check(name, DNS_NAME_MAX) > 0);
    }
}

/* What was read is written with compression, and read again: it must be the same. */
static void write_again(const uint8_t *msg, size_t len)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    static struct dns_record a, b;
    struct dns_reader r, again;
    struct dns_writer w;
    size_t n;
    bool fits = true;
    HOLDS(dns_reader_init(&r, msg, len));
    dns_writer_init(&w, out, sizeof out, r.id, r.flags);
    if (r.question.name)
        HOLDS(dns_writer_question(&w, r.question.name, r.question.type, r.question.qclass));
    while (fits && dns_reader_next(&r, &a))
        fits = dns_writer_record(&w, a.section, a.owner.wire, a.type, a.rclass, a.ttl, a.rdata, a.rdlen);
    n = dns_writer_finish(&w);
    HOLDS(n <= sizeof out);
    if (!fits)
        return;
    HOLDS(dns_reader_init(&r, msg, len) && dns_reader_init(&again, out, n));
    while (dns_reader_next(&r, &a)) {
        HOLDS(dns_reader_next(&again, &b));
        HOLDS(a.section == b.section && a.type == b.type && a.rclass == b.rclass && a.ttl == b.ttl);
        HOLDS(dns_name_equal(a.owner.wire, b.owner.wire) && a.rdlen == b.rdlen);
    }
    HOLDS(!dns_reader_next(&again, &b) && !again.malformed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[65536];
    static struct dns_record rr;
    struct dns_reader r;
    uint8_t *msg = (uint8_t *)fuzz_exact(data, size);
    size_t records = 0, told = 0;
    bool good = dns_reader_init(&r, msg, size);
    HOLDS(good != r.malformed);
    if (good) {
        for (int s = DNS_ANSWER; s < DNS_SECTIONS; s++)
            told += r.count[s];
        while (dns_reader_next(&r, &rr)) {
            records++;
            check_record(&rr);
        }
        HOLDS(r.malformed || (records == told && r.at == size));
        if (!r.malformed)
            write_again(msg, size);
    }
    check_text(text, dns_text_line(text, DNS_TEXT_LINE_MAX, msg, size), DNS_TEXT_LINE_MAX);
    check_text(text, dns_text_dig(text, sizeof text, msg, size), sizeof text);
    check_text(text, dns_text_line(text, 5, msg, size), 5);
    {
        struct dns_name name;
        size_t n = dns_name_check(msg, size);
        if (n > 0) { /* a name as text, and back */
            char shown[DNS_NAME_TEXT_MAX];
            size_t shown_len = dns_name_to_text(msg, shown, sizeof shown);
            HOLDS(shown_len < sizeof shown);
            HOLDS(dns_name_from_text(&name, shown, shown_len) == DNS_NAME_OK);
            HOLDS(name.len == n && memcmp(name.wire, msg, n) == 0);
        }
        if (dns_name_from_text(&name, (const char *)msg, size) == DNS_NAME_OK)
            HOLDS(dns_name_check(name.wire, name.len) == name.len);
    }
    free(msg);
    return 0;
}
