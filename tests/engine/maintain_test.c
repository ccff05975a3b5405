/* SPDX-License-Identifier: MIT */
/*
 * maintain - indexes that small commits have made slow are built anew, beside commits and
 * classifies; and what commits leave to be freed later stays bounded.
 *
 * All filters match: they have no condition, or one that wants a field EMPTY.
 */
#include "kit.h"

#include "base/rng.h"
#include "base/thread.h"
#include "engine/cursor.h"
#include "engine/policy.h"
#include "engine/retire.h"

#define FILTERS 400u
#define FIRST	20u /* filters of the first commit */

static struct {
	struct rng rng;
	struct model_filter *there[FILTERS];
	unsigned n;
	uint64_t commits;
	struct atom32 done;
} w;

static const char *const fields[] = {"ALE_USER_ID", "IP_PROTOCOL", "IP_REMOTE_PORT", "FLAGS"};

static struct model_filter *any_filter(unsigned n_fields)
{
	struct model_filter draft = kit_draft(1, rng_below(&w.rng, 1000), MODEL_ACTION_BLOCK);
	struct model_condition c = {.match = MODEL_MATCH_EQUAL};

	if (n_fields > 0) {
		c.field_key = *model_condition_key(fields[rng_below(&w.rng, n_fields)]);
		draft.conditions = &c;
		draft.n_conditions = 1;
	}
	return kit_make(&draft);
}

static void begin(uint64_t seed, unsigned n_fields)
{
	memset(&w, 0, sizeof(w));
	rng_seed(&w.rng, seed);
	kit_begin();
	kit_sublayer(1);
	while (w.n < FIRST)
		w.there[w.n++] = any_filter(n_fields);
	CHECK_OK(engine_commit(
		kit, &(struct engine_delta){.add_filters = w.there, .n_add_filters = w.n}));
	w.commits = 1;
}

static void end(void)
{
	kit_end();
	while (w.n > 0)
		model_filter_put(w.there[--w.n]);
}

static void add_one(unsigned n_fields)
{
	w.there[w.n] = any_filter(n_fields);
	CHECK_OK(kit_try_add(w.there[w.n++]));
	w.commits++;
}

static void remove_one(void)
{
	unsigned i = rng_below(&w.rng, w.n);

	kit_remove(w.there[i]->id);
	model_filter_put(w.there[i]);
	w.there[i] = w.there[--w.n];
	w.commits++;
}

/* Removes a filter and fails: it is put back. */
static void fail_one(void)
{
	const uint64_t ids[] = {w.there[rng_below(&w.rng, w.n)]->id, UINT64_MAX};

	CHECK_ERR(engine_commit(kit, &(struct engine_delta){.remove_filters = ids,
							    .n_remove_filters = 2}),
		  ERR_FILTER_NOT_FOUND);
}

/* ---- what is there ------------------------------------------------------------------------- */

static const struct engine_layer *layer(void)
{
	const struct engine_snapshot *s = rcu_load(&kit->snapshot);

	return s->layers[KIT_LAYER];
}

static int by_order(const void *x, const void *y)
{
	const struct model_filter *const *f = x, *const *g = y;
	const struct rule_order a = {(*f)->weight, (*f)->id}, b = {(*g)->weight, (*g)->id};

	return rule_before(a, b) ? -1 : 1;
}

static void check_all(void)
{
	struct engine_match m;
	struct engine_cursor c;
	struct engine_query q;
	unsigned n = 0;

	rcu_read_begin();
	qsort(w.there, w.n, sizeof(w.there[0]), by_order);
	engine_query_begin(&q, layer(), kit_values, KIT_VALUES);
	engine_cursor_begin(&c, &q, &layer()->sublayers[0]);
	while (engine_cursor_next(&c, &m))
		CHECK(n < w.n && m.filter->filter == w.there[n++]);
	CHECK_EQ_U(n, w.n);
	CHECK_EQ_U(engine_generation(kit, KIT_LAYER), w.commits);
	rcu_read_end();
}

static bool decayed(void)
{
	const uint32_t *uses = kit->policy->histories[KIT_LAYER].uses;

	return index_decayed(layer()->sublayers[0].index) ||
	       key_plan_stale(&layer()->plan->key, uses, HISTORY_FIELDS);
}

/* ---- alone --------------------------------------------------------------------------------- */

TEST(a_decayed_index_gets_its_shape_back)
{
	begin(1, 0);
	CHECK_OK(engine_maintain(kit));
	while (w.n < FILTERS)
		add_one(0);
	CHECK(decayed());
	CHECK_OK(engine_maintain(kit));
	CHECK(!decayed());
	check_all();
	end();
}

TEST(other_fields_get_words_when_other_filters_have_come)
{
	begin(2, 1);
	while (w.n < FILTERS)
		add_one(ARRAY_LEN(fields));
	while (decayed())
		CHECK_OK(engine_maintain(kit));
	check_all();
	while (w.n > 1)
		remove_one();
	check_all();
	end();
}

TEST(every_allocation_of_a_maintenance_may_fail_and_the_old_index_goes_on)
{
	uint64_t live;
	wfp_err err = ERR_NO_MEMORY;

	begin(3, 1);
	while (w.n < FILTERS)
		add_one(ARRAY_LEN(fields));
	rcu_wait();
	engine_retired_free(kit);
	live = mem_live();
	for (unsigned nth = 1; err; nth += 1 + nth / 8) {
		mem_fail_at(nth);
		err = engine_maintain(kit);
		mem_fail_at(0);
		engine_retired_free(kit);
		check_all();
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	end();
}

static void maintain_inside(UNUSED struct kit_script *s, UNUSED const struct engine_call *call)
{
	CHECK_ERR(engine_maintain(kit), ERR_NOT_SUPPORTED);
}

TEST(maintenance_from_inside_a_classify_is_refused)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);

	kit_begin();
	kit_sublayer(1);
	s.inside = maintain_inside;
	kit_register(&s);
	kit_callout_filter(1, 1, MODEL_ACTION_CALLOUT_UNKNOWN, 0, &s.key);
	CHECK(kit_permits());
	kit_unregister(&s);
	kit_end();
}

/* ---- beside others ------------------------------------------------------------------------- */

static void maintainer(UNUSED void *arg)
{
	while (!atom32_load(&w.done)) {
		CHECK_OK(engine_maintain(kit));
		thread_yield();
	}
}

static void reader(UNUSED void *arg)
{
	struct model_value values[KIT_VALUES] = {{0}};
	const struct engine_indication ind = {
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = values};
	struct engine_verdict v;

	while (!atom32_load(&w.done)) {
		engine_classify(kit, &ind, &v);
		CHECK(v.filter_id != 0);
		thread_yield();
	}
}

static void commit_many(void)
{
	unsigned n_fields = 0;

	for (unsigned i = 0; i < 600; i++) {
		if (i % 100 == 99)
			n_fields = rng_below(&w.rng, 1 + ARRAY_LEN(fields));
		if (rng_below(&w.rng, 20) == 0)
			fail_one();
		if (w.n == FILTERS || (w.n > 2 && rng_below(&w.rng, 3) == 0))
			remove_one();
		else
			add_one(n_fields);
	}
}

SIM_TEST(commits_and_classifies_go_on_while_indexes_are_built)
{
	struct thread *t[3];
	uint64_t live = mem_live();

	begin(test_seed(), 0);
	CHECK_OK(thread_start(&t[0], "maintainer", maintainer, NULL));
	CHECK_OK(thread_start(&t[1], "maintainer", maintainer, NULL));
	CHECK_OK(thread_start(&t[2], "reader", reader, NULL));
	commit_many();
	atom32_store(&w.done, 1);
	for (unsigned i = 0; i < 3; i++)
		thread_join(t[i]);
	check_all();
	while (decayed())
		CHECK_OK(engine_maintain(kit));
	check_all();
	end();
	CHECK_EQ_U(mem_live(), live);
}

/* ---- what is freed later ----------------------------------------------------------------------
 */

TEST(what_commits_leave_is_bounded)
{
	unsigned most = 0;

	begin(5, 0);
	for (unsigned i = 0; i < 3 * ENGINE_RETIRED_MAX; i++) {
		add_one(0);
		remove_one();
		CHECK(kit->policy->n_retired < ENGINE_RETIRED_MAX);
		CHECK(kit->policy->retired_bytes < ENGINE_RETIRED_BYTES_MAX);
		if (kit->policy->n_retired > most)
			most = kit->policy->n_retired;
	}
	CHECK(most >= ENGINE_RETIRED_MAX - 2);
	end();
}

TEST(a_commit_that_tells_a_callout_frees_what_others_have_left)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	uint64_t id;

	begin(6, 0);
	kit_register(&s);
	id = kit_callout_filter(1, 1, MODEL_ACTION_CALLOUT_UNKNOWN, 0, &s.key);
	add_one(0);
	CHECK(kit->policy->n_retired > 0);
	kit_remove(id);
	CHECK_EQ_U(s.deleted, 1);
	CHECK_EQ_U(kit->policy->n_retired, 0);
	add_one(0);
	kit_unregister(&s);
	CHECK_EQ_U(kit->policy->n_retired, 0);
	end();
}

TEST(each_commit_waits_if_nothing_may_be_left)
{
	kit_begin_with((struct engine_config){.max_retired = 1});
	kit_sublayer(1);
	for (unsigned i = 0; i < 4; i++) {
		kit_filter(1, i, MODEL_ACTION_BLOCK, 0);
		CHECK_EQ_U(kit->policy->n_retired, 0);
	}
	kit_end();
}

TEST(the_footprint_counts_what_there_is)
{
	struct engine_footprint empty, full;

	begin(7, 1);
	CHECK_OK(engine_measure(kit, &full));
	CHECK_EQ_U(full.filters, FIRST);
	CHECK(full.rule_bytes > 0 && full.index_bytes > 0);
	CHECK(full.filter_bytes >= FIRST * sizeof(struct policy_filter));
	while (w.n > 0)
		remove_one();
	CHECK_OK(engine_measure(kit, &empty));
	CHECK_EQ_U(empty.filters + empty.filter_bytes + empty.rule_bytes + empty.index_bytes, 0);
	CHECK(empty.retired_bytes > 0 && empty.other_bytes > 0);
	end();
}
