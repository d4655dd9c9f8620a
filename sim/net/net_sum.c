/* The Internet checksum (RFC 1071), eight octets at a time: one's complement addition does not care in
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

/* Halves of 32 bits are added into 64: the carries stay in the upper half until the end. */
uint32_t net_sum(const void *octets, size_t len, uint32_t start)
{
    const uint8_t *p = octets;
    uint64_t even = start, odd = 0, w[4];
    for (; len >= sizeof w; p += sizeof w, len -= sizeof w) {
        memcpy(w, p, sizeof w);
        even += (w[0] & 0xffffffff) + (w[1] & 0xffffffff) + (w[2] & 0xffffffff) + (w[3] & 0xffffffff);
        odd += (w[0] >> 32) + (w[1] >> 32) + (w[2] >> 32) + (w[3] >> 32);
    }
    for (; len >= 8; p += 8, len -= 8) {
        memcpy(w, p, 8);
        even += w[0] & 0xffffffff;
        odd += w[0] >> 32;
    }
    if (len & 4) {
        uint32_t x;
        memcpy(&x, p, 4);
        even += x;
        p += 4;
    }
    if (len & 2) {
        uint16_t x;
        memcpy(&x, p, 2);
        odd += x;
        p += 2;
    }
    if (len & 1) {
        uint16_t x = 0; /* padded with a zero octet */
        memcpy(&x, p, 1);
        odd += x;
    }
    return folded(even + odd);
}

uint32_t net_sum_pseudo(const struct net_addr *src, const struct net_addr *dst, uint8_t proto, size_t l4_len)
{
    uint64_t sum = (uint64_t)net_be16(proto) + net_be32((uint32_t)l4_len);
    sum += (uint64_t)src->w[3] + dst->w[3];
    if (!net_addr_is4(src))
        sum += (uint64_t)src->w[0] + src->w[1] + src->w[2] + dst->w[0] + dst->w[1] + dst->w[2];
    return folded(sum);
}
