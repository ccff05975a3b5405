/* SPDX-License-Identifier: MIT */
/*
 * random - runs that are made up from a seed; what the random strategies share.
 */
#pragma once

#include "base/rng.h"
#include "explore/strategy.h"

struct random_runs {
	uint64_t run; /* of this member of the team */
	struct rng rng;
};

void random_begin(struct search *s, struct random_runs *r);
/* Mostly 0. */
uint32_t random_value(struct random_runs *r, uint32_t n);
