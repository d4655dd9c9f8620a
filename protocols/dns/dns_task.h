#ifndef PROTOCOLS_DNS_TASK_H
#define PROTOCOLS_DNS_TASK_H
/*
 * dns_task - one question that the resolver works on. For the resolver's own files.
 *
 *   dns_client.c     clients' queries, and the replies to them
 *   dns_resolver.c   servers' replies, time; the lists of tasks
 *   dns_walk.c       from the cache or the root to the answer: whom to ask next, and what
 *                    a reply means
 *
 *   client task --asks for a server's address--> child task --> child of the child
 *        ^-- twins: other clients with the same question, waiting for its answer
 */
#include "protocols/dns/dns_resolver.h"

#define DNS_SCRATCH_REPLY   0 /* offsets in dns_resolver.scratch */
#define DNS_SCRATCH_COLLECT (DNS_MESSAGE_MAX + 1)
#define DNS_SCRATCH_ENTRY   (2 * (DNS_MESSAGE_MAX + 1))
#define DNS_SCRATCH_EXTRA   (DNS_SCRATCH_ENTRY + DNS_CACHE_ENTRY_MAX)

enum dns_resume { DNS_RESUME_RUN, DNS_RESUME_NEXT_SERVER };

struct dns_task {
    uint64_t deadline_ns; /* while waiting for a server */
    uint64_t give_up_ns;  /* when the client's question ends in SERVFAIL */
    struct dns_client client;
    uint32_t next, prev;     /* list by deadline; list of ready tasks; free list (next) */
    uint32_t bucket, chain;  /* waiting tasks by id */
    uint32_t parent;         /* the task that waits for this one; 0: a client does */
    uint32_t twin;           /* next client with the same question */
    uint32_t name_hash;      /* of name, to find twins */
    uint16_t id, port, type; /* of the query that is out */
    uint16_t client_id, client_limit;
    uint16_t useless; /* bit i: server[i] has answered uselessly */
    uint16_t chain_len, chain_last, ns_len, ns_at;
    uint8_t state, resume, depth, aliases;
    uint8_t zone_labels;     /* whose servers these are: that many labels of the current name */
    uint8_t servers, server; /* how many; which one is being asked */
    uint8_t start, tried;    /* first one of this round; how many since */
    uint8_t round;
    uint8_t sent; /* messages to servers, client's task: of its children too */
    bool client_edns, recursion, plain, ask_aaaa, is_twin;
    struct dns_addr server_addr[DNS_SERVERS_MAX];
    struct dns_name name;            /* as the client has written it */
    uint8_t alias[DNS_CHAIN_OCTETS]; /* per CNAME: four octets of TTL, then the target */
    uint8_t ns[DNS_NS_OCTETS];       /* names of servers whose addresses are not known yet */
};

static inline uint32_t dns_task_index(const struct dns_resolver *r, const struct dns_task *t)
{
    return (uint32_t)(t - r->task);
}

/* The name looked up now: the question's, or the end of the aliases. */
const uint8_t *dns_task_name(const struct dns_task *t);
/* The zone whose servers are asked now. */
const uint8_t *dns_task_zone(const struct dns_task *t);
void dns_task_report(struct dns_resolver *r, const struct dns_task *t, enum dns_resolver_event_kind kind,
                     const uint8_t *name, uint16_t type, const uint8_t *zone, enum dns_verdict verdict);

/* A task without a client, for (name, type). NULL if all are taken. */
struct dns_task *dns_task_new(struct dns_resolver *r, const uint8_t *name, uint16_t type,
                              uint64_t give_up_ns);
void dns_task_free(struct dns_resolver *r, struct dns_task *t);
/* Lets a task go on as soon as the one at work is done. */
void dns_task_ready(struct dns_resolver *r, struct dns_task *t, enum dns_resume resume);
/* Runs the tasks that can go on. */
void dns_resolver_drain(struct dns_resolver *r, uint64_t now_ns);
/* Sends the task's current question to its current server, and waits. */
void dns_task_send(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t, bool tcp);
/* Tells whoever waits, and frees the task. entry: the records, or the negative entry;
 * NULL for failures. */
void dns_task_finish(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t, enum dns_verdict verdict,
                     const struct dns_cache_entry *entry);

/* ---- dns_walk.c ---- */

/* Looks into the cache; else finds the nearest servers and asks one. */
void dns_walk_run(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t);
void dns_walk_next_server(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t);
/* A reply to the task's query: its id, peer and question are right. */
enum dns_verdict dns_walk_reply(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                                const struct dns_reader *reply);
/* A child has found addresses of a server (or NULL): the parent goes on. */
void dns_walk_addresses(struct dns_resolver *r, struct dns_task *t, const struct dns_cache_entry *entry);
/* Follows the cache as far as it goes. True: *entry is the answer; *verdict says of which kind. */
bool dns_walk_cache(struct dns_resolver *r, uint64_t now_ns, struct dns_task *t,
                    struct dns_cache_entry *entry, enum dns_verdict *verdict);
#endif
