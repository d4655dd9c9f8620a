/* What a client says before it opens a mailbox: who it is, and whether the line is private. */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/base64.h"

#include <assert.h>

#define MECHANISM_MAX 20 /* octets, RFC 4422 section 3.1 */
#define ID_FIELDS_MAX 30 /* pairs, RFC 2971 section 3.3 */

const struct wire_lesson *imap_lesson(enum imap_line line)
{
    return &imap_line_info(line)->lesson;
}

void imap_data(struct imap_step *out, enum imap_line line, const char *text)
{
    wire_out_line(&out->send, imap_lesson(line));
    wire_out_str(&out->send, text);
}

static bool must_encrypt(const struct imap_server *s)
{
    return s->config->tls_before_login && !s->tls;
}

static void put_mechanisms(struct imap_sink *k, const struct imap_server *s)
{
    const char *at = s->config->auth->mechanisms(s->auth_ctx);
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, " ");
        if (n > 0) {
            IMAP_PUT(k, " AUTH=");
            imap_put(k, at, n);
        }
        at += n + (at[n] == ' ');
    }
}

void imap_put_capability(struct imap_sink *k, const struct imap_server *s)
{
    const struct imap_extension_info *e;
    IMAP_PUT(k, "CAPABILITY IMAP4rev1");
    for (size_t i = 0; (e = imap_extension_at(i)) != NULL; i++) {
        if (!imap_extends(s, e->bit))
            continue;
        IMAP_PUT(k, " ");
        imap_put_str(k, e->name);
        if (e->bit == IMAP_EXT_APPENDLIMIT)
            imap_put_number(k, s->config->append_max ? s->config->append_max : IMAP_APPEND_MAX);
    }
    if (s->state != IMAP_NOT_AUTHENTICATED)
        return;
    if (s->config->starttls && !s->tls)
        IMAP_PUT(k, " STARTTLS");
    if (must_encrypt(s))
        IMAP_PUT(k, " LOGINDISABLED");
    else
        put_mechanisms(k, s);
}

enum imap_verdict imap_run_capability(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_CAPABILITY));
    (void)c;
    IMAP_PUT(&k, "* ");
    imap_put_capability(&k, s);
    IMAP_PUT(&k, "\r\n");
    return IMAP_COMPLETED;
}

enum imap_verdict imap_run_noop(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)s, (void)c, (void)out;
    return IMAP_COMPLETED;
}

enum imap_verdict imap_run_logout(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)c, (void)out;
    imap_leave_mailbox(s); /* without an expunge: only CLOSE does that */
    return IMAP_GOODBYE;
}

/* "(" string SP nstring ... ")" or NIL; who the client is changes nothing. */
static bool take_id(struct imap_cursor *c)
{
    struct wire_slice s;
    if (imap_take_word(c, "NIL"))
        return imap_at_end(c);
    if (!imap_take_char(c, '('))
        return false;
    if (imap_take_char(c, ')'))
        return imap_at_end(c);
    for (int pairs = 0; pairs < ID_FIELDS_MAX; pairs++) {
        if (!imap_take_string(c, &s) || !imap_take_sp(c))
            return false;
        if (!imap_take_word(c, "NIL") && !imap_take_string(c, &s))
            return false;
        if (imap_take_char(c, ')'))
            return imap_at_end(c);
        if (!imap_take_sp(c))
            return false;
    }
    c->too_complex = true;
    return false;
}

enum imap_verdict imap_run_id(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_sink k;
    if (!take_id(c))
        return IMAP_BAD_SYNTAX;
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_ID));
    IMAP_PUT(&k, "* ID ");
    if (s->config->id_name == NULL) {
        IMAP_PUT(&k, "NIL\r\n");
    } else {
        IMAP_PUT(&k, "(\"name\" ");
        imap_put_string(&k, wire_slice_str(s->config->id_name));
        IMAP_PUT(&k, ")\r\n");
    }
    return IMAP_COMPLETED;
}

enum imap_verdict imap_run_starttls(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)c, (void)out;
    if (!s->config->starttls)
        return IMAP_UNKNOWN_COMMAND;
    return s->tls ? IMAP_WRONG_STATE : IMAP_TLS_BEGINS;
}

static enum imap_verdict admitted(struct imap_server *s, enum wire_auth result)
{
    switch (result) {
    case WIRE_AUTH_OK:
        imap_enter(s, IMAP_AUTHENTICATED);
        return IMAP_LOGGED_IN;
    case WIRE_AUTH_DENIED:
        return IMAP_WRONG_PASSWORD;
    case WIRE_AUTH_MALFORMED:
    case WIRE_AUTH_MORE: /* carry_on has taken it */
        return IMAP_AUTH_MALFORMED;
    case WIRE_AUTH_NO_MECH:
        return IMAP_NO_MECHANISM;
    case WIRE_AUTH_NEED_TLS:
        return IMAP_PRIVACY_REQUIRED;
    case WIRE_AUTH_TEMPFAIL:
        break;
    }
    return IMAP_UNAVAILABLE;
}

/* The rest of the line is a secret. A command in parts is masked as its parts come in. */
static void mask(const struct imap_server *s, const struct imap_cursor *c, const char *secret,
                 struct imap_step *out)
{
    if (s->part != NULL)
        return;
    out->secret_at = (uint32_t)(secret - c->from);
    out->secret_len = (uint32_t)(c->end - secret);
}

enum imap_verdict imap_run_login(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice user, password;
    const char *secret;
    enum wire_auth result;
    if (!imap_take_astring(c, &user) || !imap_take_sp(c))
        return IMAP_BAD_SYNTAX;
    secret = c->at;
    if (!imap_take_astring(c, &password) || !imap_at_end(c))
        return IMAP_BAD_SYNTAX;
    mask(s, c, secret, out);
    if (must_encrypt(s))
        return IMAP_PRIVACY_REQUIRED;
    result = s->config->auth->login(s->auth_ctx, user.at, user.len, password.at, password.len);
    if (result != WIRE_AUTH_OK && result != WIRE_AUTH_DENIED && result != WIRE_AUTH_NEED_TLS)
        return IMAP_UNAVAILABLE; /* no mechanism is at work here that could fail otherwise */
    return admitted(s, result);
}

/* One answer of the mechanism: a challenge, or the end. */
static enum imap_verdict carry_on(struct imap_server *s, enum wire_auth result, size_t len,
                                  struct imap_step *out)
{
    char *at = out->send.text + out->send.len;
    if (result != WIRE_AUTH_MORE)
        return admitted(s, result);
    assert(len <= WIRE_AUTH_DATA_MAX);
    wire_out_line(&out->send, &imap_verdict_info(IMAP_SEND_CREDENTIALS)->lesson);
    wire_out_str(&out->send, "+ ");
    at += 2;
    out->send.len += (uint32_t)wire_base64_encode(at, s->config->scratch->auth_out, len);
    wire_out_str(&out->send, "\r\n");
    s->input = IMAP_INPUT_AUTH;
    return IMAP_SEND_CREDENTIALS;
}

enum imap_verdict imap_run_authenticate(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_scratch *x = s->config->scratch;
    char name[MECHANISM_MAX + 1];
    const char *initial = NULL;
    struct wire_slice mechanism;
    enum wire_auth result;
    size_t in_len = 0, out_len = 0;
    bool good = true;
    if (!imap_take_atom(c, &mechanism))
        return IMAP_BAD_SYNTAX;
    if (imap_take_sp(c)) {
        size_t len = (size_t)(c->end - c->at);
        mask(s, c, c->at, out);
        if (!imap_extends(s, IMAP_EXT_SASL_IR) || len == 0)
            return IMAP_BAD_SYNTAX;
        good = wire_equal(c->at, len, "=", 1) ||
               wire_base64_decode(x->auth_in, sizeof x->auth_in, &in_len, c->at, len);
        initial = good ? x->auth_in : NULL;
    } else if (!imap_at_end(c)) {
        return IMAP_BAD_SYNTAX;
    }
    if (must_encrypt(s))
        return IMAP_PRIVACY_REQUIRED;
    if (mechanism.len > MECHANISM_MAX)
        return IMAP_NO_MECHANISM;
    for (size_t i = 0; i < mechanism.len; i++)
        name[i] = wire_to_upper(mechanism.at[i]);
    name[mechanism.len] = '\0';
    result = s->config->auth->begin(s->auth_ctx, name, initial, in_len, x->auth_out, &out_len);
    if (!good && result == WIRE_AUTH_MORE) { /* a mechanism that is refused is told before this */
        s->config->auth->cancel(s->auth_ctx);
        return IMAP_AUTH_MALFORMED;
    }
    return carry_on(s, result, out_len, out);
}

void imap_auth_line(struct imap_server *s, struct wire_slice line, struct imap_step *out)
{
    struct imap_scratch *x = s->config->scratch;
    size_t in_len = 0, out_len = 0;
    enum imap_verdict verdict;
    if (wire_slice_is(line, "*")) {
        s->config->auth->cancel(s->auth_ctx);
        verdict = IMAP_AUTH_CANCELLED;
    } else if (!wire_base64_decode(x->auth_in, sizeof x->auth_in, &in_len, line.at, line.len)) {
        s->config->auth->cancel(s->auth_ctx);
        verdict = IMAP_AUTH_MALFORMED;
    } else {
        enum wire_auth result = s->config->auth->step(s->auth_ctx, x->auth_in, in_len, x->auth_out, &out_len);
        verdict = carry_on(s, result, out_len, out);
    }
    imap_conclude(s, verdict, out);
    if (verdict == IMAP_SEND_CREDENTIALS)
        s->input = IMAP_INPUT_AUTH;
}
