#ifndef SIM_HOSTS_MTA_DELIVERY_H
#define SIM_HOSTS_MTA_DELIVERY_H
/*
 * mta_delivery - one attempt to bring a message to one domain: for the files that share the work.
 *
 *   mta_route.c    collects the recipients; MX, implicit MX, null MX; the next host, the next address
 *   mta_deliver.c  the connection: SMTP client engine and pump
 *   mta_outcome.c  what becomes of each recipient, and what the log says of it
 */
#include "sim/hosts/ask.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"

#define MX_MAX     10 /* hosts tried in one attempt */
#define EXTRA_MAX  2  /* addresses taken from the additional section for each */
#define TRIES_MAX  20 /* connections in one attempt */
#define RELAY_TEXT 320

struct next_hop {           /* one mail server of the domain */
    struct wire_slice name; /* in the item's text */
    uint16_t preference;
    uint8_t nextra;
    struct net_addr extra[EXTRA_MAX];
};

struct delivery {
    struct pump pump;
    struct smtp_client engine;
    struct queue_item *item;
    uint32_t first;  /* recipient: the first of this domain */
    uint32_t nrcpt;  /* of this delivery */
    uint32_t *which; /* their indexes; owned; NULL: only `first` */
    size_t which_cap;
    struct smtp_client_message message;
    uint64_t began_ns, connect_ns, opened_ns;
    uint16_t port;
    uint8_t hop, nhops, addr, naddr, tries;
    uint32_t last_conn; /* number of the connection, for the trace */
    bool message_given, message_ended, implicit, connected;
    bool unconfirmed;             /* the session has ended between the final dot and its answer */
    char status[SMTP_STATUS_MAX]; /* why the last try failed, for all that still wait */
    struct wire_slice said;       /* in the item's text */
    bool permanent, later;        /* later: a server failed for now only */
    struct net_addr address[ASK_ADDRESSES_MAX];
    struct next_hop mx[MX_MAX];
};

static inline struct mta *delivery_mta(const struct delivery *d)
{
    return d->item->mta;
}

static inline struct world *delivery_world(const struct delivery *d)
{
    return delivery_mta(d)->host->world;
}

static inline uint32_t delivery_index(const struct delivery *d, uint32_t i)
{
    return d->which ? d->which[i] : d->first;
}

static inline struct recipient *delivery_rcpt(const struct delivery *d, uint32_t i)
{
    return &d->item->rcpt[delivery_index(d, i)];
}

static inline struct wire_slice delivery_domain(const struct delivery *d)
{
    return recipient_domain(&d->item->rcpt[d->first]);
}

/* ---- mta_route.c ------------------------------------------------------------------------------ */
/* The next address of this host, or the first of the next host; without one the delivery is over. */
void delivery_next(struct delivery *d);

/* ---- mta_deliver.c ---------------------------------------------------------------------------- */
/* Connects to address[addr]. */
void delivery_connect(struct delivery *d);

/* ---- mta_outcome.c ---------------------------------------------------------------------------- */
/* The name of the host at hand; "" if there is none. */
void delivery_hop_name(const struct delivery *d, char *out, size_t cap);
/* The answer for one recipient. */
void delivery_settle(struct delivery *d, struct recipient *r, enum recipient_state state, uint16_t code,
                     const char *status, struct wire_slice said);
/* Why the try failed, for all that still wait. */
void delivery_fail_with(struct delivery *d, bool permanent, const char *status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* May a failure be final, after what the hosts before have said? Keeps it. */
bool delivery_decides(struct delivery *d, bool permanent);
/* Whoever still waits gets the last reason; the queue goes on from there. */
void delivery_finish(struct delivery *d);
void delivery_free(struct delivery *d);
/* A `session` record. */
void delivery_tell(struct delivery *d, const char *event, const char *result, uint16_t code);
#endif
