/* FETCH: from the list of data items to one response a message, cut to pieces where it must be. */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/message.h"

#include <assert.h>

#define WHOLE_ROOM 2048 /* a response begins only where so many octets fit: most lines stay in one piece */
#define MARKS_MAX  (2 * IMAP_ITEMS_MAX + 2)

/* ---- items ---- */

static bool add_item(struct imap_cursor *c, struct imap_job *job, enum imap_item_kind kind)
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

/* Behind "BODY" or "BODY.PEEK": "[section]" and perhaps "<start.count>". */
static bool take_body(struct imap_cursor *c, struct imap_job *job, bool peek)
{
    struct imap_item *item = &job->item[job->items - 1];
    item->kind = IMAP_ITEM_SECTION;
    if (!imap_take_char(c, '[') || !take_section(c, job, item) || !imap_take_char(c, ']'))
        return false;
    if (imap_take_char(c, '<')) {
        item->partial = true;
        if (!imap_take_number(c, &item->start) || !imap_take_char(c, '.') ||
            !imap_take_number(c, &item->count) || item->count == 0 || !imap_take_char(c, '>'))
            return false;
    }
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
};

static bool take_item(struct imap_cursor *c, struct imap_job *job)
{
    for (size_t i = 0; i < sizeof simple_items / sizeof simple_items[0]; i++) {
        if (!imap_take_word(c, simple_items[i].name))
            continue;
        if (simple_items[i].kind == IMAP_ITEM_RFC822 || simple_items[i].kind == IMAP_ITEM_RFC822_TEXT)
            job->silent = false;
        return add_item(c, job, simple_items[i].kind);
    }
    if (imap_take_word(c, "BODY.PEEK"))
        return add_item(c, job, IMAP_ITEM_SECTION) && take_body(c, job, true);
    if (!imap_take_word(c, "BODY") || !add_item(c, job, IMAP_ITEM_BODY))
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
        add_item(c, job, items[i]);
    return n > 0;
}

static bool take_items(struct imap_cursor *c, struct imap_job *job)
{
    bool has_uid = false;
    if (imap_take_char(c, '(')) {
        do {
            if (!take_item(c, job))
                return false;
        } while (imap_take_sp(c));
        if (!imap_take_char(c, ')'))
            return false;
    } else if (!take_macro(c, job) && !take_item(c, job)) {
        return false;
    }
    for (int i = 0; i < job->items; i++)
        has_uid = has_uid || job->item[i].kind == IMAP_ITEM_UID;
    if (job->uid && !has_uid && !add_item(c, job, IMAP_ITEM_UID)) /* RFC 3501 section 6.4.8 */
        return false;
    return imap_at_end(c);
}

enum imap_verdict imap_run_fetch(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    (void)out;
    imap_job_begin(job, IMAP_JOB_FETCH, s->verb == IMAP_VERB_UID_FETCH);
    job->silent = true;
    if (!imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX) || !imap_take_sp(c) ||
        !take_items(c, job))
        return imap_parse_failure(c);
    return imap_set_resolve(s, job->range, &job->ranges, 0, job->uid, false) ? IMAP_RUNNING : IMAP_BAD_NUMBER;
}

/* ---- responses ---- */

static void put_date(struct imap_sink *k, int64_t seconds)
{
    char text[WIRE_DATE_MAX];
    IMAP_PUT(k, "INTERNALDATE \"");
    imap_put(k, text, wire_internaldate_write(text, seconds, 0));
    IMAP_PUT(k, "\"");
}

static void put_item(struct imap_sink *k, struct imap_server *s, const struct imap_job *job,
                     const struct imap_item *item, const struct imap_message *m)
{
    struct imap_scratch *x = s->config->scratch;
    switch ((enum imap_item_kind)item->kind) {
    case IMAP_ITEM_UID:
        IMAP_PUT(k, "UID ");
        imap_put_number(k, m->uid);
        return;
    case IMAP_ITEM_FLAGS:
        imap_put_flags(k, s, job->flags, job->keywords);
        return;
    case IMAP_ITEM_INTERNALDATE:
        put_date(k, m->internal_seconds);
        return;
    case IMAP_ITEM_SIZE:
        IMAP_PUT(k, "RFC822.SIZE ");
        imap_put_number(k, m->size_octets);
        return;
    case IMAP_ITEM_ENVELOPE:
        IMAP_PUT(k, "ENVELOPE ");
        imap_put_envelope(k, x, m->bytes, m->size_octets);
        return;
    case IMAP_ITEM_BODY:
        IMAP_PUT(k, "BODY ");
        imap_put_structure(k, x, m, false);
        return;
    case IMAP_ITEM_BODYSTRUCTURE:
        IMAP_PUT(k, "BODYSTRUCTURE ");
        imap_put_structure(k, x, m, true);
        return;
    case IMAP_ITEM_RFC822:
    case IMAP_ITEM_RFC822_HEADER:
    case IMAP_ITEM_RFC822_TEXT:
    case IMAP_ITEM_SECTION:
        imap_put_section(k, x, m, item, job->text);
        return;
    }
}

/* The flags of the response are those at its beginning: another session may change them
 * before its last piece has gone out, and the pieces must fit together. */
static void begin_response(struct imap_server *s, struct imap_job *job, uint32_t seq, struct imap_message *m)
{
    static const struct imap_flag_list seen = { IMAP_SEEN, 0, { { NULL, 0 } } };
    job->with_flags = false;
    if (!job->silent && !s->read_only && !(m->flags & IMAP_SEEN) &&
        s->config->store->set_flags(s->host, s->view, seq, IMAP_FLAGS_ADD, &seen) == IMAP_COMPLETED) {
        m->flags |= IMAP_SEEN;
        job->with_flags = true;
        for (int i = 0; i < job->items; i++)
            if (job->item[i].kind == IMAP_ITEM_FLAGS)
                job->with_flags = false; /* they are reported anyway */
    }
    job->flags = m->flags;
    job->keywords = m->keywords;
}

/* True when the response is complete. */
static bool put_response(struct imap_server *s, struct imap_job *job, uint32_t seq, struct imap_step *out)
{
    struct imap_sink k;
    struct imap_message m;
    s->config->store->message(s->host, s->view, seq, &m);
    if (job->sent == 0)
        begin_response(s, job, seq, &m);
    k = imap_sink(&out->send, job->sent, imap_lesson(IMAP_LINE_FETCH));
    IMAP_PUT(&k, "* ");
    imap_put_number(&k, seq);
    IMAP_PUT(&k, " FETCH (");
    for (int i = 0; i < job->items && !k.full; i++) {
        if (i > 0)
            IMAP_PUT(&k, " ");
        put_item(&k, s, job, &job->item[i], &m);
    }
    if (job->with_flags) {
        IMAP_PUT(&k, " ");
        imap_put_flags(&k, s, job->flags, job->keywords);
    }
    IMAP_PUT(&k, ")\r\n");
    job->sent = k.full ? k.at : 0;
    return !k.full;
}

bool imap_fetch_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                    enum imap_verdict *verdict)
{
    uint32_t seq;
    *verdict = IMAP_COMPLETED;
    while ((seq = imap_job_next(job)) != 0) {
        if (out->send.len > 0 &&
            (wire_out_room(&out->send) < WHOLE_ROOM || out->send.lines + MARKS_MAX > WIRE_OUT_LINES_MAX))
            return false;
        if (!put_response(s, job, seq, out))
            return false;
        imap_job_advance(job);
    }
    return true;
}
