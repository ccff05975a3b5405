/* SPDX-License-Identifier: MIT */
/* Flow contexts: one per callout and layer, deleted exactly once, whoever lets go last. */
#include "kit.h"

#include "base/thread.h"
#include "engine/flowctx.h"

#define UNKNOWN MODEL_ACTION_CALLOUT_UNKNOWN

static struct kit_script s;
static struct engine_flow *flow;
static uint64_t id;

static void begin(void)
{
	kit_begin();
	kit_sublayer(1);
	s = kit_answer(1, MODEL_ACTION_PERMIT);
	kit_register(&s);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK_OK(engine_flow_open(kit, &flow));
	id = engine_flow_id(flow);
	kit_ind.flow = flow;
}

static void end(void)
{
	kit_unregister(&s);
	kit_end();
}

TEST(a_context_reaches_the_callout_at_its_layer)
{
	begin();
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7));
	kit_classify();
	CHECK_EQ_U(s.flow_context, 7);
	CHECK_EQ_U(engine_flow_context(flow, KIT_LAYER, s.id), 7);
	CHECK_EQ_U(engine_flow_context(flow, KIT_LAYER + 1, s.id), 0);
	engine_flow_close(flow);
	end();
}

TEST(one_context_for_each_callout_and_layer)
{
	begin();
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7));
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, s.id, 8), ERR_ALREADY_EXISTS);
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER + 2, s.id, 8));
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 2);
	end();
}

TEST(removing_deletes_at_once_when_no_classify_runs_with_it)
{
	begin();
	CHECK_ERR(engine_flow_remove(kit, id, KIT_LAYER, s.id), ERR_NOT_FOUND);
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7));
	CHECK_OK(engine_flow_remove(kit, id, KIT_LAYER, s.id));
	CHECK_EQ_U(s.flow_deletes, 1);
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 9));
	CHECK_EQ_U(engine_flow_context(flow, KIT_LAYER, s.id), 9);
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 2);
	end();
}

static void remove_inside(struct kit_script *script, const struct engine_call *call)
{
	(void)call;
	CHECK_ERR(engine_flow_remove(kit, id, KIT_LAYER, script->id), ERR_IO_PENDING);
	CHECK_ERR(engine_flow_remove(kit, id, KIT_LAYER, script->id), ERR_IO_PENDING);
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, script->id, 8), ERR_ALREADY_EXISTS);
	CHECK_EQ_U(script->flow_deletes, 0);
}

TEST(removing_from_inside_the_classify_deletes_when_it_returns)
{
	begin();
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7));
	s.inside = remove_inside;
	kit_classify();
	CHECK_EQ_U(s.flow_deletes, 1);
	CHECK_EQ_U(engine_flow_context(flow, KIT_LAYER, s.id), 0);
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 1);
	end();
}

TEST(a_closed_flows_id_is_stale_even_when_its_place_is_taken_again)
{
	struct engine_flow *next;

	begin();
	engine_flow_close(flow);
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7), ERR_NOT_FOUND);
	CHECK_OK(engine_flow_open(kit, &next));
	CHECK(engine_flow_id(next) != id);
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7), ERR_NOT_FOUND);
	CHECK_ERR(engine_flow_remove(kit, id, KIT_LAYER, s.id), ERR_NOT_FOUND);
	CHECK_ERR(engine_flow_associate(kit, 0, KIT_LAYER, s.id, 7), ERR_NOT_FOUND);
	engine_flow_close(next);
	end();
}

TEST(a_context_is_not_null_and_its_callout_can_delete_it)
{
	const struct engine_callout_ops ops = {.classify = kit_classify_fn};
	const struct engine_callout_desc desc = {.key = {.a = 3}, .ops = &ops};
	uint32_t other;

	begin();
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, s.id, 0), ERR_INVALID_PARAMETER);
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, 4711, 1), ERR_CALLOUT_NOT_FOUND);
	CHECK_OK(engine_callout_register(kit, &desc, &other));
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, other, 1), ERR_INVALID_PARAMETER);
	CHECK_OK(engine_callout_unregister(kit, other, ENGINE_UNREGISTER_POLITE));
	engine_flow_close(flow);
	end();
}

TEST(deleting_a_filter_leaves_the_context_alive_until_the_flow_closes)
{
	begin();
	CHECK_OK(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7));
	kit_remove(1);
	CHECK_EQ_U(s.deleted, 1);
	CHECK_EQ_U(s.flow_deletes, 0);
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 1);
	end();
}

TEST(memory_for_flows_and_contexts_may_fail)
{
	struct engine_flow *f = NULL;
	wfp_err err = ERR_NO_MEMORY;

	begin();
	mem_fail_at(1);
	CHECK_ERR(engine_flow_associate(kit, id, KIT_LAYER, s.id, 7), ERR_NO_MEMORY);
	engine_flow_close(flow);
	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = engine_flow_open(kit, &f);
		mem_fail_at(0);
	}
	engine_flow_close(f);
	end();
}

/* ---- many threads -------------------------------------------------------------------------- */

static struct atom32 associated, deleted;

static void count_delete(void *ctx, uint16_t layer, uint32_t callout, uint64_t context)
{
	(void)ctx;
	(void)layer;
	(void)callout;
	CHECK_EQ_U(context, 7);
	atom32_add(&deleted, 1);
}

static void plain_classify(void *ctx, const struct engine_call *call,
			   struct engine_classify_out *out)
{
	(void)ctx;
	CHECK(call->flow_context == 0 || call->flow_context == 7);
	sched_point("inside");
	out->action = MODEL_ACTION_PERMIT;
}

struct churn {
	uint64_t flow;
	uint32_t callout;
};

static void churn(void *arg)
{
	const struct churn *c = arg;

	for (unsigned i = 0; i < 30; i++) {
		if (engine_flow_associate(kit, c->flow, KIT_LAYER, c->callout, 7) == ERR_OK)
			atom32_add(&associated, 1);
		(void)!engine_flow_remove(kit, c->flow, KIT_LAYER, c->callout);
	}
}

SIM_TEST(every_context_is_deleted_exactly_once_whoever_races)
{
	static const struct engine_callout_ops ops = {.classify = plain_classify,
						      .flow_delete = count_delete};
	const struct engine_callout_desc desc = {.key = {.a = 3}, .ops = &ops};
	struct thread *t[2];
	struct churn c;

	atom32_store(&associated, 0);
	atom32_store(&deleted, 0);
	begin();
	CHECK_OK(engine_callout_register(kit, &desc, &c.callout));
	kit_callout_filter(1, 9, UNKNOWN, 0, &desc.key);
	c.flow = id;
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&t[i], "churn", churn, &c));
	for (unsigned i = 0; i < 30; i++)
		kit_classify();
	engine_flow_close(flow);
	for (unsigned i = 0; i < 2; i++)
		thread_join(t[i]);
	CHECK_EQ_U(atom32_load(&associated), atom32_load(&deleted));
	CHECK_OK(engine_callout_unregister(kit, c.callout, ENGINE_UNREGISTER_POLITE));
	end();
}

SIM_TEST(unregistering_and_closing_flows_delete_each_context_once)
{
	static const struct engine_callout_ops ops = {.classify = plain_classify,
						      .flow_delete = count_delete};
	const struct engine_callout_desc desc = {.key = {.a = 3}, .ops = &ops};
	struct thread *t;
	struct churn c;

	atom32_store(&associated, 0);
	atom32_store(&deleted, 0);
	begin();
	CHECK_OK(engine_callout_register(kit, &desc, &c.callout));
	c.flow = id;
	CHECK_OK(thread_start(&t, "churn", churn, &c));
	CHECK_OK(engine_callout_unregister(kit, c.callout, ENGINE_UNREGISTER_FORCED));
	engine_flow_close(flow);
	thread_join(t);
	CHECK_EQ_U(atom32_load(&associated), atom32_load(&deleted));
	end();
}
