#ifndef UI_SCREEN_BENCH_UI_H
#define UI_SCREEN_BENCH_UI_H
/*
 * bench_ui - how fast the screen answers: `mailwalk bench --ui`.
 *
 *   first frame    from nothing to the first drawn screen of the largest lesson, its run included
 *   a key          from the key to the drawn screen at 200x60, with a tape of a million records, for each
 * view
 *
 * The terminal is not part of it: what is measured is what this program does.
 */
#include <stdio.h>

#include "ui/screen/program.h"

/* Returns the exit status: 0; 3: something could not be run, which `out` says. */
int ui_bench(const struct ui_program *program, FILE *out);
#endif
