#ifndef UI_TAPE_HISTORY_H
#define UI_TAPE_HISTORY_H
/*
 * history - what there was on each host at any place of a run: queues, mailboxes, caches, connections.
 *
 *   tape --history_new--> things, each with the numbers of the records that changed it
 *
 *   queue item 6136000002 on mail   accepted 203   active 208   sent 374   removed 380
 *   at place 300:                                  ^ the last one at or before it: the state now
 *
 * Nothing is replayed: a question about a place is a binary search, whichever way the place moved. A thing is
 * there from the record that made it to the one that ended it, and it may come again.
 *
 *   kind        name          part          number   is there
 *   QUEUE       queue id      -             -        from accepted to removed
 *   RECIPIENT   queue id      address       -        from its first outcome on, with its item
 *   MAILBOX     user          mailbox       -        from its first record to deleted
 *   MESSAGE     user          mailbox       uid      from stored to expunged
 *   CACHE       owner         type          -        from stored to expired or evicted
 *   NEIGHBOUR   address       -             link     until it expires
 *   TCP         -             -             conn     until CLOSED
 *   SESSION     -             -             conn     until it is over
 *   MAIL        Message-ID    -             -        one message, wherever it is; of host 0
 */
#include "ui/tape/tape.h"

enum history_kind {
    HISTORY_QUEUE,
    HISTORY_RECIPIENT,
    HISTORY_MAILBOX,
    HISTORY_MESSAGE,
    HISTORY_CACHE,
    HISTORY_NEIGHBOUR,
    HISTORY_TCP,
    HISTORY_SESSION,
    HISTORY_MAIL,
    HISTORY_KINDS
};

struct history_thing {
    enum history_kind kind;
    uint32_t host;
    const char *name, *part; /* "" where the table has none */
    uint32_t number;
    struct tape_list change; /* records that changed it */
    struct tape_list turn;   /* it appears, it is gone, it appears, ... */
    /* Recipients of a queue item, messages of a mailbox: a list. NULL: no more. */
    struct history_thing *first_child, *last_child, *next;
};

/* Things in the order of their first records. */
struct history_list {
    struct history_thing **thing; /* owned by the history */
    size_t n, cap;
};

struct history;

/* The tape is borrowed and must be complete. Never NULL. */
struct history *history_new(const struct tape *t);
void history_free(struct history *h); /* NULL is allowed */

/* Of one host (0 for MAIL). Never NULL. */
const struct history_list *history_of_host(const struct history *h, enum history_kind kind, uint32_t host);
/* How many of them had begun at `place`: they are the first ones of the list. */
size_t history_begun(const struct history_list *list, uint32_t place);
/* NULL: there is none. `name` and `part` may be "". */
const struct history_thing *history_find(const struct history *h, enum history_kind kind, uint32_t host,
                                         const char *name, const char *part, uint32_t number);

/* The record that made it what it is at `place`; 0: it has not begun. */
uint32_t history_at(const struct history_thing *x, uint32_t place);
bool history_is_there(const struct history_thing *x, uint32_t place);

/* How many are there. All in O(log n). */
struct history_counts {
    uint32_t queue, mailboxes, messages, cache, neighbours, connections;
};
struct history_counts history_counts(const struct history *h, uint32_t host, uint32_t place);

/* Of one host, what a log would tell: its lines, sessions, queue, mailboxes; not content, segments,
 * neighbours. Never NULL. */
const struct tape_list *history_log(const struct history *h, uint32_t host);

size_t history_octets(const struct history *h); /* memory that it holds */
#endif
