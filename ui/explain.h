#ifndef UI_EXPLAIN_H
#define UI_EXPLAIN_H
/*
 * explain - what a word of e-mail means: "550 5.1.1", "RCPT", "NXDOMAIN", "143", "open relay".
 *
 *   words --split, longest match first--> glossary (ui/glossary.h), then each source of main.c
 *                                         none: a reply or status code read digit by digit
 *                                         none: "did you mean", exit 2
 *
 * Case, hyphens and spaces inside a term do not matter: "Open-Relay" is "open relay".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "protocols/wire/out.h"

#define EXPLAIN_WORD_MAX   64 /* octets of one term, with NUL */
#define EXPLAIN_TERM_WORDS 4  /* words in the longest term */

/* Another table that knows words. main.c makes one for each engine's tables. */
struct explain_source {
    const char *name; /* "SMTP", printed beside the word */
    /* The i-th row (from 0) that explains `word`; false: no more. `word` is as typed, words
     * of one term separated by one space. */
    bool (*find)(const char *word, const struct wire_lesson **row, size_t i);
    /* The i-th word that find knows, for suggestions; NULL at the end. May itself be NULL. */
    const char *(*word)(size_t i);
};

/* Explains all words on `out`; what is unknown on `err`. Each of `words` may itself hold several.
 * Returns the exit status: 0 all found; 2 one was not, or there is none; 3 out cannot be written. */
int ui_explain(FILE *out, FILE *err, const char *const *words, size_t nwords,
               const struct explain_source *sources, size_t nsources);
#endif
