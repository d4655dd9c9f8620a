/*
 * A client's resolver, and the replies it gets.
 *
 * Input: octet 0: bit 0 no EDNS0, bit 1 always TCP, bit 2 one server only; octet 1: the type asked for; then
 * replies: an octet (bit 0: id, question and address are made right, bit 1: over TCP, bit 2: a failure
 * instead, bit 3: time passes first), two octets of length, the octets.
 */
#include "protocols/dns/dns_stub.h"
#include "tests/fuzz/fuzz.h"

static uint32_t pick(void *host)
{
    uint32_t *x = host;
    return *x = *x * 1664525u + 1013904223u;
}

/* All that a mail program asks of a result. */
static void read_result(const struct dns_result *res)
{
    struct dns_addr addr[4];
    struct dns_mx mx[4];
    struct dns_name name;
    char text[300];
    uint32_t seed = 1;
    HOLDS(res->class_ < DNS_RESULT_CLASSES && res->verdict < DNS_VERDICTS);
    HOLDS(dns_result_class_lesson(res->class_));
    if (!res->msg)
        return;
    HOLDS(dns_result_addresses(res, addr, 4) <= 4);
    size_t n = dns_result_mx(res, pick, &seed, mx, 4);
    HOLDS(n <= 4);
    for (size_t i = 0; i < n; i++) {
        HOLDS(i == 0 || mx[i - 1].preference <= mx[i].preference);
        HOLDS(dns_name_check(mx[i].exchange.wire, mx[i].exchange.len) == mx[i].exchange.len);
        HOLDS(dns_result_extra(res, mx[i].exchange.wire, addr, 4) <= 4);
    }
    (void)dns_result_is_null_mx(res);
    for (size_t i = 0; i < 3; i++) {
        (void)dns_result_txt(res, i, text, sizeof text);
        if (dns_result_name(res, i, &name))
            HOLDS(dns_name_check(name.wire, name.len) == name.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[] = { 1, 28, 15, 16, 2, 5, 12, 6, 33, 255 };
    static struct dns_lookup_step step;
    struct fuzz_input in = { data, size };
    uint8_t bits = fuzz_u8(&in);
    struct dns_stub_config config = { .server = { { 4, { 192, 0, 2, 1 } }, { 6, { 0x20, 1, 0x0d, 0xb8 } } },
                                      .servers = bits & 4 ? 1 : 2,
                                      .no_edns = bits & 1,
                                      .always_tcp = bits & 2 };
    struct dns_lookup l;
    struct dns_name name;
    uint64_t now = 1;
    HOLDS(dns_name_from_text(&name, "example.org", 11) == DNS_NAME_OK);
    dns_lookup_start(&l, &config, name.wire, types[fuzz_u8(&in) % 10], 0x1234, now, &step);
    for (unsigned i = 0; i < 40 && step.action != DNS_ACT_DONE; i++) {
        uint8_t how = fuzz_u8(&in);
        uint16_t len = fuzz_u16(&in);
        struct fuzz_input m = fuzz_bytes(&in, len);
        uint8_t *msg = (uint8_t *)fuzz_exact(m.at, m.len);
        struct dns_addr from = config.server[l.server];
        if (how & 8 || in.len == 0)
            now = l.deadline_ns;
        if (how & 1 && m.len >= DNS_HEADER_OCTETS) {
            dns_put16(msg, l.id);
            msg[2] |= 0x80;
        } else if (!(how & 1)) {
            from.ip[15] ^= how;
        }
        if (now >= l.deadline_ns)
            dns_lookup_expire(&l, now, &step);
        else if (how & 4)
            dns_lookup_failed(&l, now, &step);
        else
            dns_lookup_reply(&l, now, &from, DNS_PORT, how & 2, msg, m.len, &step);
        HOLDS(step.why && step.verdict < DNS_VERDICTS);
        HOLDS((step.action == DNS_ACT_DONE) == (l.state == DNS_LOOKUP_DONE));
        HOLDS(step.action != DNS_ACT_SEND_UDP ||
              (step.query_len >= DNS_HEADER_OCTETS && step.query_len <= DNS_QUERY_MAX));
        HOLDS(l.deadline_ns > now || l.state == DNS_LOOKUP_DONE);
        if (step.action == DNS_ACT_DONE)
            read_result(&step.result);
        free(msg);
    }
    for (unsigned i = 0; i < 40 && l.state != DNS_LOOKUP_DONE; i++) /* nobody answers: it ends all the same */
        dns_lookup_expire(&l, l.deadline_ns, &step);
    HOLDS(l.state == DNS_LOOKUP_DONE);
    return 0;
}
