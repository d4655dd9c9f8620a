#ifndef SIM_GATEWAY_PLAN_H
#define SIM_GATEWAY_PLAN_H
/*
 * plan - the world that is served: the scenario's, with a host for each real program that may come.
 *
 *   scenario's spec  --plan_make-->  the same links, zones and servers, no actions, and hosts
 *                                    door-1 ... door-N on the link that `doors` names
 *            `serve --forward`      -> hosts exit-1 ... exit-M on the same link, and DNS records that lead to
 * them
 *
 * Every door has addresses of its own: IPv6 as many as there are doors, IPv4 as long as the link's network
 * has free ones. What is served depends on the scenario and on two numbers, so a recording can name it.
 */
#include "sim/core/pool.h"
#include "sim/core/trace.h"
#include "sim/gateway/forward.h"
#include "sim/gateway/tun_plan.h"
#include "sim/hosts/spec.h"

#define PLAN_DOORS_MAX     1000
#define PLAN_DOORS_DEFAULT 600
#define PLAN_ERROR_MAX     300

struct plan_door {
    struct net_addr ip4, ip6;
    bool has4, has6;
};

/* A port of the host exit-K that leads to a real server. */
struct plan_exit {
    const struct forward *forward; /* borrowed */
    size_t host;                   /* index in world.hosts */
    uint16_t port;
    enum trace_proto proto; /* TRACE_TCP: not known */
    bool tls_first;         /* nothing is said before TLS */
};

struct plan {
    struct spec_world world; /* to be built */
    const char *link;
    struct plan_door *door; /* door[k] is the host door-(k + 1) */
    unsigned ndoors;
    size_t first_host; /* index of door-1 in world.hosts */
    struct tun_plan tun;
    struct plan_exit exit[FORWARDS_MAX];
    size_t nexits;
    unsigned nexit_hosts;
    size_t first_exit_host; /* index of exit-1 in world.hosts */
    struct core_arena arena;
};

/* A service that a door leads to. */
struct plan_service {
    const char *name; /* "smtp", "submission", "pop3", "imap", "dns"; "tcp" of a port nobody listens on */
    const char *tls;  /* NULL, "starttls", "implicit" */
    bool tls_first;   /* nothing is said before TLS */
    enum trace_proto proto;
};

/* `doors`: how many; 0: as many as there is room for, up to PLAN_DOORS_DEFAULT. `link` NULL: the one in the
 * scenario's `doors`. `actions`: the scenario's people act too. `forwards` NULL: there are no exits. `tun`:
 * on, the way to the kernel is added; NULL is the same as off. False: error says why. The spec and the
 * forwards are borrowed. */
bool plan_make(struct plan *p, const struct spec_world *spec, const char *link, unsigned doors, bool actions,
               const struct forwards *forwards, const struct tun_plan *tun, char error[PLAN_ERROR_MAX]);
void plan_free(struct plan *p);

/* NULL: there is no such host. */
const struct spec_host *plan_host(const struct plan *p, const char *name);
/* The host with the address; NULL: none. */
const struct spec_host *plan_owner(const struct plan *p, const struct net_addr *a);

/* The networks of a link, from the interfaces on it; bits 0: it has none of that family. */
void plan_link_networks(const struct spec_world *w, const char *link, struct spec_prefix *ip4,
                        struct spec_prefix *ip6);
/* The first address of the network that nobody in `w` has. */
bool plan_free_address(const struct spec_world *w, const struct spec_prefix *net, struct net_addr *out);

struct plan_service plan_service(const struct spec_host *h, uint16_t port);

/* The address of `h` for a program at `door` (of the family 4 or 6 if both have it). False: they share no
 * family. */
bool plan_address(const struct spec_host *h, const struct plan_door *door, int family, struct net_addr *out);
#endif
