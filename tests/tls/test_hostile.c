/* Claims about hostile octets: whatever arrives, a session ends in a verdict and never goes wrong. */
#include "protocols/tls/tls_hello.h"
#include "tests/check_main.h"
#include "tests/tls/pair.h"

static struct pair p;
static struct pair_random chance;

static unsigned below(unsigned n)
{
    unsigned v;
    pair_fill(&chance, &v, sizeof v);
    return v % n;
}

static void renew(enum tls_side side)
{
    struct tls_session_config config = { .now_s = PAIR_NOW_S,
                                         .tell = true,
                                         .random = { pair_fill, &chance } };
    if (side == TLS_CLIENT)
        config.server_name = PAIR_NAME;
    tls_session_free(p.end[side].s);
    ck_assert_ptr_nonnull(p.end[side].s = tls_session_new(p.contexts[side], &config));
    p.end[side].out_len = 0;
    p.end[side].failed = p.end[side].last = TLS_GOES_ON;
    p.events = 0;
}

/* Feeds octets in pieces of any size; the session is what it says it is after each. */
static void feed(enum tls_side side, const char *octets, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t give = 1 + below((unsigned)(len - at));
        size_t used = tls_session_step(p.end[side].s, octets + at, give, &p.step);
        ck_assert(used > 0 && used <= give);
        at += used;
        pair_keep(&p, side);
        p.end[side].out_len = 0;
        p.events = 0;
    }
}

START_TEST(random_octets_do_no_harm)
{
    char octets[600];
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2 });
    chance.state = 11;
    for (int round = 0; round < 600; round++) {
        enum tls_side side = (enum tls_side)below(2);
        size_t len = 1 + below(sizeof octets);
        renew(side);
        if (side == TLS_CLIENT) {
            pair_start(&p);
            p.end[side].out_len = 0;
        }
        pair_fill(&chance, octets, len);
        if (below(4)) { /* mostly a record, whose header is right */
            octets[0] = (char)(20 + below(4));
            octets[1] = 3;
            octets[2] = (char)below(5);
            octets[3] = 0;
            if (len > 5)
                octets[4] = (char)below(255);
        }
        feed(side, octets, len);
        ck_assert_int_ne(tls_session_state(p.end[side].s), TLS_OPEN);
    }
    pair_close(&p);
}
END_TEST

/* One flight of a true handshake, changed a little. */
START_TEST(a_mutated_handshake_does_no_harm)
{
    static char octets[PAIR_WIRE];
    unsigned broken = 0;
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2 });
    chance.state = 12;
    for (int round = 0; round < 400; round++) {
        unsigned flight = below(3);
        enum tls_side from = flight % 2 ? TLS_SERVER : TLS_CLIENT,
                      to = from == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT;
        size_t len;
        renew(TLS_CLIENT);
        renew(TLS_SERVER);
        pair_start(&p);
        if (flight > 0)
            pair_carry(&p, TLS_CLIENT);
        if (flight > 1)
            pair_carry(&p, TLS_SERVER);
        len = p.end[from].out_len;
        memcpy(octets, p.end[from].out, len);
        p.end[from].out_len = 0;
        for (unsigned n = below(4); n > 0; n--)
            octets[below((unsigned)len)] = (char)below(256);
        if (below(3) == 0)
            len = 1 + below((unsigned)len);
        feed(to, octets, len);
        broken += p.end[to].failed != TLS_GOES_ON;
        tls_session_eof(p.end[to].s, &p.step);
    }
    ck_assert_uint_gt(broken, 100);
    pair_close(&p);
}
END_TEST

START_TEST(mutated_data_is_never_delivered)
{
    static char octets[PAIR_WIRE];
    static const char line[] = "RCPT TO:<bob@example.org>\r\n";
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2 });
    chance.state = 13;
    for (int round = 0; round < 100; round++) {
        size_t len, at;
        renew(TLS_CLIENT);
        renew(TLS_SERVER);
        pair_start(&p);
        pair_run(&p);
        p.end[TLS_SERVER].plain_len = 0;
        ck_assert_uint_eq(tls_session_send(p.end[TLS_CLIENT].s, line, sizeof line - 1, &p.step),
                          sizeof line - 1);
        len = p.step.send_len;
        memcpy(octets, p.step.send, len);
        at = below((unsigned)len);
        octets[at] ^= (char)(1 << below(8));
        feed(TLS_SERVER, octets, len);
        ck_assert_uint_eq(p.end[TLS_SERVER].plain_len, 0);
    }
    pair_close(&p);
}
END_TEST

START_TEST(a_parser_reads_no_further_than_its_message)
{
    struct tls_hello hello = { 0 };
    chance.state = 14;
    pair_open(&p, &(struct pair_config){ .max = _i ? TLS_VERSION_1_3 : TLS_VERSION_1_2 });
    pair_start(&p);
    for (int round = 0; round < 20000; round++) {
        size_t len = below(1 + (unsigned)p.end[TLS_CLIENT].out_len - 9);
        uint8_t *body = malloc(len + 1); /* so that a sanitizer sees one octet too much */
        ck_assert_ptr_nonnull(body);
        memcpy(body, p.end[TLS_CLIENT].out + 9, len);
        for (unsigned n = below(6); len > 0 && n > 0; n--)
            body[below((unsigned)len)] = (uint8_t)below(256);
        body = realloc(body, len > 0 ? len : 1);
        ck_assert_ptr_nonnull(body);
        tls_hello_client(body, len, &hello);
        ck_assert_uint_le(hello.offered_len, TLS_OFFERS_MAX);
        ck_assert_uint_le(strlen(hello.name), TLS_NAME_MAX);
        tls_hello_server(body, len, &hello);
        tls_hello_key_exchange(body, len);
        tls_hello_signature(body, len);
        free(body);
    }
    pair_close(&p);
}
END_TEST

START_TEST(a_name_in_sni_cannot_reach_the_terminal)
{
    static const char evil[] = "a\033]0;x\a.com";
    const struct pair_event *e;
    char *at;
    size_t left;
    pair_open(&p, &(struct pair_config){ 0 });
    pair_start(&p);
    left = p.end[TLS_CLIENT].out_len;
    for (at = p.end[TLS_CLIENT].out; left > 0 && memcmp(at, "mail.example", 12) != 0; at++)
        left--;
    ck_assert_uint_gt(left, sizeof evil);
    memcpy(at, evil, sizeof evil - 1);
    pair_carry(&p, TLS_CLIENT);
    ck_assert_ptr_nonnull(e = pair_find(&p, false, TLS_EVENT_MESSAGE, TLS_CLIENT_HELLO));
    ck_assert_ptr_nonnull(strstr(e->text, "for a?]0;x?.come.com; "));
    for (const char *c = e->text; *c; c++)
        ck_assert(wire_is_visible(*c) || *c == ' ');
    pair_close(&p);
}
END_TEST

START_TEST(a_record_that_is_too_long_is_refused)
{
    static const char header[] = { 22, 3, 1, (char)0xff, (char)0xff };
    pair_open(&p, &(struct pair_config){ 0 });
    feed(TLS_SERVER, header, sizeof header);
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_BROKEN);
    ck_assert_int_eq(p.end[TLS_SERVER].alert, 22);
    pair_close(&p);
}
END_TEST

static Suite *hostile_suite(void)
{
    Suite *suite = suite_create("tls_hostile");
    TCase *t = tcase_create("hostile");
    tcase_set_timeout(t, 100);
    tcase_add_loop_test(t, random_octets_do_no_harm, 0, 2);
    tcase_add_loop_test(t, a_mutated_handshake_does_no_harm, 0, 2);
    tcase_add_loop_test(t, mutated_data_is_never_delivered, 0, 2);
    tcase_add_loop_test(t, a_parser_reads_no_further_than_its_message, 0, 2);
    tcase_add_test(t, a_name_in_sni_cannot_reach_the_terminal);
    tcase_add_test(t, a_record_that_is_too_long_is_refused);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(hostile_suite)
