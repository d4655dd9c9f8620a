#ifndef PROTOCOLS_WIRE_QP_H
#define PROTOCOLS_WIRE_QP_H
/*
 * qp - quoted-printable: text that stays readable (RFC 2045 section 6.7).
 *
 *   "Grüße = 5"   <->  "Gr=C3=BC=C3=9Fe =3D 5"
 *
 * Line breaks of the content stay line breaks; a line longer than 76 is cut by a
 * soft break, "=" at its end; white space at the end of a line is encoded, because
 * servers on the way may lose it.
 */
#include <stdbool.h>
#include <stddef.h>

#define WIRE_QP_LINE 76 /* characters a line at most, without CRLF, RFC 2045 section 6.7 */

/* Encodes text whose lines end in CRLF or LF; writes CRLF. Returns the octets needed, writes at most
 * cap; dst NULL measures. Never more than 4 times the input. */
size_t wire_qp_encode(char *dst, size_t cap, const void *src, size_t len);

/* The decoder takes a body in pieces; zero it to begin. What is not quoted-printable passes as it is. */
struct wire_qp_body {
    size_t spaces; /* white space at the front of the next piece that is known to be content */
};

/* Decodes the front of src, which runs to the end of the body, into at most cap octets; cap must be
 * at least 4. *out_len = octets written; returns the octets of src used, > 0 when len > 0. */
size_t wire_qp_body_decode(struct wire_qp_body *state, char *dst, size_t cap, size_t *out_len,
                           const char *src, size_t len);

/* All at once: dst holds len octets (decoding never grows). Returns the octets written. */
size_t wire_qp_decode(char *dst, const char *src, size_t len);
#endif
