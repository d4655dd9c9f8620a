/* Names: text, wire, compression, order, hash. */
#include "protocols/dns/dns_name.h"

#include <check.h>
#include <string.h>
#include "tests/check_main.h"

static struct dns_name parse(const char *text)
{
    struct dns_name name;
    ck_assert_int_eq(dns_name_from_text(&name, text, strlen(text)), DNS_NAME_OK);
    return name;
}

static enum dns_name_error error_of(const char *text)
{
    struct dns_name name;
    return dns_name_from_text(&name, text, strlen(text));
}

START_TEST(text_and_wire_are_each_others_inverse)
{
    static const char *const names[] = {
        ".", "org", "example.org", "_dmarc.example.org", "a\\.b.example.org", "\\000\\255.test"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[DNS_NAME_TEXT_MAX];
        struct dns_name name = parse(names[i]);
        ck_assert_uint_eq(dns_name_to_text(name.wire, text, sizeof text), strlen(names[i]));
        ck_assert_str_eq(text, names[i]);
        ck_assert_uint_eq(dns_name_len(name.wire), name.len);
        ck_assert_uint_eq(dns_name_check(name.wire, name.len), name.len);
    }
}
END_TEST

START_TEST(a_final_dot_changes_nothing)
{
    struct dns_name a = parse("example.org"), b = parse("example.org.");
    ck_assert_mem_eq(a.wire, "\007example\003org", 13);
    ck_assert_uint_eq(a.len, 13);
    ck_assert_uint_eq(b.len, 13);
    ck_assert_mem_eq(b.wire, a.wire, 13);
}
END_TEST

START_TEST(bad_text_is_told_apart)
{
    char label[80], whole[300] = "";
    memset(label, 'a', 64);
    label[64] = '\0';
    ck_assert_int_eq(error_of(""), DNS_NAME_EMPTY);
    ck_assert_int_eq(error_of(".org"), DNS_NAME_EMPTY_LABEL);
    ck_assert_int_eq(error_of("a..b"), DNS_NAME_EMPTY_LABEL);
    ck_assert_int_eq(error_of(".."), DNS_NAME_EMPTY_LABEL);
    ck_assert_int_eq(error_of("a\\"), DNS_NAME_BAD_ESCAPE);
    ck_assert_int_eq(error_of("a\\25"), DNS_NAME_BAD_ESCAPE);
    ck_assert_int_eq(error_of("a\\256"), DNS_NAME_BAD_ESCAPE);
    ck_assert_int_eq(error_of(label), DNS_NAME_LABEL_TOO_LONG);
    label[63] = '\0';
    ck_assert_int_eq(error_of(label), DNS_NAME_OK);
    for (int i = 0; i < 127; i++)
        strcat(whole, i ? ".a" : "a");
    ck_assert_int_eq(error_of(whole), DNS_NAME_OK);
    ck_assert_uint_eq(parse(whole).len, 255);
    strcat(whole, ".");
    ck_assert_uint_eq(parse(whole).len, 255);
    strcat(whole, "a");
    ck_assert_int_eq(error_of(whole), DNS_NAME_TOO_LONG);
    strcpy(whole + 253, "a");
    ck_assert_int_eq(error_of(whole), DNS_NAME_TOO_LONG);
}
END_TEST

START_TEST(text_never_passes_the_end_of_its_buffer)
{
    struct dns_name name = parse("a\\001.example.org");
    char text[40], whole[40];
    dns_name_to_text(name.wire, whole, sizeof whole);
    for (size_t cap = 1; cap <= sizeof text; cap++) {
        memset(text, '#', sizeof text);
        size_t n = dns_name_to_text(name.wire, text, cap);
        ck_assert_uint_lt(n, cap);
        ck_assert_uint_eq(strlen(text), n);
        ck_assert_int_eq(strncmp(text, whole, n), 0);
        if (cap < sizeof text)
            ck_assert_int_eq(text[cap], '#');
    }
}
END_TEST

/* The message of RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at
 * 64, the root at 92. */
static void rfc_example(uint8_t msg[93])
{
    memset(msg, 0xff, 93);
    memcpy(msg + 20, "\001F\003ISI\004ARPA", 12);
    memcpy(msg + 40, "\003FOO\300\024", 6);
    memcpy(msg + 64, "\300\032", 2);
    msg[92] = 0;
}

START_TEST(the_example_of_rfc_1035_is_decompressed)
{
    uint8_t msg[93];
    struct dns_name name;
    rfc_example(msg);
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 20), 32);
    ck_assert(dns_name_equal(name.wire, parse("f.isi.arpa").wire));
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 40), 46);
    ck_assert(dns_name_equal(name.wire, parse("foo.f.isi.arpa").wire));
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 64), 66);
    ck_assert(dns_name_equal(name.wire, parse("arpa").wire));
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 92), 93);
    ck_assert_uint_eq(name.len, 1);
    ck_assert_uint_eq(dns_name_skip(msg, sizeof msg, 40), 46);
}
END_TEST

START_TEST(pointers_that_loop_or_look_ahead_are_malformed)
{
    uint8_t self[] = "............\300\014", pair[] = "............\300\016\300\014";
    uint8_t label_loop[] = "............\001a\300\014", ahead[] = "............\300\016\001b";
    uint8_t header[] = "\001a..........\300\000";
    struct dns_name name;
    ck_assert_uint_eq(dns_name_read(&name, self, 14, 12), 0);
    ck_assert_uint_eq(dns_name_read(&name, pair, 16, 12), 0);
    ck_assert_uint_eq(dns_name_read(&name, pair, 16, 14), 0);
    ck_assert_uint_eq(dns_name_read(&name, label_loop, 16, 12), 0);
    ck_assert_uint_eq(dns_name_read(&name, ahead, 17, 12), 0);
    ck_assert_uint_eq(dns_name_read(&name, header, 14, 12), 0);
}
END_TEST

START_TEST(long_chains_of_pointers_are_malformed)
{
    uint8_t msg[12 + 1 + 2 * 300] = { 0 };
    struct dns_name name;
    for (unsigned i = 0; i < 300; i++) { /* the root at 12, then each points to the one before */
        unsigned target = i ? 13 + 2 * (i - 1) : 12;
        msg[13 + 2 * i] = (uint8_t)(0xc0 | target >> 8);
        msg[14 + 2 * i] = (uint8_t)target;
    }
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 13 + 2 * 127), 15 + 2 * 127);
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 13 + 2 * 128), 0);
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, 13 + 2 * 299), 0);
}
END_TEST

START_TEST(reserved_label_types_and_cut_names_are_malformed)
{
    uint8_t msg[] = "............\003foo\300\020";
    struct dns_name name;
    for (unsigned type = 0x40; type < 0xc0; type += 0x40) {
        msg[12] = (uint8_t)(type | 3);
        ck_assert_uint_eq(dns_name_read(&name, msg, 17, 12), 0);
        ck_assert_uint_eq(dns_name_skip(msg, 17, 12), 0);
        ck_assert_uint_eq(dns_name_check(msg + 12, 5), 0);
    }
    msg[12] = 3;
    msg[16] = 0;
    for (size_t len = 12; len < 17; len++)
        ck_assert_uint_eq(dns_name_read(&name, msg, len, 12), 0);
    ck_assert_uint_eq(dns_name_read(&name, msg, 17, 12), 17);
}
END_TEST

START_TEST(a_name_that_decompresses_to_more_than_255_octets_is_malformed)
{
    uint8_t msg[12 + 4 * 64 + 80];
    struct dns_name name;
    size_t at = 12;
    memset(msg, 'a', sizeof msg);
    for (int i = 0; i < 3; i++, at += 64)
        msg[at] = 63;
    msg[at++] = 0; /* 193 octets at 12 */
    msg[at] = 61;
    msg[at + 62] = 0xc0, msg[at + 63] = 12; /* 62 + 193 = 255: just fits */
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, at), at + 64);
    ck_assert_uint_eq(name.len, 255);
    msg[at] = 62;
    msg[at + 63] = 0xc0, msg[at + 64] = 12;
    ck_assert_uint_eq(dns_name_read(&name, msg, sizeof msg, at), 0);
}
END_TEST

START_TEST(names_compare_without_case_but_octets_beyond_ascii_stay)
{
    struct dns_name a = parse("Example.ORG"), b = parse("eXAMPLE.org");
    ck_assert(dns_name_equal(a.wire, b.wire));
    ck_assert_uint_eq(dns_name_hash(a.wire), dns_name_hash(b.wire));
    ck_assert(!dns_name_equal(parse("\\197.test").wire, parse("\\229.test").wire));
    ck_assert(!dns_name_equal(parse("[.test").wire, parse("{.test").wire));
    ck_assert(!dns_name_equal(parse("a.test").wire, parse("ab.test").wire));
    ck_assert(!dns_name_equal(parse("a.b").wire, parse("a\\.b").wire));
}
END_TEST

START_TEST(order_is_that_of_rfc_4034_section_6_1)
{
    static const char *const sorted[] = { "example",         "a.example",      "yljkjljk.a.example",
                                          "Z.a.example",     "zABC.a.EXAMPLE", "z.example",
                                          "\\001.z.example", "*.z.example",    "\\200.z.example" };
    size_t n = sizeof sorted / sizeof sorted[0];
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            int order = dns_name_compare(parse(sorted[i]).wire, parse(sorted[k]).wire);
            ck_assert_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
        }
}
END_TEST

START_TEST(below_means_at_or_below_by_whole_labels)
{
    ck_assert(dns_name_is_below(parse("a.Example.org").wire, parse("example.ORG").wire));
    ck_assert(dns_name_is_below(parse("example.org").wire, parse("example.org").wire));
    ck_assert(dns_name_is_below(parse("example.org").wire, parse(".").wire));
    ck_assert(!dns_name_is_below(parse("badexample.org").wire, parse("example.org").wire));
    ck_assert(!dns_name_is_below(parse("org").wire, parse("example.org").wire));
    ck_assert_uint_eq(dns_name_labels(parse("a.b.c").wire), 3);
    ck_assert_uint_eq(dns_name_labels(parse(".").wire), 0);
    ck_assert(dns_name_equal(dns_name_parent(parse("a.b.c").wire), parse("b.c").wire));
    ck_assert(dns_name_equal(dns_name_parent(parse(".").wire), parse(".").wire));
}
END_TEST

START_TEST(hashes_of_ancestors_are_the_hashes_of_their_names)
{
    struct dns_name name = parse("mx1.Mail.example.org");
    uint32_t hash[DNS_LABELS_MAX];
    uint8_t at[DNS_LABELS_MAX];
    unsigned n = dns_name_hashes(name.wire, hash, at);
    ck_assert_uint_eq(n, 5);
    for (unsigned i = 0; i < n; i++)
        ck_assert_uint_eq(hash[i], dns_name_hash(name.wire + at[i]));
    ck_assert_uint_eq(hash[2], dns_name_hash(parse("example.org").wire));
    ck_assert_uint_ne(hash[0], hash[1]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_name");
    TCase *t = tcase_create("names");
    tcase_add_test(t, text_and_wire_are_each_others_inverse);
    tcase_add_test(t, a_final_dot_changes_nothing);
    tcase_add_test(t, bad_text_is_told_apart);
    tcase_add_test(t, text_never_passes_the_end_of_its_buffer);
    tcase_add_test(t, the_example_of_rfc_1035_is_decompressed);
    tcase_add_test(t, pointers_that_loop_or_look_ahead_are_malformed);
    tcase_add_test(t, long_chains_of_pointers_are_malformed);
    tcase_add_test(t, reserved_label_types_and_cut_names_are_malformed);
    tcase_add_test(t, a_name_that_decompresses_to_more_than_255_octets_is_malformed);
    tcase_add_test(t, names_compare_without_case_but_octets_beyond_ascii_stay);
    tcase_add_test(t, order_is_that_of_rfc_4034_section_6_1);
    tcase_add_test(t, below_means_at_or_below_by_whole_labels);
    tcase_add_test(t, hashes_of_ancestors_are_the_hashes_of_their_names);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
