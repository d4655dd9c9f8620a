/* The firewall: the first rule that matches decides. */
#include "sim/net/firewall.h"

#include <assert.h>
#include <stdio.h>

#include "sim/net/icmp.h"
#include "sim/net/ip.h"
#include "sim/net/net_record.h"
#include "sim/net/octets.h"

#define TCP_HEADER 20

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

const char *net_action_name(enum net_action action)
{
#define X(name, word) [NET_ACTION_##name] = word,
    static const char *const words[NET_ACTION_COUNT] = { NET_ACTIONS(X) };
#undef X
    assert(action < NET_ACTION_COUNT);
    return words[action];
}

const char *net_direction_name(enum net_direction direction)
{
    static const char *const words[NET_DIRECTION_COUNT] = {
        [NET_IN] = "in", [NET_OUT] = "out", [NET_FORWARD] = "forward"
    };
    assert(direction < NET_DIRECTION_COUNT);
    return words[direction];
}

/* ---- rules ------------------------------------------------------------------------------------- */

static bool opens(const struct net_packet *p)
{
    const uint8_t *l4 = p->octets + p->l4;
    return p->proto == NET_PROTO_TCP && p->l4_len >= TCP_HEADER && (l4[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool prefix_matches(const struct net_prefix *prefix, const struct net_addr *a)
{
    return !prefix->set || net_addr_within(a, &prefix->addr, prefix->bits);
}

static bool range_matches(const struct net_port_range *range, uint16_t port)
{
    return range->last == 0 || (port >= range->first && port <= range->last);
}

static bool proto_matches(uint8_t rule, uint8_t proto)
{
    return rule == 0 || rule == proto || (rule == NET_PROTO_ICMP && proto == NET_PROTO_ICMPV6);
}

static bool rule_matches(const struct net_rule *r, enum net_direction direction, const struct net_packet *p,
                         uint64_t now_ns)
{
    const uint8_t *l4 = p->octets + p->l4;
    if (now_ns < r->from_ns || (r->until_ns > 0 && now_ns >= r->until_ns))
        return false;
    if (r->direction != direction || !proto_matches(r->proto, p->proto) || (r->opening && !opens(p)) ||
        !prefix_matches(&r->src, &p->src) || !prefix_matches(&r->dst, &p->dst))
        return false;
    if (r->sport.last == 0 && r->dport.last == 0)
        return true;
    if ((p->proto != NET_PROTO_TCP && p->proto != NET_PROTO_UDP) || p->l4_len < 8)
        return false;
    return range_matches(&r->sport, net_get16(l4)) && range_matches(&r->dport, net_get16(l4 + 2));
}

/* ---- answers -------------------------------------------------------------------------------------- */

/* RFC 9293 section 3.10.7.1: with ACK, RST has its number as sequence number; without, RST acknowledges. */
void net_tcp_reset_for(struct net_host *host, struct net_packet *p, uint64_t cause)
{
    const uint8_t *in = net_packet_l4(p);
    struct net_packet *rst;
    uint16_t data, sum;
    uint8_t *h;
    if (p->l4_len < TCP_HEADER || (in[12] >> 4) * 4 > p->l4_len || (in[13] & TCP_RST))
        return;
    data = (uint16_t)(p->l4_len - (in[12] >> 4) * 4);
    rst = net_packet_take(host->net, net_addr_is4(&p->src) ? 4 : 6, TCP_HEADER);
    h = net_packet_l4(rst);
    memset(h, 0, TCP_HEADER);
    net_put16(h, net_get16(in + 2));
    net_put16(h + 2, net_get16(in));
    h[12] = TCP_HEADER / 4 << 4;
    if (in[13] & TCP_ACK) {
        memcpy(h + 4, in + 8, 4);
        h[13] = TCP_RST;
    } else {
        uint32_t len = data + (in[13] & TCP_SYN ? 1u : 0u) + (in[13] & TCP_FIN ? 1u : 0u);
        net_put32(h + 8, net_get32(in + 4) + len);
        h[13] = TCP_RST | TCP_ACK;
    }
    sum = net_sum_finish(net_sum(h, TCP_HEADER, net_sum_pseudo(&p->dst, &p->src, NET_PROTO_TCP, TCP_HEADER)));
    memcpy(h + 16, &sum, 2);
    rst->cause = cause;
    rst->conn = p->conn;
    rst->has_relative = p->has_relative;
    rst->seq_from = p->ack_from;
    rst->ack_from = p->seq_from;
    net_ip_output(host, rst, NET_PROTO_TCP, &p->dst, &p->src, NET_TTL, NET_IP_UNFILTERED);
}

static void reject(struct net_host *host, struct net_packet *p, enum net_action action, uint64_t cause)
{
    if (action == NET_ACTION_RESET && p->proto == NET_PROTO_TCP)
        net_tcp_reset_for(host, p, cause);
    else
        net_icmp_error(host, p, NET_UNREACH_ADMIN, 0, cause);
}

/* ---- decision ---------------------------------------------------------------------------------------- */

static uint64_t record(const struct net_host *host, const struct net_rule *rule, enum net_direction direction,
                       enum net_action action, const struct net_packet *p)
{
    const struct net_firewall *fw = host->firewall;
    struct trace *t = host->net->trace;
    char text[NET_SUMMARY_MAX + 80], summary[NET_SUMMARY_MAX];
    struct trace_record r;
    if (!trace_wants(t, TRACE_STATE))
        return trace_skip(t);
    net_packet_summary(p, summary);
    net_record_begin(host->net, &r, TRACE_KIND_FIREWALL, host->number);
    r.cause = p->cause;
    r.proto = net_packet_proto(p);
    r.conn = p->conn;
    r.frame = p->frame;
    r.text_len = (size_t)snprintf(text, sizeof text, "%.60s: %s %s", rule ? rule->name : "no rule matches",
                                  net_action_name(action), summary);
    r.text = text;
    trace_attr_str(&r, "action", net_action_name(action));
    trace_attr_str(&r, "direction", net_direction_name(direction));
    trace_attr_str(&r, "rule", rule ? rule->name : "");
    trace_attr_str(&r, "pointer", rule ? rule->pointer : fw->pointer);
    return trace_emit(t, &r);
}

bool net_firewall_pass(struct net_host *host, enum net_direction direction, struct net_packet *p)
{
    struct net_firewall *fw = host->firewall;
    struct net_rule *rule = NULL;
    enum net_action action = fw->otherwise[direction];
    uint64_t seq;
    for (size_t i = 0; i < fw->nrules && !rule; i++)
        if (rule_matches(&fw->rules[i], direction, p, host->net->queue->now_ns))
            rule = &fw->rules[i];
    if (rule) {
        action = rule->action;
        rule->matched++;
    }
    if (action == NET_ACTION_ACCEPT) {
        if (rule && opens(p))
            record(host, rule, direction, action, p);
        return true;
    }
    seq = record(host, rule, direction, action, p);
    if (action != NET_ACTION_DROP)
        reject(host, p, action, seq);
    p->cause = seq;
    net_drop(host->net, host, p, NET_DROP_FIREWALL);
    return false;
}
