#ifndef PROTOCOLS_WIRE_BASE64_H
#define PROTOCOLS_WIRE_BASE64_H
/*
 * base64 - three octets as four letters (RFC 4648 section 4).
 *
 *   "\0alice\0secret"  <->  "AGFsaWNlAHNlY3JldA=="
 *
 * Not encryption: whoever sees the letters has the octets. Strict decoding is for
 * protocol lines (AUTH), where anything but the one right spelling is refused;
 * the tolerant body decoder is for MIME parts, where line breaks and stray
 * octets are skipped (RFC 2045 section 6.8).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Letters that `octets` octets become, on one line. */
#define WIRE_BASE64_LEN(octets) (((size_t)(octets) + 2) / 3 * 4)
/* The same in lines of 76 letters, each ended by CRLF. */
#define WIRE_BASE64_LINES_LEN(octets) (WIRE_BASE64_LEN(octets) + (WIRE_BASE64_LEN(octets) + 75) / 76 * 2)
/* Octets that `letters` letters can become, at most. */
#define WIRE_BASE64_OCTETS_MAX(letters) ((size_t)(letters) / 4 * 3 + 3)

#define WIRE_BASE64_LINE                76 /* letters a line at most, RFC 2045 section 6.8 */

/* Writes WIRE_BASE64_LEN(len) letters, no line breaks, no NUL; returns that number. */
size_t wire_base64_encode(char *dst, const void *src, size_t len);

/* Writes WIRE_BASE64_LINES_LEN(len) octets: lines of 76 letters, each (the last too)
 * ended by CRLF; nothing for no octets. Returns the octets written. */
size_t wire_base64_encode_lines(char *dst, const void *src, size_t len);

/* Strict: letters in groups of four, padding only at the end and only where it is
 * due, unused bits zero, nothing else. False (and *out_len untouched) when the
 * text is not that or does not fit in cap. The empty text decodes to no octets. */
bool wire_base64_decode(void *dst, size_t cap, size_t *out_len, const char *src, size_t len);

/* The tolerant decoder takes a body in pieces. Zero it to begin. */
struct wire_base64_body {
    uint32_t bits;   /* letters not yet written out, 6 bits each */
    uint8_t letters; /* how many of them: 0 to 3 */
    bool ended;      /* padding seen: what follows is ignored */
};

/* Decodes until src or dst is used up. *out_len = octets written; returns the
 * octets of src used (all of them when cap >= WIRE_BASE64_OCTETS_MAX(len)). A body that lacks its
 * padding gives its last octets when "=" is decoded behind it. */
size_t wire_base64_body_decode(struct wire_base64_body *state, void *dst, size_t cap, size_t *out_len,
                               const char *src, size_t len);
#endif
