/* What a stranger says: commands, content and secrets, whatever the pieces it comes in. */
#include <stdio.h>

#include "sim/hosts/client_lines.h"
#include "tests/check_main.h"

static struct client_lines lines;
static struct wire_out out;
static char told[65536]; /* what a trace would show: "[title]text", a line each */

/* Shows what has been said, as the pump does it: secrets as stars. */
static void show(void)
{
    for (uint32_t i = 0; i < out.lines; i++) {
        size_t at = out.line[i].at, end = i + 1 < out.lines ? out.line[i + 1].at : out.len;
        size_t n = strlen(told), from = at + out.line[i].secret_at, to = from + out.line[i].secret_len;
        snprintf(told + n, sizeof told - n, "%s", client_lines_is_content(out.line[i].why) ? "#" : "");
        for (n = strlen(told); at < end && n + 1 < sizeof told; at++)
            told[n++] =
                at >= from && at < to && out.text[at] != '\r' && out.text[at] != '\n' ? '*' : out.text[at];
        told[n] = '\0';
    }
}

static void say(const char *octets, size_t step)
{
    size_t len = strlen(octets);
    while (len > 0) {
        size_t n = len < step ? len : step, used = 0;
        while (used < n && lines.mode != CLIENT_OPAQUE) {
            size_t took;
            wire_out_reset(&out);
            took = client_lines_say(&lines, octets + used, n - used, &out);
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
        client_lines_hear(&lines, octets, n);
    }
}

static void begin(enum trace_proto proto)
{
    client_lines_init(&lines, proto);
    told[0] = '\0';
}

/* The pieces that a test is run in; `#` marks show where a piece of content begins, so they are told
 * apart. */
static const size_t steps[] = { 1, 2, 7, 100000 };

static void without_marks(char *text)
{
    char *to = text;
    for (; *text; text++)
        if (*text != '#')
            *to++ = *text;
    *to = '\0';
}

START_TEST(an_smtp_login_is_hidden_in_any_pieces)
{
    size_t n = steps[_i];
    begin(TRACE_SMTP);
    say("EHLO me\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", n);
    hear("535 5.7.8 no\r\n", n);
    say("AUTH LOGIN\r\n", n);
    hear("334 VXNlcm5hbWU6\r\n", n);
    say("YWxpY2U=\r\n", n);
    hear("334 UGFzc3dvcmQ6\r\n", n);
    say("c2VjcmV0\r\n", n);
    hear("235 2.7.0 yes\r\n", n);
    say("NOOP\r\n", n);
    ck_assert_str_eq(
        told, "EHLO me\r\nAUTH PLAIN ********************\r\nAUTH LOGIN\r\n********\r\n********\r\nNOOP\r\n");
}
END_TEST

START_TEST(a_message_is_content_up_to_its_dot)
{
    size_t n = steps[_i];
    begin(TRACE_SMTP);
    say("DATA\r\n", n);
    hear("354 go on\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_MESSAGE);
    say("Subject: x\r\n\r\nRSET\r\n..\r\n. \r\n.x\r\n\n.\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_COMMANDS);
    say("QUIT\r\n", n);
    ck_assert(lines.why != NULL && !client_lines_is_content(lines.why));
    without_marks(told);
    ck_assert_str_eq(told, "DATA\r\nSubject: x\r\n\r\nRSET\r\n..\r\n. \r\n.x\r\n\n.\r\nQUIT\r\n");
}
END_TEST

START_TEST(bdat_octets_are_counted)
{
    size_t n = steps[_i];
    begin(TRACE_SMTP);
    say("BDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\nNOOP\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_COMMANDS);
    if (n == 100000)
        ck_assert_str_eq(told, "BDAT 6\r\n#QUIT\r\nBDAT 0 LAST\r\nNOOP\r\n");
}
END_TEST

START_TEST(a_pop3_password_is_hidden)
{
    size_t n = steps[_i];
    begin(TRACE_POP3);
    say("USER bob\r\nPASS two words\r\n", n);
    hear("-ERR no\r\n", n);
    say("AUTH CRAM-MD5\r\n", n);
    hear("+ PDE+\r\n", n);
    say("Ym9iIGFi\r\n", n);
    hear("+OK\r\n", n);
    say("LIST\r\n", n);
    ck_assert_str_eq(told, "USER bob\r\nPASS *********\r\nAUTH CRAM-MD5\r\n********\r\nLIST\r\n");
}
END_TEST

START_TEST(an_imap_password_is_hidden_as_word_string_or_literal)
{
    size_t n = steps[_i];
    begin(TRACE_IMAP);
    say("a login bob secret\r\nb LOGIN \"b o\\\"b\" \"se cret\"\r\n", n);
    hear("a NO no\r\nb NO no\r\n", n);
    say("c LOGIN bob {6}\r\n", n);
    hear("+ go on\r\n", n);
    say("secret\r\n", n);
    hear("c OK yes\r\n", n);
    say("d NOOP\r\n", n);
    ck_assert_str_eq(
        told,
        "a login bob ******\r\nb LOGIN \"b o\\\"b\" *********\r\nc LOGIN bob {6}\r\n******\r\nd NOOP\r\n");
}
END_TEST

START_TEST(imap_credentials_after_a_challenge_are_hidden_and_idle_is_not)
{
    size_t n = steps[_i];
    begin(TRACE_IMAP);
    say("a AUTHENTICATE PLAIN\r\n", n);
    hear("+ \r\n", n);
    say("AGJvYgBzZWNyZXQ=\r\n", n);
    hear("a OK yes\r\n", n);
    say("b AUTHENTICATE PLAIN AGJvYgBz\r\nc IDLE\r\n", n);
    hear("b BAD no\r\n+ idling\r\n* 1 EXISTS\r\n", n);
    say("DONE\r\n", n);
    ck_assert_str_eq(
        told,
        "a AUTHENTICATE PLAIN\r\n****************\r\nb AUTHENTICATE PLAIN ********\r\nc IDLE\r\nDONE\r\n");
}
END_TEST

START_TEST(an_appended_message_is_content_and_the_line_goes_on_behind_it)
{
    size_t n = steps[_i];
    begin(TRACE_IMAP);
    say("a APPEND INBOX {12+}\r\nx LOGIN a b\n\r\nb NOOP\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_COMMANDS);
    if (n == 100000)
        ck_assert_str_eq(told, "a APPEND INBOX {12+}\r\n#x LOGIN a b\n\r\nb NOOP\r\n");
}
END_TEST

START_TEST(a_literal_that_is_refused_never_comes)
{
    size_t n = steps[_i];
    begin(TRACE_IMAP);
    say("a APPEND INBOX {4000000000}\r\n", n);
    hear("* OK still here\r\nab NO other\r\na NO too big\r\n", n);
    say("b LOGIN bob secret\r\n", n);
    ck_assert_str_eq(told, "a APPEND INBOX {4000000000}\r\nb LOGIN bob ******\r\n");
}
END_TEST

START_TEST(nothing_is_told_once_tls_begins)
{
    size_t n = steps[_i];
    begin(TRACE_SMTP);
    say("STARTTLS\r\n", n);
    hear("220 go on\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_OPAQUE);
    begin(TRACE_POP3);
    say("STLS\r\n", n);
    hear("-ERR no\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_COMMANDS);
    begin(TRACE_IMAP);
    say("a STARTTLS\r\n", n);
    hear("a OK go on\r\n", n);
    ck_assert_int_eq(lines.mode, CLIENT_OPAQUE);
}
END_TEST

/* Any octets, in any pieces, from either side: all of them are handed on, once. */
START_TEST(noise_does_no_harm)
{
    static const char *const words[] = {
        "a ",       "LOGIN ",       "\"",       "{9}",    "{99999999999999999999}",
        "{0+}\r\n", "\r\n",         "\n",       "\r",     ".\r\n",
        "DATA\r\n", "354 \r\n",     "334 \r\n", "+ \r\n", "BDAT 5\r\n",
        "AUTH ",    "PASS ",        "\\",       " ",      "AUTHENTICATE X\r\n",
        "a NO\r\n", "STARTTLS\r\n", "\x80\xff"
    };
    uint32_t x = (uint32_t)_i * 2654435761u + 1;
    static const enum trace_proto protos[] = { TRACE_SMTP, TRACE_POP3, TRACE_IMAP };
    begin(protos[_i % 3]);
    for (int turn = 0; turn < 2000; turn++) {
        const char *w;
        x = x * 1103515245u + 12345u;
        w = words[(x >> 16) % (sizeof words / sizeof words[0])];
        told[0] = '\0';
        if (x >> 30)
            say(w, 1 + (x >> 8) % 5);
        else
            hear(w, 1 + (x >> 8) % 5);
    }
}
END_TEST

/* More lines than there are marks: the caller is asked to come again. */
START_TEST(a_thousand_short_lines_are_all_marked)
{
    static char many[3 * 5000 + 1];
    size_t used = 0, marks = 0;
    begin(TRACE_SMTP);
    for (size_t i = 0; i < 5000; i++)
        memcpy(many + 3 * i, "X\r\n", 4);
    while (used < sizeof many - 1) {
        wire_out_reset(&out);
        used += client_lines_say(&lines, many + used, sizeof many - 1 - used, &out);
        marks += out.lines;
    }
    ck_assert_uint_eq(marks, 5000);
}
END_TEST

static Suite *client_lines_suite(void)
{
    Suite *s = suite_create("gateway/client_lines");
    TCase *t = tcase_create("lines");
    int pieces = (int)(sizeof steps / sizeof steps[0]);
    tcase_add_loop_test(t, an_smtp_login_is_hidden_in_any_pieces, 0, pieces);
    tcase_add_loop_test(t, a_message_is_content_up_to_its_dot, 0, pieces);
    tcase_add_loop_test(t, bdat_octets_are_counted, 0, pieces);
    tcase_add_loop_test(t, a_pop3_password_is_hidden, 0, pieces);
    tcase_add_loop_test(t, an_imap_password_is_hidden_as_word_string_or_literal, 0, pieces);
    tcase_add_loop_test(t, imap_credentials_after_a_challenge_are_hidden_and_idle_is_not, 0, pieces);
    tcase_add_loop_test(t, an_appended_message_is_content_and_the_line_goes_on_behind_it, 0, pieces);
    tcase_add_loop_test(t, a_literal_that_is_refused_never_comes, 0, pieces);
    tcase_add_loop_test(t, nothing_is_told_once_tls_begins, 0, pieces);
    tcase_add_loop_test(t, noise_does_no_harm, 0, 60);
    tcase_add_test(t, a_thousand_short_lines_are_all_marked);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(client_lines_suite)
