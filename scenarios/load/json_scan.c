/* The scanner: a recursive descent over the text that keeps nothing but lines. */
#include "scenarios/load/json_scan.h"

#include <float.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/utf8.h"
#include "scenarios/load/scenario.h"

struct level {
    const char *key; /* raw octets between the quotes; NULL: an array */
    size_t key_len, index;
};

struct cursor {
    struct json_scan *s;
    const char *at, *end;
    uint32_t line;
    unsigned depth;
    struct level level[SCENARIO_DEPTH_MAX];
};

static void pointer_octet(struct json_scan *s, size_t *n, char c)
{
    if (*n + 1 < sizeof s->pointer)
        s->pointer[(*n)++] = c;
}

/* Writes the way to where the scanner stands. */
static void tell_pointer(struct cursor *c)
{
    size_t n = 0;
    for (unsigned i = 0; i < c->depth; i++) {
        const struct level *l = &c->level[i];
        pointer_octet(c->s, &n, '/');
        if (!l->key) {
            char digits[24];
            snprintf(digits, sizeof digits, "%zu", l->index);
            for (const char *d = digits; *d; d++)
                pointer_octet(c->s, &n, *d);
        }
        for (size_t k = 0; l->key && k < l->key_len; k++) {
            if (l->key[k] == '~' || l->key[k] == '/') {
                pointer_octet(c->s, &n, '~');
                pointer_octet(c->s, &n, l->key[k] == '~' ? '0' : '1');
            } else {
                pointer_octet(c->s, &n, l->key[k]);
            }
        }
    }
    c->s->pointer[n] = '\0';
}

static bool refuse(struct cursor *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct cursor *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->s->what, sizeof c->s->what, fmt, args);
    va_end(args);
    c->s->error_line = c->line;
    tell_pointer(c);
    return false;
}

/* What stands here, for a message. */
static const char *found(const struct cursor *c, char buf[32])
{
    unsigned char o;
    if (c->at == c->end)
        return "the end of the file";
    o = (unsigned char)*c->at;
    if (o > 0x20 && o < 0x7f)
        snprintf(buf, 32, "'%c'", o);
    else
        snprintf(buf, 32, "octet 0x%02x", o);
    return buf;
}

static void skip_space(struct cursor *c)
{
    for (; c->at < c->end; c->at++) {
        if (*c->at == '\n')
            c->line++;
        else if (*c->at != ' ' && *c->at != '\t' && *c->at != '\r')
            return;
    }
}

static bool count_value(struct cursor *c, uint32_t line)
{
    struct json_scan *s = c->s;
    if (s->values == SCENARIO_VALUES_MAX)
        return refuse(c, "the file has more than %d values", SCENARIO_VALUES_MAX);
    if (s->values == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->line = core_realloc(s->line, s->cap * sizeof *s->line);
    }
    s->line[s->values++] = line;
    return true;
}

/* The four digits behind \u; -1 if they are not there. */
static int32_t hex4(const struct cursor *c, const char *at)
{
    int32_t value = 0;
    if (c->end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = wire_hex_value(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* At a backslash inside a string. */
static bool scan_escape(struct cursor *c)
{
    int32_t high, low;
    if (c->end - c->at < 2)
        return refuse(c, "the file ends inside a string");
    if (c->at[1] != 'u') {
        if (c->at[1] == '\0' || !strchr("\"\\/bfnrt", c->at[1]))
            return refuse(c,
                          "a backslash in a string is followed by one of \" \\ / b f n r t u; write \\\\ for "
                          "a backslash");
        c->at += 2;
        return true;
    }
    high = hex4(c, c->at + 2);
    if (high < 0)
        return refuse(c, "\\u in a string wants four hexadecimal digits");
    if (high == 0)
        return refuse(c, "\\u0000 in a string: NUL is not allowed");
    c->at += 6;
    if (high >= 0xdc00 && high <= 0xdfff)
        return refuse(c, "\\u%04x is half a character: its first half is missing", (unsigned)high);
    if (high < 0xd800 || high > 0xdbff)
        return true;
    low = c->end - c->at >= 6 && c->at[0] == '\\' && c->at[1] == 'u' ? hex4(c, c->at + 2) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return refuse(c, "\\u%04x is half a character: its second half is missing", (unsigned)high);
    c->at += 6;
    return true;
}

/* At the opening quote. Leaves the cursor behind the closing one. */
static bool scan_string(struct cursor *c)
{
    c->at++;
    while (c->at < c->end) {
        unsigned char o = (unsigned char)*c->at;
        if (o == '"') {
            c->at++;
            return true;
        }
        if (o == '\\') {
            if (!scan_escape(c))
                return false;
        } else if (o == '\n' || o == '\r') {
            return refuse(c, "a string ends on the line where it begins: a quote is missing, or write \\n");
        } else if (o < 0x20) {
            return refuse(c, "control character 0x%02x in a string; write \\u%04x", o, o);
        } else if (o < 0x80) {
            c->at++;
        } else {
            uint32_t code_point;
            size_t n = wire_utf8_decode(c->at, (size_t)(c->end - c->at), &code_point);
            if (n == 0)
                return refuse(c, "octet 0x%02x in a string is not UTF-8: save the file as UTF-8", o);
            c->at += n;
        }
    }
    return refuse(c, "the file ends inside a string");
}

static size_t digits(const char **at, const char *end)
{
    const char *from = *at;
    while (*at < end && wire_is_digit(**at))
        (*at)++;
    return (size_t)(*at - from);
}

/* RFC 8259 section 6. */
static bool scan_number(struct cursor *c)
{
    const char *from = c->at, *at = c->at;
    char copy[JSON_NUMBER_DIGITS + 1];
    size_t whole, len;
    double value;

    if (*at == '-')
        at++;
    if (at == c->end || !wire_is_digit(*at))
        return refuse(c, "'-' is not followed by a number");
    whole = digits(&at, c->end);
    if (whole > 1 && at[-(ptrdiff_t)whole] == '0')
        return refuse(c, "a number does not begin with 0");
    if (at < c->end && *at == '.') {
        at++;
        if (digits(&at, c->end) == 0)
            return refuse(c, "'.' in a number is followed by digits");
    }
    if (at < c->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < c->end && (*at == '+' || *at == '-'))
            at++;
        if (digits(&at, c->end) == 0)
            return refuse(c, "the exponent of a number is missing");
    }
    len = (size_t)(at - from);
    if (len > JSON_NUMBER_DIGITS)
        return refuse(c, "a number of %zu characters; at most %d", len, JSON_NUMBER_DIGITS);
    if (at < c->end && (wire_is_alpha(*at) || *at == '_' || wire_is_8bit(*at)))
        return refuse(c, "a number is followed by %s; a value with a unit is a string: \"%.*s%c...\"",
                      "letters", (int)len, from, wire_is_alpha(*at) ? *at : '?');
    memcpy(copy, from, len);
    copy[len] = '\0';
    /* strtod obeys the locale for '.', which decides nothing here: only the size matters. */
    value = strtod(copy, NULL);
    if (value > DBL_MAX || value < -DBL_MAX)
        return refuse(c, "the number %s is too big", copy);
    c->at = at;
    return true;
}

static bool scan_word(struct cursor *c)
{
    static const char *const words[] = { "true", "false", "null" };
    const char *from = c->at;
    size_t len = 0;
    while (c->end - from > (ptrdiff_t)len && (wire_is_alnum(from[len]) || from[len] == '_'))
        len++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (wire_equal(from, len, words[i], strlen(words[i]))) {
            c->at += len;
            return true;
        }
    return refuse(
        c,
        "%.*s%s is no JSON value; a string stands in double quotes, and true, false and null are in small "
        "letters",
        (int)(len < 40 ? len : 40), from, len < 40 ? "" : "...");
}

static bool scan_value(struct cursor *c, uint32_t line);

/* Behind a member or an element: ',' goes on, `close` ends. */
static bool scan_more(struct cursor *c, char close, bool *more)
{
    char buf[32];
    skip_space(c);
    *more = c->at < c->end && *c->at == ',';
    if (!*more && (c->at == c->end || *c->at != close)) {
        if (c->at == c->end)
            return refuse(c, "the file ends where ',' or '%c' is missing", close);
        return refuse(c, "',' or '%c' is missing before %s", close, found(c, buf));
    }
    c->at++;
    if (!*more)
        return true;
    skip_space(c);
    if (c->at < c->end && *c->at == close)
        return refuse(c, "a ',' before '%c': nothing follows it", close);
    return true;
}

static bool scan_object(struct cursor *c, struct level *l)
{
    char buf[32];
    bool more = true;
    while (more) {
        uint32_t line = c->line;
        const char *key = c->at;
        if (c->at == c->end || *c->at != '"')
            return refuse(c, "a key in double quotes is missing before %s", found(c, buf));
        if (!scan_string(c))
            return false;
        l->key = key + 1;
        l->key_len = (size_t)(c->at - key) - 2;
        if (l->key_len > JSON_KEY_MAX) {
            l->key_len = 40;
            return refuse(c, "a key of more than %d octets", JSON_KEY_MAX);
        }
        skip_space(c);
        if (c->at == c->end || *c->at != ':')
            return refuse(c, "':' is missing before %s", found(c, buf));
        c->at++;
        skip_space(c);
        if (!scan_value(c, line))
            return false;
        l->key = "";
        l->key_len = 0;
        c->depth--; /* what is wrong between members is told of the object */
        if (!scan_more(c, '}', &more))
            return false;
        c->depth++;
    }
    return true;
}

static bool scan_array(struct cursor *c, struct level *l)
{
    bool more = true;
    for (l->index = 0; more; l->index++) {
        if (!scan_value(c, c->line))
            return false;
        c->depth--;
        if (!scan_more(c, ']', &more))
            return false;
        c->depth++;
    }
    return true;
}

static bool scan_inside(struct cursor *c)
{
    char open = *c->at;
    struct level *l;
    bool ok;
    if (c->depth == SCENARIO_DEPTH_MAX)
        return refuse(c, "arrays and objects are more than %d deep", SCENARIO_DEPTH_MAX);
    c->at++;
    skip_space(c);
    if (c->at < c->end && *c->at == (open == '{' ? '}' : ']')) {
        c->at++;
        return true;
    }
    if (c->at == c->end)
        return refuse(c, "the file ends inside an %s", open == '{' ? "object" : "array");
    l = &c->level[c->depth++];
    *l = (struct level){ .key = open == '{' ? "" : NULL };
    ok = open == '{' ? scan_object(c, l) : scan_array(c, l);
    if (ok)
        c->depth--;
    return ok;
}

static bool scan_value(struct cursor *c, uint32_t line)
{
    char buf[32];
    if (!count_value(c, line))
        return false;
    if (c->at == c->end)
        return refuse(c, "a value is missing before the end of the file");
    if (*c->at == '{' || *c->at == '[')
        return scan_inside(c);
    if (*c->at == '"')
        return scan_string(c);
    if (*c->at == '-' || wire_is_digit(*c->at))
        return scan_number(c);
    if (wire_is_alpha(*c->at))
        return scan_word(c);
    if (*c->at == '/' || *c->at == '#')
        return refuse(c, "JSON has no comments; write them as the value of a key \"note\"");
    if (*c->at == '\'')
        return refuse(c, "a string stands in double quotes");
    return refuse(c, "a value is missing before %s", found(c, buf));
}

bool json_scan(struct json_scan *s, const char *text, size_t len)
{
    struct cursor c = { .s = s, .at = text, .end = text + len, .line = 1 };
    char buf[32];

    *s = (struct json_scan){ 0 };
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        c.at += 3; /* RFC 8259 section 8.1: a reader may ignore a byte order mark */
    skip_space(&c);
    if (c.at == c.end)
        return refuse(&c, "the file is empty; it holds one JSON object");
    if (!scan_value(&c, c.line))
        return false;
    skip_space(&c);
    if (c.at != c.end)
        return refuse(&c, "%s behind the end of the JSON value", found(&c, buf));
    return true;
}

void json_scan_free(struct json_scan *s)
{
    free(s->line);
    s->line = NULL;
}
