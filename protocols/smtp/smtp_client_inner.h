#ifndef PROTOCOLS_SMTP_CLIENT_INNER_H
#define PROTOCOLS_SMTP_CLIENT_INNER_H
/* What the files of the client share among themselves. Nobody else includes this. */
#include "protocols/smtp/smtp_client.h"

/* The only place where the state changes; asserts that the move exists. */
void smtp_client_enter(struct smtp_client *c, enum smtp_client_state next);

/* ---- smtp_client_send.c: what goes out ---- */

/* Room that any one command may need: a path, and its parameters in xtext. */
#define SMTP_CLIENT_COMMAND_ROOM 2560

void smtp_client_say(struct smtp_client_step *out, enum smtp_verb verb, struct wire_slice arg);
void smtp_client_say_auth(struct smtp_client *c, struct smtp_client_step *out);
/* The answer to a 334, in base64; NULL: "*", which cancels. */
void smtp_client_say_response(struct smtp_client_step *out, const char *octets, size_t len);
void smtp_client_say_mail(const struct smtp_client *c, struct smtp_client_step *out);
void smtp_client_say_rcpt(const struct smtp_client *c, const struct smtp_client_recipient *to,
                          struct smtp_client_step *out);
/* A line with a single dot, though there was no content. */
void smtp_client_say_nothing(struct smtp_client_step *out);

/* BDAT in place of DATA for the message in hand. */
bool smtp_client_chunks(const struct smtp_client *c);
/* 354 is here: the first piece. */
void smtp_client_content_begin(struct smtp_client *c, struct smtp_client_step *out);
/* The next BDAT and its first piece. */
void smtp_client_chunk_begin(struct smtp_client *c, struct smtp_client_step *out);
/* As much content as fits; at its end the final dot, and the state END. */
void smtp_client_content_more(struct smtp_client *c, struct smtp_client_step *out);

/* Whether a path can be written between < and > without breaking out of them. */
bool smtp_client_sendable(struct wire_slice path, bool utf8);

/* ---- smtp_client_envelope.c: one message ---- */

/* The next message, or QUIT. */
void smtp_client_next(struct smtp_client *c, struct smtp_client_step *out);
/* Sends what may be sent now of the envelope in hand. */
void smtp_client_push(struct smtp_client *c, struct smtp_client_step *out);
/* A whole reply in the states ENVELOPE, CONTENT, CHUNK, END, RSET. */
void smtp_client_envelope_reply(struct smtp_client *c, struct smtp_client_step *out);
void smtp_client_content_reply(struct smtp_client *c, struct smtp_client_step *out);
void smtp_client_end_reply(struct smtp_client *c, struct smtp_client_step *out);
void smtp_client_rset_reply(struct smtp_client *c, struct smtp_client_step *out);

/* Tells the host the end of the message in hand, if there is one. */
void smtp_client_message_done(struct smtp_client *c, struct smtp_client_step *out,
                              enum smtp_client_verdict verdict);

/* ---- smtp_client.c ---- */

/* The session cannot go on. `quit`: the server still listens, so say goodbye. */
void smtp_client_fail(struct smtp_client *c, struct smtp_client_step *out, enum smtp_client_verdict verdict,
                      bool quit);
/* ACCEPTED, TEMPFAIL, PERMFAIL by the first digit; PROTOCOL for 3yz. */
enum smtp_client_verdict smtp_client_class(const struct smtp_client_step *out);
struct smtp_client_result smtp_client_result(const struct smtp_client_step *out,
                                             enum smtp_client_verdict verdict);
#endif
