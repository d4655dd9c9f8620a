#include "scenarios/load/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load/catalogue.h"
#include "scenarios/load/errors.h"
#include "scenarios/load/file.h"
#include "scenarios/load/json_tree.h"
#include "sim/core/queue.h"
#include "sim/hosts/units.h"

#define POINTER_MAX 1024
#define VALUE_MAX   400

static bool is_words(const char *key)
{
    static const char *const words[] = { "title",   "lesson", "summary", "note",
                                         "teaches", "expect", "label",   NULL };
    for (const char *const *w = words; key && *w; w++)
        if (strcmp(key, *w) == 0)
            return true;
    return false;
}

/* The value as --set reads it back. */
static const char *value_of(struct core_arena *arena, const struct json_node *n)
{
    char text[VALUE_MAX * 2 + 8], *at = text;
    if (n->type == JSON_TRUTH)
        return n->truth ? "true" : "false";
    if (n->type == JSON_NUMBER) {
        snprintf(text, sizeof text, "%.15g", n->number);
        return core_arena_copy(arena, text, strlen(text));
    }
    *at++ = '"';
    for (const char *c = n->string; *c && at < text + VALUE_MAX * 2; c++) {
        if (*c == '"' || *c == '\\')
            *at++ = '\\';
        if ((unsigned char)*c >= ' ')
            *at++ = *c;
    }
    *at++ = '"';
    return core_arena_copy(arena, text, (size_t)(at - text));
}

static void walk(struct settings *s, const struct json_node *n)
{
    char pointer[POINTER_MAX];
    if (is_words(n->key) || n->type == JSON_NULL || s->n == SETTINGS_MAX)
        return;
    if (n->type == JSON_ARRAY || n->type == JSON_OBJECT) {
        for (const struct json_node *child = n->first; child; child = child->next)
            walk(s, child);
        return;
    }
    if (n->type == JSON_STRING && strlen(n->string) > VALUE_MAX)
        return;
    if (json_pointer(n, pointer, sizeof pointer) >= sizeof pointer)
        return;
    s->setting[s->n].pointer = core_arena_copy(&s->arena, pointer, strlen(pointer));
    s->setting[s->n++].value = value_of(&s->arena, n);
}

/* The earliest change behind (`after_ns`, `after`) that is at most at `at_ns`; one at a time, they are few.
 */
static const struct json_node *next_change(const struct json_node *changes, uint64_t after_ns,
                                           const struct json_node *after, uint64_t *when_ns)
{
    const struct json_node *found = NULL;
    uint64_t at;
    for (const struct json_node *c = changes ? changes->first : NULL; c; c = c->next) {
        const struct json_node *text = json_child(c, "at");
        if (!text || text->type != JSON_STRING || !units_duration(text->string, &at))
            continue;
        if (after && (at < after_ns || (at == after_ns && c->index <= after->index)))
            continue;
        if (!found || at < *when_ns) {
            found = c;
            *when_ns = at;
        }
    }
    return found;
}

/* The file as it stands at a moment. */
static void edit(struct settings *s, struct core_arena *arena, struct json_node **root, uint64_t at_ns,
                 struct scenario_errors *errors)
{
    const struct json_node *changes = json_child(*root, "changes"), *c = NULL, *old;
    uint64_t when = 0;
    s->from_ns = 0;
    s->until_ns = CORE_NEVER;
    while ((c = next_change(changes, when, c, &when))) {
        const struct json_node *set = json_child(c, "set"), *to = json_child(c, "to");
        struct json_put who = { .errors = errors, .source = "changes", .line = c->line };
        if (when > at_ns) {
            s->until_ns = when;
            return;
        }
        s->from_ns = when;
        if (set && to && set->type == JSON_STRING)
            json_tree_put(arena, root, set->string, json_tree_copy(arena, to), &who, &old);
    }
}

bool settings_open(struct settings *s, const char *name, const char *const *sets, size_t nsets,
                   uint64_t at_ns, struct scenario_errors *errors)
{
    const struct catalogue_file *f = strchr(name, '/') ? NULL : catalogue_find(name);
    struct core_arena scratch = { 0 };
    struct json_node *root = NULL;
    char *text = NULL;
    size_t len = 0;
    *s = (struct settings){ 0 };
    errors->count = errors->total = 0;
    if (f) {
        root = json_tree_read(&scratch, f->name, 0, (const char *)f->octets, f->len, errors);
    } else {
        enum file_error e = file_read(name, SCENARIO_FILE_MAX, &text, &len);
        if (e != FILE_OK)
            errors_add(errors, name, 0, "", "%s", file_error_text(e));
        else
            root = json_tree_read(&scratch, name, 0, text, len, errors);
    }
    for (size_t i = 0; root && i < nsets; i++)
        json_tree_set(&scratch, &root, sets[i], (uint32_t)i + 1, errors);
    if (root && errors->total == 0)
        edit(s, &scratch, &root, at_ns, errors);
    if (root && errors->total == 0) {
        s->setting = core_arena_take(&s->arena, SETTINGS_MAX * sizeof *s->setting);
        walk(s, root);
    }
    if (text)
        file_free(text);
    core_arena_free(&scratch);
    if (errors->total == 0)
        return true;
    settings_free(s);
    return false;
}

void settings_free(struct settings *s)
{
    core_arena_free(&s->arena);
    *s = (struct settings){ 0 };
}
