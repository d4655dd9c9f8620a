#ifndef PROTOCOLS_WIRE_REPORT_H
#define PROTOCOLS_WIRE_REPORT_H
/*
 * report - delivery status notifications: the bounce, made and read (RFC 3464).
 *
 *   multipart/report; report-type=delivery-status       (RFC 6522)
 *     text/plain               for the person: what happened, to whom, why
 *     message/delivery-status  for programs: one block for the message, one a recipient
 *     message/rfc822           the message that came back (RET=FULL), or
 *     text/rfc822-headers      only its header (RET=HDRS)
 *
 * A report is sent from <> (RFC 5321 section 4.5.5): nobody answers a bounce with a bounce.
 */
#include "protocols/wire/mime.h"

#define WIRE_REPORT_REFUSED        SIZE_MAX
#define WIRE_REPORT_RECIPIENTS_MAX 1000 /* blocks written or read; a limit of ours */

enum wire_report_action { /* RFC 3464 section 2.3.3 */
                          WIRE_REPORT_FAILED,
                          WIRE_REPORT_DELAYED,
                          WIRE_REPORT_DELIVERED,
                          WIRE_REPORT_RELAYED,
                          WIRE_REPORT_EXPANDED,
                          WIRE_REPORT_ACTIONS
};

/* One recipient. Written: every field is one line without CR and LF. Read: slices into the
 * message, trimmed; folds may be inside. */
struct wire_report_recipient {
    struct wire_slice original; /* "rfc822;bob@example.org" as ORCPT gave it, or empty */
    struct wire_slice final;    /* written: the bare address; read: "rfc822;bob@example.org" */
    enum wire_report_action action;
    struct wire_slice status;     /* "5.1.1" */
    struct wire_slice remote_mta; /* written: host name; read: "dns;mx.example.org"; or empty */
    struct wire_slice diagnostic; /* written: "550 5.1.1 no such user", or this
                                   * server's own words (X-Mailwalk, RFC 3464 section 2.3.6); read: "smtp;550
                                   * ..."; or empty */
    int64_t last_attempt_s;       /* 0: not told */
    int64_t will_retry_until_s;   /* delayed only; 0: not told */
};

struct wire_report {
    struct wire_slice reporting_mta; /* host name */
    struct wire_slice to;            /* address that sent the message: the reverse-path */
    struct wire_slice message_id;    /* of the report, with < > */
    struct wire_slice envelope_id;   /* ENVID, or empty */
    int64_t date_s;                  /* of the report */
    int64_t arrival_s;               /* when the message came in; 0: not told */
    int offset_minutes;
    const struct wire_report_recipient *recipients;
    size_t recipient_count;     /* 1 or more */
    struct wire_slice original; /* the message as it was queued */
    bool return_full;           /* RET=FULL; else only its header */
    bool utf8;                  /* global form for SMTPUTF8 mail (RFC 6533) */
    uint64_t boundary_seed;
};

/* Returns the octets, writes at most cap; dst NULL measures. WIRE_REPORT_REFUSED when a field holds
 * CR, LF or NUL, or there is no recipient, or too many. */
size_t wire_report_write(char *dst, size_t cap, const struct wire_report *r);

/* "failed", "delayed"... */
const char *wire_report_action_name(enum wire_report_action action);

/* ---- reading ---- */

struct wire_report_reader {
    struct wire_slice reporting_mta, envelope_id, arrival_date; /* of the message; "dns;mx.example.org" */
    struct wire_slice explanation;                              /* body of the first part, not decoded */
    struct wire_slice returned; /* body of the third part: message or header; or empty */
    bool returned_full;
    struct wire_slice blocks; /* the rest of message/delivery-status: the recipients */
    size_t pos;
    unsigned seen;
};

/* Finds the delivery-status part; `part` is the caller's array for the MIME parse. False when the message
 * is no delivery report. */
bool wire_report_open(struct wire_report_reader *r, const char *message, size_t len,
                      struct wire_mime_part *part, size_t cap);

/* The next recipient; false at the end. Blocks without Final-Recipient, Action and Status are skipped. */
bool wire_report_next(struct wire_report_reader *r, struct wire_report_recipient *out);
#endif
