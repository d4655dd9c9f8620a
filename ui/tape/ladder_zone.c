/* Which zone a line or a frame belongs to. */
#include "ui/tape/record.h"
#include "ui/tape/ladder_zone.h"

#include <string.h>

#include "ui/tape/keep.h"

static const struct {
    const char *verb;
    enum ladder_zone zone;
} verbs[] = {
    { "EHLO", LADDER_ZONE_HELLO },         { "HELO", LADDER_ZONE_HELLO },
    { "CAPA", LADDER_ZONE_HELLO },         { "AUTH", LADDER_ZONE_HELLO },
    { "USER", LADDER_ZONE_HELLO },         { "PASS", LADDER_ZONE_HELLO },
    { "UTF8", LADDER_ZONE_HELLO },         { "APOP", LADDER_ZONE_HELLO },
    { "CAPABILITY", LADDER_ZONE_HELLO },   { "LOGIN", LADDER_ZONE_HELLO },
    { "AUTHENTICATE", LADDER_ZONE_HELLO }, { "ID", LADDER_ZONE_HELLO },
    { "ENABLE", LADDER_ZONE_HELLO },       { "NAMESPACE", LADDER_ZONE_HELLO },
    { "DATA", LADDER_ZONE_DATA },          { "BDAT", LADDER_ZONE_DATA },
    { "RETR", LADDER_ZONE_DATA },          { "TOP", LADDER_ZONE_DATA },
    { "FETCH", LADDER_ZONE_DATA },         { "UID FETCH", LADDER_ZONE_DATA },
    { "APPEND", LADDER_ZONE_DATA },        { "QUIT", LADDER_ZONE_CLOSE },
    { "LOGOUT", LADDER_ZONE_CLOSE },       { "LIST", LADDER_ZONE_LIST },
    { "UIDL", LADDER_ZONE_LIST },          { "SELECT", LADDER_ZONE_LIST },
    { "EXAMINE", LADDER_ZONE_LIST },       { "STATUS", LADDER_ZONE_LIST },
    { "LSUB", LADDER_ZONE_LIST },          { "HELP", LADDER_ZONE_LIST },
    { "EXPN", LADDER_ZONE_LIST },
};

uint32_t ladder_zone_open(struct ladder_zones *z, enum ladder_zone kind)
{
    z->kind = keep_grow(z->kind, &z->cap, z->n + 2, sizeof *z->kind);
    z->kind[++z->n] = (uint8_t)kind;
    return (uint32_t)z->n;
}

static bool is_word(const char *at, size_t len, const char *word)
{
    size_t n = strlen(word);
    if (len < n || (len > n && at[n] != ' '))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((at[i] >= 'a' && at[i] <= 'z' ? at[i] - 32 : at[i]) != word[i])
            return false;
    return true;
}

static enum ladder_zone zone_of_verb(const struct trace_record *r)
{
    const char *at = r->text ? r->text : "";
    size_t len = r->text ? r->text_len : 0;
    if (r->proto == TRACE_IMAP) { /* the tag comes first */
        const char *space = memchr(at, ' ', len);
        len = space ? len - (size_t)(space + 1 - at) : 0;
        at = space ? space + 1 : at;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (is_word(at, len, verbs[i].verb))
            return verbs[i].zone;
    return LADDER_ZONE_NONE;
}

static uint32_t once(struct ladder_zones *z, uint32_t *zone, enum ladder_zone kind)
{
    if (*zone == 0)
        *zone = ladder_zone_open(z, kind);
    return *zone;
}

static uint32_t command(struct ladder_zones *z, struct ladder_conn *c, const struct trace_record *r)
{
    enum ladder_zone kind;
    if (c->continued) { /* more of what was begun: a response of SASL, the rest after a literal */
        c->continued = false;
        return c->said;
    }
    kind = zone_of_verb(r);
    if (kind == LADDER_ZONE_CLOSE)
        c->said = once(z, &c->close, kind);
    else if (kind == LADDER_ZONE_HELLO && c->now && z->kind[c->now] == LADDER_ZONE_HELLO)
        c->said = c->now;
    else
        c->said = kind == LADDER_ZONE_NONE ? 0 : ladder_zone_open(z, kind);
    if (c->n < LADDER_WAITING_MAX)
        c->waiting[(c->head + c->n++) % LADDER_WAITING_MAX] = c->said;
    return c->said;
}

/* "A3 OK ...": the end of a command of IMAP (RFC 9051 section 7.1). */
static bool is_tagged(const struct trace_record *r)
{
    const char *space = r->text ? memchr(r->text, ' ', r->text_len) : NULL;
    size_t left = space ? r->text_len - (size_t)(space + 1 - r->text) : 0;
    if (!space || space == r->text || r->text[0] == '*' || r->text[0] == '+')
        return false;
    return is_word(space + 1, left, "OK") || is_word(space + 1, left, "NO") ||
           is_word(space + 1, left, "BAD");
}

/* Whether a reply is the last line that a command gets; *more: the server asks for the rest of it. */
static bool is_final(const struct trace_record *r, bool *more)
{
    *more = record_begins(r, "+ ") || (r->text_len == 1 && record_begins(r, "+"));
    switch (r->proto) {
    case TRACE_SMTP:
        *more = r->code == 334 || r->code == 354;
        return !*more && !(r->text_len > 3 && r->text[3] == '-');
    case TRACE_POP3:
        return record_begins(r, "+OK") || record_begins(r, "-ERR");
    default:
        return is_tagged(r);
    }
}

static uint32_t reply(struct ladder_conn *c, const struct trace_record *r)
{
    bool more;
    bool final = is_final(r, &more);
    if (r->proto == TRACE_POP3 && !final && !more)
        return c->answered; /* the rest of a long answer */
    c->answered = c->n ? c->waiting[c->head] : 0;
    c->continued = more && r->code != 354;
    if (final && c->n) {
        c->head = (c->head + 1) % LADDER_WAITING_MAX;
        c->n--;
    }
    return c->answered;
}

uint32_t ladder_zone_line(struct ladder_zones *z, struct ladder_conn *c, const struct trace_record *r)
{
    c->established = true;
    if (r->proto == TRACE_TLS && record_begins(r, "Alert: close_notify"))
        c->now = once(z, &c->close, LADDER_ZONE_CLOSE);
    else if (r->proto == TRACE_TLS) /* an alert that says what is wrong stays in sight */
        c->now = record_begins(r, "Alert") ? 0 : once(z, &c->tls, LADDER_ZONE_TLS);
    else if (r->kind == TRACE_KIND_COMMAND)
        c->now = command(z, c, r);
    else if (r->kind == TRACE_KIND_REPLY)
        c->now = reply(c, r);
    else if (r->kind == TRACE_KIND_CONTENT)
        c->now = r->dir == 'C'                         ? c->said
                 : r->proto == TRACE_POP3 || c->n == 0 ? c->answered
                                                       : c->waiting[c->head];
    else
        c->now = 0;
    return c->now;
}

enum ladder_tcp ladder_tcp_of(const struct trace_record *r)
{
    const char *at = NULL, *end;
    enum ladder_tcp what = LADDER_TCP_OTHER;
    for (size_t i = r->text ? r->text_len : 0; i-- > 0 && !at;)
        if (r->text[i] == '[')
            at = r->text + i + 1; /* the last bracket: addresses of IPv6 have some too */
    end = at ? memchr(at, ']', r->text_len - (size_t)(at - r->text)) : NULL;
    for (; at && end && at + 3 <= end; at++) {
        if (memcmp(at, "RST", 3) == 0)
            return LADDER_TCP_RST;
        if (memcmp(at, "SYN", 3) == 0)
            return LADDER_TCP_SYN;
        if (memcmp(at, "FIN", 3) == 0)
            what = LADDER_TCP_FIN;
        else if (memcmp(at, "ACK", 3) == 0 && what == LADDER_TCP_OTHER)
            what = LADDER_TCP_ACK;
    }
    return what;
}

uint32_t ladder_zone_tcp(struct ladder_zones *z, struct ladder_conn *c, enum ladder_tcp what, bool *refused)
{
    *refused = what == LADDER_TCP_RST && !c->established;
    switch (what) {
    case LADDER_TCP_SYN:
        return c->now = once(z, &c->setup, LADDER_ZONE_SETUP);
    case LADDER_TCP_ACK: /* the third one of the set-up, or one of many */
        if (!c->established && c->setup) {
            c->established = true;
            return c->now;
        }
        return c->now;
    case LADDER_TCP_FIN:
        return c->now = once(z, &c->close, LADDER_ZONE_CLOSE);
    case LADDER_TCP_RST:
        return c->now = *refused ? 0 : once(z, &c->close, LADDER_ZONE_CLOSE);
    default:
        return c->now;
    }
}
