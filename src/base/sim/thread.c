/* SPDX-License-Identifier: MIT */
/*
 * thread - threads, clock and entropy of sim: all of them belong to the world of the run.
 */
#include "base/thread.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/sim/control.h"
#include "base/sim/world.h"

/* 2020-01-01, so that runs can be compared across days. */
#define WALL_AT_ZERO (UINT64_C(1577836800) * CLOCK_S)

/*
 * Numbers and stacks are given in the order of starts, so each depends on all others, and is one
 * step with what it announces.
 */
static void announce_start(void)
{
	world_op("thread start", &world.ids, SIM_WRITE, SIM_SYNC_NONE);
}

static void note_start(const struct thread *t)
{
	const struct sim_op op = {.what = "thread start",
				  .object = t,
				  .sync = SIM_SYNC_RELEASE,
				  .quiet = true,
				  .note = true};

	if (control_on)
		control_step(&op);
}

wfp_err thread_start(struct thread **out, const char *name, void (*fn)(void *), void *arg)
{
	struct thread *t = NULL;
	wfp_err err;

	announce_start();
	err = world_create(&t, fn, arg);
	if (err)
		return err;
	note_start(t);
	world_admit(t, name);
	*out = t;
	sched_point("thread start");
	return ERR_OK;
}

void thread_join(struct thread *t)
{
	const struct sim_op join = {
		.what = "join", .object = t, .access = SIM_READ, .sync = SIM_SYNC_ACQUIRE};

	BUG_ON(t == world_self());
	if (control_on)
		control_stand(&t->ended, &join);
	while (!t->done)
		sim_wait(&t->ended, CLOCK_NEVER, &join);
	world_remove(t);
}

void thread_yield(void)
{
	world_yield();
}

uint32_t thread_id(void)
{
	return world_self()->id;
}

bool thread_is_current(const struct thread *t)
{
	return t == world_self();
}

void *thread_slot_get(enum thread_slot slot)
{
	return world_self()->slots[slot];
}

void thread_slot_set(enum thread_slot slot, void *value)
{
	world_self()->slots[slot] = value;
}

uint64_t clock_now(void)
{
	return world_now();
}

uint64_t clock_wall(void)
{
	return WALL_AT_ZERO + world_now();
}

void clock_sleep_until(uint64_t deadline)
{
	static const struct sim_op go_on = {.what = "end of sleep"};
	struct sim_waitq sleep;

	sim_waitq_init(&sleep, "time", "to pass");
	sim_wait(&sleep, deadline, &go_on);
}

uint64_t entropy_u64(void)
{
	return world_entropy();
}
