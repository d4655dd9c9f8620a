/* Envelope paths and address fields. */
#include "protocols/wire/address.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static struct wire_mailbox box;
static size_t used;

static enum wire_address_verdict path(const char *text)
{
    return wire_path_parse(text, strlen(text), false, &box, &used);
}

START_TEST(well_formed_paths_are_taken_apart)
{
    ck_assert_int_eq(path("<alice@example.com> SIZE=5"), WIRE_ADDRESS_OK);
    ck_slice(box.local, "alice");
    ck_slice(box.domain, "example.com");
    ck_assert_uint_eq(used, 19);
    ck_assert_int_eq(path("<a.b+tag!#$%&'*/=?^_`{|}~-@x-1.example>"), WIRE_ADDRESS_OK);
    ck_assert_int_eq(path("<\"odd > name\\\"\"@example.org>X"), WIRE_ADDRESS_OK);
    ck_slice(box.local, "\"odd > name\\\"\"");
    ck_assert(box.quoted);
    ck_assert_int_eq(path("<bob@[192.0.2.1]>"), WIRE_ADDRESS_OK);
    ck_assert(box.literal);
    ck_assert_int_eq(path("<bob@[IPv6:2001:db8::25]>"), WIRE_ADDRESS_OK);
    ck_slice(box.domain, "[IPv6:2001:db8::25]");
    ck_assert_int_eq(path("<bob@localhost>"), WIRE_ADDRESS_OK);
}
END_TEST

START_TEST(source_routes_are_read_and_ignored)
{
    ck_assert_int_eq(path("<@one.example,@two.example:joe@three.example>"), WIRE_ADDRESS_OK);
    ck_slice(box.local, "joe");
    ck_slice(box.domain, "three.example");
    ck_assert_int_eq(path("<@one.example joe@three.example>"), WIRE_ADDRESS_BAD_ROUTE);
    ck_assert_int_eq(path("<@:joe@three.example>"), WIRE_ADDRESS_BAD_ROUTE);
}
END_TEST

START_TEST(the_two_paths_without_a_domain_have_verdicts)
{
    ck_assert_int_eq(path("<> BODY=8BITMIME"), WIRE_ADDRESS_NULL);
    ck_assert_uint_eq(used, 2);
    ck_assert_int_eq(path("<Postmaster>"), WIRE_ADDRESS_POSTMASTER);
    ck_assert_int_eq(path("<POSTMASTER>"), WIRE_ADDRESS_POSTMASTER);
    ck_assert_int_eq(path("<bob>"), WIRE_ADDRESS_NO_DOMAIN);
    ck_assert_uint_eq(used, 5);
}
END_TEST

START_TEST(malformed_paths_say_what_is_wrong)
{
    static const struct {
        const char *text;
        enum wire_address_verdict want;
    } rows[] = {
        { "", WIRE_ADDRESS_NO_BRACKETS },
        { "bob@example.org", WIRE_ADDRESS_NO_BRACKETS },
        { "<bob@example.org", WIRE_ADDRESS_NO_BRACKETS },
        { " <bob@example.org>", WIRE_ADDRESS_NO_BRACKETS },
        { "<", WIRE_ADDRESS_NO_BRACKETS },
        { "<@example.org>", WIRE_ADDRESS_BAD_ROUTE },
        { "<.bob@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "<bob.@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "<b..ob@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "<b ob@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "< bob@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "<\"bob@example.org>", WIRE_ADDRESS_NO_BRACKETS },
        { "<bob(x)@example.org>", WIRE_ADDRESS_BAD_LOCAL },
        { "<bob@>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@example.org >", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@exa_mple.org>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@-example.org>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@example-.org>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@example..org>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@example.org.>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@[192.0.2.256]>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@[192.0.2]>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@[IPv6:1:2]>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<bob@[2001:db8::1]>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<a@b@c>", WIRE_ADDRESS_BAD_DOMAIN },
        { "<b\xc3\xbc@example.org>", WIRE_ADDRESS_NEEDS_UTF8 },
        { "<bob@b\xc3\xbc"
          "cher.example>",
          WIRE_ADDRESS_NEEDS_UTF8 },
        { "<bo\rb@example.org>", WIRE_ADDRESS_BAD_LOCAL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(path(rows[i].text) == rows[i].want, "%s: %d", rows[i].text, path(rows[i].text));
        ck_assert_int_eq(used == 0, rows[i].want == WIRE_ADDRESS_NO_BRACKETS);
    }
}
END_TEST

START_TEST(the_limits_of_rfc_5321_are_exact)
{
    char text[400];
    for (int local = 63; local <= 65; local++) {
        snprintf(text, sizeof text, "<%.*s@example.org>", local,
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        ck_assert_int_eq(path(text),
                         local <= WIRE_LOCAL_PART_MAX ? WIRE_ADDRESS_OK : WIRE_ADDRESS_LOCAL_TOO_LONG);
    }
    for (size_t total = 255; total <= 257; total++) {
        size_t n = 0;
        memset(text, 0, sizeof text);
        memcpy(text, "<b@", 3);
        for (n = 3; n < total - 1; n++)
            text[n] = n % 50 == 0 && n + 2 < total ? '.' : 'd';
        text[n] = '>';
        ck_assert_int_eq(path(text), total <= WIRE_PATH_MAX ? WIRE_ADDRESS_OK : WIRE_ADDRESS_PATH_TOO_LONG);
    }
    memset(text, 'd', sizeof text);
    memcpy(text, "<b@", 3);
    text[300] = '>', text[301] = '\0';
    ck_assert_int_eq(path(text), WIRE_ADDRESS_DOMAIN_TOO_LONG);
    text[3 + 64] = '>', text[3 + 65] = '\0';
    ck_assert_int_eq(path(text), WIRE_ADDRESS_BAD_DOMAIN); /* a label of 64 */
    text[3 + 63] = '>', text[3 + 64] = '\0';
    ck_assert_int_eq(path(text), WIRE_ADDRESS_OK);
}
END_TEST

START_TEST(smtputf8_allows_other_letters)
{
    const char *text = "<b\xc3\xbc@b\xc3\xbc"
                       "cher.example>";
    ck_assert_int_eq(wire_path_parse(text, strlen(text), true, &box, &used), WIRE_ADDRESS_OK);
    ck_assert(box.utf8);
    text = "<b\xc3@x.example>";
    ck_assert_int_eq(wire_path_parse(text, strlen(text), true, &box, &used), WIRE_ADDRESS_BAD_LOCAL);
}
END_TEST

START_TEST(ip_addresses_are_checked)
{
    static const char *const good[] = { "::",
                                        "::1",
                                        "1::",
                                        "2001:db8::1",
                                        "1:2:3:4:5:6:7:8",
                                        "::ffff:192.0.2.1",
                                        "1:2:3:4:5:6:192.0.2.1",
                                        "1:2:3:4:5:6:7::" };
    static const char *const bad[] = { "",
                                       ":",
                                       ":::",
                                       "1:2:3:4:5:6:7",
                                       "1:2:3:4:5:6:7:8:9",
                                       "1::2::3",
                                       "12345::",
                                       "g::",
                                       "1:2:3:4:5:6:7:192.0.2.1",
                                       "::1:",
                                       ":1::2",
                                       "::192.0.2.300",
                                       "1:2:3:4:5:6:7:8::" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(wire_ipv6_valid(wire_slice_str(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!wire_ipv6_valid(wire_slice_str(bad[i])), "%s", bad[i]);
    ck_assert(wire_ipv4_valid(WIRE_SLICE("192.0.2.1")));
    ck_assert(!wire_ipv4_valid(WIRE_SLICE("192.0.2.1.")));
    ck_assert(!wire_ipv4_valid(WIRE_SLICE("192..2.1")));
    ck_assert(!wire_ipv4_valid(WIRE_SLICE("192.0.2.0001")));
}
END_TEST

START_TEST(quoting_does_not_make_another_mailbox)
{
    struct wire_mailbox a, b;
    char local[WIRE_LOCAL_PART_MAX];
    ck_assert_int_eq(wire_mailbox_parse(WIRE_SLICE("bob@Example.ORG"), false, &a), WIRE_ADDRESS_OK);
    ck_assert_int_eq(wire_mailbox_parse(WIRE_SLICE("\"b\\ob\"@example.org"), false, &b), WIRE_ADDRESS_OK);
    ck_assert(wire_mailbox_equal(&a, &b));
    ck_slice(wire_slice(local, wire_mailbox_local_text(local, &b)), "bob");
    ck_assert_int_eq(wire_mailbox_parse(WIRE_SLICE("Bob@example.org"), false, &b), WIRE_ADDRESS_OK);
    ck_assert(!wire_mailbox_equal(&a, &b));
    ck_assert_int_eq(wire_mailbox_parse(WIRE_SLICE("bob@example.org>"), false, &b), WIRE_ADDRESS_BAD_DOMAIN);
}
END_TEST

START_TEST(every_verdict_has_a_text)
{
    for (int v = 0; v < WIRE_ADDRESS_VERDICTS; v++)
        ck_assert(wire_address_verdict_text((enum wire_address_verdict)v)[0] != '\0');
}
END_TEST

/* ---- address fields ---- */

/* One line for each entry: "name|local|domain", "[name", "]". */
static const char *list(const char *body)
{
    static char out[2048];
    struct wire_address_list l;
    struct wire_address a;
    size_t n = 0;
    wire_address_list_begin(&l, wire_slice_str(body));
    out[0] = '\0';
    while (wire_address_list_next(&l, &a)) {
        char name[256], local[256], domain[256];
        int name_len = (int)wire_address_text(name, sizeof name, a.name, false);
        int local_len = (int)wire_address_text(local, sizeof local, a.local, true);
        int domain_len = (int)wire_address_text(domain, sizeof domain, a.domain, true);
        if (a.kind == WIRE_ADDRESS_GROUP_END)
            n += (size_t)snprintf(out + n, sizeof out - n, "]\n");
        else if (a.kind == WIRE_ADDRESS_GROUP_BEGIN)
            n += (size_t)snprintf(out + n, sizeof out - n, "[%.*s\n", name_len, name);
        else
            n += (size_t)snprintf(out + n, sizeof out - n, "%.*s|%.*s|%.*s\n", name_len, name, local_len,
                                  local, domain_len, domain);
    }
    return out;
}

START_TEST(the_address_examples_of_rfc_5322_hold)
{
    ck_assert_str_eq(list("John Doe <jdoe@machine.example>"), "John Doe|jdoe|machine.example\n");
    ck_assert_str_eq(list("\"Joe Q. Public\" <john.q.public@example.com>"),
                     "Joe Q. Public|john.q.public|example.com\n");
    ck_assert_str_eq(list("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
                     "Mary Smith|mary|x.test\n|jdoe|example.org\nWho?|one|y.test\n");
    ck_assert_str_eq(list("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"),
                     "|boss|nil.test\nGiant; \"Big\" Box|sysservices|example.net\n");
    ck_assert_str_eq(list("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
                     "[A Group\nEd Jones|c|a.test\n|joe|where.test\nJohn|jdoe|one.test\n]\n");
    ck_assert_str_eq(list("Undisclosed recipients:;"), "[Undisclosed recipients\n]\n");
    ck_assert_str_eq(list("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
                     "Pete|pete|silly.test\n");
    ck_assert_str_eq(
        list("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
             "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)"),
        "[A Group\nChris Jones|c|public.example\n|joe|example.org\nJohn|jdoe|one.test\n]\n");
    ck_assert_str_eq(list("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"),
                     "[Hidden recipients\n]\n");
    ck_assert_str_eq(list("Joe Q. Public <john.q.public@example.com>"),
                     "Joe Q. Public|john.q.public|example.com\n");
    ck_assert_str_eq(list("Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example"),
                     "Mary Smith|mary|example.net\n|jdoe|test.example\n");
}
END_TEST

START_TEST(odd_address_fields_are_tolerated)
{
    ck_assert_str_eq(list("jones@x.example (Jones)"), "Jones|jones|x.example\n");
    ck_assert_str_eq(list("\"a, b\"@x.example, <c@[192.0.2.1]>"), "|a, b|x.example\n|c|[192.0.2.1]\n");
    ck_assert_str_eq(list("one@a.test; two@b.test"), "|one|a.test\n|two|b.test\n");
    ck_assert_str_eq(list("Team: a@b.test, c@d.test"), "[Team\n|a|b.test\n|c|d.test\n]\n");
    ck_assert_str_eq(list("nobody"), "|nobody|\n");
    ck_assert_str_eq(list(" , ,, "), "");
    ck_assert_str_eq(list("X <x@y.test"), "X|x|y.test\n");
    ck_assert_str_eq(list("(only a comment)"), "");
}
END_TEST

static void try_list(const char *at, size_t len)
{
    struct wire_address_list l;
    struct wire_address a;
    struct wire_mailbox m;
    size_t n, seen = 0;
    wire_address_list_begin(&l, wire_slice(at, len));
    while (wire_address_list_next(&l, &a)) {
        char text[64];
        ck_assert_uint_le(wire_address_text(text, sizeof text, a.name, false), len);
        ck_assert_uint_le(wire_address_text(text, sizeof text, a.local, true), len);
        ck_assert_uint_le(wire_address_text(text, sizeof text, a.domain, true), len);
        ck_assert_uint_le(++seen, 2 * len + 1);
    }
    wire_path_parse(at, len, true, &m, &n);
    ck_assert_uint_le(n, len);
    wire_mailbox_parse(wire_slice(at, len), false, &m);
    wire_ipv6_valid(wire_slice(at, len));
}

START_TEST(cut_and_spoilt_addresses_do_no_harm)
{
    const char *body = "A Group(Some \\( people)\r\n :\"Chris; \\\" J\" <@a,@b:c@(x)[192.0.2.1]>, "
                       "joe@example.org;, =?x?= <b@c>";
    const char *route = "<@one.example,@two.example:\"a\\\"b\"@[IPv6:2001:db8::192.0.2.1]>";
    wire_try_cut(body, strlen(body), try_list);
    wire_try_spoilt(body, strlen(body), 2000, try_list);
    wire_try_cut(route, strlen(route), try_list);
    wire_try_spoilt(route, strlen(route), 2000, try_list);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("address");
    TCase *t = tcase_create("address");
    tcase_add_test(t, well_formed_paths_are_taken_apart);
    tcase_add_test(t, source_routes_are_read_and_ignored);
    tcase_add_test(t, the_two_paths_without_a_domain_have_verdicts);
    tcase_add_test(t, malformed_paths_say_what_is_wrong);
    tcase_add_test(t, the_limits_of_rfc_5321_are_exact);
    tcase_add_test(t, smtputf8_allows_other_letters);
    tcase_add_test(t, ip_addresses_are_checked);
    tcase_add_test(t, quoting_does_not_make_another_mailbox);
    tcase_add_test(t, every_verdict_has_a_text);
    tcase_add_test(t, the_address_examples_of_rfc_5322_hold);
    tcase_add_test(t, odd_address_fields_are_tolerated);
    tcase_add_test(t, cut_and_spoilt_addresses_do_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
