#ifndef UI_TAPE_FRAMES_H
#define UI_TAPE_FRAMES_H
/*
 * frames - the frames of a run as a list, numbered as in the pcap, each with its end if it was dropped.
 *
 *   row   record  frame  dropped by
 *   41    199     33     -
 *   42    206     34     212
 *
 * A packet that never got onto a link has no number: its row is the record that says so. What a router makes
 * of a frame when it writes over it is a frame of that router, with its own number and row.
 */
#include "ui/tape/tape.h"

struct frames_row {
    uint32_t seq;     /* the record that sent it; or that dropped it, where `frame` is 0 */
    uint32_t frame;   /* its number in the pcap; 0: it never was on a link */
    uint32_t dropped; /* the record that ended it; 0: none did */
};

struct frames {
    struct frames_row *row; /* owned; ascending by seq and, where there is one, by frame */
    size_t n, cap;
    uint32_t *row_of; /* owned; [frame]: row + 1, 0: none */
    size_t nrow_of, row_of_cap;
};

struct frames *frames_new(const struct tape *t); /* never NULL */
void frames_free(struct frames *f);              /* NULL is allowed */
/* How many rows a person may see at `place`: what was sent up to it, and the frame of the line there. */
size_t frames_seen(const struct frames *f, const struct tape *t, uint32_t place);
/* The row that a place is about: of its frame, else the last one at or before it; -1: none. */
ptrdiff_t frames_of_place(const struct frames *f, const struct tape *t, uint32_t place);
#endif
