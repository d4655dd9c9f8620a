/* The tables have no holes, and their words fit the screen. */
#include "tests/check_main.h"

#include <stdio.h>
#include <string.h>

#include "protocols/smtp/smtp_client.h"
#include "protocols/smtp/smtp_reply.h"
#include "protocols/smtp/smtp_server.h"

#define TITLE_MAX 60

/* Words for a learner: there, ASCII, short enough, with a source. */
static void check_lesson(const char *of, const struct wire_lesson *lesson)
{
    const char *parts[3];
    ck_assert_msg(lesson != NULL, "%s has no lesson", of);
    parts[0] = lesson->title;
    parts[1] = lesson->lesson;
    parts[2] = lesson->section;
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(parts[i] != NULL && parts[i][0] != '\0', "%s has no words", of);
        for (const char *c = parts[i]; *c; c++)
            ck_assert_msg(*c >= 0x20 && *c < 0x7f, "%s: \"%s\" is not ASCII", of, parts[i]);
    }
    ck_assert_msg(strlen(lesson->title) <= TITLE_MAX, "%s: \"%s\" is longer than %d columns", of,
                  lesson->title, TITLE_MAX);
    ck_assert_msg(lesson->title[strlen(lesson->title) - 1] != '.', "%s: title ends with a full stop", of);
    ck_assert_msg(lesson->lesson[strlen(lesson->lesson) - 1] == '.', "%s: lesson has no full stop", of);
    ck_assert_msg(strncmp(lesson->section, "RFC ", 4) == 0 || strncmp(lesson->section, "IANA ", 5) == 0,
                  "%s: \"%s\" is no source", of, lesson->section);
}

START_TEST(every_verb_has_a_row_with_words)
{
    for (unsigned v = 0; v < SMTP_VERBS; v++) {
        const struct smtp_verb_info *info = smtp_verb_info((enum smtp_verb)v);
        ck_assert_msg(info->name != NULL, "verb %u is a hole", v);
        ck_assert_ptr_nonnull(info->syntax);
        check_lesson(info->name, &info->lesson);
    }
}
END_TEST

START_TEST(every_verb_is_found_by_its_name_in_any_case)
{
    for (unsigned v = SMTP_VERB_EHLO; v < SMTP_VERB_CONNECT; v++) {
        char name[16];
        size_t word;
        strcpy(name, smtp_verb_info((enum smtp_verb)v)->name);
        ck_assert_uint_eq(smtp_verb_find(name, strlen(name), &word), v);
        ck_assert_uint_eq(word, strlen(name));
        name[1] = (char)(name[1] | 0x20);
        strcat(name, " x");
        ck_assert_uint_eq(smtp_verb_find(name, strlen(name), &word), v);
        ck_assert_ptr_eq(smtp_verb_lesson(smtp_verb_info((enum smtp_verb)v)->name),
                         &smtp_verb_info((enum smtp_verb)v)->lesson);
    }
}
END_TEST

START_TEST(words_that_look_like_verbs_are_none)
{
    static const char *const words[] = { "",       "MAI",    "MAILX", "DATA:", "EHL/",      "M\xc1IL",
                                         "QUIT\t", "STARTT", "START", "RCP",   "STARTTLSX", "(connect)" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t word;
        ck_assert_msg(smtp_verb_find(words[i], strlen(words[i]), &word) == SMTP_VERB_UNKNOWN, "%s", words[i]);
    }
    ck_assert_ptr_null(smtp_verb_lesson("FETCH"));
}
END_TEST

START_TEST(every_verdict_has_a_row_with_words)
{
    for (unsigned v = 1; v < SMTP_VERDICTS; v++) {
        const struct smtp_verdict_info *info = smtp_verdict_info((enum smtp_verdict)v);
        char digits[8];
        ck_assert_msg(info->name != NULL, "verdict %u is a hole", v);
        check_lesson(info->name, info->lesson);
        snprintf(digits, sizeof digits, "%u", info->code);
        ck_assert_str_eq(digits, info->digits);
        ck_assert_uint_eq(strlen(info->text), info->text_len);
        ck_assert_uint_eq(strlen(info->status), info->status_len);
        ck_assert_uint_eq(smtp_verdict_find(info->name), v);
        ck_assert_msg(smtp_code_find(info->code) != NULL, "%s: %u is not in the catalogue", info->name,
                      info->code);
        if (info->status_len > 0) {
            ck_assert_msg(info->status[0] == info->digits[0], "%s: class of %s", info->name, info->status);
            ck_assert_msg(smtp_status_find(info->status) != NULL, "%s: %s is not in the catalogue",
                          info->name, info->status);
        }
    }
}
END_TEST

START_TEST(the_kind_of_a_verdict_follows_from_its_code)
{
    for (unsigned v = 1; v < SMTP_VERDICTS; v++) {
        const struct smtp_verdict_info *info = smtp_verdict_info((enum smtp_verdict)v);
        switch (info->kind) {
        case SMTP_KIND_GOOD:
            ck_assert_uint_eq(info->code / 100, 2);
            break;
        case SMTP_KIND_MORE:
            ck_assert_uint_eq(info->code / 100, 3);
            break;
        case SMTP_KIND_LATER:
            ck_assert_uint_eq(info->code / 100, 4);
            break;
        case SMTP_KIND_NEVER:
        case SMTP_KIND_FAULT:
            ck_assert_uint_eq(info->code / 100, 5);
            break;
        case SMTP_KIND_CLOSE:
            ck_assert(info->code == 221 || info->code == 421);
            break;
        }
    }
}
END_TEST

START_TEST(every_verb_can_end_somehow_and_every_verdict_ends_some_verb)
{
    bool reached[SMTP_VERDICTS] = { false };
    for (unsigned v = 0; v < SMTP_VERBS; v++) {
        size_t count;
        const uint8_t *list = smtp_verb_verdicts((enum smtp_verb)v, &count);
        ck_assert_msg(count > 0, "%s can end in nothing", smtp_verb_info((enum smtp_verb)v)->name);
        for (size_t i = 0; i < count; i++) {
            ck_assert(list[i] > SMTP_SILENT && list[i] < SMTP_VERDICTS);
            ck_assert_msg(memchr(list, list[i], i) == NULL, "%s: %s twice",
                          smtp_verb_info((enum smtp_verb)v)->name,
                          smtp_verdict_info((enum smtp_verdict)list[i])->name);
            reached[list[i]] = true;
            ck_assert(smtp_verb_allows((enum smtp_verb)v, (enum smtp_verdict)list[i]));
        }
        ck_assert_uint_ne(smtp_verb_states((enum smtp_verb)v), 0);
    }
    ck_assert(!smtp_verb_allows(SMTP_VERB_RCPT, SMTP_GO_AHEAD));
    for (unsigned v = 1; v < SMTP_VERDICTS; v++)
        ck_assert_msg(reached[v], "no verb ends in %s", smtp_verdict_info((enum smtp_verdict)v)->name);
}
END_TEST

START_TEST(every_extension_has_a_row_with_words)
{
    unsigned seen = 0;
    for (size_t i = 0; i < SMTP_EXTS; i++) {
        const struct smtp_ext_info *ext = smtp_ext_at(i);
        check_lesson(ext->name, &ext->lesson);
        ck_assert_ptr_eq(smtp_ext_info(ext->bit), ext);
        ck_assert_ptr_eq(smtp_ext_find(wire_slice_str(ext->name)), ext);
        ck_assert_uint_eq(seen & (unsigned)ext->bit, 0);
        seen |= (unsigned)ext->bit;
    }
    ck_assert_uint_eq(seen, (1u << SMTP_EXTS) - 1);
    ck_assert_ptr_null(smtp_ext_find(WIRE_SLICE("XCLIENT")));
}
END_TEST

START_TEST(every_client_verdict_and_state_has_a_row)
{
    for (unsigned v = 0; v < SMTP_CLIENT_VERDICTS; v++) {
        const struct smtp_client_verdict_info *info = smtp_client_verdict_info((enum smtp_client_verdict)v);
        ck_assert_msg(info->name != NULL, "client verdict %u is a hole", v);
        check_lesson(info->name, info->lesson);
        if (info->status[0])
            ck_assert_msg(smtp_status_find(info->status) != NULL, "%s", info->status);
    }
    for (unsigned i = 0; i < SMTP_CLIENT_STATES; i++)
        ck_assert_ptr_nonnull(smtp_client_state_name((enum smtp_client_state)i));
    for (unsigned i = 0; i < SMTP_SERVER_STATES; i++)
        ck_assert_ptr_nonnull(smtp_server_state_name((enum smtp_server_state)i));
}
END_TEST

static void check_meaning(const struct smtp_meaning *m)
{
    check_lesson(m->key, &m->lesson);
    ck_assert(m->registered[0] != '\0' && m->advice[0] != '\0');
    ck_assert_int_eq(m->advice[strlen(m->advice) - 1], '.');
}

START_TEST(the_catalogue_of_codes_is_sorted_and_whole)
{
    ck_assert_uint_ge(smtp_code_count(), 35);
    for (size_t i = 0; i < smtp_code_count(); i++) {
        check_meaning(smtp_code_at(i));
        ck_assert_uint_eq(strlen(smtp_code_at(i)->key), 3);
        if (i > 0)
            ck_assert_int_lt(strcmp(smtp_code_at(i - 1)->key, smtp_code_at(i)->key), 0);
        ck_assert_ptr_eq(smtp_code_find(atoi(smtp_code_at(i)->key)), smtp_code_at(i));
    }
    ck_assert_ptr_null(smtp_code_at(smtp_code_count()));
    ck_assert_ptr_null(smtp_code_lesson(299));
}
END_TEST

START_TEST(the_catalogue_of_statuses_is_sorted_and_whole)
{
    int before = -1;
    ck_assert_uint_ge(smtp_status_count(), 60);
    for (size_t i = 0; i < smtp_status_count(); i++) {
        const struct smtp_meaning *m = smtp_status_at(i);
        int subject, detail;
        check_meaning(m);
        ck_assert_int_eq(sscanf(m->key, "X.%d.%d", &subject, &detail), 2);
        ck_assert_msg(subject * 1000 + detail > before, "%s is out of order", m->key);
        before = subject * 1000 + detail;
        ck_assert_ptr_eq(smtp_status_find(m->key), m);
    }
    ck_assert_ptr_eq(smtp_status_find("5.1.1"), smtp_status_find("X.1.1"));
    ck_assert_str_eq(smtp_status_find("4.2.2")->registered, "Mailbox full");
    ck_assert_ptr_null(smtp_status_find("3.1.1"));
    ck_assert_ptr_null(smtp_status_find("5.1.99"));
    ck_assert_ptr_null(smtp_status_find(""));
    ck_assert_ptr_null(smtp_status_find("5"));
    for (const char *digit = "245"; *digit; digit++)
        check_meaning(smtp_class_find(*digit));
    ck_assert_ptr_null(smtp_class_find('3'));
}
END_TEST

START_TEST(every_reply_code_has_some_lesson)
{
    for (int code = 200; code <= 599; code++)
        check_lesson("code", smtp_reply_lesson(code, ""));
    ck_assert_ptr_eq(smtp_reply_lesson(550, "5.1.1"), smtp_status_lesson("5.1.1"));
    ck_assert_ptr_eq(smtp_reply_lesson(550, "5.9.9"), smtp_code_lesson(550));
    ck_assert_ptr_eq(smtp_reply_lesson(250, "2.1.0"), smtp_code_lesson(250));
    ck_assert_ptr_null(smtp_reply_lesson(100, ""));
}
END_TEST

START_TEST(sessions_are_small)
{
    ck_assert_uint_le(sizeof(struct smtp_server), 200);
    ck_assert_uint_le(sizeof(struct smtp_client), 200);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("smtp_tables");
    TCase *t = tcase_create("tables");
    tcase_add_test(t, every_verb_has_a_row_with_words);
    tcase_add_test(t, every_verb_is_found_by_its_name_in_any_case);
    tcase_add_test(t, words_that_look_like_verbs_are_none);
    tcase_add_test(t, every_verdict_has_a_row_with_words);
    tcase_add_test(t, the_kind_of_a_verdict_follows_from_its_code);
    tcase_add_test(t, every_verb_can_end_somehow_and_every_verdict_ends_some_verb);
    tcase_add_test(t, every_extension_has_a_row_with_words);
    tcase_add_test(t, every_client_verdict_and_state_has_a_row);
    tcase_add_test(t, the_catalogue_of_codes_is_sorted_and_whole);
    tcase_add_test(t, the_catalogue_of_statuses_is_sorted_and_whole);
    tcase_add_test(t, every_reply_code_has_some_lesson);
    tcase_add_test(t, sessions_are_small);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
