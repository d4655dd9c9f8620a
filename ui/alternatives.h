#ifndef UI_ALTERNATIVES_H
#define UI_ALTERNATIVES_H
/*
 * alternatives - what else could have been said here, from the tables that the engines themselves run on.
 *
 *   RCPT TO:<bob@example.org>  -->  550 5.1.1 No such user here, 554 5.7.1 Relay access denied, 450 4.7.1 ...
 *
 * With explain_engines.c the only file of ui that reads engines: their tables are constant words, no world.
 */
#include "ui/screen/program.h"

/* How a server could have answered this line of a client, the most instructive first. Returns how many, at
 * most `max`; 0: the line is none that a table knows. */
size_t ui_alternative_replies(void *ctx, enum trace_proto proto, const char *command, size_t len,
                              struct ui_alternative *out, size_t max);

/* What a client could have said instead: other commands of the protocol, those of everyday use first. */
size_t ui_alternative_commands(void *ctx, enum trace_proto proto, struct ui_alternative *out, size_t max);
#endif
