#ifndef PROTOCOLS_WIRE_FIELD_WRITE_H
#define PROTOCOLS_WIRE_FIELD_WRITE_H
/*
 * field_write - what compose.c and report.c share: fields written and folded, boundaries chosen.
 */
#include "protocols/wire/writer.h"

#define WIRE_LINE_COLUMNS 78  /* characters a line should have at most, RFC 5322 section 2.1.1 */
#define WIRE_WORD_MAX     900 /* octets between two spaces; so that a line never passes 998 */

/* True when the text is one line: no control character (a tab may stand there), and no word that would not
 * fit on a line. What is not safe could begin a field of its own. */
bool wire_field_text_safe(struct wire_slice text);

/* name ": " text CRLF, folded at spaces. */
void wire_put_field(struct wire_writer *w, const char *name, struct wire_slice text);

/* The same without the name; the line already has `column` characters. */
void wire_put_folded(struct wire_writer *w, struct wire_slice text, size_t column);

/* name ": " date CRLF */
void wire_put_date_field(struct wire_writer *w, const char *name, int64_t seconds, int offset_minutes);

/* Does the text hold the octets of `needle`? Linear but for hostile repetition; needle is short. */
bool wire_text_contains(struct wire_slice text, const char *needle, size_t needle_len);
#endif
