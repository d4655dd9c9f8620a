/* ENABLE (RFC 5161), and what a server can offer at all. */
#include "protocols/imap/imap_engine.h"

/* An extension needs a store that can do it, and others beside it. */
unsigned imap_offered(const struct imap_server_config *config)
{
    const struct imap_store_ops *store = config->store;
    unsigned e = config->extensions;
    if (store->known_modseq == NULL)
        e &= ~(unsigned)IMAP_EXT_CONDSTORE;
    if (store->vanished == NULL || !(e & IMAP_EXT_CONDSTORE) || !(e & IMAP_EXT_ENABLE))
        e &= ~(unsigned)IMAP_EXT_QRESYNC;
    if (store->quota == NULL || !(e & IMAP_EXT_QUOTA))
        e &= ~(unsigned)(IMAP_EXT_QUOTA | IMAP_EXT_QUOTA_STORAGE);
    if (!(e & IMAP_EXT_ESEARCH))
        e &= ~(unsigned)IMAP_EXT_SEARCHRES;
    if (!(e & IMAP_EXT_LIST_EXTENDED))
        e &= ~(unsigned)IMAP_EXT_LIST_STATUS;
    if (!(e & IMAP_EXT_ENABLE))
        e &= ~(unsigned)IMAP_EXT_UTF8;
    if ((e & IMAP_EXT_REV2_PARTS) != IMAP_EXT_REV2_PARTS ||
        !(e & (IMAP_EXT_LITERAL_PLUS | IMAP_EXT_LITERAL_MINUS)))
        e &= ~(unsigned)IMAP_EXT_REV2;
    if (e & IMAP_EXT_LITERAL_PLUS) /* never both: RFC 7888 section 5 */
        e &= ~(unsigned)IMAP_EXT_LITERAL_MINUS;
    return e;
}

static const struct {
    const char *name;
    enum imap_extension needs;
    enum imap_enabled bit;
} switches[] = {
    { "IMAP4rev2", IMAP_EXT_REV2, IMAP_ENABLED_REV2 },
    { "CONDSTORE", IMAP_EXT_CONDSTORE, IMAP_ENABLED_CONDSTORE },
    { "QRESYNC", IMAP_EXT_QRESYNC, IMAP_ENABLED_QRESYNC },
    { "UTF8=ACCEPT", IMAP_EXT_UTF8, IMAP_ENABLED_UTF8 },
};

#define SWITCHES (sizeof switches / sizeof switches[0])

void imap_enable_condstore(struct imap_server *s)
{
    if (imap_has(s, IMAP_ENABLED_CONDSTORE))
        return;
    s->enabled |= IMAP_ENABLED_CONDSTORE;
    s->tell_modseq = s->view != NULL && !s->no_modseq;
}

/* What is not known or not offered is passed over (RFC 5161 section 3.1). */
enum imap_verdict imap_run_enable(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    unsigned wanted = 0;
    struct wire_slice name;
    struct imap_sink k;
    do {
        if (!imap_take_atom(c, &name))
            return IMAP_BAD_SYNTAX;
        for (size_t i = 0; i < SWITCHES; i++)
            if (wire_slice_is_nocase(name, switches[i].name) && imap_extends(s, switches[i].needs))
                wanted |= switches[i].bit;
    } while (imap_take_sp(c));
    if (!imap_at_end(c))
        return IMAP_BAD_SYNTAX;
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_ENABLED));
    IMAP_PUT(&k, "* ENABLED");
    for (size_t i = 0; i < SWITCHES; i++) {
        if (!(wanted & switches[i].bit) || imap_has(s, switches[i].bit))
            continue;
        IMAP_PUT(&k, " ");
        imap_put_str(&k, switches[i].name);
    }
    IMAP_PUT(&k, "\r\n");
    if (wanted & (IMAP_ENABLED_CONDSTORE | IMAP_ENABLED_QRESYNC))
        imap_enable_condstore(s); /* QRESYNC includes it (RFC 7162 section 3.2.3) */
    s->enabled = (uint8_t)(s->enabled | wanted);
    return IMAP_COMPLETED;
}
