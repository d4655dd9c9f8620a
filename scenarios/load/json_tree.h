#ifndef SCENARIOS_LOAD_JSON_TREE_H
#define SCENARIOS_LOAD_JSON_TREE_H
/*
 * json_tree - JSON as values that know their line, and the overrides of --set.
 *
 *   text --json_scan--> lines --\
 *        --cJSON------> values --+--> struct json_node, all in one arena
 *   "/hosts/alice/fqdn=a.test" --json_tree_set--> the same tree, changed
 *
 * The only file that knows cJSON is json_tree.c. Pointers are those of RFC 6901: "~1" is "/", "~0" is "~",
 * "-" behind an array is the place after its last element.
 */
#include "scenarios/load/errors.h"
#include "scenarios/load/json_scan.h"

enum json_type { JSON_NULL, JSON_TRUTH, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    enum json_type type;
    uint32_t line;  /* in the file, of its key if it has one; of a --set: which, from 1 */
    uint32_t set;   /* which --set gave it, from 1; 0: the file */
    uint32_t count; /* members or elements */
    uint32_t index; /* of an element in its array */
    bool truth;
    double number;
    const char *key;    /* in its object; NULL: none */
    const char *string; /* never NULL for JSON_STRING */
    struct json_node *parent, *first, *last, *next;
};

/* NULL: *errors has been told. `set` 0: the text is a file. */
struct json_node *json_tree_read(struct core_arena *arena, const char *source, uint32_t set, const char *text,
                                 size_t len, struct scenario_errors *errors);

/* "/pointer=VALUE": VALUE is JSON if it reads as JSON, else a string. False: *errors has been told. */
bool json_tree_set(struct core_arena *arena, struct json_node **root, const char *assignment, uint32_t set,
                   struct scenario_errors *errors);

/* Who wants a value to be put into a tree: errors are told there. */
struct json_put {
    struct scenario_errors *errors;
    const char *source; /* the file, or "--set" */
    uint32_t line;
    const char *where; /* pointer to the value that holds the pointer; NULL: the pointer itself */
};

/* Puts `value`, which is nowhere in a tree yet, at a pointer. *old is what stood there; NULL: nothing.
 * "LIST/-" appends, and makes the list if its object has none. False: who->errors has been told. */
bool json_tree_put(struct core_arena *arena, struct json_node **root, const char *pointer,
                   struct json_node *value, const struct json_put *who, const struct json_node **old);

/* A copy of a value for json_tree_put; what is null in it takes a key away, as with --set. */
struct json_node *json_tree_copy(struct core_arena *arena, const struct json_node *n);

/* A value as JSON text on one line. */
const char *json_text(struct core_arena *arena, const struct json_node *n);

/* The pointer of a node. Returns its length; what does not fit is cut off. */
size_t json_pointer(const struct json_node *node, char *buf, size_t cap);

/* The value at a pointer; or, if it does not exist, the nearest above it. */
const struct json_node *json_at(const struct json_node *root, const char *pointer);

const struct json_node *json_child(const struct json_node *object, const char *key); /* NULL: none */

const char *json_type_name(enum json_type type); /* "an object" */
#endif
