#ifndef SIM_CORE_TRACE_H
#define SIM_CORE_TRACE_H
/*
 * trace - the only output of a run.
 *
 *   sim/net, sim/hosts --trace_emit()--> trace --+--> JSON lines     one sink for each reader;
 *                                                +--> pcap, pcapng   a sink names the levels
 *                                                +--> mail logs      it wants
 *                                                +--> narrator, recorder, hash
 *
 * It opens with the hosts and links (struct trace_opening), so that a saved trace can be shown
 * without its world. Then records follow, numbered by `seq` whether or not a sink wants their
 * level, so that the numbers do not depend on who reads. A record's `cause` is the seq of the record that led
 * to it.
 *
 *   phase   what a lesson names; title, lesson, section
 *   line    one command, reply, query or answer, at the moment its first octet is first sent
 *   packet  one frame on one link: sent by its maker, forwarded, delivered or dropped
 *   state   queue, mailbox, cache, TCP or session state changed; details in attributes
 *
 * Everything a record points to is borrowed and valid only during the sink's call,
 * except title, lesson and section, which are static.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_SINKS_MAX 16
#define TRACE_ATTRS_MAX 24

enum trace_level { TRACE_PHASE, TRACE_LINE, TRACE_PACKET, TRACE_STATE, TRACE_LEVELS };

#define TRACE_BIT(level) (1u << (level))
#define TRACE_ALL        (TRACE_BIT(TRACE_LEVELS) - 1)
/* Not a level: for a sink that taps the wire. It gets every SENT record, at least with time, host, link,
 * frame and bytes; all the rest of it only if somebody wants packets. */
#define TRACE_TAP TRACE_BIT(TRACE_LEVELS)

/* X(enum suffix, name in JSON) */
#define TRACE_PROTOS(X)                                                                                      \
    X(NONE, "")                                                                                              \
    X(ARP, "arp")                                                                                            \
    X(NDP, "ndp")                                                                                            \
    X(IP, "ip")                                                                                              \
    X(ICMP, "icmp")                                                                                          \
    X(UDP, "udp")                                                                                            \
    X(TCP, "tcp")                                                                                            \
    X(TLS, "tls")                                                                                            \
    X(DNS, "dns")                                                                                            \
    X(SMTP, "smtp")                                                                                          \
    X(POP3, "pop3")                                                                                          \
    X(IMAP, "imap")

/* X(enum suffix, name in JSON, level) */
#define TRACE_KINDS(X)                                                                                       \
    X(PHASE, "phase", TRACE_PHASE)          /* a step of the journey */                                      \
    X(COMMAND, "command", TRACE_LINE)       /* a client's line, dir C */                                     \
    X(REPLY, "reply", TRACE_LINE)           /* a server's line, dir S */                                     \
    X(CONTENT, "content", TRACE_LINE)       /* a line of a message or a literal, either dir */               \
    X(QUERY, "query", TRACE_LINE)           /* a DNS question */                                             \
    X(ANSWER, "answer", TRACE_LINE)         /* a DNS answer */                                               \
    X(SENT, "sent", TRACE_PACKET)           /* by the host that made or changed it; has a frame number */    \
    X(FORWARDED, "forwarded", TRACE_PACKET) /* by a router, onto the next link; the number is its maker's */ \
    X(DELIVERED, "delivered", TRACE_PACKET) /* to the host that it is for */                                 \
    X(DROPPED, "dropped", TRACE_PACKET) /* attribute `why`: fault, loss, queue, cut, ttl, firewall, ... */   \
    X(TCP_STATE, "tcp-state", TRACE_STATE) /* from, to */                                                    \
    X(TCP_TIMER, "tcp-timer", TRACE_STATE) /* timer, after; a retransmission, a probe */                     \
    X(SESSION, "session", TRACE_STATE)     /* protocol session: opened, from/to state, verdict, closed */    \
    X(QUEUE, "queue", TRACE_STATE)         /* MTA queue: id, event, from, to, size, ... */                   \
    X(MAILBOX, "mailbox", TRACE_STATE)     /* user, mailbox, event, uid, size, flags */                      \
    X(CACHE, "cache", TRACE_STATE)         /* DNS cache: event, name, type, ttl, data */                     \
    X(NEIGHBOUR, "neighbour", TRACE_STATE) /* ARP or ND cache: address, mac */                               \
    X(FIREWALL, "firewall", TRACE_STATE)   /* a rule matched: action, rule */                                \
    X(CONFIG, "config", TRACE_STATE)       /* the setting that decided: pointer, value */                    \
    X(FAULT, "fault", TRACE_STATE)         /* a fault began or ended */                                      \
    X(INPUT, "input", TRACE_STATE)         /* a person or a real peer did this */                            \
    X(CLIENT, "client", TRACE_STATE)   /* a mail program: event sent, send-failed, message, fetched... */    \
    X(ERROR, "error", TRACE_STATE)     /* what a mail program would show its user */                         \
    X(OUTCOME, "outcome", TRACE_STATE) /* what `expect` looks at */

#define X(name, json) TRACE_##name,
enum trace_proto { TRACE_PROTOS(X) TRACE_PROTO_COUNT };
#undef X
#define X(name, json, level) TRACE_KIND_##name,
enum trace_kind { TRACE_KINDS(X) TRACE_KIND_COUNT };
#undef X

const char *trace_proto_name(enum trace_proto proto);
const char *trace_kind_name(enum trace_kind kind);
enum trace_level trace_kind_level(enum trace_kind kind);
const char *trace_level_name(enum trace_level level);

enum trace_eol { TRACE_EOL_CRLF, TRACE_EOL_NONE }; /* what followed `text` on the wire */

struct trace_attr {
    const char *key;   /* static: "from", "queue_id" */
    const char *value; /* NULL: `number` holds it */
    int64_t number;
};

struct trace_record {
    uint64_t seq, cause; /* filled in by trace_emit; cause 0: none */
    uint64_t t_ns;
    enum trace_kind kind; /* decides the level */
    enum trace_proto proto;
    char dir;           /* 'C' from the client, 'S' from the server, 0 */
    enum trace_eol eol; /* of line records */
    bool masked;        /* text had a secret, now stars */
    uint32_t host;      /* who did it: index in the opening's hosts, from 1; 0: the network */
    uint32_t peer;      /* the other end; 0: none or unknown */
    uint32_t link;      /* packet records: index in the opening's links, from 1 */
    uint32_t conn;      /* connection or exchange number, from 1, the same at both ends; 0: none */
    uint16_t code;      /* SMTP reply code; 0: none */
    char status[10];    /* "5.1.1" or "" */
    uint64_t
        frame; /* packet: its number in the pcap; line, phase: the frame that carries it, if known; 0: none */
    const char *text; /* line: octets without CRLF; state: one sentence; may be NULL */
    size_t text_len;
    const uint8_t *bytes; /* packet: the frame from its Ethernet header on, without FCS */
    size_t nbytes;
    const char *title, *lesson, *section; /* may be NULL */
    struct trace_attr attr[TRACE_ATTRS_MAX];
    unsigned nattr;
};

/* ---- the opening ----------------------------------------------------------------------- */

struct trace_iface {
    uint32_t link; /* from 1 */
    uint8_t mac[6];
    uint8_t ip4[4], ip4_prefix; /* prefix 0: none */
    uint8_t ip6[16], ip6_prefix;
};

struct trace_host {
    const char *name;  /* short: "alice" */
    const char *label; /* for people: "alice's laptop" */
    const char *fqdn;  /* "mail.example.com", or "" */
    const char *role;  /* client, mta, store, dns, resolver, router, firewall, door */
    const struct trace_iface *ifaces;
    size_t nifaces;
};

struct trace_link {
    const char *name, *label;
    uint64_t rate_bps, delay_ns; /* one way */
};

struct trace_opening {
    const char *scenario, *title;
    const char *const *teaches; /* what there is to remember, a sentence each */
    size_t nteaches;
    const char *version; /* of the program */
    uint64_t seed;
    int64_t epoch_s;                /* seconds since 1970, UTC, at virtual time 0 */
    const struct trace_host *hosts; /* hosts[0] is number 1 */
    size_t nhosts;
    const struct trace_link *links;
    size_t nlinks;
};

/* ---- sinks ------------------------------------------------------------------------------ */

struct trace_sink {
    unsigned levels; /* TRACE_BIT()s, TRACE_TAP */
    void *ctx;
    void (*open)(void *ctx, const struct trace_opening *opening); /* may be NULL */
    void (*record)(void *ctx, const struct trace_record *record);
    void (*close)(void *ctx, uint64_t t_ns); /* the run is over; may be NULL */
};

struct trace {
    unsigned levels; /* what any sink wants */
    bool tapped;     /* a sink wants TRACE_TAP */
    uint64_t seq;    /* of the last record */
    uint64_t cause;  /* what happens now is due to this record; whoever runs an event sets it */
    uint64_t frames; /* frames sent so far: the number of the last */
    struct trace_sink sink[TRACE_SINKS_MAX];
    unsigned nsinks;
};

void trace_init(struct trace *t);
void trace_add(struct trace *t, const struct trace_sink *sink); /* before trace_open */
void trace_open(struct trace *t, const struct trace_opening *opening);
void trace_close(struct trace *t, uint64_t t_ns);

/* True if someone wants records of this level; ask before building one. */
static inline bool trace_wants(const struct trace *t, enum trace_level level)
{
    return (t->levels & TRACE_BIT(level)) != 0;
}

/* Counts a record that nobody wants, so that the numbers stay the same. Returns its seq. */
static inline uint64_t trace_skip(struct trace *t)
{
    return ++t->seq;
}

/* Gives the record its seq and, where cause is 0, the current cause; hands it to the sinks that
 * want its level. Returns the seq. */
uint64_t trace_emit(struct trace *t, struct trace_record *r);

/* Adds an attribute; value is borrowed until trace_emit returns. */
void trace_attr_str(struct trace_record *r, const char *key, const char *value);
void trace_attr_num(struct trace_record *r, const char *key, int64_t number);

/* The attribute's string, or NULL. */
const char *trace_attr_get(const struct trace_record *r, const char *key);
/* The attribute's number; 0 if there is none. */
int64_t trace_attr_number(const struct trace_record *r, const char *key);

/* ---- a sink that hashes: two runs with one hash were the same run ----------------------- */

struct trace_hash {
    uint64_t value;
    uint64_t records;
};

struct trace_sink trace_hash_sink(struct trace_hash *hash); /* wants all levels */
#endif
