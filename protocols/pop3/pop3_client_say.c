/* What the POP3 client says, and what it says next. */
#include "protocols/pop3/pop3_client_inside.h"
#include "protocols/wire/base64.h"

#include <assert.h>

/* ---- the step ---- */

void pop3c_begin(const struct pop3_client *c, struct pop3_client_step *out)
{
    out->before = out->after = (enum pop3_client_state)c->state;
    out->message = 0;
    out->start_tls = out->close = false;
    wire_out_reset(&out->send);
}

void pop3c_note(struct pop3_client_step *out, enum pop3_client_verdict verdict)
{
    out->verdict = verdict;
    out->read = &pop3_client_verdict_info(verdict)->lesson;
}

/* The only place where the state changes. A session that is over stays over; TLS is followed by CAPA or a
 * login. */
void pop3c_enter(struct pop3_client *c, enum pop3_client_state next)
{
    assert(c->state != POP3C_DONE && c->state != POP3C_FAILED);
    assert(next != POP3C_DONE || c->state == POP3C_QUIT);
    assert(next != POP3C_BODY || c->state == POP3C_RETR);
    c->state = (uint8_t)next;
}

/* Over, without another word. */
void pop3c_give_up(struct pop3_client *c, enum pop3_client_verdict why, struct pop3_client_step *out)
{
    pop3c_note(out, why);
    if (c->failed == 0)
        c->failed = (uint8_t)why;
    pop3c_enter(c, POP3C_FAILED);
    out->close = true;
}

/* ---- commands ---- */

/* A command's name; its lesson is the row that the server's table has for it. */
static struct wire_line *say(struct pop3_client_step *out, enum pop3_verb verb)
{
    const struct pop3_verb_info *info = pop3_verb_info(verb);
    struct wire_line *line = wire_out_line(&out->send, &info->lesson);
    wire_out_str(&out->send, info->name);
    return line;
}

static void say_alone(struct pop3_client_step *out, enum pop3_verb verb)
{
    say(out, verb);
    wire_out_str(&out->send, "\r\n");
}

static void say_number(struct pop3_client_step *out, enum pop3_verb verb, uint32_t number)
{
    say(out, verb);
    wire_out_str(&out->send, " ");
    pop3_put_number(&out->send, number);
    wire_out_str(&out->send, "\r\n");
    out->message = number;
}

void pop3c_quit(struct pop3_client *c, struct pop3_client_step *out)
{
    say_alone(out, POP3_QUIT);
    pop3c_enter(c, POP3C_QUIT);
}

/* It cannot succeed any more: says goodbye and remembers why. */
void pop3c_fail(struct pop3_client *c, enum pop3_client_verdict why, struct pop3_client_step *out)
{
    pop3c_note(out, why);
    c->failed = (uint8_t)why;
    pop3c_quit(c, out);
}

/* Can the text stand in a command of one line? */
static bool is_sayable(const char *text)
{
    size_t n = 0;
    if (!text)
        return false;
    for (; text[n] != '\0'; n++)
        if (wire_is_control(text[n]) || n > POP3_LINE_MAX)
            return false;
    return n > 0 && n + sizeof "USER \r\n" - 1 <= POP3_LINE_MAX;
}

void pop3c_put_base64(struct pop3_client_step *out, const char *data, size_t len)
{
    char letters[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
    wire_out_bytes(&out->send, letters, wire_base64_encode(letters, data, len));
}

void pop3c_hide(struct wire_line *line, size_t at, size_t len)
{
    line->secret_at = (uint16_t)at;
    line->secret_len = (uint16_t)len;
}

static void say_auth(struct pop3_client *c, struct pop3_client_step *out)
{
    char data[WIRE_AUTH_DATA_MAX];
    size_t len, front = sizeof "AUTH " - 1 + strlen(c->mech) + 1;
    bool initial = c->auth->initial(c->auth_ctx, data, &len);
    struct wire_line *line = say(out, POP3_AUTH);
    wire_out_str(&out->send, " ");
    wire_out_str(&out->send, c->mech);
    /* One that does not fit on the line waits for the server's empty challenge (RFC 5034 section 4). */
    if (initial && front + WIRE_BASE64_LEN(len) + 2 <= POP3_LINE_MAX) {
        wire_out_str(&out->send, " ");
        if (len == 0)
            wire_out_str(&out->send, "=");
        pop3c_put_base64(out, data, len);
        pop3c_hide(line, front, WIRE_BASE64_LEN(len));
    }
    wire_out_str(&out->send, "\r\n");
    pop3c_enter(c, POP3C_AUTH);
}

static void say_user(struct pop3_client *c, struct pop3_client_step *out)
{
    say(out, POP3_USER);
    wire_out_str(&out->send, " ");
    wire_out_str(&out->send, c->auth->user(c->auth_ctx));
    wire_out_str(&out->send, "\r\n");
    pop3c_enter(c, POP3C_USER);
}

void pop3c_say_pass(struct pop3_client *c, struct pop3_client_step *out)
{
    const char *password = c->auth->password(c->auth_ctx);
    struct wire_line *line = say(out, POP3_PASS);
    wire_out_str(&out->send, " ");
    wire_out_str(&out->send, password);
    wire_out_str(&out->send, "\r\n");
    pop3c_hide(line, sizeof "PASS " - 1, strlen(password));
    pop3c_enter(c, POP3C_PASS);
}

/* ---- what comes next ---- */

void pop3c_log_in(struct pop3_client *c, struct pop3_client_step *out)
{
    bool asks = c->config->utf8 && c->offers_utf8;
    c->offers_utf8 = false;
    if (c->config->tls_required && !c->tls)
        pop3c_fail(c, POP3C_NO_TLS, out);
    else if (asks) {
        say_alone(out, POP3_UTF8);
        pop3c_enter(c, POP3C_UTF8);
    } else if (c->config->sasl && c->mech)
        say_auth(c, out);
    else if ((c->capa_known && !c->offers_user) || !is_sayable(c->auth->user(c->auth_ctx)) ||
             !is_sayable(c->auth->password(c->auth_ctx)))
        pop3c_fail(c, POP3C_NO_MECHANISM, out);
    else
        say_user(c, out);
}

void pop3c_say_capa(struct pop3_client *c, struct pop3_client_step *out)
{
    c->offers_stls = c->offers_user = c->offers_uidl = c->offers_utf8 = c->capa_known = false;
    c->mech = NULL;
    say_alone(out, POP3_CAPA);
    pop3c_enter(c, POP3C_CAPA);
}

void pop3c_after_capa(struct pop3_client *c, struct pop3_client_step *out)
{
    if (!c->tls && c->offers_stls && (c->config->stls || c->config->tls_required)) {
        say_alone(out, POP3_STLS);
        pop3c_enter(c, POP3C_STLS);
    } else {
        pop3c_log_in(c, out);
    }
}

void pop3c_say_list(struct pop3_client *c, struct pop3_client_step *out)
{
    say_alone(out, POP3_LIST);
    pop3c_enter(c, POP3C_LIST);
}

void pop3c_after_login(struct pop3_client *c, struct pop3_client_step *out)
{
    if (c->config->stat) {
        say_alone(out, POP3_STAT);
        pop3c_enter(c, POP3C_STAT);
    } else {
        pop3c_say_list(c, out);
    }
}

void pop3c_fetch_next(struct pop3_client *c, struct pop3_client_step *out)
{
    const struct pop3_client_ops *ops = c->config->ops;
    do {
        c->number++;
    } while (c->number <= c->count && ops->wanted && !ops->wanted(c->host, c->number));
    if (c->number > c->count) {
        pop3c_quit(c, out);
    } else {
        say_number(out, POP3_RETR, c->number);
        pop3c_enter(c, POP3C_RETR);
    }
}

void pop3c_after_list(struct pop3_client *c, struct pop3_client_step *out)
{
    if (c->config->uidl && c->count > 0 && (!c->capa_known || c->offers_uidl)) {
        say_alone(out, POP3_UIDL);
        pop3c_enter(c, POP3C_UIDL);
    } else {
        pop3c_fetch_next(c, out);
    }
}

void pop3c_after_message(struct pop3_client *c, struct pop3_client_step *out)
{
    const struct pop3_client_ops *ops = c->config->ops;
    out->message = c->number;
    if (ops->end && !ops->end(c->host, c->number)) {
        pop3c_note(out, POP3C_HOST_REFUSED);
        pop3c_fetch_next(c, out);
        return;
    }
    pop3c_note(out, POP3C_MESSAGE_END);
    c->fetched++;
    if (ops->remove ? ops->remove(c->host, c->number) : !c->config->leave_on_server) {
        say_number(out, POP3_DELE, c->number);
        pop3c_enter(c, POP3C_DELE);
    } else {
        pop3c_fetch_next(c, out);
    }
}
