/* What the client learns from the server, in words for a learner. */
#include "protocols/imap/imap_client.h"

#define ANSWER(a, section, title, words) [IMAP_ANSWER_##a] = { #a, { title, words, section } }

static const struct imap_answer_info answers[IMAP_ANSWERS_END] = {
    ANSWER(NOTED, "RFC 3501 section 2.2.2", "The client notes what the server tells",
           "Data with a star can come at any time, asked or not. A client that only waits for its answer "
           "misses new mail and counts wrongly from then on."),
    ANSWER(CONTENT, "RFC 3501 section 4.3", "The client takes in the announced octets",
           "It counts octets instead of looking for an end, so the message may contain anything."),
    ANSWER(GREETING, "RFC 3501 section 7.1.1", "The client hears an IMAP server",
           "The greeting begins with * OK. Now the client may speak."),
    ANSWER(GO_ON, "RFC 3501 section 7.5", "The client may go on with its command",
           "The plus is no answer yet: the command is still being told."),
    ANSWER(OK, "RFC 3501 section 7.1.1", "The command has worked",
           "All its data came before this line. The next task can begin."),
    ANSWER(NO, "RFC 3501 section 7.1.2", "The server refuses",
           "It has understood and cannot or may not do it. The code in brackets is for programs, the text "
           "for people."),
    ANSWER(BAD, "RFC 3501 section 7.1.3", "The server does not understand",
           "An error in the client or an extension the server lacks. To send the same again is useless."),
    ANSWER(BYE, "RFC 3501 section 7.1.5", "The server ends the session",
           "The client must connect anew and log in again; what was not answered may or may not have been "
           "done."),
    ANSWER(TLS_NOW, "RFC 3501 section 6.2.1", "The client starts the TLS handshake",
           "Everything heard so far is forgotten, the list of capabilities too: anybody could have changed "
           "it on the way."),
    ANSWER(TLS_MISSING, "RFC 8314 section 5.2", "The server offers no TLS, and the client insists on it",
           "Either the server has none, or somebody on the way has struck STARTTLS from the list. A client "
           "that went on would hand over the password."),
    ANSWER(TLS_REFUSED, "RFC 3501 section 6.2.1", "The server offers TLS and then refuses it",
           "A certificate is missing or the server is broken. The client goes on in the clear only if its "
           "user allows that."),
    ANSWER(NO_WAY_IN, "RFC 3501 section 6.2.3", "Client and server share no way to log in",
           "LOGIN is disabled and no mechanism suits both. Often the cause is that the connection is not "
           "encrypted."),
    ANSWER(LOGIN_REFUSED, "RFC 3501 section 6.2", "The server does not let the client in",
           "A wrong password and an account that does not exist look alike, on purpose. The client asks its "
           "user and does not try on its own: too many errors lock accounts."),
    ANSWER(LOGGED_IN, "RFC 3501 section 3.2", "The client is logged in",
           "Now it can list and open mailboxes."),
    ANSWER(NOT_OFFERED, "RFC 3501 section 6.1.1", "The server lacks what the task needs",
           "The word is missing from CAPABILITY, so the client does not even try."),
    ANSWER(NOT_IMAP, "RFC 3501 section 7.1", "What answers is not an IMAP server",
           "The greeting has the wrong form: wrong port, a web server, or TLS expected from the first octet "
           "as on port 993."),
    ANSWER(GARBLED, "RFC 3501 section 9", "The client cannot read the server's line",
           "It no longer knows where the next line begins, so it closes. Guessing could mean flags on the "
           "wrong message."),
    ANSWER(TOO_LONG, "RFC 2683 section 3.2.1.5", "The server's line does not end",
           "The client protects its memory and closes."),
    ANSWER(FINISHED, "RFC 3501 section 6.1.3", "The session is over",
           "Goodbye has been said on both sides; the connection closes. The mail stays on the server."),
};

const struct imap_answer_info *imap_answer_info(enum imap_answer answer)
{
    return &answers[answer < IMAP_ANSWERS_END ? answer : IMAP_ANSWER_GARBLED];
}

const char *imap_client_state_name(enum imap_client_state state)
{
    static const char *const names[IMAP_CLIENT_STATES] = {
        [IMAP_CLIENT_GREETING] = "greeting", [IMAP_CLIENT_CAPABILITY] = "capability",
        [IMAP_CLIENT_STARTTLS] = "starttls", [IMAP_CLIENT_TLS] = "tls handshake",
        [IMAP_CLIENT_LOGIN] = "login",       [IMAP_CLIENT_READY] = "ready",
        [IMAP_CLIENT_TASK] = "task",         [IMAP_CLIENT_IDLE] = "idle",
        [IMAP_CLIENT_LOGOUT] = "logout",     [IMAP_CLIENT_CLOSED] = "closed",
    };
    return state < IMAP_CLIENT_STATES ? names[state] : "";
}
