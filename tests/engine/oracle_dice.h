/* SPDX-License-Identifier: MIT */
/*
 * oracle_dice - where the oracle's random choices come from: a seed, or the bytes of a fuzzer.
 *
 * Bytes that have run out are zeros.
 */
#pragma once

#include "base/rng.h"

struct dice {
	struct rng rng;
	const uint8_t *data; /* NULL: rng decides */
	size_t left;
};

static inline struct dice dice_from_seed(uint64_t seed)
{
	struct dice d = {.data = NULL};

	rng_seed(&d.rng, seed);
	return d;
}

/* 0 to n - 1. */
static inline uint32_t dice_below(struct dice *d, uint32_t n)
{
	uint32_t x = 0;

	if (!d->data)
		return rng_below(&d->rng, n);
	for (uint32_t most = n - 1; most > 0 && d->left > 0; most >>= 8, d->left--)
		x = x << 8 | *d->data++;
	return x % n;
}

static inline bool dice_one_in(struct dice *d, uint32_t n)
{
	return dice_below(d, n) == n - 1;
}

static inline uint64_t dice_u64(struct dice *d)
{
	uint64_t high = dice_below(d, UINT32_MAX);

	return high << 32 | dice_below(d, UINT32_MAX);
}

/* Dice of their own for what needs many numbers, so that a few bytes decide all of it. */
static inline struct dice dice_fork(struct dice *d)
{
	return dice_from_seed(dice_below(d, UINT16_MAX));
}
