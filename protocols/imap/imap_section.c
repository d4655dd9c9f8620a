/* BODY[section]<partial>: which octets of a message a client means (RFC 3501 section 6.4.5). */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/message.h"

struct span { /* octets [from, end) of the message */
    size_t from, end;
    bool exists;
};

static struct span span(size_t from, size_t end)
{
    return (struct span){ from, end, true };
}

/* Sections of the whole message need no look at its parts. */
static struct span find_in_message(const struct imap_message *m, enum imap_section_text text)
{
    if (text == IMAP_SECTION_ALL)
        return span(0, m->size_octets);
    if (text == IMAP_SECTION_TEXT)
        return span(wire_message_header_len(m->bytes, m->size_octets), m->size_octets);
    return span(0, wire_message_header_len(m->bytes, m->size_octets));
}

/* Sections of a numbered part. HEADER and TEXT are those of a message inside the message. */
static struct span find_in_part(struct imap_scratch *x, const struct imap_message *m,
                                struct wire_slice number, enum imap_section_text text, int *part)
{
    static const struct span nowhere = { 0, 0, false };
    const struct wire_mime_part *p;
    int i;
    imap_parse_parts(x, m);
    i = wire_mime_find(x->part, x->parts, number);
    *part = i;
    if (i == WIRE_MIME_NONE)
        return nowhere;
    p = &x->part[i];
    if (text == IMAP_SECTION_ALL)
        return span(p->body_at, p->body_end);
    if (text == IMAP_SECTION_MIME)
        return span(p->header_at, p->body_at);
    if (p->kind != WIRE_MIME_MESSAGE || p->first_child == WIRE_MIME_NONE)
        return nowhere;
    p = &x->part[p->first_child];
    return text == IMAP_SECTION_TEXT ? span(p->body_at, p->body_end) : span(p->header_at, p->body_at);
}

static struct span find(struct imap_scratch *x, const struct imap_message *m, const struct imap_item *item,
                        const char *text, int *part)
{
    enum imap_section_text section = (enum imap_section_text)item->section;
    *part = WIRE_MIME_NONE;
    if (item->part_len == 0)
        return find_in_message(m, section);
    return find_in_part(x, m, wire_slice(text + item->part_at, item->part_len), section, part);
}

bool imap_section_span(struct imap_scratch *x, const struct imap_message *m, const struct imap_item *item,
                       const char *text, size_t *from, size_t *end, int *part)
{
    struct span where = find(x, m, item, text, part);
    *from = where.from;
    *end = where.end;
    return where.exists;
}

/* ---- the name, as the response repeats it ---- */

static void put_field_names(struct imap_sink *k, const struct imap_item *item, const char *text)
{
    const char *at = text + item->fields_at;
    for (unsigned i = 0; i < item->fields; i++) {
        size_t n = (unsigned char)*at++;
        imap_put_str(k, i == 0 ? " (" : " ");
        imap_put_astring(k, wire_slice(at, n));
        at += n;
    }
    IMAP_PUT(k, ")");
}

void imap_put_section_name(struct imap_sink *k, const struct imap_item *item, const char *text)
{
    static const char *const words[] = { "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "MIME", "TEXT" };
    switch ((enum imap_item_kind)item->kind) {
    case IMAP_ITEM_RFC822:
        IMAP_PUT(k, "RFC822 ");
        return;
    case IMAP_ITEM_RFC822_HEADER:
        IMAP_PUT(k, "RFC822.HEADER ");
        return;
    case IMAP_ITEM_RFC822_TEXT:
        IMAP_PUT(k, "RFC822.TEXT ");
        return;
    case IMAP_ITEM_BINARY:
        IMAP_PUT(k, "BINARY[");
        break;
    case IMAP_ITEM_BINARY_SIZE:
        IMAP_PUT(k, "BINARY.SIZE[");
        break;
    default:
        IMAP_PUT(k, "BODY[");
        break;
    }
    imap_put(k, text + item->part_at, item->part_len);
    if (item->part_len > 0 && item->section != IMAP_SECTION_ALL)
        IMAP_PUT(k, ".");
    imap_put_str(k, words[item->section]);
    if (item->fields > 0)
        put_field_names(k, item, text);
    IMAP_PUT(k, "]");
    if (item->partial) {
        IMAP_PUT(k, "<");
        imap_put_number(k, item->start);
        IMAP_PUT(k, ">");
    }
    IMAP_PUT(k, " ");
}

/* ---- HEADER.FIELDS ---- */

static bool is_named(struct wire_slice name, const struct imap_item *item, const char *text)
{
    const char *at = text + item->fields_at;
    for (unsigned i = 0; i < item->fields; i++) {
        size_t n = (unsigned char)*at++;
        if (wire_equal_nocase(name.at, name.len, at, n))
            return true;
        at += n;
    }
    return false;
}

struct window { /* the part of the content that <start.count> leaves */
    uint64_t from, end, at;
};

/* Counts a piece of content; writes what of it is inside the window, if there is a sink. */
static void put_piece(struct imap_sink *k, struct window *w, const char *bytes, size_t len)
{
    uint64_t from = w->at > w->from ? w->at : w->from, end = w->at + len < w->end ? w->at + len : w->end;
    if (k != NULL && from < end)
        imap_put(k, bytes + (from - w->at), (size_t)(end - from));
    w->at += len;
}

/* The chosen fields, and the empty line that ends every header, if the message has one. */
static void put_fields(struct imap_sink *k, struct window *w, const char *bytes, size_t len,
                       const struct imap_item *item, const char *text)
{
    struct wire_fields iteration;
    struct wire_field field;
    bool wanted = item->section == IMAP_SECTION_FIELDS;
    wire_fields_begin(&iteration, bytes, len);
    while (wire_field_next(&iteration, &field))
        if (is_named(field.name, item, text) == wanted)
            put_piece(k, w, bytes + field.at, field.end - field.at);
    put_piece(k, w, "\r\n", 2);
}

/* ---- content ---- */

static uint64_t content_len(const struct imap_message *m, const struct span *where,
                            const struct imap_item *item, const char *text)
{
    struct window w = { 0, UINT64_MAX, 0 };
    if (item->fields == 0)
        return where->end - where->from;
    put_fields(NULL, &w, m->bytes + where->from, where->end - where->from, item, text);
    return w.at;
}

uint64_t imap_section_len(struct imap_scratch *x, const struct imap_message *m, const struct imap_item *item,
                          const char *text)
{
    int part;
    struct span where = find(x, m, item, text, &part);
    return where.exists ? content_len(m, &where, item, text) : 0;
}

static void put_content(struct imap_sink *k, const struct imap_message *m, const struct span *where,
                        const struct imap_item *item, const char *text)
{
    const char *bytes = m->bytes + where->from;
    size_t len = where->end - where->from;
    bool fields = item->fields > 0;
    uint64_t total = content_len(m, where, item, text);
    struct window w = { 0, total, 0 };
    if (item->partial) {
        w.from = item->start < total ? item->start : total;
        w.end = w.from + item->count < total ? w.from + item->count : total;
    }
    if (w.from == w.end) { /* a quoted string may be empty; a literal of no octets puzzles old clients */
        IMAP_PUT(k, "\"\"");
        return;
    }
    IMAP_PUT(k, "{");
    imap_put_number(k, w.end - w.from);
    IMAP_PUT(k, "}\r\n");
    imap_put_mark(k, &imap_line_info(IMAP_LINE_CONTENT)->lesson);
    if (fields)
        put_fields(k, &w, bytes, len, item, text);
    else
        put_piece(k, &w, bytes, len);
    imap_put_mark(k, &imap_line_info(IMAP_LINE_FETCH)->lesson); /* the response goes on behind the literal */
}

void imap_put_section(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                      const struct imap_item *item, const char *text)
{
    struct imap_item plain = *item;
    struct span where;
    int part;
    if (item->kind == IMAP_ITEM_RFC822_HEADER)
        plain.section = IMAP_SECTION_HEADER;
    else if (item->kind == IMAP_ITEM_RFC822_TEXT)
        plain.section = IMAP_SECTION_TEXT;
    imap_put_section_name(k, item, text);
    where = find(x, m, &plain, text, &part);
    if (where.exists)
        put_content(k, m, &where, &plain, text);
    else
        IMAP_PUT(k, "NIL");
}
