/* BINARY[...]: a part as its author made it, without base64 or quoted-printable (RFC 3516).
 *
 *   look   decodes once, to count the octets and to see whether one of them is zero
 *   put    "BINARY[2] ~{17}" and the octets; a piece that is full leaves in job->decoding where it stood
 *
 * Decoding starts again where the last piece ended, so that an attachment of any size costs two passes. */
#include "protocols/imap/imap_engine.h"

#define CHUNK_IN  2048 /* encoded octets decoded at a time */
#define CHUNK_OUT 2304 /* octets they become at most, and what was left of the chunk before */

struct source { /* the encoded octets of an item */
    const char *at;
    size_t len;
    enum wire_mime_encoding encoding;
    bool exists;
};

static struct source source_of(struct imap_scratch *x, const struct imap_message *m,
                               const struct imap_item *item, const char *text)
{
    struct source src = { NULL, 0, WIRE_MIME_BINARY, false };
    size_t from, end;
    int part;
    src.exists = imap_section_span(x, m, item, text, &from, &end, &part);
    if (!src.exists)
        return src;
    src.at = m->bytes + from;
    src.len = end - from;
    if (item->section == IMAP_SECTION_TEXT) { /* the body of a message: the whole one, or that in the part */
        imap_parse_parts(x, m);
        part = item->part_len == 0 ? 0 : x->part[part].first_child;
    }
    if (part != WIRE_MIME_NONE && x->part[part].kind != WIRE_MIME_MULTIPART)
        src.encoding = x->part[part].encoding;
    return src;
}

/* Decodes on from where `d` stands; returns the octets in `out`, 0 at the end. */
static size_t decode(const struct source *src, struct imap_decoding *d, char out[CHUNK_OUT])
{
    size_t n = 0;
    while (n == 0 && d->at < src->len) {
        size_t left = src->len - (size_t)d->at, len = left < CHUNK_IN ? left : CHUNK_IN;
        switch (src->encoding) {
        case WIRE_MIME_BASE64:
            d->at += wire_base64_body_decode(&d->base64, out, CHUNK_OUT, &n, src->at + d->at, len);
            if (d->at == src->len && n + 3 <= CHUNK_OUT) { /* the padding may be missing */
                size_t last = 0;
                wire_base64_body_decode(&d->base64, out + n, CHUNK_OUT - n, &last, "=", 1);
                n += last;
            }
            break;
        case WIRE_MIME_QP: /* its decoder looks ahead to the end of the body */
            d->at += wire_qp_body_decode(&d->qp, out, CHUNK_OUT, &n, src->at + d->at, left);
            break;
        default:
            memcpy(out, src->at + d->at, len);
            d->at += len;
            n = len;
            break;
        }
    }
    d->decoded += n;
    return n;
}

/* Headers are not encoded as bodies are. */
static bool is_header(const struct imap_item *item)
{
    return item->section != IMAP_SECTION_ALL && item->section != IMAP_SECTION_TEXT;
}

enum imap_verdict imap_binary_look(struct imap_server *s, struct imap_job *job, const struct imap_message *m)
{
    for (int i = 0; i < job->items; i++) {
        struct imap_item *item = &job->item[i];
        struct source src;
        if ((item->kind != IMAP_ITEM_BINARY && item->kind != IMAP_ITEM_BINARY_SIZE) || is_header(item))
            continue;
        src = source_of(s->config->scratch, m, item, job->text);
        if (src.exists && src.encoding == WIRE_MIME_OTHER)
            return IMAP_UNKNOWN_CTE;
    }
    return IMAP_COMPLETED;
}

/* Counts, once for each message and item. */
static void look(const struct source *src, struct imap_item *item)
{
    struct imap_decoding d = { .decoded = 0 };
    char out[CHUNK_OUT];
    size_t n;
    if (item->content != IMAP_CONTENT_UNKNOWN)
        return;
    item->content = src->exists ? IMAP_CONTENT_TEXT : IMAP_CONTENT_MISSING;
    if (!src->exists)
        return;
    while ((n = decode(src, &d, out)) > 0)
        if (memchr(out, '\0', n) != NULL)
            item->content = IMAP_CONTENT_WITH_NUL;
    item->decoded = d.decoded;
}

/* The octets [from, end) of the decoded part. What earlier pieces carried is counted, not decoded again. */
static void put_decoded(struct imap_sink *k, struct imap_job *job, unsigned index, const struct source *src,
                        uint64_t from, uint64_t end)
{
    struct imap_decoding d = { .item = (uint8_t)index }, before;
    uint64_t begins = k->at - from; /* where octet 0 of the part would stand, modulo 2^64 */
    char out[CHUNK_OUT];
    if (k->skip >= begins + end) {
        k->at = begins + end;
        return;
    }
    if (job->decoding.item == index && job->decoding.decoded >= from && job->decoding.decoded <= end &&
        job->decoding.decoded + begins <= k->skip)
        d = job->decoding;
    if (d.decoded > from)
        k->at = begins + d.decoded;
    while (!k->full && d.decoded < end) {
        uint64_t at = d.decoded;
        size_t n, skip, len;
        before = d;
        n = decode(src, &d, out);
        if (n == 0)
            return;
        if (d.decoded <= from)
            continue;
        skip = at < from ? (size_t)(from - at) : 0;
        len = d.decoded > end ? (size_t)(end - at) - skip : n - skip;
        imap_put(k, out + skip, len);
        if (k->full)
            job->decoding = before;
    }
}

void imap_put_binary(struct imap_sink *k, struct imap_server *s, struct imap_job *job, unsigned index,
                     const struct imap_message *m)
{
    struct imap_item *item = &job->item[index];
    struct imap_scratch *x = s->config->scratch;
    struct source src;
    uint64_t from = 0, end;
    if (is_header(item) && item->kind == IMAP_ITEM_BINARY) {
        imap_put_section(k, x, m, item, job->text);
        return;
    }
    imap_put_section_name(k, item, job->text);
    if (is_header(item)) {
        imap_put_number(k, imap_section_len(x, m, item, job->text));
        return;
    }
    src = source_of(x, m, item, job->text);
    look(&src, item);
    end = item->decoded;
    if (item->kind == IMAP_ITEM_BINARY_SIZE) {
        imap_put_number(k, src.exists ? end : 0);
        return;
    }
    if (!src.exists) {
        IMAP_PUT(k, "NIL");
        return;
    }
    if (item->partial) {
        from = item->start < end ? item->start : end;
        end = from + item->count < end ? from + item->count : end;
    }
    if (from == end) {
        IMAP_PUT(k, "\"\"");
        return;
    }
    imap_put_str(k, item->content == IMAP_CONTENT_WITH_NUL ? "~{" : "{");
    imap_put_number(k, end - from);
    IMAP_PUT(k, "}\r\n");
    imap_put_mark(k, &imap_line_info(IMAP_LINE_CONTENT)->lesson);
    put_decoded(k, job, index, &src, from, end);
    imap_put_mark(k, &imap_line_info(IMAP_LINE_FETCH)->lesson);
}
