/*
 * The screen: whatever is pressed, at whatever size.
 *
 * Input: which lesson and settings; then an octet for each key, 0xff and two for a size, 0xfe and two for the
 * mouse, 0xfd for time that passes.
 */
#define FUZZ_LENGTH 120 /* octets of an input; run.sh reads this line */
#include "tests/fuzz/fuzz.h"

#include "ui/play.h"
#include "ui/screen/screen.h"

static struct ui_play_program *program;
static struct ui_screen *s;
static struct ui_canvas canvas;

static void open_screen(unsigned which)
{
    /* mostly the shortest runs: they are made anew for each input */
    static const char *const scenarios[] = { "plaintext-to-465", "no-such-user", "plaintext-to-465",
                                             "tls-to-25" };
    struct ui_screen_options o = { .scenario = scenarios[which % 4],
                                   .questions = which & 4,
                                   .ascii = which & 8 };
    char error[UI_ERROR_MAX];
    if (!program)
        program = ui_play_program_new(NULL);
    ui_screen_free(s);
    s = ui_screen_new(ui_play_program(program), &o, error);
    if (!s)
        abort();
}

static uint32_t key_of(unsigned octet)
{
    return octet < 128 ? octet : UI_KEY_FIRST + octet % (UI_KEY_UNKNOWN - UI_KEY_FIRST + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t i = 0;
    if (size == 0)
        return 0;
    open_screen(data[0]);
    ui_screen_event(s, &(struct ui_event){ .kind = UI_EVENT_SIZE, .row = 24, .col = 80 });
    while (++i < size) {
        struct ui_event e = { .kind = UI_EVENT_KEY, .key = key_of(data[i]) };
        if (data[i] == 0xff && i + 2 < size)
            e = (struct ui_event){ .kind = UI_EVENT_SIZE, .row = data[i + 1] / 2, .col = data[i + 2] };
        else if (data[i] == 0xfe && i + 2 < size)
            e = (struct ui_event){ .kind = UI_EVENT_MOUSE,
                                   .row = data[i + 1] / 4,
                                   .col = data[i + 2] / 2,
                                   .wheel = data[i + 1] % 3 - 1 };
        else if (data[i] == 0xfd)
            e = (struct ui_event){ .kind = UI_EVENT_TICK, .ms = 700 };
        else if (data[i] == 'e') /* no files from here */
            continue;
        if (e.kind == UI_EVENT_SIZE || e.kind == UI_EVENT_MOUSE)
            i += 2;
        ui_screen_event(s, &e);
        if (i % 8 == 0)
            ui_screen_draw(s, &canvas);
    }
    ui_screen_draw(s, &canvas);
    HOLDS(canvas.rows > 0 && canvas.cols > 0);
    return 0;
}
