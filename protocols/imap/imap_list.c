/* LIST and LSUB: which names match a pattern, one response each. LIST may choose by more than the name and
 * return more than the name (RFC 5258, RFC 5819, RFC 6154). */
#include "protocols/imap/imap_engine.h"
#include "protocols/wire/utf8.h"

#define ENTRY_ROOM (2 * IMAP_NAME_UTF8_MAX + 900) /* octets of one response and its STATUS at most */

static const struct {
    unsigned bit;
    const char *name;
} attributes[] = {
    { IMAP_NONEXISTENT, "\\NonExistent" },
    { IMAP_SUBSCRIBED, "\\Subscribed" },
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

/* `child`: something below the name was chosen. */
static void put_entry(struct imap_server *s, const struct imap_job *job, struct wire_slice name,
                      unsigned bits, bool child, struct imap_step *out)
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
    imap_put_mailbox(&k, name, imap_in_utf8(s));
    if (child)
        imap_put_str(&k, job->options & IMAP_LIST_SUBSCRIBED ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"
                                                             : " (\"CHILDINFO\" (\"SPECIAL-USE\"))");
    IMAP_PUT(&k, "\r\n");
}

/* Has the command chosen it, if its name matches? */
static bool is_listed(const struct imap_server *s, const struct imap_job *job,
                      const struct imap_mailbox_entry *e)
{
    if (s->verb == IMAP_VERB_LSUB)
        return e->subscribed;
    if ((job->options & IMAP_LIST_SUBSCRIBED) && !e->subscribed)
        return false;
    if ((job->options & IMAP_LIST_SPECIAL_USE) && !(e->attributes & USES))
        return false;
    return e->exists || (job->options & IMAP_LIST_SUBSCRIBED);
}

static bool is_below(struct wire_slice name, struct wire_slice parent)
{
    return name.len > parent.len && name.at[parent.len] == IMAP_HIERARCHY &&
           memcmp(name.at, parent.at, parent.len) == 0;
}

/* Does a pattern match the name? `levels`: only one that also finds levels that are no mailbox themselves,
 * with % at its end (RFC 3501 section 6.3.8), or any when RECURSIVEMATCH asks for parents. */
static bool any_pattern(struct imap_server *s, const struct imap_job *job, struct wire_slice name,
                        bool levels)
{
    char text[IMAP_NAME_UTF8_MAX];
    const char *at = job->text;
    if (imap_in_utf8(s) && memchr(name.at, '&', name.len) != NULL)
        name = wire_slice(text, imap_name_to_utf8(text, sizeof text, name));
    for (unsigned i = 0; i < job->patterns; i++) {
        size_t n = (unsigned char)*at++;
        struct wire_slice pattern = wire_slice(at, n);
        at += n;
        if (levels && !(job->options & IMAP_LIST_RECURSIVE) && (n == 0 || pattern.at[n - 1] != '%'))
            continue;
        if (levels ? matches(pattern, name) : pattern_matches(pattern, name))
            return true;
    }
    return false;
}

/* Has the command chosen something below the name? `silent`: something that has no response of its own. */
static bool has_listed_child(struct imap_server *s, const struct imap_job *job, struct wire_slice parent,
                             bool silent)
{
    struct imap_mailbox_entry e;
    for (uint32_t i = 0; s->config->store->mailbox_at(s->host, i, &e); i++)
        if (is_below(e.name, parent) && is_listed(s, job, &e) &&
            !(silent && any_pattern(s, job, e.name, false)))
            return true;
    return false;
}

/* Has an entry before `index` this prefix and a level below it, or is any entry exactly the prefix? Those
 * that have a response of their own do not speak for their parents. */
static bool parent_is_told(struct imap_server *s, const struct imap_job *job, struct wire_slice parent,
                           uint32_t index)
{
    struct imap_mailbox_entry e;
    for (uint32_t i = 0; s->config->store->mailbox_at(s->host, i, &e); i++) {
        bool listed = is_listed(s, job, &e);
        if ((listed || (job->options & IMAP_LIST_RECURSIVE)) &&
            wire_equal(e.name.at, e.name.len, parent.at, parent.len))
            return true;
        if (listed && i < index && is_below(e.name, parent) &&
            !((job->options & IMAP_LIST_RECURSIVE) && any_pattern(s, job, e.name, false)))
            return true;
    }
    return false;
}

/* The levels above a chosen mailbox that are no mailbox. A choice other than RECURSIVEMATCH leaves them out.
 */
static void put_parents(struct imap_server *s, const struct imap_job *job, struct wire_slice name,
                        uint32_t index, struct imap_step *out)
{
    bool recursive = (job->options & IMAP_LIST_RECURSIVE) != 0;
    unsigned missing = job->options & IMAP_LIST_EXTENDED || imap_has(s, IMAP_ENABLED_REV2) ? IMAP_NONEXISTENT
                                                                                           : IMAP_NOSELECT;
    if (!recursive && (job->options & (IMAP_LIST_SUBSCRIBED | IMAP_LIST_SPECIAL_USE)))
        return;
    for (size_t i = 1; i < name.len; i++) {
        struct wire_slice parent = wire_slice(name.at, i);
        if (wire_out_room(&out->send) < ENTRY_ROOM)
            return; /* a name of a hundred levels and a pattern made to match each */
        if (name.at[i] == IMAP_HIERARCHY && any_pattern(s, job, parent, true) &&
            !parent_is_told(s, job, parent, index))
            put_entry(s, job, parent, missing | IMAP_HAS_CHILDREN_ATTR, recursive, out);
    }
}

static unsigned attributes_of(const struct imap_server *s, const struct imap_job *job,
                              const struct imap_mailbox_entry *e)
{
    unsigned bits = e->attributes;
    if (!e->exists && s->verb == IMAP_VERB_LIST)
        bits = IMAP_NONEXISTENT;
    else if (!e->exists)
        bits |= IMAP_NOSELECT;
    if (e->subscribed && (job->options & (IMAP_LIST_SUBSCRIBED | IMAP_LIST_RETURN_SUBSCRIBED)))
        bits |= IMAP_SUBSCRIBED;
    return bits;
}

/* One mailbox of the store. */
static void list_one(struct imap_server *s, const struct imap_job *job, struct imap_mailbox_entry *e,
                     struct imap_step *out)
{
    char copy[IMAP_NAME_MAX]; /* the store's slice lives until the next mailbox_at only */
    bool listed = is_listed(s, job, e), child = false;
    memcpy(copy, e->name.at, e->name.len);
    e->name.at = copy;
    if (any_pattern(s, job, e->name, false)) {
        /* A parent that was not chosen itself is told only where its child is not (RFC 5258 section 3.5). */
        if (job->options & IMAP_LIST_RECURSIVE)
            child = has_listed_child(s, job, e->name, !listed);
        if (!listed && !child)
            return;
        put_entry(s, job, e->name, attributes_of(s, job, e), child, out);
        if ((job->options & IMAP_LIST_RETURN_STATUS) && e->exists && !(e->attributes & IMAP_NOSELECT))
            imap_put_status(s, e->name, job->asks, out); /* one that fails has no line: RFC 5819 section 2 */
        return;
    }
    if (listed)
        put_parents(s, job, e->name, job->index, out);
}

bool imap_list_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                   enum imap_verdict *verdict)
{
    struct imap_mailbox_entry e;
    *verdict = IMAP_COMPLETED;
    for (;;) {
        if (wire_out_room(&out->send) < 3 * ENTRY_ROOM ||
            out->send.lines + IMAP_NAME_MAX / 2 > WIRE_OUT_LINES_MAX)
            return false;
        if (!s->config->store->mailbox_at(s->host, job->index, &e))
            return true;
        if (e.name.len > 0 && e.name.len <= IMAP_NAME_MAX)
            list_one(s, job, &e, out);
        job->index++;
    }
}

/* ---- the command ---- */

static const struct choice {
    const char *name;
    uint8_t bits;
    uint32_t needs;
} selections[] = {
    { "SUBSCRIBED", IMAP_LIST_SUBSCRIBED, IMAP_EXT_LIST_EXTENDED },
    { "REMOTE", IMAP_LIST_REMOTE, IMAP_EXT_LIST_EXTENDED }, /* this server has no remote mailboxes */
    { "RECURSIVEMATCH", IMAP_LIST_RECURSIVE, IMAP_EXT_LIST_EXTENDED },
    { "SPECIAL-USE", IMAP_LIST_SPECIAL_USE, IMAP_EXT_SPECIAL_USE },
}, returns[] = {
    { "SUBSCRIBED", IMAP_LIST_RETURN_SUBSCRIBED, IMAP_EXT_LIST_EXTENDED },
    { "CHILDREN", 0, IMAP_EXT_LIST_EXTENDED }, /* they are returned in any case */
    { "SPECIAL-USE", 0, IMAP_EXT_SPECIAL_USE },
    { "STATUS", IMAP_LIST_RETURN_STATUS, IMAP_EXT_LIST_STATUS },
};

/* "(" [option *(SP option)] ")" */
static bool take_options(struct imap_server *s, struct imap_cursor *c, struct imap_job *job,
                         const struct choice *table, size_t n)
{
    job->options |= IMAP_LIST_EXTENDED;
    if (!imap_take_char(c, '('))
        return false;
    if (imap_take_char(c, ')'))
        return true;
    do {
        size_t i = 0;
        while (i < n && !imap_take_word(c, table[i].name))
            i++;
        if (i == n || !imap_extends(s, table[i].needs))
            return false;
        job->options |= table[i].bits;
        if (table[i].bits == IMAP_LIST_RETURN_STATUS &&
            (!imap_take_sp(c) || !imap_take_asks(s, c, &job->asks)))
            return false;
    } while (imap_take_sp(c));
    return imap_take_char(c, ')');
}

/* Keeps the pattern behind the reference. One that no name is long enough for is left out. */
static bool take_pattern(struct imap_cursor *c, struct imap_job *job, struct wire_slice reference,
                         bool *empty)
{
    struct wire_slice pattern;
    uint16_t at;
    if (!imap_take_list_mailbox(c, &pattern))
        return false;
    *empty = pattern.len == 0;
    if (*empty || reference.len + pattern.len > IMAP_NAME_MAX)
        return true;
    if (job->patterns == IMAP_PATTERNS_MAX) {
        c->too_complex = true;
        return false;
    }
    job->patterns++;
    return (!c->utf8 || wire_utf8_valid(pattern.at, pattern.len)) &&
           imap_job_keep(c, job, wire_slice((const char[]){ (char)(reference.len + pattern.len) }, 1), &at) &&
           imap_job_keep(c, job, reference, &at) && imap_job_keep(c, job, pattern, &at);
}

static bool take_patterns(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, bool *empty)
{
    struct wire_slice reference;
    bool ignored;
    if (!imap_take_astring(c, &reference) || !imap_take_sp(c))
        return false;
    if (!imap_extends(s, IMAP_EXT_LIST_EXTENDED) || !imap_take_char(c, '('))
        return take_pattern(c, job, reference, empty);
    job->options |= IMAP_LIST_EXTENDED;
    do {
        if (!take_pattern(c, job, reference, &ignored))
            return false;
    } while (imap_take_sp(c));
    return imap_take_char(c, ')');
}

static bool take_list(struct imap_server *s, struct imap_cursor *c, struct imap_job *job, bool *empty)
{
    bool extended = s->verb == IMAP_VERB_LIST && imap_extends(s, IMAP_EXT_LIST_EXTENDED);
    if (extended && imap_peek(c, '(') &&
        (!take_options(s, c, job, selections, sizeof selections / sizeof selections[0]) || !imap_take_sp(c)))
        return false;
    if ((job->options & IMAP_LIST_RECURSIVE) &&
        !(job->options & (IMAP_LIST_SUBSCRIBED | IMAP_LIST_SPECIAL_USE)))
        return false; /* it needs something to match: RFC 5258 section 3.1 */
    if (!take_patterns(s, c, job, empty))
        return false;
    if (extended && imap_take_sp(c) &&
        (!imap_take_word(c, "RETURN") || !imap_take_sp(c) ||
         !take_options(s, c, job, returns, sizeof returns / sizeof returns[0])))
        return false;
    return imap_at_end(c);
}

enum imap_verdict imap_run_list(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    bool empty = false, lsub = s->verb == IMAP_VERB_LSUB;
    imap_job_begin(job, IMAP_JOB_LIST, false);
    if (!take_list(s, c, job, &empty))
        return imap_parse_failure(c);
    if (empty && !(job->options & IMAP_LIST_EXTENDED)) /* asks for the delimiter (RFC 3501 section 6.3.8) */
        imap_data(out, lsub ? IMAP_LINE_LSUB : IMAP_LINE_LIST,
                  lsub ? "* LSUB (\\Noselect) \"/\" \"\"\r\n" : "* LIST (\\Noselect) \"/\" \"\"\r\n");
    return job->patterns > 0 ? IMAP_RUNNING : IMAP_COMPLETED;
}
