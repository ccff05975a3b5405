/* SPDX-License-Identifier: MIT */
/*
 * pend_ticket - classify handles: counting, pending, final verdicts and how they are arbitrated.
 */
#include "pend_world.h"

struct fixture {
	struct engine e;
	struct engine_callout a, b;
	struct world_owner owner;
	struct pend_op *op;
	struct world_call call;
};

static void open_plain(struct fixture *f)
{
	const struct engine_config config = {0};

	*f = (struct fixture){0};
	world_open(&f->e, &config);
	world_callout_init(&f->a, 1, "proxy");
	world_callout_init(&f->b, 2, "redirector");
	f->op = world_begin(&f->e, PEND_CLASSIFY, &f->owner);
}

static void close_quiet(struct fixture *f)
{
	CHECK_EQ_U(atom32_load(&f->a.pins), 0);
	CHECK_EQ_U(atom32_load(&f->b.pins), 0);
	CHECK_EQ_U(atom32_load(&f->a.holds), 0);
	world_close(&f->e);
	CHECK_EQ_U(mem_live(), 0);
}

static uint32_t broken(struct fixture *f, enum engine_rule rule)
{
	return world_rule(&f->e, rule);
}

static uint64_t acquire(struct fixture *f, struct engine_callout *c)
{
	uint64_t handle;

	world_enter(&f->call, &f->e, c, f->op);
	CHECK_OK(pend_acquire(&f->e, &handle));
	CHECK(handle != 0);
	return handle;
}

/* A classifyFn that acquires, pends and releases its local reference. */
static uint64_t pend_one(struct fixture *f, struct engine_callout *c)
{
	uint64_t handle = acquire(f, c);

	CHECK_OK(pend_classify(&f->e, handle, f->call.filter.id, &f->call.out));
	pend_release(&f->e, handle);
	CHECK(world_return(&f->call));
	return handle;
}

static void answer(struct fixture *f, uint64_t handle, uint32_t action, bool hard)
{
	struct engine_classify_out out = {.action = action,
					  .rights = hard ? 0 : ENGINE_RIGHT_ACTION_WRITE};

	pend_complete_classify(&f->e, handle, &out);
}

static struct pend_result resume_and_end(struct fixture *f)
{
	struct pend_result r;

	CHECK_EQ_U(atom32_load(&f->owner.posts), 1);
	pend_resume(f->op, &r);
	pend_end(f->op);
	return r;
}

TEST(acquire_outside_of_a_classify_is_refused)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	CHECK_ERR(pend_acquire(&f.e, &handle), ERR_INVALID_PARAMETER);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(acquire_and_release_without_a_pend_leave_nothing)
{
	struct fixture f;

	open_plain(&f);
	pend_release(&f.e, acquire(&f, &f.a));
	CHECK(!world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_INLINE);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(a_second_release_is_stale_and_takes_no_reference_of_the_pend)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = pend_one(&f, &f.a);
	pend_release(&f.e, handle);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 1);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	answer(&f, handle, MODEL_ACTION_PERMIT, false);
	CHECK(resume_and_end(&f).final);
	pend_release(&f.e, handle);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 2);
	close_quiet(&f);
}

TEST(complete_before_release_is_the_documented_order_and_the_handle_lives_until_then)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK(world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	answer(&f, handle, MODEL_ACTION_PERMIT, false);
	resume_and_end(&f);
	CHECK_EQ_U(atom32_load(&f.a.pins), 1);
	pend_release(&f.e, handle);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 0);
	close_quiet(&f);
}

TEST(pend_classify_sets_what_the_callout_must_return)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK_EQ_U(f.call.out.action, MODEL_ACTION_BLOCK);
	CHECK_EQ_U(f.call.out.rights, 0);
	pend_release(&f.e, handle);
	CHECK(world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_complete_classify(&f.e, handle, NULL);
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(pend_classify_at_a_layer_of_the_ale_kind_cannot_pend)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	pend_end(f.op);
	f.op = world_begin(&f.e, PEND_ALE, &f.owner);
	handle = acquire(&f, &f.a);
	CHECK_ERR(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out), ERR_CANNOT_PEND);
	pend_release(&f.e, handle);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_classify_without_an_operation_cannot_pend)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	world_enter(&f.call, &f.e, &f.a, NULL);
	CHECK_OK(pend_acquire(&f.e, &handle));
	CHECK_ERR(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out), ERR_CANNOT_PEND);
	pend_release(&f.e, handle);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_classify_after_its_classify_returned_cannot_pend_and_is_reported)
{
	struct engine_classify_out out = {0};
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK(!world_return(&f.call));
	CHECK_ERR(pend_classify(&f.e, handle, f.call.filter.id, &out), ERR_CANNOT_PEND);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	pend_release(&f.e, handle);
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_classify_for_another_filter_is_refused)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK_ERR(pend_classify(&f.e, handle, 1, &f.call.out), ERR_INVALID_PARAMETER);
	pend_release(&f.e, handle);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(pend_classify_twice_takes_one_hold)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK_EQ_U(atom32_load(&f.a.holds), 1);
	CHECK(world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_complete_classify(&f.e, handle, NULL);
	pend_complete_classify(&f.e, handle, NULL);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendDoubleComplete), 1);
	pend_release(&f.e, handle);
	resume_and_end(&f);
	close_quiet(&f);
}

TEST(complete_without_a_verdict_reauthorizes)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = pend_one(&f, &f.a);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_complete_classify(&f.e, handle, NULL);
	CHECK(!resume_and_end(&f).final);
	close_quiet(&f);
}

TEST(complete_without_having_pended_is_reported)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	pend_complete_classify(&f.e, handle, NULL);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 1);
	pend_release(&f.e, handle);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	close_quiet(&f);
}

TEST(a_verdict_that_no_callout_may_give_is_a_block_and_reported)
{
	struct pend_result r;
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = pend_one(&f, &f.a);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	answer(&f, handle, MODEL_ACTION_CALLOUT_UNKNOWN, false);
	r = resume_and_end(&f);
	CHECK(r.final);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_BadAction), 1);
	close_quiet(&f);
}

TEST(a_handle_that_was_never_released_is_reported_when_the_callout_goes)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	pend_pool_callout_gone(f.e.pool, &f.b);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_ClassifyHandleBalance), 0);
	pend_pool_callout_gone(f.e.pool, &f.a);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_ClassifyHandleBalance), 1);
	pend_release(&f.e, handle);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_StaleContext), 1);
	close_quiet(&f);
}

TEST(a_revoked_hold_leaves_its_handle_to_be_completed_late_and_released)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = acquire(&f, &f.a);
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK(world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_cancel(f.op, PEND_REASON_CLOSED);
	CHECK_EQ_U(resume_and_end(&f).cancelled, PEND_REASON_CLOSED);
	answer(&f, handle, MODEL_ACTION_PERMIT, false);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_LateComplete), 1);
	pend_release(&f.e, handle);
	close_quiet(&f);
}

TEST(no_memory_for_a_handle_is_an_error)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	world_enter(&f.call, &f.e, &f.a, f.op);
	mem_fail_at(1);
	CHECK_ERR(pend_acquire(&f.e, &handle), ERR_NO_MEMORY);
	mem_fail_at(0);
	CHECK(!world_return(&f.call));
	pend_end(f.op);
	close_quiet(&f);
}

/* ---- arbitration of two final verdicts: higher first --------------------------------------- */

enum said { PERMIT, HARD_PERMIT, BLOCK, HARD_BLOCK, CONTINUE, SAID };

static const struct {
	uint32_t action;
	bool hard;
} says[SAID] = {
	[PERMIT] = {MODEL_ACTION_PERMIT, false},     [HARD_PERMIT] = {MODEL_ACTION_PERMIT, true},
	[BLOCK] = {MODEL_ACTION_BLOCK, false},	     [HARD_BLOCK] = {MODEL_ACTION_BLOCK, true},
	[CONTINUE] = {MODEL_ACTION_CONTINUE, false},
};

/* Who decides: 1 the higher, 2 the lower, 0 nobody; negative: it is a block. */
/* clang-format off */
static const int decides[SAID][SAID] = {
	/* lower:        PERMIT HARD_PERMIT BLOCK HARD_BLOCK CONTINUE */
	[PERMIT]      = {1,     2,          -2,   -2,        1},
	[HARD_PERMIT] = {1,     1,          -2,   -2,        1},
	[BLOCK]       = {2,     2,          -1,   -2,        -1},
	[HARD_BLOCK]  = {-1,    -1,         -1,   -1,        -1},
	[CONTINUE]    = {2,     2,          -2,   -2,        0},
};
/* clang-format on */

static void check_two(enum said higher, enum said lower, bool lower_first)
{
	int expected = decides[higher][lower];
	struct pend_result r;
	struct fixture f;
	uint64_t a, b;

	open_plain(&f);
	a = pend_one(&f, &f.a);
	b = pend_one(&f, &f.b);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	if (lower_first)
		answer(&f, b, says[lower].action, says[lower].hard);
	answer(&f, a, says[higher].action, says[higher].hard);
	if (!lower_first)
		answer(&f, b, says[lower].action, says[lower].hard);
	r = resume_and_end(&f);
	CHECK(r.final);
	CHECK_EQ_U(r.outcome, expected < 0 ? ENGINE_BLOCK : ENGINE_PERMIT);
	CHECK_EQ_U(r.by_callout, expected < 0 ? -expected : expected);
	close_quiet(&f);
}

TEST(two_final_verdicts_are_arbitrated_by_weight_in_whatever_order_they_came)
{
	for (unsigned higher = 0; higher < SAID; higher++)
		for (unsigned lower = 0; lower < SAID; lower++) {
			check_two((enum said)higher, (enum said)lower, false);
			check_two((enum said)higher, (enum said)lower, true);
		}
}

TEST(one_verdict_and_one_revoked_hold_is_a_block)
{
	struct pend_result r;
	struct fixture f;
	uint64_t b;

	open_plain(&f);
	pend_one(&f, &f.a);
	b = pend_one(&f, &f.b);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	answer(&f, b, MODEL_ACTION_PERMIT, true);
	pend_revoke_callout(&f.e, f.a.id, PEND_REASON_UNREGISTERED);
	r = resume_and_end(&f);
	CHECK(r.revoked && !r.final);
	CHECK_EQ_U(r.outcome, ENGINE_BLOCK);
	pend_pool_callout_gone(f.e.pool, &f.a);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_ClassifyHandleBalance), 0);
	close_quiet(&f);
}

TEST(a_registration_that_goes_leaves_the_handles_of_the_next_with_its_key_alone)
{
	struct engine_callout before;
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	world_callout_init(&before, f.a.id, "proxy"); /* the id is the key's */
	handle = pend_one(&f, &f.a);
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	pend_pool_callout_gone(f.e.pool, &before);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_ClassifyHandleBalance), 0);
	answer(&f, handle, MODEL_ACTION_PERMIT, false);
	CHECK(resume_and_end(&f).final);
	close_quiet(&f);
}

TEST(a_handle_that_was_pended_with_cannot_be_pended_with_in_the_call_for_another_filter)
{
	struct fixture f;
	uint64_t handle;

	open_plain(&f);
	handle = pend_one(&f, &f.a);
	pend_complete_classify(&f.e, handle, NULL);
	handle = acquire(&f, &f.b);
	CHECK_OK(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out));
	CHECK(world_return(&f.call));
	world_enter(&f.call, &f.e, &f.b, f.op);
	f.call.filter.id++;
	CHECK_ERR(pend_classify(&f.e, handle, f.call.filter.id, &f.call.out), ERR_CANNOT_PEND);
	CHECK_EQ_U(broken(&f, ENGINE_RULE_PendOutsideClassify), 1);
	CHECK(!world_return(&f.call));
	CHECK_EQ_U(pend_classified(f.op), PEND_LEFT_HELD);
	answer(&f, handle, MODEL_ACTION_PERMIT, false);
	CHECK_EQ_U(resume_and_end(&f).holders, 2);
	pend_release(&f.e, handle);
	close_quiet(&f);
}
