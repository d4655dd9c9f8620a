#ifndef SIM_HOSTS_ASK_H
#define SIM_HOSTS_ASK_H
/*
 * ask - a host asks the DNS, through its stub resolver, over simulated UDP and TCP.
 *
 *   ask_start(host, "example.org", DNS_TYPE_MX, fn, ctx)  -> fn(ctx, result), later or at once
 *   ask_addresses(host, "mx.example.org", fn, ctx)        -> A and AAAA, whatever the host can use
 *
 * The answer is good during the call. A name that is an address is answered at once; so is a host
 * without a resolver, with SERVFAIL.
 */
#include "protocols/dns/dns_stub.h"
#include "sim/hosts/host.h"

#define ASK_ADDRESSES_MAX 6

typedef void ask_fn(void *ctx, const struct dns_result *result);
void ask_start(struct host *host, const char *name, size_t len, uint16_t type, ask_fn *fn, void *ctx);
/* The same of other servers than the host's; they are borrowed until fn is called. NULL: there are none. */
void ask_servers(struct host *host, const struct dns_stub_config *servers, const char *name, size_t len,
                 uint16_t type, ask_fn *fn, void *ctx);

struct ask_found {
    enum dns_result_class class_;            /* OK if there is an address; else why there is none */
    struct net_addr addr[ASK_ADDRESSES_MAX]; /* IPv6 first, where the host has it: RFC 6724 */
    size_t n;
};
typedef void ask_found_fn(void *ctx, const struct ask_found *found);
void ask_addresses(struct host *host, const char *name, size_t len, ask_found_fn *fn, void *ctx);

/* Once for a world. */
void ask_init_world(struct world *w);

/* Can the host use IPv4, IPv6? */
bool ask_has4(const struct host *host);
bool ask_has6(const struct host *host);
#endif
