/* A library context whose only chance is the caller's. */
#include "protocols/tls/tls_lib.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "protocols/tls/tls_chance.h"

struct tls_lib {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *standard, *ours;
    struct tls_chance *chance; /* borrowed from `ours` */
};

/* The generator is named before anything can ask for one: OpenSSL makes it once and keeps it. The seed source
 * is named too, so that the machine's is never even opened. */
static bool prepare(struct tls_lib *lib)
{
    lib->ctx = OSSL_LIB_CTX_new();
    if (lib->ctx == NULL || !RAND_set_DRBG_type(lib->ctx, TLS_CHANCE_NAME, NULL, NULL, NULL) ||
        !RAND_set_seed_source_type(lib->ctx, TLS_CHANCE_NAME, NULL) ||
        !OSSL_PROVIDER_add_builtin(lib->ctx, TLS_CHANCE_PROVIDER, tls_chance_provider))
        return false;
    lib->ours = OSSL_PROVIDER_load(lib->ctx, TLS_CHANCE_PROVIDER);
    lib->standard = OSSL_PROVIDER_load(lib->ctx, "default");
    if (lib->ours == NULL || lib->standard == NULL)
        return false;
    lib->chance = OSSL_PROVIDER_get0_provider_ctx(lib->ours);
    return lib->chance != NULL;
}

struct tls_lib *tls_lib_new(void)
{
    struct tls_lib *lib;
    /* The machine's openssl.cnf may set limits for every program on it; not for a world that must be the same
     * everywhere. */
    if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
        return NULL;
    lib = OPENSSL_zalloc(sizeof *lib);
    if (lib == NULL || prepare(lib))
        return lib;
    tls_lib_free(lib);
    return NULL;
}

void tls_lib_free(struct tls_lib *lib)
{
    if (lib == NULL)
        return;
    if (lib->standard)
        OSSL_PROVIDER_unload(lib->standard);
    if (lib->ours)
        OSSL_PROVIDER_unload(lib->ours);
    OSSL_LIB_CTX_free(lib->ctx);
    OPENSSL_free(lib);
}

void tls_chance_use(struct tls_lib *lib, struct tls_stream *stream)
{
    lib->chance->stream = stream;
}

OSSL_LIB_CTX *tls_lib_context(const struct tls_lib *lib)
{
    return lib->ctx;
}
