#ifndef PROTOCOLS_IMAP_PARSE_H
#define PROTOCOLS_IMAP_PARSE_H
/*
 * imap_parse - the formal syntax of RFC 3501 section 9, one production a function.
 *
 *   STORE 2:4,* +FLAGS (\Deleted) CRLF       c.at moves right over what is taken;
 *         ^at                                 false leaves a command that is BAD
 *
 * The cursor stands in a complete command: a literal's "{5}CRLF" is followed by its five
 * octets. Slices point into the command, or into `text` where quotes had to be undone.
 */
#include "protocols/imap/imap_store.h"

struct imap_cursor {
    const char *at, *end;   /* borrowed; end excludes the CRLF that ends the command */
    const char *from;       /* where the command begins */
    struct wire_slice text; /* room for unquoted strings: what is left of it */
    bool too_complex;       /* the failure is a limit of ours, not the client's syntax */
    bool utf8;              /* mailbox names come in UTF-8 and leave here in modified UTF-7 */
};

/* lo <= hi once resolved; before, 0 stands for "*". */
struct imap_range {
    uint32_t lo, hi;
};

/* enum imap_verdict of a parse that failed: IMAP_BAD_SYNTAX or IMAP_TOO_COMPLEX. */
static inline enum imap_verdict imap_parse_failure(const struct imap_cursor *c)
{
    return c->too_complex ? IMAP_TOO_COMPLEX : IMAP_BAD_SYNTAX;
}

static inline bool imap_at_end(const struct imap_cursor *c)
{
    return c->at == c->end;
}

static inline bool imap_peek(const struct imap_cursor *c, char ch)
{
    return c->at < c->end && *c->at == ch;
}

static inline bool imap_take_char(struct imap_cursor *c, char ch)
{
    if (!imap_peek(c, ch))
        return false;
    c->at++;
    return true;
}

static inline bool imap_take_sp(struct imap_cursor *c)
{
    return imap_take_char(c, ' ');
}

/* ATOM-CHAR: no controls, no octets outside ASCII, none of (){ %*"\] and space. */
bool imap_is_atom_char(char ch);
/* True for an atom that needs no quotes. */
bool imap_is_atom(struct wire_slice s);

bool imap_take_tag(struct imap_cursor *c, struct wire_slice *out);
bool imap_take_atom(struct imap_cursor *c, struct wire_slice *out);
/* Takes `word` (ASCII, case ignored) if the next atom characters are exactly that. */
bool imap_take_word(struct imap_cursor *c, const char *word);
bool imap_take_string(struct imap_cursor *c, struct wire_slice *out);
bool imap_take_astring(struct imap_cursor *c, struct wire_slice *out);
bool imap_take_list_mailbox(struct imap_cursor *c, struct wire_slice *out);
/* An astring in which INBOX has its one spelling; with c->utf8, turned into modified UTF-7. Its length is not
 * looked at. */
bool imap_take_mailbox(struct imap_cursor *c, struct wire_slice *out);
bool imap_take_number(struct imap_cursor *c, uint32_t *out);
bool imap_take_modseq(struct imap_cursor *c, uint64_t *out); /* 0 included */
/* "4", "4:9": one range; "*" is 0. */
bool imap_take_set_range(struct imap_cursor *c, struct imap_range *out);
/* Appends to range[*n]; "*" is 0. */
bool imap_take_set(struct imap_cursor *c, struct imap_range *range, uint32_t *n, uint32_t cap);
/* "(\Seen $Junk)"; with bare_ok also "\Seen $Junk" without parentheses (STORE). */
bool imap_take_flags(struct imap_cursor *c, bool bare_ok, struct imap_flag_list *out);
/* date-time of APPEND, with its quotes. */
bool imap_take_date_time(struct imap_cursor *c, int64_t *seconds, int16_t *zone_minutes);
/* date of SEARCH, "1-Feb-1994": days since 1970-01-01. */
bool imap_take_date(struct imap_cursor *c, int64_t *day);

/* The literal announced by the last octets of a line (its CRLF not counted): "{310}", "{310+}", "~{310}".
 * *brace_at is where that begins. */
bool imap_literal_at_end(const char *line, size_t len, uint64_t *octets, bool *waits, size_t *brace_at);

/* ---- imap_name.c: mailbox names (RFC 3501 section 5.1.3) ---- */
#define IMAP_NAME_UTF8_MAX (2 * IMAP_NAME_MAX) /* octets of a name of IMAP_NAME_MAX once it is UTF-8 */

/* True for modified UTF-7: each character in its one spelling, no controls. */
bool imap_name_is_mutf7(struct wire_slice name);
/* UTF-8 to modified UTF-7. Returns the octets needed, writes at most cap; 0: no UTF-8, or a control in it. */
size_t imap_name_to_mutf7(char *dst, size_t cap, struct wire_slice utf8);
/* Modified UTF-7 to UTF-8; what is not modified UTF-7 stays as it is. Returns the octets written; a name of
 * IMAP_NAME_MAX needs IMAP_NAME_UTF8_MAX. */
size_t imap_name_to_utf8(char *dst, size_t cap, struct wire_slice name);
#endif
