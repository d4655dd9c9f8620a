/* Claims about sessions: both versions, whole and octet by octet, data, endings. */
#include "tests/check_main.h"
#include "tests/tls/pair.h"

#define MEGABYTE (1u << 20)

static struct pair p;

static const struct pair_config ways[] = {
    { .max = TLS_VERSION_1_3 },
    { .max = TLS_VERSION_1_2 },
    { .max = TLS_VERSION_1_3, .bytes = true },
    { .max = TLS_VERSION_1_2, .bytes = true },
};
#define WAYS (int)(sizeof ways / sizeof ways[0])

static void open_way(int way)
{
    pair_open(&p, &ways[way]);
    pair_start(&p);
    pair_run(&p);
    ck_assert_int_eq(p.end[TLS_CLIENT].last, TLS_ESTABLISHED);
    ck_assert_int_eq(p.end[TLS_SERVER].last, TLS_ESTABLISHED);
}

START_TEST(both_ends_agree_on_version_cipher_and_name)
{
    open_way(_i);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tls_session_state(p.end[i].s), TLS_OPEN);
        ck_assert_int_eq(tls_session_version(p.end[i].s), ways[_i].max);
        ck_assert_str_eq(tls_session_cipher(p.end[i].s), ways[_i].max == TLS_VERSION_1_3
                                                             ? "TLS_AES_256_GCM_SHA384"
                                                             : "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
        ck_assert_str_eq(tls_session_server_name(p.end[i].s), PAIR_NAME);
    }
    ck_assert_int_eq(tls_session_trust(p.end[TLS_CLIENT].s), TLS_CERT_TRUSTED);
    ck_assert_int_eq(tls_session_trust(p.end[TLS_SERVER].s), TLS_GOES_ON);
    pair_close(&p);
}
END_TEST

static void hash_plain(const char *plain, size_t len, unsigned char hash[DIGEST_SHA256_LEN])
{
    memset(hash, 0, DIGEST_SHA256_LEN);
    for (size_t i = 0; i < len; i++)
        hash[i % DIGEST_SHA256_LEN] ^= (unsigned char)((unsigned char)plain[i] + i / DIGEST_SHA256_LEN);
}

START_TEST(a_megabyte_arrives_both_ways)
{
    struct pair_random r = { .state = 5 };
    unsigned char want[DIGEST_SHA256_LEN];
    size_t len = ways[_i].bytes ? MEGABYTE / 16 : MEGABYTE; /* octet by octet it takes its time */
    char *plain = malloc(len);
    ck_assert_ptr_nonnull(plain);
    pair_fill(&r, plain, len);
    hash_plain(plain, len, want);
    open_way(_i);
    for (int i = 0; i < 2; i++)
        pair_say(&p, (enum tls_side)i, plain, len);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(p.end[i].plain_len, len);
        ck_assert_mem_eq(p.end[i].plain_hash, want, sizeof want);
        ck_assert_mem_eq(p.end[i].plain, plain, sizeof p.end[i].plain);
    }
    pair_close(&p);
    free(plain);
}
END_TEST

START_TEST(nothing_can_be_said_before_the_handshake_is_over)
{
    pair_open(&p, &ways[_i]);
    pair_start(&p);
    ck_assert_uint_eq(tls_session_send(p.end[TLS_CLIENT].s, "EHLO a\r\n", 8, &p.step), 0);
    ck_assert_uint_eq(p.step.send_len, 0);
    ck_assert_uint_eq(tls_session_send(p.end[TLS_SERVER].s, "220 b\r\n", 7, &p.step), 0);
    ck_assert_uint_eq(p.step.send_len, 0);
    pair_run(&p);
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_OPEN);
    pair_close(&p);
}
END_TEST

START_TEST(one_direction_closes_and_the_other_goes_on)
{
    struct pair_end *client = &p.end[TLS_CLIENT], *server = &p.end[TLS_SERVER];
    open_way(_i);
    tls_session_close(client->s, &p.step);
    ck_assert_int_eq(p.step.after, TLS_WRITE_CLOSED);
    ck_assert_uint_gt(p.step.send_len, 0);
    pair_keep(&p, TLS_CLIENT);
    pair_run(&p);
    ck_assert_int_eq(server->last, TLS_NOTIFIED);
    ck_assert_int_eq(tls_session_state(server->s), TLS_READ_CLOSED);
    ck_assert_uint_eq(tls_session_send(client->s, "x", 1, &p.step), 0);
    pair_say(&p, TLS_SERVER, "221 bye\r\n", 9);
    ck_assert_uint_eq(client->plain_len, 9);
    ck_assert_mem_eq(client->plain, "221 bye\r\n", 9);
    tls_session_close(server->s, &p.step);
    ck_assert_int_eq(p.step.after, TLS_CLOSED);
    pair_keep(&p, TLS_SERVER);
    pair_run(&p);
    ck_assert_int_eq(client->last, TLS_NOTIFIED);
    ck_assert_int_eq(tls_session_state(client->s), TLS_CLOSED);
    for (int i = 0; i < 2; i++) {
        tls_session_eof(p.end[i].s, &p.step);
        ck_assert_int_eq(p.step.verdict, TLS_GOES_ON);
        ck_assert_uint_eq(tls_session_step(p.end[i].s, "late", 4, &p.step), 4);
        ck_assert_int_eq(p.step.verdict, TLS_GOES_ON);
    }
    pair_close(&p);
}
END_TEST

START_TEST(an_end_without_close_notify_is_a_truncation)
{
    open_way(_i);
    tls_session_eof(p.end[TLS_CLIENT].s, &p.step);
    ck_assert_int_eq(p.step.verdict, TLS_TRUNCATED);
    ck_assert_int_eq(p.step.after, TLS_FAILED);
    ck_assert_ptr_eq(p.step.why, &tls_verdict_info(TLS_TRUNCATED)->words);
    pair_close(&p);
}
END_TEST

START_TEST(an_end_in_the_handshake_is_told_as_such)
{
    pair_open(&p, &ways[_i]);
    pair_start(&p);
    tls_session_eof(p.end[TLS_CLIENT].s, &p.step);
    ck_assert_int_eq(p.step.verdict, TLS_PEER_CLOSED);
    tls_session_eof(p.end[TLS_SERVER].s, &p.step);
    ck_assert_int_eq(p.step.verdict, TLS_PEER_CLOSED);
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_FAILED);
    pair_close(&p);
}
END_TEST

START_TEST(one_changed_bit_ends_the_session)
{
    open_way(_i);
    ck_assert_uint_eq(tls_session_send(p.end[TLS_CLIENT].s, "MAIL FROM:<a@example.com>\r\n", 27, &p.step),
                      27);
    pair_keep(&p, TLS_CLIENT);
    p.end[TLS_CLIENT].out[p.end[TLS_CLIENT].out_len - 1] ^= 1;
    pair_run(&p);
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_BROKEN);
    ck_assert(p.end[TLS_SERVER].alert_sent);
    ck_assert_int_eq(p.end[TLS_SERVER].alert, 20);
    ck_assert_uint_eq(p.end[TLS_SERVER].plain_len, 0);
    ck_assert_int_eq(p.end[TLS_CLIENT].failed, TLS_ALERTED);
    ck_assert_int_eq(p.end[TLS_CLIENT].alert, 20);
    ck_assert_ptr_nonnull(pair_find(&p, true, TLS_EVENT_ALERT, 20));
    pair_close(&p);
}
END_TEST

/* The handshake's octets are what a meddler can change in the clear: the two ends must notice. */
START_TEST(a_changed_handshake_never_opens_both_ends)
{
    static const size_t places[] = { 1, 9, 20, 44, 60, 80, 120, 200 };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        pair_open(&p, &ways[_i]);
        pair_start(&p);
        ck_assert_uint_gt(p.end[TLS_CLIENT].out_len, places[i]);
        p.end[TLS_CLIENT].out[places[i]] ^= 0x40;
        pair_run(&p);
        ck_assert(tls_session_state(p.end[TLS_CLIENT].s) != TLS_OPEN ||
                  tls_session_state(p.end[TLS_SERVER].s) != TLS_OPEN);
        pair_close(&p);
    }
}
END_TEST

START_TEST(both_ends_have_the_same_channel_binding)
{
    unsigned char a[TLS_BINDING_MAX], b[TLS_BINDING_MAX];
    bool v13 = ways[_i].max == TLS_VERSION_1_3;
    pair_open(&p, &ways[_i]);
    ck_assert_uint_eq(tls_session_binding(p.end[TLS_CLIENT].s, TLS_BINDING_END_POINT, a), 0);
    pair_close(&p);
    open_way(_i);
    for (int type = TLS_BINDING_UNIQUE; type <= TLS_BINDING_END_POINT; type++) {
        size_t n = tls_session_binding(p.end[TLS_CLIENT].s, (enum tls_binding)type, a);
        size_t want = type == TLS_BINDING_UNIQUE             ? (v13 ? 0 : 12)
                      : type == TLS_BINDING_EXPORTER && !v13 ? 0
                                                             : 32;
        ck_assert_uint_eq(n, want);
        ck_assert_uint_eq(tls_session_binding(p.end[TLS_SERVER].s, (enum tls_binding)type, b), n);
        ck_assert(memcmp(a, b, n) == 0);
    }
    pair_close(&p);
}
END_TEST

START_TEST(the_key_log_has_the_lines_of_its_version)
{
    open_way(_i);
    if (ways[_i].max == TLS_VERSION_1_3) {
        ck_assert_ptr_nonnull(strstr(p.keylog, "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
        ck_assert_ptr_nonnull(strstr(p.keylog, "SERVER_HANDSHAKE_TRAFFIC_SECRET "));
        ck_assert_ptr_nonnull(strstr(p.keylog, "CLIENT_TRAFFIC_SECRET_0 "));
        ck_assert_ptr_nonnull(strstr(p.keylog, "SERVER_TRAFFIC_SECRET_0 "));
        ck_assert_ptr_nonnull(strstr(p.keylog, "EXPORTER_SECRET "));
    } else {
        ck_assert_int_eq(strncmp(p.keylog, "CLIENT_RANDOM ", 14), 0);
        ck_assert_uint_eq(strlen(p.keylog), 14 + 64 + 1 + 96 + 1);
    }
    pair_close(&p);
}
END_TEST

START_TEST(a_silent_session_sends_the_same_and_tells_nothing)
{
    unsigned char hash[DIGEST_SHA256_LEN];
    struct pair_config silent = ways[_i];
    open_way(_i);
    memcpy(hash, p.hash, sizeof hash);
    pair_close(&p);
    silent.silent = true;
    pair_open(&p, &silent);
    pair_start(&p);
    pair_run(&p);
    ck_assert_uint_eq(p.events, 0);
    ck_assert_mem_eq(p.hash, hash, sizeof hash);
    pair_close(&p);
}
END_TEST

START_TEST(octet_by_octet_is_the_same_on_the_wire)
{
    unsigned char hash[DIGEST_SHA256_LEN];
    open_way(_i);
    memcpy(hash, p.hash, sizeof hash);
    pair_close(&p);
    open_way(_i + 2);
    ck_assert_mem_eq(p.hash, hash, sizeof hash);
    pair_close(&p);
}
END_TEST

/* ---- peers that do not speak TLS ---- */

static void strange(enum tls_side side, const char *said, size_t len, bool bytes, enum tls_verdict want,
                    const char *text)
{
    struct pair_end *end = &p.end[side];
    const struct pair_event *e;
    pair_open(&p, &(struct pair_config){ .bytes = bytes });
    if (side == TLS_CLIENT)
        pair_start(&p);
    end->out_len = 0;
    p.end[!side].out_len = len;
    memcpy(p.end[!side].out, said, len);
    pair_carry(&p, side == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT);
    ck_assert_int_eq(end->failed, want);
    ck_assert(!end->alert_sent);
    ck_assert_uint_eq(end->out_len, 0);
    ck_assert_ptr_nonnull(e = pair_find(&p, side == TLS_CLIENT, TLS_EVENT_VERDICT, (uint8_t)want));
    if (!bytes)
        ck_assert_str_eq(e->text, text);
    pair_close(&p);
}

START_TEST(a_peer_that_speaks_plain_text_is_recognised)
{
    static const struct {
        enum tls_side side;
        const char *said, *text;
    } peers[] = {
        { TLS_SERVER, "EHLO laptop.example.net\r\nMAIL", "the peer says \"EHLO laptop.example.net\"" },
        { TLS_SERVER, "QUIT\r\n", "the peer says \"QUIT\"" },
        { TLS_SERVER, "a1 LOGIN alice secret\r\n", "the peer says \"a1 LOGIN alice secret\"" },
        { TLS_SERVER, "GET / HTTP/1.0\r\n\r\n", "the peer says \"GET / HTTP/1.0\"" },
        { TLS_CLIENT, "220 mx.example.org ESMTP\r\n", "the peer says \"220 mx.example.org ESMTP\"" },
        { TLS_CLIENT, "+OK POP3 ready\r\n", "the peer says \"+OK POP3 ready\"" },
        { TLS_CLIENT, "* OK [CAPABILITY IMAP4rev1]\r\n", "the peer says \"* OK [CAPABILITY IMAP4rev1]\"" },
        { TLS_CLIENT, "554 no\033[2J service\r\n", "the peer says \"554 no?[2J service\"" },
    };
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        strange(peers[i].side, peers[i].said, strlen(peers[i].said), _i, TLS_PLAIN_PEER, peers[i].text);
}
END_TEST

START_TEST(garbage_is_neither_tls_nor_text)
{
    static const char garbage[] = "\200\056\001\003\001 an SSL 2.0 hello", zeros[16];
    for (int side = 0; side < 2; side++) {
        strange((enum tls_side)side, garbage, sizeof garbage, _i, TLS_GARBAGE,
                "the peer sends octets that are not TLS");
        strange((enum tls_side)side, zeros, sizeof zeros, _i, TLS_GARBAGE,
                "the peer sends octets that are not TLS");
    }
}
END_TEST

/* Four octets are not enough to know; a real server waits for more as well. */
START_TEST(a_header_that_stays_incomplete_is_waited_for)
{
    pair_open(&p, &ways[0]);
    ck_assert_uint_eq(tls_session_step(p.end[TLS_SERVER].s, "EHLO", 4, &p.step), 4);
    ck_assert_int_eq(p.step.verdict, TLS_GOES_ON);
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_HANDSHAKE);
    pair_close(&p);
}
END_TEST

START_TEST(half_a_hello_is_waited_for)
{
    pair_open(&p, &ways[_i]);
    pair_start(&p);
    p.end[TLS_CLIENT].out_len -= 10;
    pair_run(&p);
    ck_assert_int_eq(tls_session_state(p.end[TLS_SERVER].s), TLS_HANDSHAKE);
    ck_assert_int_eq(p.end[TLS_SERVER].last, TLS_GOES_ON);
    pair_close(&p);
}
END_TEST

START_TEST(text_inside_the_handshake_breaks_it)
{
    struct pair_end *client = &p.end[TLS_CLIENT];
    static const char text[] = "EHLO laptop.example.net\r\n";
    pair_open(&p, &ways[_i]);
    pair_start(&p);
    pair_carry(&p, TLS_CLIENT);
    memcpy(client->out, text, sizeof text - 1); /* where ClientKeyExchange or Finished would come */
    client->out_len = sizeof text - 1;
    pair_carry(&p, TLS_CLIENT);
    ck_assert_int_eq(p.end[TLS_SERVER].failed, TLS_BROKEN);
    pair_close(&p);
}
END_TEST

static Suite *session_suite(void)
{
    Suite *suite = suite_create("tls_session");
    TCase *t = tcase_create("session");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, both_ends_agree_on_version_cipher_and_name, 0, WAYS);
    tcase_add_loop_test(t, a_megabyte_arrives_both_ways, 0, WAYS);
    tcase_add_loop_test(t, nothing_can_be_said_before_the_handshake_is_over, 0, WAYS);
    tcase_add_loop_test(t, one_direction_closes_and_the_other_goes_on, 0, WAYS);
    tcase_add_loop_test(t, an_end_without_close_notify_is_a_truncation, 0, WAYS);
    tcase_add_loop_test(t, an_end_in_the_handshake_is_told_as_such, 0, WAYS);
    tcase_add_loop_test(t, one_changed_bit_ends_the_session, 0, WAYS);
    tcase_add_loop_test(t, a_changed_handshake_never_opens_both_ends, 0, WAYS);
    tcase_add_loop_test(t, both_ends_have_the_same_channel_binding, 0, WAYS);
    tcase_add_loop_test(t, the_key_log_has_the_lines_of_its_version, 0, WAYS);
    tcase_add_loop_test(t, a_silent_session_sends_the_same_and_tells_nothing, 0, WAYS);
    tcase_add_loop_test(t, octet_by_octet_is_the_same_on_the_wire, 0, 2);
    tcase_add_loop_test(t, a_peer_that_speaks_plain_text_is_recognised, 0, 2);
    tcase_add_loop_test(t, garbage_is_neither_tls_nor_text, 0, 2);
    tcase_add_test(t, a_header_that_stays_incomplete_is_waited_for);
    tcase_add_loop_test(t, half_a_hello_is_waited_for, 0, WAYS);
    tcase_add_loop_test(t, text_inside_the_handshake_breaks_it, 0, WAYS);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(session_suite)
