/* The POP3 server engine: takes lines and checks what the table can check. Logging in is in pop3_login.c,
 * reading mail in pop3_maildrop.c. */
#include "protocols/pop3/pop3_server.h"
#include "protocols/pop3/pop3_inside.h"

#include <assert.h>

/* ---- replies ---- */

void pop3_reply_begin(struct pop3_step *out, enum pop3_verdict verdict)
{
    const struct pop3_verdict_info *info = pop3_verdict_info(verdict);
    out->verdict = verdict;
    out->answered = &info->lesson;
    wire_out_line(&out->send, &info->lesson);
    wire_out_str(&out->send, info->status);
    wire_out_str(&out->send, " ");
    wire_out_str(&out->send, info->code);
}

void pop3_reply(struct pop3_step *out, enum pop3_verdict verdict)
{
    pop3_reply_begin(out, verdict);
    wire_out_str(&out->send, pop3_verdict_info(verdict)->text);
    wire_out_str(&out->send, "\r\n");
}

void pop3_put_number(struct wire_out *send, uint64_t value)
{
    char digits[WIRE_U64_MAX_DIGITS];
    wire_out_bytes(send, digits, wire_put_u64(digits, value));
}

static void step_begin(const struct pop3_server *s, struct pop3_step *out, enum pop3_verb verb)
{
    out->verb = verb;
    out->before = out->after = (enum pop3_state)s->state;
    out->asked = &pop3_verb_info(verb)->lesson;
    out->message = 0;
    out->secret_at = out->secret_len = 0;
    out->more = out->start_tls = out->close = false;
    wire_out_reset(&out->send);
}

/* The only place where the state changes. POP3 never goes back (RFC 1939 section 3). */
void pop3_enter(struct pop3_server *s, enum pop3_state next)
{
    assert(next > (enum pop3_state)s->state);
    assert(next != POP3_UPDATE || s->state == POP3_TRANSACTION);
    s->state = (uint8_t)next;
}

static void unlock(struct pop3_server *s)
{
    if (s->open)
        s->config->ops->close(s->host, false);
    s->open = false;
}

/* The session ends here, without deleting. */
void pop3_hang_up(struct pop3_server *s, struct pop3_step *out)
{
    unlock(s);
    pop3_enter(s, POP3_CLOSED);
    out->close = true;
}

/* ---- the connection ---- */

void pop3_server_init(struct pop3_server *s, const struct pop3_server_config *config, void *host,
                      const struct wire_auth_server *auth, void *auth_ctx)
{
    assert(config && config->ops && auth);
    *s = (struct pop3_server){ .config = config, .host = host, .auth = auth, .auth_ctx = auth_ctx };
    s->deadline_ns = UINT64_MAX;
}

void pop3_server_start(struct pop3_server *s, uint64_t now_ns, struct pop3_step *out)
{
    assert(s->state == POP3_AUTHORIZATION);
    step_begin(s, out, POP3_CONNECT);
    pop3_server_touch(s, now_ns);
    pop3_reply_begin(out, POP3_GREETED);
    wire_out_bytes(&out->send, s->config->host_name.at,
                   s->config->host_name.len < 255 ? s->config->host_name.len : 255);
    wire_out_str(&out->send, " POP3 server ready");
    if (pop3_offers_apop(s)) {
        char timestamp[POP3_REPLY_MAX];
        s->apop_nonce = s->config->ops->nonce(s->host);
        wire_out_str(&out->send, " ");
        wire_out_bytes(&out->send, timestamp, pop3_apop_timestamp(s, timestamp));
    }
    wire_out_str(&out->send, "\r\n");
}

void pop3_server_tls_started(struct pop3_server *s)
{
    assert(s->state == POP3_AUTHORIZATION);
    s->tls = true;
    s->utf8 = false;
    s->user_len = 0; /* what was said before the handshake may be someone else's */
}

void pop3_server_touch(struct pop3_server *s, uint64_t now_ns)
{
    s->deadline_ns = now_ns + (s->config->idle_ns ? s->config->idle_ns : POP3_AUTOLOGOUT_NS);
}

uint64_t pop3_server_deadline(const struct pop3_server *s)
{
    return s->state >= POP3_UPDATE ? UINT64_MAX : s->deadline_ns;
}

bool pop3_server_expire(struct pop3_server *s, uint64_t now_ns, struct pop3_step *out)
{
    if (now_ns < pop3_server_deadline(s) || s->state >= POP3_UPDATE)
        return false;
    step_begin(s, out, POP3_IDLE);
    out->verdict = POP3_TIMED_OUT;
    out->answered = &pop3_verdict_info(POP3_TIMED_OUT)->lesson;
    s->pull = POP3_PULL_NONE;
    pop3_hang_up(s, out);
    out->after = POP3_CLOSED;
    return true;
}

void pop3_server_lost(struct pop3_server *s)
{
    if (s->in_auth)
        s->auth->cancel(s->auth_ctx);
    s->in_auth = false;
    s->pull = POP3_PULL_NONE;
    unlock(s);
    if (s->state < POP3_UPDATE)
        pop3_enter(s, POP3_CLOSED);
}

/* ---- both states ---- */

static void put_capability(struct pop3_step *out, const char *keyword, const char *args)
{
    wire_out_line(&out->send, pop3_data_lesson(POP3_CAPA_LINE));
    wire_out_str(&out->send, keyword);
    wire_out_str(&out->send, args);
    wire_out_str(&out->send, "\r\n");
}

static void run_capa(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    const char *mechanisms = s->auth->mechanisms(s->auth_ctx);
    bool before_login = s->state == POP3_AUTHORIZATION;
    (void)args;
    pop3_reply(out, POP3_CAPABILITIES);
    put_capability(out, "TOP", "");
    put_capability(out, "UIDL", "");
    put_capability(out, "RESP-CODES", "");
    put_capability(out, "AUTH-RESP-CODE", "");
    put_capability(out, "PIPELINING", "");
    put_capability(out, "UTF8", "");
    if (s->config->user && !pop3_user_needs_tls(s))
        put_capability(out, "USER", "");
    if (mechanisms[0] != '\0')
        put_capability(out, "SASL ", mechanisms);
    if (s->config->stls && !s->tls && before_login)
        put_capability(out, "STLS", "");
    put_capability(out, "IMPLEMENTATION ", "mailwalk");
    wire_out_line(&out->send, pop3_data_lesson(POP3_END_LINE));
    wire_out_str(&out->send, ".\r\n");
}

static void run_utf8(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    (void)args;
    s->utf8 = true;
    pop3_reply(out, POP3_UTF8_ON);
}

static void run_quit(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    (void)args;
    out->close = true;
    if (s->state == POP3_AUTHORIZATION) {
        pop3_enter(s, POP3_CLOSED);
        pop3_reply(out, POP3_LEFT);
        return;
    }
    pop3_enter(s, POP3_UPDATE);
    s->open = false;
    pop3_reply(out, s->config->ops->close(s->host, true) ? POP3_COMMITTED : POP3_NOT_COMMITTED);
}

/* ---- the dispatcher ---- */

static pop3_run *const runs[POP3_VERBS] = {
    [POP3_USER] = pop3_run_user, [POP3_PASS] = pop3_run_pass, [POP3_APOP] = pop3_run_apop,
    [POP3_AUTH] = pop3_run_auth, [POP3_STLS] = pop3_run_stls, [POP3_CAPA] = run_capa,
    [POP3_STAT] = pop3_run_stat, [POP3_LIST] = pop3_run_list, [POP3_UIDL] = pop3_run_uidl,
    [POP3_RETR] = pop3_run_retr, [POP3_TOP] = pop3_run_top,   [POP3_DELE] = pop3_run_dele,
    [POP3_RSET] = pop3_run_rset, [POP3_NOOP] = pop3_run_noop, [POP3_QUIT] = run_quit,
    [POP3_UTF8] = run_utf8,
};

/* Is the command switched on here? One that is not is unknown, as it would be to a server without it. */
static bool is_offered(const struct pop3_server *s, enum pop3_verb verb)
{
    switch (verb) {
    case POP3_USER:
    case POP3_PASS:
        return s->config->user;
    case POP3_APOP:
        return pop3_offers_apop(s);
    case POP3_STLS:
        return s->config->stls || s->tls;
    default:
        return runs[verb] != NULL;
    }
}

/* Words between spaces; `rest` is all of it as it stands, for a password with spaces. */
static void split_args(struct wire_slice rest, struct pop3_args *args)
{
    size_t i = 0;
    args->rest = rest;
    args->count = 0;
    for (;;) {
        size_t begin;
        while (i < rest.len && rest.at[i] == ' ')
            i++;
        if (i == rest.len)
            return;
        begin = i;
        while (i < rest.len && rest.at[i] != ' ')
            i++;
        if (args->count < POP3_ARGS_MAX)
            args->word[args->count] = wire_slice(rest.at + begin, i - begin);
        args->count++;
    }
}

/* What must not be shown: all behind PASS, and the initial response of AUTH. Offsets from the line's
 * start. */
static void mark_secret(const char *line, enum pop3_verb verb, const struct pop3_args *args,
                        struct pop3_step *out)
{
    struct wire_slice secret = { line, 0 };
    if (verb == POP3_PASS)
        secret = args->rest;
    else if (verb == POP3_AUTH && args->count >= 2)
        secret = args->word[1];
    out->secret_at = secret.len > 0 ? (uint32_t)(secret.at - line) : 0;
    out->secret_len = (uint32_t)secret.len;
}

/* What the table can check is checked here, once, for every verb. */
static void dispatch(struct pop3_server *s, struct wire_slice line, struct pop3_step *out)
{
    const char *space = memchr(line.at, ' ', line.len);
    size_t name_len = space ? (size_t)(space - line.at) : line.len;
    enum pop3_verb verb = pop3_verb_find(line.at, name_len);
    struct pop3_args args;
    unsigned count;
    const struct pop3_verb_info *info = pop3_verb_info(verb);
    out->verb = verb;
    out->asked = &info->lesson;
    split_args(space ? wire_slice(space + 1, line.len - name_len - 1) : wire_slice(line.at + line.len, 0),
               &args);
    mark_secret(line.at, verb, &args, out);
    count = verb == POP3_PASS && args.count > 1 ? 1 : args.count;
    if (!is_offered(s, verb))
        pop3_reply(out, POP3_UNKNOWN);
    else if (!(info->states & (1U << s->state)))
        pop3_reply(out, POP3_WRONG_STATE);
    else if (count < info->args_min || count > info->args_max)
        pop3_reply(out, POP3_BAD_ARGS);
    else
        runs[verb](s, &args, out);
}

/* A line that is refused unread may still hold a password. */
static void hide_refused(bool in_auth, const char *in, size_t used, struct pop3_step *out)
{
    size_t at = in_auth ? 0 : sizeof "PASS " - 1;
    if (in_auth || (used > at && wire_equal_nocase(in, at, "PASS ", at))) {
        out->secret_at = (uint32_t)at;
        out->secret_len = (uint32_t)(used - at);
    }
}

/* The line is refused before anybody looks what it says. */
static void refuse_line(struct pop3_server *s, enum pop3_verdict verdict, struct pop3_step *out)
{
    if (s->in_auth)
        s->auth->cancel(s->auth_ctx);
    s->in_auth = false;
    s->user_len = 0;
    pop3_reply(out, verdict);
}

/* Ends in CRLF and holds no control character. */
static bool is_good_line(const char *in, size_t used)
{
    if (used < 2 || in[used - 2] != '\r')
        return false;
    for (size_t i = 0; i + 2 < used; i++)
        if (wire_is_control(in[i]))
            return false;
    return true;
}

size_t pop3_server_step(struct pop3_server *s, const char *in, size_t len, struct pop3_step *out)
{
    size_t max = s->in_auth ? POP3_AUTH_LINE_MAX : POP3_LINE_MAX;
    size_t seen = len < max ? len : max;
    const char *lf = seen > 0 ? memchr(in, '\n', seen) : NULL;
    size_t used = lf ? (size_t)(lf - in) + 1 : seen;
    assert(s->state < POP3_UPDATE && s->pull == POP3_PULL_NONE);
    if (!lf && len < max)
        return 0;
    step_begin(s, out, s->in_auth ? POP3_AUTH_DATA : POP3_OTHER);
    if (!lf || !is_good_line(in, used)) {
        hide_refused(s->in_auth, in, used, out);
        refuse_line(s, lf ? POP3_BAD_LINE : POP3_LINE_TOO_LONG, out);
        if (!lf)
            pop3_hang_up(s, out); /* where would the next command begin? */
    } else if (s->in_auth) {
        pop3_take_response(s, wire_slice(in, used - 2), out);
    } else {
        dispatch(s, wire_slice(in, used - 2), out);
    }
    out->after = (enum pop3_state)s->state;
    assert(used > 0 && used <= len && out->send.len > 0);
    return used;
}
