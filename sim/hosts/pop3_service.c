/* POP3 servers of a store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/hand.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/service_auth.h"
#include "sim/hosts/services.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

struct pop3_listener { /* one port */
    struct store *store;
    const struct spec_service *spec;
    struct pop3_server_config config;
    const struct sasl_server_config *sasl;
};

struct pop3_session {
    struct pump pump;
    struct pop3_listener *listener;
    struct pop3_server engine;
    struct service_auth auth;
    struct user *locked;     /* whose maildrop is open; NULL: none */
    struct stored **message; /* the snapshot; owned */
    uint8_t *marked;         /* owned */
    uint32_t count;
    uint32_t retrieved; /* messages */
    uint64_t octets;    /* of them */
};

static struct host *host_of(const struct pop3_session *s)
{
    return s->listener->store->host;
}

static void tell_session(struct pop3_session *s, const char *event, const char *result)
{
    struct trace_record r;
    struct tell_ends ends;
    if (!tell_session_begin(&r, &s->pump, event, "pop3", &ends))
        return;
    if (s->auth.user || s->locked) {
        trace_attr_str(&r, "user", (s->locked ? s->locked : s->auth.user)->spec->name);
        trace_attr_str(&r, "method", s->auth.method ? s->auth.method : "PLAIN");
    }
    if (strcmp(event, "logout") == 0) {
        trace_attr_num(&r, "messages", s->retrieved);
        trace_attr_num(&r, "octets", (int64_t)s->octets);
    }
    if (result)
        trace_attr_str(&r, "result", result);
    if (strcmp(event, "auth-failed") == 0)
        service_auth_attr_failed(&r, &s->auth);
    tell_send(&r, s->pump.host, false);
}

/* ---- the maildrop, for the engine ---------------------------------------------------------------- */

static enum pop3_open op_open(void *host, uint32_t *count)
{
    struct pop3_session *s = host;
    struct user *u = s->auth.user;
    struct mailbox *box;
    if (!u)
        return POP3_OPEN_PERMFAIL;
    if (u->locked)
        return POP3_OPEN_IN_USE;
    box = &u->inbox;
    u->locked = true;
    s->locked = u;
    s->count = box->count;
    s->message = core_alloc((s->count + 1) * sizeof(struct stored *));
    s->marked = core_alloc(s->count + 1);
    for (uint32_t i = 0; i < s->count; i++) {
        s->message[i] = box->message[i];
        s->message[i]->refs++;
    }
    *count = s->count;
    return POP3_OPEN_OK;
}

static uint64_t op_size(void *host, uint32_t i)
{
    struct pop3_session *s = host;
    return stored_len(s->message[i]);
}

static struct wire_slice op_uidl(void *host, uint32_t i)
{
    struct pop3_session *s = host;
    char *text = host_of(s)->world->scratch->uidl;
    snprintf(text, SCRATCH_UIDL, "%08x%08x", s->locked->inbox.uidvalidity, s->message[i]->uid);
    return wire_slice(text, 16);
}

static struct wire_slice op_bytes(void *host, uint32_t i)
{
    struct pop3_session *s = host;
    return wire_slice(stored_octets(s->message[i]), stored_len(s->message[i]));
}

static bool op_marked(void *host, uint32_t i)
{
    struct pop3_session *s = host;
    return s->marked[i];
}

static void op_mark(void *host, uint32_t i, bool deleted)
{
    struct pop3_session *s = host;
    s->marked[i] = deleted;
}

static bool op_close(void *host, bool commit)
{
    struct pop3_session *s = host;
    struct user *u = s->locked;
    if (!u)
        return true;
    for (uint32_t i = 0; i < s->count; i++) {
        if (commit && s->marked[i] && !s->message[i]->gone) {
            struct stored *m = s->message[i];
            store_remove(&u->inbox, m);
            store_tell(u, &u->inbox, TRACE_POP3, "expunged", m);
        }
        stored_drop(host_of(s)->world, s->message[i]);
    }
    free(s->message);
    free(s->marked);
    s->message = NULL;
    s->marked = NULL;
    u->locked = false;
    s->locked = NULL;
    return true;
}

static const struct pop3_server_ops drop_ops = { .open = op_open,
                                                 .size = op_size,
                                                 .uidl = op_uidl,
                                                 .bytes = op_bytes,
                                                 .marked = op_marked,
                                                 .mark = op_mark,
                                                 .close = op_close };

/* ---- the session ------------------------------------------------------------------------------------ */

/* Somebody has ordered that this command is not answered. */
static bool dropped(struct pop3_session *s, const struct pop3_step *out)
{
    const char *name = pop3_verb_info(out->verb)->name;
    return host_of(s)->world->troubles && name && trouble_drops(&s->pump, name);
}

static void after_step(struct pop3_session *s, struct pop3_step *out)
{
    pump_say(&s->pump, &out->send);
    if (out->start_tls)
        pump_secure(&s->pump, secure_server(host_of(s)), NULL);
    if (out->more)
        pump_more(&s->pump);
    if (out->close)
        pump_close(&s->pump);
}

static void greet(struct pop3_session *s)
{
    struct pop3_step *out = &host_of(s)->world->scratch->pop3_server;
    pop3_server_start(&s->engine, world_now(host_of(s)->world), out);
    if (!host_of(s)->world->troubles || !trouble_drops(&s->pump, "CONNECT"))
        after_step(s, out);
}

static void on_opened(struct pump *p)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    tell_session(s, "connect", NULL);
    if (s->listener->spec->security == SPEC_TLS)
        pump_secure(p, secure_server(host_of(s)), NULL);
    else
        greet(s);
    pump_wait(p, POP3_AUTOLOGOUT_NS);
}

static void on_secured(struct pump *p)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    service_auth_secured(&s->auth, p);
    pop3_server_tls_started(&s->engine);
    if (s->listener->spec->security == SPEC_TLS)
        greet(s);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    (void)name;
    (void)why;
    pop3_server_lost(&s->engine);
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    struct pop3_step *out = &host_of(s)->world->scratch->pop3_server;
    size_t used = pop3_server_step(&s->engine, in, len, out);
    if (used == 0)
        return 0;
    pump_wait(p, POP3_AUTOLOGOUT_NS);
    pop3_server_touch(&s->engine, world_now(host_of(s)->world));
    if (out->verdict == POP3_LOGGED_IN)
        tell_session(s, "login", NULL);
    else if (out->verdict == POP3_DENIED)
        tell_session(s, "auth-failed", NULL);
    else if (out->verdict == POP3_COMMITTED)
        tell_session(s, "logout", NULL);
    else if (out->verdict == POP3_MESSAGE && out->message > 0 && s->locked) {
        s->retrieved++;
        s->octets += stored_len(s->message[out->message - 1]);
        store_tell(s->locked, &s->locked->inbox, TRACE_POP3, "fetched", s->message[out->message - 1]);
    }
    if (!dropped(s, out))
        after_step(s, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    struct pop3_step *out = &host_of(s)->world->scratch->pop3_server;
    bool any = pop3_server_pull(&s->engine, out);
    if (!any)
        return false;
    pump_say(p, &out->send);
    /* A long download is no inactivity, however slow the line is. */
    pump_wait(p, POP3_AUTOLOGOUT_NS);
    pop3_server_touch(&s->engine, world_now(host_of(s)->world));
    return out->more;
}

static void on_peer_closed(struct pump *p)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    pop3_server_lost(&s->engine);
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    struct pop3_step *out = &host_of(s)->world->scratch->pop3_server;
    if (p->closing) {
        pump_abort(p);
        return;
    }
    tell_session(s, "timeout", NULL);
    if (pop3_server_expire(&s->engine, world_now(host_of(s)->world), out))
        after_step(s, out);
    pump_close(p);
    pump_wait(p, POP3_AUTOLOGOUT_NS);
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct pop3_session *s = CORE_OWNER(p, struct pop3_session, pump);
    struct world *w = host_of(s)->world;
    pop3_server_lost(&s->engine);
    tell_session(s, why == TCP_END_NORMAL ? "disconnect" : "lost", NULL);
    service_auth_end(&s->auth);
    core_pool_give(&w->pop3_in, s);
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return why == pop3_data_lesson(POP3_BODY_LINES);
}

static const char *state_of(const struct pump *p, const char **user)
{
    const struct pop3_session *s = CORE_OWNER((struct pump *)(uintptr_t)p, struct pop3_session, pump);
    *user = s->locked ? s->locked->spec->name : NULL;
    return pop3_state_name((enum pop3_state)s->engine.state);
}

static const struct pump_ops session_ops = { .proto = TRACE_POP3,
                                             .dir = 'S',
                                             .opened = on_opened,
                                             .step = on_step,
                                             .pull = on_pull,
                                             .peer_closed = on_peer_closed,
                                             .expired = on_expired,
                                             .ended = on_ended,
                                             .state = state_of,
                                             .content = is_content,
                                             .secured = on_secured,
                                             .not_secured = on_not_secured };

static bool accepted(struct net_host *net_host, void *ctx, struct tcp_conn *c, const struct tcp_ops **ops,
                     void **app)
{
    struct pop3_listener *l = ctx;
    struct pop3_session *s = core_pool_take(&l->store->host->world->pop3_in);
    (void)net_host;
    pump_accept(&s->pump, l->store->host, &session_ops, c, ops, app);
    s->listener = l;
    s->locked = NULL;
    s->message = NULL;
    s->marked = NULL;
    s->count = s->retrieved = 0;
    s->octets = 0;
    service_auth_init(&s->auth, l->sasl, l->store->host);
    pop3_server_init(&s->engine, &l->config, s, &service_auth_ops, &s->auth);
    return true;
}

bool pop3_services_open(struct store *store, const struct spec_store *spec, const char **pointer)
{
    struct host *h = store->host;
    for (size_t i = 0; i < spec->nservices; i++) {
        struct pop3_listener *l;
        if (spec->services[i].kind != SPEC_POP3)
            continue;
        l = core_arena_take(&h->world->arena, sizeof *l);
        l->store = store;
        l->spec = &spec->services[i];
        l->sasl = service_auth_config(h, l->spec->mechanisms, l->spec->security == SPEC_STARTTLS);
        l->config = (struct pop3_server_config){ .ops = &drop_ops,
                                                 .host_name = wire_slice_str(h->spec->fqdn ? h->spec->fqdn
                                                                                           : h->spec->name),
                                                 .user = true,
                                                 .stls = l->spec->security == SPEC_STARTTLS,
                                                 .user_needs_tls = l->spec->security == SPEC_STARTTLS };
        if (!hand_sits(h, l->spec->port) && !tcp_listen(h->net, l->spec->port, accepted, l)) {
            *pointer = l->spec->pointer;
            return false;
        }
    }
    return true;
}

size_t pop3_session_octets(void)
{
    return sizeof(struct pop3_session);
}
