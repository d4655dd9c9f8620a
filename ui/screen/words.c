/* Words about a record, the same in all views. */
#include <stdio.h>
#include <string.h>

#include "ui/screen/view.h"

const char *ui_clock(uint64_t t_ns, char buf[24])
{
    unsigned long long s = t_ns / 1000000000u, ms = t_ns / 1000000u % 1000;
    if (s < 600)
        snprintf(buf, 24, "%llu.%03llu s", s, ms);
    else if (s < 3600)
        snprintf(buf, 24, "%llu m %02llu s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buf, 24, "%llu h %02llu m", s / 3600, s / 60 % 60);
    else
        snprintf(buf, 24, "%llu d %02llu h", s / 86400, s / 3600 % 24);
    return buf;
}

static const char *attr(const struct trace_record *r, const char *key)
{
    const char *value = trace_attr_get(r, key);
    return value ? value : "";
}

static void state_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    const char *event = attr(r, "event");
    switch (r->kind) {
    case TRACE_KIND_TCP_STATE:
        snprintf(buf, cap, "%s: TCP %s to %s", tape_host(t, r->host), attr(r, "from"), attr(r, "to"));
        break;
    case TRACE_KIND_TCP_TIMER:
        snprintf(buf, cap, "%s: TCP timer: %s", tape_host(t, r->host), attr(r, "timer"));
        break;
    case TRACE_KIND_QUEUE:
        snprintf(buf, cap, "%s: %s %s%s%s%s%s", tape_host(t, r->host), attr(r, "queue_id"), event,
                 *attr(r, "to") ? " for " : "", attr(r, "to"), *attr(r, "status_text") ? ": " : "",
                 attr(r, "status_text"));
        break;
    case TRACE_KIND_MAILBOX:
        snprintf(buf, cap, "%s: %s in %s of %s", tape_host(t, r->host), event, attr(r, "mailbox"),
                 attr(r, "user"));
        break;
    case TRACE_KIND_SESSION:
        snprintf(buf, cap, "%s: session %s%s%s", tape_host(t, r->host), event,
                 *attr(r, "verdict") ? ": " : "", attr(r, "verdict"));
        break;
    case TRACE_KIND_CONFIG:
        snprintf(buf, cap, "setting %s = %s", attr(r, "pointer"), attr(r, "value"));
        break;
    case TRACE_KIND_OUTCOME:
        snprintf(buf, cap, "%s: expected %s, got %s", attr(r, "what"), attr(r, "expected"), attr(r, "got"));
        break;
    case TRACE_KIND_CLIENT:
        snprintf(buf, cap, "%s: %s%s%s", tape_host(t, r->host), event, *attr(r, "result") ? ": " : "",
                 attr(r, "result"));
        break;
    default:
        snprintf(buf, cap, "%s: %s %s", tape_host(t, r->host), trace_kind_name(r->kind), event);
    }
}

const char *ui_record_text(const struct tape *t, const struct trace_record *r, char *buf, size_t cap)
{
    if (trace_kind_level(r->kind) == TRACE_PHASE)
        snprintf(buf, cap, "%s", r->title ? r->title : r->text ? r->text : "");
    else if (r->text && r->text_len && r->kind != TRACE_KIND_QUEUE)
        snprintf(buf, cap, "%.*s", (int)(r->text_len < 900 ? r->text_len : 900), r->text);
    else
        state_text(t, r, buf, cap);
    return buf;
}

enum ui_style ui_record_style(const struct trace_record *r)
{
    if (tape_is_bad(r))
        return r->code >= 400 && r->code < 500 ? UI_STYLE_WARN : UI_STYLE_BAD;
    switch (trace_kind_level(r->kind)) {
    case TRACE_PHASE:
        return UI_STYLE_TITLE;
    case TRACE_LINE:
        return r->dir == 'S' ? UI_STYLE_SERVER : UI_STYLE_CLIENT;
    default:
        return UI_STYLE_TEXT;
    }
}
