/* What the SMTP server engine asks a mail server: who may send what to whom. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "protocols/wire/field_write.h"
#include "protocols/wire/message.h"
#include "protocols/wire/trace_header.h"
#include "sim/hosts/mta_session.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"
#include "sim/net/net_host.h"

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

bool mta_refusal_matches(const struct spec_refusal *f, struct wire_slice what)
{
    const char *pattern = f->match, *at;
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
        if (strcmp(f->command, command) != 0 || now < f->from_ns || now >= f->until_ns ||
            !mta_refusal_matches(f, what))
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
    static const enum smtp_verdict never[] = { SMTP_BLOCKED, SMTP_CONTENT_REFUSED, SMTP_FAILED,
                                               SMTP_NO_SERVICE };
    size_t len;
    enum smtp_verb verb =
        strcmp(command, "CONNECT") == 0 ? SMTP_VERB_CONNECT : smtp_verb_find(command, strlen(command), &len);
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

/* SMTP_OK if no rule of the scenario, and nobody who watches the run, refuses this. */
static enum smtp_verdict policy(struct smtp_session *s, const char *command, struct wire_slice what,
                                struct wire_slice *text)
{
    const struct spec_refusal *f = NULL;
    if (smtp_mta(s)->spec->nrefusals > 0)
        f = mta_refusal(smtp_mta(s), command, what);
    if (f)
        smtp_tell_config(s, f->pointer, NULL, f->text ? f->text : command);
    else if (smtp_world(s)->troubles)
        f = trouble_refusal(smtp_mta(s)->host, command, what, pump_number(&s->pump));
    if (!f)
        return SMTP_OK;
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
    struct core_depot *d = &smtp_world(s)->net.depot;
    enum smtp_verdict v = policy(s, "HELO", helo->name, text);
    if (v != SMTP_OK)
        return v;
    if (helo->extended && smtp_mta(s)->spec->helo_only) {
        smtp_tell_config(s, smtp_mta(s)->spec->pointer, "helo_only", "true");
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
    return !u || path->local.len == 0 ||
           (wire_slice_is_nocase(path->local, u->spec->name) && mta_is_local(smtp_mta(s), path->domain));
}

static enum smtp_verdict op_mail(void *host, const struct wire_mailbox *path,
                                 const struct smtp_mail_params *params, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct wire_slice sender = path_slice(path);
    struct queue_item *q;
    char envid[SMTP_ENVID_OCTETS_MAX * 3 + 1];
    size_t n = 0;
    enum smtp_verdict v = policy(s, "MAIL", sender, text);
    if (v != SMTP_OK)
        return v;
    if (smtp_mta(s)->spec->sender_must_match && !owns(s, path)) {
        smtp_tell_config(s, smtp_mta(s)->spec->pointer, "sender_must_match", "true");
        return SMTP_NOT_OWNER;
    }
    q = s->item = item_new(smtp_mta(s));
    q->sender = item_text(q, sender.at, sender.len);
    q->body = (uint8_t)params->body;
    q->smtputf8 = params->smtputf8;
    q->ret = (uint8_t)params->ret;
    if (params->envid.at && params->envid.len <= sizeof envid &&
        smtp_xtext_decode(envid, &n, params->envid) && wire_field_text_safe(wire_slice(envid, n)))
        q->envid = item_text(q, envid, n);
    return SMTP_OK;
}

/* May this client have mail relayed to the outside? *pointer: the setting that says so. */
static bool may_relay(const struct smtp_session *s, struct wire_slice domain, const char **pointer)
{
    const struct spec_mta *spec = smtp_mta(s)->spec;
    struct net_addr peer;
    uint16_t port;
    *pointer = spec->pointer;
    if (s->auth.user || mta_relays_for(smtp_mta(s), domain))
        return true;
    if (spec->open_relay)
        return true;
    pump_peer(&s->pump, &peer, &port);
    for (size_t i = 0; i < spec->nrelay_networks; i++)
        if (net_addr_within(&peer, &spec->relay_networks[i].addr, spec->relay_networks[i].bits))
            return true;
    return false;
}

static enum smtp_verdict check_local(struct smtp_session *s, const struct wire_mailbox *path,
                                     struct wire_slice *text)
{
    struct mta *m = smtp_mta(s);
    struct user *user;
    const struct spec_alias *alias;
    (void)text;
    if (mta_local(m, path->local, path->domain, &user, &alias) == LOCAL_UNKNOWN) {
        if (m->spec->accepts_unknown_users) {
            smtp_tell_config(s, m->spec->pointer, "accepts_unknown_users", "true");
            return SMTP_OK;
        }
        if (m->host->spec->store)
            smtp_tell_config(s, m->host->spec->store->pointer, "users", "nobody here has this name");
        return SMTP_NO_SUCH_USER;
    }
    /* A mailbox that is full already refuses here: cheaper for all than a bounce. */
    if (user && !store_has_room(user, 1)) {
        if (!(user->full && trouble_tell_full(user, pump_number(&s->pump))))
            smtp_tell_config(s, user->spec->pointer, "quota", "used up");
        return SMTP_MAILBOX_FULL;
    }
    return SMTP_OK;
}

static enum smtp_verdict op_rcpt(void *host, const struct wire_mailbox *path,
                                 const struct smtp_rcpt_params *params, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct mta *m = smtp_mta(s);
    struct wire_slice address = path_slice(path);
    struct recipient *r;
    const char *pointer;
    enum smtp_verdict v = policy(s, "RCPT", address, text);
    if (v != SMTP_OK)
        return v;
    if (path->domain.len == 0 || mta_is_local(m, path->domain))
        v = check_local(s, path, text);
    else if (!may_relay(s, path->domain, &pointer)) {
        smtp_tell_config(s, pointer, "relay_networks",
                         "the client is in none of them, and has not logged in");
        v = SMTP_RELAY_DENIED;
    } else if (m->spec->open_relay && !s->auth.user && world_tells(smtp_world(s), TRACE_STATE))
        smtp_tell_config(s, pointer, "open_relay", "true");
    if (v != SMTP_OK)
        return v;
    r = item_recipient(s->item, address.at, address.len);
    r->notify = (uint8_t)params->notify;
    if (params->orcpt.at && params->orcpt.len < SMTP_ORCPT_OCTETS_MAX) {
        char orcpt[SMTP_ORCPT_OCTETS_MAX + 64];
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
    struct world *w = smtp_world(s);
    char field[WIRE_RECEIVED_MAX], address[NET_ADDR_TEXT];
    struct net_addr peer;
    uint16_t port;
    struct wire_received rec = { .helo = wire_slice(s->helo, s->helo_len),
                                 .by = wire_slice_str(smtp_mta(s)->hostname),
                                 .with = s->extended ? WIRE_WITH_ESMTP : WIRE_WITH_SMTP,
                                 .id = wire_slice_str(q->id),
                                 .date_s = world_seconds(w) };
    pump_peer(&s->pump, &peer, &port);
    rec.peer_address = wire_slice_str(net_addr_text(&peer, address));
    if (s->auth.user)
        rec.with |= WIRE_WITH_AUTH;
    if (s->pump.tls)
        rec.with |= WIRE_WITH_TLS;
    if (q->smtputf8)
        rec.with |= WIRE_WITH_UTF8;
    if (q->nrcpt == 1) /* with more it would tell one recipient about another */
        rec.for_rcpt = q->rcpt[0].address;
    mail_append(&w->mails, q->mail, field, wire_received_write(field, &rec));
}

static enum smtp_verdict op_data_begin(void *host, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct queue_item *q = s->item;
    enum smtp_verdict v = policy(s, "DATA", q->sender, text);
    if (v != SMTP_OK)
        return v;
    if (mail_room_full(&smtp_world(s)->mails, 0))
        return SMTP_NO_STORAGE;
    q->mail = mail_new(&smtp_world(s)->mails, 3400); /* head room and this: the depot's 4 KiB */
    write_received(s, q);
    return SMTP_OK;
}

static enum smtp_verdict op_content(void *host, struct wire_slice piece)
{
    struct smtp_session *s = host;
    struct mail_room *room = &smtp_world(s)->mails;
    struct mail *m = s->item->mail;
    if (mail_room_full(room, m->len + piece.len))
        return SMTP_NO_STORAGE;
    mail_append(room, m, piece.at, piece.len);
    return SMTP_OK;
}

/* Octets of the first field, with the lines that it is folded into: our own Received. */
static size_t first_field(const struct mail *m)
{
    const char *text = mail_text(m), *lf = text;
    while ((lf = memchr(lf, '\n', m->len - (size_t)(lf - text))) && ++lf < text + m->len)
        if (!wire_is_wsp(*lf))
            return (size_t)(lf - text);
    return 0;
}

/* What a submission server repairs: RFC 6409 section 8. Below the Received field: what servers write about
 * the way stays on top (RFC 5321 section 4.4). */
static void submission_fixup(struct smtp_session *s, struct queue_item *q)
{
    struct world *w = smtp_world(s);
    char line[512], date[WIRE_DATE_MAX];
    size_t n;
    if (s->listener->spec->kind != SPEC_SMTP_SUBMISSION)
        return;
    if (wire_field_body(mail_text(q->mail), q->mail->len, "Message-ID").len == 0) {
        char id[WIRE_MESSAGE_ID_MAX];
        n = wire_message_id_write(id, (uint64_t)world_seconds(w), ++w->serial,
                                  wire_slice_str(smtp_mta(s)->hostname));
        n = (size_t)snprintf(line, sizeof line, "Message-ID: %.*s\r\n", (int)n, id);
        mail_insert(&w->mails, q->mail, first_field(q->mail), line, n);
    }
    if (wire_field_body(mail_text(q->mail), q->mail->len, "Date").len == 0) {
        n = wire_date_write(date, world_seconds(w), 0);
        n = (size_t)snprintf(line, sizeof line, "Date: %.*s\r\n", (int)n, date);
        mail_insert(&w->mails, q->mail, first_field(q->mail), line, n);
    }
}

static enum smtp_verdict op_data_end(void *host, const struct smtp_content *content, struct wire_slice *text)
{
    struct smtp_session *s = host;
    struct mta *m = smtp_mta(s);
    struct queue_item *q = s->item;
    struct wire_slice id;
    (void)content;
    if (wire_message_received_count(mail_text(q->mail), q->mail->len) >
        (m->spec->hops_max ? m->spec->hops_max : MTA_HOPS_MAX)) {
        queue_tell(q, "loop", NULL, NULL);
        return SMTP_MAIL_LOOP; /* the item goes when the session has told about it */
    }
    submission_fixup(s, q);
    if (world_tells(smtp_world(s), TRACE_STATE)) {
        struct queue_more more = { .conn = pump_number(&s->pump),
                                   .daemon = s->listener->spec->kind == SPEC_SMTP_SUBMISSION ? "submission"
                                                                                             : "smtpd" };
        struct net_addr addr;
        uint16_t port;
        char client[WORLD_PEER_TEXT];
        id = wire_field_body(mail_text(q->mail), q->mail->len, "Message-ID");
        q->message_id = item_text(q, id.at, id.len);
        pump_peer(&s->pump, &addr, &port);
        more.client = world_peer_text(smtp_world(s), &addr, 0, client);
        if (s->auth.user) {
            more.method = s->auth.method;
            more.username = s->auth.user->spec->name;
        }
        queue_tell(q, "accepted", NULL, &more);
        tell_phase(m->host, PHASE_ACCEPTED, s->pump.peer, pump_number(&s->pump),
                   "%s has the message in its queue as %s and answers for it from now on", m->hostname,
                   q->id);
    }
    memcpy(smtp_world(s)->scratch->queued_as, "queued as ", 10);
    memcpy(smtp_world(s)->scratch->queued_as + 10, q->id, 10);
    *text = wire_slice(smtp_world(s)->scratch->queued_as, 20);
    s->item = NULL;
    queue_take(q);
    return SMTP_OK;
}

void mta_policy_reset(struct smtp_session *s)
{
    struct scratch *x = smtp_world(s)->scratch;
    if (s->item &&
        s->item->sender.len < sizeof x->last_sender) { /* the record of what ended it may want to name it */
        memcpy(x->last_sender, s->item->sender.at, s->item->sender.len);
        x->last_sender[s->item->sender.len] = '\0';
    }
    if (s->item)
        item_free(s->item);
    s->item = NULL;
}

/* The engine offers STARTTLS where the port's settings say so; after that TLS is ready whenever it is asked
 * for. */
static enum smtp_verdict op_starttls(void *host, struct wire_slice *text)
{
    (void)host;
    (void)text;
    return SMTP_OK;
}

static void op_reset(void *host)
{
    mta_policy_reset(host);
}

const struct smtp_server_ops mta_policy_ops = { .connect = op_connect,
                                                .helo = op_helo,
                                                .mail = op_mail,
                                                .rcpt = op_rcpt,
                                                .data_begin = op_data_begin,
                                                .content = op_content,
                                                .data_end = op_data_end,
                                                .reset = op_reset,
                                                .starttls = op_starttls };
