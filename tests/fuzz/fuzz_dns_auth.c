/*
 * A name server with a few zones, and any query.
 *
 * Input: octet 0: bit 0 TCP, bit 1 an old server without EDNS0; the rest is the query.
 */
#include <check.h>

#include "tests/dns/world.h"
#include "tests/fuzz/fuzz.h"

/* What leaves must be readable, answer the question that was asked, and fit. */
static void check_reply(const uint8_t *query, const uint8_t *reply, size_t len, size_t limit,
                        const struct dns_step *step)
{
    static struct dns_record rr;
    struct dns_reader q, r;
    HOLDS(len <= limit && step->answered && step->verdict < DNS_VERDICTS);
    HOLDS(dns_reader_init(&r, reply, len));
    while (dns_reader_next(&r, &rr))
        ;
    HOLDS(!r.malformed);
    HOLDS((r.flags & DNS_FLAG_QR) && r.id == dns_get16(query));
    HOLDS((step->rcode & 15) == (r.flags & DNS_FLAG_RCODE));
    if (dns_reader_init(&q, query, DNS_MESSAGE_MAX) && q.question.name && r.question.name)
        HOLDS(memcmp(q.question.name, r.question.name, dns_name_len(q.question.name)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t padded[DNS_MESSAGE_MAX], reply[DNS_MESSAGE_MAX];
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    if (!world)
        world_setup();
    if (in.len < 2)
        return 0;
    memset(padded, 0, sizeof padded);
    memcpy(padded, in.at, in.len < sizeof padded ? in.len : sizeof padded);
    for (unsigned i = 0; i < world->servers; i++) {
        uint8_t *query = (uint8_t *)fuzz_exact(in.at, in.len);
        bool tcp = bits & 1;
        size_t limit = tcp ? sizeof reply : DNS_EDNS_OCTETS, n;
        struct dns_step step;
        struct dns_auth auth = world->server[i].auth;
        auth.no_edns = bits & 2;
        n = dns_auth_answer(&auth, tcp, query, in.len, reply, sizeof reply, &step);
        if (n > 0)
            check_reply(padded, reply, n, auth.no_edns && !tcp ? DNS_UDP_MAX : limit, &step);
        else
            HOLDS(step.verdict == DNS_DROPPED);
        free(query);
    }
    return 0;
}
