#ifndef UI_TAPE_LETTER_H
#define UI_TAPE_LETTER_H
/*
 * letter - one message on its way: each time that it crosses a connection is a copy of it.
 *
 *   letter <1kvauuk.1@example.com>
 *     copy 1  alice -> mail   SMTP   MAIL 150   RCPT 151   content 165..198
 *     copy 2  mail  -> mx     SMTP   MAIL 331   RCPT 332   content 344..390
 *     copy 3  mx    -> phone  IMAP               content 621..669
 *
 * Everything is read from the lines that crossed the wire: a copy is dot-unstuffed (RFC 5321 section 4.5.2,
 * RFC 1939 section 3), cut out of its literal (RFC 9051 section 4.3) or put together from its chunks (RFC
 * 3030). What has not crossed at a place is not in it.
 */
#include "ui/tape/tape.h"

#define LETTER_OCTETS_MAX (4u << 20) /* of a copy that are put together; a limit of ours */

struct letter_rcpt {
    uint32_t command, reply; /* records; 0: not answered in this run */
};

struct letter_copy {
    enum trace_proto proto;  /* SMTP, POP3, IMAP */
    uint32_t conn, from, to; /* the hosts' numbers */
    uint32_t begin;          /* MAIL, RETR, or the reply that announces the literal */
    uint32_t mail_reply;     /* SMTP */
    size_t rcpt, nrcpt;      /* in letters.rcpt */
    uint32_t first, last;    /* records of content; 0: there is none */
    uint32_t end;            /* the record with which it is complete; 0: it never is */
    uint32_t verdict;        /* SMTP: the reply to the content; 0: none */
    uint64_t limit;          /* octets of a literal */
    bool dots, chunks;       /* how lines are read */
    size_t letter;           /* in letters.letter */
};

struct letter {
    const char *message_id; /* with < >; "" if it has none */
    uint32_t first;         /* the first record that is about it */
};

struct letter_touch {
    uint32_t seq;
    size_t letter;
};

struct letters {
    struct letter *letter; /* owned, as all of these */
    size_t n, cap;
    struct letter_copy *copy; /* by `begin` */
    size_t ncopies, copies_cap;
    struct letter_rcpt *rcpt;
    size_t nrcpts, rcpts_cap;
    struct letter_touch *touch; /* by seq: records that are about a letter */
    size_t ntouches, touches_cap;
    struct letters_memory *memory;
};

struct letters *letters_new(const struct tape *t); /* never NULL */
void letters_free(struct letters *l);              /* NULL is allowed */

/* The letter that a place is about: of its conversation, else the last one that something happened to.
 * -1: none yet. */
ptrdiff_t letters_of_place(const struct letters *l, const struct tape *t, uint32_t place);
/* The last copy of a letter that had begun at `place`, or the last one before `before`. NULL: none. */
const struct letter_copy *letters_copy(const struct letters *l, size_t letter, uint32_t place,
                                       const struct letter_copy *before);

/* The record at which the sender of a copy has lost the connection, or has waited too long, without an answer
 * to the content; 0: there is none. */
uint32_t letter_broken(const struct tape *t, const struct letter_copy *copy);

/* What of a copy had crossed at `place`: its octets, and the record of each line. */
struct letter_text {
    char *octets; /* owned; with a NUL behind */
    size_t len, cap;
    struct letter_line {
        size_t at;
        uint32_t seq;
    } * line; /* owned */
    size_t nlines, lines_cap;
    bool complete, cut;
};

void letter_text_read(struct letter_text *text, const struct tape *t, const struct letter_copy *copy,
                      uint32_t place);
void letter_text_free(struct letter_text *text);
#endif
