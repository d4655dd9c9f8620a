#ifndef PROTOCOLS_IMAP_CLIENT_H
#define PROTOCOLS_IMAP_CLIENT_H
/*
 * imap_client - the client's half of an IMAP session (RFC 3501, RFC 9051), without I/O.
 *
 *   GREETING -> CAPABILITY -> [STARTTLS -> TLS -> CAPABILITY] -> LOGIN | AUTHENTICATE
 *            -> READY -> one task after the other -> LOGOUT -> CLOSED
 *
 *   host:  imap_client_start(...);
 *          used = imap_client_step(&c, in, len, &step); send(step.send);
 *          while (step.more && room to send) imap_client_pull(&c, &step); send(...)
 *          if (step.answer == IMAP_ANSWER_TLS_NOW) { handshake; imap_client_tls_started(&c, &step); send }
 *          if (step.close) close after sending
 *
 * A mail app's work is a list of tasks, each one command. What the server says in reply
 * reaches the host through struct imap_client_ops, message bodies in slices as they arrive.
 * The receive buffer must be able to hold IMAP_LINE_MAX octets in one piece.
 */
#include "protocols/imap/imap_table.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

#define IMAP_FOUND_MAX 1000000 /* numbers that one ESEARCH may unfold to; a limit of ours */

enum imap_client_state {
    IMAP_CLIENT_GREETING,
    IMAP_CLIENT_CAPABILITY,
    IMAP_CLIENT_STARTTLS,
    IMAP_CLIENT_TLS, /* the host shakes hands */
    IMAP_CLIENT_LOGIN,
    IMAP_CLIENT_READY,
    IMAP_CLIENT_TASK,
    IMAP_CLIENT_IDLE,
    IMAP_CLIENT_LOGOUT,
    IMAP_CLIENT_CLOSED,
    IMAP_CLIENT_STATES
};

/* clang-format off */
/* What one piece of input meant; for a task, how it ended. */
#define IMAP_ANSWERS(X) \
    X(NOTED) X(CONTENT) X(GREETING) X(GO_ON) X(OK) X(NO) X(BAD) X(BYE) \
    X(TLS_NOW) X(TLS_MISSING) X(TLS_REFUSED) X(NO_WAY_IN) X(LOGIN_REFUSED) X(LOGGED_IN) \
    X(NOT_OFFERED) X(NOT_IMAP) X(GARBLED) X(TOO_LONG) X(FINISHED)
/* clang-format on */
#define IMAP_ENUM_ANSWER(name) IMAP_ANSWER_##name,
enum imap_answer { IMAP_ANSWERS(IMAP_ENUM_ANSWER) IMAP_ANSWERS_END };

struct imap_answer_info {
    const char *name;
    struct wire_lesson lesson;
};
const struct imap_answer_info *imap_answer_info(enum imap_answer answer);
const char *imap_client_state_name(enum imap_client_state state);

/* One command. Strings are borrowed until its result is reported; NULL where a verb has no use for them. */
struct imap_task {
    enum imap_verb verb;
    const char *mailbox; /* SELECT (with its parameters in args), STATUS, APPEND, CREATE...; COPY and MOVE:
                            the destination; LIST: the pattern */
    const char *to;      /* RENAME: the new name */
    const char *set;     /* "1:*", "4,7:9": numbers, or uids with the UID verbs */
    const char *args;    /* FETCH: "(UID FLAGS)"; SEARCH: "UNSEEN"; STORE and APPEND: "(\\Seen)"; STATUS:
                            "(MESSAGES)";    SELECT: "(CONDSTORE)"; ENABLE: "QRESYNC" */
    enum imap_flag_mode mode; /* STORE */
    bool silent;              /* STORE: do not report the flags back */
    uint64_t size_octets;     /* APPEND: of the message */
    uint32_t id;              /* the host's */
};

/* Parts of struct imap_fetched that are there; bits. */
enum imap_fetched_part {
    IMAP_FETCHED_UID = 1 << 0,
    IMAP_FETCHED_FLAGS = 1 << 1,
    IMAP_FETCHED_SIZE = 1 << 2,
    IMAP_FETCHED_DATE = 1 << 3,
    IMAP_FETCHED_ENVELOPE = 1 << 4,
    IMAP_FETCHED_BODY = 1 << 5, /* its content came through body() before */
    IMAP_FETCHED_STRUCTURE = 1 << 6,
    IMAP_FETCHED_MODSEQ = 1 << 7
};

struct imap_envelope { /* unquoted; empty for NIL. Addresses are "mailbox@host" of the first one */
    struct wire_slice date, subject, from_name, from, to, message_id, in_reply_to;
};

/* One FETCH response. When content stands in its middle, what came before it is reported
 * before the content, and the rest in a second call with the same seq. */
struct imap_fetched {
    uint32_t seq, uid;
    unsigned have;               /* enum imap_fetched_part */
    unsigned flags;              /* enum imap_flag */
    struct wire_slice flag_list; /* all flags as the server wrote them, keywords too */
    uint64_t size_octets;
    uint64_t modseq;        /* of its last change (RFC 7162) */
    struct wire_slice date; /* "01-Jan-2024 09:05:00 +0100" */
    struct imap_envelope envelope;
    struct wire_slice structure; /* BODYSTRUCTURE as the server wrote it */
};

struct imap_body {             /* a slice of content */
    uint32_t seq, uid;         /* uid 0: not known yet */
    struct wire_slice section; /* between the brackets: "", "1.2", "HEADER"; in the first slice only */
    const char *bytes;
    size_t len;
    uint64_t offset, size_octets; /* of this slice; of the whole. offset + len == size: the last slice */
};

struct imap_opened { /* an open mailbox, as far as the server has told */
    uint32_t exists, recent, unseen, uidvalidity, uidnext;
    bool read_only;
    uint64_t highest_modseq; /* of its latest change (RFC 7162); 0: not told, or none kept */
};

struct imap_summary { /* ESEARCH (RFC 4731), as far as the server told; numbers of ALL came through found() */
    uint32_t min, max, count;
    uint64_t modseq;
    bool uid, counted;
};

/* After NOT_IMAP, text is what stood in place of a greeting. */
struct imap_result {
    const struct imap_task *task; /* NULL: the login */
    enum imap_answer answer;
    struct wire_slice code; /* between [ ], "" for none: "TRYCREATE" */
    struct wire_slice text;
    uint32_t uidvalidity, uid; /* APPENDUID; of COPYUID the validity */
};

/* All may be NULL except next_task, and append_read where an APPEND is a task. Slices are borrowed for the
 * call. */
struct imap_client_ops {
    /* The next command, NULL: nothing to do now (imap_client_wake later). A task is borrowed until result().
     */
    const struct imap_task *(*next_task)(void *host);
    void (*result)(void *host, const struct imap_result *r);
    void (*capability)(void *host, struct wire_slice names);
    void (*mailbox)(void *host, struct wire_slice attributes, struct wire_slice name, bool subscribed_list);
    void (*status)(void *host, struct wire_slice mailbox,
                   struct wire_slice items);                 /* "MESSAGES 3 UNSEEN 1" */
    void (*opened)(void *host, const struct imap_opened *m); /* before the result of SELECT */
    void (*exists)(void *host, uint32_t exists);             /* new mail has come */
    void (*expunged)(void *host, uint32_t seq);              /* later numbers move down by one */
    void (*fetched)(void *host, const struct imap_fetched *f);
    void (*body)(void *host, const struct imap_body *b);
    void (*found)(void *host, uint32_t number); /* SEARCH, SORT, ESEARCH ALL: once for each */
    void (*summary)(void *host, const struct imap_summary *m);
    /* uids lo to hi are gone (RFC 7162). With `earlier` they went before the mailbox was opened: nothing
     * moves. */
    void (*vanished)(void *host, uint32_t lo, uint32_t hi, bool earlier);
    /* APPEND: octets of the message from `offset` on; returns how many are at *at, at least 1. */
    size_t (*append_read)(void *host, const struct imap_task *task, uint64_t offset, const char **at);
    /* Asked after each news that comes while idling: true ends the IDLE. */
    bool (*idle_over)(void *host);
};

enum imap_client_tls { IMAP_TLS_NONE, IMAP_TLS_IF_OFFERED, IMAP_TLS_REQUIRED, IMAP_TLS_IMPLICIT };

struct imap_client_scratch { /* working memory for one step; all sessions of a thread share one */
    char text[IMAP_LINE_MAX];
    size_t len;
};

struct imap_client_config { /* shared by sessions; borrowed by them */
    const struct imap_client_ops *ops;
    const struct wire_auth_client *auth;
    struct imap_client_scratch *scratch;
    enum imap_client_tls tls;
    bool use_login; /* LOGIN instead of AUTHENTICATE */
};

struct imap_client {
    const struct imap_client_config *config; /* borrowed */
    void *host;                              /* borrowed: for config->ops */
    void *auth_ctx;                          /* borrowed: for config->auth */
    const struct imap_task *task;            /* borrowed: the one under way */
    const char *mechanism;                   /* borrowed from config->auth; NULL: none */
    uint64_t sent;                           /* octets of the command under way that have gone out */
    uint64_t left, size;                     /* of the content that is coming in */
    uint32_t scanned;                        /* octets of `in` known to hold no end of the response */
    uint32_t tag;                            /* number of the command under way: A<tag> */
    uint32_t seq, uid;                       /* of the FETCH response that content has interrupted */
    struct imap_opened opened;
    uint32_t extensions; /* enum imap_extension bits that the server offers */
    uint8_t state;       /* enum imap_client_state */
    uint8_t verb;        /* enum imap_verb under way, NONE between commands */
    bool starttls_offered, login_disabled, capability_known; /* as the server last told */
    bool tls, authenticated;
    bool opening;         /* between SELECT and its answer: counts belong to the new mailbox */
    bool in_fetch;        /* a FETCH response goes on behind its content */
    bool pending;         /* more of the command can go out: pull */
    bool waiting;         /* the server must allow the literal first */
    bool first_challenge; /* AUTHENTICATE: no response has been sent yet */
    bool done_sent;       /* IDLE is being ended */
};

struct imap_client_step { /* all that one call did */
    enum imap_verb verb;  /* the command under way */
    enum imap_client_state before, after;
    enum imap_answer answer;
    enum imap_status status;         /* of a tagged or untagged status line; IMAP_SILENT otherwise */
    const struct wire_lesson *means; /* what the server's line tells; NULL if it tells nothing known */
    bool more;                       /* call pull */
    bool close;
    struct wire_out send;
};

/* `out` is empty afterwards: in IMAP the server speaks first. */
void imap_client_start(struct imap_client *c, const struct imap_client_config *config, void *host,
                       void *auth_ctx, struct imap_client_step *out);
/* Returns the octets taken off `in`: one response line, or one piece of a literal; 0: more are needed. */
size_t imap_client_step(struct imap_client *c, const char *in, size_t len, struct imap_client_step *out);
/* The next piece of a long command (APPEND); false when nothing was pending. */
bool imap_client_pull(struct imap_client *c, struct imap_client_step *out);
void imap_client_tls_started(struct imap_client *c, struct imap_client_step *out);
/* The host has a task for a client that waits (READY) or idles (ends the IDLE). False: not waiting. */
bool imap_client_wake(struct imap_client *c, struct imap_client_step *out);
#endif
