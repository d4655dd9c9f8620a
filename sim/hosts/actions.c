/* The scenario's actions: who does what, when. */
#include <string.h>

#include "sim/hosts/mua.h"
#include "sim/hosts/tell.h"
#include "sim/hosts/world.h"

struct actions {
    struct action_run *run; /* as in the spec */
    size_t n;
};

static struct account *account_for(struct action_run *run)
{
    struct mua *m = run->host->mua;
    const char *name = run->spec->account;
    if (!m || m->naccounts == 0)
        return NULL;
    for (size_t i = 0; name && i < m->naccounts; i++) {
        const struct spec_account *a = m->accounts[i].spec;
        if ((a->name && strcmp(a->name, name) == 0) || (a->address && strcmp(a->address, name) == 0))
            return &m->accounts[i];
    }
    return name ? NULL : &m->accounts[0];
}

/* The scenario's own words about this action, once. */
static void tell_action(struct action_run *run)
{
    const struct spec_action *a = run->spec;
    if (a->title && run->times == 1)
        tell_words(run->host, a->title, a->lesson);
}

static void begin(struct action_run *run)
{
    struct account *account;
    if (run->later)
        run->spec = run->later;
    run->later = NULL;
    account = account_for(run);
    run->under_way = true;
    run->times++;
    tell_action(run);
    switch (run->spec->kind) {
    case SPEC_DO_SEND:
        mua_send(run, account);
        break;
    case SPEC_DO_FETCH:
        if (account->spec->fetch_kind == SPEC_POP3)
            mua_fetch_pop3(run, account);
        else
            mua_imap(run, account);
        break;
    case SPEC_DO_MARK:
    case SPEC_DO_REMOVE:
    case SPEC_DO_MOVE:
        mua_imap(run, account);
        break;
    case SPEC_DO_TELNET:
        hand_telnet(run);
        break;
    case SPEC_DO_LOOKUP:
        hand_lookup(run);
        break;
    default:
        hand_ping(run);
    }
}

static void due(struct core_queue *q, struct core_timer *timer)
{
    struct action_run *run = CORE_OWNER(timer, struct action_run, timer);
    (void)q;
    run->world->trace.cause = run->cause;
    begin(run);
}

static void schedule(struct action_run *run, uint64_t at_ns)
{
    run->cause = run->world->trace.cause;
    core_timer_set(&run->world->queue, &run->timer, at_ns);
}

/* It will not be done again: whatever waits for that begins. */
static void end(struct action_run *run)
{
    const struct spec_action *a = run->spec;
    struct world *w = run->world;
    struct trace_record r;
    run->ended = true;
    if (tell_state(&r, run->host, TRACE_KIND_CLIENT, "action-done")) {
        trace_attr_str(&r, "action", a->name ? a->name : "");
        trace_attr_str(&r, "result", run->result);
        trace_attr_num(&r, "times", run->times);
        tell_send(&r, run->host, true);
    }
    for (size_t i = 0; a->name && i < w->actions->n; i++) {
        struct action_run *next = &w->actions->run[i];
        if (next->spec->after && strcmp(next->spec->after, a->name) == 0)
            schedule(next, world_now(w) + next->spec->at_ns);
    }
}

void action_done(struct action_run *run, bool success, const char *result)
{
    const struct spec_action *a = run->later ? run->later : run->spec;
    struct world *w = run->world;
    run->under_way = false;
    run->result = result;
    if (w->ending)
        return;
    if (run->done)
        run->done(run, success);
    else if (a->every_ns > 0 && !(a->times > 0 ? run->times >= a->times : success))
        schedule(run, world_now(w) + a->every_ns);
    else
        end(run);
}

struct action_run *action_at(struct world *w, const char *pointer)
{
    for (size_t i = 0; i < w->actions->n; i++)
        if (strcmp(w->actions->run[i].spec->pointer, pointer) == 0)
            return &w->actions->run[i];
    return NULL;
}

bool action_over(const struct action_run *run)
{
    return run->ended || (run->under_way && run->spec->every_ns == 0);
}

void action_reload(struct action_run *run, const struct spec_action *spec)
{
    struct core_queue *q = &run->world->queue;
    bool armed = core_timer_armed(&run->timer), first = armed && run->times == 0;
    bool enough = spec->every_ns == 0 || (spec->times > 0 && run->times >= spec->times);
    uint64_t at = run->timer.at_ns - run->spec->at_ns + spec->at_ns; /* `at`, or so long after another one */
    if (action_over(run))
        return;
    if (run->under_way)
        run->later = spec;
    else
        run->spec = spec;
    if (first)
        core_timer_set(q, &run->timer, at > q->now_ns ? at : q->now_ns);
    else if (armed && enough) {
        core_timer_cancel(q, &run->timer);
        end(run);
    }
}

static bool needs_account(enum spec_action_kind kind)
{
    return kind < SPEC_DO_TELNET;
}

bool actions_start(struct world *w, const char **pointer)
{
    const struct spec_world *spec = w->spec;
    w->actions = core_arena_take(&w->arena, sizeof *w->actions);
    w->actions->n = spec->nactions;
    w->actions->run = core_arena_take(&w->arena, (spec->nactions + 1) * sizeof *w->actions->run);
    for (size_t i = 0; i < spec->nactions; i++) {
        struct action_run *run = &w->actions->run[i];
        run->world = w;
        run->spec = &spec->actions[i];
        run->timer.run = due;
        run->host = world_host_named(w, run->spec->host);
        *pointer = run->spec->pointer;
        if (!run->host || (needs_account(run->spec->kind) && !account_for(run)))
            return false;
        if (!run->spec->after)
            core_timer_set(&w->queue, &run->timer, run->spec->at_ns);
    }
    return true;
}
