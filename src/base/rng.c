/* SPDX-License-Identifier: MIT */
/*
 * rng - xoshiro256**, seeded through splitmix64 as its authors advise.
 */
#include "base/rng.h"

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, unsigned by)
{
	return (x << by) | (x >> (64 - by));
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_LEN(r->s); i++)
		r->s[i] = splitmix(&seed);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint32_t rng_u32(struct rng *r)
{
	return (uint32_t)(rng_u64(r) >> 32);
}

/* The high half of a product is even unless the low half falls into the remainder of 2^32 / n. */
uint32_t rng_below(struct rng *r, uint32_t n)
{
	uint32_t reject = (0u - n) % n;
	uint64_t product;

	do
		product = (uint64_t)rng_u32(r) * n;
	while ((uint32_t)product < reject);
	return (uint32_t)(product >> 32);
}
