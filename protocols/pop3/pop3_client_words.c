/* What a POP3 client makes of what it reads: a row for each verdict. */
#include "protocols/pop3/pop3_client.h"

#define ROW(verdict, failure, title, lesson, section)                                                        \
    [POP3C_##verdict] = { POP3C_##verdict, #verdict, failure, { title, lesson, section } }

static const struct pop3_client_verdict_info verdicts[POP3C_VERDICTS] = {
    ROW(CONNECTED, false, "The client waits for the greeting",
        "The connection is open, but in POP3 the server speaks first.", "RFC 1939 section 4"),
    ROW(GREETED, false, "The client has found a POP3 server",
        "The line begins with +OK. Now the client may say who it is.", "RFC 1939 section 4"),
    ROW(CAPA_BEGINS, false, "The client is about to learn what the server can",
        "Lines follow until one holds a single dot.", "RFC 2449 section 5"),
    ROW(CAPA_LINE, false, "The client notes one capability",
        "It remembers the few that it has a use for and skips the rest.", "RFC 2449 section 5"),
    ROW(CAPA_END, false, "The client knows what the server can",
        "It now chooses: encryption first if there is any, then the best way to log in.",
        "RFC 2449 section 5"),
    ROW(NO_CAPA, false, "The server does not know CAPA",
        "It is an old one. The client goes on with what every POP3 server can do.", "RFC 2449 section 5"),
    ROW(TLS_GO, false, "The client may start TLS",
        "The next octets it sends are a TLS handshake. What it has learnt so far it must ask again.",
        "RFC 2595 section 4"),
    ROW(TLS_DONE, false, "The connection is encrypted",
        "From here on whoever carries the packets sees only that there is mail, not what it says. The client "
        "asks for the capabilities again, because the first list could have been changed on the way.",
        "RFC 2595 section 4"),
    ROW(UTF8_TAKEN, false, "The server will send any script as it is",
        "The client has said that it reads UTF-8. Now it logs in.", "RFC 6856 section 2.1"),
    ROW(USER_TAKEN, false, "The server has taken the name",
        "It would have said the same to any name. The password comes next.", "RFC 1939 section 7"),
    ROW(CHALLENGE, false, "The client is asked by the mechanism",
        "It computes the answer and sends it in base64.", "RFC 5034 section 4"),
    ROW(LOGGED_IN, false, "The client is logged in",
        "The maildrop is locked for it until it says QUIT or the connection ends.", "RFC 1939 section 4"),
    ROW(STATUS, false, "The client knows how much mail there is", "With no mail at all it can leave at once.",
        "RFC 1939 section 5"),
    ROW(LIST_BEGINS, false, "The client is about to learn the sizes",
        "A line for each message, then a single dot.", "RFC 1939 section 5"),
    ROW(LIST_LINE, false, "The client notes a message and its size",
        "The number is what RETR and DELE will use in this session.", "RFC 1939 section 5"),
    ROW(LIST_END, false, "The client has the whole list", "It knows the numbers and sizes of all messages.",
        "RFC 1939 section 5"),
    ROW(UIDL_BEGINS, false, "The client is about to learn the lasting names",
        "A number and a unique-id on each line, then a single dot.", "RFC 1939 section 7"),
    ROW(UIDL_LINE, false, "The client compares a lasting name with its own list",
        "A name it has seen before is a message it has fetched before.", "RFC 1939 section 7"),
    ROW(UIDL_END, false, "The client knows which messages are new",
        "It fetches those and leaves the others where they are.", "RFC 1939 section 7"),
    ROW(NO_UIDL, false, "The server has no lasting names",
        "The client cannot tell old mail from new and has to fetch everything.", "RFC 1939 section 7"),
    ROW(MESSAGE_BEGINS, false, "A message is about to come",
        "What follows is the message itself until a line with a single dot. The size in the text is for "
        "people; the dot is what counts.",
        "RFC 1939 section 5"),
    ROW(MESSAGE_PIECE, false, "The client takes in a piece of the message",
        "Where a line begins with two dots it takes one away.", "RFC 1939 section 3"),
    ROW(MESSAGE_END, false, "The client has the whole message",
        "The line with the single dot has come. Only now is it safe to delete the message on the server.",
        "RFC 1939 section 5"),
    ROW(MESSAGE_GONE, false, "The server does not give this message",
        "It is listed but cannot be fetched. The client goes on with the next one.", "RFC 1939 section 5"),
    ROW(DELETED, false, "The message is marked for deletion",
        "It goes when QUIT is answered. If the connection breaks first, it will be fetched twice, which is "
        "better than lost.",
        "RFC 1939 section 5"),
    ROW(NOT_DELETED, false, "The server did not mark the message",
        "It will be there at the next login and may be fetched again.", "RFC 1939 section 5"),
    ROW(FINISHED, false, "The session has ended well",
        "The server has removed what was marked and released the lock.", "RFC 1939 section 6"),
    ROW(NOT_FINISHED, true, "The server could not remove some messages",
        "The mail is fetched, but parts of it are still on the server and may come again.",
        "RFC 1939 section 6"),
    ROW(NOT_POP3, true, "This is not a POP3 server",
        "The first line does not begin with +OK or -ERR. The port is wrong, or something in between answers "
        "in its place.",
        "RFC 1939 section 4"),
    ROW(TURNED_AWAY, true, "The server turns the client away",
        "It greets with -ERR: it is there but does not serve now. Trying later is all that helps.",
        "RFC 1939 section 4"),
    ROW(NO_TLS, true, "The server offers no encryption",
        "This client is set up to send its password only inside TLS. A server that suddenly stops offering "
        "it may be someone in between removing the offer.",
        "RFC 8314 section 5.2"),
    ROW(NO_MECHANISM, true, "There is no way to log in that both accept",
        "The server's list and the client's settings have nothing in common.", "RFC 5034 section 4"),
    ROW(DENIED, true, "The server refuses name and password",
        "A program should ask the person now. Trying the same password again only locks the account.",
        "RFC 3206 section 5"),
    ROW(IN_USE, true, "Another session has the maildrop",
        "The password was right. Another device is fetching mail, or a broken session still holds the lock; "
        "it passes.",
        "RFC 2449 section 8.1.2"),
    ROW(TEMPFAIL, true, "The server has a passing problem",
        "The password may well be right. Try again later without asking the person.", "RFC 3206 section 4"),
    ROW(PERMFAIL, true, "The server has a lasting problem",
        "Somebody must look after this mailbox: trying again does not help.", "RFC 3206 section 4"),
    ROW(REFUSED, true, "The server says no",
        "-ERR to a command that should work, with no code that says why.", "RFC 1939 section 3"),
    ROW(BAD_REPLY, true, "The reply makes no sense",
        "It is neither +OK nor -ERR, or its numbers are impossible. The client no longer knows where it "
        "stands and hangs up; nothing is deleted.",
        "RFC 1939 section 3"),
    ROW(LINE_TOO_LONG, true, "The reply has no end",
        "More octets than any reply may have came without a line break. Reading on would only fill memory.",
        "RFC 2449 section 4"),
    ROW(HOST_REFUSED, true, "The client could not keep the message",
        "Its disk is full or the message too large. It does not delete what it has not kept.",
        "RFC 1939 section 5"),
    ROW(CUT_OFF, true, "The connection broke before the end",
        "QUIT was not answered, so the server deletes nothing. What was fetched may come a second time.",
        "RFC 1939 section 6"),
    ROW(TIMED_OUT, true, "The server has gone silent",
        "The client has waited long enough. The server may be down, or a firewall dropped the connection.",
        "RFC 1939 section 3"),
};

const struct pop3_client_verdict_info *pop3_client_verdict_info(enum pop3_client_verdict verdict)
{
    return (unsigned)verdict < POP3C_VERDICTS ? &verdicts[verdict] : NULL;
}

const char *pop3_client_state_name(enum pop3_client_state state)
{
    static const char *const names[POP3C_STATES] = {
        "GREETING", "CAPA",       "CAPA_LIST", "STLS",       "TLS",  "UTF8", "AUTH", "USER", "PASS", "STAT",
        "LIST",     "LIST_LINES", "UIDL",      "UIDL_LINES", "RETR", "BODY", "DELE", "QUIT", "DONE", "FAILED",
    };
    return (unsigned)state < POP3C_STATES ? names[state] : "";
}
