#ifndef PROTOCOLS_TLS_VERDICT_H
#define PROTOCOLS_TLS_VERDICT_H
/*
 * tls_verdict - how a step of a TLS session ends, and the words for everything TLS says.
 *
 *   tls_verdict_info(TLS_CERT_EXPIRED)    -> name "certificate-expired", lesson
 *   tls_alert_info(48)                    -> name "unknown_ca", lesson
 *   tls_message_info(TLS_CLIENT_HELLO)    -> name "ClientHello", lessons for 1.2, 1.3 and for an eavesdropper
 *
 * TLS_CERT_* tell what a client thinks of a certificate. They end a session that must check it, and are
 * only a remark where encryption is opportunistic. A verdict is what this end found; what the other end found
 * arrives as an alert, and then the verdict is TLS_ALERTED and the number tells why.
 */
#include <stdbool.h>
#include <stdint.h>

#include "protocols/wire/out.h"

/* RFC 8446 section 4.2.1, RFC 5246 appendix E: the numbers on the wire. */
enum tls_version { TLS_VERSION_NONE = 0, TLS_VERSION_1_2 = 0x0303, TLS_VERSION_1_3 = 0x0304 };

enum tls_verdict {
    TLS_GOES_ON,     /* nothing to decide: more octets are needed, or the handshake continues */
    TLS_ESTABLISHED, /* the handshake is complete with this step */
    TLS_DATA,        /* plaintext has arrived */
    TLS_NOTIFIED,    /* the peer's close_notify: no more data will come, and none is missing */

    TLS_CERT_TRUSTED,       /* chain, dates and name are right */
    TLS_CERT_EXPIRED,       /* its last day is over */
    TLS_CERT_NOT_YET_VALID, /* its first day has not come */
    TLS_CERT_WRONG_NAME,    /* good, but for another host */
    TLS_CERT_SELF_SIGNED,   /* signed with its own key, by nobody else */
    TLS_CERT_UNKNOWN_CA,    /* its chain ends at nobody this client trusts */
    TLS_CERT_BAD,           /* any other fault of a certificate: a broken signature, a forbidden use */

    TLS_NO_VERSION,  /* no protocol version in common */
    TLS_NO_CIPHER,   /* no cipher suite, group or signature algorithm in common */
    TLS_PLAIN_PEER,  /* the peer's first octets are text: it does not speak TLS here */
    TLS_GARBAGE,     /* the peer's first octets are neither TLS nor text */
    TLS_ALERTED,     /* the peer gave up and said so: see the alert's number */
    TLS_BROKEN,      /* the peer broke the protocol, or somebody changed octets on the way */
    TLS_PEER_CLOSED, /* the connection ended before the handshake was complete */
    TLS_TRUNCATED,   /* the connection ended without close_notify: data may be missing */
    TLS_MACHINE,     /* OpenSSL failed here: memory */
    TLS_VERDICTS
};

/* Does the session end with it? TLS_CERT_* do only where the check is required. */
static inline bool tls_verdict_is_failure(enum tls_verdict v)
{
    return v > TLS_CERT_TRUSTED && v < TLS_VERDICTS;
}

static inline bool tls_verdict_is_certificate(enum tls_verdict v)
{
    return v >= TLS_CERT_TRUSTED && v <= TLS_CERT_BAD;
}

struct tls_verdict_info {
    const char *name; /* "certificate-expired": for logs, JSON and exercises */
    struct wire_lesson words;
    struct wire_lesson tolerated; /* TLS_CERT_*: the client goes on nevertheless; title NULL elsewhere */
};

const struct tls_verdict_info *tls_verdict_info(enum tls_verdict verdict);

struct tls_alert_info {
    uint8_t number;   /* RFC 8446 section 6 */
    const char *name; /* "unknown_ca" */
    struct wire_lesson words;
};

/* Never NULL: a number that no RFC gives gets a row "unknown alert". */
const struct tls_alert_info *tls_alert_info(uint8_t number);
/* In the order of their numbers; NULL after the last. */
const struct tls_alert_info *tls_alert_at(unsigned index);

/* What travels in a handshake. HelloRetryRequest is a ServerHello with a certain random value (RFC 8446
 * section 4.1.3); ChangeCipherSpec is a record type of its own, listed here because it is told like the
 * others. */
#define TLS_MESSAGES(X)                                                                                      \
    X(HELLO_REQUEST, 0)                                                                                      \
    X(CLIENT_HELLO, 1)                                                                                       \
    X(SERVER_HELLO, 2)                                                                                       \
    X(NEW_SESSION_TICKET, 4)                                                                                 \
    X(END_OF_EARLY_DATA, 5)                                                                                  \
    X(ENCRYPTED_EXTENSIONS, 8)                                                                               \
    X(CERTIFICATE, 11)                                                                                       \
    X(SERVER_KEY_EXCHANGE, 12)                                                                               \
    X(CERTIFICATE_REQUEST, 13)                                                                               \
    X(SERVER_HELLO_DONE, 14)                                                                                 \
    X(CERTIFICATE_VERIFY, 15)                                                                                \
    X(CLIENT_KEY_EXCHANGE, 16)                                                                               \
    X(FINISHED, 20)                                                                                          \
    X(CERTIFICATE_STATUS, 22)                                                                                \
    X(KEY_UPDATE, 24)                                                                                        \
    X(HELLO_RETRY_REQUEST, 254)                                                                              \
    X(CHANGE_CIPHER_SPEC, 255)

enum tls_message {
#define X(name, number) TLS_##name = number,
    TLS_MESSAGES(X)
#undef X
};

struct tls_message_info {
    uint8_t number;
    const char *name;             /* "ClientHello" */
    struct wire_lesson words;     /* TLS 1.3, and 1.2 where it is the same */
    struct wire_lesson words12;   /* TLS 1.2; title NULL: as `words` */
    struct wire_lesson overheard; /* what an eavesdropper reads from it in the clear */
};

/* Never NULL: an unknown number gets a row "unknown message". */
const struct tls_message_info *tls_message_info(uint8_t number);
const struct tls_message_info *tls_message_at(unsigned index); /* NULL after the last */

/* What an eavesdropper gets of an encrypted handshake message or alert, and of application data. */
extern const struct wire_lesson tls_overheard_sealed;
extern const struct wire_lesson tls_overheard_alert;
extern const struct wire_lesson tls_overheard_data;
/* What happens to the lines of a protocol inside TLS. */
extern const struct wire_lesson tls_words_data;
#endif
