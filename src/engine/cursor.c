/* SPDX-License-Identifier: MIT */
/*
 * cursor - a few filters one by one, an index from the top and then several below at once.
 */
#include "engine/cursor.h"

#include "engine/match.h"

void engine_query_begin(struct engine_query *q, const struct engine_layer *layer,
			const struct model_value *values, unsigned n_values)
{
	q->plan = layer ? layer->plan : NULL;
	q->isa = NULL;
	q->searched = NULL;
	q->ask = (struct index_query){.values = values, .n_values = n_values};
}

static void query_key(struct engine_query *q)
{
	key_make(&q->key, &q->plan->key, q->ask.values, q->ask.n_values);
	q->ask.key = &q->key;
	q->isa = index_isa_chosen();
}

void engine_query_burst(struct engine_query *q, const struct engine_layer *layer,
			const struct engine_indication *inds, unsigned n)
{
	const struct index *ix = layer && layer->plan ? layer->sublayers[0].index : NULL;
	struct index_query asks[INDEX_BURST_MAX];
	const struct index_rule *best[INDEX_BURST_MAX];

	for (unsigned i = 0; i < n; i++) {
		engine_query_begin(&q[i], layer, inds[i].values, inds[i].n_values);
		if (ix)
			query_key(&q[i]);
		asks[i] = q[i].ask;
	}
	if (!ix)
		return;
	index_isa_chosen()->burst(ix, asks, n, best);
	for (unsigned i = 0; i < n; i++) {
		q[i].searched = ix;
		q[i].best = best[i];
	}
}

void engine_cursor_begin(struct engine_cursor *c, struct engine_query *q,
			 const struct engine_sublayer *sublayer)
{
	c->query = q;
	c->sublayer = sublayer;
	c->next = 0;
	c->n_found = 0;
	c->more = true;
	if (sublayer->index && !q->isa)
		query_key(q);
}

static bool next_of_few(struct engine_cursor *c, struct engine_match *out)
{
	const struct engine_few *few = c->sublayer->few;
	const struct index_query *ask = &c->query->ask;

	while (c->next < few->n) {
		const struct policy_filter *f = few->filters[c->next++];

		if (engine_match_filter(f->filter, ask->values, ask->n_values)) {
			*out = (struct engine_match){f, f->filter->id, f->word};
			return true;
		}
	}
	return false;
}

static void find_more(struct engine_cursor *c)
{
	const struct engine_query *q = c->query;

	if (c->n_found == 0) {
		c->found[0] = q->searched == c->sublayer->index
				      ? q->best
				      : q->isa->best(c->sublayer->index, &q->ask, NULL);
		c->n_found = c->found[0] != NULL;
		c->more = c->n_found > 0;
	} else {
		const struct rule_order below = c->found[c->n_found - 1]->order;

		c->n_found = q->isa->collect(c->sublayer->index, &q->ask, &below, c->found,
					     ENGINE_CURSOR_AHEAD);
		c->more = c->n_found == ENGINE_CURSOR_AHEAD;
	}
	c->next = 0;
}

bool engine_cursor_next(struct engine_cursor *c, struct engine_match *out)
{
	const struct index_rule *r;

	if (c->sublayer->few)
		return next_of_few(c, out);
	if (c->next == c->n_found) {
		if (!c->more)
			return false;
		find_more(c);
		if (c->n_found == 0)
			return false;
	}
	r = c->found[c->next++];
	*out = (struct engine_match){r->filter, r->order.id, r->word};
	return true;
}
