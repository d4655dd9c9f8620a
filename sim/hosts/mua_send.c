/* A mail program submits a message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/smtp/smtp_client.h"
#include "sim/hosts/letter.h"
#include "sim/hosts/mua.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/smtp_lines.h"
#include "sim/hosts/tell.h"

struct mua_smtp {
    struct pump pump;
    struct smtp_client engine;
    struct sasl_client sasl;
    struct sasl_client_config sasl_config;
    struct smtp_client_config config;
    struct errand errand;
    const struct spec_message *message;
    struct mail *mail;
    const char *const *to; /* envelope recipients: those of `to`, then those of `cc` */
    const char *const *more;
    size_t nto, nmore;
    struct smtp_client_message out;
    uint32_t refused;    /* recipients */
    enum smtp_verb verb; /* whose reply decided */
    uint16_t code;
    char status[SMTP_STATUS_MAX];
    char *said; /* by the server, when it failed; owned; NULL: nothing */
    char helo[NET_ADDR_TEXT + 8];
    bool given, opened, sent, failed;
    enum smtp_client_verdict verdict;
};

size_t mua_smtp_octets(void)
{
    return sizeof(struct mua_smtp);
}

static struct world *world_of(const struct mua_smtp *s)
{
    return s->errand.host->world;
}

static bool has_8bit(const struct mail *m)
{
    const char *at = mail_text(m);
    uint64_t high = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= m->len; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        high |= word;
    }
    for (; i < m->len; i++)
        high |= (unsigned char)at[i];
    return (high & UINT64_C(0x8080808080808080)) != 0;
}

/* ---- the engine's questions ---------------------------------------------------------------------------- */

static const char *recipient_at(const struct mua_smtp *s, uint32_t i)
{
    return i < s->nto ? s->to[i] : s->more[i - s->nto];
}

static bool is_ascii(const char *s)
{
    for (; s && *s; s++)
        if (wire_is_8bit(*s))
            return false;
    return true;
}

/* The address alone: a header may say "Bob <bob@example.org>". */
static struct wire_slice bare(const char *address)
{
    const char *open = strrchr(address, '<'), *close = open ? strchr(open, '>') : NULL;
    if (open && close)
        return wire_slice(open + 1, (size_t)(close - open - 1));
    return wire_slice_str(address);
}

static const struct smtp_client_message *op_next(void *host)
{
    struct mua_smtp *s = host;
    bool utf8 = false;
    if (s->given)
        return NULL;
    s->given = true;
    for (uint32_t i = 0; i < s->nto + s->nmore; i++)
        utf8 |= !is_ascii(recipient_at(s, i));
    s->out =
        (struct smtp_client_message){ .sender = bare(s->message->envelope_from ? s->message->envelope_from
                                                     : s->message->from        ? s->message->from
                                                                        : s->errand.account->spec->address),
                                      .content = wire_slice(mail_text(s->mail), s->mail->len),
                                      .recipients = (uint32_t)(s->nto + s->nmore),
                                      .body = has_8bit(s->mail) ? SMTP_BODY_8BITMIME : SMTP_BODY_7BIT,
                                      .smtputf8 = utf8,
                                      .envid = s->message->envid ? wire_slice_str(s->message->envid)
                                                                 : wire_slice(NULL, 0) };
    if (s->message->dsn_ret)
        s->out.ret = strcmp(s->message->dsn_ret, "HDRS") == 0 ? SMTP_RET_HDRS : SMTP_RET_FULL;
    return &s->out;
}

static unsigned notify_bits(const char *list)
{
    unsigned bits = 0;
    if (!list)
        return 0;
    bits |= strstr(list, "NEVER") ? SMTP_NOTIFY_NEVER : 0u;
    bits |= strstr(list, "SUCCESS") ? SMTP_NOTIFY_SUCCESS : 0u;
    bits |= strstr(list, "FAILURE") ? SMTP_NOTIFY_FAILURE : 0u;
    bits |= strstr(list, "DELAY") ? SMTP_NOTIFY_DELAY : 0u;
    return bits;
}

static void op_recipient(void *host, uint32_t i, struct smtp_client_recipient *out)
{
    struct mua_smtp *s = host;
    *out = (struct smtp_client_recipient){ .path = bare(recipient_at(s, i)),
                                           .notify = notify_bits(s->message->dsn_notify) };
    if (out->notify) {
        out->orcpt_type = WIRE_SLICE("rfc822");
        out->orcpt = out->path;
    }
}

static void keep_said(struct mua_smtp *s, struct wire_slice text)
{
    free(s->said);
    s->said = core_alloc(text.len + 1);
    if (text.len > 0)
        memcpy(s->said, text.at, text.len);
}

static const char *said(const struct mua_smtp *s)
{
    return s->said ? s->said : "";
}

static void note(struct mua_smtp *s, const struct smtp_client_result *r)
{
    s->verdict = r->verdict;
    s->code = r->code >= 400 ? r->code : 0; /* a 250 is not why something failed */
    memcpy(s->status, r->status, sizeof s->status);
    if (s->code || r->verdict == SMTP_CLIENT_NOT_SMTP)
        keep_said(s, r->text);
}

static void op_recipient_done(void *host, uint32_t i, const struct smtp_client_result *result)
{
    struct mua_smtp *s = host;
    (void)i;
    if (result->verdict == SMTP_CLIENT_ACCEPTED)
        return;
    s->refused++;
    s->verb = SMTP_VERB_RCPT;
    note(s, result);
}

static void op_message_done(void *host, const struct smtp_client_message *message,
                            const struct smtp_client_result *result)
{
    struct mua_smtp *s = host;
    (void)message;
    s->sent = result->verdict == SMTP_CLIENT_DELIVERED;
    if (s->sent || result->verdict == SMTP_CLIENT_NO_RECIPIENTS)
        return;
    s->failed = true;
    s->verb = world_of(s)->scratch->smtp_client.verb;
    note(s, result);
}

static void op_failed(void *host, const struct smtp_client_result *result)
{
    struct mua_smtp *s = host;
    if (s->failed || s->sent)
        return;
    s->failed = true;
    s->verb = world_of(s)->scratch->smtp_client.verb;
    note(s, result);
}

static const struct smtp_client_ops client_ops = { op_next, op_recipient, op_recipient_done, op_message_done,
                                                   op_failed };

/* ---- how it went
 * -------------------------------------------------------------------------------------------- */

static const char *failure_word(const struct mua_smtp *s)
{
    switch (s->verdict) {
    case SMTP_CLIENT_NOT_SMTP:
        return "not-smtp";
    case SMTP_CLIENT_AUTH_FAILED:
    case SMTP_CLIENT_NO_AUTH:
        return "auth-failed";
    case SMTP_CLIENT_NO_TLS:
        return "not-secured";
    case SMTP_CLIENT_TIMED_OUT:
        return "timed-out";
    case SMTP_CLIENT_CLOSED:
        return "lost";
    default:
        return "rejected";
    }
}

static void conclude(struct mua_smtp *s)
{
    struct errand *e = &s->errand;
    const char *command = smtp_verb_info(s->verb)->name;
    if (e->settled)
        return;
    if (s->sent && s->refused == 0) {
        struct account *account = e->account;
        if (account->spec->save_sent && account->spec->fetch_server &&
            account->spec->fetch_kind == SPEC_IMAP) {
            e->settled = true;
            mua_imap_save(e->run, account, s->mail);
            return;
        }
        errand_end(e, "sent", "ok", 250, "", "", (uint32_t)(s->nto + s->nmore), NULL);
        return;
    }
    if (s->sent) {
        errand_end(e, "sent", "partly", s->code, s->status, command,
                   (uint32_t)(s->nto + s->nmore) - s->refused,
                   "The message was sent, but %u of %u recipients were refused: %u %s %s", s->refused,
                   (unsigned)(s->nto + s->nmore), s->code, s->status, said(s));
        return;
    }
    tell_phase(e->host, PHASE_REFUSED, 0, 0, "The program on %s tells its user that the message was not sent",
               e->host->spec->name);
    if (s->code)
        errand_end(e, "send-failed", s->failed ? failure_word(s) : "rejected", s->code, s->status, command, 0,
                   "Sending failed. The server %s answered: %u %s %s", e->server, s->code, s->status,
                   said(s));
    else
        errand_end(e, "send-failed", failure_word(s), 0, s->status, command, 0,
                   "Sending failed on %s port %u: %s%s%s", e->server, e->port,
                   smtp_client_verdict_info(s->verdict)->lesson->title, said(s)[0] ? ": " : "", said(s));
}

/* ---- the session
 * ---------------------------------------------------------------------------------------------- */

static void after_step(struct mua_smtp *s, struct smtp_client_step *out)
{
    pump_say(&s->pump, &out->send);
    if (out->after == SMTP_CLIENT_DONE) {
        conclude(s);
        pump_close(&s->pump);
        pump_wait(&s->pump, MUA_REPLY_NS);
        return;
    }
    if (out->verdict == SMTP_CLIENT_TLS_GO)
        pump_secure(&s->pump, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
    pump_more(&s->pump);
    pump_wait(&s->pump, MUA_REPLY_NS);
}

static void tell_step(struct mua_smtp *s, const struct smtp_client_step *out)
{
    struct host *h = s->errand.host;
    uint32_t conn = pump_number(&s->pump);
    if (out->before == out->after || !world_tells(world_of(s), TRACE_PHASE))
        return;
    if (out->before == SMTP_CLIENT_GREETING && out->after == SMTP_CLIENT_EHLO)
        tell_phase(h, PHASE_SUBMIT_HELLO, s->pump.peer, conn, "%s says who it is and asks what %s can do",
                   h->spec->name, s->errand.server);
    else if (out->after == SMTP_CLIENT_AUTH)
        tell_phase(h, PHASE_SUBMIT_AUTH, s->pump.peer, conn, "%s logs in as the user %s", h->spec->name,
                   s->errand.account->spec->user);
    else if (out->after == SMTP_CLIENT_ENVELOPE)
        tell_phase(h, PHASE_ENVELOPE, s->pump.peer, conn, "%s hands over the envelope", h->spec->name);
    else if (smtp_begins_content(out, &s->engine))
        tell_phase(h, PHASE_CONTENT, s->pump.peer, conn, "%s sends the message, %zu octets", h->spec->name,
                   s->mail->len);
}

static void on_opened(struct pump *p)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    const struct spec_account *a = s->errand.account->spec;
    struct smtp_client_step *out = &world_of(s)->scratch->smtp_client;
    struct net_addr here;
    uint16_t port;
    char text[NET_ADDR_TEXT];
    s->opened = true;
    pump_local(p, &here, &port);
    net_addr_text(&here, text);
    if (a->helo)
        s->config.hostname = a->helo;
    else {
        const char *front = net_addr_is4(&here) ? "[" : "[IPv6:";
        size_t n = strlen(front), len = strlen(text);
        memcpy(s->helo, front, n);
        memcpy(s->helo + n, text, len);
        memcpy(s->helo + n + len, "]", 2);
        s->config.hostname = s->helo;
    }
    s->config.tls = a->submit_security == SPEC_STARTTLS ? SMTP_POLICY_REQUIRED : SMTP_POLICY_NEVER;
    if (a->submit_security == SPEC_TLS)
        pump_secure(p, secure_client(world_of(s), TLS_CHECK_REQUIRED), s->errand.server);
    s->config.auth = a->submit_auth == SPEC_AUTH_NONE       ? SMTP_POLICY_NEVER
                     : a->submit_auth == SPEC_AUTH_REQUIRED ? SMTP_POLICY_REQUIRED
                                                            : SMTP_POLICY_IF_OFFERED;
    smtp_client_init(&s->engine, &s->config, &client_ops, s);
    sasl_client_init(&s->sasl, &s->sasl_config);
    smtp_client_auth(&s->engine, &sasl_wire_client, &s->sasl);
    if (a->submit_security == SPEC_TLS)
        return; /* the engine begins when the handshake is done */
    smtp_client_start(&s->engine, false, out);
    after_step(s, out);
}

static void on_secured(struct pump *p)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    struct smtp_client_step *out = &world_of(s)->scratch->smtp_client;
    errand_secured(&s->sasl, p);
    if (s->errand.account->spec->submit_security == SPEC_TLS)
        smtp_client_start(&s->engine, true, out);
    else
        smtp_client_tls_started(&s->engine, out);
    after_step(s, out);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    if (!s->errand.settled)
        errand_end(&s->errand, "send-failed", "not-secured", 0, "", name, 0,
                   "Sending failed on %s port %u: %s.", s->errand.server, s->errand.port, why->title);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    struct smtp_client_step *out = &world_of(s)->scratch->smtp_client;
    size_t used = smtp_client_step(&s->engine, in, len, out);
    if (used == 0)
        return 0;
    tell_step(s, out);
    after_step(s, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    struct smtp_client_step *out = &world_of(s)->scratch->smtp_client;
    if (!smtp_client_pull(&s->engine, out))
        return false;
    pump_say(p, &out->send);
    pump_wait(p, MUA_REPLY_NS);
    return true;
}

static void on_peer_closed(struct pump *p)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    if (s->engine.state != SMTP_CLIENT_DONE) {
        smtp_client_closed(&s->engine, &world_of(s)->scratch->smtp_client);
        conclude(s);
    }
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    if (s->opened && s->engine.state != SMTP_CLIENT_DONE) {
        smtp_client_expire(&s->engine, &world_of(s)->scratch->smtp_client);
        conclude(s);
    }
    pump_abort(p);
}

static void ready(struct errand *e);

static void free_session(struct mua_smtp *s)
{
    struct world *w = world_of(s);
    mail_drop(&w->mails, s->mail);
    free(s->said);
    core_pool_give(&w->muas_smtp, s);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct mua_smtp *s = CORE_OWNER(p, struct mua_smtp, pump);
    if (!s->opened && errand_another(&s->errand)) {
        ready(&s->errand);
        return;
    }
    if (!s->errand.settled) {
        tell_phase(s->errand.host, PHASE_REFUSED, 0, 0,
                   "The program on %s tells its user that the message was not sent",
                   s->errand.host->spec->name);
        errand_end(&s->errand, "send-failed", errand_word(why), 0, "", "", 0,
                   "Sending failed on %s port %u: %s.", s->errand.server, s->errand.port,
                   errand_sentence(why));
    }
    free_session(s);
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    const struct mua_smtp *x = CORE_OWNER(p, struct mua_smtp, pump);
    return smtp_is_content(&x->engine, why);
}

static const struct pump_ops session_ops = { .proto = TRACE_SMTP,
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

static void ready(struct errand *e)
{
    struct mua_smtp *s = CORE_OWNER(e, struct mua_smtp, errand);
    struct errand_trouble t;
    if (!errand_connect(e, &s->pump, &session_ops, "a connection", &t)) {
        errand_end(e, "send-failed", t.word, 0, "", "", 0, "Sending failed on %s port %u: %s.", e->server,
                   e->port, t.sentence);
        free_session(s);
    }
}

void mua_send(struct action_run *run, struct account *account)
{
    struct world *w = run->world;
    struct mua_smtp *s = core_pool_take(&w->muas_smtp);
    const struct spec_message *m =
        run->spec->message_spec ? run->spec->message_spec : letter_named(w, run->spec->message);
    const struct spec_account *a = account->spec;
    struct mua_headers h;
    struct trace_record r;
    memset(s, 0, sizeof *s);
    s->message = m;
    s->errand.host = run->host;
    s->errand.account = account;
    s->errand.run = run;
    s->sasl_config = account->sasl;
    if (a->submit_password)
        s->sasl_config.password = a->submit_password;
    s->to = m->nenvelope_to ? m->envelope_to : m->to;
    s->nto = m->nenvelope_to ? m->nenvelope_to : m->nto;
    s->more = m->nenvelope_to ? NULL : m->cc;
    s->nmore = m->nenvelope_to ? 0 : m->ncc;
    if (world_tells(w, TRACE_PHASE) && !run->spec->title) /* else the scenario has said it in its own words */
        tell_phase(run->host, PHASE_COMPOSE, 0, 0, "%s writes to %s%s and presses Send",
                   run->host->spec->name, s->nto ? s->to[0] : "nobody",
                   s->nto + s->nmore > 1 ? " and others" : "");
    s->mail = letter_write(w, m, a);
    if (!s->mail || !a->submit_server) {
        s->errand.server = a->submit_server ? a->submit_server : "";
        errand_end(&s->errand, "send-failed", s->mail ? "no-server" : "rejected", 0, "", "", 0, "%s",
                   s->mail ? "No server for sending is set up in this account."
                           : "The message cannot be written: an address or a field is not valid.");
        free_session(s);
        return;
    }
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "sending")) {
        trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
        trace_attr_str(&r, "message", m->name);
        trace_attr_num(&r, "octets", (int64_t)s->mail->len);
        mua_attr_headers(&r, &h, mail_text(s->mail), s->mail->len);
        tell_send(&r, run->host, true);
    }
    w->totals.sent++;
    errand_start(&s->errand, run, account, run->host, a->submit_server, a->submit_port, ready);
}
