/* Objects, arrays and maps, as the tables say. */
#include "scenarios/load/json_get.h"

#include <assert.h>
#include <string.h>

#include "protocols/wire/ascii.h"

#define ITEMS_MAX 1000 /* of an array or a map whose field does not say */

bool json_error_full(struct json_get *g)
{
    if (g->errors->count < SCENARIO_ERRORS_MAX)
        return false;
    g->errors->total++;
    return true;
}

/* What is wrong at `pointer`, whose value, or the nearest above it, is `n`. */
static void tell_error(struct json_get *g, const struct json_node *n, const char *pointer, const char *fmt,
                       va_list args)
{
    char where[JSON_POINTER_MAX], text[SCENARIO_ERROR_MAX];
    if (!g->change) {
        errors_add_v(g->errors, n->set ? "--set" : g->source, n->line, pointer, fmt, args);
        return;
    }
    vsnprintf(text, sizeof text, fmt, args);
    json_pointer(g->change, where, sizeof where);
    errors_add(g->errors, g->change->set ? "--set" : g->source, g->change->line, where, "then %s: %s",
               pointer, text);
}

void json_error(struct json_get *g, const struct json_node *n, const char *fmt, ...)
{
    char pointer[JSON_POINTER_MAX];
    va_list args;
    if (json_error_full(g))
        return;
    n = n ? n : g->root;
    json_pointer(n, pointer, sizeof pointer);
    va_start(args, fmt);
    tell_error(g, n, pointer, fmt, args);
    va_end(args);
}

void json_error_at(struct json_get *g, const char *pointer, const char *tail, const char *fmt, ...)
{
    char whole[JSON_POINTER_MAX];
    const struct json_node *n;
    va_list args;
    if (json_error_full(g))
        return;
    snprintf(whole, sizeof whole, "%s%s", pointer, tail);
    n = json_at(g->root, whole);
    va_start(args, fmt);
    tell_error(g, n, whole, fmt, args);
    va_end(args);
}

static void *place(void *base, uint32_t at)
{
    return (char *)base + at;
}

static void store_pointer(void *at, const void *pointer)
{
    memcpy(at, &pointer, sizeof pointer);
}

/* Where the value came from, kept with it. */
static void keep_pointer(struct json_get *g, const struct json_object *o, const struct json_node *n,
                         void *out)
{
    char pointer[JSON_POINTER_MAX];
    size_t len;
    if (o->pointer_at == GET_NOWHERE)
        return;
    len = json_pointer(n, pointer, sizeof pointer);
    store_pointer(place(out, o->pointer_at), core_arena_copy(g->arena, pointer, len));
}

/* An object, or its short form. */
static bool get_whole(struct json_get *g, const struct json_object *o, const struct json_node *n, void *out)
{
    keep_pointer(g, o, n, out);
    if (n->type == JSON_OBJECT)
        return json_get_object(g, o, n, out);
    if (o->brief && (n->type == JSON_STRING || (n->type == JSON_ARRAY && o->brief_list))) {
        if (!o->brief(g, n, out))
            return false;
        if (o->finish)
            o->finish(g, n, out);
        return true;
    }
    if (o->brief)
        json_error(g, n, "must be an object, or %s; not %s", o->brief_help, json_type_name(n->type));
    else
        json_error(g, n, "must be an object, not %s", json_type_name(n->type));
    return false;
}

static bool get_item(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    if (f->kind == GET_OBJECT)
        return get_whole(g, f->object, n, out);
    return json_get_value(g, f, n, out);
}

/* The key of a member of a map. */
static bool get_key(struct json_get *g, const struct json_object *o, const struct json_node *n, void *out)
{
    struct json_node key = *n;
    struct json_field f = { .kind = o->key_kind };
    key.type = JSON_STRING;
    key.string = n->key;
    return json_get_value(g, &f, &key, place(out, o->key_at));
}

/* A null from --set, and a note among named things that have no short form. */
static bool taken_away(const struct json_field *f, const struct json_node *item)
{
    if (item->type == JSON_NULL && item->set)
        return true;
    return f->shape == GET_MAP && !f->object->brief && item->type != JSON_OBJECT &&
           strcmp(item->key, "note") == 0;
}

/* The elements of an array, or the members of a map, one after another at `items`. */
static bool get_items(struct json_get *g, const struct json_field *f, const struct json_node *n, char *items,
                      size_t *count)
{
    size_t octets = json_field_octets(f);
    bool good = true;
    for (const struct json_node *item = n->first; item; item = item->next) {
        void *at = items + octets * *count;
        if (taken_away(f, item))
            continue;
        if (f->shape == GET_MAP && f->object->key_at != GET_NOWHERE)
            good &= get_key(g, f->object, item, at);
        good &= get_item(g, f, item, at);
        ++*count;
    }
    return good;
}

static bool get_many(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    enum json_type want = f->shape == GET_MAP ? JSON_OBJECT : JSON_ARRAY;
    bool alone = n->type != want && f->shape == GET_ONE_OR_LIST, good;
    size_t max = f->items_max ? f->items_max : ITEMS_MAX, count = 0;
    char *items;

    if (n->type != want && !alone) {
        if (f->shape == GET_MAP)
            json_error(g, n, "must be an object with a name for each %s, not %s", f->object->name,
                       json_type_name(n->type));
        else
            json_error(g, n, "must be an array, each element %s, not %s",
                       f->object ? f->object->name : get_kind_allowed(f->kind), json_type_name(n->type));
        return false;
    }
    if (!alone && n->count > max) {
        json_error(g, n, "has %lu entries; at most %zu", (unsigned long)n->count, max);
        return false;
    }
    items = core_arena_take(g->arena, json_field_octets(f) * (alone ? 1 : n->count));
    good = alone ? get_item(g, f, n, items) : get_items(g, f, n, items, &count);
    count += alone;
    if (count == 0 && (f->flags & GET_NOT_EMPTY)) {
        json_error(g, n, "is empty: at least one is needed");
        return false;
    }
    store_pointer(place(out, f->at), items);
    memcpy(place(out, f->count_at), &count, sizeof count);
    return good;
}

static bool get_field(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out)
{
    void *item;
    _Alignas(16) char scratch[32];
    if (f->at == GET_NOWHERE && f->shape == GET_ONE)
        return json_get_value(g, f, n, scratch);
    if (f->shape != GET_ONE && f->shape != GET_INSIDE)
        return get_many(g, f, n, out);
    if (f->kind != GET_OBJECT)
        return json_get_value(g, f, n, place(out, f->at));
    if (f->shape == GET_INSIDE)
        return get_whole(g, f->object, n, out);
    item = core_arena_take(g->arena, f->object->size);
    store_pointer(place(out, f->at), item);
    return get_whole(g, f->object, n, item);
}

/* The default, read like a value of the file. */
static void get_fallback(struct json_get *g, const struct json_field *f, const struct json_node *object,
                         void *out)
{
    struct json_node n = {
        .type = JSON_STRING, .line = object->line, .set = object->set, .string = f->fallback
    };
    uint64_t number;
    bool good;
    if (f->kind == GET_BOOL) {
        n.type = JSON_TRUTH;
        n.truth = strcmp(f->fallback, "true") == 0;
    } else if (wire_parse_u64(wire_slice_str(f->fallback), UINT32_MAX, &number)) {
        n.type = JSON_NUMBER;
        n.number = (double)number;
    }
    if (f->shape == GET_LIST || f->shape == GET_ONE_OR_LIST) {
        struct json_field one = *f;
        one.shape = GET_ONE_OR_LIST;
        good = get_many(g, &one, &n, out);
    } else {
        good = json_get_value(g, f, &n, place(out, f->at));
    }
    assert(good); /* a default that its own table refuses is our bug */
    (void)good;
}

static const struct json_field *find_field(const struct json_object *o, const char *key)
{
    for (size_t i = 0; i < o->nfields; i++)
        if (strcmp(o->fields[i].key, key) == 0)
            return &o->fields[i];
    return NULL;
}

/* `belongs` bits: the variants that are possible here; 0: the object has none. */
static void tell_unknown(struct json_get *g, const struct json_object *o, const struct json_node *n,
                         uint32_t belongs)
{
    struct nearest near;
    struct namelist list = { .text = "" };
    char guess[100];
    if (json_error_full(g))
        return;
    nearest_init(&near, n->key);
    for (size_t i = 0; i < o->nfields; i++) {
        const struct json_field *f = &o->fields[i];
        if (belongs && f->variants && !(f->variants & belongs))
            continue;
        nearest_try(&near, f->key);
        namelist_add(&list, f->key);
    }
    json_error(g, n, "unknown key in %s%s allowed: %s", o->name,
               nearest_text(&near, guess, sizeof guess)[0] ? guess : ";", list.text);
}

static const char *variant_name(const struct json_object *o, uint32_t bits)
{
    for (const struct json_choice *c = o->fields[0].choices; c->name; c++)
        if (GET_IN(c->value) & bits)
            return c->name;
    return "";
}

/* Which variant the object is, as a bit; 0: its first field does not say. UINT32_MAX: it has none. */
static bool get_variant(struct json_get *g, const struct json_object *o, const struct json_node *n, void *out,
                        uint32_t *variant)
{
    const struct json_field *f = &o->fields[0];
    const struct json_node *v;
    uint32_t value = 0;
    *variant = 0;
    if (!(f->flags & GET_SELECTS))
        return true;
    v = json_child(n, f->key);
    if (!v || (v->type == JSON_NULL && v->set)) {
        struct namelist list = { .text = "" };
        for (const struct json_choice *c = f->choices; c->name; c++)
            namelist_add(&list, c->name);
        json_error(g, n, "\"%s\" is missing: it says which %s this is; allowed: %s", f->key, o->name,
                   list.text);
        return false;
    }
    if (!json_get_value(g, f, v, place(out, f->at)))
        return false;
    assert(f->width == sizeof value);
    memcpy(&value, place(out, f->at), sizeof value);
    *variant = GET_IN(value);
    return true;
}

static bool get_members(struct json_get *g, const struct json_object *o, const struct json_node *n, void *out,
                        uint32_t variant, uint64_t *seen)
{
    bool good = true;
    for (const struct json_node *m = n->first; m; m = m->next) {
        const struct json_field *f = find_field(o, m->key);
        if (!f && strcmp(m->key, "note") == 0 && (m->type == JSON_STRING || m->type == JSON_ARRAY))
            continue;
        if (m->type == JSON_NULL && m->set && !(f && f->kind == GET_ANY))
            continue;
        if (!f) {
            tell_unknown(g, o, m, variant);
            good = false;
        } else if (variant && f->variants && !(f->variants & variant)) {
            json_error(g, m, "has no meaning with \"%s\": \"%s\"; it belongs to \"%s\"", o->fields[0].key,
                       variant_name(o, variant), variant_name(o, f->variants));
            good = false;
        } else {
            *seen |= UINT64_C(1) << (f - o->fields);
            good &= get_field(g, f, m, out);
        }
    }
    return good;
}

bool json_get_object(struct json_get *g, const struct json_object *o, const struct json_node *n, void *out)
{
    uint32_t variant;
    uint64_t seen = 0;
    bool good;

    assert(o->nfields <= GET_FIELDS_MAX);
    if (n->type != JSON_OBJECT) {
        json_error(g, n, "must be an object, not %s", json_type_name(n->type));
        return false;
    }
    if (!get_variant(g, o, n, out, &variant))
        return false;
    good = get_members(g, o, n, out, variant, &seen);
    for (size_t i = 0; i < o->nfields; i++) {
        const struct json_field *f = &o->fields[i];
        if ((seen >> i & 1) || (variant && f->variants && !(f->variants & variant)))
            continue;
        if (f->required == GET_ALWAYS || (variant && (f->required & variant))) {
            json_error(g, n, "\"%s\" is missing: %s", f->key, f->help);
            good = false;
        } else if (f->fallback) {
            get_fallback(g, f, n, out);
        }
    }
    if (good && o->finish)
        o->finish(g, n, out);
    return good;
}

bool json_get_text(struct json_get *g, const struct json_object *object, const char *key, const char *text,
                   const struct json_node *n, void *out)
{
    const struct json_field *f = find_field(object, key);
    struct json_node value = *n;
    uint64_t number;
    assert(f);
    value.type = JSON_STRING;
    value.string = text;
    if (f->kind == GET_UINT && wire_parse_u64(wire_slice_str(text), UINT32_MAX, &number)) {
        value.type = JSON_NUMBER;
        value.number = (double)number;
    }
    return get_field(g, f, &value, out);
}
