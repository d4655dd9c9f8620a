#include "ui/screen/edit.h"

#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"

static size_t left_of(const char *text, size_t at)
{
    while (at > 0 && ((unsigned char)text[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t right_of(const char *text, size_t at)
{
    if (text[at])
        at++;
    while (((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

void ui_edit_set(char *text, size_t cap, size_t *caret, const char *to)
{
    snprintf(text, cap, "%s", to);
    *caret = strlen(text);
}

static void cut(char *text, size_t *caret, size_t from, size_t to)
{
    memmove(text + from, text + to, strlen(text + to) + 1);
    *caret = from;
}

static void insert(char *text, size_t cap, size_t *caret, uint32_t key)
{
    char octets[WIRE_UTF8_MAX];
    size_t n = wire_utf8_put(octets, key), len = strlen(text);
    if (len + n >= cap)
        return;
    memmove(text + *caret + n, text + *caret, len - *caret + 1);
    memcpy(text + *caret, octets, n);
    *caret += n;
}

bool ui_edit_key(char *text, size_t cap, size_t *caret, uint32_t key)
{
    switch (key) {
    case UI_KEY_LEFT:
        *caret = left_of(text, *caret);
        return true;
    case UI_KEY_RIGHT:
        *caret = right_of(text, *caret);
        return true;
    case UI_KEY_HOME:
        *caret = 0;
        return true;
    case UI_KEY_END:
        *caret = strlen(text);
        return true;
    case UI_KEY_BACKSPACE:
        cut(text, caret, left_of(text, *caret), *caret);
        return true;
    case UI_KEY_DELETE:
        cut(text, caret, *caret, right_of(text, *caret));
        return true;
    case UI_CTRL('U'):
        ui_edit_set(text, cap, caret, "");
        return true;
    default:
        if (key < ' ' || key >= UI_KEY_FIRST)
            return false;
        insert(text, cap, caret, key);
        return true;
    }
}

void ui_edit_draw(struct ui_canvas *c, int row, int col, int room, const char *text, size_t caret)
{
    const char *from = text;
    size_t before = wire_display_columns(text, caret);
    while (before > (size_t)room - 1) {
        from += right_of(from, 0);
        before = wire_display_columns(from, caret - (size_t)(from - text));
    }
    ui_put(c, row, col, room, UI_STYLE_STRONG, from);
    c->cursor_row = row;
    c->cursor_col = col + (int)before;
}
