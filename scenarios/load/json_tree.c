/* From cJSON's tree to ours, with lines; and --set. */
#include "scenarios/load/json_tree.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/wire/utf8.h"

#define SMALL_OBJECT 8 /* keys that are compared one with another; more are hashed */

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",       [JSON_TRUTH] = "true or false", [JSON_NUMBER] = "a number",
        [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",      [JSON_OBJECT] = "an object",
    };
    return names[type];
}

/* ---- reading ------------------------------------------------------------------------------ */

struct reading {
    struct core_arena *arena;
    const struct json_scan *scan;
    size_t at; /* values taken so far: the index into scan->line */
    uint32_t set;
};

static struct json_node *take(struct reading *r, const cJSON *item, struct json_node *parent)
{
    struct json_node *n = core_arena_take(r->arena, sizeof *n);
    n->line = r->set ? r->set : r->scan->line[r->at];
    n->set = r->set;
    n->parent = parent;
    r->at++;
    if (item->string)
        n->key = core_arena_copy(r->arena, item->string, strlen(item->string));
    if (cJSON_IsString(item)) {
        n->type = JSON_STRING;
        n->string = core_arena_copy(r->arena, item->valuestring, strlen(item->valuestring));
    } else if (cJSON_IsNumber(item)) {
        n->type = JSON_NUMBER;
        n->number = item->valuedouble;
    } else if (cJSON_IsBool(item)) {
        n->type = JSON_TRUTH;
        n->truth = cJSON_IsTrue(item) != 0;
    } else if (cJSON_IsArray(item)) {
        n->type = JSON_ARRAY;
    } else if (cJSON_IsObject(item)) {
        n->type = JSON_OBJECT;
    }
    return n;
}

static void append(struct json_node *parent, struct json_node *n)
{
    n->parent = parent;
    n->index = parent->count++;
    n->next = NULL;
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
}

/* Depth is at most SCENARIO_DEPTH_MAX: the scanner has seen to it. */
static struct json_node *convert(struct reading *r, const cJSON *item, struct json_node *parent)
{
    struct json_node *n = take(r, item, parent);
    for (const cJSON *child = item->child; child; child = child->next)
        append(n, convert(r, child, n));
    return n;
}

static int by_key_then_place(const void *a, const void *b)
{
    const struct json_node *x = *(const struct json_node *const *)a, *y = *(const struct json_node *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->index < y->index ? -1 : 1;
}

static void tell_duplicate(const char *source, const struct json_node *first, const struct json_node *again,
                           struct scenario_errors *errors)
{
    char pointer[JSON_POINTER_MAX];
    json_pointer(again, pointer, sizeof pointer);
    errors_add(errors, source, again->line, pointer, "this key is here twice, first on line %lu",
               (unsigned long)first->line);
}

static void check_duplicates(const char *source, const struct json_node *object,
                             struct scenario_errors *errors)
{
    const struct json_node **sorted;
    size_t n = 0;
    if (object->count <= SMALL_OBJECT) {
        for (const struct json_node *b = object->first; b; b = b->next)
            for (const struct json_node *a = object->first; a != b; a = a->next)
                if (strcmp(a->key, b->key) == 0) {
                    tell_duplicate(source, a, b, errors);
                    break;
                }
        return;
    }
    sorted = core_alloc(object->count * sizeof *sorted);
    for (const struct json_node *a = object->first; a; a = a->next)
        sorted[n++] = a;
    qsort(sorted, n, sizeof *sorted, by_key_then_place);
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
            tell_duplicate(source, sorted[i - 1], sorted[i], errors);
    free(sorted);
}

static void check_all_duplicates(const char *source, const struct json_node *n,
                                 struct scenario_errors *errors)
{
    if (n->type == JSON_OBJECT)
        check_duplicates(source, n, errors);
    for (const struct json_node *child = n->first; child; child = child->next)
        if (child->first)
            check_all_duplicates(source, child, errors);
}

struct json_node *json_tree_read(struct core_arena *arena, const char *source, uint32_t set, const char *text,
                                 size_t len, struct scenario_errors *errors)
{
    struct json_scan scan;
    struct json_node *root = NULL;
    size_t before = errors->total;

    if (!json_scan(&scan, text, len)) {
        errors_add(errors, source, scan.error_line, scan.pointer, "%s", scan.what);
    } else {
        cJSON *tree = cJSON_ParseWithLength(text, len);
        if (tree) {
            struct reading r = { .arena = arena, .scan = &scan, .set = set };
            root = convert(&r, tree, NULL);
            check_all_duplicates(source, root, errors);
        } else {
            errors_add(errors, source, 1, "", "the file is not JSON");
        }
        cJSON_Delete(tree);
    }
    json_scan_free(&scan);
    return errors->total == before ? root : NULL;
}

/* ---- finding ------------------------------------------------------------------------------- */

const struct json_node *json_child(const struct json_node *object, const char *key)
{
    if (object->type == JSON_OBJECT)
        for (const struct json_node *n = object->first; n; n = n->next)
            if (strcmp(n->key, key) == 0)
                return n;
    return NULL;
}

size_t json_pointer(const struct json_node *node, char *buf, size_t cap)
{
    size_t n;
    char digits[16];
    const char *token = digits;
    if (!node->parent) {
        buf[0] = '\0';
        return 0;
    }
    n = json_pointer(node->parent, buf, cap);
    if (node->key)
        token = node->key;
    else
        snprintf(digits, sizeof digits, "%lu", (unsigned long)node->index);
    if (n + 1 < cap)
        buf[n++] = '/';
    for (; *token && n + 2 < cap; token++) {
        if (*token == '~' || *token == '/') {
            buf[n++] = '~';
            buf[n++] = *token == '~' ? '0' : '1';
        } else {
            buf[n++] = *token;
        }
    }
    buf[n] = '\0';
    return n;
}

/* One token of a pointer, unescaped. Returns where the next one begins; NULL: it is malformed
 * or longer than a key may be. */
static const char *next_token(const char *at, const char *end, char token[JSON_KEY_MAX + 1])
{
    size_t n = 0;
    for (; at < end && *at != '/'; at++) {
        char c = *at;
        if (c == '~') {
            if (at + 1 == end || (at[1] != '0' && at[1] != '1'))
                return NULL;
            c = *++at == '0' ? '~' : '/';
        }
        if (n == JSON_KEY_MAX)
            return NULL;
        token[n++] = c;
    }
    token[n] = '\0';
    return at;
}

/* The element or member a token names; NULL: none. */
static struct json_node *step(const struct json_node *n, const char *token)
{
    uint64_t index;
    if (n->type == JSON_OBJECT) {
        for (struct json_node *m = n->first; m; m = m->next)
            if (strcmp(m->key, token) == 0)
                return m;
    } else if (n->type == JSON_ARRAY && (token[0] != '0' || token[1] == '\0') &&
               wire_parse_u64(wire_slice_str(token), UINT32_MAX, &index)) {
        for (struct json_node *m = n->first; m; m = m->next)
            if (m->index == index)
                return m;
    }
    return NULL;
}

const struct json_node *json_at(const struct json_node *root, const char *pointer)
{
    const char *at = pointer, *end = pointer + strlen(pointer);
    char token[JSON_KEY_MAX + 1];
    while (at && at < end) {
        const struct json_node *next;
        at = next_token(at + 1, end, token);
        next = at ? step(root, token) : NULL;
        if (!next)
            break;
        root = next;
    }
    return root;
}

/* ---- setting -------------------------------------------------------------------------------- */

/* What could have stood in the place of a token that leads nowhere. */
static void tell_no_such(const struct json_put *who, const char *pointer, const struct json_node *at,
                         const char *token)
{
    char here[JSON_POINTER_MAX], guess[100];
    const char *where = who->where ? who->where : pointer;
    struct nearest near;
    struct namelist list = { .text = "" };
    json_pointer(at, here, sizeof here);
    if (at->type == JSON_ARRAY) {
        errors_add(who->errors, who->source, who->line, where,
                   "%s has %lu elements: 0 is the first, - appends one", here[0] ? here : "/",
                   (unsigned long)at->count);
        return;
    }
    if (at->type != JSON_OBJECT) {
        errors_add(who->errors, who->source, who->line, where, "%s is %s: there is nothing below it",
                   here[0] ? here : "/", json_type_name(at->type));
        return;
    }
    nearest_init(&near, token);
    for (const struct json_node *m = at->first; m; m = m->next) {
        nearest_try(&near, m->key);
        namelist_add(&list, m->key);
    }
    errors_add(who->errors, who->source, who->line, where, "%s has no \"%.80s\"%s has: %s",
               here[0] ? here : "/", token, nearest_text(&near, guess, sizeof guess)[0] ? guess : "; it",
               list.text);
}

/* The value of a set as a tree: JSON, or else a string. */
static struct json_node *value_of(struct core_arena *arena, uint32_t set, const char *value,
                                  struct scenario_errors *errors)
{
    struct json_scan scan;
    size_t len = strlen(value);
    bool json = json_scan(&scan, value, len);
    struct json_node *n;
    json_scan_free(&scan);
    if (json)
        return json_tree_read(arena, "--set", set, value, len, errors);
    if (!wire_utf8_valid(value, len)) {
        errors_add(errors, "--set", set, "", "the value is not UTF-8");
        return NULL;
    }
    n = core_arena_take(arena, sizeof *n);
    n->type = JSON_STRING;
    n->set = n->line = set;
    n->string = core_arena_copy(arena, value, len);
    return n;
}

static void replace(struct json_node **root, struct json_node *old, struct json_node *value)
{
    struct json_node *parent = old->parent, *before = NULL;
    value->key = old->key;
    value->index = old->index;
    value->parent = parent;
    value->next = old->next;
    if (!parent) {
        *root = value;
        return;
    }
    for (struct json_node *n = parent->first; n != old; n = n->next)
        before = n;
    if (before)
        before->next = value;
    else
        parent->first = value;
    if (parent->last == old)
        parent->last = value;
}

/* A list that its object does not have yet, for an element that is to be appended to it. */
static struct json_node *new_list(struct core_arena *arena, struct json_node *object, const char *key,
                                  const struct json_node *value)
{
    struct json_node *n = core_arena_take(arena, sizeof *n);
    n->type = JSON_ARRAY;
    n->line = value->line;
    n->set = value->set;
    n->key = core_arena_copy(arena, key, strlen(key));
    append(object, n);
    return n;
}

bool json_tree_put(struct core_arena *arena, struct json_node **root, const char *pointer,
                   struct json_node *value, const struct json_put *who, const struct json_node **old)
{
    const char *at = pointer, *end = pointer + strlen(pointer);
    char token[JSON_KEY_MAX + 1] = "";
    struct json_node *n = *root, *parent = NULL;
    *old = NULL;
    while (at < end) {
        if (!n && parent->type == JSON_OBJECT && strcmp(at, "/-") == 0)
            n = new_list(arena, parent, token, value);
        if (!n) {
            tell_no_such(who, pointer, parent, token);
            return false;
        }
        at = next_token(at + 1, end, token);
        if (!at) {
            errors_add(who->errors, who->source, who->line, who->where ? who->where : pointer,
                       "no pointer: ~ is followed by 0 or 1, and a key has at most %d octets", JSON_KEY_MAX);
            return false;
        }
        parent = n;
        n = step(parent, token);
    }
    if (!n && (parent->type == JSON_ARRAY ? strcmp(token, "-") != 0 : parent->type != JSON_OBJECT)) {
        tell_no_such(who, pointer, parent, token);
        return false;
    }
    if (n) {
        *old = n;
        replace(root, n, value);
        return true;
    }
    /* A copy still has the key that it had where it was copied; an element of a list has none. */
    value->key = parent->type == JSON_OBJECT ? core_arena_copy(arena, token, strlen(token)) : NULL;
    append(parent, value);
    return true;
}

bool json_tree_set(struct core_arena *arena, struct json_node **root, const char *assignment, uint32_t set,
                   struct scenario_errors *errors)
{
    const struct json_put who = { .errors = errors, .source = "--set", .line = set };
    const char *equals = strchr(assignment, '=');
    const struct json_node *old;
    char pointer[JSON_POINTER_MAX];
    struct json_node *value;

    if (!equals || (assignment[0] != '/' && assignment != equals) ||
        (size_t)(equals - assignment) >= sizeof pointer) {
        errors_add(errors, "--set", set, "", "\"%.80s\" is not /json/pointer=VALUE", assignment);
        return false;
    }
    memcpy(pointer, assignment, (size_t)(equals - assignment));
    pointer[equals - assignment] = '\0';
    value = value_of(arena, set, equals + 1, errors);
    return value && json_tree_put(arena, root, pointer, value, &who, &old);
}

struct json_node *json_tree_copy(struct core_arena *arena, const struct json_node *n)
{
    struct json_node *copy = core_arena_take(arena, sizeof *copy);
    *copy = *n;
    copy->set = n->set ? n->set : 1;
    copy->parent = copy->first = copy->last = copy->next = NULL;
    copy->count = copy->index = 0;
    for (const struct json_node *child = n->first; child; child = child->next)
        append(copy, json_tree_copy(arena, child));
    return copy;
}
