#include "ui/tape/record.h"
#include "ui/screen/state_words.h"

#include <stdio.h>
#include <string.h>

/* ---- what explains it ------------------------------------------------------------------------------------
 */

struct row {
    enum trace_kind kind;
    const char *event; /* "": any */
    struct ui_words words;
};

static const struct row rows[] = {
    { TRACE_KIND_QUEUE,
      "accepted",
      { "The server has the message",
        "It stands in the queue of this server, which answers for it from now on.",
        "RFC 5321 section 6.1" } },
    { TRACE_KIND_QUEUE,
      "deferred",
      { "Not now: the message waits",
        "A temporary failure: no connection, or a 4yz reply. The server keeps the message and tries again, "
        "at longer and longer intervals, for days.",
        "RFC 5321 section 4.5.4.1" } },
    { TRACE_KIND_QUEUE,
      "bounced",
      { "Never: the message cannot be delivered",
        "A 5yz reply is final. Nobody tries again, and the server that holds the message owes its sender a "
        "report: the bounce.",
        "RFC 5321 section 6.1" } },
    { TRACE_KIND_QUEUE,
      "expired",
      { "Too late: the server gives up",
        "It has tried for days. Now it reports to the sender that the message did not arrive.",
        "RFC 5321 section 4.5.4.1" } },
    { TRACE_KIND_QUEUE,
      "sent",
      { "Handed on", "The next server has said 250 after the dot: it answers for the message now.",
        "RFC 5321 section 6.1" } },
    { TRACE_KIND_QUEUE,
      "removed",
      { "The queue is done with the message",
        "Each recipient is settled: handed on, stored here, or reported to the sender. Only now may this "
        "server delete its copy.",
        "RFC 5321 section 6.1" } },
    { TRACE_KIND_QUEUE,
      "loop",
      { "The message goes in circles",
        "It has passed too many servers: each adds a Received field, and these are counted.",
        "RFC 5321 section 6.3" } },
    { TRACE_KIND_QUEUE,
      "bounce-made",
      { "A bounce is written", "A message from nobody (<>), so that nobody answers a report with a report.",
        "RFC 3464 section 2" } },
    { TRACE_KIND_MAILBOX,
      "stored",
      { "In the mailbox", "Delivered: it waits for its reader.", "RFC 5321 section 2.3.10" } },
    { TRACE_KIND_MAILBOX,
      "expunged",
      { "Removed from the server", "It is gone for all devices.", "RFC 3501 section 6.4.3" } },
    { TRACE_KIND_MAILBOX,
      "over-quota",
      { "The mailbox is full", "The message does not fit into what this user may keep.",
        "RFC 3463 section 3.3" } },
    { TRACE_KIND_SESSION,
      "connect-failed",
      { "No connection",
        "Nobody answered, or somebody said no. A mail server keeps the message and tries the next MX host; "
        "a mail program tells its user.",
        "RFC 5321 section 5.1" } },
    { TRACE_KIND_SESSION,
      "timeout",
      { "Silence for too long", "Every wait has an end: whoever waits for ever can be kept waiting for ever.",
        "RFC 5321 section 4.5.3.2" } },
    { TRACE_KIND_SESSION,
      "lost",
      { "The connection broke", "What was not answered with 250 was not accepted: the sender still has it.",
        "RFC 5321 section 4.2.5" } },
    { TRACE_KIND_CLIENT,
      "send-failed",
      { "The mail program could not send",
        "It must tell its user at once: no server has taken the message, so none will send a bounce.",
        "RFC 6409 section 3.2" } },
    { TRACE_KIND_CLIENT,
      "sent",
      { "The mail program is done", "Its server has said 250 after the dot and answers for the message now.",
        "RFC 5321 section 6.1" } },
    { TRACE_KIND_CLIENT,
      "message",
      { "The message is with its reader",
        "It was fetched. Whether it also stays on the server is up to the protocol and the program's "
        "settings.",
        "" } },
    { TRACE_KIND_CLIENT,
      "fetched",
      { "The mail program has what it came for",
        "Fetching is the last step. SMTP had no part in it: it ends at the mailbox.", "" } },
    { TRACE_KIND_CLIENT,
      "action-done",
      { "A step of the lesson is over", "What the lesson lets wait for it may begin now.", "" } },
    { TRACE_KIND_CLIENT,
      "fetch-failed",
      { "The mail program could not fetch", "What is in the mailbox stays there.", "" } },
    { TRACE_KIND_FIREWALL,
      "",
      { "A firewall rule decides",
        "Dropped: nobody is told, and the sender waits. Rejected: the sender knows at once.",
        "RFC 2979 section 3" } },
    { TRACE_KIND_CONFIG,
      "changed",
      { "Somebody edits a setting", "What came before met the old one, what comes now meets this one.",
        "" } },
    { TRACE_KIND_CONFIG,
      "",
      { "The setting that decides", "Change it with x, and see what happens instead.", "" } },
    { TRACE_KIND_FAULT,
      "begin",
      { "The network does not work as it should",
        "From now on this link does harm to frames. TCP is made for that; what has no TCP must help itself.",
        "" } },
    { TRACE_KIND_FAULT,
      "down",
      { "A host is switched off", "It answers nothing any more. The others notice by its silence.", "" } },
    { TRACE_KIND_FAULT,
      "up",
      { "A host is switched on", "It answers again. Who waited for it finds out at the next try.", "" } },
    { TRACE_KIND_FAULT,
      "end",
      { "The network works again", "What TCP has in hand is sent again by itself.", "" } },
    { TRACE_KIND_OUTCOME,
      "",
      { "How it ended", "The lesson says what must have come of the run. This row compares it with what did.",
        "" } },
};

/* No hop by SMTP follows: the mailbox is on this host. */
static bool stored_here(const struct trace_record *r)
{
    return r->kind == TRACE_KIND_QUEUE && record_is(r, "event", "sent") && record_is(r, "relay", "local");
}

bool ui_state_words(const struct trace_record *r, struct ui_words *out)
{
    if (stored_here(r)) {
        *out = (struct ui_words){ "Delivered", "The mailbox is on this host: no further server takes part.",
                                  "RFC 5321 section 4.4" };
        return true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == r->kind &&
            (!rows[i].event[0] || strcmp(rows[i].event, record_attr(r, "event")) == 0)) {
            *out = rows[i].words;
            return true;
        }
    return false;
}

/* ---- in one line -----------------------------------------------------------------------------------------
 */

/* What a program's result means, for people. */
static const char *result_text(const char *result)
{
    static const char *const words[][2] = { { "ok", "done" },
                                            { "partly", "some recipients were refused" },
                                            { "refused", "the connection was refused" },
                                            { "timed-out", "nobody answered in time" },
                                            { "reset", "the connection was broken" },
                                            { "unreachable", "there is no way to the server" },
                                            { "prohibited", "a firewall forbids it" },
                                            { "not-smtp", "whoever answered does not speak SMTP" },
                                            { "not-pop3", "whoever answered does not speak POP3" },
                                            { "not-imap", "whoever answered does not speak IMAP" },
                                            { "auth-failed", "the login was refused" },
                                            { "rejected", "the server refused it" },
                                            { "no-server", "the server's name has no address" },
                                            { "lost", "the connection was lost" },
                                            { "not-secured", "no safe TLS connection, so nothing was sent" },
                                            { "nothing-new", "nothing new" } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], result) == 0)
            return words[i][1];
    return result;
}

static void client_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    static const char *const events[][2] = {
        { "sending", "begins to send" },           { "sent", "has sent its message" },
        { "send-failed", "could not send" },       { "fetched", "has fetched its mail" },
        { "fetch-failed", "could not fetch" },     { "message", "has the message" },
        { "telnet-done", "has ended the telnet" }, { "lookup-done", "has its answer" },
        { "ping-done", "has ended the ping" },     { "action-done", "is done" }
    };
    const char *event = record_attr(r, "event"), *result = record_attr(r, "result"),
               *subject = record_attr(r, "subject");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (strcmp(events[i][0], event) == 0) {
            event = events[i][1];
            break;
        }
    if (*subject)
        snprintf(buf, cap, "%s: %s \"%.80s\"%s%s", host, event, subject,
                 strcmp(record_attr(r, "intact"), "no") == 0 ? ", changed on the way" : "",
                 strcmp(record_attr(r, "intact"), "yes") == 0 ? ", octet for octet" : "");
    else
        snprintf(buf, cap, "%s: %s%s%s", host, event, *result && strcmp(result, "ok") ? ": " : "",
                 *result && strcmp(result, "ok") ? result_text(result) : "");
}

static void timer_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    if (record_is(r, "timer", "rto"))
        snprintf(buf, cap, "%s: no ACK for %lld ms: sends again", host,
                 (long long)record_number(r, "after_ms", 0));
    else if (record_is(r, "timer", "fast-retransmit"))
        snprintf(buf, cap, "%s: the same ACK again and again: sends again", host);
    else if (record_is(r, "timer", "give-up"))
        snprintf(buf, cap, "%s: TCP gives up", host);
    else if (record_is(r, "timer", "persist"))
        snprintf(buf, cap, "%s: the other end has no room: asks whether it has some now", host);
    else
        snprintf(buf, cap, "%s: TCP %s", host, record_attr(r, "timer"));
}

static void cache_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = record_attr(r, "event"), *text = r->text ? r->text : "";
    int len = r->text_len < 400 ? (int)r->text_len : 400;
    if (strcmp(event, "CACHE_HIT") == 0)
        snprintf(buf, cap, "%s: the answer is in its cache: %.*s", host, len, text);
    else if (strcmp(event, "stored") == 0 || strcmp(event, "replaced") == 0)
        snprintf(buf, cap, "%s: keeps in its cache: %.*s", host, len, text);
    else
        snprintf(buf, cap, "%s: cache, %s: %.*s", host, event, len, text);
}

static void mailbox_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    static const char *const events[][2] = { { "stored", "a message is stored in" },
                                             { "fetched", "a message is fetched from" },
                                             { "expunged", "a message is removed from" },
                                             { "flags", "a message has other flags in" },
                                             { "over-quota", "a message is over the quota of" } };
    const char *event = record_attr(r, "event");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (strcmp(events[i][0], event) == 0) {
            event = events[i][1];
            break;
        }
    snprintf(buf, cap, "%s: %s %s of %s", host, event, record_attr(r, "mailbox"), record_attr(r, "user"));
}

/* "queue_empty" of the scenario's file, in words. */
static void outcome_text(const struct trace_record *r, char *buf, size_t cap)
{
    char what[40];
    snprintf(what, sizeof what, "%s", record_attr(r, "what"));
    for (char *c = what; *c; c++)
        if (*c == '_')
            *c = ' ';
    snprintf(buf, cap, "%s: %s, %s (%s)", record_is(r, "ok", "no") ? "NOT as expected" : "as expected", what,
             record_attr(r, "expected"), record_attr(r, "got"));
}

static void queue_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    static const char *const events[][2] = { { "accepted", "is in the queue" },
                                             { "active", "is worked on" },
                                             { "deferred", "has to wait" },
                                             { "bounced", "cannot be delivered" },
                                             { "expired", "waited too long" },
                                             { "sent", "is handed on" },
                                             { "removed", "leaves the queue" },
                                             { "bounce-made", "is reported to its sender" },
                                             { "delay-notice", "is late, which its sender is told" } };
    const char *event = record_attr(r, "event");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (strcmp(events[i][0], event) == 0) {
            event = events[i][1];
            break;
        }
    snprintf(buf, cap, "%s: %s%s%s %s%s%s", host, record_attr(r, "queue_id"),
             *record_attr(r, "to") ? " for " : "", record_attr(r, "to"), event,
             *record_attr(r, "status_text") ? ": " : "", record_attr(r, "status_text"));
}

static void session_text(const char *host, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = record_attr(r, "event"), *verdict = record_attr(r, "verdict"),
               *result = record_attr(r, "result");
    if (strcmp(event, "timeout") == 0)
        snprintf(buf, cap, "%s has waited too long and hangs up", host);
    else if (strcmp(event, "lost") == 0)
        snprintf(buf, cap, "%s: the connection is lost", host);
    else if (strcmp(event, "connect-failed") == 0)
        snprintf(buf, cap, "%s: no connection%s%s", host, *result ? ": " : "", result);
    else
        snprintf(buf, cap, "%s: session %s%s%s", host, event, *verdict ? ": " : "", verdict);
}

/* Settings may be numbers. */
static void setting_text(const struct trace_record *r, char *buf, size_t cap)
{
    const char *value = trace_attr_get(r, "value"), *was = record_attr(r, "was");
    if (record_is(r, "event", "changed"))
        snprintf(buf, cap, "%s is now %s%s%s", record_attr(r, "set"), record_attr(r, "value"),
                 *was ? ", it was " : "", was);
    else if (value)
        snprintf(buf, cap, "setting %s: %s", record_attr(r, "pointer"), value);
    else
        snprintf(buf, cap, "setting %s = %lld", record_attr(r, "pointer"),
                 (long long)record_number(r, "value", 0));
}

const char *ui_state_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = record_attr(r, "event"), *host = tape_host(t, r->host);
    switch (r->kind) {
    case TRACE_KIND_TCP_STATE:
        snprintf(buf, cap, "%s: TCP %s to %s", host, record_attr(r, "from"), record_attr(r, "to"));
        break;
    case TRACE_KIND_TCP_TIMER:
        timer_text(host, r, buf, cap);
        break;
    case TRACE_KIND_QUEUE:
        queue_text(host, r, buf, cap);
        break;
    case TRACE_KIND_MAILBOX:
        mailbox_text(host, r, buf, cap);
        break;
    case TRACE_KIND_SESSION:
        session_text(host, r, buf, cap);
        break;
    case TRACE_KIND_CACHE:
        cache_text(host, r, buf, cap);
        break;
    case TRACE_KIND_CONFIG:
        setting_text(r, buf, cap);
        break;
    case TRACE_KIND_OUTCOME:
        outcome_text(r, buf, cap);
        break;
    case TRACE_KIND_CLIENT:
        client_text(host, r, buf, cap);
        break;
    case TRACE_KIND_FIREWALL:
        snprintf(buf, cap, "rule \"%s\" (%s): %s", record_attr(r, "rule"), record_attr(r, "pointer"),
                 record_attr(r, "action"));
        break;
    case TRACE_KIND_FAULT:
        if (strcmp(event, "down") == 0 || strcmp(event, "up") == 0) {
            snprintf(buf, cap, "%s is switched %s (%s)", record_attr(r, "name"), *event == 'd' ? "off" : "on",
                     record_attr(r, "pointer"));
            break;
        }
        snprintf(buf, cap, "%.*s%s%s%s", (int)(r->text_len < 300 ? r->text_len : 300),
                 r->text ? r->text : event, *record_attr(r, "pointer") ? " (" : "", record_attr(r, "pointer"),
                 *record_attr(r, "pointer") ? ")" : "");
        break;
    default:
        if (r->text && r->text_len)
            snprintf(buf, cap, "%.*s", (int)(r->text_len < 900 ? r->text_len : 900), r->text);
        else
            snprintf(buf, cap, "%s: %s %s", host, trace_kind_name(r->kind), event);
    }
    return buf;
}
