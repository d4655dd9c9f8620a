#include "ui/screen/bench_ui.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ui/screen/view.h"
#include "ui/tape/keep.h"

#define MILLION 1000000u
#define ROWS    60
#define COLS    200

static double ms_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct ui_screen *open_screen(const struct ui_program *program, const char *scenario,
                                     const char *const *changes, size_t n, FILE *out)
{
    char error[UI_ERROR_MAX] = "";
    struct ui_screen_options o = { .scenario = scenario, .changes = changes, .nchanges = n };
    struct ui_screen *s = ui_screen_new(program, &o, error);
    if (!s)
        fprintf(out, "%s: %s\n", scenario, error);
    else
        ui_screen_event(s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = ROWS, .col = COLS });
    return s;
}

/* The lesson with the most records. */
static char *largest(const struct ui_program *program, uint32_t *records)
{
    struct ui_lesson lesson;
    char error[UI_ERROR_MAX], *name = NULL;
    *records = 0;
    for (size_t i = 0; program->lesson(program->ctx, i, &lesson); i++) {
        struct tape *t = program->run(program->ctx, lesson.name, NULL, 0, error);
        if (t && tape_last(t) > *records) {
            *records = tape_last(t);
            free(name);
            name = keep_alloc(strlen(lesson.name) + 1);
            strcpy(name, lesson.name);
        }
        tape_free(t);
    }
    return name;
}

static int first_frame(const struct ui_program *program, FILE *out)
{
    uint32_t records;
    char *name = largest(program, &records);
    struct ui_canvas c = { 0 };
    struct ui_screen *s;
    double from = ms_now(), loaded;
    if (!name || !(s = open_screen(program, name, NULL, 0, out))) {
        free(name);
        return 3;
    }
    loaded = ms_now();
    ui_screen_draw(s, &c);
    fprintf(out, "first frame: %.1f ms for %s, %u records (%.1f ms to run it, %.2f ms to draw %dx%d)\n",
            ms_now() - from, name, (unsigned)records, loaded - from, ms_now() - loaded, COLS, ROWS);
    ui_canvas_free(&c);
    ui_screen_free(s);
    free(name);
    return 0;
}

/* One key and the screen after it. */
static double timed_key(struct ui_screen *s, struct ui_canvas *c, uint32_t key)
{
    double from = ms_now();
    ui_screen_key(s, key);
    ui_screen_draw(s, c);
    return ms_now() - from;
}

static void keys_of_view(struct ui_screen *s, struct ui_canvas *c, int view, FILE *out)
{
    static const uint32_t keys[] = { 'n',
                                     'n',
                                     'p',
                                     ']',
                                     '[',
                                     '!',
                                     '"',
                                     'n',
                                     UI_KEY_DOWN,
                                     UI_KEY_DOWN,
                                     UI_KEY_UP,
                                     UI_KEY_PAGE_DOWN,
                                     UI_KEY_PAGE_UP,
                                     'n',
                                     'g',
                                     'n',
                                     'p',
                                     'g',
                                     'n',
                                     'p',
                                     'g',
                                     'w',
                                     UI_KEY_ESC,
                                     UI_KEY_END,
                                     'p',
                                     'p',
                                     UI_KEY_HOME,
                                     'n' };
    double first = timed_key(s, c, (uint32_t)('1' + view)), sum = 0, most = 0;
    unsigned n = 0;
    for (int part = 0; part <= 4; part++) { /* at five places of the run */
        ui_go(s, (uint32_t)((uint64_t)tape_last(s->run.tape) * (unsigned)part / 4));
        ui_screen_draw(s, c);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            double ms = timed_key(s, c, keys[k]);
            sum += ms;
            n++;
            most = ms > most ? ms : most;
        }
    }
    fprintf(
        out, "%-10s %10.1f %10.3f %10.3f\n",
        (const char *const[]){ "Journey", "Ladder", "Packet", "Hosts", "Message", "Grid", "Terminal" }[view],
        first, sum / n, most);
}

static int million(const struct ui_program *program, FILE *out)
{
    static const char *const changes[] = { "/actions/0/every=1s", "/actions/0/times=2500", "/until=3h" };
    struct ui_canvas c = { 0 };
    double from = ms_now();
    struct ui_screen *s = open_screen(program, "first-message", changes, 3, out);
    struct rusage usage;
    if (!s)
        return 3;
    fprintf(out, "\na tape of %u records: %.0f ms to make it\n", (unsigned)tape_last(s->run.tape),
            ms_now() - from);
    if (tape_last(s->run.tape) < MILLION)
        fprintf(out, "that is less than a million\n");
    fprintf(out, "memory of the tape: %.0f MB, %.0f octets a record\n",
            (double)tape_octets(s->run.tape) / 1e6,
            (double)tape_octets(s->run.tape) / tape_last(s->run.tape));
    fprintf(out, "\na key answered at %dx%d, ms:\n%-10s %10s %10s %10s\n", COLS, ROWS, "view", "opened",
            "mean", "most");
    for (int v = 0; v < UI_VIEW_COUNT; v++)
        keys_of_view(s, &c, v, out);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(out, "\nmemory of the program at its largest: %.0f MB\n", (double)usage.ru_maxrss / 1e3);
    ui_canvas_free(&c);
    ui_screen_free(s);
    return 0;
}

int ui_bench(const struct ui_program *program, FILE *out)
{
    int status = first_frame(program, out);
    return status ? status : million(program, out);
}
