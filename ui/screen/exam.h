#ifndef UI_SCREEN_EXAM_H
#define UI_SCREEN_EXAM_H
/*
 * exam - what an exam would ask here, and what its answer key says.
 *
 *   RCPT --> "One RCPT for each recipient: MAIL, RCPT, DATA is the order that exams want."
 *
 * Where the standards say something else than the usual key, both are told.
 */
#include "ui/tape/tape.h"

/* NULL: nothing that exams ask about. Static. */
const char *ui_exam_note(const struct trace_record *r);

/* The same for one word: a verb, a code, a step of the journey, a port. */
const char *ui_exam_word(const char *word, size_t len);
#endif
