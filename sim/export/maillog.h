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
 * One record makes at most one line. What a record must carry (attributes; "num" ones may be numbers or
 * digits in a string; those in [] may be missing; `code` and `dsn` may also be the record's own code and
 * status):
 *
 * KIND_QUEUE, attribute `event`, always with `queue_id`
 *   accepted      client [sasl_method] [sasl_username]       smtpd   ID: client=..., sasl_method=...
 *   cleanup       message_id                                 cleanup ID: message-id=<...>
 *   active        from size(num) nrcpt(num)                  qmgr    ID: from=<>, size=, nrcpt= (queue
 * active) sent          to relay delay_ms(num) dsn status_text     smtp    ID: to=<>, relay=, delay=,
 * delays=, dsn=, deferred        [orig_to] [delays]                       local status=sent|deferred|bounced
 * (...) bounced expired       from                                       qmgr    ID: from=<>, status=expired,
 * returned to sender delay-notice  notice_id                                  bounce  ID: sender delay
 * notification: NOTICE bounce-made   notice_id                                  bounce  ID: sender
 * non-delivery notification: NOTICE removed                                                  qmgr    ID:
 * removed The daemon is `daemon` if given; else `local` where relay is "local", `smtp` otherwise. relay:
 * "mx.example.org[198.51.100.25]:25", "local" or "none". client: "mail.example.com[192.0.2.25]".
 *
 * KIND_SESSION, attribute `event`, always with `daemon` (smtpd, submission, smtp, pop3, imap)
 *   smtpd, submission (client always):
 *   connect                                                  connect from C
 *   disconnect    [commands]                                 disconnect from C ehlo=1 mail=1 commands=2
 *   lost, timeout stage                                      lost connection|timeout after STAGE from C
 *   reject        stage code(num) dsn text from to helo      NOQUEUE: reject: STAGE from C: CODE DSN TEXT;
 *                   [proto] [queue_id]                          from=<> to=<> proto=ESMTP helo=<>
 *   auth-failed   method [user] [text]                       warning: C: SASL METHOD authentication failed:
 * ... tls           version cipher                             TLS connection established from C: VERSION
 * with cipher ... smtp, as a client (relay always, [queue_id]): connect-failed text connect to RELAY:
 * Connection refused lost          stage                                      lost connection with RELAY
 * while sending STAGE timeout       stage                                      conversation with RELAY timed
 * out while sending STAGE tls           version cipher                             TLS connection established
 * to RELAY: ... stage "CONNECT" reads "while receiving the initial server greeting" pop3, imap (client
 * always, [local]: the server's own address): login         user method imap-login: Login: user=<>, method=,
 * rip=, lip= auth-failed   user method                                imap-login: Disconnected: ... (auth
 * failed): user=<> ... disconnect, lost, timeout  [user]                        before login: imap-login:
 * Disconnected: ...: rip= logout        user [messages] [octets] [deleted] (num)   pop3(bob)<N>:
 * Disconnected: Logged out retr=1/2113, ... disconnect, lost, timeout with user pop3(bob)<N>: Disconnected:
 * Connection closed ... connect                                                  no line, as in life
 *
 * KIND_MAILBOX, attribute `event`, with user, mailbox, [uid] [size] (num) [message_id] [daemon]
 *   stored                                                   lmtp(bob)<N>: msgid=<>: saved mail to INBOX
 *   expunged, fetched                                        imap(bob)<N>: expunge|fetch: box=INBOX, uid=,
 * msgid=, size=
 *
 * KIND_ERROR on such a host, [daemon]                        warning: TEXT
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

#define MAILLOG_LINE_MAX 2048 /* octets with NUL; a longer line is cut */

/* The record as a log line without line end, NUL-terminated; returns its octets, 0 if the record is not one
 * that a server logs. `host`: the name after the time. `epoch_s` as in the opening. */
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
