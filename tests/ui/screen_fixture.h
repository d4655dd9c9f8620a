#ifndef TESTS_UI_SCREEN_FIXTURE_H
#define TESTS_UI_SCREEN_FIXTURE_H
/* tape.h for the tests of time. A screen without a terminal: keys in, text out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "ui/play.h"
#include "ui/screen/press.h"

struct face {
    struct ui_play_program *program;
    struct ui_screen *s;
    struct ui_canvas canvas;
    char *text; /* what is on it, as text */
};

static inline void face_open(struct face *f, const char *scenario, int rows, int cols, bool ascii,
                             bool questions)
{
    char error[UI_ERROR_MAX] = "";
    struct ui_screen_options o = { .scenario = scenario, .ascii = ascii, .questions = questions };
    struct ui_event size = { .kind = UI_EVENT_SIZE, .row = rows, .col = cols };
    *f = (struct face){ .program = ui_play_program_new(NULL) };
    f->s = ui_screen_new(ui_play_program(f->program), &o, error);
    ck_assert_msg(f->s != NULL, "%s", error);
    ui_screen_event(f->s, &size);
}

static inline void face_close(struct face *f)
{
    ui_screen_free(f->s);
    ui_play_program_free(f->program);
    ui_canvas_free(&f->canvas);
    free(f->text);
    *f = (struct face){ 0 };
}

/* The screen as text, a row a line. */
static inline const char *face_text(struct face *f)
{
    size_t n = 0, row;
    ui_screen_draw(f->s, &f->canvas);
    row = (size_t)f->canvas.cols * 4 + 8;
    free(f->text);
    f->text = malloc(row * (size_t)f->canvas.rows + 1);
    ck_assert_ptr_nonnull(f->text);
    for (int i = 0; i < f->canvas.rows; i++) {
        n += ui_canvas_row(&f->canvas, i, f->text + n, row);
        f->text[n++] = '\n';
    }
    f->text[n] = '\0';
    return f->text;
}

static inline bool face_shows(struct face *f, const char *words)
{
    return strstr(face_text(f), words) != NULL;
}

/* As ui/screen/press.h says. */
static inline void face_keys(struct face *f, const char *keys)
{
    char wrong[32];
    ck_assert_msg(ui_press(f->s, keys, wrong), "%s is no key", wrong);
}

static inline uint64_t face_hash(struct face *f)
{
    uint64_t h = 0xcbf29ce484222325u;
    ui_screen_draw(f->s, &f->canvas);
    /* the rows of the screen without the message row, which says what the last key did */
    for (int row = 0; row < f->canvas.rows; row++)
        for (int col = 0; col < f->canvas.cols && row != f->canvas.rows - 2; col++) {
            const struct ui_cell *c = &f->canvas.cell[row * f->canvas.cols + col];
            h = (h ^ c->ch) * 0x100000001b3u;
            h = (h ^ c->style) * 0x100000001b3u;
        }
    return h;
}
#endif
