#ifndef PROTOCOLS_SMTP_CLIENT_H
#define PROTOCOLS_SMTP_CLIENT_H
/*
 * smtp_client - the client's half of an SMTP session (RFC 5321, RFC 6409), without I/O.
 *
 *   GREETING -> EHLO (-> HELO) -> STARTTLS -> TLS -> EHLO -> AUTH -> ENVELOPE -> CONTENT -> END
 *                                                                      ^  `-> CHUNK -^       |
 *                                                                      `------- RSET <-------+-> QUIT -> DONE
 *
 * It delivers the messages that the host names, one after the other, over one connection. Recipients are
 * asked for by number, content is a borrowed slice: the engine keeps neither.
 *
 *   smtp_client_init(&c, &config, &ops, host);
 *   smtp_client_start(&c, tls, out);                     nothing is sent: the server speaks first
 *   after octets arrived:  while ((used = smtp_client_step(&c, in, len, out)) > 0) send out->send ...
 *   after octets left:     if (smtp_client_pull(&c, out)) send out->send
 *
 * One step takes one line of a reply. Unlike the other engines step() may be called while there is still
 * something to pull: a pipelining client must read while it writes (RFC 2920 section 3.1). The engine sees to
 * it that never more than SMTP_CLIENT_IN_FLIGHT_MAX commands are unanswered. The receive buffer holds at
 * least SMTP_CLIENT_INPUT_MIN octets.
 */
#include "protocols/smtp/smtp_param.h"
#include "protocols/smtp/smtp_reply.h"
#include "protocols/smtp/smtp_verb.h"
#include "protocols/wire/auth.h"

#define SMTP_CLIENT_REPLY_OCTETS_MAX 2048 /* of one line; the standard's 512, and patience */
#define SMTP_CLIENT_INPUT_MIN        SMTP_AUTH_LINE_OCTETS_MAX
#define SMTP_CLIENT_REPLY_LINES_MAX  128 /* of one reply; a limit of ours */
/* commands sent and not answered: their replies fit into any window */
#define SMTP_CLIENT_IN_FLIGHT_MAX 200
#define SMTP_CLIENT_PATH_MAX      254 /* octets without < and >, RFC 5321 section 4.5.3.1.3 */

/* RFC 5321 section 4.5.3.2, "the minimum per-command timeouts" */
#define SMTP_CLIENT_SECOND_NS   UINT64_C(1000000000)
#define SMTP_CLIENT_GREETING_NS (300 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.1 */
#define SMTP_CLIENT_MAIL_NS     (300 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.2 */
#define SMTP_CLIENT_RCPT_NS     (300 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.3 */
#define SMTP_CLIENT_DATA_NS     (120 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.4 */
#define SMTP_CLIENT_BLOCK_NS    (180 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.5 */
#define SMTP_CLIENT_END_NS      (600 * SMTP_CLIENT_SECOND_NS) /* 4.5.3.2.6 */
#define SMTP_CLIENT_OTHER_NS    (300 * SMTP_CLIENT_SECOND_NS) /* EHLO, AUTH, RSET, QUIT: the RFC names none */

enum smtp_client_state {
    SMTP_CLIENT_GREETING, /* waiting for 220 */
    SMTP_CLIENT_EHLO,
    SMTP_CLIENT_HELO,
    SMTP_CLIENT_STARTTLS,
    SMTP_CLIENT_TLS, /* the host shakes hands, then calls smtp_client_tls_started */
    SMTP_CLIENT_AUTH,
    SMTP_CLIENT_ENVELOPE, /* MAIL, RCPT and DATA: sent one by one or as a group */
    SMTP_CLIENT_CONTENT,  /* DATA has 354; content is being pulled */
    SMTP_CLIENT_CHUNK,    /* BDAT: content is being pulled, or its reply awaited */
    SMTP_CLIENT_END,      /* the final "." is sent */
    SMTP_CLIENT_RSET,
    SMTP_CLIENT_QUIT,
    SMTP_CLIENT_DONE, /* the host closes */
    SMTP_CLIENT_STATES
};

/* What the client concludes from a reply, or from silence. X(name, temporary, status for the sender) */
#define SMTP_CLIENT_VERDICT_TABLE(X)                                                                         \
    X(CONTINUES, false, "")        /* a line of a reply that goes on */                                      \
    X(ACCEPTED, false, "")         /* 2yz or the 3yz that was asked for */                                   \
    X(TEMPFAIL, true, "4.0.0")     /* 4yz: keep the message, try again */                                    \
    X(PERMFAIL, false, "5.0.0")    /* 5yz: give it back */                                                   \
    X(FALL_BACK, false, "")        /* EHLO refused: try HELO */                                              \
    X(DELIVERED, false, "2.0.0")   /* the server has taken responsibility */                                 \
    X(NO_RECIPIENTS, false, "")    /* every recipient was refused: see recipient_done */                     \
    X(TLS_GO, false, "")           /* the host starts TLS now */                                             \
    X(TLS_REFUSED, false, "")      /* STARTTLS refused; goes on in clear, as the policy allows */            \
    X(NO_TLS, true, "4.7.10")      /* TLS required, not offered or refused */                                \
    X(NO_AUTH, true, "4.7.0")      /* AUTH required, not offered or no mechanism in common */                \
    X(AUTH_FAILED, false, "5.7.8") /* the server does not accept the credentials */                          \
    X(NEEDS_UTF8, false, "5.6.7")  /* SMTPUTF8 needed and not offered */                                     \
    X(NEEDS_8BIT, false, "5.6.3")  /* 8BITMIME or BINARYMIME needed and not offered */                       \
    X(TOO_BIG, false, "5.3.4")     /* larger than the SIZE that the server announced */                      \
    X(BAD_ADDRESS, false, "5.1.3") /* cannot be written on the wire at all */                                \
    X(GOODBYE, true, "4.3.2")      /* 421: the server closes */                                              \
    X(PROTOCOL, true, "4.5.0")     /* a reply that breaks the protocol */                                    \
    X(NOT_SMTP, true, "4.5.0")     /* the greeting of another protocol */                                    \
    X(CLOSED, true, "4.4.2")       /* the connection ended before its time */                                \
    X(TIMED_OUT, true, "4.4.2")    /* no reply in time */                                                    \
    X(FINISHED, false, "")         /* QUIT answered, or not worth waiting for */

enum smtp_client_verdict {
#define SMTP_X(name, temporary, status) SMTP_CLIENT_##name,
    SMTP_CLIENT_VERDICT_TABLE(SMTP_X)
#undef SMTP_X
        SMTP_CLIENT_VERDICTS
};

struct smtp_client_verdict_info {
    const char *name;                 /* "TEMPFAIL" */
    const char *status;               /* for a report when the server gave none: "4.0.0" */
    bool temporary;                   /* the message is worth another attempt */
    const struct wire_lesson *lesson; /* what the client does now, and why */
};

const struct smtp_client_verdict_info *smtp_client_verdict_info(enum smtp_client_verdict verdict);
const char *smtp_client_state_name(enum smtp_client_state state);

enum smtp_policy {
    SMTP_POLICY_NEVER,      /* even if offered */
    SMTP_POLICY_IF_OFFERED, /* opportunistic: whoever removes the offer on the way removes the protection */
    SMTP_POLICY_REQUIRED
};

/* Shared by all sessions that act alike. */
struct smtp_client_config {
    const char *hostname; /* borrowed: EHLO name, "client.example" or "[192.0.2.7]" */
    enum smtp_policy tls;
    enum smtp_policy auth;
    bool no_ehlo;          /* speaks like 1982: HELO only */
    bool no_pipelining;    /* one command at a time even if the server could take more */
    bool use_bdat;         /* BDAT instead of DATA when the server offers CHUNKING */
    uint64_t chunk_octets; /* of one BDAT; 0: the whole message in one */
};

/* One message and its envelope. Owned by the host, alive until message_done. */
struct smtp_client_message {
    struct wire_slice sender;  /* without < and >; empty: the null reverse-path */
    struct wire_slice content; /* lines end with CRLF */
    uint32_t recipients;       /* at least 1 */
    enum smtp_body body;       /* what the content needs */
    bool smtputf8;             /* an address or a header field is not ASCII */
    enum smtp_ret ret;         /* sent if DSN is offered */
    struct wire_slice envid;   /* plain, becomes xtext; at NULL: none */
};

struct smtp_client_recipient {
    struct wire_slice path;       /* without < and > */
    unsigned notify;              /* smtp_notify bits; sent if DSN is offered */
    struct wire_slice orcpt_type; /* "rfc822"; at NULL: no ORCPT */
    struct wire_slice orcpt;      /* plain, becomes xtext */
};

/* Why something ended as it did. The text lives until the call returns. */
struct smtp_client_result {
    enum smtp_client_verdict verdict;
    uint16_t code;                /* of the reply; 0 when no reply is behind it */
    char status[SMTP_STATUS_MAX]; /* the server's, else that of the verdict */
    struct wire_slice text;       /* last line of the reply, behind code and status */
};

struct smtp_client_ops {
    /* The next message to deliver, or NULL: QUIT. */
    const struct smtp_client_message *(*next)(void *host);
    /* Recipient i, 0 to recipients - 1, of the message in hand. May be asked more than once. */
    void (*recipient)(void *host, uint32_t i, struct smtp_client_recipient *out);
    /* The answer to RCPT. ACCEPTED: shares the fate that message_done tells. TEMPFAIL, PERMFAIL,
     * BAD_ADDRESS: final for this recipient. Once for each, but not for those never asked about. */
    void (*recipient_done)(void *host, uint32_t i, const struct smtp_client_result *result);
    /* The end of a message, once for each that next() gave. DELIVERED is true for the accepted recipients;
     * any other verdict holds for every recipient that recipient_done has not refused. */
    void (*message_done)(void *host, const struct smtp_client_message *message,
                         const struct smtp_client_result *result);
    /* The session ends before its time: no (further) message can be sent over this connection. Comes at most
     * once, after message_done of the message in hand. */
    void (*failed)(void *host, const struct smtp_client_result *result);
};

/* Read it, do not write it. */
struct smtp_client {
    const struct smtp_client_config *config;   /* borrowed */
    const struct smtp_client_ops *ops;         /* borrowed */
    void *host;                                /* borrowed */
    const struct wire_auth_client *auth;       /* borrowed; NULL: cannot authenticate */
    void *auth_ctx;                            /* borrowed */
    const struct smtp_client_message *message; /* in hand; NULL: none */
    const char *mech;                          /* chosen among those offered; NULL: none */
    uint64_t size_max;                         /* announced with SIZE; 0: none */
    size_t content_at;                         /* octets of the content sent */
    size_t chunk_end;                          /* BDAT: where the current chunk ends */
    uint32_t in_flight;                        /* commands sent and not answered */
    uint32_t rcpt_next, rcpt_due;              /* recipient to send next; whose answer comes next */
    uint32_t rcpt_sent, accepted;              /* RCPT commands sent; recipients accepted */
    unsigned offers;                           /* smtp_ext bits of the last EHLO reply */
    enum smtp_client_state state;
    uint16_t reply_code, reply_lines; /* of the reply now arriving; lines 0: none has begun */
    bool tls, authenticated, extended;
    bool mail_sent, mail_answered, data_sent; /* in this envelope */
    bool mail_open;                           /* the server holds a transaction of ours */
    bool header_done;                         /* content: the empty line has been sent */
    bool line_start;                          /* content: the next octet begins a line */
    bool first_line;                          /* content: the next line is the first of header or body */
    bool cancelled;                           /* AUTH: "*" sent */
    bool empty_end; /* DATA had 354 though nobody is left to receive: a lone "." was sent */
};

#define SMTP_CLIENT_NOBODY UINT32_MAX

/* All that one call did. Slices point into the input of the step. */
struct smtp_client_step {
    enum smtp_client_state before, after;
    enum smtp_verb verb; /* that the reply answers; CONNECT: the greeting, CONTENT: the end of a message */
    enum smtp_client_verdict verdict;
    const struct wire_lesson *lesson; /* of the reply line, from the catalogue; NULL if there was none */
    uint32_t recipient;               /* that the reply is about; SMTP_CLIENT_NOBODY */
    struct wire_slice line;           /* of the reply, without its line end */
    struct smtp_reply reply;          /* the same in parts; code 0 if it could not be read */
    struct wire_out send;
};

void smtp_client_init(struct smtp_client *c, const struct smtp_client_config *config,
                      const struct smtp_client_ops *ops, void *host);
void smtp_client_auth(struct smtp_client *c, const struct wire_auth_client *auth, void *ctx);

/* The connection is there. `tls`: encrypted from the first octet (port 465). */
void smtp_client_start(struct smtp_client *c, bool tls, struct smtp_client_step *out);

/* Takes one line of a reply; returns the octets used, 0 if it is not whole yet (*out then untouched). In TLS
 * and DONE it throws away whatever it is given. */
size_t smtp_client_step(struct smtp_client *c, const char *in, size_t len, struct smtp_client_step *out);

/* More to send: the rest of an envelope, or of the content. False: nothing now; *out then has an empty
 * send. */
bool smtp_client_pull(struct smtp_client *c, struct smtp_client_step *out);

/* The handshake that TLS_GO asked for is done: EHLO again, since nothing learnt before counts. If it failed
 * the host calls smtp_client_closed. */
void smtp_client_tls_started(struct smtp_client *c, struct smtp_client_step *out);

/* How long to wait for the server in this state; 0: not at all. */
uint64_t smtp_client_timeout_ns(const struct smtp_client *c);

/* That time is over; the connection has ended. Both tell the host, and the session is DONE. */
void smtp_client_expire(struct smtp_client *c, struct smtp_client_step *out);
void smtp_client_closed(struct smtp_client *c, struct smtp_client_step *out);

/* Whether the server offered this in its last EHLO reply. */
static inline bool smtp_client_offers(const struct smtp_client *c, enum smtp_ext ext)
{
    return (c->offers & (unsigned)ext) != 0;
}
#endif
