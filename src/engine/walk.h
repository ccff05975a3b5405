/* SPDX-License-Identifier: MIT */
/*
 * walk - what the walks through tables, bits and tree have in common.
 *
 * Included by them, once for each instruction set; inside an RCU section, or by the holder of the
 * turn.  No lock, no memory.
 */
#pragma once

#include "engine/index.h"
#include "engine/snapshot.h"

/*
 * Does a rule whose box holds the key match?  A box that is not exact, or a loose key, proves
 * nothing: the filter itself decides.  exact is that of the rule, which need not be read for it.
 */
static inline bool walk_confirms(const struct index_rule *r, bool exact,
				 const struct index_query *q)
{
	return (exact && !q->key->loose) ||
	       engine_match_filter(r->filter->filter, q->values, q->n_values);
}

/*
 * Puts r, if it is good enough, into the best rules so far: n of at most max, in order.  Another
 * box of a filter that is there already has the same order, and is not put there.  Returns how many
 * there are.
 */
static inline unsigned walk_keep(const struct index_rule **rules, unsigned n, unsigned max,
				 const struct index_rule *r)
{
	unsigned at = n;

	while (at > 0 && rule_before(r->order, rules[at - 1]->order))
		at--;
	if (at >= max || (at > 0 && !rule_before(rules[at - 1]->order, r->order)))
		return n;
	if (n < max)
		n++;
	/* Of a single one the compiler cannot know that there is nothing to move. */
	for (unsigned i = n - 1; max > 1 && i > at; i--)
		rules[i] = rules[i - 1];
	rules[at] = r;
	return n;
}
