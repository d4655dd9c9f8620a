#ifndef SIM_GATEWAY_CONTROL_DOOR_H
#define SIM_GATEWAY_CONTROL_DOOR_H
/*
 * control_door - the Unix socket of `mailwalk serve --control PATH`: one JSON object a line in, one out.
 *
 *   control_door_poll -> fds -> control_door_round at one moment: requests, answers -> control_door_tick:
 * what had to wait (a send, an advance)
 *
 * The file has mode 0600: whoever may open it may do everything. A client's next request is read when its
 * last answer has left, so nobody can make the server keep more than one answer for him.
 */
#include <poll.h>

#include "sim/gateway/control.h"

#define CONTROL_CLIENTS_MAX 16 /* at a time; one more is told so and closed */
#define CONTROL_FDS_MAX     (CONTROL_CLIENTS_MAX + 1)
#define CONTROL_ROUND_MAX   64 /* requests of one client in a round */

struct control_door;

/* Makes the socket. NULL: *status is 2 (the path cannot be a socket's) or 3 (the machine refused, or another
 * server uses it), and why has been told on stderr. A socket that nobody listens on is replaced. */
struct control_door *control_door_open(const char *path, int *status);
/* `record` may be NULL. `room` is borrowed; its now_ns is the caller's to keep true, `sent` is the door's. */
void control_door_begin(struct control_door *d, struct control_room *room, FILE *record);
/* Fills at most CONTROL_FDS_MAX; returns how many. */
size_t control_door_poll(struct control_door *d, struct pollfd *fds);
/* Is there a request already that nobody waits to read? Then nobody may sleep. */
bool control_door_owing(const struct control_door *d);
/* Has a socket of the last control_door_poll something to say? */
bool control_door_knocks(const struct control_door *d, const struct pollfd *fds);
/* After poll. The world stands at moment_ns. */
void control_door_round(struct control_door *d, const struct pollfd *fds, uint64_t moment_ns);
/* All that was due until now_ns has happened: answers those who waited for it. */
void control_door_tick(struct control_door *d, uint64_t now_ns);
/* Before world_free: removes the socket. */
void control_door_close(struct control_door *d);
#endif
