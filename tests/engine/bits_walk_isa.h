/* SPDX-License-Identifier: MIT */
/* Searches in bits, as a row of functions. */
#pragma once

#include "engine/bits.h"
#include "engine/index.h"

struct bits_walk {
	/* The best of them below, or best. */
	const struct index_rule *(*best)(const struct bits *b, const struct index_query *q,
					 const struct rule_order *below,
					 const struct index_rule *best);
	/* All of them below, in order; returns how many. */
	unsigned (*all)(const struct bits *b, const struct index_query *q,
			const struct rule_order *below, const struct index_rule *out[BITS_MAX]);
	void (*burst)(const struct bits *b, const struct index_query *q, unsigned n,
		      const struct index_rule **best);
};

extern const struct bits_walk bits_walk_plain, bits_walk_vec16, bits_walk_avx2, bits_walk_avx512;
