/*
 * SASL: a server and a stranger, a client and a false server, and the two with somebody in between.
 *
 * Input: octet 0: bits below; octet 1: the mechanism; then messages, each an octet of length (times 4) and
 * its octets. Nobody gets in who does not know the password: the fuzzer would have to forge an HMAC.
 */
#include "tests/fuzz/fuzz_account.h"

enum { BOUND = 1, TLS = 2, NEEDS_TLS = 4, NO_INITIAL = 8, BETWEEN = 16, CLIENT = 32 };

static const char *const mechs[] = {
    "PLAIN",   "LOGIN",       "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
    "XOAUTH2", "OAUTHBEARER", "plain",    "GSSAPI",        ""
};

static char *message(struct fuzz_input *in, size_t *len)
{
    struct fuzz_input m = fuzz_bytes(in, 4u * fuzz_u8(in));
    *len = m.len;
    return fuzz_exact(m.at, m.len);
}

static void check_verdict(const struct sasl_server *s, enum wire_auth verdict, size_t out_len)
{
    HOLDS(out_len <= WIRE_AUTH_DATA_MAX);
    HOLDS(verdict <= WIRE_AUTH_TEMPFAIL && sasl_verdict_lesson(verdict) &&
          sasl_fault_lesson((enum sasl_fault)s->fault));
    HOLDS(verdict == WIRE_AUTH_MORE || out_len == 0);
    HOLDS(verdict == WIRE_AUTH_MORE || verdict == WIRE_AUTH_OK || s->who->len == 0);
    HOLDS((verdict == WIRE_AUTH_OK) == (s->phase == SASL_DONE));
}

static bool knows_password(const uint8_t *at, size_t len)
{
    for (size_t i = 0; i + 6 <= len; i++)
        if (memcmp(at + i, "secret", 6) == 0)
            return true;
    return false;
}

static void server_alone(struct sasl_server *s, const char *mech, uint8_t bits, struct fuzz_input in)
{
    char out[WIRE_AUTH_DATA_MAX];
    size_t len, out_len = 0;
    bool told = knows_password(in.at, in.len);
    char *text = message(&in, &len);
    enum wire_auth verdict =
        sasl_wire_server.begin(s, mech, bits & NO_INITIAL ? NULL : text, len, out, &out_len);
    free(text);
    check_verdict(s, verdict, out_len);
    for (int i = 0; i < 6 && verdict == WIRE_AUTH_MORE; i++) {
        text = message(&in, &len);
        verdict = sasl_wire_server.step(s, text, len, out, &out_len);
        free(text);
        check_verdict(s, verdict, out_len);
    }
    HOLDS(verdict != WIRE_AUTH_OK || told);
    if (verdict == WIRE_AUTH_MORE)
        sasl_wire_server.cancel(s);
    HOLDS(sasl_wire_server.step(s, "", 0, out, &out_len) == WIRE_AUTH_MALFORMED);
}

static void client_alone(struct sasl_client *c, struct fuzz_input in)
{
    static const char *const lists[] = { "PLAIN", "LOGIN PLAIN", "CRAM-MD5", "SCRAM-SHA-256",
                                         "SCRAM-SHA-256-PLUS" };
    char out[WIRE_AUTH_DATA_MAX];
    size_t len, out_len = 0;
    enum wire_auth verdict = WIRE_AUTH_MORE;
    if (!sasl_client_choose(c, lists[fuzz_u8(&in) % 5]))
        return;
    if (sasl_client_initial(c, out, &out_len))
        HOLDS(out_len > 0 && out_len <= WIRE_AUTH_DATA_MAX);
    for (int i = 0; i < 6 && verdict == WIRE_AUTH_MORE; i++) {
        char *text = message(&in, &len);
        bool given = knows_password((uint8_t *)text, len); /* a nonce of the server's comes back in SCRAM */
        verdict = sasl_wire_client.respond(c, text, len, out, &out_len);
        free(text);
        HOLDS(out_len <= WIRE_AUTH_DATA_MAX);
        HOLDS(verdict == WIRE_AUTH_MORE || verdict == WIRE_AUTH_MALFORMED);
        if (c->mech >= SASL_CRAM_MD5)
            HOLDS(given || !knows_password((uint8_t *)out, out_len));
    }
    HOLDS(verdict == WIRE_AUTH_MALFORMED);                           /* no mechanism has that many messages */
    HOLDS(c->mech < SASL_SCRAM_SHA_256 || !sasl_client_complete(c)); /* a false server cannot prove itself */
}

/* Each message is changed on its way, as the input says: an octet of place, an octet to XOR. */
static size_t change(struct fuzz_input *in, char *text, size_t len, bool *changed)
{
    uint8_t how = fuzz_u8(in), place = fuzz_u8(in);
    if (how == 0 || len == 0)
        return len;
    *changed = true;
    if (how == 255)
        return place % len;
    text[place % len] ^= (char)how;
    return len;
}

static void between(struct sasl_server *s, struct sasl_client *c, struct fuzz_input in)
{
    char out[WIRE_AUTH_DATA_MAX], text[WIRE_AUTH_DATA_MAX];
    const char *mech = sasl_client_choose(c, sasl_server_mechanisms(s));
    size_t len = 0, out_len = 0;
    bool changed = false, initial;
    enum wire_auth verdict;
    if (!mech)
        return;
    initial = sasl_client_initial(c, text, &len);
    if (initial)
        len = change(&in, text, len, &changed);
    verdict = sasl_wire_server.begin(s, mech, initial ? text : NULL, len, out, &out_len);
    check_verdict(s, verdict, out_len);
    for (int i = 0; i < 6 && verdict == WIRE_AUTH_MORE; i++) {
        out_len = change(&in, out, out_len, &changed);
        if (sasl_wire_client.respond(c, out, out_len, text, &len) != WIRE_AUTH_MORE) {
            sasl_wire_server.cancel(s);
            return;
        }
        len = change(&in, text, len, &changed);
        verdict = sasl_wire_server.step(s, text, len, out, &out_len);
        check_verdict(s, verdict, out_len);
    }
    HOLDS(changed || (verdict == WIRE_AUTH_OK && sasl_client_complete(c)));
    /* Both sides of SCRAM sign all that was said: a change that both let pass would be a forgery. The
     * attributes' order and the letters of base64 are fixed, so there is nothing that may differ. */
    if (c->mech >= SASL_SCRAM_SHA_256)
        HOLDS(!changed || verdict != WIRE_AUTH_OK || !sasl_client_complete(c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    const char *mech = mechs[fuzz_u8(&in) % (sizeof mechs / sizeof mechs[0])];
    static struct sasl_identity who;
    struct sasl_server_config server_config = account_server;
    struct sasl_client_config client_config = account_client;
    struct sasl_server server;
    struct sasl_client client;
    server_config.clear_needs_tls = client_config.clear_needs_tls = bits & NEEDS_TLS;
    sasl_server_init(&server, &server_config, NULL, &who);
    sasl_client_init(&client, &client_config);
    server.tls = client.tls = bits & TLS;
    if (bits & BOUND) {
        server.binding = client.binding = WIRE_SLICE("what only the two ends can know.");
        server.binding_type = client.binding_type = SASL_BINDING_TLS_EXPORTER;
    }
    if (bits & BETWEEN)
        between(&server, &client, in);
    else if (bits & CLIENT)
        client_alone(&client, in);
    else
        server_alone(&server, mech, bits, in);
    {
        struct fuzz_input rest = in;
        char *text = fuzz_exact(rest.at, rest.len), *out = malloc(rest.len + 1);
        size_t n, again;
        HOLDS(out);
        if (sasl_prep(wire_slice(text, rest.len), out, &n)) {
            char *twice = malloc(n);
            HOLDS(twice && n > 0 && n <= rest.len);
            HOLDS(sasl_prep(wire_slice(out, n), twice, &again) && again == n && memcmp(out, twice, n) == 0);
            free(twice);
        }
        free(text);
        free(out);
    }
    return 0;
}
