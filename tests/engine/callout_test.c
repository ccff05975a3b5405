/* SPDX-License-Identifier: MIT */
/* Registrations: keys and ids, the two orders, and every way out. */
#include "kit.h"

#include "base/thread.h"
#include "engine/flowctx.h"

#define UNKNOWN MODEL_ACTION_CALLOUT_UNKNOWN

static void begin(void)
{
	kit_begin();
	kit_sublayer(1);
}

static void add_object(const struct kit_script *s, uint32_t id)
{
	const struct model_callout object = {.key = s->key, .id = id, .layer = KIT_LAYER};

	CHECK_OK(engine_commit(
		kit, &(struct engine_delta){.add_callouts = &object, .n_add_callouts = 1}));
}

static wfp_err unregister(const struct kit_script *s, enum engine_unregister how)
{
	return engine_callout_unregister(kit, s->id, how);
}

TEST(a_registration_takes_the_id_of_the_policys_object)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_BLOCK);

	begin();
	add_object(&s, 42);
	kit_register(&s);
	CHECK_EQ_U(s.id, 42);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK_EQ_U(kit_classify().callout_id, 42);
	kit_unregister(&s);
	kit_end();
}

TEST(a_registration_that_comes_first_keeps_its_id)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_BLOCK);
	uint32_t id = 0;

	begin();
	kit_register(&s);
	CHECK_OK(engine_callout_id_by_key(kit, &s.key, &id));
	CHECK_EQ_U(id, s.id);
	add_object(&s, id);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK_EQ_U(kit_classify().callout_id, s.id);
	kit_unregister(&s);
	CHECK_OK(engine_callout_id_by_key(kit, &s.key, &id));
	CHECK_EQ_U(id, s.id);
	kit_end();
}

TEST(removing_the_policys_object_forgets_a_key_that_nobody_uses)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_BLOCK);
	struct engine_delta d = {.remove_callouts = &s.key, .n_remove_callouts = 1};
	uint32_t id;

	begin();
	add_object(&s, 42);
	CHECK_OK(engine_commit(kit, &d));
	CHECK_ERR(engine_callout_id_by_key(kit, &s.key, &id), ERR_CALLOUT_NOT_FOUND);
	CHECK_ERR(engine_commit(kit, &d), ERR_CALLOUT_NOT_FOUND);
	kit_end();
}

TEST(a_key_can_be_registered_once)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_BLOCK);

	begin();
	kit_register(&s);
	CHECK_ERR(kit_try_register(&s, 0), ERR_ALREADY_EXISTS);
	kit_unregister(&s);
	CHECK_ERR(unregister(&s, ENGINE_UNREGISTER_POLITE), ERR_CALLOUT_NOT_FOUND);
	kit_register(&s);
	kit_unregister(&s);
	CHECK_EQ_U(s.released, 2);
	kit_end();
}

TEST(after_unregistering_the_filters_flags_decide)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);

	begin();
	kit_register(&s);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK(kit_permits());
	kit_unregister(&s);
	CHECK(!kit_permits());
	CHECK_EQ_U(s.calls, 1);
	kit_register(&s);
	CHECK(kit_permits());
	kit_unregister(&s);
	kit_end();
}

TEST(unregistering_is_busy_once_while_flow_contexts_remain)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	struct engine_flow *flow;

	begin();
	kit_register(&s);
	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK_OK(engine_flow_open(kit, &flow));
	CHECK_OK(engine_flow_associate(kit, engine_flow_id(flow), KIT_LAYER, s.id, 5));
	CHECK_ERR(unregister(&s, ENGINE_UNREGISTER_POLITE), ERR_IN_USE);
	CHECK_EQ_U(s.flow_deletes, 1);
	CHECK_EQ_U(s.released, 0);
	CHECK(!kit_permits());
	CHECK_ERR(engine_flow_associate(kit, engine_flow_id(flow), KIT_LAYER, s.id, 5),
		  ERR_CALLOUT_NOT_FOUND);
	CHECK_ERR(kit_try_register(&s, 0), ERR_ALREADY_EXISTS);
	CHECK_OK(unregister(&s, ENGINE_UNREGISTER_POLITE));
	CHECK_EQ_U(s.released, 1);
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 1);
	kit_end();
}

TEST(forced_unregistering_takes_flow_contexts_away_and_reports_them)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	struct engine_flow *flow;

	begin();
	kit_register(&s);
	CHECK_OK(engine_flow_open(kit, &flow));
	CHECK_OK(engine_flow_associate(kit, engine_flow_id(flow), KIT_LAYER, s.id, 5));
	CHECK_OK(unregister(&s, ENGINE_UNREGISTER_FORCED));
	CHECK_EQ_U(s.flow_deletes, 1);
	CHECK_EQ_U(s.released, 1);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_FlowContextLeak], 1);
	engine_flow_close(flow);
	kit_end();
}

TEST(a_callout_needs_a_key_and_a_classify)
{
	const struct engine_callout_ops none = {0};
	struct engine_callout_desc desc = {.key = {.a = 1}, .ops = &none};
	uint32_t id;

	begin();
	CHECK_ERR(engine_callout_register(kit, &desc, &id), ERR_INVALID_PARAMETER);
	desc.ops = &kit_ops;
	desc.key.a = 0;
	CHECK_ERR(engine_callout_register(kit, &desc, &id), ERR_INVALID_PARAMETER);
	kit_end();
}

TEST(every_allocation_of_a_registration_may_fail)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	wfp_err err = ERR_NO_MEMORY;
	uint64_t live;

	begin();
	/* The driver's tally stays with the engine. */
	CHECK_OK(kit_try_register(&s, 0));
	kit_unregister(&s);
	live = mem_live();
	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = kit_try_register(&s, 0);
		mem_fail_at(0);
		if (err) {
			CHECK_ERR(err, ERR_NO_MEMORY);
			CHECK_EQ_U(mem_live(), live);
		}
	}
	kit_unregister(&s);
	kit_end();
}

TEST(a_registration_that_makes_a_new_tally_may_fail)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_PERMIT);
	wfp_err err = ERR_NO_MEMORY;

	begin();
	for (unsigned nth = 1; err; nth++) {
		mem_fail_at(nth);
		err = kit_try_register(&s, 0);
		mem_fail_at(0);
		if (err)
			CHECK_ERR(err, ERR_NO_MEMORY);
	}
	kit_unregister(&s);
	kit_end();
}

/* ---- rundown ------------------------------------------------------------------------------- */

struct rundown {
	struct kit_script s;
	struct atom32 inside; /* calls that run now */
	struct atom32 released;
	struct atom32 stop;
};

static void rundown_classify(void *ctx, const struct engine_call *call,
			     struct engine_classify_out *out)
{
	struct rundown *r = ctx;

	(void)call;
	CHECK_EQ_U(atom32_load(&r->released), 0);
	atom32_add(&r->inside, 1);
	sched_point("inside");
	atom32_sub(&r->inside, 1);
	CHECK_EQ_U(atom32_load(&r->released), 0);
	out->action = MODEL_ACTION_PERMIT;
}

static void rundown_released(void *ctx)
{
	struct rundown *r = ctx;

	CHECK_EQ_U(atom32_load(&r->inside), 0);
	atom32_add(&r->released, 1);
}

static void classifies(void *arg)
{
	struct rundown *r = arg;
	struct model_value values[KIT_VALUES] = {{0}};
	struct engine_indication ind = {
		.layer = KIT_LAYER, .n_values = KIT_VALUES, .values = values};

	for (unsigned i = 0; i < 2000 && !atom32_load(&r->stop); i++) {
		struct engine_verdict v;

		engine_classify(kit, &ind, &v);
		CHECK(v.outcome == ENGINE_PERMIT || v.callout_id == 0);
	}
}

SIM_TEST(unregistering_returns_after_the_last_call_in_flight)
{
	static const struct engine_callout_ops ops = {.classify = rundown_classify,
						      .released = rundown_released};
	struct rundown r = {0};
	const struct engine_callout_desc desc = {.key = {.a = 5}, .ops = &ops, .ctx = &r};
	struct thread *t[3];
	uint32_t id;

	begin();
	kit_callout_filter(1, 1, UNKNOWN, 0, &desc.key);
	CHECK_OK(engine_callout_register(kit, &desc, &id));
	for (unsigned i = 0; i < 3; i++)
		CHECK_OK(thread_start(&t[i], "worker", classifies, &r));
	thread_yield();
	CHECK_OK(engine_callout_unregister(kit, id, ENGINE_UNREGISTER_POLITE));
	CHECK_EQ_U(atom32_load(&r.inside), 0);
	CHECK_EQ_U(atom32_load(&r.released), 1);
	atom32_store(&r.stop, 1);
	for (unsigned i = 0; i < 3; i++)
		thread_join(t[i]);
	kit_end();
}
