/* What an engine wants sent: appends, marks, and what happens when it is too much. */
#include "protocols/wire/out.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

static struct wire_out out;
static const struct wire_lesson lesson = { "A title", "A lesson.", "RFC 0000 section 0" };

START_TEST(appends_and_marks_line_up)
{
    wire_out_reset(&out);
    wire_out_line(&out, &lesson)->code = 250;
    wire_out_str(&out, "250-first\r\n");
    wire_out_line(&out, NULL);
    wire_out_fmt(&out, "%d %s\r\n", 250, "second");
    ck_assert_uint_eq(out.lines, 2);
    ck_assert_uint_eq(out.line[1].at, 11);
    ck_assert_uint_eq(out.line[0].code, 250);
    ck_assert_uint_eq(out.line[1].code, 0);
    ck_assert_ptr_eq(out.line[0].why, &lesson);
    ck_slice(wire_slice(out.text, out.len), "250-first\r\n250 second\r\n");
    ck_assert_uint_eq(wire_out_room(&out), WIRE_OUT_MAX - out.len);
    ck_assert(!out.full);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_whole)
{
    static const char block[WIRE_OUT_MAX];
    wire_out_reset(&out);
    wire_out_bytes(&out, block, WIRE_OUT_MAX - 3);
    wire_out_str(&out, "abcd");
    ck_assert(out.full);
    ck_assert_uint_eq(out.len, WIRE_OUT_MAX - 3);
    wire_out_str(&out, "abc");
    ck_assert_uint_eq(wire_out_room(&out), 0);
    wire_out_reset(&out);
    ck_assert(!out.full);
    wire_out_bytes(&out, block, WIRE_OUT_MAX - 3);
    wire_out_fmt(&out, "%s", "abc"); /* its NUL would not fit */
    ck_assert(out.full);
    ck_assert_uint_eq(out.len, WIRE_OUT_MAX - 3);
}
END_TEST

START_TEST(marks_beyond_the_last_change_the_last)
{
    wire_out_reset(&out);
    for (int i = 0; i < WIRE_OUT_LINES_MAX + 5; i++)
        wire_out_line(&out, &lesson)->code = (uint16_t)i;
    ck_assert_uint_eq(out.lines, WIRE_OUT_LINES_MAX);
    ck_assert_uint_eq(out.line[WIRE_OUT_LINES_MAX - 1].code, WIRE_OUT_LINES_MAX + 4);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("out");
    TCase *t = tcase_create("out");
    tcase_add_test(t, appends_and_marks_line_up);
    tcase_add_test(t, what_does_not_fit_is_left_out_whole);
    tcase_add_test(t, marks_beyond_the_last_change_the_last);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
