/* The event queue: a sorted ring and two 4-ary heaps that share one order, (time, sequence number). */
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
    free(q->lane);
    free(q->heap);
    free(q->timers);
    *q = (struct core_queue){ .seq = 1 };
}

#define BEFORE(a, b) ((a).at_ns < (b).at_ns || ((a).at_ns == (b).at_ns && (a).seq < (b).seq))

/* ---- events: the lane -------------------------------------------------------------------- */

static struct core_event_slot *lane_at(const struct core_queue *q, size_t i)
{
    return &q->lane[i & q->lane_mask];
}

static void lane_grow(struct core_queue *q)
{
    size_t n = q->lane_end - q->lane_first, max = q->lane ? n : 32;
    struct core_event_slot *old = q->lane;
    q->lane = grown(NULL, &max, sizeof *q->lane);
    for (size_t i = 0; i < n; i++)
        q->lane[i] = old[(q->lane_first + i) & q->lane_mask];
    free(old);
    q->lane_first = 0;
    q->lane_end = n;
    q->lane_mask = max - 1;
}

/* Puts a slot, whose number is the highest of all, into the lane. False: it belongs too far from the end. */
static inline bool lane_put(struct core_queue *q, struct core_event_slot slot)
{
    size_t n = q->lane_end - q->lane_first, steps = 0, most = n < CORE_LANE_STEPS ? n : CORE_LANE_STEPS;
    while (steps < most && slot.at_ns < lane_at(q, q->lane_end - 1 - steps)->at_ns)
        steps++;
    if (steps == CORE_LANE_STEPS)
        return false;
    if (n > q->lane_mask || !q->lane)
        lane_grow(q);
    for (size_t i = 0; i < steps; i++)
        *lane_at(q, q->lane_end - i) = *lane_at(q, q->lane_end - 1 - i);
    *lane_at(q, q->lane_end - steps) = slot;
    q->lane_end++;
    return true;
}

static inline void show_ahead(const struct core_queue *q)
{
    struct core_event *next[CORE_AHEAD] = { NULL };
    size_t n = q->lane_end - q->lane_first;
    if (!q->ahead || n == 0)
        return;
    for (size_t i = 0; i < CORE_AHEAD && i < n; i++)
        next[i] = lane_at(q, q->lane_first + i)->event;
    q->ahead(q, next);
}

/* ---- events: the heap -------------------------------------------------------------------- */

static void heap_put(struct core_queue *q, struct core_event_slot slot)
{
    size_t i = q->nheap++, up;
    if (i == q->max_heap)
        q->heap = grown(q->heap, &q->max_heap, sizeof *q->heap);
    for (; i > 0; i = up) {
        up = (i - 1) / ARITY;
        if (!BEFORE(slot, q->heap[up]))
            break;
        q->heap[i] = q->heap[up];
    }
    q->heap[i] = slot;
}

static struct core_event *heap_pop(struct core_queue *q)
{
    struct core_event *first = q->heap[0].event;
    struct core_event_slot *h = q->heap, last = h[--q->nheap];
    size_t n = q->nheap, i = 0;
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

void core_post(struct core_queue *q, struct core_event *event, uint64_t at_ns)
{
    struct core_event_slot slot = { at_ns, q->seq++, event };
    assert(at_ns >= q->now_ns && event->run);
    q->nevents++;
    if (!lane_put(q, slot))
        heap_put(q, slot);
}

/* ---- timers ------------------------------------------------------------------------------ */

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

/* ---- running ----------------------------------------------------------------------------- */

uint64_t core_queue_next_ns(const struct core_queue *q)
{
    uint64_t least = q->ntimers ? q->timers[0].at_ns : CORE_NEVER;
    if (q->nheap && q->heap[0].at_ns < least)
        least = q->heap[0].at_ns;
    if (q->lane_first != q->lane_end && lane_at(q, q->lane_first)->at_ns < least)
        least = lane_at(q, q->lane_first)->at_ns;
    return least;
}

static void run_event(struct core_queue *q, struct core_event *event)
{
    q->nevents--;
    event->run(q, event);
}

bool core_queue_step(struct core_queue *q, uint64_t until_ns)
{
    static const struct core_event_slot never = { CORE_NEVER, UINT64_MAX, NULL };
    const struct core_event_slot *lane = q->lane_first != q->lane_end ? lane_at(q, q->lane_first) : &never;
    const struct core_event_slot *heap = q->nheap ? &q->heap[0] : &never;
    const struct core_event_slot *event = BEFORE(*heap, *lane) ? heap : lane;
    const struct core_timer_slot *timer = q->ntimers ? &q->timers[0] : NULL;
    if (timer && BEFORE(*timer, *event)) {
        struct core_timer *t = timer->timer;
        if (timer->at_ns > until_ns)
            return false;
        q->ran++;
        q->now_ns = timer->at_ns;
        core_timer_cancel(q, t);
        t->run(q, t);
        return true;
    }
    if (event == &never || event->at_ns > until_ns)
        return false;
    q->ran++;
    q->now_ns = event->at_ns;
    if (event == lane) {
        struct core_event *e = lane->event;
        q->lane_first++;
        show_ahead(q);
        run_event(q, e);
    } else {
        run_event(q, heap_pop(q));
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
