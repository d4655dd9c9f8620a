/* The Internet checksum (RFC 1071), 32 octets at a time: one's complement addition does not care in
 * which order and width the 16-bit words are added, as long as every carry comes back in. */
#include "sim/net/net.h"

#include "sim/net/octets.h"

static uint32_t folded(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

typedef uint64_t two
    __attribute__((vector_size(16))); /* gcc and clang; plain code where there are no vectors */

/* Halves of 32 bits are added into 64: the carries stay in the upper half until the end. */
uint32_t net_sum(const void *octets, size_t len, uint32_t start)
{
    const two low = { 0xffffffff, 0xffffffff };
    const uint8_t *p = octets;
    two even = { start, 0 }, odd = { 0, 0 }, w[2];
    uint64_t sum, x;
    for (; len >= sizeof w; p += sizeof w, len -= sizeof w) {
        memcpy(w, p, sizeof w);
        even += (w[0] & low) + (w[0] >> 32);
        odd += (w[1] & low) + (w[1] >> 32);
    }
    even += odd;
    sum = even[0] + even[1];
    for (; len >= sizeof x; p += sizeof x, len -= sizeof x) {
        memcpy(&x, p, sizeof x);
        sum += (x & 0xffffffff) + (x >> 32);
    }
    if (len & 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        sum += word;
        p += 4;
    }
    if (len & 2) {
        uint16_t word;
        memcpy(&word, p, 2);
        sum += word;
        p += 2;
    }
    if (len & 1) {
        uint16_t word = 0; /* padded with a zero octet */
        memcpy(&word, p, 1);
        sum += word;
    }
    return folded(sum);
}

uint32_t net_sum_pseudo(const struct net_addr *src, const struct net_addr *dst, uint8_t proto, size_t l4_len)
{
    uint64_t sum = (uint64_t)net_be16(proto) + net_be32((uint32_t)l4_len);
    sum += (uint64_t)src->w[3] + dst->w[3];
    if (!net_addr_is4(src))
        sum += (uint64_t)src->w[0] + src->w[1] + src->w[2] + dst->w[0] + dst->w[1] + dst->w[2];
    return folded(sum);
}
