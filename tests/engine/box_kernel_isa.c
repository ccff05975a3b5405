/* SPDX-License-Identifier: MIT */
/* The kernel as compiled for one instruction set, for box_kernel_test.c. */
#include "engine/box_kernel.h"

#include "engine/box_kernel_isa.h"

#define JOIN_(x, y) x##_##y
#define JOIN(x, y)  JOIN_(x, y)

static uint32_t node_mask(const struct key *key, const uint32_t *bounds, unsigned words)
{
	return box_node_mask(key, bounds, words);
}

static bool rule_holds(const struct key *key, const uint32_t *lo, const uint32_t *hi,
		       unsigned words)
{
	return box_rule_holds(key, lo, hi, words);
}

const struct box_kernel JOIN(box_kernel, INDEX_ISA) = {node_mask, rule_holds};
