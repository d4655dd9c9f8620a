#include "scenarios/load/run.h"

#include <stdio.h>

#include "scenarios/load/expect.h"
#include "sim/hosts/world.h"

/* One outcome record for each line of `expect`. */
static bool outcomes_tell(struct world *w, struct expect *e)
{
    size_t n;
    const struct expect_result *r = expect_results(e, &n);
    for (size_t i = 0; i < n; i++) {
        struct trace_record t = { .kind = TRACE_KIND_OUTCOME, .t_ns = w->queue.now_ns };
        w->trace.cause = 0;
        trace_attr_str(&t, "what", r[i].what);
        trace_attr_str(&t, "expected", r[i].expected);
        trace_attr_str(&t, "got", r[i].got);
        trace_attr_str(&t, "ok", r[i].ok ? "yes" : "no");
        trace_attr_str(&t, "pointer", r[i].pointer);
        trace_emit(&w->trace, &t);
    }
    return expect_ok(r, n);
}

bool scenario_run(const struct scenario *s, struct scenario_run *r)
{
    struct world w;
    struct world_error error;
    struct expect expect;
    struct trace_sink sink;
    bool built;
    r->met = false;
    world_init(&w, &s->world);
    expect_init(&expect, s);
    sink = expect_sink(&expect);
    trace_add(&w.trace, &sink);
    for (size_t i = 0; i < r->nsinks; i++)
        trace_add(&w.trace, &r->sinks[i]);
    w.on_keylog = r->on_keylog;
    w.on_keylog_ctx = r->on_keylog_ctx;
    built = world_build(&w, &error);
    if (built) {
        world_run(&w, CORE_NEVER);
        r->met = outcomes_tell(&w, &expect);
        world_end(&w);
    } else {
        snprintf(r->error, sizeof r->error, "%s: %s: %s", s->source, error.pointer ? error.pointer : "/",
                 error.text);
    }
    world_free(&w);
    expect_free(&expect);
    return built;
}
