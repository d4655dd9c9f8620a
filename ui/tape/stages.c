/* The grid of stages, made in one pass over the records of each kind. */
#include "ui/tape/record.h"
#include "ui/tape/stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"
#include "ui/tape/letter.h"

#define CAUSES_MAX 64 /* steps back from a record to the conversation that it came from */

/* While it is made. */
struct making {
    struct stages *s;
    const struct tape *t;
    uint32_t *row_of; /* [conn]: row + 1; 0: none */
    uint32_t nconns;
};

static struct stages_row *row_of(struct making *m, uint32_t conn)
{
    return conn && conn <= m->nconns && m->row_of[conn] ? &m->s->row[m->row_of[conn] - 1] : NULL;
}

static struct stages_row *row_make(struct making *m, const struct trace_record *r, uint32_t client,
                                   uint32_t server)
{
    struct stages *s = m->s;
    struct stages_row *row = row_of(m, r->conn);
    if (row || r->conn == 0 || r->conn > m->nconns)
        return row;
    s->row = keep_grow(s->row, &s->cap, s->n + 1, sizeof *s->row);
    row = &s->row[s->n++];
    *row =
        (struct stages_row){ .conn = r->conn, .client = client, .server = server, .first = (uint32_t)r->seq };
    m->row_of[r->conn] = (uint32_t)s->n;
    return row;
}

static void event(struct making *m, uint32_t conn, enum stage stage, uint32_t seq, bool bad, const char *word)
{
    struct stages *s = m->s;
    struct stages_event *e;
    if (!row_of(m, conn))
        return;
    s->event = keep_grow(s->event, &s->events_cap, s->nevents + 1, sizeof *s->event);
    e = &s->event[s->nevents++];
    *e = (struct stages_event){ .seq = seq, .row = m->row_of[conn], .stage = (uint8_t)stage, .bad = bad };
    snprintf(e->word, sizeof e->word, "%s", word);
}

static void event_code(struct making *m, uint32_t conn, enum stage stage, uint32_t seq)
{
    struct trace_record r;
    char word[STAGES_WORD_MAX];
    if (!seq || !tape_get(m->t, seq, &r))
        return;
    snprintf(word, sizeof word, "%u", r.code);
    event(m, conn, stage, seq, r.code >= 400, word);
}

/* The first conversation that the causes of a record lead to. */
static uint32_t conn_by_cause(struct making *m, uint32_t seq)
{
    for (int i = 0; i < CAUSES_MAX && seq; i++, seq = tape_cause(m->t, seq))
        if (row_of(m, tape_conn(m->t, seq)))
            return tape_conn(m->t, seq);
    return 0;
}

/* ---- what each kind of record tells ---- */

static void tcp(struct making *m, const struct trace_record *r)
{
    const char *from = record_attr(r, "from"), *to = record_attr(r, "to");
    bool opens = strcmp(to, "SYN-SENT") == 0;
    struct stages_row *row;
    if (opens)
        row_make(m, r, r->host, r->peer);
    row = row_of(m, r->conn);
    if (!row || r->host != row->client)
        return;
    row->up = row->up || strcmp(to, "ESTABLISHED") == 0;
    if (strcmp(to, "ESTABLISHED") == 0)
        event(m, r->conn, STAGE_TCP, (uint32_t)r->seq, false, "ok");
    else if (strcmp(from, "SYN-SENT") == 0 && strcmp(to, "CLOSED") == 0)
        event(m, r->conn, STAGE_TCP, (uint32_t)r->seq, true, "failed");
}

static void session(struct making *m, const struct trace_record *r)
{
    const char *what = record_attr(r, "event"), *version = record_attr(r, "version");
    struct stages_row *row = row_of(m, r->conn);
    uint32_t seq = (uint32_t)r->seq;
    char word[STAGES_WORD_MAX] = "ok";
    if (!row)
        return;
    if (strcmp(what, "connect") == 0 || strcmp(what, "connect-failed") == 0)
        row->port = (uint32_t)record_number(r, "port", 0);
    if (r->code)
        snprintf(word, sizeof word, "%u", r->code);
    if (strcmp(what, "connect-failed") == 0)
        event(m, r->conn, STAGE_TCP, seq, true, record_attr(r, "result"));
    else if (strcmp(what, "tls") == 0 && r->host == row->client)
        event(m, r->conn, STAGE_TLS, seq, false, strncmp(version, "TLS ", 4) == 0 ? version + 4 : "ok");
    else if (strcmp(what, "tls-failed") == 0)
        event(m, r->conn, STAGE_TLS, seq, true, "failed");
    else if (strcmp(what, "auth") == 0 || strcmp(what, "login") == 0)
        event(m, r->conn, STAGE_AUTH, seq, false, word);
    else if (strcmp(what, "auth-failed") == 0)
        event(m, r->conn, STAGE_AUTH, seq, true, r->code ? word : "refused");
}

/* A message is delivered by the conversation that brought it to this host; a report that the host has written
 * itself was brought by none. */
static void mailbox(struct making *m, const struct trace_record *r)
{
    const char *what = record_attr(r, "event");
    uint32_t seq = (uint32_t)r->seq, conn = conn_by_cause(m, seq);
    const struct stages_row *row = row_of(m, conn);
    if (!row || row->server != r->host)
        return;
    if (strcmp(record_attr(r, "daemon"), "lmtp") == 0 && strcmp(what, "stored") == 0)
        event(m, conn, STAGE_DELIVERED, seq, false, "ok");
    else if (strcmp(what, "over-quota") == 0)
        event(m, conn, STAGE_DELIVERED, seq, true, "full");
}

/* The last connection that a mail program has opened before; for a failure that
 * no segment has told it. */
static uint32_t conn_before(const struct making *m, uint32_t host, uint32_t seq)
{
    uint32_t best = 0, conn = 0;
    for (size_t i = m->s->n, looked = 0; i-- > 0 && looked < 256; looked++) {
        const struct stages_row *row = &m->s->row[i];
        if (row->client == host && row->first < seq && row->first > best) {
            best = row->first;
            conn = row->conn;
        }
    }
    return conn;
}

/* Why a session of a mail program has failed, where no reply tells it. */
static void failed(struct making *m, const struct trace_record *r)
{
    static const struct {
        const char *result; /* or the command that waited */
        enum stage stage;
    } late[] = { { "not-secured", STAGE_TLS }, { "auth-failed", STAGE_AUTH }, { "not-smtp", STAGE_MAIL } },
      waited[] = { { "(connect)", STAGE_MAIL }, { "EHLO", STAGE_MAIL }, { "HELO", STAGE_MAIL },
                   { "STARTTLS", STAGE_TLS },   { "AUTH", STAGE_AUTH }, { "MAIL", STAGE_MAIL },
                   { "RCPT", STAGE_RCPT } };
    const char *result = record_attr(r, "result");
    uint32_t seq = (uint32_t)r->seq, conn = conn_by_cause(m, seq);
    struct stages_row *row = row_of(m, conn), *last = row_of(m, conn_before(m, r->host, seq));
    enum stage stage = strcmp(record_attr(r, "event"), "fetch-failed") == 0 ? STAGE_FETCHED : STAGE_DATA;
    if (!row || row->client != r->host || (last && last->first > row->first))
        row = last;
    if (!row)
        return;
    if (row->port == 0)
        row->port = (uint32_t)record_number(r, "port", 0);
    if (r->code)
        return; /* the reply is in its own column */
    for (size_t i = 0; stage == STAGE_DATA && i < sizeof waited / sizeof waited[0]; i++)
        if (record_is(r, "command", waited[i].result))
            stage = waited[i].stage; /* the answer that did not come */
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++)
        if (strcmp(result, late[i].result) == 0)
            stage = late[i].stage;
    event(m, row->conn, row->up ? stage : STAGE_TCP, seq, true, result);
}

static void client(struct making *m, const struct trace_record *r)
{
    const char *what = record_attr(r, "event");
    uint32_t seq = (uint32_t)r->seq;
    if (strcmp(what, "message") == 0)
        event(m, conn_by_cause(m, seq), STAGE_FETCHED, seq, false, "ok");
    else if (strcmp(what, "send-failed") == 0 || strcmp(what, "fetch-failed") == 0)
        failed(m, r);
}

static void each(struct making *m, enum trace_kind kind,
                 void (*tell)(struct making *m, const struct trace_record *r))
{
    const struct tape_list *list = tape_of_kind(m->t, kind);
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++)
        if (tape_get(m->t, list->seq[i], &r))
            tell(m, &r);
}

/* ---- lookups ---- */

static bool asks_for_itself(const struct tape *t, uint32_t host)
{
    const struct trace_opening *o = tape_opening(t);
    const char *role = o && host >= 1 && host <= o->nhosts ? o->hosts[host - 1].role : "";
    return strcmp(role, "resolver") != 0 && strcmp(role, "dns") != 0;
}

/* The last line of an exchange and what it says. */
static void answer(struct making *m, uint32_t row_conn, uint32_t dns_conn)
{
    const struct tape_list *list = tape_of_conn(m->t, dns_conn);
    struct trace_record r;
    for (size_t i = 0; list && i < list->n; i++) {
        bool bad;
        size_t len;
        char word[STAGES_WORD_MAX] = "ok";
        if (!tape_get(m->t, list->seq[i], &r) || r.kind != TRACE_KIND_ANSWER)
            continue;
        bad = tape_is_bad(&r);
        for (len = 0;
             bad && len < r.text_len && len < sizeof word - 1 && r.text[len] >= 'A' && r.text[len] <= 'Z';
             len++)
            word[len] = r.text[len];
        if (bad)
            word[len] = '\0';
        event(m, row_conn, STAGE_DNS, (uint32_t)r.seq, bad, word);
    }
}

/* A lookup that succeeded and led to no connection is worth a row only if somebody wanted to know just that.
 */
static bool tells_something(const struct making *m, uint32_t conn)
{
    const struct tape_list *list = tape_of_conn(m->t, conn), *told = tape_of_kind(m->t, TRACE_KIND_CLIENT);
    struct trace_record r;
    bool answered = false;
    uint32_t last = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (!tape_get(m->t, list->seq[i], &r) || r.kind != TRACE_KIND_ANSWER)
            continue;
        if (tape_is_bad(&r))
            return true;
        answered = true;
        last = list->seq[i];
    }
    if (!answered)
        return true;
    for (ptrdiff_t i = tape_find(told, last) + 1, looked = 0; (size_t)i < told->n && looked < 8;
         i++, looked++)
        if (tape_get(m->t, told->seq[i], &r) && r.cause >= last &&
            strcmp(record_attr(&r, "event"), "lookup-done") == 0)
            return true;
    return false;
}

/* Each lookup of a mail program belongs to the connection that it led to, else it is a row of its own. */
static void lookups(struct making *m)
{
    uint8_t *used = keep_alloc(m->nconns + 1);
    size_t tcp_rows = m->s->n;
    struct trace_record r;
    for (size_t i = 0; i < tcp_rows; i++) {
        uint32_t seq = m->s->row[i].first, conn;
        bool found = false;
        for (int k = 0; k < CAUSES_MAX && seq && !found; k++, seq = tape_cause(m->t, seq)) {
            conn = tape_conn(m->t, seq);
            if (tape_kind(m->t, seq) != TRACE_KIND_ANSWER || conn == 0 || conn > m->nconns ||
                !tape_get(m->t, seq, &r) || r.peer != m->s->row[i].client)
                continue;
            answer(m, m->s->row[i].conn, conn);
            used[conn] = 1;
            found = true;
        }
    }
    for (uint32_t conn = 1; conn <= m->nconns; conn++) {
        const struct tape_list *list = tape_of_conn(m->t, conn);
        if (!list || used[conn] || row_of(m, conn) || !tape_get(m->t, list->seq[0], &r) ||
            r.kind != TRACE_KIND_QUERY || !asks_for_itself(m->t, r.host) || !tells_something(m, conn))
            continue;
        row_make(m, &r, r.host, r.peer);
        answer(m, conn, conn);
    }
    free(used);
}

/* ---- the whole ---- */

static int by_first(const void *a, const void *b)
{
    const struct stages_row *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int by_row(const void *a, const void *b)
{
    const struct stages_event *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Rows are put in the order of their beginnings, and each gets its events. */
static void put_in_order(struct making *m)
{
    struct stages *s = m->s;
    uint32_t *to = keep_alloc((s->n + 1) * sizeof *to);
    if (s->n)
        qsort(s->row, s->n, sizeof *s->row, by_first);
    for (size_t i = 0; i < s->n; i++)
        to[m->row_of[s->row[i].conn] - 1] = (uint32_t)i;
    for (size_t i = 0; i < s->nevents; i++)
        s->event[i].row = to[s->event[i].row - 1];
    if (s->nevents)
        qsort(s->event, s->nevents, sizeof *s->event, by_row);
    for (size_t i = s->nevents; i-- > 0;) {
        s->row[s->event[i].row].event = i;
        s->row[s->event[i].row].nevents++;
    }
    free(to);
}

/* The answer to the content did not come. */
static void broken(struct making *m, const struct letter_copy *c)
{
    struct trace_record r;
    uint32_t seq = letter_broken(m->t, c);
    if (seq && tape_get(m->t, seq, &r))
        event(m, c->conn, STAGE_DATA, seq, true, record_is(&r, "event", "timeout") ? "timed-out" : "lost");
}

struct stages *stages_new(const struct tape *t, const struct letters *l)
{
    struct stages *s = keep_alloc(sizeof *s);
    struct making m = { .s = s, .t = t, .nconns = tape_conns(t) };
    m.row_of = keep_alloc((m.nconns + 1) * sizeof *m.row_of);
    each(&m, TRACE_KIND_TCP_STATE, tcp);
    lookups(&m);
    each(&m, TRACE_KIND_SESSION, session);
    for (size_t i = 0; i < l->ncopies; i++) {
        const struct letter_copy *c = &l->copy[i];
        event_code(&m, c->conn, STAGE_MAIL, c->mail_reply);
        for (size_t k = 0; k < c->nrcpt; k++)
            event_code(&m, c->conn, STAGE_RCPT, l->rcpt[c->rcpt + k].reply);
        event_code(&m, c->conn, STAGE_DATA, c->verdict);
        broken(&m, c);
    }
    each(&m, TRACE_KIND_MAILBOX, mailbox);
    each(&m, TRACE_KIND_CLIENT, client);
    put_in_order(&m);
    free(m.row_of);
    return s;
}

void stages_free(struct stages *s)
{
    if (!s)
        return;
    free(s->row);
    free(s->event);
    free(s);
}

size_t stages_begun(const struct stages *s, uint32_t place)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->row[middle].first <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct stages_event *stages_cell(const struct stages *s, size_t row, enum stage stage, uint32_t place)
{
    const struct stages_event *found = NULL;
    for (size_t i = 0; i < s->row[row].nevents; i++) {
        const struct stages_event *e = &s->event[s->row[row].event + i];
        if (e->seq > place)
            break;
        if (e->stage == stage && (e->bad || !found || !found->bad))
            found = e;
    }
    return found;
}
