/* From what people write to flat rdata. Fields are split at blanks; names and numbers are
 * read by one function each, so that every type complains in the same words. */
#include "protocols/dns/dns_rdata.h"

#include <assert.h>
#include <string.h>

struct fields { /* what is left to read, and where it goes */
    const char *text;
    size_t len;
    uint8_t *out;
    size_t cap, n;
    enum dns_rdata_error error; /* the first one */
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void fail(struct fields *f, enum dns_rdata_error error)
{
    if (f->error == DNS_RDATA_OK)
        f->error = error;
}

static void put(struct fields *f, const void *octets, size_t len)
{
    if (len > f->cap - f->n) {
        fail(f, DNS_RDATA_TOO_LONG);
        return;
    }
    memcpy(f->out + f->n, octets, len);
    f->n += len;
}

static void skip_blanks(struct fields *f)
{
    while (f->len > 0 && blank(*f->text))
        f->text++, f->len--;
}

/* The next field; NULL (and an error) if there is none. */
static const char *take(struct fields *f, size_t *len)
{
    skip_blanks(f);
    const char *start = f->text;
    while (f->len > 0 && !blank(*f->text))
        f->text++, f->len--;
    *len = (size_t)(f->text - start);
    if (*len == 0)
        fail(f, DNS_RDATA_MISSING);
    return *len ? start : NULL;
}

static void put_name(struct fields *f)
{
    struct dns_name name;
    size_t len;
    const char *text = take(f, &len);
    if (!text)
        return;
    if (dns_name_from_text(&name, text, len) != DNS_NAME_OK)
        fail(f, DNS_RDATA_BAD_NAME);
    else
        put(f, name.wire, name.len);
}

static void put_number(struct fields *f, size_t octets)
{
    uint8_t wire[4];
    uint64_t value = 0, most = octets == 4 ? UINT32_MAX : UINT16_MAX;
    size_t len;
    const char *text = take(f, &len);
    if (!text)
        return;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || value > most)
            goto bad;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    if (value > most)
        goto bad;
    dns_put32(wire, (uint32_t)value);
    put(f, wire + 4 - octets, octets);
    return;
bad:
    fail(f, DNS_RDATA_BAD_NUMBER);
}

static void put_address(struct fields *f, uint8_t family)
{
    struct dns_addr addr;
    size_t len;
    const char *text = take(f, &len);
    if (!text)
        return;
    if (!dns_addr_from_text(&addr, text, len) || addr.family != family)
        fail(f, DNS_RDATA_BAD_ADDRESS);
    else
        put(f, addr.ip, family == 4 ? 4 : 16);
}

static void put_string(struct fields *f, const char *text, size_t len)
{
    uint8_t count = (uint8_t)len;
    assert(len <= 255);
    put(f, &count, 1);
    put(f, text, len);
}

/* "..." with \" and \\ and \DDD. f->text stands behind the opening quote. */
static void put_quoted(struct fields *f)
{
    char string[255];
    size_t n = 0;
    for (;;) {
        if (f->len == 0) {
            fail(f, DNS_RDATA_BAD_STRING);
            return;
        }
        char c = *f->text++;
        f->len--;
        if (c == '"')
            break;
        if (c == '\\' && f->len > 0) {
            c = *f->text++;
            f->len--;
            if (c >= '0' && c <= '9') {
                int value = f->len < 2 ? 256 : (c - '0') * 100 + (f->text[0] - '0') * 10 + (f->text[1] - '0');
                if (value < 0 || value > 255) {
                    fail(f, DNS_RDATA_BAD_STRING);
                    return;
                }
                f->text += 2, f->len -= 2;
                c = (char)value;
            }
        }
        if (n == sizeof string) {
            fail(f, DNS_RDATA_BAD_STRING);
            return;
        }
        string[n++] = c;
    }
    put_string(f, string, n);
}

/* Either one text as it is, cut into strings of 255 octets, or quoted strings. */
static void put_strings(struct fields *f)
{
    skip_blanks(f);
    if (f->len == 0 || *f->text != '"') {
        do {
            size_t len = f->len < 255 ? f->len : 255;
            put_string(f, f->text, len);
            f->text += len, f->len -= len;
        } while (f->len > 0);
        return;
    }
    while (f->len > 0 && f->error == DNS_RDATA_OK) {
        if (*f->text != '"') {
            fail(f, DNS_RDATA_BAD_STRING);
            return;
        }
        f->text++, f->len--;
        put_quoted(f);
        skip_blanks(f);
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \# LENGTH HEX (RFC 3597 section 5). */
static void put_unknown(struct fields *f)
{
    size_t len, before = f->n;
    uint8_t declared[2];
    const char *mark = take(f, &len);
    if (!mark)
        return;
    if (len != 2 || memcmp(mark, "\\#", 2) != 0) {
        fail(f, DNS_RDATA_NO_SYNTAX);
        return;
    }
    put_number(f, 2);
    if (f->error != DNS_RDATA_OK)
        return;
    f->n = before;
    memcpy(declared, f->out + f->n, 2);
    skip_blanks(f);
    while (f->len > 0) {
        const char *hex = take(f, &len);
        for (size_t i = 0; i < len; i += 2) {
            int high = hex_value(hex[i]), low = i + 1 < len ? hex_value(hex[i + 1]) : -1;
            uint8_t octet = (uint8_t)(high << 4 | low);
            if (high < 0 || low < 0) {
                fail(f, DNS_RDATA_BAD_HEX);
                return;
            }
            put(f, &octet, 1);
        }
        skip_blanks(f);
    }
    if (f->n - before != dns_get16(declared))
        fail(f, DNS_RDATA_BAD_HEX);
}

enum dns_rdata_error dns_rdata_from_text(uint16_t type, const char *text, size_t len, uint8_t *out,
                                         size_t cap, size_t *out_len)
{
    struct fields f = { .text = text, .len = len, .out = out, .cap = cap < UINT16_MAX ? cap : UINT16_MAX };
    switch (type) {
    case DNS_TYPE_A:
        put_address(&f, 4);
        break;
    case DNS_TYPE_AAAA:
        put_address(&f, 6);
        break;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
    case DNS_TYPE_DNAME:
        put_name(&f);
        break;
    case DNS_TYPE_MX:
        put_number(&f, 2);
        put_name(&f);
        break;
    case DNS_TYPE_SRV:
        put_number(&f, 2);
        put_number(&f, 2);
        put_number(&f, 2);
        put_name(&f);
        break;
    case DNS_TYPE_SOA:
        put_name(&f);
        put_name(&f);
        for (int i = 0; i < 5; i++)
            put_number(&f, 4);
        break;
    case DNS_TYPE_TXT:
        put_strings(&f);
        break;
    default:
        put_unknown(&f);
        break;
    }
    skip_blanks(&f);
    if (f.len > 0)
        fail(&f, DNS_RDATA_TRAILING);
    *out_len = f.n;
    assert(f.error != DNS_RDATA_OK || dns_rdata_check(type, out, f.n));
    return f.error;
}

const char *dns_rdata_error_text(enum dns_rdata_error error)
{
    static const char *const text[] = {
        [DNS_RDATA_OK] = "fine",
        [DNS_RDATA_BAD_NAME] = "not a domain name: parts of at most 63 octets, 255 in all, with single dots",
        [DNS_RDATA_BAD_ADDRESS] =
            "not an address of this type: A wants 198.51.100.10, AAAA wants 2001:db8::10",
        [DNS_RDATA_BAD_NUMBER] = "not a number this field can hold",
        [DNS_RDATA_BAD_STRING] = "a quoted string does not end, or is longer than 255 octets",
        [DNS_RDATA_BAD_HEX] = "not hexadecimal, or not as many octets as announced: \\# 3 010203",
        [DNS_RDATA_MISSING] = "a field is missing: MX wants \"10 mx.example.org\"",
        [DNS_RDATA_TRAILING] = "there is more text than this type has fields",
        [DNS_RDATA_TOO_LONG] = "the record is too long",
        [DNS_RDATA_NO_SYNTAX] = "this type is written as \\# LENGTH HEX (RFC 3597)",
    };
    assert((size_t)error < DNS_RDATA_ERRORS);
    return text[error];
}
