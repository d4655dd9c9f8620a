#ifndef PROTOCOLS_SASL_SASL_H
#define PROTOCOLS_SASL_SASL_H
/*
 * sasl - proving who you are, in the words of a mechanism (RFC 4422).
 *
 *   mechanism           client says                         server says             on the wire
 *   PLAIN               NUL user NUL password               -                       the password
 *   LOGIN               user, then password                 "Username:" "Password:" the password
 *   CRAM-MD5            user SP hex(hmac(password, nonce))  "<nonce@host>"          no password
 *   SCRAM-SHA-256       user and nonce, then a proof        nonce, salt, rounds;    no password
 *                                                           then its own proof
 *   SCRAM-SHA-256-PLUS  the same, tied to this TLS          the same                no password
 *   XOAUTH2,            known by name, never offered: there is nobody here who
 *   OAUTHBEARER         gives out tokens
 *
 * SMTP, POP3 and IMAP reach this through protocols/wire/auth.h: pass &sasl_wire_server with a
 * struct sasl_server as ctx, or &sasl_wire_client with a struct sasl_client. The octets
 * here are decoded; base64 is the business of the protocols.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

#define SASL_USER_MAX      255  /* octets, RFC 4616 section 2 */
#define SASL_PASSWORD_MAX  255  /* octets, RFC 4616 section 2 */
#define SASL_CHALLENGE_MAX 320  /* octets: "<", two numbers, "@", a host name of 255, ">" */
#define SASL_MD5_LEN       16   /* octets of HMAC-MD5 */
#define SASL_SHA256_LEN    32   /* octets of SHA-256 and HMAC-SHA-256 */
#define SASL_NONCE_MAX     32   /* octets of a SCRAM nonce of ours: 192 random bits in base64 */
#define SASL_SALT_MAX      32   /* octets of a salt of ours */
#define SASL_FIRST_MAX     1024 /* octets of a client's first SCRAM message: two names, fully escaped, fit */
#define SASL_ROUNDS_MIN    4096 /* RFC 7677 section 4; a client refuses less */
#define SASL_ROUNDS_MAX    1000000 /* a client refuses more: a server could keep it busy for hours */

enum sasl_mech {
    SASL_PLAIN,
    SASL_LOGIN,
    SASL_CRAM_MD5,
    SASL_SCRAM_SHA_256,
    SASL_SCRAM_SHA_256_PLUS,
    SASL_XOAUTH2,     /* from here on: known, refused */
    SASL_OAUTHBEARER, /* RFC 7628 */
    SASL_MECHS
};

#define SASL_BIT(mech) (1u << (mech))
/* Every mechanism that works here, where the host supplies what it needs. */
#define SASL_ALL                                                                                             \
    (SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN) | SASL_BIT(SASL_CRAM_MD5) | SASL_BIT(SASL_SCRAM_SHA_256) |  \
     SASL_BIT(SASL_SCRAM_SHA_256_PLUS))

#define SASL_MESSAGES_MAX 3 /* of one side, in any mechanism */

struct sasl_mech_info {
    enum sasl_mech mech;
    const char *name;          /* "CRAM-MD5" */
    bool client_first;         /* an initial response makes sense */
    bool clear_password;       /* who reads the line has the password */
    bool mutual;               /* the server proves itself too */
    unsigned messages;         /* the client's messages; 0: the mechanism is known and refused */
    struct wire_lesson lesson; /* what it is: what travels, who can read it */
    const char *eavesdropper;  /* what whoever reads the packets outside TLS has then */
    struct wire_lesson challenge[SASL_MESSAGES_MAX]; /* each message of the server; title NULL: none */
    struct wire_lesson response[SASL_MESSAGES_MAX];  /* each message of the client */
    const char *exam;                                /* the words an exam uses */
};

/* The row of a mechanism; NULL for SASL_MECHS and beyond. */
const struct sasl_mech_info *sasl_mech_info(enum sasl_mech mech);

/* By name, without regard to case; SASL_MECHS if unknown. */
enum sasl_mech sasl_mech_find(struct wire_slice name);

/* What a verdict of wire_auth.h means to a learner. Never NULL for WIRE_AUTH_MORE .. TEMPFAIL. */
const struct wire_lesson *sasl_verdict_lesson(enum wire_auth verdict);

/* What exactly was wrong in an exchange. It does not travel (a stranger learns only that it failed), but a
 * log and a lesson tell it. */
#define SASL_FAULTS(X)                                                                                       \
    X(NONE)                                                                                                  \
    X(PROOF)            /* server: the proof is not that of the password */                                  \
    X(UNKNOWN_USER)     /* server: there is no such user; the exchange ran to its end all the same */        \
    X(NONCE)            /* either: not the nonce of this exchange: an old message played again */            \
    X(BINDING)          /* server: the proof was made for another TLS connection */                          \
    X(BINDING_TYPE)     /* server: a kind of channel binding that this end does not have */                  \
    X(DOWNGRADE)        /* server: the client was not shown -PLUS although it is offered */                  \
    X(ROUNDS)           /* client: too few rounds to be safe, or too many to compute */                      \
    X(SERVER_SIGNATURE) /* client: the server does not know the password */                                  \
    X(SERVER_REFUSES)   /* client: the server's last message is an error */

enum sasl_fault {
#define X(name) SASL_FAULT_##name,
    SASL_FAULTS(X)
#undef X
        SASL_FAULT_COUNT
};

/* Never NULL below SASL_FAULT_COUNT. */
const struct wire_lesson *sasl_fault_lesson(enum sasl_fault fault);

/* As protocols/tls/digest.h has them. */
struct sasl_digest_ops {
    void (*hmac_md5)(const void *key, size_t key_len, const void *msg, size_t len,
                     unsigned char out[SASL_MD5_LEN]);
    void (*sha256)(const void *msg, size_t len, unsigned char out[SASL_SHA256_LEN]); /* NULL: no SCRAM */
    void (*hmac_sha256)(const void *key, size_t key_len, const void *msg, size_t len,
                        unsigned char out[SASL_SHA256_LEN]);
    void (*pbkdf2_sha256)(const void *password, size_t password_len, const void *salt, size_t salt_len,
                          uint32_t rounds, unsigned char out[SASL_SHA256_LEN]);
};

/*
 * SASLprep (RFC 4013): one spelling of a name or password, so that its hash is the same wherever it is typed.
 * ASCII without controls stays as it is. Of the rest, U+00A0 and the other spaces become a space, what RFC
 * 3454 table B.1 maps to nothing goes away, and letters that Unicode normalization (NFKC) never changes stay:
 * Latin-1 and Latin Extended-A letters, Greek, Cyrillic, kana and Han ideographs. Everything else is refused:
 * controls and the other prohibited characters because they must be, combining marks, compatibility forms and
 * right-to-left scripts because a wrong guess would be a password that works here and nowhere else. False:
 * refused, or no UTF-8, or nothing left. out holds in.len octets.
 */
bool sasl_prep(struct wire_slice in, char *out, size_t *out_len);

/* ---- SCRAM (RFC 5802, RFC 7677) ---- */

/* What a server keeps instead of the password. */
struct sasl_secret {
    uint32_t rounds;  /* of PBKDF2 */
    uint8_t salt_len; /* 1 .. SASL_SALT_MAX */
    unsigned char salt[SASL_SALT_MAX];
    unsigned char stored_key[SASL_SHA256_LEN]; /* H(ClientKey): recognizes the client's proof */
    unsigned char server_key[SASL_SHA256_LEN]; /* makes the server's proof */
};

/* The keys from the password; rounds and salt are set by the caller. Costs `rounds` HMACs: keep the result.
 * False: SASLprep refuses the password. */
bool sasl_secret_make(const struct sasl_digest_ops *digest, struct wire_slice password,
                      struct sasl_secret *secret);

/* 192 random bits as a nonce. Returns its octets (SASL_NONCE_MAX). */
size_t sasl_nonce_put(char out[SASL_NONCE_MAX], const uint64_t random[3]);

/* Which secret of the TLS connection the proof is tied to. */
enum sasl_binding {
    SASL_BINDING_NONE,
    SASL_BINDING_TLS_UNIQUE,  /* RFC 5929 section 3: TLS 1.2, the first Finished message */
    SASL_BINDING_TLS_EXPORTER /* RFC 9266: 32 octets that only the two ends can compute */
};

#define SASL_BINDING_DATA_MAX 64 /* octets */

/* "tls-exporter"; NULL for NONE. */
const char *sasl_binding_name(enum sasl_binding binding);

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
    /* SCRAM: what is kept of the user's password. WIRE_AUTH_OK; _DENIED: no such user, and *secret holds
     * rounds and a salt all the same, always those, so that nobody can try names out; _TEMPFAIL. NULL: no
     * SCRAM. */
    enum wire_auth (*secret)(void *host, struct wire_slice user, struct sasl_secret *secret);
    /* SCRAM: a nonce never given before: visible ASCII without comma. Returns its octets. NULL: no SCRAM. */
    size_t (*scram_nonce)(void *host, char out[SASL_NONCE_MAX]);
};

struct sasl_server_config { /* shared by all sessions; borrowed */
    const struct sasl_server_ops *ops;
    const struct sasl_digest_ops *digest; /* NULL: PLAIN and LOGIN only */
    unsigned mechs;                       /* SASL_BIT()s offered */
    bool clear_needs_tls;        /* PLAIN, LOGIN, USER/PASS only inside TLS (RFC 8314, RFC 4954 section 4) */
    bool all_need_tls;           /* the others too: outside TLS no mechanism is offered, and none is taken */
    struct wire_slice host_name; /* in the challenge */
};

enum sasl_phase {
    SASL_IDLE,
    SASL_WAIT_FIRST,
    SASL_WAIT_PASSWORD,
    SASL_WAIT_PROOF,
    SASL_WAIT_LAST,
    SASL_DONE
};

/* What the server remembers between two SCRAM messages. */
struct sasl_scram {
    uint16_t first_len, bare_at, nonce_at; /* offsets into first; the client's nonce is nonce_len octets */
    uint16_t nonce_len;
    uint8_t server_nonce_len;
    bool known; /* the user exists */
    char first[SASL_FIRST_MAX];
    char server_nonce[SASL_NONCE_MAX];
    struct sasl_secret secret;
};

/* Who logs in, and what the exchange needs: about 1.5 KB, so the host decides where it lives; it needs to
 * only from begin() to the last verdict. */
struct sasl_identity {
    uint8_t len;
    char name[SASL_USER_MAX];
    struct sasl_scram scram; /* meaningful while a SCRAM exchange lasts */
};

struct sasl_server {
    const struct sasl_server_config *config; /* borrowed */
    void *host;                              /* borrowed, for the ops */
    struct sasl_identity *who;               /* borrowed, required: valid after WIRE_AUTH_OK */
    uint64_t nonce;
    uint64_t now_s; /* host keeps it: seconds, in the CRAM-MD5 challenge */
    /* Host sets both when TLS is up and can bind: -PLUS is offered then. */
    struct wire_slice binding; /* borrowed: at most SASL_BINDING_DATA_MAX octets */
    uint8_t binding_type;      /* enum sasl_binding */
    uint8_t mech;              /* enum sasl_mech: the last one tried */
    uint8_t phase;             /* enum sasl_phase */
    uint8_t fault;             /* enum sasl_fault of the last exchange */
    bool tls;                  /* host sets it when the connection is encrypted */
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
    const struct sasl_digest_ops *digest; /* NULL: PLAIN and LOGIN only */
    unsigned mechs;                       /* SASL_BIT()s this program knows */
    bool clear_needs_tls;                 /* never shows the password to the wire outside TLS */
    /* SCRAM: a nonce never used before, see sasl_server_ops. NULL: no SCRAM. */
    size_t (*nonce)(void *host, char out[SASL_NONCE_MAX]);
    void *host; /* borrowed, for nonce */
};

struct sasl_client {
    const struct sasl_client_config *config; /* borrowed */
    struct wire_slice binding;               /* as in struct sasl_server */
    union {
        char nonce[SASL_NONCE_MAX];               /* SCRAM, until the proof is sent */
        unsigned char signature[SASL_SHA256_LEN]; /* then: what the server must answer */
    } scram;
    uint8_t nonce_len;
    uint8_t binding_type; /* enum sasl_binding */
    uint8_t mech;         /* SASL_MECHS: none chosen */
    uint8_t phase;        /* messages sent */
    uint8_t fault;        /* enum sasl_fault of the last exchange */
    char flag;            /* SCRAM: 'p' bound, 'y' would have but -PLUS was not offered, 'n' cannot */
    bool tls;             /* host sets it */
    bool asked;           /* SCRAM: the server has asked for the first message */
    bool proven;          /* SCRAM: the server has proven that it knows the password */
};

void sasl_client_init(struct sasl_client *c, const struct sasl_client_config *config);

/* The first that both know and that the configuration allows here: outside TLS SCRAM-SHA-256-PLUS,
 * SCRAM-SHA-256, CRAM-MD5, PLAIN, LOGIN; inside TLS CRAM-MD5 comes last. NULL for none. `offered` is the
 * server's space-separated list. */
const char *sasl_client_choose(struct sasl_client *c, const char *offered);
bool sasl_client_initial(struct sasl_client *c, char *out, size_t *out_len);
enum wire_auth sasl_client_respond(struct sasl_client *c, const char *in, size_t len, char *out,
                                   size_t *out_len);
/* The server says that the login is done: is it, as far as the mechanism goes? False for SCRAM when the
 * server has not proven that it knows the password. */
bool sasl_client_complete(const struct sasl_client *c);

/* ctx is a struct sasl_client. */
extern const struct wire_auth_client sasl_wire_client;
#endif
