/* Time goes both ways: for every lesson, at each grain, the way back shows the screens of the way there in
 * reverse. */
#include "scenarios/load/catalogue.h"
#include "tests/ui/screen_fixture.h"

#define STEPS_MAX 1200 /* places looked at on one way; longer runs are looked at in strides */

/* Another view each step, the same one on the way back. */
static uint64_t look(struct face *f, size_t i)
{
    ui_screen_key(f->s, '1' + (uint32_t)(i % 7));
    return face_hash(f);
}

START_TEST(back_is_forth_in_reverse)
{
    char name[100];
    struct face f;
    uint64_t *there;
    size_t n = 0, stride = 1, total = 0;
    catalogue_name((size_t)_i / TAPE_GRAINS, name, sizeof name);
    face_open(&f, name, 24, 80, false, false);
    while ((_i % TAPE_GRAINS == TAPE_PHASE && !face_shows(&f, "- phase")) ||
           (_i % TAPE_GRAINS == TAPE_LINE && !face_shows(&f, "- line")) ||
           (_i % TAPE_GRAINS == TAPE_PACKET && !face_shows(&f, "- packet")))
        ui_screen_key(f.s, 'g');
    total = tape_stops(ui_screen_tape(f.s), (enum tape_grain)(_i % TAPE_GRAINS))->n + 2;
    stride = total / STEPS_MAX + 1;
    there = calloc(total, sizeof *there);
    ck_assert_ptr_nonnull(there);
    for (;; n++) {
        uint32_t place = ui_screen_place(f.s);
        ck_assert_uint_lt(n, total);
        if (n % stride == 0)
            there[n] = look(&f, n);
        ui_screen_key(f.s, 'n');
        if (ui_screen_place(f.s) == place)
            break;
    }
    ck_assert_uint_gt(n, 0);
    for (size_t i = n;; i--) {
        if (i % stride == 0)
            ck_assert_msg(look(&f, i) == there[i], "%s: step %zu of %zu looks otherwise on the way back",
                          name, i, n);
        if (i == 0)
            break;
        ui_screen_key(f.s, 'p');
    }
    ck_assert_uint_eq(ui_screen_place(f.s), 0);
    free(there);
    face_close(&f);
}
END_TEST

static Suite *back_suite(void)
{
    Suite *s = suite_create("back and forth");
    TCase *t = tcase_create("back");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, back_is_forth_in_reverse, 0, (int)(catalogue_count() * TAPE_GRAINS));
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(back_suite)
