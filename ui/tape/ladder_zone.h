#ifndef UI_TAPE_LADDER_ZONE_H
#define UI_TAPE_LADDER_ZONE_H
/*
 * ladder_zone - which zone a line or a frame belongs to: one small state for each conversation.
 *
 *   C: EHLO        opens HELLO, and waits for a reply     waiting: [HELLO]
 *   C: MAIL, DATA  pipelined: no zone, then DATA          waiting: [-] [DATA]
 *   S: 250         answers the first that waits           waiting: [DATA]
 *   S: 354         answers, and does not end the wait
 *   C: content     belongs to what was said last
 *   S: 250         ends it                                waiting: -
 *
 * Replies come in the order of the commands (RFC 2920 section 3.1, RFC 2449 section 6.6); in IMAP a tagged
 * reply ends the wait of the first command, which is right as long as nobody pipelines (RFC 9051
 * section 5.5).
 */
#include "ui/tape/ladder.h"

#define LADDER_WAITING_MAX 32 /* commands in flight whose zone is remembered */

struct ladder_conn {
    uint32_t waiting[LADDER_WAITING_MAX];
    unsigned head, n;
    uint32_t said;       /* the zone of the last command */
    uint32_t answered;   /* the zone of the last reply */
    uint32_t now;        /* the zone of the last row */
    uint32_t hello, tls; /* their zones, once opened */
    uint32_t setup, close;
    uint32_t octets; /* of content so far */
    bool continued;  /* the server asked for more of the same command */
    bool established;
};

struct ladder_zones {
    uint8_t *kind; /* owned: enum ladder_zone, by number */
    size_t n, cap;
};

uint32_t ladder_zone_open(struct ladder_zones *z, enum ladder_zone kind);
/* The zone of a line record of this conversation. */
uint32_t ladder_zone_line(struct ladder_zones *z, struct ladder_conn *c, const struct trace_record *r);

/* What a frame of TCP is for, from its text. */
enum ladder_tcp { LADDER_TCP_OTHER, LADDER_TCP_SYN, LADDER_TCP_ACK, LADDER_TCP_FIN, LADDER_TCP_RST };
enum ladder_tcp ladder_tcp_of(const struct trace_record *r);
/* The zone of a frame of this conversation; *refused: it says no to a connection. */
uint32_t ladder_zone_tcp(struct ladder_zones *z, struct ladder_conn *c, enum ladder_tcp what, bool *refused);
#endif
