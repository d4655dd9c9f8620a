/* What a line does, in a few words of its own. */
#include "sim/export/pcapng.h"

#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

static bool is_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    return s.len > 0;
}

/* Takes the first word off s. */
static struct slice word(struct slice *s)
{
    struct slice w;
    while (s->len > 0 && *s->at == ' ')
        s->at++, s->len--;
    w.at = s->at;
    while (s->len > 0 && *s->at != ' ')
        s->at++, s->len--;
    w.len = (size_t)(s->at - w.at);
    return w;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins(struct slice s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s.len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (upper(s.at[i]) != prefix[i])
            return false;
    return true;
}

/* From the first octet of `from` to the last of `to`: both in one line. */
static struct slice span(struct slice from, struct slice to)
{
    return (struct slice){ from.at, (size_t)(to.at + to.len - from.at) };
}

static struct slice imap_what(struct slice line, bool command)
{
    struct slice all = line, tag = word(&line), verb = word(&line), rest = line;
    struct slice next = word(&rest);

    if (tag.len == 1 && *tag.at == '*') {
        if (is_digits(verb) && next.len > 0)
            return span(tag, next);
        return verb.len > 0 ? span(tag, verb) : tag;
    }
    if (verb.len == 0 || (tag.len == 1 && *tag.at == '+'))
        return tag.len > 0 ? tag : all;
    if (command && begins(verb, "UID") && verb.len == 3 && next.len > 0)
        return span(verb, next);
    return verb;
}

static struct slice what_of(const struct trace_record *r)
{
    struct slice line = { r->text ? r->text : "", r->text ? r->text_len : 0 };
    struct slice rest = line;

    if (r->kind != TRACE_KIND_COMMAND && r->kind != TRACE_KIND_REPLY)
        return line;
    switch (r->proto) {
    case TRACE_SMTP:
        if (r->kind == TRACE_KIND_COMMAND && begins(line, "MAIL FROM"))
            return (struct slice){ line.at, 9 };
        if (r->kind == TRACE_KIND_COMMAND && begins(line, "RCPT TO"))
            return (struct slice){ line.at, 7 };
        return word(&rest);
    case TRACE_POP3:
        return word(&rest);
    case TRACE_IMAP:
        return imap_what(line, r->kind == TRACE_KIND_COMMAND);
    default:
        return line;
    }
}

const char *export_line_what(const struct trace_record *r, char buf[EXPORT_WHAT_MAX])
{
    struct slice s;
    size_t n;

    if (r->kind == TRACE_KIND_CONTENT) {
        memcpy(buf, "content", 8);
        return buf;
    }
    if (r->kind == TRACE_KIND_REPLY && r->code > 0) {
        snprintf(buf, EXPORT_WHAT_MAX, "%u%s%.9s", r->code, r->status[0] ? " " : "", r->status);
        return buf;
    }
    s = what_of(r);
    n = s.len < EXPORT_WHAT_MAX ? s.len : EXPORT_WHAT_MAX - 1;
    while (n > 0 && n < s.len && ((uint8_t)s.at[n] & 0xc0) == 0x80)
        n--;                       /* a character is not cut in two */
    for (size_t i = 0; i < n; i++) /* a NUL would end the string */
        buf[i] = s.at[i] ? s.at[i] : '?';
    buf[n] = '\0';
    return buf;
}
