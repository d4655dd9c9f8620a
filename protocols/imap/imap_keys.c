/* The keys of SEARCH, SORT and THREAD become a small program in prefix order. imap_match.c runs it.
 *
 *   OR FROM "ann" (UNSEEN SINCE 1-Feb-2024)     key 0  AND, next 6
 *                                               key 1    OR, next 6
 *                                               key 2      HEADER From "ann"
 *                                               key 3      AND, next 6
 *                                               key 4        FLAGS
 *                                               key 5        SINCE
 */
#include "protocols/imap/imap_engine.h"

enum key_form { FORM_FLAGS, FORM_DATE, FORM_NUMBER, FORM_FIELD, FORM_STRING };

static const struct {
    const char *name;
    enum key_form form;
    enum imap_key_kind kind;
    unsigned a, b;     /* FORM_FLAGS: (flags & a) == b */
    const char *field; /* FORM_FIELD */
} keys[] = {
    { "ALL", FORM_FLAGS, IMAP_KEY_FLAGS, 0, 0, NULL },
    { "ANSWERED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_ANSWERED, IMAP_ANSWERED, NULL },
    { "DELETED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_DELETED, IMAP_DELETED, NULL },
    { "DRAFT", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_DRAFT, IMAP_DRAFT, NULL },
    { "FLAGGED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_FLAGGED, IMAP_FLAGGED, NULL },
    { "SEEN", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_SEEN, IMAP_SEEN, NULL },
    { "RECENT", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_RECENT, IMAP_RECENT, NULL },
    { "NEW", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_RECENT | IMAP_SEEN, IMAP_RECENT, NULL },
    { "OLD", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_RECENT, 0, NULL },
    { "UNANSWERED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_ANSWERED, 0, NULL },
    { "UNDELETED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_DELETED, 0, NULL },
    { "UNDRAFT", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_DRAFT, 0, NULL },
    { "UNFLAGGED", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_FLAGGED, 0, NULL },
    { "UNSEEN", FORM_FLAGS, IMAP_KEY_FLAGS, IMAP_SEEN, 0, NULL },
    { "BEFORE", FORM_DATE, IMAP_KEY_BEFORE, 0, 0, NULL },
    { "ON", FORM_DATE, IMAP_KEY_ON, 0, 0, NULL },
    { "SINCE", FORM_DATE, IMAP_KEY_SINCE, 0, 0, NULL },
    { "SENTBEFORE", FORM_DATE, IMAP_KEY_SENTBEFORE, 0, 0, NULL },
    { "SENTON", FORM_DATE, IMAP_KEY_SENTON, 0, 0, NULL },
    { "SENTSINCE", FORM_DATE, IMAP_KEY_SENTSINCE, 0, 0, NULL },
    { "LARGER", FORM_NUMBER, IMAP_KEY_LARGER, 0, 0, NULL },
    { "SMALLER", FORM_NUMBER, IMAP_KEY_SMALLER, 0, 0, NULL },
    { "BCC", FORM_FIELD, IMAP_KEY_HEADER, 0, 0, "Bcc" },
    { "CC", FORM_FIELD, IMAP_KEY_HEADER, 0, 0, "Cc" },
    { "FROM", FORM_FIELD, IMAP_KEY_HEADER, 0, 0, "From" },
    { "SUBJECT", FORM_FIELD, IMAP_KEY_HEADER, 0, 0, "Subject" },
    { "TO", FORM_FIELD, IMAP_KEY_HEADER, 0, 0, "To" },
    { "BODY", FORM_STRING, IMAP_KEY_BODY, 0, 0, NULL },
    { "TEXT", FORM_STRING, IMAP_KEY_TEXT, 0, 0, NULL },
};

#define KEYS (sizeof keys / sizeof keys[0])

static bool take_key(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, int depth);

static struct imap_key *add_key(struct imap_cursor *c, struct imap_job *job, enum imap_key_kind kind)
{
    struct imap_key *key;
    if (job->keys == IMAP_KEYS_MAX) {
        c->too_complex = true;
        return NULL;
    }
    key = &job->key[job->keys++];
    *key = (struct imap_key){ .kind = (uint8_t)kind, .next = job->keys };
    return key;
}

static bool take_text(struct imap_cursor *c, struct imap_job *job, struct imap_key *key)
{
    struct wire_slice text;
    if (!imap_take_sp(c) || !imap_take_astring(c, &text) || !imap_job_keep(c, job, text, &key->text_at))
        return false;
    key->text_len = (uint16_t)text.len;
    return true;
}

static bool keep_name(struct imap_cursor *c, struct imap_job *job, struct imap_key *key,
                      struct wire_slice name)
{
    if (!imap_job_keep(c, job, name, &key->name_at))
        return false;
    key->name_len = (uint16_t)name.len;
    return true;
}

/* A number of 64 bits (RFC 9051 section 6.4.4). No message is as large as 32 bits can say. */
static bool take_octets(struct imap_cursor *c, uint32_t *out)
{
    uint64_t n;
    if (!imap_take_modseq(c, &n))
        return false;
    *out = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
    return true;
}

/* One row of the table, its name already taken. */
static bool take_row(struct imap_cursor *c, struct imap_job *job, size_t row)
{
    struct imap_key *key = add_key(c, job, keys[row].kind);
    if (key == NULL)
        return false;
    key->a = keys[row].a;
    key->b = keys[row].b;
    switch (keys[row].form) {
    case FORM_FLAGS:
        return true;
    case FORM_DATE:
        return imap_take_sp(c) && imap_take_date(c, &key->day);
    case FORM_NUMBER:
        return imap_take_sp(c) && take_octets(c, &key->a);
    case FORM_FIELD:
        return keep_name(c, job, key, wire_slice_str(keys[row].field)) && take_text(c, job, key);
    case FORM_STRING:
        return take_text(c, job, key);
    }
    return false;
}

static bool take_header(struct imap_cursor *c, struct imap_job *job)
{
    struct imap_key *key = add_key(c, job, IMAP_KEY_HEADER);
    struct wire_slice name;
    return key != NULL && imap_take_sp(c) && imap_take_astring(c, &name) && name.len > 0 &&
           keep_name(c, job, key, name) && take_text(c, job, key);
}

static bool take_keyword(struct imap_cursor *c, struct imap_job *job)
{
    struct imap_key *key = add_key(c, job, IMAP_KEY_KEYWORD);
    struct wire_slice name;
    if (key == NULL || !imap_take_sp(c) || !imap_take_atom(c, &name) ||
        !imap_job_keep(c, job, name, &key->text_at))
        return false;
    key->text_len = (uint16_t)name.len;
    return true;
}

/* A set is turned into places at once: they stand still while the search runs. Places beyond the
 * mailbox match nothing. */
static bool take_places(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, bool uid)
{
    struct imap_key *key = add_key(c, job, IMAP_KEY_PLACES);
    if (key == NULL)
        return false;
    key->a = job->ranges;
    if (imap_peek(c, '$')) { /* uids, and those that are gone match nothing */
        if (!imap_take_saved(s, c, job))
            return false;
        uid = true;
    } else if (!imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX)) {
        return false;
    }
    imap_set_resolve(s, job->range, &job->ranges, key->a, uid, true);
    key->b = job->ranges - key->a;
    return true;
}

/* MODSEQ ["/flags/\\Seen" all] n: one number counts for all flags here, so the entry is read and has no
 * effect (RFC 7162 section 3.1.5). */
static bool take_modseq_key(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    struct imap_key *key = add_key(c, job, IMAP_KEY_MODSEQ);
    struct wire_slice entry;
    uint64_t n;
    if (key == NULL || !imap_extends(s, IMAP_EXT_CONDSTORE) || s->no_modseq || !imap_take_sp(c))
        return false;
    if (imap_peek(c, '"')) {
        if (!imap_take_string(c, &entry) || !wire_slice_starts_nocase(entry, "/flags/") || !imap_take_sp(c))
            return false;
        if (!imap_take_word(c, "priv") && !imap_take_word(c, "shared") && !imap_take_word(c, "all"))
            return false;
        if (!imap_take_sp(c))
            return false;
    }
    if (!imap_take_modseq(c, &n))
        return false;
    key->day = (int64_t)n;
    job->with_modseq = true;
    imap_enable_condstore(s);
    return true;
}

/* Keys with a space between them, all of which must hold, up to `end`. */
static bool take_all(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, int depth)
{
    struct imap_key *key = add_key(c, job, IMAP_KEY_AND);
    if (key == NULL)
        return false;
    do {
        if (!take_key(s, c, job, depth + 1))
            return false;
    } while (imap_take_sp(c));
    key->next = job->keys;
    return true;
}

static bool take_joined(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, int depth,
                        enum imap_key_kind kind)
{
    struct imap_key *key = add_key(c, job, kind);
    if (key == NULL || !imap_take_sp(c) || !take_key(s, c, job, depth + 1))
        return false;
    if (kind == IMAP_KEY_OR && (!imap_take_sp(c) || !take_key(s, c, job, depth + 1)))
        return false;
    key->next = job->keys;
    return true;
}

static bool take_key(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, int depth)
{
    if (depth > IMAP_DEPTH_MAX) {
        c->too_complex = true;
        return false;
    }
    if (imap_take_char(c, '('))
        return take_all(s, c, job, depth) && imap_take_char(c, ')');
    if (c->at < c->end && (wire_is_digit(*c->at) || *c->at == '*' || *c->at == '$'))
        return take_places(s, c, job, false);
    for (size_t i = 0; i < KEYS; i++)
        if (imap_take_word(c, keys[i].name))
            return take_row(c, job, i);
    if (imap_take_word(c, "NOT"))
        return take_joined(s, c, job, depth, IMAP_KEY_NOT);
    if (imap_take_word(c, "OR"))
        return take_joined(s, c, job, depth, IMAP_KEY_OR);
    if (imap_take_word(c, "UID"))
        return imap_take_sp(c) && take_places(s, c, job, true);
    if (imap_take_word(c, "HEADER"))
        return take_header(c, job);
    if (imap_take_word(c, "MODSEQ"))
        return take_modseq_key(s, c, job);
    if (imap_take_word(c, "KEYWORD"))
        return take_keyword(c, job);
    if (imap_take_word(c, "UNKEYWORD")) {
        struct imap_key *key = add_key(c, job, IMAP_KEY_NOT);
        if (key == NULL || !take_keyword(c, job))
            return false;
        key->next = job->keys;
        return true;
    }
    return false;
}

bool imap_take_keys(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    return take_all(s, c, job, 0) && imap_at_end(c);
}

bool imap_charset_known(struct wire_slice charset)
{
    return wire_slice_is_nocase(charset, "US-ASCII") || wire_slice_is_nocase(charset, "UTF-8");
}
