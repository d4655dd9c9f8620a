/* What the server says beside FETCH: lists, counts, search results, what has vanished. */
#include "protocols/imap/imap_client_engine.h"

static bool read_list(struct imap_client *c, struct imap_cursor *cur, bool subscribed)
{
    struct wire_slice attributes, name, delimiter;
    unsigned ignored;
    if (!imap_take_sp(cur) || !imap_client_take_flag_list(cur, &attributes, &ignored) || !imap_take_sp(cur) ||
        !imap_client_take_nstring(cur, &delimiter) || !imap_take_sp(cur) || !imap_take_mailbox(cur, &name))
        return false;
    if (c->config->ops->mailbox)
        c->config->ops->mailbox(c->host, attributes, name, subscribed);
    return true;
}

static bool read_status_data(struct imap_client *c, struct imap_cursor *cur)
{
    struct wire_slice name;
    const char *from;
    if (!imap_take_sp(cur) || !imap_take_mailbox(cur, &name) || !imap_take_sp(cur) || !imap_peek(cur, '('))
        return false;
    from = cur->at + 1;
    if (!imap_client_skip_value(cur))
        return false;
    if (c->config->ops->status)
        c->config->ops->status(c->host, name, wire_slice(from, (size_t)(cur->at - 1 - from)));
    return true;
}

static bool read_search(struct imap_client *c, struct imap_cursor *cur)
{
    uint32_t n;
    while (imap_take_sp(cur) && !imap_at_end(cur)) {
        if (imap_peek(cur, '(')) /* "(MODSEQ 917)" (RFC 7162 section 3.1.5) */
            return imap_client_skip_value(cur) && imap_at_end(cur);
        if (!imap_take_number(cur, &n))
            return false;
        if (c->config->ops->found)
            c->config->ops->found(c->host, n);
    }
    return imap_at_end(cur);
}

/* "(TAG "A7") UID ALL 1:3,9 COUNT 4": pairs of a name and a value. */
static bool read_esearch(struct imap_client *c, struct imap_cursor *cur)
{
    struct imap_summary m = { .count = 0 };
    struct imap_range r;
    uint32_t n, told = 0;
    if (imap_take_sp(cur) && imap_peek(cur, '(') && !imap_client_skip_value(cur))
        return false;
    imap_take_sp(cur);
    if (imap_take_word(cur, "UID")) {
        m.uid = true;
        imap_take_sp(cur);
    }
    while (!imap_at_end(cur)) {
        if (imap_take_word(cur, "ALL")) {
            if (!imap_take_sp(cur))
                return false;
            do {
                n = 0;
                if (!imap_take_set_range(cur, &r) || r.lo == 0 || r.hi < r.lo)
                    return false;
                for (n = r.lo; told < IMAP_FOUND_MAX && c->config->ops->found; n++, told++) {
                    c->config->ops->found(c->host, n);
                    if (n == r.hi)
                        break;
                }
            } while (imap_take_char(cur, ','));
        } else if (imap_take_word(cur, "MODSEQ")) {
            if (!imap_take_sp(cur) || !imap_take_modseq(cur, &m.modseq))
                return false;
        } else if (imap_take_word(cur, "MIN") || imap_take_word(cur, "MAX") || imap_take_word(cur, "COUNT")) {
            char last = cur->at[-1]; /* of the word that was taken */
            if (!imap_take_sp(cur) || !imap_take_number(cur, &n))
                return false;
            *(last == 'N' || last == 'n' ? &m.min : last == 'X' || last == 'x' ? &m.max : &m.count) = n;
            m.counted = m.counted || last == 'T' || last == 't';
        } else {
            struct wire_slice ignored;
            if (!imap_take_atom(cur, &ignored) || !imap_take_sp(cur) || !imap_client_skip_value(cur))
                return false;
        }
        if (!imap_at_end(cur) && !imap_take_sp(cur))
            return false;
    }
    if (c->config->ops->summary)
        c->config->ops->summary(c->host, &m);
    return true;
}

/* "[(EARLIER)] 4:6,9" */
static bool read_vanished(struct imap_client *c, struct imap_cursor *cur, bool *earlier)
{
    struct imap_range r;
    *earlier = false;
    if (!imap_take_sp(cur))
        return false;
    if (imap_take_char(cur, '(')) {
        *earlier = true;
        if (!imap_take_word(cur, "EARLIER") || !imap_take_char(cur, ')') || !imap_take_sp(cur))
            return false;
    }
    do {
        uint32_t n;
        if (!imap_take_set_range(cur, &r) || r.lo == 0 || r.hi < r.lo)
            return false;
        n = r.hi - r.lo < c->opened.exists ? r.hi - r.lo + 1 : c->opened.exists;
        if (!*earlier)
            c->opened.exists -= n;
        if (c->config->ops->vanished)
            c->config->ops->vanished(c->host, r.lo, r.hi, *earlier);
    } while (imap_take_char(cur, ','));
    return imap_at_end(cur);
}

static enum imap_line read_count(struct imap_client *c, struct imap_cursor *cur, uint32_t n)
{
    if (imap_take_word(cur, "EXISTS")) {
        c->opened.exists = n;
        if (!c->opening && c->config->ops->exists)
            c->config->ops->exists(c->host, n);
        return IMAP_LINE_EXISTS;
    }
    if (imap_take_word(cur, "RECENT")) {
        c->opened.recent = n;
        return IMAP_LINE_RECENT;
    }
    if (n > 0 && imap_take_word(cur, "EXPUNGE")) {
        c->opened.exists -= c->opened.exists > 0;
        if (c->config->ops->expunged)
            c->config->ops->expunged(c->host, n);
        return IMAP_LINE_EXPUNGE;
    }
    return IMAP_LINES_END;
}

bool imap_client_read_data(struct imap_client *c, struct imap_cursor *cur, struct imap_client_step *out)
{
    static const enum imap_line silent[] = { IMAP_LINE_FLAGS,   IMAP_LINE_ID,        IMAP_LINE_NAMESPACE,
                                             IMAP_LINE_ENABLED, IMAP_LINE_QUOTAROOT, IMAP_LINE_QUOTA,
                                             IMAP_LINE_THREAD };
    enum imap_line line = IMAP_LINES_END;
    uint32_t n;
    bool fit = true;
    if (cur->at < cur->end && wire_is_digit(*cur->at)) {
        if (!imap_take_number(cur, &n) || !imap_take_sp(cur))
            return false;
        if (n > 0 && imap_take_word(cur, "FETCH")) {
            line = IMAP_LINE_FETCH;
            c->seq = n;
            c->uid = 0;
            fit = imap_take_sp(cur) && imap_client_read_items(c, cur, UINT64_MAX);
        } else {
            line = read_count(c, cur, n);
        }
    } else if (imap_take_word(cur, "CAPABILITY")) {
        line = IMAP_LINE_CAPABILITY;
        fit = imap_take_sp(cur);
        if (fit)
            imap_client_capability(c, wire_slice(cur->at, (size_t)(cur->end - cur->at)));
    } else if (imap_take_word(cur, "LIST")) {
        line = IMAP_LINE_LIST;
        fit = read_list(c, cur, false);
    } else if (imap_take_word(cur, "LSUB")) {
        line = IMAP_LINE_LSUB;
        fit = read_list(c, cur, true);
    } else if (imap_take_word(cur, "STATUS")) {
        line = IMAP_LINE_STATUS;
        fit = read_status_data(c, cur);
    } else if (imap_take_word(cur, "SEARCH")) {
        line = IMAP_LINE_SEARCH;
        fit = read_search(c, cur);
    } else if (imap_take_word(cur, "SORT")) {
        line = IMAP_LINE_SORT;
        fit = read_search(c, cur);
    } else if (imap_take_word(cur, "ESEARCH")) {
        line = IMAP_LINE_ESEARCH;
        fit = read_esearch(c, cur);
    } else if (imap_take_word(cur, "VANISHED")) {
        bool earlier;
        fit = read_vanished(c, cur, &earlier);
        line = earlier ? IMAP_LINE_VANISHED_EARLIER : IMAP_LINE_VANISHED;
    } else {
        for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
            if (imap_take_word(cur, imap_line_info(silent[i])->name))
                line = silent[i];
    }
    out->means = line < IMAP_LINES_END ? &imap_line_info(line)->lesson : NULL;
    return fit; /* data that is not known is passed over */
}
