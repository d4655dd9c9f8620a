/* What travels and what is decided, as events of the step. */
#include <assert.h>
#include <string.h>
#include <openssl/ssl.h>

#include "protocols/tls/tls_inside.h"

#define HANDSHAKE_HEADER 4  /* type and length, RFC 8446 section 4 */
#define QUOTE_MAX        60 /* octets of a peer's text that are quoted: ours */
#define ALERT_FATAL      2  /* RFC 8446 section 6 */

static const char *const side_names[] = { [TLS_CLIENT] = "client", [TLS_SERVER] = "server" };

/* ---- text of an event ---- */

static struct wire_writer text_begin(struct tls_step *out)
{
    return wire_writer(out->text + out->text_len, sizeof out->text - out->text_len);
}

static struct wire_slice text_end(struct tls_step *out, const struct wire_writer *w)
{
    struct wire_slice text = { w->at, w->len < w->cap ? w->len : w->cap };
    out->text_len += (uint32_t)text.len;
    return text;
}

/* The event, NULL if there is no room for one more. */
static struct tls_event *add(struct tls_step *out, enum tls_event_kind kind, uint8_t number)
{
    struct tls_event *e;
    if (out->events == TLS_EVENTS_MAX)
        return NULL;
    e = &out->event[out->events++];
    *e = (struct tls_event){ .kind = (uint8_t)kind, .number = number, .text = { out->text, 0 } };
    return e;
}

static void put_version(struct wire_writer *w, uint16_t version)
{
    char name[8];
    wire_put_str(w, tls_version_name(version, name));
}

static void put_code(struct wire_writer *w, const char *name, uint16_t number)
{
    char hex[8];
    wire_put_str(w, name ? name : tls_version_name(number, hex));
}

/* ---- messages ---- */

static void tell_client_hello(struct wire_writer *w, const struct tls_hello *h)
{
    wire_put_str(w, h->name[0] ? ": for " : ": names no server");
    wire_put_str(w, h->name);
    wire_put_str(w, "; offers ");
    for (int i = 0; i < h->offered_len; i++) {
        if (i > 0)
            wire_put_str(w, ", ");
        put_version(w, h->offered[i]);
    }
    wire_put_str(w, "; ");
    wire_put_number(w, h->suites_len);
    wire_put_str(w, h->suites_len == 1 ? " cipher suite" : " cipher suites");
}

static void tell_server_hello(struct wire_writer *w, const struct tls_hello *h, bool retry)
{
    wire_put_str(w, retry ? ": wants " : ": chooses ");
    put_version(w, h->chosen);
    wire_put_str(w, ", ");
    put_code(w, tls_suite_name(h->suite), h->suite);
    if (h->group) {
        wire_put_str(w, ", ");
        put_code(w, tls_group_name(h->group), h->group);
    }
}

/* The words behind a message's name, from its body. Returns its number, which the body may change. */
static uint8_t tell_body(struct tls_step *out, struct wire_writer *w, uint8_t type, const uint8_t *body,
                         size_t len)
{
    bool retry;
    const char *name;
    uint16_t group;
    switch (type) {
    case TLS_CLIENT_HELLO:
        tls_hello_client(body, len, &out->hello);
        wire_put_str(w, tls_message_info(type)->name);
        tell_client_hello(w, &out->hello);
        return type;
    case TLS_SERVER_HELLO:
        retry = tls_hello_server(body, len, &out->hello);
        type = retry ? TLS_HELLO_RETRY_REQUEST : TLS_SERVER_HELLO;
        wire_put_str(w, tls_message_info(type)->name);
        tell_server_hello(w, &out->hello, retry);
        return type;
    case TLS_SERVER_KEY_EXCHANGE:
        group = tls_hello_key_exchange(body, len);
        wire_put_str(w, tls_message_info(type)->name);
        if (group) {
            wire_put_str(w, ": a key on ");
            put_code(w, tls_group_name(group), group);
        }
        return type;
    case TLS_CERTIFICATE_VERIFY:
        name = tls_hello_signature(body, len);
        wire_put_str(w, tls_message_info(type)->name);
        if (name) {
            wire_put_str(w, ": signed with ");
            wire_put_str(w, name);
        }
        return type;
    default:
        wire_put_str(w, tls_message_info(type)->name);
        return type;
    }
}

static void tell_message(struct tls_session *s, bool sent, bool sealed, uint8_t type, const uint8_t *octets,
                         size_t len)
{
    struct tls_event *e = add(s->out, TLS_EVENT_MESSAGE, type);
    const struct tls_message_info *info;
    struct wire_writer w;
    size_t skip = len < HANDSHAKE_HEADER ? len : HANDSHAKE_HEADER;
    if (e == NULL)
        return;
    w = text_begin(s->out);
    e->number = tell_body(s->out, &w, type, octets + skip, len - skip);
    e->text = text_end(s->out, &w);
    info = tls_message_info(e->number);
    e->name = info->name;
    e->sent = sent;
    e->sealed = sealed;
    e->octets = (uint32_t)len;
    e->why = info->words12.title && SSL_version(s->ssl) <= TLS_VERSION_1_2 ? &info->words12 : &info->words;
    e->heard = sealed ? &tls_overheard_sealed : &info->overheard;
    if (type == TLS_CERTIFICATE && sent && s->context->side == TLS_SERVER) {
        STACK_OF(X509) *others = NULL;
        SSL_get0_chain_certs(s->ssl, &others);
        tls_tell_chain(s, SSL_get_certificate(s->ssl), others);
    }
}

static void tell_alert(struct tls_session *s, bool sent, bool sealed, uint8_t level, uint8_t number)
{
    struct tls_event *e = add(s->out, TLS_EVENT_ALERT, number);
    const struct tls_alert_info *info = tls_alert_info(number);
    struct wire_writer w;
    if (e == NULL)
        return;
    w = text_begin(s->out);
    wire_put_str(&w, "Alert: ");
    wire_put_str(&w, info->name);
    wire_put_str(&w, " (");
    wire_put_number(&w, number);
    wire_put_str(&w, level == ALERT_FATAL ? "), fatal" : ")");
    e->text = text_end(s->out, &w);
    e->name = info->name;
    e->sent = sent;
    e->sealed = sealed;
    e->fatal = level == ALERT_FATAL;
    e->octets = 2;
    e->why = &info->words;
    e->heard = sealed ? &tls_overheard_sealed : &tls_overheard_alert;
}

void tls_tell_octets(int sent, int version, int type, const void *octets, size_t len, SSL *ssl, void *session)
{
    struct tls_session *s = session;
    const uint8_t *at = octets;
    bool sealed;
    (void)version;
    if (s->out == NULL)
        return;
    if (type == SSL3_RT_ALERT && sent && len >= 2) {
        s->out->alert_sent = true;
        s->out->alert = at[1];
    }
    if (!s->tell)
        return;
    sealed = s->inner[sent] || (s->ccs[sent] && SSL_version(ssl) <= TLS_VERSION_1_2);
    if (type == SSL3_RT_HEADER) {
        s->inner[sent] = false;
        /* Of a ChangeCipherSpec that arrives OpenSSL reports nothing but its record. */
        if (len > 0 && at[0] == SSL3_RT_CHANGE_CIPHER_SPEC && !sent) {
            tell_message(s, false, sealed, TLS_CHANGE_CIPHER_SPEC, (const uint8_t *)"\1", 1);
            s->ccs[false] = true;
        }
    } else if (type == SSL3_RT_INNER_CONTENT_TYPE) {
        s->inner[sent] = true;
    } else if (type == SSL3_RT_HANDSHAKE && len >= 1) {
        tell_message(s, sent, sealed, at[0], at, len);
    } else if (type == SSL3_RT_CHANGE_CIPHER_SPEC && sent) {
        tell_message(s, true, sealed, TLS_CHANGE_CIPHER_SPEC, at, len);
        s->ccs[true] = true;
    } else if (type == SSL3_RT_ALERT && len >= 2) {
        tell_alert(s, sent, sealed, at[0], at[1]);
    }
}

/* ---- certificates ---- */

static void put_chain(struct wire_writer *w, const struct tls_step *out)
{
    const struct tls_certificate *leaf = &out->chain[0];
    wire_put_str(w, "Certificate: for ");
    wire_put_str(w, leaf->names[0] ? leaf->names : leaf->subject);
    wire_put_str(w, "; from ");
    tls_chain_put_date(w, leaf->not_before_s);
    wire_put_str(w, " to ");
    tls_chain_put_date(w, leaf->not_after_s);
    wire_put_str(w, leaf->self_issued ? "; signed by itself" : "; signed by ");
    if (!leaf->self_issued)
        wire_put_str(w, leaf->issuer);
    for (uint32_t i = 1; i < out->chain_len; i++) {
        wire_put_str(w, "; sent with ");
        wire_put_str(w, out->chain[i].subject);
        if (!out->chain[i].self_issued) {
            wire_put_str(w, ", signed by ");
            wire_put_str(w, out->chain[i].issuer);
        }
    }
}

/* A peer's chain may begin with the leaf; ours does not. */
static void describe_chain(struct tls_step *out, const X509 *leaf, const STACK_OF(X509) * others)
{
    tls_chain_describe((X509 *)(uintptr_t)leaf, &out->chain[0]);
    out->chain_len = 1;
    for (int i = 0; i < sk_X509_num(others) && out->chain_len < TLS_CHAIN_MAX; i++)
        if (sk_X509_value(others, i) != leaf)
            tls_chain_describe(sk_X509_value(others, i), &out->chain[out->chain_len++]);
}

void tls_tell_chain(struct tls_session *s, const X509 *leaf, STACK_OF(X509) * others)
{
    struct tls_step *out = s->out;
    struct tls_event *e = NULL;
    struct wire_writer w;
    if (out == NULL || leaf == NULL)
        return;
    describe_chain(out, leaf, others);
    for (uint32_t i = out->events; i > 0 && e == NULL; i--)
        if (out->event[i - 1].kind == TLS_EVENT_MESSAGE && out->event[i - 1].number == TLS_CERTIFICATE)
            e = &out->event[i - 1];
    if (e == NULL)
        return;
    w = text_begin(out);
    put_chain(&w, out);
    e->text = text_end(out, &w);
}

/* ---- decisions ---- */

/* What makes this verdict more than its name: the date, the name, the cipher. */
static void put_reason(struct wire_writer *w, const struct tls_session *s, enum tls_verdict verdict)
{
    const struct tls_certificate *leaf = &s->out->chain[0];
    if (verdict == TLS_ESTABLISHED) {
        wire_put_str(w, ": ");
        put_version(w, (uint16_t)SSL_version(s->ssl));
        wire_put_str(w, ", ");
        wire_put_str(w, tls_session_cipher(s));
        return;
    }
    if (!tls_verdict_is_certificate(verdict) || s->out->chain_len == 0)
        return;
    if (verdict == TLS_CERT_EXPIRED) {
        wire_put_str(w, ": it ended on ");
        tls_chain_put_date(w, leaf->not_after_s);
        wire_put_str(w, ", today is ");
        tls_chain_put_date(w, s->now_s);
    } else if (verdict == TLS_CERT_NOT_YET_VALID) {
        wire_put_str(w, ": it begins on ");
        tls_chain_put_date(w, leaf->not_before_s);
        wire_put_str(w, ", today is ");
        tls_chain_put_date(w, s->now_s);
    } else if (verdict == TLS_CERT_WRONG_NAME) {
        wire_put_str(w, ": it is for ");
        wire_put_str(w, leaf->names[0] ? leaf->names : leaf->subject);
        wire_put_str(w, ", and wanted is ");
        wire_put_str(w, s->server_name ? s->server_name : "any");
    } else if (verdict == TLS_CERT_UNKNOWN_CA) {
        wire_put_str(w, ": not in the list of CAs: ");
        wire_put_str(w, s->out->chain[s->out->chain_len - 1].issuer);
    } else if (verdict == TLS_CERT_TRUSTED && s->server_name) {
        wire_put_str(w, ": for ");
        wire_put_str(w, s->server_name);
    }
}

static struct tls_event *add_verdict(struct tls_session *s, enum tls_verdict verdict)
{
    const struct tls_verdict_info *info = tls_verdict_info(verdict);
    struct tls_event *e = add(s->out, TLS_EVENT_VERDICT, (uint8_t)verdict);
    bool tolerated = tls_verdict_is_certificate(verdict) && s->context->check == TLS_CHECK_OPPORTUNISTIC;
    if (e == NULL)
        return NULL;
    e->name = info->name;
    e->why = tolerated ? &info->tolerated : &info->words;
    e->fatal = tls_verdict_is_failure(verdict) && !tolerated;
    return e;
}

void tls_tell_verdict(struct tls_session *s, enum tls_verdict verdict)
{
    struct tls_event *e = s->out ? add_verdict(s, verdict) : NULL;
    struct wire_writer w;
    if (e == NULL)
        return;
    w = text_begin(s->out);
    wire_put_str(&w, "the ");
    wire_put_str(&w, side_names[s->context->side]);
    wire_put_str(&w, e->fatal ? " fails: " : " finds: ");
    wire_put_str(&w, e->name);
    put_reason(&w, s, verdict);
    e->text = text_end(s->out, &w);
}

void tls_tell_strange(struct tls_session *s, enum tls_verdict verdict, const char *octets, size_t len)
{
    struct tls_event *e = add_verdict(s, verdict);
    struct wire_writer w;
    if (e == NULL)
        return;
    w = text_begin(s->out);
    wire_put_str(&w,
                 verdict == TLS_PLAIN_PEER ? "the peer says \"" : "the peer sends octets that are not TLS");
    for (size_t i = 0;
         verdict == TLS_PLAIN_PEER && i < len && i < QUOTE_MAX && octets[i] != '\r' && octets[i] != '\n'; i++)
        wire_put_char(&w, wire_is_visible(octets[i]) || octets[i] == ' ' ? octets[i] : '?');
    if (verdict == TLS_PLAIN_PEER)
        wire_put_char(&w, '"');
    e->text = text_end(s->out, &w);
}
