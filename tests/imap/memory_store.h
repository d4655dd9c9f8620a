#ifndef TESTS_IMAP_MEMORY_STORE_H
#define TESTS_IMAP_MEMORY_STORE_H
/*
 * memory_store - a mail store for tests: mailboxes in memory, one queue of changes for each view.
 *
 * It keeps the promises of protocols/imap/imap_store.h, and counts what it lends, so that a test can
 * tell whether everything came back. A session's host context is a struct mem_session.
 */
#include "protocols/imap/imap_store.h"

#include <assert.h>
#include <stdlib.h>

#define MEM_BOXES 32
#define MEM_VIEWS 8

struct mem_message {
    uint64_t modseq;
    uint32_t uid, keywords;
    unsigned flags;
    int64_t seconds;
    int16_t zone_minutes;
    char *bytes;
    size_t size;
    bool gone;
    void *recent; /* the view for which it is recent; NULL: not claimed yet */
    bool claimed;
};

struct mem_change {
    enum imap_change_kind kind;
    struct mem_message *m;
};

struct mem_view {
    struct mem_box *box;
    bool read_only;
    struct mem_message **at;
    uint32_t n;
    struct mem_change *queue;
    uint32_t queued;
    struct mem_message **copies; /* of a COPY under way */
    uint32_t copied;
    struct mem_box *copy_to;
};

struct mem_vanished {
    uint32_t uid;
    uint64_t modseq;
};

struct mem_box {
    uint64_t modseq;
    struct mem_vanished *vanished; /* by uid */
    uint32_t nvanished;
    char name[IMAP_NAME_MAX + 1];
    bool exists, subscribed, no_modseq;
    unsigned attributes;
    uint32_t uidvalidity, uidnext;
    struct mem_message **at;
    uint32_t n;
    const char *keyword[IMAP_KEYWORDS_MAX];
    struct mem_view *view[MEM_VIEWS];
};

struct mem_store {
    struct mem_box box[MEM_BOXES];
    uint32_t boxes;
    uint32_t quota_octets; /* 0: none */
    int lent;              /* blocks out with engines */
    int views;
    bool no_memory;
    int64_t now;
    void *owned[60000]; /* freed at the end */
    size_t owns;
};

struct mem_session {
    struct mem_store *store;
    struct mem_box *append_to;
    char *append;
    size_t append_len, append_cap;
    unsigned append_flags;
    uint32_t append_keywords;
    int64_t append_seconds;
    int16_t append_zone;
};

static inline void *mem_own(struct mem_store *st, void *p)
{
    assert(st->owns < sizeof st->owned / sizeof st->owned[0]);
    return st->owned[st->owns++] = p;
}

static inline struct mem_box *mem_find(struct mem_store *st, struct wire_slice name)
{
    for (uint32_t i = 0; i < st->boxes; i++)
        if (wire_slice_is(name, st->box[i].name))
            return &st->box[i];
    return NULL;
}

static inline struct mem_box *mem_box(struct mem_store *st, const char *name)
{
    struct mem_box *b = mem_find(st, wire_slice_str(name));
    if (b == NULL) {
        assert(st->boxes < MEM_BOXES);
        b = &st->box[st->boxes++];
        memset(b, 0, sizeof *b);
        memcpy(b->name, name, strlen(name) + 1);
        b->uidvalidity = 1000 + st->boxes;
        b->uidnext = 1;
        b->modseq = 1;
    }
    b->exists = true;
    return b;
}

static inline void mem_queue(struct mem_view *v, enum imap_change_kind kind, struct mem_message *m)
{
    v->queue = realloc(v->queue, (v->queued + 1) * sizeof v->queue[0]);
    v->queue[v->queued++] = (struct mem_change){ kind, m };
}

static inline void mem_tell(struct mem_box *b, struct mem_view *but, enum imap_change_kind kind,
                            struct mem_message *m)
{
    for (int i = 0; i < MEM_VIEWS; i++)
        if (b->view[i] != NULL && b->view[i] != but)
            mem_queue(b->view[i], kind, m);
}

static inline struct mem_message *mem_add(struct mem_store *st, struct mem_box *b, const char *bytes,
                                          size_t len, unsigned flags, uint32_t keywords, int64_t seconds)
{
    struct mem_message *m = mem_own(st, calloc(1, sizeof *m));
    m->bytes = mem_own(st, malloc(len + 1));
    memcpy(m->bytes, bytes, len);
    m->size = len;
    m->flags = flags;
    m->keywords = keywords;
    m->seconds = seconds;
    m->uid = b->uidnext++;
    m->modseq = ++b->modseq;
    b->at = realloc(b->at, (b->n + 1) * sizeof b->at[0]);
    b->at[b->n++] = m;
    mem_tell(b, NULL, IMAP_CHANGE_EXISTS, m);
    return m;
}

static inline void mem_vanish(struct mem_box *b, uint32_t uid)
{
    uint32_t at = b->nvanished;
    b->vanished = realloc(b->vanished, (b->nvanished + 1) * sizeof b->vanished[0]);
    while (at > 0 && b->vanished[at - 1].uid > uid)
        at--;
    memmove(b->vanished + at + 1, b->vanished + at, (b->nvanished - at) * sizeof b->vanished[0]);
    b->vanished[at] = (struct mem_vanished){ uid, ++b->modseq };
    b->nvanished++;
}

static inline void mem_remove(struct mem_box *b, struct mem_message *m)
{
    if (m->gone)
        return;
    m->gone = true;
    mem_vanish(b, m->uid);
    for (uint32_t i = 0; i < b->n; i++)
        if (b->at[i] == m) {
            memmove(b->at + i, b->at + i + 1, (b->n - i - 1) * sizeof b->at[0]);
            b->n--;
            break;
        }
    mem_tell(b, NULL, IMAP_CHANGE_EXPUNGE, m);
}

static inline struct mem_message *mem_by_uid(struct mem_box *b, uint32_t uid)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->at[i]->uid == uid)
            return b->at[i];
    return NULL;
}

static inline bool mem_mailbox_at(void *host, uint32_t index, struct imap_mailbox_entry *out)
{
    struct mem_store *st = ((struct mem_session *)host)->store;
    struct mem_box *b = &st->box[index];
    if (index >= st->boxes)
        return false;
    *out = (struct imap_mailbox_entry){ wire_slice_str(b->name), b->attributes, b->exists, b->subscribed };
    for (uint32_t i = 0; i < st->boxes; i++)
        if (st->box[i].exists && strlen(st->box[i].name) > strlen(b->name) &&
            memcmp(st->box[i].name, b->name, strlen(b->name)) == 0 &&
            st->box[i].name[strlen(b->name)] == '/') {
            out->attributes |= IMAP_HAS_CHILDREN_ATTR;
            return true;
        }
    out->attributes |= IMAP_HAS_NO_CHILDREN_ATTR;
    return true;
}

static inline enum imap_verdict mem_create(void *host, struct wire_slice name)
{
    struct mem_store *st = ((struct mem_session *)host)->store;
    struct mem_box *b = mem_find(st, name);
    char copy[IMAP_NAME_MAX + 1];
    if (b != NULL && b->exists)
        return IMAP_NAME_TAKEN;
    if (st->boxes == MEM_BOXES)
        return IMAP_LIMIT;
    memcpy(copy, name.at, name.len);
    copy[name.len] = '\0';
    mem_box(st, copy);
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_delete(void *host, struct wire_slice name)
{
    struct mem_store *st = ((struct mem_session *)host)->store;
    struct mem_box *b = mem_find(st, name);
    if (b == NULL || !b->exists)
        return IMAP_NO_MAILBOX;
    for (uint32_t i = 0; i < st->boxes; i++)
        if (st->box[i].exists && strlen(st->box[i].name) > name.len &&
            memcmp(st->box[i].name, name.at, name.len) == 0 && st->box[i].name[name.len] == '/')
            return IMAP_HAS_CHILDREN;
    b->exists = false;
    b->n = 0;
    b->uidvalidity += 100;
    b->uidnext = 1;
    b->modseq = 1;
    b->nvanished = 0;
    mem_tell(b, NULL, IMAP_CHANGE_GONE, NULL);
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_rename(void *host, struct wire_slice from, struct wire_slice to)
{
    struct mem_store *st = ((struct mem_session *)host)->store;
    struct mem_box *b = mem_find(st, from), *t;
    enum imap_verdict verdict;
    if (b == NULL || !b->exists)
        return IMAP_NO_MAILBOX;
    verdict = mem_create(host, to);
    if (verdict != IMAP_COMPLETED)
        return verdict;
    t = mem_find(st, to);
    while (b->n > 0) {
        struct mem_message *m = b->at[0];
        mem_remove(b, m);
        mem_add(st, t, m->bytes, m->size, m->flags, 0, m->seconds)->zone_minutes = m->zone_minutes;
    }
    if (!wire_slice_is(from, "INBOX"))
        b->exists = false;
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_subscribe(void *host, struct wire_slice name, bool on)
{
    struct mem_box *b = mem_find(((struct mem_session *)host)->store, name);
    if (b == NULL)
        return IMAP_NO_MAILBOX;
    b->subscribed = on;
    return IMAP_COMPLETED;
}

static inline void mem_count(struct mem_box *b, struct mem_view *v, struct imap_mailbox_status *out)
{
    *out = (struct imap_mailbox_status){ .messages = b->n,
                                         .uidnext = b->uidnext,
                                         .uidvalidity = b->uidvalidity,
                                         .permanent = IMAP_FLAGS_SETTABLE,
                                         .keywords_can_grow = true,
                                         .highest_modseq = b->no_modseq ? 0 : b->modseq };
    for (uint32_t i = 0; i < b->n; i++) {
        out->recent += v ? b->at[i]->recent == v : !b->at[i]->claimed;
        out->size_octets += b->at[i]->size;
        if (b->at[i]->flags & IMAP_DELETED) {
            out->deleted++;
            out->deleted_octets += b->at[i]->size;
        }
        if (!(b->at[i]->flags & IMAP_SEEN)) {
            out->unseen++;
            if (out->first_unseen == 0)
                out->first_unseen = i + 1;
        }
    }
}

static inline enum imap_verdict mem_status(void *host, struct wire_slice name,
                                           struct imap_mailbox_status *out)
{
    struct mem_box *b = mem_find(((struct mem_session *)host)->store, name);
    if (b == NULL || !b->exists)
        return IMAP_NO_MAILBOX;
    mem_count(b, NULL, out);
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_open(void *host, struct wire_slice name, bool read_only,
                                         struct imap_mailbox_status *out, void **view)
{
    struct mem_session *s = host;
    struct mem_box *b = mem_find(s->store, name);
    struct mem_view *v;
    int slot = 0;
    if (b == NULL || !b->exists)
        return IMAP_NO_MAILBOX;
    while (slot < MEM_VIEWS && b->view[slot] != NULL)
        slot++;
    if (slot == MEM_VIEWS)
        return IMAP_UNAVAILABLE;
    v = calloc(1, sizeof *v);
    v->box = b;
    v->read_only = read_only;
    v->n = b->n;
    v->at = malloc((b->n + 1) * sizeof v->at[0]);
    if (b->n > 0)
        memcpy(v->at, b->at, b->n * sizeof v->at[0]);
    for (uint32_t i = 0; i < b->n; i++)
        if (!b->at[i]->claimed) {
            b->at[i]->recent = v;
            b->at[i]->claimed = !read_only;
        }
    mem_count(b, v, out);
    out->read_only = read_only;
    b->view[slot] = v;
    s->store->views++;
    *view = v;
    return IMAP_COMPLETED;
}

static inline void mem_close(void *host, void *view)
{
    struct mem_view *v = view;
    for (int i = 0; i < MEM_VIEWS; i++)
        if (v->box->view[i] == v)
            v->box->view[i] = NULL;
    ((struct mem_session *)host)->store->views--;
    free(v->at);
    free(v->queue);
    free(v->copies);
    free(v);
}

static inline uint32_t mem_exists(void *host, void *view)
{
    (void)host;
    return ((struct mem_view *)view)->n;
}

static inline void mem_message(void *host, void *view, uint32_t seq, struct imap_message *out)
{
    struct mem_view *v = view;
    struct mem_message *m;
    (void)host;
    assert(seq >= 1 && seq <= v->n);
    m = v->at[seq - 1];
    *out = (struct imap_message){ .uid = m->uid,
                                  .flags = m->flags | (m->recent == v ? IMAP_RECENT : 0u),
                                  .keywords = m->keywords,
                                  .internal_seconds = m->seconds,
                                  .zone_minutes = m->zone_minutes,
                                  .bytes = m->bytes,
                                  .size_octets = m->size,
                                  .modseq = m->modseq,
                                  .gone = m->gone };
}

static inline uint32_t mem_seq_at_uid(void *host, void *view, uint32_t uid)
{
    struct mem_view *v = view;
    uint32_t lo = 0, hi = v->n;
    (void)host;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (v->at[mid]->uid < uid)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo + 1;
}

static inline const char *mem_keyword(void *host, void *view, unsigned bit)
{
    (void)host;
    return ((struct mem_view *)view)->box->keyword[bit];
}

static inline void mem_apply(struct mem_view *v, const struct mem_change *c, struct imap_change *out)
{
    *out = (struct imap_change){ .kind = c->kind };
    for (uint32_t i = 0; i < v->n; i++)
        if (v->at[i] == c->m)
            out->seq = i + 1;
    if (c->kind == IMAP_CHANGE_EXPUNGE) {
        out->uid = c->m->uid;
        memmove(v->at + out->seq - 1, v->at + out->seq, (v->n - out->seq) * sizeof v->at[0]);
        v->n--;
    } else if (c->kind == IMAP_CHANGE_EXISTS) {
        v->at = realloc(v->at, (v->n + 2) * sizeof v->at[0]);
        v->at[v->n++] = c->m;
        if (!c->m->claimed) {
            c->m->recent = v;
            c->m->claimed = !v->read_only;
        }
        out->exists = v->n;
        for (uint32_t i = 0; i < v->n; i++)
            out->recent += v->at[i]->recent == v;
    }
}

static inline bool mem_next_change(void *host, void *view, bool expunges, struct imap_change *out)
{
    struct mem_view *v = view;
    (void)host;
    for (uint32_t i = 0; i < v->queued; i++) {
        struct mem_change c = v->queue[i];
        bool later = false;
        if (c.kind == IMAP_CHANGE_EXPUNGE && !expunges)
            continue;
        for (uint32_t j = 0; j < i; j++)
            later = later || v->queue[j].m == c.m;
        if (later)
            continue;
        memmove(v->queue + i, v->queue + i + 1, (v->queued - i - 1) * sizeof v->queue[0]);
        v->queued--;
        mem_apply(v, &c, out);
        return true;
    }
    return false;
}

static inline uint32_t mem_keywords(struct mem_store *st, struct mem_box *b,
                                    const struct imap_flag_list *list)
{
    uint32_t bits = 0;
    for (uint32_t k = 0; k < list->keywords; k++)
        for (unsigned i = 0; i < IMAP_KEYWORDS_MAX; i++) {
            if (b->keyword[i] == NULL) {
                char *copy = mem_own(st, calloc(1, list->keyword[k].len + 1));
                memcpy(copy, list->keyword[k].at, list->keyword[k].len);
                b->keyword[i] = copy;
            }
            if (wire_slice_is_nocase(list->keyword[k], b->keyword[i])) {
                bits |= 1u << i;
                break;
            }
        }
    return bits;
}

static inline enum imap_verdict mem_set_flags(void *host, void *view, uint32_t seq, enum imap_flag_mode mode,
                                              const struct imap_flag_list *list)
{
    struct mem_view *v = view;
    struct mem_message *m = v->at[seq - 1];
    uint32_t keywords = mem_keywords(((struct mem_session *)host)->store, v->box, list),
             old_keywords = m->keywords;
    unsigned old = m->flags;
    assert(!v->read_only);
    if (m->gone)
        return IMAP_EXPUNGE_ISSUED;
    if (mode == IMAP_FLAGS_ADD) {
        m->flags |= list->flags;
        m->keywords |= keywords;
    } else if (mode == IMAP_FLAGS_REMOVE) {
        m->flags &= ~list->flags;
        m->keywords &= ~keywords;
    } else {
        m->flags = list->flags;
        m->keywords = keywords;
    }
    if (old != m->flags || old_keywords != m->keywords) {
        m->modseq = ++v->box->modseq;
        mem_tell(v->box, v, IMAP_CHANGE_FLAGS, m);
    }
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_expunge(void *host, void *view, uint32_t seq)
{
    struct mem_view *v = view;
    (void)host;
    assert(!v->read_only);
    mem_remove(v->box, v->at[seq - 1]);
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_copy_begin(void *host, void *view, struct wire_slice to)
{
    struct mem_view *v = view;
    v->copy_to = mem_find(((struct mem_session *)host)->store, to);
    v->copied = 0;
    return v->copy_to && v->copy_to->exists ? IMAP_COMPLETED : IMAP_TRY_CREATE;
}

static inline enum imap_verdict mem_copy_message(void *host, void *view, uint32_t seq, uint32_t *uid)
{
    struct mem_view *v = view;
    struct mem_store *st = ((struct mem_session *)host)->store;
    uint64_t sum = v->at[seq - 1]->size;
    for (uint32_t i = 0; i < v->copied; i++)
        sum += v->copies[i]->size;
    if (st->quota_octets > 0 && sum > st->quota_octets)
        return IMAP_OVER_QUOTA;
    *uid = v->copy_to->uidnext + v->copied;
    v->copies = realloc(v->copies, (v->copied + 1) * sizeof v->copies[0]);
    v->copies[v->copied++] = v->at[seq - 1];
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_copy_end(void *host, void *view, bool commit, uint32_t *uidvalidity)
{
    struct mem_view *v = view;
    for (uint32_t i = 0; commit && i < v->copied; i++)
        mem_add(((struct mem_session *)host)->store, v->copy_to, v->copies[i]->bytes, v->copies[i]->size,
                v->copies[i]->flags, 0, v->copies[i]->seconds)
            ->zone_minutes = v->copies[i]->zone_minutes;
    *uidvalidity = v->copy_to->uidvalidity;
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_append_begin(void *host, const struct imap_append *a)
{
    struct mem_session *s = host;
    s->append_to = mem_find(s->store, a->mailbox);
    if (s->append_to == NULL || !s->append_to->exists)
        return IMAP_TRY_CREATE;
    if (s->store->quota_octets > 0 && a->size_octets > s->store->quota_octets)
        return IMAP_OVER_QUOTA;
    s->append = malloc((size_t)a->size_octets);
    s->append_cap = (size_t)a->size_octets;
    s->append_len = 0;
    s->append_flags = a->flags->flags;
    s->append_keywords = mem_keywords(s->store, s->append_to, a->flags);
    s->append_seconds = a->internal_seconds == IMAP_DATE_NONE ? s->store->now : a->internal_seconds;
    s->append_zone = a->zone_minutes;
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_append_data(void *host, const char *bytes, size_t len)
{
    struct mem_session *s = host;
    assert(s->append_len + len <= s->append_cap);
    memcpy(s->append + s->append_len, bytes, len);
    s->append_len += len;
    return IMAP_COMPLETED;
}

static inline enum imap_verdict mem_append_end(void *host, bool commit, uint32_t *uidvalidity, uint32_t *uid)
{
    struct mem_session *s = host;
    if (commit) {
        assert(s->append_len == s->append_cap);
        struct mem_message *m = mem_add(s->store, s->append_to, s->append, s->append_len, s->append_flags,
                                        s->append_keywords, s->append_seconds);
        m->zone_minutes = s->append_zone;
        *uid = m->uid;
        *uidvalidity = s->append_to->uidvalidity;
    }
    free(s->append);
    s->append = NULL;
    return IMAP_COMPLETED;
}

static inline uint64_t mem_known_modseq(void *host, void *view)
{
    const struct mem_view *v = view;
    uint64_t known = v->box->modseq;
    (void)host;
    for (uint32_t i = 0; i < v->n; i++)
        for (uint32_t k = 0; v->at[i]->gone && k < v->box->nvanished; k++)
            if (v->box->vanished[k].uid == v->at[i]->uid && v->box->vanished[k].modseq <= known)
                known = v->box->vanished[k].modseq - 1;
    return known;
}

static inline bool mem_vanished(void *host, void *view, uint64_t since, uint32_t from, uint32_t *lo,
                                uint32_t *hi)
{
    const struct mem_box *b = ((struct mem_view *)view)->box;
    (void)host;
    for (uint32_t i = 0; i < b->nvanished; i++)
        if (b->vanished[i].uid >= from && b->vanished[i].modseq > since) {
            *lo = *hi = b->vanished[i].uid;
            while (++i < b->nvanished && b->vanished[i].uid == *hi + 1 && b->vanished[i].modseq > since)
                ++*hi;
            return true;
        }
    return false;
}

static inline void mem_quota(void *host, uint64_t *used, uint64_t *limit)
{
    const struct mem_store *st = ((struct mem_session *)host)->store;
    *limit = st->quota_octets;
    for (uint32_t i = 0; i < st->boxes; i++)
        for (uint32_t k = 0; k < st->box[i].n; k++)
            *used += st->box[i].at[k]->size;
}

static inline void *mem_take(void *host, size_t octets)
{
    struct mem_store *st = ((struct mem_session *)host)->store;
    if (st->no_memory)
        return NULL;
    st->lent++;
    return malloc(octets);
}

static inline void mem_give(void *host, void *memory)
{
    ((struct mem_session *)host)->store->lent--;
    free(memory);
}

static const struct imap_store_ops mem_ops = {
    .mailbox_at = mem_mailbox_at,
    .create = mem_create,
    .remove = mem_delete,
    .rename = mem_rename,
    .subscribe = mem_subscribe,
    .status = mem_status,
    .open = mem_open,
    .close = mem_close,
    .exists = mem_exists,
    .message = mem_message,
    .seq_at_uid = mem_seq_at_uid,
    .keyword = mem_keyword,
    .next_change = mem_next_change,
    .set_flags = mem_set_flags,
    .expunge = mem_expunge,
    .copy_begin = mem_copy_begin,
    .copy_message = mem_copy_message,
    .copy_end = mem_copy_end,
    .append_begin = mem_append_begin,
    .append_data = mem_append_data,
    .append_end = mem_append_end,
    .known_modseq = mem_known_modseq,
    .vanished = mem_vanished,
    .quota = mem_quota,
    .take = mem_take,
    .give = mem_give,
};

static inline void mem_free(struct mem_store *st)
{
    for (uint32_t i = 0; i < st->boxes; i++) {
        free(st->box[i].at);
        free(st->box[i].vanished);
    }
    for (size_t i = 0; i < st->owns; i++)
        free(st->owned[i]);
    free(st);
}
#endif
