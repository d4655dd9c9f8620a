#ifndef SCENARIOS_LOAD_JSON_GET_H
#define SCENARIOS_LOAD_JSON_GET_H
/*
 * json_get - tables that say which keys an object has, and the one reader that obeys them.
 *
 *   struct json_object   one kind of object: its fields, its short form, what follows when all are read
 *     struct json_field  one key: what it holds, where it goes, its limits, its default, a line of help
 *
 *   { "delay": "20ms" }  --fields_link--> ((struct spec_link *)out)->delay_ns = 20000000
 *
 * The tables (fields.h) are also what docs/SCENARIOS.md and docs/scenario.schema.json are written
 * from, so the three cannot disagree. Every object may have a "note", which is for people and is not read.
 * A null from --set or from a change takes a key away.
 */
#include <stddef.h>

#include "scenarios/load/json_tree.h"

/* X(enum suffix, name in the reference, octets, what is allowed) */
#define GET_KINDS(X)                                                                                         \
    X(BOOL, "boolean", sizeof(bool), "true or false")                                                        \
    X(UINT, "number", 0, "a whole number") /* octets: the field's width */                                   \
    X(WORDS, "string", sizeof(char *), "a string of one line")                                               \
    X(LINES, "text", sizeof(char *), "a string, or an array of lines")                                       \
    X(NAME, "name", sizeof(char *), "letters, digits, '.', '_' and '-', at most 64 of them")                 \
    X(DURATION, "duration", sizeof(uint64_t),                                                                \
      "a number with a unit, like \"250ms\", \"90s\", \"4h\", \"5d\"")                                       \
    X(SIZE, "size", sizeof(uint64_t), "a number of octets, or a string like \"64KiB\", \"10MB\"")            \
    X(RATE, "rate", sizeof(uint64_t), "a number of bits per second, or a string like \"100Mbit\"")           \
    X(CHANCE, "chance", sizeof(uint32_t), "a string from \"0%\" to \"100%\"")                                \
    X(ADDRESS, "address", sizeof(struct net_addr), "an IP address, like \"192.0.2.1\" or \"2001:db8::1\"")   \
    X(PREFIX, "prefix", sizeof(struct spec_prefix),                                                          \
      "an IP prefix, like \"192.0.2.0/24\" or \"2001:db8::/64\"")                                            \
    X(PORTS, "ports", 2 * sizeof(uint16_t), "a port, or a string like \"6000-6010\"")                        \
    X(CHOICE, "choice", 0, "one of its words") /* octets: the field's width; 0: the word itself */           \
    X(MAILBOX, "e-mail address", sizeof(char *), "an e-mail address, like \"bob@example.org\"")              \
    X(RECIPIENT, "user or address", sizeof(char *), "\"bob\" or \"bob@example.org\"")                        \
    X(DOMAIN, "domain", sizeof(char *), "a domain name, like \"example.org\"")                               \
    X(ZONE, "zone name", sizeof(char *), "a domain name, or \".\" for the root")                             \
    X(SERVER, "server", sizeof(char *), "a domain name or an IP address")                                    \
    X(MOMENT, "moment", sizeof(int64_t), "a moment in UTC, like \"2024-03-04T09:00:00Z\"")                   \
    X(STATUS, "status", sizeof(char *), "an enhanced status code, like \"5.1.1\"")                           \
    X(ANY, "any value", sizeof(char *), "any JSON value") /* kept as JSON text */                            \
    X(OBJECT, "object", 0, "an object")
#define X(name, word, octets, allowed) GET_##name,
enum get_kind { GET_KINDS(X) GET_KIND_COUNT };
#undef X

enum get_shape {
    GET_ONE,         /* the value; of objects: a pointer to it */
    GET_INSIDE,      /* an object whose fields belong to the same struct */
    GET_LIST,        /* an array: pointer and count */
    GET_ONE_OR_LIST, /* the same, and a single value stands for an array of one */
    GET_MAP          /* an object whose keys are names: pointer and count */
};

#define GET_NEVER      1 /* a duration may be "never" */
#define GET_NOT_EMPTY  2 /* an array or string holds something */
#define GET_PATTERN    4 /* a status may have x for any number: "5.x.x" */
#define GET_SELECTS    8 /* its choice is the object's variant; it is the first field */

#define GET_ALWAYS     UINT32_MAX           /* required */
#define GET_IN(n)      (UINT32_C(1) << (n)) /* variants: a bit for each choice */
#define GET_NOWHERE    UINT32_MAX           /* pointer_at, key_at, at */
#define GET_FIELDS_MAX 64                   /* of one object */

struct json_choice { /* a table ends with name NULL */
    const char *name;
    uint32_t value;
    const char *stored; /* where the field keeps a string: this one; NULL: name */
};

struct json_object;

struct json_field {
    const char *key, *help;
    enum get_kind kind;
    enum get_shape shape;
    uint32_t at, count_at; /* offsets in the struct; at GET_NOWHERE: checked here, read by `finish` */
    uint8_t width;         /* octets of a UINT or CHOICE; CHOICE 0: a string */
    uint8_t flags;
    uint32_t required, variants; /* variants 0: all */
    uint64_t min, max;           /* of UINT, SIZE, RATE and DURATION; max 0: what fits */
    uint32_t items_max;          /* of an array or a map; 0: 1000 */
    const char *fallback;        /* when the key is not there, as it would stand in a file, without quotes */
    const char *otherwise;       /* for the reference, where the default is no value: "the host's fqdn" */
    const struct json_choice *choices;
    const struct json_object *object;
};

struct json_get;

struct json_object {
    const char *name; /* in the reference and the schema: "link" */
    const char *help;
    const struct json_field *fields;
    size_t nfields;
    size_t size;            /* of the struct */
    uint32_t pointer_at;    /* where its JSON pointer goes */
    uint32_t key_at;        /* where its key in a map goes */
    enum get_kind key_kind; /* NAME, ZONE, RECIPIENT... */
    /* Reads a value that is no object. NULL: there is no short form. */
    bool (*brief)(struct json_get *g, const struct json_node *n, void *out);
    bool brief_list;        /* an array is a short form too */
    const char *brief_help; /* for the reference and messages: "\"LINK ADDRESS/BITS\"" */
    /* When all fields are read: what one field says about another. */
    void (*finish)(struct json_get *g, const struct json_node *n, void *out);
};

struct json_get {
    struct core_arena *arena;
    struct scenario_errors *errors;
    const struct json_node *root;
    const char *source;
    const char *folder;             /* where files beside the scenario are; NULL: in the catalogue */
    size_t beside_octets;           /* of .eml files and attachments so far */
    const struct json_node *change; /* the "to" that has made the tree what it is: errors are told there;
                                       NULL: the file, or --set */
};

/* Reads a whole object into `out` (zeroed, object->size octets). False: errors have been told. */
bool json_get_object(struct json_get *g, const struct json_object *object, const struct json_node *n,
                     void *out);

/* Reads one value that is no object and no list. */
bool json_get_value(struct json_get *g, const struct json_field *f, const struct json_node *n, void *out);

/* Reads "key" of `object` as if `text` stood there. For short forms. */
bool json_get_text(struct json_get *g, const struct json_object *object, const char *key, const char *text,
                   const struct json_node *n, void *out);

/* What is wrong with a node; NULL: with the whole file. */
void json_error(struct json_get *g, const struct json_node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True if no more errors are told: then this one is counted, and looking for its words would take time for
 * nothing. */
bool json_error_full(struct json_get *g);

/* What is wrong at a pointer, or at the nearest value above it; `tail` is appended to the pointer. */
void json_error_at(struct json_get *g, const char *pointer, const char *tail, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* An octet count with the field's width: UINT and CHOICE depend on it. */
size_t json_field_octets(const struct json_field *f);
const char *get_kind_name(enum get_kind kind);
const char *get_kind_allowed(enum get_kind kind);

/* Letters, digits, '.', '_', '-'; 1 to SPEC_NAME_MAX. */
bool json_name_valid(const char *text);
#endif
