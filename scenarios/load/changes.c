/* What the settings are after each change. */
#include "scenarios/load/changes.h"

#include <stdlib.h>
#include <string.h>

#include "scenarios/load/check.h"
#include "sim/hosts/change.h"
#include "sim/hosts/units.h"

/* What no change can touch: it is read once, and its octets are shared. */
static const char *const once[] = { "messages", "expect", "changes" };

/* NULL: it is not there. */
static struct json_node *take_out(struct json_node *object, const char *key)
{
    struct json_node *before = NULL;
    for (struct json_node *n = object->first; n; before = n, n = n->next) {
        if (strcmp(n->key, key) != 0)
            continue;
        if (before)
            before->next = n->next;
        else
            object->first = n->next;
        if (object->last == n)
            object->last = before;
        return n;
    }
    return NULL;
}

static void put_back(struct json_node *object, struct json_node *member)
{
    member->next = object->first;
    object->first = member;
    if (!object->last)
        object->last = member;
}

static size_t values_in(const struct json_node *n)
{
    size_t count = 1;
    for (const struct json_node *child = n->first; child; child = child->next)
        count += values_in(child);
    return count;
}

/* Where a change's "set" or "to" stands. */
static const struct json_node *part_of(const struct json_node *root, const struct spec_change *c,
                                       const char *key)
{
    char pointer[JSON_POINTER_MAX];
    snprintf(pointer, sizeof pointer, "%s/%s", c->pointer, key);
    return json_at(root, pointer);
}

static int by_time(const void *a, const void *b)
{
    const struct spec_change *const *x = a, *const *y = b;
    if ((*x)->at_ns != (*y)->at_ns)
        return (*x)->at_ns < (*y)->at_ns ? -1 : 1;
    return *x < *y ? -1 : 1;
}

/* Those of one moment stay in the order of the list. */
static struct spec_change *in_order(struct core_arena *arena, const struct spec_change *changes, size_t n)
{
    struct spec_change *sorted = core_arena_take(arena, n * sizeof *sorted);
    const struct spec_change **order = core_alloc(n * sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = &changes[i];
    qsort(order, n, sizeof *order, by_time);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *order[i];
    free(order);
    return sorted;
}

/* The whole file anew, as it stands after a change. `before` lends what stays. */
static const struct spec_world *read_again(struct json_get *g, const struct spec_world *before)
{
    struct scenario *next = core_arena_take(g->arena, sizeof *next);
    if (!json_get_object(g, &fields_scenario, g->root, next))
        return NULL;
    next->world.name = before->name;
    next->world.messages = before->messages;
    next->world.nmessages = before->nmessages;
    next->world.doors = NULL; /* a door may lead to a port where nobody listens any more */
    check_scenario(g, next);
    return &next->world;
}

/* One change. False: errors have been told. */
static bool read_change(struct json_get *g, struct spec_change *c, const struct json_node *set,
                        const struct json_node *to, struct json_node **root, struct core_arena *scratch,
                        const struct spec_world *before)
{
    char set_at[JSON_POINTER_MAX], resolved[JSON_POINTER_MAX], why[CHANGE_WHY_MAX];
    struct json_put who = {
        .errors = g->errors, .source = set->set ? "--set" : g->source, .line = set->line, .where = set_at
    };
    struct json_node *value = json_tree_copy(scratch, to);
    const struct json_node *old;
    size_t told = g->errors->total;
    json_pointer(set, set_at, sizeof set_at);
    if (c->what[0] != '/' || !change_allowed(c->what, why)) {
        errors_add(g->errors, who.source, who.line, set_at, "%s",
                   c->what[0] != '/'
                       ? "is no JSON pointer: it begins with /, like \"/hosts/mail/mta/size_max\""
                       : why);
        return false;
    }
    if (!json_tree_put(scratch, root, c->what, value, &who, &old))
        return false;
    json_pointer(value, resolved, sizeof resolved);
    c->what = core_arena_copy(g->arena, resolved, strlen(resolved));
    c->was = old && !(old->type == JSON_NULL && old->set) ? json_text(g->arena, old) : NULL;
    g->root = *root;
    g->change = to;
    c->after = read_again(g, before);
    if (c->after && g->errors->total == told && !change_fits(before, c, why))
        errors_add(g->errors, who.source, who.line, set_at, "%s", why);
    g->change = NULL;
    return g->errors->total == told;
}

static bool check_times(struct json_get *g, const struct spec_world *w, const struct json_node *root)
{
    char at[UNITS_TEXT_MAX], end[UNITS_TEXT_MAX];
    bool good = true;
    for (size_t i = 0; i < w->nchanges; i++)
        if (w->changes[i].at_ns >= w->until_ns) {
            json_error(g, part_of(root, &w->changes[i], "at"),
                       "%s is not before the end of the run, \"until\": %s",
                       units_duration_text(w->changes[i].at_ns, at), units_duration_text(w->until_ns, end));
            good = false;
        }
    return good;
}

void changes_read(struct json_get *g, struct scenario *s, struct json_node *root, struct core_arena *scratch)
{
    const size_t n = s->world.nchanges;
    const struct json_node **set, **to;
    const struct spec_world *before = &s->world;
    struct json_node *shared[sizeof once / sizeof once[0]];
    struct spec_change *changes;
    size_t values = values_in(root);
    if (n == 0 || !check_times(g, &s->world, root))
        return;
    if (n * values > CHANGES_VALUES_MAX) {
        json_error(g, json_child(root, "changes"),
                   "%zu changes of a file with %zu values: both multiplied may be %d at most", n, values,
                   CHANGES_VALUES_MAX);
        return;
    }
    changes = in_order(g->arena, s->world.changes, n);
    set = core_arena_take(scratch, n * sizeof(struct json_node *));
    to = core_arena_take(scratch, n * sizeof(struct json_node *));
    for (size_t i = 0; i < n; i++) {
        set[i] = part_of(root, &changes[i], "set");
        to[i] = part_of(root, &changes[i], "to");
    }
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        shared[i] = take_out(root, once[i]);
    for (size_t i = 0; i < n; i++) {
        if (!read_change(g, &changes[i], set[i], to[i], &root, scratch, before))
            break;
        before = changes[i].after;
    }
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        if (shared[i])
            put_back(root, shared[i]);
    s->world.changes = changes;
    g->root = root;
    if (g->errors->total == 0)
        check_changed(g, s);
}
