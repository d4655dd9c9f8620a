/* history: at each place of each scenario it says what a plain replay from the start says, there and back. */
#include "ui/tape/history.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/ui/catalogue.h"

/* The replay: everything that there is, in a list, found by its name. */
#define THINGS_MAX 4000
static struct plain {
    enum history_kind kind;
    uint32_t host, number, seq;
    char name[300], part[100];
    bool there;
} plain[THINGS_MAX];
static size_t nplain;

static struct plain *plain_find(enum history_kind kind, uint32_t host, uint32_t number, const char *name,
                                const char *part)
{
    struct plain *x;
    for (size_t i = 0; i < nplain; i++) {
        x = &plain[i];
        if (x->kind == kind && x->host == host && x->number == number && strcmp(x->name, name) == 0 &&
            strcmp(x->part, part) == 0)
            return x;
    }
    ck_assert_uint_lt(nplain, THINGS_MAX);
    x = &plain[nplain++];
    *x = (struct plain){ .kind = kind, .host = host, .number = number };
    snprintf(x->name, sizeof x->name, "%s", name);
    snprintf(x->part, sizeof x->part, "%s", part);
    return x;
}

static const char *text(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

static uint32_t number(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return (uint32_t)r->attr[i].number;
    return 0;
}

/* One of the words between spaces. */
static bool one_of(const char *word, const char *words)
{
    char spaced[100];
    snprintf(spaced, sizeof spaced, " %s ", word);
    return strstr(words, spaced) != NULL;
}

static void put(const struct trace_record *r, enum history_kind kind, uint32_t n, const char *name,
                const char *part, bool there)
{
    struct plain *x = plain_find(kind, r->host, n, name, part);
    x->seq = (uint32_t)r->seq;
    x->there = there;
}

static void replay(const struct trace_record *r)
{
    const char *event = text(r, "event");
    switch (r->kind) {
    case TRACE_KIND_QUEUE:
        put(r, HISTORY_QUEUE, 0, text(r, "queue_id"), "", strcmp(event, "removed") && strcmp(event, "loop"));
        if (one_of(event, " sent deferred bounced expired "))
            put(r, HISTORY_RECIPIENT, 0, text(r, "queue_id"), text(r, "to"), true);
        for (size_t i = 0; i < nplain && strcmp(event, "removed") == 0; i++)
            if (plain[i].kind == HISTORY_RECIPIENT && plain[i].host == r->host &&
                strcmp(plain[i].name, text(r, "queue_id")) == 0) {
                plain[i].seq = (uint32_t)r->seq;
                plain[i].there = false;
            }
        break;
    case TRACE_KIND_MAILBOX:
        put(r, HISTORY_MAILBOX, 0, text(r, "user"), text(r, "mailbox"), strcmp(event, "deleted") != 0);
        if (number(r, "uid") && strcmp(event, "over-quota") != 0)
            put(r, HISTORY_MESSAGE, number(r, "uid"), text(r, "user"), text(r, "mailbox"),
                strcmp(event, "expunged") != 0);
        break;
    case TRACE_KIND_CACHE:
        if (one_of(event, " stored negative replaced expired evicted "))
            put(r, HISTORY_CACHE, 0, text(r, "name"), text(r, "type"), !one_of(event, " expired evicted "));
        break;
    case TRACE_KIND_NEIGHBOUR:
        put(r, HISTORY_NEIGHBOUR, r->link, text(r, "address"), "", strcmp(event, "expired") != 0);
        break;
    case TRACE_KIND_TCP_STATE:
        put(r, HISTORY_TCP, r->conn, "", "", strcmp(text(r, "to"), "CLOSED") != 0);
        break;
    case TRACE_KIND_SESSION:
        put(r, HISTORY_SESSION, r->conn, "", "", !one_of(event, " disconnect lost timeout connect-failed "));
        break;
    default:
        break;
    }
}

static uint32_t *count_of(struct history_counts *c, enum history_kind kind)
{
    switch (kind) {
    case HISTORY_QUEUE:
        return &c->queue;
    case HISTORY_MAILBOX:
        return &c->mailboxes;
    case HISTORY_MESSAGE:
        return &c->messages;
    case HISTORY_CACHE:
        return &c->cache;
    case HISTORY_NEIGHBOUR:
        return &c->neighbours;
    case HISTORY_TCP:
        return &c->connections;
    default:
        return NULL;
    }
}

/* All answers about a place, compared with the replay's. */
static void compare(const char *name, const struct tape *t, const struct history *h, uint32_t place)
{
    struct history_counts want[65] = { { 0 } }, got;
    size_t nhosts = tape_opening(t)->nhosts;
    for (size_t i = 0; i < nplain; i++) {
        const struct plain *x = &plain[i];
        const struct history_thing *thing = history_find(h, x->kind, x->host, x->name, x->part, x->number);
        uint32_t *n = count_of(&want[x->host], x->kind);
        if (x->kind == HISTORY_SESSION && x->number == 0)
            continue;
        ck_assert_msg(thing != NULL, "%s: %s %s is not known", name, x->name, x->part);
        ck_assert_msg(history_at(thing, place) == x->seq, "%s at %u: %s %s: %u, not %u", name, place, x->name,
                      x->part, history_at(thing, place), x->seq);
        ck_assert_msg(history_is_there(thing, place) == x->there, "%s at %u: %s %s", name, place, x->name,
                      x->part);
        if (n && x->there)
            ++*n;
    }
    for (uint32_t host = 0; host <= nhosts; host++) {
        got = history_counts(h, host, place);
        ck_assert_msg(memcmp(&got, &want[host], sizeof got) == 0, "%s at %u: counts of %s", name, place,
                      tape_host(t, host));
    }
}

static uint64_t answers(const struct tape *t, const struct history *h, uint32_t place)
{
    uint64_t sum = 0;
    for (uint32_t host = 0; host <= tape_opening(t)->nhosts; host++)
        for (int k = 0; k < HISTORY_KINDS; k++) {
            const struct history_list *list = history_of_host(h, (enum history_kind)k, host);
            size_t begun = history_begun(list, place);
            for (size_t i = 0; i < list->n; i++) {
                uint32_t at = history_at(list->thing[i], place);
                ck_assert_int_eq(at != 0, i < begun);
                sum = sum * 31 + at * 2u + history_is_there(list->thing[i], place);
            }
        }
    return sum;
}

static void equals_replay(const char *name, struct tape *t)
{
    struct history *h = history_new(t);
    uint32_t last = tape_last(t);
    uint64_t *there = calloc(last + 1, sizeof *there);
    nplain = 0;
    ck_assert_ptr_nonnull(there);
    for (uint32_t seq = 0; seq <= last; seq++) {
        struct trace_record r;
        if (seq && tape_get(t, seq, &r) && trace_kind_level(r.kind) == TRACE_STATE)
            replay(&r);
        else if (seq && seq % 16 != 0)
            continue;
        compare(name, t, h, seq);
        there[seq] = answers(t, h, seq);
    }
    for (uint32_t seq = last; seq > 0; seq--)
        if (there[seq])
            ck_assert_uint_eq(answers(t, h, seq), there[seq]);
    free(there);
    history_free(h);
}

START_TEST(every_place_of_every_scenario_is_what_a_replay_says)
{
    catalogue_each(equals_replay);
}
END_TEST

/* The store says itself how many messages a mailbox has. */
static void counts_messages(const char *name, struct tape *t)
{
    struct history *h = history_new(t);
    const struct tape_list *list = tape_of_kind(t, TRACE_KIND_MAILBOX);
    for (size_t i = 0; i < list->n; i++) {
        struct trace_record r;
        const struct history_thing *box, *one;
        uint32_t n = 0, seq = list->seq[i];
        tape_get(t, seq, &r);
        box = history_find(h, HISTORY_MAILBOX, r.host, text(&r, "user"), text(&r, "mailbox"), 0);
        ck_assert_ptr_nonnull(box);
        for (one = box->first_child; one; one = one->next)
            n += history_is_there(one, seq);
        if (i + 1 < list->n && list->seq[i + 1] == seq + 1)
            continue; /* of several changes at once, each record says what is left at the end */
        ck_assert_msg(n == number(&r, "messages"), "%s at %u: %u messages, the store has %u", name, seq, n,
                      number(&r, "messages"));
    }
    history_free(h);
}

START_TEST(messages_are_as_many_as_the_store_says)
{
    catalogue_each(counts_messages);
}
END_TEST

START_TEST(one_message_is_followed_from_host_to_host)
{
    struct tape *t = catalogue_tape("first-message");
    struct history *h = history_new(t);
    const struct history_list *mail = history_of_host(h, HISTORY_MAIL, 0);
    unsigned queues = 0, boxes = 0, clients = 0;
    ck_assert_uint_ge(mail->n, 1);
    for (size_t i = 0; i < mail->thing[0]->change.n; i++) {
        enum trace_kind kind = tape_kind(t, mail->thing[0]->change.seq[i]);
        queues += kind == TRACE_KIND_QUEUE;
        boxes += kind == TRACE_KIND_MAILBOX;
        clients += kind == TRACE_KIND_CLIENT;
    }
    ck_assert_uint_ge(queues, 6);
    ck_assert_uint_ge(boxes, 1);
    ck_assert_uint_ge(clients, 2);
    history_free(h);
    tape_free(t);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("history");
    TCase *c = tcase_create("places");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, every_place_of_every_scenario_is_what_a_replay_says);
    tcase_add_test(c, messages_are_as_many_as_the_store_says);
    tcase_add_test(c, one_message_is_followed_from_host_to_host);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(suite)
