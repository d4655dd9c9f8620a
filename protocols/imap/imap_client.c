/*
 * The IMAP client engine: what follows from what the server said.
 *
 *   in -> one response line, or one piece of content -> noted, or the end of a command -> the next command
 */
#include "protocols/imap/imap_client_engine.h"

#include <assert.h>

static void begin(const struct imap_client *c, struct imap_client_step *out)
{
    out->verb = (enum imap_verb)c->verb;
    out->before = out->after = (enum imap_client_state)c->state;
    out->answer = IMAP_ANSWER_NOTED;
    out->status = IMAP_SILENT;
    out->means = NULL;
    out->more = out->close = false;
    wire_out_reset(&out->send);
}

/* The only place where the state changes. */
static void enter(struct imap_client *c, enum imap_client_state next, struct imap_client_step *out)
{
    assert(c->state != IMAP_CLIENT_CLOSED);
    assert(next != IMAP_CLIENT_GREETING);
    assert(next != IMAP_CLIENT_TLS || c->state == IMAP_CLIENT_STARTTLS);
    assert(next != IMAP_CLIENT_IDLE || c->state == IMAP_CLIENT_TASK);
    assert(next != IMAP_CLIENT_TASK || c->state == IMAP_CLIENT_READY);
    c->state = (uint8_t)next;
    out->after = next;
}

static void tell(struct imap_client *c, enum imap_answer answer, const struct imap_status_line *line)
{
    struct imap_result r = { .task = c->task, .answer = answer };
    struct imap_cursor cur;
    c->task = NULL;
    if (line != NULL) {
        r.code = line->code;
        r.text = line->text;
    }
    if (line != NULL && line->code.len > 0) {
        cur = (struct imap_cursor){ .at = line->code.at, .end = line->code.at + line->code.len };
        if (imap_take_word(&cur, "APPENDUID"))
            (void)(imap_take_sp(&cur) && imap_take_number(&cur, &r.uidvalidity) && imap_take_sp(&cur) &&
                   imap_take_number(&cur, &r.uid));
        else if (imap_take_word(&cur, "COPYUID"))
            (void)(imap_take_sp(&cur) && imap_take_number(&cur, &r.uidvalidity));
    }
    if (c->config->ops->result)
        c->config->ops->result(c->host, &r);
}

static void hang_up(struct imap_client *c, enum imap_answer answer, const struct imap_status_line *line,
                    struct imap_client_step *out)
{
    tell(c, answer, line);
    enter(c, IMAP_CLIENT_CLOSED, out);
    out->answer = answer;
    out->close = true;
    out->more = false;
    c->pending = c->waiting = false;
}

static void log_out(struct imap_client *c, struct imap_client_step *out)
{
    enter(c, IMAP_CLIENT_LOGOUT, out);
    imap_client_begin(c, IMAP_VERB_LOGOUT, out);
}

/* The client cannot go on: it says why to the host and LOGOUT to the server. */
static void give_up(struct imap_client *c, enum imap_answer answer, const struct imap_status_line *line,
                    struct imap_client_step *out)
{
    tell(c, answer, line);
    out->answer = answer;
    log_out(c, out);
}

/* ---- what comes next ---- */

static void next_task(struct imap_client *c, struct imap_client_step *out)
{
    enter(c, IMAP_CLIENT_READY, out);
    c->verb = IMAP_VERB_NONE;
    for (;;) {
        const struct imap_verb_info *row;
        enum imap_verb verb;
        c->task = c->config->ops->next_task(c->host);
        if (c->task == NULL)
            return;
        verb = c->task->verb;
        if (verb == IMAP_VERB_LOGOUT) {
            log_out(c, out);
            return;
        }
        row = imap_verb_info(verb);
        if (verb == IMAP_VERB_IDLE && !(c->extensions & IMAP_EXT_IDLE))
            verb = IMAP_VERB_NOOP; /* to ask now and then is what is left */
        else if (row->extension != 0 && !(row->extension & c->extensions)) {
            tell(c, IMAP_ANSWER_NOT_OFFERED, NULL);
            out->answer = IMAP_ANSWER_NOT_OFFERED;
            continue;
        }
        c->opening = verb == IMAP_VERB_SELECT || verb == IMAP_VERB_EXAMINE;
        if (c->opening)
            c->opened = (struct imap_opened){ .exists = 0 };
        enter(c, IMAP_CLIENT_TASK, out);
        imap_client_begin(c, verb, out);
        return;
    }
}

static void log_in(struct imap_client *c, struct imap_client_step *out)
{
    const struct wire_auth_client *auth = c->config->auth;
    enum imap_verb verb = IMAP_VERB_AUTHENTICATE;
    if (c->config->use_login || c->mechanism == NULL) {
        if (c->login_disabled || auth->user == NULL || auth->user(c->auth_ctx) == NULL) {
            give_up(c, IMAP_ANSWER_NO_WAY_IN, NULL, out);
            return;
        }
        verb = IMAP_VERB_LOGIN;
    }
    enter(c, IMAP_CLIENT_LOGIN, out);
    imap_client_begin(c, verb, out);
    c->capability_known = false; /* after the login the server may offer other things */
}

/* Ask, encrypt, log in, work: the first of these that is still to be done. */
static void advance(struct imap_client *c, struct imap_client_step *out)
{
    enum imap_client_tls tls = c->config->tls;
    bool wants_tls = !c->tls && !c->authenticated && (tls == IMAP_TLS_REQUIRED || tls == IMAP_TLS_IF_OFFERED);
    if (!c->capability_known) {
        enter(c, IMAP_CLIENT_CAPABILITY, out);
        imap_client_begin(c, IMAP_VERB_CAPABILITY, out);
    } else if (wants_tls && c->starttls_offered) {
        enter(c, IMAP_CLIENT_STARTTLS, out);
        imap_client_begin(c, IMAP_VERB_STARTTLS, out);
    } else if (wants_tls && tls == IMAP_TLS_REQUIRED) {
        give_up(c, IMAP_ANSWER_TLS_MISSING, NULL, out);
    } else if (!c->authenticated) {
        log_in(c, out);
    } else {
        next_task(c, out);
    }
}

/* ---- what the server said ---- */

static void hear_greeting(struct imap_client *c, struct wire_slice line, struct imap_cursor *cur,
                          struct imap_client_step *out)
{
    struct imap_status_line s = { IMAP_SILENT, { NULL, 0 }, line };
    if (!imap_take_char(cur, '*') || !imap_take_sp(cur) || !imap_read_status(cur, &s) ||
        s.status == IMAP_NO || s.status == IMAP_BAD) {
        s.code = wire_slice(NULL, 0);
        s.text = line;
        hang_up(c, IMAP_ANSWER_NOT_IMAP, &s, out);
        return;
    }
    out->status = s.status;
    if (s.status == IMAP_BYE) {
        hang_up(c, IMAP_ANSWER_BYE, &s, out);
        return;
    }
    out->answer = IMAP_ANSWER_GREETING;
    c->authenticated = s.status == IMAP_PREAUTH;
    imap_client_note_code(c, s.code);
    advance(c, out);
}

static void hear_login(struct imap_client *c, const struct imap_status_line *s, struct imap_client_step *out)
{
    const struct wire_auth_client *auth = c->config->auth;
    if (s->status != IMAP_OK) {
        give_up(c, IMAP_ANSWER_LOGIN_REFUSED, s, out);
        return;
    }
    if (c->verb == IMAP_VERB_AUTHENTICATE && auth->complete && !auth->complete(c->auth_ctx)) {
        hang_up(c, IMAP_ANSWER_NOT_IMAP, s, out); /* it has not proven itself, RFC 5802 section 3 */
        return;
    }
    c->authenticated = true;
    imap_client_note_code(c, s->code);
    tell(c, IMAP_ANSWER_LOGGED_IN, s);
    out->answer = IMAP_ANSWER_LOGGED_IN;
    advance(c, out);
}

static void hear_starttls(struct imap_client *c, const struct imap_status_line *s,
                          struct imap_client_step *out)
{
    if (s->status == IMAP_OK) {
        out->answer = IMAP_ANSWER_TLS_NOW;
        c->capability_known = false;
        c->verb = IMAP_VERB_NONE;
        enter(c, IMAP_CLIENT_TLS, out);
    } else if (c->config->tls == IMAP_TLS_REQUIRED) {
        give_up(c, IMAP_ANSWER_TLS_REFUSED, s, out);
    } else {
        out->answer = IMAP_ANSWER_TLS_REFUSED;
        c->starttls_offered = false;
        advance(c, out);
    }
}

static void hear_task(struct imap_client *c, const struct imap_status_line *s, struct imap_client_step *out)
{
    out->answer = s->status == IMAP_OK   ? IMAP_ANSWER_OK
                  : s->status == IMAP_NO ? IMAP_ANSWER_NO
                                         : IMAP_ANSWER_BAD;
    imap_client_note_code(c, s->code);
    if (c->opening && s->status == IMAP_OK && c->config->ops->opened)
        c->config->ops->opened(c->host, &c->opened);
    c->opening = false;
    c->pending = c->waiting = false; /* a refused literal is not sent */
    tell(c, out->answer, s);
    next_task(c, out);
}

/* "A7 OK ...": the command is over. */
static bool hear_answer(struct imap_client *c, struct imap_cursor *cur, struct imap_client_step *out)
{
    struct imap_status_line s;
    uint32_t tag;
    if (!imap_take_char(cur, 'A') || !imap_take_number(cur, &tag) || tag != c->tag || !imap_take_sp(cur) ||
        !imap_read_status(cur, &s) || s.status == IMAP_BYE || s.status == IMAP_PREAUTH)
        return false;
    out->status = s.status;
    switch ((enum imap_client_state)c->state) {
    case IMAP_CLIENT_CAPABILITY:
        out->answer = s.status == IMAP_OK ? IMAP_ANSWER_OK : IMAP_ANSWER_NO;
        c->capability_known = true; /* a server that will not tell offers nothing */
        advance(c, out);
        return true;
    case IMAP_CLIENT_STARTTLS:
        hear_starttls(c, &s, out);
        return true;
    case IMAP_CLIENT_LOGIN:
        hear_login(c, &s, out);
        return true;
    case IMAP_CLIENT_TASK:
    case IMAP_CLIENT_IDLE:
        hear_task(c, &s, out);
        return true;
    case IMAP_CLIENT_LOGOUT:
        hang_up(c, IMAP_ANSWER_FINISHED, &s, out);
        return true;
    default:
        return false;
    }
}

/* "+ ...": go on. */
static bool hear_plus(struct imap_client *c, struct imap_cursor *cur, struct imap_client_step *out)
{
    out->answer = IMAP_ANSWER_GO_ON;
    out->means = &imap_verdict_info(IMAP_SEND_LITERAL)->lesson;
    imap_take_sp(cur);
    if (c->waiting) {
        imap_client_continue(c, true, out);
        return true;
    }
    if (c->state == IMAP_CLIENT_LOGIN && c->verb == IMAP_VERB_AUTHENTICATE) {
        out->means = &imap_verdict_info(IMAP_SEND_CREDENTIALS)->lesson;
        imap_client_respond(c, wire_slice(cur->at, (size_t)(cur->end - cur->at)), out);
        return true;
    }
    if (c->state == IMAP_CLIENT_TASK && c->verb == IMAP_VERB_IDLE) {
        out->means = &imap_verdict_info(IMAP_IDLING)->lesson;
        enter(c, IMAP_CLIENT_IDLE, out);
        return true;
    }
    return false;
}

static bool hear_star(struct imap_client *c, struct imap_cursor *cur, struct imap_client_step *out)
{
    struct imap_cursor at_status = *cur;
    struct imap_status_line s;
    if (imap_read_status(&at_status, &s)) {
        out->status = s.status;
        if (s.status == IMAP_BYE && c->state != IMAP_CLIENT_LOGOUT)
            hang_up(c, IMAP_ANSWER_BYE, &s, out);
        else if (s.status == IMAP_OK)
            imap_client_note_code(c, s.code);
        return true;
    }
    if (!imap_client_read_data(c, cur, out))
        return false;
    if (c->state == IMAP_CLIENT_IDLE && c->config->ops->idle_over && c->config->ops->idle_over(c->host))
        imap_client_send_done(c, out);
    return true;
}

static void hear(struct imap_client *c, struct wire_slice line, struct imap_client_step *out)
{
    struct imap_client_scratch *x = c->config->scratch;
    struct imap_cursor cur = {
        line.at, line.at + line.len, line.at, { x->text, sizeof x->text }, false, false
    };
    bool fit;
    if (c->state == IMAP_CLIENT_GREETING) {
        hear_greeting(c, line, &cur, out);
        return;
    }
    if (c->in_fetch)
        fit = imap_client_read_items(c, &cur, UINT64_MAX);
    else if (imap_take_char(&cur, '+'))
        fit = hear_plus(c, &cur, out);
    else if (imap_take_char(&cur, '*'))
        fit = imap_take_sp(&cur) && hear_star(c, &cur, out);
    else
        fit = hear_answer(c, &cur, out);
    if (!fit)
        hang_up(c, IMAP_ANSWER_GARBLED, &(struct imap_status_line){ IMAP_SILENT, { NULL, 0 }, line }, out);
}

/* ---- where a response ends ---- */

static bool ends_with(struct wire_slice s, const char *end)
{
    size_t n = strlen(end);
    return s.len >= n && wire_equal_nocase(s.at + s.len - n, n, end, n);
}

/* A response up to a brace: is the literal content of a message, which streams? */
static bool streams(const struct imap_client *c, struct wire_slice head)
{
    static const char *const names[] = { "] ", "> ", "RFC822 ", "RFC822.HEADER ", "RFC822.TEXT " };
    struct imap_cursor cur = { .at = head.at, .end = head.at + head.len, .from = head.at };
    uint32_t seq;
    if (!c->in_fetch && (!imap_take_char(&cur, '*') || !imap_take_sp(&cur) || !imap_take_number(&cur, &seq) ||
                         !imap_take_sp(&cur) || !imap_take_word(&cur, "FETCH")))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ends_with(head, names[i]))
            return true;
    return false;
}

/* A FETCH response up to its content. */
static void hear_fetch_head(struct imap_client *c, struct wire_slice head, uint64_t literal,
                            struct imap_client_step *out)
{
    struct imap_client_scratch *x = c->config->scratch;
    struct imap_cursor cur = {
        head.at, head.at + head.len, head.at, { x->text, sizeof x->text }, false, false
    };
    bool fit = true;
    if (!c->in_fetch) {
        c->uid = 0;
        fit = imap_take_char(&cur, '*') && imap_take_sp(&cur) && imap_take_number(&cur, &c->seq) &&
              imap_take_sp(&cur) && imap_take_word(&cur, "FETCH") && imap_take_sp(&cur);
    }
    out->means = &imap_line_info(IMAP_LINE_FETCH)->lesson;
    if (!fit || literal > UINT32_MAX || !imap_client_read_items(c, &cur, literal))
        hang_up(c, IMAP_ANSWER_GARBLED, &(struct imap_status_line){ IMAP_SILENT, { NULL, 0 }, head }, out);
}

static void too_long(struct imap_client *c, struct imap_client_step *out)
{
    hang_up(c, c->state == IMAP_CLIENT_GREETING ? IMAP_ANSWER_NOT_IMAP : IMAP_ANSWER_TOO_LONG, NULL, out);
}

/* Looks for the end of the response at the front. Returns the octets used; 0: more are needed. */
static size_t take_response(struct imap_client *c, const char *in, size_t len, struct imap_client_step *out)
{
    const char *lf;
    while (c->scanned < len && (lf = memchr(in + c->scanned, '\n', len - c->scanned)) != NULL) {
        size_t end = (size_t)(lf - in) + 1, text = end - 1, brace_at;
        uint64_t octets;
        bool waits;
        if (text > 0 && in[text - 1] == '\r')
            text--;
        if (end > IMAP_LINE_MAX)
            break;
        if (c->state == IMAP_CLIENT_GREETING || !imap_literal_at_end(in, text, &octets, &waits, &brace_at)) {
            begin(c, out);
            c->scanned = 0;
            hear(c, wire_slice(in, text), out);
            return end;
        }
        if (streams(c, wire_slice(in, brace_at))) {
            begin(c, out);
            c->scanned = 0;
            hear_fetch_head(c, wire_slice(in, brace_at), octets, out);
            return end;
        }
        if (octets > IMAP_LINE_MAX)
            c->scanned = IMAP_LINE_MAX;
        else
            c->scanned = (uint32_t)(end + octets);
        if (c->scanned >= IMAP_LINE_MAX) {
            begin(c, out);
            too_long(c, out);
            return end;
        }
    }
    if (len >= IMAP_LINE_MAX) {
        begin(c, out);
        too_long(c, out);
        return len;
    }
    if (c->scanned < len)
        c->scanned = (uint32_t)len;
    return 0;
}

size_t imap_client_step(struct imap_client *c, const char *in, size_t len, struct imap_client_step *out)
{
    size_t used;
    if (len == 0 || c->state == IMAP_CLIENT_CLOSED || c->state == IMAP_CLIENT_TLS)
        return 0;
    if (c->left == 0)
        return take_response(c, in, len, out);
    begin(c, out);
    out->answer = IMAP_ANSWER_CONTENT;
    used = c->left < len ? (size_t)c->left : len;
    imap_client_take_content(c, in, used);
    return used;
}

/* ---- the host's side ---- */

void imap_client_start(struct imap_client *c, const struct imap_client_config *config, void *host,
                       void *auth_ctx, struct imap_client_step *out)
{
    assert(config->ops && config->ops->next_task && config->auth && config->scratch);
    *c = (struct imap_client){ .config = config, .host = host, .auth_ctx = auth_ctx };
    c->tls = config->tls == IMAP_TLS_IMPLICIT;
    begin(c, out);
}

bool imap_client_pull(struct imap_client *c, struct imap_client_step *out)
{
    if (!c->pending)
        return false;
    begin(c, out);
    imap_client_continue(c, false, out);
    return true;
}

void imap_client_tls_started(struct imap_client *c, struct imap_client_step *out)
{
    assert(c->state == IMAP_CLIENT_TLS);
    begin(c, out);
    c->tls = true;
    c->scanned = 0;
    advance(c, out);
}

bool imap_client_wake(struct imap_client *c, struct imap_client_step *out)
{
    begin(c, out);
    if (c->state == IMAP_CLIENT_READY)
        next_task(c, out);
    else if (c->state == IMAP_CLIENT_IDLE)
        imap_client_send_done(c, out);
    return out->send.len > 0;
}
