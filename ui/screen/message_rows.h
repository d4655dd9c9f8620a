#ifndef UI_SCREEN_MESSAGE_ROWS_H
#define UI_SCREEN_MESSAGE_ROWS_H
/*
 * message_rows - what the view Message shows, as rows of text for each of its parts.
 *
 *   tape, place --message_rows_fill--> envelope, header, parts, raw; each row with the record that it is of
 *
 * A row's words are what strangers sent: they are made safe when they are drawn.
 */
#include "protocols/wire/mime.h"
#include "ui/screen/view.h"

/* X(enum suffix, name) */
#define MESSAGE_TABS(X)                                                                                      \
    X(ENVELOPE, "Envelope")                                                                                  \
    X(HEADER, "Header")                                                                                      \
    X(PARTS, "Parts")                                                                                        \
    X(RAW, "Raw")
#define X(name, word) MESSAGE_TAB_##name,
enum message_tab { MESSAGE_TABS(X) MESSAGE_TAB_COUNT };
#undef X

struct message_row {
    uint32_t seq;
    enum ui_style style;
    size_t left, left_len, right, right_len; /* in `words` */
};

struct message_rows {
    struct message_row *row;
    size_t n, cap;
    char *words;
    size_t len, words_cap;
};

struct message {
    bool ready; /* rows are those of the place */
    enum message_tab tab;
    size_t chosen[MESSAGE_TAB_COUNT], top[MESSAGE_TAB_COUNT]; /* + 1; 0: none was chosen */
    size_t letter; /* + 1, that was chosen; 0: the one of the place */
    struct message_rows rows[MESSAGE_TAB_COUNT];
    struct letter_text text, before;
    struct wire_mime_part part[WIRE_MIME_PARTS_MAX];
    struct ui_rect list[MESSAGE_TAB_COUNT];
    int tab_at[MESSAGE_TAB_COUNT + 1];
};

/* The letter that was chosen, else the one of the place; -1: none yet. */
ptrdiff_t message_letter(struct ui_screen *s);
/* Makes all rows, unless they are made; false: there is no message yet. */
bool message_rows_fill(struct ui_screen *s);
#endif
