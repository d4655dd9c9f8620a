/* The verbs of IMAP and how each can end. The words here are what a learner reads. */
#include "protocols/imap/imap_engine.h"

#define ANY       (IMAP_IN(IMAP_NOT_AUTHENTICATED) | IN_AUTH)
#define STRANGER  IMAP_IN(IMAP_NOT_AUTHENTICATED)
#define IN_AUTH   (IMAP_IN(IMAP_AUTHENTICATED) | IMAP_IN(IMAP_SELECTED))
#define IN_SELECT IMAP_IN(IMAP_SELECTED)

#define CAN(v)    IMAP_CAN_END(IMAP_##v)
/* What the dispatcher itself can find; what comes behind any command while a mailbox is open. */
#define ALONE (CAN(BAD_SYNTAX) | CAN(WRONG_STATE) | CAN(TOO_MANY_ERRORS) | CAN(LINE_TOO_LONG) | CAN(FLOODED))
#define BASIC (ALONE | CAN(RUNNING) | CAN(MAILBOX_GONE))
/* Arguments that may come as literals. */
#define LITERALS (CAN(SEND_LITERAL) | CAN(TAKEN) | CAN(LITERAL_TOO_BIG) | CAN(LITERAL_UNASKED) | CAN(LIMIT))
#define STRINGS  (BASIC | LITERALS)
#define DONE     CAN(COMPLETED)
/* Data in pieces, for which the memory may be missing. */
#define STREAM (DONE | CAN(LIMIT))
#define NAMES  (STRINGS | DONE | CAN(NO_PERMISSION) | CAN(UNAVAILABLE))
#define SETS   (BASIC | STREAM | CAN(BAD_NUMBER) | CAN(TOO_COMPLEX))
#define INTO   (CAN(TRY_CREATE) | CAN(OVER_QUOTA) | CAN(NO_PERMISSION) | CAN(UNAVAILABLE) | CAN(EXPUNGE_ISSUED))
#define SECRET                                                                                               \
    (ALONE | LITERALS | CAN(LOGGED_IN) | CAN(WRONG_PASSWORD) | CAN(PRIVACY_REQUIRED) | CAN(UNAVAILABLE))

#define TEXT(verb, text) static const char text_##verb[] = text;
IMAP_VERBS(TEXT)

#define VERB(verb, run_fn, in, ext, arguments, ends, section, title, words)                                  \
    [IMAP_VERB_##verb] = { { text_##verb, arguments, in, ext, ends, { title, words, section } }, run_fn }

static const struct verb_row {
    struct imap_verb_info info;
    imap_run_fn *run;
} verbs[IMAP_VERBS_END] = {
    [IMAP_VERB_NONE] = { { "", "", 0, 0, ALONE | CAN(UNKNOWN_COMMAND) | CAN(BAD_TAG), { "", "", "" } },
                         NULL },
    VERB(CAPABILITY, imap_run_capability, ANY, 0, "", BASIC | DONE, "RFC 3501 section 6.1.1",
         "The client asks what the server can do",
         "IMAP grew by extensions. The client asks for the list first and then uses only what is on it, so "
         "an old client and a new server still understand each other."),
    VERB(NOOP, imap_run_noop, ANY, 0, "", BASIC | STREAM, "RFC 3501 section 6.1.2",
         "The client asks for news without asking for anything",
         "NOOP does nothing, but its answer may carry what happened meanwhile: new mail, changed flags, "
         "removed messages. Clients that cannot IDLE poll with it, and it keeps the connection from timing "
         "out."),
    VERB(LOGOUT, imap_run_logout, ANY, 0, "", BASIC | CAN(GOODBYE), "RFC 3501 section 6.1.3",
         "The client ends the session",
         "The server says BYE, then answers OK, then both close. The messages stay on the server: that is "
         "the difference from a POP3 client that fetches and deletes."),
    VERB(ID, imap_run_id, ANY, IMAP_EXT_ID, "SP (NIL / \"(\" name SP value ... \")\")", STRINGS | DONE,
         "RFC 2971 section 3.1", "Client and server tell which programs they are",
         "A name and a version for the log of whoever has to find a fault. Nothing may depend on the answer, "
         "because either side can claim anything."),
    VERB(STARTTLS, imap_run_starttls, STRANGER, 0, "", ALONE | CAN(TLS_BEGINS) | CAN(UNKNOWN_COMMAND),
         "RFC 3501 section 6.2.1", "The client asks to encrypt this connection",
         "Port 143 starts in the clear; after the OK the same connection goes on inside TLS. Whoever sits "
         "between can strike STARTTLS from the list, so a careful client insists on it or uses port 993."),
    VERB(AUTHENTICATE, imap_run_authenticate, STRANGER, 0, "SP mechanism [SP initial-response]",
         ALONE | CAN(SEND_CREDENTIALS) | CAN(LOGGED_IN) | CAN(WRONG_PASSWORD) | CAN(PRIVACY_REQUIRED) |
             CAN(NO_MECHANISM) | CAN(UNAVAILABLE) | CAN(AUTH_CANCELLED) | CAN(AUTH_MALFORMED),
         "RFC 3501 section 6.2.2", "The client proves who it is by a SASL mechanism",
         "The mechanism says how. PLAIN sends the password in base64, which hides nothing; SCRAM and "
         "CRAM-MD5 prove that the client knows it without sending it."),
    VERB(LOGIN, imap_run_login, STRANGER, 0, "SP user SP password", SECRET, "RFC 3501 section 6.2.3",
         "The client sends a name and a password as they are",
         "Without TLS everyone on the way can read both. So servers announce LOGINDISABLED until the "
         "connection is encrypted."),
    VERB(ENABLE, imap_run_enable, IN_AUTH, IMAP_EXT_ENABLE, "SP capability ...", BASIC | DONE,
         "RFC 5161 section 3.1", "The client switches an extension on",
         "Some extensions change what the server sends unasked. The server may do so only after the client "
         "has said that it understands."),
    VERB(SELECT, imap_run_select, IN_AUTH, 0, "SP mailbox [SP \"(\" parameters \")\"]",
         NAMES | CAN(OPENED) | CAN(OPENED_READ_ONLY) | CAN(NO_MAILBOX) | CAN(TOO_COMPLEX),
         "RFC 3501 section 6.3.1", "The client opens a mailbox",
         "One mailbox is open at a time. The answer gives the client all it needs to compare its own copy "
         "with the server's: how many messages there are, and UIDVALIDITY."),
    VERB(EXAMINE, imap_run_select, IN_AUTH, 0, "SP mailbox [SP \"(\" parameters \")\"]",
         NAMES | CAN(OPENED) | CAN(OPENED_READ_ONLY) | CAN(NO_MAILBOX) | CAN(TOO_COMPLEX),
         "RFC 3501 section 6.3.2", "The client opens a mailbox only to look",
         "Like SELECT, but nothing changes: no flag is set, \\Recent stays for the next session, nothing can "
         "be removed."),
    VERB(CREATE, imap_run_create, IN_AUTH, 0, "SP mailbox",
         NAMES | CAN(NAME_TAKEN) | CAN(NOT_POSSIBLE) | CAN(LIMIT), "RFC 3501 section 6.3.3",
         "The client makes a new mailbox",
         "What a mail app calls a folder is a mailbox on the server, so every device of the user sees it. "
         "The levels of its name are parted by the server's delimiter, here a slash."),
    VERB(DELETE, imap_run_delete, IN_AUTH, 0, "SP mailbox",
         NAMES | CAN(NO_MAILBOX) | CAN(HAS_CHILDREN) | CAN(NOT_POSSIBLE), "RFC 3501 section 6.3.4",
         "The client removes a mailbox and all its messages",
         "There is no undo in the protocol. INBOX cannot be deleted: new mail must always have somewhere to "
         "go."),
    VERB(RENAME, imap_run_rename, IN_AUTH, 0, "SP mailbox SP new-name",
         NAMES | CAN(NO_MAILBOX) | CAN(NAME_TAKEN) | CAN(NOT_POSSIBLE) | CAN(LIMIT), "RFC 3501 section 6.3.5",
         "The client gives a mailbox another name",
         "Mailboxes below it move along. INBOX is special: its messages go to the new name and an empty "
         "INBOX stays, because mail keeps arriving there."),
    VERB(SUBSCRIBE, imap_run_subscribe, IN_AUTH, 0, "SP mailbox", NAMES | CAN(NO_MAILBOX) | CAN(NOT_POSSIBLE),
         "RFC 3501 section 6.3.6", "The client puts a mailbox on the list to show",
         "The list of subscriptions lives on the server, so all devices show the same folders. It is only a "
         "list of names: a subscribed mailbox may have been deleted since."),
    VERB(UNSUBSCRIBE, imap_run_subscribe, IN_AUTH, 0, "SP mailbox",
         NAMES | CAN(NO_MAILBOX) | CAN(NOT_POSSIBLE), "RFC 3501 section 6.3.7",
         "The client takes a mailbox off the list to show",
         "The mailbox and its messages stay. Only the list that LSUB gives gets shorter."),
    VERB(LIST, imap_run_list, IN_AUTH, 0,
         "SP [\"(\" which \")\" SP] reference SP pattern [SP RETURN SP \"(\" what \")\"]",
         STRINGS | STREAM | CAN(TOO_COMPLEX), "RFC 3501 section 6.3.8",
         "The client asks which mailboxes exist",
         "In the pattern * matches anything and % anything up to the next delimiter, so LIST \"\" % shows "
         "the top level only. The answer is where a mail app's folder pane comes from."),
    VERB(LSUB, imap_run_list, IN_AUTH, 0, "SP reference SP pattern", STRINGS | STREAM,
         "RFC 3501 section 6.3.9", "The client asks which mailboxes are subscribed",
         "Like LIST, but only the names the user wants to see. With % a name that is not subscribed itself "
         "is shown as \\Noselect when something below it is."),
    VERB(NAMESPACE, imap_run_namespace, IN_AUTH, IMAP_EXT_NAMESPACE, "", BASIC | DONE, "RFC 2342 section 5",
         "The client asks where mailboxes of each kind begin",
         "Own, other users' and shared mailboxes may have different prefixes. A client that guesses ends up "
         "making INBOX.Sent on a server that wanted Sent."),
    VERB(GETQUOTA, imap_run_getquota, IN_AUTH, IMAP_EXT_QUOTA, "SP quota-root",
         STRINGS | DONE | CAN(NO_QUOTA_ROOT), "RFC 9208 section 4.1.1",
         "The client asks how much space is used and allowed",
         "Limits hang on quota roots, not on mailboxes: one root may count for many mailboxes. This is where "
         "a "
         "mail app's \"85% full\" comes from."),
    VERB(GETQUOTAROOT, imap_run_getquota, IN_AUTH, IMAP_EXT_QUOTA, "SP mailbox",
         STRINGS | DONE | CAN(NO_MAILBOX), "RFC 9208 section 4.1.2",
         "The client asks which limits hold for a mailbox",
         "The answer names the quota roots and tells the numbers of each. A message that would pass a limit "
         "is "
         "refused when it is copied, appended or delivered."),
    VERB(STATUS, imap_run_status, IN_AUTH, 0, "SP mailbox SP \"(\" items \")\"", NAMES | CAN(NO_MAILBOX),
         "RFC 3501 section 6.3.10", "The client asks for counts without opening a mailbox",
         "This is how a folder pane shows how many messages are unread. It is meant for mailboxes that are "
         "not open; the open one reports by itself."),
    VERB(APPEND, imap_run_append, IN_AUTH, 0, "SP mailbox [SP flags] [SP date] SP literal",
         STRINGS | CAN(APPENDED) | CAN(UNKNOWN_CTE) | CAN(TRY_CREATE) | CAN(TOO_BIG) | CAN(OVER_QUOTA) |
             CAN(NO_PERMISSION) | CAN(UNAVAILABLE) | CAN(LIMIT) | CAN(TOO_COMPLEX) | CAN(NOT_POSSIBLE),
         "RFC 3501 section 6.3.11", "The client puts a message into a mailbox",
         "This is how a sent message gets into Sent and a draft into Drafts. It delivers nothing to anybody: "
         "sending is SMTP's work, and a copy in Sent does not prove that the message went out."),
    VERB(IDLE, imap_run_idle, IN_AUTH, IMAP_EXT_IDLE, "", BASIC | DONE | CAN(IDLING) | CAN(IDLE_NOT_DONE),
         "RFC 2177 section 3", "The client waits for the server to speak",
         "The connection stays open and the server reports new mail at once: this is push mail in IMAP. A "
         "client renews it at least every 29 minutes, before the server may log it out."),
    VERB(CHECK, imap_run_noop, IN_SELECT, 0, "", BASIC | STREAM, "RFC 3501 section 6.4.1",
         "The client asks the server to put its house in order",
         "A checkpoint: whatever the server still has to write, it writes now. Clients that only want news "
         "use NOOP."),
    VERB(CLOSE, imap_run_close, IN_SELECT, 0, "", BASIC | DONE | CAN(UNAVAILABLE), "RFC 3501 section 6.4.2",
         "The client closes the mailbox and clears it out",
         "Messages marked \\Deleted are removed, without a line about each. To leave without removing "
         "anything, a client uses UNSELECT."),
    VERB(UNSELECT, imap_run_close, IN_SELECT, IMAP_EXT_UNSELECT, "", BASIC | DONE, "RFC 3691 section 2",
         "The client closes the mailbox and removes nothing",
         "CLOSE would remove the messages marked \\Deleted. UNSELECT leaves them for a later decision."),
    VERB(EXPUNGE, imap_run_expunge, IN_SELECT, 0, "",
         BASIC | STREAM | CAN(REMOVED) | CAN(READ_ONLY) | CAN(NO_PERMISSION) | CAN(UNAVAILABLE),
         "RFC 3501 section 6.4.3", "The client removes what is marked \\Deleted",
         "Deleting takes two steps: the flag \\Deleted can be taken back, EXPUNGE cannot. It removes every "
         "marked message, also those that another device has marked."),
    VERB(SEARCH, imap_run_search, IN_SELECT, 0,
         "[SP RETURN SP \"(\" what \")\"] [SP CHARSET SP name] SP keys",
         STRINGS | SETS | CAN(BAD_CHARSET) | CAN(NOT_SAVED), "RFC 3501 section 6.4.4",
         "The client lets the server search",
         "The server has all the messages, so only the numbers of those found travel. Keys side by side must "
         "all be true; OR and NOT join them."),
    VERB(SORT, imap_run_sort, IN_SELECT, IMAP_EXT_SORT, "SP \"(\" criteria \")\" SP charset SP keys",
         STRINGS | SETS | CAN(BAD_CHARSET), "RFC 5256 section 3",
         "The client lets the server search and sort",
         "The numbers come back in the order of the list on the screen: newest first, or by sender. The "
         "client "
         "need not fetch ten thousand envelopes to show twenty lines."),
    VERB(THREAD, imap_run_thread, IN_SELECT, IMAP_EXT_THREAD_SUBJECT | IMAP_EXT_THREAD_REFS,
         "SP algorithm SP charset SP keys", STRINGS | SETS | CAN(BAD_CHARSET), "RFC 5256 section 3",
         "The client lets the server group conversations",
         "Answers are put under what they answer. REFERENCES follows the Message-IDs that replies carry; "
         "ORDEREDSUBJECT only looks at subjects and dates."),
    VERB(FETCH, imap_run_fetch, IN_SELECT, 0, "SP sequence-set SP items [SP \"(\" modifiers \")\"]",
         SETS | STRINGS | CAN(UNKNOWN_CTE), "RFC 3501 section 6.4.5", "The client asks for parts of messages",
         "A mail app first fetches flags and envelopes for its list, and a body only when the user opens the "
         "message. The original stays on the server, so the next device can fetch it too."),
    VERB(STORE, imap_run_store, IN_SELECT, 0,
         "SP sequence-set [SP \"(\" UNCHANGEDSINCE SP n \")\"] SP [+-]FLAGS[.SILENT] SP flags",
         SETS | CAN(MODIFIED) | CAN(READ_ONLY) | CAN(EXPUNGE_ISSUED) | CAN(NO_PERMISSION) | CAN(UNAVAILABLE),
         "RFC 3501 section 6.4.6", "The client changes flags",
         "Read, answered and deleted are flags on the server. Set on the phone, they show on the laptop: "
         "that is how several devices stay in step. + adds, - removes, neither replaces."),
    VERB(COPY, imap_run_copy, IN_SELECT, 0, "SP sequence-set SP mailbox", SETS | STRINGS | INTO | CAN(COPIED),
         "RFC 3501 section 6.4.7", "The client copies messages to another mailbox",
         "The server copies; nothing travels to the client and back. Either all messages arrive or none. "
         "Without MOVE, moving is COPY, then \\Deleted, then EXPUNGE."),
    VERB(MOVE, imap_run_copy, IN_SELECT, IMAP_EXT_MOVE, "SP sequence-set SP mailbox",
         SETS | STRINGS | INTO | CAN(READ_ONLY) | CAN(REMOVED), "RFC 6851 section 3.1",
         "The client moves messages to another mailbox",
         "COPY, \\Deleted and EXPUNGE in one step, for these messages only. No moment exists in which a "
         "message is in both places or in neither."),
    VERB(UID_FETCH, imap_run_fetch, IN_SELECT, 0, "SP uid-set SP items [SP \"(\" modifiers \")\"]",
         SETS | STRINGS | CAN(UNKNOWN_CTE), "RFC 3501 section 6.4.8",
         "The client asks for parts of messages, by UID",
         "A sequence number is a place in line and changes when a message before it goes. A UID stays with "
         "its message, so a client can keep a copy and know tomorrow which message that was."),
    VERB(UID_STORE, imap_run_store, IN_SELECT, 0,
         "SP uid-set [SP \"(\" UNCHANGEDSINCE SP n \")\"] SP [+-]FLAGS[.SILENT] SP flags",
         SETS | CAN(MODIFIED) | CAN(READ_ONLY) | CAN(NO_PERMISSION) | CAN(UNAVAILABLE),
         "RFC 3501 section 6.4.8", "The client changes flags, by UID",
         "By UID the right message gets the flag even if others were removed since. A UID that is gone is "
         "passed over in silence."),
    VERB(UID_COPY, imap_run_copy, IN_SELECT, 0, "SP uid-set SP mailbox", SETS | STRINGS | INTO | CAN(COPIED),
         "RFC 3501 section 6.4.8", "The client copies messages, by UID",
         "The copy gets a new UID in the other mailbox. Where UIDPLUS is offered, the code COPYUID tells "
         "which."),
    VERB(UID_MOVE, imap_run_copy, IN_SELECT, IMAP_EXT_MOVE, "SP uid-set SP mailbox",
         SETS | STRINGS | INTO | CAN(READ_ONLY) | CAN(REMOVED), "RFC 6851 section 3.2",
         "The client moves messages, by UID",
         "UIDs name the messages beyond doubt, whatever other sessions remove meanwhile. In the other "
         "mailbox each gets a new one."),
    VERB(UID_SEARCH, imap_run_search, IN_SELECT, 0,
         "[SP RETURN SP \"(\" what \")\"] [SP CHARSET SP name] SP keys",
         STRINGS | SETS | CAN(BAD_CHARSET) | CAN(NOT_SAVED), "RFC 3501 section 6.4.8",
         "The client lets the server search, for UIDs",
         "The same search; the answer lists UIDs instead of places in line, so that it is still right after "
         "the next EXPUNGE."),
    VERB(UID_EXPUNGE, imap_run_expunge, IN_SELECT, IMAP_EXT_UIDPLUS, "SP uid-set",
         SETS | CAN(REMOVED) | CAN(READ_ONLY) | CAN(NO_PERMISSION) | CAN(UNAVAILABLE), "RFC 4315 section 2.1",
         "The client removes these messages and no others",
         "EXPUNGE removes everything marked \\Deleted, also what another device marked a moment ago. With "
         "UIDs only the named ones go."),
    VERB(UID_SORT, imap_run_sort, IN_SELECT, IMAP_EXT_SORT, "SP \"(\" criteria \")\" SP charset SP keys",
         STRINGS | SETS | CAN(BAD_CHARSET), "RFC 5256 section 3",
         "The client lets the server search and sort, for UIDs",
         "The same order; the answer lists UIDs, which stay right when other messages go."),
    VERB(UID_THREAD, imap_run_thread, IN_SELECT, IMAP_EXT_THREAD_SUBJECT | IMAP_EXT_THREAD_REFS,
         "SP algorithm SP charset SP keys", STRINGS | SETS | CAN(BAD_CHARSET), "RFC 5256 section 3",
         "The client lets the server group conversations, by UID",
         "The same groups; the answer names messages by UID."),
};

static const struct wire_slice verb_names[IMAP_VERBS_END] = {
#define NAME(verb, text) [IMAP_VERB_##verb] = { text, sizeof(text) - 1 },
    IMAP_VERBS(NAME)
};

const struct imap_verb_info *imap_verb_info(enum imap_verb verb)
{
    return &verbs[verb < IMAP_VERBS_END ? verb : IMAP_VERB_NONE].info;
}

uint64_t imap_verb_verdicts(enum imap_verb verb)
{
    return imap_verb_info(verb)->verdicts;
}

imap_run_fn *imap_verb_handler(enum imap_verb verb)
{
    return verbs[verb].run;
}

enum imap_verb imap_verb_find(struct wire_slice name, bool uid)
{
    int first = uid ? IMAP_VERB_UID_FETCH : IMAP_VERB_CAPABILITY,
        end = uid ? IMAP_VERBS_END : IMAP_VERB_UID_FETCH;
    size_t prefix = uid ? 4 : 0; /* "UID " */
    for (int v = first; v < end; v++)
        if (name.len + prefix == verb_names[v].len && wire_to_upper(name.at[0]) == verb_names[v].at[prefix] &&
            wire_equal_nocase(name.at, name.len, verb_names[v].at + prefix, name.len))
            return (enum imap_verb)v;
    return IMAP_VERB_NONE;
}

static const struct imap_extension_info extensions[] = {
    { IMAP_EXT_REV2,
      "IMAP4rev2",
      { "The server speaks the newer IMAP as well",
        "IMAP4rev2 makes yesterday's extensions part of the base and drops what nobody used, such as "
        "\\Recent. "
        "The client chooses it with ENABLE.",
        "RFC 9051 section 6.3.1" } },
    { IMAP_EXT_LITERAL_PLUS,
      "LITERAL+",
      { "Literals need not wait for permission",
        "The client may write {5+} and go on at once. It saves a round trip for every literal.",
        "RFC 7888 section 4" } },
    { IMAP_EXT_SASL_IR,
      "SASL-IR",
      { "Credentials may ride on the AUTHENTICATE line",
        "Mechanisms in which the client speaks first save a round trip.", "RFC 4959 section 3" } },
    { IMAP_EXT_ID,
      "ID",
      { "Both sides may say which program they are", "For logs and support, never for decisions.",
        "RFC 2971 section 3" } },
    { IMAP_EXT_ENABLE,
      "ENABLE",
      { "Extensions can be switched on", "The server sends new kinds of data only to clients that asked.",
        "RFC 5161 section 3" } },
    { IMAP_EXT_IDLE,
      "IDLE",
      { "The server can report mail at once", "Clients wait instead of asking again and again.",
        "RFC 2177 section 3" } },
    { IMAP_EXT_NAMESPACE,
      "NAMESPACE",
      { "The server tells where mailboxes begin", "Own, other users' and shared mailboxes can have prefixes.",
        "RFC 2342 section 5" } },
    { IMAP_EXT_UIDPLUS,
      "UIDPLUS",
      { "The server tells the UIDs of copies",
        "APPENDUID and COPYUID save the client a search; UID EXPUNGE removes only what is named.",
        "RFC 4315 section 2" } },
    { IMAP_EXT_MOVE,
      "MOVE",
      { "Messages move in one step", "No copy is left behind if the connection breaks in between.",
        "RFC 6851 section 3" } },
    { IMAP_EXT_UNSELECT,
      "UNSELECT",
      { "A mailbox closes without an expunge", "CLOSE removes what is marked \\Deleted; UNSELECT does not.",
        "RFC 3691 section 2" } },
    { IMAP_EXT_CHILDREN,
      "CHILDREN",
      { "LIST tells which mailboxes have children",
        "A folder pane knows where to draw an arrow without asking again.", "RFC 3348 section 3" } },
    { IMAP_EXT_SPECIAL_USE,
      "SPECIAL-USE",
      { "LIST tells what a mailbox is for",
        "\\Sent and \\Trash mark the folders, whatever their names are in the user's language.",
        "RFC 6154 section 2" } },
    { IMAP_EXT_LITERAL_MINUS,
      "LITERAL-",
      { "Short literals need not wait for permission",
        "Up to 4096 octets may follow at once; a longer literal waits, so that the server can still refuse "
        "it.",
        "RFC 7888 section 5" } },
    { IMAP_EXT_LIST_EXTENDED,
      "LIST-EXTENDED",
      { "LIST takes choices and several patterns",
        "One command asks for subscribed mailboxes, their children and more, where LIST and LSUB took many.",
        "RFC 5258 section 3" } },
    { IMAP_EXT_LIST_STATUS,
      "LIST-STATUS",
      { "LIST can count messages as well",
        "The folder pane with all its unread counts takes one command instead of one for each mailbox.",
        "RFC 5819 section 2" } },
    { IMAP_EXT_ESEARCH,
      "ESEARCH",
      { "A search can answer in short",
        "The client says what it wants of the result: the count, the first, the last, or all as ranges.",
        "RFC 4731 section 3" } },
    { IMAP_EXT_SEARCHRES,
      "SEARCHRES",
      { "The server remembers a search result",
        "A dollar sign in the next command means what was found. The list need not travel to the client and "
        "back.",
        "RFC 5182 section 2" } },
    { IMAP_EXT_STATUS_SIZE,
      "STATUS=SIZE",
      { "STATUS tells the octets of a mailbox",
        "Without it a client has to fetch and add every message's size.", "RFC 8438 section 3" } },
    { IMAP_EXT_BINARY,
      "BINARY",
      { "The server can decode attachments",
        "It undoes base64 and quoted-printable, so a quarter less travels and a simple client needs no "
        "decoder.",
        "RFC 3516 section 4" } },
    { IMAP_EXT_CONDSTORE,
      "CONDSTORE",
      { "Changes are numbered",
        "Each message carries the number of its last change. A client asks for what changed since, and a "
        "STORE can "
        "be refused if somebody was faster.",
        "RFC 7162 section 3.1" } },
    { IMAP_EXT_QRESYNC,
      "QRESYNC",
      { "A client catches up in one command",
        "SELECT tells the changed flags and the vanished messages since the last visit, instead of all flags "
        "of all "
        "messages.",
        "RFC 7162 section 3.2" } },
    { IMAP_EXT_QUOTA,
      "QUOTA",
      { "The server tells limits", "How much is used and allowed, before a message is refused.",
        "RFC 9208 section 4" } },
    { IMAP_EXT_QUOTA_STORAGE,
      "QUOTA=RES-STORAGE",
      { "The limit is one of space", "Counted in units of 1024 octets over all of a user's messages.",
        "RFC 9208 section 5.1" } },
    { IMAP_EXT_SORT,
      "SORT",
      { "The server can sort",
        "By date, sender, subject or size, for clients that keep no copy of the mailbox.",
        "RFC 5256 section 3" } },
    { IMAP_EXT_THREAD_SUBJECT,
      "THREAD=ORDEREDSUBJECT",
      { "The server groups by subject",
        "Messages with the same subject, without Re: and Fwd:, in order of date.", "RFC 5256 section 3" } },
    { IMAP_EXT_THREAD_REFS,
      "THREAD=REFERENCES",
      { "The server groups by references",
        "Replies name what they answer; the tree of a conversation follows from that.",
        "RFC 5256 section 3" } },
    { IMAP_EXT_UTF8,
      "UTF8=ACCEPT",
      { "The server takes UTF-8",
        "Mailbox names and header fields may hold any letters once the client enables it.",
        "RFC 9755 section 3" } },
    { IMAP_EXT_APPENDLIMIT,
      "APPENDLIMIT=",
      { "The server tells the largest message it takes",
        "A client can refuse a large attachment before it uploads it.", "RFC 7889 section 3" } },
};

const struct imap_extension_info *imap_extension_at(size_t index)
{
    return index < sizeof extensions / sizeof extensions[0] ? &extensions[index] : NULL;
}

const char *imap_state_name(enum imap_state state)
{
    static const char *const names[IMAP_STATES] = { "not authenticated", "authenticated", "selected",
                                                    "logout" };
    return state < IMAP_STATES ? names[state] : "";
}

const char *imap_status_name(enum imap_status status)
{
    static const char *const names[] = { "OK", "NO", "BAD", "BYE", "PREAUTH", "+", "" };
    return names[status];
}

static const char *const flag_names[] = { "\\Seen",    "\\Answered", "\\Flagged",
                                          "\\Deleted", "\\Draft",    "\\Recent" };

const char *imap_flag_name(enum imap_flag flag)
{
    for (unsigned i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
        if ((unsigned)flag == 1u << i)
            return flag_names[i];
    return "";
}

unsigned imap_flag_find(struct wire_slice name)
{
    for (unsigned i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++)
        if (wire_slice_is_nocase(name, flag_names[i]))
            return 1u << i;
    return 0;
}
