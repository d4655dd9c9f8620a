/* The SMTP server of a mail server: pump and engine, ports. */
#include <assert.h>
#include <string.h>

#include "sim/hosts/hand.h"
#include "sim/hosts/mta_session.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

/* As an order to drop the connection names it. */
static const char *verb_word(enum smtp_verb verb)
{
    switch (verb) {
    case SMTP_VERB_CONNECT:
        return "CONNECT";
    case SMTP_VERB_CONTENT:
        return "CONTENT";
    default:
        return verb == SMTP_VERB_UNKNOWN ? "" : smtp_verb_info(verb)->name;
    }
}

/* After a whole command, or the whole content; a piece of it that was swallowed is no command. */
static bool dropped(struct smtp_session *s, const struct smtp_server_step *out)
{
    return smtp_world(s)->troubles && out->verdict != SMTP_SILENT &&
           trouble_drops(&s->pump, verb_word(out->verb));
}

static void after_step(struct smtp_session *s, struct smtp_server_step *out)
{
    if (out->verdict != SMTP_SILENT && smtp_verdict_info(out->verdict)->code >= 400)
        smtp_tell_reject(s, out);
    else if (out->verdict == SMTP_AUTH_OK)
        smtp_tell_session(s, "auth");
    if (s->item && !s->engine.transaction)
        mta_policy_reset(s);
    if (out->verdict != SMTP_SILENT && world_tells(smtp_world(s), TRACE_STATE))
        smtp_count_command(s, out);
    if (dropped(s, out))
        return;
    pump_say(&s->pump, &out->send);
    if (out->after == SMTP_SERVER_TLS && out->before != SMTP_SERVER_TLS)
        pump_secure(&s->pump, secure_server(smtp_mta(s)->host), NULL);
    if (out->after == SMTP_SERVER_CLOSED)
        pump_close(&s->pump);
    pump_wait(&s->pump, smtp_server_timeout_ns(&s->engine));
}

static void greet(struct smtp_session *s, bool tls)
{
    struct smtp_server_step *out = &smtp_world(s)->scratch->smtp_server;
    smtp_server_start(&s->engine, tls, out);
    after_step(s, out);
}

static void on_opened(struct pump *p)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    smtp_tell_session(s, "connect");
    if (s->listener->spec->security == SPEC_TLS) {
        pump_secure(p, secure_server(smtp_mta(s)->host), NULL);
        pump_wait(p, SMTP_SERVER_TIMEOUT_NS);
    } else
        greet(s, false);
}

/* The handshake is done: the greeting on 465, or nothing at all after STARTTLS: the client speaks. */
static void on_secured(struct pump *p)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    service_auth_secured(&s->auth, p);
    if (s->listener->spec->security == SPEC_TLS) {
        greet(s, true);
        return;
    }
    smtp_server_tls_started(&s->engine);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    (void)name;
    (void)why;
    smtp_server_closed(&s->engine);
}

static bool takes_content(const struct smtp_session *s)
{
    return s->engine.state == SMTP_SERVER_DATA || s->engine.state == SMTP_SERVER_CHUNK;
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    struct smtp_server_step *out = &smtp_world(s)->scratch->smtp_server;
    bool content = takes_content(s);
    uint64_t left = content && smtp_world(s)->troubles ? trouble_content(p, s->content) : CORE_NEVER;
    size_t used = left > 0 ? smtp_server_step(&s->engine, in, left < len ? (size_t)left : len, out) : 0;
    s->content = content ? s->content + used : 0;
    if (used > 0)
        after_step(s, out);
    /* Whether the engine has taken the last of them, or waits for more: it gets no more. */
    if (left <= len && (used == left || used == 0)) {
        trouble_drop_content(p, s->content + (left - used));
        return (size_t)left;
    }
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
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    struct smtp_server_step *out = &smtp_world(s)->scratch->smtp_server;
    if (p->closing) { /* said goodbye five minutes ago, and the peer has not closed */
        pump_abort(p);
        return;
    }
    smtp_tell_session(s, "timeout");
    smtp_server_expire(&s->engine, out);
    pump_say(p, &out->send);
    pump_close(p);
    pump_wait(p, SMTP_SERVER_TIMEOUT_NS);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct smtp_session *s = CORE_OWNER(p, struct smtp_session, pump);
    struct world *w = smtp_world(s);
    smtp_server_closed(&s->engine);
    mta_policy_reset(s);
    smtp_tell_session(s, why == TCP_END_NORMAL ? "disconnect" : "lost");
    core_depot_give(&w->net.depot, s->helo, s->helo_cap);
    service_auth_end(&s->auth);
    core_pool_give(&w->smtp_in, s);
}

static const char *state_of(const struct pump *p, const char **user)
{
    const struct smtp_session *s = CORE_OWNER((struct pump *)(uintptr_t)p, struct smtp_session, pump);
    *user = s->auth.user ? s->auth.user->spec->name : NULL;
    return smtp_server_state_name(s->engine.state);
}

static const struct pump_ops session_ops = { .proto = TRACE_SMTP,
                                             .dir = 'S',
                                             .opened = on_opened,
                                             .step = on_step,
                                             .peer_closed = on_peer_closed,
                                             .expired = on_expired,
                                             .ended = on_ended,
                                             .state = state_of,
                                             .secured = on_secured,
                                             .not_secured = on_not_secured };

static bool accepted(struct net_host *net_host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                     void **app)
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
    s->content = 0;
    memset(s->said, 0, sizeof s->said);
    memset(s->good, 0, sizeof s->good);
    service_auth_init(&s->auth, l->sasl, l->mta->host);
    smtp_server_init(&s->engine, &l->config, &mta_policy_ops, s);
    if (l->spec->auth != SPEC_AUTH_NONE)
        smtp_server_auth(&s->engine, &service_auth_ops, &s->auth);
    return true;
}

/* ---- setting up ---------------------------------------------------------------------------------------- */

static void listener_config(struct mta_listener *l)
{
    const struct spec_mta *spec = l->mta->spec;
    struct smtp_server_config *c = &l->config;
    unsigned off = 0;
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
    if (l->spec->security == SPEC_STARTTLS && !spec->helo_only)
        c->extensions |= SMTP_EXT_STARTTLS;
    c->software = "mailwalk";
    if (l->spec->auth == SPEC_AUTH_NONE)
        c->extensions &= ~(unsigned)SMTP_EXT_AUTH;
    else
        c->extensions |= SMTP_EXT_AUTH;
    c->auth_required = l->spec->auth == SPEC_AUTH_REQUIRED;
    /* Users of one's own can be made to encrypt; servers of the world cannot (RFC 3207 section 4). */
    c->tls_required = l->spec->kind == SPEC_SMTP_SUBMISSION && (c->extensions & SMTP_EXT_STARTTLS);
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
        l->sasl = service_auth_config(h, l->spec->mechanisms, l->spec->security == SPEC_STARTTLS);
        if (!hand_sits(h, l->spec->port) && !tcp_listen(h->net, l->spec->port, accepted, l)) {
            *pointer = l->spec->pointer;
            return false;
        }
    }
    return true;
}

static void settings_take(struct mta *m, const struct spec_mta *spec)
{
    const struct spec_host *host = m->host->spec;
    m->spec = spec;
    m->hostname = spec->hostname ? spec->hostname : host->fqdn ? host->fqdn : host->name;
    /* Between servers TLS is used where it is offered, and nobody is asked for a password: RFC 7435. */
    m->client = (struct smtp_client_config){ .hostname = m->hostname, .tls = SMTP_POLICY_IF_OFFERED };
    m->refused = NULL;
    if (spec->nrefusals > 0)
        m->refused = core_arena_take(&m->host->world->arena, spec->nrefusals * sizeof *m->refused);
}

struct mta *mta_new(struct host *host, const struct spec_mta *spec)
{
    struct mta *m = core_arena_take(&host->world->arena, sizeof *m);
    m->host = host;
    settings_take(m, spec);
    m->queue.next = m->queue.prev = &m->queue;
    return m;
}

static bool text_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool refusal_same(const struct spec_refusal *a, const struct spec_refusal *b)
{
    return text_same(a->command, b->command) && text_same(a->match, b->match) && a->code == b->code &&
           text_same(a->status, b->status) && text_same(a->text, b->text) && a->from_ns == b->from_ns &&
           a->until_ns == b->until_ns && a->first == b->first;
}

void mta_reload(struct mta *m, const struct spec_mta *spec)
{
    const struct spec_mta *before = m->spec;
    const uint32_t *refused = m->refused;
    const char *pointer;
    bool opened;
    for (size_t i = 0; i < before->nservices; i++)
        if (!hand_sits(m->host, before->services[i].port))
            tcp_unlisten(m->host->net, before->services[i].port);
    settings_take(m, spec);
    /* A rule that stays as it was has been used as often as it was. */
    for (size_t i = 0; i < spec->nrefusals; i++)
        for (size_t k = 0; k < before->nrefusals; k++)
            if (refusal_same(&spec->refusals[i], &before->refusals[k]))
                m->refused[i] = refused[k];
    opened = mta_open(m, &pointer);
    assert(opened); /* the loader has seen to it that no port is wanted twice */
    (void)opened;
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
