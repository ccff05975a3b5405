/* SPDX-License-Identifier: MIT */
/*
 * cursor - the one way to find matching filters: the best of a sublayer, then the next best below.
 *
 * A query is made once for a classify, its key when the first sublayer with an index is asked.  A
 * cursor asks one sublayer: first for the best, and if somebody continues for several below it at
 * once, so that a chain of CONTINUE is not a chain of searches.  Both live on the stack, inside an
 * RCU section; no lock, no memory.
 */
#pragma once

#include "engine/snapshot.h"

struct engine_query {
	const struct engine_plan *plan; /* NULL: no sublayer has an index */
	const struct index_isa *isa;	/* NULL: the key is not made yet */
	struct index_query ask;
	const struct index *searched; /* whose best match is known already; NULL: none */
	const struct index_rule *best;
	struct key key;
};

/* layer: NULL is fine. */
void engine_query_begin(struct engine_query *q, const struct engine_layer *layer,
			const struct model_value *values, unsigned n_values);

/*
 * The same for n packets of one layer, whose highest sublayer is searched for all of them at once.
 * n at most INDEX_BURST_MAX.
 */
void engine_query_burst(struct engine_query *q, const struct engine_layer *layer,
			const struct engine_indication *inds, unsigned n);

#define ENGINE_CURSOR_AHEAD 8u

struct engine_cursor {
	struct engine_query *query;
	const struct engine_sublayer *sublayer;
	uint32_t next; /* of few: how many are done with; else of found */
	uint32_t n_found;
	bool more; /* below the last found there may be others */
	const struct index_rule *found[ENGINE_CURSOR_AHEAD];
};

void engine_cursor_begin(struct engine_cursor *c, struct engine_query *q,
			 const struct engine_sublayer *sublayer);
/* The filter is there for whoever has to ask; the rest is what most classifies need. */
struct engine_match {
	const struct policy_filter *filter;
	uint64_t id;
	enum rule_word word;
};
/* The best matching filter that has not been returned yet; false: none is left. */
bool engine_cursor_next(struct engine_cursor *c, struct engine_match *out);
