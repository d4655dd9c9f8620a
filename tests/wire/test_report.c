/* Delivery reports, written and read. */
#include "protocols/wire/report.h"
#include "protocols/wire/compose.h"
#include "protocols/wire/message.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static char out[32768];
static size_t len;
static struct wire_mime_part part[16];

static const char original[] =
    "From: alice@example.com\r\nTo: bob@example.org\r\nSubject: hi\r\n\r\nHello Bob.\r\n";

static const struct wire_report_recipient recipients[] = {
    { .original = { "rfc822;bob@example.org", 22 },
      .final = { "bob@example.org", 15 },
      .action = WIRE_REPORT_FAILED,
      .status = { "5.1.1", 5 },
      .remote_mta = { "mx.example.org", 14 },
      .diagnostic = { "550 5.1.1 no such user here", 27 },
      .last_attempt_s = 1704067260 },
    { .final = { "carol@example.net", 17 },
      .action = WIRE_REPORT_DELAYED,
      .status = { "4.4.1", 5 },
      .last_attempt_s = 1704067270,
      .will_retry_until_s = 1704499200 },
};

static struct wire_report report(void)
{
    return (struct wire_report){ .reporting_mta = WIRE_SLICE("mail.example.com"),
                                 .to = WIRE_SLICE("alice@example.com"),
                                 .message_id = WIRE_SLICE("<r.1@mail.example.com>"),
                                 .envelope_id = WIRE_SLICE("QQ314159"),
                                 .date_s = 1704067300,
                                 .arrival_s = 1704067200,
                                 .recipients = recipients,
                                 .recipient_count = 2,
                                 .original = WIRE_SLICE(original),
                                 .return_full = true,
                                 .boundary_seed = 3 };
}

static void write_it(const struct wire_report *r)
{
    len = wire_report_write(NULL, 0, r);
    ck_assert_uint_ne(len, WIRE_REPORT_REFUSED);
    ck_assert_uint_lt(len, sizeof out);
    memset(out, '#', sizeof out - 1);
    ck_assert_uint_eq(wire_report_write(out, len, r), len);
    ck_assert_int_eq(out[len], '#');
    out[len] = '\0';
}

START_TEST(a_reason_that_is_no_reply_is_told_as_our_own)
{
    struct wire_report r = report();
    struct wire_report_recipient down = recipients[1];
    struct wire_report_reader reader;
    struct wire_report_recipient one;
    down.remote_mta = WIRE_SLICE("mx.example.net");
    down.diagnostic = WIRE_SLICE("connect to 192.0.2.9: connection refused");
    r.recipients = &down;
    r.recipient_count = 1;
    write_it(&r);
    ck_assert_ptr_nonnull(strstr(
        out, "  carol@example.net\r\n    The reason:\r\n    connect to 192.0.2.9: connection refused\r\n"));
    ck_assert_ptr_null(strstr(out, "answered"));
    ck_assert(wire_report_open(&reader, out, len, part, 16));
    ck_assert(wire_report_next(&reader, &one));
    ck_slice(one.diagnostic, "X-Mailwalk; connect to 192.0.2.9: connection refused");
    ck_slice(one.remote_mta, "dns; mx.example.net");
}
END_TEST

START_TEST(a_report_has_the_three_parts_of_rfc_3464)
{
    struct wire_report r = report();
    char text[64];
    size_t n;
    write_it(&r);
    ck_assert_uint_eq(wire_mime_parse(out, len, part, 16), 5);
    ck_slice(part[0].subtype, "report");
    ck_assert(wire_mime_param_find(part[0].params, "report-type", text, sizeof text, &n));
    ck_slice(wire_slice(text, n), "delivery-status");
    ck_slice(part[1].subtype, "plain");
    ck_slice(part[2].subtype, "delivery-status");
    ck_slice(part[3].subtype, "rfc822");
    ck_slice(wire_slice(out + part[3].body_at, part[3].body_end - part[3].body_at), original);
    ck_slice(wire_field_body(out, len, "From"), "Mail Delivery <postmaster@mail.example.com>");
    ck_slice(wire_field_body(out, len, "Auto-Submitted"), "auto-replied");
    ck_slice(wire_field_body(out, len, "Subject"), "Your message was not delivered");
    ck_slice(wire_slice(out + part[2].body_at, part[2].body_end - part[2].body_at),
             "Original-Envelope-Id: QQ314159\r\n"
             "Reporting-MTA: dns; mail.example.com\r\n"
             "Arrival-Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
             "\r\n"
             "Original-Recipient: rfc822;bob@example.org\r\n"
             "Final-Recipient: rfc822; bob@example.org\r\n"
             "Action: failed\r\n"
             "Status: 5.1.1\r\n"
             "Remote-MTA: dns; mx.example.org\r\n"
             "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n"
             "Last-Attempt-Date: Mon, 1 Jan 2024 00:01:00 +0000\r\n"
             "\r\n"
             "Final-Recipient: rfc822; carol@example.net\r\n"
             "Action: delayed\r\n"
             "Status: 4.4.1\r\n"
             "Last-Attempt-Date: Mon, 1 Jan 2024 00:01:10 +0000\r\n"
             "Will-Retry-Until: Sat, 6 Jan 2024 00:00:00 +0000\r\n");
}
END_TEST

START_TEST(a_report_tells_a_person_what_happened)
{
    struct wire_report r = report();
    write_it(&r);
    ck_assert_ptr_nonnull(
        strstr(out, "Your message was NOT delivered to\r\n\r\n  bob@example.org\r\n"
                    "    The server mx.example.org answered:\r\n    550 5.1.1 no such user here\r\n"));
    ck_assert_ptr_nonnull(strstr(out, "has not been delivered yet to\r\n\r\n  carol@example.net\r\n"));
}
END_TEST

START_TEST(ret_hdrs_returns_the_header_only)
{
    struct wire_report r = report();
    r.return_full = false;
    write_it(&r);
    ck_assert_uint_eq(wire_mime_parse(out, len, part, 16), 4);
    ck_slice(part[3].type, "text");
    ck_slice(part[3].subtype, "rfc822-headers");
    ck_slice(wire_slice(out + part[3].body_at, part[3].body_end - part[3].body_at),
             "From: alice@example.com\r\nTo: bob@example.org\r\nSubject: hi\r\n");
    ck_assert_ptr_null(strstr(out, "Hello Bob."));
}
END_TEST

START_TEST(a_written_report_is_read_back)
{
    struct wire_report r = report();
    struct wire_report_reader reader;
    struct wire_report_recipient one;
    write_it(&r);
    ck_assert(wire_report_open(&reader, out, len, part, 16));
    ck_slice(reader.reporting_mta, "dns; mail.example.com");
    ck_slice(reader.envelope_id, "QQ314159");
    ck_slice(reader.returned, original);
    ck_assert(reader.returned_full);
    ck_assert(wire_slice_starts_nocase(reader.explanation, "This is the mail server mail.example.com."));
    ck_assert(wire_report_next(&reader, &one));
    ck_slice(one.final, "rfc822; bob@example.org");
    ck_slice(one.status, "5.1.1");
    ck_slice(one.diagnostic, "smtp; 550 5.1.1 no such user here");
    ck_assert_int_eq(one.action, WIRE_REPORT_FAILED);
    ck_assert_int_eq(one.last_attempt_s, 1704067260);
    ck_assert(wire_report_next(&reader, &one));
    ck_assert_int_eq(one.action, WIRE_REPORT_DELAYED);
    ck_assert_int_eq(one.will_retry_until_s, 1704499200);
    ck_assert_uint_eq(one.original.len, 0);
    ck_assert(!wire_report_next(&reader, &one));
}
END_TEST

START_TEST(a_report_by_another_server_is_read)
{
    static const char text[] =
        "Subject: Returned\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
        "\tboundary=\"B\"\r\n\r\n--B\r\n\r\nSorry.\r\n--B\r\ncontent-type: message/delivery-status\r\n\r\n"
        "reporting-mta:dns;cs.utk.example\r\n\r\n"
        "final-recipient: RFC822;louisl@larry.example\r\naction: Failed\r\nstatus: 4.0.0\r\n"
        "diagnostic-code: smtp; 426 connection\r\n timed out\r\n\r\n"
        "X-Only: not a recipient\r\n\r\n\r\n"
        "Final-Recipient: rfc822;b@c.example\r\nAction: expanded\r\nStatus: 2.0.0\r\n--B--\r\n";
    struct wire_report_reader reader;
    struct wire_report_recipient one;
    ck_assert(wire_report_open(&reader, text, sizeof text - 1, part, 16));
    ck_assert(wire_report_next(&reader, &one));
    ck_slice(one.diagnostic, "smtp; 426 connection\r\n timed out");
    ck_assert(wire_report_next(&reader, &one));
    ck_assert_int_eq(one.action, WIRE_REPORT_EXPANDED);
    ck_assert(!wire_report_next(&reader, &one));
    ck_assert_uint_eq(reader.returned.len, 0);
    ck_assert(!wire_report_open(&reader, original, sizeof original - 1, part, 16));
}
END_TEST

START_TEST(line_breaks_in_report_fields_are_refused)
{
    struct wire_report_recipient bad = recipients[0];
    struct wire_report r = report();
    bad.diagnostic = WIRE_SLICE("550 no\r\nAction: delivered");
    r.recipients = &bad, r.recipient_count = 1;
    ck_assert_uint_eq(wire_report_write(NULL, 0, &r), WIRE_REPORT_REFUSED);
    r = report();
    r.recipient_count = 0;
    ck_assert_uint_eq(wire_report_write(NULL, 0, &r), WIRE_REPORT_REFUSED);
    r = report();
    r.to = WIRE_SLICE("");
    ck_assert_uint_eq(wire_report_write(NULL, 0, &r), WIRE_REPORT_REFUSED);
    r = report();
    r.envelope_id = WIRE_SLICE("a\nb");
    ck_assert_uint_eq(wire_report_write(NULL, 0, &r), WIRE_REPORT_REFUSED);
}
END_TEST

START_TEST(the_subject_tells_the_worst_action)
{
    struct wire_report_recipient one = recipients[0];
    struct wire_report r = report();
    r.recipients = &one, r.recipient_count = 1;
    for (int a = 0; a < WIRE_REPORT_ACTIONS; a++) {
        one.action = (enum wire_report_action)a;
        one.status.len = 0;
        write_it(&r);
        ck_assert(wire_field_body(out, len, "Subject").len > 0);
        ck_assert(wire_report_action_name(one.action)[0] != '\0');
        ck_assert_ptr_nonnull(strstr(out, a == WIRE_REPORT_FAILED    ? "Status: 5.0.0\r\n"
                                          : a == WIRE_REPORT_DELAYED ? "Status: 4.0.0\r\n"
                                                                     : "Status: 2.0.0\r\n"));
    }
}
END_TEST

START_TEST(smtputf8_reports_use_the_global_types)
{
    struct wire_report_recipient one = recipients[0];
    struct wire_report r = report();
    one.final = WIRE_SLICE("b\xc3\xbc@example.org");
    r.recipients = &one, r.recipient_count = 1;
    r.utf8 = true;
    write_it(&r);
    ck_assert_ptr_nonnull(strstr(out, "Content-Type: message/global-delivery-status\r\n"));
    ck_assert_ptr_nonnull(strstr(out, "Final-Recipient: utf-8; b\xc3\xbc@example.org\r\n"));
    ck_assert_ptr_nonnull(strstr(out, "Content-Type: message/global\r\n"));
}
END_TEST

static void try_report(const char *at, size_t n)
{
    struct wire_report_reader reader;
    struct wire_report_recipient one;
    if (wire_report_open(&reader, at, n, part, 16))
        while (wire_report_next(&reader, &one))
            ck_assert(one.final.len > 0);
}

START_TEST(cut_and_spoilt_reports_do_no_harm)
{
    struct wire_report r = report();
    static char copy[sizeof out];
    write_it(&r);
    memcpy(copy, out, len);
    wire_try_cut(copy, len, try_report);
    wire_try_spoilt(copy, len, 1000, try_report);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("report");
    TCase *t = tcase_create("report");
    tcase_add_test(t, a_report_has_the_three_parts_of_rfc_3464);
    tcase_add_test(t, a_reason_that_is_no_reply_is_told_as_our_own);
    tcase_add_test(t, a_report_tells_a_person_what_happened);
    tcase_add_test(t, ret_hdrs_returns_the_header_only);
    tcase_add_test(t, a_written_report_is_read_back);
    tcase_add_test(t, a_report_by_another_server_is_read);
    tcase_add_test(t, line_breaks_in_report_fields_are_refused);
    tcase_add_test(t, the_subject_tells_the_worst_action);
    tcase_add_test(t, smtputf8_reports_use_the_global_types);
    tcase_add_test(t, cut_and_spoilt_reports_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
