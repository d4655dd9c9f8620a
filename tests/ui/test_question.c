/* What comes next: three or four choices of one kind, one of them true, none of them given away. */
#include "tests/ui/screen_fixture.h"
#include "ui/screen/view.h"
#include "ui/tape/record.h"

/* The first question of this scenario about a record that begins so. */
static struct ui_question about(const char *scenario, const char *text)
{
    struct ui_question q = { 0 };
    struct trace_record r;
    struct face f;
    face_open(&f, scenario, 24, 80, false, true);
    for (uint32_t seq = 1; seq <= tape_last(f.s->run.tape) && !q.nchoices; seq++)
        if (tape_get(f.s->run.tape, seq, &r) && record_begins(&r, text))
            ui_question_make(f.s, seq, &q);
    ck_assert_msg(q.nchoices > 0, "%s: nobody asks about \"%s\"", scenario, text);
    face_close(&f);
    return q;
}

static void look_at(const char *scenario)
{
    struct ui_question q;
    struct trace_record r;
    struct face f;
    size_t asked = 0;
    face_open(&f, scenario, 24, 80, false, true);
    for (uint32_t seq = 1; seq <= tape_last(f.s->run.tape); seq++) {
        if (!tape_get(f.s->run.tape, seq, &r) || !ui_question_make(f.s, seq, &q))
            continue;
        asked++;
        ck_assert_msg(q.nchoices >= 3 && q.nchoices <= 4, "%s: \"%s\" has %u choices", scenario, q.ask,
                      q.nchoices);
        ck_assert_msg(strlen(q.ask) <= 76, "\"%s\" does not fit", q.ask);
        for (unsigned a = 0; a < q.nchoices; a++) {
            ck_assert_msg(q.choice[a][0] && q.why[a][0], "%s: \"%s\", choice %u is empty", scenario, q.ask,
                          a + 1);
            for (unsigned b = 0; b < a; b++)
                ck_assert_str_ne(q.choice[a], q.choice[b]);
        }
        if (r.kind == TRACE_KIND_REPLY && r.proto == TRACE_SMTP) /* the code is the true one */
            ck_assert(strncmp(q.choice[q.right], r.text, 3) == 0);
    }
    ck_assert(asked > 5);
    face_close(&f);
}

START_TEST(every_question_has_choices_that_differ)
{
    struct ui_play_program *p = ui_play_program_new(NULL);
    struct ui_lesson lesson;
    for (size_t n = 0; ui_play_program(p)->lesson(ui_play_program(p)->ctx, n, &lesson); n++)
        look_at(lesson.name);
    ui_play_program_free(p);
}
END_TEST

START_TEST(a_dns_answer_does_not_give_itself_away)
{
    struct ui_question q = about("first-message", "referral to com");
    ck_assert(strncmp(q.choice[q.right], "referral", 8) == 0);
    for (unsigned i = 0; i < q.nchoices; i++)
        ck_assert_msg(strpbrk(q.choice[i], "0123456789") == NULL, "%s", q.choice[i]);
    q = about("first-message", "A 198.51.100.25");
    ck_assert(strncmp(q.choice[q.right], "records", 7) == 0);
}
END_TEST

START_TEST(the_right_words_are_those_of_the_verdict)
{
    struct ui_question q = about("pop3-or-imap", "A4 OK UID STORE completed");
    ck_assert_str_eq(q.choice[q.right], "A4 OK completed");
    q = about("first-message", "+OK maildrop locked");
    ck_assert_str_eq(q.choice[q.right], "+OK maildrop locked and ready");
    q = about("first-message", "250 2.0.0 queued as");
    ck_assert(strstr(q.choice[q.right], "as 6") == NULL); /* no number of the run's own */
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("questions");
    TCase *t = tcase_create("questions");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_question_has_choices_that_differ);
    tcase_add_test(t, a_dns_answer_does_not_give_itself_away);
    tcase_add_test(t, the_right_words_are_those_of_the_verdict);
    suite_add_tcase(s, t);
    return s;
}
CHECK_MAIN(suite)
