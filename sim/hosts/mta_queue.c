/* The queue: who is still waiting, when to try again, when to give up. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/hosts/mta.h"
#include "sim/hosts/tell.h"

#define ITEM_SAID_MAX 512 /* octets kept of a server's answer */
#define TEXT_CHUNK    256 /* octets: the depot's second class */

static struct world *world_of(const struct mta *m)
{
    return m->host->world;
}

/* ---- items ---------------------------------------------------------------------------------------- */

static void item_due(struct core_queue *q, struct core_timer *timer);

struct queue_item *item_new(struct mta *m)
{
    static const char digits[] = "0123456789ABCDEF";
    struct world *w = world_of(m);
    struct queue_item *q = core_pool_take(&w->queue_items);
    uint64_t n = core_rng_next(&w->rng_ids) << 24 | (++w->serial & 0xffffff);
    memset(q, 0, sizeof *q);
    q->mta = m;
    q->timer.run = item_due;
    q->arrival_ns = world_now(w);
    for (int i = 0; i < 10; i++, n >>= 4) /* the serial number in it makes it unique */
        q->id[9 - i] = digits[n & 15];
    return q;
}

void item_free(struct queue_item *q)
{
    struct world *w = world_of(q->mta);
    assert(q->jobs == 0);
    core_timer_cancel(&w->queue, &q->timer);
    mail_drop(&w->mails, q->mail);
    core_depot_give(&w->net.depot, q->rcpt, q->rcpt_cap);
    for (struct text_chunk *c = q->text, *next; c; c = next) {
        next = c->next;
        core_depot_give(&w->net.depot, c, c->cap);
    }
    if (q->queued) {
        q->prev->next = q->next;
        q->next->prev = q->prev;
        q->mta->queued--;
    }
    core_pool_give(&w->queue_items, q);
}

/* Makes room for `more` octets in a depot buffer that has `used`. */
static void *grow(struct core_depot *d, void *buf, size_t *cap, size_t used, size_t more)
{
    size_t new_cap;
    void *grown;
    if (*cap - used >= more)
        return buf;
    grown = core_depot_take(d, used + more > 2 * used ? used + more : 2 * used, &new_cap);
    if (used > 0)
        memcpy(grown, buf, used);
    core_depot_give(d, buf, *cap);
    *cap = new_cap;
    return grown;
}

struct wire_slice item_text(struct queue_item *q, const char *at, size_t len)
{
    struct text_chunk *c = q->text;
    char *to;
    if (!c || c->cap - c->used < len) {
        size_t cap, want = sizeof *c + len;
        c = core_depot_take(&world_of(q->mta)->net.depot, want > TEXT_CHUNK ? want : TEXT_CHUNK, &cap);
        c->next = q->text;
        c->cap = cap;
        c->used = sizeof *c;
        q->text = c;
    }
    to = (char *)c + c->used;
    if (len > 0)
        memcpy(to, at, len);
    c->used += len;
    return wire_slice(to, len);
}

struct recipient *item_recipient(struct queue_item *q, const char *address, size_t len)
{
    struct recipient *r;
    const char *dot = NULL;
    q->rcpt = grow(&world_of(q->mta)->net.depot, q->rcpt, &q->rcpt_cap, q->nrcpt * sizeof *r, sizeof *r);
    r = &q->rcpt[q->nrcpt++];
    memset(r, 0, sizeof *r);
    r->address = item_text(q, address, len);
    for (size_t i = len; i > 0 && !dot; i--)
        if (address[i - 1] == '@')
            dot = &address[i];
    r->domain_at = dot ? (uint32_t)(dot - address) : (uint32_t)len;
    return r;
}

/* What a peer said goes into reports and logs, as one line: control characters in it are a fault or an
 * attempt. */
static struct wire_slice said_text(struct queue_item *q, struct wire_slice said)
{
    char text[ITEM_SAID_MAX];
    size_t n = said.len < sizeof text ? said.len : sizeof text;
    for (size_t i = 0; i < n; i++)
        text[i] = (unsigned char)said.at[i] < ' ' || said.at[i] == 127 ? '?' : said.at[i];
    return item_text(q, text, n);
}

void recipient_answer(struct queue_item *q, struct recipient *r, enum recipient_state state, uint16_t code,
                      const char *status, struct wire_slice said, struct wire_slice remote)
{
    r->state = (uint8_t)state;
    r->code = code;
    snprintf(r->status, sizeof r->status, "%s", status);
    if (state == RCPT_SENT && !world_tells(world_of(q->mta), TRACE_STATE) && r->notify == 0)
        return; /* nobody will ask what the server said */
    r->said = said_text(q, said);
    r->remote = item_text(q, remote.at, remote.len);
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

/* How long to wait after so many attempts: doubling, up to a limit. */
static uint64_t backoff_ns(const struct mta *m, uint32_t attempts)
{
    uint64_t wait = or_default(m->spec->retry_first_ns, MTA_RETRY_FIRST_NS);
    uint64_t most = or_default(m->spec->retry_max_ns, MTA_RETRY_MAX_NS);
    for (uint32_t i = 1; i < attempts && wait < most; i++)
        wait *= 2;
    return wait < most ? wait : most;
}

/* ---- the trace -------------------------------------------------------------------------------------- */

void queue_tell(struct queue_item *q, const char *event, const struct recipient *r,
                const struct queue_more *more)
{
    struct host *h = q->mta->host;
    struct trace_record t;
    char from[WIRE_PATH_MAX + 1], to[WIRE_PATH_MAX + 1], id[256], said[600];
    uint64_t now = world_now(h->world);
    if (!tell_state(&t, h, TRACE_KIND_QUEUE, event))
        return;
    snprintf(from, sizeof from, "%.*s", (int)q->sender.len, q->sender.at ? q->sender.at : "");
    snprintf(id, sizeof id, "%.*s", (int)(q->message_id.len < 255 ? q->message_id.len : 255),
             q->message_id.at ? q->message_id.at : "");
    trace_attr_str(&t, "queue_id", q->id);
    trace_attr_str(&t, "message_id", id);
    trace_attr_str(&t, "from", from);
    trace_attr_num(&t, "size", q->mail ? (int64_t)q->mail->len : 0);
    trace_attr_num(&t, "nrcpt", q->nrcpt);
    trace_attr_num(&t, "delay_ms", (int64_t)((now - q->arrival_ns) / CORE_MS));
    if (strcmp(event, "deferred") == 0) /* what wait_for_retry will decide */
        trace_attr_num(&t, "next_try_ms", (int64_t)(backoff_ns(q->mta, q->attempts) / CORE_MS));
    else if (q->next_ns > now)
        trace_attr_num(&t, "next_try_ms", (int64_t)((q->next_ns - now) / CORE_MS));
    if (r) {
        snprintf(to, sizeof to, "%.*s", (int)r->address.len, r->address.at);
        snprintf(said, sizeof said, "%.*s", (int)(r->said.len < 599 ? r->said.len : 599),
                 r->said.at ? r->said.at : "");
        trace_attr_str(&t, "to", to);
        trace_attr_str(&t, "dsn", r->status);
        trace_attr_str(&t, "status_text", said);
        t.code = r->code;
        memcpy(t.status, r->status, sizeof t.status);
    }
    if (more) {
        const struct {
            const char *key, *value;
        } words[] = { { "relay", more->relay },           { "delays", more->delays },
                      { "client", more->client },         { "daemon", more->daemon },
                      { "notice_id", more->notice_id },   { "sasl_method", more->method },
                      { "sasl_username", more->username } };
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (words[i].value)
                trace_attr_str(&t, words[i].key, words[i].value);
        t.conn = more->conn;
    }
    q->cause = tell_send(&t, h, true);
}

static size_t put_seconds(char *out, size_t cap, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t ms = to_ns > from_ns ? (to_ns - from_ns) / CORE_MS : 0;
    return (size_t)snprintf(out, cap, "%llu.%02llu", (unsigned long long)(ms / 1000),
                            (unsigned long long)(ms % 1000 / 10));
}

const char *queue_delays(const struct queue_item *q, uint64_t began_ns, uint64_t connect_ns,
                         uint64_t opened_ns, char out[QUEUE_DELAYS])
{
    uint64_t now = world_now(world_of(q->mta)), connect = connect_ns ? connect_ns : now,
             opened = opened_ns ? opened_ns : now;
    const uint64_t at[] = { q->arrival_ns, began_ns, connect, opened, now };
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        n += put_seconds(out + n, QUEUE_DELAYS - n, at[i], at[i + 1]);
        if (i < 3)
            out[n++] = '/';
    }
    out[n] = '\0';
    return out;
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

static void item_attempt(struct queue_item *q)
{
    uint32_t n = q->nrcpt;
    q->attempts++;
    q->jobs++; /* this function itself: local deliveries may be done at once */
    if (world_tells(world_of(q->mta), TRACE_STATE))
        queue_tell(q, "active", NULL, NULL);
    for (uint32_t i = 0; i < q->nrcpt; i++) { /* aliases may add recipients behind */
        struct recipient *r = &q->rcpt[i];
        struct wire_slice domain = recipient_domain(r);
        if (r->state != RCPT_WAITING)
            continue;
        if (domain.len == 0 || mta_is_local(q->mta, domain))
            mta_deliver_local(q, r);
        else
            mta_deliver(q, i);
    }
    (void)n;
    queue_job_done(q);
}

/* When the sender is due to be told that the message is late; CORE_NEVER: it has been, or never is. */
static uint64_t notice_ns(const struct queue_item *q)
{
    uint64_t after = or_default(q->mta->spec->delay_notice_ns, MTA_NOTICE_NS);
    return q->notice_sent || after == CORE_NEVER ? CORE_NEVER : q->arrival_ns + after;
}

static void send_notice(struct queue_item *q)
{
    q->notice_sent = true;
    mta_report(q, REPORT_DELAY);
}

static void item_due(struct core_queue *cq, struct core_timer *timer)
{
    struct queue_item *q = CORE_OWNER(timer, struct queue_item, timer);
    struct world *w = world_of(q->mta);
    (void)cq;
    w->trace.cause = q->cause;
    if (world_now(w) < q->next_ns) { /* the time for the notice has come between two attempts */
        send_notice(q);
        core_timer_set(&w->queue, &q->timer, q->next_ns);
        return;
    }
    if (q->attempts > 0)
        tell_phase(q->mta->host, PHASE_RETRY, 0, 0, "%s takes %s out of its queue for attempt number %u",
                   q->mta->hostname, q->id, q->attempts + 1);
    else if (world_tells(w, TRACE_PHASE))
        tell_phase(q->mta->host, PHASE_QUEUE, 0, 0, "%s finds %s in its queue and begins at once",
                   q->mta->hostname, q->id);
    item_attempt(q);
}

void queue_take(struct queue_item *q)
{
    struct mta *m = q->mta;
    struct world *w = world_of(m);
    q->queued = true;
    q->next = &m->queue;
    q->prev = m->queue.prev;
    q->prev->next = q;
    m->queue.prev = q;
    m->queued++;
    w->totals.accepted++;
    q->cause = w->trace.cause;
    core_timer_set(&w->queue, &q->timer, world_now(w));
}

static void give_up(struct queue_item *q)
{
    for (uint32_t i = 0; i < q->nrcpt; i++) {
        struct recipient *r = &q->rcpt[i];
        char status[SMTP_STATUS_MAX];
        if (r->state != RCPT_WAITING)
            continue;
        /* The reason stays the last one; permanent now, RFC 3463 section 3.5: delivery time expired. */
        snprintf(status, sizeof status, "%s", "5.4.7");
        memcpy(r->status, status, sizeof r->status);
        r->state = RCPT_FAILED;
        queue_tell(q, "expired", r, NULL);
    }
}

static void wait_for_retry(struct queue_item *q, uint32_t waiting)
{
    struct mta *m = q->mta;
    struct world *w = world_of(m);
    uint64_t now = world_now(w);
    q->next_ns = now + backoff_ns(m, q->attempts);
    w->totals.deferred++;
    if (world_tells(w, TRACE_PHASE))
        tell_phase(m->host, PHASE_DEFER, 0, 0, "%s keeps %s for %u recipient%s and will try again in %s",
                   m->hostname, q->id, waiting, waiting == 1 ? "" : "s", tell_wait(q->next_ns - now));
    if (now >= notice_ns(q))
        send_notice(q);
    q->cause = w->trace.cause;
    core_timer_set(&w->queue, &q->timer, q->next_ns < notice_ns(q) ? q->next_ns : notice_ns(q));
}

void queue_job_done(struct queue_item *q)
{
    struct mta *m = q->mta;
    struct world *w = world_of(m);
    uint32_t waiting = 0, failed = 0, wanted = 0;
    assert(q->jobs > 0);
    if (--q->jobs > 0)
        return;
    for (uint32_t i = 0; i < q->nrcpt; i++)
        waiting += q->rcpt[i].state == RCPT_WAITING;
    if (waiting > 0 && world_now(w) - q->arrival_ns >= or_default(m->spec->expire_ns, MTA_EXPIRE_NS)) {
        give_up(q);
        waiting = 0;
    }
    for (uint32_t i = 0; i < q->nrcpt; i++) {
        failed += q->rcpt[i].state == RCPT_FAILED && !q->rcpt[i].reported;
        wanted += q->rcpt[i].state == RCPT_SENT && !q->rcpt[i].reported &&
                  (q->rcpt[i].notify & SMTP_NOTIFY_SUCCESS);
    }
    if (failed > 0)
        mta_report(q, REPORT_BOUNCE);
    if (wanted > 0)
        mta_report(q, REPORT_SUCCESS);
    if (waiting > 0) {
        wait_for_retry(q, waiting);
        return;
    }
    queue_tell(q, "removed", NULL, NULL);
    item_free(q);
}
