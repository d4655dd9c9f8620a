/* Numbered changes (RFC 7162): what changed and what vanished since a client was here last. */
#include "protocols/imap/imap_engine.h"

#define VANISHED_LINE_MAX 4096 /* octets of one VANISHED line; more go into the next; a limit of ours */
#define RANGE_ROOM        32   /* octets of ",4294967295:4294967295" and the line's end */

uint64_t imap_highest(struct imap_server *s)
{
    return s->config->store->known_modseq(s->host, s->view);
}

void imap_put_modseq(struct imap_sink *k, uint64_t modseq)
{
    IMAP_PUT(k, "MODSEQ (");
    imap_put_number(k, modseq);
    IMAP_PUT(k, ")");
}

void imap_put_highest(struct imap_server *s, uint64_t modseq, struct imap_step *out)
{
    struct imap_sink k = imap_sink(&out->send, 0, imap_lesson(IMAP_LINE_HIGHESTMODSEQ));
    (void)s;
    IMAP_PUT(&k, "* OK [HIGHESTMODSEQ ");
    imap_put_number(&k, modseq);
    IMAP_PUT(&k, "] Number of the latest change\r\n");
}

/* ---- SELECT ---- */

/* SP "(" known-sequence-set SP known-uid-set ")": a hint for servers that have forgotten what vanished. This
 * one can do without it, so it is only read. */
static bool skip_match_data(struct imap_cursor *c, struct imap_job *job)
{
    uint32_t from = job->ranges, n = from;
    bool fit = imap_take_set(c, job->range, &n, IMAP_SET_RANGES_MAX) && imap_take_sp(c);
    n = from;
    return fit && imap_take_set(c, job->range, &n, IMAP_SET_RANGES_MAX) && imap_take_char(c, ')');
}

/* "(" uidvalidity SP modseq [SP known-uids] [SP "(" ... ")"] ")" */
static bool take_resync(struct imap_server *s, struct imap_cursor *c, struct imap_job *job,
                        struct imap_resync *resync)
{
    if (!imap_has(s, IMAP_ENABLED_QRESYNC) || resync->wanted) /* RFC 7162 section 3.2.5: BAD before ENABLE */
        return false;
    resync->wanted = true;
    if (!imap_take_sp(c) || !imap_take_char(c, '(') || !imap_take_number(c, &resync->uidvalidity) ||
        resync->uidvalidity == 0 || !imap_take_sp(c) || !imap_take_modseq(c, &job->modseq) ||
        job->modseq == 0)
        return false;
    if (imap_take_char(c, ')'))
        return true;
    if (!imap_take_sp(c))
        return false;
    if (!imap_peek(c, '(')) {
        if (!imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX))
            return false;
        if (imap_take_char(c, ')'))
            return true;
        if (!imap_take_sp(c))
            return false;
    }
    return imap_take_char(c, '(') && skip_match_data(c, job) && imap_take_char(c, ')');
}

bool imap_take_select_parameters(struct imap_server *s, struct imap_cursor *c, struct imap_job *job,
                                 struct imap_resync *resync)
{
    if (!imap_extends(s, IMAP_EXT_CONDSTORE) || !imap_take_char(c, '('))
        return false;
    do {
        if (imap_take_word(c, "QRESYNC") ? !take_resync(s, c, job, resync) : !imap_take_word(c, "CONDSTORE"))
            return false;
    } while (imap_take_sp(c));
    if (!imap_take_char(c, ')'))
        return false;
    imap_enable_condstore(s);
    if (!resync->wanted)
        return true;
    if (job->ranges == 0)
        job->range[job->ranges++] = (struct imap_range){ 1, 0 };
    job->silent = job->since = job->changed_line = true;
    return imap_add_item(c, job, IMAP_ITEM_UID) && imap_add_item(c, job, IMAP_ITEM_FLAGS) &&
           imap_add_item(c, job, IMAP_ITEM_MODSEQ);
}

/* ---- VANISHED (EARLIER) ---- */

/* "*" is the last message now, or any that came and went behind it. */
void imap_vanished_begin(struct imap_server *s, struct imap_job *job)
{
    const struct imap_store_ops *store = s->config->store;
    uint32_t exists = store->exists(s->host, s->view), last = 1;
    struct imap_message m;
    if (exists > 0) {
        store->message(s->host, s->view, exists, &m);
        last = m.uid;
    }
    for (uint32_t i = 0; i < job->ranges; i++) {
        struct imap_range *r = &job->range[i];
        uint32_t lo = r->lo, hi = r->hi;
        if (lo == 0 || hi == 0) {
            uint32_t other = lo > hi ? lo : hi;
            lo = other == 0 || other > last ? last : other;
            hi = UINT32_MAX;
        }
        r->lo = lo < hi ? lo : hi;
        r->hi = lo < hi ? hi : lo;
    }
    imap_set_order(job->range, &job->ranges);
    job->vanished = true;
    job->index = 0;
}

/* The next vanished uids of the job's set; false: there are no more. */
static bool next_vanished(struct imap_server *s, struct imap_job *job, struct imap_range *out)
{
    while (job->range_at < job->ranges) {
        const struct imap_range *r = &job->range[job->range_at];
        uint32_t from = job->index > r->lo ? job->index : r->lo;
        if (!s->config->store->vanished(s->host, s->view, job->modseq, from, &out->lo, &out->hi))
            return false;
        if (out->lo > r->hi) {
            job->range_at++;
            continue;
        }
        out->lo = out->lo > from ? out->lo : from;
        if (out->hi >= r->hi) {
            out->hi = r->hi;
            job->range_at++;
        }
        job->index = out->hi + 1; /* 0 behind the last uid there can be: then the set is through as well */
        return true;
    }
    return false;
}

/* One line. False when no uid was left for it. */
static bool put_line(struct imap_server *s, struct imap_job *job, struct imap_step *out)
{
    struct imap_sink k = { &out->send, 0, 0, false };
    uint32_t from = out->send.len;
    struct imap_range r;
    while (wire_out_room(&out->send) >= RANGE_ROOM && out->send.len - from < VANISHED_LINE_MAX &&
           next_vanished(s, job, &r)) {
        if (out->send.len == from) {
            wire_out_line(&out->send, imap_lesson(IMAP_LINE_VANISHED_EARLIER));
            IMAP_PUT(&k, "* VANISHED (EARLIER) ");
        } else {
            IMAP_PUT(&k, ",");
        }
        imap_put_number(&k, r.lo);
        if (r.hi > r.lo) {
            IMAP_PUT(&k, ":");
            imap_put_number(&k, r.hi);
        }
    }
    if (out->send.len == from)
        return false;
    IMAP_PUT(&k, "\r\n");
    return true;
}

/* What the view still waits for is told first, so that no uid is told as gone twice. */
bool imap_vanished_run(struct imap_server *s, struct imap_job *job, struct imap_step *out)
{
    if (!imap_news(s, true, out))
        return false;
    do {
        if (s->view == NULL) {
            job->ranges = 0;
            job->vanished = false;
            return true;
        }
        if (wire_out_room(&out->send) < IMAP_ROOM_LINE || out->send.lines == WIRE_OUT_LINES_MAX)
            return false;
    } while (put_line(s, job, out));
    job->vanished = false;
    job->range_at = 0;
    imap_set_resolve(s, job->range, &job->ranges, 0, true, true);
    return true;
}
