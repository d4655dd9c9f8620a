/* A grid of characters and what they mean. */
#include "ui/screen/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/tape/keep.h"

#define TEXT_MAX 65536 /* octets of one text on a screen; longer ones are cut */

static const uint32_t mark_code[UI_MARK_COUNT] = {
#define X(name, code, ascii) [UI_MARK_##name] = code,
    UI_MARKS(X)
#undef X
};
static const char mark_ascii[UI_MARK_COUNT] = {
#define X(name, code, ascii) [UI_MARK_##name] = ascii,
    UI_MARKS(X)
#undef X
};

void ui_canvas_size(struct ui_canvas *c, int rows, int cols)
{
    rows = rows < 1 ? 1 : rows;
    cols = cols < 1 ? 1 : cols;
    c->cell = keep_grow(c->cell, &c->cap, (size_t)rows * (size_t)cols, sizeof *c->cell);
    c->rows = rows;
    c->cols = cols;
    ui_canvas_clear(c);
}

void ui_canvas_clear(struct ui_canvas *c)
{
    size_t n = (size_t)c->rows * (size_t)c->cols;
    for (size_t i = 0; i < n; i++)
        c->cell[i] = (struct ui_cell){ ' ', UI_STYLE_TEXT };
    c->cursor_row = c->cursor_col = -1;
}

void ui_canvas_free(struct ui_canvas *c)
{
    free(c->cell);
    *c = (struct ui_canvas){ 0 };
}

struct ui_rect ui_canvas_all(const struct ui_canvas *c)
{
    return (struct ui_rect){ 0, 0, c->rows, c->cols };
}

static struct ui_cell *at(struct ui_canvas *c, int row, int col)
{
    return row >= 0 && row < c->rows && col >= 0 && col < c->cols ? &c->cell[row * c->cols + col] : NULL;
}

/* A wide character whose half is overwritten becomes a space. */
static void set(struct ui_canvas *c, int row, int col, uint32_t ch, enum ui_style style)
{
    struct ui_cell *cell = at(c, row, col), *next;
    if (!cell)
        return;
    if (cell->ch == 0 && ch != 0 && col > 0)
        cell[-1].ch = ' ';
    next = at(c, row, col + 1);
    if (next && next->ch == 0 && ch != 0)
        next->ch = ' ';
    *cell = (struct ui_cell){ ch, (uint8_t)style };
}

/* Safe UTF-8; returns the columns used. */
static int put(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text,
               size_t len)
{
    int used = 0;
    while (len > 0) {
        uint32_t ch;
        size_t n = wire_utf8_decode(text, len, &ch);
        int width;
        if (n == 0) {
            n = 1;
            ch = '?';
        }
        text += n;
        len -= n;
        width = wire_utf8_columns(ch);
        if (width <= 0)
            continue;
        if (c->ascii && ch > 0x7e) {
            ch = '?';
            width = 1;
        }
        if (used + width > room || col + used + width > c->cols)
            break;
        set(c, row, col + used, ch, style);
        if (width == 2) {
            struct ui_cell *half = at(c, row, col + used + 1);
            if (half)
                *half = (struct ui_cell){ 0, (uint8_t)style };
        }
        used += width;
    }
    return used;
}

int ui_put(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *words)
{
    return put(c, row, col, room, style, words, strlen(words));
}

int ui_putf(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *fmt, ...)
{
    char words[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    return ui_put_text(c, row, col, room, style, words, strlen(words));
}

int ui_put_text(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text,
                size_t len)
{
    char safe[4096];
    size_t used, n;
    if (room > c->cols - col)
        room = c->cols - col;
    if (room <= 0)
        return 0;
    n = wire_display_fit(safe, sizeof safe, text, len, (size_t)room + WIRE_DISPLAY_ESCAPE_MAX, c->ascii,
                         &used);
    if (used <= (size_t)room)
        return put(c, row, col, room, style, safe, n);
    n = wire_display_cut(safe, n, (size_t)room - 1, &used);
    put(c, row, col, room - 1, style, safe, n);
    ui_mark(c, row, col + (int)used, style, UI_MARK_MORE);
    return (int)used + 1;
}

int ui_put_right(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text)
{
    int wide = (int)wire_display_columns(text, strlen(text));
    return wide >= room ? ui_put_text(c, row, col, room, style, text, strlen(text))
                        : (put(c, row, col + room - wide, wide, style, text, strlen(text)), room);
}

void ui_mark(struct ui_canvas *c, int row, int col, enum ui_style style, enum ui_mark mark)
{
    set(c, row, col, c->ascii ? (uint32_t)mark_ascii[mark] : mark_code[mark], style);
}

void ui_fill(struct ui_canvas *c, struct ui_rect r, enum ui_style style, char ch)
{
    for (int row = r.row; row < r.row + r.rows; row++)
        for (int col = r.col; col < r.col + r.cols; col++)
            set(c, row, col, (unsigned char)ch, style);
}

void ui_paint(struct ui_canvas *c, struct ui_rect r, enum ui_style style)
{
    for (int row = r.row; row < r.row + r.rows; row++)
        for (int col = r.col; col < r.col + r.cols; col++) {
            struct ui_cell *cell = at(c, row, col);
            if (cell)
                cell->style = (uint8_t)style;
        }
}

void ui_line_across(struct ui_canvas *c, int row, int col, int cols, enum ui_style style, enum ui_mark mark)
{
    for (int i = 0; i < cols; i++)
        ui_mark(c, row, col + i, style, mark);
}

void ui_line_down(struct ui_canvas *c, int row, int col, int rows, enum ui_style style, enum ui_mark mark)
{
    for (int i = 0; i < rows; i++)
        ui_mark(c, row + i, col, style, mark);
}

struct ui_rect ui_box(struct ui_canvas *c, struct ui_rect r, const char *title)
{
    int bottom = r.row + r.rows - 1, right = r.col + r.cols - 1;
    if (r.rows < 2 || r.cols < 2)
        return (struct ui_rect){ r.row, r.col, 0, 0 };
    ui_line_across(c, r.row, r.col, r.cols, UI_STYLE_FRAME, UI_MARK_RULE);
    ui_line_across(c, bottom, r.col, r.cols, UI_STYLE_FRAME, UI_MARK_RULE);
    ui_line_down(c, r.row, r.col, r.rows, UI_STYLE_FRAME, UI_MARK_BAR);
    ui_line_down(c, r.row, right, r.rows, UI_STYLE_FRAME, UI_MARK_BAR);
    ui_mark(c, r.row, r.col, UI_STYLE_FRAME, UI_MARK_TOP_LEFT);
    ui_mark(c, r.row, right, UI_STYLE_FRAME, UI_MARK_TOP_RIGHT);
    ui_mark(c, bottom, r.col, UI_STYLE_FRAME, UI_MARK_BOTTOM_LEFT);
    ui_mark(c, bottom, right, UI_STYLE_FRAME, UI_MARK_BOTTOM_RIGHT);
    if (title && *title)
        ui_putf(c, r.row, r.col + 2, r.cols - 4, UI_STYLE_TITLE, " %s ", title);
    return (struct ui_rect){ r.row + 1, r.col + 1, r.rows - 2, r.cols - 2 };
}

void ui_box_rule(struct ui_canvas *c, struct ui_rect box, int row, const char *title)
{
    ui_line_across(c, row, box.col, box.cols, UI_STYLE_FRAME, UI_MARK_RULE);
    ui_mark(c, row, box.col, UI_STYLE_FRAME, UI_MARK_TEE_LEFT);
    ui_mark(c, row, box.col + box.cols - 1, UI_STYLE_FRAME, UI_MARK_TEE_RIGHT);
    if (title && *title)
        ui_putf(c, row, box.col + 2, box.cols - 4, UI_STYLE_TITLE, " %s ", title);
}

/* The octets of safe text that stand in the next row of `cols` columns; *skip the spaces behind them. */
static size_t row_of(const char *text, size_t len, int cols, size_t *skip)
{
    size_t fits = wire_display_cut(text, len, (size_t)cols, NULL), n;
    const char *lf = memchr(text, '\n', fits < len ? fits + 1 : len);
    *skip = 0;
    if (lf) {
        *skip = 1;
        return (size_t)(lf - text);
    }
    if (fits == len)
        return len;
    for (n = fits; n > 0 && text[n] != ' '; n--)
        ;
    if (n == 0)
        return fits ? fits : 1; /* one word that is longer than the row */
    while (n + *skip < len && text[n + *skip] == ' ')
        ++*skip;
    return n;
}

/* Makes text safe, and keeps its line ends: *n octets, to be freed. */
static char *safe_text(const char *text, size_t len, bool ascii, size_t *n)
{
    size_t cap = (len < TEXT_MAX ? len : TEXT_MAX) * WIRE_DISPLAY_ESCAPE_MAX + 8;
    char *safe = keep_alloc(cap);
    *n = 0;
    len = len < TEXT_MAX ? len : TEXT_MAX;
    while (len > 0) {
        const char *lf = memchr(text, '\n', len);
        size_t line = lf ? (size_t)(lf - text) : len;
        *n += wire_display_fit(safe + *n, cap - *n - 2, text, line, SIZE_MAX, ascii, NULL);
        if (lf)
            safe[(*n)++] = '\n';
        text += line + (lf != NULL);
        len -= line + (lf != NULL);
    }
    return safe;
}

int ui_wrap(struct ui_canvas *c, struct ui_rect r, int skip, enum ui_style style, const char *text,
            size_t len)
{
    size_t n, left;
    char *safe;
    const char *from;
    int row = 0;
    if (r.cols <= 0 || !text)
        return 0;
    from = safe = safe_text(text, len, c->ascii, &n);
    for (left = n; left > 0; row++) {
        size_t gap, take = row_of(from, left, r.cols, &gap);
        int place = row - skip;
        if (place >= 0 && place < r.rows) {
            int used = put(c, r.row + place, r.col, r.cols, style, from, take);
            if (place == r.rows - 1 && take + gap < left)
                ui_mark(c, r.row + place, r.col + (used < r.cols ? used : r.cols - 1), style, UI_MARK_MORE);
        }
        from += take + gap;
        left -= take + gap;
    }
    free(safe);
    return row;
}

int ui_wrap_rows(const char *text, size_t len, int cols, bool ascii)
{
    struct ui_canvas none = { .ascii = ascii };
    return ui_wrap(&none, (struct ui_rect){ 0, 0, 0, cols }, 0, UI_STYLE_TEXT, text, len);
}

size_t ui_canvas_row(const struct ui_canvas *c, int row, char *buf, size_t cap)
{
    size_t n = 0, end = 0;
    for (int col = 0; col < c->cols; col++) {
        const struct ui_cell *cell = &c->cell[row * c->cols + col];
        if (cell->ch == 0 || n + WIRE_UTF8_MAX >= cap)
            continue;
        n += wire_utf8_put(buf + n, cell->ch);
        if (cell->ch != ' ')
            end = n;
    }
    buf[end] = '\0';
    return end;
}
