/*
 * What a real program at the other end says, where no host of this world can tell it.
 *
 *   virtual client ===TLS=== exit host (passes octets on) ===TLS=== real server
 *        `--- only here its lines can be read
 *
 *   real client ===TLS=== door host (passes octets on) ===TLS=== virtual server
 *                                     only here its lines can be read ---'
 *
 *   real client -- its kernel -- tun-door -- ... --TCP (TLS)-- virtual server
 *                                    only here its lines are lines ---'
 *
 * What a virtual host says is told where it is said. A real program says it outside of this world. In clear,
 * the exit or door host that stands for it tells its lines; it cannot decrypt TLS. A kernel behind the TUN
 * door has no host that knows lines at all. So the virtual end tells the lines and the TLS messages when they
 * have come, in the name of the host at the other end.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/hosts/client_lines.h"
#include "sim/hosts/pump_inside.h"
#include "sim/hosts/scratch.h"
#include "sim/hosts/server_lines.h"
#include "sim/hosts/tell.h"

struct heard {
    bool client;  /* the real one */
    bool clear;   /* it is told before TLS too: it is a kernel */
    size_t ahead; /* octets in clear that have been told and that the engine has not taken yet */
    union {
        struct server_lines server;
        struct client_lines client;
    } lines;
};

static struct heard *heard_of(const struct pump *p)
{
    return p->lines ? p->lines->heard : NULL;
}

static void start(const struct pump *p, struct heard *h)
{
    h->ahead = 0;
    if (h->client)
        client_lines_init(&h->lines.client, p->ops->proto);
    else /* behind STARTTLS, which the client has said, there is no second greeting */
        server_lines_init(&h->lines.server, p->ops->proto, p->lines->said == 0);
}

void heard_begin(struct pump *p)
{
    bool client = p->ops->dir == 'S', clear;
    const char *role = p->peer > 0 ? pump_world(p)->hosts[p->peer - 1].spec->role : NULL;
    if (!p->lines || !role)
        return;
    clear = strcmp(role, "kernel") == 0;
    if (!clear && strcmp(role, client ? "door" : "exit") != 0)
        return;
    p->lines->heard = core_alloc(sizeof *p->lines->heard);
    p->lines->heard->client = client;
    p->lines->heard->clear = clear;
    start(p, p->lines->heard);
}

void heard_secure(struct pump *p)
{
    if (heard_of(p))
        start(p, heard_of(p));
}

void heard_free(struct heard *h)
{
    free(h);
}

/* ---- records --------------------------------------------------------------------------------------------
 */

static enum trace_kind kind_of(const struct heard *h, const struct wire_lesson *why)
{
    if (h->client)
        return client_lines_is_content(why) ? TRACE_KIND_CONTENT : TRACE_KIND_COMMAND;
    return server_lines_is_content(why) ? TRACE_KIND_CONTENT : TRACE_KIND_REPLY;
}

/* Tells a text of the other end; the record has what only its caller knows. */
static void tell(struct pump *p, struct trace_record *r, const struct wire_lesson *why, bool sealed,
                 const char *text, size_t len)
{
    struct world *w = pump_world(p);
    r->dir = p->ops->dir == 'S' ? 'C' : 'S';
    r->peer = p->host->number;
    r->conn = pump_number(p);
    r->cause = w->trace.cause;
    r->title = why->title;
    r->lesson = why->lesson;
    r->section = why->section;
    trace_attr_str(r, "heard", "yes");
    if (sealed)
        trace_attr_str(r, "sealed", "yes");
    r->text = text;
    r->text_len = len;
    w->trace.cause = trace_emit(&w->trace, r);
}

/* Stars over the secret of a marked stretch, if the scenario wants passwords hidden. */
static bool mask(const struct world *w, const struct wire_line *line, char *text, size_t len)
{
    size_t end = (size_t)line->secret_at + line->secret_len;
    if (line->secret_len == 0 || !w->spec->mask_passwords)
        return false;
    for (size_t i = line->secret_at; i < len && i < end; i++)
        if (text[i] != '\r' && text[i] != '\n')
            text[i] = '*';
    return true;
}

/* A marked stretch, line by line. */
static void tell_stretch(struct pump *p, const struct heard *h, const struct wire_line *line, char *at,
                         size_t len)
{
    bool masked = mask(pump_world(p), line, at, len);
    while (len > 0) {
        const char *lf = memchr(at, '\n', len);
        size_t n = lf ? (size_t)(lf - at) + 1 : len;
        bool whole = n >= 2 && at[n - 1] == '\n' && at[n - 2] == '\r';
        struct trace_record r;
        tell_begin(&r, &pump_world(p)->hosts[p->peer - 1], kind_of(h, line->why));
        r.proto = p->ops->proto;
        r.masked = masked;
        r.eol = whole ? TRACE_EOL_CRLF : TRACE_EOL_NONE;
        r.code = line->code;
        memcpy(r.status, line->status, sizeof r.status);
        tell(p, &r, line->why, p->tls != NULL, at, whole ? n - 2 : n);
        at += n;
        len -= n;
    }
}

/* ---- what comes and what is said ------------------------------------------------------------------------
 */

static bool is_opaque(const struct heard *h)
{
    return h->client ? h->lines.client.mode == CLIENT_OPAQUE : h->lines.server.mode == SERVER_OPAQUE;
}

void heard_plain(struct pump *p, const char *octets, size_t len)
{
    struct heard *h = heard_of(p);
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

void heard_clear(struct pump *p, const char *octets, size_t len)
{
    struct heard *h = heard_of(p);
    if (!h || !h->clear || len <= h->ahead)
        return;
    heard_plain(p, octets + h->ahead, len - h->ahead);
    h->ahead = len;
}

void heard_taken(struct pump *p, size_t len)
{
    struct heard *h = heard_of(p);
    if (h)
        h->ahead -= len < h->ahead ? len : h->ahead;
}

void heard_own(struct pump *p, const char *octets, size_t len)
{
    struct heard *h = heard_of(p);
    if (!h || (!h->clear && !p->tls))
        return;
    if (h->client)
        client_lines_hear(&h->lines.client, octets, len);
    else
        server_lines_hear(&h->lines.server, octets, len);
}

void heard_tls(struct pump *p, const struct tls_event *e)
{
    const struct heard *h = heard_of(p);
    struct trace_record r;
    if (!h || e->sent || e->kind == TLS_EVENT_VERDICT || !world_tells(pump_world(p), TRACE_LINE))
        return;
    tell_begin(&r, &pump_world(p)->hosts[p->peer - 1], h->client ? TRACE_KIND_COMMAND : TRACE_KIND_REPLY);
    r.proto = TRACE_TLS;
    r.eol = TRACE_EOL_NONE;
    tell(p, &r, e->why, e->sealed, e->text.at, e->text.len);
}
