/* Passing mail on: where to, and the SMTP client that brings it there. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/dns/dns_code.h"
#include "sim/hosts/ask.h"
#include "sim/hosts/dns_tcp.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/smtp_lines.h"
#include "sim/hosts/tell.h"

#define MX_MAX     10 /* hosts tried in one attempt */
#define EXTRA_MAX  2  /* addresses taken from the additional section for each */
#define TRIES_MAX  20 /* connections in one attempt */
#define RELAY_TEXT 320

struct next_hop { /* one mail server of the domain */
    struct wire_slice name; /* in the item's text */
    uint16_t        preference;
    uint8_t         nextra;
    struct net_addr extra[EXTRA_MAX];
};

struct delivery {
    struct pump                pump;
    struct smtp_client         engine;
    struct queue_item         *item;
    uint32_t                   first; /* recipient: the first of this domain */
    uint32_t                   nrcpt; /* of this delivery */
    uint32_t                  *which; /* their indexes; owned; NULL: only `first` */
    size_t                     which_cap;
    struct smtp_client_message message;
    uint64_t                   began_ns, connect_ns, opened_ns;
    uint16_t                   port;
    uint8_t                    hop, nhops, addr, naddr, tries;
    uint32_t                   last_conn; /* number of the connection, for the trace */
    bool                       message_given, message_ended, implicit, connected;
    char                       status[SMTP_STATUS_MAX]; /* why the last try failed, for all that still wait */
    struct wire_slice            said;                    /* in the item's text */
    bool                       permanent, later; /* later: a server failed for now only */
    struct net_addr            address[ASK_ADDRESSES_MAX];
    struct next_hop            mx[MX_MAX];
};

static struct mta *mta_of(const struct delivery *d)
{
    return d->item->mta;
}

static struct world *world_of(const struct delivery *d)
{
    return mta_of(d)->host->world;
}

static uint32_t rcpt_index(const struct delivery *d, uint32_t i)
{
    return d->which ? d->which[i] : d->first;
}

static struct recipient *rcpt_of(const struct delivery *d, uint32_t i)
{
    return &d->item->rcpt[rcpt_index(d, i)];
}

static struct wire_slice domain_of(const struct delivery *d)
{
    return recipient_domain(&d->item->rcpt[d->first]);
}

static void hop_name(const struct delivery *d, char *out, size_t cap)
{
    struct wire_slice name = wire_slice("", 0);
    if (d->hop < d->nhops)
        name = d->mx[d->hop].name;
    if (name.len >= cap)
        name.len = cap - 1;
    memcpy(out, name.at, name.len);
    out[name.len] = '\0';
}

/* ---- the end of a delivery ---------------------------------------------------------------------------- */

static void relay_text(const struct delivery *d, char *out, size_t cap)
{
    char name[DNS_NAME_TEXT_MAX], address[NET_ADDR_TEXT];
    hop_name(d, name, sizeof name);
    if (name[0] && d->connected)
        snprintf(out, cap, "%s[%s]:%u", name, net_addr_text(&d->address[d->addr], address), d->port);
    else
        snprintf(out, cap, "%s", name[0] ? name : "none");
}

static void seconds_text(char *out, size_t cap, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t ms = to_ns > from_ns ? (to_ns - from_ns) / CORE_MS : 0;
    snprintf(out, cap, "%llu.%02llu", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000 / 10));
}

/* Postfix's four delays: before the queue manager, in it, opening the connection, sending. */
static void delays_text(const struct delivery *d, char *out, size_t cap)
{
    uint64_t now = world_now(world_of(d)), connect = d->connect_ns ? d->connect_ns : now;
    uint64_t opened = d->opened_ns ? d->opened_ns : now;
    char     a[24], b[24], c[24], e[24];
    seconds_text(a, sizeof a, d->item->arrival_ns, d->began_ns);
    seconds_text(b, sizeof b, d->began_ns, connect);
    seconds_text(c, sizeof c, connect, opened);
    seconds_text(e, sizeof e, opened, now);
    snprintf(out, cap, "%s/%s/%s/%s", a, b, c, e);
}

static void settle(struct delivery *d, struct recipient *r, enum recipient_state state, uint16_t code, const char *status,
                   struct wire_slice said)
{
    char        name[DNS_NAME_TEXT_MAX], relay[RELAY_TEXT + DNS_NAME_TEXT_MAX], delays[96];
    bool        told = world_tells(world_of(d), TRACE_STATE);
    const char *event = state == RCPT_SENT ? "sent" : state == RCPT_FAILED ? "bounced" : "deferred";
    if (!told && state == RCPT_SENT && r->notify == 0) {
        r->state = RCPT_SENT;
        return;
    }
    hop_name(d, name, sizeof name);
    recipient_answer(d->item, r, state, code, status, said, wire_slice_str(d->connected ? name : ""));
    if (!told)
        return;
    relay_text(d, relay, sizeof relay);
    delays_text(d, delays, sizeof delays);
    queue_tell(d->item, event, r, &(struct queue_more){ .relay = relay, .delays = delays, .conn = d->last_conn });
}

static void free_delivery(struct delivery *d)
{
    struct world *w = world_of(d);
    core_depot_give(&w->net.depot, d->which, d->which_cap);
    core_pool_give(&w->smtp_out, d);
}

/* Whoever still waits gets the last reason; the queue goes on from there. */
static void finish(struct delivery *d)
{
    struct queue_item *q = d->item;
    for (uint32_t i = 0; i < d->nrcpt; i++) {
        struct recipient *r = rcpt_of(d, i);
        if (r->state == RCPT_TRYING)
            settle(d, r, d->permanent ? RCPT_FAILED : RCPT_WAITING, 0, d->status, d->said);
    }
    free_delivery(d);
    queue_job_done(q);
}

/* Is this failure the reason to give for the whole attempt? While one server may take the mail later, no other
 * one's final answer is a reason to bounce. */
static bool decides(struct delivery *d, bool permanent)
{
    if (permanent && d->later)
        return false;
    d->permanent = permanent;
    d->later = !permanent;
    return true;
}

__attribute__((format(printf, 4, 5))) static void fail_with(struct delivery *d, bool permanent, const char *status,
                                                            const char *fmt, ...)
{
    char    said[512];
    va_list ap;
    if (!decides(d, permanent))
        return;
    snprintf(d->status, sizeof d->status, "%s", status);
    va_start(ap, fmt);
    vsnprintf(said, sizeof said, fmt, ap);
    va_end(ap);
    d->said = item_text(d->item, said, strlen(said));
}

/* ---- one connection -------------------------------------------------------------------------------------- */

static void next_address(struct delivery *d);
static const struct pump_ops delivery_ops;

static void tell_session(struct delivery *d, const char *event, const char *result, uint16_t code)
{
    struct host        *h = mta_of(d)->host;
    struct trace_record r;
    char                relay[RELAY_TEXT + DNS_NAME_TEXT_MAX];
    if (!tell_state(&r, h, TRACE_KIND_SESSION, event))
        return;
    relay_text(d, relay, sizeof relay);
    r.conn = d->pump.conn ? pump_number(&d->pump) : 0;
    r.peer = d->pump.peer;
    r.proto = TRACE_SMTP;
    r.code = code;
    trace_attr_str(&r, "daemon", "smtp");
    trace_attr_str(&r, "queue_id", d->item->id);
    trace_attr_str(&r, "relay", relay);
    trace_attr_num(&r, "port", d->port);
    if (result)
        trace_attr_str(&r, "result", result);
    tell_send(&r, h, true);
}

static void connect_to(struct delivery *d)
{
    struct mta            *m = mta_of(d);
    const struct net_addr *to = &d->address[d->addr];
    char                   name[DNS_NAME_TEXT_MAX];
    d->tries++;
    d->connected = true;
    d->connect_ns = world_now(world_of(d));
    d->opened_ns = 0;
    if (world_tells(world_of(d), TRACE_PHASE)) {
        hop_name(d, name, sizeof name);
        tell_phase(m->host, PHASE_CONNECT_RELAY, world_host_at(world_of(d), to), 0, "%s opens a connection to %s, port %u",
                   m->hostname, tell_place(name, to), d->port);
    }
    if (!pump_connect(&d->pump, m->host, &delivery_ops, to, d->port)) {
        fail_with(d, false, "4.4.1", "no route to %s", tell_addr(to));
        tell_session(d, "connect-failed", "unreachable", 0);
        d->addr++;
        next_address(d);
        return;
    }
    pump_wait(&d->pump, MTA_CONNECT_NS);
}

static void found_addresses(void *ctx, const struct ask_found *found)
{
    struct delivery *d = ctx;
    char             name[DNS_NAME_TEXT_MAX];
    d->addr = 0;
    d->naddr = (uint8_t)found->n;
    memcpy(d->address, found->addr, found->n * sizeof found->addr[0]);
    if (found->n > 0) {
        connect_to(d);
        return;
    }
    hop_name(d, name, sizeof name);
    if (found->class_ == DNS_RESULT_NXDOMAIN || found->class_ == DNS_RESULT_NODATA)
        fail_with(d, true, d->implicit ? "5.1.2" : "5.4.4", "%s has no address", name);
    else
        fail_with(d, false, "4.4.3", "the name service cannot tell the address of %s now", name);
    d->hop++;
    next_address(d);
}

/* The next address of this host, or the first of the next host. */
static void next_address(struct delivery *d)
{
    struct next_hop *h;
    char             name[DNS_NAME_TEXT_MAX];
    if (d->addr < d->naddr && d->tries < TRIES_MAX) {
        connect_to(d);
        return;
    }
    if (d->naddr > 0)
        d->hop++;
    d->naddr = d->addr = 0;
    if (d->hop >= d->nhops || d->tries >= TRIES_MAX) {
        if (d->hop >= d->nhops && d->nhops > 0)
            d->hop = (uint8_t)(d->nhops - 1); /* for the log: who was asked last */
        finish(d);
        return;
    }
    h = &d->mx[d->hop];
    hop_name(d, name, sizeof name);
    if (d->tries > 0)
        tell_phase(mta_of(d)->host, PHASE_NEXT_HOST, 0, 0, "%s turns to %s", mta_of(d)->hostname, name);
    if (h->nextra > 0) {
        d->naddr = h->nextra;
        memcpy(d->address, h->extra, h->nextra * sizeof h->extra[0]);
        connect_to(d);
        return;
    }
    ask_addresses(mta_of(d)->host, name, strlen(name), found_addresses, d);
}

/* ---- the route ------------------------------------------------------------------------------------------ */

static uint32_t mx_random(void *ctx)
{
    struct world *w = ctx;
    return (uint32_t)(core_rng_next(&w->rng_mx) >> 32);
}

/* A backup MX must not bring mail to itself or to hosts that come later: RFC 5321 section 5.1. */
static void drop_self(struct delivery *d)
{
    for (uint8_t i = 0; i < d->nhops; i++) {
        if (wire_slice_is_nocase(d->mx[i].name, mta_of(d)->hostname)) {
            uint16_t own = d->mx[i].preference;
            uint8_t  n = 0;
            while (n < d->nhops && d->mx[n].preference < own)
                n++;
            d->nhops = n;
        }
    }
}

static void take_mx(struct delivery *d, const struct dns_result *result)
{
    struct dns_mx mx[MX_MAX];
    char          text[DNS_NAME_TEXT_MAX];
    size_t        n_text, n = dns_result_mx(result, mx_random, world_of(d), mx, MX_MAX);
    bool          has4 = ask_has4(mta_of(d)->host), has6 = ask_has6(mta_of(d)->host);
    for (size_t i = 0; i < n; i++) {
        struct next_hop *h = &d->mx[d->nhops++];
        struct dns_addr  extra[EXTRA_MAX];
        size_t           k = dns_result_extra(result, mx[i].exchange.wire, extra, EXTRA_MAX);
        n_text = dns_name_to_text(mx[i].exchange.wire, text, sizeof text);
        h->name = item_text(d->item, text, n_text);
        h->preference = mx[i].preference;
        h->nextra = 0;
        for (size_t e = 0; e < k; e++)
            if (extra[e].family == 4 ? has4 : has6)
                dns_addr_to_net(&h->extra[h->nextra++], &extra[e]);
        if (has6 && h->nextra == 1 && net_addr_is4(&h->extra[0]))
            h->nextra = 0; /* a host with IPv6 wants to know about AAAA too */
    }
}

/* No choice of hosts: the relay host, the domain itself, an address. */
static void one_hop(struct delivery *d, const char *name)
{
    d->mx[0] = (struct next_hop){ .name = item_text(d->item, name, strlen(name)) };
    d->nhops = 1;
}

static void got_mx(void *ctx, const struct dns_result *result)
{
    struct delivery  *d = ctx;
    struct wire_slice domain = domain_of(d);
    char              name[WIRE_DOMAIN_MAX + 1];
    if (domain.len >= sizeof name)
        domain.len = sizeof name - 1;
    memcpy(name, domain.at, domain.len);
    name[domain.len] = '\0';
    switch (result->class_) {
    case DNS_RESULT_OK:
        if (dns_result_is_null_mx(result)) {
            fail_with(d, true, "5.1.10", "%s takes no mail: it has a null MX", name);
            break;
        }
        take_mx(d, result);
        drop_self(d);
        if (d->nhops == 0)
            fail_with(d, true, "5.4.6", "the best mail server for %s is this one, but it does not take its mail", name);
        break;
    case DNS_RESULT_NODATA: /* no MX: the address of the domain itself, RFC 5321 section 5.1 */
        one_hop(d, name);
        d->implicit = true;
        break;
    case DNS_RESULT_NXDOMAIN:
        fail_with(d, true, "5.1.2", "the domain %s does not exist", name);
        break;
    default:
        fail_with(d, false, "4.4.3", "the name service has no answer for %s now", name);
    }
    next_address(d);
}

static void route(struct delivery *d)
{
    struct mta       *m = mta_of(d);
    struct wire_slice domain = domain_of(d);
    if (m->spec->relayhost) {
        one_hop(d, m->spec->relayhost);
        next_address(d);
        return;
    }
    if (domain.len > 0 && domain.at[0] == '[') { /* an address literal: no MX look-up, RFC 5321 section 5.1 */
        struct ask_found found = { .class_ = DNS_RESULT_NXDOMAIN };
        char             text[NET_ADDR_TEXT + 8];
        const char      *at = text;
        snprintf(text, sizeof text, "%.*s", (int)(domain.len - 2), domain.at + 1);
        if (strncmp(text, "IPv6:", 5) == 0)
            at += 5;
        if (net_addr_parse(&found.addr[0], at))
            found.n = 1;
        one_hop(d, at);
        found_addresses(d, &found);
        return;
    }
    if (world_tells(world_of(d), TRACE_PHASE))
        tell_phase(m->host, PHASE_ROUTE, 0, 0, "%s looks up where %.*s receives mail", m->hostname, (int)domain.len, domain.at);
    ask_start(m->host, domain.at, domain.len, DNS_TYPE_MX, got_mx, d);
}

static void collect(struct delivery *d)
{
    struct queue_item *q = d->item;
    struct wire_slice  domain = domain_of(d);
    uint32_t           n = 0;
    for (uint32_t i = d->first; i < q->nrcpt; i++) {
        struct recipient *r = &q->rcpt[i];
        if (r->state != RCPT_WAITING ||
            !wire_equal_nocase(recipient_domain(r).at, recipient_domain(r).len, domain.at, domain.len))
            continue;
        r->state = RCPT_TRYING;
        if (n == 1)
            d->which = core_depot_take(&world_of(d)->net.depot, q->nrcpt * sizeof *d->which, &d->which_cap);
        if (n == 1)
            d->which[0] = d->first;
        if (n > 0)
            d->which[n] = i;
        n++;
    }
    d->nrcpt = n;
}

void mta_deliver(struct queue_item *q, uint32_t first)
{
    struct world    *w = q->mta->host->world;
    struct delivery *d = core_pool_take(&w->smtp_out);
    memset(d, 0, offsetof(struct delivery, address));
    d->item = q;
    d->first = first;
    d->port = q->mta->spec->relayhost && q->mta->spec->relay_port ? q->mta->spec->relay_port : 25;
    d->began_ns = world_now(w);
    snprintf(d->status, sizeof d->status, "%s", "4.4.1");
    collect(d);
    q->jobs++;
    route(d);
}

/* ---- the engine's questions ---------------------------------------------------------------------------- */

static const struct smtp_client_message *op_next(void *host)
{
    struct delivery         *d = host;
    const struct queue_item *q = d->item;
    if (d->message_given)
        return NULL;
    d->message_given = true;
    d->message = (struct smtp_client_message){ .sender = q->sender,
                                               .content = wire_slice(mail_text(q->mail), q->mail->len),
                                               .recipients = d->nrcpt,
                                               .body = (enum smtp_body)q->body,
                                               .smtputf8 = q->smtputf8,
                                               .ret = (enum smtp_ret)q->ret,
                                               .envid = q->envid.len ? q->envid : wire_slice(NULL, 0) };
    return &d->message;
}

static void op_recipient(void *host, uint32_t i, struct smtp_client_recipient *out)
{
    struct delivery        *d = host;
    const struct recipient *r = rcpt_of(d, i);
    struct wire_slice       orcpt = r->orcpt;
    const char             *semi = orcpt.len ? memchr(orcpt.at, ';', orcpt.len) : NULL;
    *out = (struct smtp_client_recipient){ .path = r->address, .notify = r->notify };
    if (semi) {
        out->orcpt_type = wire_slice(orcpt.at, (size_t)(semi - orcpt.at));
        out->orcpt = wire_slice(semi + 1, orcpt.len - (size_t)(semi + 1 - orcpt.at));
    }
}

/* "550 5.1.1 No such user" */
static struct wire_slice said_text(const struct smtp_client_result *r, char *out, size_t cap)
{
    int n;
    if (r->code)
        n = snprintf(out, cap, "%u %s%s%.*s", r->code, r->status, r->status[0] ? " " : "", (int)r->text.len,
                     r->text.at ? r->text.at : "");
    else
        n = snprintf(out, cap, "%s", smtp_client_verdict_info(r->verdict)->lesson->title);
    if (n < 0)
        n = 0;
    return wire_slice(out, (size_t)n < cap ? (size_t)n : cap - 1);
}

static void op_recipient_done(void *host, uint32_t i, const struct smtp_client_result *result)
{
    struct delivery *d = host;
    char             said[512];
    if (result->verdict == SMTP_CLIENT_ACCEPTED)
        return;
    settle(d, rcpt_of(d, i), smtp_client_verdict_info(result->verdict)->temporary ? RCPT_WAITING : RCPT_FAILED, result->code,
           result->status, said_text(result, said, sizeof said));
}

/* Keeps the reason for all that go on waiting. */
static void session_failed(struct delivery *d, const struct smtp_client_result *result)
{
    char              text[512];
    struct wire_slice said;
    if (!decides(d, !smtp_client_verdict_info(result->verdict)->temporary))
        return;
    said = said_text(result, text, sizeof text);
    d->said = item_text(d->item, said.at, said.len);
    snprintf(d->status, sizeof d->status, "%s", result->status);
}

static void op_message_done(void *host, const struct smtp_client_message *message, const struct smtp_client_result *result)
{
    struct delivery *d = host;
    char             said[512] = "?";
    bool             sent = result->verdict == SMTP_CLIENT_DELIVERED;
    bool             later = smtp_client_verdict_info(result->verdict)->temporary;
    (void)message;
    d->message_ended = true;
    if (!sent && later && result->code == 0) { /* the connection failed, not the message: another host may do */
        session_failed(d, result);
        return;
    }
    if (sent && !world_tells(world_of(d), TRACE_STATE))
        said[0] = '\0'; /* nobody will ask what the server said */
    for (uint32_t k = 0; k < d->nrcpt; k++)
        if (rcpt_of(d, k)->state == RCPT_TRYING) {
            /* A server that knows DSN has NOTIFY now, and tells the sender itself: RFC 3461. */
            rcpt_of(d, k)->reported = sent && d->engine.offers & SMTP_EXT_DSN;
            settle(d, rcpt_of(d, k), sent ? RCPT_SENT : later ? RCPT_WAITING : RCPT_FAILED, result->code, result->status,
                   sent && !said[0] ? result->text : said_text(result, said, sizeof said));
        }
}

static void op_failed(void *host, const struct smtp_client_result *result)
{
    session_failed(host, result); /* a 554 as greeting too: another host may take the mail */
}

static const struct smtp_client_ops client_ops = { op_next, op_recipient, op_recipient_done, op_message_done, op_failed };

/* ---- the pump's calls ------------------------------------------------------------------------------------ */

static void after_step(struct delivery *d, struct smtp_client_step *out)
{
    pump_say(&d->pump, &out->send);
    if (out->after == SMTP_CLIENT_DONE) {
        pump_close(&d->pump);
        pump_wait(&d->pump, SMTP_CLIENT_OTHER_NS);
        return;
    }
    pump_more(&d->pump);
    pump_wait(&d->pump, smtp_client_timeout_ns(&d->engine));
}

static void on_opened(struct pump *p)
{
    struct delivery         *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &world_of(d)->scratch->smtp_client;
    d->opened_ns = world_now(world_of(d));
    d->last_conn = pump_number(p);
    d->message_given = d->message_ended = false;
    smtp_client_init(&d->engine, &mta_of(d)->client, &client_ops, d);
    smtp_client_start(&d->engine, false, out);
    after_step(d, out);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct delivery         *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &world_of(d)->scratch->smtp_client;
    size_t                   used = smtp_client_step(&d->engine, in, len, out);
    if (used == 0)
        return 0;
    if (out->before == SMTP_CLIENT_GREETING && out->after != out->before && world_tells(world_of(d), TRACE_PHASE))
        tell_phase(mta_of(d)->host, PHASE_RELAY_HELLO, p->peer, pump_number(p), "%s says who it is and asks what the other server can do",
                   mta_of(d)->hostname);
    if (out->after == SMTP_CLIENT_ENVELOPE && out->before != out->after && world_tells(world_of(d), TRACE_PHASE))
        tell_phase(mta_of(d)->host, PHASE_ENVELOPE, p->peer, pump_number(p), "%s hands over the envelope of %s", mta_of(d)->hostname,
                   d->item->id);
    if (smtp_begins_content(out, &d->engine) && world_tells(world_of(d), TRACE_PHASE))
        tell_phase(mta_of(d)->host, PHASE_CONTENT, p->peer, pump_number(p), "%s sends the message %s, %zu octets", mta_of(d)->hostname,
                   d->item->id, d->item->mail->len);
    after_step(d, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct delivery         *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &world_of(d)->scratch->smtp_client;
    if (!smtp_client_pull(&d->engine, out))
        return false;
    pump_say(p, &out->send);
    pump_wait(p, smtp_client_timeout_ns(&d->engine));
    return true;
}

static void on_peer_closed(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->engine.state != SMTP_CLIENT_DONE) {
        struct smtp_client_step *out = &world_of(d)->scratch->smtp_client;
        smtp_client_closed(&d->engine, out);
        tell_session(d, "lost", "lost", 0);
    }
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->opened_ns > 0 && d->engine.state != SMTP_CLIENT_DONE) {
        smtp_client_expire(&d->engine, &world_of(d)->scratch->smtp_client);
        tell_session(d, "timeout", "timed-out", 0);
    }
    pump_abort(p);
}

static const char *end_word(enum tcp_end why)
{
    static const char *const words[] = { [TCP_END_NORMAL] = "closed",          [TCP_END_REFUSED] = "refused",
                                         [TCP_END_RESET] = "reset",            [TCP_END_TIMED_OUT] = "timed-out",
                                         [TCP_END_UNREACHABLE] = "unreachable", [TCP_END_PROHIBITED] = "prohibited",
                                         [TCP_END_ABORTED] = "timed-out" };
    return words[why];
}

static bool anyone_trying(const struct delivery *d)
{
    for (uint32_t i = 0; i < d->nrcpt; i++)
        if (rcpt_of(d, i)->state == RCPT_TRYING)
            return true;
    return false;
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->opened_ns == 0) {
        tell_session(d, "connect-failed", end_word(why), 0);
        fail_with(d, false, "4.4.1", "connect to %s: %s", tell_addr(&d->address[d->addr]),
                  why == TCP_END_REFUSED       ? "connection refused"
                  : why == TCP_END_UNREACHABLE ? "host unreachable"
                  : why == TCP_END_PROHIBITED  ? "prohibited by a firewall"
                                               : "connection timed out");
    } else if (d->engine.state != SMTP_CLIENT_DONE) {
        smtp_client_closed(&d->engine, &world_of(d)->scratch->smtp_client);
        tell_session(d, "lost", end_word(why), 0);
    }
    p->conn = NULL;
    if (world_of(d)->ending) {
        d->item->jobs--;
        free_delivery(d);
        return;
    }
    if (anyone_trying(d)) {
        d->addr++;
        next_address(d);
    } else
        finish(d);
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    const struct delivery *x = CORE_OWNER(p, struct delivery, pump);
    return smtp_is_content(&x->engine, why);
}

static const struct pump_ops delivery_ops = { .proto = TRACE_SMTP,
                                              .dir = 'C',
                                              .step_while_pulling = true,
                                              .opened = on_opened,
                                              .step = on_step,
                                              .pull = on_pull,
                                              .peer_closed = on_peer_closed,
                                              .expired = on_expired,
                                              .ended = on_ended,
                                              .content = is_content };

void mta_init_world(struct world *w)
{
    core_pool_init(&w->smtp_out, sizeof(struct delivery), 0);
    core_pool_init(&w->queue_items, sizeof(struct queue_item), 0);
    core_pool_init(&w->smtp_in, mta_session_octets(), 0);
}
