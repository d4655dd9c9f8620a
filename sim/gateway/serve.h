#ifndef SIM_GATEWAY_SERVE_H
#define SIM_GATEWAY_SERVE_H
/*
 * serve - the simulated world at the pace of life, with doors for real programs.
 *
 *   virtual now = (monotonic now - start) * speed
 *
 *   loop: run what is due -> sleep until the next event or a socket's -> inputs of this moment:
 *         credit, octets, closes and resets by connection, then new connections, then datagrams
 *
 * No input is given while an event runs. Each round's inputs have a moment of virtual time of their own,
 * later than that of the round before, so a recording (record.h) says all that is needed to run them again.
 */
#include "sim/gateway/options.h"

/* Of real time, what one round runs before the sockets are looked at: whoever has just come in waits for a
 * few rounds, however much others have brought. */
#define SERVE_ROUND_NS  (10 * CORE_MS)
#define SERVE_LINGER_NS (30 * CORE_S) /* of real time: a program must read the last octets in so long */

/* `spec` is the scenario's, `text_hash` that of its text. Returns when SIGINT, SIGTERM or SIGHUP comes
 * (SIGHUP not under nohup) or the duration is over: 0; 2: the options do not fit the scenario; 3: the machine
 * refused, or the TUN device has gone. What is wrong has been told on stderr. */
int serve_run(const struct serve_options *o, const struct spec_world *spec, uint64_t text_hash);
#endif
