/* AUTH (RFC 4954): the base64 around a SASL exchange that somebody else understands. */
#include "protocols/smtp/smtp_server_inner.h"

#include <assert.h>
#include <stdio.h>

#include "protocols/wire/base64.h"

#define SMTP_MECHANISM_MAX 20 /* octets of a name, RFC 4422 section 3.1 */

void smtp_auth_drop(struct smtp_server *s)
{
    if (s->state != SMTP_SERVER_AUTH)
        return;
    if (s->auth->cancel)
        s->auth->cancel(s->auth_ctx);
    smtp_server_enter(s, SMTP_SERVER_READY);
}

static enum smtp_verdict auth_verdict(enum wire_auth result)
{
    switch (result) {
    case WIRE_AUTH_MORE:
        return SMTP_AUTH_MORE;
    case WIRE_AUTH_OK:
        return SMTP_AUTH_OK;
    case WIRE_AUTH_DENIED:
        return SMTP_AUTH_DENIED;
    case WIRE_AUTH_MALFORMED:
        return SMTP_AUTH_MALFORMED;
    case WIRE_AUTH_NO_MECH:
        return SMTP_BAD_MECH;
    case WIRE_AUTH_NEED_TLS:
        return SMTP_AUTH_NEEDS_TLS;
    case WIRE_AUTH_TEMPFAIL:
        return SMTP_AUTH_TEMPFAIL;
    }
    return SMTP_AUTH_TEMPFAIL;
}

/* The exchange has taken one step further: MORE stays in AUTH, everything else ends it. */
static void auth_answer(struct smtp_server *s, enum wire_auth result, const char *challenge, size_t len,
                        struct smtp_server_step *out)
{
    char text[WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX)];
    struct wire_slice say = SMTP_NO_TEXT;
    enum smtp_verdict verdict = auth_verdict(result);
    const struct wire_lesson *why = NULL;
    const char *known =
        result == WIRE_AUTH_NO_MECH && s->auth->known ? s->auth->known(s->auth_ctx, &why) : NULL;
    if (verdict == SMTP_AUTH_MORE) {
        assert(len <= WIRE_AUTH_DATA_MAX);
        say = wire_slice(text, wire_base64_encode(text, challenge, len));
        if (s->state != SMTP_SERVER_AUTH)
            smtp_server_enter(s, SMTP_SERVER_AUTH);
    } else {
        s->authenticated = verdict == SMTP_AUTH_OK;
        if (s->state == SMTP_SERVER_AUTH)
            smtp_server_enter(s, SMTP_SERVER_READY);
    }
    if (known)
        say = wire_slice(text, (size_t)snprintf(text, sizeof text, "%s" WIRE_AUTH_KNOWN_TEXT, known));
    smtp_server_answer(s, out, verdict, say);
    if (known && out->verdict == verdict)
        out->send.line[0].why = why;
}

/* base64 to octets; SMTP_OK, or why not. */
static enum smtp_verdict auth_decode(struct wire_slice text, char *octets, size_t *len)
{
    if (text.len > WIRE_BASE64_LEN(WIRE_AUTH_DATA_MAX))
        return SMTP_AUTH_TOO_LONG;
    return wire_base64_decode(octets, WIRE_AUTH_DATA_MAX, len, text.at, text.len) ? SMTP_OK
                                                                                  : SMTP_AUTH_MALFORMED;
}

void smtp_run_auth(struct smtp_server *s, struct wire_slice arg, struct smtp_server_step *out)
{
    char octets[WIRE_AUTH_DATA_MAX], challenge[WIRE_AUTH_DATA_MAX], mech[SMTP_MECHANISM_MAX + 1];
    const char *space = memchr(arg.at, ' ', arg.len);
    size_t mech_len = space ? (size_t)(space - arg.at) : arg.len, len = 0, challenge_len = 0;
    struct wire_slice initial = SMTP_NO_TEXT;
    enum smtp_verdict verdict = SMTP_OK;
    enum wire_auth result;
    if (space)
        initial = wire_slice(space + 1, arg.len - mech_len - 1);
    if (s->authenticated || mech_len > SMTP_MECHANISM_MAX) {
        smtp_server_answer(s, out, s->authenticated ? SMTP_ALREADY_AUTH : SMTP_BAD_MECH, SMTP_NO_TEXT);
        return;
    }
    if (initial.at && !wire_slice_is(initial, "=")) /* "=" is an initial response of no octets */
        verdict = auth_decode(initial, octets, &len);
    for (size_t i = 0; i < mech_len; i++)
        mech[i] = wire_to_upper(arg.at[i]);
    mech[mech_len] = '\0';
    result = s->auth->begin(s->auth_ctx, mech, initial.at && verdict == SMTP_OK ? octets : NULL, len,
                            challenge, &challenge_len);
    if (verdict != SMTP_OK &&
        result == WIRE_AUTH_MORE) { /* a mechanism that is refused is told before this */
        if (s->auth->cancel)
            s->auth->cancel(s->auth_ctx);
        smtp_server_answer(s, out, verdict, SMTP_NO_TEXT);
        return;
    }
    auth_answer(s, result, challenge, challenge_len, out);
}

void smtp_auth_line(struct smtp_server *s, struct wire_slice line, struct smtp_server_step *out)
{
    char octets[WIRE_AUTH_DATA_MAX], challenge[WIRE_AUTH_DATA_MAX];
    size_t len = 0, challenge_len = 0;
    enum smtp_verdict verdict;
    verdict = wire_slice_is(line, "*") ? SMTP_AUTH_CANCELLED : auth_decode(line, octets, &len);
    if (verdict == SMTP_OK) {
        enum wire_auth result = s->auth->step(s->auth_ctx, octets, len, challenge, &challenge_len);
        auth_answer(s, result, challenge, challenge_len, out);
        return;
    }
    smtp_auth_drop(s);
    smtp_server_answer(s, out, verdict, SMTP_NO_TEXT);
}
