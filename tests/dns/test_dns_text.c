/* Text for people, and the tables of words: no holes, nothing too long, ASCII only. */
#include "protocols/dns/dns_text.h"

#include "protocols/dns/dns_auth.h"
#include "protocols/dns/dns_stub.h"
#include "protocols/dns/dns_verdict.h"
#include "tests/check_main.h"
#include "tests/dns/zones.h"

static uint8_t msg[2000];
static char text[3000];

static size_t write_reply(uint16_t flags, const char *name, uint16_t type, const char *const (*records)[4])
{
    static const char *const sections[] = { "", "an", "au", "ad" };
    struct dns_writer w;
    uint8_t rdata[600];
    size_t len;
    dns_writer_init(&w, msg, sizeof msg, 4660, flags);
    dns_writer_question(&w, name_of(name), type, DNS_CLASS_IN);
    for (; records && (*records)[0]; records++) {
        int section = 1;
        while (strcmp(sections[section], (*records)[0]) != 0)
            section++;
        uint16_t code = dns_type_from_text((*records)[2], strlen((*records)[2]));
        ck_assert_int_eq(
            dns_rdata_from_text(code, (*records)[3], strlen((*records)[3]), rdata, sizeof rdata, &len),
            DNS_RDATA_OK);
        ck_assert(dns_writer_record(&w, (enum dns_section)section, name_of((*records)[1]), code, DNS_CLASS_IN,
                                    3600, rdata, len));
    }
    return dns_writer_finish(&w);
}

START_TEST(a_query_is_one_short_line)
{
    size_t len = dns_query_write(msg, 1, true, name_of("example.org"), DNS_TYPE_MX, 1232);
    ck_assert_uint_eq(dns_text_line(text, sizeof text, msg, len), 15);
    ck_assert_str_eq(text, "MX? example.org");
    len = dns_query_write(msg, 1, true, name_of("."), 65281, 0);
    dns_text_line(text, sizeof text, msg, len);
    ck_assert_str_eq(text, "TYPE65281? .");
    dns_text_line(text, sizeof text, msg, 11);
    ck_assert_str_eq(text, "malformed");
    dns_text_question(text, sizeof text, name_of("example.org"), DNS_TYPE_MX);
    ck_assert_str_eq(text, "MX example.org");
}
END_TEST

START_TEST(long_answers_are_counted_not_listed)
{
    static const char *const records[][4] = {
        { "an", "a.test", "A", "192.0.2.1" }, { "an", "a.test", "A", "192.0.2.2" },
        { "an", "a.test", "A", "192.0.2.3" }, { "an", "a.test", "A", "192.0.2.4" },
        { "an", "a.test", "A", "192.0.2.5" }, { "an", "a.test", "A", "192.0.2.6" },
        { NULL, NULL, NULL, NULL },
    };
    size_t len = write_reply(0x8180, "a.test", DNS_TYPE_A, records);
    dns_text_line(text, sizeof text, msg, len);
    ck_assert_str_eq(text, "A 192.0.2.1; A 192.0.2.2; A 192.0.2.3; A 192.0.2.4; +2 more ttl 3600");
}
END_TEST

START_TEST(dig_shows_every_section)
{
    static const char *const records[][4] = {
        { "an", "example.org", "MX", "10 mx.example.org" },
        { "au", "example.org", "NS", "ns.example.org" },
        { "ad", "mx.example.org", "A", "198.51.100.10" },
        { NULL, NULL, NULL, NULL },
    };
    size_t len = write_reply(0x8580, "example.org", DNS_TYPE_MX, records);
    dns_text_dig(text, sizeof text, msg, len);
    ck_assert_str_eq(text, ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4660\n"
                           ";; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 1, ADDITIONAL: 1\n"
                           "\n;; QUESTION SECTION:\n;example.org. IN MX\n"
                           "\n;; ANSWER SECTION:\nexample.org. 3600 IN MX 10 mx.example.org.\n"
                           "\n;; AUTHORITY SECTION:\nexample.org. 3600 IN NS ns.example.org.\n"
                           "\n;; ADDITIONAL SECTION:\nmx.example.org. 3600 IN A 198.51.100.10\n");
    len = dns_query_write(msg, 4660, true, name_of("example.org"), DNS_TYPE_MX, 1232);
    dns_text_dig(text, sizeof text, msg, len);
    ck_assert_str_eq(text, ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4660\n"
                           ";; flags: rd; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1\n"
                           ";; EDNS: version 0, flags:, udp: 1232\n"
                           "\n;; QUESTION SECTION:\n;example.org. IN MX\n");
}
END_TEST

START_TEST(no_buffer_is_overrun_and_no_octet_is_unprintable)
{
    uint32_t seed = 5;
    static const char *const records[][4] = {
        { "an", "a.test", "TXT", "\"\\000\\027[31m\\255\" \"x\"" },
        { "an", "\\007\\027.test", "CNAME", "\\200.test" },
        { NULL, NULL, NULL, NULL },
    };
    size_t len = write_reply(0x8180, "a.test", DNS_TYPE_TXT, records);
    for (int round = 0; round < 5000; round++) {
        uint8_t copy[2000];
        memcpy(copy, msg, len);
        for (int i = 0; i < round % 4; i++) {
            seed = seed * 1664525 + 1013904223;
            copy[(seed >> 8) % len] = (uint8_t)(seed >> 24);
        }
        size_t cap = 1 + (size_t)round % 700;
        text[cap] = 0x7f;
        size_t n = round & 1 ? dns_text_line(text, cap, copy, len) : dns_text_dig(text, cap, copy, len);
        ck_assert_uint_lt(n, cap);
        ck_assert_int_eq(text[n], '\0');
        ck_assert_int_eq(text[cap], 0x7f);
        for (size_t i = 0; i < n; i++)
            ck_assert(text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f));
    }
}
END_TEST

START_TEST(a_message_alone_tells_its_verdict)
{
    static const char *const soa[][4] = { { "au", "test", "SOA", "a b 1 2 3 4 5" },
                                          { NULL, NULL, NULL, NULL } };
    static const char *const ns[][4] = { { "au", "a.test", "NS", "ns.a.test" }, { NULL, NULL, NULL, NULL } };
    static const char *const a[][4] = { { "an", "a.test", "A", "192.0.2.1" }, { NULL, NULL, NULL, NULL } };
    static const char *const alias[][4] = { { "an", "a.test", "CNAME", "b.test" },
                                            { NULL, NULL, NULL, NULL } };
    static const char *const null[][4] = { { "an", "a.test", "MX", "0 ." }, { NULL, NULL, NULL, NULL } };
    const struct {
        enum dns_verdict verdict;
        uint16_t flags, type;
        const char *const (*records)[4];
    } rows[] = {
        { DNS_ANSWERED, 0x8400, DNS_TYPE_A, a },     { DNS_RESOLVED, 0x8180, DNS_TYPE_A, a },
        { DNS_ALIASED, 0x8400, DNS_TYPE_A, alias },  { DNS_ANSWERED, 0x8400, DNS_TYPE_CNAME, alias },
        { DNS_NODATA, 0x8400, DNS_TYPE_A, soa },     { DNS_NXDOMAIN, 0x8403, DNS_TYPE_A, soa },
        { DNS_REFERRAL, 0x8000, DNS_TYPE_A, ns },    { DNS_NULL_MX, 0x8400, DNS_TYPE_MX, null },
        { DNS_TRUNCATED, 0x8600, DNS_TYPE_A, NULL }, { DNS_SERVFAIL, 0x8182, DNS_TYPE_A, NULL },
        { DNS_REFUSED, 0x8005, DNS_TYPE_A, NULL },   { DNS_FORMERR, 0x8001, DNS_TYPE_A, NULL },
        { DNS_NOTIMP, 0x8004, DNS_TYPE_A, NULL },    { DNS_DROPPED, 0x0100, DNS_TYPE_A, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = write_reply(rows[i].flags, "a.test", rows[i].type, rows[i].records);
        ck_assert_int_eq(dns_message_verdict(msg, len), rows[i].verdict);
        ck_assert_ptr_nonnull(dns_message_lesson(msg, len));
    }
    size_t len = write_reply(0x0100, "a.test", DNS_TYPE_MX, NULL);
    ck_assert_ptr_eq(dns_message_lesson(msg, len), dns_query_lesson(DNS_TYPE_MX, true));
    ck_assert_int_eq(dns_message_verdict(msg, 13), DNS_MALFORMED);
}
END_TEST

static void check_words(const struct wire_lesson *why)
{
    ck_assert_ptr_nonnull(why->title);
    ck_assert_ptr_nonnull(why->lesson);
    ck_assert_msg(strlen(why->title) <= 60, "%s", why->title);
    ck_assert_msg(why->title[strlen(why->title) - 1] != '.', "%s", why->title);
    ck_assert_msg(why->lesson[strlen(why->lesson) - 1] == '.', "%s", why->title);
    ck_assert_msg(strncmp(why->section, "RFC ", 4) == 0, "%s", why->title);
    for (const char *c = why->lesson; *c; c++)
        ck_assert_msg(*c >= ' ' && *c < 127, "%s", why->title);
}

START_TEST(every_row_has_its_words)
{
    const struct wire_lesson *why;
    size_t rows = 0;
    for (; (why = dns_lesson_at(rows)) != NULL; rows++)
        check_words(why);
    ck_assert_uint_gt(rows, DNS_VERDICTS);
    for (int v = 0; v < DNS_VERDICTS; v++)
        ck_assert_ptr_nonnull(dns_verdict_info((enum dns_verdict)v)->name);
    for (int table = 0; table < DNS_TABLES; table++) {
        const struct dns_code *row;
        for (size_t i = 0; (row = dns_code_at((enum dns_table)table, i)) != NULL; i++) {
            check_words(&row->why);
            ck_assert_ptr_eq(dns_code_find((enum dns_table)table, row->code), row);
            ck_assert_ptr_eq(dns_code_named((enum dns_table)table, row->name, strlen(row->name)), row);
        }
    }
    for (int c = 0; c < DNS_RESULT_CLASSES; c++)
        check_words(dns_result_class_lesson((enum dns_result_class)c));
    check_words(&dns_lesson_implicit_mx);
}
END_TEST

START_TEST(names_of_numbers_work_both_ways)
{
    char buf[DNS_CODE_TEXT_MAX];
    ck_assert_str_eq(dns_type_text(15, buf), "MX");
    ck_assert_str_eq(dns_type_text(65535, buf), "TYPE65535");
    ck_assert_str_eq(dns_class_text(9, buf), "CLASS9");
    ck_assert_str_eq(dns_rcode_text(3, buf), "NXDOMAIN");
    ck_assert_str_eq(dns_rcode_text(23, buf), "RCODE23");
    ck_assert_uint_eq(dns_type_from_text("mx", 2), 15);
    ck_assert_uint_eq(dns_type_from_text("TYPE15", 6), 15);
    ck_assert_uint_eq(dns_type_from_text("TYPE65536", 9), 0);
    ck_assert_uint_eq(dns_type_from_text("TYPE", 4), 0);
    ck_assert_uint_eq(dns_type_from_text("M", 1), 0);
    ck_assert_ptr_nonnull(dns_code_named(DNS_TABLE_WORD, "ttl", 3));
    ck_assert_ptr_nonnull(dns_code_named(DNS_TABLE_RCODE, "servfail", 8));
}
END_TEST

START_TEST(different_outcomes_teach_different_things)
{
    ck_assert_ptr_ne(dns_verdict_lesson(DNS_NODATA, DNS_TYPE_MX),
                     dns_verdict_lesson(DNS_NODATA, DNS_TYPE_AAAA));
    ck_assert_ptr_ne(dns_query_lesson(DNS_TYPE_MX, true), dns_query_lesson(DNS_TYPE_MX, false));
    ck_assert_ptr_eq(dns_query_lesson(9999, true), dns_query_lesson(9998, true));
    ck_assert_ptr_eq(dns_verdict_lesson(DNS_CACHED, 9999), &dns_verdict_info(DNS_CACHED)->why);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_text");
    TCase *t = tcase_create("text");
    tcase_add_test(t, a_query_is_one_short_line);
    tcase_add_test(t, long_answers_are_counted_not_listed);
    tcase_add_test(t, dig_shows_every_section);
    tcase_add_test(t, no_buffer_is_overrun_and_no_octet_is_unprintable);
    tcase_add_test(t, a_message_alone_tells_its_verdict);
    tcase_add_test(t, every_row_has_its_words);
    tcase_add_test(t, names_of_numbers_work_both_ways);
    tcase_add_test(t, different_outcomes_teach_different_things);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
