/*
 * A recursive resolver among honest servers, and somebody who changes what they say.
 *
 * Input: octet 0: how many clients ask, and whether by UDP; octet 1: what they ask; then for each reply of a
 * server an octet: 0 honest; 1 lost; 2 the place and value of one octet to change; 3 a message instead, of
 * the next octet times 2 octets; 4 the same with the right id and question in front; 5 from somewhere else; 6
 * cut.
 */
#include <check.h>

#include "tests/dns/world.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_input wire;

static bool lose(struct world *w, const struct dns_server_try *to)
{
    (void)w, (void)to;
    if (wire.len > 0 && *wire.at % 8 == 1) {
        fuzz_u8(&wire);
        return true;
    }
    return false;
}

static void tamper(struct world *w, struct packet *p)
{
    uint8_t how = fuzz_u8(&wire) % 8;
    (void)w;
    if (how == 2) {
        uint16_t place = fuzz_u16(&wire);
        p->msg[place % p->len] = fuzz_u8(&wire);
    } else if (how == 3 || how == 4) {
        size_t keep = 0;
        struct fuzz_input m = fuzz_bytes(&wire, 2u * fuzz_u8(&wire));
        if (how == 4) {
            struct dns_reader r;
            if (dns_reader_init(&r, p->msg, p->len))
                keep = r.at;
        }
        memcpy(p->msg + keep, m.at, m.len);
        if (m.len >= 6 && how == 4)
            memcpy(p->msg + 6, m.at, 6); /* counts of records */
        p->len = (uint16_t)(keep + m.len);
    } else if (how == 5) {
        p->from.ip[3] ^= 1;
    } else if (how == 6) {
        p->len = (uint16_t)(p->len * (size_t)fuzz_u8(&wire) / 256);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "mx.example.org",    "www.example.org",    "example.org",
                                         "a.sub.example.org", "glueless.org",       "big.org",
                                         "circle1.org",       "dead.org",           "l1.example.org",
                                         "half.org",          "zero.example.org",   "gone.example.org",
                                         "www.lame.org",      "nomail.example.org", "nope.net",
                                         "www.evil.net" };
    static const uint16_t types[] = { 1, 15, 28, 16, 2, 6, 5, 255 };
    struct fuzz_input in = { data, size };
    uint8_t clients = fuzz_u8(&in), what = fuzz_u8(&in);
    unsigned asked = 1 + clients % 4;
    struct world *w;
    static uint8_t scratch[DNS_CACHE_ENTRY_MAX];
    struct dns_cache_entry entry;
    uint32_t at = 0;
    if (!world)
        world_setup();
    w = world;
    wire = in;
    w->packets = w->sent = w->closed = w->answers = 0;
    w->now = 0;
    w->seed = 42;
    w->lose = lose;
    w->tamper = tamper;
    dns_cache_init(&w->cache, w->slot, SLOTS, NULL, NULL);
    dns_resolver_init(&w->r, &w->config, &world_ops, w, &w->cache, w->task, TASKS, w->scratch);
    for (unsigned i = 0; i < asked; i++)
        world_query(names[(what + i * 5) % 16], types[(what >> 4) % 8], (uint16_t)(40000 + i),
                    clients & 4 ? 0 : 1232);
    world_run();                /* comes to rest, with every socket closed */
    HOLDS(w->answers == asked); /* everybody is answered, whatever happens */
    HOLDS(w->sent <= asked * DNS_BUDGET);
    HOLDS(dns_resolver_deadline(&w->r) == UINT64_MAX);
    while (dns_cache_next(&w->cache, &at, w->now, scratch, &entry))
        HOLDS(dns_name_check(entry.name, DNS_NAME_MAX) > 0 && entry.octets <= DNS_CACHE_ENTRY_MAX);
    return 0;
}
