/* The tables have no holes, and their words fit where they are shown. */
#include "protocols/imap/imap_client.h"
#include "protocols/imap/imap_server.h"

#include <check.h>

#include "tests/check_main.h"

static void check_lesson(const char *name, const struct wire_lesson *l)
{
    ck_assert_msg(l->title && l->title[0] != '\0' && strlen(l->title) <= 60, "%s: title \"%s\"", name,
                  l->title);
    ck_assert_msg(l->title[strlen(l->title) - 1] != '.', "%s: title ends in a full stop", name);
    ck_assert_msg(l->lesson && l->lesson[0] != '\0', "%s: no lesson", name);
    ck_assert_msg(strncmp(l->section, "RFC ", 4) == 0 && strstr(l->section, " section ") != NULL,
                  "%s: section", name);
    for (const char *p = l->lesson; *p; p++)
        ck_assert_msg((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f, "%s: not ASCII", name);
    for (const char *p = l->title; *p; p++)
        ck_assert_msg((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f, "%s: not ASCII", name);
}

START_TEST(every_verb_has_a_row)
{
    for (int v = IMAP_VERB_NONE + 1; v < IMAP_VERBS_END; v++) {
        const struct imap_verb_info *i = imap_verb_info((enum imap_verb)v);
        bool uid = v >= IMAP_VERB_UID_FETCH;
        ck_assert_ptr_nonnull(i->name);
        check_lesson(i->name, &i->lesson);
        ck_assert_uint_ne(i->states, 0);
        ck_assert_uint_eq(i->states >> IMAP_LOGOUT, 0);
        ck_assert_uint_ne(i->verdicts, 0);
        ck_assert_int_eq(imap_verb_find(wire_slice_str(i->name + (uid ? 4 : 0)), uid), v);
        ck_assert_int_eq(strncmp(i->name, "UID ", 4) == 0, uid);
        ck_assert_uint_eq(i->verdicts, imap_verb_verdicts((enum imap_verb)v));
    }
    ck_assert_int_eq(imap_verb_find(WIRE_SLICE("fetch"), false), IMAP_VERB_FETCH);
    ck_assert_int_eq(imap_verb_find(WIRE_SLICE("LOGIN"), true), IMAP_VERB_NONE);
    ck_assert_int_eq(imap_verb_find(WIRE_SLICE("X"), false), IMAP_VERB_NONE);
}
END_TEST

START_TEST(every_verdict_has_a_row_and_some_verb_ends_in_it)
{
    uint64_t reached = IMAP_CAN_END(IMAP_GREETED) | IMAP_CAN_END(IMAP_BUSY) | IMAP_CAN_END(IMAP_TIMED_OUT) |
                       IMAP_CAN_END(IMAP_SHUTTING_DOWN);
    ck_assert_int_le(IMAP_VERDICTS_END, 64);
    for (int v = IMAP_VERB_NONE; v < IMAP_VERBS_END; v++)
        reached |= imap_verb_verdicts((enum imap_verb)v);
    for (int v = 0; v < IMAP_VERDICTS_END; v++) {
        const struct imap_verdict_info *i = imap_verdict_info((enum imap_verdict)v);
        ck_assert_ptr_nonnull(i->name);
        check_lesson(i->name, &i->lesson);
        ck_assert_msg(reached & IMAP_CAN_END(v), "no verb ends in %s", i->name);
        ck_assert(i->status == IMAP_SILENT || i->text[0] != '\0' || i->status == IMAP_PLUS);
    }
}
END_TEST

START_TEST(every_line_answer_and_extension_has_a_row)
{
    const struct imap_extension_info *e;
    unsigned bits = 0;
    for (int l = 0; l < IMAP_LINES_END; l++)
        check_lesson(imap_line_info((enum imap_line)l)->name, &imap_line_info((enum imap_line)l)->lesson);
    for (int a = 0; a < IMAP_ANSWERS_END; a++)
        check_lesson(imap_answer_info((enum imap_answer)a)->name,
                     &imap_answer_info((enum imap_answer)a)->lesson);
    for (size_t i = 0; (e = imap_extension_at(i)) != NULL; i++) {
        check_lesson(e->name, &e->lesson);
        bits |= (unsigned)e->bit;
    }
    ck_assert_uint_eq(bits, IMAP_EXT_ALL);
    for (int s = 0; s < IMAP_STATES; s++)
        ck_assert_str_ne(imap_state_name((enum imap_state)s), "");
    for (int s = 0; s < IMAP_CLIENT_STATES; s++)
        ck_assert_str_ne(imap_client_state_name((enum imap_client_state)s), "");
}
END_TEST

START_TEST(flags_and_their_names_agree)
{
    for (unsigned bit = 1; bit <= IMAP_RECENT; bit <<= 1)
        ck_assert_uint_eq(imap_flag_find(wire_slice_str(imap_flag_name((enum imap_flag)bit))), bit);
    ck_assert_uint_eq(imap_flag_find(WIRE_SLICE("\\seen")), IMAP_SEEN);
    ck_assert_uint_eq(imap_flag_find(WIRE_SLICE("Seen")), 0);
}
END_TEST

START_TEST(idle_sessions_are_small)
{
    ck_assert_uint_le(sizeof(struct imap_server), 200);
    ck_assert_uint_le(sizeof(struct imap_client), 200);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("imap tables");
    TCase *t = tcase_create("rows");
    tcase_add_test(t, every_verb_has_a_row);
    tcase_add_test(t, every_verdict_has_a_row_and_some_verb_ends_in_it);
    tcase_add_test(t, every_line_answer_and_extension_has_a_row);
    tcase_add_test(t, flags_and_their_names_agree);
    tcase_add_test(t, idle_sessions_are_small);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
