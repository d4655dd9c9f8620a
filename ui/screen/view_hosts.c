/*
 * Hosts: inside one host, as it is at this place.
 *
 *   +-- mx: mx.example.org (mta) ---------------------------------------+
 *   | About  *Queue 1  Mail 0  Cache 0  Neighbours 1  Connections 2  Log |
 *   | queue id       size  state      next try           from, recipients|
 *   |>6136000002     1176  deferred   304.100 s (in 5 m) <alice@exampl...|
 *   |    to bob@example.org           deferred           4.4.1 connect...|
 *   +-- made so by record 326 ------------------------------------------+
 *   | 3.301 s  mx2: AF9C000003 deferred for bob@example.org: connect ... |
 *   +-------------------------------------------------------------------+
 */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "ui/screen/host_rows.h"
#include "ui/screen/list_keys.h"

#define DETAIL_ROWS 2

struct hosts {
    enum host_tab tab;
    size_t row[HOST_TAB_COUNT]; /* + 1; 0: none was chosen */
    size_t top[HOST_TAB_COUNT];
    struct host_rows rows;
    struct ui_rect list; /* in which rows were drawn last */
    int tab_at[HOST_TAB_COUNT + 1];
};

static const char *const names[] = {
#define X(name, word, columns) word,
    HOST_TABS(X)
#undef X
};
static const char *const columns[] = {
#define X(name, word, columns) columns,
    HOST_TABS(X)
#undef X
};

static struct hosts *hosts(struct ui_screen *s)
{
    return s->state[UI_VIEW_HOSTS];
}

/* The host that was chosen, else the one that the place is about, else the first. */
static uint32_t host_now(struct ui_screen *s)
{
    struct trace_record r;
    if (s->host)
        return s->host;
    for (uint32_t seq = s->place; seq > 0 && seq + 64 > s->place; seq--)
        if (tape_get(s->run.tape, seq, &r) && (r.host || r.peer))
            return r.host ? r.host : r.peer;
    return 1;
}

static void fill(struct ui_screen *s)
{
    host_rows_fill(s, &hosts(s)->rows, hosts(s)->tab, host_now(s));
}

/* Index of the chosen row; a log begins at its end. */
static size_t chosen(struct ui_screen *s)
{
    struct hosts *h = hosts(s);
    size_t row = h->row[h->tab];
    if (row == 0 || row > h->rows.n)
        return h->tab == HOST_TAB_LOG && h->rows.n ? h->rows.n - 1 : 0;
    return row - 1;
}

/* ---- drawing ---- */

static void draw_tabs(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    struct hosts *h = hosts(s);
    int col = r.col + 1;
    for (int t = 0; t < HOST_TAB_COUNT; t++) {
        size_t n = host_rows_count(s, (enum host_tab)t, host_now(s));
        enum ui_style style = t == (int)h->tab ? UI_STYLE_SELECTED : UI_STYLE_TEXT;
        h->tab_at[t] = col - s->room.col;
        if (t == HOST_TAB_ABOUT)
            col += ui_putf(c, r.row, col, r.col + r.cols - col, style, "%s%s", t == (int)h->tab ? "*" : "",
                           names[t]);
        else
            col += ui_putf(c, r.row, col, r.col + r.cols - col, style, "%s%s %zu",
                           t == (int)h->tab ? "*" : "", names[t], n);
        col += 2;
    }
    h->tab_at[HOST_TAB_COUNT] = col - s->room.col;
}

/* Words that were searched for are painted where they stand. */
static void draw_hits(struct ui_screen *s, struct ui_canvas *c, int row, struct ui_rect r)
{
    size_t len = strlen(s->find);
    if (len == 0)
        return;
    for (int col = r.col; col + (int)len <= r.col + r.cols; col++) {
        size_t k = 0;
        for (; k < len; k++) {
            uint32_t ch = c->cell[(size_t)row * (size_t)c->cols + (size_t)col + k].ch;
            if (ch > 127 || wire_to_lower((char)ch) != wire_to_lower(s->find[k]))
                break;
        }
        if (k == len)
            ui_paint(c, (struct ui_rect){ row, col, 1, (int)len }, UI_STYLE_ASK);
    }
}

static void scroll(struct hosts *h, size_t at, int rows)
{
    size_t *top = &h->top[h->tab], room = rows > 0 ? (size_t)rows : 1;
    if (at < *top)
        *top = at;
    if (at >= *top + room)
        *top = at + 1 - room;
    if (*top + room > h->rows.n)
        *top = h->rows.n > room ? h->rows.n - room : 0;
}

static const char *nothing(enum host_tab tab)
{
    static const char *const words[] = { [HOST_TAB_QUEUE] = "No message waits here now.",
                                         [HOST_TAB_MAIL] =
                                             "There is no mailbox here, or nothing was told of it yet.",
                                         [HOST_TAB_CACHE] = "Nothing is cached here now.",
                                         [HOST_TAB_NEIGHBOURS] = "No neighbour is known here now.",
                                         [HOST_TAB_CONNECTIONS] = "There was no TCP connection here yet.",
                                         [HOST_TAB_LOG] = "Nothing was logged here yet." };
    return words[tab] ? words[tab] : "";
}

static void draw_rows(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    struct hosts *h = hosts(s);
    char text[1200];
    size_t at = chosen(s);
    if (columns[h->tab][0]) {
        ui_put(c, r.row, r.col + 2, r.cols - 2, UI_STYLE_DIM, columns[h->tab]);
        r.row++;
        r.rows--;
    }
    h->list = r;
    if (h->rows.n == 0)
        ui_put(c, r.row, r.col + 2, r.cols - 2, UI_STYLE_DIM, nothing(h->tab));
    scroll(h, at, r.rows);
    for (int i = 0; i < r.rows && h->top[h->tab] + (size_t)i < h->rows.n; i++) {
        size_t n = h->top[h->tab] + (size_t)i;
        enum ui_style style = host_rows_text(s, &h->rows.row[n], h->tab, host_now(s), text, sizeof text);
        struct trace_record rec;
        if (h->rows.row[n].seq && tape_get(s->run.tape, h->rows.row[n].seq, &rec) && tape_is_bad(&rec))
            ui_mark(c, r.row + i, r.col + 1, style, UI_MARK_FAIL);
        ui_put_text(c, r.row + i, r.col + 2, r.cols - 2, style, text, strlen(text));
        if (n == at) {
            ui_mark(c, r.row + i, r.col, UI_STYLE_STRONG, UI_MARK_TO_SERVER);
            ui_paint(c, (struct ui_rect){ r.row + i, r.col, 1, r.cols }, UI_STYLE_SELECTED);
        }
        draw_hits(s, c, r.row + i, (struct ui_rect){ r.row + i, r.col + 2, 1, r.cols - 2 });
    }
}

static void draw_detail(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room, struct ui_rect r)
{
    struct hosts *h = hosts(s);
    const struct host_row *row = h->rows.n ? &h->rows.row[chosen(s)] : NULL;
    struct trace_record rec;
    char title[60], text[1000], line[1100], when[24];
    if (!row || !row->seq || !tape_get(s->run.tape, row->seq, &rec)) {
        ui_box_rule(c, room, r.row - 1, "");
        return;
    }
    snprintf(title, sizeof title, "made so by record %lu", (unsigned long)row->seq);
    ui_box_rule(c, room, r.row - 1, title);
    snprintf(line, sizeof line, "%s  %s", ui_clock(rec.t_ns, when),
             ui_record_text(s->run.tape, &rec, text, sizeof text));
    ui_wrap(c, (struct ui_rect){ r.row, r.col + 1, r.rows, r.cols - 2 }, 0, ui_record_style(&rec), line,
            strlen(line));
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    uint32_t host = host_now(s);
    char title[200];
    struct ui_rect in;
    int detail = s->big ? DETAIL_ROWS + 2 : DETAIL_ROWS;
    if (o && host <= o->nhosts)
        snprintf(title, sizeof title, "%s: %s (%s)", o->hosts[host - 1].name, o->hosts[host - 1].label,
                 o->hosts[host - 1].role);
    else
        snprintf(title, sizeof title, "hosts");
    in = ui_box(c, room, title);
    fill(s);
    draw_tabs(s, c, in);
    draw_rows(s, c, (struct ui_rect){ in.row + 1, in.col, in.rows - 2 - detail, in.cols });
    draw_detail(s, c, room, (struct ui_rect){ in.row + in.rows - detail, in.col, detail, in.cols });
}

/* ---- what keys mean ---- */

static bool move(struct ui_screen *s, ptrdiff_t by)
{
    struct hosts *h = hosts(s);
    ptrdiff_t to;
    fill(s);
    to = (ptrdiff_t)chosen(s) + by;
    to = to >= (ptrdiff_t)h->rows.n ? (ptrdiff_t)h->rows.n - 1 : to;
    h->row[h->tab] = to < 0 ? 1 : (size_t)to + 1;
    return true;
}

static uint32_t selected(struct ui_screen *s)
{
    fill(s);
    return hosts(s)->rows.n ? hosts(s)->rows.row[chosen(s)].seq : 0;
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct hosts *h = hosts(s);
    int pane = ui_list_key(s, action, h->list.rows, move, (int)h->tab, HOST_TAB_COUNT);
    uint32_t seq;
    if (pane >= 0) {
        h->tab = (enum host_tab)pane;
        return true;
    }
    switch (action) {
    case UI_DO_OPEN:
        seq = selected(s);
        if (seq && s->host == 0)
            s->host = host_now(s); /* the host in view stays in view */
        if (seq)
            ui_go(s, seq);
        else
            ui_say(s, UI_STYLE_WARN, "No record of the run made this row.");
        return true;
    default:
        return false;
    }
}

static bool mouse(struct ui_screen *s, int row, int col, int wheel)
{
    struct hosts *h = hosts(s);
    int line = row + s->room.row - h->list.row;
    if (wheel)
        return move(s, wheel);
    if (row == 1) {
        for (int t = 0; t < HOST_TAB_COUNT; t++)
            if (col >= h->tab_at[t] && col < h->tab_at[t + 1])
                h->tab = (enum host_tab)t;
        return true;
    }
    if (line < 0 || line >= h->list.rows)
        return false;
    fill(s);
    h->row[h->tab] = h->top[h->tab] + (size_t)line + 1;
    if (h->row[h->tab] > h->rows.n)
        h->row[h->tab] = h->rows.n;
    return true;
}

static void moved(struct ui_screen *s)
{
    memset(hosts(s)->row, 0, sizeof hosts(s)->row);
    memset(hosts(s)->top, 0, sizeof hosts(s)->top);
}

static void free_state(void *state)
{
    host_rows_free(&((struct hosts *)state)->rows);
}

const struct ui_view ui_view_hosts = { .name = "Hosts",
                                       .state_octets = sizeof(struct hosts),
                                       .draw = draw,
                                       .act = act,
                                       .mouse = mouse,
                                       .moved = moved,
                                       .selected = selected,
                                       .hint = "H host  Tab part  Up Down row  Enter goes there  / find",
                                       .free = free_state };
