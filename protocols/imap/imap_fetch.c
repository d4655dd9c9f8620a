/* FETCH: one response a message, cut to pieces where it must be. */
#include "protocols/imap/imap_engine.h"

#include "protocols/wire/message.h"

#include <assert.h>

#define WHOLE_ROOM 2048 /* a response begins only where so many octets fit: most lines stay in one piece */
#define MARKS_MAX  (2 * IMAP_ITEMS_MAX + 2)

enum imap_verdict imap_run_fetch(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    (void)out;
    imap_job_begin(job, IMAP_JOB_FETCH, s->verb == IMAP_VERB_UID_FETCH);
    job->silent = true;
    job->end = IMAP_COMPLETED;
    if (!imap_take_places(s, c, job) || !imap_take_sp(c) || !imap_take_items(s, c, job))
        return imap_parse_failure(c);
    if (job->vanished) {
        imap_vanished_begin(s, job);
        return IMAP_RUNNING;
    }
    return imap_job_resolve(s, job, false) ? IMAP_RUNNING : IMAP_BAD_NUMBER;
}

/* ---- responses ---- */

static void put_date(struct imap_sink *k, int64_t seconds, int zone_minutes)
{
    char text[WIRE_DATE_MAX];
    IMAP_PUT(k, "INTERNALDATE \"");
    imap_put(k, text, wire_internaldate_write(text, seconds, zone_minutes));
    IMAP_PUT(k, "\"");
}

static void put_item(struct imap_sink *k, struct imap_server *s, struct imap_job *job, unsigned index,
                     const struct imap_message *m)
{
    struct imap_scratch *x = s->config->scratch;
    const struct imap_item *item = &job->item[index];
    switch ((enum imap_item_kind)item->kind) {
    case IMAP_ITEM_UID:
        IMAP_PUT(k, "UID ");
        imap_put_number(k, m->uid);
        return;
    case IMAP_ITEM_FLAGS:
        imap_put_flags(k, s, job->flags, job->keywords);
        return;
    case IMAP_ITEM_INTERNALDATE:
        put_date(k, m->internal_seconds, m->zone_minutes);
        return;
    case IMAP_ITEM_SIZE:
        IMAP_PUT(k, "RFC822.SIZE ");
        imap_put_number(k, m->size_octets);
        return;
    case IMAP_ITEM_ENVELOPE:
        IMAP_PUT(k, "ENVELOPE ");
        imap_put_envelope(k, x, m->bytes, m->size_octets);
        return;
    case IMAP_ITEM_BODY:
        IMAP_PUT(k, "BODY ");
        imap_put_structure(k, x, m, false);
        return;
    case IMAP_ITEM_BODYSTRUCTURE:
        IMAP_PUT(k, "BODYSTRUCTURE ");
        imap_put_structure(k, x, m, true);
        return;
    case IMAP_ITEM_RFC822:
    case IMAP_ITEM_RFC822_HEADER:
    case IMAP_ITEM_RFC822_TEXT:
    case IMAP_ITEM_SECTION:
        imap_put_section(k, x, m, item, job->text);
        return;
    case IMAP_ITEM_MODSEQ:
        imap_put_modseq(k, job->shown_modseq);
        return;
    case IMAP_ITEM_BINARY:
    case IMAP_ITEM_BINARY_SIZE:
        imap_put_binary(k, s, job, index, m);
        return;
    }
}

/* The flags of the response are those at its beginning: another session may change them
 * before its last piece has gone out, and the pieces must fit together. */
static void begin_response(struct imap_server *s, struct imap_job *job, uint32_t seq, struct imap_message *m)
{
    static const struct imap_flag_list seen = { IMAP_SEEN, 0, { { NULL, 0 } } };
    job->with_flags = false;
    if (!job->silent && !s->read_only && !(m->flags & IMAP_SEEN) &&
        s->config->store->set_flags(s->host, s->view, seq, IMAP_FLAGS_ADD, &seen) == IMAP_COMPLETED) {
        s->config->store->message(s->host, s->view, seq, m);
        job->with_flags = true;
        for (int i = 0; i < job->items; i++)
            if (job->item[i].kind == IMAP_ITEM_FLAGS)
                job->with_flags = false; /* they are reported anyway */
    }
    job->flags = m->flags;
    job->keywords = m->keywords;
    job->shown_modseq = m->modseq;
    job->decoding = (struct imap_decoding){ .decoded = 0 };
    for (int i = 0; i < job->items; i++)
        job->item[i].content = IMAP_CONTENT_UNKNOWN;
}

/* The flags that this FETCH itself has set, and their number where the client counts changes. */
static void put_own_change(struct imap_sink *k, struct imap_server *s, const struct imap_job *job)
{
    IMAP_PUT(k, " ");
    imap_put_flags(k, s, job->flags, job->keywords);
    if (!imap_has(s, IMAP_ENABLED_CONDSTORE) || s->no_modseq)
        return;
    for (int i = 0; i < job->items; i++)
        if (job->item[i].kind == IMAP_ITEM_MODSEQ)
            return;
    IMAP_PUT(k, " ");
    imap_put_modseq(k, job->shown_modseq);
}

/* True when the response is complete. */
static bool put_response(struct imap_server *s, struct imap_job *job, uint32_t seq, struct imap_message *m,
                         struct imap_step *out)
{
    enum imap_line line = job->changed_line ? IMAP_LINE_FETCH_CHANGED : IMAP_LINE_FETCH;
    struct imap_sink k = imap_sink(&out->send, job->sent, imap_lesson(line));
    IMAP_PUT(&k, "* ");
    imap_put_number(&k, seq);
    IMAP_PUT(&k, " FETCH (");
    for (int i = 0; i < job->items && !k.full; i++) {
        if (i > 0)
            IMAP_PUT(&k, " ");
        put_item(&k, s, job, (unsigned)i, m);
    }
    if (job->with_flags)
        put_own_change(&k, s, job);
    IMAP_PUT(&k, ")\r\n");
    job->sent = k.full ? k.at : 0;
    return !k.full;
}

/* One message of the set. *verdict is IMAP_COMPLETED, or why the command ends here. */
static bool fetch_one(struct imap_server *s, struct imap_job *job, uint32_t seq, struct imap_step *out,
                      enum imap_verdict *verdict)
{
    struct imap_message m;
    s->config->store->message(s->host, s->view, seq, &m);
    if (job->sent == 0) {
        if (job->since && m.modseq <= job->modseq)
            return true;
        *verdict = imap_binary_look(s, job, &m);
        if (*verdict != IMAP_COMPLETED)
            return true;
        if (out->send.len > 0 && wire_out_room(&out->send) < IMAP_ROOM_LINE)
            return false; /* there may be a keyword to tell of */
        imap_tell_keywords(s, m.keywords, out);
        begin_response(s, job, seq, &m);
    }
    return put_response(s, job, seq, &m, out);
}

bool imap_fetch_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                    enum imap_verdict *verdict)
{
    uint32_t seq;
    if (job->vanished && !imap_vanished_run(s, job, out))
        return false;
    *verdict = s->view != NULL ? IMAP_COMPLETED : IMAP_MAILBOX_GONE;
    while ((seq = imap_job_next(job)) != 0) {
        if (out->send.len > 0 &&
            (wire_out_room(&out->send) < WHOLE_ROOM || out->send.lines + MARKS_MAX > WIRE_OUT_LINES_MAX))
            return false;
        if (!fetch_one(s, job, seq, out, verdict))
            return false;
        if (*verdict != IMAP_COMPLETED)
            return true;
        imap_job_advance(job);
    }
    if (*verdict == IMAP_COMPLETED)
        *verdict = (enum imap_verdict)job->end;
    return true;
}
