/* Passing mail on: the SMTP client that brings it to the next server. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/hosts/mta_delivery.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/smtp_lines.h"
#include "sim/hosts/tell.h"

static const struct pump_ops delivery_ops;

void delivery_connect(struct delivery *d)
{
    struct mta *m = delivery_mta(d);
    const struct net_addr *to = &d->address[d->addr];
    char name[DNS_NAME_TEXT_MAX];
    d->tries++;
    d->connected = true;
    d->connect_ns = world_now(delivery_world(d));
    d->opened_ns = 0;
    if (world_tells(delivery_world(d), TRACE_PHASE)) {
        delivery_hop_name(d, name, sizeof name);
        tell_phase(m->host, PHASE_CONNECT_RELAY, world_host_at(delivery_world(d), to), 0,
                   "%s opens a connection to %s, port %u", m->hostname, tell_place(name, to), d->port);
    }
    if (!pump_connect(&d->pump, m->host, &delivery_ops, to, d->port)) {
        delivery_fail_with(d, false, "4.4.1", "no route to %s", tell_addr(to));
        delivery_tell(d, "connect-failed", "unreachable", 0);
        d->addr++;
        delivery_next(d);
        return;
    }
    pump_wait(&d->pump, MTA_CONNECT_NS);
}

/* ---- the engine's questions ---------------------------------------------------------------------------- */

static const struct smtp_client_message *op_next(void *host)
{
    struct delivery *d = host;
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
    struct delivery *d = host;
    const struct recipient *r = delivery_rcpt(d, i);
    struct wire_slice orcpt = r->orcpt;
    const char *semi = orcpt.len ? memchr(orcpt.at, ';', orcpt.len) : NULL;
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
    char said[512];
    if (result->verdict == SMTP_CLIENT_ACCEPTED)
        return;
    delivery_settle(d, delivery_rcpt(d, i),
                    smtp_client_verdict_info(result->verdict)->temporary ? RCPT_WAITING : RCPT_FAILED,
                    result->code, result->status, said_text(result, said, sizeof said));
}

/* Keeps the reason for all that go on waiting. */
static void session_failed(struct delivery *d, const struct smtp_client_result *result)
{
    char text[512];
    struct wire_slice said;
    if (!delivery_decides(d, !smtp_client_verdict_info(result->verdict)->temporary))
        return;
    said = said_text(result, text, sizeof text);
    d->said = item_text(d->item, said.at, said.len);
    snprintf(d->status, sizeof d->status, "%s", result->status);
}

static void op_message_done(void *host, const struct smtp_client_message *message,
                            const struct smtp_client_result *result)
{
    struct delivery *d = host;
    char said[512] = "?";
    bool sent = result->verdict == SMTP_CLIENT_DELIVERED;
    bool later = smtp_client_verdict_info(result->verdict)->temporary;
    (void)message;
    d->message_ended = true;
    if (!sent && later &&
        result->code == 0) { /* the connection failed, not the message: another host may do */
        session_failed(d, result);
        return;
    }
    if (sent && !world_tells(delivery_world(d), TRACE_STATE))
        said[0] = '\0'; /* nobody will ask what the server said */
    for (uint32_t k = 0; k < d->nrcpt; k++)
        if (delivery_rcpt(d, k)->state == RCPT_TRYING) {
            /* A server that knows DSN has NOTIFY now, and tells the sender itself: RFC 3461. */
            delivery_rcpt(d, k)->reported = sent && d->engine.offers & SMTP_EXT_DSN;
            delivery_settle(d, delivery_rcpt(d, k),
                            sent    ? RCPT_SENT
                            : later ? RCPT_WAITING
                                    : RCPT_FAILED,
                            result->code, result->status,
                            sent && !said[0] ? result->text : said_text(result, said, sizeof said));
        }
}

static void op_failed(void *host, const struct smtp_client_result *result)
{
    session_failed(host, result); /* a 554 as greeting too: another host may take the mail */
}

static const struct smtp_client_ops client_ops = { op_next, op_recipient, op_recipient_done, op_message_done,
                                                   op_failed };

/* ---- the pump's calls ---------------------------------------------------------------------------------- */

static void after_step(struct delivery *d, struct smtp_client_step *out)
{
    pump_say(&d->pump, &out->send);
    if (out->after == SMTP_CLIENT_DONE) {
        pump_close(&d->pump);
        pump_wait(&d->pump, SMTP_CLIENT_OTHER_NS);
        return;
    }
    if (out->verdict == SMTP_CLIENT_TLS_GO) {
        char name[DNS_NAME_TEXT_MAX];
        delivery_hop_name(d, name, sizeof name);
        pump_secure(&d->pump, secure_client(delivery_world(d), TLS_CHECK_OPPORTUNISTIC), name);
    }
    pump_more(&d->pump);
    pump_wait(&d->pump, smtp_client_timeout_ns(&d->engine));
}

static void on_opened(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &delivery_world(d)->scratch->smtp_client;
    d->opened_ns = world_now(delivery_world(d));
    d->last_conn = pump_number(p);
    d->message_given = d->message_ended = false;
    smtp_client_init(&d->engine, &delivery_mta(d)->client, &client_ops, d);
    smtp_client_start(&d->engine, false, out);
    after_step(d, out);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &delivery_world(d)->scratch->smtp_client;
    size_t used = smtp_client_step(&d->engine, in, len, out);
    if (used == 0)
        return 0;
    if (out->before == SMTP_CLIENT_GREETING && out->after != out->before &&
        world_tells(delivery_world(d), TRACE_PHASE))
        tell_phase(delivery_mta(d)->host, PHASE_RELAY_HELLO, p->peer, pump_number(p),
                   "%s says who it is and asks what the other server can do", delivery_mta(d)->hostname);
    if (out->after == SMTP_CLIENT_ENVELOPE && out->before != out->after &&
        world_tells(delivery_world(d), TRACE_PHASE))
        tell_phase(delivery_mta(d)->host, PHASE_ENVELOPE, p->peer, pump_number(p),
                   "%s hands over the envelope of %s", delivery_mta(d)->hostname, d->item->id);
    if (smtp_begins_content(out, &d->engine) && world_tells(delivery_world(d), TRACE_PHASE))
        tell_phase(delivery_mta(d)->host, PHASE_CONTENT, p->peer, pump_number(p),
                   "%s sends the message %s, %zu octets", delivery_mta(d)->hostname, d->item->id,
                   d->item->mail->len);
    after_step(d, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &delivery_world(d)->scratch->smtp_client;
    if (!smtp_client_pull(&d->engine, out))
        return false;
    pump_say(p, &out->send);
    pump_wait(p, smtp_client_timeout_ns(&d->engine));
    return true;
}

/* Only the answer to the dot is waited for so long. */
static bool awaits_confirmation(const struct delivery *d)
{
    return smtp_client_timeout_ns(&d->engine) == SMTP_CLIENT_END_NS;
}

static void on_peer_closed(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->engine.state != SMTP_CLIENT_DONE) {
        struct smtp_client_step *out = &delivery_world(d)->scratch->smtp_client;
        d->unconfirmed = awaits_confirmation(d);
        smtp_client_closed(&d->engine, out);
        delivery_tell(d, "lost", "lost", 0);
    }
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->opened_ns > 0 && d->engine.state != SMTP_CLIENT_DONE) {
        d->unconfirmed = awaits_confirmation(d);
        smtp_client_expire(&d->engine, &delivery_world(d)->scratch->smtp_client);
        delivery_tell(d, "timeout", "timed-out", 0);
    }
    pump_abort(p);
}

static const char *end_word(enum tcp_end why)
{
    static const char *const words[] = { [TCP_END_NORMAL] = "closed",
                                         [TCP_END_REFUSED] = "refused",
                                         [TCP_END_RESET] = "reset",
                                         [TCP_END_TIMED_OUT] = "timed-out",
                                         [TCP_END_UNREACHABLE] = "unreachable",
                                         [TCP_END_PROHIBITED] = "prohibited",
                                         [TCP_END_ABORTED] = "timed-out" };
    return words[why];
}

static bool anyone_trying(const struct delivery *d)
{
    for (uint32_t i = 0; i < d->nrcpt; i++)
        if (delivery_rcpt(d, i)->state == RCPT_TRYING)
            return true;
    return false;
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    if (d->opened_ns == 0) {
        delivery_tell(d, "connect-failed", end_word(why), 0);
        delivery_fail_with(d, false, "4.4.1", "connect to %s: %s", tell_addr(&d->address[d->addr]),
                           why == TCP_END_REFUSED       ? "connection refused"
                           : why == TCP_END_UNREACHABLE ? "host unreachable"
                           : why == TCP_END_PROHIBITED  ? "prohibited by a firewall"
                                                        : "connection timed out");
    } else if (d->engine.state != SMTP_CLIENT_DONE) {
        d->unconfirmed = awaits_confirmation(d);
        smtp_client_closed(&d->engine, &delivery_world(d)->scratch->smtp_client);
        delivery_tell(d, "lost", end_word(why), 0);
    }
    p->conn = NULL;
    if (delivery_world(d)->ending) {
        d->item->jobs--;
        delivery_free(d);
        return;
    }
    if (anyone_trying(d)) {
        d->addr++;
        delivery_next(d);
    } else
        delivery_finish(d);
}

static void on_secured(struct pump *p)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    struct smtp_client_step *out = &delivery_world(d)->scratch->smtp_client;
    smtp_client_tls_started(&d->engine, out);
    after_step(d, out);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct delivery *d = CORE_OWNER(p, struct delivery, pump);
    (void)name;
    smtp_client_closed(&d->engine, &delivery_world(d)->scratch->smtp_client);
    delivery_fail_with(d, false, "4.7.5", "TLS with %s failed: %s", tell_addr(&d->address[d->addr]),
                       why->title);
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
                                              .content = is_content,
                                              .secured = on_secured,
                                              .not_secured = on_not_secured };

void mta_init_world(struct world *w)
{
    core_pool_init(&w->smtp_out, sizeof(struct delivery), 0);
    core_pool_init(&w->queue_items, sizeof(struct queue_item), 0);
    core_pool_init(&w->smtp_in, mta_session_octets(), 0);
}
