#ifndef SIM_NET_FAULT_H
#define SIM_NET_FAULT_H
/*
 * fault - what goes wrong on a link, on purpose and by name.
 *
 *   { "lost-syn",  NET_FAULT_DROP_NTH, match: TCP, SYN from alice, nth: 1, 2 }
 *   { "bad-radio", NET_FAULT_LOSS, chance_ppm: 20000, from 5 s until 9 s }
 *
 * Faults act on frames that a transmitter has accepted, at the moment it is handed them, in the order in
 * which the faults were added, each within its time window and only on frames that match. The first one that
 * drops a frame ends the matter. A fault is active from `from_ns` until just before `until_ns`; both moments
 * leave a FAULT record, and so does a fault that is removed while it is active; so does each frame that it
 * copies, delays or changes (a frame that it drops leaves a DROPPED record with its name). Each fault draws
 * from a random stream of its own, named after the link and itself.
 */
#include "sim/net/net_link.h"

#define NET_FAULT_NTH_MAX 16 /* frames that one DROP_NTH fault can name, in each way */

/* X(enum suffix, name, what it does, for people) */
#define NET_FAULTS(X)                                                                                        \
    X(DROP_NTH, "drop-nth", "drops the matching frames that it names by their order")                        \
    X(LOSS, "loss", "drops matching frames by chance")                                                       \
    X(DUPLICATE, "duplicate", "delivers matching frames twice, by chance")                                   \
    X(REORDER, "reorder", "delays matching frames by chance, so that later ones overtake them")              \
    X(CORRUPT, "corrupt", "changes one bit of what matching IP packets carry, by chance")                    \
    X(CUT, "cut", "drops every matching frame")
#define X(name, word, what) NET_FAULT_##name,
enum net_fault_kind { NET_FAULTS(X) NET_FAULT_KIND_COUNT };
#undef X

const char *net_fault_kind_name(enum net_fault_kind kind);

#define NET_MATCH_ARP 256 /* instead of a protocol number: ARP frames */

struct net_match {
    int proto;      /* NET_PROTO_... or NET_MATCH_ARP; 0: any */
    uint16_t port;  /* source or destination port; 0: any */
    uint16_t sport; /* 0: any */
    uint16_t dport; /* 0: any */
    uint8_t tcp_set,
        tcp_clear;    /* TCP flags that must be set, and must be clear: RFC 9293 section 3.1's octet */
    bool has_payload; /* TCP or UDP with at least one octet of data */
    const struct net_host *sender; /* the host whose interface puts it on this link; NULL: any */
    struct net_addr src, dst;      /* all zero: any */
};

struct net_fault_params {
    const char *name;    /* copied */
    const char *pointer; /* of the setting that made it; NULL: none; borrowed */
    enum net_fault_kind kind;
    uint64_t from_ns, until_ns; /* until 0: CORE_NEVER */
    struct net_match match;
    uint32_t nth[NET_FAULT_NTH_MAX]; /* 1 is the first matching frame of the window, ascending; 0 ends. Other
                                        kinds than DROP_NTH act by chance when it is empty */
    uint32_t
        frames[NET_FAULT_NTH_MAX]; /* DROP_NTH: instead of nth, by their numbers in the capture; 0 ends */
    uint32_t chance_ppm;           /* all but DROP_NTH and CUT: of a million matching frames; 0: 1,000,000 */
    uint64_t extra_ns;             /* REORDER: the added delay; DUPLICATE: how much later the copy arrives */
    uint64_t cause;                /* seq of the record that explains it (an input, a setting); 0: none */
};

struct net_fault {
    struct net_fault *next;
    struct net_link *link;
    struct net_fault_params p;
    uint32_t seen;  /* matching frames in the window so far */
    uint32_t acted; /* of them, frames it did something to */
    bool active, announced;
    struct core_timer timer; /* the next of from_ns and until_ns */
    struct core_rng rng;
};

/* Adds a fault, now or while the run goes on. */
struct net_fault *net_fault_add(struct net_link *link, const struct net_fault_params *params);
/* The first fault on the link with that name, or NULL. */
struct net_fault *net_fault_find(const struct net_link *link, const char *name);
void net_fault_remove(struct net_fault *fault);
/* The link asks it after all others from now on. */
void net_fault_to_end(struct net_fault *fault);
/* For net_link.c, when the network is freed: takes the first fault off without a record. */
void net_fault_free(struct net_fault *first);

/* What all faults of a link together do to one frame. */
struct net_fate {
    const struct net_fault *dropped_by; /* NULL: it is delivered */
    enum net_drop why;
    uint64_t extra_ns; /* it arrives so much later */
    bool copied;
    uint64_t copy_ns; /* the copy arrives so much later than it would have */
};

/* Asks the link's faults. May change p's octets. */
void net_fault_apply(struct net_link *link, const struct net_iface *from, struct net_packet *p,
                     struct net_fate *fate);
bool net_match_frame(const struct net_match *m, const struct net_iface *from, const struct net_packet *p);
#endif
