#ifndef SIM_GATEWAY_PEER_H
#define SIM_GATEWAY_PEER_H
/*
 * peer - a real program's connection: the socket of one session at a door.
 *
 *   socket --recv, as much as the door's TCP has room for--> session
 *   socket <--send-- what the session has taken; what does not fit waits here, and is not credited
 *
 * Held for one connection: at most ENTRANCE_CREDIT octets and a window, so a program that does not read slows
 * its server and nobody else.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/gateway/listen.h"

struct session;

struct peer {
    int fd;
    uint32_t id;
    const struct listener *at; /* borrowed */
    struct session *session;   /* NULL: it has ended; what waits is sent, then the socket is closed */
    char *out;                 /* owned */
    size_t out_cap, out_from, out_len;
    size_t owed;      /* octets sent and not yet credited */
    uint64_t sent_ns; /* real time of the last progress, once the session has ended */
    uint64_t octets_in, octets_out;
    bool waiting;     /* it is we who connect, and the connection does not stand yet: nothing is sent */
    bool opened, eof, /* the program has closed its side */
        fin,          /* the server has: shut down when all is sent */
        shut, broken, /* the socket is of no use */
        reset;        /* end with RST */
};

void peer_init(struct peer *p, int fd, uint32_t id, const struct listener *at);

/* Sends what it can, keeps the rest. */
void peer_take(struct peer *p, const char *octets, size_t len);
void peer_flush(struct peer *p);

/* Octets from the socket, at most `room`: > 0; 0: it has closed its side; -1: nothing now; -2: it is
 * broken. */
long peer_read(struct peer *p, char *buf, size_t room);

/* Closes the socket, with RST if it is due. */
void peer_close(struct peer *p);

/* Closes a connection that is not wanted, with RST. */
void socket_refuse(int fd);
#endif
