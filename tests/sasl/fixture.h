#ifndef TESTS_SASL_FIXTURE_H
#define TESTS_SASL_FIXTURE_H
/* fixture - accounts, nonces and one server, for the tests of SASL. */
#include "protocols/sasl/sasl.h"
#include "protocols/tls/digest.h"
#include "protocols/wire/base64.h"
#include "tests/check_main.h"

#include <stdio.h>
#include <string.h>

static bool accounts_down;
static uint64_t next_nonce = 1896;

static __attribute__((unused)) enum wire_auth verify(void *host, struct wire_slice user,
                                                     struct wire_slice password)
{
    (void)host;
    if (accounts_down)
        return WIRE_AUTH_TEMPFAIL;
    return wire_slice_is(user, "tim") && wire_slice_is(password, "tanstaaftanstaaf") ? WIRE_AUTH_OK
                                                                                     : WIRE_AUTH_DENIED;
}

static __attribute__((unused)) enum wire_auth lookup(void *host, struct wire_slice user,
                                                     struct wire_slice *password)
{
    (void)host;
    if (accounts_down)
        return WIRE_AUTH_TEMPFAIL;
    if (!wire_slice_is(user, "tim"))
        return WIRE_AUTH_DENIED;
    *password = WIRE_SLICE("tanstaaftanstaaf");
    return WIRE_AUTH_OK;
}

static __attribute__((unused)) bool may_act_as(void *host, struct wire_slice user, struct wire_slice as)
{
    (void)host;
    return wire_slice_is(user, "tim") && wire_slice_is(as, "office");
}

static __attribute__((unused)) uint64_t nonce(void *host)
{
    (void)host;
    return next_nonce;
}

static __attribute__((unused)) enum wire_auth secret(void *host, struct wire_slice user,
                                                     struct sasl_secret *s);
static __attribute__((unused)) size_t scram_nonce(void *host, char text[SASL_NONCE_MAX]);
static __attribute__((unused)) size_t client_nonce(void *host, char text[SASL_NONCE_MAX]);

static const struct sasl_server_ops ops = { verify, lookup, may_act_as, nonce, secret, scram_nonce };
static const struct sasl_digest_ops digest = { digest_hmac_md5, digest_sha256, digest_hmac_sha256,
                                               digest_pbkdf2_sha256 };

/* The salt of RFC 7677 section 3, for whoever asks. */
static __attribute__((unused)) enum wire_auth secret(void *host, struct wire_slice user,
                                                     struct sasl_secret *s)
{
    static const unsigned char salt[16] = { 0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
                                            0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81 };
    (void)host;
    if (accounts_down)
        return WIRE_AUTH_TEMPFAIL;
    s->rounds = 4096;
    s->salt_len = sizeof salt;
    memcpy(s->salt, salt, sizeof salt);
    if (!wire_slice_is(user, "user") && !wire_slice_is(user, "tim"))
        return WIRE_AUTH_DENIED;
    ck_assert(sasl_secret_make(
        &digest, wire_slice_is(user, "user") ? WIRE_SLICE("pencil") : WIRE_SLICE("tanstaaftanstaaf"), s));
    return WIRE_AUTH_OK;
}

static const char *server_says = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", *client_says = "rOprNGfwEbeRWgbNEkqO";

static __attribute__((unused)) size_t scram_nonce(void *host, char text[SASL_NONCE_MAX])
{
    (void)host;
    memcpy(text, server_says, strlen(server_says));
    return strlen(server_says);
}

static __attribute__((unused)) size_t client_nonce(void *host, char text[SASL_NONCE_MAX])
{
    (void)host;
    memcpy(text, client_says, strlen(client_says));
    return strlen(client_says);
}

static struct sasl_server_config config;
static struct sasl_server server;
static struct sasl_identity who;
static char out[WIRE_AUTH_DATA_MAX];
static size_t out_len;

static __attribute__((unused)) void setup(void)
{
    accounts_down = false;
    next_nonce = 1896;
    config = (struct sasl_server_config){ .ops = &ops,
                                          .digest = &digest,
                                          .mechs = SASL_ALL,
                                          .host_name = WIRE_SLICE("postoffice.reston.mci.net") };
    server_says = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    client_says = "rOprNGfwEbeRWgbNEkqO";
    sasl_server_init(&server, &config, NULL, &who);
    server.now_s = 697170952;
}

static __attribute__((unused)) enum wire_auth begin(const char *mech, const char *in, size_t len)
{
    return sasl_wire_server.begin(&server, mech, in, len, out, &out_len);
}

#define BEGIN(mech, literal) begin(mech, literal, sizeof(literal) - 1)

static __attribute__((unused)) enum wire_auth step(const char *text)
{
    return sasl_wire_server.step(&server, text, strlen(text), out, &out_len);
}

static __attribute__((unused)) bool is_out(const char *text)
{
    return wire_equal(out, out_len, text, strlen(text));
}

static __attribute__((unused)) bool is_who(const char *name)
{
    return wire_equal(who.name, who.len, name, strlen(name));
}

static __attribute__((unused)) enum wire_auth converse(struct sasl_client *c)
{
    const char *mech = sasl_wire_client.choose(c, sasl_wire_server.mechanisms(&server));
    char in[WIRE_AUTH_DATA_MAX];
    size_t in_len;
    enum wire_auth verdict;
    bool initial;
    if (!mech)
        return WIRE_AUTH_NO_MECH;
    initial = sasl_wire_client.initial(c, in, &in_len);
    verdict = begin(mech, initial ? in : NULL, in_len);
    while (verdict == WIRE_AUTH_MORE) {
        verdict = sasl_wire_client.respond(c, out, out_len, in, &in_len);
        if (verdict != WIRE_AUTH_MORE)
            return verdict;
        verdict = sasl_wire_server.step(&server, in, in_len, out, &out_len);
    }
    return verdict;
}
#endif
