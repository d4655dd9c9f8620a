/* A person in the place of an engine: who stays connected, who types over TLS, who is the server. */
#include "sim/hosts/secure.h"
#include "tests/hosts/puppet.h"

static const struct seen *done(const char *name)
{
    const struct seen *r = find(NULL, TRACE_KIND_CLIENT, NULL, "action-done", "action", name, NULL);
    ck_assert_msg(r, "action %s never ended", name);
    return r;
}

/* ---- a person is the client ---------------------------------------------------------------------------- */

START_TEST(who_stays_does_not_hang_up)
{
    typed_at(alice, mx_b, 25, CORE_S, "EHLO x.test", NULL)->stay = true;
    run_until(2 * CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "mx-b", "250 "));
    ck_assert_ptr_null(find(NULL, TRACE_KIND_CLIENT, "alice", "telnet-done", NULL));
    run_until(
        CORE_HOUR); /* RFC 5321 section 4.5.3.2.7: the server may end it after five minutes of silence */
    ck_assert_ptr_nonnull(line(NULL, "mx-b", "421 "));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "telnet-done", "result", "ok", NULL));
    nothing_is_left_open();
}
END_TEST

START_TEST(who_stays_leaves_when_the_server_says_goodbye)
{
    struct spec_action *a = typed_at(alice, mx_b, 25, CORE_S, "QUIT", NULL);
    const struct seen *open;
    a->stay = true;
    a->name = "typed";
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(done("typed"), "result"), "ok");
    open = find(NULL, TRACE_KIND_CLIENT, "alice", "telnet-open", "action", "typed", NULL);
    ck_assert_ptr_nonnull(open);
    ck_assert_uint_eq(open->conn, line(NULL, "alice", "QUIT")->conn);
    nothing_is_left_open();
}
END_TEST

static void type_over_tls(uint16_t port, enum spec_security security, const char *command, const char *answer)
{
    struct spec_action *a = typed_at(alice, mx_b, port, CORE_S, command, NULL);
    const struct seen *tls, *said;
    a->security = security;
    a->name = "typed";
    run_until(CORE_MINUTE);
    tls = find(NULL, TRACE_KIND_SESSION, "alice", "tls", NULL);
    ck_assert_ptr_nonnull(tls);
    ck_assert_str_eq(attr(tls, "certificate"), "certificate-trusted");
    said = line(tls, "alice", command);
    ck_assert_ptr_nonnull(said);
    ck_assert_str_eq(attr(said, "sealed"), "yes");
    ck_assert_ptr_nonnull(line(said, "mx-b", answer));
    ck_assert_str_eq(attr(done("typed"), "result"), "ok");
    nothing_is_left_open();
}

START_TEST(starttls_is_asked_for_before_the_person_types_smtp)
{
    mx_b->smtp[0].security = SPEC_STARTTLS;
    type_over_tls(25, SPEC_STARTTLS, "EHLO x.test", "250");
    ck_assert_ptr_nonnull(line(NULL, "alice", "STARTTLS"));
}
END_TEST

START_TEST(starttls_is_asked_for_before_the_person_types_pop3)
{
    mx_b->reading[0].security = SPEC_STARTTLS;
    type_over_tls(110, SPEC_STARTTLS, "USER bob", "+OK");
    ck_assert_ptr_nonnull(line(NULL, "alice", "STLS"));
}
END_TEST

START_TEST(starttls_is_asked_for_before_the_person_types_imap)
{
    mx_b->reading[1].security = SPEC_STARTTLS;
    type_over_tls(143, SPEC_STARTTLS, "a1 LOGIN bob secret", "a1 OK");
    ck_assert_ptr_nonnull(line(NULL, "alice", ". STARTTLS"));
}
END_TEST

START_TEST(tls_from_the_first_octet_needs_no_command)
{
    mx_b->smtp[1] = (struct spec_service){ .kind = SPEC_SMTP_SUBMISSION, .port = 465, .security = SPEC_TLS };
    type_over_tls(465, SPEC_TLS, "EHLO x.test", "250");
}
END_TEST

START_TEST(a_bad_certificate_is_told_and_no_obstacle)
{
    mx_b->host->certificate_fault = "expired";
    mx_b->smtp[0].security = SPEC_STARTTLS;
    typed_at(alice, mx_b, 25, CORE_S, "EHLO x.test", NULL)->security = SPEC_STARTTLS;
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(find(NULL, TRACE_KIND_SESSION, "alice", "tls", NULL), "certificate"),
                     "certificate-expired");
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "telnet-done", "result", "ok", NULL));
}
END_TEST

START_TEST(a_server_without_starttls_ends_it)
{
    static const uint16_t ports[] = { 25, 110, 143 };
    for (size_t i = 0; i < 3; i++) {
        struct spec_action *a = typed_at(alice, mx_b, ports[i], (i + 1) * CORE_S, "never typed", NULL);
        a->security = SPEC_STARTTLS;
        a->name = text_of("to %u", ports[i]);
    }
    run_until(CORE_MINUTE);
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(attr(done(text_of("to %u", ports[i])), "result"), "not-secured");
    ck_assert_ptr_null(line(NULL, "alice", "never typed"));
    nothing_is_left_open();
}
END_TEST

START_TEST(tls_to_a_plain_port_fails)
{
    struct spec_action *a = typed_at(alice, mx_b, 25, CORE_S, "never typed", NULL);
    a->security = SPEC_TLS;
    a->name = "typed";
    run_until(CORE_HOUR);
    ck_assert_str_eq(attr(done("typed"), "result"), "not-secured");
    ck_assert_ptr_null(line(NULL, "alice", "never typed"));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_lookup_can_ask_one_server)
{
    struct spec_action *a = lookup_at(alice, "b.test", "MX", CORE_S);
    const struct seen *answer;
    a->server = sm.names->address_text;
    a->name = "dig";
    run_until(CORE_MINUTE);
    answer = find(NULL, TRACE_KIND_CLIENT, "alice", "lookup-done", "action", "dig", NULL);
    ck_assert_ptr_nonnull(answer);
    ck_assert_str_eq(attr(answer, "result"), "ok");
    ck_assert_ptr_nonnull(strstr(attr(answer, "dig"), "status: NOERROR"));
    ck_assert_ptr_nonnull(strstr(attr(answer, "dig"), "b.test. 3600 IN MX 10 mx.b.test."));
    ck_assert_ptr_null(strchr(attr(answer, "dig"), '\n'));
    ck_assert_str_eq(watch.name[line(NULL, "alice", "MX? b.test")->peer], "names");
}
END_TEST

START_TEST(a_lookup_at_a_server_without_an_address_fails)
{
    lookup_at(alice, "b.test", "MX", CORE_S)->server = "nowhere.test";
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "lookup-done", "result", "SERVFAIL", NULL));
}
END_TEST

/* ---- a person is the server ---------------------------------------------------------------------------- */

static struct spec_hand hand;

static void answers(struct part *p, int port, ...)
{
    const char **replies = core_arena_take(&sm.arena, 64 * sizeof *replies);
    va_list ap;
    hand = (struct spec_hand){ .port = (uint16_t)port, .replies = replies };
    va_start(ap, port);
    for (const char *one = va_arg(ap, const char *); one; one = va_arg(ap, const char *))
        replies[hand.nreplies++] = one;
    va_end(ap);
    p->host->hand = &hand;
}

START_TEST(a_mail_server_delivers_to_a_person_who_says_yes)
{
    answers(mx_b, 25, "220 hello", "250 mx.b.test", "250 ok", "250 ok", "354 go on", "250 2.0.0 thanks",
            "221 bye", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "sent", "to", "bob@b.test", NULL));
    ck_assert_uint_eq(line(NULL, "mx-b", "250 2.0.0 thanks")->code, 250);
    ck_assert_str_eq(line(NULL, "mx-b", "250 2.0.0 thanks")->status, "2.0.0");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0); /* nobody keeps it */
    nothing_is_left_open();
}
END_TEST

START_TEST(each_line_is_typed_two_seconds_after_what_it_answers)
{
    const struct seen *helo, *reply;
    answers(mx_b, 25, "220 hello", "250-mx.b.test", "250-SIZE", "250 DSN", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    helo = line(NULL, "mail-a", "EHLO");
    ck_assert_ptr_nonnull(helo);
    reply = line(helo, "mx-b", "250-mx.b.test");
    ck_assert_uint_ge(reply->t_ns, helo->t_ns + 2 * CORE_S);
    ck_assert_uint_lt(reply->t_ns, helo->t_ns + 3 * CORE_S);
    ck_assert_ptr_nonnull(line(line(reply, "mx-b", "250 DSN"), "mail-a", "MAIL FROM"));
}
END_TEST

START_TEST(a_refused_recipient_becomes_a_bounce)
{
    answers(mx_b, 25, "220 hello", "250 mx.b.test", "250 ok", "550 5.1.1 nobody of that name", "250 ok",
            "221 bye", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "to", "bob@b.test", "dsn", "5.1.1", NULL));
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

START_TEST(a_pipelining_client_gets_one_reply_a_command)
{
    answers(mx_b, 25, "220 hello", "250-mx.b.test", "250 PIPELINING", "250 sender", "250 recipient", "354 go",
            "250 2.0.0 thanks", "221 bye", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "sent", "to", "bob@b.test", NULL));
}
END_TEST

START_TEST(chunks_are_no_commands)
{
    typed_at(alice, mx_b, 25, CORE_S, "EHLO x", "BDAT 7 LAST", "hello", "QUIT", NULL)->stay = true;
    answers(mx_b, 25, "220 hello", "250 mx.b.test", "250 chunk", "221 bye", "500 one too many", NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "mx-b", "221 bye"));
    ck_assert_ptr_null(line(NULL, "mx-b", "500 "));
}
END_TEST

START_TEST(silence_shows_the_clients_patience)
{
    const struct seen *gave_up;
    answers(mx_b, 25, NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(8 * CORE_MINUTE);
    gave_up = find(NULL, TRACE_KIND_QUEUE, "mail-a", "deferred", NULL);
    ck_assert_ptr_nonnull(gave_up);
    ck_assert_uint_ge(gave_up->t_ns, 5 * CORE_MINUTE); /* RFC 5321 section 4.5.3.2.1 */
}
END_TEST

START_TEST(a_yes_to_starttls_begins_tls)
{
    answers(mx_b, 25, "220 hello", "250-mx.b.test", "250 STARTTLS", "220 go ahead", "250 mx.b.test", "250 ok",
            "250 ok", "354 go", "250 2.0.0 thanks", "221 bye", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mx-b", "tls", NULL));
    ck_assert_str_eq(attr(line(NULL, "mx-b", "354 go"), "sealed"), "yes");
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "sent", "to", "bob@b.test", NULL));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_person_answers_from_a_time_on)
{
    answers(mx_b, 25, "220 hello", "250 mx.b.test", "250 ok", "550 5.1.1 not now", "250 ok", "221 bye", NULL);
    hand.from_ns = 30 * CORE_S;
    mail_at(alice, "early", "bob@b.test", CORE_S);
    mail_at(alice, "late", "bob@b.test", CORE_MINUTE);
    run_until(2 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1); /* the report */
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "connect", "daemon", "hand", NULL), 1);
}
END_TEST

START_TEST(the_lines_go_on_at_the_next_connection)
{
    answers(mx_b, 25, "421 4.3.2 come back later", "220 hello", "250 mx.b.test", "250 ok", "250 ok", "354 go",
            "250 2.0.0 thanks", "221 bye", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "connect", "daemon", "hand", NULL), 2);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "sent", "to", "bob@b.test", NULL));
}
END_TEST

START_TEST(a_reader_downloads_by_pop3_from_a_person)
{
    fetch_at(bob, CORE_S);
    bob->accounts[0].fetch_kind = SPEC_POP3;
    bob->accounts[0].fetch_port = 110;
    bob->accounts[0].fetch_auth_plain_command = true;
    answers(mx_b, 110, "+OK hello", "+OK", "+OK", "+OK", "1 30", ".", "+OK 30", "Subject: by hand", "", "Hi.",
            ".", "+OK", "+OK", NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "bob", "message", "subject", "by hand", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "bob", "fetched", NULL));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_reader_is_refused_by_imap_by_a_person)
{
    fetch_at(bob, CORE_S);
    bob->accounts[0].fetch_kind = SPEC_IMAP;
    bob->accounts[0].fetch_port = 143;
    bob->accounts[0].fetch_auth_plain_command = true;
    answers(mx_b, 143, "* OK hello", "* CAPABILITY IMAP4rev1", "A1 OK", "A2 NO wrong password", "A3 OK bye",
            NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "bob", "fetch-failed", "result", "auth-failed", NULL));
}
END_TEST

START_TEST(a_port_with_tls_begins_with_it)
{
    fetch_at(bob, CORE_S);
    bob->accounts[0].fetch_kind = SPEC_POP3;
    bob->accounts[0].fetch_port = 995;
    bob->accounts[0].fetch_security = SPEC_TLS;
    bob->accounts[0].fetch_auth_plain_command = true;
    answers(mx_b, 995, "+OK hello", "-ERR no", NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mx-b", "tls", NULL));
    ck_assert_str_eq(attr(line(NULL, "mx-b", "+OK hello"), "sealed"), "yes");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts hand");
    TCase *t = tcase_create("hand");
    tcase_add_checked_fixture(t, two_domains, small_end);
    tcase_add_test(t, who_stays_does_not_hang_up);
    tcase_add_test(t, who_stays_leaves_when_the_server_says_goodbye);
    tcase_add_test(t, starttls_is_asked_for_before_the_person_types_smtp);
    tcase_add_test(t, starttls_is_asked_for_before_the_person_types_pop3);
    tcase_add_test(t, starttls_is_asked_for_before_the_person_types_imap);
    tcase_add_test(t, tls_from_the_first_octet_needs_no_command);
    tcase_add_test(t, a_bad_certificate_is_told_and_no_obstacle);
    tcase_add_test(t, a_server_without_starttls_ends_it);
    tcase_add_test(t, tls_to_a_plain_port_fails);
    tcase_add_test(t, a_lookup_can_ask_one_server);
    tcase_add_test(t, a_lookup_at_a_server_without_an_address_fails);
    tcase_add_test(t, a_mail_server_delivers_to_a_person_who_says_yes);
    tcase_add_test(t, each_line_is_typed_two_seconds_after_what_it_answers);
    tcase_add_test(t, a_refused_recipient_becomes_a_bounce);
    tcase_add_test(t, a_pipelining_client_gets_one_reply_a_command);
    tcase_add_test(t, chunks_are_no_commands);
    tcase_add_test(t, silence_shows_the_clients_patience);
    tcase_add_test(t, a_yes_to_starttls_begins_tls);
    tcase_add_test(t, a_person_answers_from_a_time_on);
    tcase_add_test(t, the_lines_go_on_at_the_next_connection);
    tcase_add_test(t, a_reader_downloads_by_pop3_from_a_person);
    tcase_add_test(t, a_reader_is_refused_by_imap_by_a_person);
    tcase_add_test(t, a_port_with_tls_begins_with_it);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
