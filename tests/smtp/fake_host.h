#ifndef TESTS_SMTP_FAKE_HOST_H
#define TESTS_SMTP_FAKE_HOST_H
/*
 * fake_host - a host for the SMTP server in tests: it decides by the names it is given, and writes down all
 * it is asked, one line each, in `log`.
 *
 *   RCPT TO:<nobody@...>  -> NO_SUCH_USER      <relay@elsewhere.test> -> RELAY_DENIED unless logged in
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/smtp/smtp_server.h"

#define FAKE_LOG_MAX     65536
#define FAKE_CONTENT_MAX 300000

struct fake_host {
    char log[FAKE_LOG_MAX];
    size_t log_len;
    char content[FAKE_CONTENT_MAX];
    size_t content_len;
    unsigned messages, recipients, resets;
    enum smtp_verdict connect, helo, begin, content_says, end, tls;
    const char *end_text;
    char mechanisms[64];
    const char *mech;
    int auth_step;
    bool auth_ok, auth_cancelled;
    bool quiet; /* no log */
};

static inline void fake_log(struct fake_host *h, const char *fmt, ...)
{
    va_list ap;
    int n;
    if (h->quiet)
        return;
    va_start(ap, fmt);
    n = vsnprintf(h->log + h->log_len, FAKE_LOG_MAX - h->log_len, fmt, ap);
    va_end(ap);
    ck_assert(n >= 0 && h->log_len + (size_t)n + 1 < FAKE_LOG_MAX);
    h->log_len += (size_t)n;
    h->log[h->log_len++] = '\n';
    h->log[h->log_len] = '\0';
}

/* A slice as printf arguments for %.*s. */
#define FAKE_S(slice) (int)(slice).len, (slice).at ? (slice).at : ""

static inline enum smtp_verdict fake_connect(void *host, struct wire_slice *text)
{
    (void)text;
    return ((struct fake_host *)host)->connect;
}

static inline enum smtp_verdict fake_helo(void *host, const struct smtp_helo *helo, struct wire_slice *text)
{
    struct fake_host *h = host;
    (void)text;
    fake_log(h, "%s %.*s%s", helo->extended ? "ehlo" : "helo", FAKE_S(helo->name),
             helo->literal ? " literal" : "");
    return h->helo;
}

static inline enum smtp_verdict fake_mail(void *host, const struct wire_mailbox *path,
                                          const struct smtp_mail_params *params, struct wire_slice *text)
{
    static const char *const bodies[] = { "", " 8bit", " binary" }, *const rets[] = { "", " full", " hdrs" };
    struct fake_host *h = host;
    char size[32] = "";
    if (params->has_size)
        snprintf(size, sizeof size, " size=%llu", (unsigned long long)params->size_octets);
    fake_log(h, "mail %.*s|%.*s%s%s%s%s%s%.*s%s%.*s", FAKE_S(path->local), FAKE_S(path->domain), size,
             bodies[params->body], rets[params->ret], params->smtputf8 ? " utf8" : "",
             params->envid.at ? " envid=" : "", FAKE_S(params->envid), params->auth.at ? " auth=" : "",
             FAKE_S(params->auth));
    h->content_len = 0;
    h->recipients = 0;
    if (wire_slice_is_nocase(path->local, "forged"))
        return SMTP_SPF_FAILED;
    if (wire_slice_is_nocase(path->local, "boss"))
        return SMTP_NOT_OWNER;
    if (wire_slice_is_nocase(path->domain, "nowhere.test")) {
        *text = WIRE_SLICE("nowhere.test has no MX and no address");
        return SMTP_SENDER_DOMAIN_BAD;
    }
    return SMTP_OK;
}

static inline enum smtp_verdict fake_rcpt(void *host, const struct wire_mailbox *path,
                                          const struct smtp_rcpt_params *params, struct wire_slice *text)
{
    static const struct {
        const char *local;
        enum smtp_verdict verdict;
    } answers[] = {
        { "nobody", SMTP_NO_SUCH_USER },       { "full", SMTP_MAILBOX_FULL },
        { "busy", SMTP_MAILBOX_BUSY },         { "grey", SMTP_GREYLISTED },
        { "moved", SMTP_WILL_FORWARD },        { "gone", SMTP_NOT_LOCAL },
        { "disabled", SMTP_MAILBOX_DISABLED }, { "closing", SMTP_SHUTTING_DOWN },
    };
    struct fake_host *h = host;
    fake_log(h, "rcpt %.*s|%.*s%s%.*s%s%.*s notify=%u", FAKE_S(path->local), FAKE_S(path->domain),
             params->orcpt_type.at ? " orcpt=" : "", FAKE_S(params->orcpt_type),
             params->orcpt_type.at ? ";" : "", FAKE_S(params->orcpt), params->notify);
    if (wire_slice_is_nocase(path->domain, "elsewhere.test") && !h->auth_ok) {
        *text = WIRE_SLICE("<elsewhere.test>: Relay access denied");
        return SMTP_RELAY_DENIED;
    }
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (wire_slice_is_nocase(path->local, answers[i].local))
            return answers[i].verdict;
    h->recipients++;
    return SMTP_OK;
}

static inline enum smtp_verdict fake_data_begin(void *host, struct wire_slice *text)
{
    struct fake_host *h = host;
    (void)text;
    h->content_len = 0;
    return h->begin;
}

static inline enum smtp_verdict fake_content(void *host, struct wire_slice piece)
{
    struct fake_host *h = host;
    ck_assert(h->content_len + piece.len <= FAKE_CONTENT_MAX);
    memcpy(h->content + h->content_len, piece.at, piece.len);
    h->content_len += piece.len;
    return h->content_says;
}

/* One octet of content as the log shows it. */
static inline size_t fake_escape(char *dst, unsigned char c)
{
    if (c == '\r' || c == '\n' || c == '\0' || c == '\\')
        return (size_t)sprintf(dst, "\\%c", c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\0' ? '0' : '\\');
    if (c < 0x20 || c >= 0x7f)
        return (size_t)sprintf(dst, "\\x%02x", c);
    *dst = (char)c;
    return 1;
}

static inline enum smtp_verdict fake_data_end(void *host, const struct smtp_content *content,
                                              struct wire_slice *text)
{
    struct fake_host *h = host;
    char shown[2048];
    size_t n = 0;
    ck_assert_uint_eq(content->octets, h->content_len);
    for (size_t i = 0; i < h->content_len && n + 8 < sizeof shown; i++)
        n += fake_escape(shown + n, (unsigned char)h->content[i]);
    fake_log(h, "end %zu%s%s%s %.*s", h->content_len, content->eight_bit ? " 8bit" : "",
             content->nul ? " nul" : "", content->bare_cr || content->bare_lf ? " bare" : "", (int)n, shown);
    if (h->end_text)
        *text = wire_slice_str(h->end_text);
    h->messages += h->end == SMTP_OK;
    return h->end;
}

static inline void fake_reset(void *host)
{
    struct fake_host *h = host;
    h->resets++;
    fake_log(h, "reset");
}

static inline enum smtp_verdict fake_vrfy(void *host, struct wire_slice name, bool utf8,
                                          struct wire_slice *text)
{
    fake_log(host, "vrfy %.*s%s", FAKE_S(name), utf8 ? " utf8" : "");
    if (wire_slice_is_nocase(name, "ann")) {
        *text = WIRE_SLICE("Ann <ann@example.org>");
        return SMTP_OK;
    }
    return SMTP_CANNOT_VERIFY;
}

static inline enum smtp_verdict fake_expn(void *host, struct wire_slice name, bool utf8,
                                          struct wire_slice *text)
{
    fake_log(host, "expn %.*s%s", FAKE_S(name), utf8 ? " utf8" : "");
    if (wire_slice_is_nocase(name, "staff")) {
        *text = WIRE_SLICE("Ann <ann@example.org>\nBob <bob@example.org>");
        return SMTP_OK;
    }
    return SMTP_EXPN_PROHIBITED;
}

static inline enum smtp_verdict fake_starttls(void *host, struct wire_slice *text)
{
    (void)text;
    return ((struct fake_host *)host)->tls;
}

static inline void fake_quit(void *host)
{
    fake_log(host, "quit");
}

static const struct smtp_server_ops fake_ops = {
    .connect = fake_connect,
    .helo = fake_helo,
    .mail = fake_mail,
    .rcpt = fake_rcpt,
    .data_begin = fake_data_begin,
    .content = fake_content,
    .data_end = fake_data_end,
    .reset = fake_reset,
    .vrfy = fake_vrfy,
    .expn = fake_expn,
    .starttls = fake_starttls,
    .quit = fake_quit,
};

/* ---- SASL as a script: user "ann", password "secret"; the CRAM-MD5 example of RFC 2195 ---- */

#define FAKE_CRAM_CHALLENGE "<1896.697170952@postoffice.reston.mci.net>"
#define FAKE_CRAM_RESPONSE  "tim b913a602c7eda7a495b4e6e7334d3890"

static inline const char *fake_mechanisms(void *ctx)
{
    return ((struct fake_host *)ctx)->mechanisms;
}

static inline enum wire_auth fake_judge(struct fake_host *h, bool good)
{
    h->auth_ok = good;
    fake_log(h, "auth %s %s", h->mech, good ? "ok" : "denied");
    return good ? WIRE_AUTH_OK : WIRE_AUTH_DENIED;
}

static inline enum wire_auth fake_ask(char *out, size_t *out_len, const char *question)
{
    *out_len = strlen(question);
    memcpy(out, question, *out_len);
    return WIRE_AUTH_MORE;
}

static inline enum wire_auth fake_auth_step(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    struct fake_host *h = ctx;
    if (strcmp(h->mech, "PLAIN") == 0) {
        if (len == 0 || !memchr(in, '\0', len))
            return WIRE_AUTH_MALFORMED;
        return fake_judge(h, wire_equal(in, len, "\0ann\0secret", 11));
    }
    if (strcmp(h->mech, "CRAM-MD5") == 0)
        return fake_judge(h, wire_equal(in, len, FAKE_CRAM_RESPONSE, strlen(FAKE_CRAM_RESPONSE)));
    if (h->auth_step++ == 0) {
        h->auth_ok = wire_equal(in, len, "ann", 3);
        return fake_ask(out, out_len, "Password:");
    }
    return fake_judge(h, h->auth_ok && wire_equal(in, len, "secret", 6));
}

static inline enum wire_auth fake_auth_begin(void *ctx, const char *mech, const char *in, size_t len,
                                             char *out, size_t *out_len)
{
    static const char *const known[] = { "PLAIN", "LOGIN", "CRAM-MD5" };
    struct fake_host *h = ctx;
    h->mech = NULL;
    h->auth_step = 0;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(known[i], mech) == 0 && strstr(h->mechanisms, mech))
            h->mech = known[i];
    if (!h->mech)
        return WIRE_AUTH_NO_MECH;
    if (in)
        return fake_auth_step(h, in, len, out, out_len);
    return fake_ask(out, out_len,
                    strcmp(mech, "PLAIN") == 0   ? ""
                    : strcmp(mech, "LOGIN") == 0 ? "Username:"
                                                 : FAKE_CRAM_CHALLENGE);
}

static inline void fake_auth_cancel(void *ctx)
{
    struct fake_host *h = ctx;
    h->auth_cancelled = true;
    fake_log(h, "auth cancelled");
}

static const struct wire_auth_server fake_auth = { .mechanisms = fake_mechanisms,
                                                   .begin = fake_auth_begin,
                                                   .step = fake_auth_step,
                                                   .cancel = fake_auth_cancel };

static inline void fake_host_init(struct fake_host *h)
{
    memset(h, 0, sizeof *h);
    h->connect = h->helo = h->begin = h->content_says = h->end = h->tls = SMTP_OK;
    strcpy(h->mechanisms, "PLAIN LOGIN CRAM-MD5");
}

/* Every line of what an engine sends begins at a mark, in order, and every reply explains itself. */
static inline void fake_check_marks(const struct wire_out *send)
{
    uint32_t next = 0;
    ck_assert(!send->full);
    for (uint32_t at = 0; at < send->len;) {
        const char *lf = memchr(send->text + at, '\n', send->len - at);
        ck_assert_msg(next < send->lines && send->line[next].at == at, "no mark at octet %u of \"%.*s\"", at,
                      (int)send->len, send->text);
        if (at == 0 && send->line[0].why) {
            ck_assert_ptr_nonnull(send->line[0].why->title);
            ck_assert_ptr_nonnull(send->line[0].why->lesson);
            ck_assert_ptr_nonnull(send->line[0].why->section);
        }
        next++;
        at = lf ? (uint32_t)(lf - send->text) + 1 : send->len;
    }
    ck_assert_uint_eq(next, send->lines);
}
#endif
