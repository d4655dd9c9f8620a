#ifndef SCENARIOS_LOAD_CATALOGUE_H
#define SCENARIOS_LOAD_CATALOGUE_H
/*
 * catalogue - the lessons that are built into the program.
 *
 *   scenarios/x.json, y.eml, z.png --scenarios/load/embed.sh--> gen/catalogue.c: catalogue_files[]
 *
 *   for (size_t i = 0; i < catalogue_count(); i++) {
 *       struct catalogue_entry e;
 *       catalogue_describe(i, &arena, &e);           name, title, summary, what it teaches
 *   }
 *
 * Lessons come in the order in which they are best taken: the file ORDER names them; those it does
 * not name follow by name.
 */
#include <stdbool.h>
#include <stddef.h>

#include "sim/core/pool.h"

struct catalogue_file {
    const char *name; /* "first-message.json" */
    const unsigned char *octets;
    size_t len;
};

extern const struct catalogue_file catalogue_files[]; /* generated */
extern const size_t catalogue_nfiles;

struct catalogue_entry {
    const char *name; /* "first-message" */
    const char *title, *summary;
    const char *const *teaches;
    size_t nteaches;
};

size_t catalogue_count(void);

/* The name of lesson `i`, without ".json". */
const char *catalogue_name(size_t i, char *buf, size_t cap);

/* Reads what the list shows; strings belong to `arena`. False: i is beyond the end. */
bool catalogue_describe(size_t i, struct core_arena *arena, struct catalogue_entry *out);

/* A file of the catalogue by its whole name ("first-message.json", "lunch.eml"); NULL if there is none. */
const struct catalogue_file *catalogue_file(const char *name);

/* The lesson's JSON by its name ("first-message"); NULL if there is none. */
const struct catalogue_file *catalogue_find(const char *name);
#endif
