/* SPDX-License-Identifier: MIT */
/* Commits: all or nothing, in order, visible on return, and what callouts are told. */
#include "kit.h"

#include "base/thread.h"

#define UNKNOWN MODEL_ACTION_CALLOUT_UNKNOWN

static void begin(void)
{
	kit_begin();
	kit_sublayer(1);
	kit_sublayer(2);
}

static wfp_err remove_one(uint64_t id)
{
	return engine_commit(kit,
			     &(struct engine_delta){.remove_filters = &id, .n_remove_filters = 1});
}

TEST(a_commit_is_seen_when_it_returns)
{
	uint64_t id;

	begin();
	id = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK(!kit_permits());
	kit_remove(id);
	CHECK(kit_permits());
	CHECK(engine_layer_empty(kit, KIT_LAYER));
	kit_end();
}

TEST(the_generation_grows_only_at_layers_that_changed)
{
	uint64_t before, other;

	begin();
	before = engine_generation(kit, KIT_LAYER);
	other = engine_generation(kit, MODEL_LAYER_ALE_AUTH_CONNECT_V6);
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(engine_generation(kit, KIT_LAYER), before + 1);
	CHECK_EQ_U(engine_generation(kit, MODEL_LAYER_ALE_AUTH_CONNECT_V6), other);
	CHECK_ERR(remove_one(4711), ERR_FILTER_NOT_FOUND);
	CHECK_EQ_U(engine_generation(kit, KIT_LAYER), before + 1);
	kit_end();
}

TEST(one_commit_replaces_a_filter_by_another_with_its_id)
{
	struct model_filter draft, *f;
	uint64_t id;

	begin();
	id = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	draft = kit_draft(1, 1, MODEL_ACTION_PERMIT);
	draft.id = id;
	f = kit_make(&draft);
	CHECK_ERR(kit_try_add(f), ERR_ALREADY_EXISTS);
	CHECK(!kit_permits());
	CHECK_OK(engine_commit(kit, &(struct engine_delta){.add_filters = &f,
							   .n_add_filters = 1,
							   .remove_filters = &id,
							   .n_remove_filters = 1}));
	CHECK(kit_permits());
	model_filter_put(f);
	kit_end();
}

TEST(an_error_in_the_middle_leaves_the_old_policy)
{
	struct model_filter good, bad, *filters[2];
	struct guid nowhere = {.a = 1};
	uint64_t old;

	begin();
	old = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	good = kit_draft(2, 1, MODEL_ACTION_PERMIT);
	good.flags = MODEL_FILTER_CLEAR_ACTION_RIGHT;
	bad = kit_draft(1, 1, MODEL_ACTION_BLOCK);
	bad.sublayer = nowhere;
	filters[0] = kit_make(&good);
	filters[1] = kit_make(&bad);
	CHECK_ERR(engine_commit(kit, &(struct engine_delta){.add_filters = filters,
							    .n_add_filters = 2,
							    .remove_filters = &old,
							    .n_remove_filters = 1}),
		  ERR_SUBLAYER_NOT_FOUND);
	CHECK_EQ_U(kit_classify().filter_id, old);
	CHECK_OK(remove_one(old));
	model_filter_put(filters[0]);
	model_filter_put(filters[1]);
	kit_end();
}

TEST(removing_a_filter_twice_in_one_commit_is_refused)
{
	uint64_t ids[2];

	begin();
	ids[0] = ids[1] = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_ERR(engine_commit(kit, &(struct engine_delta){.remove_filters = ids,
							    .n_remove_filters = 2}),
		  ERR_FILTER_NOT_FOUND);
	CHECK(!kit_permits());
	kit_end();
}

TEST(a_sublayer_with_filters_cannot_be_removed)
{
	struct guid key = kit_sublayer_key(1);
	struct engine_delta d = {.remove_sublayers = &key, .n_remove_sublayers = 1};
	uint64_t id;

	begin();
	id = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_ERR(engine_commit(kit, &d), ERR_IN_USE);
	d.remove_filters = &id;
	d.n_remove_filters = 1;
	CHECK_OK(engine_commit(kit, &d));
	CHECK_ERR(engine_commit(kit, &(struct engine_delta){.remove_sublayers = &key,
							    .n_remove_sublayers = 1}),
		  ERR_SUBLAYER_NOT_FOUND);
	kit_end();
}

TEST(a_new_sublayer_weight_reorders_every_layer)
{
	const struct model_sublayer heavier = {kit_sublayer_key(1), 9};
	uint64_t block;

	begin();
	block = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	kit_filter(2, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	CHECK(kit_permits());
	CHECK_OK(engine_commit(
		kit, &(struct engine_delta){.add_sublayers = &heavier, .n_add_sublayers = 1}));
	CHECK_EQ_U(kit_classify().filter_id, block);
	CHECK_EQ_U(kit_classify().sublayer_weight, 9);
	kit_end();
}

TEST(the_built_in_sublayers_are_there)
{
	struct model_filter draft, *f;

	kit_begin();
	draft = kit_draft(0, 1, MODEL_ACTION_BLOCK);
	draft.sublayer = model_sublayer_builtin(4)->key;
	f = kit_make(&draft);
	CHECK_OK(kit_try_add(f));
	CHECK_EQ_U(kit_classify().sublayer_weight, 32768);
	model_filter_put(f);
	kit_end();
}

TEST(a_filter_outlives_the_caller_and_goes_with_the_policy)
{
	uint64_t live = mem_live();

	begin();
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	kit_end();
	CHECK_EQ_U(mem_live(), live);
}

/* ---- notifications ------------------------------------------------------------------------- */

TEST(a_callout_hears_of_filters_that_name_it)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	uint64_t id;

	begin();
	kit_register(&s);
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(s.added, 0);
	id = kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK_EQ_U(s.added, 1);
	kit_remove(id);
	CHECK_EQ_U(s.deleted, 1);
	kit_unregister(&s);
	kit_end();
}

TEST(filters_that_were_there_before_the_callout_are_not_announced_but_their_end_is)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	uint64_t id;

	begin();
	id = kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	kit_register(&s);
	CHECK_EQ_U(s.added, 0);
	CHECK(kit_permits());
	kit_remove(id);
	CHECK_EQ_U(s.deleted, 1);
	kit_unregister(&s);
	kit_end();
}

TEST(a_refused_filter_undoes_the_commit_and_the_notifications_made)
{
	struct kit_script yes = kit_answer(1, MODEL_ACTION_BLOCK),
			  no = kit_answer(2, MODEL_ACTION_BLOCK);
	struct model_filter drafts[2], *filters[2];

	begin();
	no.refuse = true;
	kit_register(&yes);
	kit_register(&no);
	for (unsigned i = 0; i < 2; i++) {
		drafts[i] = kit_draft(1, 1, UNKNOWN);
		drafts[i].callout = i == 0 ? yes.key : no.key;
		filters[i] = kit_make(&drafts[i]);
	}
	CHECK_ERR(engine_commit(kit,
				&(struct engine_delta){.add_filters = filters, .n_add_filters = 2}),
		  ERR_CALLOUT_NOTIFICATION_FAILED);
	CHECK_EQ_U(yes.added, 1);
	CHECK_EQ_U(yes.deleted, 1);
	CHECK(kit_permits());
	CHECK_EQ_U(yes.calls, 0);
	model_filter_put(filters[0]);
	model_filter_put(filters[1]);
	kit_unregister(&yes);
	kit_unregister(&no);
	kit_end();
}

static void commit_inside(struct kit_script *s, const struct engine_call *call)
{
	(void)call;
	CHECK_ERR(remove_one(1), ERR_NOT_SUPPORTED);
	CHECK_ERR(engine_callout_unregister(kit, s->id, ENGINE_UNREGISTER_POLITE),
		  ERR_NOT_SUPPORTED);
	CHECK_ERR(kit_try_register(s, 0), ERR_NOT_SUPPORTED);
}

TEST(policy_and_registrations_cannot_change_from_inside_a_classify)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);

	begin();
	s.inside = commit_inside;
	kit_register(&s);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK(kit_permits());
	kit_unregister(&s);
	kit_end();
}

static wfp_err commit_in_notify(void *ctx, enum engine_notify what, const struct model_filter *f)
{
	(void)what;
	(void)f;
	*(wfp_err *)ctx = remove_one(1);
	return ERR_OK;
}

TEST(a_commit_from_inside_a_notification_is_refused)
{
	const struct engine_callout_ops ops = {.classify = kit_classify_fn,
					       .notify = commit_in_notify};
	wfp_err err = ERR_OK;
	const struct engine_callout_desc desc = {.key = {.a = 9}, .ops = &ops, .ctx = &err};
	uint32_t id;

	begin();
	CHECK_OK(engine_callout_register(kit, &desc, &id));
	kit_callout_filter(1, 1, MODEL_ACTION_CALLOUT_INSPECTION, 0, &desc.key);
	CHECK_ERR(err, ERR_TXN_IN_PROGRESS);
	CHECK_OK(engine_callout_unregister(kit, id, ENGINE_UNREGISTER_POLITE));
	kit_end();
}

/* ---- out of memory ------------------------------------------------------------------------- */

TEST(every_allocation_of_a_commit_may_fail_and_nothing_has_changed_then)
{
	const struct model_sublayer sublayers[] = {{kit_sublayer_key(3), 3},
						   {kit_sublayer_key(1), 7}};
	const struct model_callout object = {.key = {.a = 77}, .id = 5, .layer = KIT_LAYER};
	struct model_filter drafts[3], *filters[3];
	wfp_err err = ERR_NO_MEMORY;
	uint64_t old, live;

	begin();
	old = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	for (unsigned i = 0; i < 3; i++) {
		drafts[i] = kit_draft((uint16_t)(i + 1), i, i == 2 ? UNKNOWN : MODEL_ACTION_PERMIT);
		drafts[i].callout = (struct guid){.a = 88};
		drafts[i].layer = i == 1 ? MODEL_LAYER_ALE_AUTH_CONNECT_V6 : KIT_LAYER;
		filters[i] = kit_make(&drafts[i]);
	}
	live = mem_live();
	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = engine_commit(kit, &(struct engine_delta){.add_filters = filters,
								.n_add_filters = 3,
								.remove_filters = &old,
								.n_remove_filters = 1,
								.add_sublayers = sublayers,
								.n_add_sublayers = 2,
								.add_callouts = &object,
								.n_add_callouts = 1});
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(kit_classify().filter_id, old);
			CHECK_EQ_U(kit_classify().sublayer_weight, 1);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	CHECK_EQ_U(kit_classify().sublayer_weight, 3);
	for (unsigned i = 0; i < 3; i++)
		model_filter_put(filters[i]);
	kit_end();
}

TEST(every_allocation_of_an_engine_may_fail)
{
	const struct engine_config config = {0};
	uint64_t live = mem_live();
	wfp_err err = ERR_NO_MEMORY;
	struct engine *e;

	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = engine_create(&e, &config);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	engine_destroy(e);
	CHECK_EQ_U(mem_live(), live);
}

/* ---- readers while policy changes
 * ---------------------------------------------------------------- */

#define ROUNDS 20

static void reader(void *arg)
{
	struct model_value values[KIT_VALUES] = {{0}};
	struct engine_indication ind = {
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = values};

	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct engine_verdict v;

		engine_classify(kit, &ind, &v);
		/* One of the two filters is always there: a commit is never seen half done. */
		CHECK(v.filter_id != 0);
	}
}

SIM_TEST(a_classify_keeps_its_snapshot_while_filters_come_and_go)
{
	struct thread *readers[2];
	uint64_t id;

	begin();
	id = kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&readers[i], "reader", reader, NULL));
	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		struct model_filter draft = kit_draft(1 + i % 2, 1, MODEL_ACTION_PERMIT);
		struct model_filter *f = kit_make(&draft);

		CHECK_OK(engine_commit(kit, &(struct engine_delta){.add_filters = &f,
								   .n_add_filters = 1,
								   .remove_filters = &id,
								   .n_remove_filters = 1}));
		id = draft.id;
		model_filter_put(f);
	}
	for (unsigned i = 0; i < 2; i++)
		thread_join(readers[i]);
	kit_end();
}

static void committer(void *arg)
{
	const struct model_filter *first = arg;

	for (unsigned i = 0; i < 5; i++) {
		struct model_filter draft = *first, *f;

		draft.id += i;
		f = kit_make(&draft);
		CHECK_OK(kit_try_add(f));
		CHECK_OK(remove_one(draft.id));
		model_filter_put(f);
	}
}

SIM_TEST(commits_of_several_threads_take_turns)
{
	struct model_filter first[3];
	struct thread *t[3];

	begin();
	for (unsigned i = 0; i < 3; i++) {
		first[i] = kit_draft(1, 1, MODEL_ACTION_PERMIT);
		first[i].id = 1000 * (i + 1);
		CHECK_OK(thread_start(&t[i], "committer", committer, &first[i]));
	}
	for (unsigned i = 0; i < 3; i++)
		thread_join(t[i]);
	CHECK(engine_layer_empty(kit, KIT_LAYER));
	kit_end();
}
