/* The pieces of a log line. */
#include "sim/export/maillog_put.h"

#include <string.h>

#define NS_PER_S      UINT64_C(1000000000)
#define SECONDS_A_DAY 86400
#define PID_SESSION   400 /* daemons that serve connections count up from here */
#define PID_LAST      32767

const struct trace_attr *maillog_find(const struct trace_record *r, const char *key)
{
    for (unsigned i = 0; i < r->nattr; i++)
        if (strcmp(r->attr[i].key, key) == 0)
            return &r->attr[i];
    return NULL;
}

const char *maillog_get(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

void maillog_put_value(struct export_out *o, const char *value)
{
    export_put_log(o, value, strlen(value));
}

void maillog_put_attr(struct export_out *o, const struct trace_record *r, const char *key)
{
    const struct trace_attr *a = maillog_find(r, key);
    if (a && a->value)
        maillog_put_value(o, a->value);
    else if (a)
        export_put_i64(o, a->number);
}

void maillog_put_if(struct export_out *o, const char *before, const struct trace_record *r, const char *key,
                    const char *after)
{
    if (!maillog_find(r, key))
        return;
    export_put_str(o, before);
    maillog_put_attr(o, r, key);
    export_put_str(o, after);
}

void maillog_put_angle(struct export_out *o, const char *before, const struct trace_record *r,
                       const char *key)
{
    export_put_str(o, before);
    export_put_char(o, '<');
    maillog_put_attr(o, r, key);
    export_put_char(o, '>');
}

void maillog_put_message_id(struct export_out *o, const char *before, const struct trace_record *r)
{
    const char *id = maillog_get(r, "message_id");
    if (id[0] == '<') {
        export_put_str(o, before);
        maillog_put_value(o, id);
    } else {
        maillog_put_angle(o, before, r, "message_id");
    }
}

void maillog_put_ip_of(struct export_out *o, const char *client)
{
    const char *from = strrchr(client, '['), *to = from ? strchr(from, ']') : NULL;
    if (to)
        export_put_log(o, from + 1, (size_t)(to - from - 1));
    else
        maillog_put_value(o, client);
}

/* Seconds the way Postfix logs them: two significant digits, no trailing zeros: 0.01, 0.9, 1.2, 35. */
void maillog_put_seconds(struct export_out *o, int64_t ms)
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

void maillog_put_dsn(struct export_out *o, const struct trace_record *r)
{
    if (maillog_find(r, "dsn"))
        maillog_put_attr(o, r, "dsn");
    else
        export_put_str(o, r->status);
}

void maillog_put_code(struct export_out *o, const struct trace_record *r)
{
    if (maillog_find(r, "code") || r->code > 0)
        export_put_char(o, ' ');
    if (maillog_find(r, "code"))
        maillog_put_attr(o, r, "code");
    else if (r->code > 0)
        export_put_u64(o, r->code);
    if (maillog_find(r, "dsn") || r->status[0]) {
        export_put_char(o, ' ');
        maillog_put_dsn(o, r);
    }
}

void maillog_put_words(struct export_out *o, const char *before, const struct trace_record *r)
{
    if (maillog_find(r, "text")) {
        maillog_put_if(o, before, r, "text", "");
    } else if (r->text) {
        export_put_str(o, before);
        export_put_log(o, r->text, r->text_len);
    }
}

int64_t maillog_number(const struct trace_record *r, const char *key)
{
    const struct trace_attr *a = maillog_find(r, key);
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
void maillog_put_time(struct export_out *o, int64_t epoch_s, uint64_t t_ns)
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
        if (maillog_is(fixed[i].daemon, daemon))
            return fixed[i].pid;
    return session_pid(r);
}

/* "mailwalk/smtpd[412]: " */
void maillog_put_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    export_put_lit(o, "mailwalk/");
    maillog_put_value(o, maillog_is(daemon, "submission") ? "submission/smtpd" : daemon);
    export_put_char(o, '[');
    export_put_u64(o, pid(daemon, r));
    export_put_lit(o, "]: ");
}

void maillog_put_login_tag(struct export_out *o, const char *daemon)
{
    export_put_lit(o, "mailwalk: ");
    maillog_put_value(o, daemon);
    export_put_lit(o, "-login: ");
}

void maillog_put_user_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    export_put_lit(o, "mailwalk: ");
    maillog_put_value(o, daemon);
    export_put_char(o, '(');
    maillog_put_attr(o, r, "user");
    export_put_lit(o, ")<");
    export_put_u64(o, session_pid(r));
    export_put_lit(o, ">: ");
}
