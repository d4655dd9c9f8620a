/* What the client's conclusions mean. */
#include "protocols/smtp/smtp_client.h"

#include <assert.h>

static const struct wire_lesson words[SMTP_CLIENT_VERDICTS] = {
    [SMTP_CLIENT_CONTINUES] = { "The reply goes on",
                                "A dash behind the code: another line of the same reply follows. The client "
                                "acts on the "
                                "last one.",
                                "RFC 5321 section 4.2.1" },
    [SMTP_CLIENT_ACCEPTED] = { "The client may go on",
                               "The first digit is what it asked for. It does not read the words.",
                               "RFC 5321 section 4.2.1" },
    [SMTP_CLIENT_TEMPFAIL] = { "The client keeps it and tries again later",
                               "A first digit of 4. The message stays in the queue; nobody is told unless it "
                               "lasts for "
                               "hours.",
                               "RFC 5321 section 4.5.4.1" },
    [SMTP_CLIENT_PERMFAIL] = { "The client gives up and reports to the sender",
                               "A first digit of 5. The same request would be refused again, so a bounce is "
                               "due.",
                               "RFC 5321 section 4.2.1" },
    [SMTP_CLIENT_FALL_BACK] = { "The client tries HELO instead",
                                "The server does not know EHLO, so it knows no extension either.",
                                "RFC 5321 section 3.2" },
    [SMTP_CLIENT_DELIVERED] = { "The message has changed hands",
                                "The server has it safe and answers for it. The client may forget it now, "
                                "and not one "
                                "reply earlier.",
                                "RFC 5321 section 6.1" },
    [SMTP_CLIENT_NO_RECIPIENTS] = { "Nobody is left to receive the message",
                                    "Every recipient was refused, each with a reply of its own, so the "
                                    "content is not "
                                    "sent.",
                                    "RFC 5321 section 3.3" },
    [SMTP_CLIENT_TLS_GO] = { "The client starts the TLS handshake",
                             "After this the whole session begins again, encrypted: EHLO, then the rest.",
                             "RFC 3207 section 4" },
    [SMTP_CLIENT_TLS_REFUSED] = { "The client goes on without encryption",
                                  "Its policy is to encrypt if possible. An attacker who can change the "
                                  "traffic can make "
                                  "it always impossible.",
                                  "RFC 7435 section 3" },
    [SMTP_CLIENT_NO_TLS] = { "The client will not go on without encryption",
                             "Its policy demands TLS and the server offers none. Better late than in clear "
                             "text: the "
                             "message waits.",
                             "RFC 8314 section 5.2" },
    [SMTP_CLIENT_NO_AUTH] = { "The client cannot log in here",
                              "The server offers no AUTH, or no mechanism that the client has or trusts on "
                              "this "
                              "connection.",
                              "RFC 4954 section 3" },
    [SMTP_CLIENT_AUTH_FAILED] = { "The login has failed",
                                  "The mail program asks its user for the password again. It does not retry "
                                  "by itself: "
                                  "that could lock the account.",
                                  "RFC 4954 section 6" },
    [SMTP_CLIENT_NEEDS_UTF8] = { "The server cannot take this address",
                                 "The message needs SMTPUTF8 and the next server does not offer it. There is "
                                 "no way to "
                                 "rewrite such an address, so the message goes back.",
                                 "RFC 6531 section 3.2" },
    [SMTP_CLIENT_NEEDS_8BIT] = { "The server cannot take this content as it is",
                                 "The message needs 8BITMIME or BINARYMIME and the server does not offer it. "
                                 "It must be "
                                 "encoded anew or go back.",
                                 "RFC 6152 section 3" },
    [SMTP_CLIENT_TOO_BIG] = { "The client does not even try: the message is too big",
                              "The SIZE line of the EHLO reply is smaller than the message. That saves "
                              "sending it for "
                              "nothing.",
                              "RFC 1870 section 4" },
    [SMTP_CLIENT_BAD_ADDRESS] = { "The client cannot write this address",
                                  "It is empty, too long, or holds characters that would end the command "
                                  "early and let "
                                  "the address give orders.",
                                  "RFC 5321 section 4.1.2" },
    [SMTP_CLIENT_GOODBYE] = { "The server hangs up; the client tries again later",
                              "421 may come at any moment. Everything not yet confirmed stays in the queue.",
                              "RFC 5321 section 3.8" },
    [SMTP_CLIENT_PROTOCOL] = { "The server breaks the protocol",
                               "A reply that SMTP does not allow here. The client closes: it can no longer "
                               "know which reply "
                               "belongs to which command.",
                               "RFC 5321 section 4.2" },
    [SMTP_CLIENT_NOT_SMTP] = { "This is not the greeting of an SMTP server",
                               "SMTP greets with three digits. \"+OK\" is POP3, \"* OK\" is IMAP: check the "
                               "port number in "
                               "the settings.",
                               "RFC 5321 section 3.1" },
    [SMTP_CLIENT_CLOSED] = { "The connection ends too early",
                             "Without a reply the client must assume that the message was not taken. If the "
                             "end came "
                             "just before a 250, the recipient gets it twice; that is better than never.",
                             "RFC 5321 section 3.8" },
    [SMTP_CLIENT_TIMED_OUT] = { "The client has waited long enough",
                                "Each command has its own patience: five minutes for most, ten after the "
                                "final dot, when "
                                "the server may have much to do.",
                                "RFC 5321 section 4.5.3.2" },
    [SMTP_CLIENT_FINISHED] = { "The session is over",
                               "Both sides have said goodbye, and the connection can be closed.",
                               "RFC 5321 section 4.1.1.10" },
};

static const struct smtp_client_verdict_info rows[SMTP_CLIENT_VERDICTS] = {
#define SMTP_X(name, temporary, status)                                                                      \
    [SMTP_CLIENT_##name] = { #name, status, temporary, &words[SMTP_CLIENT_##name] },
    SMTP_CLIENT_VERDICT_TABLE(SMTP_X)
#undef SMTP_X
};

const struct smtp_client_verdict_info *smtp_client_verdict_info(enum smtp_client_verdict verdict)
{
    assert(verdict < SMTP_CLIENT_VERDICTS);
    return &rows[verdict];
}

const char *smtp_client_state_name(enum smtp_client_state state)
{
    static const char *const names[SMTP_CLIENT_STATES] = {
        [SMTP_CLIENT_GREETING] = "GREETING", [SMTP_CLIENT_EHLO] = "EHLO",       [SMTP_CLIENT_HELO] = "HELO",
        [SMTP_CLIENT_STARTTLS] = "STARTTLS", [SMTP_CLIENT_TLS] = "TLS",         [SMTP_CLIENT_AUTH] = "AUTH",
        [SMTP_CLIENT_ENVELOPE] = "ENVELOPE", [SMTP_CLIENT_CONTENT] = "CONTENT", [SMTP_CLIENT_CHUNK] = "CHUNK",
        [SMTP_CLIENT_END] = "END",           [SMTP_CLIENT_RSET] = "RSET",       [SMTP_CLIENT_QUIT] = "QUIT",
        [SMTP_CLIENT_DONE] = "DONE",
    };
    assert(state < SMTP_CLIENT_STATES);
    return names[state];
}
