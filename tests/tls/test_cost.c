/* Claims about what a session costs, counted by OpenSSL's own allocator hooks. */
#include <malloc.h>
#include <openssl/crypto.h>

#include "tests/check_main.h"
#include "tests/tls/pair.h"

static struct pair p;
static size_t in_use, most;

static void *count_malloc(size_t len, const char *file, int line)
{
    void *at = malloc(len);
    (void)file, (void)line;
    if (at)
        in_use += malloc_usable_size(at);
    if (in_use > most)
        most = in_use;
    return at;
}

static void count_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    if (at)
        in_use -= malloc_usable_size(at);
    free(at);
}

static void *count_realloc(void *old, size_t len, const char *file, int line)
{
    size_t had = old ? malloc_usable_size(old) : 0;
    void *at;
    if (len == 0) {
        count_free(old, file, line);
        return NULL;
    }
    at = realloc(old, len);
    if (at)
        in_use += malloc_usable_size(at) - had;
    if (in_use > most)
        most = in_use;
    return at;
}

static void pair_sessions(struct pair *q)
{
    struct tls_session_config session = { .now_s = PAIR_NOW_S, .random = { pair_fill, &q->random } };
    q->end[TLS_SERVER].s = tls_session_new(q->contexts[TLS_SERVER], &session);
    session.server_name = PAIR_NAME;
    q->end[TLS_CLIENT].s = tls_session_new(q->contexts[TLS_CLIENT], &session);
    ck_assert(q->end[TLS_SERVER].s && q->end[TLS_CLIENT].s);
}

/* Both ends of one connection, established and idle. The first connection of a context fills caches that
 * stay. */
START_TEST(an_idle_session_costs_no_more_than_it_says)
{
    size_t before;
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2, .silent = true });
    for (int round = 0; round < 3; round++) {
        pair_start(&p);
        pair_run(&p);
        pair_say(&p, TLS_CLIENT, "EHLO laptop.example.net\r\n", 25);
        pair_say(&p, TLS_SERVER, "250 mx.example.org\r\n", 20);
        ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_OPEN);
        before = in_use;
        tls_session_free(p.end[TLS_CLIENT].s);
        printf("%s, idle: client %zu octets,", _i ? "TLS 1.3" : "TLS 1.2", before - in_use);
        ck_assert_uint_le(before - in_use, TLS_SESSION_OCTETS);
        before = in_use;
        tls_session_free(p.end[TLS_SERVER].s);
        printf(" server %zu octets\n", before - in_use);
        ck_assert_uint_le(before - in_use, TLS_SESSION_OCTETS);
        before = most = in_use;
        pair_sessions(&p);
    }
    pair_start(&p);
    pair_run(&p);
    printf("%s, at most in the handshake, both ends: %zu octets\n", _i ? "TLS 1.3" : "TLS 1.2",
           most - before);
    ck_assert_uint_le(most - before, 2 * (size_t)TLS_HANDSHAKE_OCTETS);
    pair_close(&p);
}
END_TEST

static void good_bad_and_unfinished(void)
{
    for (int i = 0; i < 3; i++) {
        pair_open(&p, &(struct pair_config){ .fault = i == 1 ? TLS_FAULT_EXPIRED : TLS_FAULT_NONE });
        pair_start(&p);
        if (i < 2)
            pair_run(&p);
        pair_close(&p);
    }
}

START_TEST(nothing_is_left_behind)
{
    size_t before;
    good_bad_and_unfinished(); /* what OpenSSL keeps for the whole process exists now */
    before = in_use;
    good_bad_and_unfinished();
    ck_assert_uint_eq(in_use, before);
}
END_TEST

static Suite *cost_suite(void)
{
    Suite *suite = suite_create("tls_cost");
    TCase *t = tcase_create("cost");
    if (!CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free))
        abort();
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, an_idle_session_costs_no_more_than_it_says, 0, 2);
    tcase_add_test(t, nothing_is_left_behind);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(cost_suite)
