/* IMAP servers of a store. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/hand.h"
#include "sim/hosts/imap_box.h"
#include "sim/hosts/pump.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/services.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/trouble.h"

#define NEWS_AGAIN_NS (50 * CORE_MS)

struct imap_listener { /* one port */
    struct store *store;
    const struct spec_service *spec;
    struct imap_server_config config;
    const struct sasl_server_config *sasl;
};

struct imap_session {
    struct pump pump;
    struct imap_listener *listener;
    struct imap_server engine;
    struct imap_box box;
    struct core_timer news; /* polls the engine after the event that changed the mailbox */
};

static struct host *host_of(const struct imap_session *s)
{
    return s->listener->store->host;
}

static void tell_session(struct imap_session *s, const char *event)
{
    struct trace_record r;
    struct tell_ends ends;
    if (!tell_session_begin(&r, &s->pump, event, "imap", &ends))
        return;
    if (s->box.auth.user) {
        trace_attr_str(&r, "user", s->box.auth.user->spec->name);
        trace_attr_str(&r, "method", s->box.auth.method ? s->box.auth.method : "PLAIN");
    }
    if (strcmp(event, "auth-failed") == 0)
        service_auth_attr_failed(&r, &s->box.auth);
    tell_send(&r, s->pump.host, false);
}

/* Somebody has ordered that this command is not answered. */
static bool dropped(struct imap_session *s, const struct imap_step *out)
{
    const char *name = imap_verb_info(out->verb)->name;
    return host_of(s)->world->troubles && name && trouble_drops(&s->pump, name);
}

static void after_step(struct imap_session *s, struct imap_step *out)
{
    pump_say(&s->pump, &out->send);
    if (out->verdict == IMAP_TLS_BEGINS)
        pump_secure(&s->pump, secure_server(host_of(s)), NULL);
    if (out->more)
        pump_more(&s->pump);
    if (out->close)
        pump_close(&s->pump);
}

static void greet(struct imap_session *s)
{
    struct imap_step *out = &host_of(s)->world->scratch->imap_server;
    imap_server_greet(&s->engine, false, out);
    if (!host_of(s)->world->troubles || !trouble_drops(&s->pump, "CONNECT"))
        after_step(s, out);
    pump_wait(&s->pump, imap_server_patience_ns(&s->engine));
}

static void on_opened(struct pump *p)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    tell_session(s, "connect");
    if (s->listener->spec->security == SPEC_TLS) {
        pump_secure(p, secure_server(host_of(s)), NULL);
        pump_wait(p, imap_server_patience_ns(&s->engine));
    } else
        greet(s);
}

static void on_secured(struct pump *p)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    service_auth_secured(&s->box.auth, p);
    if (s->listener->spec->security == SPEC_TLS)
        greet(s);
    else
        imap_server_tls_started(&s->engine);
}

static void on_not_secured(struct pump *p, const char *name, const struct wire_lesson *why)
{
    (void)p; /* nothing was said yet, so nothing is lost; on_ended cleans up */
    (void)name;
    (void)why;
}

static size_t on_step(struct pump *p, const char *in, size_t len)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    struct imap_step *out = &host_of(s)->world->scratch->imap_server;
    size_t used = imap_server_step(&s->engine, in, len, out);
    if (used == 0)
        return 0;
    pump_wait(p, imap_server_patience_ns(&s->engine));
    if (out->verdict == IMAP_LOGGED_IN)
        tell_session(s, "login");
    else if (out->verdict == IMAP_WRONG_PASSWORD)
        tell_session(s, "auth-failed");
    else if (out->verb == IMAP_VERB_LOGOUT && out->close && s->box.auth.user)
        tell_session(s, "logout");
    if (!dropped(s, out))
        after_step(s, out);
    return used;
}

static bool on_pull(struct pump *p)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    struct imap_step *out = &host_of(s)->world->scratch->imap_server;
    bool any = imap_server_pull(&s->engine, out);
    if (!any)
        return false;
    pump_say(p, &out->send);
    pump_wait(p, imap_server_patience_ns(&s->engine)); /* a long download is no inactivity */
    if (out->close)
        pump_close(p);
    return out->more;
}

/* The mailbox changed under a session that may be idling: it is told in an event of its own, because the
 * change is still going on. */
static void wake(void *ctx)
{
    struct imap_session *s = ctx;
    struct core_queue *q = &host_of(s)->world->queue;
    if (!core_timer_armed(&s->news))
        core_timer_set(q, &s->news, q->now_ns);
}

static void on_news(struct core_queue *q, struct core_timer *timer)
{
    struct imap_session *s = CORE_OWNER(timer, struct imap_session, news);
    struct imap_step *out = &host_of(s)->world->scratch->imap_server;
    if (s->pump.hold) { /* a reply waits by order, and news behind it: nobody else would ask again */
        core_timer_set(q, timer, q->now_ns + NEWS_AGAIN_NS);
        return;
    }
    if (s->pump.more || s->pump.left_len > 0 || s->pump.closing)
        return;
    if (imap_server_poll(&s->engine, out))
        after_step(s, out);
}

static void on_peer_closed(struct pump *p)
{
    pump_close(p);
}

static void on_expired(struct pump *p)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    struct imap_step *out = &host_of(s)->world->scratch->imap_server;
    if (p->closing) {
        pump_abort(p);
        return;
    }
    tell_session(s, "timeout");
    if (!p->more) {
        imap_server_expire(&s->engine, false, out);
        after_step(s, out);
    }
    pump_close(p);
    pump_wait(p, imap_server_patience_ns(&s->engine));
}

static void on_ended(struct pump *p, enum tcp_end why)
{
    struct imap_session *s = CORE_OWNER(p, struct imap_session, pump);
    struct world *w = host_of(s)->world;
    imap_server_end(&s->engine);
    core_timer_cancel(&w->queue, &s->news);
    tell_session(s, why == TCP_END_NORMAL ? "disconnect" : "lost");
    imap_box_end(&s->box);
    core_pool_give(&w->imap_in, s);
}

static bool is_content(const struct pump *p, const struct wire_lesson *why)
{
    (void)p;
    return why == &imap_line_info(IMAP_LINE_CONTENT)->lesson;
}

static const char *state_of(const struct pump *p, const char **user)
{
    const struct imap_session *s = CORE_OWNER((struct pump *)(uintptr_t)p, struct imap_session, pump);
    *user = s->box.auth.user ? s->box.auth.user->spec->name : NULL;
    return imap_state_name((enum imap_state)s->engine.state);
}

static const struct pump_ops session_ops = { .proto = TRACE_IMAP,
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
    struct imap_listener *l = ctx;
    struct imap_session *s = core_pool_take(&l->store->host->world->imap_in);
    (void)net_host;
    pump_accept(&s->pump, l->store->host, &session_ops, c, ops, app);
    s->listener = l;
    s->news = (struct core_timer){ .run = on_news };
    memset(&s->box, 0, sizeof s->box);
    s->box.wake = wake;
    s->box.wake_ctx = s;
    service_auth_init(&s->box.auth, l->sasl, l->store->host);
    imap_server_init(&s->engine, &l->config, &s->box, &s->box.auth, l->spec->security == SPEC_TLS);
    return true;
}

bool imap_services_open(struct store *store, const struct spec_store *spec, const char **pointer)
{
    struct host *h = store->host;
    for (size_t i = 0; i < spec->nservices; i++) {
        struct imap_listener *l;
        if (spec->services[i].kind != SPEC_IMAP)
            continue;
        l = core_arena_take(&h->world->arena, sizeof *l);
        l->store = store;
        l->spec = &spec->services[i];
        l->sasl = service_auth_config(h, l->spec->mechanisms, l->spec->security == SPEC_STARTTLS);
        l->config = (struct imap_server_config){ .store = &imap_box_ops,
                                                 .auth = &service_auth_ops,
                                                 .scratch = h->world->scratch->imap_server_scratch,
                                                 .id_name = "mailwalk",
                                                 .extensions = IMAP_EXT_ALL,
                                                 .starttls = l->spec->security == SPEC_STARTTLS,
                                                 .tls_before_login = l->spec->security == SPEC_STARTTLS };
        if (!hand_sits(h, l->spec->port) && !tcp_listen(h->net, l->spec->port, accepted, l)) {
            *pointer = l->spec->pointer;
            return false;
        }
    }
    return true;
}

void services_reload(struct store *store, const struct spec_store *before, const struct spec_store *after)
{
    const char *pointer;
    bool opened;
    for (size_t i = 0; i < before->nservices; i++)
        if (!hand_sits(store->host, before->services[i].port))
            tcp_unlisten(store->host->net, before->services[i].port);
    opened = pop3_services_open(store, after, &pointer) && imap_services_open(store, after, &pointer);
    assert(opened); /* the loader has seen to it that no port is wanted twice */
    (void)opened;
}

size_t imap_session_octets(void)
{
    return sizeof(struct imap_session);
}

void services_init_world(struct world *w)
{
    core_pool_init(&w->pop3_in, pop3_session_octets(), 0);
    core_pool_init(&w->imap_in, imap_session_octets(), 0);
}
