/* SPDX-License-Identifier: MIT */
/*
 * Any allocation of a commit over a large sublayer may fail, and nothing has changed then: neither
 * what classifies find nor what is allocated.
 *
 * The sublayer has rules in tables and in a tree, and filters with several rules.
 */
#include "kit.h"

#include "base/rng.h"
#include "engine/policy.h"
#include "engine/retire.h"

#define FILTERS 400u
#define PACKETS 40u

static struct {
	struct rng rng;
	struct model_filter *there[2 * FILTERS];
	unsigned n;
} w;

static struct model_value u16_value(uint32_t n)
{
	return (struct model_value){.type = MODEL_UINT16, .u16 = (uint16_t)n};
}

static struct model_value u32_value(uint32_t n)
{
	return (struct model_value){.type = MODEL_UINT32, .u32 = n};
}

/* Sets of addresses and a port, or ranges of ports, or one address; with `other` fields as well. */
static struct model_filter *any_filter(bool other)
{
	struct model_filter draft = kit_draft(1, rng_below(&w.rng, 50), MODEL_ACTION_BLOCK);
	const uint32_t port = rng_below(&w.rng, 60000), kind = rng_below(&w.rng, 3);
	struct model_range range = {u16_value(port), u16_value(port + rng_below(&w.rng, 5000))};
	struct model_condition c[5];
	unsigned n = 0;

	for (unsigned i = 0; kind < 2 && i < 1 + 2 * kind; i++)
		c[n++] = kit_condition("IP_REMOTE_ADDRESS", MODEL_MATCH_EQUAL,
				       u32_value(rng_below(&w.rng, 500) << 12));
	if (kind == 2)
		c[n++] = kit_condition("IP_REMOTE_PORT", MODEL_MATCH_RANGE,
				       (struct model_value){MODEL_RANGE_TYPE, {.range = &range}});
	if (other)
		c[n++] = kit_condition("COMPARTMENT_ID", MODEL_MATCH_EQUAL, u32_value(1));
	draft.conditions = c;
	draft.n_conditions = n;
	return kit_make(&draft);
}

static bool goes_before(const struct model_filter *f, const struct model_filter *g)
{
	return f->weight != g->weight ? f->weight > g->weight : f->id > g->id;
}

static uint64_t expected(void)
{
	const struct model_filter *best = NULL;

	for (unsigned i = 0; i < w.n; i++)
		if (engine_match_filter(w.there[i], kit_values, KIT_VALUES) &&
		    (!best || goes_before(w.there[i], best)))
			best = w.there[i];
	return best ? best->id : 0;
}

static void check_packets(void)
{
	kit_set("COMPARTMENT_ID", u32_value(1));
	for (unsigned i = 0; i < PACKETS; i++) {
		kit_set("IP_REMOTE_ADDRESS", u32_value(rng_below(&w.rng, 500) << 12));
		kit_set("IP_REMOTE_PORT", u16_value(rng_below(&w.rng, 65536)));
		CHECK_EQ_U(kit_classify().filter_id, expected());
	}
}

static const struct engine_sublayer *sublayer(void)
{
	const struct engine_snapshot *s = rcu_load(&kit->snapshot);

	return &s->layers[KIT_LAYER]->sublayers[0];
}

static void take(unsigned n_remove, unsigned n_add)
{
	for (unsigned i = 0; i < n_remove; i++)
		model_filter_put(w.there[i]);
	memmove(w.there, w.there + n_remove, (w.n - n_remove + n_add) * sizeof(w.there[0]));
	w.n += n_add - n_remove;
}

/* One commit, that fails at its every allocation first; of many, at some. */
static void change(unsigned n_remove, unsigned n_add, bool other)
{
	uint64_t ids[2 * FILTERS], live;
	wfp_err err = ERR_NO_MEMORY;

	for (unsigned i = 0; i < n_remove; i++)
		ids[i] = w.there[i]->id;
	for (unsigned i = 0; i < n_add; i++)
		w.there[w.n + i] = any_filter(other);
	rcu_wait();
	engine_retired_free(kit);
	live = mem_live();
	for (unsigned nth = 1; err; nth += 1 + nth / 50) {
		mem_fail_at(nth);
		err = engine_commit(kit, &(struct engine_delta){.remove_filters = ids,
								.n_remove_filters = n_remove,
								.add_filters = w.there + w.n,
								.n_add_filters = n_add});
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(mem_live(), live);
			CHECK_EQ_U(kit->policy->n_retired, 0);
			check_packets();
		}
	}
	take(n_remove, n_add);
	check_packets();
}

TEST(every_allocation_of_a_commit_over_tables_and_trees_may_fail)
{
	uint64_t live = mem_live();

	memset(&w, 0, sizeof(w));
	rng_seed(&w.rng, test_seed());
	index_limit_bits(0);
	kit_begin();
	kit_sublayer(1);
	change(0, FILTERS, false); /* an index */
	CHECK(sublayer()->index->n_tables > 0 && sublayer()->index->tree->height > 0);
	change(5, 5, false);			 /* parts of it */
	change(FILTERS / 2, FILTERS / 2, false); /* another */
	change(FILTERS / 2, FILTERS / 2, true);	 /* other fields */
	change(w.n - ENGINE_FEW_MAX, 0, false);	 /* few */
	CHECK(sublayer()->few);
	change(0, 20, false); /* no more */
	change(w.n, 0, false);
	kit_end();
	index_limit_bits(BITS_MAX);
	CHECK_EQ_U(mem_live(), live);
}
