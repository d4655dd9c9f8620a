#ifndef SIM_GATEWAY_FLAT_H
#define SIM_GATEWAY_FLAT_H
/*
 * flat - JSON objects of one line without anything nested: {"t":1200,"octets":1,"data":"EHLO me\r\n"}.
 *
 *   flat_read -> fields in place, no allocation -> flat_need_..., flat_find -> flat_all_used
 *
 * Values are strings, whole numbers without a sign, true and false. Two readings of a string:
 *
 *   FLAT_OCTETS   a character stands for one octet: \u0000 to \u00ff, and nothing but ASCII in the file
 *   FLAT_TEXT     UTF-8, and \uXXXX of any character becomes UTF-8; what is no UTF-8 is refused
 *
 * Whoever writes one uses flat_put_octets or flat_put_text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FLAT_FIELDS_MAX 16 /* in one object */
#define FLAT_ERROR_MAX  300

enum flat_strings { FLAT_OCTETS, FLAT_TEXT };
enum flat_type { FLAT_STRING, FLAT_NUMBER, FLAT_BOOL };

struct flat_field {
    const char *key;
    enum flat_type type;
    const char *text; /* decoded, in place, and followed by a NUL */
    size_t len;
    uint64_t number; /* or 0, 1 */
    bool used;
};

struct flat_object {
    struct flat_field field[FLAT_FIELDS_MAX];
    size_t n;
    enum flat_strings strings;
    char error[FLAT_ERROR_MAX]; /* set by whatever returns false */
};

/* `line` is changed, and must outlive the object. False: o->error says what is wrong. */
bool flat_read(struct flat_object *o, char *line, enum flat_strings strings);

/* NULL: it has no such key. It counts as used. */
struct flat_field *flat_find(struct flat_object *o, const char *key);
bool flat_need_number(struct flat_object *o, const char *key, uint64_t least, uint64_t most, uint64_t *out);
bool flat_need_string(struct flat_object *o, const char *key, const char **text, size_t *len);
bool flat_need_text(struct flat_object *o, const char *key, const char **text); /* not empty, no NUL */
bool flat_need_hash(struct flat_object *o, const char *key, uint64_t *out);     /* 16 hexadecimal digits */
/* Has every key been asked for? */
bool flat_all_used(struct flat_object *o);
/* Sets o->error; returns false. */
bool flat_wrong(struct flat_object *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A string with its quotes. */
void flat_put_octets(FILE *to, const char *at, size_t len);
#endif
