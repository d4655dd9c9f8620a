#define _GNU_SOURCE /* ncurses' wide functions, sigaction's flags */
/* curses, and nothing else. */
#define NCURSES_WIDECHAR 1
#include "ui/screen/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocols/wire/base64.h"
#include "protocols/wire/utf8.h"
#include "ui/tape/keep.h"

#define ESC_DELAY_MS 25 /* an escape that comes alone is the key Esc */

struct look {
    short colour; /* of curses' eight; -1: the terminal's own */
    short bright; /* of 256; -1: none */
    attr_t attr;
};

/* Blue and orange tell good from bad for all eyes; marks and words say it too. */
static const struct look looks[UI_THEME_COUNT][UI_STYLE_COUNT] = {
    [UI_THEME_DARK] = { [UI_STYLE_TEXT] = { -1, -1, 0 },
                        [UI_STYLE_DIM] = { COLOR_WHITE, 245, 0 },
                        [UI_STYLE_STRONG] = { -1, 231, A_BOLD },
                        [UI_STYLE_TITLE] = { COLOR_CYAN, 117, A_BOLD },
                        [UI_STYLE_FRAME] = { COLOR_BLUE, 240, 0 },
                        [UI_STYLE_CLIENT] = { COLOR_CYAN, 81, 0 },
                        [UI_STYLE_SERVER] = { COLOR_GREEN, 222, 0 },
                        [UI_STYLE_GOOD] = { COLOR_BLUE, 75, A_BOLD },
                        [UI_STYLE_BAD] = { COLOR_RED, 208, A_BOLD },
                        [UI_STYLE_WARN] = { COLOR_YELLOW, 220, 0 },
                        [UI_STYLE_SECRET] = { COLOR_MAGENTA, 177, 0 },
                        [UI_STYLE_SELECTED] = { -1, -1, A_REVERSE },
                        [UI_STYLE_KEY] = { COLOR_YELLOW, 220, A_BOLD },
                        [UI_STYLE_BAR] = { -1, -1, A_REVERSE },
                        [UI_STYLE_ASK] = { COLOR_YELLOW, 229, A_BOLD } },
    [UI_THEME_LIGHT] = { [UI_STYLE_TEXT] = { -1, -1, 0 },
                         [UI_STYLE_DIM] = { COLOR_BLACK, 242, 0 },
                         [UI_STYLE_STRONG] = { COLOR_BLACK, 16, A_BOLD },
                         [UI_STYLE_TITLE] = { COLOR_BLUE, 25, A_BOLD },
                         [UI_STYLE_FRAME] = { COLOR_BLUE, 247, 0 },
                         [UI_STYLE_CLIENT] = { COLOR_BLUE, 25, 0 },
                         [UI_STYLE_SERVER] = { COLOR_MAGENTA, 94, 0 },
                         [UI_STYLE_GOOD] = { COLOR_BLUE, 19, A_BOLD },
                         [UI_STYLE_BAD] = { COLOR_RED, 166, A_BOLD },
                         [UI_STYLE_WARN] = { COLOR_RED, 130, 0 },
                         [UI_STYLE_SECRET] = { COLOR_MAGENTA, 90, 0 },
                         [UI_STYLE_SELECTED] = { -1, -1, A_REVERSE },
                         [UI_STYLE_KEY] = { COLOR_BLUE, 25, A_BOLD },
                         [UI_STYLE_BAR] = { -1, -1, A_REVERSE },
                         [UI_STYLE_ASK] = { COLOR_MAGENTA, 90, A_BOLD } },
    [UI_THEME_MONO] = { [UI_STYLE_DIM] = { -1, -1, A_DIM },
                        [UI_STYLE_STRONG] = { -1, -1, A_BOLD },
                        [UI_STYLE_TITLE] = { -1, -1, A_BOLD },
                        [UI_STYLE_GOOD] = { -1, -1, A_BOLD },
                        [UI_STYLE_BAD] = { -1, -1, A_BOLD | A_UNDERLINE },
                        [UI_STYLE_WARN] = { -1, -1, A_UNDERLINE },
                        [UI_STYLE_SELECTED] = { -1, -1, A_REVERSE },
                        [UI_STYLE_KEY] = { -1, -1, A_BOLD },
                        [UI_STYLE_BAR] = { -1, -1, A_REVERSE },
                        [UI_STYLE_ASK] = { -1, -1, A_BOLD } },
    [UI_THEME_CONTRAST] = { [UI_STYLE_TEXT] = { COLOR_WHITE, 231, A_BOLD },
                            [UI_STYLE_DIM] = { COLOR_WHITE, 231, 0 },
                            [UI_STYLE_STRONG] = { COLOR_WHITE, 231, A_BOLD },
                            [UI_STYLE_TITLE] = { COLOR_YELLOW, 226, A_BOLD },
                            [UI_STYLE_FRAME] = { COLOR_WHITE, 231, 0 },
                            [UI_STYLE_CLIENT] = { COLOR_CYAN, 51, A_BOLD },
                            [UI_STYLE_SERVER] = { COLOR_YELLOW, 226, A_BOLD },
                            [UI_STYLE_GOOD] = { COLOR_CYAN, 51, A_BOLD },
                            [UI_STYLE_BAD] = { COLOR_YELLOW, 214, A_BOLD | A_UNDERLINE },
                            [UI_STYLE_WARN] = { COLOR_YELLOW, 226, A_UNDERLINE },
                            [UI_STYLE_SECRET] = { COLOR_MAGENTA, 219, A_BOLD },
                            [UI_STYLE_SELECTED] = { COLOR_WHITE, 231, A_REVERSE | A_BOLD },
                            [UI_STYLE_KEY] = { COLOR_YELLOW, 226, A_BOLD },
                            [UI_STYLE_BAR] = { COLOR_WHITE, 231, A_REVERSE | A_BOLD },
                            [UI_STYLE_ASK] = { COLOR_YELLOW, 226, A_BOLD } },
};

static bool is_open;
static enum ui_theme shown_theme = UI_THEME_COUNT;
static volatile sig_atomic_t fatal;
static struct timespec last;

/* ---- opening and closing ---------------------------------------------------------------------------------
 */

void terminal_close(void)
{
    if (!is_open)
        return;
    is_open = false;
    move(LINES - 1, 0); /* a terminal without a second screen goes on to write there */
    clrtoeol();
    refresh();
    endwin();
}

/* A crash: gives the terminal back with octets that every terminal knows, since curses may be what broke. */
static void on_crash(int number)
{
    static const char restore[] = "\033[?1000l\033[?1002l\033[?1006l\033[?1049l\033[?25h\033[0m\r\n";
    if (is_open && !fatal) {
        fatal = 1;
        if (write(STDOUT_FILENO, restore, sizeof restore - 1) < 0)
            fatal = 2;
        reset_shell_mode();
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void on_end(int number)
{
    on_crash(number);
}

static void handle(void)
{
    static const int crashes[] = {
        SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTERM, SIGHUP, SIGINT, SIGQUIT
    };
    struct sigaction sa = { .sa_handler = on_end };
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        sigaction(crashes[i], &sa, NULL);
}

bool terminal_utf8(void)
{
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool terminal_colours(void)
{
    const char *no = getenv("NO_COLOR");
    return !(no && *no) && has_colors() && COLORS >= 8;
}

static void set_colours(enum ui_theme theme)
{
    shown_theme = theme;
    if (!terminal_colours())
        return;
    for (int style = 0; style < UI_STYLE_COUNT; style++) {
        const struct look *l = &looks[theme][style];
        short colour = COLORS >= 256 && l->bright >= 0 ? l->bright : l->colour;
        if (theme == UI_THEME_CONTRAST)
            init_pair((short)(style + 1), colour, COLOR_BLACK);
        else
            init_pair((short)(style + 1), theme == UI_THEME_MONO ? -1 : colour, -1);
    }
}

bool terminal_open(char error[UI_ERROR_MAX])
{
    const char *term = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        snprintf(error, UI_ERROR_MAX, "the screen needs a terminal; --plain does without");
        return false;
    }
    if (!term || !*term || strcmp(term, "dumb") == 0) {
        snprintf(error, UI_ERROR_MAX,
                 "TERM is %s: the screen needs a terminal that can place its cursor; --plain does without",
                 term && *term ? term : "not set");
        return false;
    }
    terminal_utf8();
    if (!newterm(NULL, stdout, stdin)) {
        snprintf(error, UI_ERROR_MAX, "TERM=%s is not known to this machine; --plain does without", term);
        return false;
    }
    is_open = true;
    handle();
    raw(); /* Ctrl-Z and Ctrl-C come as keys: the screen tidies up first */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    set_escdelay(ESC_DELAY_MS);
    mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    clock_gettime(CLOCK_MONOTONIC, &last);
    return true;
}

/* ---- events ----------------------------------------------------------------------------------------------
 */

static uint32_t key_of(int status, wint_t ch)
{
    static const struct {
        int curses;
        uint32_t key;
    } keys[] = {
        { KEY_UP, UI_KEY_UP },         { KEY_DOWN, UI_KEY_DOWN },           { KEY_LEFT, UI_KEY_LEFT },
        { KEY_RIGHT, UI_KEY_RIGHT },   { KEY_HOME, UI_KEY_HOME },           { KEY_END, UI_KEY_END },
        { KEY_PPAGE, UI_KEY_PAGE_UP }, { KEY_NPAGE, UI_KEY_PAGE_DOWN },     { KEY_DC, UI_KEY_DELETE },
        { KEY_BTAB, UI_KEY_BACKTAB },  { KEY_BACKSPACE, UI_KEY_BACKSPACE }, { KEY_ENTER, UI_KEY_ENTER }
    };
    if (status != KEY_CODE_YES)
        return ch == 8 ? UI_KEY_BACKSPACE : ch == 10 ? UI_KEY_ENTER : (uint32_t)ch;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if ((int)ch == keys[i].curses)
            return keys[i].key;
    if ((int)ch >= KEY_F(1) && (int)ch <= KEY_F(12))
        return UI_KEY_F1 + (uint32_t)ch - (uint32_t)KEY_F(1);
    return UI_KEY_UNKNOWN;
}

static bool mouse_of(struct ui_event *e)
{
    MEVENT m;
    if (getmouse(&m) != OK)
        return false;
    *e = (struct ui_event){ .kind = UI_EVENT_MOUSE, .row = m.y, .col = m.x };
    if (m.bstate & BUTTON4_PRESSED)
        e->wheel = -1;
    else if (m.bstate & BUTTON5_PRESSED)
        e->wheel = 1;
    else if (!(m.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)))
        return false;
    return true;
}

void terminal_size(struct ui_event *e)
{
    *e = (struct ui_event){ .kind = UI_EVENT_SIZE, .row = LINES, .col = COLS };
}

static uint64_t since_last(void)
{
    struct timespec now;
    int64_t ms;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (int64_t)(now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000;
    if (ms > 0)
        last = now;
    return ms > 0 ? (uint64_t)ms : 0;
}

void terminal_wait(struct ui_event *e, int ms)
{
    wint_t ch = 0;
    int status;
    timeout(ms);
    status = get_wch(&ch);
    if (status == ERR) {
        struct pollfd gone = { .fd = STDIN_FILENO, .events = POLLIN };
        *e = (struct ui_event){ .kind = UI_EVENT_TICK, .ms = since_last() };
        if (poll(&gone, 1, 0) > 0 && (gone.revents & (POLLHUP | POLLERR))) /* nobody is there any more */
            *e = (struct ui_event){ .kind = UI_EVENT_KEY, .key = UI_CTRL('C') };
        return;
    }
    if (status == KEY_CODE_YES && ch == KEY_RESIZE) {
        *e = (struct ui_event){ .kind = UI_EVENT_SIZE, .row = LINES, .col = COLS };
        return;
    }
    if (status == KEY_CODE_YES && ch == KEY_MOUSE) {
        if (!mouse_of(e))
            *e = (struct ui_event){ .kind = UI_EVENT_TICK, .ms = since_last() };
        return;
    }
    *e = (struct ui_event){ .kind = UI_EVENT_KEY, .key = key_of(status, ch) };
}

/* ---- showing ---------------------------------------------------------------------------------------------
 */

static void put_run(const struct ui_canvas *c, int row, int from, int to)
{
    char text[4096];
    size_t n = 0;
    for (int col = from; col < to && n + WIRE_UTF8_MAX < sizeof text; col++) {
        uint32_t ch = c->cell[row * c->cols + col].ch;
        if (ch)
            n += wire_utf8_put(text + n, ch);
    }
    mvaddnstr(row, from, text, (int)n);
}

void terminal_show(const struct ui_canvas *c, enum ui_theme theme)
{
    bool colours = terminal_colours();
    if (theme != shown_theme)
        set_colours(theme);
    for (int row = 0; row < c->rows && row < LINES; row++)
        for (int col = 0, end; col < c->cols && col < COLS; col = end) {
            uint8_t style = c->cell[row * c->cols + col].style;
            for (end = col + 1; end < c->cols && end < COLS && c->cell[row * c->cols + end].style == style;
                 end++)
                ;
            attr_set(looks[colours ? theme : UI_THEME_MONO][style].attr, (short)(colours ? style + 1 : 0),
                     NULL);
            put_run(c, row, col, end);
        }
    if (c->cursor_row >= 0 && c->cursor_row < LINES && c->cursor_col < COLS) {
        curs_set(1);
        move(c->cursor_row, c->cursor_col);
    } else {
        curs_set(0);
    }
    refresh();
}

void terminal_redraw(void)
{
    clearok(stdscr, TRUE);
}

void terminal_suspend(void)
{
    def_prog_mode();
    endwin();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    reset_prog_mode();
    refresh();
    clearok(stdscr, TRUE);
}

void terminal_copy(const char *text)
{
    size_t len = strlen(text);
    char *encoded = keep_alloc(len * 2 + 16);
    size_t n = wire_base64_encode(encoded, text, len);
    printf("\033]52;c;%.*s\033\\", (int)n, encoded);
    fflush(stdout);
    free(encoded);
}
