/* The ladder as a Mermaid sequenceDiagram. */
#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/screen/export.h"

/* Text that can be nothing but text: letters, digits and a few marks stay, all else becomes #NUMBER;, which
 * Mermaid shows as the character. So neither a line's end, a semicolon, an arrow, %% nor "end" can act. */
static void add_text(struct ui_text *out, const char *text)
{
    size_t len = strlen(text);
    bool word = false; /* the last character belongs to a word */
    while (len > 0) {
        uint32_t ch;
        size_t n = wire_utf8_decode(text, len, &ch);
        bool letter, plain;
        if (n == 0) {
            n = 1;
            ch = '?';
        }
        letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
        plain = letter || (ch < 0x80 && ch != 0 && strchr(" .,/@_=()+", (int)ch));
        if (!word && (ch | 0x20) == 'e' && len >= 3 && (text[1] | 0x20) == 'n' && (text[2] | 0x20) == 'd')
            plain = false;
        if (plain)
            ui_text_raw(out, text, n);
        else
            ui_text_add(out, "#%u;", (unsigned)ch);
        word = letter;
        text += n;
        len -= n;
    }
}

static bool is_column(const struct ui_export_scope *scope, uint16_t host)
{
    const uint16_t *hosts;
    size_t n = ladder_hosts(scope->ladder, &hosts);
    for (size_t i = 0; i < n; i++)
        if (hosts[i] == host)
            return true;
    return false;
}

static void add_item(const struct ui_export_scope *scope, struct ui_text *out, const struct ladder_item *item,
                     bool timed)
{
    const struct ladder_row *row = ladder_row(scope->ladder, item->first);
    bool from = is_column(scope, row->from), to = is_column(scope, row->to);
    char line[UI_EXPORT_LINE_MAX], when[24];
    if (!from && !to)
        return;
    if (!from || !to || row->from == row->to)
        ui_text_add(out, "    Note over h%u: ", from ? row->from : row->to);
    else if (item->folded)
        ui_text_add(out, "    Note over h%u,h%u: ", row->from < row->to ? row->from : row->to,
                    row->from < row->to ? row->to : row->from);
    else
        ui_text_add(out, "    h%u%sh%u: ", row->from,
                    ui_export_lost(scope, row)   ? "--x"
                    : row->kind == LADDER_PACKET ? "--)"
                    : row->server                ? "-->>"
                                                 : "->>",
                    row->to);
    if (timed)
        ui_text_add(out, "(%s) ", ui_clock(tape_time(scope->tape, row->seq), when));
    if ((!from || !to) && row->from != row->to) {
        add_text(out, tape_host(scope->tape, row->from));
        ui_text_add(out, " to ");
        add_text(out, tape_host(scope->tape, row->to));
        ui_text_add(out, ", ");
    }
    add_text(out, ui_export_line(scope, item, line));
    ui_text_add(out, "\n");
}

void ui_export_mermaid(const struct ui_export_scope *scope, struct ui_text *out)
{
    const struct trace_opening *o = tape_opening(scope->tape);
    struct ladder_item item;
    const uint16_t *hosts;
    size_t n = ladder_hosts(scope->ladder, &hosts), i = 0, count = 0, left;
    uint64_t before = UINT64_MAX;
    ui_text_add(out, "sequenceDiagram\n");
    if (o && o->title && *o->title) {
        ui_text_add(out, "    title ");
        add_text(out, o->title);
        ui_text_add(out, "\n");
    }
    for (size_t h = 0; h < n; h++) {
        const char *name = o && hosts[h] <= o->nhosts ? o->hosts[hosts[h] - 1].fqdn : "";
        ui_text_add(out, "    participant h%u as ", hosts[h]);
        add_text(out, name && *name ? name : tape_host(scope->tape, hosts[h]));
        ui_text_add(out, "\n");
    }
    while (ui_export_next(scope, &i, &count, &item, &left)) {
        uint64_t t_ns = tape_time(scope->tape, ladder_row(scope->ladder, item.first)->seq);
        add_item(scope, out, &item, t_ns != before);
        before = t_ns;
    }
    if (left && n)
        ui_text_add(out, "    Note over h%u: and %zu rows more\n", hosts[0], left);
}
