/* SPDX-License-Identifier: MIT */
/*
 * run_toy - two threads in the controlled world, explored, and what was found.
 *
 * The two functions are statics of the test; what they share is in its variables, which every run
 * finds as `set_up` left them.
 */
#pragma once

#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "explore/race_watch.h"
#include "explore/search.h"
#include "explore/stack.h"
#include "harness.h"

struct toy {
	void (*set_up)(void);
	void (*a)(void *), (*b)(void *);
	void (*check)(enum sim_end end);
};

static inline UNUSED wfp_err toy_prepare(void *ctx, UNUSED struct buf *why)
{
	const struct toy *t = ctx;

	if (t->set_up)
		t->set_up();
	return ERR_OK;
}

static inline UNUSED void toy_run(void *ctx)
{
	const struct toy *t = ctx;
	struct thread *a, *b;

	CHECK_OK(thread_start(&a, "a", t->a, NULL));
	CHECK_OK(thread_start(&b, "b", t->b, NULL));
	thread_join(a);
	thread_join(b);
}

static inline UNUSED void toy_check(void *ctx, enum sim_end end)
{
	const struct toy *t = ctx;

	if (t->check)
		t->check(end);
}

static inline UNUSED struct explore_subject toy_subject(struct toy *t)
{
	return (struct explore_subject){
		.ctx = t, .prepare = toy_prepare, .run = toy_run, .check = toy_check};
}

/* False: this build has no controlled world. */
static inline UNUSED bool toy_explore(struct toy *t, enum explore_strategy strategy,
				      struct explore_result *out)
{
	const struct explore_limits limits = {.findings = 8};
	const struct explore_schedule plain = {0};
	struct explore_subject s = toy_subject(t);
	struct buf why = {0};
	wfp_err err;

	CHECK_OK(stack_open());
	CHECK_OK(race_watch_open());
	err = explore_search(&s, strategy, &limits, &plain, out, &why);
	CHECK_EQ_U(race_watch_lost(), 0);
	race_watch_close();
	buf_free(&why);
	if (err != ERR_NOT_SUPPORTED)
		CHECK_OK(err);
	for (const struct explore_found_item *i = out->found; i; i = i->next)
		fprintf(stderr, "# %s: %s\n", explore_rule_name(i->finding.rule),
			i->finding.sentence);
	return !err;
}

static inline UNUSED struct explore_found_item *toy_found(const struct explore_result *r,
							  enum explore_rule rule)
{
	struct explore_found_item *i = r->found;

	while (i && i->finding.rule != rule)
		i = i->next;
	return i;
}
