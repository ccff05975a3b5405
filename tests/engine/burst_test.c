/* SPDX-License-Identifier: MIT */
/*
 * A burst gives what single classifies give, in their order.
 */
#include "kit.h"

#define PACKETS (2 * ENGINE_BURST_MAX + 3)

static struct model_value values[PACKETS][KIT_VALUES];
static struct engine_indication inds[PACKETS];
static struct engine_verdict verdicts[PACKETS];

static struct model_value port(unsigned n)
{
	return (struct model_value){MODEL_UINT16, {.u16 = (uint16_t)n}};
}

/* Packets to ports 0, 1, 2, ... */
static void begin(void)
{
	int field = model_field_index(model_layer_by_id(KIT_LAYER),
				      model_condition_key("IP_REMOTE_PORT"));

	kit_begin();
	kit_sublayer(1);
	for (unsigned i = 0; i < PACKETS; i++) {
		values[i][field] = port(i);
		inds[i] = kit_ind;
		inds[i].values = values[i];
	}
}

static void block_port(unsigned n)
{
	struct model_condition c = kit_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL, port(n));
	struct model_filter draft = kit_draft(1, 9, MODEL_ACTION_BLOCK);

	draft.conditions = &c;
	draft.n_conditions = 1;
	kit_add(&draft);
}

static void check_as_single(void)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		struct engine_verdict v;

		engine_classify(kit, &inds[i], &v);
		CHECK_EQ_U(v.outcome, verdicts[i].outcome);
		CHECK_EQ_U(v.filter_id, verdicts[i].filter_id);
		CHECK_EQ_U(v.hard, verdicts[i].hard);
	}
}

TEST(each_packet_of_a_burst_gets_the_verdict_of_a_single_classify)
{
	begin();
	for (unsigned i = 0; i < PACKETS; i += 3)
		block_port(i);
	kit_filter(1, 1, MODEL_ACTION_PERMIT, 0);
	engine_classify_burst(kit, inds, PACKETS, verdicts);
	CHECK_EQ_U(verdicts[0].outcome, ENGINE_BLOCK);
	CHECK_EQ_U(verdicts[1].outcome, ENGINE_PERMIT);
	check_as_single();
	kit_end();
}

TEST(an_empty_burst_asks_nobody)
{
	struct engine_counters counters;

	begin();
	engine_classify_burst(kit, inds, 0, verdicts);
	engine_counters_get(kit, &counters);
	CHECK_EQ_U(counters.classifies, 0);
	kit_end();
}

TEST(a_layer_without_filters_permits_a_burst)
{
	begin();
	memset(verdicts, 0xff, sizeof(verdicts));
	engine_classify_burst(kit, inds, 2, verdicts);
	CHECK_EQ_U(verdicts[1].outcome, ENGINE_PERMIT);
	CHECK_EQ_U(verdicts[1].filter_id, 0);
	kit_end();
}

/* Each call is for the next packet. */
static void in_order(struct kit_script *s, const struct engine_call *call)
{
	CHECK(call->ind == &inds[s->calls - 1]);
}

TEST(callouts_are_called_in_the_order_of_the_packets)
{
	struct kit_script s = kit_answer(1, MODEL_ACTION_BLOCK);
	struct engine_counters counters;

	begin();
	s.inside = in_order;
	kit_register(&s);
	kit_callout_filter(1, 1, MODEL_ACTION_CALLOUT_TERMINATING, 0, &s.key);
	engine_classify_burst(kit, inds, PACKETS, verdicts);
	CHECK_EQ_U(s.calls, PACKETS);
	CHECK_EQ_U(verdicts[PACKETS - 1].callout_id, s.id);
	engine_counters_get(kit, &counters);
	CHECK_EQ_U(counters.classifies, PACKETS);
	CHECK_EQ_U(counters.callout_calls, PACKETS);
	CHECK_EQ_U(counters.blocks, PACKETS);
	kit_unregister(&s);
	kit_end();
}
