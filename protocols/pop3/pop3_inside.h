#ifndef PROTOCOLS_POP3_INSIDE_H
#define PROTOCOLS_POP3_INSIDE_H
/*
 * pop3_inside - what pop3_server.c and pop3_maildrop.c share; nobody else includes it.
 */
#include "protocols/pop3/pop3_server.h"

#define POP3_ARGS_MAX 2

struct pop3_args {
    struct wire_slice word[POP3_ARGS_MAX];
    struct wire_slice rest; /* everything behind the verb's space */
    unsigned count;         /* words there are, perhaps more than POP3_ARGS_MAX */
};

typedef void pop3_run(struct pop3_server *, const struct pop3_args *, struct pop3_step *);

pop3_run pop3_run_stat, pop3_run_list, pop3_run_uidl, pop3_run_retr, pop3_run_top, pop3_run_dele,
    pop3_run_rset, pop3_run_noop;

/* The whole reply line of a verdict, or its front: status and response code, to be finished by the caller. */
void pop3_reply(struct pop3_step *out, enum pop3_verdict verdict);
void pop3_reply_begin(struct pop3_step *out, enum pop3_verdict verdict);
void pop3_put_number(struct wire_out *send, uint64_t value);
#endif
