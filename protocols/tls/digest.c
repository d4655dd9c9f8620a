/* Hashes by OpenSSL's EVP interface. */
#include "protocols/tls/digest.h"

#include <limits.h>
#include <stdlib.h>
#include <openssl/evp.h>

/* A hash that OpenSSL will not give (a machine in FIPS mode has no MD5) must not become a digest of zeros
 * that anybody can guess. */
static void must(int ok)
{
    if (!ok)
        abort();
}

static void hash(const EVP_MD *md, const void *msg, size_t len, unsigned char *out)
{
    unsigned n;
    must(EVP_Digest(len > 0 ? msg : "", len, out, &n, md, NULL));
}

static void hmac(const char *md, size_t md_len, const void *key, size_t key_len, const void *msg, size_t len,
                 unsigned char *out)
{
    size_t n;
    must(EVP_Q_mac(NULL, "HMAC", NULL, md, NULL, key_len > 0 ? key : "", key_len,
                   len > 0 ? msg : (const void *)"", len, out, md_len, &n) != NULL &&
         n == md_len);
}

void digest_md5(const void *msg, size_t len, unsigned char out[DIGEST_MD5_LEN])
{
    hash(EVP_md5(), msg, len, out);
}

void digest_sha256(const void *msg, size_t len, unsigned char out[DIGEST_SHA256_LEN])
{
    hash(EVP_sha256(), msg, len, out);
}

void digest_hmac_md5(const void *key, size_t key_len, const void *msg, size_t len,
                     unsigned char out[DIGEST_MD5_LEN])
{
    hmac("MD5", DIGEST_MD5_LEN, key, key_len, msg, len, out);
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t len,
                        unsigned char out[DIGEST_SHA256_LEN])
{
    hmac("SHA256", DIGEST_SHA256_LEN, key, key_len, msg, len, out);
}

void digest_pbkdf2_sha256(const void *password, size_t password_len, const void *salt, size_t salt_len,
                          uint32_t rounds, unsigned char out[DIGEST_SHA256_LEN])
{
    must(password_len <= INT_MAX && salt_len <= INT_MAX && rounds >= 1 && rounds <= INT_MAX);
    must(PKCS5_PBKDF2_HMAC(password_len > 0 ? password : "", (int)password_len, salt, (int)salt_len,
                           (int)rounds, EVP_sha256(), DIGEST_SHA256_LEN, out));
}
