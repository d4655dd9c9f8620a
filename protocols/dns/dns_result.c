/* Reading the records out of a finished lookup. Its reply has been checked already. */
#include "protocols/dns/dns_stub.h"

#include <assert.h>
#include <string.h>

static bool open_result(const struct dns_result *res, struct dns_reader *r)
{
    return res->msg && res->class_ == DNS_RESULT_OK && dns_reader_init(r, res->msg, res->len);
}

/* The next record of the type asked for at the canonical name. */
static bool next_record(const struct dns_result *res, struct dns_reader *r, struct dns_record *rr)
{
    while (dns_reader_next(r, rr))
        if (rr->section == DNS_ANSWER && rr->type == res->type &&
            dns_name_equal(rr->owner.wire, res->canonical.wire))
            return true;
    return false;
}

size_t dns_result_addresses(const struct dns_result *res, struct dns_addr *out, size_t cap)
{
    struct dns_reader r;
    struct dns_record rr;
    size_t n = 0;
    if (!open_result(res, &r))
        return 0;
    while (n < cap && next_record(res, &r, &rr) && dns_rdata_addr(rr.type, rr.rdata, &out[n]))
        n++;
    return n;
}

/* Puts a host in its place among those of lower and equal preference; the worst one falls
 * off the end when there is no room. */
static size_t insert_mx(struct dns_mx *out, size_t n, size_t cap, const uint8_t *rdata)
{
    uint16_t preference = dns_rdata_mx_preference(rdata);
    size_t at = n;
    while (at > 0 && out[at - 1].preference > preference)
        at--;
    if (at == cap)
        return n;
    size_t moved = (n < cap ? n : cap - 1) - at;
    memmove(&out[at + 1], &out[at], moved * sizeof out[0]);
    out[at].preference = preference;
    dns_name_copy(&out[at].exchange, dns_rdata_name(DNS_TYPE_MX, rdata));
    return n < cap ? n + 1 : n;
}

static void mix_equals(struct dns_mx *mx, size_t n, uint32_t (*random)(void *), void *host)
{
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && mx[end].preference == mx[first].preference;)
            end++;
        for (size_t i = end - 1; i > first; i--) {
            size_t k = first + random(host) % (i - first + 1);
            struct dns_mx other = mx[k];
            mx[k] = mx[i];
            mx[i] = other;
        }
    }
}

size_t dns_result_mx(const struct dns_result *res, uint32_t (*random)(void *), void *host, struct dns_mx *out,
                     size_t cap)
{
    struct dns_reader r;
    struct dns_record rr;
    size_t n = 0;
    if (res->type != DNS_TYPE_MX || !open_result(res, &r))
        return 0;
    while (next_record(res, &r, &rr))
        n = insert_mx(out, n, cap, rr.rdata);
    if (random)
        mix_equals(out, n, random, host);
    return n;
}

size_t dns_result_extra(const struct dns_result *res, const uint8_t *name, struct dns_addr *out, size_t cap)
{
    struct dns_reader r;
    struct dns_record rr;
    size_t n = 0;
    if (!open_result(res, &r))
        return 0;
    while (n < cap && dns_reader_next(&r, &rr))
        if (rr.section == DNS_ADDITIONAL && dns_name_equal(rr.owner.wire, name) &&
            dns_rdata_addr(rr.type, rr.rdata, &out[n]))
            n++;
    return n;
}

bool dns_result_is_null_mx(const struct dns_result *res)
{
    struct dns_reader r;
    struct dns_record rr;
    return res->type == DNS_TYPE_MX && res->records == 1 && res->msg &&
           dns_reader_init(&r, res->msg, res->len) && next_record(res, &r, &rr) &&
           dns_rdata_is_null_mx(rr.rdata, rr.rdlen);
}

size_t dns_result_txt(const struct dns_result *res, size_t i, char *out, size_t cap)
{
    struct dns_reader r;
    struct dns_record rr;
    if (res->type != DNS_TYPE_TXT || !open_result(res, &r))
        return SIZE_MAX;
    do
        if (!next_record(res, &r, &rr))
            return SIZE_MAX;
    while (i-- > 0);
    return dns_rdata_txt(rr.rdata, rr.rdlen, out, cap);
}

bool dns_result_name(const struct dns_result *res, size_t i, struct dns_name *out)
{
    struct dns_reader r;
    struct dns_record rr;
    if (!open_result(res, &r))
        return false;
    do
        if (!next_record(res, &r, &rr))
            return false;
    while (i-- > 0);
    const uint8_t *name = dns_rdata_name(rr.type, rr.rdata);
    if (!name)
        return false;
    dns_name_copy(out, name);
    return true;
}
