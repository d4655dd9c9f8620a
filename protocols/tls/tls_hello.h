#ifndef PROTOCOLS_TLS_HELLO_H
#define PROTOCOLS_TLS_HELLO_H
/*
 * tls_hello - reads handshake messages, only to tell what they say.
 *
 *   tls_hello_client(body, len, &hello)  -> SNI, versions, number of suites
 *   tls_hello_server(body, len, &hello)  -> chosen version, suite, group; is it a HelloRetryRequest?
 *
 * `body` is the message behind its four octets of type and length (RFC 8446 section 4). OpenSSL decides
 * what is right; here a message that ends too early is told as far as it goes.
 */
#include "protocols/tls/tls_session.h"

void tls_hello_client(const uint8_t *body, size_t len, struct tls_hello *hello);

/* True: it is a HelloRetryRequest (RFC 8446 section 4.1.3). */
bool tls_hello_server(const uint8_t *body, size_t len, struct tls_hello *hello);

/* The curve of a TLS 1.2 ServerKeyExchange (RFC 8422 section 5.4), 0 for none. */
uint16_t tls_hello_key_exchange(const uint8_t *body, size_t len);

/* The algorithm of a CertificateVerify (RFC 8446 section 4.4.3); NULL for one without a name here. */
const char *tls_hello_signature(const uint8_t *body, size_t len);

#define TLS_SNIFF_OCTETS 5 /* a record's header; enough to tell text from TLS */

enum tls_sniff { TLS_SNIFF_RECORD, TLS_SNIFF_TEXT, TLS_SNIFF_OTHER };

/* What do a peer's first TLS_SNIFF_OCTETS octets look like? */
enum tls_sniff tls_hello_sniff(const uint8_t first[TLS_SNIFF_OCTETS]);
#endif
