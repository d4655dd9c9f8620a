/* JSON lines. Each key is written where jsonl.h lists it. */
#include "sim/export/jsonl.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/export/hosts.h"
#include "sim/export/out.h"

struct export_jsonl {
    struct export_out out;
    struct export_hosts hosts;
    unsigned levels;
    bool live;
    char buffer[EXPORT_BUFFER];
};

/* ---- strings ---------------------------------------------------------------------------- */

static void put_u_escape(struct export_out *o, uint32_t unit)
{
    const uint8_t b[2] = { (uint8_t)(unit >> 8), (uint8_t)unit };
    export_put_lit(o, "\\u");
    export_put_hex(o, b, 2);
}

/* Plain UTF-8 text inside quotes; every character stays what it is for a reader of JSON. */
static void put_plain(struct export_out *o, const char *text, size_t len)
{
    size_t from = 0, i = 0;

    while (i < len) {
        uint8_t b = (uint8_t)text[i];
        uint32_t c;
        size_t n = 1;
        if (b >= 0x20 && b < 0x7f && b != '"' && b != '\\') {
            i++;
            continue;
        }
        if (b >= 0x80) {
            n = export_utf8(text + i, len - i, &c);
            if (!export_is_invisible(c)) {
                i += n;
                continue;
            }
        }
        export_put(o, text + from, i - from);
        if (b == '\t') {
            export_put_lit(o, "\\t");
        } else if (b < 0x80) {
            export_put_char(o, '\\');
            export_put_char(o, (char)b);
        } else if (c < 0x10000) {
            put_u_escape(o, c);
        } else {
            put_u_escape(o, 0xd800 + ((c - 0x10000) >> 10));
            put_u_escape(o, 0xdc00 + ((c - 0x10000) & 0x3ff));
        }
        i += n;
        from = i;
    }
    export_put(o, text + from, i - from);
}

/* A JSON string of any octets. Returns false if it is only a readable form of them. */
static bool put_string(struct export_out *o, const char *text, size_t len)
{
    bool plain = export_is_plain(text, len);

    export_put_char(o, '"');
    if (plain) {
        put_plain(o, text, len);
    } else {
        for (size_t i = 0; i < len;) {
            char piece[16];
            struct export_out one = { .at = piece, .cap = sizeof piece };
            uint32_t c;
            size_t n = export_utf8(text + i, len - i, &c);
            export_put_readable(&one, text + i, n ? n : 1);
            put_plain(o, piece, one.len);
            i += n ? n : 1;
        }
    }
    export_put_char(o, '"');
    return plain;
}

#define PUT_KEY(o, key) export_put_lit((o), ",\"" key "\":")

static void put_text(struct export_out *o, const char *text)
{
    put_string(o, text, strlen(text));
}

/* ---- the opening ------------------------------------------------------------------------ */

static void put_iface(struct export_out *o, const struct trace_iface *f, const struct trace_opening *opening)
{
    char addr[EXPORT_ADDR_MAX];

    export_put_lit(o, "{\"link\":");
    put_text(o, f->link > 0 && f->link <= opening->nlinks ? opening->links[f->link - 1].name : "");
    PUT_KEY(o, "mac");
    for (int i = 0; i < 6; i++) {
        export_put_char(o, i ? ':' : '"');
        export_put_hex(o, &f->mac[i], 1);
    }
    export_put_char(o, '"');
    if (f->ip4_prefix > 0) {
        PUT_KEY(o, "ip4");
        export_put_char(o, '"');
        export_put_str(o, export_ip4_text(f->ip4, addr));
        export_put_char(o, '/');
        export_put_u64(o, f->ip4_prefix);
        export_put_char(o, '"');
    }
    if (f->ip6_prefix > 0) {
        PUT_KEY(o, "ip6");
        export_put_char(o, '"');
        export_put_str(o, export_ip6_text(f->ip6, addr));
        export_put_char(o, '/');
        export_put_u64(o, f->ip6_prefix);
        export_put_char(o, '"');
    }
    export_put_char(o, '}');
}

static void put_host(struct export_out *o, const struct trace_host *h, const struct trace_opening *opening)
{
    export_put_lit(o, "{\"name\":");
    put_text(o, h->name ? h->name : "");
    PUT_KEY(o, "label");
    put_text(o, h->label ? h->label : "");
    PUT_KEY(o, "fqdn");
    put_text(o, h->fqdn ? h->fqdn : "");
    PUT_KEY(o, "role");
    put_text(o, h->role ? h->role : "");
    PUT_KEY(o, "interfaces");
    export_put_char(o, '[');
    for (size_t i = 0; i < h->nifaces; i++) {
        if (i > 0)
            export_put_char(o, ',');
        put_iface(o, &h->ifaces[i], opening);
    }
    export_put_lit(o, "]}");
}

static void put_links(struct export_out *o, const struct trace_opening *opening)
{
    for (size_t i = 0; i < opening->nlinks; i++) {
        const struct trace_link *l = &opening->links[i];
        export_put_str(o, i > 0 ? ",{\"name\":" : "{\"name\":");
        put_text(o, l->name ? l->name : "");
        PUT_KEY(o, "label");
        put_text(o, l->label ? l->label : "");
        PUT_KEY(o, "rate_bps");
        export_put_u64(o, l->rate_bps);
        PUT_KEY(o, "delay_ns");
        export_put_u64(o, l->delay_ns);
        export_put_char(o, '}');
    }
}

static void jsonl_open(void *ctx, const struct trace_opening *opening)
{
    struct export_jsonl *j = ctx;
    struct export_out *o = &j->out;

    if (!export_hosts_copy(&j->hosts, opening) && o->error == 0)
        o->error = ENOMEM;
    export_put_lit(
        o, "{\"seq\":0,\"cause\":0,\"t_ns\":0,\"level\":\"state\",\"kind\":\"opening\",\"host\":\"\"");
    PUT_KEY(o, "scenario");
    put_text(o, opening->scenario ? opening->scenario : "");
    PUT_KEY(o, "title");
    put_text(o, opening->title ? opening->title : "");
    PUT_KEY(o, "version");
    put_text(o, opening->version ? opening->version : "");
    PUT_KEY(o, "seed");
    export_put_u64(o, opening->seed);
    PUT_KEY(o, "epoch");
    export_put_i64(o, opening->epoch_s);
    PUT_KEY(o, "hosts");
    export_put_char(o, '[');
    for (size_t i = 0; i < opening->nhosts; i++) {
        if (i > 0)
            export_put_char(o, ',');
        put_host(o, &opening->hosts[i], opening);
    }
    export_put_lit(o, "],\"links\":[");
    put_links(o, opening);
    export_put_lit(o, "]}\n");
    if (j->live)
        export_out_flush(o, true);
}

/* ---- records ---------------------------------------------------------------------------- */

static void put_attrs(struct export_out *o, const struct trace_record *r)
{
    uint32_t inexact = 0; /* bit i: value i is only readable */

    PUT_KEY(o, "attrs");
    for (unsigned i = 0; i < r->nattr; i++) {
        const struct trace_attr *a = &r->attr[i];
        export_put_char(o, i > 0 ? ',' : '{');
        put_text(o, a->key);
        export_put_char(o, ':');
        if (!a->value)
            export_put_i64(o, a->number);
        else if (!put_string(o, a->value, strlen(a->value)))
            inexact |= UINT32_C(1) << i;
    }
    export_put_char(o, '}');
    if (inexact == 0)
        return;
    PUT_KEY(o, "attr_octets");
    for (unsigned i = 0, n = 0; i < r->nattr; i++)
        if (inexact >> i & 1) {
            export_put_char(o, n++ > 0 ? ',' : '{');
            put_text(o, r->attr[i].key);
            export_put_lit(o, ":\"");
            export_put_base64(o, r->attr[i].value, strlen(r->attr[i].value));
            export_put_char(o, '"');
        }
    export_put_char(o, '}');
}

/* The keys that every record has, and who and where. */
static void put_head(struct export_jsonl *j, const struct trace_record *r)
{
    struct export_out *o = &j->out;

    export_put_lit(o, "{\"seq\":");
    export_put_u64(o, r->seq);
    PUT_KEY(o, "cause");
    export_put_u64(o, r->cause);
    PUT_KEY(o, "t_ns");
    export_put_u64(o, r->t_ns);
    export_put_lit(o, ",\"level\":\"");
    export_put_str(o, trace_level_name(trace_kind_level(r->kind)));
    export_put_lit(o, "\",\"kind\":\"");
    export_put_str(o, trace_kind_name(r->kind));
    export_put_lit(o, "\",\"host\":");
    put_text(o, export_host_name(&j->hosts, r->host));
    if (r->peer > 0) {
        PUT_KEY(o, "peer");
        put_text(o, export_host_name(&j->hosts, r->peer));
    }
    if (r->link > 0) {
        PUT_KEY(o, "link");
        put_text(o, export_link_name(&j->hosts, r->link));
    }
    if (r->conn > 0) {
        PUT_KEY(o, "conn");
        export_put_u64(o, r->conn);
    }
    if (r->proto != TRACE_NONE) {
        export_put_lit(o, ",\"proto\":\"");
        export_put_str(o, trace_proto_name(r->proto));
        export_put_char(o, '"');
    }
    if (r->dir != 0) {
        export_put_lit(o, ",\"dir\":\"");
        export_put_char(o, r->dir);
        export_put_char(o, '"');
    }
}

static void put_line(struct export_out *o, const struct trace_record *r)
{
    if (r->text) {
        PUT_KEY(o, "text");
        if (!put_string(o, r->text, r->text_len)) {
            export_put_lit(o, ",\"octets\":\"");
            export_put_base64(o, r->text, r->text_len);
            export_put_char(o, '"');
        }
    }
    if (r->eol == TRACE_EOL_NONE && trace_kind_level(r->kind) == TRACE_LINE)
        export_put_lit(o, ",\"eol\":\"none\"");
    if (r->masked)
        export_put_lit(o, ",\"masked\":true");
    if (r->code > 0) {
        PUT_KEY(o, "code");
        export_put_u64(o, r->code);
    }
    if (r->status[0] != '\0') {
        PUT_KEY(o, "status");
        put_text(o, r->status);
    }
    if (r->frame > 0) {
        PUT_KEY(o, "frame");
        export_put_u64(o, r->frame);
    }
}

static void jsonl_record(void *ctx, const struct trace_record *r)
{
    struct export_jsonl *j = ctx;
    struct export_out *o = &j->out;

    put_head(j, r);
    put_line(o, r);
    if (r->nbytes > 0) {
        export_put_lit(o, ",\"bytes\":\"");
        export_put_hex(o, r->bytes, r->nbytes);
        export_put_char(o, '"');
    }
    if (r->section) {
        PUT_KEY(o, "section");
        put_text(o, r->section);
    }
    if (r->lesson) {
        PUT_KEY(o, "lesson");
        put_text(o, r->lesson);
    }
    if (r->title) {
        PUT_KEY(o, "title");
        put_text(o, r->title);
    }
    if (r->nattr > 0)
        put_attrs(o, r);
    export_put_lit(o, "}\n");
    if (j->live)
        export_out_flush(o, true);
}

struct export_jsonl *export_jsonl_open(FILE *file, unsigned levels, bool live)
{
    struct export_jsonl *j = malloc(sizeof *j);
    if (!j) {
        if (file != stdout)
            fclose(file);
        return NULL;
    }
    j->out = (struct export_out){ .file = file, .at = j->buffer, .cap = sizeof j->buffer };
    j->hosts = (struct export_hosts){ 0 };
    j->levels = levels;
    j->live = live;
    return j;
}

struct trace_sink export_jsonl_sink(struct export_jsonl *j)
{
    return (struct trace_sink){ .levels = j->levels, .ctx = j, .open = jsonl_open, .record = jsonl_record };
}

int export_jsonl_close(struct export_jsonl *j)
{
    int error = export_out_close(&j->out);
    export_hosts_free(&j->hosts);
    free(j);
    return error;
}
