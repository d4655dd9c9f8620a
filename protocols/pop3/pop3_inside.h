#ifndef PROTOCOLS_POP3_INSIDE_H
#define PROTOCOLS_POP3_INSIDE_H
/*
 * pop3_inside - what the files of this room share; nobody else includes it.
 */
#include "protocols/pop3/pop3_server.h"

#define POP3_ARGS_MAX 2

struct pop3_args {
    struct wire_slice word[POP3_ARGS_MAX];
    struct wire_slice rest; /* everything behind the verb's space */
    unsigned count;         /* words there are, perhaps more than POP3_ARGS_MAX */
};

typedef void pop3_run(struct pop3_server *, const struct pop3_args *, struct pop3_step *);

pop3_run pop3_run_user, pop3_run_pass, pop3_run_apop, pop3_run_auth, pop3_run_stls, pop3_run_stat,
    pop3_run_list, pop3_run_uidl, pop3_run_retr, pop3_run_top, pop3_run_dele, pop3_run_rset, pop3_run_noop;

/* The only place where the state changes; and the end of a session, without deleting. */
void pop3_enter(struct pop3_server *s, enum pop3_state next);
void pop3_hang_up(struct pop3_server *s, struct pop3_step *out);

/* A line inside an AUTH exchange. */
void pop3_take_response(struct pop3_server *s, struct wire_slice line, struct pop3_step *out);

bool pop3_user_needs_tls(const struct pop3_server *s);
bool pop3_offers_apop(const struct pop3_server *s);
size_t pop3_apop_timestamp(const struct pop3_server *s, char out[POP3_REPLY_MAX]);

/* The whole reply line of a verdict, or its front: status and response code, to be finished by the caller. */
void pop3_reply(struct pop3_step *out, enum pop3_verdict verdict);
void pop3_reply_begin(struct pop3_step *out, enum pop3_verdict verdict);
void pop3_put_number(struct wire_out *send, uint64_t value);

/* Up to where octets of a message from `at` hold no dot that begins a line, or `end`. b[at] itself is not
 * looked at. */
size_t pop3_plain_until(const char *b, size_t at, size_t end);
#endif
