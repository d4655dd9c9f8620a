#ifndef PROTOCOLS_SMTP_SERVER_H
#define PROTOCOLS_SMTP_SERVER_H
/*
 * smtp_server - the server's half of an SMTP session (RFC 5321, RFC 6409), without I/O.
 *
 *   CONNECT --start--> GREETED --EHLO--> READY --MAIL--> MAIL --RCPT--> RCPT --DATA--> DATA
 *      |                                  ^  ^  `-AUTH-> AUTH            |  `--BDAT--> CHUNK <-> CHUNKS
 *      |                                  |  `-----------'               |             |
 *      |                                  `---- RSET, EHLO, end of the message --------'
 *      `--554--> REFUSED --QUIT--> CLOSED       STARTTLS: READY -> TLS -> GREETED
 *
 * One call, one line, one lesson: hand over the octets that have arrived; the engine takes at most one
 * command off the front, or one piece of content, and tells what it did. What it cannot know it asks the host
 * through `smtp_server_ops`; the host answers with a verdict, and the verdict gives the reply.
 *
 *   smtp_server_init(&s, &config, &ops, host);
 *   smtp_server_start(&s, tls, out);                    out->send holds the greeting
 *   while ((used = smtp_server_step(&s, in, len, out)) > 0)
 *       send out->send, in += used, len -= used;        until out->after is CLOSED
 *
 * Every reply fits into one step: there is nothing to pull. The receive buffer of the host holds at least
 * SMTP_SERVER_INPUT_MIN octets. The host watches the clock: smtp_server_timeout_ns, smtp_server_expire.
 */
#include "protocols/smtp/smtp_param.h"
#include "protocols/smtp/smtp_verb.h"
#include "protocols/smtp/smtp_verdict.h"
#include "protocols/wire/address.h"
#include "protocols/wire/auth.h"

#define SMTP_SERVER_INPUT_MIN          SMTP_AUTH_LINE_OCTETS_MAX
#define SMTP_SERVER_TIMEOUT_NS         (300 * UINT64_C(1000000000)) /* RFC 5321 section 4.5.3.2.7 */
#define SMTP_SERVER_RECIPIENTS_DEFAULT 1000 /* at least 100, RFC 5321 section 4.5.3.1.8 */
#define SMTP_SERVER_ERRORS_DEFAULT     20
#define SMTP_SERVER_SIZE_DEFAULT       10240000 /* octets; at least 64K, RFC 5321 section 4.5.3.1.7 */
#define SMTP_TEXT_LINE_OCTETS          1000     /* with CRLF, RFC 5321 section 4.5.3.1.6 */
#define SMTP_TEXT_LINE_DEFAULT         8192     /* what this server takes unless told otherwise */
#define SMTP_ANSWER_OCTETS_MAX         4096     /* of a reply text that the host gives; the rest is cut */
/* A BDAT that says more is refused like one that cannot be read. */
#define SMTP_CHUNK_OCTETS_MAX INT64_MAX

enum smtp_server_state {
    SMTP_SERVER_CONNECT, /* nothing said yet */
    SMTP_SERVER_REFUSED, /* greeted with 554: only QUIT remains, RFC 5321 section 3.1 */
    SMTP_SERVER_GREETED, /* no EHLO yet, or TLS has just begun */
    SMTP_SERVER_READY,   /* no transaction */
    SMTP_SERVER_MAIL,    /* reverse-path known */
    SMTP_SERVER_RCPT,    /* at least one recipient */
    SMTP_SERVER_DATA,    /* content until CRLF.CRLF */
    SMTP_SERVER_CHUNK,   /* content of a BDAT, counted */
    SMTP_SERVER_CHUNKS,  /* between two BDAT */
    SMTP_SERVER_AUTH,    /* 334 sent, waiting for the response */
    SMTP_SERVER_TLS,     /* 220 to STARTTLS sent; the host shakes hands, then tells us */
    SMTP_SERVER_CLOSED,
    SMTP_SERVER_STATES
};

enum smtp_bare { SMTP_BARE_REFUSE, SMTP_BARE_PASS };

/* Shared by all sessions of a server, never changed while one lives. */
struct smtp_server_config {
    const char *hostname;    /* borrowed: in the greeting, the EHLO reply, 221 */
    const char *software;    /* borrowed: in the greeting behind "ESMTP"; NULL for nothing */
    unsigned extensions;     /* smtp_ext bits; AUTH and STARTTLS also need ops, below */
    uint64_t size_max;       /* octets of a message; 0: no limit */
    uint32_t text_line_max;  /* octets with CRLF of a line of content; 0: no limit */
    uint32_t recipients_max; /* in one transaction */
    uint32_t errors_max;     /* faults before 421 and the end; 0: no limit */
    uint64_t timeout_ns;     /* for the next octet of a command or content */
    enum smtp_bare bare;     /* content with a CR or LF that is not part of CRLF */
    bool auth_required;      /* submission: no MAIL without AUTH, RFC 6409 section 4.3 */
    bool tls_required;       /* nothing but EHLO, NOOP, STARTTLS, QUIT without TLS, RFC 3207 section 4 */
    bool refuse_nul;         /* in content that is not BINARYMIME */
    bool refuse_8bit;        /* in content that was not declared 8BITMIME or BINARYMIME */
    bool helo_only;          /* a server of 1982: EHLO is 502 */
    bool accept_lf;          /* take commands (never content) that end with LF alone, for people who type */
};

struct smtp_server;

/* The command line that helo() sees. */
struct smtp_helo {
    struct wire_slice name; /* "client.example", "[192.0.2.7]" */
    bool extended;          /* EHLO; false: HELO */
    bool literal;
};

/* What went by between DATA and the end. */
struct smtp_content {
    uint64_t octets; /* as handed over: unstuffed, without the final "." line */
    bool eight_bit, nul, bare_cr, bare_lf, long_line;
};

/* Decisions of the host. Slices point into the input or into static tables: valid during the call. `text`,
 * where given, is what the reply will say behind the code: set it to borrowed octets that live until step
 * returns (lines separated by LF become a multi-line reply), or leave it. SMTP_OK means "the usual success of
 * this verb". Any verdict that smtp_verb_allows() for the verb may be returned; content() and data_end()
 * belong to SMTP_VERB_CONTENT. NULL where marked: the default in [ ]. */
struct smtp_server_ops {
    /* SMTP_OK: 220. NO_SERVICE: 554. SHUTTING_DOWN, TOO_MANY_CONNECTIONS: 421. [SMTP_OK] */
    enum smtp_verdict (*connect)(void *host, struct wire_slice *text);
    /* [SMTP_OK] RFC 5321 section 4.1.4: a name that proves false is no reason to refuse. */
    enum smtp_verdict (*helo)(void *host, const struct smtp_helo *helo, struct wire_slice *text);
    /* path: local and domain both empty for the null reverse-path <>. */
    enum smtp_verdict (*mail)(void *host, const struct wire_mailbox *path,
                              const struct smtp_mail_params *params, struct wire_slice *text);
    /* path: domain empty for <Postmaster>. SMTP_OK, WILL_FORWARD: one more recipient. */
    enum smtp_verdict (*rcpt)(void *host, const struct wire_mailbox *path,
                              const struct smtp_rcpt_params *params, struct wire_slice *text);
    /* The content is about to come, by DATA or the first BDAT. SMTP_OK: send it. [SMTP_OK] */
    enum smtp_verdict (*data_begin)(void *host, struct wire_slice *text);
    /* A piece of it, without copying. Anything but SMTP_OK ends the transaction with that verdict, once the
     * client has sent all: content() is not called again for this message. */
    enum smtp_verdict (*content)(void *host, struct wire_slice piece);
    /* The message is whole and within the limits. SMTP_OK: the host has it safe and answers for it from now
     * on (RFC 5321 section 6.1). The transaction is over whatever the host returns; reset() does not follow.
     */
    enum smtp_verdict (*data_end)(void *host, const struct smtp_content *content, struct wire_slice *text);
    /* A transaction that mail() accepted ends without data_end(): forget sender, recipients, content.
     * [nothing] */
    void (*reset)(void *host);
    /* `utf8`: the client asked for a reply in UTF-8 (RFC 6531 section 3.7.4.2). [CANNOT_VERIFY]
     * [NOT_IMPLEMENTED] */
    enum smtp_verdict (*vrfy)(void *host, struct wire_slice name, bool utf8, struct wire_slice *text);
    enum smtp_verdict (*expn)(void *host, struct wire_slice name, bool utf8, struct wire_slice *text);
    /* SMTP_OK: 220, the host starts the handshake once that is sent; TLS_NOT_NOW: 454. NULL: never
     * offered. */
    enum smtp_verdict (*starttls)(void *host, struct wire_slice *text);
    /* The client says goodbye. [nothing] */
    void (*quit)(void *host);
};

/* Set by smtp_server_init and smtp_server_auth; read it, do not write it. */
struct smtp_server {
    const struct smtp_server_config *config; /* borrowed */
    const struct smtp_server_ops *ops;       /* borrowed */
    void *host;                              /* borrowed: first argument of every op */
    const struct wire_auth_server *auth;     /* borrowed; NULL: AUTH is not offered */
    void *auth_ctx;                          /* borrowed */
    uint64_t chunk_left;                     /* octets of this BDAT still to come */
    uint32_t line_octets;                    /* of the line of content now arriving */
    uint32_t recipients;                     /* accepted in this transaction */
    uint32_t errors;                         /* faults in this session */
    enum smtp_server_state state;
    enum smtp_body body;           /* of this transaction */
    enum smtp_verdict doomed;      /* why this content will be refused at its end; SMTP_SILENT: it is not */
    enum smtp_server_state resume; /* where a BDAT that comes at a wrong moment leads back to */
    struct smtp_content content;   /* what went by so far */
    bool tls, authenticated;
    bool extended;    /* EHLO, not HELO */
    bool smtputf8;    /* of this transaction */
    bool tried_rcpt;  /* RCPT was refused in this transaction */
    bool transaction; /* mail() said yes, the end has not come: reset() is owed */
    bool line_start;  /* content: the next octet begins a line */
    bool after_cr;    /* content: the last octet was CR */
    bool stray_chunk; /* BDAT: its octets are read and thrown away */
    bool last_chunk;  /* this BDAT said LAST */
    bool skipping;    /* an endless line: throw away until its LF */
    uint8_t skipped;  /* enum smtp_verb that the line began with */
};

/* All that one step did. Slices point into the input of the step. */
struct smtp_server_step {
    enum smtp_verb verb;
    enum smtp_server_state before, after;
    enum smtp_verdict verdict;        /* SMTP_SILENT: no reply came of it */
    const struct wire_lesson *lesson; /* of what the client said; NULL if it was silent */
    struct wire_slice line;           /* the command without its line end; empty for content */
    uint32_t secret_at, secret_len;   /* the part of `line` that a view masks; len 0: nothing */
    uint64_t content_octets;          /* handed to content() in this step */
    bool early;                       /* more had arrived, though the client should have waited (RFC 2920) */
    bool discarded;                   /* octets thrown away: before a TLS handshake, or of an endless line */
    struct wire_out send;
};

/* Sensible values for an MTA on port 25: all extensions but AUTH and STARTTLS, bare CR and LF refused. */
void smtp_server_config_mta(struct smtp_server_config *config, const char *hostname);
/* The same for submission on 587 or 465: AUTH and STARTTLS offered, AUTH required. */
void smtp_server_config_submission(struct smtp_server_config *config, const char *hostname);

void smtp_server_init(struct smtp_server *s, const struct smtp_server_config *config,
                      const struct smtp_server_ops *ops, void *host);
/* AUTH is offered if the config has SMTP_EXT_AUTH, this was called, and mechanisms() names any. */
void smtp_server_auth(struct smtp_server *s, const struct wire_auth_server *auth, void *ctx);

/* The connection is there: the greeting. `tls`: it has been encrypted from the first octet (port 465). */
void smtp_server_start(struct smtp_server *s, bool tls, struct smtp_server_step *out);

/* Returns the octets taken off `in`; 0 if there is not enough to decide, and then *out is untouched. In the
 * state TLS it throws away whatever it is given; in CLOSED it must not be called. */
size_t smtp_server_step(struct smtp_server *s, const char *in, size_t len, struct smtp_server_step *out);

/* The handshake after STARTTLS is done: the session begins again, and nothing learnt before counts (RFC 3207
 * section 4.2). No second greeting is sent. If the handshake fails the host closes: smtp_server_closed. */
void smtp_server_tls_started(struct smtp_server *s);

/* How long the server waits for the next octet, in this state; 0: it does not wait. */
uint64_t smtp_server_timeout_ns(const struct smtp_server *s);

/* That time is over, or the server is told to stop: 421 4.4.2 or 421 4.3.2, and the session is CLOSED. */
void smtp_server_expire(struct smtp_server *s, struct smtp_server_step *out);
void smtp_server_shut_down(struct smtp_server *s, struct smtp_server_step *out);

/* The connection is gone: an open transaction is given up, reset() included. */
void smtp_server_closed(struct smtp_server *s);

/* The verdicts that a verb can end in, *count of them: what else could have been answered here. */
const uint8_t *smtp_verb_verdicts(enum smtp_verb verb, size_t *count);

/* Whether a verb can end so: ask before an op returns a verdict that a scenario file names. */
bool smtp_verb_allows(enum smtp_verb verb, enum smtp_verdict verdict);

/* Where a verb is allowed: one bit (1u << state) for each state. */
unsigned smtp_verb_states(enum smtp_verb verb);

/* "READY"; for views. */
const char *smtp_server_state_name(enum smtp_server_state state);
#endif
