#ifndef PROTOCOLS_TLS_LIB_H
#define PROTOCOLS_TLS_LIB_H
/*
 * tls_lib - OpenSSL, cut off from the machine it runs on.
 *
 *   struct tls_lib *lib = tls_lib_new();          one for a world, used by one thread
 *     tls_pki_new(lib, ...)                        certificates        tls_pki.h
 *     tls_context_new(lib, ...)                    a host's settings   tls_session.h
 *       tls_session_new(context, ...)              one connection
 *   tls_lib_free(lib);                             last, after everything made with it
 *
 * A library context of its own reads no configuration file and holds two providers: OpenSSL's default one,
 * and one of this room that offers a single thing, the random generator (EVP_RAND). It gives each session and
 * each certificate a stream of its own, begun with 32 octets that the caller hands over. So the same
 * seed makes the same keys, nonces and signatures, and nothing that one session draws moves another. The
 * clock is shut out as well: certificates are judged at the time a session is told, tickets are off.
 *
 * Everything that OpenSSL allocates is the only allocation there is. Keys made here protect nothing real.
 */
#include <stddef.h>

#define TLS_SEED_OCTETS 32 /* what one stream begins with */

struct tls_lib;

/* Where chance comes from: fill() writes `len` octets. Borrowed for the one call it is handed to. */
struct tls_random {
    void (*fill)(void *ctx, void *out, size_t len);
    void *ctx;
};

/* NULL: this machine's OpenSSL does not work (no memory, no default provider). */
struct tls_lib *tls_lib_new(void);

/* NULL does nothing. */
void tls_lib_free(struct tls_lib *lib);
#endif
