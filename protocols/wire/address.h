#ifndef PROTOCOLS_WIRE_ADDRESS_H
#define PROTOCOLS_WIRE_ADDRESS_H
/*
 * address - who gets the mail: envelope paths (RFC 5321) and address fields (RFC 5322).
 *
 *   MAIL FROM:<"odd name"@example.org> SIZE=5     wire_path_parse, strict
 *             ^local......  ^domain
 *   To: Bob <bob@example.org>, Team: a@b.example;  wire_address_list_next, tolerant
 *
 * The envelope decides where a message goes; what the fields say is only what people see.
 */
#include "protocols/wire/ascii.h"

#define WIRE_LOCAL_PART_MAX 64  /* octets, RFC 5321 section 4.5.3.1.1 */
#define WIRE_DOMAIN_MAX     255 /* octets, RFC 5321 section 4.5.3.1.2 */
#define WIRE_PATH_MAX       256 /* octets with < and >, RFC 5321 section 4.5.3.1.3 */
#define WIRE_LABEL_MAX      63  /* octets between two dots, RFC 1035 section 2.3.4 */
#define WIRE_MAILBOX_MAX    (WIRE_LOCAL_PART_MAX + 1 + WIRE_DOMAIN_MAX)
#define WIRE_ADDRESSES_MAX  1000 /* mailboxes and group marks read from one field; a limit of ours */

enum wire_address_verdict {
    WIRE_ADDRESS_OK,
    WIRE_ADDRESS_NULL,            /* <>: the reverse-path of a bounce */
    WIRE_ADDRESS_POSTMASTER,      /* <Postmaster> without a domain */
    WIRE_ADDRESS_NO_BRACKETS,     /* no < in front, or no > behind */
    WIRE_ADDRESS_BAD_ROUTE,       /* something before ":" that is no source route */
    WIRE_ADDRESS_BAD_LOCAL,       /* left of @: neither dot-string nor quoted string */
    WIRE_ADDRESS_NO_DOMAIN,       /* no @ */
    WIRE_ADDRESS_BAD_DOMAIN,      /* right of @: neither a domain name nor a literal */
    WIRE_ADDRESS_LOCAL_TOO_LONG,  /* over WIRE_LOCAL_PART_MAX */
    WIRE_ADDRESS_DOMAIN_TOO_LONG, /* over WIRE_DOMAIN_MAX */
    WIRE_ADDRESS_PATH_TOO_LONG,   /* over WIRE_PATH_MAX */
    WIRE_ADDRESS_NEEDS_UTF8,      /* letters outside ASCII and SMTPUTF8 was not asked for (RFC 6531) */
    WIRE_ADDRESS_VERDICTS
};

struct wire_mailbox {
    struct wire_slice local;  /* as written, quotes included */
    struct wire_slice domain; /* as written, brackets of a literal included; empty for Postmaster, <> */
    bool quoted;              /* local is a quoted string */
    bool literal;             /* domain is [192.0.2.1] or [IPv6:2001:db8::1] */
    bool utf8;                /* some octet is outside ASCII */
};

/* A path at the front of `at`: "<" [source-route ":"] local "@" domain ">". Source routes are read and
 * ignored (RFC 5321 section 4.1.1.3). *used = octets of the path with its brackets, 0 on
 * NO_BRACKETS. `utf8` allows RFC 6531 letters. Never reads past len. */
enum wire_address_verdict wire_path_parse(const char *at, size_t len, bool utf8, struct wire_mailbox *out,
                                          size_t *used);

/* A mailbox that fills the slice: local "@" domain, no brackets. */
enum wire_address_verdict wire_mailbox_parse(struct wire_slice text, bool utf8, struct wire_mailbox *out);

/* "example.org": labels of letters, digits and inner hyphens, RFC 5321 section 4.1.2; with utf8 also
 * U-labels. A trailing dot is refused: a wire name has none. */
bool wire_domain_valid(struct wire_slice domain, bool utf8);

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3). */
bool wire_address_literal_valid(struct wire_slice literal);

bool wire_ipv4_valid(struct wire_slice text);
bool wire_ipv6_valid(struct wire_slice text);

/* The local part without quotes and backslashes. dst holds WIRE_LOCAL_PART_MAX; returns octets. */
size_t wire_mailbox_local_text(char *dst, const struct wire_mailbox *m);

/* Same mailbox: domain without regard to case, local part octet by octet once unquoted. */
bool wire_mailbox_equal(const struct wire_mailbox *a, const struct wire_mailbox *b);

/* What a verdict means, for a reply or a note: "the local part is longer than 64 octets". */
const char *wire_address_verdict_text(enum wire_address_verdict verdict);

/* ---- address fields ---- */

enum wire_address_kind { WIRE_ADDRESS_MAILBOX, WIRE_ADDRESS_GROUP_BEGIN, WIRE_ADDRESS_GROUP_END };

struct wire_address {
    enum wire_address_kind kind;
    /* Raw slices: comments, folds, quotes and encoded words may be inside; wire_address_text cleans them. */
    struct wire_slice name;  /* display name, or group name; a comment behind a bare mailbox */
    struct wire_slice route; /* obsolete source route "@a,@b", nearly always empty */
    struct wire_slice local;
    struct wire_slice domain; /* empty when there was no @ */
};

struct wire_address_list {
    const char *at; /* borrowed */
    size_t len, pos;
    unsigned seen;
    bool in_group;
};

void wire_address_list_begin(struct wire_address_list *list, struct wire_slice body);

/* The next mailbox or group mark, false at the end. Elements that cannot be understood are skipped;
 * a group without its ";" is ended by the end of the field. */
bool wire_address_list_next(struct wire_address_list *list, struct wire_address *out);

/* Raw words as text: quotes and backslashes resolved, comments dropped (unless the slice is one comment: then
 * its inside), folds and runs of white space as one space; in `dense` mode (local parts, domains) white space
 * outside quotes is dropped. Encoded words stay encoded. Returns the octets needed. */
size_t wire_address_text(char *dst, size_t cap, struct wire_slice raw, bool dense);
#endif
