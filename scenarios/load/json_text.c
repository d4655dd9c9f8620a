/* A value as JSON text. */
#include "scenarios/load/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writing {
    char *text; /* NULL: only counted */
    size_t n;
};

static void put(struct writing *w, const char *text, size_t len)
{
    if (w->text)
        memcpy(w->text + w->n, text, len);
    w->n += len;
}

static void put_string(struct writing *w, const char *text)
{
    put(w, "\"", 1);
    for (; *text; text++) {
        char escaped[8];
        if (*text == '"' || *text == '\\')
            put(w, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\%c", *text));
        else if ((unsigned char)*text < ' ')
            put(w, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)*text));
        else
            put(w, text, 1);
    }
    put(w, "\"", 1);
}

static void put_value(struct writing *w, const struct json_node *n)
{
    char number[32];
    switch (n->type) {
    case JSON_NULL:
        put(w, "null", 4);
        break;
    case JSON_TRUTH:
        put(w, n->truth ? "true" : "false", n->truth ? 4 : 5);
        break;
    case JSON_NUMBER:
        put(w, number, (size_t)snprintf(number, sizeof number, "%.15g", n->number));
        break;
    case JSON_STRING:
        put_string(w, n->string);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put(w, n->type == JSON_ARRAY ? "[" : "{", 1);
        for (const struct json_node *child = n->first; child; child = child->next) {
            if (child != n->first)
                put(w, ",", 1);
            if (n->type == JSON_OBJECT) {
                put_string(w, child->key);
                put(w, ":", 1);
            }
            put_value(w, child);
        }
        put(w, n->type == JSON_ARRAY ? "]" : "}", 1);
    }
}

const char *json_text(struct core_arena *arena, const struct json_node *n)
{
    struct writing w = { 0 };
    put_value(&w, n);
    w.text = core_arena_take(arena, w.n + 1);
    w.n = 0;
    put_value(&w, n);
    w.text[w.n] = '\0';
    return w.text;
}
