/* SPDX-License-Identifier: MIT */
/* The rules of matching order, callouts and what they answer, one by one. */
#include "kit.h"

#include "base/thread.h"
#include "engine/flowctx.h"

#define UNKNOWN	    MODEL_ACTION_CALLOUT_UNKNOWN
#define TERMINATING MODEL_ACTION_CALLOUT_TERMINATING
#define INSPECTION  MODEL_ACTION_CALLOUT_INSPECTION

static void begin(void)
{
	kit_begin();
	kit_sublayer(1);
	kit_sublayer(2);
}

/* One callout with one filter of this action in sublayer 1. */
static struct kit_script alone(uint32_t filter_action, uint32_t answer)
{
	begin();
	return kit_answer((uint16_t)filter_action, answer);
}

static struct engine_verdict ask(struct kit_script *s, uint32_t filter_action, uint32_t flags)
{
	kit_register(s);
	kit_callout_filter(1, 5, filter_action, flags, &s->key);
	return kit_classify();
}

static void end(struct kit_script *s)
{
	kit_unregister(s);
	CHECK_EQ_U(s->released, 1);
	kit_end();
}

/* ---- order --------------------------------------------------------------------------------- */

TEST(nothing_matches_is_a_permit)
{
	struct engine_verdict v;

	begin();
	CHECK(engine_layer_empty(kit, KIT_LAYER));
	v = kit_classify();
	CHECK_EQ_U(v.outcome, ENGINE_PERMIT);
	CHECK_EQ_U(v.filter_id, 0);
	kit_end();
}

TEST(in_a_sublayer_the_heaviest_matching_filter_decides)
{
	uint64_t heavy;

	begin();
	kit_filter(1, 10, MODEL_ACTION_BLOCK, 0);
	heavy = kit_filter(1, 20, MODEL_ACTION_PERMIT, 0);
	kit_filter(1, 15, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(kit_classify().filter_id, heavy);
	CHECK(kit_permits());
	CHECK(!engine_layer_empty(kit, KIT_LAYER));
	kit_end();
}

TEST(a_filter_that_does_not_match_is_passed_over)
{
	struct model_condition c = kit_condition("IP_REMOTE_PORT", MODEL_MATCH_EQUAL,
						 (struct model_value){MODEL_UINT16, {.u16 = 80}});
	struct model_filter draft;

	begin();
	draft = kit_draft(1, 20, MODEL_ACTION_BLOCK);
	draft.conditions = &c;
	draft.n_conditions = 1;
	kit_add(&draft);
	kit_filter(1, 10, MODEL_ACTION_PERMIT, 0);
	kit_set("IP_REMOTE_PORT", (struct model_value){MODEL_UINT16, {.u16 = 81}});
	CHECK(kit_permits());
	kit_set("IP_REMOTE_PORT", (struct model_value){MODEL_UINT16, {.u16 = 80}});
	CHECK(!kit_permits());
	kit_end();
}

TEST(of_equal_weights_the_newest_filter_comes_first)
{
	uint64_t newest;

	begin();
	kit_filter(1, 7, MODEL_ACTION_BLOCK, 0);
	newest = kit_filter(1, 7, MODEL_ACTION_PERMIT, 0);
	CHECK_EQ_U(kit_classify().filter_id, newest);
	kit_end();
}

static char order[16];

static void note_order(struct kit_script *s, const struct engine_call *call)
{
	(void)call;
	strcat(order, s->arg);
}

TEST(sublayers_are_asked_from_the_highest_weight_down_even_after_a_block)
{
	struct kit_script a = kit_answer(1, MODEL_ACTION_BLOCK),
			  b = kit_answer(2, MODEL_ACTION_PERMIT),
			  c = kit_answer(3, MODEL_ACTION_CONTINUE);

	begin();
	kit_sublayer(3);
	a.inside = b.inside = c.inside = note_order;
	a.arg = (char *)(uintptr_t) "a";
	b.arg = (char *)(uintptr_t) "b";
	c.arg = (char *)(uintptr_t) "c";
	kit_register(&b);
	kit_register(&a);
	kit_register(&c);
	kit_callout_filter(1, 1, UNKNOWN, 0, &c.key);
	kit_callout_filter(3, 1, UNKNOWN, 0, &a.key);
	kit_callout_filter(2, 1, UNKNOWN, 0, &b.key);
	order[0] = '\0';
	kit_classify();
	CHECK_EQ_S(order, "abc");
	kit_unregister(&a);
	kit_unregister(&b);
	kit_unregister(&c);
	kit_end();
}

TEST(a_continue_filter_goes_on_to_the_next_one)
{
	begin();
	kit_filter(1, 20, MODEL_ACTION_CONTINUE, 0);
	kit_filter(1, 10, MODEL_ACTION_BLOCK, 0);
	CHECK(!kit_permits());
	kit_end();
}

TEST(a_callout_that_continues_leaves_the_sublayer_to_lighter_filters)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_CONTINUE);

	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_BLOCK);
	end(&s);
}

TEST(a_callout_that_decides_hides_lighter_filters_of_its_sublayer)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_PERMIT);

	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_PERMIT);
	end(&s);
}

TEST(layers_do_not_arbitrate_with_each_other)
{
	struct model_filter draft;

	begin();
	kit_filter(1, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	draft = kit_draft(1, 1, MODEL_ACTION_BLOCK);
	draft.layer = MODEL_LAYER_OUTBOUND_TRANSPORT_V4;
	kit_add(&draft);
	CHECK(kit_permits());
	kit_ind.layer = draft.layer;
	CHECK(!kit_permits());
	kit_end();
}

TEST(a_disabled_filter_does_nothing)
{
	begin();
	kit_filter(1, 1, MODEL_ACTION_BLOCK, MODEL_FILTER_DISABLED);
	CHECK(kit_permits());
	kit_end();
}

/* ---- what callouts answer ------------------------------------------------------------------ */

TEST(a_terminating_callout_that_continues_blocks_and_is_reported)
{
	struct kit_script s = alone(TERMINATING, MODEL_ACTION_CONTINUE);

	CHECK_EQ_U(ask(&s, TERMINATING, 0).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_BadAction], 1);
	end(&s);
}

TEST(an_inspection_callout_decides_nothing_whatever_it_answers)
{
	struct kit_script s = alone(INSPECTION, MODEL_ACTION_BLOCK);

	kit_filter(1, 1, MODEL_ACTION_PERMIT, 0);
	CHECK_EQ_U(ask(&s, INSPECTION, 0).outcome, ENGINE_PERMIT);
	CHECK_EQ_U(s.calls, 1);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_BadAction], 0);
	end(&s);
}

TEST(an_unknown_callout_that_does_nothing_continues)
{
	static const uint32_t answers[] = {MODEL_ACTION_CONTINUE, MODEL_ACTION_NONE,
					   MODEL_ACTION_NONE_NO_MATCH};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct kit_script s = alone(UNKNOWN, answers[i]);

		kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
		CHECK_EQ_U(ask(&s, UNKNOWN, 0).filter_id, 1);
		CHECK_EQ_U(kit_reports[ENGINE_RULE_BadAction], 0);
		end(&s);
	}
}

TEST(an_action_that_does_not_exist_blocks_and_is_reported)
{
	static const uint32_t actions[] = {UNKNOWN, TERMINATING};

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		struct kit_script s = alone(actions[i], 0xdeadbeef);

		CHECK_EQ_U(ask(&s, actions[i], 0).outcome, ENGINE_BLOCK);
		CHECK_EQ_U(kit_reports[ENGINE_RULE_BadAction], 1);
		end(&s);
	}
}

TEST(a_callouts_block_is_soft_and_a_lower_permit_overrides_it)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);

	kit_register(&s);
	kit_callout_filter(2, 1, UNKNOWN, 0, &s.key);
	kit_filter(1, 1, MODEL_ACTION_PERMIT, 0);
	CHECK(kit_permits());
	end(&s);
}

/* ---- hard and soft ------------------------------------------------------------------------- */

/* A filter of its own above one below; what stands. */
static struct engine_verdict over(uint32_t above, uint32_t flags, uint32_t below)
{
	struct engine_verdict v;

	begin();
	kit_filter(2, 1, above, flags);
	kit_filter(1, 1, below, 0);
	v = kit_classify();
	kit_end();
	return v;
}

TEST(a_filters_permit_is_soft_and_a_lower_block_overrides_it)
{
	CHECK_EQ_U(over(MODEL_ACTION_PERMIT, 0, MODEL_ACTION_BLOCK).outcome, ENGINE_BLOCK);
}

TEST(a_filters_permit_with_clear_action_right_is_hard_and_a_lower_filters_block_is_ignored)
{
	struct engine_verdict v =
		over(MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT, MODEL_ACTION_BLOCK);

	CHECK_EQ_U(v.outcome, ENGINE_PERMIT);
	CHECK(v.hard && !v.veto);
}

TEST(a_filters_block_is_hard_and_a_lower_permit_is_ignored)
{
	struct engine_verdict v = over(MODEL_ACTION_BLOCK, 0, MODEL_ACTION_PERMIT);

	CHECK_EQ_U(v.outcome, ENGINE_BLOCK);
	CHECK(v.hard);
}

/* A callout above a filter below. */
static struct engine_verdict callout_over(uint32_t answer, bool clears, uint32_t flags,
					  uint32_t below)
{
	struct kit_script s = alone(UNKNOWN, answer);
	struct engine_verdict v;

	s.clear_right = clears;
	kit_register(&s);
	kit_callout_filter(2, 1, UNKNOWN, flags, &s.key);
	kit_filter(1, 1, below, 0);
	v = kit_classify();
	end(&s);
	return v;
}

TEST(a_callouts_permit_is_soft_and_a_lower_block_overrides_it)
{
	CHECK_EQ_U(callout_over(MODEL_ACTION_PERMIT, false, 0, MODEL_ACTION_BLOCK).outcome,
		   ENGINE_BLOCK);
}

TEST(a_callout_that_clears_the_right_makes_its_word_hard)
{
	CHECK(callout_over(MODEL_ACTION_PERMIT, true, 0, MODEL_ACTION_BLOCK).outcome ==
	      ENGINE_PERMIT);
	CHECK(callout_over(MODEL_ACTION_BLOCK, true, 0, MODEL_ACTION_PERMIT).outcome ==
	      ENGINE_BLOCK);
}

TEST(clear_action_right_on_a_callouts_filter_makes_its_word_hard)
{
	const uint32_t clear = MODEL_FILTER_CLEAR_ACTION_RIGHT;

	CHECK(callout_over(MODEL_ACTION_PERMIT, false, clear, MODEL_ACTION_BLOCK).outcome ==
	      ENGINE_PERMIT);
	CHECK(callout_over(MODEL_ACTION_BLOCK, false, clear, MODEL_ACTION_PERMIT).outcome ==
	      ENGINE_BLOCK);
}

TEST(a_hard_block_is_final_and_a_lower_hard_permit_is_ignored)
{
	begin();
	kit_filter(2, 1, MODEL_ACTION_BLOCK, 0);
	kit_filter(1, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	CHECK(!kit_permits());
	kit_end();
}

TEST(a_callouts_block_below_a_hard_permit_is_a_veto_and_blocks)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct engine_verdict v;

	kit_filter(2, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	v = ask(&s, UNKNOWN, 0);
	CHECK_EQ_U(v.outcome, ENGINE_BLOCK);
	CHECK(v.veto && v.hard);
	CHECK_EQ_U(v.callout_id, s.id);
	end(&s);
}

/* ---- what classifyOut holds on entry ----------------------------------------------------------
 */

TEST(on_entry_with_the_right_to_decide_the_action_is_continue)
{
	struct kit_script s = alone(UNKNOWN, 0);

	kit_filter(2, 1, MODEL_ACTION_PERMIT, 0);
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(s.entry.action, MODEL_ACTION_CONTINUE);
	CHECK_EQ_U(s.entry.rights, ENGINE_RIGHT_ACTION_WRITE);
	CHECK_EQ_U(s.entry.flags, 0);
	end(&s);
}

TEST(a_callout_that_writes_nothing_is_not_a_permit_because_a_higher_sublayer_permitted)
{
	struct kit_script s = alone(UNKNOWN, 0);

	kit_filter(2, 1, MODEL_ACTION_PERMIT, 0);
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_BLOCK);
	end(&s);
}

TEST(on_entry_without_the_right_the_action_is_what_stands)
{
	struct kit_script s = alone(TERMINATING, 0);
	struct engine_verdict v;

	kit_filter(2, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	v = ask(&s, TERMINATING, 0);
	CHECK_EQ_U(s.entry.action, MODEL_ACTION_PERMIT);
	CHECK_EQ_U(s.entry.rights, 0);
	CHECK_EQ_U(v.outcome, ENGINE_PERMIT);
	CHECK(!v.veto);
	end(&s);
}

TEST(a_callout_that_restores_the_right_for_itself_gains_nothing)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_PERMIT);

	kit_filter(2, 1, MODEL_ACTION_BLOCK, 0);
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(s.calls, 1);
	end(&s);
}

/* ---- unregistered callouts ------------------------------------------------------------------- */

TEST(a_filter_whose_callout_is_unregistered_blocks_for_good)
{
	struct kit_script s = alone(TERMINATING, 0);

	kit_callout_filter(2, 1, TERMINATING, 0, &s.key);
	kit_filter(1, 1, MODEL_ACTION_PERMIT, 0);
	CHECK_EQ_U(kit_classify().outcome, ENGINE_BLOCK);
	CHECK(kit_classify().hard);
	CHECK_EQ_U(kit_classify().callout_id, 0);
	kit_end();
}

TEST(permit_if_callout_unregistered_makes_it_a_permit_filter)
{
	struct kit_script s = alone(TERMINATING, 0);

	kit_callout_filter(2, 1, TERMINATING, MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED, &s.key);
	CHECK_EQ_U(kit_classify().outcome, ENGINE_PERMIT);
	CHECK(kit_classify().filter_id != 0);
	kit_filter(1, 1, MODEL_ACTION_BLOCK, 0);
	CHECK(!kit_permits());
	kit_end();
}

TEST(an_unregistered_unknown_callout_blocks_unless_its_filter_forgives)
{
	struct kit_script s = alone(UNKNOWN, 0);

	kit_callout_filter(1, 1, UNKNOWN, 0, &s.key);
	CHECK(!kit_permits());
	kit_callout_filter(1, 2, UNKNOWN, MODEL_FILTER_PERMIT_IF_CALLOUT_UNREGISTERED, &s.key);
	CHECK(kit_permits());
	kit_end();
}

TEST(an_unregistered_inspection_callout_is_ignored)
{
	struct kit_script s = alone(INSPECTION, 0);

	kit_callout_filter(1, 9, INSPECTION, 0, &s.key);
	CHECK_EQ_U(kit_classify().filter_id, 0);
	CHECK(kit_permits());
	kit_end();
}

TEST(an_unregistered_callout_does_not_veto_a_hard_permit)
{
	struct kit_script s = alone(TERMINATING, 0);

	kit_filter(2, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	kit_callout_filter(1, 9, TERMINATING, 0, &s.key);
	CHECK(kit_permits());
	kit_end();
}

/* ---- absorbing ----------------------------------------------------------------------------- */

TEST(block_with_absorb_names_the_absorber_and_is_hard)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct engine_verdict v;

	s.flags = ENGINE_OUT_ABSORB;
	v = ask(&s, UNKNOWN, 0);
	CHECK_EQ_U(v.outcome, ENGINE_ABSORB);
	CHECK_EQ_U(v.absorber, s.id);
	CHECK(v.hard);
	end(&s);
}

TEST(permit_with_absorb_is_a_permit)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_PERMIT);

	s.flags = ENGINE_OUT_ABSORB;
	CHECK_EQ_U(ask(&s, UNKNOWN, 0).outcome, ENGINE_PERMIT);
	end(&s);
}

TEST(a_callout_that_reinjected_the_packet_is_called_but_may_not_absorb_it_again)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct engine_seen seen = {0};

	s.flags = ENGINE_OUT_ABSORB;
	s.clear_right = true;
	kit_register(&s);
	kit_callout_filter(2, 5, UNKNOWN, 0, &s.key);
	CHECK(engine_seen_add(&seen, s.id));
	kit_ind.seen = &seen;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_PERMIT);
	CHECK(!kit_classify().hard);
	CHECK_EQ_U(s.calls, 2);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_InjectLoop], 2);
	s.flags = 0;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_BLOCK);
	end(&s);
}

TEST(the_seen_by_set_says_when_it_is_full)
{
	struct engine_seen seen = {0};

	for (uint32_t i = 1; i <= ENGINE_SEEN_MAX; i++)
		CHECK(engine_seen_add(&seen, i));
	CHECK(engine_seen_add(&seen, 1));
	CHECK(!engine_seen_add(&seen, ENGINE_SEEN_MAX + 1));
	CHECK(engine_seen_has(&seen, ENGINE_SEEN_MAX));
}

static struct engine_verdict absorb_at(uint16_t layer, const struct engine_metadata *meta)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct model_filter draft = kit_draft(1, 5, UNKNOWN);
	struct engine_verdict v;

	s.flags = ENGINE_OUT_ABSORB;
	kit_register(&s);
	draft.layer = layer;
	draft.callout = s.key;
	kit_add(&draft);
	kit_ind.layer = layer;
	kit_ind.meta = meta;
	v = kit_classify();
	end(&s);
	return v;
}

TEST(inbound_transport_must_not_be_absorbed_while_ale_has_yet_to_classify)
{
	const struct engine_metadata required = {.present = ENGINE_META_ALE_CLASSIFY_REQUIRED};
	const struct engine_metadata not_required = {0};

	CHECK_EQ_U(absorb_at(MODEL_LAYER_INBOUND_TRANSPORT_V4, &required).outcome, ENGINE_BLOCK);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_AbsorbNotAllowed], 1);
	CHECK_EQ_U(absorb_at(MODEL_LAYER_INBOUND_TRANSPORT_V4, &not_required).outcome,
		   ENGINE_ABSORB);
	CHECK_EQ_U(absorb_at(MODEL_LAYER_OUTBOUND_TRANSPORT_V6, &required).outcome, ENGINE_ABSORB);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_AbsorbNotAllowed], 0);
}

TEST(flow_established_can_be_neither_absorbed_nor_blocked)
{
	struct model_filter draft;

	CHECK_EQ_U(absorb_at(MODEL_LAYER_ALE_FLOW_ESTABLISHED_V4, NULL).outcome, ENGINE_PERMIT);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_AbsorbNotAllowed], 1);
	begin();
	draft = kit_draft(1, 5, MODEL_ACTION_BLOCK);
	draft.layer = MODEL_LAYER_ALE_FLOW_ESTABLISHED_V6;
	kit_add(&draft);
	kit_ind.layer = draft.layer;
	CHECK_EQ_U(kit_classify().outcome, ENGINE_PERMIT);
	CHECK_EQ_U(kit_classify().filter_id, 0);
	kit_end();
}

TEST(an_inspection_callout_cannot_absorb_and_learns_it)
{
	struct kit_script s = alone(INSPECTION, MODEL_ACTION_BLOCK);

	s.flags = ENGINE_OUT_ABSORB;
	CHECK_EQ_U(ask(&s, INSPECTION, 0).outcome, ENGINE_PERMIT);
	CHECK_EQ_U(kit_reports[ENGINE_RULE_AbsorbNotAllowed], 1);
	end(&s);
}

/* ---- flows, frames, memory ---------------------------------------------------------------------
 */

TEST(a_callout_conditional_on_flow_is_called_only_with_a_context)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct engine_flow *flow;

	CHECK_OK(kit_try_register(&s, ENGINE_CALLOUT_CONDITIONAL_ON_FLOW));
	kit_callout_filter(1, 5, UNKNOWN, 0, &s.key);
	CHECK(kit_permits());
	CHECK_OK(engine_flow_open(kit, &flow));
	kit_ind.flow = flow;
	CHECK(kit_permits());
	CHECK_EQ_U(s.calls, 0);
	CHECK_OK(engine_flow_associate(kit, engine_flow_id(flow), KIT_LAYER, s.id, 77));
	CHECK(!kit_permits());
	CHECK_EQ_U(s.flow_context, 77);
	engine_flow_close(flow);
	CHECK_EQ_U(s.flow_deletes, 1);
	end(&s);
}

static void look_at_frame(struct kit_script *s, const struct engine_call *call)
{
	struct engine_frame *frame = engine_frame_current();
	struct engine_verdict inner;

	CHECK(frame && frame->call == call && frame->outer == s->arg);
	CHECK_EQ_U(engine_callout_id(frame->callout), s->id);
	CHECK_EQ_U(engine_callout_driver(frame->callout), 1);
	CHECK_EQ_S(engine_callout_name(frame->callout), "kit");
	if (s->calls > 1)
		return;
	s->arg = frame;
	engine_classify(kit, &kit_ind, &inner);
	s->arg = NULL;
	CHECK(engine_frame_current() == frame);
}

TEST(frames_are_a_stack)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_PERMIT);

	s.inside = look_at_frame;
	ask(&s, UNKNOWN, 0);
	CHECK_EQ_U(s.calls, 2);
	CHECK(engine_frame_current() == NULL);
	end(&s);
}

TEST(a_classify_allocates_nothing)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);

	kit_filter(2, 1, MODEL_ACTION_PERMIT, MODEL_FILTER_CLEAR_ACTION_RIGHT);
	kit_register(&s);
	kit_callout_filter(1, 5, UNKNOWN, 0, &s.key);
	mem_fail_every(1);
	CHECK(kit_classify().veto);
	mem_fail_every(0);
	end(&s);
}

TEST(classifies_and_outcomes_are_counted)
{
	struct kit_script s = alone(UNKNOWN, MODEL_ACTION_BLOCK);
	struct engine_counters c;

	kit_classify();
	ask(&s, UNKNOWN, 0);
	engine_counters_get(kit, &c);
	CHECK_EQ_U(c.classifies, 2);
	CHECK_EQ_U(c.permits, 1);
	CHECK_EQ_U(c.blocks, 1);
	CHECK_EQ_U(c.callout_calls, 1);
	CHECK_EQ_S(engine_rule_name(ENGINE_RULE_InjectLoop), "WfpInjectLoop");
	CHECK(strlen(engine_rule_text(ENGINE_RULE_BadAction)) > 10);
	end(&s);
}

TEST(a_layer_that_does_not_exist_permits)
{
	begin();
	kit_ind.layer = 60000;
	CHECK(kit_permits());
	CHECK(engine_layer_empty(kit, 60000));
	CHECK_EQ_U(engine_generation(kit, 60000), 0);
	kit_end();
}
