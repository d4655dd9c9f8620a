#ifndef SIM_HOSTS_TROUBLE_H
#define SIM_HOSTS_TROUBLE_H
/*
 * trouble - faults of hosts and links that somebody sets and clears while the world runs, or that the
 * scenario orders for a time (troubles_plan).
 *
 *   trouble_add(order) -> number ... acts ... trouble_clear(number), or its time is over
 *
 *   refuse   an SMTP server answers a command with a code of the user's choice
 *   delay    an SMTP, POP3 or IMAP server's replies leave later, all or those to one command
 *   drop     such a server closes the connection instead of answering a command, or inside a message
 *   fill     a user is over quota, whatever is in the mailbox
 *   dns      an authoritative DNS server answers SERVFAIL or REFUSED, or not at all
 *   down     a host is switched off, or a link cut
 *   loss     a link loses frames by chance
 *   lag      a link takes longer
 *
 * What acts is told in the trace as a `config` record between its cause and its effect: pointer "/control/3",
 * value: the words of the command that set it; of the scenario's, pointer is its place in the file. Links and
 * power tell by their own `fault` records.
 */
#include "protocols/wire/ascii.h"
#include "sim/hosts/host.h"

#define TROUBLES_MAX      1000 /* at a time, with those that the scenario orders for later */
#define TROUBLE_ERROR_MAX 300
#define TROUBLE_WORDS_MAX 400 /* octets with NUL */
#define TROUBLE_TEXT_MAX  400 /* octets of a refusal's text: its reply fits one line, RFC 5321 4.5.3.1.5 */
#define TROUBLE_NAME_MAX  330 /* of an address, RFC 5321 section 4.5.3.1.3, a host or a link */
#define TROUBLE_POINTER   24
#define TROUBLE_COMMAND   16 /* "AUTHENTICATE" and more */
#define TROUBLE_DELAY_MAX (24 * CORE_HOUR)

/* X(enum suffix, word) */
#define TROUBLE_KINDS(X)                                                                                     \
    X(REFUSE, "refuse")                                                                                      \
    X(DELAY, "delay")                                                                                        \
    X(DROP, "drop")                                                                                          \
    X(FILL, "fill")                                                                                          \
    X(DNS, "dns")                                                                                            \
    X(DOWN, "down")                                                                                          \
    X(LOSS, "loss")                                                                                          \
    X(LAG, "lag")
#define X(name, word) TROUBLE_##name,
enum trouble_kind { TROUBLE_KINDS(X) TROUBLE_KIND_COUNT };
#undef X

enum trouble_dns { TROUBLE_DNS_SERVFAIL, TROUBLE_DNS_REFUSED, TROUBLE_DNS_SILENT };

/* What somebody asks for. Strings are borrowed for the call; NULL and 0: not said. */
struct trouble_order {
    enum trouble_kind kind;
    const char *where; /* a host, link or address; REFUSE: NULL is every mail server */
    const char *match; /* REFUSE: address, domain or "*" */
    /* REFUSE: CONNECT, HELO, MAIL, RCPT, DATA. DROP, DELAY: any command, CONNECT or CONTENT; DELAY, NULL:
     * each */
    const char *command;
    const char *status, *text; /* REFUSE: "4.7.1", "Greylisted" */
    const char *words;         /* the command as it was given */
    const char *pointer; /* where the scenario orders it, borrowed for the world's life; NULL: it does not */
    struct user *user;   /* FILL, instead of `where` */
    uint64_t delay_ns;   /* DELAY, LAG */
    uint64_t for_ns;     /* 0: until it is cleared */
    uint64_t octets;     /* DROP: inside the content, after so many octets of it on the wire */
    uint32_t first;      /* REFUSE, DELAY, DROP: only so many times; 0: always */
    uint32_t ppm;        /* LOSS */
    uint16_t code;       /* REFUSE: 400 to 599 */
    uint16_t port;       /* DELAY, DROP: only this one; 0: every port of the host */
    enum trouble_dns dns;
    bool reset; /* DROP: by RST, not by FIN */
};

struct trouble { /* one that is set */
    struct trouble *next;
    struct world *world;
    struct trouble_order order; /* its strings are in the arrays below, or NULL */
    struct spec_refusal refusal;
    struct host *host; /* NULL: all, or a link */
    struct net_link *link;
    struct user *user;
    struct core_timer timer; /* the end of for_ns */
    uint64_t cause;          /* seq of the record that set it */
    uint64_t until_ns;       /* CORE_NEVER: no end */
    uint32_t id, used;       /* how often it has acted, where that is counted: REFUSE, DELAY, DROP, DNS */
    const char *pointer;     /* "/control/3", or the scenario's */
    char number[TROUBLE_POINTER];
    char where[TROUBLE_NAME_MAX], match[TROUBLE_NAME_MAX], command[TROUBLE_COMMAND], status[10],
        text[TROUBLE_TEXT_MAX], words[TROUBLE_WORDS_MAX];
};

const char *trouble_kind_name(enum trouble_kind kind);

/* Could it be set? False: error says what is wrong and what is allowed. */
bool trouble_check(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX]);
/* Sets it now. Returns its number, from 1, never used before; 0: error says what is wrong and what is
 * allowed, and nothing has changed. */
uint32_t trouble_add(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX]);
/* For one that is to be set later: checks it, and keeps a place for it. False: as trouble_check. */
bool trouble_keep(struct world *w, const struct trouble_order *o, char error[TROUBLE_ERROR_MAX]);
/* Its time has come. */
void trouble_add_kept(struct world *w, const struct trouble_order *o);
/* False: there is none with this number. */
bool trouble_clear(struct world *w, uint32_t id);
/* All of them; with `name` only those that have the host or link down. Returns how many there were. */
unsigned trouble_clear_all(struct world *w, const char *name);
/* The one after that, in the order of numbers; NULL: the first; returns NULL behind the last. */
const struct trouble *trouble_next(const struct world *w, const struct trouble *after);

/* Sets what the scenario orders, now or when its time comes. False: *pointer is the order that cannot be set,
 * error says why. */
bool troubles_plan(struct world *w, const char **pointer, char error[TROUBLE_ERROR_MAX]);

/* Whether "RCPT", "FETCH", "CONNECT" or "CONTENT", in any case, can be what a server drops or delays after.
 */
bool trouble_is_command(const char *word);

/* When the world is taken down. */
void troubles_free(struct world *w);

/* ---- where they act: cheap while none is set ---------------------------------------------------------- */

struct pump;

/* A refusal that applies now, and has been told; NULL: none. `what` is an address or a name. */
const struct spec_refusal *trouble_refusal(struct host *h, const char *command, struct wire_slice what,
                                           uint32_t conn);
/* How long the reply that a server is about to say must wait; 0: not at all. */
uint64_t trouble_delay(struct pump *p);
/* After a server's engine has taken the command `verb` and before it answers: the answer may have to wait.
 * True: the connection is being closed or reset, and nothing more may be said. */
bool trouble_drops(struct pump *p, const char *verb);
/* Octets of content that a server may still take after `had`; CORE_NEVER: no limit. */
uint64_t trouble_content(struct pump *p, uint64_t had);
/* The content has reached that limit: the connection goes. */
void trouble_drop_content(struct pump *p, uint64_t had);
/* What is wrong with this DNS server now; NULL: nothing. It has been told. */
const struct trouble *trouble_dns(struct host *h);
/* Tells that the user is over quota by order. False: that is not so. */
bool trouble_tell_full(struct user *u, uint32_t conn);
#endif
