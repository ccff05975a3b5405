/* SPDX-License-Identifier: MIT */
/*
 * cursor - the one way to find matching filters: the best of a sublayer, then the next best below.
 *
 * Everything that classifies goes through these two functions, so an index may replace the linear
 * search behind them.  A cursor lives on the stack, inside an RCU section; no lock, no memory.
 */
#pragma once

#include "engine/snapshot.h"

struct engine_cursor {
	const struct engine_sublayer *sublayer;
	const struct model_value *values;
	unsigned n_values;
	uint32_t next; /* how many filters are done with */
};

void engine_cursor_begin(struct engine_cursor *c, const struct engine_sublayer *sublayer,
			 const struct model_value *values, unsigned n_values);
/* The best matching filter that has not been returned yet; NULL: none left. */
const struct policy_filter *engine_cursor_next(struct engine_cursor *c);
