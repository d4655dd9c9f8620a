#ifndef SIM_GATEWAY_EXIT_H
#define SIM_GATEWAY_EXIT_H
/*
 * exit - the simulated side of the ways out: hosts that stand for real servers.
 *
 *   virtual client --TCP--> session at an exit host --begun, octets, peer_closed, ended--> serve: a real
 * socket
 *                                                   <--joined, octets, credit, close, reset--   (replay: a
 * file)
 *
 * The mirror of entrance.h, under the same rules: what the real server does comes in through the input
 * functions below, at a moment of virtual time; the same inputs at the same moments make the same run, and
 * inputs of one moment come after every event that was due until then. A session begins when a virtual host
 * connects, so its beginning is no input: sessions are numbered from 1 in the order in which they begin.
 *
 * The exit host completes the handshake before it is known whether the real server does; a server that
 * refuses is seen as a connection that opens and is broken off at once.
 */
#include "sim/gateway/plan.h"
#include "sim/hosts/world.h"
#include "sim/net/tcp.h"

#define EXIT_CREDIT       65536u /* octets a session takes from its virtual client in advance */
#define EXIT_SESSIONS_MAX 256    /* at a time; one more is refused with RST */
/* the client has closed: so long a real server may take to close too */
#define EXIT_LINGER_NS (60 * CORE_S)

struct exits;
struct exit_session;

/* What the real side is told. Each may be NULL. No call may give an input. */
struct exits_ops {
    void (*begun)(void *ctx, struct exit_session *s);
    void (*octets)(void *ctx, struct exit_session *s, const char *octets, size_t len);
    void (*peer_closed)(void *ctx, struct exit_session *s);
    /* The last call: the session is gone after it. */
    void (*ended)(void *ctx, struct exit_session *s, enum tcp_end why);
};

/* After world_build with the plan's spec, before anything runs: opens the exits' ports. Everything is
 * borrowed. */
struct exits *exits_new(struct world *w, const struct plan *plan, const struct exits_ops *ops, void *ctx);

/* Before world_free: no more calls will be made. */
void exits_mute(struct exits *x);

/* After world_free, which ends all sessions. */
void exits_free(struct exits *x);

/* ---- inputs: false: not possible, nothing has happened ---- */

bool exit_joined(struct exit_session *s);  /* the real server has taken the connection */
bool exit_refused(struct exit_session *s); /* it has not; ended() is called before this returns */
/* At most exit_room() octets from the real server. */
bool exit_octets(struct exit_session *s, const char *octets, size_t len);
bool exit_credit(struct exit_session *s, size_t octets); /* which were taken, and are out of the way now */
bool exit_close(struct exit_session *s);                 /* the real server will send no more */
void exit_reset(struct exit_session *s);                 /* ended() is called before this returns */

/* ---- looking ---- */

size_t exit_room(const struct exit_session *s); /* octets that exit_octets would take now */
struct exit_session *exit_find(const struct exits *x, uint32_t id);
uint32_t exit_id(const struct exit_session *s);
const struct plan_exit *exit_way(const struct exit_session *s);
void exit_set_app(struct exit_session *s, void *app); /* the real side's */
void *exit_app(const struct exit_session *s);
#endif
