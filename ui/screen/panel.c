/* Pages, lists and prompts that lie on top of a view. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/edit.h"
#include "protocols/wire/ascii.h"
#include "ui/screen/view.h"
#include "ui/tape/keep.h"

void ui_text_raw(struct ui_text *t, const char *at, size_t len)
{
    t->text = keep_grow(t->text, &t->cap, t->len + len + 1, 1);
    memcpy(t->text + t->len, at, len);
    t->len += len;
    t->text[t->len] = '\0';
}

void ui_text_add(struct ui_text *t, const char *fmt, ...)
{
    va_list ap, again;
    int n;
    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n > 0) {
        t->text = keep_grow(t->text, &t->cap, t->len + (size_t)n + 1, 1);
        vsnprintf(t->text + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
}

void ui_items_add(struct ui_items *items, uint32_t number, const char *fmt, ...)
{
    char text[1024];
    size_t len;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    len = strlen(text) + 1;
    items->item = keep_grow(items->item, &items->cap, items->n + 1, sizeof *items->item);
    items->number = keep_grow(items->number, &items->number_cap, items->n + 1, sizeof *items->number);
    items->item[items->n] = keep_alloc(len);
    memcpy(items->item[items->n], text, len);
    items->number[items->n++] = number;
}

void ui_items_more(struct ui_items *items, const char *fmt, ...)
{
    char text[1024], *item = items->item[items->n - 1];
    size_t len = strlen(item), more;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    more = strlen(text) + 1;
    item = keep_realloc(item, len + more);
    memcpy(item + len, text, more);
    items->item[items->n - 1] = item;
}

void ui_panel_close(struct ui_screen *s)
{
    struct ui_panel *p = &s->panel;
    for (size_t i = 0; p->item && i < p->nitems; i++)
        free(p->item[i]);
    free(p->item);
    free(p->number);
    free(p->text);
    *p = (struct ui_panel){ 0 };
}

static struct ui_panel *open_panel(struct ui_screen *s, enum ui_panel_kind kind, const char *title)
{
    ui_panel_close(s);
    s->playing = false;
    s->panel.kind = kind;
    snprintf(s->panel.title, sizeof s->panel.title, "%s", title);
    return &s->panel;
}

void ui_panel_page(struct ui_screen *s, const char *title, char *text)
{
    open_panel(s, UI_PANEL_PAGE, title)->text = text;
}

void ui_panel_list(struct ui_screen *s, const char *title, char **item, uint32_t *number, size_t n,
                   void (*on_item)(struct ui_screen *s, size_t index, uint32_t number))
{
    struct ui_panel *p = open_panel(s, UI_PANEL_LIST, title);
    p->item = item;
    p->number = number;
    p->nitems = n;
    p->on_item = on_item;
}

void ui_panel_prompt(struct ui_screen *s, const char *title, const char *initial,
                     void (*on_text)(struct ui_screen *s, const char *text),
                     bool (*complete)(struct ui_screen *s, const char *stem, size_t n, char *buf, size_t cap))
{
    struct ui_panel *p = open_panel(s, UI_PANEL_PROMPT, title);
    ui_edit_set(p->input, sizeof p->input, &p->caret, initial);
    p->on_text = on_text;
    p->complete = complete;
}

/* ---- lists ---- */

static bool has_word(const char *text, const char *word, size_t n)
{
    for (const char *at = text; n > 0; at++) {
        size_t k = 0;
        while (k < n && at[k] && wire_to_lower(at[k]) == wire_to_lower(word[k]))
            k++;
        if (k == n)
            return true;
        if (!*at)
            return false;
    }
    return true;
}

/* Every word that was typed is somewhere in it. */
static bool shown(const struct ui_panel *p, size_t i)
{
    const char *word = p->filter;
    while (*word) {
        size_t n = strcspn(word, " ");
        if (!has_word(p->item[i], word, n))
            return false;
        word += n + (word[n] == ' ');
    }
    return true;
}

static void list_move(struct ui_panel *p, int by)
{
    size_t at = p->chosen;
    while (by != 0) {
        size_t next = at;
        do
            next = by > 0 ? next + 1 : next - 1;
        while (next < p->nitems && !shown(p, next));
        if (next >= p->nitems)
            break;
        at = next;
        by += by > 0 ? -1 : 1;
    }
    p->chosen = at;
}

static void list_settle(struct ui_panel *p)
{
    if (p->nitems > 0 && shown(p, p->chosen))
        return;
    for (size_t i = 0; i < p->nitems; i++)
        if (shown(p, i)) {
            p->chosen = i;
            return;
        }
}

static void list_take(struct ui_screen *s)
{
    struct ui_panel *p = &s->panel;
    void (*on_item)(struct ui_screen *, size_t, uint32_t) = p->on_item;
    size_t index = p->chosen;
    uint32_t number;
    if (p->nitems == 0 || !shown(p, index))
        return;
    number = p->number ? p->number[index] : (uint32_t)index;
    ui_panel_close(s);
    if (on_item)
        on_item(s, index, number);
}

static bool list_key(struct ui_screen *s, uint32_t key)
{
    struct ui_panel *p = &s->panel;
    size_t n = strlen(p->filter);
    switch (key) {
    case UI_KEY_UP:
        list_move(p, -1);
        return true;
    case UI_KEY_DOWN:
        list_move(p, 1);
        return true;
    case UI_KEY_PAGE_UP:
        list_move(p, -(s->rows / 2));
        return true;
    case UI_KEY_PAGE_DOWN:
        list_move(p, s->rows / 2);
        return true;
    case UI_KEY_HOME:
        list_move(p, -(int)p->nitems);
        return true;
    case UI_KEY_END:
        list_move(p, (int)p->nitems);
        return true;
    case UI_KEY_ENTER:
        list_take(s);
        return true;
    case UI_KEY_BACKSPACE:
        if (n > 0)
            p->filter[n - 1] = '\0';
        list_settle(p);
        return true;
    default:
        if (key >= ' ' && key < 0x7f && n + 1 < sizeof p->filter) {
            p->filter[n] = (char)key;
            p->filter[n + 1] = '\0';
            list_settle(p);
            return true;
        }
        return key < ' ' ? false : true;
    }
}

/* ---- prompts ---- */

static void prompt_complete(struct ui_screen *s)
{
    struct ui_panel *p = &s->panel;
    char found[UI_PROMPT_MAX];
    if (!p->complete)
        return;
    if (p->completions == 0)
        snprintf(p->stem, sizeof p->stem, "%s", p->input);
    if (!p->complete(s, p->stem, p->completions++, found, sizeof found)) {
        if (p->completions == 1) {
            ui_say(s, UI_STYLE_WARN, "Nothing begins like that.");
            p->completions = 0;
            return;
        }
        p->completions = 0;
        snprintf(found, sizeof found, "%s", p->stem);
    }
    ui_edit_set(p->input, sizeof p->input, &p->caret, found);
}

static bool prompt_key(struct ui_screen *s, uint32_t key)
{
    struct ui_panel *p = &s->panel;
    if (key == UI_KEY_TAB) {
        prompt_complete(s);
        return true;
    }
    p->completions = 0;
    if (key == UI_KEY_ENTER) {
        char text[UI_PROMPT_MAX];
        void (*on_text)(struct ui_screen *, const char *) = p->on_text;
        memcpy(text, p->input, sizeof text);
        ui_panel_close(s);
        on_text(s, text);
        return true;
    }
    return ui_edit_key(p->input, sizeof p->input, &p->caret, key) || key >= ' ';
}

/* ---- pages ---- */

static bool page_key(struct ui_screen *s, uint32_t key)
{
    struct ui_panel *p = &s->panel;
    int page = s->rows - 8;
    switch (key) {
    case UI_KEY_UP:
        p->top--;
        return true;
    case UI_KEY_DOWN:
        p->top++;
        return true;
    case UI_KEY_PAGE_UP:
        p->top -= page;
        return true;
    case UI_KEY_PAGE_DOWN:
    case ' ':
        p->top += page;
        return true;
    case UI_KEY_HOME:
        p->top = 0;
        return true;
    case UI_KEY_END:
        p->top = 1 << 20;
        return true;
    case UI_KEY_ENTER:
    case 'q':
    case '?':
        ui_panel_close(s);
        return true;
    default:
        return false;
    }
}

bool ui_panel_event(struct ui_screen *s, const struct ui_event *e)
{
    struct ui_panel *p = &s->panel;
    if (p->kind == UI_PANEL_NONE)
        return false;
    if (e->kind == UI_EVENT_MOUSE) {
        if (p->kind == UI_PANEL_PAGE)
            p->top += 3 * e->wheel;
        else if (p->kind == UI_PANEL_LIST && e->wheel)
            list_move(p, e->wheel);
        return true;
    }
    if (e->kind != UI_EVENT_KEY)
        return false;
    if (e->key == UI_KEY_ESC) {
        ui_say(s, UI_STYLE_DIM, "Left: %s.", p->title);
        ui_panel_close(s);
        return true;
    }
    if (e->key == UI_CTRL('L') || e->key == UI_CTRL('Z'))
        return false;
    if (p->kind == UI_PANEL_LIST)
        return list_key(s, e->key);
    if (p->kind == UI_PANEL_PROMPT)
        return prompt_key(s, e->key);
    return page_key(s, e->key) || true;
}

/* ---- drawing ---- */

static void draw_list(struct ui_screen *s, struct ui_canvas *c, struct ui_rect in)
{
    struct ui_panel *p = &s->panel;
    int row = 0, at = 0, rows = in.rows - 1;
    for (size_t i = 0; i < p->nitems && i < p->chosen; i++)
        at += shown(p, i);
    if (p->top > at)
        p->top = at;
    if (p->top <= at - rows)
        p->top = at - rows + 1;
    for (size_t i = 0; i < p->nitems; i++) {
        if (!shown(p, i))
            continue;
        if (row >= p->top && row - p->top < rows) {
            enum ui_style style = i == p->chosen ? UI_STYLE_SELECTED : UI_STYLE_TEXT;
            int y = in.row + row - p->top;
            if (i == p->chosen) {
                ui_fill(c, (struct ui_rect){ y, in.col, 1, in.cols }, style, ' ');
                ui_mark(c, y, in.col, style, UI_MARK_TO_SERVER);
            }
            ui_put_text(c, y, in.col + 2, in.cols - 3, style, p->item[i], strlen(p->item[i]));
        }
        row++;
    }
    if (row == 0)
        ui_put(c, in.row, in.col + 2, in.cols - 3, UI_STYLE_DIM,
               p->nitems ? "nothing has these letters" : "nothing");
    ui_putf(c, in.row + rows, in.col + 1, in.cols - 2, UI_STYLE_DIM,
            "%s%s%sEnter chooses   Esc leaves   letters search", p->filter[0] ? "with \"" : "", p->filter,
            p->filter[0] ? "\"   " : "");
}

static void draw_page(struct ui_screen *s, struct ui_canvas *c, struct ui_rect in)
{
    struct ui_panel *p = &s->panel;
    size_t len = p->text ? strlen(p->text) : 0;
    struct ui_rect text = { in.row, in.col + 1, in.rows - 1, in.cols - 2 };
    int rows = ui_wrap_rows(p->text ? p->text : "", len, text.cols, c->ascii);
    if (p->top > rows - text.rows)
        p->top = rows - text.rows;
    if (p->top < 0)
        p->top = 0;
    ui_wrap(c, text, p->top, UI_STYLE_TEXT, p->text ? p->text : "", len);
    ui_putf(c, in.row + in.rows - 1, in.col + 1, in.cols - 2, UI_STYLE_DIM, "%sEsc leaves",
            rows > text.rows ? "Up and Down scroll   " : "");
}

static void draw_prompt(struct ui_screen *s, struct ui_canvas *c, struct ui_rect in)
{
    struct ui_panel *p = &s->panel;
    ui_mark(c, in.row, in.col + 1, UI_STYLE_KEY, UI_MARK_TO_SERVER);
    ui_edit_draw(c, in.row, in.col + 3, in.cols - 4, p->input, p->caret);
    ui_putf(c, in.row + 1, in.col + 1, in.cols - 2, UI_STYLE_DIM, "Enter takes it   %sEsc leaves",
            p->complete ? "Tab completes   " : "");
    ui_wrap(c, (struct ui_rect){ in.row + 2, in.col + 1, in.rows - 2, in.cols - 2 }, 0, UI_STYLE_BAD, p->note,
            strlen(p->note));
}

void ui_panel_draw(struct ui_screen *s, struct ui_canvas *c)
{
    struct ui_panel *p = &s->panel;
    struct ui_rect r = { 2, 2, c->rows - 5, c->cols - 4 }, in;
    int note;
    if (p->kind == UI_PANEL_NONE)
        return;
    note = p->note[0] ? ui_wrap_rows(p->note, strlen(p->note), c->cols - 8, c->ascii) : 0;
    if (p->kind == UI_PANEL_PROMPT)
        r = (struct ui_rect){ c->rows - 7 - note, 2, 4 + note, c->cols - 4 };
    ui_fill(c, r, UI_STYLE_TEXT, ' ');
    in = ui_box(c, r, p->title);
    if (p->kind == UI_PANEL_LIST)
        draw_list(s, c, in);
    else if (p->kind == UI_PANEL_PAGE)
        draw_page(s, c, in);
    else
        draw_prompt(s, c, in);
}
