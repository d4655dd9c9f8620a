#ifndef SIM_HOSTS_HOST_H
#define SIM_HOSTS_HOST_H
/*
 * host - one simulated machine as this room sees it, and the world it lives in.
 *
 *   world --- net (packets) --- host --- mta    queue, SMTP server and client
 *     |                           |----- store  mailboxes, POP3 and IMAP servers
 *     |                           |----- mua    a person's mail program
 *     |                           |----- dns    authoritative server, or resolver
 *     `--- trace                  `----- ask    its stub resolver
 *
 * A part of one host never reads a part of another: what it knows has come in packets. What the world shares
 * is memory (pools, the step objects that engines fill) and the trace.
 */
#include "protocols/dns/dns_stub.h"
#include "sim/core/pool.h"
#include "sim/core/queue.h"
#include "sim/core/rng.h"
#include "sim/core/trace.h"
#include "sim/hosts/mail.h"
#include "sim/hosts/spec.h"
#include "sim/net/net.h"

struct mta;
struct user;
struct store;
struct mua;
struct dns_host;
struct resolver_host;
struct dns_zone;
struct actions;
struct lookup_ctx;
struct secure;
struct troubles;
struct account_memory;
struct change_run;
struct power;
struct scratch; /* step objects of all engines: sim/hosts/scratch.h */

struct host {
    struct world *world;
    struct net_host *net;
    const struct spec_host *spec;
    uint32_t number;              /* in the trace, from 1 */
    bool seated;                  /* a person has begun to answer on its port: hand.h */
    struct dns_stub_config *stub; /* NULL: no resolver is set up */
    struct mta *mta;
    struct store *store;
    struct mua *mua;
    struct dns_host *dns;
    struct resolver_host *resolver;
};

/* A message that a mail program has sent, as it left: to say later whether it arrived unchanged. */
struct sent_copy {
    char *message_id; /* with < > */
    const char *name; /* of the scenario's message */
    struct mail *mail;
    struct sent_copy *next;
};

struct world_totals {
    uint64_t sent, accepted, delivered, fetched, bounced, deferred; /* messages */
    uint64_t tcp_idle_octets;
};

struct world {
    const struct spec_world *spec;
    struct core_queue queue;
    struct trace trace;
    struct net net;
    struct core_arena arena; /* as long as the world */
    struct mail_room mails;
    struct scratch *scratch;
    struct host *hosts; /* hosts[i] has number i + 1 */
    size_t nhosts;
    struct dns_zone *zones; /* as the scenario's, compiled */
    struct core_pool saids, lines, asks, ask_boths, errand_lookups, stored, identities, smtp_in, smtp_out,
        pop3_in, imap_in, queue_items, muas_smtp, muas_pop3, muas_imap, dns_tcp;
    struct sent_copy *sent[256]; /* by hash of the Message-ID */
    struct lookup_ctx *lookups;  /* errands that wait for an address */
    struct actions *actions;
    struct world_totals totals;
    void (*on_delivered)(void *ctx, struct user *user); /* the bench's: it stands for a user's timing */
    void *on_delivered_ctx;
    struct core_rng rng_ids, rng_mx, rng_dns, rng_boundary, rng_auth, rng_tls;
    struct secure *secure; /* certificates; NULL until somebody needs one */
    void (*on_keylog)(void *ctx,
                      const char *line); /* TLS secrets, in the form of SSLKEYLOGFILE; may be NULL */
    void *on_keylog_ctx;
    struct account_memory *memories; /* of mail programs: mua.h */
    struct change_run *changes;      /* as the spec's: change.h */
    struct power *powers;            /* hosts that are switched off at some time: world_net.c */
    struct troubles *troubles;       /* faults set while it runs: trouble.h; NULL: none ever was */
    uint32_t orders;                 /* messages sent by order: mua_order.h */
    uint64_t serial;                 /* of message-ids and queue ids */
    size_t link_hint;                /* where world_build found a link last */
    bool ending;                     /* being taken down: nothing new is begun */
};

static inline uint64_t world_now(const struct world *w)
{
    return w->queue.now_ns;
}

/* Seconds since 1970 at this moment of virtual time. */
static inline int64_t world_seconds(const struct world *w)
{
    return w->spec->epoch_s + (int64_t)(w->queue.now_ns / CORE_S);
}

/* True if someone reads the trace at this level. */
static inline bool world_tells(const struct world *w, enum trace_level level)
{
    return trace_wants(&w->trace, level);
}

/* The number of the host that owns an address, 0 if none: for the trace's `peer` alone. */
uint32_t world_host_at(const struct world *w, const struct net_addr *addr);

/* "name[192.0.2.10]:25" for logs; the short name of the host. buf has WORLD_PEER_TEXT octets. */
#define WORLD_PEER_TEXT 128
const char *world_peer_text(const struct world *w, const struct net_addr *addr, unsigned port, char *buf);
#endif
