/* SPDX-License-Identifier: MIT */
/*
 * Workers with caches beside a writer: no verdict is older than a commit that had returned.
 *
 * Each commit takes the filter that blocks away and adds its successor, with the next id, and
 * another that no packet matches.
 */
#include "cache_kit.h"

#include "base/thread.h"

#define WORKERS 2u
#define COMMITS 2000u

static struct atom64 committed; /* id of the filter that blocks, once its commit has returned */
static struct atom32 done;

static void ask(struct engine_flow_cache *c, struct model_value *values, unsigned port)
{
	const int field = model_field_index(model_layer_by_id(CACHE_LAYER),
					    model_condition_key("IP_REMOTE_PORT"));
	const struct engine_indication ind = {
		.layer = CACHE_LAYER, .n_values = KIT_VALUES, .values = values, .cache = c};
	const uint64_t oldest = atom64_load(&committed);
	struct engine_verdict v;

	values[field] = cache_u16(port);
	engine_classify(kit, &ind, &v);
	if (port == 80)
		CHECK(v.outcome == ENGINE_BLOCK && v.filter_id >= oldest);
	else
		CHECK_EQ_U(v.outcome, ENGINE_PERMIT);
}

static void work(UNUSED void *arg)
{
	struct model_value values[KIT_VALUES] = {0};
	struct engine_flow_cache *c;

	CHECK_OK(engine_flow_cache_create(&c, kit, 64));
	for (unsigned i = 0; i < 100 || !atom32_load(&done); i++)
		ask(c, values, 79 + i % 3);
	CHECK(engine_flow_cache_stats(c).hits > 0);
	engine_flow_cache_destroy(c);
}

static struct model_filter *port_filter(unsigned port, uint32_t action)
{
	struct model_condition c =
		kit_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, cache_u16(port));
	struct model_filter draft = cache_draft(1, 1, action);

	draft.conditions = &c;
	draft.n_conditions = 1;
	return kit_make(&draft);
}

/* remove: ids of the last ones; replaced by those of the new ones. */
static void replace(uint64_t remove[2], size_t n_remove)
{
	struct model_filter *add[2] = {port_filter(80, MODEL_ACTION_BLOCK),
				       port_filter(1000, MODEL_ACTION_BLOCK)};
	struct engine_counters n;

	CHECK_OK(engine_commit(kit, &(struct engine_delta){.add_filters = add,
							   .n_add_filters = 2,
							   .remove_filters = remove,
							   .n_remove_filters = n_remove}));
	for (unsigned i = 0; i < 2; i++) {
		remove[i] = add[i]->id;
		model_filter_put(add[i]);
	}
	atom64_store(&committed, remove[0]);
	engine_counters_get(kit, &n);
	CHECK(n.classifies >= n.cache_hits);
}

TEST(no_cached_verdict_is_older_than_a_commit_that_has_returned)
{
	struct thread *threads[WORKERS];
	uint64_t ids[2];

	kit_begin();
	kit_sublayer(1);
	atom64_init(&committed, 0);
	atom32_init(&done, 0);
	replace(ids, 0);
	for (unsigned i = 0; i < WORKERS; i++)
		CHECK_OK(thread_start(&threads[i], "worker", work, NULL));
	for (unsigned i = 0; i < COMMITS; i++)
		replace(ids, 2);
	atom32_store(&done, 1);
	for (unsigned i = 0; i < WORKERS; i++)
		thread_join(threads[i]);
	kit_end();
}
