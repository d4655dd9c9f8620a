/* What a SEARCH saved, and "$" that stands for it (RFC 5182).
 *
 *   C: s SEARCH RETURN (SAVE) UNSEEN       saved: uids 4:6,9
 *   C: f FETCH $ (ENVELOPE)                the set is uids 4:6,9, whatever has been removed since
 *
 * Messages that stand side by side in the view share a range: no other message can ever get a uid between
 * theirs. */
#include "protocols/imap/imap_engine.h"

void imap_saved_drop(struct imap_server *s)
{
    imap_give(s, s->saved);
    s->saved = NULL;
}

bool imap_saved_add(struct imap_server *s, uint32_t uid, bool next_to_last)
{
    struct imap_saved *old = s->saved, *new;
    uint32_t cap = old ? old->cap * 4 : 8;
    if (old != NULL && next_to_last) {
        old->range[old->n - 1].hi = uid;
        return true;
    }
    if (old == NULL || old->n == old->cap) {
        if (old != NULL && old->n == IMAP_SET_RANGES_MAX)
            return false; /* no command could take it */
        cap = cap < IMAP_SET_RANGES_MAX ? cap : IMAP_SET_RANGES_MAX;
        new = s->config->store->take(s->host, sizeof *new + cap * sizeof new->range[0]);
        if (new == NULL)
            return false;
        new->n = 0;
        if (old != NULL)
            memcpy(new, old, sizeof *old + old->n * sizeof old->range[0]);
        new->cap = cap;
        imap_give(s, old);
        s->saved = new;
    }
    s->saved->range[s->saved->n++] = (struct imap_range){ uid, uid };
    return true;
}

bool imap_take_saved(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    uint32_t n = s->saved ? s->saved->n : 0;
    if (!imap_extends(s, IMAP_EXT_SEARCHRES) || !imap_take_char(c, '$'))
        return false;
    if (n > IMAP_SET_RANGES_MAX - job->ranges) {
        c->too_complex = true;
        return false;
    }
    if (n > 0)
        memcpy(job->range + job->ranges, s->saved->range, n * sizeof job->range[0]);
    job->ranges += n;
    return true;
}

bool imap_take_places(struct imap_server *s, struct imap_cursor *c, struct imap_job *job)
{
    if (!imap_peek(c, '$'))
        return imap_take_set(c, job->range, &job->ranges, IMAP_SET_RANGES_MAX);
    job->saved = true;
    return imap_take_saved(s, c, job);
}
