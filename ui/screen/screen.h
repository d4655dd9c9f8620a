#ifndef UI_SCREEN_SCREEN_H
#define UI_SCREEN_SCREEN_H
/*
 * screen - the whole face of mailwalk, without a terminal.
 *
 *   key, mouse, size, tick --> screen --draw--> canvas
 *
 *   row 0       scenario            step 14 of 41 - line     0.412 s   > 1x
 *   ...         the view
 *   ...         the question, while one is open
 *   last - 2    the whole run, and where we are
 *   last - 1    what the last key did; what is wrong; hints
 *   last        1 Journey 2 Ladder 3 Packet ...
 *
 * No file, no clock, no terminal: the caller brings events and shows the canvas. So tests press keys and read
 * screens in process. What a screen shows is a function of the tape, the place in it and the settings of the
 * screen.
 */
#include "ui/screen/actions.h"
#include "ui/screen/canvas.h"
#include "ui/screen/program.h"

#define UI_MIN_ROWS 24
#define UI_MIN_COLS 80

/* X(enum suffix, name) : the colours are the terminal's business */
#define UI_THEMES(X)                                                                                         \
    X(DARK, "dark")                                                                                          \
    X(LIGHT, "light")                                                                                        \
    X(MONO, "mono")                                                                                          \
    X(CONTRAST, "contrast")
#define X(name, word) UI_THEME_##name,
enum ui_theme { UI_THEMES(X) UI_THEME_COUNT };
#undef X
const char *ui_theme_name(enum ui_theme theme);

enum ui_event_kind { UI_EVENT_KEY, UI_EVENT_MOUSE, UI_EVENT_SIZE, UI_EVENT_TICK };

struct ui_event {
    enum ui_event_kind kind;
    uint32_t key; /* KEY */
    int row, col; /* MOUSE: where; SIZE: how many */
    int wheel;    /* MOUSE: -1 up, 1 down, 0: pressed */
    uint64_t ms;  /* TICK: milliseconds since the last one */
};

struct ui_screen_options {
    const char *scenario;       /* NULL: begins with the list of lessons */
    const char *const *changes; /* borrowed for the call */
    size_t nchanges;
    enum ui_theme theme;
    bool ascii, big, questions;
};

struct ui_screen;

/* The program is borrowed. NULL: the scenario cannot be run; `error` says why. */
struct ui_screen *ui_screen_new(const struct ui_program *program, const struct ui_screen_options *options,
                                char error[UI_ERROR_MAX]);
void ui_screen_free(struct ui_screen *s);

/* What the caller has to do after an event. */
#define UI_AFTER_DRAW    1u /* something changed */
#define UI_AFTER_QUIT    2u
#define UI_AFTER_SUSPEND 4u
#define UI_AFTER_REDRAW  8u  /* as if nothing were on the terminal */
#define UI_AFTER_COPY    16u /* ui_screen_copied is to go to the clipboard */
unsigned ui_screen_event(struct ui_screen *s, const struct ui_event *e);
unsigned ui_screen_key(struct ui_screen *s, uint32_t key); /* a key event */

/* Sizes the canvas itself to what the last SIZE event said (80x24 before one). */
void ui_screen_draw(struct ui_screen *s, struct ui_canvas *c);

/* "Left first-message at step 14 of 148, 0.412 s.": for the shell that comes back. Returns buf. */
const char *ui_screen_left(const struct ui_screen *s, char *buf, size_t cap);
const char *ui_screen_copied(const struct ui_screen *s);
enum ui_theme ui_screen_theme(const struct ui_screen *s);
bool ui_screen_playing(const struct ui_screen *s); /* wants ticks */
uint32_t ui_screen_place(const struct ui_screen *s);
const struct tape *ui_screen_tape(const struct ui_screen *s); /* NULL: the list of lessons is open */
#endif
