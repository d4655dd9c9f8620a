/* UDP (RFC 768) and TCP (RFC 9293), and which protocol is inside. */
#include <stdio.h>
#include <string.h>

#include "ui/tape/dissect_layers.h"

#define PORT_DNS 53

void dissect_udp(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end)
{
    unsigned source = dissect_u16(d, at), destination = dissect_u16(d, at + 2);
    size_t octets = dissect_u16(d, at + 4);
    dissect_summary(d, "UDP", "");
    if (!dissect_need(d, at, end, 8, "UDP"))
        return;
    dissect_put(d, 0, "User Datagram Protocol", at, 8, "%u > %u", source, destination);
    dissect_put(d, 1, "Source port", at, 2, "%u", source);
    dissect_put(d, 1, "Destination port", at + 2, 2, "%u", destination);
    if (octets < 8 || (octets > end - at && !ends->fragment)) {
        dissect_wrong(d, 1, "Length", at + 4, 2, "%zu octets; %zu are here", octets, end - at);
        return;
    }
    dissect_put(d, 1, "Length", at + 4, 2, "%zu octets", octets);
    if (octets < end - at)
        end = at + octets;
    if (dissect_u16(d, at + 6) == 0 && ends->address_octets == 4)
        dissect_put(d, 1, "Checksum", at + 6, 2, "none");
    else
        dissect_checksum(d, ends, 17, at, end, at + 6);
    if (source == PORT_DNS || destination == PORT_DNS)
        dissect_dns(d, at + 8, end);
    else if (end > at + 8)
        dissect_put(d, 0, "Data", at + 8, end - at - 8, "%zu octets", end - at - 8);
}

/* "SYN, ACK" */
static const char *flags_text(unsigned flags, char buf[64])
{
    static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
    int n = 0;
    buf[0] = '\0';
    for (unsigned i = 0; i < 8; i++)
        if (flags & 1u << i)
            n += snprintf(buf + n, 64 - (size_t)n, "%s%s", n ? ", " : "", names[i]);
    return n ? buf : "none";
}

static void sack(struct dissect *d, size_t at, size_t octets)
{
    for (size_t i = 2; i + 8 <= octets; i += 8)
        dissect_put(d, 2, "SACK block", at + i, 8, "%lu to %lu", (unsigned long)dissect_u32(d, at + i),
                    (unsigned long)dissect_u32(d, at + i + 4));
}

static void option(struct dissect *d, size_t at, unsigned kind, size_t octets)
{
    if (kind == 2 && octets == 4)
        dissect_put(d, 2, "Maximum segment size", at, octets, "%u octets", dissect_u16(d, at + 2));
    else if (kind == 3 && octets == 3)
        dissect_put(d, 2, "Window scale", at, octets, "%u: multiply by %lu", dissect_u8(d, at + 2),
                    1ul << (dissect_u8(d, at + 2) & 15));
    else if (kind == 4 && octets == 2)
        dissect_put(d, 2, "SACK permitted", at, octets, "%s", "");
    else if (kind == 5)
        sack(d, at, octets);
    else if (kind == 8 && octets == 10)
        dissect_put(d, 2, "Timestamps", at, octets, "%lu, echo %lu", (unsigned long)dissect_u32(d, at + 2),
                    (unsigned long)dissect_u32(d, at + 6));
    else
        dissect_put(d, 2, "Option", at, octets, "kind %u, %zu octets", kind, octets);
}

static void options(struct dissect *d, size_t at, size_t end)
{
    if (at == end)
        return;
    dissect_put(d, 1, "Options", at, end - at, "%zu octets", end - at);
    while (at < end) {
        unsigned kind = dissect_u8(d, at);
        size_t octets = kind <= 1 ? 1 : at + 1 < end ? dissect_u8(d, at + 1) : 0;
        if ((kind > 1 && octets < 2) || octets > end - at) {
            dissect_wrong(d, 2, "Option", at, end - at, "kind %u says %zu octets", kind, octets);
            return;
        }
        if (kind > 1)
            option(d, at, kind, octets);
        else
            dissect_put(d, 2, kind ? "No-operation" : "End of option list", at, 1, "%s", "");
        if (kind == 0)
            return;
        at += octets;
    }
}

static void inside_tcp(struct dissect *d, size_t at, size_t end, uint16_t source, uint16_t destination)
{
    if (at >= end)
        return;
    if (source == PORT_DNS || destination == PORT_DNS) {
        if (end - at > 2 && dissect_u16(d, at) == end - at - 2) {
            dissect_put(d, 0, "Length of the message", at, 2, "%u octets", dissect_u16(d, at));
            dissect_dns(d, at + 2, end);
            return;
        }
    } else if (dissect_tls(d, at, end) || dissect_lines(d, at, end, source, destination)) {
        return;
    }
    dissect_put(d, 0, "Data", at, end - at, "%zu octets", end - at);
}

void dissect_tcp(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end)
{
    uint16_t source = dissect_u16(d, at), destination = dissect_u16(d, at + 2);
    size_t header = (size_t)(dissect_u8(d, at + 12) >> 4) * 4;
    unsigned flags = dissect_u8(d, at + 13);
    char names[64];
    dissect_summary(d, "TCP", "");
    if (!dissect_need(d, at, end, 20, "TCP"))
        return;
    dissect_put(d, 0, "Transmission Control Protocol", at, header, "%u > %u, %s", source, destination,
                flags_text(flags, names));
    dissect_put(d, 1, "Source port", at, 2, "%u", source);
    dissect_put(d, 1, "Destination port", at + 2, 2, "%u", destination);
    dissect_put(d, 1, "Sequence number", at + 4, 4, "%lu", (unsigned long)dissect_u32(d, at + 4));
    dissect_put(d, 1, "Acknowledgment number", at + 8, 4, "%lu%s", (unsigned long)dissect_u32(d, at + 8),
                flags & 16 ? "" : " (means nothing without ACK)");
    if (header < 20 || header > end - at) {
        dissect_wrong(d, 1, "Data offset", at + 12, 1, "%zu octets; %zu are here", header, end - at);
        return;
    }
    dissect_put(d, 1, "Data offset", at + 12, 1, "%zu octets", header);
    dissect_put(d, 1, "Flags", at + 13, 1, "%s", flags_text(flags, names));
    dissect_put(d, 1, "Window", at + 14, 2, "%u", dissect_u16(d, at + 14));
    dissect_checksum(d, ends, 6, at, end, at + 16);
    dissect_put(d, 1, "Urgent pointer", at + 18, 2, "%u", dissect_u16(d, at + 18));
    options(d, at + 20, at + header);
    inside_tcp(d, at + header, end, source, destination);
}
