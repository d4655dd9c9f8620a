#ifndef PROTOCOLS_SASL_SASL_H
#define PROTOCOLS_SASL_SASL_H
/*
 * sasl - proving who you are, in the words of a mechanism (RFC 4422).
 *
 *   mechanism  client says                         server says            on the wire
 *   PLAIN      NUL user NUL password               -                      the password
 *   LOGIN      user, then password                 "Username:" "Password:" the password
 *   CRAM-MD5   user SP hex(hmac(password, nonce))  "<nonce@host>"         no password
 *
 * SMTP, POP3 and IMAP reach this through protocols/wire/auth.h: pass &sasl_wire_server with a
 * struct sasl_server as ctx, or &sasl_wire_client with a struct sasl_client. The octets
 * here are decoded; base64 is the business of the protocols.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

#define SASL_USER_MAX      255 /* octets, RFC 4616 section 2 */
#define SASL_PASSWORD_MAX  255 /* octets, RFC 4616 section 2 */
#define SASL_CHALLENGE_MAX 320 /* octets: "<", two numbers, "@", a host name of 255, ">" */
#define SASL_MD5_LEN       16  /* octets of HMAC-MD5 */

enum sasl_mech { SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5, SASL_MECHS };

#define SASL_BIT(mech) (1u << (mech))
#define SASL_ALL       (SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN) | SASL_BIT(SASL_CRAM_MD5))

struct sasl_mech_info {
    enum sasl_mech mech;
    const char *name;                /* "CRAM-MD5" */
    bool client_first;               /* an initial response makes sense */
    bool clear_password;             /* who reads the line has the password */
    unsigned messages;               /* the client's messages */
    struct wire_lesson lesson;       /* what it is: what travels, who can read it */
    struct wire_lesson challenge[2]; /* each message of the server; title NULL: none */
    struct wire_lesson response[2];  /* each message of the client */
    const char *exam;                /* the words an exam uses */
};

/* The row of a mechanism; NULL for SASL_MECHS and beyond. */
const struct sasl_mech_info *sasl_mech_info(enum sasl_mech mech);

/* By name, without regard to case; SASL_MECHS if unknown. */
enum sasl_mech sasl_mech_find(struct wire_slice name);

/* What a verdict of wire_auth.h means to a learner. Never NULL for WIRE_AUTH_MORE .. TEMPFAIL. */
const struct wire_lesson *sasl_verdict_lesson(enum wire_auth verdict);

struct sasl_digest_ops {
    void (*hmac_md5)(const void *key, size_t key_len, const void *msg, size_t len,
                     unsigned char out[SASL_MD5_LEN]);
};

/* ---- server ---- */

struct sasl_server_ops {
    /* PLAIN, LOGIN, USER/PASS: WIRE_AUTH_OK, _DENIED or _TEMPFAIL. */
    enum wire_auth (*verify)(void *host, struct wire_slice user, struct wire_slice password);
    /* CRAM-MD5 needs the password itself: WIRE_AUTH_OK and *password, _DENIED (no such user) or _TEMPFAIL.
     * NULL where passwords are kept only as hashes: then CRAM-MD5 is not offered. */
    enum wire_auth (*lookup)(void *host, struct wire_slice user, struct wire_slice *password);
    /* PLAIN may name another identity to act as (RFC 4616 authzid): may `user` act as `as`? NULL: never,
     * except as itself. */
    bool (*may_act_as)(void *host, struct wire_slice user, struct wire_slice as);
    /* A number never given before, for the challenge; from the host's random stream. */
    uint64_t (*nonce)(void *host);
};

struct sasl_server_config { /* shared by all sessions; borrowed */
    const struct sasl_server_ops *ops;
    const struct sasl_digest_ops *digest; /* NULL: CRAM-MD5 is not offered */
    unsigned mechs;                       /* SASL_BIT()s offered */
    bool clear_needs_tls;        /* PLAIN, LOGIN, USER/PASS only inside TLS (RFC 8314, RFC 4954 section 4) */
    struct wire_slice host_name; /* in the challenge */
};

enum sasl_phase { SASL_IDLE, SASL_WAIT_FIRST, SASL_WAIT_PASSWORD, SASL_DONE };

/* Who logged in: about 260 octets, so the host decides where it lives. */
struct sasl_identity {
    uint8_t len;
    char name[SASL_USER_MAX];
};

struct sasl_server {
    const struct sasl_server_config *config; /* borrowed */
    void *host;                              /* borrowed, for the ops */
    struct sasl_identity *who;               /* borrowed, required: valid after WIRE_AUTH_OK */
    uint64_t nonce;
    uint64_t now_s; /* host keeps it: seconds, in the CRAM-MD5 challenge */
    uint8_t mech;   /* enum sasl_mech */
    uint8_t phase;  /* enum sasl_phase */
    bool tls;       /* host sets it when the connection is encrypted */
};

void sasl_server_init(struct sasl_server *s, const struct sasl_server_config *config, void *host,
                      struct sasl_identity *who);

/* Names offered now, space-separated, strongest first; "" for none. A static string. */
const char *sasl_server_mechanisms(const struct sasl_server *s);

/* Begins; in NULL: no initial response. out holds WIRE_AUTH_DATA_MAX octets. */
enum wire_auth sasl_server_begin(struct sasl_server *s, enum sasl_mech mech, const char *in, size_t len,
                                 char *out, size_t *out_len);
enum wire_auth sasl_server_step(struct sasl_server *s, const char *in, size_t len, char *out,
                                size_t *out_len);
void sasl_server_cancel(struct sasl_server *s);

/* USER/PASS and IMAP LOGIN. */
enum wire_auth sasl_server_login(struct sasl_server *s, struct wire_slice user, struct wire_slice password);

/* ctx is a struct sasl_server. */
extern const struct wire_auth_server sasl_wire_server;

/* ---- client ---- */

struct sasl_client_config {               /* the account; borrowed */
    const char *user, *password;          /* UTF-8, at most 255 octets each */
    const struct sasl_digest_ops *digest; /* NULL: no CRAM-MD5 */
    unsigned mechs;                       /* SASL_BIT()s this program knows */
    bool clear_needs_tls;                 /* never shows the password to the wire outside TLS */
};

struct sasl_client {
    const struct sasl_client_config *config; /* borrowed */
    uint8_t mech;                            /* SASL_MECHS: none chosen */
    uint8_t phase;                           /* messages sent */
    bool tls;                                /* host sets it */
};

void sasl_client_init(struct sasl_client *c, const struct sasl_client_config *config);

/* The first of CRAM-MD5, PLAIN, LOGIN (inside TLS: PLAIN, LOGIN, CRAM-MD5) that both know and that the
 * configuration allows here; NULL for none. `offered` is the server's space-separated list. */
const char *sasl_client_choose(struct sasl_client *c, const char *offered);
bool sasl_client_initial(struct sasl_client *c, char *out, size_t *out_len);
enum wire_auth sasl_client_respond(struct sasl_client *c, const char *in, size_t len, char *out,
                                   size_t *out_len);

/* ctx is a struct sasl_client. */
extern const struct wire_auth_client sasl_wire_client;
#endif
