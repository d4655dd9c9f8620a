/* Seeded random streams. */
#include "sim/core/rng.h"

#include <assert.h>
#include <string.h>

uint64_t core_hash(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void core_rng_init(struct core_rng *rng, uint64_t seed, const char *name)
{
    uint64_t x = seed ^ core_hash(name, strlen(name));
    for (int i = 0; i < 4; i++)
        rng->s[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t core_rng_next(struct core_rng *rng)
{
    uint64_t *s = rng->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t core_rng_below(struct core_rng *rng, uint64_t n)
{
    uint64_t reject, x;
    assert(n > 0);
    reject = (0 - n) % n; /* 2^64 mod n: below it the draw would favour small results */
    do {
        x = core_rng_next(rng);
    } while (x < reject);
    return x % n;
}

void core_rng_fill(struct core_rng *rng, void *bytes, size_t len)
{
    unsigned char *p = bytes;
    while (len > 0) {
        uint64_t x = core_rng_next(rng);
        for (int i = 0; i < 8 && len > 0; i++, len--, x >>= 8)
            *p++ = (unsigned char)x; /* the same octets on every byte order */
    }
}

int core_rng_chance(struct core_rng *rng, uint32_t ppm)
{
    return core_rng_below(rng, 1000000) < ppm;
}
