/* explain: every word of the glossary holds what it promises; terms, sources, suggestions, exit status. */
#include "ui/explain.h"

#include "protocols/wire/utf8.h"
#include "tests/check_main.h"
#include "tests/export/sample.h"
#include "ui/glossary.h"

static char *out, *err;
static size_t out_len, err_len;

static const struct wire_lesson rcpt_row = { "The client names one recipient", "One for each.", "RFC 5321" };
static const struct wire_lesson code_row = { "The mailbox does not exist", "Do not retry.", "RFC 5321" };

static bool find(const char *word, const struct wire_lesson **row, size_t i)
{
    if (i > 0)
        return false;
    if (strcmp(word, "RCPT") == 0)
        *row = &rcpt_row;
    else if (strcmp(word, "550") == 0)
        *row = &code_row;
    else
        return false;
    return true;
}

static const char *word_at(size_t i)
{
    return i == 0 ? "RCPT" : i == 1 ? "550" : NULL;
}

static const struct explain_source source = { "SMTP", find, word_at };

/* Explains; both streams are kept, and no row is wider than the page. */
static int explain(const char *const *words, size_t n)
{
    FILE *o = open_memstream(&out, &out_len), *e = open_memstream(&err, &err_len);
    int status = ui_explain(o, e, words, n, &source, 1);
    fclose(o);
    fclose(e);
    for (const char *at = out; *at; at = strchr(at, '\n') + 1)
        ck_assert_uint_le(wire_display_columns(at, strcspn(at, "\n")), 80);
    for (const char *at = err; *at; at = strchr(at, '\n') + 1)
        ck_assert_uint_le(wire_display_columns(at, strcspn(at, "\n")), 80);
    return status;
}

static void forget(void)
{
    free(out);
    free(err);
}

START_TEST(a_word_is_explained)
{
    const char *words[] = { "NXDOMAIN" };
    ck_assert_int_eq(explain(words, 1), 0);
    ck_assert_str_eq(out, "NXDOMAIN (DNS)\n"
                          "  NXDOMAIN: this name does not exist, nor any below it\n"
                          "  For a mail server that is final: 5.1.2, a bounce. Most often a typing error in\n"
                          "  the address.\n"
                          "  RFC 1035 section 4.1.1, RFC 8020 section 2\n"
                          "  See:  nodata, servfail\n");
    ck_assert_str_eq(err, "");
    forget();
}
END_TEST

START_TEST(the_exam_and_the_standard_are_kept_apart)
{
    const char *words[] = { "465" };
    ck_assert_int_eq(explain(words, 1), 0);
    ck_assert_ptr_nonnull(strstr(out, "\n  RFC 8314 section 3.3\n  Exam: "));
    forget();
}
END_TEST

START_TEST(a_source_adds_its_rows)
{
    const char *words[] = { "RCPT" };
    ck_assert_int_eq(explain(words, 1), 0);
    ck_assert_str_eq(out, "RCPT (SMTP)\n  The client names one recipient\n  One for each.\n  RFC 5321\n");
    forget();
}
END_TEST

START_TEST(several_words_are_explained_one_by_one)
{
    const char *one[] = { "550 5.1.1" }, *two[] = { "550", "5.1.1" };
    char *first;
    ck_assert_int_eq(explain(one, 1), 0);
    ck_assert_ptr_nonnull(strstr(out, "550 (SMTP)\n"));
    ck_assert_ptr_nonnull(strstr(out, "\n\n5.1.1, by its first digit (transfer)\n  5xx means"));
    first = out;
    free(err);
    ck_assert_int_eq(explain(two, 2), 0);
    ck_assert_str_eq(out, first);
    free(first);
    forget();
}
END_TEST

START_TEST(the_longest_term_wins)
{
    const char *words[] = { "Open", "Relay", "mail", "from:", "NULL-SENDER?" };
    ck_assert_int_eq(explain(words, 5), 0);
    ck_assert_int_eq(strncmp(out, "open relay (transfer)\n", 22), 0);
    ck_assert_ptr_nonnull(strstr(out, "\n\nreverse-path (mail)\n"));
    ck_assert_ptr_nonnull(strstr(out, "\n\nnull reverse-path (mail)\n"));
    forget();
}
END_TEST

START_TEST(an_unknown_word_gets_suggestions_and_exit_2)
{
    const char *words[] = { "gryelisting", "53" };
    ck_assert_int_eq(explain(words, 2), 2);
    ck_assert_str_eq(err, "mailwalk: explain: no entry for \"gryelisting\"\n  did you mean: greylisting?\n");
    ck_assert_int_eq(strncmp(out, "53 (ports and protocols)\n", 25), 0); /* what is known is still told */
    forget();
}
END_TEST

START_TEST(suggestions_come_from_sources_too)
{
    const char *words[] = { "RCTP" };
    ck_assert_int_eq(explain(words, 1), 2);
    ck_assert_ptr_nonnull(strstr(err, "RCPT"));
    forget();
}
END_TEST

START_TEST(nonsense_gets_no_suggestion)
{
    const char *words[] = { "qqqqqqqqqqqqqqqqqqqqqqq" };
    ck_assert_int_eq(explain(words, 1), 2);
    ck_assert_str_eq(err, "mailwalk: explain: no entry for \"qqqqqqqqqqqqqqqqqqqqqqq\"\n");
    forget();
}
END_TEST

START_TEST(a_code_in_no_table_is_read_by_its_first_digit)
{
    const char *words[] = { "499", "5.99.99" }, *none[] = { "699" }, *pop[] = { "1.1.1" };
    ck_assert_int_eq(explain(words, 2), 0);
    ck_assert_ptr_nonnull(strstr(out, "499, by its first digit"));
    ck_assert_ptr_nonnull(strstr(out, "5.99.99, by its first digit"));
    forget();
    ck_assert_int_eq(explain(none, 1), 2);
    forget();
    ck_assert_int_eq(explain(pop, 1), 2);
    forget();
}
END_TEST

START_TEST(no_word_is_bad_usage)
{
    const char *words[] = { "  " };
    ck_assert_int_eq(explain(words, 0), 2);
    forget();
    ck_assert_int_eq(explain(words, 1), 2);
    ck_assert_ptr_nonnull(strstr(err, "which word?"));
    forget();
}
END_TEST

START_TEST(hostile_words_stand_still)
{
    char big[5000];
    const char *words[] = { "\x1b[2J\xff\xe2\x80\xae", big };
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    ck_assert_int_eq(explain(words, 2), 2);
    for (size_t i = 0; i < err_len; i++)
        ck_assert((uint8_t)err[i] >= 0x20 || err[i] == '\n');
    ck_assert_ptr_nonnull(strstr(err, "\\x1b[2J\\xff\\u202e"));
    forget();
}
END_TEST

START_TEST(more_words_than_fit_are_no_harm)
{
    const char *words[200];
    for (int i = 0; i < 200; i++)
        words[i] = "MX";
    ck_assert_int_eq(explain(words, 200), 0);
    forget();
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    const char *words[] = { "MX" };
    FILE *full = fopen("/dev/full", "w");
    if (!full) {
        fprintf(stderr, "skipped: no /dev/full\n");
        return;
    }
    ck_assert_int_eq(ui_explain(full, stderr, words, 1, NULL, 0), 3);
    fclose(full);
}
END_TEST

/* ---- the glossary itself ---------------------------------------------------------------- */

/* How many entries have this spelling. */
static int entries_with(const char *word)
{
    const struct glossary_entry *e;
    int n = 0;
    for (size_t i = 0; (e = glossary_at(i, NULL)) != NULL; i++)
        n += glossary_matches(e, word);
    return n;
}

static void check_words(const char *words, const char *separator, const char *where)
{
    char copy[512], *save = NULL;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *w = strtok_r(copy, separator, &save); w; w = strtok_r(NULL, separator, &save)) {
        w += strspn(w, " ");
        ck_assert_msg(entries_with(w) == 1, "\"%s\" of \"%s\" is in %d entries", w, where, entries_with(w));
        ck_assert_msg(strlen(w) < EXPLAIN_WORD_MAX, "%s", w);
    }
}

START_TEST(the_glossary_has_at_least_ninety_entries)
{
    size_t n = 0;
    while (glossary_at(n, NULL))
        n++;
    ck_assert_uint_ge(n, 90);
}
END_TEST

START_TEST(every_entry_is_whole)
{
    const struct glossary_entry *e;
    for (size_t i = 0; (e = glossary_at(i, NULL)) != NULL; i++) {
        const char *all[] = { e->words, e->row.title, e->row.lesson, e->row.section, e->exam, e->see };
        ck_assert_msg(strlen(e->row.title) <= 60, "%s: %zu", e->row.title, strlen(e->row.title));
        ck_assert_msg(e->row.title[strlen(e->row.title) - 1] != '.' || strstr(e->row.title, "0 ."), "%s",
                      e->row.title);
        ck_assert_msg(strlen(e->row.lesson) >= 40 && strlen(e->row.lesson) <= 330, "%s: %zu", e->words,
                      strlen(e->row.lesson));
        ck_assert_msg(e->row.lesson[strlen(e->row.lesson) - 1] == '.' ||
                          e->row.lesson[strlen(e->row.lesson) - 1] == ')',
                      "%s", e->words);
        ck_assert_msg(!e->row.section || strncmp(e->row.section, "RFC ", 4) == 0, "%s", e->words);
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            ck_assert_msg(!all[k] || wire_is_ascii(all[k], strlen(all[k])), "%s", e->words);
    }
}
END_TEST

START_TEST(every_spelling_belongs_to_one_entry)
{
    const struct glossary_entry *e;
    for (size_t i = 0; (e = glossary_at(i, NULL)) != NULL; i++)
        check_words(e->words, "|", e->words);
}
END_TEST

START_TEST(every_see_leads_somewhere_else)
{
    const struct glossary_entry *e;
    for (size_t i = 0; (e = glossary_at(i, NULL)) != NULL; i++) {
        char copy[512], *save = NULL;
        if (!e->see)
            continue;
        check_words(e->see, ",", e->words);
        snprintf(copy, sizeof copy, "%s", e->see);
        for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
            ck_assert_msg(!glossary_matches(e, w), "%s leads to itself", e->words);
    }
}
END_TEST

START_TEST(the_words_of_the_design_are_there)
{
    static const char *const words[] = {
        "25",     "587",      "465",         "110",      "995",        "143",
        "993",    "53",       "MX",          "relay",    "open relay", "envelope",
        "bounce", "DSN",      "greylisting", "MTA",      "MUA",        "MDA",
        "MSA",    "maildir",  "mailbox",     "STARTTLS", "SPF",        "DKIM",
        "DMARC",  "NXDOMAIN", "TTL",         "queue",    "back-off",   "null reverse-path"
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(entries_with(words[i]) == 1, "%s", words[i]);
    ck_assert_int_eq(entries_with("no such word"), 0);
    ck_assert_int_eq(entries_with(""), 0);
}
END_TEST

static Suite *explain_suite(void)
{
    Suite *s = suite_create("explain");
    TCase *c = tcase_create("explain");
    tcase_add_test(c, a_word_is_explained);
    tcase_add_test(c, the_exam_and_the_standard_are_kept_apart);
    tcase_add_test(c, a_source_adds_its_rows);
    tcase_add_test(c, several_words_are_explained_one_by_one);
    tcase_add_test(c, the_longest_term_wins);
    tcase_add_test(c, an_unknown_word_gets_suggestions_and_exit_2);
    tcase_add_test(c, suggestions_come_from_sources_too);
    tcase_add_test(c, nonsense_gets_no_suggestion);
    tcase_add_test(c, a_code_in_no_table_is_read_by_its_first_digit);
    tcase_add_test(c, no_word_is_bad_usage);
    tcase_add_test(c, hostile_words_stand_still);
    tcase_add_test(c, more_words_than_fit_are_no_harm);
    tcase_add_test(c, a_full_disk_is_found);
    tcase_add_test(c, the_glossary_has_at_least_ninety_entries);
    tcase_add_test(c, every_entry_is_whole);
    tcase_add_test(c, every_spelling_belongs_to_one_entry);
    tcase_add_test(c, every_see_leads_somewhere_else);
    tcase_add_test(c, the_words_of_the_design_are_there);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(explain_suite)
