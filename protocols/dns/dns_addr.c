/* Addresses as text, and the names under which their owners' names are found. */
#include "protocols/dns/dns_rdata.h"

#include <assert.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_v4(uint8_t ip[4], const char *text, size_t len)
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        unsigned value = 0, count = 0;
        while (at < len && text[at] >= '0' && text[at] <= '9' && count < 4) {
            value = value * 10 + (unsigned)(text[at++] - '0');
            count++;
        }
        if (count == 0 || value > 255 || (count > 1 && text[at - count] == '0'))
            return false;
        ip[i] = (uint8_t)value;
        if (i < 3 && (at >= len || text[at++] != '.'))
            return false;
    }
    return at == len;
}

/* Groups of up to four hex digits; one "::" for a run of zeros; perhaps a dotted tail. */
static bool parse_v6(uint8_t ip[16], const char *text, size_t len)
{
    size_t at = 0, n = 0, gap = SIZE_MAX;
    if (len >= 2 && text[0] == ':' && text[1] == ':')
        gap = 0, at = 2;
    while (at < len) {
        unsigned value = 0;
        size_t start = at;
        while (at < len && at - start < 5 && hex_digit(text[at]) >= 0)
            value = value << 4 | (unsigned)hex_digit(text[at++]);
        if (at < len && text[at] == '.') {
            if (n > 12 || !parse_v4(ip + n, text + start, len - start))
                return false;
            n += 4;
            break;
        }
        if (at == start || at - start > 4 || n > 14)
            return false;
        dns_put16(ip + n, value);
        n += 2;
        if (at == len)
            break;
        if (text[at++] != ':' || at == len)
            return false;
        if (text[at] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = n;
            at++;
        }
    }
    if (gap == SIZE_MAX)
        return n == 16;
    if (n > 14)
        return false;
    memmove(ip + 16 - (n - gap), ip + gap, n - gap);
    memset(ip + gap, 0, 16 - n);
    return true;
}

bool dns_addr_from_text(struct dns_addr *out, const char *text, size_t len)
{
    *out = (struct dns_addr){ 0 };
    if (memchr(text, ':', len)) {
        out->family = 6;
        return parse_v6(out->ip, text, len);
    }
    out->family = 4;
    return parse_v4(out->ip, text, len);
}

static size_t put_decimal(char *out, unsigned value)
{
    size_t n = 0;
    if (value >= 100)
        out[n++] = (char)('0' + value / 100);
    if (value >= 10)
        out[n++] = (char)('0' + value / 10 % 10);
    out[n++] = (char)('0' + value % 10);
    return n;
}

size_t dns_addr_to_text(const struct dns_addr *addr, char out[DNS_ADDR_TEXT_MAX])
{
    size_t n = 0, run_at = 8, run = 1; /* the longest run of two or more zero groups */
    if (addr->family != 6) {
        for (int i = 0; i < 4; i++) {
            n += put_decimal(out + n, addr->ip[i]);
            out[n++] = '.';
        }
        out[--n] = '\0';
        return n;
    }
    for (size_t i = 0; i < 8; i++) {
        size_t zeros = 0;
        while (i + zeros < 8 && dns_get16(addr->ip + 2 * (i + zeros)) == 0)
            zeros++;
        if (zeros > run)
            run = zeros, run_at = i;
    }
    for (size_t i = 0; i < 8; i++) {
        if (i == run_at) {
            out[n++] = ':';
            i += run - 1;
            if (i == 7)
                out[n++] = ':';
            continue;
        }
        if (i > 0)
            out[n++] = ':';
        unsigned value = dns_get16(addr->ip + 2 * i);
        for (int shift = 12; shift >= 0; shift -= 4)
            if (value >> shift || shift == 0)
                out[n++] = digits[value >> shift & 15];
    }
    out[n] = '\0';
    assert(n < DNS_ADDR_TEXT_MAX);
    return n;
}

static const uint8_t v4_zone[] = "\007in-addr\004arpa";
static const uint8_t v6_zone[] = "\003ip6\004arpa";

void dns_reverse_name(const struct dns_addr *addr, struct dns_name *out)
{
    size_t n = 0;
    if (addr->family == 4) {
        for (int i = 3; i >= 0; i--) {
            size_t len = put_decimal((char *)out->wire + n + 1, addr->ip[i]);
            out->wire[n] = (uint8_t)len;
            n += len + 1;
        }
        memcpy(out->wire + n, v4_zone, sizeof v4_zone);
        n += sizeof v4_zone;
    } else {
        for (int i = 15; i >= 0; i--)
            for (int shift = 0; shift <= 4; shift += 4) {
                out->wire[n++] = 1;
                out->wire[n++] = (uint8_t)digits[addr->ip[i] >> shift & 15];
            }
        memcpy(out->wire + n, v6_zone, sizeof v6_zone);
        n += sizeof v6_zone;
    }
    out->len = (uint8_t)n;
}

bool dns_reverse_addr(const uint8_t *name, struct dns_addr *out)
{
    unsigned labels = dns_name_labels(name);
    *out = (struct dns_addr){ 0 };
    if (labels == 6 && dns_name_is_below(name, v4_zone)) {
        out->family = 4;
        for (int i = 3; i >= 0; i--, name += *name + 1) {
            unsigned value = 0;
            if (*name == 0 || *name > 3)
                return false;
            for (unsigned k = 1; k <= *name; k++) {
                if (name[k] < '0' || name[k] > '9')
                    return false;
                value = value * 10 + (name[k] - (unsigned)'0');
            }
            if (value > 255)
                return false;
            out->ip[i] = (uint8_t)value;
        }
        return true;
    }
    if (labels == 34 && dns_name_is_below(name, v6_zone)) {
        out->family = 6;
        for (int i = 0; i < 32; i++, name += 2) {
            int value = *name == 1 ? hex_digit((char)name[1]) : -1;
            if (value < 0)
                return false;
            out->ip[15 - i / 2] = (uint8_t)(out->ip[15 - i / 2] | value << (i % 2 * 4));
        }
        return true;
    }
    return false;
}
