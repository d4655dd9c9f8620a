/* What both sides of SCRAM compute (RFC 5802 section 3), with SHA-256 (RFC 7677). */
#include "protocols/sasl/sasl_inside.h"

#include <assert.h>

#include "protocols/wire/base64.h"

bool sasl_same(const void *a, const void *b, size_t len)
{
    const unsigned char *x = a, *y = b;
    unsigned differs = 0;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned)(x[i] ^ y[i]);
    return differs == 0;
}

bool scram_take(struct wire_slice *message, char name, struct wire_slice *value)
{
    const char *comma;
    if (message->len < 2 || message->at[0] != name || message->at[1] != '=')
        return false;
    *value = wire_slice(message->at + 2, message->len - 2);
    comma = value->len > 0 ? memchr(value->at, ',', value->len) : NULL;
    if (comma)
        value->len = (size_t)(comma - value->at);
    *message = comma ? wire_slice(comma + 1, message->len - 3 - value->len) : wire_slice(NULL, 0);
    return true;
}

bool scram_name_decode(struct wire_slice in, char *out, size_t *out_len)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.at[i];
        if (c == '=') {
            if (in.len - i < 3)
                return false;
            if (in.at[i + 1] == '2' && in.at[i + 2] == 'C')
                c = ',';
            else if (in.at[i + 1] != '3' || in.at[i + 2] != 'D')
                return false;
            i += 2;
        }
        if (c == '\0')
            return false;
        out[n++] = c;
    }
    *out_len = n;
    return n > 0;
}

size_t scram_name_encode(struct wire_slice in, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++)
        if (in.at[i] == ',' || in.at[i] == '=') {
            memcpy(out + n, in.at[i] == ',' ? "=2C" : "=3D", 3);
            n += 3;
        } else {
            out[n++] = in.at[i];
        }
    return n;
}

static size_t append(char *at, size_t n, struct wire_slice text)
{
    if (text.len > 0)
        memcpy(at + n, text.at, text.len);
    return n + text.len;
}

void scram_sign(const struct sasl_digest_ops *digest, const unsigned char key[SASL_SHA256_LEN],
                struct wire_slice first_bare, struct wire_slice server_first, struct wire_slice final_bare,
                unsigned char out[SASL_SHA256_LEN])
{
    char text[SCRAM_AUTH_MAX];
    size_t n = 0;
    assert(first_bare.len + server_first.len + final_bare.len + 2 <= sizeof text);
    n = append(text, n, first_bare);
    text[n++] = ',';
    n = append(text, n, server_first);
    text[n++] = ',';
    n = append(text, n, final_bare);
    digest->hmac_sha256(key, SASL_SHA256_LEN, text, n, out);
}

void scram_keys_make(const struct sasl_digest_ops *digest, struct wire_slice prepared_password,
                     struct wire_slice salt, uint32_t rounds, struct scram_keys *out)
{
    unsigned char salted[SASL_SHA256_LEN];
    digest->pbkdf2_sha256(prepared_password.at, prepared_password.len, salt.at, salt.len, rounds, salted);
    digest->hmac_sha256(salted, sizeof salted, "Client Key", 10, out->client);
    digest->sha256(out->client, sizeof out->client, out->stored);
    digest->hmac_sha256(salted, sizeof salted, "Server Key", 10, out->server);
}

bool sasl_secret_make(const struct sasl_digest_ops *digest, struct wire_slice password,
                      struct sasl_secret *secret)
{
    char prepared[SASL_PASSWORD_MAX];
    struct scram_keys keys;
    size_t n;
    assert(secret->rounds >= 1 && secret->salt_len >= 1 && secret->salt_len <= SASL_SALT_MAX);
    if (password.len > sizeof prepared || !sasl_prep(password, prepared, &n))
        return false;
    scram_keys_make(digest, wire_slice(prepared, n), wire_slice((const char *)secret->salt, secret->salt_len),
                    secret->rounds, &keys);
    memcpy(secret->stored_key, keys.stored, sizeof secret->stored_key);
    memcpy(secret->server_key, keys.server, sizeof secret->server_key);
    return true;
}

size_t sasl_nonce_put(char out[SASL_NONCE_MAX], const uint64_t random[3])
{
    unsigned char octets[24];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (unsigned char)(random[i / 8] >> 8 * (7 - i % 8));
    return wire_base64_encode(out, octets, sizeof octets);
}

const char *sasl_binding_name(enum sasl_binding binding)
{
    static const char *const names[] = { NULL, "tls-unique", "tls-exporter" };
    return (unsigned)binding < sizeof names / sizeof names[0] ? names[binding] : NULL;
}
