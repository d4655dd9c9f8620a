#ifndef PROTOCOLS_TLS_INSIDE_H
#define PROTOCOLS_TLS_INSIDE_H
/*
 * What tls_session.h hides.
 *
 *   tls_context.c  settings -> SSL_CTX; what a client thinks of a chain
 *   tls_session.c  the calls; octets in and out; what OpenSSL's errors mean
 *   tls_tell.c     OpenSSL's messages -> events of the step
 *   tls_chain.c    certificates as text
 */
#include <openssl/ssl.h>

#include "protocols/tls/tls_chance.h"
#include "protocols/tls/tls_hello.h"
#include "protocols/tls/tls_session.h"
#include "protocols/wire/writer.h"

struct tls_context {
    struct tls_lib *lib; /* borrowed */
    SSL_CTX *ssl;
    BIO_METHOD *method; /* reads the step's octets, writes to its `send` */
    enum tls_side side;
    enum tls_check check;
};

struct tls_session {
    struct tls_context *context; /* borrowed */
    SSL *ssl;
    struct tls_step *out; /* during a call; else NULL */
    const char *in;       /* during a step: what OpenSSL may still read */
    size_t in_len;
    uint32_t record_left; /* octets of the current record still to come */
    uint8_t header[TLS_SNIFF_OCTETS], header_len;
    uint8_t state; /* enum tls_state */
    uint8_t trust; /* enum tls_verdict */
    bool sniffed;  /* the first octets are a TLS record */
    bool tell;
    bool inner[2]; /* [sent]: the latest record is encrypted in the manner of TLS 1.3 */
    bool ccs[2];   /* [sent]: ChangeCipherSpec has passed */
    bool judged;   /* during a step: the verdict on the certificate has been told */
    int64_t now_s;
    char *server_name; /* client: owned; NULL: any */
    void *host;        /* borrowed */
    void (*keylog)(void *host, const char *line);
    struct tls_stream stream;
};

/* SSL_CTX_set_cert_verify_callback. */
int tls_context_judge(X509_STORE_CTX *store, void *context);

/* SSL_set_msg_callback. */
void tls_tell_octets(int sent, int version, int type, const void *octets, size_t len, SSL *ssl,
                     void *session);

/* Adds an event for a verdict of this end. */
void tls_tell_verdict(struct tls_session *s, enum tls_verdict verdict);

/* The peer's first octets, which are not TLS: in `out->text`, as text. */
void tls_tell_strange(struct tls_session *s, enum tls_verdict verdict, const char *octets, size_t len);

/* Fills in the step's chain, and the text of the Certificate message told last. */
void tls_tell_chain(struct tls_session *s, const X509 *leaf, STACK_OF(X509) * others);

/* One certificate in words. */
void tls_chain_describe(X509 *cert, struct tls_certificate *out);

/* Appends "2026-03-01". */
void tls_chain_put_date(struct wire_writer *w, int64_t seconds);
#endif
