/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded pseudo-random numbers for the virtual world: same seed, same losses,
 * same torn flash pages, on every machine.  Not for secrets.
 *
 * xoshiro256** seeded through splitmix64 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2018).  Each part of the world that draws
 * numbers has its own generator, so that a draw more in one of them does not
 * change the others.
 */
#ifndef OTABENCH_BASE_RNG_H
#define OTABENCH_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state[4];
};

/* Any seed is good, 0 included. */
void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_u64(struct rng *rng);
/* Even over 0 .. n - 1; 0 when n is 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);
/* True for ppm of a million draws; always draws, also for 0 and 1000000. */
bool rng_chance(struct rng *rng, uint32_t ppm);

#endif
