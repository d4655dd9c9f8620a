#ifndef TESTS_FUZZ_FUZZ_ACCOUNT_H
#define TESTS_FUZZ_FUZZ_ACCOUNT_H
/* fuzz_account - an account "alice", password "secret", for the SASL of either side. The rounds of PBKDF2 are
 * spared: a million of them at the wish of a stranger would be all that a fuzzer does. */
#include "protocols/sasl/sasl.h"
#include "protocols/tls/digest.h"
#include "tests/fuzz/fuzz.h"

static inline void account_pbkdf2(const void *password, size_t password_len, const void *salt,
                                  size_t salt_len, uint32_t rounds, unsigned char out[SASL_SHA256_LEN])
{
    HOLDS(rounds >= SASL_ROUNDS_MIN && rounds <= SASL_ROUNDS_MAX);
    digest_pbkdf2_sha256(password, password_len, salt, salt_len, 1, out);
}

static const struct sasl_digest_ops account_digest = { digest_hmac_md5, digest_sha256, digest_hmac_sha256,
                                                       account_pbkdf2 };

static inline enum wire_auth account_verify(void *host, struct wire_slice user, struct wire_slice password)
{
    (void)host;
    if (wire_slice_is(user, "down"))
        return WIRE_AUTH_TEMPFAIL;
    return wire_slice_is(user, "alice") && wire_slice_is(password, "secret") ? WIRE_AUTH_OK
                                                                             : WIRE_AUTH_DENIED;
}

static inline enum wire_auth account_lookup(void *host, struct wire_slice user, struct wire_slice *password)
{
    (void)host;
    *password = WIRE_SLICE("secret");
    return wire_slice_is(user, "alice") ? WIRE_AUTH_OK : WIRE_AUTH_DENIED;
}

static inline bool account_may_act_as(void *host, struct wire_slice user, struct wire_slice as)
{
    (void)host, (void)user;
    return wire_slice_is(as, "office");
}

static inline enum wire_auth account_secret(void *host, struct wire_slice user, struct sasl_secret *s)
{
    (void)host;
    s->rounds = SASL_ROUNDS_MIN;
    s->salt_len = 4;
    memcpy(s->salt, "salt", 4);
    if (wire_slice_is(user, "down"))
        return WIRE_AUTH_TEMPFAIL;
    HOLDS(sasl_secret_make(&account_digest, WIRE_SLICE("secret"), s));
    return wire_slice_is(user, "alice") ? WIRE_AUTH_OK : WIRE_AUTH_DENIED;
}

static inline uint64_t account_number(void *host)
{
    (void)host;
    return 1896;
}

static inline size_t account_nonce(void *host, char out[SASL_NONCE_MAX])
{
    (void)host;
    memcpy(out, "servernonce", 11);
    return 11;
}

static inline size_t account_client_nonce(void *host, char out[SASL_NONCE_MAX])
{
    (void)host;
    memcpy(out, "clientnonce", 11);
    return 11;
}

static const struct sasl_server_ops account_ops = { account_verify, account_lookup, account_may_act_as,
                                                    account_number, account_secret, account_nonce };

static const struct sasl_server_config account_server = {
    .ops = &account_ops, .digest = &account_digest, .mechs = SASL_ALL, .host_name = { "mail.example.com", 16 }
};

static const struct sasl_client_config account_client = { .user = "alice",
                                                          .password = "secret",
                                                          .digest = &account_digest,
                                                          .mechs = SASL_ALL,
                                                          .nonce = account_client_nonce };
#endif
