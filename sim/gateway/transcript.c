/* The last conversations of a served world. */
#include "sim/gateway/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "sim/core/pool.h"

static struct transcript *find(struct transcripts *t, uint32_t conn)
{
    for (size_t i = 0; i < TRANSCRIPTS_MAX; i++)
        if (t->all[i].conn == conn)
            return &t->all[i];
    return NULL;
}

static void clear(struct transcript *x)
{
    free(x->line);
    free(x->text);
    *x = (struct transcript){ .conn = 0 };
}

/* A free place, or that of the conversation that was silent longest. */
static struct transcript *place(struct transcripts *t)
{
    struct transcript *best = &t->all[0];
    for (size_t i = 1; i < TRANSCRIPTS_MAX && best->conn; i++)
        if (!t->all[i].conn || t->all[i].order < best->order)
            best = &t->all[i];
    clear(best);
    return best;
}

static void add(struct transcript *x, const struct trace_record *r)
{
    if (x->nlines == TRANSCRIPT_LINES_MAX || r->text_len > TRANSCRIPT_OCTETS_MAX - x->octets) {
        x->left_out++;
        return;
    }
    if (!x->text)
        x->text = core_alloc(TRANSCRIPT_OCTETS_MAX);
    if (x->nlines == x->max_lines) {
        x->max_lines = x->max_lines ? x->max_lines * 2 : 16;
        x->line = core_realloc(x->line, x->max_lines * sizeof *x->line);
    }
    if (r->text_len > 0)
        memcpy(x->text + x->octets, r->text, r->text_len);
    x->line[x->nlines++] = (struct transcript_line){ .t_ns = r->t_ns,
                                                     .text = x->text + x->octets,
                                                     .len = r->text_len,
                                                     .host = r->host,
                                                     .dir = r->dir,
                                                     .content = r->kind == TRACE_KIND_CONTENT };
    x->octets += r->text_len;
}

static void on_record(void *ctx, const struct trace_record *r)
{
    struct transcripts *t = ctx;
    struct transcript *x;
    if (r->conn == 0 || !(r->proto == TRACE_SMTP || r->proto == TRACE_POP3 || r->proto == TRACE_IMAP))
        return;
    x = find(t, r->conn);
    if (!x) {
        x = place(t);
        x->conn = r->conn;
        x->proto = r->proto;
        x->first_ns = r->t_ns;
    }
    if (r->dir == 'C') {
        x->client = r->host;
        x->server = r->peer ? r->peer : x->server;
    } else {
        x->server = r->host;
        x->client = r->peer ? r->peer : x->client;
    }
    x->last_ns = r->t_ns;
    x->order = ++t->order;
    add(x, r);
}

struct trace_sink transcript_sink(struct transcripts *t)
{
    return (struct trace_sink){ .levels = TRACE_BIT(TRACE_LINE), .ctx = t, .record = on_record };
}

const struct transcript *transcript_find(const struct transcripts *t, uint32_t conn)
{
    for (size_t i = 0; conn > 0 && i < TRANSCRIPTS_MAX; i++)
        if (t->all[i].conn == conn)
            return &t->all[i];
    return NULL;
}

const struct transcript *transcript_next(const struct transcripts *t, uint32_t after)
{
    const struct transcript *best = NULL;
    for (size_t i = 0; i < TRANSCRIPTS_MAX; i++)
        if (t->all[i].conn > after && (!best || t->all[i].conn < best->conn))
            best = &t->all[i];
    return best;
}

void transcripts_free(struct transcripts *t)
{
    for (size_t i = 0; i < TRANSCRIPTS_MAX; i++)
        clear(&t->all[i]);
}
