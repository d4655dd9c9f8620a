#include "ui/tape/compare.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"

#define NEAR 40 /* rows that are looked ahead for one that says the same */

/* ---- the first difference ---- */

static bool is_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A fault is part of the change itself. */
static bool left_out(const struct trace_record *r)
{
    const char *event = r->kind == TRACE_KIND_FAULT ? trace_attr_get(r, "event") : NULL;
    return event && (strcmp(event, "begin") == 0 || strcmp(event, "end") == 0);
}

static bool same_octets(const void *a, size_t na, const void *b, size_t nb)
{
    return na == nb && (na == 0 || memcmp(a, b, na) == 0);
}

static bool same(const struct trace_record *a, const struct trace_record *b)
{
    if (a->kind != b->kind || a->t_ns != b->t_ns || a->host != b->host || a->peer != b->peer ||
        a->link != b->link || a->proto != b->proto || a->dir != b->dir || a->code != b->code ||
        a->nattr != b->nattr || !is_text(a->title, b->title) ||
        !same_octets(a->text, a->text ? a->text_len : 0, b->text, b->text ? b->text_len : 0) ||
        !same_octets(a->bytes, a->nbytes, b->bytes, b->nbytes))
        return false;
    for (unsigned i = 0; i < a->nattr; i++)
        if (!is_text(a->attr[i].key, b->attr[i].key) || !is_text(a->attr[i].value, b->attr[i].value) ||
            a->attr[i].number != b->attr[i].number)
            return false;
    return true;
}

/* The next record that counts; 0: the run is over. */
static uint32_t next_of(const struct tape *t, uint32_t seq, struct trace_record *r)
{
    while (tape_get(t, ++seq, r))
        if (!left_out(r))
            return seq;
    return 0;
}

static void find_first(struct compare *c, const struct tape *a, const struct tape *b)
{
    struct trace_record ra, rb;
    do {
        c->first_a = next_of(a, c->first_a, &ra);
        c->first_b = next_of(b, c->first_b, &rb);
    } while (c->first_a && c->first_b && same(&ra, &rb));
    c->same = !c->first_a && !c->first_b;
}

/* ---- rows ---- */

struct side {
    const struct tape *tape;
    uint32_t *seq;
    uint64_t *says;                  /* hash of what the record says, without its time */
    size_t n, cap, says_cap, before; /* rows before the first difference */
};

static uint64_t mix(uint64_t hash, const void *octets, size_t len)
{
    const unsigned char *at = octets;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t hash_of(const struct tape *t, uint32_t seq)
{
    struct trace_record r;
    uint64_t hash = UINT64_C(14695981039346656037);
    uint32_t head[5];
    if (!tape_get(t, seq, &r))
        return 0;
    head[0] = (uint32_t)r.kind;
    head[1] = r.host;
    head[2] = (uint32_t)r.proto;
    head[3] = (uint32_t)r.dir;
    head[4] = r.peer;
    hash = mix(hash, head, sizeof head);
    if (r.title)
        hash = mix(hash, r.title, strlen(r.title));
    return r.text ? mix(hash, r.text, r.text_len) : hash;
}

static void put(struct side *side, const struct tape *t, uint32_t seq, uint32_t first)
{
    side->seq = keep_grow(side->seq, &side->cap, side->n + 1, sizeof *side->seq);
    side->says = keep_grow(side->says, &side->says_cap, side->n + 1, sizeof *side->says);
    side->seq[side->n] = seq;
    side->says[side->n++] = hash_of(t, seq);
    if (!first || seq < first)
        side->before = side->n;
}

/* Lines, phases and failures, ascending. */
static struct side side_of(const struct tape *t, uint32_t first)
{
    const struct tape_list *lines = tape_stops(t, TAPE_LINE), *errors = tape_errors(t);
    struct side side = { .tape = t };
    size_t i = 0, k = 0;
    while (i < lines->n || k < errors->n) {
        uint32_t a = i < lines->n ? lines->seq[i] : UINT32_MAX,
                 b = k < errors->n ? errors->seq[k] : UINT32_MAX;
        put(&side, t, a < b ? a : b, first);
        i += a <= b;
        k += b <= a;
    }
    return side;
}

static void row(struct compare *c, uint32_t a, uint32_t b)
{
    c->row = keep_grow(c->row, &c->cap, c->n + 1, sizeof *c->row);
    c->row[c->n++] = (struct compare_row){ a, b };
}

/* The nearest pair ahead that says the same. False: there is none. */
static bool ahead(const struct side *a, size_t i, const struct side *b, size_t j, size_t *x, size_t *y)
{
    for (size_t d = 0; d <= NEAR; d++)
        for (*x = 0; *x <= d; ++*x) {
            *y = d - *x;
            if (i + *x < a->n && j + *y < b->n && a->says[i + *x] == b->says[j + *y])
                return true;
        }
    return false;
}

static void pair_up(struct compare *c, const struct side *a, const struct side *b)
{
    size_t i = 0, j = 0, x, y;
    while (i < a->before && j < b->before)
        row(c, a->seq[i++], b->seq[j++]);
    c->first_row = c->n;
    while (i < a->n && j < b->n) {
        bool found = ahead(a, i, b, j, &x, &y);
        if (!found)
            x = y = 1;
        for (; x + y > 0;) { /* those without a partner, by their time */
            if (x > 0 && (y == 0 || tape_time(a->tape, a->seq[i]) <= tape_time(b->tape, b->seq[j]))) {
                row(c, a->seq[i++], 0);
                x--;
            } else {
                row(c, 0, b->seq[j++]);
                y--;
            }
        }
        if (found)
            row(c, a->seq[i++], b->seq[j++]);
    }
    while (i < a->n)
        row(c, a->seq[i++], 0);
    while (j < b->n)
        row(c, 0, b->seq[j++]);
}

struct compare *compare_new(const struct tape *a, const struct tape *b)
{
    struct compare *c = keep_alloc(sizeof *c);
    struct side sa, sb;
    find_first(c, a, b);
    sa = side_of(a, c->same ? 0 : c->first_a ? c->first_a : UINT32_MAX);
    sb = side_of(b, c->same ? 0 : c->first_b ? c->first_b : UINT32_MAX);
    pair_up(c, &sa, &sb);
    free(sa.seq);
    free(sa.says);
    free(sb.seq);
    free(sb.says);
    return c;
}

void compare_free(struct compare *c)
{
    if (!c)
        return;
    free(c->row);
    free(c);
}

size_t compare_row_of_b(const struct compare *c, uint32_t seq)
{
    size_t best = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->row[i].b && c->row[i].b <= seq)
            best = i;
    return best;
}
