#ifndef PROTOCOLS_DNS_MESSAGE_H
#define PROTOCOLS_DNS_MESSAGE_H
/*
 * dns_message - one DNS message (RFC 1035 section 4): read it, write it.
 *
 *   +--------+----------+--------+-----------+------------+
 *   | header | question | answer | authority | additional |
 *   +--------+----------+--------+-----------+------------+
 *     12 oct.  0 or 1     records, each an owner, type, class, ttl and rdata
 *
 *   struct dns_reader r;                         struct dns_writer w;
 *   struct dns_record rr;                        dns_writer_init(&w, buf, cap, id, flags);
 *   if (dns_reader_init(&r, msg, len))           dns_writer_question(&w, name, type, class);
 *       while (dns_reader_next(&r, &rr))         dns_writer_record(&w, DNS_ANSWER, owner, ...);
 *           use(rr.section, rr.type, rr.rdata);  dns_writer_edns(&w, 1232, 0, false);
 *   if (r.malformed) ...                         len = dns_writer_finish(&w);
 *
 * Flat rdata: everywhere outside a message, rdata is kept with its names whole. The reader
 * checks and decompresses, the writer compresses.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "protocols/dns/dns_code.h"
#include "protocols/dns/dns_name.h"

#define DNS_PORT             53   /* UDP and TCP, RFC 1035 section 4.2 */
#define DNS_HEADER_OCTETS    12   /* RFC 1035 section 4.1.1 */
#define DNS_UDP_MAX          512  /* octets without EDNS0, RFC 1035 section 2.3.4 */
#define DNS_EDNS_OCTETS      1232 /* what we offer: passes any IPv6 link (1280 - 40 - 8), RFC 8200 section 5 */
#define DNS_MESSAGE_MAX      65535 /* octets over TCP, RFC 1035 section 4.2.2 */
#define DNS_TCP_PREFIX       2     /* octets of length before each message on TCP, same section */
#define DNS_QUERY_MAX        282   /* header, longest question, OPT without options */
#define DNS_FLAT_MAX         530   /* longest rdata that holds names: SOA */
#define DNS_WRITER_NAMES_MAX 64    /* places remembered for compression; beyond, names are written whole */

/* the flags word, RFC 1035 section 4.1.1 */
enum {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_RA = 0x0080,
    DNS_FLAG_AD = 0x0020,
    DNS_FLAG_CD = 0x0010,
    DNS_FLAG_OPCODE = 0x7800,
    DNS_FLAG_RCODE = 0x000f
};

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

struct dns_addr {
    uint8_t family; /* 4, 6; 0: none */
    uint8_t ip[16]; /* network order; IPv4 in the first four, the rest zero */
};

bool dns_addr_equal(const struct dns_addr *a, const struct dns_addr *b);

/* ---- reading ---- */

struct dns_question {
    const uint8_t *name; /* whole: a first name has nothing before it to point to */
    uint16_t type, qclass;
};

struct dns_record {
    enum dns_section section;
    uint16_t type, rclass; /* OPT: rclass is the sender's UDP size, */
    uint32_t ttl;          /* and ttl holds extended rcode, version, DO; else 0 if bit 31 was set */
    uint16_t rdlen;
    const uint8_t *rdata; /* flat; points into the message or into flat: do not copy the struct */
    struct dns_name owner;
    uint8_t flat[DNS_FLAT_MAX];
};

struct dns_reader {
    const uint8_t *msg; /* borrowed */
    size_t len, at;     /* at: the next octet to read */
    uint16_t id, flags;
    uint16_t count[DNS_SECTIONS];
    uint16_t left; /* records of the section not yet read */
    uint8_t section;
    bool malformed;
    struct dns_question question; /* name NULL if count[DNS_QUESTION] is 0 */
};

/* Header and question. False (and malformed) if they are cut short, or there are several
 * questions (RFC 9619). The reader then stands before the first record. */
bool dns_reader_init(struct dns_reader *r, const uint8_t *msg, size_t len);
/* The next record of any section. False at the end, or at a malformed record: then
 * r->malformed is set. Octets behind the last record are malformed too. */
bool dns_reader_next(struct dns_reader *r, struct dns_record *rr);

static inline uint16_t dns_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t dns_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void dns_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}
static inline void dns_put32(uint8_t *p, uint32_t v)
{
    dns_put16(p, v >> 16), dns_put16(p + 2, v & 0xffff);
}

/* ---- rdata, decoded from the flat form; pointers go into it ---- */

struct dns_soa {
    const uint8_t *mname, *rname;
    uint32_t serial, refresh_s, retry_s, expire_s, minimum_s;
};
struct dns_srv {
    uint16_t priority, weight, port;
    const uint8_t *target;
};

/* Is this flat rdata what the type demands? Types we do not know always are. */
bool dns_rdata_check(uint16_t type, const uint8_t *rdata, size_t rdlen);
/* A or AAAA; false for other types. */
bool dns_rdata_addr(uint16_t type, const uint8_t *rdata, struct dns_addr *out);
/* The name in NS, CNAME, PTR, MX, SRV (its target) rdata; NULL for other types. */
const uint8_t *dns_rdata_name(uint16_t type, const uint8_t *rdata);
uint16_t dns_rdata_mx_preference(const uint8_t *rdata);
/* RFC 7505 section 3: preference 0, exchange ".": the domain takes no mail. */
bool dns_rdata_is_null_mx(const uint8_t *rdata, size_t rdlen);
void dns_rdata_soa(const uint8_t *rdata, struct dns_soa *out);
void dns_rdata_srv(const uint8_t *rdata, struct dns_srv *out);
/* The character-strings of a TXT joined without blanks (RFC 7208 section 3.3), with NUL.
 * Returns the whole length, even if cap cuts it. */
size_t dns_rdata_txt(const uint8_t *rdata, size_t rdlen, char *out, size_t cap);

struct dns_edns {
    uint16_t udp_octets; /* what the sender can take */
    uint8_t rcode_high;  /* upper eight bits of the rcode */
    uint8_t version;
    bool dnssec_ok;
};
void dns_record_edns(const struct dns_record *opt, struct dns_edns *out);

/* ---- writing ---- */

struct dns_writer {
    uint8_t *msg; /* borrowed */
    size_t limit; /* octets the message may have, minus what is kept back for OPT */
    size_t len;
    uint16_t count[DNS_SECTIONS];
    bool truncated; /* an RRset of answer or authority did not fit */
    bool full;      /* something did not fit */
    bool edns_room; /* limit is smaller by what OPT needs */
    uint16_t names;
    struct {
        uint32_t hash;
        uint16_t at;
    } name[DNS_WRITER_NAMES_MAX];
};

/* A place to return to when an RRset turns out not to fit. */
struct dns_writer_mark {
    size_t len;
    uint16_t count[DNS_SECTIONS], names;
};

/* limit: at least DNS_HEADER_OCTETS, at most DNS_MESSAGE_MAX. */
void dns_writer_init(struct dns_writer *w, uint8_t *msg, size_t limit, uint16_t id, uint16_t flags);
/* Each returns false and writes nothing if it does not fit. Sections in their order. */
bool dns_writer_question(struct dns_writer *w, const uint8_t *name, uint16_t type, uint16_t qclass);
bool dns_writer_record(struct dns_writer *w, enum dns_section section, const uint8_t *owner, uint16_t type,
                       uint16_t rclass, uint32_t ttl, const uint8_t *rdata, size_t rdlen);
/* Keeps octets free for dns_writer_edns(). */
void dns_writer_reserve_edns(struct dns_writer *w);
bool dns_writer_edns(struct dns_writer *w, uint16_t udp_octets, uint16_t rcode, bool dnssec_ok);
struct dns_writer_mark dns_writer_mark(const struct dns_writer *w);
void dns_writer_rollback(struct dns_writer *w, struct dns_writer_mark mark);
/* Fills in the header (TC if truncated). Returns the octets of the message. */
size_t dns_writer_finish(struct dns_writer *w);

/* A query with one question and, if edns_octets is not 0, an OPT record. out holds
 * DNS_QUERY_MAX octets. Returns its length. */
size_t dns_query_write(uint8_t *out, uint16_t id, bool recursion, const uint8_t *name, uint16_t type,
                       uint16_t edns_octets);
#endif
