/* SPDX-License-Identifier: MIT */
/*
 * arbitrate - what stands after each sublayer has spoken.
 *
 * See docs/design/arbitration.md.  A sublayer says permit or block, soft (a lower one may change
 * it: FWPS_RIGHT_ACTION_WRITE is set) or hard.  Sublayers speak in order of weight and all of them
 * are heard; the table in arbitrate.c says what each word does to what stands.
 */
#pragma once

#include "engine/engine.h"

/* The word of one sublayer. */
struct engine_opinion {
	uint32_t action; /* MODEL_ACTION_PERMIT or _BLOCK */
	bool hard;
	bool by_callout; /* a callout said it; only that can veto */
	bool absorb;	 /* blocks, and the callout has taken the packet: always hard */
	uint64_t filter_id;
	uint32_t callout_id; /* 0: the filter itself */
	uint16_t sublayer_weight;
	struct guid sublayer;
};

enum engine_standing {
	ENGINE_STANDING_NONE,
	ENGINE_STANDING_SOFT_PERMIT,
	ENGINE_STANDING_HARD_PERMIT,
	ENGINE_STANDING_SOFT_BLOCK,
	ENGINE_STANDING_HARD_BLOCK,
	ENGINE_STANDINGS
};

struct engine_arbiter {
	enum engine_standing standing;
	bool veto;		       /* the block beats a hard permit */
	struct engine_opinion decider; /* whose word stands; unless standing is NONE */
};

void engine_arbiter_hear(struct engine_arbiter *a, const struct engine_opinion *o);
/* May a callout that is asked now change what stands?  No: it may only veto. */
bool engine_arbiter_writable(const struct engine_arbiter *a);
bool engine_arbiter_blocks(const struct engine_arbiter *a);
