/* Messages: reading and writing, and octets that nobody should trust. */
#include "protocols/dns/dns_message.h"

#include "tests/check_main.h"
#include "tests/dns/zones.h"

static size_t mail_reply(uint8_t *msg, size_t limit)
{
    struct dns_writer w;
    uint8_t rdata[600];
    size_t len;
    dns_writer_init(&w, msg, limit, 0x1234, DNS_FLAG_QR | DNS_FLAG_AA);
    dns_writer_reserve_edns(&w);
    dns_writer_question(&w, name_of("example.org"), DNS_TYPE_MX, DNS_CLASS_IN);
    static const struct {
        enum dns_section section;
        const char *owner;
        uint16_t type;
        const char *rdata;
    } lines[] = {
        { DNS_ANSWER, "example.org", DNS_TYPE_MX, "10 mx1.example.org" },
        { DNS_ANSWER, "Example.ORG", DNS_TYPE_MX, "20 mx2.example.org" },
        { DNS_ANSWER, "example.org", DNS_TYPE_TXT, "\"v=spf1 mx -all\" \"\"" },
        { DNS_ANSWER, "a.example.org", DNS_TYPE_CNAME, "b.example.org" },
        { DNS_AUTHORITY, "example.org", DNS_TYPE_NS, "ns.example.org" },
        { DNS_AUTHORITY, "example.org", DNS_TYPE_SOA,
          "ns.example.org hostmaster.example.org 1 7200 900 1209600 300" },
        { DNS_ADDITIONAL, "mx1.example.org", DNS_TYPE_A, "198.51.100.10" },
        { DNS_ADDITIONAL, "mx1.example.org", DNS_TYPE_AAAA, "2001:db8::10" },
        { DNS_ADDITIONAL, "10.100.51.198.in-addr.arpa", DNS_TYPE_PTR, "mx1.example.org" },
        { DNS_ADDITIONAL, "_imaps._tcp.example.org", DNS_TYPE_SRV, "0 1 993 imap.example.org" },
        { DNS_ADDITIONAL, "x.example.org", 65280, "\\# 3 010203" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ck_assert_int_eq(dns_rdata_from_text(lines[i].type, lines[i].rdata, strlen(lines[i].rdata), rdata,
                                             sizeof rdata, &len),
                         DNS_RDATA_OK);
        dns_writer_record(&w, lines[i].section, name_of(lines[i].owner), lines[i].type, DNS_CLASS_IN, 3600,
                          rdata, len);
    }
    dns_writer_edns(&w, 1232, 0, true);
    return dns_writer_finish(&w);
}

START_TEST(what_is_written_is_read_back)
{
    uint8_t msg[1000];
    struct dns_reader r;
    struct dns_record rr;
    struct dns_soa soa;
    struct dns_srv srv;
    struct dns_edns edns;
    struct dns_addr addr;
    unsigned seen = 0;
    size_t len = mail_reply(msg, sizeof msg);
    ck_assert(dns_reader_init(&r, msg, len));
    ck_assert_uint_eq(r.id, 0x1234);
    ck_assert(dns_name_equal(r.question.name, name_of("example.org")));
    ck_assert_uint_eq(r.question.type, DNS_TYPE_MX);
    while (dns_reader_next(&r, &rr)) {
        seen++;
        ck_assert(rr.type == DNS_TYPE_OPT || rr.ttl == 3600);
        if (seen <= 2) {
            ck_assert_int_eq(rr.section, DNS_ANSWER);
            ck_assert(dns_name_equal(rr.owner.wire, name_of("example.org")));
            ck_assert_uint_eq(dns_rdata_mx_preference(rr.rdata), 10 * seen);
            ck_assert(dns_name_equal(dns_rdata_name(DNS_TYPE_MX, rr.rdata),
                                     name_of(seen == 1 ? "mx1.example.org" : "mx2.example.org")));
        } else if (rr.type == DNS_TYPE_TXT) {
            char text[40];
            ck_assert_uint_eq(dns_rdata_txt(rr.rdata, rr.rdlen, text, sizeof text), 14);
            ck_assert_str_eq(text, "v=spf1 mx -all");
            ck_assert_uint_eq(dns_rdata_txt(rr.rdata, rr.rdlen, text, 7), 14);
            ck_assert_str_eq(text, "v=spf1");
        } else if (rr.type == DNS_TYPE_SOA) {
            dns_rdata_soa(rr.rdata, &soa);
            ck_assert(dns_name_equal(soa.rname, name_of("hostmaster.example.org")));
            ck_assert_uint_eq(soa.expire_s, 1209600);
            ck_assert_uint_eq(soa.minimum_s, 300);
        } else if (rr.type == DNS_TYPE_AAAA) {
            struct dns_addr want = addr_of("2001:db8::10");
            ck_assert(dns_rdata_addr(rr.type, rr.rdata, &addr));
            ck_assert(dns_addr_equal(&addr, &want));
        } else if (rr.type == DNS_TYPE_SRV) {
            dns_rdata_srv(rr.rdata, &srv);
            ck_assert_uint_eq(srv.port, 993);
            ck_assert(dns_name_equal(srv.target, name_of("imap.example.org")));
        } else if (rr.type == DNS_TYPE_OPT) {
            dns_record_edns(&rr, &edns);
            ck_assert_uint_eq(edns.udp_octets, 1232);
            ck_assert(edns.dnssec_ok);
        }
    }
    ck_assert(!r.malformed);
    ck_assert_uint_eq(seen, 12);
}
END_TEST

START_TEST(names_are_compressed_in_owners_and_in_old_types_only)
{
    uint8_t msg[512], rdata[300];
    struct dns_writer w;
    size_t len;
    dns_writer_init(&w, msg, sizeof msg, 1, 0);
    dns_writer_question(&w, name_of("example.org"), DNS_TYPE_MX, DNS_CLASS_IN);
    ck_assert_uint_eq(w.len, 12 + 13 + 4);
    dns_rdata_from_text(DNS_TYPE_MX, "10 MX.Example.org", 17, rdata, sizeof rdata, &len);
    dns_writer_record(&w, DNS_ANSWER, name_of("EXAMPLE.org"), DNS_TYPE_MX, DNS_CLASS_IN, 1, rdata, len);
    ck_assert_uint_eq(w.len, 29 + 2 + 10 + 2 + 3 + 2);
    ck_assert_uint_eq(dns_get16(msg + 29), 0xc00c);
    ck_assert_mem_eq(msg + 43, "\002MX\300\014", 5);
    dns_rdata_from_text(DNS_TYPE_SRV, "0 0 1 mx.example.org", 20, rdata, sizeof rdata, &len);
    dns_writer_record(&w, DNS_ADDITIONAL, name_of("mx.example.org"), DNS_TYPE_SRV, DNS_CLASS_IN, 1, rdata,
                      len);
    ck_assert_uint_eq(dns_get16(msg + 48), 0xc000 + 43);
    ck_assert_uint_eq(w.len, 48 + 2 + 10 + 6 + 16); /* the target is whole */
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_whole)
{
    uint8_t whole[1000], msg[1000];
    size_t full = mail_reply(whole, sizeof whole);
    for (size_t limit = 60; limit <= full; limit++) {
        struct dns_reader r;
        struct dns_record rr;
        unsigned records = 0;
        memset(msg, 0xee, sizeof msg);
        size_t len = mail_reply(msg, limit);
        ck_assert_uint_le(len, limit);
        ck_assert_uint_eq(msg[limit], 0xee);
        ck_assert(dns_reader_init(&r, msg, len));
        while (dns_reader_next(&r, &rr))
            records++;
        ck_assert(!r.malformed);
        ck_assert_int_eq(rr.type, DNS_TYPE_OPT); /* there is always room kept for it */
        ck_assert_uint_eq(records, (unsigned)r.count[1] + r.count[2] + r.count[3]);
        ck_assert_int_eq(records == 12, limit == full);
    }
}
END_TEST

START_TEST(a_message_cut_at_any_length_is_malformed)
{
    uint8_t msg[1000];
    size_t full = mail_reply(msg, sizeof msg);
    for (size_t len = 0; len < full; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* exactly so long: a sanitizer sees one octet too far */
        struct dns_reader r;
        struct dns_record rr;
        memcpy(copy, msg, len);
        if (dns_reader_init(&r, copy, len))
            while (dns_reader_next(&r, &rr))
                ;
        ck_assert_msg(r.malformed, "%zu octets of %zu", len, full);
        free(copy);
    }
}
END_TEST

START_TEST(octets_behind_the_last_record_are_malformed)
{
    uint8_t msg[1001];
    size_t full = mail_reply(msg, 1000);
    struct dns_reader r;
    struct dns_record rr;
    ck_assert(dns_reader_init(&r, msg, full + 1));
    while (dns_reader_next(&r, &rr))
        ;
    ck_assert(r.malformed);
}
END_TEST

START_TEST(mutated_messages_are_read_within_bounds)
{
    uint8_t good[1000];
    uint32_t seed = 1, bad = 0;
    size_t full = mail_reply(good, sizeof good);
    for (int round = 0; round < 20000; round++) {
        uint8_t msg[1000];
        struct dns_reader r;
        struct dns_record rr;
        memcpy(msg, good, full);
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525 + 1013904223;
            msg[(seed >> 8) % full] = (uint8_t)(seed >> 24);
        }
        unsigned records = 0;
        if (dns_reader_init(&r, msg, full))
            while (dns_reader_next(&r, &rr)) {
                records++;
                ck_assert(rr.type == DNS_TYPE_OPT || dns_rdata_check(rr.type, rr.rdata, rr.rdlen));
                ck_assert_uint_eq(dns_name_check(rr.owner.wire, rr.owner.len), rr.owner.len);
            }
        ck_assert_uint_le(records, full / 11);
        bad += r.malformed;
    }
    ck_assert_uint_gt(bad, 1000);
    ck_assert_uint_lt(bad, 20000);
}
END_TEST

START_TEST(rdata_of_the_wrong_shape_is_malformed)
{
    static const struct {
        uint16_t type;
        size_t len;
        const char *rdata;
    } bad[] = {
        { DNS_TYPE_A, 3, "\1\2\3" },       { DNS_TYPE_A, 5, "\1\2\3\4\5" },
        { DNS_TYPE_AAAA, 4, "\1\2\3\4" },  { DNS_TYPE_MX, 1, "\0" },
        { DNS_TYPE_MX, 2, "\0\1" },        { DNS_TYPE_MX, 4, "\0\1\0\0" },
        { DNS_TYPE_MX, 4, "\0\1\2x" },     { DNS_TYPE_NS, 0, "" },
        { DNS_TYPE_NS, 3, "a\0\0" },       { DNS_TYPE_TXT, 0, "" },
        { DNS_TYPE_TXT, 2, "\2a" },        { DNS_TYPE_SOA, 10, "\0\0\0\0\0\0\0\0\0\0" },
        { DNS_TYPE_OPT, 3, "\0\1\0" },     { DNS_TYPE_OPT, 5, "\0\1\0\2x" },
        { DNS_TYPE_CNAME, 2, "\300\036" }, { DNS_TYPE_SRV, 6, "\0\0\0\0\0\1" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t msg[64] = { 0, 1, 0x80, 0, 0, 0, 0, 1 };
        struct dns_reader r;
        struct dns_record rr;
        dns_put16(msg + 13, bad[i].type);
        dns_put16(msg + 21, (unsigned)bad[i].len);
        memcpy(msg + 23, bad[i].rdata, bad[i].len);
        ck_assert(dns_reader_init(&r, msg, 23 + bad[i].len));
        ck_assert_msg(!dns_reader_next(&r, &rr) && r.malformed, "%zu", i);
    }
}
END_TEST

START_TEST(two_questions_are_malformed)
{
    uint8_t msg[64];
    struct dns_reader r;
    size_t len = dns_query_write(msg, 7, true, name_of("a.test"), DNS_TYPE_A, 0);
    ck_assert(dns_reader_init(&r, msg, len));
    msg[5] = 2;
    memcpy(msg + len, msg + 12, len - 12);
    ck_assert(!dns_reader_init(&r, msg, 2 * len - 12));
    ck_assert_uint_eq(r.id, 7);
}
END_TEST

START_TEST(a_ttl_with_bit_31_counts_as_zero)
{
    uint8_t msg[] = { 0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x80, 0, 0, 9, 0, 4, 1, 2, 3, 4 };
    struct dns_reader r;
    struct dns_record rr;
    ck_assert(dns_reader_init(&r, msg, sizeof msg));
    ck_assert(dns_reader_next(&r, &rr));
    ck_assert_uint_eq(rr.ttl, 0);
}
END_TEST

START_TEST(a_query_is_as_long_as_it_must_be)
{
    uint8_t msg[DNS_QUERY_MAX];
    struct dns_reader r;
    struct dns_record rr;
    struct dns_edns edns;
    ck_assert_uint_eq(dns_query_write(msg, 9, true, name_of("example.org"), DNS_TYPE_MX, 0), 29);
    size_t len = dns_query_write(msg, 9, false, name_of("example.org"), DNS_TYPE_MX, 1232);
    ck_assert_uint_eq(len, 40);
    ck_assert(dns_reader_init(&r, msg, len));
    ck_assert_uint_eq(r.flags, 0);
    ck_assert(dns_reader_next(&r, &rr));
    dns_record_edns(&rr, &edns);
    ck_assert_uint_eq(edns.udp_octets, 1232);
    ck_assert_uint_eq(edns.version, 0);
    ck_assert(!dns_reader_next(&r, &rr));
    ck_assert(!r.malformed);
}
END_TEST

START_TEST(many_names_use_up_compression_but_stay_right)
{
    static uint8_t msg[60000];
    struct dns_writer w;
    struct dns_reader r;
    struct dns_record rr;
    uint8_t a[4] = { 192, 0, 2, 1 };
    unsigned i = 0;
    dns_writer_init(&w, msg, sizeof msg, 1, DNS_FLAG_QR);
    for (; i < 1000; i++) {
        char text[40];
        snprintf(text, sizeof text, "host%u.net%u.example.org", i, i % 7);
        ck_assert(dns_writer_record(&w, DNS_ANSWER, name_of(text), DNS_TYPE_A, DNS_CLASS_IN, 1, a, 4));
    }
    size_t len = dns_writer_finish(&w);
    ck_assert(dns_reader_init(&r, msg, len));
    for (i = 0; dns_reader_next(&r, &rr); i++) {
        char text[40];
        snprintf(text, sizeof text, "host%u.net%u.example.org", i, i % 7);
        ck_assert(dns_name_equal(rr.owner.wire, name_of(text)));
    }
    ck_assert_uint_eq(i, 1000);
    ck_assert(!r.malformed);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dns_message");
    TCase *t = tcase_create("messages");
    tcase_add_test(t, what_is_written_is_read_back);
    tcase_add_test(t, names_are_compressed_in_owners_and_in_old_types_only);
    tcase_add_test(t, what_does_not_fit_is_left_out_whole);
    tcase_add_test(t, a_message_cut_at_any_length_is_malformed);
    tcase_add_test(t, octets_behind_the_last_record_are_malformed);
    tcase_add_test(t, mutated_messages_are_read_within_bounds);
    tcase_add_test(t, rdata_of_the_wrong_shape_is_malformed);
    tcase_add_test(t, two_questions_are_malformed);
    tcase_add_test(t, a_ttl_with_bit_31_counts_as_zero);
    tcase_add_test(t, a_query_is_as_long_as_it_must_be);
    tcase_add_test(t, many_names_use_up_compression_but_stay_right);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
