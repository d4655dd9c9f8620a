/*
 * Packet: frames, the layers of one, its octets; what is selected in one pane is shown in the others.
 *
 *   +-- frames --------------------------------------------------------+
 *   |   26  0.197 s  mail   alice  SMTP  220 mail.example.com ESMTP     |
 *   |>  27  0.210 s  alice  mail   SMTP  EHLO [192.0.2.10]              |
 *   +-- layers of frame 27 --------------------------------------------+
 *   | v Simple Mail Transfer Protocol   from the client                 |
 *   |     Command   EHLO [192.0.2.10]                                   |
 *   +-- octets --------------------------------------------------------+
 *   | 0030  45 48 4c 4f 20 5b 31 39 ...                      EHLO [19   |
 *   +------------------------------------------------------------------+
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen/list_keys.h"
#include "ui/tape/dissect.h"

enum pane { PANE_FRAMES, PANE_LAYERS, PANE_OCTETS, PANES };

#define ROW_OCTETS 16
#define WIDE_COLS  150 /* layers and octets side by side from here on */
#define LAYERS_MAX 32  /* that can be opened */

struct packet {
    enum pane pane;
    size_t row; /* row + 1 that was chosen; 0: the frame of the place */
    int node;   /* + 1; 0: the highest layer */
    uint32_t open,
        shut; /* layers by number, by a person's choice; else the highest is open, or all if they fit */
    struct ui_rect part[PANES];
    size_t top[PANES]; /* the first row shown of each, as drawn last */
    struct dissect shown, other;
    uint32_t of; /* the record that `shown` is of */
};

static struct packet *packet(struct ui_screen *s)
{
    return s->state[UI_VIEW_PACKET];
}

/* The row that is selected; -1: there is no frame yet. */
static ptrdiff_t row_selected(struct ui_screen *s)
{
    struct packet *p = packet(s);
    size_t seen = frames_seen(ui_frames(s), s->run.tape, s->place);
    if (p->row > 0 && p->row <= seen)
        return (ptrdiff_t)p->row - 1;
    return frames_of_place(ui_frames(s), s->run.tape, s->place);
}

/* Takes the selected frame apart, if it is another one than last time. NULL: there is none. */
static struct dissect *dissected(struct ui_screen *s)
{
    struct packet *p = packet(s);
    ptrdiff_t row = row_selected(s);
    struct trace_record r;
    if (row < 0 || !tape_get(s->run.tape, ui_frames(s)->row[row].seq, &r))
        return NULL;
    dissect_frame(&p->shown, r.bytes ? r.bytes : (const uint8_t *)"", r.bytes ? r.nbytes : 0);
    p->shown.bytes = r.bytes;
    if (p->of != r.seq)
        p->node = 0;
    p->of = (uint32_t)r.seq;
    return &p->shown;
}

/* ---- layers ---- */

static unsigned layers(const struct dissect *d)
{
    unsigned n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += d->node[i].depth == 0;
    return n;
}

static unsigned layer_of(const struct dissect *d, size_t node)
{
    unsigned n = 0;
    for (size_t i = 0; i <= node && i < d->n; i++)
        n += d->node[i].depth == 0;
    return n ? n - 1 : 0;
}

static bool is_open(const struct packet *p, const struct dissect *d, unsigned layer)
{
    uint32_t bit = layer < LAYERS_MAX ? 1u << layer : 0;
    return (p->open & bit) ||
           ((layer + 1 == layers(d) || d->n <= (size_t)p->part[PANE_LAYERS].rows) && !(p->shut & bit));
}

/* The nodes that are shown, in order; returns how many. `pick` >= 0: stops at that row and gives its node. */
static size_t tree(const struct packet *p, const struct dissect *d, ptrdiff_t pick, size_t *node)
{
    size_t rows = 0;
    unsigned layer = 0, all = 0;
    for (size_t i = 0; i < d->n; i++) {
        layer = d->node[i].depth == 0 ? all++ : layer;
        if (d->node[i].depth > 0 && !is_open(p, d, layer))
            continue;
        if ((ptrdiff_t)rows == pick && node)
            *node = i;
        rows++;
    }
    return rows;
}

static size_t node_selected(const struct packet *p, const struct dissect *d)
{
    if (p->node > 0 && (size_t)p->node <= d->n)
        return (size_t)p->node - 1;
    for (size_t i = d->n; i-- > 0;)
        if (d->node[i].depth == 0)
            return i;
    return 0;
}

/* The row of the tree that a node is in; of its layer, if that is shut. */
static size_t tree_row(const struct packet *p, const struct dissect *d, size_t node)
{
    size_t rows = tree(p, d, -1, NULL), at = 0, row = 0;
    for (size_t i = 0; i < rows; i++) {
        tree(p, d, (ptrdiff_t)i, &at);
        if (at <= node)
            row = i;
    }
    return row;
}

static void fold(struct packet *p, const struct dissect *d)
{
    unsigned layer = layer_of(d, node_selected(p, d));
    uint32_t bit = layer < LAYERS_MAX ? 1u << layer : 0;
    if (is_open(p, d, layer)) {
        p->open &= ~bit;
        p->shut |= bit;
        for (size_t i = 0, n = 0; i < d->n; i++) /* the layer itself stays selected */
            if (d->node[i].depth == 0 && n++ == layer)
                p->node = (int)i + 1;
    } else {
        p->open |= bit;
        p->shut &= ~bit;
    }
}

/* ---- drawing ---- */

/* The first row shown so that `at` is among `rows`. */
static size_t scrolled(size_t top, size_t at, size_t n, int rows)
{
    size_t room = rows > 0 ? (size_t)rows : 1;
    if (at < top)
        top = at;
    if (at >= top + room)
        top = at + 1 - room;
    if (top + room > n)
        top = n > room ? n - room : 0;
    return top;
}

/* What a frame says, in one line: what is inside, else what the record says without the addresses. */
static const char *one_line(const struct dissect *d, const struct trace_record *r, char *buf, size_t cap)
{
    const char *bracket = r->text ? memchr(r->text, '[', r->text_len) : NULL;
    if (d->summary[0])
        return d->summary;
    if (bracket && strcmp(d->protocol, "TCP") == 0)
        snprintf(buf, cap, "%.*s", (int)(r->text_len - (size_t)(bracket - r->text)), bracket);
    else
        snprintf(buf, cap, "%.*s", r->text ? (int)r->text_len : 0, r->text ? r->text : "");
    return buf;
}

static void put_name(struct ui_canvas *c, int row, int col, int cols, enum ui_style style, const char *name)
{
    ui_put_text(c, row, col, cols, style, name, strlen(name));
}

static void draw_frame_row(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, size_t row,
                           bool chosen)
{
    const struct frames_row *f = &ui_frames(s)->row[row];
    struct dissect *d = &packet(s)->other;
    int names = c->cols >= WIDE_COLS ? 16 : 9, col = r.col + 1;
    struct trace_record rec, drop;
    char text[400], when[24], no[16] = "-";
    const char *words;
    bool dropped = f->dropped && f->dropped <= s->place && tape_get(s->run.tape, f->dropped, &drop);
    enum ui_style style = dropped ? UI_STYLE_BAD : UI_STYLE_TEXT;
    int64_t was;
    if (!tape_get(s->run.tape, f->seq, &rec))
        return;
    dissect_frame(d, rec.bytes ? rec.bytes : (const uint8_t *)"", rec.bytes ? rec.nbytes : 0);
    if (f->frame)
        snprintf(no, sizeof no, "%u", f->frame);
    if (dropped)
        ui_mark(c, r.row, r.col, style, UI_MARK_FAIL);
    if (chosen)
        ui_mark(c, r.row, col, UI_STYLE_STRONG, UI_MARK_TO_SERVER);
    ui_put_right(c, r.row, col + 1, 6, style, no);
    ui_put_right(c, r.row, col + 7, 11, style, ui_clock(rec.t_ns, when));
    col += 20;
    put_name(c, r.row, col, names, style, tape_host(s->run.tape, rec.host));
    put_name(c, r.row, col + names + 1, names, style, rec.peer ? tape_host(s->run.tape, rec.peer) : "all");
    col += 2 * names + 2;
    ui_put(c, r.row, col, 6, style, d->protocol);
    col += 7;
    if (dropped) {
        const char *fault = trace_attr_get(&drop, "fault");
        snprintf(text, sizeof text, "%s%s%s%s; ", ui_drop_text(&drop), fault ? " (" : "", fault ? fault : "",
                 fault ? ")" : "");
        col += ui_put_text(c, r.row, col, r.col + r.cols - col, style, text, strlen(text));
    }
    was = trace_attr_number(&rec, "instead_of");
    if (was) {
        snprintf(text, sizeof text, "#%lld, changed: ", (long long)was);
        col += ui_put_text(c, r.row, col, r.col + r.cols - col, UI_STYLE_BAD, text, strlen(text));
    }
    words = one_line(d, &rec, text, sizeof text);
    ui_put_text(c, r.row, col, r.col + r.cols - col, style, words, strlen(words));
    if (chosen)
        ui_paint(c, (struct ui_rect){ r.row, r.col, 1, r.cols }, UI_STYLE_SELECTED);
}

static void draw_frames(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    struct packet *p = packet(s);
    ptrdiff_t chosen = row_selected(s);
    size_t seen = frames_seen(ui_frames(s), s->run.tape, s->place);
    p->part[PANE_FRAMES] = r;
    if (chosen < 0) {
        ui_put(c, r.row, r.col + 1, r.cols - 1, UI_STYLE_DIM,
               "No frame has been sent yet. n is one step on.");
        return;
    }
    p->top[PANE_FRAMES] = scrolled(p->top[PANE_FRAMES], (size_t)chosen, seen, r.rows);
    for (int i = 0; i < r.rows && p->top[PANE_FRAMES] + (size_t)i < seen; i++)
        draw_frame_row(s, c, (struct ui_rect){ r.row + i, r.col, 1, r.cols }, p->top[PANE_FRAMES] + (size_t)i,
                       p->top[PANE_FRAMES] + (size_t)i == (size_t)chosen);
}

static void draw_layers(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, const struct dissect *d)
{
    struct packet *p = packet(s);
    size_t rows, chosen = node_selected(p, d), at, i = 0;
    p->part[PANE_LAYERS] = r;
    rows = tree(p, d, -1, NULL);
    at = tree_row(p, d, chosen);
    p->top[PANE_LAYERS] = scrolled(p->top[PANE_LAYERS], at, rows, r.rows);
    for (int line = 0; line < r.rows && p->top[PANE_LAYERS] + (size_t)line < rows; line++) {
        const struct dissect_node *n;
        enum ui_style style;
        int col = r.col + 1, used;
        tree(p, d, (ptrdiff_t)(p->top[PANE_LAYERS] + (size_t)line), &i);
        n = &d->node[i];
        style = n->wrong ? UI_STYLE_BAD : n->depth == 0 ? UI_STYLE_TITLE : UI_STYLE_TEXT;
        if (n->depth == 0)
            ui_mark(c, r.row + line, col, style,
                    is_open(p, d, layer_of(d, i)) ? UI_MARK_DOWN : UI_MARK_TO_SERVER);
        else if (n->wrong)
            ui_mark(c, r.row + line, col, style, UI_MARK_FAIL);
        col += 2 + 2 * n->depth;
        used = ui_put(c, r.row + line, col, r.col + r.cols - col, style, n->name);
        col += (used < 30 - 2 * n->depth ? 30 - 2 * n->depth : used) + 1;
        ui_put_text(c, r.row + line, col, r.col + r.cols - col, n->depth == 0 ? UI_STYLE_TEXT : style,
                    n->value, strlen(n->value));
        if (p->top[PANE_LAYERS] + (size_t)line == at)
            ui_paint(c, (struct ui_rect){ r.row + line, r.col, 1, r.cols },
                     p->pane == PANE_FRAMES ? UI_STYLE_STRONG : UI_STYLE_SELECTED);
    }
}

static void draw_octets(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r, const struct dissect *d)
{
    struct packet *p = packet(s);
    const struct dissect_node *n = d->n ? &d->node[node_selected(p, d)] : NULL;
    size_t from = n ? n->from : 0, end = n ? from + n->octets : 0;
    size_t rows = (d->len + ROW_OCTETS - 1) / ROW_OCTETS;
    p->part[PANE_OCTETS] = r;
    if (rows == 0) {
        ui_put(c, r.row, r.col + 1, r.cols - 1, UI_STYLE_DIM, "It never was on a link: there are no octets.");
        return;
    }
    p->top[PANE_OCTETS] = scrolled(p->top[PANE_OCTETS], (end ? end - 1 : 0) / ROW_OCTETS, rows, r.rows);
    p->top[PANE_OCTETS] = scrolled(p->top[PANE_OCTETS], from / ROW_OCTETS, rows, r.rows);
    for (int line = 0; line < r.rows && p->top[PANE_OCTETS] + (size_t)line < rows; line++) {
        size_t at = (p->top[PANE_OCTETS] + (size_t)line) * ROW_OCTETS;
        ui_putf(c, r.row + line, r.col + 1, 6, UI_STYLE_DIM, "%04zx", at);
        for (size_t i = 0; i < ROW_OCTETS && at + i < d->len; i++) {
            uint8_t octet = d->bytes[at + i];
            bool in = at + i >= from && at + i < end, joined = in && at + i + 1 < end;
            enum ui_style style = in ? UI_STYLE_SELECTED : UI_STYLE_TEXT;
            int hex = r.col + 7 + (int)i * 3 + (i >= 8), text = r.col + 58 + (int)i;
            ui_putf(c, r.row + line, hex, r.col + r.cols - hex, style, "%02x", octet);
            if (joined && i + 1 < ROW_OCTETS)
                ui_paint(c, (struct ui_rect){ r.row + line, hex + 2, 1, 1 + (i == 7) }, style);
            if (text < r.col + r.cols)
                ui_putf(c, r.row + line, text, 1, style, "%c", octet >= ' ' && octet < 127 ? octet : '.');
        }
        if (end > from && from / ROW_OCTETS <= at / ROW_OCTETS && (end - 1) / ROW_OCTETS >= at / ROW_OCTETS)
            ui_mark(c, r.row + line, r.col, UI_STYLE_STRONG, UI_MARK_TO_SERVER);
    }
}

static void title_of(struct packet *p, enum pane pane, const char *words, char *buf, size_t cap)
{
    snprintf(buf, cap, "%s%s", p->pane == pane ? "* " : "", words);
}

static void titles(struct ui_screen *s, char title[PANES][100])
{
    struct packet *p = packet(s);
    ptrdiff_t row = row_selected(s);
    char words[80] = "layers";
    title_of(p, PANE_FRAMES, "frames", title[PANE_FRAMES], 100);
    if (row >= 0 && ui_frames(s)->row[row].frame)
        snprintf(words, sizeof words, "layers of frame %u", ui_frames(s)->row[row].frame);
    title_of(p, PANE_LAYERS, words, title[PANE_LAYERS], 100);
    snprintf(words, sizeof words, "octets: %zu", p->shown.len);
    title_of(p, PANE_OCTETS, words, title[PANE_OCTETS], 100);
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct packet *p = packet(s);
    struct dissect *d = dissected(s);
    char title[PANES][100];
    bool wide = room.cols >= WIDE_COLS && !s->big, octets = !s->big || p->pane == PANE_OCTETS;
    int list = s->big ? 4 : room.rows / 3 - 1, tall = d ? (int)((d->len + 15) / 16) : 1, low;
    struct ui_rect in = ui_box(c, room, "");
    if (!d)
        list = in.rows;
    titles(s, title);
    ui_putf(c, room.row, room.col + 2, room.cols - 4, UI_STYLE_TITLE, " %s ", title[PANE_FRAMES]);
    draw_frames(s, c, (struct ui_rect){ in.row, in.col, list, in.cols });
    if (!d)
        return;
    ui_box_rule(c, room, in.row + list, title[PANE_LAYERS]);
    low = in.rows - list - 1;
    if (wide) {
        int left = in.cols - 76;
        ui_line_down(c, in.row + list + 1, in.col + left, low, UI_STYLE_FRAME, UI_MARK_BAR);
        ui_mark(c, in.row + list, in.col + left, UI_STYLE_FRAME, UI_MARK_TEE_DOWN);
        ui_mark(c, in.row + list + 1 + low, in.col + left, UI_STYLE_FRAME, UI_MARK_TEE_UP);
        ui_putf(c, in.row + list, in.col + left + 2, 30, UI_STYLE_TITLE, " %s ", title[PANE_OCTETS]);
        draw_layers(s, c, (struct ui_rect){ in.row + list + 1, in.col, low, left }, d);
        draw_octets(s, c, (struct ui_rect){ in.row + list + 1, in.col + left + 1, low, 75 }, d);
        return;
    }
    tall = tall < low / 2 ? tall : low / 2;
    tall = octets && tall < 3 ? 3 : tall;
    if (octets) {
        ui_box_rule(c, room, in.row + in.rows - tall - 1, title[PANE_OCTETS]);
        draw_octets(s, c, (struct ui_rect){ in.row + in.rows - tall, in.col, tall, in.cols }, d);
        low -= tall + 1;
    }
    draw_layers(s, c, (struct ui_rect){ in.row + list + 1, in.col, low, in.cols }, d);
}

/* ---- what keys mean ---- */

static void choose_row(struct ui_screen *s, ptrdiff_t row)
{
    ptrdiff_t seen = (ptrdiff_t)frames_seen(ui_frames(s), s->run.tape, s->place);
    row = row >= seen ? seen - 1 : row < 0 ? 0 : row;
    if (seen > 0)
        packet(s)->row = (size_t)row + 1;
}

static void choose_tree_row(struct ui_screen *s, const struct dissect *d, ptrdiff_t row)
{
    struct packet *p = packet(s);
    ptrdiff_t rows = (ptrdiff_t)tree(p, d, -1, NULL);
    size_t node = 0;
    row = row >= rows ? rows - 1 : row < 0 ? 0 : row;
    tree(p, d, row, &node);
    p->node = (int)node + 1;
}

static void choose_octet(struct packet *p, const struct dissect *d, ptrdiff_t at)
{
    int node = at < 0 ? dissect_at(d, 0) : dissect_at(d, (size_t)at < d->len ? (size_t)at : d->len - 1);
    if (d->len && node >= 0) {
        unsigned layer = layer_of(d, (size_t)node);
        p->node = node + 1;
        if (layer < LAYERS_MAX)
            p->open |= 1u << layer;
    }
}

static bool move(struct ui_screen *s, ptrdiff_t by)
{
    struct packet *p = packet(s);
    const struct dissect *d = dissected(s);
    size_t node;
    if (!d)
        return true;
    node = node_selected(p, d);
    if (p->pane == PANE_FRAMES)
        choose_row(s, row_selected(s) + by);
    else if (p->pane == PANE_LAYERS)
        choose_tree_row(s, d, (ptrdiff_t)tree_row(p, d, node) + by);
    else if (d->n) /* from the field's end, or its beginning, to the next field */
        choose_octet(p, d,
                     by > 0 ? (ptrdiff_t)(d->node[node].from + d->node[node].octets) + (by - 1) * ROW_OCTETS
                            : (ptrdiff_t)d->node[node].from - 1 + (by + 1) * ROW_OCTETS);
    return true;
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct packet *p = packet(s);
    const struct dissect *d;
    int pane = ui_list_key(s, action, p->part[p->pane].rows, move, (int)p->pane, PANES);
    if (pane >= 0) {
        p->pane = (enum pane)pane;
        return true;
    }
    switch (action) {
    case UI_DO_OPEN:
    case UI_DO_FOLD:
        d = dissected(s);
        if (!d)
            return true;
        if (p->pane != PANE_FRAMES || action == UI_DO_FOLD)
            fold(p, d);
        else
            ui_go(s, p->of);
        return true;
    default:
        return false;
    }
}

static bool inside(struct ui_rect r, int row, int col)
{
    return row >= r.row && row < r.row + r.rows && col >= r.col && col < r.col + r.cols;
}

static bool mouse(struct ui_screen *s, int row, int col, int wheel)
{
    struct packet *p = packet(s);
    const struct dissect *d = dissected(s);
    row += s->room.row;
    col += s->room.col;
    for (int i = 0; i < PANES && d; i++) {
        const struct ui_rect r = p->part[i];
        ptrdiff_t at = (ptrdiff_t)p->top[i] + row - r.row;
        if (!inside(r, row, col))
            continue;
        p->pane = (enum pane)i;
        if (wheel)
            return move(s, wheel);
        if (i == PANE_FRAMES)
            choose_row(s, at);
        else if (i == PANE_LAYERS)
            choose_tree_row(s, d, at);
        else if (col >= r.col + 58)
            choose_octet(p, d, at * ROW_OCTETS + col - r.col - 58);
        else if (col >= r.col + 7)
            choose_octet(p, d, at * ROW_OCTETS + (col - r.col - 7 - (col - r.col >= 31)) / 3);
        return true;
    }
    return false;
}

static void moved(struct ui_screen *s)
{
    struct packet *p = packet(s);
    p->row = 0;
    p->node = 0;
    memset(p->top, 0, sizeof p->top); /* the way back shows what the way there did */
}

static uint32_t selected(struct ui_screen *s)
{
    ptrdiff_t row = row_selected(s);
    if (row < 0 || packet(s)->row == 0)
        return 0;
    return ui_frames(s)->row[row].dropped && ui_frames(s)->row[row].dropped <= s->place
               ? ui_frames(s)->row[row].dropped
               : ui_frames(s)->row[row].seq;
}

const struct ui_view ui_view_packet = { .name = "Packet",
                                        .state_octets = sizeof(struct packet),
                                        .draw = draw,
                                        .act = act,
                                        .mouse = mouse,
                                        .moved = moved,
                                        .selected = selected,
                                        .hint =
                                            "Tab pane  Up Down choose  Enter goes there, or opens  z fold" };
