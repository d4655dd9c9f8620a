/* Scenarios run into tapes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load/catalogue.h"
#include "scenarios/load/run.h"
#include "scenarios/load/settings.h"
#include "ui/alternatives.h"
#include "ui/play.h"
#include "ui/save.h"
#include "ui/tape/keep.h"

struct ui_play_program {
    struct ui_program program;
    struct core_arena arena; /* the catalogue's words */
    struct ui_lesson *lesson;
    size_t nlessons;
    struct settings settings;
    bool (*save_capture)(void *ctx, const struct tape *tape, uint32_t upto, const char *path,
                         char error[UI_ERROR_MAX]);
    char *settings_of; /* owned: the scenario and changes that `settings` holds */
};

static void first_error(const struct scenario_errors *errors, char error[UI_ERROR_MAX])
{
    snprintf(error, UI_ERROR_MAX, "%s", errors->count ? errors->line[0] : "the scenario cannot be read");
}

static void keep_secret(void *ctx, const char *line)
{
    tape_secret(ctx, line);
}

static struct tape *run(void *ctx, const char *name, const char *const *changes, size_t nchanges,
                        char error[UI_ERROR_MAX])
{
    struct scenario_errors *errors = keep_alloc(sizeof *errors);
    struct scenario s;
    struct tape *tape = NULL;
    struct trace_sink sink;
    (void)ctx;
    if (!scenario_open(&s, name, changes, nchanges, errors)) {
        first_error(errors, error);
    } else {
        struct scenario_run r = { .sinks = &sink, .nsinks = 1, .on_keylog = keep_secret };
        tape = tape_new();
        sink = tape_sink(tape);
        r.on_keylog_ctx = tape;
        if (!scenario_run(&s, &r)) {
            snprintf(error, UI_ERROR_MAX, "%s", r.error);
            tape_free(tape);
            tape = NULL;
        }
        scenario_free(&s);
    }
    free(errors);
    return tape;
}

static bool lesson(void *ctx, size_t i, struct ui_lesson *out)
{
    struct ui_play_program *p = ctx;
    if (i >= p->nlessons)
        return false;
    *out = p->lesson[i];
    return true;
}

/* Is it what `settings` holds? `key` has the scenario and its changes, a line each. */
static bool holds(const char *key, const char *name, const char *const *changes, size_t n)
{
    size_t len = strlen(name);
    if (!key || strncmp(key, name, len) != 0)
        return false;
    key += len;
    for (size_t i = 0; i < n; i++, key += len) {
        len = strlen(changes[i]);
        if (*key++ != '\n' || strncmp(key, changes[i], len) != 0)
            return false;
    }
    return *key == '\0';
}

/* Reads the settings anew when they are asked for of another scenario, with other changes, or when one has
 * changed. */
static bool settings_for(struct ui_play_program *p, const char *name, const char *const *changes, size_t n,
                         uint64_t at_ns)
{
    struct scenario_errors *errors;
    size_t len = strlen(name) + 1;
    char *at;
    bool good;
    if (holds(p->settings_of, name, changes, n) && at_ns >= p->settings.from_ns &&
        at_ns < p->settings.until_ns)
        return true;
    for (size_t i = 0; i < n; i++)
        len += strlen(changes[i]) + 1;
    free(p->settings_of);
    p->settings_of = at = keep_alloc(len + 1);
    at += sprintf(at, "%s", name);
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "\n%s", changes[i]);
    errors = keep_alloc(sizeof *errors);
    settings_free(&p->settings);
    good = settings_open(&p->settings, name, changes, n, at_ns, errors);
    free(errors);
    return good;
}

static bool setting(void *ctx, const char *name, const char *const *changes, size_t n, uint64_t at_ns,
                    size_t i, struct ui_setting *out)
{
    struct ui_play_program *p = ctx;
    if (!settings_for(p, name, changes, n, at_ns) || i >= p->settings.n)
        return false;
    *out = (struct ui_setting){ p->settings.setting[i].pointer, p->settings.setting[i].value, "" };
    return true;
}

static bool save_text(void *ctx, const char *path, const char *text, size_t len, char error[UI_ERROR_MAX])
{
    (void)ctx;
    return ui_save_text(path, text, len, error);
}

static bool save_capture(void *ctx, const struct tape *tape, uint32_t upto, const char *path,
                         char error[UI_ERROR_MAX])
{
    struct ui_play_program *p = ctx;
    struct ui_save save;
    if (!ui_save_begin(&save, path, error))
        return false;
    return ui_save_end(&save, p->save_capture(ctx, tape, upto, save.to, error), error);
}

static bool exists(void *ctx, const char *path, uint64_t *octets)
{
    (void)ctx;
    return ui_save_exists(path, octets);
}

struct ui_play_program *ui_play_program_new(const struct ui_play_files *files)
{
    struct ui_play_program *p = keep_alloc(sizeof *p);
    struct catalogue_entry e;
    p->save_capture = files ? files->save_capture : NULL;
    p->nlessons = catalogue_count();
    p->lesson = keep_alloc((p->nlessons + 1) * sizeof *p->lesson);
    for (size_t i = 0; i < p->nlessons && catalogue_describe(i, &p->arena, &e); i++)
        p->lesson[i] = (struct ui_lesson){ e.name, e.title, e.summary };
    p->program = (struct ui_program){ .ctx = p,
                                      .replies = ui_alternative_replies,
                                      .commands = ui_alternative_commands,
                                      .lesson = lesson,
                                      .run = run,
                                      .setting = setting,
                                      .save_capture = p->save_capture ? save_capture : NULL,
                                      .exists = exists,
                                      .save_text = save_text };
    return p;
}

const struct ui_program *ui_play_program(struct ui_play_program *p)
{
    return &p->program;
}

void ui_play_program_free(struct ui_play_program *p)
{
    settings_free(&p->settings);
    free(p->settings_of);
    free(p->lesson);
    core_arena_free(&p->arena);
    free(p);
}
