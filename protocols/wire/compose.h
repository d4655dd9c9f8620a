#ifndef PROTOCOLS_WIRE_COMPOSE_H
#define PROTOCOLS_WIRE_COMPOSE_H
/*
 * compose - writes the message that a mail program sends (RFC 5322, 2045, 2046).
 *
 *   size_t size = wire_compose(NULL, 0, &m);    measure
 *   wire_compose(buffer, size, &m);             write
 *
 *   From To Cc Subject Date Message-ID MIME-Version Content-Type ...
 *   no attachments:  the text
 *   attachments:     multipart/mixed: the text, then each one in base64
 *
 * Everything the caller passes is UTF-8 text, not yet encoded. A CR, LF or NUL in what becomes
 * a field is refused: it would let whoever chose a subject add fields of their own.
 */
#include "protocols/wire/ascii.h"

#define WIRE_COMPOSE_REFUSED     SIZE_MAX
#define WIRE_ATTACHMENTS_MAX     64  /* in one message; a limit of ours */
#define WIRE_EXTRA_FIELDS_MAX    32  /* in one message; a limit of ours */
#define WIRE_ATTACHMENT_NAME_MAX 255 /* octets; what file systems allow */

enum wire_compose_encoding {
    WIRE_COMPOSE_AUTO, /* 7bit when the text allows it, else quoted-printable */
    WIRE_COMPOSE_7BIT, /* refused when the text has 8-bit octets or lines over 998 */
    WIRE_COMPOSE_8BIT, /* 8-bit octets as they are: needs 8BITMIME on the way */
    WIRE_COMPOSE_QP,
    WIRE_COMPOSE_BASE64
};

struct wire_attachment {
    struct wire_slice name; /* file name; empty: none given */
    struct wire_slice type; /* "image/png"; empty: application/octet-stream */
    const void *bytes;
    size_t len;
};

struct wire_extra_field {
    struct wire_slice name; /* "X-Mailer", "In-Reply-To" */
    struct wire_slice body; /* one line; encoded words are made where it is not ASCII */
};

struct wire_compose {
    struct wire_slice from, to,
        cc; /* address lists as people write them: "Bob <bob@example.org>, c@d.example" */
    struct wire_slice subject;
    struct wire_slice message_id; /* with its < >; empty: no field */
    int64_t date_s;               /* seconds since 1970 */
    int offset_minutes;
    struct wire_slice text; /* lines end in LF or CRLF; a last one without gets one */
    enum wire_compose_encoding encoding;
    bool utf8_headers; /* RFC 6532: names and subject as they are, needs SMTPUTF8 */
    const struct wire_attachment *attachments;
    size_t attachment_count;
    const struct wire_extra_field *extra;
    size_t extra_count;
    uint64_t boundary_seed; /* from the host's random stream */
};

enum wire_compose_error {
    WIRE_COMPOSE_OK,
    WIRE_COMPOSE_INJECTION,   /* CR, LF or another control character in something that becomes a field */
    WIRE_COMPOSE_BAD_ADDRESS, /* from, to or cc does not hold what it must */
    WIRE_COMPOSE_BAD_TEXT,    /* the text does not fit the encoding that was asked for, or is not UTF-8 */
    WIRE_COMPOSE_BAD_NAME,    /* an extra field's name, an attachment's type or name, a message-id */
    WIRE_COMPOSE_TOO_MANY     /* attachments or extra fields */
};

/* Why wire_compose would refuse. */
enum wire_compose_error wire_compose_check(const struct wire_compose *m);

/* Returns the octets of the message, WIRE_COMPOSE_REFUSED when the check fails; writes at most cap. The same
 * input gives the same octets. The boundary is in no part's content. */
size_t wire_compose(char *dst, size_t cap, const struct wire_compose *m);

/* Puts a boundary of 30 characters for `seed` into dst. It holds "=_", which neither base64 nor
 * quoted-printable can contain. Returns its length. */
#define WIRE_BOUNDARY_LEN 30
size_t wire_boundary_write(char dst[WIRE_BOUNDARY_LEN], uint64_t seed);
#endif
