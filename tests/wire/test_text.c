/* Encoded words, UTF-8 and safe display, and the ASCII helpers. */
#include "protocols/wire/rfc2047.h"
#include "protocols/wire/utf8.h"
#include "tests/wire/wire_test.h"
#include "tests/check_main.h"

START_TEST(numbers_do_not_overflow)
{
    uint64_t n = 7;
    ck_assert(wire_parse_u64(WIRE_SLICE("18446744073709551615"), UINT64_MAX, &n));
    ck_assert_uint_eq(n, UINT64_MAX);
    ck_assert(!wire_parse_u64(WIRE_SLICE("18446744073709551616"), UINT64_MAX, &n));
    ck_assert(!wire_parse_u64(WIRE_SLICE("99999999999999999999"), UINT64_MAX, &n));
    ck_assert(!wire_parse_u64(WIRE_SLICE(""), UINT64_MAX, &n));
    ck_assert(!wire_parse_u64(WIRE_SLICE("-1"), UINT64_MAX, &n));
    ck_assert(!wire_parse_u64(WIRE_SLICE("12 "), UINT64_MAX, &n));
    ck_assert(!wire_parse_u64(WIRE_SLICE("11"), 10, &n));
    ck_assert_uint_eq(n, UINT64_MAX);
    ck_assert(wire_parse_u64(WIRE_SLICE("007"), 10, &n) && n == 7);
}
END_TEST

START_TEST(case_folds_only_ascii_letters)
{
    ck_assert(wire_slice_is_nocase(WIRE_SLICE("Content-Type"), "CONTENT-TYPE"));
    ck_assert(!wire_slice_is_nocase(WIRE_SLICE("\xc9"), "\xe9"));
    ck_assert(!wire_slice_is_nocase(WIRE_SLICE("["), "{"));
    ck_assert(!wire_slice_is_nocase(WIRE_SLICE("@"), "`"));
}
END_TEST

static struct wire_slice decode(const char *text)
{
    static char out[1024];
    size_t n = wire_rfc2047_decode(out, sizeof out, wire_slice_str(text));
    ck_assert_uint_eq(wire_rfc2047_decode(NULL, 0, wire_slice_str(text)), n);
    return wire_slice(out, n);
}

START_TEST(the_display_examples_of_rfc_2047_hold)
{
    ck_slice(decode("(=?ISO-8859-1?Q?a?=)"), "(a)");
    ck_slice(decode("=?ISO-8859-1?Q?a?= b"), "a b");
    ck_slice(decode("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
    ck_slice(decode("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?="), "ab");
    ck_slice(decode("=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?="), "ab");
    ck_slice(decode("=?ISO-8859-1?Q?a_b?="), "a b");
    ck_slice(decode("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?_b?="), "a b");
    ck_slice(decode("=?US-ASCII?Q?Keith_Moore?="), "Keith Moore");
    ck_slice(decode("=?ISO-8859-1?Q?Andr=E9?= Pirard"), "Andr\xc3\xa9 Pirard");
    ck_slice(decode("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?="), "If you can read this yo");
    ck_slice(decode("=?utf-8*en?q?Gr=C3=BC=C3=9Fe?="), "Gr\xc3\xbc\xc3\x9f"
                                                       "e");
}
END_TEST

/* Every length that the decoder looks at as one word, in both encodings; a longer one stays as it is. */
START_TEST(a_long_encoded_word_has_room)
{
    char text[1100], out[2200];
    for (size_t n = 1; n < 1080; n++) {
        size_t len, got;
        memcpy(text, "=?iso-8859-1?Q?", 15);
        memset(text + 15, 'k', n);
        memcpy(text + 15 + n, "?=", 2);
        got = wire_rfc2047_decode(out, sizeof out, wire_slice(text, n + 17));
        ck_assert_uint_eq(got, n + 17 <= 996 ? n : n + 17);
        text[13] = 'B';
        len = n + 17;
        ck_assert_uint_le(wire_rfc2047_decode(out, sizeof out, wire_slice(text, len)), 2 * len);
    }
}
END_TEST

START_TEST(what_is_no_encoded_word_stays)
{
    ck_slice(decode("=?koi8-r?Q?a?= b"), "=?koi8-r?Q?a?= b");
    ck_slice(decode("=?utf-8?X?a?="), "=?utf-8?X?a?=");
    ck_slice(decode("=?utf-8?Q?a b?="), "=?utf-8?Q?a b?=");
    ck_slice(decode("=?utf-8?Q?open"), "=?utf-8?Q?open");
    ck_slice(decode("1 =  2 =? 3"), "1 =  2 =? 3");
    ck_slice(decode("folded\r\n text"), "folded text");
}
END_TEST

static struct wire_slice encode(const char *text, size_t column)
{
    static char out[2048];
    size_t n = wire_rfc2047_encode(out, sizeof out, wire_slice_str(text), column);
    ck_assert_uint_eq(wire_rfc2047_encode(NULL, 0, wire_slice_str(text), column), n);
    ck_assert_uint_le(n, sizeof out);
    return wire_slice(out, n);
}

START_TEST(ascii_is_not_encoded)
{
    ck_slice(encode("Just a subject", 9), "Just a subject");
    ck_assert(wire_rfc2047_needed(WIRE_SLICE("trap =?utf-8?Q?x?=")));
    ck_assert(wire_rfc2047_needed(WIRE_SLICE("bell \a")));
}
END_TEST

START_TEST(encoded_words_come_back_and_stay_short)
{
    static const char *const texts[] = {
        "Gr\xc3\xbc\xc3\x9f"
        "e aus K\xc3\xb6ln",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe4\xbb\xb6\xe5\x90\x8d\xe3\x81\xa7\xe3\x81\x99"
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe4\xbb\xb6\xe5\x90\x8d\xe3\x81\xa7\xe3\x81\x99"
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe4\xbb\xb6\xe5\x90\x8d\xe3\x81\xa7\xe3\x81\x99",
        "a very long subject with one letter \xc3\xa9 and then a great many more words that need not be "
        "encoded",
        "trap =?utf-8?Q?x?= here",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t column = 0; column < 80; column += 9) {
            struct wire_slice out = encode(texts[i], column);
            char back[1024], copy[2048];
            size_t at = column;
            memcpy(copy, out.at, out.len);
            ck_slice(wire_slice(back, wire_rfc2047_decode(back, sizeof back, wire_slice(copy, out.len))),
                     texts[i]);
            for (size_t k = 0; k < out.len; k++) {
                ck_assert(!wire_is_8bit(out.at[k]));
                at = out.at[k] == '\n' ? 0 : at + 1;
                if (out.at[k] != '\r')
                    ck_assert_uint_le(at, 76 > column ? 76 : column);
            }
        }
    }
}
END_TEST

START_TEST(invalid_octets_are_encoded_as_the_replacement_character)
{
    char back[64];
    struct wire_slice out = encode("a\xff"
                                   "b",
                                   0);
    ck_slice(wire_slice(back, wire_rfc2047_decode(back, sizeof back, out)), "a\xef\xbf\xbd"
                                                                            "b");
}
END_TEST

START_TEST(only_well_formed_utf8_is_valid)
{
    static const char *const good[] = { "",
                                        "abc",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xef\xbf\xbd",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xc3",         "\xe2\x82",         "\xf0\x9f\x92",     "\xff",
        "a\xc3("
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(wire_utf8_valid(good[i], strlen(good[i])), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!wire_utf8_valid(bad[i], strlen(bad[i])), "bad %zu", i);
}
END_TEST

static struct wire_slice safe(const char *at, size_t len)
{
    static char out[512];
    size_t n = wire_display_escape(out, sizeof out, at, len);
    ck_assert_uint_eq(wire_display_escape(NULL, 0, at, len), n);
    return wire_slice(out, n);
}

#define SAFE(literal) safe(literal, sizeof(literal) - 1)

START_TEST(nothing_that_moves_a_terminal_is_left)
{
    ck_slice(SAFE("\x1b[2J hi"), "\\x1b[2J hi");
    ck_slice(SAFE("a\r\nb\tc"), "a\\r\\nb\\tc");
    ck_slice(SAFE("nul\0bel\adel\x7f"), "nul\\x00bel\\x07del\\x7f");
    ck_slice(SAFE("\xc2\x9b"
                  "2J"),
             "\\u009b2J");
    ck_slice(SAFE("\x9b"
                  "2J"),
             "\\x9b2J");
    ck_slice(SAFE("evil\xe2\x80\xaegpj.exe"), "evil\\u202egpj.exe");
    ck_slice(SAFE("\xe2\x81\xa6\xef\xbb\xbf\xf3\xa0\x80\x81"), "\\u2066\\ufeff\\U000e0001");
    ck_slice(SAFE("Gr\xc3\xbc\xc3\x9f"
                  "e \xe6\x97\xa5"),
             "Gr\xc3\xbc\xc3\x9f"
             "e \xe6\x97\xa5");
    ck_slice(SAFE("cut \xe6\x97"), "cut \\xe6\\x97");
}
END_TEST

START_TEST(escapes_are_never_written_by_half)
{
    char out[16];
    for (size_t cap = 0; cap <= 8; cap++) {
        memset(out, '#', sizeof out);
        ck_assert_uint_eq(wire_display_escape(out, cap,
                                              "ab\x1b"
                                              "c",
                                              4),
                          7);
        ck_assert_int_eq(out[cap], '#');
        if (cap >= 2 && cap < 6)
            ck_assert_mem_eq(out, "ab####", 6);
    }
}
END_TEST

START_TEST(text_is_cut_to_columns)
{
    char out[64];
    size_t columns;
    ck_assert_uint_eq(wire_display_cut("abc", 3, 2, &columns), 2);
    ck_assert_uint_eq(wire_display_cut("\xe6\x97\xa5\xe6\x9c\xac", 6, 3, &columns), 3);
    ck_assert_uint_eq(columns, 2);
    ck_assert_uint_eq(wire_display_cut("e\xcc\x81x", 4, 1, &columns), 3);
    ck_assert_uint_eq(wire_display_columns("\xf0\x9f\x93\xa7 mail", 9), 7);
    ck_slice(wire_slice(out, wire_display_fit(out, sizeof out,
                                              "ab\x1b"
                                              "c",
                                              4, 5, false, &columns)),
             "ab");
    ck_slice(wire_slice(out, wire_display_fit(out, sizeof out,
                                              "ab\x1b"
                                              "c",
                                              4, 6, false, &columns)),
             "ab\\x1b");
    ck_slice(wire_slice(out, wire_display_fit(out, sizeof out, "\xc3\xa9", 2, 9, true, &columns)), "\\u00e9");
    ck_slice(wire_slice(out, wire_display_fit(out, 2, "abc", 3, 9, true, &columns)), "ab");
}
END_TEST

static void try_text(const char *at, size_t len)
{
    char *out = malloc(len * 10 + 100);
    size_t n = wire_display_escape(out, len * 10 + 100, at, len);
    ck_assert_uint_le(n, len * 10);
    ck_assert(wire_utf8_valid(out, n));
    for (size_t i = 0; i < n; i++)
        ck_assert(!wire_is_control(out[i]));
    ck_assert_uint_le(wire_rfc2047_decode(out, len * 10 + 100, wire_slice(at, len)), 2 * len);
    n = wire_rfc2047_encode(NULL, 0, wire_slice(at, len), 9);
    out = realloc(out, n + 1);
    ck_assert_uint_eq(wire_rfc2047_encode(out, n, wire_slice(at, len), 9), n);
    free(out);
}

START_TEST(cut_and_spoilt_text_does_no_harm)
{
    const char *text =
        "=?iso-8859-1?Q?Andr=E9?= =?utf-8?B?R3LDvMOfZQ==?=\r\n =?utf-8*de?q?K=C3=B6ln?= \xe6\x97\xa5 \x1b[0m";
    wire_try_cut(text, strlen(text), try_text);
    wire_try_spoilt(text, strlen(text), 1000, try_text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");
    tcase_add_test(t, numbers_do_not_overflow);
    tcase_add_test(t, case_folds_only_ascii_letters);
    tcase_add_test(t, the_display_examples_of_rfc_2047_hold);
    tcase_add_test(t, a_long_encoded_word_has_room);
    tcase_add_test(t, what_is_no_encoded_word_stays);
    tcase_add_test(t, ascii_is_not_encoded);
    tcase_add_test(t, encoded_words_come_back_and_stay_short);
    tcase_add_test(t, invalid_octets_are_encoded_as_the_replacement_character);
    tcase_add_test(t, only_well_formed_utf8_is_valid);
    tcase_add_test(t, nothing_that_moves_a_terminal_is_left);
    tcase_add_test(t, escapes_are_never_written_by_half);
    tcase_add_test(t, text_is_cut_to_columns);
    tcase_add_test(t, cut_and_spoilt_text_does_no_harm);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
