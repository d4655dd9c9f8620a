/*
 * What a real client says that has come through the TUN door.
 *
 *   real client -- kernel -- tun-door -- ... --TCP (TLS)--> server's pump --> engine
 *                                                               `--- only here its lines are lines
 *
 * What a virtual client says is told where it is said. A kernel says it outside of this world, in segments.
 * So the server's end tells its lines, in clear and inside TLS, when they have come, in the name of the
 * kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/client_lines.h"
#include "sim/hosts/pump_inside.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/tell.h"

struct overheard {
    struct client_lines lines;
    size_t ahead; /* octets that have been told and that the engine has not taken yet */
};

void overheard_begin(struct pump *p)
{
    const struct world *w = pump_world(p);
    const char *role = p->peer ? w->hosts[p->peer - 1].spec->role : NULL;
    if (p->ops->dir != 'S' || !p->lines || !role || strcmp(role, "kernel") != 0)
        return;
    p->lines->overheard = core_alloc(sizeof *p->lines->overheard);
    client_lines_init(&p->lines->overheard->lines, p->ops->proto);
}

static void tell_line(struct pump *p, const struct wire_line *line, const char *text, size_t len, bool whole)
{
    struct world *w = pump_world(p);
    struct trace_record r;
    tell_begin(&r, &w->hosts[p->peer - 1],
               client_lines_is_content(line->why) ? TRACE_KIND_CONTENT : TRACE_KIND_COMMAND);
    r.dir = 'C';
    r.peer = p->host->number;
    r.conn = pump_number(p);
    r.proto = p->ops->proto;
    r.cause = w->trace.cause;
    if (line->why) {
        r.title = line->why->title;
        r.lesson = line->why->lesson;
        r.section = line->why->section;
    }
    trace_attr_str(&r, "heard", "yes");
    if (p->tls)
        trace_attr_str(&r, "sealed", "yes");
    r.text = text;
    r.text_len = len;
    r.eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
    w->trace.cause = trace_emit(&w->trace, &r);
}

/* A marked stretch, line by line, with stars over a secret. */
static void tell_stretch(struct pump *p, const struct wire_line *line, char *at, size_t len)
{
    bool hide = line->secret_len > 0 && pump_world(p)->spec->mask_passwords;
    for (size_t i = line->secret_at; hide && i < (size_t)line->secret_at + line->secret_len && i < len; i++)
        if (at[i] != '\r' && at[i] != '\n')
            at[i] = '*';
    while (len > 0) {
        const char *lf = memchr(at, '\n', len);
        size_t n = lf ? (size_t)(lf - at) + 1 : len;
        bool whole = n >= 2 && at[n - 1] == '\n' && at[n - 2] == '\r';
        tell_line(p, line, at, whole ? n - 2 : n, whole);
        at += n;
        len -= n;
    }
}

void overheard_client(struct pump *p, const char *octets, size_t len)
{
    struct overheard *o = p->lines ? p->lines->overheard : NULL;
    struct wire_out *out = &pump_world(p)->scratch->heard;
    if (!o || len <= o->ahead)
        return;
    octets += o->ahead;
    len -= o->ahead;
    o->ahead += len;
    while (len > 0 && o->lines.mode != CLIENT_OPAQUE) {
        size_t n;
        wire_out_reset(out);
        n = client_lines_say(&o->lines, octets, len, out);
        for (uint32_t i = 0; i < out->lines; i++) {
            size_t at = out->line[i].at, end = i + 1 < out->lines ? out->line[i + 1].at : out->len;
            tell_stretch(p, &out->line[i], out->text + at, end - at);
        }
        octets += n;
        len -= n;
    }
}

void overheard_taken(struct pump *p, size_t len)
{
    struct overheard *o = p->lines ? p->lines->overheard : NULL;
    if (o)
        o->ahead -= len < o->ahead ? len : o->ahead;
}

void overheard_server(struct pump *p, const char *octets, size_t len)
{
    struct overheard *o = p->lines ? p->lines->overheard : NULL;
    if (o && o->lines.mode != CLIENT_OPAQUE)
        client_lines_hear(&o->lines, octets, len);
}

void overheard_sealed(struct pump *p)
{
    struct overheard *o = p->lines ? p->lines->overheard : NULL;
    if (!o)
        return;
    o->ahead = 0;
    client_lines_init(&o->lines, p->ops->proto);
}

void overheard_free(struct overheard *o)
{
    free(o);
}
