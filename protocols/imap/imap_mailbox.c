/* Commands about the names of mailboxes: make, rename, remove, subscribe. */
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
    return memchr(name.at, '&', name.len) == NULL || imap_name_is_mutf7(name);
}

/* One mailbox name that ends the command. */
static enum imap_verdict take_only_name(struct imap_cursor *c, struct wire_slice *name,
                                        enum imap_verdict unusable)
{
    if (!imap_take_mailbox(c, name) || !imap_at_end(c))
        return imap_parse_failure(c);
    return imap_name_usable(*name) ? IMAP_COMPLETED : unusable;
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
