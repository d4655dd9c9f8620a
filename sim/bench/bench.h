#ifndef SIM_BENCH_BENCH_H
#define SIM_BENCH_BENCH_H
/*
 * bench - the speed of the simulator on this machine.
 *
 *   mailwalk bench                                     the whole report, text or --format jsonl
 *   mailwalk bench --in-flight N --messages M --format kv [--pcap FILE]
 *                                                      one measurement: msg_per_cpus=, events_per_cpus=, ...
 *
 * One message is a submission, an MX look-up, a relay, a delivery and a POP3 fetch, each on a fresh
 * connection, between hosts that run the same code as every scenario. Time is the CPU time of this process.
 */

/* argv without "mailwalk bench". Returns the exit status. */
int bench_command(int argc, char **argv);
#endif
