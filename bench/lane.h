/* SPDX-License-Identifier: MIT */
/*
 * lane - contenders that take turns over the same headers: what each costs a header.
 *
 * The trace is cut into pieces that take a few milliseconds, short beside what the scheduler gives
 * away.  In each round every lane goes over a piece before the next piece begins; of each piece
 * the best round counts, and the sum of these is the lane's result.  So a noisy neighbour has to
 * come back at the same piece in every round to be seen, and no lane gains by its easy headers.
 */
#pragma once

#include "base/compiler.h"

#define LANE_PIECES 64u

struct lane {
	const char *name;
	/* Headers first to first + n - 1. */
	void (*run)(void *ctx, uint32_t first, uint32_t n);
	void *ctx;
	/* out */
	double ns;	  /* a header */
	uint32_t headers; /* how many different ones it was measured with */
	/* private */
	uint32_t pieces, length; /* pieces, and headers in one; spread over the trace */
	uint64_t best[LANE_PIECES];
};

struct lane_plan {
	uint32_t n_headers;
	unsigned rounds;
	uint64_t piece_ns; /* about */
};

void lane_run_all(struct lane *lanes, unsigned n, const struct lane_plan *plan);
