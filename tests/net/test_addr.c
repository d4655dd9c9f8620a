/* Addresses as text, prefixes, and the Internet checksum. */
#include "tests/net/net_world.h"
#include "tests/check_main.h"

START_TEST(text_is_canonical)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::", "::" },
        { "::1", "::1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },    /* the first of equals, RFC 5952 4.2.3 */
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one group is not shortened, 4.2.2 */
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },          /* the longest */
        { "2001:db8::", "2001:db8::" },
        { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
        { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
        { "fe80::a:b", "fe80::a:b" },
        { "1::2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[NET_ADDR_TEXT];
        struct net_addr a = addr(cases[i].in), again;
        ck_assert_str_eq(net_addr_text(&a, text), cases[i].out);
        ck_assert(net_addr_parse(&again, text) && net_addr_same(&a, &again));
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const cases[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1..2.3",
        "a.b.c.d",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "g::",
        "::1%eth0",
        "1:2:3:4:5:6:7:",
        ":1::2",
        "::1.2.3",
        "::1.2.3.4.5",
        "1:2:3:4:5:6:7::8",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_addr a;
        ck_assert_msg(!net_addr_parse(&a, cases[i]), "%s", cases[i]);
    }
}
END_TEST

START_TEST(prefixes_compare_bits_of_one_family)
{
    static const struct {
        const char *a, *prefix;
        unsigned bits;
        bool within;
    } cases[] = {
        { "192.0.2.200", "192.0.2.0", 24, true },
        { "192.0.3.1", "192.0.2.0", 24, false },
        { "192.0.3.1", "192.0.2.0", 23, true },
        { "192.0.2.129", "192.0.2.128", 25, true },
        { "192.0.2.127", "192.0.2.128", 25, false },
        { "10.0.0.1", "0.0.0.0", 0, true },
        { "10.0.0.1", "::", 0, false },
        { "2001:db8::1", "::", 0, true },
        { "2001:db8:1::1", "2001:db8::", 32, true },
        { "2001:db9::1", "2001:db8::", 32, false },
        { "2001:db8::1", "2001:db8::1", 128, true },
        { "2001:db8::2", "2001:db8::1", 128, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_addr a = addr(cases[i].a), p = addr(cases[i].prefix);
        ck_assert_msg(net_addr_within(&a, &p, cases[i].bits) == cases[i].within, "case %zu", i);
    }
}
END_TEST

/* RFC 1071 word by word, as slow as it reads. */
static uint32_t sum_by_words(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

START_TEST(sum_is_that_of_rfc_1071)
{
    static uint8_t octets[2048];
    struct core_rng rng;
    core_rng_init(&rng, 1, "sum");
    for (int round = 0; round < 3000; round++) {
        size_t len = core_rng_below(&rng, 1600), at = core_rng_below(&rng, 8);
        uint16_t sum;
        core_rng_fill(&rng, octets + at, len);
        if (round % 3 == 0)
            memset(octets + at, 0xff, len);
        sum = (uint16_t)net_sum(octets + at, len, 0);
        ck_assert_uint_eq(net_get16((const uint8_t *)&sum), sum_by_words(octets + at, len));
    }
}
END_TEST

START_TEST(pseudo_header_is_that_of_the_rfcs)
{
    struct net_addr a = addr("192.0.2.1"), b = addr("203.0.113.9"), c = addr("2001:db8::1"),
                    d = addr("2001:db8::ffff");
    uint8_t v4[12] = { 192, 0, 2, 1, 203, 0, 113, 9, 0, 17, 0, 100 }, v6[40] = { 0 };
    ck_assert_uint_eq(net_sum_pseudo(&a, &b, 17, 100), net_sum(v4, sizeof v4, 0));
    memcpy(v6, c.b, 16);
    memcpy(v6 + 16, d.b, 16);
    net_put32(v6 + 32, 1440);
    v6[39] = 6;
    ck_assert_uint_eq(net_sum_pseudo(&c, &d, 6, 1440), net_sum(v6, sizeof v6, 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("addr");
    TCase *t = tcase_create("addr");
    tcase_add_test(t, text_is_canonical);
    tcase_add_test(t, what_is_no_address_is_refused);
    tcase_add_test(t, prefixes_compare_bits_of_one_family);
    tcase_add_test(t, sum_is_that_of_rfc_1071);
    tcase_add_test(t, pseudo_header_is_that_of_the_rfcs);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
