#ifndef TESTS_FUZZ_FUZZ_SUMS_H
#define TESTS_FUZZ_FUZZ_SUMS_H
/* fuzz_sums - checksums of packets that a fuzzer has made. */
#include "sim/net/net.h"
#include "sim/net/octets.h"

static inline void fuzz_put_sum(uint8_t *at, uint16_t sum)
{
    memcpy(at, &sum, sizeof sum);
}

/* The checksums a hostile sender would put in. */
static inline void fuzz_make_right(uint8_t *ip, size_t len, bool six)
{
    size_t header = six ? 40 : 20, l4;
    struct net_addr src, dst;
    uint8_t proto = six ? ip[6] : ip[9], *sum_at;
    if (len < header + 4)
        return;
    l4 = len - header;
    if (six) {
        memcpy(src.b, ip + 8, 16);
        memcpy(dst.b, ip + 24, 16);
        if (net_get16(ip + 4) < l4)
            l4 = net_get16(ip + 4);
    } else {
        src = net_addr4(ip[12], ip[13], ip[14], ip[15]);
        dst = net_addr4(ip[16], ip[17], ip[18], ip[19]);
        if (net_get16(ip + 2) < len)
            l4 = net_get16(ip + 2) > 20 ? net_get16(ip + 2) - 20u : 0;
        fuzz_put_sum(ip + 10, 0);
        fuzz_put_sum(ip + 10, net_sum_finish(net_sum(ip, 20, 0)));
    }
    sum_at = ip + header + (proto == NET_PROTO_TCP ? 16 : proto == NET_PROTO_UDP ? 6 : 2);
    if (sum_at + 2 > ip + header + l4)
        return;
    fuzz_put_sum(sum_at, 0);
    fuzz_put_sum(sum_at,
                 net_sum_finish(net_sum(ip + header, l4,
                                        !six && proto == 1 ? 0 : net_sum_pseudo(&src, &dst, proto, l4))));
}
#endif
