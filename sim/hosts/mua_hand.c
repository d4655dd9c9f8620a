/* What people do by hand besides typing to servers: ask the DNS, ping. */
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_code.h"
#include "protocols/dns/dns_text.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/tell.h"
#include "sim/net/icmp.h"

#define DIG_MAX  4096  /* octets of an answer as dig prints it; more is cut off */
#define DIG_LINE " | " /* between its lines */

/* ---- lookup -------------------------------------------------------------------------------------------- */

/* The answer as dig prints it, in one line. */
static const char *dig_text(char *buf, size_t cap, const struct dns_result *result)
{
    char dig[DIG_MAX];
    size_t n = 0;
    dns_text_dig(dig, sizeof dig, result->msg, result->len);
    for (const char *c = dig; *c && n + 4 < cap; c++) {
        if (*c == '\n')
            n += (size_t)snprintf(buf + n, cap - n, "%s", c[1] ? DIG_LINE : "");
        else
            buf[n++] = *c;
    }
    buf[n] = '\0';
    return buf;
}

static void looked_up(void *ctx, const struct dns_result *result)
{
    struct action_run *run = ctx;
    struct trace_record r;
    char text[DNS_TEXT_LINE_MAX] = "", dig[2 * DIG_MAX] = "";
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "lookup-done")) {
        if (result->msg) {
            dns_text_line(text, sizeof text, result->msg, result->len);
            dig_text(dig, sizeof dig, result);
        }
        trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
        trace_attr_str(&r, "result",
                       result->class_ == DNS_RESULT_OK ? "ok" : dns_result_class_name(result->class_));
        trace_attr_str(&r, "name", run->spec->dns_name);
        trace_attr_str(&r, "type", run->spec->dns_type);
        trace_attr_str(&r, "data", text);
        if (run->spec->server)
            trace_attr_str(&r, "server", run->spec->server);
        if (dig[0])
            trace_attr_str(&r, "dig", dig);
        tell_send(&r, run->host, true);
    }
    action_done(run, result->class_ == DNS_RESULT_OK, dns_result_class_name(result->class_));
}

static void ask_it(struct action_run *run, const struct dns_stub_config *servers)
{
    const struct spec_action *a = run->spec;
    const char *type = a->dns_type ? a->dns_type : "A";
    uint16_t code = dns_type_from_text(type, strlen(type));
    ask_servers(run->host, servers, a->dns_name, strlen(a->dns_name), code ? code : DNS_TYPE_A, looked_up,
                run);
}

/* The server that is to be asked has an address; or none. */
static void server_found(void *ctx, const struct ask_found *found)
{
    struct action_run *run = ctx;
    struct dns_stub_config *servers = core_arena_take(&run->world->arena, sizeof *servers);
    for (size_t i = 0; i < found->n && i < DNS_STUB_SERVERS_MAX; i++)
        dns_addr_from_net(&servers->server[servers->servers++], &found->addr[i]);
    ask_it(run, servers);
}

void hand_lookup(struct action_run *run)
{
    const struct spec_action *a = run->spec;
    tell_phase(run->host, PHASE_LOOKUP, 0, 0, "Somebody at %s asks %s%sfor %s %s", run->host->spec->name,
               a->server ? a->server : "", a->server ? " " : "", a->dns_type ? a->dns_type : "A",
               a->dns_name);
    if (a->server)
        ask_addresses(run->host, a->server, strlen(a->server), server_found, run);
    else
        ask_it(run, run->host->stub);
}

/* ---- ping ---------------------------------------------------------------------------------------------- */

static void ping_done(struct action_run *run, const char *result, const struct net_ping_result *p)
{
    static const struct net_addr nobody = { 0 };
    struct trace_record r;
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "ping-done")) {
        trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
        trace_attr_str(&r, "result", result);
        trace_attr_str(&r, "server", run->spec->server);
        trace_attr_num(&r, "rtt_us", p ? (int64_t)(p->rtt_ns / CORE_US) : 0);
        if (p && memcmp(&p->from, &nobody, sizeof nobody) != 0)
            trace_attr_str(&r, "from", tell_addr(&p->from));
        if (p && p->end == NET_PING_REPLY)
            trace_attr_num(&r, "ttl", p->ttl);
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
              p);
}

static void ping_found(void *ctx, const struct ask_found *found)
{
    struct action_run *run = ctx;
    struct net_ping_params p = { .seq = (uint16_t)run->times, .octets = 56 };
    if (found->n == 0) {
        ping_done(run, "no-server", NULL);
        return;
    }
    p.dst = found->addr[0];
    if (!net_ping(run->host->net, &p, ponged, run))
        ping_done(run, "unreachable", NULL);
}

void hand_ping(struct action_run *run)
{
    tell_phase(run->host, PHASE_PING, 0, 0, "Somebody at %s pings %s", run->host->spec->name,
               run->spec->server);
    ask_addresses(run->host, run->spec->server, strlen(run->spec->server), ping_found, run);
}
