/* Mailbox names: modified UTF-7 (RFC 3501 section 5.1.3), which is what the store keeps, and UTF-8. */
#include "protocols/imap/imap_parse.h"

#include "protocols/wire/utf8.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int value_of(char c)
{
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

static bool is_direct(uint32_t point)
{
    return point >= 0x20 && point <= 0x7e;
}

/* C0, DEL and C1: no character that a person can see in a list of folders. */
static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

struct units { /* UTF-16 units read out of "&...-" */
    const char *at, *end;
    uint32_t bits;
    unsigned have;
};

static bool next_unit(struct units *u, uint32_t *unit)
{
    while (u->have < 16) {
        int v = u->at < u->end ? value_of(*u->at) : -1;
        if (v < 0)
            return false;
        u->bits = u->bits << 6 | (uint32_t)v;
        u->have += 6;
        u->at++;
    }
    u->have -= 16;
    *unit = u->bits >> u->have & 0xffff;
    u->bits &= (1u << u->have) - 1;
    return true;
}

/* One character; false at the end or at a surrogate without its other half. */
static bool next_point(struct units *u, uint32_t *point)
{
    uint32_t low;
    if (!next_unit(u, point) || (*point >= 0xdc00 && *point <= 0xdfff))
        return false;
    if (*point < 0xd800 || *point > 0xdbff)
        return true;
    if (!next_unit(u, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* "&...-" at the front of s, its octets, and its characters as UTF-8 (dst NULL: only looked at). 0:
 * malformed. */
static size_t take_shifted(struct wire_slice s, char *dst, size_t cap, size_t *written)
{
    const char *close = memchr(s.at, '-', s.len);
    struct units u = { s.at + 1, close, 0, 0 };
    uint32_t point;
    size_t n = 0;
    *written = 0;
    if (close == NULL || close == s.at + 1)
        return 0;
    while ((size_t)(u.end - u.at) * 6 + u.have >= 16) {
        char text[WIRE_UTF8_MAX];
        size_t len;
        if (!next_point(&u, &point) || is_direct(point) || is_control(point))
            return 0;
        len = wire_utf8_put(text, point);
        if (dst != NULL && n + len <= cap)
            memcpy(dst + n, text, len);
        n += len;
    }
    if (n == 0 || u.at < u.end || u.bits != 0 || (dst != NULL && n > cap))
        return 0; /* what is left over is padding, and that is zeros (RFC 2152) */
    *written = n;
    return (size_t)(close + 1 - s.at);
}

bool imap_name_is_mutf7(struct wire_slice name)
{
    bool shifted = false; /* the octets before were "&...-" of letters */
    for (size_t i = 0; i < name.len;) {
        size_t ignored, n;
        if (name.at[i] != '&') {
            if (!is_direct((unsigned char)name.at[i]))
                return false;
            shifted = false;
            i++;
        } else if (i + 1 < name.len && name.at[i + 1] == '-') {
            shifted = false;
            i += 2;
        } else {
            n = take_shifted(wire_slice(name.at + i, name.len - i), NULL, 0, &ignored);
            if (n == 0 || shifted) /* two in a row would be a second spelling of one */
                return false;
            shifted = true;
            i += n;
        }
    }
    return true;
}

size_t imap_name_to_utf8(char *dst, size_t cap, struct wire_slice name)
{
    size_t out = 0;
    for (size_t i = 0; i < name.len && out < cap;) {
        size_t n = 0, written = 0;
        if (name.at[i] == '&' && i + 1 < name.len && name.at[i + 1] == '-') {
            dst[out++] = '&';
            i += 2;
            continue;
        }
        if (name.at[i] == '&')
            n = take_shifted(wire_slice(name.at + i, name.len - i), dst + out, cap - out, &written);
        if (n == 0)
            dst[out++] = name.at[i++];
        out += written;
        i += n;
    }
    return out;
}

struct writer {
    char *dst;
    size_t cap, n;
    uint32_t bits;
    unsigned have;
    bool shifted;
};

static void put(struct writer *w, char c)
{
    if (w->n < w->cap)
        w->dst[w->n] = c;
    w->n++;
}

static void put_unit(struct writer *w, uint32_t unit)
{
    w->bits = w->bits << 16 | unit;
    w->have += 16;
    while (w->have >= 6) {
        w->have -= 6;
        put(w, letters[w->bits >> w->have & 0x3f]);
        w->bits &= (1u << w->have) - 1;
    }
}

static void shift(struct writer *w, bool into)
{
    if (w->shifted == into)
        return;
    if (!into && w->have > 0)
        put(w, letters[w->bits << (6 - w->have) & 0x3f]);
    put(w, into ? '&' : '-');
    w->bits = w->have = 0;
    w->shifted = into;
}

size_t imap_name_to_mutf7(char *dst, size_t cap, struct wire_slice utf8)
{
    struct writer w = { dst, cap, 0, 0, 0, false };
    for (size_t i = 0; i < utf8.len;) {
        uint32_t point;
        size_t n = wire_utf8_decode(utf8.at + i, utf8.len - i, &point);
        if (n == 0 || is_control(point))
            return 0;
        i += n;
        shift(&w, !is_direct(point));
        if (is_direct(point)) {
            put(&w, (char)point);
            if (point == '&')
                put(&w, '-');
        } else if (point >= 0x10000) {
            put_unit(&w, 0xd800 + ((point - 0x10000) >> 10));
            put_unit(&w, 0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            put_unit(&w, point);
        }
    }
    shift(&w, false);
    return w.n;
}
