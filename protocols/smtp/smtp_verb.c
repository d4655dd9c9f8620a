/* The words of SMTP: read `rows` and `exts` as the vocabulary. */
#include "protocols/smtp/smtp_verb.h"

#include <assert.h>

static const struct smtp_verb_info rows[SMTP_VERBS] = {
    [SMTP_VERB_UNKNOWN] = { "(unknown)",
                            "",
                            SMTP_FORM_OPTIONAL,
                            SMTP_COMMAND_OCTETS_MAX,
                            { "The client says something that is no command",
                              "A typing error, or a program that speaks another protocol. The server answers "
                              "500 and "
                              "goes on.",
                              "RFC 5321 section 4.1.1" } },
    [SMTP_VERB_EHLO] = { "EHLO",
                         "EHLO domain-or-[address]",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client says hello and asks what the server can do",
                           "EHLO opens a session with extensions. The name is what the client calls itself: "
                           "the "
                           "server notes it, and does not have to believe it.",
                           "RFC 5321 section 4.1.1.1" } },
    [SMTP_VERB_HELO] = { "HELO",
                         "HELO domain",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client says hello as in 1982",
                           "HELO is the old greeting without extensions: no encryption, no login, no size "
                           "check. A "
                           "client falls back to it when the server does not understand EHLO.",
                           "RFC 5321 section 4.1.1.1" } },
    [SMTP_VERB_MAIL] = { "MAIL",
                         "MAIL FROM:<reverse-path> [parameters]",
                         SMTP_FORM_STRING,
                         SMTP_MAIL_OCTETS_MAX,
                         { "The client names the sender of the envelope",
                           "MAIL opens a transaction. This address gets the bounce if delivery fails; it "
                           "need not be "
                           "the From that people see. <> is the sender of a bounce, so that bounces never "
                           "bounce.",
                           "RFC 5321 section 4.1.1.2" } },
    [SMTP_VERB_RCPT] = { "RCPT",
                         "RCPT TO:<forward-path> [parameters]",
                         SMTP_FORM_STRING,
                         SMTP_RCPT_OCTETS_MAX,
                         { "The client names one recipient",
                           "One RCPT for each recipient, each with its own answer. Only these addresses "
                           "decide where "
                           "the message goes: that is how Bcc stays blind.",
                           "RFC 5321 section 4.1.1.3" } },
    [SMTP_VERB_DATA] = { "DATA",
                         "DATA",
                         SMTP_FORM_NONE,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks to send the message",
                           "The envelope is complete. After 354 the client sends header and body; a line "
                           "with a "
                           "single dot ends them.",
                           "RFC 5321 section 4.1.1.4" } },
    [SMTP_VERB_BDAT] = { "BDAT",
                         "BDAT octets [LAST]",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client sends a counted chunk of the message",
                           "BDAT says how many octets follow, so nothing in them can be mistaken for an end: "
                           "no dots to "
                           "double, and binary content is possible. LAST marks the final chunk.",
                           "RFC 3030 section 2" } },
    [SMTP_VERB_RSET] = { "RSET",
                         "RSET",
                         SMTP_FORM_NONE,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client gives up the transaction, not the session",
                           "Sender, recipients and content so far are forgotten. The greeting and the login "
                           "stay.",
                           "RFC 5321 section 4.1.1.5" } },
    [SMTP_VERB_NOOP] = { "NOOP",
                         "NOOP [string]",
                         SMTP_FORM_OPTIONAL,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks for nothing but an answer",
                           "It shows that the connection still works, and keeps it from timing out.",
                           "RFC 5321 section 4.1.1.9" } },
    [SMTP_VERB_VRFY] = { "VRFY",
                         "VRFY string",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks whether an address exists",
                           "Meant for people in a friendlier network. Collectors of addresses like it too, "
                           "so servers "
                           "answer 252: perhaps.",
                           "RFC 5321 section 4.1.1.6" } },
    [SMTP_VERB_EXPN] = { "EXPN",
                         "EXPN string",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks who is on a mailing list",
                           "A server that answers hands out all the addresses. Nearly all refuse.",
                           "RFC 5321 section 4.1.1.7" } },
    [SMTP_VERB_HELP] = { "HELP",
                         "HELP [string]",
                         SMTP_FORM_OPTIONAL,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "Somebody at a keyboard asks for help",
                           "Programs never send this. It exists because SMTP can be typed by hand.",
                           "RFC 5321 section 4.1.1.8" } },
    [SMTP_VERB_QUIT] = { "QUIT",
                         "QUIT",
                         SMTP_FORM_NONE,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client says goodbye",
                           "It waits for 221 before it closes, so both sides know that nothing is missing. "
                           "An "
                           "unfinished transaction is dropped.",
                           "RFC 5321 section 4.1.1.10" } },
    [SMTP_VERB_AUTH] = { "AUTH",
                         "AUTH mechanism [initial-response]",
                         SMTP_FORM_STRING,
                         SMTP_AUTH_LINE_OCTETS_MAX,
                         { "The client begins to log in",
                           "It names a SASL mechanism from the server's list. What follows is base64, which "
                           "hides "
                           "nothing: without TLS, PLAIN and LOGIN show the password to the whole path.",
                           "RFC 4954 section 4" } },
    [SMTP_VERB_STARTTLS] = { "STARTTLS",
                             "STARTTLS",
                             SMTP_FORM_NONE,
                             SMTP_COMMAND_OCTETS_MAX,
                             { "The client asks to encrypt the connection",
                               "The same connection continues inside TLS. An attacker in the middle can "
                               "delete the "
                               "offer; a client that then goes on in clear text has been downgraded.",
                               "RFC 3207 section 4" } },
    [SMTP_VERB_ETRN] = { "ETRN",
                         "ETRN node",
                         SMTP_FORM_STRING,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks the server to start sending its mail",
                           "Made for sites that dial in now and then. This server does not have it.",
                           "RFC 1985" } },
    [SMTP_VERB_TURN] = { "TURN",
                         "TURN",
                         SMTP_FORM_NONE,
                         SMTP_COMMAND_OCTETS_MAX,
                         { "The client asks to swap roles",
                           "Whoever claimed a name would have been given its mail, so TURN is no longer "
                           "used.",
                           "RFC 5321 appendix F.1" } },
    [SMTP_VERB_CONNECT] = { "(connect)",
                            "",
                            SMTP_FORM_NONE,
                            0,
                            { "The client has connected and waits for the greeting",
                              "The TCP connection is open, and the server has the first word. A client that "
                              "talks "
                              "before the greeting is not a proper mail server.",
                              "RFC 5321 section 3.1" } },
    [SMTP_VERB_CONTENT] = { "(content)",
                            "",
                            SMTP_FORM_NONE,
                            0,
                            { "The client sends the message itself",
                              "Header, empty line, body. The server reads nothing in it as a command until "
                              "the end: the "
                              "line with the single dot, or the octets that BDAT counted.",
                              "RFC 5321 section 4.1.1.4" } },
    [SMTP_VERB_RESPONSE] = { "(response)",
                             "",
                             SMTP_FORM_OPTIONAL,
                             SMTP_AUTH_LINE_OCTETS_MAX,
                             { "The client answers the question of the login",
                               "One line of base64. A single * gives up the login.", "RFC 4954 section 4" } },
};

static const struct smtp_ext_info exts[SMTP_EXTS] = {
    { "PIPELINING",
      SMTP_EXT_PIPELINING,
      { "The server reads ahead: commands may come in groups",
        "The client need not wait for each answer before it sends the next command. On a long path that "
        "saves most of "
        "the time a message takes.",
        "RFC 2920 section 3" } },
    { "SIZE",
      SMTP_EXT_SIZE,
      { "The server names the largest message it takes",
        "The number counts octets. A client that declares SIZE= in MAIL hears \"too big\" before it has sent "
        "anything. "
        "Attachments grow by a third in base64.",
        "RFC 1870 section 4" } },
    { "8BITMIME",
      SMTP_EXT_8BITMIME,
      { "The server takes octets above 127 in the body",
        "Text in UTF-8 can travel as it is. Without it the client must encode the text as quoted-printable "
        "or base64.",
        "RFC 6152 section 2" } },
    { "ENHANCEDSTATUSCODES",
      SMTP_EXT_STATUS,
      { "The server adds a second, finer code to its replies",
        "550 says no; 550 5.1.1 says that the mailbox does not exist. Programs that sort bounces need it.",
        "RFC 2034 section 3" } },
    { "SMTPUTF8",
      SMTP_EXT_SMTPUTF8,
      { "The server takes addresses in any script",
        "Letters outside ASCII may stand on both sides of the @. Every server on the way must offer this, or "
        "the "
        "message comes back.",
        "RFC 6531 section 3.1" } },
    { "DSN",
      SMTP_EXT_DSN,
      { "The server reports on delivery when asked",
        "The sender can ask for a notice of success, of failure, of delay, or for none at all.",
        "RFC 3461 section 4" } },
    { "CHUNKING",
      SMTP_EXT_CHUNKING,
      { "The server takes BDAT in place of DATA",
        "The message comes in chunks of known size, so its end needs no special line.",
        "RFC 3030 section 2" } },
    { "BINARYMIME",
      SMTP_EXT_BINARYMIME,
      { "The server takes messages that are not made of lines",
        "Attachments can travel without base64, a quarter smaller. It works only with BDAT.",
        "RFC 3030 section 3" } },
    { "AUTH",
      SMTP_EXT_AUTH,
      { "The server offers ways to log in",
        "The words behind AUTH are SASL mechanisms. A careful server shows PLAIN and LOGIN only inside TLS.",
        "RFC 4954 section 3" } },
    { "STARTTLS",
      SMTP_EXT_STARTTLS,
      { "The server offers to encrypt this connection",
        "An offer in clear text: whoever sits on the path can remove the line. Clients with a strict policy "
        "treat its "
        "absence as an alarm.",
        "RFC 3207 section 2" } },
};

/* Four letters as one number, upper case: a switch on it is the fastest exact look-up. */
#define WORD(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static uint32_t four(const char *at)
{
    return WORD((unsigned char)at[0], (unsigned char)at[1], (unsigned char)at[2], (unsigned char)at[3]) &
           UINT32_C(0xdfdfdfdf);
}

static enum smtp_verb candidate(const char *line)
{
    switch (four(line)) {
    case WORD('E', 'H', 'L', 'O'):
        return SMTP_VERB_EHLO;
    case WORD('H', 'E', 'L', 'O'):
        return SMTP_VERB_HELO;
    case WORD('M', 'A', 'I', 'L'):
        return SMTP_VERB_MAIL;
    case WORD('R', 'C', 'P', 'T'):
        return SMTP_VERB_RCPT;
    case WORD('D', 'A', 'T', 'A'):
        return SMTP_VERB_DATA;
    case WORD('B', 'D', 'A', 'T'):
        return SMTP_VERB_BDAT;
    case WORD('R', 'S', 'E', 'T'):
        return SMTP_VERB_RSET;
    case WORD('N', 'O', 'O', 'P'):
        return SMTP_VERB_NOOP;
    case WORD('V', 'R', 'F', 'Y'):
        return SMTP_VERB_VRFY;
    case WORD('E', 'X', 'P', 'N'):
        return SMTP_VERB_EXPN;
    case WORD('H', 'E', 'L', 'P'):
        return SMTP_VERB_HELP;
    case WORD('Q', 'U', 'I', 'T'):
        return SMTP_VERB_QUIT;
    case WORD('A', 'U', 'T', 'H'):
        return SMTP_VERB_AUTH;
    case WORD('S', 'T', 'A', 'R'):
        return SMTP_VERB_STARTTLS;
    case WORD('E', 'T', 'R', 'N'):
        return SMTP_VERB_ETRN;
    case WORD('T', 'U', 'R', 'N'):
        return SMTP_VERB_TURN;
    default:
        return SMTP_VERB_UNKNOWN;
    }
}

enum smtp_verb smtp_verb_find(const char *line, size_t len, size_t *word_len)
{
    size_t n = 0;
    enum smtp_verb verb;
    while (n < len && line[n] != ' ')
        n++;
    *word_len = n;
    if (n < 4)
        return SMTP_VERB_UNKNOWN;
    verb = candidate(line);
    /* The mask of four() also maps some other characters to letters: the row decides. */
    if (verb == SMTP_VERB_UNKNOWN || !wire_slice_is_nocase(wire_slice(line, n), rows[verb].name))
        return SMTP_VERB_UNKNOWN;
    return verb;
}

const struct smtp_verb_info *smtp_verb_info(enum smtp_verb verb)
{
    assert(verb < SMTP_VERBS);
    return &rows[verb];
}

const struct wire_lesson *smtp_verb_lesson(const char *name)
{
    size_t word_len;
    enum smtp_verb verb = smtp_verb_find(name, strlen(name), &word_len);
    return verb == SMTP_VERB_UNKNOWN ? NULL : &rows[verb].lesson;
}

const struct smtp_ext_info *smtp_ext_at(size_t i)
{
    assert(i < SMTP_EXTS);
    return &exts[i];
}

const struct smtp_ext_info *smtp_ext_info(enum smtp_ext bit)
{
    size_t i = 0;
    while (i + 1 < SMTP_EXTS && exts[i].bit != bit)
        i++;
    assert(exts[i].bit == bit);
    return &exts[i];
}

const struct smtp_ext_info *smtp_ext_find(struct wire_slice keyword)
{
    for (size_t i = 0; i < SMTP_EXTS; i++)
        if (wire_slice_is_nocase(keyword, exts[i].name))
            return &exts[i];
    return NULL;
}
