#ifndef SIM_EXPORT_PCAP_H
#define SIM_EXPORT_PCAP_H
/*
 * pcap - the frames as a classic pcap file, written by libpcap.
 *
 *   magic a1b23c4d (nanoseconds), version 2.4, LINKTYPE_ETHERNET, snapshot length 65535
 *   one packet a `sent` record: its place in the file is the record's `frame` number
 *
 * A frame is written once, as its maker sends it; what routers forward, what is delivered and what is
 * dropped later is told by the trace only. A frame that a router has changed is one of its making, so it is
 * in the file too, behind the one that it was. The time is the world's: epoch + virtual time.
 */
#include <stdbool.h>
#include <stdio.h>

#include "sim/core/trace.h"

#define EXPORT_SNAPLEN 65535 /* octets; more than any frame here */

struct export_pcap;

/* Takes the file over and writes the file header. `live`: every frame reaches the system at once.
 * NULL and *error: no memory, or the header cannot be written; the file is closed. */
struct export_pcap *export_pcap_open(FILE *file, bool live, int *error);

struct trace_sink export_pcap_sink(struct export_pcap *p);

/* Writes the rest, closes the file (stdout is only flushed), frees. Returns 0, or the errno of the first
 * write that failed. */
int export_pcap_close(struct export_pcap *p);
#endif
