/* SEARCH: what it asks for, and its answer: SEARCH with every number, or ESEARCH in short (RFC 4731).
 *
 *   * SEARCH 2 3 5 (MODSEQ 917)
 *   * ESEARCH (TAG "a7") UID ALL 4:6,9 MIN 4 MAX 9 COUNT 4 MODSEQ 917
 *
 * One pass over the mailbox writes either; what stands behind ALL is only known at the end. */
#include "protocols/imap/imap_engine.h"

#define END_ROOM 256 /* octets behind the last number at most: a range, MIN, MAX, COUNT, MODSEQ */

static bool take_returns(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    static const struct {
        const char *name;
        enum imap_return bit;
    } words[] = { { "MIN", IMAP_RETURN_MIN },
                  { "MAX", IMAP_RETURN_MAX },
                  { "ALL", IMAP_RETURN_ALL },
                  { "COUNT", IMAP_RETURN_COUNT },
                  { "SAVE", IMAP_RETURN_SAVE } };
    size_t n = sizeof words / sizeof words[0];
    if (!imap_take_sp(c) || !imap_take_char(c, '('))
        return false;
    if (!imap_peek(c, ')')) {
        do {
            size_t i = 0;
            while (i < n && !imap_take_word(c, words[i].name))
                i++;
            if (i == n || (words[i].bit == IMAP_RETURN_SAVE && !imap_extends(s, IMAP_EXT_SEARCHRES)))
                return false;
            job->returns = (uint8_t)(job->returns | words[i].bit);
        } while (imap_take_sp(c));
    }
    if (job->returns == 0) /* "()" is ALL (RFC 4731 section 3.1) */
        job->returns = IMAP_RETURN_ALL;
    job->extended = true;
    return imap_take_char(c, ')') && imap_take_sp(c);
}

enum imap_verdict imap_run_search(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct wire_slice charset;
    (void)out;
    imap_job_begin(job, IMAP_JOB_SEARCH, s->verb == IMAP_VERB_UID_SEARCH);
    if (imap_extends(s, IMAP_EXT_ESEARCH) && imap_take_word(c, "RETURN") && !take_returns(s, c, job))
        return imap_parse_failure(c);
    if (imap_take_word(c, "CHARSET")) {
        if (!imap_take_sp(c) || !imap_take_astring(c, &charset) || !imap_take_sp(c))
            return IMAP_BAD_SYNTAX;
        if (imap_has(s, IMAP_ENABLED_UTF8)) /* it is UTF-8 for good: RFC 9755 section 3 */
            return IMAP_BAD_SYNTAX;
        if (!imap_charset_known(charset)) {
            if (job->returns & IMAP_RETURN_SAVE)
                imap_saved_drop(s); /* a NO leaves nothing behind: RFC 5182 section 2.1 */
            return IMAP_BAD_CHARSET;
        }
    }
    if (!imap_take_keys(s, c, job))
        return imap_parse_failure(c);
    if (!job->extended) {
        job->returns = IMAP_RETURN_ALL;
        job->extended = imap_has(s, IMAP_ENABLED_REV2); /* RFC 9051 section 6.4.4 */
    }
    if (job->returns & IMAP_RETURN_SAVE)
        imap_saved_drop(s); /* keys that said "$" are places already */
    return IMAP_RUNNING;
}

/* ---- SAVE ---- */

/* With MIN or MAX and nothing that needs all, only those are saved (RFC 5182 section 2.1). */
static bool saves_all(const struct imap_job *job)
{
    return (job->returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)) ||
           !(job->returns & (IMAP_RETURN_MIN | IMAP_RETURN_MAX));
}

static void save(struct imap_server *s, struct imap_job *job, uint32_t seq, uint32_t uid)
{
    struct imap_results *r = &job->results;
    if (job->failed)
        return;
    job->failed = !imap_saved_add(s, uid, r->saved_place != 0 && r->saved_place + 1 == seq);
    r->saved_place = seq;
}

static uint32_t uid_of(struct imap_server *s, const struct imap_job *job, uint32_t number)
{
    struct imap_message m;
    if (job->uid)
        return number;
    s->config->store->message(s->host, s->view, number, &m);
    return m.uid;
}

static void save_ends(struct imap_server *s, struct imap_job *job)
{
    const struct imap_results *r = &job->results;
    bool min = (job->returns & IMAP_RETURN_MIN) != 0, max = (job->returns & IMAP_RETURN_MAX) != 0;
    if (r->count == 0)
        return;
    if (min)
        job->failed = !imap_saved_add(s, uid_of(s, job, r->min), false);
    if (max && (!min || r->max != r->min) && !job->failed)
        job->failed = !imap_saved_add(s, uid_of(s, job, r->max), false);
}

/* ---- the line ---- */

static void begin_line(struct imap_server *s, struct imap_job *job, struct imap_sink *k)
{
    if (job->begun || job->returns == IMAP_RETURN_SAVE) /* to save alone tells nothing */
        return;
    job->begun = true;
    if (!job->extended) {
        wire_out_line(k->out, imap_lesson(IMAP_LINE_SEARCH));
        IMAP_PUT(k, "* SEARCH");
        return;
    }
    wire_out_line(k->out, imap_lesson(IMAP_LINE_ESEARCH));
    IMAP_PUT(k, "* ESEARCH (TAG \"");
    imap_put_str(k, s->tag);
    imap_put_str(k, job->uid ? "\") UID" : "\")");
}

static void put_range(struct imap_sink *k, struct imap_results *r)
{
    imap_put_str(k, r->listing ? "," : " ALL ");
    r->listing = true;
    imap_put_number(k, r->first);
    if (r->last == r->first)
        return;
    IMAP_PUT(k, ":");
    imap_put_number(k, r->last);
}

static void list(struct imap_job *job, struct imap_sink *k, uint32_t n)
{
    struct imap_results *r = &job->results;
    if (!job->extended) {
        IMAP_PUT(k, " ");
        imap_put_number(k, n);
        return;
    }
    if (r->first != 0 && n == r->last + 1) {
        r->last = n;
        return;
    }
    if (r->first != 0)
        put_range(k, r);
    r->first = r->last = n;
}

static void found(struct imap_server *s, struct imap_job *job, struct imap_sink *k, uint32_t seq,
                  const struct imap_message *m)
{
    struct imap_results *r = &job->results;
    uint32_t n = job->uid ? m->uid : seq;
    if (r->count++ == 0) {
        r->min = n;
        r->min_modseq = m->modseq;
    }
    r->max = n;
    r->max_modseq = m->modseq;
    r->modseq = m->modseq > r->modseq ? m->modseq : r->modseq;
    if (job->returns & IMAP_RETURN_ALL)
        list(job, k, n);
    if ((job->returns & IMAP_RETURN_SAVE) && saves_all(job))
        save(s, job, seq, m->uid);
}

/* Of the messages the answer names (RFC 7162 section 3.1.10). */
static uint64_t modseq_told(const struct imap_job *job)
{
    const struct imap_results *r = &job->results;
    bool min = (job->returns & IMAP_RETURN_MIN) != 0, max = (job->returns & IMAP_RETURN_MAX) != 0;
    if ((job->returns & (IMAP_RETURN_ALL | IMAP_RETURN_COUNT)) || (!min && !max))
        return r->modseq;
    if (min && max)
        return r->min_modseq > r->max_modseq ? r->min_modseq : r->max_modseq;
    return min ? r->min_modseq : r->max_modseq;
}

static void put_pair(struct imap_sink *k, const char *name, uint64_t n)
{
    imap_put_str(k, name);
    imap_put_number(k, n);
}

static void end_line(struct imap_job *job, struct imap_sink *k)
{
    struct imap_results *r = &job->results;
    if (!job->extended) {
        if (job->with_modseq && r->count > 0) {
            put_pair(k, " (MODSEQ ", modseq_told(job));
            IMAP_PUT(k, ")");
        }
        IMAP_PUT(k, "\r\n");
        return;
    }
    if (r->first != 0)
        put_range(k, r);
    if ((job->returns & IMAP_RETURN_MIN) && r->count > 0)
        put_pair(k, " MIN ", r->min);
    if ((job->returns & IMAP_RETURN_MAX) && r->count > 0)
        put_pair(k, " MAX ", r->max);
    if (job->returns & IMAP_RETURN_COUNT)
        put_pair(k, " COUNT ", r->count);
    if (job->with_modseq && r->count > 0)
        put_pair(k, " MODSEQ ", modseq_told(job));
    IMAP_PUT(k, "\r\n");
}

bool imap_search_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                     enum imap_verdict *verdict)
{
    const struct imap_store_ops *store = s->config->store;
    uint32_t exists = store->exists(s->host, s->view);
    struct imap_sink k = { &out->send, 0, 0, false }; /* what earlier pieces carried is not produced again */
    struct imap_message m;
    if (job->begun)
        wire_out_line(&out->send, NULL);
    begin_line(s, job, &k);
    for (; job->index < exists; job->index++) {
        if (wire_out_room(&out->send) < END_ROOM)
            return false;
        store->message(s->host, s->view, job->index + 1, &m);
        if (imap_match(s, job, job->index + 1, &m))
            found(s, job, &k, job->index + 1, &m);
    }
    if (wire_out_room(&out->send) < END_ROOM)
        return false;
    if (job->begun)
        end_line(job, &k);
    if ((job->returns & IMAP_RETURN_SAVE) && !saves_all(job))
        save_ends(s, job);
    if (job->failed)
        imap_saved_drop(s);
    *verdict = job->failed ? IMAP_NOT_SAVED : IMAP_COMPLETED;
    return true;
}
