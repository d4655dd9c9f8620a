#ifndef PROTOCOLS_DNS_CACHE_H
#define PROTOCOLS_DNS_CACHE_H
/*
 * dns_cache - what a resolver remembers, and for how long.
 *
 *   slot   [ MX example.org  ttl 3600 ][ more of it ][ A mx.example.org ][ free ]...
 *            `--------------next--------^
 *   kind   RRSET: records        NODATA: name exists, type does not     NXDOMAIN: no such name
 *                                `-- both keep the SOA they came with (RFC 2308 section 5) --'
 *
 * Memory is the host's array of slots; an entry takes one slot, a long one several. When
 * none is free, a clock hand evicts what has not been used since it last passed. Entries
 * die when looked up after their time, or in dns_cache_sweep(). Zero slots: nothing is
 * ever remembered, and everything still works.
 */
#include "protocols/dns/dns_message.h"

#define DNS_CACHE_SLOT_OCTETS    144    /* of name and records in one slot */
#define DNS_CACHE_ENTRY_MAX      4608   /* octets of name and records in one entry; larger is not cached */
#define DNS_CACHE_RECORDS_MAX    256    /* records in one RRset */
#define DNS_CACHE_TTL_MAX_S      604800 /* a week, RFC 8767 section 4 */
#define DNS_CACHE_NEGATIVE_MAX_S 10800  /* three hours, RFC 2308 section 5 */

enum dns_cache_kind { DNS_CACHE_FREE, DNS_CACHE_MORE, DNS_CACHE_RRSET, DNS_CACHE_NODATA, DNS_CACHE_NXDOMAIN };

/* How far data is believed: less never replaces more (RFC 2181 section 5.4.1). Only from
 * DNS_TRUST_ANSWER on may data answer a client. */
enum dns_trust { DNS_TRUST_ADDITIONAL, DNS_TRUST_REFERRAL, DNS_TRUST_ANSWER, DNS_TRUST_AUTHORITY };

enum dns_cache_change { DNS_CACHE_INSERTED, DNS_CACHE_REPLACED, DNS_CACHE_EXPIRED, DNS_CACHE_EVICTED };

struct dns_cache_slot { /* opaque to the host but for its size */
    uint64_t expires_ns;
    uint32_t hash;
    uint32_t bucket; /* head of the chain of entries whose hash leads here; index + 1 */
    uint32_t chain;  /* next entry in that chain; index + 1 */
    uint32_t next;   /* next slot of this entry, or next free slot; index + 1 */
    uint32_t ttl;    /* seconds, when stored */
    uint16_t type, records, octets;
    uint8_t kind, trust, used, name_len;
    uint8_t data[DNS_CACHE_SLOT_OCTETS];
};

/* An RRset, or the SOA of a negative entry: name, then for each record two octets of
 * length and its flat rdata. Pointers go into the cache or into the caller's scratch and
 * are good until the next call that changes the cache. */
struct dns_cache_entry {
    enum dns_cache_kind kind;
    enum dns_trust trust;
    const uint8_t *name; /* the owner; for negative entries the name asked for */
    uint16_t type;       /* 0 for NXDOMAIN: no type exists */
    uint16_t records;
    uint32_t ttl;    /* seconds, when stored */
    uint32_t left_s; /* seconds left now */
    uint64_t expires_ns;
    const uint8_t *data; /* records, or SOA owner followed by one record */
    size_t octets;
};

typedef void dns_cache_report_fn(void *host, enum dns_cache_change change,
                                 const struct dns_cache_entry *entry);

struct dns_cache {
    struct dns_cache_slot *slot; /* host's memory */
    uint32_t slots;
    uint32_t free_head, free_slots, entries, hand;
    uint64_t hits, misses, negative_hits, evictions; /* counted by the resolver's lookups */
    dns_cache_report_fn *report;                     /* NULL: nobody listens */
    void *host;
};

void dns_cache_init(struct dns_cache *c, struct dns_cache_slot *slot, uint32_t slots,
                    dns_cache_report_fn *report, void *host);

/* Finds (name, type), or the NXDOMAIN of the name. scratch holds DNS_CACHE_ENTRY_MAX
 * octets; long entries are put together there. False if nothing lives there at now. */
bool dns_cache_find(struct dns_cache *c, const uint8_t *name, uint16_t type, uint64_t now_ns,
                    uint8_t *scratch, struct dns_cache_entry *out);

/* Walks the records of an entry: *at starts at 0. NULL behind the last. */
const uint8_t *dns_cache_record(const struct dns_cache_entry *entry, size_t *at, uint16_t *rdlen);
/* The SOA of a negative entry: its owner and flat rdata; false if it has none. */
bool dns_cache_soa(const struct dns_cache_entry *entry, const uint8_t **owner, const uint8_t **rdata,
                   uint16_t *rdlen);

/* Remembers an entry: name, type, kind, trust, ttl, records, data and octets are read.
 * The TTL is capped; 0 is not stored (RFC 1035 section 3.2.1). False if it was not stored:
 * too long, no slots, or something better believed is there. An NXDOMAIN removes what the
 * cache holds at the name. */
bool dns_cache_store(struct dns_cache *c, const struct dns_cache_entry *entry, uint64_t now_ns);

/* Removes what is past its time. Returns how many entries. */
uint32_t dns_cache_sweep(struct dns_cache *c, uint64_t now_ns);
/* Forgets everything (a lesson's "flush"), reporting each as evicted. */
void dns_cache_flush(struct dns_cache *c);

/* For a view: the next live entry from *at on (start at 0). False behind the last. */
bool dns_cache_next(const struct dns_cache *c, uint32_t *at, uint64_t now_ns, uint8_t *scratch,
                    struct dns_cache_entry *out);
#endif
