#ifndef UI_SCREEN_ACTIONS_H
#define UI_SCREEN_ACTIONS_H
/*
 * actions - everything a person can do, in one table: name, keys, words for the help page.
 *
 * The keys, the help page, the hints at the bottom and the names behind ":" are all made from it, so
 * they cannot disagree. A key has one meaning in all views. A digit chooses what the bottom of the screen
 * numbers: an answer while a question is open, else a view.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no characters. */
enum ui_key {
    UI_KEY_NONE = 0,
    UI_KEY_TAB = 9,
    UI_KEY_ENTER = 13,
    UI_KEY_ESC = 27,
    UI_KEY_BACKSPACE = 127,
    UI_KEY_FIRST = 0x110000,
    UI_KEY_UP,
    UI_KEY_DOWN,
    UI_KEY_LEFT,
    UI_KEY_RIGHT,
    UI_KEY_HOME,
    UI_KEY_END,
    UI_KEY_PAGE_UP,
    UI_KEY_PAGE_DOWN,
    UI_KEY_DELETE,
    UI_KEY_BACKTAB,
    UI_KEY_F1,
    UI_KEY_F12 = UI_KEY_F1 + 11,
    UI_KEY_UNKNOWN
};
#define UI_CTRL(letter) ((letter)&31)

/* X(enum suffix, name behind ":", key, another key or 0, group, words) */
#define UI_ACTIONS(X)                                                                                        \
    X(STEP, "step", 'n', UI_KEY_RIGHT, "Time", "one step on")                                                \
    X(BACK, "back", 'p', UI_KEY_LEFT, "Time", "one step back")                                               \
    X(PLAY, "play", ' ', 0, "Time", "play, or pause")                                                        \
    X(FASTER, "faster", '+', '=', "Time", "play faster")                                                     \
    X(SLOWER, "slower", '-', 0, "Time", "play more slowly")                                                  \
    X(GRAIN, "grain", 'g', 0, "Time", "how far a step goes: phase, line, packet")                            \
    X(START, "start", UI_KEY_HOME, 0, "Time", "to the start")                                                \
    X(FINISH, "end", UI_KEY_END, 0, "Time", "to the end")                                                    \
    X(NEXT_PHASE, "next-phase", ']', '.', "Time", "to the next phase")                                       \
    X(PREVIOUS_PHASE, "previous-phase", '[', ',', "Time", "to the phase before")                             \
    X(NEXT_ERROR, "next-error", '!', 0, "Time", "to the next thing that went wrong")                         \
    X(PREVIOUS_ERROR, "previous-error", '"', 0, "Time", "to the last thing that went wrong")                 \
    X(GO_TIME, "go", '@', 0, "Time", "to a time: 1.5s, 2m, 4h")                                              \
    X(NEXT_OF_HOST, "next-of-host", 'h', 0, "Time", "to the next event of a host")                           \
    X(FIND, "find", '/', 0, "Time", "find words in the run")                                                 \
    X(NEXT_HIT, "next-hit", '>', 0, "Time", "to the next place with these words")                            \
    X(PREVIOUS_HIT, "previous-hit", '<', 0, "Time", "to the place before with these words")                  \
    X(VIEW_JOURNEY, "journey", UI_KEY_F1, 0, "Views", "the map, what happens, and why")                      \
    X(VIEW_LADDER, "ladder", UI_KEY_F1 + 1, 0, "Views", "who says what to whom")                             \
    X(VIEW_PACKET, "packet", UI_KEY_F1 + 2, 0, "Views", "frames, their layers, their octets")                \
    X(VIEW_HOSTS, "hosts", UI_KEY_F1 + 3, 0, "Views", "inside one host")                                     \
    X(VIEW_MESSAGE, "message", UI_KEY_F1 + 4, 0, "Views", "the message as it is now")                        \
    X(VIEW_GRID, "grid", UI_KEY_F1 + 5, 0, "Views", "hosts by stages")                                       \
    X(VIEW_TERMINAL, "terminal", UI_KEY_F1 + 6, 0, "Views", "type to a server yourself")                     \
    X(UP, "up", UI_KEY_UP, 0, "In a view", "up")                                                             \
    X(DOWN, "down", UI_KEY_DOWN, 0, "In a view", "down")                                                     \
    X(PAGE_UP, "page-up", UI_KEY_PAGE_UP, 0, "In a view", "a page up")                                       \
    X(PAGE_DOWN, "page-down", UI_KEY_PAGE_DOWN, 0, "In a view", "a page down")                               \
    X(OPEN, "open", UI_KEY_ENTER, 0, "In a view", "go there, or open it")                                    \
    X(NEXT_PANE, "next-pane", UI_KEY_TAB, 0, "In a view", "the next part of the view")                       \
    X(PREVIOUS_PANE, "previous-pane", UI_KEY_BACKTAB, 0, "In a view", "the part before")                     \
    X(FOLLOW, "follow", 'f', 0, "In a view", "follow one conversation, or all")                              \
    X(FOLD, "fold", 'z', 0, "In a view", "fold or unfold")                                                   \
    X(HOST, "host", 'H', 0, "In a view", "choose a host")                                                    \
    X(WHY, "why", 'w', 0, "Learn", "why did this happen?")                                                   \
    X(WHAT_IF, "what-if", 'x', 0, "Learn", "change a setting and run again")                                 \
    X(ORIGINAL, "original", 'o', 0, "Learn", "back to the original run")                                     \
    X(COMPARE, "compare", 'c', 0, "Learn", "both runs side by side")                                         \
    X(QUESTIONS, "questions", 'v', 0, "Learn", "questions before each step: on or off")                      \
    X(LESSONS, "lessons", 'L', 0, "Learn", "choose another lesson")                                          \
    X(EXPORT, "export", 'e', 0, "From here", "save a capture, a transcript, a diagram")                      \
    X(COPY, "copy", 'y', 0, "From here", "copy this line")                                                   \
    X(THEME, "theme", 't', 0, "The screen", "dark, light, mono, high contrast")                              \
    X(ASCII, "ascii", 'a', 0, "The screen", "lines of UTF-8 or of ASCII")                                    \
    X(BIG, "big", 'b', 0, "The screen", "for a projector: few lines, large gaps")                            \
    X(REDRAW, "redraw", UI_CTRL('L'), 0, "The screen", "draw everything anew")                               \
    X(SUSPEND, "suspend", UI_CTRL('Z'), 0, "The screen", "to the shell; fg comes back")                      \
    X(COMMAND, "command", ':', 0, "The screen", "do something by its name")                                  \
    X(HELP, "help", '?', 0, "The screen", "this page")                                                       \
    X(LEAVE, "leave", UI_KEY_ESC, 0, "The screen", "leave what is open")                                     \
    X(QUIT, "quit", 'q', 0, "The screen", "leave mailwalk")

#define X(name, word, key, other, group, words) UI_DO_##name,
enum ui_action { UI_DO_NOTHING, UI_ACTIONS(X) UI_ACTION_COUNT };
#undef X

struct ui_action_row {
    const char *word;
    uint32_t key, other;
    const char *group, *words;
};

const struct ui_action_row *ui_action_row(enum ui_action a);
enum ui_action ui_action_of_key(uint32_t key);
/* By its name or the only beginning of one; UI_DO_NOTHING: none, or more than one. */
enum ui_action ui_action_named(const char *word);

/* "n", "space", "F3", "Ctrl-L"; at most 12 octets with NUL. Returns buf. */
const char *ui_key_text(uint32_t key, char buf[12]);
#endif
