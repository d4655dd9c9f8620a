#ifndef UI_SCREEN_TERMINAL_H
#define UI_SCREEN_TERMINAL_H
/*
 * terminal - the only file that knows curses: shows canvases, brings keys, mouse, sizes and time.
 *
 *   terminal_open -> { terminal_wait -> screen -> terminal_show }* -> terminal_close
 *
 * After a signal or a crash the terminal is as it was: handlers restore it before the program ends.
 */
#include "ui/screen/screen.h"

/* False: the terminal cannot do it (TERM unknown or dumb, no terminal); `error` says why. */
bool terminal_open(char error[UI_ERROR_MAX]);
void terminal_close(void); /* harmless without an open one */

void terminal_size(struct ui_event *e); /* a SIZE event with its present size */

/* Waits for an event, at most `ms` milliseconds; a TICK says how long it was. */
void terminal_wait(struct ui_event *e, int ms);
void terminal_show(const struct ui_canvas *c, enum ui_theme theme);
void terminal_redraw(void);  /* the next show draws every character */
void terminal_suspend(void); /* Ctrl-Z: the shell has the terminal until fg */
void terminal_copy(
    const char *text);       /* into the clipboard of terminals that take it from programs (OSC 52) */
bool terminal_utf8(void);    /* the locale says UTF-8 */
bool terminal_colours(void); /* 8 or more, and NO_COLOR is not set */
#endif
