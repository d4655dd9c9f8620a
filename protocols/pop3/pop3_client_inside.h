#ifndef PROTOCOLS_POP3_CLIENT_INSIDE_H
#define PROTOCOLS_POP3_CLIENT_INSIDE_H
/*
 * pop3_client_inside - what pop3_client.c and pop3_client_say.c share; nobody else includes it.
 */
#include "protocols/pop3/pop3_client.h"
#include "protocols/pop3/pop3_inside.h"

/* The record of a step: begun, and given its verdict. */
void pop3c_begin(const struct pop3_client *c, struct pop3_client_step *out);
void pop3c_note(struct pop3_client_step *out, enum pop3_client_verdict verdict);

/* Moves: to a state; to FAILED without another word; to QUIT because it cannot succeed any more; to QUIT. */
void pop3c_enter(struct pop3_client *c, enum pop3_client_state next);
void pop3c_give_up(struct pop3_client *c, enum pop3_client_verdict why, struct pop3_client_step *out);
void pop3c_fail(struct pop3_client *c, enum pop3_client_verdict why, struct pop3_client_step *out);

/* Commands. */
void pop3c_quit(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_say_capa(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_say_list(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_say_pass(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_put_base64(struct pop3_client_step *out, const char *data, size_t len);
void pop3c_hide(struct wire_line *line, size_t at, size_t len);

/* What comes next, once something is done. */
void pop3c_log_in(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_after_capa(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_after_login(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_after_list(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_after_message(struct pop3_client *c, struct pop3_client_step *out);
void pop3c_fetch_next(struct pop3_client *c, struct pop3_client_step *out);
#endif
