#ifndef SIM_NET_NET_RECORD_H
#define SIM_NET_NET_RECORD_H
/*
 * net_record - what this room writes into the trace.
 *
 *   kind        host              peer                      link, frame
 *   sent        the maker         who has the destination   yes
 *   forwarded   the router        who has the destination   the next link; the maker's frame number
 *   sent        a router that     who has the destination   the next link; a new number; attributes
 *               has changed it                              instead_of, changed
 *   delivered   the receiver      who has the source        yes
 *   dropped     where it ended    who has the destination   yes; attributes why, fault
 *
 * Every packet record has the frame's octets and a line of text. What nobody wants is only counted.
 */
#include "sim/net/net_host.h"

struct net_fault;
struct net_neighbour;

#define NET_SUMMARY_MAX 200 /* octets of a packet's line, with NUL */

/* For net_record_packet: builds and emits. `why` and `fault` may be NULL. */
void net_record_wanted(struct net *net, enum trace_kind kind, const struct net_host *host,
                       const struct net_link *link, struct net_packet *p, const char *why, const char *fault);

/* A SENT record of a router that has made another frame of the one with the number `was`. `what`: in words.
 */
void net_record_changed(struct net *net, const struct net_host *host, const struct net_link *link,
                        struct net_packet *p, uint64_t was, const char *what);

/* A SENT record for those who only tap the wire. */
void net_record_tap(struct net *net, const struct net_host *host, const struct net_link *link,
                    struct net_packet *p);

static inline void net_record_packet(struct net *net, enum trace_kind kind, const struct net_host *host,
                                     const struct net_link *link, struct net_packet *p)
{
    if (trace_wants(net->trace, TRACE_PACKET))
        net_record_wanted(net, kind, host, link, p, NULL, NULL);
    else if (kind == TRACE_KIND_SENT && net->trace->tapped)
        net_record_tap(net, host, link, p);
    else
        trace_skip(net->trace);
}

/* A frame ends on the link itself. Counts and gives p back. */
void net_drop_on_link(struct net_link *link, const struct net_host *host, struct net_packet *p,
                      enum net_drop why, const char *fault);

/* Starts a record of `host` at this moment: everything else is empty. Cheaper than to clear all
 * attributes. */
void net_record_begin(const struct net *net, struct trace_record *r, enum trace_kind kind, uint32_t host);

/* The protocol that names p in the trace. */
enum trace_proto net_packet_proto(const struct net_packet *p);

/* Its addresses, as its IP header or its ARP message has them. False: it has none that make sense. */
bool net_packet_ends(const struct net_packet *p, struct net_addr *src, struct net_addr *dst);

/* "192.0.2.10:49152 > 192.0.2.25:587 [SYN] seq 0 win 65535 mss 1460". Returns its length. */
size_t net_packet_summary(const struct net_packet *p, char text[NET_SUMMARY_MAX]);

/* event: "asking", "learnt", "confirmed", "expired", "failed". */
void net_record_neighbour(const struct net_neighbour *n, const char *event, uint64_t cause);
/* event: "begin", "end". */
void net_record_fault(const struct net_fault *fault, const char *event);
/* The fault copies, delays or changes p. */
void net_record_fault_act(const struct net_fault *fault, const struct net_packet *p);
#endif
