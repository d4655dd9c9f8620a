/* Writing messages. A record is written whole or not at all. */
#include "protocols/dns/dns_message.h"

#include <assert.h>
#include <string.h>

#define OPT_OCTETS    11     /* root, type, class, ttl, rdlength: no options */
#define POINTER_REACH 0x4000 /* offsets that 14 bits can name, RFC 1035 section 4.1.4 */

void dns_writer_init(struct dns_writer *w, uint8_t *msg, size_t limit, uint16_t id, uint16_t flags)
{
    assert(limit >= DNS_HEADER_OCTETS);
    w->msg = msg;
    w->limit = limit < DNS_MESSAGE_MAX ? limit : DNS_MESSAGE_MAX;
    w->len = DNS_HEADER_OCTETS;
    w->truncated = w->full = w->edns_room = false;
    w->names = 0;
    memset(w->count, 0, sizeof w->count);
    dns_put16(msg, id);
    dns_put16(msg + 2, flags);
}

/* Is the name written at msg[at] the same as this one? What we wrote has no loops. */
static bool written_equals(const struct dns_writer *w, size_t at, const uint8_t *name)
{
    for (;;) {
        unsigned len = w->msg[at];
        if (len >= 0xc0) {
            at = (size_t)(len & 0x3f) << 8 | w->msg[at + 1];
            continue;
        }
        if (len != *name)
            return false;
        if (len == 0)
            return true;
        for (unsigned i = 1; i <= len; i++)
            if (w->msg[at + i] != name[i] && dns_fold(w->msg[at + i]) != dns_fold(name[i]))
                return false;
        at += len + 1;
        name += len + 1;
    }
}

static bool room_for(struct dns_writer *w, size_t octets)
{
    if (octets <= w->limit - w->len)
        return true;
    w->full = true;
    return false;
}

/* The longest suffix of a name that the message holds already: its offset there, 0 if none.
 * *whole becomes how many labels are left to write in front of it. */
static size_t find_suffix(const struct dns_writer *w, const uint8_t *name, const uint32_t *hash,
                          const uint8_t *at, unsigned labels, unsigned *whole)
{
    for (*whole = 0; *whole < labels; ++*whole)
        for (unsigned k = 0; k < w->names; k++)
            if (w->name[k].hash == hash[*whole] && written_equals(w, w->name[k].at, name + at[*whole]))
                return w->name[k].at;
    return 0;
}

/* Writes a name, its longest known suffix as a pointer, and remembers the new suffixes. */
static bool put_name(struct dns_writer *w, const uint8_t *name)
{
    uint32_t hash[DNS_LABELS_MAX];
    uint8_t at[DNS_LABELS_MAX];
    unsigned root = dns_name_hashes(name, hash, at) - 1, whole;
    size_t target = find_suffix(w, name, hash, at, root, &whole);
    size_t octets = at[whole]; /* of the labels in front of the pointer, or of the root */

    if (!room_for(w, octets + (target ? 2 : 1)))
        return false;
    for (unsigned i = 0; i < whole && w->names < DNS_WRITER_NAMES_MAX; i++) {
        if (w->len + at[i] >= POINTER_REACH)
            break;
        w->name[w->names].hash = hash[i];
        w->name[w->names++].at = (uint16_t)(w->len + at[i]);
    }
    memcpy(w->msg + w->len, name, octets);
    w->len += octets;
    if (target) {
        dns_put16(w->msg + w->len, 0xc000u | (unsigned)target);
        w->len += 2;
    } else {
        w->msg[w->len++] = 0;
    }
    return true;
}

static bool put_bytes(struct dns_writer *w, const uint8_t *bytes, size_t len)
{
    if (!room_for(w, len))
        return false;
    memcpy(w->msg + w->len, bytes, len);
    w->len += len;
    return true;
}

bool dns_writer_question(struct dns_writer *w, const uint8_t *name, uint16_t type, uint16_t qclass)
{
    struct dns_writer_mark mark = dns_writer_mark(w);
    assert(w->len == DNS_HEADER_OCTETS);
    if (!put_name(w, name) || !room_for(w, 4)) {
        dns_writer_rollback(w, mark);
        return false;
    }
    dns_put16(w->msg + w->len, type);
    dns_put16(w->msg + w->len + 2, qclass);
    w->len += 4;
    w->count[DNS_QUESTION]++;
    return true;
}

/* Names are compressed in the types of RFC 1035 only; later types must not be (RFC 3597
 * section 4): an old server would not know that there is a name to decompress. */
static bool put_rdata(struct dns_writer *w, uint16_t type, const uint8_t *rdata, size_t rdlen)
{
    switch (type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        return put_name(w, rdata);
    case DNS_TYPE_MX:
        return put_bytes(w, rdata, 2) && put_name(w, rdata + 2);
    case DNS_TYPE_SOA: {
        size_t mname = dns_name_len(rdata), rname = dns_name_len(rdata + mname);
        return put_name(w, rdata) && put_name(w, rdata + mname) &&
               put_bytes(w, rdata + mname + rname, rdlen - mname - rname);
    }
    default:
        return put_bytes(w, rdata, rdlen);
    }
}

bool dns_writer_record(struct dns_writer *w, enum dns_section section, const uint8_t *owner, uint16_t type,
                       uint16_t rclass, uint32_t ttl, const uint8_t *rdata, size_t rdlen)
{
    struct dns_writer_mark mark = dns_writer_mark(w);
    assert(section >= DNS_ANSWER && section <= DNS_ADDITIONAL);
    assert(section == DNS_ADDITIONAL || w->count[DNS_ADDITIONAL] == 0);
    assert(section != DNS_ANSWER || w->count[DNS_AUTHORITY] == 0);
    if (put_name(w, owner) && room_for(w, 10)) {
        uint8_t *fixed = w->msg + w->len;
        dns_put16(fixed, type);
        dns_put16(fixed + 2, rclass);
        dns_put32(fixed + 4, ttl);
        w->len += 10;
        if (put_rdata(w, type, rdata, rdlen)) {
            dns_put16(fixed + 8, (unsigned)(w->msg + w->len - fixed - 10));
            w->count[section]++;
            return true;
        }
    }
    dns_writer_rollback(w, mark);
    return false;
}

void dns_writer_reserve_edns(struct dns_writer *w)
{
    if (!w->edns_room && room_for(w, OPT_OCTETS)) {
        w->limit -= OPT_OCTETS;
        w->edns_room = true;
    }
}

bool dns_writer_edns(struct dns_writer *w, uint16_t udp_octets, uint16_t rcode, bool dnssec_ok)
{
    static const uint8_t root[1] = { 0 };
    uint32_t ttl = (uint32_t)(rcode >> 4) << 24 | (dnssec_ok ? 0x8000u : 0u);
    if (w->edns_room)
        w->limit += OPT_OCTETS;
    w->edns_room = false;
    return dns_writer_record(w, DNS_ADDITIONAL, root, DNS_TYPE_OPT, udp_octets, ttl, root, 0);
}

struct dns_writer_mark dns_writer_mark(const struct dns_writer *w)
{
    struct dns_writer_mark mark = { .len = w->len, .names = w->names };
    memcpy(mark.count, w->count, sizeof mark.count);
    return mark;
}

void dns_writer_rollback(struct dns_writer *w, struct dns_writer_mark mark)
{
    w->len = mark.len;
    w->names = mark.names;
    memcpy(w->count, mark.count, sizeof mark.count);
}

size_t dns_writer_finish(struct dns_writer *w)
{
    if (w->truncated)
        w->msg[2] |= DNS_FLAG_TC >> 8;
    for (int i = 0; i < DNS_SECTIONS; i++)
        dns_put16(w->msg + 4 + 2 * i, w->count[i]);
    assert(w->len <= w->limit);
    return w->len;
}

size_t dns_query_write(uint8_t *out, uint16_t id, bool recursion, const uint8_t *name, uint16_t type,
                       uint16_t edns_octets)
{
    size_t name_len = dns_name_len(name), n = DNS_HEADER_OCTETS;
    assert(name_len <= DNS_NAME_MAX);
    memset(out, 0, DNS_HEADER_OCTETS);
    dns_put16(out, id);
    dns_put16(out + 2, recursion ? DNS_FLAG_RD : 0);
    dns_put16(out + 4, 1);
    memcpy(out + n, name, name_len);
    n += name_len;
    dns_put16(out + n, type);
    dns_put16(out + n + 2, DNS_CLASS_IN);
    n += 4;
    if (edns_octets) {
        memset(out + n, 0, OPT_OCTETS);
        dns_put16(out + n + 1, DNS_TYPE_OPT);
        dns_put16(out + n + 3, edns_octets);
        dns_put16(out + 10, 1);
        n += OPT_OCTETS;
    }
    assert(n <= DNS_QUERY_MAX);
    return n;
}
