/* SPDX-License-Identifier: MIT */
/*
 * weight - weights of sublayers are unique; one that is taken is moved.
 *
 * Real systems show twenty sublayers that all asked for 65535 at 65535, 65534 and so on, and low
 * ones that moved up: so a request in the upper half goes down, one in the lower half up, and when
 * that direction is full, the other way.
 */
#include "bfe/state.h"

static bool taken(const struct bfe *b, uint32_t weight)
{
	return b->weights[weight / 64] >> weight % 64 & 1;
}

void bfe_weight_set(struct bfe *b, uint16_t weight, bool is_taken)
{
	uint64_t bit = UINT64_C(1) << weight % 64;

	if (is_taken)
		b->weights[weight / 64] |= bit;
	else
		b->weights[weight / 64] &= ~bit;
}

static bool search(const struct bfe *b, int from, int step, uint16_t *out)
{
	for (int w = from; w >= 0 && w < (int)BFE_WEIGHTS; w += step)
		if (!taken(b, (uint32_t)w)) {
			*out = (uint16_t)w;
			return true;
		}
	return false;
}

bool bfe_weight_choose(const struct bfe *b, uint16_t wanted, uint16_t *out)
{
	int step = wanted >= BFE_WEIGHTS / 2 ? -1 : 1;

	return search(b, wanted, step, out) || search(b, wanted, -step, out);
}
