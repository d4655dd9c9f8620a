/* ICMP (RFC 792), ICMPv6 (RFC 4443) and Neighbor Discovery (RFC 4861). */
#include <stdio.h>

#include "ui/tape/dissect_layers.h"

struct word {
    unsigned type, code; /* code 256: any */
    const char *words;
};

static const char *word_of(const struct word *words, unsigned type, unsigned code)
{
    for (; words->words; words++)
        if (words->type == type && (words->code == 256 || words->code == code))
            return words->words;
    return NULL;
}

static const struct word types4[] = { { 0, 256, "echo reply" },
                                      { 3, 256, "destination unreachable" },
                                      { 5, 256, "redirect" },
                                      { 8, 256, "echo request" },
                                      { 11, 256, "time exceeded" },
                                      { 12, 256, "parameter problem" },
                                      { 0, 0, NULL } };
static const struct word codes4[] = { { 3, 0, "net unreachable" },
                                      { 3, 1, "host unreachable" },
                                      { 3, 2, "protocol unreachable" },
                                      { 3, 3, "port unreachable" },
                                      { 3, 4, "fragmentation needed and DF set" },
                                      { 3, 9, "network administratively prohibited" },
                                      { 3, 10, "host administratively prohibited" },
                                      { 3, 13, "communication administratively prohibited" },
                                      { 11, 0, "TTL exceeded in transit" },
                                      { 11, 1, "fragment reassembly time exceeded" },
                                      { 0, 0, NULL } };
static const struct word types6[] = { { 1, 256, "destination unreachable" },
                                      { 2, 256, "packet too big" },
                                      { 3, 256, "time exceeded" },
                                      { 4, 256, "parameter problem" },
                                      { 128, 256, "echo request" },
                                      { 129, 256, "echo reply" },
                                      { 133, 256, "router solicitation" },
                                      { 134, 256, "router advertisement" },
                                      { 135, 256, "neighbor solicitation" },
                                      { 136, 256, "neighbor advertisement" },
                                      { 137, 256, "redirect" },
                                      { 0, 0, NULL } };
static const struct word codes6[] = { { 1, 0, "no route to destination" },
                                      { 1, 1, "administratively prohibited" },
                                      { 1, 3, "address unreachable" },
                                      { 1, 4, "port unreachable" },
                                      { 3, 0, "hop limit exceeded in transit" },
                                      { 3, 1, "fragment reassembly time exceeded" },
                                      { 0, 0, NULL } };

static void type_and_code(struct dissect *d, size_t at, unsigned depth, const struct word *types,
                          const struct word *codes)
{
    unsigned type = dissect_u8(d, at), code = dissect_u8(d, at + 1);
    const char *what = word_of(types, type, code), *why = word_of(codes, type, code);
    dissect_put(d, depth, "Type", at, 1, "%u%s%s%s", type, what ? " (" : "", what ? what : "",
                what ? ")" : "");
    dissect_put(d, depth, "Code", at + 1, 1, "%u%s%s%s", code, why ? " (" : "", why ? why : "",
                why ? ")" : "");
}

static void echo(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    dissect_put(d, depth, "Identifier", at + 4, 2, "%u", dissect_u16(d, at + 4));
    dissect_put(d, depth, "Sequence number", at + 6, 2, "%u", dissect_u16(d, at + 6));
    if (end > at + 8)
        dissect_put(d, depth, "Data", at + 8, end - at - 8, "%zu octets", end - at - 8);
}

void dissect_icmp4(struct dissect *d, size_t at, size_t end, bool fragment, unsigned depth)
{
    unsigned type = dissect_u8(d, at), code = dissect_u8(d, at + 1);
    const char *what = word_of(types4, type, code), *why = word_of(codes4, type, code);
    uint16_t said = dissect_u16(d, at + 2), right;
    if (!dissect_need(d, at, end, 8, "ICMP"))
        return;
    if (depth == 0)
        dissect_summaryf(d, "ICMP", "%s%s%s", what ? what : "", what && why ? ": " : "", why ? why : "");
    dissect_put(d, depth, "ICMP", at, end - at, "%s", what ? what : "");
    type_and_code(d, at, depth + 1, types4, codes4);
    right = (uint16_t)~dissect_fold(dissect_sum(d, 0, at, end - at) - said);
    if (fragment || depth > 0)
        dissect_put(d, depth + 1, "Checksum", at + 2, 2, "0x%04x, over more than is here", said);
    else if (said == right || (said == 0xffff && right == 0))
        dissect_put(d, depth + 1, "Checksum", at + 2, 2, "0x%04x, correct", said);
    else
        dissect_wrong(d, depth + 1, "Checksum", at + 2, 2, "0x%04x, wrong: it should be 0x%04x", said, right);
    if (type == 0 || type == 8) {
        echo(d, at, end, depth + 1);
    } else if (type == 3 || type == 11 || type == 12) {
        if (type == 3 && code == 4)
            dissect_put(d, depth + 1, "Next-hop MTU", at + 6, 2, "%u octets", dissect_u16(d, at + 6));
        if (depth == 0 && end > at + 8)
            dissect_ip(d, at + 8, end, 1); /* the packet that it is about */
    }
}

/* Options of Neighbor Discovery: type, length in units of 8 octets (RFC 4861 section 4.6). */
static void nd_options(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    char a[DISSECT_ADDRESS_MAX];
    while (at + 2 <= end) {
        unsigned type = dissect_u8(d, at);
        size_t octets = (size_t)dissect_u8(d, at + 1) * 8;
        if (octets == 0 || octets > end - at) {
            dissect_wrong(d, depth, "Option", at, end - at, "type %u says %zu octets", type, octets);
            return;
        }
        if (type == 1 || type == 2)
            dissect_put(d, depth, type == 1 ? "Source link-layer address" : "Target link-layer address", at,
                        octets, "%s", dissect_mac(d, at + 2, a));
        else
            dissect_put(d, depth, "Option", at, octets, "type %u, %zu octets", type, octets);
        at += octets;
    }
}

static void neighbor(struct dissect *d, size_t at, size_t end, unsigned depth)
{
    char a[DISSECT_ADDRESS_MAX];
    bool asks = dissect_u8(d, at) == 135;
    unsigned flags = dissect_u8(d, at + 4);
    if (!dissect_need(d, at, end, 24, "Neighbor Discovery"))
        return;
    if (!asks)
        dissect_put(d, depth, "Flags", at + 4, 1, "%s%s%s", flags & 0x80 ? "router " : "",
                    flags & 0x40 ? "solicited " : "", flags & 0x20 ? "override" : "");
    dissect_put(d, depth, "Target address", at + 8, 16, "%s", dissect_ip6(d, at + 8, a));
    dissect_summaryf(d, "ND", asks ? "who has %s?" : "%s is here", a);
    nd_options(d, at + 24, end, depth);
}

void dissect_icmp6(struct dissect *d, const struct dissect_ends *ends, size_t at, size_t end, unsigned depth)
{
    unsigned type = dissect_u8(d, at), code = dissect_u8(d, at + 1);
    const char *what = word_of(types6, type, code), *why = word_of(codes6, type, code);
    if (!dissect_need(d, at, end, 8, "ICMPv6"))
        return;
    if (depth == 0)
        dissect_summaryf(d, "ICMPv6", "%s%s%s", what ? what : "", what && why ? ": " : "", why ? why : "");
    dissect_put(d, depth, "ICMPv6", at, end - at, "%s", what ? what : "");
    type_and_code(d, at, depth + 1, types6, codes6);
    if (depth == 0)
        dissect_checksum(d, ends, 58, at, end, at + 2);
    if (type == 128 || type == 129) {
        echo(d, at, end, depth + 1);
    } else if ((type == 135 || type == 136) && depth == 0) {
        neighbor(d, at, end, depth + 1);
    } else if (type >= 1 && type <= 4) {
        if (type == 2)
            dissect_put(d, depth + 1, "MTU", at + 4, 4, "%lu octets", (unsigned long)dissect_u32(d, at + 4));
        if (depth == 0 && end > at + 8)
            dissect_ip(d, at + 8, end, 1);
    }
}
