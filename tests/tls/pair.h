#ifndef TESTS_TLS_PAIR_H
#define TESTS_TLS_PAIR_H
/*
 * pair - a client and a server back to back in memory, for the tests of TLS.
 *
 *   struct pair p;
 *   pair_open(&p, &(struct pair_config){ .max = TLS_VERSION_1_2, .fault = TLS_FAULT_EXPIRED });
 *   pair_run(&p);  until neither has anything to send
 *   pair_close(&p);
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/tls/digest.h"
#include "protocols/tls/tls_session.h"

#define PAIR_NOW_S  1767225600 /* 2026-01-01 00:00 UTC */
#define PAIR_NAME   "mail.example.com"
#define PAIR_WIRE   (1u << 16)
#define PAIR_EVENTS 128
#define PAIR_TEXT   512
#define PAIR_KEYLOG 4096

struct pair_random { /* SplitMix64 */
    uint64_t state;
    unsigned draws;
};

static inline void pair_fill(void *ctx, void *out, size_t len)
{
    struct pair_random *r = ctx;
    unsigned char *to = out;
    r->draws++;
    for (size_t i = 0; i < len; i++) {
        uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        to[i] = (unsigned char)((z ^ (z >> 31)) & 0xff);
    }
}

struct pair_config {
    uint64_t seed;
    enum tls_version client_min, client_max, max; /* max: the server's */
    const char *client_ciphers, *ciphers, *client_suites, *suites, *client_groups, *groups;
    enum tls_check check;
    bool any_check; /* `check` counts; else TLS_CHECK_REQUIRED */
    enum tls_fault fault;
    const char *server_name; /* NULL: PAIR_NAME */
    bool bytes;              /* one octet a step */
    bool silent;             /* no events */
    bool no_trust;
    const char *trust_pem;
};

struct pair_event {
    struct tls_event e;
    bool client; /* who tells it */
    char text[PAIR_TEXT];
};

struct pair_end {
    struct tls_session *s;
    char out[PAIR_WIRE]; /* octets on the way to the other end */
    size_t out_len;
    enum tls_verdict last;   /* the last verdict that was not TLS_GOES_ON */
    enum tls_verdict failed; /* the failure, TLS_GOES_ON for none */
    uint8_t alert;
    bool alert_sent;
    char plain[4096]; /* the first octets of what was received */
    size_t plain_len; /* all octets received */
    unsigned char plain_hash[DIGEST_SHA256_LEN];
};

struct pair {
    struct pair_config config;
    struct pair_random random;
    struct tls_lib *lib;
    struct tls_pki *pki;
    struct tls_cert *cert;
    struct tls_context *contexts[2];
    struct pair_end end[2];                /* [TLS_CLIENT], [TLS_SERVER] */
    unsigned char hash[DIGEST_SHA256_LEN]; /* over all octets on the wire, in order, with directions */
    struct tls_step step;
    struct tls_certificate chain[TLS_CHAIN_MAX]; /* as the client saw it */
    uint32_t chain_len;
    struct tls_hello hello; /* as the server saw it */
    struct pair_event event[PAIR_EVENTS];
    unsigned events;
    char keylog[PAIR_KEYLOG];
};

/* hash = SHA-256(hash, octets): a running hash of everything. */
static inline void pair_mix(unsigned char hash[DIGEST_SHA256_LEN], const void *octets, size_t len)
{
    static unsigned char buf[DIGEST_SHA256_LEN + TLS_RECORD_MAX + TLS_PLAIN_MAX];
    ck_assert_uint_le(len, sizeof buf - DIGEST_SHA256_LEN);
    memcpy(buf, hash, DIGEST_SHA256_LEN);
    if (len > 0)
        memcpy(buf + DIGEST_SHA256_LEN, octets, len);
    digest_sha256(buf, DIGEST_SHA256_LEN + len, hash);
}

static inline void pair_keylog(void *host, const char *line)
{
    struct pair *p = host;
    size_t have = strlen(p->keylog);
    ck_assert_uint_lt(have + strlen(line) + 1, sizeof p->keylog);
    snprintf(p->keylog + have, sizeof p->keylog - have, "%s\n", line);
}

/* Keeps what the step says, and puts its octets on the wire. */
static inline void pair_keep(struct pair *p, enum tls_side side)
{
    struct tls_step *o = &p->step;
    struct pair_end *end = &p->end[side];
    char direction = side == TLS_CLIENT ? 'C' : 'S';
    ck_assert(o->after == tls_session_state(end->s));
    if (o->send_len > 0) {
        ck_assert_uint_le(end->out_len + o->send_len, sizeof end->out);
        memcpy(end->out + end->out_len, o->send, o->send_len);
        end->out_len += o->send_len;
        pair_mix(p->hash, &direction, 1);
        pair_mix(p->hash, o->send, o->send_len);
    }
    if (o->plain_len > 0) {
        size_t room = end->plain_len < sizeof end->plain ? sizeof end->plain - end->plain_len : 0;
        memcpy(end->plain + (sizeof end->plain - room), o->plain, o->plain_len < room ? o->plain_len : room);
        end->plain_len += o->plain_len;
        for (uint32_t i = 0; i < o->plain_len; i++) /* independent of how it was cut into records */
            end->plain_hash[(end->plain_len - o->plain_len + i) % DIGEST_SHA256_LEN] ^=
                (unsigned char)((unsigned char)o->plain[i] +
                                (end->plain_len - o->plain_len + i) / DIGEST_SHA256_LEN);
    }
    if (o->verdict != TLS_GOES_ON) {
        end->last = o->verdict;
        ck_assert_ptr_nonnull(o->why);
    }
    if (tls_verdict_is_failure(o->verdict)) {
        ck_assert_int_eq(o->after, TLS_FAILED);
        end->failed = o->verdict;
        end->alert = o->alert;
        end->alert_sent = o->alert_sent;
    }
    if (side == TLS_CLIENT && o->chain_len > 0) {
        memcpy(p->chain, o->chain, sizeof p->chain);
        p->chain_len = o->chain_len;
    }
    if (side == TLS_SERVER && o->hello.client)
        p->hello = o->hello;
    for (uint32_t i = 0; i < o->events && p->events < PAIR_EVENTS; i++) {
        struct pair_event *e = &p->event[p->events++];
        e->e = o->event[i];
        e->client = side == TLS_CLIENT;
        ck_assert_ptr_nonnull(e->e.why);
        ck_assert(e->e.kind == TLS_EVENT_VERDICT || e->e.heard != NULL);
        snprintf(e->text, sizeof e->text, "%.*s", (int)e->e.text.len, e->e.text.at);
    }
}

static inline void pair_start(struct pair *p)
{
    tls_session_start(p->end[TLS_CLIENT].s, &p->step);
    pair_keep(p, TLS_CLIENT);
}

static inline void pair_open(struct pair *p, const struct pair_config *config)
{
    static const char *const names[] = { PAIR_NAME, "192.0.2.25", "2001:db8::25" };
    struct tls_pki_config pki = { .now_s = PAIR_NOW_S, .intermediate = true };
    struct tls_cert_config cert = {
        .names = names, .names_len = 3, .now_s = PAIR_NOW_S, .fault = config->fault
    };
    struct tls_context_config c = { .side = TLS_CLIENT,
                                    .min = config->client_min,
                                    .max = config->client_max,
                                    .ciphers = config->client_ciphers,
                                    .groups = config->client_groups,
                                    .suites = config->client_suites,
                                    .check = config->any_check ? config->check : TLS_CHECK_REQUIRED,
                                    .trust_len = config->no_trust ? 0 : 1,
                                    .trust_pem = config->trust_pem };
    struct tls_context_config s = { .side = TLS_SERVER,
                                    .max = config->max,
                                    .ciphers = config->ciphers,
                                    .groups = config->groups,
                                    .suites = config->suites };
    struct tls_session_config session = { .now_s = PAIR_NOW_S, .tell = !config->silent };
    const struct tls_pki *trust[1];
    memset(p, 0, sizeof *p);
    p->config = *config;
    p->random.state = config->seed;
    pki.random = session.random = (struct tls_random){ pair_fill, &p->random };
    ck_assert_ptr_nonnull(p->lib = tls_lib_new());
    ck_assert_ptr_nonnull(p->pki = tls_pki_new(p->lib, &pki));
    ck_assert_ptr_nonnull(p->cert = tls_cert_new(p->pki, &cert));
    trust[0] = p->pki;
    c.trust = trust;
    s.cert = p->cert;
    ck_assert_ptr_nonnull(p->contexts[TLS_CLIENT] = tls_context_new(p->lib, &c));
    ck_assert_ptr_nonnull(p->contexts[TLS_SERVER] = tls_context_new(p->lib, &s));
    ck_assert_ptr_nonnull(p->end[TLS_SERVER].s = tls_session_new(p->contexts[TLS_SERVER], &session));
    session.server_name = config->server_name ? config->server_name : PAIR_NAME;
    session.host = p;
    session.keylog = pair_keylog;
    ck_assert_ptr_nonnull(p->end[TLS_CLIENT].s = tls_session_new(p->contexts[TLS_CLIENT], &session));
}

static inline void pair_close(struct pair *p)
{
    for (int i = 0; i < 2; i++)
        tls_session_free(p->end[i].s);
    for (int i = 0; i < 2; i++)
        tls_context_free(p->contexts[i]);
    tls_cert_free(p->cert);
    tls_pki_free(p->pki);
    tls_lib_free(p->lib);
}

/* Hands `from`'s octets to the other end, which may answer. */
static inline void pair_carry(struct pair *p, enum tls_side from)
{
    struct pair_end *sender = &p->end[from];
    enum tls_side to = from == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT;
    size_t at = 0;
    while (at < sender->out_len) {
        size_t give = p->config.bytes ? 1 : sender->out_len - at;
        size_t used = tls_session_step(p->end[to].s, sender->out + at, give, &p->step);
        ck_assert_uint_gt(used, 0);
        ck_assert_uint_le(used, give);
        at += used;
        pair_keep(p, to);
        while (p->step.more) {
            ck_assert(tls_session_pull(p->end[to].s, &p->step));
            pair_keep(p, to);
        }
    }
    sender->out_len = 0;
}

static inline void pair_run(struct pair *p)
{
    while (p->end[TLS_CLIENT].out_len > 0 || p->end[TLS_SERVER].out_len > 0) {
        pair_carry(p, TLS_CLIENT);
        pair_carry(p, TLS_SERVER);
    }
}

/* Says `len` octets in as many records as it takes; carries each at once. */
static inline void pair_say(struct pair *p, enum tls_side side, const char *plain, size_t len)
{
    while (len > 0) {
        size_t n = tls_session_send(p->end[side].s, plain, len, &p->step);
        ck_assert_uint_gt(n, 0);
        pair_keep(p, side);
        pair_carry(p, side);
        plain += n;
        len -= n;
    }
    pair_run(p);
}

static inline const struct pair_event *pair_find(const struct pair *p, bool client, enum tls_event_kind kind,
                                                 uint8_t number)
{
    for (unsigned i = 0; i < p->events; i++)
        if (p->event[i].client == client && p->event[i].e.kind == kind && p->event[i].e.number == number)
            return &p->event[i];
    return NULL;
}
#endif
