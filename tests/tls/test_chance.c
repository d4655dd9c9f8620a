/* Claims about chance: all of it comes from the seed, and nothing of the machine gets in. */
#include <openssl/rand.h>
#include <stdint.h>
#include <unistd.h>

#include "protocols/tls/tls_chance.h"
#include "tests/check_main.h"
#include "tests/tls/pair.h"

#define CHILD_VARIABLE "MAILWALK_TEST_TLS_CHILD"
#define HEX_OCTETS     (2 * DIGEST_SHA256_LEN + 1)

static struct pair p;

/* A whole life of a connection in both versions: handshake, data, close. In `hex` the hash of every octet on
 * the wire, of the key log and of the certificates. */
static void transcript(uint64_t seed, char hex[HEX_OCTETS])
{
    static const enum tls_version versions[] = { TLS_VERSION_1_2, TLS_VERSION_1_3 };
    unsigned char hash[DIGEST_SHA256_LEN] = { 0 };
    char pem[TLS_PEM_MAX];
    for (int v = 0; v < 2; v++) {
        pair_open(&p, &(struct pair_config){ .seed = seed, .max = versions[v] });
        pair_start(&p);
        pair_run(&p);
        pair_say(&p, TLS_CLIENT, "EHLO laptop.example.net\r\n", 25);
        pair_say(&p, TLS_SERVER, "250 mx.example.org\r\n", 20);
        for (int i = 0; i < 2; i++) {
            tls_session_close(p.end[i].s, &p.step);
            pair_keep(&p, (enum tls_side)i);
        }
        pair_run(&p);
        ck_assert_int_eq(tls_session_state(p.end[TLS_CLIENT].s), TLS_CLOSED);
        pair_mix(hash, p.hash, sizeof p.hash);
        pair_mix(hash, p.keylog, strlen(p.keylog));
        pair_mix(hash, pem, tls_cert_pem(p.cert, TLS_PEM_CHAIN, pem, sizeof pem));
        pair_mix(hash, pem, tls_cert_pem(p.cert, TLS_PEM_KEY, pem, sizeof pem));
        pair_mix(hash, pem, tls_pki_pem(p.pki, pem, sizeof pem));
        pair_close(&p);
    }
    for (int i = 0; i < DIGEST_SHA256_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

START_TEST(the_same_seed_gives_the_same_octets)
{
    char first[HEX_OCTETS], again[HEX_OCTETS], other[HEX_OCTETS];
    transcript(1, first);
    transcript(1, again);
    transcript(2, other);
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, other);
}
END_TEST

/* Another process has other addresses, another pid and another second on its clock. */
START_TEST(another_process_gives_the_same_octets)
{
    char first[HEX_OCTETS], again[HEX_OCTETS] = "", path[512], command[700];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    FILE *child;
    ck_assert_int_gt(len, 0);
    path[len] = '\0';
    transcript(1, first);
    snprintf(command, sizeof command, CHILD_VARIABLE "=1 CK_FORK=no OPENSSL_CONF=/nonexistent '%s'", path);
    ck_assert_ptr_nonnull(child = popen(command, "r"));
    for (char line[256]; fgets(line, sizeof line, child);)
        if (strncmp(line, "transcript ", 11) == 0)
            snprintf(again, sizeof again, "%.64s", line + 11);
    ck_assert_int_eq(pclose(child), 0);
    ck_assert_str_eq(first, again);
}
END_TEST

START_TEST(print_transcript)
{
    char hex[HEX_OCTETS];
    transcript(1, hex);
    printf("transcript %s\n", hex);
}
END_TEST

/* So that one session more changes no other, the caller is asked once for each, for as many octets. */
START_TEST(a_session_asks_for_chance_once)
{
    struct tls_session_config config = { .now_s = PAIR_NOW_S };
    struct tls_session *s;
    pair_open(&p, &(struct pair_config){ 0 });
    ck_assert_uint_eq(p.random.draws, 3); /* the CA and two sessions */
    pair_start(&p);
    pair_run(&p);
    pair_say(&p, TLS_CLIENT, "x", 1);
    ck_assert_uint_eq(p.random.draws, 3);
    config.random = (struct tls_random){ pair_fill, &p.random };
    ck_assert_ptr_nonnull(s = tls_session_new(p.contexts[TLS_SERVER], &config));
    ck_assert_uint_eq(p.random.draws, 4);
    tls_session_free(s);
    pair_close(&p);
}
END_TEST

START_TEST(what_one_session_does_moves_no_other)
{
    struct pair_random same = { .state = 77 };
    struct tls_session_config config = { .now_s = PAIR_NOW_S, .server_name = PAIR_NAME };
    struct tls_session *a, *b;
    char hello[2048];
    size_t len;
    config.random = (struct tls_random){ pair_fill, &same };
    pair_open(&p, &(struct pair_config){ 0 });
    ck_assert_ptr_nonnull(a = tls_session_new(p.contexts[TLS_CLIENT], &config));
    tls_session_start(a, &p.step);
    len = p.step.send_len;
    ck_assert_uint_le(len, sizeof hello);
    memcpy(hello, p.step.send, len);
    pair_start(&p);
    pair_run(&p);
    same.state = 77;
    ck_assert_ptr_nonnull(b = tls_session_new(p.contexts[TLS_CLIENT], &config));
    pair_say(&p, TLS_SERVER, "x", 1);
    tls_session_start(b, &p.step);
    ck_assert_uint_eq(p.step.send_len, len);
    ck_assert_mem_eq(p.step.send, hello, len);
    tls_session_free(a);
    tls_session_free(b);
    pair_close(&p);
}
END_TEST

START_TEST(a_draw_that_belongs_to_nobody_fails)
{
    struct tls_lib *lib = tls_lib_new();
    unsigned char octets[32], again[32], zeros[TLS_SEED_OCTETS] = { 0 };
    struct tls_stream stream;
    ck_assert_ptr_nonnull(lib);
    ck_assert_int_le(RAND_bytes_ex(tls_lib_context(lib), octets, sizeof octets, 0), 0);
    ck_assert_int_le(RAND_priv_bytes_ex(tls_lib_context(lib), octets, sizeof octets, 0), 0);
    tls_stream_init(&stream, zeros);
    tls_chance_use(lib, &stream);
    ck_assert_int_eq(RAND_priv_bytes_ex(tls_lib_context(lib), octets, sizeof octets, 0), 1);
    tls_stream_init(&stream, zeros);
    tls_stream_fill(&stream, again, sizeof again);
    ck_assert_mem_eq(octets, again, sizeof octets);
    tls_chance_use(lib, NULL);
    tls_lib_free(lib);
}
END_TEST

/* RFC 8439 appendix A.1, test vector 1: key, nonce and counter of zeros; the octets as in the RFC. */
START_TEST(the_stream_is_chacha20)
{
    static const unsigned char want[64] = {
        0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28,
        0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7,
        0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37,
        0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
    };
    /* Test vector 2: counter 1. */
    static const unsigned char next[4] = { 0x9f, 0x07, 0xe7, 0xbe };
    unsigned char zeros[TLS_SEED_OCTETS] = { 0 }, octets[68];
    struct tls_stream stream;
    tls_stream_init(&stream, zeros);
    tls_stream_fill(&stream, octets, 1);
    tls_stream_fill(&stream, octets + 1, 67);
    ck_assert_mem_eq(octets, want, sizeof want);
    ck_assert_mem_eq(octets + 64, next, sizeof next);
}
END_TEST

/* The machine has a clock as well, and it must not matter: only the session's time counts. */
START_TEST(virtual_time_alone_judges)
{
    static const struct {
        int64_t now_s;
        enum tls_verdict verdict;
    } times[] = {
        { PAIR_NOW_S - 31 * TLS_DAY_S, TLS_CERT_NOT_YET_VALID },
        { PAIR_NOW_S - 29 * TLS_DAY_S, TLS_CERT_TRUSTED },
        { PAIR_NOW_S + 60 * TLS_DAY_S - 2, TLS_CERT_TRUSTED },
        { PAIR_NOW_S + 60 * TLS_DAY_S, TLS_CERT_EXPIRED },
        { PAIR_NOW_S + 400 * TLS_DAY_S, TLS_CERT_EXPIRED },
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct tls_session_config config = { .now_s = times[i].now_s, .server_name = PAIR_NAME };
        pair_open(&p, &(struct pair_config){ 0 });
        tls_session_free(p.end[TLS_CLIENT].s);
        config.random = (struct tls_random){ pair_fill, &p.random };
        ck_assert_ptr_nonnull(p.end[TLS_CLIENT].s = tls_session_new(p.contexts[TLS_CLIENT], &config));
        pair_start(&p);
        pair_run(&p);
        ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), times[i].verdict);
        pair_close(&p);
    }
}
END_TEST

static Suite *chance_suite(void)
{
    Suite *suite = suite_create("tls_chance");
    TCase *t = tcase_create("chance");
    tcase_set_timeout(t, 60);
    suite_add_tcase(suite, t);
    if (getenv(CHILD_VARIABLE)) {
        tcase_add_test(t, print_transcript);
        return suite;
    }
    tcase_add_test(t, the_same_seed_gives_the_same_octets);
    tcase_add_test(t, another_process_gives_the_same_octets);
    tcase_add_test(t, a_session_asks_for_chance_once);
    tcase_add_test(t, what_one_session_does_moves_no_other);
    tcase_add_test(t, a_draw_that_belongs_to_nobody_fails);
    tcase_add_test(t, the_stream_is_chacha20);
    tcase_add_test(t, virtual_time_alone_judges);
    return suite;
}

CHECK_MAIN(chance_suite)
