#ifndef UI_PLAIN_H
#define UI_PLAIN_H
/*
 * plain - the same lessons as a dialogue in plain text: for screen readers, dumb terminals and pipes.
 *
 *   Step 14 of 41, at 0.412 s. alice says to mail:
 *     RCPT TO:<bob@example.org>
 *   The client names one recipient. ...
 *   What comes next?
 *     1  250 2.1.5 Recipient OK
 *     2  550 5.1.1 No such user here
 *   Your answer (a number, or Enter to go on):
 *
 * It is the screen of ui/screen, asked by lines in place of keys: nothing is ever redrawn, choices are
 * numbered, and every action can be called by its key or its name.
 */
#include <stdio.h>

#include "ui/screen/screen.h"

/* Until the person quits or the input ends. Returns 0, or the errno of a failed write. */
int ui_plain(const struct ui_program *program, const struct ui_screen_options *options, FILE *in, FILE *out,
             char error[UI_ERROR_MAX]);
#endif
