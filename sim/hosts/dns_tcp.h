#ifndef SIM_HOSTS_DNS_TCP_H
#define SIM_HOSTS_DNS_TCP_H
/*
 * dns_tcp - DNS messages over TCP: two octets of length, then the message (RFC 1035 section 4.2.2), and the
 * words that hosts put into the trace for DNS messages on either transport.
 *
 *   asker:   dns_tcp_open(host, server, message)  ->  fn(reply), or fn(NULL): no answer this way
 *   server:  dns_tcp_listen(host, fn)             ->  fn(query) ... dns_tcp_send(reply)
 */
#include "sim/hosts/host.h"
#include "sim/net/tcp.h"

/* a server closes a connection without a query; RFC 7766 section 6.2.3 */
#define DNS_TCP_IDLE_NS  (10 * CORE_S)
#define DNS_TCP_BUSY_NS  (60 * CORE_S) /* and one whose query finds no answer */

#define DNS_TCP_LEFT_MAX 262144 /* octets of answers that wait for room; then the peer is given up */

struct dns_tcp;

/* A message has come; msg NULL: the connection has ended, and t is gone after the call. */
typedef void dns_tcp_fn(void *ctx, struct dns_tcp *t, const uint8_t *msg, size_t len);

/* NULL: no way to the server. */
struct dns_tcp *dns_tcp_open(struct host *host, const struct net_addr *server, const uint8_t *msg, size_t len,
                             dns_tcp_fn *fn, void *ctx);
bool dns_tcp_listen(struct host *host, dns_tcp_fn *fn, void *ctx);
void dns_tcp_send(struct dns_tcp *t, const uint8_t *msg, size_t len);
void dns_tcp_close(struct dns_tcp *t); /* fn is not called any more */
uint32_t dns_tcp_number(const struct dns_tcp *t);
void dns_tcp_peer(const struct dns_tcp *t, struct net_addr *addr, uint16_t *port);

/* Once for a world. Every DNS message on UDP is recorded as a line when it leaves. */
void dns_tcp_init_world(struct world *w);

void dns_addr_to_net(struct net_addr *out, const struct dns_addr *in);
void dns_addr_from_net(struct dns_addr *out, const struct net_addr *in);
#endif
