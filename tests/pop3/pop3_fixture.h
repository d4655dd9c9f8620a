#ifndef TESTS_POP3_FIXTURE_H
#define TESTS_POP3_FIXTURE_H
/*
 * pop3_fixture - a maildrop and an account behind the server engine's ops, for the tests of this room.
 *
 * alice has the password wonderland. Her maildrop holds what fixture_messages lists.
 */
#include "protocols/pop3/pop3_server.h"
#include "protocols/sasl/sasl.h"
#include "protocols/tls/digest.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE_MESSAGES_MAX 6000

struct fixture {
    struct wire_slice message[FIXTURE_MESSAGES_MAX];
    bool mark[FIXTURE_MESSAGES_MAX];
    uint32_t count;
    enum pop3_open open_as; /* what open says */
    bool commit_fails;
    int locks;     /* open minus close */
    int committed; /* messages removed by a commit, -1: none yet */
    struct sasl_server_config sasl_config;
    struct sasl_server sasl;
    struct sasl_identity who;
};

static inline enum wire_auth fixture_verify(void *host, struct wire_slice user, struct wire_slice password)
{
    (void)host;
    if (wire_slice_is(user, "down"))
        return WIRE_AUTH_TEMPFAIL;
    return wire_slice_is(user, "alice") && wire_slice_is(password, "wonder land") ? WIRE_AUTH_OK
                                                                                  : WIRE_AUTH_DENIED;
}

static inline enum wire_auth fixture_lookup(void *host, struct wire_slice user, struct wire_slice *password)
{
    (void)host;
    *password = WIRE_SLICE("wonder land");
    return wire_slice_is(user, "alice") ? WIRE_AUTH_OK : WIRE_AUTH_DENIED;
}

static inline uint64_t fixture_nonce(void *host)
{
    (void)host;
    return 1896;
}

static inline enum pop3_open fixture_open(void *host, uint32_t *count)
{
    struct fixture *f = host;
    if (f->open_as != POP3_OPEN_OK)
        return f->open_as;
    f->locks++;
    *count = f->count;
    return POP3_OPEN_OK;
}

static inline uint64_t fixture_size(void *host, uint32_t i)
{
    struct fixture *f = host;
    ck_assert_uint_lt(i, f->count);
    return f->message[i].len;
}

static inline struct wire_slice fixture_uidl(void *host, uint32_t i)
{
    static char id[POP3_UIDL_MAX + 1];
    struct fixture *f = host;
    ck_assert_uint_lt(i, f->count);
    return wire_slice(id, (size_t)snprintf(id, sizeof id, "id-%u", i + 1));
}

static inline struct wire_slice fixture_bytes(void *host, uint32_t i)
{
    struct fixture *f = host;
    ck_assert_uint_lt(i, f->count);
    return f->message[i];
}

static inline bool fixture_marked(void *host, uint32_t i)
{
    struct fixture *f = host;
    ck_assert_uint_lt(i, f->count);
    return f->mark[i];
}

static inline void fixture_mark(void *host, uint32_t i, bool deleted)
{
    struct fixture *f = host;
    ck_assert_uint_lt(i, f->count);
    f->mark[i] = deleted;
}

static inline bool fixture_close(void *host, bool commit)
{
    struct fixture *f = host;
    f->locks--;
    if (!commit)
        return true;
    f->committed = 0;
    for (uint32_t i = 0; i < f->count; i++)
        f->committed += f->mark[i] ? 1 : 0;
    return !f->commit_fails;
}

static inline enum wire_auth fixture_apop(void *host, struct wire_slice user, struct wire_slice timestamp,
                                          struct wire_slice hex)
{
    char text[600];
    unsigned char md5[DIGEST_MD5_LEN];
    int n = snprintf(text, sizeof text, "%.*swonder land", (int)timestamp.len, timestamp.at);
    (void)host;
    digest_md5(text, (size_t)n, md5);
    for (size_t i = 0; i < sizeof md5; i++)
        if ((wire_hex_value(hex.at[2 * i]) << 4 | wire_hex_value(hex.at[2 * i + 1])) != md5[i])
            return WIRE_AUTH_DENIED;
    return wire_slice_is(user, "alice") ? WIRE_AUTH_OK : WIRE_AUTH_DENIED;
}

static const struct pop3_server_ops fixture_ops = {
    .open = fixture_open,
    .size = fixture_size,
    .uidl = fixture_uidl,
    .bytes = fixture_bytes,
    .marked = fixture_marked,
    .mark = fixture_mark,
    .close = fixture_close,
    .apop = fixture_apop,
    .nonce = fixture_nonce,
};

static const struct sasl_server_ops fixture_sasl_ops = { .verify = fixture_verify,
                                                         .lookup = fixture_lookup,
                                                         .nonce = fixture_nonce };
static const struct sasl_digest_ops fixture_digest = { .hmac_md5 = digest_hmac_md5 };

static inline void fixture_add(struct fixture *f, const char *message)
{
    f->message[f->count++] = wire_slice_str(message);
}

/* Three messages: a plain one, one that is all dots, one whose last line has no end. */
static inline void fixture_fill(struct fixture *f)
{
    fixture_add(f, "From: bob@example.org\r\nSubject: one\r\n\r\nHello Alice.\r\nBye.\r\n");
    fixture_add(f, ".Odd: first\r\n\r\n.\r\n..two\r\nend.\r\n. x\r\n");
    fixture_add(f, "Subject: three\r\n\r\nno line end");
}

static inline void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->committed = -1;
    f->sasl_config = (struct sasl_server_config){ .ops = &fixture_sasl_ops,
                                                  .digest = &fixture_digest,
                                                  .mechs = SASL_ALL,
                                                  .host_name = WIRE_SLICE("mail.example.com") };
    sasl_server_init(&f->sasl, &f->sasl_config, f, &f->who);
}
#endif
