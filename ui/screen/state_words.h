#ifndef UI_SCREEN_STATE_WORDS_H
#define UI_SCREEN_STATE_WORDS_H
/*
 * state_words - changes of state told in words: what a mail program, a queue, a mailbox, a fault did.
 *
 *   queue bounced  -->  "mail: 4F2A to bob@example.org will never arrive: 550 5.1.1 No such user here"
 *                  -->  "A 5yz is final: this server owes the sender a report."
 */
#include "ui/screen/view.h"

/* The record in one line. Returns buf. */
const char *ui_state_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap);
/* What explains it; false: the table has nothing of its own. */
bool ui_state_words(const struct trace_record *r, struct ui_words *out);
#endif
