#ifndef UI_PAGE_H
#define UI_PAGE_H
/*
 * page - plain text of at most 80 columns on a FILE.
 *
 *   |   0.412 s C > RCPT TO:<bob@example.org>    ui_page_str, then ui_page_wrap from column 16 on
 *   |               goes on under itself         indent 16
 *
 * What ui_page_wrap and ui_page_row write passes wire_display_fit first: octets of strangers become
 * characters that stand still. ui_page_str takes our own words and glyphs; glyphs have an ASCII form.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define UI_COLUMNS     80
#define UI_WRAP_MAX    8192 /* octets of one wrapped text; a longer one is cut */
#define UI_SECONDS_MAX 600  /* later times are told in minutes */
#define UI_TIME_MAX    24   /* octets with NUL */

/* Colours repeat what words and marks say. */
enum ui_ink { UI_PLAIN, UI_HEADING, UI_CLIENT, UI_SERVER, UI_BAD, UI_GOOD, UI_NOTE };

/* X(enum suffix, UTF-8, ASCII) */
#define UI_GLYPHS(X)                                                                                         \
    X(TO_SERVER, "\xe2\x96\xb8", ">")                                                                        \
    X(TO_CLIENT, "\xe2\x97\x82", "<")                                                                        \
    X(ARROW, "\xe2\x94\x80\xe2\x96\xb8", "->")                                                               \
    X(RULE, "\xe2\x94\x80\xe2\x94\x80", "--")                                                                \
    X(NOTE, "\xe2\x80\xa2", "*")                                                                             \
    X(GOOD, "\xe2\x9c\x93", "+")                                                                             \
    X(BAD, "\xe2\x9c\x97", "x")                                                                              \
    X(MORE, "\xe2\x80\xa6", "...")                                                                           \
    X(SEALED, "\xe2\x94\x83", "|")

#define X(name, utf8, ascii) UI_GLYPH_##name,
enum ui_glyph { UI_GLYPHS(X) UI_GLYPH_COUNT };
#undef X

struct ui_page {
    FILE *file; /* borrowed */
    bool ascii, colour;
    int error;     /* errno of the first write that failed; 0 */
    size_t column; /* columns written on this row */
};

void ui_page_init(struct ui_page *p, FILE *file, bool ascii, bool colour);

/* Our own ASCII words. No line ends. */
void ui_page_str(struct ui_page *p, const char *words);
void ui_page_glyph(struct ui_page *p, enum ui_glyph glyph);
const char *ui_glyph_text(const struct ui_page *p, enum ui_glyph glyph);
void ui_page_number(struct ui_page *p, uint64_t n);
void ui_page_ink(struct ui_page *p, enum ui_ink ink);
void ui_page_end(struct ui_page *p); /* ends the row */

/* Spaces up to `column`; nothing if that is passed already. */
void ui_page_to(struct ui_page *p, size_t column);

/* `width` columns, the words at the right end of them. */
void ui_page_right(struct ui_page *p, const char *words, size_t width);

/* Text of strangers from here on, broken between words, later rows from `indent` on. At most `rows` rows,
 * what is left out told by MORE. A row that was begun is not ended. */
void ui_page_wrap(struct ui_page *p, size_t indent, unsigned rows, const char *text, size_t len);

/* Text of strangers on the rest of this row, up to `columns` of it; cut with MORE. */
void ui_page_row(struct ui_page *p, size_t columns, const char *text, size_t len);

/* Flushes; returns error. */
int ui_page_flush(struct ui_page *p);

/* "0.412 s", "75.000 s", "15 min 00 s", "4 h 00 min", "5 d 02 h", "5 d". Returns buf. */
const char *ui_time_text(uint64_t t_ns, char buf[UI_TIME_MAX]);
#endif
