#ifndef SIM_EXPORT_JSONL_H
#define SIM_EXPORT_JSONL_H
/*
 * jsonl - the trace as JSON lines: one object a record, one record a line, UTF-8.
 *
 *   {"seq":0,"cause":0,"t_ns":0,"level":"state","kind":"opening","host":"","scenario":"first-message",
 *    "title":...,"version":...,"seed":7,"epoch":1767603600,
 *    "hosts":[{"name":"alice","label":...,"fqdn":...,"role":"client",
 *              "interfaces":[{"link":"lan","mac":"02:00:00:00:00:01","ip4":"192.0.2.10/24","ip6":...}]}],
 *    "links":[{"name":"lan","label":...,"rate_bps":100000000,"delay_ns":1000000}]}
 *   {"seq":41,"cause":38,"t_ns":412000000,"level":"line","kind":"command","host":"alice","peer":"mail",
 *    "conn":3,"proto":"smtp","dir":"C","text":"RCPT TO:<bob@example.org>","frame":17,
 *    "section":"RFC 5321 section 4.1.1.3","lesson":...,"title":...}
 *
 *   key          when                    what
 *   seq cause t_ns level kind host       always; cause 0: none; host "": the network
 *   peer link    where known             names; link on packet records
 *   conn         not 0                   number of the connection, the same at both ends
 *   proto dir    where they apply        "smtp", ...; "C" or "S"
 *   text         where there is one      plain UTF-8 text (TAB allowed). Where the octets are not that, a
 *                                        readable form with \xHH and \uHHHH
 *   octets       text is not exact       base64 of the exact octets
 *   eol          "none"                  a line record whose text was not ended by CRLF
 *   masked       true                    text had a secret, now stars
 *   code status  SMTP replies            550, "5.1.1"
 *   frame        known                   the number of the frame in the pcap
 *   bytes        packet records          the frame in hexadecimal
 *   section lesson title                 the words for the learner, where there are some
 *   attrs        there are some          object: string or number each
 *   attr_octets  some value is not exact object: base64 of each such value
 *
 * No octet below 0x20 but LF, no C1 control and no mark of direction stands raw in the output: the
 * invisible ones are written as JSON's own \u escapes, so a terminal is safe and nothing is lost.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

struct export_jsonl; /* one output; owned by the caller until closed */

/* Takes the file over. `levels`: TRACE_BIT()s wanted. `live`: every record reaches the system at once,
 * for a reader at the end of a pipe. NULL: no memory; the file is closed. */
struct export_jsonl *export_jsonl_open(FILE *file, unsigned levels, bool live);

struct trace_sink export_jsonl_sink(struct export_jsonl *j);

/* Writes the rest, closes the file (stdout is only flushed), frees. Returns 0, or the errno of the first
 * write that failed. */
int export_jsonl_close(struct export_jsonl *j);
#endif
