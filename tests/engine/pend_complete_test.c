/* SPDX-License-Identifier: MIT */
/*
 * pend_complete - ALE pend operations: the cells of the event table in which a hold ends, on one
 * thread: completed, without absorb, the endpoint closed, the callout gone, the engine stopped, the
 * time over.  The names are the cells, as in pend_test.c.
 */
#include "pend_fixture.h"

/* ---- complete ---------------------------------------------------------------------------------
 */

TEST(complete_before_classify_returned_is_recorded_and_resumes_nothing)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &context));
	CHECK_OK(pend_complete(&f.e, context));
	CHECK_EQ_U(posts(&f), 0);
	world_absorb(&w);
	CHECK(world_return(&w));
	CHECK_EQ_U(posts(&f), 0);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_EQ_U(posts(&f), 1);
	CHECK_EQ_U(world_counters(&f.e).completed_before_return, 1);
	CHECK(!resume_and_end(&f).final);
	close_quiet(&f);
}

TEST(complete_by_the_only_holder_resumes)
{
	struct pend_result r;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	context = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, context));
	CHECK(atomptr_load(&f.owner.posted) == f.op);
	r = resume_and_end(&f);
	CHECK_EQ_U(r.cancelled, PEND_REASON_NONE);
	CHECK(!r.final && !r.revoked);
	CHECK_EQ_U(r.holders, 1);
	CHECK_EQ_U(world_counters(&f.e).resumed, 1);
	close_quiet(&f);
}

TEST(complete_by_one_of_two_holders_joins_and_the_last_drop_resumes)
{
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	CHECK_EQ_U(posts(&f), 0);
	CHECK_OK(pend_complete(&f.e, b));
	CHECK_EQ_U(resume_and_end(&f).holders, 2);
	CHECK_EQ_U(world_counters(&f.e).joined, 1);
	close_quiet(&f);
}

TEST(complete_by_one_while_classifying_and_by_the_other_while_pended_resumes_once)
{
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_OK(pend_complete(&f.e, a));
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_OK(pend_complete(&f.e, b));
	resume_and_end(&f);
	CHECK_EQ_U(world_counters(&f.e).joined, 0);
	close_quiet(&f);
}

TEST(second_complete_fails_and_is_reported)
{
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	CHECK_ERR(pend_complete(&f.e, a), ERR_INVALID_HANDLE);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendDoubleComplete), 1);
	CHECK_EQ_U(atom32_load(&f.e.last_callout), f.a.id);
	CHECK_OK(pend_complete(&f.e, b));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(second_complete_while_classifying_fails_and_is_reported)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_OK(pend_complete(&f.e, a));
	CHECK_ERR(pend_complete(&f.e, a), ERR_INVALID_HANDLE);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendDoubleComplete), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(complete_while_resuming_is_reported_and_changes_nothing)
{
	struct pend_result r;
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	CHECK_ERR(pend_complete(&f.e, a), ERR_INVALID_HANDLE);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendDoubleComplete), 1);
	CHECK_EQ_U(posts(&f), 1);
	r = resume_and_end(&f);
	CHECK(!r.revoked && r.cancelled == PEND_REASON_NONE);
	close_quiet(&f);
}

TEST(second_complete_after_the_operation_ended_is_still_known_by_name)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	resume_and_end(&f);
	CHECK_ERR(pend_complete(&f.e, a), ERR_INVALID_HANDLE);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendDoubleComplete), 1);
	CHECK_EQ_U(atom32_load(&f.e.last_callout), f.a.id);
	close_quiet(&f);
}

TEST(complete_with_the_context_of_an_earlier_life_is_stale_and_reported)
{
	const struct engine_config one = {.max_ops = 1};
	struct fixture f;
	uint64_t old, now;

	open_with(&f, &one);
	old = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, old));
	resume_and_end(&f);
	atom32_store(&f.owner.posts, 0);
	f.op = world_begin(&f.e, PEND_ALE, &f.owner);
	now = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_ERR(pend_complete(&f.e, old), ERR_INVALID_HANDLE);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 1);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_OK(pend_complete(&f.e, now));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(complete_with_a_guessed_context_is_stale_and_reported)
{
	struct fixture f;
	struct rng rng;
	uint64_t a;

	rng_seed(&rng, test_seed());
	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_ERR(pend_complete(&f.e, 0), ERR_INVALID_HANDLE);
	CHECK_ERR(pend_complete(&f.e, UINT64_MAX), ERR_INVALID_HANDLE);
	CHECK_ERR(pend_complete(&f.e, pend_handle(f.op)), ERR_INVALID_HANDLE);
	for (unsigned bit = 0; bit < 64; bit++)
		CHECK_ERR(pend_complete(&f.e, a ^ UINT64_C(1) << bit), ERR_INVALID_HANDLE);
	for (unsigned i = 0; i < 1000; i++)
		CHECK_ERR(pend_complete(&f.e, rng_u64(&rng)), ERR_INVALID_HANDLE);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 1067);
	CHECK_OK(pend_complete(&f.e, a));
	resume_and_end(&f);
	close_quiet(&f);
}

/* ---- pended, but returned something else --------------------------------------------------------
 */

static struct pend_result return_badly(struct fixture *f, uint32_t action, uint32_t flags,
				       bool completes_first)
{
	struct world_call w;
	uint64_t context;

	world_enter(&w, &f->e, &f->a, f->op);
	CHECK_OK(pend_operation(&f->e, pend_handle(f->op), &context));
	if (completes_first)
		CHECK_OK(pend_complete(&f->e, context));
	w.out.action = action;
	w.out.flags = flags;
	CHECK(!world_return(&w));
	CHECK_EQ_U(w.out.action, MODEL_ACTION_BLOCK);
	CHECK_EQ_U(w.out.rights, 0);
	CHECK_EQ_U(w.out.flags, 0);
	CHECK_EQ_U(broken(f, ENGINE_RULE_PendNoAbsorb), 1);
	CHECK_EQ_U(atom32_load(&f->a.holds), 0);
	CHECK_EQ_U(pend_classified(f->op), PEND_LEFT_HELD);
	return resume_and_end(f);
}

static void check_bad_return(uint32_t action, uint32_t flags, bool completes_first)
{
	const struct engine_config permissive = {.on_revoke = ENGINE_DEFAULT_PERMIT};
	struct pend_result r;
	struct fixture f;

	open_with(&f, &permissive);
	r = return_badly(&f, action, flags, completes_first);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_EQ_U(r.by_callout, f.a.id);
	close_quiet(&f);
}

TEST(pended_but_returned_permit_is_revoked_blocked_and_reported)
{
	check_bad_return(MODEL_ACTION_PERMIT, 0, false);
}

TEST(pended_but_returned_block_without_absorb_is_revoked_blocked_and_reported)
{
	check_bad_return(MODEL_ACTION_BLOCK, 0, false);
}

TEST(pended_completed_and_then_returned_permit_is_revoked_blocked_and_reported)
{
	check_bad_return(MODEL_ACTION_PERMIT, 0, true);
}

TEST(complete_after_the_hold_was_revoked_for_want_of_absorb_is_late)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &context));
	CHECK(!world_return(&w));
	CHECK_ERR(pend_complete(&f.e, context), ERR_OPERATION_ABORTED);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_LateComplete), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(one_holder_without_absorb_blocks_although_the_other_completes)
{
	struct world_call w;
	struct pend_result r;
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	b = world_pend(&f.e, &f.b, f.op);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_OK(pend_operation(&f.e, pend_handle(f.op), &a));
	CHECK(!world_return(&w));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, b));
	r = resume_and_end(&f);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	close_quiet(&f);
}

/* ---- the endpoint closes ------------------------------------------------------------------------
 */

TEST(endpoint_closed_while_classifying_is_sticky_and_aborts_at_resume)
{
	struct world_call w;
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	pend_cancel(f.op, PEND_REASON_CLOSED);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_EQ_U(atom32_load(&f.a.holds), 0);
	world_enter(&w, &f.e, &f.b, f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &b), ERR_CANNOT_PEND);
	CHECK(!world_return(&w));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_ERR(pend_complete(&f.e, a), ERR_OPERATION_ABORTED);
	CHECK_EQ_U(resume_and_end(&f).cancelled, PEND_REASON_CLOSED);
	close_quiet(&f);
}

TEST(endpoint_closed_while_pended_revokes_all_holds_and_aborts_once)
{
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_cancel(f.op, PEND_REASON_CLOSED);
	CHECK_EQ_U(posts(&f), 1);
	pend_cancel(f.op, PEND_REASON_STOPPED);
	CHECK_EQ_U(posts(&f), 1);
	CHECK_EQ_U(resume_and_end(&f).cancelled, PEND_REASON_CLOSED);
	CHECK_ERR(pend_complete(&f.e, a), ERR_OPERATION_ABORTED);
	CHECK_ERR(pend_complete(&f.e, b), ERR_OPERATION_ABORTED);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_LateComplete), 2);
	close_quiet(&f);
}

TEST(endpoint_closed_while_resuming_aborts_instead_of_resuming)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	pend_cancel(f.op, PEND_REASON_CLOSED);
	CHECK_EQ_U(resume_and_end(&f).cancelled, PEND_REASON_CLOSED);
	close_quiet(&f);
}

TEST(endpoint_closed_after_the_result_was_read_is_too_late)
{
	struct pend_result r;
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	pend_resume(f.op, &r);
	CHECK_EQ_U(r.cancelled, PEND_REASON_NONE);
	pend_cancel(f.op, PEND_REASON_CLOSED);
	pend_end(f.op);
	CHECK_EQ_U(posts(&f), 1);
	close_quiet(&f);
}

TEST(endpoint_closed_after_the_only_holder_completed_early_still_aborts)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_OK(pend_complete(&f.e, a));
	pend_cancel(f.op, PEND_REASON_CLOSED);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_EQ_U(resume_and_end(&f).cancelled, PEND_REASON_CLOSED);
	close_quiet(&f);
}

/* ---- the callout goes, the engine stops, the watchdog -------------------------------------------
 */

TEST(forced_unregister_revokes_the_holds_of_that_callout_alone)
{
	struct pend_result r;
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_revoke_callout(&f.e, f.a.id, PEND_REASON_UNREGISTERED);
	CHECK_EQ_U(atom32_load(&f.a.holds), 0);
	CHECK_EQ_U(atom32_load(&f.b.holds), 1);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_ERR(pend_complete(&f.e, a), ERR_OPERATION_ABORTED);
	CHECK_OK(pend_complete(&f.e, b));
	r = resume_and_end(&f);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_EQ_U(r.by_callout, f.a.id);
	close_quiet(&f);
}

TEST(a_hold_keeps_its_callout_busy_and_pinned_until_the_operation_ends)
{
	struct pend_result r;
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_EQ_U(atom32_load(&f.a.holds), 1);
	CHECK_OK(pend_complete(&f.e, a));
	CHECK_EQ_U(atom32_load(&f.a.holds), 0);
	CHECK_EQ_U(atom32_load(&f.a.pins), 1);
	pend_resume(f.op, &r);
	pend_end(f.op);
	CHECK_EQ_U(atom32_load(&f.a.pins), 0);
	close_quiet(&f);
}

TEST(after_engine_stop_pends_get_not_ready)
{
	struct world_call w;
	struct fixture f;
	uint64_t context;

	open_plain(&f);
	pend_pool_stop(f.e.pool);
	world_enter(&w, &f.e, &f.a, f.op);
	CHECK_ERR(pend_operation(&f.e, pend_handle(f.op), &context), ERR_TCPIP_NOT_READY);
	CHECK(!world_return(&w));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_INLINE);
	pend_end(f.op);
	close_quiet(&f);
}

static struct pend_result stop_while_pended(enum engine_default on_revoke)
{
	const struct engine_config config = {.on_revoke = on_revoke};
	struct pend_result r;
	struct fixture f;

	open_with(&f, &config);
	world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_pool_stop(f.e.pool);
	r = resume_and_end(&f);
	close_quiet(&f);
	return r;
}

TEST(engine_stop_while_pended_revokes_all_and_blocks_by_default)
{
	struct pend_result r = stop_while_pended(ENGINE_DEFAULT_BLOCK);

	CHECK(r.revoked);
	CHECK_EQ_U(r.cancelled, PEND_REASON_NONE);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
}

TEST(engine_stop_while_pended_permits_when_so_configured)
{
	struct pend_result r = stop_while_pended(ENGINE_DEFAULT_PERMIT);

	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_PERMIT);
}

TEST(engine_stop_while_classifying_revokes_the_holds_taken)
{
	struct fixture f;

	open_plain(&f);
	world_pend(&f.e, &f.a, f.op);
	pend_pool_stop(f.e.pool);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK(resume_and_end(&f).revoked);
	close_quiet(&f);
}

TEST(engine_stop_while_resuming_lets_it_finish)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	pend_pool_stop(f.e.pool);
	CHECK(!resume_and_end(&f).revoked);
	close_quiet(&f);
}

TEST(a_default_permit_does_not_skip_the_reauthorization_that_another_holder_asked_for)
{
	const struct engine_config permissive = {.on_revoke = ENGINE_DEFAULT_PERMIT};
	struct pend_result r;
	struct fixture f;
	uint64_t b;

	open_with(&f, &permissive);
	world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, b));
	pend_pool_stop(f.e.pool);
	r = resume_and_end(&f);
	CHECK(!r.revoked && !r.final);
	close_quiet(&f);
}

TEST(watchdog_revokes_a_forgotten_hold_and_names_the_callout)
{
	const struct engine_config config = {.pend_timeout = 10 * CLOCK_S};
	struct pend_result r;
	struct fixture f;
	uint64_t a, start;

	open_with(&f, &config);
	start = clock_now();
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_pool_tick(f.e.pool, start + 9 * CLOCK_S);
	CHECK_EQ_U(posts(&f), 0);
	pend_pool_tick(f.e.pool, clock_now() + 10 * CLOCK_S);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendLost), 1);
	CHECK_EQ_U(atom32_load(&f.e.last_callout), f.a.id);
	r = resume_and_end(&f);
	CHECK(r.revoked);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_ERR(pend_complete(&f.e, a), ERR_OPERATION_ABORTED);
	close_quiet(&f);
}

TEST(without_a_timeout_the_watchdog_revokes_nothing)
{
	struct fixture f;
	uint64_t a;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_pool_tick(f.e.pool, UINT64_MAX);
	CHECK_EQ_U(posts(&f), 0);
	CHECK_OK(pend_complete(&f.e, a));
	resume_and_end(&f);
	close_quiet(&f);
}

/* ---- listing ------------------------------------------------------------------------------------
 */

struct list_seen {
	unsigned n;
	uint32_t last;
	uint64_t handle;
	char driver[16];
};

static void see(void *ctx, const struct pend_info *info)
{
	struct list_seen *l = ctx;

	lock_assert_none_held();
	l->n++;
	l->last = info->callout_id;
	l->handle = info->handle;
	snprintf(l->driver, sizeof(l->driver), "%s", info->driver);
}

TEST(the_list_shows_each_hold_with_its_driver_and_nothing_else)
{
	struct list_seen l = {0};
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = world_pend(&f.e, &f.a, f.op);
	b = world_pend(&f.e, &f.b, f.op);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	CHECK_OK(pend_complete(&f.e, a));
	pend_list(&f.e, see, &l);
	CHECK_EQ_U(l.n, 1);
	CHECK_EQ_U(l.last, f.b.id);
	CHECK_EQ_U(l.handle, b);
	CHECK_EQ_S(l.driver, "antivirus");
	CHECK_OK(pend_complete(&f.e, b));
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(mail_and_owner_lead_back_to_the_operation)
{
	struct fixture f;

	open_plain(&f);
	CHECK(pend_of_mail(pend_mail(f.op)) == f.op);
	CHECK(pend_owner(f.op) == &f.owner);
	pend_end(f.op);
	close_quiet(&f);
}
