/* SPDX-License-Identifier: MIT */
/*
 * rule - making rules.
 *
 * For the holder of the turn; the memory is the caller's to free, when no snapshot has it.
 */
#include "engine/rule.h"

#include "engine/slab.h"

#include <string.h>

wfp_err rule_create(struct index_rule **out, const struct policy_filter *filter,
		    struct rule_order order, enum rule_word word, const struct key_box *box,
		    unsigned words)
{
	const size_t half = words * sizeof(uint32_t);
	struct index_rule *r = slab_zalloc(RULE_ALIGN, RULE_BYTES(words));

	if (!r)
		return ERR_NO_MEMORY;
	*r = (struct index_rule){order, filter, box->exact, (uint8_t)word, (uint8_t)words};
	memcpy(r->bounds, box->lo, half);
	memcpy(r->bounds + words, box->hi, half);
	*out = r;
	return ERR_OK;
}

void rule_free(struct index_rule *r)
{
	if (r)
		slab_free(r, RULE_ALIGN, RULE_BYTES(r->words));
}

int rule_compare(const void *x, const void *y)
{
	const struct index_rule *const *a = x, *const *b = y;

	return rule_before((*a)->order, (*b)->order) ? -1 : rule_before((*b)->order, (*a)->order);
}
