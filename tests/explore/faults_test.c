/* SPDX-License-Identifier: MIT */
/*
 * Faults: each place that allocates fails once, those too that only a failure leads to, and what
 * takes a failure and a preemption together is found.
 */
#include "harness.h"

#include "racers.h"

#include "base/atomic.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sim_control.h"
#include "base/thread.h"
#include "explore/faults.h"
#include "explore/stack.h"

#include <unistd.h>

static void say(const char *what)
{
	struct explore_finding f = {.rule = EXPLORE_BrokenRule};

	snprintf(f.sentence, sizeof(f.sentence), "%s", what);
	explore_found(&f, true);
}

static void *take(void)
{
	return mem_alloc(16);
}

/* Three places: the second is wrong when it fails, the third is met when the first has failed. */
static void run_three(void *unused)
{
	void *first, *second, *third = NULL;

	(void)unused;
	sim_choose_failures(SIM_FAIL_ALL);
	first = take();
	second = take();
	if (!first)
		third = take();
	if (!second)
		say("the second failed");
	if (!first && !third)
		say("both failed");
	mem_free(first);
	mem_free(second);
	mem_free(third);
}

static void explore(void (*run)(void *), const struct faults_options *o, struct faults_result *out)
{
	const struct explore_subject subject = {.run = run};
	struct buf why = {0};
	wfp_err err = explore_faults(&subject, o, out, &why);

	if (err)
		CHECK_SAY("%s: %s", err_name(err), buf_str(&why));
	buf_free(&why);
}

static void check_claim(const struct faults_result *r, const char *expected)
{
	struct buf claim = {0};

	faults_claim_print(r, &claim);
	CHECK_EQ_S(buf_str(&claim), expected);
	buf_free(&claim);
}

TEST(each_place_fails_once_and_those_behind_a_failure_too)
{
	struct faults_result r = {0};

	if (!racers_supported())
		return;
	explore(run_three, &(struct faults_options){.alone = true}, &r);
	CHECK_EQ_U(r.places, 3);
	CHECK_EQ_U(r.alone, 3);
	CHECK_EQ_U(r.combined, 0);
	CHECK_EQ_U(r.search.runs, 4);
	CHECK_EQ_U(r.search.n_found, 1);
	CHECK_EQ_S(r.search.found->finding.sentence, "the second failed");
	check_claim(&r, "each of 3 allocation sites failed once");
	faults_result_free(&r);
}

/* The failure is a choice of the schedule: the finding comes back by it. */
TEST(a_finding_behind_a_failure_is_replayed)
{
	const struct explore_subject subject = {.run = run_three};
	struct faults_result r = {0};
	struct explore_result again = {0};
	struct buf why = {0};

	if (!racers_supported())
		return;
	explore(run_three, &(struct faults_options){.alone = true}, &r);
	CHECK_OK(explore_search(&subject, EXPLORE_REPLAY, NULL, &r.search.found->schedule, &again,
				&why));
	CHECK_EQ_U(again.n_found, 1);
	CHECK_EQ_S(again.found->finding.sentence, "the second failed");
	explore_result_free(&again);
	faults_result_free(&r);
}

/* ---- with a preemption ------------------------------------------------------------------------
 */

static struct atom32 ready, seen;

/* Without memory it says "ready" too early. */
static void prepare_something(void *unused)
{
	void *p;

	(void)unused;
	sim_choose_failures(SIM_FAIL_ALL);
	p = take();
	sim_choose_failures(SIM_FAIL_NONE);
	if (!p)
		atom32_store(&ready, 1);
	atom32_store(&seen, 1);
	atom32_store(&ready, 1);
	mem_free(p);
}

static void look(void *unused)
{
	(void)unused;
	if (atom32_load(&ready) && !atom32_load(&seen))
		say("ready, and nothing is there");
}

static void run_two(void *unused)
{
	struct thread *t[2];

	(void)unused;
	atom32_store(&ready, 0);
	atom32_store(&seen, 0);
	CHECK_OK(thread_start(&t[0], "preparer", prepare_something, NULL));
	CHECK_OK(thread_start(&t[1], "looker", look, NULL));
	thread_join(t[0]);
	thread_join(t[1]);
}

TEST(a_failure_that_needs_a_preemption_is_found)
{
	struct faults_result r = {0};

	if (!racers_supported())
		return;
	explore(run_two, &(struct faults_options){.alone = true}, &r);
	CHECK_EQ_U(r.search.n_found, 0);
	faults_result_free(&r);
	explore(run_two, &(struct faults_options){0}, &r);
	CHECK_EQ_U(r.places, 1);
	CHECK_EQ_U(r.combined, 1);
	CHECK_EQ_U(r.search.n_found, 1);
	CHECK_EQ_S(r.search.found->finding.sentence, "ready, and nothing is there");
	check_claim(&r, "each of 1 allocation sites failed once, each of 1 allocation sites failed "
			"once in every schedule with at most one preemption");
	faults_result_free(&r);
}

TEST(two_explorations_do_the_same)
{
	struct faults_result a = {0}, b = {0};

	if (!racers_supported())
		return;
	explore(run_two, &(struct faults_options){0}, &a);
	explore(run_two, &(struct faults_options){0}, &b);
	CHECK_EQ_U(a.search.runs, b.search.runs);
	CHECK_EQ_U(a.search.steps, b.search.steps);
	faults_result_free(&a);
	faults_result_free(&b);
}

/* ---- the log ----------------------------------------------------------------------------------
 */

TEST(what_the_log_lists_is_not_failed_again)
{
	struct faults_result r = {0};
	struct buf text = {0};
	char path[64];

	if (!racers_supported())
		return;
	snprintf(path, sizeof(path), "faults_test.%u.log", (unsigned)getpid());
	CHECK_OK(stack_open());
	explore(run_three, &(struct faults_options){.alone = true, .log = path}, &r);
	CHECK_EQ_U(r.alone, 3);
	faults_result_free(&r);
	CHECK_OK(file_read_all(path, 1u << 20, &text));
	CHECK(strstr(buf_str(&text), "explore_faults_test_sim+0x"));
	explore(run_three, &(struct faults_options){.alone = true, .log = path}, &r);
	CHECK_EQ_U(r.alone, 0);
	CHECK_EQ_U(r.known, 2);
	CHECK_EQ_U(r.search.runs, 1);
	check_claim(&r, "each of 0 allocation sites failed once, 2 known from before");
	faults_result_free(&r);
	buf_free(&text);
	unlink(path);
	stack_close();
}
