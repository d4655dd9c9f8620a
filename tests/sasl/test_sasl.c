/* SASL mechanisms, both sides, and the digests they use. */
#include "protocols/sasl/sasl.h"
#include "protocols/tls/digest.h"
#include "tests/check_main.h"

#include <stdio.h>
#include <string.h>

static bool accounts_down;
static uint64_t next_nonce = 1896;

static enum wire_auth verify(void *host, struct wire_slice user, struct wire_slice password)
{
    (void)host;
    if (accounts_down)
        return WIRE_AUTH_TEMPFAIL;
    return wire_slice_is(user, "tim") && wire_slice_is(password, "tanstaaftanstaaf") ? WIRE_AUTH_OK
                                                                                     : WIRE_AUTH_DENIED;
}

static enum wire_auth lookup(void *host, struct wire_slice user, struct wire_slice *password)
{
    (void)host;
    if (accounts_down)
        return WIRE_AUTH_TEMPFAIL;
    if (!wire_slice_is(user, "tim"))
        return WIRE_AUTH_DENIED;
    *password = WIRE_SLICE("tanstaaftanstaaf");
    return WIRE_AUTH_OK;
}

static bool may_act_as(void *host, struct wire_slice user, struct wire_slice as)
{
    (void)host;
    return wire_slice_is(user, "tim") && wire_slice_is(as, "office");
}

static uint64_t nonce(void *host)
{
    (void)host;
    return next_nonce;
}

static const struct sasl_server_ops ops = { verify, lookup, may_act_as, nonce };
static const struct sasl_digest_ops digest = { digest_hmac_md5 };

static struct sasl_server_config config;
static struct sasl_server server;
static struct sasl_identity who;
static char out[WIRE_AUTH_DATA_MAX];
static size_t out_len;

static void setup(void)
{
    accounts_down = false;
    next_nonce = 1896;
    config = (struct sasl_server_config){ .ops = &ops,
                                          .digest = &digest,
                                          .mechs = SASL_ALL,
                                          .host_name = WIRE_SLICE("postoffice.reston.mci.net") };
    sasl_server_init(&server, &config, NULL, &who);
    server.now_s = 697170952;
}

static enum wire_auth begin(const char *mech, const char *in, size_t len)
{
    return sasl_wire_server.begin(&server, mech, in, len, out, &out_len);
}

#define BEGIN(mech, literal) begin(mech, literal, sizeof(literal) - 1)

static enum wire_auth step(const char *text)
{
    return sasl_wire_server.step(&server, text, strlen(text), out, &out_len);
}

static bool is_out(const char *text)
{
    return wire_equal(out, out_len, text, strlen(text));
}

static bool is_who(const char *name)
{
    return wire_equal(who.name, who.len, name, strlen(name));
}

START_TEST(plain_checks_name_and_password)
{
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert(is_who("tim"));
    ck_assert_int_eq(BEGIN("plain", "\0tim\0wrong"), WIRE_AUTH_DENIED);
    ck_assert_uint_eq(who.len, 0);
    ck_assert_int_eq(BEGIN("PLAIN", "\0nobody\0tanstaaftanstaaf"), WIRE_AUTH_DENIED);
    ck_assert_int_eq(begin("PLAIN", NULL, 0), WIRE_AUTH_MORE);
    ck_assert_uint_eq(out_len, 0);
    ck_assert_int_eq(sasl_wire_server.step(&server, "\0tim\0tanstaaftanstaaf", 21, out, &out_len),
                     WIRE_AUTH_OK);
}
END_TEST

START_TEST(plain_may_act_as_another_only_if_allowed)
{
    ck_assert_int_eq(BEGIN("PLAIN", "tim\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert_int_eq(BEGIN("PLAIN", "office\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert(is_who("office"));
    ck_assert_int_eq(BEGIN("PLAIN", "boss\0tim\0tanstaaftanstaaf"), WIRE_AUTH_DENIED);
    ck_assert_uint_eq(who.len, 0);
    ck_assert_int_eq(BEGIN("PLAIN", "office\0tim\0wrong"), WIRE_AUTH_DENIED);
}
END_TEST

START_TEST(malformed_plain_is_told_from_a_wrong_password)
{
    char long_one[600];
    ck_assert_int_eq(BEGIN("PLAIN", ""), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "tim"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "\0\0tanstaaftanstaaf"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tan\0staaf"), WIRE_AUTH_MALFORMED);
    memset(long_one, 'x', sizeof long_one);
    long_one[0] = long_one[1 + SASL_USER_MAX + 1] = '\0';
    ck_assert_int_eq(begin("PLAIN", long_one, sizeof long_one), WIRE_AUTH_MALFORMED);
    long_one[1 + SASL_USER_MAX + 1] = 'x', long_one[1 + SASL_USER_MAX] = '\0';
    ck_assert_int_eq(begin("PLAIN", long_one, 1 + SASL_USER_MAX + 1 + SASL_PASSWORD_MAX), WIRE_AUTH_DENIED);
    ck_assert_int_eq(begin("PLAIN", long_one, 1 + SASL_USER_MAX + 2 + SASL_PASSWORD_MAX),
                     WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(login_asks_twice_whoever_it_is)
{
    ck_assert_int_eq(begin("LOGIN", NULL, 0), WIRE_AUTH_MORE);
    ck_assert(is_out("Username:"));
    ck_assert_int_eq(step("tim"), WIRE_AUTH_MORE);
    ck_assert(is_out("Password:"));
    ck_assert_int_eq(step("tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert(is_who("tim"));
    ck_assert_int_eq(BEGIN("LOGIN", "nobody"), WIRE_AUTH_MORE);
    ck_assert(is_out("Password:"));
    ck_assert_int_eq(step("x"), WIRE_AUTH_DENIED);
    ck_assert_uint_eq(who.len, 0);
    ck_assert_int_eq(begin("LOGIN", NULL, 0), WIRE_AUTH_MORE);
    ck_assert_int_eq(step(""), WIRE_AUTH_MALFORMED);
}
END_TEST

/* The exchange of RFC 2195 section 2. */
START_TEST(cram_md5_does_the_example_of_rfc_2195)
{
    ck_assert_int_eq(begin("CRAM-MD5", NULL, 0), WIRE_AUTH_MORE);
    ck_assert(is_out("<1896.697170952@postoffice.reston.mci.net>"));
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_OK);
    ck_assert(is_who("tim"));
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d3891"), WIRE_AUTH_DENIED);
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tom b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_DENIED);
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d389"), WIRE_AUTH_MALFORMED);
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d389g"), WIRE_AUTH_MALFORMED);
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step(" b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("CRAM-MD5", "tim"), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(an_answer_overheard_does_not_work_again)
{
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_OK);
    next_nonce++;
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_DENIED);
}
END_TEST

START_TEST(clear_passwords_wait_for_tls)
{
    config.clear_needs_tls = true;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "CRAM-MD5");
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(begin("LOGIN", NULL, 0), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "tanstaaftanstaaf", 16), WIRE_AUTH_NEED_TLS);
    server.tls = true;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "CRAM-MD5 PLAIN LOGIN");
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "tanstaaftanstaaf", 16), WIRE_AUTH_OK);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "x", 1), WIRE_AUTH_DENIED);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "", 0), WIRE_AUTH_DENIED);
}
END_TEST

START_TEST(only_what_is_configured_is_offered)
{
    config.mechs = SASL_BIT(SASL_LOGIN) | SASL_BIT(SASL_CRAM_MD5);
    config.digest = NULL;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "LOGIN");
    ck_assert_int_eq(begin("CRAM-MD5", NULL, 0), WIRE_AUTH_NO_MECH);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0x"), WIRE_AUTH_NO_MECH);
    ck_assert_int_eq(begin("SCRAM-SHA-256", NULL, 0), WIRE_AUTH_NO_MECH);
    config.mechs = 0;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "");
}
END_TEST

START_TEST(steps_out_of_order_are_malformed)
{
    ck_assert_int_eq(step("x"), WIRE_AUTH_MALFORMED);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert_int_eq(step("x"), WIRE_AUTH_MALFORMED);
    ck_assert_uint_eq(who.len, 0);
    begin("LOGIN", NULL, 0);
    step("tim");
    sasl_wire_server.cancel(&server);
    ck_assert_int_eq(step("tanstaaftanstaaf"), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(accounts_that_are_down_are_no_wrong_password)
{
    accounts_down = true;
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_TEMPFAIL);
    begin("CRAM-MD5", NULL, 0);
    ck_assert_int_eq(step("tim b913a602c7eda7a495b4e6e7334d3890"), WIRE_AUTH_TEMPFAIL);
}
END_TEST

/* ---- the client, against the server ---- */

static enum wire_auth converse(struct sasl_client *c)
{
    const char *mech = sasl_wire_client.choose(c, sasl_wire_server.mechanisms(&server));
    char in[WIRE_AUTH_DATA_MAX];
    size_t in_len;
    enum wire_auth verdict;
    bool initial;
    if (!mech)
        return WIRE_AUTH_NO_MECH;
    initial = sasl_wire_client.initial(c, in, &in_len);
    verdict = begin(mech, initial ? in : NULL, in_len);
    while (verdict == WIRE_AUTH_MORE) {
        verdict = sasl_wire_client.respond(c, out, out_len, in, &in_len);
        if (verdict != WIRE_AUTH_MORE)
            return verdict;
        verdict = sasl_wire_server.step(&server, in, in_len, out, &out_len);
    }
    return verdict;
}

START_TEST(the_client_logs_in_with_every_mechanism)
{
    for (unsigned m = 0; m < SASL_MECHS; m++) {
        struct sasl_client_config account = { "tim", "tanstaaftanstaaf", &digest, SASL_BIT(m), false };
        struct sasl_client client;
        sasl_client_init(&client, &account);
        ck_assert_int_eq(converse(&client), WIRE_AUTH_OK);
        ck_assert(is_who("tim"));
        account.password = "wrong";
        ck_assert_int_eq(converse(&client), WIRE_AUTH_DENIED);
    }
}
END_TEST

START_TEST(the_client_prefers_what_hides_the_password)
{
    struct sasl_client_config account = { "tim", "x", &digest, SASL_ALL, false };
    struct sasl_client c;
    sasl_client_init(&c, &account);
    ck_assert_str_eq(sasl_client_choose(&c, "LOGIN PLAIN CRAM-MD5"), "CRAM-MD5");
    ck_assert_str_eq(sasl_client_choose(&c, "login plain"), "PLAIN");
    ck_assert_ptr_null(sasl_client_choose(&c, "GSSAPI XPLAIN PLAINX"));
    ck_assert_ptr_null(sasl_client_choose(&c, ""));
    c.tls = true;
    ck_assert_str_eq(sasl_client_choose(&c, "LOGIN PLAIN CRAM-MD5"), "PLAIN");
    account.clear_needs_tls = true;
    c.tls = false;
    ck_assert_ptr_null(sasl_client_choose(&c, "LOGIN PLAIN"));
    account.digest = NULL;
    ck_assert_ptr_null(sasl_client_choose(&c, "CRAM-MD5"));
}
END_TEST

START_TEST(the_client_does_not_answer_more_than_the_mechanism_asks)
{
    struct sasl_client_config account = { "tim", "x", &digest, SASL_ALL, false };
    struct sasl_client c;
    char in[WIRE_AUTH_DATA_MAX];
    size_t n;
    sasl_client_init(&c, &account);
    ck_assert_int_eq(sasl_client_respond(&c, "", 0, in, &n), WIRE_AUTH_MALFORMED);
    sasl_client_choose(&c, "LOGIN");
    ck_assert_int_eq(sasl_client_respond(&c, "User Name", 9, in, &n), WIRE_AUTH_MORE);
    ck_assert_int_eq(sasl_client_respond(&c, "", 0, in, &n), WIRE_AUTH_MORE);
    ck_assert_int_eq(sasl_client_respond(&c, "again", 5, in, &n), WIRE_AUTH_MALFORMED);
    sasl_client_choose(&c, "CRAM-MD5");
    ck_assert_int_eq(sasl_client_respond(&c, "", 0, in, &n), WIRE_AUTH_MALFORMED);
    sasl_client_choose(&c, "PLAIN");
    ck_assert_int_eq(sasl_client_respond(&c, "who?", 4, in, &n), WIRE_AUTH_MALFORMED);
}
END_TEST

START_TEST(every_row_has_its_words)
{
    for (unsigned m = 0; m < SASL_MECHS; m++) {
        const struct sasl_mech_info *info = sasl_mech_info((enum sasl_mech)m);
        ck_assert_uint_eq(info->mech, m);
        ck_assert(info->lesson.title && info->lesson.lesson && info->lesson.section && info->exam);
        ck_assert_uint_le(strlen(info->lesson.title), 60);
        ck_assert(info->messages >= 1 && info->messages <= 2);
        for (unsigned i = 0; i < 2; i++) {
            ck_assert_int_eq(info->response[i].title != NULL, i < info->messages);
            ck_assert_int_eq(info->challenge[i].title != NULL, i < info->messages);
            if (info->response[i].title)
                ck_assert_uint_le(strlen(info->response[i].title), 60);
        }
        ck_assert_uint_eq(sasl_mech_find(wire_slice_str(info->name)), m);
    }
    ck_assert_ptr_null(sasl_mech_info(SASL_MECHS));
    for (unsigned v = 0; v <= WIRE_AUTH_TEMPFAIL; v++) {
        const struct wire_lesson *l = sasl_verdict_lesson((enum wire_auth)v);
        ck_assert(l->title && l->lesson && l->section);
        ck_assert_uint_le(strlen(l->title), 60);
    }
}
END_TEST

START_TEST(idle_state_is_small)
{
    ck_assert_uint_le(sizeof(struct sasl_server), 64);
    ck_assert_uint_le(sizeof(struct sasl_client), 16);
}
END_TEST

START_TEST(cut_and_spoilt_messages_do_no_harm)
{
    static const char plain[] = "office\0tim\0tanstaaftanstaaf",
                      cram[] = "tim b913a602c7eda7a495b4e6e7334d3890";
    for (size_t n = 0; n < sizeof plain; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, plain, n);
        ck_assert_int_ne(begin("PLAIN", copy, n), WIRE_AUTH_MORE);
        free(copy);
        copy = malloc(n + 1);
        memcpy(copy, cram, n);
        begin("CRAM-MD5", NULL, 0);
        ck_assert_int_ne(sasl_wire_server.step(&server, copy, n, out, &out_len), WIRE_AUTH_OK);
        free(copy);
    }
}
END_TEST

static const char *hex(const unsigned char *bytes, size_t n)
{
    static char text[80];
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", bytes[i]);
    return text;
}

START_TEST(the_digests_match_their_rfcs)
{
    unsigned char d[DIGEST_SHA256_LEN];
    digest_md5("", 0, d); /* RFC 1321 */
    ck_assert_str_eq(hex(d, 16), "d41d8cd98f00b204e9800998ecf8427e");
    digest_md5("<1896.697170952@dbc.mtview.ca.us>tanstaaf", 41, d); /* RFC 1939 section 7, APOP */
    ck_assert_str_eq(hex(d, 16), "c4c9334bac560ecc979e58001b3e22fb");
    digest_sha256("abc", 3, d); /* FIPS 180-4 */
    ck_assert_str_eq(hex(d, 32), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_hmac_md5("Jefe", 4, "what do ya want for nothing?", 28, d); /* RFC 2104 */
    ck_assert_str_eq(hex(d, 16), "750c783e6ab0b503eaa86e310a5db738");
    digest_hmac_md5("", 0, "", 0, d);
    ck_assert_str_eq(hex(d, 16), "74e6f7298a9c2d168935f58c001bad88");
    digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, d); /* RFC 4231 */
    ck_assert_str_eq(hex(d, 32), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    digest_pbkdf2_sha256("passwd", 6, "salt", 4, 1, d); /* RFC 7914 section 11 */
    ck_assert_str_eq(hex(d, 32), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sasl");
    TCase *t = tcase_create("sasl");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, plain_checks_name_and_password);
    tcase_add_test(t, plain_may_act_as_another_only_if_allowed);
    tcase_add_test(t, malformed_plain_is_told_from_a_wrong_password);
    tcase_add_test(t, login_asks_twice_whoever_it_is);
    tcase_add_test(t, cram_md5_does_the_example_of_rfc_2195);
    tcase_add_test(t, an_answer_overheard_does_not_work_again);
    tcase_add_test(t, clear_passwords_wait_for_tls);
    tcase_add_test(t, only_what_is_configured_is_offered);
    tcase_add_test(t, steps_out_of_order_are_malformed);
    tcase_add_test(t, accounts_that_are_down_are_no_wrong_password);
    tcase_add_test(t, the_client_logs_in_with_every_mechanism);
    tcase_add_test(t, the_client_prefers_what_hides_the_password);
    tcase_add_test(t, the_client_does_not_answer_more_than_the_mechanism_asks);
    tcase_add_test(t, every_row_has_its_words);
    tcase_add_test(t, idle_state_is_small);
    tcase_add_test(t, cut_and_spoilt_messages_do_no_harm);
    tcase_add_test(t, the_digests_match_their_rfcs);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
