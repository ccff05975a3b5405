/* SPDX-License-Identifier: MIT */
/*
 * lane - rounds, interleaved.  One thread.
 */
#include "lane.h"

#include "base/clock.h"

/* The first headers say how long a piece may be. */
#define PROBE	   16u
#define LANE_ROUND (100 * CLOCK_MS) /* at most, for a lane that is slow */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t timed(struct lane *l, uint32_t first, uint32_t n)
{
	uint64_t start = clock_now();

	l->run(l->ctx, first, n);
	return clock_now() - start;
}

static void cut(struct lane *l, const struct lane_plan *plan)
{
	uint32_t n = (uint32_t)least(PROBE, plan->n_headers);
	uint64_t ns;

	(void)timed(l, 0, n); /* cold */
	ns = timed(l, 0, n) / n + 1;
	l->length = (uint32_t)least(plan->piece_ns / ns + PROBE, plan->n_headers);
	l->pieces = (uint32_t)least(plan->n_headers / l->length,
				    least(LANE_PIECES, LANE_ROUND / (ns * l->length) + 1));
	l->headers = l->pieces * l->length;
	for (unsigned i = 0; i < LANE_PIECES; i++)
		l->best[i] = UINT64_MAX;
}

static uint32_t first_of(const struct lane *l, const struct lane_plan *plan, unsigned piece)
{
	return (uint32_t)((uint64_t)piece * (plan->n_headers - l->length) / l->pieces);
}

/* Other headers first, untimed: the lane before has left its own data in the caches. */
static void take_turn(struct lane *l, const struct lane_plan *plan, unsigned piece)
{
	unsigned other = piece ? piece - 1 : l->pieces - 1;

	if (piece >= l->pieces)
		return;
	l->run(l->ctx, first_of(l, plan, other), l->length / 2);
	l->best[piece] = least(l->best[piece], timed(l, first_of(l, plan, piece), l->length));
}

static void add_up(struct lane *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->pieces; i++)
		sum += l->best[i];
	l->ns = (double)sum / l->headers;
}

void lane_run_all(struct lane *lanes, unsigned n, const struct lane_plan *plan)
{
	for (unsigned i = 0; i < n; i++)
		cut(&lanes[i], plan);
	for (unsigned round = 0; round < plan->rounds; round++)
		for (unsigned piece = 0; piece < LANE_PIECES; piece++)
			for (unsigned i = 0; i < n; i++)
				take_turn(&lanes[i], plan, piece);
	for (unsigned i = 0; i < n; i++)
		add_up(&lanes[i]);
}
