#ifndef SIM_EXPORT_MAILLOG_PUT_H
#define SIM_EXPORT_MAILLOG_PUT_H
/* maillog_put - the pieces that log lines are made of; within this room only. What comes from a record
 * passes export_put_log, so that it stays on its line. */
#include <string.h>

#include "sim/core/trace.h"
#include "sim/export/out.h"

static inline bool maillog_is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* The attribute, NULL if it is not there; its string, "" if it is not there or a number; its number. */
const struct trace_attr *maillog_find(const struct trace_record *r, const char *key);
const char *maillog_get(const struct trace_record *r, const char *key);
int64_t maillog_number(const struct trace_record *r, const char *key);

void maillog_put_value(struct export_out *o, const char *value);

/* The attribute, string or number; nothing if it is not there. */
void maillog_put_attr(struct export_out *o, const struct trace_record *r, const char *key);

/* before, the attribute, after; nothing at all if it is not there. */
void maillog_put_if(struct export_out *o, const char *before, const struct trace_record *r, const char *key,
                    const char *after);

/* before, "<attribute>"; an address that is not there is "<>". */
void maillog_put_angle(struct export_out *o, const char *before, const struct trace_record *r,
                       const char *key);

/* before, attribute message_id, with its brackets whether or not it came with them. */
void maillog_put_message_id(struct export_out *o, const char *before, const struct trace_record *r);

/* "192.0.2.25" of "mail.example.com[192.0.2.25]"; all of it if there are no brackets. */
void maillog_put_ip_of(struct export_out *o, const char *client);

/* Seconds the way Postfix logs them: two significant digits, no trailing zeros: 0.01, 0.9, 1.2, 35. */
void maillog_put_seconds(struct export_out *o, int64_t ms);

/* The status code: attribute dsn, or the record's own. */
void maillog_put_dsn(struct export_out *o, const struct trace_record *r);

/* " 550 5.1.1", as far as they are known. */
void maillog_put_code(struct export_out *o, const struct trace_record *r);

/* before, attribute text or the record's own; nothing if there is none. */
void maillog_put_words(struct export_out *o, const char *before, const struct trace_record *r);

/* "Jan  5 09:00:01", UTC. */
void maillog_put_time(struct export_out *o, int64_t epoch_s, uint64_t t_ns);

/* "mailwalk/smtpd[412]: ", "mailwalk: pop3-login: ", "mailwalk: pop3(bob)<412>: " */
void maillog_put_tag(struct export_out *o, const char *daemon, const struct trace_record *r);
void maillog_put_login_tag(struct export_out *o, const char *daemon);
void maillog_put_user_tag(struct export_out *o, const char *daemon, const struct trace_record *r);

/* A whole record of KIND_SESSION; false if it is not one that a server logs. */
bool maillog_put_session(struct export_out *o, const struct trace_record *r);
#endif
