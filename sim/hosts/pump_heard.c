/*
 * What a real server says inside TLS.
 *
 *   virtual client ===TLS=== exit host (passes octets on) ===TLS=== real server
 *        `--- only here its lines can be read
 *
 * What a virtual server says is told where it is said. A real server says it outside of this world, and the
 * exit host that stands for it cannot decrypt it. So the client's end tells its lines and its TLS messages,
 * at the moment at which it has decrypted them, in the name of the exit host.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/pump_inside.h"
#include "sim/hosts/server_lines.h"
#include "sim/hosts/tell.h"

struct heard {
    struct server_lines lines;
    struct wire_out out;
};

struct heard *heard_new(const struct pump *p, bool greeting)
{
    const struct world *w = pump_world(p);
    struct heard *h;
    if (p->ops->dir != 'C' || !p->lines || p->peer == 0 || !w->hosts[p->peer - 1].spec->role ||
        strcmp(w->hosts[p->peer - 1].spec->role, "exit") != 0)
        return NULL;
    h = core_alloc(sizeof *h);
    server_lines_init(&h->lines, p->ops->proto, greeting);
    return h;
}

/* Starts a record of the other end. */
static void begin(const struct pump *p, struct trace_record *r, enum trace_kind kind, enum trace_proto proto,
                  const struct wire_lesson *why)
{
    const struct world *w = pump_world(p);
    tell_begin(r, &w->hosts[p->peer - 1], kind);
    r->dir = 'S';
    r->peer = p->host->number;
    r->conn = pump_number(p);
    r->proto = proto;
    r->cause = w->trace.cause;
    r->title = why->title;
    r->lesson = why->lesson;
    r->section = why->section;
    trace_attr_str(r, "heard", "yes");
}

static void tell_line(struct pump *p, const struct wire_line *line, const char *text, size_t len, bool whole)
{
    struct world *w = pump_world(p);
    struct trace_record r;
    begin(p, &r, server_lines_is_content(line->why) ? TRACE_KIND_CONTENT : TRACE_KIND_REPLY, p->ops->proto,
          line->why);
    trace_attr_str(&r, "sealed", "yes");
    r.text = text;
    r.text_len = len;
    r.eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
    r.code = line->code;
    memcpy(r.status, line->status, sizeof r.status);
    w->trace.cause = trace_emit(&w->trace, &r);
}

/* A marked stretch, line by line. */
static void tell_stretch(struct pump *p, const struct wire_line *line, const char *at, size_t len)
{
    while (len > 0) {
        const char *lf = memchr(at, '\n', len);
        size_t n = lf ? (size_t)(lf - at) + 1 : len;
        bool whole = n >= 2 && at[n - 1] == '\n' && at[n - 2] == '\r';
        tell_line(p, line, at, whole ? n - 2 : n, whole);
        at += n;
        len -= n;
    }
}

void heard_plain(struct pump *p, struct heard *h, const char *octets, size_t len)
{
    while (h && len > 0 && h->lines.mode != SERVER_OPAQUE && world_tells(pump_world(p), TRACE_LINE)) {
        size_t n;
        wire_out_reset(&h->out);
        n = server_lines_say(&h->lines, octets, len, &h->out);
        for (uint32_t i = 0; i < h->out.lines; i++) {
            size_t at = h->out.line[i].at, end = i + 1 < h->out.lines ? h->out.line[i + 1].at : h->out.len;
            tell_stretch(p, &h->out.line[i], h->out.text + at, end - at);
        }
        octets += n;
        len -= n;
    }
}

void heard_own(struct heard *h, const char *octets, size_t len)
{
    if (h)
        server_lines_hear(&h->lines, octets, len);
}

void heard_tls(struct pump *p, const struct heard *h, const struct tls_event *e)
{
    struct world *w = pump_world(p);
    struct trace_record r;
    if (!h || e->sent || e->kind == TLS_EVENT_VERDICT || !world_tells(w, TRACE_LINE))
        return;
    begin(p, &r, TRACE_KIND_REPLY, TRACE_TLS, e->why);
    if (e->sealed)
        trace_attr_str(&r, "sealed", "yes");
    r.text = e->text.at;
    r.text_len = e->text.len;
    r.eol = TRACE_EOL_NONE;
    w->trace.cause = trace_emit(&w->trace, &r);
}

void heard_free(struct heard *h)
{
    free(h);
}
