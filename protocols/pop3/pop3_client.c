/* The POP3 client engine: reads a reply, a line of a listing or a piece of a message. */
#include "protocols/pop3/pop3_client.h"
#include "protocols/pop3/pop3_client_inside.h"
#include "protocols/wire/base64.h"

#include <assert.h>

/* ---- reading replies ---- */

enum answer { ANSWER_OK, ANSWER_ERR, ANSWER_MORE, ANSWER_BAD };

/* "+OK text", "-ERR text", "+ challenge"; *rest = what follows. */
static enum answer read_answer(struct wire_slice line, struct wire_slice *rest)
{
    static const struct {
        struct wire_slice word;
        enum answer answer;
    } words[] = { { { "+OK", 3 }, ANSWER_OK }, { { "-ERR", 4 }, ANSWER_ERR }, { { "+", 1 }, ANSWER_MORE } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = words[i].word.len;
        if (line.len < n || memcmp(line.at, words[i].word.at, n) != 0 || (line.len > n && line.at[n] != ' '))
            continue;
        n += line.len > n ? 1 : 0;
        *rest = wire_slice(line.at + n, line.len - n);
        return words[i].answer;
    }
    return ANSWER_BAD;
}

/* Why a login was refused: the response code says it, if there is one (RFC 2449 section 8, RFC 3206). */
static enum pop3_client_verdict refusal(struct wire_slice text)
{
    if (wire_slice_starts_nocase(text, "[IN-USE]"))
        return POP3C_IN_USE;
    if (wire_slice_starts_nocase(text, "[SYS/TEMP]") || wire_slice_starts_nocase(text, "[LOGIN-DELAY]"))
        return POP3C_TEMPFAIL;
    if (wire_slice_starts_nocase(text, "[SYS/PERM]"))
        return POP3C_PERMFAIL;
    return POP3C_DENIED;
}

/* Takes a decimal number off the front. */
static bool take_number(struct wire_slice *s, uint64_t max, uint64_t *number)
{
    size_t n = 0;
    while (n < s->len && s->at[n] != ' ')
        n++;
    if (!wire_parse_u64(wire_slice(s->at, n), max, number))
        return false;
    while (n < s->len && s->at[n] == ' ')
        n++;
    *s = wire_slice(s->at + n, s->len - n);
    return true;
}

static void read_greeting(struct pop3_client *c, enum answer answer, struct pop3_client_step *out)
{
    if (answer == ANSWER_ERR) {
        pop3c_give_up(c, POP3C_TURNED_AWAY, out);
    } else if (answer != ANSWER_OK) {
        pop3c_give_up(c, POP3C_NOT_POP3, out);
    } else {
        pop3c_note(out, POP3C_GREETED);
        if (c->config->capa)
            pop3c_say_capa(c, out);
        else
            pop3c_after_capa(c, out);
    }
}

static void read_challenge(struct pop3_client *c, struct wire_slice text, struct pop3_client_step *out)
{
    char data[WIRE_AUTH_DATA_MAX], answer[WIRE_AUTH_DATA_MAX];
    size_t len, answer_len;
    struct wire_line *line = wire_out_line(&out->send, &pop3_verb_info(POP3_AUTH_DATA)->lesson);
    pop3c_note(out, POP3C_CHALLENGE);
    if (!wire_base64_decode(data, sizeof data, &len, text.at, text.len) ||
        c->auth->respond(c->auth_ctx, data, len, answer, &answer_len) != WIRE_AUTH_MORE) {
        c->failed = POP3C_BAD_REPLY;
        wire_out_str(&out->send, "*");
    } else {
        pop3c_put_base64(out, answer, answer_len);
        pop3c_hide(line, 0, WIRE_BASE64_LEN(answer_len));
    }
    wire_out_str(&out->send, "\r\n");
}

static void read_status(struct pop3_client *c, struct wire_slice text, struct pop3_client_step *out)
{
    uint64_t count, octets;
    if (!take_number(&text, POP3_CLIENT_COUNT_MAX, &count) || !take_number(&text, UINT64_MAX, &octets)) {
        pop3c_give_up(c, POP3C_BAD_REPLY, out);
        return;
    }
    pop3c_note(out, POP3C_STATUS);
    if (c->config->ops->status)
        c->config->ops->status(c->host, (uint32_t)count, octets);
    if (count == 0)
        pop3c_quit(c, out);
    else
        pop3c_say_list(c, out);
}

/* +OK to a command: what it means in this state. */
static void read_ok(struct pop3_client *c, struct wire_slice text, struct pop3_client_step *out)
{
    switch ((enum pop3_client_state)c->state) {
    case POP3C_CAPA:
        pop3c_note(out, POP3C_CAPA_BEGINS);
        pop3c_enter(c, POP3C_CAPA_LIST);
        break;
    case POP3C_STLS:
        pop3c_note(out, POP3C_TLS_GO);
        out->start_tls = true;
        pop3c_enter(c, POP3C_TLS);
        break;
    case POP3C_UTF8:
        pop3c_note(out, POP3C_UTF8_TAKEN);
        pop3c_log_in(c, out);
        break;
    case POP3C_USER:
        pop3c_note(out, POP3C_USER_TAKEN);
        pop3c_say_pass(c, out);
        break;
    case POP3C_AUTH:
        if (c->failed || (c->auth->complete && !c->auth->complete(c->auth_ctx))) {
            pop3c_give_up(c, POP3C_BAD_REPLY,
                          out); /* a server that has not proven itself, RFC 5802 section 3 */
            break;
        }
        pop3c_note(out, POP3C_LOGGED_IN);
        pop3c_after_login(c, out);
        break;
    case POP3C_PASS:
        pop3c_note(out, POP3C_LOGGED_IN);
        pop3c_after_login(c, out);
        break;
    case POP3C_STAT:
        read_status(c, text, out);
        break;
    case POP3C_LIST:
        pop3c_note(out, POP3C_LIST_BEGINS);
        pop3c_enter(c, POP3C_LIST_LINES);
        break;
    case POP3C_UIDL:
        pop3c_note(out, POP3C_UIDL_BEGINS);
        pop3c_enter(c, POP3C_UIDL_LINES);
        break;
    case POP3C_RETR:
        pop3c_note(out, POP3C_MESSAGE_BEGINS);
        out->message = c->number;
        c->line_start = true;
        pop3c_enter(c, POP3C_BODY);
        if (c->config->ops->begin)
            c->config->ops->begin(c->host, c->number);
        break;
    case POP3C_DELE:
        pop3c_note(out, POP3C_DELETED);
        pop3c_fetch_next(c, out);
        break;
    case POP3C_QUIT:
        pop3c_note(out, POP3C_FINISHED);
        pop3c_enter(c, c->failed ? POP3C_FAILED : POP3C_DONE);
        out->close = true;
        break;
    default:
        pop3c_give_up(c, POP3C_BAD_REPLY, out);
        break;
    }
}

/* -ERR to a command: some are the end, some are not. */
static void read_err(struct pop3_client *c, struct wire_slice text, struct pop3_client_step *out)
{
    switch ((enum pop3_client_state)c->state) {
    case POP3C_CAPA:
        pop3c_note(out, POP3C_NO_CAPA);
        pop3c_after_capa(c, out);
        break;
    case POP3C_STLS:
    case POP3C_UTF8:
        pop3c_note(out, POP3C_REFUSED);
        pop3c_log_in(c, out);
        break;
    case POP3C_USER:
    case POP3C_PASS:
    case POP3C_AUTH:
        pop3c_fail(c, c->failed ? (enum pop3_client_verdict)c->failed : refusal(text), out);
        break;
    case POP3C_UIDL:
        pop3c_note(out, POP3C_NO_UIDL);
        pop3c_fetch_next(c, out);
        break;
    case POP3C_RETR:
        pop3c_note(out, POP3C_MESSAGE_GONE);
        pop3c_fetch_next(c, out);
        break;
    case POP3C_DELE:
        pop3c_note(out, POP3C_NOT_DELETED);
        pop3c_fetch_next(c, out);
        break;
    case POP3C_QUIT:
        pop3c_give_up(c, POP3C_NOT_FINISHED, out);
        break;
    default:
        pop3c_fail(c, POP3C_REFUSED, out);
        break;
    }
}

static void read_reply(struct pop3_client *c, struct wire_slice line, struct pop3_client_step *out)
{
    struct wire_slice rest = { NULL, 0 };
    enum answer answer = read_answer(line, &rest);
    out->message = c->state == POP3C_RETR || c->state == POP3C_DELE ? c->number : 0;
    if (c->state == POP3C_GREETING)
        read_greeting(c, answer, out);
    else if (answer == ANSWER_OK)
        read_ok(c, rest, out);
    else if (answer == ANSWER_ERR)
        read_err(c, rest, out);
    else if (answer == ANSWER_MORE && c->state == POP3C_AUTH && !c->failed)
        read_challenge(c, rest, out);
    else
        pop3c_give_up(c, POP3C_BAD_REPLY, out);
}

/* ---- listings ---- */

static void read_capability(struct pop3_client *c, struct wire_slice line, struct pop3_client_step *out)
{
    char list[POP3_REPLY_MAX];
    pop3c_note(out, POP3C_CAPA_LINE);
    if (wire_slice_is_nocase(line, "STLS"))
        c->offers_stls = true;
    else if (wire_slice_is_nocase(line, "USER"))
        c->offers_user = true;
    else if (wire_slice_is_nocase(line, "UTF8") || wire_slice_starts_nocase(line, "UTF8 "))
        c->offers_utf8 = true;
    else if (wire_slice_is_nocase(line, "UIDL"))
        c->offers_uidl = true;
    else if (wire_slice_starts_nocase(line, "SASL ") && line.len - 5 < sizeof list) {
        memcpy(list, line.at + 5, line.len - 5);
        list[line.len - 5] = '\0';
        c->mech = c->auth->choose(c->auth_ctx, list);
    }
}

/* "number size" or "number unique-id"; the numbers must rise, or the listing makes no sense. */
static void read_listing(struct pop3_client *c, struct wire_slice line, struct pop3_client_step *out)
{
    const struct pop3_client_ops *ops = c->config->ops;
    bool uidl = c->state == POP3C_UIDL_LINES;
    uint64_t number, octets = 0;
    bool good = take_number(&line, POP3_CLIENT_COUNT_MAX, &number) && number > 0 && line.len > 0;
    if (good && !uidl)
        good = take_number(&line, UINT64_MAX, &octets) && number > c->count;
    if (!good) {
        pop3c_give_up(c, POP3C_BAD_REPLY, out);
        return;
    }
    out->message = (uint32_t)number;
    if (uidl) {
        pop3c_note(out, POP3C_UIDL_LINE);
        if (ops->identified && number <= c->count)
            ops->identified(c->host, (uint32_t)number, line);
    } else {
        pop3c_note(out, POP3C_LIST_LINE);
        c->count = (uint32_t)number;
        if (ops->listed)
            ops->listed(c->host, (uint32_t)number, octets);
    }
}

static void end_listing(struct pop3_client *c, struct pop3_client_step *out)
{
    if (c->state == POP3C_CAPA_LIST) {
        pop3c_note(out, POP3C_CAPA_END);
        c->capa_known = true;
        pop3c_after_capa(c, out);
    } else if (c->state == POP3C_LIST_LINES) {
        pop3c_note(out, POP3C_LIST_END);
        pop3c_after_list(c, out);
    } else {
        pop3c_note(out, POP3C_UIDL_END);
        pop3c_fetch_next(c, out);
    }
}

static void read_listed(struct pop3_client *c, struct wire_slice line, struct pop3_client_step *out)
{
    if (wire_slice_is(line, ".")) {
        end_listing(c, out);
        return;
    }
    if (line.len > 0 && line.at[0] == '.')
        line = wire_slice(line.at + 1, line.len - 1);
    if (c->state == POP3C_CAPA_LIST)
        read_capability(c, line, out);
    else
        read_listing(c, line, out);
}

/* ---- messages ---- */

/* One piece of a message, or its end. Octets used; 0 while the end cannot be told from a line. */
static size_t read_body(struct pop3_client *c, const char *in, size_t len, struct pop3_client_step *out)
{
    size_t from = 0, stop;
    if (c->line_start && in[0] == '.') {
        if (len < 2 || (in[1] == '\r' && len < 3))
            return 0;
        if (in[1] == '\r' && in[2] == '\n') {
            pop3c_begin(c, out);
            pop3c_after_message(c, out);
            return 3;
        }
        from = 1; /* the server's extra dot */
    }
    stop = pop3_plain_until(in, from, len);
    /* A CR at the very end may be half of a line break: it waits for the other half. */
    if (stop == len && in[stop - 1] == '\r' && --stop == from)
        return 0;
    pop3c_begin(c, out);
    pop3c_note(out, POP3C_MESSAGE_PIECE);
    out->message = c->number;
    c->config->ops->body(c->host, in + from, stop - from);
    c->line_start = stop >= 2 && in[stop - 1] == '\n' && in[stop - 2] == '\r';
    return stop;
}

/* ---- the engine ---- */

void pop3_client_init(struct pop3_client *c, const struct pop3_client_config *config, void *host,
                      const struct wire_auth_client *auth, void *auth_ctx)
{
    assert(config && config->ops && config->ops->body && auth);
    *c = (struct pop3_client){ .config = config, .host = host, .auth = auth, .auth_ctx = auth_ctx };
    c->deadline_ns = UINT64_MAX;
}

void pop3_client_start(struct pop3_client *c, uint64_t now_ns, struct pop3_client_step *out)
{
    assert(c->state == POP3C_GREETING);
    pop3c_begin(c, out);
    pop3c_note(out, POP3C_CONNECTED);
    pop3_client_touch(c, now_ns);
}

size_t pop3_client_step(struct pop3_client *c, const char *in, size_t len, struct pop3_client_step *out)
{
    size_t seen = len < POP3_CLIENT_LINE_MAX ? len : POP3_CLIENT_LINE_MAX, used, line_len;
    const char *lf;
    assert(c->state != POP3C_DONE && c->state != POP3C_FAILED && c->state != POP3C_TLS);
    if (len == 0)
        return 0;
    if (c->state == POP3C_BODY) {
        used = read_body(c, in, len, out);
        if (used > 0)
            out->after = (enum pop3_client_state)c->state;
        return used;
    }
    lf = memchr(in, '\n', seen);
    if (!lf && len < POP3_CLIENT_LINE_MAX)
        return 0;
    pop3c_begin(c, out);
    used = lf ? (size_t)(lf - in) + 1 : seen;
    line_len = used - (lf ? 1 : 0);
    if (lf && line_len > 0 && in[line_len - 1] == '\r')
        line_len--;
    if (!lf)
        pop3c_give_up(c, c->state == POP3C_GREETING ? POP3C_NOT_POP3 : POP3C_LINE_TOO_LONG, out);
    else if (c->state == POP3C_CAPA_LIST || c->state == POP3C_LIST_LINES || c->state == POP3C_UIDL_LINES)
        read_listed(c, wire_slice(in, line_len), out);
    else
        read_reply(c, wire_slice(in, line_len), out);
    out->after = (enum pop3_client_state)c->state;
    return used;
}

void pop3_client_tls_started(struct pop3_client *c, struct pop3_client_step *out)
{
    c->tls = true;
    if (c->state != POP3C_TLS)
        return;
    assert(out);
    pop3c_begin(c, out);
    pop3c_note(out, POP3C_TLS_DONE);
    if (c->config->capa)
        pop3c_say_capa(c, out);
    else
        pop3c_log_in(c, out);
    out->after = (enum pop3_client_state)c->state;
}

static bool is_over(const struct pop3_client *c)
{
    return c->state == POP3C_DONE || c->state == POP3C_FAILED;
}

void pop3_client_lost(struct pop3_client *c, struct pop3_client_step *out)
{
    pop3c_begin(c, out);
    if (is_over(c))
        pop3c_note(out, pop3_client_outcome(c));
    else
        pop3c_give_up(c, POP3C_CUT_OFF, out);
    out->close = true;
    out->after = (enum pop3_client_state)c->state;
}

void pop3_client_touch(struct pop3_client *c, uint64_t now_ns)
{
    c->deadline_ns = now_ns + (c->config->wait_ns ? c->config->wait_ns : POP3_CLIENT_WAIT_NS);
}

uint64_t pop3_client_deadline(const struct pop3_client *c)
{
    return is_over(c) ? UINT64_MAX : c->deadline_ns;
}

bool pop3_client_expire(struct pop3_client *c, uint64_t now_ns, struct pop3_client_step *out)
{
    if (is_over(c) || now_ns < c->deadline_ns)
        return false;
    pop3c_begin(c, out);
    pop3c_give_up(c, POP3C_TIMED_OUT, out);
    out->after = POP3C_FAILED;
    return true;
}

enum pop3_client_verdict pop3_client_outcome(const struct pop3_client *c)
{
    assert(is_over(c));
    return c->state == POP3C_DONE ? POP3C_FINISHED : (enum pop3_client_verdict)c->failed;
}
