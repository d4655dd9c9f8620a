/* The event queue: two 4-ary heaps that share one order, (time, sequence number). */
#include "sim/core/queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARITY 4u

static void *grown(void *array, size_t *max, size_t slot)
{
    size_t want = *max ? *max * 2 : 64;
    array = realloc(array, want * slot);
    if (!array) {
        fputs("mailwalk: out of memory for the event queue\n", stderr);
        abort();
    }
    *max = want;
    return array;
}

void core_queue_init(struct core_queue *q)
{
    *q = (struct core_queue){ .seq = 1 };
}

void core_queue_free(struct core_queue *q)
{
    free(q->events);
    free(q->timers);
    *q = (struct core_queue){ .seq = 1 };
}

#define BEFORE(a, b) ((a).at_ns < (b).at_ns || ((a).at_ns == (b).at_ns && (a).seq < (b).seq))

void core_post(struct core_queue *q, struct core_event *event, uint64_t at_ns)
{
    struct core_event_slot slot = { at_ns, q->seq++, event };
    size_t i = q->nevents++, up;
    assert(at_ns >= q->now_ns && event->run);
    if (i == q->max_events)
        q->events = grown(q->events, &q->max_events, sizeof *q->events);
    for (; i > 0; i = up) {
        up = (i - 1) / ARITY;
        if (!BEFORE(slot, q->events[up]))
            break;
        q->events[i] = q->events[up];
    }
    q->events[i] = slot;
}

static struct core_event *event_pop(struct core_queue *q)
{
    struct core_event *first = q->events[0].event;
    struct core_event_slot *h = q->events, last = h[--q->nevents];
    size_t n = q->nevents, i = 0;
    for (;;) {
        size_t child = i * ARITY + 1, least = child, end = child + ARITY < n ? child + ARITY : n;
        if (child >= n)
            break;
        for (size_t k = child + 1; k < end; k++)
            if (BEFORE(h[k], h[least]))
                least = k;
        if (!BEFORE(h[least], last))
            break;
        h[i] = h[least];
        i = least;
    }
    if (n > 0)
        h[i] = last;
    return first;
}

static void timer_place(struct core_queue *q, size_t i, struct core_timer_slot slot)
{
    q->timers[i] = slot;
    slot.timer->pos = (uint32_t)i + 1;
}

static void timer_up(struct core_queue *q, size_t i, struct core_timer_slot slot)
{
    size_t up;
    for (; i > 0; i = up) {
        up = (i - 1) / ARITY;
        if (!BEFORE(slot, q->timers[up]))
            break;
        timer_place(q, i, q->timers[up]);
    }
    timer_place(q, i, slot);
}

static void timer_down(struct core_queue *q, size_t i, struct core_timer_slot slot)
{
    size_t n = q->ntimers;
    for (;;) {
        size_t child = i * ARITY + 1, least = child, end = child + ARITY < n ? child + ARITY : n;
        if (child >= n)
            break;
        for (size_t k = child + 1; k < end; k++)
            if (BEFORE(q->timers[k], q->timers[least]))
                least = k;
        if (!BEFORE(q->timers[least], slot))
            break;
        timer_place(q, i, q->timers[least]);
        i = least;
    }
    timer_place(q, i, slot);
}

void core_timer_cancel(struct core_queue *q, struct core_timer *timer)
{
    struct core_timer_slot last;
    size_t i;
    if (timer->pos == 0)
        return;
    i = timer->pos - 1;
    assert(i < q->ntimers && q->timers[i].timer == timer);
    timer->pos = 0;
    last = q->timers[--q->ntimers];
    if (last.timer == timer)
        return;
    if (i > 0 && BEFORE(last, q->timers[(i - 1) / ARITY]))
        timer_up(q, i, last);
    else
        timer_down(q, i, last);
}

void core_timer_set(struct core_queue *q, struct core_timer *timer, uint64_t at_ns)
{
    struct core_timer_slot slot = { at_ns, q->seq++, timer };
    assert(at_ns >= q->now_ns && timer->run);
    timer->at_ns = at_ns;
    timer->seq = slot.seq;
    if (timer->pos == 0) {
        if (q->ntimers == q->max_timers)
            q->timers = grown(q->timers, &q->max_timers, sizeof *q->timers);
        timer_up(q, q->ntimers++, slot);
    } else {
        size_t i = timer->pos - 1;
        if (i > 0 && BEFORE(slot, q->timers[(i - 1) / ARITY]))
            timer_up(q, i, slot);
        else
            timer_down(q, i, slot);
    }
}

uint64_t core_queue_next_ns(const struct core_queue *q)
{
    uint64_t e = q->nevents ? q->events[0].at_ns : CORE_NEVER;
    uint64_t t = q->ntimers ? q->timers[0].at_ns : CORE_NEVER;
    return e < t ? e : t;
}

/* Large worlds are bound by memory, not by arithmetic: while one event runs, the next ones are on their way into
 * the cache. The event that is next was itself fetched one step ago, so its `soon` can be read now. */
static void fetch_ahead(const struct core_queue *q)
{
    size_t n = q->nevents < 5 ? q->nevents : 5;
    for (size_t i = 1; i < n; i++)
        __builtin_prefetch(q->events[i].event);
    if (n > 0) {
        const struct core_event *next = q->events[0].event;
        __builtin_prefetch((const char *)next + 64);
        __builtin_prefetch((const char *)next + 128);
        if (next->soon)
            __builtin_prefetch(next->soon);
    }
}

bool core_queue_step(struct core_queue *q, uint64_t until_ns)
{
    bool is_event;
    if (q->nevents == 0 && q->ntimers == 0)
        return false;
    is_event = q->ntimers == 0 || (q->nevents > 0 && BEFORE(q->events[0], q->timers[0]));
    if ((is_event ? q->events[0].at_ns : q->timers[0].at_ns) > until_ns)
        return false;
    q->ran++;
    if (is_event) {
        struct core_event *event;
        q->now_ns = q->events[0].at_ns;
        event = event_pop(q);
        fetch_ahead(q);
        event->run(q, event);
    } else {
        struct core_timer *timer = q->timers[0].timer;
        q->now_ns = q->timers[0].at_ns;
        core_timer_cancel(q, timer);
        timer->run(q, timer);
    }
    return true;
}

uint64_t core_queue_run(struct core_queue *q, uint64_t until_ns)
{
    uint64_t before = q->ran;
    while (core_queue_step(q, until_ns)) {
    }
    return q->ran - before;
}
