#ifndef UI_TAPE_TALK_H
#define UI_TAPE_TALK_H
/*
 * talk - which command a reply answers, in conversations where commands come in groups.
 *
 *   C MAIL, C RCPT, C DATA, S 250, S 550, S 554      the second reply answers the second command
 *
 * SMTP and POP3 answer in order (RFC 2920 section 3.2, RFC 2449 section 6.6); the dot that ends a message
 * counts as a command, since it has a reply of its own.
 */
#include "ui/tape/tape.h"

struct talk {
    uint32_t *command; /* owned: those that wait for their replies */
    size_t first, n, cap;
    bool chunk; /* the last command was BDAT: its content has no dot of its own */
};

struct talks {         /* zero-initialised is ready */
    struct talk *talk; /* owned; by number of the conversation */
    size_t n;
};

/* Takes the next line record of a run. Returns the command that it answers; 0: none. */
uint32_t talks_line(struct talks *t, const struct trace_record *r, uint32_t seq);
void talks_free(struct talks *t);

/* Does this line of a reply end it? Of SMTP the one without a hyphen behind its code, of POP3 the one with a
 * status. */
bool talk_ends_answer(const struct trace_record *r);
#endif
