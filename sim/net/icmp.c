/* ICMP: errors out and in, and the answer to an echo request. */
#include "sim/net/icmp.h"

#include <assert.h>

#include "sim/net/ether.h"
#include "sim/net/ip.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"

enum { ECHO_REPLY4 = 0, UNREACHABLE4 = 3, ECHO_REQUEST4 = 8, TIME_EXCEEDED4 = 11, PARAMETER4 = 12 };
enum { UNREACHABLE6 = 1, TOO_BIG6 = 2, TIME_EXCEEDED6 = 3, PARAMETER6 = 4 };
enum { ECHO_REQUEST6 = 128, ECHO_REPLY6 = 129, SOLICIT6 = 135, ADVERTISE6 = 136, INFORMATIONAL6 = 128 };

struct wire {
    uint8_t type, code;
};

/* What is sent for each reason. */
static const struct {
    struct wire v4, v6;
} errors[] = {
    [NET_UNREACH_NET] = { { UNREACHABLE4, 0 }, { UNREACHABLE6, 0 } },
    [NET_UNREACH_HOST] = { { UNREACHABLE4, 1 }, { UNREACHABLE6, 3 } },
    [NET_UNREACH_PORT] = { { UNREACHABLE4, 3 }, { UNREACHABLE6, 4 } },
    [NET_UNREACH_ADMIN] = { { UNREACHABLE4, 13 }, { UNREACHABLE6, 1 } },
    [NET_UNREACH_TTL] = { { TIME_EXCEEDED4, 0 }, { TIME_EXCEEDED6, 0 } },
    [NET_UNREACH_TOO_BIG] = { { UNREACHABLE4, 4 }, { TOO_BIG6, 0 } },
};

/* The reason that a received error gives; false: it is not an error that ends a packet. */
static bool reason_of(bool is4, const uint8_t *message, enum net_unreachable *reason)
{
    static const enum net_unreachable codes4[16] = {
        NET_UNREACH_NET,     NET_UNREACH_HOST,  NET_UNREACH_PORT,  NET_UNREACH_PORT,
        NET_UNREACH_TOO_BIG, NET_UNREACH_NET,   NET_UNREACH_NET,   NET_UNREACH_HOST,
        NET_UNREACH_HOST,    NET_UNREACH_ADMIN, NET_UNREACH_ADMIN, NET_UNREACH_NET,
        NET_UNREACH_HOST,    NET_UNREACH_ADMIN, NET_UNREACH_ADMIN, NET_UNREACH_ADMIN
    }; /* RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; code 2, unknown protocol, counts as port */
    static const enum net_unreachable codes6[7] = { NET_UNREACH_NET,  NET_UNREACH_ADMIN, NET_UNREACH_NET,
                                                    NET_UNREACH_HOST, NET_UNREACH_PORT,  NET_UNREACH_ADMIN,
                                                    NET_UNREACH_ADMIN }; /* RFC 4443 section 3.1 */
    uint8_t type = message[0], code = message[1];
    if (type == (is4 ? TIME_EXCEEDED4 : TIME_EXCEEDED6))
        *reason = NET_UNREACH_TTL;
    else if (is4 && type == UNREACHABLE4 && code < 16)
        *reason = codes4[code];
    else if (!is4 && type == UNREACHABLE6 && code < 7)
        *reason = codes6[code];
    else if (!is4 && type == TOO_BIG6)
        *reason = NET_UNREACH_TOO_BIG;
    else
        return false;
    return true;
}

static uint8_t protocol(bool is4)
{
    return is4 ? NET_PROTO_ICMP : NET_PROTO_ICMPV6;
}

void net_icmp_seal(struct net_packet *p, const struct net_addr *src, const struct net_addr *dst)
{
    uint8_t *m = net_packet_l4(p);
    uint32_t start = net_addr_is4(src) ? 0 : net_sum_pseudo(src, dst, NET_PROTO_ICMPV6, p->l4_len);
    uint16_t sum;
    memset(m + 2, 0, 2);
    sum = net_sum_finish(net_sum(m, p->l4_len, start));
    memcpy(m + 2, &sum, 2);
}

/* ---- errors out ------------------------------------------------------------------------------- */

static bool may_answer(const struct net_packet *p, bool is4)
{
    const uint8_t *frame = p->octets + 2, *m = p->octets + p->l4;
    if ((p->frame != 0 && (frame[0] & 1)) || p->l4_len < 8) /* a frame to many, or nothing to quote */
        return false;
    if (is4 && (p->src.b[12] == 0 || p->src.b[12] >= 224 || p->dst.b[12] >= 224))
        return false;
    if (!is4 && (p->src.b[0] == 0xff || p->dst.b[0] == 0xff))
        return false;
    if (p->proto == NET_PROTO_ICMP)
        return m[0] != UNREACHABLE4 && m[0] != TIME_EXCEEDED4 && m[0] != PARAMETER4;
    return p->proto != NET_PROTO_ICMPV6 || m[0] >= INFORMATIONAL6;
}

void net_icmp_error(struct net_host *host, struct net_packet *p, enum net_unreachable reason, uint16_t mtu,
                    uint64_t cause)
{
    bool is4 = net_addr_is4(&p->src);
    struct wire wire = is4 ? errors[reason].v4 : errors[reason].v6;
    size_t quote = (size_t)(p->l4 - p->l3) + p->l4_len, most = is4 ? NET_ICMP4_QUOTE : NET_ICMP6_QUOTE;
    struct net_packet *e;
    struct net_addr src;
    uint8_t *m;
    if (!may_answer(p, is4))
        return;
    /* A port that is closed answers for the address that was asked; a router for itself. */
    if (net_host_owns(host, &p->dst))
        src = p->dst;
    else if (!net_source_for(host, &p->src, &src))
        return;
    if (quote > most)
        quote = most;
    e = net_packet_take(host->net, is4 ? 4 : 6, NET_ICMP_HEADER + quote);
    m = net_packet_l4(e);
    memset(m, 0, NET_ICMP_HEADER);
    m[0] = wire.type;
    m[1] = wire.code;
    if (reason == NET_UNREACH_TOO_BIG)
        net_put16(m + 6, mtu); /* RFC 1191 section 4; in ICMPv6 the low half of 32 bits */
    memcpy(m + NET_ICMP_HEADER, p->octets + p->l3, quote);
    net_icmp_seal(e, &src, &p->src);
    e->cause = cause ? cause : p->cause;
    e->conn = p->conn;
    host->net->stats.icmp_errors++;
    net_ip_output(host, e, protocol(is4), &src, &p->src, NET_TTL, NET_IP_UNFILTERED);
}

/* ---- in ------------------------------------------------------------------------------------------ */

/* An error about a packet of ours: its IP header and the start of what followed are quoted. */
static void error_input(struct net_host *host, struct net_packet *p, bool is4)
{
    const uint8_t *ip = net_packet_l4(p) + NET_ICMP_HEADER, *l4;
    size_t left = p->l4_len - NET_ICMP_HEADER, header = NET_IP6_HEADER;
    struct net_addr local, remote;
    enum net_unreachable reason;
    uint8_t proto;
    if (!reason_of(is4, net_packet_l4(p), &reason))
        return;
    if (is4 && left >= NET_IP4_HEADER)
        header = (ip[0] & 15u) * 4;
    if (left < header + 8 || (is4 && header < NET_IP4_HEADER) || ip[0] >> 4 != (is4 ? 4 : 6))
        return;
    if (is4) {
        local = net_addr4(ip[12], ip[13], ip[14], ip[15]);
        remote = net_addr4(ip[16], ip[17], ip[18], ip[19]);
        proto = ip[9];
    } else {
        memcpy(local.b, ip + 8, 16);
        memcpy(remote.b, ip + 24, 16);
        proto = ip[6];
    }
    l4 = ip + header;
    if (!net_host_owns(host, &local))
        return;
    if (proto == protocol(is4))
        net_ping_unreachable(host, reason, &p->src, l4);
    else
        net_ip_unreachable(host, reason, proto, &local, &remote, l4);
}

static void echo(struct net_host *host, struct net_packet *p, bool is4)
{
    struct net_packet *reply = net_packet_take(host->net, is4 ? 4 : 6, p->l4_len);
    uint8_t *m = net_packet_l4(reply);
    memcpy(m, net_packet_l4(p), p->l4_len);
    m[0] = is4 ? ECHO_REPLY4 : ECHO_REPLY6;
    net_icmp_seal(reply, &p->dst, &p->src);
    reply->cause = p->cause;
    reply->conn = p->conn;
    net_ip_output(host, reply, protocol(is4), &p->dst, &p->src, NET_TTL, 0);
}

void net_icmp_input(struct net_host *host, struct net_packet *p)
{
    bool is4 = net_addr_is4(&p->src);
    const uint8_t *m = net_packet_l4(p);
    uint32_t start = is4 ? 0 : net_sum_pseudo(&p->src, &p->dst, NET_PROTO_ICMPV6, p->l4_len);
    if (p->l4_len < NET_ICMP_HEADER || p->proto != protocol(is4)) {
        net_drop(host->net, host, p, NET_DROP_MALFORMED);
        return;
    }
    if (net_sum(m, p->l4_len, start) != 0xffff) {
        net_drop(host->net, host, p, NET_DROP_CHECKSUM);
        return;
    }
    if (m[0] == (is4 ? ECHO_REQUEST4 : ECHO_REQUEST6))
        echo(host, p, is4);
    else if (m[0] == (is4 ? ECHO_REPLY4 : ECHO_REPLY6))
        net_ping_reply(host, p);
    else if (!is4 && (m[0] == SOLICIT6 || m[0] == ADVERTISE6))
        net_ndp_input(p->iface, p);
    else
        error_input(host, p, is4);
    net_packet_give(host->net, p);
}
