/* Where a mail server brings mail: MX records, addresses, what it does when a server does not answer. */
#include "tests/hosts/puppet.h"

static struct spec_zone *zone_b;

static void begin(void)
{
    two_domains();
    zone_b = zone_named("b.test");
}

/* b.test gets other MX records than its own server. */
static void no_records(void)
{
    zone_b->nrecords = 0;
}

static void mx(const char *preference, const char *name, const struct part *p)
{
    record_add(zone_b, "@", "MX", text_of("%s %s", preference, name));
    if (p)
        record_add(zone_b, name, "A", p->address_text);
}

/* A host with an address and nothing that listens. */
static struct part *deaf(const char *name)
{
    return host_add(name);
}

/* Servers that were tried, by the host's name, in order: "one two ". */
static const char *tried(void)
{
    char text[256] = "";
    const struct seen *r = NULL;
    while ((r = find(r, TRACE_KIND_TCP_STATE, "mail-a", NULL, "to", "SYN-SENT", NULL)) != NULL)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", watch.name[r->peer]);
    return text_of("%s", text);
}

static const struct seen *deferred(void)
{
    const struct seen *r = find(NULL, TRACE_KIND_QUEUE, "mail-a", "deferred", NULL);
    ck_assert_ptr_nonnull(r);
    return r;
}

/* Alice got one report, and in it stands `text`. */
static void check_bounce(const char *status)
{
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "mail-a", "bounced", "dsn", status, NULL));
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), text_of("Status: %s\r\n", status)));
}

/* ---- preference ----------------------------------------------------------------------------------- */

START_TEST(the_lowest_preference_is_tried_first)
{
    struct part *one = deaf("one"), *two = deaf("two"), *three = deaf("three");
    no_records();
    mx("30", "c", three);
    mx("5", "a", one);
    mx("10", "b", two);
    mx("40", "mx", mx_b);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(tried(), "one two three mx-b ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "connect-failed", "result", "refused", NULL), 3);
}
END_TEST

START_TEST(equal_preferences_are_shuffled_by_the_seed)
{
    unsigned first[3] = { 0 };
    small_end();
    for (uint64_t seed = 1; seed <= 12; seed++) {
        const char *order;
        begin();
        sm.spec.seed = seed;
        no_records();
        mx("20", "last", deaf("last"));
        mx("10", "a", deaf("a"));
        mx("10", "b", deaf("b"));
        mx("10", "c", deaf("c"));
        mail_at(alice, "hello", "bob@b.test", CORE_S);
        run_until(CORE_MINUTE);
        order = tried();
        ck_assert_uint_eq(strlen(order), 11);
        ck_assert_str_eq(order + 6, "last ");
        first[order[0] - 'a']++;
        small_end();
    }
    for (int i = 0; i < 3; i++)
        ck_assert_uint_gt(first[i], 0);
    begin();
}
END_TEST

START_TEST(without_mx_the_address_of_the_domain_is_used)
{
    no_records();
    record_add(zone_b, "@", "A", mx_b->address_text);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(with_mx_the_address_of_the_domain_is_not_used)
{
    no_records();
    record_add(zone_b, "@", "A", mx_b->address_text);
    mx("10", "dead", deaf("dead"));
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    ck_assert_str_eq(attr(deferred(), "dsn"), "4.4.1");
}
END_TEST

START_TEST(every_address_of_a_server_is_tried)
{
    struct part *dead = deaf("dead");
    no_records();
    record_add(zone_b, "@", "MX", "10 mx");
    record_add(zone_b, "mx", "A",
               sm.names->address_text); /* in whatever order they come: two of three are deaf */
    record_add(zone_b, "mx", "A", mx_b->address_text);
    record_add(zone_b, "mx", "A", dead->address_text);
    for (int i = 0; i < 6; i++)
        mail_at(alice, text_of("m%d", i), "bob@b.test", (uint64_t)(1 + i) * 10 * CORE_S);
    run_until(2 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 6);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "mail-a", "deferred", NULL), 0);
    ck_assert_uint_gt(count(TRACE_KIND_SESSION, "mail-a", "connect-failed", NULL), 0);
}
END_TEST

START_TEST(mail_to_an_address_literal_needs_no_dns)
{
    mx_b->mta.hostname = text_of("[%s]", mx_b->address_text);
    mail_at(alice, "hello", text_of("bob@[%s]", mx_b->address_text), CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_null(line(NULL, "mail-a", "MX? "));
}
END_TEST

START_TEST(a_relay_host_replaces_the_dns)
{
    mail_a->mta.relayhost = mx_b->address_text;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_null(line(NULL, "mail-a", "MX? "));
}
END_TEST

/* ---- what the DNS says against it ----------------------------------------------------------------- */

START_TEST(a_null_mx_bounces_at_once)
{
    no_records();
    record_add(zone_b, "@", "MX", "0 .");
    record_add(zone_b, "@", "A", mx_b->address_text);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    check_bounce("5.1.10");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
}
END_TEST

START_TEST(a_domain_that_does_not_exist_bounces_at_once)
{
    mail_at(alice, "hello", "bob@nowhere.test", CORE_S);
    run_until(CORE_MINUTE);
    check_bounce("5.1.2");
}
END_TEST

START_TEST(a_domain_without_any_address_bounces)
{
    no_records();
    record_add(zone_b, "@", "TXT", "\"no mail here\"");
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    check_bounce("5.1.2");
}
END_TEST

START_TEST(an_mx_without_an_address_bounces)
{
    no_records();
    mx("10", "mx", NULL);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    check_bounce("5.4.4");
}
END_TEST

START_TEST(a_dns_server_that_fails_only_defers)
{
    sm.names->dns.fault = "servfail";
    sm.names->dns.fault_until_ns = 2 * CORE_MINUTE;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(deferred(), "dsn"), "4.4.3");
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
}
END_TEST

START_TEST(a_dns_server_that_is_silent_only_defers)
{
    sm.names->dns.fault = "drop";
    sm.names->dns.fault_until_ns = 4 * CORE_MINUTE;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(3 * CORE_MINUTE);
    ck_assert_str_eq(attr(deferred(), "dsn"), "4.4.3");
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

/* ---- what servers say against it ------------------------------------------------------------------ */

START_TEST(a_server_that_is_down_is_passed_over_after_half_a_minute)
{
    struct part *down = deaf("down");
    down->host->down_until_ns = CORE_NEVER;
    no_records();
    mx("10", "first", down);
    mx("20", "mx", mx_b);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(2 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_le(find(NULL, TRACE_KIND_MAILBOX, "mx-b", "stored", NULL)->t_ns,
                      CORE_S + MTA_CONNECT_NS + 2 * CORE_S);
    ck_assert_str_eq(tried(), "down mx-b ");
}
END_TEST

START_TEST(packets_that_vanish_time_out_and_defer)
{
    fault_add(mx_b, SPEC_FAULT_CUT, 0, 2 * CORE_MINUTE);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "connect-failed", NULL));
    ck_assert_str_eq(attr(deferred(), "dsn"), "4.4.1");
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_server_that_greets_with_554_is_passed_over)
{
    struct part *closed = mail_server_bare("closed", "closed.b.test", NULL);
    refusal_add(closed, "CONNECT", 554, "5.3.2");
    no_records();
    mx("10", "closed", closed);
    mx("20", "mx", mx_b);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(tried(), "closed mx-b ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_name_without_an_address_behind_a_busy_server_does_not_bounce)
{
    no_records();
    mx("10", "mx", mx_b);
    mx("20", "gone", NULL);
    mx_b->host->down_until_ns = 2 * CORE_MINUTE;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_closed_server_behind_a_busy_one_does_not_bounce)
{
    struct part *closed = mail_server_bare("closed", "closed.b.test", NULL);
    refusal_add(closed, "CONNECT", 554, "5.3.2");
    no_records();
    mx("10", "mx", mx_b);
    mx("20", "closed", closed);
    mx_b->host->down_until_ns = 2 * CORE_MINUTE;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 0);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_refused_recipient_is_not_tried_elsewhere)
{
    struct part *other = mail_server_bare("other", "other.b.test", "b.test");
    user_add(other, "nobody");
    no_records();
    mx("10", "mx", mx_b);
    mx("20", "other", other);
    mail_at(alice, "hello", "nobody@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(tried(), "mx-b ");
    check_bounce("5.1.1");
}
END_TEST

static const char *hangs_up_after_dot(struct puppet *p, const char *said)
{
    if (strncmp(said, "EHLO", 4) == 0)
        return "250 dead.b.test\r\n";
    if (strncmp(said, "MAIL", 4) == 0 || strncmp(said, "RCPT", 4) == 0)
        return "250 ok\r\n";
    if (strcmp(said, "DATA") == 0)
        return "354 go\r\n";
    if (strcmp(said, ".") == 0)
        tcp_close(p->conn);
    return NULL;
}

START_TEST(a_connection_that_ends_before_250_leaves_the_message_with_the_client)
{
    struct part *broken = deaf("broken");
    no_records();
    mx("10", "broken", broken);
    mx("20", "mx", mx_b);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    small_build();
    puppet_serve(broken, 25, "220 dead.b.test\r\n", hangs_up_after_dot);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(tried(), "broken mx-b ");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "lost", NULL));
}
END_TEST

static const char *no_more_mail(struct puppet *p, const char *said)
{
    (void)p;
    if (strncmp(said, "EHLO", 4) == 0)
        return "250 full.b.test\r\n";
    return "452 4.3.1 disk full\r\n";
}

START_TEST(a_server_whose_disk_is_full_defers)
{
    struct part *full = deaf("full");
    no_records();
    mx("10", "full", full);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    small_build();
    puppet_serve(full, 25, "220 full.b.test\r\n", no_more_mail);
    run_until(CORE_MINUTE);
    ck_assert_str_eq(attr(deferred(), "dsn"), "4.3.1");
    ck_assert_ptr_nonnull(strstr(attr(deferred(), "status_text"), "disk full"));
}
END_TEST

/* ---- backup servers ------------------------------------------------------------------------------- */

static struct part *backup_with(const char *preference)
{
    struct part *backup = mail_server_bare("backup", "backup.b.test", NULL);
    backup->relay_domains[backup->mta.nrelay_domains++] = "b.test";
    mx(preference, "backup", backup);
    return backup;
}

START_TEST(a_backup_takes_mail_and_brings_it_when_the_primary_is_back)
{
    struct part *backup = backup_with("20");
    mx_b->host->down_until_ns = 30 * CORE_MINUTE;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(20 * CORE_MINUTE);
    ck_assert_uint_eq(queued(mail_a), 0);
    ck_assert_uint_eq(queued(backup), 1);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
    run_until(2 * CORE_HOUR);
    ck_assert_uint_eq(queued(backup), 0);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "by backup.b.test"));
}
END_TEST

START_TEST(a_backup_never_brings_mail_to_itself_or_to_a_worse_one)
{
    struct part *backup = backup_with("20"), *worse = mail_server_bare("worse", "worse.b.test", NULL), *equal;
    worse->relay_domains[worse->mta.nrelay_domains++] = "b.test";
    mx("30", "worse", worse);
    equal = mail_server_bare("equal", "equal.b.test", NULL);
    equal->relay_domains[equal->mta.nrelay_domains++] = "b.test";
    mx("20", "equal", equal);
    mx_b->host->down_until_ns = 3 * CORE_HOUR;
    mail_a->mta.relayhost = "backup.b.test"; /* so that it is the backup who decides */
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(2 * CORE_HOUR);
    ck_assert_uint_eq(queued(backup), 1);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "worse", "accepted", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "equal", "accepted", NULL), 0);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "backup", "accepted", NULL), 1);
    run_until(6 * CORE_HOUR);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(a_best_server_that_does_not_take_its_mail_bounces)
{
    struct part *wrong = mail_server_bare("wrong", "wrong.b.test", NULL);
    wrong->relay_domains[wrong->mta.nrelay_domains++] = "b.test";
    no_records();
    mx("10", "wrong", wrong);
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_QUEUE, "wrong", "bounced", "dsn", "5.4.6", NULL));
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "wrong", "accepted", "from", "alice@a.test", NULL), 1);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
}
END_TEST

/* ---- IPv6 ----------------------------------------------------------------------------------------- */

static void both_families(void)
{
    with_ip6(mail_a);
    record_add(zone_b, "mx", "AAAA", with_ip6(mx_b));
}

START_TEST(mail_goes_over_ipv6_where_both_have_it)
{
    both_families();
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mx_b, "bob", 0), "([IPv6:2001:db8:")); /* RFC 5321 section 4.1.3 */
}
END_TEST

START_TEST(mail_falls_back_to_ipv4)
{
    both_families();
    zone_b->nrecords--; /* an address of that family at which nobody is */
    record_add(zone_b, "mx", "AAAA", "2001:db8:4::99");
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(2 * CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_ptr_null(strstr(letter(mx_b, "bob", 0), "IPv6:"));
    ck_assert_ptr_nonnull(find(NULL, TRACE_KIND_SESSION, "mail-a", "connect-failed", NULL));
}
END_TEST

START_TEST(a_server_without_ipv6_does_not_try_it)
{
    record_add(zone_b, "mx", "AAAA", with_ip6(mx_b));
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_MINUTE);
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
    ck_assert_uint_eq(count(TRACE_KIND_SESSION, "mail-a", "connect-failed", NULL), 0);
}
END_TEST

/* Writes through mail-a over IPv6; `network` may relay there. */
static void six_writes(const char *network)
{
    struct part *six = host_add("six");
    const char *server = with_ip6(mail_a);
    with_ip6(six);
    account_add(six, "alice@a.test", mail_a, SPEC_IMAP)->submit_server = server;
    mail_at(six, "hello", "bob@b.test", CORE_S);
    ck_assert(net_addr_parse(&mail_a->networks[1].addr, network));
    mail_a->networks[1].bits = 48;
    mail_a->mta.nrelay_networks = 2;
    run_until(CORE_MINUTE);
}

START_TEST(a_network_of_ipv6_may_relay)
{
    six_writes("2001:db8:7::");
    ck_assert_uint_eq(inbox(mx_b, "bob"), 1);
}
END_TEST

START_TEST(another_network_of_ipv6_may_not)
{
    six_writes("2001:db8:8::");
    ck_assert_ptr_nonnull(line(NULL, "mail-a", "554 5.7.1 "));
    ck_assert_uint_eq(inbox(mx_b, "bob"), 0);
}
END_TEST

/* ---- loops ---------------------------------------------------------------------------------------- */

START_TEST(two_servers_that_send_to_each_other_stop_at_the_hop_limit)
{
    struct part *left = mail_server_bare("left", "left.test", NULL),
                *right = mail_server_bare("right", "right.test", NULL);
    left->mta.open_relay = right->mta.open_relay = true;
    left->mta.relayhost = right->address_text;
    right->mta.relayhost = left->address_text;
    left->mta.hops_max = right->mta.hops_max = 20;
    mail_a->mta.relayhost = left->address_text;
    mail_at(alice, "hello", "bob@b.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "loop", NULL), 1 + 1); /* the message, then its bounce */
    ck_assert_ptr_nonnull(
        find(NULL, TRACE_KIND_QUEUE, NULL, "bounced", "to", "bob@b.test", "dsn", "5.4.6", NULL));
    ck_assert_uint_eq(queued(left) + queued(right) + queued(mail_a), 0);
    /* accepted: by mail-a, then 20 times with up to 20 Received fields; the 21st has too many */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, NULL, "accepted", "from", "alice@a.test", NULL), 20);
}
END_TEST

START_TEST(a_loop_reaches_its_sender_as_a_bounce)
{
    struct part *self = mail_server_bare("self", "self.test", NULL);
    struct spec_zone *z = zone_add(sm.names, "loop.test");
    self->relay_domains[self->mta.nrelay_domains++] = "loop.test";
    record_add(z, "@", "MX", "10 other-name"); /* it does not know that this is its own name */
    record_add(z, "other-name", "A", self->address_text);
    mail_at(alice, "hello", "bob@loop.test", CORE_S);
    run_until(CORE_HOUR);
    ck_assert_uint_eq(inbox(mail_a, "alice"), 1);
    ck_assert_ptr_nonnull(strstr(letter(mail_a, "alice", 0), "Status: 5.4.6\r\n"));
    /* mail-a adds the first Received field; the 51st is one too many */
    ck_assert_uint_eq(count(TRACE_KIND_QUEUE, "self", "accepted", "from", "alice@a.test", NULL),
                      MTA_HOPS_MAX - 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hosts mta route");
    TCase *t = tcase_create("route");
    tcase_add_checked_fixture(t, begin, small_end);
    tcase_add_test(t, the_lowest_preference_is_tried_first);
    tcase_add_test(t, equal_preferences_are_shuffled_by_the_seed);
    tcase_add_test(t, without_mx_the_address_of_the_domain_is_used);
    tcase_add_test(t, with_mx_the_address_of_the_domain_is_not_used);
    tcase_add_test(t, every_address_of_a_server_is_tried);
    tcase_add_test(t, mail_to_an_address_literal_needs_no_dns);
    tcase_add_test(t, a_relay_host_replaces_the_dns);
    tcase_add_test(t, a_null_mx_bounces_at_once);
    tcase_add_test(t, a_domain_that_does_not_exist_bounces_at_once);
    tcase_add_test(t, a_domain_without_any_address_bounces);
    tcase_add_test(t, an_mx_without_an_address_bounces);
    tcase_add_test(t, a_dns_server_that_fails_only_defers);
    tcase_add_test(t, a_dns_server_that_is_silent_only_defers);
    tcase_add_test(t, a_server_that_is_down_is_passed_over_after_half_a_minute);
    tcase_add_test(t, packets_that_vanish_time_out_and_defer);
    tcase_add_test(t, a_server_that_greets_with_554_is_passed_over);
    tcase_add_test(t, a_name_without_an_address_behind_a_busy_server_does_not_bounce);
    tcase_add_test(t, a_closed_server_behind_a_busy_one_does_not_bounce);
    tcase_add_test(t, a_refused_recipient_is_not_tried_elsewhere);
    tcase_add_test(t, a_connection_that_ends_before_250_leaves_the_message_with_the_client);
    tcase_add_test(t, a_server_whose_disk_is_full_defers);
    tcase_add_test(t, a_backup_takes_mail_and_brings_it_when_the_primary_is_back);
    tcase_add_test(t, a_backup_never_brings_mail_to_itself_or_to_a_worse_one);
    tcase_add_test(t, a_best_server_that_does_not_take_its_mail_bounces);
    tcase_add_test(t, mail_goes_over_ipv6_where_both_have_it);
    tcase_add_test(t, mail_falls_back_to_ipv4);
    tcase_add_test(t, a_server_without_ipv6_does_not_try_it);
    tcase_add_test(t, a_network_of_ipv6_may_relay);
    tcase_add_test(t, another_network_of_ipv6_may_not);
    tcase_add_test(t, two_servers_that_send_to_each_other_stop_at_the_hop_limit);
    tcase_add_test(t, a_loop_reaches_its_sender_as_a_bounce);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
