#include "ui/screen/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"

#define COLUMN_MIN 13 /* columns that a host needs */

enum side { ABOVE, BELOW, ON_LINE };

struct spot {
    enum side side;
    int col; /* its middle; -1: not drawn */
};

struct map {
    const struct trace_opening *o;
    struct spot *spot; /* owned; spot[0] is host 1 */
    struct ui_rect room;
    int line;     /* row of the line */
    int from, to; /* columns that the line takes */
};

static enum side side_of(const struct trace_host *h)
{
    static const char *const above[] = { "client", "mta", "store", "door", NULL }, *const on[] = { "router",
                                                                                                   "firewall",
                                                                                                   NULL };
    for (const char *const *r = on; *r; r++)
        if (strcmp(h->role, *r) == 0)
            return ON_LINE;
    for (const char *const *r = above; *r; r++)
        if (strcmp(h->role, *r) == 0)
            return ABOVE;
    return BELOW;
}

static struct spot *spot_of(struct map *m, uint32_t host)
{
    return host >= 1 && host <= m->o->nhosts ? &m->spot[host - 1] : NULL;
}

/* Places the hosts of one side next to each other; if they are too many, those around `active`. */
static void place_side(struct map *m, enum side side, uint32_t active)
{
    int n = 0, fits = m->room.cols / COLUMN_MIN, first = 0, at = 0;
    for (size_t i = 0; i < m->o->nhosts; i++) {
        if (m->spot[i].side != side)
            continue;
        if (i + 1 == active)
            at = n;
        n++;
    }
    if (fits < 1)
        fits = 1;
    if (n > fits) {
        first = at - fits / 2;
        first = first < 0 ? 0 : first > n - fits ? n - fits : first;
        n = fits;
    }
    at = 0;
    for (size_t i = 0; i < m->o->nhosts; i++) {
        if (m->spot[i].side != side)
            continue;
        if (at >= first && at < first + n)
            m->spot[i].col = m->room.col + (2 * (at - first) + 1) * m->room.cols / (2 * n);
        at++;
    }
}

static bool on_link(const struct trace_host *h, uint32_t link)
{
    for (size_t i = 0; i < h->nifaces; i++)
        if (h->ifaces[i].link == link)
            return true;
    return false;
}

/* A router stands in the middle of the hosts on its links. */
static int router_col(const struct map *m, const struct trace_host *router)
{
    int sum = 0, n = 0;
    for (size_t i = 0; i < m->o->nhosts; i++)
        for (size_t k = 0; k < router->nifaces && m->spot[i].side != ON_LINE && m->spot[i].col >= 0; k++)
            if (on_link(&m->o->hosts[i], router->ifaces[k].link)) {
                sum += m->spot[i].col;
                n++;
            }
    return n ? sum / n : m->room.col + m->room.cols / 2;
}

static void place_routers(struct map *m)
{
    int taken = m->room.col;
    for (;;) { /* from left to right, each to the right of the last */
        size_t best = SIZE_MAX;
        int best_col = 0, width;
        for (size_t i = 0; i < m->o->nhosts; i++)
            if (m->spot[i].side == ON_LINE && m->spot[i].col == -1) {
                int col = router_col(m, &m->o->hosts[i]);
                if (best == SIZE_MAX || col < best_col) {
                    best = i;
                    best_col = col;
                }
            }
        if (best == SIZE_MAX)
            return;
        width = (int)strlen(m->o->hosts[best].name) + 1;
        if (best_col < taken + 2)
            best_col = taken + 2;
        if (best_col + width > m->room.col + m->room.cols)
            best_col = -2; /* no room: not drawn */
        else
            taken = best_col + width;
        m->spot[best].col = best_col;
    }
}

static void make_map(struct map *m, const struct ui_screen *s, struct ui_rect room, uint32_t active)
{
    *m = (struct map){ .o = tape_opening(s->run.tape), .room = room };
    m->spot = keep_alloc((m->o->nhosts + 1) * sizeof *m->spot);
    for (size_t i = 0; i < m->o->nhosts; i++)
        m->spot[i] = (struct spot){ side_of(&m->o->hosts[i]), -1 };
    place_side(m, ABOVE, active);
    place_side(m, BELOW, active);
    place_routers(m);
    m->line = room.row + room.rows - 3;
    m->from = room.col + room.cols;
    m->to = room.col;
    for (size_t i = 0; i < m->o->nhosts; i++) {
        if (m->spot[i].col < 0)
            continue;
        m->from = m->spot[i].col < m->from ? m->spot[i].col : m->from;
        m->to = m->spot[i].col > m->to ? m->spot[i].col : m->to;
    }
}

/* ---- what moves ------------------------------------------------------------------------------------------
 */

struct move {
    uint32_t from, to; /* hosts; 0: nothing moves */
    bool arrived, lost;
    enum ui_mark mark;
    enum ui_style style;
};

/* The host that a frame on `link` goes to next. */
static uint32_t next_hop(const struct map *m, const struct trace_record *r)
{
    if (r->peer && on_link(&m->o->hosts[r->peer - 1], r->link))
        return r->peer;
    for (size_t i = 0; i < m->o->nhosts; i++)
        if (i + 1 != r->host && m->spot[i].side == ON_LINE && on_link(&m->o->hosts[i], r->link))
            return (uint32_t)i + 1;
    return 0;
}

static struct move move_of(const struct map *m, const struct trace_record *r)
{
    struct move v = { .style = ui_record_style(r) };
    switch (trace_kind_level(r->kind)) {
    case TRACE_LINE:
        v.from = r->host;
        v.to = r->peer;
        break;
    case TRACE_PACKET:
        v.lost = r->kind == TRACE_KIND_DROPPED;
        v.arrived = r->kind == TRACE_KIND_DELIVERED;
        v.from = v.arrived ? r->peer : r->host;
        v.to = v.arrived ? r->host : r->link ? next_hop(m, r) : r->peer;
        v.style = v.lost ? UI_STYLE_BAD : UI_STYLE_STRONG;
        break;
    default:
        v.from = r->host;
        break;
    }
    v.mark = v.lost ? UI_MARK_FAIL : r->kind == TRACE_KIND_CONTENT ? UI_MARK_MAIL : UI_MARK_MORE;
    return v;
}

/* The column nearest to `at` that no router's name stands in. */
static int free_column(const struct map *m, int at, int left, int right)
{
    for (int away = 0; away <= right - left; away++)
        for (int side = -1; side <= 1; side += 2) {
            int col = at + side * away;
            bool taken = col <= left || col >= right;
            for (size_t i = 0; i < m->o->nhosts && !taken; i++)
                taken = m->spot[i].side == ON_LINE && m->spot[i].col >= 0 && col >= m->spot[i].col - 1 &&
                        col <= m->spot[i].col + (int)strlen(m->o->hosts[i].name) + 1;
            if (!taken)
                return col;
        }
    return -1;
}

static void draw_move(struct map *m, struct ui_canvas *c, const struct move *v)
{
    const struct spot *a = spot_of(m, v->from), *b = spot_of(m, v->to);
    int left, right, at;
    if (!a || !b || a->col < 0 || b->col < 0)
        return;
    left = a->col < b->col ? a->col : b->col;
    right = a->col < b->col ? b->col : a->col;
    for (int col = left; col <= right; col++) {
        struct ui_rect cell = { m->line, col, 1, 1 };
        ui_paint(c, cell, v->style);
    }
    for (int end = 0; end < 2; end++) {
        const struct spot *p = end ? b : a;
        int step = p->side == ABOVE ? -1 : 1;
        if (p->side != ON_LINE)
            ui_paint(c, (struct ui_rect){ m->line + step, p->col, 1, 1 }, v->style);
    }
    at = v->arrived ? b->col : left + (right - left) / 2;
    if (v->arrived && b->side != ON_LINE) {
        ui_mark(c, m->line + (b->side == ABOVE ? -1 : 1), b->col, v->style,
                b->side == ABOVE ? UI_MARK_UP : UI_MARK_DOWN);
        return;
    }
    at = free_column(m, at, left, right);
    if (at < 0) { /* beside a host, where nothing is written */
        const struct spot *p = b->side != ON_LINE ? b : a;
        if (p->side != ON_LINE)
            ui_mark(c, m->line + (p->side == ABOVE ? -1 : 1), p->col, v->style,
                    v->lost ? UI_MARK_FAIL : UI_MARK_BULLET);
        return;
    }
    ui_mark(c, m->line, at, v->style,
            v->mark != UI_MARK_MORE ? v->mark
            : a->col <= b->col      ? UI_MARK_TO_SERVER
                                    : UI_MARK_TO_CLIENT);
    if (v->mark == UI_MARK_MAIL) /* and which way */
        ui_mark(c, m->line, at + (a->col <= b->col ? 1 : -1), v->style,
                a->col <= b->col ? UI_MARK_TO_SERVER : UI_MARK_TO_CLIENT);
}

/* ---- drawing ---------------------------------------------------------------------------------------------
 */

static void centred(struct ui_canvas *c, int row, int col, int room, enum ui_style style, const char *text)
{
    int len = (int)strlen(text);
    if (len > room)
        len = room;
    ui_put_text(c, row, col - len / 2, len, style, text, strlen(text));
}

static void draw_host(struct ui_screen *s, struct map *m, struct ui_canvas *c, size_t i, enum ui_style style)
{
    const struct trace_host *h = &m->o->hosts[i];
    const struct spot *p = &m->spot[i];
    int n = 0, width, rows = m->line - m->room.row; /* rows above the line */
    char below[48];
    for (size_t k = 0; k < m->o->nhosts; k++)
        n += m->spot[k].side == p->side && m->spot[k].col >= 0;
    width = m->room.cols / (n ? n : 1) - 1;
    if (p->side == BELOW) {
        ui_mark(c, m->line + 1, p->col, UI_STYLE_FRAME, UI_MARK_BAR);
        ui_mark(c, m->line, p->col, UI_STYLE_FRAME, UI_MARK_TEE_DOWN);
        centred(c, m->line + 2, p->col, width, style, h->name);
        return;
    }
    centred(c, m->room.row, p->col, width, style, h->name);
    ui_host_counts(s, (uint32_t)i + 1, below, sizeof below);
    if (rows >= 4)
        centred(c, m->room.row + 1, p->col, width, UI_STYLE_DIM,
                strcmp(h->label, h->name) ? h->label : h->role);
    if (below[0])
        centred(c, m->room.row + (rows >= 4 ? 2 : 1), p->col, width, UI_STYLE_STRONG, below);
    for (int row = m->room.row + (rows >= 4 ? 3 : 2); row < m->line; row++)
        ui_mark(c, row, p->col, UI_STYLE_FRAME, UI_MARK_BAR);
    ui_mark(c, m->line, p->col, UI_STYLE_FRAME, UI_MARK_TEE_UP);
}

void ui_map_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct trace_record r = { 0 };
    struct map m;
    struct move move = { 0 };
    tape_get(s->run.tape, s->place, &r);
    if (!tape_opening(s->run.tape))
        return;
    make_map(&m, s, room, r.host);
    move = move_of(&m, &r);
    ui_line_across(c, m.line, m.from, m.to - m.from + 1, UI_STYLE_FRAME, UI_MARK_RULE);
    for (size_t i = 0; i < m.o->nhosts; i++)
        if (m.spot[i].col >= 0 && m.spot[i].side != ON_LINE)
            draw_host(s, &m, c, i,
                      i + 1 == move.from || i + 1 == move.to ? UI_STYLE_STRONG
                      : m.spot[i].side == BELOW              ? UI_STYLE_DIM
                                                             : UI_STYLE_TEXT);
    for (size_t i = 0; i < m.o->nhosts; i++)
        if (m.spot[i].col >= 0 && m.spot[i].side == ON_LINE) {
            ui_mark(c, m.line, m.spot[i].col, UI_STYLE_TEXT, UI_MARK_ROUTER);
            ui_put_text(c, m.line, m.spot[i].col + 1, (int)strlen(m.o->hosts[i].name), UI_STYLE_DIM,
                        m.o->hosts[i].name, strlen(m.o->hosts[i].name));
        }
    draw_move(&m, c, &move);
    free(m.spot);
}
