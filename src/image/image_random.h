/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pseudo-random numbers of made images.  base/rng.h has better ones, but image is freestanding.
 * SplitMix64 (Steele, Lea, Flood 2014): any seed, also 0, gives a full-period sequence.
 */
#ifndef OTABENCH_IMAGE_IMAGE_RANDOM_H
#define OTABENCH_IMAGE_IMAGE_RANDOM_H

#include <stdint.h>

static inline uint64_t image_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 .. n - 1; n is far below 2^32, so that how uneven it is does not show. */
static inline uint32_t image_random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((image_random(state) >> 32) * n >> 32);
}

#endif
