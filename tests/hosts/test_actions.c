/* What people do, when, and what a world refuses to begin with. */
#include "tests/hosts/puppet.h"

static const struct seen *done(const char *name)
{
    const struct seen *r = find(NULL, TRACE_KIND_CLIENT, NULL, "action-done", "action", name, NULL);
    ck_assert_msg(r, "action %s never ended", name);
    return r;
}

/* ---- order ---------------------------------------------------------------------------------------- */

START_TEST(an_action_after_another_waits_for_its_end_and_the_pause)
{
    struct spec_action *a, *b;
    const struct seen *sending;
    a = send_at(alice, "hello", CORE_S);
    a->name = "first";
    message_add("hello", "bob@b.test");
    b = send_at(bob, "answer", 5 * CORE_S);
    b->name = "second";
    b->after = "first";
    message_add("answer", "alice@a.test");
    relay_for(mx_b, bob);
    run_until(CORE_MINUTE);
    sending = find(NULL, TRACE_KIND_CLIENT, "bob", "sending", NULL);
    ck_assert_ptr_nonnull(sending);
    ck_assert_uint_eq(sending->t_ns, done("first")->t_ns + 5 * CORE_S);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

START_TEST(an_action_after_one_that_failed_goes_on_too)
{
    struct spec_action *a, *b;
    a = send_at(alice, "hello", CORE_S);
    a->name = "first";
    message_add("hello", "bob@b.test");
    alice->accounts[0].submit_port = 26;
    b = lookup_at(alice, "b.test", "MX", 0);
    b->name = "second";
    b->after = "first";
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(done("first"), "result"), "refused");
    ck_assert_str_eq(attr(done("second"), "result"), "OK");
}
END_TEST

START_TEST(a_repeated_fetch_stops_when_mail_has_come)
{
    struct spec_action *f = fetch_at(bob, CORE_S);
    f->every_ns = 10 * CORE_S;
    f->times = 0;
    mail_at(alice, "hello", "bob@b.test", 35 * CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetched", NULL),
                      5); /* at about 1, 11, 21, 31 and 41 s */
    ck_assert_str_eq(attr(done(f->name), "times"), "5");
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "action-done", NULL), 1);
}
END_TEST

START_TEST(a_repeated_action_stops_at_its_number_of_times)
{
    struct spec_action *f = fetch_at(bob, CORE_S);
    f->every_ns = 10 * CORE_S;
    f->times = 3;
    mail_at(alice, "hello", "bob@b.test", 5 * CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_CLIENT, "bob", "fetched", NULL), 3);
}
END_TEST

START_TEST(a_repeated_submission_goes_on_until_the_server_is_back)
{
    struct spec_action *a = send_at(alice, "hello", CORE_S);
    message_add("hello", "bob@b.test");
    a->every_ns = CORE_MINUTE;
    mail_a->host->down_until_ns = 5 * CORE_MINUTE;
    run_until(CORE_HOUR);
    ck_assert_uint_ge(count(TRACE_KIND_CLIENT, "alice", "send-failed", NULL), 2);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

/* ---- by hand -------------------------------------------------------------------------------------- */

static struct spec_action *ping_at(uint64_t at_ns, const char *server, const char *name)
{
    struct spec_action *a = action_add(SPEC_DO_PING, alice, at_ns);
    a->server = server;
    a->name = name;
    return a;
}

START_TEST(ping_tells_who_answers_and_who_does_not)
{
    struct part *down = host_add("down");
    fault_add(down, SPEC_FAULT_CUT, 0, CORE_NEVER)->proto = NET_PROTO_ICMP;
    ping_at(CORE_S, "mx.b.test", "up");
    ping_at(2 * CORE_S, down->address_text, "cut");
    ping_at(3 * CORE_S, "203.0.113.77", "nowhere");
    ping_at(4 * CORE_S, "no-such-name.b.test", "unknown");
    run_until(CORE_HOUR);
    ck_assert_str_eq(attr(done("up"), "result"), "ok");
    ck_assert_str_eq(attr(done("cut"), "result"), "timed-out");
    ck_assert_str_eq(attr(done("nowhere"), "result"), "unreachable");
    ck_assert_str_eq(attr(done("unknown"), "result"), "no-server");
    /* alice - core - mx-b: two links of 5 ms, there and back; the first packet also waits for ARP */
    ck_assert_int_ge(
        atoi(attr(find(NULL, TRACE_KIND_CLIENT, NULL, "ping-done", "action", "up", NULL), "rtt_us")), 20000);
}
END_TEST

START_TEST(telnet_types_a_line_after_each_answer)
{
    const struct seen *r = NULL;
    uint64_t last = 0;
    typed_at(alice, mx_b, 25, CORE_S, "HELO x.test", "VRFY bob", "NONSENSE", "QUIT", NULL)->name = "typed";
    run_until(CORE_MINUTE);
    for (int i = 0; i < 4; i++) {
        r = find(r, TRACE_KIND_COMMAND, "alice", NULL, NULL);
        ck_assert_ptr_nonnull(r);
        ck_assert_uint_ge(r->t_ns, last + 2 * CORE_S);
        last = r->t_ns;
    }
    ck_assert_ptr_null(find(r, TRACE_KIND_COMMAND, "alice", NULL, NULL));
    ck_assert_str_eq(attr(done("typed"), "result"), "ok");
    ck_assert_uint_eq(find(NULL, TRACE_KIND_CLIENT, "alice", "telnet-done", NULL)->code, 221);
    nothing_is_left_open();
}
END_TEST

START_TEST(telnet_without_quit_closes_in_the_end)
{
    typed_at(alice, mx_b, 143, CORE_S, "a LOGIN bob secret", "b SELECT INBOX", NULL)->name = "typed";
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(done("typed"), "result"), "ok");
    ck_assert_ptr_nonnull(line_with("mx-b", "b OK"));
    nothing_is_left_open();
}
END_TEST

START_TEST(telnet_to_a_closed_port_is_refused)
{
    typed_at(alice, mx_b, 24, CORE_S, "HELO x", NULL)->name = "typed";
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(done("typed"), "result"), "refused");
    nothing_is_left_open();
}
END_TEST

/* ---- worlds that cannot be ------------------------------------------------------------------------ */

/* world_build says no, points at `pointer`, and what was built so far is freed. */
static void check_refused(const char *pointer, const char *part)
{
    struct world_error error = { .text = "" };
    world_init(&sm.world, &sm.spec);
    ck_assert(!world_build(&sm.world, &error));
    ck_assert_ptr_nonnull(error.pointer);
    ck_assert_str_eq(error.pointer, pointer);
    ck_assert_msg(strstr(error.text, part), "%s", error.text);
    world_free(&sm.world);
}

START_TEST(an_action_of_an_unknown_host_is_refused)
{
    struct spec_action *a = lookup_at(alice, "b.test", "MX", 0);
    a->host = "nobody";
    a->pointer = "/actions/0";
    check_refused("/actions/0", "");
}
END_TEST

START_TEST(an_action_with_an_unknown_account_is_refused)
{
    struct spec_action *a = fetch_at(alice, 0);
    a->account = "eve@evil.test";
    a->pointer = "/actions/0";
    check_refused("/actions/0", "account");
}
END_TEST

START_TEST(a_link_that_does_not_exist_is_refused)
{
    struct spec_iface *f = (struct spec_iface *)alice->host->ifaces;
    f->link = "nowhere";
    f->pointer = "/hosts/5/interfaces/0";
    check_refused("/hosts/5/interfaces/0", "nowhere");
}
END_TEST

START_TEST(an_address_that_is_taken_is_refused)
{
    struct spec_iface *f = (struct spec_iface *)alice->host->ifaces;
    f->link = "bob";
    f->ip4 = (struct spec_prefix){ bob->address, 24 };
    ((struct spec_iface *)bob->host->ifaces)->pointer = f->pointer = "/hosts/5/interfaces/0";
    check_refused("/hosts/5/interfaces/0", "in use");
}
END_TEST

START_TEST(two_services_on_one_port_are_refused)
{
    mx_b->reading[0].port = 25;
    mx_b->smtp[0].pointer = mx_b->reading[0].pointer = "/hosts/4/service";
    check_refused("/hosts/4/service", "port");
}
END_TEST

START_TEST(a_name_server_and_a_resolver_on_one_host_are_refused)
{
    sm.names->host->resolver = &sm.resolver;
    sm.resolver.pointer = "/hosts/2/resolver";
    check_refused("/hosts/2/resolver", "53");
}
END_TEST

START_TEST(a_zone_that_is_not_there_is_refused)
{
    sm.names->zones[0] = "nowhere.test";
    sm.names->dns.pointer = "/hosts/2/dns";
    check_refused("/hosts/2/dns", "nowhere.test");
}
END_TEST

START_TEST(a_bad_record_is_refused)
{
    static const char *const bad[][2] = {
        { "A", "192.0.2.256" }, { "MX", "ten mx" }, { "MX", "10" }, { "BOGUS", "x" }, { "AAAA", "1::2::3" }
    };
    small_end();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        two_domains();
        record_add(zone_named("b.test"), "x", bad[i][0], bad[i][1])->pointer = "/zones/1/records/9";
        check_refused("/zones/1/records/9", "");
        small_end();
    }
    two_domains();
}
END_TEST

START_TEST(a_message_that_does_not_fit_its_mailbox_is_refused)
{
    size_t n;
    message_add("hello", "bob@b.test")->from = "alice@a.test";
    mx_b->users[0].messages = list_of(&n, "hello", NULL);
    mx_b->users[0].nmessages = n;
    mx_b->users[0].quota_octets = 10;
    check_refused("/users/bob", "quota");
    mx_b->users[0].quota_octets = 0;
    mx_b->users[0].messages = list_of(&n, "no such message", NULL);
    check_refused("/users/bob", "no such message");
}
END_TEST

START_TEST(a_fault_of_an_unknown_sender_is_refused)
{
    struct spec_fault *f = fault_add(alice, SPEC_FAULT_LOSS, 0, CORE_NEVER);
    f->from_host = "nobody";
    f->pointer = "/links/4/faults/0";
    check_refused("/links/4/faults/0", "nobody");
}
END_TEST

START_TEST(a_gateway_on_no_link_of_the_host_is_refused)
{
    static struct spec_route r;
    r = (struct spec_route){ .to = { net_addr4(192, 0, 2, 0), 24 },
                             .via = net_addr4(203, 0, 113, 1),
                             .pointer = "/hosts/5/routes/0" };
    alice->host->routes = &r;
    alice->host->nroutes = 1;
    check_refused("/hosts/5/routes/0", "gateway");
}
END_TEST

/* ---- ways ----------------------------------------------------------------------------------------- */

/*
 *   left --- l0 --- r1 --- l1 --- r2 --- l2 --- r3 --- l3 --- right
 *                    `------------ l4 ------------'            (the shorter way)
 */
static void chain(bool shortcut, struct spec_world *w, struct spec_host hosts[5], struct spec_link links[5],
                  struct spec_iface faces[12], struct spec_action *ping)
{
    static const char *const names[] = { "l0", "l1", "l2", "l3", "l4" };
    static const char *const routers[] = { "left", "r1", "r2", "r3", "right" };
    static const uint8_t at[][2] = { { 0, 2 }, { 0, 1 }, { 1, 1 }, { 1, 2 }, { 2, 1 },
                                     { 2, 2 }, { 3, 1 }, { 3, 2 }, { 4, 1 }, { 4, 2 } };
    static const uint8_t of[] = { 0, 1, 3, 5, 7, 8 }; /* the first interface of each host */
    for (int i = 0; i < 5; i++)
        links[i] = (struct spec_link){ .name = names[i], .delay_ns = CORE_MS };
    for (int i = 0; i < 10; i++)
        faces[i] = (struct spec_iface){ .link = names[at[i][0]],
                                        .ip4 = { net_addr4(10, 0, at[i][0], at[i][1]), 24 } };
    for (int i = 0; i < 5; i++)
        hosts[i] = (struct spec_host){ .name = routers[i],
                                       .ifaces = &faces[of[i]],
                                       .nifaces = (size_t)(of[i + 1] - of[i]),
                                       .forwards = i > 0 && i < 4 };
    if (shortcut) {
        struct spec_iface *r1 = core_arena_take(&sm.arena, 3 * sizeof *r1),
                          *r3 = core_arena_take(&sm.arena, 3 * sizeof *r3);
        memcpy(r1, hosts[1].ifaces, 2 * sizeof *r1);
        memcpy(r3, hosts[3].ifaces, 2 * sizeof *r3);
        r1[2] = faces[8];
        r3[2] = faces[9];
        hosts[1].ifaces = r1;
        hosts[3].ifaces = r3;
        hosts[1].nifaces = hosts[3].nifaces = 3;
    }
    *ping = (struct spec_action){
        .kind = SPEC_DO_PING, .host = "left", .server = "10.0.3.2", .at_ns = CORE_S, .name = "ping"
    };
    *w = (struct spec_world){ .name = "chain",
                              .title = "chain",
                              .seed = 1,
                              .epoch_s = SMALL_EPOCH,
                              .links = links,
                              .nlinks = 5,
                              .hosts = hosts,
                              .nhosts = 5,
                              .actions = ping,
                              .nactions = 1 };
}

static unsigned long round_trip_us(bool shortcut)
{
    struct spec_host hosts[5];
    struct spec_link links[5];
    struct spec_iface faces[12];
    struct spec_action pings[2];
    unsigned long us;
    small_end();
    chain(shortcut, &sm.spec, hosts, links, faces, pings);
    sm.levels = TRACE_BIT(TRACE_STATE);
    pings[1] = pings[0]; /* the first one also waits for ARP */
    pings[1].at_ns = 5 * CORE_S;
    pings[1].name = "again";
    sm.spec.nactions = 2;
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(done("ping"), "result"), "ok");
    us = strtoul(attr(find(NULL, TRACE_KIND_CLIENT, NULL, "ping-done", "action", "again", NULL), "rtt_us"),
                 NULL, 10);
    small_end();
    two_domains();
    return us;
}

START_TEST(every_host_finds_the_way_over_the_fewest_routers)
{
    ck_assert_uint_eq(round_trip_us(false), 8000); /* four links of 1 ms, there and back */
    ck_assert_uint_eq(round_trip_us(true), 6000);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts actions");
    TCase *t = tcase_create("actions");
    tcase_add_checked_fixture(t, two_domains, small_end);
    tcase_add_test(t, an_action_after_another_waits_for_its_end_and_the_pause);
    tcase_add_test(t, an_action_after_one_that_failed_goes_on_too);
    tcase_add_test(t, a_repeated_fetch_stops_when_mail_has_come);
    tcase_add_test(t, a_repeated_action_stops_at_its_number_of_times);
    tcase_add_test(t, a_repeated_submission_goes_on_until_the_server_is_back);
    tcase_add_test(t, ping_tells_who_answers_and_who_does_not);
    tcase_add_test(t, telnet_types_a_line_after_each_answer);
    tcase_add_test(t, telnet_without_quit_closes_in_the_end);
    tcase_add_test(t, telnet_to_a_closed_port_is_refused);
    tcase_add_test(t, an_action_of_an_unknown_host_is_refused);
    tcase_add_test(t, an_action_with_an_unknown_account_is_refused);
    tcase_add_test(t, a_link_that_does_not_exist_is_refused);
    tcase_add_test(t, an_address_that_is_taken_is_refused);
    tcase_add_test(t, two_services_on_one_port_are_refused);
    tcase_add_test(t, a_name_server_and_a_resolver_on_one_host_are_refused);
    tcase_add_test(t, a_zone_that_is_not_there_is_refused);
    tcase_add_test(t, a_bad_record_is_refused);
    tcase_add_test(t, a_message_that_does_not_fit_its_mailbox_is_refused);
    tcase_add_test(t, a_fault_of_an_unknown_sender_is_refused);
    tcase_add_test(t, a_gateway_on_no_link_of_the_host_is_refused);
    tcase_add_test(t, every_host_finds_the_way_over_the_fewest_routers);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
