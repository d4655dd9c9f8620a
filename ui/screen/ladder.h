#ifndef UI_SCREEN_LADDER_H
#define UI_SCREEN_LADDER_H
/*
 * ladder - the sequence diagram in words and on a canvas; the view and the exports share it.
 *
 *     time     alice            mail             mx
 *     1.178 s  |- SYN - - - ->  |                |      a frame
 *            + |  EHLO: 11 lines|                |      a fold
 *     1.248 s  |- MAIL FROM: -> |                |      a line
 *     1.478 s  |                |<- 550 5.1.1 ---|  <   failed: x before it; here: < behind it
 */
#include "ui/screen/canvas.h"
#include "ui/tape/ladder.h"

#define LADDER_WORDS_MAX   1024 /* octets of one row's words, with NUL */
#define LADDER_COLUMNS_MAX 24
#define LADDER_GAP_MIN     15 /* columns of the canvas between two hosts: less holds no word */
#define LADDER_GAP_GOOD    22 /* below this the DNS servers share one column */

/* What a record says, without the name of its host in front, which stands beside it. */
void ladder_own_words(const struct tape *t, const struct trace_record *r, char *buf, size_t cap);

/* What a row says in one line, as its sender wrote it: not yet safe to show. Returns buf. */
const char *ladder_row_words(const struct tape *t, const struct ladder_row *row, bool frames,
                             char buf[LADDER_WORDS_MAX]);
/* "EHLO, AUTH: 12 lines": what a fold holds. Returns buf. */
const char *ladder_fold_words(const struct ladder *l, const struct tape *t, const struct ladder_item *item,
                              char buf[LADDER_WORDS_MAX]);
bool ladder_sealed(const struct tape *t, uint32_t seq); /* inside TLS */

/* Host 0 stands for all DNS servers together. */
struct ladder_columns {
    int n, left, right; /* left: where the first host is; right: the last column that may be used */
    uint16_t host[LADDER_COLUMNS_MAX];
    int x[LADDER_COLUMNS_MAX];
    bool dns_together;
    const struct ladder *ladder; /* borrowed, as the tape */
    const struct tape *tape;
};

/* Chooses as many hosts as `cols` columns hold; if that is not all, first those that have to do with the rows
 * of `items`, the last ones first. */
void ladder_columns(struct ladder_columns *k, const struct ladder *l, const struct tape *t, int cols,
                    const struct ladder_item *items, size_t nitems);
int ladder_column_of(const struct ladder_columns *k, uint16_t host); /* -1: it has none */
/* The name over a column of `room` characters: the full one where it fits. */
const char *ladder_column_name(const struct ladder_columns *k, int column, int room);

struct ladder_look {
    bool frames;    /* names the numbers of frames */
    bool here;      /* the place is at this row */
    bool no_time;   /* it is the one of the row above */
    uint32_t place; /* what is lost after it is not known yet */
};

/* `chosen` is a host whose name is marked; 0: none. */
void ladder_draw_names(struct ui_canvas *c, int row, const struct ladder_columns *k, uint32_t chosen);
void ladder_draw_lifelines(struct ui_canvas *c, int row, const struct ladder_columns *k);
void ladder_draw_item(struct ui_canvas *c, int row, const struct ladder_columns *k,
                      const struct ladder_item *item, const struct ladder_look *look);

/* What the ladder view shows at this moment, for exports; never NULL while a run is open. `open` is borrowed.
 */
struct ui_screen;
const struct ladder *ladder_of_screen(struct ui_screen *s, const struct ladder_open **open);
#endif
