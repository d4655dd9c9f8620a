/* Claims about the words: none is missing, none is too long, all are plain ASCII. */
#include "tests/check_main.h"

#include <string.h>

#include "protocols/tls/tls_pki.h"
#include "protocols/tls/tls_session.h"

#define TITLE_MAX 60

static void must_be_words(const struct wire_lesson *w, const char *what)
{
    ck_assert_msg(w->title && w->lesson && w->section, "%s lacks words", what);
    ck_assert_msg(strlen(w->title) <= TITLE_MAX && w->title[0] != '\0', "%s: title \"%s\"", what, w->title);
    ck_assert_msg(w->title[strlen(w->title) - 1] != '.', "%s: full stop in the title", what);
    ck_assert_msg(strlen(w->lesson) > 10 && w->lesson[strlen(w->lesson) - 1] == '.', "%s: lesson", what);
    ck_assert_msg(strncmp(w->section, "RFC ", 4) == 0, "%s: section \"%s\"", what, w->section);
    for (const char *c = w->lesson; *c; c++)
        ck_assert_msg(wire_is_visible(*c) || *c == ' ', "%s: not ASCII", what);
    for (const char *c = w->title; *c; c++)
        ck_assert_msg(wire_is_visible(*c) || *c == ' ', "%s: not ASCII", what);
}

START_TEST(every_verdict_has_words)
{
    for (int v = 0; v < TLS_VERDICTS; v++) {
        const struct tls_verdict_info *info = tls_verdict_info((enum tls_verdict)v);
        ck_assert_ptr_nonnull(info->name);
        must_be_words(&info->words, info->name);
        if (tls_verdict_is_certificate((enum tls_verdict)v))
            must_be_words(&info->tolerated, info->name);
        else
            ck_assert_ptr_null(info->tolerated.title);
        for (int other = 0; other < v; other++)
            ck_assert_str_ne(info->name, tls_verdict_info((enum tls_verdict)other)->name);
    }
}
END_TEST

START_TEST(every_alert_has_words)
{
    unsigned n = 0;
    for (const struct tls_alert_info *a; (a = tls_alert_at(n)) != NULL; n++) {
        must_be_words(&a->words, a->name);
        ck_assert_ptr_eq(tls_alert_info(a->number), a);
        if (n > 0)
            ck_assert_int_gt(a->number, tls_alert_at(n - 1)->number);
        ck_assert_msg(strncmp(a->words.title, a->name, strlen(a->name)) == 0, "%s", a->words.title);
    }
    ck_assert_uint_eq(n, 32);
    must_be_words(&tls_alert_info(199)->words, "unknown alert");
    ck_assert_str_eq(tls_alert_info(199)->name, "unknown alert");
}
END_TEST

START_TEST(every_message_has_words)
{
    static const uint8_t numbers[] = {
#define X(name, number) number,
        TLS_MESSAGES(X)
#undef X
    };
    unsigned n = 0;
    for (const struct tls_message_info *m; (m = tls_message_at(n)) != NULL; n++) {
        must_be_words(&m->words, m->name);
        must_be_words(&m->overheard, m->name);
        if (m->words12.title)
            must_be_words(&m->words12, m->name);
    }
    ck_assert_uint_eq(n, sizeof numbers);
    for (size_t i = 0; i < sizeof numbers; i++)
        ck_assert_int_eq(tls_message_info(numbers[i])->number, numbers[i]);
    must_be_words(&tls_message_info(77)->words, "unknown");
    must_be_words(&tls_message_info(77)->overheard, "unknown");
    must_be_words(&tls_overheard_sealed, "sealed");
    must_be_words(&tls_overheard_alert, "alert");
    must_be_words(&tls_overheard_data, "data");
    must_be_words(&tls_words_data, "data");
}
END_TEST

START_TEST(every_fault_has_a_name)
{
    for (int f = 0; f < TLS_FAULTS; f++)
        ck_assert_uint_gt(strlen(tls_fault_name((enum tls_fault)f)), 3);
}
END_TEST

START_TEST(numbers_without_a_name_are_shown_as_numbers)
{
    char buf[8];
    ck_assert_str_eq(tls_version_name(0x0304, buf), "TLS 1.3");
    ck_assert_str_eq(tls_version_name(0x0300, buf), "SSL 3.0");
    ck_assert_str_eq(tls_version_name(0x7f1c, buf), "0x7f1c");
    ck_assert_str_eq(tls_suite_name(0x1301), "TLS_AES_128_GCM_SHA256");
    ck_assert_ptr_null(tls_suite_name(0x0005));
    ck_assert_str_eq(tls_group_name(0x001d), "x25519");
    ck_assert_ptr_null(tls_group_name(1));
}
END_TEST

static Suite *words_suite(void)
{
    Suite *suite = suite_create("tls_words");
    TCase *t = tcase_create("words");
    tcase_add_test(t, every_verdict_has_words);
    tcase_add_test(t, every_alert_has_words);
    tcase_add_test(t, every_message_has_words);
    tcase_add_test(t, every_fault_has_a_name);
    tcase_add_test(t, numbers_without_a_name_are_shown_as_numbers);
    suite_add_tcase(suite, t);
    return suite;
}

CHECK_MAIN(words_suite)
