/* SPDX-License-Identifier: MIT */
/*
 * context - provider contexts: their ids, who refers to them, and which goes with which filter.
 */
#include "bfe_world.h"

static wfp_err add_context(struct bfe_session *s, uint32_t key, uint32_t type)
{
	struct model_object draft = object_draft(MODEL_PROVIDER_CONTEXT, key);

	draft.context_type = type;
	return object_add(s, &draft, NULL);
}

static struct model_filter with_context(uint32_t key)
{
	struct model_filter f = draft(0);

	f.flags = MODEL_FILTER_HAS_PROVIDER_CONTEXT;
	f.context_key = key_of(key);
	return f;
}

static const struct model_builtin *builtin_callout(const char *name)
{
	const struct model_builtin *row;

	for (unsigned i = 0; (row = model_callout_builtin(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

TEST(built_in_contexts_have_the_ids_of_their_own)
{
	struct world w = world_open();
	struct model_object *o;

	CHECK_OK(bfe_object_get_by_id(w.s, MODEL_PROVIDER_CONTEXT, UINT64_C(0x8000000000000000),
				      &o));
	CHECK(guid_equal(&o->key, &model_context_builtin(0)->key));
	CHECK_EQ_U(o->context_type, MODEL_CONTEXT_AUTHIP_MM);
	model_object_put(o);
	CHECK_ERR(bfe_object_delete(w.s, MODEL_PROVIDER_CONTEXT, &model_context_builtin(0)->key),
		  ERR_BUILTIN_OBJECT);
	world_close(&w);
}

TEST(a_filter_refers_to_its_context_by_key_and_the_engine_sees_the_id)
{
	struct world w = world_open();
	struct model_filter f = with_context(1);
	struct model_object *context, *filter;
	uint64_t id;

	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_PROVIDER_CONTEXT_NOT_FOUND);
	CHECK_OK(add_context(w.s, 1, MODEL_CONTEXT_GENERAL));
	CHECK_OK(filter_add(w.s, &f, &id));
	context = got(w.s, MODEL_PROVIDER_CONTEXT, 1);
	CHECK_OK(bfe_object_get_by_id(w.s, MODEL_FILTER, id, &filter));
	CHECK_EQ_U(filter->filter->context, context->id);
	model_object_put(filter);
	model_object_put(context);
	CHECK_ERR(delete_key(w.s, MODEL_PROVIDER_CONTEXT, 1), ERR_IN_USE);
	CHECK_OK(filter_delete(w.s, id));
	CHECK_OK(delete_key(w.s, MODEL_PROVIDER_CONTEXT, 1));
	world_close(&w);
}

TEST(a_context_that_nothing_reads_at_the_layer_is_refused)
{
	struct world w = world_open();
	struct model_filter f = with_context(1);

	CHECK_OK(add_context(w.s, 1, MODEL_CONTEXT_IKE_MM));
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_CONTEXT_INCOMPATIBLE_WITH_LAYER);
	f.layer = model_layer_by_name("IKEEXT_V4")->id;
	CHECK_OK(filter_add(w.s, &f, NULL));
	world_close(&w);
}

TEST(a_callout_that_uses_no_context_takes_general_ones_only)
{
	struct world w = world_open();
	struct model_filter f = with_context(1);

	CHECK_OK(add_context(w.s, 1, MODEL_CONTEXT_IKE_MM));
	CHECK_OK(add_context(w.s, 2, MODEL_CONTEXT_GENERAL));
	CHECK_OK(add_callout(w.s, 1, NULL));
	f.action = MODEL_ACTION_CALLOUT_TERMINATING;
	f.callout = key_of(1);
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_CONTEXT_INCOMPATIBLE_WITH_CALLOUT);
	f.context_key = key_of(2);
	CHECK_OK(filter_add(w.s, &f, NULL));
	world_close(&w);
}

TEST(a_built_in_callout_takes_contexts_of_its_type_only)
{
	struct world w = world_open();
	const struct model_builtin *row =
		builtin_callout("FWPM_CALLOUT_SET_OPTIONS_AUTH_CONNECT_LAYER_V4");
	struct model_filter f = with_context(1);

	CHECK_OK(add_context(w.s, 1, MODEL_CONTEXT_GENERAL));
	CHECK_OK(add_context(w.s, 2, MODEL_CONTEXT_CLASSIFY_OPTIONS));
	f.action = MODEL_ACTION_CALLOUT_INSPECTION;
	f.callout = row->key;
	CHECK_ERR(filter_add(w.s, &f, NULL), ERR_PROVIDER_CONTEXT_MISMATCH);
	f.context_key = key_of(2);
	CHECK_OK(filter_add(w.s, &f, NULL));
	world_close(&w);
}

TEST(a_context_type_that_does_not_exist_is_refused)
{
	struct world w = world_open();

	CHECK_ERR(add_context(w.s, 1, MODEL_CONTEXT_TYPES), ERR_INVALID_ENUMERATOR);
	world_close(&w);
}

static struct model_filter plain_filter(void)
{
	struct model_filter f = draft(0);

	f.filter_type = key_of(77);
	return f;
}

TEST(what_an_object_was_given_is_kept)
{
	struct world w = world_open();
	uint8_t bytes[] = {1, 2, 3};
	struct model_object draft = object_draft(MODEL_PROVIDER, 1), *o;
	struct model_filter f = plain_filter();
	uint64_t id;

	draft.description = text("what it is for");
	draft.service = text("some service");
	draft.data = (struct model_blob){.size = sizeof(bytes), .data = bytes};
	CHECK_OK(object_add(w.s, &draft, NULL));
	o = got(w.s, MODEL_PROVIDER, 1);
	CHECK_EQ_S(o->description, "what it is for");
	CHECK_EQ_S(o->service, "some service");
	CHECK_EQ_U(o->data.size, 3);
	CHECK(memcmp(o->data.data, bytes, 3) == 0);
	model_object_put(o);
	CHECK_OK(filter_add(w.s, &f, &id));
	CHECK_OK(bfe_object_get_by_id(w.s, MODEL_FILTER, id, &o));
	CHECK(guid_equal(&o->filter->filter_type, &f.filter_type));
	model_object_put(o);
	world_close(&w);
}
