/* SPDX-License-Identifier: MIT */
/*
 * Ends of runs are spared only where another run ended well from the very same state: whatever
 * part of the state differs (a variable, a block, the stack of a thread that waits), the end is
 * gone through, and what is wrong there in some schedules only is found.
 */
#include "harness.h"

#include "base/atomic.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "explore/search.h"

#define STATES 4u

static struct atom32 turns; /* how far the two are: put back by rewinds */
static uint32_t outcome;    /* of a run: 0 to STATES - 1 */
static uint32_t bad;	    /* the outcome whose end is wrong; STATES: none */
static struct lock lock;
static struct cond wake;
static struct cond arrived;
static bool waits, go;
static uint32_t *block;

static uint32_t *ends; /* outside of the world: ends gone through, by outcome */

/* Where a run keeps its outcome until its end. */
struct keeper {
	void (*keep)(uint32_t value);
	uint32_t (*tell)(void);
};

/* ---- in a variable */

static void keep_variable(uint32_t value)
{
	outcome = value;
}

static uint32_t tell_variable(void)
{
	return outcome;
}

/* ---- in a block */

static void keep_block(uint32_t value)
{
	block = mem_alloc(sizeof(*block));
	CHECK(block != NULL);
	*block = value;
}

static uint32_t tell_block(void)
{
	return *block;
}

/* ---- in the frame of a thread that waits */

static uint32_t handed;

static void wait_with(void *unused)
{
	volatile uint32_t mine = handed;

	(void)unused;
	handed = 0;
	lock_take(&lock);
	waits = true;
	cond_signal(&arrived);
	while (!go)
		cond_wait(&wake, &lock);
	lock_drop(&lock);
	handed = mine;
}

static struct thread *waiter;

static void keep_stack(uint32_t value)
{
	handed = value;
	CHECK_OK(thread_start(&waiter, "waiter", wait_with, NULL));
	lock_take(&lock);
	while (!waits)
		cond_wait(&arrived, &lock);
	lock_drop(&lock);
}

static uint32_t tell_stack(void)
{
	lock_take(&lock);
	go = true;
	cond_signal(&wake);
	lock_drop(&lock);
	thread_join(waiter);
	return handed;
}

static const struct keeper keepers[] = {
	{keep_variable, tell_variable},
	{keep_block, tell_block},
	{keep_stack, tell_stack},
};

/* ---- the subject */

static uint32_t first;

static void turn_twice(void *number)
{
	const uint32_t bit = (uint32_t)(uintptr_t)number;

	for (uint32_t i = 0; i < 2; i++)
		if (atom32_add(&turns, 1) == 1 + i * 2)
			first |= bit << i;
}

static wfp_err prepare(void *ctx, struct buf *why)
{
	(void)ctx;
	(void)why;
	atom32_init(&turns, 0);
	lock_init(&lock, "rest test", 1);
	cond_init(&wake, "wake");
	cond_init(&arrived, "arrived");
	return ERR_OK;
}

static void end(const struct keeper *k)
{
	const uint32_t value = k->tell();
	struct explore_finding f = {.rule = EXPLORE_LeakAtUnload, .sentence = "it is left"};

	ends[value]++;
	if (value == bad)
		explore_found(&f, true);
}

static void run(void *ctx)
{
	const struct keeper *k = ctx;
	struct thread *a, *b;
	uint32_t value;

	CHECK_OK(thread_start(&a, "a", turn_twice, (void *)1));
	CHECK_OK(thread_start(&b, "b", turn_twice, (void *)0));
	thread_join(a);
	thread_join(b);
	value = first % STATES;
	first = 0;
	k->keep(value);
	sim_settled();
	if (explore_rest_known(sim_fingerprint()))
		sim_done();
	end(k);
}

static const struct explore_schedule plain = {0};

/* False: there is no controlled world here. */
static bool explored(uint32_t keeper, enum explore_strategy strategy, uint32_t wrong,
		     struct explore_result *out)
{
	const struct explore_limits limits = {.findings = 8, .bound = 4, .runs = 300};
	const struct explore_subject s = {
		.ctx = (void *)(uintptr_t)&keepers[keeper], .prepare = prepare, .run = run};
	struct buf why = {0};
	wfp_err err;

	ends = sim_control_alloc(STATES * sizeof(*ends));
	CHECK(ends != NULL);
	bad = wrong;
	err = explore_search(&s, strategy, &limits, &plain, out, &why);
	buf_free(&why);
	if (err != ERR_NOT_SUPPORTED)
		CHECK_OK(err);
	for (const struct explore_found_item *i = out->found; i; i = i->next)
		fprintf(stderr, "# %s: %s\n", explore_rule_name(i->finding.rule),
			i->finding.sentence);
	return !err;
}

static void done(struct explore_result *r)
{
	explore_result_free(r);
	sim_control_free(ends);
}

TEST(ends_are_spared_and_none_of_a_new_state)
{
	for (uint32_t k = 0; k < ARRAY_LEN(keepers); k++) {
		struct explore_result r;

		if (!explored(k, EXPLORE_RANDOM, STATES, &r))
			return;
		for (uint32_t value = 0; value < STATES; value++)
			CHECK(ends[value] > 0);
		CHECK_EQ_U(r.n_found, 0);
#ifndef __SANITIZE_ADDRESS__
		CHECK(r.spared > r.runs / 2);
#else
		CHECK_EQ_U(r.spared, 0);
#endif
		done(&r);
	}
}

/* Each time: a state whose end is wrong is not one of those that are known. */
TEST(what_is_wrong_at_the_end_of_some_schedules_only_is_found)
{
	for (uint32_t k = 0; k < ARRAY_LEN(keepers); k++)
		for (uint32_t wrong = 0; wrong < STATES; wrong++) {
			struct explore_result r;

			if (!explored(k, EXPLORE_RANDOM, wrong, &r))
				return;
			CHECK_EQ_U(r.n_found, 1);
			CHECK(r.found->times > 10);
			CHECK(ends[wrong] >= r.found->times);
			done(&r);
		}
}

TEST(all_traces_find_the_one_whose_end_is_wrong)
{
	struct explore_result r;

	if (!explored(0, EXPLORE_ALL, 3, &r))
		return;
	CHECK_EQ_U(r.claim, EXPLORE_CLAIM_ALL);
	CHECK_EQ_U(r.n_found, 1);
	done(&r);
}

TEST(a_replay_goes_to_its_end)
{
	struct explore_result r;

	if (!explored(0, EXPLORE_REPLAY, STATES, &r))
		return;
	CHECK_EQ_U(r.spared, 0);
	CHECK(ends[0] + ends[1] + ends[2] + ends[3] >= r.runs);
	done(&r);
}
