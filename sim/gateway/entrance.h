#ifndef SIM_GATEWAY_ENTRANCE_H
#define SIM_GATEWAY_ENTRANCE_H
/*
 * entrance - the simulated side of the doors: hosts that stand for real programs.
 *
 *   serve, replay --connect, octets, credit, close, reset--> session at a door host --TCP--> virtual server
 *                 <---octets, peer_closed, ended------------
 *
 * All that reaches the simulated world from outside comes through the input functions below, at a moment of
 * virtual time that the caller has moved the world to (entrance_at). What a session does depends on these
 * inputs and on the world, on nothing else: the same inputs at the same moments make the same run. So
 * back-pressure is an input too: a session takes ENTRANCE_CREDIT octets from its server, and more only as
 * credit comes back.
 *
 * The rule of order: inputs of one moment come after every event that was due until then, and in the order in
 * which they are given; what they cause at that moment runs after all of them.
 */
#include "sim/gateway/plan.h"
#include "sim/hosts/world.h"
#include "sim/net/tcp.h"

#define ENTRANCE_CREDIT   65536u     /* octets a session takes from its server in advance */
#define ENTRANCE_MAIL_MAX (1u << 30) /* octets of all mail in the world: then its servers' disks are full */
/* the server has closed: so long a program may take to close too */
#define ENTRANCE_LINGER_NS (60 * CORE_S)
#define ENTRANCE_QUIET_NS  (10 * CORE_S) /* a datagram's answer is waited for so long */
#define ENTRANCE_ASKS_MAX  64            /* sessions of datagrams at a time */

struct entrance;
struct session;

/* What the real side is told. Each may be NULL. No call may give an input. */
struct entrance_ops {
    void (*opened)(void *ctx, struct session *s);
    void (*octets)(void *ctx, struct session *s, const char *octets, size_t len);
    void (*peer_closed)(void *ctx, struct session *s);
    void (*datagram)(void *ctx, struct session *s, const uint8_t *octets, size_t len);
    void (*ended)(void *ctx, struct session *s,
                  enum tcp_end why); /* the last call: the session is gone after it */
};

/* After world_build with the plan's spec. Everything is borrowed. */
struct entrance *entrance_new(struct world *w, const struct plan *plan, const struct entrance_ops *ops,
                              void *ctx);

/* Before world_free: no more calls will be made. */
void entrance_mute(struct entrance *e);

/* After world_free, which ends all sessions. */
void entrance_free(struct entrance *e);

/* Runs all that is due until `t_ns` and makes that the present. */
void entrance_at(struct entrance *e, uint64_t t_ns);

/* A free door, used the longest time ago; 6 asks for one that need not have an IPv4 address. 0: none is
 * free. */
unsigned entrance_free_door(const struct entrance *e, int family);

/* ---- inputs: false: not possible, nothing has happened
 * -------------------------------------------------------- */

/* `id` is a number the caller has not used before; `door` must be free. *s NULL: no way leads there. */
bool entrance_connect(struct entrance *e, uint32_t id, unsigned door, const struct net_addr *to,
                      uint16_t port, struct session **s);
/* At most entrance_room() octets. */
bool entrance_octets(struct session *s, const char *octets, size_t len);
bool entrance_credit(struct session *s, size_t octets); /* which were taken, and are out of the way now */
bool entrance_close(struct session *s);                 /* the program will send no more */
void entrance_reset(struct session *s);                 /* ended() is called before this returns */

bool entrance_ask(struct entrance *e, uint32_t id, unsigned door, const struct net_addr *to, uint16_t port,
                  struct session **s);
bool entrance_datagram(struct session *s, const uint8_t *octets, size_t len);
void entrance_forget(struct session *s); /* the same for datagrams */

/* ---- looking
 * ---------------------------------------------------------------------------------------------------- */

size_t entrance_room(const struct session *s);      /* octets that entrance_octets would take now */
size_t entrance_under_way(const struct session *s); /* octets that the server's TCP has not acknowledged */
unsigned entrance_lines(const struct session *s);   /* lines given that no packet carries yet */
struct session *entrance_find(const struct entrance *e, uint32_t id);
struct session *entrance_oldest_ask(const struct entrance *e); /* NULL unless there are ENTRANCE_ASKS_MAX */
uint32_t session_id(const struct session *s);
bool session_is_ask(const struct session *s);
void session_set_app(struct session *s, void *app); /* the real side's */
void *session_app(const struct session *s);
#endif
