/* Commands, content and secrets of a client that is none of our engines. */
#include "sim/hosts/client_lines.h"

#include <string.h>

#include "protocols/imap/imap_table.h"
#include "protocols/pop3/pop3_server.h"
#include "protocols/smtp/smtp_verb.h"
#include "protocols/wire/ascii.h"

#define NO_SECRET SIZE_MAX

void client_lines_init(struct client_lines *c, enum trace_proto proto)
{
    memset(c, 0, sizeof *c);
    c->proto = proto;
    c->mode =
        proto == TRACE_SMTP || proto == TRACE_POP3 || proto == TRACE_IMAP ? CLIENT_COMMANDS : CLIENT_OPAQUE;
}

static const struct wire_lesson *imap_words(enum imap_line line)
{
    return &imap_line_info(line)->lesson;
}

bool client_lines_is_content(const struct wire_lesson *why)
{
    return why == &smtp_verb_info(SMTP_VERB_CONTENT)->lesson || why == imap_words(IMAP_LINE_CLIENT_MESSAGE);
}

/* ---- one line, as far as it has come ------------------------------------------------------------------- */

/* The n-th word from 0, separated by spaces; empty if there is none. */
static struct wire_slice word(const char *line, size_t len, unsigned n)
{
    size_t at = 0, end;
    for (;; n--) {
        while (at < len && line[at] == ' ')
            at++;
        end = at;
        while (end < len && line[end] != ' ' && line[end] != '\r' && line[end] != '\n')
            end++;
        if (n == 0)
            return wire_slice(line + at, end - at);
        at = end;
    }
}

/* Where a word begins; NO_SECRET if it has not. */
static size_t place(const char *line, struct wire_slice w)
{
    return w.len > 0 ? (size_t)(w.at - line) : NO_SECRET;
}

/* "{310}" or "{310+}" or "{310-}" at the end of a whole line. */
static bool literal_ahead(const char *line, size_t len, uint64_t *octets)
{
    size_t at = len;
    uint64_t n = 0;
    while (at > 0 && (line[at - 1] == '\n' || line[at - 1] == '\r'))
        at--;
    if (at < 3 || line[at - 1] != '}')
        return false;
    len = --at;
    if (line[len - 1] == '+' || line[len - 1] == '-')
        len--;
    while (at > 0 && line[at - 1] != '{')
        at--;
    if (at == 0 || at == len)
        return false;
    for (; at < len; at++) {
        if (!wire_is_digit(line[at]) || n > UINT32_MAX)
            return false;
        n = n * 10 + (uint64_t)(line[at] - '0');
    }
    *octets = n;
    return true;
}

static size_t smtp_line(struct client_lines *c)
{
    size_t n, len = c->len;
    enum smtp_verb verb;
    while (len > 0 && (c->head[len - 1] == '\n' || c->head[len - 1] == '\r'))
        len--;
    verb = smtp_verb_find(c->head, len, &n);
    c->why = &smtp_verb_info(verb)->lesson;
    return verb == SMTP_VERB_AUTH ? place(c->head, word(c->head, c->len, 2)) : NO_SECRET;
}

static size_t pop3_line(struct client_lines *c)
{
    struct wire_slice name = word(c->head, c->len, 0);
    enum pop3_verb verb = pop3_verb_find(name.at, name.len);
    c->why = &pop3_verb_info(verb)->lesson;
    if (verb == POP3_PASS)
        return name.len + 1;
    return verb == POP3_AUTH || verb == POP3_APOP ? place(c->head, word(c->head, c->len, 2)) : NO_SECRET;
}

/* What follows the user's name in LOGIN, which may be quoted; a password as literal is hidden by its
 * literal. */
static size_t login_secret(const char *line, size_t len)
{
    struct wire_slice user = word(line, len, 2);
    size_t at = place(line, user);
    if (at == NO_SECRET || user.at[0] == '{')
        return NO_SECRET;
    if (user.at[0] == '"') {
        for (at++; at < len && line[at] != '"'; at++)
            at += line[at] == '\\';
        at++;
    } else {
        at += user.len;
    }
    while (at < len && line[at] == ' ')
        at++;
    return at < len && line[at] != '\r' && line[at] != '{' ? at : NO_SECRET;
}

static size_t imap_line(struct client_lines *c, enum imap_verb *verb)
{
    struct wire_slice name = word(c->head, c->len, 1);
    bool uid = wire_slice_is_nocase(name, "UID");
    *verb = IMAP_VERB_NONE;
    if (uid)
        name = word(c->head, c->len, 2);
    if (name.len == 0 && word(c->head, c->len, 0).len > 0 &&
        wire_slice_is_nocase(word(c->head, c->len, 0), "DONE")) {
        c->why = imap_words(IMAP_LINE_CLIENT_DONE);
        return NO_SECRET;
    }
    *verb = imap_verb_find(name, uid);
    c->why = &imap_verb_info(*verb)->lesson;
    if (*verb == IMAP_VERB_LOGIN)
        return login_secret(c->head, c->len);
    return *verb == IMAP_VERB_AUTHENTICATE ? place(c->head, word(c->head, c->len, 3)) : NO_SECRET;
}

/* Reads the head: the lesson of the line, and where in the line its secret begins. */
static size_t read_head(struct client_lines *c, enum imap_verb *verb)
{
    *verb = IMAP_VERB_NONE;
    if (c->mode == CLIENT_ANSWER) {
        c->why = c->proto == TRACE_SMTP   ? &smtp_verb_info(SMTP_VERB_RESPONSE)->lesson
                 : c->proto == TRACE_POP3 ? &pop3_verb_info(POP3_AUTH_DATA)->lesson
                                          : imap_words(IMAP_LINE_CLIENT_CREDENTIALS);
        return 0;
    }
    if (c->goes_on) /* c->why is still that of the command */
        return c->secret ? 0 : NO_SECRET;
    if (c->proto == TRACE_SMTP)
        return smtp_line(c);
    return c->proto == TRACE_POP3 ? pop3_line(c) : imap_line(c, verb);
}

/* ---- what a whole line leads to
 * ----------------------------------------------------------------------------- */

static void expect_octets(struct client_lines *c, uint64_t n, bool secret)
{
    c->mode = n > 0 ? CLIENT_OCTETS : CLIENT_COMMANDS;
    c->left = n;
    c->secret = secret;
    c->untouched = true;
}

static uint64_t number(struct wire_slice w)
{
    uint64_t n = 0;
    for (size_t i = 0; i < w.len && wire_is_digit(w.at[i]) && n < UINT32_MAX; i++)
        n = n * 10 + (uint64_t)(w.at[i] - '0');
    return n;
}

static void imap_whole(struct client_lines *c, enum imap_verb verb)
{
    struct wire_slice tag = word(c->head, c->len, 0);
    uint64_t n;
    bool login = c->goes_on ? c->why == &imap_verb_info(IMAP_VERB_LOGIN)->lesson : verb == IMAP_VERB_LOGIN;
    if (!c->goes_on) {
        c->tag[0] = '\0';
        if (tag.len > 0 && tag.len < sizeof c->tag) {
            memcpy(c->tag, tag.at, tag.len);
            c->tag[tag.len] = '\0';
        }
        c->challenged = verb == IMAP_VERB_AUTHENTICATE;
        c->tls = verb == IMAP_VERB_STARTTLS;
    }
    c->goes_on = c->secret = false;
    if (c->at <= sizeof c->head && literal_ahead(c->head, c->len, &n)) {
        /* LOGIN: the first literal may be the name, but whoever hides too much hides the password too. */
        expect_octets(c, n, login);
        c->goes_on = true;
        c->secret = login;
    }
}

static void whole_line(struct client_lines *c, enum imap_verb verb)
{
    struct wire_slice first = word(c->head, c->len, 0);
    bool answer = c->mode == CLIENT_ANSWER;
    c->mode = CLIENT_COMMANDS;
    if (answer)
        return;
    if (c->proto == TRACE_IMAP) {
        imap_whole(c, verb);
        return;
    }
    c->challenged = wire_slice_is_nocase(first, "AUTH");
    c->tls = wire_slice_is_nocase(first, c->proto == TRACE_SMTP ? "STARTTLS" : "STLS");
    if (c->proto == TRACE_SMTP && wire_slice_is_nocase(first, "BDAT")) {
        expect_octets(c, number(word(c->head, c->len, 1)), false);
        c->why = &smtp_verb_info(SMTP_VERB_CONTENT)->lesson;
    }
}

/* ---- octets
 * --------------------------------------------------------------------------------------------------- */

/* A message, up to and with the line that has a single dot. One mark for all of it that is here. */
static size_t say_message(struct client_lines *c, const char *octets, size_t len)
{
    size_t used = 0;
    while (used < len && c->mode == CLIENT_MESSAGE) {
        const char *lf = memchr(octets + used, '\n', len - used);
        size_t n = lf ? (size_t)(lf - octets) + 1 - used : len - used;
        for (size_t i = 0; i < n && c->len < 4; i++)
            c->head[c->len++] = octets[used + i];
        c->at += (uint32_t)n;
        used += n;
        if (lf) {
            if (c->at == 3 && memcmp(c->head, ".\r\n", 3) == 0)
                c->mode = CLIENT_COMMANDS;
            c->at = c->len = 0;
        }
    }
    return used;
}

static size_t say_line(struct client_lines *c, const char *octets, size_t len, struct wire_out *out)
{
    const char *lf = memchr(octets, '\n', len);
    size_t n = lf ? (size_t)(lf - octets) + 1 : len, from = c->at, secret, room = sizeof c->head - c->len;
    struct wire_line *mark;
    enum imap_verb verb;
    memcpy(c->head + c->len, octets, n < room ? n : room);
    c->len = (uint16_t)(c->len + (n < room ? n : room));
    c->at += (uint32_t)n;
    secret = read_head(c, &verb);
    mark = wire_out_line(out, c->why);
    if (secret < from + n) {
        mark->secret_at = (uint16_t)(secret > from ? secret - from : 0);
        mark->secret_len = UINT16_MAX;
    }
    if (lf) {
        whole_line(c, verb);
        c->at = c->len = 0;
    }
    return n;
}

static size_t say_octets(struct client_lines *c, size_t len, struct wire_out *out)
{
    const struct wire_lesson *why = imap_words(IMAP_LINE_CLIENT_LITERAL);
    struct wire_line *mark;
    size_t n = len < c->left ? len : (size_t)c->left;
    if (c->proto == TRACE_SMTP)
        why = c->why;
    else if (c->why == &imap_verb_info(IMAP_VERB_APPEND)->lesson)
        why = imap_words(IMAP_LINE_CLIENT_MESSAGE);
    mark = wire_out_line(out, why);
    if (c->secret)
        mark->secret_len = UINT16_MAX;
    c->left -= n;
    c->untouched = false;
    if (c->left == 0)
        c->mode = CLIENT_COMMANDS;
    return n;
}

size_t client_lines_say(struct client_lines *c, const char *octets, size_t len, struct wire_out *out)
{
    size_t used = 0;
    if (len > wire_out_room(out))
        len = wire_out_room(out);
    while (used < len && out->lines < WIRE_OUT_LINES_MAX) {
        size_t n;
        if (c->mode == CLIENT_MESSAGE) {
            wire_out_line(out, &smtp_verb_info(SMTP_VERB_CONTENT)->lesson);
            n = say_message(c, octets + used, len - used);
        } else if (c->mode == CLIENT_OCTETS) {
            n = say_octets(c, len - used, out);
        } else {
            n = say_line(c, octets + used, len - used, out);
        }
        wire_out_bytes(out, octets + used, n);
        used += n;
    }
    return used;
}

/* ---- the server's side
 * ------------------------------------------------------------------------------------------ */

static void heard_smtp(struct client_lines *c)
{
    const char *r = c->reply;
    if (memcmp(r, "354", 3) == 0) {
        c->mode = CLIENT_MESSAGE;
        c->at = c->len = 0;
    } else if (memcmp(r, "334", 3) == 0) {
        c->mode = CLIENT_ANSWER;
    } else if (c->tls && memcmp(r, "220", 3) == 0) {
        c->mode = CLIENT_OPAQUE;
    } else if (c->mode == CLIENT_ANSWER) {
        c->mode = CLIENT_COMMANDS;
    }
}

static void heard_pop3(struct client_lines *c)
{
    if (c->challenged && c->reply[0] == '+' && (c->reply[1] == ' ' || c->reply[1] == '\r'))
        c->mode = CLIENT_ANSWER;
    else if (c->tls && memcmp(c->reply, "+OK", 3) == 0)
        c->mode = CLIENT_OPAQUE;
    else if (c->mode == CLIENT_ANSWER)
        c->mode = CLIENT_COMMANDS;
}

static void heard_imap(struct client_lines *c)
{
    size_t tag = strlen(c->tag);
    if (c->reply[0] == '+' && c->mode != CLIENT_OCTETS) {
        if (c->challenged)
            c->mode = CLIENT_ANSWER;
        return;
    }
    if (tag == 0 || tag >= sizeof c->reply || memcmp(c->reply, c->tag, tag) != 0 || c->reply[tag] != ' ')
        return;
    /* The end of a command. A literal that was announced and is refused never comes. */
    if (c->mode == CLIENT_OCTETS && c->untouched)
        c->mode = CLIENT_COMMANDS;
    if (c->mode == CLIENT_ANSWER || c->mode == CLIENT_COMMANDS) {
        c->mode = c->tls ? CLIENT_OPAQUE : CLIENT_COMMANDS;
        if (c->at == 0)
            c->goes_on = c->secret = false;
    }
    c->challenged = c->tls = false;
}

void client_lines_hear(struct client_lines *c, const char *octets, size_t len)
{
    while (len > 0 && c->mode != CLIENT_OPAQUE) {
        const char *lf = memchr(octets, '\n', len);
        size_t n = lf ? (size_t)(lf - octets) + 1 : len;
        for (size_t i = 0; i < n && c->heard < sizeof c->reply; i++)
            c->reply[c->heard++] = octets[i];
        octets += n;
        len -= n;
        if (!lf)
            continue;
        if (c->heard >= 3) {
            memset(c->reply + c->heard, 0, sizeof c->reply - c->heard);
            if (c->proto == TRACE_SMTP)
                heard_smtp(c);
            else if (c->proto == TRACE_POP3)
                heard_pop3(c);
            else
                heard_imap(c);
        }
        c->heard = 0;
    }
}
