/* LIST and LSUB: which names match a pattern, one response each. */
#include "protocols/imap/imap_engine.h"

#define ENTRY_ROOM (2 * IMAP_NAME_MAX + 300) /* octets of one response at most */

static const struct {
    unsigned bit;
    const char *name;
} attributes[] = {
    { IMAP_NOINFERIORS, "\\Noinferiors" },
    { IMAP_MARKED, "\\Marked" },
    { IMAP_UNMARKED, "\\Unmarked" },
    { IMAP_HAS_CHILDREN_ATTR, "\\HasChildren" },
    { IMAP_HAS_NO_CHILDREN_ATTR, "\\HasNoChildren" },
    { IMAP_USE_ALL, "\\All" },
    { IMAP_USE_ARCHIVE, "\\Archive" },
    { IMAP_USE_DRAFTS, "\\Drafts" },
    { IMAP_USE_FLAGGED, "\\Flagged" },
    { IMAP_USE_JUNK, "\\Junk" },
    { IMAP_USE_SENT, "\\Sent" },
    { IMAP_USE_TRASH, "\\Trash" },
};

#define USES                                                                                                 \
    (IMAP_USE_ALL | IMAP_USE_ARCHIVE | IMAP_USE_DRAFTS | IMAP_USE_FLAGGED | IMAP_USE_JUNK | IMAP_USE_SENT |  \
     IMAP_USE_TRASH)

/* Where a match that began at `i` of the pattern stands after each octet of the name: one bit of
 * memory for each place in the pattern, so that no pattern costs more than pattern times name. */
static bool matches(struct wire_slice pattern, struct wire_slice name)
{
    bool on[IMAP_NAME_MAX + 2] = { true };
    if (pattern.len == 1 && pattern.at[0] == '*')
        return true;
    for (size_t i = 0; i < pattern.len && (pattern.at[i] == '*' || pattern.at[i] == '%'); i++)
        on[i + 1] = true; /* a wildcard may stand for nothing */
    for (size_t n = 0; n < name.len; n++) {
        bool before = on[0]; /* on[i] as it was before this octet */
        on[0] = false;
        for (size_t i = 0; i < pattern.len; i++) {
            char p = pattern.at[i];
            bool wild = p == '*' || p == '%', here = before;
            before = on[i + 1];
            if (!wild)
                on[i + 1] = here && p == name.at[n];
            else /* the wildcard takes one octet more, or stood for nothing up to here */
                on[i + 1] = ((before || here) && (p == '*' || name.at[n] != IMAP_HIERARCHY)) || on[i];
        }
    }
    return on[pattern.len];
}

static bool pattern_matches(struct wire_slice pattern, struct wire_slice name)
{
    static const char inbox[] = "INBOX";
    char spelled[sizeof inbox - 1];
    if (matches(pattern, name))
        return true;
    /* INBOX is the one name in which case does not count (RFC 3501 section 5.1). */
    if (!wire_slice_is(name, inbox) || pattern.len != sizeof spelled)
        return false;
    for (size_t i = 0; i < sizeof spelled; i++)
        spelled[i] = wire_to_upper(pattern.at[i]);
    return matches(wire_slice(spelled, sizeof spelled), name);
}

static void put_entry(struct imap_server *s, struct wire_slice name, unsigned bits, struct imap_step *out)
{
    bool lsub = s->verb == IMAP_VERB_LSUB;
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(lsub ? IMAP_LINE_LSUB : IMAP_LINE_LIST));
    bool first = true;
    if (lsub)
        bits &= IMAP_NOSELECT; /* RFC 3501 section 6.3.9: the attributes need not be the true ones */
    if (!imap_extends(s, IMAP_EXT_CHILDREN))
        bits &= ~(unsigned)(IMAP_HAS_CHILDREN_ATTR | IMAP_HAS_NO_CHILDREN_ATTR);
    if (!imap_extends(s, IMAP_EXT_SPECIAL_USE))
        bits &= ~(unsigned)USES;
    imap_put_str(&k, lsub ? "* LSUB (" : "* LIST (");
    if (bits & IMAP_NOSELECT) {
        IMAP_PUT(&k, "\\Noselect");
        first = false;
    }
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (!(bits & attributes[i].bit))
            continue;
        if (!first)
            IMAP_PUT(&k, " ");
        imap_put_str(&k, attributes[i].name);
        first = false;
    }
    IMAP_PUT(&k, ") \"/\" ");
    imap_put_astring(&k, name);
    IMAP_PUT(&k, "\r\n");
}

static bool is_listed(const struct imap_server *s, const struct imap_mailbox_entry *e)
{
    return s->verb == IMAP_VERB_LSUB ? e->subscribed : e->exists;
}

/* Has an entry before `index` this prefix and a level below it, or is any entry exactly the prefix? */
static bool parent_is_told(struct imap_server *s, struct wire_slice parent, uint32_t index)
{
    struct imap_mailbox_entry e;
    for (uint32_t i = 0; s->config->store->mailbox_at(s->host, i, &e); i++) {
        if (!is_listed(s, &e))
            continue;
        if (wire_equal(e.name.at, e.name.len, parent.at, parent.len))
            return true;
        if (i < index && e.name.len > parent.len && e.name.at[parent.len] == IMAP_HIERARCHY &&
            memcmp(e.name.at, parent.at, parent.len) == 0)
            return true;
    }
    return false;
}

/* With % at its end, a pattern also finds levels that are no mailbox themselves. */
static void put_parents(struct imap_server *s, struct wire_slice pattern, struct wire_slice name,
                        uint32_t index, struct imap_step *out)
{
    char copy[IMAP_NAME_MAX]; /* the store's slice lives until the next mailbox_at only */
    memcpy(copy, name.at, name.len);
    for (size_t i = 1; i < name.len; i++) {
        struct wire_slice parent = wire_slice(copy, i);
        if (wire_out_room(&out->send) < ENTRY_ROOM)
            return; /* a name of a hundred levels and a pattern made to match each */
        if (copy[i] == IMAP_HIERARCHY && matches(pattern, parent) && !parent_is_told(s, parent, index))
            put_entry(s, parent, IMAP_NOSELECT | IMAP_HAS_CHILDREN_ATTR, out);
    }
}

bool imap_list_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                   enum imap_verdict *verdict)
{
    struct wire_slice pattern = wire_slice(job->text, job->text_len);
    bool levels = pattern.len > 0 && pattern.at[pattern.len - 1] == '%';
    struct imap_mailbox_entry e;
    *verdict = IMAP_COMPLETED;
    for (;;) {
        if (wire_out_room(&out->send) < 4 * ENTRY_ROOM ||
            out->send.lines + IMAP_NAME_MAX / 2 > WIRE_OUT_LINES_MAX)
            return false;
        if (!s->config->store->mailbox_at(s->host, job->index, &e))
            return true;
        if (is_listed(s, &e) && e.name.len <= IMAP_NAME_MAX) {
            if (pattern_matches(pattern, e.name))
                put_entry(s, e.name, e.attributes | (e.exists ? 0 : IMAP_NOSELECT), out);
            else if (levels)
                put_parents(s, pattern, e.name, job->index, out);
        }
        job->index++;
    }
}

enum imap_verdict imap_run_list(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct wire_slice reference, pattern;
    uint16_t at;
    if (!imap_take_mailbox(c, &reference) || !imap_take_sp(c) || !imap_take_list_mailbox(c, &pattern) ||
        !imap_at_end(c))
        return imap_parse_failure(c);
    if (pattern.len == 0) { /* asks for the delimiter only (RFC 3501 section 6.3.8) */
        imap_data(out, s->verb == IMAP_VERB_LSUB ? IMAP_LINE_LSUB : IMAP_LINE_LIST,
                  s->verb == IMAP_VERB_LSUB ? "* LSUB (\\Noselect) \"/\" \"\"\r\n"
                                            : "* LIST (\\Noselect) \"/\" \"\"\r\n");
        return IMAP_COMPLETED;
    }
    if (reference.len + pattern.len > IMAP_NAME_MAX)
        return IMAP_COMPLETED; /* no name is as long: nothing matches */
    imap_job_begin(job, IMAP_JOB_LIST, false);
    return imap_job_keep(c, job, reference, &at) && imap_job_keep(c, job, pattern, &at) ? IMAP_RUNNING
                                                                                        : IMAP_TOO_COMPLEX;
}
