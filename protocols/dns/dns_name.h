#ifndef PROTOCOLS_DNS_NAME_H
#define PROTOCOLS_DNS_NAME_H
/*
 * dns_name - domain names as they travel (RFC 1035 section 3.1), and as text.
 *
 *   text   mx.example.org
 *   wire   02 m x 07 e x a m p l e 03 o r g 00      every name ends in the root's 00
 *          ^      ^                 ^       ^
 *          a suffix begins at every label: the parent of a name is a pointer into it
 *
 * A wire name in memory is always whole (no compression pointers) and delimits itself, so
 * functions take `const uint8_t *`. A length octet is at most 63 and therefore never looks
 * like a letter: names compare octet by octet with ASCII case folded (RFC 4343).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MAX      255  /* octets with length octets and root, RFC 1035 section 2.3.4 */
#define DNS_LABEL_MAX     63   /* octets, RFC 1035 section 2.3.4 */
#define DNS_LABELS_MAX    128  /* labels with the root: 127 of one octet and the root */
#define DNS_NAME_TEXT_MAX 1010 /* octets with NUL: every octet as \DDD, and the dots */

struct dns_name {
    uint8_t len; /* octets used in wire, 1..255; 0: no name yet */
    uint8_t wire[DNS_NAME_MAX];
};

enum dns_name_error {
    DNS_NAME_OK,
    DNS_NAME_EMPTY,          /* no text at all; the root is written "." */
    DNS_NAME_EMPTY_LABEL,    /* two dots in a row, or a leading dot */
    DNS_NAME_LABEL_TOO_LONG, /* more than DNS_LABEL_MAX */
    DNS_NAME_TOO_LONG,       /* more than DNS_NAME_MAX */
    DNS_NAME_BAD_ESCAPE      /* \DDD above 255, or a backslash at the end */
};

/* Text to wire. "example.org" and "example.org." are the same absolute name. \. and \DDD
 * stand for octets inside a label (RFC 1035 section 5.1). On error *out is unspecified. */
enum dns_name_error dns_name_from_text(struct dns_name *out, const char *text, size_t len);

/* Wire to text without the final dot ("." for the root), with NUL, escaped so that only
 * printable ASCII results. Returns its length; what does not fit in cap is cut off. */
size_t dns_name_to_text(const uint8_t *wire, char *text, size_t cap);

/* What is wrong with a text, in words for a user's file. */
const char *dns_name_error_text(enum dns_name_error error);

/* Reads the name at msg[at], following compression pointers. A pointer must point before
 * the piece of name it continues and behind the header, so no chain of pointers can loop
 * (RFC 1035 section 4.1.4), and a name has at most DNS_LABELS_MAX of them. Returns the offset after the name,
 * 0 if it is malformed. */
size_t dns_name_read(struct dns_name *out, const uint8_t *msg, size_t len, size_t at);

/* The same without copying: returns the offset after the name, 0 if malformed here. Does
 * not look behind a pointer. */
size_t dns_name_skip(const uint8_t *msg, size_t len, size_t at);

/* Octets of a whole wire name, with the root. */
size_t dns_name_len(const uint8_t *wire);
/* Octets of the whole name at the front of len untrusted octets, 0 if there is none. */
size_t dns_name_check(const uint8_t *octets, size_t len);
/* Labels without the root: 0 for the root, 2 for example.org. */
unsigned dns_name_labels(const uint8_t *wire);
/* The name without its first label. The root is its own parent. */
const uint8_t *dns_name_parent(const uint8_t *wire);

bool dns_name_equal(const uint8_t *a, const uint8_t *b);
/* Canonical order (RFC 4034 section 6.1): by labels from the root, case folded. */
int dns_name_compare(const uint8_t *a, const uint8_t *b);
/* Is name at zone or below it? Everything is at or below the root. */
bool dns_name_is_below(const uint8_t *name, const uint8_t *zone);

void dns_name_copy(struct dns_name *out, const uint8_t *wire);

/* Hashes of a name and of all its ancestors in one pass, case folded: hash[i] is that of
 * the suffix whose first octet is wire[at[i]]; the last one is the root. Returns how many,
 * that is dns_name_labels() + 1. */
unsigned dns_name_hashes(const uint8_t *wire, uint32_t hash[DNS_LABELS_MAX], uint8_t at[DNS_LABELS_MAX]);
uint32_t dns_name_hash(const uint8_t *wire);

/* One octet, ASCII upper case to lower (RFC 4343 section 3). */
static inline uint8_t dns_fold(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c + 32) : c;
}
#endif
