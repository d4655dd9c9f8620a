/* The protocol as a table: which command is allowed where, and what can come of it. */
#include "protocols/smtp/smtp_server_inner.h"

#include <assert.h>

#define IN(state)   (1u << SMTP_SERVER_##state)
#define TRANSACTION (IN(MAIL) | IN(RCPT) | IN(CHUNKS))
#define ANYWHERE    (IN(GREETED) | IN(READY) | TRANSACTION)

/* Faults of the line itself, and ends of the session: any command can meet them. */
#define ANY_LINE                                                                                             \
    SMTP_LINE_TOO_LONG, SMTP_BAD_LINE, SMTP_BARE_LF, SMTP_SESSION_REFUSED, SMTP_SHUTTING_DOWN,               \
        SMTP_TOO_MANY_ERRORS
/* What a policy may say to any part of an envelope. */
#define ANY_POLICY                                                                                           \
    SMTP_BLOCKED, SMTP_GREYLISTED, SMTP_RATE_LIMITED, SMTP_LOCAL_ERROR, SMTP_DNS_TEMPFAIL, SMTP_SPF_ERROR,   \
        SMTP_SPF_FAILED, SMTP_RDNS_FAILED, SMTP_NO_STORAGE, SMTP_FAILED
#define ANY_PARAM SMTP_BAD_ARGS, SMTP_BAD_PARAM, SMTP_UNKNOWN_PARAM, SMTP_PATH_TOO_LONG, SMTP_NEED_UTF8
/* How a message can end. */
#define ANY_END                                                                                              \
    SMTP_QUEUED, SMTP_TOO_BIG, SMTP_BARE_LINE_END, SMTP_TEXT_LINE_TOO_LONG, SMTP_NUL_IN_CONTENT,             \
        SMTP_EIGHT_BIT_CONTENT, SMTP_CONTENT_REFUSED, SMTP_MAIL_LOOP, SMTP_DKIM_FAILED, SMTP_DMARC_FAILED,   \
        SMTP_RELAY_DENIED, SMTP_NO_SUCH_USER, SMTP_MAILBOX_BUSY, SMTP_MAILBOX_DISABLED, SMTP_MAILBOX_FULL,   \
        SMTP_MAILBOX_FULL_NOW, SMTP_SHUTTING_DOWN, SMTP_TOO_MANY_ERRORS

static const uint8_t ends_unknown[] = { SMTP_UNKNOWN, SMTP_TIMED_OUT, ANY_LINE };
static const uint8_t ends_connect[] = { SMTP_GREETING, SMTP_NO_SERVICE, SMTP_SHUTTING_DOWN,
                                        SMTP_TOO_MANY_CONNECTIONS };
static const uint8_t ends_hello[] = { SMTP_HELLO,           SMTP_BAD_NAME,     SMTP_BAD_ARGS,
                                      SMTP_NOT_IMPLEMENTED, SMTP_BLOCKED,      SMTP_LOCAL_ERROR,
                                      SMTP_SPF_FAILED,      SMTP_RATE_LIMITED, ANY_LINE };
static const uint8_t ends_mail[] = { SMTP_SENDER_OK,      SMTP_NEED_HELLO, SMTP_NESTED_MAIL,
                                     SMTP_NEED_TLS,       SMTP_NEED_AUTH,  ANY_PARAM,
                                     SMTP_BAD_SENDER,     SMTP_TOO_BIG,    SMTP_SENDER_DOMAIN_BAD,
                                     SMTP_SENDER_NULL_MX, SMTP_NOT_OWNER,  SMTP_MAILBOX_DISABLED,
                                     ANY_POLICY,          ANY_LINE };
static const uint8_t ends_rcpt[] = { SMTP_RECIPIENT_OK,
                                     SMTP_WILL_FORWARD,
                                     SMTP_NEED_HELLO,
                                     SMTP_NEED_MAIL,
                                     SMTP_OUT_OF_ORDER,
                                     SMTP_NEED_TLS,
                                     ANY_PARAM,
                                     SMTP_BAD_RECIPIENT,
                                     SMTP_TOO_MANY_RECIPIENTS,
                                     SMTP_NO_SUCH_USER,
                                     SMTP_NO_SUCH_DOMAIN,
                                     SMTP_MAILBOX_BUSY,
                                     SMTP_MAILBOX_DISABLED,
                                     SMTP_MAILBOX_FULL,
                                     SMTP_MAILBOX_FULL_NOW,
                                     SMTP_NOT_LOCAL,
                                     SMTP_NULL_MX,
                                     SMTP_RELAY_DENIED,
                                     SMTP_NOT_OWNER,
                                     SMTP_SENDER_DOMAIN_BAD,
                                     SMTP_SENDER_NULL_MX,
                                     SMTP_TOO_BIG,
                                     ANY_POLICY,
                                     ANY_LINE };
static const uint8_t ends_data[] = { SMTP_GO_AHEAD,      SMTP_NEED_HELLO,   SMTP_NEED_MAIL, SMTP_NEED_RCPT,
                                     SMTP_NO_VALID_RCPT, SMTP_OUT_OF_ORDER, SMTP_NEED_TLS,  SMTP_BAD_ARGS,
                                     ANY_POLICY,         ANY_LINE };
static const uint8_t ends_bdat[] = {
    SMTP_CHUNK_OK,  SMTP_CHUNK_LOST,    SMTP_NOT_IMPLEMENTED, SMTP_NEED_EHLO, SMTP_NEED_HELLO,
    SMTP_NEED_MAIL, SMTP_NEED_RCPT,     SMTP_NO_VALID_RCPT,   SMTP_NEED_TLS,  ANY_POLICY,
    ANY_END,        SMTP_LINE_TOO_LONG, SMTP_BAD_LINE,        SMTP_BARE_LF,   SMTP_SESSION_REFUSED
};
static const uint8_t ends_plain[] = { SMTP_OK, SMTP_BAD_ARGS, SMTP_NEED_TLS, ANY_LINE };
static const uint8_t ends_verify[] = {
    SMTP_VERIFIED,        SMTP_WILL_FORWARD, SMTP_CANNOT_VERIFY, SMTP_NOT_IMPLEMENTED,
    SMTP_EXPN_PROHIBITED, SMTP_NO_SUCH_USER, SMTP_NOT_LOCAL,     SMTP_BAD_RECIPIENT,
    SMTP_NEED_UTF8,       SMTP_NEED_TLS,     SMTP_NEED_AUTH,     SMTP_BAD_ARGS,
    SMTP_BLOCKED,         SMTP_LOCAL_ERROR,  SMTP_RATE_LIMITED,  ANY_LINE
};
static const uint8_t ends_help[] = { SMTP_HELP, SMTP_NEED_TLS, ANY_LINE };
static const uint8_t ends_quit[] = { SMTP_BYE, SMTP_BAD_ARGS, ANY_LINE };
static const uint8_t ends_auth[] = { SMTP_AUTH_OK,
                                     SMTP_AUTH_MORE,
                                     SMTP_AUTH_DENIED,
                                     SMTP_BAD_MECH,
                                     SMTP_AUTH_NEEDS_TLS,
                                     SMTP_AUTH_WEAK,
                                     SMTP_AUTH_TEMPFAIL,
                                     SMTP_AUTH_MALFORMED,
                                     SMTP_AUTH_TOO_LONG,
                                     SMTP_ALREADY_AUTH,
                                     SMTP_OUT_OF_ORDER,
                                     SMTP_NEED_EHLO,
                                     SMTP_NEED_HELLO,
                                     SMTP_NOT_IMPLEMENTED,
                                     SMTP_NEED_TLS,
                                     SMTP_BAD_ARGS,
                                     ANY_LINE };
static const uint8_t ends_response[] = { SMTP_AUTH_OK,        SMTP_AUTH_MORE,      SMTP_AUTH_DENIED,
                                         SMTP_AUTH_CANCELLED, SMTP_AUTH_MALFORMED, SMTP_AUTH_TOO_LONG,
                                         SMTP_AUTH_WEAK,      SMTP_AUTH_TEMPFAIL,  SMTP_AUTH_NEEDS_TLS,
                                         SMTP_BAD_MECH,       SMTP_BARE_LF,        SMTP_SHUTTING_DOWN,
                                         SMTP_TOO_MANY_ERRORS };
static const uint8_t ends_starttls[] = { SMTP_TLS_GO,       SMTP_TLS_NOT_NOW, SMTP_NOT_IMPLEMENTED,
                                         SMTP_ALREADY_TLS,  SMTP_NEED_EHLO,   SMTP_NEED_HELLO,
                                         SMTP_OUT_OF_ORDER, SMTP_BAD_ARGS,    ANY_LINE };
static const uint8_t ends_never[] = { SMTP_NOT_IMPLEMENTED, SMTP_NEED_TLS, SMTP_BAD_ARGS, ANY_LINE };
static const uint8_t ends_content[] = { ANY_END, ANY_POLICY };

#define ENDS(list) .verdicts = list, .verdict_count = sizeof(list)

static const struct smtp_rule rules[SMTP_VERBS] = {
    [SMTP_VERB_UNKNOWN] = { .states = ANYWHERE, ENDS(ends_unknown) },
    [SMTP_VERB_EHLO] = { .run = smtp_run_ehlo,
                         .states = ANYWHERE,
                         .in_clear = true,
                         .last_of_group = true,
                         .done = SMTP_HELLO,
                         ENDS(ends_hello) },
    [SMTP_VERB_HELO] = { .run = smtp_run_helo,
                         .states = ANYWHERE,
                         .in_clear = true,
                         .last_of_group = true,
                         .done = SMTP_HELLO,
                         ENDS(ends_hello) },
    [SMTP_VERB_MAIL] = { .run = smtp_run_mail,
                         .states = IN(READY),
                         .needs_auth = true,
                         .eight_bit = true,
                         .done = SMTP_SENDER_OK,
                         ENDS(ends_mail) },
    [SMTP_VERB_RCPT] = { .run = smtp_run_rcpt,
                         .states = IN(MAIL) | IN(RCPT),
                         .eight_bit = true,
                         .done = SMTP_RECIPIENT_OK,
                         ENDS(ends_rcpt) },
    [SMTP_VERB_DATA] = { .run = smtp_run_data,
                         .states = IN(RCPT),
                         .last_of_group = true,
                         .done = SMTP_GO_AHEAD,
                         ENDS(ends_data) },
    [SMTP_VERB_BDAT] = { .run = smtp_run_bdat,
                         .states = IN(RCPT) | IN(CHUNKS),
                         .ext = SMTP_EXT_CHUNKING,
                         .done = SMTP_CHUNK_OK,
                         ENDS(ends_bdat) },
    [SMTP_VERB_RSET] = { .run = smtp_run_rset, .states = ANYWHERE, .done = SMTP_OK, ENDS(ends_plain) },
    [SMTP_VERB_NOOP] = { .run = smtp_run_noop,
                         .states = ANYWHERE,
                         .in_clear = true,
                         .last_of_group = true,
                         .done = SMTP_OK,
                         ENDS(ends_plain) },
    [SMTP_VERB_VRFY] = { .run = smtp_run_vrfy,
                         .states = ANYWHERE,
                         .needs_auth = true,
                         .last_of_group = true,
                         .eight_bit = true,
                         .done = SMTP_VERIFIED,
                         ENDS(ends_verify) },
    [SMTP_VERB_EXPN] = { .run = smtp_run_expn,
                         .states = ANYWHERE,
                         .needs_auth = true,
                         .last_of_group = true,
                         .eight_bit = true,
                         .done = SMTP_VERIFIED,
                         ENDS(ends_verify) },
    [SMTP_VERB_HELP] = { .run = smtp_run_help, .states = ANYWHERE, .done = SMTP_HELP, ENDS(ends_help) },
    [SMTP_VERB_QUIT] = { .run = smtp_run_quit,
                         .states = ANYWHERE | IN(REFUSED),
                         .in_clear = true,
                         .last_of_group = true,
                         .done = SMTP_BYE,
                         ENDS(ends_quit) },
    [SMTP_VERB_AUTH] = { .run = smtp_run_auth,
                         .states = IN(READY),
                         .ext = SMTP_EXT_AUTH,
                         .last_of_group = true,
                         .done = SMTP_AUTH_OK,
                         ENDS(ends_auth) },
    [SMTP_VERB_STARTTLS] = { .run = smtp_run_starttls,
                             .states = IN(READY),
                             .ext = SMTP_EXT_STARTTLS,
                             .in_clear = true,
                             .last_of_group = true,
                             .done = SMTP_TLS_GO,
                             ENDS(ends_starttls) },
    [SMTP_VERB_ETRN] = { .states = ANYWHERE, ENDS(ends_never) },
    [SMTP_VERB_TURN] = { .states = ANYWHERE, .last_of_group = true, ENDS(ends_never) },
    [SMTP_VERB_CONNECT] = { .states = IN(CONNECT), .done = SMTP_GREETING, ENDS(ends_connect) },
    [SMTP_VERB_CONTENT] = { .states = IN(DATA) | IN(CHUNK), .done = SMTP_QUEUED, ENDS(ends_content) },
    [SMTP_VERB_RESPONSE] = { .states = IN(AUTH),
                             .last_of_group = true,
                             .done = SMTP_AUTH_OK,
                             ENDS(ends_response) },
};

const struct smtp_rule *smtp_rule(enum smtp_verb verb)
{
    assert(verb < SMTP_VERBS);
    return &rules[verb];
}

const uint8_t *smtp_verb_verdicts(enum smtp_verb verb, size_t *count)
{
    *count = smtp_rule(verb)->verdict_count;
    return smtp_rule(verb)->verdicts;
}

bool smtp_verb_allows(enum smtp_verb verb, enum smtp_verdict verdict)
{
    const struct smtp_rule *rule = smtp_rule(verb);
    return memchr(rule->verdicts, (int)verdict, rule->verdict_count) != NULL;
}

unsigned smtp_verb_states(enum smtp_verb verb)
{
    return smtp_rule(verb)->states;
}

/* Where each state may lead. A BDAT that is refused still has its octets read, so CHUNK is reachable from,
 * and leads back to, places where BDAT is not allowed. */
static const uint16_t moves[SMTP_SERVER_STATES] = {
    [SMTP_SERVER_CONNECT] = IN(REFUSED) | IN(GREETED) | IN(CLOSED),
    [SMTP_SERVER_REFUSED] = IN(CLOSED),
    [SMTP_SERVER_GREETED] = IN(READY) | IN(CHUNK) | IN(CLOSED),
    [SMTP_SERVER_READY] = IN(READY) | IN(MAIL) | IN(AUTH) | IN(TLS) | IN(CHUNK) | IN(CLOSED),
    [SMTP_SERVER_MAIL] = IN(READY) | IN(RCPT) | IN(CHUNK) | IN(CLOSED),
    [SMTP_SERVER_RCPT] = IN(READY) | IN(RCPT) | IN(DATA) | IN(CHUNK) | IN(CLOSED),
    [SMTP_SERVER_DATA] = IN(READY) | IN(CLOSED),
    [SMTP_SERVER_CHUNK] = IN(GREETED) | IN(READY) | IN(MAIL) | IN(RCPT) | IN(CHUNKS) | IN(CLOSED),
    [SMTP_SERVER_CHUNKS] = IN(READY) | IN(CHUNK) | IN(CLOSED),
    [SMTP_SERVER_AUTH] = IN(READY) | IN(CLOSED),
    [SMTP_SERVER_TLS] = IN(GREETED) | IN(CLOSED),
    [SMTP_SERVER_CLOSED] = 0,
};

void smtp_server_enter(struct smtp_server *s, enum smtp_server_state next)
{
    assert(moves[s->state] & (1u << next));
    s->state = next;
}

const char *smtp_server_state_name(enum smtp_server_state state)
{
    static const char *const names[SMTP_SERVER_STATES] = {
        [SMTP_SERVER_CONNECT] = "CONNECT", [SMTP_SERVER_REFUSED] = "REFUSED",
        [SMTP_SERVER_GREETED] = "GREETED", [SMTP_SERVER_READY] = "READY",
        [SMTP_SERVER_MAIL] = "MAIL",       [SMTP_SERVER_RCPT] = "RCPT",
        [SMTP_SERVER_DATA] = "DATA",       [SMTP_SERVER_CHUNK] = "CHUNK",
        [SMTP_SERVER_CHUNKS] = "CHUNKS",   [SMTP_SERVER_AUTH] = "AUTH",
        [SMTP_SERVER_TLS] = "TLS",         [SMTP_SERVER_CLOSED] = "CLOSED",
    };
    assert(state < SMTP_SERVER_STATES);
    return names[state];
}
