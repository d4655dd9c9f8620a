/* What becomes of the recipients of a delivery. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/hosts/mta_delivery.h"
#include "sim/hosts/tell.h"

void delivery_hop_name(const struct delivery *d, char *out, size_t cap)
{
    struct wire_slice name = wire_slice("", 0);
    if (d->hop < d->nhops)
        name = d->mx[d->hop].name;
    if (name.len >= cap)
        name.len = cap - 1;
    memcpy(out, name.at, name.len);
    out[name.len] = '\0';
}
static void delivery_relay_text(const struct delivery *d, char *out, size_t cap)
{
    char name[DNS_NAME_TEXT_MAX], address[NET_ADDR_TEXT];
    delivery_hop_name(d, name, sizeof name);
    if (name[0] && d->connected)
        snprintf(out, cap, "%s[%s]:%u", name, net_addr_text(&d->address[d->addr], address), d->port);
    else
        snprintf(out, cap, "%s", name[0] ? name : "none");
}

void delivery_settle(struct delivery *d, struct recipient *r, enum recipient_state state, uint16_t code,
                     const char *status, struct wire_slice said)
{
    char name[DNS_NAME_TEXT_MAX], relay[RELAY_TEXT + DNS_NAME_TEXT_MAX], delays[QUEUE_DELAYS];
    bool told = world_tells(delivery_world(d), TRACE_STATE);
    const char *event = state == RCPT_SENT ? "sent" : state == RCPT_FAILED ? "bounced" : "deferred";
    if (!told && state == RCPT_SENT && r->notify == 0) {
        r->state = RCPT_SENT;
        return;
    }
    delivery_hop_name(d, name, sizeof name);
    recipient_answer(d->item, r, state, code, status, said, wire_slice_str(d->connected ? name : ""));
    if (!told)
        return;
    delivery_relay_text(d, relay, sizeof relay);
    queue_delays(d->item, d->began_ns, d->connect_ns, d->opened_ns, delays);
    queue_tell(d->item, event, r,
               &(struct queue_more){ .relay = relay, .delays = delays, .conn = d->last_conn });
}

void delivery_free(struct delivery *d)
{
    struct world *w = delivery_world(d);
    core_depot_give(&w->net.depot, d->which, d->which_cap);
    core_pool_give(&w->smtp_out, d);
}

/* Whoever still waits gets the last reason; the queue goes on from there. */
void delivery_finish(struct delivery *d)
{
    struct queue_item *q = d->item;
    for (uint32_t i = 0; i < d->nrcpt; i++) {
        struct recipient *r = delivery_rcpt(d, i);
        if (r->state == RCPT_TRYING)
            delivery_settle(d, r, d->permanent ? RCPT_FAILED : RCPT_WAITING, 0, d->status, d->said);
    }
    delivery_free(d);
    queue_job_done(q);
}

/* Is this failure the reason to give for the whole attempt? While one server may take the mail later, no
 * other one's final answer is a reason to bounce. */
bool delivery_decides(struct delivery *d, bool permanent)
{
    if (permanent && d->later)
        return false;
    d->permanent = permanent;
    d->later = !permanent;
    return true;
}

void delivery_fail_with(struct delivery *d, bool permanent, const char *status, const char *fmt, ...)
{
    char said[512];
    va_list ap;
    if (!delivery_decides(d, permanent))
        return;
    snprintf(d->status, sizeof d->status, "%s", status);
    va_start(ap, fmt);
    vsnprintf(said, sizeof said, fmt, ap);
    va_end(ap);
    d->said = item_text(d->item, said, strlen(said));
}

void delivery_tell(struct delivery *d, const char *event, const char *result, uint16_t code)
{
    struct host *h = delivery_mta(d)->host;
    struct trace_record r;
    char relay[RELAY_TEXT + DNS_NAME_TEXT_MAX];
    if (!tell_state(&r, h, TRACE_KIND_SESSION, event))
        return;
    delivery_relay_text(d, relay, sizeof relay);
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
    if (d->unconfirmed) {
        r.title = "The dot is sent, and its answer does not come";
        r.lesson =
            "Did the other server take the message before the connection ended, or not? The client cannot "
            "know. It keeps the message and sends it again; if it had been taken, there will be two. "
            "So a server should answer the dot quickly, and think about the message afterwards.";
        r.section = "RFC 1047, RFC 5321 section 4.5.3.2.6";
        d->unconfirmed = false;
    }
    tell_send(&r, h, true);
}
