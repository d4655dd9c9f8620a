#ifndef UI_SCREEN_PRESS_H
#define UI_SCREEN_PRESS_H
/*
 * press - keys written down: for handouts, documents and tests.
 *
 *   "n n ! w <Down> <Enter>"     n twice, next error, why, one row down, Enter
 *   "/ RCPT <Enter>"             a word is typed letter by letter; <Space> is a space
 *
 * The names are those of the help page.
 */
#include "ui/screen/screen.h"

/* Presses them one after the other. False: `wrong` is the first that is no key, and nothing was pressed. */
bool ui_press(struct ui_screen *s, const char *keys, char wrong[32]);
#endif
