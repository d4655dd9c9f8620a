#ifndef PROTOCOLS_SASL_SASL_INSIDE_H
#define PROTOCOLS_SASL_SASL_INSIDE_H
/*
 * sasl_inside - what the files of this room share: the parts of SCRAM that both sides compute.
 *
 *   client-first   gs2-header "n=" user ",r=" nonce                        "n,,n=user,r=rOprN..."
 *   server-first   "r=" nonce+nonce ",s=" salt ",i=" rounds "r=rOprN...%hvYD...,s=W22Za...,i=4096"
 *   client-final   "c=" gs2-header+binding ",r=" nonces ",p=" proof        "c=biws,r=...,p=dHzbZ..."
 *   server-final   "v=" signature                                          "v=6rriT..."
 *
 *   AuthMessage = client-first without gs2-header "," server-first "," client-final without proof
 */
#include "protocols/sasl/sasl.h"

/* Octets of the longest AuthMessage: the middle part is ours on one side, the others on the other. */
#define SCRAM_AUTH_MAX (SASL_FIRST_MAX + 2 + 2 * (size_t)WIRE_AUTH_DATA_MAX)

/* Every octet is looked at, whatever differs: the time taken tells nothing about where. */
bool sasl_same(const void *a, const void *b, size_t len);

/* The value of the attribute `name` that begins the message ("r=..."), up to a comma; the message then begins
 * behind the comma. False: another attribute, or none. */
bool scram_take(struct wire_slice *message, char name, struct wire_slice *value);

/* "=2C" and "=3D" back to a comma and an equals sign; out holds in.len octets. False: another "=" or none
 * left. */
bool scram_name_decode(struct wire_slice in, char *out, size_t *out_len);
/* The other way; out holds 3 * in.len octets. */
size_t scram_name_encode(struct wire_slice in, char *out);

/* HMAC(key, AuthMessage). */
void scram_sign(const struct sasl_digest_ops *digest, const unsigned char key[SASL_SHA256_LEN],
                struct wire_slice first_bare, struct wire_slice server_first, struct wire_slice final_bare,
                unsigned char out[SASL_SHA256_LEN]);

struct scram_keys {
    unsigned char client[SASL_SHA256_LEN], stored[SASL_SHA256_LEN], server[SASL_SHA256_LEN];
};

void scram_keys_make(const struct sasl_digest_ops *digest, struct wire_slice prepared_password,
                     struct wire_slice salt, uint32_t rounds, struct scram_keys *out);

/* ---- the server's half, called by sasl_server.c ---- */

bool scram_server_can(const struct sasl_server *s);
/* Each takes the message of its phase; WIRE_AUTH_MORE: out holds the answer. */
enum wire_auth scram_server_first(struct sasl_server *s, struct wire_slice in, char *out, size_t *out_len);
enum wire_auth scram_server_proof(struct sasl_server *s, struct wire_slice in, char *out, size_t *out_len);

/* ---- the client's half, called by sasl_client.c ---- */

/* Has it digests, a nonce, and a name and a password that SASLprep takes? */
bool scram_client_can(const struct sasl_client *c);
size_t scram_client_first(struct sasl_client *c, char *out);
enum wire_auth scram_client_proof(struct sasl_client *c, struct wire_slice in, char *out, size_t *out_len);
enum wire_auth scram_client_verify(struct sasl_client *c, struct wire_slice in);
#endif
