/* The resolver walks through a small world: root, top-level domains, zones. */
#include "tests/dns/world.h"

#include "tests/check_main.h"

START_TEST(a_walk_goes_root_tld_zone_and_is_remembered)
{
    ck_assert_int_eq(world_ask("example.org", DNS_TYPE_MX), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "MX 10 mx.example.org; A 198.51.100.10 ttl 3600");
    ck_assert_uint_eq(world->sent, 3);
    ck_assert_uint_eq(world->now, 60 * MS);
    ck_assert_uint_eq(world->events[DNS_EV_REFERRAL], 2);
    world->now += 600 * S;
    ck_assert_int_eq(world_ask("example.ORG", DNS_TYPE_MX), DNS_CACHED);
    ck_assert_mem_eq(world->reply + 12, "\007example\003ORG", 13);
    ck_assert_str_eq(world->line, "MX 10 mx.example.ORG; A 198.51.100.10 ttl 3000");
    ck_assert_uint_eq(world->sent, 0);
    ck_assert(world->step.from_cache);
    ck_assert_uint_eq(world->cache.hits, 1);
}
END_TEST

START_TEST(referrals_are_remembered_too)
{
    world_ask("example.org", DNS_TYPE_MX);
    ck_assert_int_eq(world_ask("short.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_uint_eq(world->sent, 1); /* straight to the zone's server */
    ck_assert_int_eq(world_ask("a.sub.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_uint_eq(world->sent, 1); /* the same server has both zones */
    ck_assert_uint_eq(world_asked("192.0.2.1"), 1);
}
END_TEST

START_TEST(additional_addresses_are_not_answers)
{
    world_ask("example.org", DNS_TYPE_MX);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_A), DNS_RESOLVED); /* asked again: RFC 2181 5.4.1 */
    ck_assert_uint_eq(world->sent, 1);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_A), DNS_CACHED);
}
END_TEST

START_TEST(records_die_with_their_ttl)
{
    ck_assert_int_eq(world_ask("short.example.org", DNS_TYPE_A), DNS_RESOLVED);
    world->now += 4 * S;
    ck_assert_int_eq(world_ask("short.example.org", DNS_TYPE_A), DNS_CACHED);
    world->now += S;
    ck_assert_int_eq(world_ask("short.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_int_eq(world_ask("zero.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "A 192.0.2.78 ttl 0");
    ck_assert_int_eq(world_ask("zero.example.org", DNS_TYPE_A), DNS_RESOLVED);
}
END_TEST

START_TEST(no_is_remembered_as_long_as_the_soa_says)
{
    ck_assert_int_eq(world_ask("nope.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_str_eq(world->line, "NXDOMAIN, no such name for 300 s");
    world->now += 100 * S;
    ck_assert_int_eq(world_ask("nope.example.org", DNS_TYPE_MX), DNS_NXDOMAIN_CACHED);
    ck_assert_str_eq(world->line, "NXDOMAIN, no such name for 200 s");
    ck_assert_uint_eq(world->step.rcode, DNS_RCODE_NXDOMAIN);
    world->now += 200 * S;
    ck_assert_int_eq(world_ask("nope.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_AAAA), DNS_NODATA);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_AAAA), DNS_NODATA_CACHED);
    ck_assert_int_eq(world_ask("mx.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_int_eq(world_ask("nowhere", DNS_TYPE_A), DNS_NXDOMAIN); /* the root says no */
}
END_TEST

START_TEST(a_server_without_glue_is_looked_up_first)
{
    ck_assert_int_eq(world_ask("web.glueless.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "A 192.0.2.7 ttl 60");
    ck_assert_uint_eq(world->events[DNS_EV_NEED_ADDRESS], 1);
    ck_assert_uint_eq(world->sent, 2 + 3 + 1); /* root, org; root, net, dns.net; glueless.org */
}
END_TEST

START_TEST(aliases_are_followed_across_zones)
{
    ck_assert_int_eq(world_ask("www.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "CNAME web.glueless.org; A 192.0.2.7 ttl 60");
    ck_assert_uint_eq(world->step.aliases, 1);
    ck_assert_int_eq(world_ask("www.example.org", DNS_TYPE_A), DNS_CACHED);
    ck_assert_str_eq(world->line, "CNAME web.glueless.org; A 192.0.2.7 ttl 60");
    ck_assert_int_eq(world_ask("www.example.org", DNS_TYPE_CNAME), DNS_CACHED);
    ck_assert_int_eq(world_ask("in.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "CNAME mx.example.org; A 198.51.100.10 ttl 60");
    ck_assert_uint_eq(world->sent, 1); /* both in one reply */
    ck_assert_int_eq(world_ask("gone.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_str_eq(world->line, "NXDOMAIN; CNAME nothing.example.org ttl 60");
}
END_TEST

START_TEST(aliases_in_a_circle_end_in_servfail)
{
    ck_assert_int_eq(world_ask("l1.example.org", DNS_TYPE_A), DNS_LOOP);
    ck_assert_uint_eq(world->step.rcode, DNS_RCODE_SERVFAIL);
    ck_assert_uint_le(world->sent, 20);
    ck_assert_int_eq(world_ask("l1.example.org", DNS_TYPE_A), DNS_LOOP); /* out of the cache, just so */
    ck_assert_uint_eq(world->sent, 0);
}
END_TEST

START_TEST(servers_that_need_each_other_end_in_servfail)
{
    ck_assert_int_eq(world_ask("www.circle1.org", DNS_TYPE_A), DNS_SERVFAIL);
    ck_assert_uint_le(world->sent, DNS_BUDGET + 1);
    ck_assert_str_eq(world->line, "SERVFAIL");
}
END_TEST

START_TEST(a_dead_zone_ends_in_servfail_in_bounded_time)
{
    ck_assert_int_eq(world_ask("dead.org", DNS_TYPE_MX), DNS_SERVFAIL);
    ck_assert_uint_eq(world->sent, 2 + DNS_ROUNDS);
    ck_assert_uint_eq(world->now, 40 * MS + DNS_TRY_NS * 7); /* 1 + 2 + 4 */
    ck_assert_uint_eq(world->events[DNS_EV_TIMEOUT], 3);
    ck_assert_uint_le(world->now, DNS_QUESTION_NS);
}
END_TEST

START_TEST(a_silent_or_lame_server_is_passed_over)
{
    ck_assert_int_eq(world_ask("half.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_int_eq(world_ask("lame.org", DNS_TYPE_A), DNS_RESOLVED);
    for (int i = 0; i < 10; i++) { /* the choice of the first server is random: both come */
        world->now += 100 * S;
        ck_assert_int_eq(world_ask("half.org", DNS_TYPE_A), DNS_RESOLVED);
        ck_assert_int_eq(world_ask("lame.org", DNS_TYPE_A), DNS_RESOLVED);
    }
    ck_assert_uint_gt(world->events[DNS_EV_TIMEOUT], 0);
    ck_assert_uint_gt(world->events[DNS_EV_BAD_SERVER], 0);
}
END_TEST

START_TEST(long_answers_come_over_tcp)
{
    ck_assert_int_eq(world_ask("big.org", DNS_TYPE_TXT), DNS_TRUNCATED); /* too long for this client's UDP */
    ck_assert_uint_eq(world->events[DNS_EV_TCP], 1);
    ck_assert(world->reply[2] & DNS_FLAG_TC >> 8);
    uint8_t query[DNS_QUERY_MAX];
    struct dns_client client = { .addr = addr_of("10.0.0.5"), .port = 40001, .conn = 1 };
    size_t len = dns_query_write(query, 1, true, name_of("big.org"), DNS_TYPE_TXT, 0);
    dns_resolver_query(&world->r, world->now, &client, query, len);
    world_run();
    ck_assert_int_eq(world->step.verdict, DNS_CACHED); /* several slots long */
    ck_assert_uint_eq(dns_get16(world->reply + 6), 40);
}
END_TEST

static bool lose_tcp(struct world *w, const struct dns_server_try *to)
{
    (void)w;
    return to->tcp;
}

START_TEST(a_firewall_that_stops_tcp_ends_in_servfail)
{
    world->lose = lose_tcp;
    ck_assert_int_eq(world_ask("big.org", DNS_TYPE_TXT), DNS_SERVFAIL);
    ck_assert_uint_le(world->now, DNS_QUESTION_NS);
}
END_TEST

static bool lose_some(struct world *w, const struct dns_server_try *to)
{
    (void)to;
    return world_random(w) % 3 == 0;
}

START_TEST(loss_costs_time_but_not_the_answer)
{
    unsigned good = 0;
    world->lose = lose_some;
    for (int i = 0; i < 200; i++) {
        enum dns_verdict v = world_ask("www.example.org", DNS_TYPE_A);
        ck_assert(v == DNS_RESOLVED || v == DNS_SERVFAIL);
        good += v == DNS_RESOLVED;
        dns_cache_flush(&world->cache);
    }
    ck_assert_uint_gt(good, 120);
    ck_assert_uint_gt(world->events[DNS_EV_TIMEOUT], 100);
}
END_TEST

START_TEST(without_a_cache_everything_still_works)
{
    dns_cache_init(&world->cache, NULL, 0, NULL, NULL);
    ck_assert_int_eq(world_ask("example.org", DNS_TYPE_MX), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "MX 10 mx.example.org ttl 3600");
    ck_assert_int_eq(world_ask("www.example.org", DNS_TYPE_A), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "CNAME web.glueless.org; A 192.0.2.7 ttl 60");
    ck_assert_int_eq(world_ask("nope.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_int_eq(world_ask("l1.example.org", DNS_TYPE_A), DNS_LOOP);
}
END_TEST

START_TEST(a_tiny_cache_evicts_and_still_works)
{
    dns_cache_init(&world->cache, world->slot, 3, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_ne(world_ask("www.example.org", DNS_TYPE_A), DNS_SERVFAIL);
        ck_assert_int_ne(world_ask("example.org", DNS_TYPE_MX), DNS_SERVFAIL);
        ck_assert_int_ne(world_ask("a.sub.example.org", DNS_TYPE_A), DNS_SERVFAIL);
    }
    ck_assert_uint_gt(world->cache.evictions, 5);
}
END_TEST

START_TEST(equal_questions_are_asked_once_and_all_are_answered)
{
    for (uint16_t port = 1; port <= 5; port++)
        world_query("example.org", DNS_TYPE_MX, port, 0);
    world_query("EXAMPLE.org", DNS_TYPE_MX, 3, 0); /* a client repeats itself */
    ck_assert_uint_eq(world->r.active, 5);
    world_run();
    ck_assert_uint_eq(world->answers, 5);
    ck_assert_uint_eq(world->sent, 3);
    ck_assert_uint_eq(world->events[DNS_EV_JOINED], 5);
    ck_assert_str_eq(world->line, "MX 10 mx.example.org; A 198.51.100.10 ttl 3600");
}
END_TEST

START_TEST(when_all_tasks_are_taken_the_cache_still_answers)
{
    world_ask("example.org", DNS_TYPE_MX);
    char name[24];
    for (int i = 0; i < TASKS - 1; i++) {
        snprintf(name, sizeof name, "h%d.dead.org", i);
        world_query(name, DNS_TYPE_A, (uint16_t)(100 + i), 0);
    }
    ck_assert_uint_eq(world->answers, 1);
    world_query("other.dead.org", DNS_TYPE_A, 200, 0);
    ck_assert_uint_eq(world->answers, 2);
    ck_assert_str_eq(world->line, "SERVFAIL");
    ck_assert_uint_eq(world->events[DNS_EV_BUSY], 1);
    world_query("example.org", DNS_TYPE_MX, 201, 0);
    ck_assert_uint_eq(world->answers, 3);
    ck_assert_int_eq(world->step.verdict, DNS_CACHED);
    world_run();
    ck_assert_uint_eq(world->answers, 3 + TASKS - 1);
}
END_TEST

START_TEST(the_host_may_report_a_failed_try)
{
    world->sent = world->closed = 0;
    world_query("dead.org", DNS_TYPE_A, 7, 0);
    for (int i = 0; i < 2; i++) {
        struct packet p = world->packet[--world->packets];
        world->now = p.at;
        dns_resolver_reply(&world->r, world->now, &p.from, p.from_port, p.port, p.tcp, p.msg, p.len);
    }
    uint64_t before = world->now;
    while (world->answers == 0)
        dns_resolver_failed(&world->r, world->now, 0);
    ck_assert_uint_eq(world->now, before);
    ck_assert_str_eq(world->line, "SERVFAIL");
    dns_resolver_failed(&world->r, world->now, 0); /* nothing waits: harmless */
    world_run();
}
END_TEST

START_TEST(improper_queries_get_their_rcode)
{
    uint8_t query[DNS_QUERY_MAX];
    struct dns_client client = { .addr = addr_of("10.0.0.5"), .port = 9 };
    size_t len = dns_query_write(query, 1, true, name_of("example.org"), DNS_TYPE_MX, 1232);
    for (size_t cut = 0; cut < len; cut++) {
        unsigned before = world->answers;
        dns_resolver_query(&world->r, 0, &client, query, cut);
        ck_assert_uint_eq(world->answers, before + (cut >= 12));
        ck_assert(cut < 12 || world->step.verdict == DNS_FORMERR);
    }
    query[2] = 2 << 3;
    dns_resolver_query(&world->r, 0, &client, query, len);
    ck_assert_int_eq(world->step.verdict, DNS_NOTIMP);
    query[2] = 0; /* RD is not set, and the cache is empty */
    dns_resolver_query(&world->r, 0, &client, query, len);
    ck_assert_int_eq(world->step.verdict, DNS_REFUSED);
    query[26] = DNS_TYPE_AXFR;
    dns_resolver_query(&world->r, 0, &client, query, len);
    ck_assert_int_eq(world->step.verdict, DNS_REFUSED);
    ck_assert_uint_eq(world->r.active, 0);
}
END_TEST

START_TEST(a_null_mx_comes_through)
{
    ck_assert_int_eq(world_ask("nomail.example.org", DNS_TYPE_MX), DNS_RESOLVED);
    ck_assert_str_eq(world->line, "MX 0 . ttl 60");
    ck_assert_int_eq(dns_message_verdict(world->reply, world->reply_len), DNS_NULL_MX);
}
END_TEST

START_TEST(every_event_has_words)
{
    for (int i = 0; i < DNS_EVENTS; i++) {
        const struct wire_lesson *why = dns_resolver_event_lesson((enum dns_resolver_event_kind)i);
        ck_assert_ptr_nonnull(dns_resolver_event_name((enum dns_resolver_event_kind)i));
        ck_assert_uint_le(strlen(why->title), 60);
        ck_assert_ptr_nonnull(why->lesson);
        ck_assert_int_eq(strncmp(why->section, "RFC ", 4), 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_resolver");
    TCase *t = tcase_create("resolver");
    tcase_add_checked_fixture(t, world_setup, world_teardown);
    tcase_add_test(t, a_walk_goes_root_tld_zone_and_is_remembered);
    tcase_add_test(t, referrals_are_remembered_too);
    tcase_add_test(t, additional_addresses_are_not_answers);
    tcase_add_test(t, records_die_with_their_ttl);
    tcase_add_test(t, no_is_remembered_as_long_as_the_soa_says);
    tcase_add_test(t, a_server_without_glue_is_looked_up_first);
    tcase_add_test(t, aliases_are_followed_across_zones);
    tcase_add_test(t, aliases_in_a_circle_end_in_servfail);
    tcase_add_test(t, servers_that_need_each_other_end_in_servfail);
    tcase_add_test(t, a_dead_zone_ends_in_servfail_in_bounded_time);
    tcase_add_test(t, a_silent_or_lame_server_is_passed_over);
    tcase_add_test(t, long_answers_come_over_tcp);
    tcase_add_test(t, a_firewall_that_stops_tcp_ends_in_servfail);
    tcase_add_test(t, loss_costs_time_but_not_the_answer);
    tcase_add_test(t, without_a_cache_everything_still_works);
    tcase_add_test(t, a_tiny_cache_evicts_and_still_works);
    tcase_add_test(t, equal_questions_are_asked_once_and_all_are_answered);
    tcase_add_test(t, when_all_tasks_are_taken_the_cache_still_answers);
    tcase_add_test(t, the_host_may_report_a_failed_try);
    tcase_add_test(t, improper_queries_get_their_rcode);
    tcase_add_test(t, a_null_mx_comes_through);
    tcase_add_test(t, every_event_has_words);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
