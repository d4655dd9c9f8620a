#ifndef PROTOCOLS_SMTP_REPLY_H
#define PROTOCOLS_SMTP_REPLY_H
/*
 * smtp_reply - one line of a reply, and what its numbers mean.
 *
 *   550-5.1.1 The user you look for
 *   ^code ^status ^text
 *      ^ "-": another line follows; " ": the last one
 *
 * The catalogue is what `mailwalk explain "550 5.1.1"` reads: the codes of RFC 5321 and its extensions, and
 * the enhanced codes of the IANA registry (RFC 3463, RFC 5248), each with its meaning and what to do.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/out.h"

#define SMTP_STATUS_MAX 10 /* "5.123.456" and its NUL: RFC 3463 section 2 */

struct smtp_reply {
    uint16_t code;                /* 200 to 599 */
    bool more;                    /* another line of the same reply follows */
    char status[SMTP_STATUS_MAX]; /* "5.1.1", "" if the text does not begin with one */
    struct wire_slice text;       /* behind code and status; points into the line */
};

enum smtp_reply_fault {
    SMTP_REPLY_OK,
    SMTP_REPLY_NO_CODE,       /* does not begin with three digits: is this SMTP at all? */
    SMTP_REPLY_BAD_CODE,      /* three digits, but not 2yz to 5yz */
    SMTP_REPLY_BAD_SEPARATOR, /* neither space, "-" nor end behind the code */
    SMTP_REPLY_FAULTS
};

/* Reads one line without its CRLF. An enhanced status is taken only if its class is that of the code
 * (RFC 2034 section 4). *out is set only on SMTP_REPLY_OK. */
enum smtp_reply_fault smtp_reply_parse(const char *line, size_t len, struct smtp_reply *out);

/* One row of the catalogue. */
struct smtp_meaning {
    const char *key;           /* "550", "X.1.1" */
    const char *registered;    /* the name that the standard gives it */
    const char *advice;        /* what to do about it */
    struct wire_lesson lesson; /* what it means, and where that is written */
};

/* Reply codes, in ascending order: 0 to smtp_code_count() - 1. */
size_t smtp_code_count(void);
const struct smtp_meaning *smtp_code_at(size_t i);
const struct smtp_meaning *smtp_code_find(int code);

/* Enhanced codes by subject and detail, in ascending order; the class (2, 4, 5) has rows of its own. */
size_t smtp_status_count(void);
const struct smtp_meaning *smtp_status_at(size_t i);
/* "5.1.1", "4.1.1" or "X.1.1" find the row X.1.1; NULL if the registry has none. */
const struct smtp_meaning *smtp_status_find(const char *status);

/* The classes 2, 4 and 5 of enhanced codes ('2', '4', '5'); NULL for others. */
const struct smtp_meaning *smtp_class_find(char digit);

/* The same, lesson only; NULL when unknown. smtp_reply_lesson is the best there is for a reply line:
 * that of its status, else of its code, else of the code's first digit. Never NULL for codes 200 to 599. */
const struct wire_lesson *smtp_code_lesson(int code);
const struct wire_lesson *smtp_status_lesson(const char *status);
const struct wire_lesson *smtp_reply_lesson(int code, const char *status);
#endif
