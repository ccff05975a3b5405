/* SPDX-License-Identifier: MIT */
/*
 * kit - small policies and scripted callouts for the engine's tests.
 *
 * One engine per test.  Filters get ids from 1 on in the order they are made; sublayers are named
 * by their weight.  A failed call ends the test.
 */
#pragma once

#include "harness.h"

#include "base/mem.h"
#include "engine/callout.h"
#include "engine/engine.h"
#include "model/catalogue.h"

#define KIT_LAYER  MODEL_LAYER_ALE_AUTH_CONNECT_V4
#define KIT_VALUES 64u

/* What a callout answers, and what it saw. */
struct kit_script {
	struct guid key;
	uint32_t id;
	uint32_t action; /* 0: leave classifyOut alone */
	bool clear_right;
	uint32_t flags;
	unsigned calls;
	struct engine_classify_out entry; /* of the last call */
	uint64_t flow_context;
	unsigned added, deleted, flow_deletes, released;
	bool refuse;
	void (*inside)(struct kit_script *s, const struct engine_call *call);
	void *arg;
};

static struct engine *kit;
static uint64_t kit_next_id;
static unsigned kit_reports[ENGINE_RULES];
static struct model_value kit_values[KIT_VALUES];
static struct engine_indication kit_ind;

static inline void kit_report(void *ctx, const struct engine_report *r)
{
	(void)ctx;
	kit_reports[r->rule]++;
}

static inline void kit_begin_with(struct engine_config config)
{
	config.report = kit_report;
	memset(kit_reports, 0, sizeof(kit_reports));
	memset(kit_values, 0, sizeof(kit_values));
	kit_next_id = 0;
	kit_ind = (struct engine_indication){
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = kit_values};
	CHECK_OK(engine_create(&kit, &config));
}

static inline UNUSED void kit_begin(void)
{
	kit_begin_with((struct engine_config){0});
}

static inline UNUSED void kit_end(void)
{
	engine_destroy(kit);
}

/* ---- sublayers and filters ------------------------------------------------------------------ */

static inline struct guid kit_sublayer_key(uint16_t weight)
{
	return (struct guid){.a = 0x5b1a7e00, .b = weight};
}

static inline UNUSED void kit_sublayer(uint16_t weight)
{
	const struct model_sublayer s = {kit_sublayer_key(weight), weight};

	CHECK_OK(engine_commit(kit,
			       &(struct engine_delta){.add_sublayers = &s, .n_add_sublayers = 1}));
}

static inline UNUSED struct model_condition kit_condition(const char *field, unsigned match,
							  struct model_value value)
{
	return (struct model_condition){
		.field_key = *model_condition_key(field), .match = (uint8_t)match, .value = value};
}

static inline struct model_filter kit_draft(uint16_t sublayer, uint64_t weight, uint32_t action)
{
	return (struct model_filter){.id = ++kit_next_id,
				     .layer = KIT_LAYER,
				     .sublayer = kit_sublayer_key(sublayer),
				     .weight = weight,
				     .action = action,
				     .name = (char *)(uintptr_t) "test"};
}

static inline struct model_filter *kit_make(const struct model_filter *draft)
{
	struct model_filter *f;

	CHECK_OK(model_filter_create(&f, draft));
	return f;
}

static inline wfp_err kit_try_add(struct model_filter *f)
{
	return engine_commit(kit, &(struct engine_delta){.add_filters = &f, .n_add_filters = 1});
}

static inline uint64_t kit_add(const struct model_filter *draft)
{
	struct model_filter *f = kit_make(draft);

	CHECK_OK(kit_try_add(f));
	model_filter_put(f);
	return draft->id;
}

/* A filter without conditions. */
static inline UNUSED uint64_t kit_filter(uint16_t sublayer, uint64_t weight, uint32_t action,
					 uint32_t flags)
{
	struct model_filter draft = kit_draft(sublayer, weight, action);

	draft.flags = flags;
	return kit_add(&draft);
}

static inline UNUSED uint64_t kit_callout_filter(uint16_t sublayer, uint64_t weight,
						 uint32_t action, uint32_t flags,
						 const struct guid *callout)
{
	struct model_filter draft = kit_draft(sublayer, weight, action);

	draft.flags = flags;
	draft.callout = *callout;
	return kit_add(&draft);
}

static inline UNUSED void kit_remove(uint64_t id)
{
	CHECK_OK(engine_commit(
		kit, &(struct engine_delta){.remove_filters = &id, .n_remove_filters = 1}));
}

/* ---- callouts ------------------------------------------------------------------------------ */

static inline void kit_classify_fn(void *ctx, const struct engine_call *call,
				   struct engine_classify_out *out)
{
	struct kit_script *s = ctx;

	s->calls++;
	s->entry = *out;
	s->flow_context = call->flow_context;
	if (s->inside)
		s->inside(s, call);
	if (s->action)
		out->action = s->action;
	if (s->clear_right)
		out->rights &= ~ENGINE_RIGHT_ACTION_WRITE;
	out->flags |= s->flags;
}

static inline wfp_err kit_notify_fn(void *ctx, enum engine_notify what,
				    const struct model_filter *f)
{
	struct kit_script *s = ctx;

	(void)f;
	if (what == ENGINE_NOTIFY_ADD_FILTER && s->refuse)
		return ERR_ACCESS_DENIED;
	if (what == ENGINE_NOTIFY_ADD_FILTER)
		s->added++;
	else
		s->deleted++;
	return ERR_OK;
}

static inline void kit_flow_delete_fn(void *ctx, uint16_t layer, uint32_t id, uint64_t context)
{
	(void)layer;
	(void)id;
	(void)context;
	((struct kit_script *)ctx)->flow_deletes++;
}

static inline void kit_released_fn(void *ctx)
{
	((struct kit_script *)ctx)->released++;
}

static const struct engine_callout_ops kit_ops = {kit_classify_fn, kit_notify_fn,
						  kit_flow_delete_fn, kit_released_fn};

static inline wfp_err kit_try_register(struct kit_script *s, uint32_t flags)
{
	const struct engine_callout_desc desc = {.key = s->key,
						 .flags = flags,
						 .driver = 1,
						 .name = "kit",
						 .ops = &kit_ops,
						 .ctx = s};

	return engine_callout_register(kit, &desc, &s->id);
}

static inline UNUSED struct kit_script kit_answer(uint16_t n, uint32_t action)
{
	return (struct kit_script){.key = {.a = 0xca110072, .b = n}, .action = action};
}

static inline UNUSED void kit_register(struct kit_script *s)
{
	CHECK_OK(kit_try_register(s, 0));
}

static inline UNUSED void kit_unregister(struct kit_script *s)
{
	CHECK_OK(engine_callout_unregister(kit, s->id, ENGINE_UNREGISTER_POLITE));
}

/* ---- asking -------------------------------------------------------------------------------- */

static inline UNUSED void kit_set(const char *field, struct model_value v)
{
	int i = model_field_index(model_layer_by_id(kit_ind.layer), model_condition_key(field));

	BUG_ON(i < 0);
	kit_values[i] = v;
}

static inline struct engine_verdict kit_classify(void)
{
	struct engine_verdict v;

	engine_classify(kit, &kit_ind, &v);
	return v;
}

static inline UNUSED bool kit_permits(void)
{
	return kit_classify().outcome == ENGINE_PERMIT;
}
