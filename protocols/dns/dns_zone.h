#ifndef PROTOCOLS_DNS_ZONE_H
#define PROTOCOLS_DNS_ZONE_H
/*
 * dns_zone - a zone as data: the host's array of records, sorted and indexed for lookup.
 *
 *   example.org        SOA NS MX          node, the apex
 *   b.example.org                         node without records: an empty non-terminal
 *   a.b.example.org    A                  node
 *   sub.example.org    NS                 node, a zone cut: below it we only refer
 *   ns.sub.example.org A                  node below the cut: glue
 *   *.w.example.org    TXT                node; w is a node that has a wildcard child
 *
 * Memory is the host's: records (kept and reordered here), nodes and hash slots. Names and
 * rdata that the records point to are borrowed and never copied.
 */
#include "protocols/dns/dns_message.h"

#define DNS_ZONE_RRSET_MAX 4096 /* octets of one RRset's rdata that index accepts; ours */

struct dns_zone_record {  /* one line of a zone file */
    const uint8_t *owner; /* borrowed, whole wire name */
    const uint8_t *rdata; /* borrowed, flat */
    uint32_t ttl;         /* seconds, at most 2^31 - 1, RFC 2181 section 8 */
    uint16_t type, rdlen;
};

struct dns_zone_node { /* one name that exists in the zone */
    const uint8_t *name;
    uint32_t hash;
    uint32_t first, count; /* its records, by type; count 0: empty non-terminal */
    bool cut;              /* NS below the apex: another zone begins here */
    bool has_wildcard;     /* "*" directly below exists */
    bool below_cut;        /* glue lives here */
    bool alias;            /* has a CNAME */
};

struct dns_zone {
    /* set by the host before dns_zone_index() */
    const uint8_t *apex;            /* borrowed */
    struct dns_zone_record *record; /* host's memory, reordered */
    size_t records;
    struct dns_zone_node *node; /* host's memory, dns_zone_nodes_needed() of them */
    size_t node_cap;
    uint32_t *slot; /* host's memory, dns_zone_slots_needed() of them */
    size_t slot_cap;
    /* set by dns_zone_index() */
    size_t nodes;
    uint32_t slot_mask;
    uint32_t apex_hash;
    uint8_t apex_labels;
    const struct dns_zone_record *soa;
    uint32_t negative_ttl; /* the smaller of SOA TTL and MINIMUM, RFC 2308 section 3 */
};

enum dns_zone_error {
    DNS_ZONE_OK,
    DNS_ZONE_NO_SOA,         /* none at the apex */
    DNS_ZONE_MANY_SOA,       /* more than one, or one below the apex */
    DNS_ZONE_OUTSIDE,        /* owner not at or below the apex */
    DNS_ZONE_CNAME_AND_DATA, /* RFC 1034 section 3.6.2 */
    DNS_ZONE_BAD_RDATA,      /* not what the type demands */
    DNS_ZONE_BAD_TYPE,       /* OPT, ANY and the like are not data */
    DNS_ZONE_TTL_TOO_BIG,    /* bit 31 set */
    DNS_ZONE_RRSET_TOO_BIG,  /* beyond DNS_ZONE_RRSET_MAX */
    DNS_ZONE_NO_ROOM,        /* node_cap or slot_cap too small */
    DNS_ZONE_ERRORS
};

size_t dns_zone_nodes_needed(const uint8_t *apex, const struct dns_zone_record *record, size_t records);
size_t dns_zone_slots_needed(size_t nodes); /* a power of two */

/* Sorts and indexes. TTLs within an RRset become its smallest (RFC 2181 section 5.2). On an
 * error *bad is the record it is about (NULL if none). Exact duplicates stay, harmless. */
enum dns_zone_error dns_zone_index(struct dns_zone *zone, const struct dns_zone_record **bad);
const char *dns_zone_error_text(enum dns_zone_error error);

/* The node of a name, NULL if the name does not exist in the zone. hash: dns_name_hash(). */
const struct dns_zone_node *dns_zone_find(const struct dns_zone *zone, const uint8_t *name, uint32_t hash);
/* The records of one type at a node, and how many. NULL, 0 if none. */
const struct dns_zone_record *dns_zone_rrset(const struct dns_zone *zone, const struct dns_zone_node *node,
                                             uint16_t type, uint32_t *count);

/* Sorts zones so that dns_zones_match() can search them; call once after indexing. */
void dns_zones_sort(struct dns_zone *zone, size_t zones);
/* The zone with the longest apex at or above the name, NULL if none. hash, labels: from
 * dns_name_hashes(). */
const struct dns_zone *dns_zones_match(const struct dns_zone *zone, size_t zones, const uint8_t *name,
                                       const uint32_t *hash, const uint8_t *at, unsigned labels);
#endif
