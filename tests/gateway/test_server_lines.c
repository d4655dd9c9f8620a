/* What a real server says: replies and content, whatever the pieces it comes in. */
#include <stdio.h>

#include "sim/hosts/server_lines.h"
#include "tests/check_main.h"

static struct server_lines lines;
static struct wire_out out;
static char told[65536]; /* replies and content as they come, content between # and the next reply */
static bool content;

static void show(void)
{
    for (uint32_t i = 0; i < out.lines; i++) {
        size_t at = out.line[i].at, end = i + 1 < out.lines ? out.line[i + 1].at : out.len;
        size_t n = strlen(told);
        bool is = server_lines_is_content(out.line[i].why);
        ck_assert_ptr_nonnull(out.line[i].why);
        if (is && !content)
            told[n++] = '#';
        content = is;
        memcpy(told + n, out.text + at, end - at);
        told[n + end - at] = '\0';
    }
}

static void say(const char *octets, size_t step)
{
    size_t len = strlen(octets);
    while (len > 0) {
        size_t n = len < step ? len : step, used = 0;
        while (used < n && lines.mode != SERVER_OPAQUE) {
            size_t took;
            wire_out_reset(&out);
            took = server_lines_say(&lines, octets + used, n - used, &out);
            ck_assert_uint_gt(took, 0);
            ck_assert(!out.full && out.len == took && memcmp(out.text, octets + used, took) == 0);
            show();
            used += took;
        }
        octets += n;
        len -= n;
    }
}

static void hear(const char *octets, size_t step)
{
    for (size_t len = strlen(octets), n; len > 0; len -= n, octets += n) {
        n = len < step ? len : step;
        server_lines_hear(&lines, octets, n);
    }
}

static void begin(enum trace_proto proto)
{
    server_lines_init(&lines, proto, true);
    memset(told, 0, sizeof told);
    content = false;
}

static const size_t steps[] = { 1, 2, 7, 100000 };

START_TEST(a_reply_has_its_code_and_status)
{
    begin(TRACE_SMTP);
    wire_out_reset(&out);
    server_lines_say(&lines, "550-5.1.1 no\r\n550 5.1.10 such\r\n250-SIZE 1\r\n25\r\n", 47, &out);
    ck_assert_uint_eq(out.lines, 4);
    ck_assert_uint_eq(out.line[0].code, 550);
    ck_assert_str_eq(out.line[0].status, "5.1.1");
    ck_assert_str_eq(out.line[1].status, "5.1.10");
    ck_assert_uint_eq(out.line[2].code, 250);
    ck_assert_str_eq(out.line[2].status, "");
    ck_assert_uint_eq(out.line[3].code, 0);
}
END_TEST

START_TEST(smtp_turns_to_tls_when_the_server_agrees)
{
    size_t n = steps[_i];
    begin(TRACE_SMTP);
    say("220 mx\r\n", n);
    hear("EHLO me\r\nSTARTTLS\r\n", n);
    say("250-mx\r\n250 STARTTLS\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_REPLIES);
    hear("STARTTLS\r\n", n);
    say("454 4.7.0 not now\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_REPLIES);
    hear("starttls\r\n", n);
    say("220 2.0.0 go on\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_OPAQUE);
}
END_TEST

START_TEST(a_pop3_message_is_content_up_to_its_dot)
{
    size_t n = steps[_i];
    begin(TRACE_POP3);
    say("+OK ready\r\n", n);
    hear("USER a\r\nPASS b\r\nLIST\r\nLIST 1\r\nRETR 9\r\nretr 1\r\nQUIT\r\n", n);
    say("+OK\r\n+OK\r\n+OK\r\n1 9\r\n.\r\n+OK 1 9\r\n-ERR no\r\n+OK\r\n+OK x\r\n..\r\n-ERR\r\n.\r\n+OK "
        "bye\r\n",
        n);
    ck_assert_str_eq(
        told, "+OK ready\r\n+OK\r\n+OK\r\n+OK\r\n#1 9\r\n.\r\n+OK 1 9\r\n-ERR no\r\n+OK\r\n#+OK x\r\n..\r\n"
              "-ERR\r\n.\r\n+OK bye\r\n");
    ck_assert_int_eq(lines.mode, SERVER_REPLIES);
}
END_TEST

START_TEST(an_answer_to_a_challenge_is_no_pop3_command)
{
    size_t n = steps[_i];
    begin(TRACE_POP3);
    say("+OK ready\r\n", n);
    hear("AUTH LOGIN\r\n", n);
    say("+ VXNlcm5hbWU6\r\n", n);
    hear("RETR\r\n", n); /* a user of that name, in base64 of nobody */
    say("+ UGFzc3dvcmQ6\r\n", n);
    hear("TOP\r\n", n);
    say("+OK\r\n", n);
    hear("STLS\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_REPLIES);
    say("+OK go on\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_OPAQUE);
}
END_TEST

START_TEST(an_imap_literal_is_content)
{
    size_t n = steps[_i];
    begin(TRACE_IMAP);
    say("* OK ready\r\n* 1 FETCH (UID 1 BODY[] {14}\r\nA1 OK {3}\r\nxy\n)\r\n* LIST () \"/\" {0}\r\n\r\nA1 "
        "OK\r\n",
        n);
    ck_assert_str_eq(
        told, "* OK ready\r\n* 1 FETCH (UID 1 BODY[] {14}\r\n#A1 OK {3}\r\nxy\n)\r\n* LIST () \"/\" {0}\r\n"
              "\r\nA1 OK\r\n");
    hear("A2 STARTTLS\r\n", n);
    say("* BYE not A2\r\nA2 BAD no\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_REPLIES);
    hear("A3 STARTTLS\r\n", n);
    say("A3 OK go on\r\n", n);
    ck_assert_int_eq(lines.mode, SERVER_OPAQUE);
}
END_TEST

START_TEST(nonsense_is_told_as_it_is)
{
    static char endless[20000];
    memset(endless, '{', sizeof endless - 1);
    for (int proto = 0; proto < TRACE_PROTO_COUNT; proto++) {
        begin((enum trace_proto)proto);
        if (lines.mode == SERVER_OPAQUE)
            continue;
        say("}\r\n{}\r\n{99999999999999999999}\r\n.\r\n\r\n\n\r\x01\xff\r\n", 1);
        hear(endless, 1000);
        say(endless, 1000);
        ck_assert_int_eq(lines.mode, SERVER_REPLIES);
    }
}
END_TEST

static Suite *server_lines_suite(void)
{
    Suite *s = suite_create("gateway/server_lines");
    TCase *t = tcase_create("lines");
    int n = (int)(sizeof steps / sizeof steps[0]);
    tcase_add_test(t, a_reply_has_its_code_and_status);
    tcase_add_loop_test(t, smtp_turns_to_tls_when_the_server_agrees, 0, n);
    tcase_add_loop_test(t, a_pop3_message_is_content_up_to_its_dot, 0, n);
    tcase_add_loop_test(t, an_answer_to_a_challenge_is_no_pop3_command, 0, n);
    tcase_add_loop_test(t, an_imap_literal_is_content, 0, n);
    tcase_add_test(t, nonsense_is_told_as_it_is);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(server_lines_suite)
