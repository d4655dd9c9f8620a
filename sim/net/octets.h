#ifndef SIM_NET_OCTETS_H
#define SIM_NET_OCTETS_H
/*
 * octets - numbers in network byte order, at any alignment.
 *
 *   net_get16(p), net_put32(p, n)   in memory
 *   net_be16(n)                     the number whose memory has n's octets in network order: for sums
 *
 * Compilers turn each into one or two instructions.
 */
#include <stdint.h>
#include <string.h>

static inline uint16_t net_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t net_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t net_get64(const uint8_t *p)
{
    return (uint64_t)net_get32(p) << 32 | net_get32(p + 4);
}

static inline void net_put16(uint8_t *p, uint16_t n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}

static inline void net_put32(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)(n >> 24);
    p[1] = (uint8_t)(n >> 16);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
}

static inline uint16_t net_be16(uint16_t n)
{
    uint8_t b[2];
    net_put16(b, n);
    memcpy(&n, b, 2);
    return n;
}

static inline uint32_t net_be32(uint32_t n)
{
    uint8_t b[4];
    net_put32(b, n);
    memcpy(&n, b, 4);
    return n;
}
#endif
