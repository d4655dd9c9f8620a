#ifndef PROTOCOLS_WIRE_MIME_H
#define PROTOCOLS_WIRE_MIME_H
/*
 * mime - the tree of parts inside a message (RFC 2045, 2046).
 *
 *   part[0] multipart/mixed          header_at .. body_at .. body_end
 *     part[1] text/plain             "1"
 *     part[2] message/rfc822         "2"   its body is a message:
 *       part[3] multipart/alternative      part[3] is that message itself
 *         part[4] text/plain         "2.1"
 *         part[5] text/html          "2.2"
 *     part[6] image/png              "3"
 *
 * One pass over the octets fills the caller's array, parents before children, in the
 * order of the message. Offsets count from the start of the message; slices point into it.
 * The parser refuses nothing: what it cannot understand is a part without children,
 * and text/plain is what everything unlabelled is (RFC 2045 section 5.2).
 */
#include "protocols/wire/ascii.h"

#define WIRE_MIME_PARTS_MAX    256  /* parts looked at in one message; a limit of ours */
#define WIRE_MIME_DEPTH_MAX    16   /* parts inside parts; deeper ones stay unopened; a limit of ours */
#define WIRE_MIME_BOUNDARY_MAX 70   /* octets, RFC 2046 section 5.1.1 */
#define WIRE_MIME_PARAMS_MAX   64   /* parameters looked at in one field; a limit of ours */
#define WIRE_MIME_NONE         (-1) /* no such part */

enum wire_mime_kind { WIRE_MIME_LEAF, WIRE_MIME_MULTIPART, WIRE_MIME_MESSAGE };

enum wire_mime_encoding {
    WIRE_MIME_7BIT, /* also what a missing field means, RFC 2045 section 6.1 */
    WIRE_MIME_8BIT,
    WIRE_MIME_BINARY,
    WIRE_MIME_QP,
    WIRE_MIME_BASE64,
    WIRE_MIME_OTHER /* x-something: the content is opaque */
};

struct wire_mime_part {
    size_t header_at; /* first octet of the part's header */
    size_t body_at;   /* behind the empty line; header_at when the header is empty and has no such line */
    size_t body_end;  /* the line break before a boundary belongs to the boundary */
    size_t lines;     /* of the body; a last line without a line break counts */
    /* Slices of field bodies, empty when the field is missing. type and subtype are never
     * empty: they say text and plain then. */
    struct wire_slice type, subtype;
    struct wire_slice params;      /* Content-Type from its first ";" on: wire_mime_params_begin */
    struct wire_slice id;          /* Content-ID with its < > */
    struct wire_slice description; /* folds inside, perhaps encoded words */
    struct wire_slice encoding_word;
    struct wire_slice md5;
    struct wire_slice disposition; /* the word: inline, attachment */
    struct wire_slice disposition_params;
    struct wire_slice language; /* the list as it stands */
    struct wire_slice location;
    enum wire_mime_kind kind;
    enum wire_mime_encoding encoding;
    int16_t parent, first_child, next_sibling; /* indices, or WIRE_MIME_NONE */
    uint16_t children;
    uint8_t depth;        /* 0 for the message itself */
    bool default_message; /* unlabelled in multipart/digest: message/rfc822 (RFC 2046 section 5.1.5) */
    bool closed;          /* multipart: its closing boundary was there */
};

/* Fills part[0..] and returns how many, at least 1 when cap >= 1, at most
 * min(cap, WIRE_MIME_PARTS_MAX). part[0] is the message. Time grows with len only. */
size_t wire_mime_parse(const char *message, size_t len, struct wire_mime_part *part, size_t cap);

/* The part that an IMAP section number names ("1.2.3", RFC 9051 section 6.4.5.1): WIRE_MIME_NONE if there
 * is none. "" is part 0. In a message that is not a multipart, "1" is its body, so the result is
 * the message part itself. */
int wire_mime_find(const struct wire_mime_part *part, size_t parts, struct wire_slice section);

/* Writes the section number of a part ("2.1"), no NUL; "" for a multipart message itself. Returns the
 * octets needed. */
size_t wire_mime_section(char *dst, size_t cap, const struct wire_mime_part *part, size_t parts, int index);

/* ---- parameters: ;name=value;name="quoted \" value" ---- */

struct wire_mime_param {
    struct wire_slice name;
    struct wire_slice value; /* raw; without the quotes if it had them */
    bool quoted;             /* backslashes in value are still there */
};

struct wire_mime_params {
    const char *at; /* borrowed */
    size_t len, pos;
    unsigned seen;
};

void wire_mime_params_begin(struct wire_mime_params *p, struct wire_slice params);
bool wire_mime_param_next(struct wire_mime_params *p, struct wire_mime_param *out);

/* Unescaped value of one parameter as the iteration gives it. Returns the octets needed. */
size_t wire_mime_param_text(char *dst, size_t cap, const struct wire_mime_param *param);

/* The value of the parameter `name`, put together from RFC 2231 pieces (name*0=, name*1*=) and percent
 * decoded, as UTF-8 if its charset is UTF-8, US-ASCII or ISO-8859-1, else octet by octet.
 * False when there is none; *out_len = octets needed, at most cap written. */
bool wire_mime_param_find(struct wire_slice params, const char *name, char *dst, size_t cap, size_t *out_len);

/* ---- content ---- */

/* Takes one piece of decoded content; false stops the decoding. */
typedef bool wire_mime_sink(void *ctx, const char *bytes, size_t len);

/* Hands the decoded content of a part (base64, quoted-printable; other encodings as they are) to the sink
 * in pieces. Returns false when the sink stopped it. */
bool wire_mime_decode(const char *message, const struct wire_mime_part *part, wire_mime_sink *sink,
                      void *ctx);

/* "base64", "quoted-printable"... */
const char *wire_mime_encoding_name(enum wire_mime_encoding encoding);
#endif
