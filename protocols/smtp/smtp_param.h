#ifndef PROTOCOLS_SMTP_PARAM_H
#define PROTOCOLS_SMTP_PARAM_H
/*
 * smtp_param - what extensions let a client add behind the addresses of MAIL and RCPT.
 *
 *   MAIL FROM:<ann@example.org> SIZE=2048 BODY=8BITMIME RET=HDRS ENVID=QQ314
 *   RCPT TO:<bob@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.net
 *
 * Values of ENVID, ORCPT and AUTH are xtext (RFC 3461 section 4): "+" and two upper-case hexadecimal digits
 * stand for an octet that a parameter cannot hold, as "+2B" for "+".
 */
#include "protocols/smtp/smtp_verdict.h"
#include "protocols/wire/ascii.h"

#define SMTP_ENVID_OCTETS_MAX 100 /* before encoding, RFC 3461 section 4.4 */
#define SMTP_ORCPT_OCTETS_MAX 500 /* RFC 3461 section 4.2 */

enum smtp_body { SMTP_BODY_7BIT, SMTP_BODY_8BITMIME, SMTP_BODY_BINARYMIME };

/* What to give back in a bounce: RFC 3461 section 4.3. */
enum smtp_ret { SMTP_RET_NONE, SMTP_RET_FULL, SMTP_RET_HDRS };

/* When to send one: RFC 3461 section 4.1. No bit: not said, which means FAILURE and perhaps DELAY. */
enum smtp_notify {
    SMTP_NOTIFY_NEVER = 1u << 0, /* alone */
    SMTP_NOTIFY_SUCCESS = 1u << 1,
    SMTP_NOTIFY_FAILURE = 1u << 2,
    SMTP_NOTIFY_DELAY = 1u << 3
};

struct smtp_mail_params {
    uint64_t size_octets; /* as declared; 0 when not */
    bool has_size, has_body, smtputf8;
    enum smtp_body body;
    enum smtp_ret ret;
    struct wire_slice envid; /* xtext as received; at NULL when absent */
    struct wire_slice auth;  /* xtext, or "<>"; at NULL when absent */
};

struct smtp_rcpt_params {
    unsigned notify;              /* smtp_notify bits; 0 when absent */
    struct wire_slice orcpt_type; /* "rfc822"; at NULL when absent */
    struct wire_slice orcpt;      /* xtext behind the ";" */
};

/* Parse what stands behind the path, spaces in front included. `offered` = the smtp_ext bits that allow
 * parameters in this session. SMTP_OK, SMTP_BAD_PARAM or SMTP_UNKNOWN_PARAM; *out is then set as far as read.
 */
enum smtp_verdict smtp_mail_params_parse(struct wire_slice text, unsigned offered,
                                         struct smtp_mail_params *out);
enum smtp_verdict smtp_rcpt_params_parse(struct wire_slice text, unsigned offered,
                                         struct smtp_rcpt_params *out);

/* Octets that xtext stands for, written to dst (dst may be as long as the text); false when it is not xtext.
 * dst NULL only checks. */
bool smtp_xtext_decode(char *dst, size_t *out_len, struct wire_slice text);

/* Writes text as xtext, returns its octets: at most 3 * text.len. */
size_t smtp_xtext_encode(char *dst, struct wire_slice text);
#endif
