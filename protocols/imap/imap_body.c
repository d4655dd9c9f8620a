/* What a message is made of: ENVELOPE, BODY, BODYSTRUCTURE (RFC 3501 section 7.4.2). */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/address.h"
#include "protocols/wire/message.h"

/* ---- ENVELOPE ---- */

enum { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO, MESSAGE_ID, FIELDS };

static const struct wire_slice field_names[FIELDS] = {
    [DATE] = { "Date", 4 },
    [SUBJECT] = { "Subject", 7 },
    [FROM] = { "From", 4 },
    [SENDER] = { "Sender", 6 },
    [REPLY_TO] = { "Reply-To", 8 },
    [TO] = { "To", 2 },
    [CC] = { "Cc", 2 },
    [BCC] = { "Bcc", 3 },
    [IN_REPLY_TO] = { "In-Reply-To", 11 },
    [MESSAGE_ID] = { "Message-ID", 10 },
};

static void find_fields(const char *at, size_t len, struct wire_slice found[FIELDS])
{
    struct wire_fields iteration;
    struct wire_field field;
    memset(found, 0, FIELDS * sizeof found[0]);
    wire_fields_begin(&iteration, at, len);
    while (wire_field_next(&iteration, &field))
        for (int i = 0; i < FIELDS; i++)
            if (field.name.len == field_names[i].len && found[i].at == NULL &&
                wire_equal_nocase(field.name.at, field.name.len, field_names[i].at, field_names[i].len))
                found[i] = field.body;
}

/* A field's text on one line. */
static struct wire_slice unfold(struct imap_scratch *x, struct wire_slice body)
{
    size_t n = wire_field_unfold(x->text, sizeof x->text, body);
    return wire_slice(x->text, n < sizeof x->text ? n : sizeof x->text);
}

static struct wire_slice clean(struct imap_scratch *x, struct wire_slice raw, bool dense)
{
    size_t n = wire_address_text(x->text, sizeof x->text, raw, dense);
    return wire_slice(x->text, n < sizeof x->text ? n : sizeof x->text);
}

/* (name route mailbox host); a group is a mark without a host before and an empty mark behind. */
static void put_address(struct imap_sink *k, struct imap_scratch *x, const struct wire_address *a)
{
    switch (a->kind) {
    case WIRE_ADDRESS_GROUP_BEGIN:
        IMAP_PUT(k, "(NIL NIL ");
        imap_put_string(k, clean(x, a->name, false));
        IMAP_PUT(k, " NIL)");
        return;
    case WIRE_ADDRESS_GROUP_END:
        IMAP_PUT(k, "(NIL NIL NIL NIL)");
        return;
    case WIRE_ADDRESS_MAILBOX:
        break;
    }
    IMAP_PUT(k, "(");
    imap_put_nstring(k, clean(x, a->name, false));
    IMAP_PUT(k, " ");
    imap_put_nstring(k, clean(x, a->route, true));
    IMAP_PUT(k, " ");
    imap_put_string(k, clean(x, a->local, true));
    IMAP_PUT(k, " ");
    imap_put_string(k, clean(x, a->domain, true)); /* NIL would turn it into a group */
    IMAP_PUT(k, ")");
}

static void put_addresses(struct imap_sink *k, struct imap_scratch *x, struct wire_slice body)
{
    struct wire_address_list list;
    struct wire_address a;
    bool any = false;
    wire_address_list_begin(&list, body);
    while (wire_address_list_next(&list, &a) && !k->full) {
        if (!any)
            IMAP_PUT(k, "(");
        any = true;
        put_address(k, x, &a);
    }
    if (any)
        IMAP_PUT(k, ")");
    else
        IMAP_PUT(k, "NIL");
}

static bool is_blank(struct wire_slice body)
{
    return wire_slice_trim(body).len == 0;
}

void imap_put_envelope(struct imap_sink *k, struct imap_scratch *x, const char *at, size_t len)
{
    struct wire_slice f[FIELDS];
    find_fields(at, len, f);
    IMAP_PUT(k, "(");
    imap_put_nstring(k, unfold(x, f[DATE]));
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, f[SUBJECT]));
    for (int i = FROM; i <= BCC; i++) {
        bool inherits = (i == SENDER || i == REPLY_TO) && is_blank(f[i]);
        IMAP_PUT(k, " ");
        put_addresses(k, x, inherits ? f[FROM] : f[i]);
    }
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, f[IN_REPLY_TO]));
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, f[MESSAGE_ID]));
    IMAP_PUT(k, ")");
}

/* ---- BODY, BODYSTRUCTURE ---- */

void imap_parse_parts(struct imap_scratch *x, const struct imap_message *m)
{
    if (x->parsed == m->bytes && m->bytes != NULL)
        return;
    x->parts = wire_mime_parse(m->bytes, m->size_octets, x->part, WIRE_MIME_PARTS_MAX);
    x->parsed = m->bytes;
}

static void put_params(struct imap_sink *k, struct imap_scratch *x, struct wire_slice params)
{
    struct wire_mime_params iteration;
    struct wire_mime_param p;
    bool any = false;
    wire_mime_params_begin(&iteration, params);
    while (wire_mime_param_next(&iteration, &p)) {
        size_t n = wire_mime_param_text(x->text, sizeof x->text, &p);
        imap_put_str(k, any ? " " : "(");
        any = true;
        imap_put_string(k, p.name);
        IMAP_PUT(k, " ");
        imap_put_string(k, wire_slice(x->text, n < sizeof x->text ? n : sizeof x->text));
    }
    if (any)
        IMAP_PUT(k, ")");
    else
        IMAP_PUT(k, "NIL");
}

static void put_language(struct imap_sink *k, struct wire_slice list)
{
    bool any = false;
    while (list.len > 0) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t n = comma ? (size_t)(comma - list.at) : list.len;
        struct wire_slice tag = wire_slice_trim(wire_slice(list.at, n));
        n += comma != NULL;
        list = wire_slice(list.at + n, list.len - n);
        if (tag.len == 0)
            continue;
        imap_put_str(k, any ? " " : "(");
        any = true;
        imap_put_string(k, tag);
    }
    if (any)
        IMAP_PUT(k, ")");
    else
        IMAP_PUT(k, "NIL");
}

/* Disposition, language, location: what a multipart and a single part have in common. */
static void put_extension(struct imap_sink *k, struct imap_scratch *x, const struct wire_mime_part *p)
{
    if (p->disposition.len > 0) {
        IMAP_PUT(k, " (");
        imap_put_string(k, p->disposition);
        IMAP_PUT(k, " ");
        put_params(k, x, p->disposition_params);
        IMAP_PUT(k, ") ");
    } else {
        IMAP_PUT(k, " NIL ");
    }
    put_language(k, p->language);
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, p->location));
}

static void put_part(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m, int index,
                     bool extended);

/* A multipart or message without a part that could be opened still needs one in the list. */
static void put_empty_part(struct imap_sink *k)
{
    IMAP_PUT(k, "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)");
}

static void put_multipart(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                          const struct wire_mime_part *p, bool extended)
{
    if (p->first_child == WIRE_MIME_NONE)
        put_empty_part(k);
    for (int i = p->first_child; i != WIRE_MIME_NONE; i = x->part[i].next_sibling)
        put_part(k, x, m, i, extended);
    IMAP_PUT(k, " ");
    imap_put_string(k, p->subtype);
    if (!extended)
        return;
    IMAP_PUT(k, " ");
    put_params(k, x, p->params);
    put_extension(k, x, p);
}

static void put_single(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                       const struct wire_mime_part *p, bool extended)
{
    bool text = wire_slice_is_nocase(p->type, "text");
    bool message = wire_slice_is_nocase(p->type, "message") && wire_slice_is_nocase(p->subtype, "rfc822");
    imap_put_string(k, p->type);
    IMAP_PUT(k, " ");
    imap_put_string(k, p->subtype);
    IMAP_PUT(k, " ");
    if (text && p->params.len == 0)
        IMAP_PUT(k, "(\"charset\" \"us-ascii\")"); /* what no label means, RFC 2045 section 5.2 */
    else
        put_params(k, x, p->params);
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, p->id));
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, p->description));
    IMAP_PUT(k, " ");
    if (p->encoding_word.len > 0)
        imap_put_string(k, p->encoding_word);
    else
        IMAP_PUT(k, "\"7bit\"");
    IMAP_PUT(k, " ");
    imap_put_number(k, p->body_end - p->body_at);
    if (message) {
        IMAP_PUT(k, " ");
        imap_put_envelope(k, x, m->bytes + p->body_at, p->body_end - p->body_at);
        IMAP_PUT(k, " ");
        if (p->first_child == WIRE_MIME_NONE)
            put_empty_part(k);
        else
            put_part(k, x, m, p->first_child, extended);
    }
    if (text || message) {
        IMAP_PUT(k, " ");
        imap_put_number(k, p->lines);
    }
    if (!extended)
        return;
    IMAP_PUT(k, " ");
    imap_put_nstring(k, unfold(x, p->md5));
    put_extension(k, x, p);
}

static void put_part(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m, int index,
                     bool extended)
{
    const struct wire_mime_part *p = &x->part[index];
    if (k->full)
        return;
    IMAP_PUT(k, "(");
    if (p->kind == WIRE_MIME_MULTIPART || wire_slice_is_nocase(p->type, "multipart"))
        put_multipart(k, x, m, p, extended);
    else
        put_single(k, x, m, p, extended);
    IMAP_PUT(k, ")");
}

void imap_put_structure(struct imap_sink *k, struct imap_scratch *x, const struct imap_message *m,
                        bool extended)
{
    imap_parse_parts(x, m);
    put_part(k, x, m, 0, extended);
}
