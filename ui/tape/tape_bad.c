/* Which records tell of something that went wrong. */
#include <string.h>

#include "ui/tape/record.h"
#include "ui/tape/tape.h"

static bool one_of(const char *value, const char *const *words)
{
    for (; value && *words; words++)
        if (strcmp(value, *words) == 0)
            return true;
    return false;
}

static bool bad_line(const struct trace_record *r)
{
    if (r->kind == TRACE_KIND_ANSWER)
        return record_begins(r, "NXDOMAIN") || record_begins(r, "SERVFAIL") || record_begins(r, "REFUSED");
    if (r->kind != TRACE_KIND_REPLY)
        return false;
    if (r->code >= 400 || r->proto == TRACE_POP3)
        return r->code >= 400 || record_begins(r, "-ERR");
    if (r->proto == TRACE_IMAP && r->text && !record_begins(r, "*")) {
        const char *space = memchr(r->text, ' ', r->text_len);
        size_t left = space ? r->text_len - (size_t)(space + 1 - r->text) : 0;
        return (left > 2 && memcmp(space + 1, "NO ", 3) == 0) ||
               (left > 3 && memcmp(space + 1, "BAD ", 4) == 0);
    }
    return false;
}

bool tape_is_bad(const struct trace_record *r)
{
    static const char *const session[] = { "lost", "timeout", "tls-failed", "connect-failed", NULL },
                             *const queue[] = { "deferred", "bounced", "expired", "loop", NULL },
                             *const client[] = { "send-failed", "fetch-failed", NULL },
                             *const timer[] = { "give-up", NULL };
    switch (r->kind) {
    case TRACE_KIND_REPLY:
    case TRACE_KIND_ANSWER:
        return bad_line(r);
    case TRACE_KIND_DROPPED:
    case TRACE_KIND_ERROR:
        return true;
    case TRACE_KIND_SESSION:
        return one_of(trace_attr_get(r, "event"), session);
    case TRACE_KIND_QUEUE:
        return one_of(trace_attr_get(r, "event"), queue);
    case TRACE_KIND_CLIENT:
        return one_of(trace_attr_get(r, "event"), client);
    case TRACE_KIND_MAILBOX:
        return one_of(trace_attr_get(r, "event"), (const char *const[]){ "over-quota", NULL });
    case TRACE_KIND_TCP_TIMER:
        return one_of(trace_attr_get(r, "timer"), timer);
    case TRACE_KIND_OUTCOME:
        return one_of(trace_attr_get(r, "ok"), (const char *const[]){ "no", NULL });
    default:
        return false;
    }
}
