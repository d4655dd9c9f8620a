/* What can be asked in POP3: a row for each command. */
#include "protocols/pop3/pop3_server.h"

#define IN(state) (1U << POP3_##state)
#define ENDS(...) ((const enum pop3_verdict[]){ __VA_ARGS__, POP3_VERDICTS })
#define LOGIN_ERRORS                                                                                         \
    POP3_DENIED, POP3_IN_USE, POP3_TEMPFAIL, POP3_PERMFAIL, POP3_NEED_TLS, POP3_TOO_MANY_FAILURES,           \
        POP3_BAD_RESPONSE

static const struct pop3_verb_info verbs[POP3_VERBS] = {
    [POP3_CONNECT] = { POP3_CONNECT,
                       "",
                       0,
                       0,
                       0,
                       "",
                       { "The client opens a connection",
                         "In POP3 the server speaks first. A client that says anything before the greeting "
                         "is not talking POP3.",
                         "RFC 1939 section 4" },
                       ENDS(POP3_GREETED) },
    [POP3_USER] = { POP3_USER,
                    "USER",
                    IN(AUTHORIZATION),
                    1,
                    1,
                    "USER name",
                    { "The client names the mailbox",
                      "The name alone proves nothing. A careful server says +OK to any name, so that a "
                      "stranger cannot find out which mailboxes exist.",
                      "RFC 1939 section 7" },
                    ENDS(POP3_USER_NOTED, POP3_NEED_TLS) },
    [POP3_PASS] = { POP3_PASS,
                    "PASS",
                    IN(AUTHORIZATION),
                    1,
                    1,
                    "PASS string",
                    { "The client sends the password",
                      "It travels as it is: without TLS, whoever carries these packets has now read it. If "
                      "it is right, the server locks the maildrop for this session.",
                      "RFC 1939 section 7" },
                    ENDS(POP3_LOGGED_IN, POP3_USER_FIRST, LOGIN_ERRORS) },
    [POP3_APOP] = { POP3_APOP,
                    "APOP",
                    IN(AUTHORIZATION),
                    2,
                    2,
                    "APOP name digest",
                    { "The client proves the password with a hash",
                      "The digest is MD5 of the time stamp in the greeting and the password. The password "
                      "does not travel, but MD5 is weak, and the server must keep the password itself.",
                      "RFC 1939 section 7" },
                    ENDS(POP3_LOGGED_IN, LOGIN_ERRORS) },
    [POP3_AUTH] = { POP3_AUTH,
                    "AUTH",
                    IN(AUTHORIZATION),
                    1,
                    2,
                    "AUTH mechanism [initial-response]",
                    { "The client begins a SASL login",
                      "It picks one of the mechanisms that CAPA listed. What follows is the mechanism's own "
                      "exchange, in base64, the same as in SMTP and IMAP.",
                      "RFC 5034 section 4" },
                    ENDS(POP3_CHALLENGED, POP3_LOGGED_IN, POP3_NO_MECHANISM, LOGIN_ERRORS) },
    [POP3_AUTH_DATA] = { POP3_AUTH_DATA,
                         "",
                         IN(AUTHORIZATION),
                         0,
                         1,
                         "base64, or * to cancel",
                         { "The client answers the challenge",
                           "This line is no command: it is the next message of the mechanism in base64. A "
                           "single * gives up.",
                           "RFC 5034 section 4" },
                         ENDS(POP3_CHALLENGED, POP3_LOGGED_IN, POP3_CANCELLED, LOGIN_ERRORS) },
    [POP3_STLS] = { POP3_STLS,
                    "STLS",
                    IN(AUTHORIZATION),
                    0,
                    0,
                    "STLS",
                    { "The client asks to encrypt the connection",
                      "After +OK both sides start the TLS handshake on this same connection, port 110. Only "
                      "what follows is hidden: it must come before the password.",
                      "RFC 2595 section 4" },
                    ENDS(POP3_TLS_READY, POP3_TLS_ACTIVE) },
    [POP3_UTF8] = { POP3_UTF8,
                    "UTF8",
                    IN(AUTHORIZATION),
                    0,
                    0,
                    "UTF8",
                    { "The client says that it reads UTF-8",
                      "Headers used to be ASCII. From here on the server may send names and subjects written "
                      "in "
                      "any script as they are. It is said before the login, and again after STLS.",
                      "RFC 6856 section 2.1" },
                    ENDS(POP3_UTF8_ON) },
    [POP3_CAPA] = { POP3_CAPA,
                    "CAPA",
                    IN(AUTHORIZATION) | IN(TRANSACTION),
                    0,
                    0,
                    "CAPA",
                    { "The client asks what the server can do",
                      "The list tells which ways to log in and which extra commands there are. It may differ "
                      "after TLS or login, so a client asks again then.",
                      "RFC 2449 section 5" },
                    ENDS(POP3_CAPABILITIES) },
    [POP3_STAT] = { POP3_STAT,
                    "STAT",
                    IN(TRANSACTION),
                    0,
                    0,
                    "STAT",
                    { "The client asks how much mail there is",
                      "The answer is a count and a size in octets. Messages marked for deletion do not "
                      "count.",
                      "RFC 1939 section 5" },
                    ENDS(POP3_STATUS) },
    [POP3_LIST] = { POP3_LIST,
                    "LIST",
                    IN(TRANSACTION),
                    0,
                    1,
                    "LIST [message-number]",
                    { "The client asks for the size of the messages",
                      "Each line is a number and a size. The numbers hold for this session only: the next "
                      "login counts anew.",
                      "RFC 1939 section 5" },
                    ENDS(POP3_LISTED, POP3_LISTED_ALL, POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED) },
    [POP3_UIDL] = { POP3_UIDL,
                    "UIDL",
                    IN(TRANSACTION),
                    0,
                    1,
                    "UIDL [message-number]",
                    { "The client asks for lasting names of the messages",
                      "A unique-id stays with its message from session to session. With it a client that "
                      "leaves mail on the server knows what it has fetched already.",
                      "RFC 1939 section 7" },
                    ENDS(POP3_ID, POP3_IDS, POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED) },
    [POP3_RETR] = { POP3_RETR,
                    "RETR",
                    IN(TRANSACTION),
                    1,
                    1,
                    "RETR message-number",
                    { "The client fetches one message",
                      "The whole message follows, and a line with a single dot ends it. Fetching does not "
                      "delete: that takes DELE and then QUIT.",
                      "RFC 1939 section 5" },
                    ENDS(POP3_MESSAGE, POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED, POP3_NEEDS_UTF8) },
    [POP3_TOP] = { POP3_TOP,
                   "TOP",
                   IN(TRANSACTION),
                   2,
                   2,
                   "TOP message-number lines",
                   { "The client asks for the top of a message",
                     "The header and the first lines of the body come, no more. A program can show who wrote "
                     "before it fetches something large.",
                     "RFC 1939 section 7" },
                   ENDS(POP3_MESSAGE_TOP, POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED, POP3_NEEDS_UTF8) },
    [POP3_DELE] = { POP3_DELE,
                    "DELE",
                    IN(TRANSACTION),
                    1,
                    1,
                    "DELE message-number",
                    { "The client marks a message for deletion",
                      "Nothing is removed yet. If the connection breaks before QUIT, the message is still "
                      "there next time.",
                      "RFC 1939 section 5" },
                    ENDS(POP3_MARKED, POP3_NO_SUCH_MESSAGE, POP3_ALREADY_MARKED) },
    [POP3_RSET] = { POP3_RSET,
                    "RSET",
                    IN(TRANSACTION),
                    0,
                    0,
                    "RSET",
                    { "The client takes all deletion marks back",
                      "Every message that DELE marked in this session is as before.", "RFC 1939 section 5" },
                    ENDS(POP3_UNMARKED) },
    [POP3_NOOP] = { POP3_NOOP,
                    "NOOP",
                    IN(TRANSACTION),
                    0,
                    0,
                    "NOOP",
                    { "The client asks for nothing",
                      "It only shows that it is alive, and the server's autologout timer starts again.",
                      "RFC 1939 section 5" },
                    ENDS(POP3_NOTHING_DONE) },
    [POP3_QUIT] = { POP3_QUIT,
                    "QUIT",
                    IN(AUTHORIZATION) | IN(TRANSACTION),
                    0,
                    0,
                    "QUIT",
                    { "The client ends the session",
                      "After login, only QUIT makes the server remove the marked messages. Before login it "
                      "just hangs up.",
                      "RFC 1939 section 6" },
                    ENDS(POP3_COMMITTED, POP3_NOT_COMMITTED, POP3_LEFT) },
    [POP3_IDLE] = { POP3_IDLE,
                    "",
                    IN(AUTHORIZATION) | IN(TRANSACTION),
                    0,
                    0,
                    "",
                    { "The client has been silent for too long",
                      "After at least ten minutes without a command the server may log the client out, or a "
                      "sleeping laptop would hold the lock on the maildrop for ever.",
                      "RFC 1939 section 3" },
                    ENDS(POP3_TIMED_OUT) },
    [POP3_OTHER] = { POP3_OTHER,
                     "",
                     IN(AUTHORIZATION) | IN(TRANSACTION),
                     0,
                     0,
                     "",
                     { "The client sends something that is no command",
                       "POP3 commands are three or four letters. A server answers -ERR to anything else and "
                       "waits for the next line.",
                       "RFC 1939 section 3" },
                     ENDS(POP3_UNKNOWN) },
};

const struct pop3_verb_info *pop3_verb_info(enum pop3_verb verb)
{
    return (unsigned)verb < POP3_VERBS ? &verbs[verb] : NULL;
}

const char *pop3_state_name(enum pop3_state state)
{
    static const char *const names[POP3_STATES] = { "AUTHORIZATION", "TRANSACTION", "UPDATE", "CLOSED" };
    return (unsigned)state < POP3_STATES ? names[state] : "";
}

/* Four letters as one number, upper case; a shorter verb is filled with zeros. */
#define KEY(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum pop3_verb pop3_verb_find(const char *name, size_t len)
{
    uint32_t key = 0;
    if (len < 3 || len > 4)
        return POP3_OTHER;
    for (size_t i = 0; i < 4; i++)
        key = key << 8 | (i < len ? (unsigned char)wire_to_upper(name[i]) : 0U);
    switch (key) {
    case KEY('U', 'S', 'E', 'R'):
        return POP3_USER;
    case KEY('P', 'A', 'S', 'S'):
        return POP3_PASS;
    case KEY('A', 'P', 'O', 'P'):
        return POP3_APOP;
    case KEY('A', 'U', 'T', 'H'):
        return POP3_AUTH;
    case KEY('S', 'T', 'L', 'S'):
        return POP3_STLS;
    case KEY('U', 'T', 'F', '8'):
        return POP3_UTF8;
    case KEY('C', 'A', 'P', 'A'):
        return POP3_CAPA;
    case KEY('S', 'T', 'A', 'T'):
        return POP3_STAT;
    case KEY('L', 'I', 'S', 'T'):
        return POP3_LIST;
    case KEY('U', 'I', 'D', 'L'):
        return POP3_UIDL;
    case KEY('R', 'E', 'T', 'R'):
        return POP3_RETR;
    case KEY('T', 'O', 'P', 0):
        return POP3_TOP;
    case KEY('D', 'E', 'L', 'E'):
        return POP3_DELE;
    case KEY('R', 'S', 'E', 'T'):
        return POP3_RSET;
    case KEY('N', 'O', 'O', 'P'):
        return POP3_NOOP;
    case KEY('Q', 'U', 'I', 'T'):
        return POP3_QUIT;
    default:
        return POP3_OTHER;
    }
}

bool pop3_verb_can_end(enum pop3_verb verb, enum pop3_verdict verdict)
{
    const struct pop3_verb_info *info = pop3_verb_info(verb);
    if (!info || verb == POP3_CONNECT || verb == POP3_IDLE)
        return info && info->verdicts[0] == verdict;
    /* What any line can meet before its verb is looked at; and what any command can. */
    if (verdict == POP3_BAD_LINE || verdict == POP3_LINE_TOO_LONG)
        return true;
    if (info->name[0] != '\0' &&
        (verdict == POP3_WRONG_STATE || verdict == POP3_BAD_ARGS || verdict == POP3_UNKNOWN))
        return true;
    for (const enum pop3_verdict *v = info->verdicts; *v != POP3_VERDICTS; v++)
        if (*v == verdict)
            return true;
    return false;
}
