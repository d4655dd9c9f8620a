/* Records and addresses as people write them. */
#include "protocols/dns/dns_rdata.h"

#include "protocols/dns/dns_text.h"
#include "tests/check_main.h"
#include "tests/dns/zones.h"

static enum dns_rdata_error parse(uint16_t type, const char *text)
{
    uint8_t rdata[4096];
    size_t len;
    return dns_rdata_from_text(type, text, strlen(text), rdata, sizeof rdata, &len);
}

START_TEST(what_is_parsed_prints_the_same)
{
    static const struct {
        uint16_t type;
        const char *text;
    } good[] = {
        { DNS_TYPE_A, "198.51.100.10" },
        { DNS_TYPE_AAAA, "2001:db8::10" },
        { DNS_TYPE_MX, "10 mx.example.org" },
        { DNS_TYPE_MX, "0 ." },
        { DNS_TYPE_NS, "ns.example.org" },
        { DNS_TYPE_TXT, "\"v=spf1 mx -all\"" },
        { DNS_TYPE_TXT, "\"a\" \"b\\\"c\" \"\" \"\\007\"" },
        { DNS_TYPE_SRV, "0 1 993 imap.example.org" },
        { DNS_TYPE_SOA, "ns.example.org hostmaster.example.org 2024010101 7200 900 1209600 300" },
        { 65280, "\\# 3 01ff03" },
        { DNS_TYPE_TLSA, "\\# 0" },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t rdata[600];
        char text[600];
        size_t len;
        ck_assert_int_eq(
            dns_rdata_from_text(good[i].type, good[i].text, strlen(good[i].text), rdata, sizeof rdata, &len),
            DNS_RDATA_OK);
        dns_text_rdata(text, sizeof text, good[i].type, rdata, len);
        ck_assert_str_eq(text, good[i].text);
    }
}
END_TEST

START_TEST(each_mistake_has_its_own_error)
{
    ck_assert_int_eq(parse(DNS_TYPE_A, "198.51.100"), DNS_RDATA_BAD_ADDRESS);
    ck_assert_int_eq(parse(DNS_TYPE_A, "2001:db8::1"), DNS_RDATA_BAD_ADDRESS);
    ck_assert_int_eq(parse(DNS_TYPE_AAAA, "198.51.100.1"), DNS_RDATA_BAD_ADDRESS);
    ck_assert_int_eq(parse(DNS_TYPE_MX, "mx.example.org"), DNS_RDATA_BAD_NUMBER);
    ck_assert_int_eq(parse(DNS_TYPE_MX, "10"), DNS_RDATA_MISSING);
    ck_assert_int_eq(parse(DNS_TYPE_MX, "65536 mx.example.org"), DNS_RDATA_BAD_NUMBER);
    ck_assert_int_eq(parse(DNS_TYPE_MX, "10 mx..org"), DNS_RDATA_BAD_NAME);
    ck_assert_int_eq(parse(DNS_TYPE_MX, "10 a b"), DNS_RDATA_TRAILING);
    ck_assert_int_eq(parse(DNS_TYPE_SOA, "a b 1 2 3 4 4294967296"), DNS_RDATA_BAD_NUMBER);
    ck_assert_int_eq(parse(DNS_TYPE_SOA, "a b 1 2 3 4 4294967295"), DNS_RDATA_OK);
    ck_assert_int_eq(parse(DNS_TYPE_SOA, "a b 1 2 3 4 99999999999999999999999"), DNS_RDATA_BAD_NUMBER);
    ck_assert_int_eq(parse(DNS_TYPE_TXT, "\"open"), DNS_RDATA_BAD_STRING);
    ck_assert_int_eq(parse(DNS_TYPE_TXT, "\"a\" b"), DNS_RDATA_BAD_STRING);
    ck_assert_int_eq(parse(DNS_TYPE_TXT, "\"\\300\""), DNS_RDATA_BAD_STRING);
    ck_assert_int_eq(parse(DNS_TYPE_TLSA, "3 1 1 00"), DNS_RDATA_NO_SYNTAX);
    ck_assert_int_eq(parse(DNS_TYPE_TLSA, "\\# 2 00"), DNS_RDATA_BAD_HEX);
    ck_assert_int_eq(parse(DNS_TYPE_TLSA, "\\# 1 0"), DNS_RDATA_BAD_HEX);
    ck_assert_int_eq(parse(DNS_TYPE_TLSA, "\\# 1 0g"), DNS_RDATA_BAD_HEX);
    for (int e = 0; e < DNS_RDATA_ERRORS; e++)
        ck_assert_ptr_nonnull(dns_rdata_error_text((enum dns_rdata_error)e));
}
END_TEST

START_TEST(long_text_is_cut_into_strings_of_255)
{
    char text[601];
    uint8_t rdata[700];
    char joined[700];
    size_t len;
    memset(text, 'k', 600);
    text[600] = '\0';
    ck_assert_int_eq(dns_rdata_from_text(DNS_TYPE_TXT, text, 600, rdata, sizeof rdata, &len), DNS_RDATA_OK);
    ck_assert_uint_eq(len, 603);
    ck_assert_uint_eq(rdata[0], 255);
    ck_assert_uint_eq(rdata[512], 90);
    ck_assert_uint_eq(dns_rdata_txt(rdata, len, joined, sizeof joined), 600);
    ck_assert_str_eq(joined, text);
    ck_assert_int_eq(dns_rdata_from_text(DNS_TYPE_TXT, text, 600, rdata, 602, &len), DNS_RDATA_TOO_LONG);
}
END_TEST

START_TEST(null_mx_is_preference_0_and_a_dot)
{
    uint8_t rdata[300];
    size_t len;
    dns_rdata_from_text(DNS_TYPE_MX, "0 .", 3, rdata, sizeof rdata, &len);
    ck_assert(dns_rdata_is_null_mx(rdata, len));
    dns_rdata_from_text(DNS_TYPE_MX, "10 .", 4, rdata, sizeof rdata, &len);
    ck_assert(!dns_rdata_is_null_mx(rdata, len));
    dns_rdata_from_text(DNS_TYPE_MX, "0 a", 3, rdata, sizeof rdata, &len);
    ck_assert(!dns_rdata_is_null_mx(rdata, len));
}
END_TEST

START_TEST(addresses_print_as_rfc_5952_says)
{
    static const char *const pairs[][2] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "2001:DB8:0:0:0:0:2:1", "2001:db8::2:1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "::ffff:192.0.2.1", "::ffff:c000:201" },
        { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct dns_addr addr = addr_of(pairs[i][0]);
        char text[DNS_ADDR_TEXT_MAX];
        ck_assert_uint_eq(dns_addr_to_text(&addr, text), strlen(pairs[i][1]));
        ck_assert_str_eq(text, pairs[i][1]);
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const bad[] = { "",
                                       "1.2.3",
                                       "1.2.3.4.5",
                                       "256.1.1.1",
                                       "01.2.3.4",
                                       "1.2.3.4 ",
                                       "1..2.3",
                                       "a.b.c.d",
                                       ":",
                                       ":1",
                                       "1:",
                                       ":::",
                                       "1::2::",
                                       "12345::",
                                       "1:2:3:4:5:6:7",
                                       "1:2:3:4:5:6:7:8:9",
                                       "::g",
                                       "1:2:3:4:5:6:7:8::",
                                       "::1.2.3",
                                       "1:2:3:4:5:6:7:1.2.3.4" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dns_addr addr;
        ck_assert_msg(!dns_addr_from_text(&addr, bad[i], strlen(bad[i])), "%s", bad[i]);
    }
}
END_TEST

START_TEST(reverse_names_lead_there_and_back)
{
    static const char *const pairs[][2] = {
        { "198.51.100.7", "7.100.51.198.in-addr.arpa" },
        { "2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
    };
    struct dns_addr addr, back;
    struct dns_name name;
    for (size_t i = 0; i < 2; i++) {
        char text[DNS_NAME_TEXT_MAX];
        addr = addr_of(pairs[i][0]);
        dns_reverse_name(&addr, &name);
        dns_name_to_text(name.wire, text, sizeof text);
        ck_assert_str_eq(text, pairs[i][1]);
        ck_assert_uint_eq(dns_name_len(name.wire), name.len);
        ck_assert(dns_reverse_addr(name.wire, &back));
        ck_assert(dns_addr_equal(&addr, &back));
    }
    ck_assert(!dns_reverse_addr(name_of("100.51.198.in-addr.arpa"), &back));
    ck_assert(!dns_reverse_addr(name_of("256.100.51.198.in-addr.arpa"), &back));
    ck_assert(!dns_reverse_addr(name_of("x.100.51.198.in-addr.arpa"), &back));
    ck_assert(!dns_reverse_addr(name_of("example.org"), &back));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_rdata");
    TCase *t = tcase_create("rdata");
    tcase_add_test(t, what_is_parsed_prints_the_same);
    tcase_add_test(t, each_mistake_has_its_own_error);
    tcase_add_test(t, long_text_is_cut_into_strings_of_255);
    tcase_add_test(t, null_mx_is_preference_0_and_a_dot);
    tcase_add_test(t, addresses_print_as_rfc_5952_says);
    tcase_add_test(t, what_is_no_address_is_refused);
    tcase_add_test(t, reverse_names_lead_there_and_back);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
