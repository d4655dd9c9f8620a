/* What if: one setting is changed, the scenario runs again, and the two runs are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen/changes.h"
#include "ui/tape/keep.h"

/* What an item of the list stands for, besides the number of a setting. */
#define ITEM_UNDO  (UINT32_MAX)
#define ITEM_DROP  (UINT32_MAX - 1)
#define ITEM_AGAIN (UINT32_MAX - 2)
#define ITEM_OTHER (UINT32_MAX - 3)
#define WHEN_START 0
#define WHEN_HERE  1
#define CAUSES_MAX 60   /* records walked back for the settings that decided */
#define LOOK_MAX   4000 /* packets looked through for the one that carries a line */

/* ---- the two runs --------------------------------------------------------------------------------------
 */

void ui_what_if_changed(struct ui_screen *s)
{
    compare_free(s->what_if.compare);
    s->what_if.compare = NULL;
}

static void forget_kept(struct ui_screen *s)
{
    for (size_t i = 0; i < s->what_if.nkept; i++)
        free(s->what_if.kept[i]);
    free(s->what_if.kept);
    s->what_if.kept = NULL;
    s->what_if.nkept = 0;
}

void ui_what_if_free(struct ui_screen *s)
{
    ui_what_if_changed(s);
    forget_kept(s);
}

static const struct compare *compare_of(struct ui_screen *s)
{
    if (!s->what_if.compare)
        s->what_if.compare = compare_new(s->original.tape, s->run.tape);
    return s->what_if.compare;
}

static const char *record_words(const struct tape *t, uint32_t seq, char *buf, size_t cap)
{
    struct trace_record r;
    char text[1024];
    if (!tape_get(t, seq, &r))
        return "nothing more";
    ui_record_text(t, &r, text, sizeof text);
    snprintf(buf, cap, "%.*s", (int)cap - 1, text);
    return buf;
}

/* To where the changed run begins to be another one. */
static void go_to_difference(struct ui_screen *s)
{
    const struct compare *c = compare_of(s);
    char was[70], is[70], when[24];
    if (c->same) {
        ui_say(s, UI_STYLE_WARN, "Nothing that happens depends on it: both runs are the same.");
        return;
    }
    ui_go(s, c->first_b ? c->first_b : tape_last(s->run.tape));
    ui_clock(c->first_b ? tape_time(s->run.tape, c->first_b) : tape_end_ns(s->run.tape), when);
    ui_say(s, UI_STYLE_GOOD, "From %s it differs: c shows both, o goes back. Was: %s. Is: %s", when,
           record_words(s->original.tape, c->first_a, was, sizeof was),
           record_words(s->run.tape, c->first_b, is, sizeof is));
}

/* Runs with the changes; false: nothing has changed. */
static bool apply(struct ui_screen *s, struct ui_changes *c)
{
    if (!ui_changes_run(s, c))
        return false;
    forget_kept(s);
    go_to_difference(s);
    return true;
}

void ui_what_if_original(struct ui_screen *s)
{
    if (!s->original.tape) {
        ui_say(s, UI_STYLE_TEXT, "This is the original run. x changes a setting.");
        return;
    }
    forget_kept(s);
    s->what_if.kept = s->run.change;
    s->what_if.nkept = s->run.nchanges;
    s->run.change = NULL;
    s->run.nchanges = 0;
    ui_run_free(&s->run);
    s->run = s->original;
    s->original = (struct ui_run){ 0 };
    s->comparing = false;
    ui_what_if_changed(s);
    ui_go(s, s->other_place);
    ui_say(s, UI_STYLE_TEXT, "The original run. x can take the changes up again.");
}

void ui_what_if_compare(struct ui_screen *s)
{
    if (!s->original.tape) {
        ui_say(s, UI_STYLE_WARN, "There is one run only; x changes a setting and makes another one.");
        return;
    }
    s->comparing = !s->comparing;
    if (s->comparing)
        ui_say(s, UI_STYLE_TEXT, "Both runs. n and p step through the changed one; Esc leaves.");
}

/* ---- which settings are near --------------------------------------------------------------------------- */

struct nearness {
    const char *config[8]; /* pointers that decided */
    size_t nconfig;
    char host[4][80]; /* "/hosts/alice/": who has a part in it */
    size_t nhosts;
};

static void add_host(struct nearness *near, const char *name)
{
    char pointer[80];
    snprintf(pointer, sizeof pointer, "/hosts/%.64s/", name);
    for (size_t i = 0; i < near->nhosts; i++)
        if (strcmp(near->host[i], pointer) == 0)
            return;
    if (*name && near->nhosts < sizeof near->host / sizeof near->host[0])
        memcpy(near->host[near->nhosts++], pointer, sizeof pointer);
}

static void look_around(struct ui_screen *s, struct nearness *near)
{
    const struct tape *t = s->run.tape;
    uint32_t seq = ui_selected(s), last = 0;
    struct trace_record r;
    memset(near, 0, sizeof *near);
    for (int i = 0; i < CAUSES_MAX && seq && seq != last && tape_get(t, seq, &r); i++) {
        const char *pointer = trace_attr_get(&r, "pointer");
        if (pointer && *pointer && near->nconfig < 8)
            near->config[near->nconfig++] = pointer;
        add_host(near, r.host ? tape_host(t, r.host) : "");
        add_host(near, r.peer ? tape_host(t, r.peer) : "");
        last = seq;
        seq = (uint32_t)r.cause < seq ? (uint32_t)r.cause : 0;
    }
}

static bool begins(const char *text, const char *with)
{
    return *with && strncmp(text, with, strlen(with)) == 0;
}

/* How likely it is that somebody wants to change this one here. */
static int worth(const struct nearness *near, const char *pointer)
{
    static const char *const keys[] = { "port",       "password", "server", "security",  "auth",
                                        "to",         "nth",      "chance", "fault",     "address",
                                        "submit",     "fetch",    "query",  "user",      "code",
                                        "open_relay", "quota",    "delay",  "mechanisms" };
    const char *key = strrchr(pointer, '/') + 1;
    int n = 0;
    for (size_t i = 0; i < near->nconfig; i++)
        if (begins(pointer, near->config[i]))
            n += 100;
    for (size_t i = 0; i < near->nhosts; i++)
        n += begins(pointer, near->host[i]) ? 20 : 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        n += strcmp(key, keys[i]) == 0 ? 10 : 0;
    n += begins(pointer, "/zones/") && !begins(pointer, "/zones/./") ? 5 : 0;
    n += begins(pointer, "/messages/") ? 5 : 0;
    n += strstr(pointer, "/faults/") ? 8 : 0;
    n -= strstr(pointer, "/interfaces/") || begins(pointer, "/start") ? 5 : 0;
    return n;
}

struct ranked {
    int worth;
    uint32_t number;
};

static int by_worth(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->worth != y->worth ? (x->worth < y->worth ? 1 : -1)
                                : (x->number > y->number) - (x->number < y->number);
}

static bool setting(struct ui_screen *s, uint32_t i, struct ui_setting *out)
{
    return ui_setting(s, tape_time(s->run.tape, s->place), i, out);
}

static void add_settings(struct ui_screen *s, struct ui_items *items)
{
    struct nearness near;
    struct ui_setting one;
    struct ranked *order = NULL;
    size_t n = 0, cap = 0;
    look_around(s, &near);
    for (uint32_t i = 0; setting(s, i, &one); i++) {
        order = keep_grow(order, &cap, n + 1, sizeof *order);
        order[n++] = (struct ranked){ worth(&near, one.pointer), i };
    }
    if (n > 0)
        qsort(order, n, sizeof *order, by_worth);
    for (size_t i = 0; i < n; i++)
        if (setting(s, order[i].number, &one))
            ui_items_add(items, order[i].number, "%s = %s", one.pointer, one.value);
    free(order);
}

/* ---- a frame that gets lost ---------------------------------------------------------------------------- */

/* The frame that is selected, carries the selected line, or is sent next. False: there is none. */
static bool frame_here(struct ui_screen *s, struct trace_record *out)
{
    const struct tape *t = s->run.tape;
    const struct tape_list *packets = tape_packets(t);
    uint32_t seq = ui_selected(s);
    struct trace_record r;
    uint64_t frame = 0;
    size_t first;
    if (seq && tape_get(t, seq, &r)) {
        if (trace_kind_level(r.kind) == TRACE_PACKET && r.kind != TRACE_KIND_DROPPED && r.link && r.frame) {
            *out = r;
            return true;
        }
        frame = r.kind == TRACE_KIND_DROPPED ? 0 : r.frame;
    }
    first = (size_t)(tape_find(packets, seq) + 1);
    for (int pass = 0; pass < 2; pass++, frame = 0)
        for (size_t i = first; i < packets->n && i < first + LOOK_MAX; i++)
            if (tape_get(t, packets->seq[i], out) && out->kind == TRACE_KIND_SENT && out->link &&
                (!frame || out->frame == frame))
                return true;
    return false;
}

static void drop_frame(struct ui_screen *s)
{
    struct ui_changes c;
    struct trace_record r;
    char pointer[160], value[160];
    unsigned n;
    if (!frame_here(s, &r))
        return;
    snprintf(pointer, sizeof pointer, "/links/%.100s/faults", tape_link(s->run.tape, r.link));
    n = ui_setting_count(s, pointer);
    snprintf(value, sizeof value, "%s{\"fault\":\"drop\",\"name\":\"dropped-%llu\",\"frames\":[%llu]}%s",
             n ? "" : "[", (unsigned long long)r.frame, (unsigned long long)r.frame, n ? "" : "]");
    if (n)
        strcat(pointer, "/-");
    c = ui_changes_of(&s->run);
    ui_changes_set(&c, pointer, value);
    apply(s, &c);
}

/* ---- a new value --------------------------------------------------------------------------------------- */

static void value_given(struct ui_screen *s, const char *text);

static void ask_value(struct ui_screen *s, const char *text, const char *note)
{
    char title[120];
    if (s->what_if.pointer[0])
        snprintf(title, sizeof title, "%.100s = ?", s->what_if.pointer);
    else
        snprintf(title, sizeof title, "Which? /json/pointer=VALUE, as with --set");
    ui_panel_prompt(s, title, text, value_given, NULL);
    snprintf(s->panel.note, sizeof s->panel.note, "%s", note);
    s->panel.leaving = "the change";
}

/* What was typed as JSON: a string need not be typed with its quotes. */
static const char *json_of(const struct ui_what_if *w, const char *text, char *buf, size_t cap)
{
    bool word = strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || strcmp(text, "null") == 0;
    bool number = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    if (text[0] == '"' || text[0] == '[' || text[0] == '{' || (!w->is_text && (word || number)))
        return text;
    return ui_json_text(text, buf, cap);
}

static void try_again(struct ui_screen *s, const char *text)
{
    char note[UI_ERROR_MAX];
    snprintf(note, sizeof note, "%s", s->said);
    s->said[0] = '\0';
    ask_value(s, text, note);
}

/* From the start of the run, or from the place on: then what was before stays. */
static void when_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    struct ui_changes c = ui_changes_of(&s->run);
    const struct ui_what_if *w = &s->what_if;
    const char *equals = strchr(w->typed, '='), *value = w->pointer[0] ? w->typed : equals + 1;
    char pointer[UI_PROMPT_MAX], typed[UI_PROMPT_MAX], json[2 * UI_PROMPT_MAX + 16];
    (void)index;
    if (w->pointer[0])
        snprintf(pointer, sizeof pointer, "%s", w->pointer);
    else
        snprintf(pointer, sizeof pointer, "%.*s", (int)(equals - w->typed), w->typed);
    value = json_of(w, value, json, sizeof json);
    if (number == WHEN_HERE)
        ui_changes_set_from(&c, tape_time(s->run.tape, s->place) + 1, pointer, value);
    else
        ui_changes_set(&c, pointer, value);
    snprintf(typed, sizeof typed, "%s", w->typed);
    if (!apply(s, &c))
        try_again(s, typed);
}

static void value_given(struct ui_screen *s, const char *text)
{
    struct ui_items items = { 0 };
    struct ui_what_if *w = &s->what_if;
    char when[24];
    if (!w->pointer[0] && (!strchr(text, '=') || text[0] != '/')) {
        ask_value(s, text, "/json/pointer=VALUE is allowed: /hosts/alice/client/accounts/0/submit/port=25");
        return;
    }
    snprintf(w->typed, sizeof w->typed, "%s", text);
    if (s->place == 0) {
        when_chosen(s, 0, WHEN_START);
        return;
    }
    ui_items_add(&items, WHEN_START, "from the start: as if it had always been so");
    ui_items_add(&items, WHEN_HERE, "from here on, %s: what has happened stays, somebody changes it now",
                 ui_clock(tape_time(s->run.tape, s->place), when));
    ui_panel_list(s, "From when on?", items.item, items.number, items.n, when_chosen);
    s->panel.leaving = "the change";
}

/* "\"mail.example.com\"" is shown without its quotes where that is unambiguous. */
static void choose_setting(struct ui_screen *s, uint32_t number)
{
    struct ui_setting one;
    char value[UI_PROMPT_MAX];
    size_t len;
    if (!setting(s, number, &one))
        return;
    snprintf(s->what_if.pointer, sizeof s->what_if.pointer, "%s", one.pointer);
    s->what_if.is_text = one.value[0] == '"';
    snprintf(value, sizeof value, "%s", one.value);
    len = strlen(value);
    if (s->what_if.is_text && len >= 2 && value[len - 1] == '"' && !strchr(value, '\\') && value[1] != '[' &&
        value[1] != '{') {
        memmove(value, value + 1, len - 2);
        value[len - 2] = '\0';
    }
    ask_value(s, value, "");
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static void undo(struct ui_screen *s)
{
    struct ui_changes c;
    if (s->run.nchanges <= s->original.nchanges + 1) {
        ui_what_if_original(s);
        return;
    }
    c = ui_changes_of(&s->run);
    free(c.change[--c.n]);
    if (ui_changes_run(s, &c))
        go_to_difference(s);
}

static void again(struct ui_screen *s)
{
    struct ui_changes c = { .change = s->what_if.kept, .n = s->what_if.nkept };
    s->what_if.kept = NULL;
    s->what_if.nkept = 0;
    apply(s, &c);
}

static void item_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    (void)index;
    switch (number) {
    case ITEM_UNDO:
        undo(s);
        break;
    case ITEM_AGAIN:
        again(s);
        break;
    case ITEM_DROP:
        drop_frame(s);
        break;
    case ITEM_OTHER:
        s->what_if.pointer[0] = '\0';
        s->what_if.is_text = false;
        ask_value(s, "/", "");
        break;
    default:
        choose_setting(s, number);
    }
}

void ui_what_if_open(struct ui_screen *s)
{
    struct ui_items items = { 0 };
    struct trace_record r;
    char text[80];
    /* Without their pointers: who types one wants the setting. */
    if (s->original.tape && s->run.nchanges > s->original.nchanges + 1)
        ui_items_add(&items, ITEM_UNDO, "undo the last change of %zu",
                     s->run.nchanges - s->original.nchanges);
    else if (s->original.tape && s->run.nchanges > s->original.nchanges)
        ui_items_add(&items, ITEM_UNDO, "undo the last change");
    if (!s->original.tape && s->what_if.nkept)
        ui_items_add(&items, ITEM_AGAIN, "take the changes up again: %zu", s->what_if.nkept);
    if (frame_here(s, &r))
        ui_items_add(&items, ITEM_DROP, "lose frame %llu on link %s: %s", (unsigned long long)r.frame,
                     tape_link(s->run.tape, r.link), ui_record_text(s->run.tape, &r, text, sizeof text));
    add_settings(s, &items);
    ui_items_add(&items, ITEM_OTHER, "something else: a setting that is not in the file");
    ui_panel_list(s, "What if? Type to filter; Enter changes it", items.item, items.number, items.n,
                  item_chosen);
    s->panel.filtering = true;
    s->panel.leaving = "the list of settings";
}

/* ---- side by side -------------------------------------------------------------------------------------- */

static void draw_side(struct ui_canvas *c, const struct tape *t, uint32_t seq, int row, int col, int cols)
{
    struct trace_record r;
    char text[1024], when[24];
    if (!seq || !tape_get(t, seq, &r))
        return;
    ui_put_right(c, row, col, 9, UI_STYLE_DIM, ui_clock(r.t_ns, when));
    if (r.dir)
        ui_mark(c, row, col + 10, ui_record_style(&r), r.dir == 'C' ? UI_MARK_TO_SERVER : UI_MARK_TO_CLIENT);
    else if (tape_is_bad(&r))
        ui_mark(c, row, col + 10, UI_STYLE_BAD, UI_MARK_FAIL);
    if (r.kind == TRACE_KIND_PHASE && r.text && r.text_len) /* its title is the same in both */
        snprintf(text, sizeof text, "%.*s", (int)(r.text_len < 900 ? r.text_len : 900), r.text);
    else
        ui_record_text(t, &r, text, sizeof text);
    ui_put_text(c, row, col + 12, cols - 12, ui_record_style(&r), text, strlen(text));
}

void ui_compare_draw(struct ui_screen *s, struct ui_canvas *c, struct ui_rect room)
{
    struct ui_rect in = ui_box(c, room, "both runs");
    char words[200];
    const struct compare *both;
    int half = (in.cols - 1) / 2, right = in.col + half + 1, rows = in.rows - 2;
    long here, top;
    if (!s->original.tape || rows < 3)
        return;
    both = compare_of(s);
    ui_put(c, in.row, in.col + 1, half - 1, UI_STYLE_TITLE, "the original");
    ui_putf(c, in.row, right + 1, half - 2, UI_STYLE_TITLE, "changed: %s",
            s->run.nchanges ? ui_change_words(s->run.change[s->run.nchanges - 1], words, sizeof words) : "");
    ui_line_across(c, in.row + 1, in.col, in.cols, UI_STYLE_FRAME, UI_MARK_RULE);
    ui_line_down(c, in.row, in.col + half, in.rows, UI_STYLE_FRAME, UI_MARK_BAR);
    here = (long)compare_row_of_b(both, s->place);
    if (both->first_b && s->place == both->first_b && both->first_row < both->n)
        here = (long)both->first_row;                                   /* the change itself */
    here += here >= (long)both->first_row && both->first_row < both->n; /* the rule between */
    top = here - rows / 2 > 0 ? here - rows / 2 : 0;
    for (int i = 0; i < rows; i++) {
        long at = top + i;
        int row = in.row + 2 + i;
        if (at == (long)both->first_row && both->first_row < both->n) {
            ui_line_across(c, row, in.col, in.cols, UI_STYLE_WARN, UI_MARK_DASH);
            ui_put(c, row, in.col + 2, in.cols - 4, UI_STYLE_WARN, " from here on they differ ");
            continue;
        }
        at -= at > (long)both->first_row;
        if (at >= (long)both->n)
            break;
        draw_side(c, s->original.tape, both->row[at].a, row, in.col, half);
        draw_side(c, s->run.tape, both->row[at].b, row, right, in.cols - half - 1);
        if (top + i == here)
            ui_paint(c, (struct ui_rect){ row, in.col, 1, in.cols }, UI_STYLE_SELECTED);
    }
}
