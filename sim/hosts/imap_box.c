/* The store as the IMAP engine wants it. */
#include "sim/hosts/imap_box_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct world *world_of(const struct imap_box *b)
{
    return b->auth.host->world;
}

static struct mailbox *box_named(struct imap_box *b, struct wire_slice name)
{
    struct mailbox *box = store_mailbox(b->auth.user, name);
    return box && !box->noselect ? box : NULL;
}

/* ---- keywords ---------------------------------------------------------------------------------------- */

/* The mailbox's bits for keyword names; new names get a bit while there is one. */
static uint32_t keyword_bits(struct mailbox *box, const struct imap_flag_list *list)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < list->keywords; i++) {
        int k = 0;
        if (!box->keyword)
            box->keyword = core_alloc(IMAP_KEYWORDS_MAX * sizeof(char *));
        while (k < IMAP_KEYWORDS_MAX && box->keyword[k] &&
               !wire_slice_is_nocase(list->keyword[i], box->keyword[k]))
            k++;
        if (k == IMAP_KEYWORDS_MAX)
            continue;
        if (!box->keyword[k]) {
            box->keyword[k] = core_alloc(list->keyword[i].len + 1);
            memcpy(box->keyword[k], list->keyword[i].at, list->keyword[i].len);
        }
        bits |= 1u << k;
    }
    return bits;
}

uint32_t imap_box_keywords_in(struct mailbox *to, const struct mailbox *from, uint32_t bits)
{
    struct imap_flag_list list = { .keywords = 0 };
    if (to == from || !bits)
        return bits;
    for (int k = 0; from && from->keyword && k < IMAP_KEYWORDS_MAX; k++)
        if (bits & 1u << k)
            list.keyword[list.keywords++] = wire_slice_str(from->keyword[k]);
    return keyword_bits(to, &list);
}

/* ---- views ------------------------------------------------------------------------------------------- */

static void status_of(const struct mailbox *box, struct imap_mailbox_status *out)
{
    *out = (struct imap_mailbox_status){ .messages = box->count,
                                         .uidnext = box->uidnext,
                                         .uidvalidity = box->uidvalidity,
                                         .permanent = IMAP_FLAGS_SETTABLE,
                                         .keywords_can_grow = true,
                                         .highest_modseq = box->modseq };
    for (uint32_t i = 0; i < box->count; i++) {
        out->size_octets += stored_len(box->message[i]);
        if (box->message[i]->flags & IMAP_DELETED) {
            out->deleted++;
            out->deleted_octets += stored_len(box->message[i]);
        }
        if (!box->message[i]->seen_new)
            out->recent++;
        if (!(box->message[i]->flags & IMAP_SEEN)) {
            out->unseen++;
            if (out->first_unseen == 0)
                out->first_unseen = i + 1;
        }
    }
}

static enum imap_verdict op_status(void *host, struct wire_slice name, struct imap_mailbox_status *out)
{
    struct mailbox *box = box_named(host, name);
    if (!box)
        return IMAP_NO_MAILBOX;
    status_of(box, out);
    return IMAP_COMPLETED;
}

/* Takes what the mailbox has and the view has not. Returns how many came. */
static uint32_t view_take_new(struct view *v)
{
    uint32_t last = v->count > 0 ? v->entry[v->count - 1].stored->uid : 0, from, n;
    if (!v->box)
        return 0;
    from = v->box->count;
    while (from > 0 && v->box->message[from - 1]->uid > last)
        from--;
    n = v->box->count - from;
    if (n == 0)
        return 0;
    if (v->count + n > v->cap) {
        v->cap = (v->count + n) * 2;
        v->entry = core_realloc(v->entry, v->cap * sizeof *v->entry);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct stored *m = v->box->message[from + i];
        m->refs++;
        v->entry[v->count++] = (struct view_entry){ .stored = m, .recent = !m->seen_new };
        if (!v->read_only)
            m->seen_new = true;
    }
    return n;
}

static uint32_t view_recent(const struct view *v)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->count; i++)
        n += v->entry[i].recent;
    return n;
}

static enum imap_verdict op_open(void *host, struct wire_slice name, bool read_only,
                                 struct imap_mailbox_status *out, void **view)
{
    struct imap_box *b = host;
    struct mailbox *box = box_named(b, name);
    struct view *v;
    if (!box)
        return IMAP_NO_MAILBOX;
    status_of(box, out);
    v = store_view_open(box, read_only);
    v->wake = b->wake;
    v->ctx = b->wake_ctx;
    view_take_new(v);
    out->read_only = read_only;
    out->recent = view_recent(v);
    *view = v;
    return IMAP_COMPLETED;
}

static void op_close(void *host, void *view)
{
    (void)host;
    store_view_close(view);
}

static uint32_t op_exists(void *host, void *view)
{
    struct view *v = view;
    (void)host;
    return v->count;
}

static void op_message(void *host, void *view, uint32_t seq, struct imap_message *out)
{
    struct view *v = view;
    const struct view_entry *e = &v->entry[seq - 1];
    (void)host;
    assert(seq >= 1 && seq <= v->count);
    *out = (struct imap_message){ .uid = e->stored->uid,
                                  .flags = e->stored->flags | (e->recent ? IMAP_RECENT : 0u),
                                  .keywords = e->stored->keywords,
                                  .internal_seconds = e->stored->date_s,
                                  .zone_minutes = e->stored->zone_min,
                                  .bytes = stored_octets(e->stored),
                                  .size_octets = stored_len(e->stored),
                                  .modseq = e->stored->modseq,
                                  .gone = e->stored->gone };
}

static uint32_t op_seq_at_uid(void *host, void *view, uint32_t uid)
{
    struct view *v = view;
    uint32_t low = 0, high = v->count;
    (void)host;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (v->entry[mid].stored->uid < uid)
            low = mid + 1;
        else
            high = mid;
    }
    return low + 1;
}

static const char *op_keyword(void *host, void *view, unsigned bit)
{
    struct view *v = view;
    (void)host;
    return v->box && v->box->keyword && bit < IMAP_KEYWORDS_MAX ? v->box->keyword[bit] : NULL;
}

static bool op_next_change(void *host, void *view, bool expunges, struct imap_change *out)
{
    struct view *v = view;
    uint32_t i;
    (void)host;
    if (!v->box) {
        *out = (struct imap_change){ .kind = IMAP_CHANGE_GONE };
        return true;
    }
    if (v->gone > 0 && expunges) {
        for (i = 0; !v->entry[i].stored->gone; i++) {
        }
        *out =
            (struct imap_change){ .kind = IMAP_CHANGE_EXPUNGE, .seq = i + 1, .uid = v->entry[i].stored->uid };
        v->gone--;
        v->dirty -= v->entry[i].dirty;
        stored_drop(v->world, v->entry[i].stored);
        memmove(&v->entry[i], &v->entry[i + 1], (v->count - i - 1) * sizeof *v->entry);
        v->count--;
        return true;
    }
    if (v->dirty > 0) {
        for (i = 0; i < v->count; i++) {
            if (!v->entry[i].dirty)
                continue;
            v->entry[i].dirty = false;
            v->dirty--;
            *out = (struct imap_change){ .kind = IMAP_CHANGE_FLAGS, .seq = i + 1 };
            return true;
        }
    }
    if (view_take_new(v) > 0) {
        *out =
            (struct imap_change){ .kind = IMAP_CHANGE_EXISTS, .exists = v->count, .recent = view_recent(v) };
        return true;
    }
    return false;
}

static enum imap_verdict op_set_flags(void *host, void *view, uint32_t seq, enum imap_flag_mode mode,
                                      const struct imap_flag_list *list)
{
    struct imap_box *b = host;
    struct view *v = view;
    struct stored *m = v->entry[seq - 1].stored;
    uint32_t flags = list->flags & IMAP_FLAGS_SETTABLE, keywords, before = m->flags, before_k = m->keywords;
    if (v->read_only)
        return IMAP_READ_ONLY;
    if (!v->box)
        return IMAP_NO_MAILBOX;
    if (m->gone)
        return IMAP_EXPUNGE_ISSUED;
    keywords = keyword_bits(v->box, list);
    if (mode == IMAP_FLAGS_ADD) {
        m->flags |= flags;
        m->keywords |= keywords;
    } else if (mode == IMAP_FLAGS_REMOVE) {
        m->flags &= ~flags;
        m->keywords &= ~keywords;
    } else {
        m->flags = flags;
        m->keywords = keywords;
    }
    if (m->flags != before || m->keywords != before_k) {
        store_flags_changed(v->box, m, v);
        store_tell(b->auth.user, v->box, TRACE_IMAP, "flags", m);
    }
    return IMAP_COMPLETED;
}

static enum imap_verdict op_expunge(void *host, void *view, uint32_t seq)
{
    struct imap_box *b = host;
    struct view *v = view;
    struct stored *m = v->entry[seq - 1].stored;
    if (v->read_only)
        return IMAP_READ_ONLY;
    if (v->box && !m->gone) {
        store_remove(v->box, m); /* the view's own hold keeps it */
        store_tell(b->auth.user, v->box, TRACE_IMAP, "expunged", m);
    }
    return IMAP_COMPLETED;
}

/* ---- copy and append ----------------------------------------------------------------------------------- */

static enum imap_verdict op_copy_begin(void *host, void *view, struct wire_slice to)
{
    struct imap_box *b = host;
    (void)view;
    b->into = box_named(b, to);
    b->ncopied = 0;
    return b->into ? IMAP_COMPLETED : IMAP_TRY_CREATE;
}

static enum imap_verdict op_copy_message(void *host, void *view, uint32_t seq, uint32_t *uid)
{
    struct imap_box *b = host;
    struct view *v = view;
    struct stored *m = v->entry[seq - 1].stored;
    uint32_t keywords = imap_box_keywords_in(b->into, v->box, m->keywords);
    enum store_verdict verdict = store_add(b->into, m->mail, m->before, m->flags, keywords, m->date_s, uid);
    if (verdict != STORE_OK)
        return verdict == STORE_OVER_QUOTA ? IMAP_OVER_QUOTA : IMAP_LIMIT;
    if ((b->ncopied & (b->ncopied + 1)) == 0 || !b->copied) /* room for 1, 3, 7, ... */
        b->copied = core_realloc(b->copied, (b->ncopied + 1) * 2 * sizeof(struct stored *));
    b->copied[b->ncopied] = b->into->message[b->into->count - 1];
    b->copied[b->ncopied++]->zone_min = m->zone_min;
    store_tell(b->auth.user, b->into, TRACE_IMAP, "stored", b->copied[b->ncopied - 1]);
    return IMAP_COMPLETED;
}

static enum imap_verdict op_copy_end(void *host, void *view, bool commit, uint32_t *uidvalidity)
{
    struct imap_box *b = host;
    (void)view;
    if (!commit)
        while (b->ncopied > 0)
            store_remove(b->into, b->copied[--b->ncopied]);
    if (uidvalidity && b->into)
        *uidvalidity = b->into->uidvalidity;
    free(b->copied);
    b->copied = NULL;
    b->ncopied = 0;
    b->into = NULL;
    return IMAP_COMPLETED;
}

static enum imap_verdict op_append_begin(void *host, const struct imap_append *what)
{
    struct imap_box *b = host;
    b->into = box_named(b, what->mailbox);
    if (!b->into)
        return IMAP_TRY_CREATE;
    if (!store_has_room(b->auth.user, what->size_octets)) {
        b->into = NULL;
        return IMAP_OVER_QUOTA;
    }
    if (mail_room_full(&world_of(b)->mails, 0)) {
        b->into = NULL;
        return IMAP_LIMIT;
    }
    b->incoming =
        mail_new(&world_of(b)->mails, what->size_octets < 65536 ? (size_t)what->size_octets : 65536);
    b->flags = what->flags ? what->flags->flags : 0;
    b->keywords = what->flags ? keyword_bits(b->into, what->flags) : 0;
    b->date_s =
        what->internal_seconds == IMAP_DATE_NONE ? world_seconds(world_of(b)) : what->internal_seconds;
    b->zone_min = what->zone_minutes;
    return IMAP_COMPLETED;
}

static enum imap_verdict op_append_data(void *host, const char *bytes, size_t len)
{
    struct imap_box *b = host;
    if (mail_room_full(&world_of(b)->mails, b->incoming->len + len))
        return IMAP_LIMIT;
    mail_append(&world_of(b)->mails, b->incoming, bytes, len);
    return IMAP_COMPLETED;
}

static enum imap_verdict op_append_end(void *host, bool commit, uint32_t *uidvalidity, uint32_t *uid)
{
    struct imap_box *b = host;
    enum store_verdict verdict = STORE_OK;
    if (commit && b->into) {
        verdict = store_add(b->into, b->incoming, 0, b->flags, b->keywords, b->date_s, uid);
        *uidvalidity = b->into->uidvalidity;
        if (verdict == STORE_OK) {
            struct stored *m = b->into->message[b->into->count - 1];
            m->zone_min = b->zone_min;
            store_tell(b->auth.user, b->into, TRACE_IMAP, "stored", m);
        }
    }
    mail_drop(&world_of(b)->mails, b->incoming);
    b->incoming = NULL;
    b->into = NULL;
    return verdict == STORE_OK ? IMAP_COMPLETED : verdict == STORE_OVER_QUOTA ? IMAP_OVER_QUOTA : IMAP_LIMIT;
}

/* ---- numbered changes, quota --------------------------------------------------------------------------- */

static uint64_t op_known_modseq(void *host, void *view)
{
    struct view *v = view;
    uint64_t known;
    uint32_t waiting = v->gone;
    (void)host;
    if (!v->box)
        return 0;
    known = v->box->modseq;
    for (uint32_t i = 0; waiting > 0; i++) {
        const struct stored *m = v->entry[i].stored;
        uint64_t modseq;
        if (!m->gone)
            continue;
        modseq = store_vanished_modseq(v->box, m->uid);
        if (modseq <= 1) /* forgotten: nothing is sure but the beginning */
            return 1;
        if (known >= modseq)
            known = modseq - 1;
        waiting--;
    }
    return known;
}

static bool op_vanished(void *host, void *view, uint64_t since, uint32_t from, uint32_t *lo, uint32_t *hi)
{
    struct view *v = view;
    (void)host;
    return v->box && store_vanished(v->box, since, from, lo, hi);
}

static void op_quota(void *host, uint64_t *used_octets, uint64_t *limit_octets)
{
    struct imap_box *b = host;
    *used_octets = b->auth.user->used_octets;
    *limit_octets = store_limit(b->auth.user);
}

void imap_box_end(struct imap_box *b)
{
    mail_drop(&world_of(b)->mails, b->incoming);
    b->incoming = NULL;
    free(b->copied);
    b->copied = NULL;
    service_auth_end(&b->auth);
}

static void *op_take(void *host, size_t octets)
{
    (void)host;
    return core_alloc(octets);
}

static void op_give(void *host, void *memory)
{
    (void)host;
    free(memory);
}

const struct imap_store_ops imap_box_ops = { .mailbox_at = imap_names_at,
                                             .create = imap_names_create,
                                             .remove = imap_names_remove,
                                             .rename = imap_names_rename,
                                             .subscribe = imap_names_subscribe,
                                             .status = op_status,
                                             .open = op_open,
                                             .close = op_close,
                                             .exists = op_exists,
                                             .message = op_message,
                                             .seq_at_uid = op_seq_at_uid,
                                             .keyword = op_keyword,
                                             .next_change = op_next_change,
                                             .set_flags = op_set_flags,
                                             .expunge = op_expunge,
                                             .copy_begin = op_copy_begin,
                                             .copy_message = op_copy_message,
                                             .copy_end = op_copy_end,
                                             .append_begin = op_append_begin,
                                             .append_data = op_append_data,
                                             .append_end = op_append_end,
                                             .known_modseq = op_known_modseq,
                                             .vanished = op_vanished,
                                             .quota = op_quota,
                                             .take = op_take,
                                             .give = op_give };
