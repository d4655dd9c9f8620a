/* What the trace says about SMTP sessions at a mail server. */
#include <stdio.h>
#include <string.h>

#include "sim/hosts/mta_session.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"

/* The commands that the log line of a disconnect counts. */
static const struct {
    enum smtp_verb verb;
    const char *word;
} counted[SMTP_COUNTED] = { { SMTP_VERB_EHLO, "ehlo" }, { SMTP_VERB_HELO, "helo" },
                            { SMTP_VERB_AUTH, "auth" }, { SMTP_VERB_MAIL, "mail" },
                            { SMTP_VERB_RCPT, "rcpt" }, { SMTP_VERB_DATA, "data" },
                            { SMTP_VERB_BDAT, "bdat" }, { SMTP_VERB_RSET, "rset" },
                            { SMTP_VERB_QUIT, "quit" } };

static bool session_record(struct smtp_session *s, struct trace_record *r, const char *event, char *client)
{
    struct host *h = smtp_mta(s)->host;
    struct net_addr addr;
    uint16_t port;
    if (!tell_state(r, h, TRACE_KIND_SESSION, event))
        return false;
    pump_peer(&s->pump, &addr, &port);
    r->conn = pump_number(&s->pump);
    r->peer = s->pump.peer;
    r->proto = TRACE_SMTP;
    trace_attr_str(r, "daemon", s->listener->spec->kind == SPEC_SMTP_SUBMISSION ? "submission" : "smtpd");
    trace_attr_str(r, "client", world_peer_text(h->world, &addr, 0, client));
    trace_attr_num(r, "port", s->listener->spec->port);
    return true;
}

/* "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4", as Postfix writes it. */
static void commands_text(const struct smtp_session *s, char *out)
{
    unsigned said = 0, good = 0;
    size_t n = 0;
    for (int i = 0; i < SMTP_COUNTED; i++) {
        said += s->said[i];
        good += s->good[i];
        if (s->said[i] == s->good[i] && s->said[i] > 0)
            n += (size_t)sprintf(out + n, "%s=%u ", counted[i].word, s->said[i]);
        else if (s->said[i] > 0)
            n += (size_t)sprintf(out + n, "%s=%u/%u ", counted[i].word, s->good[i], s->said[i]);
    }
    if (said == good)
        sprintf(out + n, "commands=%u", said);
    else
        sprintf(out + n, "commands=%u/%u", good, said);
}

void smtp_count_command(struct smtp_session *s, const struct smtp_server_step *out)
{
    for (int i = 0; i < SMTP_COUNTED; i++)
        if (counted[i].verb == out->verb && s->said[i] < 255) {
            s->said[i]++;
            s->good[i] = (uint8_t)(s->good[i] + (smtp_verdict_info(out->verdict)->code < 400));
        }
}

void smtp_tell_session(struct smtp_session *s, const char *event)
{
    struct trace_record r;
    char client[WORLD_PEER_TEXT], helo[256], commands[SMTP_COUNTED * 14 + 24];
    if (!session_record(s, &r, event, client))
        return;
    snprintf(helo, sizeof helo, "%.*s", (int)s->helo_len, s->helo ? s->helo : "");
    trace_attr_str(&r, "helo", helo);
    if (s->auth.user) {
        trace_attr_str(&r, "user", s->auth.user->spec->name);
        trace_attr_str(&r, "method", s->auth.method ? s->auth.method : "");
    }
    commands_text(s, commands);
    if (strcmp(event, "disconnect") == 0 || strcmp(event, "lost") == 0)
        trace_attr_str(&r, "commands", commands);
    tell_send(&r, smtp_mta(s)->host, false);
}

/* The reply's last line without its code and status, which the record has by themselves. */
static void reply_words(struct trace_record *r, const struct smtp_server_step *out)
{
    const struct wire_line *last = out->send.lines > 0 ? &out->send.line[out->send.lines - 1] : NULL;
    size_t at = last ? last->at : 0, end = out->send.len >= 2 ? out->send.len - 2 : 0;
    if (last && last->code)
        at += 4;
    if (last && last->status[0])
        at += strlen(last->status) + 1;
    r->text = at < end ? out->send.text + at : "";
    r->text_len = at < end ? end - at : 0;
}

/* As a log names it. */
static const char *command_word(enum smtp_verb verb)
{
    if (verb == SMTP_VERB_CONTENT)
        return "END-OF-MESSAGE";
    return verb == SMTP_VERB_UNKNOWN ? "UNKNOWN" : smtp_verb_info(verb)->name;
}

/* What the engine decides by its configuration; policy tells its own settings. */
static void tell_setting(struct smtp_session *s, enum smtp_verdict verdict)
{
    const struct spec_mta *mta = smtp_mta(s)->spec;
    const struct spec_service *service = s->listener->spec;
    if (!world_tells(smtp_world(s), TRACE_STATE))
        return;
    switch (verdict) {
    case SMTP_NEED_AUTH:
        smtp_tell_config(s, service->pointer, "auth", "required");
        break;
    case SMTP_AUTH_NEEDS_TLS:
        smtp_tell_config(s, service->pointer, "security", "a login only inside TLS");
        break;
    case SMTP_TOO_BIG:
        smtp_tell_config(s, mta->pointer, "size_max", "smaller than the message");
        break;
    case SMTP_TOO_MANY_RECIPIENTS:
        smtp_tell_config(s, mta->pointer, "recipients_max", "reached");
        break;
    case SMTP_MAIL_LOOP:
        smtp_tell_config(s, mta->pointer, "hops_max", "reached");
        break;
    default:
        break;
    }
}

/* A command that was refused, with what the log of a real server would say. */
void smtp_tell_reject(struct smtp_session *s, const struct smtp_server_step *out)
{
    const struct smtp_verdict_info *info = smtp_verdict_info(out->verdict);
    struct trace_record r;
    char client[WORLD_PEER_TEXT], helo[256], from[WIRE_PATH_MAX + 1], to[WIRE_PATH_MAX + 1], line[600];
    const char *open = out->line.len ? memchr(out->line.at, '<', out->line.len) : NULL;
    const char *close = open ? memchr(open, '>', (size_t)(out->line.at + out->line.len - open)) : NULL;
    tell_setting(s, out->verdict);
    if (!session_record(s, &r, out->verdict == SMTP_AUTH_DENIED ? "auth-failed" : "reject", client))
        return;
    snprintf(helo, sizeof helo, "%.*s", (int)s->helo_len, s->helo ? s->helo : "");
    snprintf(from, sizeof from, "%.*s", s->item ? (int)s->item->sender.len : 0,
             s->item ? s->item->sender.at : "");
    if (!s->item && out->verb == SMTP_VERB_CONTENT)
        snprintf(from, sizeof from, "%s", smtp_world(s)->scratch->last_sender);
    snprintf(line, sizeof line, "%.*s", (int)(out->line.len < 599 ? out->line.len : 599),
             out->line.at ? out->line.at : "");
    r.code = info->code;
    snprintf(r.status, sizeof r.status, "%s", info->status);
    reply_words(&r, out);
    if (out->verb == SMTP_VERB_RCPT && open && close) {
        snprintf(to, sizeof to, "%.*s", (int)(close - open - 1), open + 1);
        trace_attr_str(&r, "to", to);
    }
    trace_attr_str(&r, "helo", helo);
    trace_attr_str(&r, "from", from);
    trace_attr_str(&r, "command", command_word(out->verb));
    if (out->verdict == SMTP_AUTH_DENIED)
        service_auth_attr_failed(&r, &s->auth);
    trace_attr_str(&r, "line", out->secret_len > 0 ? "" : line);
    trace_attr_str(&r, "dsn", info->status);
    trace_attr_str(&r, "verdict", info->name);
    tell_send(&r, smtp_mta(s)->host, false);
}

/* The setting that decided: where "why" leads. */
void smtp_tell_config(struct smtp_session *s, const char *pointer, const char *key, const char *value)
{
    struct trace_record r;
    char whole[512];
    if (!tell_state(&r, smtp_mta(s)->host, TRACE_KIND_CONFIG, NULL))
        return;
    snprintf(whole, sizeof whole, "%s%s%s", pointer ? pointer : "", key ? "/" : "", key ? key : "");
    trace_attr_str(&r, "pointer", whole);
    trace_attr_str(&r, "value", value);
    tell_send(&r, smtp_mta(s)->host, true);
}
