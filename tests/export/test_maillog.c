/* Mail logs: lines as Postfix and Dovecot write them, one file a server, nobody forges a line. */
#include "sim/export/maillog.h"

#include <errno.h>
#include <sys/stat.h>

#include "tests/check_main.h"
#include "tests/export/sample.h"

#define ATTRS_MAX 12

struct row {
    enum trace_kind kind;
    const char *want; /* after "Jan  5 09:00:01 mx "; "": no line */
    uint16_t code;
    const char *status, *text;
    const char *attr[2 * ATTRS_MAX]; /* key, value; a value that begins with # is a number */
};

#define Q TRACE_KIND_QUEUE
#define S TRACE_KIND_SESSION
#define M TRACE_KIND_MAILBOX

static const struct row rows[] = {
    { S,
      "mailwalk/smtpd[412]: connect from mail.example.com[192.0.2.25]",
      0,
      "",
      NULL,
      { "event", "connect", "daemon", "smtpd", "client", "mail.example.com[192.0.2.25]" } },
    { S,
      "mailwalk/submission/smtpd[412]: disconnect from alice[192.0.2.10] ehlo=1 quit=1 commands=2",
      0,
      "",
      NULL,
      { "event", "disconnect", "daemon", "submission", "client", "alice[192.0.2.10]", "commands",
        "ehlo=1 quit=1 commands=2" } },
    { S,
      "mailwalk/smtpd[412]: disconnect from a[192.0.2.1]",
      0,
      "",
      NULL,
      { "event", "disconnect", "daemon", "smtpd", "client", "a[192.0.2.1]" } },
    { S,
      "mailwalk/smtpd[412]: lost connection after DATA from a[192.0.2.1]",
      0,
      "",
      NULL,
      { "event", "lost", "daemon", "smtpd", "client", "a[192.0.2.1]", "command", "DATA" } },
    { S,
      "mailwalk/smtpd[412]: timeout after EHLO from a[192.0.2.1]",
      0,
      "",
      NULL,
      { "event", "timeout", "daemon", "smtpd", "client", "a[192.0.2.1]", "command", "EHLO" } },
    { S,
      "mailwalk/smtpd[412]: NOQUEUE: reject: RCPT from mail.example.com[192.0.2.25]: 550 5.1.1 "
      "<nobody@example.org>: Recipient address rejected: User unknown; from=<alice@example.com> "
      "to=<nobody@example.org> proto=ESMTP helo=<mail.example.com>",
      550,
      "5.1.1",
      "<nobody@example.org>: Recipient address rejected: User unknown",
      { "event", "reject", "daemon", "smtpd", "client", "mail.example.com[192.0.2.25]", "command", "RCPT",
        "from", "alice@example.com", "to", "nobody@example.org", "helo", "mail.example.com" } },
    { S,
      "mailwalk/smtpd[412]: 4F2A: reject: DATA from a[192.0.2.1]: 452 4.3.1 full; from=<> proto=SMTP "
      "helo=<x>",
      0,
      "",
      NULL,
      { "event",    "reject", "daemon", "smtpd", "client", "a[192.0.2.1]", "command", "DATA",
        "from",     "",       "helo",   "x",     "code",   "#452",         "dsn",     "4.3.1",
        "queue_id", "4F2A",   "proto",  "SMTP",  "text",   "full" } },
    { S,
      "mailwalk/smtpd[412]: warning: a[192.0.2.1]: SASL PLAIN authentication failed: wrong, "
      "sasl_username=bob",
      0,
      "",
      NULL,
      { "event", "auth-failed", "daemon", "smtpd", "client", "a[192.0.2.1]", "method", "PLAIN", "text",
        "wrong", "user", "bob" } },
    { S,
      "mailwalk/smtpd[412]: TLS connection established from a[192.0.2.1]: TLSv1.3 with cipher X",
      0,
      "",
      NULL,
      { "event", "tls", "daemon", "smtpd", "client", "a[192.0.2.1]", "version", "TLSv1.3", "cipher", "X" } },
    { S, "", 0, "", NULL, { "event", "auth", "daemon", "smtpd", "client", "a[192.0.2.1]" } },
    { S,
      "mailwalk/smtp[412]: connect to mx.example.org[198.51.100.25]:25: Connection refused",
      0,
      "",
      NULL,
      { "event", "connect-failed", "daemon", "smtp", "relay", "mx.example.org[198.51.100.25]:25", "result",
        "refused" } },
    { S,
      "mailwalk/smtp[412]: 4F2A: lost connection with mx[198.51.100.25]:25 while sending RCPT TO",
      0,
      "",
      NULL,
      { "event", "lost", "daemon", "smtp", "relay", "mx[198.51.100.25]:25", "command", "RCPT TO", "queue_id",
        "4F2A" } },
    { S,
      "mailwalk/smtp[412]: conversation with mx[198.51.100.25]:25 timed out while receiving the initial "
      "server "
      "greeting",
      0,
      "",
      NULL,
      { "event", "timeout", "daemon", "smtp", "relay", "mx[198.51.100.25]:25" } },
    { S,
      "mailwalk/smtp[412]: host mx[198.51.100.25]:25 refused to talk to me: 421 4.3.2 later",
      421,
      "4.3.2",
      "later",
      { "event", "greeting-refused", "daemon", "smtp", "relay", "mx[198.51.100.25]:25" } },
    { S, "", 0, "", NULL, { "event", "connect", "daemon", "smtp", "relay", "mx[198.51.100.25]:25" } },
    { S, "", 0, "", NULL, { "event", "connect", "daemon", "mua-smtp", "relay", "mx[198.51.100.25]:25" } },
    { S,
      "mailwalk: pop3-login: Login: user=<bob>, method=PLAIN, rip=203.0.113.5, lip=198.51.100.110",
      0,
      "",
      NULL,
      { "event", "login", "daemon", "pop3", "client", "bob[203.0.113.5]", "user", "bob", "method", "PLAIN",
        "local", "mx[198.51.100.110]" } },
    { S,
      "mailwalk: imap-login: Disconnected: Connection closed (auth failed): user=<bob>, method=LOGIN, "
      "rip=203.0.113.5",
      0,
      "",
      NULL,
      { "event", "auth-failed", "daemon", "imap", "client", "bob[203.0.113.5]", "user", "bob", "method",
        "LOGIN" } },
    { S,
      "mailwalk: pop3(bob)<412>: Disconnected: Logged out retr=1/2113, del=1",
      0,
      "",
      NULL,
      { "event", "logout", "daemon", "pop3", "user", "bob", "messages", "#1", "octets", "#2113", "deleted",
        "#1" } },
    { S,
      "mailwalk: imap(bob)<412>: Disconnected: Logged out deleted=0 body_count=2 body_bytes=99",
      0,
      "",
      NULL,
      { "event", "logout", "daemon", "imap", "user", "bob", "messages", "#2", "octets", "#99", "deleted",
        "#0" } },
    { S,
      "mailwalk: imap(bob)<412>: Disconnected: Inactivity",
      0,
      "",
      NULL,
      { "event", "timeout", "daemon", "imap", "user", "bob" } },
    { S,
      "mailwalk: pop3-login: Disconnected: Connection closed (no auth attempts): rip=203.0.113.5",
      0,
      "",
      NULL,
      { "event", "disconnect", "daemon", "pop3", "client", "bob[203.0.113.5]" } },
    { S, "", 0, "", NULL, { "event", "connect", "daemon", "imap", "client", "bob[203.0.113.5]" } },

    { Q,
      "mailwalk/smtpd[412]: 4F2A: client=alice[192.0.2.10], sasl_method=PLAIN, sasl_username=alice",
      0,
      "",
      NULL,
      { "event", "accepted", "queue_id", "4F2A", "client", "alice[192.0.2.10]", "sasl_method", "PLAIN",
        "sasl_username", "alice" } },
    { Q,
      "mailwalk/smtpd[412]: 4F2A: client=a[192.0.2.1]\nJan  5 09:00:01 mx mailwalk/cleanup[110]: 4F2A: "
      "message-id=<1@example.com>",
      0,
      "",
      NULL,
      { "event", "accepted", "queue_id", "4F2A", "client", "a[192.0.2.1]", "message_id",
        "<1@example.com>" } },
    { Q,
      "mailwalk/qmgr[104]: 4F2A: from=<>, size=2113, nrcpt=1 (queue active)",
      0,
      "",
      NULL,
      { "event", "active", "queue_id", "4F2A", "from", "", "size", "#2113", "nrcpt", "#1" } },
    { Q,
      "mailwalk/smtp[412]: 4F2A: to=<bob@example.org>, relay=mx.example.org[198.51.100.25]:25, delay=0.9, "
      "delays=0.01/0/0.3/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
      0,
      "",
      NULL,
      { "event", "sent", "queue_id", "4F2A", "to", "bob@example.org", "orig_to", "bob@example.org", "relay",
        "mx.example.org[198.51.100.25]:25", "delay_ms", "#900", "delays", "0.01/0/0.3/0.5", "dsn", "2.0.0",
        "status_text", "250 2.0.0 Ok" } },
    { Q,
      "mailwalk/local[120]: 4F2A: to=<bob@example.org>, orig_to=<info@example.org>, relay=local, delay=12, "
      "dsn=2.0.0, status=sent (delivered to mailbox)",
      0,
      "2.0.0",
      NULL,
      { "event", "sent", "queue_id", "4F2A", "to", "bob@example.org", "orig_to", "info@example.org", "relay",
        "local", "delay_ms", "12345", "status_text", "delivered to mailbox" } },
    { Q,
      "mailwalk/smtp[412]: 4F2A: to=<b@example.org>, relay=none, delay=0.05, dsn=4.4.1, status=deferred (no)",
      0,
      "",
      NULL,
      { "event", "deferred", "queue_id", "4F2A", "to", "b@example.org", "delay_ms", "#49", "dsn", "4.4.1",
        "status_text", "no" } },
    { Q,
      "mailwalk/smtp[412]: 4F2A: to=<b@example.org>, relay=r, delay=1.2, dsn=5.1.1, status=bounced (no)",
      0,
      "",
      NULL,
      { "event", "bounced", "queue_id", "4F2A", "to", "b@example.org", "relay", "r", "delay_ms", "#1249",
        "dsn", "5.1.1", "status_text", "no" } },
    { Q,
      "mailwalk/qmgr[104]: 4F2A: from=<a@example.com>, status=expired, returned to sender",
      0,
      "",
      NULL,
      { "event", "expired", "queue_id", "4F2A", "from", "a@example.com" } },
    { Q,
      "mailwalk/bounce[116]: 4F2A: sender non-delivery notification: 5B3C",
      0,
      "",
      NULL,
      { "event", "bounce-made", "queue_id", "4F2A", "notice_id", "5B3C" } },
    { Q,
      "mailwalk/bounce[116]: 4F2A: sender delay notification",
      0,
      "",
      NULL,
      { "event", "delay-notice", "queue_id", "4F2A" } },
    { Q,
      "mailwalk/local[120]: 4F2A: warning: mail forwarding loop for b@example.org",
      0,
      "",
      NULL,
      { "event", "loop", "queue_id", "4F2A", "to", "b@example.org" } },
    { Q, "mailwalk/qmgr[104]: 4F2A: removed", 0, "", NULL, { "event", "removed", "queue_id", "4F2A" } },
    { Q,
      "mailwalk/cleanup[110]: 4F2A: message-id=<1@x>",
      0,
      "",
      NULL,
      { "event", "accepted", "queue_id", "4F2A", "message_id", "<1@x>" } },
    { Q, "", 0, "", NULL, { "event", "accepted", "queue_id", "4F2A" } },
    { Q, "", 0, "", NULL, { "event", "thought about", "queue_id", "4F2A" } },

    { M,
      "mailwalk: lmtp(bob)<412>: msgid=<1@example.com>: saved mail to INBOX",
      0,
      "",
      NULL,
      { "event", "stored", "user", "bob", "mailbox", "INBOX", "message_id", "1@example.com" } },
    { M,
      "mailwalk: lmtp(bob)<412>: msgid=<1@x>: save failed to INBOX: Quota exceeded (mailbox for user is "
      "full)",
      0,
      "",
      NULL,
      { "event", "over-quota", "user", "bob", "mailbox", "INBOX", "message_id", "<1@x>" } },
    { M,
      "mailwalk: pop3(bob)<412>: expunge: box=INBOX, uid=3, size=99",
      0,
      "",
      NULL,
      { "event", "expunged", "user", "bob", "mailbox", "INBOX", "uid", "#3", "size", "#99", "daemon",
        "pop3" } },
    { M,
      "mailwalk: store(bob)<412>: flag_change: box=INBOX, uid=3, flags=(\\Seen)",
      0,
      "",
      NULL,
      { "event", "flags", "user", "bob", "mailbox", "INBOX", "uid", "#3", "flags", "\\Seen" } },
    { TRACE_KIND_ERROR, "mailwalk/master[100]: warning: no MX", 0, "", "no MX", { 0 } },
    { TRACE_KIND_CACHE, "", 0, "", NULL, { "event", "hit" } },

    /* nobody forges a line, or moves a cursor */
    { S,
      "mailwalk/smtpd[412]: connect from a?Jan  6 00:00:00 mx x: y[192.0.2.1]",
      0,
      "",
      NULL,
      { "event", "connect", "daemon", "smtpd", "client", "a\nJan  6 00:00:00 mx x: y[192.0.2.1]" } },
    { Q,
      "mailwalk/smtpd[412]: 4F2A: client=?[2J?? \xc3\xbc?",
      0,
      "",
      NULL,
      { "event", "accepted", "queue_id", "4F2A", "client", "\x1b[2J\xff\xc2\x9b \xc3\xbc\xe2\x80\xae" } },
};

static struct trace_record make(const struct row *row)
{
    struct trace_record r = sample_record(row->kind, 1234);
    r.host = 2;
    r.conn = 12;
    r.code = row->code;
    strcpy(r.status, row->status);
    r.text = row->text;
    r.text_len = row->text ? strlen(row->text) : 0;
    for (int i = 0; i < 2 * ATTRS_MAX && row->attr[i]; i += 2) {
        if (row->attr[i + 1][0] == '#')
            trace_attr_num(&r, row->attr[i], atoi(row->attr[i + 1] + 1));
        else
            trace_attr_str(&r, row->attr[i], row->attr[i + 1]);
    }
    return r;
}

START_TEST(a_record_makes_the_line_that_a_real_server_logs)
{
    char line[MAILLOG_LINE_MAX], want[MAILLOG_LINE_MAX] = "";
    struct trace_record r = make(&rows[_i]);
    size_t len = export_maillog_line(SAMPLE_EPOCH, "mx", &r, line);
    if (rows[_i].want[0])
        snprintf(want, sizeof want, "Jan  5 09:00:01 mx %s", rows[_i].want);
    ck_assert_str_eq(line, want);
    ck_assert_uint_eq(len, strlen(want));
}
END_TEST

static const struct {
    int64_t epoch_s;
    const char *want;
} times[] = {
    { 0, "Jan  1 00:00:00" },          { 951782399, "Feb 28 23:59:59" },  { 951782400, "Feb 29 00:00:00" },
    { 951868800, "Mar  1 00:00:00" },  { 1798761599, "Dec 31 23:59:59" }, { 1767603600, "Jan  5 09:00:00" },
    { 4107542400, "Mar  1 00:00:00" }, { -1, "Dec 31 23:59:59" },
};

START_TEST(the_calendar_is_right)
{
    char line[MAILLOG_LINE_MAX];
    struct trace_record r = make(&rows[0]);
    r.t_ns = 0;
    export_maillog_line(times[_i].epoch_s, "mx", &r, line);
    line[15] = '\0';
    ck_assert_str_eq(line, times[_i].want);
}
END_TEST

static const struct {
    int ms;
    const char *want;
} delays[] = { { 0, "0" },      { 4, "0" },      { 5, "0.01" },  { 10, "0.01" },
               { 100, "0.1" },  { 994, "0.99" }, { 995, "1" },   { 1049, "1" },
               { 1050, "1.1" }, { 9949, "9.9" }, { 9950, "10" }, { 432000000, "432000" },
               { -7, "0" } };

START_TEST(a_delay_has_two_digits_that_count)
{
    char line[MAILLOG_LINE_MAX], want[64];
    struct trace_record r = sample_record(TRACE_KIND_QUEUE, 0);
    trace_attr_str(&r, "event", "sent");
    trace_attr_num(&r, "delay_ms", delays[_i].ms);
    snprintf(want, sizeof want, ", delay=%s, dsn", delays[_i].want);
    export_maillog_line(SAMPLE_EPOCH, "mx", &r, line);
    ck_assert_ptr_nonnull(strstr(line, want));
}
END_TEST

START_TEST(a_long_line_is_cut_and_ends_in_a_whole_character)
{
    char line[MAILLOG_LINE_MAX], big[2 * MAILLOG_LINE_MAX + 1];
    struct trace_record r = sample_record(TRACE_KIND_SESSION, 0);
    for (size_t i = 0; i + 1 < sizeof big; i += 2)
        memcpy(big + i, "\xc3\xbc", 2);
    big[sizeof big - 1] = '\0';
    trace_attr_str(&r, "event", "connect");
    trace_attr_str(&r, "daemon", "smtpd");
    trace_attr_str(&r, "client", big);
    ck_assert_uint_lt(export_maillog_line(SAMPLE_EPOCH, "mx", &r, line), MAILLOG_LINE_MAX);
    ck_assert_int_ne((uint8_t)line[strlen(line) - 1], 0xc3);
}
END_TEST

static struct trace t;
static struct export_maillog *m;
static char dir[64];

static void begin(const struct trace_opening *opening)
{
    struct trace_sink sink;
    int error = -1;
    m = export_maillog_open(dir, &error);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(error, 0);
    sink = export_maillog_sink(m);
    trace_init(&t);
    trace_add(&t, &sink);
    trace_open(&t, opening);
}

static void check_file(const char *name, const char *want)
{
    char path[256], *octets;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    octets = sample_slurp(path, NULL);
    ck_assert_str_eq(octets, want);
    free(octets);
    unlink(path);
}

START_TEST(each_server_has_a_file_and_clients_have_none)
{
    struct trace_record r = make(&rows[0]);
    sample_dir(dir);
    rmdir(dir); /* it is made */
    begin(&sample_opening);
    trace_emit(&t, &r);
    r.host = 1; /* a laptop keeps no mail log */
    trace_emit(&t, &r);
    r.host = 99; /* nobody */
    trace_emit(&t, &r);
    ck_assert_int_eq(export_maillog_close(m), 0);
    check_file("mx.example.org.log",
               "Jan  5 09:00:01 mx mailwalk/smtpd[412]: connect from mail.example.com[192.0.2.25]\n");
    ck_assert_int_eq(rmdir(dir), 0); /* nothing else was in it */
}
END_TEST

START_TEST(a_session_that_said_goodbye_ends_without_a_second_line)
{
    static const char *const events[] = { "logout", "disconnect", "disconnect" };
    sample_dir(dir);
    begin(&sample_opening);
    for (int i = 0; i < 3; i++) {
        struct trace_record r = sample_record(TRACE_KIND_SESSION, 0);
        r.host = 2;
        r.conn = i < 2 ? 12 : 13; /* the second one hangs up without a word */
        trace_attr_str(&r, "event", events[i]);
        trace_attr_str(&r, "daemon", "pop3");
        trace_attr_str(&r, "user", "bob");
        trace_emit(&t, &r);
    }
    ck_assert_int_eq(export_maillog_close(m), 0);
    check_file("mx.example.org.log",
               "Jan  5 09:00:00 mx mailwalk: pop3(bob)<412>: Disconnected: Logged out\n"
               "Jan  5 09:00:00 mx mailwalk: pop3(bob)<413>: Disconnected: Connection closed\n");
    rmdir(dir);
}
END_TEST

START_TEST(names_stay_inside_the_folder_and_apart)
{
    static const struct trace_host hosts[] = {
        { "a", "", "../../etc/x", "mta", NULL, 0 },
        { "b", "", "same.example", "store", NULL, 0 },
        { "c", "", "same.example", "store", NULL, 0 },
        { ".", "", "", "mta", NULL, 0 },
    };
    static const struct trace_opening opening = { .hosts = hosts, .nhosts = 4 };
    sample_dir(dir);
    begin(&opening);
    for (uint32_t i = 1; i <= 4; i++) {
        struct trace_record r = sample_record(TRACE_KIND_QUEUE, 0);
        r.host = i;
        trace_attr_str(&r, "event", "removed");
        trace_attr_num(&r, "queue_id", i);
        trace_emit(&t, &r);
    }
    ck_assert_int_eq(export_maillog_close(m), 0);
    check_file("_._.._etc_x.log", "Jan  1 00:00:00 a mailwalk/qmgr[104]: 1: removed\n");
    check_file("same.example.log", "Jan  1 00:00:00 b mailwalk/qmgr[104]: 2: removed\n");
    check_file("c.log", "Jan  1 00:00:00 c mailwalk/qmgr[104]: 3: removed\n");
    check_file("_.log", "Jan  1 00:00:00 . mailwalk/qmgr[104]: 4: removed\n");
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(a_log_longer_than_the_buffer_is_whole)
{
    char path[256], *octets;
    size_t lines = 0;
    struct trace_record r = make(&rows[0]);
    sample_dir(dir);
    begin(&sample_opening);
    for (int i = 0; i < 1000; i++)
        trace_emit(&t, &r);
    ck_assert_int_eq(export_maillog_close(m), 0);
    snprintf(path, sizeof path, "%s/mx.example.org.log", dir);
    octets = sample_slurp(path, NULL);
    for (char *at = octets; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 1000);
    free(octets);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_full_disk_is_found)
{
    char path[256];
    struct trace_record r = make(&rows[0]);
    sample_dir(dir);
    snprintf(path, sizeof path, "%s/mx.example.org.log", dir);
    if (access("/dev/full", W_OK) != 0 || symlink("/dev/full", path) != 0) {
        fprintf(stderr, "skipped: no /dev/full\n");
        rmdir(dir);
        return;
    }
    begin(&sample_opening);
    trace_emit(&t, &r);
    ck_assert_int_eq(export_maillog_close(m), ENOSPC);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_folder_that_cannot_be_is_told_at_once)
{
    int error = 0;
    ck_assert_ptr_null(export_maillog_open("/dev/null/logs", &error));
    ck_assert_int_eq(error, ENOTDIR);
    ck_assert_ptr_null(export_maillog_open("/dev/null", &error));
    ck_assert_int_eq(error, ENOTDIR);
    ck_assert_ptr_null(export_maillog_open("/no/such/parent", &error));
    ck_assert_int_eq(error, ENOENT);
}
END_TEST

static Suite *maillog_suite(void)
{
    Suite *s = suite_create("maillog");
    TCase *c = tcase_create("maillog");
    tcase_add_loop_test(c, a_record_makes_the_line_that_a_real_server_logs, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_loop_test(c, the_calendar_is_right, 0, (int)(sizeof times / sizeof times[0]));
    tcase_add_loop_test(c, a_delay_has_two_digits_that_count, 0, (int)(sizeof delays / sizeof delays[0]));
    tcase_add_test(c, a_long_line_is_cut_and_ends_in_a_whole_character);
    tcase_add_test(c, each_server_has_a_file_and_clients_have_none);
    tcase_add_test(c, a_session_that_said_goodbye_ends_without_a_second_line);
    tcase_add_test(c, names_stay_inside_the_folder_and_apart);
    tcase_add_test(c, a_log_longer_than_the_buffer_is_whole);
    tcase_add_test(c, a_full_disk_is_found);
    tcase_add_test(c, a_folder_that_cannot_be_is_told_at_once);
    suite_add_tcase(s, c);
    return s;
}

CHECK_MAIN(maillog_suite)
