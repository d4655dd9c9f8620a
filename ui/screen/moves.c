/* Through the run: steps forwards and back, jumps, search. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/ascii.h"
#include "ui/screen/view.h"

static const char *const grain_names[TAPE_GRAINS] = { "phase", "line", "packet" };

void ui_go(struct ui_screen *s, uint32_t place)
{
    const struct ui_view *const views[] = { &ui_view_journey, &ui_view_ladder,  &ui_view_packet,
                                            &ui_view_hosts,   &ui_view_message, &ui_view_grid,
                                            &ui_view_terminal };
    uint32_t last = s->run.tape ? tape_last(s->run.tape) : 0;
    s->place = place < last ? place : last;
    s->question.open = false;
    for (int v = 0; v < UI_VIEW_COUNT; v++)
        if (views[v]->moved)
            views[v]->moved(s);
}

void ui_steps(const struct ui_screen *s, size_t *at, size_t *of)
{
    const struct tape_list *stops = tape_stops(s->run.tape, s->grain);
    *at = (size_t)(tape_find(stops, s->place) + 1);
    *of = stops->n;
}

static void go_or_say(struct ui_screen *s, uint32_t place, const char *nothing)
{
    if (place)
        ui_go(s, place);
    else
        ui_say(s, UI_STYLE_WARN, "%s", nothing);
}

/* One step on: with questions, the first press asks and the second one goes. */
static void step(struct ui_screen *s)
{
    uint32_t next = tape_after(tape_stops(s->run.tape, s->grain), s->place);
    if (next == 0) {
        if (s->place < tape_last(s->run.tape))
            ui_go(s, tape_last(s->run.tape));
        s->playing = false;
        ui_say(s, UI_STYLE_WARN, "This is the end of the run.");
        return;
    }
    if (s->questions && !s->playing && ui_question_before(s, next))
        return;
    ui_go(s, next);
}

static void back(struct ui_screen *s)
{
    uint32_t before = tape_before(tape_stops(s->run.tape, s->grain), s->place);
    if (s->place == 0)
        ui_say(s, UI_STYLE_WARN, "This is the start of the run.");
    else
        ui_go(s, before);
}

/* ---- a time ---- */

/* "1.5s", "250ms", "2m", "4h", "5d", "75": seconds where no unit is said. */
static bool parse_time(const char *text, uint64_t *out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = { { "", 1e9 },   { "s", 1e9 },    { "ms", 1e6 },   { "us", 1e3 },
                  { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 } };
    char *end;
    double n = strtod(text, &end);
    while (*end == ' ')
        end++;
    if (end == text || !(n >= 0) || n > 1e9)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0 && n * units[i].ns < 4e18) {
            *out = (uint64_t)(n * units[i].ns);
            return true;
        }
    return false;
}

static void time_given(struct ui_screen *s, const char *text)
{
    uint64_t t_ns;
    if (!parse_time(text, &t_ns))
        ui_say(s, UI_STYLE_BAD, "\"%s\" is no time; allowed are 1.5s, 250ms, 2m, 4h, 5d.", text);
    else {
        uint64_t end_ns = tape_time(s->run.tape, tape_last(s->run.tape));
        char when[24];
        ui_go(s, tape_at_time(s->run.tape, t_ns));
        if (t_ns > end_ns)
            ui_say(s, UI_STYLE_WARN, "The run ends at %s.", ui_clock(end_ns, when));
    }
}

/* ---- a host's next event ---- */

static void next_of_host(struct ui_screen *s)
{
    uint32_t next;
    if (s->host == 0) {
        ui_say(s, UI_STYLE_WARN, "No host is chosen; H chooses one.");
        return;
    }
    next = tape_after(tape_of_host(s->run.tape, s->host), s->place);
    if (next)
        ui_go(s, next);
    else
        ui_say(s, UI_STYLE_WARN, "Nothing more happens on %s.", tape_host(s->run.tape, s->host));
}

static void host_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    (void)index;
    s->host = number;
    ui_say(s, UI_STYLE_TEXT, "%s is chosen: h goes to its next event.", tape_host(s->run.tape, number));
}

static void choose_host(struct ui_screen *s)
{
    const struct trace_opening *o = tape_opening(s->run.tape);
    struct ui_items items = { 0 };
    for (size_t i = 0; o && i < o->nhosts; i++)
        ui_items_add(&items, (uint32_t)i + 1, "%-16s %s (%s)", o->hosts[i].name, o->hosts[i].label,
                     o->hosts[i].role);
    ui_panel_list(s, "Which host?", items.item, items.number, items.n, host_chosen);
    if (s->host)
        s->panel.chosen = s->host - 1;
}

/* ---- search ---- */

static bool has(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; text && i + n <= len; i++) {
        size_t k = 0;
        while (k < n && wire_to_lower(text[i + k]) == wire_to_lower(word[k]))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static bool hit(const struct ui_screen *s, uint32_t seq)
{
    struct trace_record r;
    char line[1024];
    if (!tape_get(s->run.tape, seq, &r) || trace_kind_level(r.kind) == TRACE_PACKET)
        return false;
    ui_record_text(s->run.tape, &r, line, sizeof line);
    return has(line, strlen(line), s->find) || (r.text && has(r.text, r.text_len, s->find)) ||
           (r.title && has(r.title, strlen(r.title), s->find));
}

static void search(struct ui_screen *s, int direction)
{
    uint32_t last = tape_last(s->run.tape);
    if (!s->find[0]) {
        ui_say(s, UI_STYLE_WARN, "Nothing was searched for; / asks for words.");
        return;
    }
    for (uint32_t seq = s->place + (direction > 0); direction > 0 ? seq <= last : seq > 1;
         seq += direction > 0 ? 1 : 0) {
        if (direction < 0)
            seq--;
        if (seq != s->place && hit(s, seq)) {
            ui_go(s, seq);
            return;
        }
    }
    ui_say(s, UI_STYLE_WARN, "\"%s\" is not %s.", s->find,
           direction > 0 ? "found from here on" : "found before");
}

static void words_given(struct ui_screen *s, const char *text)
{
    if (*text)
        snprintf(s->find, sizeof s->find, "%s", text);
    search(s, 1);
}

bool ui_move(struct ui_screen *s, enum ui_action action)
{
    struct tape *t = s->run.tape;
    bool playing = s->playing;
    s->playing = false;
    switch (action) {
    case UI_DO_STEP:
        step(s);
        return true;
    case UI_DO_BACK:
        back(s);
        return true;
    case UI_DO_START:
        ui_go(s, 0);
        return true;
    case UI_DO_FINISH:
        ui_go(s, tape_last(t));
        return true;
    case UI_DO_NEXT_PHASE:
        go_or_say(s, tape_after(tape_phases(t), s->place), "No phase comes after this.");
        return true;
    case UI_DO_PREVIOUS_PHASE:
        ui_go(s, tape_before(tape_phases(t), s->place));
        return true;
    case UI_DO_NEXT_ERROR:
        go_or_say(s, tape_after(tape_errors(t), s->place), "Nothing goes wrong after this.");
        return true;
    case UI_DO_PREVIOUS_ERROR:
        go_or_say(s, tape_before(tape_errors(t), s->place), "Nothing went wrong before this.");
        return true;
    case UI_DO_GO_TIME:
        ui_panel_prompt(s, "Go to which time? (1.5s, 250ms, 2m, 4h, 5d)", "", time_given, NULL);
        return true;
    case UI_DO_NEXT_OF_HOST:
        next_of_host(s);
        return true;
    case UI_DO_HOST:
        choose_host(s);
        return true;
    case UI_DO_FIND:
        ui_panel_prompt(s,
                        s->find[0] ? "Find which words? (none: those of the last time)" : "Find which words?",
                        "", words_given, NULL);
        return true;
    case UI_DO_NEXT_HIT:
        search(s, 1);
        return true;
    case UI_DO_PREVIOUS_HIT:
        search(s, -1);
        return true;
    case UI_DO_GRAIN:
        s->grain = (enum tape_grain)((s->grain + 1) % TAPE_GRAINS);
        s->question.open = false;
        ui_say(s, UI_STYLE_TEXT, "A step is a %s now.", grain_names[s->grain]);
        return true;
    default:
        s->playing = playing;
        return false;
    }
}
