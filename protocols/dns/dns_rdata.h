#ifndef PROTOCOLS_DNS_RDATA_H
#define PROTOCOLS_DNS_RDATA_H
/*
 * dns_rdata - records as people write them, to flat rdata; and names for reverse lookup.
 *
 *   A      198.51.100.10                  TXT  v=spf1 mx -all      (one text, cut at 255)
 *   AAAA   2001:db8::10                   TXT  "two" "strings"     (as in a zone file)
 *   MX     10 mx.example.org              SRV  0 1 993 imap.example.org
 *   MX     0 .                            SOA  ns.example.org hostmaster.example.org 1 7200 900 1209600 300
 *   NS, CNAME, PTR   ns.example.org       other  \# 3 010203       (RFC 3597 section 5)
 *
 * Names are absolute with or without the final dot.
 */
#include "protocols/dns/dns_message.h"

#define DNS_ADDR_TEXT_MAX 46 /* octets with NUL of the longest IPv6 address */

enum dns_rdata_error {
    DNS_RDATA_OK,
    DNS_RDATA_BAD_NAME,
    DNS_RDATA_BAD_ADDRESS,
    DNS_RDATA_BAD_NUMBER,
    DNS_RDATA_BAD_STRING,
    DNS_RDATA_BAD_HEX,
    DNS_RDATA_MISSING,   /* fewer fields than the type has */
    DNS_RDATA_TRAILING,  /* more fields than the type has */
    DNS_RDATA_TOO_LONG,  /* does not fit in cap */
    DNS_RDATA_NO_SYNTAX, /* no text form known for the type: use \# */
    DNS_RDATA_ERRORS
};

enum dns_rdata_error dns_rdata_from_text(uint16_t type, const char *text, size_t len, uint8_t *out,
                                         size_t cap, size_t *out_len);
/* What is wrong and what is allowed, for a user's file. */
const char *dns_rdata_error_text(enum dns_rdata_error error);

/* "198.51.100.10" or "2001:db8::1" (RFC 4291 section 2.2) to an address and back (RFC 5952). */
bool dns_addr_from_text(struct dns_addr *out, const char *text, size_t len);
size_t dns_addr_to_text(const struct dns_addr *addr, char out[DNS_ADDR_TEXT_MAX]);

/* 198.51.100.10 -> 10.100.51.198.in-addr.arpa (RFC 1035 section 3.5),
 * 2001:db8::1 -> 1.0.0.0...8.b.d.0.1.0.0.2.ip6.arpa (RFC 3596 section 2.5). */
void dns_reverse_name(const struct dns_addr *addr, struct dns_name *out);
/* The address of a whole reverse name; false if it is none. */
bool dns_reverse_addr(const uint8_t *name, struct dns_addr *out);
#endif
