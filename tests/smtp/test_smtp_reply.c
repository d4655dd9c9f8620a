/* One reply line in parts; parameters and xtext. */
#include "tests/check_main.h"

#include <stdio.h>
#include <string.h>

#include "protocols/smtp/smtp_param.h"
#include "protocols/smtp/smtp_reply.h"
#include "protocols/smtp/smtp_verb.h"

static struct smtp_reply parse(const char *line)
{
    struct smtp_reply r = { 0 };
    ck_assert_msg(smtp_reply_parse(line, strlen(line), &r) == SMTP_REPLY_OK, "%s", line);
    return r;
}

static void expect(const char *line, unsigned code, bool more, const char *status, const char *text)
{
    struct smtp_reply r = parse(line);
    ck_assert_uint_eq(r.code, code);
    ck_assert(r.more == more);
    ck_assert_str_eq(r.status, status);
    ck_assert_msg(wire_slice_is(r.text, text), "\"%.*s\" is not \"%s\"", (int)r.text.len, r.text.at, text);
}

START_TEST(a_reply_line_has_code_status_and_text)
{
    expect("250 2.1.5 Recipient OK", 250, false, "2.1.5", "Recipient OK");
    expect("550-5.1.1 no", 550, true, "5.1.1", "no");
    expect("250", 250, false, "", "");
    expect("250 ", 250, false, "", "");
    expect("250-", 250, true, "", "");
    expect("550 5.7.26", 550, false, "5.7.26", "");
    expect("421 4.123.456 x", 421, false, "4.123.456", "x");
    expect("220 mx.example.org ESMTP", 220, false, "", "mx.example.org ESMTP");
}
END_TEST

START_TEST(text_that_only_looks_like_a_status_is_text)
{
    expect("250 5.1.1 class is not that of the code", 250, false, "", "5.1.1 class is not that of the code");
    expect("250 2.1 two numbers", 250, false, "", "2.1 two numbers");
    expect("250 2.1.1234 too long", 250, false, "", "2.1.1234 too long");
    expect("250 2.1.5.", 250, false, "", "2.1.5.");
    expect("250 2..5 x", 250, false, "", "2..5 x");
    expect("354 3.0.0 no such class", 354, false, "", "3.0.0 no such class");
}
END_TEST

START_TEST(lines_that_are_no_reply_are_told_apart)
{
    struct smtp_reply r;
    static const struct {
        const char *line;
        enum smtp_reply_fault fault;
    } bad[] = {
        { "", SMTP_REPLY_NO_CODE },           { "25", SMTP_REPLY_NO_CODE },
        { "+OK ready", SMTP_REPLY_NO_CODE },  { "* OK ready", SMTP_REPLY_NO_CODE },
        { "2x0 a", SMTP_REPLY_NO_CODE },      { "150 a", SMTP_REPLY_BAD_CODE },
        { "650 a", SMTP_REPLY_BAD_CODE },     { "000 a", SMTP_REPLY_BAD_CODE },
        { "2500", SMTP_REPLY_BAD_SEPARATOR }, { "250\ta", SMTP_REPLY_BAD_SEPARATOR },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(smtp_reply_parse(bad[i].line, strlen(bad[i].line), &r) == bad[i].fault, "%s",
                      bad[i].line);
}
END_TEST

START_TEST(xtext_comes_back_as_it_went)
{
    char all[256], text[768], back[768];
    size_t n, len;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    n = smtp_xtext_encode(text, wire_slice(all, 256));
    ck_assert_uint_le(n, sizeof text);
    for (size_t i = 0; i < n; i++)
        ck_assert(wire_is_visible(text[i]) && text[i] != '=');
    ck_assert(smtp_xtext_decode(back, &len, wire_slice(text, n)));
    ck_assert_uint_eq(len, 256);
    ck_assert_mem_eq(back, all, 256);
    ck_assert(smtp_xtext_decode(back, &len, WIRE_SLICE("a+2Bb")) && len == 3 && memcmp(back, "a+b", 3) == 0);
}
END_TEST

START_TEST(malformed_xtext_is_refused)
{
    static const char *const bad[] = { "+", "+2", "a+", "+2b", "+GG", "a=b", "a b", "a\x01" };
    size_t len;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!smtp_xtext_decode(NULL, &len, wire_slice_str(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(parameters_need_the_extension_that_brings_them)
{
    static const struct {
        const char *param;
        unsigned ext;
    } cases[] = {
        { " SIZE=1", SMTP_EXT_SIZE },
        { " BODY=8BITMIME", SMTP_EXT_8BITMIME },
        { " SMTPUTF8", SMTP_EXT_SMTPUTF8 },
        { " RET=FULL", SMTP_EXT_DSN },
        { " ENVID=x", SMTP_EXT_DSN },
        { " AUTH=<>", SMTP_EXT_AUTH },
        { " BODY=BINARYMIME", SMTP_EXT_BINARYMIME },
    };
    struct smtp_mail_params params;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wire_slice text = wire_slice_str(cases[i].param);
        ck_assert_int_eq(smtp_mail_params_parse(text, cases[i].ext, &params), SMTP_OK);
        ck_assert_int_eq(smtp_mail_params_parse(text, 0, &params), SMTP_UNKNOWN_PARAM);
    }
    ck_assert_int_eq(smtp_mail_params_parse(WIRE_SLICE(" BODY=BINARYMIME"), SMTP_EXT_8BITMIME, &params),
                     SMTP_BAD_PARAM);
}
END_TEST

START_TEST(a_size_has_up_to_20_digits)
{
    struct smtp_mail_params params;
    ck_assert_int_eq(smtp_mail_params_parse(WIRE_SLICE(" SIZE=18446744073709551615"), SMTP_EXT_SIZE, &params),
                     SMTP_OK);
    ck_assert_uint_eq(params.size_octets, UINT64_MAX);
    ck_assert_int_eq(smtp_mail_params_parse(WIRE_SLICE(" SIZE=99999999999999999999"), SMTP_EXT_SIZE, &params),
                     SMTP_OK);
    ck_assert_uint_eq(params.size_octets, UINT64_MAX); /* larger than any limit, RFC 1870 section 6.1 */
    ck_assert_int_eq(
        smtp_mail_params_parse(WIRE_SLICE(" SIZE=100000000000000000000"), SMTP_EXT_SIZE, &params),
        SMTP_BAD_PARAM);
    ck_assert_int_eq(smtp_mail_params_parse(WIRE_SLICE(" SIZE=1844674407370955161x"), SMTP_EXT_SIZE, &params),
                     SMTP_BAD_PARAM);
    ck_assert_int_eq(smtp_mail_params_parse(WIRE_SLICE(" SIZE=-1"), SMTP_EXT_SIZE, &params), SMTP_BAD_PARAM);
}
END_TEST

START_TEST(an_envid_may_stand_for_100_octets_and_no_more)
{
    char text[400];
    struct smtp_mail_params params;
    int n = snprintf(text, sizeof text, " ENVID=%.*s", 100,
                     "0123456789012345678901234567890123456789012345678901234567890123456789"
                     "01234567890123456789012345678901234567890123456789");
    ck_assert_int_eq(smtp_mail_params_parse(wire_slice(text, (size_t)n), SMTP_EXT_DSN, &params), SMTP_OK);
    text[n++] = 'x';
    ck_assert_int_eq(smtp_mail_params_parse(wire_slice(text, (size_t)n), SMTP_EXT_DSN, &params),
                     SMTP_BAD_PARAM);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_reply");
    TCase *t = tcase_create("reply");
    tcase_add_test(t, a_reply_line_has_code_status_and_text);
    tcase_add_test(t, text_that_only_looks_like_a_status_is_text);
    tcase_add_test(t, lines_that_are_no_reply_are_told_apart);
    tcase_add_test(t, xtext_comes_back_as_it_went);
    tcase_add_test(t, malformed_xtext_is_refused);
    tcase_add_test(t, parameters_need_the_extension_that_brings_them);
    tcase_add_test(t, a_size_has_up_to_20_digits);
    tcase_add_test(t, an_envid_may_stand_for_100_octets_and_no_more);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
