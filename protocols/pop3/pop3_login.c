/* The AUTHORIZATION state: USER and PASS, APOP, AUTH, STLS. */
#include "protocols/pop3/pop3_inside.h"
#include "protocols/wire/base64.h"

#include <assert.h>

#define MECHANISM_MAX 20 /* characters, RFC 4422 section 3.1 */
#define APOP_HEX      32 /* digits of an MD5 digest */

bool pop3_offers_apop(const struct pop3_server *s)
{
    return s->config->apop && s->config->ops->apop && s->config->ops->nonce;
}

/* "<nonce@host>": what the client hashes with its password. */
size_t pop3_apop_timestamp(const struct pop3_server *s, char out[POP3_REPLY_MAX])
{
    struct wire_slice host = s->config->host_name;
    size_t n = 0, host_len = host.len < 255 ? host.len : 255;
    out[n++] = '<';
    n += wire_put_u64(out + n, s->apop_nonce);
    out[n++] = '@';
    memcpy(out + n, host.at, host_len);
    n += host_len;
    out[n++] = '>';
    return n;
}

/* ---- logging in ---- */

static void fail_login(struct pop3_server *s, struct pop3_step *out)
{
    if (s->failures < UINT8_MAX)
        s->failures++;
    if (s->config->failures_max == 0 || s->failures < s->config->failures_max) {
        pop3_reply(out, POP3_DENIED);
        return;
    }
    pop3_reply(out, POP3_TOO_MANY_FAILURES);
    pop3_hang_up(s, out);
}

/* The identity is proven; now the maildrop. */
static void open_maildrop(struct pop3_server *s, struct pop3_step *out)
{
    uint32_t count = 0;
    switch (s->config->ops->open(s->host, &count)) {
    case POP3_OPEN_OK:
        s->count = count;
        s->open = true;
        pop3_enter(s, POP3_TRANSACTION);
        pop3_reply(out, POP3_LOGGED_IN);
        break;
    case POP3_OPEN_IN_USE:
        pop3_reply(out, POP3_IN_USE);
        break;
    case POP3_OPEN_TEMPFAIL:
        pop3_reply(out, POP3_TEMPFAIL);
        break;
    case POP3_OPEN_PERMFAIL:
        pop3_reply(out, POP3_PERMFAIL);
        break;
    }
}

/* A mechanism that is known, and refused on purpose, is told as that. */
static void refuse_mechanism(const struct pop3_server *s, struct pop3_step *out)
{
    const struct wire_lesson *why = NULL;
    const char *known = s->auth->known ? s->auth->known(s->auth_ctx, &why) : NULL;
    if (!known) {
        pop3_reply(out, POP3_NO_MECHANISM);
        return;
    }
    pop3_reply_begin(out, POP3_NO_MECHANISM);
    out->answered = out->send.line[0].why = why;
    wire_out_str(&out->send, known);
    wire_out_str(&out->send, WIRE_AUTH_KNOWN_TEXT "\r\n");
}

/* What the mechanism or the accounts said, as a reply. */
static void conclude(struct pop3_server *s, enum wire_auth auth, const char *challenge, size_t len,
                     struct pop3_step *out)
{
    s->in_auth = auth == WIRE_AUTH_MORE;
    s->user_len = 0; /* PASS must follow a USER directly (RFC 1939 section 7) */
    switch (auth) {
    case WIRE_AUTH_MORE: {
        char letters[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
        pop3_reply_begin(out, POP3_CHALLENGED);
        wire_out_bytes(&out->send, letters, wire_base64_encode(letters, challenge, len));
        wire_out_str(&out->send, "\r\n");
        break;
    }
    case WIRE_AUTH_OK:
        open_maildrop(s, out);
        break;
    case WIRE_AUTH_DENIED:
        fail_login(s, out);
        break;
    case WIRE_AUTH_MALFORMED:
        pop3_reply(out, POP3_BAD_RESPONSE);
        break;
    case WIRE_AUTH_NO_MECH:
        refuse_mechanism(s, out);
        break;
    case WIRE_AUTH_NEED_TLS:
        pop3_reply(out, POP3_NEED_TLS);
        break;
    case WIRE_AUTH_TEMPFAIL:
        pop3_reply(out, POP3_TEMPFAIL);
        break;
    }
}

bool pop3_user_needs_tls(const struct pop3_server *s)
{
    return s->config->user_needs_tls && !s->tls;
}

void pop3_run_user(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    struct wire_slice user = args->word[0];
    s->user_len = 0;
    if (pop3_user_needs_tls(s)) {
        pop3_reply(out, POP3_NEED_TLS);
    } else if (user.len > POP3_USER_MAX) {
        pop3_reply(out, POP3_BAD_ARGS);
    } else {
        memcpy(s->user, user.at, user.len);
        s->user_len = (uint8_t)user.len;
        pop3_reply(out, POP3_USER_NOTED);
    }
}

void pop3_run_pass(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    enum wire_auth auth;
    if (pop3_user_needs_tls(s)) {
        pop3_reply(out, POP3_NEED_TLS);
        return;
    }
    if (s->user_len == 0) {
        pop3_reply(out, POP3_USER_FIRST);
        return;
    }
    auth = s->auth->login(s->auth_ctx, s->user, s->user_len, args->rest.at, args->rest.len);
    assert(auth != WIRE_AUTH_MORE);
    conclude(s, auth, NULL, 0, out);
}

void pop3_run_apop(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    struct wire_slice digest = args->word[1];
    char timestamp[POP3_REPLY_MAX];
    size_t n = pop3_apop_timestamp(s, timestamp);
    bool hex = digest.len == APOP_HEX;
    for (size_t i = 0; i < digest.len && hex; i++)
        hex = wire_hex_value(digest.at[i]) >= 0;
    if (!hex)
        pop3_reply(out, POP3_BAD_ARGS);
    else
        conclude(s, s->config->ops->apop(s->host, args->word[0], wire_slice(timestamp, n), digest), NULL, 0,
                 out);
}

void pop3_run_auth(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    char mechanism[MECHANISM_MAX + 1], data[WIRE_AUTH_DATA_MAX], challenge[WIRE_AUTH_DATA_MAX];
    struct wire_slice name = args->word[0], initial = args->word[1];
    size_t len = 0, challenge_len = 0;
    enum wire_auth auth;
    bool good;
    if (name.len > MECHANISM_MAX) {
        pop3_reply(out, POP3_NO_MECHANISM);
        return;
    }
    memcpy(mechanism, name.at, name.len);
    mechanism[name.len] = '\0';
    /* "=" is an initial response of no octets, which is not the same as none (RFC 5034 section 4). */
    good = args->count < 2 || wire_slice_is(initial, "=") ||
           wire_base64_decode(data, sizeof data, &len, initial.at, initial.len);
    auth = s->auth->begin(s->auth_ctx, mechanism, args->count == 2 && good ? data : NULL, len, challenge,
                          &challenge_len);
    if (!good && auth == WIRE_AUTH_MORE) { /* a mechanism that is refused is told before what came with it */
        s->auth->cancel(s->auth_ctx);
        pop3_reply(out, POP3_BAD_RESPONSE);
        return;
    }
    conclude(s, auth, challenge, challenge_len, out);
}

/* A line inside an AUTH exchange. */
void pop3_take_response(struct pop3_server *s, struct wire_slice line, struct pop3_step *out)
{
    char data[WIRE_AUTH_DATA_MAX], challenge[WIRE_AUTH_DATA_MAX];
    size_t len, challenge_len = 0;
    enum wire_auth auth;
    bool star = wire_slice_is(line, "*");
    out->secret_len = star ? 0 : (uint32_t)line.len;
    if (star || !wire_base64_decode(data, sizeof data, &len, line.at, line.len)) {
        s->auth->cancel(s->auth_ctx);
        s->in_auth = false;
        pop3_reply(out, star ? POP3_CANCELLED : POP3_BAD_RESPONSE);
        return;
    }
    auth = s->auth->step(s->auth_ctx, data, len, challenge, &challenge_len);
    conclude(s, auth, challenge, challenge_len, out);
}

void pop3_run_stls(struct pop3_server *s, const struct pop3_args *args, struct pop3_step *out)
{
    (void)args;
    if (s->tls) {
        pop3_reply(out, POP3_TLS_ACTIVE);
        return;
    }
    s->user_len = 0;
    out->start_tls = true;
    pop3_reply(out, POP3_TLS_READY);
}
