/* Somebody in the middle, who changes what passes. */
#include "sim/net/tamper.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/net/net_record.h"
#include "sim/net/octets.h"

#define TCP_HEADER   20
#define TCP_CHECKSUM 16  /* where it is in the header */
#define WORDS_MAX    600 /* octets of the words about one frame; more rules than fit are left out */

/* One 16-bit word of the segment becomes another: the checksum follows (RFC 1624 section 3). */
static void mend(uint8_t *checksum, uint16_t before, uint16_t after)
{
    uint32_t s = (uint32_t)(uint16_t)~net_get16(checksum) + (uint16_t)~before + after;
    s = (s & 0xffff) + (s >> 16);
    s = (s & 0xffff) + (s >> 16);
    net_put16(checksum, (uint16_t)~s);
}

/* Octet `at` of the segment of `len` octets becomes `value`. Octets are summed in pairs, the last one with 0.
 */
static void put(uint8_t *segment, size_t len, size_t at, uint8_t value)
{
    size_t word = at & ~(size_t)1;
    bool whole = word + 1 < len;
    uint16_t before = (uint16_t)(segment[word] << 8 | (whole ? segment[word + 1] : 0));
    segment[at] = value;
    mend(segment + TCP_CHECKSUM, before, (uint16_t)(segment[word] << 8 | (whole ? segment[word + 1] : 0)));
}

static void record(const struct net_host *host, const struct net_tamper *t, struct net_packet *p)
{
    struct trace *trace = host->net->trace;
    char text[2 * NET_TAMPER_MAX + 120];
    struct trace_record r;
    if (!trace_wants(trace, TRACE_STATE)) {
        p->cause = trace_skip(trace);
        return;
    }
    net_record_begin(host->net, &r, TRACE_KIND_FAULT, host->number);
    r.cause = p->cause;
    r.proto = net_packet_proto(p);
    r.conn = p->conn;
    r.frame = p->frame;
    r.text_len =
        (size_t)snprintf(text, sizeof text, "%.60s: \"%s\" becomes \"%s\"", t->name, t->find, t->write);
    r.text = text;
    r.title = "Somebody in the middle changes what the server said";
    r.lesson =
        "The packet goes on with other words in it, of the same length and with a checksum that is right "
        "again. TCP notices nothing: its checksum is against accidents, not against people. Only TLS would "
        "notice, and it has not begun. A capture has both: the frame as it was sent, and the frame that the "
        "router makes of it.";
    r.section = "RFC 3207 section 6";
    trace_attr_str(&r, "event", "rewrote");
    trace_attr_str(&r, "name", t->name);
    trace_attr_str(&r, "fault", "rewrite");
    trace_attr_str(&r, "find", t->find);
    trace_attr_str(&r, "write", t->write);
    trace_attr_str(&r, "pointer", t->pointer);
    p->cause = trace_emit(trace, &r);
}

static bool applies(const struct net_tamper *t, const uint8_t *segment, uint64_t now_ns)
{
    return now_ns >= t->from_ns && (t->until_ns == 0 || now_ns < t->until_ns) &&
           (t->port == 0 || t->port == net_get16(segment) || t->port == net_get16(segment + 2));
}

void net_tamper_apply(struct net_host *host, struct net_packet *p)
{
    uint8_t *segment = p->octets + p->l4;
    size_t len = p->l4_len, header;
    if (p->proto != NET_PROTO_TCP || len < TCP_HEADER)
        return;
    header = (size_t)(segment[12] >> 4) * 4;
    assert(host->tampers->n <= NET_TAMPER_RULES);
    for (size_t i = 0; i < host->tampers->n; i++) {
        struct net_tamper *t = &host->tampers->rule[i];
        size_t n = strlen(t->find);
        bool found = false;
        if (!applies(t, segment, host->net->queue->now_ns))
            continue;
        for (size_t at = header; at + n <= len; at++) {
            if (memcmp(segment + at, t->find, n) != 0)
                continue;
            for (size_t k = 0; k < n; k++)
                put(segment, len, at + k, (uint8_t)t->write[k]);
            found = true;
            at += n - 1;
        }
        if (found) {
            t->changed++;
            p->changed |= UINT32_C(1) << i;
            p->changed_by = host->tampers->number;
            record(host, t, p);
        }
    }
}

/* "strip-starttls: "STARTTLS" becomes "XXXXXXXA"", of each rule that has written into it. */
static void words(const struct net_tampers *rules, uint32_t changed, char *text, size_t cap)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < rules->n && len < cap; i++) {
        const struct net_tamper *t = &rules->rule[i];
        if (changed >> i & 1)
            len += (size_t)snprintf(text + len, cap - len, "%s%.60s: \"%s\" becomes \"%s\"", len ? "; " : "",
                                    t->name, t->find, t->write);
    }
}

void net_tamper_seal(struct net_iface *iface, struct net_packet *p)
{
    struct net_host *host = iface->host;
    struct net *net = host->net;
    const struct net_tampers *rules = host->tampers;
    char text[WORDS_MAX];
    uint64_t was = p->frame;
    p->frame = ++net->trace->frames;
    net->packets++;
    net->segments++;
    if (trace_wants(net->trace, TRACE_PACKET)) {
        while (rules->number != p->changed_by && rules->before)
            rules = rules->before; /* it has waited for ARP, and others are in force now */
        words(rules, p->changed, text, sizeof text);
        net_record_changed(net, host, iface->link, p, was, text);
    } else {
        net_record_packet(net, TRACE_KIND_SENT, host, iface->link, p);
    }
    p->changed = 0;
}
