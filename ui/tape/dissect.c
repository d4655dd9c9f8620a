/* Ethernet II, ARP, IPv4 and IPv6; and the reading and writing that all layers share. */
#include "ui/tape/dissect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/tape/dissect_layers.h"

#define ETHER_OCTETS    14
#define ETHER_IP4       0x0800
#define ETHER_ARP       0x0806
#define ETHER_IP6       0x86dd
#define IP6_OCTETS      40
#define IP6_HEADERS_MAX 8 /* extension headers looked at; a limit of ours */

/* ---- writing --------------------------------------------------------------------------------------------
 */

static const char *keep(struct dissect *d, const char *value, size_t len)
{
    char *at = d->text + d->text_len;
    size_t room = sizeof d->text - d->text_len;
    if (room == 0)
        return "";
    if (len >= room) {
        len = room - 1;
        d->cut = true;
    }
    memcpy(at, value, len);
    at[len] = '\0';
    d->text_len += len + 1;
    return at;
}

static int put(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets,
               const char *value, size_t len)
{
    struct dissect_node *node;
    if (d->n == DISSECT_NODES_MAX) {
        d->cut = true;
        return -1;
    }
    from = from < d->len ? from : d->len;
    octets = octets < d->len - from ? octets : d->len - from;
    node = &d->node[d->n];
    *node = (struct dissect_node){ .name = name,
                                   .value = keep(d, value, len),
                                   .from = (uint32_t)from,
                                   .octets = (uint32_t)octets,
                                   .depth = (uint8_t)depth };
    return (int)d->n++;
}

static int print(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets,
                 const char *fmt, va_list ap)
{
    char value[512];
    int n = vsnprintf(value, sizeof value, fmt, ap);
    return put(d, depth, name, from, octets, value,
               n < 0                   ? 0
               : n < (int)sizeof value ? (size_t)n
                                       : sizeof value - 1);
}

int dissect_put(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets,
                const char *fmt, ...)
{
    va_list ap;
    int node;
    va_start(ap, fmt);
    node = print(d, depth, name, from, octets, fmt, ap);
    va_end(ap);
    return node;
}

int dissect_wrong(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets,
                  const char *fmt, ...)
{
    va_list ap;
    int node;
    va_start(ap, fmt);
    node = print(d, depth, name, from, octets, fmt, ap);
    va_end(ap);
    if (node >= 0)
        d->node[node].wrong = true;
    return node;
}

int dissect_words(struct dissect *d, unsigned depth, const char *name, size_t from, size_t octets)
{
    char value[1024];
    size_t n = 0;
    for (; n < octets && n < sizeof value && from + n < d->len; n++) {
        uint8_t c = d->bytes[from + n];
        value[n] = c < ' ' || c == 127 ? '.' : (char)c;
    }
    return put(d, depth, name, from, octets, value, n);
}

bool dissect_need(struct dissect *d, size_t at, size_t end, size_t n, const char *what)
{
    if (at <= end && end - at >= n)
        return true;
    dissect_wrong(d, 1, "Cut short", at, at < end ? end - at : 0, "%s needs %zu octets, there are %zu", what,
                  n, at < end ? end - at : 0);
    return false;
}

void dissect_stretch(struct dissect *d, int node, size_t octets)
{
    if (node >= 0 && octets <= d->len - d->node[node].from)
        d->node[node].octets = (uint32_t)octets;
}

void dissect_summary(struct dissect *d, const char *protocol, const char *summary)
{
    d->protocol = protocol;
    d->summary = summary;
}

void dissect_summaryf(struct dissect *d, const char *protocol, const char *fmt, ...)
{
    char value[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(value, sizeof value, fmt, ap);
    va_end(ap);
    dissect_summary(d, protocol, keep(d, value, strlen(value)));
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

uint8_t dissect_u8(const struct dissect *d, size_t at)
{
    return at < d->len ? d->bytes[at] : 0;
}

uint16_t dissect_u16(const struct dissect *d, size_t at)
{
    return (uint16_t)(dissect_u8(d, at) << 8 | dissect_u8(d, at + 1));
}

uint32_t dissect_u32(const struct dissect *d, size_t at)
{
    return (uint32_t)dissect_u16(d, at) << 16 | dissect_u16(d, at + 2);
}

const char *dissect_ip4(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX])
{
    snprintf(buf, DISSECT_ADDRESS_MAX, "%u.%u.%u.%u", dissect_u8(d, at), dissect_u8(d, at + 1),
             dissect_u8(d, at + 2), dissect_u8(d, at + 3));
    return buf;
}

/* Lower case, the longest run of zeros as "::", the first of equal ones (RFC 5952 section 4). */
const char *dissect_ip6_text(const uint8_t ip[16], char buf[DISSECT_ADDRESS_MAX])
{
    int best = -1, most = 1, n = 0;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && ip[2 * (i + run)] == 0 && ip[2 * (i + run) + 1] == 0)
            run++;
        if (run > most) {
            best = i;
            most = run;
        }
    }
    buf[0] = '\0';
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            n += snprintf(buf + n, DISSECT_ADDRESS_MAX - (size_t)n, "::");
            i += most - 1;
            continue;
        }
        n += snprintf(buf + n, DISSECT_ADDRESS_MAX - (size_t)n, "%s%x",
                      i == 0 || (best >= 0 && i == best + most) ? "" : ":",
                      (unsigned)ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    return buf;
}

const char *dissect_ip6(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX])
{
    uint8_t ip[16];
    for (size_t i = 0; i < sizeof ip; i++)
        ip[i] = dissect_u8(d, at + i);
    return dissect_ip6_text(ip, buf);
}

const char *dissect_mac(const struct dissect *d, size_t at, char buf[DISSECT_ADDRESS_MAX])
{
    snprintf(buf, DISSECT_ADDRESS_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", dissect_u8(d, at),
             dissect_u8(d, at + 1), dissect_u8(d, at + 2), dissect_u8(d, at + 3), dissect_u8(d, at + 4),
             dissect_u8(d, at + 5));
    return buf;
}

uint32_t dissect_sum(const struct dissect *d, uint32_t sum, size_t from, size_t octets)
{
    for (size_t i = 0; i + 1 < octets; i += 2)
        sum += dissect_u16(d, from + i);
    if (octets % 2)
        sum += (uint32_t)dissect_u8(d, from + octets - 1) << 8;
    return sum;
}

uint16_t dissect_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

void dissect_checksum(struct dissect *d, const struct dissect_ends *ends, unsigned protocol, size_t from,
                      size_t end, size_t at)
{
    uint16_t said = dissect_u16(d, at), right;
    uint32_t sum = protocol + (uint32_t)(end - from);
    if (ends->fragment || !ends->source) {
        dissect_put(d, 1, "Checksum", at, 2, "0x%04x, %s", said,
                    ends->fragment ? "over all fragments" : "not verified");
        return;
    }
    sum = dissect_sum(d, sum, (size_t)(ends->source - d->bytes), ends->address_octets);
    sum = dissect_sum(d, sum, (size_t)(ends->destination - d->bytes), ends->address_octets);
    sum = dissect_sum(d, sum, from, end - from) - said;
    right = (uint16_t)~dissect_fold(sum);
    if (right == 0 && protocol == 17)
        right = 0xffff; /* 0 means that there is none, RFC 768 */
    if (said == right || (said == 0xffff && right == 0))
        dissect_put(d, 1, "Checksum", at, 2, "0x%04x, correct", said);
    else
        dissect_wrong(d, 1, "Checksum", at, 2, "0x%04x, wrong: it should be 0x%04x", said, right);
}

/* ---- ARP ------------------------------------------------------------------------------------------------
 */

static void arp(struct dissect *d, size_t at, size_t end)
{
    char a[DISSECT_ADDRESS_MAX], b[DISSECT_ADDRESS_MAX];
    unsigned op = dissect_u16(d, at + 6);
    if (!dissect_need(d, at, end, 28, "ARP"))
        return;
    if (op == 1)
        dissect_summaryf(d, "ARP", "who has %s? tell %s", dissect_ip4(d, at + 24, a),
                         dissect_ip4(d, at + 14, b));
    else
        dissect_summaryf(d, "ARP", "%s is at %s", dissect_ip4(d, at + 14, a), dissect_mac(d, at + 8, b));
    dissect_put(d, 0, "Address Resolution Protocol", at, 28, "%s",
                op == 1   ? "request"
                : op == 2 ? "reply"
                          : "");
    dissect_put(d, 1, "Hardware type", at, 2, "%u%s", dissect_u16(d, at),
                dissect_u16(d, at) == 1 ? " (Ethernet)" : "");
    dissect_put(d, 1, "Protocol type", at + 2, 2, "0x%04x%s", dissect_u16(d, at + 2),
                dissect_u16(d, at + 2) == ETHER_IP4 ? " (IPv4)" : "");
    dissect_put(d, 1, "Hardware address length", at + 4, 1, "%u", dissect_u8(d, at + 4));
    dissect_put(d, 1, "Protocol address length", at + 5, 1, "%u", dissect_u8(d, at + 5));
    dissect_put(d, 1, "Operation", at + 6, 2, "%u%s", op, op == 1 ? " (request)" : op == 2 ? " (reply)" : "");
    dissect_put(d, 1, "Sender hardware address", at + 8, 6, "%s", dissect_mac(d, at + 8, a));
    dissect_put(d, 1, "Sender protocol address", at + 14, 4, "%s", dissect_ip4(d, at + 14, a));
    dissect_put(d, 1, "Target hardware address", at + 18, 6, "%s", dissect_mac(d, at + 18, a));
    dissect_put(d, 1, "Target protocol address", at + 24, 4, "%s", dissect_ip4(d, at + 24, a));
}

/* ---- IP -------------------------------------------------------------------------------------------------
 */

static const char *protocol_name(unsigned protocol)
{
    static const struct {
        unsigned number;
        const char *name;
    } known[] = { { 0, "Hop-by-Hop Options" },
                  { 1, "ICMP" },
                  { 6, "TCP" },
                  { 17, "UDP" },
                  { 43, "Routing" },
                  { 44, "Fragment" },
                  { 58, "ICMPv6" },
                  { 59, "No Next Header" },
                  { 60, "Destination Options" } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].number == protocol)
            return known[i].name;
    return "unknown";
}

static void transport(struct dissect *d, const struct dissect_ends *ends, unsigned protocol, size_t at,
                      size_t end, unsigned depth)
{
    if (protocol == 1)
        dissect_icmp4(d, at, end, ends->fragment, depth);
    else if (protocol == 58)
        dissect_icmp6(d, ends, at, end, depth);
    else if (protocol == 17 && depth == 0)
        dissect_udp(d, ends, at, end);
    else if (protocol == 6 && depth == 0)
        dissect_tcp(d, ends, at, end);
    else if ((protocol == 17 || protocol == 6) && end - at >= 4)
        dissect_put(d, depth, protocol == 6 ? "TCP" : "UDP", at, end - at,
                    "port %u > %u, the packet's beginning", dissect_u16(d, at), dissect_u16(d, at + 2));
    else if (end > at)
        dissect_put(d, depth, "Data", at, end - at, "%zu octets", end - at);
}

static void ip4_checksum(struct dissect *d, size_t at, size_t header, unsigned depth)
{
    uint16_t said = dissect_u16(d, at + 10);
    uint16_t right = (uint16_t)~dissect_fold(dissect_sum(d, 0, at, header) - said);
    if (said == right || (said == 0xffff && right == 0))
        dissect_put(d, depth, "Header checksum", at + 10, 2, "0x%04x, correct", said);
    else
        dissect_wrong(d, depth, "Header checksum", at + 10, 2, "0x%04x, wrong: it should be 0x%04x", said,
                      right);
}

static void ip4(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    char a[DISSECT_ADDRESS_MAX], b[DISSECT_ADDRESS_MAX];
    size_t header = (size_t)(dissect_u8(d, at) & 15) * 4, total = dissect_u16(d, at + 2);
    unsigned flags = dissect_u16(d, at + 6), protocol = dissect_u8(d, at + 9);
    struct dissect_ends ends = { .address_octets = 4, .fragment = (flags & 0x3fff) != 0 };
    if (!dissect_need(d, at, end, 20, "IPv4"))
        return;
    ends.source = d->bytes + at + 12;
    ends.destination = d->bytes + at + 16;
    dissect_put(d, depth, "Internet Protocol version 4", at, header, "%s > %s", dissect_ip4(d, at + 12, a),
                dissect_ip4(d, at + 16, b));
    dissect_put(d, depth + 1, "Version", at, 1, "%u", dissect_u8(d, at) >> 4);
    dissect_put(d, depth + 1, "Header length", at, 1, "%zu octets", header);
    dissect_put(d, depth + 1, "Differentiated services", at + 1, 1, "0x%02x", dissect_u8(d, at + 1));
    dissect_put(d, depth + 1, "Total length", at + 2, 2, "%zu octets", total);
    dissect_put(d, depth + 1, "Identification", at + 4, 2, "0x%04x", dissect_u16(d, at + 4));
    dissect_put(d, depth + 1, "Flags", at + 6, 1, "%s%s%s", flags & 0x4000 ? "don't fragment" : "",
                flags & 0x4000 && flags & 0x2000 ? ", " : "",
                flags & 0x2000   ? "more fragments"
                : flags & 0x4000 ? ""
                                 : "none");
    dissect_put(d, depth + 1, "Fragment offset", at + 6, 2, "%u octets", (flags & 0x1fff) * 8);
    dissect_put(d, depth + 1, "Time to live", at + 8, 1, "%u", dissect_u8(d, at + 8));
    dissect_put(d, depth + 1, "Protocol", at + 9, 1, "%u (%s)", protocol, protocol_name(protocol));
    if (header < 20 || header > end - at || total < header) {
        dissect_wrong(d, depth + 1, "Malformed", at, 4, "the header says %zu octets of %zu, %zu are here",
                      header, total, end - at);
        return;
    }
    ip4_checksum(d, at, header, depth + 1);
    dissect_put(d, depth + 1, "Source address", at + 12, 4, "%s", dissect_ip4(d, at + 12, a));
    dissect_put(d, depth + 1, "Destination address", at + 16, 4, "%s", dissect_ip4(d, at + 16, a));
    if (header > 20)
        dissect_put(d, depth + 1, "Options", at + 20, header - 20, "%zu octets", header - 20);
    if (total < end - at)
        end = at + total; /* the rest is padding of Ethernet */
    else if (total > end - at)
        ends.fragment = true; /* no checksum can be right */
    if (flags & 0x1fff)
        dissect_put(d, depth, "Fragment", at + header, end - at - header, "octets %u on of a larger packet",
                    (flags & 0x1fff) * 8);
    else
        transport(d, &ends, protocol, at + header, end, depth);
}

/* The header behind an extension header, or 0: it does not fit. `fragment` becomes true of a later part. */
static size_t ip6_extension(struct dissect *d, size_t at, size_t end, unsigned *next, unsigned depth,
                            struct dissect_ends *ends, bool *later)
{
    size_t octets = *next == 44 ? 8 : ((size_t)dissect_u8(d, at + 1) + 1) * 8;
    const char *name = protocol_name(*next);
    if (!dissect_need(d, at, end, octets, "an extension header"))
        return 0;
    if (*next == 44) {
        unsigned field = dissect_u16(d, at + 2);
        dissect_put(d, depth, "Fragment header", at, octets, "offset %u octets, %s", field & 0xfff8,
                    field & 1 ? "more follow" : "the last");
        ends->fragment = ends->fragment || field != 0;
        *later = (field & 0xfff8) != 0;
    } else {
        dissect_put(d, depth, name, at, octets, "%zu octets", octets);
    }
    *next = dissect_u8(d, at);
    dissect_put(d, depth + 1, "Next header", at, 1, "%u (%s)", *next, protocol_name(*next));
    return at + octets;
}

static void ip6(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    char a[DISSECT_ADDRESS_MAX], b[DISSECT_ADDRESS_MAX];
    size_t payload = dissect_u16(d, at + 4);
    unsigned next = dissect_u8(d, at + 6);
    struct dissect_ends ends = { .address_octets = 16 };
    bool later = false;
    if (!dissect_need(d, at, end, IP6_OCTETS, "IPv6"))
        return;
    ends.source = d->bytes + at + 8;
    ends.destination = d->bytes + at + 24;
    dissect_put(d, depth, "Internet Protocol version 6", at, IP6_OCTETS, "%s > %s", dissect_ip6(d, at + 8, a),
                dissect_ip6(d, at + 24, b));
    dissect_put(d, depth + 1, "Version", at, 1, "%u", dissect_u8(d, at) >> 4);
    dissect_put(d, depth + 1, "Traffic class", at, 2, "0x%02x", (dissect_u16(d, at) >> 4) & 255);
    dissect_put(d, depth + 1, "Flow label", at + 1, 3, "0x%05lx",
                (unsigned long)(dissect_u32(d, at) & 0xfffff));
    dissect_put(d, depth + 1, "Payload length", at + 4, 2, "%zu octets", payload);
    dissect_put(d, depth + 1, "Next header", at + 6, 1, "%u (%s)", next, protocol_name(next));
    dissect_put(d, depth + 1, "Hop limit", at + 7, 1, "%u", dissect_u8(d, at + 7));
    dissect_put(d, depth + 1, "Source address", at + 8, 16, "%s", dissect_ip6(d, at + 8, a));
    dissect_put(d, depth + 1, "Destination address", at + 24, 16, "%s", dissect_ip6(d, at + 24, a));
    at += IP6_OCTETS;
    if (payload < end - at)
        end = at + payload;
    else if (payload > end - at)
        ends.fragment = true;
    for (int i = 0; i < IP6_HEADERS_MAX && (next == 0 || next == 43 || next == 44 || next == 60) && !later;
         i++)
        if ((at = ip6_extension(d, at, end, &next, depth, &ends, &later)) == 0)
            return;
    if (later)
        dissect_put(d, depth, "Fragment", at, end - at, "a later part of a larger packet");
    else
        transport(d, &ends, next, at, end, depth);
}

void dissect_ip(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    if (at < end && dissect_u8(d, at) >> 4 == 6)
        ip6(d, at, end, depth);
    else
        ip4(d, at, end, depth);
}

/* ---- Ethernet -------------------------------------------------------------------------------------------
 */

void dissect_frame(struct dissect *out, const uint8_t *bytes, size_t len)
{
    char a[DISSECT_ADDRESS_MAX], b[DISSECT_ADDRESS_MAX];
    unsigned type;
    out->n = out->text_len = 0;
    out->cut = false;
    out->bytes = bytes;
    out->len = len;
    dissect_summary(out, "Ethernet", "");
    if (!dissect_need(out, 0, len, ETHER_OCTETS, "Ethernet"))
        return;
    type = dissect_u16(out, 12);
    dissect_put(out, 0, "Ethernet II", 0, ETHER_OCTETS, "%s > %s", dissect_mac(out, 6, a),
                dissect_mac(out, 0, b));
    dissect_put(out, 1, "Destination", 0, 6, "%s%s", dissect_mac(out, 0, a),
                strcmp(a, "ff:ff:ff:ff:ff:ff") == 0 ? " (broadcast)"
                : bytes[0] & 1                      ? " (multicast)"
                                                    : "");
    dissect_put(out, 1, "Source", 6, 6, "%s", dissect_mac(out, 6, a));
    dissect_put(out, 1, "Type", 12, 2, "0x%04x%s", type,
                type == ETHER_IP4   ? " (IPv4)"
                : type == ETHER_IP6 ? " (IPv6)"
                : type == ETHER_ARP ? " (ARP)"
                                    : "");
    if (type == ETHER_ARP) {
        dissect_summary(out, "ARP", "");
        arp(out, ETHER_OCTETS, len);
    } else if (type == ETHER_IP4 || type == ETHER_IP6) {
        dissect_summary(out, "IP", "");
        if (type == ETHER_IP4)
            ip4(out, ETHER_OCTETS, len, 0);
        else
            ip6(out, ETHER_OCTETS, len, 0);
    } else {
        dissect_put(out, 0, "Data", ETHER_OCTETS, len - ETHER_OCTETS, "%zu octets", len - ETHER_OCTETS);
    }
}

int dissect_at(const struct dissect *d, size_t at)
{
    int found = -1;
    for (size_t i = 0; i < d->n; i++) {
        const struct dissect_node *n = &d->node[i];
        if (at >= n->from && at - n->from < n->octets &&
            (found < 0 || n->depth > d->node[found].depth ||
             (n->depth == d->node[found].depth && n->octets < d->node[found].octets)))
            found = (int)i;
    }
    return found;
}
