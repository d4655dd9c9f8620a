/* The client: greeting, EHLO, TLS, AUTH, and what every reply has in common. */
#include "protocols/smtp/smtp_client_inner.h"

#include <assert.h>

#include "protocols/wire/base64.h"

#define TO(state) (1u << SMTP_CLIENT_##state)

static const uint16_t moves[SMTP_CLIENT_STATES] = {
    [SMTP_CLIENT_GREETING] = TO(EHLO) | TO(HELO) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_EHLO] = TO(HELO) | TO(STARTTLS) | TO(AUTH) | TO(ENVELOPE) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_HELO] = TO(ENVELOPE) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_STARTTLS] = TO(TLS) | TO(AUTH) | TO(ENVELOPE) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_TLS] = TO(EHLO) | TO(DONE),
    [SMTP_CLIENT_AUTH] = TO(ENVELOPE) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_ENVELOPE] =
        TO(ENVELOPE) | TO(CONTENT) | TO(CHUNK) | TO(END) | TO(RSET) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_CONTENT] = TO(END) | TO(DONE),
    [SMTP_CLIENT_CHUNK] = TO(ENVELOPE) | TO(RSET) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_END] = TO(ENVELOPE) | TO(RSET) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_RSET] = TO(ENVELOPE) | TO(QUIT) | TO(DONE),
    [SMTP_CLIENT_QUIT] = TO(DONE),
    [SMTP_CLIENT_DONE] = 0,
};

void smtp_client_enter(struct smtp_client *c, enum smtp_client_state next)
{
    assert(moves[c->state] & (1u << next));
    c->state = next;
}

void smtp_client_init(struct smtp_client *c, const struct smtp_client_config *config,
                      const struct smtp_client_ops *ops, void *host)
{
    assert(config->hostname && ops->next && ops->recipient && ops->recipient_done && ops->message_done &&
           ops->failed);
    *c = (struct smtp_client){ .config = config, .ops = ops, .host = host, .state = SMTP_CLIENT_GREETING };
}

void smtp_client_auth(struct smtp_client *c, const struct wire_auth_client *auth, void *ctx)
{
    c->auth = auth;
    c->auth_ctx = ctx;
}

static void begin(const struct smtp_client *c, struct smtp_client_step *out, enum smtp_verb verb)
{
    out->before = out->after = c->state;
    out->verb = verb;
    out->verdict = SMTP_CLIENT_CONTINUES;
    out->lesson = NULL;
    out->recipient = SMTP_CLIENT_NOBODY;
    out->line = wire_slice(NULL, 0);
    out->reply.code = 0;
    out->reply.more = false;
    out->reply.status[0] = '\0';
    out->reply.text = wire_slice(NULL, 0);
    wire_out_reset(&out->send);
}

static void end(const struct smtp_client *c, struct smtp_client_step *out)
{
    out->after = c->state;
    assert(!out->send.full);
}

/* ---- results ---- */

enum smtp_client_verdict smtp_client_class(const struct smtp_client_step *out)
{
    switch (out->reply.code / 100) {
    case 2:
        return SMTP_CLIENT_ACCEPTED;
    case 4:
        return SMTP_CLIENT_TEMPFAIL;
    case 5:
        return SMTP_CLIENT_PERMFAIL;
    default:
        return SMTP_CLIENT_PROTOCOL;
    }
}

struct smtp_client_result smtp_client_result(const struct smtp_client_step *out,
                                             enum smtp_client_verdict verdict)
{
    struct smtp_client_result result = { .verdict = verdict,
                                         .code = out->reply.code,
                                         .text = out->reply.text };
    const char *status = smtp_client_verdict_info(verdict)->status;
    if (out->reply.status[0] != '\0')
        status = out->reply.status;
    memcpy(result.status, status, strlen(status) + 1);
    /* 552 5.5.3 read as 452: the report must not say "permanent". */
    if (verdict == SMTP_CLIENT_TEMPFAIL && result.status[0] == '5')
        result.status[0] = '4';
    return result;
}

void smtp_client_fail(struct smtp_client *c, struct smtp_client_step *out, enum smtp_client_verdict verdict,
                      bool quit)
{
    struct smtp_client_result result = smtp_client_result(out, verdict);
    out->verdict = verdict;
    smtp_client_message_done(c, out, verdict);
    c->ops->failed(c->host, &result);
    if (quit)
        smtp_client_say(out, SMTP_VERB_QUIT, wire_slice(NULL, 0));
    smtp_client_enter(c, quit ? SMTP_CLIENT_QUIT : SMTP_CLIENT_DONE);
}

/* ---- hello ---- */

static void say_hello(struct smtp_client *c, struct smtp_client_step *out, bool extended)
{
    c->extended = extended;
    c->offers = 0;
    c->size_max = 0;
    c->mech = NULL;
    smtp_client_say(out, extended ? SMTP_VERB_EHLO : SMTP_VERB_HELO, wire_slice_str(c->config->hostname));
    smtp_client_enter(c, extended ? SMTP_CLIENT_EHLO : SMTP_CLIENT_HELO);
}

/* One line of the reply to EHLO behind the first: a keyword, perhaps with parameters. */
static void learn(struct smtp_client *c, struct wire_slice text)
{
    const char *space = text.len > 0 ? memchr(text.at, ' ', text.len) : NULL;
    size_t n = space ? (size_t)(space - text.at) : text.len;
    struct wire_slice args = space ? wire_slice_trim(wire_slice(space, text.len - n)) : wire_slice(NULL, 0);
    const struct smtp_ext_info *ext = smtp_ext_find(wire_slice(text.at, n));
    char list[SMTP_CLIENT_REPLY_OCTETS_MAX];
    if (!ext)
        return;
    c->offers |= (unsigned)ext->bit;
    if (ext->bit == SMTP_EXT_SIZE) {
        if (!wire_parse_u64(args, UINT64_MAX, &c->size_max))
            c->size_max = 0; /* "SIZE" or "SIZE 0": no limit that the server knows of, RFC 1870 section 4 */
    } else if (ext->bit == SMTP_EXT_AUTH && c->auth && c->config->auth != SMTP_POLICY_NEVER &&
               args.len < sizeof list) {
        if (args.len > 0)
            memcpy(list, args.at, args.len);
        list[args.len] = '\0';
        c->mech = c->auth->choose(c->auth_ctx, list);
    }
}

/* TLS is as the policy wants it: log in if need be, then deliver. */
static void after_tls(struct smtp_client *c, struct smtp_client_step *out)
{
    if (c->config->auth != SMTP_POLICY_NEVER && c->mech) {
        c->cancelled = false;
        smtp_client_say_auth(c, out);
        smtp_client_enter(c, SMTP_CLIENT_AUTH);
    } else if (c->config->auth == SMTP_POLICY_REQUIRED) {
        smtp_client_fail(c, out, SMTP_CLIENT_NO_AUTH, true);
    } else {
        smtp_client_next(c, out);
    }
}

static void after_hello(struct smtp_client *c, struct smtp_client_step *out)
{
    if (c->tls || c->config->tls == SMTP_POLICY_NEVER) {
        after_tls(c, out);
    } else if (smtp_client_offers(c, SMTP_EXT_STARTTLS)) {
        smtp_client_say(out, SMTP_VERB_STARTTLS, wire_slice(NULL, 0));
        smtp_client_enter(c, SMTP_CLIENT_STARTTLS);
    } else if (c->config->tls == SMTP_POLICY_REQUIRED) {
        smtp_client_fail(c, out, SMTP_CLIENT_NO_TLS, true);
    } else {
        after_tls(c, out);
    }
}

static void greeting_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    if (out->verdict == SMTP_CLIENT_ACCEPTED)
        say_hello(c, out, !c->config->no_ehlo);
    else
        smtp_client_fail(c, out, out->verdict, out->verdict != SMTP_CLIENT_PROTOCOL);
}

static void hello_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = c->state == SMTP_CLIENT_EHLO ? SMTP_VERB_EHLO : SMTP_VERB_HELO;
    if (out->verdict == SMTP_CLIENT_ACCEPTED) {
        after_hello(c, out);
    } else if (out->verdict == SMTP_CLIENT_PERMFAIL && c->state == SMTP_CLIENT_EHLO) {
        out->verdict = SMTP_CLIENT_FALL_BACK;
        say_hello(c, out, false);
    } else {
        smtp_client_fail(c, out, out->verdict, out->verdict != SMTP_CLIENT_PROTOCOL);
    }
}

static void starttls_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = SMTP_VERB_STARTTLS;
    if (out->verdict == SMTP_CLIENT_ACCEPTED) {
        out->verdict = SMTP_CLIENT_TLS_GO;
        smtp_client_enter(c, SMTP_CLIENT_TLS);
    } else if (out->verdict == SMTP_CLIENT_PROTOCOL) {
        smtp_client_fail(c, out, SMTP_CLIENT_PROTOCOL, false);
    } else if (c->config->tls == SMTP_POLICY_REQUIRED) {
        smtp_client_fail(c, out, SMTP_CLIENT_NO_TLS, true);
    } else {
        out->verdict = SMTP_CLIENT_TLS_REFUSED;
        c->offers &= ~(unsigned)SMTP_EXT_STARTTLS;
        after_tls(c, out);
    }
}

/* ---- login ---- */

static void auth_challenge(struct smtp_client *c, struct smtp_client_step *out)
{
    char challenge[WIRE_AUTH_DATA_MAX], response[WIRE_AUTH_DATA_MAX];
    size_t challenge_len = 0, len = 0;
    struct wire_slice text = wire_slice_trim(out->reply.text);
    bool good = wire_base64_decode(challenge, sizeof challenge, &challenge_len, text.at, text.len);
    if (good) {
        enum wire_auth result = c->auth->respond(c->auth_ctx, challenge, challenge_len, response, &len);
        good = result == WIRE_AUTH_MORE || result == WIRE_AUTH_OK;
    }
    out->verdict = SMTP_CLIENT_ACCEPTED;
    c->cancelled = !good;
    smtp_client_say_response(out, good ? response : NULL, len);
}

/* 235 is believed only from a server that has proven itself, where the mechanism has it do so. */
static bool auth_complete(const struct smtp_client *c)
{
    return !c->cancelled && (!c->auth->complete || c->auth->complete(c->auth_ctx));
}

static void auth_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verb = SMTP_VERB_AUTH;
    if (out->reply.code == 334 && !c->cancelled) {
        auth_challenge(c, out);
    } else if (out->verdict == SMTP_CLIENT_ACCEPTED && auth_complete(c)) {
        c->authenticated = true;
        smtp_client_next(c, out);
    } else if (out->verdict == SMTP_CLIENT_TEMPFAIL) {
        smtp_client_fail(c, out, SMTP_CLIENT_TEMPFAIL, true);
    } else if (out->verdict == SMTP_CLIENT_PERMFAIL) {
        smtp_client_fail(c, out, SMTP_CLIENT_AUTH_FAILED, true);
    } else {
        smtp_client_fail(c, out, SMTP_CLIENT_PROTOCOL, false);
    }
}

/* ---- replies ---- */

/* The last line of a reply: what it means in this state. */
static void whole_reply(struct smtp_client *c, struct smtp_client_step *out)
{
    out->verdict = smtp_client_class(out);
    if (out->reply.code == 421 && c->state != SMTP_CLIENT_QUIT) {
        smtp_client_fail(c, out, SMTP_CLIENT_GOODBYE, false);
        return;
    }
    switch (c->state) {
    case SMTP_CLIENT_GREETING:
        greeting_reply(c, out);
        break;
    case SMTP_CLIENT_EHLO:
    case SMTP_CLIENT_HELO:
        hello_reply(c, out);
        break;
    case SMTP_CLIENT_STARTTLS:
        starttls_reply(c, out);
        break;
    case SMTP_CLIENT_AUTH:
        auth_reply(c, out);
        break;
    case SMTP_CLIENT_ENVELOPE:
        smtp_client_envelope_reply(c, out);
        break;
    case SMTP_CLIENT_CONTENT:
        smtp_client_content_reply(c, out);
        break;
    case SMTP_CLIENT_CHUNK:
        if (c->content_at < c->chunk_end)
            smtp_client_content_reply(c, out);
        else
            smtp_client_end_reply(c, out);
        break;
    case SMTP_CLIENT_END:
        smtp_client_end_reply(c, out);
        break;
    case SMTP_CLIENT_RSET:
        smtp_client_rset_reply(c, out);
        break;
    case SMTP_CLIENT_QUIT:
        out->verb = SMTP_VERB_QUIT;
        out->verdict = SMTP_CLIENT_FINISHED;
        smtp_client_enter(c, SMTP_CLIENT_DONE);
        break;
    case SMTP_CLIENT_TLS:
    case SMTP_CLIENT_DONE:
    case SMTP_CLIENT_STATES:
        break;
    }
}

/* A line that is no reply. In place of a greeting it tells that this is another protocol. */
static void no_reply(struct smtp_client *c, struct smtp_client_step *out, bool no_code)
{
    bool first = c->state == SMTP_CLIENT_GREETING && c->reply_lines == 0;
    out->reply.text = out->line;
    if (c->state == SMTP_CLIENT_QUIT) {
        out->verdict = SMTP_CLIENT_FINISHED;
        smtp_client_enter(c, SMTP_CLIENT_DONE);
    } else {
        smtp_client_fail(c, out, first && no_code ? SMTP_CLIENT_NOT_SMTP : SMTP_CLIENT_PROTOCOL, false);
    }
}

static void take_line(struct smtp_client *c, struct smtp_client_step *out)
{
    enum smtp_reply_fault fault = smtp_reply_parse(out->line.at, out->line.len, &out->reply);
    if (fault != SMTP_REPLY_OK) {
        no_reply(c, out, fault == SMTP_REPLY_NO_CODE);
        return;
    }
    out->lesson = smtp_reply_lesson(out->reply.code, out->reply.status);
    /* All lines of one reply carry the same code: RFC 5321 section 4.2.1. */
    if ((c->reply_lines > 0 && c->reply_code != out->reply.code) ||
        c->reply_lines == SMTP_CLIENT_REPLY_LINES_MAX) {
        no_reply(c, out, false);
        return;
    }
    if (c->state == SMTP_CLIENT_EHLO && c->reply_lines > 0 && out->reply.code / 100 == 2)
        learn(c, out->reply.text);
    c->reply_code = out->reply.code;
    c->reply_lines = out->reply.more ? (uint16_t)(c->reply_lines + 1) : 0;
    if (!out->reply.more)
        whole_reply(c, out);
}

/* The verb that the next reply answers, for lines that go on. */
static enum smtp_verb expected(const struct smtp_client *c)
{
    static const uint8_t verbs[SMTP_CLIENT_STATES] = {
        [SMTP_CLIENT_GREETING] = SMTP_VERB_CONNECT, [SMTP_CLIENT_EHLO] = SMTP_VERB_EHLO,
        [SMTP_CLIENT_HELO] = SMTP_VERB_HELO,        [SMTP_CLIENT_STARTTLS] = SMTP_VERB_STARTTLS,
        [SMTP_CLIENT_TLS] = SMTP_VERB_STARTTLS,     [SMTP_CLIENT_AUTH] = SMTP_VERB_AUTH,
        [SMTP_CLIENT_ENVELOPE] = SMTP_VERB_RCPT,    [SMTP_CLIENT_CONTENT] = SMTP_VERB_CONTENT,
        [SMTP_CLIENT_CHUNK] = SMTP_VERB_BDAT,       [SMTP_CLIENT_END] = SMTP_VERB_CONTENT,
        [SMTP_CLIENT_RSET] = SMTP_VERB_RSET,        [SMTP_CLIENT_QUIT] = SMTP_VERB_QUIT,
        [SMTP_CLIENT_DONE] = SMTP_VERB_QUIT,
    };
    if (c->state == SMTP_CLIENT_ENVELOPE && !c->mail_answered)
        return SMTP_VERB_MAIL;
    if (c->state == SMTP_CLIENT_ENVELOPE && c->data_sent && c->in_flight == 1)
        return SMTP_VERB_DATA;
    return (enum smtp_verb)verbs[c->state];
}

size_t smtp_client_step(struct smtp_client *c, const char *in, size_t len, struct smtp_client_step *out)
{
    size_t max = c->state == SMTP_CLIENT_AUTH ? SMTP_AUTH_LINE_OCTETS_MAX : SMTP_CLIENT_REPLY_OCTETS_MAX;
    const char *lf;
    size_t used;
    if (len == 0)
        return 0;
    if (c->state == SMTP_CLIENT_TLS || c->state == SMTP_CLIENT_DONE) {
        begin(c, out, expected(c));
        return len;
    }
    lf = memchr(in, '\n', len < max ? len : max);
    if (!lf && len < max)
        return 0;
    begin(c, out, expected(c));
    used = lf ? (size_t)(lf - in) + 1 : max;
    out->line = wire_slice(in, lf ? used - 1 : used);
    if (lf && used > 1 && lf[-1] == '\r')
        out->line.len--;
    if (lf)
        take_line(c, out);
    else
        no_reply(c, out, false);
    end(c, out);
    return used;
}

bool smtp_client_pull(struct smtp_client *c, struct smtp_client_step *out)
{
    begin(c, out, expected(c));
    if (c->state == SMTP_CLIENT_ENVELOPE && c->in_flight < SMTP_CLIENT_IN_FLIGHT_MAX)
        smtp_client_push(c, out);
    else if (c->state == SMTP_CLIENT_CONTENT || c->state == SMTP_CLIENT_CHUNK)
        smtp_client_content_more(c, out);
    end(c, out);
    return out->send.len > 0;
}

/* ---- the connection ---- */

void smtp_client_start(struct smtp_client *c, bool tls, struct smtp_client_step *out)
{
    assert(c->state == SMTP_CLIENT_GREETING);
    c->tls = tls;
    begin(c, out, SMTP_VERB_CONNECT);
}

void smtp_client_tls_started(struct smtp_client *c, struct smtp_client_step *out)
{
    begin(c, out, SMTP_VERB_STARTTLS);
    c->tls = true;
    c->reply_lines = 0;
    say_hello(c, out, true);
    end(c, out);
}

uint64_t smtp_client_timeout_ns(const struct smtp_client *c)
{
    switch (c->state) {
    case SMTP_CLIENT_GREETING:
        return SMTP_CLIENT_GREETING_NS;
    case SMTP_CLIENT_ENVELOPE:
        if (!c->mail_answered)
            return SMTP_CLIENT_MAIL_NS;
        return c->data_sent && c->in_flight == 1 ? SMTP_CLIENT_DATA_NS : SMTP_CLIENT_RCPT_NS;
    case SMTP_CLIENT_CONTENT:
        return SMTP_CLIENT_BLOCK_NS;
    case SMTP_CLIENT_CHUNK:
        return c->content_at == c->message->content.len ? SMTP_CLIENT_END_NS : SMTP_CLIENT_BLOCK_NS;
    case SMTP_CLIENT_END:
        return SMTP_CLIENT_END_NS;
    case SMTP_CLIENT_DONE:
        return 0;
    default:
        return SMTP_CLIENT_OTHER_NS;
    }
}

static void give_up(struct smtp_client *c, struct smtp_client_step *out, enum smtp_client_verdict verdict)
{
    begin(c, out, expected(c));
    if (c->state == SMTP_CLIENT_QUIT || c->state == SMTP_CLIENT_DONE) {
        /* Everything has been said. */
        out->verdict = SMTP_CLIENT_FINISHED;
        if (c->state == SMTP_CLIENT_QUIT)
            smtp_client_enter(c, SMTP_CLIENT_DONE);
    } else {
        smtp_client_fail(c, out, verdict, false);
    }
    end(c, out);
}

void smtp_client_expire(struct smtp_client *c, struct smtp_client_step *out)
{
    give_up(c, out, SMTP_CLIENT_TIMED_OUT);
}

void smtp_client_closed(struct smtp_client *c, struct smtp_client_step *out)
{
    give_up(c, out, SMTP_CLIENT_CLOSED);
}
