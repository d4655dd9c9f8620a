/* Terminal: a person types to virtual servers, or is one.
 *
 *   +- terminal: you sit at alice ----------------------------------------------+
 *   | alice$ telnet mail.example.com 25                                         |
 *   | Trying 198.51.100.25...                                                   |
 *   | < 220 mail.example.com ESMTP                                              |
 *   | > EHLO me                                                                 |
 *   +- next? -------------------------------------------------------------------+
 *   | Tab: MAIL FROM:<alice@example.com>                                        |
 *   | The envelope begins with the sender: a bounce goes there.                 |
 *   +---------------------------------------------------------------------------+
 *   | mail.example.com:25> RCP_                                                 |
 *   +---------------------------------------------------------------------------+
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/screen/edit.h"
#include "ui/screen/shell.h"
#include "ui/tape/keep.h"

#define KEY_HANG_UP UI_CTRL(']')
#define HINT_ROWS   3 /* what, why in two rows */

struct term {
    struct shell shell;
    bool typing;
    char input[UI_PROMPT_MAX];
    size_t caret; /* octets */
    char stem[UI_PROMPT_MAX];
    size_t completions;
    char **history; /* owned, each too */
    size_t nhistory, history_cap, at;
    int scrolled; /* rows up from the end */
};

static struct term *term_of(const struct ui_screen *s)
{
    return s->state[UI_VIEW_TERMINAL];
}

/* ---- the line that is typed ---- */

static void set_input(struct term *t, const char *text)
{
    ui_edit_set(t->input, sizeof t->input, &t->caret, text);
}

static void remember(struct term *t)
{
    size_t len = strlen(t->input) + 1;
    t->history = keep_grow(t->history, &t->history_cap, t->nhistory + 1, sizeof *t->history);
    t->history[t->nhistory] = keep_alloc(len);
    memcpy(t->history[t->nhistory++], t->input, len);
    t->at = t->nhistory;
}

static void enter(struct ui_screen *s, struct term *t)
{
    char line[UI_PROMPT_MAX];
    memcpy(line, t->input, sizeof line);
    if (*line)
        remember(t);
    set_input(t, "");
    t->scrolled = 0;
    shell_enter(s, &t->shell, line);
}

static void complete(struct ui_screen *s, struct term *t)
{
    char found[UI_PROMPT_MAX];
    if (t->completions == 0)
        snprintf(t->stem, sizeof t->stem, "%s", t->input);
    if (shell_complete(s, &t->shell, t->stem, t->completions, found, sizeof found)) {
        t->completions++;
        set_input(t, found);
    } else if (t->completions == 0) {
        ui_say(s, UI_STYLE_WARN, "Nothing begins like that.");
    } else {
        t->completions = 0;
        set_input(t, t->stem);
    }
}

static void from_history(struct term *t, int by)
{
    if (by < 0 ? t->at == 0 : t->at >= t->nhistory)
        return;
    t->at = by < 0 ? t->at - 1 : t->at + 1;
    set_input(t, t->at < t->nhistory ? t->history[t->at] : "");
}

static bool edit(struct term *t, uint32_t key)
{
    switch (key) {
    case UI_KEY_UP:
        from_history(t, -1);
        return true;
    case UI_KEY_DOWN:
        from_history(t, 1);
        return true;
    default:
        return ui_edit_key(t->input, sizeof t->input, &t->caret, key);
    }
}

static void scroll(struct term *t, int by)
{
    t->scrolled += by;
    if (t->scrolled < 0)
        t->scrolled = 0;
}

static bool type(struct ui_screen *s, uint32_t key)
{
    struct term *t = term_of(s);
    if (!t->typing)
        return false;
    if (key != UI_KEY_TAB)
        t->completions = 0;
    switch (key) {
    case UI_KEY_ESC:
        t->typing = false;
        ui_say(s, UI_STYLE_TEXT, "Left: the keyboard. Enter types again, Esc leaves the view Terminal.");
        return true;
    case UI_KEY_ENTER:
        enter(s, t);
        return true;
    case UI_KEY_TAB:
        complete(s, t);
        return true;
    case KEY_HANG_UP:
        shell_leave(s, &t->shell);
        return true;
    case UI_KEY_PAGE_UP:
        scroll(t, s->room.rows / 2);
        return true;
    case UI_KEY_PAGE_DOWN:
        scroll(t, -s->room.rows / 2);
        return true;
    default:
        return edit(t, key);
    }
}

/* ---- keys of the screen, while nobody types ---- */

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct term *t = term_of(s);
    switch (action) {
    case UI_DO_OPEN:
        t->typing = true;
        s->playing = false;
        ui_say(s, UI_STYLE_TEXT, "You type. Enter sends, Tab completes, Esc gives the keys back.");
        return true;
    case UI_DO_UP:
        scroll(t, 1);
        return true;
    case UI_DO_DOWN:
        scroll(t, -1);
        return true;
    case UI_DO_PAGE_UP:
        scroll(t, s->room.rows / 2);
        return true;
    case UI_DO_PAGE_DOWN:
        scroll(t, -s->room.rows / 2);
        return true;
    default:
        return false;
    }
}

static bool mouse(struct ui_screen *s, int row, int col, int wheel)
{
    struct term *t = term_of(s);
    (void)row;
    (void)col;
    if (wheel)
        scroll(t, -3 * wheel);
    else
        t->typing = true;
    return true;
}

static void moved(struct ui_screen *s)
{
    if (s->run.tape)
        shell_settle(s, &term_of(s)->shell);
}

static void free_term(void *state)
{
    struct term *t = state;
    shell_free(&t->shell);
    for (size_t i = 0; i < t->nhistory; i++)
        free(t->history[i]);
    free(t->history);
}

/* ---- drawing ---- */

static int rows_of(const struct shell_page *p, size_t i, int cols, bool ascii)
{
    const struct shell_row *r = &p->row[i];
    int rows = ui_wrap_rows(p->text.text + r->at, r->len, cols, ascii);
    return rows < 1 ? 1 : rows;
}

/* The end of the page, or what lies `scrolled` rows above it. */
static void draw_page(struct ui_canvas *c, struct term *t, struct ui_rect room, const struct shell_page *p)
{
    struct ui_rect in = { room.row, room.col + 2, 0, room.cols - 2 };
    int total = 0, top, row = 0;
    for (size_t i = 0; i < p->n; i++)
        total += rows_of(p, i, in.cols, c->ascii);
    if (t->scrolled > total - room.rows)
        t->scrolled = total > room.rows ? total - room.rows : 0;
    top = total - room.rows - t->scrolled;
    if (top < 0)
        top = 0;
    for (size_t i = 0; i < p->n && row < top + room.rows; i++) {
        int rows = rows_of(p, i, in.cols, c->ascii), skip = row < top ? top - row : 0;
        if (row + rows > top) {
            in.row = room.row + row + skip - top;
            in.rows =
                rows - skip < room.row + room.rows - in.row ? rows - skip : room.row + room.rows - in.row;
            ui_wrap(c, in, skip, p->row[i].style, p->text.text + p->row[i].at, p->row[i].len);
            if (skip == 0 && p->row[i].mark >= 0)
                ui_mark(c, in.row, room.col, p->row[i].style, (enum ui_mark)p->row[i].mark);
        }
        row += rows;
    }
    if (t->scrolled)
        ui_mark(c, room.row + room.rows - 1, room.col + room.cols - 1, UI_STYLE_DIM, UI_MARK_DOWN);
}

static void draw_hint(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room,
                      const struct shell_item *open)
{
    struct term *t = term_of(s);
    struct shell_hint hint;
    shell_hint(s, &t->shell, open, &hint);
    if (hint.type[0])
        ui_putf(c, room.row, room.col, room.cols, UI_STYLE_KEY, "Tab: %s", hint.type);
    ui_wrap(c, (struct ui_rect){ room.row + 1, room.col, room.rows - 1, room.cols }, 0, UI_STYLE_TEXT,
            hint.why, strlen(hint.why));
}

static void draw_prompt(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room,
                        const struct shell_item *open)
{
    struct term *t = term_of(s);
    char prompt[80];
    int used, left;
    if (open && open->kind == SHELL_BE)
        snprintf(prompt, sizeof prompt, "you are %.40s:%u", tape_host(s->run.tape, open->host), open->port);
    else if (open)
        snprintf(prompt, sizeof prompt, "%.40s, connected", tape_host(s->run.tape, open->host));
    else
        snprintf(prompt, sizeof prompt, "%.40s$", tape_host(s->run.tape, t->shell.from));
    used = ui_put(c, room.row, room.col, room.cols / 2, UI_STYLE_ASK, prompt);
    ui_mark(c, room.row, room.col + used + 1, UI_STYLE_KEY, UI_MARK_TO_SERVER);
    left = room.cols - used - 3;
    if (!t->typing) {
        ui_put(c, room.row, room.col + used + 3, left, UI_STYLE_DIM, "Enter: type here");
        return;
    }
    ui_edit_draw(c, room.row, room.col + used + 3, left, t->input, t->caret);
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct term *t = term_of(s);
    const struct shell_item *open;
    struct shell_page page = { 0 };
    struct ui_rect in, hint, prompt;
    char title[100];
    shell_settle(s, &t->shell);
    open = shell_open_item(s, &t->shell);
    if (open && open->kind == SHELL_BE)
        snprintf(title, sizeof title, "terminal: you are the server at %.60s",
                 tape_host(s->run.tape, open->host));
    else
        snprintf(title, sizeof title, "terminal: you sit at %.60s", tape_host(s->run.tape, t->shell.from));
    in = ui_box(c, room, title);
    if (in.rows < HINT_ROWS + 4)
        return;
    prompt = (struct ui_rect){ in.row + in.rows - 1, in.col + 1, 1, in.cols - 2 };
    hint = (struct ui_rect){ prompt.row - 1 - HINT_ROWS, in.col + 1, HINT_ROWS, in.cols - 2 };
    ui_box_rule(c, room, prompt.row - 1, "");
    ui_box_rule(c, room, hint.row - 1, "what next?");
    in = (struct ui_rect){ in.row, in.col + 1, hint.row - 1 - in.row, in.cols - 2 };
    shell_print(s, &t->shell, &page);
    if (page.n == 0)
        ui_wrap(c, in, 0, UI_STYLE_DIM, shell_help(), strlen(shell_help()));
    else
        draw_page(c, t, in, &page);
    shell_page_free(&page);
    draw_hint(s, c, hint, open);
    draw_prompt(s, c, prompt, open);
}

const struct ui_view ui_view_terminal = { .name = "Terminal",
                                          .state_octets = sizeof(struct term),
                                          .draw = draw,
                                          .act = act,
                                          .type = type,
                                          .mouse = mouse,
                                          .moved = moved,
                                          .hint = "Enter types   Esc leaves   n on  p back   ? help",
                                          .free = free_term };
