/* The client against servers that say what the test wants: right, wrong, and not SMTP at all. */
#include "tests/check_main.h"
#include "tests/smtp/fake_host.h"
#include "tests/smtp/fake_sender.h"

static struct fake_sender sender;
static struct smtp_client_config config;
static struct smtp_client client;
static struct smtp_client_step step;
static char sent[400000];
static size_t sent_len;
static enum smtp_client_verdict last; /* of the last whole reply */

#define EHLO_PLAIN "250 mx.example.org\r\n"
#define EHLO_PIPE  "250-mx.example.org\r\n250 PIPELINING\r\n"

static void set_up(void)
{
    memset(&sender, 0, sizeof sender);
    config = (struct smtp_client_config){ .hostname = "client.example.net" };
    smtp_client_init(&client, &config, &fake_client_ops, &sender);
    sent_len = 0;
}

static void took(void)
{
    fake_check_marks(&step.send);
    ck_assert_int_eq(step.after, client.state);
    memcpy(sent + sent_len, step.send.text, step.send.len);
    sent_len += step.send.len;
    sent[sent_len] = '\0';
}

/* The server says this; the client reads it, and sends all it wants. */
static void hear_octets(const char *text, size_t len)
{
    while (len > 0 && client.state != SMTP_CLIENT_DONE) {
        size_t used = smtp_client_step(&client, text, len, &step);
        if (used == 0)
            break;
        took();
        if (step.verdict != SMTP_CLIENT_CONTINUES)
            last = step.verdict;
        text += used;
        len -= used;
    }
    while (smtp_client_pull(&client, &step))
        took();
}

static void hear(const char *text)
{
    hear_octets(text, strlen(text));
}

/* What the client has sent since the last time. */
static void expect_sent(const char *text)
{
    ck_assert_str_eq(sent, text);
    sent_len = 0;
    sent[0] = '\0';
}

static void begin(void)
{
    smtp_client_start(&client, false, &step);
    ck_assert_uint_eq(step.send.len, 0);
    hear("220 mx.example.org ESMTP\r\n");
    expect_sent("EHLO client.example.net\r\n");
}

static void expect_log(const char *text)
{
    ck_assert_str_eq(sender.log, text);
}

START_TEST(one_message_one_command_at_a_time)
{
    fake_add(&sender, "Subject: x\r\n\r\nhi\r\n", 18, 2);
    begin();
    hear(EHLO_PLAIN);
    expect_sent("MAIL FROM:<ann@example.net>\r\n");
    hear("250 ok\r\n");
    expect_sent("RCPT TO:<r0@example.org>\r\n");
    hear("250 ok\r\n");
    expect_sent("RCPT TO:<r1@example.org>\r\n");
    hear("550 5.1.1 who?\r\n");
    ck_assert_uint_eq(step.recipient, SMTP_CLIENT_NOBODY); /* the pull behind it is about nobody */
    expect_sent("DATA\r\n");
    hear("354 go\r\n");
    expect_sent("Subject: x\r\n\r\nhi\r\n.\r\n");
    hear("250 2.0.0 queued\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_DELIVERED);
    expect_sent("QUIT\r\n");
    hear("221 bye\r\n");
    ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
    expect_log("rcpt 0 ACCEPTED 250 \nrcpt 1 PERMFAIL 550 5.1.1\ndone DELIVERED 250 2.0.0\n");
}
END_TEST

START_TEST(a_group_leaves_at_once_when_the_server_pipelines)
{
    fake_add(&sender, ".hi\r\n.\r\n", 8, 2);
    begin();
    hear(EHLO_PIPE);
    expect_sent(
        "MAIL FROM:<ann@example.net>\r\nRCPT TO:<r0@example.org>\r\nRCPT TO:<r1@example.org>\r\nDATA\r\n");
    hear("250 ok\r\n450 4.7.1 later\r\n250 ok\r\n354 go\r\n");
    expect_sent("..hi\r\n..\r\n.\r\n");
    hear("250 queued\r\n");
    expect_log("rcpt 0 TEMPFAIL 450 4.7.1\nrcpt 1 ACCEPTED 250 \ndone DELIVERED 250 2.0.0\n");
}
END_TEST

START_TEST(a_lone_dot_follows_354_when_all_recipients_are_refused)
{
    fake_add(&sender, "hi\r\n", 4, 2);
    fake_add(&sender, "second\r\n", 8, 1);
    begin();
    hear(EHLO_PIPE);
    sent_len = 0;
    hear("250 ok\r\n550 no\r\n550 no\r\n354 go\r\n");
    expect_sent(".\r\n");
    ck_assert_uint_eq(sender.done, 1);
    hear("554 5.5.1 no valid recipients\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\nRCPT TO:<r0@example.org>\r\nDATA\r\n");
    hear("250 ok\r\n250 ok\r\n354 go\r\n");
    expect_sent("second\r\n.\r\n");
    hear("250 queued\r\n");
    expect_log("rcpt 0 PERMFAIL 550 5.0.0\nrcpt 1 PERMFAIL 550 5.0.0\ndone NO_RECIPIENTS 354 \n"
               "rcpt 0 ACCEPTED 250 \ndone DELIVERED 250 2.0.0\n");
}
END_TEST

START_TEST(data_refused_for_want_of_recipients_is_the_recipients_fault)
{
    fake_add(&sender, "hi\r\n", 4, 2);
    begin();
    hear(EHLO_PIPE "250 ok\r\n450 later\r\n550 no\r\n554 5.5.1 no valid recipients\r\n");
    ck_assert_ptr_nonnull(strstr(sender.log, "done NO_RECIPIENTS 554"));
}
END_TEST

START_TEST(never_more_than_200_commands_are_unanswered)
{
    unsigned lines = 0;
    fake_add(&sender, "hi\r\n", 4, 1000);
    begin();
    hear(EHLO_PIPE);
    for (size_t i = 0; i < sent_len; i++)
        lines += sent[i] == '\n';
    ck_assert_uint_eq(lines, 200);
    ck_assert(!smtp_client_pull(&client, &step));
}
END_TEST

START_TEST(a_refused_sender_ends_the_message_and_the_rest_of_the_group_is_read)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    fake_add(&sender, "hi\r\n", 4, 1);
    begin();
    hear(EHLO_PIPE);
    sent_len = 0;
    hear("550 5.7.23 spf\r\n503 no\r\n503 no\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\nRCPT TO:<r0@example.org>\r\nDATA\r\n");
    hear("250 ok\r\n250 ok\r\n451 4.3.0 sorry\r\n");
    /* The transaction is still open over there. Nothing more to send: QUIT drops it. */
    expect_sent("QUIT\r\n");
    expect_log("done PERMFAIL 550 5.7.23\nrcpt 0 ACCEPTED 250 \ndone TEMPFAIL 451 4.3.0\n");
}
END_TEST

START_TEST(rset_separates_messages_only_where_a_transaction_is_open)
{
    fake_add(&sender, "one\r\n", 5, 1);
    fake_add(&sender, "two\r\n", 5, 1);
    fake_add(&sender, "three\r\n", 7, 1);
    begin();
    hear(EHLO_PLAIN "250 ok\r\n");
    sent_len = 0;
    hear("550 no\r\n");
    expect_sent("RSET\r\n");
    hear("250 ok\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\n");
    hear("250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n");
    expect_sent("RCPT TO:<r0@example.org>\r\nDATA\r\ntwo\r\n.\r\nMAIL FROM:<ann@example.net>\r\n");
}
END_TEST

START_TEST(ehlo_falls_back_to_helo)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    begin();
    hear("502 what?\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_FALL_BACK);
    expect_sent("HELO client.example.net\r\n");
    hear("250 ok\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\n");
}
END_TEST

START_TEST(parameters_are_sent_only_where_offered)
{
    struct smtp_client_message *m = fake_add(&sender,
                                             "gr\xc3\xbc\xc3\x9f"
                                             "e\r\n",
                                             9, 1);
    m->body = SMTP_BODY_8BITMIME;
    m->smtputf8 = true;
    m->ret = SMTP_RET_HDRS;
    m->envid = WIRE_SLICE("a+b=c");
    sender.recipients[0] =
        (struct smtp_client_recipient){ .path = WIRE_SLICE("j\xc3\xbcrgen@example.org"),
                                        .notify = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE,
                                        .orcpt_type = WIRE_SLICE("rfc822"),
                                        .orcpt = WIRE_SLICE("a+b@example.org") };
    begin();
    hear("250-mx\r\n250-SIZE 1000\r\n250-8bitmime\r\n250-SMTPUTF8\r\n250-XVERP\r\n250 DSN\r\n");
    expect_sent("MAIL FROM:<ann@example.net> SIZE=9 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc\r\n");
    hear("250 ok\r\n");
    expect_sent(
        "RCPT TO:<j\xc3\xbcrgen@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@example.org\r\n");
    /* The same to a server without DSN. */
    set_up();
    m = fake_add(&sender, "hi\r\n", 4, 1);
    m->ret = SMTP_RET_FULL;
    m->envid = WIRE_SLICE("x");
    begin();
    hear(EHLO_PLAIN);
    expect_sent("MAIL FROM:<ann@example.net>\r\n");
}
END_TEST

START_TEST(a_message_that_does_not_fit_the_server_is_not_begun)
{
    fake_add(&sender, "hi\r\n", 4, 1)->smtputf8 = true;
    fake_add(&sender, "hi\r\n", 4, 1)->body = SMTP_BODY_8BITMIME;
    fake_add(&sender, "hi\r\n", 4, 1)->body = SMTP_BODY_BINARYMIME;
    fake_add(&sender, "longer than five\r\n", 18, 1);
    fake_add(&sender, "hi\r\n", 4, 1)->sender = WIRE_SLICE("a>\r\nRCPT TO:<evil");
    begin();
    hear("250-mx\r\n250-CHUNKING\r\n250 SIZE 5\r\n");
    expect_sent("QUIT\r\n");
    expect_log(
        "done NEEDS_UTF8 0 5.6.7\ndone NEEDS_8BIT 0 5.6.3\ndone NEEDS_8BIT 0 5.6.3\ndone TOO_BIG 0 5.3.4\n"
        "done BAD_ADDRESS 0 5.1.7\n");
}
END_TEST

START_TEST(an_address_cannot_give_orders)
{
    fake_add(&sender, "hi\r\n", 4, 4);
    sender.recipients[0].path = WIRE_SLICE("a@b>\r\nRCPT TO:<evil@example.org");
    sender.recipients[1].path = WIRE_SLICE("\"quoted > and space\"@example.org");
    sender.recipients[2].path = WIRE_SLICE("open\"quote@example.org");
    sender.recipients[3].path = WIRE_SLICE("a b@example.org");
    begin();
    hear(EHLO_PIPE);
    expect_sent("MAIL FROM:<ann@example.net>\r\nRCPT TO:<\"quoted > and space\"@example.org>\r\nDATA\r\n");
    hear("250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n");
    expect_log("rcpt 0 BAD_ADDRESS 0 5.1.3\nrcpt 2 BAD_ADDRESS 0 5.1.3\nrcpt 3 BAD_ADDRESS 0 5.1.3\n"
               "rcpt 1 ACCEPTED 250 \ndone DELIVERED 250 2.0.0\n");
}
END_TEST

START_TEST(a_message_with_bad_addresses_only_is_given_up)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    sender.recipients[0].path = WIRE_SLICE("a b");
    begin();
    hear(EHLO_PIPE "250 ok\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\nQUIT\r\n");
    expect_log("rcpt 0 BAD_ADDRESS 0 5.1.3\ndone NO_RECIPIENTS 250 \n");
}
END_TEST

START_TEST(other_protocols_are_recognised_by_their_greeting)
{
    static const char *const greetings[] = { "+OK POP3 ready\r\n",      "* OK IMAP4rev1 ready\r\n",
                                             "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 400 Bad Request\r\n",
                                             "\x16\x03\x01\r\n",        "\r\n" };
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        set_up();
        fake_add(&sender, "hi\r\n", 4, 1);
        smtp_client_start(&client, false, &step);
        hear(greetings[i]);
        ck_assert_int_eq(last, SMTP_CLIENT_NOT_SMTP);
        ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
        expect_sent("");
        expect_log("failed NOT_SMTP 0 4.5.0\n");
        ck_assert_uint_eq(strlen(sender.last_text) + 2, strlen(greetings[i]));
        ck_assert_uint_eq(sender.given, 0);
    }
}
END_TEST

START_TEST(a_line_of_nothing_but_lf_is_read_alone)
{
    char *lf = malloc(1); /* so that a sanitizer sees a read in front of it */
    ck_assert_ptr_nonnull(lf);
    *lf = '\n';
    smtp_client_start(&client, false, &step);
    hear_octets(lf, 1);
    ck_assert_int_eq(last, SMTP_CLIENT_NOT_SMTP);
    free(lf);
}
END_TEST

START_TEST(a_server_that_refuses_at_the_door_is_left_politely)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    smtp_client_start(&client, false, &step);
    hear("554-mx.example.org\r\n554 no mail here\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_PERMFAIL);
    expect_sent("QUIT\r\n");
    hear("221 bye\r\n");
    ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
    expect_log("failed PERMFAIL 554 5.0.0\n");
}
END_TEST

START_TEST(goodbye_may_come_at_any_time)
{
    static const char *const before[] = { "",
                                          "220 hi\r\n",
                                          "220 hi\r\n" EHLO_PLAIN,
                                          "220 hi\r\n" EHLO_PLAIN "250 ok\r\n",
                                          "220 hi\r\n" EHLO_PIPE "250 ok\r\n250 ok\r\n",
                                          "220 hi\r\n" EHLO_PIPE "250 ok\r\n250 ok\r\n354 go\r\n" };
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        set_up();
        fake_add(&sender, "hi\r\n", 4, 1);
        smtp_client_start(&client, false, &step);
        hear(before[i]);
        hear("421 4.3.2 shutting down\r\n");
        ck_assert_int_eq(last, SMTP_CLIENT_GOODBYE);
        ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
        ck_assert_uint_eq(sender.done, sender.given);
        ck_assert_uint_eq(sender.failures, 1);
        ck_assert_ptr_nonnull(strstr(sender.log, "failed GOODBYE 421 4.3.2\n"));
        ck_assert_ptr_null(strstr(sender.log, "DELIVERED"));
    }
}
END_TEST

START_TEST(replies_that_break_the_protocol_end_the_session)
{
    static const char *const wrong[] = { "150 what\r\n",      "250-a\r\n251 b\r\n", "2500 ok\r\n", "ok\r\n",
                                         "354 too early\r\n", "250-a\r\nhello\r\n", "999 x\r\n" };
    char endless[3000];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        set_up();
        fake_add(&sender, "hi\r\n", 4, 1);
        begin();
        hear(EHLO_PLAIN);
        hear(wrong[i]);
        ck_assert_msg(last == SMTP_CLIENT_PROTOCOL, "%s", wrong[i]);
        ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
        ck_assert_uint_eq(sender.done, 1);
        ck_assert_uint_eq(sender.failures, 1);
        ck_assert_ptr_eq(strstr(sender.log, "done PROTOCOL "), sender.log);
    }
    set_up();
    begin();
    memset(endless, '2', sizeof endless);
    hear_octets(endless, sizeof endless);
    ck_assert_int_eq(last, SMTP_CLIENT_PROTOCOL);
}
END_TEST

START_TEST(a_reply_without_end_is_cut_off)
{
    begin();
    for (int i = 0; i < SMTP_CLIENT_REPLY_LINES_MAX; i++) {
        ck_assert_int_eq(client.state, SMTP_CLIENT_EHLO);
        hear("250-SIZE 5\r\n");
    }
    hear("250-SIZE 5\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_PROTOCOL);
}
END_TEST

START_TEST(an_answer_to_data_other_than_354_or_a_refusal_is_wrong)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    begin();
    hear(EHLO_PLAIN "250 ok\r\n250 ok\r\n250 ok?\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_PROTOCOL);
}
END_TEST

START_TEST(a_552_to_rcpt_may_mean_too_many_recipients)
{
    fake_add(&sender, "hi\r\n", 4, 3);
    begin();
    hear(EHLO_PIPE "250 ok\r\n552 too many\r\n552 5.5.3 too many\r\n552 5.2.2 full\r\n");
    expect_log("rcpt 0 TEMPFAIL 552 4.0.0\nrcpt 1 TEMPFAIL 552 4.5.3\nrcpt 2 PERMFAIL 552 5.2.2\n");
}
END_TEST

START_TEST(silence_and_broken_connections_are_temporary)
{
    fake_add(&sender, "hi\r\n", 4, 1);
    begin();
    hear(EHLO_PIPE "250 ok\r\n250 ok\r\n354 go\r\n");
    ck_assert_int_eq(client.state, SMTP_CLIENT_END);
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), 600 * SMTP_CLIENT_SECOND_NS);
    smtp_client_expire(&client, &step);
    ck_assert_int_eq(step.verdict, SMTP_CLIENT_TIMED_OUT);
    expect_log("rcpt 0 ACCEPTED 250 \ndone TIMED_OUT 0 4.4.2\nfailed TIMED_OUT 0 4.4.2\n");
    smtp_client_closed(&client, &step); /* and nothing is said twice */
    ck_assert_uint_eq(sender.failures, 1);
    set_up();
    begin();
    smtp_client_closed(&client, &step);
    expect_log("failed CLOSED 0 4.4.2\n");
}
END_TEST

START_TEST(each_state_has_the_patience_of_the_standard)
{
    char *big = malloc(100000);
    ck_assert_ptr_nonnull(big);
    memset(big, 'x', 100000);
    fake_add(&sender, big, 100000, 1);
    smtp_client_start(&client, false, &step);
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_GREETING_NS);
    hear("220 hi\r\n");
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_OTHER_NS);
    hear(EHLO_PLAIN);
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_MAIL_NS);
    hear("250 ok\r\n");
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_RCPT_NS);
    hear("250 ok\r\n");
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_DATA_NS);
    ck_assert_uint_gt(smtp_client_step(&client, "354 go\r\n", 8, &step), 0);
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_BLOCK_NS);
    while (smtp_client_pull(&client, &step))
        continue;
    ck_assert_uint_eq(smtp_client_timeout_ns(&client), SMTP_CLIENT_END_NS);
    free(big);
}
END_TEST

START_TEST(a_refusal_in_the_middle_of_the_content_ends_the_session)
{
    static char big[100000];
    memset(big, 'x', sizeof big);
    fake_add(&sender, big, sizeof big, 1);
    begin();
    hear(EHLO_PLAIN "250 ok\r\n250 ok\r\n");
    ck_assert_uint_gt(smtp_client_step(&client, "354 go\r\n", 8, &step), 0);
    ck_assert_int_eq(client.state, SMTP_CLIENT_CONTENT);
    hear("552 5.3.4 too much\r\n");
    ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
    expect_log("rcpt 0 ACCEPTED 250 \ndone PERMFAIL 552 5.3.4\nfailed PERMFAIL 552 5.3.4\n");
}
END_TEST

START_TEST(the_tls_policy_is_obeyed)
{
    static const struct {
        enum smtp_policy policy;
        const char *ehlo, *starttls, *sends;
        enum smtp_client_verdict verdict;
    } cases[] = {
        { SMTP_POLICY_NEVER, "250-mx\r\n250 STARTTLS\r\n", "", "QUIT\r\n", SMTP_CLIENT_ACCEPTED },
        { SMTP_POLICY_IF_OFFERED, EHLO_PLAIN, "", "QUIT\r\n", SMTP_CLIENT_ACCEPTED },
        { SMTP_POLICY_REQUIRED, EHLO_PLAIN, "", "QUIT\r\n", SMTP_CLIENT_NO_TLS },
        { SMTP_POLICY_IF_OFFERED, "250-mx\r\n250 STARTTLS\r\n", "454 no\r\n", "STARTTLS\r\nQUIT\r\n",
          SMTP_CLIENT_TLS_REFUSED },
        { SMTP_POLICY_REQUIRED, "250-mx\r\n250 STARTTLS\r\n", "454 no\r\n", "STARTTLS\r\nQUIT\r\n",
          SMTP_CLIENT_NO_TLS },
        { SMTP_POLICY_REQUIRED, "250-mx\r\n250 STARTTLS\r\n", "220 go\r\n", "STARTTLS\r\n",
          SMTP_CLIENT_TLS_GO },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up();
        config.tls = cases[i].policy;
        begin();
        hear(cases[i].ehlo);
        hear(cases[i].starttls);
        ck_assert_int_eq(last, cases[i].verdict);
        expect_sent(cases[i].sends);
    }
}
END_TEST

START_TEST(after_tls_everything_begins_again_and_injected_replies_are_lost)
{
    config.tls = SMTP_POLICY_REQUIRED;
    fake_add(&sender, "hi\r\n", 4, 1);
    begin();
    hear("250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
    expect_sent("STARTTLS\r\n");
    hear("220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n");
    ck_assert_int_eq(client.state, SMTP_CLIENT_TLS);
    smtp_client_tls_started(&client, &step);
    took();
    expect_sent("EHLO client.example.net\r\n");
    hear("250-mx\r\n250 STARTTLS\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\n");
    ck_assert(!smtp_client_offers(&client, SMTP_EXT_PIPELINING));
}
END_TEST

START_TEST(login_with_and_without_an_initial_response)
{
    config.auth = SMTP_POLICY_REQUIRED;
    smtp_client_auth(&client, &fake_auth_client, &sender);
    sender.mech = "PLAIN";
    sender.initial = "\0ann\0secret";
    sender.initial_len = 11;
    begin();
    ck_assert_uint_gt(smtp_client_step(&client, "250-mx\r\n250 AUTH LOGIN PLAIN\r\n", 30, &step), 0);
    ck_assert_uint_gt(smtp_client_step(&client, "250 AUTH LOGIN PLAIN\r\n", 22, &step), 0);
    ck_assert_uint_eq(step.send.line[0].secret_at, 11);
    ck_assert_uint_eq(step.send.line[0].secret_len, 16);
    took();
    ck_assert_str_eq(sender.offered, "LOGIN PLAIN");
    expect_sent("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n");
    hear("235 2.7.0 ok\r\n");
    ck_assert(client.authenticated);
    expect_sent("QUIT\r\n");

    set_up();
    config.auth = SMTP_POLICY_IF_OFFERED;
    smtp_client_auth(&client, &fake_auth_client, &sender);
    sender.mech = "LOGIN";
    sender.responses[0] = "ann";
    sender.responses[1] = "secret";
    begin();
    hear("250-mx\r\n250 AUTH LOGIN PLAIN\r\n");
    expect_sent("AUTH LOGIN\r\n");
    hear("334 VXNlcm5hbWU6\r\n");
    expect_sent("YW5u\r\n");
    hear("334 UGFzc3dvcmQ6\r\n");
    expect_sent("c2VjcmV0\r\n");
    hear("535 5.7.8 no\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_AUTH_FAILED);
    expect_sent("QUIT\r\n");
    expect_log("failed AUTH_FAILED 535 5.7.8\n");
}
END_TEST

START_TEST(a_login_that_makes_no_sense_is_cancelled)
{
    config.auth = SMTP_POLICY_REQUIRED;
    smtp_client_auth(&client, &fake_auth_client, &sender);
    sender.mech = "LOGIN";
    begin();
    hear("250-mx\r\n250 AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\n");
    expect_sent("AUTH LOGIN\r\n*\r\n");
    hear("501 cancelled\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_AUTH_FAILED);
}
END_TEST

static bool never_complete(void *ctx)
{
    (void)ctx;
    return false;
}

/* SCRAM has the server prove that it knows the password; 235 without that comes from somebody else. */
START_TEST(a_server_that_skips_its_proof_is_not_believed)
{
    struct wire_auth_client doubting = fake_auth_client;
    doubting.complete = never_complete;
    config.auth = SMTP_POLICY_REQUIRED;
    smtp_client_auth(&client, &doubting, &sender);
    sender.mech = "LOGIN";
    sender.responses[0] = "ann";
    begin();
    hear("250-mx\r\n250 AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\n");
    expect_sent("AUTH LOGIN\r\nYW5u\r\n");
    hear("235 2.7.0 welcome\r\n");
    ck_assert(!client.authenticated);
    ck_assert_int_eq(last, SMTP_CLIENT_PROTOCOL);
}
END_TEST

START_TEST(the_auth_policy_is_obeyed)
{
    config.auth = SMTP_POLICY_REQUIRED;
    smtp_client_auth(&client, &fake_auth_client, &sender);
    sender.mech = "PLAIN";
    begin();
    hear("250-mx\r\n250 AUTH GSSAPI\r\n");
    ck_assert_int_eq(last, SMTP_CLIENT_NO_AUTH);
    expect_sent("QUIT\r\n");
    set_up();
    config.auth = SMTP_POLICY_NEVER;
    smtp_client_auth(&client, &fake_auth_client, &sender);
    sender.mech = "PLAIN";
    begin();
    hear("250-mx\r\n250 AUTH PLAIN\r\n");
    expect_sent("QUIT\r\n");
    ck_assert_uint_eq(sender.failures, 0);
}
END_TEST

START_TEST(bdat_chunks_are_counted_and_answered_one_by_one)
{
    config.use_bdat = true;
    config.chunk_octets = 5;
    fake_add(&sender, ".dots\r\n.\r\n", 10, 1);
    fake_add(&sender, "", 0, 1);
    fake_add(&sender, "x\r\n", 3, 1);
    begin();
    hear("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\nRCPT TO:<r0@example.org>\r\n");
    hear("250 ok\r\n250 ok\r\n");
    expect_sent("BDAT 5\r\n.dots");
    hear("250 ok\r\n");
    expect_sent("BDAT 5 LAST\r\n\r\n.\r\n");
    hear("250 queued\r\n");
    expect_sent("MAIL FROM:<ann@example.net>\r\nRCPT TO:<r0@example.org>\r\n");
    hear("250 ok\r\n250 ok\r\n");
    expect_sent("BDAT 0 LAST\r\n");
    hear("552 5.3.4 no\r\n");
    expect_sent("RSET\r\n"); /* the state over there is indeterminate */
    expect_log(
        "rcpt 0 ACCEPTED 250 \ndone DELIVERED 250 2.0.0\nrcpt 0 ACCEPTED 250 \ndone PERMFAIL 552 5.3.4\n");
}
END_TEST

START_TEST(lines_of_content_carry_their_lesson)
{
    static const char text[] = "Subject: x\r\nFrom: y\r\n\r\n.a\r\nb\r\n";
    fake_add(&sender, text, sizeof text - 1, 1);
    begin();
    hear(EHLO_PLAIN "250 ok\r\n250 ok\r\n");
    ck_assert_uint_eq(smtp_client_step(&client, "354 go\r\n", 8, &step), 8);
    ck_assert_uint_eq(step.send.lines, 6);
    ck_assert_str_eq(step.send.line[0].why->title, "The client sends the header of the message");
    ck_assert_ptr_null(step.send.line[1].why);
    ck_assert_str_eq(step.send.line[2].why->title, "An empty line ends the header");
    ck_assert_str_eq(step.send.line[3].why->title, "The client doubles a dot at the start of a line");
    ck_assert_ptr_null(step.send.line[4].why);
    ck_assert_str_eq(step.send.line[5].why->title, "A single dot ends the message");
}
END_TEST

/* Replies of random words in random order: the client ends, tells each message's fate once, never reads past
 * the end. */
START_TEST(no_octets_upset_the_client)
{
    static const char *const words[] = { "220 a\r\n", "250 b\r\n", "250-PIPELINING\r\n", "250 CHUNKING\r\n",
                                         "354 c\r\n", "550 d\r\n", "450 e\r\n",          "334 YQ==\r\n",
                                         "235 f\r\n", "421 g\r\n", "250-AUTH LOGIN\r\n", "250 STARTTLS\r\n",
                                         "500 h\r\n", "503 i\r\n" };
    uint32_t random = 99;
    for (int round = 0; round < 2000; round++) {
        set_up();
        config.tls = (enum smtp_policy)(round % 3);
        config.auth = (enum smtp_policy)(round / 3 % 3);
        config.use_bdat = round % 2;
        config.chunk_octets = 3;
        smtp_client_auth(&client, &fake_auth_client, &sender);
        sender.mech = "LOGIN";
        sender.responses[0] = "x";
        fake_add(&sender, "one\r\n", 5, 3);
        fake_add(&sender, "two\r\n", 5, 2);
        smtp_client_start(&client, false, &step);
        for (int i = 0; i < 60 && client.state != SMTP_CLIENT_DONE; i++) {
            const char *word = words[(random >> 16) % (sizeof words / sizeof words[0])];
            random = random * 1664525u + 1013904223u;
            if (random >> 26 == 0)
                hear_octets((const char *)&random, sizeof random);
            else
                hear(i == 0 ? "220 hi\r\n" : word);
            if (client.state == SMTP_CLIENT_TLS)
                smtp_client_tls_started(&client, &step);
            sent_len = 0;
        }
        smtp_client_closed(&client, &step);
        ck_assert_int_eq(client.state, SMTP_CLIENT_DONE);
        ck_assert_uint_eq(sender.done, sender.given);
        ck_assert_uint_le(sender.failures, 1);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_client");
    TCase *t = tcase_create("client");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_test(t, one_message_one_command_at_a_time);
    tcase_add_test(t, a_group_leaves_at_once_when_the_server_pipelines);
    tcase_add_test(t, a_lone_dot_follows_354_when_all_recipients_are_refused);
    tcase_add_test(t, data_refused_for_want_of_recipients_is_the_recipients_fault);
    tcase_add_test(t, never_more_than_200_commands_are_unanswered);
    tcase_add_test(t, a_refused_sender_ends_the_message_and_the_rest_of_the_group_is_read);
    tcase_add_test(t, rset_separates_messages_only_where_a_transaction_is_open);
    tcase_add_test(t, ehlo_falls_back_to_helo);
    tcase_add_test(t, parameters_are_sent_only_where_offered);
    tcase_add_test(t, a_message_that_does_not_fit_the_server_is_not_begun);
    tcase_add_test(t, an_address_cannot_give_orders);
    tcase_add_test(t, a_message_with_bad_addresses_only_is_given_up);
    tcase_add_test(t, other_protocols_are_recognised_by_their_greeting);
    tcase_add_test(t, a_line_of_nothing_but_lf_is_read_alone);
    tcase_add_test(t, a_server_that_refuses_at_the_door_is_left_politely);
    tcase_add_test(t, goodbye_may_come_at_any_time);
    tcase_add_test(t, replies_that_break_the_protocol_end_the_session);
    tcase_add_test(t, a_reply_without_end_is_cut_off);
    tcase_add_test(t, an_answer_to_data_other_than_354_or_a_refusal_is_wrong);
    tcase_add_test(t, a_552_to_rcpt_may_mean_too_many_recipients);
    tcase_add_test(t, silence_and_broken_connections_are_temporary);
    tcase_add_test(t, each_state_has_the_patience_of_the_standard);
    tcase_add_test(t, a_refusal_in_the_middle_of_the_content_ends_the_session);
    tcase_add_test(t, the_tls_policy_is_obeyed);
    tcase_add_test(t, after_tls_everything_begins_again_and_injected_replies_are_lost);
    tcase_add_test(t, login_with_and_without_an_initial_response);
    tcase_add_test(t, a_login_that_makes_no_sense_is_cancelled);
    tcase_add_test(t, a_server_that_skips_its_proof_is_not_believed);
    tcase_add_test(t, the_auth_policy_is_obeyed);
    tcase_add_test(t, bdat_chunks_are_counted_and_answered_one_by_one);
    tcase_add_test(t, lines_of_content_carry_their_lesson);
    tcase_add_test(t, no_octets_upset_the_client);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
