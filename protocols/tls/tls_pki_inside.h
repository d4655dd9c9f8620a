#ifndef PROTOCOLS_TLS_PKI_INSIDE_H
#define PROTOCOLS_TLS_PKI_INSIDE_H
/* What tls_pki.h hides: for tls_pki*.c and for the contexts that use certificates. */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "protocols/tls/tls_chance.h"
#include "protocols/tls/tls_pki.h"

struct tls_signer { /* a certificate with its key; both owned */
    X509 *cert;
    EVP_PKEY *key;
};

struct tls_pki {
    struct tls_lib *lib; /* borrowed */
    unsigned char seed[TLS_SEED_OCTETS];
    struct tls_signer root, issuing; /* issuing: NULLs without an intermediate */
};

struct tls_cert {
    struct tls_signer own;
    X509 *issuing; /* sent behind it; NULL: the root signed, or it is left out */
    X509 *root;    /* whom to trust; itself if self-signed */
};

/* A P-256 key from a stream; NULL: no memory. */
EVP_PKEY *tls_key_new(struct tls_lib *lib, struct tls_stream *stream);

struct tls_draft {                          /* what a certificate will say */
    const char *organisation, *common_name; /* NULL: left out */
    int64_t from_s, to_s;
    int path_len; /* CA: how many CAs may follow, -1: any number */
    bool is_ca;
    const char *const *names; /* host: SANs */
    unsigned names_len;
};

/* Signs `draft` for `key` by `issuer`, NULL: by itself. Serial number and nonces come from the stream. */
X509 *tls_draft_sign(struct tls_lib *lib, const struct tls_draft *draft, EVP_PKEY *key,
                     const struct tls_signer *issuer, struct tls_stream *stream);
bool tls_name_is_address(const char *name);
void tls_signer_free(struct tls_signer *signer);
#endif
