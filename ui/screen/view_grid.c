/*
 * Grid: how far each conversation came, stage by stage, up to this place.
 *
 *   +-- grid -----------------------------------------------------------+
 *   |                     DNS    TCP    AUTH   MAIL   RCPT   DATA   ...  |
 *   |  alice > mail:587   ok     ok     235    250    250    250         |
 *   |                     1.154  1.201  1.290  1.340  1.340  1.400       |
 *   |> mail > mx:25       ok     ok     -      250   x 550   -           |
 *   |                     1.471  1.556         1.790  1.790              |
 *   +-- mail > mx:25, RCPT ---------------------------------------------+
 *   | 1.790 s  550 5.1.1 no such user                                    |
 *   +-------------------------------------------------------------------+
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen/view.h"

#define DETAIL_ROWS 2
#define ONE_LINE    14 /* columns of a cell in which word and time stand side by side */

struct grid {
    size_t row; /* + 1; 0: the one of the place */
    int stage;  /* + 1; 0: the one of the place */
    size_t top;
    struct ui_rect list;
    int cell, height; /* columns and rows of a cell, as drawn last */
};

static const char *const names[] = {
#define X(name, word) word,
    STAGES(X)
#undef X
};

static struct grid *grid(struct ui_screen *s)
{
    return s->state[UI_VIEW_GRID];
}

/* The cell that changed last, up to the place, of a row; NULL: none. */
static const struct stages_event *last_of(struct ui_screen *s, size_t row)
{
    const struct stages *g = ui_stages(s);
    const struct stages_event *last = NULL;
    for (size_t i = 0; i < g->row[row].nevents; i++)
        if (g->event[g->row[row].event + i].seq <= s->place)
            last = &g->event[g->row[row].event + i];
    return last;
}

/* The selected cell; false: nothing has begun. Without a choice it is the one of the place: of its
 * conversation, else of the row that changed last. */
static bool cell_selected(struct ui_screen *s, size_t *row, enum stage *stage)
{
    const struct stages *g = ui_stages(s);
    size_t n = stages_begun(g, s->place);
    uint32_t conn = tape_conn(s->run.tape, s->place), best = 0;
    const struct stages_event *last;
    if (n == 0)
        return false;
    *row = n - 1;
    for (size_t i = n; i-- > 0 && n - i <= 64;) {
        if (conn && g->row[i].conn == conn) {
            *row = i;
            break;
        }
        last = last_of(s, i);
        if (last && last->seq > best) {
            best = last->seq;
            *row = i;
        }
    }
    if (grid(s)->row > 0)
        *row = grid(s)->row <= n ? grid(s)->row - 1 : n - 1;
    last = last_of(s, *row);
    *stage = grid(s)->stage > 0 ? (enum stage)(grid(s)->stage - 1)
             : last             ? (enum stage)last->stage
                                : STAGE_TCP;
    return true;
}

/* ---- drawing ---- */

static void label(struct ui_screen *s, size_t row, char *buf, size_t cap)
{
    const struct stages_row *r = &ui_stages(s)->row[row];
    char port[16] = "";
    if (r->port)
        snprintf(port, sizeof port, ":%lu", (unsigned long)r->port);
    snprintf(buf, cap, "%s > %s%s", tape_host(s->run.tape, r->client), tape_host(s->run.tape, r->server),
             port);
}

/* A time in six columns: "1.234", "16m09", "3h20", "2d03". */
static const char *short_time(uint64_t t_ns, char buf[24])
{
    unsigned long long ms = t_ns / 1000000u, sec = ms / 1000;
    if (sec < 100)
        snprintf(buf, 24, "%llu.%03llu", sec, ms % 1000);
    else if (sec < 600)
        snprintf(buf, 24, "%llu.%01llu", sec, ms % 1000 / 100);
    else if (sec < 6000)
        snprintf(buf, 24, "%llum%02llu", sec / 60, sec % 60);
    else if (sec < 86400)
        snprintf(buf, 24, "%lluh%02llu", sec / 3600, sec / 60 % 60);
    else
        snprintf(buf, 24, "%llud%02llu", sec / 86400, sec / 3600 % 24);
    return buf;
}

/* Words for narrow cells. */
static const char *short_word(const char *word)
{
    static const char *const words[][2] = { { "timed-out", "late" },    { "refused", "no" },
                                            { "unreachable", "away" },  { "prohibited", "wall" },
                                            { "failed", "fail" },       { "not-smtp", "alien" },
                                            { "not-secured", "plain" }, { "NXDOMAIN", "NX" },
                                            { "SERVFAIL", "SFAIL" },    { "auth-failed", "fail" } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], word) == 0)
            return words[i][1];
    return word;
}

static void draw_cell(struct ui_screen *s, struct ui_canvas *c, int row, int col,
                      const struct stages_event *e, bool chosen)
{
    int cell = grid(s)->cell, tall = grid(s)->height;
    enum ui_style style = !e ? UI_STYLE_DIM : !e->bad ? UI_STYLE_GOOD : UI_STYLE_BAD;
    char when[24];
    const char *word = !e ? "" : cell < 10 || strlen(e->word) > 7 ? short_word(e->word) : e->word;
    if (!e) {
        ui_put(c, row, col + 1, cell - 1, style, "-");
    } else {
        if (e->bad)
            ui_mark(c, row, col, style, UI_MARK_FAIL);
        ui_put_text(c, row, col + 1, tall > 1 ? cell - 1 : 7, style, word, strlen(word));
        if (tall > 1)
            ui_put(c, row + 1, col + 1, cell - 1, UI_STYLE_DIM,
                   short_time(tape_time(s->run.tape, e->seq), when));
        else
            ui_put(c, row, col + 8, cell - 8, UI_STYLE_DIM, short_time(tape_time(s->run.tape, e->seq), when));
    }
    if (chosen)
        ui_paint(c, (struct ui_rect){ row, col, 1, cell - 1 }, UI_STYLE_SELECTED);
}

static void draw_row(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, size_t row, int at)
{
    int first = r.col + r.cols - grid(s)->cell * STAGE_COUNT;
    char words[200];
    label(s, row, words, sizeof words);
    if (at >= 0)
        ui_mark(c, r.row, r.col, UI_STYLE_STRONG, UI_MARK_TO_SERVER);
    ui_put_text(c, r.row, r.col + 2, first - r.col - 3, at >= 0 ? UI_STYLE_STRONG : UI_STYLE_TEXT, words,
                strlen(words));
    for (int stage = 0; stage < STAGE_COUNT; stage++)
        draw_cell(s, c, r.row, first + stage * grid(s)->cell,
                  stages_cell(ui_stages(s), row, (enum stage)stage, s->place), stage == at);
}

static void draw_detail(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room, struct ui_rect r)
{
    size_t row;
    enum stage stage;
    const struct stages_event *e;
    struct trace_record rec;
    char words[200], title[240], text[1000], line[1100], when[24];
    if (!cell_selected(s, &row, &stage))
        return;
    e = stages_cell(ui_stages(s), row, stage, s->place);
    label(s, row, words, sizeof words);
    snprintf(title, sizeof title, "%s, %s", words, names[stage]);
    ui_box_rule(c, room, r.row - 1, title);
    if (!e || !tape_get(s->run.tape, e->seq, &rec)) {
        ui_put(c, r.row, r.col + 1, r.cols - 2, UI_STYLE_DIM, "Not reached, or not yet.");
        return;
    }
    snprintf(line, sizeof line, "%s  %s", ui_clock(rec.t_ns, when),
             ui_record_text(s->run.tape, &rec, text, sizeof text));
    ui_wrap(c, (struct ui_rect){ r.row, r.col + 1, r.rows, r.cols - 2 }, 0,
            e->bad ? UI_STYLE_BAD : UI_STYLE_TEXT, line, strlen(line));
}

static void scroll(struct grid *g, size_t at, size_t n, int rows)
{
    size_t room = rows > 0 ? (size_t)rows : 1;
    if (at < g->top)
        g->top = at;
    if (at >= g->top + room)
        g->top = at + 1 - room;
    if (g->top + room > n)
        g->top = n > room ? n - room : 0;
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct grid *g = grid(s);
    struct ui_rect in = ui_box(c, room, "grid: how far each conversation came");
    size_t n = stages_begun(ui_stages(s), s->place), at = 0;
    enum stage stage = STAGE_DNS;
    int first, rows;
    if (!cell_selected(s, &at, &stage)) {
        ui_put(c, in.row + 1, in.col + 2, in.cols - 3, UI_STYLE_DIM,
               "No conversation has begun yet. n is one step on.");
        return;
    }
    g->cell = in.cols >= 34 + ONE_LINE * STAGE_COUNT && !s->big ? ONE_LINE : in.cols >= 110 ? 10 : 6;
    g->height = g->cell == ONE_LINE ? 1 : s->big ? 3 : 2;
    first = in.col + in.cols - g->cell * STAGE_COUNT;
    for (int i = 0; i < STAGE_COUNT; i++)
        ui_put(c, in.row, first + i * g->cell + 1, g->cell - 1, UI_STYLE_TITLE,
               g->cell < 10 && i == STAGE_DELIVERED ? "inbox"
               : g->cell < 10 && i == STAGE_FETCHED ? "read"
                                                    : names[i]);
    g->list = (struct ui_rect){ in.row + 1, in.col, in.rows - 2 - DETAIL_ROWS, in.cols };
    rows = g->list.rows / g->height;
    scroll(g, at, n, rows);
    for (int i = 0; i < rows && g->top + (size_t)i < n; i++)
        draw_row(s, c, (struct ui_rect){ g->list.row + i * g->height, in.col, g->height, in.cols },
                 g->top + (size_t)i, g->top + (size_t)i == at ? (int)stage : -1);
    draw_detail(s, c, room, (struct ui_rect){ in.row + in.rows - DETAIL_ROWS, in.col, DETAIL_ROWS, in.cols });
}

/* ---- what keys mean ---- */

static bool move(struct ui_screen *s, ptrdiff_t rows, int stages)
{
    struct grid *g = grid(s);
    size_t row;
    enum stage stage;
    ptrdiff_t to, n = (ptrdiff_t)stages_begun(ui_stages(s), s->place);
    if (!cell_selected(s, &row, &stage))
        return true;
    to = (ptrdiff_t)row + rows;
    to = to >= n ? n - 1 : to < 0 ? 0 : to;
    g->row = (size_t)to + 1;
    g->stage = ((int)stage + stages + STAGE_COUNT) % STAGE_COUNT + 1;
    return true;
}

static uint32_t selected(struct ui_screen *s)
{
    size_t row;
    enum stage stage;
    const struct stages_event *e =
        cell_selected(s, &row, &stage) ? stages_cell(ui_stages(s), row, stage, s->place) : NULL;
    return e ? e->seq : 0;
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct grid *g = grid(s);
    int page = g->height > 0 && g->list.rows / g->height > 1 ? g->list.rows / g->height - 1 : 1;
    uint32_t seq;
    switch (action) {
    case UI_DO_UP:
        return move(s, -1, 0);
    case UI_DO_DOWN:
        return move(s, 1, 0);
    case UI_DO_PAGE_UP:
        return move(s, -page, 0);
    case UI_DO_PAGE_DOWN:
        return move(s, page, 0);
    case UI_DO_NEXT_PANE:
        return move(s, 0, 1);
    case UI_DO_PREVIOUS_PANE:
        return move(s, 0, -1);
    case UI_DO_OPEN:
        seq = selected(s);
        if (seq)
            ui_go(s, seq);
        else
            ui_say(s, UI_STYLE_WARN, "This stage was not reached, or not yet.");
        return true;
    default:
        return false;
    }
}

static bool mouse(struct ui_screen *s, int row, int col, int wheel)
{
    struct grid *g = grid(s);
    int line = row + s->room.row - g->list.row, first = g->list.col + g->list.cols - g->cell * STAGE_COUNT;
    size_t n = stages_begun(ui_stages(s), s->place), at;
    if (wheel)
        return move(s, wheel, 0);
    if (n == 0 || g->height == 0 || line < 0 || line >= g->list.rows)
        return false;
    at = g->top + (size_t)(line / g->height);
    if (at >= n)
        return true;
    col += s->room.col;
    g->row = at + 1;
    if (col >= first && (col - first) / g->cell < STAGE_COUNT)
        g->stage = (col - first) / g->cell + 1;
    return true;
}

static void moved(struct ui_screen *s)
{
    grid(s)->row = grid(s)->top = 0;
    grid(s)->stage = 0;
}

const struct ui_view ui_view_grid = { .name = "Grid",
                                      .state_octets = sizeof(struct grid),
                                      .draw = draw,
                                      .act = act,
                                      .mouse = mouse,
                                      .moved = moved,
                                      .selected = selected,
                                      .hint = "Up Down row  Tab stage  Enter goes there  w why" };
