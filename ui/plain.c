#include "ui/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/wire/ascii.h"
#include "protocols/wire/utf8.h"
#include "ui/screen/exam.h"
#include "ui/screen/view.h"
#include "ui/tape/record.h"

#define LINE_MAX_OCTETS 1024
#define COLUMNS         76
#define VIEW_ROWS       40
#define LADDER_LINES    12
#define FILTER_FROM     20 /* a list this long is told in parts */

/* What views draw with, in Unicode: box drawing, blocks, geometric shapes. */
#define DRAWING_FIRST 0x2500
#define DRAWING_LAST  0x25ff
#define MARK_BULLET   0x2022
#define MARK_FAILED   0x2717

struct plain {
    struct ui_screen *s;
    FILE *in, *out;
    bool ascii, ended;
    uint32_t told; /* the place that was told last */
    bool told_any;
    bool at_keyboard;  /* lines go to the terminal of the view */
    struct tape *tape; /* the run it was told of */
    char line[LINE_MAX_OCTETS];
};

/* ---- telling ---------------------------------------------------------------------------------------------
 */

/* Text of anybody, broken into rows, each behind `indent` spaces. */
static void put(struct plain *p, int indent, const char *text)
{
    struct ui_canvas c = { .ascii = p->ascii };
    size_t len = strlen(text);
    int rows = ui_wrap_rows(text, len, COLUMNS - indent, p->ascii);
    char row[COLUMNS * 4 + 8];
    if (rows == 0)
        return;
    ui_canvas_size(&c, rows, COLUMNS);
    ui_wrap(&c, (struct ui_rect){ 0, indent, rows, COLUMNS - indent }, 0, UI_STYLE_TEXT, text, len);
    for (int i = 0; i < rows; i++) {
        ui_canvas_row(&c, i, row, sizeof row);
        fprintf(p->out, "%s\n", row);
    }
    ui_canvas_free(&c);
}

static const char *says(const struct trace_record *r)
{
    switch (r->kind) {
    case TRACE_KIND_QUERY:
        return "asks";
    case TRACE_KIND_ANSWER:
    case TRACE_KIND_REPLY:
        return "answers";
    case TRACE_KIND_CONTENT:
        return "sends a line of the message to";
    case TRACE_KIND_COMMAND:
        return "says to";
    case TRACE_KIND_SENT:
        return "sends a packet to";
    case TRACE_KIND_DELIVERED:
        return "receives a packet from";
    case TRACE_KIND_FORWARDED:
        return "passes on a packet to";
    case TRACE_KIND_DROPPED:
        return "loses a packet to";
    default:
        return "";
    }
}

static void put_alternatives(struct plain *p, const struct trace_record *r)
{
    struct ui_alternative other[24];
    char asked[512], said[160], text[600] = "";
    size_t len = ui_asked(p->s->run.tape, r, asked, sizeof asked), n;
    if (!p->s->program->replies || (r->kind != TRACE_KIND_COMMAND && r->kind != TRACE_KIND_REPLY) || len == 0)
        return;
    n = p->s->program->replies(p->s->program->ctx, r->proto, asked, len, other, 24);
    ui_record_text(p->s->run.tape, r, said, sizeof said);
    for (size_t i = 0, shown = 0; i < n && shown < 3; i++)
        if (!other[i].good && strncmp(other[i].text, said, 3) != 0) {
            size_t at = strlen(text);
            snprintf(text + at, sizeof text - at, "%s%.119s", shown++ ? "; " : "If not: ", other[i].text);
        }
    put(p, 0, text);
}

static void tell_start(struct plain *p)
{
    const struct trace_opening *o = tape_opening(p->s->run.tape);
    if (!o)
        return;
    put(p, 0, o->title ? o->title : "");
    fputs("What there is to learn:\n", p->out);
    for (size_t i = 0; i < o->nteaches; i++)
        put(p, 2, o->teaches[i]);
}

static void tell(struct plain *p)
{
    struct ui_screen *s = p->s;
    struct trace_record r;
    struct ui_words w;
    char text[1024], when[24], both[1700];
    const char *exam;
    size_t at, of;
    ui_steps(s, &at, &of);
    if (!tape_get(s->run.tape, s->place, &r)) {
        tell_start(p);
        return;
    }
    fprintf(p->out, "Step %zu of %zu, at %s.", at, of, ui_clock(r.t_ns, when));
    if (record_lost_at_goal(&r))
        fprintf(p->out, " A packet is lost at %s:", tape_host(s->run.tape, r.host));
    else if (*says(&r) && r.peer)
        fprintf(p->out, " %s %s %s%s:", tape_host(s->run.tape, r.host), says(&r),
                tape_host(s->run.tape, r.peer), trace_attr_get(&r, "sealed") ? ", inside TLS" : "");
    else if (r.host)
        fprintf(p->out, " On %s:", tape_host(s->run.tape, r.host));
    fputc('\n', p->out);
    if (tape_is_bad(&r))
        fputs("  Something went wrong:\n", p->out);
    ui_record_text(s->run.tape, &r, text, sizeof text);
    put(p, 4, text);
    ui_record_words(s->run.tape, &r, &w);
    snprintf(both, sizeof both, "%s%s%s%s%s%s", w.title, w.title[0] && w.lesson[0] ? ". " : "", w.lesson,
             w.section[0] ? " (" : "", w.section, w.section[0] ? ")" : "");
    put(p, 0, both);
    if (trace_attr_get(&r, "overheard")) {
        snprintf(both, sizeof both, "On the wire: %s.", trace_attr_get(&r, "overheard"));
        put(p, 0, both);
    }
    put_alternatives(p, &r);
    exam = ui_exam_note(&r);
    if (exam) {
        snprintf(both, sizeof both, "Exam: %s", exam);
        put(p, 0, both);
    }
}

static void tell_question(struct plain *p)
{
    const struct ui_question *q = &p->s->question;
    char text[700];
    if (q->answered) {
        snprintf(text, sizeof text, "%s %u, %s. %s",
                 q->taken == q->right ? "Right:" : "Not this time. What comes is", q->right + 1,
                 q->choice[q->right], q->why[q->right]);
        put(p, 0, text);
        if (q->taken != q->right) {
            snprintf(text, sizeof text, "%u would have meant: %.399s", q->taken + 1, q->why[q->taken]);
            put(p, 0, text);
        }
        fprintf(p->out, "%u of %u right so far.\n", p->s->right, p->s->asked);
        return;
    }
    put(p, 0, q->ask);
    for (unsigned i = 0; i < q->nchoices; i++) {
        snprintf(text, sizeof text, "%u  %s", i + 1, q->choice[i]);
        put(p, 2, text);
    }
}

/* ---- the other views -------------------------------------------------------------------------------------
 */

/* Frames, arrows and marks are noise for somebody who listens; a mark of failure is told by a word. */
static void without_drawing(const char *row, char *buf, size_t cap)
{
    size_t n = 0, len = strlen(row), used;
    uint32_t ch;
    for (; *row && n + 16 < cap; row += used, len -= used) {
        used = wire_utf8_decode(row, len, &ch);
        if (used == 0)
            break;
        if (ch == MARK_FAILED) {
            n += (size_t)snprintf(buf + n, cap - n, "FAILED ");
        } else if (ch == ' ' || (ch >= DRAWING_FIRST && ch <= DRAWING_LAST) || ch == MARK_BULLET) {
            if (n > 0 && (n < 2 || buf[n - 1] != ' ' || buf[n - 2] != ' '))
                buf[n++] = ' ';
        } else {
            memcpy(buf + n, row, used);
            n += used;
        }
    }
    while (n > 0 && buf[n - 1] == ' ')
        n--;
    buf[n] = '\0';
}

/* A view as text, once. */
static void tell_rows(struct plain *p)
{
    struct ui_canvas c = { 0 };
    char row[UI_MIN_COLS * 4 + 8], said[UI_MIN_COLS * 8];
    struct ui_screen *s = p->s;
    ui_screen_event(s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = VIEW_ROWS, .col = UI_MIN_COLS });
    s->ascii = false; /* what is drawn is taken out again */
    ui_screen_draw(s, &c);
    s->ascii = p->ascii;
    for (int i = s->room.row; i < s->room.row + s->room.rows && i < c.rows; i++)
        if (ui_canvas_row(&c, i, row, sizeof row)) {
            without_drawing(row, said, sizeof said);
            if (p->at_keyboard && strncmp(said, "Tab: ", 5) == 0)
                memcpy(said, "Try: ", 5); /* there is no Tab here */
            put(p, 0, said);
        }
    ui_canvas_free(&c);
}

/* The ladder: who said what to whom, the last lines up to here. */
static void tell_ladder(struct plain *p)
{
    const struct tape *t = p->s->run.tape;
    const struct tape_list *lines = tape_lines(t);
    ptrdiff_t here = tape_find(lines, p->s->place),
              first = here + 1 > LADDER_LINES ? here + 1 - LADDER_LINES : 0;
    struct trace_record r;
    char words[1024], text[1200], when[24];
    if (here < 0) {
        fputs("Nothing has been said yet.\n", p->out);
        return;
    }
    fprintf(p->out, "Who said what to whom. Lines %td to %td:\n", first + 1, here + 1);
    for (ptrdiff_t i = first; i <= here; i++)
        if (tape_get(t, lines->seq[i], &r)) {
            ui_record_text(t, &r, words, sizeof words);
            snprintf(text, sizeof text, "%s %s %s %s: %s", ui_clock(r.t_ns, when), tape_host(t, r.host),
                     *says(&r) ? says(&r) : "to", r.peer ? tape_host(t, r.peer) : "all", words);
            put(p, 2, text);
        }
}

static void tell_view(struct plain *p)
{
    static const char *const names[UI_VIEW_COUNT] = { "Journey", "Ladder", "Packet",  "Hosts",
                                                      "Message", "Grid",   "Terminal" };
    struct ui_screen *s = p->s;
    fprintf(p->out, "View %s. 1 goes back to the Journey.\n", names[s->view]);
    switch (s->view) {
    case UI_VIEW_JOURNEY:
        tell(p);
        break;
    case UI_VIEW_LADDER:
        tell_ladder(p);
        break;
    case UI_VIEW_TERMINAL:
        p->at_keyboard = true;
        ui_act(s, UI_DO_OPEN);
        s->said[0] = '\0';
        tell_rows(p);
        break;
    default:
        tell_rows(p);
    }
}

/* ---- asking ----------------------------------------------------------------------------------------------
 */

/* False: the input has ended. */
static bool ask(struct plain *p, const char *prompt)
{
    size_t len;
    fprintf(p->out, "%s ", prompt);
    if (fflush(p->out) != 0 || !fgets(p->line, sizeof p->line, p->in)) {
        p->ended = true;
        fputc('\n', p->out);
        return false;
    }
    len = strlen(p->line);
    while (len > 0 && (p->line[len - 1] == '\n' || p->line[len - 1] == '\r'))
        p->line[--len] = '\0';
    if (!isatty(fileno(p->in))) /* nobody's Enter has ended the row */
        fputc('\n', p->out);
    return true;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word), k;
    for (; *text; text++) {
        for (k = 0; k < n && text[k] && wire_to_lower(text[k]) == wire_to_lower(word[k]); k++)
            ;
        if (k == n)
            return true;
    }
    return n == 0;
}

/* The items with this word in them, at most `most`; the number of the others is told. Returns how many. */
static size_t tell_items(struct plain *p, const char *word, size_t most)
{
    const struct ui_panel *panel = &p->s->panel;
    char text[1100], said[1050];
    size_t found = 0;
    for (size_t i = 0; i < panel->nitems; i++) {
        if (!has_word(panel->item[i], word) || found++ >= most)
            continue;
        without_drawing(panel->item[i], said, sizeof said);
        snprintf(text, sizeof text, "%zu  %s", i + 1, said);
        put(p, 2, text);
    }
    if (found > most)
        fprintf(p->out, "  and %zu more. A word tells those that have it; all tells all.\n", found - most);
    return found;
}

/* False: the line was a word, and what has it was told. */
static bool take_item(struct plain *p)
{
    struct ui_panel *panel = &p->s->panel;
    char *end;
    unsigned long n = strtoul(p->line, &end, 10);
    if (p->line[0] == '\0') {
        ui_screen_key(p->s, UI_KEY_ESC);
        return true;
    }
    if (*end == '\0' && n >= 1 && n <= panel->nitems) {
        panel->chosen = n - 1;
        ui_screen_key(p->s, UI_KEY_ENTER);
        return true;
    }
    if (*end == '\0')
        fprintf(p->out, "There are the numbers 1 to %zu.\n", panel->nitems);
    else if (tell_items(p, strcmp(p->line, "all") == 0 ? "" : p->line, SIZE_MAX) == 0)
        fputs("Nothing in the list has this word.\n", p->out);
    return false;
}

static void list_panel(struct plain *p)
{
    struct ui_panel *panel = &p->s->panel;
    bool begun = p->s->run.tape != NULL; /* else nothing is left to go back to */
    put(p, 0, panel->title);
    tell_items(p, "", begun ? FILTER_FROM : SIZE_MAX);
    do {
        if (!ask(p, begun ? "Which number, or a word of it? (Enter leaves)"
                          : "Which number? (Enter takes 1, q leaves mailwalk)"))
            return;
        if (p->line[0] == '\0' && !begun)
            strcpy(p->line, "1");
        if (p->line[0] == 'q' && !begun) {
            p->ended = true;
            return;
        }
    } while (!take_item(p));
}

static void prompt_panel(struct plain *p)
{
    struct ui_panel *panel = &p->s->panel;
    bool refused = panel->note[0] != '\0';
    char text[220];
    put(p, 0, panel->note);
    snprintf(text, sizeof text, panel->input[0] ? "%.100s [%.60s]%s" : "%.100s%.60s%s", panel->title,
             panel->input, refused ? " (an empty line leaves)" : "");
    if (!ask(p, text))
        return;
    if (!p->line[0] && refused) { /* the same again would be refused again */
        ui_screen_key(p->s, UI_KEY_ESC);
        return;
    }
    if (p->line[0]) {
        snprintf(panel->input, sizeof panel->input, "%.*s", UI_PROMPT_MAX - 1, p->line);
        panel->caret = strlen(panel->input);
    }
    ui_screen_key(p->s, UI_KEY_ENTER);
}

static void serve_panels(struct plain *p)
{
    while (!p->ended && p->s->panel.kind != UI_PANEL_NONE) {
        switch (p->s->panel.kind) {
        case UI_PANEL_PAGE:
            put(p, 0, p->s->panel.title);
            put(p, 0, p->s->panel.text ? p->s->panel.text : "");
            ui_panel_close(p->s);
            break;
        case UI_PANEL_LIST:
            list_panel(p);
            break;
        default:
            prompt_panel(p);
        }
        if (p->s->said[0])
            put(p, 0, p->s->said);
    }
}

static unsigned do_line(struct plain *p)
{
    struct ui_screen *s = p->s;
    const char *line = p->line;
    uint32_t ch;
    size_t n = wire_utf8_decode(line, strlen(line), &ch);
    enum ui_action a = UI_DO_NOTHING;
    unsigned after;
    if (line[0] == '\0')
        return ui_screen_key(s, s->question.open ? UI_KEY_ENTER : 'n');
    if (n > 0 && line[n] == '\0') {
        a = ui_action_of_key(ch);
        after = ui_screen_key(s, ch);
        if (ch >= '1' && ch <= '9' && !s->question.open)
            tell_view(p);
        return after;
    }
    a = ui_action_named(line[0] == ':' ? line + 1 : line);
    if (a == UI_DO_NOTHING) {
        fprintf(p->out, "That is no action; ? lists them all.\n");
        return 0;
    }
    s->after = 0;
    s->said[0] = '\0';
    ui_act(s, a);
    if (a >= UI_DO_VIEW_JOURNEY && a <= UI_DO_VIEW_TERMINAL)
        tell_view(p);
    return s->after;
}

/* A line for the terminal of the view: as its keys, then Enter. */
static void type_line(struct plain *p)
{
    struct ui_screen *s = p->s;
    const char *at = p->line;
    uint32_t ch;
    size_t used;
    if (!ask(p, "What do you type? (help tells all; an empty line leaves the keyboard)"))
        return;
    if (p->line[0] == '\0') {
        ui_screen_key(s, UI_KEY_ESC);
        ui_act(s, UI_DO_VIEW_JOURNEY);
        s->said[0] = '\0';
        p->at_keyboard = false;
        return;
    }
    for (; *at && (used = wire_utf8_decode(at, strlen(at), &ch)) > 0; at += used)
        ui_screen_key(s, ch);
    ui_screen_key(s, UI_KEY_ENTER);
    tell_rows(p);
    p->told = s->place; /* it is on the terminal */
    p->tape = s->run.tape;
}

static void round_of(struct plain *p)
{
    struct ui_screen *s = p->s;
    serve_panels(p);
    if (p->ended || !s->run.tape)
        return;
    if (p->at_keyboard) {
        type_line(p);
        return;
    }
    if (s->place != p->told || !p->told_any || s->run.tape != p->tape) {
        tell(p);
        p->told = s->place;
        p->told_any = true;
        p->tape = s->run.tape;
    }
    if (s->question.open)
        tell_question(p);
    if (!ask(p, s->question.open && !s->question.answered ? "Your answer? (a number; Enter: just show me)"
                : s->place >= tape_last(s->run.tape)
                    ? "The end. (p back, L lessons, q leaves)"
                    : "Enter goes on. (p back, w why, x what if, ? help, q leaves)"))
        return;
    fputc('\n', p->out);
    if (do_line(p) & UI_AFTER_QUIT)
        p->ended = true;
    s->playing = false;
    if (s->said[0] && s->panel.kind == UI_PANEL_NONE)
        put(p, 0, s->said);
}

int ui_plain(const struct ui_program *program, const struct ui_screen_options *options, FILE *in, FILE *out,
             char error[UI_ERROR_MAX])
{
    struct plain p = { .in = in, .out = out, .ascii = options->ascii };
    int failed;
    p.s = ui_screen_new(program, options, error);
    if (!p.s)
        return -1;
    p.s->said[0] = '\0';
    while (!p.ended)
        round_of(&p);
    ui_screen_free(p.s);
    failed = fflush(out) != 0 || ferror(out);
    return failed ? (errno ? errno : EIO) : 0;
}
