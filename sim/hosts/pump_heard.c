/*
 * What a real program says inside TLS.
 *
 *   virtual client ===TLS=== exit host (passes octets on) ===TLS=== real server
 *        `--- only here its lines can be read
 *
 *   real client ===TLS=== door host (passes octets on) ===TLS=== virtual server
 *                                     only here its lines can be read ---'
 *
 * What a virtual host says is told where it is said. A real one says it outside of this world, and the exit
 * or door host that stands for it cannot decrypt it. So the virtual end tells its lines and its TLS messages,
 * at the moment at which it has decrypted them, in the name of that host.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/client_lines.h"
#include "sim/hosts/pump_inside.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/server_lines.h"
#include "sim/hosts/tell.h"

struct heard {
    bool client; /* the real one */
    union {
        struct server_lines server;
        struct client_lines client;
    } lines;
};

struct heard *heard_new(const struct pump *p, bool greeting)
{
    const struct world *w = pump_world(p);
    bool client = p->ops->dir == 'S';
    const char *role = p->peer > 0 ? w->hosts[p->peer - 1].spec->role : NULL;
    struct heard *h;
    if (!p->lines || !role || strcmp(role, client ? "door" : "exit") != 0)
        return NULL;
    h = core_alloc(sizeof *h);
    h->client = client;
    if (client)
        client_lines_init(&h->lines.client, p->ops->proto);
    else
        server_lines_init(&h->lines.server, p->ops->proto, greeting);
    return h;
}

static bool is_opaque(const struct heard *h)
{
    return h->client ? h->lines.client.mode == CLIENT_OPAQUE : h->lines.server.mode == SERVER_OPAQUE;
}

static enum trace_kind kind_of(const struct heard *h, const struct wire_lesson *why)
{
    if (h->client)
        return client_lines_is_content(why) ? TRACE_KIND_CONTENT : TRACE_KIND_COMMAND;
    return server_lines_is_content(why) ? TRACE_KIND_CONTENT : TRACE_KIND_REPLY;
}

/* Starts a record of the other end. */
static void begin(const struct pump *p, struct trace_record *r, enum trace_kind kind, enum trace_proto proto,
                  const struct wire_lesson *why)
{
    const struct world *w = pump_world(p);
    tell_begin(r, &w->hosts[p->peer - 1], kind);
    r->dir = p->ops->dir == 'S' ? 'C' : 'S';
    r->peer = p->host->number;
    r->conn = pump_number(p);
    r->proto = proto;
    r->cause = w->trace.cause;
    r->title = why->title;
    r->lesson = why->lesson;
    r->section = why->section;
    trace_attr_str(r, "heard", "yes");
}

/* Stars over a password, if the scenario wants them hidden. */
static bool mask(const struct world *w, const struct wire_line *line, char *text, size_t len)
{
    if (line->secret_len == 0 || !w->spec->mask_passwords)
        return false;
    for (size_t i = line->secret_at; i < len && i < (size_t)line->secret_at + line->secret_len; i++)
        text[i] = '*';
    return true;
}

static void tell_line(struct pump *p, const struct heard *h, const struct wire_line *line, char *text,
                      size_t len, bool whole)
{
    struct world *w = pump_world(p);
    struct trace_record r;
    begin(p, &r, kind_of(h, line->why), p->ops->proto, line->why);
    trace_attr_str(&r, "sealed", "yes");
    r.masked = mask(w, line, text, len);
    r.text = text;
    r.text_len = len;
    r.eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
    r.code = line->code;
    memcpy(r.status, line->status, sizeof r.status);
    w->trace.cause = trace_emit(&w->trace, &r);
}

/* A marked stretch, line by line. */
static void tell_stretch(struct pump *p, const struct heard *h, const struct wire_line *line, char *at,
                         size_t len)
{
    while (len > 0) {
        const char *lf = memchr(at, '\n', len);
        size_t n = lf ? (size_t)(lf - at) + 1 : len;
        bool whole = n >= 2 && at[n - 1] == '\n' && at[n - 2] == '\r';
        tell_line(p, h, line, at, whole ? n - 2 : n, whole);
        at += n;
        len -= n;
    }
}

void heard_plain(struct pump *p, struct heard *h, const char *octets, size_t len)
{
    struct wire_out *out = &pump_world(p)->scratch->heard;
    while (h && len > 0 && !is_opaque(h) && world_tells(pump_world(p), TRACE_LINE)) {
        size_t n;
        wire_out_reset(out);
        n = h->client ? client_lines_say(&h->lines.client, octets, len, out)
                      : server_lines_say(&h->lines.server, octets, len, out);
        for (uint32_t i = 0; i < out->lines; i++) {
            size_t at = out->line[i].at, end = i + 1 < out->lines ? out->line[i + 1].at : out->len;
            tell_stretch(p, h, &out->line[i], out->text + at, end - at);
        }
        octets += n;
        len -= n;
    }
}

void heard_own(struct heard *h, const char *octets, size_t len)
{
    if (h && h->client)
        client_lines_hear(&h->lines.client, octets, len);
    else if (h)
        server_lines_hear(&h->lines.server, octets, len);
}

void heard_tls(struct pump *p, const struct heard *h, const struct tls_event *e)
{
    struct world *w = pump_world(p);
    struct trace_record r;
    if (!h || e->sent || e->kind == TLS_EVENT_VERDICT || !world_tells(w, TRACE_LINE))
        return;
    begin(p, &r, h->client ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY, TRACE_TLS, e->why);
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
