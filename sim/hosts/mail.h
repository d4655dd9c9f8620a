#ifndef SIM_HOSTS_MAIL_H
#define SIM_HOSTS_MAIL_H
/*
 * mail - the octets of one message, shared by everything on one host that holds it.
 *
 *   octets  [ head room | Return-Path | Received | the message as it came ]
 *                         ^ start - with the last server's field in front
 *
 * Counted: the queue, the mailboxes and a session that sends it each hold it; the last one to let go
 * frees it. Once complete its octets never change or move, so that an engine may borrow them. What a server
 * puts on top is written into the room before them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/core/pool.h"

#define MAIL_HEAD_ROOM 320 /* octets: "Return-Path: <" a path ">" CRLF */

struct mail {
    uint32_t refs;
    uint32_t text; /* offset in octets of the message without a Return-Path */
    size_t len;    /* octets from text on */
    size_t cap;    /* octets in `octets` */
    char *octets;
};

struct mail_room { /* where mails come from; one for a world */
    struct core_pool pool;
    struct core_depot *depot; /* borrowed */
    size_t octets;            /* that all mails take now */
    size_t limit;             /* what servers take from strangers ends here; 0: nowhere */
};

void mail_room_init(struct mail_room *room, struct core_depot *depot);
void mail_room_free(struct mail_room *room);

/* One message takes at most this part of the room that is left: a crowd of large messages that never end
 * cannot keep the small ones out. */
#define MAIL_SHARE 8

/* Whether a message of `octets` so far is too large for the room that is left: a server then says that its
 * disk is full. */
bool mail_room_full(const struct mail_room *room, size_t octets);

/* An empty mail with space for about `octets`; refs is 1. */
struct mail *mail_new(struct mail_room *room, size_t octets);
void mail_append(struct mail_room *room, struct mail *m, const void *octets, size_t len);
/* Puts octets into the text, `at` octets behind its beginning; nobody else may hold m yet. */
void mail_insert(struct mail_room *room, struct mail *m, size_t at, const void *octets, size_t len);
struct mail *mail_hold(struct mail *m);
void mail_drop(struct mail_room *room, struct mail *m); /* m may be NULL */

static inline const char *mail_text(const struct mail *m)
{
    return m->octets + m->text;
}

/* Puts a field in front, into the head room, leaving mail_text as it was; returns the number of octets before
 * mail_text that now belong to the message. 0 if there is no room. */
size_t mail_put_before(struct mail *m, const char *field, size_t len);
#endif
