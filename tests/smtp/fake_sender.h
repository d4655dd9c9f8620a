#ifndef TESTS_SMTP_FAKE_SENDER_H
#define TESTS_SMTP_FAKE_SENDER_H
/*
 * fake_sender - a host for the SMTP client in tests: hands out its messages and writes down what became of
 * them.
 *
 *   rcpt 0 ACCEPTED 250 2.1.5 / rcpt 1 PERMFAIL 550 5.1.1 / done DELIVERED 250 2.0.0 / failed NOT_SMTP
 * 0 4.5.0
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/smtp/smtp_client.h"

#define FAKE_MESSAGES_MAX 8

struct fake_sender {
    struct smtp_client_message messages[FAKE_MESSAGES_MAX];
    unsigned count, given, done;
    struct smtp_client_recipient recipients[4]; /* used when path.at is set, else rN@example.org */
    char path[64], log[200000], last_text[4096];
    size_t log_len;
    unsigned accepted, refused, failures;
    const char *mech;
    char offered[128];
    const char *initial; /* NULL: the server speaks first */
    size_t initial_len;
    const char *responses[4];
    unsigned asked;
};

static inline void fake_note(struct fake_sender *f, const char *what, const struct smtp_client_result *result)
{
    int n = snprintf(f->log + f->log_len, sizeof f->log - f->log_len, "%s %s %u %s\n", what,
                     smtp_client_verdict_info(result->verdict)->name, result->code, result->status);
    ck_assert(n > 0 && f->log_len + (size_t)n < sizeof f->log);
    f->log_len += (size_t)n;
    ck_assert_uint_lt(result->text.len, sizeof f->last_text);
    if (result->text.len > 0)
        memcpy(f->last_text, result->text.at, result->text.len);
    f->last_text[result->text.len] = '\0';
}

static inline const struct smtp_client_message *fake_next(void *host)
{
    struct fake_sender *f = host;
    ck_assert_uint_eq(f->given, f->done);
    return f->given < f->count ? &f->messages[f->given++] : NULL;
}

static inline void fake_recipient(void *host, uint32_t i, struct smtp_client_recipient *out)
{
    struct fake_sender *f = host;
    ck_assert_uint_lt(i, f->messages[f->given - 1].recipients);
    if (i < 4 && f->recipients[i].path.at) {
        *out = f->recipients[i];
        return;
    }
    snprintf(f->path, sizeof f->path, "r%u@example.org", i);
    out->path = wire_slice_str(f->path);
}

static inline void fake_recipient_done(void *host, uint32_t i, const struct smtp_client_result *result)
{
    struct fake_sender *f = host;
    char what[32];
    f->accepted += result->verdict == SMTP_CLIENT_ACCEPTED;
    f->refused += result->verdict != SMTP_CLIENT_ACCEPTED;
    snprintf(what, sizeof what, "rcpt %u", i);
    fake_note(f, what, result);
}

static inline void fake_message_done(void *host, const struct smtp_client_message *message,
                                     const struct smtp_client_result *result)
{
    struct fake_sender *f = host;
    ck_assert_ptr_eq(message, &f->messages[f->done]);
    f->done++;
    fake_note(f, "done", result);
}

static inline void fake_failed(void *host, const struct smtp_client_result *result)
{
    struct fake_sender *f = host;
    f->failures++;
    fake_note(f, "failed", result);
}

static const struct smtp_client_ops fake_client_ops = { .next = fake_next,
                                                        .recipient = fake_recipient,
                                                        .recipient_done = fake_recipient_done,
                                                        .message_done = fake_message_done,
                                                        .failed = fake_failed };

static inline const char *fake_choose(void *ctx, const char *offered)
{
    struct fake_sender *f = ctx;
    ck_assert_uint_lt(strlen(offered), sizeof f->offered);
    strcpy(f->offered, offered);
    return f->mech && strstr(offered, f->mech) ? f->mech : NULL;
}

static inline bool fake_initial(void *ctx, char *out, size_t *out_len)
{
    struct fake_sender *f = ctx;
    if (!f->initial)
        return false;
    memcpy(out, f->initial, f->initial_len);
    *out_len = f->initial_len;
    return true;
}

static inline enum wire_auth fake_respond(void *ctx, const char *in, size_t len, char *out, size_t *out_len)
{
    struct fake_sender *f = ctx;
    const char *response = f->asked < 4 ? f->responses[f->asked++] : NULL;
    (void)in, (void)len;
    if (!response)
        return WIRE_AUTH_MALFORMED;
    *out_len = strlen(response);
    memcpy(out, response, *out_len);
    return WIRE_AUTH_MORE;
}

static const struct wire_auth_client fake_auth_client = { .choose = fake_choose,
                                                          .initial = fake_initial,
                                                          .respond = fake_respond };

/* One more message of `content` to `recipients`. */
static inline struct smtp_client_message *fake_add(struct fake_sender *f, const char *content, size_t len,
                                                   uint32_t recipients)
{
    struct smtp_client_message *m = &f->messages[f->count++];
    *m = (struct smtp_client_message){ .sender = WIRE_SLICE("ann@example.net"),
                                       .content = wire_slice(content, len),
                                       .recipients = recipients };
    return m;
}
#endif
