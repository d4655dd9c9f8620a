#ifndef PROTOCOLS_DNS_VERDICT_H
#define PROTOCOLS_DNS_VERDICT_H
/*
 * dns_verdict - how a question ended, for servers, resolver and stub alike, and its lesson.
 *
 *   a query          dns_query_lesson(type, recursion)     "The client asks where mail goes"
 *   an answer        dns_verdict_lesson(verdict, type)     "The domain has no MX record"
 *   a bare message   dns_message_lesson(msg, len)          either, judged from its octets
 */
#include "protocols/dns/dns_message.h"

enum dns_verdict {
    DNS_ANSWERED, /* records, from the zone itself */
    DNS_ALIASED,  /* records behind one or more CNAMEs */
    DNS_WILDCARD, /* records made from a * owner */
    DNS_CACHED,   /* records out of the resolver's cache */
    DNS_RESOLVED, /* records that the resolver has fetched just now */
    DNS_REFERRAL, /* not here: ask those servers */
    DNS_NODATA,   /* the name exists, but not with this type */
    DNS_NXDOMAIN, /* the name does not exist */
    DNS_NODATA_CACHED,
    DNS_NXDOMAIN_CACHED,
    DNS_NULL_MX,    /* the domain says that it takes no mail */
    DNS_TRUNCATED,  /* too big for UDP: ask again over TCP */
    DNS_FORMERR,    /* the query cannot be read */
    DNS_SERVFAIL,   /* the server could not find out */
    DNS_NOTIMP,     /* a kind of request this server does not do */
    DNS_REFUSED,    /* not ours, or not for you */
    DNS_BADVERS,    /* an EDNS version we do not speak */
    DNS_DROPPED,    /* no reply at all: not a query, or a configured fault */
    DNS_TIMEOUT,    /* nobody answered */
    DNS_MALFORMED,  /* the answer cannot be read */
    DNS_MISMATCHED, /* an answer to something that was not asked: ignored */
    DNS_LAME,       /* the server named for the zone does not serve it */
    DNS_LOOP,       /* CNAMEs that lead nowhere or too far */
    DNS_VERDICTS
};

struct dns_verdict_info {
    const char *name; /* "NXDOMAIN" */
    uint16_t rcode;   /* the rcode that a reply with it carries */
    struct wire_lesson why;
};

/* What one message did: filled by every engine that answers. Small: reset as a whole. */
struct dns_step {
    enum dns_verdict verdict;
    uint16_t rcode, type, qclass;
    uint8_t aliases; /* CNAMEs followed */
    bool truncated;  /* TC is set in the reply */
    bool tcp;        /* the query came over TCP */
    bool from_cache;
    const uint8_t *name;                /* question's name, points into the query; NULL if unreadable */
    const uint8_t *zone;                /* apex of the zone that answered or referred; NULL if none */
    const struct wire_lesson *asked;    /* what the query means; NULL if unreadable */
    const struct wire_lesson *answered; /* what the reply means; never NULL */
};

const struct dns_verdict_info *dns_verdict_info(enum dns_verdict verdict);
/* recursion: RD is set, a client asks its resolver; else a resolver asks a server. */
const struct wire_lesson *dns_query_lesson(uint16_t type, bool recursion);
/* The row for this type if there is one (an MX answer, an MX NODATA), else the verdict's. */
const struct wire_lesson *dns_verdict_lesson(enum dns_verdict verdict, uint16_t type);
/* The verdict that a reply shows to one who sees only its octets. DNS_DROPPED for a query. */
enum dns_verdict dns_message_verdict(const uint8_t *msg, size_t len);
const struct wire_lesson *dns_message_lesson(const uint8_t *msg, size_t len);
/* All rows with words, for tests and catalogues; NULL behind the last. */
const struct wire_lesson *dns_lesson_at(size_t i);
#endif
