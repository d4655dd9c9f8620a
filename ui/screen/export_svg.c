/* The ladder as a picture: SVG 1.1, one file, with a title, a description and the whole text of each row. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/screen/export.h"

#define TIME_WIDTH 96 /* pixels, as all that follow */
#define GAP        260
#define EDGE       90 /* from the first and last host to the edges */
#define HEAD       84
#define ROW        30
#define CHAR_WIDTH 7.3 /* of the monospaced font at 12 px; wide enough for common ones */

struct svg {
    const struct ui_export_scope *scope;
    struct ui_text *out;
    const uint16_t *hosts;
    size_t n, rows;
};

/* Characters that XML has no room for become '?' (XML 1.0 section 2.2); marks become entities. */
static void add_text(struct ui_text *out, const char *text, size_t len)
{
    while (len > 0) {
        uint32_t ch;
        size_t n = wire_utf8_decode(text, len, &ch);
        if (n == 0) {
            n = 1;
            ch = 0;
        }
        if (ch < ' ' || (ch & 0xfffe) == 0xfffe || (ch >= 0xd800 && ch < 0xe000))
            ui_text_raw(out, "?", 1);
        else if (strchr("&<>\"'", (int)ch) && ch < 0x80)
            ui_text_add(out, "&#%u;", (unsigned)ch);
        else
            ui_text_raw(out, text, n);
        text += n;
        len -= n;
    }
}

static int x_of(const struct svg *g, uint16_t host)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->hosts[i] == host)
            return TIME_WIDTH + EDGE + (int)i * GAP;
    return -1;
}

/* Text of at most `room` pixels; what is cut ends in three dots. */
static void add_label(struct svg *g, int x, int y, int room, const char *anchor, const char *style,
                      const char *text)
{
    size_t most = room > 0 ? (size_t)((double)room / CHAR_WIDTH) : 0, len = strlen(text), used;
    bool cut = wire_display_columns(text, len) > most;
    size_t n = cut ? wire_display_cut(text, len, most > 3 ? most - 3 : 0, &used) : len;
    ui_text_add(g->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, style);
    add_text(g->out, text, n);
    ui_text_add(g->out, "%s</text>", cut ? "..." : "");
}

static void add_arrow(struct svg *g, int from, int to, int y, const char *style, bool dashed, bool lost)
{
    int step = from < to ? 1 : -1, end = lost ? from + (to - from) * 3 / 4 : to - step;
    ui_text_add(g->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"%s%s\"/>", from, y, end, y,
                style, dashed ? " p" : "");
    if (lost)
        ui_text_add(g->out, "<path d=\"M%d %dl10 10m0 -10l-10 10\" class=\"bad\"/>", end - 5, y - 5);
    else
        ui_text_add(g->out, "<path d=\"M%d %dl%d -5v10z\" class=\"%s head\"/>", end, y, -9 * step, style);
}

static void add_item(struct svg *g, const struct ladder_item *item, int y, bool timed)
{
    const struct ladder_row *row = ladder_row(g->scope->ladder, item->first);
    int from = x_of(g, row->from), to = x_of(g, row->to), low = from < to ? from : to;
    const char *style = row->bad               ? "bad"
                        : item->folded         ? "dim"
                        : row->from == row->to ? "note"
                        : row->server          ? "server"
                                               : "client";
    char line[UI_EXPORT_LINE_MAX], when[24];
    bool sealed = !item->folded && row->kind == LADDER_LINE && ladder_sealed(g->scope->tape, row->seq);
    int right = TIME_WIDTH + 2 * EDGE + (int)(g->n ? g->n - 1 : 0) * GAP;
    ui_export_line(g->scope, item, line);
    ui_clock(tape_time(g->scope->tape, row->seq), when);
    ui_text_add(g->out, "<g><title>%s  ", when);
    add_text(g->out, tape_host(g->scope->tape, row->from), strlen(tape_host(g->scope->tape, row->from)));
    if (row->from != row->to) {
        ui_text_add(g->out, " to ");
        add_text(g->out, tape_host(g->scope->tape, row->to), strlen(tape_host(g->scope->tape, row->to)));
    }
    ui_text_add(g->out, ": ");
    add_text(g->out, line, strlen(line));
    ui_text_add(g->out, "%s</title>", sealed ? " (inside TLS)" : "");
    if (timed)
        ui_text_add(g->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" class=\"dim\">%s</text>",
                    TIME_WIDTH - 8, y, when);
    if (from < 0 || to < 0 || from == to) {
        int x = from >= 0 ? from : to >= 0 ? to : TIME_WIDTH + EDGE;
        bool left = x > (TIME_WIDTH + right) / 2;
        ui_text_add(g->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" class=\"%s head\"/>", x, y - 4, style);
        add_label(g, left ? x - 10 : x + 10, y, left ? x - TIME_WIDTH - 10 : right - x - 10,
                  left ? "end" : "start", style, line);
    } else {
        int span = from < to ? to - from : from - to;
        add_label(g, low + span / 2, y - 4, span - 24, "middle", style, line);
        if (sealed) /* a closed lock at the sender */
            ui_text_add(g->out, "<path d=\"M%d %dh9v7h-9zm2 0v-2a2.5 2.5 0 0 1 5 0v2\" class=\"lock\"/>",
                        from < to ? from + 4 : from - 13, y - 8);
        if (item->folded)
            ui_text_add(g->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"fold\"/>", low + 12,
                        y + 2, low + span - 12, y + 2);
        else
            add_arrow(g, from, to, y + 2, style, row->kind == LADDER_PACKET || row->kind == LADDER_LOST,
                      ui_export_lost(g->scope, row));
    }
    ui_text_add(g->out, "</g>\n");
}

static void add_hosts(struct svg *g, int height)
{
    const struct trace_opening *o = tape_opening(g->scope->tape);
    for (size_t i = 0; i < g->n; i++) {
        const char *full = o && g->hosts[i] <= o->nhosts ? o->hosts[g->hosts[i] - 1].fqdn : "";
        const char *name = full && *full ? full : tape_host(g->scope->tape, g->hosts[i]);
        int x = TIME_WIDTH + EDGE + (int)i * GAP;
        ui_text_add(g->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"life\"/>", x, HEAD, x,
                    height - 16);
        ui_text_add(g->out, "<rect x=\"%d\" y=\"%d\" width=\"160\" height=\"26\" rx=\"4\" class=\"host\"/>",
                    x - 80, HEAD - 26);
        add_label(g, x, HEAD - 8, 156, "middle", "name", name);
        ui_text_add(g->out, "\n");
    }
}

static const char style_sheet[] =
    "<style>text{font:12px "
    "monospace;fill:#1a1a1a;stroke:#ffffff;stroke-width:4px;paint-order:stroke}.h{font:bold 16px "
    "sans-serif}.name{font-weight:bold}"
    ".dim{fill:#595959}.note{fill:#1a1a1a}.bad{fill:#a3001b;stroke:#a3001b}text.bad{stroke:none;font-weight:"
    "bold}"
    "text.client{fill:#0b4f8a}text.server{fill:#6b3d00}line.client,.client.head{stroke:#0b4f8a;fill:#0b4f8a}"
    "line.server,.server.head{stroke:#6b3d00;fill:#6b3d00}line.bad{stroke:#a3001b}"
    ".dim.head,.note.head{fill:#595959}line.dim{stroke:#595959}.p{stroke-dasharray:5 4}"
    ".fold{stroke:#8c8c8c;stroke-dasharray:1 4}.life{stroke:#b3b3b3}.host{fill:#f2f2f2;stroke:#595959}"
    ".lock{fill:none;stroke:#1a1a1a}path.bad{fill:none;stroke-width:2}path.bad.head{fill:#a3001b}</style>\n";

static void add_head(struct svg *g, int width, int height)
{
    const struct trace_opening *o = tape_opening(g->scope->tape);
    const char *name = o && o->scenario ? o->scenario : "", *title = o && o->title ? o->title : "";
    char when[24];
    ui_text_add(g->out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"t d\" width=\"%d\" "
                "height=\"%d\" viewBox=\"0 0 %d %d\">\n<title id=\"t\">",
                width, height, width, height);
    add_text(g->out, name, strlen(name));
    ui_text_add(g->out, ": ");
    add_text(g->out, title, strlen(title));
    ui_text_add(
        g->out,
        "</title>\n<desc id=\"d\">A sequence diagram made by mailwalk: one column a host, time runs down, "
        "%zu rows up to %s. Arrows lead from who speaks to who listens.</desc>\n%s"
        "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<text x=\"16\" y=\"30\" class=\"h\">",
        g->rows, ui_clock(tape_time(g->scope->tape, g->scope->upto), when), style_sheet, width, height);
    add_text(g->out, title, strlen(title));
    ui_text_add(g->out, "</text>\n");
}

void ui_export_svg(const struct ui_export_scope *scope, struct ui_text *out)
{
    struct svg g = { .scope = scope, .out = out };
    struct ladder_item item;
    size_t i = 0, left = 0;
    int width, height, y = HEAD + ROW;
    uint64_t before = UINT64_MAX;
    g.n = ladder_hosts(scope->ladder, &g.hosts);
    while (ui_export_next(scope, &i, &g.rows, &item, &left))
        ;
    width = TIME_WIDTH + 2 * EDGE + (int)(g.n ? g.n - 1 : 0) * GAP;
    height = HEAD + (int)(g.rows + (left > 0)) * ROW + 40;
    add_head(&g, width < 600 ? 600 : width, height);
    add_hosts(&g, height);
    i = g.rows = 0;
    for (; ui_export_next(scope, &i, &g.rows, &item, &left); y += ROW) {
        uint64_t t_ns = tape_time(scope->tape, ladder_row(scope->ladder, item.first)->seq);
        add_item(&g, &item, y, t_ns != before);
        before = t_ns;
    }
    if (left)
        ui_text_add(out, "<text x=\"%d\" y=\"%d\" class=\"dim\">and %zu rows more</text>\n", TIME_WIDTH, y,
                    left);
    ui_text_add(out, "</svg>\n");
}
