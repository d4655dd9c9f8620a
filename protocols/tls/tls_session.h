#ifndef PROTOCOLS_TLS_SESSION_H
#define PROTOCOLS_TLS_SESSION_H
/*
 * tls_session - one end of a TLS 1.2 or 1.3 connection, without I/O.
 *
 *   HANDSHAKE --Finished--> OPEN --peer's close_notify--> READ_CLOSED --tls_session_close--> CLOSED
 *       |                    |`---- tls_session_close --> WRITE_CLOSED --peer's close_notify--^
 *       `-- any fault -------'--> FAILED
 *
 *   TCP data()     -> tls_session_step(s, in, len, out)    -> out->send to TCP, out->plain to the engine
 *   engine speaks  -> tls_session_send(s, text, len, out)  -> out->send to TCP
 *   TCP end        -> tls_session_eof(s, out)              -> was that all?
 *   out->more      -> tls_session_pull(s, out), when TCP has room again, before anything else
 *
 * A step takes octets up to the end of one TLS record, so that it tells one thing at a time; a part of a
 * record is taken too (the session keeps it), so a step with octets never returns 0 and the caller keeps
 * nothing. With `tell` set, out->event says what travelled: handshake messages, alerts, verdicts, each with
 * its lesson and with what an eavesdropper gets of it. The same calls run back to back in a test, over
 * simulated TCP and on a real socket.
 *
 * After a verdict for which tls_verdict_is_failure() is true, out->send holds the alert for the peer, if
 * there is one: send it, then close the connection. Behind STARTTLS the host drops whatever it received
 * before this session began (RFC 3207 section 4.2): they must not pass for octets from inside TLS.
 *
 * The same seed and settings give the same octets in any process, with any compiler; signatures also
 * depend on how this version of OpenSSL draws their nonces.
 *
 * What a session costs, with OpenSSL 3.0 on amd64 (tests/tls/test_cost.c measures and holds it): idle
 * 23 KB at the client, who keeps the server's chain, and 14 KB at the server; some 60 KB each while the
 * handshake runs. All of it is allocated by OpenSSL or in tls_session_new(), and freed by tls_session_free().
 * A handshake costs 0.8 ms of CPU time for both ends together, 1.2 ms with an issuing CA between, most of
 * it OpenSSL's handling of keys; a record of 100 octets 2 us, a full one 10 us.
 */
#include "protocols/tls/tls_lib.h"
#include "protocols/tls/tls_pki.h"
#include "protocols/tls/tls_verdict.h"
#include "protocols/wire/ascii.h"

#define TLS_SESSION_OCTETS   (24 * 1024) /* an idle session, at most: OpenSSL 3.0, amd64 */
#define TLS_HANDSHAKE_OCTETS (64 * 1024) /* the same during the handshake */

#define TLS_PLAIN_MAX        16384 /* octets of plaintext in one record, RFC 8446 section 5.1 */
#define TLS_RECORD_MAX       18437 /* octets of one record with its header, RFC 5246 section 6.2.3 */
#define TLS_EVENTS_MAX       32    /* told in one step */
#define TLS_TEXT_MAX         4096  /* octets of all events' texts in one step */
#define TLS_CHAIN_MAX        4     /* certificates told; a longer chain is used whole */
#define TLS_OFFERS_MAX       8     /* versions told of a ClientHello */
#define TLS_SUBJECT_MAX      128   /* octets of a subject as text, cut off there */
#define TLS_BINDING_MAX      64    /* octets of channel binding data */

/* ---- a host's settings, shared by its sessions ---- */

enum tls_side { TLS_CLIENT, TLS_SERVER };

enum tls_check {
    TLS_CHECK_NONE,          /* the certificate is not looked at */
    TLS_CHECK_OPPORTUNISTIC, /* looked at and told, never an obstacle: MTA to MTA, RFC 7435 */
    TLS_CHECK_REQUIRED       /* must be trusted: submission, POP3 and IMAP, RFC 8314 section 5 */
};

struct tls_context_config {
    enum tls_side side;
    enum tls_version min, max;          /* TLS_VERSION_NONE: no limit (1.2 and 1.3) */
    const char *ciphers;                /* TLS 1.2 suites by OpenSSL's names, "A:B"; NULL: six with AEAD */
    const char *suites;                 /* TLS 1.3 suites; NULL: the three of RFC 8446 section 9.1 */
    const char *groups;                 /* for the key exchange, "X25519:P-256"; NULL: these and P-384 */
    enum tls_check check;               /* client */
    const struct tls_pki *const *trust; /* client: CAs whose roots are trusted */
    unsigned trust_len;
    const char *trust_pem;       /* client: more roots as PEM text; NULL: none */
    const struct tls_cert *cert; /* server: required */
};

struct tls_context;

/* Copies what it needs. NULL: no memory, a version or suite that OpenSSL does not know, PEM that is none. */
struct tls_context *tls_context_new(struct tls_lib *lib, const struct tls_context_config *config);
/* After its sessions. */
void tls_context_free(struct tls_context *context);

/* ---- one connection ---- */

enum tls_state { TLS_HANDSHAKE, TLS_OPEN, TLS_READ_CLOSED, TLS_WRITE_CLOSED, TLS_CLOSED, TLS_FAILED };

struct tls_session_config {
    struct tls_random random; /* TLS_SEED_OCTETS are drawn from it, once */
    const char *server_name;  /* client: the name looked for in the certificate, and SNI if it is no address;
                                 NULL: any name will do */
    int64_t now_s;            /* virtual time, seconds since 1970: the day on which certificates are judged */
    bool tell;                /* fill in events; costs a little */
    void *host;               /* for keylog */
    /* One line for SSLKEYLOGFILE, without newline; NULL: none. Both ends have the same secrets: set it on
     * one. */
    void (*keylog)(void *host, const char *line);
};

struct tls_session;

/* NULL: no memory. A client says its ClientHello with tls_session_start. */
struct tls_session *tls_session_new(struct tls_context *context, const struct tls_session_config *config);
void tls_session_free(struct tls_session *s);

/* ---- what a call did ---- */

enum tls_event_kind {
    TLS_EVENT_MESSAGE, /* a handshake message or ChangeCipherSpec; number: enum tls_message */
    TLS_EVENT_ALERT,   /* number: the alert's */
    TLS_EVENT_VERDICT  /* a decision of this end; number: enum tls_verdict */
};

struct tls_event {
    uint8_t kind;                    /* enum tls_event_kind */
    uint8_t number;                  /* what, within the kind */
    bool sent;                       /* by this end; false: received, or decided */
    bool sealed;                     /* encrypted: an eavesdropper must not be shown `text` */
    bool fatal;                      /* ALERT */
    uint32_t octets;                 /* of the message, without record header and encryption */
    const char *name;                /* "ClientHello", "certificate_expired", "certificate-expired" */
    const struct wire_lesson *why;   /* never NULL */
    const struct wire_lesson *heard; /* what an eavesdropper gets; NULL for a verdict */
    struct wire_slice text;          /* one line for the trace, printable ASCII; in out->text */
};

/* From ClientHello and ServerHello, seen or sent. */
struct tls_hello {
    bool client, server;              /* which of them the step has told */
    char name[TLS_NAME_MAX + 1];      /* SNI, "" for none */
    uint16_t offered[TLS_OFFERS_MAX]; /* versions, in the client's order; without GREASE */
    uint8_t offered_len;
    uint16_t suites_len;   /* cipher suites offered */
    uint16_t chosen;       /* version of the ServerHello */
    uint16_t suite, group; /* chosen cipher suite and key share group (0 in 1.2) */
};

struct tls_certificate {
    char subject[TLS_SUBJECT_MAX], issuer[TLS_SUBJECT_MAX]; /* RFC 4514 form, printable */
    char names[4 * TLS_SUBJECT_MAX];                        /* SANs: "mail.example.com 192.0.2.1" */
    char serial[41];                                        /* hexadecimal, RFC 5280 4.1.2.2: 20 octets */
    int64_t not_before_s, not_after_s;                      /* seconds since 1970 */
    bool self_issued;                                       /* issuer and subject are the same */
};

/* About 42 KB; the caller has one for all sessions. A call resets what it does not fill; everything in it is
 * valid until the next call. */
struct tls_step {
    enum tls_state before, after;
    enum tls_verdict verdict;
    uint8_t alert; /* TLS_ALERTED: its number; a failure: the alert sent, if alert_sent */
    bool alert_sent;
    bool more;                     /* call tls_session_pull before anything else */
    const struct wire_lesson *why; /* of the verdict or the alert; NULL for TLS_GOES_ON */
    uint32_t send_len, plain_len, text_len;
    uint32_t events, chain_len;
    struct tls_event event[TLS_EVENTS_MAX];
    struct tls_hello hello;
    struct tls_certificate chain[TLS_CHAIN_MAX]; /* filled in with the Certificate message */
    char text[TLS_TEXT_MAX];
    char send[TLS_RECORD_MAX];
    char plain[TLS_PLAIN_MAX];
};

/* A client's first octets. A server has nothing to say first: it waits. */
void tls_session_start(struct tls_session *s, struct tls_step *out);

/* Takes octets from the peer, up to the end of a record; returns how many, > 0 if len > 0. In CLOSED and
 * FAILED octets are taken and dropped. */
size_t tls_session_step(struct tls_session *s, const char *in, size_t len, struct tls_step *out);

/* Encrypts the front of `plain` into one record; returns the octets taken: 0 while the handshake runs and
 * after tls_session_close. */
size_t tls_session_send(struct tls_session *s, const char *plain, size_t len, struct tls_step *out);

/* The rest of what did not fit in out->send; true if there was any. */
bool tls_session_pull(struct tls_session *s, struct tls_step *out);

/* Sends close_notify: this end says no more. Reading goes on until the peer's close_notify. */
void tls_session_close(struct tls_session *s, struct tls_step *out);

/* The connection below has ended: TLS_PEER_CLOSED, TLS_TRUNCATED, or TLS_GOES_ON if all was said before. */
void tls_session_eof(struct tls_session *s, struct tls_step *out);

/* ---- what is known of a session ---- */

enum tls_state tls_session_state(const struct tls_session *s);
enum tls_version tls_session_version(const struct tls_session *s); /* NONE before ServerHello */
const char *tls_session_cipher(const struct tls_session *s);       /* RFC name; "" before it is chosen */
const char *tls_session_server_name(
    const struct tls_session *s); /* SNI sent or received, as it came; "": none */
/* A client's opinion of the certificate: TLS_CERT_*; TLS_GOES_ON if it has not looked. */
enum tls_verdict tls_session_trust(const struct tls_session *s);

enum tls_binding {
    TLS_BINDING_UNIQUE,   /* "tls-unique", RFC 5929 section 3: TLS 1.2 only */
    TLS_BINDING_EXPORTER, /* "tls-exporter", RFC 9266: TLS 1.3 */
    TLS_BINDING_END_POINT /* "tls-server-end-point", RFC 5929 section 4: hash of the server's certificate */
};

/* Channel binding data for SCRAM-PLUS (RFC 5802 section 6), the same at both ends. Returns its octets; 0
 * before the session is open, or where the version has no such binding. */
size_t tls_session_binding(const struct tls_session *s, enum tls_binding type,
                           unsigned char out[TLS_BINDING_MAX]);

/* "TLS 1.3"; "TLS 1.0" and "SSL 3.0" for what a peer may offer; "0x1234" otherwise. */
const char *tls_version_name(uint16_t version, char buf[8]);
/* The names of RFC 8446 appendix B.4 and 4.2.7 for what this room can negotiate, NULL for others. */
const char *tls_suite_name(uint16_t suite);
const char *tls_group_name(uint16_t group);
#endif
