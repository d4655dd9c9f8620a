/* TLS between TCP and the engine: ciphertext on one side, the engine's lines on the other. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/pump_inside.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/secure.h"
#include "sim/hosts/tell.h"

struct pump_tls {
    struct tls_session *session;
    char *plain; /* what the engine has not taken yet; owned */
    size_t cap, at, len;
    bool eof_told;
    uint8_t binding_type; /* enum sasl_binding */
    uint8_t binding_len;
    unsigned char binding[TLS_BINDING_MAX];
};

static struct tls_step *step_of(const struct pump *p)
{
    return &pump_world(p)->scratch->tls;
}

/* ---- out ----------------------------------------------------------------------------------------------- */

static void send_sealed(struct pump *p, struct tls_step *out)
{
    said_octets(p, out->send_len);
    if (out->send_len > 0)
        pump_raw(p, out->send, out->send_len);
}

/* What the step said, and what it wants sent, to the last octet. */
static void put_out(struct pump *p, struct tls_step *out)
{
    for (;;) {
        for (uint32_t i = 0; i < out->events && world_tells(pump_world(p), TRACE_LINE); i++)
            if (out->event[i].sent)
                said_tls(p, &out->event[i]);
        send_sealed(p, out);
        if (!out->more)
            return;
        tls_session_pull(p->tls->session, out);
    }
}

void pump_tls_say(struct pump *p, const struct wire_out *said)
{
    struct tls_step *out = step_of(p);
    size_t took = tls_session_send(p->tls->session, said->text, said->len, out);
    if (took == 0)
        return; /* the session has ended: the engine will hear of it */
    assert(took == said->len);
    if (world_tells(pump_world(p), TRACE_LINE))
        said_lines(p, said, out->send_len);
    else
        said_octets(p, out->send_len);
    pump_raw(p, out->send, out->send_len);
    while (out->more) {
        tls_session_pull(p->tls->session, out);
        send_sealed(p, out);
    }
}

void pump_tls_close(struct pump *p)
{
    struct tls_step *out = step_of(p);
    enum tls_state state = tls_session_state(p->tls->session);
    if (state != TLS_OPEN && state != TLS_READ_CLOSED)
        return;
    tls_session_close(p->tls->session, out);
    put_out(p, out);
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static void keep_plain(struct pump *p, const struct tls_step *out)
{
    struct pump_tls *t = p->tls;
    struct core_depot *depot = &pump_world(p)->net.depot;
    if (out->plain_len == 0)
        return;
    if (t->cap - t->at - t->len < out->plain_len) {
        size_t cap;
        char *grown = core_depot_take(depot, t->len + out->plain_len, &cap);
        if (t->len > 0)
            memcpy(grown, t->plain + t->at, t->len);
        core_depot_give(depot, t->plain, t->cap);
        t->plain = grown;
        t->cap = cap;
        t->at = 0;
    }
    memcpy(t->plain + t->at + t->len, out->plain, out->plain_len);
    t->len += out->plain_len;
}

void pump_tls_again(struct pump *p)
{
    struct pump_tls *t = p->tls;
    while (t->len > 0 && pump_hungry(p)) {
        size_t n = pump_feed(p, t->plain + t->at, t->len);
        if (n == 0)
            break;
        t->at += n;
        t->len -= n;
    }
    if (t->len == 0 && t->plain) {
        core_depot_give(&pump_world(p)->net.depot, t->plain, t->cap);
        t->plain = NULL;
        t->cap = t->at = 0;
    }
}

static void tell_secured(struct pump *p)
{
    struct trace_record r;
    const struct tls_session *s = p->tls->session;
    enum tls_verdict trust = tls_session_trust(s);
    char version[8];
    if (!tell_state(&r, p->host, TRACE_KIND_SESSION, "tls"))
        return;
    r.conn = pump_number(p);
    r.peer = p->peer;
    r.proto = TRACE_TLS;
    trace_attr_str(&r, "version", tls_version_name((uint16_t)tls_session_version(s), version));
    trace_attr_str(&r, "cipher", tls_session_cipher(s));
    trace_attr_str(&r, "server_name", tls_session_server_name(s));
    if (p->ops->dir == 'C' && trust != TLS_GOES_ON)
        trace_attr_str(&r, "certificate", tls_verdict_info(trust)->name);
    tell_send(&r, p->host, true);
}

static void tell_failed(struct pump *p, const char *event, const char *name, const struct wire_lesson *why)
{
    struct trace_record r;
    if (!tell_state(&r, p->host, TRACE_KIND_SESSION, event))
        return;
    r.conn = pump_number(p);
    r.peer = p->peer;
    r.proto = TRACE_TLS;
    r.title = why->title;
    r.lesson = why->lesson;
    r.section = why->section;
    trace_attr_str(&r, "verdict", name);
    tell_send(&r, p->host, true);
}

static_assert(TLS_BINDING_MAX <= SASL_BINDING_DATA_MAX, "SASL takes what TLS gives");

static void keep_binding(struct pump_tls *t)
{
    bool is_1_2 = tls_session_version(t->session) == TLS_VERSION_1_2;
    size_t len =
        tls_session_binding(t->session, is_1_2 ? TLS_BINDING_UNIQUE : TLS_BINDING_EXPORTER, t->binding);
    t->binding_len = (uint8_t)len;
    t->binding_type = (uint8_t)(len == 0 ? SASL_BINDING_NONE
                                : is_1_2 ? SASL_BINDING_TLS_UNIQUE
                                         : SASL_BINDING_TLS_EXPORTER);
}

enum sasl_binding pump_binding(const struct pump *p, struct wire_slice *octets)
{
    const struct pump_tls *t = p->tls;
    *octets = t ? wire_slice((const char *)t->binding, t->binding_len) : wire_slice(NULL, 0);
    return t ? (enum sasl_binding)t->binding_type : SASL_BINDING_NONE;
}

/* The session's state has moved: whoever sits above is told. */
static void moved(struct pump *p, enum tls_state before, enum tls_state after, enum tls_verdict verdict,
                  const struct wire_lesson *why)
{
    struct pump_tls *t = p->tls;
    if (after == TLS_FAILED) {
        const char *name = tls_verdict_info(verdict)->name;
        const struct wire_lesson *reason = why ? why : &tls_verdict_info(verdict)->words;
        tell_failed(p, before == TLS_HANDSHAKE ? "tls-failed" : "tls-broken", name, reason);
        if (before == TLS_HANDSHAKE && p->ops->not_secured)
            p->ops->not_secured(p, name, reason);
        else if (!t->eof_told) {
            t->eof_told = true;
            p->ops->peer_closed(p);
        }
        pump_close(p);
        return;
    }
    if (before == TLS_HANDSHAKE && after != TLS_HANDSHAKE) {
        keep_binding(t);
        tell_secured(p);
        p->ops->secured(p);
    }
}

static void took_step(struct pump *p, struct tls_step *out)
{
    enum tls_state before = out->before, after = out->after;
    enum tls_verdict verdict = out->verdict;
    const struct wire_lesson *why = out->why;
    for (uint32_t i = 0; i < out->events; i++)
        heard_tls(p, &out->event[i]);
    heard_plain(p, out->plain, out->plain_len);
    keep_plain(p, out);
    put_out(p, out);
    if (before != after)
        moved(p, before, after, verdict, why);
    pump_tls_again(p);
    if ((after == TLS_READ_CLOSED || after == TLS_CLOSED) && before != after && !p->tls->eof_told &&
        !p->closing) {
        p->tls->eof_told = true;
        p->ops->peer_closed(p);
    }
}

/* Whoever says goodbye no longer listens to what is inside; but the session must see the other end's
 * close_notify, or a good end would look like one that was cut off. */
static void drop_step(struct pump *p, struct tls_step *out)
{
    while (out->more)
        tls_session_pull(p->tls->session, out);
}

size_t pump_tls_data(struct pump *p, const char *octets, size_t len)
{
    size_t used = 0;
    while (used < len && !p->aborting) {
        struct tls_step *out = step_of(p);
        used += tls_session_step(p->tls->session, octets + used, len - used, out);
        if (p->closing)
            drop_step(p, out);
        else
            took_step(p, out);
    }
    return len;
}

void pump_tls_eof(struct pump *p)
{
    struct tls_step *out = step_of(p);
    tls_session_eof(p->tls->session, out);
    if (p->closing)
        drop_step(p, out);
    else
        took_step(p, out);
    if (!p->tls->eof_told) {
        p->tls->eof_told = true;
        p->ops->peer_closed(p);
    }
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

void pump_secure(struct pump *p, struct tls_context *context, const char *server_name)
{
    struct world *w = pump_world(p);
    struct tls_session_config config = { .random = secure_random(w),
                                         .server_name = server_name,
                                         .now_s = world_seconds(w),
                                         .tell = world_tells(w, TRACE_LINE),
                                         .host = w,
                                         .keylog = secure_keylog };
    assert(!p->tls);
    p->tls = core_alloc(sizeof *p->tls);
    heard_secure(p);
    p->tls->session = tls_session_new(context, &config);
    if (!p->tls->session) {
        fputs("mailwalk: out of memory for TLS\n", stderr);
        abort();
    }
    if (server_name) {
        struct tls_step *out = step_of(p);
        tls_session_start(p->tls->session, out);
        put_out(p, out);
    }
}

void pump_tls_free(struct pump *p)
{
    if (!p->tls)
        return;
    core_depot_give(&pump_world(p)->net.depot, p->tls->plain, p->tls->cap);
    tls_session_free(p->tls->session);
    free(p->tls);
    p->tls = NULL;
}
