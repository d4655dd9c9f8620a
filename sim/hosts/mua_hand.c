/* What people do by hand: telnet to a server, ask the DNS, ping. */
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_code.h"
#include "protocols/dns/dns_text.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/tell.h"
#include "sim/net/icmp.h"

#define TYPING_NS (2 * CORE_S) /* from the last thing that happened to the next line typed */

/* ---- telnet -------------------------------------------------------------------------------------------- */

struct telnet {
    struct pump pump;
    struct errand errand;
    struct pump_ops ops; /* the protocol follows from the port */
    size_t next;
    uint16_t code; /* of the last SMTP-like reply */
    bool opened;
    struct wire_out out;
};

static const struct wire_lesson typed = {
    "A person types a line",
    "Everything a mail program says can be typed by hand; the server cannot tell the difference.",
    "RFC 5321 section 2.3.7"
};

static void tel_opened(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    t->opened = true;
    pump_wait(p, TYPING_NS);
}

static size_t tel_step(struct pump *p, const char *in, size_t len)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    const char *lf = memchr(in, '\n', len);
    size_t used = lf ? (size_t)(lf - in) + 1 : len;
    if (used >= 4 && in[0] >= '2' && in[0] <= '5' && wire_is_digit(in[1]) && wire_is_digit(in[2]))
        t->code = (uint16_t)((in[0] - '0') * 100 + (in[1] - '0') * 10 + (in[2] - '0'));
    pump_wait(p, TYPING_NS);
    return used;
}

static bool tel_pull(struct pump *p)
{
    (void)p;
    return false;
}

static void tel_peer_closed(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    if (!t->errand.settled)
        errand_end(&t->errand, "telnet-done", "ok", t->code, "", "", (uint32_t)t->next, NULL);
    pump_close(p);
}

/* Nothing has happened for a while: the person types the next line. */
static void tel_expired(struct pump *p)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    const struct spec_action *a = t->errand.run->spec;
    if (!t->opened || p->closing) {
        pump_abort(p);
        return;
    }
    if (t->next == a->nlines) {
        errand_end(&t->errand, "telnet-done", "ok", t->code, "", "", (uint32_t)t->next, NULL);
        pump_close(p);
        pump_wait(p, MUA_REPLY_NS);
        return;
    }
    wire_out_reset(&t->out);
    wire_out_line(&t->out, &typed);
    wire_out_str(&t->out, a->lines[t->next++]);
    wire_out_str(&t->out, "\r\n");
    pump_say(p, &t->out);
    pump_wait(p, TYPING_NS);
}

static void tel_ended(struct pump *p, enum tcp_end why)
{
    struct telnet *t = CORE_OWNER(p, struct telnet, pump);
    if (!t->errand.settled)
        errand_end(&t->errand, "telnet-done", t->opened && why == TCP_END_NORMAL ? "ok" : errand_word(why),
                   t->code, "", "", (uint32_t)t->next, "telnet: %s", errand_sentence(why));
}

static enum trace_proto proto_of(uint16_t port)
{
    switch (port) {
    case 110:
    case 995:
        return TRACE_POP3;
    case 143:
    case 993:
        return TRACE_IMAP;
    default:
        return TRACE_SMTP;
    }
}

static void tel_ready(struct errand *e)
{
    struct telnet *t = CORE_OWNER(e, struct telnet, errand);
    if (e->found.n == 0 || !pump_connect(&t->pump, e->host, &t->ops, &e->found.addr[0], e->port)) {
        errand_end(e, "telnet-done", e->found.n == 0 ? "no-server" : "unreachable", 0, "", "", 0,
                   "telnet: %s: %s", e->server,
                   e->found.n == 0 ? "name or service not known" : "network is unreachable");
        return;
    }
    pump_wait(&t->pump, MUA_CONNECT_NS);
}

void hand_telnet(struct action_run *run)
{
    struct telnet *t = core_arena_take(&run->world->arena, sizeof *t);
    const struct spec_action *a = run->spec;
    t->ops = (struct pump_ops){ .proto = proto_of(a->port),
                                .dir = 'C',
                                .opened = tel_opened,
                                .step = tel_step,
                                .pull = tel_pull,
                                .peer_closed = tel_peer_closed,
                                .expired = tel_expired,
                                .ended = tel_ended };
    tell_phase(run->host, PHASE_TELNET, 0, 0, "Somebody at %s types: telnet %s %u", run->host->spec->name,
               a->server, a->port);
    errand_start(&t->errand, run, NULL, run->host, a->server, a->port, tel_ready);
}

/* ---- lookup
 * ------------------------------------------------------------------------------------------------ */

static void looked_up(void *ctx, const struct dns_result *result)
{
    struct action_run *run = ctx;
    struct trace_record r;
    char text[DNS_TEXT_LINE_MAX] = "";
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "lookup-done")) {
        if (result->msg)
            dns_text_line(text, sizeof text, result->msg, result->len);
        trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
        trace_attr_str(&r, "result",
                       result->class_ == DNS_RESULT_OK ? "ok" : dns_result_class_name(result->class_));
        trace_attr_str(&r, "name", run->spec->dns_name);
        trace_attr_str(&r, "type", run->spec->dns_type);
        trace_attr_str(&r, "data", text);
        tell_send(&r, run->host, true);
    }
    action_done(run, result->class_ == DNS_RESULT_OK, dns_result_class_name(result->class_));
}

void hand_lookup(struct action_run *run)
{
    const struct spec_action *a = run->spec;
    const char *type = a->dns_type ? a->dns_type : "A";
    uint16_t code = dns_type_from_text(type, strlen(type));
    tell_phase(run->host, PHASE_LOOKUP, 0, 0, "Somebody at %s asks for %s %s", run->host->spec->name, type,
               a->dns_name);
    ask_start(run->host, a->dns_name, strlen(a->dns_name), code ? code : DNS_TYPE_A, looked_up, run);
}

/* ---- ping
 * ---------------------------------------------------------------------------------------------------- */

static void ping_done(struct action_run *run, const char *result, uint64_t rtt_ns)
{
    struct trace_record r;
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "ping-done")) {
        trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
        trace_attr_str(&r, "result", result);
        trace_attr_str(&r, "server", run->spec->server);
        trace_attr_num(&r, "rtt_us", (int64_t)(rtt_ns / CORE_US));
        tell_send(&r, run->host, true);
    }
    action_done(run, strcmp(result, "ok") == 0, result);
}

static void ponged(void *ctx, const struct net_ping_result *p)
{
    ping_done(ctx,
              p->end == NET_PING_REPLY     ? "ok"
              : p->end == NET_PING_TIMEOUT ? "timed-out"
                                           : "unreachable",
              p->rtt_ns);
}

static void ping_found(void *ctx, const struct ask_found *found)
{
    struct action_run *run = ctx;
    struct net_ping_params p = { .seq = 1, .octets = 56 };
    if (found->n == 0) {
        ping_done(run, "no-server", 0);
        return;
    }
    p.dst = found->addr[0];
    if (!net_ping(run->host->net, &p, ponged, run))
        ping_done(run, "unreachable", 0);
}

void hand_ping(struct action_run *run)
{
    tell_phase(run->host, PHASE_PING, 0, 0, "Somebody at %s pings %s", run->host->spec->name,
               run->spec->server);
    ask_addresses(run->host, run->spec->server, strlen(run->spec->server), ping_found, run);
}
