/* The server's half of each mechanism. */
#include "protocols/sasl/sasl.h"

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
    return mech != SASL_CRAM_MD5 || (s->config->digest && s->config->ops->lookup && s->config->ops->nonce);
}

static bool needs_tls(const struct sasl_server *s, enum sasl_mech mech)
{
    return sasl_mech_info(mech)->clear_password && s->config->clear_needs_tls && !s->tls;
}

const char *sasl_server_mechanisms(const struct sasl_server *s)
{
    static const char *const names[1 << SASL_MECHS] = {
        [0] = "",
        [SASL_BIT(SASL_PLAIN)] = "PLAIN",
        [SASL_BIT(SASL_LOGIN)] = "LOGIN",
        [SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN)] = "PLAIN LOGIN",
        [SASL_BIT(SASL_CRAM_MD5)] = "CRAM-MD5",
        [SASL_BIT(SASL_CRAM_MD5) | SASL_BIT(SASL_PLAIN)] = "CRAM-MD5 PLAIN",
        [SASL_BIT(SASL_CRAM_MD5) | SASL_BIT(SASL_LOGIN)] = "CRAM-MD5 LOGIN",
        [SASL_ALL] = "CRAM-MD5 PLAIN LOGIN",
    };
    unsigned bits = 0;
    for (unsigned m = 0; m < SASL_MECHS; m++)
        if (is_offered(s, (enum sasl_mech)m) && !needs_tls(s, (enum sasl_mech)m))
            bits |= SASL_BIT(m);
    return names[bits];
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

/* Octet by octet to the end, whatever differs: the time taken tells nothing about where. */
static bool same_digest(const char *hex, const unsigned char *digest)
{
    unsigned differs = 0;
    for (size_t i = 0; i < SASL_MD5_LEN; i++) {
        int high = wire_hex_value(hex[2 * i]), low = wire_hex_value(hex[2 * i + 1]);
        differs |= (unsigned)(high << 4 | low) ^ digest[i];
    }
    return differs == 0;
}

/* user SP 32 hexadecimal digits */
static enum wire_auth check_cram(struct sasl_server *s, struct wire_slice in)
{
    char text[SASL_CHALLENGE_MAX];
    unsigned char digest[SASL_MD5_LEN];
    struct wire_slice user, password = { NULL, 0 };
    const char *hex;
    enum wire_auth verdict;
    if (in.len < HEX_MD5 + 2 || in.at[in.len - HEX_MD5 - 1] != ' ')
        return WIRE_AUTH_MALFORMED;
    user = wire_slice(in.at, in.len - HEX_MD5 - 1);
    hex = in.at + in.len - HEX_MD5;
    for (size_t i = 0; i < HEX_MD5; i++)
        if (wire_hex_value(hex[i]) < 0)
            return WIRE_AUTH_MALFORMED;
    if (!fits(user, SASL_USER_MAX))
        return WIRE_AUTH_MALFORMED;
    verdict = s->config->ops->lookup(s->host, user, &password);
    if (verdict != WIRE_AUTH_OK)
        return verdict;
    s->config->digest->hmac_md5(password.at, password.len, text, cram_challenge(s, text), digest);
    if (!same_digest(hex, digest))
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
    if ((unsigned)mech >= SASL_MECHS || !is_offered(s, mech))
        return WIRE_AUTH_NO_MECH;
    if (needs_tls(s, mech))
        return WIRE_AUTH_NEED_TLS;
    s->mech = (uint8_t)mech;
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

enum wire_auth sasl_server_step(struct sasl_server *s, const char *in, size_t len, char *out, size_t *out_len)
{
    struct wire_slice message = wire_slice(in, len);
    *out_len = 0;
    if (s->phase == SASL_WAIT_PASSWORD)
        return finish(s, check_login(s, message));
    if (s->phase != SASL_WAIT_FIRST)
        return finish(s, WIRE_AUTH_MALFORMED);
    switch ((enum sasl_mech)s->mech) {
    case SASL_PLAIN:
        return finish(s, check_plain(s, message));
    case SASL_LOGIN:
        return take_login_user(s, message, out, out_len);
    case SASL_CRAM_MD5:
        return finish(s, check_cram(s, message));
    case SASL_MECHS:
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

const struct wire_auth_server sasl_wire_server = {
    .mechanisms = wire_mechanisms,
    .begin = wire_begin,
    .step = wire_step,
    .cancel = wire_cancel,
    .login = wire_login,
};
