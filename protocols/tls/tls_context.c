/* A host's settings, and a client's judgement of certificates. */
#include "protocols/tls/tls_session.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "protocols/tls/tls_inside.h"
#include "protocols/tls/tls_pki_inside.h"

/* Everything that a newer OpenSSL or a machine's configuration could choose otherwise is written down: the
 * octets of a ClientHello are part of a run. */
#define SECURITY_LEVEL 2 /* 112 bits */
#define SUITES         "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define CIPHERS                                                                                              \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"               \
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define GROUPS "X25519:P-256:P-384"
#define SIGNATURES                                                                                           \
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"         \
    "rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"

/* ---- OpenSSL's view of the caller's octets ---- */

static struct tls_session *session_of(BIO *bio)
{
    return BIO_get_data(bio);
}

static int octets_read(BIO *bio, char *to, size_t len, size_t *taken)
{
    struct tls_session *s = session_of(bio);
    BIO_clear_retry_flags(bio);
    *taken = len < s->in_len ? len : s->in_len;
    if (*taken == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(to, s->in, *taken);
    s->in += *taken;
    s->in_len -= *taken;
    return 1;
}

static int octets_write(BIO *bio, const char *from, size_t len, size_t *taken)
{
    struct tls_session *s = session_of(bio);
    size_t room = s->out ? sizeof s->out->send - s->out->send_len : 0;
    BIO_clear_retry_flags(bio);
    *taken = len < room ? len : room;
    if (*taken == 0) {
        BIO_set_retry_write(bio);
        return 0;
    }
    memcpy(s->out->send + s->out->send_len, from, *taken);
    s->out->send_len += (uint32_t)*taken;
    return 1;
}

static long octets_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static bool make_method(struct tls_context *c)
{
    c->method = BIO_meth_new(BIO_TYPE_MEM, "octets of a step");
    return c->method && BIO_meth_set_read_ex(c->method, octets_read) &&
           BIO_meth_set_write_ex(c->method, octets_write) && BIO_meth_set_ctrl(c->method, octets_ctrl);
}

/* ---- judging a certificate ---- */

static enum tls_verdict verdict_of(int error)
{
    switch (error) {
    case X509_V_OK:
        return TLS_CERT_TRUSTED;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return TLS_CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return TLS_CERT_NOT_YET_VALID;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return TLS_CERT_WRONG_NAME;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return TLS_CERT_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return TLS_CERT_UNKNOWN_CA;
    default:
        return TLS_CERT_BAD;
    }
}

int tls_context_judge(X509_STORE_CTX *store, void *context)
{
    const struct tls_context *c = context;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *s = SSL_get_app_data(ssl);
    if (s->tell)
        tls_tell_chain(s, X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store));
    if (c->check == TLS_CHECK_NONE)
        return 1;
    if (X509_verify_cert(store) <= 0 && X509_STORE_CTX_get_error(store) == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    s->trust = (uint8_t)verdict_of(X509_STORE_CTX_get_error(store));
    if (s->tell)
        tls_tell_verdict(s, (enum tls_verdict)s->trust);
    s->judged = s->tell;
    return s->trust == TLS_CERT_TRUSTED || c->check == TLS_CHECK_OPPORTUNISTIC;
}

/* ---- settings ---- */

static bool trust_pem(struct tls_context *c, X509_STORE *store, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    unsigned roots = 0;
    bool ok = bio != NULL;
    while (ok) {
        X509 *root = X509_new_ex(tls_lib_context(c->lib), NULL);
        if (root && PEM_read_bio_X509(bio, &root, NULL, NULL)) {
            ok = X509_STORE_add_cert(store, root) > 0;
            roots++;
            X509_free(root);
            continue;
        }
        /* PEM_read_bio_X509 has freed nothing: the end of the text is an error like another. */
        X509_free(root);
        break;
    }
    BIO_free(bio);
    ERR_clear_error();
    return ok && roots > 0;
}

static bool set_client(struct tls_context *c, const struct tls_context_config *config)
{
    X509_STORE *store = SSL_CTX_get_cert_store(c->ssl);
    for (unsigned i = 0; i < config->trust_len; i++)
        if (!X509_STORE_add_cert(store, config->trust[i]->root.cert))
            return false;
    SSL_CTX_set_verify(c->ssl, c->check == TLS_CHECK_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(c->ssl, tls_context_judge, c);
    return !config->trust_pem || trust_pem(c, store, config->trust_pem);
}

static bool set_server(struct tls_context *c, const struct tls_context_config *config)
{
    STACK_OF(X509) *chain = NULL;
    bool ok = config->cert != NULL;
    if (ok && config->cert->issuing) {
        chain = sk_X509_new_null();
        ok = chain && sk_X509_push(chain, config->cert->issuing) > 0;
    }
    ok = ok && SSL_CTX_use_cert_and_key(c->ssl, config->cert->own.cert, config->cert->own.key, chain, 1) == 1;
    sk_X509_free(chain);
    return ok;
}

static bool set_up(struct tls_context *c, const struct tls_context_config *config)
{
    SSL_CTX *ssl = c->ssl;
    SSL_CTX_clear_options(ssl, SSL_CTX_get_options(ssl));
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_NO_AUTO_CHAIN |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    return SSL_CTX_set_num_tickets(ssl, 0) &&
           SSL_CTX_set_min_proto_version(ssl, config->min ? (int)config->min : (int)TLS_VERSION_1_2) &&
           SSL_CTX_set_max_proto_version(ssl, config->max ? (int)config->max : (int)TLS_VERSION_1_3) &&
           SSL_CTX_set_cipher_list(ssl, config->ciphers ? config->ciphers : CIPHERS) &&
           SSL_CTX_set_ciphersuites(ssl, config->suites ? config->suites : SUITES) &&
           SSL_CTX_set1_groups_list(ssl, config->groups ? config->groups : GROUPS) > 0 &&
           SSL_CTX_set1_sigalgs_list(ssl, SIGNATURES) > 0 &&
           (c->side == TLS_CLIENT ? set_client(c, config) : set_server(c, config));
}

struct tls_context *tls_context_new(struct tls_lib *lib, const struct tls_context_config *config)
{
    /* A new SSL_CTX draws keys for tickets that nobody will ever be given: any octets will do. */
    static const unsigned char nothing[TLS_SEED_OCTETS];
    struct tls_stream stream;
    struct tls_context *c = OPENSSL_zalloc(sizeof *c);
    bool ok;
    if (c == NULL)
        return NULL;
    c->lib = lib;
    c->side = config->side;
    c->check = config->check;
    tls_stream_init(&stream, nothing);
    tls_chance_use(lib, &stream);
    c->ssl = SSL_CTX_new_ex(tls_lib_context(lib), NULL,
                            c->side == TLS_CLIENT ? TLS_client_method() : TLS_server_method());
    ok = c->ssl && make_method(c) && set_up(c, config);
    tls_chance_use(lib, NULL);
    if (ok)
        return c;
    tls_context_free(c);
    ERR_clear_error();
    return NULL;
}

void tls_context_free(struct tls_context *c)
{
    if (c == NULL)
        return;
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->method);
    OPENSSL_free(c);
}
