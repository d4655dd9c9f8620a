/* What could be typed next: from what was said last. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "ui/screen/shell.h"

struct row {
    const char *verb;  /* of the client's last line; "" none yet, NULL: any */
    const char *reply; /* how the server's last line begins; "" any */
    const char *type, *why;
};

static const struct row smtp_client[] = {
    { "", "2", "EHLO laptop.example.com",
      "The server has greeted. Say who you are; EHLO also asks what it can do." },
    { "EHLO", "2", "MAIL FROM:<alice@example.com>",
      "The envelope begins with the sender: a bounce goes there. On 587, AUTH comes before." },
    { "HELO", "2", "MAIL FROM:<alice@example.com>",
      "The envelope begins with the sender: a bounce goes there." },
    { "AUTH", "235", "MAIL FROM:<alice@example.com>", "235: you are who you say. Now the envelope." },
    { "AUTH", "334", "", "334 asks for more, in base64. A single * gives up." },
    { "MAIL", "2", "RCPT TO:<bob@example.org>",
      "One RCPT for each recipient. The From and To inside the message do not count." },
    { "MAIL", "530", "AUTH PLAIN ",
      "530: log in first. base64 USER PASSWORD, before telnet, makes the letters." },
    { "RCPT", "25", "DATA",
      "Another RCPT for another recipient, or DATA: MAIL, RCPT, DATA, an exam's order." },
    { "RCPT", "4", "QUIT", "4xx is temporary: a mail server would try again later." },
    { "RCPT", "5", "RSET",
      "5xx is final: this recipient will not get it. Another RCPT is allowed, RSET begins anew." },
    { "DATA", "354", "Subject: typed by hand",
      "354: go on. Header fields, an empty line, the text, a single dot." },
    { ".", "250", "QUIT", "250 after the dot is the promise: this server answers for the message now." },
    { ".", "5", "QUIT", "The message is refused; nobody will send a bounce, since nobody has taken it." },
    { "QUIT", "", "", "221: goodbye. The server hangs up." },
    { "STARTTLS", "220", "",
      "The server waits for a TLS handshake now; nobody can type that. Use openssl s_client." },
    { NULL, "503", "RSET", "503: bad sequence of commands. HELO, MAIL, RCPT, DATA is the order." },
    { NULL, "50", "HELP", "50x: the server does not understand the line, or does not do this." },
    { NULL, "", "NOOP", "NOOP does nothing, and is answered with 250." },
};

static const struct row pop3_client[] = {
    { "", "+", "USER bob", "+OK is yes, -ERR is no. First the name, then the password." },
    { "USER", "+", "PASS builder", "In clear: whoever listens on the way reads it." },
    { "PASS", "+", "STAT", "You are in. STAT counts messages and octets; the maildrop is locked for you." },
    { "PASS", "-", "USER bob", "Wrong: name and password begin anew." },
    { "STAT", "+", "LIST", "LIST numbers the messages, with their sizes." },
    { "LIST", "", "RETR 1", "RETR downloads; TOP 1 0 shows the header alone." },
    { "RETR", "", "DELE 1", "DELE marks only; the server deletes at QUIT." },
    { "DELE", "+", "QUIT", "QUIT deletes what is marked and unlocks the maildrop. RSET would unmark." },
    { NULL, "", "QUIT", "QUIT ends it." },
};

static const struct row imap_client[] = {
    { "", "*", "a1 LOGIN bob builder", "Each command has a tag of your own; the answer repeats it." },
    { "LOGIN", "", "a2 SELECT INBOX", "OK, NO, BAD: the three answers. SELECT opens a mailbox." },
    { "SELECT", "", "a3 FETCH 1 BODY.PEEK[]",
      "EXISTS tells how many. BODY[] sets \\Seen, BODY.PEEK[] does not." },
    { "FETCH", "", "a4 STORE 1 +FLAGS (\\Flagged)",
      "Flags live on the server: every device of bob's sees them." },
    { "STORE", "", "a5 LOGOUT", "The mail stays on the server; that is the difference from POP3." },
    { NULL, "", "a9 LOGOUT", "LOGOUT ends it." },
};

static const struct row smtp_server[] = {
    { "", "", "220 mx.example.org ESMTP",
      "The server speaks first: 220 is ready, 554 is no service, 421 is not now." },
    { "EHLO", "", "250 mx.example.org",
      "250-NAME, then 250-SIZE, 250-STARTTLS ... and the last one without the dash." },
    { "HELO", "", "250 mx.example.org", "One line: HELO has no extensions." },
    { "MAIL", "", "250 2.1.0 sender ok",
      "Yes. 550 refuses, 451 is a trouble of your own: the client tries later." },
    { "RCPT", "", "550 5.1.1 no such user",
      "5xx: a bounce. 450 or 452: it waits and tries again. 250: take it." },
    { "DATA", "", "354 end with a dot", "The go-ahead. The text comes, and the client waits after the dot." },
    { ".", "", "250 2.0.0 queued", "Now you answer for it. 451: try again. 554: never." },
    { "BDAT", "", "250 2.0.0 queued", "A chunk has come; after the last one you answer for the message." },
    { "QUIT", "", "221 bye", "The client hangs up after it." },
    { "RSET", "", "250 ok", "The transaction is forgotten." },
    { "AUTH", "", "235 2.7.0 you are in", "535 5.7.8: wrong password. 334 asks for more." },
    { "STARTTLS", "", "220 go ahead", "TLS begins after this line." },
    { NULL, "", "500 5.5.2 what?", "You need not understand everything." },
};

static const struct row pop3_server[] = {
    { "", "", "+OK hello", "+OK is yes, -ERR is no." },
    { "CAPA", "", "-ERR not here", "Or +OK, a line for each capability, and a single dot." },
    { "AUTH", "", "-ERR not here", "The client falls back to USER and PASS, or gives up." },
    { "STAT", "", "+OK 1 120", "Messages, octets." },
    { "LIST", "", "+OK", "A line for each message, \"1 120\", and a single dot." },
    { "UIDL", "", "+OK", "A line for each message, \"1 abc\", and a single dot." },
    { "RETR", "", "+OK", "Then the message, line by line, and a single dot." },
    { NULL, "", "+OK", "Yes. -ERR would be no." },
};

static const struct row imap_server[] = {
    { "", "", "* OK hello", "The server speaks first." },
    { "CAPABILITY", "", "* CAPABILITY IMAP4rev1", "Then the tag of the command, and OK." },
    { "SELECT", "", "* 1 EXISTS", "What there is, with a star; then the tag and OK." },
    { NULL, "", "TAG OK done", "The tag of the command, then OK, NO or BAD." },
};

#define TABLE(t) t, sizeof(t) / sizeof(t)[0]

static const struct row *find(const struct row *rows, size_t n, const char *verb, const char *reply)
{
    for (size_t i = 0; i < n; i++)
        if ((!rows[i].verb || strcmp(rows[i].verb, verb) == 0) &&
            strncmp(reply, rows[i].reply, strlen(rows[i].reply)) == 0)
            return &rows[i];
    return NULL;
}

/* ---- where the conversation is ---- */

struct state {
    enum trace_proto proto;
    char verb[16], tag[16], reply[16];
    bool content; /* SMTP: after 354, before the dot */
    bool owed;    /* the client has spoken last */
};

static void take_command(struct state *st, const struct trace_record *r)
{
    const char *at = r->text, *end = r->text + r->text_len;
    size_t n = 0;
    st->owed = true;
    if (st->content) {
        if (r->text_len == 1 && *at == '.') {
            st->content = false;
            snprintf(st->verb, sizeof st->verb, ".");
        }
        return;
    }
    if (st->proto == TRACE_IMAP) {
        while (at + n < end && at[n] != ' ' && n + 1 < sizeof st->tag)
            n++;
        snprintf(st->tag, sizeof st->tag, "%.*s", (int)n, at);
        at += n + (at + n < end);
        n = 0;
    }
    for (; at + n < end && at[n] != ' ' && at[n] != ':' && n + 1 < sizeof st->verb; n++)
        st->verb[n] = wire_to_upper(at[n]);
    st->verb[n] = '\0';
    st->reply[0] = '\0';
}

static void take_reply(struct state *st, const struct trace_record *r)
{
    snprintf(st->reply, sizeof st->reply, "%.*s", (int)(r->text_len < 15 ? r->text_len : 15), r->text);
    st->owed = false;
    if (st->proto == TRACE_SMTP && strcmp(st->verb, "DATA") == 0 && strncmp(st->reply, "354", 3) == 0)
        st->content = true;
}

static void read_state(const struct ui_screen *s, const struct shell_item *open, struct state *st)
{
    const struct tape *t = s->run.tape;
    struct shell_talk talk = { 0 }, next;
    const struct tape_list *list;
    struct trace_record r;
    memset(st, 0, sizeof *st);
    if (open->kind == SHELL_TELNET)
        shell_telnet_talk(t, open->name, &talk);
    else
        for (size_t n = 0; shell_hand_talk(t, open->host, open->port, n, &next) && next.first <= s->place;
             n++)
            talk = next;
    list = tape_of_conn(t, talk.conn);
    st->proto = open->port == 110 || open->port == 995   ? TRACE_POP3
                : open->port == 143 || open->port == 993 ? TRACE_IMAP
                                                         : TRACE_SMTP;
    for (size_t i = 0; list && i < list->n && list->seq[i] <= s->place; i++)
        if (tape_get(t, list->seq[i], &r) && trace_kind_level(r.kind) == TRACE_LINE && r.proto != TRACE_TLS &&
            r.text) {
            if (r.dir == 'C')
                take_command(st, &r);
            else
                take_reply(st, &r);
        }
}

static void of_conversation(const struct ui_screen *s, const struct shell_item *open, struct shell_hint *out)
{
    struct state st;
    const struct row *row;
    read_state(s, open, &st);
    if (st.content) {
        snprintf(out->type, sizeof out->type, "%s", open->kind == SHELL_BE ? "" : ".");
        out->why = open->kind == SHELL_BE
                       ? "The message is on its way; you answer after its dot."
                       : "Header fields, an empty line, the text. A line with a single dot ends it.";
        if (open->kind == SHELL_TELNET && !st.owed)
            snprintf(out->type, sizeof out->type, "Subject: typed by hand");
        return;
    }
    if (open->kind == SHELL_TELNET)
        row = st.proto == TRACE_POP3   ? find(TABLE(pop3_client), st.verb, st.reply)
              : st.proto == TRACE_IMAP ? find(TABLE(imap_client), st.verb, st.reply)
                                       : find(TABLE(smtp_client), st.verb, st.reply);
    else
        row = st.proto == TRACE_POP3   ? find(TABLE(pop3_server), st.verb, "")
              : st.proto == TRACE_IMAP ? find(TABLE(imap_server), st.verb, "")
                                       : find(TABLE(smtp_server), st.verb, "");
    if (!row)
        return;
    out->why = row->why;
    if (strncmp(row->type, "TAG", 3) == 0)
        snprintf(out->type, sizeof out->type, "%s%s", st.tag, row->type + 3);
    else
        snprintf(out->type, sizeof out->type, "%s", row->type);
}

void shell_hint(const struct ui_screen *s, const struct shell *sh, const struct shell_item *open,
                struct shell_hint *out)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    out->type[0] = '\0';
    out->why = "";
    if (open) {
        of_conversation(s, open, out);
        return;
    }
    out->why = "Be a client by hand; be HOST:25 makes you the server; dig and ping ask. help tells all.";
    for (size_t i = 0; o && i < o->nhosts; i++)
        if (strcmp(o->hosts[i].role, "mta") == 0 && i + 1 != sh->from) {
            snprintf(out->type, sizeof out->type, "telnet %s 25",
                     sh->asks_names && o->hosts[i].fqdn && o->hosts[i].fqdn[0] ? o->hosts[i].fqdn
                                                                               : o->hosts[i].name);
            return;
        }
    snprintf(out->type, sizeof out->type, "help");
}

/* ---- completion ---- */

static const char *const words[][16] = {
    { "telnet ", "openssl s_client -connect ", "dig ", "ping ", "from ", "be ", "base64 ", "save ", "help",
      NULL },
    { "EHLO ", "HELO ", "MAIL FROM:<", "RCPT TO:<", "DATA", "RSET", "NOOP", "VRFY ", "AUTH PLAIN ",
      "AUTH LOGIN", "STARTTLS", "HELP", "QUIT", NULL },
    { "USER ", "PASS ", "STAT", "LIST", "RETR ", "TOP ", "DELE ", "RSET", "UIDL", "NOOP", "CAPA", "STLS",
      "QUIT", NULL },
    { "a1 LOGIN ", "a1 CAPABILITY", "a2 SELECT INBOX", "a3 FETCH 1 ", "a3 SEARCH ", "a4 STORE 1 ",
      "a5 EXPUNGE", "a6 LIST \"\" *", "a9 LOGOUT", NULL },
    { "220 ", "221 ", "235 ", "250 ", "250-", "334 ", "354 ", "421 ", "450 4.2.0 ", "451 4.3.0 ",
      "452 4.2.2 ", "500 ", "530 5.7.0 ", "550 5.1.1 ", "554 5.7.1 ", NULL },
};

static bool starts(const char *word, const char *stem)
{
    size_t n = strlen(stem);
    for (size_t i = 0; i < n; i++)
        if (!word[i] || wire_to_lower(word[i]) != wire_to_lower(stem[i]))
            return false;
    return true;
}

/* The last word of a command is a host's. */
static bool complete_host(const struct ui_screen *s, const struct shell *sh, const char *stem, size_t n,
                          char *buf, size_t cap)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    size_t from = strlen(stem);
    bool full = sh->asks_names && strncmp(stem, "from", 4) != 0 && strncmp(stem, "be", 2) != 0;
    while (from > 0 && stem[from - 1] != ' ' && stem[from - 1] != '@')
        from--;
    for (size_t i = 0; from > 0 && o && i < o->nhosts; i++) {
        const char *name =
            full && o->hosts[i].fqdn && o->hosts[i].fqdn[0] ? o->hosts[i].fqdn : o->hosts[i].name;
        if (starts(name, stem + from) && n-- == 0)
            return snprintf(buf, cap, "%.*s%s", (int)from, stem, name) > 0;
    }
    return false;
}

bool shell_complete(struct ui_screen *s, struct shell *sh, const char *stem, size_t n, char *buf, size_t cap)
{
    const struct shell_item *open = shell_open_item(s, sh);
    struct shell_hint hint;
    struct state st;
    size_t set = 0;
    shell_hint(s, sh, open, &hint);
    if (hint.type[0] && starts(hint.type, stem) && strcmp(hint.type, stem) != 0) {
        if (n == 0)
            return snprintf(buf, cap, "%s", hint.type) > 0;
        n--;
    }
    if (open) {
        read_state(s, open, &st);
        set = st.proto == TRACE_POP3 ? 2 : st.proto == TRACE_IMAP ? 3 : open->kind == SHELL_BE ? 4 : 1;
        if (open->kind == SHELL_BE && set != 4)
            return false;
    }
    for (const char *const *w = words[set]; *w; w++)
        if (starts(*w, stem) && n-- == 0)
            return snprintf(buf, cap, "%s", *w) > 0;
    return !open && complete_host(s, sh, stem, n, buf, cap);
}

const char *shell_help(void)
{
    return "telnet HOST PORT           a client by hand: 25 SMTP, 110 POP3, 143 IMAP\n"
           "openssl s_client -connect HOST:PORT [-starttls smtp|pop3|imap]   in TLS\n"
           "dig [@SERVER] NAME [TYPE]  ask the DNS\n"
           "ping HOST                  does it answer at all?\n"
           "from HOST                  where you sit; from alone lists the hosts\n"
           "be HOST:PORT               be the server: real clients come, you answer\n"
           "base64 USER PASSWORD       what AUTH PLAIN sends\n"
           "save [FILE]                a script that runs all of this again\n"
           "Ctrl-] hangs up. You type at the place in time where you are, each line 2 s\n"
           "after the last thing that happened. All that was before stays as it was.";
}
