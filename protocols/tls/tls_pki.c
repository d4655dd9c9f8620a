/* The CA, what it issues, and what is wrong with it on purpose. */
#include "protocols/tls/tls_pki.h"

#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "protocols/tls/tls_pki_inside.h"
#include "protocols/wire/writer.h"

#define CA_BEFORE_DAYS   365
#define CA_AFTER_DAYS    3653
#define HOST_DAYS        90 /* what public CAs gave for years */
#define EXPIRED_FOR_DAYS 3
#define NOT_YET_FOR_DAYS 30
#define LABEL_MAX        (TLS_NAMES_MAX * (TLS_NAME_MAX + 1) + 256)
#define LABEL_SHORT      400
#define CA_NAME_MAX      48 /* octets of an organisation: with " Issuing CA" it fits in a subject's 64 */

static const char *const fault_names[TLS_FAULTS] = {
    [TLS_FAULT_NONE] = "none",
    [TLS_FAULT_EXPIRED] = "expired",
    [TLS_FAULT_NOT_YET_VALID] = "not-yet-valid",
    [TLS_FAULT_WRONG_NAME] = "wrong-name",
    [TLS_FAULT_SELF_SIGNED] = "self-signed",
    [TLS_FAULT_UNKNOWN_CA] = "unknown-ca",
    [TLS_FAULT_NO_INTERMEDIATE] = "no-intermediate",
};

const char *tls_fault_name(enum tls_fault fault)
{
    return fault_names[fault];
}

/* ---- the authority ---- */

/* Key and certificate of one CA; issuer NULL: a root. The streams hang on the CA's role, so that a root is
 * the same with and without an intermediate. */
static bool make_ca(struct tls_pki *pki, struct tls_signer *ca, const struct tls_signer *issuer,
                    const struct tls_pki_config *config)
{
    const char *role = issuer ? "issuing" : "root", *name = config->name ? config->name : "Mailwalk";
    struct tls_stream stream;
    char cn[CA_NAME_MAX + 16], label[LABEL_SHORT];
    struct tls_draft draft = { .organisation = name, .common_name = cn, .is_ca = true };
    draft.path_len = issuer ? 0 : -1;
    draft.from_s = config->now_s - CA_BEFORE_DAYS * (int64_t)TLS_DAY_S;
    draft.to_s = config->now_s + CA_AFTER_DAYS * (int64_t)TLS_DAY_S;
    snprintf(cn, sizeof cn, "%s %s", name, issuer ? "Issuing CA" : "Root CA");
    snprintf(label, sizeof label, "key %s", role);
    tls_stream_derive(&stream, pki->seed, label, strlen(label));
    ca->key = tls_key_new(pki->lib, &stream);
    snprintf(label, sizeof label, "ca %s %s %lld", role, name, (long long)config->now_s);
    tls_stream_derive(&stream, pki->seed, label, strlen(label));
    if (ca->key)
        ca->cert = tls_draft_sign(pki->lib, &draft, ca->key, issuer, &stream);
    return ca->cert != NULL;
}

static struct tls_pki *pki_from_seed(struct tls_lib *lib, const struct tls_pki_config *config,
                                     const unsigned char seed[TLS_SEED_OCTETS])
{
    struct tls_pki *pki = OPENSSL_zalloc(sizeof *pki);
    if (pki == NULL)
        return NULL;
    pki->lib = lib;
    memcpy(pki->seed, seed, sizeof pki->seed);
    if (make_ca(pki, &pki->root, NULL, config) &&
        (!config->intermediate || make_ca(pki, &pki->issuing, &pki->root, config)))
        return pki;
    tls_pki_free(pki);
    ERR_clear_error();
    return NULL;
}

struct tls_pki *tls_pki_new(struct tls_lib *lib, const struct tls_pki_config *config)
{
    unsigned char seed[TLS_SEED_OCTETS];
    if (config->name && (config->name[0] == '\0' || strlen(config->name) > CA_NAME_MAX))
        return NULL;
    config->random.fill(config->random.ctx, seed, sizeof seed);
    return pki_from_seed(lib, config, seed);
}

void tls_pki_free(struct tls_pki *pki)
{
    if (pki == NULL)
        return;
    tls_signer_free(&pki->root);
    tls_signer_free(&pki->issuing);
    OPENSSL_clear_free(pki, sizeof *pki);
}

/* ---- a host's certificate ---- */

/* A host name as RFC 1123 has it, with "_" for those who use it, perhaps with "*" as its first label (RFC
 * 9525 section 6.3), or an address. */
static bool name_fits(const char *name)
{
    size_t len = strlen(name), label = 0;
    if (len == 0 || len > TLS_NAME_MAX)
        return false;
    if (tls_name_is_address(name))
        return true;
    for (size_t i = name[0] == '*' && name[1] == '.' ? 2 : 0; i < len; i++) {
        if (name[i] == '.' ? label == 0 : !wire_is_alnum(name[i]) && name[i] != '-' && name[i] != '_')
            return false;
        label = name[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0;
}

/* Another host of the same domain: the certificate that a hurried administrator copied from the web
 * server. */
static void wrong_name(const char *name, char out[TLS_NAME_MAX + 8])
{
    const char *domain = name, *dot = strchr(name, '.');
    if (tls_name_is_address(name))
        domain = "example.net";
    else if (dot && strchr(dot + 1, '.'))
        domain = dot + 1;
    snprintf(out, TLS_NAME_MAX + 8, "%s.%s", strncmp(name, "www.", 4) == 0 ? "ftp" : "www", domain);
}

static void set_validity(struct tls_draft *draft, const struct tls_cert_config *config)
{
    int64_t length = (int64_t)(config->days ? config->days : HOST_DAYS) * TLS_DAY_S;
    draft->from_s = config->now_s - length / 3;
    if (config->fault == TLS_FAULT_EXPIRED)
        draft->from_s = config->now_s - EXPIRED_FOR_DAYS * (int64_t)TLS_DAY_S - length;
    else if (config->fault == TLS_FAULT_NOT_YET_VALID)
        draft->from_s = config->now_s + NOT_YET_FOR_DAYS * (int64_t)TLS_DAY_S;
    draft->to_s = draft->from_s + length - 1; /* the last second counts, RFC 5280 section 4.1.2.5 */
}

/* Everything that makes this certificate different from another goes into the name of its stream. */
static void cert_stream(const struct tls_pki *pki, const struct tls_draft *draft, enum tls_fault fault,
                        struct tls_stream *stream)
{
    char label[LABEL_MAX], dates[64];
    struct wire_writer w = wire_writer(label, sizeof label);
    snprintf(dates, sizeof dates, " %lld %lld", (long long)draft->from_s, (long long)draft->to_s);
    wire_put_str(&w, "host ");
    wire_put_str(&w, fault_names[fault]);
    wire_put_str(&w, dates);
    for (unsigned i = 0; i < draft->names_len; i++) {
        wire_put_char(&w, ' ');
        wire_put_str(&w, draft->names[i]);
    }
    tls_stream_derive(stream, pki->seed, label, w.len < sizeof label ? w.len : sizeof label);
}

static EVP_PKEY *host_key(const struct tls_pki *pki, const char *name)
{
    struct tls_stream stream;
    char label[TLS_NAME_MAX + 16];
    snprintf(label, sizeof label, "key host %s", name);
    tls_stream_derive(&stream, pki->seed, label, strlen(label));
    return tls_key_new(pki->lib, &stream);
}

static bool keep(X509 **slot, X509 *cert)
{
    if (cert && X509_up_ref(cert))
        *slot = cert;
    return *slot != NULL;
}

static bool issue(struct tls_cert *cert, const struct tls_pki *pki, const struct tls_draft *draft,
                  enum tls_fault fault)
{
    const struct tls_signer *by = pki->issuing.cert ? &pki->issuing : &pki->root;
    struct tls_stream stream;
    if (fault == TLS_FAULT_SELF_SIGNED)
        by = NULL;
    cert->own.key = host_key(pki, draft->names[0]);
    cert_stream(pki, draft, fault, &stream);
    if (cert->own.key)
        cert->own.cert = tls_draft_sign(pki->lib, draft, cert->own.key, by, &stream);
    if (cert->own.cert == NULL || !keep(&cert->root, by ? pki->root.cert : cert->own.cert))
        return false;
    return by != &pki->issuing || fault == TLS_FAULT_NO_INTERMEDIATE ||
           keep(&cert->issuing, pki->issuing.cert);
}

/* The CA that nobody knows has the same shape as the known one, and its own keys. */
static struct tls_pki *unknown_ca(const struct tls_pki *pki, int64_t now_s)
{
    static const char label[] = "unknown ca";
    struct tls_pki_config config = { .name = "Unlisted",
                                     .now_s = now_s,
                                     .intermediate = pki->issuing.cert != NULL };
    unsigned char seed[TLS_SEED_OCTETS];
    struct tls_stream stream;
    tls_stream_derive(&stream, pki->seed, label, sizeof label - 1);
    tls_stream_fill(&stream, seed, sizeof seed);
    return pki_from_seed(pki->lib, &config, seed);
}

struct tls_cert *tls_cert_new(struct tls_pki *pki, const struct tls_cert_config *config)
{
    char wrong[TLS_NAME_MAX + 8];
    const char *const wrong_names[] = { wrong };
    struct tls_draft draft = { .names = config->names, .names_len = config->names_len };
    struct tls_pki *other = NULL;
    struct tls_cert *cert;
    bool ok;
    if (config->names_len == 0 || config->names_len > TLS_NAMES_MAX)
        return NULL;
    for (unsigned i = 0; i < config->names_len; i++)
        if (!name_fits(config->names[i]))
            return NULL;
    if (config->fault == TLS_FAULT_WRONG_NAME) {
        wrong_name(config->names[0], wrong);
        draft.names = wrong_names;
        draft.names_len = 1;
    }
    draft.common_name = draft.names[0];
    set_validity(&draft, config);
    if (config->fault == TLS_FAULT_UNKNOWN_CA && (other = unknown_ca(pki, config->now_s)) == NULL)
        return NULL;
    cert = OPENSSL_zalloc(sizeof *cert);
    ok = cert && issue(cert, other ? other : pki, &draft, config->fault);
    tls_pki_free(other);
    if (ok)
        return cert;
    tls_cert_free(cert);
    ERR_clear_error();
    return NULL;
}

void tls_cert_free(struct tls_cert *cert)
{
    if (cert == NULL)
        return;
    tls_signer_free(&cert->own);
    X509_free(cert->issuing);
    X509_free(cert->root);
    OPENSSL_free(cert);
}

/* ---- PEM ---- */

/* Takes the text out of the BIO and frees it. */
static size_t pem_out(BIO *bio, bool ok, char *buf, size_t size)
{
    char *text = NULL;
    long len = bio ? BIO_get_mem_data(bio, &text) : 0;
    ok = ok && len > 0 && (size_t)len < size;
    if (ok) {
        memcpy(buf, text, (size_t)len);
        buf[len] = '\0';
    }
    BIO_free(bio);
    ERR_clear_error();
    return ok ? (size_t)len : 0;
}

size_t tls_pki_pem(const struct tls_pki *pki, char *buf, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return pem_out(bio, bio && PEM_write_bio_X509(bio, pki->root.cert), buf, size);
}

size_t tls_cert_pem(const struct tls_cert *cert, enum tls_pem what, char *buf, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio != NULL;
    if (what == TLS_PEM_ROOT)
        ok = ok && PEM_write_bio_X509(bio, cert->root);
    else if (what == TLS_PEM_CHAIN)
        ok = ok && PEM_write_bio_X509(bio, cert->own.cert) &&
             (!cert->issuing || PEM_write_bio_X509(bio, cert->issuing));
    else
        ok = ok && PEM_write_bio_PrivateKey(bio, cert->own.key, NULL, NULL, 0, NULL, NULL);
    return pem_out(bio, ok, buf, size);
}
