#ifndef PROTOCOLS_WIRE_UTF8_H
#define PROTOCOLS_WIRE_UTF8_H
/*
 * utf8 - octets of strangers, made fit for a terminal (RFC 3629).
 *
 *   "\x1b[2J hi \xff"   ->   "\\x1b[2J hi \\xff"
 *
 * A message may hold anything: control characters that move the cursor, overrides that turn the
 * direction of writing and so hide a file's true ending. wire_display_escape leaves only
 * characters that stand still. The result is for eyes; it is not meant to be reversed, so
 * a backslash stays a backslash.
 */
#include "protocols/wire/ascii.h"

#define WIRE_UTF8_MAX           4  /* octets a character, RFC 3629 section 3 */
#define WIRE_DISPLAY_ESCAPE_MAX 10 /* octets one octet or character of the input can become: "\U0010ffff" */

/* The first character: returns its octets (1 to 4) and the code point; 0 when the octets are not
 * well-formed UTF-8 (overlong forms, surrogates, past U+10FFFF, cut off) or len is 0. */
size_t wire_utf8_decode(const char *at, size_t len, uint32_t *code_point);

/* Writes one code point (not a surrogate, at most U+10FFFF); returns its octets. */
size_t wire_utf8_put(char dst[WIRE_UTF8_MAX], uint32_t code_point);

bool wire_utf8_valid(const char *at, size_t len);

/* True when every octet is below 0x80. */
bool wire_is_ascii(const char *at, size_t len);

/* Columns that a character takes on a terminal: 0 combining, 2 East Asian wide and emoji, else 1. */
int wire_utf8_columns(uint32_t code_point);

/* Printable text of any octets: controls, C1 controls, direction marks, invisible characters and octets
 * that are no UTF-8 written as \n \r \t \xHH \uHHHH. Returns the octets needed, writes
 * whole characters and escapes only, as many as fit in cap; dst NULL measures. */
size_t wire_display_escape(char *dst, size_t cap, const char *src, size_t len);

/* The same with as many characters as fit in `columns`; `ascii_only` also escapes what is not ASCII.
 * Returns the octets written (never more than cap); *used_columns, if not NULL, how many it takes. */
size_t wire_display_fit(char *dst, size_t cap, const char *src, size_t len, size_t columns, bool ascii_only,
                        size_t *used_columns);

/* Octets of safe UTF-8 text (one that wire_display_escape wrote) that fit in `columns`, combining
 * characters kept with their base; *used_columns, if not NULL, the columns they take. */
size_t wire_display_cut(const char *text, size_t len, size_t columns, size_t *used_columns);

/* The columns of the whole text. */
size_t wire_display_columns(const char *text, size_t len);
#endif
