#ifndef PROTOCOLS_SMTP_VERB_H
#define PROTOCOLS_SMTP_VERB_H
/*
 * smtp_verb - the commands of SMTP and the extensions of EHLO, each with its words.
 *
 *   MAIL FROM:<ann@example.org> SIZE=2048
 *   ^ verb                      ^ parameters that an extension brings
 *
 * Server and client share these rows: the line a client sends and the command a server
 * reads are explained by the same lesson. Which verdicts a verb can end in: smtp_server.h.
 */
#include "protocols/wire/ascii.h"
#include "protocols/wire/out.h"

/* What a client can say. The last three are no words: the connection itself, the end of the
 * content, and the answer to a 334. */
enum smtp_verb {
    SMTP_VERB_UNKNOWN, /* a line whose first word is none of these */
    SMTP_VERB_EHLO,
    SMTP_VERB_HELO,
    SMTP_VERB_MAIL,
    SMTP_VERB_RCPT,
    SMTP_VERB_DATA,
    SMTP_VERB_BDAT,
    SMTP_VERB_RSET,
    SMTP_VERB_NOOP,
    SMTP_VERB_VRFY,
    SMTP_VERB_EXPN,
    SMTP_VERB_HELP,
    SMTP_VERB_QUIT,
    SMTP_VERB_AUTH,
    SMTP_VERB_STARTTLS,
    SMTP_VERB_ETRN, /* known, never implemented here: 502 */
    SMTP_VERB_TURN, /* known, never implemented here: 502 */
    SMTP_VERB_CONNECT,
    SMTP_VERB_CONTENT,
    SMTP_VERB_RESPONSE,
    SMTP_VERBS
};

/* Extensions: one bit each, as offered in the reply to EHLO. */
enum smtp_ext {
    SMTP_EXT_PIPELINING = 1u << 0, /* RFC 2920 */
    SMTP_EXT_SIZE = 1u << 1,       /* RFC 1870 */
    SMTP_EXT_8BITMIME = 1u << 2,   /* RFC 6152 */
    SMTP_EXT_STATUS = 1u << 3,     /* ENHANCEDSTATUSCODES, RFC 2034 */
    SMTP_EXT_SMTPUTF8 = 1u << 4,   /* RFC 6531 */
    SMTP_EXT_DSN = 1u << 5,        /* RFC 3461 */
    SMTP_EXT_CHUNKING = 1u << 6,   /* BDAT, RFC 3030 */
    SMTP_EXT_BINARYMIME = 1u << 7, /* RFC 3030; means CHUNKING too */
    SMTP_EXT_AUTH = 1u << 8,       /* RFC 4954 */
    SMTP_EXT_STARTTLS = 1u << 9    /* RFC 3207 */
};
#define SMTP_EXTS 10

/* What a line may look like, as the dispatcher checks it. */
enum smtp_form {
    SMTP_FORM_NONE,     /* the verb alone */
    SMTP_FORM_OPTIONAL, /* the verb, perhaps a string */
    SMTP_FORM_STRING    /* the verb, a space, something */
};

struct smtp_verb_info {
    const char *name;         /* "MAIL"; "(connect)" for what is no word */
    const char *syntax;       /* "MAIL FROM:<reverse-path> [parameters]" */
    enum smtp_form form;      /* of its argument */
    uint32_t line_octets_max; /* with CRLF and the growth that extensions allow */
    struct wire_lesson lesson;
};

struct smtp_ext_info {
    const char *name; /* the keyword in the EHLO reply */
    enum smtp_ext bit;
    struct wire_lesson lesson;
};

#define SMTP_COMMAND_OCTETS_MAX   512   /* with CRLF, RFC 5321 section 4.5.3.1.4 */
#define SMTP_REPLY_OCTETS_MAX     512   /* with CRLF, RFC 5321 section 4.5.3.1.5 */
#define SMTP_AUTH_LINE_OCTETS_MAX 12288 /* base64 lines of AUTH, RFC 4954 section 4 */
/* 512 + SIZE 26 (RFC 1870) + BODY 17 (RFC 6152) + RET, ENVID 107 (RFC 3461) + AUTH 500
 * (RFC 4954) + SMTPUTF8 10 (RFC 6531) */
#define SMTP_MAIL_OCTETS_MAX 1172
/* 512 + NOTIFY, ORCPT 500 (RFC 3461 section 4) */
#define SMTP_RCPT_OCTETS_MAX 1012

/* The verb that a line begins with, without regard to case; SMTP_VERB_UNKNOWN if none.
 * *word_len = octets of its first word. Never CONNECT, CONTENT or RESPONSE. */
enum smtp_verb smtp_verb_find(const char *line, size_t len, size_t *word_len);

/* The row of a verb; every verb has one. */
const struct smtp_verb_info *smtp_verb_info(enum smtp_verb verb);

/* The lesson of a verb by its name ("rcpt", "STARTTLS"); NULL if there is none. */
const struct wire_lesson *smtp_verb_lesson(const char *name);

/* The row of an extension, 0 to SMTP_EXTS - 1. */
const struct smtp_ext_info *smtp_ext_at(size_t i);

/* The row of one extension bit. */
const struct smtp_ext_info *smtp_ext_info(enum smtp_ext bit);

/* The extension whose keyword this is, without regard to case; NULL if none of ours. */
const struct smtp_ext_info *smtp_ext_find(struct wire_slice keyword);
#endif
