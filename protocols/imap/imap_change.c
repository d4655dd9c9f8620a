/* Commands that change messages: STORE, COPY, MOVE, EXPUNGE. */
#include "protocols/imap/imap_engine.h"

#include <assert.h>

void imap_put_flags(struct imap_sink *k, struct imap_server *s, unsigned flags, uint32_t keywords)
{
    const char *space = "";
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

void imap_put_flags_response(struct imap_server *s, uint32_t seq, bool uid, enum imap_line line,
                             struct imap_step *out)
{
    struct imap_message m;
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(line));
    s->config->store->message(s->host, s->view, seq, &m);
    IMAP_PUT(&k, "* ");
    imap_put_number(&k, seq);
    IMAP_PUT(&k, " FETCH (");
    if (uid) {
        IMAP_PUT(&k, "UID ");
        imap_put_number(&k, m.uid);
        IMAP_PUT(&k, " ");
    }
    imap_put_flags(&k, s, m.flags, m.keywords);
    IMAP_PUT(&k, ")\r\n");
}

/* "sequence-set SP" at the front of the arguments. */
static enum imap_verdict take_places(struct imap_cursor *c, struct imap_job *job)
{
    if (!imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX) || !imap_take_sp(c))
        return imap_parse_failure(c);
    return IMAP_COMPLETED;
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

enum imap_verdict imap_run_store(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct imap_flag_list list;
    enum imap_verdict verdict;
    (void)out;
    imap_job_begin(job, IMAP_JOB_STORE, is_uid(s));
    verdict = take_places(c, job);
    if (verdict != IMAP_COMPLETED)
        return verdict;
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
    return imap_set_resolve(s, job->range, &job->ranges, 0, job->uid, false) ? IMAP_RUNNING : IMAP_BAD_NUMBER;
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
        if (wire_out_room(&out->send) < IMAP_ROOM_LINE || out->send.lines == WIRE_OUT_LINES_MAX)
            return false;
        *verdict = s->config->store->set_flags(s->host, s->view, seq, (enum imap_flag_mode)job->mode, &list);
        if (*verdict == IMAP_EXPUNGE_ISSUED)
            job->failed = true;
        else if (*verdict != IMAP_COMPLETED)
            return true;
        else if (!job->silent)
            imap_put_flags_response(s, seq, job->uid, IMAP_LINE_FETCH_FLAGS, out);
        imap_job_advance(job);
    }
    *verdict = job->failed && !job->uid ? IMAP_EXPUNGE_ISSUED : IMAP_COMPLETED;
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

/* The EXPUNGE lines are the news that follow: the view closes its gaps as they are told. */
enum imap_verdict imap_run_expunge(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    (void)out;
    imap_job_begin(job, IMAP_JOB_NONE, true);
    if (s->verb == IMAP_VERB_UID_EXPUNGE &&
        (!imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX) || !imap_at_end(c)))
        return imap_parse_failure(c);
    if (s->read_only)
        return IMAP_READ_ONLY;
    if (s->verb == IMAP_VERB_EXPUNGE)
        return imap_expunge_deleted(s, NULL, 0);
    imap_set_resolve(s, job->range, &job->ranges, 0, true, true);
    return imap_expunge_deleted(s, job->range, job->ranges);
}

/* ---- COPY, MOVE ---- */

struct uid_set { /* "4:6,9", written as the uids come */
    char *at;
    size_t len, cap;
    uint32_t first, last; /* of the range that is still open; 0: none */
    bool cut;
};

static void put_uid_range(struct uid_set *u)
{
    char digits[2 * WIRE_U64_MAX_DIGITS + 2];
    size_t n = 0;
    if (u->first == 0)
        return;
    if (u->len > 0)
        digits[n++] = ',';
    n += wire_put_u64(digits + n, u->first);
    if (u->last != u->first) {
        digits[n++] = ':';
        n += wire_put_u64(digits + n, u->last);
    }
    if (u->len + n > u->cap) {
        u->cut = true;
        return;
    }
    memcpy(u->at + u->len, digits, n);
    u->len += n;
}

static void add_uid(struct uid_set *u, uint32_t uid)
{
    if (u->first != 0 && uid == u->last + 1) {
        u->last = uid;
        return;
    }
    put_uid_range(u);
    u->first = u->last = uid;
}

/* "[COPYUID validity from to] " into job->text; nothing when a set was too long. */
static void write_copyuid(struct imap_server *s, struct imap_job *job, uint32_t uidvalidity,
                          struct uid_set *from, struct uid_set *to)
{
    char *at = job->text;
    put_uid_range(from);
    put_uid_range(to);
    if (from->cut || to->cut || from->len == 0)
        return;
    memcpy(at, "[COPYUID ", 9);
    at += 9;
    at += wire_put_u64(at, uidvalidity);
    *at++ = ' ';
    memcpy(at, from->at, from->len);
    at += from->len;
    *at++ = ' ';
    memcpy(at, to->at, to->len);
    at += to->len;
    memcpy(at, "] ", 2);
    s->codes = (uint32_t)(at + 2 - job->text);
}

/* Copies the job's places: all, or none. */
static enum imap_verdict copy_all(struct imap_server *s, struct imap_job *job, struct wire_slice to)
{
    const struct imap_store_ops *store = s->config->store;
    enum { SET_MAX = (IMAP_TEXT_MAX - 64) / 2 };
    char *room = s->config->scratch->auth_in; /* no login is under way in this call */
    struct uid_set from = { room, 0, SET_MAX, 0, 0, false };
    struct uid_set copies = { s->config->scratch->auth_out, 0, SET_MAX, 0, 0, false };
    uint32_t uidvalidity = 0, uid = 0;
    enum imap_verdict verdict = store->copy_begin(s->host, s->view, to), end;
    struct imap_message m;
    if (verdict != IMAP_COMPLETED)
        return verdict;
    for (uint32_t i = 0; i < job->ranges && verdict == IMAP_COMPLETED; i++)
        for (uint32_t seq = job->range[i].lo; seq <= job->range[i].hi && verdict == IMAP_COMPLETED; seq++) {
            store->message(s->host, s->view, seq, &m);
            verdict = m.gone ? IMAP_EXPUNGE_ISSUED : store->copy_message(s->host, s->view, seq, &uid);
            if (verdict == IMAP_EXPUNGE_ISSUED && job->uid)
                verdict = IMAP_COMPLETED; /* a uid that is gone is passed over */
            else if (verdict == IMAP_COMPLETED) {
                add_uid(&from, m.uid);
                add_uid(&copies, uid);
            }
        }
    end = store->copy_end(s->host, s->view, verdict == IMAP_COMPLETED, &uidvalidity);
    verdict = verdict == IMAP_COMPLETED ? end : verdict;
    if (verdict == IMAP_COMPLETED && imap_extends(s, IMAP_EXT_UIDPLUS))
        write_copyuid(s, job, uidvalidity, &from, &copies);
    return verdict;
}

/* The copies exist: the originals go. COPYUID comes before their EXPUNGE lines (RFC 6851 section 4.3). */
static enum imap_verdict remove_moved(struct imap_server *s, struct imap_job *job, struct imap_step *out)
{
    enum imap_verdict verdict = IMAP_COMPLETED;
    struct imap_message m;
    if (s->codes > 0) {
        struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_COPYUID));
        IMAP_PUT(&k, "* OK ");
        imap_put(&k, job->text, s->codes);
        IMAP_PUT(&k, "Moved\r\n");
        s->codes = 0;
    }
    for (uint32_t i = 0; i < job->ranges && verdict == IMAP_COMPLETED; i++)
        for (uint32_t seq = job->range[i].lo; seq <= job->range[i].hi && verdict == IMAP_COMPLETED; seq++) {
            s->config->store->message(s->host, s->view, seq, &m);
            if (!m.gone)
                verdict = s->config->store->expunge(s->host, s->view, seq);
        }
    return verdict;
}

enum imap_verdict imap_run_copy(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    bool move = s->verb == IMAP_VERB_MOVE || s->verb == IMAP_VERB_UID_MOVE;
    struct wire_slice to;
    enum imap_verdict verdict;
    imap_job_begin(job, IMAP_JOB_NONE, is_uid(s));
    verdict = take_places(c, job);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    if (!imap_take_mailbox(c, &to) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (!imap_set_resolve(s, job->range, &job->ranges, 0, job->uid, false))
        return IMAP_BAD_NUMBER;
    if (move && s->read_only)
        return IMAP_READ_ONLY;
    if (!imap_name_usable(to))
        return IMAP_TRY_CREATE;
    verdict = copy_all(s, job, to);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    return move ? remove_moved(s, job, out) : IMAP_COPIED;
}
