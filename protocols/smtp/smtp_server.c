/* The server: one line at a time, checked against the table of smtp_rules.c, answered from the table of
 * smtp_verdict.h. */
#include "protocols/smtp/smtp_server_inner.h"

#include <assert.h>

#define EXTENSIONS                                                                                           \
    (SMTP_EXT_PIPELINING | SMTP_EXT_SIZE | SMTP_EXT_8BITMIME | SMTP_EXT_STATUS | SMTP_EXT_SMTPUTF8 |         \
     SMTP_EXT_DSN | SMTP_EXT_CHUNKING | SMTP_EXT_BINARYMIME)

void smtp_server_config_mta(struct smtp_server_config *config, const char *hostname)
{
    *config = (struct smtp_server_config){
        .hostname = hostname,
        .extensions = EXTENSIONS,
        .size_max = SMTP_SERVER_SIZE_DEFAULT,
        .text_line_max = SMTP_TEXT_LINE_DEFAULT,
        .recipients_max = SMTP_SERVER_RECIPIENTS_DEFAULT,
        .errors_max = SMTP_SERVER_ERRORS_DEFAULT,
        .timeout_ns = SMTP_SERVER_TIMEOUT_NS,
        .bare = SMTP_BARE_REFUSE,
        .refuse_nul = true,
    };
}

void smtp_server_config_submission(struct smtp_server_config *config, const char *hostname)
{
    smtp_server_config_mta(config, hostname);
    config->extensions |= SMTP_EXT_AUTH | SMTP_EXT_STARTTLS;
    config->auth_required = true;
}

void smtp_server_init(struct smtp_server *s, const struct smtp_server_config *config,
                      const struct smtp_server_ops *ops, void *host)
{
    assert(config->hostname && ops->mail && ops->rcpt && ops->content && ops->data_end);
    *s = (struct smtp_server){ .config = config, .ops = ops, .host = host, .state = SMTP_SERVER_CONNECT };
}

void smtp_server_auth(struct smtp_server *s, const struct wire_auth_server *auth, void *ctx)
{
    s->auth = auth;
    s->auth_ctx = ctx;
}

unsigned smtp_server_offers(const struct smtp_server *s)
{
    unsigned offers = s->config->extensions;
    if (s->tls || !s->ops->starttls)
        offers &= ~(unsigned)SMTP_EXT_STARTTLS;
    if (!s->auth || s->auth->mechanisms(s->auth_ctx)[0] == '\0')
        offers &= ~(unsigned)SMTP_EXT_AUTH;
    if (!(offers & SMTP_EXT_CHUNKING))
        offers &= ~(unsigned)SMTP_EXT_BINARYMIME;
    return offers;
}

void smtp_server_begin(const struct smtp_server *s, struct smtp_server_step *out, enum smtp_verb verb)
{
    out->verb = verb;
    out->before = out->after = s->state;
    out->verdict = SMTP_SILENT;
    out->lesson = &smtp_verb_info(verb)->lesson;
    out->line = SMTP_NO_TEXT;
    out->secret_at = out->secret_len = 0;
    out->content_octets = 0;
    out->early = out->discarded = false;
    wire_out_reset(&out->send);
}

void smtp_server_end_transaction(struct smtp_server *s, bool told)
{
    bool owed = s->transaction && !told;
    s->transaction = s->tried_rcpt = s->smtputf8 = false;
    s->recipients = 0;
    s->body = SMTP_BODY_7BIT;
    s->doomed = SMTP_SILENT;
    if (owed && s->ops->reset)
        s->ops->reset(s->host);
}

enum smtp_verdict smtp_server_done(enum smtp_verb verb, enum smtp_verdict verdict)
{
    return verdict == SMTP_OK ? smtp_rule(verb)->done : verdict;
}

/* Host text goes out as printable text only: what a control character could do to the framing, or to a
 * terminal, must not depend on the host's care. */
static void append_text(struct wire_out *send, struct wire_slice text, size_t room)
{
    uint32_t at = send->len;
    if (text.len > room)
        text.len = room;
    wire_out_bytes(send, text.at, text.len);
    if (text.len == 0 || !(smtp_odd(text.at, text.len) & SMTP_ODD_CONTROL))
        return;
    for (; at < send->len; at++)
        if (wire_is_control(send->text[at]))
            send->text[at] = '?';
}

/* Whether the name of the server stands in front of the text: RFC 5321 section 4.2.3 gives these replies as
 * <domain> ... */
static bool shows_domain(enum smtp_verdict verdict, const struct smtp_verdict_info *info)
{
    return info->kind == SMTP_KIND_CLOSE || verdict == SMTP_GREETING || verdict == SMTP_HELLO;
}

/* The lines of one reply, "-" behind the code of all but the last (RFC 5321 section 4.2.1). `more`: the
 * caller appends further lines. */
static void write_reply(const struct smtp_server *s, struct smtp_server_step *out, enum smtp_verdict verdict,
                        struct wire_slice text, bool more)
{
    const struct smtp_verdict_info *info = smtp_verdict_info(verdict);
    const struct wire_lesson *why = info->lesson;
    bool hello = out->verb == SMTP_VERB_EHLO || out->verb == SMTP_VERB_HELO || out->verb == SMTP_VERB_CONNECT;
    /* The client learns of enhanced codes from the EHLO reply; RFC 2034 section 4 keeps them out of that
     * one. */
    bool status = s->extended && !hello && (s->config->extensions & SMTP_EXT_STATUS) && info->status_len > 0;
    bool domain = shows_domain(verdict, info), last;
    if (text.len > SMTP_ANSWER_OCTETS_MAX)
        text.len = SMTP_ANSWER_OCTETS_MAX;
    do {
        const char *lf = text.len > 0 ? memchr(text.at, '\n', text.len) : NULL;
        size_t n = lf ? (size_t)(lf - text.at) : text.len;
        struct wire_line *mark = wire_out_line(&out->send, why);
        uint32_t begin = out->send.len;
        char head[16];
        last = !lf || n + 1 == text.len;
        memcpy(head, info->digits, 3);
        head[3] = last && !more ? ' ' : '-';
        mark->code = info->code;
        if (status) {
            memcpy(mark->status, info->status, (size_t)info->status_len + 1);
            memcpy(head + 4, info->status, info->status_len);
            head[4 + info->status_len] = ' ';
        }
        wire_out_bytes(&out->send, head, status ? 5u + info->status_len : 4u);
        if (domain) {
            wire_out_str(&out->send, s->config->hostname);
            if (n > 0)
                wire_out_bytes(&out->send, " ", 1);
            domain = false;
        }
        append_text(&out->send, wire_slice(text.at, n),
                    verdict == SMTP_AUTH_MORE ? SMTP_AUTH_LINE_OCTETS_MAX
                                              : SMTP_REPLY_OCTETS_MAX - 2 - (out->send.len - begin));
        wire_out_bytes(&out->send, "\r\n", 2);
        why = NULL;
        n += lf != NULL;
        text = text.len > 0 ? wire_slice(text.at + n, text.len - n) : text;
    } while (!last && out->send.lines < WIRE_OUT_LINES_MAX);
}

/* One line of the EHLO reply for each extension on offer. */
static void write_offers(const struct smtp_server *s, struct smtp_server_step *out, unsigned offers)
{
    for (size_t i = 0; offers != 0 && i < SMTP_EXTS; i++) {
        const struct smtp_ext_info *ext = smtp_ext_at(i);
        struct wire_line *mark;
        if (!(offers & (unsigned)ext->bit))
            continue;
        offers &= ~(unsigned)ext->bit;
        mark = wire_out_line(&out->send, &ext->lesson);
        mark->code = smtp_verdict_info(SMTP_HELLO)->code;
        wire_out_bytes(&out->send, offers ? "250-" : "250 ", 4);
        wire_out_str(&out->send, ext->name);
        if (ext->bit == SMTP_EXT_SIZE && s->config->size_max > 0) {
            char digits[1 + WIRE_U64_MAX_DIGITS] = " ";
            wire_out_bytes(&out->send, digits, 1 + wire_put_u64(digits + 1, s->config->size_max));
        } else if (ext->bit == SMTP_EXT_AUTH) {
            wire_out_bytes(&out->send, " ", 1);
            wire_out_str(&out->send, s->auth->mechanisms(s->auth_ctx));
        }
        wire_out_bytes(&out->send, "\r\n", 2);
    }
}

void smtp_server_answer(struct smtp_server *s, struct smtp_server_step *out, enum smtp_verdict verdict,
                        struct wire_slice text)
{
    const struct smtp_verdict_info *info;
    unsigned offers = 0;
    assert(smtp_verb_allows(out->verb, verdict));
    if (smtp_verdict_info(verdict)->kind == SMTP_KIND_FAULT && ++s->errors == s->config->errors_max) {
        verdict = SMTP_TOO_MANY_ERRORS;
        text = SMTP_NO_TEXT;
    }
    info = smtp_verdict_info(verdict);
    if (text.len == 0)
        text = wire_slice(info->text, info->text_len);
    if (verdict == SMTP_HELLO && s->extended)
        offers = smtp_server_offers(s);
    write_reply(s, out, verdict, text, offers != 0);
    write_offers(s, out, offers);
    out->verdict = verdict;
    if (info->kind == SMTP_KIND_CLOSE) {
        smtp_server_end_transaction(s, false);
        smtp_auth_drop(s);
        smtp_server_enter(s, SMTP_SERVER_CLOSED);
    }
    out->after = s->state;
    assert(!out->send.full);
}

void smtp_server_start(struct smtp_server *s, bool tls, struct smtp_server_step *out)
{
    struct wire_slice text = SMTP_NO_TEXT;
    enum smtp_verdict verdict = s->ops->connect ? s->ops->connect(s->host, &text) : SMTP_OK;
    char esmtp[64] = "ESMTP ";
    assert(s->state == SMTP_SERVER_CONNECT);
    s->tls = tls;
    smtp_server_begin(s, out, SMTP_VERB_CONNECT);
    verdict = smtp_server_done(SMTP_VERB_CONNECT, verdict);
    if (verdict == SMTP_GREETING && text.len == 0 && s->config->software && !s->config->helo_only) {
        size_t n = strlen(s->config->software);
        if (n > sizeof esmtp - 6)
            n = sizeof esmtp - 6;
        memcpy(esmtp + 6, s->config->software, n);
        text = wire_slice(esmtp, 6 + n);
    }
    if (verdict == SMTP_GREETING && text.len == 0 && s->config->helo_only)
        text = WIRE_SLICE("Simple Mail Transfer Service Ready");
    if (verdict == SMTP_GREETING)
        smtp_server_enter(s, SMTP_SERVER_GREETED);
    else if (verdict == SMTP_NO_SERVICE)
        smtp_server_enter(s, SMTP_SERVER_REFUSED);
    smtp_server_answer(s, out, verdict, text);
}

/* A command that is allowed somewhere, but not in this state. */
static enum smtp_verdict misplaced(const struct smtp_server *s, enum smtp_verb verb)
{
    bool envelope = verb == SMTP_VERB_RCPT || verb == SMTP_VERB_DATA || verb == SMTP_VERB_BDAT;
    if (s->state == SMTP_SERVER_GREETED)
        return SMTP_NEED_HELLO;
    if (verb == SMTP_VERB_MAIL)
        return SMTP_NESTED_MAIL;
    if (envelope && s->state == SMTP_SERVER_READY)
        return SMTP_NEED_MAIL;
    if (envelope && verb != SMTP_VERB_RCPT && s->state == SMTP_SERVER_MAIL)
        return s->tried_rcpt ? SMTP_NO_VALID_RCPT : SMTP_NEED_RCPT;
    return SMTP_OUT_OF_ORDER;
}

/* All that the tables can tell about a command, in one place. SMTP_OK: run it. */
static enum smtp_verdict check(const struct smtp_server *s, enum smtp_verb verb, const struct smtp_rule *rule,
                               struct wire_slice arg, unsigned odd)
{
    enum smtp_form form = smtp_verb_info(verb)->form;
    if (s->state == SMTP_SERVER_REFUSED && verb != SMTP_VERB_QUIT)
        return SMTP_SESSION_REFUSED;
    if ((odd & SMTP_ODD_CONTROL) || ((odd & SMTP_ODD_8BIT) && !rule->eight_bit))
        return SMTP_BAD_LINE;
    if (verb == SMTP_VERB_UNKNOWN)
        return SMTP_UNKNOWN;
    if (s->config->tls_required && !s->tls && !rule->in_clear)
        return SMTP_NEED_TLS;
    if (verb == SMTP_VERB_STARTTLS && s->tls && (s->config->extensions & SMTP_EXT_STARTTLS))
        return SMTP_ALREADY_TLS;
    if (verb == SMTP_VERB_AUTH && !s->tls && s->auth && (s->config->extensions & SMTP_EXT_AUTH) &&
        !(smtp_server_offers(s) & SMTP_EXT_AUTH))
        return SMTP_AUTH_NEEDS_TLS;
    if (!rule->run || (rule->ext && !(smtp_server_offers(s) & rule->ext)))
        return SMTP_NOT_IMPLEMENTED;
    if (rule->ext && !s->extended)
        return s->state == SMTP_SERVER_GREETED ? SMTP_NEED_HELLO : SMTP_NEED_EHLO;
    if (!(rule->states & (1u << s->state)))
        return misplaced(s, verb);
    if (form == SMTP_FORM_NONE ? arg.len > 0 : form == SMTP_FORM_STRING && arg.len == 0)
        return SMTP_BAD_ARGS;
    if (rule->needs_auth && s->config->auth_required && !s->authenticated)
        return SMTP_NEED_AUTH;
    return SMTP_OK;
}

static void dispatch(struct smtp_server *s, struct wire_slice line, size_t word, struct smtp_server_step *out)
{
    const struct smtp_rule *rule = smtp_rule(out->verb);
    struct wire_slice arg;
    enum smtp_verdict verdict;
    /* "SHOULD tolerate trailing white space", RFC 5321 section 4.1.1 */
    while (line.len > 0 && wire_is_wsp(line.at[line.len - 1]))
        line.len--;
    while (word < line.len && line.at[word] == ' ')
        word++;
    arg = word < line.len ? wire_slice(line.at + word, line.len - word) : SMTP_NO_TEXT;
    verdict = check(s, out->verb, rule, arg, smtp_odd(line.at, line.len));
    if (verdict == SMTP_OK)
        rule->run(s, arg, out);
    else if (out->verb == SMTP_VERB_BDAT && verdict != SMTP_NOT_IMPLEMENTED &&
             verdict != SMTP_SESSION_REFUSED)
        smtp_bdat_refuse(s, arg, verdict, out);
    else
        smtp_server_answer(s, out, verdict, SMTP_NO_TEXT);
}

/* How long the line that begins here may be, CRLF included. */
static size_t line_limit(const struct smtp_server *s, const char *in, size_t len)
{
    size_t word;
    if (s->state == SMTP_SERVER_AUTH)
        return SMTP_AUTH_LINE_OCTETS_MAX;
    return smtp_verb_info(smtp_verb_find(in, len, &word))->line_octets_max;
}

/* No line end in sight. Waits, or begins to throw away a line that is longer than any may be. */
static size_t unfinished(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out)
{
    size_t word;
    if (!s->skipping && (len < SMTP_COMMAND_OCTETS_MAX || len < line_limit(s, in, len)))
        return 0;
    if (!s->skipping && s->state != SMTP_SERVER_AUTH)
        s->skipped = (uint8_t)smtp_verb_find(in, len, &word);
    s->skipping = true;
    smtp_server_begin(s, out, s->state == SMTP_SERVER_AUTH ? SMTP_VERB_RESPONSE : SMTP_VERB_UNKNOWN);
    out->discarded = true;
    return len;
}

/* The line is too long, or does not end as lines end. BDAT then has told a size that nobody has read. */
static void refuse_line(struct smtp_server *s, enum smtp_verdict verdict, struct smtp_server_step *out)
{
    if (s->state == SMTP_SERVER_AUTH && verdict == SMTP_LINE_TOO_LONG) {
        smtp_auth_drop(s);
        verdict = SMTP_AUTH_TOO_LONG;
    } else if (s->state == SMTP_SERVER_AUTH) {
        smtp_auth_drop(s);
    } else if (out->verb == SMTP_VERB_BDAT && (smtp_server_offers(s) & SMTP_EXT_CHUNKING)) {
        verdict = SMTP_CHUNK_LOST;
    }
    smtp_server_answer(s, out, verdict, SMTP_NO_TEXT);
}

/* What a view must not show, whatever becomes of the line: an answer to a login, or the initial response
 * behind the mechanism. */
static void mask_secret(struct smtp_server_step *out)
{
    const struct wire_slice *line = &out->line;
    size_t at = 0;
    if (out->verb == SMTP_VERB_AUTH)
        for (int words = 0; words < 2; words++) {
            while (at < line->len && line->at[at] != ' ')
                at++;
            while (at < line->len && line->at[at] == ' ')
                at++;
        }
    else if (out->verb != SMTP_VERB_RESPONSE)
        return;
    out->secret_at = (uint32_t)at;
    out->secret_len = (uint32_t)(line->len - at);
}

static size_t take_line(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out)
{
    size_t seen = len < SMTP_AUTH_LINE_OCTETS_MAX || s->skipping ? len : SMTP_AUTH_LINE_OCTETS_MAX;
    const char *lf = memchr(in, '\n', seen);
    size_t used, word = 0;
    struct wire_slice line;
    enum smtp_verb verb;
    bool crlf, skipped = s->skipping;
    if (!lf)
        return unfinished(s, in, len, out);
    used = (size_t)(lf - in) + 1;
    crlf = used > 1 && lf[-1] == '\r';
    line = wire_slice(in, used - 1 - crlf);
    verb = s->state == SMTP_SERVER_AUTH ? SMTP_VERB_RESPONSE
           : skipped                    ? (enum smtp_verb)s->skipped
                                        : smtp_verb_find(in, line.len, &word);
    s->skipping = false;
    smtp_server_begin(s, out, verb);
    out->line = line;
    mask_secret(out);
    if (skipped && out->verb == SMTP_VERB_AUTH) { /* its front is gone: this is the end of the secret */
        out->secret_at = 0;
        out->secret_len = (uint32_t)line.len;
    }
    if (skipped || (used > SMTP_COMMAND_OCTETS_MAX && used > line_limit(s, in, line.len)))
        refuse_line(s, SMTP_LINE_TOO_LONG, out);
    else if (!crlf && !s->config->accept_lf)
        refuse_line(s, SMTP_BARE_LF, out);
    else if (s->state == SMTP_SERVER_AUTH)
        smtp_auth_line(s, line, out);
    else
        dispatch(s, line, word, out);
    /* RFC 2920 section 3.1: some commands are the last of their group, and without the extension all are. */
    out->early =
        used < len && s->state != SMTP_SERVER_CHUNK &&
        (smtp_rule(verb)->last_of_group || !s->extended || !(s->config->extensions & SMTP_EXT_PIPELINING));
    return used;
}

size_t smtp_server_step(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out)
{
    size_t used;
    assert(s->state != SMTP_SERVER_CONNECT && s->state != SMTP_SERVER_CLOSED);
    if (len == 0)
        return 0;
    switch (s->state) {
    case SMTP_SERVER_DATA:
        used = smtp_content_data(s, in, len, out);
        break;
    case SMTP_SERVER_CHUNK:
        used = smtp_content_chunk(s, in, len, out);
        break;
    case SMTP_SERVER_TLS:
        /* Sent in clear text behind STARTTLS: whoever injected it must not be heard inside TLS. */
        smtp_server_begin(s, out, SMTP_VERB_UNKNOWN);
        out->discarded = true;
        used = len;
        break;
    default:
        used = take_line(s, in, len, out);
        break;
    }
    assert(used <= len);
    return used;
}

void smtp_server_tls_started(struct smtp_server *s)
{
    smtp_server_enter(s, SMTP_SERVER_GREETED);
    s->tls = true;
    s->extended = s->authenticated = false;
}

uint64_t smtp_server_timeout_ns(const struct smtp_server *s)
{
    return s->state == SMTP_SERVER_CONNECT || s->state == SMTP_SERVER_CLOSED ? 0 : s->config->timeout_ns;
}

static void say_and_close(struct smtp_server *s, struct smtp_server_step *out, enum smtp_verdict verdict)
{
    assert(s->state != SMTP_SERVER_CLOSED);
    smtp_server_begin(s, out, SMTP_VERB_UNKNOWN);
    out->lesson = NULL;
    smtp_server_answer(s, out, verdict, SMTP_NO_TEXT);
}

void smtp_server_expire(struct smtp_server *s, struct smtp_server_step *out)
{
    say_and_close(s, out, SMTP_TIMED_OUT);
}

void smtp_server_shut_down(struct smtp_server *s, struct smtp_server_step *out)
{
    say_and_close(s, out, SMTP_SHUTTING_DOWN);
}

void smtp_server_closed(struct smtp_server *s)
{
    if (s->state == SMTP_SERVER_CLOSED)
        return;
    smtp_server_end_transaction(s, false);
    smtp_auth_drop(s);
    smtp_server_enter(s, SMTP_SERVER_CLOSED);
}
