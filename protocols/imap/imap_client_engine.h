#ifndef PROTOCOLS_IMAP_CLIENT_ENGINE_H
#define PROTOCOLS_IMAP_CLIENT_ENGINE_H
/*
 * imap_client_engine - what the files of the client engine share; nothing outside protocols/imap includes it.
 *
 *   imap_client.c        states: what follows from what the server said
 *   imap_client_send.c   commands, written piece by piece, waiting at literals
 *   imap_client_read.c   responses: status lines, FETCH
 *   imap_client_data.c   responses: other data
 *   imap_client_words.c  the words for each answer
 */
#include "protocols/imap/imap_client.h"
#include "protocols/imap/imap_parse.h"
#include "protocols/imap/imap_sink.h"

/* ---- imap_client_send.c ---- */
/* Begins the command `verb` (of c->task, if it is a task's) and sends what can go out at once. */
void imap_client_begin(struct imap_client *c, enum imap_verb verb, struct imap_client_step *out);
/* Sends on where the command stopped; `allowed`: the server has said "+". */
void imap_client_continue(struct imap_client *c, bool allowed, struct imap_client_step *out);
/* The reaction to "+" within AUTHENTICATE. */
void imap_client_respond(struct imap_client *c, struct wire_slice challenge, struct imap_client_step *out);
void imap_client_send_done(struct imap_client *c, struct imap_client_step *out);

/* ---- imap_client_read.c ---- */
struct imap_status_line { /* "OK [UIDNEXT 4] text" */
    enum imap_status status;
    struct wire_slice code; /* without the brackets */
    struct wire_slice text;
};
bool imap_read_status(struct imap_cursor *c, struct imap_status_line *out);
bool imap_client_take_nstring(struct imap_cursor *c, struct wire_slice *out);
/* Any value: NIL, a number, an atom, a string, or a list of values. */
bool imap_client_skip_value(struct imap_cursor *c);
/* "(\\Seen $Junk)": the inside as it stands, and the system flags in it. */
bool imap_client_take_flag_list(struct imap_cursor *c, struct wire_slice *list, unsigned *flags);
/* Takes what is behind "* "; false when it makes no sense. *means is left alone for data not known. */
bool imap_client_read_data(struct imap_client *c, struct imap_cursor *cur, struct imap_client_step *out);
/* Items of a FETCH response, from the first or behind content; false when they make no sense. */
bool imap_client_read_items(struct imap_client *c, struct imap_cursor *cur, uint64_t literal);
/* "UIDNEXT 4" and the like: what it tells is noted in c. */
void imap_client_note_code(struct imap_client *c, struct wire_slice code);
bool imap_client_capability(struct imap_client *c, struct wire_slice names);
/* A slice of the content that is coming in. */
void imap_client_take_content(struct imap_client *c, const char *bytes, size_t len);
#endif
