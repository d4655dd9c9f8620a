/* The neighbour cache. */
#include "sim/net/neighbour.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/net/ether.h"
#include "sim/net/icmp.h"
#include "sim/net/ip.h"
#include "sim/net/net_link.h"
#include "sim/net/net_record.h"

const char *net_neighbour_state_name(enum net_neighbour_state s)
{
#define X(name, word) [NET_NEIGHBOUR_##name] = word,
    static const char *const words[NET_NEIGHBOUR_STATE_COUNT] = { NET_NEIGHBOUR_STATES(X) };
#undef X
    assert(s < NET_NEIGHBOUR_STATE_COUNT);
    return words[s];
}

void net_neighbours_init(struct net *net)
{
    net->neighbours = core_alloc(sizeof *net->neighbours);
    core_pool_init(&net->neighbours->pool, sizeof(struct net_neighbour), 0);
    core_pool_init(&net->neighbours->resolutions, sizeof(struct net_resolution), 16);
}

void net_neighbours_free(struct net *net)
{
    core_pool_free(&net->neighbours->pool);
    core_pool_free(&net->neighbours->resolutions);
    free(net->neighbours->bucket);
    free(net->neighbours);
}

size_t net_neighbours_octets(const struct net *net)
{
    const struct net_neighbours *all = net->neighbours;
    return sizeof *all + all->pool.octets + all->resolutions.octets + all->nbuckets * sizeof *all->bucket;
}

/* ---- finding ------------------------------------------------------------------------------ */

static size_t bucket_of(const struct net_neighbours *all, const struct net_iface *iface,
                        const struct net_addr *addr)
{
    uint64_t salt = (uint64_t)iface->host->number << 16 | iface->index;
    return (size_t)net_addr_hash(addr, salt) & (all->nbuckets - 1);
}

struct net_neighbour *net_neighbour_find(const struct net_iface *iface, const struct net_addr *addr)
{
    const struct net_neighbours *all = iface->host->net->neighbours;
    if (all->count == 0)
        return NULL;
    for (struct net_neighbour *n = all->bucket[bucket_of(all, iface, addr)]; n; n = n->chain)
        if (n->iface == iface && net_addr_same(&n->addr, addr))
            return n;
    return NULL;
}

static void grow(struct net_neighbours *all)
{
    size_t old_count = all->nbuckets;
    struct net_neighbour **old = all->bucket;
    all->nbuckets = old_count ? old_count * 2 : 64;
    all->bucket = core_alloc(all->nbuckets * sizeof *all->bucket);
    for (size_t i = 0; i < old_count; i++)
        for (struct net_neighbour *n = old[i], *next; n; n = next) {
            size_t b = bucket_of(all, n->iface, &n->addr);
            next = n->chain;
            n->chain = all->bucket[b];
            all->bucket[b] = n;
        }
    free(old);
}

struct net_neighbour *net_neighbour_get(struct net_iface *iface, const struct net_addr *addr)
{
    struct net_neighbours *all = iface->host->net->neighbours;
    struct net_neighbour *n = iface->recent;
    size_t b;
    if (n && (net_addr_same(&n->addr, addr) || iface->link->outside))
        return n;
    if (!(n = net_neighbour_find(iface, addr))) {
        if (all->count == NET_NEIGHBOURS_MAX)
            return NULL;
        if (all->count == all->nbuckets)
            grow(all);
        b = bucket_of(all, iface, addr);
        n = core_pool_take(&all->pool);
        *n = (struct net_neighbour){ .iface = iface, .addr = *addr, .chain = all->bucket[b] };
        all->bucket[b] = n;
        all->count++;
    }
    iface->recent = n;
    return n;
}

/* ---- states --------------------------------------------------------------------------------- */

static void enter(struct net_neighbour *n, enum net_neighbour_state to)
{
    static const unsigned from[NET_NEIGHBOUR_STATE_COUNT] = {
        [NET_NEIGHBOUR_NONE] = 1u << NET_NEIGHBOUR_REACHABLE,
        [NET_NEIGHBOUR_ASKING] = 1u << NET_NEIGHBOUR_NONE | 1u << NET_NEIGHBOUR_FAILED,
        [NET_NEIGHBOUR_REACHABLE] = ~0u,
        [NET_NEIGHBOUR_FAILED] = 1u << NET_NEIGHBOUR_ASKING,
    };
    assert(from[to] & 1u << n->state);
    n->state = (uint8_t)to;
}

static void ask(struct net_resolution *r)
{
    struct net_neighbour *n = r->neighbour;
    r->requests++;
    core_timer_set(n->iface->host->net->queue, &r->timer, n->iface->host->net->queue->now_ns + NET_RETRY_NS);
    if (net_addr_is4(&n->addr))
        net_arp_request(n->iface, &n->addr, r->cause);
    else
        net_ndp_solicit(n->iface, &n->addr, r->cause);
}

/* Takes the resolution off the entry; its packets are the caller's. */
static struct net_packet *finish(struct net_neighbour *n)
{
    struct net *net = n->iface->host->net;
    struct net_resolution *r = n->asking;
    struct net_packet *waiting = r->first;
    core_timer_cancel(net->queue, &r->timer);
    core_pool_give(&net->neighbours->resolutions, r);
    n->asking = NULL;
    return waiting;
}

/* p cannot be delivered to the last link: its sender is told. */
static void report_host_unreachable(struct net_host *host, struct net_packet *p)
{
    net_ip_addresses(p);
    if (p->frame != 0) /* it came from elsewhere */
        net_icmp_error(host, p, NET_UNREACH_HOST, 0, 0);
    else
        net_ip_unreachable(host, NET_UNREACH_HOST, p->proto, &p->src, &p->dst, net_packet_l4(p));
}

static void fail(struct net_neighbour *n)
{
    struct net_host *host = n->iface->host;
    uint64_t cause = n->asking->cause;
    struct net_packet *p = finish(n), *next;
    enter(n, NET_NEIGHBOUR_FAILED);
    n->until_ns = 0;
    net_record_neighbour(n, "failed", cause);
    for (; p; p = next) {
        next = p->next;
        p->next = NULL;
        host->net->trace->cause = p->cause;
        report_host_unreachable(host, p);
        net_drop(host->net, host, p, NET_DROP_NEIGHBOUR);
    }
}

static void resolution_timer(struct core_queue *q, struct core_timer *timer)
{
    struct net_resolution *r = CORE_OWNER(timer, struct net_resolution, timer);
    (void)q;
    r->neighbour->iface->host->net->trace->cause = r->cause;
    if (r->requests < NET_REQUESTS_MAX)
        ask(r);
    else
        fail(r->neighbour);
}

static void start_asking(struct net_neighbour *n, uint64_t cause)
{
    struct net_resolution *r = core_pool_take(&n->iface->host->net->neighbours->resolutions);
    *r = (struct net_resolution){ .neighbour = n, .cause = cause, .timer = { .run = resolution_timer } };
    if (n->state == NET_NEIGHBOUR_REACHABLE) {
        enter(n, NET_NEIGHBOUR_NONE);
        net_record_neighbour(n, "expired", cause);
    }
    enter(n, NET_NEIGHBOUR_ASKING);
    n->until_ns = 0;
    n->asking = r;
    net_record_neighbour(n, "asking", cause);
    ask(r);
}

static void wait_for(struct net_neighbour *n, struct net_packet *p)
{
    struct net_host *host = n->iface->host;
    struct net_resolution *r;
    struct net_packet *oldest = NULL;
    p->iface = n->iface;
    p->next = NULL;
    if (n->iface->link->outside) { /* everybody out there is behind one door */
        memcpy(n->mac, net_link_outside_mac(n->iface->link), sizeof n->mac);
        n->until_ns = CORE_NEVER;
        enter(n, NET_NEIGHBOUR_REACHABLE);
        net_ether_send(n, p);
        return;
    }
    if (n->state != NET_NEIGHBOUR_ASKING)
        start_asking(n, p->cause);
    r = n->asking;
    if (r->waiting == NET_WAITING_MAX) {
        oldest = r->first;
        r->first = oldest->next;
        r->waiting--;
    }
    if (r->first)
        r->last->next = p;
    else
        r->first = p;
    r->last = p;
    r->waiting++;
    if (oldest) {
        oldest->next = NULL;
        net_drop(host->net, host, oldest, NET_DROP_NEIGHBOUR);
    }
}

/* An entry that has grown old is verified while it is still used (RFC 4861 section 7.3.3): the packet goes
 * first, the question behind it, so nothing waits. Only if nobody answers is the entry given up. */
static void send_and_verify(struct net_neighbour *n, struct net_packet *p)
{
    uint64_t cause = p->cause;
    net_ether_send(n, p);
    start_asking(n, cause);
    n->until_ns = n->iface->host->net->queue->now_ns + NET_VERIFY_NS;
}

void net_neighbour_send(struct net_neighbour *n, struct net_packet *p)
{
    if (n->iface->host->net->queue->now_ns < n->until_ns)
        net_ether_send(n, p);
    else if (n->state == NET_NEIGHBOUR_REACHABLE && !n->iface->link->outside)
        send_and_verify(n, p);
    else
        wait_for(n, p);
}

void net_neighbour_learn(struct net_iface *iface, const struct net_addr *addr, const uint8_t mac[6],
                         bool create)
{
    struct net *net = iface->host->net;
    struct net_neighbour *n;
    bool confirmed;
    if (iface->link->outside)
        return;
    n = create ? net_neighbour_get(iface, addr) : net_neighbour_find(iface, addr);
    if (!n)
        return;
    confirmed = net->queue->now_ns < n->until_ns && memcmp(n->mac, mac, sizeof n->mac) == 0;
    memcpy(n->mac, mac, sizeof n->mac);
    n->to = net_iface_by_mac(iface->link, mac);
    n->until_ns = net->queue->now_ns + NET_REACHABLE_NS;
    enter(n, NET_NEIGHBOUR_REACHABLE);
    net_record_neighbour(n, confirmed ? "confirmed" : "learnt", 0);
    if (n->asking)
        for (struct net_packet *p = finish(n), *next; p; p = next) {
            next = p->next;
            p->next = NULL;
            net_ether_send(n, p);
        }
}
