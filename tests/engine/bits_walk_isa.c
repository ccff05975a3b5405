/* SPDX-License-Identifier: MIT */
/* The walk as compiled for one instruction set, for bits_test.c. */
#include "engine/bits_walk.h"

#include "engine/bits_walk_isa.h"

#define JOIN_(x, y) x##_##y
#define JOIN(x, y)  JOIN_(x, y)

static unsigned all(const struct bits *b, const struct index_query *q,
		    const struct rule_order *below, const struct index_rule *out[BITS_MAX])
{
	struct bits_hits h;
	unsigned n = 0;

	bits_search(&h, b, q, below);
	do
		out[n] = bits_next(&h, b, q, NULL);
	while (out[n] && ++n < BITS_MAX);
	return n;
}

const struct bits_walk JOIN(bits_walk, INDEX_ISA) = {bits_best, all, bits_burst};
