/* A sink that folds every field of every record into 64 bits, in words of 8 octets, the first octet lowest,
 * so that the value is the same on every machine. What is folded says how long it is, so that no two fields
 * can be taken for one.
 */
#include "sim/core/trace.h"

#include <string.h>

static void fold_number(struct trace_hash *h, uint64_t n)
{
    uint64_t v = (h->value ^ n) * UINT64_C(0x9e3779b97f4a7c15);
    h->value = v ^ v >> 32;
}

static uint64_t word(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static void fold(struct trace_hash *h, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    unsigned char last[8] = { 0 };
    fold_number(h, len);
    for (; len >= 8; len -= 8, p += 8)
        fold_number(h, word(p));
    if (len > 0) {
        memcpy(last, p, len);
        fold_number(h, word(last));
    }
}

static void fold_string(struct trace_hash *h, const char *s)
{
    fold(h, s ? s : "", s ? strlen(s) : 0);
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
    fold(h, r->text ? r->text : "", r->text ? r->text_len : 0);
    fold(h, r->bytes ? (const void *)r->bytes : "", r->bytes ? r->nbytes : 0);
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
