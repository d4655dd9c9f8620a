/* The server's answers. The code and the status of a row are in the header's table; here is what each one
 * teaches. */
#include "protocols/smtp/smtp_verdict.h"

#include <assert.h>

#include "protocols/wire/ascii.h"

static const struct wire_lesson words[SMTP_VERDICTS] = {
    [SMTP_SILENT] = { "The server says nothing yet",
                      "It reads on: a message has one answer, at its end. Silence here is normal and can "
                      "last minutes.",
                      "RFC 5321 section 4.1.1.4" },

    /* What goes on. */
    [SMTP_OK] = { "The server agrees",
                  "250 means: done, go on. The digits are for programs; the words behind them are only for "
                  "people.",
                  "RFC 5321 section 4.2.1" },
    [SMTP_GREETING] = { "The server greets and names itself",
                        "In SMTP the server speaks first. 220 says that it is ready; until then a polite "
                        "client stays "
                        "silent, and one that does not is probably a spam program in a hurry.",
                        "RFC 5321 section 3.1" },
    [SMTP_HELLO] = { "The server returns the hello",
                     "250 with its own name. After EHLO the lines that follow list what it can do beyond "
                     "plain SMTP, "
                     "one extension a line; after HELO there is nothing more.",
                     "RFC 5321 section 4.1.1.1" },
    [SMTP_SENDER_OK] = { "The server accepts the sender",
                         "A transaction has begun. This does not mean the sender is genuine: SMTP alone lets "
                         "anyone "
                         "name any address here, which is why SPF, DKIM and DMARC exist.",
                         "RFC 5321 section 3.3" },
    [SMTP_RECIPIENT_OK] = { "The server accepts this recipient",
                            "It will deliver to this address itself or pass the message on. Each recipient "
                            "gets an "
                            "answer of its own: some may be refused and the message still goes to the "
                            "others.",
                            "RFC 5321 section 3.3" },
    [SMTP_WILL_FORWARD] = { "The user is elsewhere and the server will forward",
                            "251 accepts the recipient and tells that the mailbox has moved. The client has "
                            "nothing "
                            "to do. Few servers say so, since it gives away the new address.",
                            "RFC 5321 section 3.4" },
    [SMTP_CANNOT_VERIFY] = { "The server neither confirms nor denies the address",
                             "252 is the careful answer to VRFY: it would accept mail for the address and "
                             "see. A "
                             "server that says more lets strangers collect addresses by guessing.",
                             "RFC 5321 section 3.5.3" },
    [SMTP_VERIFIED] = { "The server confirms the address",
                        "It shows the full mailbox name. That is handy on a trusted network and a gift to "
                        "collectors "
                        "of addresses on the Internet, where this is usually switched off.",
                        "RFC 5321 section 3.5" },
    [SMTP_HELP] = { "The server lists its commands",
                    "214 is text for a person who types by hand. No mail program reads it.",
                    "RFC 5321 section 4.1.1.8" },
    [SMTP_GO_AHEAD] = { "The server waits for the message",
                        "354 is the one moment in which it stops reading commands: all that follows is "
                        "content, until "
                        "a line that holds a single dot.",
                        "RFC 5321 section 4.1.1.4" },
    [SMTP_CHUNK_OK] = { "The server has stored one chunk",
                        "BDAT said how many octets would come, and they came. Without LAST the message is "
                        "not "
                        "finished yet.",
                        "RFC 3030 section 2" },
    [SMTP_QUEUED] = { "The server takes responsibility for the message",
                      "From here on it must deliver the message or report that it could not; losing it is "
                      "not "
                      "allowed. The client may now forget it. The name after \"queued as\" finds it in the "
                      "logs.",
                      "RFC 5321 section 6.1" },
    [SMTP_TLS_GO] = { "The server is ready to encrypt",
                      "220 is the last line in clear text: the next octets are a TLS handshake. Everything "
                      "said "
                      "before is forgotten afterwards, since anyone on the way could have changed it.",
                      "RFC 3207 section 4" },
    [SMTP_AUTH_MORE] = { "The server asks for the next part of the login",
                         "334 carries a question in base64. Decode it to see that it is nothing secret: "
                         "\"VXNlcm5hbWU6\" is \"Username:\".",
                         "RFC 4954 section 4" },
    [SMTP_AUTH_OK] = { "The server knows who the client is",
                       "235 ends the login. From now on it may send mail to anywhere: that is what separates "
                       "submission by a customer from relaying for a stranger.",
                       "RFC 4954 section 4" },

    /* What ends the session. */
    [SMTP_BYE] = { "The server says goodbye and closes",
                   "221 answers QUIT. Only now does the server close the connection, so the client can be "
                   "sure that "
                   "nothing was cut off.",
                   "RFC 5321 section 4.1.1.10" },
    [SMTP_SHUTTING_DOWN] = { "The server stops and closes the connection",
                             "421 may come instead of any answer. What was not yet answered with 250 still "
                             "belongs to "
                             "the client, which tries again later.",
                             "RFC 5321 section 3.8" },
    [SMTP_TIMED_OUT] = { "The server has waited long enough",
                         "A server waits at least five minutes for the next command. Then it says 421 and "
                         "hangs up, "
                         "since an idle connection costs it memory.",
                         "RFC 5321 section 4.5.3.2.7" },
    [SMTP_TOO_MANY_ERRORS] = { "The server gives up on a client with many errors",
                               "One slip is human; dozens are a broken program or an attack. The server "
                               "hangs up "
                               "rather than answer forever.",
                               "RFC 5321 section 7.8" },
    [SMTP_TOO_MANY_CONNECTIONS] = { "The server limits connections from one address",
                                    "421 in place of a greeting: too many connections are open from here, or "
                                    "opened "
                                    "too fast. An honest client waits and loses nothing.",
                                    "RFC 5321 section 3.8" },
    [SMTP_CHUNK_LOST] = { "The server can no longer tell content from commands",
                          "BDAT without a readable size: octets follow, but how many? Reading them as "
                          "commands would "
                          "let content give orders, so the only safe answer is to close.",
                          "RFC 3030 section 2" },
    [SMTP_NO_SERVICE] = { "This host takes no mail at all",
                          "554 in place of the greeting. The client may only say QUIT, and tries the next MX "
                          "host; "
                          "if there is none the mail comes back.",
                          "RFC 5321 section 3.1" },

    /* Not now. */
    [SMTP_MAILBOX_BUSY] = { "The mailbox is in use, for now",
                            "450 asks the client to come back. The message stays in the client's queue and "
                            "usually "
                            "arrives at the next attempt.",
                            "RFC 5321 section 4.2.2" },
    [SMTP_GREYLISTED] = { "The server turns a stranger away once",
                          "Greylisting: mail from an unknown combination of address and sender is refused "
                          "for some "
                          "minutes. A real mail server tries again; much spam software never does.",
                          "RFC 6647 section 2" },
    [SMTP_RATE_LIMITED] = { "The server asks the client to slow down",
                            "Too much mail in too little time. 451 delays, it does not lose: the client's "
                            "queue holds "
                            "the mail. Seen from inside, it often means that an account has been stolen.",
                            "RFC 5321 section 4.2.2" },
    [SMTP_LOCAL_ERROR] = { "Something inside the server fails",
                           "451 means that the fault is the server's own and should pass: a program that "
                           "crashed, a "
                           "database that is away. The client keeps the message.",
                           "RFC 5321 section 4.2.2" },
    [SMTP_DNS_TEMPFAIL] = { "The server cannot look up a name right now",
                            "A DNS server did not answer. No answer is not the same as \"no such name\", so "
                            "the refusal "
                            "is temporary.",
                            "RFC 5321 section 5.1" },
    [SMTP_SPF_ERROR] = { "The server cannot check SPF right now",
                         "The DNS lookups of the check failed. The server neither trusts nor condemns the "
                         "message; "
                         "it asks the client to come back.",
                         "RFC 7372 section 3.2" },
    [SMTP_MAILBOX_FULL_NOW] = { "The mailbox is full, for now",
                                "452 hopes that its owner tidies up. If that takes longer than the client "
                                "keeps "
                                "trying, often five days, the sender gets a bounce.",
                                "RFC 5321 section 4.2.2" },
    [SMTP_NO_STORAGE] = { "The server's disk is full",
                          "It refuses what it could not keep: accepting and losing would be worse. Its "
                          "administrator "
                          "has work to do, the sender has not.",
                          "RFC 5321 section 4.2.2" },
    [SMTP_TOO_MANY_RECIPIENTS] = { "The transaction has as many recipients as allowed",
                                   "452 refuses this one, not the earlier ones. The client sends the message "
                                   "to "
                                   "those, then starts a new transaction for the rest.",
                                   "RFC 5321 section 4.5.3.1.10" },
    [SMTP_TLS_NOT_NOW] = { "The server cannot encrypt right now",
                           "It offered STARTTLS and cannot keep the promise. A client that insists on "
                           "encryption "
                           "leaves; one that does not goes on in clear text.",
                           "RFC 3207 section 4" },
    [SMTP_AUTH_TEMPFAIL] = { "The server cannot check the password right now",
                             "454: the list of accounts is away. The password may well be right; the mail "
                             "program "
                             "should not ask the user for a new one.",
                             "RFC 4954 section 6" },

    /* The line itself is wrong. */
    [SMTP_UNKNOWN] = { "The server does not know this command",
                       "500: the first word is no command of SMTP. A typing error, another protocol on the "
                       "wrong "
                       "port, or a firewall that rewrites commands it does not like.",
                       "RFC 5321 section 4.2.2" },
    [SMTP_LINE_TOO_LONG] = { "The command line is longer than allowed",
                             "A command has at most 512 octets, a little more for MAIL and RCPT with "
                             "parameters. Limits "
                             "protect the server from clients that never send the end of a line.",
                             "RFC 5321 section 4.5.3.1.4" },
    [SMTP_BAD_LINE] = { "The command holds characters that do not belong there",
                        "Commands are plain ASCII text. Control characters are a broken client or an attempt "
                        "to hide "
                        "something; other letters are allowed only in addresses, with SMTPUTF8.",
                        "RFC 5321 section 2.3.8" },
    [SMTP_BARE_LF] = { "The line does not end as SMTP lines end",
                       "A line ends with CR and LF, two octets. Programs that disagree about where a line "
                       "ends can be "
                       "played against each other: that is how SMTP smuggling works.",
                       "RFC 5321 section 2.3.8" },
    [SMTP_AUTH_TOO_LONG] = { "The login line is longer than allowed",
                             "12288 octets are the limit even for big tickets. Anything longer is not a "
                             "login.",
                             "RFC 4954 section 4" },
    [SMTP_BAD_ARGS] = { "The command is known, its argument is not right",
                        "501: look for a missing colon after FROM or TO, missing angle brackets, or words "
                        "behind a "
                        "command that takes none.",
                        "RFC 5321 section 4.2.2" },
    [SMTP_BAD_NAME] = { "The client's name is no name",
                        "EHLO wants a host name, or an IP address in brackets like [192.0.2.7]. A wrong name "
                        "is no "
                        "reason to refuse mail; something that cannot be a name is.",
                        "RFC 5321 section 4.1.1.1" },
    [SMTP_BAD_PARAM] = { "A parameter has a value that makes no sense",
                         "The keyword is known and its value is missing, malformed or given twice, as in "
                         "SIZE=big.",
                         "RFC 5321 section 4.1.2" },
    [SMTP_PATH_TOO_LONG] = { "The address is too long",
                             "At most 64 octets before the @, 255 behind it, 256 in all with the angle "
                             "brackets.",
                             "RFC 5321 section 4.5.3.1.3" },
    [SMTP_AUTH_CANCELLED] = { "The login ends because the client gave it up",
                              "The client sent a single * instead of an answer; 501 confirms it. Nobody is "
                              "logged in, "
                              "the session goes on.",
                              "RFC 4954 section 4" },
    [SMTP_AUTH_MALFORMED] = { "The login answer cannot be read",
                              "It is not base64, or what it decodes to is not what the mechanism expects. "
                              "This is a "
                              "fault of the program, not a wrong password.",
                              "RFC 4954 section 4" },
    [SMTP_NOT_IMPLEMENTED] = { "The server knows the command and does not have it",
                               "502: the word is SMTP, but this server does not offer it. A client avoids "
                               "this by "
                               "using only what the EHLO reply lists.",
                               "RFC 5321 section 4.2.4" },

    /* The line is right, but not here. */
    [SMTP_NEED_HELLO] = { "The server wants to be greeted first",
                          "503 is about order: EHLO or HELO opens the session, and mail comes after it. The "
                          "command "
                          "itself is fine.",
                          "RFC 5321 section 4.1.4" },
    [SMTP_NEED_EHLO] = { "This command is an extension, and HELO gives none",
                         "A client that says HELO asks for plain SMTP of 1982. AUTH, STARTTLS and BDAT came "
                         "later and "
                         "are opened by EHLO.",
                         "RFC 5321 section 2.2.1" },
    [SMTP_NEED_MAIL] = { "There is no transaction yet",
                         "The order is MAIL, RCPT, DATA: who sends, who receives, what. 503 says that the "
                         "first of "
                         "them has not been accepted.",
                         "RFC 5321 section 4.1.4" },
    [SMTP_NEED_RCPT] = { "There is nobody to send the message to",
                         "DATA needs at least one accepted recipient, and RCPT has not been used yet.",
                         "RFC 5321 section 3.3" },
    [SMTP_NESTED_MAIL] = { "A transaction is already open",
                           "One message at a time: a second MAIL must wait for the end of the first message, "
                           "or RSET "
                           "gives the first one up.",
                           "RFC 5321 section 4.1.4" },
    [SMTP_OUT_OF_ORDER] = { "The command does not fit here",
                            "503: a good command at a bad moment, such as AUTH in the middle of a message or "
                            "DATA "
                            "after BDAT.",
                            "RFC 5321 section 4.1.4" },
    [SMTP_ALREADY_AUTH] = { "The client has already logged in",
                            "One login a session. To become someone else, open a new connection.",
                            "RFC 4954 section 4" },
    [SMTP_ALREADY_TLS] = { "The connection is already encrypted",
                           "STARTTLS inside TLS would be a second layer that protects nothing. The EHLO "
                           "reply inside TLS "
                           "does not offer it.",
                           "RFC 3207 section 4.2" },
    [SMTP_SESSION_REFUSED] = { "The server has refused this session",
                               "It said 554 in place of a greeting. All that is left is QUIT.",
                               "RFC 5321 section 3.1" },
    [SMTP_BAD_MECH] = { "The server does not offer this way to log in",
                        "504: the mechanism is not in the AUTH line of the EHLO reply. Client and server "
                        "must have one "
                        "in common.",
                        "RFC 4954 section 4" },
    [SMTP_UNKNOWN_PARAM] = { "The server does not know this parameter",
                             "Parameters come from extensions. 555 means that the extension was not offered, "
                             "or that "
                             "the session began with HELO.",
                             "RFC 5321 section 4.1.1.11" },

    /* Not for you. */
    [SMTP_NEED_TLS] = { "The server wants encryption first",
                        "530: nothing goes on in clear text here. The client says STARTTLS, or connects to "
                        "the port "
                        "where TLS comes first.",
                        "RFC 3207 section 4" },
    [SMTP_NEED_AUTH] = { "The server wants a login first",
                         "530 on the submission port: only its own users may send from here. Switch on \"my "
                         "server "
                         "requires authentication\" in the mail program.",
                         "RFC 6409 section 4.3" },
    [SMTP_AUTH_WEAK] = { "This way to log in is too weak",
                         "534: the server knows the mechanism and policy forbids it. The client should "
                         "choose a "
                         "stronger one from the list.",
                         "RFC 4954 section 6" },
    [SMTP_AUTH_DENIED] = { "The user name or the password is wrong",
                           "535 says the same for both, so that a stranger cannot find out which names "
                           "exist. Sending "
                           "the same password again does not help.",
                           "RFC 4954 section 6" },
    [SMTP_AUTH_NEEDS_TLS] = { "The server takes no password in clear text",
                              "538: this mechanism shows the password to everyone on the way unless the "
                              "connection is "
                              "encrypted. STARTTLS first, then AUTH.",
                              "RFC 4954 section 6" },
    [SMTP_BLOCKED] = { "The server's policy refuses this",
                       "550 5.7.1: the address or network is on a block list, or a rule forbids it. The text "
                       "should "
                       "say which rule and where to ask.",
                       "RFC 5321 section 4.2.2" },
    [SMTP_EXPN_PROHIBITED] = { "The server does not reveal who is on a list",
                               "EXPN would print the members of a mailing list to anyone who asks.",
                               "RFC 5321 section 7.3" },
    [SMTP_DKIM_FAILED] = { "No signature of the message is valid",
                           "DKIM signs parts of a message with a key that the domain publishes in DNS. Here "
                           "the message "
                           "has been changed on the way, or was never signed by that domain.",
                           "RFC 7372 section 3.1" },
    [SMTP_SPF_FAILED] = { "The client may not send for this domain",
                          "SPF: the domain of the sender lists in DNS which hosts send its mail, and this "
                          "address is not "
                          "among them. A forged sender, or a forgotten entry in the record.",
                          "RFC 7372 section 3.2" },
    [SMTP_RDNS_FAILED] = { "The client's address has no proper name",
                           "The address has no PTR record, or the name does not lead back to it. Home "
                           "connections look "
                           "like this; mail servers should not.",
                           "RFC 7372 section 3.3" },
    [SMTP_DMARC_FAILED] = { "The author's domain asks to refuse this message",
                            "DMARC: neither SPF nor DKIM passed for the domain in the From field, and its "
                            "owner "
                            "published p=reject. This stops forgeries of the address that people see.",
                            "RFC 7489 section 10.3" },
    [SMTP_RELAY_DENIED] = { "The server does not carry mail for strangers",
                            "Neither the recipient nor the client belongs here. RFC 5321 proposes 550 for "
                            "this, many servers say 554; 5.7.1 behind it means not authorized. A server "
                            "that says yes is an open relay: spammers find it within hours, block lists "
                            "soon after.",
                            "RFC 5321 section 3.6.2" },
    [SMTP_NOT_OWNER] = { "The sender address belongs to someone else",
                         "The client has logged in, but as a user who may not send with this address. It "
                         "stops one "
                         "customer from writing in another one's name.",
                         "RFC 6409 section 6.1" },

    /* The address is wrong. */
    [SMTP_NO_SUCH_USER] = { "There is no such mailbox here",
                            "The domain is right, the name before the @ is not: a typing error, or an "
                            "account that is gone. A server that hears this makes a bounce of it; a mail "
                            "program shows it to its user at once.",
                            "RFC 5321 section 4.2.2" },
    [SMTP_NO_SUCH_DOMAIN] = { "The recipient's domain does not exist",
                              "DNS says for certain that there is no such name, so trying again cannot help. "
                              "Look at "
                              "the spelling behind the @.",
                              "RFC 5321 section 5.1" },
    [SMTP_SENDER_DOMAIN_BAD] = { "The sender's domain does not exist",
                                 "A bounce to it could never arrive, so the server does not even start. "
                                 "Often a form "
                                 "on a web server that sends as www-data@localhost.",
                                 "RFC 3463 section 3.2" },
    [SMTP_SENDER_NULL_MX] = { "The sender's domain says that it takes no mail",
                              "Its MX record is a single dot. Nobody could answer, and no bounce could be "
                              "delivered, so "
                              "the server refuses.",
                              "RFC 7505 section 4.2" },
    [SMTP_MAILBOX_DISABLED] = { "The mailbox exists and is switched off",
                                "Its owner has left or has not paid. Only the administrator over there can "
                                "change it.",
                                "RFC 3463 section 3.3" },
    [SMTP_NOT_LOCAL] = { "The user has moved and the server will not forward",
                         "551 names another address for the sender to try. It is a 251 that refuses.",
                         "RFC 5321 section 3.4" },
    [SMTP_BAD_SENDER] = { "The sender address is not written correctly",
                          "553: between the angle brackets must be a name, an @ and a domain, or nothing at "
                          "all for a "
                          "bounce.",
                          "RFC 5321 section 4.1.2" },
    [SMTP_BAD_RECIPIENT] = { "The recipient address is not written correctly",
                             "553: between the angle brackets must be a name, an @ and a domain. Only "
                             "Postmaster may "
                             "stand alone.",
                             "RFC 5321 section 4.1.2" },
    [SMTP_NEED_UTF8] = { "The address needs SMTPUTF8",
                         "Letters outside ASCII are allowed in addresses only when both sides agreed on it: "
                         "the server "
                         "offers SMTPUTF8, and MAIL asks for it.",
                         "RFC 6531 section 3.5" },
    [SMTP_NULL_MX] = { "The recipient's domain takes no mail at all",
                       "Its MX record is a single dot, which says so in DNS. Without it senders would try "
                       "for days "
                       "before they gave up.",
                       "RFC 7505 section 4.1" },

    /* The message is wrong. */
    [SMTP_MAILBOX_FULL] = { "The mailbox is over its quota",
                            "552 gives the message back at once. Its owner must delete something or get more "
                            "room.",
                            "RFC 5321 section 4.2.2" },
    [SMTP_TOO_BIG] = { "The message is larger than the server takes",
                       "The limit is in the SIZE line of the EHLO reply. A client that declares its size in "
                       "MAIL learns "
                       "this before it sends a single octet of the message.",
                       "RFC 1870 section 6.1" },
    [SMTP_NO_VALID_RCPT] = { "Every recipient was refused",
                             "554 to DATA: there is nobody left to deliver to. A pipelining client may meet "
                             "this, since "
                             "it sends DATA before it has read the answers to RCPT.",
                             "RFC 5321 section 4.1.1.4" },
    [SMTP_BARE_LINE_END] = { "The message holds a line end that is none",
                             "A CR or LF alone. Some servers take LF.LF for the end of the message and read "
                             "what "
                             "follows as commands: a forged second message. Refusing closes that hole.",
                             "RFC 5321 section 2.3.8" },
    [SMTP_TEXT_LINE_TOO_LONG] = { "A line of the message is too long",
                                  "The standard promises 1000 octets a line. Programs that need more encode "
                                  "the text as "
                                  "base64 or quoted-printable.",
                                  "RFC 5321 section 4.5.3.1.6" },
    [SMTP_NUL_IN_CONTENT] = { "The message holds a NUL octet",
                              "Text has no octet of value zero; many programs stop reading at it, and would "
                              "see another "
                              "message than the virus scanner did. Attachments travel encoded.",
                              "RFC 2045 section 2.7" },
    [SMTP_EIGHT_BIT_CONTENT] = { "The message holds octets that were not announced",
                                 "Plain SMTP carries 7-bit ASCII. Other octets need BODY=8BITMIME in MAIL, "
                                 "or an "
                                 "encoding.",
                                 "RFC 6152 section 3" },
    [SMTP_CONTENT_REFUSED] = { "The server has read the message and refuses it",
                               "A filter found a virus, spam or something forbidden. Refusing now is honest: "
                               "the sender "
                               "is told, and no bounce goes to a forged address.",
                               "RFC 5321 section 7.9" },
    [SMTP_MAIL_LOOP] = { "The message has been going in circles",
                         "Every server adds a Received field; too many of them mean that two servers send it "
                         "to each "
                         "other. The refusal ends the loop.",
                         "RFC 5321 section 6.3" },
    [SMTP_FAILED] = { "The transaction has failed",
                      "554 gives no closer reason in its code: read the text behind it.",
                      "RFC 5321 section 4.2.2" },
};

static const struct smtp_verdict_info rows[SMTP_VERDICTS] = {
    [SMTP_SILENT] = { "SILENT", "", "", 0, 0, 0, "", SMTP_KIND_GOOD, &words[SMTP_SILENT] },
#define SMTP_X(name, code, status, kind, text)                                                               \
    [SMTP_##name] = { #name,                                                                                 \
                      status,                                                                                \
                      text,                                                                                  \
                      code,                                                                                  \
                      sizeof(status) - 1,                                                                    \
                      sizeof(text) - 1,                                                                      \
                      #code,                                                                                 \
                      SMTP_KIND_##kind,                                                                      \
                      &words[SMTP_##name] },
    SMTP_VERDICT_TABLE(SMTP_X)
#undef SMTP_X
};

const struct smtp_verdict_info *smtp_verdict_info(enum smtp_verdict verdict)
{
    assert(verdict < SMTP_VERDICTS);
    return &rows[verdict];
}

enum smtp_verdict smtp_verdict_find(const char *name)
{
    struct wire_slice wanted = wire_slice_str(name);
    for (unsigned v = SMTP_SILENT; v < SMTP_VERDICTS; v++)
        if (wire_slice_is_nocase(wanted, rows[v].name))
            return (enum smtp_verdict)v;
    return SMTP_SILENT;
}
