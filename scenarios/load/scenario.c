/* From a name to a checked scenario. */
#include "scenarios/load/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "scenarios/load/catalogue.h"
#include "scenarios/load/changes.h"
#include "scenarios/load/check.h"
#include "scenarios/load/expect.h"
#include "scenarios/load/file.h"
#include "sim/core/rng.h"

#define PATH_OCTETS 4096

/* "scenarios/lunch.json" is called "lunch". */
static const char *name_of(struct core_arena *arena, const char *source)
{
    const char *base = strrchr(source, '/'), *dot;
    base = base ? base + 1 : source;
    dot = strrchr(base, '.');
    return core_arena_copy(arena, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

static bool apply_sets(struct core_arena *arena, struct json_node **root, const char *const *sets,
                       size_t nsets, struct scenario_errors *errors)
{
    bool good = true;
    if (nsets > SCENARIO_SETS_MAX) {
        errors_add(errors, "--set", 0, "", "given %zu times; at most %d", nsets, SCENARIO_SETS_MAX);
        return false;
    }
    for (size_t i = 0; i < nsets; i++)
        good &= json_tree_set(arena, root, sets[i], (uint32_t)i + 1, errors);
    return good;
}

bool scenario_load(struct scenario *s, const char *source, const char *folder, const char *text, size_t len,
                   const char *const *sets, size_t nsets, struct scenario_errors *errors)
{
    struct json_get g = { .arena = &s->arena, .errors = errors, .source = source, .folder = folder };
    struct core_arena scratch = { 0 };
    struct json_node *root = NULL;

    errors->count = errors->total = 0;
    *s = (struct scenario){ 0 };
    if (len > SCENARIO_FILE_MAX)
        errors_add(errors, source, 1, "", "%s", file_error_text(FILE_TOO_BIG));
    else
        root = json_tree_read(&scratch, source, 0, text, len, errors);
    if (root && apply_sets(&scratch, &root, sets, nsets, errors)) {
        g.root = root;
        s->source = core_arena_copy(&s->arena, source, strlen(source));
        s->world.name = name_of(&s->arena, source);
        s->text_hash = core_hash(text, len);
        if (json_get_object(&g, &fields_scenario, root, s))
            check_scenario(&g, s);
        if (errors->total == 0)
            changes_read(&g, s, root, &scratch);
    }
    core_arena_free(&scratch);
    if (errors->total == 0)
        return true;
    scenario_free(s);
    return false;
}

void scenario_free(struct scenario *s)
{
    core_arena_free(&s->arena);
    *s = (struct scenario){ 0 };
}

static bool looks_like_path(const char *name)
{
    size_t len = strlen(name);
    return strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".json") == 0);
}

static void tell_no_lesson(const char *name, struct scenario_errors *errors)
{
    struct nearest near;
    char guess[100], lesson[100][SPEC_NAME_MAX];
    nearest_init(&near, name);
    for (size_t i = 0; i < catalogue_count() && i < 100; i++)
        nearest_try(&near, catalogue_name(i, lesson[i], sizeof lesson[i]));
    errors_add(errors, name, 0, "",
               "no lesson has this name, and there is no such file%s `mailwalk list` names the lessons",
               nearest_text(&near, guess, sizeof guess)[0] ? guess : ";");
}

bool scenario_open(struct scenario *s, const char *name, const char *const *sets, size_t nsets,
                   struct scenario_errors *errors)
{
    const struct catalogue_file *f = looks_like_path(name) ? NULL : catalogue_find(name);
    char folder[PATH_OCTETS], *text;
    const char *slash = strrchr(name, '/');
    enum file_error error;
    size_t len;
    bool good;

    errors->count = errors->total = 0;
    if (f)
        return scenario_load(s, f->name, NULL, (const char *)f->octets, f->len, sets, nsets, errors);
    error = strlen(name) < sizeof folder ? file_read(name, SCENARIO_FILE_MAX, &text, &len) : FILE_UNREADABLE;
    if (error == FILE_NOT_THERE && !looks_like_path(name))
        tell_no_lesson(name, errors);
    else if (error != FILE_OK)
        errors_add(errors, name, error == FILE_TOO_BIG ? 1 : 0, "", "%s", file_error_text(error));
    if (error != FILE_OK)
        return false;
    memcpy(folder, name, slash ? (size_t)(slash - name) + (slash == name) : 0);
    folder[slash ? (size_t)(slash - name) + (slash == name) : 0] = '\0';
    good = scenario_load(s, name, folder, text, len, sets, nsets, errors);
    file_free(text);
    return good;
}

int scenario_check(const char *const *files, size_t nfiles, FILE *out, FILE *err)
{
    struct scenario_errors *errors = core_alloc(sizeof *errors);
    int status = 0;
    for (size_t i = 0; i < nfiles; i++) {
        struct scenario s;
        if (!scenario_open(&s, files[i], NULL, 0, errors)) {
            scenario_errors_print(errors, err);
            status = 2;
            continue;
        }
        fprintf(out, "%s: good: %zu hosts, %zu links, %zu messages, %zu actions, %zu expectations\n",
                files[i], s.world.nhosts, s.world.nlinks, s.world.nmessages, s.world.nactions, s.nexpect);
        scenario_free(&s);
    }
    free(errors);
    return status;
}
