/* The queue: when it tries again, what it tells the sender, when it gives up. */
#include "protocols/wire/report.h"
#include "tests/hosts/puppet.h"

static struct wire_report_reader report;
static struct wire_report_recipient blocks[8];
static size_t nblocks;

/* Reads message n of alice's INBOX as a delivery report. */
static const char *read_report(unsigned n)
{
    static struct wire_mime_part parts[16];
    const char *text = letter(mail_a, "alice", n);
    ck_assert_msg(wire_report_open(&report, text, strlen(text), parts, 16), "no report: %s", text);
    nblocks = 0;
    while (nblocks < 8 && wire_report_next(&report, &blocks[nblocks]))
        nblocks++;
    return text;
}

static bool is(struct wire_slice s, const char *text)
{
    return wire_slice_is(s, text);
}

static void b_is_down(uint64_t until_ns)
{
    mx_b->host->down_until_ns = until_ns;
}

/* ---- waiting -------------------------------------------------------------------------------------- */

START_TEST(the_waiting_time_doubles_up_to_four_hours)
{
    static const unsigned minutes[] = { 5, 10, 20, 40, 80, 160, 240, 240, 240, 240 };
    const struct seen *active = NULL, *deferred;
    refusal_add(mx_b, "MAIL", 451, "4.3.0");
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_DAY);
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        active = find(active, TRACE_KIND_QUEUE, "mail-a", "active", "from", "alice@a.test", NULL);
        deferred = find(active, TRACE_KIND_QUEUE, "mail-a", "deferred", NULL);
        ck_assert_ptr_nonnull(deferred);
        /* from the end of one attempt to the beginning of the next, exactly: the attempt ends with the
         * connection, a little after the reply */
        active = find(deferred, TRACE_KIND_QUEUE, "mail-a", "active", "from", "alice@a.test", NULL);
        ck_assert_ptr_nonnull(active);
        ck_assert_uint_ge(active->t_ns - deferred->t_ns, minutes[i] * CORE_MINUTE);
        ck_assert_uint_lt(active->t_ns - deferred->t_ns, minutes[i] * CORE_MINUTE + CORE_S);
        active = watch.seen[index_after(active) - 2]; /* the record before: the next find meets it again */
    }
}
END_TEST

START_TEST(the_scenario_may_set_the_waiting_times)
{
    mail_a->mta.retry_first_ns = CORE_MINUTE;
    mail_a->mta.retry_max_ns = 3 * CORE_MINUTE;
    refusal_add(mx_b, "MAIL", 451, "4.3.0");
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(12 * CORE_MINUTE);
    /* attempts at 0, 1, 3, 6, 9, 12 minutes and a little more */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 5);
}
END_TEST

START_TEST(a_message_that_waits_holds_up_no_other)
{
    b_is_down(CORE_HOUR);
    mail_at(alice, "stuck", "bob@b.test", CORE_S);
    mail_at(alice, "local", "alice@a.test", 5 * CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_uint_eq(queued(mail_a), 1);
}
END_TEST

/* ---- delay notices and giving up ------------------------------------------------------------------ */

START_TEST(after_four_hours_the_sender_is_told_once)
{
    const struct seen *notice;
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(4 * CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    run_until(4 * CORE_DAY);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "delay-notice", NULL), 1);
    notice = find(NULL, TRACE_KIND_QUEUE, "mail-a", "delay-notice", NULL);
    ck_assert_uint_ge(notice->t_ns, 4 * CORE_HOUR);
    ck_assert_uint_lt(notice->t_ns, 4 * CORE_HOUR + CORE_MINUTE);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    read_report(0);
    ck_assert_uint_eq(nblocks, 1);
    ck_assert_int_eq(blocks[0].action, WIRE_REPORT_DELAYED);
    ck_assert(is(blocks[0].final, "rfc822; bob@b.test"));
    ck_assert(is(blocks[0].status, "4.4.1"));
    ck_assert(!report.returned_full);
    ck_assert_uint_eq(queued(mail_a), 1);
}
END_TEST

START_TEST(the_scenario_may_do_without_delay_notices)
{
    mail_a->mta.delay_notice_ns = CORE_NEVER;
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(4 * CORE_DAY);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(after_five_days_the_message_comes_back)
{
    const struct seen *expired;
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(8 * CORE_DAY);
    expired = find(NULL, TRACE_KIND_QUEUE, "mail-a", "expired", "to", "bob@b.test", "dsn", "5.4.7", NULL);
    ck_assert_ptr_nonnull(expired);
    ck_assert_uint_ge(expired->t_ns, 5 * CORE_DAY);
    ck_assert_uint_lt(expired->t_ns, 5 * CORE_DAY + 5 * CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "bounce-made", NULL), 1);
    ck_assert_uint_eq(queued(mail_a), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 2); /* the delay notice and the bounce */
    read_report(1);
    ck_assert_uint_eq(nblocks, 1);
    ck_assert_int_eq(blocks[0].action, WIRE_REPORT_FAILED);
    ck_assert(is(blocks[0].status, "5.4.7"));
    ck_assert(report.returned_full);
}
END_TEST

START_TEST(the_scenario_may_set_the_patience)
{
    mail_a->mta.expire_ns = 30 * CORE_MINUTE;
    mail_a->mta.delay_notice_ns = 10 * CORE_MINUTE;
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(2 * CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "delay-notice", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "expired", NULL), 1);
    ck_assert_uint_eq(queued(mail_a), 0);
}
END_TEST

/* ---- bounces -------------------------------------------------------------------------------------- */

START_TEST(a_bounce_comes_from_nobody_and_says_what_the_server_said)
{
    const char *text;
    mail_at(alice, "hello", "nobody@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    text = read_report(0);
    ck_assert_int_eq(strncmp(text, "Return-Path: <>\r\n", 17), 0);
    ck_assert(is(report.reporting_mta, "dns; mail.a.test"));
    ck_assert(is(blocks[0].remote_mta, "dns; mx.b.test"));
    ck_assert(is(blocks[0].status, "5.1.1"));
    ck_assert_int_eq(strncmp(blocks[0].diagnostic.at, "smtp; 550 5.1.1 ", 16), 0);
    ck_assert(report.returned_full);
    ck_assert_ptr_nonnull(strstr(text, "Hello.\r\n.dots\r\n")); /* the message itself, unstuffed */
    ck_assert_uint_eq(queued(mail_a), 0);
}
END_TEST

START_TEST(a_bounce_that_cannot_be_delivered_makes_no_bounce)
{
    mail_at(alice, "hello", "nobody@b.test", CORE_S)->envelope_from = "nobody@a.test";
    mail_at(alice, "again", "nobody@b.test", 10 * CORE_S)->envelope_from = "ghost@nowhere.test";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "bounce-made", NULL), 2);
    ck_assert_uint_eq(queued(mail_a) + queued(mx_b), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    /* and that is told */
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "from", "", "to", "nobody@a.test", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "from", "", "to", "ghost@nowhere.test", NULL));
}
END_TEST

START_TEST(mail_from_nobody_that_expires_makes_no_bounce_and_no_notice)
{
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S)->envelope_from = "";
    run_until(8 * CORE_DAY);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "expired", NULL), 1);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "bounce-made", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "delay-notice", NULL), 0);
    ck_assert_uint_eq(queued(mail_a), 0);
}
END_TEST

START_TEST(one_bounce_lists_the_recipients_that_failed_and_no_others)
{
    struct spec_message *m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->to = list_of(&m->nto, "bob@b.test", "nobody@b.test", "carol@b.test", "ghost@b.test", NULL);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "bounce-made", NULL), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    read_report(0);
    ck_assert_uint_eq(nblocks, 2);
    ck_assert(is(blocks[0].final, "rfc822; nobody@b.test"));
    ck_assert(is(blocks[1].final, "rfc822; ghost@b.test"));
}
END_TEST

START_TEST(failures_in_two_domains_are_told_in_one_bounce)
{
    struct spec_message *m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->to = list_of(&m->nto, "x@nowhere.test", "nobody@b.test", NULL);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    read_report(0);
    ck_assert_uint_eq(nblocks, 2);
}
END_TEST

START_TEST(who_failed_at_once_is_told_while_others_still_wait)
{
    struct part *mx_c = mail_server("mx-c", "mx.c.test", "c.test");
    struct spec_message *m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    user_add(mx_c, "dora");
    mx_c->host->down_until_ns = CORE_HOUR;
    m->to = list_of(&m->nto, "dora@c.test", "nobody@b.test", NULL);
    run_until(30 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_uint_eq(queued(mail_a), 1);
    run_until(4 * CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_c, "dora"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1); /* and not told again */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "sent", "to", "dora@c.test", NULL), 1);
}
END_TEST

START_TEST(two_recipients_of_a_domain_travel_in_one_transaction)
{
    struct spec_message *m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->to = list_of(&m->nto, "bob@b.test", "carol@B.test", NULL);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(lines("mail-a", "MAIL FROM:"), 1);
    ck_assert_uint_eq(lines("mail-a", "RCPT TO:"), 2);
    ck_assert_uint_eq(inbox(mx_b, "bob") + inbox(mx_b, "carol"), 2);
}
END_TEST

/* ---- causes --------------------------------------------------------------------------------------- */

static const struct seen *by_seq(uint64_t seq)
{
    for (size_t i = 0; i < watch.n; i++)
        if (watch.seen[i]->seq == seq)
            return watch.seen[i];
    return NULL;
}

/* Is `earlier` among the causes of `later`? */
static bool leads_to(const struct seen *earlier, const struct seen *later)
{
    ck_assert_ptr_nonnull(earlier);
    ck_assert_ptr_nonnull(later);
    while (later && later != earlier) {
        ck_assert_uint_lt(later->cause, later->seq);
        later = later->cause ? by_seq(later->cause) : NULL;
    }
    return later != NULL;
}

START_TEST(from_a_bounce_one_can_walk_back_to_the_setting_that_caused_it)
{
    const struct seen *bounce, *stored;
    sm.levels = TRACE_ALL;
    mx_b->users[0].quota_octets = 1;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    mail_at(alice, "again", "bob@b.test", 10 * CORE_S);
    run_until(5 * CORE_S);
    mx_b->users[0].quota_octets = 0;
    run_until(CORE_MINUTE);
    bounce = find(NULL, TRACE_KIND_QUEUE, NULL, "bounce-made", NULL);
    stored = find(bounce, TRACE_KIND_MAILBOX, "mail-a", "stored", "user", "alice", NULL);
    ck_assert(leads_to(bounce, stored));
    ck_assert(
        leads_to(find(NULL, TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/users/bob/quota", NULL), bounce));
    ck_assert(leads_to(find(NULL, TRACE_KIND_CLIENT, "alice", "sending", "message", "hello", NULL), bounce));
}
END_TEST

START_TEST(a_refusal_far_away_is_the_cause_of_the_bounce_here)
{
    const struct seen *bounce;
    sm.levels = TRACE_ALL;
    mx_b->mta.no_pipelining =
        true; /* with it a frame carries several replies, and names the last as its cause */
    refusal_add(mx_b, "RCPT", 550, "5.7.1")->match = "bob@b.test";
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    bounce = find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounce-made", NULL);
    ck_assert(leads_to(find(NULL, TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/refusals/0", NULL), bounce));
    ck_assert(leads_to(line(NULL, "mx-b", "550 5.7.1 "), bounce));
    ck_assert(leads_to(find(NULL, TRACE_KIND_COMMAND, "mail-a", NULL, NULL), bounce));
    ck_assert(leads_to(find(NULL, TRACE_KIND_CLIENT, "alice", "sending", NULL), bounce));
}
END_TEST

START_TEST(a_retry_is_caused_by_what_deferred_it)
{
    const struct seen *stored, *deferred;
    sm.levels = TRACE_ALL;
    mx_b->mta.no_pipelining = true;
    refusal_add(mx_b, "RCPT", 451, "4.7.1")->first = 1;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    stored = find(NULL, TRACE_KIND_MAILBOX, "mx-b", "stored", NULL);
    deferred = find(NULL, TRACE_KIND_QUEUE, "mail-a", "deferred", NULL);
    ck_assert(leads_to(deferred, stored));
    ck_assert(leads_to(line(NULL, "mx-b", "451 4.7.1 "), deferred));
}
END_TEST

/* ---- what the sender asks for: RFC 3461 ----------------------------------------------------------- */

START_TEST(notify_never_is_obeyed)
{
    mail_at(alice, "fails", "nobody@b.test", CORE_S)->dsn_notify = "NEVER";
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "to", "nobody@b.test", NULL));
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "bounce-made", NULL), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    ck_assert_uint_eq(queued(mail_a), 0);
}
END_TEST

START_TEST(notify_never_means_no_delay_notice_either)
{
    b_is_down(CORE_NEVER);
    mail_at(alice, "hello", "bob@b.test", CORE_S)->dsn_notify = "NEVER";
    run_until(8 * CORE_DAY);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(success_is_reported_once_by_the_server_that_delivers)
{
    mail_at(alice, "hello", "bob@b.test", CORE_S)->dsn_notify = "SUCCESS,FAILURE";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1); /* RFC 3461: who hands NOTIFY on does not report itself */
    read_report(0);
    ck_assert_uint_eq(nblocks, 1);
    ck_assert_int_eq(blocks[0].action, WIRE_REPORT_DELIVERED);
    ck_assert(is(report.reporting_mta, "dns; mx.b.test"));
    ck_assert(is(blocks[0].original, "rfc822;bob@b.test"));
    ck_assert_int_eq(blocks[0].status.at[0], '2');
}
END_TEST

START_TEST(a_server_without_dsn_is_where_success_is_reported_as_relayed)
{
    mx_b->mta.no_dsn = true;
    mail_at(alice, "hello", "bob@b.test", CORE_S)->dsn_notify = "SUCCESS";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    read_report(0);
    ck_assert_int_eq(blocks[0].action, WIRE_REPORT_RELAYED);
    ck_assert(is(report.reporting_mta, "dns; mail.a.test"));
}
END_TEST

START_TEST(notify_failure_says_nothing_about_success_or_delay)
{
    b_is_down(6 * CORE_HOUR);
    mail_at(alice, "hello", "bob@b.test", CORE_S)->dsn_notify = "FAILURE";
    run_until(CORE_DAY);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(notify_success_alone_keeps_failures_quiet)
{
    mail_at(alice, "hello", "nobody@b.test", CORE_S)->dsn_notify = "SUCCESS";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(ret_hdrs_returns_the_header_alone)
{
    struct spec_message *m = mail_at(alice, "hello", "nobody@b.test", CORE_S);
    m->dsn_ret = "HDRS";
    run_until(CORE_MINUTE);
    read_report(0);
    ck_assert(!report.returned_full);
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "Subject: hello\r\n"));
    ck_assert_ptr_null(strstr(letter(mail_a, "alice", 0), "Hello.\r\n.dots"));
}
END_TEST

START_TEST(the_envelope_id_comes_back_in_the_report)
{
    struct spec_message *m = mail_at(alice, "hello", "nobody@b.test", CORE_S);
    m->envid = "QQ314159+=";
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "alice", "MAIL FROM:<alice@a.test>"));
    ck_assert_ptr_nonnull(strstr(line(NULL, "alice", "MAIL FROM:")->text, "ENVID=QQ314159+2B+3D"));
    read_report(0);
    ck_assert(is(report.envelope_id, "QQ314159+="));
}
END_TEST

START_TEST(the_original_recipient_survives_an_alias)
{
    size_t n;
    const char **targets = list_of(&n, "ghost@nowhere.test", NULL);
    alias_add(mx_b, "sales", targets, n);
    mail_at(alice, "hello", "sales@b.test", CORE_S)->dsn_notify = "FAILURE";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    read_report(0);
    ck_assert(is(blocks[0].original, "rfc822;sales@b.test")); /* what the sender wrote */
    ck_assert(is(blocks[0].final, "rfc822; ghost@nowhere.test"));
}
END_TEST

/* ---- hostile words -------------------------------------------------------------------------------- */

static const char *nasty(struct puppet *p, const char *said)
{
    (void)p;
    if (strncmp(said, "EHLO", 4) == 0)
        return "250-x\r\n250 DSN\r\n";
    if (strncmp(said, "RCPT", 4) == 0)
        return "550 5.1.1 no\rsuch\n\x80\xff user\x01\x1b[31m\r\n";
    return "250 ok\r\n";
}

START_TEST(whatever_a_server_says_the_bounce_is_written)
{
    struct part *evil = host_add("evil");
    struct spec_zone *z = zone_add(sm.names, "evil.test");
    record_add(z, "@", "A", evil->address_text);
    mail_at(alice, "hello", "bob@evil.test", CORE_S);
    small_build();
    puppet_serve(evil, 25, "220 evil\r\n", nasty);
    run_until(8 * CORE_DAY);
    ck_assert_uint_ge(inbox(mail_a, "alice"), 1);
    ck_assert_uint_eq(queued(mail_a), 0);
    for (const char *at = letter(mail_a, "alice", inbox(mail_a, "alice") - 1); *at; at++)
        ck_assert(*at != '\r' || at[1] == '\n');
}
END_TEST

START_TEST(whatever_a_client_writes_into_dsn_parameters_the_bounce_is_written)
{
    struct part *stranger = host_add("stranger");
    mx_b->mta.accepts_unknown_users = true;
    typed_at(stranger, mx_b, 25, CORE_S, "EHLO x.test", "MAIL FROM:<alice@a.test> ENVID=a+0D+0Ab+00 RET=FULL",
             "RCPT TO:<nobody@b.test> NOTIFY=FAILURE ORCPT=rfc822;x+0D+0AEvil:+20y",
             "RCPT TO:<ghost@b.test> ORCPT=rfc822;+00+FF", "RCPT TO:<third@b.test>", "DATA", "Subject: x", "",
             "x", ".", "QUIT", NULL);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(queued(mx_b), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_ptr_null(strstr(letter(mail_a, "alice", 0), "\nEvil:"));
    read_report(0);
    ck_assert_uint_ge(nblocks, 1);
}
END_TEST

START_TEST(a_bounce_for_a_thousand_recipients_names_them_all)
{
    const char **typed;
    size_t n = 0;
    struct part *stranger = host_add("stranger");
    small_end();
    two_domains();
    stranger = host_add("stranger");
    mx_b->mta.accepts_unknown_users = true;
    typed = core_arena_take(&sm.arena, 1100 * sizeof *typed);
    typed[n++] = "HELO x.test";
    typed[n++] = "MAIL FROM:<alice@a.test>";
    for (int i = 0; i < 1000; i++)
        typed[n++] = text_of("RCPT TO:<u%d@b.test>", i);
    typed[n++] = "DATA";
    typed[n++] = ".";
    typed[n++] = "QUIT";
    telnet_at(stranger, mx_b, 25, CORE_S, typed, n);
    run_until(2 * CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "u0@b.test"));
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "u999@b.test"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts mta queue");
    TCase *t = tcase_create("queue");
    tcase_add_checked_fixture(t, two_domains, small_end);
    tcase_add_test(t, the_waiting_time_doubles_up_to_four_hours);
    tcase_add_test(t, the_scenario_may_set_the_waiting_times);
    tcase_add_test(t, a_message_that_waits_holds_up_no_other);
    tcase_add_test(t, after_four_hours_the_sender_is_told_once);
    tcase_add_test(t, the_scenario_may_do_without_delay_notices);
    tcase_add_test(t, after_five_days_the_message_comes_back);
    tcase_add_test(t, the_scenario_may_set_the_patience);
    tcase_add_test(t, a_bounce_comes_from_nobody_and_says_what_the_server_said);
    tcase_add_test(t, a_bounce_that_cannot_be_delivered_makes_no_bounce);
    tcase_add_test(t, mail_from_nobody_that_expires_makes_no_bounce_and_no_notice);
    tcase_add_test(t, one_bounce_lists_the_recipients_that_failed_and_no_others);
    tcase_add_test(t, failures_in_two_domains_are_told_in_one_bounce);
    tcase_add_test(t, who_failed_at_once_is_told_while_others_still_wait);
    tcase_add_test(t, two_recipients_of_a_domain_travel_in_one_transaction);
    tcase_add_test(t, from_a_bounce_one_can_walk_back_to_the_setting_that_caused_it);
    tcase_add_test(t, a_refusal_far_away_is_the_cause_of_the_bounce_here);
    tcase_add_test(t, a_retry_is_caused_by_what_deferred_it);
    tcase_add_test(t, notify_never_is_obeyed);
    tcase_add_test(t, notify_never_means_no_delay_notice_either);
    tcase_add_test(t, success_is_reported_once_by_the_server_that_delivers);
    tcase_add_test(t, a_server_without_dsn_is_where_success_is_reported_as_relayed);
    tcase_add_test(t, notify_failure_says_nothing_about_success_or_delay);
    tcase_add_test(t, notify_success_alone_keeps_failures_quiet);
    tcase_add_test(t, ret_hdrs_returns_the_header_alone);
    tcase_add_test(t, the_envelope_id_comes_back_in_the_report);
    tcase_add_test(t, the_original_recipient_survives_an_alias);
    tcase_add_test(t, whatever_a_server_says_the_bounce_is_written);
    tcase_add_test(t, whatever_a_client_writes_into_dsn_parameters_the_bounce_is_written);
    tcase_add_test(t, a_bounce_for_a_thousand_recipients_names_them_all);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
