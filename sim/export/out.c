/* Buffered output, numbers and encodings, and the octets of strangers. */
#include "sim/export/out.h"

#include <errno.h>

int export_out_flush(struct export_out *o, bool through)
{
    if (o->file && o->len > 0) {
        if (o->error == 0 && fwrite(o->at, 1, o->len, o->file) != o->len)
            o->error = errno ? errno : EIO;
        if (o->error == 0)
            o->written += o->len;
        o->len = 0;
    }
    if (o->file && through && o->error == 0 && fflush(o->file) != 0)
        o->error = errno ? errno : EIO;
    return o->error;
}

int export_out_close(struct export_out *o)
{
    if (!o->file)
        return o->error;
    export_out_flush(o, true);
    if (o->file != stdout && fclose(o->file) != 0 && o->error == 0)
        o->error = errno ? errno : EIO;
    o->file = NULL;
    return o->error;
}

void export_put_slow(struct export_out *o, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > 0) {
        size_t n = o->cap - o->len;
        if (n == 0) {
            if (!o->file)
                return;
            export_out_flush(o, false);
            continue;
        }
        if (n > len)
            n = len;
        memcpy(o->at + o->len, from, n);
        o->len += n;
        from += n;
        len -= n;
    }
}

void export_put_u64(struct export_out *o, uint64_t n)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    export_put(o, at, (size_t)(digits + sizeof digits - at));
}

void export_put_i64(struct export_out *o, int64_t n)
{
    if (n < 0) {
        export_put_char(o, '-');
        export_put_u64(o, (uint64_t)0 - (uint64_t)n);
    } else {
        export_put_u64(o, (uint64_t)n);
    }
}

void export_put_2(struct export_out *o, unsigned n)
{
    export_put_char(o, (char)('0' + n / 10 % 10));
    export_put_char(o, (char)('0' + n % 10));
}

void export_put_hex(struct export_out *o, const void *bytes, size_t len)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    char piece[128];

    while (len > 0) {
        size_t n = len < sizeof piece / 2 ? len : sizeof piece / 2;
        for (size_t i = 0; i < n; i++) {
            piece[2 * i] = digit[b[i] >> 4];
            piece[2 * i + 1] = digit[b[i] & 15];
        }
        export_put(o, piece, 2 * n);
        b += n;
        len -= n;
    }
}

void export_put_base64(struct export_out *o, const void *bytes, size_t len)
{
    static const char letter[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;

    for (; len > 0; b += 3, len = len > 3 ? len - 3 : 0) {
        uint32_t bits = (uint32_t)b[0] << 16;
        char group[4];
        if (len > 1)
            bits |= (uint32_t)b[1] << 8;
        if (len > 2)
            bits |= b[2];
        group[0] = letter[bits >> 18 & 63];
        group[1] = letter[bits >> 12 & 63];
        group[2] = len > 1 ? letter[bits >> 6 & 63] : '=';
        group[3] = len > 2 ? letter[bits & 63] : '=';
        export_put(o, group, 4);
    }
}

const char *export_ip4_text(const uint8_t ip[4], char buf[EXPORT_ADDR_MAX])
{
    snprintf(buf, EXPORT_ADDR_MAX, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
    return buf;
}

/* RFC 5952 section 4: lower case, no leading zeros, "::" for the longest run of two or more zero groups,
 * the first one among equals. */
const char *export_ip6_text(const uint8_t ip[16], char buf[EXPORT_ADDR_MAX])
{
    unsigned group[8];
    int best = -1, best_len = 1;
    size_t n = 0;

    for (int i = 0; i < 8; i++)
        group[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && group[i + run] == 0)
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
        i += run;
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            n += (size_t)snprintf(buf + n, EXPORT_ADDR_MAX - n, "::");
            i += best_len - 1;
        } else {
            bool colon = i > 0 && !(best >= 0 && i == best + best_len);
            n += (size_t)snprintf(buf + n, EXPORT_ADDR_MAX - n, "%s%x", colon ? ":" : "", group[i]);
        }
    }
    return buf;
}

/* ---- octets of strangers ---------------------------------------------------------------- */

size_t export_utf8(const char *at, size_t len, uint32_t *code_point)
{
    const uint8_t *b = (const uint8_t *)at;
    uint32_t c = b[0], least;
    size_t n;

    if (c < 0x80) {
        *code_point = c;
        return 1;
    }
    if (c >= 0xc2 && c < 0xe0)
        n = 2, c &= 0x1f, least = 0x80;
    else if (c >= 0xe0 && c < 0xf0)
        n = 3, c &= 0x0f, least = 0x800;
    else if (c >= 0xf0 && c < 0xf5)
        n = 4, c &= 0x07, least = 0x10000;
    else
        return 0;
    if (len < n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (b[i] & 0x3fu);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code_point = c;
    return n;
}

bool export_is_invisible(uint32_t c)
{
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

bool export_is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c = (uint8_t)text[i];
        size_t n = 1;
        if (c >= 0x80)
            n = export_utf8(text + i, len - i, &c);
        if (n == 0 || (export_is_control(c) && c != '\t'))
            return false;
        i += n;
    }
    return true;
}

static void put_escape(struct export_out *o, uint32_t c)
{
    char buf[16];
    int n;
    if (c == '\n' || c == '\r' || c == '\t')
        n = snprintf(buf, sizeof buf, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < 0x80)
        n = snprintf(buf, sizeof buf, "\\x%02x", (unsigned)c);
    else if (c < 0x10000)
        n = snprintf(buf, sizeof buf, "\\u%04x", (unsigned)c);
    else
        n = snprintf(buf, sizeof buf, "\\U%08x", (unsigned)c);
    export_put(o, buf, (size_t)n);
}

void export_put_readable(struct export_out *o, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = export_utf8(text + i, len - i, &c);
        if (n == 0) {
            char buf[8];
            snprintf(buf, sizeof buf, "\\x%02x", (unsigned)(uint8_t)text[i]);
            export_put(o, buf, 4);
            n = 1;
        } else if (export_is_control(c) || export_is_invisible(c)) {
            put_escape(o, c);
        } else {
            export_put(o, text + i, n);
        }
        i += n;
    }
}

void export_put_log(struct export_out *o, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = export_utf8(text + i, len - i, &c);
        if (n == 0 || export_is_control(c) || export_is_invisible(c)) {
            export_put_char(o, '?');
            i += n ? n : 1;
        } else {
            export_put(o, text + i, n);
            i += n;
        }
    }
}

void export_out_trim(struct export_out *o)
{
    size_t lead = o->len;
    uint32_t c;
    while (lead > 0 && ((uint8_t)o->at[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead > 0 && (uint8_t)o->at[lead - 1] >= 0xc0 &&
        export_utf8(o->at + lead - 1, o->len - lead + 1, &c) == 0)
        o->len = lead - 1;
}
