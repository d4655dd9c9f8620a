#include "ui/screen/press.h"

#include <stdio.h>
#include <string.h>

#include "protocols/wire/utf8.h"

static bool same_name(const char *name, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!name[i] || (name[i] | 0x20) != (at[i] | 0x20))
            return false;
    return name[len] == '\0';
}

/* "<Enter>", "<F3>", "<Ctrl-L>". 0: no key has this name. */
static uint32_t key_named(const char *at, size_t len)
{
    static const uint32_t keys[] = {
        ' ',        UI_KEY_TAB,     UI_KEY_ENTER,     UI_KEY_ESC,    UI_KEY_BACKSPACE,
        UI_KEY_UP,  UI_KEY_DOWN,    UI_KEY_LEFT,      UI_KEY_RIGHT,  UI_KEY_HOME,
        UI_KEY_END, UI_KEY_PAGE_UP, UI_KEY_PAGE_DOWN, UI_KEY_DELETE, UI_KEY_BACKTAB
    };
    char buf[12];
    if (len < 3 || at[0] != '<' || at[len - 1] != '>')
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (same_name(ui_key_text(keys[i], buf), at + 1, len - 2))
            return keys[i];
    for (uint32_t key = 1; key < 32; key++)
        if (same_name(ui_key_text(key, buf), at + 1, len - 2))
            return key;
    for (uint32_t key = UI_KEY_F1; key <= UI_KEY_F12; key++)
        if (same_name(ui_key_text(key, buf), at + 1, len - 2))
            return key;
    return 0;
}

static bool press(struct ui_screen *s, const char *keys, char wrong[32])
{
    while (*keys) {
        size_t len = strcspn(keys, " ");
        uint32_t key = len > 2 && keys[0] == '<' && keys[len - 1] == '>' ? key_named(keys, len) : 0;
        if (len > 2 && keys[0] == '<' && keys[len - 1] == '>' && !key) {
            snprintf(wrong, 32, "%.*s", (int)(len < 31 ? len : 31), keys);
            return false;
        }
        for (size_t i = 0; !key && i < len;) {
            uint32_t ch;
            size_t n = wire_utf8_decode(keys + i, len - i, &ch);
            if (n == 0) {
                snprintf(wrong, 32, "octet %zu", i + 1);
                return false;
            }
            if (s)
                ui_screen_key(s, ch);
            i += n;
        }
        if (key && s)
            ui_screen_key(s, key);
        keys += len;
        keys += *keys == ' ';
    }
    return true;
}

bool ui_press(struct ui_screen *s, const char *keys, char wrong[32])
{
    return press(NULL, keys, wrong) && press(s, keys, wrong);
}
