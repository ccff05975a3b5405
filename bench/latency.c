/* SPDX-License-Identifier: MIT */
/*
 * latency - what this machine's memory takes: a chase of pointers, each load waiting for the last.
 *
 * The lines are visited in a random order, so that nothing is fetched ahead.  A classify cannot be
 * faster than its dependent misses; so this stands beside its figures.
 */
#include "measure.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"

#include <stdio.h>

#define STEPS	(1u << 18)
#define REPEATS 9u

struct node {
	_Alignas(CACHELINE) struct node *next;
};

/* One cycle through all nodes, by Sattolo's shuffle. */
static struct node *make_chain(uint32_t n, uint32_t *order, struct rng *rng)
{
	struct node *nodes = mem_zalloc_aligned(CACHELINE, n * sizeof(*nodes));

	BUG_ON(!nodes);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t k = rng_below(rng, i), x = order[i];

		order[i] = order[k];
		order[k] = x;
	}
	for (uint32_t i = 0; i < n; i++)
		nodes[order[i]].next = &nodes[order[(i + 1) % n]];
	return nodes;
}

static double chase(struct node *nodes, uint32_t n)
{
	struct node *at = nodes;
	uint64_t best = UINT64_MAX;

	for (uint32_t i = 0; i < n; i++) /* once round */
		at = at->next;
	for (unsigned r = 0; r < REPEATS; r++) {
		uint64_t start = clock_now();

		for (uint32_t i = 0; i < STEPS; i++)
			at = at->next;
		__asm__ volatile("" : : "r"(at));
		start = clock_now() - start;
		best = start < best ? start : best;
	}
	return (double)best / STEPS;
}

void measure_latency(struct measure *m)
{
	static const uint32_t kilobytes[] = {16, 64, 256, 1024, 4096, 16384, 65536};
	uint32_t most = kilobytes[ARRAY_LEN(kilobytes) - 1] * (1024 / CACHELINE);
	uint32_t *order = mem_zalloc_array(most, sizeof(*order));
	struct rng rng;

	BUG_ON(!order);
	rng_seed(&rng, m->seed);
	for (unsigned i = 0; i < ARRAY_LEN(kilobytes); i++) {
		uint32_t n = kilobytes[i] * (1024 / CACHELINE);
		struct node *nodes = make_chain(n, order, &rng);
		char what[32];

		snprintf(what, sizeof(what), "%u KB", kilobytes[i]);
		measure_say(m, "memory", what, chase(nodes, n), "ns");
		mem_free(nodes);
	}
	mem_free(order);
}
