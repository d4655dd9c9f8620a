#ifndef SIM_HOSTS_MTA_H
#define SIM_HOSTS_MTA_H
/*
 * mta - a mail server: takes messages in by SMTP, keeps them in its queue, passes them on.
 *
 *   port 587, 25        mta_serve.c     envelope and content become a queue item; 250 is the promise
 *   queue               mta_queue.c     who is still waiting, when to try again, when to give up
 *   next hop            mta_route.c     MX records, by preference; implicit MX; null MX
 *   the next server     mta_deliver.c   the SMTP client; what each recipient was answered
 *   own mailboxes       mta_local.c     users, aliases, postmaster, quota
 *   reports             mta_report.c    bounces, delay notices, delivery reports (RFC 3464)
 *
 * A recipient of an accepted message ends as sent, or failed with a report to the sender; nothing is lost
 * on the way. The queue outlives connections and waiting; each item has one timer.
 */
#include "protocols/smtp/smtp_client.h"
#include "protocols/smtp/smtp_server.h"
#include "sim/hosts/host.h"
#include "sim/hosts/service_auth.h"

#define MTA_CONNECT_NS     (30 * CORE_S) /* for a TCP connection; RFC 5321 section 4.5.3.2 leaves it open */
#define MTA_RETRY_FIRST_NS (5 * CORE_MINUTE)
#define MTA_RETRY_MAX_NS   (4 * CORE_HOUR)
#define MTA_NOTICE_NS      (4 * CORE_HOUR)
#define MTA_EXPIRE_NS      (5 * CORE_DAY) /* RFC 5321 section 4.5.4.1: 4 to 5 days */
/* Received fields; RFC 5321 section 6.3 says at least 100 may be legal, Postfix and others stop at 50 */
#define MTA_HOPS_MAX       50
#define MTA_SIZE_MAX       10240000 /* octets */
#define MTA_RECIPIENTS_MAX 1000
#define MTA_ALIAS_MAX      1000 /* recipients that one message may grow to by aliases */
#define MTA_QUEUE_ID       16   /* octets with NUL */

/* Text of an item is kept in chunks that never move: sessions borrow it while more is added. */
struct text_chunk {
    struct text_chunk *next;
    size_t cap, used; /* octets, this header included */
};

enum recipient_state { RCPT_WAITING, RCPT_TRYING, RCPT_SENT, RCPT_FAILED, RCPT_EXPANDED };

struct recipient {
    struct wire_slice address; /* as given, without < > */
    struct wire_slice orcpt;   /* "rfc822;bob@example.org", decoded; len 0: none */
    struct wire_slice remote;  /* the server that answered last: "mx.example.org" */
    struct wire_slice said;    /* what it said: "550 5.1.1 no such user" */
    uint32_t domain_at;        /* offset of the domain in address */
    uint16_t code;
    uint8_t state;  /* enum recipient_state */
    uint8_t notify; /* smtp_notify bits */
    char status[SMTP_STATUS_MAX];
    bool reported; /* the sender has been told how it ended */
    bool mailbox;  /* an alias has named its own user: no more aliases */
};

struct queue_item {
    struct mta *mta;
    struct mail *mail; /* owned hold */
    struct queue_item *prev, *next;
    struct recipient *rcpt;  /* owned */
    struct text_chunk *text; /* owned */
    size_t rcpt_cap;         /* octets */
    uint32_t nrcpt;
    struct wire_slice sender; /* empty: <> */
    struct wire_slice envid, message_id;
    uint64_t arrival_ns, next_ns;
    struct core_timer timer;
    uint64_t cause;                             /* seq of the record that the next attempt is due to */
    uint32_t attempts, jobs;                    /* deliveries under way */
    uint8_t ret;                                /* enum smtp_ret */
    uint8_t body;                               /* enum smtp_body */
    bool smtputf8, notice_sent, queued, report; /* report: made here */
    char id[MTA_QUEUE_ID];
};

struct mta_listener { /* one port */
    struct mta *mta;
    const struct spec_service *spec;
    struct smtp_server_config config;
    const struct sasl_server_config *sasl;
};

struct mta {
    struct host *host;
    const struct spec_mta *spec;
    const char *hostname;
    struct smtp_client_config client;
    struct queue_item queue; /* head of the ring */
    uint32_t queued;
    uint32_t *refused; /* how often each refusal has been used */
};

struct mta *mta_new(struct host *host, const struct spec_mta *spec);
void mta_free(struct mta *m);
/* Listens on every service. False: a port is taken; *pointer says whose. */
bool mta_open(struct mta *m, const char **pointer);
void mta_init_world(struct world *w);
/* Takes over other settings while it runs: closes its ports and opens them anew. Conversations that are under
 * way keep what was offered to them; what a command may do is asked anew each time. What waits in the queue
 * waits as long as it was told. host->spec is the new one already. */
void mta_reload(struct mta *m, const struct spec_mta *spec);

/* Octets of one idle session of the server, for the bench. */
size_t mta_session_octets(void);

/* ---- items ---------------------------------------------------------------------------------- */
struct queue_item *item_new(struct mta *m);
void item_free(struct queue_item *q);
struct wire_slice item_text(struct queue_item *q, const char *at, size_t len);
struct recipient *item_recipient(struct queue_item *q, const char *address, size_t len);

/* What stands behind the "@" of a recipient; empty: nothing does. */
static inline struct wire_slice recipient_domain(const struct recipient *r)
{
    return wire_slice(r->address.at + r->domain_at, r->address.len - r->domain_at);
}

/* The message is complete: from now on the queue is responsible. */
void queue_take(struct queue_item *q);
/* A delivery has ended and has set the state of its recipients. */
void queue_job_done(struct queue_item *q);
/* What else a record about the queue may say; NULL and 0: nothing. */
struct queue_more {
    const char *relay, *delays;             /* of a delivery */
    const char *daemon;                     /* "submission" */
    const char *notice_id;                  /* of the report about it */
    const char *client, *method, *username; /* of a submission */
    uint32_t conn;
};
/* Records an event about one recipient (NULL: about the item). `more` may be NULL. */
void queue_tell(struct queue_item *q, const char *event, const struct recipient *r,
                const struct queue_more *more);

/* Postfix's four delays in seconds: before the queue manager, in it, opening the connection, sending. */
#define QUEUE_DELAYS 96 /* octets with NUL */
const char *queue_delays(const struct queue_item *q, uint64_t began_ns, uint64_t connect_ns,
                         uint64_t opened_ns, char out[QUEUE_DELAYS]);

/* ---- one recipient's fate ------------------------------------------------------------------- */
void recipient_answer(struct queue_item *q, struct recipient *r, enum recipient_state state, uint16_t code,
                      const char *status, struct wire_slice said, struct wire_slice remote);

/* ---- where to ------------------------------------------------------------------------------ */
bool mta_is_local(const struct mta *m, struct wire_slice domain);
bool mta_relays_for(const struct mta *m, struct wire_slice domain); /* relay_domains */

/* What a local address comes to. */
enum local_kind { LOCAL_USER, LOCAL_ALIAS, LOCAL_UNKNOWN };
enum local_kind mta_local(struct mta *m, struct wire_slice local_part, struct wire_slice domain,
                          struct user **user, const struct spec_alias **alias);
void mta_deliver_local(struct queue_item *q, struct recipient *r);

/* Delivers to the recipients from `first` on that wait and have its domain. */
void mta_deliver(struct queue_item *q, uint32_t first);

/* ---- reports --------------------------------------------------------------------------------- */
enum report_kind { REPORT_BOUNCE, REPORT_DELAY, REPORT_SUCCESS };
/* Tells the sender about every recipient that is due for it, if there is a sender who wants to know. */
void mta_report(struct queue_item *q, enum report_kind kind);

/* Is `what`, an address or a host name, one that the refusal is about? */
bool mta_refusal_matches(const struct spec_refusal *f, struct wire_slice what);
/* A refusal of the policy that applies now, or NULL. `what` is an address or a host name. */
const struct spec_refusal *mta_refusal(struct mta *m, const char *command, struct wire_slice what);
#endif
