/* Runs the program of a SEARCH over one message. Texts are compared as people see them: fields unfolded and
 * their encoded words decoded, bodies out of base64 and quoted-printable, ASCII letters in any case. */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/address.h"
#include "protocols/wire/message.h"
#include "protocols/wire/rfc2047.h"

struct matcher { /* finds a string in octets that come in pieces (Knuth, Morris, Pratt) */
    struct wire_slice text;
    uint16_t *fail; /* borrowed: text.len + 1 */
    size_t have;    /* octets of text that match up to here */
    bool found;
};

static void matcher_begin(struct matcher *f, struct wire_slice text, uint16_t *fail)
{
    size_t k = 0;
    *f = (struct matcher){ text, fail, 0, text.len == 0 };
    fail[0] = 0;
    for (size_t i = 1; i < text.len; i++) {
        while (k > 0 && wire_to_lower(text.at[i]) != wire_to_lower(text.at[k]))
            k = fail[k - 1];
        if (wire_to_lower(text.at[i]) == wire_to_lower(text.at[k]))
            k++;
        fail[i] = (uint16_t)k;
    }
}

/* A wire_mime_sink: false once it is found. */
static bool matcher_feed(void *ctx, const char *bytes, size_t len)
{
    struct matcher *f = ctx;
    for (size_t i = 0; i < len && !f->found; i++) {
        char c = wire_to_lower(bytes[i]);
        while (f->have > 0 && c != wire_to_lower(f->text.at[f->have]))
            f->have = f->fail[f->have - 1];
        if (c == wire_to_lower(f->text.at[f->have]))
            f->have++;
        f->found = f->have == f->text.len;
    }
    return !f->found;
}

static bool field_contains(struct imap_scratch *x, struct wire_slice body, struct wire_slice text)
{
    struct matcher f;
    size_t n = wire_rfc2047_decode(x->text, sizeof x->text, body);
    matcher_begin(&f, text, x->fail);
    matcher_feed(&f, x->text, n < sizeof x->text ? n : sizeof x->text);
    return f.found;
}

/* Is there more in it than the octets of the addresses: comments, quotes, space around the "@"? */
static bool is_dressed(struct wire_slice body)
{
    for (size_t i = 0; i < body.len; i++) {
        char c = body.at[i];
        if (c == '(' || c == '"' || c == '\\')
            return true;
        if (c == '@' &&
            ((i > 0 && wire_is_space(body.at[i - 1])) || (i + 1 < body.len && wire_is_space(body.at[i + 1]))))
            return true;
    }
    return false;
}

/* The search is in the addresses that ENVELOPE tells (RFC 3501 section 6.4.4), which are bare. */
static bool addresses_contain(struct imap_scratch *x, struct wire_slice body, struct wire_slice text)
{
    struct wire_address_list list;
    struct wire_address a;
    char *at = x->text;
    size_t cap = sizeof x->text;
    wire_address_list_begin(&list, body);
    while (wire_address_list_next(&list, &a)) {
        struct matcher f;
        size_t n;
        if (a.kind != WIRE_ADDRESS_MAILBOX || a.domain.len == 0)
            continue;
        n = wire_address_text(at, cap, a.local, true);
        if (n >= cap)
            continue;
        at[n++] = '@';
        n += wire_address_text(at + n, cap - n, a.domain, true);
        matcher_begin(&f, text, x->fail);
        matcher_feed(&f, at, n < cap ? n : cap);
        if (f.found)
            return true;
    }
    return false;
}

static bool has_addresses(struct wire_slice name)
{
    static const char *const names[] = { "From", "To", "Cc", "Bcc", "Sender", "Reply-To" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (wire_slice_is_nocase(name, names[i]))
            return true;
    return false;
}

static bool match_field(struct imap_scratch *x, const struct imap_message *m, struct wire_slice name,
                        struct wire_slice text)
{
    bool addresses = has_addresses(name);
    struct wire_fields iteration;
    struct wire_field field;
    wire_fields_begin(&iteration, m->bytes, m->size_octets);
    while (wire_field_next(&iteration, &field)) {
        if (!wire_equal_nocase(field.name.at, field.name.len, name.at, name.len))
            continue;
        if (field_contains(x, field.body, text) ||
            (addresses && is_dressed(field.body) && addresses_contain(x, field.body, text)))
            return true;
    }
    return false;
}

/* Any field: its name, a colon and its text. */
static bool match_header(struct imap_scratch *x, const struct imap_message *m, struct wire_slice text)
{
    struct wire_fields iteration;
    struct wire_field field;
    struct matcher f;
    wire_fields_begin(&iteration, m->bytes, m->size_octets);
    while (wire_field_next(&iteration, &field)) {
        matcher_begin(&f, text, x->fail);
        matcher_feed(&f, field.name.at, field.name.len);
        matcher_feed(&f, ": ", 2);
        if (f.found || field_contains(x, field.body, text))
            return true;
    }
    return false;
}

/* The text parts, decoded: attachments are not text. */
static bool match_body(struct imap_scratch *x, const struct imap_message *m, struct wire_slice text)
{
    struct matcher f;
    imap_parse_parts(x, m);
    for (size_t i = 0; i < x->parts; i++) {
        if (x->part[i].kind != WIRE_MIME_LEAF || !wire_slice_is_nocase(x->part[i].type, "text"))
            continue;
        matcher_begin(&f, text, x->fail);
        if (!f.found)
            wire_mime_decode(m->bytes, &x->part[i], matcher_feed, &f);
        if (f.found)
            return true;
    }
    return text.len == 0;
}

static int64_t day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
}

/* The day in the Date field, as its writer's calendar showed it. */
static bool sent_day(const struct imap_message *m, int64_t *day)
{
    int64_t seconds;
    int offset;
    if (!wire_date_parse(wire_field_body(m->bytes, m->size_octets, "Date"), &seconds, &offset))
        return false;
    *day = day_of(seconds + (int64_t)offset * 60);
    return true;
}

static bool match_day(enum imap_key_kind kind, int64_t wanted, const struct imap_message *m)
{
    /* The day that INTERNALDATE shows (RFC 3501 section 6.4.4: without regard to its time and zone). */
    int64_t day = day_of(m->internal_seconds + (int64_t)m->zone_minutes * 60);
    if (kind >= IMAP_KEY_SENTBEFORE && !sent_day(m, &day))
        return false;
    if (kind == IMAP_KEY_BEFORE || kind == IMAP_KEY_SENTBEFORE)
        return day < wanted;
    return kind == IMAP_KEY_ON || kind == IMAP_KEY_SENTON ? day == wanted : day >= wanted;
}

static bool match_keyword(struct imap_server *s, struct wire_slice name, uint32_t keywords)
{
    for (unsigned i = 0; keywords != 0; i++, keywords >>= 1) {
        const char *keyword = keywords & 1 ? s->config->store->keyword(s->host, s->view, i) : NULL;
        if (keyword != NULL && wire_slice_is_nocase(name, keyword))
            return true;
    }
    return false;
}

static bool match_places(const struct imap_job *job, const struct imap_key *key, uint32_t seq)
{
    for (uint32_t i = key->a; i < key->a + key->b; i++)
        if (seq >= job->range[i].lo && seq <= job->range[i].hi)
            return true;
    return false;
}

/* key[at] and what belongs to it. The depth is that of the command, which is limited. */
static bool match_key(struct imap_server *s, const struct imap_job *job, unsigned at, uint32_t seq,
                      const struct imap_message *m)
{
    const struct imap_key *key = &job->key[at];
    struct imap_scratch *x = s->config->scratch;
    struct wire_slice text = wire_slice(job->text + key->text_at, key->text_len);
    switch ((enum imap_key_kind)key->kind) {
    case IMAP_KEY_AND:
        for (unsigned i = at + 1; i < key->next; i = job->key[i].next)
            if (!match_key(s, job, i, seq, m))
                return false;
        return true;
    case IMAP_KEY_OR:
        return match_key(s, job, at + 1, seq, m) || match_key(s, job, job->key[at + 1].next, seq, m);
    case IMAP_KEY_NOT:
        return !match_key(s, job, at + 1, seq, m);
    case IMAP_KEY_FLAGS:
        return (m->flags & key->a) == key->b;
    case IMAP_KEY_KEYWORD:
        return match_keyword(s, text, m->keywords);
    case IMAP_KEY_PLACES:
        return match_places(job, key, seq);
    case IMAP_KEY_LARGER:
        return m->size_octets > key->a;
    case IMAP_KEY_SMALLER:
        return m->size_octets < key->a;
    case IMAP_KEY_BEFORE:
    case IMAP_KEY_ON:
    case IMAP_KEY_SINCE:
    case IMAP_KEY_SENTBEFORE:
    case IMAP_KEY_SENTON:
    case IMAP_KEY_SENTSINCE:
        return match_day((enum imap_key_kind)key->kind, key->day, m);
    case IMAP_KEY_HEADER:
        return match_field(x, m, wire_slice(job->text + key->name_at, key->name_len), text);
    case IMAP_KEY_BODY:
        return match_body(x, m, text);
    case IMAP_KEY_MODSEQ:
        return m->modseq >= (uint64_t)key->day;
    case IMAP_KEY_TEXT:
        return match_header(x, m, text) || match_body(x, m, text);
    }
    return false;
}

bool imap_match(struct imap_server *s, const struct imap_job *job, uint32_t seq, const struct imap_message *m)
{
    return match_key(s, job, 0, seq, m);
}
