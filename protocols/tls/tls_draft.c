/* Keys and X.509 certificates (RFC 5280), from a stream of chance. */
#include "protocols/tls/tls_pki_inside.h"

#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#define SCALAR_OCTETS 40 /* 64 bits more than the order has: no bias that matters, FIPS 186-5 A.2.1 */
#define POINT_OCTETS  65 /* an uncompressed point, SEC 1 section 2.3.3 */
#define SERIAL_OCTETS 16 /* at most 20, RFC 5280 section 4.1.2.2 */
#define CN_MAX        64 /* ub-common-name, RFC 5280 appendix A */

/* ---- keys ---- */

/* The scalar is drawn before OpenSSL computes with it: how much more it draws for blinding differs between
 * machines. */
static bool make_scalar(const EC_GROUP *group, struct tls_stream *stream, BIGNUM *scalar, BN_CTX *bn)
{
    unsigned char octets[SCALAR_OCTETS];
    BIGNUM *below;
    bool ok;
    tls_stream_fill(stream, octets, sizeof octets);
    below = BN_dup(EC_GROUP_get0_order(group));
    ok = below && BN_sub_word(below, 1) && BN_bin2bn(octets, sizeof octets, scalar) &&
         BN_mod(scalar, scalar, below, bn) && BN_add_word(scalar, 1);
    BN_free(below);
    return ok;
}

static EVP_PKEY *key_from(OSSL_LIB_CTX *ctx, const BIGNUM *scalar, const unsigned char *point, size_t len)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(ctx, "EC", NULL);
    EVP_PKEY *key = NULL;
    if (build && maker &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, len) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(maker) > 0 &&
        EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, params) <= 0)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(maker);
    return key;
}

EVP_PKEY *tls_key_new(struct tls_lib *lib, struct tls_stream *stream)
{
    OSSL_LIB_CTX *ctx = tls_lib_context(lib);
    EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(ctx, NULL, NID_X9_62_prime256v1);
    EC_POINT *public = group ? EC_POINT_new(group) : NULL;
    BIGNUM *scalar = BN_secure_new();
    BN_CTX *bn = BN_CTX_new_ex(ctx);
    EVP_PKEY *key = NULL;
    unsigned char point[POINT_OCTETS];
    tls_chance_use(lib, stream);
    if (public && scalar && bn && make_scalar(group, stream, scalar, bn) &&
        EC_POINT_mul(group, public, scalar, NULL, NULL, bn) &&
        EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, bn) ==
            sizeof point)
        key = key_from(ctx, scalar, point, sizeof point);
    tls_chance_use(lib, NULL);
    BN_CTX_free(bn);
    BN_clear_free(scalar);
    EC_POINT_free(public);
    EC_GROUP_free(group);
    return key;
}

/* ---- certificates ---- */

bool tls_name_is_address(const char *name)
{
    ASN1_OCTET_STRING *octets = a2i_IPADDRESS(name);
    bool is = octets != NULL;
    ASN1_OCTET_STRING_free(octets);
    return is;
}

static bool add_part(X509_NAME *name, const char *type, const char *value)
{
    return !value ||
           X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0);
}

static bool set_subject(X509 *cert, const struct tls_draft *draft)
{
    X509_NAME *name = X509_get_subject_name(cert);
    const char *cn = draft->common_name;
    return add_part(name, "O", draft->organisation) &&
           add_part(name, "CN", cn && strlen(cn) <= CN_MAX ? cn : NULL);
}

static bool set_serial(X509 *cert, struct tls_stream *stream)
{
    unsigned char octets[SERIAL_OCTETS];
    BIGNUM *number;
    bool ok;
    tls_stream_fill(stream, octets, sizeof octets);
    octets[0] = (unsigned char)((octets[0] & 0x3f) | 0x40); /* positive, and always as long */
    number = BN_bin2bn(octets, sizeof octets, NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return ok;
}

static bool set_dates(X509 *cert, const struct tls_draft *draft)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)draft->from_s) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)draft->to_s);
}

static bool add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
    bool ok = e && X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

static GENERAL_NAME *general_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ASN1_IA5STRING *dns = address ? NULL : ASN1_IA5STRING_new();
    if (name && address) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        return name;
    }
    if (name && dns && ASN1_STRING_set(dns, text, -1)) {
        GENERAL_NAME_set0_value(name, GEN_DNS, dns);
        return name;
    }
    ASN1_IA5STRING_free(dns);
    ASN1_OCTET_STRING_free(address);
    GENERAL_NAME_free(name);
    return NULL;
}

/* Critical where the subject is empty (RFC 5280 section 4.2.1.6). */
static bool add_names(X509 *cert, const struct tls_draft *draft)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool ok = names != NULL;
    for (unsigned i = 0; ok && i < draft->names_len; i++) {
        GENERAL_NAME *name = general_name(draft->names[i]);
        ok = name && sk_GENERAL_NAME_push(names, name) > 0;
        if (!ok)
            GENERAL_NAME_free(name);
    }
    ok = ok &&
         X509_add1_ext_i2d(cert, NID_subject_alt_name, names,
                           X509_NAME_entry_count(X509_get_subject_name(cert)) == 0, X509V3_ADD_DEFAULT) > 0;
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return ok;
}

static bool add_extensions(X509 *cert, const struct tls_draft *draft, X509 *issuer)
{
    X509V3_CTX ctx;
    bool ok;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    if (draft->is_ca)
        ok = add_extension(cert, &ctx, NID_basic_constraints,
                           draft->path_len == 0 ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE") &&
             add_extension(cert, &ctx, NID_key_usage, "critical,keyCertSign,cRLSign");
    else
        ok = add_extension(cert, &ctx, NID_basic_constraints, "critical,CA:FALSE") &&
             add_extension(cert, &ctx, NID_key_usage, "critical,digitalSignature") &&
             add_extension(cert, &ctx, NID_ext_key_usage, "serverAuth") && add_names(cert, draft);
    return ok && add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
           (issuer == cert || add_extension(cert, &ctx, NID_authority_key_identifier, "keyid"));
}

X509 *tls_draft_sign(struct tls_lib *lib, const struct tls_draft *draft, EVP_PKEY *key,
                     const struct tls_signer *issuer, struct tls_stream *stream)
{
    X509 *cert = X509_new_ex(tls_lib_context(lib), NULL);
    X509 *by = issuer ? issuer->cert : cert;
    bool ok;
    tls_chance_use(lib, stream);
    ok = cert && X509_set_version(cert, X509_VERSION_3) && set_serial(cert, stream) &&
         set_dates(cert, draft) && set_subject(cert, draft) &&
         X509_set_issuer_name(cert, X509_get_subject_name(by)) && X509_set_pubkey(cert, key) &&
         add_extensions(cert, draft, by) && X509_sign(cert, issuer ? issuer->key : key, EVP_sha256()) > 0;
    tls_chance_use(lib, NULL);
    if (ok)
        return cert;
    X509_free(cert);
    return NULL;
}

void tls_signer_free(struct tls_signer *signer)
{
    X509_free(signer->cert);
    EVP_PKEY_free(signer->key);
    signer->cert = NULL;
    signer->key = NULL;
}
