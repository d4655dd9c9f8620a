/* Parents by Message-ID, then threads of one subject joined (RFC 5256 section 3, REFERENCES).
 *
 *   message 3  Message-ID: <c@x>  References: <a@x> <b@x>      mentions: a b c(own)
 *
 * All mentions of one id become one node: they are sorted by the id, equal neighbours share. */
#include "protocols/imap/imap_thread.h"

#include "protocols/wire/message.h"

#define REFS_MAX  100  /* ids of one message that are looked at, the last ones; a limit of ours */
#define DEPTH_MAX 1000 /* answers to answers; what would lie deeper begins anew; a limit of ours */

struct mention { /* of a Message-ID, in the order of the messages */
    const char *at;
    uint32_t len, node;
    bool own; /* the last of each message: its own; len 0: it has none */
};

static struct mention *mention(const struct imap_room *room, uint32_t i)
{
    return (struct mention *)(void *)room->at + i;
}

/* The next <id> at the front of *text; the slice is what is between the brackets. */
static bool next_id(struct wire_slice *text, struct wire_slice *id)
{
    while (text->len > 0) {
        const char *open = memchr(text->at, '<', text->len), *close;
        size_t left;
        if (open == NULL)
            return false;
        left = text->len - (size_t)(open + 1 - text->at);
        close = left > 0 ? memchr(open + 1, '>', left) : NULL;
        if (close == NULL)
            return false;
        *id = wire_slice(open + 1, (size_t)(close - open - 1));
        *text = wire_slice(close + 1, text->len - (size_t)(close + 1 - text->at));
        if (id->len > 0)
            return true;
    }
    return false;
}

static bool add_mention(struct imap_server *s, struct imap_room *room, struct wire_slice id, uint32_t node,
                        bool own)
{
    struct mention m = { id.at, (uint32_t)id.len, node, own };
    if (!imap_room_grow(s, room, sizeof m))
        return false;
    memcpy(room->at + room->len, &m, sizeof m);
    room->len += sizeof m;
    return true;
}

static bool add_references(struct imap_server *s, struct imap_room *room, const struct imap_message *m)
{
    struct wire_slice text = wire_field_body(m->bytes, m->size_octets, "References"), count = text, id;
    uint32_t n = 0;
    while (next_id(&count, &id))
        n++;
    for (; n > REFS_MAX; n--)
        next_id(&text, &id);
    if (n == 0) { /* only the first of In-Reply-To: the others need not be messages */
        text = wire_field_body(m->bytes, m->size_octets, "In-Reply-To");
        return !next_id(&text, &id) || add_mention(s, room, id, 0, false);
    }
    while (next_id(&text, &id))
        if (!add_mention(s, room, id, 0, false))
            return false;
    return true;
}

static bool collect(struct imap_server *s, struct imap_threads *t, struct imap_room *room)
{
    struct imap_message m;
    for (uint32_t i = 1; i < t->n; i++) {
        struct wire_slice own, id = { "", 0 };
        s->config->store->message(s->host, s->view, imap_node(t, i)->seq, &m);
        own = wire_field_body(m.bytes, m.size_octets, "Message-ID");
        if (!next_id(&own, &id))
            id.len = 0;
        if (!add_references(s, room, &m) || !add_mention(s, room, id, i, true))
            return false;
    }
    return true;
}

/* ---- one node for each id ---- */

static int by_id(const struct mention *a, const struct mention *b)
{
    uint32_t n = a->len < b->len ? a->len : b->len;
    int order = n > 0 ? memcmp(a->at, b->at, n) : 0;
    if (order != 0)
        return order;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->own == b->own ? (a->node > b->node) - (a->node < b->node)
           : a->own         ? -1
                            : 1; /* its message first */
}

static void sift(const struct imap_room *room, uint32_t *at, uint32_t root, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * root + 1, swap;
        if (child >= n)
            return;
        if (child + 1 < n && by_id(mention(room, at[child]), mention(room, at[child + 1])) < 0)
            child++;
        if (by_id(mention(room, at[root]), mention(room, at[child])) >= 0)
            return;
        swap = at[root];
        at[root] = at[child];
        at[child] = swap;
        root = child;
    }
}

static void sort(const struct imap_room *room, uint32_t *at, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(room, at, i, n);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t swap = at[0];
        at[0] = at[end];
        at[end] = swap;
        sift(room, at, 0, end);
    }
}

/* Two messages with the same id: the later one keeps a node that nobody can name. */
static bool share_nodes(struct imap_server *s, struct imap_threads *t, const struct imap_room *room,
                        uint32_t n)
{
    struct imap_room order = { NULL, 0, 0 };
    struct mention *before = NULL;
    bool fit = imap_room_grow(s, &order, n * sizeof(uint32_t));
    uint32_t *at = (uint32_t *)(void *)order.at;
    for (uint32_t i = 0; i < n && fit; i++)
        at[i] = i;
    if (fit)
        sort(room, at, n);
    for (uint32_t i = 0; i < n && fit; i++) {
        struct mention *m = mention(room, at[i]);
        bool same = before != NULL && m->len > 0 && wire_equal(m->at, m->len, before->at, before->len);
        if (m->own && same)
            continue;
        if (m->own || same) {
            m->node = same ? before->node : m->node;
        } else {
            m->node = imap_node_add(s, t);
            fit = m->node != 0;
        }
        before = m;
    }
    imap_room_give(s, &order);
    return fit;
}

/* ---- parents ---- */

/* False when that would make a circle, or a tree too deep. */
static bool can_be_parent(const struct imap_threads *t, uint32_t parent, uint32_t child)
{
    int depth = 0;
    for (uint32_t at = parent; at != 0; at = imap_node(t, at)->parent)
        if (at == child || ++depth > DEPTH_MAX)
            return false;
    return true;
}

/* Step 1: each reference is the parent of the next, unless that has one already; the last is the parent of
 * the message, whatever others have said about it. */
static void give_parents(const struct imap_threads *t, const struct imap_room *room, uint32_t n)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct mention *m = mention(room, i);
        struct imap_node *node = imap_node(t, m->node);
        if (m->own)
            node->parent = 0;
        if (before != 0 && node->parent == 0 && can_be_parent(t, before, m->node))
            node->parent = before;
        before = m->own ? 0 : m->node;
    }
}

/* Step 3: nodes without a message go, and their children move up; at the top one stays if it holds several.
 */
static void prune(const struct imap_threads *t)
{
    for (uint32_t i = 1; i < t->n; i++) {
        struct imap_node *node = imap_node(t, i);
        while (node->parent != 0 && imap_node(t, node->parent)->seq == 0 &&
               imap_node(t, node->parent)->parent != 0)
            node->parent = imap_node(t, node->parent)->parent;
    }
    for (uint32_t i = 1; i < t->n; i++) { /* `next` counts the children that are messages */
        struct imap_node *node = imap_node(t, i);
        if (node->seq > 0 && node->parent != 0)
            imap_node(t, node->parent)->next++;
    }
    for (uint32_t i = 1; i < t->n; i++)
        if (imap_node(t, i)->seq == 0)
            imap_node(t, i)->gone = imap_node(t, i)->parent != 0 || imap_node(t, i)->next < 2;
    for (uint32_t i = 1; i < t->n; i++)
        if (imap_node(t, i)->parent != 0 && imap_node(t, imap_node(t, i)->parent)->gone)
            imap_node(t, i)->parent = 0;
}

/* ---- step 5: threads of one subject ---- */

/* Which of the roots at[0..n), all of one subject, takes in the others? */
static uint32_t choose(const struct imap_threads *t, const uint32_t *at, uint32_t n)
{
    uint32_t chosen = at[0];
    for (uint32_t i = 1; i < n; i++) {
        const struct imap_node *a = imap_node(t, chosen), *b = imap_node(t, at[i]);
        if (a->seq != 0 && (b->seq == 0 || (a->reply && !b->reply)))
            chosen = at[i];
    }
    return chosen;
}

static void move_children(const struct imap_threads *t, uint32_t from, uint32_t to)
{
    uint32_t next;
    for (uint32_t child = imap_node(t, from)->child; child != 0; child = next) {
        next = imap_node(t, child)->next;
        imap_node(t, child)->parent = to;
    }
    imap_node(t, from)->gone = true;
}

static bool join(struct imap_server *s, struct imap_threads *t, const uint32_t *at, uint32_t n)
{
    uint32_t chosen = choose(t, at, n), both;
    for (uint32_t i = 0; i < n; i++) {
        const struct imap_node *a = imap_node(t, chosen), *b = imap_node(t, at[i]);
        if (at[i] == chosen || b->parent != 0)
            continue;
        if (a->seq == 0 && b->seq == 0) {
            move_children(t, at[i], chosen);
        } else if (a->seq == 0 || (b->reply && !a->reply)) {
            imap_node(t, at[i])->parent = chosen;
        } else {
            both = imap_node_add(s, t);
            if (both == 0)
                return false;
            imap_node(t, chosen)->parent = imap_node(t, at[i])->parent = both;
            chosen = both;
        }
    }
    return true;
}

static bool join_subjects(struct imap_server *s, struct imap_threads *t)
{
    struct imap_room order = { NULL, 0, 0 };
    bool fit = imap_room_grow(s, &order, t->n * sizeof(uint32_t));
    uint32_t *at = (uint32_t *)(void *)order.at, n = 0;
    if (fit) {
        imap_link_children(t, at);
        n = imap_list_roots(t, at, true);
    }
    for (uint32_t from = 0, end; from < n && fit; from = end) {
        for (end = from + 1; end < n && imap_by_subject(t, at[from], at[end]) == 0; end++)
            ;
        if (imap_node(t, at[from])->subject_len > 0)
            fit = join(s, t, at + from, end - from);
    }
    imap_room_give(s, &order);
    return fit;
}

bool imap_refs_link(struct imap_server *s, struct imap_threads *t)
{
    struct imap_room mentions = { NULL, 0, 0 };
    bool fit = collect(s, t, &mentions);
    uint32_t n = (uint32_t)(mentions.len / sizeof(struct mention));
    fit = fit && (n == 0 || share_nodes(s, t, &mentions, n));
    if (fit && n > 0)
        give_parents(t, &mentions, n);
    imap_room_give(s, &mentions);
    if (!fit)
        return false;
    prune(t);
    return join_subjects(s, t);
}
