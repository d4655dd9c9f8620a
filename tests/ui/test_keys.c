/* Whatever is pressed, at whatever size: no crash, no screen without words, and nothing drawn outside. */
#include "tests/ui/screen_fixture.h"

#define EVENTS 3000 /* of one run; MAILWALK_KEYS says another number */

static uint64_t state;

static uint32_t draw_number(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static void any_event(struct face *f)
{
    struct ui_event e = { .kind = UI_EVENT_KEY };
    switch (draw_number(20)) {
    case 0:
        e = (struct ui_event){ .kind = UI_EVENT_SIZE,
                               .row = (int)draw_number(80),
                               .col = (int)draw_number(260) };
        break;
    case 1:
        e = (struct ui_event){ .kind = UI_EVENT_SIZE, .row = 24, .col = 80 };
        break;
    case 2:
        e = (struct ui_event){ .kind = UI_EVENT_MOUSE,
                               .row = (int)draw_number(70),
                               .col = (int)draw_number(210),
                               .wheel = (int)draw_number(3) - 1 };
        break;
    case 3:
        e = (struct ui_event){ .kind = UI_EVENT_TICK, .ms = draw_number(3000) };
        break;
    case 4:
    case 5:
        e.key = UI_KEY_FIRST + draw_number(UI_KEY_UNKNOWN - UI_KEY_FIRST + 2);
        break;
    case 6:
        e.key = draw_number(0x110000);
        break;
    case 7:
        e.key = UI_KEY_ENTER;
        break;
    case 8:
        e.key = UI_KEY_ESC;
        break;
    default:
        e.key = 1 + draw_number(126);
    }
    if (e.kind == UI_EVENT_KEY && e.key == 'e') /* no files from a test */
        return;
    ui_screen_event(f->s, &e);
}

START_TEST(nothing_breaks_it)
{
    static const char *const scenarios[] = { "first-message", "no-such-user", "lossy-link",
                                             "first-message-secure", NULL };
    const char *wanted = getenv("MAILWALK_KEYS");
    long events = wanted ? atol(wanted) : EVENTS;
    struct face f;
    state = (uint64_t)_i * 7919 + 1;
    face_open(&f, scenarios[_i % 4], 24, 80, _i % 2, true);
    for (long i = 0; i < events; i++) {
        any_event(&f);
        if (i % 3 == 0)
            face_text(&f);
    }
    ui_screen_event(f.s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = 24, .col = 80 });
    ck_assert_uint_gt(strlen(face_text(&f)), 100);
    face_close(&f);
}
END_TEST

START_TEST(keys_have_one_meaning)
{
    for (int a = 1; a < UI_ACTION_COUNT; a++) {
        const struct ui_action_row *row = ui_action_row((enum ui_action)a);
        ck_assert_int_eq(ui_action_of_key(row->key), a);
        ck_assert(row->other == 0 || (int)ui_action_of_key(row->other) == a);
        ck_assert_int_eq(ui_action_named(row->word), a);
        ck_assert(row->key < '0' || row->key > '9');
        ck_assert_uint_gt(strlen(row->words), 1);
    }
    ck_assert_int_eq(ui_action_named("s"), UI_DO_NOTHING); /* step, slower, start, suspend */
    ck_assert_int_eq(ui_action_named("nothing"), UI_DO_NOTHING);
}
END_TEST

START_TEST(a_question_is_answered_and_counted)
{
    struct face f;
    face_open(&f, "no-such-user", 24, 80, false, true);
    face_keys(&f, "/ RCPT <Enter> n");
    ck_assert(face_shows(&f, "what comes next?"));
    ck_assert(face_shows(&f, "just show me"));
    face_keys(&f, "1");
    ck_assert(face_shows(&f, "of 1 right"));
    ck_assert(face_shows(&f, "Right:") || face_shows(&f, "What comes is"));
    face_keys(&f, "<Enter>");
    ck_assert(!face_shows(&f, "what comes next?"));
    face_keys(&f, "v n"); /* off */
    ck_assert(!face_shows(&f, "what comes next?"));
    face_close(&f);
}
END_TEST

START_TEST(why_leads_from_550_to_the_setting)
{
    struct face f;
    face_open(&f, "no-such-user", 24, 80, false, false);
    face_keys(&f, "! w");
    ck_assert(face_shows(&f, "550 5.1.1"));
    ck_assert(face_shows(&f, "/hosts/mx/store/users"));
    ck_assert(face_shows(&f, "RCPT TO:<nobbody@example.org>"));
    face_keys(&f, "<Down> <Down> <Enter>"); /* goes to the command */
    ck_assert(face_shows(&f, "RCPT TO:<nobbody@example.org>"));
    ck_assert(!face_shows(&f, "Why?"));
    face_close(&f);
}
END_TEST

START_TEST(a_setting_that_is_a_number_is_told_with_it)
{
    struct face f;
    face_open(&f, "mailbox-full", 24, 80, false, false);
    face_keys(&f, "! w");
    ck_assert(face_shows(&f, "setting /hosts/mx/store/users/bob/quota = 64000"));
    face_close(&f);
}
END_TEST

static Suite *keys_suite(void)
{
    Suite *s = suite_create("keys");
    TCase *t = tcase_create("keys");
    tcase_set_timeout(t, getenv("MAILWALK_KEYS") ? 0 : 120);
    tcase_add_loop_test(t, nothing_breaks_it, 0, 8);
    tcase_add_test(t, keys_have_one_meaning);
    tcase_add_test(t, a_question_is_answered_and_counted);
    tcase_add_test(t, why_leads_from_550_to_the_setting);
    tcase_add_test(t, a_setting_that_is_a_number_is_told_with_it);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(keys_suite)
