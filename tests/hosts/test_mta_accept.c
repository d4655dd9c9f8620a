/* What a mail server takes, and what it refuses: relaying, users, aliases, quotas, limits, refusals. */
#include "tests/hosts/small_world.h"

static struct part *stranger;

static void begin(void)
{
    two_domains();
    stranger = host_add("stranger");
}

/* A stranger types an envelope to `server`; what the server answers is in the trace. */
static void envelope_at(uint64_t at_ns, const struct part *server, uint16_t port, const char *from,
                        const char *to)
{
    typed_at(stranger, server, port, at_ns, "EHLO stranger.test", text_of("MAIL FROM:<%s>", from),
             text_of("RCPT TO:<%s>", to), "QUIT", NULL);
}

static const char *reply_to(const char *command)
{
    const struct seen *asked = line(NULL, NULL, command), *said;
    ck_assert_msg(asked, "nobody said %s", command);
    for (said = find(asked, TRACE_KIND_REPLY, NULL, NULL, NULL); said && said->conn != asked->conn;
         said = find(said, TRACE_KIND_REPLY, NULL, NULL, NULL)) {
    }
    ck_assert_msg(said, "nobody answered %s", command);
    return said->text;
}

static void check_reply(const char *command, const char *begins)
{
    const char *said = reply_to(command);
    ck_assert_msg(strncmp(said, begins, strlen(begins)) == 0, "%s was answered %s", command, said);
}

/* ---- relaying ------------------------------------------------------------------------------------- */

START_TEST(a_stranger_may_not_relay)
{
    envelope_at(CORE_S, mail_a, 25, "eve@evil.test", "bob@b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@b.test>", "554 5.7.1 ");
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_SESSION, "mail-a", "reject", "command", "RCPT", "dsn", "5.7.1", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CONFIG, "mail-a", NULL, "pointer", "/hosts/mail-a/mta/relay_networks", NULL));
}
END_TEST

START_TEST(a_stranger_may_bring_mail_for_local_users)
{
    envelope_at(CORE_S, mx_b, 25, "eve@evil.test", "bob@b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@b.test>", "250 2.1.5 ");
}
END_TEST

START_TEST(a_network_that_is_listed_may_relay)
{
    mail_a->networks[mail_a->mta.nrelay_networks++] = (struct spec_prefix){ stranger->address, 24 };
    envelope_at(CORE_S, mail_a, 25, "eve@evil.test", "bob@b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@b.test>", "250 2.1.5 ");
}
END_TEST

START_TEST(a_network_beside_the_listed_one_may_not_relay)
{
    struct net_addr beside = stranger->address;
    beside.b[14] ^= 1; /* 198.18.7.0/24 in place of 198.18.6.0/24 */
    mail_a->networks[mail_a->mta.nrelay_networks++] = (struct spec_prefix){ beside, 24 };
    envelope_at(CORE_S, mail_a, 25, "eve@evil.test", "bob@b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@b.test>", "554 5.7.1 ");
}
END_TEST

START_TEST(whoever_logs_in_may_relay)
{
    submits(alice);
    mail_a->mta.nrelay_networks = 0;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "auth", "user", "alice", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "with ESMTPA "));
}
END_TEST

START_TEST(a_wrong_password_relays_nothing)
{
    submits(alice);
    alice->accounts[0].submit_password = "wrong";
    mail_a->mta.nrelay_networks = 0;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "mail-a", "535 5.7.8 "));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "auth-failed", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", "result", "auth-failed", NULL));
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "accepted", NULL), 0);
}
END_TEST

START_TEST(a_server_that_requires_authentication_refuses_mail_without_it)
{
    mail_a->smtp[1].auth = SPEC_AUTH_REQUIRED;
    envelope_at(CORE_S, mail_a, 587, "alice@a.test", "alice@a.test");
    run_until(CORE_MINUTE);
    check_reply("MAIL FROM:<alice@a.test>", "530 5.7.0 ");
}
END_TEST

START_TEST(an_open_relay_takes_mail_from_anyone_to_anywhere)
{
    mail_a->mta.open_relay = true;
    typed_at(stranger, mail_a, 25, CORE_S, "HELO stranger.test", "MAIL FROM:<eve@evil.test>",
             "RCPT TO:<bob@b.test>", "DATA", "Subject: cheap pills", "", "Buy now", ".", "QUIT", NULL);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_CONFIG, "mail-a", NULL, "pointer", "/hosts/mail-a/mta/open_relay", NULL));
}
END_TEST

START_TEST(a_domain_that_is_relayed_for_is_taken_from_anyone)
{
    mail_a->relay_domains[mail_a->mta.nrelay_domains++] = "b.test";
    envelope_at(CORE_S, mail_a, 25, "eve@evil.test", "bob@B.TEST");
    envelope_at(20 * CORE_S, mail_a, 25, "eve@evil.test", "bob@c.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@B.TEST>", "250 ");
    check_reply("RCPT TO:<bob@c.test>", "554 5.7.1 ");
}
END_TEST

/* ---- users ---------------------------------------------------------------------------------------- */

START_TEST(an_unknown_user_is_refused_at_once)
{
    envelope_at(CORE_S, mx_b, 25, "eve@evil.test", "nobody@b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<nobody@b.test>", "550 5.1.1 ");
}
END_TEST

START_TEST(names_of_users_and_domains_have_no_case)
{
    envelope_at(CORE_S, mx_b, 25, "eve@evil.test", "BoB@B.tEst");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<BoB@B.tEst>", "250 ");
}
END_TEST

START_TEST(postmaster_is_always_accepted)
{
    envelope_at(CORE_S, mx_b, 25, "eve@evil.test", "postmaster@b.test");
    envelope_at(20 * CORE_S, mx_b, 25, "", "Postmaster");
    envelope_at(40 * CORE_S, mx_b, 25, "eve@evil.test", "POSTMASTER@mx.b.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<postmaster@b.test>", "250 ");
    check_reply("RCPT TO:<Postmaster>", "250 ");
    check_reply("RCPT TO:<POSTMASTER@mx.b.test>", "250 ");
}
END_TEST

START_TEST(mail_to_postmaster_reaches_the_first_user)
{
    mail_at(alice, "hello", "postmaster@b.test", CORE_S);
    typed_at(stranger, mx_b, 25, CORE_S, "HELO stranger.test", "MAIL FROM:<eve@evil.test>",
             "RCPT TO:<postmaster>", "DATA", "Subject: x", "", "x", ".", "QUIT", NULL);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 2);
}
END_TEST

START_TEST(a_server_may_take_unknown_users_and_bounce_later)
{
    mx_b->mta.accepts_unknown_users = true;
    mail_at(alice, "hello", "nobody@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, "mx-b", "bounced", "to", "nobody@b.test", "dsn", "5.1.1", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mx-b", "bounce-made", "to", "alice@a.test", NULL));
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

/* ---- aliases -------------------------------------------------------------------------------------- */

START_TEST(an_alias_expands_to_its_targets_here_and_elsewhere)
{
    size_t n;
    const char **targets = list_of(&n, "carol", "bob", "alice@a.test", NULL);
    alias_add(mx_b, "sales", targets, n);
    mail_at(alice, "hello", "sales@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

START_TEST(aliases_lead_to_aliases)
{
    size_t n, m;
    const char **first = list_of(&n, "staff", "carol", NULL), **second = list_of(&m, "bob", "carol", NULL);
    alias_add(mx_b, "all", first, n);
    alias_add(mx_b, "staff", second, m);
    mail_at(alice, "hello", "all@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1); /* once, although she is named twice */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mx-b", "bounce-made", NULL), 0);
}
END_TEST

START_TEST(an_alias_that_names_its_own_user_reaches_that_user)
{
    size_t n;
    const char **targets = list_of(&n, "bob", "carol", NULL);
    alias_add(mx_b, "bob", targets, n); /* bob keeps his mail, and carol gets a copy */
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_circle_of_aliases_ends_in_a_bounce)
{
    size_t n, m;
    const char **first = list_of(&n, "pong", NULL), **second = list_of(&m, "ping@b.test", NULL);
    alias_add(mx_b, "ping", first, n);
    alias_add(mx_b, "pong", second, m);
    mail_at(alice, "hello", "ping@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(queued(mx_b), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1); /* accepted, so it must not vanish */
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "Status: 5.4.6"));
}
END_TEST

START_TEST(a_circle_beside_a_mailbox_still_delivers)
{
    size_t n, m;
    const char **first = list_of(&n, "pong", "bob", NULL), **second = list_of(&m, "ping", "carol", NULL);
    alias_add(mx_b, "ping", first, n);
    alias_add(mx_b, "pong", second, m);
    mail_at(alice, "hello", "ping@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
}
END_TEST

START_TEST(two_ways_to_one_alias_are_no_circle)
{
    size_t n, m, k;
    const char **top = list_of(&n, "left", "right", NULL), **side = list_of(&m, "leaf", NULL),
               **leaf = list_of(&k, "bob", NULL);
    alias_add(mx_b, "top", top, n);
    alias_add(mx_b, "left", side, m);
    alias_add(mx_b, "right", side, m);
    alias_add(mx_b, "leaf", leaf, k);
    mail_at(alice, "hello", "top@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(an_alias_with_a_domain_holds_for_that_domain_alone)
{
    size_t n;
    const char **targets = list_of(&n, "bob", NULL);
    mx_b->local_domains[mx_b->mta.nlocal_domains++] = "c.test";
    alias_add(mx_b, "sales@b.test", targets, n);
    envelope_at(CORE_S, mx_b, 25, "eve@evil.test", "sales@b.test");
    envelope_at(20 * CORE_S, mx_b, 25, "eve@evil.test", "sales@c.test");
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<sales@b.test>", "250 ");
    check_reply("RCPT TO:<sales@c.test>", "550 5.1.1 ");
}
END_TEST

/* ---- sizes and numbers ---------------------------------------------------------------------------- */

START_TEST(a_full_mailbox_is_refused_at_rcpt)
{
    mail_at(alice, "first", "bob@b.test", CORE_S);
    mail_at(alice, "second", "bob@b.test", 10 * CORE_S);
    run_until(5 * CORE_S);
    mx_b->users[0].quota_octets = user_of(mx_b, "bob")->used_octets; /* full to the last octet */
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "mx-b", "552 5.2.2 "));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/users/bob/quota", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "dsn", "5.2.2", NULL));
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

START_TEST(a_message_that_does_not_fit_bounces_at_delivery)
{
    mx_b->users[0].quota_octets = 100;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mx-b", "accepted", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_MAILBOX, "mx-b", "over-quota", "user", "bob", NULL));
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, "mx-b", "bounced", "to", "bob@b.test", "dsn", "5.2.2", NULL));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "552 5.2.2"));
}
END_TEST

START_TEST(a_declared_size_beyond_the_limit_is_refused_before_the_message)
{
    mx_b->mta.size_max_octets = 1000;
    typed_at(stranger, mx_b, 25, CORE_S, "EHLO stranger.test", "MAIL FROM:<e@evil.test> SIZE=1001",
             "MAIL FROM:<e@evil.test> SIZE=1000", "QUIT", NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(line(NULL, "mx-b", "250-SIZE 1000"));
    check_reply("MAIL FROM:<e@evil.test> SIZE=1001", "552 5.3.4 ");
    check_reply("MAIL FROM:<e@evil.test> SIZE=1000", "250 ");
}
END_TEST

START_TEST(a_message_beyond_the_limit_is_refused_after_its_dot)
{
    char big[400];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    mx_b->mta.size_max_octets = 1000;
    typed_at(stranger, mx_b, 25, CORE_S, "EHLO stranger.test", "MAIL FROM:<e@evil.test>",
             "RCPT TO:<bob@b.test>", "DATA", big, big, big, ".", "QUIT", NULL);
    run_until(CORE_MINUTE);
    check_reply(".", "552 5.3.4 ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mx-b", "accepted", NULL), 0);
}
END_TEST

START_TEST(a_server_whose_disk_is_full_takes_nothing_until_there_is_room)
{
    char big[900];
    size_t before;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (unsigned i = 1; i <= 3; i++) { /* 4,500 octets, then two short ones */
        const char *x = i == 1 ? big : "x";
        typed_at(stranger, mx_b, 25, i * CORE_MINUTE, "EHLO stranger.test",
                 text_of("MAIL FROM:<e%u@evil.test>", i), "RCPT TO:<bob@b.test>", "DATA", x, x, x, x, x, ".",
                 "QUIT", NULL);
    }
    small_build();
    before = sm.world.mails.octets;
    sm.world.mails.limit = before + 30000; /* a part of it for each */
    run_until(CORE_MINUTE + 30 * CORE_S);
    check_reply(".", "452 4.3.1 ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(sm.world.mails.octets, before); /* the first part of it is gone too */
    run_until(2 * CORE_MINUTE + 30 * CORE_S);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    sm.world.mails.limit = 1;
    run_until(4 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mx-b", "reject", "command", "DATA", "dsn", "4.3.1", NULL),
                      1);
}
END_TEST

START_TEST(recipients_beyond_the_limit_are_put_off_and_the_others_kept)
{
    mx_b->mta.recipients_max = 1;
    typed_at(stranger, mx_b, 25, CORE_S, "EHLO stranger.test", "MAIL FROM:<e@evil.test>",
             "RCPT TO:<bob@b.test>", "RCPT TO:<carol@b.test>", "DATA", "Subject: x", "", "x", ".", "QUIT",
             NULL);
    run_until(CORE_MINUTE);
    check_reply("RCPT TO:<bob@b.test>", "250 ");
    check_reply("RCPT TO:<carol@b.test>", "452 4.5.3 ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 0);
}
END_TEST

START_TEST(a_server_brings_the_recipients_beyond_the_limit_later)
{
    struct spec_message *m;
    mx_b->mta.recipients_max = 1;
    m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->to = list_of(&m->nto, "bob@b.test", "carol@b.test", NULL);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
}
END_TEST

/* ---- who may send as whom ------------------------------------------------------------------------- */

START_TEST(with_sender_must_match_nobody_sends_as_another)
{
    submits(alice);
    mail_a->mta.sender_must_match = true;
    mail_at(alice, "own", "bob@b.test", CORE_S);
    mail_at(alice, "forged", "bob@b.test", 10 * CORE_S)->envelope_from = "boss@a.test";
    mail_at(alice, "foreign", "bob@b.test", 20 * CORE_S)->envelope_from = "alice@b.test";
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(lines("mail-a", "553 5.7.1 "), 2);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", "message", "forged", "result",
                               "rejected", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CLIENT, "alice", "send-failed", "message", "foreign", NULL));
}
END_TEST

START_TEST(without_it_anyone_sends_as_anyone)
{
    submits(alice);
    mail_at(alice, "forged", "bob@b.test", CORE_S)->envelope_from = "boss@bank.test";
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_int_eq(strncmp(letter(mx_b, "bob", 0), "Return-Path: <boss@bank.test>\r\n", 31), 0);
}
END_TEST

/* ---- refusals of the scenario --------------------------------------------------------------------- */

START_TEST(greylisting_turns_the_first_attempts_away)
{
    struct spec_refusal *r = refusal_add(mx_b, "RCPT", 451, "4.7.1");
    r->first = 2;
    r->text = "come back later";
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(lines("mx-b", "451 4.7.1 come back later"), 2);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", "dsn", "4.7.1", NULL), 2);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    /* 5 and 10 minutes of waiting lie between */
    ck_assert_uint_ge(find(NULL, TRACE_KIND_MAILBOX, "mx-b", "stored", NULL)->t_ns, 15 * CORE_MINUTE);
}
END_TEST

START_TEST(a_refusal_says_the_code_and_status_that_the_scenario_gives)
{
    static const struct {
        uint16_t code;
        const char *status;
    } said[] = { { 450, "4.2.0" }, { 450, "4.7.1" }, { 451, "4.3.0" }, { 451, "4.7.1" },
                 { 452, "4.2.2" }, { 452, "4.3.1" }, { 550, "5.7.1" }, { 550, "5.1.1" },
                 { 550, "5.2.1" }, { 552, "5.2.2" }, { 554, "5.7.1" }, { 550, "5.7.25" } };
    const size_t n = sizeof said / sizeof said[0];
    for (size_t i = 0; i < n; i++) {
        refusal_add(mx_b, "RCPT", said[i].code, said[i].status)->match = text_of("u%zu@b.test", i);
        envelope_at(CORE_S, mx_b, 25, "eve@evil.test", text_of("u%zu@b.test", i));
    }
    run_until(CORE_MINUTE);
    for (size_t i = 0; i < n; i++)
        check_reply(text_of("RCPT TO:<u%zu@b.test>", i), text_of("%u %s ", said[i].code, said[i].status));
}
END_TEST

START_TEST(a_refusal_holds_at_its_command_and_for_its_match)
{
    refusal_add(mx_b, "HELO", 550, "5.7.1")->match = "spam.test";
    refusal_add(mx_b, "MAIL", 550, "5.7.1")->match = "evil.test";
    refusal_add(mx_b, "RCPT", 550, "5.7.1")->match = "carol@b.test";
    refusal_add(mx_b, "DATA", 451, "4.3.0")->match = "late@good.test";
    typed_at(stranger, mx_b, 25, CORE_S, "EHLO spam.test", "EHLO good.test", "MAIL FROM:<any@evil.test>",
             "MAIL FROM:<late@good.test>", "RCPT TO:<carol@b.test>", "RCPT TO:<bob@b.test>", "DATA", "QUIT",
             NULL);
    run_until(CORE_MINUTE);
    check_reply("EHLO spam.test", "550 ");
    check_reply("EHLO good.test", "250-");
    check_reply("MAIL FROM:<any@evil.test>", "550 ");
    check_reply("MAIL FROM:<late@good.test>", "250 ");
    check_reply("RCPT TO:<carol@b.test>", "550 ");
    check_reply("RCPT TO:<bob@b.test>", "250 ");
    check_reply("DATA", "451 4.3.0 ");
}
END_TEST

START_TEST(a_refusal_at_connect_is_the_greeting_and_the_end)
{
    refusal_add(mx_b, "CONNECT", 421, "4.3.2")->until_ns = 10 * CORE_S;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(lines("mx-b", "421 "), 1);
    ck_assert_uint_lt(line(NULL, "mx-b", "421 ")->t_ns, line(NULL, "mx-b", "220 ")->t_ns);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", "dsn", "4.3.2", NULL), 1);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_refusal_keeps_to_its_time)
{
    struct spec_refusal *r = refusal_add(mx_b, "MAIL", 451, "4.3.0");
    r->from_ns = 20 * CORE_S;
    r->until_ns = 40 * CORE_S;
    envelope_at(CORE_S, mx_b, 25, "one@evil.test", "bob@b.test");
    envelope_at(25 * CORE_S, mx_b, 25, "two@evil.test", "bob@b.test");
    envelope_at(45 * CORE_S, mx_b, 25, "three@evil.test", "bob@b.test");
    run_until(2 * CORE_MINUTE);
    check_reply("MAIL FROM:<one@evil.test>", "250 ");
    check_reply("MAIL FROM:<two@evil.test>", "451 4.3.0 ");
    check_reply("MAIL FROM:<three@evil.test>", "250 ");
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_CONFIG, "mx-b", NULL, "pointer", "/refusals/0", NULL));
}
END_TEST

/* ---- what a server writes on top ------------------------------------------------------------------ */

START_TEST(every_server_adds_received_and_the_last_one_return_path)
{
    const char *text;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    text = letter(mx_b, "bob", 0);
    ck_assert_int_eq(strncmp(text, "Return-Path: <alice@a.test>\r\nReceived: from mail.a.test ([", 56), 0);
    ck_assert_ptr_nonnull(strstr(text, "\r\nReceived: from [198.18."));
    ck_assert_ptr_nonnull(strstr(text, "for <bob@b.test>"));
}
END_TEST

START_TEST(received_does_not_tell_one_recipient_about_another)
{
    struct spec_message *m = mail_at(alice, "hello", "bob@b.test", CORE_S);
    m->envelope_to = list_of(&m->nenvelope_to, "bob@b.test", "carol@b.test", NULL);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "carol"), 1);
    ck_assert_ptr_null(strstr(letter(mx_b, "bob", 0), "carol@"));
    ck_assert_ptr_null(strstr(letter(mx_b, "carol", 0), "for <"));
}
END_TEST

START_TEST(a_submission_server_adds_what_is_missing)
{
    mail_a->smtp[1].auth = SPEC_AUTH_NONE;
    relay_for(mail_a, stranger);
    typed_at(stranger, mail_a, 587, CORE_S, "EHLO stranger.test", "MAIL FROM:<alice@a.test>",
             "RCPT TO:<bob@b.test>", "DATA", "From: alice@a.test", "Subject: x", "", "x", ".", "QUIT", NULL);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "Message-ID: <"));
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "Date: Mon, 3 Mar 2025 09:00:"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts mta accept");
    TCase *t = tcase_create("accept");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, a_stranger_may_not_relay);
    tcase_add_test(t, a_stranger_may_bring_mail_for_local_users);
    tcase_add_test(t, a_network_that_is_listed_may_relay);
    tcase_add_test(t, a_network_beside_the_listed_one_may_not_relay);
    tcase_add_test(t, whoever_logs_in_may_relay);
    tcase_add_test(t, a_wrong_password_relays_nothing);
    tcase_add_test(t, a_server_that_requires_authentication_refuses_mail_without_it);
    tcase_add_test(t, an_open_relay_takes_mail_from_anyone_to_anywhere);
    tcase_add_test(t, a_domain_that_is_relayed_for_is_taken_from_anyone);
    tcase_add_test(t, an_unknown_user_is_refused_at_once);
    tcase_add_test(t, names_of_users_and_domains_have_no_case);
    tcase_add_test(t, postmaster_is_always_accepted);
    tcase_add_test(t, mail_to_postmaster_reaches_the_first_user);
    tcase_add_test(t, a_server_may_take_unknown_users_and_bounce_later);
    tcase_add_test(t, an_alias_expands_to_its_targets_here_and_elsewhere);
    tcase_add_test(t, aliases_lead_to_aliases);
    tcase_add_test(t, an_alias_that_names_its_own_user_reaches_that_user);
    tcase_add_test(t, a_circle_of_aliases_ends_in_a_bounce);
    tcase_add_test(t, a_circle_beside_a_mailbox_still_delivers);
    tcase_add_test(t, two_ways_to_one_alias_are_no_circle);
    tcase_add_test(t, an_alias_with_a_domain_holds_for_that_domain_alone);
    tcase_add_test(t, a_full_mailbox_is_refused_at_rcpt);
    tcase_add_test(t, a_message_that_does_not_fit_bounces_at_delivery);
    tcase_add_test(t, a_declared_size_beyond_the_limit_is_refused_before_the_message);
    tcase_add_test(t, a_message_beyond_the_limit_is_refused_after_its_dot);
    tcase_add_test(t, a_server_whose_disk_is_full_takes_nothing_until_there_is_room);
    tcase_add_test(t, recipients_beyond_the_limit_are_put_off_and_the_others_kept);
    tcase_add_test(t, a_server_brings_the_recipients_beyond_the_limit_later);
    tcase_add_test(t, with_sender_must_match_nobody_sends_as_another);
    tcase_add_test(t, without_it_anyone_sends_as_anyone);
    tcase_add_test(t, greylisting_turns_the_first_attempts_away);
    tcase_add_test(t, a_refusal_says_the_code_and_status_that_the_scenario_gives);
    tcase_add_test(t, a_refusal_holds_at_its_command_and_for_its_match);
    tcase_add_test(t, a_refusal_at_connect_is_the_greeting_and_the_end);
    tcase_add_test(t, a_refusal_keeps_to_its_time);
    tcase_add_test(t, every_server_adds_received_and_the_last_one_return_path);
    tcase_add_test(t, received_does_not_tell_one_recipient_about_another);
    tcase_add_test(t, a_submission_server_adds_what_is_missing);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
