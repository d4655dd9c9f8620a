/* Which run the screen shows: the first one of a scenario, or one with changes. */
#include <stdlib.h>
#include <string.h>

#include "ui/screen/view.h"
#include "ui/tape/keep.h"

void ui_run_free(struct ui_run *run)
{
    ui_models_free(run->models);
    tape_free(run->tape);
    for (size_t i = 0; i < run->nchanges; i++)
        free(run->change[i]);
    free(run->change);
    *run = (struct ui_run){ 0 };
}

static struct ui_run run_of(struct ui_screen *s, struct tape *tape, const char *const *changes, size_t n)
{
    struct ui_run run = { .number = ++s->runs, .tape = tape, .nchanges = n };
    run.change = keep_alloc((n + 1) * sizeof *run.change);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(changes[i]) + 1;
        run.change[i] = keep_alloc(len);
        memcpy(run.change[i], changes[i], len);
    }
    return run;
}

static void forget_run(struct ui_screen *s)
{
    s->place = s->other_place = 0;
    s->host = s->follow = 0;
    s->comparing = false;
    s->question.open = false;
}

bool ui_run_again(struct ui_screen *s, const char *const *changes, size_t nchanges, bool keep_original)
{
    char error[UI_ERROR_MAX] = "";
    struct tape *tape = s->program->run(s->program->ctx, s->scenario, changes, nchanges, error);
    struct ui_run run;
    if (!tape) {
        ui_say(s, UI_STYLE_BAD, "%s", error);
        return false;
    }
    run = run_of(s, tape, changes, nchanges);
    if (keep_original && !s->original.tape) {
        s->original = s->run;
        s->other_place = s->place;
    } else {
        ui_run_free(&s->run);
    }
    s->run = run;
    ui_models_make(s);
    ui_what_if_changed(s);
    ui_go(s, s->place);
    return true;
}

bool ui_open_scenario(struct ui_screen *s, const char *name, const char *const *changes, size_t nchanges,
                      char error[UI_ERROR_MAX])
{
    struct tape *tape = s->program->run(s->program->ctx, name, changes, nchanges, error);
    size_t len = strlen(name) + 1;
    char *copy;
    if (!tape)
        return false;
    copy = keep_alloc(len);
    memcpy(copy, name, len);
    free(s->scenario);
    s->scenario = copy;
    ui_run_free(&s->run);
    ui_run_free(&s->original);
    ui_what_if_free(s);
    s->run = run_of(s, tape, changes, nchanges);
    ui_models_make(s);
    s->asked = s->right = 0;
    forget_run(s);
    ui_go(s, 0);
    return true;
}

static void lesson_chosen(struct ui_screen *s, size_t index, uint32_t number)
{
    char error[UI_ERROR_MAX] = "";
    struct ui_lesson lesson;
    (void)index;
    if (!s->program->lesson(s->program->ctx, number, &lesson))
        return;
    if (!ui_open_scenario(s, lesson.name, NULL, 0, error)) {
        ui_lessons_open(s);
        ui_say(s, UI_STYLE_BAD, "%s", error);
        return;
    }
    s->view = UI_VIEW_JOURNEY;
    ui_say(s, UI_STYLE_TEXT, "n is one step on, p one step back, space plays, ? tells everything.");
}

void ui_lessons_open(struct ui_screen *s)
{
    struct ui_items items = { 0 };
    struct ui_lesson lesson;
    for (size_t i = 0; s->program->lesson && s->program->lesson(s->program->ctx, i, &lesson); i++)
        ui_items_add(&items, (uint32_t)i, "%-24s %s", lesson.name, lesson.title);
    ui_panel_list(s, "mailwalk: which lesson?", items.item, items.number, items.n, lesson_chosen);
}
