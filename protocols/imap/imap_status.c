/* Numbers about mailboxes that need not be open: STATUS, GETQUOTA, GETQUOTAROOT. */
#include "protocols/imap/imap_engine.h"

enum {
    ASK_MESSAGES,
    ASK_RECENT,
    ASK_UIDNEXT,
    ASK_UIDVALIDITY,
    ASK_UNSEEN,
    ASK_SIZE,
    ASK_DELETED,
    ASK_DELETED_STORAGE,
    ASK_HIGHESTMODSEQ,
    ASK_APPENDLIMIT,
    ASKS
};

static const struct {
    const char *name;
    unsigned needs; /* enum imap_extension bits of which one must be offered; 0: base protocol */
} asks[ASKS] = {
    [ASK_MESSAGES] = { "MESSAGES", 0 },
    [ASK_RECENT] = { "RECENT", 0 },
    [ASK_UIDNEXT] = { "UIDNEXT", 0 },
    [ASK_UIDVALIDITY] = { "UIDVALIDITY", 0 },
    [ASK_UNSEEN] = { "UNSEEN", 0 },
    [ASK_SIZE] = { "SIZE", IMAP_EXT_STATUS_SIZE },
    [ASK_DELETED] = { "DELETED", IMAP_EXT_REV2 | IMAP_EXT_QUOTA },
    [ASK_DELETED_STORAGE] = { "DELETED-STORAGE", IMAP_EXT_QUOTA },
    [ASK_HIGHESTMODSEQ] = { "HIGHESTMODSEQ", IMAP_EXT_CONDSTORE },
    [ASK_APPENDLIMIT] = { "APPENDLIMIT", IMAP_EXT_APPENDLIMIT },
};

bool imap_take_asks(struct imap_server *s, struct imap_cursor *c, uint16_t *wanted)
{
    *wanted = 0;
    if (!imap_take_char(c, '('))
        return false;
    do {
        int i = 0;
        while (i < ASKS && !imap_take_word(c, asks[i].name))
            i++;
        if (i == ASKS || (asks[i].needs != 0 && !imap_extends(s, asks[i].needs)))
            return false;
        *wanted = (uint16_t)(*wanted | 1u << i);
    } while (imap_take_sp(c));
    if (*wanted & 1u << ASK_HIGHESTMODSEQ)
        imap_enable_condstore(s);
    return imap_take_char(c, ')');
}

/* Units of 1024 octets, the last one begun counts (RFC 9208 section 5.1). */
static uint64_t units(uint64_t octets)
{
    return octets / 1024 + (octets % 1024 != 0);
}

enum imap_verdict imap_put_status(struct imap_server *s, struct wire_slice name, uint16_t wanted,
                                  struct imap_step *out)
{
    struct imap_mailbox_status m = { 0 };
    struct imap_sink k;
    const char *space = "";
    enum imap_verdict verdict = s->config->store->status(s->host, name, &m);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_STATUS));
    IMAP_PUT(&k, "* STATUS ");
    imap_put_mailbox(&k, name, imap_in_utf8(s));
    IMAP_PUT(&k, " (");
    for (unsigned i = 0; i < ASKS; i++) {
        const uint64_t values[ASKS] = {
            m.messages,       m.recent,
            m.uidnext,        m.uidvalidity,
            m.unseen,         m.size_octets,
            m.deleted,        units(m.deleted_octets),
            m.highest_modseq, s->config->append_max ? s->config->append_max : IMAP_APPEND_MAX
        };
        if (!(wanted & 1u << i))
            continue;
        imap_put_str(&k, space);
        imap_put_str(&k, asks[i].name);
        IMAP_PUT(&k, " ");
        imap_put_number(&k, values[i]);
        space = " ";
    }
    IMAP_PUT(&k, ")\r\n");
    return IMAP_COMPLETED;
}

enum imap_verdict imap_run_status(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice name;
    uint16_t wanted;
    if (!imap_take_mailbox(c, &name) || !imap_take_sp(c) || !imap_take_asks(s, c, &wanted) || !imap_at_end(c))
        return imap_parse_failure(c);
    return imap_name_usable(name) ? imap_put_status(s, name, wanted, out) : IMAP_NO_MAILBOX;
}

/* ---- quota: one root, "", for all of a user's mailboxes ---- */

static bool has_limit(struct imap_server *s, uint64_t *used, uint64_t *limit)
{
    *used = *limit = 0;
    s->config->store->quota(s->host, used, limit);
    return *limit > 0;
}

static void put_quota(struct imap_step *out, uint64_t used, uint64_t limit)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_QUOTA));
    IMAP_PUT(&k, "* QUOTA \"\" (STORAGE ");
    imap_put_number(&k, units(used));
    IMAP_PUT(&k, " ");
    imap_put_number(&k, units(limit));
    IMAP_PUT(&k, ")\r\n");
}

static enum imap_verdict put_quota_roots(struct imap_server *s, struct wire_slice name, struct imap_step *out)
{
    struct imap_mailbox_status ignored;
    uint64_t used, limit;
    struct imap_sink k;
    enum imap_verdict verdict =
        imap_name_usable(name) ? s->config->store->status(s->host, name, &ignored) : IMAP_NO_MAILBOX;
    if (verdict != IMAP_COMPLETED)
        return verdict;
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_QUOTAROOT));
    IMAP_PUT(&k, "* QUOTAROOT ");
    imap_put_mailbox(&k, name, imap_in_utf8(s));
    if (!has_limit(s, &used, &limit)) {
        IMAP_PUT(&k, "\r\n");
        return IMAP_COMPLETED;
    }
    IMAP_PUT(&k, " \"\"\r\n");
    put_quota(out, used, limit);
    return IMAP_COMPLETED;
}

enum imap_verdict imap_run_getquota(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct wire_slice name;
    uint64_t used, limit;
    bool of_mailbox = s->verb == IMAP_VERB_GETQUOTAROOT;
    if (!(of_mailbox ? imap_take_mailbox(c, &name) : imap_take_astring(c, &name)) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (of_mailbox)
        return put_quota_roots(s, name, out);
    if (name.len > 0 || !has_limit(s, &used, &limit))
        return IMAP_NO_QUOTA_ROOT;
    put_quota(out, used, limit);
    return IMAP_COMPLETED;
}
