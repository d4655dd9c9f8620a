#ifndef UI_SCREEN_EXPORT_H
#define UI_SCREEN_EXPORT_H
/*
 * export - a run, or its beginning, as text that other programs read.
 *
 *   tape, ladder, place --ui_export--> transcript   who said what, with the phases, as plain text
 *                                      ladder       the sequence diagram as plain text
 *                                      Mermaid      the same as a sequenceDiagram
 *                                      SVG          the same as a picture: one file, no script, no font
 *
 * The same run, place and folds give the same octets. What peers said is escaped for each form, so that no
 * message can add a line, an arrow, an element or a control character of its own.
 */
#include "ui/screen/view.h"
#include "ui/screen/ladder.h"

/* X(enum suffix, words, end of the file's name) */
#define UI_EXPORTS(X)                                                                                        \
    X(CAPTURE, "Capture for Wireshark (pcapng)", ".pcapng")                                                  \
    X(TRANSCRIPT, "Transcript: who said what (text)", ".txt")                                                \
    X(LADDER, "Ladder as text", "-ladder.txt")                                                               \
    X(MERMAID, "Ladder as Mermaid sequenceDiagram", ".mmd")                                                  \
    X(SVG, "Ladder as a picture (SVG)", ".svg")
#define X(name, words, ending) UI_EXPORT_##name,
enum ui_export_form { UI_EXPORTS(X) UI_EXPORT_COUNT };
#undef X

/* Rows of a diagram; what is more is counted in its last row. */
#define UI_EXPORT_ROWS_MAX 20000

struct ui_export_scope {
    const struct tape *tape;
    const struct ladder *ladder;    /* grain, conversation and hosts as chosen; not for a transcript */
    const struct ladder_open *open; /* NULL: all zones are folded */
    uint32_t upto;                  /* the last record */
    bool ascii, frames;             /* frames: with their numbers */
};

const char *ui_export_words(enum ui_export_form form);
const char *ui_export_ending(enum ui_export_form form);

/* Any form but the capture. */
void ui_export(enum ui_export_form form, const struct ui_export_scope *scope, struct ui_text *out);

void ui_export_mermaid(const struct ui_export_scope *scope, struct ui_text *out);
void ui_export_svg(const struct ui_export_scope *scope, struct ui_text *out);

/* The items of the scope, one after the other: from *i = 0 on; false: no more, *left rows were left out. */
bool ui_export_next(const struct ui_export_scope *scope, size_t *i, size_t *count, struct ladder_item *item,
                    size_t *left);
/* What an item says, safe to show, with a mark if it failed. Returns buf. */
#define UI_EXPORT_LINE_MAX (LADDER_WORDS_MAX * 8)
const char *ui_export_line(const struct ui_export_scope *scope, const struct ladder_item *item,
                           char buf[UI_EXPORT_LINE_MAX]);
/* A frame that does not arrive, as far as `upto` knows. */
bool ui_export_lost(const struct ui_export_scope *scope, const struct ladder_row *row);
#endif
