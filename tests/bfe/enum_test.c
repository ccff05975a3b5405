/* SPDX-License-Identifier: MIT */
/*
 * enum - what an enumeration finds and in which order; what a template accepts is template_test's.
 */
#include "bfe_world.h"

#define ALL_BUILTIN_PROVIDERS 9

TEST(every_kind_is_enumerated_with_what_is_built_in)
{
	struct world w = world_open();
	size_t providers = count_of(w.s, MODEL_PROVIDER), callouts = count_of(w.s, MODEL_CALLOUT);
	struct model_object context = object_draft(MODEL_PROVIDER_CONTEXT, 1);

	CHECK_EQ_U(providers, ALL_BUILTIN_PROVIDERS);
	CHECK(callouts > 40);
	CHECK_EQ_U(count_of(w.s, MODEL_PROVIDER_CONTEXT), 2);
	CHECK_EQ_U(count_of(w.s, MODEL_SUBLAYER), 18);
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 0);
	context.context_type = MODEL_CONTEXT_GENERAL;
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(object_add(w.s, &context, NULL));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, NULL));
	CHECK_OK(add_filter(w.s, 1, NULL));
	CHECK_EQ_U(count_of(w.s, MODEL_PROVIDER), providers + 1);
	CHECK_EQ_U(count_of(w.s, MODEL_PROVIDER_CONTEXT), 3);
	CHECK_EQ_U(count_of(w.s, MODEL_SUBLAYER), 19);
	CHECK_EQ_U(count_of(w.s, MODEL_CALLOUT), callouts + 1);
	CHECK_EQ_U(count_of(w.s, MODEL_FILTER), 1);
	world_close(&w);
}

TEST(a_template_narrows_by_layer_and_provider)
{
	struct world w = world_open();
	struct bfe_template t = all_of(MODEL_FILTER);
	struct model_filter f = draft(0);

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_filter(w.s, 0, NULL));
	f.provider = key_of(1);
	CHECK_OK(filter_add(w.s, &f, NULL));
	f.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V6;
	CHECK_OK(filter_add(w.s, &f, NULL));
	t.provider = key_of(1);
	CHECK_EQ_U(count_by(w.s, &t), 2);
	t.any_layer = false;
	t.layer = CONNECT;
	CHECK_EQ_U(count_by(w.s, &t), 1);
	t.provider = (struct guid){0};
	CHECK_EQ_U(count_by(w.s, &t), 2);
	world_close(&w);
}

static uint64_t weighted(struct world *w, uint32_t sublayer, uint64_t weight)
{
	struct model_filter f = draft(sublayer);
	uint64_t id;

	f.requested_weight = (struct model_value){.type = MODEL_UINT64, .u64 = &weight};
	CHECK_OK(filter_add(w->s, &f, &id));
	return id;
}

TEST(a_sorted_enumeration_is_in_the_order_of_classification)
{
	struct world w = world_open();
	struct bfe_template t = all_of(MODEL_FILTER);
	struct model_object *o;
	struct bfe_enum *e;
	uint64_t want[4];

	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_sublayer(w.s, 2, 60000));
	want[3] = weighted(&w, 1, 9);
	want[2] = weighted(&w, 2, 5);
	want[1] = weighted(&w, 2, 5);
	want[0] = weighted(&w, 2, 7);
	t.flags |= BFE_ENUM_SORTED;
	CHECK_OK(bfe_enum_create(w.s, &t, &e));
	for (int i = 0; i < 4; i++) {
		o = bfe_enum_next(e);
		CHECK_EQ_U(o->id, want[i]);
		model_object_put(o);
	}
	CHECK(bfe_enum_next(e) == NULL);
	bfe_enum_destroy(e);
	world_close(&w);
}

TEST(the_best_terminating_match_is_one_filter_of_each_layer)
{
	struct world w = world_open();
	struct bfe_template t = all_of(MODEL_FILTER);
	struct model_filter f = draft(0);
	struct model_object *o;
	struct bfe_enum *e;
	uint64_t best;

	f.action = MODEL_ACTION_CONTINUE;
	f.requested_weight = (struct model_value){.type = MODEL_UINT8, .u8 = 15};
	CHECK_OK(filter_add(w.s, &f, NULL));
	best = weighted(&w, 0, 7);
	(void)weighted(&w, 0, 5);
	t.flags |= BFE_ENUM_BEST_TERMINATING_MATCH;
	CHECK_OK(bfe_enum_create(w.s, &t, &e));
	o = bfe_enum_next(e);
	CHECK_EQ_U(o->id, best);
	model_object_put(o);
	CHECK(bfe_enum_next(e) == NULL);
	bfe_enum_destroy(e);
	f = draft(0);
	f.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V6;
	CHECK_OK(filter_add(w.s, &f, NULL));
	CHECK_EQ_U(count_by(w.s, &t), 2);
	world_close(&w);
}

TEST(disabled_filters_are_shown_when_asked_for)
{
	struct world w = world_open();
	struct bfe_template t = all_of(MODEL_FILTER);
	struct model_filter f = draft(0);

	f.flags = MODEL_FILTER_DISABLED;
	CHECK_OK(filter_add(w.s, &f, NULL));
	CHECK(!in_force(&w));
	CHECK_EQ_U(count_by(w.s, &t), 1);
	t.flags = 0;
	CHECK_EQ_U(count_by(w.s, &t), 0);
	world_close(&w);
}

static void classify(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
}

TEST(a_callout_says_whether_it_is_registered)
{
	static const struct engine_callout_ops ops = {.classify = classify};
	const struct engine_callout_desc desc = {.key = key_of(1), .driver = 1, .ops = &ops};
	struct world w = world_open();
	struct model_object *o;
	uint32_t id;

	CHECK_OK(add_callout(w.s, 1, NULL));
	o = got(w.s, MODEL_CALLOUT, 1);
	CHECK(!(o->flags & MODEL_CALLOUT_REGISTERED));
	model_object_put(o);
	CHECK_OK(engine_callout_register(w.engine, &desc, &id));
	o = got(w.s, MODEL_CALLOUT, 1);
	CHECK(o->flags & MODEL_CALLOUT_REGISTERED);
	CHECK_EQ_U(o->id, id);
	model_object_put(o);
	CHECK_OK(engine_callout_unregister(w.engine, id, ENGINE_UNREGISTER_POLITE));
	world_close(&w);
}

TEST(closing_a_session_ends_its_enumerations)
{
	struct world w = world_open();
	struct bfe_session *s = dynamic(&w);
	const struct bfe_template t = all_of(MODEL_PROVIDER);
	struct bfe_enum *e;

	CHECK_OK(bfe_enum_create(s, &t, &e));
	bfe_session_close(s);
	world_close(&w);
}

TEST(without_memory_an_enumeration_is_not_created)
{
	struct world w = world_open();
	const struct bfe_template t = all_of(MODEL_FILTER);
	struct bfe_enum *e;
	uint64_t n = 0, live;
	wfp_err err;

	for (int i = 0; i < 600; i++)
		CHECK_OK(add_filter(w.s, 0, NULL));
	live = mem_live();
	do {
		CHECK_EQ_U(mem_live(), live);
		mem_fail_at(++n);
		err = bfe_enum_create(w.s, &t, &e);
		mem_fail_at(0);
		CHECK(!err || err == ERR_NO_MEMORY);
	} while (err);
	CHECK(n > 3 || !MEM_TRACKED);
	bfe_enum_destroy(e);
	world_close(&w);
}
