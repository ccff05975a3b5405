/* SPDX-License-Identifier: MIT */
/*
 * rng - numbers that look random (struct rng) and numbers nobody can guess (entropy_u64).
 *
 * A struct rng is xoshiro256**: the same seed gives the same numbers on every machine.  It has no
 * lock; whoever owns it calls it.
 */
#pragma once

#include "base/compiler.h"

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint32_t rng_u32(struct rng *r);

/* 0 to n - 1, evenly; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);

/* From the kernel; in sim from the seed of the run.  Any thread. */
uint64_t entropy_u64(void);
