#ifndef UI_TAPE_COMPARE_H
#define UI_TAPE_COMPARE_H
/*
 * compare - two runs of one scenario, side by side.
 *
 *   a  220 EHLO 250 MAIL 250 RCPT 550 QUIT             rows:  220 220, EHLO EHLO, ... RCPT RCPT,
 *   b  220 EHLO 250 MAIL 250 RCPT 250 DATA 354               550 -, - 250, - DATA, - 354, QUIT -
 *
 * The first difference is found record by record, numbers of records and frames and causes left out, and so
 * are faults that begin or end: they are the change, not what came of it. Rows are lines, phases and
 * failures; behind the first difference they are paired where they say the same, whenever they say it.
 */
#include "ui/tape/tape.h"

struct compare_row {
    uint32_t a, b; /* records; 0: nothing on this side */
};

struct compare {
    uint32_t first_a, first_b; /* where they begin to differ; 0: this run is over by then; both 0: nowhere */
    bool same;
    struct compare_row *row; /* owned */
    size_t n, cap;
    size_t first_row; /* the first row that differs, or comes after the first difference; n: none */
};

/* The tapes are not kept. Never NULL. */
struct compare *compare_new(const struct tape *a, const struct tape *b);
void compare_free(struct compare *c); /* NULL is allowed */
/* The last row at or before record `seq` of b; 0 if there is none. */
size_t compare_row_of_b(const struct compare *c, uint32_t seq);
#endif
