/* The data items of FETCH: what a client can ask of a message (RFC 3501 section 6.4.5). */
#include "protocols/imap/imap_engine.h"

bool imap_add_item(struct imap_cursor *c, struct imap_job *job, enum imap_item_kind kind)
{
    if (job->items == IMAP_ITEMS_MAX) {
        c->too_complex = true;
        return false;
    }
    job->item[job->items++] = (struct imap_item){ .kind = (uint8_t)kind };
    return true;
}

/* "(From To)": names kept one behind the other, each with its length in front. */
static bool take_field_names(struct imap_cursor *c, struct imap_job *job, struct imap_item *item)
{
    struct wire_slice name;
    uint16_t at;
    item->fields_at = job->text_len;
    if (!imap_take_sp(c) || !imap_take_char(c, '('))
        return false;
    do {
        if (!imap_take_astring(c, &name) || name.len == 0 || name.len > UINT8_MAX)
            return false;
        for (size_t i = 0; i < name.len; i++)
            if (!wire_is_visible(name.at[i]) || name.at[i] == ':')
                return false;
        if (!imap_job_keep(c, job, wire_slice((const char[]){ (char)name.len }, 1), &at) ||
            !imap_job_keep(c, job, name, &at))
            return false;
        item->fields++;
    } while (imap_take_sp(c));
    return imap_take_char(c, ')');
}

static bool take_section_text(struct imap_cursor *c, struct imap_job *job, struct imap_item *item)
{
    if (imap_take_word(c, "HEADER.FIELDS.NOT")) {
        item->section = IMAP_SECTION_FIELDS_NOT;
        return take_field_names(c, job, item);
    }
    if (imap_take_word(c, "HEADER.FIELDS")) {
        item->section = IMAP_SECTION_FIELDS;
        return take_field_names(c, job, item);
    }
    if (imap_take_word(c, "HEADER"))
        item->section = IMAP_SECTION_HEADER;
    else if (imap_take_word(c, "TEXT"))
        item->section = IMAP_SECTION_TEXT;
    else if (item->part_len > 0 && imap_take_word(c, "MIME"))
        item->section = IMAP_SECTION_MIME;
    else
        return false;
    return true;
}

/* "1.2.3" and then perhaps ".MIME": the numbers are kept as they are written. */
static bool take_section(struct imap_cursor *c, struct imap_job *job, struct imap_item *item)
{
    const char *from = c->at, *end = c->at;
    uint32_t number;
    item->section = IMAP_SECTION_ALL;
    if (imap_peek(c, ']'))
        return true;
    while (c->at < c->end && wire_is_digit(*c->at)) {
        if (!imap_take_number(c, &number) || number == 0)
            return false;
        end = c->at;
        if (!imap_take_char(c, '.'))
            break;
    }
    if (end - from > IMAP_SECTION_MAX) {
        c->too_complex = true;
        return false;
    }
    item->part_len = (uint8_t)(end - from);
    if (!imap_job_keep(c, job, wire_slice(from, item->part_len), &item->part_at))
        return false;
    if (c->at == end && item->part_len > 0)
        return true; /* numbers only, no dot behind them */
    return take_section_text(c, job, item);
}

static bool take_brackets(struct imap_cursor *c, struct imap_job *job, struct imap_item *item)
{
    return imap_take_char(c, '[') && take_section(c, job, item) && imap_take_char(c, ']');
}

/* "<start.count>". `open`: the count may be missing, and the partial goes on to the end. */
static bool take_partial(struct imap_cursor *c, struct imap_item *item, bool open)
{
    if (!imap_take_char(c, '<'))
        return true;
    item->partial = true;
    if (!imap_take_number(c, &item->start))
        return false;
    item->count = UINT32_MAX;
    if (open && imap_take_char(c, '>'))
        return true;
    return imap_take_char(c, '.') && imap_take_number(c, &item->count) && item->count > 0 &&
           imap_take_char(c, '>');
}

/* Behind "BODY" or "BODY.PEEK": "[section]" and perhaps "<start.count>". */
static bool take_body(struct imap_cursor *c, struct imap_job *job, bool peek)
{
    struct imap_item *item = &job->item[job->items - 1];
    item->kind = IMAP_ITEM_SECTION;
    if (!take_brackets(c, job, item) || !take_partial(c, item, false))
        return false;
    job->silent = job->silent && peek; /* any item that does not peek marks the message as read */
    return true;
}

static const struct {
    const char *name;
    enum imap_item_kind kind;
} simple_items[] = {
    { "UID", IMAP_ITEM_UID },
    { "FLAGS", IMAP_ITEM_FLAGS },
    { "INTERNALDATE", IMAP_ITEM_INTERNALDATE },
    { "RFC822.SIZE", IMAP_ITEM_SIZE },
    { "ENVELOPE", IMAP_ITEM_ENVELOPE },
    { "BODYSTRUCTURE", IMAP_ITEM_BODYSTRUCTURE },
    { "RFC822.HEADER", IMAP_ITEM_RFC822_HEADER },
    { "RFC822.TEXT", IMAP_ITEM_RFC822_TEXT },
    { "RFC822", IMAP_ITEM_RFC822 },
    { "MODSEQ", IMAP_ITEM_MODSEQ },
};

/* Behind "BINARY", "BINARY.PEEK" or "BINARY.SIZE": a section of numbers (RFC 3516 section 4.2). Clients also
 * ask for HEADER, MIME and TEXT, as BODY has them, and for a partial without a count. What they mean is
 * plain. */
static bool take_binary(struct imap_cursor *c, struct imap_job *job, enum imap_item_kind kind, bool peek)
{
    struct imap_item *item;
    if (!imap_add_item(c, job, kind))
        return false;
    item = &job->item[job->items - 1];
    if (!take_brackets(c, job, item))
        return false;
    item->kind = (uint8_t)kind;
    job->silent = job->silent && peek;
    return kind == IMAP_ITEM_BINARY_SIZE || take_partial(c, item, true);
}

static bool take_item(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    for (size_t i = 0; i < sizeof simple_items / sizeof simple_items[0]; i++) {
        if (!imap_take_word(c, simple_items[i].name))
            continue;
        if (simple_items[i].kind == IMAP_ITEM_MODSEQ) {
            if (!imap_extends(s, IMAP_EXT_CONDSTORE) || s->no_modseq)
                return false;
            imap_enable_condstore(s);
        }
        if (simple_items[i].kind == IMAP_ITEM_RFC822 || simple_items[i].kind == IMAP_ITEM_RFC822_TEXT)
            job->silent = false;
        return imap_add_item(c, job, simple_items[i].kind);
    }
    if (imap_extends(s, IMAP_EXT_BINARY)) {
        if (imap_take_word(c, "BINARY.SIZE"))
            return take_binary(c, job, IMAP_ITEM_BINARY_SIZE, true);
        if (imap_take_word(c, "BINARY.PEEK"))
            return take_binary(c, job, IMAP_ITEM_BINARY, true);
        if (imap_take_word(c, "BINARY"))
            return take_binary(c, job, IMAP_ITEM_BINARY, false);
    }
    if (imap_take_word(c, "BODY.PEEK"))
        return imap_add_item(c, job, IMAP_ITEM_SECTION) && take_body(c, job, true);
    if (!imap_take_word(c, "BODY") || !imap_add_item(c, job, IMAP_ITEM_BODY))
        return false;
    return !imap_peek(c, '[') || take_body(c, job, false);
}

/* The three names for several items (RFC 3501 section 6.4.5). */
static bool take_macro(struct imap_cursor *c, struct imap_job *job)
{
    static const enum imap_item_kind items[] = { IMAP_ITEM_FLAGS, IMAP_ITEM_INTERNALDATE, IMAP_ITEM_SIZE,
                                                 IMAP_ITEM_ENVELOPE, IMAP_ITEM_BODY };
    int n = 0;
    if (imap_take_word(c, "FAST"))
        n = 3;
    else if (imap_take_word(c, "ALL"))
        n = 4;
    else if (imap_take_word(c, "FULL"))
        n = 5;
    for (int i = 0; i < n; i++)
        imap_add_item(c, job, items[i]);
    return n > 0;
}

/* Behind the items: "(CHANGEDSINCE n VANISHED)" (RFC 7162 sections 3.1.4.1 and 3.2.6). */
static bool take_modifiers(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    if (!imap_extends(s, IMAP_EXT_CONDSTORE) || s->no_modseq || !imap_take_char(c, '('))
        return false;
    do {
        if (imap_take_word(c, "VANISHED")) {
            job->vanished = true;
        } else {
            if (!imap_take_word(c, "CHANGEDSINCE") || !imap_take_sp(c) || !imap_take_modseq(c, &job->modseq))
                return false;
            job->since = true;
        }
    } while (imap_take_sp(c));
    if (!imap_take_char(c, ')') ||
        (job->vanished && (!job->since || !job->uid || !imap_has(s, IMAP_ENABLED_QRESYNC))))
        return false;
    imap_enable_condstore(s);
    return true;
}

static bool has_item(const struct imap_job *job, enum imap_item_kind kind)
{
    for (int i = 0; i < job->items; i++)
        if (job->item[i].kind == kind)
            return true;
    return false;
}

bool imap_take_items(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    if (imap_take_char(c, '(')) {
        do {
            if (!take_item(s, c, job))
                return false;
        } while (imap_take_sp(c));
        if (!imap_take_char(c, ')'))
            return false;
    } else if (!take_macro(c, job) && !take_item(s, c, job)) {
        return false;
    }
    if (imap_take_sp(c) && !take_modifiers(s, c, job))
        return false;
    if (job->uid && !has_item(job, IMAP_ITEM_UID) && !imap_add_item(c, job, IMAP_ITEM_UID))
        return false; /* RFC 3501 section 6.4.8 */
    if (job->since && !has_item(job, IMAP_ITEM_MODSEQ) && !imap_add_item(c, job, IMAP_ITEM_MODSEQ))
        return false; /* RFC 7162 section 3.1.4.1 */
    return imap_at_end(c);
}
