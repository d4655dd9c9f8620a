#ifndef SIM_EXPORT_PCAPNG_H
#define SIM_EXPORT_PCAPNG_H
/*
 * pcapng - the frames with the lesson beside them (draft-ietf-opsawg-pcapng).
 *
 *   SHB  little-endian, 1.0; application "mailwalk VERSION"; comment: scenario and seed. Nothing about
 *        the machine
 *   IDB  Ethernet, if_tsresol 9 (nanoseconds): the one place that sees every frame as its maker sends it.
 *        A router that changes what it passes on has one more, of its name, for the frames that it has
 *        changed; it stands before the first of them
 *   NRB  every IPv4 and IPv6 address of the opening, with the host's names
 *   DSB  TLS key log, where export_pcapng_secrets() is called: before the frames that need it; these wait for
 *        it in memory
 *   EPB  one a `sent` record, at epoch + virtual time, with comments where phases and lines begin:
 *          phase 3: TITLE: the sentence that names names. LESSON (RFC 6409 section 3)
 *          step 14: RCPT TO: The client names one recipient. LESSON (RFC 5321 section 4.1.1.3)
 *          steps 20 to 33: content: ...                         lines of a message in one frame
 *          box has written over this frame: WHAT. As its maker sent it, it is frame 45; ...
 *
 * A step's number is the line record's place among all line records; a phase's among the phases.
 * A phase or line is told just before the `sent` record of its `frame`; one that knows no frame goes to
 * the next one. libpcap writes no comments, names or secrets, so this room writes the blocks itself. What
 * has reached the file always ends with a whole block: a run that is cut off leaves one that opens.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

#define EXPORT_COMMENTS_MAX 1024 /* comments that wait for a frame; further ones are left out */
#define EXPORT_WHAT_MAX     96   /* octets of a line that a comment quotes, with NUL */

struct export_pcapng;

/* Takes the file over; the first blocks are written when the trace opens. `live`: every block reaches the
 * system at once. NULL: no memory; the file is closed. */
struct export_pcapng *export_pcapng_open(FILE *file, bool live);

struct trace_sink export_pcapng_sink(struct export_pcapng *p);

/* Adds a Decryption Secrets Block of type TLS Key Log: lines as in SSLKEYLOGFILE ("CLIENT_RANDOM ..."). */
void export_pcapng_secrets(struct export_pcapng *p, const char *keylog, size_t len);

/* Frames wait in memory while a server is in a TLS handshake, up to a second each: the client's last words of
 * it open only with a secret that the server computes when it has read them, and a reader wants the secret
 * first. Time goes on while nothing is recorded, so whoever shows a live capture tells it: frames that have
 * waited long enough are written. `t_ns`: virtual time. */
void export_pcapng_now(struct export_pcapng *p, uint64_t t_ns);
/* Whether frames wait. */
bool export_pcapng_waits(const struct export_pcapng *p);

/* The errno of the first write that failed, 0: the file then ends with the last whole block before that. */
int export_pcapng_error(const struct export_pcapng *p);

/* Writes the rest, closes the file (stdout is only flushed), frees. Returns 0, or the errno of the first
 * write that failed. */
int export_pcapng_close(struct export_pcapng *p);

/* What a line does, in a few words: "RCPT TO", "250 2.1.5", "+OK", "UID FETCH", "example.org MX?".
 * Returns buf. */
const char *export_line_what(const struct trace_record *r, char buf[EXPORT_WHAT_MAX]);
#endif
