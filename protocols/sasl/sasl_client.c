/* The client's half of each mechanism. */
#include "protocols/sasl/sasl_inside.h"

#include <assert.h>

static struct sasl_client *client_of(void *ctx)
{
    return ctx;
}

void sasl_client_init(struct sasl_client *c, const struct sasl_client_config *config)
{
    assert(config && config->user && config->password);
    assert(strlen(config->user) <= SASL_USER_MAX && strlen(config->password) <= SASL_PASSWORD_MAX);
    *c = (struct sasl_client){ .config = config, .mech = SASL_MECHS };
}

/* Is `name` a word of the list? */
static bool is_offered(struct wire_slice list, const char *name)
{
    while (list.len > 0) {
        const char *space = memchr(list.at, ' ', list.len);
        size_t n = space ? (size_t)(space - list.at) : list.len;
        if (wire_slice_is_nocase(wire_slice(list.at, n), name))
            return true;
        n += space ? 1 : 0;
        list = wire_slice(list.at + n, list.len - n);
    }
    return false;
}

/* May it be used here, offered as it is? */
static bool is_usable(const struct sasl_client *c, const struct sasl_mech_info *info)
{
    switch (info->mech) {
    case SASL_PLAIN:
    case SASL_LOGIN:
        return c->tls || !c->config->clear_needs_tls;
    case SASL_CRAM_MD5:
        return c->config->digest != NULL;
    case SASL_SCRAM_SHA_256:
        return scram_client_can(c);
    case SASL_SCRAM_SHA_256_PLUS:
        return c->binding_type != SASL_BINDING_NONE && scram_client_can(c);
    case SASL_XOAUTH2:
    case SASL_OAUTHBEARER:
    case SASL_MECHS:
        break;
    }
    return false;
}

/* What SCRAM says of channel binding (RFC 5802 section 6). "y" lets the server see that the list was cut. */
static char binding_flag(const struct sasl_client *c, enum sasl_mech mech)
{
    if (mech == SASL_SCRAM_SHA_256_PLUS)
        return 'p';
    return c->binding_type != SASL_BINDING_NONE && (c->config->mechs & SASL_BIT(SASL_SCRAM_SHA_256_PLUS))
               ? 'y'
               : 'n';
}

const char *sasl_client_choose(struct sasl_client *c, const char *offered)
{
    /* Outside TLS those that hide the password come first; inside, those that let the server keep hashes. */
    static const enum sasl_mech order[2][5] = {
        { SASL_SCRAM_SHA_256_PLUS, SASL_SCRAM_SHA_256, SASL_CRAM_MD5, SASL_PLAIN, SASL_LOGIN },
        { SASL_SCRAM_SHA_256_PLUS, SASL_SCRAM_SHA_256, SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5 }
    };
    c->mech = SASL_MECHS;
    c->phase = 0;
    c->fault = SASL_FAULT_NONE;
    c->asked = c->proven = false;
    for (size_t i = 0; i < sizeof order[0] / sizeof order[0][0]; i++) {
        const struct sasl_mech_info *info = sasl_mech_info(order[c->tls ? 1 : 0][i]);
        if (!(c->config->mechs & SASL_BIT(info->mech)) || !is_offered(wire_slice_str(offered), info->name) ||
            !is_usable(c, info))
            continue;
        c->mech = (uint8_t)info->mech;
        c->flag = binding_flag(c, info->mech);
        return info->name;
    }
    return NULL;
}

static size_t put_plain(const struct sasl_client *c, char *out)
{
    size_t user_len = strlen(c->config->user), password_len = strlen(c->config->password);
    out[0] = '\0';
    memcpy(out + 1, c->config->user, user_len);
    out[1 + user_len] = '\0';
    memcpy(out + 2 + user_len, c->config->password, password_len);
    return 2 + user_len + password_len;
}

static size_t put_cram(const struct sasl_client *c, const char *challenge, size_t len, char *out)
{
    static const char hex[16] = { '0', '1', '2', '3', '4', '5', '6', '7',
                                  '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };
    unsigned char digest[SASL_MD5_LEN];
    size_t n = strlen(c->config->user);
    c->config->digest->hmac_md5(c->config->password, strlen(c->config->password), challenge, len, digest);
    memcpy(out, c->config->user, n);
    out[n++] = ' ';
    for (size_t i = 0; i < SASL_MD5_LEN; i++) {
        out[n++] = hex[digest[i] >> 4];
        out[n++] = hex[digest[i] & 15];
    }
    return n;
}

static bool is_scram(const struct sasl_client *c)
{
    return c->mech == SASL_SCRAM_SHA_256 || c->mech == SASL_SCRAM_SHA_256_PLUS;
}

bool sasl_client_initial(struct sasl_client *c, char *out, size_t *out_len)
{
    *out_len = 0;
    c->phase = 0;
    c->fault = SASL_FAULT_NONE;
    c->asked = c->proven = false;
    if (c->mech == SASL_PLAIN) {
        *out_len = put_plain(c, out);
    } else if (is_scram(c)) {
        *out_len = scram_client_first(c, out);
        c->phase = 1;
    }
    return *out_len > 0;
}

static enum wire_auth respond_scram(struct sasl_client *c, struct wire_slice in, char *out, size_t *out_len)
{
    if (in.len == 0 && c->phase <= 2 && !c->asked) {
        /* Whoever could not put the first message on the command's line is asked for it like this, once. */
        c->asked = true;
        c->phase = 1;
        *out_len = scram_client_first(c, out);
        return WIRE_AUTH_MORE;
    }
    switch (c->phase) {
    case 2:
        return scram_client_proof(c, in, out, out_len);
    case 3:
        return scram_client_verify(c, in);
    default:
        return WIRE_AUTH_MALFORMED;
    }
}

bool sasl_client_complete(const struct sasl_client *c)
{
    return !is_scram(c) || c->proven;
}

enum wire_auth sasl_client_respond(struct sasl_client *c, const char *in, size_t len, char *out,
                                   size_t *out_len)
{
    const struct sasl_mech_info *info = sasl_mech_info((enum sasl_mech)c->mech);
    *out_len = 0;
    if (!info || c->phase >= info->messages)
        return WIRE_AUTH_MALFORMED; /* more challenges than the mechanism has */
    c->phase++;
    switch (info->mech) {
    case SASL_PLAIN:
        *out_len = put_plain(c, out);
        return len == 0 ? WIRE_AUTH_MORE : WIRE_AUTH_MALFORMED;
    case SASL_LOGIN: {
        /* The words of the challenge differ from server to server; the order does not. */
        const char *text = c->phase == 1 ? c->config->user : c->config->password;
        *out_len = strlen(text);
        memcpy(out, text, *out_len);
        return WIRE_AUTH_MORE;
    }
    case SASL_CRAM_MD5:
        if (len == 0)
            return WIRE_AUTH_MALFORMED; /* an answer to nothing could be used again */
        *out_len = put_cram(c, in, len, out);
        return WIRE_AUTH_MORE;
    case SASL_SCRAM_SHA_256:
    case SASL_SCRAM_SHA_256_PLUS:
        return respond_scram(c, wire_slice(in, len), out, out_len);
    case SASL_XOAUTH2:
    case SASL_OAUTHBEARER:
    case SASL_MECHS:
        break;
    }
    return WIRE_AUTH_MALFORMED;
}

/* ---- the binding ---- */

static const char *wire_choose(void *ctx, const char *offered)
{
    return sasl_client_choose(client_of(ctx), offered);
}

static bool wire_initial(void *ctx, char *out, size_t *out_len)
{
    return sasl_client_initial(client_of(ctx), out, out_len);
}

static enum wire_auth wire_respond(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    return sasl_client_respond(client_of(ctx), in, len, out, out_len);
}

static bool wire_complete(void *ctx)
{
    return sasl_client_complete(client_of(ctx));
}

static const char *wire_user(void *ctx)
{
    return client_of(ctx)->config->user;
}

static const char *wire_password(void *ctx)
{
    return client_of(ctx)->config->password;
}

const struct wire_auth_client sasl_wire_client = {
    .choose = wire_choose,
    .initial = wire_initial,
    .respond = wire_respond,
    .complete = wire_complete,
    .user = wire_user,
    .password = wire_password,
};
