/* One record as one line of a mail server's log, in the shapes of Postfix and Dovecot. */
#include "sim/export/maillog.h"

#include <string.h>

#include "sim/export/out.h"

#define NS_PER_S      UINT64_C(1000000000)
#define SECONDS_A_DAY 86400
#define PID_SESSION   400 /* daemons that serve connections count up from here */
#define PID_LAST      32767

/* ---- pieces ----------------------------------------------------------------------------- */

static const struct trace_attr *find(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return &r->attr[i];
    return NULL;
}

static const char *get(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void put_value(struct export_out *o, const char *value)
{
    export_put_log(o, value, strlen(value));
}

/* The attribute, string or number; nothing if it is not there. */
static void put_attr(struct export_out *o, const struct trace_record *r, const char *key)
{
    const struct trace_attr *a = find(r, key);
    if (a && a->value)
        put_value(o, a->value);
    else if (a)
        export_put_i64(o, a->number);
}

/* before, the attribute, after; nothing at all if it is not there. */
static void put_if(struct export_out *o, const char *before, const struct trace_record *r, const char *key,
                   const char *after)
{
    if (!find(r, key))
        return;
    export_put_str(o, before);
    put_attr(o, r, key);
    export_put_str(o, after);
}

/* before, "<attribute>"; an address that is not there is "<>". */
static void put_angle(struct export_out *o, const char *before, const struct trace_record *r, const char *key)
{
    export_put_str(o, before);
    export_put_char(o, '<');
    put_attr(o, r, key);
    export_put_char(o, '>');
}

/* A message-id, with its brackets whether or not it came with them. */
static void put_message_id(struct export_out *o, const char *before, const struct trace_record *r)
{
    const char *id = get(r, "message_id");
    if (id[0] == '<') {
        export_put_str(o, before);
        put_value(o, id);
    } else {
        put_angle(o, before, r, "message_id");
    }
}

/* "192.0.2.25" of "mail.example.com[192.0.2.25]"; all of it if there are no brackets. */
static void put_ip_of(struct export_out *o, const char *client)
{
    const char *from = strrchr(client, '['), *to = from ? strchr(from, ']') : NULL;
    if (to)
        export_put_log(o, from + 1, (size_t)(to - from - 1));
    else
        put_value(o, client);
}

/* Seconds the way Postfix logs them: two significant digits, no trailing zeros: 0.01, 0.9, 1.2, 35. */
static void put_seconds(struct export_out *o, int64_t ms)
{
    int64_t tenths;
    unsigned hundredths;

    if (ms < 0)
        ms = 0;
    if (ms >= 9950) {
        export_put_i64(o, (ms + 500) / 1000);
    } else if (ms >= 995) {
        tenths = (ms + 50) / 100;
        export_put_i64(o, tenths / 10);
        if (tenths % 10 != 0) {
            export_put_char(o, '.');
            export_put_i64(o, tenths % 10);
        }
    } else {
        hundredths = (unsigned)(ms + 5) / 10;
        export_put_char(o, '0');
        if (hundredths > 0) {
            export_put_char(o, '.');
            export_put_char(o, (char)('0' + hundredths / 10));
            if (hundredths % 10 != 0)
                export_put_char(o, (char)('0' + hundredths % 10));
        }
    }
}

/* The status code: attribute dsn, or the record's own. */
static void put_dsn(struct export_out *o, const struct trace_record *r)
{
    if (find(r, "dsn"))
        put_attr(o, r, "dsn");
    else
        export_put_str(o, r->status);
}

static int64_t number(const struct trace_record *r, const char *key)
{
    const struct trace_attr *a = find(r, key);
    int64_t n = 0;
    if (!a)
        return 0;
    if (!a->value)
        return a->number;
    for (const char *c = a->value; *c >= '0' && *c <= '9' && n < INT64_MAX / 16; c++)
        n = n * 10 + (*c - '0');
    return n;
}

/* ---- the head: time, host, program ------------------------------------------------------ */

/* "Jan  5 09:00:01" of UTC; the calendar is counted from 1 March 0000, so that leap days come last. */
static void put_time(struct export_out *o, int64_t epoch_s, uint64_t t_ns)
{
    static const char month_name[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t s = epoch_s + (int64_t)(t_ns / NS_PER_S), days = s / SECONDS_A_DAY, rest = s % SECONDS_A_DAY;
    unsigned era_day, year_of_era, year_day, month, day;

    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    days += 719468; /* from 1 March 0000 to 1 January 1970 */
    era_day = (unsigned)((days % 146097 + 146097) % 146097);
    year_of_era = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    year_day = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * year_day + 2) / 153; /* 0: March */
    day = year_day - (153 * month + 2) / 5 + 1;
    month = (month + 2) % 12;
    export_put(o, month_name + 3 * month, 3);
    export_put_char(o, ' ');
    if (day < 10)
        export_put_char(o, ' ');
    export_put_u64(o, day);
    export_put_char(o, ' ');
    export_put_2(o, (unsigned)(rest / 3600));
    export_put_char(o, ':');
    export_put_2(o, (unsigned)(rest / 60 % 60));
    export_put_char(o, ':');
    export_put_2(o, (unsigned)(rest % 60));
}

static unsigned session_pid(const struct trace_record *r)
{
    return PID_SESSION + r->conn % (PID_LAST - PID_SESSION);
}

/* Daemons that run once and long have numbers of their own. */
static unsigned pid(const char *daemon, const struct trace_record *r)
{
    static const struct {
        const char *daemon;
        unsigned pid;
    } fixed[] = {
        { "master", 100 }, { "qmgr", 104 }, { "cleanup", 110 }, { "bounce", 116 }, { "local", 120 }
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (is(fixed[i].daemon, daemon))
            return fixed[i].pid;
    return session_pid(r);
}

/* "mailwalk/smtpd[412]: " */
static void put_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    export_put_lit(o, "mailwalk/");
    put_value(o, is(daemon, "submission") ? "submission/smtpd" : daemon);
    export_put_char(o, '[');
    export_put_u64(o, pid(daemon, r));
    export_put_lit(o, "]: ");
}

/* "mailwalk: pop3-login: " */
static void put_login_tag(struct export_out *o, const char *daemon)
{
    export_put_lit(o, "mailwalk: ");
    put_value(o, daemon);
    export_put_lit(o, "-login: ");
}

/* "mailwalk: pop3(bob)<412>: " */
static void put_user_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    export_put_lit(o, "mailwalk: ");
    put_value(o, daemon);
    export_put_char(o, '(');
    put_attr(o, r, "user");
    export_put_lit(o, ")<");
    export_put_u64(o, session_pid(r));
    export_put_lit(o, ">: ");
}

/* ---- the queue -------------------------------------------------------------------------- */

static void put_delivery(struct export_out *o, const struct trace_record *r, const char *event)
{
    bool local = is(get(r, "relay"), "local");
    const char *daemon = trace_attr_get(r, "daemon");

    put_tag(o, daemon ? daemon : local ? "local" : "smtp", r);
    put_attr(o, r, "queue_id");
    put_angle(o, ": to=", r, "to");
    if (find(r, "orig_to") && !is(get(r, "orig_to"), get(r, "to")))
        put_angle(o, ", orig_to=", r, "orig_to");
    export_put_lit(o, ", relay=");
    put_value(o, find(r, "relay") ? get(r, "relay") : "none");
    export_put_lit(o, ", delay=");
    put_seconds(o, number(r, "delay_ms"));
    put_if(o, ", delays=", r, "delays", "");
    export_put_lit(o, ", dsn=");
    put_dsn(o, r);
    export_put_lit(o, ", status=");
    export_put_str(o, event);
    put_if(o, " (", r, "status_text", ")");
}

/* "mailwalk/qmgr[104]: 4F2A" */
static void put_queue_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    put_tag(o, daemon, r);
    put_attr(o, r, "queue_id");
}

static bool put_queue(struct export_out *o, const struct trace_record *r)
{
    const char *event = get(r, "event"), *daemon = trace_attr_get(r, "daemon");

    if (is(event, "accepted")) {
        put_queue_tag(o, daemon ? daemon : "smtpd", r);
        put_if(o, ": client=", r, "client", "");
        put_if(o, ", sasl_method=", r, "sasl_method", "");
        put_if(o, ", sasl_username=", r, "sasl_username", "");
    } else if (is(event, "cleanup")) {
        put_queue_tag(o, "cleanup", r);
        put_message_id(o, ": message-id=", r);
    } else if (is(event, "active")) {
        put_queue_tag(o, "qmgr", r);
        put_angle(o, ": from=", r, "from");
        put_if(o, ", size=", r, "size", "");
        put_if(o, ", nrcpt=", r, "nrcpt", "");
        export_put_lit(o, " (queue active)");
    } else if (is(event, "sent") || is(event, "deferred") || is(event, "bounced")) {
        put_delivery(o, r, event);
    } else if (is(event, "expired")) {
        put_queue_tag(o, "qmgr", r);
        put_angle(o, ": from=", r, "from");
        export_put_lit(o, ", status=expired, returned to sender");
    } else if (is(event, "delay-notice") || is(event, "bounce-made")) {
        put_queue_tag(o, "bounce", r);
        export_put_str(o, is(event, "bounce-made") ? ": sender non-delivery notification"
                                                   : ": sender delay notification");
        put_if(o, ": ", r, "notice_id", "");
    } else if (is(event, "removed")) {
        put_queue_tag(o, "qmgr", r);
        export_put_lit(o, ": removed");
    } else {
        return false;
    }
    return true;
}

/* ---- sessions --------------------------------------------------------------------------- */

static void put_reject(struct export_out *o, const struct trace_record *r)
{
    if (find(r, "queue_id"))
        put_attr(o, r, "queue_id");
    else
        export_put_lit(o, "NOQUEUE");
    put_if(o, ": reject: ", r, "stage", "");
    put_if(o, " from ", r, "client", ": ");
    if (find(r, "code"))
        put_attr(o, r, "code");
    else
        export_put_u64(o, r->code);
    if (find(r, "dsn") || r->status[0]) {
        export_put_char(o, ' ');
        put_dsn(o, r);
    }
    put_if(o, " ", r, "text", "");
    export_put_char(o, ';');
    if (find(r, "from"))
        put_angle(o, " from=", r, "from");
    if (find(r, "to"))
        put_angle(o, " to=", r, "to");
    export_put_lit(o, " proto=");
    put_value(o, find(r, "proto") ? get(r, "proto") : "ESMTP");
    if (find(r, "helo"))
        put_angle(o, " helo=", r, "helo");
}

static bool put_server(struct export_out *o, const struct trace_record *r, const char *daemon,
                       const char *event)
{
    put_tag(o, daemon, r);
    if (is(event, "connect")) {
        put_if(o, "connect from ", r, "client", "");
    } else if (is(event, "disconnect")) {
        put_if(o, "disconnect from ", r, "client", "");
        put_if(o, " ", r, "commands", "");
    } else if (is(event, "lost") || is(event, "timeout")) {
        export_put_str(o, is(event, "lost") ? "lost connection" : "timeout");
        put_if(o, " after ", r, "stage", "");
        put_if(o, " from ", r, "client", "");
    } else if (is(event, "reject")) {
        put_reject(o, r);
    } else if (is(event, "auth-failed")) {
        put_if(o, "warning: ", r, "client", ": SASL ");
        put_attr(o, r, "method");
        export_put_lit(o, " authentication failed");
        put_if(o, ": ", r, "text", "");
        put_if(o, ", sasl_username=", r, "user", "");
    } else if (is(event, "tls")) {
        put_if(o, "TLS connection established from ", r, "client", ": ");
        put_attr(o, r, "version");
        put_if(o, " with cipher ", r, "cipher", "");
    } else {
        return false;
    }
    return true;
}

static void put_while(struct export_out *o, const struct trace_record *r)
{
    if (is(get(r, "stage"), "CONNECT"))
        export_put_lit(o, " while receiving the initial server greeting");
    else
        put_if(o, " while sending ", r, "stage", "");
}

static bool put_client(struct export_out *o, const struct trace_record *r, const char *daemon,
                       const char *event)
{
    put_tag(o, daemon, r);
    put_if(o, "", r, "queue_id", ": ");
    if (is(event, "connect-failed")) {
        put_if(o, "connect to ", r, "relay", "");
        put_if(o, ": ", r, "text", "");
    } else if (is(event, "lost")) {
        put_if(o, "lost connection with ", r, "relay", "");
        put_while(o, r);
    } else if (is(event, "timeout")) {
        put_if(o, "conversation with ", r, "relay", " timed out");
        put_while(o, r);
    } else if (is(event, "tls")) {
        put_if(o, "TLS connection established to ", r, "relay", ": ");
        put_attr(o, r, "version");
        put_if(o, " with cipher ", r, "cipher", "");
    } else {
        return false;
    }
    return true;
}

/* "rip=203.0.113.5, lip=198.51.100.110" */
static void put_ends(struct export_out *o, const struct trace_record *r)
{
    export_put_lit(o, "rip=");
    put_ip_of(o, get(r, "client"));
    put_if(o, ", lip=", r, "local", "");
}

static const char *closed_why(const char *event)
{
    return is(event, "timeout") ? "Disconnected: Inactivity" : "Disconnected: Connection closed";
}

static void put_logout(struct export_out *o, const struct trace_record *r, const char *daemon)
{
    bool pop3 = is(daemon, "pop3");

    export_put_lit(o, "Disconnected: Logged out");
    if (pop3 && find(r, "messages")) {
        put_if(o, " retr=", r, "messages", "");
        put_if(o, "/", r, "octets", "");
        put_if(o, ", del=", r, "deleted", "");
    } else if (!pop3) {
        put_if(o, " deleted=", r, "deleted", "");
        put_if(o, " body_count=", r, "messages", "");
        put_if(o, " body_bytes=", r, "octets", "");
    }
}

static bool put_store(struct export_out *o, const struct trace_record *r, const char *daemon,
                      const char *event)
{
    bool end = is(event, "disconnect") || is(event, "lost") || is(event, "timeout");

    if (is(event, "login")) {
        put_login_tag(o, daemon);
        put_angle(o, "Login: user=", r, "user");
        put_if(o, ", method=", r, "method", "");
        export_put_lit(o, ", ");
        put_ends(o, r);
    } else if (is(event, "auth-failed")) {
        put_login_tag(o, daemon);
        put_angle(o, "Disconnected: Connection closed (auth failed): user=", r, "user");
        put_if(o, ", method=", r, "method", "");
        export_put_lit(o, ", ");
        put_ends(o, r);
    } else if (is(event, "logout")) {
        put_user_tag(o, daemon, r);
        put_logout(o, r, daemon);
    } else if (end && find(r, "user")) {
        put_user_tag(o, daemon, r);
        export_put_str(o, closed_why(event));
    } else if (end) {
        put_login_tag(o, daemon);
        export_put_str(o, closed_why(event));
        export_put_lit(o, " (no auth attempts): ");
        put_ends(o, r);
    } else {
        return false;
    }
    return true;
}

static bool put_session(struct export_out *o, const struct trace_record *r)
{
    const char *daemon = get(r, "daemon"), *event = get(r, "event");

    if (is(daemon, "smtpd") || is(daemon, "submission"))
        return put_server(o, r, daemon, event);
    if (is(daemon, "smtp"))
        return put_client(o, r, daemon, event);
    if (is(daemon, "pop3") || is(daemon, "imap"))
        return put_store(o, r, daemon, event);
    return false;
}

/* ---- mailboxes, errors ------------------------------------------------------------------ */

static bool put_mailbox(struct export_out *o, const struct trace_record *r)
{
    const char *event = get(r, "event"), *daemon = trace_attr_get(r, "daemon");

    if (is(event, "stored")) {
        put_user_tag(o, daemon ? daemon : "lmtp", r);
        put_message_id(o, "msgid=", r);
        put_if(o, ": saved mail to ", r, "mailbox", "");
    } else if (is(event, "expunged") || is(event, "fetched")) {
        put_user_tag(o, daemon ? daemon : "imap", r);
        export_put_str(o, is(event, "expunged") ? "expunge" : "fetch");
        put_if(o, ": box=", r, "mailbox", "");
        put_if(o, ", uid=", r, "uid", "");
        if (find(r, "message_id"))
            put_message_id(o, ", msgid=", r);
        put_if(o, ", size=", r, "size", "");
    } else {
        return false;
    }
    return true;
}

static bool put_error(struct export_out *o, const struct trace_record *r)
{
    const char *daemon = trace_attr_get(r, "daemon");

    if (!r->text)
        return false;
    put_tag(o, daemon ? daemon : "master", r);
    export_put_lit(o, "warning: ");
    export_put_log(o, r->text, r->text_len);
    return true;
}

size_t export_maillog_line(int64_t epoch_s, const char *host, const struct trace_record *r,
                           char buf[MAILLOG_LINE_MAX])
{
    struct export_out o = { .at = buf, .cap = MAILLOG_LINE_MAX - 1 };
    bool logged = false;

    put_time(&o, epoch_s, r->t_ns);
    export_put_char(&o, ' ');
    put_value(&o, host);
    export_put_char(&o, ' ');
    if (r->kind == TRACE_KIND_QUEUE)
        logged = put_queue(&o, r);
    else if (r->kind == TRACE_KIND_SESSION)
        logged = put_session(&o, r);
    else if (r->kind == TRACE_KIND_MAILBOX)
        logged = put_mailbox(&o, r);
    else if (r->kind == TRACE_KIND_ERROR)
        logged = put_error(&o, r);
    if (!logged)
        o.len = 0;
    while (o.len == o.cap && o.len > 0 && ((uint8_t)buf[o.len - 1] & 0x80))
        o.len--; /* a cut line does not end inside a character */
    buf[o.len] = '\0';
    return o.len;
}
