#ifndef TESTS_DNS_ZONES_H
#define TESTS_DNS_ZONES_H
/*
 * zones - zones for tests, written as lines: "OWNER TTL TYPE RDATA".
 *
 *   struct test_zone *z = zone_make("example.org", (const char *[]){ "example.org 3600 MX 10 mx.example.org",
 * NULL });
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocols/dns/dns_rdata.h"
#include "protocols/dns/dns_zone.h"

#define ZONE_RECORDS 128
#define ZONE_NODES   512
#define ZONE_POOL    32768

struct test_zone {
    struct dns_zone zone;
    struct dns_zone_record record[ZONE_RECORDS];
    struct dns_zone_node node[ZONE_NODES];
    uint32_t slot[2 * ZONE_NODES];
    uint8_t pool[ZONE_POOL];
    size_t used;
};

static inline const uint8_t *name_of(const char *text)
{
    static struct dns_name ring[16];
    static unsigned next;
    struct dns_name *name = &ring[next++ % 16];
    ck_assert_int_eq(dns_name_from_text(name, text, strlen(text)), DNS_NAME_OK);
    return name->wire;
}

static inline struct dns_addr addr_of(const char *text)
{
    struct dns_addr addr;
    ck_assert_msg(dns_addr_from_text(&addr, text, strlen(text)), "%s", text);
    return addr;
}

static inline const uint8_t *pool_put(struct test_zone *z, const uint8_t *octets, size_t len)
{
    uint8_t *place = z->pool + z->used;
    ck_assert_uint_le(z->used + len, ZONE_POOL);
    memcpy(place, octets, len);
    z->used += len;
    return place;
}

static inline void zone_line(struct test_zone *z, const char *line)
{
    struct dns_zone_record *r = &z->record[z->zone.records++];
    struct dns_name owner;
    uint8_t rdata[4096];
    size_t len, at = strcspn(line, " ");
    char *rest;
    ck_assert_uint_le(z->zone.records, ZONE_RECORDS);
    ck_assert_int_eq(dns_name_from_text(&owner, line, at), DNS_NAME_OK);
    r->owner = pool_put(z, owner.wire, owner.len);
    r->ttl = (uint32_t)strtoul(line + at, &rest, 10);
    rest++;
    at = strcspn(rest, " ");
    r->type = dns_type_from_text(rest, at);
    ck_assert_msg(r->type != 0, "%s", line);
    rest += at + 1;
    enum dns_rdata_error error = dns_rdata_from_text(r->type, rest, strlen(rest), rdata, sizeof rdata, &len);
    ck_assert_msg(error == DNS_RDATA_OK, "%s: %s", line, dns_rdata_error_text(error));
    r->rdata = pool_put(z, rdata, len);
    r->rdlen = (uint16_t)len;
}

static inline struct test_zone *zone_raw(const char *apex, const char *const *lines)
{
    struct test_zone *z = calloc(1, sizeof *z);
    const uint8_t *name = name_of(apex);
    ck_assert_ptr_nonnull(z);
    z->zone.apex = pool_put(z, name, dns_name_len(name));
    z->zone.record = z->record;
    z->zone.node = z->node;
    z->zone.slot = z->slot;
    for (; *lines; lines++)
        zone_line(z, *lines);
    z->zone.node_cap = dns_zone_nodes_needed(z->zone.apex, z->record, z->zone.records);
    z->zone.slot_cap = dns_zone_slots_needed(z->zone.node_cap);
    ck_assert_uint_le(z->zone.node_cap, ZONE_NODES);
    ck_assert_uint_le(z->zone.slot_cap, 2 * ZONE_NODES);
    return z;
}

static inline struct test_zone *zone_make(const char *apex, const char *const *lines)
{
    const struct dns_zone_record *bad;
    struct test_zone *z = zone_raw(apex, lines);
    enum dns_zone_error error = dns_zone_index(&z->zone, &bad);
    ck_assert_msg(error == DNS_ZONE_OK, "%s: %s", apex, dns_zone_error_text(error));
    return z;
}
#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#endif
