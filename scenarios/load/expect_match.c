/* Does a record match an item? One function for each kind of item. */
#include "scenarios/load/expect_internal.h"

#include <string.h>

#include "protocols/wire/ascii.h"

typedef bool match_fn(const struct expect *, const struct expect_item *, const struct trace_record *,
                      const char *event);

bool expect_same(const char *a, const char *b)
{
    return a && b && wire_equal_nocase(a, strlen(a), b, strlen(b));
}

/* True if mail for `domain` is delivered on this host of the scenario. */
static bool delivers_for(const struct expect *e, uint32_t host, const char *domain)
{
    const struct spec_world *w = &e->scenario->world;
    for (size_t h = 0; host > 0 && host <= e->nhosts && h < w->nhosts; h++) {
        const struct spec_mta *m = w->hosts[h].mta;
        if (strcmp(w->hosts[h].name, e->hosts[host - 1]) != 0)
            continue;
        for (size_t i = 0; m && i < m->nlocal_domains; i++)
            if (expect_same(m->local_domains[i], domain))
                return true;
        return m == NULL;
    }
    return true;
}

bool expect_user_is(const struct expect *e, const char *wanted, uint32_t host, const char *user,
                    const char *address)
{
    const char *at = strrchr(wanted, '@');
    if (expect_same(wanted, user) || expect_same(wanted, address))
        return true;
    /* A record without an address tells the bare name: the host says for which domains. */
    return !address && user && at && wire_equal_nocase(user, strlen(user), wanted, (size_t)(at - wanted)) &&
           delivers_for(e, host, at + 1);
}

/* An optional condition: NULL asks nothing. */
static bool attr(const struct trace_record *r, const char *key, const char *wanted)
{
    return !wanted || expect_same(wanted, trace_attr_get(r, key));
}

static bool about(const struct expect *e, const struct expect_item *item, const struct trace_record *r)
{
    const char *name = item->message ? expect_message_of(e, r) : NULL;
    return !item->message || (name && strcmp(name, item->message) == 0);
}

static bool one_of(const char *event, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(event, *names) == 0)
            return true;
    return false;
}

/* "5.x.x" against "5.1.1": x stands for any number. */
static bool status_like(const char *pattern, const char *status)
{
    if (!status || !*status)
        return false;
    while (*pattern && *status) {
        if (*pattern == 'x') {
            while (wire_is_digit(*status))
                status++;
            pattern++;
        } else if (*pattern++ != *status++) {
            return false;
        }
    }
    return *pattern == *status;
}

static bool status(const struct expect_item *item, const struct trace_record *r)
{
    return !item->status || status_like(item->status, r->status) ||
           status_like(item->status, trace_attr_get(r, "dsn"));
}

/* A refused command tells its whole line: the address stands in it as "<bob@example.org>". */
static bool in_line(const char *line, const char *address)
{
    const char *at = line ? strchr(line, '<') : NULL;
    size_t len = strlen(address);
    return at && strlen(at + 1) > len && wire_equal_nocase(at + 1, len, address, len) && at[1 + len] == '>';
}

static bool recipient(const struct expect_item *item, const struct trace_record *r)
{
    return !item->recipient || expect_same(item->recipient, trace_attr_get(r, "to")) ||
           expect_same(item->recipient, trace_attr_get(r, "orig_to")) ||
           in_line(trace_attr_get(r, "line"), item->recipient);
}

static bool is_stored(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                      const char *event)
{
    return r->kind == TRACE_KIND_MAILBOX && strcmp(event, "stored") == 0 && about(e, item, r) &&
           (!item->to ||
            expect_user_is(e, item->to, r->host, trace_attr_get(r, "user"), trace_attr_get(r, "address"))) &&
           attr(r, "mailbox", item->mailbox);
}

static bool is_fetched(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                       const char *event)
{
    return r->kind == TRACE_KIND_CLIENT && strcmp(event, "message") == 0 && about(e, item, r) &&
           attr(r, "via", item->via) && attr(r, "action", item->action) &&
           (item->intact == EXPECT_INTACT_ANY ||
            expect_attr_is(r, "intact", item->intact == EXPECT_INTACT_YES ? "yes" : "no"));
}

static bool is_bounced(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                       const char *event)
{
    static const char *const events[] = { "bounced", "expired", NULL };
    return r->kind == TRACE_KIND_QUEUE && one_of(event, events) && about(e, item, r) && recipient(item, r) &&
           status(item, r);
}

bool expect_returned(const struct expect_item *item, const struct expect_tally *t,
                     const struct trace_record *r)
{
    return r->kind == TRACE_KIND_QUEUE && expect_attr_is(r, "event", "bounce-made") &&
           (!item->host || t->host == r->host) && attr(r, "to", item->to);
}

static bool is_delay_notice(const struct expect *e, const struct expect_item *item,
                            const struct trace_record *r, const char *event)
{
    (void)e;
    return r->kind == TRACE_KIND_QUEUE && strcmp(event, "delay-notice") == 0 && attr(r, "to", item->to);
}

static bool is_deferred(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                        const char *event)
{
    return r->kind == TRACE_KIND_QUEUE && strcmp(event, "deferred") == 0 && about(e, item, r) &&
           recipient(item, r) && status(item, r);
}

/* `command` of a record may be the whole line. */
static bool command(const struct expect_item *item, const struct trace_record *r, const char *event)
{
    const char *have = trace_attr_get(r, "command");
    if (!item->command)
        return true;
    if (strcmp(event, "auth-failed") == 0)
        return strcmp(item->command, "AUTH") == 0;
    if (!have)
        return false;
    return wire_equal_nocase(have, strcspn(have, " :"), item->command, strlen(item->command)) ||
           (strcmp(item->command, "HELO") == 0 && wire_equal_nocase(have, strcspn(have, " :"), "EHLO", 4));
}

static bool is_refused(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                       const char *event)
{
    static const char *const events[] = { "reject", "auth-failed", NULL };
    (void)e;
    return r->kind == TRACE_KIND_SESSION && one_of(event, events) && command(item, r, event) &&
           recipient(item, r) && (!item->code || item->code == r->code) && status(item, r);
}

static bool is_connection(const struct expect *e, const struct expect_item *item,
                          const struct trace_record *r, const char *event)
{
    /* A mail program tells how its connection ended when it tells how its errand did. */
    static const char *const errands[] = { "send-failed", "fetch-failed", "telnet-done", NULL };
    const char *result = trace_attr_get(r, "result");
    int64_t port;
    (void)e;
    if (r->kind != TRACE_KIND_SESSION && (r->kind != TRACE_KIND_CLIENT || !one_of(event, errands)))
        return false;
    if (strcmp(event, "connect") == 0)
        result = "connected";
    else if (!result)
        result = strcmp(event, "timeout") == 0 ? "timed-out" : strcmp(event, "lost") == 0 ? "lost" : "";
    if (strcmp(result, item->result) != 0)
        return false;
    return !item->port || (expect_attr_number(r, "port", &port) && port == item->port);
}

static bool is_end_of_send(const struct expect *e, const struct expect_item *item,
                           const struct trace_record *r, const char *event)
{
    const char *wanted = item->kind == EXPECT_SENT ? "sent" : "send-failed";
    return r->kind == TRACE_KIND_CLIENT && strcmp(event, wanted) == 0 && about(e, item, r) &&
           attr(r, "action", item->action) && attr(r, "result", item->result) &&
           (!item->code || item->code == r->code);
}

static bool is_action(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                      const char *event)
{
    static const char *const ends[] = { "sent",        "send-failed", "fetched",     "fetch-failed",
                                        "marked",      "removed",     "moved",       "telnet-done",
                                        "lookup-done", "ping-done",   "action-done", NULL };
    (void)e;
    return r->kind == TRACE_KIND_CLIENT && one_of(event, ends) && attr(r, "action", item->action) &&
           attr(r, "result", item->result);
}

static bool has_flag(const char *flags, const char *flag)
{
    size_t len = strlen(flag);
    for (const char *at = flags; at && *at; at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ')) {
        size_t n = strcspn(at, " ");
        if (wire_equal_nocase(at, n, flag, len) || wire_equal_nocase(at, n, flag + 1, len - 1))
            return true;
    }
    return false;
}

static bool is_mailbox_event(const struct expect *e, const struct expect_item *item,
                             const struct trace_record *r, const char *event)
{
    const char *wanted = item->kind == EXPECT_FLAGGED ? "flags" : "over-quota";
    return r->kind == TRACE_KIND_MAILBOX && strcmp(event, wanted) == 0 && attr(r, "mailbox", item->mailbox) &&
           (!item->user || expect_user_is(e, item->user, r->host, trace_attr_get(r, "user"),
                                          trace_attr_get(r, "address"))) &&
           (!item->flag || has_flag(trace_attr_get(r, "flags"), item->flag));
}

static bool is_retransmission(const struct expect *e, const struct expect_item *item,
                              const struct trace_record *r, const char *event)
{
    (void)e;
    (void)item;
    (void)event;
    return r->kind == TRACE_KIND_TCP_TIMER &&
           (expect_attr_is(r, "timer", "rto") || expect_attr_is(r, "timer", "fast-retransmit"));
}

static bool is_line(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                    const char *event)
{
    size_t len = strlen(item->text);
    (void)e;
    (void)event;
    if (trace_kind_level(r->kind) != TRACE_LINE || !r->text || (item->code && item->code != r->code) ||
        (item->status && !status_like(item->status, r->status)))
        return false;
    for (size_t i = 0; len <= r->text_len && i <= r->text_len - len; i++)
        if (memcmp(r->text + i, item->text, len) == 0)
            return true;
    return false;
}

static bool is_nothing(const struct expect *e, const struct expect_item *item, const struct trace_record *r,
                       const char *event)
{
    (void)e;
    (void)item;
    (void)r;
    (void)event;
    return false; /* judged at the end: a queue, a mailbox */
}

static match_fn *const matchers[EXPECT_KIND_COUNT] = {
    [EXPECT_DELIVERED] = is_stored,
    [EXPECT_FETCHED] = is_fetched,
    [EXPECT_BOUNCED] = is_bounced,
    [EXPECT_DELAY_NOTICE] = is_delay_notice,
    [EXPECT_DEFERRED] = is_deferred,
    [EXPECT_REFUSED] = is_refused,
    [EXPECT_CONNECTION] = is_connection,
    [EXPECT_SENT] = is_end_of_send,
    [EXPECT_SEND_FAILED] = is_end_of_send,
    [EXPECT_ACTION] = is_action,
    [EXPECT_QUEUE_EMPTY] = is_nothing,
    [EXPECT_MAILBOX] = is_nothing,
    [EXPECT_FLAGGED] = is_mailbox_event,
    [EXPECT_OVER_QUOTA] = is_mailbox_event,
    [EXPECT_RETRANSMISSIONS] = is_retransmission,
    [EXPECT_LINE] = is_line,
};

bool expect_matches(const struct expect *e, const struct expect_item *item, const struct expect_tally *t,
                    const struct trace_record *r)
{
    const char *event = trace_attr_get(r, "event");
    /* A connection that was accepted is told by the server: there the peer is who opened it. */
    bool here =
        !item->host || t->host == r->host ||
        (item->kind == EXPECT_CONNECTION && t->host == r->peer && event && strcmp(event, "connect") == 0);
    return here && r->kind != TRACE_KIND_OUTCOME && matchers[item->kind](e, item, r, event ? event : "");
}
