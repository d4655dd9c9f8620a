/* Sequence sets against the open view, and what a running job keeps. */
#include "protocols/imap/imap_engine.h"

static void sift(struct imap_range *r, uint32_t root, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        struct imap_range swap;
        if (child >= n)
            return;
        if (child + 1 < n && r[child + 1].lo > r[child].lo)
            child++;
        if (r[root].lo >= r[child].lo)
            return;
        swap = r[root];
        r[root] = r[child];
        r[child] = swap;
        root = child;
    }
}

/* In place and without memory of its own, however hostile the order. */
static void sort(struct imap_range *r, uint32_t n)
{
    bool sorted = true;
    for (uint32_t i = 1; i < n; i++)
        sorted = sorted && r[i - 1].lo <= r[i].lo;
    if (sorted)
        return;
    for (uint32_t i = n / 2; i-- > 0;)
        sift(r, i, n);
    for (uint32_t end = n - 1; end > 0; end--) {
        struct imap_range swap = r[0];
        r[0] = r[end];
        r[end] = swap;
        sift(r, 0, end);
    }
}

static uint32_t merge(struct imap_range *r, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept > 0 && (r[kept - 1].hi == UINT32_MAX || r[i].lo <= r[kept - 1].hi + 1)) {
            if (r[i].hi > r[kept - 1].hi)
                r[kept - 1].hi = r[i].hi;
        } else {
            r[kept++] = r[i];
        }
    }
    return kept;
}

void imap_set_order(struct imap_range *range, uint32_t *n)
{
    sort(range, *n);
    *n = merge(range, *n);
}

bool imap_set_resolve(struct imap_server *s, struct imap_range *range, uint32_t *n, uint32_t from, bool uid,
                      bool clip)
{
    const struct imap_store_ops *store = s->config->store;
    uint32_t exists = store->exists(s->host, s->view), kept = from, last = exists;
    struct imap_message m;
    if (uid && exists > 0) {
        store->message(s->host, s->view, exists, &m);
        last = m.uid;
    }
    for (uint32_t i = from; i < *n; i++) {
        uint32_t lo = range[i].lo ? range[i].lo : last, hi = range[i].hi ? range[i].hi : last;
        if (lo > hi) { /* "9:4" is "4:9" (RFC 3501 section 9, seq-range) */
            uint32_t swap = lo;
            lo = hi;
            hi = swap;
        }
        if (uid) {
            lo = exists > 0 ? store->seq_at_uid(s->host, s->view, lo) : 1;
            hi = hi >= last ? exists : store->seq_at_uid(s->host, s->view, hi + 1) - 1;
        } else if (lo == 0 || hi > exists) {
            if (!clip)
                return false;
            hi = exists;
            lo = lo == 0 ? 1 : lo;
        }
        if (lo <= hi)
            range[kept++] = (struct imap_range){ lo, hi };
    }
    kept -= from;
    imap_set_order(range + from, &kept);
    *n = from + kept;
    return true;
}

bool imap_job_resolve(struct imap_server *s, struct imap_job *job, bool clip)
{
    return imap_set_resolve(s, job->range, &job->ranges, 0, job->uid || job->saved, clip);
}

uint32_t imap_job_next(const struct imap_job *job)
{
    if (job->range_at == job->ranges)
        return 0;
    return job->seq != 0 ? job->seq : job->range[job->range_at].lo;
}

void imap_job_advance(struct imap_job *job)
{
    uint32_t seq = imap_job_next(job);
    if (seq == 0)
        return;
    job->seq = seq + 1;
    if (seq == job->range[job->range_at].hi) {
        job->range_at++;
        job->seq = 0;
    }
}

bool imap_job_keep(struct imap_cursor *c, struct imap_job *job, struct wire_slice s, uint16_t *at)
{
    if (s.len > sizeof job->text - job->text_len) {
        c->too_complex = true;
        return false;
    }
    *at = job->text_len;
    if (s.len > 0)
        memcpy(job->text + job->text_len, s.at, s.len);
    job->text_len = (uint16_t)(job->text_len + s.len);
    return true;
}

void imap_job_begin(struct imap_job *job, enum imap_job_kind kind, bool uid)
{
    memset(job, 0, offsetof(struct imap_job, item));
    job->kind = (uint8_t)kind;
    job->uid = uid;
}
