/* SPDX-License-Identifier: MIT */
/*
 * ddmin - delta debugging over the bits of a word.
 *
 * Called by shrink; each question may cost a search.
 */
#include "explore/ddmin.h"

struct ddmin {
	bool (*still)(void *ctx, uint64_t mask);
	void *ctx;
	uint64_t mask; /* the smallest set known */
	unsigned parts;
};

static unsigned count(uint64_t mask)
{
	return (unsigned)__builtin_popcountll(mask);
}

/* The elements from number `from` up to, not including, number `to`. */
static uint64_t slice(uint64_t mask, unsigned from, unsigned to)
{
	uint64_t out = 0;

	for (unsigned i = 0; mask; i++, mask &= mask - 1)
		if (i >= from && i < to)
			out |= mask & -mask;
	return out;
}

/* False: no part is enough, and none can be left out. */
static bool smaller(struct ddmin *d)
{
	uint64_t whole = d->mask;
	unsigned n = count(whole);

	for (unsigned i = 0; i < d->parts; i++) {
		uint64_t part = slice(whole, n * i / d->parts, n * (i + 1) / d->parts);

		if (d->still(d->ctx, part)) {
			d->mask = part;
			d->parts = 2;
			return true;
		}
		/* Of two halves each is the rest of the other. */
		if (d->parts != 2 && d->still(d->ctx, whole & ~part)) {
			d->mask = whole & ~part;
			d->parts = d->parts > 2 ? d->parts - 1 : 2;
			return true;
		}
	}
	return false;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

uint64_t ddmin(uint64_t all, bool (*still)(void *ctx, uint64_t mask), void *ctx)
{
	struct ddmin d = {.still = still, .ctx = ctx, .mask = all, .parts = 2};

	if (!all || still(ctx, 0))
		return 0;
	while (count(d.mask) > 1) {
		unsigned n = count(d.mask);

		d.parts = min(d.parts, n);
		if (smaller(&d))
			continue;
		if (d.parts == n)
			break;
		d.parts = min(d.parts * 2, n);
	}
	return d.mask;
}
