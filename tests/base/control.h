/* SPDX-License-Identifier: MIT */
/*
 * control - the explorer of the tests of the controlled world: it picks who runs on or anybody, and
 * notes what it sees.
 *
 * The subjects are toys; their variables are statics and blocks of the heap on purpose, because
 * those are what a rewind must put back.  What a test learns lies in memory of sim_control_alloc.
 */
#pragma once

#include "harness.h"

#include "base/rng.h"
#include "base/sim_control.h"
#include "base/thread.h"

#define STEPS_MAX 4096u

struct step {
	uint32_t thread;
	struct sim_op op;
};

/* One test's controller and what it saw. */
static struct seen {
	struct step steps[STEPS_MAX];
	uint32_t n;
	uint32_t picks, jumps;
	uint32_t jumps_wanted; /* of time, while others can run */
	bool random;
	struct rng rng;
	uint32_t enabled_most; /* at once */
	uint32_t raised_most;
	uint32_t failure; /* which "memory" is to fail, from 1 */
	uint32_t asked;
	const char *quiet;
	void (*look)(const struct sim_view *v);
} * seen;

static uint32_t first_enabled(const struct sim_view *v, uint32_t from)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->threads[(from + i) % v->n].enabled)
			return v->threads[(from + i) % v->n].id;
	return SIM_TIME;
}

static void count(const struct sim_view *v)
{
	uint32_t enabled = 0, raised = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		enabled += v->threads[i].enabled;
		raised += v->threads[i].enabled && v->threads[i].raised;
	}
	if (enabled > seen->enabled_most)
		seen->enabled_most = enabled;
	if (raised > seen->raised_most)
		seen->raised_most = raised;
	CHECK_EQ_U(v->only_time, enabled == 0);
}

/* Whoever runs goes on while it can; or anybody, from the seed. */
static uint32_t pick(UNUSED void *ctx, const struct sim_view *v)
{
	seen->picks++;
	count(v);
	if (seen->look)
		seen->look(v);
	if (v->only_time || (v->time && seen->jumps_wanted > 0)) {
		if (!v->only_time)
			seen->jumps_wanted--;
		seen->jumps++;
		return SIM_TIME;
	}
	if (seen->random)
		return first_enabled(v, rng_below(&seen->rng, v->n));
	return v->threads[v->running - 1].enabled ? v->running : first_enabled(v, v->running);
}

static void step(UNUSED void *ctx, uint32_t thread, const struct sim_op *op)
{
	if (seen->n < STEPS_MAX)
		seen->steps[seen->n++] = (struct step){thread, *op};
}

static uint32_t choose(UNUSED void *ctx, UNUSED uint32_t n, const char *what)
{
	return strcmp(what, "memory") == 0 && ++seen->asked == seen->failure;
}

static bool quiet(UNUSED void *ctx, const char *lock_name)
{
	return seen->quiet && strcmp(lock_name, seen->quiet) == 0;
}

static const struct sim_controller controller = {
	.pick = pick, .choose = choose, .step = step, .quiet = quiet};

static inline UNUSED void seen_make(void)
{
	seen = sim_control_alloc(sizeof(*seen));
	CHECK(seen);
	rng_seed(&seen->rng, test_seed());
}

/* False: this build cannot, and the test has nothing to say. */
static inline UNUSED bool open_under(const struct sim_controller *c, void (*program)(void *))
{
	wfp_err err = sim_control_open(c, program, NULL);

	if (err == ERR_NOT_SUPPORTED) {
		printf("ok - controlled world # SKIP a sanitizer's state is among the program's\n");
		return false;
	}
	CHECK_OK(err);
	return true;
}

static inline UNUSED bool open_world(void (*program)(void *))
{
	return open_under(&controller, program);
}

static inline UNUSED enum sim_end run_once(void)
{
	seen->n = 0;
	seen->asked = 0;
	return sim_control_run();
}

static inline UNUSED void close_world(void)
{
	sim_control_close();
	sim_control_free(seen);
}

static inline UNUSED unsigned steps_named(const char *what)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < seen->n; i++)
		n += strcmp(seen->steps[i].op.what, what) == 0;
	return n;
}

static inline UNUSED void start_two(struct thread *t[2], void (*fn)(void *), void *arg)
{
	for (unsigned i = 0; i < 2; i++)
		CHECK_OK(thread_start(&t[i], "worker", fn, arg));
}

static inline UNUSED void join_two(struct thread *t[2])
{
	thread_join(t[0]);
	thread_join(t[1]);
}

static inline UNUSED void two_of(void (*fn)(void *))
{
	struct thread *t[2];

	start_two(t, fn, NULL);
	join_two(t);
}
