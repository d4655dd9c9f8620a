/* Commands about mailboxes: open and close, make and remove, count. LIST has its own file. */
#include "protocols/imap/imap_engine.h"

/* Names that LIST could not show again, or that would confuse other clients. */
bool imap_name_usable(struct wire_slice name)
{
    if (name.len == 0 || name.len > IMAP_NAME_MAX || name.at[0] == IMAP_HIERARCHY)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (wire_is_control(c) || wire_is_8bit(c) || c == '%' || c == '*')
            return false;
        if (c == IMAP_HIERARCHY && i + 1 < name.len && name.at[i + 1] == IMAP_HIERARCHY)
            return false; /* a level without a name */
    }
    return true;
}

/* One mailbox name that ends the command. */
static enum imap_verdict take_only_name(struct imap_cursor *c, struct wire_slice *name,
                                        enum imap_verdict unusable)
{
    if (!imap_take_mailbox(c, name) || !imap_at_end(c))
        return imap_parse_failure(c);
    return imap_name_usable(*name) ? IMAP_COMPLETED : unusable;
}

/* ---- SELECT, EXAMINE ---- */

static void put_flag_names(struct imap_sink *k, struct imap_server *s, unsigned flags, bool keywords)
{
    const char *space = "";
    for (unsigned bit = 1; bit <= IMAP_DRAFT; bit <<= 1) {
        if (!(flags & bit))
            continue;
        imap_put_str(k, space);
        imap_put_str(k, imap_flag_name((enum imap_flag)bit));
        space = " ";
    }
    for (unsigned i = 0; keywords && i < IMAP_KEYWORDS_MAX; i++) {
        const char *name = s->config->store->keyword(s->host, s->view, i);
        if (name == NULL)
            continue;
        imap_put_str(k, space);
        imap_put_str(k, name);
        space = " ";
    }
}

static void put_number_line(struct imap_step *out, enum imap_line line, const char *front, uint32_t n,
                            const char *behind)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(line));
    imap_put_str(&k, front);
    imap_put_number(&k, n);
    imap_put_str(&k, behind);
}

static void put_opened(struct imap_server *s, const struct imap_mailbox_status *m, struct imap_step *out)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_FLAGS));
    IMAP_PUT(&k, "* FLAGS (");
    put_flag_names(&k, s, IMAP_FLAGS_SETTABLE, true);
    IMAP_PUT(&k, ")\r\n");
    put_number_line(out, IMAP_LINE_EXISTS, "* ", m->messages, " EXISTS\r\n");
    put_number_line(out, IMAP_LINE_RECENT, "* ", m->recent, " RECENT\r\n");
    if (m->first_unseen > 0)
        put_number_line(out, IMAP_LINE_UNSEEN, "* OK [UNSEEN ", m->first_unseen,
                        "] First unseen message\r\n");
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_PERMANENTFLAGS));
    IMAP_PUT(&k, "* OK [PERMANENTFLAGS (");
    if (!m->read_only) {
        put_flag_names(&k, s, m->permanent, m->permanent != 0);
        if (m->keywords_can_grow)
            imap_put_str(&k, m->permanent != 0 ? " \\*" : "\\*");
    }
    IMAP_PUT(&k, ")] Flags that last\r\n");
    put_number_line(out, IMAP_LINE_UIDVALIDITY, "* OK [UIDVALIDITY ", m->uidvalidity, "] UIDs are valid\r\n");
    put_number_line(out, IMAP_LINE_UIDNEXT, "* OK [UIDNEXT ", m->uidnext, "] Predicted next UID\r\n");
}

enum imap_verdict imap_run_select(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_mailbox_status m = { 0 };
    struct wire_slice name;
    void *view = NULL;
    enum imap_verdict verdict;
    if (!imap_take_mailbox(c, &name) || !imap_at_end(c))
        return imap_parse_failure(c);
    imap_leave_mailbox(s); /* even if the new one cannot be opened (RFC 3501 section 6.3.1) */
    if (!imap_name_usable(name))
        return IMAP_NO_MAILBOX;
    verdict = s->config->store->open(s->host, name, s->verb == IMAP_VERB_EXAMINE, &m, &view);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    s->view = view;
    s->read_only = m.read_only;
    imap_enter(s, IMAP_SELECTED);
    put_opened(s, &m, out);
    return m.read_only ? IMAP_OPENED_READ_ONLY : IMAP_OPENED;
}

enum imap_verdict imap_run_close(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    enum imap_verdict verdict = IMAP_COMPLETED;
    (void)c, (void)out;
    if (s->verb == IMAP_VERB_CLOSE && !s->read_only)
        verdict = imap_expunge_deleted(s, NULL, 0);
    imap_leave_mailbox(s);
    /* Messages that may not be removed stay, and that is no error (RFC 3501 section 6.4.2). */
    return verdict == IMAP_UNAVAILABLE ? verdict : IMAP_COMPLETED;
}

/* ---- names ---- */

enum imap_verdict imap_run_create(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice name;
    (void)out;
    if (!imap_take_mailbox(c, &name) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (name.len > 1 && name.at[name.len - 1] == IMAP_HIERARCHY)
        name.len--; /* a hint that children will follow (RFC 3501 section 6.3.3) */
    if (!imap_name_usable(name))
        return IMAP_NOT_POSSIBLE;
    if (wire_slice_is_nocase(name, "INBOX"))
        return IMAP_NAME_TAKEN;
    return s->config->store->create(s->host, name);
}

enum imap_verdict imap_run_delete(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice name;
    enum imap_verdict verdict = take_only_name(c, &name, IMAP_NO_MAILBOX);
    (void)out;
    if (verdict != IMAP_COMPLETED)
        return verdict;
    return wire_slice_is(name, "INBOX") ? IMAP_NOT_POSSIBLE : s->config->store->remove(s->host, name);
}

enum imap_verdict imap_run_rename(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice from, to;
    (void)out;
    if (!imap_take_mailbox(c, &from) || !imap_take_sp(c) || !imap_take_mailbox(c, &to) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (to.len > 1 && to.at[to.len - 1] == IMAP_HIERARCHY)
        to.len--;
    if (!imap_name_usable(from))
        return IMAP_NO_MAILBOX;
    if (!imap_name_usable(to))
        return IMAP_NOT_POSSIBLE;
    if (wire_slice_is_nocase(to, "INBOX") || wire_equal(from.at, from.len, to.at, to.len))
        return IMAP_NAME_TAKEN;
    if (to.len > from.len && to.at[from.len] == IMAP_HIERARCHY && memcmp(to.at, from.at, from.len) == 0 &&
        !wire_slice_is(from, "INBOX"))
        return IMAP_NOT_POSSIBLE; /* a mailbox cannot move below itself */
    return s->config->store->rename(s->host, from, to);
}

enum imap_verdict imap_run_subscribe(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice name;
    enum imap_verdict verdict = take_only_name(c, &name, IMAP_NOT_POSSIBLE);
    (void)out;
    if (verdict != IMAP_COMPLETED)
        return verdict;
    return s->config->store->subscribe(s->host, name, s->verb == IMAP_VERB_SUBSCRIBE);
}

enum imap_verdict imap_run_namespace(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    (void)s, (void)c;
    imap_data(out, IMAP_LINE_NAMESPACE, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    return IMAP_COMPLETED;
}

/* ---- STATUS ---- */

enum { ASK_MESSAGES, ASK_RECENT, ASK_UIDNEXT, ASK_UIDVALIDITY, ASK_UNSEEN, ASKS };
static const char *const asks[ASKS] = { "MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN" };

/* "(" status-att ... ")": bits of the above. */
static bool take_asks(struct imap_cursor *c, unsigned *wanted)
{
    *wanted = 0;
    if (!imap_take_char(c, '('))
        return false;
    do {
        int i = 0;
        while (i < ASKS && !imap_take_word(c, asks[i]))
            i++;
        if (i == ASKS)
            return false;
        *wanted |= 1u << i;
    } while (imap_take_sp(c));
    return imap_take_char(c, ')') && imap_at_end(c);
}

enum imap_verdict imap_run_status(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_mailbox_status m = { 0 };
    struct wire_slice name;
    struct imap_sink k;
    const char *space = "";
    unsigned wanted;
    enum imap_verdict verdict;
    if (!imap_take_mailbox(c, &name) || !imap_take_sp(c) || !take_asks(c, &wanted))
        return imap_parse_failure(c);
    if (!imap_name_usable(name))
        return IMAP_NO_MAILBOX;
    verdict = s->config->store->status(s->host, name, &m);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_STATUS));
    IMAP_PUT(&k, "* STATUS ");
    imap_put_astring(&k, name);
    IMAP_PUT(&k, " (");
    for (unsigned i = 0; i < ASKS; i++) {
        const uint32_t values[ASKS] = { m.messages, m.recent, m.uidnext, m.uidvalidity, m.unseen };
        if (!(wanted & 1u << i))
            continue;
        imap_put_str(&k, space);
        imap_put_str(&k, asks[i]);
        IMAP_PUT(&k, " ");
        imap_put_number(&k, values[i]);
        space = " ";
    }
    IMAP_PUT(&k, ")\r\n");
    return IMAP_COMPLETED;
}
