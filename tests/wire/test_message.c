/* Header fields, dates, message identifiers, trace headers. */
#include "protocols/wire/message.h"
#include "protocols/wire/trace_header.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static const char message[] = "Received: from a.example by b.example;\r\n"
                              "\tMon, 1 Jan 2024 00:00:00 +0000\r\n"
                              "RECEIVED : from c.example\r\n"
                              "Subject: one\r\n"
                              " two \r\n"
                              "   three\r\n"
                              "X-Empty:\r\n"
                              "subject: second\r\n"
                              "\r\n"
                              "Subject: in the body\r\n";

START_TEST(fields_are_found_with_their_folds)
{
    struct wire_field f;
    char text[64];
    ck_assert(wire_field_find(message, sizeof message - 1, "subject", &f));
    ck_slice(f.name, "Subject");
    ck_slice(f.body, " one\r\n two \r\n   three");
    ck_slice(wire_slice(text, wire_field_unfold(text, sizeof text, f.body)), "one two    three");
    ck_assert_uint_eq(wire_field_unfold(text, 3, f.body), 16);
    ck_assert_mem_eq(message + f.at, "Subject", 7);
    ck_assert_mem_eq(message + f.end, "X-Empty", 7);
    ck_assert(wire_field_find(message, sizeof message - 1, "X-Empty", &f));
    ck_assert_uint_eq(f.body.len, 0);
    ck_assert(!wire_field_find(message, sizeof message - 1, "Subjec", &f));
    ck_slice(wire_field_body(message, sizeof message - 1, "received"),
             "from a.example by b.example;\r\n\tMon, 1 Jan 2024 00:00:00 +0000");
}
END_TEST

START_TEST(fields_touch_and_end_at_the_empty_line)
{
    struct wire_fields it;
    struct wire_field f;
    size_t end = 0, n = 0;
    wire_fields_begin(&it, message, sizeof message - 1);
    while (wire_field_next(&it, &f)) {
        ck_assert_uint_eq(f.at, end);
        end = f.end;
        n++;
    }
    ck_assert_uint_eq(n, 5);
    ck_assert_uint_eq(end + 2, wire_message_header_len(message, sizeof message - 1));
    ck_assert(!wire_field_next(&it, &f));
}
END_TEST

START_TEST(lines_that_are_no_fields_are_skipped)
{
    static const char text[] =
        " leading fold\r\nno colon here\r\n continued\r\nGood: yes\r\n: nameless\r\nAlso: fine";
    struct wire_field f;
    ck_assert(wire_field_find(text, sizeof text - 1, "good", &f));
    ck_assert(wire_field_find(text, sizeof text - 1, "also", &f));
    ck_slice(f.body, " fine");
    ck_assert_uint_eq(wire_message_header_len(text, sizeof text - 1), sizeof text - 1);
}
END_TEST

START_TEST(a_bare_lf_ends_a_line_for_a_reader)
{
    static const char text[] = "A: 1\nB: 2\n 3\n\nbody";
    ck_assert_uint_eq(wire_message_header_len(text, sizeof text - 1), sizeof text - 1 - 4);
    ck_slice(wire_field_body(text, sizeof text - 1, "b"), "2\n 3");
}
END_TEST

START_TEST(received_fields_are_counted_in_the_header_only)
{
    static const char text[] = "Received: 1\r\n fold\r\nreceived: 2\r\nReceivedX: no\r\nReceived by no "
                               "colon\r\nX: y\r\nReceived : 3\r\n\r\nReceived: 4\r\n";
    ck_assert_uint_eq(wire_message_received_count(text, sizeof text - 1), 3);
    ck_assert_uint_eq(wire_message_received_count(message, sizeof message - 1), 2);
    ck_assert_uint_eq(wire_message_received_count("", 0), 0);
}
END_TEST

static const char *date(int64_t seconds, int offset)
{
    static char out[WIRE_DATE_MAX + 1];
    out[wire_date_write(out, seconds, offset)] = '\0';
    return out;
}

START_TEST(dates_are_written_as_the_calendar_has_them)
{
    ck_assert_str_eq(date(0, 0), "Thu, 1 Jan 1970 00:00:00 +0000");
    ck_assert_str_eq(date(1704067200, 0), "Mon, 1 Jan 2024 00:00:00 +0000");
    ck_assert_str_eq(date(1709208000, 330), "Thu, 29 Feb 2024 17:30:00 +0530");
    ck_assert_str_eq(date(1704067199, -300), "Sun, 31 Dec 2023 18:59:59 -0500");
    ck_assert_str_eq(date(951825600, 0), "Tue, 29 Feb 2000 12:00:00 +0000");
    ck_assert_str_eq(date(4107542400, 0), "Mon, 1 Mar 2100 00:00:00 +0000");
    ck_assert_str_eq(date(-1, 0), "Wed, 31 Dec 1969 23:59:59 +0000");
}
END_TEST

START_TEST(the_other_date_forms_are_exact)
{
    char out[WIRE_DATE_MAX];
    ck_slice(wire_slice(out, wire_internaldate_write(out, 1704067200, 60)), " 1-Jan-2024 01:00:00 +0100");
    ck_slice(wire_slice(out, wire_internaldate_write(out, 837596665, -420)), "17-Jul-1996 02:44:25 -0700");
    ck_slice(wire_slice(out, wire_syslog_date_write(out, 1704067200, 0)), "Jan  1 00:00:00");
    ck_slice(wire_slice(out, wire_syslog_date_write(out, 1705276800, 0)), "Jan 15 00:00:00");
    ck_slice(wire_slice(out, wire_rfc3339_write(out, 1704067200, 0)), "2024-01-01T00:00:00Z");
    ck_slice(wire_slice(out, wire_rfc3339_write(out, 1704067200, -90)), "2023-12-31T22:30:00-01:30");
}
END_TEST

static int64_t parse(const char *text)
{
    int64_t seconds = -99;
    int offset;
    return wire_date_parse(wire_slice_str(text), &seconds, &offset) ? seconds : -99;
}

START_TEST(dates_of_the_rfcs_are_read)
{
    ck_assert_int_eq(parse("Fri, 21 Nov 1997 09:55:06 -0600"), 880127706);
    ck_assert_int_eq(parse("Tue, 1 Jul 2003 10:52:37 +0200"), 1057049557);
    ck_assert_int_eq(parse("21 Nov 97 09:55:06 GMT"), 880106106);
    ck_assert_int_eq(parse("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"), 880127706);
    ck_assert_int_eq(parse("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n             "
                           "  -0330 (Newfoundland Time)"),
                     -27723480);
    ck_assert_int_eq(parse("Mon, 1 Jan 2024 00:00 Z"), 1704067200);
    ck_assert_int_eq(parse("1 Jan 2024 00:00:00 EST"), 1704067200 + 5 * 3600);
    ck_assert_int_eq(parse("1 Jan 2024 00:00:00 A"), 1704067200);
    ck_assert_int_eq(parse("1 Jan 124 00:00:00 +0000"), 1704067200);
    ck_assert_int_eq(parse("31 Dec 2016 23:59:60 +0000"), 1483228800);
}
END_TEST

START_TEST(impossible_dates_are_refused)
{
    static const char *const bad[] = { "",
                                       "tomorrow",
                                       "32 Jan 2024 00:00:00 +0000",
                                       "29 Feb 2023 00:00:00 +0000",
                                       "0 Jan 2024 00:00:00 +0000",
                                       "1 Foo 2024 00:00:00 +0000",
                                       "1 Jan 2024 24:00:00 +0000",
                                       "1 Jan 2024 00:60:00 +0000",
                                       "1 Jan 2024 00:00:00 +00",
                                       "1 Jan 2024 00:00:00 +0075",
                                       "1 Jan 2 00:00:00 +0000",
                                       "1 Jan 20245 00:00:00 +0000",
                                       "1 Jan 2024" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse(bad[i]) == -99, "%s", bad[i]);
}
END_TEST

START_TEST(written_dates_are_read_back)
{
    for (int64_t s = -2000000000; s < 8000000000; s += 123456789) {
        for (int offset = -720; offset <= 840; offset += 195) {
            char out[WIRE_DATE_MAX];
            int64_t back;
            int back_offset;
            ck_assert(wire_date_parse(wire_slice(out, wire_date_write(out, s, offset)), &back, &back_offset));
            ck_assert_int_eq(back, s);
            ck_assert_int_eq(back_offset, offset);
            ck_assert(wire_internaldate_parse(wire_slice(out, wire_internaldate_write(out, s, offset)), &back,
                                              &back_offset));
            ck_assert_int_eq(back, s);
            ck_assert_int_eq(back_offset, offset);
        }
    }
}
END_TEST

START_TEST(internaldate_is_read_strictly)
{
    int64_t s;
    int o;
    ck_assert(wire_internaldate_parse(WIRE_SLICE("1-Jan-2024 00:00:00 +0000"), &s, &o));
    ck_assert(!wire_internaldate_parse(WIRE_SLICE("1-Jan-2024 00:00:00"), &s, &o));
    ck_assert(!wire_internaldate_parse(WIRE_SLICE("1-Jan-2024 00:00:00 +0000 "), &s, &o));
    ck_assert(!wire_internaldate_parse(WIRE_SLICE("1 Jan 2024 00:00:00 +0000"), &s, &o));
}
END_TEST

START_TEST(message_identifiers_are_well_formed)
{
    char out[WIRE_MESSAGE_ID_MAX];
    ck_slice(wire_slice(out, wire_message_id_write(out, 0, 35, WIRE_SLICE("mail.example.com"))),
             "<0.13@mail.example.com>");
    ck_assert_uint_eq(wire_message_id_write(out, UINT64_MAX, UINT64_MAX, WIRE_SLICE("x")),
                      1 + 13 + 1 + 13 + 1 + 1 + 1);
    ck_assert_uint_eq(wire_message_id_write(out, 1, 2, WIRE_SLICE("a b")), 0);
    ck_assert_uint_eq(wire_message_id_write(out, 1, 2, WIRE_SLICE("a>\r\nX: y")), 0);
    ck_assert_uint_eq(wire_message_id_write(out, 1, 2, WIRE_SLICE("")), 0);
}
END_TEST

static const struct wire_received received = {
    .helo = { "laptop.example.com", 18 },
    .peer_name = { "laptop.example.com", 18 },
    .peer_address = { "192.0.2.10", 10 },
    .by = { "mail.example.com", 16 },
    .with = WIRE_WITH_ESMTP | WIRE_WITH_TLS | WIRE_WITH_AUTH,
    .id = { "4F2A1", 5 },
    .for_rcpt = { "bob@example.org", 15 },
    .date_s = 1704067200,
};

START_TEST(received_says_from_by_with_id_for_and_when)
{
    char out[WIRE_RECEIVED_MAX];
    struct wire_received r = received;
    ck_slice(wire_slice(out, wire_received_write(out, &r)),
             "Received: from laptop.example.com (laptop.example.com [192.0.2.10])\r\n"
             " by mail.example.com (mailwalk) with ESMTPSA id 4F2A1\r\n"
             " for <bob@example.org>; Mon, 1 Jan 2024 00:00:00 +0000\r\n");
    r.peer_name.len = r.for_rcpt.len = 0;
    r.peer_address = WIRE_SLICE("2001:db8::10");
    r.with = WIRE_WITH_SMTP;
    ck_slice(wire_slice(out, wire_received_write(out, &r)),
             "Received: from laptop.example.com ([IPv6:2001:db8::10])\r\n"
             " by mail.example.com (mailwalk) with SMTP id 4F2A1;\r\n"
             " Mon, 1 Jan 2024 00:00:00 +0000\r\n");
}
END_TEST

START_TEST(the_with_keywords_are_those_of_rfc_3848_and_6531)
{
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_SMTP), "SMTP");
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_ESMTP), "ESMTP");
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_ESMTP | WIRE_WITH_TLS), "ESMTPS");
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_ESMTP | WIRE_WITH_AUTH), "ESMTPA");
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_ESMTP | WIRE_WITH_AUTH | WIRE_WITH_TLS), "ESMTPSA");
    ck_assert_str_eq(wire_received_keyword(WIRE_WITH_ESMTP | WIRE_WITH_UTF8), "UTF8SMTP");
    ck_assert_str_eq(wire_received_keyword(15), "UTF8SMTPSA");
}
END_TEST

START_TEST(a_peer_cannot_put_lines_into_received)
{
    char out[WIRE_RECEIVED_MAX];
    struct wire_received r = received;
    size_t n;
    r.helo = WIRE_SLICE("x\r\nBcc: everyone@example.com, and more words \x7f");
    n = wire_received_write(out, &r);
    for (size_t i = 1; i < n; i++)
        if (out[i - 1] == '\n')
            ck_assert_int_eq(out[i], ' ');
    ck_assert_ptr_null(memchr(out, 0x7f, n));
    ck_assert_ptr_nonnull(strstr(out, "from x??Bcc:"));
}
END_TEST

START_TEST(received_fits_its_limit_and_folds)
{
    static char huge[3000];
    char out[WIRE_RECEIVED_MAX];
    struct wire_received r = received;
    struct wire_slice big = wire_slice(huge, sizeof huge);
    size_t n, column = 0;
    memset(huge, 'h', sizeof huge);
    r.helo = r.peer_name = r.by = r.id = r.for_rcpt = r.peer_address = big;
    ck_assert_uint_le(wire_received_write(out, &r), sizeof out);
    r = received;
    for (size_t len = 1; len < 60; len++) {
        r.helo = r.by = wire_slice(huge, len);
        n = wire_received_write(out, &r);
        for (size_t i = 0; i < n; i++) {
            column = out[i] == '\n' ? 0 : column + 1;
            ck_assert_uint_le(column, 78 + 1);
        }
    }
}
END_TEST

START_TEST(return_path_of_a_bounce_is_empty)
{
    char out[WIRE_RETURN_PATH_MAX];
    ck_slice(wire_slice(out, wire_return_path_write(out, WIRE_SLICE("alice@example.com"))),
             "Return-Path: <alice@example.com>\r\n");
    ck_slice(wire_slice(out, wire_return_path_write(out, WIRE_SLICE(""))), "Return-Path: <>\r\n");
}
END_TEST

static void try_message(const char *at, size_t len)
{
    struct wire_fields it;
    struct wire_field f;
    int64_t seconds;
    int offset;
    wire_fields_begin(&it, at, len);
    while (wire_field_next(&it, &f)) {
        char text[32];
        ck_assert_uint_le(f.end, len);
        ck_assert_uint_lt(f.at, f.end);
        wire_field_unfold(text, sizeof text, f.body);
        wire_date_parse(f.body, &seconds, &offset);
    }
    ck_assert_uint_le(wire_message_header_len(at, len), len);
    wire_message_received_count(at, len);
    wire_date_parse(wire_slice(at, len), &seconds, &offset);
    wire_internaldate_parse(wire_slice(at, len), &seconds, &offset);
}

START_TEST(cut_and_spoilt_messages_do_no_harm)
{
    const char *when = "Thu, (c(c)\\)) 13 Feb 1969 23:32:59 -0330 (Newfoundland Time)";
    wire_try_cut(message, sizeof message - 1, try_message);
    wire_try_spoilt(message, sizeof message - 1, 1000, try_message);
    wire_try_cut(when, strlen(when), try_message);
    wire_try_spoilt(when, strlen(when), 2000, try_message);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("message");
    TCase *t = tcase_create("message");
    tcase_add_test(t, fields_are_found_with_their_folds);
    tcase_add_test(t, fields_touch_and_end_at_the_empty_line);
    tcase_add_test(t, lines_that_are_no_fields_are_skipped);
    tcase_add_test(t, a_bare_lf_ends_a_line_for_a_reader);
    tcase_add_test(t, received_fields_are_counted_in_the_header_only);
    tcase_add_test(t, dates_are_written_as_the_calendar_has_them);
    tcase_add_test(t, the_other_date_forms_are_exact);
    tcase_add_test(t, dates_of_the_rfcs_are_read);
    tcase_add_test(t, impossible_dates_are_refused);
    tcase_add_test(t, written_dates_are_read_back);
    tcase_add_test(t, internaldate_is_read_strictly);
    tcase_add_test(t, message_identifiers_are_well_formed);
    tcase_add_test(t, received_says_from_by_with_id_for_and_when);
    tcase_add_test(t, the_with_keywords_are_those_of_rfc_3848_and_6531);
    tcase_add_test(t, a_peer_cannot_put_lines_into_received);
    tcase_add_test(t, received_fits_its_limit_and_folds);
    tcase_add_test(t, return_path_of_a_bounce_is_empty);
    tcase_add_test(t, cut_and_spoilt_messages_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
