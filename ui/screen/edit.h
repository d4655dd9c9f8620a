#ifndef UI_SCREEN_EDIT_H
#define UI_SCREEN_EDIT_H
/*
 * edit - one line that a person types: prompts and the terminal share it.
 *
 *   RCPT TO:<bo|b@example.org>      Left, Right, Home, End, Backspace, Del, Ctrl-U, and characters
 *
 * The text is UTF-8 with NUL in the caller's memory; the caret counts octets and stands between characters.
 */
#include "ui/screen/actions.h"
#include "ui/screen/canvas.h"

void ui_edit_set(char *text, size_t cap, size_t *caret, const char *to);

/* True: the key edits the line, or is a character. What does not fit in `cap` is left out. */
bool ui_edit_key(char *text, size_t cap, size_t *caret, uint32_t key);

/* Draws it with the terminal's cursor at the caret, which stays in sight. */
void ui_edit_draw(struct ui_canvas *c, int row, int col, int room, const char *text, size_t caret);
#endif
