/* SPDX-License-Identifier: MIT */
/*
 * commit - what changing a large policy costs in the base filtering engine: 10 000 filters added in
 * one transaction, and 1 000 committed into, or deleted from, 100 000; and enumerating all of them.
 *
 * Times are of a whole step, the best of a few repeats; the baseline is one filter in a transaction
 * of its own in an empty engine.
 */
#include "bench.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/rcu.h"
#include "bfe/bfe.h"

#define LARGE	100000u
#define MANY	10000u
#define SOME	1000u
#define REPEATS 5u

static struct engine *engine;
static struct bfe *bfe;
static struct bfe_session *session;

static void set_up(void)
{
	static const struct engine_config config = {.max_ops = 4};

	BUG_ON(engine_create(&engine, &config));
	BUG_ON(bfe_create(&bfe, &(struct bfe_config){.engine = engine}));
	BUG_ON(bfe_session_open(bfe, &(struct bfe_session_config){.kernel = true}, &session));
}

static void tear_down(void)
{
	bfe_session_close(session);
	bfe_destroy(bfe);
	engine_destroy(engine);
}

/* One remote address and port each, so that the weights are automatic ones. */
static uint64_t add(uint32_t number)
{
	char name[] = "bench";
	struct model_condition c[2] = {
		{.field_key = *model_condition_key("IP_REMOTE_ADDRESS"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {.type = MODEL_UINT32, .u32 = 0x0a000000u + number}},
		{.field_key = *model_condition_key("IP_REMOTE_PORT"),
		 .match = MODEL_MATCH_EQUAL,
		 .value = {.type = MODEL_UINT16, .u16 = (uint16_t)number}},
	};
	struct model_filter f = {.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
				 .action = MODEL_ACTION_BLOCK,
				 .name = name,
				 .n_conditions = 1 + number % 2,
				 .conditions = c};
	struct bfe_added added;

	BUG_ON(bfe_object_add(session, &(struct model_object){.kind = MODEL_FILTER, .filter = &f},
			      NULL, &added));
	return added.id;
}

/* The commit's own time in *commit. */
static void add_many(uint32_t n, uint64_t *ids, uint64_t *commit)
{
	uint64_t start;

	BUG_ON(bfe_txn_begin(session, 0));
	for (uint32_t i = 0; i < n; i++)
		ids[i] = add(i);
	start = clock_now();
	BUG_ON(bfe_txn_commit(session));
	*commit = clock_now() - start;
}

static void delete_many(uint32_t n, const uint64_t *ids, uint64_t *commit)
{
	uint64_t start;

	BUG_ON(bfe_txn_begin(session, 0));
	for (uint32_t i = 0; i < n; i++)
		BUG_ON(bfe_object_delete_by_id(session, MODEL_FILTER, ids[i]));
	start = clock_now();
	BUG_ON(bfe_txn_commit(session));
	*commit = clock_now() - start;
}

static void enumerate_all(void)
{
	const struct bfe_template t = {
		.kind = MODEL_FILTER, .any_layer = true, .action_mask = BFE_ENUM_ANY_ACTION};
	struct model_object *o;
	struct bfe_enum *e;
	uint32_t n = 0;

	BUG_ON(bfe_enum_create(session, &t, &e));
	for (; (o = bfe_enum_next(e)) != NULL; n++)
		model_object_put(o);
	bfe_enum_destroy(e);
	BUG_ON(n < LARGE);
}

enum { ADD_MANY, COMMIT_SOME, DELETE_SOME, ENUMERATE, ONE, MEASURES };

static const char *const names[MEASURES] = {
	[ADD_MANY] = "add 10000 filters in one transaction",
	[COMMIT_SOME] = "commit 1000 filters into 100000",
	[DELETE_SOME] = "commit 1000 deletions from 100000",
	[ENUMERATE] = "enumerate 100000 filters",
	[ONE] = "one filter, one transaction",
};

static void keep_best(uint64_t *best, uint64_t ns)
{
	if (*best == 0 || ns < *best)
		*best = ns;
}

static void measure_empty(uint64_t best[MEASURES])
{
	static uint64_t ids[MANY];
	uint64_t start, ignored;

	set_up();
	for (unsigned i = 0; i < REPEATS; i++) {
		start = clock_now();
		add_many(1, ids, &ignored);
		keep_best(&best[ONE], clock_now() - start);
		delete_many(1, ids, &ignored);
		start = clock_now();
		add_many(MANY, ids, &ignored);
		keep_best(&best[ADD_MANY], clock_now() - start);
		delete_many(MANY, ids, &ignored);
	}
	tear_down();
}

static void measure_large(uint64_t best[MEASURES])
{
	static uint64_t all[LARGE], ids[SOME];
	uint64_t start, commit;

	set_up();
	add_many(LARGE, all, &commit);
	for (unsigned i = 0; i < REPEATS; i++) {
		add_many(SOME, ids, &commit);
		keep_best(&best[COMMIT_SOME], commit);
		start = clock_now();
		enumerate_all();
		keep_best(&best[ENUMERATE], clock_now() - start);
		delete_many(SOME, ids, &commit);
		keep_best(&best[DELETE_SOME], commit);
	}
	tear_down();
}

int main(void)
{
	uint64_t best[MEASURES] = {0};

	rcu_thread_enter();
	measure_empty(best);
	measure_large(best);
	for (unsigned i = 0; i < ONE; i++)
		bench_print(names[i], (double)best[i], names[ONE], (double)best[ONE]);
	return 0;
}
