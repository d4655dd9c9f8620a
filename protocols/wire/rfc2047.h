#ifndef PROTOCOLS_WIRE_RFC2047_H
#define PROTOCOLS_WIRE_RFC2047_H
/*
 * rfc2047 - encoded words: other letters than ASCII in header fields.
 *
 *   "Grüße aus Köln"  <->  "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?="
 *
 * A field is ASCII on the wire (without SMTPUTF8); an encoded word carries a name
 * or a subject through it. Each is at most 75 characters, and white space between two of
 * them does not belong to the text (RFC 2047 sections 2 and 6.2).
 */
#include "protocols/wire/ascii.h"

#define WIRE_ENCODED_WORD_MAX 75 /* characters, RFC 2047 section 2 */

/* True when the text cannot stand in a field as it is: an octet outside ASCII, a control
 * character, or "=?" which a reader would take for an encoded word. */
bool wire_rfc2047_needed(struct wire_slice text);

/* Writes UTF-8 text as encoded words, folded with CRLF SP so that no line passes 76 characters
 * when the first one begins in `column`. Text that needs no encoding is copied. Invalid octets become
 * U+FFFD. Returns the octets needed, writes at most cap; dst NULL measures. */
size_t wire_rfc2047_encode(char *dst, size_t cap, struct wire_slice text, size_t column);

/* Writes a field body as UTF-8: encoded words in UTF-8, US-ASCII and ISO-8859-1 decoded, those of other
 * charsets left as they are, folds removed. Returns the octets needed, at most 2 * src.len. The result
 * may hold any octet that was encoded: pass it to wire_display_escape before a terminal sees it. */
size_t wire_rfc2047_decode(char *dst, size_t cap, struct wire_slice src);
#endif
