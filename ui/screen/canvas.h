#ifndef UI_SCREEN_CANVAS_H
#define UI_SCREEN_CANVAS_H
/*
 * canvas - a grid of characters that views draw on; the terminal shows it, tests read it.
 *
 *   view --ui_put, ui_box, ui_wrap--> canvas --> ui/screen/terminal.c (curses)
 *                                           '--> ui_canvas_row: text, for golden screens
 *
 * Row 0 is the top, column 0 the left. What falls outside is cut, so no view can break another one's room.
 * A style says what something means; the theme decides how that looks. Styles repeat what words, marks and
 * places already say: a canvas without them is complete.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(enum suffix, what it is for) */
#define UI_STYLES(X)                                                                                         \
    X(TEXT, "ordinary words")                                                                                \
    X(DIM, "what is beside the point")                                                                       \
    X(STRONG, "what matters now")                                                                            \
    X(TITLE, "names of boxes and screens")                                                                   \
    X(FRAME, "lines between boxes")                                                                          \
    X(CLIENT, "said by a client")                                                                            \
    X(SERVER, "said by a server")                                                                            \
    X(GOOD, "it worked")                                                                                     \
    X(BAD, "it failed")                                                                                      \
    X(WARN, "it will be tried again, or watch out")                                                          \
    X(SECRET, "inside TLS")                                                                                  \
    X(SELECTED, "the row of the cursor")                                                                     \
    X(KEY, "a key to press")                                                                                 \
    X(BAR, "the bars at the top and bottom")                                                                 \
    X(ASK, "a question to the person")

#define X(name, what) UI_STYLE_##name,
enum ui_style { UI_STYLES(X) UI_STYLE_COUNT };
#undef X

/* X(enum suffix, code point, ASCII) : one column each */
#define UI_MARKS(X)                                                                                          \
    X(TO_SERVER, 0x25b8, '>')                                                                                \
    X(TO_CLIENT, 0x25c2, '<')                                                                                \
    X(UP, 0x25b4, '^')                                                                                       \
    X(DOWN, 0x25be, 'v')                                                                                     \
    X(FAIL, 0x2717, 'x')                                                                                     \
    X(DONE, 0x2713, '+')                                                                                     \
    X(MAIL, 0x2709, '@')                                                                                     \
    X(HOST, 0x25cf, 'o')                                                                                     \
    X(ROUTER, 0x25c7, '#')                                                                                   \
    X(BULLET, 0x2022, '*')                                                                                   \
    X(MORE, 0x2026, '~')                                                                                     \
    X(HERE, 0x25ae, '|')                                                                                     \
    X(PAUSE, 0x2016, '=')                                                                                    \
    X(LOCK, 0x25a3, '%')                                                                                     \
    X(RULE, 0x2500, '-')                                                                                     \
    X(BAR, 0x2502, '|')                                                                                      \
    X(DASH, 0x254c, '-')                                                                                     \
    X(TOP_LEFT, 0x250c, '+')                                                                                 \
    X(TOP_RIGHT, 0x2510, '+')                                                                                \
    X(BOTTOM_LEFT, 0x2514, '+')                                                                              \
    X(BOTTOM_RIGHT, 0x2518, '+')                                                                             \
    X(TEE_LEFT, 0x251c, '+')                                                                                 \
    X(TEE_RIGHT, 0x2524, '+')                                                                                \
    X(TEE_UP, 0x2534, '+')                                                                                   \
    X(TEE_DOWN, 0x252c, '+')                                                                                 \
    X(CROSS, 0x253c, '+')

#define X(name, code, ascii) UI_MARK_##name,
enum ui_mark { UI_MARKS(X) UI_MARK_COUNT };
#undef X

struct ui_cell {
    uint32_t ch; /* code point; 0: the right half of a wide character */
    uint8_t style;
};

struct ui_canvas {
    int rows, cols;
    bool ascii;
    struct ui_cell *cell; /* owned */
    size_t cap;
    int cursor_row, cursor_col; /* where the terminal's cursor stands; -1: hidden */
};

struct ui_rect {
    int row, col, rows, cols;
};

/* Zero-initialised is ready. Clears it too. */
void ui_canvas_size(struct ui_canvas *c, int rows, int cols);
void ui_canvas_clear(struct ui_canvas *c);
void ui_canvas_free(struct ui_canvas *c);
struct ui_rect ui_canvas_all(const struct ui_canvas *c);

/* Our own words, UTF-8, from (row, col) on, cut at `room` columns (or the canvas). Returns the columns used.
 * In an ASCII canvas what is not ASCII becomes '?', so glyphs go through ui_mark. */
int ui_put(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *words);
__attribute__((format(printf, 6, 7))) int ui_putf(struct ui_canvas *c, int row, int col, int room,
                                                  enum ui_style style, const char *fmt, ...);
/* Text of strangers: made safe, in one row; ended by MORE where it is cut. */
int ui_put_text(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text,
                size_t len);
/* The same, right-aligned in `room` columns. */
int ui_put_right(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text);

void ui_mark(struct ui_canvas *c, int row, int col, enum ui_style style, enum ui_mark mark);
void ui_fill(struct ui_canvas *c, struct ui_rect r, enum ui_style style, char ch);
/* Gives cells another style and leaves the characters. */
void ui_paint(struct ui_canvas *c, struct ui_rect r, enum ui_style style);
void ui_line_across(struct ui_canvas *c, int row, int col, int cols, enum ui_style style, enum ui_mark mark);
void ui_line_down(struct ui_canvas *c, int row, int col, int rows, enum ui_style style, enum ui_mark mark);

/* A frame with a title in its upper edge; returns the room inside. */
struct ui_rect ui_box(struct ui_canvas *c, struct ui_rect r, const char *title);
/* A rule across a box, joined to its sides, with a title. */
void ui_box_rule(struct ui_canvas *c, struct ui_rect box, int row, const char *title);

/* Text of strangers broken between words into `r`, skipping the first `skip` rows; the last row ends in MORE
 * if something is left. Returns the rows that the whole text takes. */
int ui_wrap(struct ui_canvas *c, struct ui_rect r, int skip, enum ui_style style, const char *text,
            size_t len);
/* The rows it would take in `cols` columns. */
int ui_wrap_rows(const char *text, size_t len, int cols, bool ascii);

/* A row as UTF-8 without spaces at its end; needs 4 octets a column and a NUL. Returns the octets. */
size_t ui_canvas_row(const struct ui_canvas *c, int row, char *buf, size_t cap);
#endif
