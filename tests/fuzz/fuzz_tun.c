/*
 * Packets from a kernel that has gone mad: through the TUN door into a world with a router, a mail server and
 * a name server.
 *
 * Input: packets, each an octet (bit 0: an answer to the last segment that came out; bit 1: sums stay as they
 * are; bit 2: time passes; bit 3: much), an octet of length, the packet. An answer has one octet of flags and
 * its data.
 */
#include "scenarios/load/scenario.h"
#include "sim/gateway/plan.h"
#include "sim/hosts/world.h"
#include "sim/net/tcp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_sums.h"

#define PACKETS_MAX 40

static const char TEXT[] =
    "{\"title\":\"t\",\"links\":{\"a\":{\"delay\":\"1ms\"},\"b\":{\"delay\":\"1ms\"}},\"hosts\":{"
    "\"r\":{\"router\":true,\"interfaces\":[\"a 192.0.2.1/24 2001:db8:1::1/64\",\"b 198.51.100.1/24 "
    "2001:db8:2::1/64\"]},"
    "\"m\":{\"fqdn\":\"m.example.org\",\"interfaces\":[\"b 198.51.100.25/24 "
    "2001:db8:2::25/64\"],\"mta\":{\"domains\":[\"example.org\"]},"
    "\"store\":{\"users\":{\"bob\":\"pw\"},\"services\":[{\"kind\":\"pop3\",\"port\":110},{\"kind\":\"imap\","
    "\"port\":143}]}},"
    "\"n\":{\"interfaces\":[\"b 198.51.100.53/24\"],\"dns\":{\"zones\":[\"example.org\"]}}},"
    "\"zones\":{\"example.org\":{\"records\":[\"@ MX 10 m\",\"m A 198.51.100.25\"]}}}";

/* The last segment that went out: what an answer answers. */
static uint8_t last[NET_MTU];
static size_t last_len;

static void keep(void *ctx, const uint8_t *ip, size_t len)
{
    size_t header = ip[0] >> 4 == 6 ? 40 : 20;
    (void)ctx;
    HOLDS(len >= header && len <= NET_MTU);
    if ((ip[0] >> 4 == 6 ? ip[6] : ip[9]) == NET_PROTO_TCP && len >= header + 20) {
        memcpy(last, ip, len);
        last_len = len;
    }
}

/* A segment that continues the connection of `last`. Returns its length; 0: there is nothing to answer. */
static size_t answer(uint8_t *ip, uint8_t flags, struct fuzz_input data)
{
    bool six = last[0] >> 4 == 6;
    size_t header = six ? 40 : 20, addresses = six ? 8 : 12, each = six ? 16 : 4;
    const uint8_t *from = last + header;
    uint8_t *to = ip + header;
    size_t had;
    if (last_len == 0)
        return 0;
    had = last_len - header - (size_t)(from[12] >> 4) * 4;
    memcpy(ip, last, header);
    memcpy(ip + addresses, last + addresses + each, each);
    memcpy(ip + addresses + each, last + addresses, each);
    memset(to, 0, 20);
    memcpy(to, from + 2, 2);
    memcpy(to + 2, from, 2);
    memcpy(to + 4, from + 8, 4);
    net_put32(to + 8, net_get32(from + 4) + (uint32_t)had + (from[13] & 1) + (from[13] >> 1 & 1));
    to[12] = 0x50;
    to[13] = flags & 7 ? flags : 0x10;
    net_put16(to + 14, flags & 0x80 ? 0 : 0xffff);
    if (data.len > 0)
        memcpy(to + 20, data.at, data.len);
    if (six)
        net_put16(ip + 4, (uint16_t)(20 + data.len));
    else
        net_put16(ip + 2, (uint16_t)(40 + data.len));
    return header + 20 + data.len;
}

static size_t make(uint8_t *ip, uint8_t how, struct fuzz_input *in)
{
    size_t len = fuzz_u8(in) * (how & 8 ? 5u : 1u);
    struct fuzz_input octets;
    uint8_t flags = how & 1 ? fuzz_u8(in) : 0;
    octets = fuzz_bytes(in, len);
    if (how & 1)
        return answer(ip, flags, octets);
    if (octets.len > 0)
        memcpy(ip, octets.at, octets.len);
    return octets.len;
}

static uint64_t run(const struct plan *plan, struct fuzz_input in)
{
    struct world *w = calloc(1, sizeof *w);
    struct trace_hash hash;
    struct trace_sink sink = trace_hash_sink(&hash);
    struct world_error error;
    struct net_link *link;
    last_len = 0;
    world_init(w, &plan->world);
    trace_add(&w->trace, &sink);
    HOLDS(world_build(w, &error));
    HOLDS((link = tun_world_open(w, keep, NULL)) != NULL);
    for (int i = 0; i < PACKETS_MAX && in.len > 0; i++) {
        uint8_t how = fuzz_u8(&in), *ip = calloc(1, NET_MTU + 200);
        size_t len = make(ip, how, &in);
        bool came;
        if (!(how & 2) && len > 0)
            fuzz_make_right(ip, len, ip[0] >> 4 == 6);
        came = tun_world_give(w, link, ip, len);
        HOLDS(!came || (len >= NET_IP4_HEADER && len <= NET_MTU));
        free(ip);
        core_queue_run(&w->queue, w->queue.now_ns + (how & 4 ? 300 * CORE_MS : 5 * CORE_MS));
    }
    core_queue_run(&w->queue, w->queue.now_ns + 10 * CORE_MINUTE);
    world_end(w);
    world_free(w);
    free(w);
    return hash.value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scenario s;
    static struct plan plan;
    static bool ready;
    if (!ready) {
        static struct scenario_errors errors;
        struct tun_plan tun;
        char error[PLAN_ERROR_MAX];
        tun_plan_init(&tun);
        tun.on = true;
        HOLDS(scenario_load(&s, "tun.json", NULL, TEXT, sizeof TEXT - 1, NULL, 0, &errors));
        HOLDS(plan_make(&plan, &s.world, "a", 1, false, NULL, &tun, error));
        ready = true;
    }
    HOLDS(run(&plan, (struct fuzz_input){ data, size }) == run(&plan, (struct fuzz_input){ data, size }));
    return 0;
}
