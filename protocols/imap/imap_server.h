#ifndef PROTOCOLS_IMAP_SERVER_H
#define PROTOCOLS_IMAP_SERVER_H
/*
 * imap_server - the server's half of an IMAP session (RFC 3501, RFC 9051), without I/O.
 *
 *   greet      -> "* OK ..."                       once, after the connection opens
 *   step(in)   -> takes one line, one literal or one piece of a message off the front
 *   pull       -> the next piece of what is still to be sent; repeat while step.more
 *   poll       -> news for an idling client; call it whenever its mailbox changed
 *   expire     -> "* BYE", when nothing has come for patience_ns
 *
 *   host:  used = imap_server_step(&s, in, len, &step); send(step.send);
 *          while (step.more && room to send) imap_server_pull(&s, &step); send(...)
 *          if (step.verdict == IMAP_TLS_BEGINS) { drop buffered input; handshake;
 *              imap_server_tls_started(&s); }
 *          if (step.close) close after sending;        imap_server_end(&s) in any case
 *
 * While step.more is set, only pull may be called. The host's receive buffer must be
 * able to hold config->line_max octets in one piece. The engine keeps no message:
 * an APPEND passes on as slices of `in`, a FETCH is cut from the store's octets.
 */
#include "protocols/imap/imap_store.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

#define IMAP_PATIENCE_NS UINT64_C(1800000000000) /* 30 minutes at least, RFC 3501 section 5.4 */
#define IMAP_APPEND_MAX  UINT64_C(67108864)      /* octets of one message; a limit of ours */
#define IMAP_ERRORS_MAX  20 /* bad commands before the server hangs up; a limit of ours */

struct imap_scratch; /* working memory for one step; all sessions of a thread share one */
struct imap_job;     /* a command that is being answered across pulls */
struct imap_part;    /* the lines of a command with literals, while they come in */
struct imap_saved;   /* what the last SEARCH saved: "$" (RFC 5182) */
struct imap_found;   /* places in the order of SORT or the threads of THREAD, while they are sent */

/* Octets to allocate for a scratch; it needs no initialisation. */
size_t imap_scratch_size(void);

/* Shared by all sessions of a server; borrowed by them. Zero means the default where one is named. */
struct imap_server_config {
    const struct imap_store_ops *store;
    const struct wire_auth_server *auth;
    struct imap_scratch *scratch;
    const char *greeting;  /* text behind OK; NULL: "IMAP4rev1 ready" */
    const char *id_name;   /* what ID answers (RFC 2971), NULL: NIL */
    unsigned extensions;   /* enum imap_extension bits to offer, as far as the store can */
    bool starttls;         /* offer STARTTLS while the connection is in the clear */
    bool tls_before_login; /* LOGINDISABLED and PRIVACYREQUIRED until then */
    uint32_t line_max;     /* default IMAP_LINE_MAX */
    uint64_t append_max;   /* octets of one message; default IMAP_APPEND_MAX */
    uint32_t errors_max;   /* default IMAP_ERRORS_MAX */
    uint64_t patience_ns;  /* default IMAP_PATIENCE_NS */
};

enum imap_input {
    IMAP_INPUT_COMMAND,
    IMAP_INPUT_LITERAL,
    IMAP_INPUT_APPEND,
    IMAP_INPUT_SKIP,
    IMAP_INPUT_AUTH,
    IMAP_INPUT_IDLE
};
enum imap_output {
    IMAP_OUTPUT_NONE,
    IMAP_OUTPUT_JOB,
    IMAP_OUTPUT_NEWS,
    IMAP_OUTPUT_ANSWER,
    IMAP_OUTPUT_IDLE_NEWS
};

/* What the client has switched on (RFC 5161), some of it by a command that implies it; bits. */
enum imap_enabled {
    IMAP_ENABLED_REV2 = 1 << 0,
    IMAP_ENABLED_CONDSTORE = 1 << 1,
    IMAP_ENABLED_QRESYNC = 1 << 2,
    IMAP_ENABLED_UTF8 = 1 << 3
};

struct imap_server {                         /* imap_server_init sets it */
    const struct imap_server_config *config; /* borrowed */
    void *host;                              /* borrowed: for config->store */
    void *auth_ctx;                          /* borrowed: for config->auth */
    void *view;                              /* the store's; not NULL in IMAP_SELECTED only */
    struct imap_job *job;                    /* taken from the store: an answer that did not fit one step */
    struct imap_part *part;   /* taken from the store: the lines of a command with literals so far */
    struct imap_saved *saved; /* taken from the store; NULL: nothing saved */
    struct imap_found *found; /* taken from the store; NULL between SORT and THREAD commands */
    uint64_t left;            /* octets of the literal still to come */
    uint32_t scanned;         /* octets of `in` known to hold no line end */
    uint32_t errors;
    uint32_t uidvalidity, uid; /* for the code of the answer: APPENDUID, COPYUID */
    uint32_t codes;            /* octets of answer code kept in job */
    uint32_t offered;          /* enum imap_extension: of config's, those that can be offered */
    uint8_t state;             /* enum imap_state */
    uint8_t input;             /* enum imap_input */
    uint8_t output;            /* enum imap_output */
    uint8_t verb;              /* enum imap_verb in progress */
    uint8_t verdict;           /* enum imap_verdict to answer once the output is through */
    uint8_t enabled;           /* enum imap_enabled */
    bool read_only, tls, appending, shut;
    bool no_modseq;   /* the open mailbox keeps no mod-sequences */
    bool tell_modseq; /* HIGHESTMODSEQ is owed, once no news waits */
    bool append_utf8; /* the message stands in "UTF8 (...)" (RFC 6855 section 4) */
    uint8_t keywords; /* so many of the open mailbox's the client has been told of */
    char tag[IMAP_TAG_MAX + 1];
};

struct imap_step {       /* all that one call did */
    enum imap_verb verb; /* NONE until its line is understood */
    enum imap_state before, after;
    enum imap_verdict verdict;       /* IMAP_RUNNING: the last pull will tell */
    const struct wire_lesson *asked; /* the row of the verb, NULL if there is none */
    uint32_t secret_at, secret_len;  /* octets of `in` that a view masks; len 0: none */
    bool more;                       /* call pull */
    bool close;                      /* nothing more will be said: close once this is sent */
    struct wire_out send;
};

/* auth_ctx and host are borrowed and outlive the session; `tls` says whether the connection is
 * encrypted already (port 993). */
void imap_server_init(struct imap_server *s, const struct imap_server_config *config, void *host,
                      void *auth_ctx, bool tls);

/* The greeting. With `busy` it is a BYE and the connection closes. */
void imap_server_greet(struct imap_server *s, bool busy, struct imap_step *out);

/* Returns the octets taken off `in`; 0: more are needed, and *out is untouched. */
size_t imap_server_step(struct imap_server *s, const char *in, size_t len, struct imap_step *out);

/* Refills out->send. False when nothing was pending. */
bool imap_server_pull(struct imap_server *s, struct imap_step *out);

/* What changed in the open mailbox, if the client idles; false when there is nothing to send. */
bool imap_server_poll(struct imap_server *s, struct imap_step *out);

/* The handshake that IMAP_TLS_BEGINS asked for is complete. */
void imap_server_tls_started(struct imap_server *s);

/* How long to wait for the client, and what to say when that is over (`down`: the server itself stops). */
uint64_t imap_server_patience_ns(const struct imap_server *s);
void imap_server_expire(struct imap_server *s, bool down, struct imap_step *out);

/* Gives the view and any memory back to the store. The connection is gone. */
void imap_server_end(struct imap_server *s);
#endif
