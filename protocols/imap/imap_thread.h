#ifndef PROTOCOLS_IMAP_THREAD_H
#define PROTOCOLS_IMAP_THREAD_H
/*
 * imap_thread - what imap_thread.c and imap_refs.c share: messages as nodes of trees.
 *
 *   node 1  seq 3  parent 0          a root
 *   node 2  seq 0  parent 1          no message of its own: only named by others
 *   node 3  seq 6  parent 2
 *
 * Node 0 stands for none. Nodes and the text of subjects lie in memory of the connection that grows, so an
 * address holds only until the next node is added.
 */
#include "protocols/imap/imap_engine.h"

struct imap_node {
    uint32_t seq;                 /* place; 0: a message that is not there */
    uint32_t parent, child, next; /* nodes; child and next as imap_link_children made them */
    uint32_t subject_at;          /* base subject, in text */
    uint16_t subject_len;
    bool reply; /* its subject has the mark of an answer */
    bool gone;  /* part of no thread any more */
    int64_t date;
};

struct imap_threads {
    struct imap_room nodes, text;
    uint32_t n; /* nodes, node 0 counted */
};

typedef int imap_order_fn(const struct imap_threads *t, uint32_t a, uint32_t b);

static inline struct imap_node *imap_node(const struct imap_threads *t, uint32_t i)
{
    return (struct imap_node *)(void *)t->nodes.at + i;
}

/* The index of a new node, all zero; 0: no memory (or it is the first). */
uint32_t imap_node_add(struct imap_server *s, struct imap_threads *t);
void imap_order(const struct imap_threads *t, uint32_t *at, uint32_t n, imap_order_fn *order);
int imap_by_subject(const struct imap_threads *t, uint32_t a, uint32_t b);
void imap_link_children(const struct imap_threads *t, uint32_t *at);
/* Roots by date, or by subject and then date. Returns how many. */
uint32_t imap_list_roots(const struct imap_threads *t, uint32_t *at, bool by_subject);

/* Steps 1 to 5 of REFERENCES: gives every node its parent. False: no memory. */
bool imap_refs_link(struct imap_server *s, struct imap_threads *t);
#endif
