#ifndef PROTOCOLS_IMAP_SINK_H
#define PROTOCOLS_IMAP_SINK_H
/*
 * imap_sink - writes a response of any length into pieces of limited length.
 *
 *   response   * 3 FETCH (UID 7 BODY[] {10485760} .......... )
 *   1st pull   [----------------]                              skip 0      -> at 16384, full
 *   2nd pull                     [----------------]            skip 16384  -> at 32768, full
 *
 * The writer produces the whole response each time; the sink drops what an earlier
 * piece has carried and stops when this one is full. So no writer keeps a state of its
 * own, only the number of octets that have gone out. What is written must not change
 * between two pieces of one response.
 */
#include "protocols/imap/imap_table.h"

struct imap_sink {
    struct wire_out *out; /* borrowed */
    uint64_t skip;        /* octets of the response that earlier pieces carried */
    uint64_t at;          /* octets of the response produced so far */
    bool full;            /* this piece holds no more; nothing below does anything */
};

/* Begins or resumes a response; a resumed one begins with a mark without words. */
static inline struct imap_sink imap_sink(struct wire_out *out, uint64_t skip, const struct wire_lesson *why)
{
    wire_out_line(out, skip > 0 ? NULL : why);
    return (struct imap_sink){ out, skip, 0, false };
}

void imap_put(struct imap_sink *k, const char *bytes, size_t len);
void imap_put_str(struct imap_sink *k, const char *str);
void imap_put_number(struct imap_sink *k, uint64_t value);
/* Marks that a line begins here, unless an earlier piece did. */
void imap_put_mark(struct imap_sink *k, const struct wire_lesson *why);
/* A string: quoted where that is allowed, a literal elsewhere. */
void imap_put_string(struct imap_sink *k, struct wire_slice s);
void imap_put_nstring(struct imap_sink *k, struct wire_slice s); /* NIL for an empty slice */
void imap_put_astring(struct imap_sink *k, struct wire_slice s);
/* A mailbox name; with utf8 as UTF-8, which may stand between quotes. */
void imap_put_mailbox(struct imap_sink *k, struct wire_slice name, bool utf8);
/* True when the text can stand between quotes. */
bool imap_is_quotable(struct wire_slice s);
#define IMAP_PUT(k, literal) imap_put((k), (literal), sizeof(literal) - 1)
#endif
