#ifndef UI_SCREEN_PROGRAM_H
#define UI_SCREEN_PROGRAM_H
/*
 * program - what the screen may ask of the program around it. The screen itself reads nothing but tapes.
 *
 *   screen --run(scenario, changes)--> program: a world, run to its end --> tape
 *
 * A change is "/json/pointer=VALUE", as with --set; the same scenario and changes give the same tape, octet
 * by octet. So whatever a person does is a change, and can be run again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/tape/tape.h"

#define UI_ERROR_MAX 600 /* octets of an error for people, with NUL */

struct ui_lesson {
    const char *name, *title, *summary; /* borrowed for as long as the program lives */
};

/* A value of the scenario that may be changed. */
struct ui_setting {
    const char *pointer; /* "/hosts/alice/client/accounts/0/submit/port" */
    const char *value;   /* as JSON: 587, "wonderland" */
    const char *help;    /* what it means; "" if nobody said */
};

/* Something that could have been said instead. */
struct ui_alternative {
    char text[120];                       /* "550 5.1.1 No such user here" */
    bool good;                            /* it leads on */
    const char *title, *lesson, *section; /* static */
};

struct ui_program {
    void *ctx;
    /* How a server could answer this line of a client, the best known first; what a client could say. Return
     * how many, at most `max`. */
    size_t (*replies)(void *ctx, enum trace_proto proto, const char *command, size_t len,
                      struct ui_alternative *out, size_t max);
    size_t (*commands)(void *ctx, enum trace_proto proto, struct ui_alternative *out, size_t max);
    /* The i-th lesson of the catalogue; false: there are fewer. */
    bool (*lesson)(void *ctx, size_t i, struct ui_lesson *out);
    /* Runs it to its end. NULL: `error` says what is wrong. The tape is the caller's to free. */
    struct tape *(*run)(void *ctx, const char *scenario, const char *const *changes, size_t nchanges,
                        char error[UI_ERROR_MAX]);
    /* The i-th value that may be changed, as it is at `at_ns` of virtual time; false: there are fewer. Valid
     * until the next call with another scenario, other changes or another time. */
    bool (*setting)(void *ctx, const char *scenario, const char *const *changes, size_t nchanges,
                    uint64_t at_ns, size_t i, struct ui_setting *out);
    /* Writes what happened up to `upto` as a capture. False: `error` says why not. NULL: not offered. */
    bool (*save_capture)(void *ctx, const struct tape *tape, uint32_t upto, const char *path,
                         char error[UI_ERROR_MAX]);
    /* Writes octets into a file. False: `error` says why not. NULL: not offered. */
    bool (*save_text)(void *ctx, const char *path, const char *text, size_t len, char error[UI_ERROR_MAX]);
    /* Both: a regular file keeps its old content unless all of the new one is written. Whether there is such
     * a file, and its size. NULL: nobody asks before overwriting. */
    bool (*exists)(void *ctx, const char *path, uint64_t *octets);
};
#endif
