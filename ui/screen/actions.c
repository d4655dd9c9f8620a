#include "ui/screen/actions.h"

#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"

static const struct ui_action_row rows[UI_ACTION_COUNT] = { [UI_DO_NOTHING] = { "", 0, 0, "", "" },
#define X(name, word, key, other, group, words) [UI_DO_##name] = { word, key, other, group, words },
                                                            UI_ACTIONS(X)
#undef X
};

const struct ui_action_row *ui_action_row(enum ui_action a)
{
    return &rows[a];
}

enum ui_action ui_action_of_key(uint32_t key)
{
    for (int a = 1; a < UI_ACTION_COUNT; a++)
        if (key && (rows[a].key == key || rows[a].other == key))
            return (enum ui_action)a;
    return UI_DO_NOTHING;
}

enum ui_action ui_action_named(const char *word)
{
    enum ui_action found = UI_DO_NOTHING;
    size_t len = strlen(word);
    for (int a = 1; a < UI_ACTION_COUNT; a++) {
        if (strcmp(rows[a].word, word) == 0)
            return (enum ui_action)a;
        if (len > 0 && strncmp(rows[a].word, word, len) == 0) {
            if (found)
                len = SIZE_MAX / 2; /* more than one begins so: only the whole name counts */
            found = len < 64 ? (enum ui_action)a : UI_DO_NOTHING;
        }
    }
    return len < 64 ? found : UI_DO_NOTHING;
}

const char *ui_key_text(uint32_t key, char buf[12])
{
    static const struct {
        uint32_t key;
        const char *name;
    } names[] = { { ' ', "space" },
                  { UI_KEY_TAB, "Tab" },
                  { UI_KEY_ENTER, "Enter" },
                  { UI_KEY_ESC, "Esc" },
                  { UI_KEY_BACKSPACE, "Backspace" },
                  { UI_KEY_UP, "Up" },
                  { UI_KEY_DOWN, "Down" },
                  { UI_KEY_LEFT, "Left" },
                  { UI_KEY_RIGHT, "Right" },
                  { UI_KEY_HOME, "Home" },
                  { UI_KEY_END, "End" },
                  { UI_KEY_PAGE_UP, "PgUp" },
                  { UI_KEY_PAGE_DOWN, "PgDn" },
                  { UI_KEY_DELETE, "Del" },
                  { UI_KEY_BACKTAB, "Shift-Tab" },
                  { UI_KEY_UNKNOWN, "that key" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].key == key)
            return names[i].name;
    if (key >= UI_KEY_F1 && key <= UI_KEY_F12)
        snprintf(buf, 12, "F%u", (unsigned)(key - UI_KEY_F1 + 1));
    else if (key < 32)
        snprintf(buf, 12, "Ctrl-%c", (char)(key + 64));
    else {
        size_t n = wire_utf8_put(buf, key);
        buf[n] = '\0';
    }
    return buf;
}
