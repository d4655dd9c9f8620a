/* What is built in. The list reads only what it shows; a lesson is checked when it is opened. */
#include "scenarios/load/catalogue.h"

#include <string.h>

#include "scenarios/load/json_tree.h"

#define ORDER "ORDER" /* lessons in the order in which they are best taken, one name a line */

static bool is_lesson(const struct catalogue_file *f, size_t *stem)
{
    size_t len = strlen(f->name);
    *stem = len > 5 ? len - 5 : 0;
    return len > 5 && strcmp(f->name + len - 5, ".json") == 0;
}

const struct catalogue_file *catalogue_file(const char *name)
{
    for (size_t i = 0; i < catalogue_nfiles; i++)
        if (strcmp(catalogue_files[i].name, name) == 0)
            return &catalogue_files[i];
    return NULL;
}

static const struct catalogue_file *find_stem(const char *name, size_t len)
{
    size_t stem;
    for (size_t i = 0; i < catalogue_nfiles; i++)
        if (is_lesson(&catalogue_files[i], &stem) && stem == len &&
            memcmp(catalogue_files[i].name, name, len) == 0)
            return &catalogue_files[i];
    return NULL;
}

const struct catalogue_file *catalogue_find(const char *name)
{
    return find_stem(name, strlen(name));
}

size_t catalogue_count(void)
{
    size_t n = 0, stem;
    for (size_t i = 0; i < catalogue_nfiles; i++)
        n += is_lesson(&catalogue_files[i], &stem);
    return n;
}

/* Line `i` of ORDER that names a lesson; NULL: there are fewer. *total counts them. */
static const struct catalogue_file *in_order(size_t i, const struct catalogue_file *skip, size_t *total,
                                             bool *skipped)
{
    const struct catalogue_file *order = catalogue_file(ORDER), *found = NULL;
    const char *at = order ? (const char *)order->octets : NULL, *end = order ? at + order->len : NULL;
    *total = 0;
    *skipped = false;
    while (at && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((lf ? lf : end) - at);
        const struct catalogue_file *f = find_stem(at, len);
        if (f && (*total)++ == i)
            found = f;
        *skipped |= f && f == skip;
        at += len + 1;
    }
    return found;
}

static const struct catalogue_file *lesson_at(size_t i)
{
    size_t total, stem;
    bool named;
    const struct catalogue_file *f = in_order(i, NULL, &total, &named);
    if (f)
        return f;
    for (size_t k = 0; k < catalogue_nfiles; k++) {
        size_t n;
        if (!is_lesson(&catalogue_files[k], &stem))
            continue;
        in_order(0, &catalogue_files[k], &n, &named);
        if (!named && total++ == i)
            return &catalogue_files[k];
    }
    return NULL;
}

const char *catalogue_name(size_t i, char *buf, size_t cap)
{
    const struct catalogue_file *f = lesson_at(i);
    size_t stem = 0;
    if (f)
        is_lesson(f, &stem);
    if (stem >= cap)
        stem = cap - 1;
    memcpy(buf, f ? f->name : "", stem);
    buf[stem] = '\0';
    return buf;
}

static const char *text_of(const struct json_node *root, const char *key, struct core_arena *arena)
{
    const struct json_node *n = json_child(root, key);
    const char *text = n && n->type == JSON_STRING ? n->string : "";
    return core_arena_copy(arena, text, strlen(text));
}

bool catalogue_describe(size_t i, struct core_arena *arena, struct catalogue_entry *out)
{
    const struct catalogue_file *f = lesson_at(i);
    struct core_arena scratch = { 0 };
    struct scenario_errors *errors;
    const struct json_node *root, *teaches;
    const char **words;
    size_t stem;

    if (!f)
        return false;
    is_lesson(f, &stem);
    *out =
        (struct catalogue_entry){ .name = core_arena_copy(arena, f->name, stem), .title = "", .summary = "" };
    errors = core_arena_take(&scratch, sizeof *errors);
    root = json_tree_read(&scratch, f->name, 0, (const char *)f->octets, f->len, errors);
    if (root) {
        out->title = text_of(root, "title", arena);
        out->summary = text_of(root, "summary", arena);
        teaches = json_child(root, "teaches");
        words = core_arena_take(arena, (teaches ? teaches->count : 0) * sizeof *words);
        for (const struct json_node *n = teaches ? teaches->first : NULL; n; n = n->next)
            if (n->type == JSON_STRING)
                words[out->nteaches++] = core_arena_copy(arena, n->string, strlen(n->string));
        out->teaches = words;
    }
    core_arena_free(&scratch);
    return true;
}
