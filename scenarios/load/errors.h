#ifndef SCENARIOS_LOAD_ERRORS_H
#define SCENARIOS_LOAD_ERRORS_H
/*
 * errors - what is wrong with a scenario, told so that it can be mended.
 *
 *   FILE:LINE: /json/pointer: what is wrong; did you mean "this"? allowed: that
 *
 * Whatever the file holds, a line is printable text: control characters, broken UTF-8 and marks that
 * turn the direction of writing are escaped.
 */
#include <stdarg.h>
#include <stdint.h>

#include "scenarios/load/scenario.h"

/* Adds one line. `line` 0: no line number. `pointer` "" is the whole document and is shown as "/". */
void errors_add(struct scenario_errors *errors, const char *source, uint32_t line, const char *pointer,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void errors_add_v(struct scenario_errors *errors, const char *source, uint32_t line, const char *pointer,
                  const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));

/* ---- the nearest name ----------------------------------------------------------------------- */

#define NEAREST_LENGTH_MAX 64   /* octets of a name that is compared */
#define NEAREST_TRIED_MAX  5000 /* names looked at: more would take too long for a refusal */

struct nearest {
    const char *wanted;
    const char *best; /* NULL: nothing is near */
    unsigned distance, tried;
};

void nearest_init(struct nearest *n, const char *wanted);
void nearest_try(struct nearest *n, const char *candidate); /* borrowed until the answer is used */

/* Edits (a letter more, less, other, or two swapped) from one name to the other, case ignored; more
 * than `limit` counts as limit + 1. */
unsigned nearest_distance(const char *a, const char *b, unsigned limit);

/* A list in a message: "a", "b" and "c" as `a, b, c`, cut off with "..." when it is full. */
struct namelist {
    char text[360];
    size_t len;
    bool full;
};

void namelist_add(struct namelist *l, const char *name);

/* "; did you mean \"x\"?" or "" */
const char *nearest_text(const struct nearest *n, char *buf, size_t cap);
#endif
