#ifndef PROTOCOLS_SMTP_VERDICT_H
#define PROTOCOLS_SMTP_VERDICT_H
/*
 * smtp_verdict - every way in which the server can answer.
 *
 *   verdict                code  status   default text
 *   SMTP_NO_SUCH_USER      550   5.1.1    "No such user here"
 *
 * Tests and exercises speak of verdicts; people read the code and the text. A host may
 * change the text of a reply, never its code: that follows from the verdict.
 */
#include "protocols/wire/out.h"

/* X(name, code, status, kind, text). `status` "" where RFC 2034 section 4 wants none. kinds: */
enum smtp_verdict_kind {
    SMTP_KIND_GOOD,  /* 2yz: done */
    SMTP_KIND_MORE,  /* 3yz: go on */
    SMTP_KIND_LATER, /* 4yz: try again later */
    SMTP_KIND_NEVER, /* 5yz: do not repeat this unchanged */
    SMTP_KIND_FAULT, /* 5yz, and the client broke the protocol: counts towards errors_max */
    SMTP_KIND_CLOSE  /* the reply, then the server closes */
};

#define SMTP_VERDICT_TABLE(X)                                                                                \
    /* What goes on. */                                                                                      \
    X(OK, 250, "2.0.0", GOOD, "OK")                                                                          \
    X(GREETING, 220, "", GOOD, "ESMTP")                                                                      \
    X(HELLO, 250, "", GOOD, "pleased to meet you")                                                           \
    X(SENDER_OK, 250, "2.1.0", GOOD, "Sender OK")                                                            \
    X(RECIPIENT_OK, 250, "2.1.5", GOOD, "Recipient OK")                                                      \
    X(WILL_FORWARD, 251, "2.1.5", GOOD, "User not local; will forward")                                      \
    X(CANNOT_VERIFY, 252, "2.0.0", GOOD, "Cannot verify, but will take mail and try to deliver it")          \
    X(VERIFIED, 250, "2.1.5", GOOD, "Address is valid")                                                      \
    X(HELP, 214, "2.0.0", GOOD, "See RFC 5321")                                                              \
    X(GO_AHEAD, 354, "", MORE, "Start mail input; end with <CRLF>.<CRLF>")                                   \
    X(CHUNK_OK, 250, "2.0.0", GOOD, "octets received")                                                       \
    X(QUEUED, 250, "2.0.0", GOOD, "OK: queued")                                                              \
    X(TLS_GO, 220, "2.0.0", GOOD, "Ready to start TLS")                                                      \
    X(AUTH_MORE, 334, "", MORE, "")                                                                          \
    X(AUTH_OK, 235, "2.7.0", GOOD, "Authentication successful")                                              \
    /* What ends the session. */                                                                             \
    X(BYE, 221, "2.0.0", CLOSE, "closing connection")                                                        \
    X(SHUTTING_DOWN, 421, "4.3.2", CLOSE, "Service not available, closing transmission channel")             \
    X(TIMED_OUT, 421, "4.4.2", CLOSE, "Timeout waiting for the client")                                      \
    X(TOO_MANY_ERRORS, 421, "4.7.0", CLOSE, "Too many errors")                                               \
    X(TOO_MANY_CONNECTIONS, 421, "4.7.0", CLOSE, "Too many connections from your address")                   \
    X(CHUNK_LOST, 421, "4.5.4", CLOSE, "BDAT without a readable size; cannot tell content from commands")    \
    X(NO_SERVICE, 554, "5.3.2", NEVER, "No SMTP service here")                                               \
    /* Not now. */                                                                                           \
    X(MAILBOX_BUSY, 450, "4.2.0", LATER, "Mailbox busy, try again later")                                    \
    X(GREYLISTED, 450, "4.7.1", LATER, "Greylisted, try again later")                                        \
    X(RATE_LIMITED, 451, "4.7.1", LATER, "Too much mail from you, slow down")                                \
    X(LOCAL_ERROR, 451, "4.3.0", LATER, "Local error in processing")                                         \
    X(DNS_TEMPFAIL, 451, "4.4.3", LATER, "Temporary failure of a DNS lookup")                                \
    X(SPF_ERROR, 451, "4.7.24", LATER, "SPF check gave a temporary error")                                   \
    X(MAILBOX_FULL_NOW, 452, "4.2.2", LATER, "Mailbox full, try again later")                                \
    X(NO_STORAGE, 452, "4.3.1", LATER, "Insufficient system storage")                                        \
    X(TOO_MANY_RECIPIENTS, 452, "4.5.3", LATER, "Too many recipients")                                       \
    X(TLS_NOT_NOW, 454, "4.7.0", LATER, "TLS not available due to temporary reason")                         \
    X(AUTH_TEMPFAIL, 454, "4.7.0", LATER, "Temporary authentication failure")                                \
    /* The line itself is wrong. */                                                                          \
    X(UNKNOWN, 500, "5.5.2", FAULT, "Command unrecognized")                                                  \
    X(LINE_TOO_LONG, 500, "5.5.2", FAULT, "Line too long")                                                   \
    X(BAD_LINE, 500, "5.5.2", FAULT, "Control or 8-bit character in command")                                \
    X(BARE_LF, 500, "5.5.2", FAULT, "Line must end with CRLF, not with LF alone")                            \
    X(AUTH_TOO_LONG, 500, "5.5.6", FAULT, "Authentication exchange line is too long")                        \
    X(BAD_ARGS, 501, "5.5.4", FAULT, "Syntax error in parameters or arguments")                              \
    X(BAD_NAME, 501, "5.5.4", FAULT, "Want a domain name or an address literal")                             \
    X(BAD_PARAM, 501, "5.5.4", FAULT, "Parameter has a bad or a second value")                               \
    X(PATH_TOO_LONG, 501, "5.5.4", FAULT, "Path too long")                                                   \
    X(AUTH_CANCELLED, 501, "5.7.0", NEVER, "Authentication cancelled")                                       \
    X(AUTH_MALFORMED, 501, "5.5.2", FAULT, "Cannot decode the response")                                     \
    X(NOT_IMPLEMENTED, 502, "5.5.1", FAULT, "Command not implemented")                                       \
    /* The line is right, but not here. */                                                                   \
    X(NEED_HELLO, 503, "5.5.1", FAULT, "Send EHLO or HELO first")                                            \
    X(NEED_EHLO, 503, "5.5.1", FAULT, "Send EHLO first: HELO gives no extensions")                           \
    X(NEED_MAIL, 503, "5.5.1", FAULT, "Need MAIL command")                                                   \
    X(NEED_RCPT, 503, "5.5.1", FAULT, "Need RCPT command")                                                   \
    X(NESTED_MAIL, 503, "5.5.1", FAULT, "Sender already given")                                              \
    X(OUT_OF_ORDER, 503, "5.5.1", FAULT, "Bad sequence of commands")                                         \
    X(ALREADY_AUTH, 503, "5.5.1", FAULT, "Already authenticated")                                            \
    X(ALREADY_TLS, 503, "5.5.1", FAULT, "TLS already active")                                                \
    X(SESSION_REFUSED, 503, "5.5.1", FAULT, "No service here: QUIT is all that is left")                     \
    X(BAD_MECH, 504, "5.5.4", NEVER, "Unrecognized authentication type")                                     \
    X(UNKNOWN_PARAM, 555, "5.5.4", FAULT, "Parameter not recognized or not implemented")                     \
    /* Not for you. */                                                                                       \
    X(NEED_TLS, 530, "5.7.0", FAULT, "Must issue a STARTTLS command first")                                  \
    X(NEED_AUTH, 530, "5.7.0", FAULT, "Authentication required")                                             \
    X(AUTH_WEAK, 534, "5.7.9", NEVER, "Authentication mechanism is too weak")                                \
    X(AUTH_DENIED, 535, "5.7.8", FAULT, "Authentication credentials invalid")                                \
    X(AUTH_NEEDS_TLS, 538, "5.7.11", FAULT, "Encryption required for requested authentication mechanism")    \
    X(BLOCKED, 550, "5.7.1", NEVER, "Blocked by policy")                                                     \
    X(EXPN_PROHIBITED, 550, "5.7.2", NEVER, "Expansion of lists is prohibited")                              \
    X(DKIM_FAILED, 550, "5.7.20", NEVER, "No passing DKIM signature found")                                  \
    X(SPF_FAILED, 550, "5.7.23", NEVER, "SPF validation failed")                                             \
    X(RDNS_FAILED, 550, "5.7.25", NEVER, "Reverse DNS validation failed")                                    \
    X(DMARC_FAILED, 550, "5.7.26", NEVER, "Rejected by the DMARC policy of the author's domain")             \
    X(RELAY_DENIED, 554, "5.7.1", NEVER, "Relay access denied")                                              \
    X(NOT_OWNER, 553, "5.7.1", NEVER, "Sender address not owned by the authenticated user")                  \
    /* The address is wrong. */                                                                              \
    X(NO_SUCH_USER, 550, "5.1.1", NEVER, "No such user here")                                                \
    X(NO_SUCH_DOMAIN, 550, "5.1.2", NEVER, "Domain of the recipient not found")                              \
    X(SENDER_DOMAIN_BAD, 550, "5.1.8", NEVER, "Domain of the sender not found")                              \
    X(SENDER_NULL_MX, 550, "5.7.27", NEVER, "Domain of the sender takes no mail")                            \
    X(MAILBOX_DISABLED, 550, "5.2.1", NEVER, "Mailbox disabled")                                             \
    X(NOT_LOCAL, 551, "5.1.6", NEVER, "User not local; please try another address")                          \
    X(BAD_SENDER, 553, "5.1.7", NEVER, "Sender address is not valid")                                        \
    X(BAD_RECIPIENT, 553, "5.1.3", NEVER, "Recipient address is not valid")                                  \
    X(NEED_UTF8, 553, "5.6.7", NEVER, "Non-ASCII address without SMTPUTF8")                                  \
    X(NULL_MX, 556, "5.1.10", NEVER, "Domain of the recipient takes no mail")                                \
    /* The message is wrong. */                                                                              \
    X(MAILBOX_FULL, 552, "5.2.2", NEVER, "Mailbox full")                                                     \
    X(TOO_BIG, 552, "5.3.4", NEVER, "Message size exceeds fixed limit")                                      \
    X(NO_VALID_RCPT, 554, "5.5.1", FAULT, "No valid recipients")                                             \
    X(BARE_LINE_END, 554, "5.6.0", NEVER, "Message contains a bare CR or LF: lines must end with CRLF")      \
    X(TEXT_LINE_TOO_LONG, 554, "5.6.0", NEVER, "Message contains a line that is too long")                   \
    X(NUL_IN_CONTENT, 554, "5.6.0", NEVER, "Message contains a NUL octet")                                   \
    X(EIGHT_BIT_CONTENT, 554, "5.6.3", NEVER, "Message contains 8-bit octets without BODY=8BITMIME")         \
    X(CONTENT_REFUSED, 550, "5.7.0", NEVER, "Message content refused")                                       \
    X(MAIL_LOOP, 554, "5.4.6", NEVER, "Too many hops: mail loop")                                            \
    X(FAILED, 554, "5.0.0", NEVER, "Transaction failed")

enum smtp_verdict {
    SMTP_SILENT, /* nothing to answer yet: content passed by, a line goes on */
#define SMTP_X(name, code, status, kind, text) SMTP_##name,
    SMTP_VERDICT_TABLE(SMTP_X)
#undef SMTP_X
        SMTP_VERDICTS
};

struct smtp_verdict_info {
    const char *name;   /* "NO_SUCH_USER" */
    const char *status; /* "5.1.1", "" for none */
    const char *text;   /* what the reply says unless the host says otherwise */
    uint16_t code;      /* 550; 0 for SMTP_SILENT */
    uint8_t status_len, text_len;
    char digits[4]; /* "550" */
    enum smtp_verdict_kind kind;
    const struct wire_lesson *lesson; /* of the reply line */
};

/* The row of a verdict; every verdict has one. */
const struct smtp_verdict_info *smtp_verdict_info(enum smtp_verdict verdict);

/* The verdict of that name ("NO_SUCH_USER", in any case); SMTP_SILENT if there is none. */
enum smtp_verdict smtp_verdict_find(const char *name);
#endif
