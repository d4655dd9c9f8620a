/* What the sessions of a mail program have in common. */
#include "sim/hosts/mua.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/message.h"
#include "protocols/wire/rfc2047.h"
#include "sim/hosts/service_auth.h"
#include "sim/hosts/tell.h"

static size_t nonce(void *host, char out[SASL_NONCE_MAX])
{
    return service_auth_nonce(((struct host *)host)->world, out);
}

static unsigned mechanisms(const char *list)
{
    unsigned bits = 0;
    const char *at = list;
    if (!list)
        return SASL_ALL;
    while (at && *at) {
        const char *end = strchr(at, ' ');
        size_t len = end ? (size_t)(end - at) : strlen(at);
        enum sasl_mech m = sasl_mech_find(wire_slice(at, len));
        if (m != SASL_MECHS)
            bits |= SASL_BIT(m);
        at = end ? end + 1 : NULL;
    }
    return bits;
}

void mua_account_init(struct account *account, struct host *host, const struct spec_account *a)
{
    *account = (struct account){ .spec = a, .host = host };
    account->sasl = (struct sasl_client_config){ .user = a->user ? a->user : "",
                                                 .password = a->password ? a->password : "",
                                                 .digest = &service_digests,
                                                 .mechs = mechanisms(a->mechanisms),
                                                 .nonce = nonce,
                                                 .host = host };
}

struct mua *mua_new(struct host *host, const struct spec_client *spec)
{
    struct world *w = host->world;
    struct mua *m = core_arena_take(&w->arena, sizeof *m);
    m->host = host;
    m->naccounts = spec->naccounts;
    m->accounts = core_arena_take(&w->arena, spec->naccounts * sizeof *m->accounts);
    for (size_t i = 0; i < spec->naccounts; i++)
        mua_account_init(&m->accounts[i], host, &spec->accounts[i]);
    return m;
}

struct account_memory *account_memory(struct account *a)
{
    struct world *w = a->host->world;
    if (a->memory)
        return a->memory;
    a->memory = core_alloc(sizeof *a->memory);
    a->memory->next = w->memories;
    w->memories = a->memory;
    return a->memory;
}

static void memories_free(struct world *w)
{
    for (struct account_memory *m = w->memories, *next; m; m = next) {
        next = m->next;
        while (m->seen) {
            struct seen_uidl *s = m->seen;
            m->seen = s->next;
            free(s);
        }
        while (m->boxes) {
            struct read_box *b = m->boxes;
            m->boxes = b->next;
            free(b);
        }
        free(m);
    }
    w->memories = NULL;
}

/* An account is the same one if it stands in the same place of the settings. */
static struct account *account_at(struct mua *m, const char *pointer)
{
    for (size_t i = 0; pointer && i < m->naccounts; i++)
        if (m->accounts[i].spec->pointer && strcmp(m->accounts[i].spec->pointer, pointer) == 0)
            return &m->accounts[i];
    return NULL;
}

void mua_reload(struct mua *m, const struct spec_client *spec)
{
    struct account *now = core_arena_take(&m->host->world->arena, spec->naccounts * sizeof *now);
    for (size_t i = 0; i < spec->naccounts; i++) {
        struct account *before = account_at(m, spec->accounts[i].pointer);
        mua_account_init(&now[i], m->host, &spec->accounts[i]);
        if (before)
            now[i].memory = account_memory(before);
    }
    m->accounts = now;
    m->naccounts = spec->naccounts;
}

/* ---- errands ------------------------------------------------------------------------------------------- */

struct lookup_ctx {
    struct lookup_ctx *next, **link; /* of the world's; who points here */
    struct errand *errand;
    void (*ready)(struct errand *e);
};

static void found(void *ctx, const struct ask_found *f)
{
    struct lookup_ctx l = *(struct lookup_ctx *)ctx;
    *l.link = l.next;
    if (l.next)
        l.next->link = l.link;
    core_pool_give(&l.errand->host->world->errand_lookups, ctx);
    l.errand->found = *f;
    l.ready(l.errand);
}

void errand_start(struct errand *e, struct action_run *run, struct account *account, struct host *host,
                  const char *server, uint16_t port, void (*ready)(struct errand *e))
{
    struct world *w = host->world;
    struct lookup_ctx *l = core_pool_take(&w->errand_lookups);
    struct net_addr literal;
    memset(e, 0, sizeof *e);
    e->run = run;
    e->account = account;
    e->host = host;
    e->server = server;
    e->port = port;
    e->began_ns = world_now(w);
    l->errand = e;
    l->ready = ready;
    l->next = w->lookups;
    l->link = &w->lookups;
    if (l->next)
        l->next->link = &l->next;
    w->lookups = l;
    if (world_tells(w, TRACE_PHASE) && !net_addr_parse(&literal, server))
        tell_phase(host, account ? PHASE_FIND_SERVER : PHASE_FIND_HOST, 0, 0, "%s looks up the address of %s",
                   host->spec->name, server);
    ask_addresses(host, server, strlen(server), found, l);
}

void errands_abandon(struct world *w)
{
    static const struct ask_found nothing = { .class_ = DNS_RESULT_SERVFAIL };
    while (w->lookups)
        found(w->lookups, &nothing);
}

void errand_end(struct errand *e, const char *event, const char *result, uint16_t code, const char *status,
                const char *command, uint32_t count, const char *error_fmt, ...)
{
    struct trace_record r;
    bool ok = strcmp(result, "ok") == 0;
    assert(!e->settled);
    e->settled = true;
    if (tell_state(&r, e->host, TRACE_KIND_CLIENT, event)) {
        r.code = code;
        snprintf(r.status, sizeof r.status, "%s", status);
        trace_attr_str(&r, "result", result);
        trace_attr_str(&r, "action", e->run->spec->name ? e->run->spec->name : "");
        if (e->account)
            trace_attr_str(&r, "account", e->account->spec->address ? e->account->spec->address : "");
        if (e->run->spec->message)
            trace_attr_str(&r, "message", e->run->spec->message);
        trace_attr_str(&r, "server", e->server);
        trace_attr_num(&r, "port", e->port);
        trace_attr_str(&r, "command", command);
        trace_attr_num(&r, "count", count);
        tell_send(&r, e->host, true);
    }
    if (!ok && error_fmt && tell_state(&r, e->host, TRACE_KIND_ERROR, NULL)) {
        char text[512];
        va_list ap;
        va_start(ap, error_fmt);
        vsnprintf(text, sizeof text, error_fmt, ap);
        va_end(ap);
        r.text = text;
        r.text_len = strlen(text);
        tell_send(&r, e->host, true);
    }
    action_done(e->run, ok && (e->run->spec->kind != SPEC_DO_FETCH || count > 0), result);
}

bool errand_connect(struct errand *e, struct pump *p, const struct pump_ops *ops, const char *what,
                    struct errand_trouble *t)
{
    const struct net_addr *to = &e->found.addr[e->next];
    if (e->found.n == 0) {
        *t = (struct errand_trouble){ "no-server", "the name of the server could not be found" };
        return false;
    }
    if (world_tells(e->host->world, TRACE_PHASE))
        tell_phase(e->host, e->run->spec->kind == SPEC_DO_SEND ? PHASE_CONNECT_SUBMIT : PHASE_CONNECT_FETCH,
                   world_host_at(e->host->world, to), 0, "%s opens %s to %s, port %u", e->host->spec->name,
                   what, tell_place(e->server, to), e->port);
    if (!pump_connect(p, e->host, ops, to, e->port)) {
        *t = (struct errand_trouble){ "unreachable", "there is no way to the server" };
        return false;
    }
    pump_wait(p, MUA_CONNECT_NS);
    return true;
}

void errand_secured(struct sasl_client *c, const struct pump *p)
{
    c->tls = true;
    c->binding_type = (uint8_t)pump_binding(p, &c->binding);
}

bool errand_another(struct errand *e)
{
    if (e->host->world->ending || e->next + 1 >= e->found.n)
        return false;
    e->next++;
    return true;
}

const char *errand_word(enum tcp_end why)
{
    static const char *const words[] = { [TCP_END_NORMAL] = "lost",
                                         [TCP_END_REFUSED] = "refused",
                                         [TCP_END_RESET] = "reset",
                                         [TCP_END_TIMED_OUT] = "timed-out",
                                         [TCP_END_UNREACHABLE] = "unreachable",
                                         [TCP_END_PROHIBITED] = "prohibited",
                                         [TCP_END_ABORTED] = "timed-out" };
    return words[why];
}

const char *errand_sentence(enum tcp_end why)
{
    static const char *const words[] = {
        [TCP_END_NORMAL] = "the server closed the connection too early",
        [TCP_END_REFUSED] = "the connection was refused: nothing listens on that port, or a firewall says no",
        [TCP_END_RESET] = "the connection was reset",
        [TCP_END_TIMED_OUT] = "the connection timed out: no answer at all",
        [TCP_END_UNREACHABLE] = "the server cannot be reached",
        [TCP_END_PROHIBITED] = "a firewall on the way prohibits the connection",
        [TCP_END_ABORTED] = "the server did not answer in time",
    };
    return words[why];
}

/* ---- what arrived
 * ------------------------------------------------------------------------------------------ */

static struct sent_copy **sent_bucket(struct world *w, const char *id, size_t len)
{
    return &w->sent[core_hash(id, len) % (sizeof w->sent / sizeof w->sent[0])];
}

void mua_remember_sent(struct world *w, const char *name, const char *message_id, size_t id_len,
                       struct mail *mail)
{
    struct sent_copy **bucket = sent_bucket(w, message_id, id_len), *c;
    if (!world_tells(w, TRACE_STATE))
        return; /* nobody will ask whether it arrived */
    c = core_alloc(sizeof *c);
    c->message_id = core_alloc(id_len + 1);
    memcpy(c->message_id, message_id, id_len);
    c->name = name;
    c->mail = mail_hold(mail);
    c->next = *bucket;
    *bucket = c;
}

void mua_forget_all(struct world *w)
{
    memories_free(w);
    for (size_t i = 0; i < sizeof w->sent / sizeof w->sent[0]; i++)
        while (w->sent[i]) {
            struct sent_copy *c = w->sent[i];
            w->sent[i] = c->next;
            mail_drop(&w->mails, c->mail);
            free(c->message_id);
            free(c);
        }
}

static const struct sent_copy *sent_find(struct world *w, struct wire_slice id)
{
    const struct sent_copy *c;
    if (id.len == 0)
        return NULL;
    for (c = *sent_bucket(w, id.at, id.len); c; c = c->next)
        if (wire_slice_is(id, c->message_id))
            return c;
    return NULL;
}

/* A field that servers on the way put in front of a message, and no author writes. */
static bool is_trace_field(struct wire_slice name)
{
    static const char *const names[] = { "Received",
                                         "Return-Path",              /* RFC 5321 section 4.4 */
                                         "Delivered-To",             /* RFC 9228 */
                                         "X-Original-To",            /* Postfix */
                                         "Received-SPF",             /* RFC 7208 section 9.1 */
                                         "Authentication-Results" }; /* RFC 8601 section 4 */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (wire_slice_is_nocase(name, names[i]))
            return true;
    return false;
}

/* True if `octets` end with what was sent, and all before it are trace fields. */
static bool intact(const struct sent_copy *c, const char *octets, size_t len)
{
    size_t n = c->mail->len, front, ends = 0;
    struct wire_fields f;
    struct wire_field field;
    /* SMTP can only carry whole lines: the end that the last one lacked is added on the way. */
    if (n > 0 && mail_text(c->mail)[n - 1] != '\n' && len >= 2 && memcmp(octets + len - 2, "\r\n", 2) == 0)
        ends = 2;
    if (len < n + ends || memcmp(octets + (len - n - ends), mail_text(c->mail), n) != 0)
        return false;
    front = len - n - ends;
    wire_fields_begin(&f, octets, front);
    while (wire_field_next(&f, &field))
        if (!is_trace_field(field.name))
            return false;
    return true;
}

static void shown(char *out, const char *octets, size_t len, const char *name)
{
    char flat[MUA_SHOWN_MAX];
    struct wire_slice body = wire_field_body(octets, len, name);
    size_t n = wire_field_unfold(flat, sizeof flat, body);
    n = wire_rfc2047_decode(out, MUA_SHOWN_MAX - 1, wire_slice(flat, n < sizeof flat ? n : sizeof flat));
    out[n < MUA_SHOWN_MAX - 1 ? n : MUA_SHOWN_MAX - 1] = '\0';
}

void mua_attr_headers(struct trace_record *r, struct mua_headers *h, const char *octets, size_t len)
{
    shown(h->message_id, octets, len, "Message-ID");
    shown(h->subject, octets, len, "Subject");
    shown(h->from, octets, len, "From");
    trace_attr_str(r, "message_id", h->message_id);
    trace_attr_str(r, "subject", h->subject);
    trace_attr_str(r, "from", h->from);
}

void mua_tell_message(struct account *account, struct action_run *run, const char *via, const char *octets,
                      size_t len, const char *flags)
{
    struct host *h = account->host;
    struct world *w = h->world;
    const struct sent_copy *c;
    struct trace_record r;
    struct mua_headers head;
    w->totals.fetched++;
    if (!tell_state(&r, h, TRACE_KIND_CLIENT, "message"))
        return;
    mua_attr_headers(&r, &head, octets, len);
    c = sent_find(w, wire_slice_str(head.message_id));
    trace_attr_str(&r, "action", run->spec->name ? run->spec->name : "");
    trace_attr_str(&r, "account", account->spec->address ? account->spec->address : "");
    trace_attr_str(&r, "via", via);
    trace_attr_str(&r, "message", c ? c->name : "");
    trace_attr_num(&r, "octets", (int64_t)len);
    if (flags)
        trace_attr_str(&r, "flags", flags);
    if (c)
        trace_attr_str(&r, "intact", intact(c, octets, len) ? "yes" : "no");
    tell_send(&r, h, true);
}

static size_t lookup_octets(void)
{
    return sizeof(struct lookup_ctx);
}

void mua_init_world(struct world *w)
{
    core_pool_init(&w->errand_lookups, lookup_octets(), 0);
    core_pool_init(&w->muas_smtp, mua_smtp_octets(), 0);
    core_pool_init(&w->muas_pop3, mua_pop3_octets(), 0);
    core_pool_init(&w->muas_imap, mua_imap_octets(), 0);
}
