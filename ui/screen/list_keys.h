#ifndef UI_SCREEN_LIST_KEYS_H
#define UI_SCREEN_LIST_KEYS_H
/*
 * list_keys - what Up, Down, the page keys and Tab mean in a view that is made of lists in panes.
 */
#include "ui/screen/view.h"

/* `rows` are those of the pane as drawn last; `move` goes so many rows on, and does not fail.
 * Returns the pane that is chosen now, `pane` itself where it stays; -1: the action is none of these. */
int ui_list_key(struct ui_screen *s, enum ui_action action, int rows,
                bool (*move)(struct ui_screen *s, ptrdiff_t by), int pane, int panes);
#endif
