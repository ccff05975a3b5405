/* SPDX-License-Identifier: MIT */
/*
 * pend - ALE pend operations: the cells of the event table in which somebody pends, on one thread.
 *
 * The names are the cells: what happens, while which phase, and what follows.  How a hold ends is
 * in pend_complete_test.c; what needs several threads in pend_sim_test.c and stress_test.c;
 * classify handles are in pend_ticket_test.c.
 */
#include "pend_fixture.h"

/* ---- pend ----------------------------------------------------------------------------------- */

TEST(nobody_pended_and_the_verdict_is_delivered_inline)
{
	struct fixture f;

	open_plain(&f);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_INLINE);
	pend_end(f.op);
	CHECK_EQ_U(posts(&f), 0);
	close_quiet(&f);
}

TEST(an_operation_that_was_never_classified_can_be_ended)
{
	struct fixture f;

	open_plain(&f);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_inside_its_classify_takes_a_hold_and_gives_a_context)
{
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	context = world_pend(&f.e, &f.a, f.op);
	CHECK(context != 0);
	CHECK_EQ_U(atom32_load(&f.a.holds), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_EQ_U(world_counters(&f.e).pended_now, 1);
	CHECK_OK(pend_complete(&f.e, context));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(pend_outside_of_any_classify_is_refused_and_reported)
{
	struct fixture f;
	uint64_t context = 77;

	open_plain(&f);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_CANNOT_PEND);
	CHECK_EQ_U(context, 77);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_of_another_operation_than_the_one_classified_is_refused_and_reported)
{
	struct world_owner other_owner = {0};
	struct pend_op *other;
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	other = world_begin(&f.e, PEND_ALE, &other_owner);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(other), &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	pend_end(other);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_while_pended_is_refused_and_reported)
{
	struct fixture f;
	uint64_t context, again;

	open_plain(&f);
	context = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &again), ERR_CANNOT_PEND);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	CHECK_OK(pend_complete(&f.e, context));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(pend_while_resuming_is_refused_and_reported)
{
	struct fixture f;
	uint64_t again;

	open_plain(&f);
	CHECK_OK(pend_complete(&f.e, world_pend(&f.e, &f.a, f.op)));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &again), ERR_CANNOT_PEND);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(pend_at_a_layer_that_cannot_be_pended_is_refused_and_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, NULL);
	CHECK_ERR(pend_operation(&f.e, 0, &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_with_a_stale_completion_handle_is_refused_and_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t stale, context;

	open_plain(&f);
	stale = pend_handle(f.op);
	pend_end(f.op);
	f.op = world_begin(&f.e, PEND_ALE, &f.owner);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_ERR(pend_operation(&f.e, stale, &context), ERR_CANNOT_PEND);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	CHECK_ERR(pend_operation(&f.e, 0, &context), ERR_NULL_POINTER);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), NULL), ERR_NULL_POINTER);
	CHECK(!world_return(&w));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_again_by_the_same_callout_and_filter_gives_the_same_context_and_no_second_hold)
{
	struct world_call w;
	struct fixture f;
	uint64_t first, second;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &first));
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &second));
	world_absorb(&w);
	CHECK(world_return(&w));
	CHECK_EQ_U(first, second);
	CHECK_EQ_U(atom32_load(&f.a.holds), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, first));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(one_callout_with_two_filters_takes_two_holds)
{
	struct world_call w;
	struct fixture f;
	uint64_t first, second;

	open_plain(&f);
	first = world_pend(&f.e, &f.a, f.op);
	world_enter(&w, &f.e, &f.a, f.op);
	w.filter.id = 5;
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &second));
	world_absorb(&w);
	CHECK(world_return(&w));
	CHECK(first != second);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, first));
	CHECK_EQ_U(posts(&f), 0);
	CHECK_OK(pend_complete(&f.e, second));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(pend_during_reauthorization_is_refused_and_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	pend_end(f.op);
	CHECK_OK(pend_begin(&f.e, PEND_ALE, 48, true, &world_owner_ops, &f.owner, &f.op));
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOnReauth), 1);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_during_reauthorization_without_an_operation_is_refused_and_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, NULL);
	w.ind.reauthorize = true;
	CHECK_ERR(pend_operation(&f.e, 1, &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOnReauth), 1);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_of_a_classify_operation_with_the_ale_function_is_refused)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	pend_end(f.op);
	f.op = world_begin(&f.e, PEND_CLASSIFY, &f.owner);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_with_the_right_cleared_above_is_refused_in_strict_mode)
{
	const struct engine_config strict = {.strict_rights = true};
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_with(&f, &strict);
	world_enter(&w, &f.e, &f.a, f.op);
	w.frame.rights = 0;
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendRightsIgnored), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_INLINE);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_with_the_right_cleared_above_joins_in_compatible_mode_and_is_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	w.frame.rights = 0;
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &context));
	world_absorb(&w);
	CHECK(world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendRightsIgnored), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, context));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(a_callout_that_clears_its_own_right_before_it_pends_breaks_no_rule)
{
	const struct engine_config strict = {.strict_rights = true};
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_with(&f, &strict);
	world_enter(&w, &f.e, &f.a, f.op);
	world_absorb(&w);
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &context));
	CHECK(world_return(&w));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, context));
	resume_and_end(&f);
	close_quiet(&f);
}

/* ---- the driver's own packet ------------------------------------------------------------------
 */

TEST(pend_of_a_packet_that_its_own_driver_injected_last_is_refused_and_reported)
{
	struct world_call w;
	struct fixture f;
	uint64_t context = 77;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	w.ind.injected_by_driver = f.a.driver;
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_CANNOT_PEND);
	CHECK_EQ_U(context, 77);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendSelfInjected), 1);
	CHECK_EQ_U(atom32_load(&f.e.last_callout), f.a.id);
	CHECK_EQ_U(atom32_load(&f.a.holds), 0);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_INLINE);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_of_a_packet_that_another_driver_injected_last_is_granted)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	w.ind.injected_by_driver = f.b.driver;
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &context));
	world_absorb(&w);
	CHECK(world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendSelfInjected), 0);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, context));
	resume_and_end(&f);
	close_quiet(&f);
}

/* ---- no memory --------------------------------------------------------------------------------
 */

TEST(no_memory_at_begin_is_an_error_and_holds_nothing)
{
	const struct engine_config config = {0};
	struct world_owner owner = {0};
	struct pend_op *op = NULL;
	struct engine e;

	world_open(&e, &config);
	mem_fail_at(1);
	CHECK_ERR(pend_begin(&e, PEND_ALE, 48, false, &world_owner_ops, &owner, &op),
		  ERR_NO_MEMORY);
	CHECK(op == NULL);
	mem_fail_at(0);
	world_close(&e);
	CHECK_EQ_U(mem_live(), 0);
}

TEST(pend_of_a_classify_that_got_no_operation_is_refused_for_want_of_resources)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, NULL);
	w.meta.present = ENGINE_META_COMPLETION_HANDLE;
	CHECK_ERR(pend_operation(&f.e, 0, &context), ERR_NO_MEMORY);
	CHECK(!world_return(&w));
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 0);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(more_operations_than_configured_are_refused_for_want_of_resources)
{
	const struct engine_config config = {.max_ops = 2};
	struct world_owner owner = {0};
	struct pend_op *second, *third;
	struct fixture f;

	open_with(&f, &config);
	second = world_begin(&f.e, PEND_ALE, &owner);
	CHECK_ERR(pend_begin(&f.e, PEND_ALE, 48, false, &world_owner_ops, &owner, &third),
		  ERR_NO_MEMORY);
	pend_end(second);
	third = world_begin(&f.e, PEND_ALE, &owner);
	pend_end(third);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(the_seventeenth_holder_is_refused_for_want_of_resources_and_sixteen_need_no_memory)
{
	struct engine_callout callouts[17];
	uint64_t contexts[16], context;
	struct world_call w;
	struct fixture f;

	open_plain(&f);
	mem_fail_every(1);
	for (uint32_t i = 0; i < 17; i++)
		world_callout_init(&callouts[i], 10 + i, "many");
	for (unsigned i = 0; i < 16; i++)
		contexts[i] = world_pend(&f.e, &callouts[i], f.op);
	world_enter(&w, &f.e, &callouts[16], f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_NO_MEMORY);
	CHECK(!world_return(&w));
	CHECK_EQ_U(atom32_load(&callouts[16].holds), 0);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	for (unsigned i = 0; i < 16; i++)
		CHECK_OK(pend_complete(&f.e, contexts[i]));
	CHECK_EQ_U(resume_and_end(&f).holders, 16);
	mem_fail_every(0);
	close_quiet(&f);
}
