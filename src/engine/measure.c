/* SPDX-License-Identifier: MIT */
/*
 * measure - what the policy takes of the memory, for benchmarks.
 *
 * Everything that the engine has made for a filter is counted; the filter itself, with its name and
 * conditions, belongs to whoever committed it.  Thread: a turn, any outside of callouts.
 */
#include "base/mem.h"
#include "engine/change.h"
#include "engine/policy.h"

static size_t rule_bytes(const struct index_rule *r)
{
	size_t bytes = sizeof(*r) + (size_t)2 * r->words * sizeof(r->bounds[0]);

	return (bytes + RULE_ALIGN - 1) / RULE_ALIGN * RULE_ALIGN;
}

static void measure_filter(const struct policy_filter *f, struct engine_footprint *out)
{
	const struct index_rule *const *rules = policy_rules_of(f);

	out->filters++;
	out->filter_bytes += sizeof(*f);
	if (f->n_rules > 1)
		out->filter_bytes += f->n_rules * sizeof(*rules);
	for (uint8_t i = 0; i < f->n_rules; i++)
		out->rule_bytes += rule_bytes(rules[i]);
}

static void measure_layer(const struct engine_layer *l, struct engine_footprint *out)
{
	out->other_bytes += l->part.size + (l->plan ? l->plan->part.size : 0);
	for (uint32_t i = 0; i < l->n_sublayers; i++) {
		const struct engine_sublayer *s = &l->sublayers[i];

		if (s->few)
			out->other_bytes += s->few->part.size;
		if (s->index)
			out->index_bytes += index_bytes(s->index);
	}
}

wfp_err engine_measure(struct engine *e, struct engine_footprint *out)
{
	const struct engine_policy *p = e->policy;
	const struct engine_snapshot *s;
	struct hnode *n = NULL;
	wfp_err err = engine_turn_begin(e);

	if (err)
		return err;
	*out = (struct engine_footprint){.retired_bytes = p->retired_bytes};
	while ((n = htable_walk(&p->filters, n)) != NULL)
		measure_filter(CONTAINER_OF(n, struct policy_filter, node), out);
	s = rcu_load(&e->snapshot);
	out->other_bytes = s->part.size + (p->filters.mask + 1) * sizeof(*p->filters.buckets);
	for (unsigned i = 0; i < MODEL_LAYERS_MAX; i++)
		if (s->layers[i])
			measure_layer(s->layers[i], out);
	engine_turn_end(e);
	return ERR_OK;
}
