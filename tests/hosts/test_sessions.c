/* Peers that are silent, absent, rude or something else altogether: what sessions make of them. */
#include "sim/hosts/mua.h"
#include "tests/hosts/puppet.h"

static struct part *stranger;

static void begin(void)
{
    two_domains();
    stranger = host_add("stranger");
}

/* ---- clients that stop talking -------------------------------------------------------------------- */

static void check_between(uint64_t t_ns, uint64_t from_ns, uint64_t until_ns)
{
    ck_assert_uint_ge(t_ns, from_ns);
    ck_assert_uint_lt(t_ns, until_ns);
}

START_TEST(a_silent_client_hears_421_after_five_minutes)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    puppet_says(p, 2 * CORE_S, "EHLO x.test\r\n");
    run_until(4 * CORE_MINUTE);
    ck_assert(!p->ended);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n421 4.4.2 "));
    check_between(p->peer_closed_ns, 5 * CORE_MINUTE + 2 * CORE_S, 5 * CORE_MINUTE + 3 * CORE_S);
    ck_assert(p->ended);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mx-b", "timeout", "daemon", "smtpd", NULL));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_client_that_never_speaks_hears_421_too)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n421 "));
    check_between(p->peer_closed_ns, 5 * CORE_MINUTE + CORE_S, 5 * CORE_MINUTE + 2 * CORE_S);
}
END_TEST

START_TEST(octets_without_a_line_do_not_stretch_the_time)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    for (unsigned i = 1; i < 10; i++)
        puppet_says(p, i * CORE_MINUTE, "N");
    run_until(CORE_HOUR);
    check_between(p->peer_closed_ns, 5 * CORE_MINUTE, 5 * CORE_MINUTE + 2 * CORE_S);
}
END_TEST

START_TEST(silence_within_a_message_leaves_no_message)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    puppet_says(p, 2 * CORE_S,
                "EHLO x.test\r\nMAIL FROM:<e@evil.test>\r\nRCPT TO:<bob@b.test>\r\nDATA\r\nSubject: "
                "half\r\n\r\nhalf a li");
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(p->got, "354 "));
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n421 "));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mx-b", "accepted", NULL), 0);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_client_that_does_not_close_after_421_is_cut_off)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    p->stays = true;
    run_until(CORE_HOUR);
    ck_assert(p->peer_closed);
    ck_assert(p->ended);
    ck_assert_int_eq(p->why, TCP_END_RESET);
    check_between(p->ended_ns, 10 * CORE_MINUTE, 11 * CORE_MINUTE);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_message_cut_off_before_its_end_is_not_taken)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    puppet_says(
        p, 2 * CORE_S,
        "EHLO x.test\r\nMAIL FROM:<e@evil.test>\r\nRCPT TO:<bob@b.test>\r\nDATA\r\nSubject: half\r\n");
    puppet_cuts(p, 10 * CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mx-b", "lost", "daemon", "smtpd", NULL));
    nothing_is_left_open();
}
END_TEST

START_TEST(a_message_whose_dot_has_come_is_taken_even_if_the_client_is_gone)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 25, CORE_S);
    puppet_says(p, 2 * CORE_S, "EHLO x.test\r\nMAIL FROM:<e@evil.test>\r\nRCPT TO:<bob@b.test>\r\nDATA\r\n");
    puppet_says(p, 4 * CORE_S, "Subject: whole\r\n\r\nwhole\r\n.\r\n");
    puppet_closes(p, 4 * CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_silent_pop3_session_ends_without_deleting)
{
    struct puppet *p;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    small_build();
    p = puppet_call(stranger, mx_b, 110, 10 * CORE_S);
    puppet_says(p, 11 * CORE_S, "USER bob\r\n");
    puppet_says(p, 12 * CORE_S, "PASS secret\r\n");
    puppet_says(p, 13 * CORE_S, "DELE 1\r\n");
    run_until(9 * CORE_MINUTE);
    ck_assert(!p->ended);
    run_until(CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(p->got, "+OK marked"));
    check_between(p->peer_closed_ns, 10 * CORE_MINUTE,
                  10 * CORE_MINUTE + 20 * CORE_S); /* RFC 1939 section 3 */
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert(!user_of(mx_b, "bob")->locked);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_silent_imap_session_hears_bye_after_half_an_hour)
{
    struct puppet *p;
    small_build();
    p = puppet_call(stranger, mx_b, 143, CORE_S);
    puppet_says(p, 2 * CORE_S, "a LOGIN bob secret\r\n");
    run_until(29 * CORE_MINUTE);
    ck_assert(!p->ended);
    run_until(2 * CORE_HOUR);
    ck_assert_ptr_nonnull(strstr(p->got, "\r\n* BYE "));
    check_between(p->peer_closed_ns, 30 * CORE_MINUTE, 31 * CORE_MINUTE); /* RFC 3501 section 5.4 */
    nothing_is_left_open();
}
END_TEST

/* ---- servers that do not talk --------------------------------------------------------------------- */

static const struct seen *client_said(const char *host, const char *event)
{
    const struct seen *r = find(NULL, TRACE_KIND_CLIENT, host, event, NULL);
    ck_assert_msg(r, "%s did not say %s", host, event);
    return r;
}

static void check_result(const char *host, const char *event, const char *result)
{
    ck_assert_str_eq(attr(client_said(host, event), "result"), result);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_ERROR, host, NULL, NULL)); /* and its user sees why */
}

/* A deaf host takes the part of alice's server for sending, or of bob's for reading. */
static struct part *other_server(struct part *who)
{
    struct part *p = host_add("other");
    who->accounts[0].submit_server = who->accounts[0].fetch_server = p->address_text;
    return p;
}

START_TEST(a_mail_program_gives_up_on_a_silent_smtp_server)
{
    struct part *p = other_server(alice);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    small_build();
    puppet_serve(p, 25, NULL, NULL);
    run_until(CORE_HOUR);
    check_result("alice", "send-failed", "timed-out");
    check_between(client_said("alice", "send-failed")->t_ns, CORE_S + MUA_REPLY_NS,
                  2 * CORE_S + MUA_REPLY_NS);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_mail_program_gives_up_on_a_silent_pop3_server)
{
    struct part *p = other_server(bob);
    fetch_at(bob, CORE_S);
    small_build();
    puppet_serve(p, 110, NULL, NULL);
    run_until(CORE_HOUR);
    check_result("bob", "fetch-failed", "timed-out");
    nothing_is_left_open();
}
END_TEST

START_TEST(a_mail_program_gives_up_on_a_silent_imap_server)
{
    struct part *p = other_server(alice);
    fetch_at(alice, CORE_S);
    small_build();
    puppet_serve(p, 143, NULL, NULL);
    run_until(CORE_HOUR);
    check_result("alice", "fetch-failed", "timed-out");
    nothing_is_left_open();
}
END_TEST

/* A server that goes silent at the command named. */
static const char *silent_at;

static const char *until_silent(struct puppet *p, const char *said)
{
    (void)p;
    if (strncmp(said, silent_at, strlen(silent_at)) == 0)
        return NULL;
    if (strcmp(said, "DATA") == 0)
        return "354 go\r\n";
    return strncmp(said, "EHLO", 4) == 0 || strncmp(said, "MAIL", 4) == 0 || strncmp(said, "RCPT", 4) == 0
               ? "250 ok\r\n"
               : NULL;
}

/* How long mail-a waits for the answer to a command: RFC 5321 section 4.5.3.2. */
static void check_patience(const char *greeting, const char *command, uint64_t patience_ns)
{
    struct part *p;
    const struct seen *lost;
    begin();
    p = host_add("quiet");
    record_add(zone_add(sm.names, "quiet.test"), "@", "A", p->address_text);
    mail_at(alice, "hello", "bob@quiet.test", CORE_S);
    silent_at = command;
    small_build();
    puppet_serve(p, 25, greeting, until_silent);
    run_until(12 * CORE_MINUTE);
    lost = find(NULL, TRACE_KIND_SESSION, "mail-a", "timeout", "daemon", "smtp", NULL);
    ck_assert_msg(lost, "no time-out after %s", command);
    ck_assert_msg(lost->t_ns >= patience_ns && lost->t_ns < patience_ns + 5 * CORE_S, "%s: %llu", command,
                  (unsigned long long)(lost->t_ns / CORE_S));
    ck_assert_ptr_nonnull(find(lost, TRACE_KIND_QUEUE, "mail-a", "deferred", "dsn", "4.4.2", NULL));
    small_end();
}

START_TEST(a_server_waits_for_another_as_long_as_the_rfc_says)
{
    small_end();
    check_patience(NULL, "", 5 * CORE_MINUTE);
    check_patience("220 x\r\n", "EHLO", 5 * CORE_MINUTE);
    check_patience("220 x\r\n", "MAIL", 5 * CORE_MINUTE);
    check_patience("220 x\r\n", "RCPT", 5 * CORE_MINUTE);
    check_patience("220 x\r\n", "DATA", 2 * CORE_MINUTE);
    check_patience("220 x\r\n", ".", 10 * CORE_MINUTE);
    begin();
}
END_TEST

START_TEST(a_server_that_hangs_up_at_once_is_lost)
{
    struct part *p = other_server(alice);
    struct puppet_server *v;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(alice, 10 * CORE_S);
    small_build();
    v = puppet_serve(p, 25, NULL, NULL);
    run_until(2 * CORE_S);
    puppet_closes(v->first, 3 * CORE_S);
    v = puppet_serve(p, 143, NULL, NULL);
    run_until(11 * CORE_S);
    puppet_closes(v->first, 12 * CORE_S);
    run_until(CORE_MINUTE);
    check_result("alice", "send-failed", "lost");
    check_result("alice", "fetch-failed", "lost");
}
END_TEST

START_TEST(a_reset_connection_is_told_as_one)
{
    struct part *p = other_server(bob);
    struct puppet_server *v;
    mail_at(bob, "hello", "alice@a.test", CORE_S);
    fetch_at(bob, 10 * CORE_S);
    small_build();
    v = puppet_serve(p, 25, "220 x\r\n", NULL);
    run_until(2 * CORE_S);
    puppet_cuts(v->first, 3 * CORE_S);
    v = puppet_serve(p, 110, "+OK x\r\n", NULL);
    run_until(11 * CORE_S);
    puppet_cuts(v->first, 12 * CORE_S);
    run_until(CORE_MINUTE);
    check_result("bob", "send-failed", "reset");
    check_result("bob", "fetch-failed", "reset");
}
END_TEST

/* ---- servers that are not there ------------------------------------------------------------------- */

START_TEST(a_port_where_nobody_listens_refuses)
{
    other_server(alice);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(alice, 10 * CORE_S);
    run_until(CORE_MINUTE);
    check_result("alice", "send-failed", "refused");
    check_result("alice", "fetch-failed", "refused");
    check_between(client_said("alice", "send-failed")->t_ns, CORE_S, 2 * CORE_S);
}
END_TEST

START_TEST(lost_syns_time_out_after_half_a_minute)
{
    fault_add(other_server(alice), SPEC_FAULT_CUT, 0, CORE_NEVER)->proto = NET_PROTO_TCP; /* not its ARP */
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    check_result("alice", "send-failed", "timed-out");
    check_between(client_said("alice", "send-failed")->t_ns, CORE_S + MUA_CONNECT_NS,
                  5 * CORE_S + MUA_CONNECT_NS);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_dropping_firewall_times_out_and_a_rejecting_one_says_so)
{
    static struct spec_fw_rule rules[2];
    rules[0] = (struct spec_fw_rule){ .name = "no smtp",
                                      .action = SPEC_FW_DROP,
                                      .dir = SPEC_FW_IN,
                                      .proto = NET_PROTO_TCP,
                                      .port_from = 25,
                                      .port_to = 25,
                                      .until_ns = CORE_NEVER };
    rules[1] = (struct spec_fw_rule){ .name = "no imap",
                                      .action = SPEC_FW_REJECT,
                                      .reject_with_icmp = true,
                                      .dir = SPEC_FW_IN,
                                      .proto = NET_PROTO_TCP,
                                      .port_from = 143,
                                      .port_to = 143,
                                      .until_ns = CORE_NEVER };
    mail_a->host->firewall = rules;
    mail_a->host->nfirewall = 2;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    fetch_at(alice, CORE_S);
    run_until(CORE_HOUR);
    check_result("alice", "send-failed", "timed-out");
    check_result("alice", "fetch-failed", "prohibited");
}
END_TEST

START_TEST(a_server_whose_name_is_unknown_is_no_server)
{
    alice->accounts[0].submit_server = "mial.a.test";
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    check_result("alice", "send-failed", "no-server");
    nothing_is_left_open();
}
END_TEST

/* A name with three addresses; only one of them is the server. */
static const char *three_addresses(const struct part *server)
{
    struct spec_zone *z = zone_named("b.test");
    record_add(z, "all", "A", sm.names->address_text);
    record_add(z, "all", "A", server->address_text);
    record_add(z, "all", "A", stranger->address_text);
    return "all.b.test";
}

START_TEST(a_mail_program_tries_every_address_of_its_server)
{
    alice->accounts[0].submit_server = three_addresses(mail_a);
    bob->accounts[0].fetch_server = "all2.b.test";
    record_add(zone_named("b.test"), "all2", "A", sm.names->address_text);
    record_add(zone_named("b.test"), "all2", "A", mx_b->address_text);
    record_add(zone_named("b.test"), "all2", "A", stranger->address_text);
    for (unsigned i = 0; i < 4; i++) {
        mail_at(alice, text_of("m%u", i), "bob@b.test", (1 + i * 10) * CORE_S);
        fetch_at(bob, (60 + i * 10) * CORE_S);
    }
    run_until(5 * CORE_MINUTE);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "sent", "result", "ok", NULL), 4);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetched", "result", "ok", NULL), 4);
    ck_assert_uint_gt(count(TRACE_KIND_TCP_STATE, "alice", NULL, "to", "SYN-SENT", NULL), 4);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_network_without_a_way_is_unreachable)
{
    alice->accounts[0].submit_server = "203.0.113.9"; /* behind no link of this world */
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    check_result("alice", "send-failed", "unreachable");
    nothing_is_left_open();
}
END_TEST

/* ---- servers of another protocol ------------------------------------------------------------------ */

START_TEST(a_sending_program_knows_what_is_not_smtp)
{
    alice->accounts[0].submit_port = 110;
    bob->accounts[0].submit_port = 143;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    mail_at(bob, "hi", "alice@a.test", CORE_S);
    run_until(CORE_HOUR);
    check_result("alice", "send-failed", "not-smtp");
    check_result("bob", "send-failed", "not-smtp");
    nothing_is_left_open();
}
END_TEST

START_TEST(a_pop3_program_knows_what_is_not_pop3)
{
    account_add(bob, "carol@b.test", mx_b, SPEC_POP3)->fetch_port = 143;
    bob->accounts[0].fetch_port = 25;
    fetch_at(bob, CORE_S);
    fetch_at(bob, 10 * CORE_S)->account = "carol@b.test";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetch-failed", "result", "not-pop3", NULL), 2);
    nothing_is_left_open();
}
END_TEST

START_TEST(an_imap_program_knows_what_is_not_imap)
{
    account_add(alice, "alice2@a.test", mail_a, SPEC_IMAP)->fetch_port = 110;
    alice->accounts[0].fetch_port = 25;
    fetch_at(alice, CORE_S);
    fetch_at(alice, 10 * CORE_S)->account = "alice2@a.test";
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "alice", "fetch-failed", "result", "not-imap", NULL), 2);
    nothing_is_left_open();
}
END_TEST

START_TEST(a_mail_server_keeps_mail_that_it_cannot_hand_to_a_pop3_server)
{
    mail_a->mta.relayhost = mx_b->address_text;
    mail_a->mta.relay_port = 110;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(10 * CORE_MINUTE);
    ck_assert_uint_ge(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 1);
    ck_assert_uint_eq(queued(mail_a), 1);
}
END_TEST

START_TEST(a_wrong_password_is_told_by_every_protocol)
{
    alice->accounts[0].password = "wrong";
    bob->accounts[0].password = "wrong";
    fetch_at(alice, CORE_S);
    fetch_at(bob, CORE_S);
    run_until(CORE_HOUR);
    check_result("alice", "fetch-failed", "auth-failed");
    check_result("bob", "fetch-failed", "auth-failed");
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "auth-failed", "daemon", "imap", NULL));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mx-b", "auth-failed", "daemon", "pop3", NULL));
    nothing_is_left_open();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts sessions");
    TCase *t = tcase_create("sessions");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, a_silent_client_hears_421_after_five_minutes);
    tcase_add_test(t, a_client_that_never_speaks_hears_421_too);
    tcase_add_test(t, octets_without_a_line_do_not_stretch_the_time);
    tcase_add_test(t, silence_within_a_message_leaves_no_message);
    tcase_add_test(t, a_client_that_does_not_close_after_421_is_cut_off);
    tcase_add_test(t, a_message_cut_off_before_its_end_is_not_taken);
    tcase_add_test(t, a_message_whose_dot_has_come_is_taken_even_if_the_client_is_gone);
    tcase_add_test(t, a_silent_pop3_session_ends_without_deleting);
    tcase_add_test(t, a_silent_imap_session_hears_bye_after_half_an_hour);
    tcase_add_test(t, a_mail_program_gives_up_on_a_silent_smtp_server);
    tcase_add_test(t, a_mail_program_gives_up_on_a_silent_pop3_server);
    tcase_add_test(t, a_mail_program_gives_up_on_a_silent_imap_server);
    tcase_add_test(t, a_server_waits_for_another_as_long_as_the_rfc_says);
    tcase_add_test(t, a_server_that_hangs_up_at_once_is_lost);
    tcase_add_test(t, a_reset_connection_is_told_as_one);
    tcase_add_test(t, a_port_where_nobody_listens_refuses);
    tcase_add_test(t, lost_syns_time_out_after_half_a_minute);
    tcase_add_test(t, a_dropping_firewall_times_out_and_a_rejecting_one_says_so);
    tcase_add_test(t, a_server_whose_name_is_unknown_is_no_server);
    tcase_add_test(t, a_mail_program_tries_every_address_of_its_server);
    tcase_add_test(t, a_network_without_a_way_is_unreachable);
    tcase_add_test(t, a_sending_program_knows_what_is_not_smtp);
    tcase_add_test(t, a_pop3_program_knows_what_is_not_pop3);
    tcase_add_test(t, an_imap_program_knows_what_is_not_imap);
    tcase_add_test(t, a_mail_server_keeps_mail_that_it_cannot_hand_to_a_pop3_server);
    tcase_add_test(t, a_wrong_password_is_told_by_every_protocol);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
