#ifndef SIM_NET_TCP_INTERNAL_H
#define SIM_NET_TCP_INTERNAL_H
/*
 * tcp_internal - what the files of TCP share; nobody else includes it.
 *
 *   tcp.c        what users call; beginning and end; the one setter of the state
 *   tcp_table.c  finding connections and listeners
 *   tcp_in.c     a segment arrives (RFC 9293 section 3.10.7)
 *   tcp_rx.c     octets on their way to the user: reassembly, the receive buffer, the window
 *   tcp_out.c    segments leave: what may be sent now, and in which shape
 *   tcp_timer.c  the one timer of a connection, retransmission, round-trip time
 *   tcp_wait.c   TIME-WAIT, without control blocks
 *
 * Life of a control block:  tcp_open -> ... -> tcp_end (user told, out of the table) -> freed
 *
 * Whatever runs for a connection (a segment, the timer, a user's call that may call back) is between
 * tcp_join and tcp_leave. In between, users may call anything: sending waits for the outermost
 * tcp_leave, so that the answer to a segment, its acknowledgment and a FIN travel in one
 * segment; so does freeing, so that a callback may abort its own connection.
 */
#include "sim/net/net_host.h"
#include "sim/net/octets.h"
#include "sim/net/tcp.h"

#define TCP_HEADER 20 /* octets without options */

/* Limits and times. */
#define TCP_MSS_LEAST6    1220           /* when an IPv6 peer names none, RFC 9293 section 3.7.1 */
#define TCP_MSS_FLOOR     64             /* a peer that names less is not believed */
#define TCP_MSS_ASSUMED   536            /* of the peer's segments, until a larger one is seen */
#define TCP_PORT_LOW      49152          /* ephemeral ports, RFC 6335 section 6 */
#define TCP_PORTS         16384          /* how many of them */
#define TCP_BUFFER_LEAST  256            /* octets of the first send or receive buffer */
#define TCP_WINDOW_LIMIT  262144         /* octets of a receive window with scaling */
#define TCP_SCALE_MAX     14             /* RFC 7323 section 2.3 */
#define TCP_HELD_MAX      250            /* segments kept that arrived out of order */
#define TCP_HALF_OPEN_MAX 32768          /* connections in SYN-RECEIVED by passive open, in one network */
#define TCP_RTO_FIRST_US  1000000u       /* RFC 6298 section 2.1 */
#define TCP_RTO_LEAST_US  1000000u       /* RFC 6298 section 2.4 */
#define TCP_RTO_MOST_US   64000000u      /* at least 60 s: RFC 6298 section 2.5 */
#define TCP_RTO_LOST_US   3000000u       /* after a lost SYN: RFC 6298 section 5.7 */
#define TCP_CLOCK_US      1000u          /* G of RFC 6298 */
#define TCP_SYN_RETRIES   6              /* sent at 0, 1, 3, 7, 15, 31, 63 s; given up at 127 s */
#define TCP_RETRIES       15             /* R2 of RFC 9293 section 3.8.3: 127 s + 9 times 64 s */
#define TCP_DELAY_ACK_NS  (40 * CORE_MS) /* below 500 ms: RFC 9293 section 3.8.6.3 */
#define TCP_2MSL_NS       (60 * CORE_S)  /* what Linux waits; RFC 9293 section 3.4.2 suggests 4 min */
#define TCP_DUP_ACKS      3              /* RFC 5681 section 3.2 */
#define TCP_CHALLENGES    100            /* challenge ACKs in a second, RFC 5961 section 7 */
#define TCP_CONN_HOT      256            /* octets of a control block that a segment is likely to touch */
#define TCP_APP_HOT       192            /* and of what its user has at `app` */

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

enum {
    TCP_F_CLOSE = 1 << 0,       /* the user has closed: FIN follows the buffer */
    TCP_F_FIN_SENT = 1 << 1,    /* and has been sent: snd_max is the octet after it */
    TCP_F_FIN_SEEN = 1 << 2,    /* the peer's FIN is acknowledged */
    TCP_F_ACK_NOW = 1 << 3,     /* an acknowledgment is due at the next tcp_output */
    TCP_F_ACK_LATER = 1 << 4,   /* and here it may wait for data or 40 ms */
    TCP_F_PERSIST = 1 << 5,     /* resend_at is the zero-window probe's */
    TCP_F_RECOVERY = 1 << 6,    /* fast recovery, RFC 6582 */
    TCP_F_WANT_WRITE = 1 << 7,  /* the user waits for writable() */
    TCP_F_PASSIVE = 1 << 8,     /* began with LISTEN */
    TCP_F_TIMED = 1 << 9,       /* the octet rtt_seq is being timed */
    TCP_F_SYN_LOST = 1 << 10,   /* a SYN was sent twice */
    TCP_F_IN_DATA = 1 << 11,    /* data() is running */
    TCP_F_SHOW_AGAIN = 1 << 12, /* and called tcp_read */
    TCP_F_DOOMED = 1 << 13,     /* the timer ends it, for the reason `doom` */
    TCP_F_OVER = 1 << 14,       /* both FINs are acknowledged: LAST-ACK is done */
    TCP_F_GONE = 1 << 15,       /* ended() was called */
    TCP_F_SCALED = 1 << 16      /* both sides sent Window Scale */
};

/* Marks wait in a block from the depot; there is none when none wait. */
struct tcp_marks {
    uint32_t cap; /* octets of the block */
    uint16_t first, end, max;
    struct {
        uint64_t token;
        uint32_t seq;
    } mark[];
};

/* Names follow RFC 9293 section 3.3.1, RFC 5681 and RFC 6298. Times of day are virtual. */
struct tcp_conn {
    /* who: compared for every segment */
    struct net_addr local, remote;
    uint16_t local_port, remote_port;
    uint32_t hash;
    uint32_t pseudo; /* sum of the pseudo-header without its length */
    uint32_t number;
    struct net_host *host; /* borrowed */
    struct net_tcp *tcp;   /* borrowed */

    /* what every segment reads and most of them write */
    uint32_t flags;
    uint8_t state, family, cork, busy;
    uint32_t snd_una, snd_nxt, snd_wnd;
    uint32_t snd_max; /* the octet after the highest one ever sent; snd_nxt goes back, this does not */
    uint32_t snd_len; /* octets buffered, the first is snd_una's (the one after SYN's before the handshake) */
    uint32_t snd_small; /* the octet after the last short segment: Nagle */
    uint32_t rcv_nxt;
    uint32_t rcv_adv;   /* right edge of the window last offered */
    uint32_t rcv_acked; /* the last acknowledgment sent */
    uint32_t cwnd;
    uint16_t mss;     /* most octets in a segment to the peer */
    uint16_t rcv_mss; /* most octets seen in one of the peer's */
    uint8_t snd_shift, rcv_shift, dup_acks, retries;
    const struct tcp_ops *ops; /* borrowed; NULL until accepted */
    void *app;

    uint64_t resend_at, ack_at; /* deadlines; CORE_NEVER: none */
    struct core_timer timer;    /* at or before the earliest of them */
    struct net_path path;

    char *snd_buf; /* owned; a ring of snd_cap octets, a power of two; NULL when empty */
    uint32_t snd_cap, snd_head;
    struct tcp_marks *marks; /* owned */

    uint32_t snd_wl1, snd_wl2;
    uint32_t max_wnd; /* the largest window the peer has offered */
    uint32_t ssthresh, recover;
    uint32_t iss, irs;                /* initial sequence numbers, ours and the peer's */
    uint32_t rtt_seq, rtt_at_us;      /* the octet being timed, and when it left */
    uint32_t srtt_us, rttvar_us;      /* srtt 0: no measurement yet */
    uint32_t rto_us, sent_at_ms;      /* of the last segment with data */
    uint32_t rx_head, rx_len, rx_cap; /* octets in order that the user has not taken */
    uint8_t held;                     /* packets in `early` */
    uint8_t probes;                   /* zero-window probes since the window closed */
    uint8_t doom;                     /* enum tcp_end */
    char *rx_buf;                     /* owned; NULL when empty */
    struct net_packet *early;         /* owned; arrived out of order, sorted by sequence number */
    uint64_t cause;                   /* the record that deadlines are due to */
};

_Static_assert(sizeof(struct tcp_conn) <= 320, "a control block is at most 320 octets");

/* A connection in TIME-WAIT: enough to acknowledge a repeated FIN and to judge a new SYN. */
struct tcp_wait {
    struct net_addr local, remote;
    uint16_t local_port, remote_port;
    uint32_t snd_nxt, rcv_nxt, number;
    uint64_t until_ns;
    struct net_host *host; /* NULL: over */
};

_Static_assert(sizeof(struct tcp_wait) <= 64, "TIME-WAIT costs at most 64 octets");

struct tcp_slot { /* open addressing, linear probing; c NULL: free */
    struct tcp_conn *c;
    uint32_t hash;
};

struct tcp_listener {
    struct net_host *host; /* NULL: free */
    tcp_accept_fn *accept;
    void *ctx;
    uint16_t port;
};

struct tcp_wait_slot {
    uint32_t hash;
    uint32_t id; /* 0: free */
};

struct net_tcp {
    struct net *net; /* borrowed */
    struct tcp_slot *slots;
    size_t mask, used; /* slots less one; a power of two less one */
    struct tcp_listener *listeners;
    size_t listener_mask, nlisteners;
    struct core_pool pool;
    tcp_mark_fn *mark;
    void *mark_ctx;
    uint32_t window;   /* octets of receive window of new connections */
    uint32_t send_max; /* octets in a send buffer */
    uint32_t half_open;
    uint64_t challenge_s; /* the second that `challenges` counts */
    uint32_t challenges;

    struct tcp_wait *wait; /* a ring: id & wait_mask */
    size_t wait_mask;
    uint32_t wait_first, wait_end; /* ids; 0 is never one */
    struct tcp_wait_slot *wait_slots;
    size_t wait_slot_mask;
    struct core_timer wait_timer;

    uint64_t key[2]; /* of initial sequence numbers */
    struct core_rng ports;
    struct tcp_stats stats;
};

/* A segment that has arrived, its header in host order. */
struct tcp_segment {
    struct net_packet *p; /* owned; NULL once it is kept */
    const uint8_t *data;
    uint32_t seq, ack, wnd;
    uint32_t len;  /* octets of data */
    uint8_t flags; /* TCP_FIN .. TCP_ACK */
    uint8_t header;
    uint16_t src_port, dst_port;
};

/* ---- sequence numbers, modulo 2^32 (RFC 9293 section 3.4) ------------------------------------- */

static inline bool tcp_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}
static inline bool tcp_leq(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) <= 0;
}

static inline uint32_t tcp_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static inline uint32_t tcp_most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* A length as the pseudo-header's sum has it. */
static inline uint32_t tcp_sum_length(size_t octets)
{
    return net_be16((uint16_t)octets);
}

/* ---- tcp.c ------------------------------------------------------------------------------------ */

/* True if the state diagram (RFC 9293 section 3.3.2) has this arrow. */
bool tcp_move_legal(enum tcp_state from, enum tcp_state to);
/* The only place where a state changes; asserts the move and records it. */
void tcp_enter(struct tcp_conn *c, enum tcp_state next);
void tcp_trace_state(struct net_tcp *tcp, struct net_host *host, uint32_t number,
                     const struct net_addr *remote, enum tcp_state from, enum tcp_state to);

/* A new control block, in the table, in CLOSED or (passive) in LISTEN. `number` 0: the next one. */
struct tcp_conn *tcp_open(struct net_host *host, const struct net_addr *local, uint16_t local_port,
                          const struct net_addr *remote, uint16_t remote_port, bool passive, uint32_t number);
uint32_t tcp_first_seq(const struct tcp_conn *c); /* RFC 6528 */

static inline void tcp_join(struct tcp_conn *c)
{
    c->busy++;
}
void tcp_leave(struct tcp_conn *c);
/* Tells the user, takes c out of the table; memory stays until tcp_leave. */
void tcp_end(struct tcp_conn *c, enum tcp_end why);

static inline bool tcp_gone(const struct tcp_conn *c)
{
    return (c->flags & TCP_F_GONE) != 0;
}

/* ---- tcp_table.c -------------------------------------------------------------------------------- */

/* The same at both ends, so that a segment can bring it: net_packet.flow. */
uint32_t tcp_hash(const struct net_addr *local, uint16_t local_port, const struct net_addr *remote,
                  uint16_t remote_port);
/* `host` NULL: any; addresses such as loopback exist at more than one. */
struct tcp_conn *tcp_find(const struct net_tcp *tcp, uint32_t hash, const struct net_host *host,
                          const struct net_addr *local, uint16_t local_port, const struct net_addr *remote,
                          uint16_t remote_port);
const struct tcp_listener *tcp_listener(const struct net_tcp *tcp, const struct net_host *host,
                                        uint16_t port);
void tcp_table_init(struct net_tcp *tcp);
void tcp_table_free(struct net_tcp *tcp);
void tcp_table_add(struct net_tcp *tcp, struct tcp_conn *c);
void tcp_table_remove(struct net_tcp *tcp, const struct tcp_conn *c);

/* ---- tcp_in.c --------------------------------------------------------------------------------- */

/* True if one more challenge ACK may be sent in this second. */
bool tcp_may_challenge(struct net_tcp *tcp);
/* A SYN for a listener; `before`: the connection in TIME-WAIT that makes way for it, or NULL. */
void tcp_arrives_listen(struct net_host *host, struct tcp_segment *s, const struct tcp_wait *before);
/* The initial congestion window, RFC 6928 section 2. */
static inline uint32_t tcp_initial_cwnd(uint32_t mss)
{
    return tcp_least(10 * mss, tcp_most(2 * mss, 14600));
}

/* ---- tcp_rx.c --------------------------------------------------------------------------------- */

void tcp_take_data(struct tcp_conn *c, struct tcp_segment *s); /* an acceptable segment's data and FIN */
void tcp_show(struct tcp_conn *c);                             /* what was not taken, again */
/* Moves the right edge if that is worth telling; returns the header's window field. */
uint16_t tcp_offer_window(struct tcp_conn *c);
bool tcp_window_grew(const struct tcp_conn *c); /* enough for a segment of its own */
void tcp_rx_free(struct tcp_conn *c);

/* ---- tcp_out.c -------------------------------------------------------------------------------- */

uint16_t tcp_own_mss(const struct tcp_conn *c);
void tcp_output(struct tcp_conn *c);     /* everything that may go now */
void tcp_send_syn(struct tcp_conn *c);   /* SYN or SYN,ACK, as the state says */
void tcp_resend(struct tcp_conn *c);     /* one segment from snd_una, whatever the window */
void tcp_send_probe(struct tcp_conn *c); /* one octet into a closed window */
void tcp_send_ack(struct tcp_conn *c);
void tcp_send_reset(struct tcp_conn *c);
/* Answers s without a control block. `offer`: the window field. */
void tcp_answer(struct net_host *host, const struct tcp_segment *s, uint32_t seq, uint32_t ack, uint8_t flags,
                uint16_t offer, uint32_t number);
void tcp_answer_reset(struct net_host *host, const struct tcp_segment *s); /* RFC 9293 section 3.10.7.1 */

size_t tcp_buffer_put(struct tcp_conn *c, const void *octets, size_t len);
void tcp_buffer_drop(struct tcp_conn *c, uint32_t octets); /* acknowledged */
void tcp_tx_free(struct tcp_conn *c);

/* ---- tcp_timer.c ------------------------------------------------------------------------------ */

void tcp_timer_run(struct core_queue *q, struct core_timer *timer);
void tcp_arm(struct tcp_conn *c); /* after deadlines changed */
void tcp_measure(struct tcp_conn *c, uint32_t rtt_us);
void tcp_trace_timer(struct tcp_conn *c, const char *timer, uint32_t after_us);

static inline uint64_t tcp_now(const struct tcp_conn *c)
{
    return c->tcp->net->queue->now_ns;
}
static inline void tcp_resend_in(struct tcp_conn *c, uint32_t us)
{
    c->resend_at = tcp_now(c) + (uint64_t)us * CORE_US;
}

/* ---- tcp_wait.c ------------------------------------------------------------------------------- */

void tcp_wait_init(struct net_tcp *tcp);
void tcp_wait_free(struct net_tcp *tcp);
void tcp_wait_add(struct tcp_conn *c);
struct tcp_wait *tcp_wait_find(struct net_tcp *tcp, uint32_t hash, const struct net_host *host,
                               const struct net_addr *local, uint16_t local_port,
                               const struct net_addr *remote, uint16_t remote_port);
void tcp_wait_arrives(struct net_tcp *tcp, struct tcp_wait *w, uint32_t hash, struct tcp_segment *s);
#endif
