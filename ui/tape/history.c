/* What there was at any place: the records are read once, and each is filed under the thing that it changed.
 */
#include "ui/tape/record.h"
#include "ui/tape/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"

/* How many things there are, from a record on. */
struct tally {
    struct tape_list at; /* records at which the number changed */
    uint32_t *count;     /* the number from then on */
    size_t cap;
    uint32_t now;
};

struct place {
    struct history_list list[HISTORY_KINDS];
    struct tally tally[HISTORY_KINDS];
    struct tape_list log;
};

struct slot {
    uint32_t hash;
    struct history_thing *thing;
};

struct history {
    const struct tape *tape; /* borrowed */
    struct keep keep;        /* things and their names */
    struct place *host;      /* [0..nhosts] */
    size_t nhosts;
    struct slot *slot; /* a power of two of them */
    size_t slots, n, lists_octets;
};

/* ---- finding a thing ------------------------------------------------------------------------------------
 */

struct key {
    enum history_kind kind;
    uint32_t host, number;
    const char *name, *part;
};

static uint32_t hash_of(const struct key *k)
{
    uint32_t hash = 2166136261u ^ (uint32_t)k->kind;
    hash = (hash ^ k->host) * 16777619u;
    hash = (hash ^ k->number) * 16777619u;
    hash ^= hash >> 15;
    for (const char *at = k->name; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    hash = (hash ^ '/') * 16777619u;
    for (const char *at = k->part; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return hash ^ hash >> 13;
}

static bool is_key(const struct history_thing *x, const struct key *k)
{
    return x->kind == k->kind && x->host == k->host && x->number == k->number &&
           strcmp(x->name, k->name) == 0 && strcmp(x->part, k->part) == 0;
}

static size_t slot_of(const struct history *h, const struct key *k, uint32_t hash)
{
    size_t at = hash & (h->slots - 1);
    while (h->slot[at].thing && (h->slot[at].hash != hash || !is_key(h->slot[at].thing, k)))
        at = (at + 1) & (h->slots - 1);
    return at;
}

static void grow(struct history *h)
{
    struct slot *old = h->slot;
    size_t slots = h->slots;
    h->slots = slots ? slots * 2 : 256;
    h->slot = keep_alloc(h->slots * sizeof *h->slot);
    for (size_t i = 0; i < slots; i++) {
        size_t at = old[i].hash & (h->slots - 1);
        if (!old[i].thing)
            continue;
        while (h->slot[at].thing)
            at = (at + 1) & (h->slots - 1);
        h->slot[at] = old[i];
    }
    free(old);
}

static void list_add(struct history *h, struct tape_list *l, uint32_t seq)
{
    size_t before = l->cap;
    if (l->n && l->seq[l->n - 1] == seq)
        return;
    l->seq = keep_grow(l->seq, &l->cap, l->n + 1, sizeof *l->seq);
    l->seq[l->n++] = seq;
    h->lists_octets += (l->cap - before) * sizeof *l->seq;
}

/* The thing of this key; it is made if there is none. */
static struct history_thing *thing(struct history *h, const struct key *k)
{
    uint32_t hash = hash_of(k);
    struct history_thing *x;
    struct history_list *list;
    size_t at;
    if ((h->n + 1) * 2 > h->slots)
        grow(h);
    at = slot_of(h, k, hash);
    if (h->slot[at].thing)
        return h->slot[at].thing;
    x = keep_take(&h->keep, sizeof *x);
    x->kind = k->kind;
    x->host = k->host;
    x->number = k->number;
    x->name = keep_text(&h->keep, k->name, strlen(k->name));
    x->part = keep_text(&h->keep, k->part, strlen(k->part));
    h->slot[at] = (struct slot){ hash, x };
    h->n++;
    list = &h->host[k->host].list[k->kind];
    list->thing = keep_grow(list->thing, &list->cap, list->n + 1, sizeof(struct history_thing *));
    list->thing[list->n++] = x;
    return x;
}

static void adopt(struct history_thing *parent, struct history_thing *child)
{
    if (child->change.n) /* it has been adopted with its first record */
        return;
    if (parent->last_child)
        parent->last_child->next = child;
    else
        parent->first_child = child;
    parent->last_child = child;
}

/* ---- filing records -------------------------------------------------------------------------------------
 */

static void count(struct tally *t, uint32_t seq, int by)
{
    t->now = (uint32_t)((int64_t)t->now + by);
    if (t->at.n == 0 || t->at.seq[t->at.n - 1] != seq) {
        t->at.seq = keep_grow(t->at.seq, &t->at.cap, t->at.n + 1, sizeof *t->at.seq);
        t->count = keep_grow(t->count, &t->cap, t->at.n + 1, sizeof *t->count);
        t->at.seq[t->at.n++] = seq;
    }
    t->count[t->at.n - 1] = t->now;
}

static bool is_there_now(const struct history_thing *x)
{
    return x->turn.n % 2 == 1;
}

/* The record changed it, and it is there afterwards or not. */
static void changed(struct history *h, struct history_thing *x, uint32_t seq, bool there)
{
    list_add(h, &x->change, seq);
    if (is_there_now(x) == there)
        return;
    if (x->turn.n && x->turn.seq[x->turn.n - 1] == seq)
        x->turn.n--; /* it came and went with one record: nobody could see it */
    else
        list_add(h, &x->turn, seq);
    count(&h->host[x->host].tally[x->kind], seq, there ? 1 : -1);
}

static bool among(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static void file_mail(struct history *h, const struct trace_record *r)
{
    const char *id = record_attr(r, "message_id");
    if (*id)
        changed(h, thing(h, &(struct key){ HISTORY_MAIL, 0, 0, id, "" }), (uint32_t)r->seq, true);
}

static void file_queue(struct history *h, const struct trace_record *r)
{
    const char *event = record_attr(r, "event"), *id = record_attr(r, "queue_id"), *to = record_attr(r, "to");
    static const char *const outcomes[] = { "sent", "deferred", "bounced", "expired", NULL };
    struct history_thing *item = thing(h, &(struct key){ HISTORY_QUEUE, r->host, 0, id, "" }), *one;
    bool there = strcmp(event, "removed") != 0 && strcmp(event, "loop") != 0;
    uint32_t seq = (uint32_t)r->seq;
    changed(h, item, seq, there);
    if (among(event, outcomes)) {
        one = thing(h, &(struct key){ HISTORY_RECIPIENT, r->host, 0, id, to });
        adopt(item, one);
        changed(h, one, seq, true);
    }
    for (one = there ? NULL : item->first_child; one; one = one->next)
        if (is_there_now(one))
            changed(h, one, seq, false);
    file_mail(h, r);
}

static void file_mailbox(struct history *h, const struct trace_record *r)
{
    const char *event = record_attr(r, "event"), *user = record_attr(r, "user"),
               *name = record_attr(r, "mailbox");
    struct history_thing *box = thing(h, &(struct key){ HISTORY_MAILBOX, r->host, 0, user, name }), *one;
    uint32_t seq = (uint32_t)r->seq, uid = (uint32_t)record_number(r, "uid", 0);
    bool deleted = strcmp(event, "deleted") == 0;
    changed(h, box, seq, !deleted);
    if (deleted) {
        for (one = box->first_child; one; one = one->next)
            if (is_there_now(one))
                changed(h, one, seq, false);
    } else if (uid && strcmp(event, "over-quota") != 0) {
        one = thing(h, &(struct key){ HISTORY_MESSAGE, r->host, uid, user, name });
        adopt(box, one);
        changed(h, one, seq, strcmp(event, "expunged") != 0);
    }
    file_mail(h, r);
}

static void file_cache(struct history *h, const struct trace_record *r)
{
    static const char *const kept[] = { "stored", "negative", "replaced", NULL }, *const gone[] = { "expired",
                                                                                                    "evicted",
                                                                                                    NULL };
    const char *event = record_attr(r, "event");
    bool there = among(event, kept);
    if (there || among(event, gone))
        changed(h,
                thing(h, &(struct key){ HISTORY_CACHE, r->host, 0, record_attr(r, "name"),
                                        record_attr(r, "type") }),
                (uint32_t)r->seq, there);
}

static void file_neighbour(struct history *h, const struct trace_record *r)
{
    changed(h, thing(h, &(struct key){ HISTORY_NEIGHBOUR, r->host, r->link, record_attr(r, "address"), "" }),
            (uint32_t)r->seq, strcmp(record_attr(r, "state"), "none") != 0);
}

static void file_tcp(struct history *h, const struct trace_record *r)
{
    if (r->conn)
        changed(h, thing(h, &(struct key){ HISTORY_TCP, r->host, r->conn, "", "" }), (uint32_t)r->seq,
                strcmp(record_attr(r, "to"), "CLOSED") != 0);
}

static void file_session(struct history *h, const struct trace_record *r)
{
    static const char *const over[] = { "disconnect", "lost", "timeout", "connect-failed", NULL };
    if (r->conn)
        changed(h, thing(h, &(struct key){ HISTORY_SESSION, r->host, r->conn, "", "" }), (uint32_t)r->seq,
                !among(record_attr(r, "event"), over));
}

/* ---- the whole ------------------------------------------------------------------------------------------
 */

static void file_kind(struct history *h, enum trace_kind kind,
                      void (*file)(struct history *h, const struct trace_record *r))
{
    const struct tape_list *list = tape_of_kind(h->tape, kind);
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++)
        if (tape_get(h->tape, list->seq[i], &r) && r.host < h->nhosts)
            file(h, &r);
}

static void file_log(struct history *h, uint32_t host)
{
    const struct tape_list *all = tape_of_host(h->tape, host);
    for (size_t i = 0; all && i < all->n; i++) {
        enum trace_kind kind = tape_kind(h->tape, all->seq[i]);
        if (kind != TRACE_KIND_CONTENT && kind != TRACE_KIND_TCP_STATE && kind != TRACE_KIND_NEIGHBOUR)
            list_add(h, &h->host[host].log, all->seq[i]);
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return one < other ? -1 : one > other;
}

/* One message's records come from three kinds: their numbers are put in order. */
static void sort_mail(struct history *h)
{
    struct history_list *all = &h->host[0].list[HISTORY_MAIL];
    for (size_t m = 0; m < all->n; m++) {
        struct tape_list *l = &all->thing[m]->change;
        qsort(l->seq, l->n, sizeof *l->seq, by_number);
        all->thing[m]->turn.seq[0] = l->seq[0];
    }
}

static int by_first(const void *a, const void *b)
{
    const struct history_thing *const *x = a, *const *y = b;
    uint32_t one = (*x)->change.seq[0], other = (*y)->change.seq[0];
    return one < other ? -1 : one > other;
}

struct history *history_new(const struct tape *t)
{
    struct history *h = keep_alloc(sizeof *h);
    const struct trace_opening *o = tape_opening(t);
    struct history_list *mail;
    h->tape = t;
    h->nhosts = (o ? o->nhosts : 0) + 1;
    h->host = keep_alloc(h->nhosts * sizeof *h->host);
    grow(h);
    file_kind(h, TRACE_KIND_CLIENT, file_mail);
    file_kind(h, TRACE_KIND_QUEUE, file_queue);
    file_kind(h, TRACE_KIND_MAILBOX, file_mailbox);
    file_kind(h, TRACE_KIND_CACHE, file_cache);
    file_kind(h, TRACE_KIND_NEIGHBOUR, file_neighbour);
    file_kind(h, TRACE_KIND_TCP_STATE, file_tcp);
    file_kind(h, TRACE_KIND_SESSION, file_session);
    for (uint32_t host = 1; host < h->nhosts; host++)
        file_log(h, host);
    sort_mail(h);
    mail = &h->host[0].list[HISTORY_MAIL];
    if (mail->n)
        qsort(mail->thing, mail->n, sizeof(struct history_thing *), by_first);
    return h;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->nhosts; i++) {
        free(h->host[i].log.seq);
        for (int k = 0; k < HISTORY_KINDS; k++) {
            struct history_list *list = &h->host[i].list[k];
            for (size_t n = 0; n < list->n; n++) {
                free(list->thing[n]->change.seq);
                free(list->thing[n]->turn.seq);
            }
            free(list->thing);
            free(h->host[i].tally[k].at.seq);
            free(h->host[i].tally[k].count);
        }
    }
    free(h->host);
    free(h->slot);
    keep_free(&h->keep);
    free(h);
}

size_t history_octets(const struct history *h)
{
    size_t octets = sizeof *h + h->keep.octets + h->nhosts * sizeof *h->host + h->slots * sizeof *h->slot +
                    h->lists_octets;
    for (size_t i = 0; i < h->nhosts; i++)
        for (int k = 0; k < HISTORY_KINDS; k++)
            octets += h->host[i].list[k].cap * sizeof(struct history_thing *) +
                      (h->host[i].tally[k].at.cap + h->host[i].tally[k].cap) * sizeof(uint32_t);
    return octets;
}

/* ---- questions ------------------------------------------------------------------------------------------
 */

const struct history_list *history_of_host(const struct history *h, enum history_kind kind, uint32_t host)
{
    static const struct history_list none;
    return host < h->nhosts ? &h->host[host].list[kind] : &none;
}

const struct tape_list *history_log(const struct history *h, uint32_t host)
{
    static const struct tape_list none;
    return host < h->nhosts ? &h->host[host].log : &none;
}

size_t history_begun(const struct history_list *list, uint32_t place)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->thing[middle]->change.seq[0] <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct history_thing *history_find(const struct history *h, enum history_kind kind, uint32_t host,
                                         const char *name, const char *part, uint32_t number)
{
    struct key k = { kind, host, number, name, part };
    return h->slot[slot_of(h, &k, hash_of(&k))].thing;
}

uint32_t history_at(const struct history_thing *x, uint32_t place)
{
    ptrdiff_t i = tape_find(&x->change, place);
    return i < 0 ? 0 : x->change.seq[i];
}

bool history_is_there(const struct history_thing *x, uint32_t place)
{
    return (tape_find(&x->turn, place) + 1) % 2 == 1;
}

struct history_counts history_counts(const struct history *h, uint32_t host, uint32_t place)
{
    uint32_t n[HISTORY_KINDS] = { 0 };
    for (int k = 0; k < HISTORY_KINDS && host < h->nhosts; k++) {
        const struct tally *t = &h->host[host].tally[k];
        ptrdiff_t i = tape_find(&t->at, place);
        n[k] = i < 0 ? 0 : t->count[i];
    }
    return (struct history_counts){ .queue = n[HISTORY_QUEUE],
                                    .mailboxes = n[HISTORY_MAILBOX],
                                    .messages = n[HISTORY_MESSAGE],
                                    .cache = n[HISTORY_CACHE],
                                    .neighbours = n[HISTORY_NEIGHBOUR],
                                    .connections = n[HISTORY_TCP] };
}
