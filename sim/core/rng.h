#ifndef SIM_CORE_RNG_H
#define SIM_CORE_RNG_H
/*
 * rng - seeded random streams, one per consumer, found by name.
 *
 *   seed 7, "link:home"  -> its own sequence      one more draw here
 *   seed 7, "mx-shuffle" -> its own sequence      changes nothing there
 *
 * The generator is xoshiro256** by Blackman and Vigna (public domain), seeded by SplitMix64 from the
 * seed and the FNV-1a hash of the name. Not for keys that protect anything real.
 */
#include <stddef.h>
#include <stdint.h>

struct core_rng {
    uint64_t s[4];
};

void core_rng_init(struct core_rng *rng, uint64_t seed, const char *name);
uint64_t core_rng_next(struct core_rng *rng);

/* Uniform in 0 .. n-1; n > 0. */
uint64_t core_rng_below(struct core_rng *rng, uint64_t n);
void core_rng_fill(struct core_rng *rng, void *bytes, size_t len);

/* True with a chance of `ppm` in a million. */
int core_rng_chance(struct core_rng *rng, uint32_t ppm);

uint64_t core_hash(const void *bytes, size_t len); /* FNV-1a, 64 bits */
#endif
