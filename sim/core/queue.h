#ifndef SIM_CORE_QUEUE_H
#define SIM_CORE_QUEUE_H
/*
 * queue - the event queue: what happens next in virtual time.
 *
 *   order: (time, sequence number). Two events of one instant run in the order in which
 *   they were posted; nothing else ever decides.
 *
 * Two kinds share that one order. An `event` is posted once and cannot be taken back (a
 * frame on a wire). Most are posted for about the same time from now, one link's delay, so nearly
 * all belong at or near the end: they go into a sorted ring, the lane, at most CORE_LANE_STEPS from its end.
 * What belongs further forward goes into a 4-ary heap. A `timer` can be moved and cancelled; it knows its
 * place in a second heap, so a cancelled timer leaves nothing behind. Owners re-arm timers lazily:
 * a deadline that moved later stays where it is, and the timer, when it fires early,
 * is set again.
 *
 * Large worlds are bound by memory, not by arithmetic. The lane knows what comes next, so before each event
 * that it runs it shows the following ones to `ahead`, which may fetch into the cache what they will need.
 *
 * Events and timers are embedded in what they wake (CORE_OWNER finds it); the queue
 * allocates only its two arrays.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/core/time.h"

struct core_queue;
struct core_event;
struct core_timer;

typedef void core_event_fn(struct core_queue *q, struct core_event *event);
typedef void core_timer_fn(struct core_queue *q, struct core_timer *timer);

#define CORE_LANE_STEPS 32
#define CORE_AHEAD      4 /* events shown in advance */

/* next[0] is likely to run next, next[CORE_AHEAD - 1] last of them; NULL: there are fewer. An event is shown
 * in each place in turn, on its way to the front. Only reads, and posts nothing. */
typedef void core_ahead_fn(const struct core_queue *q, struct core_event *const next[CORE_AHEAD]);

struct core_event {
    core_event_fn *run; /* set before posting */
};

struct core_timer {
    core_timer_fn *run; /* set once; the rest is the queue's: zero it */
    uint64_t at_ns;     /* when it fires, while armed */
    uint64_t seq;
    uint32_t pos; /* 1 + place in the heap; 0: not armed */
};

struct core_event_slot {
    uint64_t at_ns, seq;
    struct core_event *event;
};

struct core_timer_slot {
    uint64_t at_ns, seq;
    struct core_timer *timer;
};

struct core_queue {
    uint64_t now_ns;
    uint64_t seq;                 /* the next posting's number */
    uint64_t ran;                 /* events and timers run so far */
    void *world;                  /* the owner's, for run functions */
    core_ahead_fn *ahead;         /* NULL: none */
    size_t nevents;               /* in the lane and in the heap */
    struct core_event_slot *lane; /* lane[i & lane_mask], lane_first <= i < lane_end */
    size_t lane_first, lane_end, lane_mask;
    struct core_event_slot *heap;
    size_t nheap, max_heap;
    struct core_timer_slot *timers;
    size_t ntimers, max_timers;
};

#define CORE_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

void core_queue_init(struct core_queue *q);
void core_queue_free(struct core_queue *q);

/* Runs `event` at `at_ns` (not before now). It must not be posted already. */
void core_post(struct core_queue *q, struct core_event *event, uint64_t at_ns);

/* Arms or moves. Moving gives a new sequence number. */
void core_timer_set(struct core_queue *q, struct core_timer *timer, uint64_t at_ns);
void core_timer_cancel(struct core_queue *q, struct core_timer *timer);

static inline bool core_timer_armed(const struct core_timer *timer)
{
    return timer->pos != 0;
}

/* Time of the next event; CORE_NEVER when there is none. */
uint64_t core_queue_next_ns(const struct core_queue *q);

/* Runs the next event, if it is not after `until_ns`. False: nothing was run. */
bool core_queue_step(struct core_queue *q, uint64_t until_ns);

/* Runs all up to and including `until_ns`; now_ns ends at the last event that ran. Returns how many. */
uint64_t core_queue_run(struct core_queue *q, uint64_t until_ns);
#endif
