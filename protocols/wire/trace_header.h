#ifndef PROTOCOLS_WIRE_TRACE_HEADER_H
#define PROTOCOLS_WIRE_TRACE_HEADER_H
/*
 * trace_header - the fields that servers put on top of a message (RFC 5321 section 4.4).
 *
 *   Return-Path: <alice@example.com>              by the last server
 *   Received: from laptop.example.com (laptop.example.com [192.0.2.10])
 *    by mail.example.com (mailwalk) with ESMTPSA id 4F2A1
 *    for <bob@example.org>; Mon, 1 Jan 2024 09:00:00 +0000
 *
 * Read from the bottom up they are the way a message came. Only the one that your own
 * server wrote is sure: those below it may be forged.
 */
#include "protocols/wire/ascii.h"

#define WIRE_RECEIVED_MAX    2048 /* octets; enough for every field at its limit below */
#define WIRE_RETURN_PATH_MAX 512  /* octets: "Return-Path: <" path ">" CRLF */

/* Bits that choose the keyword behind "with" (RFC 3848, RFC 6531 section 4.3). */
enum wire_received_with {
    WIRE_WITH_SMTP = 0,  /* the client said HELO */
    WIRE_WITH_ESMTP = 1, /* ... or EHLO */
    WIRE_WITH_TLS = 2,   /* S */
    WIRE_WITH_AUTH = 4,  /* A */
    WIRE_WITH_UTF8 = 8   /* UTF8SMTP... */
};

struct wire_received {
    struct wire_slice helo;         /* what the client called itself: a claim; at most 255 octets */
    struct wire_slice peer_name;    /* what DNS calls its address, or empty; at most 255 */
    struct wire_slice peer_address; /* "192.0.2.10" or "2001:db8::1"; empty: a message born here */
    struct wire_slice by;           /* this host; at most 255 */
    unsigned with;                  /* wire_received_with bits */
    struct wire_slice id;           /* queue id; at most 64 */
    struct wire_slice
        for_rcpt; /* without < >; empty when there are several (RFC 5321 section 7.6); at most 320 */
    int64_t date_s;
    int offset_minutes;
};

/* dst holds WIRE_RECEIVED_MAX. Folded so that lines stay under 78 where a word allows it. What a field has
 * over its limit is cut, control characters are written as "?": a peer's words never start a field. Returns
 * the octets, final CRLF included; no NUL. */
size_t wire_received_write(char *dst, const struct wire_received *r);

/* "Return-Path: <path>" CRLF; an empty path gives <>. dst holds WIRE_RETURN_PATH_MAX. */
size_t wire_return_path_write(char *dst, struct wire_slice path);

/* "ESMTPSA" for the bits; static. */
const char *wire_received_keyword(unsigned with);
#endif
