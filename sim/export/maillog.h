#ifndef SIM_EXPORT_MAILLOG_H
#define SIM_EXPORT_MAILLOG_H
/*
 * maillog - the log that each mail server would have written, in the form of a real one.
 *
 *   Jan  5 09:00:01 mx mailwalk/smtpd[412]: connect from mail.example.com[192.0.2.25]
 *   DIR/mx.example.org.log: one file for each host of role mta or store that logs something
 *
 * The shapes are those of Postfix and Dovecot, so that what one learns to grep here works at work; the
 * program is called mailwalk. The time is UTC. The number in brackets follows from the connection. Values
 * with control characters, bad UTF-8 or marks of direction have "?" in their place, so no peer can forge a
 * line.
 *
 * A record makes no line, one, or (queue accepted) two. What it must carry, as attributes, of those that
 * docs/TRACE.md lists ([]: may be missing; code and status are the record's own, dsn an attribute that
 * stands in for status; numbers may be digits in a string):
 *
 * KIND_QUEUE: queue_id and event
 *   event          further                                   line
 *   accepted       [client] [sasl_method] [sasl_username]    smtpd: ID: client=C, sasl_method=M, ...
 *                    [daemon] [message_id]                   cleanup: ID: message-id=<...>
 *   active         from size nrcpt                           qmgr: ID: from=<>, size=, nrcpt= (queue active)
 *   sent           to relay delay_ms dsn status_text         smtp: ID: to=<>, relay=, delay=, delays=,
 *   deferred         [orig_to] [delays] [daemon]               dsn=, status=deferred (TEXT)
 *   bounced
 *   expired        from                                      qmgr: ID: from=<>, status=expired, returned...
 *   loop           to                                        local: ID: warning: mail forwarding loop for TO
 *   delay-notice   [notice_id]                               bounce: ID: sender delay notification: ID2
 *   bounce-made    [notice_id]                               bounce: ID: sender non-delivery notification:
 *   removed                                                  qmgr: ID: removed
 *
 *   relay: "mx.example.org[198.51.100.25]:25", "local" or "none"; "local" is logged by `local`, others by
 *   `smtp`, unless daemon says who. client: "mail.example.com[192.0.2.25]". from and to without brackets.
 *
 * KIND_SESSION: event and daemon, which is one of smtpd, submission, smtp, pop3, imap
 *   smtpd and submission, with client:
 *   connect                                                  connect from C
 *   disconnect     [commands]                                disconnect from C ehlo=1 mail=1 commands=2
 *   lost, timeout  command                                   lost connection|timeout after COMMAND from C
 *   reject         command code dsn from to helo             NOQUEUE: reject: COMMAND from C: CODE DSN TEXT;
 *                    [text, or the record's] [proto]           from=<> to=<> proto=ESMTP helo=<>
 *                    [queue_id]
 *   auth-failed    method [user] [text]                      warning: C: SASL M authentication failed: TEXT
 *   tls            version cipher                            TLS connection established from C: V with...
 *   smtp, a client, with relay [queue_id]:
 *   connect-failed result or text                            connect to RELAY: Connection refused
 *   greeting-refused code dsn [text]                         host RELAY refused to talk to me: CODE TEXT
 *   lost           command                                   lost connection with RELAY while sending COMMAND
 *   timeout        command                                   conversation with RELAY timed out while...
 *   tls            version cipher                            TLS connection established to RELAY: V with...
 *     without command, or CONNECT: "while receiving the initial server greeting"
 *   pop3 and imap, with client [local] (the server's end, "name[address]"):
 *   login          user method                               pop3-login: Login: user=<>, method=, rip=, lip=
 *   auth-failed    user method                               pop3-login: Disconnected: ... (auth failed):...
 *   logout         user [messages] [octets] [deleted]        pop3(bob)<N>: Disconnected: Logged out retr=...
 *   disconnect,    user                                      pop3(bob)<N>: Disconnected: Connection closed
 *   lost, timeout  no user: nobody logged in                 pop3-login: Disconnected: ...: rip=, lip=
 *   connect; disconnect after logout                         no line, as in life
 *
 * KIND_MAILBOX: event, user, mailbox [uid] [size] [message_id] [daemon]
 *   stored                                                   lmtp(bob)<N>: msgid=<>: saved mail to INBOX
 *   over-quota                                               lmtp(bob)<N>: msgid=<>: save failed to INBOX:...
 *   expunged, fetched, deleted                               imap(bob)<N>: expunge|fetch|delete: box=, uid=,
 *   flags          flags                                     imap(bob)<N>: flag_change: box=, uid=, flags=()
 *     by daemon; else by the record's protocol; else by "store"
 *
 * KIND_ERROR: the record's text, [daemon]                    warning: TEXT
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

#define MAILLOG_LINE_MAX 2048 /* octets with NUL; a longer line is cut */

/* The record as a log line without line end, NUL-terminated; returns its octets, 0 if the record is not one
 * that a server logs. Two lines have LF between them. `host`: the name after the time. `epoch_s` as in the
 * opening. */
size_t export_maillog_line(int64_t epoch_s, const char *host, const struct trace_record *r,
                           char buf[MAILLOG_LINE_MAX]);

struct export_maillog;

/* Writes into the folder `dir`, which is made if it is not there (its parent is). Files that are there
 * are overwritten. NULL and *error: the folder cannot be made, or no memory. */
struct export_maillog *export_maillog_open(const char *dir, int *error);

struct trace_sink export_maillog_sink(struct export_maillog *m);

/* Writes the rest and frees. Returns 0, or the errno of the first write that failed. */
int export_maillog_close(struct export_maillog *m);
#endif
