/*
 * A scenario file: read, and if it is right, built and run for a moment.
 *
 * Input: the file.
 */
#define FUZZ_LENGTH 8192 /* octets of an input; run.sh reads this line */
#include "scenarios/load/scenario.h"
#include "sim/hosts/world.h"
#include "tests/fuzz/fuzz.h"

static void run_a_moment(const struct scenario *s)
{
    struct trace_hash hash = { 0 };
    struct trace_sink sink = trace_hash_sink(&hash);
    struct world_error error = { "", NULL };
    static struct world w;
    if (s->world.nhosts > 20)
        return;
    world_init(&w, &s->world);
    trace_add(&w.trace, &sink);
    if (!world_build(&w, &error))
        HOLDS(error.text[0] != '\0');
    else
        for (int i = 0; i < 300 && core_queue_next_ns(&w.queue) < 20 * CORE_S; i++)
            core_queue_run(&w.queue, core_queue_next_ns(&w.queue));
    world_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scenario_errors errors, again;
    static struct scenario s;
    char *text = fuzz_exact(data, size);
    memset(&errors, 0xff, sizeof errors); /* need not be initialised */
    if (scenario_load(&s, "fuzz.json", NULL, text, size, NULL, 0, &errors)) {
        HOLDS(errors.total == 0 && errors.count == 0);
        free(text); /* need not outlive the call */
        text = NULL;
        run_a_moment(&s);
        scenario_free(&s);
    } else {
        HOLDS(errors.total > 0 && errors.count > 0 && errors.count <= errors.total &&
              errors.count <= SCENARIO_ERRORS_MAX);
        for (size_t i = 0; i < errors.count; i++) {
            size_t len = strlen(errors.line[i]);
            HOLDS(len > 0 && len < SCENARIO_ERROR_MAX && strncmp(errors.line[i], "fuzz.json:", 10) == 0);
            for (size_t c = 0; c < len; c++)
                HOLDS((unsigned char)errors.line[i][c] >= 0x20 && errors.line[i][c] != 0x7f);
        }
        HOLDS(
            !scenario_load(&s, "fuzz.json", NULL, text, size, NULL, 0, &again)); /* the same is said again */
        HOLDS(again.total == errors.total && strcmp(again.line[0], errors.line[0]) == 0);
        free(text);
    }
    return 0;
}
