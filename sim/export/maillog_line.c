/* One record as one line of a mail server's log, in the shapes of Postfix and Dovecot: the queue, mailboxes,
 * errors. Sessions are in maillog_session.c. */
#include "sim/export/maillog.h"

#include "sim/export/maillog_put.h"

/* ---- the queue -------------------------------------------------------------------------- */

static void put_delivery(struct export_out *o, const struct trace_record *r, const char *event)
{
    bool local = maillog_is(maillog_get(r, "relay"), "local");
    const char *daemon = trace_attr_get(r, "daemon");

    maillog_put_tag(o, daemon ? daemon : local ? "local" : "smtp", r);
    maillog_put_attr(o, r, "queue_id");
    maillog_put_angle(o, ": to=", r, "to");
    if (maillog_find(r, "orig_to") && !maillog_is(maillog_get(r, "orig_to"), maillog_get(r, "to")))
        maillog_put_angle(o, ", orig_to=", r, "orig_to");
    export_put_lit(o, ", relay=");
    maillog_put_value(o, maillog_find(r, "relay") ? maillog_get(r, "relay") : "none");
    export_put_lit(o, ", delay=");
    maillog_put_seconds(o, maillog_number(r, "delay_ms"));
    maillog_put_if(o, ", delays=", r, "delays", "");
    export_put_lit(o, ", dsn=");
    maillog_put_dsn(o, r);
    export_put_lit(o, ", status=");
    export_put_str(o, event);
    maillog_put_if(o, " (", r, "status_text", ")");
}

/* "mailwalk/qmgr[104]: 4F2A" */
static void put_queue_tag(struct export_out *o, const char *daemon, const struct trace_record *r)
{
    maillog_put_tag(o, daemon, r);
    maillog_put_attr(o, r, "queue_id");
}

/* Two daemons have a message in hand before it is in the queue; each writes its line. */
static bool put_accepted(struct export_out *o, const struct trace_record *r, size_t head)
{
    const char *daemon = trace_attr_get(r, "daemon");

    if (maillog_find(r, "client")) {
        put_queue_tag(o, daemon ? daemon : "smtpd", r);
        maillog_put_if(o, ": client=", r, "client", "");
        maillog_put_if(o, ", sasl_method=", r, "sasl_method", "");
        maillog_put_if(o, ", sasl_username=", r, "sasl_username", "");
        if (!maillog_find(r, "message_id"))
            return true;
        export_put_char(o, '\n');
        export_put(o, o->at, head < o->cap ? head : o->cap);
    } else if (!maillog_find(r, "message_id")) {
        return false;
    }
    put_queue_tag(o, "cleanup", r);
    maillog_put_message_id(o, ": message-id=", r);
    return true;
}

static bool put_queue(struct export_out *o, const struct trace_record *r)
{
    const char *event = maillog_get(r, "event");

    if (maillog_is(event, "accepted")) {
        return put_accepted(o, r, o->len);
    } else if (maillog_is(event, "active")) {
        put_queue_tag(o, "qmgr", r);
        maillog_put_angle(o, ": from=", r, "from");
        maillog_put_if(o, ", size=", r, "size", "");
        maillog_put_if(o, ", nrcpt=", r, "nrcpt", "");
        export_put_lit(o, " (queue active)");
    } else if (maillog_is(event, "sent") || maillog_is(event, "deferred") || maillog_is(event, "bounced")) {
        put_delivery(o, r, event);
    } else if (maillog_is(event, "expired")) {
        put_queue_tag(o, "qmgr", r);
        maillog_put_angle(o, ": from=", r, "from");
        export_put_lit(o, ", status=expired, returned to sender");
    } else if (maillog_is(event, "loop")) {
        put_queue_tag(o, "local", r);
        maillog_put_if(o, ": warning: mail forwarding loop for ", r, "to", "");
    } else if (maillog_is(event, "delay-notice") || maillog_is(event, "bounce-made") ||
               maillog_is(event, "success-notice")) {
        put_queue_tag(o, "bounce", r);
        export_put_str(o, maillog_is(event, "bounce-made")    ? ": sender non-delivery notification"
                          : maillog_is(event, "delay-notice") ? ": sender delay notification"
                                                              : ": sender delivery status notification");
        maillog_put_if(o, ": ", r, "notice_id", "");
    } else if (maillog_is(event, "removed")) {
        put_queue_tag(o, "qmgr", r);
        export_put_lit(o, ": removed");
    } else {
        return false;
    }
    return true;
}

/* ---- mailboxes, errors ------------------------------------------------------------------ */

static bool put_mailbox(struct export_out *o, const struct trace_record *r)
{
    const char *event = maillog_get(r, "event"), *daemon = trace_attr_get(r, "daemon");
    const char *reader = daemon ? daemon : r->proto != TRACE_NONE ? trace_proto_name(r->proto) : "store";

    if (maillog_is(event, "stored")) {
        maillog_put_user_tag(o, daemon ? daemon : "lmtp", r);
        maillog_put_message_id(o, "msgid=", r);
        maillog_put_if(o, ": saved mail to ", r, "mailbox", "");
    } else if (maillog_is(event, "over-quota")) {
        maillog_put_user_tag(o, daemon ? daemon : "lmtp", r);
        maillog_put_message_id(o, "msgid=", r);
        maillog_put_if(o, ": save failed to ", r, "mailbox", ": Quota exceeded (mailbox for user is full)");
    } else if (maillog_is(event, "flags")) {
        maillog_put_user_tag(o, reader, r);
        maillog_put_if(o, "flag_change: box=", r, "mailbox", "");
        maillog_put_if(o, ", uid=", r, "uid", "");
        maillog_put_if(o, ", flags=(", r, "flags", ")");
    } else if (maillog_is(event, "expunged") || maillog_is(event, "fetched") ||
               maillog_is(event, "deleted")) {
        maillog_put_user_tag(o, reader, r);
        export_put_str(o, maillog_is(event, "expunged")  ? "expunge"
                          : maillog_is(event, "fetched") ? "fetch"
                                                         : "delete");
        maillog_put_if(o, ": box=", r, "mailbox", "");
        maillog_put_if(o, ", uid=", r, "uid", "");
        if (maillog_find(r, "message_id"))
            maillog_put_message_id(o, ", msgid=", r);
        maillog_put_if(o, ", size=", r, "size", "");
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
    maillog_put_tag(o, daemon ? daemon : "master", r);
    export_put_lit(o, "warning: ");
    export_put_log(o, r->text, r->text_len);
    return true;
}

size_t export_maillog_line(int64_t epoch_s, const char *host, const struct trace_record *r,
                           char buf[MAILLOG_LINE_MAX])
{
    struct export_out o = { .at = buf, .cap = MAILLOG_LINE_MAX - 1 };
    bool logged = false;

    maillog_put_time(&o, epoch_s, r->t_ns);
    export_put_char(&o, ' ');
    maillog_put_value(&o, host);
    export_put_char(&o, ' ');
    if (r->kind == TRACE_KIND_QUEUE)
        logged = put_queue(&o, r);
    else if (r->kind == TRACE_KIND_SESSION)
        logged = maillog_put_session(&o, r);
    else if (r->kind == TRACE_KIND_MAILBOX)
        logged = put_mailbox(&o, r);
    else if (r->kind == TRACE_KIND_ERROR)
        logged = put_error(&o, r);
    if (!logged)
        o.len = 0;
    export_out_trim(&o);
    buf[o.len] = '\0';
    return o.len;
}
