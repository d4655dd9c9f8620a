/* The names of a user's mailboxes, as the IMAP engine wants them: what there is, what is made, renamed,
 * removed, subscribed to. */
#include "sim/hosts/imap_box_inside.h"

#include <stdlib.h>
#include <string.h>

static bool has_children(const struct user *u, const char *name)
{
    size_t n = strlen(name);
    for (const struct mailbox *box = u->inbox.next; box; box = box->next)
        if (strncmp(box->name, name, n) == 0 && box->name[n] == IMAP_HIERARCHY)
            return true;
    return false;
}

static unsigned special_use(const char *name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } uses[] = { { "Sent", IMAP_USE_SENT },
                 { "Drafts", IMAP_USE_DRAFTS },
                 { "Trash", IMAP_USE_TRASH },
                 { "Junk", IMAP_USE_JUNK },
                 { "Archive", IMAP_USE_ARCHIVE } };
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcmp(uses[i].name, name) == 0)
            return uses[i].bit;
    return 0;
}

/* Names are mostly asked for one after the other. NULL: there are no more than index - *behind. */
static struct mailbox *box_at(struct imap_box *b, uint32_t index, uint32_t *behind)
{
    struct user *u = b->auth.user;
    struct mailbox *box = &u->inbox;
    uint32_t at = 0;
    if (b->listed && b->listed_version == u->names_version && b->listed_index <= index) {
        box = b->listed;
        at = b->listed_index;
    }
    for (; box && at < index; at++)
        box = box->next;
    if (box) {
        b->listed = box;
        b->listed_index = index;
        b->listed_version = u->names_version;
    }
    *behind = index - at;
    return box;
}

bool imap_names_at(void *host, uint32_t index, struct imap_mailbox_entry *out)
{
    struct imap_box *b = host;
    uint32_t behind;
    struct mailbox *box = box_at(b, index, &behind);
    if (!box) {
        struct lone_name *lone = b->auth.user->lone;
        for (; lone && behind > 0; behind--)
            lone = lone->next;
        if (lone)
            *out = (struct imap_mailbox_entry){ .name = wire_slice_str(lone->name),
                                                .subscribed = true,
                                                .attributes = has_children(b->auth.user, lone->name)
                                                                  ? IMAP_HAS_CHILDREN_ATTR
                                                                  : IMAP_HAS_NO_CHILDREN_ATTR };
        return lone != NULL;
    }
    *out = (struct imap_mailbox_entry){ .name = wire_slice_str(box->name),
                                        .exists = true,
                                        .subscribed = box->subscribed };
    out->attributes =
        has_children(b->auth.user, box->name) ? IMAP_HAS_CHILDREN_ATTR : IMAP_HAS_NO_CHILDREN_ATTR;
    out->attributes |= special_use(box->name) | (box->noselect ? IMAP_NOSELECT : 0);
    return true;
}

static uint32_t count_names(const struct user *u)
{
    uint32_t n = 0;
    for (const struct mailbox *box = &u->inbox; box; box = box->next)
        n++;
    for (const struct lone_name *lone = u->lone; lone; lone = lone->next)
        n++;
    return n;
}

enum imap_verdict imap_names_create(void *host, struct wire_slice name)
{
    struct imap_box *b = host;
    struct mailbox *box;
    bool subscribed;
    if (name.len > 0 && name.at[name.len - 1] == IMAP_HIERARCHY)
        name.len--; /* "folder/" only announces children, RFC 3501 section 6.3.3 */
    box = store_mailbox(b->auth.user, name);
    if (box && !box->noselect)
        return IMAP_NAME_TAKEN;
    if (box) {
        box->noselect = false;
        return IMAP_COMPLETED;
    }
    subscribed = store_lone_take(b->auth.user, name);
    if (count_names(b->auth.user) >= STORE_MAILBOXES_MAX)
        return IMAP_LIMIT;
    box = store_mailbox_create(b->auth.user, name);
    box->subscribed = subscribed;
    store_tell(b->auth.user, box, TRACE_IMAP, "created", NULL);
    return IMAP_COMPLETED;
}

enum imap_verdict imap_names_remove(void *host, struct wire_slice name)
{
    struct imap_box *b = host;
    struct mailbox *box = store_mailbox(b->auth.user, name);
    if (!box)
        return IMAP_NO_MAILBOX;
    if (box == &b->auth.user->inbox)
        return IMAP_NOT_POSSIBLE;
    if (has_children(b->auth.user, box->name)) {
        if (box->noselect)
            return IMAP_HAS_CHILDREN;
        while (box->count > 0)
            store_remove(box, box->message[box->count - 1]);
        box->noselect = true; /* the name stays above its children, RFC 3501 section 6.3.4 */
        return IMAP_COMPLETED;
    }
    store_tell(b->auth.user, box, TRACE_IMAP, "deleted", NULL);
    if (box->subscribed)
        store_lone_keep(b->auth.user, wire_slice_str(box->name));
    store_mailbox_remove(b->auth.user, box);
    return IMAP_COMPLETED;
}

/* The subscription stays with the old name: a server must not take a name off that list by itself. */
static void rename_to(struct mailbox *box, struct wire_slice to, const char *rest)
{
    char *name = core_alloc(to.len + strlen(rest) + 1);
    memcpy(name, to.at, to.len);
    memcpy(name + to.len, rest, strlen(rest));
    if (box->subscribed)
        store_lone_keep(box->user, wire_slice_str(box->name));
    box->subscribed = store_lone_take(box->user, wire_slice_str(name));
    free(box->name);
    box->name = name;
}

static enum imap_verdict rename_inbox(struct imap_box *b, struct wire_slice to)
{
    struct user *u = b->auth.user;
    struct mailbox *box;
    bool subscribed = store_lone_take(u, to);
    if (count_names(u) >= STORE_MAILBOXES_MAX)
        return IMAP_LIMIT;
    box = store_mailbox_create(u, to);
    box->subscribed = subscribed;
    while (u->inbox.count > 0) {
        struct stored *m = u->inbox.message[0];
        m->refs++;
        store_remove(&u->inbox, m);
        if (store_add(box, m->mail, m->before, m->flags, imap_box_keywords_in(box, &u->inbox, m->keywords),
                      m->date_s, NULL) == STORE_OK)
            box->message[box->count - 1]->zone_min = m->zone_min;
        stored_drop(b->auth.host->world, m);
    }
    return IMAP_COMPLETED;
}

static bool is_below(const struct mailbox *box, const struct mailbox *above)
{
    size_t n = strlen(above->name);
    return strncmp(box->name, above->name, n) == 0 && box->name[n] == IMAP_HIERARCHY;
}

enum imap_verdict imap_names_rename(void *host, struct wire_slice from, struct wire_slice to)
{
    struct imap_box *b = host;
    struct user *u = b->auth.user;
    struct mailbox *box = store_mailbox(u, from);
    size_t n = from.len;
    uint32_t names = count_names(u); /* with those that the move leaves behind */
    if (!box)
        return IMAP_NO_MAILBOX;
    if (store_mailbox(u, to))
        return IMAP_NAME_TAKEN;
    if (box == &u->inbox)
        return rename_inbox(b, to);
    if (to.len > n && memcmp(to.at, from.at, n) == 0 && to.at[n] == IMAP_HIERARCHY)
        return IMAP_NOT_POSSIBLE;
    for (const struct mailbox *x = u->inbox.next; x; x = x->next)
        names += x->subscribed && (x == box || is_below(x, box));
    if (names > STORE_MAILBOXES_MAX)
        return IMAP_LIMIT;
    for (struct mailbox *child = u->inbox.next; child; child = child->next)
        if (is_below(child, box))
            rename_to(child, to, child->name + n);
    rename_to(box, to, "");
    return IMAP_COMPLETED;
}

enum imap_verdict imap_names_subscribe(void *host, struct wire_slice name, bool on)
{
    struct imap_box *b = host;
    struct user *u = b->auth.user;
    struct mailbox *box = store_mailbox(u, name);
    if (box) {
        box->subscribed = on;
        return IMAP_COMPLETED;
    }
    if (!store_lone_take(u, name))
        return IMAP_NO_MAILBOX;
    if (on) /* it has been all along */
        store_lone_keep(u, name);
    return IMAP_COMPLETED;
}
