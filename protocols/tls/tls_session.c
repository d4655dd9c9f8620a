/* One end of a TLS connection: octets in, octets out, and what OpenSSL's errors mean. */
#include "protocols/tls/tls_session.h"

#include <assert.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "protocols/tls/tls_inside.h"
#include "protocols/tls/tls_pki_inside.h"

/* ---- the state, and the frame of a call ---- */

static const bool moves[TLS_FAILED + 1][TLS_FAILED + 1] = {
    [TLS_HANDSHAKE] = { [TLS_OPEN] = true, [TLS_CLOSED] = true, [TLS_FAILED] = true },
    [TLS_OPEN] = { [TLS_READ_CLOSED] = true, [TLS_WRITE_CLOSED] = true, [TLS_FAILED] = true },
    [TLS_READ_CLOSED] = { [TLS_CLOSED] = true, [TLS_FAILED] = true },
    [TLS_WRITE_CLOSED] = { [TLS_CLOSED] = true, [TLS_FAILED] = true },
};

/* The only place where the state changes. */
static void enter(struct tls_session *s, enum tls_state next)
{
    assert(moves[s->state][next]);
    s->state = (uint8_t)next;
}

static void begin(struct tls_session *s, struct tls_step *out)
{
    out->before = out->after = (enum tls_state)s->state;
    out->verdict = TLS_GOES_ON;
    out->alert = 0;
    out->alert_sent = out->more = false;
    out->why = NULL;
    out->send_len = out->plain_len = out->text_len = 0;
    out->events = out->chain_len = 0;
    out->hello.client = out->hello.server = false;
    s->out = out;
    s->judged = false;
    ERR_clear_error();
    tls_chance_use(s->context->lib, &s->stream);
}

static void end(struct tls_session *s)
{
    tls_chance_use(s->context->lib, NULL);
    s->out->after = (enum tls_state)s->state;
    s->out = NULL;
    s->in = NULL;
    s->in_len = 0;
}

/* Is it told where it is found? An alert as it came, a certificate as it was judged, octets that are not TLS
 * with a quotation; data is the protocol's to tell. */
static bool told_elsewhere(const struct tls_session *s, enum tls_verdict verdict)
{
    switch (verdict) {
    case TLS_ALERTED:
    case TLS_NOTIFIED:
    case TLS_DATA:
    case TLS_PLAIN_PEER:
    case TLS_GARBAGE:
        return true;
    default:
        return s->judged && tls_verdict_is_certificate(verdict);
    }
}

/* Decides how the step ends; a failure ends the session too. */
static void conclude(struct tls_session *s, enum tls_verdict verdict)
{
    struct tls_step *out = s->out;
    out->verdict = verdict;
    if (verdict == TLS_GOES_ON)
        return;
    out->why =
        verdict == TLS_ALERTED ? &tls_alert_info(out->alert)->words : &tls_verdict_info(verdict)->words;
    if (tls_verdict_is_failure(verdict))
        enter(s, TLS_FAILED);
    if (s->tell && !told_elsewhere(s, verdict))
        tls_tell_verdict(s, verdict);
}

/* ---- what OpenSSL's errors mean ---- */

static enum tls_verdict verdict_of(struct tls_session *s, unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    if (reason == ERR_R_MALLOC_FAILURE)
        return TLS_MACHINE;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return TLS_GOES_ON;
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
        s->out->alert = (uint8_t)(reason - SSL_AD_REASON_OFFSET);
        return TLS_ALERTED;
    }
    switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return tls_verdict_is_failure((enum tls_verdict)s->trust) ? (enum tls_verdict)s->trust : TLS_CERT_BAD;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return TLS_NO_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
        return TLS_NO_CIPHER;
    default:
        return TLS_GOES_ON;
    }
}

/* The first error that has a name here; whatever has none is the peer's broken octets. */
static enum tls_verdict failure(struct tls_session *s)
{
    enum tls_verdict verdict = TLS_GOES_ON;
    unsigned long error;
    while ((error = ERR_get_error()) != 0)
        if (verdict == TLS_GOES_ON)
            verdict = verdict_of(s, error);
    return verdict == TLS_GOES_ON ? TLS_BROKEN : verdict;
}

/* The result of a call that did not succeed. */
static void settle(struct tls_session *s, int result)
{
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_WANT_WRITE:
        s->out->more = true;
        break;
    case SSL_ERROR_ZERO_RETURN:
        if (s->state == TLS_OPEN || s->state == TLS_WRITE_CLOSED) {
            enter(s, s->state == TLS_OPEN ? TLS_READ_CLOSED : TLS_CLOSED);
            conclude(s, TLS_NOTIFIED);
        }
        break;
    default:
        conclude(s, failure(s));
    }
}

/* ---- making one ---- */

static void keylog_line(const SSL *ssl, const char *line)
{
    struct tls_session *s = SSL_get_app_data(ssl);
    if (s->keylog)
        s->keylog(s->host, line);
}

/* Partial wildcards are what RFC 9525 section 6.3 forbids, names in the subject what its section 2 leaves
 * behind. */
static bool set_name(struct tls_session *s, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(s->ssl);
    bool address = tls_name_is_address(name);
    s->server_name = OPENSSL_strdup(name);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (s->server_name == NULL || strlen(name) > TLS_NAME_MAX)
        return false;
    if (address) /* no SNI: RFC 6066 section 3 */
        return X509_VERIFY_PARAM_set1_ip_asc(param, name);
    return X509_VERIFY_PARAM_set1_host(param, name, 0) && SSL_set_tlsext_host_name(s->ssl, name);
}

static bool prepare(struct tls_session *s, const struct tls_session_config *config)
{
    struct tls_context *c = s->context;
    BIO *bio;
    s->ssl = SSL_new(c->ssl);
    bio = s->ssl ? BIO_new(c->method) : NULL;
    if (bio == NULL)
        return false;
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    if (!SSL_set_app_data(s->ssl, s))
        return false;
    SSL_set_msg_callback(s->ssl, tls_tell_octets);
    SSL_set_msg_callback_arg(s->ssl, s);
    if (s->keylog)
        SSL_CTX_set_keylog_callback(c->ssl, keylog_line);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(s->ssl), (time_t)config->now_s);
    if (c->side == TLS_SERVER) {
        SSL_set_accept_state(s->ssl);
        return true;
    }
    SSL_set_connect_state(s->ssl);
    return !config->server_name || set_name(s, config->server_name);
}

struct tls_session *tls_session_new(struct tls_context *context, const struct tls_session_config *config)
{
    struct tls_session *s = OPENSSL_zalloc(sizeof *s);
    unsigned char seed[TLS_SEED_OCTETS];
    bool ok;
    if (s == NULL)
        return NULL;
    s->context = context;
    s->state = TLS_HANDSHAKE;
    s->trust = TLS_GOES_ON;
    s->tell = config->tell;
    s->now_s = config->now_s;
    s->host = config->host;
    s->keylog = config->keylog;
    config->random.fill(config->random.ctx, seed, sizeof seed);
    tls_stream_init(&s->stream, seed);
    tls_chance_use(context->lib, &s->stream);
    ok = prepare(s, config);
    tls_chance_use(context->lib, NULL);
    if (ok)
        return s;
    tls_session_free(s);
    ERR_clear_error();
    return NULL;
}

void tls_session_free(struct tls_session *s)
{
    if (s == NULL)
        return;
    SSL_free(s->ssl);
    OPENSSL_free(s->server_name);
    OPENSSL_clear_free(s, sizeof *s);
}

/* ---- the calls ---- */

static void handshake(struct tls_session *s)
{
    int result = SSL_do_handshake(s->ssl);
    if (result != 1) {
        settle(s, result);
        return;
    }
    enter(s, TLS_OPEN);
    conclude(s, TLS_ESTABLISHED);
}

static void read_plain(struct tls_session *s)
{
    size_t got = 0;
    int result = SSL_read_ex(s->ssl, s->out->plain, sizeof s->out->plain, &got);
    if (result != 1) {
        settle(s, result);
        return;
    }
    s->out->plain_len = (uint32_t)got;
    conclude(s, TLS_DATA);
}

void tls_session_start(struct tls_session *s, struct tls_step *out)
{
    begin(s, out);
    if (s->state == TLS_HANDSHAKE && s->context->side == TLS_CLIENT)
        handshake(s);
    end(s);
}

/* A stream that does not begin as TLS never gets as far as OpenSSL; like it, this end hangs up without a
 * word. */
static void refuse(struct tls_session *s, enum tls_sniff kind, const char *rest, size_t len)
{
    char quote[128];
    size_t room = sizeof quote - sizeof s->header;
    memcpy(quote, s->header, sizeof s->header);
    memcpy(quote + sizeof s->header, rest, len < room ? len : room);
    conclude(s, kind == TLS_SNIFF_TEXT ? TLS_PLAIN_PEER : TLS_GARBAGE);
    if (s->tell)
        tls_tell_strange(s, s->out->verdict, quote, sizeof s->header + (len < room ? len : room));
}

/* How many of `len` octets belong to the record that is being received. */
static size_t take_record(struct tls_session *s, const char *in, size_t len)
{
    size_t used = 0, rest;
    while (s->header_len < sizeof s->header && used < len)
        s->header[s->header_len++] = (uint8_t)in[used++];
    if (s->header_len < sizeof s->header)
        return used;
    if (used > 0) /* the header is complete just now; else the body goes on */
        s->record_left = (uint32_t)s->header[3] << 8 | s->header[4];
    rest = len - used < s->record_left ? len - used : s->record_left;
    s->record_left -= (uint32_t)rest;
    if (s->record_left == 0)
        s->header_len = 0;
    return used + rest;
}

static size_t take(struct tls_session *s, const char *in, size_t len)
{
    size_t had = s->header_len, used = take_record(s, in, len);
    if (!s->sniffed && had + len >= sizeof s->header) {
        size_t missing = sizeof s->header - had;
        enum tls_sniff kind = tls_hello_sniff(s->header);
        s->sniffed = true;
        if (kind != TLS_SNIFF_RECORD) {
            refuse(s, kind, in + missing, len - missing);
            return len;
        }
    }
    s->in = in;
    s->in_len = used;
    if (s->state == TLS_HANDSHAKE)
        handshake(s);
    else
        read_plain(s);
    return used;
}

size_t tls_session_step(struct tls_session *s, const char *in, size_t len, struct tls_step *out)
{
    size_t used = len;
    begin(s, out);
    if (len > 0 && (s->state == TLS_HANDSHAKE || s->state == TLS_OPEN || s->state == TLS_WRITE_CLOSED))
        used = take(s, in, len);
    end(s);
    assert(used <= len && (used > 0 || len == 0));
    return used;
}

size_t tls_session_send(struct tls_session *s, const char *plain, size_t len, struct tls_step *out)
{
    size_t taken = 0;
    begin(s, out);
    if (len > 0 && (s->state == TLS_OPEN || s->state == TLS_READ_CLOSED)) {
        int result = SSL_write_ex(s->ssl, plain, len < TLS_PLAIN_MAX ? len : TLS_PLAIN_MAX, &taken);
        if (result != 1)
            settle(s, result);
    }
    end(s);
    return taken;
}

bool tls_session_pull(struct tls_session *s, struct tls_step *out)
{
    begin(s, out);
    if (s->state == TLS_HANDSHAKE)
        handshake(s);
    end(s);
    return out->send_len > 0;
}

void tls_session_close(struct tls_session *s, struct tls_step *out)
{
    begin(s, out);
    if (s->state == TLS_OPEN || s->state == TLS_READ_CLOSED) {
        SSL_shutdown(s->ssl);
        enter(s, s->state == TLS_OPEN ? TLS_WRITE_CLOSED : TLS_CLOSED);
    } else if (s->state == TLS_HANDSHAKE) {
        enter(s, TLS_CLOSED);
    }
    end(s);
}

void tls_session_eof(struct tls_session *s, struct tls_step *out)
{
    begin(s, out);
    if (s->state == TLS_HANDSHAKE)
        conclude(s, TLS_PEER_CLOSED);
    else if (s->state == TLS_OPEN || s->state == TLS_WRITE_CLOSED)
        conclude(s, TLS_TRUNCATED);
    end(s);
}
