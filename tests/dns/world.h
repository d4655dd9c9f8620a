#ifndef TESTS_DNS_WORLD_H
#define TESTS_DNS_WORLD_H
/*
 * world - a resolver and the servers around it, in memory and virtual time.
 *
 *   .    192.0.2.1       org 192.0.2.2     net 192.0.2.3      root, then top-level servers
 *   example.org, sub.example.org, lame.org  198.51.100.53     big.org 198.51.100.54
 *   dns.net, glueless.org                   198.51.100.60     evil.net 203.0.113.66
 *
 * A message takes 10 ms there and 10 ms back. `lose` drops, `tamper` changes what comes back.
 */
#include "protocols/dns/dns_auth.h"
#include "protocols/dns/dns_resolver.h"
#include "protocols/dns/dns_text.h"
#include "tests/dns/zones.h"

#define MS      1000000ull
#define S       (1000 * MS)
#define TASKS   8
#define SLOTS   64
#define PACKETS 64
#define ZONES   12

struct packet {
    uint64_t at;
    struct dns_addr from;
    uint16_t from_port, port, len;
    uint32_t task;
    bool tcp;
    uint8_t msg[4096];
};

struct world {
    struct dns_resolver r;
    struct dns_resolver_config config;
    struct dns_cache cache;
    struct dns_cache_slot slot[SLOTS];
    uint64_t task[TASKS * 4096 / 8];
    uint8_t scratch[DNS_RESOLVER_SCRATCH];
    struct dns_root_hint root;
    struct test_zone *zone[ZONES];
    struct {
        struct dns_addr addr;
        struct dns_zone zone[4];
        struct dns_auth auth;
        unsigned asked, asked_tcp;
    } server[8];
    unsigned servers, zones;
    struct packet packet[PACKETS];
    unsigned packets, order;
    uint64_t now, seed;
    unsigned sent, closed, answers, events[DNS_EVENTS];
    uint16_t last_id, last_port;
    uint8_t reply[DNS_MESSAGE_MAX];
    size_t reply_len;
    struct dns_step step;
    struct dns_client answered;
    char line[DNS_TEXT_LINE_MAX];
    bool (*lose)(struct world *w, const struct dns_server_try *to);
    void (*tamper)(struct world *w, struct packet *p);
};

static struct world *world;

static inline uint32_t world_random(void *host)
{
    struct world *w = host;
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33);
}

static inline struct packet *world_packet(struct world *w)
{
    ck_assert_uint_lt(w->packets, PACKETS);
    struct packet *p = &w->packet[w->packets++];
    memset(p, 0, sizeof *p);
    p->at = w->now + 20 * MS;
    p->from_port = DNS_PORT;
    return p;
}

static inline void world_send(void *host, uint32_t task, const struct dns_server_try *to, const uint8_t *msg,
                              size_t len)
{
    struct world *w = host;
    struct dns_step step;
    w->sent++;
    w->last_id = dns_get16(msg);
    w->last_port = to->source_port;
    ck_assert_int_eq(to->source_port == 0, to->tcp);
    if (w->lose && w->lose(w, to))
        return;
    for (unsigned i = 0; i < w->servers; i++)
        if (dns_addr_equal(&w->server[i].addr, &to->addr)) {
            struct packet *p = world_packet(w);
            p->from = to->addr;
            p->port = to->source_port;
            p->tcp = to->tcp;
            p->task = task;
            p->len = (uint16_t)dns_auth_answer(&w->server[i].auth, to->tcp, msg, len, p->msg, sizeof p->msg,
                                               &step);
            w->server[i].asked++;
            w->server[i].asked_tcp += to->tcp;
            if (p->len == 0)
                w->packets--;
            else if (w->tamper)
                w->tamper(w, p);
            return;
        }
}

static inline void world_done(void *host, uint32_t task, const struct dns_server_try *to)
{
    struct world *w = host;
    ck_assert_uint_lt(task, TASKS);
    ck_assert(to->tcp || to->source_port);
    w->closed++;
}

static inline void world_answer(void *host, const struct dns_client *client, const uint8_t *msg, size_t len,
                                const struct dns_step *step)
{
    struct world *w = host;
    w->answers++;
    w->answered = *client;
    memcpy(w->reply, msg, len);
    w->reply_len = len;
    w->step = *step;
    ck_assert_ptr_nonnull(step->answered);
    ck_assert_uint_eq(msg[3] & 15, step->rcode & 15);
    ck_assert(msg[2] & 0x80);
    dns_text_line(w->line, sizeof w->line, msg, len);
}

static inline void world_report(void *host, const struct dns_resolver_event *event)
{
    struct world *w = host;
    ck_assert_ptr_nonnull(event->why);
    w->events[event->kind]++;
}

static const struct dns_resolver_ops world_ops = { world_send, world_done, world_answer, world_random,
                                                   world_report };

static inline void world_zone(struct world *w, const char *addr, const char *apex, const char *const *lines)
{
    struct dns_addr a = addr_of(addr);
    unsigned i = 0;
    struct test_zone *z = zone_make(apex, lines);
    w->zone[w->zones++] = z;
    while (i < w->servers && !dns_addr_equal(&w->server[i].addr, &a))
        i++;
    if (i == w->servers)
        w->servers++;
    w->server[i].addr = a;
    w->server[i].zone[w->server[i].auth.zones++] = z->zone;
    w->server[i].auth.zone = w->server[i].zone;
    dns_zones_sort(w->server[i].zone, w->server[i].auth.zones);
}

#define SOA(zone) zone " 3600 SOA ns." zone " hostmaster." zone " 1 7200 900 1209600 300"

static inline void world_zones(struct world *w)
{
    world_zone(w, "192.0.2.1", ".",
               LINES(". 3600 SOA a.root.test h.root.test 1 2 3 4 300", "org 3600 NS ns0.org",
                     "ns0.org 3600 A 192.0.2.2", "net 3600 NS ns0.net", "ns0.net 3600 A 192.0.2.3"));
    world_zone(w, "192.0.2.2", "org",
               LINES("org 3600 SOA ns0.org h.org 1 2 3 4 300", "org 3600 NS ns0.org",
                     "ns0.org 3600 A 192.0.2.2", "example.org 3600 NS ns.example.org",
                     "ns.example.org 3600 A 198.51.100.53", "big.org 3600 NS ns.big.org",
                     "ns.big.org 3600 A 198.51.100.54", "glueless.org 3600 NS ns.dns.net",
                     "lame.org 3600 NS ns1.lame.org", "lame.org 3600 NS ns2.lame.org",
                     "ns1.lame.org 3600 A 198.51.100.60", "ns2.lame.org 3600 A 198.51.100.53",
                     "circle1.org 3600 NS ns.circle2.org", "circle2.org 3600 NS ns.circle1.org",
                     "dead.org 3600 NS ns.dead.org", "ns.dead.org 3600 A 198.51.100.200",
                     "half.org 3600 NS ns1.half.org", "half.org 3600 NS ns2.half.org",
                     "ns1.half.org 3600 A 198.51.100.200", "ns2.half.org 3600 A 198.51.100.53"));
    world_zone(w, "192.0.2.3", "net",
               LINES("net 3600 SOA ns0.net h.net 1 2 3 4 300", "dns.net 3600 NS ns.dns.net",
                     "ns.dns.net 3600 A 198.51.100.60", "evil.net 3600 NS ns.evil.net",
                     "ns.evil.net 3600 A 203.0.113.66"));
    world_zone(w, "198.51.100.53", "example.org",
               LINES(SOA("example.org"), "example.org 3600 MX 10 mx.example.org",
                     "mx.example.org 3600 A 198.51.100.10", "www.example.org 60 CNAME web.glueless.org",
                     "short.example.org 5 A 192.0.2.77", "zero.example.org 0 A 192.0.2.78",
                     "in.example.org 60 CNAME mx.example.org",
                     "gone.example.org 60 CNAME nothing.example.org", "l1.example.org 60 CNAME l2.dns.net",
                     "sub.example.org 3600 NS ns.sub.example.org", "ns.sub.example.org 3600 A 198.51.100.53",
                     "nomail.example.org 60 MX 0 ."));
    world_zone(w, "198.51.100.53", "sub.example.org",
               LINES(SOA("sub.example.org"), "a.sub.example.org 60 A 192.0.2.5"));
    world_zone(w, "198.51.100.53", "lame.org", LINES(SOA("lame.org"), "lame.org 60 A 192.0.2.6"));
    world_zone(w, "198.51.100.53", "half.org", LINES(SOA("half.org"), "half.org 60 A 192.0.2.9"));
    world_zone(
        w, "198.51.100.60", "dns.net",
        LINES(SOA("dns.net"), "ns.dns.net 3600 A 198.51.100.60", "l2.dns.net 60 CNAME l1.example.org"));
    world_zone(w, "198.51.100.60", "glueless.org",
               LINES(SOA("glueless.org"), "web.glueless.org 60 A 192.0.2.7",
                     "glueless.org 60 MX 10 mx.example.org"));
    world_zone(w, "203.0.113.66", "evil.net", LINES(SOA("evil.net"), "www.evil.net 60 A 203.0.113.1"));
}

static inline void world_big(struct world *w)
{
    static char text[40][70];
    const char *lines[42] = { SOA("big.org") };
    for (int i = 0; i < 40; i++) {
        snprintf(text[i], sizeof text[i], "big.org 60 TXT \"%02d and enough octets to make it long\"", i);
        lines[i + 1] = text[i];
    }
    world_zone(w, "198.51.100.54", "big.org", lines);
}

static inline void world_setup(void)
{
    struct world *w = world = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    ck_assert_uint_le(TASKS * dns_task_octets(), sizeof w->task);
    w->seed = 42;
    w->root.addr = addr_of("192.0.2.1");
    w->config.root = &w->root;
    w->config.roots = 1;
    world_zones(w);
    world_big(w);
    dns_cache_init(&w->cache, w->slot, SLOTS, NULL, NULL);
    dns_resolver_init(&w->r, &w->config, &world_ops, w, &w->cache, w->task, TASKS, w->scratch);
}

static inline void world_teardown(void)
{
    for (unsigned i = 0; i < world->zones; i++)
        free(world->zone[i]);
    free(world);
}

/* Lets time pass until nothing is under way. */
static inline void world_run(void)
{
    struct world *w = world;
    for (unsigned steps = 0; steps < 5000; steps++) {
        uint64_t deadline = dns_resolver_deadline(&w->r);
        unsigned next = 0;
        for (unsigned i = 1; i < w->packets; i++)
            if (w->packet[i].at < w->packet[next].at)
                next = i;
        if (w->packets > 0 && w->packet[next].at <= deadline) {
            struct packet p = w->packet[next];
            memmove(&w->packet[next], &w->packet[next + 1], (--w->packets - next) * sizeof p);
            w->now = p.at;
            dns_resolver_reply(&w->r, w->now, &p.from, p.from_port, p.port, p.tcp, p.msg, p.len);
        } else if (deadline != UINT64_MAX) {
            w->now = deadline;
            dns_resolver_expire(&w->r, w->now);
        } else {
            ck_assert_uint_eq(w->r.active, 0);
            ck_assert_uint_eq(w->closed, w->sent);
            return;
        }
    }
    ck_abort_msg("the resolver does not come to rest");
}

static inline void world_query(const char *name, uint16_t type, uint16_t port, uint16_t edns)
{
    uint8_t query[DNS_QUERY_MAX];
    struct dns_client client = { .addr = addr_of("10.0.0.5"), .port = port };
    size_t len = dns_query_write(query, port, true, name_of(name), type, edns);
    dns_resolver_query(&world->r, world->now, &client, query, len);
}

/* Asks and waits. Returns the verdict of the answer. */
static inline enum dns_verdict world_ask(const char *name, uint16_t type)
{
    unsigned answers = world->answers;
    world->sent = world->closed = 0;
    world_query(name, type, 40000, DNS_EDNS_OCTETS);
    world_run();
    ck_assert_uint_eq(world->answers, answers + 1);
    ck_assert_uint_eq(dns_get16(world->reply), 40000);
    ck_assert_uint_eq(world->answered.port, 40000);
    ck_assert(world->reply[3] & DNS_FLAG_RA);
    ck_assert_uint_eq(world->reply[2] & (DNS_FLAG_AA >> 8), 0);
    return world->step.verdict;
}

static inline unsigned world_asked(const char *addr)
{
    struct dns_addr a = addr_of(addr);
    for (unsigned i = 0; i < world->servers; i++)
        if (dns_addr_equal(&world->server[i].addr, &a))
            return world->server[i].asked;
    return 0;
}
#endif
