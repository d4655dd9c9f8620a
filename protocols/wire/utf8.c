/* UTF-8 checked, and strangers' octets made fit for a terminal. */
#include "protocols/wire/utf8.h"
#include "protocols/wire/writer.h"

static const char hex_lower[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };

struct range {
    uint32_t first, last;
};

/* Characters that add nothing to the width: they sit on the one before. Sorted. */
static const struct range combining[] = {
    { 0x0300, 0x036f },   { 0x0483, 0x0489 },   { 0x0591, 0x05bd },   { 0x05bf, 0x05bf },
    { 0x05c1, 0x05c2 },   { 0x05c4, 0x05c5 },   { 0x05c7, 0x05c7 },   { 0x0610, 0x061a },
    { 0x064b, 0x065f },   { 0x0670, 0x0670 },   { 0x06d6, 0x06dc },   { 0x06df, 0x06e4 },
    { 0x06e7, 0x06e8 },   { 0x06ea, 0x06ed },   { 0x0711, 0x0711 },   { 0x0730, 0x074a },
    { 0x07a6, 0x07b0 },   { 0x07eb, 0x07f3 },   { 0x0816, 0x0819 },   { 0x081b, 0x0823 },
    { 0x0825, 0x0827 },   { 0x0829, 0x082d },   { 0x0859, 0x085b },   { 0x08d3, 0x08e1 },
    { 0x08e3, 0x0902 },   { 0x093a, 0x093a },   { 0x093c, 0x093c },   { 0x0941, 0x0948 },
    { 0x094d, 0x094d },   { 0x0951, 0x0957 },   { 0x0962, 0x0963 },   { 0x0981, 0x0981 },
    { 0x09bc, 0x09bc },   { 0x09c1, 0x09c4 },   { 0x09cd, 0x09cd },   { 0x0a01, 0x0a02 },
    { 0x0a3c, 0x0a3c },   { 0x0a41, 0x0a51 },   { 0x0a70, 0x0a71 },   { 0x0a81, 0x0a82 },
    { 0x0abc, 0x0abc },   { 0x0ac1, 0x0ac8 },   { 0x0acd, 0x0acd },   { 0x0b01, 0x0b01 },
    { 0x0b3c, 0x0b3c },   { 0x0b3f, 0x0b3f },   { 0x0b41, 0x0b44 },   { 0x0b4d, 0x0b56 },
    { 0x0b82, 0x0b82 },   { 0x0bc0, 0x0bc0 },   { 0x0bcd, 0x0bcd },   { 0x0c3e, 0x0c40 },
    { 0x0c46, 0x0c56 },   { 0x0cbc, 0x0cbc },   { 0x0ccc, 0x0ccd },   { 0x0d41, 0x0d44 },
    { 0x0d4d, 0x0d4d },   { 0x0dca, 0x0dca },   { 0x0dd2, 0x0dd6 },   { 0x0e31, 0x0e31 },
    { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },   { 0x0eb1, 0x0eb1 },   { 0x0eb4, 0x0ebc },
    { 0x0ec8, 0x0ecd },   { 0x0f18, 0x0f19 },   { 0x0f35, 0x0f35 },   { 0x0f37, 0x0f37 },
    { 0x0f39, 0x0f39 },   { 0x0f71, 0x0f7e },   { 0x0f80, 0x0f84 },   { 0x0f86, 0x0f87 },
    { 0x0f8d, 0x0fbc },   { 0x0fc6, 0x0fc6 },   { 0x102d, 0x1030 },   { 0x1032, 0x1037 },
    { 0x1039, 0x103a },   { 0x103d, 0x103e },   { 0x1160, 0x11ff },   { 0x135d, 0x135f },
    { 0x1712, 0x1714 },   { 0x17b4, 0x17b5 },   { 0x17b7, 0x17bd },   { 0x17c6, 0x17c6 },
    { 0x17c9, 0x17d3 },   { 0x180b, 0x180d },   { 0x1920, 0x1922 },   { 0x1a17, 0x1a18 },
    { 0x1ab0, 0x1aff },   { 0x1b00, 0x1b03 },   { 0x1dc0, 0x1dff },   { 0x20d0, 0x20f0 },
    { 0x2cef, 0x2cf1 },   { 0x2de0, 0x2dff },   { 0x302a, 0x302d },   { 0x3099, 0x309a },
    { 0xa66f, 0xa672 },   { 0xa674, 0xa67d },   { 0xa69e, 0xa69f },   { 0xa6f0, 0xa6f1 },
    { 0xa802, 0xa802 },   { 0xa806, 0xa806 },   { 0xa80b, 0xa80b },   { 0xa825, 0xa826 },
    { 0xa8c4, 0xa8c5 },   { 0xa8e0, 0xa8f1 },   { 0xa926, 0xa92d },   { 0xaa29, 0xaa2e },
    { 0xfb1e, 0xfb1e },   { 0xfe00, 0xfe0f },   { 0xfe20, 0xfe2f },   { 0x1d165, 0x1d169 },
    { 0x1e8d0, 0x1e8d6 }, { 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};

/* East Asian wide and full-width characters, and emoji that terminals draw two columns wide. Sorted. */
static const struct range wide[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },   { 0x23e9, 0x23ec },
    { 0x23f0, 0x23f0 },   { 0x23f3, 0x23f3 },   { 0x25fd, 0x25fe },   { 0x2614, 0x2615 },
    { 0x2648, 0x2653 },   { 0x267f, 0x267f },   { 0x2693, 0x2693 },   { 0x26a1, 0x26a1 },
    { 0x26aa, 0x26ab },   { 0x26bd, 0x26be },   { 0x26c4, 0x26c5 },   { 0x26ce, 0x26ce },
    { 0x26d4, 0x26d4 },   { 0x26ea, 0x26ea },   { 0x26f2, 0x26f3 },   { 0x26f5, 0x26f5 },
    { 0x26fa, 0x26fa },   { 0x26fd, 0x26fd },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },
    { 0x2728, 0x2728 },   { 0x274c, 0x274c },   { 0x274e, 0x274e },   { 0x2753, 0x2755 },
    { 0x2757, 0x2757 },   { 0x2795, 0x2797 },   { 0x27b0, 0x27b0 },   { 0x27bf, 0x27bf },
    { 0x2b1b, 0x2b1c },   { 0x2b50, 0x2b50 },   { 0x2b55, 0x2b55 },   { 0x2e80, 0x303e },
    { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },
    { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },
    { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x16fe0, 0x18aff },
    { 0x1b000, 0x1b2ff }, { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e },
    { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f335 }, { 0x1f337, 0x1f37c },
    { 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 }, { 0x1f3e0, 0x1f3f0 },
    { 0x1f3f4, 0x1f3f4 }, { 0x1f3f8, 0x1f43e }, { 0x1f440, 0x1f440 }, { 0x1f442, 0x1f4fc },
    { 0x1f4ff, 0x1f53d }, { 0x1f54b, 0x1f54e }, { 0x1f550, 0x1f567 }, { 0x1f57a, 0x1f57a },
    { 0x1f595, 0x1f596 }, { 0x1f5a4, 0x1f5a4 }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 },
    { 0x1f6cc, 0x1f6cc }, { 0x1f6d0, 0x1f6d2 }, { 0x1f6d5, 0x1f6d7 }, { 0x1f6eb, 0x1f6ec },
    { 0x1f6f4, 0x1f6fc }, { 0x1f7e0, 0x1f7eb }, { 0x1f90c, 0x1f93a }, { 0x1f93c, 0x1f945 },
    { 0x1f947, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

/* Characters that show nothing or turn the text around them: C1 controls, soft hyphen, Arabic letter mark,
 * zero-width and direction marks, line separators, embeddings, overrides, isolates, byte order mark,
 * interlinear marks, shorthand and music format controls, tags, private use and noncharacters. Sorted. */
static const struct range unsafe[] = {
    { 0x0080, 0x009f },   { 0x00ad, 0x00ad },    { 0x034f, 0x034f },   { 0x061c, 0x061c },
    { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },    { 0x180b, 0x180f },   { 0x200b, 0x200f },
    { 0x2028, 0x202e },   { 0x2060, 0x206f },    { 0x3164, 0x3164 },   { 0xe000, 0xf8ff },
    { 0xfdd0, 0xfdef },   { 0xfeff, 0xfeff },    { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
    { 0xfffe, 0xffff },   { 0x1bca0, 0x1bca3 },  { 0x1d173, 0x1d17a }, { 0x1fffe, 0x1ffff },
    { 0x2fffe, 0x2ffff }, { 0x3fffe, 0x10ffff },
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > r[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && c >= r[low].first;
}

#define IN(c, table) in_ranges(c, table, sizeof(table) / sizeof((table)[0]))

size_t wire_utf8_decode(const char *at, size_t len, uint32_t *code_point)
{
    const unsigned char *s = (const unsigned char *)at;
    uint32_t c, smallest;
    size_t n;
    if (len == 0)
        return 0;
    if (s[0] < 0x80) {
        *code_point = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        n = 2, c = s[0] & 0x1fU, smallest = 0x80;
    else if ((s[0] & 0xf0) == 0xe0)
        n = 3, c = s[0] & 0x0fU, smallest = 0x800;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        n = 4, c = s[0] & 0x07U, smallest = 0x10000;
    else
        return 0;
    if (len < n)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fU);
    }
    if (c < smallest || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code_point = c;
    return n;
}

size_t wire_utf8_put(char dst[WIRE_UTF8_MAX], uint32_t c)
{
    if (c < 0x80) {
        dst[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        dst[0] = (char)(0xc0 | c >> 6);
        dst[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        dst[0] = (char)(0xe0 | c >> 12);
        dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
        dst[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    dst[0] = (char)(0xf0 | c >> 18);
    dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
    dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
    dst[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Octets at the front that are below 0x80, looked at eight at a time. */
static size_t ascii_len(const char *at, size_t len)
{
    size_t i = 0;
    uint64_t word;
    for (; len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        if (word & 0x8080808080808080ULL)
            break;
    }
    while (i < len && !wire_is_8bit(at[i]))
        i++;
    return i;
}

bool wire_is_ascii(const char *at, size_t len)
{
    return ascii_len(at, len) == len;
}

bool wire_utf8_valid(const char *at, size_t len)
{
    uint32_t c;
    for (size_t i = 0; i < len;) {
        size_t n = ascii_len(at + i, len - i);
        i += n;
        if (i == len)
            break;
        n = wire_utf8_decode(at + i, len - i, &c);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

int wire_utf8_columns(uint32_t c)
{
    if (c < 0x300)
        return 1;
    if (IN(c, combining))
        return 0;
    return IN(c, wide) ? 2 : 1;
}

/* The safe form of the character or octet at the front. *form and *form_len point into src or into buf;
 * returns the octets of src used. */
static size_t safe_form(const char *src, size_t len, bool ascii_only, char buf[WIRE_DISPLAY_ESCAPE_MAX],
                        const char **form, size_t *form_len, int *columns)
{
    uint32_t c = 0;
    size_t used = wire_utf8_decode(src, len, &c), digits;
    *form = src;
    *form_len = used;
    *columns = 1;
    if (used == 1 && wire_is_visible(src[0]))
        return 1;
    if (used == 1 && c == ' ')
        return 1;
    if (used > 1 && !ascii_only && !IN(c, unsafe)) {
        *columns = wire_utf8_columns(c);
        return used;
    }
    *form = buf;
    buf[0] = '\\';
    if (used == 1 && (c == '\n' || c == '\r' || c == '\t')) {
        buf[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
        *form_len = 2;
    } else {
        if (used == 0) {
            c = (unsigned char)src[0];
            used = 1;
        }
        digits = used == 1 ? 2 : c < 0x10000 ? 4 : 8;
        buf[1] = digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
        for (size_t i = 0; i < digits; i++)
            buf[2 + i] = hex_lower[c >> (4 * (digits - 1 - i)) & 15];
        *form_len = 2 + digits;
    }
    *columns = (int)*form_len;
    return used;
}

size_t wire_display_escape(char *dst, size_t cap, const char *src, size_t len)
{
    struct wire_writer w = wire_writer(dst, cap);
    for (size_t i = 0; i < len;) {
        char buf[WIRE_DISPLAY_ESCAPE_MAX];
        const char *form;
        size_t form_len;
        int columns;
        i += safe_form(src + i, len - i, false, buf, &form, &form_len, &columns);
        if (w.len + form_len > w.cap)
            w.cap = w.len < w.cap ? w.len : w.cap; /* half a character is not written, nor what follows it */
        wire_put(&w, form, form_len);
    }
    return w.len;
}

size_t wire_display_fit(char *dst, size_t cap, const char *src, size_t len, size_t columns, bool ascii_only,
                        size_t *used_columns)
{
    size_t written = 0, taken = 0;
    for (size_t i = 0; i < len;) {
        char buf[WIRE_DISPLAY_ESCAPE_MAX];
        const char *form;
        size_t form_len;
        int width;
        i += safe_form(src + i, len - i, ascii_only, buf, &form, &form_len, &width);
        if (taken + (size_t)width > columns || form_len > cap - written)
            break;
        memcpy(dst + written, form, form_len);
        written += form_len;
        taken += (size_t)width;
    }
    if (used_columns)
        *used_columns = taken;
    return written;
}

size_t wire_display_cut(const char *text, size_t len, size_t columns, size_t *used_columns)
{
    size_t i = 0, taken = 0;
    while (i < len) {
        uint32_t c;
        size_t n = wire_utf8_decode(text + i, len - i, &c);
        size_t width = n == 0 ? 1 : (size_t)wire_utf8_columns(c);
        if (taken + width > columns)
            break;
        taken += width;
        i += n == 0 ? 1 : n;
    }
    if (used_columns)
        *used_columns = taken;
    return i;
}

size_t wire_display_columns(const char *text, size_t len)
{
    size_t columns;
    wire_display_cut(text, len, SIZE_MAX, &columns);
    return columns;
}
