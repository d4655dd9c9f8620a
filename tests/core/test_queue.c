/* The event queue: order (time, sequence number), whatever is posted, moved and cancelled. */
#include <string.h>

#include "sim/core/queue.h"
#include "sim/core/rng.h"
#include "tests/check_main.h"

#define LOG_MAX 64

static struct core_queue q;
static char log_text[LOG_MAX];
static size_t logged;
static uint64_t log_at[LOG_MAX];

struct lettered { /* writes its letter when it runs */
    struct core_event event;
    struct core_timer timer;
    char letter;
};

static void note(char letter)
{
    ck_assert_uint_lt(logged, LOG_MAX - 1);
    log_at[logged] = q.now_ns;
    log_text[logged++] = letter;
    log_text[logged] = '\0';
}

static void event_runs(struct core_queue *queue, struct core_event *event)
{
    ck_assert_ptr_eq(queue, &q);
    note(CORE_OWNER(event, struct lettered, event)->letter);
}

static void timer_runs(struct core_queue *queue, struct core_timer *timer)
{
    ck_assert_ptr_eq(queue, &q);
    ck_assert(!core_timer_armed(timer));
    note(CORE_OWNER(timer, struct lettered, timer)->letter);
}

static struct lettered lettered(char letter)
{
    return (struct lettered){ .event = { event_runs }, .timer = { .run = timer_runs }, .letter = letter };
}

static void begin(void)
{
    core_queue_init(&q);
    logged = 0;
    log_text[0] = '\0';
}

static void end(void)
{
    core_queue_free(&q);
}

START_TEST(events_run_in_the_order_of_time)
{
    struct lettered a = lettered('a'), b = lettered('b'), c = lettered('c');
    core_post(&q, &c.event, 30);
    core_post(&q, &a.event, 10);
    core_post(&q, &b.event, 20);
    ck_assert_uint_eq(core_queue_next_ns(&q), 10);
    ck_assert_uint_eq(core_queue_run(&q, CORE_NEVER - 1), 3);
    ck_assert_str_eq(log_text, "abc");
    ck_assert_uint_eq(log_at[0], 10);
    ck_assert_uint_eq(log_at[2], 30);
    ck_assert_uint_eq(q.now_ns, 30);
    ck_assert_uint_eq(q.ran, 3);
}
END_TEST

START_TEST(events_and_timers_of_one_instant_run_in_the_order_of_posting)
{
    struct lettered l[8];
    for (int i = 0; i < 8; i++) {
        l[i] = lettered((char)('a' + i));
        if (i % 3 == 1)
            core_timer_set(&q, &l[i].timer, 5);
        else
            core_post(&q, &l[i].event, 5);
    }
    core_queue_run(&q, 5);
    ck_assert_str_eq(log_text, "abcdefgh");
}
END_TEST

START_TEST(a_moved_timer_goes_to_the_end_of_its_new_instant)
{
    struct lettered a = lettered('a'), b = lettered('b'), c = lettered('c');
    core_timer_set(&q, &a.timer, 5);
    core_timer_set(&q, &b.timer, 5);
    core_post(&q, &c.event, 5);
    core_timer_set(&q, &a.timer, 5); /* the same time, a new number */
    core_queue_run(&q, 5);
    ck_assert_str_eq(log_text, "bca");
}
END_TEST

START_TEST(a_timer_moves_both_ways)
{
    struct lettered a = lettered('a'), b = lettered('b'), c = lettered('c');
    core_timer_set(&q, &a.timer, 10);
    core_timer_set(&q, &b.timer, 20);
    core_timer_set(&q, &c.timer, 30);
    core_timer_set(&q, &a.timer, 40);
    core_timer_set(&q, &c.timer, 5);
    core_queue_run(&q, 100);
    ck_assert_str_eq(log_text, "cba");
    ck_assert_uint_eq(log_at[0], 5);
    ck_assert_uint_eq(log_at[1], 20);
    ck_assert_uint_eq(log_at[2], 40);
}
END_TEST

START_TEST(a_cancelled_timer_leaves_nothing_behind)
{
    struct lettered a = lettered('a'), b = lettered('b'), c = lettered('c');
    core_timer_set(&q, &a.timer, 10);
    core_timer_set(&q, &b.timer, 20);
    core_timer_set(&q, &c.timer, 30);
    core_timer_cancel(&q, &b.timer);
    ck_assert(!core_timer_armed(&b.timer));
    ck_assert_uint_eq(q.ntimers, 2);
    core_timer_cancel(&q, &b.timer); /* again: harmless */
    ck_assert_uint_eq(q.ntimers, 2);
    core_queue_run(&q, 100);
    ck_assert_str_eq(log_text, "ac");
}
END_TEST

START_TEST(a_run_ends_at_its_limit_and_can_go_on)
{
    struct lettered a = lettered('a'), b = lettered('b'), c = lettered('c');
    core_post(&q, &a.event, 10);
    core_post(&q, &b.event, 20);
    core_post(&q, &c.event, 21);
    ck_assert_uint_eq(core_queue_run(&q, 20), 2);
    ck_assert_uint_eq(q.now_ns, 20);
    ck_assert(!core_queue_step(&q, 20));
    ck_assert_uint_eq(core_queue_next_ns(&q), 21);
    ck_assert(core_queue_step(&q, 21));
    ck_assert(!core_queue_step(&q, CORE_NEVER));
    ck_assert_uint_eq(core_queue_next_ns(&q), CORE_NEVER);
    ck_assert_str_eq(log_text, "abc");
}
END_TEST

static struct lettered next_one, rearmed;
static int rearmings;

static void posts_more(struct core_queue *queue, struct core_event *event)
{
    event_runs(queue, event);
    next_one = lettered('n');
    core_post(queue, &next_one.event, queue->now_ns); /* at once, but after what waits already */
}

static void rearms(struct core_queue *queue, struct core_timer *timer)
{
    timer_runs(queue, timer);
    if (--rearmings > 0)
        core_timer_set(queue, timer, queue->now_ns + 7);
}

START_TEST(what_an_event_posts_for_now_runs_after_what_waits_for_now)
{
    struct lettered a = lettered('a'), b = lettered('b');
    a.event.run = posts_more;
    core_post(&q, &a.event, 10);
    core_post(&q, &b.event, 10);
    core_queue_run(&q, 10);
    ck_assert_str_eq(log_text, "abn");
    ck_assert_uint_eq(q.now_ns, 10);
}
END_TEST

START_TEST(a_timer_may_set_itself_again)
{
    rearmed = lettered('r');
    rearmed.timer.run = rearms;
    rearmings = 4;
    core_timer_set(&q, &rearmed.timer, 7);
    core_queue_run(&q, 1000);
    ck_assert_str_eq(log_text, "rrrr");
    ck_assert_uint_eq(log_at[3], 28);
    ck_assert_uint_eq(q.ntimers, 0);
}
END_TEST

static void looks_ahead(const struct core_queue *queue, struct core_event *const next[CORE_AHEAD])
{
    (void)queue;
    for (int i = 0; i < CORE_AHEAD; i++)
        note(next[i] ? CORE_OWNER(next[i], struct lettered, event)->letter : '-');
    note(' ');
}

START_TEST(before_an_event_runs_the_following_ones_are_shown)
{
    struct lettered l[6];
    q.ahead = looks_ahead;
    for (int i = 5; i >= 0; i--) {
        l[i] = lettered((char)('a' + i));
        core_post(&q, &l[i].event, (uint64_t)i + 1);
    }
    core_queue_run(&q, 2);
    ck_assert_str_eq(log_text, "bcde acdef b");
    core_queue_run(&q, 100);
    ck_assert_str_eq(log_text, "bcde acdef bdef- cef-- df--- ef"); /* nothing to show, no call */
}
END_TEST

START_TEST(what_belongs_far_from_the_end_runs_in_its_order_too)
{
    struct lettered l[2 * CORE_LANE_STEPS], early[3];
    size_t n = sizeof l / sizeof l[0];
    for (size_t i = 0; i < n; i++) {
        l[i] = lettered('.');
        core_post(&q, &l[i].event, 100 + i);
    }
    for (int i = 0; i < 3; i++) {
        early[i] = lettered((char)('a' + i));
        core_post(&q, &early[i].event, i == 1 ? 100 : 50);
    }
    ck_assert_uint_eq(q.nevents, n + 3);
    core_queue_run(&q, 101);
    ck_assert_str_eq(log_text, "ac.b.");
    ck_assert_uint_eq(q.nevents, n - 2);
}
END_TEST

/* ---- against a model that only searches ----------------------------------------------------------- */

#define THINGS 300
#define STEPS  100000

struct model {
    uint64_t at_ns, seq;
    bool waits;
};

static struct lettered thing[THINGS];
static struct model model[THINGS];
static uint64_t model_seq;
static int last_ran;

static bool is_event(int i)
{
    return i % 2 == 0;
}

static void model_event(struct core_queue *queue, struct core_event *event)
{
    (void)queue;
    last_ran = (int)(CORE_OWNER(event, struct lettered, event) - thing);
}

static void model_timer(struct core_queue *queue, struct core_timer *timer)
{
    (void)queue;
    last_ran = (int)(CORE_OWNER(timer, struct lettered, timer) - thing);
}

static int model_first(void)
{
    int first = -1;
    for (int i = 0; i < THINGS; i++)
        if (model[i].waits && (first < 0 || model[i].at_ns < model[first].at_ns ||
                               (model[i].at_ns == model[first].at_ns && model[i].seq < model[first].seq)))
            first = i;
    return first;
}

static void set_one(struct core_rng *rng, int i)
{
    uint64_t at = q.now_ns + core_rng_below(rng, 50);
    if (is_event(i) && model[i].waits)
        return; /* an event cannot be moved */
    if (is_event(i))
        core_post(&q, &thing[i].event, at);
    else
        core_timer_set(&q, &thing[i].timer, at);
    model[i] = (struct model){ at, model_seq++, true };
}

START_TEST(a_hundred_thousand_random_steps_agree_with_a_search)
{
    struct core_rng rng;
    core_rng_init(&rng, 1, "queue");
    memset(model, 0, sizeof model);
    for (int i = 0; i < THINGS; i++) {
        thing[i] = lettered('x');
        thing[i].event.run = model_event;
        thing[i].timer.run = model_timer;
    }
    for (int step = 0; step < STEPS; step++) {
        int i = (int)core_rng_below(&rng, THINGS), first;
        switch (core_rng_below(&rng, 5)) {
        case 0:
        case 1:
            set_one(&rng, i);
            break;
        case 2:
            if (!is_event(i)) {
                core_timer_cancel(&q, &thing[i].timer);
                model[i].waits = false;
            }
            break;
        default:
            first = model_first();
            last_ran = -1;
            ck_assert_uint_eq(core_queue_next_ns(&q), first < 0 ? CORE_NEVER : model[first].at_ns);
            ck_assert(core_queue_step(&q, CORE_NEVER) == (first >= 0));
            ck_assert_int_eq(last_ran, first);
            if (first >= 0) {
                ck_assert_uint_eq(q.now_ns, model[first].at_ns);
                model[first].waits = false;
            }
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("core queue");
    TCase *t = tcase_create("queue");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, events_run_in_the_order_of_time);
    tcase_add_test(t, events_and_timers_of_one_instant_run_in_the_order_of_posting);
    tcase_add_test(t, a_moved_timer_goes_to_the_end_of_its_new_instant);
    tcase_add_test(t, a_timer_moves_both_ways);
    tcase_add_test(t, a_cancelled_timer_leaves_nothing_behind);
    tcase_add_test(t, a_run_ends_at_its_limit_and_can_go_on);
    tcase_add_test(t, what_an_event_posts_for_now_runs_after_what_waits_for_now);
    tcase_add_test(t, a_timer_may_set_itself_again);
    tcase_add_test(t, before_an_event_runs_the_following_ones_are_shown);
    tcase_add_test(t, what_belongs_far_from_the_end_runs_in_its_order_too);
    tcase_add_test(t, a_hundred_thousand_random_steps_agree_with_a_search);
    suite_add_tcase(s, t);
    return s;
}

CHECK_MAIN(suite)
