/* PLAIN, LOGIN, CRAM-MD5, and what all mechanisms share. */
#include "tests/sasl/fixture.h"

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
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "SCRAM-SHA-256 CRAM-MD5");
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(begin("LOGIN", NULL, 0), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "tanstaaftanstaaf", 16), WIRE_AUTH_NEED_TLS);
    server.tls = true;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN");
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_OK);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "tanstaaftanstaaf", 16), WIRE_AUTH_OK);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "x", 1), WIRE_AUTH_DENIED);
    ck_assert_int_eq(sasl_wire_server.login(&server, "tim", 3, "", 0), WIRE_AUTH_DENIED);
}
END_TEST

START_TEST(a_strict_server_offers_nothing_before_tls)
{
    config.clear_needs_tls = config.all_need_tls = true;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "");
    ck_assert_int_eq(begin("CRAM-MD5", NULL, 0), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(begin("SCRAM-SHA-256", NULL, 0), WIRE_AUTH_NEED_TLS);
    ck_assert_int_eq(BEGIN("PLAIN", "\0tim\0tanstaaftanstaaf"), WIRE_AUTH_NEED_TLS);
    server.tls = true;
    ck_assert_str_eq(sasl_wire_server.mechanisms(&server), "SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN");
    ck_assert_int_eq(begin("CRAM-MD5", NULL, 0), WIRE_AUTH_MORE);
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

START_TEST(the_client_logs_in_with_every_mechanism)
{
    for (unsigned m = 0; m < SASL_MECHS; m++) {
        struct sasl_client_config account = { "tim", "tanstaaftanstaaf", &digest, SASL_BIT(m),
                                              false, client_nonce,       NULL };
        struct sasl_client client;
        sasl_client_init(&client, &account);
        client.binding = server.binding = WIRE_SLICE("exported");
        client.binding_type = server.binding_type = SASL_BINDING_TLS_EXPORTER;
        if (sasl_mech_info((enum sasl_mech)m)->messages == 0) {
            ck_assert_int_eq(converse(&client), WIRE_AUTH_NO_MECH);
            continue;
        }
        ck_assert_int_eq(converse(&client), WIRE_AUTH_OK);
        ck_assert(is_who("tim"));
        ck_assert(sasl_client_complete(&client));
        account.password = "wrong";
        ck_assert_int_eq(converse(&client), WIRE_AUTH_DENIED);
    }
}
END_TEST

START_TEST(the_client_prefers_what_hides_the_password)
{
    struct sasl_client_config account = { "tim", "x", &digest, SASL_ALL, false, NULL, NULL };
    struct sasl_client c;
    sasl_client_init(&c, &account);
    ck_assert_str_eq(sasl_client_choose(&c, "LOGIN PLAIN SCRAM-SHA-256 CRAM-MD5"), "CRAM-MD5");
    account.nonce = client_nonce;
    ck_assert_str_eq(sasl_client_choose(&c, "LOGIN PLAIN SCRAM-SHA-256 CRAM-MD5"), "SCRAM-SHA-256");
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
    struct sasl_client_config account = { "tim", "x", &digest, SASL_ALL, false, NULL, NULL };
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
        ck_assert(info->messages <= SASL_MESSAGES_MAX && info->eavesdropper);
        ck_assert_int_eq(info->messages > 0, (SASL_ALL & SASL_BIT(m)) != 0);
        for (unsigned i = 0; i < SASL_MESSAGES_MAX; i++) {
            ck_assert_int_eq(info->response[i].title != NULL, i < info->messages);
            ck_assert_int_eq(info->challenge[i].title != NULL, i < info->messages);
            if (info->response[i].title)
                ck_assert_uint_le(strlen(info->response[i].title), 60);
        }
        ck_assert_uint_eq(sasl_mech_find(wire_slice_str(info->name)), m);
    }
    ck_assert_ptr_null(sasl_mech_info(SASL_MECHS));
    for (unsigned f = 0; f < SASL_FAULT_COUNT; f++) {
        const struct wire_lesson *l = sasl_fault_lesson((enum sasl_fault)f);
        ck_assert(l->title && l->lesson && l->section);
        ck_assert_uint_le(strlen(l->title), 60);
    }
    ck_assert_ptr_null(sasl_fault_lesson(SASL_FAULT_COUNT));
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
    ck_assert_uint_le(sizeof(struct sasl_client), 72);
    ck_assert_uint_le(sizeof(struct sasl_identity), 1536);
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
    tcase_add_test(t, a_strict_server_offers_nothing_before_tls);
    tcase_add_test(t, only_what_is_configured_is_offered);
    tcase_add_test(t, steps_out_of_order_are_malformed);
    tcase_add_test(t, accounts_that_are_down_are_no_wrong_password);
    tcase_add_test(t, the_client_logs_in_with_every_mechanism);
    tcase_add_test(t, the_client_prefers_what_hides_the_password);
    tcase_add_test(t, the_client_does_not_answer_more_than_the_mechanism_asks);
    tcase_add_test(t, every_row_has_its_words);
    tcase_add_test(t, idle_state_is_small);
    tcase_add_test(t, cut_and_spoilt_messages_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
