#ifndef UI_TAPE_CAUSES_H
#define UI_TAPE_CAUSES_H
/*
 * causes - why a record is there: the record that it is due to, and those that decided beside it.
 *
 *   bounced  <--  550 5.1.1  <--  RCPT TO  <--  MAIL ... <--  MX answer <-- ... <--  Send was pressed
 *                     ^
 *                     setting /hosts/mx/store/users
 *
 * A record's own `cause` is what came last: where several commands came in one segment it is the last of
 * them, and what a clock began has none. Here the reply leads to its own command, a bounce to the reply that
 * it quotes, a time-out to the last thing that happened in its conversation, a lost frame to the fault that
 * lost it.
 */
#include "ui/tape/tape.h"

/* The record that `r` is due to, always an earlier one; 0: it began by itself. `answered` is the command that
 * a reply answers, 0 for others. */
uint32_t causes_before(const struct tape *t, const struct trace_record *r, uint32_t answered);

/* What decided beside it: a setting right before a reply, a link's fault or a host that is down behind a lost
 * frame, the cache that an answer came from. 0: nothing. */
uint32_t causes_beside(const struct tape *t, const struct trace_record *r);

/* When what a cache answers with was put there: the record, for the one of the hit. 0: `hit` is no hit. */
uint32_t causes_kept(const struct tape *t, const struct trace_record *hit);
/* Somebody edited the setting at `pointer`, one below it or one that it is part of, before the record `seq`:
 * the last time that was told. 0: it is as it was from the start. */
uint32_t causes_edited(const struct tape *t, const char *pointer, uint32_t seq);
#endif
