/*
 * Message: one message as it is at this place: what has crossed a wire, and nothing else.
 *
 *   +-- message <1kvauuk.1@example.com> --------------------------------+
 *   | *Envelope  Header  Parts  Raw                                      |
 *   |  alice to mail, conversation 5                                     |
 *   |>   MAIL FROM:<alice@example.com> SIZE=1017         250 2.1.0 ok    |
 *   |    RCPT TO:<bob@example.org>                       250 2.1.5 ok    |
 *   |    content: 1017 octets, complete                  250 2.0.0 queued|
 *   +-------------------------------------------------------------------+
 *
 * In the header each field says which host's sending showed it first: so it grows from hop to hop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/list_keys.h"
#include "ui/screen/message_rows.h"

#define WIDE_COLS 150 /* two parts side by side from here on */

static const char *const names[] = {
#define X(name, word) word,
    MESSAGE_TABS(X)
#undef X
};

static struct message *message(struct ui_screen *s)
{
    return s->state[UI_VIEW_MESSAGE];
}

/* ---- drawing ---- */

static size_t chosen(const struct message *m, enum message_tab tab)
{
    size_t row = m->chosen[tab];
    return row > 0 && row <= m->rows[tab].n ? row - 1 : 0;
}

static void scroll(struct message *m, enum message_tab tab, int height)
{
    size_t *top = &m->top[tab], at = chosen(m, tab), room = height > 0 ? (size_t)height : 1;
    if (at < *top)
        *top = at;
    if (at >= *top + room)
        *top = at + 1 - room;
    if (*top + room > m->rows[tab].n)
        *top = m->rows[tab].n > room ? m->rows[tab].n - room : 0;
}

static void draw_rows(struct message *m, struct ui_canvas *c, struct ui_rect r, enum message_tab tab)
{
    const struct message_rows *rows = &m->rows[tab];
    m->list[tab] = r;
    scroll(m, tab, r.rows);
    for (int i = 0; i < r.rows && m->top[tab] + (size_t)i < rows->n; i++) {
        const struct message_row *row = &rows->row[m->top[tab] + (size_t)i];
        int right = tab == MESSAGE_TAB_ENVELOPE ? r.cols * 45 / 100
                    : tab == MESSAGE_TAB_PARTS  ? 40
                                                : 22,
            left;
        right = row->right_len ? right : 0;
        left = r.cols - 2 - right;
        if (row->style == UI_STYLE_BAD || row->style == UI_STYLE_WARN)
            ui_mark(c, r.row + i, r.col + 1, row->style, UI_MARK_FAIL);
        ui_put_text(c, r.row + i, r.col + 2, left - 1, row->style, rows->words + row->left, row->left_len);
        ui_put_text(c, r.row + i, r.col + 2 + left, right,
                    tab == MESSAGE_TAB_HEADER ? UI_STYLE_DIM : row->style, rows->words + row->right,
                    row->right_len);
        if (tab == m->tab && m->top[tab] + (size_t)i == chosen(m, tab)) {
            ui_mark(c, r.row + i, r.col, UI_STYLE_STRONG, UI_MARK_TO_SERVER);
            ui_paint(c, (struct ui_rect){ r.row + i, r.col, 1, r.cols }, UI_STYLE_SELECTED);
        }
    }
}

static void draw_tabs(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    struct message *m = message(s);
    int col = r.col + 1;
    for (int t = 0; t < MESSAGE_TAB_COUNT; t++) {
        m->tab_at[t] = col - s->room.col;
        col +=
            ui_putf(c, r.row, col, r.col + r.cols - col, t == (int)m->tab ? UI_STYLE_SELECTED : UI_STYLE_TEXT,
                    "%s%s", t == (int)m->tab ? "*" : "", names[t]);
        col += 2;
    }
    m->tab_at[MESSAGE_TAB_COUNT] = col - s->room.col;
    if (m->text.len)
        ui_putf(c, r.row, col + 2, r.col + r.cols - col - 2, UI_STYLE_DIM, "%zu octets%s", m->text.len,
                m->text.complete ? "" : " so far");
}

/* The envelope and the parts at the left, the header and the octets at the right. */
static void draw_wide(struct message *m, struct ui_canvas *c, struct ui_rect room, struct ui_rect in)
{
    int left = in.cols / 2, low = in.rows / 2, col = in.col + left + 1, cols = in.cols - left - 1;
    int parts = m->tab == MESSAGE_TAB_RAW || m->tab == MESSAGE_TAB_PARTS ? low : in.rows * 2 / 3;
    ui_box_rule(c, room, in.row + parts, "");
    ui_line_down(c, in.row, in.col + left, in.rows, UI_STYLE_FRAME, UI_MARK_BAR);
    ui_mark(c, room.row, in.col + left, UI_STYLE_FRAME, UI_MARK_TEE_DOWN);
    ui_mark(c, in.row + parts, in.col + left, UI_STYLE_FRAME, UI_MARK_CROSS);
    ui_mark(c, in.row + in.rows, in.col + left, UI_STYLE_FRAME, UI_MARK_TEE_UP);
    for (int t = 0; t < MESSAGE_TAB_COUNT; t++) {
        bool lower = t == MESSAGE_TAB_PARTS || t == MESSAGE_TAB_RAW,
             right = t == MESSAGE_TAB_HEADER || t == MESSAGE_TAB_RAW;
        int row = lower ? in.row + parts : in.row - 1, at = right ? col + 1 : in.col + 1;
        struct ui_rect r = { row + 1, right ? col : in.col, lower ? in.rows - parts - 1 : parts,
                             right ? cols : left };
        if (lower || right)
            ui_putf(c, row, right ? at : in.col + 1, 24, UI_STYLE_TITLE, " %s%s ",
                    t == (int)m->tab ? "* " : "", names[t]);
        draw_rows(m, c, r, (enum message_tab)t);
    }
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct message *m = message(s);
    const struct letters *l = ui_letters(s);
    struct ui_rect in;
    char title[200];
    bool any = message_rows_fill(s), wide = room.cols >= WIDE_COLS && !s->big;
    const char *id = any ? l->letter[message_letter(s)].message_id : "";
    snprintf(title, sizeof title, "%smessage %.100s",
             any && wide && m->tab == MESSAGE_TAB_ENVELOPE ? "* " : "",
             *id   ? id
             : any ? "without Message-ID"
                   : "");
    in = ui_box(c, room, title);
    if (!any) {
        ui_put(c, in.row + 1, in.col + 2, in.cols - 3, UI_STYLE_DIM,
               "No message has been written yet. ] goes to the next phase.");
        return;
    }
    if (wide) {
        draw_wide(m, c, room, in);
        return;
    }
    draw_tabs(s, c, in);
    draw_rows(m, c, (struct ui_rect){ in.row + 2, in.col, in.rows - 2, in.cols }, m->tab);
}

/* ---- what keys mean ---- */

static bool move(struct ui_screen *s, ptrdiff_t by)
{
    struct message *m = message(s);
    ptrdiff_t to, n;
    message_rows_fill(s);
    n = (ptrdiff_t)m->rows[m->tab].n;
    to = (ptrdiff_t)chosen(m, m->tab) + by;
    to = to >= n ? n - 1 : to;
    m->chosen[m->tab] = to < 0 ? 1 : (size_t)to + 1;
    return true;
}

static uint32_t selected(struct ui_screen *s)
{
    struct message *m = message(s);
    if (!message_rows_fill(s) || m->rows[m->tab].n == 0)
        return 0;
    return m->rows[m->tab].row[chosen(m, m->tab)].seq;
}

static void letter_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    struct message *m = message(s);
    (void)index;
    m->letter = number;
    m->ready = false;
    memset(m->chosen, 0, sizeof m->chosen);
    if (number)
        ui_say(s, UI_STYLE_TEXT, "This message stays in view; f chooses another one.");
    else
        ui_say(s, UI_STYLE_TEXT, "The message of each step is shown.");
}

/* The Subject field of what had crossed at the place, on its first row; "" where there is none. */
static void subject_of(struct ui_screen *s, const struct letter_copy *copy, char *buf, size_t cap)
{
    struct letter_text text = { 0 };
    const char *at, *end;
    buf[0] = '\0';
    if (!copy)
        return;
    letter_text_read(&text, s->run.tape, copy, s->place);
    for (at = text.octets; at && *at && *at != '\r' && *at != '\n'; at = *end ? end + 1 : end) {
        end = at + strcspn(at, "\n");
        if (strncmp(at, "Subject: ", 9) == 0) {
            snprintf(buf, cap, "%.*s", (int)strcspn(at + 9, "\r\n"), at + 9);
            break;
        }
    }
    letter_text_free(&text);
}

static void choose_letter(struct ui_screen *s)
{
    const struct letters *l = ui_letters(s);
    struct ui_items items = { 0 };
    ui_items_add(&items, 0, "the message that a step is about");
    for (size_t i = 0; i < l->n && items.n < 1000; i++) {
        const struct history_thing *mail =
            history_find(ui_history(s), HISTORY_MAIL, 0, l->letter[i].message_id, "", 0);
        const char *told = NULL; /* by the program that has written it */
        char subject[120];
        struct trace_record r;
        if (l->letter[i].first > s->place)
            continue;
        if (mail && tape_get(s->run.tape, mail->change.seq[0], &r))
            told = trace_attr_get(&r, "subject");
        if (told)
            snprintf(subject, sizeof subject, "%s", told);
        else
            subject_of(s, letters_copy(l, i, s->place, NULL), subject, sizeof subject);
        ui_items_add(&items, (uint32_t)i + 1, "%s  %s",
                     *l->letter[i].message_id ? l->letter[i].message_id : "without Message-ID", subject);
    }
    ui_panel_list(s, "Which message?", items.item, items.number, items.n, letter_chosen);
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    struct message *m = message(s);
    int pane = ui_list_key(s, action, m->list[m->tab].rows, move, (int)m->tab, MESSAGE_TAB_COUNT);
    uint32_t seq;
    if (pane >= 0) {
        m->tab = (enum message_tab)pane;
        return true;
    }
    switch (action) {
    case UI_DO_FOLLOW:
        choose_letter(s);
        return true;
    case UI_DO_OPEN:
        seq = selected(s);
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
    struct message *m = message(s);
    bool wide = s->room.cols >= WIDE_COLS && !s->big;
    if (wheel)
        return move(s, wheel);
    for (int t = 0; t < MESSAGE_TAB_COUNT && row == 1 && !wide; t++)
        if (col >= m->tab_at[t] && col < m->tab_at[t + 1])
            m->tab = (enum message_tab)t;
    for (int t = 0; t < MESSAGE_TAB_COUNT; t++) {
        const struct ui_rect *r = &m->list[t];
        int line = row + s->room.row - r->row, at = col + s->room.col - r->col;
        if ((!wide && t != (int)m->tab) || line < 0 || line >= r->rows || at < 0 || at >= r->cols)
            continue;
        m->tab = (enum message_tab)t;
        m->chosen[t] = m->top[t] + (size_t)line + 1;
        return true;
    }
    return true;
}

static void moved(struct ui_screen *s)
{
    struct message *m = message(s);
    m->ready = false;
    memset(m->chosen, 0, sizeof m->chosen);
    memset(m->top, 0, sizeof m->top);
    if (s->place == 0)
        m->letter = 0;
}

static void free_state(void *state)
{
    struct message *m = state;
    for (int t = 0; t < MESSAGE_TAB_COUNT; t++) {
        free(m->rows[t].row);
        free(m->rows[t].words);
    }
    letter_text_free(&m->text);
    letter_text_free(&m->before);
}

const struct ui_view ui_view_message = { .name = "Message",
                                         .state_octets = sizeof(struct message),
                                         .draw = draw,
                                         .act = act,
                                         .mouse = mouse,
                                         .moved = moved,
                                         .selected = selected,
                                         .hint = "Tab part  Up Down row  f which message  Enter goes there",
                                         .free = free_state };
