#ifndef PROTOCOLS_DNS_TEXT_H
#define PROTOCOLS_DNS_TEXT_H
/*
 * dns_text - DNS messages for people.
 *
 *   one line   MX? example.org
 *              MX 10 mx.example.org; A 198.51.100.10 (aa) ttl 3600
 *              NXDOMAIN (aa), no such name for 300 s
 *              referral to org: NS ns.nic.test; A 192.0.2.53
 *   many       as dig prints them
 *
 * Each writes at most cap octets with NUL (cut off if longer; cap > 0) and returns the
 * length written without NUL. Only printable ASCII comes out, whatever the message holds.
 */
#include "protocols/dns/dns_cache.h"
#include "protocols/dns/dns_message.h"

#define DNS_TEXT_LINE_MAX 512 /* a good size for one-line summaries */

/* "MX? example.org" for a query, the first records and their TTL for a reply, "malformed". */
size_t dns_text_line(char *out, size_t cap, const uint8_t *msg, size_t len);
size_t dns_text_dig(char *out, size_t cap, const uint8_t *msg, size_t len);
/* "10 mx.example.org" */
size_t dns_text_rdata(char *out, size_t cap, uint16_t type, const uint8_t *rdata, size_t rdlen);
/* "example.org. 3600 IN MX 10 mx.example.org." as in a zone file, names with final dots. */
size_t dns_text_record(char *out, size_t cap, const uint8_t *owner, uint32_t ttl, uint16_t rclass,
                       uint16_t type, const uint8_t *rdata, size_t rdlen);
/* "MX example.org: 10 mx.example.org, 3599 s left", "NXDOMAIN nope.example.org, 12 s left" */
size_t dns_text_cache(char *out, size_t cap, const struct dns_cache_entry *entry);
/* "MX example.org" */
size_t dns_text_question(char *out, size_t cap, const uint8_t *name, uint16_t type);
#endif
