/* The list of frames, made in one pass. */
#include "ui/tape/frames.h"

#include <stdlib.h>

#include "ui/tape/keep.h"

static void add(struct frames *f, const struct frames_row *row)
{
    f->row = keep_grow(f->row, &f->cap, f->n + 1, sizeof *f->row);
    f->row[f->n++] = *row;
}

/* Numbers are given one after the other; one that is not is in no pcap of ours. */
static bool note(struct frames *f, uint32_t frame)
{
    if (frame == 0 || frame > f->n + 1 || (frame < f->nrow_of && f->row_of[frame]))
        return false;
    f->row_of = keep_grow(f->row_of, &f->row_of_cap, frame + 1, sizeof *f->row_of);
    while (f->nrow_of <= frame)
        f->row_of[f->nrow_of++] = 0;
    f->row_of[frame] = (uint32_t)f->n + 1;
    return true;
}

struct frames *frames_new(const struct tape *t)
{
    struct frames *f = keep_alloc(sizeof *f);
    const struct tape_list *list = tape_packets(t);
    struct trace_record r;
    for (size_t i = 0; i < list->n; i++) {
        uint32_t seq = list->seq[i], frame;
        if (!tape_get(t, seq, &r))
            continue;
        frame = (uint32_t)r.frame;
        if (r.kind == TRACE_KIND_SENT && note(f, frame))
            add(f, &(struct frames_row){ seq, frame, 0 });
        else if (r.kind == TRACE_KIND_DROPPED && frame && frame < f->nrow_of && f->row_of[frame])
            f->row[f->row_of[frame] - 1].dropped = seq;
        else if (r.kind == TRACE_KIND_DROPPED)
            add(f, &(struct frames_row){ seq, 0, seq });
    }
    return f;
}

void frames_free(struct frames *f)
{
    if (!f)
        return;
    free(f->row);
    free(f->row_of);
    free(f);
}

static size_t rows_until(const struct frames *f, uint32_t place)
{
    size_t low = 0, high = f->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->row[middle].seq <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t row_after(const struct frames *f, const struct tape *t, uint32_t place)
{
    struct trace_record r;
    if (!tape_get(t, place, &r) || r.frame == 0 || r.frame >= f->nrow_of)
        return 0;
    return f->row_of[r.frame];
}

size_t frames_seen(const struct frames *f, const struct tape *t, uint32_t place)
{
    size_t seen = rows_until(f, place), own = row_after(f, t, place);
    return own > seen ? own : seen;
}

ptrdiff_t frames_of_place(const struct frames *f, const struct tape *t, uint32_t place)
{
    size_t own = row_after(f, t, place);
    return own ? (ptrdiff_t)own - 1 : (ptrdiff_t)rows_until(f, place) - 1;
}
