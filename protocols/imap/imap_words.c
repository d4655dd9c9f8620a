/* How a server answers, what its data lines mean, and the words that explain both. */
#include "protocols/imap/imap_table.h"

#define VERDICT(v, status, code, text, section, title, words)                                                \
    [IMAP_##v] = { #v, status, code, text, { title, words, section } }

static const struct imap_verdict_info verdicts[IMAP_VERDICTS_END] = {
    VERDICT(GREETED, IMAP_OK, "", "IMAP4rev1 ready", "RFC 3501 section 7.1.1", "The server greets",
            "In IMAP the server speaks first. The star says that the line belongs to no command. A client "
            "that hears something else has reached the wrong port or the wrong program."),
    VERDICT(COMPLETED, IMAP_OK, "", "completed", "RFC 3501 section 7.1.1", "The command is done",
            "The line begins with the tag of the command, so the client knows which one is over even when it "
            "sent several. All data for it came before, in lines with a star."),
    VERDICT(LOGGED_IN, IMAP_OK, "", "Logged in", "RFC 3501 section 6.2", "The server believes the client",
            "The session is authenticated: mailboxes can be listed and opened. What the server can do may be "
            "more than before the login, so it often tells again."),
    VERDICT(OPENED, IMAP_OK, "READ-WRITE", "completed", "RFC 3501 section 6.3.1",
            "The mailbox is open for reading and writing",
            "The session is in the selected state. FETCH, STORE and SEARCH now mean this mailbox, until "
            "another is opened."),
    VERDICT(OPENED_READ_ONLY, IMAP_OK, "READ-ONLY", "completed", "RFC 3501 section 6.3.2",
            "The mailbox is open for reading only",
            "Flags cannot be changed and nothing can be removed, either because EXAMINE asked for that or "
            "because the user has no more rights. A client that ignores it sees its changes refused."),
    VERDICT(APPENDED, IMAP_OK, "", "APPEND completed", "RFC 4315 section 3", "The message is in the mailbox",
            "APPENDUID gives the mailbox's UIDVALIDITY and the new message's UID. The client can connect its "
            "own copy with the server's without searching for it."),
    VERDICT(COPIED, IMAP_OK, "", "COPY completed", "RFC 4315 section 3", "The copies are made",
            "COPYUID lists the old UIDs and, in the same order, the new ones. The originals are still where "
            "they were."),
    VERDICT(REMOVED, IMAP_OK, "", "completed", "RFC 7162 section 3.2.7",
            "The messages are gone, and the client is up to date",
            "HIGHESTMODSEQ is the number of the latest change. The client keeps it with its copy of the "
            "mailbox and "
            "asks next time for what happened after it."),
    VERDICT(
        MODIFIED, IMAP_OK, "", "Conditional STORE failed", "RFC 7162 section 3.1.3",
        "Somebody else was faster",
        "The messages listed in MODIFIED have changed since the client last looked, so their flags were left "
        "alone. The client looks again and decides anew."),
    VERDICT(TLS_BEGINS, IMAP_OK, "", "Begin TLS negotiation now", "RFC 3501 section 6.2.1",
            "The server is ready for TLS",
            "The next octets are the handshake. Both sides forget what was said in the clear, capabilities "
            "too: anyone could have written it."),
    VERDICT(TAKEN, IMAP_SILENT, "", "", "RFC 3501 section 2.2.1", "The server takes a part of a command",
            "The command is not complete yet, so there is no answer yet."),
    VERDICT(RUNNING, IMAP_SILENT, "", "", "RFC 3501 section 2.2.2", "The answer goes on",
            "More data follows for the same command. It is sent as fast as the client reads."),
    VERDICT(SEND_LITERAL, IMAP_PLUS, "", "Ready for literal data", "RFC 3501 section 7.5",
            "The server asks for the announced octets",
            "The client said how many octets follow and waits for this plus sign. The server could refuse "
            "now, before a large message has crossed the network in vain."),
    VERDICT(SEND_CREDENTIALS, IMAP_PLUS, "", "", "RFC 3501 section 6.2.2",
            "The server asks for the next SASL message",
            "Behind the plus stands the server's challenge in base64; it is empty where the mechanism lets "
            "the client speak first."),
    VERDICT(IDLING, IMAP_PLUS, "", "idling", "RFC 2177 section 3", "The server will report by itself",
            "From now on news comes as it happens. The command ends when the client sends DONE."),
    VERDICT(NO_MAILBOX, IMAP_NO, "NONEXISTENT", "No such mailbox", "RFC 5530 section 3",
            "There is no mailbox of that name",
            "Names are compared letter by letter, only INBOX is the same in any case. Often a client guesses "
            "the server's name for Sent wrongly."),
    VERDICT(TRY_CREATE, IMAP_NO, "TRYCREATE", "No such mailbox, it could be created", "RFC 3501 section 7.1",
            "The destination does not exist yet",
            "The server does not create mailboxes by accident. The code invites the client to CREATE it and "
            "to try again."),
    VERDICT(NAME_TAKEN, IMAP_NO, "ALREADYEXISTS", "Mailbox already exists", "RFC 5530 section 3",
            "A mailbox of that name exists already",
            "Nothing was changed. Two devices may both have tried to make it."),
    VERDICT(NOT_POSSIBLE, IMAP_NO, "CANNOT", "That cannot be done", "RFC 5530 section 3",
            "The server can never do this",
            "The name holds characters that it does not take, or the mailbox is one that must stay, like "
            "INBOX. Trying again will not help."),
    VERDICT(
        NO_PERMISSION, IMAP_NO, "NOPERM", "Permission denied", "RFC 5530 section 3",
        "The user may not do this",
        "The login is right, but the rights on this mailbox do not allow it. Common with shared mailboxes."),
    VERDICT(HAS_CHILDREN, IMAP_NO, "HASCHILDREN", "Mailbox has children", "RFC 9051 section 7.1",
            "The mailbox has others below it", "They must be deleted or renamed first."),
    VERDICT(READ_ONLY, IMAP_NO, "NOPERM", "Mailbox is open read-only", "RFC 3501 section 6.3.2",
            "The mailbox was opened only to look",
            "EXAMINE allows no change. The client must SELECT the mailbox first."),
    VERDICT(OVER_QUOTA, IMAP_NO, "OVERQUOTA", "Mailbox is full", "RFC 5530 section 3",
            "The user's space is used up",
            "The message was not stored. Deleting helps only once the messages are expunged; a full mailbox "
            "also makes incoming mail bounce."),
    VERDICT(TOO_BIG, IMAP_NO, "TOOBIG", "Message is too big", "RFC 4469 section 4.2",
            "The message is larger than the server takes",
            "The size stood in front of the message, so the server could refuse before a single octet of it "
            "was sent."),
    VERDICT(LIMIT, IMAP_NO, "LIMIT", "A limit of this server is reached", "RFC 5530 section 3",
            "The server reaches one of its limits",
            "The command is right, but too much for now: too many mailboxes, or no memory left."),
    VERDICT(EXPUNGE_ISSUED, IMAP_NO, "EXPUNGEISSUED", "Some of the messages are gone", "RFC 5530 section 3",
            "Another session has removed a message",
            "This client has not been told yet: its numbers still count the message. NOOP brings the news, "
            "then it can try again."),
    VERDICT(BAD_CHARSET, IMAP_NO, "BADCHARSET (US-ASCII UTF-8)", "Charset is not supported",
            "RFC 3501 section 6.4.4", "The server cannot search in that charset",
            "The code lists those it understands."),
    VERDICT(WRONG_PASSWORD, IMAP_NO, "AUTHENTICATIONFAILED", "Authentication failed", "RFC 5530 section 3",
            "The server does not believe the client",
            "Wrong name or wrong password: it says the same in both cases, so that nobody can find out which "
            "names exist."),
    VERDICT(PRIVACY_REQUIRED, IMAP_NO, "PRIVACYREQUIRED", "Encrypt the connection first",
            "RFC 5530 section 3", "The server wants TLS before a password",
            "It refuses before it has looked at the password. If the client has already sent it in the "
            "clear, the password is known to whoever listened: change it."),
    VERDICT(NO_MECHANISM, IMAP_NO, "CANNOT", "Mechanism is not offered", "RFC 3501 section 6.2.2",
            "The server does not offer that mechanism", "The ones it offers stand in CAPABILITY as AUTH=..."),
    VERDICT(UNAVAILABLE, IMAP_NO, "UNAVAILABLE", "Try again later", "RFC 5530 section 3",
            "A part of the server is out of order",
            "The accounts or the store cannot be reached at the moment. It is not the client's fault and not "
            "for ever; a mail app should not ask the user for a new password."),
    VERDICT(
        NOT_SAVED, IMAP_NO, "NOTSAVED", "Search result is not saved", "RFC 5182 section 2.1",
        "The server cannot remember the result",
        "It has no memory left for it. The dollar sign now means nothing found, so a careless next command "
        "touches no message."),
    VERDICT(
        UNKNOWN_CTE, IMAP_NO, "UNKNOWN-CTE", "Content cannot be decoded or stored", "RFC 3516 section 4.3",
        "The server does not know the encoding",
        "The part is encoded in a way the server cannot undo, or an APPEND holds octets of zero that no mail "
        "can carry. BODY[] still gives the part as it is."),
    VERDICT(NO_QUOTA_ROOT, IMAP_NO, "NONEXISTENT", "No such quota root", "RFC 9208 section 4.1.1",
            "There is no limit of that name",
            "GETQUOTAROOT tells the names of those that hold for a mailbox."),
    VERDICT(UNKNOWN_COMMAND, IMAP_BAD, "", "Unknown command", "RFC 3501 section 7.1.3",
            "The server does not know that command",
            "A typing error, or an extension that the server has not offered."),
    VERDICT(WRONG_STATE, IMAP_BAD, "", "Not in this state", "RFC 3501 section 3",
            "The command is right, the moment is not",
            "FETCH needs an open mailbox, SELECT needs a login, LOGIN must not come twice. The order is part "
            "of the protocol."),
    VERDICT(BAD_SYNTAX, IMAP_BAD, "", "Syntax error", "RFC 3501 section 7.1.3",
            "The server cannot read the command",
            "BAD means: not understood. NO would mean: understood and refused. So this is an error in the "
            "client, not in the mailbox."),
    VERDICT(BAD_TAG, IMAP_BAD, "", "A command begins with a tag", "RFC 3501 section 2.2.1",
            "The line has no usable tag",
            "Each command begins with a tag of the client's choice, then a space. Without it the answer "
            "cannot say which command it means, so it has a star."),
    VERDICT(BAD_NUMBER, IMAP_BAD, "", "No such message number", "RFC 3501 section 9",
            "There is no message in that place",
            "Places run from 1 to the last EXISTS. A client that asks beyond has missed an EXPUNGE."),
    VERDICT(TOO_COMPLEX, IMAP_BAD, "", "Command is too complex", "RFC 2683 section 3.2.1.5",
            "The command is more than the server will take apart",
            "Too many ranges, keys or brackets inside one another. Limits protect the server from commands "
            "that cost the sender nothing and the server a lot."),
    VERDICT(
        LITERAL_TOO_BIG, IMAP_BAD, "", "Literal is too big", "RFC 7888 section 4",
        "The announced literal is too large",
        "Only the number has arrived, and that is enough to refuse. This is why literals wait for a plus."),
    VERDICT(LITERAL_UNASKED, IMAP_BAD, "TOOBIG", "Literal must wait for permission", "RFC 7888 section 5",
            "The literal is too long to come unasked",
            "LITERAL- allows 4096 octets without asking. For more the client writes the number without a "
            "plus and "
            "waits for the server's."),
    VERDICT(AUTH_CANCELLED, IMAP_BAD, "", "Authentication cancelled", "RFC 3501 section 6.2.2",
            "The client has broken off the login", "A star instead of a SASL message means: forget it."),
    VERDICT(AUTH_MALFORMED, IMAP_BAD, "", "Not a valid SASL message", "RFC 3501 section 6.2.2",
            "The SASL message cannot be read",
            "Not base64, or not what the mechanism asks for at this point."),
    VERDICT(IDLE_NOT_DONE, IMAP_BAD, "", "Expected DONE", "RFC 2177 section 3",
            "The client sent something other than DONE",
            "While it idles, a client may send nothing but DONE. The IDLE is over, and the line is lost."),
    VERDICT(GOODBYE, IMAP_BYE, "", "Logging out", "RFC 3501 section 7.1.5", "The server says goodbye",
            "BYE announces that the server will close. Here the client wished it; without LOGOUT it would be "
            "bad news."),
    VERDICT(TIMED_OUT, IMAP_BYE, "", "Autologout, idle for too long", "RFC 3501 section 5.4",
            "The server hangs up on a silent client",
            "After at least 30 minutes without a command a server may end the session. So mail apps renew an "
            "IDLE before that."),
    VERDICT(LINE_TOO_LONG, IMAP_BYE, "", "Line is too long", "RFC 2683 section 3.2.1.5",
            "The line does not end",
            "The server cannot know where the next command begins, so it can only hang up."),
    VERDICT(TOO_MANY_ERRORS, IMAP_BYE, "", "Too many errors", "RFC 3501 section 7.1.5",
            "The server has had enough",
            "One bad command after the other: this is no mail app, or a broken one, or somebody guessing "
            "passwords."),
    VERDICT(FLOODED, IMAP_BYE, "", "Literal is too big", "RFC 7888 section 4",
            "The server hangs up on an endless literal",
            "The client did not wait for permission and announced more than the server will even throw away. "
            "The server may take it all or close; this one closes."),
    VERDICT(MAILBOX_GONE, IMAP_BYE, "", "The open mailbox was deleted", "RFC 2180 section 3",
            "The open mailbox exists no more",
            "Another session has deleted it. This one's numbers mean nothing now, so the server ends the "
            "session."),
    VERDICT(BUSY, IMAP_BYE, "UNAVAILABLE", "Too many connections", "RFC 3501 section 7.1.5",
            "The server is too busy to talk",
            "BYE instead of a greeting. Mail apps open several connections at a time; servers limit them for "
            "each user and address."),
    VERDICT(SHUTTING_DOWN, IMAP_BYE, "UNAVAILABLE", "Server shutting down", "RFC 3501 section 7.1.5",
            "The server is going down",
            "A server that stops tells its clients, so that they know that the network is not to blame."),
};

#define LINE(l, section, title, words) [IMAP_LINE_##l] = { #l, { title, words, section } }

static const struct imap_line_info lines[IMAP_LINES_END] = {
    LINE(CAPABILITY, "RFC 3501 section 7.2.1", "The server lists what it can do",
         "IMAP4rev1 is the base; each further word is an extension. AUTH=... are ways to log in, "
         "LOGINDISABLED means no password before TLS."),
    LINE(ENABLED, "RFC 5161 section 3.2", "The server tells what it has switched on",
         "Words it does not know or cannot switch on are missing; that is no error."),
    LINE(ID, "RFC 2971 section 3.2", "The server tells which program it is",
         "For people who look for faults. NIL means it would rather not say."),
    LINE(NAMESPACE, "RFC 2342 section 5", "The server tells where mailboxes begin",
         "Three lists: the user's own, other users', shared. Each entry is a prefix and the delimiter; NIL "
         "means none."),
    LINE(QUOTAROOT, "RFC 9208 section 4.2.2", "The server names the limits of a mailbox",
         "First the mailbox, then the quota roots. None means no limit."),
    LINE(QUOTA, "RFC 9208 section 4.2.1", "The server tells what is used and allowed",
         "For each resource its name, the use and the limit. STORAGE counts units of 1024 octets."),
    LINE(LIST, "RFC 3501 section 7.2.2", "The server names one mailbox",
         "Attributes, delimiter, name. \\Noselect is a level of the hierarchy that holds no messages; \\Sent "
         "or \\Trash tells what the mailbox is for."),
    LINE(LSUB, "RFC 3501 section 7.2.3", "The server names one subscribed mailbox",
         "The name is on the list to show. Whether the mailbox still exists is another question."),
    LINE(STATUS, "RFC 3501 section 7.2.4", "The server counts another mailbox",
         "How many messages there are and how many are unread, without opening it."),
    LINE(SEARCH, "RFC 3501 section 7.2.5", "The server lists what it has found",
         "Places in line for SEARCH, UIDs for UID SEARCH. No number at all means nothing was found; that is "
         "no error."),
    LINE(ESEARCH, "RFC 4731 section 3.1", "The server sums up what it has found",
         "The tag tells which search it answers. ALL lists ranges, COUNT says how many; what is not there "
         "was not "
         "found."),
    LINE(SORT, "RFC 5256 section 4", "The server lists what it has found, in order",
         "The first number is the first line on the screen."),
    LINE(THREAD, "RFC 5256 section 4", "The server lists conversations",
         "Brackets inside brackets: each number is answered by the next; where several answers follow one "
         "message, "
         "each has brackets of its own."),
    LINE(CLOSED, "RFC 7162 section 3.2.11", "The server closes the mailbox that was open",
         "Everything before this line belongs to the old mailbox, everything behind it to the new one. "
         "Without it "
         "a client could put a late flag on the wrong message."),
    LINE(CLOSED_DELETED, "RFC 9051 section 7.1", "The server closes the mailbox, which is deleted",
         "This session had it open and has deleted it. The session goes on without an open mailbox; others "
         "that have it open are sent away."),
    LINE(FLAGS, "RFC 3501 section 7.2.6", "The server lists the flags in use here",
         "System flags begin with a backslash. The others are keywords that clients have invented, such as "
         "$Forwarded."),
    LINE(EXISTS, "RFC 3501 section 7.3.1", "The server tells how many messages there are",
         "After SELECT it is the count to begin with. At any other time a higher number means new mail: the "
         "new ones are last in line."),
    LINE(RECENT, "RFC 3501 section 7.3.2", "The server tells how many are new to any session",
         "\\Recent marks messages that no session has been told of before this one. It is not the same as "
         "unread."),
    LINE(UNSEEN, "RFC 3501 section 7.1", "The server points to the first unread message",
         "The number is a place in line, not a count. A client can open its list there."),
    LINE(PERMANENTFLAGS, "RFC 3501 section 7.1", "The server tells which flags last",
         "Flags that are missing here are forgotten when the session ends. \\* means that clients may invent "
         "keywords."),
    LINE(UIDVALIDITY, "RFC 3501 section 2.3.1.1", "The server tells whether old UIDs still hold",
         "If the number is the one from last time, every UID means the same message as then. If not, the "
         "client must throw its copy away and fetch anew, or it would show wrong messages."),
    LINE(UIDNEXT, "RFC 3501 section 2.3.1.1", "The server tells the next UID",
         "UIDs only grow. If this number has grown since the last visit, something has arrived in between."),
    LINE(HIGHESTMODSEQ, "RFC 7162 section 3.1.2.1", "The server tells the number of the latest change",
         "Every change in the mailbox takes the next number. If it is the one the client remembers, nothing "
         "has "
         "happened since its last visit."),
    LINE(NOMODSEQ, "RFC 7162 section 3.1.2.2", "The server does not number changes here",
         "The client has to compare all flags, as it would without CONDSTORE."),
    LINE(COPYUID, "RFC 6851 section 4.3", "The server tells the UIDs of the moved messages",
         "It comes before the EXPUNGE lines, so that the client knows where each message went before it "
         "disappears here."),
    LINE(EXPUNGE, "RFC 3501 section 7.4.1", "The server tells that a message is gone",
         "Every message behind it moves up one place, at once: three times EXPUNGE 2 removes three messages. "
         "A client that misses one line changes the wrong message next."),
    LINE(
        VANISHED, "RFC 7162 section 3.2.10", "The server tells which UIDs are gone",
        "In place of one EXPUNGE line for each message. The messages behind them move up as they would after "
        "EXPUNGE."),
    LINE(VANISHED_EARLIER, "RFC 7162 section 3.2.10.1",
         "The server tells what vanished while the client was away",
         "EARLIER means that no place in line moves: the counts the client has just got are without these "
         "messages "
         "already. It strikes them from its copy."),
    LINE(FETCH, "RFC 3501 section 7.4.2", "The server sends what was asked of one message",
         "First its place in line, then names and values in brackets. The server may add what was not asked "
         "for."),
    LINE(FETCH_FLAGS, "RFC 3501 section 7.4.2", "The server tells the flags of a message",
         "After a STORE it is the result. Unasked it means that another device has changed them: read there, "
         "read here."),
    LINE(FETCH_CHANGED, "RFC 7162 section 3.2.5.1", "The server tells what changed while the client was away",
         "Only messages whose number of change is higher than the client's come here. All others are as the "
         "client "
         "remembers them."),
    LINE(CONTENT, "RFC 3501 section 4.3", "The message itself, as a literal",
         "The number in braces said how many octets follow, so the text may hold anything: no line in it can "
         "be taken for an answer. Nothing is dot-stuffed as in SMTP and POP3."),
    LINE(CLIENT_LITERAL, "RFC 3501 section 4.3", "The client sends the announced octets",
         "Strings with quotes, line breaks or letters outside ASCII cannot stand on a command line; they go "
         "as literals."),
    LINE(CLIENT_MESSAGE, "RFC 3501 section 6.3.11", "The client sends the message to store",
         "Exactly as many octets as announced, with CRLF at each line end. Then the command goes on behind "
         "it."),
    LINE(CLIENT_CREDENTIALS, "RFC 3501 section 6.2.2", "The client sends a SASL message",
         "In base64, which is a spelling and no cipher: in PLAIN the password can be read off."),
    LINE(CLIENT_CANCELS, "RFC 3501 section 6.2.2", "The client breaks off the login",
         "It got a challenge that it cannot or will not answer, perhaps because the server could not prove "
         "itself."),
    LINE(CLIENT_DONE, "RFC 2177 section 3", "The client ends its waiting",
         "It has heard news or has something to do. The line has no tag because it belongs to the IDLE "
         "before."),
};

const struct imap_verdict_info *imap_verdict_info(enum imap_verdict verdict)
{
    return &verdicts[verdict < IMAP_VERDICTS_END ? verdict : IMAP_BAD_SYNTAX];
}

const struct imap_line_info *imap_line_info(enum imap_line line)
{
    return &lines[line < IMAP_LINES_END ? line : IMAP_LINE_FETCH];
}
