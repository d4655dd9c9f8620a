#ifndef TESTS_UI_CATALOGUE_H
#define TESTS_UI_CATALOGUE_H
/* Tapes of the catalogue's scenarios, as `mailwalk play` makes them. */
#include <check.h>

#include "ui/play.h"

/* The tape of one scenario; the test fails if it cannot be run. */
static inline struct tape *catalogue_tape(const char *scenario)
{
    struct ui_play_program *p = ui_play_program_new(NULL);
    const struct ui_program *program = ui_play_program(p);
    char error[UI_ERROR_MAX] = "";
    struct tape *t = program->run(program->ctx, scenario, NULL, 0, error);
    ck_assert_msg(t != NULL, "%s: %s", scenario, error);
    ui_play_program_free(p);
    return t;
}

/* Calls `each` with every scenario of the catalogue. */
static inline void catalogue_each(void (*each)(const char *name, struct tape *t))
{
    struct ui_play_program *p = ui_play_program_new(NULL);
    const struct ui_program *program = ui_play_program(p);
    struct ui_lesson lesson;
    size_t n = 0;
    for (; program->lesson(program->ctx, n, &lesson); n++) {
        struct tape *t = catalogue_tape(lesson.name);
        each(lesson.name, t);
        tape_free(t);
    }
    ck_assert_uint_gt(n, 10);
    ui_play_program_free(p);
}
#endif
