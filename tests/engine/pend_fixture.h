/* SPDX-License-Identifier: MIT */
/*
 * pend_fixture - one operation, two callouts and an owner, on one thread: for the tests of the
 * event table, pend_test.c (pending) and pend_complete_test.c (how a hold ends).
 */
#pragma once

#include "pend_world.h"

struct fixture {
	struct engine e;
	struct engine_callout a, b;
	struct world_owner owner;
	struct pend_op *op;
};

static inline UNUSED void open_with(struct fixture *f, const struct engine_config *config)
{
	*f = (struct fixture){0};
	world_open(&f->e, config);
	world_callout_init(&f->a, 1, "firewall");
	world_callout_init(&f->b, 2, "antivirus");
	f->op = world_begin(&f->e, PEND_ALE, &f->owner);
}

static inline UNUSED void open_plain(struct fixture *f)
{
	const struct engine_config config = {0};

	open_with(f, &config);
}

/* The operation is over and nothing of it is left. */
static inline UNUSED void close_quiet(struct fixture *f)
{
	CHECK_EQ_U(atom32_load(&f->a.pins), 0);
	CHECK_EQ_U(atom32_load(&f->b.pins), 0);
	CHECK_EQ_U(atom32_load(&f->a.holds), 0);
	CHECK_EQ_U(atom32_load(&f->b.holds), 0);
	CHECK_EQ_U(world_counters(&f->e).pended_now, 0);
	world_close(&f->e);
	CHECK_EQ_U(mem_live(), 0);
}

static inline UNUSED uint32_t posts(struct fixture *f)
{
	return atom32_load(&f->owner.posts);
}

static inline UNUSED uint32_t broken(struct fixture *f, enum engine_rule rule)
{
	return world_rule(&f->e, rule);
}

static inline UNUSED struct pend_result resume_and_end(struct fixture *f)
{
	struct pend_result r;

	CHECK_EQ_U(posts(f), 1);
	pend_resume(f->op, &r);
	pend_end(f->op);
	return r;
}
