#ifndef SIM_HOSTS_PUMP_H
#define SIM_HOSTS_PUMP_H
/*
 * pump - between a TCP connection and a protocol engine.
 *
 *   TCP data() -> step(): the engine takes what it can -> pump_say(): its answer -> TCP send buffer
 *                 pull(): long output, whenever the send buffer has room
 *
 * One for each session, embedded in it. The pump keeps the engine's promises for it: nothing is
 * stepped while output waits to be pulled (unless the engine allows it), what does not fit is
 * kept and sent first, a close comes after all that was said, and the protocol's time-out is one lazily
 * moved timer. What is said goes into the trace line by line, each at the moment its first octet leaves.
 */
#include "protocols/sasl/sasl.h"
#include "protocols/wire/out.h"
#include "sim/hosts/host.h"
#include "sim/net/tcp.h"

struct pump;
struct pump_tls;
struct pump_lines;
struct pump_hold;
struct tls_context;

struct pump_ops {
    enum trace_proto proto;
    char dir;                       /* of what this end says: 'C' or 'S' */
    bool step_while_pulling;        /* a pipelining SMTP client must read while it writes */
    void (*opened)(struct pump *p); /* the connection is there */
    /* Feeds the engine; calls pump_say for what it wants sent, pump_more or pump_close as it demands.
     * Returns the octets taken, 0: more are needed. */
    size_t (*step)(struct pump *p, const char *in, size_t len);
    /* The engine's next piece of long output, through pump_say. False: there is none. */
    bool (*pull)(struct pump *p);
    void (*peer_closed)(struct pump *p);             /* no more will come */
    void (*expired)(struct pump *p);                 /* the time set with pump_wait is over */
    void (*ended)(struct pump *p, enum tcp_end why); /* the last call: frees the session */
    /* After pump_secure: the handshake is complete; it has failed, and the connection is being closed. NULL
     * where a session never asks for TLS. */
    void (*secured)(struct pump *p);
    void (*not_secured)(struct pump *p, const char *name, const struct wire_lesson *why);
    /* Is a line with this lesson, about to be said, message content? NULL: never. */
    bool (*content)(const struct pump *p, const struct wire_lesson *why);
    /* For people who look: the name of the protocol's state, and who has logged in (NULL: nobody). NULL: of a
     * client, which has none. */
    const char *(*state)(const struct pump *p, const char **user);
};

struct pump {
    struct tcp_conn *conn; /* NULL before it is open and after it has ended */
    const struct pump_ops *ops;
    struct host *host;
    char *left; /* said, and not yet taken by TCP; owned */
    size_t left_cap;
    uint32_t left_at, left_len;
    struct pump_tls *tls;     /* NULL: in clear; owned */
    struct pump_lines *lines; /* what is said, for the trace; NULL while nobody reads it; owned */
    struct pump_hold *hold;   /* what is said waits; NULL: it does not; owned */
    uint64_t wait_until_ns;
    struct core_timer timer;
    uint32_t peer; /* host number for the trace */
    bool more, closing, closed, inside, aborting, pulling;
};

/* Opens a connection from `host`. False: there is no way to the address; nothing else will be called. */
bool pump_connect(struct pump *p, struct host *host, const struct pump_ops *ops, const struct net_addr *to,
                  uint16_t port);
/* In a tcp_accept_fn: takes the connection; opened() follows. */
void pump_accept(struct pump *p, struct host *host, const struct pump_ops *ops, struct tcp_conn *conn,
                 const struct tcp_ops **tcp_ops, void **app);

void pump_say(struct pump *p, const struct wire_out *out);
void pump_more(struct pump *p);  /* there is something to pull */
void pump_close(struct pump *p); /* after all that was said; no step is called any more */
void pump_abort(struct pump *p); /* RST; ended() follows, at the latest when the call from the pump returns */

/* What is said from now on, and what has not left yet, leaves after so long and in order; meanwhile nothing
 * more is read. While something is held already, it joins that. */
void pump_hold(struct pump *p, uint64_t ns);

/* Lines said that no packet carries yet: each takes memory until the trace has told it. */
unsigned pump_lines_waiting(const struct pump *p);

/* The pump behind a connection; NULL: whoever uses that has none. */
const struct pump *pump_of(const struct tcp_conn *c);

/* From now on the connection is encrypted; what has come in clear and not been taken is discarded. A client
 * names the server that it wants to reach (NULL: a server). The engine is fed again after secured(). */
void pump_secure(struct pump *p, struct tls_context *context, const char *server_name);

/* What SASL may tie a proof to (RFC 5802 section 6): octets that only the two ends of this TLS session have.
 * tls-exporter inside TLS 1.3 (RFC 9266), tls-unique inside TLS 1.2 (RFC 5929 section 3). From secured() to
 * the end of the connection; before and without TLS: SASL_BINDING_NONE and nothing. */
enum sasl_binding pump_binding(const struct pump *p, struct wire_slice *octets);

/* expired() is called when nothing moves the time for so long; 0: never. While an answer is held, the time
 * begins when it leaves. */
void pump_wait(struct pump *p, uint64_t timeout_ns);

static inline uint32_t pump_number(const struct pump *p)
{
    return p->conn ? tcp_number(p->conn) : 0;
}

/* The peer's address, for logs and Received fields. */
void pump_peer(const struct pump *p, struct net_addr *addr, uint16_t *port);
void pump_local(const struct pump *p, struct net_addr *addr, uint16_t *port);

/* Once for a world: TCP tells the pump when a marked line leaves. */
void pump_init_world(struct world *w);
#endif
