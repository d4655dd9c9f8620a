#ifndef PROTOCOLS_POP3_CLIENT_H
#define PROTOCOLS_POP3_CLIENT_H
/*
 * pop3_client - what a mail program says to fetch its mail (RFC 1939), without I/O.
 *
 *   greeting, [CAPA, [STLS, TLS, CAPA]], USER PASS or AUTH, [STAT], LIST, [UIDL],
 *   { RETR n, [DELE n] } for each message the host wants, QUIT
 *
 * A step takes one reply, one line of a listing or one piece of a message off the front and
 * puts the next command into out->send. Message content goes to ops->body as slices of `in`,
 * dots already un-stuffed; the engine keeps none of it.
 *
 *   pop3_client_init(&c, &config, host, &sasl_wire_client, &sasl);
 *   pop3_client_start(&c, now_ns, &out);              waits for the greeting
 *   while ((n = pop3_client_step(&c, in, len, &out)) > 0) {
 *       send(out.send);
 *       if (out.start_tls) { drop what else has arrived, hand-shake, pop3_client_tls_started(&c, &out), send
 * } if (out.close) break;
 *   }
 *   pop3_client_lost(&c, &out) when the server goes away early.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/auth.h"
#include "protocols/wire/out.h"

/* octets of a reply line with CRLF; RFC 2449 section 4 says 512, a challenge may be longer */
#define POP3_CLIENT_LINE_MAX 4098
/* messages in a maildrop that this program believes; a limit of ours */
#define POP3_CLIENT_COUNT_MAX 1000000
#define POP3_CLIENT_WAIT_NS   (60ULL * 1000000000ULL) /* patience with a silent server; a choice of ours */

enum pop3_client_state {
    POP3C_GREETING, /* waits for the server's first line */
    POP3C_CAPA,
    POP3C_CAPA_LIST,
    POP3C_STLS,
    POP3C_TLS, /* the host shakes hands */
    POP3C_UTF8,
    POP3C_AUTH,
    POP3C_USER,
    POP3C_PASS,
    POP3C_STAT,
    POP3C_LIST,
    POP3C_LIST_LINES,
    POP3C_UIDL,
    POP3C_UIDL_LINES,
    POP3C_RETR,
    POP3C_BODY,
    POP3C_DELE,
    POP3C_QUIT,
    POP3C_DONE,
    POP3C_FAILED,
    POP3C_STATES
};

enum pop3_client_verdict {                  /* what the client makes of what it read */
                           POP3C_CONNECTED, /* waits for the greeting */
                           POP3C_GREETED,
                           POP3C_CAPA_BEGINS,
                           POP3C_CAPA_LINE,
                           POP3C_CAPA_END,
                           POP3C_NO_CAPA, /* -ERR to CAPA: an old server, goes on without */
                           POP3C_TLS_GO,
                           POP3C_TLS_DONE,
                           POP3C_UTF8_TAKEN,
                           POP3C_USER_TAKEN,
                           POP3C_CHALLENGE,
                           POP3C_LOGGED_IN,
                           POP3C_STATUS,
                           POP3C_LIST_BEGINS,
                           POP3C_LIST_LINE,
                           POP3C_LIST_END,
                           POP3C_UIDL_BEGINS,
                           POP3C_UIDL_LINE,
                           POP3C_UIDL_END,
                           POP3C_NO_UIDL, /* -ERR to UIDL: goes on without */
                           POP3C_MESSAGE_BEGINS,
                           POP3C_MESSAGE_PIECE,
                           POP3C_MESSAGE_END,
                           POP3C_MESSAGE_GONE, /* -ERR to RETR: goes on with the next one */
                           POP3C_DELETED,
                           POP3C_NOT_DELETED,  /* -ERR to DELE: it will come again */
                           POP3C_FINISHED,     /* +OK to QUIT */
                           POP3C_NOT_FINISHED, /* -ERR to QUIT: some deletions failed */
                           POP3C_NOT_POP3, /* the first line is no POP3 greeting: another service, a proxy */
                           POP3C_TURNED_AWAY,  /* -ERR as greeting */
                           POP3C_NO_TLS,       /* TLS is required and the server does not offer it */
                           POP3C_NO_MECHANISM, /* no way to log in that both accept */
                           POP3C_DENIED,       /* wrong name or password */
                           POP3C_IN_USE,       /* the maildrop is locked by another session */
                           POP3C_TEMPFAIL,     /* [SYS/TEMP]: try later */
                           POP3C_PERMFAIL,     /* [SYS/PERM]: a person must act */
                           POP3C_REFUSED,      /* -ERR where nothing else is known about it */
                           POP3C_BAD_REPLY,    /* neither +OK nor -ERR, or numbers that make no sense */
                           POP3C_LINE_TOO_LONG,
                           POP3C_HOST_REFUSED, /* ops->end said the message could not be kept: it stays on the
                                                  server */
                           POP3C_CUT_OFF, /* the connection ended before QUIT was answered: nothing is deleted
                                           */
                           POP3C_TIMED_OUT, /* the server stayed silent */
                           POP3C_VERDICTS
};

struct pop3_client_ops { /* any may be NULL except body */
    /* What STAT, LIST and UIDL told; numbers from 1. */
    void (*status)(void *host, uint32_t count, uint64_t octets);
    void (*listed)(void *host, uint32_t number, uint64_t octets);
    void (*identified)(void *host, uint32_t number, struct wire_slice uidl);
    /* Fetch this one? NULL: all. The host knows its uidl from `identified`. */
    bool (*wanted)(void *host, uint32_t number);
    void (*begin)(void *host, uint32_t number);
    void (*body)(void *host, const char *bytes, size_t len);
    /* The message is complete. False: it could not be kept, so it must not be deleted. */
    bool (*end)(void *host, uint32_t number);
    /* Delete on the server after fetching? NULL: !config->leave_on_server. */
    bool (*remove)(void *host, uint32_t number);
};

struct pop3_client_config { /* shared by all sessions; borrowed */
    const struct pop3_client_ops *ops;
    uint64_t wait_ns;     /* 0: POP3_CLIENT_WAIT_NS */
    bool capa;            /* asks CAPA first */
    bool stls;            /* asks for TLS when it is offered (needs capa) */
    bool tls_required;    /* ... and gives up when it is not */
    bool sasl;            /* AUTH when CAPA offers a mechanism that the account accepts; else USER, PASS */
    bool utf8;            /* says UTF8 when it is offered (needs capa) */
    bool stat;            /* asks STAT */
    bool uidl;            /* asks UIDL */
    bool leave_on_server; /* no DELE */
};

struct pop3_client {
    const struct pop3_client_config *config; /* borrowed */
    void *host;                              /* borrowed, for the ops */
    const struct wire_auth_client *auth;     /* borrowed */
    void *auth_ctx;                          /* borrowed */
    const char *mech;                        /* chosen at CAPA; NULL: USER and PASS */
    uint64_t deadline_ns;
    uint32_t count;  /* highest message number LIST told */
    uint32_t number; /* the message at hand, from 1 */
    uint32_t fetched;
    uint8_t state;  /* enum pop3_client_state */
    uint8_t failed; /* enum pop3_client_verdict that QUIT is on its way for; 0: none */
    bool tls, offers_stls, offers_user, offers_uidl, offers_utf8, capa_known;
    bool line_start; /* of the message: the next octet begins a line */
    bool said_pass;
};

struct pop3_client_step { /* all that one reply did */
    enum pop3_client_state before, after;
    enum pop3_client_verdict verdict;
    const struct wire_lesson *read; /* the verdict's row: what the reply means */
    uint32_t message;               /* number, from 1; 0: none */
    bool start_tls;                 /* hand-shake; drop input that is already there */
    bool close;                     /* the session is over: DONE or FAILED */
    struct wire_out send;
};

void pop3_client_init(struct pop3_client *c, const struct pop3_client_config *config, void *host,
                      const struct wire_auth_client *auth, void *auth_ctx);

/* The connection is open. Nothing is sent: the server speaks first. */
void pop3_client_start(struct pop3_client *c, uint64_t now_ns, struct pop3_client_step *out);

/* Returns the octets taken off `in`; 0 if more are needed, and then *out is untouched. */
size_t pop3_client_step(struct pop3_client *c, const char *in, size_t len, struct pop3_client_step *out);

/* After out->start_tls; or before start when TLS is there from the start (port 995: out may be NULL then). */
void pop3_client_tls_started(struct pop3_client *c, struct pop3_client_step *out);

/* The server closed the connection. */
void pop3_client_lost(struct pop3_client *c, struct pop3_client_step *out);

/* Octets came: patience starts again. */
void pop3_client_touch(struct pop3_client *c, uint64_t now_ns);
uint64_t pop3_client_deadline(const struct pop3_client *c);
bool pop3_client_expire(struct pop3_client *c, uint64_t now_ns, struct pop3_client_step *out);

/* What became of the session once out->close was true: POP3C_FINISHED, or why it failed. */
enum pop3_client_verdict pop3_client_outcome(const struct pop3_client *c);

/* ---- tables, for views ---- */

struct pop3_client_verdict_info {
    enum pop3_client_verdict verdict;
    const char *name;
    bool failure; /* the session did not do what it was for */
    struct wire_lesson lesson;
};

const struct pop3_client_verdict_info *pop3_client_verdict_info(enum pop3_client_verdict verdict);
const char *pop3_client_state_name(enum pop3_client_state state);
#endif
