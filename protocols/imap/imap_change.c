/* Commands that change messages: STORE, EXPUNGE. COPY and MOVE have their own file. */
#include "protocols/imap/imap_engine.h"

#define RANGE_ROOM 24 /* octets of ",4294967295:4294967295" */

void imap_put_flags(struct imap_sink *k, struct imap_server *s, unsigned flags, uint32_t keywords)
{
    const char *space = "";
    if (imap_has(s, IMAP_ENABLED_REV2))
        flags &= ~(unsigned)IMAP_RECENT; /* RFC 9051 appendix E */
    IMAP_PUT(k, "FLAGS (");
    for (unsigned bit = 1; bit <= IMAP_RECENT; bit <<= 1) {
        if (!(flags & bit))
            continue;
        imap_put_str(k, space);
        imap_put_str(k, imap_flag_name((enum imap_flag)bit));
        space = " ";
    }
    for (unsigned i = 0; keywords != 0; i++, keywords >>= 1) {
        const char *name = keywords & 1 ? s->config->store->keyword(s->host, s->view, i) : NULL;
        if (name == NULL)
            continue;
        imap_put_str(k, space);
        imap_put_str(k, name);
        space = " ";
    }
    IMAP_PUT(k, ")");
}

void imap_put_flags_response(struct imap_server *s, uint32_t seq, bool uid, bool silent,
                             struct imap_step *out)
{
    struct imap_message m;
    struct imap_sink k;
    bool modseq = imap_has(s, IMAP_ENABLED_CONDSTORE) && !s->no_modseq;
    if (silent && !modseq)
        return;
    s->config->store->message(s->host, s->view, seq, &m);
    if (!silent)
        imap_tell_keywords(s, m.keywords, out);
    k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_FETCH_FLAGS));
    IMAP_PUT(&k, "* ");
    imap_put_number(&k, seq);
    IMAP_PUT(&k, " FETCH (");
    if (uid || imap_has(s, IMAP_ENABLED_QRESYNC)) { /* RFC 7162 section 3.2.4 */
        IMAP_PUT(&k, "UID ");
        imap_put_number(&k, m.uid);
        IMAP_PUT(&k, " ");
    }
    if (!silent)
        imap_put_flags(&k, s, m.flags, m.keywords);
    if (!silent && modseq)
        IMAP_PUT(&k, " ");
    if (modseq)
        imap_put_modseq(&k, m.modseq);
    IMAP_PUT(&k, ")\r\n");
}

static bool is_uid(const struct imap_server *s)
{
    return s->verb >= IMAP_VERB_UID_FETCH;
}

/* ---- STORE ---- */

static bool take_mode(struct imap_cursor *c, struct imap_job *job)
{
    job->mode = IMAP_FLAGS_REPLACE;
    if (imap_take_char(c, '+'))
        job->mode = IMAP_FLAGS_ADD;
    else if (imap_take_char(c, '-'))
        job->mode = IMAP_FLAGS_REMOVE;
    job->silent = imap_take_word(c, "FLAGS.SILENT");
    return (job->silent || imap_take_word(c, "FLAGS")) && imap_take_sp(c);
}

/* "(UNCHANGEDSINCE 12) ": RFC 7162 section 3.1.3. */
static bool take_condition(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    if (!imap_peek(c, '('))
        return true;
    if (!imap_extends(s, IMAP_EXT_CONDSTORE) || s->no_modseq || !imap_take_char(c, '(') ||
        !imap_take_word(c, "UNCHANGEDSINCE") || !imap_take_sp(c) || !imap_take_modseq(c, &job->modseq) ||
        !imap_take_char(c, ')') || !imap_take_sp(c))
        return false;
    job->since = true;
    imap_enable_condstore(s);
    return true;
}

enum imap_verdict imap_run_store(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct imap_flag_list list;
    (void)out;
    imap_job_begin(job, IMAP_JOB_STORE, is_uid(s));
    if (!imap_take_places(s, c, job) || !imap_take_sp(c) || !take_condition(s, c, job))
        return imap_parse_failure(c);
    if (!take_mode(c, job) || !imap_take_flags(c, true, &list) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (s->read_only)
        return IMAP_READ_ONLY;
    job->flags = list.flags;
    job->keywords = list.keywords;
    for (uint32_t i = 0; i < list.keywords; i++) {
        uint16_t at;
        if (!imap_job_keep(c, job, wire_slice((const char[]){ (char)list.keyword[i].len }, 1),
                           &job->keyword_at[i]) ||
            !imap_job_keep(c, job, list.keyword[i], &at))
            return IMAP_TOO_COMPLEX;
    }
    job->code_at = job->text_len;
    return imap_job_resolve(s, job, false) ? IMAP_RUNNING : IMAP_BAD_NUMBER;
}

static void end_modified_range(struct imap_server *s, struct imap_job *job)
{
    char *at = job->text + job->code_at;
    const struct imap_results *r = &job->results;
    s->codes += (uint32_t)wire_put_u64(at + s->codes, r->first);
    if (r->last == r->first)
        return;
    at[s->codes++] = ':';
    s->codes += (uint32_t)wire_put_u64(at + s->codes, r->last);
}

/* Writes "[MODIFIED 3:5,9] " as messages are found that have changed; job->results keeps the open range. When
 * the text is full, the last range grows over what lies between: a message named in vain is only looked at
 * again. */
static void put_modified(struct imap_server *s, struct imap_job *job, uint32_t n)
{
    struct imap_results *r = &job->results;
    char *at = job->text + job->code_at;
    size_t cap = sizeof job->text - job->code_at;
    if (r->first != 0 && (n == r->last + 1 || cap - s->codes < 3 * RANGE_ROOM)) {
        r->last = n;
        return;
    }
    if (r->first == 0) {
        memcpy(at, "[MODIFIED ", 10);
        s->codes = 10;
    } else {
        end_modified_range(s, job);
        at[s->codes++] = ',';
    }
    r->first = r->last = n;
}

/* False: the message may not be changed, because it has changed meanwhile. */
static bool condition_holds(struct imap_server *s, struct imap_job *job, uint32_t seq)
{
    struct imap_message m;
    if (!job->since)
        return true;
    s->config->store->message(s->host, s->view, seq, &m);
    if (m.modseq <= job->modseq || m.gone)
        return true;
    put_modified(s, job, job->uid ? m.uid : seq);
    return false;
}

static enum imap_verdict end_store(struct imap_server *s, struct imap_job *job)
{
    if (job->results.first != 0) {
        end_modified_range(s, job);
        memcpy(job->text + job->code_at + s->codes, "] ", 2);
        s->codes += 2;
    }
    if (job->failed && !job->uid && !job->saved)
        return IMAP_EXPUNGE_ISSUED;
    return job->results.first != 0 ? IMAP_MODIFIED : IMAP_COMPLETED;
}

bool imap_store_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                    enum imap_verdict *verdict)
{
    struct imap_flag_list list = { job->flags, job->keywords, { { NULL, 0 } } };
    uint32_t seq;
    for (uint32_t i = 0; i < job->keywords; i++) {
        const char *at = job->text + job->keyword_at[i];
        list.keyword[i] = wire_slice(at + 1, (unsigned char)*at);
    }
    while ((seq = imap_job_next(job)) != 0) {
        if (wire_out_room(&out->send) < IMAP_ROOM_FLAGS || out->send.lines + 2 > WIRE_OUT_LINES_MAX)
            return false;
        if (!condition_holds(s, job, seq)) {
            imap_job_advance(job);
            continue;
        }
        *verdict = s->config->store->set_flags(s->host, s->view, seq, (enum imap_flag_mode)job->mode, &list);
        if (*verdict == IMAP_EXPUNGE_ISSUED)
            job->failed = true;
        else if (*verdict != IMAP_COMPLETED)
            return true;
        else
            imap_put_flags_response(s, seq, job->uid, job->silent, out);
        imap_job_advance(job);
    }
    *verdict = end_store(s, job);
    return true;
}

/* ---- EXPUNGE ---- */

enum imap_verdict imap_expunge_deleted(struct imap_server *s, const struct imap_range *range, uint32_t n)
{
    const struct imap_store_ops *store = s->config->store;
    struct imap_range all = { 1, store->exists(s->host, s->view) };
    enum imap_verdict verdict = IMAP_COMPLETED;
    struct imap_message m;
    if (range == NULL) {
        range = &all;
        n = 1;
    }
    for (uint32_t i = 0; i < n && verdict == IMAP_COMPLETED; i++)
        for (uint32_t seq = range[i].lo; seq <= range[i].hi && verdict == IMAP_COMPLETED; seq++) {
            store->message(s->host, s->view, seq, &m);
            if ((m.flags & IMAP_DELETED) && !m.gone)
                verdict = store->expunge(s->host, s->view, seq);
        }
    return verdict;
}

enum imap_verdict imap_removed(const struct imap_server *s)
{
    return imap_has(s, IMAP_ENABLED_QRESYNC) && !s->no_modseq ? IMAP_REMOVED : IMAP_COMPLETED;
}

/* The EXPUNGE lines are the news that follow: the view closes its gaps as they are told. */
enum imap_verdict imap_run_expunge(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    enum imap_verdict verdict;
    (void)out;
    imap_job_begin(job, IMAP_JOB_NONE, true);
    if (s->verb == IMAP_VERB_UID_EXPUNGE && (!imap_take_places(s, c, job) || !imap_at_end(c)))
        return imap_parse_failure(c);
    if (s->read_only)
        return IMAP_READ_ONLY;
    if (s->verb == IMAP_VERB_EXPUNGE) {
        verdict = imap_expunge_deleted(s, NULL, 0);
    } else {
        imap_set_resolve(s, job->range, &job->ranges, 0, true, true);
        verdict = imap_expunge_deleted(s, job->range, job->ranges);
    }
    return verdict == IMAP_COMPLETED ? imap_removed(s) : verdict;
}
