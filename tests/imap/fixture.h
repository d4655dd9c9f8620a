#ifndef TESTS_IMAP_FIXTURE_H
#define TESTS_IMAP_FIXTURE_H
/*
 * fixture - one store with a few messages, and server sessions whose output is collected.
 *
 * INBOX 1 plain "Hello" (\Seen)   2 multipart with an attachment   3 a forwarded message
 */
#include "protocols/imap/imap_server.h"
#include "tests/imap/memory_store.h"

#include <check.h>
#include <stdio.h>

#define CRLF "\r\n"

static const char mail_plain[] =
    "Date: Mon, 1 Jan 2024 09:05:00 +0100" CRLF "From: Ann Example <ann@example.org>" CRLF
    "To: alice@example.com, Bob <bob@example.com>" CRLF "Subject: Hello" CRLF
    "Message-ID: <1@example.org>" CRLF CRLF "Hi Alice," CRLF "lunch at noon?" CRLF;
static const char mail_multipart[] =
    "Date: Tue, 2 Jan 2024 10:00:00 +0000" CRLF "From: bob@example.com" CRLF "To: alice@example.com" CRLF
    "Subject: The" CRLF " plan" CRLF "MIME-Version: 1.0" CRLF
    "Content-Type: multipart/mixed; boundary=\"b\"" CRLF CRLF "preamble" CRLF "--b" CRLF
    "Content-Type: text/plain; charset=utf-8" CRLF "Content-Transfer-Encoding: quoted-printable" CRLF CRLF
    "caf=C3=A9" CRLF "--b" CRLF "Content-Type: application/pdf; name=\"plan.pdf\"" CRLF
    "Content-Transfer-Encoding: base64" CRLF
    "Content-Disposition: attachment; filename=\"plan.pdf\"" CRLF CRLF "JVBERg==" CRLF "--b--" CRLF;
static const char mail_forward[] =
    "Date: Wed, 3 Jan 2024 11:00:00 +0000" CRLF "From: carol@example.net" CRLF "Subject: Fwd" CRLF
    "Content-Type: multipart/mixed; boundary=x" CRLF CRLF "--x" CRLF CRLF "See below." CRLF "--x" CRLF
    "Content-Type: message/rfc822" CRLF CRLF "From: dave@example.net" CRLF "Subject: Inner" CRLF CRLF
    "Inner body." CRLF "--x--" CRLF;

struct wire {
    struct mem_session session;
    struct imap_server server;
    struct imap_step step;
    char out[1 << 20];
    size_t out_len;
    char in[IMAP_LINE_MAX + 64];
    size_t in_len;
    unsigned marks, unexplained; /* marks seen; pieces that began with text and no words */
    bool continued;              /* the next piece begins inside an answer */
    enum imap_verdict verdict;   /* of the last step that decided */
};

static inline const char *auth_mechanisms(void *ctx)
{
    (void)ctx;
    return "PLAIN";
}

static inline enum wire_auth auth_login(void *ctx, const char *user, size_t user_len, const char *pass,
                                        size_t pass_len)
{
    (void)ctx;
    if (wire_equal(user, user_len, "down", 4))
        return WIRE_AUTH_TEMPFAIL;
    return wire_equal(user, user_len, "alice", 5) && wire_equal(pass, pass_len, "secret", 6)
               ? WIRE_AUTH_OK
               : WIRE_AUTH_DENIED;
}

static inline enum wire_auth auth_step(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    const char *user = len > 0 ? memchr(in, '\0', len) : NULL, *pass;
    (void)out, (void)out_len;
    if (user == NULL)
        return WIRE_AUTH_MALFORMED;
    user++;
    pass = memchr(user, '\0', len - (size_t)(user - in));
    if (pass == NULL)
        return WIRE_AUTH_MALFORMED;
    return auth_login(ctx, user, (size_t)(pass - user), pass + 1, len - (size_t)(pass + 1 - in));
}

static inline enum wire_auth auth_begin(void *ctx, const char *mech, const char *in, size_t len, char *out,
                                        size_t *out_len)
{
    *out_len = 0;
    if (strcmp(mech, "ASKING") == 0) { /* a mechanism in which the server speaks first */
        memcpy(out, "who?", *out_len = 4);
        return WIRE_AUTH_MORE;
    }
    if (strcmp(mech, "PLAIN") != 0)
        return WIRE_AUTH_NO_MECH;
    return in ? auth_step(ctx, in, len, out, out_len) : WIRE_AUTH_MORE;
}

static inline void auth_cancel(void *ctx)
{
    (void)ctx;
}

static const struct wire_auth_server auth_server = { .mechanisms = auth_mechanisms,
                                                     .begin = auth_begin,
                                                     .step = auth_step,
                                                     .cancel = auth_cancel,
                                                     .login = auth_login };

static struct imap_scratch *fixture_scratch;
static struct imap_server_config fixture_config;

static inline struct mem_store *fixture_store(void)
{
    struct mem_store *st = calloc(1, sizeof *st);
    struct mem_box *inbox = mem_box(st, "INBOX"), *b;
    st->now = 1704272400; /* 2024-01-03 09:00 UTC */
    mem_add(st, inbox, mail_plain, sizeof mail_plain - 1, IMAP_SEEN, 0, 1704096300);
    mem_add(st, inbox, mail_multipart, sizeof mail_multipart - 1, 0, 0, 1704189600);
    mem_add(st, inbox, mail_forward, sizeof mail_forward - 1, IMAP_FLAGGED, 0, 1704279600);
    inbox->subscribed = true;
    b = mem_box(st, "Sent");
    b->attributes = IMAP_USE_SENT;
    b->subscribed = true;
    mem_box(st, "Archive/2023")->subscribed = true;
    mem_box(st, "Archive/2024");
    if (fixture_scratch == NULL)
        fixture_scratch = malloc(imap_scratch_size());
    fixture_config = (struct imap_server_config){
        .store = &mem_ops, .auth = &auth_server, .scratch = fixture_scratch, .extensions = IMAP_EXT_ALL
    };
    return st;
}

/* Every line has its mark, and what a command ended in is what its row says it can end in. */
static inline void wire_check(const struct wire *w)
{
    const struct wire_out *o = &w->step.send;
    uint64_t ends = imap_verb_verdicts(w->step.verb);
    bool literal = false;
    for (uint32_t i = 0; i < o->len; i++)
        literal = literal || o->text[i] == '{';
    for (uint32_t i = 0, line = 0; i + 2 < o->len && !literal && w->continued == 0; i++) {
        if (o->text[i] != '\r' || o->text[i + 1] != '\n')
            continue;
        while (line < o->lines && o->line[line].at < i + 2)
            line++;
        ck_assert_msg(line < o->lines && o->line[line].at == i + 2 && o->line[line].why != NULL,
                      "no words for: %.40s", o->text + i + 2);
    }
    if (w->step.verb != IMAP_VERB_NONE && w->step.verdict != IMAP_TAKEN)
        ck_assert_msg(ends & IMAP_CAN_END(w->step.verdict), "%s cannot end in %s",
                      imap_verb_info(w->step.verb)->name, imap_verdict_info(w->step.verdict)->name);
}

static inline void wire_collect(struct wire *w)
{
    const struct wire_out *o = &w->step.send;
    ck_assert(!o->full);
    ck_assert(w->out_len + o->len < sizeof w->out);
    memcpy(w->out + w->out_len, o->text, o->len);
    w->out_len += o->len;
    w->out[w->out_len] = '\0';
    ck_assert(o->len == 0 || (o->lines > 0 && o->line[0].at == 0));
    for (uint32_t i = 0; i < o->lines; i++) {
        w->marks++;
        ck_assert(i == 0 || o->line[i].at > o->line[i - 1].at || o->line[i].at == o->len);
        w->unexplained += o->line[i].why == NULL;
    }
    wire_check(w);
    w->continued = w->step.more;
    if (w->step.verdict != IMAP_TAKEN && w->step.verdict != IMAP_RUNNING)
        w->verdict = w->step.verdict;
}

static inline void wire_open(struct wire *w, struct mem_store *st)
{
    memset(w, 0, sizeof *w);
    w->session.store = st;
    imap_server_init(&w->server, &fixture_config, &w->session, NULL, false);
    imap_server_greet(&w->server, false, &w->step);
    wire_collect(w);
    w->out_len = 0;
    w->out[0] = '\0';
}

/* Feeds octets `piece` at a time, as a host would; the output collects in w->out. */
static inline void wire_feed(struct wire *w, const char *text, size_t len, size_t piece)
{
    while (len > 0) {
        size_t n = len < piece ? len : piece, used;
        if (n > sizeof w->in - w->in_len)
            n = sizeof w->in - w->in_len;
        ck_assert(n > 0 || w->server.shut);
        if (w->server.shut)
            return;
        memcpy(w->in + w->in_len, text, n);
        w->in_len += n;
        text += n;
        len -= n;
        while ((used = imap_server_step(&w->server, w->in, w->in_len, &w->step)) > 0) {
            memmove(w->in, w->in + used, w->in_len - used);
            w->in_len -= used;
            wire_collect(w);
            while (w->step.more) {
                ck_assert(imap_server_pull(&w->server, &w->step));
                wire_collect(w);
            }
        }
    }
}

static inline const char *wire_say(struct wire *w, const char *text)
{
    w->out_len = 0;
    w->out[0] = '\0';
    wire_feed(w, text, strlen(text), strlen(text));
    return w->out;
}

static inline void wire_login(struct wire *w)
{
    wire_say(w, "L LOGIN alice secret\r\n");
    ck_assert_int_eq(w->verdict, IMAP_LOGGED_IN);
}

static inline void wire_select(struct wire *w)
{
    wire_login(w);
    wire_say(w, "S SELECT INBOX\r\n");
    ck_assert_int_eq(w->verdict, IMAP_OPENED);
}

static inline void wire_close(struct wire *w)
{
    imap_server_end(&w->server);
}
#endif
