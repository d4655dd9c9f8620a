/* Journey: the map, what is happening now and why, the dialogue so far. The view for a class. */
#include <stdio.h>
#include <string.h>

#include "ui/screen/exam.h"
#include "ui/screen/map.h"
#include "ui/screen/view.h"
#include "ui/tape/record.h"

#define MAP_ROWS      6 /* without a frame; more where there is room */
#define MAP_ROWS_TALL 8
#define NOW_ROWS      6
#define DIALOGUE_MIN  2
#define WIDE_COLS     110 /* the phases beside the dialogue from here on */

/* ---- now -------------------------------------------------------------------------------------------------
 */

static void draw_who(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r,
                     const struct trace_record *rec)
{
    char who[96], proto[12] = "";
    const char *name = trace_proto_name(rec->proto);
    int n, left;
    for (size_t i = 0; name[i] && i + 1 < sizeof proto; i++)
        proto[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
    if (record_lost_at_goal(rec))
        n = snprintf(who, sizeof who, "lost at %s  %s", tape_host(s->run.tape, rec->host), proto);
    else if (rec->peer)
        n = snprintf(who, sizeof who, "%s %s %s  %s", tape_host(s->run.tape, record_from(rec)),
                     c->ascii ? "->" : "\xe2\x94\x80\xe2\x96\xb8", tape_host(s->run.tape, record_to(rec)),
                     proto);
    else
        n = snprintf(who, sizeof who, "%s", rec->host ? tape_host(s->run.tape, rec->host) : "");
    left = strstr(who, "\xe2\x94\x80") ? n - 4 : n; /* the arrow takes six octets and two columns */
    if (left > 0 && left < r.cols)
        ui_put(c, r.row, r.col + r.cols - left, left, UI_STYLE_DIM, who);
}

static int who_columns(const struct ui_screen *s, const struct trace_record *rec)
{
    if (trace_kind_level(rec->kind) == TRACE_STATE) /* its sentence names the host */
        return 0;
    return (int)strlen(tape_host(s->run.tape, rec->host)) +
           (rec->peer ? (int)strlen(tape_host(s->run.tape, rec->peer)) + 10 : 0);
}

static void draw_sentence(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r,
                          const struct trace_record *rec)
{
    char text[1024];
    enum ui_style style = ui_record_style(rec);
    int col = r.col, room = r.cols - who_columns(s, rec) - (who_columns(s, rec) ? 4 : 0);
    enum ui_mark mark = tape_is_bad(rec)                            ? UI_MARK_FAIL
                        : trace_kind_level(rec->kind) != TRACE_LINE ? UI_MARK_BULLET
                        : rec->dir == 'S'                           ? UI_MARK_TO_CLIENT
                                                                    : UI_MARK_TO_SERVER;
    const char *sealed = trace_attr_get(rec, "sealed");
    ui_record_text(s->run.tape, rec, text, sizeof text);
    ui_mark(c, r.row, col, style, mark);
    col += 2;
    if (sealed) {
        ui_mark(c, r.row, col, UI_STYLE_SECRET, UI_MARK_LOCK);
        col += 2;
    }
    ui_put_text(c, r.row, col, room - (col - r.col), style == UI_STYLE_TEXT ? UI_STYLE_STRONG : style, text,
                strlen(text));
    if (who_columns(s, rec))
        draw_who(s, c, r, rec);
}

/* "If not": what this step could have been answered instead. */
static bool draw_if_not(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r,
                        const struct trace_record *rec)
{
    struct ui_alternative other[24];
    char asked[512], said[160];
    size_t len, n;
    int col = r.col;
    if (!s->program->replies || (rec->kind != TRACE_KIND_COMMAND && rec->kind != TRACE_KIND_REPLY &&
                                 rec->kind != TRACE_KIND_QUERY && rec->kind != TRACE_KIND_ANSWER))
        return false;
    len = ui_asked(s->run.tape, rec, asked, sizeof asked);
    if (len == 0 && rec->code != 220)
        return false;
    n = s->program->replies(s->program->ctx, rec->proto, asked, len, other, 24);
    ui_record_text(s->run.tape, rec, said, sizeof said);
    for (size_t i = 0, shown = 0; i < n && shown < 3; i++) {
        size_t front = other[i].text[0] >= '2' && other[i].text[0] <= '5' ? 3 : strlen(other[i].text);
        if (other[i].good || strncmp(other[i].text, said, front) == 0 || col + 16 > r.col + r.cols)
            continue;
        if (shown == 0)
            col += ui_put(c, r.row, col, r.cols, UI_STYLE_DIM, "If not  ");
        col += ui_put_text(c, r.row, col, r.col + r.cols - col, UI_STYLE_WARN, other[i].text,
                           strlen(other[i].text)) +
               3;
        shown++;
    }
    return col > r.col;
}

static void draw_now(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    struct trace_record rec;
    struct ui_words w;
    const char *exam;
    int row = r.row, last = r.row + r.rows - 1, used, gap = s->big ? 1 : 0;
    char text[1600];
    if (!tape_get(s->run.tape, s->place, &rec)) {
        ui_start_draw(s, c, r);
        return;
    }
    draw_sentence(s, c, (struct ui_rect){ row, r.col, 1, r.cols }, &rec);
    row += 1 + gap;
    ui_record_words(s->run.tape, &rec, &w);
    exam = ui_exam_note(&rec);
    if (w.section[0] || exam) {
        snprintf(text, sizeof text, "%s%s%s%s", w.section, w.section[0] && exam ? "   " : "",
                 exam ? "Exam: " : "", exam ? exam : "");
        used = ui_wrap_rows(text, strlen(text), r.cols, c->ascii);
        used = used > (s->big ? 4 : 2) ? (s->big ? 4 : 2) : used;
        ui_wrap(c, (struct ui_rect){ last - used + 1, r.col, used, r.cols }, 0, UI_STYLE_DIM, text,
                strlen(text));
        last -= used;
    }
    if (last - row >= 2 && draw_if_not(s, c, (struct ui_rect){ last, r.col, 1, r.cols }, &rec))
        last -= 1 + gap;
    if (trace_attr_get(&rec, "overheard") && last - row >= 2) {
        ui_mark(c, last, r.col, UI_STYLE_SECRET, UI_MARK_LOCK);
        ui_put_text(c, last, r.col + 2, r.cols - 2, UI_STYLE_SECRET, trace_attr_get(&rec, "overheard"),
                    strlen(trace_attr_get(&rec, "overheard")));
        last -= 1 + gap;
    }
    snprintf(text, sizeof text, "%s%s%s", w.title, w.title[0] && w.lesson[0] ? ". " : "", w.lesson);
    ui_wrap(c, (struct ui_rect){ row, r.col, last - row + 1, r.cols }, 0, UI_STYLE_TEXT, text, strlen(text));
}

/* ---- the dialogue ----------------------------------------------------------------------------------------
 */

static void draw_dialogue(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    const struct tape_list *lines = tape_lines(s->run.tape);
    uint32_t conn = s->follow ? s->follow : tape_conn(s->run.tape, s->place);
    const struct tape_list *list = conn ? tape_of_conn(s->run.tape, conn) : lines;
    ptrdiff_t at = tape_find(list, s->place);
    int row = r.row + r.rows - 1;
    for (; at >= 0 && row >= r.row; at--) {
        struct trace_record rec;
        char text[512];
        if (!tape_get(s->run.tape, list->seq[at], &rec) || trace_kind_level(rec.kind) != TRACE_LINE)
            continue;
        ui_record_text(s->run.tape, &rec, text, sizeof text);
        ui_mark(c, row, r.col, ui_record_style(&rec), rec.dir == 'S' ? UI_MARK_TO_CLIENT : UI_MARK_TO_SERVER);
        ui_put_text(c, row, r.col + 2, r.cols - 10, ui_record_style(&rec), text, strlen(text));
        if (rec.seq == s->place) {
            ui_mark(c, row, r.col + r.cols - 6, UI_STYLE_STRONG, UI_MARK_TO_CLIENT);
            ui_put(c, row, r.col + r.cols - 4, 4, UI_STYLE_STRONG, "here");
        }
        row--;
    }
}

/* The steps of the journey up to here, the last one at the bottom. */
static void draw_phases(struct ui_screen *s, struct ui_canvas *c, struct ui_rect r)
{
    const struct tape_list *phases = tape_phases(s->run.tape);
    ptrdiff_t at = tape_find(phases, s->place), last = at;
    for (int row = r.row + r.rows - 1; at >= 0 && row >= r.row; at--, row--) {
        struct trace_record rec;
        char text[512], when[24];
        tape_get(s->run.tape, phases->seq[at], &rec);
        ui_record_text(s->run.tape, &rec, text, sizeof text);
        ui_put_right(c, row, r.col, 10, UI_STYLE_DIM, ui_clock(rec.t_ns, when));
        ui_put_text(c, row, r.col + 12, r.cols - 12, at == last ? UI_STYLE_STRONG : UI_STYLE_TEXT, text,
                    strlen(text));
    }
}

static void draw_talk(struct ui_screen *s, struct ui_canvas *c, struct ui_rect box, struct ui_rect r)
{
    int half = r.cols >= WIDE_COLS ? r.cols * 6 / 10 : r.cols;
    ui_box_rule(c, box, r.row - 1, "dialogue");
    draw_dialogue(s, c, (struct ui_rect){ r.row, r.col, r.rows, half });
    if (half == r.cols)
        return;
    ui_mark(c, r.row - 1, r.col + half, UI_STYLE_FRAME, UI_MARK_TEE_DOWN);
    ui_line_down(c, r.row, r.col + half, r.rows, UI_STYLE_FRAME, UI_MARK_BAR);
    ui_mark(c, r.row + r.rows, r.col + half, UI_STYLE_FRAME, UI_MARK_TEE_UP);
    ui_put(c, r.row - 1, r.col + half + 2, 20, UI_STYLE_TITLE, " the journey so far ");
    draw_phases(s, c, (struct ui_rect){ r.row, r.col + half + 2, r.rows, r.cols - half - 2 });
}

static void draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct ui_rect in = ui_box(c, room, "map");
    int map = in.rows >= 28 ? MAP_ROWS_TALL : in.rows >= 14 ? MAP_ROWS : MAP_ROWS - 1, now = NOW_ROWS, left;
    if (s->big) { /* the explanation in the upper half */
        now = in.rows / 2;
        ui_box(c, room, "now");
        draw_now(s, c, (struct ui_rect){ in.row, in.col + 2, now, in.cols - 4 });
        ui_box_rule(c, room, in.row + now, "map");
        ui_map_draw(s, c, (struct ui_rect){ in.row + now + 1, in.col + 1, in.rows - now - 1, in.cols - 2 });
        return;
    }
    left = in.rows - map - 1;
    if (left >= NOW_ROWS + 1 + DIALOGUE_MIN)
        now = left >= 20 ? NOW_ROWS + 3 : NOW_ROWS;
    else
        now = left;
    ui_map_draw(s, c, (struct ui_rect){ in.row, in.col + 1, map, in.cols - 2 });
    ui_box_rule(c, room, in.row + map, "now");
    draw_now(s, c, (struct ui_rect){ in.row + map + 1, in.col + 1, now, in.cols - 2 });
    left -= now + 1;
    if (left >= DIALOGUE_MIN)
        draw_talk(s, c, room, (struct ui_rect){ in.row + map + now + 2, in.col + 1, left, in.cols - 2 });
}

/* Everything about the present step, on a page: nothing cut, and each other answer with what it would mean.
 */
static void open_whole(struct ui_screen *s)
{
    struct ui_alternative other[12];
    struct trace_record rec;
    struct ui_words w;
    struct ui_text page = { 0 };
    char asked[512], said[1024];
    const char *exam;
    size_t len, n = 0;
    if (!tape_get(s->run.tape, s->place, &rec)) {
        ui_say(s, UI_STYLE_TEXT, "Nothing has happened yet; n is the first step.");
        return;
    }
    ui_record_text(s->run.tape, &rec, said, sizeof said);
    ui_record_words(s->run.tape, &rec, &w);
    ui_text_add(&page, "%s\n\n%s%s%s\n", said, w.title, w.title[0] && w.lesson[0] ? ". " : "", w.lesson);
    if (trace_attr_get(&rec, "overheard"))
        ui_text_add(&page, "On the wire: %s.\n", trace_attr_get(&rec, "overheard"));
    exam = ui_exam_note(&rec);
    if (w.section[0])
        ui_text_add(&page, "\n%s\n", w.section);
    if (exam)
        ui_text_add(&page, "\nExam: %s\n", exam);
    len = ui_asked(s->run.tape, &rec, asked, sizeof asked);
    if (s->program->replies && len &&
        (rec.kind == TRACE_KIND_COMMAND || rec.kind == TRACE_KIND_REPLY || rec.kind == TRACE_KIND_QUERY ||
         rec.kind == TRACE_KIND_ANSWER))
        n = s->program->replies(s->program->ctx, rec.proto, asked, len, other, 12);
    for (size_t i = 0, first = 1; i < n; i++)
        if (!other[i].good && strncmp(other[i].text, said, 3) != 0) {
            ui_text_add(&page, "%s\n%s\n  %s\n", first ? "\nWhat else could have been answered:" : "",
                        other[i].text, other[i].lesson);
            first = 0;
        }
    ui_panel_page(s, "This step", page.text);
}

static bool act(struct ui_screen *s, enum ui_action action)
{
    if (action == UI_DO_FOLLOW) {
        s->follow = s->follow ? 0 : tape_conn(s->run.tape, s->place);
        ui_say(s, UI_STYLE_TEXT, s->follow ? "Following conversation %u." : "All conversations.", s->follow);
        return true;
    }
    if (action == UI_DO_OPEN) {
        open_whole(s);
        return true;
    }
    return false;
}

const struct ui_view ui_view_journey = {
    .name = "Journey",
    .draw = draw,
    .act = act,
    .hint = "n on  p back  space play  Enter more  w why  x what if  ? help",
};
