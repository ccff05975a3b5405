/* SPDX-License-Identifier: MIT */
/*
 * arbitrate - the override policy as one table.
 *
 * KEEP leaves what stands and who decided it, TAKE puts the new word in its place, VETO does so
 * although the right to was cleared.  A word that is the same as what stands changes nothing, so
 * the highest sublayer that said it stays the decider.
 */
#include "engine/arbitrate.h"

enum word {
	SOFT_PERMIT,
	HARD_PERMIT,
	FILTER_SOFT_BLOCK,
	FILTER_HARD_BLOCK,
	CALLOUT_SOFT_BLOCK,
	CALLOUT_HARD_BLOCK,
	WORDS
};

enum step { KEEP, TAKE, VETO };

/* clang-format off */
static const uint8_t steps[ENGINE_STANDINGS][WORDS] = {
	/*                               soft    hard    filter's block  callout's block
	 *                               permit  permit  soft    hard    soft    hard */
	[ENGINE_STANDING_NONE]        = {TAKE,   TAKE,   TAKE,   TAKE,   TAKE,   TAKE},
	[ENGINE_STANDING_SOFT_PERMIT] = {KEEP,   TAKE,   TAKE,   TAKE,   TAKE,   TAKE},
	[ENGINE_STANDING_HARD_PERMIT] = {KEEP,   KEEP,   KEEP,   KEEP,   VETO,   VETO},
	[ENGINE_STANDING_SOFT_BLOCK]  = {TAKE,   TAKE,   KEEP,   TAKE,   KEEP,   TAKE},
	[ENGINE_STANDING_HARD_BLOCK]  = {KEEP,   KEEP,   KEEP,   KEEP,   KEEP,   KEEP},
};
/* clang-format on */

static enum word word_of(const struct engine_opinion *o)
{
	if (o->action == MODEL_ACTION_PERMIT)
		return o->hard ? HARD_PERMIT : SOFT_PERMIT;
	if (o->by_callout)
		return o->hard || o->absorb ? CALLOUT_HARD_BLOCK : CALLOUT_SOFT_BLOCK;
	return o->hard ? FILTER_HARD_BLOCK : FILTER_SOFT_BLOCK;
}

static enum engine_standing standing_of(enum word w)
{
	static const enum engine_standing standings[WORDS] = {
		[SOFT_PERMIT] = ENGINE_STANDING_SOFT_PERMIT,
		[HARD_PERMIT] = ENGINE_STANDING_HARD_PERMIT,
		[FILTER_SOFT_BLOCK] = ENGINE_STANDING_SOFT_BLOCK,
		[FILTER_HARD_BLOCK] = ENGINE_STANDING_HARD_BLOCK,
		[CALLOUT_SOFT_BLOCK] = ENGINE_STANDING_SOFT_BLOCK,
		[CALLOUT_HARD_BLOCK] = ENGINE_STANDING_HARD_BLOCK,
	};

	return standings[w];
}

void engine_arbiter_hear(struct engine_arbiter *a, const struct engine_opinion *o)
{
	enum word w = word_of(o);
	enum step step = steps[a->standing][w];

	if (step == KEEP)
		return;
	a->veto = step == VETO;
	/* The right stays cleared after a veto: nobody below may permit again. */
	a->standing = step == VETO ? ENGINE_STANDING_HARD_BLOCK : standing_of(w);
	a->decider = *o;
}

bool engine_arbiter_writable(const struct engine_arbiter *a)
{
	return a->standing != ENGINE_STANDING_HARD_PERMIT &&
	       a->standing != ENGINE_STANDING_HARD_BLOCK;
}

bool engine_arbiter_blocks(const struct engine_arbiter *a)
{
	return a->standing == ENGINE_STANDING_SOFT_BLOCK ||
	       a->standing == ENGINE_STANDING_HARD_BLOCK;
}
