/* SELECT and EXAMINE open a mailbox, CLOSE and UNSELECT leave it. */
#include "protocols/imap/imap_engine.h"

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

static void put_counts(struct imap_server *s, const struct imap_mailbox_status *m, struct imap_step *out)
{
    put_number_line(out, IMAP_LINE_EXISTS, "* ", m->messages, " EXISTS\r\n");
    if (imap_has(s, IMAP_ENABLED_REV2)) /* RFC 9051 appendix E: neither RECENT nor UNSEEN */
        return;
    put_number_line(out, IMAP_LINE_RECENT, "* ", m->recent, " RECENT\r\n");
    if (m->first_unseen > 0)
        put_number_line(out, IMAP_LINE_UNSEEN, "* OK [UNSEEN ", m->first_unseen,
                        "] First unseen message\r\n");
}

static void put_flags(struct imap_server *s, struct imap_step *out)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_FLAGS));
    IMAP_PUT(&k, "* FLAGS (");
    put_flag_names(&k, s, IMAP_FLAGS_SETTABLE, true);
    IMAP_PUT(&k, ")\r\n");
    s->keywords = 0;
    while (s->keywords < IMAP_KEYWORDS_MAX &&
           s->config->store->keyword(s->host, s->view, s->keywords) != NULL)
        s->keywords++;
}

void imap_tell_keywords(struct imap_server *s, uint32_t keywords, struct imap_step *out)
{
    if (s->keywords < IMAP_KEYWORDS_MAX && keywords >> s->keywords != 0)
        put_flags(s, out);
}

static void put_opened(struct imap_server *s, const struct imap_mailbox_status *m, struct wire_slice name,
                       struct imap_step *out)
{
    struct imap_sink k;
    put_flags(s, out);
    put_counts(s, m, out);
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
    if (imap_extends(s, IMAP_EXT_CONDSTORE) && m->highest_modseq > 0)
        imap_put_highest(s, m->highest_modseq, out);
    else if (imap_extends(s, IMAP_EXT_CONDSTORE))
        imap_data(out, IMAP_LINE_NOMODSEQ, "* OK [NOMODSEQ] Changes are not numbered here\r\n");
    if (imap_has(s, IMAP_ENABLED_REV2)) { /* RFC 9051 section 6.3.2 */
        k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_LIST));
        IMAP_PUT(&k, "* LIST () \"/\" ");
        imap_put_mailbox(&k, name, true);
        IMAP_PUT(&k, "\r\n");
    }
}

static void leave(struct imap_server *s, struct imap_step *out)
{
    bool told = s->view != NULL && imap_has(s, IMAP_ENABLED_REV2 | IMAP_ENABLED_QRESYNC);
    imap_leave_mailbox(s); /* even if the new one cannot be opened (RFC 3501 section 6.3.1) */
    if (told)
        imap_data(out, IMAP_LINE_CLOSED, "* OK [CLOSED] Previous mailbox is closed\r\n");
}

enum imap_verdict imap_run_select(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct imap_resync resync = { false, 0 };
    struct imap_mailbox_status m = { 0 };
    struct wire_slice name;
    void *view = NULL;
    enum imap_verdict verdict;
    imap_job_begin(job, IMAP_JOB_FETCH, true);
    if (!imap_take_mailbox(c, &name) ||
        (imap_take_sp(c) && !imap_take_select_parameters(s, c, job, &resync)) || !imap_at_end(c))
        return imap_parse_failure(c);
    leave(s, out);
    if (!imap_name_usable(name))
        return IMAP_NO_MAILBOX;
    verdict = s->config->store->open(s->host, name, s->verb == IMAP_VERB_EXAMINE, &m, &view);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    s->view = view;
    s->read_only = m.read_only;
    s->no_modseq = m.highest_modseq == 0;
    imap_enter(s, IMAP_SELECTED);
    put_opened(s, &m, name, out);
    verdict = m.read_only ? IMAP_OPENED_READ_ONLY : IMAP_OPENED;
    if (!resync.wanted || s->no_modseq || resync.uidvalidity != m.uidvalidity)
        return verdict; /* other uids than the client knows: nothing of its copy holds */
    job->end = (uint8_t)verdict;
    imap_vanished_begin(s, job);
    return IMAP_RUNNING;
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
