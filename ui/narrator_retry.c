/*
 * Attempts of a queue that end like one before: one row each.
 *
 *   RETRY phase --> the page goes to memory --> DEFER phase --> a new ending: the page as it is
 *                                          |                --> a known one:  "37-40. mail, attempt 8: as
 * before"
 *                                          +--> anything else happens:        the page as it is
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/narrator_internal.h"

#define ROW_MAX 160

/* Said under the first such row. */
static const char put_row_words[] = "An attempt that ends like one that was told takes one row from here on. "
                                    "Between the attempts nothing happens: "
                                    "the message lies in the queue.";

static uint64_t mix(uint64_t hash, const char *words)
{
    for (; words && *words; words++)
        hash = (hash ^ (uint8_t)*words) * UINT64_C(0x100000001b3);
    return hash * UINT64_C(0x100000001b3);
}

/* Writes what is in memory to the file. */
static void release(struct ui_narrator *n, bool write)
{
    struct narrator_attempt *a = &n->attempt;
    if (!a->active)
        return;
    a->active = false;
    if (fclose(a->memory) != 0 && n->page.error == 0)
        n->page.error = ENOMEM;
    n->page.file = a->file;
    if (write && a->len > 0 && fwrite(a->text, 1, a->len, a->file) != a->len && n->page.error == 0)
        n->page.error = errno ? errno : EIO;
    free(a->text);
    a->text = NULL;
}

static struct narrator_queued *queued(struct ui_narrator *n, const struct trace_record *r)
{
    const char *id = trace_attr_get(r, "queue_id");
    struct narrator_queued *q;
    if (!id)
        return NULL;
    for (unsigned i = 0; i < NARRATOR_QUEUED; i++)
        if (n->queued[i].host == r->host && strncmp(n->queued[i].id, id, sizeof n->queued[i].id - 1) == 0)
            return &n->queued[i];
    q = &n->queued[n->nqueued++ % NARRATOR_QUEUED];
    *q = (struct narrator_queued){ .host = r->host };
    snprintf(q->id, sizeof q->id, "%s", id);
    return q;
}

static void begin(struct ui_narrator *n, const struct trace_record *r)
{
    struct narrator_attempt *a = &n->attempt;
    bool gap = n->gap;
    n->gap = false;
    narrator_settle(n); /* what is still held back belongs in front */
    n->gap = gap;
    *a = (struct narrator_attempt){
        .in_row = n->in_row, .host = r->host, .t_ns = r->t_ns, .phase = n->phases + 1, .file = n->page.file
    };
    a->memory = open_memstream(&a->text, &a->len);
    if (!a->memory)
        return; /* told in full */
    a->active = true;
    a->ending = mix(UINT64_C(0xcbf29ce484222325), narrator_host(n, r->host));
    n->page.file = a->memory;
}

/* True if the record is of no interest for the reader of an attempt, or part of any attempt. */
static bool belongs(const struct ui_narrator *n, const struct trace_record *r, const char *event)
{
    static const char *const steps[] = { "ROUTE", "CONNECT_RELAY", "NEXT_HOST", "DEFER" };
    const char *step;
    switch (r->kind) {
    case TRACE_KIND_PHASE:
        step = trace_attr_get(r, "step");
        for (size_t i = 0; step && i < sizeof steps / sizeof steps[0]; i++)
            if (strcmp(step, steps[i]) == 0)
                return r->host == n->attempt.host;
        return false;
    case TRACE_KIND_QUEUE:
        return r->host == n->attempt.host && event &&
               (strcmp(event, "active") == 0 || strcmp(event, "deferred") == 0);
    case TRACE_KIND_MAILBOX:
    case TRACE_KIND_CLIENT:
    case TRACE_KIND_ERROR:
    case TRACE_KIND_INPUT:
    case TRACE_KIND_FAULT:
    case TRACE_KIND_CONFIG:
    case TRACE_KIND_OUTCOME:
        return false;
    default:
        return trace_kind_level(r->kind) != TRACE_LINE || r->proto == TRACE_DNS;
    }
}

void narrator_retry_before(struct ui_narrator *n, const struct trace_record *r)
{
    struct narrator_attempt *a = &n->attempt;
    const char *event = trace_attr_get(r, "event"), *step = trace_attr_get(r, "step");
    struct narrator_queued *q;

    if (n->level == TRACE_PACKET)
        return;
    if (a->active && !belongs(n, r, event))
        release(n, true);
    if (r->kind == TRACE_KIND_PHASE && step && strcmp(step, "RETRY") == 0) {
        begin(n, r);
        return;
    }
    if (r->kind == TRACE_KIND_QUEUE && event) {
        q = queued(n, r);
        if (q && strcmp(event, "active") == 0)
            q->attempts++;
        if (q && a->active) {
            a->queued = q;
            a->waited_ns = q->deferred_ns > 0 ? a->t_ns - q->deferred_ns : 0;
        }
        if (q && strcmp(event, "deferred") == 0)
            q->deferred_ns = r->t_ns;
    }
    if (a->active && r->kind == TRACE_KIND_SESSION && event && strcmp(event, "connect-failed") == 0)
        a->ending = mix(mix(a->ending, trace_attr_get(r, "relay")), trace_attr_get(r, "result"));
    if (a->active && r->kind == TRACE_KIND_QUEUE && event && strcmp(event, "deferred") == 0)
        a->ending = mix(a->ending, trace_attr_get(r, "status_text"));
}

/* "45.000 s", "20 min", "2 h 40 min", "4 h" */
static void wait_text(uint64_t wait_ns, char buf[UI_TIME_MAX])
{
    uint64_t minutes = wait_ns / UINT64_C(60000000000);
    if (minutes == 0)
        ui_time_text(wait_ns, buf);
    else if (minutes < 60)
        snprintf(buf, UI_TIME_MAX, "%u min", (unsigned)minutes);
    else if (minutes % 60 > 0)
        snprintf(buf, UI_TIME_MAX, "%u h %u min", (unsigned)(minutes / 60), (unsigned)(minutes % 60));
    else
        snprintf(buf, UI_TIME_MAX, "%u h", (unsigned)(minutes / 60));
}

/* "37-40. mail, attempt 8 for 6136000002, 4 h later: as before                    9 h 16 min" */
static void put_row(struct ui_narrator *n)
{
    const struct narrator_attempt *a = &n->attempt;
    struct ui_page *p = &n->page;
    char row[ROW_MAX], wait[UI_TIME_MAX], time[UI_TIME_MAX];

    if (!a->in_row)
        ui_page_end(p);
    wait_text(a->waited_ns, wait);
    snprintf(row, sizeof row, "%llu-%llu. %s, attempt %u for %s, %s later: as before",
             (unsigned long long)a->phase, (unsigned long long)n->phases, narrator_host(n, a->host),
             a->queued->attempts, a->queued->id, wait);
    ui_time_text(a->t_ns, time);
    ui_page_ink(p, UI_HEADING);
    ui_page_row(p, UI_COLUMNS - strlen(time) - 2, row, strlen(row));
    ui_page_ink(p, UI_PLAIN);
    ui_page_right(p, time, UI_COLUMNS - p->column);
    ui_page_end(p);
    if (narrator_is_new(n, put_row_words)) {
        ui_page_to(p, 4);
        ui_page_wrap(p, 4, 3, put_row_words, sizeof put_row_words - 1);
        ui_page_end(p);
    }
}

void narrator_retry_after(struct ui_narrator *n, const struct trace_record *r)
{
    struct narrator_attempt *a = &n->attempt;
    const char *step = trace_attr_get(r, "step");
    bool known = false;

    if (!a->active || r->kind != TRACE_KIND_PHASE || !step || strcmp(step, "DEFER") != 0)
        return;
    for (unsigned i = 0; i < n->nendings && i < NARRATOR_ENDINGS; i++)
        known = known || n->ending[i] == a->ending;
    if (!known)
        n->ending[n->nendings++ % NARRATOR_ENDINGS] = a->ending;
    if (!known || a->news || !a->queued) {
        release(n, true);
        return;
    }
    release(n, false);
    n->gap = false;
    put_row(n);
    n->in_row = n->gap = true;
    n->conn = n->client = 0;
    n->phase_t_ns = 0; /* what comes next counts from no heading that can be seen */
    n->last_title = NULL;
}

void narrator_retry_end(struct ui_narrator *n)
{
    release(n, true);
}
