/* ui/tape/ladder: who says what to whom, zones and folds; ui/screen/view_ladder: what is seen of it. */
#include <string.h>

#include "tests/ui/screen_fixture.h"
#include "tests/ui/catalogue.h"
#include "ui/screen/ladder.h"

static struct tape *tape;
static struct ladder *ladder;

static void play(const char *scenario, enum tape_grain grain)
{
    struct ladder_choice choice = { .grain = grain };
    tape = catalogue_tape(scenario);
    ladder = ladder_new(tape);
    ladder_choose(ladder, &choice);
}

static void end(void)
{
    ladder_free(ladder);
    tape_free(tape);
}

/* The index of the first row whose words begin so; the test fails without one. */
static size_t row_that_says(const char *words)
{
    char buf[LADDER_WORDS_MAX];
    for (size_t i = 0; i < ladder_count(ladder); i++)
        if (strncmp(ladder_row_words(tape, ladder_row(ladder, i), false, buf), words, strlen(words)) == 0)
            return i;
    ck_abort_msg("no row says %s", words);
    return 0;
}

static const char *fold_words(size_t i, const struct ladder_open *open)
{
    static char buf[LADDER_WORDS_MAX];
    struct ladder_item item = ladder_item_at(ladder, open, ladder_count(ladder), i);
    return item.folded ? ladder_fold_words(ladder, tape, &item, buf) : "not folded";
}

START_TEST(a_row_goes_from_who_says_it_to_who_hears_it)
{
    const struct ladder_row *row;
    play("no-such-user", TAPE_LINE);
    row = ladder_row(ladder, row_that_says("550 5.1.1"));
    ck_assert_str_eq(tape_host(tape, row->from), "mx");
    ck_assert_str_eq(tape_host(tape, row->to), "mail");
    ck_assert(row->server && row->bad);
    row = ladder_row(ladder, row_that_says("MAIL FROM"));
    ck_assert_str_eq(tape_host(tape, row->from), "alice");
    ck_assert(!row->server && !row->bad);
    end();
}
END_TEST

START_TEST(rows_follow_each_other_in_time)
{
    play("mx-down", TAPE_PACKET);
    ck_assert_uint_gt(ladder_count(ladder), 100);
    for (size_t i = 1; i < ladder_count(ladder); i++) {
        ck_assert_uint_lt(ladder_row(ladder, i - 1)->seq, ladder_row(ladder, i)->seq);
        ck_assert_int_eq(ladder_find(ladder, ladder_row(ladder, i)->seq), (ptrdiff_t)i);
    }
    ck_assert_int_eq(ladder_find(ladder, 0), -1);
    end();
}
END_TEST

START_TEST(long_stretches_fold_and_say_what_they_hold)
{
    struct ladder_open open = { 0 };
    play("first-message-secure", TAPE_LINE);
    ck_assert_str_eq(fold_words(row_that_says("SYN to port 587"), &open), "TCP set-up, port 587: 3 frames");
    ck_assert_str_eq(fold_words(row_that_says("EHLO"), &open), "EHLO: 11 lines");
    ck_assert_str_eq(fold_words(row_that_says("ClientHello"), &open), "TLS handshake: 9 lines");
    ck_assert_ptr_nonnull(strstr(fold_words(row_that_says("354"), &open), "kB, 250 2.0.0 queued as "));
    ck_assert_str_eq(fold_words(row_that_says("MAIL FROM"), &open), "not folded");
    ck_assert_str_eq(fold_words(row_that_says("STARTTLS"), &open), "not folded");
    end();
}
END_TEST

START_TEST(a_zone_opens_and_folds_again)
{
    struct ladder_open open = { 0 };
    size_t i;
    play("first-message", TAPE_LINE);
    i = row_that_says("EHLO");
    ladder_toggle(&open, ladder_row(ladder, i)->zone);
    ck_assert_str_eq(fold_words(i, &open), "not folded");
    ck_assert_str_ne(fold_words(row_that_says("354"), &open), "not folded");
    ladder_toggle(&open, ladder_row(ladder, i)->zone);
    ck_assert_str_ne(fold_words(i, &open), "not folded");
    ladder_open_free(&open);
    end();
}
END_TEST

START_TEST(the_row_of_the_place_and_what_failed_are_never_folded)
{
    struct ladder_open open = { 0 };
    struct ladder_item item;
    size_t here;
    play("first-message", TAPE_LINE);
    here = row_that_says("250-8BITMIME");
    item = ladder_item_at(ladder, &open, here, here);
    ck_assert(!item.folded && item.first == here && item.last == here);
    item = ladder_item_at(ladder, &open, here, here - 1);
    ck_assert(item.folded && item.last == here - 1); /* what follows the place is not counted */
    end();
    play("no-such-user", TAPE_LINE);
    for (size_t i = 0; i < ladder_count(ladder); i++)
        if (ladder_row(ladder, i)->bad)
            ck_assert(!ladder_item_at(ladder, &open, ladder_count(ladder), i).folded);
    end();
}
END_TEST

/* Items cover all rows, once each and in order, wherever the place is. */
static void check_items(const char *name, struct tape *t)
{
    struct ladder_open open = { 0 };
    struct ladder *l = ladder_new(t);
    for (int grain = 0; grain < TAPE_GRAINS; grain++) {
        struct ladder_choice choice = { .grain = (enum tape_grain)grain };
        ladder_choose(l, &choice);
        for (size_t here = 0; here < ladder_count(l); here += 1 + ladder_count(l) / 23) {
            size_t next = 0;
            while (next <= here) {
                struct ladder_item item = ladder_item_at(l, &open, here, next);
                ck_assert_msg(item.first == next && item.last >= next && item.last <= here, "%s", name);
                ck_assert(ladder_item_at(l, &open, here, item.last).first == item.first);
                next = item.last + 1;
            }
        }
    }
    ladder_free(l);
}

START_TEST(items_cover_all_rows_of_every_lesson)
{
    catalogue_each(check_items);
}
END_TEST

START_TEST(one_conversation_is_followed)
{
    struct ladder_choice choice = { .grain = TAPE_LINE };
    const uint16_t *hosts;
    play("no-such-user", TAPE_LINE);
    choice.follow = ladder_row(ladder, row_that_says("550 5.1.1"))->conn;
    ladder_choose(ladder, &choice);
    ck_assert_uint_eq(ladder_hosts(ladder, &hosts), 2);
    ck_assert_str_eq(tape_host(tape, hosts[0]), "mail");
    ck_assert_str_eq(tape_host(tape, hosts[1]), "mx");
    for (size_t i = 0; i < ladder_count(ladder); i++)
        ck_assert_uint_eq(ladder_row(ladder, i)->conn, choice.follow);
    choice = (struct ladder_choice){ .grain = TAPE_LINE, .hosts = LADDER_HOSTS_MAIL };
    ladder_choose(ladder, &choice);
    for (size_t i = 0; i < ladder_count(ladder); i++)
        ck_assert(!ladder_is_dns(ladder, ladder_row(ladder, i)->from));
    end();
}
END_TEST

START_TEST(frames_are_rows_at_the_grain_of_packets_and_losses_are_known)
{
    size_t n = 0, lost = 0, i;
    play("lossy-link", TAPE_LINE);
    i = row_that_says("SYN to port 587");
    ck_assert_uint_ne(ladder_lost(ladder, ladder_row(ladder, i)->seq), 0);
    end();
    play("lossy-link", TAPE_PACKET);
    for (i = 0; i < ladder_count(ladder); i++) {
        n += ladder_row(ladder, i)->kind == LADDER_PACKET;
        lost += ladder_row(ladder, i)->kind == LADDER_LOST;
    }
    ck_assert_uint_gt(n, 300);
    ck_assert_uint_gt(lost, 5);
    end();
}
END_TEST

/* ---- the view ---- */

static const struct {
    int rows, cols;
} sizes[] = { { 24, 80 }, { 36, 120 }, { 60, 200 } };

/* How many rows begin so. */
static size_t rows_that_say(const char *words)
{
    char buf[LADDER_WORDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < ladder_count(ladder); i++)
        n += strncmp(ladder_row_words(tape, ladder_row(ladder, i), false, buf), words, strlen(words)) == 0;
    return n;
}

START_TEST(who_has_an_address_is_asked_in_rows_at_the_grain_of_packets)
{
    const struct ladder_row *row;
    play("mx-moved", TAPE_PACKET);
    row = ladder_row(ladder, row_that_says("ARP: who has 198.51.100.54? tell 198.51.100.10"));
    ck_assert_str_eq(tape_host(tape, row->from), "alice");
    ck_assert_str_eq(tape_host(tape, row->to), "resolver");
    row = ladder_row(ladder, row_that_says("ARP: 198.51.100.54 is at "));
    ck_assert_str_eq(tape_host(tape, row->from), "resolver");
    ladder_choose(ladder, &(struct ladder_choice){ .grain = TAPE_LINE });
    ck_assert_uint_gt(ladder_count(ladder), 100);
    ck_assert_uint_eq(rows_that_say("ARP: "), 0);
    end();
    play("no-such-user", TAPE_PACKET);
    ck_assert_uint_gt(rows_that_say("ND: who has "), 0);
    end();
}
END_TEST

START_TEST(a_changed_setting_a_host_that_goes_down_and_a_changed_packet_are_notes)
{
    const struct ladder_row *row;
    play("mx-moved", TAPE_LINE);
    row = ladder_row(ladder, row_that_says("/zones/example.org/records/2 is now \"mx A 203.0.113.26\""));
    ck_assert_int_eq(row->kind, LADDER_NOTE);
    ck_assert_str_eq(tape_host(tape, row->from), "dns");
    row = ladder_row(ladder, row_that_says("old is switched off"));
    ck_assert_int_eq(row->kind, LADDER_NOTE);
    ck_assert_str_eq(tape_host(tape, row->from), "old");
    ck_assert_uint_eq(rows_that_say("setting /"), 0);
    end();
    play("starttls-stripped", TAPE_LINE);
    row = ladder_row(ladder, row_that_says("strip-starttls: \"STARTTLS\" becomes \"XXXXXXXA\""));
    ck_assert_str_eq(tape_host(tape, row->from), "box");
    end();
}
END_TEST

START_TEST(nothing_after_the_place_is_shown)
{
    struct face f;
    face_open(&f, "no-such-user", 60, 200, false, false);
    face_keys(&f, "2");
    ck_assert(!face_shows(&f, "EHLO") && face_shows(&f, "Nothing has been said yet"));
    for (int i = 0; i < 400 && !face_shows(&f, "RCPT TO:<nobbody"); i++)
        face_keys(&f, "n");
    ck_assert(!face_shows(&f, "550 5.1.1"));
    face_keys(&f, "<End>");
    ck_assert(face_shows(&f, "\xe2\x9c\x97"));
    face_close(&f);
}
END_TEST

START_TEST(a_row_is_chosen_opened_and_gone_to)
{
    struct face f;
    uint32_t last;
    face_open(&f, "first-message", 24, 80, true, false);
    face_keys(&f, "2 <End>");
    last = ui_screen_place(f.s);
    face_keys(&f, "<Up> <Enter>"); /* the row before the last FIN is the fold of QUIT */
    ck_assert(face_shows(&f, "unfolded") && ui_screen_place(f.s) == last);
    face_keys(&f, "<Up> <Up> y");
    ck_assert_str_ne(ui_screen_copied(f.s), "");
    face_keys(&f, "<Enter>");
    ck_assert_uint_lt(ui_screen_place(f.s), last);
    face_keys(&f, "f");
    ck_assert(face_shows(&f, "only conversation"));
    face_keys(&f, "f");
    ck_assert(!face_shows(&f, "only conversation"));
    face_close(&f);
}
END_TEST

START_TEST(a_press_of_the_mouse_chooses_a_row)
{
    struct face f;
    struct ui_event e = { .kind = UI_EVENT_MOUSE, .row = 4, .col = 30 };
    face_open(&f, "no-such-user", 24, 80, true, false);
    face_keys(&f, "2 <End>");
    face_text(&f);
    ui_screen_event(f.s, &e);
    ck_assert_int_eq((int)f.canvas.cell[4 * 80].ch, ' ');
    face_text(&f);
    ck_assert_int_eq((int)f.canvas.cell[4 * 80].ch, '>');
    face_close(&f);
}
END_TEST

/* The view's room is rows 1 to rows - 4: what lies around it is the same in the ladder as in no view at all.
 */
START_TEST(the_view_stays_in_its_room)
{
    static const char *const lessons[] = { "first-message-secure", "lossy-link", "mx-down", "pop3-or-imap" };
    for (size_t i = 0; i < sizeof lessons / sizeof lessons[0]; i++)
        for (size_t z = 0; z < 6; z++) {
            struct face f;
            int cols = sizes[z / 2].cols, rows = sizes[z / 2].rows;
            face_open(&f, lessons[i], rows, cols, z % 2, false);
            face_keys(&f, "2");
            for (int step = 0; step < 40; step++) {
                const char *text;
                face_keys(&f, step % 9 == 8 ? "g" : step % 5 == 4 ? "] <Up> z" : "n");
                text = face_text(&f);
                ck_assert_msg(strstr(text, "*2 Ladder") != NULL, "the bar");
                ck_assert(strncmp(text + 1, lessons[i], strlen(lessons[i])) == 0);
                if (z % 2) /* all of it is ASCII */
                    for (const char *at = text; *at; at++)
                        ck_assert_msg((unsigned char)*at < 0x7f, "%s", text);
            }
            face_close(&f);
        }
}
END_TEST

START_TEST(stepping_back_shows_the_same_rows)
{
    struct face f;
    uint64_t hash[60];
    face_open(&f, "no-such-user", 36, 120, false, false);
    face_keys(&f, "2");
    for (int i = 0; i < 60; i++) {
        hash[i] = face_hash(&f);
        face_keys(&f, "n");
    }
    for (int i = 59; i >= 0; i--) {
        face_keys(&f, "p");
        ck_assert_msg(face_hash(&f) == hash[i], "step %d", i);
    }
    face_close(&f);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ladder");
    TCase *model = tcase_create("model"), *view = tcase_create("view");
    tcase_add_test(model, a_row_goes_from_who_says_it_to_who_hears_it);
    tcase_add_test(model, rows_follow_each_other_in_time);
    tcase_add_test(model, long_stretches_fold_and_say_what_they_hold);
    tcase_add_test(model, a_zone_opens_and_folds_again);
    tcase_add_test(model, the_row_of_the_place_and_what_failed_are_never_folded);
    tcase_add_test(model, items_cover_all_rows_of_every_lesson);
    tcase_add_test(model, one_conversation_is_followed);
    tcase_add_test(model, frames_are_rows_at_the_grain_of_packets_and_losses_are_known);
    tcase_add_test(model, who_has_an_address_is_asked_in_rows_at_the_grain_of_packets);
    tcase_add_test(model, a_changed_setting_a_host_that_goes_down_and_a_changed_packet_are_notes);
    tcase_add_test(view, nothing_after_the_place_is_shown);
    tcase_add_test(view, a_row_is_chosen_opened_and_gone_to);
    tcase_add_test(view, a_press_of_the_mouse_chooses_a_row);
    tcase_add_test(view, the_view_stays_in_its_room);
    tcase_add_test(view, stepping_back_shows_the_same_rows);
    tcase_set_timeout(model, 60);
    tcase_set_timeout(view, 60);
    suite_add_tcase(s, model);
    suite_add_tcase(s, view);
    return s;
}

CHECK_MAIN(suite)
