/* Why: from what went wrong back to the line of configuration, the fault, the person. */
#include "tests/ui/screen_fixture.h"
#include "ui/tape/causes.h"

/* Opens the scenario, presses the keys and asks why; each of the words must be in the list, in this order. */
static void leads(const char *scenario, const char *keys, const char *const *words)
{
    struct face f;
    const char *text;
    face_open(&f, scenario, 60, 200, true, false);
    face_keys(&f, keys);
    face_keys(&f, "w");
    text = face_text(&f);
    for (; *words; words++) {
        const char *found = strstr(text, *words);
        ck_assert_msg(found != NULL, "%s: \"%s\" does not follow in\n%.3500s", scenario, *words,
                      face_text(&f));
        text = found;
    }
    face_close(&f);
}
#define LEADS(scenario, keys, ...) leads(scenario, keys, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(a_reply_leads_to_its_own_command_and_setting)
{
    LEADS("no-such-user", "!", "550 5.1.1", "/hosts/mx/store/users", "RCPT TO:<nobbody@example.org>",
          "asks who receives mail", "Alice sends to an address");
}
END_TEST

START_TEST(a_bounce_leads_to_the_reply_that_it_quotes)
{
    LEADS("no-such-user", "! ! !", "cannot be delivered", "550 5.1.1", "/hosts/mx/store/users",
          "RCPT TO:<nobbody@example.org>");
}
END_TEST

START_TEST(a_lost_frame_leads_to_its_fault)
{
    LEADS("lossy-link", "!", "SYN to port 587: lost", "/links/dsl/faults/0", "connects to its server");
    LEADS("wrong-port", "!", "SYN to port 25: a firewall drops it", "/hosts/provider/firewall/0",
          "/hosts/alice/client/accounts/0/submit/port = 25");
    LEADS("mx-down", "!", "SYN to port 25: nobody answers to this address",
          "mx1 is switched off (/hosts/mx1)");
}
END_TEST

START_TEST(a_time_out_leads_to_the_port)
{
    LEADS("plaintext-to-465", "!", "nobody answered in time", "connects to its server",
          "/hosts/alice/client/accounts/0/submit/port = 465");
    LEADS("wrong-port", "! ! ! ! ! ! !", "Sending failed", "nobody answered in time", "SYN to port 25",
          "/hosts/provider/firewall/0", "sends again", "/hosts/alice/client/accounts/0/submit/port = 25");
}
END_TEST

/* The scenario lets carol wait until alice has failed: that is an order, and no cause. */
START_TEST(what_a_person_begins_has_no_cause)
{
    struct face f;
    face_open(&f, "wrong-port", 60, 200, true, false);
    face_keys(&f, "! ! ! ! ! ! ! ! ! w");
    ck_assert(strstr(face_text(&f), "carol: could not send: the connection was refused") != NULL);
    ck_assert(strstr(face_text(&f), "the company's firewall rejects it") != NULL);
    ck_assert(strstr(face_text(&f), "alice: could not send") == NULL);
    face_close(&f);
}
END_TEST

START_TEST(a_refused_certificate_leads_to_its_fault)
{
    LEADS("expired-certificate", "!", "certificate-expired", "/hosts/mail/certificate/fault = \"expired\"",
          "STARTTLS");
}
END_TEST

START_TEST(an_old_address_leads_to_the_cache)
{
    LEADS("mx-moved", "/ 1141 <Enter>", "MX 10 mx.example.org; A 203.0.113.25 ttl 1141",
          "resolver: the answer is in its cache: MX example.org",
          "resolver: keeps in its cache: MX example.org: 10 mx.example.org, 1800 s left", "MX? example.org");
}
END_TEST

START_TEST(a_full_mailbox_leads_to_its_quota)
{
    LEADS("mailbox-full", "!", "over the quota of INBOX of bob", "/hosts/mx/store/users/bob/quota = 64000");
}
END_TEST

START_TEST(what_is_typed_leads_to_what_was_answered)
{
    LEADS("open-relay", "!", "554 5.7.1", "/hosts/careful/mta/relay_networks", "RCPT TO:<bob@example.org>",
          "MAIL FROM", "220 ");
}
END_TEST

/* Whatever is asked about, the chain ends, and each cause lies before its effect. */
START_TEST(every_record_has_a_why_that_ends)
{
    static const char *const scenarios[] = { "first-message", "no-such-user", "wrong-port",
                                             "first-message-secure" };
    struct face f;
    face_open(&f, scenarios[_i], 24, 80, true, false);
    for (uint32_t seq = 1; seq <= tape_last(ui_screen_tape(f.s)); seq++) {
        struct trace_record r;
        uint32_t at = seq;
        unsigned n = 0;
        while (at && tape_get(ui_screen_tape(f.s), at, &r)) {
            uint32_t before = causes_before(ui_screen_tape(f.s), &r, tape_answered(ui_screen_tape(f.s), at));
            ck_assert(before < at);
            ck_assert(causes_beside(ui_screen_tape(f.s), &r) <= tape_last(ui_screen_tape(f.s)));
            ck_assert_uint_lt(n++, 10000);
            at = before;
        }
    }
    face_close(&f);
}
END_TEST

static Suite *why_suite(void)
{
    Suite *s = suite_create("why");
    TCase *t = tcase_create("why");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_reply_leads_to_its_own_command_and_setting);
    tcase_add_test(t, a_bounce_leads_to_the_reply_that_it_quotes);
    tcase_add_test(t, a_lost_frame_leads_to_its_fault);
    tcase_add_test(t, a_time_out_leads_to_the_port);
    tcase_add_test(t, what_a_person_begins_has_no_cause);
    tcase_add_test(t, a_refused_certificate_leads_to_its_fault);
    tcase_add_test(t, an_old_address_leads_to_the_cache);
    tcase_add_test(t, a_full_mailbox_leads_to_its_quota);
    tcase_add_test(t, what_is_typed_leads_to_what_was_answered);
    tcase_add_loop_test(t, every_record_has_a_why_that_ends, 0, 4);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(why_suite)
