/* The stub: whom it asks, what it believes, and what it makes of answers. */
#include "protocols/dns/dns_stub.h"

#include "protocols/dns/dns_auth.h"
#include "tests/check_main.h"
#include "tests/dns/zones.h"

#define S 1000000000ull

static struct test_zone *zone;
static struct dns_auth auth;
static struct dns_stub_config config;
static struct dns_lookup lookup;
static struct dns_lookup_step step;
static uint8_t reply[DNS_MESSAGE_MAX];
static size_t reply_len;

static void setup(void)
{
    zone = zone_make("example.org",
                     LINES("example.org 3600 SOA ns.example.org h.example.org 1 7200 900 1209600 300",
                           "example.org 3600 MX 20 c.example.org", "example.org 3600 MX 10 b.example.org",
                           "example.org 3600 MX 10 a.example.org", "example.org 3600 MX 5 mx.example.net",
                           "a.example.org 60 A 198.51.100.1", "a.example.org 60 A 198.51.100.2",
                           "a.example.org 60 AAAA 2001:db8::1", "b.example.org 60 A 198.51.100.3",
                           "www.example.org 30 CNAME w2.example.org", "w2.example.org 20 CNAME a.example.org",
                           "nomail.example.org 60 MX 0 .", "spf.example.org 60 TXT \"v=spf1 \" \"mx -all\"",
                           "spf.example.org 60 TXT other", "out.example.org 60 CNAME nothing.example.org",
                           "l1.example.org 60 CNAME l2.example.org", "l2.example.org 60 CNAME l1.example.org",
                           "sub.example.org 60 NS ns.sub.example.org", "ns.sub.example.org 60 A 192.0.2.1"));
    for (int i = 0; i < 30; i++) {
        char line[100];
        snprintf(line, sizeof line, "big.example.org 60 TXT \"number %02d is a string of some length\"", i);
        zone_line(zone, line);
    }
    zone->zone.node_cap = ZONE_NODES;
    zone->zone.slot_cap = 2 * ZONE_NODES;
    const struct dns_zone_record *bad;
    ck_assert_int_eq(dns_zone_index(&zone->zone, &bad), DNS_ZONE_OK);
    auth = (struct dns_auth){ .zone = &zone->zone, .zones = 1 };
    config = (struct dns_stub_config){ .server = { addr_of("192.0.2.53"), addr_of("2001:db8::53") },
                                       .servers = 2 };
}

static void teardown(void)
{
    free(zone);
}

static void start(const char *name, uint16_t type)
{
    dns_lookup_start(&lookup, &config, name_of(name), type, 0x5555, 0, &step);
    ck_assert_ptr_nonnull(step.why);
    ck_assert_uint_lt(step.query_len, DNS_QUERY_MAX + 1);
}

static void serve(void)
{
    struct dns_step s;
    reply_len = dns_auth_answer(&auth, step.action == DNS_ACT_SEND_TCP, step.query, step.query_len, reply,
                                sizeof reply, &s);
}

static enum dns_lookup_action deliver(uint64_t now)
{
    bool tcp = lookup.state == DNS_LOOKUP_WAIT_TCP;
    dns_lookup_reply(&lookup, now, step.server, DNS_PORT, tcp, reply, reply_len, &step);
    ck_assert_ptr_nonnull(step.why);
    return step.action;
}

static enum dns_result_class ask(const char *name, uint16_t type)
{
    start(name, type);
    do
        serve();
    while (deliver(1) != DNS_ACT_DONE && reply_len > 0);
    ck_assert_int_eq(step.action, DNS_ACT_DONE);
    ck_assert_uint_eq(lookup.deadline_ns, UINT64_MAX);
    return step.result.class_;
}

static uint32_t zero(void *host)
{
    (void)host;
    return 0;
}

START_TEST(mx_hosts_come_by_preference_with_their_addresses)
{
    struct dns_mx mx[8];
    struct dns_addr addr[8];
    ck_assert_int_eq(ask("example.org", DNS_TYPE_MX), DNS_RESULT_OK);
    ck_assert_uint_eq(step.result.records, 4);
    ck_assert(step.result.authoritative);
    ck_assert_uint_eq(step.result.ttl, 3600);
    ck_assert_uint_eq(dns_result_mx(&step.result, NULL, NULL, mx, 8), 4);
    ck_assert_uint_eq(mx[0].preference, 5);
    ck_assert(dns_name_equal(mx[0].exchange.wire, name_of("mx.example.net")));
    ck_assert(dns_name_equal(mx[1].exchange.wire, name_of("a.example.org")));
    ck_assert(dns_name_equal(mx[2].exchange.wire, name_of("b.example.org")));
    ck_assert_uint_eq(mx[3].preference, 20);
    dns_result_mx(&step.result, zero, NULL, mx, 8); /* zero swaps the equal two */
    ck_assert(dns_name_equal(mx[1].exchange.wire, name_of("b.example.org")));
    ck_assert(dns_name_equal(mx[2].exchange.wire, name_of("a.example.org")));
    ck_assert_uint_eq(dns_result_mx(&step.result, NULL, NULL, mx, 2), 2);
    ck_assert_uint_eq(mx[1].preference, 10); /* with little room the best remain */
    ck_assert_uint_eq(dns_result_extra(&step.result, name_of("A.example.org"), addr, 8), 3);
    ck_assert_uint_eq(addr[0].family, 4);
    ck_assert_uint_eq(addr[2].family, 6);
    ck_assert_uint_eq(dns_result_extra(&step.result, name_of("mx.example.net"), addr, 8), 0);
    ck_assert(!dns_result_is_null_mx(&step.result));
}
END_TEST

START_TEST(aliases_lead_to_the_canonical_name)
{
    struct dns_addr addr[8];
    ck_assert_int_eq(ask("WWW.example.org", DNS_TYPE_A), DNS_RESULT_OK);
    ck_assert_uint_eq(step.result.aliases, 2);
    ck_assert_uint_eq(step.result.ttl, 20);
    ck_assert(dns_name_equal(step.result.canonical.wire, name_of("a.example.org")));
    ck_assert_uint_eq(dns_result_addresses(&step.result, addr, 8), 2);
    ck_assert_uint_eq(dns_result_addresses(&step.result, addr, 1), 1);
    ck_assert_int_eq(step.result.verdict, DNS_ALIASED);
}
END_TEST

START_TEST(the_classes_are_told_apart)
{
    ck_assert_int_eq(ask("nope.example.org", DNS_TYPE_MX), DNS_RESULT_NXDOMAIN);
    ck_assert_uint_eq(step.result.ttl, 300);
    ck_assert_int_eq(step.result.verdict, DNS_NXDOMAIN);
    ck_assert_int_eq(ask("a.example.org", DNS_TYPE_MX), DNS_RESULT_NODATA);
    ck_assert_uint_eq(step.result.ttl, 300);
    ck_assert_int_eq(ask("out.example.org", DNS_TYPE_A), DNS_RESULT_NXDOMAIN);
    ck_assert_int_eq(ask("l1.example.org", DNS_TYPE_A), DNS_RESULT_SERVFAIL);
    ck_assert_int_eq(step.result.verdict, DNS_LOOP);
    ck_assert_int_eq(ask("example.net", DNS_TYPE_A), DNS_RESULT_SERVFAIL);
    ck_assert_int_eq(step.result.verdict, DNS_REFUSED);
    ck_assert_int_eq(ask("x.sub.example.org", DNS_TYPE_A), DNS_RESULT_SERVFAIL);
    ck_assert_int_eq(step.result.verdict, DNS_REFERRAL); /* a stub follows none */
    ck_assert_int_eq(ask("nomail.example.org", DNS_TYPE_MX), DNS_RESULT_OK);
    ck_assert_int_eq(step.result.verdict, DNS_NULL_MX);
    ck_assert(dns_result_is_null_mx(&step.result));
    for (int c = 0; c < DNS_RESULT_CLASSES; c++) {
        ck_assert_ptr_nonnull(dns_result_class_name((enum dns_result_class)c));
        ck_assert_uint_le(strlen(dns_result_class_lesson((enum dns_result_class)c)->title), 60);
    }
}
END_TEST

START_TEST(txt_strings_are_joined)
{
    char text[100];
    ck_assert_int_eq(ask("spf.example.org", DNS_TYPE_TXT), DNS_RESULT_OK);
    size_t spf = 0;
    ck_assert_uint_eq(dns_result_txt(&step.result, 2, text, sizeof text), SIZE_MAX);
    dns_result_txt(&step.result, 0, text, sizeof text);
    if (strncmp(text, "v=spf1", 6) != 0)
        spf = 1;
    ck_assert_uint_eq(dns_result_txt(&step.result, spf, text, sizeof text), 14);
    ck_assert_str_eq(text, "v=spf1 mx -all");
}
END_TEST

START_TEST(a_truncated_reply_is_asked_for_over_tcp)
{
    start("big.example.org", DNS_TYPE_TXT);
    ck_assert_int_eq(step.action, DNS_ACT_SEND_UDP);
    serve();
    ck_assert_int_eq(deliver(1), DNS_ACT_SEND_TCP);
    ck_assert_int_eq(step.verdict, DNS_TRUNCATED);
    serve();
    dns_lookup_reply(&lookup, 1, step.server, DNS_PORT, false, reply, reply_len, &step);
    ck_assert_int_eq(step.action, DNS_ACT_WAIT); /* a datagram no longer counts */
    ck_assert_int_eq(deliver(2), DNS_ACT_DONE);
    ck_assert_uint_eq(step.result.records, 30);
    ck_assert(step.result.tcp);
}
END_TEST

START_TEST(silence_goes_through_all_servers_twice)
{
    unsigned sent = 1;
    uint64_t now = 0;
    start("example.org", DNS_TYPE_MX);
    ck_assert(dns_addr_equal(step.server, &config.server[0]));
    dns_lookup_expire(&lookup, 5 * S - 1, &step);
    ck_assert_int_eq(step.action, DNS_ACT_WAIT);
    for (;;) {
        now = lookup.deadline_ns;
        dns_lookup_expire(&lookup, now, &step);
        ck_assert_int_eq(step.verdict, DNS_TIMEOUT);
        if (step.action == DNS_ACT_DONE)
            break;
        ck_assert_int_eq(step.action, DNS_ACT_SEND_UDP);
        ck_assert(dns_addr_equal(step.server, &config.server[sent % 2]));
        sent++;
    }
    ck_assert_uint_eq(sent, 4);
    ck_assert_uint_eq(now, 20 * S);
    ck_assert_int_eq(step.result.class_, DNS_RESULT_TIMEOUT);
    dns_lookup_expire(&lookup, 100 * S, &step);
    ck_assert_int_eq(step.action, DNS_ACT_WAIT);
}
END_TEST

START_TEST(an_error_asks_the_next_server_at_once)
{
    start("example.net", DNS_TYPE_A);
    serve();
    ck_assert_int_eq(deliver(1), DNS_ACT_SEND_UDP);
    ck_assert_int_eq(step.verdict, DNS_REFUSED);
    ck_assert(dns_addr_equal(step.server, &config.server[1]));
    dns_lookup_failed(&lookup, 2, &step); /* port unreachable */
    ck_assert_int_eq(step.action, DNS_ACT_SEND_UDP);
    ck_assert(dns_addr_equal(step.server, &config.server[0]));
}
END_TEST

START_TEST(what_was_not_asked_for_is_ignored)
{
    struct dns_addr stranger = addr_of("203.0.113.66"), server = config.server[0];
    start("example.org", DNS_TYPE_MX);
    serve();
    dns_lookup_reply(&lookup, 1, &stranger, DNS_PORT, false, reply, reply_len, &step);
    ck_assert_int_eq(step.verdict, DNS_MISMATCHED);
    dns_lookup_reply(&lookup, 1, &server, 5353, false, reply, reply_len, &step);
    ck_assert_int_eq(step.verdict, DNS_MISMATCHED);
    dns_lookup_reply(&lookup, 1, &server, DNS_PORT, true, reply, reply_len, &step);
    ck_assert_int_eq(step.verdict, DNS_MISMATCHED);
    static const size_t flips[] = { 0, 1, 2, 14, 26, 28 }; /* id, QR, name, type, class */
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        uint8_t bit = flips[i] == 2 ? 0x80 : 1;
        reply[flips[i]] ^= bit;
        dns_lookup_reply(&lookup, 1, &server, DNS_PORT, false, reply, reply_len, &step);
        ck_assert_int_eq(step.action, DNS_ACT_WAIT);
        ck_assert_int_eq(step.verdict, DNS_MISMATCHED);
        reply[flips[i]] ^= bit;
    }
    dns_lookup_reply(&lookup, 1, &server, DNS_PORT, false, reply, 11, &step);
    ck_assert_int_eq(step.verdict, DNS_MISMATCHED);
    dns_lookup_reply(&lookup, 1, &server, DNS_PORT, false, reply, reply_len, &step);
    ck_assert_int_eq(step.action, DNS_ACT_DONE);
    dns_lookup_reply(&lookup, 1, &server, DNS_PORT, false, reply, reply_len, &step);
    ck_assert_int_eq(step.verdict, DNS_MISMATCHED); /* a duplicate */
}
END_TEST

START_TEST(cut_and_mutated_replies_never_hurt)
{
    uint8_t good[DNS_UDP_MAX];
    uint32_t seed = 11;
    unsigned seen[DNS_RESULT_CLASSES] = { 0 };
    start("example.org", DNS_TYPE_MX);
    serve();
    size_t len = reply_len;
    memcpy(good, reply, len);
    config.servers = 1;
    config.attempts = 1;
    for (size_t i = 0; i < len + 20000; i++) {
        start("example.org", DNS_TYPE_MX);
        memcpy(reply, good, len);
        reply_len = i < len ? i : len;
        for (int k = 0; i >= len && k < 2; k++) {
            seed = seed * 1664525 + 1013904223;
            reply[12 + (seed >> 8) % (len - 12)] = (uint8_t)(seed >> 24);
        }
        if (deliver(1) == DNS_ACT_DONE) {
            struct dns_mx mx[4];
            seen[step.result.class_]++;
            dns_result_mx(&step.result, NULL, NULL, mx, 4);
        }
        ck_assert_msg(i >= len || step.action != DNS_ACT_DONE || step.result.class_ == DNS_RESULT_MALFORMED,
                      "%zu", i);
    }
    ck_assert_uint_gt(seen[DNS_RESULT_OK], 100);
    ck_assert_uint_gt(seen[DNS_RESULT_MALFORMED], 100);
}
END_TEST

START_TEST(a_server_without_edns_is_asked_again_without)
{
    start("example.org", DNS_TYPE_MX);
    size_t with = step.query_len;
    serve();
    memcpy(reply, step.query, step.query_len);
    reply_len = 12;
    reply[2] = 0x80, reply[3] = DNS_RCODE_FORMERR;
    memset(reply + 4, 0, 8);
    ck_assert_int_eq(deliver(1), DNS_ACT_SEND_UDP);
    ck_assert_int_eq(step.verdict, DNS_FORMERR);
    ck_assert_uint_eq(step.query_len, with - 11);
    ck_assert(dns_addr_equal(step.server, &config.server[0]));
    serve();
    ck_assert_int_eq(deliver(2), DNS_ACT_DONE);
    ck_assert_int_eq(step.result.class_, DNS_RESULT_OK);
}
END_TEST

START_TEST(an_open_question_is_small)
{
    ck_assert_uint_le(sizeof(struct dns_lookup), 400);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_stub");
    TCase *t = tcase_create("stub");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, mx_hosts_come_by_preference_with_their_addresses);
    tcase_add_test(t, aliases_lead_to_the_canonical_name);
    tcase_add_test(t, the_classes_are_told_apart);
    tcase_add_test(t, txt_strings_are_joined);
    tcase_add_test(t, a_truncated_reply_is_asked_for_over_tcp);
    tcase_add_test(t, silence_goes_through_all_servers_twice);
    tcase_add_test(t, an_error_asks_the_next_server_at_once);
    tcase_add_test(t, what_was_not_asked_for_is_ignored);
    tcase_add_test(t, cut_and_mutated_replies_never_hurt);
    tcase_add_test(t, a_server_without_edns_is_asked_again_without);
    tcase_add_test(t, an_open_question_is_small);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
