#ifndef PROTOCOLS_DNS_CODE_H
#define PROTOCOLS_DNS_CODE_H
/*
 * dns_code - the numbers of DNS, their names, and what each teaches.
 *
 *   table               a row                      for `mailwalk explain`
 *   DNS_TABLE_TYPE      15  MX    lesson           MX, A, TXT, ...
 *   DNS_TABLE_RCODE      3  NXDOMAIN  lesson       NXDOMAIN, SERVFAIL, ...
 *   DNS_TABLE_WORD       -  TTL   lesson           TTL, glue, referral, AA, EDNS0, ...
 */
#include <stddef.h>
#include <stdint.h>
#include "protocols/wire/out.h"

/* RFC 1035 section 3.2.2 unless noted */
enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28, /* RFC 3596 section 2.1 */
    DNS_TYPE_SRV = 33,  /* RFC 2782 */
    DNS_TYPE_DNAME = 39,
    DNS_TYPE_OPT = 41,  /* RFC 6891 section 6.1.1 */
    DNS_TYPE_TLSA = 52, /* RFC 6698 section 7.1 */
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_ANY = 255,
    DNS_TYPE_CAA = 257 /* RFC 8659 section 4.1 */
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3, DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_STATUS = 2, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

/* RFC 1035 section 4.1.1; BADVERS RFC 6891 section 9 */
enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_BADVERS = 16
};

enum dns_table {
    DNS_TABLE_TYPE,
    DNS_TABLE_RCODE,
    DNS_TABLE_CLASS,
    DNS_TABLE_OPCODE,
    DNS_TABLE_WORD, /* header bits, terms; code is the row's number */
    DNS_TABLES
};

struct dns_code {
    const char *name;
    uint16_t code;
    struct wire_lesson why;
};

/* The i-th row, NULL behind the last. */
const struct dns_code *dns_code_at(enum dns_table table, size_t i);
/* The row of a number, NULL if there is none. */
const struct dns_code *dns_code_find(enum dns_table table, uint16_t code);
/* The row of a name in any case, NULL if there is none. */
const struct dns_code *dns_code_named(enum dns_table table, const char *name, size_t len);

#define DNS_CODE_TEXT_MAX 16 /* octets with NUL of any name below */
/* The name, or "TYPE65", "CLASS7" (RFC 3597 section 5), "RCODE23" written into buf. */
const char *dns_type_text(uint16_t type, char buf[DNS_CODE_TEXT_MAX]);
const char *dns_class_text(uint16_t qclass, char buf[DNS_CODE_TEXT_MAX]);
const char *dns_rcode_text(uint16_t rcode, char buf[DNS_CODE_TEXT_MAX]);
/* "MX", "mx" or "TYPE65" to a number; 0 if it is neither. */
uint16_t dns_type_from_text(const char *text, size_t len);
#endif
