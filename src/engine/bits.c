/* SPDX-License-Identifier: MIT */
/*
 * bits - what happens to a set of bits after it is built: rules go, and at last all of it.
 *
 * For index.c, by the holder of the turn; bits_after also for searches, by any thread.
 */
#include "engine/bits.h"

#include "base/mem.h"

/* The first bit whose rule is not before this order. */
static unsigned not_before(const struct bits *b, struct rule_order order)
{
	unsigned low = 0;

	for (unsigned n = b->n; n > 0; n /= 2) {
		const unsigned half = low + n / 2;

		if (rule_before(b->orders[half], order)) {
			low = half + 1;
			n--;
		}
	}
	return low;
}

/* Of two boxes of one filter, whose orders are the same, neither is after the other. */
unsigned bits_after(const struct bits *b, struct rule_order order)
{
	unsigned i = not_before(b, order);

	while (i < b->n && !rule_before(order, b->orders[i]))
		i++;
	return i;
}

/* b->n: it is not there. */
static unsigned bit_of(const struct bits *b, const struct index_rule *r)
{
	unsigned i = not_before(b, r->order);

	while (i < b->n && !rule_before(r->order, b->orders[i])) {
		if (b->rules[i] == r && b->alive[i / 64] >> i % 64 & 1)
			return i;
		i++;
	}
	return b->n;
}

bool bits_has(const struct bits *b, const struct index_rule *r)
{
	return bit_of(b, r) < b->n;
}

wfp_err bits_remove(struct bits **b, struct edit *e, const struct index_rule *r)
{
	const unsigned i = bit_of(*b, r);
	struct bits *own;

	BUG_ON(i == (*b)->n);
	own = edit_own(e, *b);
	if (!own)
		return ERR_NO_MEMORY;
	own->alive[i / 64] &= ~(UINT64_C(1) << i % 64);
	*b = own;
	return ERR_OK;
}

void bits_free(struct bits *b)
{
	if (!b)
		return;
	for (unsigned i = 0; i < b->n_words; i++)
		edit_free_part(b->words[i].part);
	edit_free_part(b->list);
	edit_free_part(b);
}

size_t bits_bytes(const struct bits *b)
{
	size_t bytes = b->part.size + b->list->size;

	for (unsigned i = 0; i < b->n_words; i++)
		bytes += b->words[i].part->size;
	return bytes;
}
