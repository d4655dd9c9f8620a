/* The client's half of SCRAM (RFC 5802): it proves the password, and does not believe a server that
 * cannot. */
#include "protocols/sasl/sasl_inside.h"

#include <assert.h>

#include "protocols/wire/base64.h"

#define NONCE_PAIR_MAX 512 /* octets of both nonces; a server's alone has some 30 */
#define PEER_SALT_MAX  256 /* octets */

static bool prepare(const char *text, char out[SASL_USER_MAX], size_t *n)
{
    struct wire_slice in = wire_slice_str(text);
    return in.len <= SASL_USER_MAX && sasl_prep(in, out, n);
}

bool scram_client_can(const struct sasl_client *c)
{
    const struct sasl_digest_ops *d = c->config->digest;
    char text[SASL_USER_MAX];
    size_t n;
    return d && d->sha256 && d->hmac_sha256 && d->pbkdf2_sha256 && c->config->nonce &&
           prepare(c->config->user, text, &n) && prepare(c->config->password, text, &n);
}

static size_t put(char *out, size_t n, const void *from, size_t len)
{
    if (len > 0)
        memcpy(out + n, from, len);
    return n + len;
}

/* "n,,", "y,," or "p=tls-exporter,,": we act as nobody else. */
static size_t put_header(const struct sasl_client *c, char *out)
{
    size_t n = put(out, 0, &c->flag, 1);
    if (c->flag == 'p') {
        const char *type = sasl_binding_name((enum sasl_binding)c->binding_type);
        n = put(out, n, "=", 1);
        n = put(out, n, type, strlen(type));
    }
    return put(out, n, ",,", 2);
}

static size_t put_bare(const struct sasl_client *c, char *out)
{
    char user[SASL_USER_MAX];
    size_t n = put(out, 0, "n=", 2), user_len = 0;
    (void)prepare(c->config->user, user, &user_len);
    n += scram_name_encode(wire_slice(user, user_len), out + n);
    n = put(out, n, ",r=", 3);
    return put(out, n, c->scram.nonce, c->nonce_len);
}

size_t scram_client_first(struct sasl_client *c, char *out)
{
    size_t n;
    c->nonce_len = (uint8_t)c->config->nonce(c->config->host, c->scram.nonce);
    assert(c->nonce_len >= 1 && c->nonce_len <= SASL_NONCE_MAX);
    n = put_header(c, out);
    n += put_bare(c, out + n);
    assert(n <= SASL_FIRST_MAX);
    return n;
}

static enum wire_auth distrust(struct sasl_client *c, enum sasl_fault fault)
{
    c->fault = (uint8_t)fault;
    return WIRE_AUTH_MALFORMED;
}

enum wire_auth scram_client_proof(struct sasl_client *c, struct wire_slice in, char *out, size_t *out_len)
{
    const struct sasl_digest_ops *digest = c->config->digest;
    struct wire_slice rest = in, nonce, salt, rounds, bare;
    char bound[SASL_FIRST_MAX + SASL_BINDING_DATA_MAX], first[SASL_FIRST_MAX], password[SASL_PASSWORD_MAX];
    unsigned char octets[PEER_SALT_MAX], signature[SASL_SHA256_LEN];
    struct scram_keys keys;
    size_t n, salt_len, password_len = 0;
    uint64_t times;
    if (in.len > WIRE_AUTH_DATA_MAX || !scram_take(&rest, 'r', &nonce) || !scram_take(&rest, 's', &salt) ||
        !scram_take(&rest, 'i', &rounds) || nonce.len > NONCE_PAIR_MAX || salt.len == 0 ||
        !wire_base64_decode(octets, sizeof octets, &salt_len, salt.at, salt.len))
        return WIRE_AUTH_MALFORMED;
    if (nonce.len <= c->nonce_len || memcmp(nonce.at, c->scram.nonce, c->nonce_len) != 0)
        return distrust(c, SASL_FAULT_NONCE);
    if (!wire_parse_u64(rounds, SASL_ROUNDS_MAX, &times) || times < SASL_ROUNDS_MIN)
        return distrust(c, SASL_FAULT_ROUNDS);
    n = put_header(c, bound);
    if (c->flag == 'p')
        n = put(bound, n, c->binding.at, c->binding.len);
    *out_len = put(out, 0, "c=", 2);
    *out_len += wire_base64_encode(out + *out_len, bound, n);
    *out_len = put(out, *out_len, ",r=", 3);
    *out_len = put(out, *out_len, nonce.at, nonce.len);
    (void)prepare(c->config->password, password, &password_len);
    scram_keys_make(digest, wire_slice(password, password_len), wire_slice((const char *)octets, salt_len),
                    (uint32_t)times, &keys);
    bare = wire_slice(first, put_bare(c, first));
    scram_sign(digest, keys.stored, bare, in, wire_slice(out, *out_len), signature);
    for (size_t i = 0; i < sizeof signature; i++)
        keys.client[i] ^= signature[i];
    scram_sign(digest, keys.server, bare, in, wire_slice(out, *out_len), c->scram.signature);
    *out_len = put(out, *out_len, ",p=", 3);
    *out_len += wire_base64_encode(out + *out_len, keys.client, sizeof keys.client);
    return WIRE_AUTH_MORE;
}

enum wire_auth scram_client_verify(struct sasl_client *c, struct wire_slice in)
{
    struct wire_slice rest = in, value;
    unsigned char signature[SASL_SHA256_LEN];
    size_t n;
    if (scram_take(&rest, 'e', &value))
        return distrust(c, SASL_FAULT_SERVER_REFUSES);
    if (!scram_take(&rest, 'v', &value) ||
        !wire_base64_decode(signature, sizeof signature, &n, value.at, value.len) || n != sizeof signature)
        return WIRE_AUTH_MALFORMED;
    if (!sasl_same(signature, c->scram.signature, sizeof signature))
        return distrust(c, SASL_FAULT_SERVER_SIGNATURE);
    c->proven = true;
    return WIRE_AUTH_MORE;
}
