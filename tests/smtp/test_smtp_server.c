/* What transcripts cannot show: long lines, the record of a step, time, masks, hostile texts. */
#include "tests/check_main.h"
#include "tests/smtp/fake_host.h"

static struct fake_host host;
static struct smtp_server_config config;
static struct smtp_server server;
static struct smtp_server_step step;

static void set_up(void)
{
    fake_host_init(&host);
    smtp_server_config_mta(&config, "mx.example.org");
    config.extensions |= SMTP_EXT_AUTH | SMTP_EXT_STARTTLS;
    smtp_server_init(&server, &config, &fake_ops, &host);
    smtp_server_auth(&server, &fake_auth, &host);
    smtp_server_start(&server, false, &step);
}

/* Hands over text, which must be taken in one step. */
static enum smtp_verdict say_octets(const char *text, size_t len)
{
    ck_assert_uint_eq(smtp_server_step(&server, text, len, &step), len);
    fake_check_marks(&step.send);
    return step.verdict;
}

static enum smtp_verdict say(const char *line)
{
    static char text[20000]; /* step.line points into it */
    size_t len = (size_t)snprintf(text, sizeof text, "%s\r\n", line);
    return say_octets(text, len);
}

static void open_transaction(void)
{
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say("MAIL FROM:<ann@example.net>"), SMTP_SENDER_OK);
    ck_assert_int_eq(say("RCPT TO:<bob@example.org>"), SMTP_RECIPIENT_OK);
}

/* `head` and then `fill` up to `octets` octets with CRLF. */
static const char *line_of(const char *head, char fill, size_t octets)
{
    static char text[40000];
    size_t n = strlen(head);
    memcpy(text, head, n);
    memset(text + n, fill, octets - n);
    text[octets - 2] = '\r';
    text[octets - 1] = '\n';
    text[octets] = '\0';
    return text;
}

START_TEST(a_command_of_512_octets_is_read_and_of_513_is_not)
{
    ck_assert_int_eq(say_octets(line_of("NOOP ", 'x', 512), 512), SMTP_OK);
    ck_assert_int_eq(say_octets(line_of("NOOP ", 'x', 513), 513), SMTP_LINE_TOO_LONG);
    ck_assert_int_eq(say_octets(line_of("", 'x', 513), 513), SMTP_LINE_TOO_LONG);
    ck_assert_int_eq(say("NOOP"), SMTP_OK);
}
END_TEST

START_TEST(mail_and_rcpt_may_be_longer_by_what_extensions_add)
{
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say_octets(line_of("MAIL FROM:<ann@example.net> ENVID=", 'x', SMTP_MAIL_OCTETS_MAX),
                                SMTP_MAIL_OCTETS_MAX),
                     SMTP_BAD_PARAM);
    ck_assert_int_eq(say_octets(line_of("MAIL FROM:<ann@example.net> ENVID=", 'x', SMTP_MAIL_OCTETS_MAX + 1),
                                SMTP_MAIL_OCTETS_MAX + 1),
                     SMTP_LINE_TOO_LONG);
    ck_assert_int_eq(say("MAIL FROM:<ann@example.net>"), SMTP_SENDER_OK);
    ck_assert_int_eq(say_octets(line_of("RCPT TO:<bob@example.org> ORCPT=", 'x', SMTP_RCPT_OCTETS_MAX),
                                SMTP_RCPT_OCTETS_MAX),
                     SMTP_BAD_PARAM);
    ck_assert_int_eq(say_octets(line_of("RCPT TO:<bob@example.org> ORCPT=", 'x', SMTP_RCPT_OCTETS_MAX + 1),
                                SMTP_RCPT_OCTETS_MAX + 1),
                     SMTP_LINE_TOO_LONG);
}
END_TEST

START_TEST(an_endless_line_is_thrown_away_and_answered_once)
{
    const char *endless = line_of("", 'x', 30000);
    ck_assert_uint_eq(smtp_server_step(&server, endless, 511, &step), 0);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(say_octets(endless, 600), SMTP_SILENT);
        ck_assert(step.discarded);
    }
    ck_assert_int_eq(say_octets("x\r\n", 3), SMTP_LINE_TOO_LONG);
    ck_assert_int_eq(say("NOOP"), SMTP_OK);
    ck_assert_uint_eq(server.errors, 1);
}
END_TEST

/* What a line began with decides how it is answered, in however many pieces it has come: behind a BDAT that
 * nobody could read there is content, and it must not be taken for commands. */
START_TEST(an_endless_bdat_ends_the_session_in_any_pieces)
{
    for (size_t piece = 600; piece <= 1500; piece += 900) {
        char text[1500];
        set_up();
        ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
        memset(text, '9', sizeof text);
        memcpy(text, "BDAT ", 5);
        memcpy(text + sizeof text - 2, "\r\n", 2);
        for (size_t at = 0; at < sizeof text;) {
            size_t n = sizeof text - at < piece ? sizeof text - at : piece;
            say_octets(text + at, n);
            at += n;
        }
        ck_assert_int_eq(step.verdict, SMTP_CHUNK_LOST);
        ck_assert_int_eq(server.state, SMTP_SERVER_CLOSED);
    }
}
END_TEST

START_TEST(the_end_of_an_endless_auth_is_masked)
{
    char text[13000];
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    memset(text, 'A', sizeof text);
    memcpy(text, "AUTH PLAIN ", 11);
    ck_assert_int_eq(say_octets(text, sizeof text), SMTP_SILENT);
    ck_assert_int_eq(say_octets("secret\r\n", 8), SMTP_LINE_TOO_LONG);
    ck_assert_uint_eq(step.secret_at, 0);
    ck_assert_uint_eq(step.secret_len, 6);
}
END_TEST

START_TEST(an_auth_line_may_have_12288_octets)
{
    const char *text;
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say("AUTH PLAIN"), SMTP_AUTH_MORE);
    text = line_of("", 'A', SMTP_AUTH_LINE_OCTETS_MAX);
    ck_assert_uint_eq(smtp_server_step(&server, text, SMTP_AUTH_LINE_OCTETS_MAX - 2, &step), 0);
    /* Read whole, and more than a mechanism may need. */
    ck_assert_int_eq(say_octets(text, SMTP_AUTH_LINE_OCTETS_MAX), SMTP_AUTH_TOO_LONG);
    ck_assert_int_eq(server.state, SMTP_SERVER_READY);
    ck_assert(host.auth_cancelled);
    ck_assert_int_eq(say("AUTH PLAIN"), SMTP_AUTH_MORE);
    ck_assert_int_eq(say_octets(line_of("", 'A', 20000), 20000 - 2), SMTP_SILENT);
    ck_assert_int_eq(say_octets("\r\n", 2), SMTP_AUTH_TOO_LONG);
    ck_assert_int_eq(say("AUTH PLAIN"), SMTP_AUTH_MORE);
    /* 4096 letters are 3072 octets: the most that passes. */
    ck_assert_int_eq(say_octets(line_of("", 'A', 4096 + 2), 4096 + 2), SMTP_AUTH_DENIED);
}
END_TEST

START_TEST(passwords_are_marked_as_secret)
{
    /* Refused or not: the trace shows no password. */
    ck_assert_int_eq(say("AUTH PLAIN AGFubgB3cm9uZw=="), SMTP_NEED_HELLO);
    ck_assert_uint_eq(step.secret_at, 11);
    ck_assert_uint_eq(step.secret_len, 16);
    ck_assert_int_eq(say_octets("auth  plain  AGFu\n", 18), SMTP_BARE_LF);
    ck_assert_uint_eq(step.secret_at, 13);
    ck_assert_uint_eq(step.secret_len, 4);
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say("AUTH PLAIN AGFubgB3cm9uZw=="), SMTP_AUTH_DENIED);
    ck_assert_uint_eq(step.secret_at, 11);
    ck_assert_uint_eq(step.secret_len, 16);
    ck_assert_int_eq(say("AUTH LOGIN"), SMTP_AUTH_MORE);
    ck_assert_uint_eq(step.secret_len, 0);
    ck_assert_int_eq(say("YW5u"), SMTP_AUTH_MORE);
    ck_assert_int_eq(say("c2VjcmV0"), SMTP_AUTH_OK);
    ck_assert_uint_eq(step.secret_at, 0);
    ck_assert_uint_eq(step.secret_len, 8);
    ck_assert_int_eq(step.verb, SMTP_VERB_RESPONSE);
}
END_TEST

START_TEST(a_step_tells_verb_states_verdict_and_words)
{
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(step.verb, SMTP_VERB_EHLO);
    ck_assert_int_eq(step.before, SMTP_SERVER_GREETED);
    ck_assert_int_eq(step.after, SMTP_SERVER_READY);
    ck_assert(wire_slice_is(step.line, "EHLO client.example"));
    ck_assert_ptr_eq(step.lesson, smtp_verb_lesson("EHLO"));
    /* One mark a line, each with the words of its extension. */
    ck_assert_uint_eq(step.send.lines, 11);
    ck_assert_ptr_eq(step.send.line[1].why, &smtp_ext_info(SMTP_EXT_PIPELINING)->lesson);
    ck_assert_ptr_eq(step.send.line[10].why, &smtp_ext_info(SMTP_EXT_STARTTLS)->lesson);
    ck_assert_int_eq(say("MAIL FROM:<x@nowhere.test>"), SMTP_SENDER_DOMAIN_BAD);
    ck_assert_uint_eq(step.send.line[0].code, 550);
    ck_assert_str_eq(step.send.line[0].status, "5.1.8");
}
END_TEST

START_TEST(a_client_that_does_not_wait_is_noticed)
{
    static const char early[] = "EHLO client.example\r\nMAIL FROM:<ann@example.net>\r\n";
    size_t used = smtp_server_step(&server, early, sizeof early - 1, &step);
    ck_assert(step.early);
    smtp_server_step(&server, early + used, sizeof early - 1 - used, &step);
    ck_assert(!step.early);
    ck_assert_int_eq(say("RCPT TO:<bob@example.org>"), SMTP_RECIPIENT_OK);
    used = smtp_server_step(&server, "RCPT TO:<carl@example.org>\r\nDATA\r\n", 34, &step);
    ck_assert(!step.early); /* PIPELINING allows this group */
    used = smtp_server_step(&server, "DATA\r\nSubject: x\r\n", 18, &step);
    ck_assert_uint_eq(used, 6);
    ck_assert(step.early); /* and not content before 354 */
}
END_TEST

START_TEST(octets_behind_starttls_are_thrown_away)
{
    static const char text[] = "STARTTLS\r\nMAIL FROM:<evil@evil.test>\r\n";
    size_t used;
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    used = smtp_server_step(&server, text, sizeof text - 1, &step);
    ck_assert_uint_eq(used, 10);
    ck_assert_int_eq(step.verdict, SMTP_TLS_GO);
    ck_assert_uint_eq(smtp_server_step(&server, text + used, sizeof text - 1 - used, &step),
                      sizeof text - 1 - used);
    ck_assert(step.discarded);
    ck_assert_uint_eq(step.send.len, 0);
    smtp_server_tls_started(&server);
    ck_assert_int_eq(server.state, SMTP_SERVER_GREETED);
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_ptr_null(strstr(host.log, "evil"));
}
END_TEST

START_TEST(login_does_not_survive_starttls)
{
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say("AUTH PLAIN AGFubgBzZWNyZXQ="), SMTP_AUTH_OK);
    ck_assert(server.authenticated);
    ck_assert_int_eq(say("STARTTLS"), SMTP_TLS_GO);
    smtp_server_tls_started(&server);
    ck_assert(!server.authenticated);
}
END_TEST

START_TEST(implicit_tls_offers_no_starttls)
{
    smtp_server_init(&server, &config, &fake_ops, &host);
    smtp_server_start(&server, true, &step);
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    step.send.text[step.send.len] = '\0';
    ck_assert_ptr_null(strstr(step.send.text, "STARTTLS"));
    ck_assert_int_eq(say("STARTTLS"), SMTP_ALREADY_TLS);
}
END_TEST

static struct wire_slice hostile_text;

static enum smtp_verdict hostile_vrfy(void *h, struct wire_slice name, bool utf8, struct wire_slice *text)
{
    (void)h, (void)name, (void)utf8;
    *text = hostile_text;
    return SMTP_OK;
}

START_TEST(a_text_of_the_host_cannot_break_the_framing)
{
    static char big[20000];
    struct smtp_server_ops ops = fake_ops;
    ops.vrfy = hostile_vrfy;
    smtp_server_init(&server, &config, &ops, &host);
    smtp_server_start(&server, false, &step);
    hostile_text = WIRE_SLICE("a\r\n250 b\x1b[2J\0c");
    ck_assert_int_eq(say("VRFY x"), SMTP_VERIFIED);
    ck_assert(wire_equal(step.send.text, step.send.len, "250-a?\r\n250 250 b?[2J?c\r\n", 25));
    memset(big, 'x', sizeof big);
    hostile_text = wire_slice(big, sizeof big);
    ck_assert_int_eq(say("VRFY x"), SMTP_VERIFIED);
    ck_assert_uint_eq(step.send.len, SMTP_REPLY_OCTETS_MAX);
    memset(big, '\n', sizeof big);
    ck_assert_int_eq(say("VRFY x"), SMTP_VERIFIED);
    ck_assert_uint_le(step.send.lines, WIRE_OUT_LINES_MAX);
    ck_assert_int_eq(step.send.text[step.send.len - 2], '\r');
}
END_TEST

START_TEST(the_host_may_word_the_reply_but_not_its_code)
{
    host.end_text = "OK: queued as 4F2A";
    open_transaction();
    ck_assert_int_eq(say("DATA"), SMTP_GO_AHEAD);
    ck_assert_int_eq(say("."), SMTP_QUEUED);
    ck_assert(wire_equal(step.send.text, step.send.len, "250 2.0.0 OK: queued as 4F2A\r\n", 30));
}
END_TEST

START_TEST(content_is_handed_over_without_copying)
{
    static const char text[] = "Subject: x\r\n\r\nline\r\n..dot\r\nend\r\n.\r\n";
    open_transaction();
    ck_assert_int_eq(say("DATA"), SMTP_GO_AHEAD);
    /* Up to the dot that must go, in one step. */
    ck_assert_uint_eq(smtp_server_step(&server, text, sizeof text - 1, &step), 20);
    ck_assert_int_eq(step.verdict, SMTP_SILENT);
    ck_assert_uint_eq(step.content_octets, 20);
    ck_assert_uint_eq(smtp_server_step(&server, text + 20, sizeof text - 1 - 20, &step), 12);
    ck_assert_uint_eq(step.content_octets, 11);
    ck_assert_uint_eq(smtp_server_step(&server, text + 32, 1, &step), 0);
    ck_assert_uint_eq(smtp_server_step(&server, text + 32, 2, &step), 0);
    ck_assert_uint_eq(smtp_server_step(&server, text + 32, 3, &step), 3);
    ck_assert_int_eq(step.verdict, SMTP_QUEUED);
}
END_TEST

START_TEST(nothing_reaches_the_host_beyond_the_size_limit)
{
    char line[102];
    memset(line, 'x', 100);
    memcpy(line + 100, "\r\n", 2);
    config.size_max = 1000;
    open_transaction();
    ck_assert_int_eq(say("DATA"), SMTP_GO_AHEAD);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(say_octets(line, sizeof line), SMTP_SILENT);
    ck_assert_uint_le(host.content_len, 1000);
    ck_assert_int_eq(say("."), SMTP_TOO_BIG);
    ck_assert_uint_eq(host.resets, 1);
    ck_assert_uint_eq(host.messages, 0);
}
END_TEST

START_TEST(an_accepted_message_is_never_reset)
{
    open_transaction();
    ck_assert_int_eq(say("DATA"), SMTP_GO_AHEAD);
    ck_assert_int_eq(say("."), SMTP_QUEUED);
    ck_assert_int_eq(say("RSET"), SMTP_OK);
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    smtp_server_closed(&server);
    ck_assert_uint_eq(host.messages, 1);
    ck_assert_uint_eq(host.resets, 0);
}
END_TEST

START_TEST(the_server_waits_five_minutes_and_says_421)
{
    ck_assert_uint_eq(smtp_server_timeout_ns(&server), UINT64_C(300000000000));
    open_transaction();
    smtp_server_expire(&server, &step);
    ck_assert_int_eq(step.verdict, SMTP_TIMED_OUT);
    ck_assert_int_eq(step.after, SMTP_SERVER_CLOSED);
    ck_assert_uint_eq(host.resets, 1);
    ck_assert_uint_eq(smtp_server_timeout_ns(&server), 0);
    smtp_server_closed(&server);
    ck_assert_uint_eq(host.resets, 1);
}
END_TEST

START_TEST(a_shutdown_in_the_middle_of_a_login_cancels_it)
{
    ck_assert_int_eq(say("EHLO client.example"), SMTP_HELLO);
    ck_assert_int_eq(say("AUTH LOGIN"), SMTP_AUTH_MORE);
    smtp_server_shut_down(&server, &step);
    ck_assert_int_eq(step.verdict, SMTP_SHUTTING_DOWN);
    ck_assert(host.auth_cancelled);
    ck_assert_int_eq(server.state, SMTP_SERVER_CLOSED);
}
END_TEST

START_TEST(a_chunk_larger_than_any_number_closes_the_session)
{
    open_transaction();
    ck_assert_int_eq(say("BDAT 99999999999999999999"), SMTP_CHUNK_LOST);
    ck_assert_int_eq(server.state, SMTP_SERVER_CLOSED);
}
END_TEST

START_TEST(a_huge_chunk_is_refused_only_after_its_last_octet)
{
    char block[1000];
    memset(block, 'x', sizeof block);
    config.size_max = 100;
    open_transaction();
    ck_assert_int_eq(say("BDAT 3000 LAST"), SMTP_SILENT);
    ck_assert_int_eq(say_octets(block, 1000), SMTP_SILENT);
    ck_assert_int_eq(say_octets(block, 1000), SMTP_SILENT);
    ck_assert_int_eq(say_octets(block, 1000), SMTP_TOO_BIG);
    ck_assert_uint_eq(host.content_len, 0);
    ck_assert_int_eq(say("NOOP"), SMTP_OK);
}
END_TEST

/* Every octet in every state: nothing asserts, nothing is read past the end, each step makes progress or
 * waits. */
START_TEST(no_octets_upset_the_server)
{
    static const char *const words[] = { "EHLO a.b\r\n",
                                         "MAIL FROM:<a@b.c>\r\n",
                                         "RCPT TO:<d@e.f>\r\n",
                                         "DATA\r\n",
                                         ".\r\n",
                                         "BDAT 7\r\n",
                                         "BDAT 3 LAST\r\n",
                                         "AUTH LOGIN\r\n",
                                         "YW5u\r\n",
                                         "*\r\n",
                                         "\r\n..",
                                         "RSET\r\n",
                                         "\r",
                                         "\n",
                                         "NOOP",
                                         "STARTTLS\r\n",
                                         "QUI",
                                         "MAIL FROM:<",
                                         "@",
                                         ">" };
    uint32_t random = 12345;
    config.errors_max = 0;
    for (int round = 0; round < 300; round++) {
        char text[400];
        size_t len = 0, at = 0, waiting = 0;
        smtp_server_init(&server, &config, &fake_ops, &host);
        smtp_server_auth(&server, &fake_auth, &host);
        smtp_server_start(&server, false, &step);
        host.quiet = true;
        while (len < 300) {
            random = random * 1664525u + 1013904223u;
            if (random >> 28 == 0) {
                text[len++] = (char)(random >> 16);
            } else {
                const char *word = words[(random >> 16) % (sizeof words / sizeof words[0])];
                memcpy(text + len, word, strlen(word));
                len += strlen(word);
            }
        }
        while (at < len && server.state != SMTP_SERVER_CLOSED) {
            char *exact;
            size_t n = waiting + 1 + (random >> 20) % 30, used;
            n = n > len - at ? len - at : n;
            random = random * 1664525u + 1013904223u;
            exact = malloc(n); /* so that a sanitizer sees a read past the end */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact, text + at, n);
            used = smtp_server_step(&server, exact, n, &step);
            free(exact);
            ck_assert_uint_le(used, n);
            if (used == 0 && n == len - at)
                break;
            if (used > 0)
                fake_check_marks(&step.send);
            at += used;
            waiting = used == 0 ? n : 0;
            if (server.state == SMTP_SERVER_TLS)
                smtp_server_tls_started(&server);
        }
        smtp_server_closed(&server);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_server");
    TCase *t = tcase_create("server");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_test(t, a_command_of_512_octets_is_read_and_of_513_is_not);
    tcase_add_test(t, mail_and_rcpt_may_be_longer_by_what_extensions_add);
    tcase_add_test(t, an_endless_line_is_thrown_away_and_answered_once);
    tcase_add_test(t, an_endless_bdat_ends_the_session_in_any_pieces);
    tcase_add_test(t, the_end_of_an_endless_auth_is_masked);
    tcase_add_test(t, an_auth_line_may_have_12288_octets);
    tcase_add_test(t, passwords_are_marked_as_secret);
    tcase_add_test(t, a_step_tells_verb_states_verdict_and_words);
    tcase_add_test(t, a_client_that_does_not_wait_is_noticed);
    tcase_add_test(t, octets_behind_starttls_are_thrown_away);
    tcase_add_test(t, login_does_not_survive_starttls);
    tcase_add_test(t, implicit_tls_offers_no_starttls);
    tcase_add_test(t, a_text_of_the_host_cannot_break_the_framing);
    tcase_add_test(t, the_host_may_word_the_reply_but_not_its_code);
    tcase_add_test(t, content_is_handed_over_without_copying);
    tcase_add_test(t, nothing_reaches_the_host_beyond_the_size_limit);
    tcase_add_test(t, an_accepted_message_is_never_reset);
    tcase_add_test(t, the_server_waits_five_minutes_and_says_421);
    tcase_add_test(t, a_shutdown_in_the_middle_of_a_login_cancels_it);
    tcase_add_test(t, a_chunk_larger_than_any_number_closes_the_session);
    tcase_add_test(t, a_huge_chunk_is_refused_only_after_its_last_octet);
    tcase_add_test(t, no_octets_upset_the_server);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
