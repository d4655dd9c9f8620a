/* A sink that folds every field of every record into 64 bits, octet by octet, so that the value is the
 * same on every machine. */
#include "sim/core/trace.h"

#include <string.h>

static void fold(struct trace_hash *h, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t v = h->value;
    for (size_t i = 0; i < len; i++)
        v = (v ^ p[i]) * UINT64_C(0x100000001b3);
    h->value = v;
}

static void fold_number(struct trace_hash *h, uint64_t n)
{
    unsigned char b[8];
    for (int i = 0; i < 8; i++, n >>= 8)
        b[i] = (unsigned char)n;
    fold(h, b, sizeof b);
}

static void fold_string(struct trace_hash *h, const char *s)
{
    fold(h, s ? s : "", s ? strlen(s) + 1 : 1);
}

static void hash_open(void *ctx, const struct trace_opening *o)
{
    fold_string(ctx, o->scenario);
    fold_number(ctx, o->seed);
    fold_number(ctx, o->nhosts);
}

static void hash_record(void *ctx, const struct trace_record *r)
{
    struct trace_hash *h = ctx;
    const uint64_t fields[] = { r->seq,  r->cause, r->t_ns, r->kind, r->proto, (uint64_t)r->dir, r->eol,
                                r->host, r->peer,  r->link, r->conn, r->code,  r->frame,         r->masked };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fold_number(h, fields[i]);
    fold_string(h, r->status);
    fold_number(h, r->text_len);
    fold(h, r->text ? r->text : "", r->text ? r->text_len : 0);
    fold_number(h, r->nbytes);
    if (r->nbytes > 0)
        fold(h, r->bytes, r->nbytes);
    fold_string(h, r->title);
    fold_string(h, r->section);
    for (unsigned i = 0; i < r->nattr; i++) {
        fold_string(h, r->attr[i].key);
        fold_string(h, r->attr[i].value);
        fold_number(h, (uint64_t)r->attr[i].number);
    }
    h->records++;
}

struct trace_sink trace_hash_sink(struct trace_hash *hash)
{
    *hash = (struct trace_hash){ .value = UINT64_C(0xcbf29ce484222325) };
    return (struct trace_sink){ .levels = TRACE_ALL, .ctx = hash, .open = hash_open, .record = hash_record };
}
