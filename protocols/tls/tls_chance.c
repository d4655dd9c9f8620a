/* A stream cipher's key stream, in the shape of an OpenSSL provider. */
#include "protocols/tls/tls_chance.h"

#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "protocols/tls/digest.h"

#define BLOCK_OCTETS 64
#define REQUEST_MAX  (1u << 16) /* octets in one call of the generator; OpenSSL asks again for more */
#define STRENGTH     256        /* bits, the key's */

/* ---- the stream ---- */

static uint32_t rotate(uint32_t v, int n)
{
    return v << n | v >> (32 - n);
}

static void quarter(uint32_t s[16], int a, int b, int c, int d)
{
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* RFC 8439 section 2.3, with the counter in words 12 and 13 and a nonce of zeros. */
static void next_block(struct tls_stream *stream)
{
    uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, s[16];
    memcpy(in + 4, stream->key, sizeof stream->key);
    in[12] = (uint32_t)stream->counter;
    in[13] = (uint32_t)(stream->counter >> 32);
    memcpy(s, in, sizeof s);
    for (int round = 0; round < 10; round++) {
        quarter(s, 0, 4, 8, 12), quarter(s, 1, 5, 9, 13);
        quarter(s, 2, 6, 10, 14), quarter(s, 3, 7, 11, 15);
        quarter(s, 0, 5, 10, 15), quarter(s, 1, 6, 11, 12);
        quarter(s, 2, 7, 8, 13), quarter(s, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++) {
        uint32_t v = s[i] + in[i];
        for (int j = 0; j < 4; j++)
            stream->block[4 * i + j] = (uint8_t)(v >> 8 * j);
    }
    stream->counter++;
    stream->used = 0;
}

void tls_stream_init(struct tls_stream *stream, const unsigned char seed[TLS_SEED_OCTETS])
{
    for (int i = 0; i < 8; i++) {
        const unsigned char *k = seed + 4 * i;
        stream->key[i] = (uint32_t)k[0] | (uint32_t)k[1] << 8 | (uint32_t)k[2] << 16 | (uint32_t)k[3] << 24;
    }
    stream->counter = 0;
    stream->used = BLOCK_OCTETS;
}

void tls_stream_derive(struct tls_stream *stream, const unsigned char seed[TLS_SEED_OCTETS],
                       const void *label, size_t len)
{
    unsigned char derived[DIGEST_SHA256_LEN];
    digest_hmac_sha256(seed, TLS_SEED_OCTETS, label, len, derived);
    tls_stream_init(stream, derived);
}

void tls_stream_fill(struct tls_stream *stream, void *out, size_t len)
{
    unsigned char *to = out;
    while (len > 0) {
        size_t n;
        if (stream->used == BLOCK_OCTETS)
            next_block(stream);
        n = (size_t)BLOCK_OCTETS - stream->used;
        if (n > len)
            n = len;
        memcpy(to, stream->block + stream->used, n);
        stream->used = (uint8_t)(stream->used + n);
        to += n;
        len -= n;
    }
}

/* ---- the generator: every EVP_RAND_CTX of the library context is the same struct tls_chance ---- */

static OSSL_FUNC_rand_newctx_fn chance_newctx;
static OSSL_FUNC_rand_freectx_fn chance_freectx;
static OSSL_FUNC_rand_instantiate_fn chance_instantiate;
static OSSL_FUNC_rand_uninstantiate_fn chance_uninstantiate;
static OSSL_FUNC_rand_generate_fn chance_generate;
static OSSL_FUNC_rand_enable_locking_fn chance_enable_locking;
static OSSL_FUNC_rand_gettable_ctx_params_fn chance_gettable;
static OSSL_FUNC_rand_get_ctx_params_fn chance_get;

static void *chance_newctx(void *provctx, void *parent, const OSSL_DISPATCH *parent_calls)
{
    (void)parent, (void)parent_calls;
    return provctx;
}

static void chance_freectx(void *chance)
{
    (void)chance;
}

static int chance_instantiate(void *chance, unsigned strength, int resistance, const unsigned char *text,
                              size_t len, const OSSL_PARAM params[])
{
    (void)chance, (void)strength, (void)resistance, (void)text, (void)len, (void)params;
    return 1;
}

static int chance_uninstantiate(void *chance)
{
    (void)chance;
    return 1;
}

/* Additional input is what a caller fears to have too little entropy without; it would tie the stream to that
 * caller's memory, so it is left out. */
static int chance_generate(void *vchance, unsigned char *out, size_t len, unsigned strength, int resistance,
                           const unsigned char *additional, size_t additional_len)
{
    struct tls_chance *chance = vchance;
    (void)resistance, (void)additional, (void)additional_len;
    if (chance->stream == NULL || strength > STRENGTH)
        return 0;
    tls_stream_fill(chance->stream, out, len);
    return 1;
}

/* One thread uses a library context (tls_lib.h), so there is nothing to lock. */
static int chance_enable_locking(void *chance)
{
    (void)chance;
    return 1;
}

static const OSSL_PARAM gettable[] = { OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
                                       OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
                                       OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL), OSSL_PARAM_END };

static const OSSL_PARAM *chance_gettable(void *chance, void *provctx)
{
    (void)chance, (void)provctx;
    return gettable;
}

static int chance_get(void *chance, OSSL_PARAM params[])
{
    OSSL_PARAM *p;
    (void)chance;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    if (p && !OSSL_PARAM_set_int(p, EVP_RAND_STATE_READY))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (p && !OSSL_PARAM_set_uint(p, STRENGTH))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return !p || OSSL_PARAM_set_size_t(p, REQUEST_MAX);
}

/* OSSL_DISPATCH holds every function as one that takes nothing; OpenSSL casts it back by its id. */
typedef void any_fn(void);
static const OSSL_DISPATCH functions[] = { { OSSL_FUNC_RAND_NEWCTX, (any_fn *)chance_newctx },
                                           { OSSL_FUNC_RAND_FREECTX, (any_fn *)chance_freectx },
                                           { OSSL_FUNC_RAND_INSTANTIATE, (any_fn *)chance_instantiate },
                                           { OSSL_FUNC_RAND_UNINSTANTIATE, (any_fn *)chance_uninstantiate },
                                           { OSSL_FUNC_RAND_GENERATE, (any_fn *)chance_generate },
                                           { OSSL_FUNC_RAND_ENABLE_LOCKING, (any_fn *)chance_enable_locking },
                                           { OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, (any_fn *)chance_gettable },
                                           { OSSL_FUNC_RAND_GET_CTX_PARAMS, (any_fn *)chance_get },
                                           { 0, NULL } };

static const OSSL_ALGORITHM generators[] = { { TLS_CHANCE_NAME, "provider=" TLS_CHANCE_PROVIDER, functions,
                                               "a simulated world's chance, from its seed" },
                                             { NULL, NULL, NULL, NULL } };

static OSSL_FUNC_provider_query_operation_fn chance_query;
static OSSL_FUNC_provider_teardown_fn chance_teardown;

static const OSSL_ALGORITHM *chance_query(void *provctx, int operation, int *no_store)
{
    (void)provctx;
    *no_store = 0;
    return operation == OSSL_OP_RAND ? generators : NULL;
}

static void chance_teardown(void *provctx)
{
    OPENSSL_free(provctx);
}

int tls_chance_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                        void **provctx)
{
    static const OSSL_DISPATCH provider[] = { { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (any_fn *)chance_query },
                                              { OSSL_FUNC_PROVIDER_TEARDOWN, (any_fn *)chance_teardown },
                                              { 0, NULL } };
    (void)handle, (void)in;
    *out = provider;
    *provctx = OPENSSL_zalloc(sizeof(struct tls_chance));
    return *provctx != NULL;
}
