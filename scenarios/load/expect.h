#ifndef SCENARIOS_LOAD_EXPECT_H
#define SCENARIOS_LOAD_EXPECT_H
/*
 * expect - does a run do what its scenario says? A reader of the trace, like any other.
 *
 *   "expect": [ { "what": "delivered", "message": "lunch", "to": "bob@example.org", "within": "10s" } ]
 *
 *   struct expect expect;
 *   expect_init(&expect, &scenario);
 *   trace_add(&trace, &(struct trace_sink)expect_sink(&expect));
 *   ... the run ...
 *   results = expect_results(&expect, &n);      before trace_close, so that main can emit TRACE_KIND_OUTCOME
 *   for (i < n) what, expected, got, ok         with these four as attributes
 *   expect_free(&expect);
 *
 * A scenario's message is known on the wire by its Message-ID: the `client` record "sending" or "sent"
 * ties the two together. Every kind counts the records that match it; without `count`, one
 * is enough; `never` wants none.
 */
#include "scenarios/load/scenario.h"
#include "sim/core/trace.h"

#define EXPECT_MAX 500 /* items in a scenario */

/* X(enum suffix, JSON): which records match */
#define EXPECT_KINDS(X)                                                                                      \
    X(DELIVERED, "delivered")             /* mailbox stored */                                               \
    X(FETCHED, "fetched")                 /* client message: a mail program has it */                        \
    X(BOUNCED, "bounced")                 /* queue bounced or expired, and with `to`: bounce-made */         \
    X(DELAY_NOTICE, "delay_notice")       /* queue delay-notice */                                           \
    X(DEFERRED, "deferred")               /* queue deferred: an attempt that will be repeated */             \
    X(REFUSED, "refused")                 /* session reject, auth-failed */                                  \
    X(CONNECTION, "connection")           /* session connect, or the way in which it failed */               \
    X(SENT, "sent")                       /* client sent */                                                  \
    X(SEND_FAILED, "send_failed")         /* client send-failed */                                           \
    X(ACTION, "action")                   /* client ...-done, sent, fetched, failed: by action */            \
    X(QUEUE_EMPTY, "queue_empty")         /* queue accepted = queue removed */                               \
    X(MAILBOX, "mailbox")                 /* how many messages are in it at the end */                       \
    X(FLAGGED, "flagged")                 /* mailbox flags */                                                \
    X(OVER_QUOTA, "over_quota")           /* mailbox over-quota */                                           \
    X(RETRANSMISSIONS, "retransmissions") /* tcp-timer rto, fast-retransmit */                               \
    X(LINE, "line")                       /* a command, reply, query or answer that contains `text` */
#define X(name, json) EXPECT_##name,
enum expect_kind { EXPECT_KINDS(X) EXPECT_KIND_COUNT };
#undef X

#define EXPECT_ANY UINT32_MAX /* count: one or more */

enum expect_intact { EXPECT_INTACT_ANY, EXPECT_INTACT_YES, EXPECT_INTACT_NO };

struct expect_item { /* strings NULL, numbers 0: any */
    const char *pointer;
    enum expect_kind kind;
    bool never;
    uint64_t within_ns; /* CORE_NEVER: any time */
    uint32_t count;     /* EXPECT_ANY */
    const char *host, *message, *to, *recipient, *mailbox, *user, *via, *status, *command, *result, *action,
        *flag, *text;
    uint16_t code, port;
    uint32_t messages, min, max; /* MAILBOX; RETRANSMISSIONS */
    enum expect_intact intact;
};

struct expect_result {
    const char *pointer;  /* of the item in the scenario */
    const char *what;     /* "delivered" */
    const char *expected; /* "lunch to bob@example.org within 10s" */
    const char *got;      /* "1, first at 2.310 s" */
    bool ok;
};

struct expect_state; /* what the records told: expect_internal.h */

struct expect {
    const struct scenario *scenario; /* borrowed */
    struct expect_state *state;
    const char *const *hosts; /* names from the opening */
    size_t nhosts;
    struct expect_result *results; /* NULL until they are asked for */
    struct core_arena arena;
};

void expect_init(struct expect *e, const struct scenario *scenario);
struct trace_sink expect_sink(struct expect *e); /* wants state and line */

/* One result for each item, in the order of the file. What it points to lives until expect_free. */
const struct expect_result *expect_results(struct expect *e, size_t *count);

/* True if all are ok; a scenario without `expect` is content with any run. */
bool expect_ok(const struct expect_result *results, size_t count);
void expect_free(struct expect *e);

const char *expect_kind_name(enum expect_kind kind);
#endif
