#ifndef SIM_NET_TCP_H
#define SIM_NET_TCP_H
/*
 * tcp - TCP after RFC 9293, between hosts of one simulated network.
 *
 *   tcp_connect ----SYN----> tcp_listen's accept          one struct tcp_conn at each end
 *   tcp_send  -> send buffer -> segments -> peer: ops->data(bytes) takes what it can use
 *   tcp_close -> FIN after what is buffered (half-close)   tcp_abort -> RST
 *
 * Receiving is a loan: data() is shown all octets that have arrived in order and not been taken,
 * contiguous, and returns how many it took; the rest is shown again together with what comes
 * next, or after tcp_read(). What is not taken counts against the window. An idle connection holds no
 * buffers.
 *
 * Marks tie what was said to the packet that carries it: tcp_mark() before tcp_send() puts a
 * token on the next octet to be written; when the segment with that octet is sent for the first
 * time, the network's mark function is called, just before the segment is built.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/net/net.h"

#define TCP_MSS4       1460 /* octets: MTU less 40, RFC 9293 section 3.7.1 */
#define TCP_MSS6       1440
#define TCP_MSS_LEAST  536   /* when the peer names none, RFC 9293 section 3.7.1 */
#define TCP_SEND_MAX   65536 /* octets in a send buffer, unless tcp_send_buffer has been called */
#define TCP_SEND_LIMIT 1048576
#define TCP_WINDOW_MAX 65535 /* octets of a receive window before scaling */

/* X(enum suffix, the RFC's name) */
#define TCP_STATES(X)                                                                                        \
    X(CLOSED, "CLOSED")                                                                                      \
    X(LISTEN, "LISTEN")                                                                                      \
    X(SYN_SENT, "SYN-SENT")                                                                                  \
    X(SYN_RECEIVED, "SYN-RECEIVED")                                                                          \
    X(ESTABLISHED, "ESTABLISHED")                                                                            \
    X(FIN_WAIT_1, "FIN-WAIT-1")                                                                              \
    X(FIN_WAIT_2, "FIN-WAIT-2")                                                                              \
    X(CLOSE_WAIT, "CLOSE-WAIT")                                                                              \
    X(CLOSING, "CLOSING")                                                                                    \
    X(LAST_ACK, "LAST-ACK")                                                                                  \
    X(TIME_WAIT, "TIME-WAIT")
#define X(name, text) TCP_##name,
enum tcp_state { TCP_STATES(X) TCP_STATE_COUNT };
#undef X

/* Why a connection is gone, as its user sees it. */
enum tcp_end {
    TCP_END_NORMAL,      /* both sides closed */
    TCP_END_REFUSED,     /* RST in answer to SYN */
    TCP_END_RESET,       /* RST later */
    TCP_END_TIMED_OUT,   /* no answer: SYN or data retransmitted in vain */
    TCP_END_UNREACHABLE, /* no route, or ICMP said so while connecting */
    TCP_END_PROHIBITED,  /* ICMP administratively prohibited: a firewall that rejects */
    TCP_END_ABORTED      /* by tcp_abort at this end */
};

struct tcp_conn;

struct tcp_ops {
    void (*opened)(struct tcp_conn *c, void *app); /* the handshake is complete; at both ends, after accept */
    /* len octets have arrived and not been taken; returns how many it takes (0..len). */
    size_t (*data)(struct tcp_conn *c, void *app, const char *octets, size_t len);
    void (*writable)(struct tcp_conn *c, void *app); /* a send buffer that was full has room for half again */
    void (*peer_closed)(struct tcp_conn *c, void *app);             /* FIN: no more data will come */
    void (*ended)(struct tcp_conn *c, void *app, enum tcp_end why); /* the last call; c is gone after it.
        After a normal close it comes when both FINs are exchanged (TIME-WAIT goes on without the user).
        If data() has left octets then, it is called a last time before. */
};
/* A callback may be NULL (without data(), what arrives is dropped). Callbacks may call every function here on
 * any connection, tcp_abort on their own too: then what data() was shown stays valid until it returns. What a
 * callback sends leaves when it has returned, together with the acknowledgment of what it was called for. */

/* A listener's answer to a SYN that has completed the handshake: sets *ops and *app for
 * the new connection; false: refuse it (RST). */
typedef bool tcp_accept_fn(struct net_host *host, void *listener_ctx, struct tcp_conn *c,
                           const struct tcp_ops **ops, void **app);

void net_tcp_init(struct net *net);
void net_tcp_free(struct net *net);
/* Ends every connection (ended() is called with TCP_END_ABORTED): users clean up before net_tcp_free. */
void tcp_abandon(struct net *net);

/* Listens on `port` on every address of the host. */
bool tcp_listen(struct net_host *host, uint16_t port, tcp_accept_fn *accept, void *ctx);
void tcp_unlisten(struct net_host *host, uint16_t port);

/* Opens a connection from an ephemeral port. NULL: no route or no port left (nothing was called). Otherwise
 * `opened` or `ended` follows, never before this returns. */
struct tcp_conn *tcp_connect(struct net_host *host, const struct net_addr *dst, uint16_t port,
                             const struct tcp_ops *ops, void *app);
/* The same from a port of the caller's choice. NULL too if the four-tuple is in use. */
struct tcp_conn *tcp_connect_from(struct net_host *host, uint16_t local_port, const struct net_addr *dst,
                                  uint16_t port, const struct tcp_ops *ops, void *app);

/* Copies octets into the send buffer; returns how many fitted. Fewer than len: writable() will follow.
 * After tcp_close it takes none. */
size_t tcp_send(struct tcp_conn *c, const void *octets, size_t len);
size_t tcp_send_room(const struct tcp_conn *c);
size_t tcp_send_waiting(const struct tcp_conn *c); /* octets sent or to be sent, and not acknowledged */
/* Gathers small writes: between cork and uncork nothing is sent, so that lines written one by one leave in
 * full segments, as a real program's buffered output would. */
void tcp_cork(struct tcp_conn *c);
void tcp_uncork(struct tcp_conn *c);
void tcp_close(struct tcp_conn *c); /* no more to send: FIN after the buffer; before the handshake is
                                     * complete it waits for that */
void tcp_abort(struct tcp_conn *c); /* RST; ended(TCP_END_ABORTED) is called before this returns */
void tcp_read(struct tcp_conn *c);  /* show what was not taken again */

/* Puts `token` on the next octet that tcp_send will take. Without a mark function it does nothing.
 * The mark function emits the record of what is sent and leaves its seq in trace->cause, which becomes the
 * packet's cause; it must not call back into TCP. */
void tcp_mark(struct tcp_conn *c, uint64_t token);
typedef void tcp_mark_fn(void *ctx, struct tcp_conn *c, uint64_t token);
void tcp_on_mark(struct net *net, tcp_mark_fn *fn, void *ctx);

/* Octets of receive window that connections opened from now on offer: 1 .. 262,144; TCP_WINDOW_MAX at
 * first. */
void tcp_window(struct net *net, size_t octets);
/* Octets that a send buffer may hold: TCP_SEND_MAX .. TCP_SEND_LIMIT. Before the first connection. */
void tcp_send_buffer(struct net *net, size_t octets);

/* The end of a world: aborts every connection, so that whoever uses one can clean up in ended(). What ended()
 * opens may be left to net_tcp_free, which calls nobody. */
void tcp_abandon(struct net *net);

struct net_host *tcp_host(const struct tcp_conn *c);
void *tcp_app(const struct tcp_conn *c);
void tcp_set_app(struct tcp_conn *c, const struct tcp_ops *ops, void *app);
const struct tcp_ops *tcp_ops_of(const struct tcp_conn *c);
/* Shows every connection of the network, in no order, each end for itself. The function changes nothing. */
void tcp_each(const struct net *net, void (*see)(void *ctx, const struct tcp_conn *c), void *ctx);
enum tcp_state tcp_state(const struct tcp_conn *c);
const char *tcp_state_name(enum tcp_state s);
uint32_t tcp_number(const struct tcp_conn *c); /* the trace's conn, the same at both ends */
void tcp_endpoints(const struct tcp_conn *c, struct net_addr *local, uint16_t *local_port,
                   struct net_addr *remote, uint16_t *remote_port);

struct tcp_stats {
    uint64_t opened, segments_sent, retransmitted, fast_retransmits, timeouts, dup_acks, resets_sent,
        bad_checksum;
    uint64_t now_open, now_time_wait;
    size_t octets_per_conn; /* sizeof the control block */
};
const struct tcp_stats *tcp_stats(const struct net *net);
#endif
