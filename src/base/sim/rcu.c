/* SPDX-License-Identifier: MIT */
/*
 * rcu - grace periods of sim, in the most literal way.
 *
 * Each outermost section remembers the epoch it began in.  rcu_wait opens a new epoch and waits
 * until no section of an older one is open.
 */
#include "base/rcu.h"

#include "base/clock.h"
#include "base/sim/control.h"
#include "base/sim/world.h"

static uint64_t epoch;
static struct sim_waitq waiting = {
	.threads = {&waiting.threads, &waiting.threads},
	.kind = "the end of an RCU section of",
	.name = "another thread",
};

static bool older_section_open(uint64_t than)
{
	for (const struct thread *t = world_walk(NULL); t; t = world_walk(t))
		if (t->rcu_depth > 0 && t->rcu_epoch < than)
			return true;
	return false;
}

/* Seeded: all look again.  Controlled: a step that would look in vain is none. */
static void wake_waiting(void)
{
	struct list *pos, *next;

	if (!control_on) {
		sim_wake_all(&waiting);
		return;
	}
	LIST_FOR_EACH_SAFE (pos, next, &waiting.threads) {
		struct thread *t = LIST_ENTRY(pos, struct thread, queued);

		if (!older_section_open(t->rcu_wanted))
			control_wake(t, true);
	}
}

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
	sched_op("rcu section", &epoch, SIM_READ, SIM_SYNC_NONE);
	if (self->rcu_depth++ == 0)
		self->rcu_epoch = epoch;
}

void rcu_read_end(void)
{
	struct thread *self = world_self();

	BUG_ON(self->rcu_depth == 0);
	world_op("end of rcu section", &epoch, SIM_READ, SIM_SYNC_RELEASE);
	if (--self->rcu_depth == 0)
		wake_waiting();
	sched_point("rcu section");
}

void *rcu_load(const struct rcu_ptr *p)
{
	sched_op("rcu load", p, SIM_READ, SIM_SYNC_ACQUIRE);
	return atomic_load(&p->v);
}

void rcu_publish(struct rcu_ptr *p, void *value)
{
	sched_op("rcu publish", p, SIM_WRITE, SIM_SYNC_RELEASE);
	atomic_store(&p->v, value);
}

void rcu_wait(void)
{
	const struct sim_op end = {.what = "end of grace period",
				   .object = &epoch,
				   .access = SIM_WRITE,
				   .sync = SIM_SYNC_ACQUIRE};
	struct thread *self = world_self();
	uint64_t mine;

	BUG_ON(self->rcu_depth > 0);
	sched_op("grace period", &epoch, SIM_WRITE, SIM_SYNC_NONE);
	mine = ++epoch;
	self->rcu_wanted = mine;
	while (older_section_open(mine))
		sim_wait(&waiting, CLOCK_NEVER, &end);
	if (control_on)
		control_point(&end);
	sched_point("grace period");
}
