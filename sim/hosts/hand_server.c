/* A person is the server.
 *
 *   connect           --> owes the greeting   --2 s--> the next line of `replies`
 *   a command arrives --> owes an answer      --2 s--> the next line; more of them while the reply goes on
 *   354, then content --> owes an answer after the dot
 *   no lines are left --> silence: now the client's patience is seen
 *
 * The lines are used up by all connections together, in the order in which answers are due. Each command is
 * answered by one reply; where a reply ends follows from its protocol (RFC 5321 section 4.2.1, RFC 1939
 * section 3, RFC 3501 section 2.2.2). A yes to STARTTLS or STLS begins TLS; ports 465, 993 and 995 begin with
 * it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "sim/hosts/hand.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"

#define OWED_MAX      32   /* commands that wait for an answer, by their words; more are counted only */
#define COMMAND_MAX   40   /* octets kept of a command */
#define LINE_MAX_SEEN 8192 /* octets; a longer line is taken in pieces */

struct hand {
    struct host *host;
    const struct spec_hand *spec;
    struct core_timer begin;
    struct pump_ops ops;
    size_t next; /* line that is typed next */
};

struct hand_session {
    struct pump pump;
    struct hand *hand;
    char owed[OWED_MAX][COMMAND_MAX]; /* commands without an answer, oldest first; "": the greeting */
    unsigned nowed;
    bool listing;          /* POP3: the reply goes on to a line with a dot */
    bool content;          /* SMTP: a message, up to a line with a dot */
    bool rest;             /* IMAP: the next line goes on with the command before its literal */
    uint64_t octets;       /* of a literal or of BDAT that are still to come */
    uint64_t literal;      /* IMAP: octets that come once the client may go on */
    char tag[COMMAND_MAX]; /* IMAP: of the last command */
    struct wire_out out;
};

static const struct wire_lesson typed = { "A person types the answer",
                                          "A server is a program that reads lines and answers with lines. "
                                          "Whatever comes back, the client follows the "
                                          "code, not the words.",
                                          "RFC 5321 section 4.2" };

static enum trace_proto proto_of(const struct hand_session *s)
{
    return s->hand->ops.proto;
}

static bool begins(const char *line, const char *word)
{
    size_t n = strlen(word);
    return wire_equal_nocase(line, strlen(line) < n ? strlen(line) : n, word, n);
}

/* ---- what waits for an answer ------------------------------------------------------------------------- */

static void owe(struct hand_session *s, const char *command)
{
    if (s->nowed < OWED_MAX)
        snprintf(s->owed[s->nowed], COMMAND_MAX, "%s", command);
    s->nowed++;
}

static void settle(struct hand_session *s)
{
    memmove(s->owed[0], s->owed[1], sizeof s->owed - sizeof s->owed[0]);
    s->owed[OWED_MAX - 1][0] = '\0';
    s->nowed--;
}

/* The number in braces at the end of an IMAP line; `waits`: the client waits for leave to send it. */
static bool literal_at_end(const char *line, size_t len, uint64_t *octets, bool *waits)
{
    size_t at = len;
    if (len < 3 || line[len - 1] != '}')
        return false;
    *waits = line[len - 2] != '+';
    while (at > 0 && line[at - 1] != '{')
        at--;
    return at > 0 && wire_parse_u64(wire_slice(line + at, len - 1 - at - !*waits), UINT32_MAX, octets);
}

static void imap_line(struct hand_session *s, const char *line, size_t len)
{
    uint64_t octets = 0;
    bool waits = true;
    if (!s->rest)
        snprintf(s->tag, sizeof s->tag, "%.*s", (int)(len < COMMAND_MAX ? len : COMMAND_MAX - 1), line);
    s->rest = false;
    if (!literal_at_end(line, len, &octets, &waits)) {
        owe(s, s->tag);
        return;
    }
    s->rest = true;
    if (!waits) {
        s->octets = octets;
        return;
    }
    s->literal = octets;
    owe(s, s->tag);
}

static void smtp_line(struct hand_session *s, const char *line, size_t len)
{
    char command[COMMAND_MAX];
    uint64_t octets = 0;
    size_t digits = 0;
    if (s->content) {
        if (len == 1 && line[0] == '.') {
            s->content = false;
            owe(s, ".");
        }
        return;
    }
    snprintf(command, sizeof command, "%.*s", (int)(len < COMMAND_MAX ? len : COMMAND_MAX - 1), line);
    while (begins(command, "BDAT ") && wire_is_digit(command[5 + digits]))
        digits++;
    if (digits > 0 && wire_parse_u64(wire_slice(command + 5, digits), UINT32_MAX, &octets) && octets > 0)
        s->octets = octets;
    owe(s, command);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct hand_session *s = CORE_OWNER(p, struct hand_session, pump);
    const char *lf;
    size_t line;
    if (s->octets > 0) {
        size_t used = len < s->octets ? len : (size_t)s->octets;
        s->octets -= used;
        pump_wait(p, HAND_TYPING_NS);
        return used;
    }
    lf = memchr(in, '\n', len);
    if (!lf && len < LINE_MAX_SEEN)
        return 0;
    line = lf ? (size_t)(lf - in) : len;
    if (line > 0 && in[line - 1] == '\r')
        line--;
    if (proto_of(s) == TRACE_IMAP)
        imap_line(s, in, line);
    else
        smtp_line(s, in, line); /* POP3 has nothing that SMTP has not */
    pump_wait(p, HAND_TYPING_NS);
    return lf ? (size_t)(lf - in) + 1 : len;
}

/* ---- what is typed ------------------------------------------------------------------------------------- */

/* Commands of POP3 whose +OK is followed by lines up to a dot (RFC 1939 section 3, RFC 2449 section 5). */
static bool pop3_lists(const char *command)
{
    size_t len = strlen(command);
    return begins(command, "CAPA") || begins(command, "RETR ") || begins(command, "TOP ") ||
           (len == 4 && (begins(command, "LIST") || begins(command, "UIDL") || begins(command, "AUTH")));
}

/* Does this line end the reply to the oldest command? */
static bool reply_ends(struct hand_session *s, const char *line)
{
    const char *command = s->owed[0];
    size_t tag = strcspn(command, " ");
    switch (proto_of(s)) {
    case TRACE_POP3:
        if (!s->listing && begins(line, "+OK") && pop3_lists(command))
            s->listing = true;
        else if (s->listing && strcmp(line, ".") == 0)
            s->listing = false;
        return !s->listing;
    case TRACE_IMAP:
        return !*command || line[0] == '+' || (strncmp(line, command, tag) == 0 && line[tag] == ' ');
    default:
        return !(strlen(line) > 3 && line[3] == '-');
    }
}

static bool starts_tls(const struct hand_session *s, const char *line)
{
    const char *command = s->owed[0], *verb = strchr(command, ' ');
    if (s->pump.tls)
        return false;
    switch (proto_of(s)) {
    case TRACE_POP3:
        return begins(command, "STLS") && begins(line, "+OK");
    case TRACE_IMAP:
        return verb && begins(verb + 1, "STARTTLS") && begins(line + strcspn(line, " "), " OK");
    default:
        return begins(command, "STARTTLS") && begins(line, "220");
    }
}

/* A reply is complete: what it means for what comes next. */
static void replied(struct hand_session *s, const char *line)
{
    bool secure = starts_tls(s, line);
    if (proto_of(s) == TRACE_SMTP && begins(s->owed[0], "DATA") && begins(line, "354"))
        s->content = true;
    if (proto_of(s) == TRACE_IMAP && s->literal > 0) {
        s->octets = line[0] == '+' ? s->literal : 0;
        s->rest = line[0] == '+';
        s->literal = 0;
    }
    settle(s);
    if (secure)
        pump_secure(&s->pump, secure_server(s->hand->host), NULL);
}

/* The code, and the enhanced status behind it, as the trace keeps them. */
static void mark_code(struct wire_line *mark, const char *line)
{
    size_t n;
    if (!wire_is_digit(line[0]) || !wire_is_digit(line[1]) || !wire_is_digit(line[2]))
        return;
    mark->code = (uint16_t)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
    if (line[3] == '\0')
        return;
    n = strspn(line + 4, "0123456789.");
    if (n >= 5 && n < sizeof mark->status && line[5] == '.' && (line[4 + n] == ' ' || !line[4 + n]))
        snprintf(mark->status, sizeof mark->status, "%.*s", (int)n, line + 4);
}

static void on_expired(struct pump *p)
{
    struct hand_session *s = CORE_OWNER(p, struct hand_session, pump);
    struct hand *h = s->hand;
    const char *line;
    struct wire_line *mark;
    if (s->octets > 0 || s->nowed == 0 || h->next == h->spec->nreplies || p->closing) {
        pump_wait(p, 0);
        return;
    }
    line = h->spec->replies[h->next++];
    wire_out_reset(&s->out);
    mark = wire_out_line(&s->out, &typed);
    if (proto_of(s) == TRACE_SMTP)
        mark_code(mark, line);
    wire_out_str(&s->out, line);
    wire_out_str(&s->out, "\r\n");
    pump_say(p, &s->out);
    pump_wait(p, HAND_TYPING_NS);
    if (reply_ends(s, line))
        replied(s, line);
}

/* ---- the session --------------------------------------------------------------------------------------- */

static void tell_session(struct hand_session *s, const char *event)
{
    struct trace_record r;
    struct tell_ends ends;
    if (!tell_session_begin(&r, &s->pump, event, "hand", &ends))
        return;
    tell_send(&r, s->pump.host, false);
}

static bool tls_first(uint16_t port)
{
    return port == 465 || port == 993 || port == 995;
}

static void on_opened(struct pump *p)
{
    struct hand_session *s = CORE_OWNER(p, struct hand_session, pump);
    tell_session(s, "connect");
    tell_phase(s->hand->host, PHASE_HAND, p->peer, pump_number(p),
               "Somebody at %s answers on port %u by hand", s->hand->host->spec->name, s->hand->spec->port);
    if (tls_first(s->hand->spec->port)) {
        pump_secure(p, secure_server(s->hand->host), NULL);
        return;
    }
    owe(s, "");
    pump_wait(p, HAND_TYPING_NS);
}

static void on_secured(struct pump *p)
{
    struct hand_session *s = CORE_OWNER(p, struct hand_session, pump);
    if (tls_first(s->hand->spec->port))
        owe(s, "");
    pump_wait(p, HAND_TYPING_NS);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    (void)p; /* the pump tells it, and closes the connection */
    (void)name;
    (void)why;
}

static bool on_pull(struct pump *p)
{
    (void)p;
    return false;
}

static void on_peer_closed(struct pump *p)
{
    pump_close(p);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct hand_session *s = CORE_OWNER(p, struct hand_session, pump);
    tell_session(s, why == TCP_END_NORMAL ? "disconnect" : "lost");
    free(s);
}

static bool accepted(struct net_host *net_host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                     void **app)
{
    struct hand *h = ctx;
    struct hand_session *s = core_alloc(sizeof *s);
    (void)net_host;
    pump_accept(&s->pump, h->host, &h->ops, c, ops, app);
    s->hand = h;
    return true;
}

bool hand_sits(const struct host *host, uint16_t port)
{
    const struct spec_hand *hand = host->spec->hand;
    return hand && hand->port == port && host->seated;
}

static void sit_down(struct hand *h)
{
    h->host->seated = true;
    tcp_unlisten(h->host->net, h->spec->port);
    tcp_listen(h->host->net, h->spec->port, accepted, h);
}

static void due(struct core_queue *q, struct core_timer *timer)
{
    (void)q;
    sit_down(CORE_OWNER(timer, struct hand, begin));
}

void hand_serve(struct host *host, const struct spec_hand *spec)
{
    struct hand *h = core_arena_take(&host->world->arena, sizeof *h);
    h->host = host;
    h->spec = spec;
    h->begin.run = due;
    h->ops = (struct pump_ops){ .proto = hand_proto(spec->port),
                                .dir = 'S',
                                .opened = on_opened,
                                .step = on_step,
                                .pull = on_pull,
                                .peer_closed = on_peer_closed,
                                .expired = on_expired,
                                .ended = on_ended,
                                .secured = on_secured,
                                .not_secured = on_not_secured };
    if (spec->from_ns == 0)
        sit_down(h);
    else
        core_timer_set(&host->world->queue, &h->begin, spec->from_ns);
}
