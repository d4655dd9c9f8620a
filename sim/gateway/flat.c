/* JSON objects of one line, without a tree. */
#include "sim/gateway/flat.h"

#include <stdarg.h>
#include <string.h>

bool flat_wrong(struct flat_object *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(o->error, sizeof o->error, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- strings ---------------------------------------------------------------------------------------------
 */

static void skip_space(char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of \\uXXXX behind the u; -1: they are none. */
static int unit(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* One escape behind a backslash: a character; -1: it is none. Two halves of a surrogate pair are one (RFC
 * 8259 section 7). */
static long escape(char **at)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    long value, low;
    if (**at == 'u') {
        if ((value = unit(*at + 1)) < 0)
            return -1;
        *at += 5;
        if (value < 0xd800 || value > 0xdfff)
            return value;
        if (value > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u' || (low = unit(*at + 2)) < 0xdc00 ||
            low > 0xdfff)
            return -1;
        *at += 6;
        return 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    }
    found = **at ? strchr(from, **at) : NULL;
    if (!found)
        return -1;
    ++*at;
    return to[found - from];
}

/* RFC 3629 section 3. Never longer than the escape that it stands for. */
static char *put_utf8(char *to, long c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* Octets of the UTF-8 character at `at`, whose first octet is not ASCII; 0: it is none. */
static size_t utf8_len(const unsigned char *at)
{
    size_t n = at[0] >= 0xc2 && at[0] < 0xe0   ? 2
               : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
               : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
                                               : 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return n;
}

/* Characters outside ASCII as they are. False: they may not stand here. */
static bool take_utf8(struct flat_object *o, char **at, char **to)
{
    size_t n = o->strings == FLAT_TEXT ? utf8_len((unsigned char *)*at) : 0;
    if (n == 0)
        return flat_wrong(o, o->strings == FLAT_TEXT
                                 ? "a string is no UTF-8"
                                 : "a string has an octet that must be written as \\u00XX");
    memmove(*to, *at, n);
    *to += n;
    *at += n;
    return true;
}

static bool take_escape(struct flat_object *o, char **at, char **to)
{
    long c;
    ++*at;
    c = escape(at);
    if (c < 0 || (o->strings == FLAT_OCTETS && c > 0xff))
        return flat_wrong(o, "a string has an escape that stands for no %s",
                          o->strings == FLAT_OCTETS ? "octet" : "character");
    if (o->strings == FLAT_OCTETS)
        *(*to)++ = (char)c;
    else
        *to = put_utf8(*to, c);
    return true;
}

/* Decodes a string in place: it never grows. */
static bool get_string(struct flat_object *o, char **at, const char **text, size_t *len)
{
    char *to = *at;
    if (**at != '"')
        return flat_wrong(o, "a string is missing");
    *text = to;
    for (++*at; **at != '"';) {
        unsigned char c = (unsigned char)**at;
        if (c < 0x20 || c == 0x7f)
            return flat_wrong(o, c == '\0' ? "a string does not end"
                                           : "a string has an octet that must be written as \\u00XX");
        if (c == '\\' ? !take_escape(o, at, &to) : c >= 0x80 ? !take_utf8(o, at, &to) : false)
            return false;
        if (c != '\\' && c < 0x80) {
            *to++ = (char)c;
            ++*at;
        }
    }
    *len = (size_t)(to - *text);
    *to = '\0';
    ++*at;
    return true;
}

/* ---- objects ---------------------------------------------------------------------------------------------
 */

static bool get_value(struct flat_object *o, char **at, struct flat_field *f)
{
    if (**at == '"') {
        f->type = FLAT_STRING;
        return get_string(o, at, &f->text, &f->len);
    }
    if (strncmp(*at, "true", 4) == 0 || strncmp(*at, "false", 5) == 0) {
        f->type = FLAT_BOOL;
        f->number = **at == 't';
        *at += **at == 't' ? 4 : 5;
        return true;
    }
    f->type = FLAT_NUMBER;
    if (**at < '0' || **at > '9' || (**at == '0' && (*at)[1] >= '0' && (*at)[1] <= '9'))
        return flat_wrong(o, "\"%.40s\" must be a string, a whole number, true or false", f->key);
    for (f->number = 0; **at >= '0' && **at <= '9'; ++*at) {
        if (f->number > (UINT64_MAX - 9) / 10)
            return flat_wrong(o, "\"%.40s\" is too large", f->key);
        f->number = f->number * 10 + (uint64_t)(**at - '0');
    }
    return true;
}

bool flat_read(struct flat_object *o, char *line, enum flat_strings strings)
{
    char *at = line;
    o->strings = strings;
    o->n = 0;
    skip_space(&at);
    if (*at++ != '{')
        return flat_wrong(o, "a line must be one JSON object");
    skip_space(&at);
    if (*at == '}' && at[1] == '\0')
        return true;
    do {
        struct flat_field *f = &o->field[o->n];
        size_t len;
        if (o->n == FLAT_FIELDS_MAX)
            return flat_wrong(o, "more than %d keys", FLAT_FIELDS_MAX);
        *f = (struct flat_field){ .key = NULL };
        skip_space(&at);
        if (!get_string(o, &at, &f->key, &len))
            return false;
        if (strlen(f->key) != len)
            return flat_wrong(o, "a key has a NUL in it");
        for (size_t i = 0; i < o->n; i++)
            if (strcmp(o->field[i].key, f->key) == 0)
                return flat_wrong(o, "\"%.40s\" is here twice", f->key);
        skip_space(&at);
        if (*at++ != ':')
            return flat_wrong(o, "a colon is missing behind \"%.40s\"", f->key);
        skip_space(&at);
        if (!get_value(o, &at, f))
            return false;
        o->n++;
        skip_space(&at);
    } while (*at++ == ',');
    if (at[-1] != '}')
        return flat_wrong(o, "a comma or the end of the object is missing");
    skip_space(&at);
    return *at == '\0' || flat_wrong(o, "something stands behind the object");
}

struct flat_field *flat_find(struct flat_object *o, const char *key)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->field[i].key, key) == 0) {
            o->field[i].used = true;
            return &o->field[i];
        }
    return NULL;
}

bool flat_need_number(struct flat_object *o, const char *key, uint64_t least, uint64_t most, uint64_t *out)
{
    struct flat_field *f = flat_find(o, key);
    if (!f || f->type != FLAT_NUMBER || f->number < least || f->number > most)
        return flat_wrong(o, "\"%s\" must be a number from %llu to %llu", key, (unsigned long long)least,
                          (unsigned long long)most);
    *out = f->number;
    return true;
}

bool flat_need_string(struct flat_object *o, const char *key, const char **text, size_t *len)
{
    struct flat_field *f = flat_find(o, key);
    if (!f || f->type != FLAT_STRING)
        return flat_wrong(o, "\"%s\" must be a string", key);
    *text = f->text;
    *len = f->len;
    return true;
}

bool flat_need_text(struct flat_object *o, const char *key, const char **text)
{
    size_t len = 0;
    if (!flat_need_string(o, key, text, &len))
        return false;
    return (len > 0 && strlen(*text) == len) || flat_wrong(o, "\"%s\" must be text without NUL", key);
}

bool flat_need_hash(struct flat_object *o, const char *key, uint64_t *out)
{
    const char *text = "";
    size_t len = 0;
    if (!flat_need_string(o, key, &text, &len))
        return false;
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            len = 0;
        else
            *out = *out << 4 | (uint64_t)digit;
    }
    return len == 16 || flat_wrong(o, "\"%s\" must be 16 hexadecimal digits", key);
}

bool flat_all_used(struct flat_object *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (!o->field[i].used)
            return flat_wrong(o, "\"%.40s\" is not known here", o->field[i].key);
    return true;
}

void flat_put_octets(FILE *to, const char *at, size_t len)
{
    putc('"', to);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c == '\r')
            fputs("\\r", to);
        else if (c == '\n')
            fputs("\\n", to);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(to, "\\u%04x", c);
        else
            putc(c, to);
    }
    putc('"', to);
}
