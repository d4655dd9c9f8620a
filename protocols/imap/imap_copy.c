/* COPY and MOVE: messages into another mailbox, all or none. */
#include "protocols/imap/imap_engine.h"

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
            if (verdict == IMAP_EXPUNGE_ISSUED && (job->uid || job->saved))
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
    return verdict == IMAP_COMPLETED ? imap_removed(s) : verdict;
}

enum imap_verdict imap_run_copy(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    bool move = s->verb == IMAP_VERB_MOVE || s->verb == IMAP_VERB_UID_MOVE;
    struct wire_slice to;
    enum imap_verdict verdict;
    imap_job_begin(job, IMAP_JOB_NONE, s->verb >= IMAP_VERB_UID_FETCH);
    if (!imap_take_places(s, c, job) || !imap_take_sp(c) || !imap_take_mailbox(c, &to) || !imap_at_end(c))
        return imap_parse_failure(c);
    if (!imap_job_resolve(s, job, false))
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
