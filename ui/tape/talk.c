#include "ui/tape/record.h"
#include "ui/tape/talk.h"

#include <stdlib.h>
#include <string.h>

#include "ui/tape/keep.h"

bool talk_ends_answer(const struct trace_record *r)
{
    if (r->proto == TRACE_SMTP)
        return !(r->text_len > 3 && r->text[3] == '-');
    return record_begins(r, "+") || record_begins(r, "-ERR");
}

static bool waits_for_reply(const struct talk *k, const struct trace_record *r)
{
    return r->kind == TRACE_KIND_COMMAND || (r->kind == TRACE_KIND_CONTENT && r->dir == 'C' &&
                                             r->text_len == 1 && r->text[0] == '.' && !k->chunk);
}

uint32_t talks_line(struct talks *t, const struct trace_record *r, uint32_t seq)
{
    size_t before = t->n;
    uint32_t answered = 0;
    struct talk *k;
    if ((r->proto != TRACE_SMTP && r->proto != TRACE_POP3) || r->conn == 0)
        return 0;
    if (r->conn >= t->n) {
        t->talk = keep_grow(t->talk, &t->n, r->conn + 1u, sizeof *t->talk);
        memset(t->talk + before, 0, (t->n - before) * sizeof *t->talk);
    }
    k = &t->talk[r->conn];
    if (r->kind == TRACE_KIND_REPLY && talk_ends_answer(r)) {
        answered = k->first < k->n ? k->command[k->first++] : 0;
        if (k->first == k->n)
            k->first = k->n = 0;
    } else if (waits_for_reply(k, r)) {
        k->command = keep_grow(k->command, &k->cap, k->n + 1, sizeof *k->command);
        k->command[k->n++] = seq;
        k->chunk = r->kind == TRACE_KIND_COMMAND && (record_begins(r, "BDAT") || record_begins(r, "bdat"));
    }
    return answered;
}

void talks_free(struct talks *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->talk[i].command);
    free(t->talk);
    *t = (struct talks){ 0 };
}
