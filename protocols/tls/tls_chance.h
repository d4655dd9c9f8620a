#ifndef PROTOCOLS_TLS_CHANCE_H
#define PROTOCOLS_TLS_CHANCE_H
/*
 * tls_chance - the random generator that OpenSSL gets, as a provider with one EVP_RAND.
 *
 *   tls_chance_use(lib, &session->stream);   whose stream OpenSSL draws from now
 *   SSL_do_handshake(...)
 *   tls_chance_use(lib, NULL);               from here a draw fails, loudly: somebody forgot the first line
 *
 * A stream is the key stream of ChaCha20 (RFC 8439 section 2.3) with a 32-octet seed as its key and a
 * counter of 64 bits. Private to this room; only tls_lib.c knows the library context.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/core.h>
#include <openssl/types.h>

#include "protocols/tls/tls_lib.h"

#define TLS_CHANCE_NAME     "MAILWALK-CHANCE"
#define TLS_CHANCE_PROVIDER "mailwalk"

struct tls_stream {
    uint32_t key[8];
    uint64_t counter;        /* blocks made */
    uint8_t block[64], used; /* octets of the block handed out; 64: make a new one */
};

/* What the provider's one generator draws from; NULL: nothing. Owned by the provider. */
struct tls_chance {
    struct tls_stream *stream; /* borrowed */
};

void tls_stream_init(struct tls_stream *stream, const unsigned char seed[TLS_SEED_OCTETS]);

/* A stream of its own for each (seed, label): what one draws moves no other. */
void tls_stream_derive(struct tls_stream *stream, const unsigned char seed[TLS_SEED_OCTETS],
                       const void *label, size_t len);
void tls_stream_fill(struct tls_stream *stream, void *out, size_t len);

/* The provider's entry point; its provider context is a struct tls_chance. */
OSSL_provider_init_fn tls_chance_provider;

void tls_chance_use(struct tls_lib *lib, struct tls_stream *stream);
OSSL_LIB_CTX *tls_lib_context(const struct tls_lib *lib);
#endif
