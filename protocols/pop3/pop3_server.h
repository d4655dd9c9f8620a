#ifndef PROTOCOLS_POP3_SERVER_H
#define PROTOCOLS_POP3_SERVER_H
/*
 * pop3_server - the server's half of a POP3 session (RFC 1939, 2449, 2595, 5034), without I/O.
 *
 *   AUTHORIZATION --PASS, APOP, AUTH--> TRANSACTION --QUIT--> UPDATE
 *         |  ^                               `--time-out--> CLOSED (nothing deleted)
 *         |  `-STLS-'
 *         `----------QUIT, too many failures, time-out----> CLOSED
 *
 * A step takes one line off the front and tells what it did. Listings and messages longer
 * than one piece are pulled: while `out->more` is true the host calls pop3_server_pull and
 * not step. A session is under 200 octets; the maildrop, the marks for deletion and the
 * identity belong to the host and are reached through ops.
 *
 *   pop3_server_init(&s, &config, host, &sasl_wire_server, &sasl);
 *   pop3_server_start(&s, now_ns, &out);                     greeting in out.send
 *   while ((n = pop3_server_step(&s, in, len, &out)) > 0) {   one command
 *       send(out.send); while (out.more) { pop3_server_pull(&s, &out); send(out.send); }
 *       if (out.start_tls) { drop what else has arrived, hand-shake, pop3_server_tls_started(&s); }
 *       if (out.close) break;
 *   }
 *   pop3_server_lost(&s) when the connection ends before UPDATE: unlocks, deletes nothing.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

#define POP3_LINE_MAX 255 /* octets of a command with CRLF, RFC 2449 section 4 */
/* octets of an AUTH response with CRLF: WIRE_AUTH_DATA_MAX in base64, RFC 5034 section 4 */
#define POP3_AUTH_LINE_MAX 4098
#define POP3_REPLY_MAX     512 /* octets of a first reply line with CRLF, RFC 2449 section 4 */
#define POP3_USER_MAX      80  /* octets of a user name in USER; RFC 1939 section 3 says arguments up to 40 */
#define POP3_UIDL_MAX      70  /* octets of a unique-id, RFC 1939 section 7 */
#define POP3_AUTOLOGOUT_NS (600ULL * 1000000000ULL) /* RFC 1939 section 3: at least 10 minutes */

enum pop3_state { POP3_AUTHORIZATION, POP3_TRANSACTION, POP3_UPDATE, POP3_CLOSED, POP3_STATES };

enum pop3_verb {
    POP3_CONNECT, /* no command: the connection is open */
    POP3_USER,
    POP3_PASS,
    POP3_APOP,
    POP3_AUTH,
    POP3_AUTH_DATA, /* no command: the line that answers a challenge */
    POP3_STLS,
    POP3_UTF8,
    POP3_CAPA,
    POP3_STAT,
    POP3_LIST,
    POP3_UIDL,
    POP3_RETR,
    POP3_TOP,
    POP3_DELE,
    POP3_RSET,
    POP3_NOOP,
    POP3_QUIT,
    POP3_IDLE,  /* no command: the autologout timer */
    POP3_OTHER, /* a line that is no command of ours */
    POP3_VERBS
};

enum pop3_verdict { /* why; tests assert on this, not on the text */
                    POP3_GREETED,
                    POP3_USER_NOTED,
                    POP3_LOGGED_IN,
                    POP3_CHALLENGED,
                    POP3_TLS_READY,
                    POP3_CAPABILITIES,
                    POP3_UTF8_ON,
                    POP3_STATUS,
                    POP3_LISTED,
                    POP3_LISTED_ALL,
                    POP3_ID,
                    POP3_IDS,
                    POP3_MESSAGE,
                    POP3_MESSAGE_TOP,
                    POP3_MARKED,
                    POP3_UNMARKED,
                    POP3_NOTHING_DONE, /* NOOP */
                    POP3_COMMITTED,    /* QUIT after login */
                    POP3_LEFT,         /* QUIT before login */
                    POP3_UNKNOWN,
                    POP3_WRONG_STATE,
                    POP3_BAD_ARGS,
                    POP3_BAD_LINE,
                    POP3_LINE_TOO_LONG,
                    POP3_USER_FIRST,
                    POP3_DENIED,
                    POP3_IN_USE,
                    POP3_TEMPFAIL,
                    POP3_PERMFAIL,
                    POP3_NEED_TLS,
                    POP3_TLS_ACTIVE,
                    POP3_NO_MECHANISM,
                    POP3_BAD_RESPONSE, /* not base64, or not what the mechanism wants */
                    POP3_CANCELLED,
                    POP3_TOO_MANY_FAILURES,
                    POP3_NO_SUCH_MESSAGE,
                    POP3_ALREADY_MARKED,
                    POP3_NEEDS_UTF8,    /* its header is in UTF-8 and the client has not said UTF8 */
                    POP3_NOT_COMMITTED, /* QUIT: some marked messages could not be removed */
                    POP3_TIMED_OUT,     /* closed without a word, RFC 1939 section 3 */
                    POP3_VERDICTS
};

/* What opening a maildrop comes to. */
enum pop3_open { POP3_OPEN_OK, POP3_OPEN_IN_USE, POP3_OPEN_TEMPFAIL, POP3_OPEN_PERMFAIL };

/* The maildrop. Messages are 0 .. count-1 here and do not change until close. */
struct pop3_server_ops {
    /* Locks the maildrop of whoever has just logged in through `auth`, and counts its messages. */
    enum pop3_open (*open)(void *host, uint32_t *count);
    uint64_t (*size)(void *host, uint32_t i);          /* octets as stored, not dot-stuffed */
    struct wire_slice (*uidl)(void *host, uint32_t i); /* 1 to 70 visible characters */
    struct wire_slice (*bytes)(void *host,
                               uint32_t i); /* the whole message, lines end in CRLF; valid until close */
    bool (*marked)(void *host, uint32_t i);
    void (*mark)(void *host, uint32_t i, bool deleted);
    /* Unlocks. commit: remove the marked messages first; false if one could not be removed. */
    bool (*close)(void *host, bool commit);
    /* APOP: is `digest` (32 hex digits) MD5(timestamp + the user's secret)? NULL unless config->apop. */
    enum wire_auth (*apop)(void *host, struct wire_slice user, struct wire_slice timestamp,
                           struct wire_slice digest);
    /* A number never given before, for the APOP timestamp. NULL unless config->apop. */
    uint64_t (*nonce)(void *host);
};

struct pop3_server_config { /* shared by all sessions; borrowed */
    const struct pop3_server_ops *ops;
    struct wire_slice host_name;
    uint64_t idle_ns;      /* 0: POP3_AUTOLOGOUT_NS */
    unsigned failures_max; /* failed logins until the server hangs up; 0: no limit */
    bool stls;             /* offers STLS */
    bool user;             /* offers USER and PASS */
    bool user_needs_tls;   /* ... only inside TLS, RFC 8314 section 3 */
    bool apop;             /* offers APOP: off unless asked for */
};

enum pop3_pull { POP3_PULL_NONE, POP3_PULL_LIST, POP3_PULL_UIDL, POP3_PULL_BODY };

struct pop3_server {
    const struct pop3_server_config *config; /* borrowed */
    void *host;                              /* borrowed, for the ops */
    const struct wire_auth_server *auth;     /* borrowed */
    void *auth_ctx;                          /* borrowed */
    uint64_t deadline_ns;
    uint64_t apop_nonce;
    uint64_t at, end; /* what remains to be pulled: octets of the message */
    uint32_t count;   /* messages in the maildrop, marked ones too */
    uint32_t next;    /* next message of a listing, or the one being sent */
    uint8_t state;    /* enum pop3_state */
    uint8_t pull;     /* enum pop3_pull */
    uint8_t failures; /* failed logins */
    uint8_t user_len;
    bool tls;
    bool in_auth;             /* the next line answers a challenge */
    bool open;                /* the maildrop is locked */
    bool utf8;                /* the client takes headers in UTF-8, RFC 6856 */
    char user[POP3_USER_MAX]; /* from USER; user_len 0 until then */
};

struct pop3_step { /* all that one line did */
    enum pop3_verb verb;
    enum pop3_state before, after;
    enum pop3_verdict verdict;
    const struct wire_lesson *asked;    /* the verb's row */
    const struct wire_lesson *answered; /* the verdict's row */
    uint32_t message;                   /* the number that was named, from 1; 0: none */
    uint32_t secret_at, secret_len;     /* in the line that was taken: what a view masks */
    bool more;                          /* pop3_server_pull has more to send */
    bool start_tls;                     /* hand-shake once send is sent; drop input that is already there */
    bool close;                         /* close once all is sent */
    struct wire_out send;
};

void pop3_server_init(struct pop3_server *s, const struct pop3_server_config *config, void *host,
                      const struct wire_auth_server *auth, void *auth_ctx);

/* The connection is open: the greeting. */
void pop3_server_start(struct pop3_server *s, uint64_t now_ns, struct pop3_step *out);

/* Returns the octets taken off `in`: one line; 0 if it is not complete yet, and then *out is
 * untouched. Not to be called while out->more, or after out->close. */
size_t pop3_server_step(struct pop3_server *s, const char *in, size_t len, struct pop3_step *out);

/* The next piece of a listing or message into out->send (only send and more change); false if there is
 * none. */
bool pop3_server_pull(struct pop3_server *s, struct pop3_step *out);

/* The TLS handshake that out->start_tls asked for is done, or TLS was there from the start (port 995). */
void pop3_server_tls_started(struct pop3_server *s);

/* Octets came or went: the autologout timer starts again. */
void pop3_server_touch(struct pop3_server *s, uint64_t now_ns);

/* When to call expire, in ns of the host's clock; UINT64_MAX when closed. */
uint64_t pop3_server_deadline(const struct pop3_server *s);

/* At or past the deadline: closes without a reply and without deleting; false if it is too early. */
bool pop3_server_expire(struct pop3_server *s, uint64_t now_ns, struct pop3_step *out);

/* The connection is gone: unlocks the maildrop without deleting. Harmless when it was closed well. */
void pop3_server_lost(struct pop3_server *s);

/* ---- the protocol as tables, for views ---- */

struct pop3_verb_info {
    enum pop3_verb verb;
    const char *name; /* "RETR"; "" for what is no command */
    unsigned states;  /* 1 << state where it is allowed */
    uint8_t args_min, args_max;
    const char *form; /* "RETR message-number" */
    struct wire_lesson lesson;
    const enum pop3_verdict *verdicts; /* those of its own, ended by POP3_VERDICTS */
};

struct pop3_verdict_info {
    enum pop3_verdict verdict;
    const char *name;   /* "NO_SUCH_MESSAGE" */
    const char *status; /* "+OK", "-ERR", "+", "" */
    const char *code;   /* response code: "[IN-USE] " with its space, or "" */
    const char *text;   /* the default words; "" where numbers follow */
    struct wire_lesson lesson;
};

/* Lines that follow a reply. */
enum pop3_data {
    POP3_CAPA_LINE,
    POP3_LIST_LINE,
    POP3_UIDL_LINE,
    POP3_BODY_LINES,
    POP3_END_LINE,
    POP3_DATA_LINES
};

const struct wire_lesson *pop3_data_lesson(enum pop3_data line);
const struct pop3_verb_info *pop3_verb_info(enum pop3_verb verb);
const struct pop3_verdict_info *pop3_verdict_info(enum pop3_verdict verdict);
const char *pop3_state_name(enum pop3_state state);

/* By name, without regard to case: POP3_OTHER if unknown. */
enum pop3_verb pop3_verb_find(const char *name, size_t len);

/* True when the verb can end in the verdict: its own list, or what any command can meet. */
bool pop3_verb_can_end(enum pop3_verb verb, enum pop3_verdict verdict);
#endif
