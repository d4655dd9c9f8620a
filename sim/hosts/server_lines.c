/* Replies and content of a server that is none of our engines. */
#include "sim/hosts/server_lines.h"

#include <string.h>

#include "protocols/wire/ascii.h"

enum words { WORDS_SMTP, WORDS_POP3, WORDS_IMAP, WORDS_CONTENT, WORDS_COUNT };

static const struct wire_lesson lessons[WORDS_COUNT] = {
    [WORDS_SMTP] = { "A real server replies",
                     "This line comes from a program outside of the simulation. Its first digit is what "
                     "counts: 2 is "
                     "done, 3 is go on, 4 is not now, 5 is no.",
                     "RFC 5321 section 4.2.1" },
    [WORDS_POP3] = { "A real server replies",
                     "This line comes from a program outside of the simulation. +OK is yes, -ERR is no; what "
                     "stands "
                     "behind it is for people.",
                     "RFC 1939 section 3" },
    [WORDS_IMAP] = { "A real server replies",
                     "This line comes from a program outside of the simulation. A star begins data, a tag "
                     "ends the "
                     "command that had it, a plus asks for more.",
                     "RFC 9051 section 7" },
    [WORDS_CONTENT] = { "A real server hands over a message",
                        "These octets are the message or a part of it, as a program outside of the "
                        "simulation has "
                        "kept it.",
                        "RFC 5322 section 2.1" },
};

void server_lines_init(struct server_lines *c, enum trace_proto proto, bool greeting)
{
    memset(c, 0, sizeof *c);
    c->proto = proto;
    c->mode =
        proto == TRACE_SMTP || proto == TRACE_POP3 || proto == TRACE_IMAP ? SERVER_REPLIES : SERVER_OPAQUE;
    if (proto == TRACE_POP3 && greeting)
        c->asked[c->nasked++] = SERVER_SHORT; /* nobody asked for it */
}

bool server_lines_is_content(const struct wire_lesson *why)
{
    return why == &lessons[WORDS_CONTENT];
}

static const struct wire_lesson *words_of(const struct server_lines *c)
{
    return &lessons[c->proto == TRACE_SMTP ? WORDS_SMTP : c->proto == TRACE_POP3 ? WORDS_POP3 : WORDS_IMAP];
}

static bool begins(const char *line, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && memcmp(line, word, n) == 0;
}

/* The n-th word from 0; empty if there is none. */
static struct wire_slice word(const char *line, size_t len, unsigned n)
{
    size_t at = 0;
    for (;; n--) {
        size_t end;
        while (at < len && line[at] == ' ')
            at++;
        for (end = at; end < len && line[end] != ' ' && line[end] != '\r' && line[end] != '\n';)
            end++;
        if (n == 0)
            return wire_slice(line + at, end - at);
        at = end;
    }
}

/* ---- the server's side --------------------------------------------------------------------------------- */

/* "550 5.1.1 ...": the code, and the status if there is one. */
static void read_code(const struct server_lines *c, struct wire_line *mark)
{
    const char *h = c->head;
    size_t n = 0;
    if (c->proto != TRACE_SMTP || c->len < 3 || !wire_is_digit(h[0]) || !wire_is_digit(h[1]) ||
        !wire_is_digit(h[2]))
        return;
    mark->code = (uint16_t)((h[0] - '0') * 100 + (h[1] - '0') * 10 + h[2] - '0');
    if (c->len < 9 || !wire_is_digit(h[4]) || h[5] != '.')
        return;
    while (n + 1 < sizeof mark->status && 4 + n < c->len && (wire_is_digit(h[4 + n]) || h[4 + n] == '.')) {
        mark->status[n] = h[4 + n];
        n++;
    }
    mark->status[n] = '\0';
}

static void pop3_whole(struct server_lines *c)
{
    enum server_answer due = SERVER_SHORT;
    c->challenged = c->head[0] == '+' && c->len > 1 && (c->head[1] == ' ' || c->head[1] == '\r');
    if (c->challenged || c->nasked == 0)
        return;
    due = (enum server_answer)c->asked[0];
    memmove(c->asked, c->asked + 1, --c->nasked);
    if (begins(c->head, c->len, "+OK"))
        c->mode = due == SERVER_LONG ? SERVER_MESSAGE : due == SERVER_TLS ? SERVER_OPAQUE : SERVER_REPLIES;
}

/* "{310}" or "~{310}" at the end of the line. */
static bool literal_ahead(const struct server_lines *c, uint64_t *octets)
{
    size_t end = c->ntail, at, n = 0;
    while (end > 0 && (c->tail[end - 1] == '\r' || c->tail[end - 1] == '\n'))
        end--;
    if (end < 3 || c->tail[--end] != '}')
        return false;
    for (at = end; at > 0 && wire_is_digit(c->tail[at - 1]);)
        at--;
    if (at == end || at == 0 || c->tail[at - 1] != '{' || end - at > 10)
        return false;
    for (; at < end; at++)
        n = n * 10 + (size_t)(c->tail[at] - '0');
    *octets = n;
    return true;
}

static void imap_whole(struct server_lines *c)
{
    size_t tag = strlen(c->tag);
    uint64_t n;
    if (literal_ahead(c, &n) && n > 0) {
        c->mode = SERVER_OCTETS;
        c->left = n;
        return;
    }
    if (!c->tls || c->len < tag + 3 || memcmp(c->head, c->tag, tag) != 0 || c->head[tag] != ' ')
        return;
    c->tls = false;
    if (memcmp(c->head + tag + 1, "OK", 2) == 0)
        c->mode = SERVER_OPAQUE;
}

static void whole_line(struct server_lines *c)
{
    if (c->proto == TRACE_POP3)
        pop3_whole(c);
    else if (c->proto == TRACE_IMAP)
        imap_whole(c);
    else if (c->len < 4 || c->head[3] != '-') {
        if (c->tls && begins(c->head, c->len, "220"))
            c->mode = SERVER_OPAQUE;
        c->tls = false;
    }
}

static void keep_tail(struct server_lines *c, const char *octets, size_t len)
{
    size_t room = sizeof c->tail;
    if (len >= room) {
        memcpy(c->tail, octets + len - room, room);
        c->ntail = (uint8_t)room;
        return;
    }
    if (c->ntail + len > room) {
        size_t gone = c->ntail + len - room;
        memmove(c->tail, c->tail + gone, c->ntail - gone);
        c->ntail = (uint8_t)(c->ntail - gone);
    }
    memcpy(c->tail + c->ntail, octets, len);
    c->ntail = (uint8_t)(c->ntail + len);
}

/* One line, or what is here of it. */
static size_t say_line(struct server_lines *c, const char *octets, size_t len, struct wire_out *out)
{
    const char *lf = memchr(octets, '\n', len);
    size_t n = lf ? (size_t)(lf - octets) + 1 : len, room = sizeof c->head - c->len;
    bool first = c->at == 0;
    struct wire_line *mark = wire_out_line(out, words_of(c));
    memcpy(c->head + c->len, octets, n < room ? n : room);
    c->len = (uint8_t)(c->len + (n < room ? n : room));
    c->at += n;
    keep_tail(c, octets, n);
    if (first)
        read_code(c, mark);
    if (lf) {
        whole_line(c);
        c->at = c->len = c->ntail = 0;
    }
    return n;
}

/* POP3's long answer, up to and with its dot. One mark for all of it that is here. */
static size_t say_message(struct server_lines *c, const char *octets, size_t len)
{
    size_t used = 0;
    while (used < len && c->mode == SERVER_MESSAGE) {
        const char *lf = memchr(octets + used, '\n', len - used);
        size_t n = lf ? (size_t)(lf - octets) + 1 - used : len - used;
        for (size_t i = 0; i < n && c->len < 4; i++)
            c->head[c->len++] = octets[used + i];
        c->at += n;
        used += n;
        if (lf) {
            if (c->at == 3 && memcmp(c->head, ".\r\n", 3) == 0)
                c->mode = SERVER_REPLIES;
            c->at = c->len = 0;
        }
    }
    return used;
}

size_t server_lines_say(struct server_lines *c, const char *octets, size_t len, struct wire_out *out)
{
    size_t used = 0;
    if (len > wire_out_room(out))
        len = wire_out_room(out);
    while (used < len && out->lines < WIRE_OUT_LINES_MAX && c->mode != SERVER_OPAQUE) {
        size_t n = len - used;
        if (c->mode == SERVER_MESSAGE) {
            wire_out_line(out, &lessons[WORDS_CONTENT]);
            n = say_message(c, octets + used, n);
        } else if (c->mode == SERVER_OCTETS) {
            wire_out_line(out, &lessons[WORDS_CONTENT]);
            if (n > c->left)
                n = (size_t)c->left;
            c->left -= n;
            if (c->left == 0)
                c->mode = SERVER_REPLIES;
        } else {
            n = say_line(c, octets + used, n, out);
        }
        wire_out_bytes(out, octets + used, n);
        used += n;
    }
    return used;
}

/* ---- the client's side --------------------------------------------------------------------------------- */

static enum server_answer pop3_asks(const char *line, size_t len)
{
    static const char *const long_ones[] = { "RETR", "TOP", "CAPA" }, *const without[] = { "LIST", "UIDL",
                                                                                           "AUTH" };
    struct wire_slice verb = word(line, len, 0);
    bool more = word(line, len, 1).len > 0;
    for (size_t i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++)
        if (wire_slice_is_nocase(verb, long_ones[i]))
            return SERVER_LONG;
    for (size_t i = 0; i < sizeof without / sizeof without[0] && !more; i++)
        if (wire_slice_is_nocase(verb, without[i]))
            return SERVER_LONG;
    return wire_slice_is_nocase(verb, "STLS") ? SERVER_TLS : SERVER_SHORT;
}

static void heard_line(struct server_lines *c)
{
    struct wire_slice tag = word(c->said, c->heard, 0);
    if (c->proto == TRACE_POP3) {
        if (!c->challenged && c->nasked < SERVER_LINES_ASKED)
            c->asked[c->nasked++] = (uint8_t)pop3_asks(c->said, c->heard);
        c->challenged = false;
    } else if (c->proto == TRACE_SMTP) {
        c->tls = wire_slice_is_nocase(tag, "STARTTLS");
    } else if (wire_slice_is_nocase(word(c->said, c->heard, 1), "STARTTLS") && tag.len < sizeof c->tag) {
        c->tls = true;
        memcpy(c->tag, tag.at, tag.len);
        c->tag[tag.len] = '\0';
    }
}

void server_lines_hear(struct server_lines *c, const char *octets, size_t len)
{
    while (len > 0 && c->mode != SERVER_OPAQUE) {
        const char *lf = memchr(octets, '\n', len);
        size_t n = lf ? (size_t)(lf - octets) + 1 : len;
        for (size_t i = 0; i < n && c->heard < sizeof c->said; i++)
            c->said[c->heard++] = octets[i];
        octets += n;
        len -= n;
        if (lf) {
            heard_line(c);
            c->heard = 0;
        }
    }
}
