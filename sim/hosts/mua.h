#ifndef SIM_HOSTS_MUA_H
#define SIM_HOSTS_MUA_H
/*
 * mua - a person's mail program: writes, submits, fetches, marks; and what people do by hand.
 *
 *   action (scenario)  ->  session: look the server up, connect, run the client engine  ->  action_done
 *     send    mua_send.c    SMTP submission
 *     fetch   mua_pop3.c    POP3, or mua_imap.c
 *     mark, remove, move    mua_imap.c
 *     telnet                hand_telnet.c
 *     lookup, ping          mua_hand.c
 *
 * Every session ends with a `client` record that says how it went, in the words of docs/TRACE.md, and with an
 * `error` record when its user would see one.
 */
#include "protocols/sasl/sasl.h"
#include "sim/hosts/ask.h"
#include "sim/hosts/host.h"
#include "sim/hosts/pump.h"

#define MUA_CONNECT_NS (30 * CORE_S) /* patience with a server that does not answer the SYN */
/* patience with a server that accepted and says nothing; programs for people wait less than the minutes
 * of RFC 5321 section 4.5.3.2 */
#define MUA_REPLY_NS (60 * CORE_S)

struct action_run;

struct seen_uidl { /* a message that stays on the server and was fetched already */
    struct seen_uidl *next;
    char uidl[72];
};

struct read_box { /* a mailbox that was read by IMAP, and how far */
    struct read_box *next;
    const char *name; /* borrowed from the scenario */
    uint32_t uidvalidity, last_uid;
    uint64_t modseq; /* of the latest change that its copy has; 0: the server keeps none */
};

/* What a mail program remembers between its errands, whatever becomes of the account's settings. */
struct account_memory {
    struct account_memory *next; /* of the world's */
    struct seen_uidl *seen;      /* POP3, keep */
    struct read_box *boxes;      /* IMAP */
};

struct account { /* never changes: an errand goes on with the settings with which it began */
    const struct spec_account *spec;
    struct host *host;
    struct sasl_client_config sasl;
    struct account_memory *memory; /* NULL: it has read nothing yet */
};

struct mua {
    struct host *host;
    struct account *accounts;
    size_t naccounts;
};

struct mua *mua_new(struct host *host, const struct spec_client *spec);
/* Other settings, from the next errand on. */
void mua_reload(struct mua *m, const struct spec_client *spec);
struct account_memory *account_memory(struct account *a);
void mua_account_init(struct account *account, struct host *host, const struct spec_account *spec);

/* What a session has in common with the others. */
struct errand {
    struct action_run *run;
    struct account *account; /* NULL: done by hand */
    struct host *host;
    const char *server; /* name or address */
    uint16_t port;
    struct ask_found found;
    size_t next; /* address to try */
    uint64_t began_ns;
    bool settled; /* the action has been told how it went */
};

/* Looks the server up and then calls connect(), which tries found.addr[next]. */
void errand_start(struct errand *e, struct action_run *run, struct account *account, struct host *host,
                  const char *server, uint16_t port, void (*ready)(struct errand *e));
/* Tells how it went: a client record, an error for the user unless result is "ok", and action_done. `r` may
 * carry code, status and attributes already (tell_state with `event` has been called), or be NULL. Once for
 * each errand. */
void errand_end(struct errand *e, const char *event, const char *result, uint16_t code, const char *status,
                const char *command, uint32_t count, const char *error_fmt, ...)
    __attribute__((format(printf, 8, 9)));
/* Why there is no connection, for a client record and for the user. */
struct errand_trouble {
    const char *word;     /* "no-server", "unreachable" */
    const char *sentence; /* "the name of the server could not be found" */
};
/* Opens a connection to found.addr[next], as `what` ("a POP3 connection"). False: *t says why not, and
 * nothing will be called. */
bool errand_connect(struct errand *e, struct pump *p, const struct pump_ops *ops, const char *what,
                    struct errand_trouble *t);
/* The connection could not be opened: is there another address of the server? Then it is the next one now. */
bool errand_another(struct errand *e);
/* The end of a world: errands that still wait for an address let go of what they hold. */
void errands_abandon(struct world *w);
/* The connection is inside TLS now: passwords may travel, and a proof can be tied to it. */
void errand_secured(struct sasl_client *c, const struct pump *p);
/* The word for the way a connection ended. */
const char *errand_word(enum tcp_end why);
/* What a user is told about it. */
const char *errand_sentence(enum tcp_end why);

/* ---- actions ------------------------------------------------------------------------------------- */
struct action_run {
    struct world *world;
    const struct spec_action *spec;
    const struct spec_action *later; /* how it is done from its next beginning on; NULL: as now */
    struct host *host;
    struct core_timer timer;
    uint64_t cause;
    uint32_t times;
    bool under_way, ended;
    const char *result; /* of the last time: "ok", or what went wrong, in one word */
    void (*done)(struct action_run *run,
                 bool success); /* instead of going on with the scenario; NULL: it goes on */
};

/* Schedules all actions of the world. False: one names what does not exist; *pointer says which. */
bool actions_start(struct world *w, const char **pointer);
/* The action that stands at that place of the scenario; NULL: none does. */
struct action_run *action_at(struct world *w, const char *pointer);
/* It will not begin any more: to change it comes too late. */
bool action_over(const struct action_run *run);
/* From its next beginning on it is done otherwise, and its first one may be at another time. A pause that has
 * begun stays as long as it was; if there is to be no further time, the action ends now. */
void action_reload(struct action_run *run, const struct spec_action *spec);
/* `success`: what the action is for has happened, so that a repeated one stops. */
void action_done(struct action_run *run, bool success, const char *result);

void mua_send(struct action_run *run, struct account *account);
void mua_fetch_pop3(struct action_run *run, struct account *account);
/* The bench's: logs in, asks what is there, and then stays connected without a word. */
void mua_pop3_idle(struct action_run *run, struct account *account);
void mua_imap(struct action_run *run, struct account *account);
/* Files a sent message in the "Sent" mailbox by IMAP; the action ends with it. */
void mua_imap_save(struct action_run *run, struct account *account, struct mail *mail);
void hand_telnet(struct action_run *run);
void hand_lookup(struct action_run *run);
void hand_ping(struct action_run *run);

/* ---- header fields for the trace ---- */
#define MUA_SHOWN_MAX 256 /* octets of a field that a record keeps */
struct mua_headers {
    char message_id[MUA_SHOWN_MAX], subject[MUA_SHOWN_MAX], from[MUA_SHOWN_MAX];
};
/* Adds message_id, subject and from; *h holds the words until the record is sent. */
void mua_attr_headers(struct trace_record *r, struct mua_headers *h, const char *octets, size_t len);

/* ---- what arrived ----------------------------------------------------------------------------------- */
/* Records a message that the program now shows: subject, sender, whether it is what was sent. */
void mua_tell_message(struct account *account, struct action_run *run, const char *via, const char *octets,
                      size_t len, const char *flags);
void mua_remember_sent(struct world *w, const char *name, const char *message_id, size_t id_len,
                       struct mail *mail);
void mua_forget_all(struct world *w);
void mua_init_world(struct world *w);

size_t mua_smtp_octets(void); /* of one session, for the bench */
size_t mua_pop3_octets(void);
size_t mua_imap_octets(void);
#endif
