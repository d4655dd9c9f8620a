/* Files from here: which form, how much of the run, which name; and a line to the clipboard. */
#include "ui/screen/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/utf8.h"
#include "ui/tape/keep.h"

#define NAME_MAX_OCTETS 64 /* of the scenario's part of a file's name */

static void ask_name(struct ui_screen *s, const char *initial);

/* "no-such-user", or of a file's path its last part without .json; nothing that a shell could mind. */
static void stem_of(const char *scenario, char buf[NAME_MAX_OCTETS])
{
    const char *slash = strrchr(scenario, '/'), *from = slash ? slash + 1 : scenario;
    size_t n = 0, len = strlen(from);
    if (len > 5 && strcmp(from + len - 5, ".json") == 0)
        len -= 5;
    for (size_t i = 0; i < len && n + 1 < NAME_MAX_OCTETS; i++) {
        char ch = from[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
                     ch == '-' || ch == '_' || (ch == '.' && n > 0);
        buf[n++] = plain ? ch : '_';
    }
    buf[n] = '\0';
}

/* What was chosen: the form, and whether all of the run is meant. */
static enum ui_export_form form_of(const struct ui_screen *s)
{
    return (enum ui_export_form)(s->saving.what / 2);
}

static uint32_t upto_of(const struct ui_screen *s)
{
    return s->saving.what % 2 ? tape_last(s->run.tape) : s->place;
}

/* A line stands on the tape before the frame that carries it: that frame belongs to the place. */
static uint32_t frame_upto(struct ui_screen *s, uint32_t upto)
{
    const struct frames *f = ui_frames(s);
    size_t n = frames_seen(f, s->run.tape, upto);
    return n > 0 && f->row[n - 1].seq > upto ? f->row[n - 1].seq : upto;
}

static void saved(struct ui_screen *s, const char *path)
{
    uint64_t octets = 0;
    if (s->program->exists && s->program->exists(s->program->ctx, path, &octets))
        ui_say(s, UI_STYLE_GOOD, "Saved %s: %llu octets.", path, (unsigned long long)octets);
    else
        ui_say(s, UI_STYLE_GOOD, "Saved %s.", path);
}

static bool write_file(struct ui_screen *s, const char *path, char error[UI_ERROR_MAX])
{
    struct ui_text text = { 0 };
    struct ui_export_scope scope = {
        .tape = s->run.tape, .upto = upto_of(s), .ascii = s->ascii, .frames = s->grain == TAPE_PACKET
    };
    bool good;
    if (form_of(s) == UI_EXPORT_CAPTURE)
        return s->program->save_capture(s->program->ctx, s->run.tape, frame_upto(s, scope.upto), path, error);
    scope.ladder = ladder_of_screen(s, &scope.open);
    ui_export(form_of(s), &scope, &text);
    good = s->program->save_text(s->program->ctx, path, text.text ? text.text : "", text.len, error);
    free(text.text);
    return good;
}

static void save(struct ui_screen *s)
{
    char error[UI_ERROR_MAX] = "", path[UI_PROMPT_MAX];
    snprintf(path, sizeof path, "%s", s->saving.path);
    if (write_file(s, path, error)) {
        saved(s, path);
        return;
    }
    ask_name(s, path);
    ui_say(s, UI_STYLE_BAD, "Not saved: %s", error);
}

static void overwrite_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    (void)index;
    if (number)
        save(s);
    else
        ask_name(s, s->saving.path);
}

static void name_given(struct ui_screen *s, const char *text)
{
    struct ui_items items = { 0 };
    uint64_t octets;
    char title[120];
    while (*text == ' ')
        text++;
    if (!*text) {
        ui_say(s, UI_STYLE_WARN, "No name, so nothing was saved.");
        return;
    }
    snprintf(s->saving.path, sizeof s->saving.path, "%s", text);
    if (!s->program->exists || !s->program->exists(s->program->ctx, text, &octets)) {
        save(s);
        return;
    }
    snprintf(title, sizeof title, "There is a file %.80s already", text);
    ui_items_add(&items, 0, "Keep it; I choose another name");
    ui_items_add(&items, 1, "Overwrite its %llu octets", (unsigned long long)octets);
    ui_panel_list(s, title, items.item, items.number, items.n, overwrite_chosen);
}

static void ask_name(struct ui_screen *s, const char *initial)
{
    char title[120], copy[UI_PROMPT_MAX];
    snprintf(copy, sizeof copy, "%s", initial);
    snprintf(title, sizeof title, "%s: into which file?", ui_export_words(form_of(s)));
    ui_panel_prompt(s, title, copy, name_given, NULL);
}

static void form_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    char stem[NAME_MAX_OCTETS], name[160], part[40] = "";
    (void)index;
    s->saving.what = number;
    stem_of(s->scenario ? s->scenario : "mailwalk", stem);
    if (number % 2 == 0)
        snprintf(part, sizeof part, "-to-%llums",
                 (unsigned long long)(tape_time(s->run.tape, s->place) / 1000000));
    snprintf(name, sizeof name, "%s%s%s", stem, part, ui_export_ending(form_of(s)));
    ask_name(s, name);
}

void ui_export_open(struct ui_screen *s)
{
    struct ui_items items = { 0 };
    for (unsigned form = 0; form < UI_EXPORT_COUNT; form++)
        for (unsigned whole = 0; whole < 2; whole++)
            if (form == UI_EXPORT_CAPTURE ? s->program->save_capture != NULL : s->program->save_text != NULL)
                ui_items_add(&items, form * 2 + whole, "%-38s %s", ui_export_words((enum ui_export_form)form),
                             whole ? "the whole run" : "up to here");
    if (items.n == 0) {
        ui_say(s, UI_STYLE_WARN, "Nothing can be saved here.");
        return;
    }
    ui_panel_list(s, "Save what?", items.item, items.number, items.n, form_chosen);
}

/* ---- copy ---- */

void ui_copy(struct ui_screen *s)
{
    struct trace_record r;
    char words[LADDER_WORDS_MAX];
    size_t len, cap;
    if (!tape_get(s->run.tape, ui_selected(s), &r)) {
        ui_say(s, UI_STYLE_WARN, "There is no line to copy yet.");
        return;
    }
    ui_record_text(s->run.tape, &r, words, sizeof words);
    len = strlen(words);
    cap = len * WIRE_DISPLAY_ESCAPE_MAX + 8;
    free(s->copied);
    s->copied = keep_alloc(cap); /* zeroed: the text has its NUL */
    wire_display_escape(s->copied, cap - 1, words, len);
    s->after |= UI_AFTER_COPY;
    ui_say(s, UI_STYLE_GOOD, "Copied: %s", s->copied);
}
