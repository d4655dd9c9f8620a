/* Log lines of sessions: servers' and clients' SMTP as Postfix writes them, POP3 and IMAP as Dovecot. */
#include "sim/export/maillog_put.h"

static void put_reject(struct export_out *o, const struct trace_record *r)
{
    if (maillog_find(r, "queue_id"))
        maillog_put_attr(o, r, "queue_id");
    else
        export_put_lit(o, "NOQUEUE");
    /* The engine's table calls what follows 354 by a name that is no command; Postfix has this one. */
    if (maillog_is(maillog_get(r, "command"), "(content)"))
        export_put_lit(o, ": reject: END-OF-MESSAGE");
    else
        maillog_put_if(o, ": reject: ", r, "command", "");
    maillog_put_if(o, " from ", r, "client", ":");
    maillog_put_code(o, r);
    maillog_put_words(o, " ", r);
    export_put_char(o, ';');
    if (maillog_find(r, "from"))
        maillog_put_angle(o, " from=", r, "from");
    if (maillog_find(r, "to"))
        maillog_put_angle(o, " to=", r, "to");
    export_put_lit(o, " proto=");
    maillog_put_value(o, maillog_find(r, "proto") ? maillog_get(r, "proto") : "ESMTP");
    if (maillog_find(r, "helo"))
        maillog_put_angle(o, " helo=", r, "helo");
}

static bool put_server(struct export_out *o, const struct trace_record *r, const char *daemon,
                       const char *event)
{
    maillog_put_tag(o, daemon, r);
    if (maillog_is(event, "connect")) {
        maillog_put_if(o, "connect from ", r, "client", "");
    } else if (maillog_is(event, "disconnect")) {
        maillog_put_if(o, "disconnect from ", r, "client", "");
        maillog_put_if(o, " ", r, "commands", "");
    } else if (maillog_is(event, "lost") || maillog_is(event, "timeout")) {
        export_put_str(o, maillog_is(event, "lost") ? "lost connection" : "timeout");
        maillog_put_if(o, " after ", r, "command", "");
        maillog_put_if(o, " from ", r, "client", "");
    } else if (maillog_is(event, "reject")) {
        put_reject(o, r);
    } else if (maillog_is(event, "auth-failed")) {
        maillog_put_if(o, "warning: ", r, "client", ": SASL ");
        maillog_put_attr(o, r, "method");
        export_put_lit(o, " authentication failed");
        maillog_put_words(o, ": ", r);
        maillog_put_if(o, ", sasl_username=", r, "user", "");
    } else if (maillog_is(event, "tls")) {
        maillog_put_if(o, "TLS connection established from ", r, "client", ": ");
        maillog_put_attr(o, r, "version");
        maillog_put_if(o, " with cipher ", r, "cipher", "");
    } else {
        return false;
    }
    return true;
}

static void put_while(struct export_out *o, const struct trace_record *r)
{
    const char *command = maillog_get(r, "command");
    if (command[0] == '\0' || maillog_is(command, "CONNECT"))
        export_put_lit(o, " while receiving the initial server greeting");
    else
        maillog_put_if(o, " while sending ", r, "command", "");
}

/* Why a connection did not come about, in the words of a system's error messages. */
static void put_result(struct export_out *o, const struct trace_record *r)
{
    static const struct {
        const char *result, *words;
    } known[] = { { "refused", "Connection refused" },
                  { "timed-out", "Connection timed out" },
                  { "reset", "Connection reset by peer" },
                  { "unreachable", "No route to host" },
                  { "prohibited", "No route to host (administratively prohibited)" } };
    const char *result = maillog_get(r, "result");

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (maillog_is(known[i].result, result)) {
            export_put_lit(o, ": ");
            export_put_str(o, known[i].words);
            return;
        }
    maillog_put_words(o, ": ", r);
}

static bool put_client(struct export_out *o, const struct trace_record *r, const char *daemon,
                       const char *event)
{
    maillog_put_tag(o, daemon, r);
    maillog_put_if(o, "", r, "queue_id", ": ");
    if (maillog_is(event, "connect-failed")) {
        maillog_put_if(o, "connect to ", r, "relay", "");
        put_result(o, r);
    } else if (maillog_is(event, "greeting-refused")) {
        maillog_put_if(o, "host ", r, "relay", " refused to talk to me:");
        maillog_put_code(o, r);
        maillog_put_words(o, " ", r);
    } else if (maillog_is(event, "lost")) {
        maillog_put_if(o, "lost connection with ", r, "relay", "");
        put_while(o, r);
    } else if (maillog_is(event, "timeout")) {
        maillog_put_if(o, "conversation with ", r, "relay", " timed out");
        put_while(o, r);
    } else if (maillog_is(event, "tls")) {
        maillog_put_if(o, "TLS connection established to ", r, "relay", ": ");
        maillog_put_attr(o, r, "version");
        maillog_put_if(o, " with cipher ", r, "cipher", "");
    } else {
        return false;
    }
    return true;
}

/* "rip=203.0.113.5, lip=198.51.100.110" */
static void put_ends(struct export_out *o, const struct trace_record *r)
{
    export_put_lit(o, "rip=");
    maillog_put_ip_of(o, maillog_get(r, "client"));
    if (maillog_find(r, "local")) {
        export_put_lit(o, ", lip=");
        maillog_put_ip_of(o, maillog_get(r, "local"));
    }
}

static const char *closed_why(const char *event)
{
    return maillog_is(event, "timeout") ? "Disconnected: Inactivity" : "Disconnected: Connection closed";
}

static void put_logout(struct export_out *o, const struct trace_record *r, const char *daemon)
{
    bool pop3 = maillog_is(daemon, "pop3");

    export_put_lit(o, "Disconnected: Logged out");
    if (pop3 && maillog_find(r, "messages")) {
        maillog_put_if(o, " retr=", r, "messages", "");
        maillog_put_if(o, "/", r, "octets", "");
        maillog_put_if(o, ", del=", r, "deleted", "");
    } else if (!pop3) {
        maillog_put_if(o, " deleted=", r, "deleted", "");
        maillog_put_if(o, " body_count=", r, "messages", "");
        maillog_put_if(o, " body_bytes=", r, "octets", "");
    }
}

static bool put_store(struct export_out *o, const struct trace_record *r, const char *daemon,
                      const char *event)
{
    bool end = maillog_is(event, "disconnect") || maillog_is(event, "lost") || maillog_is(event, "timeout");

    if (maillog_is(event, "login")) {
        maillog_put_login_tag(o, daemon);
        maillog_put_angle(o, "Login: user=", r, "user");
        maillog_put_if(o, ", method=", r, "method", "");
        export_put_lit(o, ", ");
        put_ends(o, r);
    } else if (maillog_is(event, "auth-failed")) {
        maillog_put_login_tag(o, daemon);
        maillog_put_angle(o, "Disconnected: Connection closed (auth failed): user=", r, "user");
        maillog_put_if(o, ", method=", r, "method", "");
        export_put_lit(o, ", ");
        put_ends(o, r);
    } else if (maillog_is(event, "logout")) {
        maillog_put_user_tag(o, daemon, r);
        put_logout(o, r, daemon);
    } else if (end && maillog_find(r, "user")) {
        maillog_put_user_tag(o, daemon, r);
        export_put_str(o, closed_why(event));
    } else if (end) {
        maillog_put_login_tag(o, daemon);
        export_put_str(o, closed_why(event));
        export_put_lit(o, " (no auth attempts): ");
        put_ends(o, r);
    } else {
        return false;
    }
    return true;
}

bool maillog_put_session(struct export_out *o, const struct trace_record *r)
{
    const char *daemon = maillog_get(r, "daemon"), *event = maillog_get(r, "event");

    if (maillog_is(daemon, "smtpd") || maillog_is(daemon, "submission"))
        return put_server(o, r, daemon, event);
    if (maillog_is(daemon, "smtp"))
        return put_client(o, r, daemon, event);
    if (maillog_is(daemon, "pop3") || maillog_is(daemon, "imap"))
        return put_store(o, r, daemon, event);
    return false;
}
