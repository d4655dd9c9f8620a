#ifndef SIM_HOSTS_HAND_H
#define SIM_HOSTS_HAND_H
/*
 * hand - a person in the place of an engine.
 *
 *   hand_telnet.c   a person is the client: types lines to a server
 *   hand_server.c   a person is the server: answers whoever connects to a port
 *   mua_hand.c      asks the DNS, pings
 *
 * People take their time: whatever they do comes HAND_TYPING_NS after the last thing that happened.
 */
#include "sim/hosts/host.h"

#define HAND_TYPING_NS (2 * CORE_S)

/* What is spoken on a port; SMTP where it is not known. */
enum trace_proto hand_proto(uint16_t port);

/* From spec->from_ns on, whoever connects to spec->port of the host talks to a person; whatever listened
 * there no longer hears. Conversations that are under way go on. */
void hand_serve(struct host *host, const struct spec_hand *spec);
/* Does a person answer on that port of the host now? */
bool hand_sits(const struct host *host, uint16_t port);
#endif
