/* Exports as plain text, and what all forms share. */
#include "ui/screen/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/utf8.h"

#define TEXT_COLS_MIN 80
#define TEXT_COLS_MAX 200
#define TEXT_GAP      44 /* columns from host to host */
#define WRAP_COLS     78

static const struct {
    const char *words, *ending;
} forms[UI_EXPORT_COUNT] = {
#define X(name, words, ending) [UI_EXPORT_##name] = { words, ending },
    UI_EXPORTS(X)
#undef X
};

const char *ui_export_words(enum ui_export_form form)
{
    return forms[form].words;
}

const char *ui_export_ending(enum ui_export_form form)
{
    return forms[form].ending;
}

bool ui_export_next(const struct ui_export_scope *scope, size_t *i, size_t *count, struct ladder_item *item,
                    size_t *left)
{
    static const struct ladder_open folded = { 0 };
    size_t end = (size_t)(ladder_find(scope->ladder, scope->upto) + 1);
    *left = 0;
    if (*i >= end)
        return false;
    if (*count == UI_EXPORT_ROWS_MAX) {
        *left = end - *i;
        return false;
    }
    *item = ladder_item_at(scope->ladder, scope->open ? scope->open : &folded, end, *i);
    *i = item->last + 1;
    ++*count;
    return true;
}

const char *ui_export_line(const struct ui_export_scope *scope, const struct ladder_item *item,
                           char buf[UI_EXPORT_LINE_MAX])
{
    const struct ladder_row *row = ladder_row(scope->ladder, item->first);
    char words[LADDER_WORDS_MAX];
    size_t n = 0;
    if (item->folded)
        ladder_fold_words(scope->ladder, scope->tape, item, words);
    else
        ladder_row_words(scope->tape, row, scope->frames, words);
    if (row->bad || item->folded)
        n = (size_t)snprintf(buf, UI_EXPORT_LINE_MAX, "%s ",
                             item->folded   ? "+"
                             : scope->ascii ? "x"
                                            : "\xe2\x9c\x97");
    n += wire_display_fit(buf + n, UI_EXPORT_LINE_MAX - n - 1, words, strlen(words), SIZE_MAX, scope->ascii,
                          NULL);
    buf[n] = '\0';
    return buf;
}

bool ui_export_lost(const struct ui_export_scope *scope, const struct ladder_row *row)
{
    uint32_t lost;
    if (row->kind == LADDER_LOST)
        return true;
    lost = row->kind == LADDER_PACKET ? ladder_lost(scope->ladder, row->seq) : 0;
    return lost && lost <= scope->upto;
}

static void add_safe(const struct ui_export_scope *scope, struct ui_text *out, const char *text, size_t len)
{
    size_t cap = len * WIRE_DISPLAY_ESCAPE_MAX + 8;
    char *safe = malloc(cap);
    if (!safe) {
        ui_text_raw(out, "?", 1);
        return;
    }
    ui_text_raw(out, safe, wire_display_fit(safe, cap, text, len, SIZE_MAX, scope->ascii, NULL));
    free(safe);
}

static void add_words(const struct ui_export_scope *scope, struct ui_text *out, const char *text)
{
    add_safe(scope, out, text, strlen(text));
}

static void add_head(const struct ui_export_scope *scope, struct ui_text *out)
{
    const struct trace_opening *o = tape_opening(scope->tape);
    char when[24];
    size_t from = out->len;
    if (o) {
        add_words(scope, out, o->scenario ? o->scenario : "");
        ui_text_add(out, ": ");
        add_words(scope, out, o->title ? o->title : "");
    }
    ui_text_add(out, "\n");
    for (size_t n = wire_display_columns(out->text + from, out->len - from - 1); n > 0; n--)
        ui_text_raw(out, "=", 1);
    ui_text_add(out, "\n%s, up to %s%s\n\n", "mailwalk",
                ui_clock(scope->upto < tape_last(scope->tape) ? tape_time(scope->tape, scope->upto)
                                                              : tape_end_ns(scope->tape),
                         when),
                scope->upto < tape_last(scope->tape) ? "" : ", the whole run");
}

/* ---- ladder ---- */

static void add_row(struct ui_text *out, const struct ui_canvas *c)
{
    char row[TEXT_COLS_MAX * 4 + 8];
    size_t n = ui_canvas_row(c, 0, row, sizeof row);
    ui_text_raw(out, row, n);
    ui_text_raw(out, "\n", 1);
}

static void export_ladder(const struct ui_export_scope *scope, struct ui_text *out)
{
    const uint16_t *hosts;
    int n = (int)ladder_hosts(scope->ladder, &hosts), cols = 17 + (n > 1 ? n - 1 : 1) * TEXT_GAP;
    struct ui_canvas c = { .ascii = scope->ascii };
    struct ladder_columns k;
    struct ladder_item item;
    size_t i = 0, count = 0, left;
    uint64_t before = UINT64_MAX;
    cols = cols < TEXT_COLS_MIN ? TEXT_COLS_MIN : cols > TEXT_COLS_MAX ? TEXT_COLS_MAX : cols;
    ladder_columns(&k, scope->ladder, scope->tape, cols, NULL, 0);
    add_head(scope, out);
    ui_canvas_size(&c, 1, cols);
    ladder_draw_names(&c, 0, &k, 0);
    add_row(out, &c);
    while (ui_export_next(scope, &i, &count, &item, &left)) {
        uint64_t t_ns = tape_time(scope->tape, ladder_row(scope->ladder, item.first)->seq);
        struct ladder_look look = { .frames = scope->frames,
                                    .no_time = t_ns == before,
                                    .place = scope->upto };
        before = t_ns;
        ui_canvas_clear(&c);
        ladder_draw_item(&c, 0, &k, &item, &look);
        add_row(out, &c);
    }
    if (left)
        ui_text_add(out, "... and %zu rows more\n", left);
    ui_text_add(out, "\n%s failed   + folded   %s inside TLS\n", scope->ascii ? "x" : "\xe2\x9c\x97",
                scope->ascii ? "%" : "\xe2\x96\xa3");
    ui_canvas_free(&c);
}

/* ---- transcript ---- */

/* Words in rows of WRAP_COLS, each after `indent` spaces. */
static void add_wrapped(const struct ui_export_scope *scope, struct ui_text *out, int indent,
                        const char *words)
{
    while (*words) {
        size_t room = (size_t)(WRAP_COLS - indent), len = strlen(words), take = len;
        if (len > room) {
            for (take = room; take > 0 && words[take] != ' '; take--)
                ;
            if (take == 0)
                take = room;
        }
        ui_text_add(out, "%*s", indent, "");
        add_safe(scope, out, words, take);
        ui_text_add(out, "\n");
        words += take;
        while (*words == ' ')
            words++;
    }
}

static void add_phase(const struct ui_export_scope *scope, struct ui_text *out, const struct trace_record *r)
{
    char when[24];
    ui_text_add(out, "\n%s  ", ui_clock(r->t_ns, when));
    add_words(scope, out, r->title ? r->title : "");
    ui_text_add(out, "\n");
    if (r->text && r->text_len) {
        ui_text_add(out, "    ");
        add_safe(scope, out, r->text, r->text_len);
        ui_text_add(out, "\n");
    }
    if (r->lesson)
        add_wrapped(scope, out, 4, r->lesson);
    if (r->section)
        ui_text_add(out, "    [%s]\n", r->section);
    ui_text_add(out, "\n");
}

static void add_line(const struct ui_export_scope *scope, struct ui_text *out, const struct trace_record *r)
{
    bool dns = r->kind == TRACE_KIND_QUERY || r->kind == TRACE_KIND_ANSWER;
    ui_text_add(out, "%c %s > %s %s", tape_is_bad(r) ? 'x' : ' ', tape_host(scope->tape, r->host),
                tape_host(scope->tape, r->peer),
                dns             ? "DNS: "
                : r->dir == 'S' ? "S: "
                                : "C: ");
    add_safe(scope, out, r->text ? r->text : "", r->text ? r->text_len : 0);
    ui_text_add(out, "\n");
}

static void export_transcript(const struct ui_export_scope *scope, struct ui_text *out)
{
    struct trace_record r;
    char words[LADDER_WORDS_MAX];
    add_head(scope, out);
    ui_text_add(out, "C: said by the client   S: said by the server   x at the left: it failed\n");
    for (uint32_t seq = 1; seq <= scope->upto && tape_get(scope->tape, seq, &r); seq++) {
        enum trace_level level = trace_kind_level(r.kind);
        if (level == TRACE_PHASE) {
            add_phase(scope, out, &r);
        } else if (level == TRACE_LINE) {
            add_line(scope, out, &r);
        } else if (r.kind == TRACE_KIND_DROPPED || (level == TRACE_STATE && tape_is_bad(&r))) {
            ui_record_text(scope->tape, &r, words, sizeof words);
            ui_text_add(out, "x %s%s", r.kind == TRACE_KIND_DROPPED ? "a frame is lost: " : "",
                        r.kind == TRACE_KIND_SESSION && r.host ? tape_host(scope->tape, r.host) : "");
            ui_text_add(out, "%s", r.kind == TRACE_KIND_SESSION && r.host ? ": " : "");
            add_words(scope, out, words);
            ui_text_add(out, "\n");
        }
    }
}

void ui_export(enum ui_export_form form, const struct ui_export_scope *scope, struct ui_text *out)
{
    switch (form) {
    case UI_EXPORT_TRANSCRIPT:
        export_transcript(scope, out);
        return;
    case UI_EXPORT_LADDER:
        export_ladder(scope, out);
        return;
    case UI_EXPORT_MERMAID:
        ui_export_mermaid(scope, out);
        return;
    case UI_EXPORT_SVG:
        ui_export_svg(scope, out);
        return;
    default:
        return;
    }
}
