/* The server's half of SCRAM (RFC 5802): it recognizes a proof of the password without keeping the
 * password. */
#include "protocols/sasl/sasl_inside.h"

#include <assert.h>

#include "protocols/wire/base64.h"

#define SERVER_FIRST_MAX                                                                                     \
    (2 + SASL_FIRST_MAX + SASL_NONCE_MAX + 3 + WIRE_BASE64_LEN(SASL_SALT_MAX) + 3 + WIRE_U64_MAX_DIGITS)

bool scram_server_can(const struct sasl_server *s)
{
    const struct sasl_digest_ops *d = s->config->digest;
    return d && d->sha256 && d->hmac_sha256 && s->config->ops->secret && s->config->ops->scram_nonce;
}

static enum wire_auth refuse(struct sasl_server *s, enum sasl_fault fault)
{
    s->fault = (uint8_t)fault;
    return WIRE_AUTH_DENIED;
}

/* "n", "y" or "p=type": what the client knows of channel binding. */
static enum wire_auth check_flag(struct sasl_server *s, struct wire_slice flag)
{
    const char *type = sasl_binding_name((enum sasl_binding)s->binding_type);
    bool plus = s->mech == SASL_SCRAM_SHA_256_PLUS;
    if (flag.len > 2 && flag.at[0] == 'p' && flag.at[1] == '=') {
        if (!plus)
            return WIRE_AUTH_MALFORMED;
        return wire_slice_is(wire_slice(flag.at + 2, flag.len - 2), type)
                   ? WIRE_AUTH_OK
                   : refuse(s, SASL_FAULT_BINDING_TYPE);
    }
    if (plus || (!wire_slice_is(flag, "n") && !wire_slice_is(flag, "y")))
        return WIRE_AUTH_MALFORMED;
    /* "The server has no -PLUS", says the client; but it was offered: somebody between the two has struck it
     * from the list (RFC 5802 section 6). */
    if (flag.at[0] == 'y' && type && (s->config->mechs & SASL_BIT(SASL_SCRAM_SHA_256_PLUS)))
        return refuse(s, SASL_FAULT_DOWNGRADE);
    return WIRE_AUTH_OK;
}

/* The gs2 header, "flag,[a=name],": its octets, 0 if it is none. */
static size_t read_header(struct wire_slice in, struct wire_slice *flag, struct wire_slice *as)
{
    const char *comma = memchr(in.at, ',', in.len), *second;
    struct wire_slice name;
    if (!comma)
        return 0;
    *flag = wire_slice(in.at, (size_t)(comma - in.at));
    second = memchr(comma + 1, ',', in.len - flag->len - 1);
    if (!second)
        return 0;
    name = wire_slice(comma + 1, (size_t)(second - comma - 1));
    *as = wire_slice(NULL, 0);
    if (name.len > 0 && !scram_take(&name, 'a', as))
        return 0;
    return (size_t)(second + 1 - in.at);
}

static bool is_nonce(struct wire_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!wire_is_visible(text.at[i]))
            return false;
    return text.len > 0;
}

/* The same text each time: it is part of what is signed, and takes no memory meanwhile. */
static size_t put_server_first(const struct sasl_scram *x, char *out)
{
    size_t n = 2;
    memcpy(out, "r=", 2);
    memcpy(out + n, x->first + x->nonce_at, x->nonce_len);
    n += x->nonce_len;
    memcpy(out + n, x->server_nonce, x->server_nonce_len);
    n += x->server_nonce_len;
    memcpy(out + n, ",s=", 3);
    n += 3;
    n += wire_base64_encode(out + n, x->secret.salt, x->secret.salt_len);
    memcpy(out + n, ",i=", 3);
    n += 3;
    n += wire_put_u64(out + n, x->secret.rounds);
    assert(n <= SERVER_FIRST_MAX);
    return n;
}

/* The name as the accounts know it. False: none, too long, or refused by SASLprep. */
static bool note_user(struct sasl_server *s, struct wire_slice user)
{
    char plain[SASL_FIRST_MAX];
    size_t n;
    if (!scram_name_decode(user, plain, &n) || n > SASL_USER_MAX ||
        !sasl_prep(wire_slice(plain, n), s->who->name, &n))
        return false;
    s->who->len = (uint8_t)n;
    return true;
}

enum wire_auth scram_server_first(struct sasl_server *s, struct wire_slice in, char *out, size_t *out_len)
{
    struct sasl_scram *x = &s->who->scram;
    struct wire_slice flag, as, rest, user, nonce;
    enum wire_auth verdict;
    size_t header;
    if (in.len == 0 || in.len > SASL_FIRST_MAX)
        return WIRE_AUTH_MALFORMED;
    header = read_header(in, &flag, &as);
    if (header == 0)
        return WIRE_AUTH_MALFORMED;
    rest = wire_slice(in.at + header, in.len - header);
    /* "m=" would be an extension that must be understood (RFC 5802 section 5.1), so it does not pass for
     * "n=". */
    if (!scram_take(&rest, 'n', &user) || !scram_take(&rest, 'r', &nonce) || !is_nonce(nonce))
        return WIRE_AUTH_MALFORMED;
    verdict = check_flag(s, flag);
    if (verdict != WIRE_AUTH_OK)
        return verdict;
    if (!note_user(s, user))
        return WIRE_AUTH_MALFORMED;
    memcpy(x->first, in.at, in.len);
    x->first_len = (uint16_t)in.len;
    x->bare_at = (uint16_t)header;
    x->nonce_at = (uint16_t)(nonce.at - in.at);
    x->nonce_len = (uint16_t)nonce.len;
    x->secret = (struct sasl_secret){ .rounds = 0 };
    verdict = s->config->ops->secret(s->host, wire_slice(s->who->name, s->who->len), &x->secret);
    if (verdict != WIRE_AUTH_OK && verdict != WIRE_AUTH_DENIED)
        return verdict;
    x->known = verdict == WIRE_AUTH_OK;
    assert(x->secret.rounds >= 1 && x->secret.salt_len >= 1 && x->secret.salt_len <= SASL_SALT_MAX);
    x->server_nonce_len = (uint8_t)s->config->ops->scram_nonce(s->host, x->server_nonce);
    assert(x->server_nonce_len >= 1 && x->server_nonce_len <= SASL_NONCE_MAX);
    *out_len = put_server_first(x, out);
    return WIRE_AUTH_MORE;
}

/* "c=": the gs2 header again, and with -PLUS the secret of this TLS connection: whoever sits in between has
 * two connections with two different secrets. */
static bool is_bound(const struct sasl_server *s, struct wire_slice value)
{
    const struct sasl_scram *x = &s->who->scram;
    char got[WIRE_AUTH_DATA_MAX];
    size_t n, data = s->mech == SASL_SCRAM_SHA_256_PLUS ? s->binding.len : 0;
    return wire_base64_decode(got, sizeof got, &n, value.at, value.len) && n == x->bare_at + data &&
           sasl_same(got, x->first, x->bare_at) && sasl_same(got + x->bare_at, s->binding.at, data);
}

static bool is_this_nonce(const struct sasl_scram *x, struct wire_slice r)
{
    return r.len == (size_t)x->nonce_len + x->server_nonce_len &&
           memcmp(r.at, x->first + x->nonce_at, x->nonce_len) == 0 &&
           memcmp(r.at + x->nonce_len, x->server_nonce, x->server_nonce_len) == 0;
}

/* H(proof XOR signature) is the stored key only if the proof was made with the password. */
static bool is_proven(const struct sasl_digest_ops *digest, const struct sasl_secret *secret,
                      const unsigned char proof[SASL_SHA256_LEN],
                      const unsigned char signature[SASL_SHA256_LEN])
{
    unsigned char key[SASL_SHA256_LEN], hash[SASL_SHA256_LEN];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = proof[i] ^ signature[i];
    digest->sha256(key, sizeof key, hash);
    return sasl_same(hash, secret->stored_key, sizeof hash);
}

/* The name after "a=", if there is one: may the user act as that? On success who is the one acted as. */
static enum wire_auth act_as(struct sasl_server *s)
{
    const struct sasl_scram *x = &s->who->scram;
    struct wire_slice flag, as = { NULL, 0 };
    char plain[SASL_FIRST_MAX], name[SASL_FIRST_MAX];
    size_t n;
    (void)read_header(wire_slice(x->first, x->first_len), &flag, &as);
    if (!as.at)
        return WIRE_AUTH_OK;
    if (!scram_name_decode(as, plain, &n) || n > SASL_USER_MAX || !sasl_prep(wire_slice(plain, n), name, &n))
        return WIRE_AUTH_MALFORMED;
    if (wire_equal(name, n, s->who->name, s->who->len))
        return WIRE_AUTH_OK;
    if (!s->config->ops->may_act_as ||
        !s->config->ops->may_act_as(s->host, wire_slice(s->who->name, s->who->len), wire_slice(name, n)))
        return WIRE_AUTH_DENIED;
    memcpy(s->who->name, name, n);
    s->who->len = (uint8_t)n;
    return WIRE_AUTH_OK;
}

enum wire_auth scram_server_proof(struct sasl_server *s, struct wire_slice in, char *out, size_t *out_len)
{
    const struct sasl_digest_ops *digest = s->config->digest;
    const struct sasl_scram *x = &s->who->scram;
    struct wire_slice rest = in, bound, nonce, extension, value = { NULL, 0 };
    struct wire_slice first = wire_slice(x->first + x->bare_at, (size_t)(x->first_len - x->bare_at));
    char server_first[SERVER_FIRST_MAX];
    unsigned char proof[SASL_SHA256_LEN], signature[SASL_SHA256_LEN];
    size_t bare_len = 0, n, server_first_len = put_server_first(x, server_first);
    enum wire_auth verdict;
    bool proven;
    if (!scram_take(&rest, 'c', &bound) || !scram_take(&rest, 'r', &nonce))
        return WIRE_AUTH_MALFORMED;
    /* Extensions may stand between; the proof is the last. */
    while (!value.at && rest.len > 0) {
        bare_len = (size_t)(rest.at - in.at) - 1;
        if (!scram_take(&rest, 'p', &value) && !scram_take(&rest, rest.at[0], &extension))
            return WIRE_AUTH_MALFORMED;
    }
    if (!value.at || rest.at || !wire_base64_decode(proof, sizeof proof, &n, value.at, value.len) ||
        n != sizeof proof)
        return WIRE_AUTH_MALFORMED;
    if (!is_this_nonce(x, nonce))
        return refuse(s, SASL_FAULT_NONCE);
    if (!is_bound(s, bound))
        return refuse(s, SASL_FAULT_BINDING);
    scram_sign(digest, x->secret.stored_key, first, wire_slice(server_first, server_first_len),
               wire_slice(in.at, bare_len), signature);
    proven = is_proven(digest, &x->secret, proof, signature);
    if (!x->known || !proven)
        return refuse(s, x->known ? SASL_FAULT_PROOF : SASL_FAULT_UNKNOWN_USER);
    verdict = act_as(s);
    if (verdict != WIRE_AUTH_OK)
        return verdict;
    scram_sign(digest, x->secret.server_key, first, wire_slice(server_first, server_first_len),
               wire_slice(in.at, bare_len), signature);
    memcpy(out, "v=", 2);
    *out_len = 2 + wire_base64_encode(out + 2, signature, sizeof signature);
    return WIRE_AUTH_MORE;
}
