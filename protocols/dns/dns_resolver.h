#ifndef PROTOCOLS_DNS_RESOLVER_H
#define PROTOCOLS_DNS_RESOLVER_H
/*
 * dns_resolver - a caching recursive resolver (RFC 1034 section 5.3.3) without I/O.
 *
 *   stub             resolver                          root      org       example.org
 *    | MX example.org? |                                 |         |            |
 *    |---------------->| in the cache? no.               |         |            |
 *    |                 |--- MX example.org? ------------>|         |            |
 *    |                 |<-- referral: org NS, glue ------|         |            |
 *    |                 |--- MX example.org? ---------------------->|            |
 *    |                 |<-- referral: example.org NS, glue --------|            |
 *    |                 |--- MX example.org? ----------------------------------->|
 *    |                 |<-- MX 10 mx.example.org -------------------------------|
 *    |<-- the answer --| and into the cache
 *
 * The engine calls ops to send and to answer; the host calls dns_resolver_query() for each
 * query of a client, dns_resolver_reply() for each datagram or TCP message of a server, and
 * dns_resolver_expire() when dns_resolver_deadline() has come. ops must not call back in.
 *
 * What it does not believe: replies from another address, port, id or question than asked;
 * records outside the zone of the server that sent them.
 */
#include "protocols/dns/dns_cache.h"
#include "protocols/dns/dns_verdict.h"

#define DNS_ALIASES_MAX  8              /* CNAMEs followed for one question, ours */
#define DNS_CHAIN_OCTETS 1024           /* room for their targets in a task, ours */
#define DNS_SERVERS_MAX  10             /* addresses tried per zone, ours */
#define DNS_NS_OCTETS    512            /* room for names of servers in a task, ours */
#define DNS_NS_MAX       13             /* servers of a zone remembered: as many as the root has */
#define DNS_DEPTH_MAX    4              /* lookups of servers' names within lookups, ours */
#define DNS_BUDGET       48             /* messages to servers for one client's question, ours */
#define DNS_ROUNDS       3              /* times the list of servers is gone through */
#define DNS_TRY_NS       800000000ull   /* first wait for a server; doubles with each round */
#define DNS_TCP_TRY_NS   5000000000ull  /* wait for a TCP reply */
#define DNS_QUESTION_NS  20000000000ull /* longest a client's question is worked on */

struct dns_client { /* whom to answer; the host's, handed back as it is */
    struct dns_addr addr;
    uint16_t port;
    uint32_t conn; /* 0: UDP; else the host's number of a TCP connection */
};

/* Where a query goes. A source port may be in use by another task already: the host may
 * share that socket, for replies are told apart by id, server and question. */
struct dns_server_try {
    struct dns_addr addr;
    uint16_t source_port; /* UDP: bind this port for the reply; TCP: 0, any */
    bool tcp;
};

enum dns_resolver_event_kind {
    DNS_EV_ASKED,        /* a client's query has come */
    DNS_EV_CACHE_HIT,    /* answered out of the cache */
    DNS_EV_CACHE_MISS,   /* the walk begins */
    DNS_EV_SEND,         /* a query goes to a server of a zone */
    DNS_EV_REFERRAL,     /* a server has named the servers of a zone below */
    DNS_EV_ALIAS,        /* the name is an alias: the walk goes on with its target */
    DNS_EV_NEED_ADDRESS, /* a server's name has no address yet: a lookup within the lookup */
    DNS_EV_TCP,          /* the reply was truncated: again over TCP */
    DNS_EV_TIMEOUT,      /* the server did not answer in time */
    DNS_EV_BAD_SERVER,   /* the server answered uselessly: error, lame, malformed */
    DNS_EV_IGNORED,      /* a reply that was not asked for */
    DNS_EV_OUTSIDE,      /* a record outside the server's zone was thrown away */
    DNS_EV_JOINED,       /* the same question is being worked on already */
    DNS_EV_ANSWER,       /* the reply goes to the client */
    DNS_EV_GAVE_UP,      /* no server helped: SERVFAIL */
    DNS_EV_BUSY,         /* all tasks are taken: SERVFAIL */
    DNS_EVENTS
};

struct dns_resolver_event { /* pointers are good during the call only */
    enum dns_resolver_event_kind kind;
    uint32_t task;        /* index of the task, or UINT32_MAX */
    uint32_t client_task; /* index of the task that answers the client */
    const uint8_t *name;  /* what is being looked up, or the record thrown away */
    uint16_t type;
    const uint8_t *zone;           /* zone of the server; of the referral; NULL if none */
    const struct dns_addr *server; /* NULL if none */
    enum dns_verdict verdict;      /* where it applies, else DNS_ANSWERED */
    const struct wire_lesson *why;
};

struct dns_resolver_ops {
    /* One query to a server, DNS_PORT. Over TCP the host connects, frames with two octets
     * of length, and gives the reply to dns_resolver_reply(tcp = true). */
    void (*send)(void *host, uint32_t task, const struct dns_server_try *to, const uint8_t *msg, size_t len);
    /* The task needs no more replies to what it has sent: the host may close socket or connection. */
    void (*done)(void *host, uint32_t task, const struct dns_server_try *to);
    void (*answer)(void *host, const struct dns_client *client, const uint8_t *msg, size_t len,
                   const struct dns_step *step);
    uint32_t (*random)(void *host); /* ids, source ports, choice of servers: hard to guess (RFC 5452) */
    void (*report)(void *host, const struct dns_resolver_event *event); /* NULL: nobody listens */
};

struct dns_root_hint { /* scenario's root servers; RFC 9609 priming is not needed here */
    struct dns_addr addr;
};

struct dns_resolver_config { /* borrowed, shared */
    const struct dns_root_hint *root;
    size_t roots;
    uint64_t try_ns;              /* 0: DNS_TRY_NS */
    uint16_t edns_octets;         /* offered to servers; 0: DNS_EDNS_OCTETS; 1: no EDNS0 */
    uint16_t port_low, port_high; /* source ports; 0: 1024..65535 */
    bool no_port_random;          /* lesson: always port_low, so that forging gets easier */
    bool no_ipv4, no_ipv6;        /* the host has no such address: do not ask servers there */
    bool no_ignore_outside;       /* lesson: believe records outside the server's zone */
};

enum dns_task_state {
    DNS_TASK_FREE,
    DNS_TASK_WAIT_UDP,
    DNS_TASK_WAIT_TCP,
    DNS_TASK_WAIT_TASK,
    DNS_TASK_RUNNING
};

struct dns_task; /* one question being worked on: see dns_task.h for its fields */

struct dns_resolver {
    const struct dns_resolver_config *config; /* borrowed */
    const struct dns_resolver_ops *ops;       /* borrowed */
    void *host;
    struct dns_cache *cache; /* borrowed */
    struct dns_task *task;   /* host's memory */
    uint32_t tasks, active;
    uint32_t free_head;       /* index + 1, as all links between tasks */
    uint32_t soonest, latest; /* list of waiting tasks by deadline */
    uint32_t ready;           /* list of tasks that can go on */
    uint8_t *scratch;         /* host's, DNS_RESOLVER_SCRATCH octets; may be shared by all engines */
    uint64_t queries, answers_from_cache, sent, timeouts, servfails;
};

/* Octets: a reply being written, records being collected, two long cache entries. */
#define DNS_RESOLVER_SCRATCH (2 * (DNS_MESSAGE_MAX + 1) + 2 * DNS_CACHE_ENTRY_MAX)

size_t dns_task_octets(void); /* size of one task */

/* task: memory for tasks * dns_task_octets() octets, aligned for uint64_t; at least 2, for
 * the last free task serves clients from the cache only. */
void dns_resolver_init(struct dns_resolver *r, const struct dns_resolver_config *config,
                       const struct dns_resolver_ops *ops, void *host, struct dns_cache *cache, void *task,
                       uint32_t tasks, uint8_t *scratch);

/* A client's query. It is answered through ops at once (cache, errors) or later. */
void dns_resolver_query(struct dns_resolver *r, uint64_t now_ns, const struct dns_client *client,
                        const uint8_t *msg, size_t len);

/* Octets from a server: from, from_port as seen on the packet; local_port where it arrived
 * (0 with tcp). Returns what it was: DNS_MISMATCHED for replies nobody waits for. */
enum dns_verdict dns_resolver_reply(struct dns_resolver *r, uint64_t now_ns, const struct dns_addr *from,
                                    uint16_t from_port, uint16_t local_port, bool tcp, const uint8_t *msg,
                                    size_t len);
/* The TCP connection, or the socket, of a task's current try has failed: do not wait on. */
void dns_resolver_failed(struct dns_resolver *r, uint64_t now_ns, uint32_t task);

/* When expire() has something to do; UINT64_MAX: never. */
uint64_t dns_resolver_deadline(const struct dns_resolver *r);
void dns_resolver_expire(struct dns_resolver *r, uint64_t now_ns);

/* Words for a view and a trace. */
const char *dns_resolver_event_name(enum dns_resolver_event_kind kind);
const struct wire_lesson *dns_resolver_event_lesson(enum dns_resolver_event_kind kind);

struct dns_task_view { /* what a screen may show of a task */
    enum dns_task_state state;
    const uint8_t *name;
    uint16_t type;
    const uint8_t *zone; /* whose servers it asks now */
    uint64_t deadline_ns;
    uint8_t depth, aliases, sent;
};
bool dns_resolver_task(const struct dns_resolver *r, uint32_t task, struct dns_task_view *out);
#endif
