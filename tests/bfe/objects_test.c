/* SPDX-License-Identifier: MIT */
/*
 * objects - each rule about keys, names, flags, references and lifetimes, and the codes for it.
 */
#include "bfe_world.h"

static const struct guid *builtin_sublayer(const char *name)
{
	const struct model_builtin *row;

	for (unsigned i = 0; (row = model_sublayer_builtin(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return &row->key;
	return NULL;
}

TEST(a_name_is_mandatory)
{
	struct world w = world_open();
	struct model_filter f = draft(0);

	f.name = NULL;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_NULL_DISPLAY_NAME);
	CHECK_ERR(object_add(w.s, &(struct model_object){.kind = MODEL_PROVIDER, .flags = 0}, NULL),
		  ERR_NULL_DISPLAY_NAME);
	CHECK_ERR(object_add(w.s, &(struct model_object){.kind = MODEL_SUBLAYER, .name = text("")},
			     NULL),
		  ERR_NULL_DISPLAY_NAME);
	CHECK_ERR(object_add(w.s, &(struct model_object){.kind = MODEL_CALLOUT, .layer = CONNECT},
			     NULL),
		  ERR_NULL_DISPLAY_NAME);
	world_close(&w);
}

TEST(a_key_is_unique_within_its_kind_only)
{
	struct world w = world_open();
	struct model_filter f = draft(1);

	f.key = key_of(1);
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, NULL));
	CHECK_OK(filter_add(w.s, &f, NULL));
	CHECK_ERR(add_provider(w.s, 1), ERR_ALREADY_EXISTS);
	CHECK_ERR(add_sublayer(w.s, 1, 100), ERR_ALREADY_EXISTS);
	CHECK_ERR(add_callout(w.s, 1, NULL), ERR_ALREADY_EXISTS);
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_ALREADY_EXISTS);
	world_close(&w);
}

TEST(a_zero_key_is_replaced_by_a_new_one)
{
	struct world w = world_open();
	struct guid a = {0}, b = {0};
	const struct model_object p = {.kind = MODEL_PROVIDER, .name = text("p")};

	CHECK_OK(object_add(w.s, &p, &a));
	CHECK_OK(object_add(w.s, &p, &b));
	CHECK(!guid_is_zero(&a) && !guid_equal(&a, &b));
	CHECK_OK(bfe_object_delete(w.s, MODEL_PROVIDER, &a));
	world_close(&w);
}

TEST(built_in_objects_cannot_be_deleted_or_added_again)
{
	struct world w = world_open();
	const struct model_builtin *l = model_sublayer_builtin(0), *p = model_provider_builtin(0);

	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &l->key), ERR_BUILTIN_OBJECT);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_PROVIDER, &p->key), ERR_BUILTIN_OBJECT);
	CHECK_ERR(object_add(w.s,
			     &(struct model_object){
				     .kind = MODEL_PROVIDER, .key = p->key, .name = text("p")},
			     NULL),
		  ERR_ALREADY_EXISTS);
	world_close(&w);
}

TEST(what_is_not_there_cannot_be_deleted)
{
	struct world w = world_open();
	struct guid k = key_of(9);

	CHECK_ERR(bfe_object_delete(w.s, MODEL_PROVIDER, &k), ERR_PROVIDER_NOT_FOUND);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &k), ERR_SUBLAYER_NOT_FOUND);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_CALLOUT, &k), ERR_CALLOUT_NOT_FOUND);
	CHECK_ERR(bfe_object_delete_by_id(w.s, MODEL_CALLOUT, 9), ERR_CALLOUT_NOT_FOUND);
	CHECK_ERR(filter_delete(w.s, 9), ERR_FILTER_NOT_FOUND);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_FILTER, &k), ERR_FILTER_NOT_FOUND);
	world_close(&w);
}

TEST(what_is_referred_to_must_exist)
{
	struct world w = world_open();
	struct model_filter f = draft(0);

	CHECK_ERR(add_filter(w.s, 9, NULL), ERR_SUBLAYER_NOT_FOUND);
	f.provider = key_of(9);
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_PROVIDER_NOT_FOUND);
	f = calling(0, 9);
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_CALLOUT_NOT_FOUND);
	f = draft(0);
	f.flags = MODEL_FILTER_HAS_PROVIDER_CONTEXT;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_PROVIDER_CONTEXT_NOT_FOUND);
	f = draft(0);
	f.layer = 999;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_LAYER_NOT_FOUND);
	CHECK_ERR(object_add(w.s,
			     &(struct model_object){
				     .kind = MODEL_CALLOUT, .name = text("c"), .layer = 999},
			     NULL),
		  ERR_LAYER_NOT_FOUND);
	CHECK(!in_force(&w));
	world_close(&w);
}

TEST(what_is_referred_to_is_in_use)
{
	struct world w = world_open();
	struct model_filter f;
	struct guid k = key_of(1);
	uint64_t id;

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, NULL));
	f = calling(1, 1);
	f.provider = k;
	CHECK_OK(filter_add(w.s, &f, &id));
	CHECK_ERR(bfe_object_delete(w.s, MODEL_PROVIDER, &k), ERR_IN_USE);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &k), ERR_IN_USE);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_CALLOUT, &k), ERR_IN_USE);
	CHECK_OK(filter_delete(w.s, id));
	CHECK_OK(bfe_object_delete(w.s, MODEL_CALLOUT, &k));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	CHECK_OK(bfe_object_delete(w.s, MODEL_PROVIDER, &k));
	world_close(&w);
}

TEST(a_callout_serves_filters_of_its_layer_only)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);

	CHECK_OK(add_callout(w.s, 1, NULL));
	f.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V6;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_INCOMPATIBLE_LAYER);
	world_close(&w);
}

TEST(flags_that_do_not_exist_are_refused_and_nothing_outlives_the_process)
{
	struct world w = world_open();
	struct model_filter f = draft(0);

	f.flags = MODEL_FILTER_PERSISTENT;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_NOT_SUPPORTED);
	f.flags = MODEL_FILTER_BOOTTIME;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_NOT_SUPPORTED);
	CHECK_ERR(object_add(w.s,
			     &(struct model_object){
				     .kind = MODEL_PROVIDER, .name = text("p"), .flags = 2},
			     NULL),
		  ERR_INVALID_FLAGS);
	CHECK_ERR(object_add(w.s,
			     &(struct model_object){
				     .kind = MODEL_PROVIDER, .name = text("p"), .flags = 1},
			     NULL),
		  ERR_NOT_SUPPORTED);
	CHECK_ERR(object_add(w.s,
			     &(struct model_object){.kind = MODEL_CALLOUT,
						    .name = text("c"),
						    .layer = CONNECT,
						    .flags = 0x10000},
			     NULL),
		  ERR_NOT_SUPPORTED);
	world_close(&w);
}

TEST(filter_ids_begin_above_65536_and_are_never_reused)
{
	struct world w = world_open();
	uint64_t a, b;

	CHECK_OK(add_filter(w.s, 0, &a));
	CHECK_OK(filter_delete(w.s, a));
	CHECK_OK(add_filter(w.s, 0, &b));
	CHECK(a >= 65537);
	CHECK(b > a);
	world_close(&w);
}

/* ---- lifetimes --------------------------------------------------------------------------------
 */

TEST(a_static_object_may_not_refer_to_a_dynamic_one)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);

	CHECK_OK(add_sublayer(d, 1, 100));
	CHECK_ERR(add_filter(w.s, 1, NULL), ERR_LIFETIME_MISMATCH);
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_dynamic_object_may_not_refer_to_that_of_another_session)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w), *e = dynamic(&w);

	CHECK_OK(add_sublayer(d, 1, 100));
	CHECK_ERR(add_filter(e, 1, NULL), ERR_LIFETIME_MISMATCH);
	CHECK_OK(add_filter(d, 1, NULL));
	bfe_session_close(e);
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_dynamic_object_may_refer_to_a_static_one)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);
	struct guid k = key_of(1);

	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_filter(d, 1, NULL));
	CHECK_ERR(bfe_object_delete(w.s, MODEL_SUBLAYER, &k), ERR_IN_USE);
	bfe_session_close(d);
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	world_close(&w);
}

TEST(only_its_session_deletes_a_dynamic_object)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w), *e = dynamic(&w);
	uint64_t id;

	CHECK_OK(add_filter(d, 0, &id));
	CHECK_ERR(filter_delete(w.s, id), ERR_WRONG_SESSION);
	CHECK_ERR(filter_delete(e, id), ERR_WRONG_SESSION);
	CHECK_OK(filter_delete(d, id));
	bfe_session_close(e);
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_session_for_any_owner_deletes_a_dynamic_object_and_its_session_ends_without_it)
{
	const struct bfe_session_config config = {.kernel = true, .any_owner = true};
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w), *any;
	uint64_t id;

	CHECK_OK(bfe_session_open(w.bfe, &config, &any));
	CHECK_OK(add_filter(d, 0, &id));
	CHECK_OK(filter_delete(any, id));
	CHECK_ERR(filter_delete(d, id), ERR_FILTER_NOT_FOUND);
	bfe_session_close(any);
	bfe_session_close(d);
	world_close(&w);
}

TEST(a_dynamic_session_takes_its_objects_with_it)
{
	struct world w = world_open();
	struct bfe_session *d = dynamic(&w);
	struct model_filter f = calling(1, 1);
	uint64_t id;

	CHECK_OK(add_provider(d, 1));
	CHECK_OK(add_sublayer(d, 1, 100));
	CHECK_OK(add_callout(d, 1, NULL));
	f.provider = key_of(1);
	CHECK_OK(filter_add(d, &f, &id));
	CHECK(in_force(&w));
	bfe_session_close(d);
	CHECK(!in_force(&w));
	CHECK(!knows_filter(&w, id));
	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_sublayer(w.s, 1, 100));
	CHECK_OK(add_callout(w.s, 1, NULL));
	world_close(&w);
}

TEST(what_a_static_session_added_stays)
{
	struct world w = world_open();
	struct bfe_session *s;
	uint64_t id;

	CHECK_OK(session_open(w.bfe, 0, 0, &s));
	CHECK_OK(add_filter(s, 0, &id));
	bfe_session_close(s);
	CHECK(in_force(&w));
	CHECK_OK(filter_delete(w.s, id));
	world_close(&w);
}

/* ---- callout ids ------------------------------------------------------------------------------
 */

static void classify(void *ctx, const struct engine_call *call, struct engine_classify_out *out)
{
}

static const struct engine_callout_ops ops = {.classify = classify};

static uint32_t registered(struct world *w, uint32_t key)
{
	const struct engine_callout_desc desc = {.key = key_of(key), .driver = 1, .ops = &ops};
	uint32_t id;

	CHECK_OK(engine_callout_register(w->engine, &desc, &id));
	return id;
}

TEST(object_and_registration_have_one_id_whoever_comes_first)
{
	struct world w = world_open();
	uint32_t object, id;

	CHECK_OK(add_callout(w.s, 1, &object));
	id = registered(&w, 1);
	CHECK_EQ_U(id, object);
	CHECK_OK(engine_callout_unregister(w.engine, id, ENGINE_UNREGISTER_POLITE));
	id = registered(&w, 2);
	CHECK_OK(add_callout(w.s, 2, &object));
	CHECK_EQ_U(id, object);
	CHECK_OK(engine_callout_unregister(w.engine, id, ENGINE_UNREGISTER_POLITE));
	CHECK_OK(bfe_object_delete_by_id(w.s, MODEL_CALLOUT, object));
	world_close(&w);
}

TEST(an_object_that_is_not_committed_yet_has_the_id_of_its_registration)
{
	struct world w = world_open();
	uint32_t object, id;

	CHECK_OK(bfe_txn_begin(w.s, 0));
	CHECK_OK(add_callout(w.s, 1, &object));
	id = registered(&w, 1);
	CHECK_EQ_U(id, object);
	CHECK_OK(bfe_txn_commit(w.s));
	CHECK_OK(engine_callout_id_by_key(w.engine, &(struct guid){.a = 1, .d = {1}}, &id));
	CHECK_EQ_U(id, object);
	CHECK_OK(engine_callout_unregister(w.engine, id, ENGINE_UNREGISTER_POLITE));
	world_close(&w);
}

/* ---- weights of sublayers -----------------------------------------------------------------------
 */

/* The weight that a new sublayer got, as the verdict of a filter in it tells. */
static uint16_t weight_of(struct world *w, uint16_t wanted, uint32_t key)
{
	struct engine_metadata meta = {0};
	struct model_value values[64] = {{0}};
	struct engine_indication ind = {
		.layer = CONNECT, .n_values = 42, .values = values, .meta = &meta};
	struct engine_verdict v;

	CHECK_OK(add_sublayer(w->s, key, wanted));
	CHECK_OK(add_filter(w->s, key, NULL));
	engine_classify(w->engine, &ind, &v);
	CHECK(v.outcome == ENGINE_BLOCK);
	return v.sublayer_weight;
}

TEST(a_free_weight_is_granted)
{
	struct world w = world_open();

	CHECK_EQ_U(weight_of(&w, 100, 1), 100);
	world_close(&w);
}

TEST(a_high_weight_that_is_taken_moves_down)
{
	struct world w = world_open();

	for (uint32_t i = 1; i < 20; i++)
		CHECK_OK(add_sublayer(w.s, i, 65535));
	CHECK_EQ_U(weight_of(&w, 65535, 20), 65516);
	world_close(&w);
}

TEST(a_low_weight_that_is_taken_moves_up)
{
	struct world w = world_open();

	CHECK_OK(add_sublayer(w.s, 1, 2)); /* 0 to 7 are built in */
	CHECK_EQ_U(weight_of(&w, 2, 2), 9);
	world_close(&w);
}

TEST(a_deleted_sublayer_frees_its_weight)
{
	struct world w = world_open();
	struct guid k = key_of(1);

	CHECK_OK(add_sublayer(w.s, 1, 500));
	CHECK_OK(bfe_object_delete(w.s, MODEL_SUBLAYER, &k));
	CHECK_EQ_U(weight_of(&w, 500, 2), 500);
	world_close(&w);
}

TEST(sublayers_end_when_all_weights_are_taken)
{
	struct world w = world_open();
	uint32_t n = 0;
	wfp_err err;

	CHECK_OK(bfe_txn_begin(w.s, 0));
	while (!(err = add_sublayer(w.s, n + 1, (uint16_t)n)))
		n++;
	CHECK_ERR(err, ERR_TOO_MANY_SUBLAYERS);
	CHECK_EQ_U(n, 65536 - 18);
	CHECK_OK(bfe_txn_abort(w.s));
	world_close(&w);
}

TEST(callouts_end_at_one_hundred_thousand)
{
	struct world w = world_open();
	uint32_t n = 0;
	wfp_err err;

	CHECK_OK(bfe_txn_begin(w.s, 0));
	while (!(err = add_callout(w.s, n + 1, NULL)))
		n++;
	CHECK_ERR(err, ERR_TOO_MANY_CALLOUTS);
	CHECK_EQ_U(n, 100000);
	CHECK_OK(bfe_txn_abort(w.s));
	world_close(&w);
}

/* ---- names ------------------------------------------------------------------------------------
 */

TEST(a_filter_is_described_by_the_names_of_what_it_uses)
{
	struct world w = world_open();
	struct model_filter f = calling(0, 1);
	struct bfe_filter_info info;
	char name[BFE_NAME_MAX];
	uint32_t callout;
	uint64_t id;

	CHECK_OK(add_provider(w.s, 1));
	CHECK_OK(add_callout(w.s, 1, &callout));
	f.provider = key_of(1);
	CHECK_OK(filter_add(w.s, &f, &id));
	CHECK(bfe_filter_describe(w.bfe, id, &info));
	CHECK_EQ_S(info.name, "f");
	CHECK_EQ_S(info.layer, "FWPM_LAYER_ALE_AUTH_CONNECT_V4");
	CHECK_EQ_S(info.sublayer, "FWPM_SUBLAYER_UNIVERSAL");
	CHECK_EQ_S(info.provider, "p");
	CHECK_EQ_S(info.callout, "c");
	CHECK(bfe_callout_describe(w.bfe, callout, name));
	CHECK_EQ_S(name, "c");
	CHECK(bfe_sublayer_describe(w.bfe, builtin_sublayer("FWPM_SUBLAYER_LIPS"), name));
	CHECK_EQ_S(name, "FWPM_SUBLAYER_LIPS");
	CHECK(!bfe_callout_describe(w.bfe, callout + 1, name));
	CHECK(!bfe_callout_describe(w.bfe, 0, name));
	world_close(&w);
}

TEST(a_long_name_is_cut_between_characters)
{
	struct world w = world_open();
	char name[BFE_NAME_MAX], long_name[128];
	struct guid k;

	memset(long_name, 'x', 62);
	strcpy(long_name + 62, "\xe2\x82\xac\xe2\x82\xac");
	CHECK_OK(object_add(w.s, &(struct model_object){.kind = MODEL_SUBLAYER, .name = long_name},
			    &k));
	CHECK(bfe_sublayer_describe(w.bfe, &k, name));
	CHECK_EQ_U(strlen(name), 62);
	world_close(&w);
}
