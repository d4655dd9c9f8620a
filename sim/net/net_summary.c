/* One line about a packet, for people. Reads the frame as it is: what is too short is said to be
 * malformed. */
#include "sim/net/net_record.h"

#include "sim/net/ether.h"
#include "sim/net/octets.h"

#define TCP_HEADER 20

struct line {
    char *at, *end; /* end: the place of the NUL */
};

static void put(struct line *l, const char *s)
{
    while (*s && l->at < l->end)
        *l->at++ = *s++;
}

static void put_number(struct line *l, uint64_t n)
{
    char digits[21], *s = digits + 20;
    *s = '\0';
    do {
        *--s = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    put(l, s);
}

static void put_field(struct line *l, const char *name, uint64_t n)
{
    put(l, name);
    put_number(l, n);
}

static void put_addr(struct line *l, const struct net_addr *a)
{
    char text[NET_ADDR_TEXT];
    put(l, net_addr_text(a, text));
}

static void put_end(struct line *l, const struct net_addr *a, uint16_t port)
{
    bool is4 = net_addr_is4(a);
    put(l, is4 ? "" : "[");
    put_addr(l, a);
    put_field(l, is4 ? ":" : "]:", port);
}

static void put_mac(struct line *l, const uint8_t mac[6])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 6; i++) {
        const char pair[] = { hex[mac[i] >> 4], hex[mac[i] & 15], i < 5 ? ':' : '\0', '\0' };
        put(l, pair);
    }
}

/* ---- TCP --------------------------------------------------------------------------------------- */

static void put_flags(struct line *l, unsigned flags)
{
    static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
    bool first = true;
    put(l, " [");
    for (unsigned i = 0; i < 8; i++) {
        if (!(flags & 1u << i))
            continue;
        put(l, first ? "" : ", ");
        put(l, names[i]);
        first = false;
    }
    put(l, "]");
}

/* The maximum segment size option; 0: none. */
static unsigned mss_option(const uint8_t *tcp, size_t header)
{
    for (size_t i = TCP_HEADER; i < header && tcp[i] != 0;) {
        if (tcp[i] == 1) {
            i++;
            continue;
        }
        if (i + 2 > header || tcp[i + 1] < 2)
            break;
        if (tcp[i] == 2 && i + 4 <= header)
            return net_get16(tcp + i + 2);
        i += tcp[i + 1];
    }
    return 0;
}

static void put_tcp(struct line *l, const struct net_packet *p, const uint8_t *tcp, size_t len)
{
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    unsigned flags = tcp[13], mss;
    uint32_t seq = net_get32(tcp + 4), ack = net_get32(tcp + 8);
    put_flags(l, flags);
    if (header < TCP_HEADER || header > len) {
        put(l, " malformed");
        return;
    }
    put_field(l, " seq ", p->has_relative ? seq - p->seq_from : seq);
    if (flags & 0x10)
        put_field(l, " ack ", p->has_relative ? ack - p->ack_from : ack);
    if (!(flags & 0x04))
        put_field(l, " win ", net_get16(tcp + 14));
    if ((mss = mss_option(tcp, header)) != 0)
        put_field(l, " mss ", mss);
    if (len > header)
        put_field(l, " len ", len - header);
}

/* ---- ICMP -------------------------------------------------------------------------------------- */

static const char *icmp4_text(unsigned type, unsigned code)
{
    static const char *const unreachable[] = { "network unreachable", "host unreachable",
                                               "protocol unreachable", "port unreachable", "packet too big" };
    switch (type) {
    case 0:
        return "echo reply";
    case 3:
        return code < 5 ? unreachable[code] : code == 13 ? "administratively prohibited" : "unreachable";
    case 8:
        return "echo request";
    case 11:
        return "time exceeded";
    default:
        return "ICMP";
    }
}

static const char *icmp6_text(unsigned type, unsigned code)
{
    static const char *const unreachable[] = { "no route", "administratively prohibited",
                                               "beyond the source's scope", "address unreachable",
                                               "port unreachable" };
    switch (type) {
    case 1:
        return code < 5 ? unreachable[code] : "unreachable";
    case 2:
        return "packet too big";
    case 3:
        return "time exceeded";
    case 128:
        return "echo request";
    case 129:
        return "echo reply";
    default:
        return "ICMPv6";
    }
}

static void put_icmp(struct line *l, bool is4, const uint8_t *m)
{
    bool echo = is4 ? m[0] == 0 || m[0] == 8 : m[0] == 128 || m[0] == 129;
    put(l, " ");
    put(l, is4 ? icmp4_text(m[0], m[1]) : icmp6_text(m[0], m[1]));
    if (echo) {
        put_field(l, " id ", net_get16(m + 4));
        put_field(l, " seq ", net_get16(m + 6));
    }
}

static void put_who_has(struct line *l, const struct net_addr *target, const struct net_addr *asker)
{
    put(l, "who has ");
    put_addr(l, target);
    put(l, "? tell ");
    put_addr(l, asker);
}

static void put_is_at(struct line *l, const struct net_addr *target, const uint8_t mac[6])
{
    put_addr(l, target);
    put(l, " is at ");
    put_mac(l, mac);
}

static void put_arp(struct line *l, const struct net_packet *p)
{
    const uint8_t *arp = p->octets + p->l3;
    struct net_addr sender = net_addr4(arp[14], arp[15], arp[16], arp[17]);
    struct net_addr target = net_addr4(arp[24], arp[25], arp[26], arp[27]);
    if (net_get16(arp + 6) == 1)
        put_who_has(l, &target, &sender);
    else
        put_is_at(l, &sender, arp + 8);
}

static void put_nd(struct line *l, const struct net_packet *p, const struct net_addr *src)
{
    const uint8_t *m = p->octets + p->l4;
    struct net_addr target;
    memcpy(target.b, m + 8, sizeof target.b);
    if (m[0] == 135)
        put_who_has(l, &target, src);
    else
        put_is_at(l, &target, p->octets + 2 + 6); /* the frame's source, which its option repeats */
}

/* ---- any packet ---------------------------------------------------------------------------------- */

enum trace_proto net_packet_proto(const struct net_packet *p)
{
    const uint8_t *l4 = p->octets + p->l4;
    switch (p->proto) {
    case NET_PROTO_TCP:
        return TRACE_TCP;
    case NET_PROTO_UDP:
        return TRACE_UDP;
    case NET_PROTO_ICMP:
        return TRACE_ICMP;
    case NET_PROTO_ICMPV6:
        return p->l4_len >= 24 && (l4[0] == 135 || l4[0] == 136) ? TRACE_NDP : TRACE_ICMP;
    default:
        return p->frame != 0 && net_get16(p->octets + 2 + 12) == NET_TYPE_ARP ? TRACE_ARP : TRACE_IP;
    }
}

bool net_packet_ends(const struct net_packet *p, struct net_addr *src, struct net_addr *dst)
{
    const uint8_t *l3 = p->octets + p->l3;
    if (net_packet_proto(p) == TRACE_ARP) {
        *src = net_addr4(l3[14], l3[15], l3[16], l3[17]);
        *dst = net_addr4(l3[24], l3[25], l3[26], l3[27]);
    } else if (l3[0] >> 4 == 4) {
        *src = net_addr4(l3[12], l3[13], l3[14], l3[15]);
        *dst = net_addr4(l3[16], l3[17], l3[18], l3[19]);
    } else if (l3[0] >> 4 == 6) {
        memcpy(src->b, l3 + 8, 16);
        memcpy(dst->b, l3 + 24, 16);
    } else {
        return false;
    }
    return true;
}

static void put_ip(struct line *l, const struct net_packet *p, const struct net_addr *src,
                   const struct net_addr *dst)
{
    const uint8_t *l4 = p->octets + p->l4;
    bool ports = (p->proto == NET_PROTO_TCP || p->proto == NET_PROTO_UDP) && p->l4_len >= 8;
    if (ports)
        put_end(l, src, net_get16(l4));
    else
        put_addr(l, src);
    put(l, " > ");
    if (ports)
        put_end(l, dst, net_get16(l4 + 2));
    else
        put_addr(l, dst);
    if (p->proto == NET_PROTO_TCP && p->l4_len >= TCP_HEADER)
        put_tcp(l, p, l4, p->l4_len);
    else if (p->proto == NET_PROTO_UDP && ports)
        put_field(l, " UDP len ", p->l4_len - 8u);
    else if ((p->proto == NET_PROTO_ICMP || p->proto == NET_PROTO_ICMPV6) && p->l4_len >= 8)
        put_icmp(l, p->proto == NET_PROTO_ICMP, l4);
    else
        put_field(l, " protocol ", p->proto);
}

size_t net_packet_summary(const struct net_packet *p, char text[NET_SUMMARY_MAX])
{
    struct line l = { text, text + NET_SUMMARY_MAX - 1 };
    enum trace_proto proto = net_packet_proto(p);
    struct net_addr src, dst;
    if (proto == TRACE_ARP)
        put_arp(&l, p);
    else if (!net_packet_ends(p, &src, &dst))
        put(&l, "malformed");
    else if (proto == TRACE_NDP)
        put_nd(&l, p, &src);
    else
        put_ip(&l, p, &src, &dst);
    *l.at = '\0';
    return (size_t)(l.at - text);
}
