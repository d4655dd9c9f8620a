/* The mailboxes of one host. */
#include "sim/hosts/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/imap/imap_store.h"
#include "protocols/wire/message.h"
#include "sim/hosts/letter.h"
#include "sim/hosts/tell.h"

static uint32_t name_hash(struct wire_slice name)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)wire_to_lower(name.at[i])) * 16777619u;
    return h;
}

static struct world *world_of(const struct mailbox *box)
{
    return box->user->store->host->world;
}

static void mailbox_init(struct mailbox *box, struct user *u, char *name)
{
    *box = (struct mailbox){ .user = u, .name = name, .uidnext = 1, .subscribed = true, .modseq = 1 };
    box->uidvalidity = u->store->uidvalidity_next++;
}

/* An empty table for so many users. */
static void hash_make(struct store *s, size_t users)
{
    uint32_t size = 4;
    while (size < users * 2)
        size *= 2;
    s->mask = size - 1;
    s->hash = core_arena_take(&s->host->world->arena, size * sizeof(struct user *));
}

static void hash_put(struct store *s, struct user *u)
{
    struct user **head = &s->hash[name_hash(wire_slice_str(u->spec->name)) & s->mask];
    u->next_hash = *head;
    *head = u;
}

static void user_init(struct store *s, struct user *u, const struct spec_user *spec)
{
    static char inbox[] = "INBOX";
    u->spec = spec;
    u->store = s;
    mailbox_init(&u->inbox, u, inbox);
    hash_put(s, u);
    for (size_t k = 0; k < spec->nmailboxes; k++)
        store_mailbox_create(u, wire_slice_str(spec->mailboxes[k]));
}

struct store *store_new(struct host *host, const struct spec_store *spec)
{
    struct world *w = host->world;
    struct store *s = core_arena_take(&w->arena, sizeof *s);
    s->host = host;
    hash_make(s, spec->nusers);
    s->users = core_arena_take(&w->arena, spec->nusers * sizeof *s->users);
    s->nusers = spec->nusers;
    /* A number that only grows, even when a mailbox is made anew: RFC 3501 section 2.3.1.1. */
    s->uidvalidity_next = (uint32_t)w->spec->epoch_s;
    for (size_t i = 0; i < spec->nusers; i++)
        user_init(s, &s->users[i], &spec->users[i]);
    return s;
}

/* Those who are gone among them. */
static struct user *find_user(struct store *s, struct wire_slice name)
{
    struct user *u = s->hash[name_hash(name) & s->mask];
    while (u && !wire_slice_is_nocase(name, u->spec->name))
        u = u->next_hash;
    return u;
}

struct user *store_user(struct store *s, struct wire_slice name)
{
    struct user *u = find_user(s, name);
    return u && !u->gone ? u : NULL;
}

/* Those who are gone among them. */
static struct user *next_user(struct store *s, const struct user *after)
{
    struct user_more *more = s->more;
    if (!after && s->nusers > 0)
        return s->users;
    if (after && after >= s->users && after < s->users + s->nusers) {
        if (after + 1 < s->users + s->nusers)
            return s->users + (after - s->users) + 1;
    } else if (after) {
        more = CORE_OWNER(after, struct user_more, user)->next;
    }
    return more ? &more->user : NULL;
}

struct user *store_next(struct store *s, const struct user *after)
{
    struct user *u = next_user(s, after);
    while (u && u->gone)
        u = next_user(s, u);
    return u;
}

static void user_add(struct store *s, const struct spec_user *spec)
{
    struct user_more *more = core_arena_take(&s->host->world->arena, sizeof *more);
    if (s->more_last)
        s->more_last->next = more;
    else
        s->more = more;
    s->more_last = more;
    user_init(s, &more->user, spec);
}

void store_reload(struct store *s, const struct spec_store *spec)
{
    for (struct user *u = next_user(s, NULL); u; u = next_user(s, u))
        u->gone = true;
    if (spec->nusers > s->mask) {
        hash_make(s, spec->nusers);
        for (struct user *u = next_user(s, NULL); u; u = next_user(s, u))
            hash_put(s, u);
    }
    for (size_t i = 0; i < spec->nusers; i++) {
        const struct spec_user *to = &spec->users[i];
        struct user *u = find_user(s, wire_slice_str(to->name));
        if (!u) {
            user_add(s, to);
            continue;
        }
        if (!to->password || !u->spec->password || strcmp(to->password, u->spec->password) != 0)
            u->scram = NULL; /* the keys were made from the old one */
        u->spec = to;
        u->gone = false;
    }
}

bool store_password_is(const struct user *u, struct wire_slice password)
{
    return u->spec->password && wire_slice_is(password, u->spec->password);
}

void store_set_full(struct user *u, bool full)
{
    u->full = full;
}

uint64_t store_limit(const struct user *u)
{
    if (u->full) /* 0 would be no limit */
        return u->used_octets ? u->used_octets : 1;
    return u->spec->quota_octets;
}

bool store_has_room(const struct user *u, uint64_t octets)
{
    uint64_t limit = u->spec->quota_octets;
    return !u->full && (limit == 0 || u->used_octets + octets <= limit);
}

/* ---- messages --------------------------------------------------------------------------------- */

void stored_drop(struct world *w, struct stored *m)
{
    if (--m->refs > 0)
        return;
    mail_drop(&w->mails, m->mail);
    core_pool_give(&w->stored, m);
}

const char *store_domain(const struct store *s)
{
    const struct spec_host *h = s->host->spec;
    if (h->mta && h->mta->nlocal_domains > 0)
        return h->mta->local_domains[0];
    return h->fqdn ? h->fqdn : h->name;
}

void store_tell(struct user *u, const struct mailbox *box, enum trace_proto proto, const char *event,
                const struct stored *m)
{
    struct host *host = u->store->host;
    struct trace_record r;
    struct wire_slice id;
    char message_id[256], flags[128], address[400];
    if (!tell_state(&r, host, TRACE_KIND_MAILBOX, event))
        return;
    r.proto = proto;
    trace_attr_str(&r, "daemon", proto == TRACE_NONE ? "lmtp" : trace_proto_name(proto));
    trace_attr_str(&r, "user", u->spec->name);
    snprintf(address, sizeof address, "%.128s@%.255s", u->spec->name, store_domain(u->store));
    trace_attr_str(&r, "address", address);
    trace_attr_str(&r, "mailbox", box->name);
    if (m) {
        trace_attr_num(&r, "uid", m->uid);
        trace_attr_num(&r, "size", (int64_t)stored_len(m));
        id = wire_field_body(stored_octets(m), stored_len(m), "Message-ID");
        snprintf(message_id, sizeof message_id, "%.*s", (int)(id.len < 255 ? id.len : 255),
                 id.at ? id.at : "");
        trace_attr_str(&r, "message_id", message_id);
        snprintf(flags, sizeof flags, "%s%s%s%s%s", m->flags & IMAP_SEEN ? "\\Seen " : "",
                 m->flags & IMAP_ANSWERED ? "\\Answered " : "", m->flags & IMAP_FLAGGED ? "\\Flagged " : "",
                 m->flags & IMAP_DELETED ? "\\Deleted " : "", m->flags & IMAP_DRAFT ? "\\Draft " : "");
        if (flags[0])
            flags[strlen(flags) - 1] = '\0';
        trace_attr_str(&r, "flags", flags);
    }
    trace_attr_num(&r, "messages", box->count);
    trace_attr_num(&r, "octets", (int64_t)u->used_octets);
    tell_send(&r, host, true);
}

static void views_wake(struct mailbox *box)
{
    for (struct view *v = box->views; v; v = v->next)
        if (v->wake)
            v->wake(v->ctx);
}

enum store_verdict store_add(struct mailbox *box, struct mail *mail, uint32_t before, uint32_t flags,
                             uint32_t keywords, int64_t date_s, uint32_t *uid)
{
    struct user *u = box->user;
    struct world *w = world_of(box);
    struct stored *m;
    if (!store_has_room(u, mail->len + before))
        return STORE_OVER_QUOTA;
    if (box->count == STORE_MESSAGES_MAX)
        return STORE_FULL;
    if (box->count == box->cap) {
        box->cap = box->cap ? box->cap * 2 : 4;
        box->message = core_realloc(box->message, box->cap * sizeof(struct stored *));
    }
    m = core_pool_take(&w->stored);
    *m = (struct stored){ .mail = mail_hold(mail),
                          .uid = box->uidnext++,
                          .refs = 1,
                          .flags = flags,
                          .keywords = keywords,
                          .before = before,
                          .date_s = date_s,
                          .modseq = ++box->modseq };
    box->message[box->count++] = m;
    u->used_octets += stored_len(m);
    if (uid)
        *uid = m->uid;
    if (box->views)
        views_wake(box);
    return STORE_OK;
}

/* ---- what vanished: ranges by uid, so that a client is told in the order of its copy ---- */

/* The first range that ends at or behind `uid`. */
static uint32_t vanished_at(const struct mailbox *box, uint32_t uid)
{
    uint32_t low = 0, high = box->nvanished;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (box->vanished[mid].hi < uid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void forget_vanished(struct mailbox *box)
{
    box->nvanished = 0;
    box->forgot_modseq = box->modseq;
}

/* A removal directly behind the one before it joins its range: whoever knows of neither is told of both, and
 * who knows of the first is told once more, which does no harm (RFC 7162 section 3.2.5.1). */
static void remember_vanished(struct mailbox *box, uint32_t uid)
{
    uint64_t modseq = ++box->modseq;
    uint32_t at = vanished_at(box, uid);
    if (at > 0 && box->vanished[at - 1].hi + 1 == uid && box->vanished[at - 1].modseq + 1 == modseq) {
        box->vanished[at - 1].hi = uid;
        box->vanished[at - 1].modseq = modseq;
        return;
    }
    if (box->nvanished == STORE_VANISHED_MAX) {
        forget_vanished(box);
        return;
    }
    if (box->nvanished == box->cap_vanished) {
        box->cap_vanished = box->cap_vanished ? box->cap_vanished * 2 : 4;
        box->vanished = core_realloc(box->vanished, box->cap_vanished * sizeof *box->vanished);
    }
    memmove(&box->vanished[at + 1], &box->vanished[at], (box->nvanished - at) * sizeof *box->vanished);
    box->vanished[at] = (struct vanished){ uid, uid, modseq };
    box->nvanished++;
}

/* What is forgotten is told as every uid that is not there. */
static bool next_gap(const struct mailbox *box, uint32_t from, uint32_t *lo, uint32_t *hi)
{
    uint32_t low = 0, high = box->count;
    *lo = from > 0 ? from : 1;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (box->message[mid]->uid < *lo)
            low = mid + 1;
        else
            high = mid;
    }
    while (low < box->count && box->message[low]->uid == *lo) {
        ++*lo;
        low++;
    }
    *hi = (low < box->count ? box->message[low]->uid : box->uidnext) - 1;
    return *lo < box->uidnext;
}

bool store_vanished(const struct mailbox *box, uint64_t since, uint32_t from, uint32_t *lo, uint32_t *hi)
{
    if (since < box->forgot_modseq)
        return next_gap(box, from, lo, hi);
    for (uint32_t i = vanished_at(box, from); i < box->nvanished; i++) {
        if (box->vanished[i].modseq <= since)
            continue;
        *lo = box->vanished[i].lo > from ? box->vanished[i].lo : from;
        *hi = box->vanished[i].hi;
        while (++i < box->nvanished && box->vanished[i].modseq > since && box->vanished[i].lo == *hi + 1)
            *hi = box->vanished[i].hi;
        return true;
    }
    return false;
}

uint64_t store_vanished_modseq(const struct mailbox *box, uint32_t uid)
{
    uint32_t at = vanished_at(box, uid);
    const struct vanished *v = box->vanished ? &box->vanished[at] : NULL;
    if (at == box->nvanished || uid < v->lo)
        return 0;
    return v->modseq - (v->hi - uid); /* the uids of a range were removed one after the other */
}

void store_remove(struct mailbox *box, struct stored *m)
{
    uint32_t i = 0;
    if (m->gone)
        return;
    while (i < box->count && box->message[i] != m)
        i++;
    assert(i < box->count);
    memmove(&box->message[i], &box->message[i + 1], (box->count - i - 1) * sizeof(struct stored *));
    box->count--;
    m->gone = true;
    remember_vanished(box, m->uid);
    box->user->used_octets -= stored_len(m);
    for (struct view *v = box->views; v; v = v->next)
        for (uint32_t k = 0; k < v->count; k++)
            if (v->entry[k].stored == m)
                v->gone++;
    if (box->views)
        views_wake(box);
    stored_drop(world_of(box), m);
}

void store_flags_changed(struct mailbox *box, struct stored *m, const struct view *by)
{
    m->modseq = ++box->modseq;
    for (struct view *v = box->views; v; v = v->next) {
        if (v == by)
            continue;
        for (uint32_t k = 0; k < v->count; k++)
            if (v->entry[k].stored == m && !v->entry[k].dirty) {
                v->entry[k].dirty = true;
                v->dirty++;
            }
        if (v->wake)
            v->wake(v->ctx);
    }
}

bool store_preload(struct user *u, const char *message)
{
    struct world *w = u->store->host->world;
    const struct spec_message *m = letter_named(w, message);
    struct mail *mail = m ? letter_write(w, m, NULL) : NULL;
    bool ok = mail && store_add(&u->inbox, mail, 0, 0, 0, world_seconds(w), NULL) == STORE_OK;
    if (ok)
        store_tell(u, &u->inbox, TRACE_NONE, "stored", u->inbox.message[u->inbox.count - 1]);
    mail_drop(&w->mails, mail);
    return ok;
}

/* ---- mailboxes ---------------------------------------------------------------------------------- */

struct mailbox *store_mailbox(struct user *u, struct wire_slice name)
{
    struct mailbox *box = &u->inbox;
    if (wire_slice_is_nocase(name, "INBOX"))
        return box;
    for (box = box->next; box; box = box->next)
        if (wire_slice_is(name, box->name))
            return box;
    return NULL;
}

struct mailbox *store_mailbox_create(struct user *u, struct wire_slice name)
{
    struct mailbox *box = core_alloc(sizeof *box), **end = &u->inbox.next;
    char *copy = core_alloc(name.len + 1);
    memcpy(copy, name.at, name.len);
    mailbox_init(box, u, copy);
    while (*end)
        end = &(*end)->next;
    *end = box;
    u->names_version++;
    return box;
}

void store_lone_keep(struct user *u, struct wire_slice name)
{
    struct lone_name *lone = core_alloc(sizeof *lone), **end = &u->lone;
    lone->name = core_alloc(name.len + 1);
    memcpy(lone->name, name.at, name.len);
    while (*end)
        end = &(*end)->next;
    *end = lone;
}

bool store_lone_take(struct user *u, struct wire_slice name)
{
    for (struct lone_name **at = &u->lone; *at; at = &(*at)->next)
        if (wire_slice_is(name, (*at)->name)) {
            struct lone_name *lone = *at;
            *at = lone->next;
            free(lone->name);
            free(lone);
            return true;
        }
    return false;
}

static void mailbox_empty(struct mailbox *box)
{
    while (box->count > 0)
        store_remove(box, box->message[box->count - 1]);
    free(box->message);
    box->message = NULL;
    box->cap = 0;
    if (box->keyword)
        for (int i = 0; i < IMAP_KEYWORDS_MAX; i++)
            free(box->keyword[i]);
    free(box->keyword);
    box->keyword = NULL;
    free(box->vanished);
    box->vanished = NULL;
    box->nvanished = box->cap_vanished = 0;
}

void store_mailbox_remove(struct user *u, struct mailbox *box)
{
    struct mailbox **at = &u->inbox.next;
    mailbox_empty(box);
    while (*at != box)
        at = &(*at)->next;
    *at = box->next;
    u->names_version++;
    for (struct view *v = box->views; v; v = v->next)
        v->box = NULL; /* a session still looks at it: its view ends by itself */
    free(box->name);
    free(box);
}

void store_free(struct store *s)
{
    for (struct user *u = next_user(s, NULL); u; u = next_user(s, u)) {
        while (u->inbox.next)
            store_mailbox_remove(u, u->inbox.next);
        mailbox_empty(&u->inbox);
        while (u->lone)
            store_lone_take(u, wire_slice_str(u->lone->name));
    }
}

/* ---- views ---------------------------------------------------------------------------------------- */

struct view *store_view_open(struct mailbox *box, bool read_only)
{
    struct view *v = core_alloc(sizeof *v);
    v->box = box;
    v->world = world_of(box);
    v->read_only = read_only;
    v->next = box->views;
    box->views = v;
    return v;
}

void store_view_close(struct view *v)
{
    struct world *w = v->world;
    if (v->box) {
        struct view **at = &v->box->views;
        while (*at != v)
            at = &(*at)->next;
        *at = v->next;
    }
    for (uint32_t i = 0; i < v->count; i++)
        stored_drop(w, v->entry[i].stored);
    free(v->entry);
    free(v);
}
