/* Ladder: the sequence diagram up to the place, and below it what the row of the cursor means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/ladder.h"
#include "ui/screen/view.h"
#include "ui/tape/record.h"

#define ITEMS_MAX 1000 /* rows of a screen */
#define RULE_COLS 6    /* of the rule above the words: spaces around title and source */
#define INFO_ROWS 5    /* a rule, the line, its lesson */

struct ladder_state {
    unsigned of;           /* number of the run that the rest is about */
    struct ladder *ladder; /* borrowed */
    struct ladder_open open;
    enum ladder_hosts hosts;
    uint32_t chosen;                    /* record of the row that is selected; 0: the one of the place */
    uint32_t bottom;                    /* record of the lowest row shown; 0: the one of the place */
    struct ladder_item item[ITEMS_MAX]; /* as drawn last */
    size_t nitems, fit;
    int first_row, row_step; /* of the first item, from the top of the view */
};

static struct ladder_state *state(struct ui_screen *s)
{
    return s->state[UI_VIEW_LADDER];
}

static void forget(struct ladder_state *v)
{
    ladder_open_free(&v->open);
    v->chosen = v->bottom = 0;
    v->nitems = 0;
}

/* The ladder of the run that is shown, with the rows that are wanted. */
static struct ladder_state *ready(struct ui_screen *s)
{
    struct ladder_state *v = state(s);
    struct ladder_choice choice = { s->grain, s->follow, v->hosts };
    if (v->of != s->run.number)
        forget(v);
    v->of = s->run.number;
    v->ladder = ui_ladder(s);
    ladder_choose(v->ladder, &choice);
    return v;
}

const struct ladder *ladder_of_screen(struct ui_screen *s, const struct ladder_open **open)
{
    struct ladder_state *v = ready(s);
    *open = &v->open;
    return v->ladder;
}

/* ---- items ---- */

/* The row of the place; -1: none has come yet. */
static ptrdiff_t here_of(struct ui_screen *s, struct ladder_state *v)
{
    return ladder_find(v->ladder, s->place);
}

static struct ladder_item item_of(struct ladder_state *v, ptrdiff_t here, uint32_t seq)
{
    ptrdiff_t i = seq ? ladder_find(v->ladder, seq) : here;
    return ladder_item_at(v->ladder, &v->open, (size_t)here, (size_t)(i < 0 ? 0 : i > here ? here : i));
}

static bool item_before(struct ladder_state *v, ptrdiff_t here, struct ladder_item *item)
{
    if (item->first == 0)
        return false;
    *item = ladder_item_at(v->ladder, &v->open, (size_t)here, item->first - 1);
    return true;
}

static bool item_after(struct ladder_state *v, ptrdiff_t here, struct ladder_item *item)
{
    if (item->last >= (size_t)here)
        return false;
    *item = ladder_item_at(v->ladder, &v->open, (size_t)here, item->last + 1);
    return true;
}

/* Fills v->item with what fits above and at `bottom`, in order. */
static void fill(struct ladder_state *v, ptrdiff_t here, struct ladder_item bottom)
{
    struct ladder_item item = bottom;
    size_t n = 0;
    do
        v->item[n++] = item;
    while (n < v->fit && item_before(v, here, &item));
    for (size_t i = 0; i < n / 2; i++) {
        struct ladder_item swap = v->item[i];
        v->item[i] = v->item[n - 1 - i];
        v->item[n - 1 - i] = swap;
    }
    v->nitems = n;
    while (v->nitems < v->fit && item_after(v, here, &bottom))
        v->item[v->nitems++] = bottom;
}

/* Chooses the items to show: the selected one is among them. */
static struct ladder_item arrange(struct ui_screen *s, struct ladder_state *v, ptrdiff_t here, size_t fit)
{
    struct ladder_item selected = item_of(v, here, v->chosen), at;
    v->fit = fit < ITEMS_MAX ? fit : ITEMS_MAX;
    (void)s;
    fill(v, here, item_of(v, here, v->bottom));
    if (selected.first < v->item[0].first) { /* it is above: let it be the highest */
        at = selected;
        for (size_t i = 1; i < v->fit && item_after(v, here, &at); i++)
            ;
        fill(v, here, at);
    } else if (selected.last > v->item[v->nitems - 1].last) {
        fill(v, here, selected);
    }
    v->bottom = v->item[v->nitems - 1].last == (size_t)here
                    ? 0
                    : ladder_row(v->ladder, v->item[v->nitems - 1].last)->seq;
    return selected;
}

/* ---- drawing ---- */

/* The lines that a frame carries: they stand before it on the tape, with its number. */
static void draw_carried(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r,
                         const struct trace_record *frame)
{
    char words[LADDER_WORDS_MAX], all[LADDER_WORDS_MAX * 2] = "";
    uint32_t first = (uint32_t)frame->seq;
    struct trace_record line;
    size_t n = 0;
    while (first > 1 && tape_get(s->run.tape, first - 1, &line) && line.frame == frame->frame &&
           trace_kind_level(line.kind) == TRACE_LINE)
        first--;
    for (uint32_t seq = first; seq < frame->seq && n + 200 < sizeof all; seq++) {
        tape_get(s->run.tape, seq, &line);
        ui_record_text(s->run.tape, &line, words, sizeof words);
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%.120s", n ? " | " : "It carries: ", words);
    }
    ui_wrap(c, r, 0, UI_STYLE_TEXT, all, n);
}

/* Who, to whom, and what: of a lost frame its row knows the sender. */
static void draw_said(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, struct ladder_state *v,
                      const struct ladder_item *item, const struct trace_record *rec)
{
    const struct ladder_row *row = item ? ladder_row(v->ladder, item->last) : NULL;
    bool lost = row && row->seq == (uint32_t)rec->seq && row->kind == LADDER_LOST;
    uint32_t from = lost ? row->from : rec->host ? record_from(rec) : 0;
    uint32_t to = lost ? row->to : rec->peer ? record_to(rec) : 0;
    char words[LADDER_WORDS_MAX];
    int used = ui_putf(c, r.row, r.col, r.cols, UI_STYLE_DIM, "%s",
                       from ? tape_host(s->run.tape, from) : "the network");
    if (to) {
        ui_mark(c, r.row, r.col + used + 1, UI_STYLE_DIM, UI_MARK_TO_SERVER);
        used += 3 + ui_putf(c, r.row, r.col + used + 3, r.cols - used - 3, UI_STYLE_DIM, "%s",
                            tape_host(s->run.tape, to));
    }
    if (lost)
        ladder_row_words(s->run.tape, row, true, words);
    else
        ladder_own_words(s->run.tape, rec, words, sizeof words);
    ui_put_text(c, r.row, r.col + used + 2, r.cols - used - 2, UI_STYLE_STRONG, words, strlen(words));
}

static void draw_info(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, struct ladder_state *v,
                      const struct ladder_item *item)
{
    struct trace_record rec;
    struct ui_words own;
    char words[LADDER_WORDS_MAX];
    struct ui_rect below;
    uint32_t seq = v->chosen && item ? ladder_row(v->ladder, item->last)->seq : s->place;
    int col = r.col + 2, room = r.cols - 4, used = 0;
    char source[200], title[160], frame[40] = "";
    int left;
    bool bad;
    ui_line_across(c, r.row, r.col, r.cols, UI_STYLE_FRAME, UI_MARK_RULE);
    if (!tape_get(s->run.tape, seq, &rec)) {
        ui_put(c, r.row + 1, col, room, UI_STYLE_TEXT,
               "Nothing has been said yet. n is one step on, space plays.");
        return;
    }
    bad = tape_is_bad(&rec);
    ui_record_words(s->run.tape, &rec, &own);
    if (rec.kind == TRACE_KIND_DROPPED) { /* has no words of its own */
        rec.title = own.title;
        rec.section = own.section;
    }
    snprintf(source, sizeof source, "%s", rec.section ? rec.section : "");
    snprintf(title, sizeof title, "%s%s",
             rec.title ? rec.title
             : bad     ? "This failed"
                       : "",
             bad ? "   w: why?" : "");
    left = room - (int)(strlen(title) + strlen(source)) - RULE_COLS;
    if (bad && rec.title && left < 0) /* whole words or none */
        snprintf(title, sizeof title, "%s", rec.title);
    if ((int)(strlen(title) + strlen(source)) + RULE_COLS > room) /* of two sources the first */
        source[strcspn(source, ",")] = '\0';
    if (rec.frame)
        snprintf(frame, sizeof frame, "%sframe %llu", *source ? ", " : "", (unsigned long long)rec.frame);
    if ((int)strlen(frame) <= left)
        snprintf(source + strlen(source), sizeof source - strlen(source), "%s", frame);
    if (*source)
        used = (int)strlen(source) + 4;
    if (*title)
        ui_putf(c, r.row, col, room - used, bad ? UI_STYLE_BAD : UI_STYLE_TITLE, " %s ", title);
    if (*source)
        ui_putf(c, r.row, r.col + r.cols - used, used - 1, UI_STYLE_DIM, " %s ", source);
    if (v->chosen && item && item->folded) {
        ladder_fold_words(v->ladder, s->run.tape, item, words);
        ui_putf(c, r.row + 1, col, room, UI_STYLE_STRONG, "%zu rows, folded; z opens them: %s",
                item->last - item->first + 1, words);
    } else {
        draw_said(s, c, (struct ui_rect){ r.row + 1, col, 1, room }, v, item, &rec);
    }
    below = (struct ui_rect){ r.row + 2 + s->big, col, r.rows - 2 - s->big, room };
    if (rec.lesson || (bad && own.lesson[0]))
        ui_wrap(c, below, 0, UI_STYLE_TEXT, own.lesson, strlen(own.lesson));
    else if (rec.frame && trace_kind_level(rec.kind) == TRACE_PACKET)
        draw_carried(s, c, below, &rec);
}

/* Names over the columns, and what is left out. */
static void draw_items(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, struct ladder_state *v,
                       ptrdiff_t here, const struct ladder_item *selected)
{
    struct ladder_columns k;
    uint64_t before = UINT64_MAX;
    ladder_columns(&k, v->ladder, s->run.tape, r.cols, v->item, v->nitems);
    ladder_draw_names(c, r.row, &k, s->host);
    v->first_row = r.row + 1 - s->room.row;
    v->row_step = s->big ? 2 : 1;
    for (int row = r.row + 1; row < r.row + r.rows; row++)
        ladder_draw_lifelines(c, row, &k);
    for (size_t i = 0; i < v->nitems; i++) {
        const struct ladder_item *item = &v->item[i];
        uint32_t seq = ladder_row(v->ladder, item->first)->seq;
        struct ladder_look look = { .frames = s->grain == TAPE_PACKET,
                                    .here = item->last == (size_t)here && !item->folded,
                                    .no_time = before == tape_time(s->run.tape, seq),
                                    .place = s->place };
        int row = r.row + 1 + (int)i * v->row_step;
        before = tape_time(s->run.tape, seq);
        ladder_draw_item(c, row, &k, item, &look);
        if (v->chosen && item->first == selected->first && item->last == selected->last) {
            ui_paint(c, (struct ui_rect){ row, r.col, 1, r.cols }, UI_STYLE_SELECTED);
            ui_mark(c, row, r.col, UI_STYLE_SELECTED, UI_MARK_TO_SERVER);
        }
    }
    if (v->nitems && v->item[0].first > 0)
        ui_mark(c, r.row, r.col, UI_STYLE_KEY, UI_MARK_UP);
    if (v->nitems && v->item[v->nitems - 1].last < (size_t)here)
        ui_mark(c, r.row + r.rows - 1, r.col, UI_STYLE_KEY, UI_MARK_DOWN);
}

static void draw_follow(const struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    if (s->follow)
        ui_putf(c, r.row + r.rows - 1, r.col + r.cols - 33, 32, UI_STYLE_WARN,
                "  only conversation %u; f: all", s->follow);
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    int info = s->big ? room.rows * 2 / 5 : room.rows < 12 ? 3 : INFO_ROWS, gap = s->big ? 2 : 1;
    struct ui_rect below = { room.row + room.rows - info, room.col, info, room.cols },
                   ladder = { room.row, room.col, room.rows - info, room.cols };
    struct ladder_item selected = { 0, 0, false };
    if (s->big) { /* the explanation comes first */
        below.row = room.row;
        ladder.row = room.row + info;
        ui_line_across(c, ladder.row, room.col, room.cols, UI_STYLE_FRAME, UI_MARK_RULE);
        ladder.row++;
        ladder.rows--;
    }
    if (here < 0 || ladder.rows < 3) {
        v->nitems = 0;
        draw_info(s, c, below, v, NULL);
        draw_follow(s, c, below);
        if (ladder.rows >= 3)
            draw_items(s, c, ladder, v, here, &selected);
        return;
    }
    selected = arrange(s, v, here, (size_t)((ladder.rows - 1 + gap - 1) / gap));
    draw_items(s, c, ladder, v, here, &selected);
    draw_info(s, c, below, v, &selected);
    draw_follow(s, c, below);
}

/* ---- keys ---- */

static void choose(struct ladder_state *v, ptrdiff_t here, const struct ladder_item *item)
{
    v->chosen = item->last >= (size_t)here ? 0 : ladder_row(v->ladder, item->last)->seq;
}

static void move(struct ui_screen *s, long by)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    struct ladder_item item;
    if (here < 0)
        return;
    item = item_of(v, here, v->chosen);
    for (; by < 0 && item_before(v, here, &item); by++)
        ;
    for (; by > 0 && item_after(v, here, &item); by--)
        ;
    choose(v, here, &item);
}

/* Opens the zone of the selected row, or folds it again. */
static void fold(struct ui_screen *s)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    struct ladder_item item;
    const struct ladder_row *row;
    bool open;
    if (here < 0)
        return;
    item = item_of(v, here, v->chosen);
    row = ladder_row(v->ladder, item.last);
    if (!row->zone) {
        ui_say(s, UI_STYLE_WARN, "Nothing to fold here. Up and Down choose a row; + marks a fold.");
        return;
    }
    ladder_toggle(&v->open, row->zone);
    open = ladder_is_open(&v->open, row->zone);
    item = item_of(v, here, row->seq);
    choose(v, here, &item);
    ui_say(s, UI_STYLE_TEXT, "%s: %s.", ladder_zone_name(ladder_zone_of(v->ladder, row)),
           open ? "unfolded; z folds it again" : "folded");
}

static void follow(struct ui_screen *s)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    struct ladder_item item;
    const struct ladder_row *row;
    if (s->follow) {
        s->follow = 0;
        ui_say(s, UI_STYLE_TEXT, "All conversations.");
        return;
    }
    if (here < 0)
        return;
    item = item_of(v, here, v->chosen);
    row = ladder_row(v->ladder, item.last);
    if (!row->conn) {
        ui_say(s, UI_STYLE_WARN, "This belongs to no conversation. Up and Down choose a row.");
        return;
    }
    s->follow = row->conn;
    ui_say(s, UI_STYLE_TEXT, "Only conversation %u: %s and %s.", row->conn, tape_host(s->run.tape, row->from),
           tape_host(s->run.tape, row->to));
}

static void open_row(struct ui_screen *s)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    struct ladder_item item;
    if (here < 0)
        return;
    item = item_of(v, here, v->chosen);
    if (item.folded)
        fold(s);
    else if (v->chosen)
        ui_go(s, ladder_row(v->ladder, item.first)->seq);
    else
        ui_say(s, UI_STYLE_WARN, "You are there. Up and Down choose a row.");
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct ladder_state *v = state(s);
    switch (action) {
    case UI_DO_UP:
        move(s, -1);
        return true;
    case UI_DO_DOWN:
        move(s, 1);
        return true;
    case UI_DO_PAGE_UP:
        move(s, -(long)(v->fit > 1 ? v->fit - 1 : 1));
        return true;
    case UI_DO_PAGE_DOWN:
        move(s, (long)(v->fit > 1 ? v->fit - 1 : 1));
        return true;
    case UI_DO_OPEN:
        open_row(s);
        return true;
    case UI_DO_FOLD:
        fold(s);
        return true;
    case UI_DO_FOLLOW:
        follow(s);
        return true;
    case UI_DO_NEXT_PANE:
    case UI_DO_PREVIOUS_PANE:
        v->hosts = (enum ladder_hosts)((v->hosts + 1) % LADDER_HOSTS_COUNT);
        ui_say(s, UI_STYLE_TEXT,
               v->hosts == LADDER_HOSTS_ALL ? "All hosts." : "The DNS is left out; Tab shows it again.");
        return true;
    default:
        return false;
    }
}

static bool mouse(struct ui_screen *s, int row, int col, int wheel)
{
    struct ladder_state *v = ready(s);
    ptrdiff_t here = here_of(s, v);
    int i = v->row_step ? (row - v->first_row) / v->row_step : -1;
    (void)col;
    if (wheel) {
        move(s, wheel * 3);
        return true;
    }
    if (here < 0 || row < v->first_row || i < 0 || (size_t)i >= v->nitems || v->item[i].last > (size_t)here)
        return false;
    choose(v, here, &v->item[i]);
    return true;
}

static void moved(struct ui_screen *s)
{
    struct ladder_state *v = state(s);
    v->chosen = v->bottom = 0;
    v->nitems = 0;
    if (v->of != s->run.number)
        forget(v);
}

static uint32_t selected(struct ui_screen *s)
{
    return state(s)->chosen;
}

static void free_state(void *at)
{
    forget(at);
}

const struct ui_view ui_view_ladder = {
    .name = "Ladder",
    .state_octets = sizeof(struct ladder_state),
    .draw = draw,
    .act = act,
    .mouse = mouse,
    .moved = moved,
    .selected = selected,
    .hint = "Up Down choose  Enter there  z fold  f follow  Tab DNS  e export  w why",
    .free = free_state,
};
