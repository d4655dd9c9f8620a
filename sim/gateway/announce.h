#ifndef SIM_GATEWAY_ANNOUNCE_H
#define SIM_GATEWAY_ANNOUNCE_H
/*
 * announce - what `mailwalk serve` says on stdout, for people or as JSON lines.
 *
 *   {"service":"smtp","transport":"tcp","host":"mail","fqdn":"mail.example.com","port":25,"address":"127.0.0.1",
 *    "local_port":10025,"tls":false}                                                        one for each open
 * door
 *   {"user":"alice","password":"wonderland","address":"alice@example.com","host":"mail"}    one for each
 * account
 *   {"ready":true}
 *   {"done":true,"t_ns":61000000000,"connections":12,"hash":"55b1c0..","records":4711}       at the end
 *
 * People also get a line when a program comes in and when it leaves; such a line is left out when whoever
 * reads stdout does not keep up. What goes wrong is told on stderr, at most one line a second.
 */
#include "sim/gateway/listen.h"

/* False: stdout cannot be written to. */
bool announce_ready(const struct plan *p, const struct listeners *l, const struct serve_options *o);
bool announce_done(const struct serve_options *o, uint64_t t_ns, uint64_t connections, uint64_t hash,
                   uint64_t records);

/* A line of the visitors' book, if people read along. */
void announce_visit(const struct serve_options *o, uint64_t t_ns, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

struct announce_trouble {
    uint64_t next_ns; /* real time */
    unsigned untold;
};
void announce_trouble(struct announce_trouble *t, uint64_t real_ns, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#endif
