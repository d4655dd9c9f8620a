/* What if: a setting is changed or a frame is lost, and the two runs stand side by side. */
#include "tests/ui/screen_fixture.h"
#include "ui/screen/view.h"

static struct face f;

static void open_at(const char *scenario, const char *keys)
{
    face_open(&f, scenario, 24, 80, true, false);
    face_keys(&f, keys);
}

static void type(const char *text)
{
    for (const char *c = text; *c; c++)
        ui_screen_key(f.s, (unsigned char)*c);
}

static void shows(const char *words)
{
    ck_assert_msg(face_shows(&f, words), "\"%s\" is not on\n%s", words, face_text(&f));
}

/* Chooses the setting by its pointer and gives it another value, from the start or from the place on. */
static void change_when(const char *pointer, const char *value, bool from_here)
{
    face_keys(&f, "x");
    type(pointer);
    face_keys(&f, "<Enter>");
    shows(" = ?");
    ui_screen_key(f.s, UI_CTRL('U'));
    type(value);
    face_keys(&f, "<Enter>");
    if (face_shows(&f, "From when on?"))
        face_keys(&f, from_here ? "<Down> <Enter>" : "<Enter>");
}

static void change(const char *pointer, const char *value)
{
    change_when(pointer, value, false);
}

static unsigned outcomes(const struct tape *t, const char *ok)
{
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_OUTCOME);
    struct trace_record r;
    unsigned n = 0;
    for (size_t i = 0; list && i < list->n; i++)
        n += tape_get(t, list->seq[i], &r) && strcmp(trace_attr_get(&r, "ok"), ok) == 0;
    return n;
}

static unsigned events(const struct tape *t, enum trace_kind kind, const char *event)
{
    const struct tape_list *list = tape_of_kind(t, kind);
    struct trace_record r;
    unsigned n = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        const char *e = tape_get(t, list->seq[i], &r) ? trace_attr_get(&r, "event") : NULL;
        n += e && strcmp(e, event) == 0;
    }
    return n;
}

START_TEST(the_right_port_makes_it_arrive)
{
    uint64_t hash;
    uint32_t place;
    open_at("wrong-port", "! ");
    place = ui_screen_place(f.s);
    f.s->last_key = 0;
    f.s->last_action = 0;
    hash = face_hash(&f);
    ck_assert_uint_eq(outcomes(f.s->run.tape, "no"), 0);
    change("/hosts/alice/client/accounts/0/submit/port", "587");
    shows("CHANGED");
    ck_assert_uint_gt(outcomes(f.s->run.tape, "no"), 0); /* the lesson expects that it fails */
    ck_assert_uint_gt(events(f.s->run.tape, TRACE_KIND_CLIENT, "sent"),
                      events(f.s->original.tape, TRACE_KIND_CLIENT, "sent"));
    face_keys(&f, "o");
    ck_assert_uint_eq(ui_screen_place(f.s), place);
    ck_assert(!f.s->original.tape);
    f.s->last_key = 0;
    f.s->last_action = 0;
    ck_assert_uint_eq(face_hash(&f), hash);
    face_close(&f);
}
END_TEST

START_TEST(another_recipient_is_no_bounce)
{
    open_at("no-such-user", "");
    ck_assert_uint_gt(events(f.s->run.tape, TRACE_KIND_QUEUE, "bounced"), 0);
    face_keys(&f, "x");
    type("nobbody@");
    face_keys(&f, "<Enter>");
    ck_assert_msg(strstr(f.s->what_if.pointer, "/messages/") != NULL, "%s", f.s->what_if.pointer);
    ui_screen_key(f.s, UI_CTRL('U'));
    type("bob@example.org");
    face_keys(&f, "<Enter>");
    ck_assert_uint_eq(events(f.s->run.tape, TRACE_KIND_QUEUE, "bounced"), 0);
    shows("From ");
    face_close(&f);
}
END_TEST

START_TEST(a_lost_frame_is_sent_again)
{
    const struct tape_list *lines;
    struct trace_record r;
    open_at("first-message", "");
    lines = tape_lines(f.s->run.tape);
    for (size_t i = 0; i < lines->n; i++) /* to the first MAIL FROM */
        if (tape_get(f.s->run.tape, lines->seq[i], &r) && r.text && strncmp(r.text, "MAIL FROM", 9) == 0) {
            ui_go(f.s, lines->seq[i]);
            break;
        }
    face_keys(&f, "x");
    shows("lose frame");
    type("lose frame");
    face_keys(&f, "<Enter>");
    shows("it differs");
    ck_assert(tape_get(f.s->run.tape, ui_screen_place(f.s), &r));
    ck_assert_int_eq(r.kind, TRACE_KIND_DROPPED);
    ck_assert_ptr_nonnull(tape_of_kind(f.s->run.tape, TRACE_KIND_TCP_TIMER));
    ck_assert_uint_gt(tape_of_kind(f.s->run.tape, TRACE_KIND_TCP_TIMER)->n, 0);
    ck_assert_uint_eq(outcomes(f.s->run.tape, "no"), 0); /* TCP mends it */
    face_keys(&f, "c");
    shows("both runs");
    shows("from here on they differ");
    shows("the original");
    face_keys(&f, "n p <Esc>");
    ck_assert(!f.s->comparing);
    face_close(&f);
}
END_TEST

START_TEST(two_frames_may_be_lost_and_come_back_one_by_one)
{
    open_at("first-message", "n n n n");
    for (int i = 0; i < 2; i++) {
        face_keys(&f, "x");
        type("lose frame");
        face_keys(&f, "<Enter>");
        face_keys(&f, "n n n");
    }
    ck_assert_uint_eq(f.s->run.nchanges, 2);
    face_keys(&f, "x");
    shows("undo the last change");
    type("undo the last");
    face_keys(&f, "<Enter>");
    ck_assert_uint_eq(f.s->run.nchanges, 1);
    face_keys(&f, "x");
    type("undo the last");
    face_keys(&f, "<Enter>");
    ck_assert_uint_eq(f.s->run.nchanges, 0);
    ck_assert(!f.s->original.tape);
    face_keys(&f, "x");
    type("take the changes up");
    face_keys(&f, "<Enter>");
    ck_assert_uint_eq(f.s->run.nchanges, 1);
    face_close(&f);
}
END_TEST

START_TEST(a_refused_value_is_explained_and_kept)
{
    open_at("wrong-port", "! ");
    change("/hosts/alice/client/accounts/0/submit/port", "four");
    shows("four");
    shows("--set:1:");
    ck_assert(!f.s->original.tape);
    ui_screen_key(f.s, UI_CTRL('U'));
    type("587");
    face_keys(&f, "<Enter> <Enter>");
    ck_assert(f.s->original.tape != NULL);
    face_close(&f);
}
END_TEST

START_TEST(what_is_not_in_the_file_can_be_set_too)
{
    open_at("first-message", "x");
    type("something else");
    face_keys(&f, "<Enter>");
    type("nonsense");
    face_keys(&f, "<Enter>");
    shows("/nonsense");
    ui_screen_key(f.s, UI_CTRL('U'));
    type("/hosts/mx/mta/size_max=100");
    face_keys(&f, "<Enter>");
    shows("out of range: from 1000");
    ck_assert(!f.s->original.tape);
    ui_screen_key(f.s, UI_CTRL('U'));
    type("/hosts/mx/down={\"from\":\"0s\",\"until\":\"1m\"}");
    face_keys(&f, "<Enter>");
    ck_assert(f.s->original.tape != NULL);
    ck_assert_uint_gt(events(f.s->run.tape, TRACE_KIND_FAULT, "down"), 0);
    face_close(&f);
}
END_TEST

START_TEST(a_change_without_effect_says_so)
{
    open_at("first-message", "");
    change("/hosts/bob-desktop/client/accounts/0/display", "Robert");
    shows("both runs are the same");
    face_keys(&f, "c");
    ck_assert(!face_shows(&f, "from here on they differ"));
    face_close(&f);
}
END_TEST

/* A setting that is edited at a place: before it everything is as it was, behind it the new value holds. */
START_TEST(from_here_on_leaves_what_has_happened)
{
    uint32_t place;
    struct trace_record was, is;
    open_at("first-message", "/ RCPT <Enter>");
    place = ui_screen_place(f.s);
    change_when("/hosts/mx/store/users/bob", "other", true);
    shows("CHANGED: from 1.");
    for (uint32_t seq = 1; seq <= place; seq++) {
        ck_assert(tape_get(f.s->original.tape, seq, &was) && tape_get(f.s->run.tape, seq, &is));
        ck_assert_int_eq(was.kind, is.kind);
        ck_assert_uint_eq(was.t_ns, is.t_ns);
        ck_assert_uint_eq(was.text_len, is.text_len);
        ck_assert(was.text_len == 0 || memcmp(was.text, is.text, was.text_len) == 0);
    }
    ck_assert_uint_eq(outcomes(f.s->original.tape, "no"), 0);
    ck_assert_uint_gt(outcomes(f.s->run.tape, "no"), 0); /* bob cannot read it any more */
    face_keys(&f, "! w");
    shows("AUTHENTICATIONFAILED");
    shows("/hosts/mx/store/users/bob is now");
    face_close(&f);
}
END_TEST

/* The settings that the view Hosts shows are those of the moment. */
START_TEST(settings_are_as_they_are_at_the_place)
{
    open_at("first-message", "/ RCPT <Enter>");
    change_when("/hosts/mx/store/users/bob", "other", true);
    face_keys(&f, "4 H m x <Enter>");
    shows("mx: mx.example.org");
    shows("Setting      store/users/bob = \"other\"");
    face_keys(&f, "n");
    shows("Edited       /hosts/mx/store/users/bob = \"other\"");
    face_keys(&f, "p p p p");
    shows("store/users/bob = \"builder\"");
    face_keys(&f, "<End>");
    shows("store/users/bob = \"other\"");
    face_close(&f);
}
END_TEST

START_TEST(what_holds_for_the_whole_run_is_refused_from_here_on)
{
    open_at("no-such-user", "!");
    change_when("/messages/typo/to", "bob@example.org", true);
    shows("holds for the whole run");
    ck_assert(!f.s->original.tape);
    face_keys(&f, "<Enter> <Enter>"); /* the value has stayed; from the start it may */
    ck_assert(f.s->original.tape != NULL);
    ck_assert_uint_eq(events(f.s->run.tape, TRACE_KIND_QUEUE, "bounced"), 0);
    face_close(&f);
}
END_TEST

START_TEST(two_edits_come_back_one_by_one)
{
    open_at("first-message", "/ RCPT <Enter>");
    change_when("/hosts/mx/store/users/bob", "other", true);
    face_keys(&f, "n n n");
    change_when("/hosts/mx/store/users/bob", "builder", true);
    ck_assert_uint_eq(f.s->run.nchanges, 2);
    ck_assert_uint_eq(outcomes(f.s->run.tape, "no"), 0); /* set right before he comes */
    face_keys(&f, "x");
    shows("undo the last change of 2");
    type("undo the");
    face_keys(&f, "<Enter>");
    ck_assert_uint_eq(f.s->run.nchanges, 1);
    ck_assert_uint_gt(outcomes(f.s->run.tape, "no"), 0);
    face_close(&f);
}
END_TEST

START_TEST(what_decided_comes_first)
{
    open_at("no-such-user", "! x");
    shows("What if?");
    ck_assert_msg(strstr(face_text(&f), "/hosts/mx") != NULL, "%s", face_text(&f));
    face_close(&f);
}
END_TEST

START_TEST(both_runs_fit_every_size)
{
    static const int sizes[][2] = { { 24, 80 }, { 36, 120 }, { 60, 200 } };
    open_at("first-message", "n n n n");
    face_keys(&f, "x");
    type("lose frame");
    face_keys(&f, "<Enter> c");
    for (size_t i = 0; i < 3; i++) {
        struct ui_event size = { .kind = UI_EVENT_SIZE, .row = sizes[i][0], .col = sizes[i][1] };
        ui_screen_event(f.s, &size);
        shows("from here on they differ");
    }
    face_keys(&f, "<End> p p <Home> n");
    shows("both runs");
    face_close(&f);
}
END_TEST

START_TEST(rows_are_paired_where_they_say_the_same)
{
    struct compare *c;
    open_at("first-message", "n n n n x");
    type("lose frame");
    face_keys(&f, "<Enter>");
    c = compare_new(f.s->original.tape, f.s->run.tape);
    ck_assert(!c->same);
    for (size_t i = 0, a = 0, b = 0; i < c->n; i++) {
        ck_assert(c->row[i].a || c->row[i].b);
        if (c->row[i].a) {
            ck_assert_uint_gt(c->row[i].a, a);
            a = c->row[i].a;
        }
        if (c->row[i].b) {
            ck_assert_uint_gt(c->row[i].b, b);
            b = c->row[i].b;
        }
        if (i < c->first_row)
            ck_assert(c->row[i].a && c->row[i].b);
    }
    compare_free(c);
    c = compare_new(f.s->run.tape, f.s->run.tape);
    ck_assert(c->same);
    ck_assert_uint_eq(c->first_row, c->n);
    compare_free(c);
    face_close(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ui what if");
    TCase *t = tcase_create("what if");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_right_port_makes_it_arrive);
    tcase_add_test(t, another_recipient_is_no_bounce);
    tcase_add_test(t, a_lost_frame_is_sent_again);
    tcase_add_test(t, two_frames_may_be_lost_and_come_back_one_by_one);
    tcase_add_test(t, a_refused_value_is_explained_and_kept);
    tcase_add_test(t, what_is_not_in_the_file_can_be_set_too);
    tcase_add_test(t, a_change_without_effect_says_so);
    tcase_add_test(t, from_here_on_leaves_what_has_happened);
    tcase_add_test(t, settings_are_as_they_are_at_the_place);
    tcase_add_test(t, what_holds_for_the_whole_run_is_refused_from_here_on);
    tcase_add_test(t, two_edits_come_back_one_by_one);
    tcase_add_test(t, what_decided_comes_first);
    tcase_add_test(t, both_runs_fit_every_size);
    tcase_add_test(t, rows_are_paired_where_they_say_the_same);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
