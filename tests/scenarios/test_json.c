/* Syntax, lines, pointers, sets and units. */
#include "scenarios/load/json_tree.h"
#include "sim/hosts/units.h"
#include "tests/check_main.h"
#include "tests/scenarios/support.h"

static struct core_arena arena;

static void end(void)
{
    core_arena_free(&arena);
}

static struct json_node *read_text(const char *text, size_t len)
{
    errors.count = errors.total = 0;
    return json_tree_read(&arena, "f", 0, text, len, &errors);
}

static const struct {
    const char *text, *want; /* the error begins with it */
} bad[] = {
    { "", "f:1: /: the file is empty" },
    { "  \n ", "f:2: /: the file is empty" },
    { "{", "f:1: /: the file ends inside an object" },
    { "{\n\"a\"", "f:2: /a: ':' is missing before the end" },
    { "{\"a\":}", "f:1: /a: a value is missing before '}'" },
    { "{\"a\":1,}", "f:1: /: a ',' before '}'" },
    { "[1,\n2,\n]", "f:3: /: a ',' before ']'" },
    { "{\"a\":[1,\n2 3]}", "f:2: /a: ',' or ']' is missing before '3'" },
    { "{\"a\":1 \"b\":2}", "f:1: /: ',' or '}' is missing before '\"'" },
    { "{'a':1}", "f:1: /: a key in double quotes is missing before '''" },
    { "{\"a\":'b'}", "f:1: /a: a string stands in double quotes" },
    { "{\"a\":\"b\n\"}", "f:1: /a: a string ends on the line" },
    { "{\"a\":\"\t\"}", "f:1: /a: control character 0x09" },
    { "{\"a\":\"\\q\"}", "f:1: /a: a backslash" },
    { "{\"a\":\"\\u12\"}", "f:1: /a: \\u in a string" },
    { "{\"a\":\"\\u0000\"}", "f:1: /a: \\u0000" },
    { "{\"a\":\"\\ud800\"}", "f:1: /a: \\ud800 is half" },
    { "{\"a\":\"\\udc00\"}", "f:1: /a: \\udc00 is half" },
    { "{\"a\":\"\xff\"}", "f:1: /a: octet 0xff in a string is not UTF-8" },
    { "{\"a\":\"\xc0\xaf\"}", "f:1: /a: octet 0xc0" },
    { "{\"a\":\"\xed\xa0\x80\"}", "f:1: /a: octet 0xed" },
    { "{\"a\":01}", "f:1: /a: a number does not begin with 0" },
    { "{\"a\":1.}", "f:1: /a: '.' in a number" },
    { "{\"a\":1e}", "f:1: /a: the exponent" },
    { "{\"a\":-}", "f:1: /a: '-'" },
    { "{\"a\":1e999}", "f:1: /a: the number 1e999 is too big" },
    { "{\"a\":11111111111111111111111111111111111111111}", "f:1: /a: a number of 41 characters" },
    { "{\"a\":10ms}", "f:1: /a: a number is followed by letters" },
    { "{\"a\":True}", "f:1: /a: True is no JSON value" },
    { "{\"a\":nul}", "f:1: /a: nul is no JSON value" },
    { "{\"a\":1} x", "f:1: /: 'x' behind the end" },
    { "{} // no", "f:1: /: '/' behind the end" },
    { "{\n// no\n\"a\":1}", "f:2: /: a key in double quotes" },
    { "{\"a\":# no\n1}", "f:1: /a: JSON has no comments" },
    { "{\"a\":{\"b~/c\":[0,{\"d\":tru}]}}", "f:1: /a/b~0~1c/1/d: tru is no JSON value" },
    { "{\"a\":1,\n\"b\":2,\n\"a\":3}", "f:3: /a: this key is here twice, first on line 1" },
    { "{\"a\":1,\n\"\\u0061\":3}", "f:2: /a: this key is here twice" },
    { "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\n\"c\":1}",
      "f:2: /c: this key is here twice" },
};

START_TEST(what_is_no_json_is_refused_with_line_and_pointer)
{
    ck_assert_msg(read_text(bad[_i].text, strlen(bad[_i].text)) == NULL, "%s", bad[_i].text);
    ck_assert_msg(strncmp(errors.line[0], bad[_i].want, strlen(bad[_i].want)) == 0,
                  "%s\n  wanted %s\n  got    %s", bad[_i].text, bad[_i].want, errors.line[0]);
}
END_TEST

START_TEST(an_octet_of_nothing_is_refused)
{
    ck_assert_ptr_null(read_text("{\"a\":\"b\0c\"}", 11));
    ck_assert(test_told("control character 0x00"));
    ck_assert_ptr_null(read_text("{}\0", 3));
    ck_assert(test_told("octet 0x00 behind the end"));
}
END_TEST

START_TEST(good_json_keeps_its_lines)
{
    static const char text[] =
        "\xef\xbb\xbf{ \"a\": 1.5e1,\r\n  \"b\": [\n true,\n \"x\\u00e9\\ud83d\\ude00\\n\" ],\n\"c\":{}}";
    const struct json_node *root = read_text(text, sizeof text - 1), *b, *x;
    char pointer[100];
    ck_assert_msg(root != NULL, "%s", test_first_error());
    ck_assert_uint_eq(root->count, 3);
    ck_assert(json_child(root, "a")->number > 14.9 && json_child(root, "a")->number < 15.1);
    b = json_child(root, "b");
    ck_assert_uint_eq(b->line, 2);
    ck_assert_uint_eq(b->first->line, 3);
    x = json_at(root, "/b/1");
    ck_assert_uint_eq(x->line, 4);
    ck_assert_str_eq(x->string, "x\xc3\xa9\xf0\x9f\x98\x80\n");
    json_pointer(x, pointer, sizeof pointer);
    ck_assert_str_eq(pointer, "/b/1");
    ck_assert_uint_eq(json_child(root, "c")->line, 5);
    ck_assert_ptr_eq(json_at(root, "/b/7"), b);
    ck_assert_ptr_eq(json_at(root, "/b/01"), b);
}
END_TEST

START_TEST(depth_has_a_limit)
{
    char text[200] = "";
    for (int i = 0; i < SCENARIO_DEPTH_MAX; i++)
        text[i] = '[';
    memset(text + SCENARIO_DEPTH_MAX, ']', SCENARIO_DEPTH_MAX);
    ck_assert_ptr_nonnull(read_text(text, 2 * SCENARIO_DEPTH_MAX));
    memset(text, '[', 100);
    ck_assert_ptr_null(read_text(text, 100));
    ck_assert(test_told("more than 32 deep"));
}
END_TEST

static const struct {
    const char *set, *pointer, *value; /* value NULL: refused, and pointer is what is told */
} sets[] = {
    { "/a=5", "/a", "5" },
    { "/a=5d", "/a", "\"5d\"" },
    { "/a=\"5\"", "/a", "\"5\"" },
    { "/a=", "/a", "\"\"" },
    { "/a==x", "/a", "\"=x\"" },
    { "/o/k~1~0=1", "/o/k~1~0", "1" },
    { "/l/1={\"x\":[true]}", "/l/1/x/0", "true" },
    { "/l/-=9", "/l/3", "9" },
    { "/new=1", "/new", "1" },
    { "/l/3=1", "/l has 3 elements: 0 is the first, - appends one", NULL },
    { "/l/x=1", "/l has 3 elements", NULL },
    { "/l/00=1", "/l has 3 elements", NULL },
    { "/x/y=1", "did you mean", NULL },
    { "/obj/y=1", "/ has no \"obj\"; it has: a, o, l, name, ox", NULL },
    { "/nam/y=1", "/ has no \"nam\"; did you mean \"name\"? has: a, o", NULL },
    { "/a/b=1", "/a is a number: there is nothing below it", NULL },
    { "/a~2=1", "~ is followed by 0 or 1", NULL },
    { "a=1", "\"a=1\" is not /json/pointer=VALUE", NULL },
    { "/a", "is not /json/pointer=VALUE", NULL },
    { "/a=\xff", "the value is not UTF-8", NULL },
    { "/a={\"k\":1,\"k\":2}", "this key is here twice", NULL },
};

START_TEST(a_set_changes_one_value_or_says_why_not)
{
    static const char text[] = "{\"a\":1,\"o\":{\"k/~\":2},\"l\":[1,2,3],\"name\":1,\"ox\":{}}";
    struct json_node *root = read_text(text, sizeof text - 1);
    bool good = json_tree_set(&arena, &root, sets[_i].set, 4, &errors);
    const struct json_node *n;
    char have[100] = "";
    if (!sets[_i].value) {
        ck_assert_msg(!good, "%s", sets[_i].set);
        ck_assert_msg(strncmp(errors.line[0], "--set:4: ", 9) == 0, "%s", errors.line[0]);
        if (strcmp(sets[_i].pointer, "did you mean") != 0)
            ck_assert_msg(test_told(sets[_i].pointer), "%s: %s", sets[_i].set, errors.line[0]);
        return;
    }
    ck_assert_msg(good, "%s: %s", sets[_i].set, test_first_error());
    n = json_at(root, sets[_i].pointer);
    if (n->type == JSON_STRING)
        snprintf(have, sizeof have, "\"%s\"", n->string);
    else if (n->type == JSON_NUMBER)
        snprintf(have, sizeof have, "%.0f", n->number);
    else if (n->type == JSON_TRUTH)
        snprintf(have, sizeof have, "%s", n->truth ? "true" : "false");
    ck_assert_str_eq(have, sets[_i].value);
}
END_TEST

START_TEST(durations_are_told_in_the_largest_units)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } told[] = { { 0, "0 s" },
                 { 5, "5 ns" },
                 { 2310 * CORE_MS, "2.310 s" },
                 { 90 * CORE_S, "90 s" },
                 { 11 * CORE_MINUTE, "11 min" },
                 { 24 * CORE_HOUR, "24 h" },
                 { 5 * 24 * CORE_HOUR, "5 d" },
                 { 436668 * CORE_S, "5 d 1 h 17 min 48 s" },
                 { UNITS_DURATION_MAX - CORE_S, "36499 d 23 h 59 min 59 s" } };
    char buf[UNITS_TEXT_MAX];
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        ck_assert_str_eq(units_duration_text(told[i].ns, buf), told[i].text);
}
END_TEST

START_TEST(durations_have_units)
{
    uint64_t ns;
    ck_assert(units_duration("90s", &ns) && ns == 90 * CORE_S);
    ck_assert(units_duration("250ms", &ns) && ns == 250 * CORE_MS);
    ck_assert(units_duration("1h30m", &ns) && ns == 90 * CORE_MINUTE);
    ck_assert(units_duration("0.5s", &ns) && ns == 500 * CORE_MS);
    ck_assert(units_duration("1.000000001s", &ns) && ns == CORE_S + 1);
    ck_assert(units_duration("0.25d", &ns) && ns == 6 * CORE_HOUR);
    ck_assert(units_duration("36500d", &ns) && ns == UNITS_DURATION_MAX);
    ck_assert(!units_duration("36501d", &ns) && !units_duration("", &ns) && !units_duration("5", &ns));
    ck_assert(!units_duration("s", &ns) && !units_duration("-1s", &ns) && !units_duration("1 s", &ns));
    ck_assert(!units_duration("1.s", &ns) && !units_duration("99999999999999999999s", &ns) &&
              !units_duration("1x", &ns));
}
END_TEST

START_TEST(sizes_rates_chances_ports_and_moments)
{
    uint64_t n;
    uint32_t ppm;
    uint16_t from, to;
    int64_t s;
    ck_assert(units_size("64KiB", &n) && n == 65536 && units_size("10MB", &n) && n == 10000000 &&
              units_size("7B", &n) && n == 7);
    ck_assert(!units_size("10", &n) && !units_size("10M", &n) && !units_size("10MBx", &n));
    ck_assert(units_rate("1.5Gbit", &n) && n == 1500000000 && units_rate("9600bit", &n) && n == 9600 &&
              !units_rate("1mbit", &n));
    ck_assert(units_chance("2%", &ppm) && ppm == 20000 && units_chance("0.5%", &ppm) && ppm == 5000);
    ck_assert(units_chance("100%", &ppm) && ppm == 1000000 && !units_chance("101%", &ppm) &&
              !units_chance("2", &ppm));
    ck_assert(units_ports("25", &from, &to) && from == 25 && to == 25);
    ck_assert(units_ports("6000-6010", &from, &to) && from == 6000 && to == 6010);
    ck_assert(!units_ports("0", &from, &to) && !units_ports("9-8", &from, &to) &&
              !units_ports("1-65536", &from, &to));
    ck_assert(units_moment("1970-01-01T00:00:00Z", &s) && s == 0);
    ck_assert(units_moment("2024-02-29T12:00:00Z", &s) && s == 1709208000);
    ck_assert(!units_moment("2023-02-29T12:00:00Z", &s) && !units_moment("2024-02-29 12:00:00Z", &s));
    ck_assert(!units_moment("2024-02-29T12:00:00+01:00", &s) && !units_moment("2024-02-29T24:00:00Z", &s));
}
END_TEST

START_TEST(the_nearest_name_is_found)
{
    struct nearest n;
    char buf[100];
    ck_assert_uint_eq(nearest_distance("client", "clint", 3), 1);
    ck_assert_uint_eq(nearest_distance("client", "cleint", 3), 1);
    ck_assert_uint_eq(nearest_distance("CLIENT", "client", 3), 0);
    ck_assert_uint_eq(nearest_distance("abc", "xyz", 2), 3);
    nearest_init(&n, "stattls");
    nearest_try(&n, "plain");
    nearest_try(&n, "starttls");
    nearest_try(&n, "tls");
    ck_assert_str_eq(nearest_text(&n, buf, sizeof buf), "; did you mean \"starttls\"?");
    nearest_init(&n, "mx9");
    nearest_try(&n, "alice");
    ck_assert_str_eq(nearest_text(&n, buf, sizeof buf), "");
}
END_TEST

START_TEST(an_error_is_printable_whatever_the_file_holds)
{
    errors.count = errors.total = 0;
    errors_add(&errors, "f\x1b[2J", 1, "/a\nb", "%s", "\xe2\x80\xae\x07");
    for (const char *c = errors.line[0]; *c; c++)
        ck_assert((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f);
    for (int i = 0; i < 30; i++)
        errors_add(&errors, "f", 1, "", "%0600d", 1);
    ck_assert(errors.count == SCENARIO_ERRORS_MAX && errors.total == 31);
    ck_assert_uint_lt(strlen(errors.line[5]), SCENARIO_ERROR_MAX);
}
END_TEST

static Suite *json_suite(void)
{
    Suite *s = suite_create("scenarios/json");
    TCase *t = tcase_create("json");
    tcase_add_checked_fixture(t, NULL, end);
    tcase_add_loop_test(t, what_is_no_json_is_refused_with_line_and_pointer, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(t, an_octet_of_nothing_is_refused);
    tcase_add_test(t, good_json_keeps_its_lines);
    tcase_add_test(t, depth_has_a_limit);
    tcase_add_loop_test(t, a_set_changes_one_value_or_says_why_not, 0, (int)(sizeof sets / sizeof sets[0]));
    tcase_add_test(t, durations_have_units);
    tcase_add_test(t, durations_are_told_in_the_largest_units);
    tcase_add_test(t, sizes_rates_chances_ports_and_moments);
    tcase_add_test(t, the_nearest_name_is_found);
    tcase_add_test(t, an_error_is_printable_whatever_the_file_holds);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(json_suite)
