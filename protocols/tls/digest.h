#ifndef PROTOCOLS_TLS_DIGEST_H
#define PROTOCOLS_TLS_DIGEST_H
/*
 * digest - the hashes that mail protocols use, by OpenSSL.
 *
 *   struct sasl_digest_ops ops = { .hmac_md5 = digest_hmac_md5 };
 *
 * SASL takes these as function pointers, because only this room knows OpenSSL.
 * Each function always writes the whole result; they do not fail on any input.
 */
#include <stddef.h>
#include <stdint.h>

#define DIGEST_MD5_LEN    16 /* octets, RFC 1321 */
#define DIGEST_SHA256_LEN 32 /* octets, FIPS 180-4 */

/* MD5 is broken for signatures; APOP and CRAM-MD5 still use it. */
void digest_md5(const void *msg, size_t len, unsigned char out[DIGEST_MD5_LEN]);
void digest_sha256(const void *msg, size_t len, unsigned char out[DIGEST_SHA256_LEN]);

/* RFC 2104. */
void digest_hmac_md5(const void *key, size_t key_len, const void *msg, size_t len,
                     unsigned char out[DIGEST_MD5_LEN]);
void digest_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t len,
                        unsigned char out[DIGEST_SHA256_LEN]);

/* PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2), `rounds` >= 1; the salted password of SCRAM-SHA-256 (RFC
 * 7677). */
void digest_pbkdf2_sha256(const void *password, size_t password_len, const void *salt, size_t salt_len,
                          uint32_t rounds, unsigned char out[DIGEST_SHA256_LEN]);
#endif
