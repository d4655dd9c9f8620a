/* The sequence diagram on a canvas. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/screen/ladder.h"
#include "ui/screen/view.h"

#define TIME_COLS  9
#define MARK_COL   10
#define FIRST_COL  12
#define RIGHT_ROOM 4 /* behind the last host: half of its name, and the mark of the place */

/* ---- columns --------------------------------------------------------------------------------------------
 */

/* All columns there could be. With the DNS together, its first host stands where the first of them was. */
static int candidates(const struct ladder *l, bool together, uint16_t *out, int most)
{
    const uint16_t *hosts;
    size_t n = ladder_hosts(l, &hosts);
    int count = 0;
    bool dns = false;
    for (size_t i = 0; i < n; i++) {
        bool is_dns = together && ladder_is_dns(l, hosts[i]);
        if ((is_dns && dns) || count == most)
            continue;
        dns |= is_dns;
        out[count++] = is_dns ? 0 : hosts[i];
    }
    return count;
}

static int fits(int cols, int gap)
{
    int n = (cols - FIRST_COL - RIGHT_ROOM - 1) / gap + 1;
    return n < 2 ? 2 : n > LADDER_COLUMNS_MAX ? LADDER_COLUMNS_MAX : n;
}

static void want(bool *wanted, int *n, int most, const uint16_t *all, int nall, const struct ladder *l,
                 bool together, uint16_t host)
{
    if (together && ladder_is_dns(l, host))
        host = 0;
    for (int i = 0; i < nall; i++)
        if (all[i] == host && !wanted[i] && *n < most) {
            wanted[i] = true;
            ++*n;
        }
}

void ladder_columns(struct ladder_columns *k, const struct ladder *l, const struct tape *t, int cols,
                    const struct ladder_item *items, size_t nitems)
{
    uint16_t all[256];
    bool wanted[256] = { false };
    int nall, most = fits(cols, LADDER_GAP_MIN), n = 0;
    *k = (struct ladder_columns){ .left = FIRST_COL, .right = cols - 1 - RIGHT_ROOM, .ladder = l, .tape = t };
    nall = candidates(l, false, all, 256);
    if (nall > fits(cols, LADDER_GAP_GOOD)) {
        k->dns_together = true;
        nall = candidates(l, true, all, 256);
    }
    for (size_t i = nitems; i-- > 0;) {
        const struct ladder_row *row = ladder_row(l, items[i].last);
        want(wanted, &n, most, all, nall, l, k->dns_together, row->from);
        want(wanted, &n, most, all, nall, l, k->dns_together, row->to);
    }
    for (int i = 0; i < nall && n < most; i++)
        if (!wanted[i]) {
            wanted[i] = true;
            n++;
        }
    for (int i = 0; i < nall; i++)
        if (wanted[i])
            k->host[k->n++] = all[i];
    for (int i = 0; i < k->n; i++)
        k->x[i] = k->n == 1 ? k->left : k->left + (k->right - k->left) * i / (k->n - 1);
}

int ladder_column_of(const struct ladder_columns *k, uint16_t host)
{
    if (k->dns_together && ladder_is_dns(k->ladder, host))
        host = 0;
    for (int i = 0; i < k->n; i++)
        if (k->host[i] == host)
            return i;
    return -1;
}

const char *ladder_column_name(const struct ladder_columns *k, int column, int room)
{
    const struct trace_opening *o = tape_opening(k->tape);
    uint16_t host = k->host[column];
    if (host == 0)
        return "DNS";
    if (o && host <= o->nhosts) {
        const char *full = o->hosts[host - 1].fqdn;
        if (full && *full && (int)wire_display_columns(full, strlen(full)) <= room)
            return full;
    }
    return tape_host(k->tape, host);
}

void ladder_draw_names(struct ui_canvas *c, int row, const struct ladder_columns *k, uint32_t chosen)
{
    int end = k->left - 1;
    ui_put_right(c, row, 0, TIME_COLS - 2, UI_STYLE_DIM, "time");
    for (int i = 0; i < k->n; i++) {
        int gap = k->n > 1 ? k->x[i > 0 ? i : 1] - k->x[i > 0 ? i - 1 : 0] : 30;
        const char *name = ladder_column_name(k, i, gap - 2);
        int wide = (int)wire_display_columns(name, strlen(name)), most = c->cols - 1 - wide;
        int col = k->x[i] - (i == 0 ? 0 : wide / 2);
        col = col > most ? most : col;
        col = col > end ? col : end + 1;
        end = col + ui_put_text(c, row, col, c->cols - 1 - col,
                                chosen && k->host[i] == chosen ? UI_STYLE_SELECTED : UI_STYLE_TITLE, name,
                                strlen(name));
    }
}

void ladder_draw_lifelines(struct ui_canvas *c, int row, const struct ladder_columns *k)
{
    for (int i = 0; i < k->n; i++)
        ui_mark(c, row, k->x[i], UI_STYLE_FRAME, UI_MARK_BAR);
}

/* ---- rows -----------------------------------------------------------------------------------------------
 */

struct arrow {
    int from, to; /* columns of the canvas */
    bool dashed, lost, sealed;
    enum ui_style line, text;
    const char *words;
};

/* The line, with crosses where it passes other hosts, and where it ends. */
static void draw_line(struct ui_canvas *c, int row, const struct ladder_columns *k, const struct arrow *a,
                      int until)
{
    int step = a->from < a->to ? 1 : -1;
    for (int x = a->from + step; x != until; x += step) {
        bool passes = false;
        for (int i = 0; i < k->n; i++)
            passes |= k->x[i] == x;
        if (a->dashed && passes)
            continue;
        if (a->dashed && (x - a->from) % 2 == 0)
            ui_fill(c, (struct ui_rect){ row, x, 1, 1 }, a->line, ' ');
        else
            ui_mark(c, row, x, a->line, passes ? UI_MARK_CROSS : UI_MARK_RULE);
    }
}

static void draw_arrow(struct ui_canvas *c, int row, const struct ladder_columns *k, const struct arrow *a)
{
    int step = a->from < a->to ? 1 : -1, low = step > 0 ? a->from : a->to, high = step > 0 ? a->to : a->from;
    int room = high - low - 5, wide, at, end = a->to - step;
    size_t len = strlen(a->words);
    char safe[4096];
    size_t used = 0;
    wire_display_fit(safe, sizeof safe, a->words, len, (size_t)(room > 0 ? room : 0) + 8, c->ascii, &used);
    wide = (int)used < room ? (int)used : room;
    at = step > 0 ? low + 3 : high - 2 - wide;
    if (a->lost) { /* it ends soon after its words */
        int stop = step > 0 ? at + wide + 3 : at - 4, middle = (low + high) / 2;
        if (step > 0 ? stop < middle : stop > middle)
            stop = middle;
        if (step > 0 ? stop > end : stop < end)
            stop = end;
        end = stop;
    }
    draw_line(c, row, k, a, end);
    ui_mark(c, row, end, a->lost ? UI_STYLE_BAD : a->line,
            a->lost    ? UI_MARK_FAIL
            : step > 0 ? UI_MARK_TO_SERVER
                       : UI_MARK_TO_CLIENT);
    if (a->sealed)
        ui_mark(c, row, a->from + step, UI_STYLE_SECRET, UI_MARK_LOCK);
    if (room <= 0 || wide == 0)
        return;
    ui_fill(c, (struct ui_rect){ row, at - 1, 1, wide + 2 }, a->line, ' ');
    ui_put_text(c, row, at, wide, a->text, a->words, len);
    if (a->lost)
        ui_mark(c, row, end, UI_STYLE_BAD, UI_MARK_FAIL);
}

/* Words beside one host: to the right (side 1), to the left (-1), or where there is room (0). */
static void draw_note(struct ui_canvas *c, int row, const struct ladder_columns *k, int x,
                      enum ui_style style, const char *words, bool mark, int side)
{
    int right = k->right + RIGHT_ROOM - 2 - (x + 2), left = x - 2 - k->left, wide;
    char safe[4096];
    size_t used = 0;
    wire_display_fit(safe, sizeof safe, words, strlen(words), 4000, c->ascii, &used);
    wide = (int)used < c->cols ? (int)used : c->cols;
    if (mark)
        ui_mark(c, row, x, style, UI_MARK_BULLET);
    if (side ? side > 0 : wide <= right || (wide > left && right >= left)) {
        ui_fill(c, (struct ui_rect){ row, x + 1, 1, (wide < right ? wide : right) + 2 }, style, ' ');
        ui_put_text(c, row, x + 2, right, style, words, strlen(words));
    } else {
        wide = wide < left ? wide : left;
        ui_fill(c, (struct ui_rect){ row, x - 2 - wide, 1, wide + 2 }, style, ' ');
        ui_put_text(c, row, x - 1 - wide, wide, style, words, strlen(words));
    }
}

/* A phase: a bare arrow, and its words beside it, where they are not cut as soon as between two hosts. */
static void draw_phase(struct ui_canvas *c, int row, const struct ladder_columns *k, struct arrow *a)
{
    int low = a->from < a->to ? a->from : a->to, high = a->from < a->to ? a->to : a->from;
    const char *words = a->words;
    bool right = k->right - high >= low - k->left;
    a->words = "";
    draw_arrow(c, row, k, a);
    draw_note(c, row, k, right ? high : low, a->text, words, false, right ? 1 : -1);
}

static void draw_fold(struct ui_canvas *c, int row, const struct ladder_columns *k,
                      const struct ladder_item *item)
{
    const struct ladder_row *r = ladder_row(k->ladder, item->first);
    int a = ladder_column_of(k, r->from), b = ladder_column_of(k, r->to), low, room;
    char words[LADDER_WORDS_MAX];
    ladder_fold_words(k->ladder, k->tape, item, words);
    ui_put(c, row, MARK_COL, 1, UI_STYLE_KEY, "+");
    if (a < 0 || b < 0 || a == b) {
        draw_note(c, row, k, k->x[a >= 0 ? a : b >= 0 ? b : 0], UI_STYLE_DIM, words, false, 0);
        return;
    }
    low = k->x[a < b ? a : b];
    room = k->x[a < b ? b : a] - low - 3;
    ui_fill(c, (struct ui_rect){ row, low + 1, 1, room + 1 }, UI_STYLE_DIM, ' ');
    ui_put_text(c, row, low + 3, room - 1, UI_STYLE_DIM, words, strlen(words));
}

static void draw_row(struct ui_canvas *c, int row, const struct ladder_columns *k, const struct ladder_row *r,
                     const struct ladder_look *look)
{
    int from = ladder_column_of(k, r->from), to = ladder_column_of(k, r->to);
    uint32_t lost = r->kind == LADDER_PACKET ? ladder_lost(k->ladder, r->seq) : 0;
    char words[LADDER_WORDS_MAX], both[LADDER_WORDS_MAX + 200];
    struct trace_record rec;
    struct arrow a = { .words = words, .line = r->server ? UI_STYLE_SERVER : UI_STYLE_CLIENT };
    tape_get(k->tape, r->seq, &rec);
    ladder_row_words(k->tape, r, look->frames, words);
    a.text = r->kind == LADDER_PACKET ? UI_STYLE_DIM : ui_record_style(&rec);
    if (r->bad) {
        if (!tape_is_bad(&rec) || r->kind == LADDER_LOST)
            a.text = UI_STYLE_BAD;
        ui_mark(c, row, MARK_COL, UI_STYLE_BAD, UI_MARK_FAIL);
    } else if (look->here) {
        a.text = UI_STYLE_STRONG;
    }
    if (r->kind == LADDER_PACKET || r->kind == LADDER_LOST)
        a.line = UI_STYLE_DIM;
    if (from < 0 && to < 0 && r->from == r->to) {
        snprintf(both, sizeof both, "(%s) %s", tape_host(k->tape, r->from), words);
        draw_note(c, row, k, k->x[0], UI_STYLE_DIM, both, false, 0);
    } else if (from < 0 && to < 0) {
        snprintf(both, sizeof both, "(%s > %s) %s", tape_host(k->tape, r->from), tape_host(k->tape, r->to),
                 words);
        draw_note(c, row, k, k->x[0], UI_STYLE_DIM, both, false, 0);
    } else if (r->from == r->to) {
        draw_note(c, row, k, k->x[from], a.text, words, true, 0);
    } else if (from < 0 || to < 0 || from == to) {
        snprintf(both, sizeof both, "%s > %s: %s", tape_host(k->tape, r->from), tape_host(k->tape, r->to),
                 words);
        draw_note(c, row, k, k->x[from >= 0 ? from : to], a.text, both, true, 0);
    } else {
        a.from = k->x[from];
        a.to = k->x[to];
        a.dashed = r->kind == LADDER_PACKET || r->kind == LADDER_LOST;
        a.lost = r->kind == LADDER_LOST || (lost && lost <= look->place);
        a.sealed = r->kind == LADDER_LINE && ladder_sealed(k->tape, r->seq);
        if (a.sealed)
            a.line = UI_STYLE_SECRET;
        if (r->kind == LADDER_PHASE)
            draw_phase(c, row, k, &a);
        else
            draw_arrow(c, row, k, &a);
    }
}

void ladder_draw_item(struct ui_canvas *c, int row, const struct ladder_columns *k,
                      const struct ladder_item *item, const struct ladder_look *look)
{
    const struct ladder_row *r = ladder_row(k->ladder, item->first);
    char when[24];
    ladder_draw_lifelines(c, row, k);
    if (!look->no_time)
        ui_put_right(c, row, 0, TIME_COLS, UI_STYLE_DIM, ui_clock(tape_time(k->tape, r->seq), when));
    if (item->folded)
        draw_fold(c, row, k, item);
    else
        draw_row(c, row, k, r, look);
    if (look->here)
        ui_mark(c, row, c->cols - 2, UI_STYLE_STRONG, UI_MARK_TO_CLIENT);
}
