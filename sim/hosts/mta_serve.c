/* The SMTP server of a mail server: envelope and content become a queue item. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"
#include "protocols/wire/trace_header.h"
#include "sim/hosts/mta.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"
#include "sim/net/net_host.h"

/* The commands that the log line of a disconnect counts. */
#define COUNTED 9
static const struct {
    enum smtp_verb verb;
    const char    *word;
} counted[COUNTED] = { { SMTP_VERB_EHLO, "ehlo" }, { SMTP_VERB_HELO, "helo" }, { SMTP_VERB_AUTH, "auth" },
                       { SMTP_VERB_MAIL, "mail" }, { SMTP_VERB_RCPT, "rcpt" }, { SMTP_VERB_DATA, "data" },
                       { SMTP_VERB_BDAT, "bdat" }, { SMTP_VERB_RSET, "rset" }, { SMTP_VERB_QUIT, "quit" } };

struct smtp_session {
    struct pump          pump;
    struct mta_listener *listener;
    struct smtp_server   engine;
    struct service_auth  auth;
    struct queue_item   *item; /* the transaction; NULL: none */
    char                *helo; /* owned; NULL before */
    size_t               helo_cap;
    uint8_t              helo_len;
    bool                 extended;
    uint8_t              said[COUNTED], good[COUNTED]; /* commands, and those answered 2yz or 3yz; up to 255 */
};

static struct mta *mta_of(const struct smtp_session *s)
{
    return s->listener->mta;
}

static struct world *world_of(const struct smtp_session *s)
{
    return mta_of(s)->host->world;
}

/* ---- the trace -------------------------------------------------------------------------------------- */

static bool session_record(struct smtp_session *s, struct trace_record *r, const char *event, char *client)
{
    struct host    *h = mta_of(s)->host;
    struct net_addr addr;
    uint16_t        port;
    if (!tell_state(r, h, TRACE_KIND_SESSION, event))
        return false;
    pump_peer(&s->pump, &addr, &port);
    r->conn = pump_number(&s->pump);
    r->peer = s->pump.peer;
    r->proto = TRACE_SMTP;
    trace_attr_str(r, "daemon", s->listener->spec->kind == SPEC_SMTP_SUBMISSION ? "submission" : "smtpd");
    trace_attr_str(r, "client", world_peer_text(h->world, &addr, 0, client));
    trace_attr_num(r, "port", s->listener->spec->port);
    return true;
}

/* "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4", as Postfix writes it. */
static void commands_text(const struct smtp_session *s, char *out)
{
    unsigned said = 0, good = 0;
    size_t   n = 0;
    for (int i = 0; i < COUNTED; i++) {
        said += s->said[i];
        good += s->good[i];
        if (s->said[i] == s->good[i] && s->said[i] > 0)
            n += (size_t)sprintf(out + n, "%s=%u ", counted[i].word, s->said[i]);
        else if (s->said[i] > 0)
            n += (size_t)sprintf(out + n, "%s=%u/%u ", counted[i].word, s->good[i], s->said[i]);
    }
    if (said == good)
        sprintf(out + n, "commands=%u", said);
    else
        sprintf(out + n, "commands=%u/%u", good, said);
}

static void count_command(struct smtp_session *s, const struct smtp_server_step *out)
{
    for (int i = 0; i < COUNTED; i++)
        if (counted[i].verb == out->verb && s->said[i] < 255) {
            s->said[i]++;
            s->good[i] = (uint8_t)(s->good[i] + (smtp_verdict_info(out->verdict)->code < 400));
        }
}

static void tell_session(struct smtp_session *s, const char *event)
{
    struct trace_record r;
    char                client[WORLD_PEER_TEXT], helo[256], commands[COUNTED * 14 + 24];
    if (!session_record(s, &r, event, client))
        return;
    snprintf(helo, sizeof helo, "%.*s", (int)s->helo_len, s->helo ? s->helo : "");
    trace_attr_str(&r, "helo", helo);
    if (s->auth.user) {
        trace_attr_str(&r, "user", s->auth.user->spec->name);
        trace_attr_str(&r, "method", s->auth.method ? s->auth.method : "");
    }
    commands_text(s, commands);
    if (strcmp(event, "disconnect") == 0 || strcmp(event, "lost") == 0)
        trace_attr_str(&r, "commands", commands);
    tell_send(&r, mta_of(s)->host, false);
}

/* The reply's last line without its code and status, which the record has by themselves. */
static void reply_words(struct trace_record *r, const struct smtp_server_step *out)
{
    const struct wire_line *last = out->send.lines > 0 ? &out->send.line[out->send.lines - 1] : NULL;
    size_t                  at = last ? last->at : 0, end = out->send.len >= 2 ? out->send.len - 2 : 0;
    if (last && last->code)
        at += 4;
    if (last && last->status[0])
        at += strlen(last->status) + 1;
    r->text = at < end ? out->send.text + at : "";
    r->text_len = at < end ? end - at : 0;
}

/* A command that was refused, with what the log of a real server would say. */
static void tell_reject(struct smtp_session *s, const struct smtp_server_step *out)
{
    const struct smtp_verdict_info *info = smtp_verdict_info(out->verdict);
    struct trace_record             r;
    char                            client[WORLD_PEER_TEXT], helo[256], from[WIRE_PATH_MAX + 1], to[WIRE_PATH_MAX + 1], line[600];
    const char                     *open = out->line.len ? memchr(out->line.at, '<', out->line.len) : NULL;
    const char                     *close = open ? memchr(open, '>', (size_t)(out->line.at + out->line.len - open)) : NULL;
    if (!session_record(s, &r, out->verdict == SMTP_AUTH_DENIED ? "auth-failed" : "reject", client))
        return;
    snprintf(helo, sizeof helo, "%.*s", (int)s->helo_len, s->helo ? s->helo : "");
    snprintf(from, sizeof from, "%.*s", s->item ? (int)s->item->sender.len : 0, s->item ? s->item->sender.at : "");
    snprintf(line, sizeof line, "%.*s", (int)(out->line.len < 599 ? out->line.len : 599), out->line.at ? out->line.at : "");
    r.code = info->code;
    snprintf(r.status, sizeof r.status, "%s", info->status);
    reply_words(&r, out);
    if (out->verb == SMTP_VERB_RCPT && open && close) {
        snprintf(to, sizeof to, "%.*s", (int)(close - open - 1), open + 1);
        trace_attr_str(&r, "to", to);
    }
    trace_attr_str(&r, "helo", helo);
    trace_attr_str(&r, "from", from);
    trace_attr_str(&r, "command", smtp_verb_info(out->verb)->name);
    trace_attr_str(&r, "line", out->secret_len > 0 ? "" : line);
    trace_attr_str(&r, "dsn", info->status);
    trace_attr_str(&r, "verdict", info->name);
    tell_send(&r, mta_of(s)->host, false);
}

/* The setting that decided: where "why" leads. */
static void tell_config(struct smtp_session *s, const char *pointer, const char *value)
{
    struct trace_record r;
    if (!tell_state(&r, mta_of(s)->host, TRACE_KIND_CONFIG, NULL))
        return;
    trace_attr_str(&r, "pointer", pointer ? pointer : "");
    trace_attr_str(&r, "value", value);
    tell_send(&r, mta_of(s)->host, true);
}

/* ---- decisions -------------------------------------------------------------------------------------- */

static enum smtp_verdict refusal_verdict(const struct spec_refusal *f)
{
    /* The first verdict with that code and status; else the first with the code. */
    enum smtp_verdict by_code = SMTP_SILENT;
    for (int v = SMTP_SILENT + 1; v < SMTP_VERDICTS; v++) {
        const struct smtp_verdict_info *info = smtp_verdict_info((enum smtp_verdict)v);
        if (info->code != f->code)
            continue;
        if (f->status && strcmp(info->status, f->status) == 0)
            return (enum smtp_verdict)v;
        if (by_code == SMTP_SILENT)
            by_code = (enum smtp_verdict)v;
    }
    return by_code != SMTP_SILENT ? by_code : SMTP_LOCAL_ERROR;
}

static bool matches(const char *pattern, struct wire_slice what)
{
    const char *at;
    if (!pattern || strcmp(pattern, "*") == 0 || wire_slice_is_nocase(what, pattern))
        return true;
    at = what.len > 0 ? memchr(what.at, '@', what.len) : NULL;
    return at && wire_slice_is_nocase(wire_slice(at + 1, what.len - (size_t)(at + 1 - what.at)), pattern);
}

const struct spec_refusal *mta_refusal(struct mta *m, const char *command, struct wire_slice what)
{
    uint64_t now = world_now(m->host->world);
    for (size_t i = 0; i < m->spec->nrefusals; i++) {
        const struct spec_refusal *f = &m->spec->refusals[i];
        if (strcmp(f->command, command) != 0 || now < f->from_ns || now >= f->until_ns || !matches(f->match, what))
            continue;
        if (f->first > 0 && m->refused[i] >= f->first)
            continue;
        m->refused[i]++;
        return f;
    }
    return NULL;
}

/* The verdict, or one near to it that this command can end in. */
static enum smtp_verdict fitting(const char *command, enum smtp_verdict v, unsigned code)
{
    static const enum smtp_verdict later[] = { SMTP_LOCAL_ERROR, SMTP_SHUTTING_DOWN };
    static const enum smtp_verdict never[] = { SMTP_BLOCKED, SMTP_CONTENT_REFUSED, SMTP_FAILED, SMTP_NO_SERVICE };
    size_t                         len;
    enum smtp_verb verb = strcmp(command, "CONNECT") == 0 ? SMTP_VERB_CONNECT : smtp_verb_find(command, strlen(command), &len);
    if (smtp_verb_allows(verb, v))
        return v;
    for (size_t i = 0; code < 500 && i < sizeof later / sizeof later[0]; i++)
        if (smtp_verb_allows(verb, later[i]))
            return later[i];
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (smtp_verb_allows(verb, never[i]))
            return never[i];
    return SMTP_SHUTTING_DOWN;
}

/* SMTP_OK if no rule of the scenario refuses this. */
static enum smtp_verdict policy(struct smtp_session *s, const char *command, struct wire_slice what, struct wire_slice *text)
{
    const struct spec_refusal *f;
    if (mta_of(s)->spec->nrefusals == 0)
        return SMTP_OK;
    f = mta_refusal(mta_of(s), command, what);
    if (!f)
        return SMTP_OK;
    tell_config(s, f->pointer, f->text ? f->text : command);
    if (f->text)
        *text = wire_slice_str(f->text);
    return fitting(command, refusal_verdict(f), f->code);
}

static enum smtp_verdict op_connect(void *host, struct wire_slice *text)
{
    struct smtp_session *s = host;
    return policy(s, "CONNECT", wire_slice_str(""), text);
}

static enum smtp_verdict op_helo(void *host, const struct smtp_helo *helo, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct core_depot   *d = &world_of(s)->net.depot;
    enum smtp_verdict    v = policy(s, "HELO", helo->name, text);
    if (v != SMTP_OK)
        return v;
    if (helo->extended && mta_of(s)->spec->helo_only) {
        tell_config(s, mta_of(s)->spec->pointer, "helo_only");
        return SMTP_NOT_IMPLEMENTED; /* a server of 1982: the client goes on with HELO */
    }
    core_depot_give(d, s->helo, s->helo_cap);
    s->helo_len = (uint8_t)(helo->name.len < 255 ? helo->name.len : 255);
    s->helo = core_depot_take(d, s->helo_len ? s->helo_len : 1u, &s->helo_cap);
    memcpy(s->helo, helo->name.at, s->helo_len);
    s->extended = helo->extended;
    return SMTP_OK;
}

/* local "@" domain as one slice of the input: the parser leaves them side by side. */
static struct wire_slice path_slice(const struct wire_mailbox *path)
{
    if (path->domain.len == 0)
        return path->local;
    return wire_slice(path->local.at, (size_t)(path->domain.at + path->domain.len - path->local.at));
}

/* With sender_must_match a user may only send as himself. */
static bool owns(const struct smtp_session *s, const struct wire_mailbox *path)
{
    const struct user *u = s->auth.user;
    return !u || path->local.len == 0 || (wire_slice_is_nocase(path->local, u->spec->name) && mta_is_local(mta_of(s), path->domain));
}

static enum smtp_verdict op_mail(void *host, const struct wire_mailbox *path, const struct smtp_mail_params *params,
                                 struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct wire_slice    sender = path_slice(path);
    struct queue_item   *q;
    char                 envid[SMTP_ENVID_OCTETS_MAX * 3 + 1];
    size_t               n = 0;
    enum smtp_verdict    v = policy(s, "MAIL", sender, text);
    if (v != SMTP_OK)
        return v;
    if (mta_of(s)->spec->sender_must_match && !owns(s, path)) {
        tell_config(s, mta_of(s)->spec->pointer, "sender_must_match");
        return SMTP_NOT_OWNER;
    }
    q = s->item = item_new(mta_of(s));
    q->sender = item_text(q, sender.at, sender.len);
    q->body = (uint8_t)params->body;
    q->smtputf8 = params->smtputf8;
    q->ret = (uint8_t)params->ret;
    if (params->envid.at && params->envid.len <= sizeof envid && smtp_xtext_decode(envid, &n, params->envid) &&
        wire_field_text_safe(wire_slice(envid, n)))
        q->envid = item_text(q, envid, n);
    return SMTP_OK;
}

/* May this client have mail relayed to the outside? *pointer: the setting that says so. */
static bool may_relay(const struct smtp_session *s, struct wire_slice domain, const char **pointer)
{
    const struct spec_mta *spec = mta_of(s)->spec;
    struct net_addr        peer;
    uint16_t               port;
    *pointer = spec->pointer;
    if (s->auth.user || mta_relays_for(mta_of(s), domain))
        return true;
    if (spec->open_relay)
        return true;
    pump_peer(&s->pump, &peer, &port);
    for (size_t i = 0; i < spec->nrelay_networks; i++)
        if (net_addr_within(&peer, &spec->relay_networks[i].addr, spec->relay_networks[i].bits))
            return true;
    return false;
}

static enum smtp_verdict check_local(struct smtp_session *s, const struct wire_mailbox *path, struct wire_slice *text)
{
    struct mta              *m = mta_of(s);
    struct user             *user;
    const struct spec_alias *alias;
    (void)text;
    if (mta_local(m, path->local, path->domain, &user, &alias) == LOCAL_UNKNOWN)
        return m->spec->accepts_unknown_users ? SMTP_OK : SMTP_NO_SUCH_USER;
    /* A mailbox that is full already refuses here: cheaper for all than a bounce. */
    if (user && !store_has_room(user, 1)) {
        tell_config(s, user->spec->pointer, "quota");
        return SMTP_MAILBOX_FULL;
    }
    return SMTP_OK;
}

static enum smtp_verdict op_rcpt(void *host, const struct wire_mailbox *path, const struct smtp_rcpt_params *params,
                                 struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct mta          *m = mta_of(s);
    struct wire_slice    address = path_slice(path);
    struct recipient    *r;
    const char          *pointer;
    enum smtp_verdict    v = policy(s, "RCPT", address, text);
    if (v != SMTP_OK)
        return v;
    if (path->domain.len == 0 || mta_is_local(m, path->domain))
        v = check_local(s, path, text);
    else if (!may_relay(s, path->domain, &pointer)) {
        tell_config(s, pointer, "relay_networks");
        v = SMTP_RELAY_DENIED;
    } else if (m->spec->open_relay && !s->auth.user && world_tells(world_of(s), TRACE_STATE))
        tell_config(s, pointer, "open_relay");
    if (v != SMTP_OK)
        return v;
    r = item_recipient(s->item, address.at, address.len);
    r->notify = (uint8_t)params->notify;
    if (params->orcpt.at && params->orcpt.len < SMTP_ORCPT_OCTETS_MAX) {
        char   orcpt[SMTP_ORCPT_OCTETS_MAX + 64];
        size_t n = 0, t = params->orcpt_type.len < 60 ? params->orcpt_type.len : 60;
        memcpy(orcpt, params->orcpt_type.at, t);
        orcpt[t++] = ';';
        if (smtp_xtext_decode(orcpt + t, &n, params->orcpt) && wire_field_text_safe(wire_slice(orcpt, t + n)))
            s->item->rcpt[s->item->nrcpt - 1].orcpt = item_text(s->item, orcpt, t + n);
    }
    return SMTP_OK;
}

/* What this server writes on top: who brought it, when, for whom. */
static void write_received(struct smtp_session *s, struct queue_item *q)
{
    struct world        *w = world_of(s);
    char                 field[WIRE_RECEIVED_MAX], address[NET_ADDR_TEXT];
    struct net_addr      peer;
    uint16_t             port;
    struct wire_received rec = { .helo = wire_slice(s->helo, s->helo_len),
                                 .by = wire_slice_str(mta_of(s)->hostname),
                                 .with = s->extended ? WIRE_WITH_ESMTP : WIRE_WITH_SMTP,
                                 .id = wire_slice_str(q->id),
                                 .date_s = world_seconds(w) };
    pump_peer(&s->pump, &peer, &port);
    rec.peer_address = wire_slice_str(net_addr_text(&peer, address));
    if (s->auth.user)
        rec.with |= WIRE_WITH_AUTH;
    if (q->smtputf8)
        rec.with |= WIRE_WITH_UTF8;
    if (q->nrcpt == 1) /* with more it would tell one recipient about another */
        rec.for_rcpt = q->rcpt[0].address;
    mail_append(&w->mails, q->mail, field, wire_received_write(field, &rec));
}

static enum smtp_verdict op_data_begin(void *host, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct queue_item   *q = s->item;
    enum smtp_verdict    v = policy(s, "DATA", q->sender, text);
    if (v != SMTP_OK)
        return v;
    q->mail = mail_new(&world_of(s)->mails, 3400); /* head room and this: the depot's 4 KiB */
    write_received(s, q);
    return SMTP_OK;
}

static enum smtp_verdict op_content(void *host, struct wire_slice piece)
{
    struct smtp_session *s = host;
    mail_append(&world_of(s)->mails, s->item->mail, piece.at, piece.len);
    return SMTP_OK;
}

/* What a submission server repairs: RFC 6409 section 8. */
static void submission_fixup(struct smtp_session *s, struct queue_item *q)
{
    struct world *w = world_of(s);
    char          line[512], date[WIRE_DATE_MAX];
    size_t        n;
    if (s->listener->spec->kind != SPEC_SMTP_SUBMISSION)
        return;
    if (wire_field_body(mail_text(q->mail), q->mail->len, "Message-ID").len == 0) {
        char id[WIRE_MESSAGE_ID_MAX];
        n = wire_message_id_write(id, (uint64_t)world_seconds(w), ++w->serial, wire_slice_str(mta_of(s)->hostname));
        n = (size_t)snprintf(line, sizeof line, "Message-ID: %.*s\r\n", (int)n, id);
        mail_insert(&w->mails, q->mail, line, n);
    }
    if (wire_field_body(mail_text(q->mail), q->mail->len, "Date").len == 0) {
        n = wire_date_write(date, world_seconds(w), 0);
        n = (size_t)snprintf(line, sizeof line, "Date: %.*s\r\n", (int)n, date);
        mail_insert(&w->mails, q->mail, line, n);
    }
}

static enum smtp_verdict op_data_end(void *host, const struct smtp_content *content, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct mta          *m = mta_of(s);
    struct queue_item   *q = s->item;
    struct wire_slice    id;
    (void)content;
    if (wire_message_received_count(mail_text(q->mail), q->mail->len) > (m->spec->hops_max ? m->spec->hops_max : MTA_HOPS_MAX)) {
        queue_tell(q, "loop", NULL, NULL);
        item_free(q);
        s->item = NULL;
        return SMTP_MAIL_LOOP;
    }
    submission_fixup(s, q);
    if (world_tells(world_of(s), TRACE_STATE)) {
        struct queue_more more = { .conn = pump_number(&s->pump) };
        struct net_addr   addr;
        uint16_t          port;
        char              client[WORLD_PEER_TEXT];
        id = wire_field_body(mail_text(q->mail), q->mail->len, "Message-ID");
        q->message_id = item_text(q, id.at, id.len);
        pump_peer(&s->pump, &addr, &port);
        more.client = world_peer_text(world_of(s), &addr, 0, client);
        if (s->auth.user) {
            more.method = s->auth.method;
            more.username = s->auth.user->spec->name;
        }
        queue_tell(q, "accepted", NULL, &more);
        tell_phase(m->host, PHASE_ACCEPTED, s->pump.peer, pump_number(&s->pump),
                   "%s has the message in its queue as %s and answers for it from now on", m->hostname, q->id);
    }
    memcpy(world_of(s)->scratch->queued_as, "queued as ", 10);
    memcpy(world_of(s)->scratch->queued_as + 10, q->id, 10);
    *text = wire_slice(world_of(s)->scratch->queued_as, 20);
    s->item = NULL;
    queue_take(q);
    return SMTP_OK;
}

static void op_reset(void *host)
{
    struct smtp_session *s = host;
    if (s->item)
        item_free(s->item);
    s->item = NULL;
}

static const struct smtp_server_ops mta_ops = { .connect = op_connect,
                                                .helo = op_helo,
                                                .mail = op_mail,
                                                .rcpt = op_rcpt,
                                                .data_begin = op_data_begin,
                                                .content = op_content,
                                                .data_end = op_data_end,
                                                .reset = op_reset };

/* ---- the session -------------------------------------------------------------------------------------- */

static void after_step(struct smtp_session *s, struct smtp_server_step *out)
{
    if (out->verdict != SMTP_SILENT && smtp_verdict_info(out->verdict)->code >= 400)
        tell_reject(s, out);
    else if (out->verdict == SMTP_AUTH_OK)
        tell_session(s, "auth");
    if (out->verdict != SMTP_SILENT && world_tells(world_of(s), TRACE_STATE))
        count_command(s, out);
    pump_say(&s->pump, &out->send);
    if (out->after == SMTP_SERVER_CLOSED)
        pump_close(&s->pump);
    pump_wait(&s->pump, smtp_server_timeout_ns(&s->engine));
}

static void on_opened(struct pump *p)
{
    struct smtp_session     *s = CORE_OWNER(p, struct smtp_session, pump);
    struct smtp_server_step *out = &world_of(s)->scratch->smtp_server;
    tell_session(s, "connect");
    smtp_server_start(&s->engine, false, out);
    after_step(s, out);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct smtp_session     *s = CORE_OWNER(p, struct smtp_session, pump);
    struct smtp_server_step *out = &world_of(s)->scratch->smtp_server;
    size_t                   used = smtp_server_step(&s->engine, in, len, out);
    if (used > 0)
        after_step(s, out);
    return used;
}

static void on_peer_closed(struct pump *p)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    smtp_server_closed(&s->engine);
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct smtp_session     *s = CORE_OWNER(p, struct smtp_session, pump);
    struct smtp_server_step *out = &world_of(s)->scratch->smtp_server;
    if (p->closing) { /* said goodbye five minutes ago, and the peer has not closed */
        pump_abort(p);
        return;
    }
    tell_session(s, "timeout");
    smtp_server_expire(&s->engine, out);
    pump_say(p, &out->send);
    pump_close(p);
    pump_wait(p, SMTP_SERVER_TIMEOUT_NS);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    struct world        *w = world_of(s);
    smtp_server_closed(&s->engine);
    op_reset(s);
    tell_session(s, why == TCP_END_NORMAL ? "disconnect" : "lost");
    core_depot_give(&w->net.depot, s->helo, s->helo_cap);
    service_auth_end(&s->auth);
    core_pool_give(&w->smtp_in, s);
}

static const struct pump_ops session_ops = { .proto = TRACE_SMTP,
                                             .dir = 'S',
                                             .opened = on_opened,
                                             .step = on_step,
                                             .peer_closed = on_peer_closed,
                                             .expired = on_expired,
                                             .ended = on_ended };

static bool accepted(struct net_host *net_host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops, void **app)
{
    struct mta_listener *l = ctx;
    struct smtp_session *s = core_pool_take(&l->mta->host->world->smtp_in);
    (void)net_host;
    pump_accept(&s->pump, l->mta->host, &session_ops, c, ops, app);
    s->listener = l;
    s->item = NULL;
    s->helo = NULL;
    s->helo_cap = s->helo_len = 0;
    s->extended = false;
    memset(s->said, 0, sizeof s->said);
    memset(s->good, 0, sizeof s->good);
    service_auth_init(&s->auth, l->sasl, l->mta->host);
    smtp_server_init(&s->engine, &l->config, &mta_ops, s);
    if (l->spec->auth != SPEC_AUTH_NONE)
        smtp_server_auth(&s->engine, &service_auth_ops, &s->auth);
    return true;
}

/* ---- setting up ----------------------------------------------------------------------------------------- */

static void listener_config(struct mta_listener *l)
{
    const struct spec_mta     *spec = l->mta->spec;
    struct smtp_server_config *c = &l->config;
    unsigned                   off = 0;
    if (l->spec->kind == SPEC_SMTP_SUBMISSION)
        smtp_server_config_submission(c, l->mta->hostname);
    else
        smtp_server_config_mta(c, l->mta->hostname);
    off |= spec->no_pipelining ? SMTP_EXT_PIPELINING : 0u;
    off |= spec->no_8bitmime ? SMTP_EXT_8BITMIME : 0u;
    off |= spec->no_chunking ? SMTP_EXT_CHUNKING | SMTP_EXT_BINARYMIME : 0u;
    off |= spec->no_smtputf8 ? SMTP_EXT_SMTPUTF8 : 0u;
    off |= spec->no_dsn ? SMTP_EXT_DSN : 0u;
    off |= spec->no_enhanced ? SMTP_EXT_STATUS : 0u;
    if (spec->helo_only)
        off = ~0u;
    c->extensions &= ~(off | SMTP_EXT_STARTTLS);
    c->software = "mailwalk";
    if (l->spec->auth == SPEC_AUTH_NONE)
        c->extensions &= ~(unsigned)SMTP_EXT_AUTH;
    else
        c->extensions |= SMTP_EXT_AUTH;
    c->auth_required = l->spec->auth == SPEC_AUTH_REQUIRED;
    c->size_max = spec->size_max_octets ? spec->size_max_octets : MTA_SIZE_MAX;
    c->recipients_max = spec->recipients_max ? spec->recipients_max : MTA_RECIPIENTS_MAX;
}

bool mta_open(struct mta *m, const char **pointer)
{
    struct host *h = m->host;
    for (size_t i = 0; i < m->spec->nservices; i++) {
        struct mta_listener *l = core_arena_take(&h->world->arena, sizeof *l);
        l->mta = m;
        l->spec = &m->spec->services[i];
        listener_config(l);
        l->sasl = service_auth_config(h, l->spec->mechanisms, false);
        if (!tcp_listen(h->net, l->spec->port, accepted, l)) {
            *pointer = l->spec->pointer;
            return false;
        }
    }
    return true;
}

struct mta *mta_new(struct host *host, const struct spec_mta *spec)
{
    struct mta *m = core_arena_take(&host->world->arena, sizeof *m);
    m->host = host;
    m->spec = spec;
    m->hostname = spec->hostname ? spec->hostname : host->spec->fqdn ? host->spec->fqdn : host->spec->name;
    m->client = (struct smtp_client_config){ .hostname = m->hostname };
    m->queue.next = m->queue.prev = &m->queue;
    if (spec->nrefusals > 0)
        m->refused = core_arena_take(&host->world->arena, spec->nrefusals * sizeof *m->refused);
    return m;
}

void mta_free(struct mta *m)
{
    while (m->queue.next != &m->queue) {
        m->queue.next->jobs = 0;
        item_free(m->queue.next);
    }
}

size_t mta_session_octets(void)
{
    return sizeof(struct smtp_session);
}
