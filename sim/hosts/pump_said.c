/* What is said, line by line, until the segment leaves that carries it. */
#include <assert.h>
#include <string.h>

#include "protocols/tls/tls_verdict.h"
#include "sim/hosts/pump_inside.h"
#include "sim/hosts/tell.h"

static void said_free(struct world *w, struct said *s)
{
    core_depot_give(&w->net.depot, s->text, s->cap);
    core_pool_give(&w->saids, s);
}

void said_drop_all(struct pump *p)
{
    struct world *w = pump_world(p);
    if (!p->lines)
        return;
    while (p->lines->first) {
        struct said *s = p->lines->first;
        p->lines->first = s->next;
        said_free(w, s);
    }
    heard_free(p->lines->heard);
    core_pool_give(&w->lines, p->lines);
    p->lines = NULL;
}

static enum trace_kind said_kind(struct pump *p, const struct wire_line *line)
{
    if (p->ops->content && (line->why || p->ops->dir == 'C'))
        p->lines->was_content = p->ops->content(p, line->why);
    if (p->lines->was_content)
        return TRACE_KIND_CONTENT;
    return p->ops->dir == 'C' ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY;
}

/* Stars over the secret, if the scenario wants passwords hidden. */
static void said_mask(struct said *s, const struct wire_line *line)
{
    size_t from = line->secret_at, to = from + line->secret_len;
    for (size_t i = from; i < to && i < s->len; i++)
        s->text[i] = '*';
    s->masked = true;
}

static void said_queue(struct pump *p, struct said *s)
{
    if (p->lines->last)
        p->lines->last->next = s;
    else
        p->lines->first = s;
    p->lines->last = s;
    if (!p->lines->next)
        p->lines->next = s;
    p->lines->waiting++;
}

unsigned pump_lines_waiting(const struct pump *p)
{
    return p->lines ? p->lines->waiting : 0;
}

static void said_add(struct pump *p, const struct wire_line *line, const char *at, size_t len, bool whole)
{
    struct world *w = pump_world(p);
    struct said *s = core_pool_take(&w->saids);
    *s = (struct said){
        .pump = p, .why = line->why, .at = p->lines->said, .cause = w->trace.cause, .code = line->code
    };
    s->text = core_depot_take(&w->net.depot, len ? len : 1, &s->cap);
    memcpy(s->text, at, len);
    s->len = (uint32_t)len;
    s->eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
    s->kind = said_kind(p, line);
    memcpy(s->status, line->status, sizeof s->status);
    if (line->secret_len > 0 && w->spec->mask_passwords)
        said_mask(s, line);
    s->proto = p->ops->proto;
    said_queue(p, s);
}

/* Splits one marked stretch into the lines that it holds. */
static void said_split(struct pump *p, const struct wire_line *line, const char *at, size_t len)
{
    while (len > 0) {
        const char *lf = at, *end = at + len;
        size_t n;
        bool whole;
        do {
            lf = memchr(lf, '\n', (size_t)(end - lf));
        } while (lf && lf > at && lf[-1] != '\r' && ++lf < end);
        whole = lf && lf < end && lf > at && lf[-1] == '\r';
        n = whole ? (size_t)(lf - at) + 1 : len;
        said_add(p, line, at, whole ? n - 2 : n, whole);
        p->lines->said += n;
        at += n;
        len -= n;
    }
}

void said_lines(struct pump *p, const struct wire_out *out, size_t sealed)
{
    uint64_t begin = p->lines->said;
    struct said *last = p->lines->last;
    static const struct wire_line none = { 0 };
    size_t first = out->lines > 0 ? out->line[0].at : out->len;
    if (first > 0)
        said_split(p, &none, out->text, first);
    for (uint32_t i = 0; i < out->lines; i++) {
        size_t at = out->line[i].at, end = i + 1 < out->lines ? out->line[i + 1].at : out->len;
        said_split(p, &out->line[i], out->text + at, end - at);
    }
    if (sealed == 0)
        return;
    for (struct said *x = last ? last->next : p->lines->first; x; x = x->next) {
        x->at = begin;
        x->sealed = true;
        x->overheard = &tls_overheard_data;
    }
    p->lines->said = begin + sealed;
}

void said_tls(struct pump *p, const struct tls_event *e)
{
    struct world *w = pump_world(p);
    struct said *s = core_pool_take(&w->saids);
    *s = (struct said){
        .pump = p, .why = e->why, .at = p->lines->said, .cause = w->trace.cause, .proto = TRACE_TLS
    };
    s->text = core_depot_take(&w->net.depot, e->text.len ? e->text.len : 1, &s->cap);
    memcpy(s->text, e->text.at, e->text.len);
    s->len = (uint32_t)e->text.len;
    s->eol = TRACE_EOL_NONE;
    s->kind = p->ops->dir == 'C' ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY;
    s->sealed = e->sealed;
    s->overheard = e->heard;
    said_queue(p, s);
}

/* TCP is about to send the segment with the first octet of a line. */
static void said_leaves(void *ctx, struct tcp_conn *conn, uint64_t token)
{
    struct world *w = ctx;
    struct said *s = (struct said *)(uintptr_t)token;
    struct pump *p = s->pump;
    struct trace_record r;
    assert(p->lines->first == s);
    tell_begin(&r, p->host, s->kind);
    r.proto = s->proto;
    if (s->sealed)
        trace_attr_str(&r, "sealed", "yes");
    if (s->overheard)
        trace_attr_str(&r, "overheard", s->overheard->title);
    r.dir = p->ops->dir;
    r.peer = p->peer;
    r.conn = tcp_number(conn);
    r.frame = w->trace.frames + 1;
    r.text = s->text;
    r.text_len = s->len;
    r.eol = s->eol;
    r.masked = s->masked;
    r.code = s->code;
    r.cause = s->cause;
    memcpy(r.status, s->status, sizeof r.status);
    if (s->why) {
        r.title = s->why->title;
        r.lesson = s->why->lesson;
        r.section = s->why->section;
    }
    w->trace.cause = trace_emit(&w->trace, &r);
    p->lines->waiting--;
    p->lines->first = s->next;
    if (!s->next)
        p->lines->last = NULL;
    said_free(w, s);
}

void pump_init_world(struct world *w)
{
    core_pool_init(&w->saids, sizeof(struct said), 0);
    core_pool_init(&w->lines, sizeof(struct pump_lines), 0);
    tcp_on_mark(&w->net, said_leaves, w);
}
