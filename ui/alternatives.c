#include "ui/alternatives.h"

#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_code.h"
#include "protocols/dns/dns_verdict.h"
#include "protocols/imap/imap_table.h"
#include "protocols/pop3/pop3_server.h"
#include "protocols/smtp/smtp_server.h"
#include "protocols/smtp/smtp_verb.h"
#include "protocols/smtp/smtp_verdict.h"

#define RESPONSE_MIN 12 /* octets */

struct list {
    struct ui_alternative *out;
    size_t n, max;
};

static void add(struct list *l, const struct wire_lesson *why, bool good, const char *a, const char *b,
                const char *c)
{
    struct ui_alternative *o;
    char text[sizeof l->out->text];
    snprintf(text, sizeof text, "%s%s%s%s%s", a, *b ? " " : "", b, *c ? " " : "", c);
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->out[i].text, text) == 0)
            return;
    if (l->n == l->max)
        return;
    o = &l->out[l->n++];
    memcpy(o->text, text, sizeof text);
    o->good = good;
    o->lesson = why->lesson;
    o->title = why->title;
    o->section = why->section;
}

/* ---- SMTP ------------------------------------------------------------------------------------------------
 */

/* What people meet first; the rest follows in the order of the tables. */
static const uint8_t smtp_first[] = { SMTP_NO_SUCH_USER, SMTP_RELAY_DENIED,   SMTP_GREYLISTED,
                                      SMTP_MAILBOX_FULL, SMTP_AUTH_DENIED,    SMTP_NEED_AUTH,
                                      SMTP_TOO_BIG,      SMTP_AUTH_NEEDS_TLS, SMTP_SHUTTING_DOWN,
                                      SMTP_NEED_MAIL,    SMTP_NEED_RCPT,      SMTP_NEED_HELLO,
                                      SMTP_UNKNOWN };

static void smtp_add(struct list *l, enum smtp_verdict v)
{
    const struct smtp_verdict_info *i = smtp_verdict_info(v);
    if (i->code && i->lesson)
        add(l, i->lesson, i->kind == SMTP_KIND_GOOD || i->kind == SMTP_KIND_MORE, i->digits, i->status,
            i->text);
}

static bool among(const uint8_t *set, size_t n, unsigned v)
{
    for (size_t i = 0; i < n; i++)
        if (set[i] == v)
            return true;
    return false;
}

/* The client's part of a login: one word of base64 that is longer than any command, or masked, or a star. */
static bool is_response(const char *line, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=*";
    for (size_t i = 0; i < len; i++)
        if (!strchr(letters, line[i]))
            return false;
    return len > 0 && (*line == '*' || len >= RESPONSE_MIN || line[len - 1] == '=');
}

static void smtp_replies(struct list *l, const char *line, size_t len)
{
    size_t word, n;
    enum smtp_verb verb = len ? smtp_verb_find(line, len, &word) : SMTP_VERB_CONNECT;
    const uint8_t *can;
    if (verb == SMTP_VERB_UNKNOWN && len == 1 && *line == '.')
        verb = SMTP_VERB_CONTENT;
    else if (verb == SMTP_VERB_UNKNOWN && is_response(line, len))
        verb = SMTP_VERB_RESPONSE;
    can = smtp_verb_verdicts(verb, &n);
    for (size_t i = 0; i < n; i++) /* what it leads to when all is well */
        if (smtp_verdict_info((enum smtp_verdict)can[i])->kind <= SMTP_KIND_MORE)
            smtp_add(l, (enum smtp_verdict)can[i]);
    for (size_t i = 0; i < sizeof smtp_first; i++)
        if (among(can, n, smtp_first[i]))
            smtp_add(l, (enum smtp_verdict)smtp_first[i]);
    for (size_t i = 0; i < n; i++)
        smtp_add(l, (enum smtp_verdict)can[i]);
}

static void smtp_commands(struct list *l)
{
    static const enum smtp_verb verbs[] = { SMTP_VERB_EHLO, SMTP_VERB_MAIL,     SMTP_VERB_RCPT,
                                            SMTP_VERB_DATA, SMTP_VERB_STARTTLS, SMTP_VERB_AUTH,
                                            SMTP_VERB_QUIT, SMTP_VERB_HELO,     SMTP_VERB_RSET,
                                            SMTP_VERB_VRFY };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        add(l, &smtp_verb_info(verbs[i])->lesson, true, smtp_verb_info(verbs[i])->name, "", "");
}

/* ---- POP3 ------------------------------------------------------------------------------------------------
 */

/* What people meet first, as in SMTP. */
static const uint8_t pop3_first[] = { POP3_DENIED,        POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED,
                                      POP3_IN_USE,        POP3_NEED_TLS,        POP3_USER_FIRST,
                                      POP3_NOT_COMMITTED, POP3_NO_MECHANISM,    POP3_TLS_ACTIVE,
                                      POP3_TEMPFAIL,      POP3_WRONG_STATE,     POP3_UNKNOWN };

static void pop3_add(struct list *l, enum pop3_verdict v)
{
    const struct pop3_verdict_info *i = pop3_verdict_info(v);
    char code[64];
    size_t n = strlen(i->code);
    snprintf(code, sizeof code, "%.*s", (int)(n ? n - 1 : 0), i->code);
    if (i->status[0] && i->lesson.lesson)
        add(l, &i->lesson, i->status[0] == '+', i->status, code, i->text);
}

static void pop3_replies(struct list *l, const char *line, size_t len)
{
    size_t word = 0;
    enum pop3_verb verb;
    while (word < len && line[word] != ' ')
        word++;
    verb = word ? pop3_verb_find(line, word) : POP3_CONNECT;
    for (int v = 0; v < POP3_VERDICTS; v++)
        if (pop3_verb_can_end(verb, (enum pop3_verdict)v) &&
            pop3_verdict_info((enum pop3_verdict)v)->status[0] == '+')
            pop3_add(l, (enum pop3_verdict)v);
    for (size_t i = 0; i < sizeof pop3_first; i++)
        if (pop3_verb_can_end(verb, (enum pop3_verdict)pop3_first[i]))
            pop3_add(l, (enum pop3_verdict)pop3_first[i]);
    for (int v = 0; v < POP3_VERDICTS; v++)
        if (pop3_verb_can_end(verb, (enum pop3_verdict)v))
            pop3_add(l, (enum pop3_verdict)v);
}

static void pop3_commands(struct list *l)
{
    static const char *const names[] = { "USER", "PASS", "STAT", "LIST", "RETR",
                                         "DELE", "UIDL", "TOP",  "QUIT", "STLS" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add(l, &pop3_verb_info(pop3_verb_find(names[i], strlen(names[i])))->lesson, true, names[i], "", "");
}

/* ---- IMAP ------------------------------------------------------------------------------------------------
 */

static struct wire_slice word_of(const char **at, size_t *len)
{
    struct wire_slice w = { *at, 0 };
    while (*len > 0 && **at != ' ') {
        ++*at;
        --*len;
        w.len++;
    }
    if (*len > 0) {
        ++*at;
        --*len;
    }
    return w;
}

static void imap_replies(struct list *l, const char *line, size_t len)
{
    struct wire_slice tag = word_of(&line, &len), name = word_of(&line, &len);
    bool uid = name.len == 3 && (name.at[0] | 0x20) == 'u';
    enum imap_verb verb = imap_verb_find(uid ? word_of(&line, &len) : name, uid);
    uint64_t can;
    char front[40];
    if (verb == IMAP_VERB_NONE)
        return;
    can = imap_verb_verdicts(verb);
    for (int good = 1; good >= 0; good--)
        for (int v = 0; v < IMAP_VERDICTS_END; v++) {
            const struct imap_verdict_info *i = imap_verdict_info((enum imap_verdict)v);
            char code[64];
            if (!(can & IMAP_CAN_END(v)) || i->status > IMAP_BAD || (i->status == IMAP_OK) != (good == 1))
                continue;
            snprintf(front, sizeof front, "%.*s %s", (int)(tag.len < 20 ? tag.len : 20), tag.at,
                     imap_status_name(i->status));
            snprintf(code, sizeof code, "%s%s%s", *i->code ? "[" : "", i->code, *i->code ? "]" : "");
            add(l, &i->lesson, i->status == IMAP_OK, front, code, i->text);
        }
}

static void imap_commands(struct list *l)
{
    static const enum imap_verb verbs[] = { IMAP_VERB_LOGIN,   IMAP_VERB_SELECT, IMAP_VERB_FETCH,
                                            IMAP_VERB_STORE,   IMAP_VERB_IDLE,   IMAP_VERB_LIST,
                                            IMAP_VERB_EXPUNGE, IMAP_VERB_SEARCH, IMAP_VERB_LOGOUT,
                                            IMAP_VERB_STARTTLS };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        add(l, &imap_verb_info(verbs[i])->lesson, true, imap_verb_info(verbs[i])->name, "", "");
}

/* ---- DNS -------------------------------------------------------------------------------------------------
 */

static void dns_codes(struct list *l, enum dns_table table, const char *const *names)
{
    for (; *names; names++) {
        const struct dns_code *c = dns_code_named(table, *names, strlen(*names));
        if (c)
            add(l, &c->why, table == DNS_TABLE_TYPE, *names, "", "");
    }
}

static void dns_replies(struct list *l)
{
    static const struct wire_lesson records = {
        "the records that were asked for",
        "They would be there if this server had them, or had fetched them.", "RFC 1034 section 4.3.2"
    };
    add(l, &records, true, "records", "", "");
    add(l, &dns_verdict_info(DNS_REFERRAL)->why, true, "referral", "", "");
    dns_codes(l, DNS_TABLE_RCODE, (const char *const[]){ "NXDOMAIN", "SERVFAIL", "REFUSED", NULL });
    add(l, &dns_verdict_info(DNS_NODATA)->why, false, "NODATA", "", "");
}

size_t ui_alternative_replies(void *ctx, enum trace_proto proto, const char *command, size_t len,
                              struct ui_alternative *out, size_t max)
{
    struct list l = { out, 0, max };
    (void)ctx;
    if (proto == TRACE_SMTP)
        smtp_replies(&l, command, len);
    else if (proto == TRACE_POP3)
        pop3_replies(&l, command, len);
    else if (proto == TRACE_IMAP)
        imap_replies(&l, command, len);
    else if (proto == TRACE_DNS)
        dns_replies(&l);
    return l.n;
}

size_t ui_alternative_commands(void *ctx, enum trace_proto proto, struct ui_alternative *out, size_t max)
{
    struct list l = { out, 0, max };
    (void)ctx;
    if (proto == TRACE_SMTP)
        smtp_commands(&l);
    else if (proto == TRACE_POP3)
        pop3_commands(&l);
    else if (proto == TRACE_IMAP)
        imap_commands(&l);
    else if (proto == TRACE_DNS)
        dns_codes(&l, DNS_TABLE_TYPE, (const char *const[]){ "MX", "A", "AAAA", "TXT", "NS", "PTR", NULL });
    return l.n;
}
