/* THREAD (RFC 5256): the messages found, as conversations.
 *
 *   found -> one node each -> parents -> threads -> s->found: 3 6 OPEN 4 23 CLOSE OPEN 44 7 CLOSE
 *
 *   ORDEREDSUBJECT   messages of one subject: the oldest is the parent of the others
 *   REFERENCES       Message-IDs in References and In-Reply-To name the parents; imap_refs.c finds them
 *
 * Nodes know their parent; lists of children are made from that at the end, so no tree is walked deeper than
 * it is wide, and nothing here calls itself. */
#include "protocols/imap/imap_thread.h"

#include "protocols/wire/message.h"

#define TOKEN_OPEN  UINT32_MAX
#define TOKEN_CLOSE (UINT32_MAX - 1)

enum algorithm { ORDEREDSUBJECT, REFERENCES };

enum imap_verdict imap_run_thread(struct imap_server *s, struct imap_cursor *c, struct imap_step *out)
{
    struct imap_job *job = &s->config->scratch->job;
    struct wire_slice charset;
    (void)out;
    imap_job_begin(job, IMAP_JOB_THREAD, s->verb == IMAP_VERB_UID_THREAD);
    if (imap_extends(s, IMAP_EXT_THREAD_REFS) && imap_take_word(c, "REFERENCES"))
        job->mode = REFERENCES;
    else if (imap_extends(s, IMAP_EXT_THREAD_SUBJECT) && imap_take_word(c, "ORDEREDSUBJECT"))
        job->mode = ORDEREDSUBJECT;
    else
        return IMAP_BAD_SYNTAX;
    if (!imap_take_sp(c) || !imap_take_astring(c, &charset) || !imap_take_sp(c))
        return imap_parse_failure(c);
    if (!imap_charset_known(charset))
        return IMAP_BAD_CHARSET;
    return imap_take_keys(s, c, job) ? IMAP_RUNNING : imap_parse_failure(c);
}

/* ---- nodes ---- */

uint32_t imap_node_add(struct imap_server *s, struct imap_threads *t)
{
    static const struct imap_node empty = { .seq = 0 };
    if (t->n == UINT32_MAX / 2 || !imap_room_grow(s, &t->nodes, sizeof empty))
        return 0;
    memcpy(t->nodes.at + t->nodes.len, &empty, sizeof empty);
    t->nodes.len += sizeof empty;
    t->n++;
    return t->n - 1;
}

static bool add_message(struct imap_server *s, struct imap_threads *t, uint32_t seq,
                        const struct imap_message *m)
{
    uint32_t i = imap_node_add(s, t);
    struct imap_node *node;
    if (i == 0 || t->text.len > UINT32_MAX - IMAP_SORT_TEXT_MAX ||
        !imap_room_grow(s, &t->text, IMAP_SORT_TEXT_MAX))
        return false;
    node = imap_node(t, i);
    node->seq = seq;
    node->date = imap_sent_seconds(m);
    node->subject_at = (uint32_t)t->text.len;
    node->subject_len = (uint16_t)imap_base_subject(s->config->scratch, m, t->text.at + t->text.len,
                                                    IMAP_SORT_TEXT_MAX, &node->reply);
    t->text.len += node->subject_len;
    return true;
}

/* ---- orders ---- */

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_date(const struct imap_threads *t, uint32_t a, uint32_t b)
{
    const struct imap_node *x = imap_node(t, a), *y = imap_node(t, b);
    int order = compare(x->date, y->date);
    return order != 0 ? order : x->seq != y->seq ? compare(x->seq, y->seq) : compare(a, b);
}

int imap_by_subject(const struct imap_threads *t, uint32_t a, uint32_t b)
{
    const struct imap_node *x = imap_node(t, a), *y = imap_node(t, b);
    size_t n = x->subject_len < y->subject_len ? x->subject_len : y->subject_len;
    int order = n > 0 ? memcmp(t->text.at + x->subject_at, t->text.at + y->subject_at, n) : 0;
    return order != 0 ? order : compare(x->subject_len, y->subject_len);
}

static int by_subject_and_date(const struct imap_threads *t, uint32_t a, uint32_t b)
{
    int order = imap_by_subject(t, a, b);
    return order != 0 ? order : by_date(t, a, b);
}

static void sift(const struct imap_threads *t, uint32_t *at, uint32_t root, uint32_t n, imap_order_fn *order)
{
    for (;;) {
        uint32_t child = 2 * root + 1, swap;
        if (child >= n)
            return;
        if (child + 1 < n && order(t, at[child], at[child + 1]) < 0)
            child++;
        if (order(t, at[root], at[child]) >= 0)
            return;
        swap = at[root];
        at[root] = at[child];
        at[child] = swap;
        root = child;
    }
}

void imap_order(const struct imap_threads *t, uint32_t *at, uint32_t n, imap_order_fn *order)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(t, at, i, n, order);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t swap = at[0];
        at[0] = at[end];
        at[end] = swap;
        sift(t, at, 0, end, order);
    }
}

/* All nodes that are part of a thread, or only the roots, in an order. Returns how many. */
static uint32_t list_nodes(const struct imap_threads *t, uint32_t *at, bool roots, imap_order_fn *order)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < t->n; i++)
        if (!imap_node(t, i)->gone && (!roots || imap_node(t, i)->parent == 0))
            at[n++] = i;
    imap_order(t, at, n, order);
    return n;
}

/* Lists of children by date. A root without a message of its own takes the date and the subject of its first
 * child (RFC 5256 section 3, REFERENCES steps 4 and 5). `at` has room for all nodes. */
void imap_link_children(const struct imap_threads *t, uint32_t *at)
{
    uint32_t n = list_nodes(t, at, false, by_date);
    for (uint32_t i = 1; i < t->n; i++)
        imap_node(t, i)->child = imap_node(t, i)->next = 0;
    while (n-- > 0) {
        struct imap_node *node = imap_node(t, at[n]), *parent = imap_node(t, node->parent);
        if (node->parent == 0)
            continue;
        node->next = parent->child;
        parent->child = at[n];
        if (parent->seq > 0)
            continue;
        parent->date = node->date;
        parent->subject_at = node->subject_at;
        parent->subject_len = node->subject_len;
        parent->reply = node->reply;
    }
}

uint32_t imap_list_roots(const struct imap_threads *t, uint32_t *at, bool by_subject)
{
    return list_nodes(t, at, true, by_subject ? by_subject_and_date : by_date);
}

static void thread_by_subject(const struct imap_threads *t, uint32_t *at)
{
    uint32_t n = list_nodes(t, at, true, by_subject_and_date), first = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (first == 0 || imap_by_subject(t, first, at[i]) != 0)
            first = at[i];
        else
            imap_node(t, at[i])->parent = first;
    }
}

/* ---- the trees as numbers and brackets ---- */

static bool put_token(struct imap_server *s, struct imap_room *out, uint32_t token)
{
    if (!imap_room_grow(s, out, sizeof token))
        return false;
    memcpy(out->at + out->len, &token, sizeof token);
    out->len += sizeof token;
    return true;
}

/* Have the children of a node brackets of their own? */
static bool parts_children(const struct imap_threads *t, const struct imap_node *node)
{
    return node->child != 0 && (imap_node(t, node->child)->next != 0 || node->seq == 0);
}

static bool put_thread(struct imap_server *s, const struct imap_threads *t, uint32_t root,
                       struct imap_room *out)
{
    const struct imap_node *node = imap_node(t, root), *top = node;
    bool fit = put_token(s, out, TOKEN_OPEN);
    for (;;) {
        if (node->seq > 0)
            fit = fit && put_token(s, out, node->seq);
        if (node->child != 0) {
            fit = fit && (!parts_children(t, node) || put_token(s, out, TOKEN_OPEN));
            node = imap_node(t, node->child);
            continue;
        }
        while (node != top) {
            const struct imap_node *parent = imap_node(t, node->parent);
            if (parts_children(t, parent))
                fit = fit && put_token(s, out, TOKEN_CLOSE);
            if (node->next != 0)
                break;
            node = parent;
        }
        if (node == top)
            return fit && put_token(s, out, TOKEN_CLOSE);
        fit = fit && put_token(s, out, TOKEN_OPEN);
        node = imap_node(t, node->next);
    }
}

/* ---- the command runs ---- */

static bool collect(struct imap_server *s, struct imap_job *job, struct imap_threads *t)
{
    const struct imap_store_ops *store = s->config->store;
    uint32_t exists = store->exists(s->host, s->view);
    struct imap_message m;
    imap_node_add(s, t); /* 0 stands for none */
    if (t->n == 0)
        return false;
    for (uint32_t seq = 1; seq <= exists; seq++) {
        store->message(s->host, s->view, seq, &m);
        if (imap_match(s, job, seq, &m) && !add_message(s, t, seq, &m))
            return false;
    }
    return true;
}

static bool find_threads(struct imap_server *s, struct imap_job *job, struct imap_threads *t)
{
    struct imap_room tokens = { NULL, 0, 0 }, order = { NULL, 0, 0 };
    uint32_t *at, n;
    bool fit = collect(s, job, t) && (job->mode != REFERENCES || imap_refs_link(s, t)) &&
               imap_room_grow(s, &order, t->n * sizeof *at) &&
               imap_room_grow(s, &tokens, sizeof(struct imap_found));
    tokens.len = sizeof(struct imap_found);
    at = (uint32_t *)(void *)order.at;
    if (fit && job->mode == ORDEREDSUBJECT)
        thread_by_subject(t, at);
    if (fit) {
        imap_link_children(t, at);
        n = imap_list_roots(t, at, false);
        for (uint32_t i = 0; i < n && fit; i++)
            fit = put_thread(s, t, at[i], &tokens);
    }
    imap_room_give(s, &order);
    if (!fit) {
        imap_room_give(s, &tokens);
        return false;
    }
    s->found = (struct imap_found *)(void *)tokens.at;
    s->found->n = (uint32_t)((tokens.len - sizeof(struct imap_found)) / sizeof s->found->at[0]);
    return true;
}

static void put_place(struct imap_server *s, const struct imap_job *job, struct imap_sink *k, uint32_t seq)
{
    struct imap_message m;
    s->config->store->message(s->host, s->view, seq, &m);
    imap_put_number(k, job->uid ? m.uid : seq);
}

bool imap_thread_run(struct imap_server *s, struct imap_job *job, struct imap_step *out,
                     enum imap_verdict *verdict)
{
    struct imap_sink k = { &out->send, 0, 0, false };
    struct imap_threads t = { .n = 0 };
    bool fit = s->found != NULL || find_threads(s, job, &t);
    imap_room_give(s, &t.nodes);
    imap_room_give(s, &t.text);
    *verdict = fit ? IMAP_COMPLETED : IMAP_LIMIT;
    if (!fit)
        return true;
    wire_out_line(&out->send, job->begun ? NULL : imap_lesson(IMAP_LINE_THREAD));
    if (!job->begun)
        imap_put_str(&k, s->found->n > 0 ? "* THREAD " : "* THREAD");
    job->begun = true;
    for (; job->index < s->found->n; job->index++) {
        uint32_t token = s->found->at[job->index];
        bool behind_number = job->index > 0 && s->found->at[job->index - 1] < TOKEN_CLOSE;
        if (wire_out_room(&out->send) < 32)
            return false;
        if (behind_number && token != TOKEN_CLOSE)
            IMAP_PUT(&k, " ");
        if (token >= TOKEN_CLOSE)
            imap_put_str(&k, token == TOKEN_OPEN ? "(" : ")");
        else
            put_place(s, job, &k, token);
    }
    if (wire_out_room(&out->send) < 32)
        return false;
    IMAP_PUT(&k, "\r\n");
    return true;
}
