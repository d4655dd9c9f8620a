/* Addresses and their text: RFC 4291 section 2.2 in, RFC 5952 out. */
#include "sim/net/net.h"

#include "sim/net/net_host.h"
#include "sim/net/octets.h"

struct net_addr net_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct net_addr){ .b = { [10] = 0xff, [11] = 0xff, [12] = a, b, c, d } };
}

/* Four decimal numbers up to the end of the text, without leading zeros. */
static bool parse_quad(uint8_t out[4], const char *s)
{
    for (int i = 0; i < 4; i++) {
        unsigned n = 0, digits = 0;
        for (; *s >= '0' && *s <= '9'; s++, digits++) {
            n = n * 10 + (unsigned)(*s - '0');
            if (n > 255 || (digits == 1 && n < 10))
                return false;
        }
        if (digits == 0 || *s != (i < 3 ? '.' : '\0'))
            return false;
        out[i] = (uint8_t)n;
        s++;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One group of up to four hexadecimal digits; NULL: none. */
static const char *parse_group(uint8_t out[2], const char *s)
{
    unsigned n = 0, digits = 0;
    for (int d; (d = hex_digit(*s)) >= 0; s++, digits++) {
        if (digits == 4)
            return NULL;
        n = n << 4 | (unsigned)d;
    }
    net_put16(out, (uint16_t)n);
    return digits ? s : NULL;
}

static bool parse6(struct net_addr *out, const char *s)
{
    uint8_t b[16] = { 0 };
    size_t at = 0, gap = SIZE_MAX;
    if (s[0] == ':') {
        if (s[1] != ':')
            return false;
        gap = 0;
        s += 2;
    }
    while (*s) {
        const char *end;
        if (at <= 12 && (at == 12 || gap != SIZE_MAX) && parse_quad(b + at, s)) {
            at += 4;
            break;
        }
        if (at == 16 || !(end = parse_group(b + at, s)))
            return false;
        at += 2;
        s = end;
        if (*s == ':' && s[1] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = at;
            s += 2;
        } else if (*s == ':' && s[1] != '\0') {
            s++;
        } else if (*s != '\0') {
            return false;
        }
    }
    if (gap == SIZE_MAX ? at != 16 : at > 14)
        return false;
    *out = (struct net_addr){ 0 };
    if (gap == SIZE_MAX)
        gap = at;
    memcpy(out->b, b, gap);
    memcpy(out->b + 16 - (at - gap), b + gap, at - gap);
    return true;
}

bool net_addr_parse(struct net_addr *out, const char *text)
{
    uint8_t quad[4];
    if (parse_quad(quad, text)) {
        *out = net_addr4(quad[0], quad[1], quad[2], quad[3]);
        return true;
    }
    return parse6(out, text);
}

static char *put_decimal(char *s, unsigned n)
{
    if (n >= 100)
        *s++ = (char)('0' + n / 100);
    if (n >= 10)
        *s++ = (char)('0' + n / 10 % 10);
    *s++ = (char)('0' + n % 10);
    return s;
}

static char *put_hex(char *s, unsigned n)
{
    static const char digits[] = "0123456789abcdef";
    for (int shift = n > 0xfff ? 12 : n > 0xff ? 8 : n > 0xf ? 4 : 0; shift >= 0; shift -= 4)
        *s++ = digits[n >> shift & 15];
    return s;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2). */
static void longest_zeros(const struct net_addr *a, int *from, int *to)
{
    *from = *to = 0;
    for (int i = 0; i < 8; i++) {
        int end = i;
        while (end < 8 && a->b[2 * end] == 0 && a->b[2 * end + 1] == 0)
            end++;
        if (end - i >= 2 && end - i > *to - *from) {
            *from = i;
            *to = end;
        }
        if (end > i)
            i = end;
    }
}

const char *net_addr_text(const struct net_addr *a, char buf[NET_ADDR_TEXT])
{
    char *s = buf;
    int from, to;
    if (net_addr_is4(a)) {
        for (int i = 12; i < 16; i++) {
            s = put_decimal(s, a->b[i]);
            *s++ = i < 15 ? '.' : '\0';
        }
        return buf;
    }
    longest_zeros(a, &from, &to);
    for (int i = 0; i < 8; i++) {
        if (i == from && to > from) {
            *s++ = ':';
            if (to == 8)
                *s++ = ':';
            i = to - 1;
            continue;
        }
        if (i > 0)
            *s++ = ':';
        s = put_hex(s, net_get16(a->b + 2 * i));
    }
    *s = '\0';
    return buf;
}

bool net_addr_within(const struct net_addr *a, const struct net_addr *prefix, unsigned bits)
{
    if (net_addr_is4(a) != net_addr_is4(prefix))
        return false;
    if (net_addr_is4(a))
        bits += 96;
    if (memcmp(a->b, prefix->b, bits / 8) != 0)
        return false;
    return bits % 8 == 0 || (a->b[bits / 8] ^ prefix->b[bits / 8]) >> (8 - bits % 8) == 0;
}
