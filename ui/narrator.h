#ifndef UI_NARRATOR_H
#define UI_NARRATOR_H
/*
 * narrator - the run told as a lesson, in plain text of at most 80 columns.
 *
 *   First message                                    title, who is who
 *   1. The laptop hands the message to its server    phase, with its lesson
 *        0.412 s C ▸ RCPT TO:<bob@example.org>       line: time, client or server, the text
 *                      The client names one ...      its title; its lesson the first time it is met
 *                  • mail: queue 4F2A ...            state: what changed, where it matters
 *        0.412 s #17 alice ▸ mail TCP ...            packet, at that level only
 *   Outcome, what to remember, totals
 *
 *   level   phases  lines  notes                                                packets
 *   phase   all     -      errors, inputs, faults                               -
 *   line    all     all    also queue, mailbox, the setting that decided,
 *                          firewall, and any state whose words are new          -
 *   packet  all     all    all                                                  sent and dropped
 *
 * Lost frames and those that bring again what they carried are told from level line on. An attempt of a queue
 * that ends like one that was told takes one row, except at level packet.
 *
 * Long messages are folded: the first and last lines, what has words of its own (header fields, MIME parts,
 * the fields of a report), and how many between. Octets of peers and messages reach the file only as
 * characters that stand still (protocols/wire/utf8.h).
 *
 * What it reads beside the record's own fields: phase `step` (RETRY, DEFER and
 * what lies between) and `remember` (one sentence, told again at the end, behind what the opening `teaches`);
 * outcome `what`, `expected`, `got`, `ok` ("yes" or "no", or a number); queue and mailbox `event`, and the
 * attributes of sim/export/maillog.h; dropped `why`; config `pointer`, `value`.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

struct ui_narrator_options {
    enum trace_level level; /* TRACE_PHASE, TRACE_LINE or TRACE_PACKET */
    bool ascii;             /* no octet above 0x7e */
    bool colour;            /* ECMA-48 colours, which repeat what words and marks say */
};

/* Level line. On a terminal: colour unless NO_COLOR is set or TERM is dumb; ASCII where LC_ALL, LC_CTYPE or
 * LANG names another character set than UTF-8. Into a file or pipe: neither, the same octets on every
 * machine. */
struct ui_narrator_options ui_narrator_defaults(FILE *file);

struct ui_narrator;

/* The file stays the caller's. NULL: no memory. */
struct ui_narrator *ui_narrator_open(FILE *file, const struct ui_narrator_options *options);

struct trace_sink ui_narrator_sink(struct ui_narrator *n);

/* Flushes and frees. Returns 0, or the errno of the first write that failed. */
int ui_narrator_close(struct ui_narrator *n);
#endif
