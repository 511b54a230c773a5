/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Own generator rather than rand(): the C library's sequence differs between
 * systems, and a failure that a seed reproduces must do so everywhere.
 */
#include "base/rng.h"

static uint64_t rotate_left(uint64_t value, unsigned int bits)
{
	return value << bits | value >> (64u - bits);
}

/* Spreads a small seed over 256 bits; xoshiro must not start from all zeros. */
static uint64_t splitmix(uint64_t *state)
{
	uint64_t z;

	*state += 0x9e3779b97f4a7c15u;
	z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void rng_init(struct rng *rng, uint64_t seed)
{
	for (unsigned int i = 0; i < 4; i++)
		rng->state[i] = splitmix(&seed);
}

uint64_t rng_u64(struct rng *rng)
{
	uint64_t *s = rng->state;
	uint64_t result = rotate_left(s[1] * 5u, 7) * 9u;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	uint64_t reject, value;

	if (n == 0)
		return 0;
	/* 2^64 mod n values at the bottom would make some results likelier. */
	reject = (0u - n) % n;
	do
		value = rng_u64(rng);
	while (value < reject);
	return value % n;
}

bool rng_chance(struct rng *rng, uint32_t ppm)
{
	return rng_below(rng, 1000000u) < ppm;
}
