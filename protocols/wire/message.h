#ifndef PROTOCOLS_WIRE_MESSAGE_H
#define PROTOCOLS_WIRE_MESSAGE_H
/*
 * message - a message on the wire: fields, an empty line, a body (RFC 5322).
 *
 *   Received: from a.example by b.example;CRLF   <- field 0, body folded over
 *    Mon, 1 Jan 2024 00:00:00 +0000CRLF              two lines
 *   Subject: helloCRLF                            <- field 1
 *   CRLF                                          <- wire_message_header_len()
 *   The body.CRLF                                    is the offset behind it
 *
 * Everything is a slice into the caller's octets; nothing is copied unless the
 * caller passes a buffer. Lines end in CRLF; a bare LF is tolerated here as an
 * end of line, because a reader must show what it was given.
 */
#include "protocols/wire/ascii.h"

#define WIRE_MESSAGE_LINE_MAX 998  /* octets without CRLF, RFC 5322 section 2.1.1 */
#define WIRE_FIELD_NAME_MAX   76   /* octets; so that "name:" fits a 78 column line, RFC 5322 section 2.1.1 */
#define WIRE_FIELDS_MAX       1000 /* fields looked at in one header; a limit of ours */
#define WIRE_DATE_MAX         32   /* octets any date below needs, without NUL */
#define WIRE_MESSAGE_ID_MAX   300  /* octets: "<", two numbers, "@", a domain of 255, ">" */

/* One field. body begins behind the colon (its leading space included) and ends before
 * the line break that ends the field; the folds inside are still there. */
struct wire_field {
    struct wire_slice name;
    struct wire_slice body;
    size_t at;  /* offset of the name */
    size_t end; /* offset behind the line break: fields touch, [at, end) */
};

/* An iteration over the header of a message. Set by wire_fields_begin. */
struct wire_fields {
    const char *at; /* borrowed */
    size_t len, pos;
    unsigned seen;
};

/* Octets of the header with the empty line behind it: the body begins there. `len` when
 * there is no empty line (then all of it is header). */
size_t wire_message_header_len(const char *at, size_t len);

/* `at` may be a whole message or only its header. */
void wire_fields_begin(struct wire_fields *f, const char *at, size_t len);

/* The next field, false at the end of the header. A line that is no field (no colon, or a
 * space in front in the first line) is skipped with its continuations. */
bool wire_field_next(struct wire_fields *f, struct wire_field *out);

/* The first field of that name (without regard to case); false if there is none. */
bool wire_field_find(const char *at, size_t len, const char *name, struct wire_field *out);

/* The body of the first field of that name, trimmed at both ends, folds still inside; the
 * empty slice if there is none. */
struct wire_slice wire_field_body(const char *at, size_t len, const char *name);

/* A field body on one line: line breaks removed (RFC 5322 section 2.2.3), white space trimmed at
 * both ends. Returns the octets it needs; writes at most cap. dst NULL measures. */
size_t wire_field_unfold(char *dst, size_t cap, struct wire_slice body);

/* How many servers have already handled it: too many mean a loop (RFC 5321 section 6.3). */
unsigned wire_message_received_count(const char *at, size_t len);

/* ---- dates: seconds since 1970-01-01 00:00 UTC, and minutes east of UTC ---- */

#define WIRE_OFFSET_MAX 5999 /* minutes: +9959, RFC 5322 section 3.3 */

struct wire_civil {
    int32_t year;       /* 1970 and before and after; proleptic Gregorian */
    uint8_t month, day; /* 1..12, 1..31 */
    uint8_t hour, minute, second;
    uint8_t weekday; /* 0 = Sunday */
};

/* The wall clock at a place that is `offset_minutes` east of UTC; and back. */
struct wire_civil wire_civil_from_seconds(int64_t seconds, int offset_minutes);
int64_t wire_civil_to_seconds(const struct wire_civil *c, int offset_minutes);

/* "Mon, 1 Jan 2024 09:05:00 +0100". dst holds WIRE_DATE_MAX; no NUL; returns octets. */
size_t wire_date_write(char *dst, int64_t seconds, int offset_minutes);

/* "01-Jan-2024 09:05:00 +0100", the day padded with a space: IMAP INTERNALDATE without its quotes
 * (RFC 9051 section 9, date-time). 26 octets. */
size_t wire_internaldate_write(char *dst, int64_t seconds, int offset_minutes);

/* "Jan  1 09:05:00", the day padded with a space (RFC 3164 section 4.1.2). 15 octets. */
size_t wire_syslog_date_write(char *dst, int64_t seconds, int offset_minutes);

/* "2024-01-01T09:05:00+01:00", "Z" when the offset is 0 (RFC 3339 section 5.6). */
size_t wire_rfc3339_write(char *dst, int64_t seconds, int offset_minutes);

/* A Date field body: comments, folds, two-digit years and obsolete zones are understood
 * (RFC 5322 section 4.3; letters other than Z count as -0000). False when it is not a date. */
bool wire_date_parse(struct wire_slice text, int64_t *seconds, int *offset_minutes);

/* The form that wire_internaldate_write writes, day with or without padding. */
bool wire_internaldate_parse(struct wire_slice text, int64_t *seconds, int *offset_minutes);

/* "<time.serial@domain>", both numbers in letters and digits. The pair is the host's promise that the
 * identifier is unique (RFC 5322 section 3.6.4). dst holds WIRE_MESSAGE_ID_MAX; 0 if the
 * domain is longer than 255 or empty or holds what a domain cannot. */
size_t wire_message_id_write(char *dst, uint64_t time, uint64_t serial, struct wire_slice domain);
#endif
