#ifndef SIM_HOSTS_TELL_H
#define SIM_HOSTS_TELL_H
/*
 * tell - how hosts write the trace: phases from a table, state records with attributes.
 *
 *   tell_phase(host, PHASE_MX, peer, conn, "%s looks up where %s receives mail", ...);
 *
 *   struct trace_record r;
 *   if (tell_state(&r, host, TRACE_KIND_QUEUE, "deferred")) {
 *       trace_attr_str(&r, "queue_id", id);
 *       tell_send(&r, host);
 *   }
 *
 * A record that nobody wants costs a test and a count. What tell_* emits becomes the cause of what the same
 * event does next.
 */
#include "sim/hosts/host.h"

/* The steps of a message's journey that a lesson names. X(name, title, lesson, section) */
#define PHASES(X)                                                                                            \
    X(COMPOSE, "The sender presses Send",                                                                    \
      "The mail program turns what was typed into one text: header fields, an empty line, the body. "        \
      "Nothing has left the computer yet.",                                                                  \
      "RFC 5322 section 2.1")                                                                                \
    X(FIND_SERVER, "The mail program looks for its server",                                                  \
      "The account names a server, but packets carry addresses. DNS turns the name into an address; "        \
      "without it no mail leaves.",                                                                          \
      "RFC 1034 section 2.3")                                                                                \
    X(FIND_HOST, "A name has to become an address",                                                          \
      "Packets carry addresses, not names. Every program asks the DNS first, telnet like any other.",        \
      "RFC 1034 section 2.3")                                                                                \
    X(CONNECT_SUBMIT, "The mail program connects to its server",                                             \
      "TCP opens with SYN, SYN-ACK, ACK. The port says which service is meant: 25 is where servers "         \
      "bring mail to servers, 587 and, with TLS from the first octet, 465 take mail from users. Exams "      \
      "often say just \"SMTP is port 25\".",                                                                 \
      "RFC 6409 section 3.1, RFC 8314 section 3.3")                                                          \
    X(SUBMIT_HELLO, "Client and server introduce themselves",                                                \
      "The server has greeted with 220. EHLO names the client, and the answer lists what this server "       \
      "can do.",                                                                                             \
      "RFC 5321 section 3.1")                                                                                \
    X(SUBMIT_AUTH, "The user proves who is sending",                                                         \
      "A submission server passes mail on to the whole world, so it asks who is calling. 235 means "         \
      "that the password was right, 535 that it was not.",                                                   \
      "RFC 4954 section 4")                                                                                  \
    X(ENVELOPE, "The envelope: from whom, to whom",                                                          \
      "MAIL FROM and RCPT TO are the envelope. Servers deliver by it alone; the From and To inside the "     \
      "message are for people. The three commands may travel in one packet, and so may the answers.",        \
      "RFC 5321 section 2.3.1")                                                                              \
    X(CONTENT, "The message itself crosses the wire",                                                        \
      "354 was the go-ahead. Now comes the text, line by line, ended by a line with a single dot. A "        \
      "line of the text that begins with a dot gets a second one.",                                          \
      "RFC 5321 section 4.5.2")                                                                              \
    X(ACCEPTED, "The server takes responsibility",                                                           \
      "250 after the dot is a promise: from now on this server must deliver the message or report that "     \
      "it could not.",                                                                                       \
      "RFC 5321 section 6.1")                                                                                \
    X(QUEUE, "The message waits in the queue",                                                               \
      "Store and forward: the message is on the server's disk, and the server works on it when it can. "     \
      "The sender may switch off the computer now.",                                                         \
      "RFC 5321 section 4.5.4.1")                                                                            \
    X(ROUTE, "The server asks who receives mail for the domain",                                             \
      "The MX records of a domain name its mail servers; the lowest preference is tried first. Only "        \
      "where there is no MX record at all, the address of the domain itself is used.",                       \
      "RFC 5321 section 5.1")                                                                                \
    X(CONNECT_RELAY, "One mail server calls another",                                                        \
      "Servers talk to each other on port 25. There is no password: any server may bring mail for the "      \
      "users of this domain, and the receiver decides what it believes.",                                    \
      "RFC 5321 section 4.5.4.2")                                                                            \
    X(RELAY_HELLO, "The servers introduce themselves",                                                       \
      "The sending server is the client now. It speaks the same SMTP as the mail program did.",              \
      "RFC 5321 section 3.1")                                                                                \
    X(LOCAL, "Final delivery: the message and the mailbox",                                                  \
      "No further hop by SMTP. If the mailbox has room, the server writes Return-Path on top, the "          \
      "sender of the envelope, and stores the message for its user.",                                        \
      "RFC 5321 section 4.4")                                                                                \
    X(DEFER, "The message has to wait",                                                                      \
      "A 4xx reply, a timeout or a host that is down is temporary. The server keeps the message and "        \
      "tries again; the pauses grow.",                                                                       \
      "RFC 5321 section 4.5.4.1")                                                                            \
    X(RELOAD, "A setting is changed",                                                                        \
      "Somebody edits a setting, and the program reads it again. What is under way goes on as it began; "    \
      "whoever comes next meets the new setting.",                                                           \
      NULL)                                                                                                  \
    X(ZONE_EDITED, "A record in the DNS is changed",                                                         \
      "The name server answers with the new data at once. But caches everywhere keep what they have heard "  \
      "until its TTL is over, and nobody can make them forget it.",                                          \
      "RFC 1034 section 3.6")                                                                                \
    X(RETRY, "The server tries again",                                                                       \
      "The waiting time is over. The queue runs on its own: nobody has to press Send a second time.",        \
      "RFC 5321 section 4.5.4.1")                                                                            \
    X(NEXT_HOST, "The server tries the next mail server",                                                    \
      "One address did not work. The sender goes on to the next, in the order of preference, before it "     \
      "gives up for now. A 5xx to the recipient would have ended the search: that is an answer.",            \
      "RFC 5321 section 5.1")                                                                                \
    X(NOTICE, "The sender is told about the delay",                                                          \
      "After some hours without success many servers send a notice: not delivered yet, still trying. "       \
      "The sender need not do anything. The standard allows it and does not ask for it.",                    \
      "RFC 5321 section 4.5.4.1, RFC 3464 section 2.3.3")                                                    \
    X(BOUNCE, "The message cannot be delivered: a bounce",                                                   \
      "A 5xx reply is final, and so is the end of the waiting time, usually five days. The server that "     \
      "holds the message must report it to the sender. The report has the empty sender <>, so that it "      \
      "never bounces itself.",                                                                               \
      "RFC 5321 section 6.1, RFC 3464 section 2")                                                            \
    X(LOST_BOUNCE, "A report that cannot be delivered ends here",                                            \
      "A report has no sender to report to. If it could bounce, two servers might answer each other "        \
      "for ever.",                                                                                           \
      "RFC 5321 section 4.5.5")                                                                              \
    X(REFUSED, "The mail program reports a failure",                                                         \
      "No server has accepted the message, so no server will send a bounce: the program itself must "        \
      "tell its user, now.",                                                                                 \
      "RFC 5321 section 4.2.1")                                                                              \
    X(CONNECT_FETCH, "The reader's program connects to the mailbox server",                                  \
      "SMTP pushes mail from server to server. To read it, a program pulls it, with POP3 (port 110, "        \
      "with TLS from the start 995) or IMAP (port 143, with TLS 993).",                                      \
      "RFC 1939 section 3, RFC 3501 section 2.1")                                                            \
    X(POP3_LOGIN, "The reader logs in by POP3",                                                              \
      "The maildrop is locked for this one session. LIST, RETR and DELE are allowed only after the "         \
      "login.",                                                                                              \
      "RFC 1939 section 4")                                                                                  \
    X(POP3_FETCH, "POP3 downloads the messages",                                                             \
      "STAT and LIST count, RETR copies. POP3 knows one maildrop, the INBOX, and nothing about "             \
      "folders, or about read and unread.",                                                                  \
      "RFC 1939 section 5")                                                                                  \
    X(POP3_DELETE, "POP3 removes what was downloaded",                                                       \
      "Nothing in POP3 forces a client to delete; most are set to. DELE only marks, the server deletes "     \
      "at QUIT. Afterwards the only copy is on this device.",                                                \
      "RFC 1939 section 6")                                                                                  \
    X(POP3_END, "POP3 says goodbye", "QUIT ends the session and unlocks the maildrop.",                      \
      "RFC 1939 section 6")                                                                                  \
    X(IMAP_LOGIN, "The reader logs in by IMAP",                                                              \
      "Every command carries a tag, and the answer repeats it, so several commands can be under way at "     \
      "once.",                                                                                               \
      "RFC 3501 section 2.2.1")                                                                              \
    X(IMAP_SELECT, "IMAP opens a mailbox",                                                                   \
      "SELECT tells how many messages are there. They stay on the server, with their flags, for every "      \
      "device of this user.",                                                                                \
      "RFC 3501 section 6.3.1")                                                                              \
    X(IMAP_FETCH, "IMAP reads messages and leaves them where they are",                                      \
      "FETCH can ask for the envelope alone, for one part, or for everything. Fetching the text with "       \
      "BODY[] sets the flag \\Seen, BODY.PEEK[] does not; the other devices see the flag.",                  \
      "RFC 3501 section 6.4.5")                                                                              \
    X(IMAP_CHANGE, "IMAP changes the mailbox",                                                               \
      "STORE sets flags, COPY files a message, EXPUNGE removes what is marked \\Deleted: on the "            \
      "server, so for all devices.",                                                                         \
      "RFC 3501 section 6.4.6")                                                                              \
    X(IMAP_END, "IMAP says goodbye", "LOGOUT ends the session; the mail stays on the server.",               \
      "RFC 3501 section 6.1.3")                                                                              \
    X(TELNET, "A person types to the server",                                                                \
      "Mail protocols are lines of text: telnet and a keyboard are enough to be a client. With port "        \
      "465 or 993 it would have to be \"openssl s_client\".",                                                \
      "RFC 5321 section 2.3.7")                                                                              \
    X(HAND, "A person is the server",                                                                        \
      "The client cannot tell who types. It follows the code of each answer, so this is the way to see "     \
      "what it does with any of them, and how long it waits for none.",                                      \
      "RFC 5321 section 4.2")                                                                                \
    X(LOOKUP, "Somebody asks the DNS", "The same question that a mail server asks, by hand.",                \
      "RFC 1034 section 3.7")                                                                                \
    X(PING, "Somebody pings a host",                                                                         \
      "An echo request asks whether the host answers at all. It says nothing about the service on a "        \
      "port.",                                                                                               \
      "RFC 792")                                                                                             \
    X(DOOR, "A real program comes in",                                                                       \
      "What it says is real, its packets are simulated: this host stands for it, opens the connection and "  \
      "passes everything on.",                                                                               \
      "RFC 9293 section 3.5")                                                                                \
    X(EXIT, "A connection leaves for a real server",                                                         \
      "The host that answers here only stands for a program outside of the simulation. What comes in is "    \
      "passed on to it, octet by octet, and what it answers is sent back.",                                  \
      "RFC 9293 section 3.5")

#define X(name, title, lesson, section) PHASE_##name,
enum phase { PHASES(X) PHASE_COUNT };
#undef X

struct phase_info {
    const char *name, *title, *lesson, *section;
};
const struct phase_info *phase_info(enum phase p);

/* Starts a record: kind, host and time; everything else zero. */
void tell_begin(struct trace_record *r, const struct host *host, enum trace_kind kind);

/* Emits a phase with one sentence that names names. */
void tell_phase(struct host *host, enum phase p, uint32_t peer, uint32_t conn, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Emits a phase in the words of the scenario; lesson may be NULL. */
void tell_words(struct host *host, const char *title, const char *lesson);

/* Starts a state record with attribute `event` (NULL: none). False: nobody wants it; it is counted. */
bool tell_state(struct trace_record *r, const struct host *host, enum trace_kind kind, const char *event);
/* The same of a server's session: connection, protocol, daemon, the client's address, and its own with the
 * port. The texts of the two are in `ends` until the record is sent. */
struct pump;
struct tell_ends {
    char client[WORLD_PEER_TEXT], local[WORLD_PEER_TEXT];
};
bool tell_session_begin(struct trace_record *r, const struct pump *p, const char *event, const char *daemon,
                        struct tell_ends *ends);
/* Emits it; it becomes the current cause if `leads` is true. */
uint64_t tell_send(struct trace_record *r, const struct host *host, bool leads);

/* The text of an address without a buffer of one's own: lives until the fourth next call. */
const char *tell_addr(const struct net_addr *a);

/* "mail.example.com, 198.51.100.25", or the address alone where the name is one: lives until the next
 * call. */
const char *tell_place(const char *name, const struct net_addr *a);

/* A wait for people: "45 s", "5 min", "2 h 40 min", "1 d 4 h"; lives until the next call. */
const char *tell_wait(uint64_t ns);
#endif
