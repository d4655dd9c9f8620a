/* The grammar, production by production, and sets against a view. */
#include "protocols/imap/imap_engine.h"
#include "tests/imap/fixture.h"

#include "tests/check_main.h"

static char room[64];

static struct imap_cursor over(const char *text)
{
    return (struct imap_cursor){ text, text + strlen(text), text, { room, sizeof room }, false, false };
}

START_TEST(strings_come_as_atoms_quoted_or_literals)
{
    static const struct {
        const char *text, *value; /* NULL: refused */
    } cases[] = {
        { "atom", "atom" },
        { "a]b", "a]b" },
        { "\"two words\"", "two words" },
        { "\"q\\\"\\\\\"", "q\"\\" },
        { "\"\"", "" },
        { "{3}\r\na\"b", "a\"b" },
        { "{0}\r\n", "" },
        { "{2+}\r\nxy", "xy" },
        { "", NULL },
        { "(", NULL },
        { "\"open", NULL },
        { "\"bad\\escape\"", NULL },
        { "\"ends\\", NULL },
        { "{3}\r\nab", NULL },
        { "{3}ab", NULL },
        { "{x}\r\nab", NULL },
        { "{4294967296}\r\nab", NULL },
        { "\"line\r\nbreak\"", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct imap_cursor c = over(cases[i].text);
        struct wire_slice s;
        bool took = imap_take_astring(&c, &s);
        ck_assert_msg(took == (cases[i].value != NULL), "%s", cases[i].text);
        if (took) {
            ck_assert(wire_slice_is(s, cases[i].value));
            ck_assert(imap_at_end(&c));
        }
    }
}
END_TEST

START_TEST(a_quoted_string_beyond_the_room_is_too_complex)
{
    char text[200] = "\"\\\\";
    struct imap_cursor c;
    struct wire_slice s;
    memset(text + 3, 'x', 100);
    memcpy(text + 103, "\"", 2);
    c = over(text);
    ck_assert(!imap_take_astring(&c, &s));
    ck_assert_int_eq(imap_parse_failure(&c), IMAP_TOO_COMPLEX);
}
END_TEST

START_TEST(sets_are_read_and_limited)
{
    struct imap_range r[4];
    uint32_t n = 0;
    struct imap_cursor c = over("1,3:5,*:2");
    ck_assert(imap_take_set(&c, r, &n, 4));
    ck_assert_uint_eq(n, 3);
    ck_assert_uint_eq(r[1].lo, 3);
    ck_assert_uint_eq(r[1].hi, 5);
    ck_assert_uint_eq(r[2].lo, 0);
    ck_assert_uint_eq(r[2].hi, 2);
    n = 0;
    c = over("1,2,3,4,5");
    ck_assert(!imap_take_set(&c, r, &n, 4));
    ck_assert(c.too_complex);
    for (size_t i = 0; i < 6; i++) {
        static const char *const bad[] = { "0", "1:", ":1", "1,", "a", "4294967296" };
        n = 0;
        c = over(bad[i]);
        ck_assert_msg(!imap_take_set(&c, r, &n, 4), "%s", bad[i]);
    }
}
END_TEST

START_TEST(resolved_sets_are_sorted_and_joined)
{
    struct mem_store *st = fixture_store();
    static struct wire w;
    struct imap_range r[] = { { 3, 3 }, { 1, 1 }, { 2, 1 }, { 0, 3 } };
    uint32_t n = 4;
    wire_open(&w, st);
    wire_select(&w);
    ck_assert(imap_set_resolve(&w.server, r, &n, 0, false, false));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(r[0].lo, 1);
    ck_assert_uint_eq(r[0].hi, 3);
    r[0] = (struct imap_range){ 2, 7 };
    ck_assert(!imap_set_resolve(&w.server, r, &n, 0, false, false));
    ck_assert(imap_set_resolve(&w.server, r, &n, 0, false, true));
    ck_assert_uint_eq(r[0].hi, 3);
    mem_remove(mem_box(st, "INBOX"), mem_by_uid(mem_box(st, "INBOX"), 2));
    wire_say(&w, "n NOOP\r\n"); /* uids 1 and 3 are left */
    r[0] = (struct imap_range){ 2, 4000000000u };
    n = 1;
    ck_assert(imap_set_resolve(&w.server, r, &n, 0, true, false));
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(r[0].lo, 2);
    ck_assert_uint_eq(r[0].hi, 2);
    r[0] = (struct imap_range){ 2, 2 };
    ck_assert(imap_set_resolve(&w.server, r, &n, 0, true, false));
    ck_assert_uint_eq(n, 0);
    wire_close(&w);
    mem_free(st);
}
END_TEST

START_TEST(an_empty_mailbox_has_no_last_message)
{
    struct mem_store *st = fixture_store();
    static struct wire w;
    wire_open(&w, st);
    wire_login(&w);
    wire_say(&w, "s SELECT Sent\r\n");
    wire_say(&w, "f FETCH 1:* FLAGS\r\n");
    ck_assert_int_eq(w.verdict, IMAP_BAD_NUMBER);
    wire_say(&w, "f UID FETCH 1:* FLAGS\r\n");
    ck_assert_str_eq(w.out, "f OK UID FETCH completed\r\n");
    wire_say(&w, "f SEARCH *\r\n");
    ck_assert_str_eq(w.out, "* SEARCH\r\nf OK SEARCH completed\r\n");
    wire_say(&w, "e EXPUNGE\r\n");
    ck_assert_int_eq(w.verdict, IMAP_COMPLETED);
    wire_close(&w);
    mem_free(st);
}
END_TEST

START_TEST(flag_lists_know_system_flags_and_keywords)
{
    struct imap_flag_list list;
    struct imap_cursor c = over("(\\seen $Junk $junk \\Draft)");
    ck_assert(imap_take_flags(&c, false, &list));
    ck_assert_uint_eq(list.flags, IMAP_SEEN | IMAP_DRAFT);
    ck_assert_uint_eq(list.keywords, 1);
    for (size_t i = 0; i < 5; i++) {
        static const char *const bad[] = { "(\\Recent)", "(\\Bogus)", "(a b", "( a)", "\\Seen" };
        c = over(bad[i]);
        ck_assert_msg(!imap_take_flags(&c, false, &list), "%s", bad[i]);
    }
}
END_TEST

START_TEST(dates_are_days_and_must_exist)
{
    int64_t day;
    struct imap_cursor c = over("1-Jan-1970");
    ck_assert(imap_take_date(&c, &day));
    ck_assert_int_eq(day, 0);
    c = over("\"29-feb-2024\"");
    ck_assert(imap_take_date(&c, &day));
    ck_assert_int_eq(day, 19782);
    for (size_t i = 0; i < 6; i++) {
        static const char *const bad[] = { "0-Jan-2024", "32-Jan-2024", "31-Apr-2024",
                                           "1-Foo-2024", "1-Jan",       "\"1-Jan-2024" };
        c = over(bad[i]);
        ck_assert_msg(!imap_take_date(&c, &day), "%s", bad[i]);
    }
}
END_TEST

START_TEST(announcements_stand_at_the_end_of_a_line)
{
    uint64_t n;
    bool waits;
    size_t at;
    ck_assert(imap_literal_at_end("a {310}", 7, &n, &waits, &at));
    ck_assert(n == 310 && waits && at == 2);
    ck_assert(imap_literal_at_end("{0+}", 4, &n, &waits, &at));
    ck_assert(n == 0 && !waits && at == 0);
    ck_assert(imap_literal_at_end("{99999999999999999999999}", 25, &n, &waits, &at));
    ck_assert(n == UINT64_MAX);
    ck_assert(!imap_literal_at_end("{}", 2, &n, &waits, &at));
    ck_assert(!imap_literal_at_end("{+}", 3, &n, &waits, &at));
    ck_assert(!imap_literal_at_end("12}", 3, &n, &waits, &at));
    ck_assert(!imap_literal_at_end("{1 2}", 5, &n, &waits, &at));
    ck_assert(!imap_literal_at_end("}", 1, &n, &waits, &at));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap parse");
    TCase *t = tcase_create("grammar");
    tcase_add_test(t, strings_come_as_atoms_quoted_or_literals);
    tcase_add_test(t, a_quoted_string_beyond_the_room_is_too_complex);
    tcase_add_test(t, sets_are_read_and_limited);
    tcase_add_test(t, resolved_sets_are_sorted_and_joined);
    tcase_add_test(t, an_empty_mailbox_has_no_last_message);
    tcase_add_test(t, flag_lists_know_system_flags_and_keywords);
    tcase_add_test(t, dates_are_days_and_must_exist);
    tcase_add_test(t, announcements_stand_at_the_end_of_a_line);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
