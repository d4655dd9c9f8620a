/* The whole screen: what an event does, the header, the bars, play. */
#include "ui/screen/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/changes.h"
#include "ui/tape/keep.h"

static const struct ui_view *const views[UI_VIEW_COUNT] = {
    [UI_VIEW_JOURNEY] = &ui_view_journey,   [UI_VIEW_LADDER] = &ui_view_ladder,
    [UI_VIEW_PACKET] = &ui_view_packet,     [UI_VIEW_HOSTS] = &ui_view_hosts,
    [UI_VIEW_MESSAGE] = &ui_view_message,   [UI_VIEW_GRID] = &ui_view_grid,
    [UI_VIEW_TERMINAL] = &ui_view_terminal,
};

static const struct {
    const char *text;
    uint64_t step_ms;
} speeds[] = { { "1/4x", 4000 }, { "1/2x", 2000 }, { "1x", 1000 }, { "2x", 500 },
               { "4x", 250 },    { "8x", 125 },    { "16x", 62 },  { "64x", 16 } };
#define SPEEDS   ((int)(sizeof speeds / sizeof speeds[0]))
#define SPEED_1X 2

const char *ui_theme_name(enum ui_theme theme)
{
    static const char *const names[] = {
#define X(name, word) [UI_THEME_##name] = word,
        UI_THEMES(X)
#undef X
    };
    return names[theme];
}

void ui_say(struct ui_screen *s, enum ui_style style, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->said, sizeof s->said, fmt, ap);
    va_end(ap);
    s->said_style = style;
}

struct ui_screen *ui_screen_new(const struct ui_program *program, const struct ui_screen_options *o,
                                char error[UI_ERROR_MAX])
{
    struct ui_screen *s = keep_alloc(sizeof *s);
    s->program = program;
    s->rows = UI_MIN_ROWS;
    s->cols = UI_MIN_COLS;
    s->grain = TAPE_LINE;
    s->speed = SPEED_1X;
    s->theme = o->theme;
    s->ascii = o->ascii;
    s->big = o->big;
    s->questions = o->questions;
    for (int v = 0; v < UI_VIEW_COUNT; v++)
        s->state[v] = keep_alloc(views[v]->state_octets);
    if (!o->scenario) {
        ui_lessons_open(s);
    } else if (!ui_open_scenario(s, o->scenario, o->changes, o->nchanges, error)) {
        ui_screen_free(s);
        return NULL;
    } else {
        ui_say(s, UI_STYLE_TEXT, "n is one step on, p one step back, space plays, ? tells everything.");
    }
    return s;
}

void ui_screen_free(struct ui_screen *s)
{
    if (!s)
        return;
    ui_panel_close(s);
    ui_run_free(&s->run);
    ui_run_free(&s->original);
    ui_what_if_free(s);
    for (int v = 0; v < UI_VIEW_COUNT; v++) {
        if (views[v]->free)
            views[v]->free(s->state[v]);
        free(s->state[v]);
    }
    free(s->scenario);
    free(s->copied);
    free(s);
}

/* ---- actions ---------------------------------------------------------------------------------------------
 */

uint32_t ui_selected(struct ui_screen *s)
{
    uint32_t chosen = views[s->view]->selected ? views[s->view]->selected(s) : 0;
    return chosen ? chosen : s->place;
}

static bool complete_action(struct ui_screen *s, const char *stem, size_t n, char *buf, size_t cap)
{
    size_t len = strlen(stem);
    (void)s;
    for (int a = 1; a < UI_ACTION_COUNT; a++)
        if (strncmp(ui_action_row((enum ui_action)a)->word, stem, len) == 0 && n-- == 0)
            return snprintf(buf, cap, "%s", ui_action_row((enum ui_action)a)->word) > 0;
    return false;
}

static void action_given(struct ui_screen *s, const char *text)
{
    enum ui_action a = ui_action_named(text);
    if (a == UI_DO_NOTHING)
        ui_say(s, UI_STYLE_BAD, "\"%s\" is not the name of one action; Tab shows them, ? tells all.", text);
    else
        ui_act(s, a);
}

void ui_help_open(struct ui_screen *s)
{
    struct ui_text t = { 0 };
    const char *group = "";
    for (int a = 1; a < UI_ACTION_COUNT; a++) {
        const struct ui_action_row *row = ui_action_row((enum ui_action)a);
        char key[12], other[12], both[32];
        if (strcmp(group, row->group) != 0)
            ui_text_add(&t, "%s%s\n", a > 1 ? "\n" : "", row->group);
        group = row->group;
        snprintf(both, sizeof both, "%s%s%s", ui_key_text(row->key, key), row->other ? " " : "",
                 row->other ? ui_key_text(row->other, other) : "");
        ui_text_add(&t, "  %-12s %-16s %s\n", both, row->word, row->words);
    }
    ui_text_add(
        &t, "\nA digit chooses what the bottom of the screen numbers: an answer while a question is open, "
            "else a view. The names behind the keys work after a colon, too.\n");
    ui_panel_page(s, "What the keys do", t.text);
}

static void quit(struct ui_screen *s)
{
    s->after |= UI_AFTER_QUIT;
}

static void leave(struct ui_screen *s)
{
    if (s->comparing) {
        s->comparing = false;
        ui_say(s, UI_STYLE_TEXT, "Left: the comparison.");
    } else if (s->question.open) {
        s->question.open = false;
        ui_say(s, UI_STYLE_TEXT, "Left: the question. v turns questions off.");
    } else if (s->view != UI_VIEW_JOURNEY) {
        ui_say(s, UI_STYLE_TEXT, "Left: the view %s.", views[s->view]->name);
        s->view = UI_VIEW_JOURNEY;
    } else {
        ui_say(s, UI_STYLE_TEXT, "Nothing is open that Esc could leave. q leaves mailwalk.");
    }
}

static void toggle(struct ui_screen *s, bool *what, const char *on, const char *off)
{
    *what = !*what;
    ui_say(s, UI_STYLE_TEXT, "%s", *what ? on : off);
}

static bool act_screen(struct ui_screen *s, enum ui_action a)
{
    switch (a) {
    case UI_DO_THEME:
        s->theme = (enum ui_theme)((s->theme + 1) % UI_THEME_COUNT);
        s->after |= UI_AFTER_REDRAW;
        ui_say(s, UI_STYLE_TEXT, "Theme: %s.", ui_theme_name(s->theme));
        return true;
    case UI_DO_ASCII:
        toggle(s, &s->ascii, "Lines are drawn in ASCII.", "Lines are drawn in UTF-8.");
        return true;
    case UI_DO_BIG:
        toggle(s, &s->big, "Large: for a projector.", "Everything fits again.");
        return true;
    case UI_DO_REDRAW:
        s->after |= UI_AFTER_REDRAW;
        return true;
    case UI_DO_SUSPEND:
        s->after |= UI_AFTER_SUSPEND;
        return true;
    case UI_DO_COMMAND:
        ui_panel_prompt(s, "Do what?", "", action_given, complete_action);
        return true;
    case UI_DO_HELP:
        ui_help_open(s);
        return true;
    case UI_DO_LEAVE:
        leave(s);
        return true;
    case UI_DO_QUIT:
        quit(s);
        return true;
    case UI_DO_LESSONS:
        ui_lessons_open(s);
        return true;
    default:
        return false;
    }
}

static bool act_play(struct ui_screen *s, enum ui_action a)
{
    switch (a) {
    case UI_DO_PLAY:
        s->playing = !s->playing;
        s->waited_ms = 0;
        s->question.open = false;
        ui_say(s, UI_STYLE_TEXT, s->playing ? "Playing." : "Paused.");
        return true;
    case UI_DO_FASTER:
        s->speed += s->speed + 1 < SPEEDS;
        ui_say(s, UI_STYLE_TEXT, "Speed %s.", speeds[s->speed].text);
        return true;
    case UI_DO_SLOWER:
        s->speed -= s->speed > 0;
        ui_say(s, UI_STYLE_TEXT, "Speed %s.", speeds[s->speed].text);
        return true;
    default:
        return false;
    }
}

static bool act_learn(struct ui_screen *s, enum ui_action a)
{
    switch (a) {
    case UI_DO_WHY:
        ui_why_open(s);
        return true;
    case UI_DO_WHAT_IF:
        ui_what_if_open(s);
        return true;
    case UI_DO_ORIGINAL:
        ui_what_if_original(s);
        return true;
    case UI_DO_COMPARE:
        ui_what_if_compare(s);
        return true;
    case UI_DO_QUESTIONS:
        s->question.open = false;
        toggle(s, &s->questions, "Each step asks first what comes next.", "Steps come without questions.");
        return true;
    case UI_DO_EXPORT:
        ui_export_open(s);
        return true;
    case UI_DO_COPY:
        ui_copy(s);
        return true;
    default:
        return false;
    }
}

bool ui_act(struct ui_screen *s, enum ui_action a)
{
    if (act_screen(s, a))
        return true;
    if (!s->run.tape) {
        ui_say(s, UI_STYLE_WARN, "No lesson is open; L lists them.");
        return false;
    }
    if (a >= UI_DO_VIEW_JOURNEY && a <= UI_DO_VIEW_TERMINAL) {
        s->view = (enum ui_view_name)(a - UI_DO_VIEW_JOURNEY);
        s->comparing = false;
        return true;
    }
    if (act_play(s, a) || act_learn(s, a) ||
        (!s->comparing && views[s->view]->act && views[s->view]->act(s, a)) || ui_move(s, a))
        return true;
    ui_say(s, UI_STYLE_DIM, "%s: nothing to do in the view %s.", ui_action_row(a)->word,
           views[s->view]->name);
    return false;
}

/* ---- events ----------------------------------------------------------------------------------------------
 */

static void key(struct ui_screen *s, uint32_t k)
{
    char buf[12];
    s->last_key = k;
    s->last_action = UI_DO_NOTHING;
    if (s->run.tape && s->question.open && ui_question_key(s, k))
        return;
    if (s->run.tape && !s->comparing && views[s->view]->type && views[s->view]->type(s, k))
        return;
    if (k >= '1' && k < '1' + UI_VIEW_COUNT)
        s->last_action = (enum ui_action)(UI_DO_VIEW_JOURNEY + (int)(k - '1'));
    else
        s->last_action = ui_action_of_key(k);
    if (s->last_action == UI_DO_NOTHING)
        ui_say(s, UI_STYLE_WARN, "%s means nothing here; ? tells what the keys do.", ui_key_text(k, buf));
    else
        ui_act(s, s->last_action);
}

static void tick(struct ui_screen *s, uint64_t ms)
{
    if (!s->playing || !s->run.tape)
        return;
    s->waited_ms += ms;
    while (s->playing && s->waited_ms >= speeds[s->speed].step_ms) {
        uint32_t next = tape_after(tape_stops(s->run.tape, s->grain), s->place);
        s->waited_ms -= speeds[s->speed].step_ms;
        ui_go(s, next ? next : tape_last(s->run.tape));
        s->after |= UI_AFTER_DRAW;
        if (!next || !tape_after(tape_stops(s->run.tape, s->grain), s->place)) {
            s->playing = false;
            ui_say(s, UI_STYLE_TEXT, "This is the end of the run.");
        }
    }
}

static void mouse(struct ui_screen *s, const struct ui_event *e)
{
    if (e->row == s->rows - 3 && !e->wheel && s->run.tape) { /* the scrub bar */
        const struct tape_list *stops = tape_stops(s->run.tape, s->grain);
        int from = 12, width = s->cols - 26;
        if (e->col >= from && e->col < from + width && stops->n > 0) {
            size_t at = (size_t)(e->col - from) * stops->n / (size_t)width;
            ui_go(s, at == 0 ? 0 : stops->seq[at < stops->n ? at : stops->n - 1]);
        }
    } else if (e->row == s->rows - 1 && !e->wheel && s->run.tape) {
        int col = 1;
        for (int v = 0; v < UI_VIEW_COUNT; v++) {
            int width = (int)strlen(views[v]->name) + 3;
            if (e->col >= col && e->col < col + width)
                s->view = (enum ui_view_name)v;
            col += width;
        }
    } else if (s->run.tape && e->row >= s->room.row && e->row < s->room.row + s->room.rows &&
               views[s->view]->mouse) {
        views[s->view]->mouse(s, e->row - s->room.row, e->col - s->room.col, e->wheel);
    }
}

unsigned ui_screen_event(struct ui_screen *s, const struct ui_event *e)
{
    s->after = e->kind == UI_EVENT_TICK ? 0 : UI_AFTER_DRAW;
    if (e->kind == UI_EVENT_SIZE) {
        s->rows = e->row < 1 ? 1 : e->row > 1000 ? 1000 : e->row;
        s->cols = e->col < 1 ? 1 : e->col > 1000 ? 1000 : e->col;
        return s->after;
    }
    if (e->kind == UI_EVENT_TICK) {
        tick(s, e->ms);
        return s->after;
    }
    s->said[0] = '\0';
    if (s->rows < UI_MIN_ROWS ||
        s->cols < UI_MIN_COLS) { /* nothing can be read, so nothing is done but leaving */
        if (e->kind == UI_EVENT_KEY && e->key == 'q')
            quit(s);
        return s->after;
    }
    if (ui_panel_event(s, e)) {
        s->last_key = e->kind == UI_EVENT_KEY ? e->key : 0;
        s->last_action = UI_DO_NOTHING;
    } else if (e->kind == UI_EVENT_KEY) {
        key(s, e->key);
    } else {
        mouse(s, e);
    }
    if (!s->run.tape && s->panel.kind == UI_PANEL_NONE &&
        !(s->after & UI_AFTER_QUIT)) { /* the list was left */
        if (e->kind == UI_EVENT_KEY && e->key == UI_KEY_ESC)
            quit(s);
        else
            ui_lessons_open(s);
    }
    return s->after;
}

unsigned ui_screen_key(struct ui_screen *s, uint32_t k)
{
    return ui_screen_event(s, &(struct ui_event){ .kind = UI_EVENT_KEY, .key = k });
}

/* ---- drawing ---------------------------------------------------------------------------------------------
 */

static void draw_header(struct ui_screen *s, struct ui_canvas *c)
{
    static const char *const grains[] = { "phase", "line", "packet" };
    char when[24], right[160], words[300];
    size_t at = 0, of = 0;
    ui_fill(c, (struct ui_rect){ 0, 0, 1, c->cols }, UI_STYLE_BAR, ' ');
    if (!s->run.tape) {
        ui_put(c, 0, 1, c->cols - 2, UI_STYLE_BAR, "mailwalk");
        return;
    }
    ui_steps(s, &at, &of);
    ui_clock(tape_time(s->run.tape, s->place), when);
    snprintf(right, sizeof right, "step %zu of %zu - %s   %s   %s %s", at, of, grains[s->grain], when,
             s->playing ? "playing" : "paused", speeds[s->speed].text);
    if (s->run.nchanges && s->original.tape)
        ui_putf(c, 0, 1, c->cols - (int)strlen(right) - 4, UI_STYLE_BAR, "%s  CHANGED: %s", s->scenario,
                ui_change_words(s->run.change[s->run.nchanges - 1], words, sizeof words));
    else
        ui_put(c, 0, 1, c->cols - (int)strlen(right) - 4, UI_STYLE_BAR, s->scenario);
    ui_put(c, 0, c->cols - (int)strlen(right) - 1, (int)strlen(right), UI_STYLE_BAR, right);
}

/* The whole run from left to right, a column for so many steps; failures marked. */
static void draw_scrub(struct ui_screen *s, struct ui_canvas *c, int row)
{
    const struct tape_list *stops = tape_stops(s->run.tape, s->grain), *errors = tape_errors(s->run.tape);
    int from = 12, width = c->cols - 26, here;
    char when[24];
    size_t at, of;
    ui_steps(s, &at, &of);
    here = of ? (int)(at * (size_t)(width - 1) / of) : 0;
    ui_put_right(c, row, 0, from - 2, UI_STYLE_DIM, ui_clock(0, when));
    ui_line_across(c, row, from, width, UI_STYLE_DIM, UI_MARK_RULE);
    ui_mark(c, row, from - 1, UI_STYLE_DIM, UI_MARK_TEE_LEFT);
    ui_mark(c, row, from + width, UI_STYLE_DIM, UI_MARK_TEE_RIGHT);
    for (int col = 0; col < width && stops->n;
         col++) { /* a failure between this column's steps and the next's */
        size_t first = (size_t)col * stops->n / (size_t)width,
               last = (size_t)(col + 1) * stops->n / (size_t)width;
        uint32_t a = stops->seq[first], b = last < stops->n ? stops->seq[last] : tape_last(s->run.tape) + 1;
        uint32_t bad = tape_after(errors, a - 1);
        if (bad && bad < b && (!s->questions || bad <= s->place)) /* the future is not given away */
            ui_mark(c, row, from + col, UI_STYLE_BAD, UI_MARK_FAIL);
    }
    ui_mark(c, row, from + here, UI_STYLE_STRONG, UI_MARK_HERE);
    ui_put(c, row, from + width + 2, 12, UI_STYLE_DIM, ui_clock(tape_end_ns(s->run.tape), when));
}

/* As many of the hints as fit, each of them whole: two spaces stand between them. */
static void draw_hints(struct ui_canvas *c, int row, int room, const char *hints)
{
    size_t fits = 0;
    for (size_t n = 0; hints[n] && n <= (size_t)room;) {
        const char *gap = strstr(hints + n, "  ");
        size_t end = gap ? (size_t)(gap - hints) : strlen(hints);
        if (end <= (size_t)room)
            fits = end;
        n = end + strspn(hints + end, " ");
    }
    ui_put_text(c, row, 1, room, UI_STYLE_DIM, hints, fits);
}

static void draw_bottom(struct ui_screen *s, struct ui_canvas *c)
{
    int row = c->rows - 1, col = 1, room = c->cols - 2;
    char key_text[12], echo[64] = "";
    if (s->run.tape)
        draw_scrub(s, c, row - 2);
    if (s->last_key && s->panel.kind == UI_PANEL_NONE) {
        snprintf(echo, sizeof echo, "%s%s%s", ui_key_text(s->last_key, key_text), s->last_action ? ": " : "",
                 s->last_action ? ui_action_row(s->last_action)->word : "");
        room -= (int)strlen(echo) + 2;
        ui_put(c, row - 1, c->cols - (int)strlen(echo) - 1, (int)strlen(echo), UI_STYLE_DIM, echo);
    }
    if (s->said[0])
        ui_put_text(c, row - 1, 1, room, s->said_style, s->said, strlen(s->said));
    else if (s->run.tape && s->panel.kind == UI_PANEL_NONE)
        draw_hints(c, row - 1, room,
                   views[s->view]->hint
                       ? views[s->view]->hint
                       : "n on  p back  space play  g grain  w why  x what if  / find  ? help");
    ui_fill(c, (struct ui_rect){ row, 0, 1, c->cols }, UI_STYLE_BAR, ' ');
    for (int v = 0; v < UI_VIEW_COUNT && s->run.tape; v++) {
        enum ui_style style = v == (int)s->view ? UI_STYLE_SELECTED : UI_STYLE_BAR;
        col += ui_putf(c, row, col, c->cols - col, style, "%s%d %s", v == (int)s->view ? "*" : " ", v + 1,
                       views[v]->name);
        col++;
    }
    if (c->cols - col > 40)
        ui_put(c, row, col + 2, c->cols - col - 2, UI_STYLE_BAR,
               "n p step  w why  x what if  ? help  q quit");
}

static void draw_small(struct ui_screen *s, struct ui_canvas *c)
{
    ui_putf(c, 0, 0, c->cols, UI_STYLE_STRONG, "Too small: %dx%d.", s->cols, s->rows);
    ui_putf(c, 1, 0, c->cols, UI_STYLE_TEXT, "It needs %dx%d.", UI_MIN_COLS, UI_MIN_ROWS);
    ui_put(c, 2, 0, c->cols, UI_STYLE_TEXT, "Nothing is lost.");
    ui_put(c, 3, 0, c->cols, UI_STYLE_TEXT, "q leaves.");
}

void ui_screen_draw(struct ui_screen *s, struct ui_canvas *c)
{
    int question;
    c->ascii = s->ascii;
    ui_canvas_size(c, s->rows, s->cols);
    if (s->rows < UI_MIN_ROWS || s->cols < UI_MIN_COLS) {
        draw_small(s, c);
        return;
    }
    draw_header(s, c);
    if (s->run.tape) {
        question = s->question.open ? ui_question_rows(s) : 0;
        s->room = (struct ui_rect){ 1, 0, c->rows - 4 - question, c->cols };
        if (s->comparing)
            ui_compare_draw(s, c, s->room);
        else
            views[s->view]->draw(s, c, s->room);
        if (question)
            ui_question_draw(s, c, (struct ui_rect){ s->room.row + s->room.rows, 0, question, c->cols });
    }
    draw_bottom(s, c);
    ui_panel_draw(s, c);
}

const char *ui_screen_left(const struct ui_screen *s, char *buf, size_t cap)
{
    char when[24], score[60] = "";
    size_t at = 0, of = 0;
    if (!s->run.tape) {
        snprintf(buf, cap, "Left mailwalk.");
        return buf;
    }
    ui_steps(s, &at, &of);
    if (s->asked)
        snprintf(score, sizeof score, " %u of %u questions were answered right.", s->right, s->asked);
    snprintf(buf, cap, "Left %s at step %zu of %zu, %s.%s", s->scenario, at, of,
             ui_clock(tape_time(s->run.tape, s->place), when), score);
    return buf;
}

const char *ui_screen_copied(const struct ui_screen *s)
{
    return s->copied ? s->copied : "";
}

enum ui_theme ui_screen_theme(const struct ui_screen *s)
{
    return s->theme;
}

bool ui_screen_playing(const struct ui_screen *s)
{
    return s->playing;
}

uint32_t ui_screen_place(const struct ui_screen *s)
{
    return s->place;
}

const struct tape *ui_screen_tape(const struct ui_screen *s)
{
    return s->run.tape;
}
