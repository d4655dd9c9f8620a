/* The server's half of each mechanism. */
#include "protocols/sasl/sasl_inside.h"

#include <assert.h>

#define HEX_MD5 ((size_t)2 * SASL_MD5_LEN)

static struct sasl_server *server_of(void *ctx)
{
    return ctx;
}

/* The only place where the phase changes. */
static void enter(struct sasl_server *s, enum sasl_phase next)
{
    assert(next == SASL_IDLE || next == SASL_DONE || next > (enum sasl_phase)s->phase);
    s->phase = (uint8_t)next;
}

static bool fits(struct wire_slice text, size_t max)
{
    return text.len > 0 && text.len <= max && !memchr(text.at, '\0', text.len);
}

static void remember(struct sasl_server *s, struct wire_slice user)
{
    assert(user.len <= SASL_USER_MAX);
    memcpy(s->who->name, user.at, user.len);
    s->who->len = (uint8_t)user.len;
}

/* Every exchange ends here: only one that succeeds leaves a name behind. */
static enum wire_auth finish(struct sasl_server *s, enum wire_auth verdict)
{
    if (verdict != WIRE_AUTH_OK)
        s->who->len = 0;
    enter(s, verdict == WIRE_AUTH_OK ? SASL_DONE : SASL_IDLE);
    return verdict;
}

void sasl_server_init(struct sasl_server *s, const struct sasl_server_config *config, void *host,
                      struct sasl_identity *who)
{
    assert(config && config->ops && who);
    *s = (struct sasl_server){ .config = config, .host = host, .who = who, .mech = SASL_MECHS };
    who->len = 0;
}

/* Does the configuration let the mechanism be used at all; and now? */
static bool is_offered(const struct sasl_server *s, enum sasl_mech mech)
{
    if (!(s->config->mechs & SASL_BIT(mech)))
        return false;
    switch (mech) {
    case SASL_PLAIN:
    case SASL_LOGIN:
        return true;
    case SASL_CRAM_MD5:
        return s->config->digest && s->config->ops->lookup && s->config->ops->nonce;
    case SASL_SCRAM_SHA_256:
        return scram_server_can(s);
    case SASL_SCRAM_SHA_256_PLUS:
        return scram_server_can(s) && s->binding_type != SASL_BINDING_NONE;
    case SASL_XOAUTH2:
    case SASL_OAUTHBEARER:
    case SASL_MECHS:
        break;
    }
    return false;
}

static bool needs_tls(const struct sasl_server *s, enum sasl_mech mech)
{
    bool guarded =
        sasl_mech_info(mech)->clear_password ? s->config->clear_needs_tls : s->config->all_need_tls;
    return guarded && !s->tls;
}

const char *sasl_server_mechanisms(const struct sasl_server *s)
{
/* One row: what hides the password, alone and with PLAIN, LOGIN and both behind it. */
#define ROW(hides)                                                                                           \
    {                                                                                                        \
        hides, hides " PLAIN", hides " LOGIN", hides " PLAIN LOGIN"                                          \
    }
    static const char *const names[8][4] = { { "", "PLAIN", "LOGIN", "PLAIN LOGIN" },
                                             ROW("CRAM-MD5"),
                                             ROW("SCRAM-SHA-256"),
                                             ROW("SCRAM-SHA-256 CRAM-MD5"),
                                             ROW("SCRAM-SHA-256-PLUS"),
                                             ROW("SCRAM-SHA-256-PLUS CRAM-MD5"),
                                             ROW("SCRAM-SHA-256-PLUS SCRAM-SHA-256"),
                                             ROW("SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5") };
#undef ROW
    static const enum sasl_mech row_bits[3] = { SASL_CRAM_MD5, SASL_SCRAM_SHA_256, SASL_SCRAM_SHA_256_PLUS };
    static const enum sasl_mech column_bits[2] = { SASL_PLAIN, SASL_LOGIN };
    unsigned row = 0, column = 0;
    for (unsigned i = 0; i < 3; i++)
        row |= is_offered(s, row_bits[i]) && !needs_tls(s, row_bits[i]) ? 1u << i : 0;
    for (unsigned i = 0; i < 2; i++)
        column |= is_offered(s, column_bits[i]) && !needs_tls(s, column_bits[i]) ? 1u << i : 0;
    return names[row][column];
}

static enum wire_auth challenge_text(char *out, size_t *out_len, const char *text)
{
    *out_len = strlen(text);
    memcpy(out, text, *out_len);
    return WIRE_AUTH_MORE;
}

/* "<nonce.seconds@host>". It is made again from the numbers when the answer comes, so it takes no memory. */
static size_t cram_challenge(const struct sasl_server *s, char *out)
{
    struct wire_slice host = s->config->host_name;
    size_t n = 0, host_len = host.len < 255 ? host.len : 255;
    out[n++] = '<';
    n += wire_put_u64(out + n, s->nonce);
    out[n++] = '.';
    n += wire_put_u64(out + n, s->now_s);
    out[n++] = '@';
    if (host_len > 0)
        memcpy(out + n, host.at, host_len);
    n += host_len;
    out[n++] = '>';
    assert(n <= SASL_CHALLENGE_MAX);
    return n;
}

/* [authzid] NUL user NUL password */
static enum wire_auth check_plain(struct sasl_server *s, struct wire_slice in)
{
    const char *first = in.len > 0 ? memchr(in.at, '\0', in.len) : NULL, *second;
    struct wire_slice as, user, password;
    enum wire_auth verdict;
    if (!first)
        return WIRE_AUTH_MALFORMED;
    as = wire_slice(in.at, (size_t)(first - in.at));
    user.at = first + 1;
    second = memchr(user.at, '\0', in.len - as.len - 1);
    if (!second)
        return WIRE_AUTH_MALFORMED;
    user.len = (size_t)(second - user.at);
    password = wire_slice(second + 1, in.len - as.len - user.len - 2);
    if (!fits(user, SASL_USER_MAX) || !fits(password, SASL_PASSWORD_MAX) || as.len > SASL_USER_MAX)
        return WIRE_AUTH_MALFORMED;
    verdict = s->config->ops->verify(s->host, user, password);
    if (verdict != WIRE_AUTH_OK)
        return verdict;
    if (as.len > 0 && !wire_equal(as.at, as.len, user.at, user.len)) {
        if (!s->config->ops->may_act_as || !s->config->ops->may_act_as(s->host, user, as))
            return WIRE_AUTH_DENIED;
        user = as;
    }
    remember(s, user);
    return WIRE_AUTH_OK;
}

/* user SP 32 hexadecimal digits */
static enum wire_auth check_cram(struct sasl_server *s, struct wire_slice in)
{
    char text[SASL_CHALLENGE_MAX];
    unsigned char digest[SASL_MD5_LEN], answer[SASL_MD5_LEN];
    struct wire_slice user, password = { NULL, 0 };
    const char *hex;
    enum wire_auth verdict;
    if (in.len < HEX_MD5 + 2 || in.at[in.len - HEX_MD5 - 1] != ' ')
        return WIRE_AUTH_MALFORMED;
    user = wire_slice(in.at, in.len - HEX_MD5 - 1);
    hex = in.at + in.len - HEX_MD5;
    for (size_t i = 0; i < SASL_MD5_LEN; i++) {
        int high = wire_hex_value(hex[2 * i]), low = wire_hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return WIRE_AUTH_MALFORMED;
        answer[i] = (unsigned char)(high << 4 | low);
    }
    if (!fits(user, SASL_USER_MAX))
        return WIRE_AUTH_MALFORMED;
    verdict = s->config->ops->lookup(s->host, user, &password);
    if (verdict != WIRE_AUTH_OK)
        return verdict;
    s->config->digest->hmac_md5(password.at, password.len, text, cram_challenge(s, text), digest);
    if (!sasl_same(answer, digest, sizeof digest))
        return WIRE_AUTH_DENIED;
    remember(s, user);
    return WIRE_AUTH_OK;
}

static enum wire_auth take_login_user(struct sasl_server *s, struct wire_slice in, char *out, size_t *out_len)
{
    if (!fits(in, SASL_USER_MAX))
        return finish(s, WIRE_AUTH_MALFORMED);
    remember(s, in);
    enter(s, SASL_WAIT_PASSWORD);
    return challenge_text(out, out_len, "Password:");
}

static enum wire_auth check_login(struct sasl_server *s, struct wire_slice password)
{
    if (!fits(password, SASL_PASSWORD_MAX))
        return WIRE_AUTH_MALFORMED;
    return s->config->ops->verify(s->host, wire_slice(s->who->name, s->who->len), password);
}

enum wire_auth sasl_server_begin(struct sasl_server *s, enum sasl_mech mech, const char *in, size_t len,
                                 char *out, size_t *out_len)
{
    *out_len = 0;
    s->who->len = 0;
    s->phase = SASL_IDLE;
    s->fault = SASL_FAULT_NONE;
    s->mech = (uint8_t)mech;
    if (mech == SASL_MECHS || !is_offered(s, mech))
        return WIRE_AUTH_NO_MECH;
    if (needs_tls(s, mech))
        return WIRE_AUTH_NEED_TLS;
    enter(s, SASL_WAIT_FIRST);
    if (mech == SASL_CRAM_MD5) {
        if (in) /* the server speaks first: RFC 4954 section 4 has such an AUTH refused */
            return finish(s, WIRE_AUTH_MALFORMED);
        s->nonce = s->config->ops->nonce(s->host);
        *out_len = cram_challenge(s, out);
        return WIRE_AUTH_MORE;
    }
    if (in)
        return sasl_server_step(s, in, len, out, out_len);
    return mech == SASL_LOGIN ? challenge_text(out, out_len, "Username:") : WIRE_AUTH_MORE;
}

/* A message of SCRAM that the next one follows. */
static enum wire_auth go_on(struct sasl_server *s, enum wire_auth verdict, enum sasl_phase next)
{
    if (verdict != WIRE_AUTH_MORE)
        return finish(s, verdict);
    enter(s, next);
    return verdict;
}

static enum wire_auth take_first(struct sasl_server *s, struct wire_slice message, char *out, size_t *out_len)
{
    switch ((enum sasl_mech)s->mech) {
    case SASL_PLAIN:
        return finish(s, check_plain(s, message));
    case SASL_LOGIN:
        return take_login_user(s, message, out, out_len);
    case SASL_CRAM_MD5:
        return finish(s, check_cram(s, message));
    case SASL_SCRAM_SHA_256:
    case SASL_SCRAM_SHA_256_PLUS:
        return go_on(s, scram_server_first(s, message, out, out_len), SASL_WAIT_PROOF);
    case SASL_XOAUTH2:
    case SASL_OAUTHBEARER:
    case SASL_MECHS:
        break;
    }
    return finish(s, WIRE_AUTH_MALFORMED);
}

enum wire_auth sasl_server_step(struct sasl_server *s, const char *in, size_t len, char *out, size_t *out_len)
{
    struct wire_slice message = wire_slice(in, len);
    *out_len = 0;
    switch ((enum sasl_phase)s->phase) {
    case SASL_WAIT_FIRST:
        return take_first(s, message, out, out_len);
    case SASL_WAIT_PASSWORD:
        return finish(s, check_login(s, message));
    case SASL_WAIT_PROOF:
        return go_on(s, scram_server_proof(s, message, out, out_len), SASL_WAIT_LAST);
    case SASL_WAIT_LAST: /* the server's proof went as a challenge; its answer is empty, RFC 5802 section 5 */
        return finish(s, len == 0 ? WIRE_AUTH_OK : WIRE_AUTH_MALFORMED);
    case SASL_IDLE:
    case SASL_DONE:
        break;
    }
    return finish(s, WIRE_AUTH_MALFORMED);
}

void sasl_server_cancel(struct sasl_server *s)
{
    s->who->len = 0;
    enter(s, SASL_IDLE);
}

enum wire_auth sasl_server_login(struct sasl_server *s, struct wire_slice user, struct wire_slice password)
{
    enum wire_auth verdict;
    s->who->len = 0;
    s->mech = SASL_MECHS;
    s->fault = SASL_FAULT_NONE;
    if (s->config->clear_needs_tls && !s->tls)
        return WIRE_AUTH_NEED_TLS;
    if (!fits(user, SASL_USER_MAX) || !fits(password, SASL_PASSWORD_MAX))
        return WIRE_AUTH_DENIED;
    verdict = s->config->ops->verify(s->host, user, password);
    if (verdict == WIRE_AUTH_OK)
        remember(s, user);
    return finish(s, verdict);
}

/* ---- the binding ---- */

static const char *wire_mechanisms(void *ctx)
{
    return sasl_server_mechanisms(server_of(ctx));
}

static enum wire_auth wire_begin(void *ctx, const char *mech, const char *in, size_t len, char *out,
                                 size_t *out_len)
{
    return sasl_server_begin(server_of(ctx), sasl_mech_find(wire_slice_str(mech)), in, len, out, out_len);
}

static enum wire_auth wire_step(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    return sasl_server_step(server_of(ctx), in, len, out, out_len);
}

static void wire_cancel(void *ctx)
{
    sasl_server_cancel(server_of(ctx));
}

static enum wire_auth wire_login(void *ctx, const char *user, size_t user_len, const char *pass,
                                 size_t pass_len)
{
    return sasl_server_login(server_of(ctx), wire_slice(user, user_len), wire_slice(pass, pass_len));
}

static const char *wire_known(void *ctx, const struct wire_lesson **why)
{
    const struct sasl_mech_info *info = sasl_mech_info((enum sasl_mech)server_of(ctx)->mech);
    if (!info || info->messages > 0)
        return NULL;
    *why = &info->lesson;
    return info->name;
}

const struct wire_auth_server sasl_wire_server = {
    .mechanisms = wire_mechanisms,
    .begin = wire_begin,
    .step = wire_step,
    .cancel = wire_cancel,
    .login = wire_login,
    .known = wire_known,
};
