#ifndef UI_TAPE_TAPE_H
#define UI_TAPE_TAPE_H
/*
 * tape - a whole run, kept: any record at once, by its number.
 *
 *   run --trace_sink--> tape --+--> tape_get(seq)            what the record said
 *                              +--> lists of numbers         one conversation's lines, one host's records
 *                              +--> stops at three grains    where a step forwards or backwards goes
 *
 * A place in the run is a record's seq: 0 is the opening, before anything has happened; everything a view
 * shows is a function of the tape and a place, so going back is looking at a smaller place. Memory: 56 octets
 * a record and what it says; words and keys are kept once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/core/trace.h"

/* How far one step goes. */
enum tape_grain { TAPE_PHASE, TAPE_LINE, TAPE_PACKET, TAPE_GRAINS };

/* Numbers of records, ascending. */
struct tape_list {
    uint32_t *seq; /* owned by the tape */
    size_t n, cap;
};

struct tape;

/* Never NULL: without memory the program ends with a message. */
struct tape *tape_new(void);
void tape_free(struct tape *t); /* NULL is allowed */

/* Wants all levels; may be opened once. The opening and all texts are copied. */
struct trace_sink tape_sink(struct tape *t);

/* One line of a key log; kept with its place, for exports. */
void tape_secret(struct tape *t, const char *line);

const struct trace_opening *tape_opening(const struct tape *t); /* NULL: nothing was recorded */
uint32_t tape_last(const struct tape *t);                       /* seq of the last record; 0: none */
uint64_t tape_end_ns(const struct tape *t);                     /* when the run was over */
uint64_t tape_time(const struct tape *t, uint32_t seq);         /* 0 for 0 */
size_t tape_octets(const struct tape *t);                       /* memory that it holds */

/* The record; its texts live as long as the tape. False: there is none of this number. */
bool tape_get(const struct tape *t, uint32_t seq, struct trace_record *out);
/* Parts of it, without its texts. */
enum trace_kind tape_kind(const struct tape *t, uint32_t seq);
uint32_t tape_cause(const struct tape *t, uint32_t seq);
uint32_t tape_conn(const struct tape *t, uint32_t seq);
/* The command that a reply of SMTP or POP3 answers, counted in order: commands may come in groups (RFC 2920),
 * and a record's cause is only the last of them. 0: the greeting, or no such reply. */
uint32_t tape_answered(const struct tape *t, uint32_t seq);

/* Short name of a host or link, as numbered in records; "the network" or "" for 0. */
const char *tape_host(const struct tape *t, uint32_t host);
const char *tape_link(const struct tape *t, uint32_t link);

/* ---- lists ---- */

const struct tape_list *tape_stops(const struct tape *t, enum tape_grain grain);
const struct tape_list *tape_errors(const struct tape *t);  /* what went wrong, by tape_is_bad */
const struct tape_list *tape_phases(const struct tape *t);  /* phase records alone */
const struct tape_list *tape_lines(const struct tape *t);   /* line records */
const struct tape_list *tape_packets(const struct tape *t); /* sent and dropped */
const struct tape_list *tape_of_conn(const struct tape *t, uint32_t conn); /* all but packets; NULL: none */
const struct tape_list *tape_of_host(const struct tape *t, uint32_t host); /* all but packets; NULL: none */
const struct tape_list *tape_of_kind(const struct tape *t, enum trace_kind kind); /* of state records */
uint32_t tape_conns(const struct tape *t); /* the largest number of a conversation */

/* Index of the last number at or before `seq`; -1: none. */
ptrdiff_t tape_find(const struct tape_list *list, uint32_t seq);
/* The next number after `seq`, the last one before it; 0: there is none. */
uint32_t tape_after(const struct tape_list *list, uint32_t seq);
uint32_t tape_before(const struct tape_list *list, uint32_t seq);
/* The last record at or before `t_ns`. */
uint32_t tape_at_time(const struct tape *t, uint64_t t_ns);

/* A failure: a reply of 4yz or 5yz, -ERR, NO or BAD, a name that does not exist, a dropped frame, a bounce,
 * an expectation that was not met. */
bool tape_is_bad(const struct trace_record *r);

/* Gives everything up to `upto` to another sink, secrets before the record they came with; then closes it.
 * `secret` may be NULL. */
void tape_replay(const struct tape *t, uint32_t upto, const struct trace_sink *to,
                 void (*secret)(void *ctx, const char *line), void *secret_ctx);
#endif
