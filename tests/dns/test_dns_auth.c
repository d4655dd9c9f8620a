/* Zones and the authoritative server: every row of the table in dns_auth.h. */
#include "protocols/dns/dns_auth.h"

#include "protocols/dns/dns_text.h"
#include "tests/check_main.h"
#include "tests/dns/zones.h"

#define SOA " 3600 SOA ns.example.org hostmaster.example.org 1 7200 900 1209600 300"

static struct test_zone *zone;
static struct dns_auth auth;
static struct dns_step step;
static uint8_t reply[DNS_MESSAGE_MAX];
static size_t reply_len;
static char line[DNS_TEXT_LINE_MAX];

static void setup(void)
{
    zone = zone_make(
        "example.org",
        LINES("example.org" SOA, "example.org 3600 NS ns.example.org",
              "example.org 3600 MX 20 mx2.example.org", "example.org 600 MX 10 mx1.example.org",
              "ns.example.org 3600 A 198.51.100.53", "mx1.example.org 3600 A 198.51.100.10",
              "mx1.example.org 3600 AAAA 2001:db8::10", "mx2.example.org 3600 A 198.51.100.11",
              "www.example.org 60 CNAME web.example.org", "web.example.org 60 A 198.51.100.80",
              "out.example.org 60 CNAME www.example.net", "dangling.example.org 60 CNAME nothing.example.org",
              "loop1.example.org 60 CNAME loop2.example.org", "loop2.example.org 60 CNAME loop1.example.org",
              "a.deep.empty.example.org 60 TXT deep", "*.wild.example.org 60 TXT anything",
              "*.wild.example.org 60 MX 10 mx1.example.org", "here.wild.example.org 60 A 192.0.2.1",
              "*.alias.example.org 60 CNAME web.example.org", "sub.example.org 3600 NS ns.sub.example.org",
              "sub.example.org 3600 NS ns.example.net", "ns.sub.example.org 3600 A 198.51.100.54",
              "nomail.example.org 60 MX 0 ."));
    auth = (struct dns_auth){ .zone = &zone->zone, .zones = 1 };
}

static void teardown(void)
{
    free(zone);
}

static enum dns_verdict ask_over(bool tcp, const char *name, uint16_t type, uint16_t edns)
{
    uint8_t query[DNS_QUERY_MAX];
    size_t len = dns_query_write(query, 0xbeef, true, name_of(name), type, edns);
    reply_len = dns_auth_answer(&auth, tcp, query, len, reply, sizeof reply, &step);
    ck_assert_ptr_nonnull(step.asked);
    ck_assert_ptr_nonnull(step.answered);
    if (reply_len > 0) {
        ck_assert_uint_eq(dns_get16(reply), 0xbeef);
        ck_assert_uint_eq(reply[3] & 15, step.rcode & 15);
        ck_assert_uint_eq((reply[2] & 1), 1); /* RD is copied */
        ck_assert_uint_eq(reply[3] & DNS_FLAG_RA, 0);
    }
    dns_text_line(line, sizeof line, reply, reply_len);
    return step.verdict;
}

static enum dns_verdict ask(const char *name, uint16_t type)
{
    return ask_over(false, name, type, DNS_EDNS_OCTETS);
}

START_TEST(mx_is_answered_with_addresses_in_additional)
{
    ck_assert_int_eq(ask("example.org", DNS_TYPE_MX), DNS_ANSWERED);
    ck_assert_str_eq(line,
                     "MX 10 mx1.example.org; MX 20 mx2.example.org; A 198.51.100.10; AAAA 2001:db8::10; "
                     "A 198.51.100.11 (aa) ttl 600");
    ck_assert_int_eq(ask("Example.org", DNS_TYPE_MX), DNS_ANSWERED);
    ck_assert_mem_eq(reply + 12, "\007Example\003org", 13); /* the question comes back as it was */
    ck_assert(dns_name_equal(step.zone, name_of("example.org")));
}
END_TEST

START_TEST(nodata_and_nxdomain_carry_the_soa_with_the_negative_ttl)
{
    ck_assert_int_eq(ask("mx1.example.org", DNS_TYPE_TXT), DNS_NODATA);
    ck_assert_str_eq(line, "NODATA (aa), no such record for 300 s");
    ck_assert_int_eq(ask("nope.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_str_eq(line, "NXDOMAIN (aa), no such name for 300 s");
    ck_assert_uint_eq(step.rcode, DNS_RCODE_NXDOMAIN);
    ck_assert_int_eq(ask("a.mx1.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
}
END_TEST

START_TEST(ttls_are_those_of_the_standards)
{
    struct dns_reader r;
    struct dns_record rr;
    ask("nope.example.org", DNS_TYPE_A);
    dns_reader_init(&r, reply, reply_len);
    ck_assert(dns_reader_next(&r, &rr));
    ck_assert_int_eq(rr.type, DNS_TYPE_SOA);
    ck_assert_uint_eq(rr.ttl, 300); /* not its own 3600: RFC 2308 section 3 */
    ask("example.org", DNS_TYPE_MX);
    dns_reader_init(&r, reply, reply_len);
    for (int i = 0; i < 2; i++) {
        ck_assert(dns_reader_next(&r, &rr));
        ck_assert_uint_eq(rr.ttl, 600); /* one TTL for the set: RFC 2181 section 5.2 */
    }
}
END_TEST

START_TEST(an_empty_non_terminal_exists)
{
    ck_assert_int_eq(ask("deep.empty.example.org", DNS_TYPE_A), DNS_NODATA);
    ck_assert_int_eq(ask("empty.example.org", DNS_TYPE_A), DNS_NODATA);
    ck_assert_int_eq(ask("b.empty.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_int_eq(ask("a.deep.empty.example.org", DNS_TYPE_TXT), DNS_ANSWERED);
}
END_TEST

START_TEST(aliases_are_chased_within_our_zones)
{
    ck_assert_int_eq(ask("www.example.org", DNS_TYPE_A), DNS_ALIASED);
    ck_assert_str_eq(line, "CNAME web.example.org; A 198.51.100.80 (aa) ttl 60");
    ck_assert_uint_eq(step.aliases, 1);
    ck_assert_int_eq(ask("www.example.org", DNS_TYPE_CNAME), DNS_ANSWERED);
    ck_assert_int_eq(ask("out.example.org", DNS_TYPE_A), DNS_ALIASED);
    ck_assert_str_eq(line, "CNAME www.example.net (aa) ttl 60");
    ck_assert_int_eq(ask("dangling.example.org", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_uint_eq(step.rcode, DNS_RCODE_NXDOMAIN);
    ck_assert_int_eq(ask("www.example.org", DNS_TYPE_MX), DNS_NODATA);
    ck_assert_int_eq(ask("loop1.example.org", DNS_TYPE_A), DNS_LOOP);
    ck_assert_uint_eq(step.aliases, DNS_AUTH_ALIASES_MAX);
}
END_TEST

START_TEST(wildcards_stand_for_missing_names_only)
{
    ck_assert_int_eq(ask("x.wild.example.org", DNS_TYPE_TXT), DNS_WILDCARD);
    ck_assert_str_eq(line, "TXT \"anything\" (aa) ttl 60");
    ck_assert_int_eq(ask("x.y.wild.example.org", DNS_TYPE_MX), DNS_WILDCARD);
    ck_assert_int_eq(ask("x.wild.example.org", DNS_TYPE_A), DNS_NODATA);
    ck_assert_int_eq(ask("here.wild.example.org", DNS_TYPE_TXT), DNS_NODATA);
    ck_assert_int_eq(ask("x.here.wild.example.org", DNS_TYPE_TXT), DNS_NXDOMAIN);
    ck_assert_int_eq(ask("*.wild.example.org", DNS_TYPE_TXT), DNS_ANSWERED);
    ck_assert_int_eq(ask("wild.example.org", DNS_TYPE_TXT), DNS_NODATA);
    ck_assert_int_eq(ask("b.alias.example.org", DNS_TYPE_A), DNS_ALIASED);
    ck_assert_str_eq(line, "CNAME web.example.org; A 198.51.100.80 (aa) ttl 60");
}
END_TEST

START_TEST(below_a_cut_there_are_referrals_with_glue)
{
    static const char *const names[] = { "sub.example.org", "x.sub.example.org", "ns.sub.example.org",
                                         "a.b.sub.example.org" };
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(ask(names[i], DNS_TYPE_A), DNS_REFERRAL);
        ck_assert_str_eq(
            line, "referral to sub.example.org: NS ns.sub.example.org; NS ns.example.net; A 198.51.100.54");
        ck_assert_uint_eq(reply[2] & (DNS_FLAG_AA >> 8), 0);
        ck_assert(dns_name_equal(step.zone, name_of("sub.example.org")));
    }
}
END_TEST

START_TEST(what_is_not_ours_is_refused)
{
    ck_assert_int_eq(ask("example.net", DNS_TYPE_A), DNS_REFUSED);
    ck_assert_int_eq(ask("org", DNS_TYPE_A), DNS_REFUSED);
    ck_assert_int_eq(ask("example.org", DNS_TYPE_AXFR), DNS_REFUSED);
    ck_assert_str_eq(line, "REFUSED");
}
END_TEST

START_TEST(null_mx_has_its_own_verdict)
{
    ck_assert_int_eq(ask("nomail.example.org", DNS_TYPE_MX), DNS_NULL_MX);
    ck_assert_str_eq(line, "MX 0 . (aa) ttl 60");
}
END_TEST

START_TEST(any_gets_one_rrset)
{
    ck_assert_int_eq(ask("mx1.example.org", DNS_TYPE_ANY), DNS_ANSWERED);
    ck_assert_str_eq(line, "A 198.51.100.10 (aa) ttl 3600");
}
END_TEST

static size_t raw(uint8_t *query, size_t len)
{
    reply_len = dns_auth_answer(&auth, false, query, len, reply, sizeof reply, &step);
    ck_assert_ptr_nonnull(step.answered);
    return reply_len;
}

START_TEST(what_is_no_proper_query_gets_its_rcode_or_silence)
{
    uint8_t query[DNS_QUERY_MAX];
    size_t len = dns_query_write(query, 1, false, name_of("example.org"), DNS_TYPE_MX, 1232);
    for (size_t cut = 0; cut < len; cut++) {
        raw(query, cut);
        ck_assert_int_eq(step.verdict, cut < 12 ? DNS_DROPPED : DNS_FORMERR);
        ck_assert_int_eq(reply_len > 0, cut >= 12);
    }
    query[2] = DNS_FLAG_QR >> 8;
    ck_assert_uint_eq(raw(query, len), 0);
    ck_assert_int_eq(step.verdict, DNS_DROPPED);
    query[2] = 4 << 3; /* NOTIFY */
    raw(query, len);
    ck_assert_int_eq(step.verdict, DNS_NOTIMP);
    ck_assert_uint_eq(reply[2], 0x80 | 4 << 3);
    query[2] = 0;
    query[5] = 0; /* no question: what follows is read as a record, and is none */
    raw(query, len);
    ck_assert_int_eq(step.verdict, DNS_FORMERR);
    query[5] = 1;
    query[28] = DNS_CLASS_CH;
    raw(query, len);
    ck_assert_int_eq(step.verdict, DNS_REFUSED);
    query[28] = DNS_CLASS_IN;
    query[len - 5] = 1; /* EDNS version */
    raw(query, len);
    ck_assert_int_eq(step.verdict, DNS_BADVERS);
    ck_assert_uint_eq(reply[3] & 15, 0);
    struct dns_reader r;
    struct dns_record rr;
    struct dns_edns edns;
    dns_reader_init(&r, reply, reply_len);
    ck_assert(dns_reader_next(&r, &rr));
    dns_record_edns(&rr, &edns);
    ck_assert_uint_eq(edns.rcode_high, 1); /* 16 = 1 << 4 | 0 */
}
END_TEST

START_TEST(mutated_queries_never_hurt)
{
    uint8_t good[DNS_QUERY_MAX], query[DNS_QUERY_MAX];
    size_t len = dns_query_write(good, 1, false, name_of("x.wild.example.org"), DNS_TYPE_MX, 1232);
    uint32_t seed = 7;
    unsigned seen[DNS_VERDICTS] = { 0 };
    for (int i = 0; i < 20000; i++) {
        memcpy(query, good, len);
        for (int k = 0; k < 2; k++) {
            seed = seed * 1664525 + 1013904223;
            query[(seed >> 8) % len] = (uint8_t)(seed >> 24);
        }
        raw(query, len);
        seen[step.verdict]++;
        if (reply_len > 0)
            ck_assert_int_ne(dns_message_verdict(reply, reply_len), DNS_MALFORMED);
    }
    ck_assert_uint_gt(seen[DNS_FORMERR], 0);
    ck_assert_uint_gt(seen[DNS_WILDCARD], 0);
    ck_assert_uint_gt(seen[DNS_REFUSED], 0);
}
END_TEST

START_TEST(what_does_not_fit_sets_tc_and_whole_rrsets_go)
{
    char lines[40][80];
    const char *list[42] = { "big.test 60 SOA ns.big.test h.big.test 1 2 3 4 5" };
    for (int i = 0; i < 40; i++) {
        snprintf(lines[i], sizeof lines[i], "big.test 60 TXT \"record %02d with twenty-odd octets\"", i);
        list[i + 1] = lines[i];
    }
    struct test_zone *big = zone_make("big.test", list);
    auth = (struct dns_auth){ .zone = &big->zone, .zones = 1 };
    ck_assert_int_eq(ask_over(false, "big.test", DNS_TYPE_TXT, 0), DNS_TRUNCATED);
    ck_assert_uint_le(reply_len, 512);
    ck_assert_uint_eq(dns_get16(reply + 6), 0);
    ck_assert(reply[2] & DNS_FLAG_TC >> 8);
    ck_assert_int_eq(ask_over(false, "big.test", DNS_TYPE_TXT, 1232), DNS_TRUNCATED);
    ck_assert_int_eq(ask_over(true, "big.test", DNS_TYPE_TXT, 0), DNS_ANSWERED);
    ck_assert_uint_eq(dns_get16(reply + 6), 40);
    ck_assert_uint_gt(reply_len, 1232);
    auth.udp_octets_max = 4096;
    ck_assert_int_eq(ask_over(false, "big.test", DNS_TYPE_TXT, 4096), DNS_ANSWERED);
    ck_assert_int_eq(ask_over(false, "big.test", DNS_TYPE_TXT, 100), DNS_TRUNCATED);
    free(big);
}
END_TEST

START_TEST(faults_are_selected_by_name_and_type)
{
    struct dns_fault faults[] = {
        { name_of("mx1.example.org"), DNS_TYPE_A, DNS_FAULT_DROP },
        { name_of("mx1.example.org"), 0, DNS_FAULT_SERVFAIL },
        { name_of("mx2.example.org"), 0, DNS_FAULT_TRUNCATE },
        { name_of("wild.example.org"), 0, DNS_FAULT_REFUSED },
    };
    auth.fault = faults;
    auth.faults = 4;
    ck_assert_int_eq(ask("mx1.example.org", DNS_TYPE_A), DNS_DROPPED);
    ck_assert_uint_eq(reply_len, 0);
    ck_assert_int_eq(ask("mx1.example.org", DNS_TYPE_AAAA), DNS_SERVFAIL);
    ck_assert_str_eq(line, "SERVFAIL");
    ck_assert_int_eq(ask("mx2.example.org", DNS_TYPE_A), DNS_TRUNCATED);
    ck_assert_int_eq(ask_over(true, "mx2.example.org", DNS_TYPE_A, 0), DNS_ANSWERED);
    ck_assert_int_eq(ask("a.wild.example.org", DNS_TYPE_TXT), DNS_REFUSED);
    ck_assert_int_eq(ask("example.org", DNS_TYPE_MX), DNS_ANSWERED);
}
END_TEST

START_TEST(the_longest_matching_zone_answers)
{
    struct dns_zone zones[3];
    struct test_zone *sub = zone_make(
        "sub.example.org", LINES("sub.example.org 60 SOA a b 1 2 3 4 5", "x.sub.example.org 60 A 192.0.2.9"));
    struct test_zone *root = zone_make(".", LINES(". 60 SOA a b 1 2 3 4 5", "org 60 NS ns.example.org",
                                                  "ns.example.org 60 A 198.51.100.53"));
    zones[0] = zone->zone, zones[1] = root->zone, zones[2] = sub->zone;
    dns_zones_sort(zones, 3);
    auth = (struct dns_auth){ .zone = zones, .zones = 3 };
    ck_assert_int_eq(ask("x.sub.example.org", DNS_TYPE_A), DNS_ANSWERED);
    ck_assert_str_eq(line, "A 192.0.2.9 (aa) ttl 60");
    ck_assert_int_eq(ask("mx1.example.org", DNS_TYPE_A), DNS_ANSWERED);
    ck_assert_int_eq(ask("whatever.org", DNS_TYPE_A), DNS_REFERRAL);
    ck_assert_str_eq(line, "referral to org: NS ns.example.org; A 198.51.100.53");
    ck_assert_int_eq(ask("test", DNS_TYPE_A), DNS_NXDOMAIN);
    ck_assert_int_eq(ask(".", DNS_TYPE_SOA), DNS_ANSWERED);
    free(sub);
    free(root);
}
END_TEST

START_TEST(a_bad_zone_says_which_record_is_wrong)
{
    static const struct {
        enum dns_zone_error error;
        const char *lines[4];
    } bad[] = {
        { DNS_ZONE_NO_SOA, { "example.org 1 A 192.0.2.1" } },
        { DNS_ZONE_MANY_SOA, { "example.org" SOA, "example.org 1 SOA a b 2 2 3 4 5" } },
        { DNS_ZONE_MANY_SOA, { "example.org" SOA, "x.example.org 1 SOA a b 2 2 3 4 5" } },
        { DNS_ZONE_OUTSIDE, { "example.org" SOA, "example.net 1 A 192.0.2.1" } },
        { DNS_ZONE_CNAME_AND_DATA,
          { "example.org" SOA, "x.example.org 1 CNAME a", "x.example.org 1 A 192.0.2.1" } },
        { DNS_ZONE_CNAME_AND_DATA,
          { "example.org" SOA, "x.example.org 1 CNAME a", "x.example.org 1 CNAME b" } },
        { DNS_ZONE_CNAME_AND_DATA, { "example.org" SOA, "example.org 1 CNAME a" } },
        { DNS_ZONE_TTL_TOO_BIG, { "example.org" SOA, "x.example.org 2147483648 A 192.0.2.1" } },
        { DNS_ZONE_BAD_TYPE, { "example.org" SOA, "x.example.org 1 TYPE250 \\# 0" } },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct dns_zone_record *record;
        struct test_zone *z = zone_raw("example.org", bad[i].lines);
        ck_assert_int_eq(dns_zone_index(&z->zone, &record), bad[i].error);
        ck_assert_int_eq(record == NULL, bad[i].error == DNS_ZONE_NO_SOA);
        ck_assert_ptr_nonnull(dns_zone_error_text(bad[i].error));
        free(z);
    }
}
END_TEST

START_TEST(the_order_of_lines_does_not_matter)
{
    const struct dns_zone_record *bad;
    uint8_t first[DNS_UDP_MAX];
    ck_assert_int_eq(ask("example.org", DNS_TYPE_MX), DNS_ANSWERED);
    size_t len = reply_len;
    memcpy(first, reply, len);
    for (size_t i = 0; i < zone->zone.records / 2; i++) {
        struct dns_zone_record other = zone->record[i];
        zone->record[i] = zone->record[zone->zone.records - 1 - i];
        zone->record[zone->zone.records - 1 - i] = other;
    }
    ck_assert_int_eq(dns_zone_index(&zone->zone, &bad), DNS_ZONE_OK);
    ask("example.org", DNS_TYPE_MX);
    ck_assert_uint_eq(reply_len, len);
    ck_assert_mem_eq(reply, first, len);
}
END_TEST

START_TEST(a_server_from_before_edns_ignores_it)
{
    auth.no_edns = true;
    ck_assert_int_eq(ask("example.org", DNS_TYPE_MX), DNS_ANSWERED);
    struct dns_reader r;
    struct dns_record rr;
    dns_reader_init(&r, reply, reply_len);
    while (dns_reader_next(&r, &rr))
        ck_assert_int_ne(rr.type, DNS_TYPE_OPT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_auth");
    TCase *t = tcase_create("auth");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, mx_is_answered_with_addresses_in_additional);
    tcase_add_test(t, nodata_and_nxdomain_carry_the_soa_with_the_negative_ttl);
    tcase_add_test(t, ttls_are_those_of_the_standards);
    tcase_add_test(t, an_empty_non_terminal_exists);
    tcase_add_test(t, aliases_are_chased_within_our_zones);
    tcase_add_test(t, wildcards_stand_for_missing_names_only);
    tcase_add_test(t, below_a_cut_there_are_referrals_with_glue);
    tcase_add_test(t, what_is_not_ours_is_refused);
    tcase_add_test(t, null_mx_has_its_own_verdict);
    tcase_add_test(t, any_gets_one_rrset);
    tcase_add_test(t, what_is_no_proper_query_gets_its_rcode_or_silence);
    tcase_add_test(t, mutated_queries_never_hurt);
    tcase_add_test(t, what_does_not_fit_sets_tc_and_whole_rrsets_go);
    tcase_add_test(t, faults_are_selected_by_name_and_type);
    tcase_add_test(t, the_longest_matching_zone_answers);
    tcase_add_test(t, a_bad_zone_says_which_record_is_wrong);
    tcase_add_test(t, the_order_of_lines_does_not_matter);
    tcase_add_test(t, a_server_from_before_edns_ignores_it);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
