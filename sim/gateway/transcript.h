#ifndef SIM_GATEWAY_TRANSCRIPT_H
#define SIM_GATEWAY_TRANSCRIPT_H
/*
 * transcript - the last conversations of a served world, line by line, in memory that is bounded.
 *
 *   trace (line records of SMTP, POP3, IMAP) -> transcript_sink -> by number of the connection
 *
 * A sink like any other: what is not in the trace is not here, and passwords are stars here too. When there
 * are too many conversations the one that was silent longest goes; a conversation that is too long keeps its
 * beginning.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/core/trace.h"

#define TRANSCRIPTS_MAX       256
#define TRANSCRIPT_LINES_MAX  1000
#define TRANSCRIPT_OCTETS_MAX 65536 /* of all lines of one */

struct transcript_line {
    uint64_t t_ns;
    const char *text; /* not followed by NUL */
    size_t len;
    uint32_t host; /* who said it, as in the opening */
    char dir;      /* 'C' or 'S' */
    bool content;  /* of a message */
};

struct transcript {
    uint32_t conn; /* 0: free */
    uint32_t client, server;
    enum trace_proto proto;
    uint64_t first_ns, last_ns;
    uint64_t order; /* of its last line among all */
    struct transcript_line *line;
    char *text; /* TRANSCRIPT_OCTETS_MAX; owned; lines point into it */
    size_t nlines, max_lines, octets, left_out;
};

struct transcripts {
    struct transcript all[TRANSCRIPTS_MAX];
    uint64_t order;
};

struct trace_sink transcript_sink(struct transcripts *t);
const struct transcript *transcript_find(const struct transcripts *t, uint32_t conn); /* NULL: none */
/* The one with the next larger number; after 0: the first; NULL behind the last. */
const struct transcript *transcript_next(const struct transcripts *t, uint32_t after);
void transcripts_free(struct transcripts *t);
#endif
