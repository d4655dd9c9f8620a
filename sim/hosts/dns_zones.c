/* The scenario's zones, compiled for the engines. */
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_rdata.h"
#include "protocols/dns/dns_zone.h"
#include "protocols/wire/ascii.h"
#include "sim/hosts/dns_host.h"

#define DATA_MAX 4096 /* octets of a record's data with its names made absolute */

/* "@", "mx", "mx.example.org." -> an absolute name. */
static size_t absolute(char *out, size_t cap, struct wire_slice name, const char *origin)
{
    int n;
    const char *dot = origin[0] && origin[strlen(origin) - 1] == '.' ? "" : ".";
    if (wire_slice_is(name, "@"))
        n = snprintf(out, cap, "%s%s", origin, dot);
    else if (name.len > 0 && name.at[name.len - 1] == '.')
        n = snprintf(out, cap, "%.*s", (int)name.len, name.at);
    else if (strcmp(origin, ".") == 0)
        n = snprintf(out, cap, "%.*s.", (int)name.len, name.at);
    else
        n = snprintf(out, cap, "%.*s.%s%s", (int)name.len, name.at, origin, dot);
    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* Which words of a type's data are names: a bit for each, from the first. */
static unsigned name_words(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        return 1u << 0;
    case DNS_TYPE_MX:
        return 1u << 1;
    case DNS_TYPE_SRV:
        return 1u << 3;
    case DNS_TYPE_SOA:
        return 1u << 0 | 1u << 1;
    default:
        return 0;
    }
}

static size_t data_absolute(char *out, size_t cap, uint16_t type, const char *data, const char *origin)
{
    unsigned names = name_words(type);
    size_t n = 0;
    if (names == 0) {
        n = strlen(data);
        if (n >= cap)
            return 0;
        memcpy(out, data, n);
        return n;
    }
    for (unsigned word = 0; *data; word++) {
        const char *end = data;
        while (*end && *end != ' ' && *end != '\t')
            end++;
        if (n > 0 && n + 1 < cap)
            out[n++] = ' ';
        if (word < 8 && names & 1u << word) {
            size_t len = absolute(out + n, cap - n, wire_slice(data, (size_t)(end - data)), origin);
            if (len == 0)
                return 0;
            n += len;
        } else {
            if (n + (size_t)(end - data) >= cap)
                return 0;
            memcpy(out + n, data, (size_t)(end - data));
            n += (size_t)(end - data);
        }
        while (*end == ' ' || *end == '\t')
            end++;
        data = end;
    }
    return n;
}

static const uint8_t *keep(struct world *w, const uint8_t *octets, size_t len)
{
    uint8_t *p = core_arena_take(&w->arena, len ? len : 1);
    if (len > 0)
        memcpy(p, octets, len);
    return p;
}

static bool record_build(struct world *w, const struct spec_zone *z, const struct spec_record *r,
                         struct dns_zone_record *out, struct zone_error *error)
{
    char text[DATA_MAX];
    uint8_t rdata[DATA_MAX];
    struct dns_name owner;
    size_t len;
    enum dns_name_error bad_name;
    enum dns_rdata_error bad_data;
    uint16_t type = dns_type_from_text(r->type, strlen(r->type));
    error->pointer = r->pointer;
    if (type == 0) {
        snprintf(error->text, sizeof error->text,
                 "unknown record type '%s'; A, AAAA, MX, TXT, CNAME, NS, SOA, PTR, SRV "
                 "are known",
                 r->type);
        return false;
    }
    len = absolute(text, sizeof text, wire_slice_str(r->name), z->name);
    bad_name = dns_name_from_text(&owner, text, len);
    if (bad_name != DNS_NAME_OK) {
        snprintf(error->text, sizeof error->text, "name '%s': %s", r->name, dns_name_error_text(bad_name));
        return false;
    }
    len = data_absolute(text, sizeof text, type, r->data, z->name);
    bad_data = dns_rdata_from_text(type, text, len, rdata, sizeof rdata, &len);
    if (bad_data != DNS_RDATA_OK) {
        snprintf(error->text, sizeof error->text, "%s data '%s': %s", r->type, r->data,
                 dns_rdata_error_text(bad_data));
        return false;
    }
    *out = (struct dns_zone_record){ .owner = keep(w, owner.wire, owner.len),
                                     .rdata = keep(w, rdata, len),
                                     .ttl = r->ttl   ? r->ttl
                                            : z->ttl ? z->ttl
                                                     : 3600,
                                     .type = type,
                                     .rdlen = (uint16_t)len };
    return true;
}

/* A zone without an SOA gets one: negative answers need it. */
static bool soa_build(struct world *w, const struct spec_zone *z, struct dns_zone_record *out,
                      struct zone_error *error)
{
    char data[1024];
    bool root = strcmp(z->name, ".") == 0;
    struct spec_record soa = { .pointer = z->pointer, .name = "@", .type = "SOA", .data = data };
    snprintf(data, sizeof data, "ns.%s%s hostmaster.%s%s 2026010501 7200 900 1209600 %u", root ? "" : z->name,
             root ? "" : ".", root ? "" : z->name, root ? "" : ".", z->negative_ttl ? z->negative_ttl : 300);
    return record_build(w, z, &soa, out, error);
}

bool dns_zone_build(struct world *w, const struct spec_zone *z, struct dns_zone *out,
                    struct zone_error *error)
{
    struct dns_zone_record *records = core_arena_take(&w->arena, (z->nrecords + 1) * sizeof *records);
    const struct dns_zone_record *bad;
    struct dns_name apex;
    enum dns_zone_error wrong;
    size_t n = 0;
    bool has_soa = false;
    error->pointer = z->pointer;
    if (dns_name_from_text(&apex, z->name, strlen(z->name)) != DNS_NAME_OK) {
        snprintf(error->text, sizeof error->text, "'%s' is no domain name", z->name);
        return false;
    }
    for (size_t i = 0; i < z->nrecords; i++) {
        if (!record_build(w, z, &z->records[i], &records[n], error))
            return false;
        has_soa |= records[n++].type == DNS_TYPE_SOA;
    }
    if (!has_soa && !soa_build(w, z, &records[n++], error))
        return false;
    *out = (struct dns_zone){ .apex = keep(w, apex.wire, apex.len), .record = records, .records = n };
    out->node_cap = dns_zone_nodes_needed(out->apex, records, n);
    out->node = core_arena_take(&w->arena, out->node_cap * sizeof *out->node);
    out->slot_cap = dns_zone_slots_needed(out->node_cap);
    out->slot = core_arena_take(&w->arena, out->slot_cap * sizeof *out->slot);
    wrong = dns_zone_index(out, &bad);
    if (wrong != DNS_ZONE_OK) {
        snprintf(error->text, sizeof error->text, "zone %s: %s", z->name, dns_zone_error_text(wrong));
        error->pointer = z->pointer;
        return false;
    }
    return true;
}

bool dns_zones_build(struct world *w, struct zone_error *error)
{
    w->zones = core_arena_take(&w->arena, (w->spec->nzones + 1) * sizeof *w->zones);
    for (size_t i = 0; i < w->spec->nzones; i++)
        if (!dns_zone_build(w, &w->spec->zones[i], &w->zones[i], error))
            return false;
    return true;
}
