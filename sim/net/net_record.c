/* Trace records of packets, neighbours and faults. */
#include "sim/net/net_record.h"

#include <stdio.h>

#include "sim/net/fault.h"
#include "sim/net/neighbour.h"

void net_record_begin(const struct net *net, struct trace_record *r, enum trace_kind kind, uint32_t host)
{
    memset(r, 0, offsetof(struct trace_record, attr));
    r->nattr = 0;
    r->t_ns = net->queue->now_ns;
    r->kind = kind;
    r->host = host;
}

static uint32_t owner_number(const struct net *net, const struct net_addr *a)
{
    const struct net_iface *iface = net_owner(net, a);
    return iface ? iface->host->number : 0;
}

/* All of a packet's record but its attributes. */
static void packet_begin(struct net *net, struct trace_record *r, enum trace_kind kind,
                         const struct net_host *host, const struct net_link *link, struct net_packet *p,
                         char text[NET_SUMMARY_MAX])
{
    struct net_addr src, dst;
    net_record_begin(net, r, kind, host ? host->number : 0);
    r->cause = p->cause;
    r->proto = net_packet_proto(p);
    r->conn = p->conn;
    r->frame = p->frame;
    if (net_packet_ends(p, &src, &dst))
        r->peer = owner_number(net, kind == TRACE_KIND_DELIVERED ? &src : &dst);
    r->text = text;
    r->text_len = net_packet_summary(p, text);
    if (p->frame != 0) { /* before that there is no Ethernet header, and it never was on a link */
        r->link = link ? link->number : 0;
        r->bytes = net_packet_frame(p);
        r->nbytes = p->len;
    }
}

void net_record_wanted(struct net *net, enum trace_kind kind, const struct net_host *host,
                       const struct net_link *link, struct net_packet *p, const char *why, const char *fault)
{
    char text[NET_SUMMARY_MAX];
    struct trace_record r;
    packet_begin(net, &r, kind, host, link, p, text);
    if (why)
        trace_attr_str(&r, "why", why);
    if (fault)
        trace_attr_str(&r, "fault", fault);
    trace_emit(net->trace, &r);
}

void net_record_changed(struct net *net, const struct net_host *host, const struct net_link *link,
                        struct net_packet *p, uint64_t was, const char *what)
{
    char text[NET_SUMMARY_MAX];
    struct trace_record r;
    packet_begin(net, &r, TRACE_KIND_SENT, host, link, p, text);
    trace_attr_num(&r, "instead_of", (int64_t)was);
    trace_attr_str(&r, "changed", what);
    trace_emit(net->trace, &r);
}

void net_record_tap(struct net *net, const struct net_host *host, const struct net_link *link,
                    struct net_packet *p)
{
    struct trace_record r;
    net_record_begin(net, &r, TRACE_KIND_SENT, host ? host->number : 0);
    r.cause = p->cause;
    r.conn = p->conn;
    r.frame = p->frame;
    r.link = link ? link->number : 0;
    r.bytes = net_packet_frame(p);
    r.nbytes = p->len;
    trace_emit(net->trace, &r);
}

void net_drop_on_link(struct net_link *link, const struct net_host *host, struct net_packet *p,
                      enum net_drop why, const char *fault)
{
    struct net *net = link->net;
    net->stats.dropped[why]++;
    link->dropped++;
    if (trace_wants(net->trace, TRACE_PACKET))
        net_record_wanted(net, TRACE_KIND_DROPPED, host, link, p, net_drop_word(why), fault);
    else
        trace_skip(net->trace);
    net_packet_give(net, p);
}

void net_record_neighbour(const struct net_neighbour *n, const char *event, uint64_t cause)
{
    struct net_host *host = n->iface->host;
    struct net *net = host->net;
    bool known = n->state == NET_NEIGHBOUR_REACHABLE;
    char text[100], address[NET_ADDR_TEXT], mac[18];
    struct trace_record r;
    const struct net_iface *owner;
    if (!trace_wants(net->trace, TRACE_STATE)) {
        trace_skip(net->trace);
        return;
    }
    net_record_begin(net, &r, TRACE_KIND_NEIGHBOUR, host->number);
    r.cause = cause;
    r.proto = net_addr_is4(&n->addr) ? TRACE_ARP : TRACE_NDP;
    r.link = n->iface->link->number;
    owner = net_owner(net, &n->addr);
    r.peer = owner ? owner->host->number : 0;
    net_addr_text(&n->addr, address);
    snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0], n->mac[1], n->mac[2], n->mac[3],
             n->mac[4], n->mac[5]);
    r.text = text;
    r.text_len = (size_t)(known ? snprintf(text, sizeof text, "%s: %s is at %s", event, address, mac)
                                : snprintf(text, sizeof text, "%s: %s", event, address));
    trace_attr_str(&r, "event", event);
    trace_attr_str(&r, "address", address);
    trace_attr_str(&r, "state", net_neighbour_state_name(n->state));
    if (known) {
        trace_attr_str(&r, "mac", mac);
        trace_attr_num(&r, "until_ns", (int64_t)n->until_ns);
    }
    trace_emit(net->trace, &r);
}

static void fault_record(const struct net_fault *f, struct trace_record *r, const char *event)
{
    net_record_begin(f->link->net, r, TRACE_KIND_FAULT, 0);
    r->link = f->link->number;
    trace_attr_str(r, "event", event);
    trace_attr_str(r, "fault", f->p.name);
    trace_attr_str(r, "kind", net_fault_kind_name(f->p.kind));
}

void net_record_fault(const struct net_fault *f, const char *event)
{
    struct trace *t = f->link->net->trace;
    char text[160];
    struct trace_record r;
    if (!trace_wants(t, TRACE_STATE)) {
        trace_skip(t);
        return;
    }
    fault_record(f, &r, event);
    r.cause = f->p.cause;
    r.text = text;
    r.text_len = (size_t)snprintf(text, sizeof text, "%.50s on %.50s: %ss", f->p.name, f->link->name, event);
    if (f->p.pointer)
        trace_attr_str(&r, "pointer", f->p.pointer);
    trace_attr_num(&r, "from_ns", (int64_t)f->p.from_ns);
    if (f->p.until_ns != CORE_NEVER)
        trace_attr_num(&r, "until_ns", (int64_t)f->p.until_ns);
    trace_emit(t, &r);
}

void net_record_fault_act(const struct net_fault *f, const struct net_packet *p)
{
    struct trace *t = f->link->net->trace;
    char text[NET_SUMMARY_MAX + 80], summary[NET_SUMMARY_MAX];
    struct trace_record r;
    if (!trace_wants(t, TRACE_STATE)) {
        trace_skip(t);
        return;
    }
    fault_record(f, &r, "acted");
    r.cause = p->cause;
    r.frame = p->frame;
    r.conn = p->conn;
    r.proto = net_packet_proto(p);
    net_packet_summary(p, summary);
    r.text = text;
    r.text_len = (size_t)snprintf(text, sizeof text, "%.50s: %s %s", f->p.name,
                                  net_fault_kind_name(f->p.kind), summary);
    trace_emit(t, &r);
}
