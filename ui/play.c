/* The command line of `mailwalk play`, and the loop between the terminal and the screen. */
#include "ui/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/load/scenario.h"
#include "ui/plain.h"
#include "ui/screen/press.h"
#include "ui/screen/terminal.h"

#define STATUS_USAGE   2
#define STATUS_MACHINE 3
#define IDLE_MS        1000 /* between looks at nothing */
#define PLAY_MS        16

struct play_options {
    struct ui_screen_options screen;
    const char *changes[SCENARIO_SETS_MAX];
    bool plain, theme_given;
    const char *keys; /* to press, then print; NULL: a person does */
    int rows, cols;   /* of what is printed */
    char seed[64];
};

static int bad_usage(const char *what, const char *allowed)
{
    fprintf(stderr, "mailwalk: play: %s: %s\nTry 'mailwalk --help'.\n", what, allowed);
    return STATUS_USAGE;
}

static bool theme_named(struct play_options *o, const char *value)
{
    for (int t = 0; t < UI_THEME_COUNT; t++)
        if (strcmp(value, ui_theme_name((enum ui_theme)t)) == 0) {
            o->screen.theme = (enum ui_theme)t;
            o->theme_given = true;
            return true;
        }
    return false;
}

static int take(struct play_options *o, const char *name, const char *value)
{
    static const char *const known[] = { "--theme", "--keys", "--size", "--set", "--seed" };
    const size_t n = sizeof known / sizeof known[0];
    size_t i = 0;
    while (i < n && strcmp(name, known[i]) != 0)
        i++;
    if (i == n)
        return bad_usage(name, "unknown option");
    if (!value)
        return bad_usage(name, "needs a value");
    if (strcmp(name, "--theme") == 0)
        return theme_named(o, value) ? 0 : bad_usage("--theme", "dark, light, mono or contrast is allowed");
    if (strcmp(name, "--keys") == 0) {
        o->keys = value;
        return 0;
    }
    if (strcmp(name, "--size") == 0) {
        char more;
        if (sscanf(value, "%3dx%3d%c", &o->cols, &o->rows, &more) == 2 && o->rows >= UI_MIN_ROWS &&
            o->cols >= UI_MIN_COLS)
            return 0;
        return bad_usage("--size", "COLUMNSxROWS is allowed, from 80x24 to 999x999");
    }
    if (o->screen.nchanges == SCENARIO_SETS_MAX - 1)
        return bad_usage("--set", "too many");
    if (strcmp(name, "--seed") == 0) {
        if (strspn(value, "0123456789") != strlen(value) || strlen(value) > 20 || !*value)
            return bad_usage("--seed", "a whole number is allowed");
        snprintf(o->seed, sizeof o->seed, "/seed=%s", value);
        value = o->seed;
    }
    o->changes[o->screen.nchanges++] = value;
    return 0;
}

static int arguments(struct play_options *o, int argc, char **argv)
{
    o->screen.changes = o->changes;
    o->screen.questions = true;
    o->rows = UI_MIN_ROWS;
    o->cols = UI_MIN_COLS;
    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        char name[32];
        int wrong = 0;
        if (strncmp(argv[i], "--", 2) != 0) {
            if (o->screen.scenario)
                return bad_usage(argv[i], "one scenario at a time");
            o->screen.scenario = argv[i];
        } else if (strcmp(argv[i], "--plain") == 0) {
            o->plain = true;
        } else if (strcmp(argv[i], "--ascii") == 0) {
            o->screen.ascii = true;
        } else if (strcmp(argv[i], "--big") == 0) {
            o->screen.big = true;
        } else if (strcmp(argv[i], "--no-predict") == 0) {
            o->screen.questions = false;
        } else if (equals && (size_t)(equals - argv[i]) < sizeof name) {
            memcpy(name, argv[i], (size_t)(equals - argv[i]));
            name[equals - argv[i]] = '\0';
            wrong = take(o, name, equals + 1);
        } else {
            wrong = take(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            i++;
        }
        if (wrong)
            return wrong;
    }
    if (o->keys && !o->screen.scenario)
        return bad_usage("--keys", "needs a scenario");
    if (o->screen.nchanges && !o->screen.scenario)
        return bad_usage("--set", "needs a scenario");
    return 0;
}

static void loop(struct ui_screen *s)
{
    struct ui_canvas canvas = { 0 };
    unsigned after = UI_AFTER_DRAW;
    while (!(after & UI_AFTER_QUIT)) {
        struct ui_event e;
        if (after & UI_AFTER_REDRAW)
            terminal_redraw();
        if (after & (UI_AFTER_DRAW | UI_AFTER_REDRAW)) {
            ui_screen_draw(s, &canvas);
            terminal_show(&canvas, ui_screen_theme(s));
        }
        terminal_wait(&e, ui_screen_playing(s) ? PLAY_MS : IDLE_MS);
        if (e.kind == UI_EVENT_KEY && e.key == UI_CTRL('C'))
            break;
        after = ui_screen_event(s, &e);
        if (after & UI_AFTER_SUSPEND) {
            terminal_suspend();
            after |= UI_AFTER_DRAW;
        }
        if (after & UI_AFTER_COPY)
            terminal_copy(ui_screen_copied(s));
    }
    ui_canvas_free(&canvas);
}

static int on_screen(const struct play_options *o, const struct ui_program *program)
{
    char error[UI_ERROR_MAX] = "";
    struct ui_screen *s = ui_screen_new(program, &o->screen, error);
    struct ui_event size;
    char left[300];
    if (!s) {
        fprintf(stderr, "mailwalk: %s\n", error);
        return STATUS_USAGE;
    }
    if (!terminal_open(error)) {
        fprintf(stderr, "mailwalk: %s\n", error);
        ui_screen_free(s);
        return STATUS_MACHINE;
    }
    terminal_size(&size);
    ui_screen_event(s, &size);
    loop(s);
    terminal_close();
    puts(ui_screen_left(s, left, sizeof left));
    ui_screen_free(s);
    return 0;
}

/* The screen after these keys, as text. */
static int printed(const struct play_options *o, const struct ui_program *program)
{
    char error[UI_ERROR_MAX] = "", wrong[32], row[4100];
    struct ui_screen *s = ui_screen_new(program, &o->screen, error);
    struct ui_canvas c = { 0 };
    if (!s) {
        fprintf(stderr, "mailwalk: %s\n", error);
        return STATUS_USAGE;
    }
    ui_screen_event(s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = o->rows, .col = o->cols });
    if (!ui_press(s, o->keys, wrong)) {
        snprintf(row, sizeof row, "--keys: %s", wrong);
        ui_screen_free(s);
        return bad_usage(row,
                         "a key is a letter, or a name as on the help page: <Enter>, <Down>, <F3>, <Ctrl-L>");
    }
    ui_screen_draw(s, &c);
    for (int i = 0; i < c.rows; i++) {
        ui_canvas_row(&c, i, row, sizeof row);
        puts(row);
    }
    ui_canvas_free(&c);
    ui_screen_free(s);
    return 0;
}

static int as_dialogue(const struct play_options *o, const struct ui_program *program)
{
    char error[UI_ERROR_MAX] = "";
    int failed = ui_plain(program, &o->screen, stdin, stdout, error);
    if (failed)
        fprintf(stderr, "mailwalk: %s\n", failed < 0 ? error : strerror(failed));
    return failed < 0 ? STATUS_USAGE : failed ? STATUS_MACHINE : 0;
}

/* No screen where there is none: a pipe, a dumb terminal. */
static bool is_plain(const struct play_options *o)
{
    const char *term = getenv("TERM");
    return o->plain || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || !*term ||
           strcmp(term, "dumb") == 0;
}

int ui_play_command(int argc, char **argv, const struct ui_play_files *files)
{
    struct play_options *o = calloc(1, sizeof *o);
    struct ui_play_program *p;
    int status;
    if (!o)
        return STATUS_MACHINE;
    status = arguments(o, argc, argv);
    if (status == 0) {
        p = ui_play_program_new(files);
        if (!o->keys && !terminal_utf8())
            o->screen.ascii = true;
        status = o->keys       ? printed(o, ui_play_program(p))
                 : is_plain(o) ? as_dialogue(o, ui_play_program(p))
                               : on_screen(o, ui_play_program(p));
        ui_play_program_free(p);
    }
    free(o);
    return status;
}
