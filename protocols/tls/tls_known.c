/* What is known of a session, and what binds an authentication to it. */
#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "protocols/tls/tls_inside.h"

#define EXPORTER_OCTETS 32 /* RFC 9266 section 2 */

enum tls_state tls_session_state(const struct tls_session *s)
{
    return (enum tls_state)s->state;
}

enum tls_version tls_session_version(const struct tls_session *s)
{
    if (SSL_get_current_cipher(s->ssl) == NULL && SSL_get_pending_cipher(s->ssl) == NULL)
        return TLS_VERSION_NONE;
    return SSL_version(s->ssl) == TLS_VERSION_1_3 ? TLS_VERSION_1_3 : TLS_VERSION_1_2;
}

const char *tls_session_cipher(const struct tls_session *s)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(s->ssl);
    const char *name = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
    return name ? name : "";
}

const char *tls_session_server_name(const struct tls_session *s)
{
    const char *name = SSL_get_servername(s->ssl, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

enum tls_verdict tls_session_trust(const struct tls_session *s)
{
    return (enum tls_verdict)s->trust;
}

/* ---- channel bindings ---- */

/* The first Finished of the handshake: the client's, because no session is ever resumed here. */
static size_t unique(const struct tls_session *s, unsigned char out[TLS_BINDING_MAX])
{
    if (SSL_version(s->ssl) != TLS_VERSION_1_2)
        return 0;
    return s->context->side == TLS_CLIENT ? SSL_get_finished(s->ssl, out, TLS_BINDING_MAX)
                                          : SSL_get_peer_finished(s->ssl, out, TLS_BINDING_MAX);
}

static size_t exporter(const struct tls_session *s, unsigned char out[TLS_BINDING_MAX])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    if (SSL_version(s->ssl) != TLS_VERSION_1_3 ||
        SSL_export_keying_material(s->ssl, out, EXPORTER_OCTETS, label, sizeof label - 1,
                                   (const unsigned char *)"", 0, 1) != 1)
        return 0;
    return EXPORTER_OCTETS;
}

/* With the hash of the certificate's own signature; MD5 and SHA-1 are replaced (RFC 5929 section 4.1). */
static size_t end_point(const struct tls_session *s, unsigned char out[TLS_BINDING_MAX])
{
    const X509 *cert =
        s->context->side == TLS_CLIENT ? SSL_get0_peer_certificate(s->ssl) : SSL_get_certificate(s->ssl);
    const EVP_MD *md;
    int hash = NID_undef;
    unsigned len = 0;
    if (cert == NULL || !X509_get_signature_info((X509 *)(uintptr_t)cert, &hash, NULL, NULL, NULL))
        return 0;
    md = hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
    if (md == NULL || EVP_MD_get_size(md) > TLS_BINDING_MAX || !X509_digest(cert, md, out, &len))
        return 0;
    return len;
}

size_t tls_session_binding(const struct tls_session *s, enum tls_binding type,
                           unsigned char out[TLS_BINDING_MAX])
{
    if (s->state == TLS_HANDSHAKE || s->state == TLS_FAILED || !SSL_is_init_finished(s->ssl))
        return 0;
    if (type == TLS_BINDING_UNIQUE)
        return unique(s, out);
    return type == TLS_BINDING_EXPORTER ? exporter(s, out) : end_point(s, out);
}
