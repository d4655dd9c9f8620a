#ifndef SCENARIOS_LOAD_EXPECT_INTERNAL_H
#define SCENARIOS_LOAD_EXPECT_INTERNAL_H
/*
 * expect_internal - between the files of expect.
 *
 *   expect.c         the sink; what is learnt from records
 *   expect_match.c   does this record match that item?
 *   expect_result.c  what came of it, in words
 */
#include "scenarios/load/expect.h"

struct expect_entry { /* key NULL: free */
    char *key;
    uint32_t host;
    char *value;
    int64_t number;
};

struct expect_map { /* open addressing; slots are owned, texts are the arena's */
    struct expect_entry *slots;
    size_t cap, used;
};

struct expect_box {
    uint32_t host;
    const char *user, *address, *mailbox;
    int64_t messages;
    struct expect_box *next;
};

struct expect_tally { /* of one item */
    uint32_t host;    /* number of item->host; 0: any, or unknown */
    uint64_t count, first_ns;
    bool returned; /* BOUNCED with `to`: the bounce was made */
};

struct expect_state {
    struct expect_tally *tally;
    struct expect_map ids;    /* Message-ID -> the scenario's name for the message */
    struct expect_map queues; /* (host, queue id) -> Message-ID; number 1: removed */
    struct expect_box *boxes;
};

struct expect_entry *expect_map_find(const struct expect_map *m, uint32_t host, const char *key, size_t len);
struct expect_entry *expect_map_add(struct expect_map *m, struct core_arena *arena, uint32_t host,
                                    const char *key, size_t len);

bool expect_attr_is(const struct trace_record *r, const char *key, const char *value);
bool expect_attr_number(const struct trace_record *r, const char *key, int64_t *out);

/* The scenario's name of the message that a record is about; NULL: none, or unknown. */
const char *expect_message_of(const struct expect *e, const struct trace_record *r);

bool expect_matches(const struct expect *e, const struct expect_item *item, const struct expect_tally *t,
                    const struct trace_record *r);

/* A bounce was made for item->to. */
bool expect_returned(const struct expect_item *item, const struct expect_tally *t,
                     const struct trace_record *r);

/* Same mailbox name, same address: no regard to case. */
bool expect_same(const char *a, const char *b);

/* "bob" or "bob@example.org" against a record's or a box's user and address, of which the latter may be
 * NULL: then the domains of `host` (its number in the trace) decide. */
bool expect_user_is(const struct expect *e, const char *wanted, uint32_t host, const char *user,
                    const char *address);
#endif
