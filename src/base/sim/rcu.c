/* SPDX-License-Identifier: MIT */
/*
 * rcu - grace periods of sim, in the most literal way.
 *
 * Each outermost section remembers the epoch it began in.  rcu_wait opens a new epoch and waits
 * until no section of an older one is open.
 */
#include "base/rcu.h"

#include "base/clock.h"
#include "base/sim/world.h"

static uint64_t epoch;
static struct sim_waitq waiting = {
	.threads = {&waiting.threads, &waiting.threads},
	.kind = "the end of an RCU section of",
	.name = "another thread",
};

void rcu_thread_enter(void)
{
	struct thread *self = world_self();

	BUG_ON(self->rcu_registered);
	self->rcu_registered = true;
}

void rcu_thread_leave(void)
{
	struct thread *self = world_self();

	BUG_ON(!self->rcu_registered || self->rcu_depth > 0);
	self->rcu_registered = false;
}

void rcu_read_begin(void)
{
	struct thread *self = world_self();

	BUG_ON(!self->rcu_registered);
	sched_point("rcu section");
	if (self->rcu_depth++ == 0)
		self->rcu_epoch = epoch;
}

void rcu_read_end(void)
{
	struct thread *self = world_self();

	BUG_ON(self->rcu_depth == 0);
	if (--self->rcu_depth == 0)
		sim_wake_all(&waiting);
	sched_point("rcu section");
}

void *rcu_load(const struct rcu_ptr *p)
{
	sched_point("rcu load");
	return atomic_load(&p->v);
}

void rcu_publish(struct rcu_ptr *p, void *value)
{
	sched_point("rcu publish");
	atomic_store(&p->v, value);
}

static bool older_section_open(uint64_t than)
{
	for (const struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t->rcu_depth > 0 && t->rcu_epoch < than)
			return true;
	return false;
}

void rcu_wait(void)
{
	uint64_t mine;

	BUG_ON(world_self()->rcu_depth > 0);
	sched_point("grace period");
	mine = ++epoch;
	while (older_section_open(mine))
		sim_wait(&waiting, CLOCK_NEVER);
	sched_point("grace period");
}
