#include "scenarios/load/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load/catalogue.h"
#include "scenarios/load/errors.h"
#include "scenarios/load/file.h"
#include "scenarios/load/json_tree.h"

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

bool settings_open(struct settings *s, const char *name, const char *const *sets, size_t nsets,
                   struct scenario_errors *errors)
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
