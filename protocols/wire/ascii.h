#ifndef PROTOCOLS_WIRE_ASCII_H
#define PROTOCOLS_WIRE_ASCII_H
/*
 * ascii - slices of octets, and the few things mail protocols ask of ASCII.
 *
 *   struct wire_slice s = WIRE_SLICE("Subject");
 *   wire_slice_is_nocase(s, "SUBJECT")   -> true, in every locale
 *
 * A slice borrows: it never owns, never ends in a NUL, and may be empty with a
 * NULL address. Nothing here reads a locale, allocates, or looks past `len`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_U64_MAX_DIGITS 20 /* decimal digits of UINT64_MAX */

struct wire_slice {
    const char *at;
    size_t len;
};

/* A slice of a string literal, without its NUL; usable in initialisers. */
#define WIRE_SLICE(literal) ((struct wire_slice){ (literal), sizeof(literal) - 1 })

static inline struct wire_slice wire_slice(const char *at, size_t len)
{
    return (struct wire_slice){ at, len };
}

/* NULL gives the empty slice. */
static inline struct wire_slice wire_slice_str(const char *str)
{
    return (struct wire_slice){ str, str ? strlen(str) : 0 };
}

static inline bool wire_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool wire_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool wire_is_alnum(char c)
{
    return wire_is_digit(c) || wire_is_alpha(c);
}

/* WSP of RFC 5234: space or tab. */
static inline bool wire_is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* WSP, CR or LF: what a folded field may hold between its words. */
static inline bool wire_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* C0 controls and DEL. */
static inline bool wire_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A visible ASCII character: VCHAR of RFC 5234. */
static inline bool wire_is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* An octet outside ASCII. */
static inline bool wire_is_8bit(char c)
{
    return ((unsigned char)c & 0x80) != 0;
}

static inline char wire_to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline char wire_to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* The value of a hexadecimal digit, -1 if it is none. */
static inline int wire_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = wire_to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Equality of octets. */
static inline bool wire_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* Equality in which only A-Z and a-z are the same. */
static inline bool wire_equal_nocase(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len)
        return false;
    for (size_t i = 0; i < a_len; i++)
        if (wire_to_lower(a[i]) != wire_to_lower(b[i]))
            return false;
    return true;
}

static inline bool wire_slice_is(struct wire_slice s, const char *str)
{
    return wire_equal(s.at, s.len, str, strlen(str));
}

static inline bool wire_slice_is_nocase(struct wire_slice s, const char *str)
{
    return wire_equal_nocase(s.at, s.len, str, strlen(str));
}

static inline bool wire_slice_starts_nocase(struct wire_slice s, const char *str)
{
    size_t n = strlen(str);
    return s.len >= n && wire_equal_nocase(s.at, n, str, n);
}

/* Without the white space and line breaks at either end. */
static inline struct wire_slice wire_slice_trim(struct wire_slice s)
{
    while (s.len > 0 && wire_is_space(s.at[s.len - 1]))
        s.len--;
    while (s.len > 0 && wire_is_space(*s.at)) {
        s.at++;
        s.len--;
    }
    return s;
}

/* A decimal number that fills the whole slice: 1 to 20 digits, at most `max`.
 * Leading zeros are digits like any other. *out is untouched on false. */
static inline bool wire_parse_u64(struct wire_slice s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0 || s.len > WIRE_U64_MAX_DIGITS)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)s.at[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

/* Writes `value` in decimal, no NUL; dst holds WIRE_U64_MAX_DIGITS. Returns the digits written. */
static inline size_t wire_put_u64(char *dst, uint64_t value)
{
    char digits[WIRE_U64_MAX_DIGITS];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < n; i++)
        dst[i] = digits[n - 1 - i];
    return n;
}
#endif
